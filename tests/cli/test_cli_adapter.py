from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner, Result
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

from loracheck.cli import cli
from loracheck.errors import AdapterError, UsageError
from loracheck.records import Estimate
from loracheck.records.adapter import EvaluationSeal, FormComparison, ShippedForm
from loracheck.summary.adapter import print_merge


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def save_lora(model: Path, target: Path, *, std: float = 0.05, **options: Any) -> Path:  # noqa: ANN401
    loaded = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
    torch.manual_seed(1)
    config = LoraConfig(
        r=4, lora_alpha=8, target_modules=["q_proj", "gate_proj"], task_type="CAUSAL_LM", **options
    )
    tuned = get_peft_model(loaded, config)
    for name, weight in tuned.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(weight, std=std)
    tuned.save_pretrained(str(target), save_embedding_layers=False)
    return target


@pytest.fixture(scope="module")
def adapter(tiny_gemma: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_lora(tiny_gemma, tmp_path_factory.mktemp("cli") / "lora")


def test_inspect_prints_what_an_adapter_is_made_of(adapter: Path, tiny_gemma: Path) -> None:
    done = run("inspect", adapter, "--base", tiny_gemma, "--quiet")
    assert done.exit_code == 0, done.output
    for line in (
        "4, 8, scale 2 (6 modules)",
        "6 modules: gate_proj, q_proj",
        "vLLM (--max-lora-rank 8)",
        "text-generation-webui",
        "intruder directions against",
        "looked at 6 of 6 modules",
    ):
        assert line in done.output
    assert str(tiny_gemma) in done.output


def test_inspect_prints_json_with_every_module_and_nothing_else(adapter: Path, tiny_gemma: Path) -> None:
    done = run("inspect", adapter, "--base", tiny_gemma, "--max-modules", 2, "--json", "--quiet")
    found = json.loads(done.output)
    assert (found["adapter_kind"], len(found["modules"]), found["inert"]) == ("lora", 6, False)
    assert found["intruders"]["checked"] == 2
    assert sum(module["intruder"] is not None for module in found["modules"]) == 2


def test_inspect_of_an_image_adapter_shows_hidden_characters_and_says_what_it_is_not_for(
    tmp_path: Path,
) -> None:
    tensors = {
        "lora_unet_down_attn1_to_q.lora_down.weight": torch.ones(2, 8),
        "lora_unet_down_attn1_to_q.lora_up.weight": torch.ones(8, 2),
        "lora_unet_down_attn1_to_q.alpha": torch.tensor(1.0),
        "lora_unet_\x1b[2J_to_k.lora_down.weight": torch.ones(2, 8),
    }
    metadata = {
        "ss_network_module": "networks.lora",
        "ss_training_comment": "\x1b]0;owned\x07\x1b[31mred\u202e",
        "ss_tag_frequency": json.dumps({"10_x": {"mirelle vandort": 9, "ta\x1b[0mg": 8, "1girl": 9}}),
    }
    save_file(tensors, tmp_path / "a.safetensors", metadata=metadata)
    done = run("inspect", tmp_path / "a.safetensors")
    assert done.exit_code == 0, done.output
    assert not set(done.output) & {"\x1b", "\x07", "\u202e"}
    assert "\\u001b]0;owned\\u0007\\u001b[31mred\\u202e" in done.output
    assert "ta\\u001b[0mg (8)" in done.output
    assert "may name a person: mirelle vandort" in done.output
    assert "not vLLM: it is an adapter of an image model" in done.output
    assert "eval and merge take adapters of language models only" in done.output
    everything = run("inspect", tmp_path / "a.safetensors", "--json")
    assert not set(everything.output) & {"\x1b", "\x07"}
    assert json.loads(everything.output)["image"]["facts"]["ss_training_comment"].startswith("\x1b")


def test_inspect_of_something_else_is_an_error_of_the_user(tmp_path: Path) -> None:
    done = run("inspect", tmp_path / "nothing")
    assert isinstance(done.exception, AdapterError)
    assert done.exception.exit_code == 2


def test_merge_writes_a_model_and_prints_how_far_it_is_from_what_was_trained(
    adapter: Path, tiny_gemma: Path, tmp_path: Path
) -> None:
    few = ("--probes", 2, "--max-new-tokens", 4, "--quiet")
    done = run("merge", adapter, "--base", tiny_gemma, "-o", tmp_path / "out", *few, "--dtype", "bfloat16")
    assert done.exit_code == 0, done.output
    assert "lora merged into" in done.output
    assert "merged, bfloat16   KL 0.0" in done.output
    assert "n=4 probes" in done.output
    assert "unknown: check the base's licence" in done.output
    assert "the base as it is (assumed: the adapter does not say)" in done.output
    assert AutoModelForCausalLM.from_pretrained(tmp_path / "out").dtype == torch.bfloat16
    again = run("merge", adapter, "--base", tiny_gemma, "-o", tmp_path / "out", *few)
    assert isinstance(again.exception, UsageError)
    assert again.exception.exit_code == 2
    form = json.loads(
        run("merge", adapter, "--base", tiny_gemma, "-o", tmp_path / "json", *few, "--json").stdout
    )
    kept = json.loads((tmp_path / "json" / "shipped_form.json").read_text(encoding="utf-8"))
    assert form == {"schema_version": 1, "kind": "merge", "adapter_kind": kept.pop("kind")} | kept


def far_form() -> ShippedForm:
    """Return a merge far from what was trained, with a GGUF file that could not be compared."""
    far = Estimate(name="divergence", value=0.25, ci_low=0.2, ci_high=0.3, n=9, method="m", unit="nats")
    same = Estimate(name="same_top", value=0.8, ci_low=0.7, ci_high=0.9, n=9, method="m")
    merged = FormComparison(
        shipped="merged, bfloat16",
        divergence=far,
        same_top=same,
        largest=3.0,
        tokens=70,
        above_threshold=True,
    )
    gguf = replace(merged, shipped="GGUF q8_0", divergence=None, reason="no\x1b[31m")
    return ShippedForm(
        base="b",
        base_verified=False,
        licence="gemma\x07",
        adapter_sha256="a",
        data_sha256=None,
        kind="lora",
        dtype="bfloat16",
        trained="nf4",
        trained_known=True,
        onto="original",
        weights_sha256={},
        threshold=0.05,
        probes=9,
        seed=0,
        comparisons=(merged, gguf),
        evaluation=EvaluationSeal(
            run_id="r", adapter="x", status="ship", policy="default", policy_sha256="p"
        ),
    )


def test_merge_warns_of_another_model_than_the_one_that_was_trained(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_merge("out", form := far_form())
    said = capsys.readouterr().out
    assert "KL 0.2500 nats per token [0.2000, 0.3000], at most 3.00; same top token 80.0%" in said
    assert "warning: that is above 0.05 nats" in said
    assert "or merge with --onto trained" in said
    assert "nothing proves that the adapter was trained on this base" in said
    assert "not compared: no\\u001b[31m" in said
    assert "ship (policy default, r)" in said
    assert not set(said) & {"\x1b", "\x07"}
    print_merge(
        "out",
        replace(form, onto="trained", comparisons=(replace(form.comparisons[0], above_threshold=False),)),
    )
    assert "above 0.05" not in capsys.readouterr().out
