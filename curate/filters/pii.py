"""Personal data in rows: counted where the configuration looks for it, and masked on request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from loracheck.curate.config import FilterConfig
from loracheck.records import Example
from loracheck.text.pii import KINDS, find_personal, mask


def personal_data(example: Example, config: FilterConfig) -> dict[str, int]:
    """Count the personal data of a row's messages by kind, as far as the configuration looks for it."""
    return _counted((message.content for message in example.messages), config)


def personal_metadata(example: Example, config: FilterConfig) -> dict[str, int]:
    """Count the personal data that stands beside the messages: no model learns it, but exports would carry it."""
    return _counted((value for value in example.metadata.values() if isinstance(value, str)), config)


def _counted(texts: Iterable[str], config: FilterConfig) -> dict[str, int]:
    if config.pii == "off":
        return {}
    wanted = config.pii_kinds or KINDS
    return dict(Counter(span.kind for text in texts for span in find_personal(text) if span.kind in wanted))


def masked(example: Example, kinds: Sequence[str]) -> Example:
    """Return the row with the personal data of these kinds masked in every message and in its metadata."""
    turns = (replace(turn, content=_masked(turn.content, kinds)) for turn in example.messages)
    metadata = {
        key: _masked(value, kinds) if isinstance(value, str) else value
        for key, value in example.metadata.items()
    }
    return replace(example, messages=tuple(turns), metadata=metadata)


def _masked(text: str, kinds: Sequence[str]) -> str:
    return mask(text, [span for span in find_personal(text) if span.kind in kinds])
