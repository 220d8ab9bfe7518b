"""The anatomy of an adapter: spectra, ranks and scales are peft's own; zero and broken tensors are named."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from peft import LoraConfig
from peft.tuners.tuners_utils import BaseTunerLayer
from safetensors.torch import load_file, save_file

from loracheck.adapters.files import ADAPTER_WEIGHTS
from loracheck.models.load import load_base, read_adapter
from loracheck.train.inspection.anatomy import inspect_adapter
from tests.train.inspected_adapters import KINDS, TARGETS, change_tensor, codes, loads, save_kind, spectra


def deltas(tuned: Any) -> dict[str, np.ndarray[Any, Any]]:  # noqa: ANN401
    return {
        name: layer.get_delta_weight("default").detach().double().numpy()
        for name, layer in tuner_layers(tuned).items()
    }


def tuner_layers(tuned: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        name.removeprefix("base_model.model."): module
        for name, module in tuned.named_modules()
        if isinstance(module, BaseTunerLayer)
    }


@pytest.mark.parametrize("name", list(KINDS))
def test_the_spectrum_from_the_factors_is_that_of_the_whole_change(
    name: str, tiny_gemma: Path, tmp_path: Path
) -> None:
    kind, config = KINDS[name]
    tuned = save_kind(tiny_gemma, tmp_path / "adapter", config())
    found = inspect_adapter(tmp_path / "adapter")
    assert found.kind == kind
    assert (found.inert, found.zero_tensors, found.nonfinite_tensors) == (False, (), ())
    assert codes(found) == []
    assert found.parameters == sum(w.numel() for w in tuned.parameters() if w.requires_grad)
    whole = deltas(tuned)
    assert set(spectra(found)) == set(whole)
    for module in found.modules:
        values = np.linalg.svd(whole[module.name], compute_uv=False)
        shares = values[values > 1e-9] / values.sum()
        spectrum = module.spectrum
        assert spectrum is not None
        assert module.shape == whole[module.name].shape
        assert spectrum.norm == pytest.approx(np.linalg.norm(whole[module.name]), rel=1e-4)
        assert spectrum.leading == pytest.approx(values[: len(spectrum.leading)], rel=1e-4, abs=1e-7)
        assert spectrum.top_share == pytest.approx(values[0] ** 2 / (values**2).sum(), rel=1e-4)
        assert spectrum.stable_rank == pytest.approx((values**2).sum() / values[0] ** 2, rel=1e-4)
        assert spectrum.effective_rank == pytest.approx(np.exp(-(shares * np.log(shares)).sum()), rel=1e-3)


def test_ranks_alphas_and_scales_are_those_that_peft_uses(tiny_gemma: Path, tmp_path: Path) -> None:
    tuned = save_kind(tiny_gemma, tmp_path / "adapter", KINDS["patterns"][1]())
    found = spectra(inspect_adapter(tmp_path / "adapter"))
    for name, layer in tuner_layers(tuned).items():
        assert (found[name].rank, found[name].scale) == (layer.r["default"], layer.scaling["default"])
    uses = inspect_adapter(tmp_path / "adapter").ranks
    assert (uses[0].rank, uses[0].alpha, uses[0].modules) == (4, 12.0, 4)
    assert sum(use.modules for use in uses) == len(found)


def test_modules_are_put_together_by_type_and_by_layer(inspected: Path) -> None:
    found = inspect_adapter(inspected)
    assert {group.name: group.modules for group in found.by_type} == dict.fromkeys(TARGETS, 3)
    assert [(group.name, group.modules) for group in found.by_layer] == [("0", 3), ("1", 3), ("2", 3)]
    norms = [module.spectrum.norm for module in found.modules if module.spectrum and module.type == "q_proj"]
    group = next(group for group in found.by_type if group.name == "q_proj")
    assert group.norm == pytest.approx(float(np.linalg.norm(norms)))
    assert (group.norm_low, group.norm_high) == (min(norms), max(norms))


def test_a_train_run_a_folder_and_a_bare_file_are_all_read(inspected: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(inspected, run / "adapter")
    assert inspect_adapter(run).sha256 == inspect_adapter(inspected).sha256
    assert inspect_adapter(run / "adapter" / ADAPTER_WEIGHTS).form == "peft"
    alone = tmp_path / "alone.safetensors"
    shutil.copy(inspected / ADAPTER_WEIGHTS, alone)
    bare = inspect_adapter(alone)
    assert (bare.form, bare.kind, bare.base) == ("file", "lora", "")
    assert codes(bare) == ["no_configuration"]
    module = bare.modules[0]
    assert (module.rank, module.alpha, module.scale) == (4, None, None)
    known = spectra(inspect_adapter(inspected))[module.name]
    assert module.spectrum and known.spectrum and known.scale
    assert known.spectrum.norm == pytest.approx(known.scale * module.spectrum.norm)
    assert "no adapter_config.json" in loads(bare, "peft").reason


def test_an_embedding_and_whole_modules_are_described(tiny_gemma: Path, tmp_path: Path) -> None:
    config = LoraConfig(r=2, target_modules=["embed_tokens"], modules_to_save=["norm"])
    tuned = save_kind(tiny_gemma, tmp_path / "adapter", config)
    found = inspect_adapter(tmp_path / "adapter")
    module = found.modules[0]
    whole = deltas(tuned)["model.embed_tokens"]
    assert (module.layer, module.shape, module.rank) == (None, whole.shape, 2)
    assert module.spectrum is not None
    assert module.spectrum.norm == pytest.approx(np.linalg.norm(whole), rel=1e-4)
    assert found.other_tensors
    assert "whole modules (norm)" in loads(found, "vLLM").reason


@pytest.mark.parametrize("kind", ["lora", "loha", "lokr"])
def test_an_untrained_adapter_of_any_kind_is_inert(kind: str, tiny_gemma: Path, tmp_path: Path) -> None:
    save_kind(tiny_gemma, tmp_path / "adapter", KINDS[kind][1](), random=False)
    found = inspect_adapter(tmp_path / "adapter")
    assert found.inert is True
    assert codes(found) == ["inert"]
    assert all(module.zero and module.spectrum is None for module in found.modules)
    assert len(found.zero_tensors) == len(found.modules)
    assert read_adapter("mine", tmp_path / "adapter", load_base(str(tiny_gemma))).inert


def test_dora_without_a_product_may_still_change_lengths(tiny_gemma: Path, tmp_path: Path) -> None:
    save_kind(tiny_gemma, tmp_path / "adapter", KINDS["dora"][1](), random=False)
    assert inspect_adapter(tmp_path / "adapter").inert is None
    base = load_base(str(tiny_gemma))
    assert read_adapter("mine", tmp_path / "adapter", base).inert
    change_tensor(tmp_path / "adapter", lambda name, t: t * 1.2 if "magnitude" in name else t)
    assert not read_adapter("mine", tmp_path / "adapter", base).inert


def test_a_whole_weight_or_a_bias_beside_zero_factors_is_not_inert(broken: Path, tiny_gemma: Path) -> None:
    weights = {
        name: tensor * 0 if "lora_B" in name else tensor
        for name, tensor in load_file(broken / ADAPTER_WEIGHTS).items()
    }
    extra = {"base_model.model.model.norm.weight": torch.ones(64)}
    save_file(weights | extra, broken / ADAPTER_WEIGHTS)
    assert inspect_adapter(broken).inert is False
    assert not read_adapter("mine", broken, load_base(str(tiny_gemma))).inert


def test_modules_that_change_nothing_and_tensors_that_are_not_finite_are_named(broken: Path) -> None:
    def spoil(name: str, tensor: torch.Tensor) -> torch.Tensor:
        if "layers.0.self_attn.q_proj.lora_B" in name:
            return tensor * 0
        return tensor * float("nan") if "layers.1.self_attn.o_proj.lora_A" in name else tensor

    change_tensor(broken, spoil)
    found = inspect_adapter(broken)
    assert found.inert is False
    assert found.zero_tensors == ("base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight",)
    assert found.nonfinite_tensors == ("base_model.model.model.layers.1.self_attn.o_proj.lora_A.weight",)
    assert codes(found) == ["not_finite", "zero_modules"]
    spoilt = spectra(found)["model.layers.1.self_attn.o_proj"]
    assert spoilt.spectrum is None
    assert "not finite" in spoilt.note
    assert spectra(found)["model.layers.2.self_attn.o_proj"].spectrum is not None


def test_factors_that_do_not_fit_are_said_and_the_rest_is_measured(broken: Path) -> None:
    weights = load_file(broken / ADAPTER_WEIGHTS)
    alone = next(name for name in weights if "layers.0.self_attn.q_proj.lora_B" in name)
    odd = next(name for name in weights if "layers.1.self_attn.q_proj.lora_B" in name)
    del weights[alone]
    weights[odd] = torch.ones(128, 3)
    save_file(weights, broken / ADAPTER_WEIGHTS)
    found = spectra(inspect_adapter(broken))
    assert found["model.layers.0.self_attn.q_proj"].note == "its factor lora_B is missing"
    assert found["model.layers.1.self_attn.q_proj"].note == "its factors do not fit one another"
    assert found["model.layers.2.self_attn.q_proj"].spectrum is not None
