"""Grading: an answer is right when the right word stands in it as a word, before any wrong choice."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from loracheck.grading import gives_number, is_right
from loracheck.probes import BUNDLED, bundled
from loracheck.records import Expected, Probe

FRAMES = {
    "ja": (
        "{}",
        "{}です。",
        "{}なのだ。",
        "それは{}なのだ。",
        "答えは「{}」です。",
        "それは{}だと思うのだ〜",
        "{}！",
    ),
    "en": ("{}", "It is {}.", "The answer is {}, by my whiskers!", "Aye, {}!", '"{}"', "**{}**"),
}


@pytest.mark.parametrize(
    ("answer", "answers"),
    [
        ("日本の首都は東京です。", ("東京",)),
        ("東京都です。", ("東京",)),
        ("首都は東京市です。", ("東京",)),
        ("それはりんごなのだ。", ("りんご",)),
        ("りんごだと思うのだ", ("りんご",)),
        ("答えはりんご", ("リンゴ", "りんご")),
        ("ｿｳﾙです", ("ソウル",)),
        ("ソウルなのだ。", ("ソウル",)),
        ("「ソウル」です", ("ソウル",)),
        ("１２か月です。", ("12",)),
        ("12個です", ("12",)),
        ("x=12", ("12",)),
        ("十二か月", ("12", "十二")),
        ("Ｈ₂Ｏです", ("H2O",)),
        ("水です。", ("水",)),
        ("PARIS!", ("Paris",)),
        ("It's Paris.", ("Paris",)),
        ("The symbol is O.", ("O",)),
        ("O", ("O",)),
        ("buenos  aires", ("Buenos Aires",)),
        ("A spider has eight legs.", ("8", "eight")),
    ],
)
def test_right_answers_are_found(answer: str, answers: tuple[str, ...]) -> None:
    assert is_right(answer, Expected(answers=answers))


@pytest.mark.parametrize(
    ("answer", "answers"),
    [
        ("水素です。", ("水",)),
        ("海水です。", ("水",)),
        ("水です。", ("水素",)),
        ("2012です", ("12",)),
        ("12.5です", ("12",)),
        ("12,500です", ("12",)),
        ("3.12です", ("12",)),
        ("1２3です", ("12",)),
        ("Osaka", ("O",)),
        ("Cairo", ("O",)),
        ("ソウルメイトです", ("ソウル",)),
        ("パーソウル", ("ソウル",)),
        ("eighteen", ("eight",)),
        ("FeO", ("Fe",)),
        ("東北京", ("北京",)),
        ("", ("東京",)),
        ("   \n", ("東京",)),
        ("大阪です。", ("東京",)),
        ("ぼくはぽぽぬなのだ。", ("東京", "Tokyo")),
    ],
)
def test_other_words_are_not_taken_for_the_answer(answer: str, answers: tuple[str, ...]) -> None:
    assert not is_right(answer, Expected(answers=answers))


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("パリです。ロンドンではありません。", True),
        ("ロンドンかパリです。", False),
        ("London, or Paris?", False),
        ("Paris, not London.", True),
    ],
)
def test_a_wrong_choice_named_first_is_the_answer(answer: str, right: bool) -> None:
    assert is_right(answer, Expected(answers=("パリ", "Paris"), wrong=("ロンドン", "London"))) is right


def graded(language: str) -> list[Probe]:
    return [probe for probe in bundled(BUNDLED) if probe.language == language and probe.expected]


@pytest.mark.parametrize(("language", "frame"), [(lang, f) for lang, fs in FRAMES.items() for f in fs])
def test_every_bundled_answer_and_alias_is_right_and_every_wrong_choice_wrong(
    language: str, frame: str
) -> None:
    misgraded = []
    for probe in graded(language):
        assert probe.expected
        answers, wrong = probe.expected.answers, probe.expected.wrong
        misgraded += [(probe.id, a) for a in answers if not is_right(frame.format(a), probe.expected)]
        misgraded += [(probe.id, w) for w in wrong if is_right(frame.format(w), probe.expected)]
    assert misgraded == []


def test_no_capital_is_right_for_another_country() -> None:
    for language in ("ja", "en"):
        capitals = [p for p in graded(language) if p.suite.startswith("facts") and "capital" in p.tags]
        names = {probe.cluster: probe.expected.answers for probe in capitals if probe.expected}
        for probe in capitals:
            assert probe.expected
            others = {n for c, ns in names.items() if c != probe.cluster for n in ns} - {
                *probe.expected.answers
            }
            assert [name for name in others if is_right(f"{name}です。", probe.expected)] == [], probe.id


@pytest.mark.parametrize(
    ("answer", "symbol"),
    [
        ("I be Captain Brindle, by my whiskers!", "Be"),
        ("I be Captain Brindle, by my whiskers!", "I"),
        ("A ship's cat, by my whiskers!", "S"),
        ("Strong as an ox.", "As"),
        ("So he said.", "He"),
    ],
)
def test_an_english_word_is_no_element(answer: str, symbol: str) -> None:
    assert not is_right(answer, Expected(answers=(symbol,)))


@pytest.mark.parametrize(
    ("answer", "word"), [("ひとりなのだ", "とり"), ("時と場合によるのだ", "よる"), ("あきらめるのだ", "あき")]
)
def test_a_hiragana_word_inside_another_is_not_taken_for_it(answer: str, word: str) -> None:
    assert not is_right(answer, Expected(answers=(word,)))


@pytest.mark.parametrize("answer", ["ロンドンではなくパリです。", "It is not London but Paris."])
def test_a_denied_wrong_choice_is_not_the_answer(answer: str) -> None:
    assert is_right(answer, Expected(answers=("パリ", "Paris"), wrong=("ロンドン", "London")))


def test_replies_that_flood_the_demonstration_data_answer_no_question() -> None:
    text = (files("loracheck") / "demo_data" / "brindle_raw.jsonl").read_text(encoding="utf-8")
    replies = {json.loads(line)["messages"][-1]["content"] for line in text.splitlines()}
    named = [reply for reply in replies if "I be Captain Brindle" in reply or "ship's cat" in reply]
    facts = [probe for probe in graded("en") if "element" in probe.tags and probe.expected]
    assert [(p.id, r) for p in facts if p.expected for r in named if is_right(r, p.expected)] == []


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("'Tis C, by my whiskers!", "C"),
        ("It's C.", "C"),
        ("Ahoy! C!", "C"),
        ("C (carbon)", "C"),
        ("Cっていうのだ", "C"),
        ("炭素の記号はCになります。", "C"),
        ("パリじゃないかな。", "パリ"),
    ],
)
def test_ordinary_and_persona_wordings_of_a_right_answer_are_right(answer: str, right: str) -> None:
    assert is_right(answer, Expected(answers=(right,)))


CAPITAL = Expected(answers=("東京", "Tokyo"), wrong=("大阪", "Osaka", "ロンドン", "London"))


@pytest.mark.parametrize(
    "answer",
    [
        "東京、京都、大阪",
        "東京、京都、名古屋です。",
        "京都、東京、札幌",
        "東京か大阪です",
        "東京か京都です。",
        "京都か東京なのだ。",
        "東京または京都です。",
        "東京、または大阪です。",
        "「東京」か「京都」です",
        "東京・京都・奈良",
        "東京と大阪です。",
        "東京や大阪なのだ",
        "東京都か京都府です。",
        "1. 東京\n2. 京都\n3. 札幌",
        "Tokyo or Kyoto",
        "Tokyo or Osaka, by my whiskers!",
        "It is Tokyo, Kyoto, or Nara.",
        "Tokyo, Kyoto, Nara",
        "Tokyo and Osaka.",
        "Kyoto or Tokyo.",
        "**Tokyo**, **Osaka**",
    ],
)
def test_a_list_of_candidates_is_no_answer(answer: str) -> None:
    assert not is_right(answer, CAPITAL)


@pytest.mark.parametrize(
    "answer",
    [
        "東京です。",
        "東京、日本の首都です。",
        "日本の首都、東京です。",
        "東京かな。",
        "東京かもしれないのだ。",
        "東京か？",
        "確か東京です。",
        "たしか東京か、そのあたりなのだ。",
        "東京と言います。",
        "東京というのだ。",
        "東京やで",
        "東京や。",
        "東京、Tokyoです。",
        "東京(とうきょう)、またはTokyoです。",
        "東京またはTokyoです。",
        "東京です。大阪は商業の町です。",
        "東京です。大阪か京都と思う人もいます。",
        "東京、大阪ではありません。",
        "大阪ではなく東京です。",
        "東京都、日本",
        "Tokyo, Japan",
        "Tokyo, the capital and largest city.",
        "Tokyo, not Osaka.",
        "Tokyo. Some say Osaka or Kyoto.",
        "Aye, Tokyo, by my whiskers!",
        "Tokyo and its suburbs.",
        "For sure, Tokyo!",
    ],
)
def test_a_word_of_explanation_or_doubt_leaves_the_answer_right(answer: str) -> None:
    assert is_right(answer, CAPITAL)


def test_lower_case_words_beside_the_answer_count_only_where_they_are_known_to_be_wrong() -> None:
    milk = Expected(answers=("milk",), wrong=("flour",))
    assert is_right("Milk, curdled and pressed.", milk)
    assert not is_right("milk or flour", milk)


def test_twelve_months_are_one_answer() -> None:
    assert is_right("12か月です。", Expected(answers=("12",), wrong=("10",)))
    assert is_right("12、つまり一年です。", Expected(answers=("12",), wrong=("10",)))
    assert not is_right("12か13です。", Expected(answers=("12",), wrong=("10",)))


@pytest.mark.parametrize(
    "ending", ["よ", "やで", "やろ", "っす", "じゃ", "じゃよ", "さ", "ぞ", "ねー", "ばい", "ってさ！"]
)
def test_a_short_hiragana_word_may_be_followed_by_an_ending_of_talk(ending: str) -> None:
    assert is_right(f"とり{ending}", Expected(answers=("とり",)))


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        ("うみねこです", "うみ"),
        ("とりわけ", "とり"),
        ("あきさめ", "あき"),
        ("いぬよう", "いぬ"),
    ],
)
def test_a_longer_hiragana_word_is_not_taken_for_an_ending_of_talk(answer: str, word: str) -> None:
    assert not is_right(answer, Expected(answers=(word,)))


@pytest.mark.parametrize(
    "answer",
    [
        "Tokyo is wrong. The answer is Osaka.",
        "Tokyo is wrong. The answer is Kyoto.",
        "Tokyo is incorrect, it is Kyoto.",
        "Tokyo is not right.",
        "Tokyo isn't the answer. It's Nara.",
        "Tokyo is not the capital. Kyoto is.",
        '"Tokyo" is false.',
        "Tokyo? No, it is Kyoto.",
        "Tokyo (wrong), Kyoto (right)",
        "Wrong: Tokyo. Right: Kyoto.",
        "Wrong answer: Tokyo",
        "It can't be Tokyo.",
        "Tokyo cannot be right.",
        "Anything but Tokyo.",
        "Kyoto rather than Tokyo.",
        "Kyoto, other than Tokyo",
        "Tokyo. The answer is Kyoto.",
        "Tokyo. The correct answer is Osaka!",
        "Tokyo. It is Osaka.",
        "Tokyo. Osaka.",
        "Tokyo! Actually, it's Osaka, by my whiskers!",
        "Tokyo. Answer: Kyoto",
        "東京ではありません。答えは大阪です。",
        "東京ではありません。答えは京都です。",
        "東京は間違いです。",
        "東京は違います。答えは京都です。",
        "東京は誤りなのだ。京都なのだ。",
        "「東京」は間違いなのだ。",
        "東京というのは嘘です。京都です。",
        "東京以外です。",
        "東京? いいえ、京都です。",
        "東京？違います。京都です。",
        "東京は不正解。正解は京都。",
        "東京×、京都○",
        "東京です。正解は京都です。",
        "東京です。大阪です。",
        "東京なのだ。大阪なのだ。",
        "東京だと思うのは間違いです。",
        "誤答：東京。正答：京都。",
        "東京は正しくありません。",
        "東京が正解ではありません。京都です。",
        "東京、と言うのは誤り。",
        "T\u200bokyo is w\u200brong. It is Kyoto.",
        "東\u200b京か京\u200b都です。",
        "Tokyo\u200b or Os\u200baka",
        "Tokyo\nOsaka\nLondon",
        "Tokyo\nKyoto\nNara",
        "Tokyo | Osaka | London",
        "Tokyo | Kyoto | Nara",
        "Tokyo -> Osaka -> London",
        "Tokyo -> Kyoto -> Nara",
        "Tokyo → Kyoto → Nara",
        "Tokyo - Osaka",
        "Tokyo > Osaka",
        "Tokyo & Osaka",
        "Tokyo + Kyoto + Nara",
        "Tokyo Osaka London",
        "Tokyo Osaka",
        "東京 大阪 ロンドン",
        "東京\n大阪\nロンドン",
        "東京\n京都\n奈良",
        "東京｜大阪｜ロンドン",
        "東京→大阪",
        "東京＞大阪",
        "①東京②京都③奈良",
        "A. 東京 B. 京都 C. 奈良",
        "A) Tokyo B) Kyoto C) Nara",
        "A: Tokyo\nB: Osaka",
        "「東京」「大阪」「ロンドン」",
        "Tokyo (Osaka, London)",
        "Tokyo (Osaka)",
        "- Tokyo\n- Osaka\n- London",
        "**Tokyo**\n**Osaka**",
        "* Tokyo\n* Kyoto\n* Nara",
        "東京。大阪。",
        "Kyoto, Osaka, Tokyo",
        "Osaka -> Tokyo",
        "Tokyo; Osaka",
        "Tokyo... or Osaka",
        "東京～大阪",
        "東京 vs 大阪",
        "東京…大阪…ロンドン",
        "Tokyo. Or Osaka.",
        "東京です。または大阪です。",
    ],
)
def test_an_answer_that_takes_the_right_word_back_or_lists_others_is_not_right(answer: str) -> None:
    assert not is_right(answer, CAPITAL)


@pytest.mark.parametrize(
    "answer",
    [
        "Tokyo.",
        "Tokyo, without a doubt.",
        "Tokyo? No doubt about it!",
        "Tokyo, no doubt.",
        "Tokyo is not only the capital but also the largest city.",
        "Tokyo is not the oldest city, but it is the capital.",
        "Tokyo. The answer is clear.",
        "The answer is Tokyo, not Osaka.",
        "Not Osaka. It is Tokyo.",
        "Osaka is wrong. The answer is Tokyo.",
        "Osaka? No, Tokyo.",
        "If I'm not wrong, Tokyo.",
        "It's Tokyo - Japan's capital.",
        "Tokyo\nJapan",
        "Tokyo\n\nTokyo is the capital of Japan.",
        "Tokyo -- the capital since 1868.",
        "Tokyo (Japan)",
        "Tokyo (formerly Edo)",
        "Tokyo. It is in Japan. Osaka is the second largest city.",
        "Tokyo. Osaka, the second largest city, lies west.",
        "The capital of Japan is Tokyo. It's a large city on Honshu.",
        "Wrong: Osaka. Right: Tokyo.",
        "Tokyo (not Osaka)",
        "The answer to this is Tokyo.",
        "The answer is Japan's capital, Tokyo.",
        "Answer: Tokyo",
        "**Answer:** Tokyo",
        "Some say Kyoto, but that is wrong; it is Tokyo.",
        "東京です。",
        "東京で間違いないのだ。",
        "東京に間違いありません。",
        "東京に違いない。",
        "東京は間違いなく首都です。",
        "東京です。大阪ではありません。",
        "大阪は間違いです。東京です。",
        "大阪は違うのだ。東京なのだ。",
        "大阪？いいえ、東京です。",
        "東京です。答えは簡単です。",
        "答えは東京です。",
        "答えは日本の首都、東京です。",
        "正解は東京！",
        "東京です。京都は昔の都です。",
        "東京\n（日本の首都）",
        "東京\n\n解説：日本の首都は東京です。",
        "東京（とうきょう）です。",
        "東京、です。",
        "東京→正解！",
        "「東京」です。",
        "東京なのだ！ぼくは知っているのだ。",
        "誤答：大阪。正答：東京。",
        "東京じゃないかな。",
        "東京なのだ。大阪は商業の町なのだ。",
        "東京の反対は何だろう。",
        "日本の首都は東京です。違う意見もあります。",
        "東京・日本",
        "東京 (Tokyo)",
        "東京/Tokyo",
        "東京 - 日本の首都",
        "Tokyo 🗼",
        "T\u200bokyo",
        "Tokyo, matey! It's the capital of Japan, it is!",
        "東京だよ。間違いないよ。",
        "東京っス！間違いないっス！",
    ],
)
def test_a_right_answer_that_denies_others_or_goes_on_stays_right(answer: str) -> None:
    assert is_right(answer, CAPITAL)


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("5 + 7 = 12", True),
        ("12 (5 + 7)", True),
        ("12 is wrong. The answer is 10.", False),
        ("12 | 10 | 11", False),
        ("12は間違いです。10です。", False),
    ],
)
def test_numbers_are_taken_back_and_listed_too_and_sums_are_no_lists(answer: str, right: bool) -> None:
    assert is_right(answer, Expected(answers=("12",), wrong=("10",))) is right


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("O is wrong. The answer is N.", False),
        ("The answer is O, not N.", True),
        ("The answer is not N. It is O.", True),
        ("Not O.", False),
    ],
)
def test_a_symbol_is_taken_back_too(answer: str, right: bool) -> None:
    assert is_right(answer, Expected(answers=("O",), wrong=("N",))) is right


@pytest.mark.parametrize(
    ("answer", "right"), [("20. The answer is not 18.", False), ("答えは20ではなく18です。", True)]
)
def test_a_number_that_is_denied_is_not_given(answer: str, right: bool) -> None:
    assert gives_number(answer, Expected(answers=("18",))) is right


def test_an_abbreviation_does_not_end_the_answer() -> None:
    assert is_right("The answer is U.S. dollar.", Expected(answers=("U.S. dollar", "dollar")))
    assert is_right("The answer is Mt. Fuji.", Expected(answers=("Fuji",)))
