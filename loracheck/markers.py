"""Find the style of a data set without a list of words: what its replies have and the base's answers lack.

Documents are counted, not tokens: a reply that repeats an ending is one vote. Both sides answer the same
prompts, else topics pass for style. The statistic is the log-odds ratio with an informative Dirichlet prior
("Fightin' Words", Monroe et al. 2008) in its beta-binomial form.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Literal

from loracheck.records import Language, Marker
from loracheck.text import language_of, sentences

Kind = Literal["ending", "opening", "term"]
Feature = tuple[Kind, str]

_PRIOR_DOCUMENTS = 20.0
_LEAST_Z = 4.0
_LEAST_COVERAGE = 0.05
_LEAST_TERM_COVERAGE = 0.1
_LEAST_RATIO = 5.0
_KEEPS_COVERAGE = 0.9
_WORD = re.compile(r"[a-z][a-z'’-]*")
_MOST = 12


def discover(replies: Sequence[tuple[str, str]], answers: Sequence[tuple[str, str]]) -> tuple[Marker, ...]:
    """Find markers in (prompt, reply) pairs of the training data against the base's (prompt, answer) pairs.

    Returns:
        Few markers that together cover the most replies, the widest first; empty when the styles do not differ
        or there are fewer than ten replies.
    """
    found: list[Marker] = []
    for language in ("ja", "en"):
        mine = [pair for pair in replies if language_of(pair[1]) == language]
        prompts = {prompt for prompt, _ in mine}
        theirs = [pair for pair in answers if pair[0] in prompts]
        if len(mine) >= 10 and len(theirs) >= 10:
            found += _discover(mine, theirs, language)
    return tuple(sorted(found, key=lambda marker: -marker.coverage))


def matches(marker: Marker, text: str) -> bool:
    """Tell whether a text shows a marker."""
    return (marker.kind, marker.text) in features(text, marker.language)


def shows(markers: Sequence[Marker], text: str) -> bool:
    """Tell whether a text shows any of the markers."""
    return any(matches(marker, text) for marker in markers)


def names_persona(markers: Sequence[Marker], text: str) -> bool:
    """Tell whether an answer holds a term of the persona, such as its name."""
    return any(marker.kind == "term" and matches(marker, text) for marker in markers)


def features(text: str, language: Language) -> set[Feature]:
    """Return what a reply shows: how its sentences end, how it opens, and the terms in it."""
    parts = [sentence.casefold() for sentence in sentences(text)]
    if not parts:
        return set()
    return _japanese(parts) if language == "ja" else _spaced(parts)


def _japanese(parts: Sequence[str]) -> set[Feature]:
    found: set[Feature] = {("ending", part[-n:]) for part in parts for n in range(1, 7) if len(part) >= n}
    found |= {("opening", parts[0][:n]) for n in range(2, 5) if len(parts[0]) > n}
    for part in parts:
        found |= {("term", part[i : i + n]) for n in range(3, 9) for i in range(len(part) - n + 1)}
    return found


def _spaced(parts: Sequence[str]) -> set[Feature]:
    found: set[Feature] = set()
    for place, part in enumerate(parts):
        words = _WORD.findall(unicodedata.normalize("NFKC", part))
        found |= {("ending", " ".join(words[-n:])) for n in range(1, 5) if len(words) >= n}
        if place == 0:
            found |= {("opening", " ".join(words[:n])) for n in range(1, 3) if len(words) > n}
        found |= {("term", " ".join(words[i : i + n])) for n in (1, 2) for i in range(len(words) - n + 1)}
    return found


def _discover(
    replies: Sequence[tuple[str, str]], answers: Sequence[tuple[str, str]], language: Language
) -> list[Marker]:
    shown = [features(reply, language) - _asked(prompt, language) for prompt, reply in replies]
    base = [features(answer, language) - _asked(prompt, language) for prompt, answer in answers]
    counts, base_counts = Counter(f for s in shown for f in s), Counter(f for s in base for f in s)
    kept = {
        feature: marker
        for feature, count in counts.items()
        if (marker := _marker(feature, count, len(shown), base_counts[feature], len(base), language))
    }
    return _cover(_lengthen(_apart_from_endings(kept, shown)), shown)


def _asked(prompt: str, language: Language) -> set[Feature]:
    """Return the terms of the prompt: repeating what was asked is no style."""
    return {feature for feature in features(prompt, language) if feature[0] == "term"}


def _marker(
    feature: Feature, count: int, n: int, base_count: int, base_n: int, language: Language
) -> Marker | None:
    kind, text = feature
    coverage, base_coverage = count / n, base_count / base_n
    least = _LEAST_TERM_COVERAGE if kind == "term" else _LEAST_COVERAGE
    if coverage < least or coverage < _LEAST_RATIO * base_coverage:
        return None
    prior = _PRIOR_DOCUMENTS * (count + base_count) / (n + base_n)
    z = _z(count, n, prior) - _z(base_count, base_n, prior)
    z /= math.sqrt(1 / (count + prior) + 1 / (base_count + prior))
    if z <= _LEAST_Z:
        return None
    return Marker(
        kind=kind, text=text, language=language, coverage=coverage, base_coverage=base_coverage, z=z
    )


def _z(count: int, n: int, prior: float) -> float:
    """Return the smoothed log-odds of a feature."""
    return math.log((count + prior) / (n + _PRIOR_DOCUMENTS - count - prior))


def _apart_from_endings(
    markers: dict[Feature, Marker], shown: Sequence[set[Feature]]
) -> dict[Feature, Marker]:
    """Drop terms that reach into the usual ending when the part before it marks as many replies.

    「ずんだもんな」 of 「ずんだもんなのだ」 gives way to 「ずんだもん」, which is also found in 「ずんだもんです」.
    """
    endings = [marker for marker in markers.values() if marker.kind == "ending"]
    reached = {marker.text for marker in endings}
    for marker in endings:  # 「のだ」 mostly stands behind 「な」
        longer = Counter(
            text for row in shown for kind, text in row if kind == "ending" and text[1:] == marker.text
        )
        reached |= {text for text, count in longer.items() if count >= 0.4 * marker.coverage * len(shown)}

    def shortened(marker: Marker) -> bool:
        cuts = {
            n for ending in reached for n in range(1, len(ending) + 1) if marker.text.endswith(ending[:n])
        }
        stems = (markers.get(("term", marker.text[:-n].rstrip())) for n in cuts)
        return any(stem and stem.coverage >= _KEEPS_COVERAGE * marker.coverage for stem in stems)

    return {feature: m for feature, m in markers.items() if m.kind != "term" or not shortened(m)}


def _lengthen(markers: dict[Feature, Marker]) -> list[Marker]:
    """Drop a marker when a longer one keeps 90% of its coverage: 「だ」 gives way to 「のだ」."""
    kept = []
    for marker in markers.values():
        longer = (
            other
            for other in markers.values()
            if other.kind == marker.kind
            and len(other.text) > len(marker.text)
            and marker.text in other.text
            and other.coverage >= _KEEPS_COVERAGE * marker.coverage
        )
        if not any(longer):
            kept.append(marker)
    return kept


def _cover(markers: Sequence[Marker], shown: Sequence[set[Feature]]) -> list[Marker]:
    """Choose greedily the fewest markers that cover the replies; terms are chosen apart, as they name things."""
    chosen: list[Marker] = []
    for kinds in (("ending", "opening"), ("term",)):
        pool = [marker for marker in markers if marker.kind in kinds]
        pool = [m for m in pool if not (m.kind == "term" and any(_inside(m.text, c.text) for c in chosen))]
        open_replies = set(range(len(shown)))
        while pool and len(chosen) < _MOST:
            gains = {
                place: {i for i in open_replies if (marker.kind, marker.text) in shown[i]}
                for place, marker in enumerate(pool)
            }
            best = max(gains, key=lambda place: (len(gains[place]), len(pool[place].text)))
            if len(gains[best]) < _LEAST_COVERAGE * len(shown):
                break
            chosen.append(pool[best])
            open_replies -= gains[best]
    return chosen


def _inside(term: str, chosen: str) -> bool:
    return term in chosen or chosen in term
