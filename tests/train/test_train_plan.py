from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    Gemma3TextConfig,
    GPT2Config,
    LlamaConfig,
    MixtralConfig,
    PreTrainedConfig,
    PreTrainedModel,
)

from loracheck.errors import EnvironmentFault, UsageError
from loracheck.models import ADAPTER_WEIGHTS, Base, Quantization, load_base
from loracheck.progress import Progress
from loracheck.records.training import Plan
from loracheck.template import IGNORED, EncodedRow
from loracheck.train import forecast, probe
from loracheck.train.adapted import AdapterSize, adapter_size
from loracheck.train.adapters import add_adapter, begin, save_adapter
from loracheck.train.architecture import Architecture, architecture_of, read_architecture
from loracheck.train.config import TrainConfig
from loracheck.train.forecast import Course, foresee_steps, memory_parts, part_seconds, plan_encoded
from loracheck.train.inputs import TrainInputs
from loracheck.train.machine import Rates, measure_rates
from loracheck.train.plan import PlanOptions, plan
from loracheck.train.rehearsal import _Counter, rehearse
from loracheck.train.thrift import keep_little

WriteJsonl = Callable[[str, Iterable[Mapping[str, Any]]], Path]
ATTENTION = "q_proj,k_proj,v_proj,o_proj"
GEMMA_270M = Gemma3TextConfig(
    vocab_size=262144,
    hidden_size=640,
    intermediate_size=2048,
    num_hidden_layers=18,
    num_attention_heads=4,
    num_key_value_heads=1,
    head_dim=256,
    dtype="bfloat16",
)
SMOLLM2_135M = LlamaConfig(
    vocab_size=49152,
    hidden_size=576,
    intermediate_size=1536,
    num_hidden_layers=30,
    num_attention_heads=9,
    num_key_value_heads=3,
    tie_word_embeddings=True,
    dtype="bfloat16",
)
RATES = Rates(
    products={"float32": 1e9, "float32 thin": 1e9, "bfloat16": 1e9},
    attention=1e9,
    curved=1e9,
    moved=1e9,
    call=0.0,
    head=1e-6,
)


def shape(config: PreTrainedConfig) -> Architecture:
    return architecture_of(config, "base", "base")


def row(tokens: int, trained: int) -> EncodedRow:
    ids = tuple(range(5, 5 + tokens))
    labels = (IGNORED,) * (tokens - trained) + ids[tokens - trained :]
    return EncodedRow(ids=ids, labels=labels, prompt_is_prefix=True)


def course(architecture: Architecture, config: TrainConfig, *steps: list[EncodedRow]) -> Course:
    return foresee_steps(architecture, config, steps, max_batch_tokens=256, measure=False)


def run_plan(base: Path, data: Path | None = None, options: PlanOptions | None = None, **given: Any) -> Plan:  # noqa: ANN401
    config = TrainConfig(**given)
    inputs = TrainInputs(base=str(base))
    return plan(data, config, inputs, options or PlanOptions(), progress=Progress(quiet=True))


@pytest.fixture
def only_config(tmp_path: Path) -> Callable[[PreTrainedConfig], Path]:
    def write(config: PreTrainedConfig) -> Path:
        config.save_pretrained(tmp_path / "only-config")
        return tmp_path / "only-config"

    return write


@pytest.fixture
def rows(write_jsonl: WriteJsonl) -> Path:
    lines = [{"instruction": f"{n}は何ですか？", "output": "空はなぜ青いのですか？" * n} for n in range(1, 9)]
    return write_jsonl("rows.jsonl", lines)


def change(folder: Path, **values: Any) -> None:  # noqa: ANN401
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(config | values), encoding="utf-8")


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


def held_bytes(model: PreTrainedModel) -> int:
    """Return the bytes of a loaded model's weights, constants of quantised ones included."""
    total = 0
    for parameter in model.parameters():
        total += parameter.numel() * parameter.element_size()
        if (state := getattr(parameter, "quant_state", None)) is not None:
            parts = [state.absmax, state.code, state.offset, state.state2.absmax, state.state2.code]
            total += sum(part.numel() * part.element_size() for part in parts)
        if (scales := getattr(parameter, "SCB", None)) is not None:
            total += scales.numel() * scales.element_size()
    return total


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


def test_data_are_encoded_as_in_a_training_and_time_is_measured(tiny_smollm: Path, rows: Path) -> None:
    found = run_plan(
        tiny_smollm, rows, PlanOptions(price_per_hour=3600.0), num_train_epochs=2, train_batch_size=4
    )
    assert (found.rows, found.steps, found.epochs) == (8, 4, 2.0)
    assert found.seconds is not None
    assert found.seconds > 0
    assert found.cost == pytest.approx(found.seconds)
    assert found.trained_tokens is not None
    assert found.tokens is not None
    assert found.tokens > found.trained_tokens
    assert "tokens_guessed" not in found.notes
    budget = run_plan(tiny_smollm, rows, max_trained_tokens=100)
    assert budget.trained_tokens == 100


def test_a_folder_with_nothing_but_a_configuration_is_enough(
    only_config: Callable[[PreTrainedConfig], Path], rows: Path
) -> None:
    folder = only_config(GEMMA_270M)
    before = sorted(folder.iterdir())
    found = run_plan(folder, rows, target_modules=ATTENTION, lora_r=8)
    assert found.trainable_parameters == 737_280
    assert "tokens_guessed" in found.notes
    assert found.trained_tokens is not None
    assert found.trained_tokens > 0
    assert sorted(folder.iterdir()) == before
    assert read_architecture(str(folder / "config.json")).parameters == found.parameters


def test_no_weight_is_read(tiny_gemma: Path, rows: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(tiny_gemma, copy)
    whole = run_plan(copy, rows)
    (copy / "model.safetensors").unlink()
    assert run_plan(copy, rows).trainable_parameters == whole.trainable_parameters


def test_without_data_the_plan_is_that_of_a_full_micro_batch(tiny_gemma: Path) -> None:
    found = run_plan(tiny_gemma, max_length=64, max_batch_tokens=256)
    assert (found.rows, found.tokens, found.seconds, found.longest) == (None, None, None, None)
    expected = course(read_architecture(str(tiny_gemma)), TrainConfig(), [row(64, 64)] * 4)
    assert found.memory.activations == memory_parts(expected.forecast).activations


def test_targets_that_reach_nothing_are_an_error_that_names_the_layers(tiny_gemma: Path) -> None:
    with pytest.raises(UsageError, match="query_key_value") as caught:
        run_plan(tiny_gemma, target_modules="query_key_value")
    assert "q_proj, k_proj, v_proj, o_proj, gate_proj" in caught.value.hint


@pytest.mark.parametrize(
    "changed",
    [{"model_type": "t5"}, {"model_type": "nobody_knows"}, {"hidden_size": "wide"}, {"hidden_size": 65}],
)
def test_what_cannot_be_planned_is_said(
    changed: dict[str, Any], only_config: Callable[[PreTrainedConfig], Path]
) -> None:
    folder = only_config(LlamaConfig(hidden_size=64, num_hidden_layers=1, num_attention_heads=2))
    change(folder, **changed)
    with pytest.raises(UsageError, match="cannot be planned"):
        run_plan(folder)


def test_a_base_that_is_quantised_already_is_refused(
    only_config: Callable[[PreTrainedConfig], Path],
) -> None:
    folder = only_config(SMOLLM2_135M)
    change(folder, quantization_config={"quant_method": "bitsandbytes", "load_in_4bit": True})
    with pytest.raises(UsageError, match="quantised already"):
        run_plan(folder)


def test_a_missing_base_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(UsageError, match=r"no config\.json"):
        run_plan(tmp_path)
    with pytest.raises(UsageError, match="there is no such file"):
        run_plan(tmp_path / "model.gguf")
    with pytest.raises(EnvironmentFault, match="cannot read the configuration of nobody/nothing"):
        run_plan(Path("nobody/nothing"))


def test_quantisation_that_saves_little_is_said(only_config: Callable[[PreTrainedConfig], Path]) -> None:
    given: dict[str, Any] = {"quantization": "nf4", "max_length": 128, "max_batch_tokens": 128, "lora_r": 4}
    mostly_vocabulary = LlamaConfig(
        vocab_size=200_000, num_hidden_layers=2, hidden_size=512, dtype="bfloat16"
    )
    small = run_plan(only_config(mostly_vocabulary), **given)
    assert small.quantized_parameters == 2 * (4 * 512 * 512 + 3 * 512 * 11008)
    assert "quantization_saves_little" in small.notes
    mostly_layers = LlamaConfig(vocab_size=1000, num_hidden_layers=6, hidden_size=4096, dtype="bfloat16")
    assert "quantization_saves_little" not in run_plan(only_config(mostly_layers), **given).notes


def test_a_run_that_does_not_fit_is_said(tiny_gemma: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "exceeds_memory" not in run_plan(tiny_gemma, max_length=64).notes
    monkeypatch.setattr(forecast, "memory_bytes", lambda _: 10_000_000)
    found = run_plan(tiny_gemma, max_length=64)
    assert "exceeds_memory" in found.notes
    assert found.memory_bytes == 10_000_000


def test_a_longest_row_far_above_the_others_is_said(tiny_gemma: Path) -> None:
    architecture = read_architecture(str(tiny_gemma))
    even = course(architecture, TrainConfig(), [row(20, 4), row(30, 4)]).plan()
    assert "longest_row_dominates" not in even.notes
    long = course(
        architecture, TrainConfig(), [row(20, 4)] + [row(20 + n, 4) for n in range(7)] + [row(200, 4)]
    )
    assert "longest_row_dominates" in long.plan().notes


def test_an_architecture_that_cannot_be_played_through_is_guessed_and_says_so(
    tiny_gemma: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forecast, "rehearse", lambda *_, **__: None)
    run = course(read_architecture(str(tiny_gemma)), TrainConfig(), [row(64, 20)] * 4)
    found = run.plan()
    assert "activations_guessed" in found.notes
    assert found.memory.activations > 64 * 4 * 64
    assert part_seconds(run.forecast, run.forecast.largest, RATES) > 0


def test_the_table_compares_ranks_and_targets(tiny_gemma: Path) -> None:
    found = run_plan(tiny_gemma, options=PlanOptions(table=True), max_length=64, lora_r=8)
    ranks, targets = found.table[:6], found.table[6:]
    assert [option.lora_r for option in ranks] == [4, 8, 16, 32, 64, 128]
    assert [option.target_modules for option in targets] == [
        "q_proj",
        "q_proj,v_proj",
        ATTENTION,
        "all-linear",
    ]
    assert ranks[1].trainable_parameters == found.trainable_parameters
    assert ranks[2].trainable_parameters == 2 * ranks[1].trainable_parameters
    assert ranks[1].peak == pytest.approx(found.memory.peak, rel=0.01)
    peaks = [option.peak for option in targets]
    assert peaks == sorted(peaks, key=lambda peak: peak or 0)


def test_a_base_of_other_names_is_compared_by_the_sets_it_has(
    only_config: Callable[[PreTrainedConfig], Path],
) -> None:
    folder = only_config(GPT2Config(n_layer=2, n_embd=64, n_head=2, vocab_size=100))
    found = run_plan(folder, options=PlanOptions(table=True), max_length=32)
    assert [option.target_modules for option in found.table[6:]] == ["all-linear"]
    assert found.reached["c_attn"] == (2, 64, 192)


def test_a_loaded_base_is_planned_like_its_folder(tiny_gemma: Path) -> None:
    base = load_base(str(tiny_gemma), quantization="nf4")
    config = TrainConfig(quantization="nf4")
    found = plan_encoded(base, config, [[row(30, 10)] * 4], max_batch_tokens=256)
    assert found is not None
    expected = adapter_size(read_architecture(str(tiny_gemma)), config)
    assert (found.trainable_parameters, found.adapter_bytes) == (expected.parameters, expected.file_bytes)
    assert found.memory.weights == held_bytes(base.model)
    assert found.seconds is not None


def test_rates_are_measured_on_what_the_machine_does(tiny_gemma: Path) -> None:
    found = measure_rates(
        read_architecture(str(tiny_gemma)), TrainConfig(quantization="nf4"), torch.device("cpu")
    )
    assert set(found.products) == {"float32", "bfloat16", "float32 thin", "bfloat16 thin"}
    assert min(found.products.values()) > 1e7
    assert 0 < found.call < 1e-3
    assert found.unpacking is not None
    assert found.unpacking > 1e5


def test_a_probe_corrects_memory_and_time_and_leaves_nothing(
    tiny_gemma: Path, rows: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    before = sorted(tmp_path.rglob("*"))
    outcomes: list[probe.Probe] = []
    run = probe.run_probe

    def watched(*arguments: Any) -> probe.Probe:  # noqa: ANN401
        outcomes.append(run(*arguments))
        return outcomes[-1]

    monkeypatch.setattr(probe, "run_probe", watched)
    found = run_plan(tiny_gemma, rows, PlanOptions(probe=True), train_batch_size=2, num_train_epochs=3)
    assert found.probed
    (outcome,) = outcomes
    assert len(outcome.seconds) == 4
    assert found.memory.peak == outcome.peak + forecast.IMPORTED_LATER
    assert outcome.peak > 100_000_000
    assert found.seconds == pytest.approx(
        found.steps * sum(outcome.seconds) / 4 if found.steps else 0, rel=0.5
    )
    assert sorted(tmp_path.rglob("*")) == before


def test_a_probe_without_weights_fails_with_what_is_missing(
    only_config: Callable[[PreTrainedConfig], Path],
) -> None:
    config = LlamaConfig(vocab_size=100, hidden_size=32, intermediate_size=64, num_hidden_layers=1)
    with pytest.raises(EnvironmentFault, match=r"the probe failed: cannot load the base .*only-config"):
        run_plan(only_config(config), options=PlanOptions(probe=True), max_length=32)


@pytest.mark.slow
def test_peak_memory_of_the_embedded_model_is_foreseen(gemma: Path, write_jsonl: WriteJsonl) -> None:
    lines = [
        {"instruction": "空はなぜ青いのですか？" * 3, "output": "光が散らばるからです。" * 4}
        for _ in range(16)
    ]
    data = write_jsonl("rows.jsonl", lines)
    foreseen, measured = plan_apart(gemma, data), plan_apart(gemma, data, "--probe")
    assert foreseen == pytest.approx(measured, rel=0.15)


def plan_apart(base: Path, data: Path, *options: str) -> int:
    """Plan in a process of its own, whose memory at the start is a training's and not that of many tests."""
    asked = [
        "plan",
        data,
        "--base",
        base,
        "--target-modules",
        ATTENTION,
        "--lora-r",
        "8",
        "--json",
        "--quiet",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "loracheck", *map(str, asked), *options], capture_output=True, check=True
    )
    return int(sum(json.loads(done.stdout)["memory"].values()))


def test_sizes_name_their_layers() -> None:
    found: AdapterSize = adapter_size(shape(SMOLLM2_135M), TrainConfig(target_modules="k_proj,down_proj"))
    assert found.reached == {"k_proj": (30, 576, 192), "down_proj": (30, 1536, 576)}
    assert found.outside == 0
