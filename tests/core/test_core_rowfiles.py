from __future__ import annotations

import bz2
import csv
import gzip
import json
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loracheck.errors import DataError
from loracheck.loading import BadRow, load_examples, read_examples

ROWS = [
    {"instruction": "日本の首都は？", "input": "", "output": "東京です。\n二行目です。"},
    {"instruction": "要約して", "input": "長い文章です。", "output": '短い"文"です,ね。'},
]
LINES = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()


def write_csv(path: Path, delimiter: str = ",") -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(ROWS[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(ROWS)


def write_parquet(path: Path) -> None:
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    pq.write_table(pa.Table.from_pylist(ROWS), path)


def write_dataset(path: Path) -> None:
    from datasets import Dataset  # noqa: PLC0415

    Dataset.from_list(ROWS).save_to_disk(str(path))


WRITERS: dict[str, Callable[[Path], Any]] = {
    "data.jsonl": lambda path: path.write_bytes(LINES),
    "data.jsonl.gz": lambda path: path.write_bytes(gzip.compress(LINES)),
    "data.bz2": lambda path: path.write_bytes(bz2.compress(LINES)),
    "data.xz": lambda path: path.write_bytes(lzma.compress(LINES)),
    "utf16.jsonl": lambda path: path.write_bytes(LINES.decode().encode("utf-16")),
    "data.json": lambda path: path.write_text(json.dumps(ROWS, ensure_ascii=False), encoding="utf-8"),
    "data.csv": write_csv,
    "data.tsv": lambda path: write_csv(path, "\t"),
    "data.parquet": write_parquet,
    "named_otherwise": write_parquet,
    "dataset": write_dataset,
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_container_gives_the_same_rows(name: str, tmp_path: Path) -> None:
    WRITERS[name](tmp_path / name)
    rows = load_examples([tmp_path / name])
    assert [(row.prompt, row.reply) for row in rows] == [
        ("日本の首都は？", "東京です。\n二行目です。"),
        ("要約して\n長い文章です。", '短い"文"です,ね。'),
    ]
    assert [row.metadata for row in rows] == [{}, {"context": "長い文章です。"}]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("torn.gz", gzip.compress(LINES * 50)[:-40], "torn.gz: it cannot be read"),
        ("bad.parquet", b"PAR1" + b"\x00" * 60, "broken Parquet"),
        ("short.csv", b"instruction,output\nonly one\n", "line 2: the row has other columns"),
        ("sjis.csv", "instruction,output\n質問,答え\n".encode("cp932"), "not UTF-8"),
    ],
)
def test_a_broken_container_is_named(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message):
        load_examples([tmp_path / name])


def test_a_row_that_cannot_be_read_is_set_aside_on_request(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    path.write_bytes(LINES + b"{broken\n" + b'{"instruction": 3, "output": "x"}\n' + LINES)
    bad: list[BadRow] = []
    assert len(list(read_examples(path, on_bad=bad.append))) == 4
    assert [(row.source.line, row.raw.strip()) for row in bad] == [
        (3, "{broken"),
        (4, '{"instruction": 3, "output": "x"}'),
    ]
    assert "broken JSON" in bad[0].message
    assert "field instruction" in bad[1].message
    with pytest.raises(DataError, match="line 3"):
        list(read_examples(path))
