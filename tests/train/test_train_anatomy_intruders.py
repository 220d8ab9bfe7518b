"""Intruder directions of an adapter, measured against its base, and bases that do not fit it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer, GPT2Config

from loracheck import jsonl
from loracheck.adapters.card import ADAPTER_CARD, AdapterCard
from loracheck.errors import AdapterError, UsageError
from loracheck.models.load import load_base
from loracheck.train.inspection.anatomy import inspect_adapter
from loracheck.train.inspection.intruders import compare_directions
from tests.train.inspected_adapters import KINDS, TARGETS, change_tensor, codes, save_kind, spectra

MakeGemma = Callable[..., Path]


def plant(folder: Path, weight: torch.Tensor, module: str, strength: float) -> None:
    """Let one module's change be a strong direction that the weight has nothing like."""
    own = torch.linalg.svd(weight).U  # complete: the last ones stand for the smallest singular values
    direction = own[:, : weight.shape[1]].sum(dim=1)
    direction = direction / direction.norm()

    def planted(name: str, tensor: torch.Tensor) -> torch.Tensor:
        if module not in name:
            return tensor * 1e-3
        out = torch.zeros_like(tensor)
        if "lora_B" in name:
            out[:, 0] = direction
        else:
            out[0] = torch.nn.functional.normalize(torch.ones(tensor.shape[1]), dim=0) * strength
        return out

    change_tensor(folder, planted)


def base_weight(model: Path, module: str) -> torch.Tensor:
    weights: dict[str, torch.Tensor] = load_file(model / "model.safetensors")
    return weights[f"{module}.weight"]


def test_a_planted_intruder_is_found_and_a_harmless_adapter_has_none(broken: Path, tiny_gemma: Path) -> None:
    change_tensor(broken, lambda name, tensor: tensor * 0.1)
    harmless = inspect_adapter(broken, str(tiny_gemma))
    assert harmless.intruders is not None
    assert (harmless.intruders.found, harmless.intruders.checked, harmless.intruders.eligible) == (0, 9, 9)
    assert harmless.intruders.directions == 90
    assert "intruder_directions" not in codes(harmless)
    name = "model.layers.1.self_attn.q_proj"
    weight = base_weight(tiny_gemma, name)
    plant(broken, weight, name, strength=float(torch.linalg.matrix_norm(weight, 2)))
    found = inspect_adapter(broken, str(tiny_gemma))
    assert found.intruders is not None
    assert (found.intruders.found, found.intruders.modules_with) == (1, 1)
    reading = spectra(found)[name].intruder
    assert reading is not None
    assert reading.intruders == (1,)
    assert reading.lowest < 0.35
    assert "intruder_directions" in codes(found)


@pytest.mark.parametrize("kind", ["lora", "dora", "loha", "lokr"])
def test_the_changed_weight_is_the_one_that_peft_merges(kind: str, tiny_gemma: Path, tmp_path: Path) -> None:
    tuned = save_kind(tiny_gemma, tmp_path / "adapter", KINDS[kind][1](), std=0.2)
    found = inspect_adapter(tmp_path / "adapter", str(tiny_gemma))
    merged: Any = tuned.merge_and_unload()
    for module in found.modules:
        before = base_weight(tiny_gemma, module.name)
        after = merged.get_submodule(module.name).weight.detach()
        expected = compare_directions(before, after)
        assert module.intruder is not None
        assert module.intruder.relative_norm == pytest.approx(
            float((after - before).norm() / before.norm()), rel=1e-3
        )
        assert module.intruder.lowest == pytest.approx(expected.lowest, abs=1e-3)
        own = torch.linalg.svd(before, full_matrices=False).U
        new = torch.linalg.svd(after, full_matrices=False).U[:, :10]
        closest = (new.T @ own).abs().max(dim=1).values
        clear = [place for place, cosine in enumerate(closest.tolist(), 1) if abs(cosine - 0.5) > 0.01]
        assert [p in module.intruder.intruders for p in clear] == [float(closest[p - 1]) < 0.5 for p in clear]


def test_the_leading_directions_of_a_large_weight_are_found_without_its_whole_decomposition() -> None:
    torch.manual_seed(0)
    weight = torch.randn(400, 300)
    changed = weight + 3 * torch.outer(torch.randn(400), torch.randn(300))
    reading = compare_directions(weight, changed)
    own = torch.linalg.svd(weight, full_matrices=False).U
    new = torch.linalg.svd(changed, full_matrices=False).U[:, :10]
    closest = (new.T @ own).abs().max(dim=1).values
    assert reading.lowest == pytest.approx(float(closest.min()), abs=1e-4)
    assert list(reading.intruders) == [place for place, c in enumerate(closest.tolist(), 1) if c < 0.5]


def test_a_large_adapter_is_sampled_over_types_and_layers_and_says_so(
    inspected: Path, tiny_gemma: Path
) -> None:
    found = inspect_adapter(inspected, str(tiny_gemma), max_modules=3)
    assert found.intruders is not None
    assert (found.intruders.checked, found.intruders.eligible) == (3, 9)
    assert {module.type for module in found.modules if module.intruder} == set(TARGETS)


def test_weights_that_are_stored_the_other_way_round_are_turned(tmp_path: Path) -> None:
    torch.manual_seed(0)
    config = GPT2Config(vocab_size=64, n_positions=32, n_embd=32, n_layer=2, n_head=2)
    AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path / "gpt2")
    lora = LoraConfig(r=2, target_modules=["c_attn", "c_proj"], fan_in_fan_out=True)
    tuned = save_kind(tmp_path / "gpt2", tmp_path / "adapter", lora)
    found = inspect_adapter(tmp_path / "adapter", str(tmp_path / "gpt2"))
    assert found.intruders is not None
    assert (found.intruders.checked, found.intruders.skipped) == (6, {})
    merged: Any = tuned.merge_and_unload()
    name = "transformer.h.1.attn.c_proj"  # square: only the configuration tells how it lies
    plain = AutoModelForCausalLM.from_pretrained(tmp_path / "gpt2")
    before = plain.get_parameter(f"{name}.weight").detach()
    after = merged.get_parameter(f"{name}.weight").detach()
    reading = spectra(found)[name].intruder
    assert reading is not None
    assert reading.lowest == pytest.approx(compare_directions(before.T, after.T).lowest, abs=1e-3)


@pytest.mark.parametrize("shape", [{"hidden": 128}, {"layers": 1}])
def test_a_base_of_another_shape_is_refused(
    shape: dict[str, int], inspected: Path, make_gemma: MakeGemma, tmp_path: Path
) -> None:
    other = make_gemma(tmp_path / "other", **shape)
    if "layers" in shape:
        found = inspect_adapter(inspected, str(other))
        assert found.intruders is not None
        assert found.intruders.skipped == {"the base has no weight of that name": 6}
    else:
        with pytest.raises(AdapterError, match="is for another base than"):
            inspect_adapter(inspected, str(other))


def test_a_base_without_any_of_the_modules_is_refused(inspected: Path, tmp_path: Path) -> None:
    (tmp_path / "odd").mkdir()
    save_file({"a.weight": torch.ones(2, 2)}, tmp_path / "odd" / "model.safetensors")
    with pytest.raises(AdapterError, match="no weight of any module"):
        inspect_adapter(inspected, str(tmp_path / "odd"))
    (tmp_path / "odd" / "model.safetensors").unlink()
    with pytest.raises(UsageError, match="no safetensors files"):
        inspect_adapter(inspected, str(tmp_path / "odd"))
    with pytest.raises(UsageError, match="there is no such file"):
        inspect_adapter(inspected, str(tmp_path / "none.gguf"))


def test_the_card_of_an_adapter_refuses_another_base_of_the_same_shape(
    broken: Path, tiny_gemma: Path, make_gemma: MakeGemma, tmp_path: Path
) -> None:
    base = load_base(str(tiny_gemma))
    card = AdapterCard(
        base=base.name,
        fingerprint=base.fingerprint,
        template_sha256="t",
        quantization="none",
        data_sha256="d",
        trained_tokens=1,
    )
    jsonl.write_one(broken / ADAPTER_CARD, card)
    assert inspect_adapter(broken, str(tiny_gemma)).intruders is not None
    with pytest.raises(AdapterError, match="differ in shell, body"):
        inspect_adapter(broken, str(make_gemma(tmp_path / "seed", seed=1)))


def test_a_quantised_base_and_a_model_inside_another_are_handled(
    inspected: Path, tiny_gemma: Path, tmp_path: Path
) -> None:
    weights = load_file(tiny_gemma / "model.safetensors")
    inside = tmp_path / "inside"
    shutil.copytree(tiny_gemma, inside)
    save_file(
        {f"language_model.{name}": tensor for name, tensor in weights.items()}, inside / "model.safetensors"
    )
    known = inspect_adapter(inspected, str(tiny_gemma)).modules[0].intruder
    assert known is not None
    assert inspect_adapter(inspected, str(inside)).modules[0].intruder == known
    packed = {name: (t * 10).to(torch.uint8) if "q_proj" in name else t for name, t in weights.items()}
    save_file(packed, inside / "model.safetensors")
    found = inspect_adapter(inspected, str(inside))
    assert found.intruders is not None
    assert found.intruders.skipped == {"the base's weight is quantised": 3}


def test_the_tokenizer_of_an_adapter_is_not_needed(tiny_smollm: Path, tmp_path: Path) -> None:
    save_kind(tiny_smollm, tmp_path / "adapter", LoraConfig(r=2, target_modules="all-linear"))
    AutoTokenizer.from_pretrained(tiny_smollm).save_pretrained(tmp_path / "adapter")
    found = inspect_adapter(tmp_path / "adapter", str(tiny_smollm))
    assert found.intruders is not None
    assert found.intruders.checked == 14
