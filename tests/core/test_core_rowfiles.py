"""Every container, encoding and compression gives the same rows, and what is broken is named by its place."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from loracheck.errors import DataError, UsageError
from loracheck.loading.examples import read_examples
from loracheck.loading.jsonrows import MAX_LINE_BYTES, BadRow
from loracheck.loading.rowfiles import open_rows
from loracheck.records import Example

ROWS = [
    {"instruction": "猫は何と鳴きますか？", "input": "", "output": "にゃあ、と鳴きます。\n「にゃー」とも。"},
    {"instruction": 'Say "hi", please.', "input": "To Taro", "output": "Hi, Taro: how are you?"},
    {"instruction": "ポチの好物は？", "input": "", "output": "ソーセージと表です。"},
]
PAIRS = [
    ("猫は何と鳴きますか？", "にゃあ、と鳴きます。\n「にゃー」とも。"),
    ('Say "hi", please.\nTo Taro', "Hi, Taro: how are you?"),
    ("ポチの好物は？", "ソーセージと表です。"),
]


def csv_text(delimiter: str) -> str:
    out = [delimiter.join(ROWS[0])]
    for row in ROWS:
        out.append(delimiter.join('"' + value.replace('"', '""') + '"' for value in row.values()))
    return "\r\n".join(out) + "\r\n"


def zstd_file(path: Path, data: bytes) -> None:
    with pa.OSFile(str(path), "wb") as sink, pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)


TEXTS: dict[str, str] = {
    "jsonl": "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS),
    "array": json.dumps(ROWS, ensure_ascii=False),
    "pretty array": json.dumps(ROWS, ensure_ascii=False, indent=2),
    "csv": csv_text(","),
    "tsv": csv_text("\t"),
    "semicolons": csv_text(";"),
}
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp932", "euc_jp")
PACKERS: dict[str, Callable[[Path, bytes], object]] = {
    "plain": Path.write_bytes,
    "gzip": lambda path, data: path.write_bytes(gzip.compress(data)),
    "gzip in two members": lambda path, data: path.write_bytes(
        gzip.compress(data[:50]) + gzip.compress(data[50:])
    ),
    "bzip2": lambda path, data: path.write_bytes(bz2.compress(data)),
    "xz": lambda path, data: path.write_bytes(lzma.compress(data)),
    "xz in two streams": lambda path, data: path.write_bytes(
        lzma.compress(data[:50]) + lzma.compress(data[50:])
    ),
    "zstd": zstd_file,
}


def pairs(path: Path, **options: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - of read_examples
    options.setdefault("announce", lambda _: None)
    return [(example.prompt, example.reply) for example in read_examples(path, **options)]


@pytest.mark.parametrize("packed", PACKERS)
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("form", TEXTS)
def test_the_name_says_nothing_and_the_content_all(
    form: str, encoding: str, packed: str, tmp_path: Path
) -> None:
    path = tmp_path / "data.bin"
    PACKERS[packed](path, TEXTS[form].encode(encoding))
    assert pairs(path) == PAIRS


@pytest.mark.parametrize("encoding", ["cp932", "euc_jp", "utf-16"])
def test_an_encoding_that_was_found_out_is_said(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    said: list[str] = []
    path.write_bytes(TEXTS["jsonl"].encode(encoding))
    assert pairs(path, announce=said.append) == PAIRS
    assert len(said) == 1
    assert encoding in said[0]


def test_nothing_is_said_of_utf_8_and_nothing_guessed_when_nobody_listens(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    said: list[str] = []
    path.write_text(TEXTS["jsonl"], encoding="utf-8")
    assert pairs(path, announce=said.append) == PAIRS
    assert not said
    path.write_bytes(TEXTS["jsonl"].encode("euc_jp"))
    with pytest.raises(DataError, match=r"line 1, byte \d+: not UTF-8") as caught:
        pairs(path, announce=None)
    assert "iconv -f euc-jp" in caught.value.hint


@pytest.mark.parametrize("content", [b"\n", b" ", b"x"], ids=["blank lines", "blanks", "one line"])
@pytest.mark.parametrize("packed", [name for name in PACKERS if name != "plain"])
def test_a_small_file_that_unpacks_without_end_is_not_read_to_its_end(
    packed: str, content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loracheck.loading.bytestreams._FREE_BYTES", 1 << 20)
    path = tmp_path / "data.jsonl"
    PACKERS[packed](path, TEXTS["jsonl"].encode() + content * (4 << 20))
    with pytest.raises(DataError, match="over 200 times its size"):
        pairs(path, on_bad=lambda _: None)


def test_ascii_rows_before_the_first_japanese_one_come_once(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    bad: list[BadRow] = []
    lines = [json.dumps({"instruction": f"q{n}", "output": f"a{n}"}) for n in range(100)]
    lines[3] = '{"instruction": "broken"'
    lines.append(json.dumps(ROWS[0], ensure_ascii=False))
    path.write_bytes("\n".join(lines).encode("cp932"))
    found = list(read_examples(path, announce=lambda _: None, on_bad=bad.append))
    assert [example.source.line for example in found] == [1, 2, 3, *range(5, 102)]
    assert found[-1].reply == ROWS[0]["output"]
    assert [row.source.line for row in bad] == [4]


def test_a_given_encoding_is_used_and_its_failure_named_by_byte(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(TEXTS["csv"].encode("cp932"))
    assert pairs(path, encoding="shift_jis", announce=None) == PAIRS
    path.write_bytes(b"instruction,output\r\na,b\r\na,\x83\xff\r\n")
    with pytest.raises(DataError, match="line 3, byte 27 of the file: not cp932"):
        pairs(path, encoding="cp932")
    with pytest.raises(UsageError, match="no encoding 'shift-jizz'"):
        pairs(path, encoding="shift-jizz")


def test_text_of_no_japanese_encoding_is_refused_not_read_as_kanji(tmp_path: Path) -> None:
    path = tmp_path / "latin.jsonl"
    rows = [{"instruction": "Où?", "output": "Là, près du café"}, {"instruction": "Qui?", "output": "Ésope"}]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_bytes(text.encode("cp1252"))
    with pytest.raises(DataError, match="line 1, byte 18: not UTF-8") as caught:
        pairs(path)
    assert "iconv -f ENCODING" in caught.value.hint
    assert pairs(path, encoding="cp1252")[1] == ("Qui?", "Ésope")


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_one_torn_row_in_utf_8_is_that_row_alone(form: str, tmp_path: Path) -> None:
    path = tmp_path / "data"
    bad: list[BadRow] = []
    said: list[str] = []
    broken = TEXTS[form].encode().replace("ソーセージ".encode(), "ソ".encode()[:2])
    path.write_bytes(broken)
    assert pairs(path, on_bad=bad.append, announce=said.append) == PAIRS[:2]
    assert len(bad) == 1
    assert "not UTF-8" in bad[0].message
    assert "ポチの好物は" in bad[0].raw
    assert not said


def test_a_quoted_newline_keeps_the_line_of_the_row(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text('question,answer\n"two\nlines","three\n\nlines"\n\nq,a\n', encoding="utf-8")
    found = [(e.source.line, e.prompt, e.reply) for e in read_examples(path)]
    assert found == [(2, "two\nlines", "three\n\nlines"), (7, "q", "a")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("question,answer\nq,a\nq,a,b\n", "line 3: the row has 3 columns, the header 2"),
        ('question,answer\nq,a\n"q"x,a\n', "line 3: .*expected after"),
        ('question,answer\nq,a\n"q,a\nq,a\n', "lines 3 to 4: unexpected end"),
        ("question,question\nq,a\n", "'question' twice"),
        ("just a text\nof two lines\n", "neither JSON nor a table"),
    ],
)
def test_a_broken_table_is_named_by_line(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=words):
        pairs(path)


def test_bad_rows_are_handed_over_and_reading_goes_on(tmp_path: Path) -> None:
    good = json.dumps({"instruction": "a", "output": "b"})
    lines = [good, '{"instruction": "a", "output": ', good, '{"a": 1}', "", "[1]", '"x"', good[:-3], good]
    path = tmp_path / "data.jsonl"
    bad: list[BadRow] = []
    path.write_text("\n".join(lines), encoding="utf-8")
    assert [e.source.line for e in read_examples(path, on_bad=bad.append)] == [1, 3, 9]
    assert [row.source.line for row in bad] == [2, 4, 6, 7, 8]
    assert bad[0].raw == lines[1] + "\n"
    assert "line 2, column" in bad[0].message
    assert "unknown columns: a" in bad[1].message


def test_bad_rows_of_a_table_and_of_parquet_are_handed_over(tmp_path: Path) -> None:
    bad: list[BadRow] = []
    table = tmp_path / "data.csv"
    table.write_text('question,answer\nq,a\n"q"x,a\nq,a\nq\nq,a\n', encoding="utf-8")
    assert [e.source.line for e in read_examples(table, on_bad=bad.append)] == [2, 4, 6]
    columns = tmp_path / "data.parquet"
    rows = [{"question": "q", "answer": "a"}, {"question": "q", "answer": None}]
    pq.write_table(pa.Table.from_pylist(rows), columns)
    assert [e.source.line for e in read_examples(columns, on_bad=bad.append)] == [1]
    assert [(Path(row.source.file).name, row.source.line) for row in bad] == [
        ("data.csv", 3),
        ("data.csv", 5),
        ("data.parquet", 2),
    ]
    assert "row 2, field answer: text is wanted, not null" in bad[2].message


@pytest.mark.parametrize(
    ("text", "words", "before"),
    [
        ('[{"question": "q", "answer": "a"}\n {"question": "q"}]', "line 2, column 2: .*',' delimiter", 1),
        ('[{"question": "q", "answer": "a"},\n{"question": "q]', "line 2, column 14", 1),
        ('[{"question": "q", "answer": "a"},\n{"question" 1}, {"question": "q"}]', "line 2, column 13", 1),
        ('[{"question": "q", "answer": "a"}', "line 1, column 34: .*not closed", 1),
        ('[{"question": "q", "answer": "a"}]\nx', "line 2, column 1: .*Extra data", 1),
        ("[{}, 1", "line 1, column 7: .*not closed", 0),
    ],
)
def test_a_broken_array_is_handed_over_once_and_stops(
    text: str, words: str, before: int, tmp_path: Path
) -> None:
    path = tmp_path / "data.json"
    bad: list[BadRow] = []
    good: list[Example] = []
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=words):
        good.extend(read_examples(path, on_bad=bad.append))
    stops = [row for row in bad if "broken JSON" in row.message]
    assert len(stops) == 1
    assert len(bad) + before == (2 if before else 3)


def test_places_in_a_long_array_are_right(tmp_path: Path) -> None:
    path = tmp_path / "data.json"
    rows = [{"question": f'質問{n}「[{{"', "answer": "答え" * 50} for n in range(5000)]
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    path.write_text(f"[{lines},\n  {{'x': 1}}]", encoding="utf-8")
    found = read_examples(path)
    assert [next(found).prompt for _ in rows] == [row["question"] for row in rows]
    with pytest.raises(DataError, match="line 5001, column 4: broken JSON"):
        next(found)


def test_a_row_of_an_array_over_the_limit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "data.json"
    path.write_text('[{"question": "' + "a" * 2 * MAX_LINE_BYTES, encoding="utf-8")
    with pytest.raises(DataError, match="over the limit"):
        pairs(path)


def test_an_object_over_several_lines_comes_with_advice(tmp_path: Path) -> None:
    path = tmp_path / "data.json"
    path.write_text(json.dumps({"data": []}, indent=2), encoding="utf-8")
    with pytest.raises(DataError, match="line 1") as caught:
        pairs(path)
    assert "an array of rows" in caught.value.hint


@pytest.mark.parametrize("packed", ["gzip", "bzip2", "xz", "zstd"])
def test_a_packed_file_that_was_cut_off_is_an_error_not_a_short_set(packed: str, tmp_path: Path) -> None:
    path = tmp_path / "data"
    PACKERS[packed](path, (TEXTS["jsonl"] * 200).encode())
    path.write_bytes(path.read_bytes()[:-6])
    with pytest.raises(DataError, match="broken compression"):
        pairs(path)


def test_a_long_line_is_skipped_and_not_held(tmp_path: Path) -> None:
    path = tmp_path / "bomb.jsonl.gz"
    bad: list[BadRow] = []
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(60):
            file.write(b"0" * 1_000_000)
        file.write(b'\n{"question": "q", "answer": "a"}\n')
    tracemalloc.start()
    found = list(read_examples(path, on_bad=bad.append))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [example.source.line for example in found] == [2]
    assert "over the limit" in bad[0].message
    assert len(bad[0].raw) == 2000
    assert peak < 10_000_000


def test_archives_and_other_files_are_named(tmp_path: Path) -> None:
    packed = tmp_path / "data.csv"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("data.csv", TEXTS["csv"])
    with pytest.raises(DataError, match="zip archive"):
        pairs(packed)
    pointer = tmp_path / "data.jsonl"
    pointer.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", encoding="utf-8")
    with pytest.raises(DataError, match="git LFS"):
        pairs(pointer)


def test_parquet_and_arrow_are_read_by_content(tmp_path: Path) -> None:
    table = pa.Table.from_pylist(ROWS)
    parquet, stream, file = (tmp_path / name for name in ("a.csv", "b", "c"))
    pq.write_table(table, parquet)
    with pa.ipc.new_stream(str(stream), table.schema) as writer:
        writer.write_table(table, max_chunksize=2)
    with pa.ipc.new_file(str(file), table.schema) as writer:
        writer.write_table(table)
    for path in (parquet, stream, file):
        assert pairs(path) == PAIRS
        assert [e.source.line for e in read_examples(path)] == [1, 2, 3]


@pytest.mark.parametrize("cut", [40, 400])
def test_a_broken_parquet_file_is_named(cut: int, tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    pq.write_table(pa.Table.from_pylist(ROWS * 50), path)
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(DataError, match="after row 0: broken file"):
        pairs(path)
    packed = tmp_path / "data.parquet.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    with pytest.raises(DataError, match="inside a compressed file"):
        pairs(packed)


def fifty_megabytes(form: str, path: Path) -> int:
    row = json.dumps({"question": "なぜ" * 100, "answer": "答え" * 100}, ensure_ascii=False)
    size = 50_000_000 // len(row.encode())
    with path.open("w", encoding="utf-8") as file:
        if form == "csv":
            file.write("question,answer\n")
            file.writelines(f"{'なぜ' * 100},{'答え' * 100}\n" for _ in range(size))
        elif form == "array":
            file.write("[" + row)
            file.writelines("," + row for _ in range(size - 1))
            file.write("]")
        else:
            file.writelines(row + "\n" for _ in range(size))
    return size


@pytest.mark.parametrize("form", ["jsonl", "array", "csv", "parquet"])
def test_memory_does_not_grow_with_the_file(form: str, tmp_path: Path) -> None:
    path = tmp_path / "data"
    if form == "parquet":
        size = 40_000
        columns = {"question": [f"{n}なぜ" * 100 for n in range(size)], "answer": ["答え"] * size}
        pq.write_table(pa.table(columns), path, row_group_size=5000)
    else:
        size = fifty_megabytes(form, path)
    tracemalloc.start()
    count = sum(1 for _ in open_rows(path, columns=("question", "answer")).rows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == size
    assert peak < 8_000_000
