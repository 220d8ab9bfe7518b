from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from bitsandbytes.functional import dequantize_4bit
from peft import PeftModel
from peft.tuners.lora import Linear4bit
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from loracheck.adapters.files import ADAPTER_WEIGHTS
from loracheck.errors import UsageError
from loracheck.models.fingerprint import checkpoint_tensor
from loracheck.models.likelihood import pad, token_nll
from loracheck.models.load import attach, load_base, packed_dtype, read_adapter
from loracheck.progress import Progress
from loracheck.records import Message
from loracheck.records.training import TrainingSummary
from loracheck.templates.chat import ChatTemplate
from loracheck.train.adapters import add_adapter
from loracheck.train.config import TrainConfig
from loracheck.train.inputs import TrainInputs
from loracheck.train.pipeline import train

THINGS = "空花星海月風雨虹雪森山川鳥猫犬魚"
KINDS: dict[str, dict[str, Any]] = {
    "lora": {},
    "dora": {"use_dora": True},
    "rslora": {"use_rslora": True},
    "pissa-lora": {"init_lora_weights": "pissa"},
    "lora+": {"loraplus_lr_ratio": 8.0},
    "loha": {"peft_type": "loha"},
    "lokr": {"peft_type": "lokr"},
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rows = [{"instruction": f"{thing}は好き？", "output": f"{thing}は大好きなのだ。"} for thing in THINGS]
    path = tmp_path / "data.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def trained(data: Path, base: Path, out: Path, **options: Any) -> TrainingSummary:  # noqa: ANN401
    config = TrainConfig(lora_r=4, learning_rate=1e-2, train_batch_size=4, num_train_epochs=2, **options)
    summary = train(data, out, config, TrainInputs(base=str(base)), progress=Progress(quiet=True))
    assert summary is not None
    return summary


def loss_of(model: Any, template: ChatTemplate) -> float:  # noqa: ANN401
    rows = [
        template.encode_reply((Message(role="user", content=f"{t}は好き？"),), f"{t}は大好きなのだ。")
        for t in THINGS
    ]
    model.eval()
    with torch.inference_mode():
        nll, _, _ = token_nll(model, pad(rows, 0))
    return float(nll.mean())


@pytest.mark.parametrize("kind", KINDS)
def test_an_adapter_of_every_kind_learns_and_loads_on_the_unchanged_base(
    kind: str, data: Path, tiny_gemma: Path, tmp_path: Path
) -> None:
    summary = trained(data, tiny_gemma, tmp_path / "run", **KINDS[kind])
    assert summary.kind == kind
    assert summary.loss_last is not None
    assert summary.loss_first is not None
    assert summary.loss_last < summary.loss_first - 0.05
    base = load_base(str(tiny_gemma))
    template = ChatTemplate(base.tokenizer)
    before = loss_of(base.model, template)
    attach(base, [read_adapter("mine", tmp_path / "run", base)])
    by_us = loss_of(base.model, template)
    assert by_us < before - 0.05
    plain = PeftModel.from_pretrained(
        AutoModelForCausalLM.from_pretrained(tiny_gemma), str(tmp_path / "run" / "adapter")
    )
    assert loss_of(plain.get_base_model(), template) == pytest.approx(by_us, abs=1e-4)


@pytest.mark.parametrize("quantization", ["nf4", "fp4", "int8"])
def test_an_adapter_on_a_quantised_base_learns(
    quantization: str, data: Path, tiny_gemma: Path, tmp_path: Path
) -> None:
    summary = trained(data, tiny_gemma, tmp_path / "run", quantization=quantization)
    assert summary.loss_last is not None
    assert summary.loss_first is not None
    assert summary.loss_last < summary.loss_first - 0.05
    base = load_base(str(tiny_gemma), quantization=quantization)  # type: ignore[arg-type]
    before = loss_of(base.model, ChatTemplate(base.tokenizer))
    attach(base, [read_adapter("mine", tmp_path / "run", base)])
    assert loss_of(base.model, ChatTemplate(base.tokenizer)) < before - 0.05


def test_loftq_begins_nearer_to_the_unquantised_weights(tiny_gemma: Path) -> None:
    base = load_base(str(tiny_gemma), quantization="nf4")
    config = TrainConfig(lora_r=8, lora_alpha=32, quantization="nf4", init_lora_weights="loftq")
    model = add_adapter(base, config)
    layers = [(name, module) for name, module in model.named_modules() if isinstance(module, Linear4bit)]
    assert layers
    for name, module in layers:
        stored = checkpoint_tensor(base.source, name.removeprefix("base_model.model.") + ".weight").float()
        weight = module.get_base_layer().weight
        quantised = dequantize_4bit(weight.data, weight.quant_state).float()
        with_adapter = quantised + module.get_delta_weight("default").float()
        assert float((stored - with_adapter).norm()) < 0.95 * float((stored - quantised).norm()), name


def test_pissa_is_saved_as_plain_lora_of_twice_the_rank(data: Path, tiny_gemma: Path, tmp_path: Path) -> None:
    trained(data, tiny_gemma, tmp_path / "run", init_lora_weights="pissa")
    config = json.loads((tmp_path / "run" / "adapter" / "adapter_config.json").read_text(encoding="utf-8"))
    assert (config["r"], config["init_lora_weights"]) == (8, True)
    shapes = {
        t.shape[0] for k, t in load_file(tmp_path / "run/adapter" / ADAPTER_WEIGHTS).items() if "lora_A" in k
    }
    assert shapes == {8}


def test_loraplus_lets_b_learn_faster(data: Path, tiny_gemma: Path, tmp_path: Path) -> None:
    def size_of_b(name: str, **options: Any) -> float:  # noqa: ANN401
        trained(data, tiny_gemma, tmp_path / name, **options)
        tensors = load_file(tmp_path / name / "adapter" / ADAPTER_WEIGHTS)
        return sum(float(t.norm()) for key, t in tensors.items() if "lora_B" in key)

    assert size_of_b("plus", loraplus_lr_ratio=8.0) > 2 * size_of_b("plain")


def test_the_adapter_names_its_base_as_the_user_does(data: Path, tiny_gemma: Path, tmp_path: Path) -> None:
    trained(data, tiny_gemma, tmp_path / "run")
    config = json.loads((tmp_path / "run" / "adapter" / "adapter_config.json").read_text(encoding="utf-8"))
    assert config["base_model_name_or_path"] == str(tiny_gemma)
    assert sorted(file.name for file in (tmp_path / "run" / "adapter").iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
        "chat_template.jinja",
        "loracheck.json",
    ]


@pytest.mark.parametrize("option", ["packing", "gradient_checkpointing"])
def test_a_layout_changes_memory_and_not_the_result(
    option: str, data: Path, tiny_gemma: Path, tmp_path: Path
) -> None:
    plain = trained(data, tiny_gemma, tmp_path / "plain")
    other = trained(data, tiny_gemma, tmp_path / "other", **{option: True})
    assert other.loss_first == pytest.approx(plain.loss_first, abs=1e-4)
    assert other.loss_last == pytest.approx(plain.loss_last, abs=1e-3)


def test_a_step_taken_in_parts_is_the_step_taken_at_once(
    data: Path, tiny_gemma: Path, tmp_path: Path
) -> None:
    whole = trained(data, tiny_gemma, tmp_path / "whole")
    parts = trained(data, tiny_gemma, tmp_path / "parts", max_batch_tokens=1)
    assert parts.loss_first == pytest.approx(whole.loss_first, abs=1e-4)
    assert parts.loss_last == pytest.approx(whole.loss_last, abs=1e-3)


def test_noise_on_the_embeddings_changes_the_training_alone(
    data: Path, tiny_gemma: Path, tmp_path: Path
) -> None:
    plain = trained(data, tiny_gemma, tmp_path / "plain")
    noisy = trained(data, tiny_gemma, tmp_path / "noisy", neftune_noise_alpha=5.0)
    again = trained(data, tiny_gemma, tmp_path / "again", neftune_noise_alpha=5.0)
    assert noisy.adapter_sha256 == again.adapter_sha256 != plain.adapter_sha256


def test_target_modules_that_match_nothing_are_refused(data: Path, tiny_gemma: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--target-modules query matches no layer"):
        trained(data, tiny_gemma, tmp_path / "run", target_modules="query")


def test_an_adapter_in_half_precision_is_saved_in_it(data: Path, tiny_gemma: Path, tmp_path: Path) -> None:
    base = AutoModelForCausalLM.from_pretrained(tiny_gemma, dtype=torch.bfloat16)
    base.save_pretrained(tmp_path / "base")
    for file in tiny_gemma.glob("token*"):
        (tmp_path / "base" / file.name).write_bytes(file.read_bytes())
    for dtype in ("float32", "bfloat16"):
        trained(data, tmp_path / "base", tmp_path / dtype, adapter_dtype=dtype)
        found = {str(t.dtype) for t in load_file(tmp_path / dtype / "adapter" / ADAPTER_WEIGHTS).values()}
        assert found == {"torch.float32" if dtype == "float32" else str(packed_dtype())}
