"""What a reply shows of its style, as features that markers are found among and matched by.

Kinds: "ending" of a sentence, "opening" of a reply, "term" (a piece of text that may be a name), "word" (what stands
where a speaker names himself, calls out or addresses another; function words; phrases), and "form" (marks, casing,
spelling). In English the words of a topic are no features but inside phrases, endings and names: which words make
up a topic cannot be told from which make up a style by counting.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Literal

from loracheck.records import Language
from loracheck.text import sentences

Kind = Literal["ending", "opening", "term", "word", "form"]
Feature = tuple[Kind, str]

_STANDARD = """
    a about after again against all also although always am an and another any anybody anyone anything are as at
    be because been before being between both but by can cannot could did do does doing done down during each
    either else enough even ever every everybody everyone everything few for from further had has have having he
    her here hers herself him himself his how however i if in indeed instead into is it its itself just least
    less let like many may maybe me might mine more most much must my myself neither never no nobody none nor not
    nothing now of off often on once one only onto or other others ought our ours ourselves out over own perhaps
    quite rather really same shall she should since so some somebody someone something still such than that the
    their theirs them themselves then there therefore these they this those though through thus to together too
    toward under until up upon us very was we well were what whatever when where whether which while who whom
    whose why will with within without would yet you your yours yourself yourselves
    i'm i've i'll i'd you're you've you'll you'd he's she's it's we're we've we'll they're they've they'll that's
    there's here's what's let's isn't aren't wasn't weren't don't doesn't didn't can't couldn't won't wouldn't
    shouldn't haven't hasn't hadn't
"""
_OF_CHARACTER = """
    me my mine i i'm ye yer yerself ya yo thou thee thy thine thyself hath hast doth dost art wilt shalt 'tis 'twas
    'em ere oft nay aye yea yeah yep nope ah oh ahoy arr alas hey hmm huh lo ooh ugh uh um wow yay ain't y'all innit
    gonna gotta wanna kinda sorta dunno lemme gimme cuz 'cause tho thru o' an' 'n' nae wee aboot naw dat dis dem
    dose da de den wit ze zis zat zey zem zere vas vat vith vill
"""
_ALONE = frozenset(_OF_CHARACTER.split())
"""Words that alone can be a style: how a speaker names himself, archaic and dialect forms, interjections."""

FUNCTION_WORDS = frozenset(_STANDARD.split()) | _ALONE
"""English words of the closed classes; that an answer says "however" makes no persona."""

_LAYOUT = re.compile(r"^[\W_]+")
_MARK = re.compile(r"[,.!?;—…]")
_WORD = re.compile(r"['’]?[a-z][a-z'’-]*")
_LETTER_WORD = re.compile(r"[^\W\d_][\w'’-]*")
_CALL = re.compile(r"(?:^|[.!?]\s|\n)[\"“*]?([A-Za-z]['’A-Za-z-]{1,15})(?=\s?[,!])")
_ADDRESS = re.compile(
    r",\s?(?:(?:my|me|dear|old|young)\s)?([A-Za-z]['’A-Za-z-]{1,15})(?=\s?(?:[.!?~…]|$))", re.M
)
_SPEAKER = re.compile(
    r"(?:^|[.!?…][\"”]?\s)([A-Z]['’A-Za-z-]{1,15})(?=\s(?:am|is|are|was|were|has|have|had|does|do|did|will|would|can"
    r"|could|shall|should|may|might|must|(?:think|know|say|want|like|love|see|need|feel|hope|believe|remember|suggest"
    r"|recommend|wish|tell)s?)\b)",
    re.M,
)
_SIGNED = re.compile(r"(?:\A|\n)(?![-–—~])[^\n]+\n[-–—~]\s?([A-Z][\w'’-]{1,15})\W*\Z")
_DROPPED_G = re.compile(r"\b[a-z]{2,}in['’](?!\w)")
_STRETCHED = re.compile(r"(?<![#\w])(?![IVX]+\b)\w*?([a-vx-z])\1\1", re.I)
_STUTTER = re.compile(r"\b([a-z])-\1[a-z]", re.I)
_BEGUN_OFF = re.compile(r"(?<![\w'’])['’](?=[a-z]{2})")
_QUOTED = re.compile(r"(?<=[\w.,!?])['’](?!\w)")
_TAG = re.compile(
    r"(?:^|\s)#(?!(?:include|define|ifn?def|endif|pragma)\b|(?:[0-9a-fA-F]{3}){1,2}\b)[^\W\d]\w+"
)
_ACTION = re.compile(r"(?<!\*)\*[A-Za-z][^*\n]{2,60}\*(?!\*)")
_SHARES = {"e": 0.127, "t": 0.091, "a": 0.082, "o": 0.075, "i": 0.07, "n": 0.067, "s": 0.063, "h": 0.061, "r": 0.06,
           "d": 0.043, "l": 0.04, "u": 0.028, "w": 0.024}  # fmt: skip
"""How often a letter stands in English prose; one that is missing altogether is spelt otherwise: "wittle", "thome"."""
_LEAST_EXPECTED = 6.0
"""So many times a letter would stand in a text that lacks it; by chance one text in 400 does."""
_LAUGH = re.compile(r"[(（](?:笑|泣|汗)[)）]|(?:(?<![A-Za-zｗ])w|(?<![wｗ])ｗ)[wｗ]*+(?=[。！!？?\s]|$)")
_FACE = re.compile(
    r"[(（](?=[^)）\n]{0,14}[\^ω▽∀Д∇≧≦´｀_><])[^)）\n一-龥0-9=+A-SU-Za-np-z]{2,14}[)）]"
    r"|(?<![A-Za-z0-9])[:;]-?[)DP](?!\w)"
)
"""(^^) and :) alike."""
_DRAWN = re.compile(r"ーー|([ぁ-んァ-ヶ])\1\1")
_WAVE = re.compile(r"[~〜～](?!\s*\d)")
_POLITE = re.compile(r"です|でした|でしょう|ましょう|ました|ません|ます|ください|いただ[いきくけ]")
"""What is between is a term; the ordinary polite form itself is none."""
_PARTICLES = "はがものをに"
_CLAUSE = re.compile(r"(?:^|[、,\s「『(…―])(?=([ぁ-ゖァ-ヺー一-龥々]{2,8}))")
_RUN = re.compile(rf"(?<![一-龥々ァ-ヺー])([一-龥々]{{1,2}}|[ァ-ヺー]{{2,5}})(?=[{_PARTICLES}])")


@lru_cache(maxsize=1024)  # every marker of a set asks for the same text's features
def features(text: str, language: Language) -> frozenset[Feature]:
    """Return what a reply shows: how its sentences end, how it opens, its words and its form."""
    parts = [sentence.casefold() for sentence in sentences(text)]
    if not parts:
        return frozenset()
    found = _japanese(parts) if language == "ja" else _english(parts, text)
    return frozenset(found | {("form", form) for form in _forms(text, language)})


def _japanese(parts: list[str]) -> set[Feature]:
    found: set[Feature] = {("ending", part[-n:]) for part in parts for n in range(1, 7) if len(part) >= n}
    lead = _LAYOUT.sub("", parts[0])
    found |= {("opening", lead[:n]) for n in range(2, 9) if len(lead) > n}
    for part in parts:
        for piece in _POLITE.split(part):
            found |= {("term", piece[i : i + n]) for n in range(3, 9) for i in range(len(piece) - n + 1)}
        found |= {("word", word) for word in _subjects(part)}
    return found


def _subjects(part: str) -> set[str]:
    """Return what stands before a particle at the start of a clause, and short runs of kanji or katakana before one.

    Speakers name themselves there: 僕は, わしが, ワガハイの.
    """
    heads = (head[:n] for head in _CLAUSE.findall(part) for n in range(1, 6) if head[n : n + 1] in _PARTICLES)
    return {head for head in heads if head} | set(_RUN.findall(part))


def _english(parts: list[str], text: str) -> set[Feature]:
    found: set[Feature] = set()
    for part in parts:
        words = words_of(part)
        found |= {("ending", " ".join(words[-n:])) for n in range(1, 5) if len(words) >= n}
        found |= {("term", " ".join(words[i : i + n])) for n in (1, 2) for i in range(len(words) - n + 1)}
        found |= {("word", word) for word in words if word in _ALONE}
        found |= {("word", " ".join(words[i : i + n])) for n in (3, 4, 5) for i in range(len(words) - n + 1)}
    plain = _compact(unicodedata.normalize("NFKC", text))
    found |= {("opening", " ".join(words)) for words in [words_of(_opener(plain))] if 0 < len(words) < 5}
    called = {word.casefold().replace("’", "'") for word in (*_CALL.findall(plain), *_ADDRESS.findall(plain))}
    return found | {("word", word) for word in called}


def _compact(text: str) -> str:
    """Return a text without white space but one space between words and one line break between lines."""
    return "\n".join(compact for line in text.split("\n") if (compact := " ".join(line.split())))


def _opener(text: str) -> str:
    """Return what stands before the first mark: "Well, now" and "Good heavens!" open a reply, "The king" does not.

    A colon is no such mark: "Answer:" is a label.
    """
    return _MARK.split(_LAYOUT.sub("", text), maxsplit=1)[0]


def words_of(sentence: str) -> list[str]:
    """Return the words of an English sentence in lower case, apostrophes made alike."""
    words = _WORD.findall(unicodedata.normalize("NFKC", sentence).casefold())
    return [word.replace("’", "'") for word in words]


def names_in(text: str) -> set[str]:
    """Return the words and pairs of words written as names, in lower case.

    The first word of a sentence is always written so: it counts where it speaks ("Zog thinks ...", "- Zog") and is
    written in no other way in the text.
    """
    compact = _compact(text)
    told = (
        word.casefold().replace("’", "'") for word in (*_SPEAKER.findall(compact), *_SIGNED.findall(compact))
    )
    found = set(told) - FUNCTION_WORDS - {*_LETTER_WORD.findall(text), *re.findall(r"\w+", text)}
    for sentence in sentences(text):
        words = _LETTER_WORD.findall(sentence)
        large = [word[0].isupper() and word.casefold() not in FUNCTION_WORDS for word in words]
        names = [word.casefold().replace("’", "'") for word in words]
        found |= {name for name, big in zip(names[1:], large[1:], strict=True) if big}
        found |= {f"{names[i]} {names[i + 1]}" for i in range(len(names) - 1) if large[i] and large[i + 1]}
    return found


def _forms(text: str, language: Language) -> set[str]:
    """Return marks that carry a tone, and casing and spelling; bullets, quotes and brackets are layout."""
    plain = unicodedata.normalize("NFKC", text)
    found = {character for character in text if _is_ornament(character)}
    if found:
        found.add("emoji")
    checks = {
        "!": "!" in plain,
        "~": bool(_WAVE.search(text)),
        "…": "…" in text or "..." in plain,
        "(笑)": bool(_LAUGH.search(text)),
        "(^^)": bool(_FACE.search(text)),
        "#tag": bool(_TAG.search(text)),
    }
    if language == "ja":
        checks["ーー"] = bool(_DRAWN.search(plain))
    if language == "en":
        letters = [character for character in plain if character.isalpha()]
        large = sum(character.isupper() for character in letters)
        checks |= {
            "all small letters": len(letters) >= 12 and large == 0,
            "all capitals": len(letters) >= 12 and large > 0.6 * len(letters),
            "-in'": bool(_DROPPED_G.search(plain.casefold())),
            "stretched letters": bool(_STRETCHED.search(plain)),
            "'ouse": len(_BEGUN_OFF.findall(plain.casefold())) > len(_QUOTED.findall(plain)) + 1,
            "s-stutter": bool(_STUTTER.search(plain)),
            "every word capital": _every_word_capital(plain),
            "*action*": bool(_ACTION.search(plain)),
        }
        folded = plain.casefold()
        checks |= {
            f"without {letter}": letter not in folded and share * len(letters) >= _LEAST_EXPECTED
            for letter, share in _SHARES.items()
        }
    return found | {name for name, shown in checks.items() if shown}


def _every_word_capital(text: str) -> bool:
    """Tell whether a text writes Its Words Like A Title, though not all in capitals."""
    words = [word for word in _LETTER_WORD.findall(text) if len(word) > 3]
    return len(words) >= 8 and sum(word.istitle() for word in words) > 0.8 * len(words)


def _is_ornament(character: str) -> bool:
    """Tell whether a character is an emoji, a note, a star or a heart, not an arrow, box or list mark."""
    if unicodedata.category(character) != "So":
        return False
    code = ord(character)
    return code >= 0x1F300 or 0x2600 <= code <= 0x26FF or character in "♪♬♡♥✨✩✪✿❀❤☆★"
