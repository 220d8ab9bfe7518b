from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from loracheck.curate.config import CurateConfig, ScoreConfig
from loracheck.curate.pipeline import curate
from loracheck.curate.scoring.clusters import cluster, project
from loracheck.curate.scoring.embedding import check_embedder, sentence_transformer, surface
from loracheck.errors import EnvironmentFault
from loracheck.progress import Progress

COOKING = [f"{thing}を煮る手順と味つけのこつを教えてください。" for thing in "鯖鯛豆芋栗鴨茸蕪葱筍"]
SKY = [
    f"What makes the {thing} shine so brightly in the winter night?" for thing in ("moon", "star", "comet")
] * 4


def test_like_texts_are_near_and_the_vectors_repeat_themselves() -> None:
    points = surface([*COOKING, *SKY], seed=1)
    assert np.allclose(np.linalg.norm(points, axis=1), 1, atol=1e-4)
    cosines = points @ points.T
    assert cosines[:10, :10].min() > cosines[:10, 10:].max()
    assert np.array_equal(points, surface([*COOKING, *SKY], seed=1))
    assert surface([]).shape == (0, 64)


def test_clusters_keep_languages_apart_and_the_map_has_a_point_a_row() -> None:
    points = surface([*COOKING, *SKY], seed=1)
    labels = cluster(points, ["ja"] * 10 + ["en"] * 12, seed=0)
    assert not set(labels[:10].tolist()) & set(labels[10:].tolist())
    assert np.array_equal(labels, cluster(points, ["ja"] * 10 + ["en"] * 12, seed=0))
    assert project(points, 0).shape == (22, 2)
    assert project(points[:1], 0).tolist() == [[0.0, 0.0]]


def test_a_sentence_transformers_model_embeds_the_rows(tiny_gemma: Path, tmp_path: Path) -> None:
    """Any model folder will do: the package puts mean pooling on top."""
    points = sentence_transformer(str(tiny_gemma), iter([*COOKING, *SKY, SKY[0]]))
    assert points.shape == (23, 64)
    assert np.allclose(np.linalg.norm(points, axis=1), 1, atol=1e-4)
    assert points[10] @ points[22] > 0.9999
    data = Path(__file__).parents[2] / "loracheck" / "demo_data" / "brindle_heldout.jsonl"
    config = CurateConfig(max_loss=1.0, score=ScoreConfig(embedder=str(tiny_gemma)))
    summary = curate([data], None, tmp_path / "run", config, progress=Progress(quiet=True))
    assert summary.selection is not None
    assert summary.selection.embedder == str(tiny_gemma)


def test_an_embedder_that_cannot_be_used_ends_in_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(EnvironmentFault, match="cannot be loaded"):
        sentence_transformer(str(tmp_path / "empty"), ["a"])
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    for name in ("auto", "base", "surface"):
        check_embedder(name)
    with pytest.raises(EnvironmentFault, match="needs sentence-transformers"):
        check_embedder("intfloat/multilingual-e5-small")
