from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from loracheck import jsonl
from loracheck.errors import EnvironmentFault, UsageError
from loracheck.models.head import TiledHead
from loracheck.progress import Progress
from loracheck.records import Estimate
from loracheck.records.training import CheckpointReading, TrainingStep, TrainingSummary, WatchReading
from loracheck.train import pipeline
from loracheck.train.config import TrainConfig
from loracheck.train.fitting.readings import best_step, kept_step, safe_step, stopped
from loracheck.train.inputs import TrainInputs
from loracheck.train.pipeline import train

QUIET = Progress(quiet=True)
THINGS = "空花星海月風雨虹雪森山川鳥猫犬魚"


def estimate(value: float) -> Estimate:
    return Estimate(name="x", value=value, ci_low=value, ci_high=value, n=20, method="exact")


def reading(step: int, loss: float | None = None, unsafe: tuple[str, ...] | None = None) -> CheckpointReading:
    watch = None
    if unsafe is not None:
        watch = WatchReading(
            facts_kept=estimate(0.5),
            facts_change=estimate(0.0),
            name_rate=None,
            leakage=None,
            persona_learnt=None,
            unsafe=unsafe,
        )
    return CheckpointReading(step=step, trained_tokens=step, heldout_loss=loss, watch=watch, seconds=0.0)


def test_the_best_checkpoint_has_the_lowest_held_out_loss_and_the_base_is_none() -> None:
    assert best_step([reading(0, 0.1), reading(2, 0.9), reading(4, 0.5), reading(6, 0.5)]) == 4
    assert best_step([reading(0, 0.1), reading(2)]) is None


def test_the_safe_checkpoint_is_the_last_one_with_nothing_against_it() -> None:
    assert safe_step([reading(0, unsafe=()), reading(2, unsafe=()), reading(4, unsafe=("facts",))]) == 2
    assert safe_step([reading(2, unsafe=("name",)), reading(4, unsafe=())]) == 4
    assert safe_step([reading(0, unsafe=()), reading(2, unsafe=("facts",))]) is None
    assert safe_step([reading(2)]) is None


def test_a_run_stops_early_after_as_many_readings_as_patience_has() -> None:
    config = TrainConfig(early_stopping_patience=2)
    course = [reading(0, 9.0), reading(2, 3.0), reading(4, 3.1), reading(6, 3.0)]
    assert stopped(course[:3], config) is None
    assert stopped(course, config) == "early"
    assert stopped(course, TrainConfig()) is None
    assert stopped([*course[:3], reading(6, 2.9)], config) is None


def test_a_run_stops_at_the_first_unsafe_reading_only_when_that_is_asked_for() -> None:
    course = [reading(0, unsafe=()), reading(2, unsafe=("leakage",))]
    assert stopped(course, TrainConfig(watch=True, stop_when_unsafe=True)) == "unsafe"
    assert stopped(course, TrainConfig(watch=True)) is None


def test_what_is_kept_falls_back_to_the_last_checkpoint_and_says_so() -> None:
    course = [reading(2, 3.0, ()), reading(4, 2.0, ("facts",)), reading(6, 2.5, ("facts",))]
    assert kept_step("safe", course, 6) == ("safe", 2)
    assert kept_step("best", course, 6) == ("best", 4)
    assert kept_step("last", course, 6) == ("last", 6)
    assert kept_step("safe", course[1:], 6) == ("last", 6)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    rows = [{"instruction": f"{thing}は好き？", "output": f"{thing}は大好きなのだ。"} for thing in THINGS]
    unlike = {"instruction": "What is the capital of France?", "output": "The capital of France is Paris."}
    data, heldout = tmp_path / "data.jsonl", tmp_path / "heldout.jsonl"
    data.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    heldout.write_text(json.dumps(unlike) + "\n", encoding="utf-8")
    return data, heldout


CONFIG = TrainConfig(lora_r=4, learning_rate=0.05, train_batch_size=4, num_train_epochs=5, eval_steps=2)


def test_early_stopping_ends_the_run_and_the_adapter_is_the_best_checkpoint(
    files: tuple[Path, Path], tiny_gemma: Path, tmp_path: Path
) -> None:

    config = replace(CONFIG, early_stopping_patience=2)
    out = tmp_path / "run"
    inputs = TrainInputs(base=str(tiny_gemma), heldout=files[1])
    summary = train(files[0], out, config, inputs, progress=QUIET)
    assert summary is not None
    assert (summary.stopped, summary.kept) == ("early", "best")
    assert summary.kept_step == summary.best_step
    assert summary.steps == summary.kept_step + 4 < 20
    taken = list(jsonl.read(out / "readings.jsonl", CheckpointReading))
    assert [r.step for r in taken] == list(range(0, summary.steps + 1, 2))
    best = min((r for r in taken if r.step), key=lambda r: r.heldout_loss or 0.0)
    assert summary.heldout_loss_after == pytest.approx(best.heldout_loss, abs=1e-4)
    assert (out / "adapters" / "last" / "adapter_model.safetensors").is_file()
    assert not (out / "checkpoints").exists()


def test_the_safe_checkpoint_is_kept_beside_the_best_one_and_the_last(
    files: tuple[Path, Path], tiny_gemma: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Scripted:
        """Says of every reading from step 6 on that facts were lost."""

        probe_ids = ("facts-ja-capital-france",)
        base_reading = reading(0, unsafe=()).watch

        def read(self, model: object, label: str) -> WatchReading | None:
            step = int(label.removeprefix("step-"))
            return reading(step, unsafe=("facts",) if step >= 6 else ()).watch

    monkeypatch.setattr("loracheck.train.pipeline.Watch.prepare", lambda *_: Scripted())

    inputs = TrainInputs(base=str(tiny_gemma), heldout=files[1])
    summary = train(files[0], tmp_path / "all", replace(CONFIG, watch=True), inputs, progress=QUIET)
    assert summary is not None
    assert (summary.kept, summary.kept_step, summary.safe_step, summary.steps) == ("safe", 4, 4, 20)
    assert summary.stopped == "end"
    assert (tmp_path / "all" / "adapters" / "last" / "adapter_model.safetensors").is_file()
    stopping = replace(CONFIG, watch=True, stop_when_unsafe=True)
    short = train(files[0], tmp_path / "short", stopping, inputs, progress=QUIET)
    assert short is not None
    assert (short.stopped, short.steps, short.kept_step) == ("unsafe", 6, 4)
    assert short.adapter_sha256 == summary.adapter_sha256
    card = json.loads((tmp_path / "all" / "adapter" / "loracheck.json").read_text(encoding="utf-8"))
    assert card["watched_probes"] == ["facts-ja-capital-france"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"early_stopping_patience": 1}, "--early-stopping-patience needs held-out rows"),
        ({"keep": "best"}, "--keep best needs held-out rows"),
        ({"replay_share": 0.1}, "--replay-share needs replay rows"),
    ],
)
def test_an_option_that_wants_rows_which_are_not_there_is_refused_before_the_base_is_loaded(
    options: dict[str, object],
    said: str,
    files: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pipeline, "load_base", None)
    with pytest.raises(UsageError, match=said):
        train(files[0], tmp_path / "run", TrainConfig(**options), TrainInputs(base="any"), progress=QUIET)  # type: ignore[arg-type]
    assert not (tmp_path / "run").exists()


def test_want_of_memory_ends_with_step_cause_and_what_to_change_and_the_run_resumes(
    files: tuple[Path, Path], tiny_gemma: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = TrainInputs(base=str(tiny_gemma))
    whole = train(files[0], tmp_path / "whole", CONFIG, inputs, progress=QUIET)
    honest, calls = TiledHead.loss_and_gradient, 0

    def starved(head: TiledHead, *given: object) -> object:
        nonlocal calls
        calls += 1
        if calls == 15:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 999 bytes.")
        return honest(head, *given)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(TiledHead, "loss_and_gradient", starved)

        saving = replace(CONFIG, save_steps=2)
        with pytest.raises(
            EnvironmentFault, match=r"memory ran out at step \d+ of 20: DefaultCPUAllocator"
        ) as caught:
            train(files[0], tmp_path / "run", saving, inputs, progress=QUIET)
    assert "--max-batch-tokens (now 1024)" in caught.value.hint
    assert "--gradient-checkpointing" in caught.value.hint
    resumed = train(files[0], tmp_path / "run", saving, inputs, progress=QUIET)
    assert isinstance(resumed, TrainingSummary)
    assert isinstance(whole, TrainingSummary)
    assert resumed.adapter_sha256 == whole.adapter_sha256


def test_an_adapter_that_no_gradient_reaches_is_found_out_at_the_first_step(
    files: tuple[Path, Path], tiny_gemma: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = TiledHead.loss_and_gradient

    def cut(head: TiledHead, *given: object) -> object:
        loss, gradient = honest(head, *given)  # type: ignore[arg-type]
        return loss, gradient * 0

    monkeypatch.setattr(TiledHead, "loss_and_gradient", cut)
    with pytest.raises(UsageError, match="no gradient reaches the adapter at step 1"):
        train(files[0], tmp_path / "run", CONFIG, TrainInputs(base=str(tiny_gemma)), progress=QUIET)


def test_replay_rows_are_mixed_in_and_counted(
    files: tuple[Path, Path], tiny_gemma: Path, tmp_path: Path
) -> None:

    config = replace(CONFIG, num_train_epochs=1, replay_share=0.2)
    inputs = TrainInputs(base=str(tiny_gemma), replay=files[1])
    summary = train(files[0], tmp_path / "run", config, inputs, progress=QUIET)
    assert summary is not None
    assert (summary.rows, summary.replay_rows) == (16, 1)
    assert summary.steps == 5  # sixteen rows and four of replay in steps of four


def test_a_run_of_one_step_trains(files: tuple[Path, Path], tiny_gemma: Path, tmp_path: Path) -> None:
    config = replace(CONFIG, num_train_epochs=1, train_batch_size=16)
    summary = train(files[0], tmp_path / "run", config, TrainInputs(base=str(tiny_gemma)), progress=QUIET)
    assert summary is not None
    assert summary.steps == 1
    (step,) = jsonl.read(tmp_path / "run" / "metrics.jsonl", TrainingStep)
    assert step.learning_rate == config.learning_rate
