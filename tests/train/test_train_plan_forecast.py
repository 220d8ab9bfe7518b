"""What a plan foresees of steps: tokens, parts, memory kept, products and seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import LlamaConfig

from loracheck.models.load import load_base
from loracheck.templates.chat import IGNORED, EncodedRow
from loracheck.train.adapters import add_adapter
from loracheck.train.config import TrainConfig
from loracheck.train.fitting.thrift import keep_little
from loracheck.train.planning import forecast
from loracheck.train.planning.architecture import read_architecture
from loracheck.train.planning.forecast import part_seconds
from loracheck.train.planning.machine import Rates, measure_rates
from loracheck.train.planning.rehearsal import _Counter, rehearse
from tests.train.planned_bases import GEMMA_270M, course, row, shape

RATES = Rates(
    products={"float32": 1e9, "float32 thin": 1e9, "bfloat16": 1e9},
    attention=1e9,
    curved=1e9,
    moved=1e9,
    call=0.0,
    head=1e-6,
)


@pytest.mark.parametrize("given", [{}, {"use_dora": True}, {"peft_type": "loha"}, {"quantization": "nf4"}])
def test_the_rehearsal_keeps_the_bytes_that_a_real_forward_keeps(
    tiny_gemma: Path, given: dict[str, Any]
) -> None:
    config = TrainConfig(lora_r=4, **given)
    foreseen = rehearse(read_architecture(str(tiny_gemma)), config, rows=3, longest=40, trained=30)
    assert foreseen is not None

    base = load_base(str(tiny_gemma), quantization=config.quantization)
    model = add_adapter(base, config)
    keep_little(model)
    model.train()
    counter = _Counter()
    ids, mask = torch.zeros((3, 40), dtype=torch.long), torch.ones((3, 40), dtype=torch.long)
    mask[0, -1] = 0  # with padding, as the rehearsal takes for granted
    known = [ids, mask, *model.parameters(), *model.buffers()]
    for tensor in known:
        counter.know(tensor)
    with counter:
        hidden = base.model.get_decoder()(
            input_ids=ids, attention_mask=mask, use_cache=False
        ).last_hidden_state
        picked = hidden[torch.zeros(30, dtype=torch.long), torch.arange(30)]
        real = counter.live
        torch.autograd.backward(picked, torch.ones_like(picked))
    assert foreseen.kept == pytest.approx(real, rel=0.02)
    assert foreseen.peak == pytest.approx(counter.peak, rel=0.03)


def test_checkpointing_keeps_less_and_computes_more(tiny_gemma: Path) -> None:
    architecture = read_architecture(str(tiny_gemma))
    plain = rehearse(architecture, TrainConfig(), rows=4, longest=64, trained=64)
    spared = rehearse(architecture, TrainConfig(gradient_checkpointing=True), rows=4, longest=64, trained=64)
    assert plain is not None
    assert spared is not None
    assert spared.kept < plain.kept / 2
    assert sum(spared.products.values()) > 1.2 * sum(plain.products.values())


def test_memory_grows_with_tokens_and_layers_as_it_should() -> None:
    architecture = shape(GEMMA_270M)
    config = TrainConfig(target_modules="q_proj,v_proj")
    few, more, most = (
        rehearse(architecture, config, rows=4, longest=32, trained=64, layers=layers) for layers in (2, 3, 4)
    )
    wide = rehearse(architecture, config, rows=8, longest=32, trained=64, layers=2)
    assert few is not None
    assert more is not None
    assert most is not None
    assert wide is not None
    assert most.kept - more.kept == more.kept - few.kept
    assert wide.kept == pytest.approx(2 * few.kept, rel=0.05)
    assert few.tiled


@pytest.mark.usefixtures("fast_in_16_bits")
def test_products_are_counted_as_by_hand() -> None:
    config = LlamaConfig(
        vocab_size=64,
        hidden_size=512,
        intermediate_size=1024,
        num_hidden_layers=1,
        num_attention_heads=2,
        dtype="bfloat16",
    )
    found = rehearse(
        shape(config), TrainConfig(lora_r=8, target_modules="q_proj"), rows=2, longest=256, trained=9
    )
    assert found is not None
    tokens, weights = 512, 4 * 512 * 512 + 3 * 512 * 1024
    # No gradient flows into the layer's own input, which belongs to the frozen embeddings: query, key and value
    # have no product in the backward.
    assert found.products["bfloat16"] == 2 * tokens * (2 * weights - 3 * 512 * 512)
    assert found.products["float32 thin"] == 2 * tokens * (8 * 1024 + 8 * 512 * 3)


def test_a_part_with_half_the_tokens_takes_half_the_time(tiny_gemma: Path) -> None:
    run = course(read_architecture(str(tiny_gemma)), TrainConfig(), [row(64, 20)] * 4)
    half = forecast.Part(rows=2, longest=64, trained=40)
    whole = run.forecast.largest
    assert whole == forecast.Part(rows=4, longest=64, trained=80)
    assert part_seconds(run.forecast, half, RATES) == pytest.approx(
        part_seconds(run.forecast, whole, RATES) / 2
    )


def test_steps_parts_and_tokens_are_those_of_the_engine(tiny_gemma: Path) -> None:
    steps = [[row(100, 10), row(120, 20), row(30, 5)], [row(20, 4)]]
    found = course(read_architecture(str(tiny_gemma)), TrainConfig(num_train_epochs=1), *steps).plan()
    # at most 256 tokens at once: 2 x 120, then 30; then 20
    assert found.tokens == 240 + 30 + 20
    assert found.trained_tokens == 39
    assert (found.rows, found.steps, found.epochs, found.longest) == (4, 2, 1.0, 120)
    assert found.seconds is None
    packed = course(read_architecture(str(tiny_gemma)), TrainConfig(packing=True), *steps)
    assert [[part.longest for part in step] for step in packed.parts] == [[250], [20]]


def test_a_row_whose_loss_was_cut_is_no_second_row(tiny_gemma: Path) -> None:
    whole = row(20, 10)
    cut = EncodedRow(ids=whole.ids, labels=whole.labels[:-2] + (IGNORED,) * 2, prompt_is_prefix=True)
    found = course(read_architecture(str(tiny_gemma)), TrainConfig(), [whole], [cut]).plan()
    assert found.rows == 1
    assert found.epochs == 2.0


def test_an_architecture_that_cannot_be_played_through_is_guessed_and_says_so(
    tiny_gemma: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forecast, "rehearse", lambda *_, **__: None)
    run = course(read_architecture(str(tiny_gemma)), TrainConfig(), [row(64, 20)] * 4)
    found = run.plan()
    assert "activations_guessed" in found.notes
    assert found.memory.activations > 64 * 4 * 64
    assert part_seconds(run.forecast, run.forecast.largest, RATES) > 0


@pytest.mark.usefixtures("fast_in_16_bits")
def test_rates_are_measured_on_what_the_machine_does(tiny_gemma: Path) -> None:
    found = measure_rates(
        read_architecture(str(tiny_gemma)), TrainConfig(quantization="nf4"), torch.device("cpu")
    )
    assert set(found.products) == {"float32", "bfloat16", "float32 thin", "bfloat16 thin"}
    assert min(found.products.values()) > 1e7
    assert 0 < found.call < 1e-3
    assert found.unpacking is not None
    assert found.unpacking > 1e5
