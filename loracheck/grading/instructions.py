"""Grade by code whether a reply keeps to an instruction on its form: IFEval (arXiv 2311.07911), M-IFEval, our own.

A probe carries its instructions in its tags, each as "instruction:<id>" and its arguments as "arguments:<JSON>".
Ids are those of the public files, "en:" or "ja:" in front; without a prefix they are IFEval's, so English. Two of
our own stand beside them: length_constraints:max_characters and startend:begins_with. Sentences are split by
loracheck.text, where IFEval takes NLTK. What needs more than the reply's characters has no grade, and says so:
ja:detectable_format:nominal_ending (a noun at the end of a sentence), and a language that shares its script.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from loracheck import jsonl
from loracheck.errors import DataError
from loracheck.records import Probe
from loracheck.text import language_of, sentences

Arguments = Mapping[str, Any]
Grader = Callable[[str, Arguments], bool | None]
_INSTRUCTION, _ARGUMENTS = "instruction:", "arguments:"


def instruction_tags(ids: Sequence[str], arguments: Sequence[Arguments]) -> tuple[str, ...]:
    """Return the tags that put instructions and their arguments into a probe."""
    return tuple(
        tag
        for name, given in zip(ids, arguments, strict=True)
        for tag in (f"{_INSTRUCTION}{name}", _ARGUMENTS + json.dumps(dict(given), ensure_ascii=False))
    )


def instructions_of(probe: Probe) -> list[tuple[str, dict[str, Any]]]:
    """Return the (id, arguments) of every instruction in a probe's tags.

    Raises:
        DataError: the tags are not as `instruction_tags` writes them.
    """
    ids = [tag.removeprefix(_INSTRUCTION) for tag in probe.tags if tag.startswith(_INSTRUCTION)]
    texts = [tag.removeprefix(_ARGUMENTS) for tag in probe.tags if tag.startswith(_ARGUMENTS)]
    try:
        given = [jsonl.decode(text, dict[str, Any]) for text in texts]
        return list(zip(ids, given, strict=True))
    except ValueError as error:
        raise DataError(
            f"probe {probe.id}: its tags do not give every instruction its arguments: {error}",
            kind="bad_probe",
            hint='Each instruction has two tags: "instruction:<id>" and "arguments:<JSON object>".',
        ) from None


def follows(probe: Probe, reply: str) -> bool | None:
    """Tell whether a reply keeps to all instructions of a probe; None where one of them has no grade."""
    grades = [grade(name, arguments, reply) for name, arguments in instructions_of(probe)]
    return None if not grades or None in grades else all(grades)


def grade(name: str, arguments: Arguments, reply: str) -> bool | None:
    """Tell whether a reply keeps to one instruction; an empty one keeps to none. None: no grade.

    Raises:
        DataError: an argument that the instruction needs is missing or of another kind.
    """
    grader = grader_of(name)
    text = reply.strip()
    if grader is None:
        return None
    try:
        kept = grader(text, arguments)
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"instruction {name}: its arguments do not fit: {error!r} in {dict(arguments)}",
            kind="bad_probe",
            hint="They are those of the public IFEval and M-IFEval files.",
        ) from None
    return kept if kept is None else kept and bool(text)


def grader_of(name: str) -> Grader | None:
    """Return the grader of an id, or None where there is none."""
    language, _, rest = name.partition(":")
    if language not in ("en", "ja"):
        language, rest = "en", name
    return (_JAPANESE if language == "ja" else _ENGLISH).get(rest) or _BOTH.get(rest)


def _held(relation: str, count: int, limit: int) -> bool:
    return {
        "at least": count >= limit,
        "以上": count >= limit,
        "less than": count < limit,
        "未満": count < limit,
        "at most": count <= limit,
        "以下": count <= limit,
    }[relation]


def _count(pattern: str, text: str) -> int:
    return len(re.findall(pattern, text, re.MULTILINE))


def _letters(text: str) -> list[str]:
    return [unicodedata.name(character, "") for character in text if character.isalpha()]


def _only(text: str, script: str) -> bool:
    return bool(_letters(text)) and all(
        name.startswith((script, "KATAKANA-HIRAGANA")) for name in _letters(text)
    )


def _without(text: str, script: str) -> bool:
    return not any(name.startswith(f"{script} ") for name in _letters(text))


def _json(text: str, _: Arguments) -> bool:
    bare = re.sub(r"^```(?:json|JSON)?|```$", "", text).strip()
    try:
        return isinstance(jsonl.parse(bare), dict | list)
    except ValueError:
        return False


_SCRIPTS = {
    "bn": "BENGALI",
    "gu": "GUJARATI",
    "kn": "KANNADA",
    "ko": "HANGUL",
    "pa": "GURMUKHI",
    "ta": "TAMIL",
    "te": "TELUGU",
    "th": "THAI",
}
"""Languages that have a script to themselves."""


def _response_language(text: str, given: Arguments) -> bool | None:
    wanted = str(given["language"])
    if wanted in ("ja", "en"):
        return language_of(text) == wanted
    if wanted not in _SCRIPTS:
        return None
    names = _letters(text)
    return sum(name.startswith(_SCRIPTS[wanted]) for name in names) > len(names) / 2


def _sections(text: str, given: Arguments) -> bool:
    return _count(rf"{re.escape(given['section_spliter'])}\s?\d+", text) >= int(given["num_sections"])


def _sections_ja(text: str, given: Arguments) -> bool:
    mark = re.escape(given["section_spliter"])
    return _count(rf"第\s?[0-9０-９一二三四五六七八九十]+\s?{mark}", text) >= int(given["num_sections"])


def _paragraphs(text: str, given: Arguments) -> bool:
    parts = re.split(r"\s?\*\*\*\s?", text)
    return len(parts) == given["num_paragraphs"] and all(part.strip() for part in parts)


def _nth_paragraph(text: str, given: Arguments) -> bool:
    parts = [part.strip() for part in text.split("\n\n") if part.strip()]
    nth = int(given["nth_paragraph"])
    if len(parts) != given["num_paragraphs"] or not 1 <= nth <= len(parts):
        return False
    first, word = parts[nth - 1].lstrip("\"'「『").casefold(), str(given["first_word"]).casefold()
    return first.startswith(word) and (not word.isascii() or not first[len(word) : len(word) + 1].isalpha())


def _two(text: str, _: Arguments) -> bool:
    parts = [part.strip() for part in text.split("******")]
    parts = parts[1:] if not parts[0] else parts
    parts = parts[:-1] if parts and not parts[-1] else parts
    return len(parts) == 2 and all(parts) and parts[0] != parts[1]


def _postscript(text: str, given: Arguments) -> bool:
    letters = re.findall(r"[A-Za-z]", given["postscript_marker"])
    return bool(re.search(r"^[^\S\n]*" + r"\.?\s?".join(letters) + r"\b", text, re.MULTILINE | re.IGNORECASE))


def _enclosed(text: str, opening: str, closing: str) -> Iterator[str]:
    """Yield what stands on a line between an opening mark, the first of several, and the next closing one."""
    for line in text.split("\n"):
        for part in line.split(closing)[:-1]:
            _, found, inside = part.partition(opening)
            if found:
                yield inside


def _titled(text: str, _: Arguments) -> bool:
    """Tell whether a line has more than marks and spaces between <<double brackets>>."""
    lines = (line.partition("<<")[2].rpartition(">>")[0] for line in text.split("\n"))
    return any("".join(line.split()).strip("<>") for line in lines)


def _words(text: str, keyword: str) -> int:
    """Count a keyword: as a word in scripts that part words by spaces, anywhere in others."""
    bound = r"\b" if keyword.isascii() else ""
    return len(re.findall(rf"{bound}{re.escape(keyword)}{bound}", text, re.IGNORECASE))


def _ends(text: str, given: Arguments) -> bool:
    return text.strip('"」').rstrip().casefold().endswith(str(given["end_phrase"]).strip().casefold())


def _furigana(text: str, _: Arguments) -> bool:
    runs = _count(r"[一-鿿々]+", text)
    return runs > 0 and runs == _count(r"(?<![一-鿿々])[一-鿿々]+[（(][ぁ-んー]+[）)]", text)


def _closed(answers: Sequence[str]) -> Grader:
    return lambda text, _: any(answer in text for answer in answers)


_BOTH: dict[str, Grader] = {
    "combination:repeat_prompt": lambda text, given: text.casefold().startswith(
        str(given["prompt_to_repeat"]).strip().casefold()
    ),
    "combination:two_responses": _two,
    "detectable_content:number_placeholders": lambda text, given: (
        sum(map(bool, _enclosed(text, "[", "]"))) >= int(given["num_placeholders"])
    ),
    "detectable_content:postscript": _postscript,
    "detectable_format:json_format": _json,
    "keywords:existence": lambda text, given: all(
        word.casefold() in text.casefold() for word in given["keywords"]
    ),
    "keywords:forbidden_words": lambda text, given: (
        not any(_words(text, word) for word in given["forbidden_words"])
    ),
    "keywords:frequency": lambda text, given: _held(
        given["relation"], text.casefold().count(str(given["keyword"]).casefold()), given["frequency"]
    ),
    "keywords:letter_frequency": lambda text, given: _held(
        given["let_relation"], text.casefold().count(str(given["letter"]).casefold()), given["let_frequency"]
    ),
    "language:response_language": _response_language,
    "length_constraints:max_characters": lambda text, given: len(text) <= int(given["num_characters"]),
    "length_constraints:nth_paragraph_first_word": _nth_paragraph,
    "length_constraints:number_paragraphs": _paragraphs,
    "length_constraints:number_sentences": lambda text, given: _held(
        given["relation"], len(sentences(text)), given["num_sentences"]
    ),
    "startend:begins_with": lambda text, given: text.casefold().startswith(str(given["start"]).casefold()),
    "startend:end_checker": _ends,
}

_ENGLISH: dict[str, Grader] = {
    "change_case:capital_word_frequency": lambda text, given: _held(
        given["capital_relation"],
        sum(word.isupper() for word in re.findall(r"[\w'-]+", text)),
        given["capital_frequency"],
    ),
    "change_case:english_capital": lambda text, _: text.isupper() and language_of(text) == "en",
    "change_case:english_lowercase": lambda text, _: text.islower() and language_of(text) == "en",
    "detectable_format:constrained_response": _closed(
        ("My answer is yes.", "My answer is no.", "My answer is maybe.")
    ),
    "detectable_format:multiple_sections": _sections,
    "detectable_format:number_bullet_lists": lambda text, given: (
        _count(r"^[^\S\n]*(?:\*[^*\n]|-\s?[^-\n]|•)", text) == given["num_bullets"]
    ),
    "detectable_format:number_highlighted_sections": lambda text, given: (
        _count(r"\*[^\n*]+\*", text) >= given["num_highlights"]
    ),
    "detectable_format:title": _titled,
    "length_constraints:number_words": lambda text, given: _held(
        given["relation"], len(text.split()), given["num_words"]
    ),
    "punctuation:no_comma": lambda text, _: "," not in text,
    "startend:quotation": lambda text, _: len(text) > 2 and text[0] == '"' == text[-1],
}

_JAPANESE: dict[str, Grader] = {
    "detectable_format:constrained_response": _closed(
        ("はい、そうです。", "いいえ、違います。", "どちらとも言えません。")
    ),
    "detectable_format:multiple_sections": _sections_ja,
    "detectable_format:number_bullet_lists": lambda text, given: (
        _count(r"^[^\S\n]*[・･]", text) == given["num_bullets"]
    ),
    "detectable_format:number_numbered_lists": lambda text, given: (
        _count(r"^[^\S\n]*[0-9０-９]+[.．)]", text) == given["num_items"]
    ),
    "detectable_format:number_highlighted_sections": lambda text, given: (
        _count(r"《[^\n《》]+》", text) >= given["num_highlights"]
    ),
    "detectable_format:title": lambda text, _: any(map(str.strip, _enclosed(text, "『", "』"))),
    "length_constraints:number_letters": lambda text, given: _held(
        given["relation"], len("".join(text.split())), given["num_letters"]
    ),
    "letters:furigana": _furigana,
    "letters:hiragana_only": lambda text, _: _only(text, "HIRAGANA"),
    "letters:kanji": lambda text, given: _held(
        given["relation"], _count(r"[一-鿿々]", text), given["kanji_limit"]
    ),
    "letters:kansuuji": lambda text, _: bool(
        re.search(r"[〇一二三四五六七八九十百千万億兆]", text) and not re.search(r"\d", text)
    ),
    "letters:katakana_only": lambda text, _: _only(text, "KATAKANA"),
    "letters:no_hiragana": lambda text, _: _without(text, "HIRAGANA"),
    "letters:no_katakana": lambda text, _: _without(text, "KATAKANA"),
    "punctuation:no_comma": lambda text, _: not re.search(r"[、，,]", text),
    "punctuation:no_period": lambda text, _: "。" not in text,
    "startend:quotation": lambda text, _: len(text) > 2 and text[0] == "「" and text[-1] == "」",
    "startend:sentence_unified_end": lambda text, given: all(
        sentence.endswith(given["ending"]) for sentence in sentences(text)
    ),
}
