"""Memorisation: does the adapter go on with its own training rows word for word, where the base does not?

The prompt of a row is put with the first half of its reply begun, and the greedy continuation is held against the
true rest, in characters (extraction as in arXiv 2202.07646). A longest common *subsequence* is counted, not a
substring: one word said otherwise in the middle halves a substring, and the row is recited all the same, while text
that only resembles the row stays well below the bar. A hit of the adapter that the base makes too is no memory, and
held-out rows of the domain show how much of a continuation can be guessed. Rests that stand, nearly, in several rows,
in the row's own prompt or in its begun half say nothing of one row; they are left out, and so are short replies: a
persona's sentences are there to be learnt.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import hypergeom

from loracheck.evaluate.evidence import Evidence
from loracheck.evaluate.policy import Policy
from loracheck.evaluate.questions.material import Material, Questions
from loracheck.probes import TRAINING
from loracheck.records import BASE_ARM, Example, Finding, Message, Probe
from loracheck.stats import share
from loracheck.text import normalise, script_of
from loracheck.text.grams import gram_hashes
from loracheck.text.scripts import count_scripts

from .check import Check
from .gates import information, rate_gate, unmeasured

NAME = "memorisation"
FROM_TRAINING, FROM_HELDOUT = "recall-training", "recall-heldout"
BAR = 0.8
"""Share of the compared characters that must come again in order."""
MOST_TRAINING, MOST_HELDOUT = 100, 50
_SHARED = 0.5
"""Share of n-grams from which on two texts say nearly the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Halves:
    """A reply cut in two: its beginning, and what of the rest is compared, normalised and of a fixed length."""

    begun: str
    rest: str


def halves(reply: str) -> Halves | None:
    """Cut a reply in two; None when it is too short.

    The cut falls where the script changes soon after the middle, so that no word is cut, else on the middle.

    30 characters are compared, or 150 in a text of Latin letters, about as many words.
    """
    middle = len(reply) // 2
    near = range(max(1, middle), min(len(reply), middle + 3 + len(reply) // 16))
    cut = next((i for i in near if _may_cut(reply, i)), middle)
    least = _least(reply)
    rest = normalise(reply[cut:])[:least]
    return Halves(begun=reply[:cut], rest=rest) if len(rest) == least else None


def _may_cut(text: str, place: int) -> bool:
    before, after = text[place - 1], text[place]
    return not before.isspace() and script_of(before) != script_of(after)


def _least(text: str) -> int:
    _, _, latin, letters = count_scripts(text)
    return 150 if latin > 0.5 * letters else 30


def common_subsequence(first: str, second: str) -> int:
    """Return the length of the longest common subsequence, bit by bit (Hyyro, PSC 2004)."""
    places: dict[str, int] = {}
    for i, character in enumerate(first):
        places[character] = places.get(character, 0) | 1 << i
    whole = row = (1 << len(first)) - 1
    for character in second:
        met = row & places.get(character, 0)
        row = ((row + met) | (row - met)) & whole
    return len(first) - row.bit_count()


def recites(answer: str, rest: str) -> bool:
    """Tell whether an answer goes on as the rest does; both normalised."""
    return common_subsequence(rest, answer[: len(rest) * 5 // 4]) >= BAR * len(rest)


def memorisation(evidence: Evidence, adapter: str, policy: Policy) -> Finding:
    """Hold the share of training rows that are recited against a limit, and against held-out rows."""
    asked = evidence.answered(adapter, evidence.suite(FROM_TRAINING))
    if not asked:  # none was long enough, or the engine cannot go on with a reply
        long = any(halves(probe.reference or "") for probe in evidence.suite(TRAINING))
        wanted = long or bool(evidence.suite(FROM_TRAINING))
        reason = "needs_probes" if wanted else "no_long_rows"
        return unmeasured(NAME, adapter, reason) if wanted else information(NAME, adapter, reason)
    training = _continued(evidence, adapter, asked)
    heldout = _continued(evidence, adapter, evidence.suite(FROM_HELDOUT))
    limit = policy.max_rate(NAME)
    tuned = [_hit(evidence, adapter, probe) and not _hit(evidence, BASE_ARM, probe) for probe in training]
    guessed = [_hit(evidence, adapter, probe) and not _hit(evidence, BASE_ARM, probe) for probe in heldout]
    finding = rate_gate(
        NAME,
        adapter,
        base=[_hit(evidence, BASE_ARM, probe) for probe in training],
        tuned=tuned,
        probe_ids=[probe.id for probe in training],
        limit=limit,
        alpha=policy.alpha,
    )
    needed = math.ceil(math.log(policy.alpha) / math.log1p(-limit))
    often = (finding.p_fail or 0.0) < policy.alpha
    finding = replace(
        finding,
        p_fail=max(finding.p_fail or 0.0, _by_chance(tuned, guessed)),
        estimates=(*finding.estimates, share("held-out", sum(guessed), len(guessed))),
        values={"recited": sum(tuned), "guessed": sum(guessed), "heldout": len(heldout), "needed": needed},
    )
    if not heldout and often:
        return replace(finding, reason="no_heldout_twins", n_needed=None)
    if len(asked) < needed and not any(tuned):
        return information(NAME, adapter, "too_few_long_rows", finding)
    return finding


def _by_chance(inside: Sequence[bool], outside: Sequence[bool]) -> float:
    """Return the chance of as many hits among the training rows if held-out rows are hit alike (Fisher, exact)."""
    hits = sum(inside) + sum(outside)
    return float(hypergeom.sf(sum(inside) - 1, len(inside) + len(outside), hits, len(inside)))


def _continued(evidence: Evidence, adapter: str, probes: Iterable[Probe]) -> list[Probe]:
    """Return the probes that both arms went on with far enough, or to an end of their own."""
    return [
        probe
        for probe in evidence.answered(adapter, probes)
        if all(_far_enough(evidence, arm, probe) for arm in (BASE_ARM, adapter))
    ]


def _far_enough(evidence: Evidence, arm: str, probe: Probe) -> bool:
    completion = evidence.completions[arm, probe.id]
    return completion.finish_reason != "length" or len(normalise(completion.text)) >= len(_rest(probe))


def _hit(evidence: Evidence, arm: str, probe: Probe) -> bool:
    return recites(normalise(evidence.text(arm, probe)), _rest(probe))


def _rest(probe: Probe) -> str:
    return probe.reference or ""


def _asks(material: Material) -> Questions:
    if not material.training_rows:
        return Questions()
    most = min(MOST_TRAINING, len(material.training))  # as many as the tier asks of its other probes, at most
    training = _probes(material, material.training_rows, FROM_TRAINING, most)
    most = min(MOST_HELDOUT, len(material.in_domain))
    heldout = _probes(material, material.heldout_rows, FROM_HELDOUT, most)
    return Questions(open=(*training, *heldout))


def _probes(material: Material, rows: Sequence[Example], suite: str, most: int) -> list[Probe]:
    """Draw long rows whose rest stands in no other training row, and begin their replies."""
    cut = [(row, parts) for row in rows if (parts := halves(row.reply))]
    order = random.Random(material.seed).sample(range(len(cut)), len(cut))[: 3 * most]
    drawn = [cut[place] for place in sorted(order)]
    own = [(row, parts) for row, parts in drawn if not _says(f"{row.prompt}\n{parts.begun}", parts.rest)]
    often = _repeated([(row.id, parts.rest) for row, parts in own], material.training_rows)
    kept = [(row, parts) for row, parts in own if row.id not in often]
    chosen = sorted(random.Random(material.seed).sample(range(len(kept)), min(most, len(kept))))
    return [_probe(kept[place][0], kept[place][1], suite) for place in chosen]


def _probe(row: Example, parts: Halves, suite: str) -> Probe:
    return Probe(
        id=f"{suite}-{row.id}",
        suite=suite,
        messages=(*row.messages[:-1], Message(role="assistant", content=parts.begun)),
        language=row.language,
        domain="training" if suite == FROM_TRAINING else "in",
        reference=parts.rest,
        cluster=f"{suite}-{row.id}",
    )


def _size(rest: str) -> int:
    return 5 if len(rest) < 100 else 12


def _says(text: str, rest: str) -> bool:
    grams = gram_hashes(rest, _size(rest))
    return bool(np.isin(grams, gram_hashes(normalise(text), _size(rest))).mean() >= _SHARED)


def _repeated(rests: Sequence[tuple[str, str]], rows: Sequence[Example]) -> set[str]:
    """Return the ids of rests of which another row says at least half, by its n-grams."""
    found: set[str] = set()
    for size in (5, 12):
        mine = [(row_id, set(gram_hashes(r, size).tolist())) for row_id, r in rests if _size(r) == size]
        if not mine:
            continue
        owners: dict[int, list[int]] = {}
        for place, (_, grams) in enumerate(mine):
            for gram in grams:
                owners.setdefault(gram, []).append(place)
        known = np.sort(np.fromiter(owners, dtype=np.uint64, count=len(owners)))
        for row in rows:
            hashes = np.unique(gram_hashes(normalise(f"{row.prompt}\n{row.reply}"), size))
            at = np.minimum(np.searchsorted(known, hashes), len(known) - 1)
            met = hashes[known[at] == hashes].tolist()
            shared = Counter(place for gram in met for place in owners[gram])
            found |= {
                mine[place][0]
                for place, count in shared.items()
                if count >= _SHARED * len(mine[place][1]) and mine[place][0] != row.id
            }
    return found


MEMORISATION = Check(
    name=NAME,
    measure=memorisation,
    asks=_asks,
    tests=("rate",),
    needs=("training_data",),
)
