"""Which answers are the same but for their wording.

Two answers are near-same when their character 3-grams overlap by more than 0.8 (Jaccard), or their content words by
more than 0.6: runs of kanji, katakana, digits and Latin letters that are no function word and do not stand in the
question. 「森でどんぐりを拾うのだ。」 and 「ぼくは森の中でいっぱい拾ったのだ！」 say one thing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from loracheck.style.features import FUNCTION_WORDS
from loracheck.text import letters, ngrams

NEAR = 0.8
WORDS_NEAR = 0.6
PROMPTS_APART = 0.3
_WORD = re.compile(r"[一-鿿々〆]+|[ァ-ヿー]+|\d+|[a-z][a-z'’-]*")

Pairs = NDArray[np.bool_]


def near_same(answers: Sequence[str], prompts: Sequence[str]) -> Pairs:
    """Return which answers are near-same, (answers, answers); each is the same as itself."""
    grams = _jaccard([ngrams(letters(answer), 3) for answer in answers])
    words = [_words(answer) - _words(prompt) for answer, prompt in zip(answers, prompts, strict=True)]
    told = np.array([bool(found) for found in words])
    same = grams > NEAR
    same |= (_jaccard(words) > WORDS_NEAR) & told[:, None] & told[None, :]
    silent = np.array([not letters(answer) for answer in answers])
    same |= silent[:, None] & silent[None, :]
    np.fill_diagonal(same, True)
    return same


def apart(prompts: Sequence[str]) -> Pairs:
    """Return which prompts ask for different things, (prompts, prompts): their 3-grams hardly overlap."""
    return _jaccard([ngrams(letters(prompt), 3) for prompt in prompts]) < PROMPTS_APART


def _words(text: str) -> set[str]:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return {word for word in _WORD.findall(folded) if word not in FUNCTION_WORDS}


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
