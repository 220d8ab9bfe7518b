"""The rows that show what was trained on: every span as the model sees it, hidden characters made visible."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from loracheck.records.training import ShownRow
from loracheck.reports import figures
from loracheck.reports.html import shown
from loracheck.reports.strings.frame import text

_VISIBLE_CONTROL = re.compile(r"(⟨U\+[0-9A-F]{4,6}⟩)")


def rows(given: Sequence[ShownRow]) -> list[dict[str, Any]]:
    """Return the rows with their language for the browser, their counts and their spans in pieces."""
    return [
        {
            "id": row.example_id,
            "language": row.language if row.language in ("ja", "en") else "und",
            "tokens": text(
                "mask_tokens", trained=figures.whole(row.trained_tokens), tokens=figures.whole(row.tokens)
            ),
            "spans": [(span.trained, pieces(span.text)) for span in row.spans if span.text],
        }
        for row in given
    ]


def pieces(content: str) -> list[tuple[bool, str]]:
    """Split a text into what is seen anyway and what had to be made visible."""
    parts = _VISIBLE_CONTROL.split(shown(content))
    return [(place % 2 == 1, part) for place, part in enumerate(parts) if part]
