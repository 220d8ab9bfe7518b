"""A plan as a whole: what it needs, what it says, its table, its refusals and its probe."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from transformers import GPT2Config, LlamaConfig, PreTrainedConfig

from loracheck.errors import EnvironmentFault, UsageError
from loracheck.models.load import load_base
from loracheck.train.config import TrainConfig
from loracheck.train.planning import forecast, probe
from loracheck.train.planning.adapted import adapter_size
from loracheck.train.planning.architecture import read_architecture
from loracheck.train.planning.forecast import memory_parts, plan_encoded
from loracheck.train.planning.plan import PlanOptions
from tests.train.planned_bases import ATTENTION, GEMMA_270M, SMOLLM2_135M, course, held_bytes, row, run_plan

WriteJsonl = Callable[[str, Iterable[Mapping[str, Any]]], Path]


@pytest.fixture
def only_config(tmp_path: Path) -> Callable[[PreTrainedConfig], Path]:
    def write(config: PreTrainedConfig) -> Path:
        config.save_pretrained(tmp_path / "only-config")
        return tmp_path / "only-config"

    return write


@pytest.fixture
def rows(write_jsonl: WriteJsonl) -> Path:
    lines = [{"instruction": f"{n}は何ですか？", "output": "空はなぜ青いのですか？" * n} for n in range(1, 9)]
    return write_jsonl("rows.jsonl", lines)


def change(folder: Path, **values: Any) -> None:  # noqa: ANN401
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(config | values), encoding="utf-8")


def test_data_are_encoded_as_in_a_training_and_time_is_measured(tiny_smollm: Path, rows: Path) -> None:
    found = run_plan(
        tiny_smollm, rows, PlanOptions(price_per_hour=3600.0), num_train_epochs=2, train_batch_size=4
    )
    assert (found.rows, found.steps, found.epochs) == (8, 4, 2.0)
    assert found.seconds is not None
    assert found.seconds > 0
    assert found.cost == pytest.approx(found.seconds)
    assert found.trained_tokens is not None
    assert found.tokens is not None
    assert found.tokens > found.trained_tokens
    assert "tokens_guessed" not in found.notes
    budget = run_plan(tiny_smollm, rows, max_trained_tokens=100)
    assert budget.trained_tokens == 100


def test_a_folder_with_nothing_but_a_configuration_is_enough(
    only_config: Callable[[PreTrainedConfig], Path], rows: Path
) -> None:
    folder = only_config(GEMMA_270M)
    before = sorted(folder.iterdir())
    found = run_plan(folder, rows, target_modules=ATTENTION, lora_r=8)
    assert found.trainable_parameters == 737_280
    assert "tokens_guessed" in found.notes
    assert found.trained_tokens is not None
    assert found.trained_tokens > 0
    assert sorted(folder.iterdir()) == before
    assert read_architecture(str(folder / "config.json")).parameters == found.parameters


def test_no_weight_is_read(tiny_gemma: Path, rows: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(tiny_gemma, copy)
    whole = run_plan(copy, rows)
    (copy / "model.safetensors").unlink()
    assert run_plan(copy, rows).trainable_parameters == whole.trainable_parameters


def test_without_data_the_plan_is_that_of_a_full_micro_batch(tiny_gemma: Path) -> None:
    found = run_plan(tiny_gemma, max_length=64, max_batch_tokens=256)
    assert (found.rows, found.tokens, found.seconds, found.longest) == (None, None, None, None)
    expected = course(read_architecture(str(tiny_gemma)), TrainConfig(), [row(64, 64)] * 4)
    assert found.memory.activations == memory_parts(expected.forecast).activations


def test_targets_that_reach_nothing_are_an_error_that_names_the_layers(tiny_gemma: Path) -> None:
    with pytest.raises(UsageError, match="query_key_value") as caught:
        run_plan(tiny_gemma, target_modules="query_key_value")
    assert "q_proj, k_proj, v_proj, o_proj, gate_proj" in caught.value.hint


@pytest.mark.parametrize(
    "changed",
    [{"model_type": "t5"}, {"model_type": "nobody_knows"}, {"hidden_size": "wide"}, {"hidden_size": 65}],
)
def test_what_cannot_be_planned_is_said(
    changed: dict[str, Any], only_config: Callable[[PreTrainedConfig], Path]
) -> None:
    folder = only_config(LlamaConfig(hidden_size=64, num_hidden_layers=1, num_attention_heads=2))
    change(folder, **changed)
    with pytest.raises(UsageError, match="cannot be planned"):
        run_plan(folder)


def test_a_base_that_is_quantised_already_is_refused(
    only_config: Callable[[PreTrainedConfig], Path],
) -> None:
    folder = only_config(SMOLLM2_135M)
    change(folder, quantization_config={"quant_method": "bitsandbytes", "load_in_4bit": True})
    with pytest.raises(UsageError, match="quantised already"):
        run_plan(folder)


def test_a_missing_base_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(UsageError, match=r"no config\.json"):
        run_plan(tmp_path)
    with pytest.raises(UsageError, match="there is no such file"):
        run_plan(tmp_path / "model.gguf")
    with pytest.raises(EnvironmentFault, match="cannot read the configuration of nobody/nothing"):
        run_plan(Path("nobody/nothing"))


def test_quantisation_that_saves_little_is_said(only_config: Callable[[PreTrainedConfig], Path]) -> None:
    given: dict[str, Any] = {"quantization": "nf4", "max_length": 128, "max_batch_tokens": 128, "lora_r": 4}
    mostly_vocabulary = LlamaConfig(
        vocab_size=200_000, num_hidden_layers=2, hidden_size=512, dtype="bfloat16"
    )
    small = run_plan(only_config(mostly_vocabulary), **given)
    assert small.quantized_parameters == 2 * (4 * 512 * 512 + 3 * 512 * 11008)
    assert "quantization_saves_little" in small.notes
    mostly_layers = LlamaConfig(vocab_size=1000, num_hidden_layers=6, hidden_size=4096, dtype="bfloat16")
    assert "quantization_saves_little" not in run_plan(only_config(mostly_layers), **given).notes


def test_a_run_that_does_not_fit_is_said(tiny_gemma: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "exceeds_memory" not in run_plan(tiny_gemma, max_length=64).notes
    monkeypatch.setattr(forecast, "memory_bytes", lambda _: 10_000_000)
    found = run_plan(tiny_gemma, max_length=64)
    assert "exceeds_memory" in found.notes
    assert found.memory_bytes == 10_000_000


def test_a_longest_row_far_above_the_others_is_said(tiny_gemma: Path) -> None:
    architecture = read_architecture(str(tiny_gemma))
    even = course(architecture, TrainConfig(), [row(20, 4), row(30, 4)]).plan()
    assert "longest_row_dominates" not in even.notes
    long = course(
        architecture, TrainConfig(), [row(20, 4)] + [row(20 + n, 4) for n in range(7)] + [row(200, 4)]
    )
    assert "longest_row_dominates" in long.plan().notes


def test_the_table_compares_ranks_and_targets(tiny_gemma: Path) -> None:
    found = run_plan(tiny_gemma, options=PlanOptions(table=True), max_length=64, lora_r=8)
    ranks, targets = found.table[:6], found.table[6:]
    assert [option.lora_r for option in ranks] == [4, 8, 16, 32, 64, 128]
    assert [option.target_modules for option in targets] == [
        "q_proj",
        "q_proj,v_proj",
        ATTENTION,
        "all-linear",
    ]
    assert ranks[1].trainable_parameters == found.trainable_parameters
    assert ranks[2].trainable_parameters == 2 * ranks[1].trainable_parameters
    assert ranks[1].peak == pytest.approx(found.memory.peak, rel=0.01)
    peaks = [option.peak for option in targets]
    assert peaks == sorted(peaks, key=lambda peak: peak or 0)


def test_a_base_of_other_names_is_compared_by_the_sets_it_has(
    only_config: Callable[[PreTrainedConfig], Path],
) -> None:
    folder = only_config(GPT2Config(n_layer=2, n_embd=64, n_head=2, vocab_size=100))
    found = run_plan(folder, options=PlanOptions(table=True), max_length=32)
    assert [option.target_modules for option in found.table[6:]] == ["all-linear"]
    assert found.reached["c_attn"] == (2, 64, 192)


def test_a_loaded_base_is_planned_like_its_folder(tiny_gemma: Path) -> None:
    base = load_base(str(tiny_gemma), quantization="nf4")
    config = TrainConfig(quantization="nf4")
    found = plan_encoded(base, config, [[row(30, 10)] * 4], max_batch_tokens=256)
    assert found is not None
    expected = adapter_size(read_architecture(str(tiny_gemma)), config)
    assert (found.trainable_parameters, found.adapter_bytes) == (expected.parameters, expected.file_bytes)
    assert found.memory.weights == held_bytes(base.model)
    assert found.seconds is not None


def test_a_probe_corrects_memory_and_time_and_leaves_nothing(
    tiny_gemma: Path, rows: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    before = sorted(tmp_path.rglob("*"))
    outcomes: list[probe.Probe] = []
    run = probe.run_probe

    def watched(*arguments: Any) -> probe.Probe:  # noqa: ANN401
        outcomes.append(run(*arguments))
        return outcomes[-1]

    monkeypatch.setattr(probe, "run_probe", watched)
    found = run_plan(tiny_gemma, rows, PlanOptions(probe=True), train_batch_size=2, num_train_epochs=3)
    assert found.probed
    (outcome,) = outcomes
    assert len(outcome.seconds) == 4
    assert found.memory.peak == outcome.peak + forecast.IMPORTED_LATER
    assert outcome.peak > 100_000_000
    assert found.seconds == pytest.approx(
        found.steps * sum(outcome.seconds) / 4 if found.steps else 0, rel=0.5
    )
    assert sorted(tmp_path.rglob("*")) == before


def test_a_probe_is_believed_where_this_process_already_holds_more_than_the_training_would(
    tiny_gemma: Path, rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forecast, "AT_IMPORT", 3_000_000_000)
    assert run_plan(tiny_gemma, rows, train_batch_size=2).memory.peak > 3_000_000_000
    monkeypatch.setattr(probe, "run_probe", lambda *_: probe.Probe(peak=600_000_000, seconds=(1.0,) * 4))
    found = run_plan(tiny_gemma, rows, PlanOptions(probe=True), train_batch_size=2)
    assert found.memory.peak == 600_000_000 + forecast.IMPORTED_LATER
    assert found.memory.activations == 0
    assert found.memory.process > 0


def test_a_probe_without_weights_fails_with_what_is_missing(
    only_config: Callable[[PreTrainedConfig], Path],
) -> None:
    config = LlamaConfig(vocab_size=100, hidden_size=32, intermediate_size=64, num_hidden_layers=1)
    with pytest.raises(UsageError, match=r"only-config holds no weights"):
        run_plan(only_config(config), options=PlanOptions(probe=True), max_length=32)


@pytest.mark.slow
def test_peak_memory_of_the_embedded_model_is_foreseen(gemma: Path, write_jsonl: WriteJsonl) -> None:
    lines = [
        {"instruction": "空はなぜ青いのですか？" * 3, "output": "光が散らばるからです。" * 4}
        for _ in range(16)
    ]
    data = write_jsonl("rows.jsonl", lines)
    foreseen, measured = plan_apart(gemma, data), plan_apart(gemma, data, "--probe")
    assert 0.88 * measured < foreseen < 1.12 * measured


def plan_apart(base: Path, data: Path, *options: str) -> int:
    """Plan in a process of its own, whose memory at the start is a training's and not that of many tests."""
    asked = [
        "plan",
        data,
        "--base",
        base,
        "--target-modules",
        ATTENTION,
        "--lora-r",
        "8",
        "--json",
        "--quiet",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "loracheck", *map(str, asked), *options], capture_output=True, check=True
    )
    return int(sum(json.loads(done.stdout)["memory"].values()))
