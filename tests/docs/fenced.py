"""What stands in code blocks of the documentation: commands, Python examples, YAML files."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "README.ja.md", *ROOT.glob("docs/*.md")])
# Their commands are parsed and not run: pages that the tool writes of itself show one option at a time, and the
# comparison with other tools tells what was run there.
PARSED_ONLY = {"checks.md", "checks.ja.md", "errors.md", "errors.ja.md", "peers.md", "peers.ja.md"}
RUN_PAGES = [page for page in PAGES if page.name not in PARSED_ONLY]
_FENCE = re.compile(r"^(```+|~~~+) *([\w-]*)\s*$")
_INLINE = re.compile(r"(?<!`)`(loracheck [^`]+)`(?!`)")
_ENDS = {"|", "||", "&&", ";", ">", ">>", "2>"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block of code: its page, first line, language and text."""

    page: str
    line: int
    language: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A call of loracheck in the documentation; elided are those with "..." in them or in prose."""

    page: str
    line: int
    arguments: tuple[str, ...]
    elided: bool = False

    def __str__(self) -> str:
        return shlex.join(("loracheck", *self.arguments))


def blocks(page: Path) -> Iterator[Block]:
    """Yield fenced blocks and, as one block each, runs of lines that are indented by four spaces."""
    language, start, taken, fence = "", 0, list[str](), ""
    for number, line in enumerate([*page.read_text(encoding="utf-8").splitlines(), ""], start=1):
        mark = _FENCE.match(line.strip())
        if fence:
            if mark and mark[1] == fence and not mark[2]:
                yield Block(page=page.name, line=start, language=language, text="\n".join(taken))
                fence, taken = "", []
            else:
                taken.append(line)
        elif mark:
            fence, language, start, taken = mark[1], mark[2], number + 1, []
        elif line.startswith("    "):
            yield Block(page=page.name, line=number, language="", text=line[4:])
    assert not fence, f"{page.name}: the block that begins in line {start} does not end"


def commands(page: Path) -> Iterator[Command]:
    """Yield every call of loracheck that a page gives, in blocks and in running text."""
    for block in blocks(page):
        if block.language in ("", "bash", "sh", "console", "shell"):
            yield from commands_in(block)
    text = page.read_text(encoding="utf-8")
    for found in _INLINE.finditer(re.sub(r"^```.*?^```", _blank, text, flags=re.DOTALL | re.MULTILINE)):
        line = text.count("\n", 0, found.start()) + 1
        words = shlex.split(found[1].split(" | ")[0].replace("\n", " "))
        yield Command(page=page.name, line=line, arguments=_whole(words[1:]), elided=True)


def commands_in(block: Block) -> Iterator[Command]:
    """Yield the calls of loracheck in a block; lines that end in a backslash go on, "$ " in front is a prompt."""
    number, line = block.line, ""
    for offset, text in enumerate(block.text.split("\n")):
        if not line:
            number = block.line + offset
        line += text.removesuffix("\\") + " " if text.endswith("\\") else text
        if text.endswith("\\"):
            continue
        bare = line.strip().removeprefix("$ ")
        line = ""
        if bare.startswith("loracheck "):
            words = shlex.split(bare, comments=True)
            arguments = _whole(words[1:])
            yield Command(
                page=block.page, line=number, arguments=arguments, elided="..." in words or "…" in words
            )


def _whole(words: list[str]) -> tuple[str, ...]:
    """Return the words of the call itself: what comes before a pipe or a redirection."""
    end = next((place for place, word in enumerate(words) if word in _ENDS), len(words))
    return tuple(word for word in words[:end] if word not in ("...", "…"))


def _blank(found: re.Match[str]) -> str:
    return "".join("\n" if character == "\n" else " " for character in found[0])
