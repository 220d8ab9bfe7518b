"""Imitation only: has the adapter learnt how the replies sound, and not what they say? See arXiv 2305.15717.

The gain in log-likelihood from base to adapter on replies to held-out questions is taken apart by token: style
(markers, function words and endings, punctuation, the stop) and content (kanji, katakana, digits, English words that
are no function words). Content tokens become likelier under any training on like replies, for their topics and their
form alone; so what counts is the gain under the reply's own question beyond the gain under another one (`swaps`).
Training on shuffled answers raises style as much as training on true ones, and loses what a question tells.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from loracheck.evaluate.evidence import Evidence
from loracheck.evaluate.policy import Policy
from loracheck.evaluate.questions.material import Material, Questions
from loracheck.evaluate.readings.swaps import Swap, swaps, texts
from loracheck.probes.choices import prefers_right
from loracheck.records import BASE_ARM, Finding, Marker
from loracheck.stats import noninferiority, paired_table
from loracheck.stats.means import Mean, mean_of
from loracheck.style.features import FUNCTION_WORDS

from .check import Check
from .gates import OPEN, unmeasured

CHECK = "imitation"
STYLE_LEARNT = 0.05
"""Nats a style token by which style must clearly have become likelier to speak of imitation."""
_LEAST_REPLIES = 20
_CONTENT = re.compile(r"[一-鿿々〆ァ-ヿｦ-ﾟー\d]+|[A-Za-zÀ-ɏ][A-Za-zÀ-ɏ'’-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gains:
    """Gains in nats a token from base to adapter; their n are rows, whose tokens are not independent."""

    style: Mean
    content: Mean
    own_content: Mean
    """Of content under the own question, beyond the same under another one."""
    worst: tuple[str, ...]
    """Probes by what their question tells less than before, the most first."""


def imitation(evidence: Evidence, adapter: str, policy: Policy) -> Finding:
    """Check that an adapter that took on the style did not lose what questions tell of the content of replies."""
    scored = swaps(evidence, (BASE_ARM, adapter))
    if len(scored[adapter]) < _LEAST_REPLIES:
        return unmeasured(CHECK, adapter, "needs_probes")
    gains = measured_gains(scored[BASE_ARM], scored[adapter], evidence.markers)
    limit = -policy.margin_nats(CHECK)
    p_fail = max(gains.style.above(STYLE_LEARNT), gains.own_content.below(limit))
    p_pass = min(1.0, 2 * min(gains.style.below(STYLE_LEARNT), gains.own_content.above(limit)))
    better = knows_more(evidence, adapter, policy.alpha)
    flagged = p_fail < policy.alpha and not better
    return Finding(
        check=CHECK,
        adapter=adapter,
        required=True,
        status="inconclusive",
        reason=OPEN,
        estimates=(
            gains.own_content.estimate("own_content"),
            gains.content.estimate("content_gain"),
            gains.style.estimate("style_gain"),
        ),
        threshold=limit,
        p_pass=p_pass,
        p_fail=1.0 if better else p_fail,
        n_needed=gains.own_content.items_to_settle(limit, policy.alpha),
        evidence=gains.worst,
        values={"imitation_only": flagged, "knows_more": better, "replies": len(scored[adapter])},
    )


def measured_gains(base: Sequence[Swap], tuned: Sequence[Swap], markers: Sequence[Marker]) -> Gains:
    """Measure the gains on the same replies, token by token."""
    found: dict[str, list[tuple[float, str]]] = {"style": [], "content": [], "own": []}
    lost: dict[str, float] = {}
    for before, after in zip(base, tuned, strict=True):
        row = after.probe.id
        for place, carries in enumerate(content_tokens(after.own.tokens, markers)):
            gain = after.own.logprobs[place] - before.own.logprobs[place]
            if not carries:
                found["style"].append((gain, row))
                continue
            beyond = gain - (after.other.logprobs[place] - before.other.logprobs[place])
            found["content"].append((gain, row))
            found["own"].append((beyond, row))
            lost[row] = lost.get(row, 0.0) - beyond
    style, content, own = (_mean(found[kind]) for kind in ("style", "content", "own"))
    worst = tuple(sorted((row for row in lost if lost[row] > 0), key=lambda row: -lost[row]))
    return Gains(style=style, content=content, own_content=own, worst=worst)


def content_tokens(tokens: Sequence[str], markers: Sequence[Marker]) -> list[bool]:
    """Tell which tokens of a reply carry content; the last one, its stop, never does."""
    text = "".join(tokens[:-1])
    carries = [False] * len(text)
    for word in _CONTENT.finditer(text):
        if unicodedata.normalize("NFKC", word[0]).casefold().replace("’", "'") not in FUNCTION_WORDS:
            carries[word.start() : word.end()] = [True] * (word.end() - word.start())
    for start, end in _marked(text, markers):
        carries[start:end] = [False] * (end - start)
    found, at = [], 0
    for token in tokens[:-1]:
        found.append(any(carries[at : at + len(token)]))
        at += len(token)
    return [*found, False]


def knows_more(evidence: Evidence, adapter: str, alpha: float) -> bool:
    """Tell whether the adapter clearly ranks more factual questions right than the base; False where none was asked."""
    facts = [probe for probe in evidence.suite("facts") if probe.expected is not None]
    ranked = evidence.ranked(adapter, facts)
    base, tuned = (
        [prefers_right(evidence.choices[arm, probe.id], plain_only=True) for probe in ranked]
        for arm in (BASE_ARM, adapter)
    )
    return bool(ranked) and noninferiority(paired_table(base, tuned), 0.0)[0] < alpha


def _mean(gains: Sequence[tuple[float, str]]) -> Mean:
    rows = [row for _, row in gains]
    return replace(mean_of([gain for gain, _ in gains], rows), n=len(set(rows)))


def _marked(text: str, markers: Sequence[Marker]) -> list[tuple[int, int]]:
    """Return where markers stand in a text; forms such as casing have no place."""
    folded = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)  # keeps places as they are
    spans = []
    for marker in markers:
        words = re.split(r"\s+", marker.text)
        if marker.kind == "form" or not marker.text:
            continue
        pattern = r"[^\w]+".join(re.escape(word) for word in words)
        if marker.kind == "ending":
            pattern += r"(?=[\W_ー]*(?:$|[。！？!?.\n]))"
        spans += [match.span() for match in re.finditer(pattern, folded)]
    return spans


def _asks(material: Material) -> Questions:
    return Questions(
        texts=texts(material.in_domain), rank=material.suite("facts"), base_only=material.training
    )


IMITATION = Check(
    name=CHECK,
    measure=imitation,
    asks=_asks,
    needs=("likelihoods",),
)
