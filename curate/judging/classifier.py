"""A judge's scores of a sample, carried over to all rows by a classifier, as in "Textbooks Are All You Need".

There (arXiv 2306.11644) a random forest on a model's embeddings learnt what a judge had said of a sample. Here a ridge
regression and a forest learn from the embedding, the reply's length and the language, and the mean of the two
predicts. Judges like long replies, so the classifier has to beat length alone, learnt by a smooth curve and a forest,
before a row may be dropped for what it predicts: both predict rows that they did not learn from, in the same folds,
and the interval of the difference of their rank correlations with the judge must lie above 0.

Ranks are taken within each language: that a judge scores one language lower than another is no agreement, and
must not cost that language its rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from loracheck.curate.config import ClassifierConfig
from loracheck.records import Estimate
from loracheck.records.curation import ClassifierSummary

if TYPE_CHECKING:
    from sklearn.ensemble import RandomForestRegressor

Floats = NDArray[np.float64]

METHOD = "rank correlation within languages, out of fold, bootstrap"
ROWS_A_FOLD = 4
"""Judged rows of a language, for each fold, from which rows of that language get a prediction."""

_SCORE_BINS = 4
_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Distilled:
    """What was learnt from the judged rows.

    Attributes:
        summary: How well it agrees with the judge, and whether it may drop rows.
        predicted: The predicted score of each row, (rows,), NaN in a language that was not learnt; None when
            nothing was learnt. Of a judged row it is the out-of-fold one.
        judged: The rows that have a score by the judge; they are never dropped for a prediction.
        languages: The language of each row.
    """

    summary: ClassifierSummary
    predicted: Floats | None
    judged: frozenset[int]
    languages: tuple[str, ...]


class _Rows(NamedTuple):
    """Features of some rows: embeddings (rows, d), log of the length (rows, 1), language one-hot (rows, L)."""

    points: Floats
    length: Floats
    language: Floats

    def take(self, places: NDArray[np.int64]) -> _Rows:
        return _Rows(self.points[places], self.length[places], self.language[places])


def distil(
    points: NDArray[np.floating[Any]],
    reply_characters: Sequence[int],
    languages: Sequence[str],
    judged: Mapping[int, float],
    config: ClassifierConfig,
    seed: int,
) -> Distilled:
    """Learn the judge's scores of some rows and predict those of all.

    Args:
        points: Embeddings, (rows, d).
        reply_characters: Length of each reply.
        languages: Language of each row.
        judged: The judge's score by row, of those rows only that it did score.
        config: Options.
        seed: Decides the folds, the forest and the bootstrap.
    """
    counts = {name: sum(languages[row] == name for row in judged) for name in sorted(set(languages))}
    known = tuple(name for name in counts if counts[name] >= ROWS_A_FOLD * config.folds)
    missing = tuple(name for name in counts if name not in known)
    places = np.asarray(sorted(row for row in judged if languages[row] in known), dtype=np.int64)
    scores = np.asarray([judged[int(row)] for row in places], dtype=np.float64)
    reason = "too_few_rows" if len(places) < config.min_rows else ""
    own = np.asarray([known.index(languages[row]) for row in places], dtype=np.int64)
    if not reason and not np.any(_within_ranks(scores, own)):
        reason = "constant_scores"
    if reason:
        return _nothing(reason, judged, languages, missing)
    rows = _features(points, reply_characters, languages, known)
    folds = _folds(scores, own, config.folds, seed)
    sample = rows.take(places)
    mixed, by_length = np.empty(len(places)), np.empty(len(places))
    for fold in range(config.folds):
        train, test = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        mixed[test] = _mixed(sample.take(train), scores[train], sample.take(test), seed)
        by_length[test] = _by_length(sample.take(train), scores[train], sample.take(test), seed)
    predicted = _mixed(sample, scores, rows, seed)
    predicted[places] = mixed
    predicted[[name not in known for name in languages]] = np.nan
    summary = _summary(scores, mixed, by_length, own, folds, known, config, seed)
    return Distilled(
        summary=replace(
            summary, predicted=int(np.isfinite(predicted).sum()) - len(places), missing_languages=missing
        ),
        predicted=predicted,
        judged=frozenset(judged),
        languages=tuple(languages),
    )


def droppable(distilled: Distilled, config: ClassifierConfig) -> dict[int, dict[str, Any]]:
    """Return the rows that may be dropped for a low predicted score, with the values behind it.

    They are, of the rows of each language that the judge did not score, the lowest share; none at all unless the
    classifier beats length.
    """
    predicted = distilled.predicted
    if predicted is None or not distilled.summary.may_drop:
        return {}
    found: dict[int, dict[str, Any]] = {}
    agreement = distilled.summary.agreement
    for language in sorted(set(distilled.languages)):
        rows = [
            row
            for row, name in enumerate(distilled.languages)
            if name == language and row not in distilled.judged and np.isfinite(predicted[row])
        ]
        rows.sort(key=lambda row: (predicted[row], row))
        for row in rows[: int(config.drop_share * len(rows))]:
            found[row] = {
                "predicted": round(float(predicted[row]), 3),
                "share": config.drop_share,
                "agreement": agreement.value if agreement else None,
            }
    return dict(sorted(found.items()))


def _features(
    points: NDArray[np.floating[Any]],
    reply_characters: Sequence[int],
    languages: Sequence[str],
    known: Sequence[str],
) -> _Rows:
    return _Rows(
        points=np.asarray(points, dtype=np.float64),
        length=np.log1p(np.asarray(reply_characters, dtype=np.float64))[:, None],
        language=np.asarray([[float(name == one) for one in known] for name in languages]),
    )


def _folds(scores: Floats, own: NDArray[np.int64], folds: int, seed: int) -> NDArray[np.int64]:
    """Deal the rows out, by language and score, so that every fold is like the whole."""
    shuffled = np.random.default_rng(seed).permutation(len(scores))
    bins = np.clip(((_within_ranks(scores, own) + 0.5) * _SCORE_BINS).astype(np.int64), 0, _SCORE_BINS - 1)
    order = shuffled[np.lexsort((bins[shuffled], own[shuffled]))]
    dealt = np.empty(len(scores), dtype=np.int64)
    dealt[order] = np.arange(len(scores)) % folds
    return dealt


def _mixed(train: _Rows, scores: Floats, test: _Rows, seed: int) -> Floats:
    """Predict by the mean of ridge and forest. The ridge's weight is chosen inside the training rows."""
    from sklearn.linear_model import RidgeCV  # noqa: PLC0415 - heavy
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415 - heavy
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415 - heavy

    ridge = make_pipeline(StandardScaler(), RidgeCV(alphas=np.logspace(0, 5, 11)))
    return _mean((ridge, _forest(seed)), np.hstack(train), scores, np.hstack(test))


def _by_length(train: _Rows, scores: Floats, test: _Rows, seed: int) -> Floats:
    """Predict by the length, whether the judge follows it smoothly or by steps, with a level for each language."""
    from sklearn.linear_model import Ridge  # noqa: PLC0415 - heavy
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415 - heavy
    from sklearn.preprocessing import SplineTransformer  # noqa: PLC0415 - heavy

    curve = make_pipeline(SplineTransformer(n_knots=4, degree=2, extrapolation="constant"), Ridge(alpha=0.1))
    level = _level(train.language, scores)
    above = _mean((curve, _forest(seed)), train.length, scores - train.language @ level, test.length)
    return np.asarray(above + test.language @ level, dtype=np.float64)


def _forest(seed: int) -> RandomForestRegressor:
    from sklearn.ensemble import RandomForestRegressor  # noqa: PLC0415 - heavy

    return RandomForestRegressor(
        n_estimators=200, min_samples_leaf=3, max_features="sqrt", random_state=seed, n_jobs=1
    )


def _mean(learners: Sequence[Any], given: Floats, scores: Floats, asked: Floats) -> Floats:
    found = [learner.fit(given, scores).predict(asked) for learner in learners]
    return np.asarray(np.mean(found, axis=0), dtype=np.float64)


def _level(language: Floats, scores: Floats) -> Floats:
    return np.asarray((language.T @ scores) / np.maximum(language.sum(axis=0), 1.0), dtype=np.float64)


def _summary(
    scores: Floats,
    mixed: Floats,
    by_length: Floats,
    own: NDArray[np.int64],
    folds: NDArray[np.int64],
    known: Sequence[str],
    config: ClassifierConfig,
    seed: int,
) -> ClassifierSummary:
    # A prediction near the mean of the other folds falls where its own fold's scores are high: within a fold only.
    cells = own * config.folds + folds
    judge, first, second = (_within_ranks(values, cells) for values in (scores, mixed, by_length))
    drawn = _draws(len(scores), config.resamples, seed)
    ours, rivals = _correlations(judge, first, drawn), _correlations(judge, second, drawn)
    # Length that predicts worse than nothing is no rival: to lead it would be no achievement.
    gain = _estimate("gain over length", ours - np.maximum(rivals, 0.0), len(scores))
    per_language = []
    for code, name in enumerate(known):
        mine = own == code
        draws = _draws(int(mine.sum()), config.resamples, seed)
        per_language.append(_estimate(name, _correlations(judge[mine], first[mine], draws), int(mine.sum())))
    may_drop = gain.ci_low is not None and gain.ci_low > 0
    return ClassifierSummary(
        labels=len(scores),
        predicted=0,
        agreement=_estimate("agreement", ours, len(scores)),
        length_agreement=_estimate("agreement of length", rivals, len(scores)),
        gain=gain,
        languages=tuple(per_language),
        may_drop=may_drop,
        reason="beats_length" if may_drop else "no_better_than_length",
    )


def _within_ranks(values: Floats, own: NDArray[np.int64]) -> Floats:
    """Return ranks within each group of rows, from -0.5 to 0.5 with mean 0; ties share theirs."""
    from scipy.stats import rankdata  # noqa: PLC0415 - heavy

    ranks = np.zeros(len(values))
    for code in np.unique(own):
        mine = own == code
        ranks[mine] = (rankdata(values[mine]) - 0.5) / mine.sum() - 0.5
    return ranks


def _draws(rows: int, resamples: int, seed: int) -> Floats:
    """Return how often each row is drawn, (resamples + 1, rows); the first line is the sample itself."""
    generator = np.random.default_rng(seed)
    drawn = generator.multinomial(rows, np.full(rows, 1.0 / rows), size=resamples)
    return np.vstack([np.ones((1, rows)), drawn])


def _correlations(first: Floats, second: Floats, drawn: Floats) -> Floats:
    """Return the correlation in each resample, 0 where one side does not vary."""
    rows = drawn.sum(axis=1)
    means = drawn @ first / rows, drawn @ second / rows
    covariance = drawn @ (first * second) / rows - means[0] * means[1]
    variances = (drawn @ first**2 / rows - means[0] ** 2) * (drawn @ second**2 / rows - means[1] ** 2)
    flat = variances <= 1e-12
    return np.where(flat, 0.0, covariance / np.sqrt(np.where(flat, 1.0, variances)))


def _estimate(name: str, resampled: Floats, rows: int) -> Estimate:
    tail = (1 - _CONFIDENCE) / 2
    low, high = np.quantile(resampled[1:], [tail, 1 - tail])
    return Estimate(
        name=name,
        value=round(float(resampled[0]), 4),
        ci_low=round(float(low), 4),
        ci_high=round(float(high), 4),
        n=rows,
        method=METHOD,
        unit="correlation",
    )


def _nothing(
    reason: str, judged: Mapping[int, float], languages: Sequence[str], missing: tuple[str, ...]
) -> Distilled:
    summary = ClassifierSummary(
        labels=len(judged),
        predicted=0,
        agreement=None,
        length_agreement=None,
        gain=None,
        languages=(),
        may_drop=False,
        reason=reason,
        missing_languages=missing,
    )
    return Distilled(summary=summary, predicted=None, judged=frozenset(judged), languages=tuple(languages))
