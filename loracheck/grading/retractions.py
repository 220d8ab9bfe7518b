"""Tell what an answer takes back: a word that it denies, and the other answer that it gives instead.

"Tokyo is wrong. The answer is Osaka." and 「東京ではありません。答えは大阪です。」 name Tokyo and answer Osaka.
"""

from __future__ import annotations

import re

from loracheck.grading.hedges import CLOSE, NAME, OPEN, SUFFIX, Tells

_WRONG_JA = (
    r"(?:間違|まちが)(?:い(?!な(?![のん])|あり|ね)|え|っ)|違(?:う(?![一-鿿ァ-ヺ])|い(?!な(?![のん])|あり|ね)|っ)|ちが(?:う|い(?!な|あり)|っ)"
    r"|誤(?:り|答|$|[。)])|不正解|正し(?:くな|くあり)|(?:正解|正答|答え)では?(?:な|あり)|嘘|うそ(?!み)|ウソ|ハズレ|はずれ|外れ|[×✕❌]"
)
_WRONG = r"(?:wrong|incorrect|false|untrue|mistaken)\b"
_DENIED_AFTER = re.compile(
    rf"{SUFFIX}{CLOSE}(?:"
    r"(?:では?|じゃ)(?:な(?:い(?!か|で)|く|かっ|けれ)|ね[えぇ](?![かので?]))|では?ありません|にあらず|以外|を除|とは(?:別|異な)"
    rf"|(?:[、,]?(?:だ|で)?と(?:いう|言う|思う)(?:の|答え|回答)?)?(?:は|も|が|って|とは?|で)?[、,:=]?\s?\(?(?:{_WRONG_JA})"
    r"|\?\s?(?:いいえ|いや|まさか|否|違|ちが|nope\b|never\b|no\b(?! (?:doubt|question|problem|wonder)))"
    rf"|\s(?:is|was|are|would be|seems|sounds|looks)\s(?:(?!not\b)\w{{2,12}}\s){{0,2}}?{_WRONG}"
    rf"|\s?[?:(=,–—-]+\s?(?:that(?:['’]s|\sis)\s)?{_WRONG}"
    r"|\s(?:is|was)(?:n['’]t|\snot|\snever)\s(?:(?:actually|really)\s)?"
    r"(?:right|correct|true|it\b|(?:the|my|our)\s(?!only\b|same\b|\w+est\b))"
    r"|\s(?:can(?:not|['’]t|\snot)|could(?:n['’]t|\snot))\sbe\s(?:right|correct|true|the\b|it\b)"
    r")",
    re.IGNORECASE,
)
"""Not 「東京じゃな」, as the old in tales say that it is Tokyo, nor 「東京で間違いない」."""
_DENIED_BEFORE = re.compile(
    r"(?:\b(?:not|isn['’]t|wasn['’]t|never|can(?:not|['’]t|\snot)\sbe|could(?:n['’]t|\snot)\sbe|neither|nor|except(?:\sfor)?"
    r"|other\sthan|rather\sthan|instead\sof|anything\sbut)\s(?:(?:the|an?|called|named|really|actually|in)\s){0,3}"
    rf"|\b(?:wrong|incorrect|false)(?:\sanswer)?\s?[:=]\s?|(?:不正解|誤答|誤り|間違い)(?:は|:|=)\s?|[×✕❌]\s?){OPEN}$",
    re.IGNORECASE,
)
_BEFORE = 60
"""Characters before a word in which it may be denied."""

_TAIL = r"(?:(?:です|だ|なの|である|でし|かも|じゃ|や|っす|ニャ|にゃ|ぞ|よ|ね|さ)[ぁ-んァ-ヶー]{0,6})?"
_CLAIM = re.compile(
    r"(?:(?P<sure>\banswer(?:['’]s|\sis|\swould\sbe|\s?[:=])\s?(?:(?:actually|really|just)\s)?"
    r"|(?:答え|正解|正答|解答|回答|正しいの)(?:は|[:=])、?\s?)"
    r"|(?:^|[.!?。\n]\s?)(?:(?:no|actually|or|maybe|perhaps|rather|but|いや|いえ|いいえ|実は|本当は|または|それとも)[,、]?\s?)*"
    r"(?P<said>it(?:['’]s|\sis)\s|that(?:['’]s|\sis)\s|['’]tis\s|それは)?)"
    rf"{OPEN}(?P<name>(?-i:{NAME})){SUFFIX}{CLOSE}{_TAIL}(?=(?P<end>[,、]|$|[.!?。\n]))",
    re.IGNORECASE,
)
_STOP = re.compile(r"(?<!\b[A-Z])(?<!\bSt)(?<!\bMt)(?<!\bDr)[.!?]|[。\n]|$")
_NO_ANSWER = re.compile(
    r"簡単|明白|明確|単純|一つ?|以上|以下|上記|下記|次|不明|未定|確実?|明|当然"  # ("明らか" is read up to its kana)
)
"""What an answer may be besides a name: 「答えは簡単です」."""


def denied(text: str, start: int, end: int) -> bool:
    """Tell whether the word from start to end is said to be none."""
    return bool(
        _DENIED_AFTER.match(text, end) or _DENIED_BEFORE.search(text[max(0, start - _BEFORE) : start])
    )


def gives_another(text: str, is_right: Tells, is_wrong: Tells) -> bool:
    """Tell whether a text calls a word its answer that is not the right one.

    Of an announced answer ("the answer is Kyoto") any name counts that is not the right one; of another sentence
    ("It is Osaka.", 「大阪です。」) only a word that is known to be wrong.
    """
    for found in _CLAIM.finditer(text):
        name = found["name"]
        is_whole = found["sure"] or found["said"] or found["end"] not in (",", "、")
        if not is_whole or is_right(name) or denied(text, found.start("name"), found.end("name")):
            continue
        if is_wrong(name):
            return True
        if found["sure"] and not name[0].islower() and not _NO_ANSWER.fullmatch(name):
            stop = _STOP.search(text, found.start("end"))
            if stop and not is_right(text[found.start("name") : stop.start()]):
                return True
    return False
