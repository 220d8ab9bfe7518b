from __future__ import annotations

import numpy as np

from loracheck.curate.clusters import cluster, project
from loracheck.curate.embedding import surface

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
