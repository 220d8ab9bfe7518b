"""The rows of Parquet and Arrow files, unpacked a little at a time: a small file may hold far more than memory does.

A column may repeat one long text by number (a dictionary), so what a row takes is reckoned before it is unpacked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loracheck.errors import DataError
from loracheck.loading.arrowsizes import batch_sizes
from loracheck.loading.bytestreams import most_unpacked, unpacks_to_much
from loracheck.loading.jsonrows import Faults

PARQUET = b"PAR1"
ARROW = (b"ARROW1", b"\xff\xff\xff\xff")  # the file and the stream form
MAX_ROW_BYTES = 16_000_000
"""Of one row, and of the rows that are unpacked together; a long book has about 2 MB."""
_BATCH_ROWS = 1000
_BATCH_BYTES = 256 << 20
"""What rows that are read together may take, by what the file says of itself."""
_BATCH_PACKED = 50
"""How many times its size a batch may unpack to beyond that, as it is unpacked at once."""
_GROUP_BYTES = 1 << 30
"""The same of a row group of Parquet, whose pages are small unless it was made to do harm."""
_ARROW_FRAME = 8
"""Bytes before the stream in a file of the file form."""
_MOST_VALUES = 1 << 26
"""In one column of a batch: a thousand rows of 65,000 tokens each."""
_NO_VALUE = (ValueError, ArithmeticError, LookupError, NotImplementedError)
"""How it is told that Python has no such value: a date beyond its own, a time zone nobody knows."""
_VALUE_BYTES = 8
"""Which a value takes at least, an empty one too."""


def columnar_rows(path: Path, head: bytes, faults: Faults) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the rows of a file that begins like one of Parquet or Arrow, with their number from 1.

    Raises:
        DataError: the file is broken or unpacks to too much, or two columns have one name.
    """
    import pyarrow as pa  # noqa: PLC0415 - heavy

    number, left = 0, float(most_unpacked(path.stat().st_size))
    try:
        for batch, schema in _parquet_batches(path) if head.startswith(PARQUET) else _arrow_batches(path):
            sizes = sum(map(_sizes, batch.columns), np.zeros(batch.num_rows))
            left -= sizes.sum()
            if left < 0:
                raise unpacks_to_much(path)
            for row in _unpacked(batch, schema, sizes):
                number += 1
                if row is not None:
                    yield number, row
                    continue
                what = f"{path}, row {number}: over the limit of {MAX_ROW_BYTES:,} bytes a row."
                faults.add(DataError(what, kind="too_large"), number, "")
    except (pa.ArrowException, OSError, *_NO_VALUE) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise DataError(
            f"{path}, after row {number}: broken file: {' '.join(str(error).split()).rstrip('.')}.",
            kind="broken_file",
            hint="Is the file whole?",
        ) from None


def _unpacked(batch: Any, schema: Any, sizes: NDArray[np.float64]) -> Iterator[dict[str, Any] | None]:  # noqa: ANN401
    """Yield the rows of a batch in the types of a schema, None for one that is too large."""
    if sizes.sum() <= MAX_ROW_BYTES:
        # Views cannot be made of numbers, which read as well, only slower.
        with suppress(NotImplementedError):
            batch = batch.cast(schema)
        yield from batch.to_pylist()
        return
    for place, size in enumerate(sizes):
        yield batch.slice(place, 1).to_pylist()[0] if size <= MAX_ROW_BYTES else None


def _parquet_batches(path: Path) -> Iterator[tuple[Any, Any]]:
    """Yield batches and their schema; repeated texts stay numbers until it is known how much they are."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - heavy

    with pq.ParquetFile(path) as file:
        facts, schema = file.metadata, file.schema_arrow
        columns = [file.schema.column(place) for place in range(len(file.schema))]
    refuse_twice(schema.names, path)
    groups = [facts.row_group(place) for place in range(facts.num_row_groups)]
    numbered = [
        column.path
        for place, column in enumerate(columns)
        if column.physical_type == "BYTE_ARRAY"
        and column.logical_type.type != "JSON"
        # A text that begins like the one before it (delta) is never a number.
        and not any("DELTA_BYTE_ARRAY" in group.column(place).encodings for group in groups)
    ]
    with pq.ParquetFile(path, metadata=facts, read_dictionary=numbered) as file:
        for place, group in enumerate(groups):
            rows = _rows_at_once(group, frozenset(numbered), path)
            for batch in file.iter_batches(rows, row_groups=[place]):
                batch.validate(full=True)
                yield batch, schema


def _rows_at_once(group: Any, numbered: frozenset[str], path: Path) -> int:  # noqa: ANN401 - pyarrow has no types
    """Return how many rows of a row group are read together, by what the group says of itself.

    Raises:
        DataError: a column was packed to fill memory.
    """
    total = packed = largest = 0
    for chunk in map(group.column, range(group.num_columns)):
        size = max(chunk.total_uncompressed_size, _VALUE_BYTES * chunk.num_values)
        if size > most_unpacked(chunk.total_compressed_size):
            raise unpacks_to_much(path)
        total, packed = total + size, packed + chunk.total_compressed_size
        if chunk.physical_type.endswith("BYTE_ARRAY") and chunk.path_in_schema not in numbered:
            largest = max(largest, size)  # as each value may repeat all that the chunk holds
    if total > max(_GROUP_BYTES, _BATCH_PACKED * packed):  # a page of every column is unpacked at once
        raise _batch_too_large(path)
    largest = max(largest, total // max(1, group.num_rows), 1)
    return max(1, min(_BATCH_ROWS, _BATCH_BYTES // int(largest)))


def _arrow_batches(path: Path) -> Iterator[tuple[Any, Any]]:
    import pyarrow as pa  # noqa: PLC0415 - heavy

    with pa.memory_map(str(path)) as file:
        start, wanted = 0, None
        if file.read(6) == ARROW[0]:  # the file form is a stream in a frame
            start, wanted = _ARROW_FRAME, pa.ipc.open_file(file).num_record_batches
        file.seek(start)
        _refuse_packed(pa.ipc.MessageReader.open_stream(file), path)
        file.seek(start)
        reader = pa.ipc.open_stream(file)
        refuse_twice(reader.schema.names, path)
        found = 0
        for batch in reader:
            found += 1
            batch.validate(full=True)  # what a broken file points at may lie anywhere in memory
            for row in range(0, batch.num_rows, _BATCH_ROWS):
                yield batch.slice(row, _BATCH_ROWS), reader.schema
        if wanted not in (None, found):
            raise ValueError(f"it says it holds {wanted} batches, and holds {found}")


def _refuse_packed(messages: Any, path: Path) -> None:  # noqa: ANN401
    """Refuse batches that were packed to fill memory, by what they say of themselves; dictionaries are kept together.

    Raises:
        DataError: a batch takes too much room.
    """
    kept = kept_packed = 0
    for size in batch_sizes(messages):
        if size.dictionary:
            kept, kept_packed = kept + size.unpacked, kept_packed + size.packed
        room = max(_BATCH_BYTES, _BATCH_PACKED * (kept_packed if size.dictionary else size.packed))
        if (kept if size.dictionary else size.unpacked) > room:
            raise _batch_too_large(path)


def _batch_too_large(path: Path) -> DataError:
    return DataError(
        f"{path}: a batch of it unpacks to over {_BATCH_PACKED} times its size.",
        kind="too_large",
        hint="No text packs so well. Write it anew without compression if you trust it.",
    )


def refuse_twice(names: Sequence[str], path: Path) -> None:
    """Refuse columns of one name.

    Raises:
        DataError: names the column.
    """
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise DataError(
            f"{path}: the header holds {twice[0]!r} twice.",
            kind="broken_table",
            hint="Rename one of the columns.",
        )


def _sizes(column: Any) -> NDArray[np.float64]:  # noqa: ANN401
    """Return how many bytes each value of a column takes once it is unpacked."""
    import pyarrow as pa  # noqa: PLC0415

    if len(column) > _MOST_VALUES:
        raise ValueError(f"a column holds over {_MOST_VALUES:,} values in {_BATCH_ROWS:,} rows")
    sizes = np.full(len(column), float(_VALUE_BYTES))  # a float, as a whole number may overflow
    kind, types = column.type, pa.types
    if not len(column):
        return sizes
    if isinstance(kind, pa.BaseExtensionType):
        return _sizes(column.storage)
    if types.is_dictionary(kind):
        if len(column.dictionary):
            sizes += _sizes(column.dictionary)[column.indices.fill_null(0).to_numpy()]
    elif types.is_struct(kind):
        for place in range(kind.num_fields):
            sizes += _sizes(column.field(place))
    elif types.is_list(kind) or types.is_large_list(kind) or types.is_map(kind):
        ends = column.offsets.to_numpy()
        inside = _sizes(column.values.slice(ends[0], ends[-1] - ends[0]))
        sizes += np.diff(np.concatenate([[0.0], np.cumsum(inside)])[ends - ends[0]])
    elif types.is_fixed_size_list(kind):
        width = kind.list_size
        inside = _sizes(column.values.slice(column.offset * width, len(column) * width))
        sizes += inside.reshape(len(column), width).sum(axis=1)
    else:
        sizes += _flat_sizes(column)
    return sizes


def _flat_sizes(column: Any) -> NDArray[np.float64] | float:  # noqa: ANN401
    """Return how many bytes the values of a column take that hold no other values."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.compute as pc  # noqa: PLC0415

    kind, types = column.type, pa.types
    if str(kind) in ("string_view", "binary_view"):  # a length, and where the text is
        views = np.frombuffer(column.buffers()[1], np.int32).reshape(-1, 4)[column.offset :][: len(column), 0]
        return np.where(column.is_valid().to_numpy(zero_copy_only=False), views, 0).astype(np.float64)
    if str(kind).removeprefix("large_") in ("string", "binary"):
        return np.asarray(pc.binary_length(column).fill_null(0), np.float64)
    if types.is_fixed_size_binary(kind):
        return float(kind.byte_width)
    if types.is_primitive(kind) or types.is_decimal(kind) or types.is_null(kind):
        return 0.0
    raise NotImplementedError(f"columns of type {kind} are not read")
