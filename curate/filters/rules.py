"""Filters on a single row: each gives a code with the measured values, or lets the row pass.

Japanese has no spaces and NFKC folds half-width kana, so everything counts characters of the folded text. The
rules read how the whole set is written (its language, its sentence endings) from a profile, not from a list.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rapidfuzz import fuzz

from loracheck.curate.config import FilterConfig
from loracheck.errors import UsageError
from loracheck.records import Example
from loracheck.text import is_loop, language_of, letters, normalise, periodic_tail, repeated_share
from loracheck.text.scripts import count_scripts

from .remnants import debris, refusal, remnant
from .safety import unsafe

# UTF-8 read as cp932 gives runs of these; read as Latin-1 or cp1252, these pairs.
_MOJIBAKE_CP932 = re.compile(r"[縺繧繝譁蜿荳鬘莠縲]")
# Curly quotes, dashes and accents of an English text read as cp932.
_MOJIBAKE_QUOTES = re.compile(r"窶|[ﾃﾂ][ｦ-ﾟ]")
_MOJIBAKE_LATIN = re.compile(r"(?:[ÃÂãåæçèé][\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ¡-¿]){2}")
_ENTITY = re.compile(r"&(?:#\d+|#x[0-9a-fA-F]+|[a-zA-Z]{2,8});")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f�]")
_TERMINAL = tuple("。．.！!？?…」』）)】］]”\"'’〜～~♪☆★♡`>|:：;；")
_ASKS_FOR_LANGUAGE = re.compile(
    r"英語|英訳|英文|和訳|日本語|中国語|韓国語|フランス語|ドイツ語|スペイン語|ラテン語|翻訳|訳し|[a-z]語"
    r"|translat|english|japanese|chinese|korean|french|german|spanish|latin|in other languages",
    re.IGNORECASE,
)
_CODE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
# An English reply that lacks a full stop is cut off only where no phrase can end: after a comma, an article, ...
_CUT_ENGLISH = re.compile(
    r"(?:[,;:(\[-]|\b(?:a|an|the|of|to|and|or|but|with|for|in|on|at|by|is|are|was|were|that|which|as|from|into|than|"
    r"my|your|his|her|its|our|their|because|if|when|while|this|these|be|been|has|have|had|will|would|can|could))$",
    re.IGNORECASE,
)
_PROSE = re.compile(r"^(?=.*[a-z]$)[A-Z].*[a-z][.,;] ")
_ITEM = re.compile(r"\n[^\S\n]*(?:[・*•-]|\d{1,2}[.)．）、])[^\S\n]*[^、。\n]{1,20}\Z")
_JA_MARK = re.compile(r"[、。，．,]")
_LANGUAGE_SHARE = 0.1
_MOST_ENDINGS = 200_000
_LEAST_PASSAGE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How the whole set is written: its languages, and how its sentences end."""

    languages: frozenset[str]
    endings: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A broken rule: its stable code, and the values that the sentence about it uses."""

    code: str
    values: dict[str, Any] = field(default_factory=dict)


class ProfileCounter:
    """Learn a set's languages and usual sentence endings row by row, in bounded memory."""

    def __init__(self) -> None:
        self._languages: Counter[str] = Counter()
        self._endings: Counter[str] = Counter()
        self._closed = 0

    def add(self, example: Example) -> None:
        """Count one row."""
        self._languages[language_of(example.prompt)] += 1
        if example.reply.rstrip().endswith(_TERMINAL):
            self._closed += 1
            if ending := _ending(example.reply):
                self._endings[ending] += 1
        if len(self._endings) > _MOST_ENDINGS:
            self._endings = Counter({ending: n for ending, n in self._endings.items() if n > 1})

    def profile(self, config: FilterConfig) -> Profile:
        """Return what was learnt; languages named in the configuration stand in for the set's own."""
        rows = self._languages.total()
        common = {language for language, n in self._languages.items() if n >= _LANGUAGE_SHARE * rows}
        endings = {ending for ending, n in self._endings.items() if n >= 0.03 * self._closed}
        return Profile(languages=frozenset(config.languages or common), endings=frozenset(endings))


def first_reason(example: Example, profile: Profile, config: FilterConfig) -> Found | None:
    """Return the first rule that a row breaks, or None.

    Raises:
        UsageError: the configuration switches off a rule that does not exist.
    """
    for name in config.off:
        if name not in RULES:
            near = difflib.get_close_matches(name, RULES, n=1)
            raise UsageError(
                f"filters.off: there is no rule {name}.",
                kind="unknown_name",
                hint=f"Did you mean {near[0]}?" if near else f"Rules: {', '.join(RULES)}",
            )
    rules = (rule for name, rule in RULES.items() if name not in config.off)
    return next((found for rule in rules if (found := rule(example, profile, config))), None)


def _length(example: Example, profile: Profile, config: FilterConfig) -> Found | None:
    """Too long is what is long as it stands, white space and all: the other rules would read all of it."""
    size, asked = len(example.reply), len(example.prompt)
    if size > config.max_reply_characters:
        return Found(code="long_reply", values={"size": size, "limit": config.max_reply_characters})
    if asked > config.max_prompt_characters:
        return Found(code="long_prompt", values={"size": asked, "limit": config.max_prompt_characters})
    size = len(normalise(example.reply))
    if size == 0:
        return Found(code="empty_reply")
    if size < config.min_reply_characters:
        return Found(code="short_reply", values={"size": size, "limit": config.min_reply_characters})
    return None if normalise(example.prompt) else Found(code="empty_prompt")


def _broken_text(example: Example, profile: Profile, config: FilterConfig) -> Found | None:
    text = f"{example.prompt}\n{example.reply}"
    if found := _CONTROL.search(text):
        return Found(code="broken_text", values={"what": f"U+{ord(found[0]):04X}"})
    garbled = _MOJIBAKE_CP932.findall(text)
    if len(garbled) >= 3 and len(garbled) >= 0.1 * len(normalise(example.reply)):
        return Found(code="broken_text", values={"what": f"UTF-8 → cp932: {''.join(garbled[:6])}…"})
    if example.language == "en" and len(found_quotes := _MOJIBAKE_QUOTES.findall(text)) >= 2:
        return Found(code="broken_text", values={"what": f"UTF-8 → cp932: {''.join(found_quotes[:6])}…"})
    if found := _MOJIBAKE_LATIN.search(text):
        return Found(code="broken_text", values={"what": f"UTF-8 → Latin-1: {found[0]}"})
    if len(entities := _ENTITY.findall(example.reply)) >= 2:
        return Found(code="broken_text", values={"what": f"HTML: {entities[0]}"})
    return None


def _language(example: Example, profile: Profile, config: FilterConfig) -> Found | None:
    """A reply must be in a language of the set, and in that of its own question, unless another is asked for."""
    prose = _CODE.sub("", example.reply)
    size = count_scripts(prose).letters
    if size < 12 or _ASKS_FOR_LANGUAGE.search(example.prompt):
        return None
    found, asked = language_of(prose), language_of(_CODE.sub("", example.messages[-2].content))
    if found not in profile.languages:
        wanted = ", ".join(sorted(profile.languages))
        return Found(code="wrong_language", values={"found": found, "wanted": wanted})
    if asked != found and asked in profile.languages and asked != "other" and size >= 40:
        return Found(code="other_language", values={"found": found, "wanted": asked})
    return None


def _repetition(example: Example, profile: Profile, config: FilterConfig) -> Found | None:
    if not is_loop(example.reply):
        return None
    text = normalise(example.reply)
    share = max(periodic_tail(text) / len(text), repeated_share(text))
    return Found(code="repetition", values={"share": share})


def _echo(example: Example, profile: Profile, config: FilterConfig) -> Found | None:
    prompt, reply = letters(example.prompt), letters(example.reply)
    similarity = fuzz.ratio(prompt, reply, score_cutoff=100 * config.echo_similarity) / 100
    if similarity < config.echo_similarity:
        passage = letters(str(example.metadata.get("context", "")))
        if len(passage) < _LEAST_PASSAGE or passage != reply:
            return None
        similarity = 1.0
    return Found(code="echo", values={"similarity": similarity})


def _cut_off(example: Example, profile: Profile, config: FilterConfig) -> Found | None:
    """A reply without a full stop is cut off when its last characters are no ending that the set uses."""
    reply = example.reply.rstrip()
    if reply.endswith(_TERMINAL) or not profile.endings or _ending(reply) in profile.endings:
        return None
    language = language_of(reply)
    normal = " ".join(reply.split())
    if len(normalise(reply)) <= 12 and " " not in normal and language != "ja":
        return None  # a bare name or number is a whole answer
    if language == "ja" and (_ITEM.search(reply) or (" " in normal and not _JA_MARK.search(reply))):
        return None  # the last line of a list, or verse
    if language != "ja" and not (_CUT_ENGLISH.search(reply) or _PROSE.search(reply.rsplit("\n", 1)[-1])):
        return None  # a line of a list, a title or code needs no full stop
    return Found(code="cut_off", values={"tail": reply[-8:]})


def _template_remnant(example: Example, profile: Profile, config: FilterConfig) -> Found | None:
    found = remnant(example.prompt, example.reply)
    return Found(code="template_remnant", values={"what": found}) if found else None


def _debris(example: Example, profile: Profile, config: FilterConfig) -> Found | None:
    found = debris(example.reply)
    return Found(code="markdown_debris", values={"what": found}) if found else None


def _refusal(example: Example, profile: Profile, config: FilterConfig) -> Found | None:
    found = refusal(example.prompt, example.reply)
    return Found(code="refusal", values={"what": found}) if found else None


def _unsafe(example: Example, profile: Profile, config: FilterConfig) -> Found | None:
    found = unsafe(example.prompt, example.reply)
    return Found(code="unsafe", values={"what": found}) if found else None


def _licence(example: Example, profile: Profile, config: FilterConfig) -> Found | None:
    licence = example.metadata.get("licence", example.metadata.get("license"))
    if not config.licences or not licence or licence in config.licences:
        return None
    return Found(code="licence", values={"licence": str(licence)})


def _source(example: Example, profile: Profile, config: FilterConfig) -> Found | None:
    source = example.metadata.get("source")
    return (
        Found(code="blocked_source", values={"source": source}) if source in config.blocked_sources else None
    )


Rule = Callable[[Example, Profile, FilterConfig], Found | None]
RULES: dict[str, Rule] = {
    "length": _length,
    "broken_text": _broken_text,
    "template_remnant": _template_remnant,
    "repetition": _repetition,
    "language": _language,
    "echo": _echo,
    "refusal": _refusal,
    "unsafe": _unsafe,
    "markdown_debris": _debris,
    "cut_off": _cut_off,
    "licence": _licence,
    "source": _source,
}


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
