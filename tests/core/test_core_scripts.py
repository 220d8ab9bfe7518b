from __future__ import annotations

import random
import re

from loracheck.text.scripts import count_scripts

PATTERNS = (r"[぀-ヿㇰ-ㇿｦ-ﾟ]", r"[㐀-䶿一-鿿々〆]", r"[A-Za-z]", r"[^\W\d_]")


def test_letters_are_counted_by_script() -> None:
    assert count_scripts("漢字とカナ、ABC 123 é ・ー") == (5, 2, 3, 10)
    assert count_scripts("𠮷野家😀") == (0, 2, 0, 3)
    assert count_scripts("") == (0, 0, 0, 0)
    assert count_scripts("\ud83d") == (0, 0, 0, 0)


def test_the_counts_are_those_of_regular_expressions() -> None:
    draw = random.Random(0)
    ranges = [(32, 127), (0x3040, 0x3100), (0x4E00, 0xA000), (0, 0x110000), (0x20000, 0x2A000)]
    for _ in range(2000):
        text = "".join(chr(draw.randrange(*draw.choice(ranges))) for _ in range(draw.randrange(30)))
        assert tuple(count_scripts(text)) == tuple(len(re.findall(p, text)) for p in PATTERNS), ascii(text)
