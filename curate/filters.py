"""Filters on a single row: each gives a reason with the measured value, or lets the row pass.

Japanese has no spaces and NFKC folds half-width kana, so everything counts characters of the folded text. The
rules read how the whole set is written (its language, its sentence endings) from a profile, not from a list.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from loracheck.records import Example
from loracheck.text import is_loop, language_of, letters, normalise, periodic_tail, repeated_share

from .config import CurateConfig

# UTF-8 read as cp932 gives runs of these; read as Latin-1 or cp1252, these pairs.
_MOJIBAKE_CP932 = re.compile(r"[縺繧繝譁蜿荳鬘莠縲]")
_MOJIBAKE_LATIN = re.compile(r"(?:[ÃÂãåæçèé][\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ¡-¿]){2}")
_ENTITY = re.compile(r"&(?:#\d+|#x[0-9a-fA-F]+|[a-zA-Z]{2,8});")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f�]")
_TERMINAL = tuple("。．.！!？?…」』）)】］]”\"'’〜～~♪☆★♡`>|:：;；")
_ASKS_FOR_LANGUAGE = re.compile(
    r"英語|英訳|英文|和訳|日本語|中国語|韓国語|フランス語|ドイツ語|スペイン語|ラテン語|翻訳|訳し|[a-z]語"
    r"|translat|english|japanese|chinese|korean|french|german|spanish|latin|in other languages",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How the whole set is written: its languages, and the last two characters its sentences end in."""

    languages: frozenset[str]
    endings: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a row is dropped: a stable code and the sentence with the number."""

    code: str
    explanation: str


def profile_of(examples: Sequence[Example], config: CurateConfig) -> Profile:
    """Learn the set's main language (unless the configuration names it) and its usual sentence endings."""
    languages = Counter(language_of(example.prompt) for example in examples)
    closed = [_ending(e.reply) for e in examples if e.reply.rstrip().endswith(_TERMINAL)]
    endings = Counter(ending for ending in closed if ending)
    return Profile(
        languages=frozenset(config.languages or [languages.most_common(1)[0][0]]),
        endings=frozenset(ending for ending, count in endings.items() if count >= 0.03 * len(closed)),
    )


def first_reason(example: Example, profile: Profile, config: CurateConfig) -> Reason | None:
    """Return the first filter's reason to drop a row, or None."""
    return next((reason for rule in _RULES if (reason := rule(example, profile, config))), None)


def _length(example: Example, profile: Profile, config: CurateConfig) -> Reason | None:
    size = len(normalise(example.reply))
    if size == 0:
        return Reason(code="empty_reply", explanation="the reply is empty")
    if size < config.min_reply_characters:
        return Reason(
            code="short_reply",
            explanation=f"the reply has {size} characters, the least is {config.min_reply_characters}",
        )
    if size > config.max_reply_characters:
        return Reason(
            code="long_reply",
            explanation=f"the reply has {size} characters, the most is {config.max_reply_characters}",
        )
    return None


def _broken_text(example: Example, profile: Profile, config: CurateConfig) -> Reason | None:
    text = f"{example.prompt}\n{example.reply}"
    if found := _CONTROL.search(text):
        return Reason(code="broken_text", explanation=f"it holds the character U+{ord(found[0]):04X}")
    garbled = _MOJIBAKE_CP932.findall(text)
    if len(garbled) >= 3 and len(garbled) >= 0.1 * len(normalise(example.reply)):
        return Reason(code="broken_text", explanation=f"UTF-8 read as cp932: {''.join(garbled[:6])}…")
    if found := _MOJIBAKE_LATIN.search(text):
        return Reason(code="broken_text", explanation=f"UTF-8 read as Latin-1: {found[0]}")
    if len(entities := _ENTITY.findall(example.reply)) >= 2:
        return Reason(code="broken_text", explanation=f"{len(entities)} HTML entities, such as {entities[0]}")
    return None


def _language(example: Example, profile: Profile, config: CurateConfig) -> Reason | None:
    size = sum(character.isalpha() for character in example.reply)
    found = language_of(example.reply)
    if size < 12 or found in profile.languages or _ASKS_FOR_LANGUAGE.search(example.prompt):
        return None
    wanted = " or ".join(sorted(profile.languages))
    return Reason(code="wrong_language", explanation=f"the reply is in {found}, wanted is {wanted}")


def _repetition(example: Example, profile: Profile, config: CurateConfig) -> Reason | None:
    if not is_loop(example.reply):
        return None
    text = normalise(example.reply)
    tail, share = periodic_tail(text), repeated_share(text)
    how = (
        f"{share:.0%} of its 8-character windows occur more than once"
        if share > 0.5
        else (f"the last {tail} of its {len(text)} characters repeat themselves")
    )
    return Reason(code="repetition", explanation=how)


def _echo(example: Example, profile: Profile, config: CurateConfig) -> Reason | None:
    similarity = fuzz.ratio(letters(example.prompt), letters(example.reply)) / 100
    if similarity < config.echo_similarity:
        return None
    return Reason(code="echo", explanation=f"the reply repeats the question (similarity {similarity:.2f})")


def _cut_off(example: Example, profile: Profile, config: CurateConfig) -> Reason | None:
    """A reply without a full stop is cut off when its last characters are no ending that the set uses."""
    reply = example.reply.rstrip()
    if reply.endswith(_TERMINAL) or not profile.endings or _ending(reply) in profile.endings:
        return None
    if len(normalise(reply)) <= 12 and " " not in reply and language_of(reply) != "ja":
        return None  # a bare name or number is a whole answer
    return Reason(
        code="cut_off", explanation=f"it stops at 「{reply[-8:]}」, an ending that no whole reply has"
    )


_RULES: tuple[Callable[[Example, Profile, CurateConfig], Reason | None], ...] = (
    _length,
    _broken_text,
    _repetition,
    _language,
    _echo,
    _cut_off,
)


def _ending(text: str) -> str:
    """Return the last two characters before the closing punctuation; of a spaced language the last word."""
    bare = _letters_end(text)
    if language_of(text) == "ja":
        return bare[-2:]
    return bare.rsplit(" ", 1)[-1]


def _letters_end(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    end = len(folded)
    while end and not folded[end - 1].isalnum():
        end -= 1
    return folded[:end]
