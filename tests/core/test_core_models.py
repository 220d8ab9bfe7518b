from __future__ import annotations

import ast
import json
import re
import shutil
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from loracheck import jsonl
from loracheck.adapters.card import ADAPTER_CARD, AdapterCard
from loracheck.adapters.files import ADAPTER_WEIGHTS
from loracheck.errors import AdapterError, EnvironmentFault, UsageError
from loracheck.models.load import arm, attach, load_base, load_config, load_tokenizer, read_adapter
from loracheck.records import BASE_ARM

MakeGemma = Callable[..., Path]


def copy_of(model: Path, target: Path, *, dtype: torch.dtype = torch.float32, shard: str = "5GB") -> Path:
    loaded = AutoModelForCausalLM.from_pretrained(model, dtype=dtype)
    loaded.save_pretrained(target, max_shard_size=shard)
    AutoTokenizer.from_pretrained(model).save_pretrained(target)
    return target


def save_adapter(model: Path, target: Path, *, card: bool = False, zero: bool = False) -> Path:
    """Train nothing, but save an adapter whose lora_B is random."""
    base = load_base(str(model))
    torch.manual_seed(1)
    tuned = get_peft_model(base.model, LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM"))
    for name, weight in tuned.named_parameters():
        if "lora_B" in name and not zero:
            torch.nn.init.normal_(weight, std=0.1)
    tuned.save_pretrained(str(target), save_embedding_layers=False)
    if card:
        jsonl.write_one(
            target / ADAPTER_CARD,
            AdapterCard(
                base=base.name,
                fingerprint=base.fingerprint,
                template_sha256="t",
                quantization="none",
                data_sha256="d",
                trained_tokens=1,
            ),
        )
    return target


@pytest.fixture(scope="module")
def adapter(tiny_gemma: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_adapter(tiny_gemma, tmp_path_factory.mktemp("adapter") / "plain")


@pytest.fixture
def broken(adapter: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(adapter, tmp_path / "broken"))


def change_tensor(folder: Path, change: Callable[[str, torch.Tensor], torch.Tensor]) -> None:
    weights = load_file(folder / ADAPTER_WEIGHTS)
    save_file({name: change(name, tensor) for name, tensor in weights.items()}, folder / ADAPTER_WEIGHTS)


def test_the_fingerprint_is_that_of_the_content_not_of_the_files(tiny_gemma: Path, tmp_path: Path) -> None:
    own = load_base(str(tiny_gemma)).fingerprint
    sharded = copy_of(tiny_gemma, tmp_path / "sharded", shard="200KB")
    assert len(list(sharded.glob("model*.safetensors"))) > 1
    half = copy_of(tiny_gemma, tmp_path / "half", dtype=torch.bfloat16)
    for other in (
        load_base(str(sharded)),
        load_base(str(half)),
        load_base(str(tiny_gemma), quantization="nf4"),
    ):
        assert own.differences(other.fingerprint) == []
        assert own == other.fingerprint


def test_a_checkpoint_stored_in_four_bits_has_no_known_body_and_does_not_differ(
    tiny_gemma: Path, tmp_path: Path
) -> None:
    quantised = load_base(str(tiny_gemma), quantization="nf4")
    quantised.model.save_pretrained(tmp_path / "nf4")
    quantised.tokenizer.save_pretrained(tmp_path / "nf4")
    stored = load_base(str(tmp_path / "nf4")).fingerprint
    assert stored.body is None
    assert load_base(str(tiny_gemma)).fingerprint.differences(stored) == []


def test_the_fingerprint_tells_seed_and_tokenizer_apart(
    tiny_gemma: Path, make_gemma: MakeGemma, tmp_path: Path
) -> None:
    own = load_base(str(tiny_gemma)).fingerprint
    other = load_base(str(make_gemma(tmp_path / "seed", seed=1))).fingerprint
    assert own.differences(other) == ["shell", "body"]
    copy = copy_of(tiny_gemma, tmp_path / "tokens")
    text = (copy / "tokenizer.json").read_text(encoding="utf-8")
    (copy / "tokenizer.json").write_text(text.replace("東", "佛"), encoding="utf-8")
    assert own.differences(load_base(str(copy)).fingerprint) == ["tokenizer"]


def test_a_single_changed_linear_layer_shows_in_the_body(tiny_gemma: Path, tmp_path: Path) -> None:
    copy = copy_of(tiny_gemma, tmp_path / "tuned")
    weights = load_file(copy / "model.safetensors")
    name = next(key for key in weights if "q_proj" in key)
    weights[name][0, 0] += 1.0
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    own = load_base(str(tiny_gemma)).fingerprint
    assert own.differences(load_base(str(copy)).fingerprint) == ["body"]
    assert own.differences(replace(own, body=None)) == []


def test_an_adapter_for_its_own_base_is_read_attached_and_switched(tiny_gemma: Path, adapter: Path) -> None:
    base = load_base(str(tiny_gemma))
    found = read_adapter("mine", adapter, base)
    assert (found.finite, found.inert, found.verified) == (True, False, True)
    ids = torch.tensor([[2, 40, 50]])
    with torch.inference_mode():
        before = base.model(input_ids=ids).logits.clone()
        model = attach(base, [found])
        with arm(model, "mine") as tuned:
            changed = tuned(input_ids=ids).logits
        with arm(model, BASE_ARM) as plain:
            again = plain(input_ids=ids).logits
    assert torch.equal(before, again)
    assert not torch.allclose(before, changed)


def test_a_card_refuses_another_base_of_the_same_shape(
    tiny_gemma: Path, make_gemma: MakeGemma, tmp_path: Path
) -> None:
    carded = save_adapter(tiny_gemma, tmp_path / "adapter", card=True)
    other = load_base(str(make_gemma(tmp_path / "seed", seed=1)))
    with pytest.raises(AdapterError, match="another base") as caught:
        read_adapter("mine", carded, other)
    assert f"--base {tiny_gemma}" in caught.value.hint
    base = load_base(str(tiny_gemma))
    assert read_adapter("mine", carded, base, "t").verified
    with pytest.raises(AdapterError, match="another chat template"):
        read_adapter("mine", carded, base, "u")


def test_without_a_card_only_the_folder_that_the_user_named_proves_the_base(
    tiny_gemma: Path, adapter: Path, make_gemma: MakeGemma, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(tiny_gemma)
    assert read_adapter("mine", adapter, load_base(str(tmp_path / "link"))).verified
    assert not read_adapter("mine", adapter, load_base(str(make_gemma(tmp_path / "seed", seed=1)))).verified


def test_an_adapter_that_names_an_unknown_base_is_not_verified(tiny_gemma: Path, broken: Path) -> None:
    text = (broken / "adapter_config.json").read_text(encoding="utf-8")
    (broken / "adapter_config.json").write_text(
        text.replace(str(tiny_gemma), "someone/else"), encoding="utf-8"
    )
    assert not read_adapter("mine", broken, load_base(str(tiny_gemma))).verified


@pytest.mark.parametrize("shape", [{"layers": 4}, {"layers": 2}, {"hidden": 128}])
def test_an_adapter_for_another_shape_is_refused_when_it_is_attached(
    shape: dict[str, int], adapter: Path, make_gemma: MakeGemma, tmp_path: Path
) -> None:
    base = load_base(str(make_gemma(tmp_path / "other", **shape)))
    found = read_adapter("mine", adapter, load_base(str(adapter_base(adapter))))
    with pytest.raises(AdapterError, match=r"(is for another base than|does not fit)"):
        attach(base, [found])


def adapter_base(adapter: Path) -> Path:
    config = jsonl.read_one(adapter / "adapter_config.json", dict)
    return Path(str(config["base_model_name_or_path"]))


def test_a_pickle_is_refused_and_never_opened(tiny_gemma: Path, broken: Path) -> None:
    (broken / ADAPTER_WEIGHTS).rename(broken / "adapter_model.bin")
    with pytest.raises(AdapterError, match="only a pickle"):
        read_adapter("mine", broken, load_base(str(tiny_gemma)))


def test_a_folder_without_adapter_and_a_damaged_adapter_are_refused(
    tiny_gemma: Path, broken: Path, tmp_path: Path
) -> None:
    base = load_base(str(tiny_gemma))
    with pytest.raises(AdapterError, match=r"no adapter_config\.json"):
        read_adapter("mine", tmp_path, base)
    (broken / ADAPTER_WEIGHTS).write_bytes((broken / ADAPTER_WEIGHTS).read_bytes()[:1000])
    with pytest.raises(AdapterError, match="no whole safetensors file"):
        read_adapter("mine", broken, base)


def test_nan_and_zero_adapters_are_noticed(tiny_gemma: Path, broken: Path) -> None:
    base = load_base(str(tiny_gemma))
    change_tensor(broken, lambda name, tensor: tensor * 0 if "lora_B" in name else tensor)
    assert read_adapter("mine", broken, base).inert
    change_tensor(broken, lambda name, tensor: torch.full_like(tensor, float("nan")))
    assert not read_adapter("mine", broken, base).finite


def test_a_missing_gguf_file_or_folder_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        load_base(str(tmp_path / "model.gguf"))
    with pytest.raises(UsageError, match=r"no config\.json"):
        load_base(str(tmp_path / "nowhere"))


def test_a_folder_that_cannot_be_read_is_an_environment_fault(tiny_gemma: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(tiny_gemma, tmp_path / "copy"))
    (copy / "model.safetensors").rename(tmp_path / "model.safetensors")
    with pytest.raises(UsageError, match="holds no weights"):
        load_base(str(copy))
    (copy / "model.safetensors").write_bytes(b"")
    (copy / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(EnvironmentFault, match="cannot load the base"):
        load_base(str(copy))


CODE = """
from pathlib import Path
from transformers import PretrainedConfig

Path(__file__).with_name("ran").touch()

class Own(PretrainedConfig):
    model_type = "own"
"""


def needing_code(model: Path, target: Path) -> Path:
    """A copy of a model whose configuration and tokenizer ask for code beside them."""
    shutil.copytree(model, target)
    (target / "own.py").write_text(CODE, encoding="utf-8")
    for name, entry in (("config.json", "AutoConfig"), ("tokenizer_config.json", "AutoTokenizer")):
        values = json.loads((target / name).read_text(encoding="utf-8"))
        own = ["own.Own", None] if entry == "AutoTokenizer" else "own.Own"
        values |= {"auto_map": {entry: own}, "model_type": "own", "tokenizer_class": "Own"}
        (target / name).write_text(json.dumps(values), encoding="utf-8")
    return target


@pytest.mark.parametrize("load", [load_base, load_config, load_tokenizer])
def test_code_that_comes_with_a_base_is_neither_run_nor_asked_about(
    load: Callable[[str], object], tiny_gemma: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = needing_code(tiny_gemma, tmp_path / "copy")
    monkeypatch.setattr("builtins.input", lambda *_: "y")
    with pytest.raises(UsageError, match="no such code is run") as caught:
        load(str(copy))
    assert "transformers knows by itself" in caught.value.hint
    assert not list(tmp_path.rglob("ran"))


def test_every_model_configuration_and_tokenizer_is_loaded_without_code_of_its_own() -> None:
    root = Path(__file__).parents[2]
    folders = ("loracheck", "curate", "train", "evaluate", "reports")
    calls = [
        (file, node)
        for folder in folders
        for file in (root / folder).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and re.match(r"Auto\w+\.from_pretrained$", ast.unparse(node.func))
    ]
    assert len(calls) > 5
    for file, call in calls:
        given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
        assert given.get("trust_remote_code") == "False" or given.get(None) == "place", (
            f"{file}:{call.lineno}"
        )


def test_no_folder_is_read_that_an_adapter_names(
    tiny_gemma: Path, adapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = load_base(str(tiny_gemma))
    copy = needing_code(tiny_gemma, tmp_path / "named")
    mine = Path(shutil.copytree(adapter, tmp_path / "mine"))
    text = (mine / "adapter_config.json").read_text(encoding="utf-8")
    for named in (str(copy), "x" * 900, "a\\u0000b", "//host/share"):
        changed = text.replace(str(tiny_gemma), named)
        assert changed != text
        (mine / "adapter_config.json").write_text(changed, encoding="utf-8")
        for loader in ("AutoConfig", "AutoTokenizer"):
            monkeypatch.setattr(
                f"loracheck.models.load.{loader}.from_pretrained",
                lambda *_, **__: pytest.fail("it was loaded"),
            )
        assert not read_adapter("mine", mine, base).verified


GGUF = (
    b"GGUF"
    + struct.pack("<IQQQ", 3, 0, 1, 20)
    + b"general.architecture"
    + struct.pack("<IQ", 8, 5)
    + b"llama"
)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GGUF",
        b"GGUF\x03\x00\x00",
        GGUF,
        GGUF[:-3],
        GGUF[:40],
        GGUF[:24] + struct.pack("<Q", 2**63) + GGUF[32:],
        GGUF.replace(b"llama", b"\xff\xfe\xfd\xfc\xfb"),
        b"GGUF" + struct.pack("<IQQ", 3, 2**40, 2**40) + b"x" * 100,
    ],
)
def test_a_gguf_file_that_is_none_is_refused_in_one_message(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "model.gguf").write_bytes(content)
    with pytest.raises(EnvironmentFault, match="transformers cannot read"):
        load_base(str(tmp_path / "model.gguf"))
