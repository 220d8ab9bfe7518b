"""Parameters, file and weights of a plan: exactly those of a real adapter and a loaded base."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from transformers import AutoModelForCausalLM, GPT2Config, LlamaConfig, MixtralConfig

from loracheck.adapters.files import ADAPTER_WEIGHTS
from loracheck.models.load import Base, load_base
from loracheck.models.quantization import Quantization
from loracheck.train.adapters import add_adapter, begin, save_adapter
from loracheck.train.config import TrainConfig
from loracheck.train.planning.adapted import AdapterSize, adapter_size
from loracheck.train.planning.architecture import read_architecture
from loracheck.train.planning.rehearsal import rehearse
from tests.train.planned_bases import ATTENTION, GEMMA_270M, SMOLLM2_135M, held_bytes, shape


@pytest.mark.usefixtures("fast_in_16_bits")
def test_the_known_figures_of_two_real_bases_are_met() -> None:
    gemma, smol = shape(GEMMA_270M), shape(SMOLLM2_135M)
    assert gemma.parameters == 268_098_176
    assert smol.parameters == 134_515_008
    assert adapter_size(gemma, TrainConfig(lora_r=8, target_modules=ATTENTION)).parameters == 737_280
    assert adapter_size(gemma, TrainConfig(lora_r=16)).parameters == 3_796_992
    quantized = smol.quantized("nf4")
    assert sum(layer.weights for layer in quantized) == 106_168_320
    packed = smol.weight_bytes("nf4") - (smol.parameters - 106_168_320) * 2
    assert packed / 1e6 == pytest.approx(54.8, abs=0.3)
    assert gemma.weight_bytes("none") == 2 * 268_098_176


@pytest.mark.usefixtures("fast_in_16_bits")
def test_the_lora_papers_budget_on_gpt_3_comes_out_by_its_shape_alone() -> None:
    # arXiv 2106.09685: r=4 on query and value of 175B parameters, 18M trained, about 35 MB in 16 bits
    gpt3 = shape(
        LlamaConfig(
            vocab_size=50257,
            hidden_size=12288,
            intermediate_size=32768,
            num_hidden_layers=96,
            num_attention_heads=96,
            dtype="float16",
        )
    )
    found = adapter_size(
        gpt3, TrainConfig(lora_r=4, target_modules="q_proj,v_proj", adapter_dtype="bfloat16")
    )
    assert found.parameters == 96 * 2 * 4 * (12288 + 12288) == 18_874_368
    assert found.file_bytes / 2**20 == pytest.approx(36, abs=0.5)
    fused = shape(GPT2Config(n_layer=96, n_embd=12288, n_head=96, n_positions=2048))
    assert fused.parameters == pytest.approx(175e9, rel=0.01)
    assert fused.layer_kinds() == ("c_attn", "c_proj", "c_fc", "lm_head")
    size = adapter_size(fused, TrainConfig(lora_r=1, target_modules="c_attn"))
    assert size.parameters == 96 * (12288 + 3 * 12288)


KINDS: dict[str, dict[str, Any]] = {
    "lora": {},
    "named targets": {"target_modules": "q_proj, down_proj", "lora_r": 3},
    "dora": {"use_dora": True},
    "rslora": {"use_rslora": True},
    "pissa": {"init_lora_weights": "pissa", "lora_r": 4},
    "loha": {"peft_type": "loha", "lora_r": 5},
    "lokr full": {"peft_type": "lokr", "lora_r": 16},
    "lokr low rank": {"peft_type": "lokr", "lora_r": 2},
    "bfloat16": {"adapter_dtype": "bfloat16"},
    "nf4": {"quantization": "nf4"},
    "nf4 bfloat16": {"quantization": "nf4", "adapter_dtype": "bfloat16"},
    "dora nf4": {"use_dora": True, "quantization": "nf4"},
    "int8 bfloat16": {"quantization": "int8", "adapter_dtype": "bfloat16"},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["tiny_gemma", "tiny_smollm"])
def test_parameters_and_file_are_those_of_a_real_adapter(
    kind: str, name: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    folder: Path = request.getfixturevalue(name)
    config = TrainConfig(**KINDS[kind])
    foreseen = adapter_size(read_architecture(str(folder)), config)
    base = load_base(str(folder), quantization=config.quantization)
    model = add_adapter(base, config)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    save_adapter(model, tmp_path / "adapter", base, begin(model, tmp_path / "initial"))
    assert foreseen.parameters == sum(parameter.numel() for parameter in trained)
    assert foreseen.tensors == len(trained)
    assert foreseen.file_bytes == (tmp_path / "adapter" / ADAPTER_WEIGHTS).stat().st_size
    assert {foreseen.itemsize} == {parameter.element_size() for parameter in trained}


def test_adapters_on_experts_count_as_peft_makes_them(tmp_path: Path) -> None:
    config = MixtralConfig(
        vocab_size=128,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        num_local_experts=4,
        dtype="bfloat16",
    )
    foreseen = adapter_size(shape(config), TrainConfig(lora_r=4))
    model = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    base = cast(Base, type("Real", (), {"model": model, "name": "real", "source": ""}))
    real = add_adapter(base, TrainConfig(lora_r=4))
    assert foreseen.parameters == sum(p.numel() for p in real.parameters() if p.requires_grad)
    assert rehearse(shape(config), TrainConfig(lora_r=4), rows=2, longest=16, trained=8) is not None


@pytest.mark.parametrize("quantization", ["none", "nf4", "fp4", "int8"])
@pytest.mark.parametrize("name", ["tiny_gemma", "tiny_smollm"])
def test_bytes_of_the_weights_are_those_of_the_loaded_base(
    quantization: Quantization, name: str, request: pytest.FixtureRequest
) -> None:
    folder: Path = request.getfixturevalue(name)
    base = load_base(str(folder), quantization=quantization)
    assert read_architecture(str(folder)).weight_bytes(quantization) == held_bytes(base.model)


@pytest.mark.skipif(not Path("/proc/self/maps").is_file(), reason="the system does not tell what is mapped")
@pytest.mark.parametrize("quantization", ["nf4", "int8"])
def test_a_quantised_base_keeps_no_page_of_its_file(
    quantization: Quantization, make_gemma: Callable[..., Path], tmp_path: Path
) -> None:
    folder = make_gemma(tmp_path / "mapped")
    base = load_base(str(folder), quantization=quantization)
    assert base.model.get_input_embeddings().weight is base.model.get_output_embeddings().weight
    assert str(folder) not in Path("/proc/self/maps").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("quantization", ["none", "nf4", "int8"])
def test_bytes_of_the_embedded_models_weights_are_exact(quantization: Quantization, gemma: Path) -> None:
    base = load_base(str(gemma), quantization=quantization)
    assert read_architecture(str(gemma)).weight_bytes(quantization) == held_bytes(base.model)


def test_sizes_name_their_layers() -> None:
    found: AdapterSize = adapter_size(shape(SMOLLM2_135M), TrainConfig(target_modules="k_proj,down_proj"))
    assert found.reached == {"k_proj": (30, 576, 192), "down_proj": (30, 1536, 576)}
    assert found.outside == 0
    assert adapter_size(shape(SMOLLM2_135M), TrainConfig(target_modules="k_proj,lm_head")).outside == 0
