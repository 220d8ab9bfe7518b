"""Exact and near duplicates, compared field by field.

Similarity of the joined row is the wrong notion for instruction data: of what it flags on real sets most are
the same question with another answer. Here two rows are one only when the questions are alike and the replies
are alike and the numbers in them are the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from datasketch import MinHash, MinHashLSH
from rapidfuzz import fuzz

from loracheck.records import Example
from loracheck.text import ngrams, normalise

from .config import CurateConfig

# Rows of a dozen characters: three-grams and a low threshold find candidates, the comparison below decides.
_GRAM = 3
_PERMUTATIONS = 128
_CANDIDATE_JACCARD = 0.4
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """A row that repeats another: the index of the row it repeats, and how alike they are (1 is exact)."""

    of: int
    exact: bool
    prompt_similarity: float
    reply_similarity: float


def find_duplicates(examples: Sequence[Example], config: CurateConfig) -> dict[int, Duplicate]:
    """Map the index of every duplicate to the earlier row that it repeats.

    Every duplicate points at a row that is itself no duplicate: clusters are stars, never chains.
    """
    found: dict[int, Duplicate] = {}
    exact: dict[tuple[str, str], int] = {}
    index = MinHashLSH(threshold=_CANDIDATE_JACCARD, num_perm=_PERMUTATIONS)
    fields = [(normalise(example.prompt), normalise(example.reply)) for example in examples]
    for place, pair in enumerate(fields):
        if pair in exact:
            found[place] = _repeat(fields, place, exact[pair])
            continue
        signature = _signature(pair)
        matches = [
            m for other in index.query(signature) if (m := _compare(fields, place, int(str(other)), config))
        ]
        if matches:
            found[place] = max(matches, key=lambda m: (m.prompt_similarity + m.reply_similarity, -m.of))
            exact[pair] = found[place].of
        else:
            exact[pair] = place
            index.insert(str(place), signature)
    return found


def _repeat(fields: Sequence[tuple[str, str]], place: int, other: int) -> Duplicate:
    """Point an exact copy at the row its twin stands for, which may itself be only nearly the same."""
    prompt, reply = (
        fuzz.ratio(mine, its) / 100 for mine, its in zip(fields[place], fields[other], strict=True)
    )
    same = fields[place] == fields[other]
    return Duplicate(of=other, exact=same, prompt_similarity=prompt, reply_similarity=reply)


def _compare(
    fields: Sequence[tuple[str, str]], place: int, other: int, config: CurateConfig
) -> Duplicate | None:
    (prompt, reply), (other_prompt, other_reply) = fields[place], fields[other]
    if _DIGITS.findall(prompt + reply) != _DIGITS.findall(other_prompt + other_reply):
        return None
    prompt_similarity = fuzz.ratio(prompt, other_prompt) / 100
    reply_similarity = fuzz.ratio(reply, other_reply) / 100
    if min(prompt_similarity, reply_similarity) < config.near_duplicate:
        return None
    return Duplicate(
        of=other, exact=False, prompt_similarity=prompt_similarity, reply_similarity=reply_similarity
    )


def _signature(pair: tuple[str, str]) -> MinHash:
    """Sketch both fields; the grams of each carry its name, so that question and reply do not mix."""
    signature = MinHash(num_perm=_PERMUTATIONS)
    signature.update_batch(
        [f"{place}{gram}".encode() for place in (0, 1) for gram in ngrams(pair[place], _GRAM)]
    )
    return signature
