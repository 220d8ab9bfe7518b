"""Adapters as axolotl, LLaMA-Factory, unsloth and peft leave them: what is read, and what is never opened."""

from __future__ import annotations

import builtins
import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from loracheck.adapters.config import config_of, read_values
from loracheck.cli import cli
from loracheck.evaluate.arms.origins import origin, remarks
from loracheck.evaluate.arms.preflight import record
from loracheck.evaluate.config import EvalConfig
from loracheck.evaluate.dryrun import plan
from loracheck.evaluate.policy import load_policy
from loracheck.foreign import is_four_bit_copy, original_name, read_foreign, same_base
from loracheck.foreign.files import MAX_JSON_BYTES, MAX_YAML_BYTES
from loracheck.models.load import AdapterFile
from loracheck.progress import Progress

PICKLE = b"\x80\x04cos\nsystem\n(S'touch /tmp/opened'\ntR."


def dump(file: Path, value: Any) -> None:  # noqa: ANN401
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(value if isinstance(value, str) else json.dumps(value, indent=2), encoding="utf-8")


def adapter_config(folder: Path, base: str, **more: Any) -> None:  # noqa: ANN401
    named = {
        "peft_type": "LORA",
        "base_model_name_or_path": base,
        "r": 16,
        "lora_alpha": 32,
        "auto_mapping": None,
    }
    dump(folder / "adapter_config.json", named | more)
    (folder / "adapter_model.safetensors").write_bytes(b"")
    (folder / "training_args.bin").write_bytes(PICKLE)


def trainer_state(step: int, best: str | None = None, *, tokens: bool = False) -> dict[str, Any]:
    history: list[dict[str, Any]] = []
    for at, loss, held in ((10, 2.5, 2.2), (20, 1.5, 1.7), (30, 0.8, 2.4)):
        counted = {"num_input_tokens_seen": at * 1000} if tokens else {}
        common = {"epoch": at / 10, "step": at}
        history.append(common | {"loss": loss, "grad_norm": 0.5, "learning_rate": 2e-4 / at} | counted)
        history.append(
            common | {"eval_loss": held, "eval_runtime": 1.0, "eval_steps_per_second": 3.0} | counted
        )
    history.append({"epoch": 3.0, "step": 30, "total_flos": 1e15, "train_loss": 1.6, "train_runtime": 100.0})
    return {
        "best_global_step": int(best.rpartition("-")[2]) if best else None,
        "best_metric": 1.7 if best else None,
        "best_model_checkpoint": best,
        "epoch": step / 10,
        "eval_steps": 10,
        "global_step": step,
        "is_local_process_zero": True,
        "log_history": [entry for entry in history if entry["step"] <= step],
        "max_steps": 30,
        "num_train_epochs": 3,
    }


def axolotl(folder: Path) -> Path:
    """As axolotl 0.16 writes a QLoRA run: the configuration in the card, the state in the checkpoints alone."""
    adapter_config(folder, "Qwen/Qwen3-8B")
    dump(folder / "config.json", {"model_type": "qwen3"})
    dump(
        folder / "README.md",
        "---\nlibrary_name: peft\nlicense: apache-2.0\nbase_model: Qwen/Qwen3-8B\ntags:\n- axolotl\n"
        "- base_model:adapter:Qwen/Qwen3-8B\n- lora\n- transformers\ndatasets:\n- data/persona.jsonl\n"
        "pipeline_tag: text-generation\nmodel-index:\n- name: outputs/out\n  results: []\n---\n\n"
        "<!-- This model card has been generated automatically. -->\n\n"
        "[<img src=\"x.png\"/>](https://github.com/axolotl-ai-cloud/axolotl)\n"
        "<details><summary>See axolotl config</summary>\n\naxolotl version: `0.16.1`\n```yaml\n"
        "base_model: Qwen/Qwen3-8B\nstrict: false\nchat_template: qwen3\n\ndatasets:\n"
        "  - path: data/persona.jsonl\n    ds_type: json\n    type: chat_template\n"
        "  - path: OWNER/chat\n    type: alpaca\nval_set_size: 0.05\noutput_dir: ./outputs/out\n"
        "load_in_4bit: true\nadapter: qlora\nlora_r: 16\nlora_target_linear: true\nwandb_project:\n"
        "num_epochs: 3\nlearning_rate: 2e-4\n```\n\n</details><br>\n\n# outputs/out\n",
    )  # fmt: skip
    for step in (10, 20, 30):
        adapter_config(folder / f"checkpoint-{step}", "Qwen/Qwen3-8B")
        dump(folder / f"checkpoint-{step}" / "trainer_state.json", trainer_state(step))
        (folder / f"checkpoint-{step}" / "optimizer.pt").write_bytes(PICKLE)
    return folder


def llama_factory(folder: Path) -> Path:
    """As LLaMA-Factory's board writes a run on a base in 8 bits."""
    adapter_config(folder, "meta-llama/Llama-3.1-8B-Instruct")
    dump(
        folder / "README.md",
        "---\nlibrary_name: peft\nlicense: other\nbase_model: meta-llama/Llama-3.1-8B-Instruct\ntags:\n"
        "- base_model:adapter:meta-llama/Llama-3.1-8B-Instruct\n- llama-factory\n- lora\n- transformers\n"
        "pipeline_tag: text-generation\nmodel-index:\n- name: train_2026\n  results: []\n---\n\n# train_2026\n",
    )
    dump(
        folder / "training_args.yaml",
        "bf16: true\ncutoff_len: 2048\ndataset: persona_ja,identity\ndataset_dir: data\ndo_train: true\n"
        "finetuning_type: lora\nlearning_rate: 5.0e-05\nlora_alpha: 16\nlora_rank: 8\nlora_target: all\n"
        "model_name_or_path: meta-llama/Llama-3.1-8B-Instruct\nnum_train_epochs: 3.0\noutput_dir: saves/x\n"
        "quantization_bit: 8\nquantization_method: bnb\nstage: sft\ntemplate: llama3\nval_size: 0.1\n",
    )
    dump(
        folder / "llamaboard_config.yaml",
        "top.booster: auto\ntop.checkpoint_path: []\ntop.finetuning_type: lora\ntop.model_name: Llama-3.1-8B\n"
        "top.quantization_bit: '8'\ntop.quantization_method: bnb\ntop.template: llama3\n"
        "train.dataset:\n- persona_ja\n- identity\ntrain.learning_rate: 5e-5\ntrain.num_train_epochs: '3.0'\n",
    )
    lines = [
        {"current_steps": 10, "total_steps": 30, "loss": 2.5, "lr": 5e-5, "epoch": 1.0, "percentage": 33.33,
         "elapsed_time": "0:02:03", "remaining_time": "0:04:06", "throughput": 13061.0, "total_tokens": 10_000},
        {"current_steps": 10, "total_steps": 30, "eval_loss": 2.2, "epoch": 1.0, "percentage": 33.33,
         "elapsed_time": "0:02:09", "remaining_time": "0:04:18"},
        {"current_steps": 30, "total_steps": 30, "loss": 0.8, "lr": 0.0, "epoch": 3.0, "percentage": 100.0},
        {"current_steps": 30, "total_steps": 30, "eval_loss": 2.4, "epoch": 3.0, "percentage": 100.0},
    ]  # fmt: skip
    dump(folder / "trainer_log.jsonl", "".join(json.dumps(line) + "\n" for line in lines) + '{"current_st')
    dump(folder / "all_results.json", {"epoch": 3.0, "eval_loss": 2.4, "total_flos": 1e15, "train_loss": 1.6})
    dump(folder / "trainer_state.json", trainer_state(30, tokens=True))
    return folder


def unsloth(folder: Path) -> Path:
    """As unsloth saves with model.save_pretrained: no state, the base a 4-bit copy."""
    name = "unsloth/Qwen3-8B-unsloth-bnb-4bit"
    mapping = {
        "base_model_class": "Qwen3ForCausalLM",
        "parent_library": "transformers.models.qwen3.modeling_qwen3",
    }
    adapter_config(folder, name, auto_mapping=mapping | {"unsloth_fixed": True})
    dump(
        folder / "README.md",
        f"---\nbase_model: {name}\nlibrary_name: peft\npipeline_tag: text-generation\ntags:\n"
        f"- base_model:adapter:{name}\n- lora\n- sft\n- transformers\n- trl\n- unsloth\n---\n\n# Model Card\n",
    )
    return folder


def plain_peft(folder: Path) -> Path:
    """As peft 0.6 wrote a card, beside a checkpoint of transformers' Trainer that went back to its best."""
    adapter_config(folder, "mistralai/Mistral-7B-v0.1")
    dump(
        folder / "README.md",
        "---\nlibrary_name: peft\nbase_model: mistralai/Mistral-7B-v0.1\n---\n## Training procedure\n\n"
        "The following `bitsandbytes` quantization config was used during training:\n- quant_method: bitsandbytes\n"
        "- load_in_8bit: False\n- load_in_4bit: True\n- bnb_4bit_quant_type: fp4\n",
    )
    dump(folder / "trainer_state.json", trainer_state(30, best="/elsewhere/out/checkpoint-20"))
    return folder


def test_axolotl_is_read_from_its_card_and_its_checkpoints(tmp_path: Path) -> None:
    found = read_foreign(axolotl(tmp_path / "out"))
    assert (found.tool, found.base) == ("axolotl", "Qwen/Qwen3-8B")
    assert found.data == ("data/persona.jsonl", "OWNER/chat")
    assert (found.template, found.quantization) == ("qwen3", "nf4")
    assert (found.steps, found.epochs, found.learning_rate) == (30, 3.0, 2e-4)
    assert found.curve.points == ((10, 2.2), (20, 1.7), (30, 2.4))
    assert (found.curve.kept_at, found.curve.first, found.curve.last) == (30, 2.5, 0.8)
    assert found.best_checkpoint == str(tmp_path / "out" / "checkpoint-20")
    assert found.files == ("README.md", "checkpoint-30/trainer_state.json")
    assert found.notes == ()


def test_a_checkpoint_of_axolotl_knows_the_run_around_it(tmp_path: Path) -> None:
    found = read_foreign(axolotl(tmp_path / "out") / "checkpoint-20")
    assert (found.tool, found.quantization, found.steps, found.curve.kept_at) == ("axolotl", "nf4", 20, 20)
    assert found.best_checkpoint == ""


@pytest.mark.parametrize(
    ("line", "held"),
    [
        ("load_in_8bit: true\nadapter: lora", "int8"),
        ("load_in_4bit: false\nadapter: lora", "none"),
        ("load_in_4bit: true\nbnb_config_kwargs:\n  bnb_4bit_quant_type: fp4", "fp4"),
        ("gptq: true", "other"),
    ],
)
def test_axolotl_says_how_the_base_was_held(line: str, held: str, tmp_path: Path) -> None:
    dump(tmp_path / "axolotl_config.yaml", f"base_model: b\n{line}\n")
    assert read_foreign(tmp_path).quantization == held


def test_llama_factory_is_read_with_its_board(tmp_path: Path) -> None:
    folder = llama_factory(tmp_path / "saves")
    found = read_foreign(folder)
    assert (found.tool, found.base) == ("LLaMA-Factory", "meta-llama/Llama-3.1-8B-Instruct")
    assert (found.data, found.template, found.quantization) == (("persona_ja", "identity"), "llama3", "int8")
    assert (found.steps, found.epochs) == (30, 3.0)
    assert found.curve.points == ((10_000, 2.2), (20_000, 1.7), (30_000, 2.4))
    assert found.curve.kept_at == 30_000
    (folder / "training_args.yaml").unlink()
    board = read_foreign(folder)
    assert (board.data, board.template, board.quantization) == (("persona_ja", "identity"), "llama3", "int8")
    (folder / "trainer_state.json").unlink()
    log = read_foreign(folder)
    assert (log.curve.points, log.curve.kept_at, log.curve.last) == (((10, 2.2), (30, 2.4)), 30, 0.8)
    (folder / "trainer_log.jsonl").unlink()
    assert read_foreign(folder).heldout_loss == 2.4


def test_unsloth_is_known_by_its_card_and_the_copy_by_its_name(tmp_path: Path) -> None:
    folder = unsloth(tmp_path / "lora_model")
    found = read_foreign(folder)
    assert (found.tool, found.base) == ("unsloth", "unsloth/Qwen3-8B-unsloth-bnb-4bit")
    assert (found.quantization, found.steps, found.curve.points) == ("nf4", None, ())
    card = folder / "README.md"
    dump(card, card.read_text(encoding="utf-8").replace("base_model: unsloth/", "base_model: '' # ", 1))
    assert read_foreign(folder).base == "unsloth/Qwen3-8B-unsloth-bnb-4bit"


def test_an_old_card_of_peft_says_how_the_base_was_held_and_the_best_checkpoint_counts(
    tmp_path: Path,
) -> None:
    found = read_foreign(plain_peft(tmp_path))
    assert (found.tool, found.base, found.quantization) == ("", "mistralai/Mistral-7B-v0.1", "fp4")
    assert (found.curve.kept_at, found.best_checkpoint) == (20, "")


@pytest.mark.parametrize(
    ("named", "given", "same"),
    [
        ("unsloth/Qwen3-8B-unsloth-bnb-4bit", "Qwen/Qwen3-8B", True),
        ("unsloth/llama-3-8b-bnb-4bit", "meta-llama/Meta-Llama-3-8B", True),
        ("unsloth/gemma-3-270m-it", "google/gemma-3-270m-it", True),
        ("TheBloke/Mistral-7B-v0.1-GPTQ", "mistralai/Mistral-7B-v0.1", True),
        ("Qwen/Qwen3-8B", "Qwen/Qwen3-4B", False),
        ("Qwen/Qwen3-8B", "Qwen/Qwen3-8B-Base", False),
        ("/data/models/qwen", "Qwen/Qwen3-8B", None),
        ("Qwen/Qwen3-8B", "./base", None),
        ("base", "Qwen/Qwen3-8B", None),
    ],
)
def test_names_of_the_hub_tell_copies_from_other_models(named: str, given: str, same: bool | None) -> None:
    assert same_base(named, given) is same


def test_what_marks_a_copy_is_taken_off() -> None:
    assert original_name("unsloth/Qwen3-8B-unsloth-bnb-4bit") == "unsloth/Qwen3-8B"
    assert original_name("Qwen/Qwen3-8B") == "Qwen/Qwen3-8B"
    assert is_four_bit_copy("unsloth/llama-3-8b-bnb-4bit")
    assert not is_four_bit_copy("Qwen/Qwen3-8B")


# --- strangers


def merges(levels: int) -> str:
    lines = ["a0: &a0 {k0: v}"]
    lines += [f"a{i}: &a{i}\n  <<: [*a{i - 1}, *a{i - 1}]" for i in range(1, levels)]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("name", ["README.md", "trainer_state.json", "axolotl_config.yaml"])
def test_no_link_leads_out_of_the_folder(name: str, tmp_path: Path) -> None:
    dump(tmp_path / "secret", "base_model: hunter2\n")
    (tmp_path / "adapter").mkdir()
    (tmp_path / "adapter" / name).symlink_to(tmp_path / "secret")
    assert f"{name} was not read: a link out of its folder" in read_foreign(tmp_path / "adapter").notes


@pytest.mark.parametrize(
    ("name", "content", "note"),
    [
        ("trainer_state.json", "{", "broken JSON"),
        ("trainer_state.json", "[1]", "no JSON object"),
        ("trainer_state.json", "[" * 200_000, "broken JSON"),
        ("trainer_state.json", " " * (MAX_JSON_BYTES + 1), "larger than 32,768 kB"),
        ("trainer_log.jsonl", "none\n", "no line of JSON"),
        ("trainer_log.jsonl", '{"loss": 1}\n', "no steps"),
        ("all_results.json", "nan", "broken JSON"),
        (
            "axolotl_config.yaml",
            "!!python/object/apply:os.system ['touch /tmp/opened']",
            "names Python objects",
        ),
        ("axolotl_config.yaml", "a: " + "x" * MAX_YAML_BYTES, "larger than 256 kB"),
        ("axolotl_config.yaml", merges(40), "broken YAML"),
        ("training_args.yaml", "- 1\n- 2\n", "no YAML mapping"),
        ("training_args.yaml", "a: [" * 3000, "broken YAML"),
        ("README.md", "---\na: [\n---\n", "broken YAML"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_the_reason(
    name: str, content: str, note: str, tmp_path: Path
) -> None:
    dump(tmp_path / name, content)
    found = read_foreign(tmp_path)
    assert [entry for entry in found.notes if entry.startswith(name) and note in entry], found.notes
    assert (found.base, found.steps, found.curve.points) == ("", None, ())


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("trainer_state.json", '{"log_history": {"a": 1}, "global_step": "many", "epoch": NaN}'),
        (
            "trainer_state.json",
            '{"log_history": [1, {"loss": "x"}, {"loss": 1e999}, {"eval_loss": true, "step": 1}]}',
        ),
        (
            "trainer_state.json",
            '{"log_history": [{"eval_loss": 1.0, "step": -3}, {"eval_loss": 1.0, "step": 1.5}]}',
        ),
        ("trainer_state.json", '{"best_model_checkpoint": 7, "global_step": true}'),
        ("axolotl_config.yaml", "base_model: {a: 1}\ndatasets: 7\nnum_epochs: [1]\nbnb_config_kwargs: x\n"),
        ("axolotl_config.yaml", "datasets:\n- 1\n- {path: {a: b}}\n"),
        ("training_args.yaml", "dataset: 3\nquantization_bit: [4]\nlearning_rate: fast\n"),
        ("llamaboard_config.yaml", "train.dataset: {a: 1}\ntop.quantization_bit: none\n"),
        ("README.md", "---\ntags: 7\nbase_model: [1]\ndatasets: {a: b}\n---\n"),
    ],
)
def test_values_of_wrong_types_are_passed_over(name: str, content: str, tmp_path: Path) -> None:
    dump(tmp_path / name, content)
    found = read_foreign(tmp_path)
    assert (found.base, found.data, found.steps, found.epochs, found.learning_rate) == (
        "",
        (),
        None,
        None,
        None,
    )
    assert (found.curve.points, found.notes) == ((), ())


@pytest.mark.parametrize("layout", [axolotl, llama_factory, unsloth, plain_peft])
def test_a_pickle_is_never_opened(
    layout: Callable[[Path], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = layout(tmp_path / "out")
    opened: list[str] = []
    for owner, name in ((builtins, "open"), (io, "open"), (os, "open")):
        original = getattr(owner, name)

        def spy(file: Any, *rest: Any, original: Any = original, **more: Any) -> Any:  # noqa: ANN401
            opened.append(str(file))
            return original(file, *rest, **more)

        monkeypatch.setattr(owner, name, spy)
    read_foreign(folder)
    assert any("README.md" in file for file in opened)
    assert not [file for file in opened if file.endswith((".bin", ".pt", ".pth"))]


# --- what inspect and eval make of it


@pytest.fixture(scope="module")
def trained(tiny_gemma: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real adapter of a tiny model in axolotl's layout, which names a base of the hub."""
    folder = tmp_path_factory.mktemp("foreign") / "out"
    axolotl(folder)
    model = get_peft_model(
        AutoModelForCausalLM.from_pretrained(tiny_gemma),
        LoraConfig(r=2, target_modules=["q_proj"], task_type="CAUSAL_LM", init_lora_weights=False),
    )
    card = (folder / "README.md").read_text(encoding="utf-8")
    model.save_pretrained(str(folder))
    dump(folder / "README.md", card)
    config = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    dump(folder / "adapter_config.json", config | {"base_model_name_or_path": "Qwen/Qwen3-8B"})
    return folder


def test_inspect_says_who_trained_it_and_with_what(trained: Path) -> None:
    said = CliRunner().invoke(cli, ["inspect", str(trained), "--quiet"]).output
    assert "with axolotl; on Qwen/Qwen3-8B, held in nf4; 30 steps, 3 epochs; loss 2.500 -> 0.800" in said
    assert "held-out 2.400, 1.700 at its least" in said
    assert "data/persona.jsonl, OWNER/chat, template qwen3" in said
    assert "checkpoint-20 has a lower held-out loss" in said
    found = json.loads(CliRunner().invoke(cli, ["inspect", str(trained), "--quiet", "--json"]).output)
    assert found["training"]["quantization"] == "nf4"


def test_eval_takes_the_curve_and_says_what_differs(
    trained: Path, tiny_gemma: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    dump(tmp_path / "data" / "persona.jsonl", "{}\n")
    said: list[str] = []
    told = Progress(quiet=True)
    monkeypatch.setattr(told, "say", said.append)
    plan(
        str(tiny_gemma),
        {"mine": trained},
        EvalConfig(suites=("facts-en",), max_facts=4, assume_base=True),
        load_policy("default"),
        progress=told,
        cached=False,
    )
    lines = "\n".join(said)
    assert "mine: was trained on the base in nf4: --quantization nf4 asks that form" in lines
    assert "mine: add --data data/persona.jsonl" in lines
    assert f"mine: {trained}/checkpoint-20 has a lower held-out loss" in lines


def arm_of(folder: Path) -> Any:  # noqa: ANN401
    values = read_values(folder)
    file = AdapterFile(
        name="mine", path=folder, values=values, config=config_of(values), shapes={}, verified=True, finite=True,
        inert=False, sha256="",
    )  # fmt: skip
    return record(file, assume_base=False)


def test_the_record_of_an_arm_holds_the_curve_and_the_origin(tmp_path: Path) -> None:
    arm = arm_of(axolotl(tmp_path / "out"))
    assert arm.heldout_losses == ((10, 2.2), (20, 1.7), (30, 2.4))
    assert arm.kept_at == 30
    assert (arm.config["trained_with"], arm.config["trained_quantization"]) == ("axolotl", "nf4")


@pytest.mark.parametrize(
    ("base", "quantization", "expected"),
    [
        ("Qwen/Qwen3-8B", "nf4", []),
        ("Qwen/Qwen3-8B", "none", ["in nf4: --quantization nf4"]),
        (
            "Qwen/Qwen3-4B",
            "nf4",
            ["names unsloth/Qwen3-8B as its base, which is not what Qwen/Qwen3-4B is called"],
        ),
    ],
)
def test_a_remark_is_made_only_where_something_differs(
    base: str, quantization: str, expected: list[str], tmp_path: Path
) -> None:
    found = list(remarks({"mine": arm_of(unsloth(tmp_path / "out"))}, base, quantization, data_known=True))
    assert len(found) == len(expected)
    for line, words in zip(found, expected, strict=True):
        assert line.startswith("mine: ")
        assert words in line


def test_an_adapter_without_traces_has_no_origin(tmp_path: Path) -> None:
    assert origin(tmp_path) == {}
