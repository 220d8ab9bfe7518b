"""Tell a style that has no dominant ending, a dialect or a politeness, by a logistic regression on masked text.

Content is masked, so that what is spoken of cannot tell the two sides apart: of a Japanese sentence the last six
characters are read, kanji, katakana and digits made alike; of an English one the function words, the endings of
others and the marks. The training replies are held against the base's answers to the same prompts. A classifier is used
only where the folds that it was not fitted on show that it works.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from loracheck.records import Estimate, Language
from loracheck.stats import share
from loracheck.style.features import FUNCTION_WORDS
from loracheck.style.markers import polite
from loracheck.text import language_of, script_of, sentences

LEAST_AUC = 0.8
MANY_ROWS = 100
_LEAST_ROWS = 30
_LEAST_DOCUMENTS = 3
_FOLDS = 5
_PERMUTATIONS = 119
_MOST_CHANCE = 0.01
_TAIL = 6
_GRAMS = range(1, 6)
_MASKS = ((re.compile(r"[一-龥々]+"), "漢"), (re.compile(r"[ァ-ヺー]+"), "カ"), (re.compile(r"\d+"), "0"))
_TOKEN = re.compile(r"['’]?[A-Za-z][A-Za-z'’-]*|[!?…~;:—]")
_SUFFIXES = ("in'", "ing", "ed", "ly", "eth", "est", "s")

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class StyleClassifier:
    """A fitted classifier, and what it does on rows that it was not fitted on.

    Attributes:
        weights: Of each feature.
        auc: Out-of-fold area under the curve, training replies against the base's answers.
        false_positives: Share of the base's answers that it takes for the style, out of fold.
        found: Share of the training replies that it takes for the style, out of fold.
        chance: p-value of a permutation test; None where there are rows enough without one.
    """

    language: Language
    weights: dict[str, float]
    intercept: float
    auc: Estimate
    false_positives: Estimate
    found: Estimate
    chance: float | None

    @property
    def usable(self) -> bool:
        """Tell whether it is proved to tell the style: its interval lies above 0.8, on many rows or by permutation."""
        enough = self.auc.n >= MANY_ROWS or (self.chance is not None and self.chance < _MOST_CHANCE)
        return enough and self.auc.ci_low is not None and self.auc.ci_low > LEAST_AUC

    def fires(self, text: str) -> bool:
        """Tell whether a text is more likely in the style than not; one without any known feature is not."""
        if language_of(text) != self.language:
            return False
        known = [gram for gram in masked_features(text, self.language) if gram in self.weights]
        if not known:
            return False
        return sum(self.weights[gram] for gram in known) / math.sqrt(len(known)) + self.intercept > 0


def masked_features(text: str, language: Language) -> set[str]:
    """Return the features of a text with its content masked."""
    return _japanese(text) if language == "ja" else _english(text)


def _japanese(text: str) -> set[str]:
    """Return the character grams of sentence tails; ordinary polite sentences say nothing of a style."""
    found: set[str] = set()
    for sentence in sentences(text):
        if polite(sentence) or script_of(sentence[-1]) not in ("hiragana", "latin"):
            continue  # a sentence that ends in a noun, such as a point of a list, says nothing either
        for pattern, symbol in _MASKS:
            sentence = pattern.sub(symbol, sentence)
        tail = f"{sentence[-_TAIL:]}$"
        found |= {tail[i : i + n] for n in _GRAMS for i in range(len(tail) - n + 1)}
    return found - {"$"}


def _english(text: str) -> set[str]:
    found: set[str] = set()
    for sentence in re.split(r"(?<=[.!?])\s+|\n+", unicodedata.normalize("NFKC", text)):
        tokens = ["^", *(_masked_word(token) for token in _TOKEN.findall(sentence)), "$"]
        found |= set(tokens) | {" ".join(tokens[i : i + 2]) for i in range(len(tokens) - 1)}
    return found - {"^", "$", "^ $", "_"}


def _masked_word(token: str) -> str:
    """Return a function word or a mark as it stands, of another word its ending."""
    word = token.casefold().replace("’", "'")
    if word in FUNCTION_WORDS or not any(character.isalpha() for character in word):
        return word
    return next((f"_{suffix}" for suffix in _SUFFIXES if word.endswith(suffix)), "_")


def learn(
    replies: Sequence[tuple[str, str]], answers: Sequence[tuple[str, str]], language: Language
) -> StyleClassifier | None:
    """Fit a classifier on (prompt, reply) pairs of the training data against the base's (prompt, answer) pairs.

    Returns:
        The classifier with its figures, usable or not; None with fewer than 30 prompts that both sides answer, or
        where their answers say nothing of a style.
    """
    base = dict(answers)
    pairs = [
        (reply, base[prompt])
        for prompt, reply in dict(replies).items()
        if prompt in base and language_of(reply) == language
    ]
    if len(pairs) < _LEAST_ROWS:
        return None
    documents = [masked_features(text, language) for side in zip(*pairs, strict=True) for text in side]
    counts = Counter(gram for grams in documents for gram in grams)
    vocabulary = sorted(gram for gram, count in counts.items() if count >= _LEAST_DOCUMENTS)
    if not vocabulary:
        return None
    matrix = _matrix(documents, vocabulary)
    labels = np.repeat([1, 0], len(pairs))
    fold = np.tile(np.random.default_rng(0).permutation(len(pairs)) % _FOLDS, 2)
    scores = _out_of_fold(matrix, labels, fold)
    area = auc("auc", scores[labels == 1], scores[labels == 0])
    weights, intercept = _fit(matrix, labels)
    return StyleClassifier(
        language=language,
        weights=dict(zip(vocabulary, weights.tolist(), strict=True)),
        intercept=intercept,
        auc=area,
        false_positives=share("false_positives", int((scores[labels == 0] > 0).sum()), len(pairs)),
        found=share("found", int((scores[labels == 1] > 0).sum()), len(pairs)),
        chance=_chance(matrix, labels, fold, area) if len(pairs) < MANY_ROWS else None,
    )


def _matrix(documents: Sequence[set[str]], vocabulary: Sequence[str]) -> Matrix:
    """Return a row a document of length one, all zero for a document without features."""
    place = {gram: i for i, gram in enumerate(vocabulary)}
    matrix = np.zeros((len(documents), len(vocabulary)))
    for row, grams in enumerate(documents):
        known = [place[gram] for gram in grams if gram in place]
        if known:
            matrix[row, known] = 1 / np.sqrt(len(known))
    return matrix


def _fit(matrix: Matrix, labels: NDArray[np.int64]) -> tuple[Matrix, float]:
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - slow to import, and seldom needed

    model = LogisticRegression(C=10.0, solver="liblinear", random_state=0).fit(matrix, labels)
    return model.coef_[0], float(model.intercept_[0])


def _out_of_fold(matrix: Matrix, labels: NDArray[np.int64], fold: NDArray[np.int64]) -> Matrix:
    """Return the log-odds of each row by the model fitted on the other folds; without features it is no style."""
    scores = np.zeros(len(labels))
    for part in range(_FOLDS):
        inside = fold == part
        weights, intercept = _fit(matrix[~inside], labels[~inside])
        scores[inside] = matrix[inside] @ weights + intercept
    scores[~matrix.any(axis=1)] = -1e3
    return scores


def _chance(
    matrix: Matrix, labels: NDArray[np.int64], fold: NDArray[np.int64], area: Estimate
) -> float | None:
    """Return how often swapping the two sides of prompts at random gives as large an area."""
    if area.value is None or area.ci_low is None or area.ci_low <= LEAST_AUC:
        return None
    random = np.random.default_rng(0)
    n = len(labels) // 2
    reached = 0
    for _ in range(_PERMUTATIONS):
        swap = random.integers(0, 2, n)
        mixed = np.concatenate([swap, 1 - swap])
        scores = _out_of_fold(matrix, mixed, fold)
        reached += (auc("auc", scores[mixed == 1], scores[mixed == 0]).value or 0) >= area.value
    return (reached + 1) / (_PERMUTATIONS + 1)


def auc(name: str, positive: Matrix, negative: Matrix, confidence: float = 0.95) -> Estimate:
    """Estimate the area under the curve with DeLong's interval (Biometrics 44, 1988); n counts pairs of rows."""
    wins = (positive[:, None] > negative[None, :]) + 0.5 * (positive[:, None] == negative[None, :])
    value = float(wins.mean())
    n, m = wins.shape
    variance = float(wins.mean(axis=1).var(ddof=1) / n + wins.mean(axis=0).var(ddof=1) / m)
    half = float(norm.ppf(0.5 + confidence / 2)) * math.sqrt(variance)
    return Estimate(
        name=name,
        value=value,
        ci_low=max(0.0, value - half),
        ci_high=min(1.0, value + half),
        n=min(n, m),
        method="delong",
    )
