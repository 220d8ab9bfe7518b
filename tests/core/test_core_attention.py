"""Attention by plain products: as exact as the fused kernel, keeps no more, and stands back where it does not fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from loracheck.models import attention
from loracheck.models.attention import NAME, attend, attend_shortly
from loracheck.models.load import load_base

HEADS, SHARED, WIDTH = 4, 2, 16
Tensors = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


class Layer(torch.nn.Module):
    """What an attention layer of transformers says of itself."""

    num_key_value_groups = HEADS // SHARED
    is_causal = True


def tensors(queries: int, keys: int, *, dtype: torch.dtype = torch.bfloat16, seed: int = 0) -> Tensors:
    draw = torch.Generator().manual_seed(seed)
    shapes = (
        (3, HEADS, queries, WIDTH),
        (3, SHARED, keys, WIDTH),
        (3, SHARED, keys, WIDTH),
    )
    query, key, value = (torch.randn(shape, generator=draw).to(dtype).requires_grad_() for shape in shapes)
    return query, key, value


def padded(queries: int, keys: int) -> torch.Tensor:
    """A causal mask of which the first row has five tokens of padding on the left."""
    mask = torch.ones(queries, keys, dtype=torch.bool).tril(keys - queries).expand(3, 1, -1, -1).clone()
    mask[0, :, :, :5] = False
    mask[0, :, :5] |= torch.eye(queries, keys, dtype=torch.bool)[:5]
    return mask


def results(function: Any, given: Tensors, mask: torch.Tensor | None, **more: Any) -> list[torch.Tensor]:  # noqa: ANN401
    """Return the sums and the gradients of query, key and value, under the same outer gradient."""
    leaves = [tensor.detach().clone().requires_grad_() for tensor in given]
    sums, _ = function(Layer(), *leaves, mask, **more)
    outer = torch.randn(sums.shape, generator=torch.Generator().manual_seed(9)).to(sums.dtype)
    torch.autograd.backward(sums, outer)
    return [sums.detach(), *(leaf.grad for leaf in leaves if leaf.grad is not None)]


@pytest.mark.parametrize("scaling", [None, 0.4])
@pytest.mark.parametrize("queries", [1, 24])
@pytest.mark.parametrize("masked", [True, False])
def test_sums_and_gradients_are_as_near_to_the_truth_as_the_fused_kernels(
    queries: int, masked: bool, scaling: float | None
) -> None:
    given = tensors(queries, 24)
    mask = padded(queries, 24) if masked else None
    exact: Tensors = tuple(tensor.detach().double() for tensor in given)  # type: ignore[assignment]
    truth = results(sdpa_attention_forward, exact, mask, scaling=scaling)
    fused = results(sdpa_attention_forward, given, mask, scaling=scaling)
    plain = results(attend, given, mask, scaling=scaling)
    assert len(plain) == 4
    for right, theirs, ours in zip(truth, fused, plain, strict=True):
        assert ours.shape == theirs.shape
        off, allowed = (ours - right).norm() / right.norm(), (theirs - right).norm() / right.norm()
        assert off < max(2 * allowed, torch.tensor(0.006))


def test_a_query_that_may_look_nowhere_is_no_nan() -> None:
    mask = padded(24, 24)
    mask[1, :, 3] = False
    for tensor in results(attend, tensors(24, 24), mask):
        assert torch.isfinite(tensor).all()


@pytest.mark.parametrize(
    ("queries", "keys", "more"),
    [
        (300, 300, {}),
        (24, 24, {"dtype": torch.float32}),
    ],
    ids=["long", "float32"],
)
def test_what_is_long_or_exact_goes_through_the_fused_kernel(
    queries: int, keys: int, more: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attention, "_Short", None)
    given, mask = tensors(queries, keys, **more), padded(queries, keys)
    ours, theirs = (results(function, given, mask) for function in (attend, sdpa_attention_forward))
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_what_it_does_not_know_it_leaves_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attention, "_Short", None)
    given = tensors(24, 24)
    with pytest.raises(ValueError, match="softcap"):
        attend(Layer(), *given, None, softcap=30.0)
    added = torch.zeros(3, 1, 24, 24, dtype=torch.bfloat16)
    assert attend(Layer(), *given, added)[0].shape == (3, 24, HEADS, WIDTH)
    assert attend(Layer(), *given, None, dropout=0.5)[0].shape == (3, 24, HEADS, WIDTH)


def test_no_weights_are_kept_for_the_backward() -> None:
    kept: dict[int, int] = {}

    def note(tensor: torch.Tensor) -> torch.Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    query, key, value = tensors(200, 200)
    mask = padded(200, 200)
    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        attend(Layer(), query, key, value, mask)
    inputs = sum(tensor.untyped_storage().nbytes() for tensor in (query, key, value, mask))
    assert sum(kept.values()) <= inputs


@pytest.mark.usefixtures("fast_in_16_bits")
def test_a_base_in_16_bits_attends_by_it_and_is_saved_as_it_was(tiny_gemma: Path, tmp_path: Path) -> None:
    AutoModelForCausalLM.from_pretrained(tiny_gemma).bfloat16().save_pretrained(tmp_path / "half")
    for file in tiny_gemma.glob("token*"):
        (tmp_path / "half" / file.name).write_bytes(file.read_bytes())
    model = load_base(str(tmp_path / "half")).model
    assert model.config._attn_implementation == NAME
    ids = torch.arange(5, 45).reshape(2, 20)
    mask = torch.ones_like(ids)
    mask[0, :7] = 0
    with torch.inference_mode():
        ours = model(input_ids=ids, attention_mask=mask).logits[:, 7:]
        model.set_attn_implementation("sdpa")
        fused = model(input_ids=ids, attention_mask=mask).logits[:, 7:]
        exact = model.float()(input_ids=ids, attention_mask=mask).logits[:, 7:]
    assert (ours - exact).norm() < 1.5 * (fused - exact).norm()
    model.save_pretrained(tmp_path / "saved")
    assert NAME not in (tmp_path / "saved" / "config.json").read_text(encoding="utf-8")


def test_a_model_with_another_attention_keeps_it(tiny_gemma: Path) -> None:
    model = AutoModelForCausalLM.from_pretrained(tiny_gemma, attn_implementation="eager")
    attend_shortly(model)
    assert model.config._attn_implementation == "eager"
