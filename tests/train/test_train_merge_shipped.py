"""The merged form compared with the trained one: adapters of quantised bases, and the numbers by their definition."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from torch.nn import functional
from transformers import AutoModelForCausalLM

from loracheck.errors import EnvironmentFault
from loracheck.models.load import load_base
from loracheck.models.quantization import Quantization
from loracheck.probes import bundled
from loracheck.records import Message
from loracheck.templates.chat import ChatTemplate
from loracheck.train.merging import merge as merging
from loracheck.train.merging.merge import MergeConfig, MergeInputs, merge
from loracheck.train.merging.shipped import THRESHOLD, choose_prompts, compare_form, record_answers
from tests.train.merged_adapters import QUICK, QUIET, MakeGemma, divergence, save_adapter


@pytest.fixture(scope="module")
def sharp_gemma(tiny_gemma: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model with logits as far apart as a real model's, so that an error of the weights shows."""
    folder = tmp_path_factory.mktemp("sharp") / "gemma"
    shutil.copytree(tiny_gemma, folder)
    weights = load_file(folder / "model.safetensors")
    weights["model.norm.weight"] += 15.0
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


@pytest.mark.parametrize(
    ("quantization", "times"), [("fp4", 50), ("int8", 2)]
)  # int8 rounds activations, too
def test_other_quantisations_are_merged_onto_their_own_values(
    quantization: Quantization, times: int, sharp_gemma: Path, tmp_path: Path
) -> None:
    save_adapter(sharp_gemma, tmp_path / "adapter", quantization=quantization)
    config = MergeConfig(onto="trained", probes=3, max_new_tokens=8)
    form = merge(tmp_path / "adapter", str(sharp_gemma), tmp_path / "out", config, progress=QUIET)
    plain = merge(tmp_path / "adapter", str(sharp_gemma), tmp_path / "plain", QUICK, progress=QUIET)
    assert divergence(form) < divergence(plain) / times


def test_an_adapter_trained_in_four_bits_is_another_model_when_merged_into_sixteen(
    sharp_gemma: Path, tmp_path: Path
) -> None:
    save_adapter(sharp_gemma, tmp_path / "adapter", quantization="nf4")
    form = merge(tmp_path / "adapter", str(sharp_gemma), tmp_path / "out", QUICK, progress=QUIET)
    assert (form.trained, form.trained_known, form.onto) == ("nf4", True, "original")
    assert divergence(form) > THRESHOLD
    assert form.comparisons[0].above_threshold is True
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "**above 0.05 nats**" in card
    config = MergeConfig(onto="trained", probes=3, max_new_tokens=8)
    again = merge(tmp_path / "adapter", str(sharp_gemma), tmp_path / "trained", config, progress=QUIET)
    assert divergence(again) < divergence(form) / 50
    assert again.comparisons[0].above_threshold is False
    assert "quantization_config" not in (tmp_path / "trained" / "config.json").read_text(encoding="utf-8")


def test_how_it_was_trained_can_be_told_where_no_card_says_it(sharp_gemma: Path, tmp_path: Path) -> None:
    save_adapter(sharp_gemma, tmp_path / "adapter")
    config = MergeConfig(quantization="nf4", probes=3, max_new_tokens=8)
    form = merge(tmp_path / "adapter", str(sharp_gemma), tmp_path / "out", config, progress=QUIET)
    assert (form.trained, form.trained_known) == ("nf4", True)
    assert divergence(form) > THRESHOLD


def test_a_trained_form_that_cannot_be_loaded_here_is_said_and_the_merge_stands(
    sharp_gemma: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_adapter(sharp_gemma, tmp_path / "adapter", quantization="nf4")

    def without_bitsandbytes(spec: str, **options: Any) -> Any:  # noqa: ANN401 - load_base's own
        if options.get("quantization", "none") != "none":
            raise EnvironmentFault("bitsandbytes is not here", kind="package_missing")
        return load_base(spec, **options)

    monkeypatch.setattr(merging, "load_base", without_bitsandbytes)
    form = merge(tmp_path / "adapter", str(sharp_gemma), tmp_path / "out", QUICK, progress=QUIET)
    found = form.comparisons[0]
    assert (found.divergence, found.same_top, found.above_threshold, found.tokens) == (None, None, None, 0)
    assert "bitsandbytes is not here" in found.reason
    assert "not compared" in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")


def test_the_numbers_are_those_of_the_definition(
    tiny_gemma: Path, make_gemma: MakeGemma, tmp_path: Path
) -> None:
    bases = [load_base(str(tiny_gemma)), load_base(str(make_gemma(tmp_path / "other", seed=5)))]
    template = ChatTemplate(bases[0].tokenizer)
    prompts = choose_prompts(2, 0)
    with (tmp_path / "store").open("w+b") as store:
        answers = record_answers(bases[0].model, template, prompts, max_new_tokens=5, store=store)
        found = compare_form(bases[1].model, template, answers, shipped="x", seed=0)
    each, same, sums = [], [], []
    for row in answers.rows:
        ids = torch.tensor([row.ids])
        with torch.inference_mode():
            logs = [functional.log_softmax(base.model(ids).logits[0].double(), dim=-1) for base in bases]
        here = [place - 1 for place, label in enumerate(row.labels) if label != -100]
        kl = (logs[0].exp() * (logs[0] - logs[1])).sum(dim=-1)[here]
        each += kl.tolist()
        sums.append((float(kl.sum()), len(here)))
        same += (logs[0].argmax(-1) == logs[1].argmax(-1))[here].tolist()
    assert found.divergence is not None
    assert found.same_top is not None
    assert found.tokens == len(each) == sum(row.trained_tokens for row in answers.rows)
    assert found.divergence.value == pytest.approx(sum(each) / len(each), rel=1e-4)
    assert found.largest == pytest.approx(max(each), rel=1e-4)
    assert found.same_top.value == pytest.approx(sum(same) / len(same))
    assert found.divergence.n == len(prompts)
    means = [total / tokens for total, tokens in sums]
    value, low, high = found.divergence.value, found.divergence.ci_low, found.divergence.ci_high
    assert value is not None
    assert low is not None
    assert high is not None
    assert min(means) <= low < value < high <= max(means)


def test_a_form_with_another_vocabulary_is_not_compared(
    tiny_gemma: Path, make_gemma: MakeGemma, tmp_path: Path
) -> None:
    base, other = load_base(str(tiny_gemma)), load_base(str(make_gemma(tmp_path / "other", words=300)))
    template = ChatTemplate(base.tokenizer)
    with (tmp_path / "store").open("w+b") as store:
        answers = record_answers(base.model, template, choose_prompts(2, 0), max_new_tokens=4, store=store)
        found = compare_form(other.model, template, answers, shipped="x", seed=0)
        assert found.divergence is None
        assert "vocabulary has another size" in found.reason
        with torch.no_grad():
            base.model.get_output_embeddings().weight.fill_(float("nan"))
        broken = compare_form(base.model, template, answers, shipped="x", seed=0)
    assert broken.divergence is None
    assert "not finite" in broken.reason


def test_probes_are_drawn_by_their_seed_in_both_languages_with_the_users_own() -> None:
    languages = {probe.messages: probe.language for probe in bundled()}
    chosen = choose_prompts(6, 3)
    assert [languages[messages] for messages in chosen].count("ja") == 6
    assert [languages[messages] for messages in chosen].count("en") == 6
    assert len(set(chosen)) == 12
    assert choose_prompts(6, 3) == chosen
    assert choose_prompts(6, 4) != chosen
    own = [(Message(role="user", content=str(number)),) for number in range(20)]
    assert len(set(choose_prompts(6, 3, own)) & set(own)) == 6


def test_the_users_own_rows_are_compared_as_well(tiny_gemma: Path, mergeable: Path, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text(
        "".join(json.dumps({"instruction": f"{n}?", "output": "x"}) + "\n" for n in range(9)),
        encoding="utf-8",
    )
    form = merge(
        mergeable, str(tiny_gemma), tmp_path / "out", QUICK, MergeInputs(data=[rows]), progress=QUIET
    )
    assert form.probes == 9


@pytest.mark.slow
def test_a_merged_gemma_says_what_the_adapter_says(gemma: Path, tmp_path: Path) -> None:
    config = LoraConfig(r=8, lora_alpha=16, target_modules="all-linear", task_type="CAUSAL_LM")
    torch.manual_seed(0)
    tuned = get_peft_model(AutoModelForCausalLM.from_pretrained(gemma, dtype="auto"), config)
    for name, weight in tuned.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.01)
    tuned.save_pretrained(str(tmp_path / "adapter"), save_embedding_layers=False)
    few = MergeConfig(probes=4, max_new_tokens=16)
    form = merge(tmp_path / "adapter", str(gemma), tmp_path / "out", few, progress=QUIET)
    assert divergence(form) < 0.01
    assert isinstance(tuned, PeftModel)
    held = MergeConfig(probes=4, max_new_tokens=16, quantization="nf4")
    assert (
        divergence(merge(tmp_path / "adapter", str(gemma), tmp_path / "nf4", held, progress=QUIET))
        > THRESHOLD
    )
