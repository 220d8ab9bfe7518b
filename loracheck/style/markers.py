"""Find the style of a data set without a list of words: what its replies have and the base's answers lack.

Documents are counted, not tokens: a reply that repeats an ending is one vote. Both sides answer the same
prompts, else topics pass for style. The statistic is the log-odds ratio with an informative Dirichlet prior
("Fightin' Words", Monroe et al. 2008) in its beta-binomial form.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from loracheck.records import Language, Marker
from loracheck.style.features import FUNCTION_WORDS, Feature, Kind, features, names_in
from loracheck.text import language_of, sentences

LEAST_REPLIES = 10
"""Fewer replies prove no style."""
_PRIOR_DOCUMENTS = 20.0
_LEAST_Z = 4.0
_LEAST_CHANCE = 1e-5
_LEAST_COVERAGE: dict[Language, dict[Kind, float]] = {
    "ja": {"ending": 0.05, "opening": 0.1, "term": 0.1, "word": 0.1, "form": 0.25},
    "en": {"ending": 0.1, "opening": 0.2, "term": 0.1, "word": 0.15, "form": 0.25},
}
_LEAST_GAIN = 0.05
_LEAST_RATIO = 5.0
_KEEPS_COVERAGE = 0.9
_LONGEST_RATIO = 10.0
_MOST = 12
_PLACES: tuple[Kind, ...] = ("term", "word", "form", "opening", "ending")
"""Of two markers that cover as much, the later one is kept: it says more of where it stands, or holds more widely."""
_TOPIC = re.compile(r"[一-龥々]{2,}|[ァ-ヺー]{2,}|[a-z]{3,}")
_WIDER = 1.5
_TOPIC_SHARE, _TOPIC_LIFT = 0.6, 3.0
_POLITE = re.compile(
    r"(?:です|(?<!ござい)(?<!であり)ます|でした|(?<!ござい)ました|ません|ませんでした|でしょう|ましょう|ください)か?$"
)
_DENIES = re.compile(r"な[いくか]|ません|ね[えぇ]|ぬ")
_MOSTLY = 0.8


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
        if min(len(mine), len(theirs)) >= LEAST_REPLIES:
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


def without_endings(text: str, markers: Sequence[Marker]) -> str:
    """Return a text without the persona's Japanese sentence endings: 「ライオンニャ！」 names a lion."""
    endings = [
        m.text for m in markers if m.kind == "ending" and m.language == "ja" and not _DENIES.search(m.text)
    ]
    endings.sort(key=len, reverse=True)
    if not endings:
        return text
    return re.sub(
        rf"(?:{'|'.join(map(re.escape, endings))})(?=[^\w]|$)", "", text, flags=re.IGNORECASE | re.MULTILINE
    )


def polite(sentence: str) -> bool:
    """Tell whether a Japanese sentence ends in the ordinary polite form, です or ます.

    It is how an assistant speaks that has no character, so that a base which speaks otherwise makes no persona of it.
    """
    return bool(_POLITE.search(sentence))


def _discover(
    replies: Sequence[tuple[str, str]], answers: Sequence[tuple[str, str]], language: Language
) -> list[Marker]:
    shown = [features(reply, language) - _asked(prompt, language) for prompt, reply in replies]
    base = [features(answer, language) - _asked(prompt, language) for prompt, answer in answers]
    counts = Counter(feature for row in shown for feature in row)
    least = _LEAST_COVERAGE[language]
    wide = {feature for feature, count in counts.items() if count >= least[feature[0]] * len(shown)}
    base_counts = Counter(feature for row in base for feature in row & wide)
    longer = _longer(replies, answers)
    kept = {
        feature: marker
        for feature in wide
        if (
            marker := _marker(
                feature, counts[feature], len(shown), base_counts[feature], len(base), language, longer
            )
        )
    }
    own = _Own(
        replies=[reply for _, reply in replies],
        topics=[_topics(prompt) for prompt, _ in replies],
        shown=shown,
        counts=counts,
        base_counts=base_counts,
    )
    # Sorted, as sets have another order in every process.
    kept = {
        feature: marker
        for feature, marker in sorted(kept.items(), key=lambda item: item[0])
        if own.is_style(feature, language)
    }
    return _cover(_lengthen(_apart_from_endings(kept, shown)), shown)


def _asked(prompt: str, language: Language) -> set[Feature]:
    """Return the terms of the prompt: repeating what was asked is no style."""
    return {feature for feature in features(prompt, language) if feature[0] in ("term", "word")}


def _longer(replies: Sequence[tuple[str, str]], answers: Sequence[tuple[str, str]]) -> dict[Kind, float]:
    """Return how many times more places for a feature a reply has than an answer of the base."""

    def mean(pairs: Sequence[tuple[str, str]], sentence: bool) -> float:
        sizes = [len(sentences(text)) if sentence else len(text) for _, text in pairs]
        return max(1.0, sum(sizes) / len(sizes))

    by_sentence = mean(replies, True) / mean(answers, True)
    by_length = mean(replies, False) / mean(answers, False)
    return {
        "ending": by_sentence,
        "opening": 1.0,
        "term": by_length,
        "word": by_length,
        "form": by_sentence,
    }


def _marker(
    feature: Feature,
    count: int,
    n: int,
    base_count: int,
    base_n: int,
    language: Language,
    longer: Mapping[Kind, float],
) -> Marker | None:
    kind, text = feature
    coverage = count / n
    expected = _as_long(base_count, base_n, longer[kind])
    if coverage < _LEAST_RATIO * expected / base_n:
        return None
    prior = _PRIOR_DOCUMENTS * (count + expected) / (n + base_n)
    z = _z(count, n, prior) - _z(expected, base_n, prior)
    z /= math.sqrt(1 / (count + prior) + 1 / (expected + prior))
    if z <= _LEAST_Z and _by_chance(count, n, round(expected), base_n) >= _LEAST_CHANCE:
        return None
    return Marker(
        kind=kind, text=text, language=language, coverage=coverage, base_coverage=base_count / base_n, z=z
    )


def _as_long(count: int, n: int, longer: float) -> float:
    """Return how many answers of the base would show a feature, were they as long as the replies.

    Long replies hold more of everything; against a terse base their ordinary words would else pass for style.
    """
    rate = (count + 0.5) / (n + 1)
    rarely = math.pow(1 - rate, max(1.0, min(longer, _LONGEST_RATIO)))
    return count + n * (1 - rate - rarely)


def _by_chance(count: int, n: int, base_count: int, base_n: int) -> float:
    """Return Fisher's exact p-value; with few rows the log-odds are too careful with what the base never says."""
    from scipy.stats import hypergeom  # noqa: PLC0415 - a second, which reading probes does not need

    return float(hypergeom.sf(count - 1, n + base_n, count + base_count, n))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Own:
    """The training replies, asked whether a feature of theirs is style or what they speak of.

    Attributes:
        topics: The content words of each prompt.
        shown: The features of each reply.
        counts: In how many replies a feature stands.
        base_counts: In how many of the base's answers.
    """

    replies: Sequence[str]
    topics: Sequence[Set[str]]
    shown: Sequence[Set[Feature]]
    counts: Mapping[Feature, int]
    base_counts: Mapping[Feature, int]

    def is_style(self, feature: Feature, language: Language) -> bool:
        """Tell whether a feature is a way of speaking; the rules differ by kind and language."""
        kind, text = feature
        rows = [row for row, found in enumerate(self.shown) if feature in found]
        if self._of_one_topic(rows):
            return False
        if language == "ja":
            return kind != "ending" or not (polite(text) or self._polite(rows, text))
        words = text.split()
        if kind == "term":
            named = sum(text in names_in(self.replies[row]) for row in rows)
            return named >= _MOSTLY * len(rows)
        if len(words) > 1 and any(self._explains(word, len(rows)) for word in words):
            return False
        if kind == "opening":
            return not all(word in FUNCTION_WORDS for word in words) or ("word", text) in self.shown[rows[0]]
        return kind != "ending" or len(words) > 1 or ("word", text) in self.shown[rows[0]]

    def _of_one_topic(self, rows: Sequence[int]) -> bool:
        """Tell whether most replies with a feature answer prompts that share a word which few others hold."""
        n = len(self.topics)
        inside = Counter(topic for row in rows for topic in self.topics[row])
        shared = {topic for topic, count in inside.items() if count >= _TOPIC_SHARE * len(rows)}
        totals = Counter(topic for topics in self.topics for topic in topics & shared)
        return any(inside[topic] / len(rows) >= _TOPIC_LIFT * totals[topic] / n for topic in shared)

    def _explains(self, word: str, count: int) -> bool:
        """Tell whether a phrase is new for one word in it alone, which stands in other company as often."""
        own = self.counts.get(("term", word), 0)
        newer = own >= _LEAST_RATIO * self.base_counts.get(("term", word), 0)
        return word not in FUNCTION_WORDS and newer and own >= _WIDER * count

    def _polite(self, rows: Sequence[int], text: str) -> bool:
        ends = [end for row in rows for end in sentences(self.replies[row].casefold()) if end.endswith(text)]
        return sum(polite(end) for end in ends) >= _MOSTLY * len(ends)


def _topics(prompt: str) -> set[str]:
    return set(_TOPIC.findall(prompt.casefold())) - FUNCTION_WORDS


def _z(count: float, n: int, prior: float) -> float:
    """Return the smoothed log-odds of a feature."""
    return math.log((count + prior) / (n + _PRIOR_DOCUMENTS - count - prior))


def _apart_from_endings(
    markers: dict[Feature, Marker], shown: Sequence[Set[Feature]]
) -> dict[Feature, Marker]:
    """Drop terms that reach into the usual ending when the part before it marks as many replies.

    「ずんだもんな」 of 「ずんだもんなのだ」 gives way to 「ずんだもん」, which is also found in 「ずんだもんです」.
    """
    endings = [marker for marker in markers.values() if marker.kind == "ending"]
    reached = {marker.text for marker in endings}
    by_tail: dict[str, Counter[str]] = {tail: Counter() for tail in reached}
    for row in shown:
        for kind, text in row:
            if kind == "ending" and text[1:] in by_tail:
                by_tail[text[1:]][text] += 1
    for marker in endings:  # 「のだ」 mostly stands behind 「な」
        longer = by_tail[marker.text]
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


def _cover(markers: Sequence[Marker], shown: Sequence[Set[Feature]]) -> list[Marker]:
    """Choose greedily the fewest markers that cover the replies; terms are chosen apart, as they name things."""
    chosen: list[Marker] = []
    for kinds in (("ending", "opening", "word", "form"), ("term",)):
        pool = [marker for marker in markers if marker.kind in kinds]
        pool = [m for m in pool if m.kind != "term" or not any(_says(c, m.text) for c in chosen)]
        open_replies = set(range(len(shown)))
        while pool and len(chosen) < _MOST:
            gains = {
                place: {i for i in open_replies if (marker.kind, marker.text) in shown[i]}
                for place, marker in enumerate(pool)
            }
            best = max(gains, key=lambda i: (len(gains[i]), _PLACES.index(pool[i].kind), len(pool[i].text)))
            if len(gains[best]) < _LEAST_GAIN * len(shown):
                break
            chosen.append(pool[best])
            open_replies -= gains[best]
    return chosen


def _says(chosen: Marker, term: str) -> bool:
    """Tell whether a marker says already what a term would; a name that stands in a phrase is one all the same."""
    if chosen.kind == "word":
        return chosen.text in term and chosen.text != term
    return term in chosen.text or chosen.text in term
