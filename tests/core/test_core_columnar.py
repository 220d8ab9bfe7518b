"""Parquet and Arrow files of strangers: what is broken is told, and what would fill memory is not unpacked."""

from __future__ import annotations

import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from loracheck.errors import DataError
from loracheck.loading import columnar
from loracheck.loading.jsonrows import BadRow
from loracheck.loading.rowfiles import open_rows


def arrow_file(table: Any, path: Path) -> None:  # noqa: ANN401 - pyarrow has no types
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def parquet_file(table: Any, path: Path) -> None:  # noqa: ANN401
    pq.write_table(table, path)


WRITERS: dict[str, Callable[[Any, Path], None]] = {"arrow": arrow_file, "parquet": parquet_file}


def repeated(text: str, rows: int) -> Any:  # noqa: ANN401
    """Return a column that holds a text once and names it in every row."""
    return pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array([text]))


@pytest.mark.parametrize("offsets", [(0, 10, 2_000_000_000), (0, -10, 20), (0, 21, 20)])
def test_a_text_that_is_said_to_lie_elsewhere_in_memory_is_a_broken_file(
    offsets: tuple[int, ...], tmp_path: Path
) -> None:
    path = tmp_path / "rows.arrow"
    arrow_file(pa.table({"question": ["a" * 10, "b" * 10], "answer": ["c", "d"]}), path)
    content = path.read_bytes()
    assert content.count(struct.pack("<3i", 0, 10, 20)) == 1
    path.write_bytes(content.replace(struct.pack("<3i", 0, 10, 20), struct.pack("<3i", *offsets)))
    with pytest.raises(DataError, match=r"rows\.arrow, after row 0: broken file: .*slot"):
        list(open_rows(path).rows)


@pytest.mark.parametrize("form", WRITERS)
def test_rows_come_back_whatever_holds_their_text(form: str, tmp_path: Path) -> None:
    texts = ["東京なのだ。", None, "a longer text that no view holds inside"]
    tags = [["x", "yy"], [], None]
    turns = [[{"role": "user", "content": text}] for text in texts]
    table = pa.table(
        {
            "text": texts,
            "large": pa.array(texts, pa.large_string()),
            "view": pa.array(texts, pa.string_view()),
            "category": pa.array(texts).dictionary_encode(),
            "bytes": [text.encode() if text else None for text in texts],
            "tags": tags,
            "turns": turns,
            "pair": pa.array([[1, 2], [3, 4], [5, 6]], pa.list_(pa.int32(), 2)),
            "map": pa.array([[("k", "v")], [], None], pa.map_(pa.string(), pa.string())),
            "json": pa.array(["{}", None, "[1]"], pa.json_()),
            "n": [1, None, 3],
            "nothing": pa.nulls(3),
        }
    )
    WRITERS[form](table, tmp_path / "rows")
    assert [row for _, row in open_rows(tmp_path / "rows").rows] == table.to_pylist()


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize("nested", [False, True])
def test_a_row_over_the_limit_is_named_and_never_unpacked(form: str, nested: bool, tmp_path: Path) -> None:
    text = "x" * 2_000_000
    column = (
        pa.ListArray.from_arrays(pa.array([0, 1, 21, 22], pa.int32()), repeated(text, 22))
        if nested
        else pa.array(["a", text * 10, "b"])
    )
    path = tmp_path / "rows"
    WRITERS[form](pa.table({"text": column}), path)
    bad: list[BadRow] = []
    tracemalloc.start()
    numbers = [number for number, _ in open_rows(path, on_bad=bad.append).rows]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert numbers == [1, 3]
    assert [row.message for row in bad] == [f"{path}, row 2: over the limit of 16,000,000 bytes a row."]
    assert peak < 2 * columnar.MAX_ROW_BYTES
    with pytest.raises(DataError, match="row 2: over the limit"):
        list(open_rows(path).rows)


@pytest.mark.parametrize("form", WRITERS)
def test_a_text_that_is_repeated_without_end_is_not_read_to_the_end(form: str, tmp_path: Path) -> None:
    path = tmp_path / "rows"
    WRITERS[form](pa.table({"text": repeated("x" * 100_000, 30_000)}), path)  # 3 GB
    seen = 0
    with pytest.raises(DataError, match="over 200 times its size"):
        for _ in open_rows(path).rows:
            seen += 1
    assert seen < 11_000


def test_a_column_that_says_it_unpacks_to_too_much_is_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"text": ["x" * 1_000_000] * 20}), path, compression="zstd", use_dictionary=False)
    monkeypatch.setattr("loracheck.loading.bytestreams._FREE_BYTES", 1 << 20)
    monkeypatch.setattr(pq.ParquetFile, "iter_batches", lambda *_, **__: pytest.fail("it was read"))
    with pytest.raises(DataError, match="over 200 times its size"):
        list(open_rows(path).rows)


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave so little room that a test need not fill the memory."""
    monkeypatch.setattr(columnar, "_BATCH_BYTES", 1 << 20)
    monkeypatch.setattr(columnar, "_GROUP_BYTES", 1 << 20)


def packed_arrow(table: Any, path: Path, form: str, codec: str = "zstd") -> None:  # noqa: ANN401
    options = pa.ipc.IpcWriteOptions(compression=codec)
    opened = {"file": pa.ipc.new_file, "stream": pa.ipc.new_stream}[form]
    with pa.OSFile(str(path), "wb") as sink, opened(sink, table.schema, options=options) as writer:
        writer.write_table(table)


ZEROS = pa.array([0] * 200_000, pa.int64())
PADDED = {
    "numbers": pa.table({"a": ZEROS}),
    "several": pa.table({name: ZEROS.slice(0, 100_000) for name in "abcd"}),
    "dictionary": pa.table(
        {
            "a": pa.DictionaryArray.from_arrays(
                pa.array([0], pa.int32()), pa.array(["x" * 1_000_000 + "y"] * 2)
            )
        }
    ),
}


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("form", ["file", "stream"])
@pytest.mark.parametrize("what", PADDED)
def test_a_batch_that_says_it_unpacks_to_too_much_is_refused_unread(
    what: str, form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rows.arrow"
    packed_arrow(PADDED[what], path, form)
    assert path.stat().st_size < 20_000
    before = pa.total_allocated_bytes()
    monkeypatch.setattr(columnar, "_sizes", lambda _: pytest.fail("it was read"))
    with pytest.raises(DataError, match="a batch of it unpacks to over 50 times its size"):
        list(open_rows(path).rows)
    assert pa.total_allocated_bytes() - before < 1 << 20


@pytest.mark.usefixtures("narrow")
def test_columns_that_together_say_they_unpack_to_too_much_are_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rows.parquet"
    pq.write_table(PADDED["several"], path, compression="zstd", use_dictionary=False)
    monkeypatch.setattr(pq.ParquetFile, "iter_batches", lambda *_, **__: pytest.fail("it was read"))
    with pytest.raises(DataError, match="a batch of it unpacks to over 50 times its size"):
        list(open_rows(path).rows)


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("codec", ["zstd", "lz4"])
@pytest.mark.parametrize("form", ["file", "stream"])
def test_a_batch_that_is_packed_as_text_is_comes_back_whole(form: str, codec: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.arrow"
    texts = [f"{number * 7919 % 100_003}: 東京なのだ。" for number in range(60_000)]
    tags = pa.array([str(number % 5) for number in range(60_000)]).dictionary_encode()
    packed_arrow(pa.table({"text": texts, "tag": tags}), path, form, codec)
    found = [row for _, row in open_rows(path).rows]
    assert [row["text"] for row in found] == texts
    assert found[-1]["tag"] == "4"


def test_a_buffer_that_unpacks_to_less_than_nothing_is_broken(tmp_path: Path) -> None:
    path = tmp_path / "rows.arrow"
    packed_arrow(pa.table({"a": ZEROS}), path, "stream")
    content = path.read_bytes()
    size = struct.pack("<q", 8 * len(ZEROS))
    assert content.count(size) == 1
    path.write_bytes(content.replace(size, struct.pack("<q", -(1 << 40))))
    with pytest.raises(DataError, match="broken file: a buffer unpacks to less than nothing"):
        list(open_rows(path).rows)


def test_an_arrow_file_that_lacks_batches_is_broken(tmp_path: Path) -> None:
    path = tmp_path / "rows.arrow"
    table = pa.table({"a": [1, 2, 3]})
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        for _ in range(2):
            writer.write_table(table)
    content = bytearray(path.read_bytes())
    with pa.ipc.open_file(path) as reader:
        assert reader.num_record_batches == 2
    second = content.rindex(b"\xff\xff\xff\xff", 0, content.rindex(b"\xff\xff\xff\xff\0\0\0\0"))
    content[second + 4 : second + 8] = bytes(4)  # the stream ends where its second batch began
    path.write_bytes(bytes(content))
    with pytest.raises(DataError, match="after row 3: broken file: it says it holds 2 batches, and holds 1"):
        list(open_rows(path).rows)


def test_texts_that_grow_out_of_one_another_are_read_few_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rows.parquet"
    texts = ["x" * 1_000_000 + str(number) for number in range(50)]
    encodings = {"column_encoding": {"text": "DELTA_BYTE_ARRAY"}, "use_dictionary": False}
    pq.write_table(pa.table({"text": texts}), path, **encodings)
    asked: list[int] = []
    read = pq.ParquetFile.iter_batches

    def iter_batches(file: Any, rows: int, **options: Any) -> Any:  # noqa: ANN401
        asked.append(rows)
        return read(file, rows, **options)

    monkeypatch.setattr(columnar, "_BATCH_BYTES", 4_100_000)
    monkeypatch.setattr(pq.ParquetFile, "iter_batches", iter_batches)
    assert [row["text"] for _, row in open_rows(path).rows] == texts
    assert asked == [4]


@pytest.mark.parametrize("form", WRITERS)
def test_two_columns_of_one_name_are_refused(form: str, tmp_path: Path) -> None:
    WRITERS[form](
        pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["text", "text"]), tmp_path / "r"
    )
    with pytest.raises(DataError, match="'text' twice"):
        list(open_rows(tmp_path / "r").rows)


@pytest.mark.parametrize("form", WRITERS)
def test_a_value_that_python_has_not_is_a_broken_file(form: str, tmp_path: Path) -> None:
    table = pa.table({"when": pa.array([2**62], pa.timestamp("us"))})
    WRITERS[form](table, tmp_path / "rows")
    with pytest.raises(DataError, match="after row 0: broken file"):
        list(open_rows(tmp_path / "rows").rows)


def test_values_that_take_no_byte_are_counted(tmp_path: Path) -> None:
    """A list of two thousand million nothings fits into a hundred bytes of a file, and into no memory."""
    path = tmp_path / "rows.arrow"
    many = 2_000_000_000
    arrow_file(
        pa.table({"n": pa.ListArray.from_arrays(pa.array([0, many], pa.int32()), pa.nulls(many))}), path
    )
    assert path.stat().st_size < 2000
    with pytest.raises(DataError, match="over 67,108,864 values"):
        list(open_rows(path).rows)
