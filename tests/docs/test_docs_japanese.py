"""README.ja.md says what README.md says: the same headings, commands and figures."""

from __future__ import annotations

import re
from itertools import zip_longest
from pathlib import Path

import pytest

from tests.docs.fenced import ROOT, Block, blocks, commands_in

GUIDES = ("tutorial", "verdict", "policy", "probes", "recipes", "training", "faq", "peers")
PAIRS = [
    (ROOT / "README.md", ROOT / "README.ja.md"),
    *((ROOT / "docs" / f"{guide}.md", ROOT / "docs" / f"{guide}.ja.md") for guide in GUIDES),
]
_NUMBER = re.compile(r"[-+]?\d(?:[\d,]*\d)?(?:\.\d+)?(?:e-?\d+)?")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_KANA = re.compile("[ぁ-んァ-ヶ]")
pairs = pytest.mark.parametrize(("english", "japanese"), PAIRS, ids=["README", *GUIDES])


def prose(page: Path) -> str:
    """Return the page without its blocks of code."""
    return re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def headings(page: Path) -> list[int]:
    return [len(found[1]) for found in re.finditer(r"^(#+) ", prose(page), re.MULTILINE)]


def calls(page: Path) -> list[list[str]]:
    return [called(block) for block in blocks(page)]


def called(block: Block) -> list[str]:
    """Return the commands of a block without comments, and its other lines as they are; of a heading the file."""
    whole = [str(command) for command in commands_in(block)]
    if whole:
        return whole
    return [re.split(r"\s{2,}#|(?<=\.yaml): ", line)[0].rstrip() for line in block.text.split("\n")]


def tables(page: Path) -> list[list[list[str]]]:
    """Return for each row of each table its figures."""
    found: list[list[list[str]]] = [[]]
    for line in prose(page).split("\n"):
        if line.startswith("|"):
            found[-1].append(figures(line))
        elif found[-1]:
            found.append([])
    return [table for table in found if table]


def figures(text: str) -> list[str]:
    return _NUMBER.findall(re.sub(r"[\d.]+[KMk]\b", "", text))


@pairs
def test_the_headings_have_the_same_order_and_depth(english: Path, japanese: Path) -> None:
    assert headings(english) == headings(japanese)


@pairs
def test_the_blocks_hold_the_same_commands_and_outputs(english: Path, japanese: Path) -> None:
    for one, other in zip_longest(blocks(english), blocks(japanese)):
        assert one
        assert other
        assert called(one) == called(other) or is_printed_alike(one, other)


def is_printed_alike(one: Block, other: Block) -> bool:
    """Tell whether two blocks show what a command prints in either language; small numbers are words in one of them."""
    shown = [block for block in (one, other) if not block.language and not list(commands_in(block))]
    told = [sorted(number for number in figures(block.text) if len(number) > 1) for block in shown]
    return len(shown) == 2 and bool(_KANA.search(other.text)) and told[0] == told[1] != []


@pairs
def test_the_tables_hold_the_same_figures(english: Path, japanese: Path) -> None:
    for one, other in zip_longest(tables(english), tables(japanese)):
        assert one == other


@pairs
def test_the_prose_holds_the_same_figures_and_links(english: Path, japanese: Path) -> None:
    """Order differs between languages and small numbers are words in one of them: larger ones are compared."""

    def large(page: Path) -> list[str]:
        numbers = figures(re.sub(r"\(?https?://\S+|\]\([^)]*\)", "", prose(page)))
        return sorted({number.lstrip("+") for number in numbers if len(number.lstrip("+-")) > 2})

    assert large(english) == large(japanese)
    assert links(english) == links(japanese)


def links(page: Path) -> list[str]:
    """Return where the links lead to, either language's page of a pair as the English one, without headings."""
    found = _LINK.findall(prose(page))
    return sorted(link.partition("#")[0].replace(".ja.md", ".md") for link in found)


@pairs
def test_the_japanese_is_japanese(english: Path, japanese: Path) -> None:
    """A paragraph that was left in English has no kana."""
    assert _KANA.search(prose(japanese))
    left = [
        paragraph
        for paragraph in re.split(r"\n\s*\n", prose(japanese))
        if len(re.findall(r"[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}", paragraph)) and not _KANA.search(paragraph)
    ]
    assert not left


def test_a_printed_text_in_japanese_that_lacks_a_figure_is_noticed() -> None:
    def shown(text: str) -> Block:
        return Block(page="", line=1, language="", text=text)

    english = shown("raw: 381 rows, loss 5.587 -> 2.745")
    assert is_printed_alike(english, shown("raw: 381行で学習、損失 5.587 -> 2.745"))
    assert not is_printed_alike(english, shown("raw: 381行で学習、損失 5.587 -> 2.746"))
    assert not is_printed_alike(english, shown("raw: 381 rows, loss 5.587 -> 2.745 "))


def test_a_page_that_lacks_a_command_a_heading_or_a_figure_is_noticed(tmp_path: Path) -> None:
    page = ROOT / "README.md"
    text = page.read_text(encoding="utf-8")
    other = tmp_path / "other.md"
    for cut, compared in (
        ("loracheck gate   runs/eval --adapter curated\n", calls),
        ("## Your own data\n", headings),
        ("| 200,000 | 93 |", tables),
    ):
        assert cut in text
        other.write_text(text.replace(cut, cut.replace("93", "94") if "93" in cut else ""), encoding="utf-8")
        assert compared(page) != compared(other), cut
