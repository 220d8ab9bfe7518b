"""What every printed text shares: its language, its width in columns, and untrusted text made harmless."""

from __future__ import annotations

import os
import re
import textwrap
import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from loracheck.records import UiLanguage


_META = "loracheck.language"
_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
# Japanese may be broken between any two characters but for these; Latin words, katakana words and paths stay whole.
_PIECE = re.compile(r"[!-~]+|[ァ-ヺー]{1,12}|\s+|.")
_COMMAND = re.compile(r"^(\s*):(?=:)|#(?=#\w*\[)")
_NOT_FIRST = "、。，．・：；！？!?」』)）】〉》]}ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ%,.;:"
_NOT_LAST = "「『（(【〈《[{0123456789"


def language() -> UiLanguage:
    """Return the language to print in: that of --lang, else of the environment."""
    context = click.get_current_context(silent=True)
    return language_of_context(context)


def language_of_context(context: click.Context | None) -> UiLanguage:
    """Return the language that a command was given, else that of the environment."""
    given: UiLanguage | None = context.find_root().meta.get(_META) if context else None
    return given or language_of_environment(os.environ)


def set_language(context: click.Context, given: UiLanguage) -> None:
    """Let a command and all it calls print in a language."""
    context.find_root().meta[_META] = given


def language_of_environment(environment: Mapping[str, str]) -> UiLanguage:
    """Return Japanese where the first of LC_ALL, LC_MESSAGES and LANG that is set names it."""
    first = next((environment[name] for name in _VARIABLES if environment.get(name)), "")
    return "ja" if first.partition(".")[0].partition("_")[0].lower() == "ja" else "en"


def either(en: str, ja: str) -> str:
    """Return the text of the language that is printed in."""
    return ja if language() == "ja" else en


def duration(seconds: float, spoken: UiLanguage | None = None) -> str:
    """Return a time in the two units that fit it, in the language that is printed in or another."""
    japanese = (spoken or language()) == "ja"
    if seconds < 90:
        return f"{seconds:.0f}秒" if japanese else f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes}分" if japanese else f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours}時間{rest}分" if japanese else f"{hours} h {rest} min"


def columns(text: str) -> int:
    """Return how many columns a text takes: full-width characters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


def padded(text: str, width: int, *, right: bool = False) -> str:
    """Return the text filled up with spaces to a width in columns; right=True puts them before it."""
    spaces = " " * (width - columns(text))
    return spaces + text if right else text + spaces


def wrapped(text: str, width: int) -> list[str]:
    """Break a text into lines of at most so many columns, Japanese between characters where that is allowed."""
    if text.isascii():
        return [_inert(line) for line in textwrap.wrap(text, width)]
    lines = [""]
    for piece in _pieces(text):
        if columns(lines[-1]) + columns(piece.rstrip()) <= width:
            lines[-1] += piece
            continue
        lines += _cut(piece, width)
    return [_inert(line.rstrip()) for line in lines if line.strip()]


def _cut(piece: str, width: int) -> list[str]:
    """Return a piece that begins a line, in more than one where it is too long for it."""
    rest, lines = piece, []
    while columns(rest) > width:
        end = next(place for place in range(len(rest), 0, -1) if columns(rest[:place]) <= max(width, 2))
        while end > 1 and rest[end] in _NOT_FIRST:
            end -= 1
        lines.append(rest[:end])
        rest = rest[end:]
    return [*lines, rest]


def _pieces(text: str) -> list[str]:
    """Return what may stand on lines of its own: no closing sign begins a piece, no opening one ends it."""
    pieces: list[str] = []
    for piece in _PIECE.findall(text):
        before = pieces[-1] if pieces else " "
        if not before.isspace() and (piece[0] in _NOT_FIRST or before[-1] in _NOT_LAST):
            pieces[-1] += piece
        elif before.rstrip()[-1:] == ":" and (piece.isspace() or before[-1].isspace()):
            pieces[-1] += piece  # what a label announces begins beside it
        else:
            pieces.append(piece)
    return pieces


def visible(text: str) -> str:
    """Return the text with control characters made visible and nothing left that a CI service would take for a command.

    Every text that a model, a data set or a stranger's run could have written passes through here on its way out.
    """
    return _inert(
        "".join(
            character if character == " " or character.isprintable() else f"\\u{ord(character):04x}"
            for character in text
        )
    )


def _inert(line: str) -> str:
    """Break up `::error::` where a line begins, and `##[error]` or `##vso[...]` anywhere: logs act on them."""
    return _COMMAND.sub(lambda found: f"{found[1] or ''}\\u{ord(found[0][-1]):04x}", line)
