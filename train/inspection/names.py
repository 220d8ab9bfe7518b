"""Whom the captions of an image adapter may name: a careful guess that warns and never asserts.

A rule fires on the shape of a tag, never on a list of known people:

- shape: two or three Latin words ("firstname_lastname"), none of them a word that captions are made of, or a number;
- folder: the same in a folder of training images such as "10_firstname lastname woman", or in the file's title;
- capitals: two capitalised words inside a sentence ("a photo of Firstname Lastname");
- honorific: Japanese さん, ちゃん, くん, 様 or 氏 after a name; a family name and a given one, with or without a
  space or ・ between;
- artist: "artist:name", "by name", "name (artist)": their style is what was learnt;
- fictional: "name (work)", as booru tags name characters.

False alarms are expected: a shape cannot tell a person from a made-up name, and single words (nicknames, run-together
names) are never reported. A name in another script than Latin or Japanese is not seen.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from loracheck.records.adapter import NamedSubject, Subject

from .tagwords import (
    GENERAL,
    KATAKANA,
    NOT_GIVEN,
    NOT_NAME_KANJI,
    NOT_PEOPLE,
    NOT_PEOPLE_ENDINGS,
    QUALIFIERS,
    SURNAMES,
)

_LONGEST = 60
_REPEATS = re.compile(r"(?<!\d)\d++_")
_BRACKETS = re.compile(r"(?P<name>[^()]{2,}?)[ _]*\((?P<of>[^()]{2,})\)")
_LATIN_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|['’.-])+")
_ARTIST = re.compile(
    r"(?:artist *:|(?:drawn by|art by|style of|in the style of|by)[ _:])[ _]*(?P<name>.+)", re.IGNORECASE
)
_CAPITALS = re.compile(r"\b([A-Z][a-z'’-]+) ([A-Z][a-z'’-]+)\b")
_HONORIFIC = re.compile(r"(?P<name>[^\W\d_]{1,8}?)(?:さん|ちゃん|くん|様|氏)")
_KANJI = r"[㐀-鿿々]"
_FULL_NAME = re.compile(rf"(?P<first>{_KANJI}{{1,3}})[ 　・](?P<second>(?:{_KANJI}|[ぁ-ゖァ-ヺー]){{1,4}})")
_KATAKANA_NAME = re.compile(
    r"(?P<first>[ァ-ヺー]{2,})[・＝=](?P<second>[ァ-ヺー]{2,})(?:[・＝=][ァ-ヺー]{2,})?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagged:
    """A text that may name somebody, and where it stood."""

    text: str
    images: int | None
    place: Literal["tag", "folder", "title"]


def named_subjects(texts: Iterable[Tagged]) -> tuple[NamedSubject, ...]:
    """Return the texts that may name somebody, each once, those of most images first."""
    found: dict[str, NamedSubject] = {}
    for tagged in texts:
        text = _bare(tagged)
        rule = rule_for(text, place=tagged.place)
        if rule is not None and text not in found:
            found[text] = NamedSubject(text=text, images=tagged.images, rule=rule)
    return tuple(sorted(found.values(), key=lambda one: -(one.images or 0)))


def rule_for(text: str, place: Literal["tag", "folder", "title"] = "tag") -> Subject | None:
    """Return the rule by which a text may name somebody; None for a description."""
    if place == "tag" and (found := _CAPITALS.search(text)) and _is_name([found[1], found[2]]):
        before, after = text[: found.start()].strip(), text[found.end() :].strip()
        if before or after:  # inside a sentence
            return "capitals"
    if len(text) > _LONGEST:
        return None
    if found := _BRACKETS.fullmatch(text):
        return _in_brackets(found["name"], found["of"])
    if (found := _ARTIST.fullmatch(text)) and _is_new(found["name"]):
        return "artist"
    if _japanese(text):
        return "honorific"
    words = re.split(r"[ _]+", text)
    if place != "tag":
        while words and words[-1].lower() in GENERAL:  # the class after the name, "woman"
            words.pop()
    if _is_name(words):
        return "shape" if place == "tag" else "folder"
    return None


def _bare(tagged: Tagged) -> str:
    text = unicodedata.normalize("NFKC", tagged.text).strip().replace("\\", "")
    return _REPEATS.sub("", text, count=1) if tagged.place == "folder" else text


def _is_name(words: list[str]) -> bool:
    """Tell whether Latin words have a name's shape: two or three, none of which describes anything."""
    return (
        2 <= len(words) <= 3
        and all((_LATIN_WORD.fullmatch(word) and word.isascii()) or _accented(word) for word in words)
        and not any(all(part in GENERAL for part in word.lower().split("-")) for word in words)
    )


def _accented(word: str) -> bool:
    return bool(_LATIN_WORD.fullmatch(word)) and all(
        "LATIN" in unicodedata.name(letter, "") for letter in word if letter.isalpha()
    )


def _is_new(name: str) -> bool:
    """Tell whether a name holds a word that does not describe anything."""
    words = [word.lower() for word in re.split(r"[ _]+", name) if word]
    return 1 <= len(words) <= 3 and not any(word in GENERAL for word in words)


def _in_brackets(name: str, of: str) -> Subject | None:
    words = set(re.split(r"[ _]+", of.lower()))
    if "artist" in words:
        return "artist"
    if words & QUALIFIERS or words <= GENERAL or not _is_new(name):
        return None
    return "fictional"


def _japanese(text: str) -> bool:
    if (found := _HONORIFIC.fullmatch(text)) and text not in NOT_PEOPLE:
        stem = found["name"]
        return not text.endswith(NOT_PEOPLE_ENDINGS) and not stem.isascii() and stem not in NOT_NAME_KANJI
    if found := _FULL_NAME.fullmatch(text):
        return found["first"] not in NOT_NAME_KANJI and found["second"] not in NOT_NAME_KANJI
    if found := _KATAKANA_NAME.fullmatch(text):
        return found["first"] not in KATAKANA and found["second"] not in KATAKANA
    surname = next((name for name in SURNAMES if text.startswith(name)), None)
    if surname is None:
        return False
    given = text[len(surname) :]
    return (
        1 <= len(given) <= 3
        and re.fullmatch(rf"(?:{_KANJI}|[ぁ-ゖァ-ヺー])+", given) is not None
        and not (given.endswith(NOT_GIVEN) or given in NOT_NAME_KANJI)
    )
