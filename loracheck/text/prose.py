"""Whether sentences are prose of a language, long or short: 「東京です」 and "It is Tokyo" are, names and titles not.

Positive signs alone count, as a list of dishes or a title has none of any language: how a Japanese sentence ends, the
small words of English and of some other languages in Latin letters, words of several in a foreign script.
"""

from __future__ import annotations

import re
import unicodedata

from loracheck.records import Language
from loracheck.text import SENTENCE_END
from loracheck.text.scripts import count_scripts

_CODE = re.compile(r"[{}=;<>_\\|]|\w\(")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_SPOKEN_JA = re.compile(
    r"(?:です|ます|でした|ました|ません|でしょう|ましょう|ください|だ|だった|である|のだ|じゃ|ない|している|という)"
    r"(?:[かよねわぞぜな]{0,2})$"
)
_LONG_JA = 8
_LEAST_JA = 3
_CHINESE = re.compile(r"是|了|这|们|吗|你|没|什么|请")
_LEAST_CHINESE = 5
_KOREAN = re.compile(r"[가-힣]{3,}(?:다|요|죠|까)$")
_LEAST_WORDS = 3
_SAID = """
    is are was were am has have had does do can will would should could must it's i'm that's you're don't your you we
    they
"""
_ENGLISH_SAID = frozenset(_SAID.split())
"""In small letters: a title writes them large."""
_SMALL = """
    the a an of and to in on at for with by from as it this that these those or but not be if when which who
"""
_ENGLISH_SMALL = frozenset(_SMALL.split())
_LONG_ENGLISH, _SMALL_IN_LONG = 8, 2
_OTHERS = tuple(
    frozenset(words.split())
    for words in (
        "le les des une est que qui dans pour pas nous vous avec sur sont ce cette il elle je du et au mais être",
        "der das und ist nicht ein eine zu den dem mit sich auf für von wir ich sie es auch wird sind im",
        "el los las una es en que por para con del se su está son al y pero como más no lo",
        "il gli che di è per non una con sono della del si nel ma anche come questo lo",
        "o os uma não é em que por para com do da se são mais como ao na",
        "de het een en van is dat niet op te zijn met voor ik je wij ook maar",
        "desu wa wo ga ni masu desita mashita no da nanoda deshita arimasen imasu kore watashi",
    )
)
"""French, German, Spanish, Italian, Portuguese, Dutch, and Japanese in Latin letters."""
_LEAST_OTHER, _LEAST_OTHER_WORDS = 2, 3
_CARRIES = 2.5
"""Latin letters that say as much as one kana, kanji or syllable of Korean does."""


def foreign_share(text: str, language: Language) -> float:
    """Return the share of a text's letters that stand in sentences of another language than the given one.

    Letters count by what they say, a kana or kanji as much as two and a half Latin ones. Sentences that hold code count
    for nothing.
    """
    own = foreign = 0.0
    for sentence in SENTENCE_END.split(unicodedata.normalize("NFKC", text)):
        said = sentence.strip(" \t\"'“”‘’「」『』()（）*#-:：,、")
        if not said or _CODE.search(said):
            continue
        _, _, latin, letters = count_scripts(said)
        size = latin + _CARRIES * (letters - latin)
        if spoken_in(said) not in (language, None):
            foreign += size
        else:
            own += size
    return foreign / (own + foreign) if foreign else 0.0


def spoken_in(sentence: str) -> Language | None:
    """Return the language of a sentence that is prose of one; None of what may be a name, a title or a list."""
    kana, han, latin, letters = count_scripts(sentence)
    if letters == 0:
        return None
    if _CARRIES * (kana + han) > latin and kana + han > 0.5 * (letters - latin):
        if kana == 0:
            chinese = han >= _LEAST_CHINESE and _CHINESE.search(sentence)
            return "other" if chinese else None
        ends = sentence.rstrip("ー〜~…・ ")
        long = kana + han >= _LONG_JA and "ぁ" <= ends[-1:] <= "ん"
        return "ja" if long or (kana + han >= _LEAST_JA and _SPOKEN_JA.search(ends)) else None
    words = _WORD.findall(sentence)
    if latin > 0.5 * letters:
        return _in_latin_letters(words) if kana + han == 0 else None
    korean = any(_KOREAN.match(word) for word in words)
    return "other" if korean or len(words) >= _LEAST_WORDS else None


def _in_latin_letters(words: list[str]) -> Language | None:
    small = [word.replace("’", "'") for word in words if word[:1].islower()]
    english = sum(word in _ENGLISH_SAID or word in _ENGLISH_SMALL for word in small)
    other = max(len({word for word in small if word in of}) for of in _OTHERS)
    if other >= _LEAST_OTHER and other > english and len(words) >= _LEAST_OTHER_WORDS:
        return "other"
    said = len(words) >= _LEAST_WORDS and any(word in _ENGLISH_SAID for word in small)
    return "en" if said or (len(words) >= _LONG_ENGLISH and english >= _SMALL_IN_LONG) else None
