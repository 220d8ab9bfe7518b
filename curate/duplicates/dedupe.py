"""Exact and near duplicates and what resembles them, compared field by field.

Similarity of the joined row is the wrong notion for instruction data: of what it flags on real sets most are the
same question with another answer, or the same passage with another question. Here two rows are one only when
context, question and reply are all alike and they do not differ in slots (numbers, names) only. What most replies say
whatever is asked (see `frame`) does not make them alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from loracheck.curate.config import DedupeConfig
from loracheck.curate.fields import Fields, folded
from loracheck.records.curation import ThresholdCurve
from loracheck.text import letters

from .candidates import candidate_pairs
from .families import Sibling, cap_families
from .frame import Frame, learn_frame, learnt_replies
from .sketch import digest, equal_groups, sketch_rows
from .slots import differing_slots

GroupKind = Literal["conflict", "same_reply", "paraphrase", "same_passage", "template_family", "statement"]
THRESHOLDS = (0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
_PARAPHRASE_QUESTION = 0.5
_FRAME_SHARE = 0.2
_SHORTEST = 12
_BLOCK = 100_000
"""Characters of a field below which one edit makes another word, so that only the same letters are alike."""
_LEAST_PASSAGE = 40
_LEAST_SHARED_REPLY = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """A row that repeats another: which, and how alike context, question and reply are (1 is equal)."""

    of: int
    kind: Literal["exact", "near"]
    similarities: tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rows that share something; see `loracheck.records.RowGroup`. The first stands for them."""

    kind: GroupKind
    members: tuple[int, ...]
    shared: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicates:
    """What was found, by index: rows to drop with the row they repeat, and groups to look at."""

    duplicates: dict[int, Duplicate]
    groups: list[Group]
    over_family_cap: dict[int, int]
    curve: ThresholdCurve


def find_duplicates(rows: Sequence[Fields], quality: Sequence[float], config: DedupeConfig) -> Duplicates:
    """Find duplicates, each pointing at a better row that stays.

    Clusters are stars around the best row, never chains: a row that is like a dropped row only stays. The text is
    fetched from rows in order, once, and again for candidates only.

    Args:
        rows: The fields of every row; may read them from disk.
        quality: Higher is better; of equal rows the earlier is better.
        config: Thresholds.
    """
    frame = learn_frame(learnt_replies(rows), _FRAME_SHARE)
    sketched = sketch_rows(rows, frame)
    order = np.lexsort((np.arange(len(rows)), -np.asarray(quality, dtype=np.float64)))
    rank = np.empty(len(rows), dtype=np.int64)
    rank[order] = np.arange(len(rows))
    found = exact_duplicates(sketched.whole, rank)
    inside = np.ones(len(rows), dtype=bool)
    inside[list(found)] = False
    unique = np.flatnonzero(inside)
    signatures = _moved_up(sketched.signatures, unique)
    pairs = unique[candidate_pairs(signatures, rank[unique].argsort().argsort())]
    compared = _compare_all(rows, pairs, frame, config)
    near = _stars(compared.alike, rank, config.near_duplicate)
    # An exact copy of a row that itself gave way points at the row that stayed.
    duplicates = {place: _follow(match, near) for place, match in found.items()} | near
    left = [place for place in unique.tolist() if place not in near]
    families, over = cap_families(rows, compared.siblings, set(left), rank, config, len(rows))
    groups = [
        *_shared(rows, left, sketched.prompts, sketched.replies, "conflict"),
        *_shared(rows, left, sketched.replies, sketched.prompts, "same_reply"),
        *_passages(rows, left),
        *_paraphrases(rows, compared.paraphrases, set(left)),
        *(Group(kind="template_family", members=f.members, shared=f.shared) for f in families),
    ]
    dropped = tuple(len(_stars(compared.alike, rank, limit)) for limit in THRESHOLDS)
    curve = ThresholdCurve(
        rule="near_duplicate",
        option="dedupe.near_duplicate",
        chosen=config.near_duplicate,
        thresholds=THRESHOLDS,
        dropped=dropped,
    )
    return Duplicates(duplicates=duplicates, groups=groups, over_family_cap=over, curve=curve)


def exact_duplicates(digests: NDArray[np.uint64], rank: NDArray[np.int64]) -> dict[int, Duplicate]:
    """Map every row whose digest, (rows, 2), a better row has to that row."""
    return {
        place: Duplicate(of=best, kind="exact", similarities=(1.0, 1.0, 1.0))
        for best, *others in (group.tolist() for group in equal_groups(digests, rank))
        for place in others
    }


def _moved_up(signatures: NDArray[np.uint32], rows: NDArray[np.int64]) -> NDArray[np.uint32]:
    """Return the signatures of some rows, ascending, in the place of the first ones: a copy would double the memory."""
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK]
        signatures[start : start + len(block)] = signatures[block]
    return signatures[: len(rows)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compared:
    """Pairs by what they turned out to be, the better row first."""

    alike: list[tuple[int, int, tuple[float, float, float]]]
    siblings: list[Sibling]
    paraphrases: list[tuple[int, int]]


def _compare_all(
    rows: Sequence[Fields], pairs: NDArray[np.int64], frame: Frame, config: DedupeConfig
) -> _Compared:
    least = min(*THRESHOLDS, config.near_duplicate)
    compared = _Compared(alike=[], siblings=[], paraphrases=[])
    for one, other in pairs.tolist():
        first, second = rows[one], rows[other]
        similarities = _similarities(frame.folded(first), frame.folded(second), least)
        context, question, reply = similarities
        if min(similarities) >= least:
            if slots := differing_slots(first, second):
                compared.siblings.append(Sibling(one=one, other=other, slots=tuple(slots)))
            else:
                compared.alike.append((one, other, similarities))
        elif reply >= config.near_duplicate and context == 1 and question >= _PARAPHRASE_QUESTION:
            compared.paraphrases.append((one, other))
    return compared


def _similarities(one: Fields, other: Fields, least: float) -> tuple[float, float, float]:
    """Return the normalised edit similarity of each field; 0 stands for anything far below the least."""
    floor = 100 * min(least, _PARAPHRASE_QUESTION)
    context, question, reply = (_similarity(a, b, floor) for a, b in zip(one, other, strict=True))
    return context, question, reply


def _similarity(a: str, b: str, floor: float) -> float:
    if a == b:
        return 1.0
    if min(len(a), len(b)) < _SHORTEST:
        return float(letters(a) == letters(b))
    return fuzz.ratio(a, b, score_cutoff=floor) / 100


def _stars(
    alike: Iterable[tuple[int, int, tuple[float, float, float]]], rank: NDArray[np.int64], limit: float
) -> dict[int, Duplicate]:
    """Give every row that is like a better row which stays to that row."""
    edges: dict[int, list[tuple[int, tuple[float, float, float]]]] = {}
    for one, other, similarities in alike:
        if min(similarities) >= limit:
            edges.setdefault(one, []).append((other, similarities))
            edges.setdefault(other, []).append((one, similarities))
    found: dict[int, Duplicate] = {}
    for centre in sorted(edges, key=lambda place: int(rank[place])):
        if centre in found:
            continue
        for place, similarities in edges[centre]:
            if place not in found and rank[place] > rank[centre]:
                found[place] = Duplicate(of=centre, kind="near", similarities=similarities)
    return found


def _follow(match: Duplicate, near: dict[int, Duplicate]) -> Duplicate:
    if match.of not in near:
        return match
    return near[match.of]


def _shared(
    rows: Sequence[Fields],
    left: Sequence[int],
    shared: NDArray[np.uint64],
    differing: NDArray[np.uint64],
    kind: Literal["conflict", "same_reply"],
) -> list[Group]:
    """Group the rows with the same prompt and other replies, or the same reply and other prompts."""
    inside = np.asarray(left, dtype=np.int64)
    groups = []
    for found in equal_groups(shared[inside], inside):
        places = inside[found].tolist()
        if (differing[places] != differing[places[0]]).any():
            fields = rows[places[0]]
            text = fields.question if kind == "conflict" else fields.reply
            if kind == "conflict" or len(text) >= _LEAST_SHARED_REPLY:
                groups.append(Group(kind=kind, members=tuple(places), shared=text))
    return sorted(groups, key=lambda group: group.members)


def _passages(rows: Sequence[Fields], left: Sequence[int]) -> list[Group]:
    members: dict[bytes, list[int]] = {}
    for place in left:
        if len(context := folded(rows[place]).context) >= _LEAST_PASSAGE:
            members.setdefault(digest(context), []).append(place)
    return [
        Group(kind="same_passage", members=tuple(places), shared=rows[places[0]].context)
        for places in members.values()
        if len(places) > 1
    ]


def _paraphrases(rows: Sequence[Fields], pairs: Iterable[tuple[int, int]], left: set[int]) -> list[Group]:
    members: dict[int, list[int]] = {}
    taken: set[int] = set()
    for one, other in pairs:
        if one in left and other in left and other not in taken and (one not in taken or one in members):
            members.setdefault(one, []).append(other)
            taken |= {one, other}
    return [
        Group(kind="paraphrase", members=(one, *others), shared=rows[one].reply)
        for one, others in members.items()
    ]
