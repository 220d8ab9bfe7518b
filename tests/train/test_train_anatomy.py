from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from peft import AdaLoraConfig, LoHaConfig, LoKrConfig, LoraConfig, PeftConfig, get_peft_model
from peft.tuners.tuners_utils import BaseTunerLayer
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer, GPT2Config

from loracheck import jsonl
from loracheck.errors import AdapterError, UsageError
from loracheck.models import ADAPTER_CARD, ADAPTER_WEIGHTS, AdapterCard, load_base, read_adapter
from loracheck.records.adapter import AdapterAnatomy, LoadsIn, ModuleAnatomy
from loracheck.records.training import MaskAudit, TrainingSummary
from loracheck.train.anatomy import inspect_adapter
from loracheck.train.intruders import compare_directions

MakeGemma = Callable[..., Path]
TARGETS = ["q_proj", "o_proj", "gate_proj"]
KINDS: dict[str, tuple[str, Callable[[], PeftConfig]]] = {
    "lora": ("lora", lambda: LoraConfig(r=4, lora_alpha=12, target_modules=TARGETS)),
    "rslora": ("rslora", lambda: LoraConfig(r=4, lora_alpha=12, target_modules=TARGETS, use_rslora=True)),
    "dora": ("dora", lambda: LoraConfig(r=4, lora_alpha=12, target_modules=TARGETS, use_dora=True)),
    "loha": ("loha", lambda: LoHaConfig(r=3, alpha=6, target_modules=TARGETS)),
    "lokr": ("lokr", lambda: LoKrConfig(r=3, alpha=6, target_modules=TARGETS)),
    "lokr of two low ranks": (
        "lokr",
        lambda: LoKrConfig(r=2, alpha=6, target_modules=TARGETS, decompose_both=True),
    ),
    "lokr of two whole sides": ("lokr", lambda: LoKrConfig(r=64, alpha=32, target_modules=TARGETS)),
    "patterns": (
        "lora",
        lambda: LoraConfig(
            r=4,
            lora_alpha=12,
            target_modules=TARGETS,
            rank_pattern={"o_proj": 2, r".*layers\.1\..*gate_proj": 6},
            alpha_pattern={"model.layers.0.self_attn.q_proj": 40},
        ),
    ),
}


def save_kind(
    model: Path, target: Path, config: PeftConfig, *, std: float = 0.1, random: bool = True, seed: int = 1
) -> Any:  # noqa: ANN401 - a peft model
    """Save an adapter with random factors; returns the peft model, whose own arithmetic is the truth."""
    config.task_type = "CAUSAL_LM"
    loaded = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
    torch.manual_seed(seed)
    tuned = get_peft_model(loaded, config)
    for name, weight in tuned.named_parameters():
        if random and weight.requires_grad and "magnitude" not in name:
            torch.nn.init.normal_(weight, std=std)
    tuned.save_pretrained(str(target), save_embedding_layers=False)
    return tuned


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


def spectra(found: AdapterAnatomy) -> dict[str, ModuleAnatomy]:
    return {module.name: module for module in found.modules}


def loads(found: AdapterAnatomy, program: str) -> LoadsIn:
    return next(entry for entry in found.loads if entry.program == program)


def codes(found: AdapterAnatomy) -> list[str]:
    return [notice.code for notice in found.notices]


@pytest.fixture(scope="module")
def adapter(tiny_gemma: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("anatomy") / "lora"
    save_kind(tiny_gemma, folder, KINDS["lora"][1]())
    return folder


@pytest.fixture
def broken(adapter: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(adapter, tmp_path / "broken"))


def change_tensor(folder: Path, change: Callable[[str, torch.Tensor], torch.Tensor]) -> None:
    weights = load_file(folder / ADAPTER_WEIGHTS)
    save_file(
        {name: change(name, tensor).contiguous() for name, tensor in weights.items()},
        folder / ADAPTER_WEIGHTS,
    )


def change_config(folder: Path, **values: Any) -> None:  # noqa: ANN401 - any JSON
    file = folder / "adapter_config.json"
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | values), encoding="utf-8")


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


def test_modules_are_put_together_by_type_and_by_layer(adapter: Path) -> None:
    found = inspect_adapter(adapter)
    assert {group.name: group.modules for group in found.by_type} == dict.fromkeys(TARGETS, 3)
    assert [(group.name, group.modules) for group in found.by_layer] == [("0", 3), ("1", 3), ("2", 3)]
    norms = [module.spectrum.norm for module in found.modules if module.spectrum and module.type == "q_proj"]
    group = next(group for group in found.by_type if group.name == "q_proj")
    assert group.norm == pytest.approx(float(np.linalg.norm(norms)))
    assert (group.norm_low, group.norm_high) == (min(norms), max(norms))


def test_a_train_run_a_folder_and_a_bare_file_are_all_read(adapter: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(adapter, run / "adapter")
    assert inspect_adapter(run).sha256 == inspect_adapter(adapter).sha256
    assert inspect_adapter(run / "adapter" / ADAPTER_WEIGHTS).form == "peft"
    alone = tmp_path / "alone.safetensors"
    shutil.copy(adapter / ADAPTER_WEIGHTS, alone)
    bare = inspect_adapter(alone)
    assert (bare.form, bare.kind, bare.base) == ("file", "lora", "")
    assert codes(bare) == ["no_configuration"]
    module = bare.modules[0]
    assert (module.rank, module.alpha, module.scale) == (4, None, None)
    known = spectra(inspect_adapter(adapter))[module.name]
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


# --- zero and broken tensors


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


# --- hostile files


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no whole safetensors file"),
        (b"\x10\x00", "no whole safetensors file"),
        ((2**63).to_bytes(8, "little") + b"{}", "its header would be 9,223,372,036,854,775,808 bytes"),
        ((40 * 2**20).to_bytes(8, "little") + b" " * (40 * 2**20), "are read at most"),
        ((4).to_bytes(8, "little") + b"nope", "is damaged"),
        ((8).to_bytes(8, "little") + b'{"a":[1]}', "is damaged"),
        (b"PK\x03\x04" + b"\0" * 100, "is a pickle"),
        (b"\x80\x04\x95" + b"\0" * 100, "is a pickle"),
    ],
    ids=["empty", "short", "header of 9 EB", "header of 40 MiB", "no JSON", "odd JSON", "zip", "pickle"],
)
def test_hostile_weights_end_in_one_clear_message(content: bytes, message: str, broken: Path) -> None:
    (broken / ADAPTER_WEIGHTS).write_bytes(content)
    with pytest.raises(AdapterError, match=message):
        inspect_adapter(broken)


def test_a_file_that_was_cut_off_anywhere_is_refused(broken: Path) -> None:
    whole = (broken / ADAPTER_WEIGHTS).read_bytes()
    for length in range(0, len(whole), len(whole) // 23):
        (broken / ADAPTER_WEIGHTS).write_bytes(whole[:length])
        with pytest.raises(AdapterError):
            inspect_adapter(broken)


def test_a_header_whose_offsets_lie_is_refused_and_its_names_are_made_visible(broken: Path) -> None:
    header = json.dumps({"a\x1b[2J": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}}).encode()
    (broken / ADAPTER_WEIGHTS).write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(AdapterError, match="is damaged") as caught:
        inspect_adapter(broken)
    assert "\x1b" not in str(caught.value)
    header = json.dumps({"a\x1b[2J": {"dtype": "F32", "shape": [1], "data_offsets": [8, 4]}}).encode()
    (broken / ADAPTER_WEIGHTS).write_bytes(len(header).to_bytes(8, "little") + header + b"12345678")
    with pytest.raises(AdapterError, match="is damaged") as caught:
        inspect_adapter(broken)
    assert "\x1b" not in str(caught.value)


def test_a_pickle_is_refused_and_never_opened(broken: Path, tmp_path: Path) -> None:
    (broken / ADAPTER_WEIGHTS).rename(broken / "adapter_model.bin")
    with pytest.raises(AdapterError, match=r"only adapter_model\.bin: a pickle, which can run code"):
        inspect_adapter(broken)
    with pytest.raises(AdapterError, match="is a pickle, which can run code"):
        inspect_adapter(broken / "adapter_model.bin")
    for odd in (tmp_path / "nothing", tmp_path):
        with pytest.raises(AdapterError, match="is no adapter"):
            inspect_adapter(odd)


@pytest.mark.parametrize(
    "content", [b"[1, 2]", b"{", b"\xff\xfe", b"[" * 200_000, b"7" * 10_000, b'{"r": ' + b"[" * 90_000]
)
def test_a_configuration_that_is_no_object_is_refused(content: bytes, broken: Path) -> None:
    (broken / "adapter_config.json").write_bytes(content)
    with pytest.raises(AdapterError, match="no JSON object"):
        inspect_adapter(broken)


def test_values_of_wrong_types_in_the_configuration_are_passed_over(broken: Path) -> None:
    change_config(
        broken,
        r="four",
        lora_alpha=[1],
        rank_pattern=["x"],
        alpha_pattern={"q_proj": "much", "o_proj": 10**400},
        target_modules={"a": 1},
        base_model_name_or_path=7,
        modules_to_save=3,
        init_lora_weights={"pissa": 1},
    )
    found = inspect_adapter(broken)
    assert found.base == ""
    assert {module.scale for module in found.modules} == {None}
    assert not loads(found, "vLLM").loads


def test_a_pattern_that_would_never_end_is_not_followed(broken: Path) -> None:
    change_config(broken, alpha_pattern={"(.*)*(.*)*(.*)*x": 1, r"(?:a+)+$": 2, "((": 3, "o_proj": 40})
    started = time.monotonic()
    found = inspect_adapter(broken)
    assert time.monotonic() - started < 5
    assert "pattern_not_followed" in codes(found)
    assert spectra(found)["model.layers.0.self_attn.o_proj"].alpha == 40.0
    assert spectra(found)["model.layers.0.self_attn.q_proj"].alpha == 12.0


# --- intruder directions


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
    adapter: Path, tiny_gemma: Path
) -> None:
    found = inspect_adapter(adapter, str(tiny_gemma), max_modules=3)
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
    shape: dict[str, int], adapter: Path, make_gemma: MakeGemma, tmp_path: Path
) -> None:
    other = make_gemma(tmp_path / "other", **shape)
    if "layers" in shape:
        found = inspect_adapter(adapter, str(other))
        assert found.intruders is not None
        assert found.intruders.skipped == {"the base has no weight of that name": 6}
    else:
        with pytest.raises(AdapterError, match="is for another base than"):
            inspect_adapter(adapter, str(other))


def test_a_base_without_any_of_the_modules_is_refused(adapter: Path, tmp_path: Path) -> None:
    (tmp_path / "odd").mkdir()
    save_file({"a.weight": torch.ones(2, 2)}, tmp_path / "odd" / "model.safetensors")
    with pytest.raises(AdapterError, match="no weight of any module"):
        inspect_adapter(adapter, str(tmp_path / "odd"))
    (tmp_path / "odd" / "model.safetensors").unlink()
    with pytest.raises(UsageError, match="no safetensors files"):
        inspect_adapter(adapter, str(tmp_path / "odd"))
    with pytest.raises(UsageError, match="there is no such file"):
        inspect_adapter(adapter, str(tmp_path / "none.gguf"))


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
    adapter: Path, tiny_gemma: Path, tmp_path: Path
) -> None:
    weights = load_file(tiny_gemma / "model.safetensors")
    inside = tmp_path / "inside"
    shutil.copytree(tiny_gemma, inside)
    save_file(
        {f"language_model.{name}": tensor for name, tensor in weights.items()}, inside / "model.safetensors"
    )
    known = inspect_adapter(adapter, str(tiny_gemma)).modules[0].intruder
    assert known is not None
    assert inspect_adapter(adapter, str(inside)).modules[0].intruder == known
    packed = {name: (t * 10).to(torch.uint8) if "q_proj" in name else t for name, t in weights.items()}
    save_file(packed, inside / "model.safetensors")
    found = inspect_adapter(adapter, str(inside))
    assert found.intruders is not None
    assert found.intruders.skipped == {"the base's weight is quantised": 3}


# --- PiSSA, programs, traces


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


def test_the_summary_of_a_train_run_is_read(adapter: Path, tmp_path: Path) -> None:
    shutil.copytree(adapter, tmp_path / "run" / "adapter")
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


def test_the_tokenizer_of_an_adapter_is_not_needed(tiny_smollm: Path, tmp_path: Path) -> None:
    save_kind(tiny_smollm, tmp_path / "adapter", LoraConfig(r=2, target_modules="all-linear"))
    AutoTokenizer.from_pretrained(tiny_smollm).save_pretrained(tmp_path / "adapter")
    found = inspect_adapter(tmp_path / "adapter", str(tiny_smollm))
    assert found.intruders is not None
    assert found.intruders.checked == 14
