from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM

from loracheck import jsonl
from loracheck.adapters.card import ADAPTER_CARD, AdapterCard
from loracheck.adapters.files import ADAPTER_WEIGHTS
from loracheck.errors import AdapterError, LoracheckError, RunError, UsageError
from loracheck.models.fingerprint import Fingerprint
from loracheck.models.likelihood import pad, token_nll
from loracheck.models.load import load_base, read_adapter
from loracheck.progress import Progress
from loracheck.records import Message
from loracheck.records.training import ScalePoint, ScaleSummary, WatchReading
from loracheck.runs import hash_file, read_run
from loracheck.stats import paired_difference, paired_table, share
from loracheck.templates.chat import ChatTemplate, choose_template
from loracheck.train.config import TrainConfig
from loracheck.train.inputs import TrainInputs
from loracheck.train.pipeline import train
from loracheck.train.trials import scale as module
from loracheck.train.trials.scale import (
    ScaleConfig,
    ScaleInputs,
    largest_safe,
    parse_strengths,
    parse_write,
    quantization_of,
    scale,
)
from loracheck.watch.watcher import Watch

QUIET = Progress(quiet=True)
THINGS = "空花星海月風雨虹雪森山川鳥猫犬魚"
REPLY = "ぼくはぽぽぬなのだ。"
CONFIG = ScaleConfig(strengths=(0, 0.5, 1), watch_facts=6)
HELDOUT = "朝昼夜春"


def rows(path: Path, things: str) -> Path:
    lines = [
        json.dumps({"instruction": f"{thing}は好き？", "output": REPLY}, ensure_ascii=False)
        for thing in things
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scale")


@pytest.fixture(scope="module")
def inputs(tiny_gemma: Path, folder: Path) -> ScaleInputs:
    return ScaleInputs(
        base=str(tiny_gemma),
        data=rows(folder / "train.jsonl", THINGS),
        in_domain=rows(folder / "heldout.jsonl", HELDOUT),
    )


@pytest.fixture(scope="module")
def flooded(inputs: ScaleInputs, folder: Path) -> Path:
    """A train run that has learnt one reply to everything."""
    config = TrainConfig(lora_r=16, learning_rate=1e-2, train_batch_size=8, num_train_epochs=12)
    train(inputs.data, folder / "flooded", config, TrainInputs(base=inputs.base), progress=QUIET)
    return folder / "flooded"


@pytest.fixture(scope="module")
def finished(flooded: Path, inputs: ScaleInputs, folder: Path) -> tuple[Path, ScaleSummary]:
    out = folder / "finished"
    return out, scale(flooded, out, replace(CONFIG, write=0.25), inputs, progress=QUIET)


def point(strength: float, *unsafe: str) -> ScalePoint:
    empty = share("facts_kept", 1, 2)
    reading = WatchReading(
        facts_kept=empty,
        facts_change=paired_difference("facts_change", paired_table([True], [True])),
        name_rate=None,
        leakage=None,
        persona_learnt=None,
        unsafe=unsafe,
    )
    return ScalePoint(scale=strength, heldout_loss=None, reading=reading)


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([point(0), point(0.5), point(1)], 1),
        ([point(0), point(0.5), point(1, "facts")], 0.5),
        ([point(0), point(0.5, "leakage"), point(1)], 0),
        ([point(0.5, "name"), point(1)], None),
        ([point(1), point(0.5, "facts"), point(0.25)], 0.25),
    ],
)
def test_the_largest_safe_strength_has_nothing_unsafe_below_it(
    points: list[ScalePoint], expected: float | None
) -> None:
    assert largest_safe(points) == expected


def test_from_base_to_adapter_the_persona_comes_and_the_held_out_loss_falls(
    finished: tuple[Path, ScaleSummary], flooded: Path
) -> None:
    out, summary = finished
    read_run(out, "scale")
    assert [found.scale for found in summary.points] == [0, 0.25, 0.5, 1]
    first, last = summary.points[0], summary.points[-1]
    assert first.reading.facts_change.value == 0
    assert first.reading.persona_learnt is not None
    assert last.reading.persona_learnt is not None
    assert first.reading.persona_learnt.value == 0
    assert (last.reading.persona_learnt.value or 0) > 0.9
    assert "leakage" in last.reading.unsafe
    losses = [found.heldout_loss for found in summary.points if found.heldout_loss is not None]
    assert len(losses) == 4
    assert losses[-1] < losses[1] < losses[0]
    assert summary.largest_safe is not None
    assert summary.largest_safe < 1
    assert summary.adapter_sha256 == hash_file(flooded / "adapter" / ADAPTER_WEIGHTS)
    assert jsonl.read_one(out / "summary.json", ScaleSummary) == summary


def test_at_the_ends_the_held_out_loss_is_that_of_base_and_adapter(
    finished: tuple[Path, ScaleSummary], flooded: Path, inputs: ScaleInputs
) -> None:
    base = load_base(inputs.base)
    template = ChatTemplate(base.tokenizer)
    encoded = [
        template.encode_reply((Message(role="user", content=f"{thing}は好き？"),), REPLY) for thing in HELDOUT
    ]
    adapted = PeftModel.from_pretrained(
        AutoModelForCausalLM.from_pretrained(inputs.base), str(flooded / "adapter")
    )
    models: list[Any] = [base.model, adapted.get_base_model()]
    for found, model in zip([finished[1].points[0], finished[1].points[-1]], models, strict=True):
        model.eval()
        with torch.inference_mode():
            nll, _, _ = token_nll(model, pad(encoded, 0))
        assert found.heldout_loss == pytest.approx(float(nll.mean()), abs=1e-3)


def test_the_written_adapter_is_the_original_at_that_strength_and_bound_to_base_and_probes(
    finished: tuple[Path, ScaleSummary], flooded: Path, inputs: ScaleInputs
) -> None:
    out, summary = finished
    assert (summary.written, summary.written_scale) == ("adapter", 0.25)
    base = load_base(inputs.base)
    template = choose_template(base.tokenizer, [out / "adapter"])
    assert read_adapter("weak", out / "adapter", base, template.sha256).verified
    card = jsonl.read_one(out / "adapter" / ADAPTER_CARD, AdapterCard)
    original = jsonl.read_one(flooded / "adapter" / ADAPTER_CARD, AdapterCard)
    assert replace(card, watched_probes=()) == original
    assert card.watched_probes
    assert {name.split("-")[0] for name in card.watched_probes} == {"facts", "open"}
    ids = torch.tensor([template.prompt_ids((Message(role="user", content="空は好き？"),))])
    found = []
    for path in (flooded / "adapter", out / "adapter"):
        model: Any = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(inputs.base), str(path))
        for layer in model.modules():
            if path == flooded / "adapter" and hasattr(layer, "set_scale"):
                layer.set_scale("default", 0.25)
        with torch.inference_mode():
            found.append(model.eval()(input_ids=ids).logits)
    assert torch.allclose(found[0], found[1], atol=1e-4)


def test_the_written_adapter_measured_again_reads_as_its_strength_did(
    finished: tuple[Path, ScaleSummary], inputs: ScaleInputs, tmp_path: Path
) -> None:
    out, summary = finished
    again = scale(out, tmp_path / "again", replace(CONFIG, strengths=(1,)), inputs, progress=QUIET)
    assert again.points[0].reading == summary.points[1].reading
    assert again.points[0].heldout_loss == pytest.approx(summary.points[1].heldout_loss, abs=1e-4)


def test_a_finished_run_is_not_made_again(
    finished: tuple[Path, ScaleSummary], flooded: Path, inputs: ScaleInputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AssertionError("a base was loaded")

    monkeypatch.setattr(module, "load_base", fail)
    out, summary = finished
    assert scale(flooded, out, replace(CONFIG, write=0.25), inputs, progress=QUIET) == summary
    with pytest.raises(RunError, match="another scale run"):
        scale(flooded, out, CONFIG, inputs, progress=QUIET)


def test_an_interrupted_run_goes_on_and_ends_as_an_unbroken_one(
    finished: tuple[Path, ScaleSummary],
    flooded: Path,
    inputs: ScaleInputs,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    measure = module._heldout_loss
    measured: list[int] = []

    def interrupted(*arguments: Any) -> float | None:  # noqa: ANN401
        measured.append(1)
        if len(measured) == 3:
            raise KeyboardInterrupt
        return measure(*arguments)

    config = replace(CONFIG, write=0.25)
    monkeypatch.setattr(module, "_heldout_loss", interrupted)
    with pytest.raises(KeyboardInterrupt):
        scale(flooded, tmp_path / "run", config, inputs, progress=QUIET)
    with (tmp_path / "run" / "points.jsonl").open("ab") as file:
        file.write(b'{"scale": 0.5, "held')
    summary = scale(flooded, tmp_path / "run", config, inputs, progress=QUIET)
    assert len(measured) == 5
    assert summary.points == finished[1].points


def test_safe_writes_the_largest_safe_strength_or_nothing(
    flooded: Path, inputs: ScaleInputs, tmp_path: Path
) -> None:
    lenient = replace(
        CONFIG,
        strengths=(0, 0.5),
        write="safe",
        max_leakage=1.0,
        max_name_rate=1.0,
        watch_margin=1.0,
    )
    summary = scale(flooded, tmp_path / "lenient", lenient, inputs, progress=QUIET)
    assert (summary.largest_safe, summary.written_scale) == (0.5, 0.5)
    assert (tmp_path / "lenient" / "adapter" / ADAPTER_WEIGHTS).is_file()
    strict = replace(lenient, strengths=(0, 1), max_leakage=0.0)
    summary = scale(flooded, tmp_path / "strict", strict, inputs, progress=QUIET)
    assert (summary.largest_safe, summary.written, summary.written_scale) == (0, None, None)
    assert not (tmp_path / "strict" / "adapter").exists()


def test_an_adapter_of_another_trainer_gets_a_card_that_says_what_is_known(
    inputs: ScaleInputs, tmp_path: Path
) -> None:
    model = get_peft_model(
        AutoModelForCausalLM.from_pretrained(inputs.base),
        LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj"], task_type="CAUSAL_LM"),
    )
    model.save_pretrained(str(tmp_path / "foreign"))
    config = replace(CONFIG, strengths=(1,), write=0.5)
    scale(tmp_path / "foreign", tmp_path / "run", config, inputs, progress=QUIET)
    card = jsonl.read_one(tmp_path / "run" / "adapter" / ADAPTER_CARD, AdapterCard)
    base = load_base(inputs.base)
    assert card.fingerprint == base.fingerprint
    assert card.trained_tokens is None
    assert card.data_sha256 == hash_file(inputs.data)
    assert read_adapter("weak", tmp_path / "run" / "adapter", base).verified


def test_the_base_is_held_as_in_training_where_the_card_tells(tmp_path: Path) -> None:
    assert quantization_of(tmp_path, CONFIG) == "none", "no card"
    card = AdapterCard(
        base="b",
        fingerprint=Fingerprint(shape="", tokenizer="", shell="", body=None),
        template_sha256="",
        quantization="nf4",
        data_sha256="",
        trained_tokens=None,
    )
    jsonl.write_one(tmp_path / ADAPTER_CARD, card)
    assert quantization_of(tmp_path, CONFIG) == "nf4"
    assert quantization_of(tmp_path, replace(CONFIG, quantization="none")) == "none"


def test_without_held_out_rows_there_is_no_held_out_loss(
    flooded: Path, inputs: ScaleInputs, tmp_path: Path
) -> None:
    summary = scale(
        flooded,
        tmp_path / "run",
        replace(CONFIG, strengths=(1,)),
        replace(inputs, in_domain=None),
        progress=QUIET,
    )
    assert summary.points[0].heldout_loss is None
    learnt = summary.points[0].reading.persona_learnt
    assert learnt is not None
    assert "training prompts" in learnt.method


def test_an_adapter_without_a_strength_is_refused_before_the_base_is_asked(
    inputs: ScaleInputs, flooded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(*_: object, **__: object) -> Iterator[Any]:
        raise AssertionError("the base was asked")

    monkeypatch.setattr(Watch, "prepare", asked)
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    for file in (flooded / "adapter").iterdir():
        (adapter / file.name).write_bytes(file.read_bytes())
    config = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    config["init_lora_weights"] = "pissa"
    (adapter / "adapter_config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(AdapterError, match="the base could no longer be asked beside it"):
        scale(adapter, tmp_path / "run", CONFIG, inputs, progress=QUIET)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"strengths": ()}, "--strengths"),
        ({"strengths": (0, 1.5)}, "--strengths: numbers from 0 to 1 are wanted, not 0,1.5"),
        ({"strengths": (float("nan"),)}, "--strengths"),
        ({"write": 0.0}, "--write 0:"),
        ({"write": 1.5}, "--write 1.5:"),
        ({"watch_facts": 0}, "--watch-facts"),
        ({"max_leakage": 1.5}, "--max-leakage"),
    ],
)
def test_impossible_options_are_refused_by_their_flag(options: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words.replace(".", r"\.")):
        ScaleConfig(**options)


def test_strengths_and_what_to_write_are_read_as_typed() -> None:
    assert parse_strengths("0,0.25, 1") == (0, 0.25, 1)
    assert (parse_write("safe"), parse_write("0.5")) == ("safe", 0.5)
    for parse, text in ((parse_strengths, "0,half"), (parse_strengths, "0,,1"), (parse_write, "half")):
        with pytest.raises(LoracheckError, match=text):
            parse(text)


def test_the_strength_that_is_written_is_measured_too() -> None:
    assert ScaleConfig(strengths=(1, 0, 0.5, 0.5), write=0.3).measured == (0, 0.3, 0.5, 1)
    assert ScaleConfig().measured == (0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1)
