"""Which programs load an adapter as it was trained, and the traces that its trainer left."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import AdaLoraConfig, LoHaConfig, LoraConfig, PeftConfig, get_peft_model
from transformers import AutoModelForCausalLM

from loracheck import jsonl
from loracheck.errors import AdapterError
from loracheck.records.training import MaskAudit, TrainingSummary
from loracheck.train.inspection.anatomy import inspect_adapter
from tests.train.inspected_adapters import TARGETS, change_config, codes, loads, save_kind


def test_pissa_is_told_before_and_after_its_conversion(tiny_gemma: Path, tmp_path: Path) -> None:
    loaded = AutoModelForCausalLM.from_pretrained(tiny_gemma, dtype=torch.float32)
    config = LoraConfig(
        r=4, target_modules=TARGETS, init_lora_weights="pissa", task_type="CAUSAL_LM", lora_alpha=8
    )
    tuned: Any = get_peft_model(loaded, config)
    tuned.peft_config["default"].init_lora_weights = True
    tuned.save_pretrained(str(tmp_path / "begin"))
    tuned.peft_config["default"].init_lora_weights = "pissa"
    with torch.no_grad():
        for name, weight in tuned.named_parameters():
            if "lora_" in name:
                weight.add_(torch.randn_like(weight) * 0.02)
    tuned.save_pretrained(str(tmp_path / "raw"))
    raw = inspect_adapter(tmp_path / "raw")
    assert raw.kind == "pissa, not converted"
    assert loads(raw, "peft").loads
    assert "would not change the base's weights" in loads(raw, "vLLM").reason
    with pytest.raises(AdapterError, match="takes directions out of the base"):
        inspect_adapter(tmp_path / "raw", str(tiny_gemma))
    tuned.save_pretrained(
        str(tmp_path / "plain"), path_initial_model_for_weight_conversion=str(tmp_path / "begin")
    )
    plain = inspect_adapter(tmp_path / "plain", str(tiny_gemma))
    assert (plain.kind, plain.ranks[0].rank) == ("pissa-converted", 8)
    assert loads(plain, "vLLM").loads


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        (LoraConfig(r=4, target_modules=TARGETS, use_dora=True), "no DoRA"),
        (LoHaConfig(r=4, target_modules=TARGETS), "LoRA only, not LOHA"),
        (LoraConfig(r=4, target_modules=TARGETS, modules_to_save=["norm"]), "whole modules"),
        (LoraConfig(r=4, target_modules=TARGETS, bias="all"), "biases"),
        (LoraConfig(r=4, target_modules=TARGETS, trainable_token_indices=[1, 2]), "single trained tokens"),
        (LoraConfig(r=4, target_modules=TARGETS, alpha_pattern={"o_proj": 64}), "another scale"),
        (LoraConfig(r=600, target_modules=TARGETS), "rank 600 is above its limit of 512"),
        (AdaLoraConfig(init_r=4, target_r=2, total_step=10, target_modules=TARGETS), "not ADALORA"),
    ],
)
def test_what_vllm_would_refuse_or_scale_wrongly_is_said(
    config: PeftConfig, reason: str, tiny_gemma: Path, tmp_path: Path
) -> None:
    save_kind(tiny_gemma, tmp_path / "adapter", config)
    found = inspect_adapter(tmp_path / "adapter")
    assert loads(found, "peft").loads
    assert loads(found, "text-generation-webui").loads
    assert not loads(found, "vLLM").loads
    assert reason in loads(found, "vLLM").reason


@pytest.mark.parametrize(("rank", "allowed"), [(1, 8), (8, 8), (12, 16), (65, 128), (300, 320)])
def test_the_rank_for_vllm_is_one_that_it_allows(
    rank: int, allowed: int, tiny_gemma: Path, tmp_path: Path
) -> None:
    save_kind(tiny_gemma, tmp_path / "adapter", LoraConfig(r=rank, target_modules=["q_proj"]))
    assert loads(inspect_adapter(tmp_path / "adapter"), "vLLM").options == f"--max-lora-rank {allowed}"
    (tmp_path / "adapter" / "chat_template.jinja").write_text("{{ messages }}", encoding="utf-8")
    assert "--chat-template" in loads(inspect_adapter(tmp_path / "adapter"), "vLLM").options


def test_a_configuration_that_contradicts_the_tensors_does_not_load_anywhere(broken: Path) -> None:
    change_config(broken, r=8)
    found = inspect_adapter(broken)
    assert "other_rank" in codes(found)
    assert [entry.loads for entry in found.loads] == [False, False, False]
    assert "gives model.layers.0" in loads(found, "peft").reason
    change_config(broken, r=4, peft_type="NEWEST")
    assert "knows no kind 'NEWEST'" in loads(inspect_adapter(broken), "peft").reason


def test_the_traces_of_other_trainers_are_read(broken: Path) -> None:
    history = [
        {"loss": 3.0, "learning_rate": 1e-4, "step": 1},
        {"loss": 2.0, "learning_rate": 2e-4, "step": 2},
        {"eval_loss": 1.8, "step": 2},
        {"train_runtime": 3.0},
    ]
    state = {"global_step": 2, "epoch": 1.5, "log_history": history}
    for step in (9, 10):
        (broken / f"checkpoint-{step}").mkdir()
        (broken / f"checkpoint-{step}" / "trainer_state.json").write_text(
            json.dumps(state | {"global_step": step}), encoding="utf-8"
        )
    (broken / "README.md").write_text(
        "---\nlibrary_name: peft\nbase_model: unsloth/llama-bnb-4bit\ntags:\n- axolotl\n- lora\n---\n# hi\n",
        encoding="utf-8",
    )
    found = inspect_adapter(broken)
    assert found.training is not None
    assert found.training.files == ("README.md", "checkpoint-10/trainer_state.json")
    assert (found.training.tool, found.training.base) == ("axolotl", "unsloth/llama-bnb-4bit")
    assert (found.training.steps, found.training.epochs) == (10, 1.5)
    assert (found.training.loss_first, found.training.loss_last) == (3.0, 2.0)
    assert (found.training.heldout_loss_last, found.training.learning_rate) == (1.8, 2e-4)
    assert "four_bit_base" in codes(found)
    (broken / "README.md").unlink()
    (broken / "training_args.yaml").write_text(
        "model_name_or_path: Qwen/Qwen3-8B\nlearning_rate: 5e-5\nnum_train_epochs: 3.0\n", encoding="utf-8"
    )
    again = inspect_adapter(broken).training
    assert again is not None
    assert (again.tool, again.base, again.learning_rate) == ("LLaMA-Factory", "Qwen/Qwen3-8B", 5e-5)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("trainer_state.json", "[" * 200_000),
        ("trainer_state.json", '{"log_history": {"a": 1}, "global_step": "many", "epoch": NaN}'),
        ("trainer_state.json", '{"log_history": [1, {"loss": "x"}, {"loss": 1e999}, {"loss": true}]}'),
        ("README.md", "---\nbase_model: [" + "[" * 5_000 + "\n---\n"),
        (
            "README.md",
            "---\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 40)) + "---\n",
        ),
        ("README.md", "---\ntags: 7\nbase_model: {a: 1}\n---\n"),
        ("training_args.yaml", "!!python/object/apply:os.system ['true']"),
    ],
)
def test_odd_traces_are_passed_over(name: str, content: str, broken: Path) -> None:
    for file in broken.glob("README.md"):
        file.unlink()
    (broken / name).write_text(content, encoding="utf-8")
    trace = inspect_adapter(broken).training
    assert trace is None or (trace.base, trace.steps, trace.loss_first) == ("", None, None)


def test_the_summary_of_a_train_run_is_read(inspected: Path, tmp_path: Path) -> None:
    shutil.copytree(inspected, tmp_path / "run" / "adapter")
    audit = MaskAudit(
        rows=1,
        truncated=0,
        prefix_mismatches=0,
        untrained_stop=0,
        nothing_to_learn=0,
        double_bos=0,
        control_tokens=0,
    )
    jsonl.write_one(
        tmp_path / "run" / "summary.json",
        TrainingSummary(
            base="google/gemma-3-270m",
            quantization="none",
            rows=1,
            epochs=2.0,
            steps=7,
            trained_tokens=10,
            trainable_parameters=1,
            adapter_bytes=1,
            adapter_sha256="a",
            loss_first=2.5,
            loss_last=1.5,
            heldout_rows=0,
            heldout_loss_before=None,
            heldout_loss_after=None,
            audit=audit,
            seconds=1.0,
            peak_memory_bytes=None,
        ),
    )
    found = inspect_adapter(tmp_path / "run").training
    assert found is not None
    assert (found.tool, found.steps, found.loss_first, found.loss_last) == ("loracheck", 7, 2.5, 1.5)
