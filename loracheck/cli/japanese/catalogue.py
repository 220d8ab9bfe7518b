"""The whole catalogue of the help, and how a sentence of it is found."""

from __future__ import annotations

import re

from loracheck.cli.japanese import curating, evaluating, frame, others, training

HELP: dict[str, str] = frame.HELP | curating.HELP | training.HELP | evaluating.HELP | others.HELP
"""By the English paragraph, or by the help of an option without what stands in brackets behind it."""

_BRACKETS = re.compile(r"  \[([^\[\]]*)\]$")


def paragraph(text: str) -> str | None:
    """Return the Japanese of a paragraph, however its lines are broken; None where there is none."""
    return HELP.get(" ".join(text.split()))


def option(text: str) -> str:
    """Return the Japanese of an option's help with its default, or the text itself where there is none."""
    if text in HELP:
        return HELP[text]
    brackets: list[str] = []
    while found := _BRACKETS.search(text):
        brackets.insert(0, f"  [{_extra(found[1])}]")
        text = text[: found.start()]
    return HELP.get(text, text) + "".join(brackets)


def _extra(text: str) -> str:
    if text in frame.EXTRAS:
        return frame.EXTRAS[text]
    if (value := text.removeprefix("default: ")) != text:
        return frame.DEFAULT + frame.DEFAULTS.get(value, value)
    return text
