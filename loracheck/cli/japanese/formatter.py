"""The formatter of the help in Japanese: each text is looked up, then broken by the columns it takes."""

from __future__ import annotations

import re
from collections.abc import Iterable

import click

from loracheck.cli.japanese import catalogue, frame
from loracheck.terminal import columns, padded, wrapped

_AS_IT_IS = "\b"
_PARTS = re.compile(r" +(?=-|>)")
_SHORT = 12
_COLUMNS = re.compile(r"(\S.*?\s{2,})(?=\S)")


class JapaneseFormatter(click.HelpFormatter):
    """Writes what click gives it in English in Japanese, within its width."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write how a command is called."""
        start = f"{frame.USAGE if prefix is None else prefix}{prog} "
        lines = [start]
        for word in args.split():
            if columns(lines[-1] + word) > self.width and lines[-1].strip():
                lines.append(" " * columns(start))
            lines[-1] += f"{word} "
        self.write("".join(f"{line.rstrip()}\n" for line in lines))

    def write_heading(self, heading: str) -> None:
        """Write a heading."""
        super().write_heading(frame.HEADINGS.get(heading, heading))

    def write_text(self, text: str) -> None:
        """Write the paragraphs of a command's help; examples keep their lines."""
        paragraphs = (part.splitlines() for part in text.split("\n\n"))
        self.write("\n".join(self._paragraph(lines) for lines in paragraphs if lines))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write the options or the commands, each with what it is for."""
        rows = list(rows)
        first = min(max((columns(name) for name, _ in rows), default=0), col_max) + col_spacing
        margin = " " * self.current_indent
        for name, told in rows:
            japanese = frame.COMMANDS.get(name.strip()) or catalogue.option(told)
            lines = _balanced(japanese, max(self.width - first - self.current_indent, 20))
            if columns(name) <= first - col_spacing and lines:
                self.write(f"{margin}{padded(name, first)}{lines.pop(0)}\n")
            else:
                self.write(f"{margin}{name}\n")
            self.write("".join(f"{margin}{' ' * first}{line}\n" for line in lines))

    def _paragraph(self, lines: list[str]) -> str:
        literal = lines[0].strip() == _AS_IT_IS
        if literal:
            lines = lines[1:]
        margin = " " * self.current_indent
        translated = catalogue.paragraph("\n".join(lines))
        if translated is None and literal:
            whole = re.sub(r"\s*\\\n\s*", " ", "\n".join(lines))
            return "".join(self._literal(line) for line in whole.splitlines())
        text = translated or " ".join(line.strip() for line in lines)
        return "".join(f"{margin}{line}\n" for line in _balanced(text, self.width - len(margin)))

    def _literal(self, line: str) -> str:
        """Return a line of examples, or of a small table, in as many lines as it needs."""
        margin = " " * (self.current_indent + len(line) - len(line.lstrip()))
        text = line.strip()
        room = self.width - len(margin)
        if text in frame.EXAMPLES:
            return f"{margin}{frame.EXAMPLES[text]}\n"
        if (row := catalogue.HELP.get(text)) is not None:
            if found := _COLUMNS.match(row):
                start, rest = found[1], wrapped(row[found.end() :], room - columns(found[1]))
                return margin + start + f"\n{margin}{' ' * columns(start)}".join(rest) + "\n"
            return "".join(f"{margin}{one}\n" for one in wrapped(row, room))
        return margin + f" \\\n{margin}    ".join(_typed(text, room)) + "\n"


def _balanced(text: str, width: int) -> list[str]:
    """Break a text so that no few characters are left for its last line, and what stands in brackets stays whole."""
    told, *brackets = text.split("  [")
    lines = wrapped(told, width) or [""]
    for narrower in range(width - 1, width - _SHORT, -1):
        if columns(lines[-1]) >= _SHORT:
            break
        if len(better := wrapped(told, narrower)) == len(lines) > 1:
            lines = better
    for bracket in brackets:
        first, *more = wrapped(f"[{bracket}", width)
        if not more and columns(lines[-1]) + 2 + columns(first) <= width:
            lines[-1] += f"  {first}"
        else:
            lines += [first, *more]
    return lines


def _typed(text: str, width: int) -> list[str]:
    """Break a command, before its options where that will do; each line but the last is to end with a backslash."""
    lines: list[str] = []
    room = width - columns(" \\")
    for part in _PARTS.split(text):
        for word in [part] if columns(part) <= room - 4 else part.split():
            if lines and columns(f"{lines[-1]} {word}") <= room - (4 if len(lines) > 1 else 0):
                lines[-1] += f" {word}"
            else:
                lines.append(word)
    return lines
