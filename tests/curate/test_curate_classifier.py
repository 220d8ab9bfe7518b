from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from loracheck.curate.config import ClassifierConfig
from loracheck.curate.judging.classifier import distil, droppable

CONFIG = ClassifierConfig(resamples=500)
Floats = NDArray[np.float64]


def rows(number: int = 600, *, seed: int = 0) -> tuple[Floats, list[int], list[str]]:
    """Return embeddings, reply lengths and languages of made-up rows, two in three of them Japanese."""
    draw = np.random.default_rng(seed)
    points = draw.normal(size=(number, 24))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    characters = np.exp(draw.normal(5, 1, size=number)).astype(int).tolist()
    return points, characters, ["en" if row % 3 == 0 else "ja" for row in range(number)]


def judged_by(values: Floats, of: int, seed: int = 5) -> dict[int, float]:
    drawn = np.random.default_rng(seed).choice(len(values), of, replace=False)
    return {int(row): float(values[row]) for row in drawn}


def test_a_classifier_that_sees_what_the_judge_saw_beats_length_and_drops_the_lowest() -> None:
    points, characters, languages = rows()
    truth = 3 + 2 * points[:, 0] + 2 * points[:, 1]
    judged = judged_by(truth, 300)
    found = distil(points, characters, languages, judged, CONFIG, seed=1)
    summary = found.summary
    assert (summary.may_drop, summary.reason, summary.labels, summary.predicted) == (
        True,
        "beats_length",
        300,
        300,
    )
    assert summary.agreement is not None and summary.gain is not None
    assert summary.agreement.value is not None and summary.agreement.value > 0.6
    assert summary.gain.ci_low is not None and summary.gain.ci_low > 0.3
    assert [one.name for one in summary.languages] == ["en", "ja"]
    dropped = droppable(found, CONFIG)
    assert not set(dropped) & set(judged)
    for language in ("en", "ja"):
        unjudged = [row for row in range(600) if row not in judged and languages[row] == language]
        assert sum(languages[row] == language for row in dropped) == len(unjudged) // 10
    assert truth[list(dropped)].mean() < np.quantile(truth, 0.25)


def test_a_judge_that_follows_length_alone_gives_the_classifier_nothing_to_drop_by() -> None:
    points, characters, languages = rows()
    noise = np.random.default_rng(2).normal(0, 0.3, size=600)
    judged = judged_by(np.log(np.asarray(characters)) + noise, 300)
    found = distil(points, characters, languages, judged, CONFIG, seed=1)
    assert (found.summary.may_drop, found.summary.reason) == (False, "no_better_than_length")
    assert found.summary.length_agreement is not None
    assert (found.summary.length_agreement.value or 0) > 0.8
    assert droppable(found, CONFIG) == {}


def test_a_judge_that_follows_length_by_steps_or_bands_gives_nothing_to_drop_by_either() -> None:
    may_drop = 0
    for seed in range(2):
        points, characters, languages = rows(600, seed=seed)
        length = np.asarray(characters)
        bands = np.where((length > 180) & (length < 260) | (length > 700), 5.0, 2.0)
        steps = np.select([length < 100, length < 300, length < 600], [1.0, 4.0, 2.0], 5.0)
        for truth in (bands, steps + np.random.default_rng(seed).normal(0, 0.3, size=600)):
            found = distil(points, characters, languages, judged_by(truth, 300), CONFIG, seed=seed)
            may_drop += found.summary.may_drop
    assert may_drop == 0


@pytest.mark.slow
def test_noise_beats_length_no_more_often_than_chance_allows() -> None:
    may_drop = 0
    for seed in range(20):
        points, characters, languages = rows(200, seed=seed)
        values = np.random.default_rng(100 + seed).normal(size=200)
        found = distil(points, characters, languages, judged_by(values, 120), CONFIG, seed=seed)
        may_drop += found.summary.may_drop
    assert may_drop <= 2


def test_a_difference_between_languages_alone_is_no_agreement() -> None:
    points, characters, languages = rows()
    level = np.asarray([2.0 if language == "en" else 4.0 for language in languages])
    noise = np.random.default_rng(3).normal(0, 0.1, size=600)
    found = distil(points, characters, languages, judged_by(level + noise, 300), CONFIG, seed=1)
    assert not found.summary.may_drop


def test_a_language_that_the_judge_hardly_saw_gets_no_prediction() -> None:
    points, characters, languages = rows()
    truth = 3 + 2 * points[:, 0]
    judged = {row: float(truth[row]) for row in range(600) if languages[row] == "ja" and row < 400}
    found = distil(points, characters, languages, judged, CONFIG, seed=1)
    assert found.summary.missing_languages == ("en",)
    assert found.predicted is not None
    assert np.isnan(found.predicted[[row for row in range(600) if languages[row] == "en"]]).all()
    assert all(languages[row] == "ja" for row in droppable(found, CONFIG))


@pytest.mark.parametrize(
    ("judged", "reason"),
    [
        ({row: float(row % 5) for row in range(60)}, "too_few_rows"),
        (dict.fromkeys(range(300), 4.0), "constant_scores"),
    ],
)
def test_where_nothing_can_be_learnt_nothing_is_dropped(judged: dict[int, float], reason: str) -> None:
    points, characters, languages = rows()
    found = distil(points, characters, languages, judged, CONFIG, seed=1)
    assert (found.summary.reason, found.predicted) == (reason, None)
    assert droppable(found, CONFIG) == {}


def test_the_same_rows_and_seed_give_the_same_predictions() -> None:
    points, characters, languages = rows(300)
    judged = judged_by(points[:, 0], 150)
    first, second = (distil(points, characters, languages, judged, CONFIG, seed=4) for _ in range(2))
    assert first.summary == second.summary
    predicted: list[Any] = [first.predicted, second.predicted]
    assert np.array_equal(*predicted)
