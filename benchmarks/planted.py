"""Made-up Japanese and English instruction rows with planted duplicates and traps, each with its true label.

Nothing in here is taken from a data set. Traps are rows that are alike and must stay: the same worked problem with
other numbers, the same sentence with other names, short rows.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_KANJI = (
    "山川海空町村駅道橋森店人物国語数学音楽歴史料理旅行仕事時間言葉季節天気野菜果物動植科技術経済社会文化政治地域"
    "産業環境教育研究開発設計製造販売運営管理医療農漁林鉱工芸美映画写真新聞雑誌放送通信交通運輸建築土木電気機械"
)
_PARTICLES = ("が", "を", "に", "で", "と", "から", "まで", "より", "について", "という")
_VERBS = (
    "作ります", "調べました", "考えています", "比べるとよいでしょう", "見直してください", "伝えました", "続けています",
    "始まりました", "減らせます", "増えるはずです", "確かめられます", "選びましょう",
)  # fmt: skip
_SYLLABLES = [
    "ka",
    "ri",
    "to",
    "ne",
    "mo",
    "su",
    "ba",
    "lo",
    "vi",
    "den",
    "mar",
    "tis",
    "gor",
    "pel",
    "ran",
    "fo",
    "hul",
    "wex",
    "jin",
    "quo",
    "zab",
    "chi",
    "thor",
    "ley",
    "brin",
    "dus",
    "oap",
    "mel",
    "sor",
    "nid",
    "fal",
    "gre",
    "pon",
    "tav",
]
_SMALL = [
    "the",
    "a",
    "each",
    "some",
    "near",
    "under",
    "without",
    "before",
    "of",
    "and",
    "or",
    "in",
    "on",
    "by",
    "for",
    "with",
    "from",
    "over",
]
_NAMES = {
    "ja": ["田中", "佐藤", "鈴木", "高橋", "伊藤", "渡辺", "山本", "中村", "小林", "加藤", "吉田", "山田"],
    "en": ["Alice", "Robert", "Chandra", "Miguel", "Olga", "Tomoko", "Henrik", "Fatima", "Yusuf", "Ingrid"],
}
_NOISE = {"ja": "あいうえおかきくけこ山川人大小中上下一二", "en": "abcdefghijklmnopqrstuvwxyz"}
DUPLICATES = ("exact", "spaced", "full width", "NFD", "1%", "2%", "5%", "10%", "block 5%", "block 10%")
TRAPS = ("numbers", "names", "short")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row, what it is ("unique", one of DUPLICATES or TRAPS), and the number of what it is a copy of."""

    question: str
    reply: str
    language: str
    kind: str
    group: int


class Writer:
    """Writes sentences of made-up words, so that no two rows share more than chance gives."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)

    def word(self) -> str:
        """Return a made-up English word."""
        return "".join(self.draw.choices(_SYLLABLES, k=self.draw.randint(2, 3)))

    def sentence(self, language: str) -> str:
        """Return a sentence without its full stop."""
        draw = self.draw
        if language == "ja":
            parts = (
                "".join(draw.sample(_KANJI, 2)) + draw.choice(_PARTICLES) for _ in range(draw.randint(3, 6))
            )
            return "".join(parts) + draw.choice(_VERBS)
        words = (w for _ in range(draw.randint(3, 6)) for w in (draw.choice(_SMALL), self.word()))
        return " ".join(words).capitalize()

    def text(self, language: str, sentences: int) -> str:
        """Return some sentences."""
        stop = "。" if language == "ja" else ". "
        return stop.join(self.sentence(language) for _ in range(sentences)) + stop.strip()

    def pair(self, language: str) -> tuple[str, str]:
        """Return a question and a reply of 100 to 700 characters."""
        if language == "ja":
            asked = f"{''.join(self.draw.sample(_KANJI, 2))}の{self.sentence('ja')}のはなぜですか。"
            return asked, self.text("ja", self.draw.randint(6, 22))
        asked = f"Why does {self.word()} {self.sentence('en').lower()} {self.word()}?"
        return asked, self.text("en", self.draw.randint(4, 10))

    def copied(self, text: str, kind: str, language: str) -> str:
        """Return a text as a copy of some kind would have it."""
        plain: dict[str, Callable[[str], str]] = {
            "exact": lambda t: t,
            "spaced": lambda t: t.replace("。", "。 ").upper(),
            "full width": lambda t: t.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)}),
            "NFD": lambda t: unicodedata.normalize("NFD", t),
        }
        if kind in plain:
            return plain[kind](text)
        share = int(kind.split()[-1].rstrip("%")) / 100
        if kind.startswith("block"):
            size = max(1, round(len(text) * share))
            start = self.draw.randrange(max(1, len(text) - size))
            return text[:start] + self.text(language, 8)[:size] + text[start + size :]
        return "".join(
            self._edited(character, language) if self.draw.random() < share else character
            for character in text
        )

    def _edited(self, character: str, language: str) -> str:
        noise = self.draw.choice(_NOISE[language])
        return self.draw.choice(("", noise, character + noise))

    def problem(self, language: str, told: str, asked: str) -> tuple[str, str]:
        """Return a worked problem with its own numbers in a given frame."""
        first, second = self.draw.randint(2, 9999), self.draw.randint(2, 9999)
        total = first + second
        if language == "ja":
            return (
                f"りんごが{first}個、みかんが{second}個あります。合わせて何個ですか。{asked}",
                f"{first}と{second}を足すと{total}です。答えは{total}個です。{told}",
            )
        return (
            f"A shop sells {first} apples and {second} pears. How many pieces in all? {asked}",
            f"Add {first} and {second} to get {total}. The answer is {total} pieces. {told}",
        )

    def portrait(self, language: str, told: str, asked: str) -> tuple[str, str]:
        """Return a sentence about two persons in a given frame."""
        one, other = self.draw.sample(_NAMES[language], 2)
        if language == "ja":
            return (
                f"{one}さんと{other}さんについて教えてください。{asked}",
                f"{one}さんは先生で、{other}さんは生徒です。{told}{one}さんは親切です。",
            )
        return (
            f"Tell me about {one} and {other}. {asked}",
            f"{one} teaches and {other} learns. {told} Everybody likes {one}.",
        )

    def short(self, language: str) -> tuple[str, str]:
        """Return a row of a few characters."""
        if language == "ja":
            return f"{''.join(self.draw.sample(_KANJI, 3))}は?", self.draw.choice(("はい", "いいえ", "不明"))
        return f"{self.word()} {self.word()}?", self.draw.choice(("yes", "no", "maybe"))


def planted(rows: int, seed: int = 7) -> list[Row]:
    """Return rows in random order: a tenth copies, a tenth traps, no two originals equal."""
    writer = Writer(seed)
    found = list(_planted(writer, rows))
    writer.draw.shuffle(found)
    return found


def _planted(writer: Writer, rows: int) -> Iterator[Row]:
    seen: set[tuple[str, str]] = set()
    made = group = 0

    def row(pair: tuple[str, str], kind: str, language: str) -> Row:
        return Row(question=pair[0], reply=pair[1], language=language, kind=kind, group=group)

    while made < rows:
        language = writer.draw.choice(("ja", "en"))
        drawn = writer.draw.random()
        kind = (
            "unique" if drawn < 0.86 else "numbers" if drawn < 0.91 else "names" if drawn < 0.96 else "short"
        )
        make = {"numbers": writer.problem, "names": writer.portrait}.get(kind)
        if make:
            told, asked = writer.text(language, 3), writer.text(language, 1)
            pairs = [make(language, told, asked) for _ in range(2)]
        else:
            pairs = [writer.short(language) if kind == "short" else writer.pair(language)]
        for pair in pairs:
            if pair in seen:
                continue
            seen.add(pair)
            group += 1
            made += 1
            yield row(pair, kind, language)
            if kind == "unique" and writer.draw.random() < 0.12:
                copy = writer.draw.choice(DUPLICATES)
                asked = pair[0] if copy.startswith("block") else writer.copied(pair[0], copy, language)
                made += 1
                yield row((asked, writer.copied(pair[1], copy, language)), copy, language)
