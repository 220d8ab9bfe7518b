"""What the batches of an Arrow stream say they unpack to: pyarrow makes that room before it looks at what is there.

A packed buffer begins with the size of what it holds, and where the buffers lie stands in the head of the message, a
flatbuffer (arrow.apache.org/docs/format/Columnar.html, format/Message.fbs). pyarrow shows the head as bytes alone.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_HEADER, _DICTIONARY_DATA, _BUFFERS, _COMPRESSION = 2, 1, 2, 3
"""Places of fields in the tables Message, DictionaryBatch and RecordBatch."""
_OLD_COMPRESSION = b"experimental_compression"
"""How files of 2020 name it, before the field was there."""
_PLAIN = -1
"""The size that a buffer gives which is not packed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchSize:
    """The bytes of a batch's packed buffers, as they lie there and as they say they unpack to."""

    dictionary: bool
    packed: int
    unpacked: int


def batch_sizes(messages: Any) -> Iterator[BatchSize]:  # noqa: ANN401 - pyarrow has no types
    """Yield the size of every batch; its content is neither read nor unpacked.

    Raises:
        ValueError: a message is broken.
    """
    for message in messages:
        if message.type in ("record batch", "dictionary"):
            try:
                yield _size(memoryview(message.metadata), message.body, message.type == "dictionary")
            except struct.error:
                raise ValueError("a batch leads out of the file") from None


def _size(head: memoryview, body: Any, dictionary: bool) -> BatchSize:  # noqa: ANN401
    batch = _table(head, _field(head, _table(head, 0), _HEADER))
    if dictionary:
        batch = _table(head, _field(head, batch, _DICTIONARY_DATA))
    packed = unpacked = 0
    if _field(head, batch, _COMPRESSION) or _OLD_COMPRESSION in bytes(head):
        content = memoryview(body or b"")
        for offset, length in _structs(head, _field(head, batch, _BUFFERS)):
            if offset < 0:
                raise ValueError("a buffer lies before its batch")
            if length:
                (size,) = struct.unpack_from("<q", content, offset)
                if size < _PLAIN:
                    raise ValueError("a buffer unpacks to less than nothing")
                packed += length
                unpacked += length if size == _PLAIN else size
    return BatchSize(dictionary=dictionary, packed=packed, unpacked=unpacked)


def _table(head: memoryview, at: int) -> int:
    """Return where the table lies that a place refers to."""
    return at + int(struct.unpack_from("<I", head, at)[0])


def _field(head: memoryview, table: int, number: int) -> int:
    """Return where a field of a table lies, 0 where the table lacks it."""
    fields = table - int(struct.unpack_from("<i", head, table)[0])
    (size,) = struct.unpack_from("<H", head, fields)
    if 4 + 2 * number >= size:
        return 0
    (offset,) = struct.unpack_from("<H", head, fields + 4 + 2 * number)
    return table + int(offset) if offset else 0


def _structs(head: memoryview, at: int) -> Iterator[tuple[int, int]]:
    """Yield the offset and length of each buffer in a vector of them."""
    if at:
        start = _table(head, at)
        (count,) = struct.unpack_from("<I", head, start)
        for number in range(count):
            yield struct.unpack_from("<qq", head, start + 4 + 16 * number)
