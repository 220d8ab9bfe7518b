"""How often the checks of the surface are set off by ordinary answers, and how often by planted damage.

Use: python benchmarks/surface.py DATA

DATA holds ja/rakuda (answers of four models to 40 prompts) and safety (answers of two models to XSTest's prompts, the
harmless ones; half of the prompts for dev, half to report). Each model is read against every other one as its base, and
the most answers with an unknown word are told. The rules were made with what is marked dev. Damage is planted in a word
that question and answer share, one edit, by a seed.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

from markers import Answers, rakuda, xstest

from loracheck.evaluate.checks.language import switches
from loracheck.evaluate.checks.unknown_words import bundled_vocabulary, unknown_words, vocabulary, words
from loracheck.records import Language
from loracheck.text import is_loop

KANA = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワンー"
LATIN = "abcdefghijklmnopqrstuvwxyz"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    data = parser.parse_args().data
    print(
        f"{'model':44}{'split':>8}{'n':>5}{'empty':>7}{'loops':>7}{'switch':>8}{'unknown':>9}{'planted':>10}"
    )
    _table(rakuda(data), "ja")
    english = xstest(data)
    for half, split in ((0, "dev"), (1, "report")):
        _table({name: dict(list(of.items())[half::2]) for name, of in english.items()}, "en", split)


def _table(models: dict[str, Answers], language: Language, split: str | None = None) -> None:
    for name, answers in models.items():
        unknown = [_unknown(answers, models[other]) for other in models if other != name]
        most = max(unknown, key=len)
        planted = _planted(answers, [models[other] for other in models if other != name])
        texts = list(answers.values())
        print(
            f"{name[:42]:44}{split or ('dev' if 'stablelm' in name else 'report'):>8}{len(texts):>5}"
            f"{sum(not any(c.isalnum() for c in text) for text in texts):>7}{sum(map(is_loop, texts)):>7}"
            f"{sum(switches(text, language) for text in texts):>8}{len(most):>9}"
            f"{f'{sum(planted)}/{len(planted)}':>10}  {most[:3]}"
        )


def _known(answers: Answers, base: Answers) -> frozenset[str]:
    return bundled_vocabulary() | vocabulary([*answers, *base.values()])


def _unknown(answers: Answers, base: Answers) -> list[list[tuple[str, str]]]:
    known = _known(answers, base)
    found = (unknown_words(text, known, words(prompt)) for prompt, text in answers.items())
    return [some for some in found if some]


def _planted(answers: Answers, bases: list[Answers]) -> list[bool]:
    """Tell of each answer that shares a word with its question whether a slip in that word is found."""
    chance = random.Random(0)
    known = _known(answers, bases[0])
    found = []
    for prompt, text in answers.items():
        shared = [word for word in words(prompt) if word in text]
        if shared:
            word = chance.choice(shared)
            slip = _slip(word, chance)
            damaged = text.replace(word, slip)
            found.append(slip in [some for some, _ in unknown_words(damaged, known, words(prompt))])
    return found


def _slip(word: str, chance: random.Random) -> str:
    """Put another letter for one inside a word, or one letter more."""
    place = chance.randrange(1, len(word))
    letter = chance.choice([c for c in (LATIN if word.isascii() else KANA) if c != word[place]])
    return word[:place] + letter + word[place + chance.randrange(2) :]


if __name__ == "__main__":
    main()
