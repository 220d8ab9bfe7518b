"""What was said at the marked checkpoints: some probes of the watch side by side, those that were lost first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from loracheck.grading import is_right
from loracheck.probes import IN_DOMAIN
from loracheck.records import BASE_ARM
from loracheck.reports.strings.frame import Both, text
from loracheck.trained import WATCH
from loracheck.watch.answers import Asked, read_asked

FACTS_SHOWN, DOMAIN_SHOWN = 6, 2


def view(run: Path, columns: Sequence[tuple[str, Both]]) -> list[dict[str, Any]]:
    """Return a few probes with their answers under some labels, facts first and those most often lost on top.

    Args:
        run: The run, with the watch in its folder.
        columns: Labels of the watch, each with its name; the base is put before them.
    """
    labels = [(BASE_ARM, text("moment_base")), *columns]
    asked = read_asked(run / WATCH)
    facts = sorted(
        (one for one in asked if one.probe.expected is not None and one.probe.domain == "out"),
        key=lambda one: _lost(one, [label for label, _ in columns]),
    )
    domain = [one for one in asked if one.probe.suite == IN_DOMAIN]
    return [_row(one, labels) for one in [*facts[:FACTS_SHOWN], *domain[:DOMAIN_SHOWN]]]


def _lost(one: Asked, labels: Sequence[str]) -> tuple[bool, int]:
    """Rank a probe: first those that the base answers right, the more often lost the earlier."""
    lost = sum(_right(one, label) is False for label in labels)
    return not (_right(one, BASE_ARM) and lost), -lost


def _right(one: Asked, label: str) -> bool | None:
    answer, expected = one.answers.get(label), one.probe.expected
    return None if answer is None or expected is None else is_right(answer.text, expected)


def _row(one: Asked, labels: Sequence[tuple[str, Both]]) -> dict[str, Any]:
    return {
        "language": one.probe.language if one.probe.language != "other" else "und",
        "prompt": [message.content for message in one.probe.messages],
        "right": one.probe.expected.answers[0] if one.probe.expected else None,
        "answers": [
            {"name": name, "text": one.answers[label].text, "right": _right(one, label)}
            for label, name in labels
            if label in one.answers
        ],
    }
