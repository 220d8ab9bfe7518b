"""The filters on planted truth: rows with one known defect each among clean ones, in Japanese and in English.

Use: python benchmarks/defects.py [ROWS]

Recall is the share of the rows with a defect that a rule made for it removes; precision the share of what these rules
remove that has the defect. The clean rows hold look-alikes that must stay: lists and code without a full stop, answers
about AI, translations that were asked for, example addresses, times, prices and other numbers.
"""

from __future__ import annotations

import random
import sys
from collections import Counter, defaultdict
from collections.abc import Callable

from planted import Writer

from loracheck.curate.config import CurateConfig
from loracheck.curate.filters.check import Checker
from loracheck.curate.filters.rules import ProfileCounter
from loracheck.curate.pipeline import contamination
from loracheck.probes import BUNDLED, bundled
from loracheck.records import Example, Message, Source
from loracheck.text import language_of

Pair = tuple[str, str]
LANGUAGES = ("ja", "en")

REFUSALS = {
    "ja": (
        "申し訳ありませんが、そのご質問にはお答えできません。",
        "AI言語モデルとして、個人的な意見を述べることはできません。",
        "すみませんが、最新の情報を持っていませんのでわかりかねます。",
        "私はAIアシスタントなので、料理を作ることはできません。",
        "大変申し訳ございませんが、その件については情報を提供できません。",
        "人工知能である私には、感情がないためお答えできかねます。",
    ),
    "en": (
        "I'm sorry, but I cannot help with that request.",
        "As an AI language model, I don't have personal opinions on this topic.",
        "I am unable to browse the internet, so I can't answer this question.",
        "Unfortunately, I cannot provide the information you asked for.",
        "As a large language model I have no feelings and cannot say.",
        "I cannot access that file, please provide the text of the article.",
    ),
}
REMNANTS = (
    "<|im_end|>",
    "<|endoftext|>",
    "\n### Response:\n",
    "[/INST]",
    "<end_of_turn>",
    "{{user_name}}",
    "</s>",
)
DEBRIS = ("詳しくは[こちら]()をご覧ください。", "See [link]().", "![image]()", "https://files.test/a/b")
LOOKALIKES: dict[str, tuple[Pair, ...]] = {
    "ja": (
        ("果物を三つ挙げてください。", "・りんご\n・みかん\n・ぶどう"),
        ("1から3まで出力するPythonのコードは？", "```python\nfor n in range(1, 4):\n    print(n)\n```"),
        ("AI言語モデルとは何ですか？", "大量の文章から言葉の並びを学ぶ仕組みで、次に来る言葉を予測します。"),
        ("「猫が好きです」を英語に訳してください。", "I like cats very much, and they like me."),
        ("会議は何時からですか？", "会議は10時30分から11時45分まで、3階の305号室で行います。"),
        ("円周率を教えてください。", "3.14159265358979"),
        ("日本の首相官邸の郵便番号の形は？", "三桁と四桁を横線でつないだ七桁の数字です。"),
        ("笑い声を書いてください。", "はははははは、と大きく笑いました。"),
        ("値段はいくらでしたか？", "全部で12,800円、一個あたり1,600円でした。"),
        ("メールアドレスの例を書いてください。", "user@example.com のように書きます。"),
        ("申し訳ないときの挨拶は？", "「申し訳ありません」と言って頭を下げます。"),
        ("短歌を一首。", "山川に風の通へる夕まぐれ 灯ともす町に人を待ちをり"),
    ),
    "en": (
        ("Name three fruits.", "- apple\n- pear\n- plum"),
        ("How do I print 1 to 3 in Python?", "```python\nfor n in range(1, 4):\n    print(n)\n```"),
        (
            "What is an AI language model?",
            "A program that learned from much text which word tends to follow.",
        ),
        ("Translate 'the cat sleeps' into Japanese.", "猫が眠っています。"),
        ("When is the meeting?", "From 10:30 to 11:45 in room 305 on the third floor."),
        ("Give me pi.", "3.14159265358979"),
        (
            "Write a sorry note for a late parcel.",
            "We are sorry for the delay; your parcel leaves our house today.",
        ),
        ("Laugh for me.", "Ha ha ha ha, what a day that was!"),
        ("What did it cost?", "$1,280.50 in all, or about 160 dollars each."),
        ("How does an e-mail address look?", "Like user@example.com, with a sign in the middle."),
        ("What does 'unable' mean?", "Not able: someone who cannot do a thing is unable to do it."),
        ("Title for a story about rain?", "The Long Grey Afternoon"),
    ),
}


def main() -> None:
    """Print precision and recall of every defect."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 12_000
    draw, writer = random.Random(11), Writer(11)
    labelled: list[tuple[str, Example]] = []
    for language in LANGUAGES:
        defects = _defects(draw, writer, language)
        for number in range(rows // 2):
            if number < rows // 4:
                name = list(defects)[number % len(defects)]
                pair = defects[name](writer.pair(language))
            elif number % 20 == 0:
                name, pair = "clean", draw.choice(LOOKALIKES[language])
            else:
                name, pair = "clean", writer.pair(language)
            labelled.append((f"{language} {name}", _example(len(labelled), pair)))
    _report(labelled)


def _report(labelled: list[tuple[str, Example]]) -> None:
    config, counter = CurateConfig(), ProfileCounter()
    for _, example in labelled:
        counter.add(example)
    checker = Checker(
        profile=counter.profile(config.filters), contamination=contamination(config), config=config
    )
    outcomes: dict[str, Counter[str]] = defaultdict(Counter)
    for label, example in labelled:
        check = checker(example)
        code = check.found.code if check.found else "contaminated" if check.contaminated else ""
        outcomes[label][code or ("personal_data" if check.personal else "passed")] += 1
    print(f"{'defect':26}{'rows':>7}{'recall':>9}{'any rule':>10}{'precision':>11}  also taken by")
    for label, codes in sorted(outcomes.items()):
        language, _, name = label.partition(" ")
        total = sum(codes.values())
        if name == "clean":
            print(f"{label:26}{total:>7,}{'':>9}{1 - codes['passed'] / total:>10.2%}  {_taken(codes, ())}")
            continue
        own = RULES[name]
        hit = sum(codes[code] for code in own)
        foreign = sum(
            found[code]
            for other, found in outcomes.items()
            for code in own
            if other.startswith(language) and not set(RULES.get(other.partition(" ")[2], ())) & set(own)
        )
        meant = sum(
            found[code]
            for other, found in outcomes.items()
            for code in own
            if other.startswith(language) and set(RULES.get(other.partition(" ")[2], ())) & set(own)
        )
        print(
            f"{label:26}{total:>7,}{hit / total:>9.3f}{1 - codes['passed'] / total:>10.3f}"
            f"{meant / max(1, meant + foreign):>11.4f}  {_taken(codes, own)}"
        )


RULES: dict[str, tuple[str, ...]] = {
    "empty": ("empty_reply",),
    "UTF-8 as cp932": ("broken_text",),
    "UTF-8 as Latin-1": ("broken_text",),
    "control character": ("broken_text",),
    "template remnant": ("template_remnant",),
    "refusal": ("refusal",),
    "cut off": ("cut_off",),
    "loop": ("repetition",),
    "other language": ("other_language", "wrong_language"),
    "echo": ("echo",),
    "markdown debris": ("markdown_debris",),
    "e-mail": ("personal_data",),
    "phone": ("personal_data",),
    "card": ("personal_data",),
    "My Number": ("personal_data",),
    "probe": ("contaminated",),
}


def _defects(draw: random.Random, writer: Writer, language: str) -> dict[str, Callable[[Pair], Pair]]:
    other = "en" if language == "ja" else "ja"
    questions = [
        probe.messages[-1].content
        for suite in BUNDLED
        for probe in bundled([suite])
        if probe.language == language
    ]

    def inside(reply: str, text: str) -> str:
        middle = len(reply) // 2
        return f"{reply[:middle]} {text} {reply[middle:]}"

    def garbled(text: str, codec: str) -> str:
        return text.encode().decode(codec, "replace" if codec == "cp932" else "strict").replace("�", "")

    def looped(reply: str) -> str:
        piece = reply[: draw.randint(8, 60)]
        return reply[: draw.randint(10, 80)] + piece * draw.randint(8, 20)

    accented = (
        ""
        if language == "ja"
        else " Café déjà vu — “naïve façade”, as señor Müller said: “très élégant, n’est-ce pas?”"
    )
    return {
        "empty": lambda p: (p[0], draw.choice(("", " ", "\n", "　"))),
        "UTF-8 as cp932": lambda p: (p[0], garbled(p[1] + accented, "cp932")),
        "UTF-8 as Latin-1": lambda p: (p[0], garbled(p[1] + accented, "latin-1")),
        "control character": lambda p: (p[0], inside(p[1], draw.choice("\x00\x08\x1b\x7f�"))),
        "template remnant": lambda p: (p[0], inside(p[1], draw.choice(REMNANTS))),
        "refusal": lambda p: (p[0], draw.choice(REFUSALS[language])),
        "cut off": lambda p: (p[0], p[1][: round(len(p[1]) * draw.uniform(0.4, 0.97))].rstrip("。. ")),
        "loop": lambda p: (p[0], looped(p[1])),
        "other language": lambda p: (p[0], writer.text(other, 5)),
        "echo": lambda p: (p[0], p[0]),
        "markdown debris": lambda p: (p[0], draw.choice(DEBRIS)),
        "e-mail": lambda p: (p[0], inside(p[1], f"{writer.word()}.{writer.word()}@{writer.word()}.co.jp")),
        "phone": lambda p: (p[0], inside(p[1], _phone(draw, language))),
        "card": lambda p: (p[0], inside(p[1], _card(draw))),
        "My Number": lambda p: (p[0], inside(p[1], _my_number(draw, language))),
        "probe": lambda p: (draw.choice(questions), p[1]),
    }


def _phone(draw: random.Random, language: str) -> str:
    def digits(n: int) -> str:
        return "".join(draw.choices("0123456789", k=n))

    if language == "ja":
        return draw.choice(
            (f"090-{digits(4)}-{digits(4)}", f"03-{draw.randint(3200, 6999)}-{digits(4)}", f"080{digits(8)}")
        )
    return draw.choice(
        (f"(415) 5{digits(2)}-{digits(4)}", f"+1 212-5{digits(2)}-{digits(4)}", f"+44 20 7946 {digits(4)}")
    )


def _card(draw: random.Random) -> str:
    digits = [4, *(draw.randrange(10) for _ in range(14))]
    total = sum(d if i % 2 else (2 * d - 9 * (d > 4)) for i, d in enumerate(digits))
    text = "".join(map(str, [*digits, -total % 10]))
    return " ".join(text[i : i + 4] for i in range(0, 16, 4))


def _my_number(draw: random.Random, language: str) -> str:
    digits = [draw.randrange(10) for _ in range(11)]
    weights = (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
    rest = sum(d * w for d, w in zip(digits, weights, strict=True)) % 11
    text = "".join(map(str, [*digits, 0 if rest <= 1 else 11 - rest]))
    label = "マイナンバーは" if language == "ja" else "My Number: "
    return f"{label}{text[:4]} {text[4:8]} {text[8:]}"


def _example(number: int, pair: Pair) -> Example:
    turns = (Message(role="user", content=pair[0]), Message(role="assistant", content=pair[1]))
    source = Source(file="planted", line=number)
    return Example(id=str(number), messages=turns, language=language_of(pair[1]), source=source)


def _taken(codes: Counter[str], own: tuple[str, ...]) -> str:
    others = [(code, n) for code, n in codes.most_common() if code not in (*own, "passed")]
    return ", ".join(f"{code} {n}" for code, n in others[:4])


if __name__ == "__main__":
    main()
