"""Which answers are the same but for their wording.

Two answers are near-same when their character 3-grams overlap by more than 0.8 (Jaccard), or their content words by
more than 0.6: runs of kanji, katakana, digits and Latin letters that are no function word and do not stand in the
question. 「森でどんぐりを拾うのだ。」 and 「ぼくは森の中でいっぱい拾ったのだ！」 say one thing.

A way of speaking is no answer: "Arrr, it be Paris, matey!" and "Arrr, it be a tiger, matey!" are two. What stands in
most of the right answers, which say different things, is a way of speaking and left out.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from loracheck.style.features import FUNCTION_WORDS
from loracheck.text import letters, ngrams

NEAR = 0.8
WORDS_NEAR = 0.6
PROMPTS_APART = 0.3
_LEAST_RIGHT = 8
"""Fewer right answers do not tell a way of speaking from the one answer that was right by chance."""
_WORD = re.compile(r"[一-鿿々〆]+|[ァ-ヿー]+|\d+|[a-z][a-z'’-]*")

_NONE: frozenset[str] = frozenset()

Pairs = NDArray[np.bool_]


def near_same(
    answers: Sequence[str],
    prompts: Sequence[str],
    languages: Sequence[str],
    right: Sequence[bool],
) -> Pairs:
    """Return which answers are near-same, (answers, answers); each is the same as itself.

    Args:
        answers: What was answered.
        prompts: The question of each.
        languages: The language of each, as a way of speaking belongs to one.
        right: Which are right, so that the way of speaking shows.
    """
    folded = [letters(answer) for answer in answers]
    grams = [frozenset(ngrams(text, 3)) for text in folded]
    said, asked = [words_told(answer) for answer in answers], [words_told(prompt) for prompt in prompts]
    words = [own - given for own, given in zip(said, asked, strict=True)]
    manners = [_manners(features, languages, right) for features in (grams, words)]
    grams = [own - manners[0].get(of, _NONE) or own for own, of in zip(grams, languages, strict=True)]
    # An answer in the question's words and a manner tells nothing; one that is manner alone is what it says.
    words = [
        own - manners[1].get(of, _NONE) or (_NONE if all_of_it & given else own)
        for own, all_of_it, given, of in zip(words, said, asked, languages, strict=True)
    ]
    some = np.array([bool(found) for found in words], dtype=bool)
    same = _jaccard(grams) > NEAR
    same |= (_jaccard(words) > WORDS_NEAR) & some[:, None] & some[None, :]
    silent = np.array([not text for text in folded], dtype=bool)
    same |= silent[:, None] & silent[None, :]
    np.fill_diagonal(same, True)
    return same


def manner(spoken: Sequence[AbstractSet[str]]) -> frozenset[str]:
    """Return what stands in most of some right answers; nothing where they are too few to tell."""
    if len(spoken) < _LEAST_RIGHT:
        return frozenset()
    counts = Counter(feature for features in spoken for feature in features)
    return frozenset(feature for feature, count in counts.items() if count > len(spoken) / 2)


def _manners(
    answers: Sequence[AbstractSet[str]], languages: Sequence[str], right: Sequence[bool]
) -> dict[str, frozenset[str]]:
    """Return the way of speaking in each language."""
    return {
        language: manner(
            [a for a, of, good in zip(answers, languages, right, strict=True) if good and of == language]
        )
        for language in set(languages)
    }


def apart(prompts: Sequence[str]) -> Pairs:
    """Return which prompts ask for different things, (prompts, prompts): their 3-grams hardly overlap."""
    return _jaccard([ngrams(letters(prompt), 3) for prompt in prompts]) < PROMPTS_APART


def words_told(text: str) -> frozenset[str]:
    """Return the words of a text that carry content: kanji, katakana, digits and Latin words, function words not."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return frozenset(word for word in _WORD.findall(folded) if word not in FUNCTION_WORDS)


def _jaccard(sets: Sequence[Iterable[str]]) -> NDArray[np.float64]:
    """Return the overlap of every two sets over their union, (sets, sets); 0 of two empty ones."""
    numbers: dict[str, int] = {}
    rows, columns = [], []
    for row, members in enumerate(sets):
        for member in members:
            rows.append(row)
            columns.append(numbers.setdefault(member, len(numbers)))
    shape = (len(sets), max(1, len(numbers)))
    found = csr_array(
        (np.ones(len(rows)), (np.array(rows, dtype=int), np.array(columns, dtype=int))), shape=shape
    )
    shared = np.asarray((found @ found.T).todense(), dtype=np.float64)
    sizes = shared.diagonal()
    union = sizes[:, None] + sizes[None, :] - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
