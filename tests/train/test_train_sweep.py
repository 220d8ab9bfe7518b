from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from loracheck import jsonl
from loracheck.curate.config import CurateConfig
from loracheck.curate.pipeline import curate
from loracheck.engines.answers import Answerer
from loracheck.errors import UsageError
from loracheck.loading.examples import load_examples
from loracheck.progress import Progress
from loracheck.records import Completion, Estimate
from loracheck.records.training import SweepPoint, SweepSummary, TrainingSummary, WatchReading
from loracheck.runs import read_run
from loracheck.train.config import TrainConfig
from loracheck.train.inputs import TrainInputs, load_rows, shared_heldout
from loracheck.train.pipeline import train
from loracheck.train.trials.grid import grid
from loracheck.train.trials.sweep import mark_front, sweep

QUIET = Progress(quiet=True)
THINGS = "空花星海月風雨虹雪森山川鳥猫犬魚"
SMALL = TrainConfig(lora_r=4, lora_alpha=8, learning_rate=5e-3, train_batch_size=4, num_train_epochs=1)


def write(path: Path, things: str) -> Path:
    rows = [{"instruction": f"{thing}は好き？", "output": f"{thing}は大好きなのだ。"} for thing in things]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write(tmp_path / "data.jsonl", THINGS)


def test_one_training_is_no_sweep(data: Path) -> None:
    assert grid(SMALL, [data]) is None
    assert grid(SMALL, [data], seeds="0") is not None


def test_several_keys_make_a_grid_and_alpha_keeps_its_ratio_to_the_rank(data: Path) -> None:
    points = grid(SMALL, [data], ["lora_r=4,16", "learning_rate=1e-3,2e-3"], seeds="0,1")
    assert points is not None
    assert len(points) == 8
    assert points[0].values == {"lora_r": 4, "learning_rate": 1e-3, "seed": 0}
    assert points[0].name == "lora_r-4_learning_rate-0.001_seed-0"
    assert {(point.config.lora_r, point.config.lora_alpha) for point in points} == {(4, 8), (16, 32)}
    assert [point.config.seed for point in points[:2]] == [0, 1]


def test_target_modules_are_joined_by_plus(data: Path) -> None:
    points = grid(SMALL, [data], ["target_modules=q_proj+v_proj,all-linear"])
    assert points is not None
    assert [point.config.target_modules for point in points] == ["q_proj,v_proj", "all-linear"]


def test_a_file_holds_a_grid_or_a_list_of_runs(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "sweep.yaml"
    file.write_text("lora_r: [4, 8]\nuse_dora: [true, false]\n", encoding="utf-8")
    points = grid(SMALL, [data], [str(file)])
    assert points is not None
    assert [(p.config.lora_r, p.config.use_dora) for p in points] == [
        (4, True),
        (4, False),
        (8, True),
        (8, False),
    ]
    file.write_text("runs:\n- {lora_r: 4}\n- {peft_type: lokr, lora_r: 8}\n", encoding="utf-8")
    points = grid(SMALL, [data], [str(file)])
    assert points is not None
    assert [(p.config.kind, p.config.lora_r) for p in points] == [("lora", 4), ("lokr", 8)]


def test_several_data_sets_are_an_axis(data: Path, tmp_path: Path) -> None:
    other = write(tmp_path / "curated.jsonl", THINGS[:5])
    points = grid(SMALL, [data, other], seeds="0,1")
    assert points is not None
    assert [(p.values["data"], p.config.seed, p.data) for p in points] == [
        ("data", 0, data),
        ("data", 1, data),
        ("curated", 0, other),
        ("curated", 1, other),
    ]


def test_what_a_curate_run_holds_out_is_held_out_of_the_raw_rows_as_well(data: Path, tmp_path: Path) -> None:
    run = tmp_path / "curated"
    curate([data], None, run, CurateConfig(max_loss=1.0), progress=QUIET)
    assert shared_heldout([data, run], None) == run / "heldout.jsonl"
    assert shared_heldout([data, run], data) == data, "those given come first"
    assert shared_heldout([run], None) is None, "a training finds its own"
    assert shared_heldout([data, data], None) is None
    held = len(load_examples([run / "heldout.jsonl"]))
    assert held
    assert load_rows(data, shared_heldout([data, run], None)).left_out == held


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["lora_rank=4"], "unknown option lora_rank"),
        (["lora_r="], "KEY=A,B"),
        (["lora_r=["], "KEY=A,B"),
        (["lora_r"], "a YAML file is wanted"),
        (["lora_r=four"], "lora_r"),
        (["lora_r=0"], "--lora-r must be above 0"),
        (["lora_r=4,4"], "two trainings are the same"),
        (["peft_type=loha", "quantization=nf4"], "--peft-type loha cannot"),
    ],
)
def test_a_sweep_that_cannot_be_is_refused_before_anything_is_trained(
    texts: list[str], said: str, data: Path
) -> None:
    with pytest.raises(UsageError, match=said):
        grid(SMALL, [data], texts)


def test_seeds_are_numbers(data: Path) -> None:
    with pytest.raises(UsageError, match="--seeds a,b"):
        grid(SMALL, [data], seeds="a,b")


def test_a_sweep_trains_every_point_on_equally_many_tokens_and_is_not_trained_twice(
    data: Path, tiny_gemma: Path, tmp_path: Path
) -> None:
    other = write(tmp_path / "curated.jsonl", THINGS[:5])
    inputs = TrainInputs(base=str(tiny_gemma))
    points = grid(SMALL, [data, other], ["lora_r=2,4"])
    assert points is not None
    out = tmp_path / "sweep"
    table = sweep(points, out, SMALL, inputs, progress=QUIET)
    assert table is not None
    assert table.varied == ("lora_r", "data")
    assert len({point.trained_tokens for point in table.points}) == 1
    assert {point.trainable_parameters for point in table.points if point.values["lora_r"] == 4} == {
        2 * point.trainable_parameters for point in table.points if point.values["lora_r"] == 2
    }
    for point in table.points:
        read_run(out / point.name, "train")
        summary = jsonl.read_one(out / point.name / "summary.json", TrainingSummary)
        assert summary.adapter_sha256 == point.adapter_sha256
    read_run(out, "sweep")
    assert sweep(points, out, SMALL, inputs, progress=QUIET) == table
    assert jsonl.read_one(out / "summary.json", SweepSummary) == table


def test_a_sweep_that_was_interrupted_goes_on_with_the_next_point(
    data: Path, tiny_gemma: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = TrainInputs(base=str(tiny_gemma))
    points = grid(SMALL, [data], seeds="0,1,2")
    assert points is not None
    trained: list[str] = []

    def until_the_second(source: Path, out: Path, *rest: object, **further: object) -> TrainingSummary | None:
        if len(trained) == 2:
            raise KeyboardInterrupt
        trained.append(out.name)
        return train(source, out, *rest, **further)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr("loracheck.train.trials.sweep.train", until_the_second)
        with pytest.raises(KeyboardInterrupt):
            sweep(points, tmp_path / "sweep", SMALL, inputs, progress=QUIET)
    before = {p.name: (tmp_path / "sweep" / p.name / "manifest.json").stat().st_mtime_ns for p in points[:2]}
    table = sweep(points, tmp_path / "sweep", SMALL, inputs, progress=QUIET)
    assert table is not None
    assert [point.name for point in table.points] == ["seed-0", "seed-1", "seed-2"]
    after = {p.name: (tmp_path / "sweep" / p.name / "manifest.json").stat().st_mtime_ns for p in points[:2]}
    assert before == after


def test_the_base_is_asked_once_for_all_points_that_share_its_data(
    data: Path, tiny_gemma: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    complete = Answerer.complete

    def counted(self: Answerer, path: Path, arm_name: str, *rest: Any) -> list[Completion]:  # noqa: ANN401
        asked.append(arm_name if not path.is_file() or not path.stat().st_size else "known")
        return complete(self, path, arm_name, *rest)

    monkeypatch.setattr(Answerer, "complete", counted)
    watched = replace(SMALL, watch=True, watch_facts=4, eval_steps=4)
    points = grid(watched, [data], ["lora_r=2,4"])
    assert points is not None
    table = sweep(points, tmp_path / "sweep", watched, TrainInputs(base=str(tiny_gemma)), progress=QUIET)
    assert table is not None
    assert asked.count("base") == 1
    assert all(p.reading is not None and p.reading.facts_kept.n == 4 for p in table.points)
    assert table.base_reading is not None
    assert (tmp_path / "sweep" / "lora_r-4" / "watch" / "answers.jsonl").is_file()


def point(name: str, kept: float, learnt: float | None) -> SweepPoint:
    def share(value: float) -> Estimate:
        return Estimate(name="x", value=value, ci_low=value, ci_high=value, n=10, method="exact")

    return SweepPoint(
        name=name,
        values={},
        steps=1,
        trained_tokens=1,
        trainable_parameters=1,
        heldout_loss=None,
        reading=WatchReading(
            facts_kept=share(kept),
            facts_change=share(0.0),
            name_rate=None,
            leakage=None,
            persona_learnt=None if learnt is None else share(learnt),
            unsafe=(),
        ),
        kept="last",
        kept_step=1,
        adapter_sha256="0",
        seconds=1.0,
    )


def test_the_front_holds_what_no_other_point_beats_in_both() -> None:
    points = [
        point("best of both", 0.5, 0.9),
        point("its equal", 0.5, 0.9),
        point("more facts", 0.6, 0.1),
        point("beaten", 0.5, 0.8),
        point("unmeasured", 0.9, None),
    ]
    marked = {p.name: p.on_front for p in mark_front(points)}
    assert marked == {
        "best of both": True,
        "its equal": True,
        "more facts": True,
        "beaten": False,
        "unmeasured": False,
    }
