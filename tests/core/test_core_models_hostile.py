"""Adapters made to change the base, to hang or to break what reads them: each is refused in one clear message."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import AdaLoraConfig, LoraConfig, PeftConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, MixtralConfig

from loracheck.adapters.files import ADAPTER_WEIGHTS
from loracheck.errors import AdapterError, LoracheckError
from loracheck.models import load as models
from loracheck.models.load import Base, arm, attach, load_base, read_adapter
from loracheck.records import BASE_ARM
from tests.conftest import save_model, smollm_tokenizer

IDS = torch.tensor([[2, 40, 57, 63, 71, 80, 95]])
TARGETS = ["q_proj", "gate_proj"]


def save(base: Path, out: Path, config: PeftConfig) -> Path:
    """Save an adapter of strong random weights."""
    config.task_type = "CAUSAL_LM"
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(base), config)
    chance = torch.Generator().manual_seed(3)
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data = 0.3 * torch.randn(parameter.shape, generator=chance)
    model.save_pretrained(str(out), save_embedding_layers=False)
    return out


@pytest.fixture(scope="module")
def plain(tiny_gemma: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(
        tiny_gemma,
        tmp_path_factory.mktemp("plain") / "a",
        LoraConfig(r=4, lora_alpha=12, target_modules=TARGETS),
    )


@pytest.fixture
def adapter(plain: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(plain, tmp_path / "adapter"))


def change(folder: Path, **values: Any) -> None:  # noqa: ANN401
    file = folder / "adapter_config.json"
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | values), encoding="utf-8")


def logits(model: Any) -> torch.Tensor:  # noqa: ANN401
    with torch.inference_mode():
        found: torch.Tensor = model(input_ids=IDS).logits.clone()
    return found


def on_base(base: Path, adapter: Path) -> tuple[Base, Any]:
    loaded = load_base(str(base))
    return loaded, attach(loaded, [read_adapter("mine", adapter, loaded)])


@pytest.mark.parametrize(
    "config",
    [
        {"init_lora_weights": "pissa"},
        {"init_lora_weights": "PiSSA_niter_4"},
        {"init_lora_weights": "olora"},
        {"init_lora_weights": "loftq", "loftq_config": {"loftq_bits": 4}},
        {"init_lora_weights": "a way of tomorrow"},
        {"bias": "all"},
        {"bias": "lora_only"},
        {"kasa_config": {"beta": 1e-4}},
        {"layer_replication": [[0, 2], [1, 3]]},
        {"use_dora": 1},
        {"use_rslora": "yes"},
        {"megatron_config": {"a": 1}, "megatron_core": "antigravity"},
    ],
    ids=lambda config: next(iter(config.items())),
)
def test_what_may_change_the_base_or_means_something_else_is_refused_before_peft_reads_it(
    config: dict[str, Any], tiny_gemma: Path, adapter: Path
) -> None:
    base = load_base(str(tiny_gemma))
    before = logits(base.model)
    change(adapter, **config)
    with pytest.raises(AdapterError):
        attach(base, [read_adapter("mine", adapter, base)])
    assert torch.equal(logits(base.model), before)


def test_trained_biases_are_refused_with_their_tensors(tmp_path: Path) -> None:
    base = save_biased(tmp_path / "base")
    adapter = save(base, tmp_path / "a", LoraConfig(r=4, target_modules=["q_proj"], bias="all"))
    loaded = load_base(str(base))
    before = logits(loaded.model)
    with pytest.raises(AdapterError, match="has bias, which is damaged or not followed"):
        attach(loaded, [read_adapter("mine", adapter, loaded)])
    change(adapter, bias="none")
    with pytest.raises(AdapterError, match="for another base"):
        attach(loaded, [read_adapter("mine", adapter, loaded)])
    assert torch.equal(logits(load_base(str(base)).model), before)


def save_biased(folder: Path) -> Path:
    from transformers import LlamaConfig  # noqa: PLC0415

    tokenizer = smollm_tokenizer()
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, attention_bias=True, bos_token_id=None, eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    return save_model(folder, config, tokenizer)


def test_a_base_that_an_adapter_changed_all_the_same_is_noticed_by_its_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = save_biased(tmp_path / "base")
    adapter = save(base, tmp_path / "a", LoraConfig(r=4, target_modules=["q_proj"], bias="all"))
    change(adapter, bias="none")
    as_peft_would = LoraConfig(r=4, target_modules=["q_proj"], bias="all", inference_mode=True)
    monkeypatch.setattr(models, "peft_config", lambda *_: as_peft_would)
    with pytest.raises(AdapterError, match="adapter mine changed the base itself"):
        on_base(base, adapter)


@pytest.mark.parametrize("initial", ["pissa", "olora"])
def test_what_took_its_beginning_from_the_base_is_put_on_it_alone(
    initial: Any,  # noqa: ANN401
    tiny_gemma: Path,
    tmp_path: Path,
) -> None:
    config = LoraConfig(r=4, target_modules=TARGETS, init_lora_weights=initial)
    adapter = save(tiny_gemma, tmp_path / "a", config)
    by_peft = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(tiny_gemma), str(adapter))
    base = load_base(str(tiny_gemma))
    file = read_adapter("mine", adapter, base, alone=True)
    assert torch.allclose(logits(attach(base, [file], alone=True)), logits(by_peft), atol=1e-3)
    with pytest.raises(AdapterError, match="changed the base itself"):
        attach(load_base(str(tiny_gemma)), [file])
    change(adapter, init_lora_weights="pissa_niter_999999999")
    with pytest.raises(AdapterError, match="takes part of the base's weights out"):
        read_adapter("mine", adapter, base, alone=True)


@pytest.mark.parametrize(
    "kind", ["LN_TUNING", "OSF", "PROMPT_TUNING", "IA3", "nonsense", "", None, 7, ["LORA"]]
)
def test_a_kind_that_is_not_listed_is_refused(kind: Any, tiny_gemma: Path, adapter: Path) -> None:  # noqa: ANN401
    change(adapter, peft_type=kind)
    with pytest.raises(AdapterError, match="LoRA, DoRA, AdaLoRA, LoHa and LoKr are taken"):
        on_base(tiny_gemma, adapter)


ENDLESS = r"(.*)*(.*)*(.*)*(.*)*(.*)*(.*)*nothing"


@pytest.mark.parametrize("key", ["target_modules", "exclude_modules", "layers_pattern"])
def test_no_expression_of_a_stranger_searches_the_model(key: str, tiny_gemma: Path, adapter: Path) -> None:
    _, wanted = on_base(tiny_gemma, adapter)
    change(adapter, **{key: ENDLESS})
    _, found = on_base(tiny_gemma, adapter)  # which ends
    assert torch.equal(logits(found), logits(wanted))


@pytest.mark.parametrize("key", ["rank_pattern", "alpha_pattern"])
@pytest.mark.parametrize("expression", [ENDLESS, "((", "a" * 400], ids=["endless", "broken", "long"])
def test_a_pattern_that_could_run_for_ever_is_refused(
    key: str, expression: str, tiny_gemma: Path, adapter: Path
) -> None:
    change(adapter, **{key: {expression: 4}})
    with pytest.raises(AdapterError, match="which is damaged or not followed"):
        on_base(tiny_gemma, adapter)


def test_the_expression_that_unsloth_writes_is_taken(tiny_gemma: Path, adapter: Path) -> None:
    _, wanted = on_base(tiny_gemma, adapter)
    change(
        adapter,
        target_modules=r"(?:.*?(?:language|text|model).*?(?:self_attn|mlp|ffn).*?(?:q_proj|gate_proj).*?)"
        r"|(?:\bmodel\.layers\.[\d]{1,}\.(?:self_attn|mlp)\.(?:(?:q_proj|gate_proj)))",
    )
    _, found = on_base(tiny_gemma, adapter)
    assert torch.equal(logits(found), logits(wanted))


@pytest.mark.parametrize("changed", [{"r": 2**31 - 1}, {"r": 5}, {"rank_pattern": {"q_proj": 2**31 - 1}}])
def test_a_rank_that_the_tensors_do_not_have_makes_no_room(
    changed: dict[str, Any], tiny_gemma: Path, adapter: Path
) -> None:
    change(adapter, **changed)
    with pytest.raises(AdapterError, match=r"the rank of .* by its tensors not"):
        on_base(tiny_gemma, adapter)


def test_patterns_that_are_followed_mean_what_they_mean_to_peft(tiny_gemma: Path, tmp_path: Path) -> None:
    config = LoraConfig(
        r=4, lora_alpha=12, target_modules=TARGETS, rank_pattern={"gate_proj": 2, r"^model.layers.1.self.attn": 3},
        alpha_pattern={"layers.0.self.attn.q_proj": 40, r".*layers\.2\.mlp\.gate_proj": 3},
    )  # fmt: skip
    adapter = save(tiny_gemma, tmp_path / "a", config)
    by_peft = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(tiny_gemma), str(adapter))
    _, found = on_base(tiny_gemma, adapter)
    assert torch.equal(logits(found), logits(by_peft))
    change(adapter, alpha_pattern={})
    _, other = on_base(tiny_gemma, adapter)
    assert not torch.allclose(logits(other), logits(by_peft))


def test_adalora_loads_as_by_peft_and_a_rank_far_above_its_tensors_does_not(
    tiny_gemma: Path, tmp_path: Path
) -> None:
    config = AdaLoraConfig(init_r=4, target_r=2, total_step=10, target_modules=TARGETS)
    adapter = save(tiny_gemma, tmp_path / "a", config)
    by_peft = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(tiny_gemma), str(adapter))
    _, found = on_base(tiny_gemma, adapter)
    assert torch.equal(logits(found), logits(by_peft))
    change(adapter, init_r=10**6)
    with pytest.raises(AdapterError, match="r is 1000000"):
        on_base(tiny_gemma, adapter)


def test_experts_that_are_changed_as_parameters_are_taken(tmp_path: Path) -> None:
    tokenizer = smollm_tokenizer()
    shape = MixtralConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, num_local_experts=4, bos_token_id=None, eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    base = save_model(tmp_path / "base", shape, tokenizer)
    config = LoraConfig(
        r=2,
        target_modules=r".*\.q_proj",
        target_parameters=["mlp.experts.gate_up_proj", "mlp.experts.down_proj"],
    )
    adapter = save(base, tmp_path / "a", config)
    by_peft = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), str(adapter))
    _, found = on_base(base, adapter)
    assert torch.allclose(logits(found), logits(by_peft), atol=1e-5)


def test_tensors_that_nothing_can_compute_in_are_refused(tiny_gemma: Path, adapter: Path) -> None:
    weights = load_file(adapter / ADAPTER_WEIGHTS)
    for dtype in (torch.float8_e4m3fn, torch.int64, torch.complex64):
        save_file({name: tensor.to(dtype) for name, tensor in weights.items()}, adapter / ADAPTER_WEIGHTS)
        with pytest.raises(AdapterError, match="in which nothing can be computed here"):
            on_base(tiny_gemma, adapter)


def test_factors_of_another_width_are_refused_before_room_is_made_for_their_rank(
    tiny_gemma: Path, adapter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PeftModel, "from_pretrained", lambda *_, **__: pytest.fail("room was made"))
    weights = load_file(adapter / ADAPTER_WEIGHTS)
    thin = {name: torch.zeros(10**5, 1) if "lora_A" in name else tensor for name, tensor in weights.items()}
    save_file(thin, adapter / ADAPTER_WEIGHTS)
    change(adapter, r=10**5)
    with pytest.raises(AdapterError, match="does not fit"):
        on_base(tiny_gemma, adapter)


def test_a_module_without_tensors_makes_no_room(tiny_gemma: Path, adapter: Path) -> None:
    weights = load_file(adapter / ADAPTER_WEIGHTS)
    save_file({k: v for k, v in weights.items() if "layers.1" not in k}, adapter / ADAPTER_WEIGHTS)
    change(adapter, r=2**31 - 1, rank_pattern={r".*layers\.[02].*": 4})
    with pytest.raises(AdapterError, match="tensors do not match"):
        on_base(tiny_gemma, adapter)


def test_a_module_without_tensors_is_noticed(tiny_gemma: Path, adapter: Path) -> None:
    weights = load_file(adapter / ADAPTER_WEIGHTS)
    save_file({k: v for k, v in weights.items() if "layers.1" not in k}, adapter / ADAPTER_WEIGHTS)
    with pytest.raises(AdapterError, match="tensors do not match"):
        on_base(tiny_gemma, adapter)


def test_weights_of_the_base_in_the_file_of_an_adapter_are_refused(tiny_gemma: Path, adapter: Path) -> None:
    weights = load_file(adapter / ADAPTER_WEIGHTS)
    name = next(key for key in weights if "q_proj.lora_A" in key).replace("lora_A", "base_layer")
    save_file(weights | {name: torch.zeros(128, 64)}, adapter / ADAPTER_WEIGHTS)
    with pytest.raises(AdapterError, match="for another base"):
        on_base(tiny_gemma, adapter)


VALUES: list[Any] = [
    None, True, False, 0, -1, 1, 2**40, 10**300, 0.5, float("nan"), "", "x", "\0", "x" * 2000, [], [[]], [""], [None],
    [10**9], {}, {"a": 1}, {"": []}, {"embed_tokens": [10**9]}, {"q_proj": None}, {"(": 1},
]  # fmt: skip


def test_no_value_of_any_field_ends_in_anything_but_an_adapter_on_its_base_or_a_clear_error(
    tiny_gemma: Path, adapter: Path
) -> None:
    base = load_base(str(tiny_gemma))
    before = logits(base.model)
    original = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    for key in (*original, "alpha", "init_r"):
        for value in VALUES:
            (adapter / "adapter_config.json").write_text(
                json.dumps(original | {key: value}), encoding="utf-8"
            )
            try:
                file = read_adapter("mine", adapter, base)
            except LoracheckError:
                continue
            try:
                model: Any = attach(base, [file])
            except LoracheckError:
                base = load_base(str(tiny_gemma))
                continue
            with arm(model, BASE_ARM) as own:
                assert torch.equal(logits(own), before), (key, value)
            base.model = model.unload()


@pytest.mark.parametrize(
    "content", [b"[]", b'"LORA"', b"null", b"[" * 60 + b"]" * 60, b'{"r": ' + b"[" * 600 + b"]" * 600 + b"}"]
)
def test_a_configuration_that_is_no_object_is_refused(
    content: bytes, tiny_gemma: Path, adapter: Path
) -> None:
    (adapter / "adapter_config.json").write_bytes(content)
    with pytest.raises(AdapterError, match="no JSON object"):
        on_base(tiny_gemma, adapter)


def header(entries: dict[str, Any], data: bytes = b"\0" * 64) -> bytes:
    text = json.dumps(entries).encode()
    return len(text).to_bytes(8, "little") + text + data


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x07",
        (2**63).to_bytes(8, "little") + b"{}",
        (40 * 2**20).to_bytes(8, "little") + b" " * 64,
        header({}),
        header({}, b""),
        header({"a": {"dtype": "F32", "shape": [8], "data_offsets": [0, 32]},
                "b": {"dtype": "F32", "shape": [8], "data_offsets": [16, 48]}}),
        header({"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 64]}}),
        header({"a": {"dtype": "F32", "shape": [2**62, 4], "data_offsets": [0, 64]}}),
        header({"a": {"dtype": "X", "shape": [16], "data_offsets": [0, 64]}}),
        header({"a": None}),
        header({"x" * 5000: {"dtype": "F32", "shape": [16], "data_offsets": [0, 64]}}),
        header({".lora_A.weight": {"dtype": "F32", "shape": [4, 4], "data_offsets": [0, 64]}}),
        header({"lora_magnitude_vector": {"dtype": "F32", "shape": [16], "data_offsets": [0, 64]}}),
        header({"lora_A": {"dtype": "F32", "shape": [], "data_offsets": [0, 4]}}, b"\0" * 4),
    ],
    ids=["empty", "one byte", "9 EB", "40 MiB", "nothing named", "no tensor", "overlap", "negative", "overflow",
         "no type", "null", "long name", "no module", "magnitude alone", "no shape"],
)  # fmt: skip
def test_hostile_weights_are_refused_in_one_message(content: bytes, tiny_gemma: Path, adapter: Path) -> None:
    (adapter / ADAPTER_WEIGHTS).write_bytes(content)
    with pytest.raises(AdapterError) as caught:
        on_base(tiny_gemma, adapter)
    assert len(caught.value.message) < 900
