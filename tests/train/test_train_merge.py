from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import IA3Config, LoHaConfig, LoKrConfig, LoraConfig, PeftConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from torch.nn import functional
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

from loracheck import jsonl
from loracheck.errors import AdapterError, EnvironmentFault, UsageError
from loracheck.models import ADAPTER_CARD, ADAPTER_WEIGHTS, AdapterCard, Quantization, load_base
from loracheck.probes import bundled
from loracheck.progress import Progress
from loracheck.records import (
    ArmRecord,
    EvaluationContext,
    EvaluationResult,
    Finding,
    Message,
    Verdict,
)
from loracheck.records.adapter import ShippedForm
from loracheck.runs import hash_file, open_run
from loracheck.template import ChatTemplate
from loracheck.train import merge as merging
from loracheck.train.merge import SHIPPED_FORM, MergeConfig, merge
from loracheck.train.modelcard import UNKNOWN_LICENCE, licence_of
from loracheck.train.shipped import THRESHOLD, choose_prompts, compare_form, record_answers

MakeGemma = Callable[..., Path]
QUIET = Progress(quiet=True)
QUICK = MergeConfig(probes=3, max_new_tokens=8)
TARGETS = ["q_proj", "v_proj", "down_proj"]
KINDS: dict[str, Callable[[], PeftConfig]] = {
    "lora": lambda: LoraConfig(r=4, lora_alpha=8, target_modules=TARGETS),
    "rslora": lambda: LoraConfig(r=4, lora_alpha=8, target_modules=TARGETS, use_rslora=True),
    "dora": lambda: LoraConfig(r=4, lora_alpha=8, target_modules=TARGETS, use_dora=True),
    "loha": lambda: LoHaConfig(r=4, alpha=16, target_modules=TARGETS),
    "lokr": lambda: LoKrConfig(r=4, alpha=16, target_modules=TARGETS),
    "patterns": lambda: LoraConfig(
        r=4, lora_alpha=8, target_modules=TARGETS, alpha_pattern={"v_proj": 40}, rank_pattern={"q_proj": 2}
    ),
    "whole norm besides": lambda: LoraConfig(r=4, target_modules=TARGETS, modules_to_save=["norm"]),
    "head": lambda: LoraConfig(r=4, target_modules=["q_proj", "lm_head"]),
    "embeddings": lambda: LoraConfig(r=4, target_modules=["q_proj", "embed_tokens"]),
}
IDS = torch.tensor([[2, 40, 50, 60, 70, 80]])


def save_adapter(
    model: Path,
    target: Path,
    config: PeftConfig | None = None,
    *,
    std: float = 0.3,
    quantization: Quantization | None = None,
) -> torch.Tensor:
    """Save an adapter with random factors, with a card where it is told how the base was held; returns its logits."""
    config = config or KINDS["lora"]()
    config.task_type = "CAUSAL_LM"
    torch.manual_seed(1)
    tuned = get_peft_model(AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32), config)
    for name, weight in tuned.named_parameters():
        if weight.requires_grad and "magnitude" not in name:
            torch.nn.init.normal_(weight, std=std)
    tuned.save_pretrained(str(target), save_embedding_layers=False)
    if quantization is not None:
        base = load_base(str(model))
        card = AdapterCard(
            base=base.name,
            fingerprint=base.fingerprint,
            template_sha256=ChatTemplate(base.tokenizer).sha256,
            quantization=quantization,
            data_sha256="d" * 64,
            trained_tokens=1,
        )
        jsonl.write_one(target / ADAPTER_CARD, card)
    tuned.eval()
    with torch.inference_mode():
        logits: torch.Tensor = tuned(input_ids=IDS).logits
    return logits


def logits_of(folder: Path) -> torch.Tensor:
    model = AutoModelForCausalLM.from_pretrained(folder)
    with torch.inference_mode():
        logits: torch.Tensor = model(input_ids=IDS).logits.float()
    return logits


def divergence(form: ShippedForm, place: int = 0) -> float:
    found = form.comparisons[place].divergence
    assert found is not None
    assert found.value is not None
    return found.value


def left_behind(out: Path) -> list[Path]:
    return [path for path in out.parent.iterdir() if path.name.startswith(f".{out.name}")]


@pytest.fixture(scope="module")
def adapter(tiny_gemma: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("merge") / "lora"
    save_adapter(tiny_gemma, folder, quantization="none")
    return folder


@pytest.fixture(scope="module")
def sharp_gemma(tiny_gemma: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model with logits as far apart as a real model's, so that an error of the weights shows."""
    folder = tmp_path_factory.mktemp("sharp") / "gemma"
    shutil.copytree(tiny_gemma, folder)
    weights = load_file(folder / "model.safetensors")
    weights["model.norm.weight"] += 15.0
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


@pytest.fixture
def copied(adapter: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(adapter, tmp_path / "copied"))


# --- what is written


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
    tiny_gemma: Path, adapter: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    shutil.copytree(adapter, run / "adapter")
    template = (
        "{% for m in messages %}{{ '<unk>' + m.content + '<pad>' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<unk>' }}{% endif %}"
    )
    (run / "adapter" / "chat_template.jinja").write_text(template, encoding="utf-8")
    card = jsonl.read_one(adapter / ADAPTER_CARD, AdapterCard)
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


def test_what_was_merged_is_recorded(tiny_gemma: Path, adapter: Path, tmp_path: Path) -> None:
    form = merge(adapter, str(tiny_gemma), tmp_path / "out", QUICK, progress=QUIET)
    assert jsonl.read_one(tmp_path / "out" / SHIPPED_FORM, ShippedForm) == form
    assert form.adapter_sha256 == hash_file(adapter / ADAPTER_WEIGHTS)
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


# --- types


def test_the_type_is_the_one_asked_for_and_the_sum_is_rounded_once(
    tiny_gemma: Path, adapter: Path, tmp_path: Path
) -> None:
    exact = tmp_path / "exact"
    merge(adapter, str(tiny_gemma), exact, QUICK, progress=QUIET)
    wanted = load_file(exact / "model.safetensors")
    for name, dtype in (("bfloat16", torch.bfloat16), ("float16", torch.float16)):
        config = MergeConfig(dtype=name, probes=3, max_new_tokens=8)  # type: ignore[arg-type]
        form = merge(adapter, str(tiny_gemma), tmp_path / name, config, progress=QUIET)
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


def test_a_checkpoint_in_float16_is_merged_with_all_its_bits(
    tiny_gemma: Path, adapter: Path, tmp_path: Path
) -> None:
    half = tmp_path / "half"
    AutoModelForCausalLM.from_pretrained(tiny_gemma, dtype=torch.float16).save_pretrained(half)
    AutoTokenizer.from_pretrained(tiny_gemma).save_pretrained(half)
    plain = tmp_path / "plain"
    save_adapter(half, plain)
    assert load_base(str(half)).model.dtype == (
        torch.float16 if torch.cuda.is_available() else torch.bfloat16
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


# --- the trained form and the shipped one


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


def test_the_users_own_rows_are_compared_as_well(tiny_gemma: Path, adapter: Path, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text(
        "".join(json.dumps({"instruction": f"{n}?", "output": "x"}) + "\n" for n in range(9)),
        encoding="utf-8",
    )
    form = merge(adapter, str(tiny_gemma), tmp_path / "out", QUICK, data=[rows], progress=QUIET)
    assert form.probes == 9


# --- refusals


def test_an_occupied_folder_is_left_alone_and_an_empty_one_is_taken(
    tiny_gemma: Path, adapter: Path, tmp_path: Path
) -> None:
    occupied = tmp_path / "occupied"
    occupied.mkdir()
    (occupied / "mine.txt").write_text("mine", encoding="utf-8")
    file = tmp_path / "file"
    file.write_text("mine", encoding="utf-8")
    for out in (occupied, file):
        with pytest.raises(UsageError, match="is not empty; nothing was changed"):
            merge(adapter, str(tiny_gemma), out, QUICK, progress=QUIET)
    assert (occupied / "mine.txt").read_text(encoding="utf-8") == "mine"
    (tmp_path / "empty").mkdir()
    merge(adapter, str(tiny_gemma), tmp_path / "empty", QUICK, progress=QUIET)
    assert (tmp_path / "empty" / "config.json").is_file()


def test_another_base_is_refused(
    tiny_gemma: Path, adapter: Path, make_gemma: MakeGemma, tmp_path: Path
) -> None:
    other = make_gemma(tmp_path / "other", seed=1)
    with pytest.raises(AdapterError, match="another base"):
        merge(adapter, str(other), tmp_path / "out", QUICK, progress=QUIET)
    with pytest.raises(UsageError, match="no model folder"):
        merge(adapter, str(tmp_path / "nothing"), tmp_path / "out", QUICK, progress=QUIET)
    assert not (tmp_path / "out").exists()
    assert left_behind(tmp_path / "out") == []


def test_a_checkpoint_that_is_quantised_itself_is_no_base_to_merge_into(
    tiny_gemma: Path, adapter: Path, tmp_path: Path
) -> None:
    quantised = load_base(str(tiny_gemma), quantization="nf4")
    quantised.model.save_pretrained(tmp_path / "nf4")
    quantised.tokenizer.save_pretrained(tmp_path / "nf4")
    with pytest.raises(UsageError, match=r"is quantised \(.*bitsandbytes.*\)") as caught:
        merge(adapter, str(tmp_path / "nf4"), tmp_path / "out", QUICK, progress=QUIET)
    assert "16-bit original" in caught.value.hint


def test_adapters_that_cannot_be_merged_are_refused(tiny_gemma: Path, copied: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    save_adapter(tiny_gemma, tmp_path / "ia3", IA3Config(target_modules=["q_proj"], feedforward_modules=[]))
    with pytest.raises(AdapterError, match="is IA3; merge takes LoRA"):
        merge(tmp_path / "ia3", str(tiny_gemma), out, QUICK, progress=QUIET)
    image = tmp_path / "image.safetensors"
    save_file(
        {"lora_unet_a.lora_down.weight": torch.ones(2, 4), "lora_unet_a.lora_up.weight": torch.ones(4, 2)},
        image,
    )
    with pytest.raises(AdapterError, match="adapter of an image model"):
        merge(image, str(tiny_gemma), out, QUICK, progress=QUIET)
    shutil.copy(copied / ADAPTER_WEIGHTS, tmp_path / "alone.safetensors")
    with pytest.raises(AdapterError, match=r"no adapter_config\.json beside it"):
        merge(tmp_path / "alone.safetensors", str(tiny_gemma), out, QUICK, progress=QUIET)
    weights = load_file(copied / ADAPTER_WEIGHTS)
    save_file({name: tensor * float("inf") for name, tensor in weights.items()}, copied / ADAPTER_WEIGHTS)
    with pytest.raises(AdapterError, match="holds NaN or infinity"):
        merge(copied, str(tiny_gemma), out, QUICK, progress=QUIET)
    with pytest.raises(UsageError, match="--probes must be at least 1"):
        MergeConfig(probes=0)
    with pytest.raises(UsageError, match="--max-new-tokens must be at least 1"):
        MergeConfig(max_new_tokens=0)
    assert not out.exists()


@pytest.mark.parametrize("where", ["save_model", "_describe"])
def test_a_full_disk_leaves_nothing_behind(
    where: str, tiny_gemma: Path, adapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(merging, where, full)
    with pytest.raises(EnvironmentFault, match="No space left"):
        merge(adapter, str(tiny_gemma), tmp_path / "out", QUICK, progress=QUIET)
    assert not (tmp_path / "out").exists()
    assert left_behind(tmp_path / "out") == []


# --- the card


def write_evaluation(run: Path, sha256: str) -> Path:
    """Write a finished eval run that judged one adapter."""
    finding = Finding(check="sanity", adapter="mine", required=True, status="pass", reason="adapter_sound")
    verdict = Verdict(
        adapter="mine",
        status="hold",
        policy="persona",
        policy_sha256="e" * 64,
        alpha=0.05,
        deciding=(),
        findings=(finding,),
    )
    context = EvaluationContext(
        base="b",
        quantization="none",
        fingerprint={},
        template="",
        template_sha256="t",
        training_data=None,
        max_new_tokens=8,
        probes={},
        dropped_probes=(),
        arms=(ArmRecord(name="base", path=None), ArmRecord(name="mine", path="p", sha256=sha256)),
    )
    with open_run(run, "eval", config={}):
        jsonl.write_one(run / "context.json", context)
        result = EvaluationResult(verdicts=(verdict,), comparisons=(), markers=(), arms=("base", "mine"))
        jsonl.write_one(run / "verdict.json", result)
    return run


def test_the_verdict_on_this_very_adapter_goes_into_the_card(
    tiny_gemma: Path, adapter: Path, tmp_path: Path
) -> None:
    own = write_evaluation(tmp_path / "eval", hash_file(adapter / ADAPTER_WEIGHTS))
    form = merge(adapter, str(tiny_gemma), tmp_path / "out", QUICK, evaluation=own, progress=QUIET)
    assert form.evaluation is not None
    assert (form.evaluation.status, form.evaluation.policy, form.evaluation.adapter) == (
        "hold",
        "persona",
        "mine",
    )
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "Verdict on the adapter: **hold** (it may not ship), policy `persona`" in card
    foreign = write_evaluation(tmp_path / "foreign", "f" * 64)
    with pytest.raises(UsageError, match="it judged mine, none of which has the weights"):
        merge(adapter, str(tiny_gemma), tmp_path / "other", QUICK, evaluation=foreign, progress=QUIET)


def test_the_licence_is_that_of_the_base_or_unknown(tmp_path: Path) -> None:
    assert licence_of(str(tmp_path)) == UNKNOWN_LICENCE
    (tmp_path / "LICENSE").write_text("\n\n  Gemma Terms of Use\n\nmore", encoding="utf-8")
    assert licence_of(str(tmp_path)) == "Gemma Terms of Use"
    (tmp_path / "README.md").write_text("---\nlicense: apache-2.0\n---\n", encoding="utf-8")
    assert licence_of(str(tmp_path)) == "apache-2.0"
    (tmp_path / "README.md").write_text("---\nlicense: other\nlicense_name: gemma\n---\n", encoding="utf-8")
    assert licence_of(str(tmp_path)) == "gemma"
    (tmp_path / "README.md").write_text("---\nlicense: [1, {}]\n---\n", encoding="utf-8")
    assert licence_of(str(tmp_path)) == "Gemma Terms of Use"


def test_a_strangers_words_are_no_markup_in_the_card(tiny_gemma: Path, adapter: Path, tmp_path: Path) -> None:
    base = tmp_path / "ba|se`<img src=x>"
    shutil.copytree(tiny_gemma, base)
    (base / "LICENSE").write_text(
        "\x1b[31m[click](javascript:x) | <script>alert(1)</script>\n", encoding="utf-8"
    )
    merge(adapter, str(base), tmp_path / "out", QUICK, progress=QUIET)
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "\x1b" not in card
    assert "<script>" not in card.replace("\\<", "")
    assert "[click]" not in card.split("---", 2)[2].replace("\\[", "")
    rows = [line for line in card.splitlines() if line.startswith("| ")]
    assert all(row.replace("\\|", "").count("|") == 3 for row in rows)


# --- GGUF


def executable(path: Path, body: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!{sys.executable}\n{body}", encoding="utf-8")
    path.chmod(0o755)
    return path


def real_converter(folder: Path) -> Path:
    script = Path(__file__).with_name("llama_gguf.py").read_text(encoding="utf-8")
    return executable(folder / "convert_hf_to_gguf.py", script)


@pytest.fixture
def no_converter(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A PATH on which nothing of llama.cpp lies; returns the folder on it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("LLAMA_CPP", raising=False)
    return folder


def gguf_config(kind: str) -> MergeConfig:
    return MergeConfig(gguf=kind, probes=3, max_new_tokens=8)


def test_a_gguf_file_is_written_by_the_converter_on_path_and_compared(
    no_converter: Path, tiny_smollm: Path, tmp_path: Path
) -> None:
    real_converter(no_converter)
    save_adapter(tiny_smollm, tmp_path / "adapter", std=0.05)
    form = merge(tmp_path / "adapter", str(tiny_smollm), tmp_path / "out", gguf_config("f16"), progress=QUIET)
    file = tmp_path / "out" / "out-f16.gguf"
    assert file.read_bytes()[:4] == b"GGUF"
    assert form.weights_sha256[file.name] == hash_file(file)
    assert [comparison.shipped for comparison in form.comparisons] == [
        "merged, float32",
        "GGUF f16, dequantised to bfloat16",
    ]
    assert divergence(form, 0) < 1e-5 < divergence(form, 1) < 0.01
    assert jsonl.read_one(tmp_path / "out" / SHIPPED_FORM, ShippedForm) == form
    assert "GGUF f16" in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    cache = Path(os.environ["LORACHECK_CACHE"]) / "gguf"
    assert list(cache.glob("*")) == []


def test_a_missing_converter_is_said_before_any_work(
    no_converter: Path, tiny_gemma: Path, adapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merging, "load_base", None)
    with pytest.raises(EnvironmentFault, match=r"needs llama\.cpp's convert_hf_to_gguf\.py") as caught:
        merge(adapter, str(tiny_gemma), tmp_path / "out", gguf_config("q8_0"), progress=QUIET)
    assert "github.com/ggml-org/llama.cpp" in caught.value.hint
    assert not (tmp_path / "out").exists()
    monkeypatch.setenv("LLAMA_CPP", str(tmp_path))
    with pytest.raises(EnvironmentFault, match=r"LLAMA_CPP is .*, and there is no convert_hf_to_gguf\.py"):
        merge(adapter, str(tiny_gemma), tmp_path / "out", gguf_config("q8_0"), progress=QUIET)
    real_converter(no_converter)
    monkeypatch.delenv("LLAMA_CPP")
    with pytest.raises(EnvironmentFault, match=r"needs llama\.cpp's llama-quantize") as caught:
        merge(adapter, str(tiny_gemma), tmp_path / "out", gguf_config("q4_k_m"), progress=QUIET)
    assert "q8_0" in caught.value.hint
    with pytest.raises(UsageError, match="a type is wanted"):
        merge(adapter, str(tiny_gemma), tmp_path / "out", gguf_config("../../x"), progress=QUIET)


def test_a_converter_that_fails_is_quoted_and_the_merged_model_stays(
    no_converter: Path, tiny_gemma: Path, adapter: Path, tmp_path: Path
) -> None:
    body = "import sys\nprint('Model Gemma3 \\x1b[31mis not supported', file=sys.stderr)\nsys.exit(3)\n"
    executable(no_converter / "convert_hf_to_gguf.py", body)
    out = tmp_path / "out"
    with pytest.raises(EnvironmentFault, match="ended with exit code 3: Model Gemma3") as caught:
        merge(adapter, str(tiny_gemma), out, gguf_config("f16"), progress=QUIET)
    assert "\x1b" not in str(caught.value)
    assert f"The merged model in {out} is whole." in caught.value.message
    assert "convert_hf_to_gguf.py" in caught.value.hint
    assert jsonl.read_one(out / SHIPPED_FORM, ShippedForm).comparisons[0].divergence is not None
    assert list(out.glob("*gguf*")) == list(out.glob(".gguf*")) == []


def test_a_converter_that_writes_something_else_or_what_nobody_can_read_is_noticed(
    no_converter: Path, tiny_gemma: Path, adapter: Path, tmp_path: Path
) -> None:
    write = "import sys\nopen(sys.argv[sys.argv.index('--outfile') + 1], 'wb').write({!r})\n"
    executable(no_converter / "convert_hf_to_gguf.py", write.format(b"nothing"))
    with pytest.raises(EnvironmentFault, match="wrote no GGUF file"):
        merge(adapter, str(tiny_gemma), tmp_path / "one", gguf_config("f16"), progress=QUIET)
    executable(no_converter / "convert_hf_to_gguf.py", write.format(b"GGUF but no more"))
    form = merge(adapter, str(tiny_gemma), tmp_path / "two", gguf_config("f16"), progress=QUIET)
    assert form.comparisons[1].divergence is None
    assert form.comparisons[1].reason
    assert (tmp_path / "two" / "two-f16.gguf").is_file()


def test_smaller_types_are_made_by_llama_quantize_from_the_folder_of_llama_cpp(
    no_converter: Path, tiny_smollm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    llama = tmp_path / "llama.cpp"
    real_converter(llama)
    copy = "import shutil, sys\nassert sys.argv[3] == 'Q4_K_M'\nshutil.copy(sys.argv[1], sys.argv[2])\n"
    executable(llama / "build" / "bin" / "llama-quantize", copy)
    monkeypatch.setenv("LLAMA_CPP", str(llama))
    save_adapter(tiny_smollm, tmp_path / "adapter", std=0.05)
    form = merge(
        tmp_path / "adapter", str(tiny_smollm), tmp_path / "out", gguf_config("Q4_K_M"), progress=QUIET
    )
    assert (tmp_path / "out" / "out-q4_k_m.gguf").is_file()
    assert form.comparisons[1].shipped.startswith("GGUF q4_k_m")


# --- the real thing


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


def test_what_a_killed_merge_left_goes_at_the_next_start_and_a_living_one_keeps_its_own(
    tiny_gemma: Path, tmp_path: Path
) -> None:
    save_adapter(tiny_gemma, tmp_path / "adapter")
    out = tmp_path / "merged"

    def left() -> list[Path]:
        return sorted(tmp_path.glob(".merged.merging-*"))

    child = os.fork()
    if child == 0:
        with merging._appearing(out) as folder:
            (folder / "model.safetensors").write_bytes(b"half a model")
            os.kill(os.getpid(), signal.SIGKILL)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    [orphan] = left()
    living = orphan.with_name(orphan.name.replace(f"-{child}-", f"-{os.getppid()}-"))
    living.mkdir()
    merge(tmp_path / "adapter", str(tiny_gemma), out, QUICK, progress=QUIET)
    assert (out / SHIPPED_FORM).is_file()
    assert left() == [living]
