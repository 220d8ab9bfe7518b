"""The list of a page as data: an index that filters need, and the texts in packed pieces.

The texts of twenty thousand probes are tens of megabytes, of which a reader sees fifty probes at a time. The page
therefore holds them packed, a hundred rows a piece, and its script unpacks what it draws. What does not fit within
the cap is left out from the end of the list, and the page says of how many it shows how many.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from loracheck.reports.html import packed_json

ROWS_A_PIECE = 100
MOST_ROWS = 20_000
MOST_BYTES = 24 * 2**20
"""Of all pieces together, as they stand in the page."""
_INDEXED = ("a", "suite", "language", "sets", "outcomes", "given", "changed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """The rows of a list, ready for a page.

    Attributes:
        index: One piece: of each row what filters and links look at.
        pieces: The rows themselves, in order.
        rows: How many rows are packed.
        of: How many there are.
    """

    index: Markup
    pieces: tuple[Markup, ...]
    rows: int
    of: int


def pack(
    rows: Iterable[dict[str, Any]], *, most_rows: int = MOST_ROWS, most_bytes: int = MOST_BYTES
) -> Packed:
    """Pack rows in their order until a cap is reached."""
    index: list[dict[str, Any]] = []
    pieces: list[Markup] = []
    size = total = 0
    piece: list[dict[str, Any]] = []

    def close() -> bool:
        nonlocal size
        packed = packed_json(piece)
        if pieces and size + len(packed) > most_bytes:
            return False
        size += len(packed)
        pieces.append(packed)
        index.extend({name: row[name] for name in _INDEXED} for row in piece)
        piece.clear()
        return True

    full = False
    for row in rows:
        total += 1
        if full or total > most_rows:
            continue
        piece.append(row)
        if len(piece) == ROWS_A_PIECE:
            full = not close()
    if piece and not full:
        close()
    return Packed(index=packed_json(index), pieces=tuple(pieces), rows=len(index), of=total)
