"""A merged model: its logits are the adapter's, its folder is an ordinary model's, its type the one asked for."""

from __future__ import annotations

import json
import shutil
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, PeftModel
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

from loracheck import jsonl
from loracheck.adapters.card import ADAPTER_CARD, AdapterCard
from loracheck.adapters.files import ADAPTER_WEIGHTS, SHIPPED_FORM
from loracheck.errors import UsageError
from loracheck.models.load import load_base, packed_dtype
from loracheck.records.adapter import ShippedForm
from loracheck.runs import hash_file
from loracheck.templates.chat import ChatTemplate
from loracheck.train.merging.merge import MergeConfig, merge
from loracheck.train.merging.modelcard import UNKNOWN_LICENCE
from tests.train.merged_adapters import (
    KINDS,
    QUICK,
    QUIET,
    TARGETS,
    divergence,
    left_behind,
    logits_of,
    save_adapter,
)


@pytest.mark.parametrize("kind", list(KINDS))
def test_the_merged_model_gives_the_logits_of_the_adapter(
    kind: str, tiny_gemma: Path, tmp_path: Path
) -> None:
    expected = save_adapter(tiny_gemma, tmp_path / "adapter", KINDS[kind]())
    form = merge(tmp_path / "adapter", str(tiny_gemma), tmp_path / "out", QUICK, progress=QUIET)
    found = logits_of(tmp_path / "out")
    assert (logits_of(tiny_gemma) - expected).abs().max() > 0.1
    assert torch.allclose(found, expected, atol=2e-4)
    assert divergence(form) < 1e-5
    assert form.comparisons[0].above_threshold is False
    assert form.comparisons[0].same_top is not None
    assert form.comparisons[0].same_top.value == 1.0
    assert 0.4 < (form.comparisons[0].same_top.ci_low or 0.0) < 1.0


def test_a_model_whose_head_has_weights_of_its_own_is_merged_as_well(
    tiny_smollm: Path, tmp_path: Path
) -> None:
    expected = save_adapter(tiny_smollm, tmp_path / "adapter", LoraConfig(r=4, target_modules="all-linear"))
    merge(tmp_path / "adapter", str(tiny_smollm), tmp_path / "out", QUICK, progress=QUIET)
    assert torch.allclose(logits_of(tmp_path / "out"), expected, atol=2e-4)


def test_a_pissa_adapter_is_merged_with_what_it_took_from_the_base(tiny_gemma: Path, tmp_path: Path) -> None:
    config = LoraConfig(r=4, lora_alpha=8, target_modules=TARGETS, init_lora_weights="pissa")
    expected = save_adapter(tiny_gemma, tmp_path / "adapter", config)
    merge(tmp_path / "adapter", str(tiny_gemma), tmp_path / "out", QUICK, progress=QUIET)
    assert torch.allclose(logits_of(tmp_path / "out"), expected, atol=1e-3)


def test_the_folder_is_an_ordinary_model_that_stops_where_its_template_does(
    tiny_gemma: Path, mergeable: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    shutil.copytree(mergeable, run / "adapter")
    template = (
        "{% for m in messages %}{{ '<unk>' + m.content + '<pad>' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<unk>' }}{% endif %}"
    )
    (run / "adapter" / "chat_template.jinja").write_text(template, encoding="utf-8")
    card = jsonl.read_one(mergeable / ADAPTER_CARD, AdapterCard)
    own = ChatTemplate(AutoTokenizer.from_pretrained(tiny_gemma), template)
    values = jsonl.to_builtins(card) | {"template_sha256": own.sha256}
    jsonl.write_one(run / "adapter" / ADAPTER_CARD, values)
    merge(run, str(tiny_gemma), tmp_path / "out", QUICK, progress=QUIET)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out")
    assert tokenizer.chat_template == template
    generation = GenerationConfig.from_pretrained(tmp_path / "out")
    assert set(generation.eos_token_id) == {tokenizer.pad_token_id, tokenizer.eos_token_id}
    written = (tmp_path / "out" / "generation_config.json").read_text(encoding="utf-8")
    assert '"_from_model_config": true' not in written  # transformers would make it anew
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "out")
    assert set(model.generation_config.eos_token_id) == set(generation.eos_token_id)
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"README.md", SHIPPED_FORM, "config.json", "tokenizer.json", "chat_template.jinja"} < names
    assert not names & {"adapter_config.json", ADAPTER_WEIGHTS}
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o755


def test_a_merged_model_keeps_the_probes_that_chose_its_checkpoint(
    tiny_gemma: Path, copied: Path, tmp_path: Path
) -> None:
    card = jsonl.read_one(copied / ADAPTER_CARD, AdapterCard)
    jsonl.write_one(copied / ADAPTER_CARD, replace(card, watched_probes=("facts-ja-capital-france",)))
    form = merge(copied, str(tiny_gemma), tmp_path / "out", QUICK, progress=QUIET)
    assert form.watched_probes == ("facts-ja-capital-france",)


def test_what_was_merged_is_recorded(tiny_gemma: Path, mergeable: Path, tmp_path: Path) -> None:
    form = merge(mergeable, str(tiny_gemma), tmp_path / "out", QUICK, progress=QUIET)
    assert jsonl.read_one(tmp_path / "out" / SHIPPED_FORM, ShippedForm) == form
    assert form.adapter_sha256 == hash_file(mergeable / ADAPTER_WEIGHTS)
    assert form.data_sha256 == "d" * 64
    assert form.weights_sha256 == {"model.safetensors": hash_file(tmp_path / "out" / "model.safetensors")}
    assert (form.kind, form.dtype, form.trained, form.trained_known) == ("lora", "float32", "none", True)
    assert (form.base_verified, form.probes, form.evaluation) == (True, 6, None)
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    for text in (
        f"`{tiny_gemma.name}` (the one the adapter was trained on)",
        form.adapter_sha256,
        "d" * 64,
        "No evaluation of the adapter was given",
        "merged, float32: KL divergence 0.0000 nats per token",
        "n = 6 probes",
        UNKNOWN_LICENCE.replace("'", "'"),
        "from_pretrained",
    ):
        assert text in card
    assert str(tiny_gemma.parent) not in card
    assert "base_model:" not in card


def test_a_base_that_nothing_proves_is_said(tiny_gemma: Path, copied: Path, tmp_path: Path) -> None:
    (copied / ADAPTER_CARD).unlink()
    file = copied / "adapter_config.json"
    values = json.loads(file.read_text(encoding="utf-8")) | {"base_model_name_or_path": "someone/else"}
    file.write_text(json.dumps(values), encoding="utf-8")
    form = merge(copied, str(tiny_gemma), tmp_path / "out", QUICK, progress=QUIET)
    assert (form.base_verified, form.trained_known, form.data_sha256) == (False, False, None)
    assert "**not proved**" in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")


def test_the_type_is_the_one_asked_for_and_the_sum_is_rounded_once(
    tiny_gemma: Path, mergeable: Path, tmp_path: Path
) -> None:
    exact = tmp_path / "exact"
    merge(mergeable, str(tiny_gemma), exact, QUICK, progress=QUIET)
    wanted = load_file(exact / "model.safetensors")
    for name, dtype in (("bfloat16", torch.bfloat16), ("float16", torch.float16)):
        config = MergeConfig(dtype=name, probes=3, max_new_tokens=8)  # type: ignore[arg-type]
        form = merge(mergeable, str(tiny_gemma), tmp_path / name, config, progress=QUIET)
        assert form.dtype == name
        found = load_file(tmp_path / name / "model.safetensors")
        assert {tensor.dtype for tensor in found.values()} == {dtype}
        for key, tensor in wanted.items():
            assert torch.equal(found[key], tensor.to(dtype)), key


@pytest.mark.parametrize("kind", ["lora", "dora"])
def test_a_base_in_bfloat16_is_added_to_in_float32(kind: str, tiny_gemma: Path, tmp_path: Path) -> None:
    short = tmp_path / "short"
    AutoModelForCausalLM.from_pretrained(tiny_gemma, dtype=torch.bfloat16).save_pretrained(short)
    AutoTokenizer.from_pretrained(tiny_gemma).save_pretrained(short)
    save_adapter(short, tmp_path / "adapter", KINDS[kind]())
    form = merge(tmp_path / "adapter", str(short), tmp_path / "out", QUICK, progress=QUIET)
    assert form.dtype == "bfloat16"
    exact: Any = PeftModel.from_pretrained(
        AutoModelForCausalLM.from_pretrained(short, dtype=torch.float32), str(tmp_path / "adapter")
    )
    wanted = exact.merge_and_unload().state_dict()
    for key, tensor in load_file(tmp_path / "out" / "model.safetensors").items():
        assert torch.equal(tensor, wanted[key].to(torch.bfloat16)), key


def test_a_checkpoint_in_float16_is_merged_with_all_its_bits(
    tiny_gemma: Path, mergeable: Path, tmp_path: Path
) -> None:
    half = tmp_path / "half"
    AutoModelForCausalLM.from_pretrained(tiny_gemma, dtype=torch.float16).save_pretrained(half)
    AutoTokenizer.from_pretrained(tiny_gemma).save_pretrained(half)
    plain = tmp_path / "plain"
    save_adapter(half, plain)
    assert load_base(str(half)).model.dtype == (
        torch.float16 if torch.cuda.is_available() else packed_dtype()
    )
    form = merge(plain, str(half), tmp_path / "out", QUICK, progress=QUIET)
    assert form.dtype == "float16"
    before, after = load_file(half / "model.safetensors"), load_file(tmp_path / "out" / "model.safetensors")
    untouched = "model.layers.0.self_attn.k_proj.weight"
    assert torch.equal(before[untouched], after[untouched])


def test_a_weight_that_does_not_fit_the_type_is_refused_and_nothing_stays(
    tiny_gemma: Path, copied: Path, tmp_path: Path
) -> None:
    weights = load_file(copied / ADAPTER_WEIGHTS)
    save_file({name: tensor * 500 for name, tensor in weights.items()}, copied / ADAPTER_WEIGHTS)
    config = MergeConfig(dtype="float16", probes=3)
    with pytest.raises(UsageError, match="does not fit this type") as caught:
        merge(copied, str(tiny_gemma), tmp_path / "out", config, progress=QUIET)
    assert "bfloat16" in caught.value.hint
    assert not (tmp_path / "out").exists()
    assert left_behind(tmp_path / "out") == []
