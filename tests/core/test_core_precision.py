"""The type in which a base computes: 16 bits where the processor is fast in them, float32 where it is not."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from loracheck.errors import EnvironmentFault
from loracheck.models import load as models
from loracheck.models import precision
from loracheck.models.load import load_base
from loracheck.models.precision import computing_dtype
from loracheck.train.planning.architecture import read_architecture

CPU = torch.device("cpu")
pytestmark = pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU computes in the checkpoint's type")


@pytest.fixture
def short(tiny_gemma: Path, tmp_path: Path) -> Path:
    """Save the tiny model in bfloat16, its tokenizer with it."""
    folder = tmp_path / "short"
    folder.mkdir()
    for file in tiny_gemma.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    AutoModelForCausalLM.from_pretrained(tiny_gemma, dtype=torch.bfloat16).save_pretrained(folder)
    return folder


@pytest.fixture(params=[False, True], ids=["slow in 16 bits", "fast in 16 bits"])
def fast(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Stand on either kind of processor."""
    monkeypatch.setattr(precision, "multiplies_in_bfloat16", lambda: request.param)
    return bool(request.param)


def test_16_bit_weights_compute_in_the_type_in_which_the_processor_is_fast(fast: bool, short: Path) -> None:
    said: list[str] = []
    base = load_base(str(short), announce=said.append)
    expected = torch.bfloat16 if fast else torch.float32
    assert {parameter.dtype for parameter in base.model.parameters()} == {expected}
    assert any("computes in float32" in sentence for sentence in said) is not fast
    logits = base.model(input_ids=torch.tensor([[3, 4, 5]])).logits
    wanted = AutoModelForCausalLM.from_pretrained(short)(input_ids=torch.tensor([[3, 4, 5]])).logits
    assert logits.dtype == expected
    assert torch.allclose(logits.float(), wanted.float(), atol=0.05 * float(wanted.abs().max()))


def test_4_bit_weights_compute_in_that_type_and_stay_what_they_are(fast: bool, short: Path) -> None:
    base = load_base(str(short), quantization="nf4")
    layer = base.model.model.layers[0].self_attn.q_proj
    expected = torch.bfloat16 if fast else torch.float32
    assert (layer.compute_dtype, layer.weight.dtype) == (expected, torch.uint8)
    inputs = torch.randn(2, layer.in_features, dtype=expected)
    found = layer(inputs).double()
    weight = base.model.dequantize().model.layers[0].self_attn.q_proj.weight
    exact = inputs.double() @ weight.double().t()
    assert torch.allclose(found, exact, atol=0.02 * float(exact.abs().max()))


def test_a_plan_foresees_the_type_in_which_the_base_will_compute(fast: bool, short: Path) -> None:
    shape = read_architecture(str(short))
    assert shape.stored == torch.bfloat16
    assert shape.weight_bytes("none") == shape.parameters * (2 if fast else 4)


def test_weights_are_written_in_the_type_of_the_checkpoint(fast: bool, short: Path) -> None:
    assert load_base(str(short), as_stored=True).model.dtype == torch.bfloat16


def test_the_processor_itself_says_what_it_can_do(monkeypatch: pytest.MonkeyPatch) -> None:
    assert precision.multiplies_in_bfloat16() is bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    assert computing_dtype(torch.float32, CPU) is torch.float32
    assert computing_dtype(torch.float16, torch.device("cuda")) is torch.float16


def test_a_base_that_memory_cannot_hold_in_float32_is_refused_before_it_is_made(
    short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "multiplies_in_bfloat16", lambda: False)
    held = load_base(str(short)).model
    needed = sum(weight.numel() * 4 for weight in held.parameters())
    monkeypatch.setattr(models, "memory_bytes", lambda _: needed)
    load_base(str(short))
    monkeypatch.setattr(models, "memory_bytes", lambda _: needed - 1)
    with pytest.raises(EnvironmentFault, match="has to compute in float32") as raised:
        load_base(str(short))
    assert raised.value.exit_code == 4
