from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoHaConfig, LoKrConfig, LoraConfig, PeftConfig, PeftModel, get_peft_model
from peft.tuners.tuners_utils import BaseTunerLayer
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from loracheck.adapters.files import ADAPTER_WEIGHTS
from loracheck.errors import AdapterError
from loracheck.models.load import Base, attach, load_base, read_adapter
from loracheck.train.trials.strength import Strength, refuse_unscalable

TARGETS = ["q_proj", "down_proj"]
LORA: dict[str, Any] = {"r": 4, "lora_alpha": 8, "target_modules": TARGETS, "task_type": "CAUSAL_LM"}
LYCORIS: dict[str, Any] = {"r": 4, "alpha": 8, "target_modules": TARGETS, "task_type": "CAUSAL_LM"}
KINDS: dict[str, Callable[[], PeftConfig]] = {
    "lora": lambda: LoraConfig(**LORA),
    "rslora with patterns": lambda: LoraConfig(
        **LORA, use_rslora=True, rank_pattern={"q_proj": 2}, alpha_pattern={"down_proj": 3}
    ),
    "embedding": lambda: LoraConfig(**{**LORA, "target_modules": ["embed_tokens", "q_proj"]}),
    "dora": lambda: LoraConfig(**LORA, use_dora=True),
    "rsdora": lambda: LoraConfig(**LORA, use_dora=True, use_rslora=True),
    "loha": lambda: LoHaConfig(**LYCORIS),
    "lokr": lambda: LoKrConfig(**LYCORIS),
    "lokr of four factors": lambda: LoKrConfig(**{**LYCORIS, "r": 1}, decompose_both=True),
}
LINEAR_IN_PEFT = [kind for kind in KINDS if "dora" not in kind]
IDS = torch.tensor([[2, 40, 57, 63, 71, 80, 95]])


def save(base: Path, config: PeftConfig, out: Path) -> Path:
    """An adapter of strong random weights, as another trainer leaves it."""
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(base), config)
    chance = torch.Generator().manual_seed(3)
    for name, parameter in model.named_parameters():
        if "magnitude" in name:
            parameter.data = parameter.data * (1 + torch.rand(parameter.shape, generator=chance))
        elif parameter.requires_grad:
            parameter.data = 0.3 * torch.randn(parameter.shape, generator=chance)
    model.save_pretrained(str(out), save_embedding_layers=False)
    return out


def held(base: Path, adapter: Path) -> Strength:
    loaded = load_base(str(base))
    file = read_adapter("scaled", adapter, loaded)
    model: Any = attach(loaded, [file])
    return Strength.of(model, file)


def logits(model: Any) -> torch.Tensor:  # noqa: ANN401
    model.eval()
    with torch.inference_mode():
        found: torch.Tensor = model(input_ids=IDS).logits
    return found.clone()


def by_peft(base: Path, adapter: Path) -> PeftModel:
    return PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), str(adapter))


@pytest.mark.parametrize("kind", KINDS)
def test_strength_0_is_the_base_and_1_the_adapter_however_often_it_was_turned(
    kind: str, tiny_gemma: Path, tmp_path: Path
) -> None:
    adapter = save(tiny_gemma, KINDS[kind](), tmp_path / "a")
    strength = held(tiny_gemma, adapter)
    whole, plain = logits(by_peft(tiny_gemma, adapter)), logits(load_base(str(tiny_gemma)).model)
    assert float((whole - plain).abs().max()) > 0.5
    for place in (0.3, 1.0, 0.0, 0.7):
        strength.set(place)
    strength.set(0.0)
    assert torch.allclose(logits(strength.model), plain, atol=1e-4)
    strength.set(1.0)
    assert torch.equal(logits(strength.model), whole)


@pytest.mark.parametrize("kind", LINEAR_IN_PEFT)
def test_a_strength_is_what_peft_calls_a_scale(kind: str, tiny_gemma: Path, tmp_path: Path) -> None:
    adapter = save(tiny_gemma, KINDS[kind](), tmp_path / "a")
    strength = held(tiny_gemma, adapter)
    strength.set(0.375)
    model = by_peft(tiny_gemma, adapter)
    layers: list[Any] = [layer for layer in model.modules() if isinstance(layer, BaseTunerLayer)]
    for layer in layers:
        if hasattr(layer, "set_scale"):
            layer.set_scale("default", 0.375)
    assert torch.allclose(logits(strength.model), logits(model), atol=1e-4)


# The head of the tiny model is tied to its embeddings, which peft's merge would change with them.
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "embedding"])
@pytest.mark.parametrize("place", [0.25, 0.6])
def test_the_weights_lie_on_the_line_between_base_and_adapter(
    kind: str, place: float, tiny_gemma: Path, tmp_path: Path
) -> None:
    adapter = save(tiny_gemma, KINDS[kind](), tmp_path / "a")
    strength = held(tiny_gemma, adapter)
    strength.set(place)
    between: Any = load_base(str(tiny_gemma)).model
    merged = by_peft(tiny_gemma, adapter).merge_and_unload().state_dict()
    between.load_state_dict(
        {name: weight + place * (merged[name] - weight) for name, weight in between.state_dict().items()}
    )
    assert torch.allclose(logits(strength.model), logits(between), atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_strength_loads_in_peft_as_it_was_measured(
    kind: str, tiny_gemma: Path, tmp_path: Path
) -> None:
    adapter = save(tiny_gemma, KINDS[kind](), tmp_path / "a")
    strength = held(tiny_gemma, adapter)
    strength.save(0.375, tmp_path / "weak")
    strength.set(0.375)
    assert torch.allclose(logits(strength.model), logits(by_peft(tiny_gemma, tmp_path / "weak")), atol=1e-4)
    before = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    after = json.loads((tmp_path / "weak" / "adapter_config.json").read_text(encoding="utf-8"))
    assert after == before
    shapes = [
        {key: (tensor.shape, tensor.dtype) for key, tensor in load_file(folder / ADAPTER_WEIGHTS).items()}
        for folder in (adapter, tmp_path / "weak")
    ]
    assert shapes[0] == shapes[1]


def test_pefts_own_scale_would_not_bring_dora_back_to_the_base(tiny_gemma: Path, tmp_path: Path) -> None:
    model = by_peft(tiny_gemma, save(tiny_gemma, KINDS["dora"](), tmp_path / "a"))
    layers: list[Any] = [layer for layer in model.modules() if hasattr(layer, "set_scale")]
    for layer in layers:
        layer.set_scale("default", 0.0)
    difference = logits(model) - logits(load_base(str(tiny_gemma)).model)
    assert float(difference.abs().max()) > 0.1


def test_dora_on_a_quantised_base_comes_back_to_it(tiny_gemma: Path, tmp_path: Path) -> None:
    adapter = save(tiny_gemma, KINDS["dora"](), tmp_path / "a")
    base: Base = load_base(str(tiny_gemma), quantization="nf4")
    plain = logits(base.model)
    file = read_adapter("scaled", adapter, base)
    model: Any = attach(base, [file])
    assert float((logits(model) - plain).abs().max()) > 0.5
    strength = Strength.of(model, file)
    strength.set(0.0)
    assert torch.allclose(logits(model), plain, atol=0.05)


def test_a_half_precision_adapter_is_saved_in_half_precision(tiny_gemma: Path, tmp_path: Path) -> None:
    adapter = save(tiny_gemma, KINDS["lora"](), tmp_path / "a")
    tensors = load_file(adapter / ADAPTER_WEIGHTS)
    save_file({key: tensor.bfloat16() for key, tensor in tensors.items()}, adapter / ADAPTER_WEIGHTS)
    held(tiny_gemma, adapter).save(0.5, tmp_path / "weak")
    saved = load_file(tmp_path / "weak" / ADAPTER_WEIGHTS)
    for key, tensor in load_file(adapter / ADAPTER_WEIGHTS).items():
        assert saved[key].dtype == torch.bfloat16
        assert torch.equal(saved[key], 0.5 * tensor if "lora_B" in key else tensor)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"peft_type": "IA3"}, "is IA3"),
        ({"init_lora_weights": "pissa"}, "takes part of the base's weights out"),
        ({"init_lora_weights": "olora"}, "takes part of the base's weights out"),
        ({"layer_replication": [[0, 2], [1, 3]]}, "has layer_replication"),
    ],
)
def test_what_has_no_strength_by_its_configuration_is_refused(
    change: dict[str, Any], words: str, tiny_gemma: Path, tmp_path: Path
) -> None:
    adapter = save(tiny_gemma, KINDS["lora"](), tmp_path / "a")
    file = adapter / "adapter_config.json"
    config = json.loads(file.read_text(encoding="utf-8")) | change
    file.write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(AdapterError, match=words):
        refuse_unscalable(read_adapter("scaled", adapter, load_base(str(tiny_gemma))))


def test_an_adapter_of_nan_is_refused(tiny_gemma: Path, tmp_path: Path) -> None:
    adapter = save(tiny_gemma, KINDS["lora"](), tmp_path / "a")
    tensors = load_file(adapter / ADAPTER_WEIGHTS)
    tensors[next(iter(tensors))][0, 0] = float("nan")
    save_file(tensors, adapter / ADAPTER_WEIGHTS)
    with pytest.raises(AdapterError, match="NaN or infinity"):
        held(tiny_gemma, adapter)


def test_whole_weights_beside_the_factors_are_refused(tiny_gemma: Path, tmp_path: Path) -> None:
    adapter = save(tiny_gemma, LoraConfig(**LORA, modules_to_save=["norm"]), tmp_path / "a")
    with pytest.raises(AdapterError, match=r"also holds whole weights, such as .*norm"):
        held(tiny_gemma, adapter)


def test_a_variant_that_uses_its_factors_otherwise_is_refused(tiny_gemma: Path, tmp_path: Path) -> None:
    adapter = save(tiny_gemma, LoraConfig(**LORA, alora_invocation_tokens=[5, 6]), tmp_path / "a")
    with pytest.raises(AdapterError, match="has alora_invocation_tokens"):
        held(tiny_gemma, adapter)
