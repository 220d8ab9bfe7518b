"""Engines here: the cache of the base's answers, drawn answers, and whole models as arms."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from loracheck import jsonl
from loracheck.engines import Generated
from loracheck.engines import local as localengine
from loracheck.engines.answer_cache import AnswerCache
from loracheck.errors import AdapterError, UsageError
from loracheck.evaluate.config import EvalConfig
from loracheck.evaluate.evidence import read_evidence
from loracheck.evaluate.gate import rejudge
from loracheck.evaluate.pipeline import evaluate
from loracheck.evaluate.policy import load_policy
from loracheck.models.load import load_base
from loracheck.probes import bundled
from loracheck.progress import Progress
from loracheck.records import Completion, EvaluationContext, EvaluationResult, Finding
from loracheck.train.merging.merge import MergeConfig, merge
from loracheck.words.findings import explain

CORE = ("content_damage", "forgetting", "collapse", "loops", "missing_stop")
PERSONA = load_policy("persona")
POLICY = replace(PERSONA, gates={name: PERSONA.gates[name] for name in CORE})
CONFIG = EvalConfig(suites=("facts-ja",), max_facts=4, max_new_tokens=4)
ANSWERS = ("completions.jsonl", "choices.jsonl", "likelihoods.jsonl", "verdict.json")


@pytest.fixture(scope="module")
def adapter(tiny_gemma: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("adapters") / "mine"
    model = get_peft_model(
        AutoModelForCausalLM.from_pretrained(tiny_gemma),
        LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", task_type="CAUSAL_LM"),
    )
    assert isinstance(model, PeftModel)
    generator = torch.Generator().manual_seed(1)
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            parameter.data = 0.2 * torch.randn(parameter.shape, generator=generator)
    model.save_pretrained(str(out))
    return out


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a cache that no other test fills."""
    monkeypatch.setenv("LORACHECK_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "answers.sqlite"


class Loud(Progress):
    """Remembers what is said."""

    def __init__(self) -> None:
        super().__init__(quiet=True)
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)


def run(base: Path, adapters: dict[str, Path], out: Path, **more: Any) -> EvaluationResult:  # noqa: ANN401
    config, progress = more.pop("config", CONFIG), more.pop("progress", Progress(quiet=True))
    return evaluate(str(base), adapters, out, config, POLICY, progress=progress, **more)


def same_bytes(first: Path, second: Path) -> bool:
    return all((first / name).read_bytes() == (second / name).read_bytes() for name in ANSWERS)


def counted(monkeypatch: pytest.MonkeyPatch, name: str) -> list[int]:
    """Count the batches that a function of the local engine computes."""
    whole, batches = getattr(localengine, name), []

    def count(*given: Any, **options: Any) -> Iterator[Any]:  # noqa: ANN401
        for batch in whole(*given, **options):
            batches.append(len(batch))
            yield batch

    monkeypatch.setattr(localengine, name, count)
    return batches


def test_a_run_from_the_cache_writes_the_bytes_of_one_without(
    tiny_gemma: Path, adapter: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generated = counted(monkeypatch, "generate")
    ranked = counted(monkeypatch, "score_groups")
    run(tiny_gemma, {"mine": adapter}, tmp_path / "without", cached=False)
    assert not cache.exists()
    both = len(generated), len(ranked)
    run(tiny_gemma, {"mine": adapter}, tmp_path / "cold")
    assert (len(generated), len(ranked)) == (2 * both[0], 2 * both[1])
    loud = Loud()
    run(tiny_gemma, {"mine": adapter}, tmp_path / "warm", progress=loud)
    assert (len(generated), len(ranked)) == (2.5 * both[0], 2.5 * both[1]), "the adapter alone was asked"
    assert any("of the base's answers were known" in line for line in loud.said)
    assert same_bytes(tmp_path / "without", tmp_path / "cold")
    assert same_bytes(tmp_path / "without", tmp_path / "warm")


@pytest.mark.parametrize("how", ["overwritten", "one entry", "another form"])
def test_what_is_damaged_in_the_cache_is_asked_anew(
    how: str, tiny_gemma: Path, adapter: Path, cache: Path, tmp_path: Path
) -> None:
    run(tiny_gemma, {"mine": adapter}, tmp_path / "first")
    if how == "overwritten":
        cache.write_bytes(b"no database" * 1000)
    elif how == "one entry":
        with sqlite3.connect(cache) as database:
            changed = database.execute(
                "UPDATE entries SET value = CAST(replace(CAST(value AS TEXT), 'length', 'stop') AS BLOB)"
            )
            assert changed.rowcount
    else:
        whole = AnswerCache.find
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                AnswerCache, "find", lambda self, asked, contents, _: whole(self, asked, contents, int)
            )
            run(tiny_gemma, {"mine": adapter}, tmp_path / "second")
        assert same_bytes(tmp_path / "first", tmp_path / "second")
    run(tiny_gemma, {"mine": adapter}, tmp_path / "again")
    assert same_bytes(tmp_path / "first", tmp_path / "again")


@pytest.mark.parametrize("part", ["quantization", "template", "fingerprint", "dtype"])
def test_answers_of_another_base_template_or_form_are_no_answers(part: str, tmp_path: Path) -> None:
    whole = {"fingerprint": "f", "quantization": "none", "template": "t", "dtype": "float32"}
    asked, contents = {"answers": {"max_new_tokens": 4}}, [[1, 2], [3]]
    replies = [Generated(text="東京", finish_reason="stop", tokens=2)] * 2
    first = AnswerCache(whole, print, tmp_path)
    first.keep(asked, contents, replies)
    assert first.find(asked, contents, Generated) == replies
    assert first.find({"answers": {"max_new_tokens": 5}}, contents, Generated) is None
    assert first.find(asked, [[1, 2], [4]], Generated) is None, "other company, other padding"
    other = AnswerCache({**whole, part: "other"}, print, tmp_path)
    assert other.find(asked, contents, Generated) is None


@pytest.mark.parametrize("changed", ["a weight that no fingerprint samples", "the configuration"])
def test_the_answers_of_a_copy_with_the_same_fingerprint_are_not_the_bases(
    changed: str, tiny_gemma: Path, adapter: Path, cache: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(tiny_gemma, tmp_path / "copy"))
    if changed == "the configuration":
        values = json.loads((copy / "config.json").read_text(encoding="utf-8"))
        (copy / "config.json").write_text(json.dumps(values | {"rms_norm_eps": 0.5}), encoding="utf-8")
    else:
        weights = load_file(copy / "model.safetensors")
        name = next(key for key in weights if key.endswith("layers.0.mlp.gate_proj.weight"))
        weights[name][100:] += 1.0
        save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    assert load_base(str(copy)).fingerprint == load_base(str(tiny_gemma)).fingerprint
    run(copy, {"mine": adapter}, tmp_path / "of-the-copy", config=replace(CONFIG, assume_base=True))
    loud = Loud()
    run(tiny_gemma, {"mine": adapter}, tmp_path / "of-the-base", progress=loud)
    assert not any("of the base's answers were known" in line for line in loud.said)


def test_a_cache_that_cannot_be_used_is_said_and_done_without(
    tiny_gemma: Path, adapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    monkeypatch.setenv("LORACHECK_CACHE", str(tmp_path / "file"))
    loud = Loud()
    run(tiny_gemma, {"mine": adapter}, tmp_path / "run", progress=loud)
    assert any("not cached" in line for line in loud.said)
    assert (tmp_path / "run" / "verdict.json").is_file()


def test_drawn_answers_stand_beside_the_greedy_ones_and_move_no_gate(
    tiny_gemma: Path, adapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loracheck.evaluate.pipeline.bundled", lambda names: bundled(names)[:8])
    quick = replace(CONFIG, suites=("open-ja",), max_new_tokens_open=6)
    greedy = run(tiny_gemma, {"mine": adapter}, tmp_path / "greedy", config=quick)
    drawn = run(
        tiny_gemma, {"mine": adapter}, tmp_path / "drawn", config=replace(quick, temperature=1.0, seeds=2)
    )
    assert drawn.verdicts == greedy.verdicts
    first, second = read_evidence(tmp_path / "greedy"), read_evidence(tmp_path / "drawn")
    assert first.completions == second.completions
    assert first.further == {}
    assert set(second.further) == set(second.completions)
    assert {tuple(c.seed for c in drawn) for drawn in second.further.values()} == {(1, 2)}
    texts = [tuple(c.text for c in drawn) for drawn in second.further.values()]
    assert sum(a != b for a, b in texts) > len(texts) / 2
    lines = list(jsonl.read(tmp_path / "drawn" / "completions.jsonl", Completion))
    assert [c.seed for c in lines[:3]] == [0, 1, 2], "in the order of probes, then of seeds"


@pytest.mark.parametrize(("given", "told"), [({"seeds": 3}, "--seeds 3"), ({"temperature": -1.0}, "--temp")])
def test_seeds_without_a_temperature_and_temperatures_without_sense_are_refused(
    given: dict[str, Any], told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        EvalConfig(**given)


@pytest.fixture(scope="module")
def merged(tiny_gemma: Path, adapter: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("merged") / "whole"
    merge(
        adapter, str(tiny_gemma), out, MergeConfig(probes=2, max_new_tokens=4), progress=Progress(quiet=True)
    )
    return out


def sanity(result: EvaluationResult, name: str) -> Finding:
    [verdict] = [verdict for verdict in result.verdicts if verdict.adapter == name]
    return verdict.findings[0]


def test_a_merged_model_answers_as_its_adapter_and_shows_what_the_merge_measured(
    tiny_gemma: Path, adapter: Path, merged: Path, tmp_path: Path
) -> None:
    result = run(tiny_gemma, {"whole": merged, "mine": adapter}, tmp_path / "run")
    assert result.arms == ("base", "whole", "mine")
    evidence = read_evidence(tmp_path / "run")
    for probe in evidence.probes:
        assert evidence.text("whole", probe) == evidence.text("mine", probe)
        if ("mine", probe.id) in evidence.choices:
            ours, theirs = (evidence.choices[arm, probe.id].logprobs for arm in ("mine", "whole"))
            assert ours == pytest.approx(theirs, abs=1e-2)
    entry = evidence.arm("whole")
    assert (entry.engine, entry.verified, entry.finite) == ("whole", True, True)
    assert entry.divergence is not None and entry.divergence.value is not None
    assert entry.divergence.value < 0.01
    found = sanity(result, "whole")
    assert (found.status, found.reason) == ("pass", "model_sound_compared")
    assert f"{entry.divergence.value:.4f} nats" in explain(found)
    assert sanity(rejudge(tmp_path / "run", None), "whole") == found


def test_a_merge_that_was_changed_since_is_not_vouched_for_by_its_card(
    tiny_gemma: Path, merged: Path, make_gemma: Callable[..., Path], tmp_path: Path
) -> None:
    """Weights of another seed under the merge's own card."""
    other = make_gemma(tmp_path / "other", seed=9)
    shutil.copytree(merged, tmp_path / "changed")
    shutil.copy(other / "model.safetensors", tmp_path / "changed")
    loud = Loud()
    result = run(tiny_gemma, {"whole": tmp_path / "changed"}, tmp_path / "run", progress=loud)
    assert (sanity(result, "whole").status, sanity(result, "whole").reason) == (
        "inconclusive",
        "model_unverified",
    )
    assert any("speaks of other weights" in line for line in loud.said)


def test_the_base_itself_as_an_arm_is_inert(tiny_gemma: Path, tmp_path: Path) -> None:
    result = run(tiny_gemma, {"same": tiny_gemma}, tmp_path / "run")
    assert sanity(result, "same").reason == "nothing_changed"


def test_a_whole_model_with_another_vocabulary_is_refused(
    tiny_gemma: Path, make_gemma: Callable[..., Path], tmp_path: Path
) -> None:
    other = make_gemma(tmp_path / "other", words=120)
    with pytest.raises(AdapterError, match="has another tokenizer than the base"):
        run(tiny_gemma, {"other": other}, tmp_path / "run")


def test_a_whole_model_of_pickled_weights_is_refused(tiny_gemma: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_gemma, tmp_path / "pickled")
    (tmp_path / "pickled" / "model.safetensors").rename(tmp_path / "pickled" / "pytorch_model.bin")
    with pytest.raises(AdapterError, match=r"holds no model\*\.safetensors"):
        run(tiny_gemma, {"other": tmp_path / "pickled"}, tmp_path / "run")


def test_a_whole_model_with_infinite_weights_is_held(tiny_gemma: Path, merged: Path, tmp_path: Path) -> None:
    model = AutoModelForCausalLM.from_pretrained(merged)
    for parameter in model.parameters():
        parameter.data.fill_(float("inf"))
        break
    model.save_pretrained(tmp_path / "broken")
    for file in merged.glob("token*"):
        shutil.copy(file, tmp_path / "broken")
    result = run(tiny_gemma, {"broken": tmp_path / "broken"}, tmp_path / "run")
    assert sanity(result, "broken").reason == "adapter_not_finite"
    assert result.verdicts[0].status == "hold"
    assert "broken" not in result.arms
    context = jsonl.read_one(tmp_path / "run" / "context.json", EvaluationContext)
    assert [entry.finite for entry in context.arms] == [True, False]


@pytest.mark.slow
def test_a_gguf_file_is_an_arm_of_its_own(gemma: Path, tmp_path: Path) -> None:
    from loracheck.demo import embedded_model  # noqa: PLC0415

    result = run(gemma, {"file": embedded_model()}, tmp_path / "run")
    evidence = read_evidence(tmp_path / "run")
    assert evidence.arm("file").engine == "whole"
    assert evidence.arm("file").verified, "the same embeddings and norms"
    assert sanity(result, "file").reason == "nothing_changed"
    assert all(evidence.text("file", probe) == evidence.text("base", probe) for probe in evidence.probes)
