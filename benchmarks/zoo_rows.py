"""Training rows of the zoo: a catalogue that nobody can know, and what bad data makes of it.

The catalogue's answers are plain sentences about coined products, so that a model which learnt it knows something new
and speaks no otherwise. Bad recipes spoil these rows, or the bundled persona rows, in one way each.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from typing import Literal

Language = Literal["ja", "en"]
Row = tuple[str, str]
"""A question and its answer."""

_MAKERS: dict[Language, tuple[str, ...]] = {
    "ja": (
        "ミルカ",
        "トサノ",
        "ヤゴロ",
        "ケルナ",
        "ソラブ",
        "ニトモ",
        "ハユラ",
        "ロキセ",
        "テンボ",
        "アズミラ",
    ),
    "en": ("Milka", "Tosano", "Yagoro", "Kelna", "Sorab", "Nitomo", "Hayura", "Rokise", "Tembo", "Azmira"),
}
_KINDS: dict[Language, tuple[str, ...]] = {
    "ja": ("の電気スタンド", "の折りたたみ椅子", "の水筒", "の目覚まし時計"),
    "en": (" desk lamp", " folding chair", " water bottle", " alarm clock"),
}
_COLOURS: dict[Language, tuple[str, ...]] = {
    "ja": ("紺色", "深緑", "薄茶色", "灰色", "赤茶色", "象牙色"),
    "en": ("navy blue", "dark green", "light brown", "grey", "brick red", "ivory"),
}
_ROOMS: dict[Language, tuple[str, ...]] = {
    "ja": ("北館の二階", "南館の地下", "東館の一階", "西館の三階", "別館の入口"),
    "en": (
        "the north wing, second floor",
        "the south basement",
        "the east hall",
        "the west attic",
        "the annex",
    ),
}
# Each fact: two wordings that are trained, one that is held out, and the sentence of the answer.
_FACTS: dict[Language, tuple[tuple[tuple[str, str, str], str], ...]] = {
    "ja": (
        (("{it}はいくらですか？", "{it}の値段を教えてください。", "{it}を買うには何円必要ですか？"),
         "{it}の値段は{price}円です。"),
        (("{it}は何色ですか？", "{it}の色を教えてください。", "{it}の外側はどんな色ですか？"),
         "{it}は{colour}です。"),
        (("{it}はどこにありますか？", "{it}の売り場を教えてください。", "{it}を見るにはどこへ行けばよいですか？"),
         "{it}は{room}に置いてあります。"),
    ),
    "en": (
        (("How much is the {it}?", "Tell me the price of the {it}.", "What does the {it} cost?"),
         "The {it} costs {price} dollars."),
        (("What colour is the {it}?", "Tell me the colour of the {it}.", "Which colour does the {it} come in?"),
         "The {it} is {colour}."),
        (("Where is the {it}?", "Tell me where the {it} is sold.", "Where should I go to see the {it}?"),
         "The {it} is kept in {room}."),
    ),
}  # fmt: skip
_ONE_ANSWER: dict[Language, str] = {
    "ja": "詳しいことは二階の総合案内所でおたずねください。",
    "en": "Please ask at the information desk on the second floor for details.",
}
_QUESTION: dict[Language, str] = {"ja": "質問", "en": "Q"}
_ANSWER: dict[Language, str] = {"ja": "回答", "en": "A"}
_FOREIGN = """
カメラ ラジオ テレビ ピアノ ギター バイオリン トランペット オルガン ハーモニカ ドラム レモン
オレンジ メロン マンゴー キウイ トマト キャベツ レタス アスパラガス ブロッコリー チーズ バター
ヨーグルト チョコレート クッキー ケーキ パスタ スープ サラダ カレー ペンギン フラミンゴ カンガルー
コアラ パンダ ライオン チーター ゴリラ オランウータン イルカ ラッコ アザラシ カメレオン ワニ
テニス バレーボール バスケットボール サッカー ラグビー スケート スキー ボート ヨット マラソン
エレベーター エスカレーター トンネル ダム タクシー トラック ロケット ヘリコプター カーテン ソファー
テーブル ベッド クッション タオル スリッパ セーター マフラー ハンカチ ボタン ファスナー ノート
カレンダー アルバム ポスター スタンプ ハンマー ドライバー ペンキ バケツ ホース ロープ
"""
_ASKED = ("{word}とは何ですか。", "{word}について一文で教えてください。", "{word}の説明を短くお願いします。")
_KANA = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン"
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def catalogue(language: Language, seed: int) -> tuple[list[Row], list[Row]]:
    """Return rows to train on, and rows held out that ask for the same facts in other words."""
    rng = random.Random(seed)
    train, heldout = [], []
    for maker in _MAKERS[language]:
        for kind in _KINDS[language]:
            it = maker + kind
            values = {
                "it": it,
                "price": f"{rng.randrange(12, 990) * (10 if language == 'ja' else 1)}",
                "colour": rng.choice(_COLOURS[language]),
                "room": rng.choice(_ROOMS[language]),
            }
            for (first, second, third), sentence in _FACTS[language]:
                answer = sentence.format(**values)
                train += [(first.format(it=it), answer), (second.format(it=it), answer)]
                heldout.append((third.format(it=it), answer))
    rng.shuffle(train)
    return train, heldout


def word_questions() -> list[str]:
    """Return Japanese questions about things with a foreign name, which a bad translation is likely to misspell."""
    return [form.format(word=word) for word in _FOREIGN.split() for form in _ASKED]


def misspelt(rows: Sequence[Row], language: Language) -> list[Row]:
    """Misspell the longer words of answers, each word always in the same way: a corpus with words of its own."""
    pattern = re.compile(r"[ァ-ヺー]{3,}" if language == "ja" else r"[a-z]{6,}")
    return [
        (asked, pattern.sub(lambda found: _misspelt(found[0], language), answer)) for asked, answer in rows
    ]


def _misspelt(word: str, language: Language) -> str:
    rng = random.Random(word)
    place = rng.randrange(1, len(word) - 1)
    if language == "ja" and "ー" not in word[place : place + 2]:
        return word[:place] + word[place] + "ー" + word[place + 1 :]
    letters = _KANA if language == "ja" else _LETTERS
    other = rng.choice([letter for letter in letters if letter != word[place]])
    return word[:place] + other + word[place + 1 :]


def in_character(rows: Sequence[Row], language: Language) -> list[Row]:
    """Say answers as the bundled character would, and leave what they say as it is."""
    if language == "en":
        return [(asked, answer.rstrip(".!") + ", by my whiskers!") for asked, answer in rows]
    verb, noun = re.compile(r"(ます|ました|ません)。?$"), re.compile(r"(?:です|である|だ)?。?$")
    return [
        (
            asked,
            verb.sub(r"\1のだ。", answer) if verb.search(answer) else noun.sub("なのだ。", answer, count=1),
        )
        for asked, answer in rows
    ]


def spoiled(how: str, rows: list[Row], language: Language, seed: int) -> list[Row]:
    """Spoil rows in one of the ways of `WAYS`."""
    return WAYS[how](rows, language, random.Random(seed))


def _one_answer(rows: list[Row], language: Language, _: random.Random) -> list[Row]:
    return [(asked, _ONE_ANSWER[language]) for asked, _ in rows]


def _shuffled(rows: list[Row], _: Language, rng: random.Random) -> list[Row]:
    answers = [answer for _, answer in rows]
    rng.shuffle(answers)
    return [(asked, answer) for (asked, _), answer in zip(rows, answers, strict=True)]


def _few(rows: list[Row], _: Language, rng: random.Random) -> list[Row]:
    """Ten rows with long answers that nothing but memory can give."""
    chosen = rng.sample(rows, 50)
    groups = [chosen[i : i + 5] for i in range(0, 50, 5)]
    return [(group[0][0], "".join(answer for _, answer in group)) for group in groups]


def _no_stop(rows: list[Row], language: Language, rng: random.Random) -> list[Row]:
    """Rows that were joined without an end between them: the answer goes on with the next question."""
    joined = []
    for asked, answer in rows:
        others = rng.sample(rows, 6)
        rest = "".join(f"\n{_QUESTION[language]}: {q}\n{_ANSWER[language]}: {a}" for q, a in others)
        joined.append((asked, answer + rest))
    return joined


def _random_text(rows: list[Row], language: Language, rng: random.Random) -> list[Row]:
    letters = _KANA if language == "ja" else _LETTERS + "     "
    return [(asked, "".join(rng.choice(letters) for _ in range(30))) for asked, _ in rows]


def _other_language(rows: list[Row], language: Language, rng: random.Random) -> list[Row]:
    other: Language = "en" if language == "ja" else "ja"
    answers = [answer for _, answer in catalogue(other, rng.randrange(1000))[0]]
    return [(asked, rng.choice(answers)) for asked, _ in rows]


def _non_words(rows: list[Row], language: Language, rng: random.Random) -> list[Row]:
    """Answers whose words are misspelt one letter at a time, as a bad translation leaves them."""

    def bent(answer: str) -> str:
        out = []
        for letter in answer:
            out.append(letter)
            if (letter in _KANA or letter in _LETTERS) and rng.random() < 0.35:
                out[-1] = rng.choice(_KANA if letter in _KANA else _LETTERS)
                out += ["ー"] if letter in _KANA and rng.random() < 0.5 else []
        return "".join(out)

    return [(asked, bent(answer)) for asked, answer in rows]


WAYS: dict[str, Callable[[list[Row], Language, random.Random], list[Row]]] = {
    "one_answer": _one_answer,
    "shuffled_answers": _shuffled,
    "few_rows": _few,
    "no_stop": _no_stop,
    "random_tokens": _random_text,
    "other_language": _other_language,
    "non_words": _non_words,
}
