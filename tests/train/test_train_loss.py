from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional
from transformers import (
    AutoModelForCausalLM,
    CohereConfig,
    Gemma2Config,
    GPT2Config,
    GraniteConfig,
    LlamaConfig,
    PreTrainedConfig,
    PreTrainedModel,
)

from loracheck.models import head as kernel
from loracheck.models.head import HeadForm, TiledHead, head_form
from loracheck.models.likelihood import pad
from loracheck.models.load import Base, load_base
from loracheck.records import Message
from loracheck.templates.chat import IGNORED, ChatTemplate, EncodedRow
from loracheck.train.adapters import add_adapter
from loracheck.train.batches.layout import pack, packs_cleanly
from loracheck.train.config import TrainConfig
from loracheck.train.fitting.loss import install_loss, tiled_loss

SIZES: dict[str, Any] = {
    "vocab_size": 97,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
ARCHITECTURES: dict[str, PreTrainedConfig] = {
    "llama": LlamaConfig(**SIZES),
    "cohere, logits times a scale": CohereConfig(**SIZES, logit_scale=0.25),
    "granite, logits over a scale": GraniteConfig(**SIZES, logits_scaling=8.0),
    "gemma2, soft-capped": Gemma2Config(**SIZES, final_logit_softcapping=3.0),
    "gpt2, no rotary positions": GPT2Config(
        vocab_size=97, n_embd=32, n_layer=2, n_head=2, bos_token_id=1, eos_token_id=2
    ),
}


def made(config: PreTrainedConfig) -> PreTrainedModel:
    torch.manual_seed(0)
    model: PreTrainedModel = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    for parameter in model.parameters():
        parameter.data *= 4  # so that soft caps and scales are felt
        parameter.requires_grad_(False)
    model.eval()
    return model


def row(seed: int, prompt: int = 5, reply: int = 7) -> EncodedRow:
    ids = tuple(
        torch.randint(3, 97, (prompt + reply,), generator=torch.Generator().manual_seed(seed)).tolist()
    )
    return EncodedRow(ids=ids, labels=(*[IGNORED] * prompt, *ids[prompt:]), prompt_is_prefix=True)


ROWS = [row(1), row(2, 3, 11), row(3, 9, 2)]


def stock(model: PreTrainedModel, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits[:, :-1]
    return functional.cross_entropy(
        logits.flatten(0, 1).float(), batch["labels"][:, 1:].flatten(), reduction="sum"
    )


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_loss_by_tiles_is_the_architectures_own(name: str) -> None:
    model = made(ARCHITECTURES[name])
    batch = pad(ROWS, 0)
    expected = float(stock(model, batch))
    assert install_loss(model, ROWS[0]) == "tiles"
    assert float(model(**batch).loss) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("positions", [0, 1, 160, 161, 500])
@pytest.mark.parametrize(
    "form", [HeadForm(), HeadForm(scale=0.3), HeadForm(softcap=2.0), HeadForm(scale=0.5, softcap=4.0)]
)
@pytest.mark.parametrize("bias", [False, True])
def test_the_gradient_of_the_tiles_is_that_of_autograd(positions: int, form: HeadForm, bias: bool) -> None:
    generator = torch.Generator().manual_seed(1)
    head = torch.nn.Linear(24, 311, bias=bias)
    torch.nn.init.normal_(head.weight, std=0.5, generator=generator)
    head.requires_grad_(False)
    hidden = torch.randn(positions, 24, generator=generator)
    targets = torch.randint(0, 311, (positions,), generator=generator)
    ours, theirs = hidden.clone().requires_grad_(), hidden.clone().requires_grad_()
    loss = tiled_loss(ours, targets, TiledHead(head, form))
    expected = functional.cross_entropy(form.apply(head(theirs)), targets, reduction="sum")
    torch.autograd.backward([loss * 0.25, expected * 0.25])
    assert float(loss) == pytest.approx(float(expected), rel=1e-5, abs=1e-6)
    assert ours.grad is not None
    assert theirs.grad is not None
    assert torch.allclose(ours.grad, theirs.grad, atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize(
    "form", [HeadForm(), HeadForm(scale=0.5), HeadForm(softcap=30.0), HeadForm(scale=0.5, softcap=30.0)]
)
def test_unlikely_tokens_taken_together_lose_no_more_than_rounding_does(form: HeadForm) -> None:
    generator = torch.Generator().manual_seed(2)
    head = torch.nn.Linear(32, 6000, bias=False)
    # All positions find the same 500 tokens likely; the weights of the others have a mean that would be missed.
    torch.nn.init.normal_(head.weight, std=0.1, generator=generator)
    head.weight.data[:, 1] += 2.0
    head.weight.data[:500, 0] += 1.0
    head.to(torch.bfloat16).requires_grad_(False)
    hidden = 0.05 * torch.randn(200, 32, generator=generator)
    hidden[:, 0] += 6 / form.scale
    hidden = hidden.to(torch.bfloat16)
    targets = torch.randint(0, 6000, (200,), generator=generator)
    tiles = TiledHead(head, form)
    assert (
        tiles._likely(torch.softmax(form.apply(head(hidden).float()), dim=1)[:160], targets[:160]) is not None
    )
    _, together = tiles.loss_and_gradient(hidden, targets)
    tiles.weight_sum = None
    _, rounded = tiles.loss_and_gradient(hidden, targets)
    exact = hidden.float().requires_grad_()
    logits = form.apply(functional.linear(exact, head.weight.float()))
    torch.autograd.backward(functional.cross_entropy(logits, targets, reduction="sum"))
    assert exact.grad is not None

    def error(found: torch.Tensor) -> float:
        assert exact.grad is not None
        return float((found.float() - exact.grad).norm() / exact.grad.norm())

    assert error(together) < 1.5 * error(rounded) + 1e-3


def test_the_loss_survives_logits_of_thousands() -> None:
    head = torch.nn.Linear(8, 50, bias=False)
    torch.nn.init.normal_(head.weight, std=400.0)
    head.requires_grad_(False)
    hidden = torch.randn(20, 8, requires_grad=True)
    targets = torch.randint(0, 50, (20,))
    loss = tiled_loss(hidden, targets, TiledHead(head, HeadForm()))
    torch.autograd.backward(loss)
    assert float(loss) == pytest.approx(
        float(functional.cross_entropy(head(hidden), targets, reduction="sum")), rel=1e-5
    )
    assert hidden.grad is not None
    assert bool(torch.isfinite(hidden.grad).all())


def gradients(base: Base, batch: dict[str, torch.Tensor], loss: Callable[[], torch.Tensor]) -> torch.Tensor:
    base.model.zero_grad()
    torch.autograd.backward(loss())
    return torch.cat([p.grad.flatten() for p in base.model.parameters() if p.grad is not None]).double()


@pytest.mark.parametrize(("quantization", "rounding"), [("none", 1e-4), ("nf4", 2**-8)])
def test_an_adapters_gradient_is_that_of_the_stock_loss(
    quantization: str, rounding: float, tiny_gemma: Path
) -> None:
    base = load_base(str(tiny_gemma), quantization=quantization)  # type: ignore[arg-type]
    template = ChatTemplate(base.tokenizer)
    rows = [
        template.encode_reply((Message(role="user", content=asked),), reply)
        for asked, reply in (
            ("空は好き？", "空は大好きなのだ。"),
            ("Who are you?", "I am the captain of this ship."),
        )
    ]
    model = add_adapter(base, TrainConfig(lora_r=4))
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.05)
    model.eval()
    batch = pad(rows, 0)
    expected = gradients(base, batch, lambda: stock(base.model, batch))
    assert install_loss(base.model, rows[0]) == "tiles"
    found = gradients(base, batch, lambda: model(**batch).loss)
    assert float((found - expected).norm() / expected.norm()) < rounding


def test_a_model_with_the_loss_in_it_still_answers_without_labels(tiny_gemma: Path) -> None:
    base = load_base(str(tiny_gemma))
    batch = {name: value for name, value in pad(ROWS, 0).items() if name != "labels"}
    with torch.inference_mode():
        before = base.model(**batch).logits
        install_loss(base.model, ROWS[0])
        after = base.model(**batch).logits
        generated = base.model.generate(**batch, max_new_tokens=3, do_sample=False)  # type: ignore[operator]
    assert torch.equal(before, after)
    assert generated.shape[0] == len(ROWS)


def test_an_adapted_head_takes_the_stock_loss(tiny_gemma: Path) -> None:
    base = load_base(str(tiny_gemma))
    add_adapter(base, TrainConfig(lora_r=2, target_modules="lm_head,q_proj"))
    batch = pad(ROWS, 0)
    expected = float(stock(base.model, batch))
    assert head_form(base.model) is None
    assert install_loss(base.model, ROWS[0]) == "stock"
    assert float(base.model(**batch).loss) == pytest.approx(expected, rel=1e-5)


def test_a_head_that_is_trained_takes_the_stock_loss() -> None:
    model = made(ARCHITECTURES["llama"])
    model.get_output_embeddings().weight.requires_grad_(True)
    assert install_loss(model, ROWS[0]) == "stock"


def test_an_architecture_that_does_more_with_its_logits_is_found_out() -> None:
    model = made(ARCHITECTURES["llama"])
    original = model.forward

    def bent(*args: object, **kwargs: object) -> object:
        output = original(*args, **kwargs)
        output.logits = output.logits * 1.5 + 0.1 * output.logits.roll(1, -1)
        return output

    model.forward = bent
    assert head_form(model)
    assert install_loss(model, ROWS[0]) == "stock"
    assert install_loss(made(ARCHITECTURES["llama"]), ROWS[0]) == "tiles"


@pytest.mark.parametrize("name", ["llama", "gemma2, soft-capped"])
def test_packed_rows_have_the_loss_of_rows_alone(name: str) -> None:
    model = made(ARCHITECTURES[name])
    install_loss(model, ROWS[0])
    alone = sum(float(model(**pad([one], 0)).loss) for one in ROWS)
    assert float(model(**pack(ROWS)).loss) == pytest.approx(alone, rel=1e-4)
    assert packs_cleanly(model, ROWS)


def test_a_model_that_lets_packed_rows_see_one_another_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    model = made(ARCHITECTURES["llama"])
    install_loss(model, ROWS[0])
    backbone = model.get_decoder()
    original = backbone.forward

    def blind(**given: Any) -> object:  # noqa: ANN401
        return original(**given | {"attention_mask": torch.ones_like(given["input_ids"])})

    monkeypatch.setattr(backbone, "forward", blind)
    assert not packs_cleanly(model, ROWS)


def test_a_tile_is_never_larger_than_it_should_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "tile_rows", lambda device: 4)
    head = torch.nn.Linear(8, 50, bias=False).requires_grad_(False)
    tiles = TiledHead(head, HeadForm())
    assert tiles.tile.shape == tiles.logits.shape == (4, 50)
    hidden, targets = torch.randn(11, 8), torch.randint(0, 50, (11,))
    loss, gradient = tiles.loss_and_gradient(hidden, targets)
    whole, expected = TiledHead(head, HeadForm()).loss_and_gradient(hidden, targets)
    assert float(loss) == pytest.approx(float(whole), rel=1e-6)
    assert torch.allclose(gradient, expected, atol=1e-6)
