"""Words that nobody knows: 「ラクーダ」 for the 「ラクダ」 of the question, or spelt as no word is.

What counts as known is what the other arm says anywhere, every text of the run's probes and of the bundled ones, and
the training replies asked for; a dictionary of katakana words would outweigh all of loracheck. Both arms are read
by the same rule, each against the other, so that a rare but real word is as likely to count against the base; it is the
difference that tells of damage. What is spelt as no word is, near a known one or not, is told by the base's likelihood
where there is one (see `spelling`); the base's own words are likely to itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from functools import lru_cache

from rapidfuzz.distance import OSA

from loracheck.evaluate.evidence import Evidence
from loracheck.evaluate.policy import Policy
from loracheck.evaluate.questions.material import Material, Questions
from loracheck.evaluate.readings.spelling import said_by, unlikely
from loracheck.probes import BUNDLED, TRAINING, bundled
from loracheck.records import BASE_ARM, Finding, Probe, ScoredText
from loracheck.style.features import FUNCTION_WORDS

from .check import Check
from .gates import unmeasured
from .language import NOT_PROSE
from .open_gate import open_gate

NAME = "unknown_words"

_KATAKANA = re.compile(r"[ァ-ヺー]{3,}")
_LATIN = re.compile(r"(?<![^\W_])[A-Za-z]{5,}(?![^\W_])")
_MOST_SHOWN = 20
_FROM_TRAINING = 5
"""Shorter words of the training data are too often one edit from some other real word."""
_LONG_KATAKANA, _LONG_LATIN = 7, 9
"""From these lengths on two edits are close."""
_SHORTEST_STEM = 4
_ENDINGS = re.compile(
    r"(?:'s|ies|es|s|ied|ed|d|ing|ings|er|ers|or|ors|est|ly|y|al|ally|n|ness|ment|ion|ions|ism|ist|ists|ic|ical|e)$"
)
_VARIANTS = (
    ("ヴァ", "バ"),
    ("ヴィ", "ビ"),
    ("ヴェ", "ベ"),
    ("ヴォ", "ボ"),
    ("ヴ", "ブ"),
    ("ティ", "チ"),
    ("ディ", "ジ"),
)
_SMALL = str.maketrans("ァィゥェォッャュョヮ", "アイウエオツヤユヨワ")
_LONG_E = re.compile(r"(?<=[エケセテネヘメレゲゼデベペェ])イ")
_LONG_O = re.compile(r"(?<=[オコソトノホモヨロゴゾドボポォョ])ウ")


def unknown(evidence: Evidence, adapter: str, policy: Policy) -> Finding:
    """Check that answers hold words that nobody knows no more often than the base's."""
    probes = evidence.answered(adapter, evidence.out_of_domain)
    if not probes:
        return unmeasured(NAME, adapter, "needs_probes")
    known = {arm: _known(evidence, arm) for arm in (BASE_ARM, adapter)}
    found = {
        (arm, probe.id): words_found
        for arm, other in ((BASE_ARM, adapter), (adapter, BASE_ARM))
        for probe, words_found in zip(probes, _found(evidence, arm, known[other], probes), strict=True)
    }
    for probe, made_up in _made_up(evidence, adapter, known[BASE_ARM]):
        near = [word for word, _ in found[adapter, probe.id]]
        found[adapter, probe.id] += [(word, "") for word in made_up if word not in near]
    finding = open_gate(NAME, adapter, probes, lambda arm, probe: not found[arm, probe.id], policy)
    shown = [
        {"probe": probe.id, "word": word, "like": model, "base": evidence.text(BASE_ARM, probe)[:200]}
        for probe in probes
        for word, model in found[adapter, probe.id]
    ]
    return replace(
        finding,
        evidence=tuple(dict.fromkeys(str(one["probe"]) for one in shown)),
        values=finding.values | {"words": shown[:_MOST_SHOWN], "examples": _examples(shown)},
    )


def answers_to_spell(evidence: Evidence, adapter: str) -> list[ScoredText]:
    """Return the open answers of an adapter that hold a word the base does not use, for the base to score."""
    return [
        ScoredText(probe=probe, text=evidence.text(adapter, probe), kind=said_by(adapter))
        for probe, _ in _not_known(evidence, adapter, _known(evidence, BASE_ARM))
    ]


def _made_up(evidence: Evidence, adapter: str, known: AbstractSet[str]) -> Iterator[tuple[Probe, list[str]]]:
    """Yield the open answers that were scored, each with its words that are spelt as none is."""
    for probe, strange in _not_known(evidence, adapter, known):
        scores = evidence.tokens.get((BASE_ARM, probe.id, said_by(adapter)))
        if scores is not None:
            cut_off = evidence.completions[adapter, probe.id].finish_reason == "length"
            yield probe, unlikely(strange, scores, cut_off=cut_off)


def _not_known(
    evidence: Evidence, adapter: str, known: AbstractSet[str]
) -> Iterator[tuple[Probe, list[str]]]:
    """Yield the open questions with the words of an adapter's answer that neither base nor probes hold."""
    for probe in evidence.answered(adapter, evidence.open_questions):
        strange = _strange(evidence.text(adapter, probe), known)
        if strange:
            yield probe, strange


def _found(
    evidence: Evidence, arm: str, known: AbstractSet[str], probes: Sequence[Probe]
) -> list[list[tuple[str, str]]]:
    """Return the unknown words of each answer of an arm, read against everything the other arm says."""
    learnt = {word for probe in evidence.suite(TRAINING) for word in words(probe.reference or "")}
    models = sorted(word for word in learnt if not word.isascii() and len(word) >= _FROM_TRAINING)
    return [
        unknown_words(evidence.text(arm, probe), known, [*words(probe.prompt), *models]) for probe in probes
    ]


def _known(evidence: Evidence, arm: str) -> AbstractSet[str]:
    """Return the stems of what an arm says anywhere, and of every text of the probes."""
    said = (completion.text for (name, _), completion in evidence.completions.items() if name == arm)
    known = bundled_vocabulary() | vocabulary(text for probe in evidence.probes for text in texts_of(probe))
    return known | vocabulary(said)


def _examples(shown: Sequence[dict[str, str]]) -> str:
    named = (f"{one['word']} ({one['like']})" if one["like"] else str(one["word"]) for one in shown)
    return ", ".join(list(dict.fromkeys(named))[:3]) or "-"


def words(text: str) -> list[str]:
    """Return the katakana words of at least three letters and the Latin ones of at least five, code left aside."""
    plain = NOT_PROSE.sub(" ", unicodedata.normalize("NFKC", text))
    return [*_KATAKANA.findall(plain), *(word.lower() for word in _LATIN.findall(plain))]


def vocabulary(texts: Iterable[str]) -> frozenset[str]:
    """Return the words of texts, as stems, so that another form of a known word is known."""
    return frozenset(_stem(word) for text in texts for word in words(text))


@lru_cache(maxsize=1)
def bundled_vocabulary() -> frozenset[str]:
    """Return the words of every bundled probe, its answers included."""
    return vocabulary(text for probe in bundled(BUNDLED) for text in texts_of(probe))


def texts_of(probe: Probe) -> list[str]:
    """Return every text of a probe: what is asked, what is right and wrong, and the reference."""
    expected = [*probe.expected.answers, *probe.expected.wrong] if probe.expected else []
    return [probe.prompt, *expected, probe.reference or ""]


def unknown_words(answer: str, known: AbstractSet[str], models: Sequence[str]) -> list[tuple[str, str]]:
    """Return (word, its model) of an answer's words that are not known but close to one of the models."""
    found: dict[str, str] = {}
    for word in _strange(answer, known):
        near = next((model for model in models if _close(word, model)), None)
        if near is not None:
            found[word] = near
    return list(found.items())


def _strange(answer: str, known: AbstractSet[str]) -> list[str]:
    """Return an answer's words that are not known, in no form, each once."""
    return [
        word
        for word in dict.fromkeys(words(answer))
        if not (
            _stem(word) in known
            or word in FUNCTION_WORDS
            or (word.endswith("in") and _stem(f"{word}g") in known)  # talk: cookin'
        )
    ]


def _stem(word: str) -> str:
    """Return what two spellings or inflections of one word share."""
    if word.isascii():
        word, previous = word.replace("our", "or").replace("z", "s"), ""
        word = re.sub(r"men$", "man", re.sub(r"tre$", "ter", word))
        while word != previous:
            previous, shorter = word, _ENDINGS.sub("", word)
            word = shorter if len(shorter) >= _SHORTEST_STEM else word
        return word
    for old, new in _VARIANTS:
        word = word.replace(old, new)
    word = _LONG_O.sub("ー", _LONG_E.sub("ー", word.translate(_SMALL)))
    return word.rstrip("ー")


def _close(word: str, model: str) -> bool:
    """Tell whether a word is a slip of another: begun alike, one edit apart or two if long, and no other form of it."""
    latin = word.isascii()
    if latin != model.isascii() or word[0] != model[0]:
        return False
    if not latin:
        word, model = _stem(word), _stem(model)
    short, long = sorted((word, model), key=len)
    if long.startswith(short) and (not latin or _ENDINGS.fullmatch(long[len(short) :])):
        return False
    allowed = 2 if len(long) >= (_LONG_LATIN if latin else _LONG_KATAKANA) else 1
    return OSA.distance(word, model, score_cutoff=allowed) <= allowed


def _asks(material: Material) -> Questions:
    return Questions(
        short=(*material.suite("facts"), *material.suite("forms")),
        open=material.suite("open"),
        base_only=material.training,
    )


UNKNOWN_WORDS = Check(
    name=NAME,
    measure=unknown,
    asks=_asks,
    asks_base=answers_to_spell,
    tests=("paired",),
    faults=True,
)
