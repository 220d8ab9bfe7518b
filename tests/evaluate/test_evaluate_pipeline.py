"""The evaluate stage on tiny real models: foreign adapters, interruption, repetition, tampering, bad adapters."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from loracheck import answers, jsonl
from loracheck.adaptercard import ADAPTER_CARD, AdapterCard
from loracheck.engines import local as localengine
from loracheck.errors import AdapterError, RunError, UsageError
from loracheck.evaluate.config import EvalConfig
from loracheck.evaluate.gate import rejudge
from loracheck.evaluate.pipeline import evaluate
from loracheck.evaluate.policy import load_policy
from loracheck.models import device_name, load_base
from loracheck.probes import IN_DOMAIN, TRAINING, bundled
from loracheck.progress import Progress
from loracheck.records import ChoiceScores, Completion, EvaluationContext, EvaluationResult, Probe, Verdict
from loracheck.records.adapter import ShippedForm
from loracheck.runs import hash_file
from loracheck.template import choose_template

QUICK = EvalConfig(
    suites=("facts-ja", "open-ja"),
    max_facts=8,
    max_new_tokens=4,
    max_new_tokens_open=6,
    max_training=12,
    max_in_domain=6,
)
PERSONA = load_policy("persona")
CORE = (
    "content_damage",
    "forgetting",
    "collapse",
    "persona_leakage",
    "persona_learned",
    "loops",
    "missing_stop",
)
POLICY = replace(PERSONA, gates={check: PERSONA.gates[check] for check in CORE})
"""What other checks ask besides is counted in their own tests."""
WEIGHTS = "adapter_model.safetensors"
ANSWERS = ("completions.jsonl", "choices.jsonl")


@pytest.fixture(autouse=True)
def few_open_prompts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six open prompts instead of sixty."""
    from loracheck import probes  # noqa: PLC0415
    from loracheck.evaluate import pipeline  # noqa: PLC0415

    monkeypatch.setattr(
        pipeline, "bundled", lambda names: probes.bundled(names)[: 6 if names[0].startswith("open") else None]
    )


def plain_peft(base: Path, out: Path, *, seed: int = 1, scale: float = 0.05) -> Path:
    """An adapter made by peft alone, as someone else's trainer leaves it."""
    model = get_peft_model(
        AutoModelForCausalLM.from_pretrained(base),
        LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", task_type="CAUSAL_LM"),
    )
    assert isinstance(model, PeftModel)
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            parameter.data = scale * torch.randn(parameter.shape, generator=generator)
    model.save_pretrained(str(out))
    return out


def altered(adapter: Path, out: Path, change: Callable[[torch.Tensor], torch.Tensor]) -> Path:
    """A copy of an adapter whose every lora_B is changed."""
    out.mkdir()
    (out / "adapter_config.json").write_bytes((adapter / "adapter_config.json").read_bytes())
    tensors = load_file(adapter / WEIGHTS)
    save_file({k: change(v) if "lora_B" in k else v for k, v in tensors.items()}, out / WEIGHTS)
    return out


@pytest.fixture(scope="module", params=["tiny_gemma", "tiny_smollm"])
def model(request: pytest.FixtureRequest) -> Path:
    path = request.getfixturevalue(request.param)
    assert isinstance(path, Path)
    return path


@pytest.fixture(scope="module")
def gemma_adapter(tiny_gemma: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return plain_peft(tiny_gemma, tmp_path_factory.mktemp("adapter") / "mine")


def run(base: Path, adapters: dict[str, Path], out: Path, **more: Any) -> EvaluationResult:  # noqa: ANN401
    config, progress = more.pop("config", QUICK), more.pop("progress", Progress(quiet=True))
    return evaluate(str(base), adapters, out, config, POLICY, progress=progress, **more)


class Told(Progress):
    """Remembers what is said."""

    def __init__(self) -> None:
        super().__init__(quiet=True)
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)


def only(result: EvaluationResult) -> Verdict:
    [verdict] = result.verdicts
    return verdict


def rows(path: Path, count: int, start: int = 0) -> Path:
    path.write_text(
        "".join(
            json.dumps(
                {"instruction": f"{i}番目のしつもん？", "output": f"{i}番目なのだ。"}, ensure_ascii=False
            )
            + "\n"
            for i in range(start, start + count)
        ),
        encoding="utf-8",
    )
    return path


def test_a_plain_peft_adapter_evaluates_without_training_data(model: Path, tmp_path: Path) -> None:
    adapter = plain_peft(model, tmp_path / "adapter")
    verdict = only(run(model, {"mine": adapter}, tmp_path / "eval"))
    # Random weights may answer everything with one loop.
    assert verdict.findings[0].reason in ("adapter_sound", "base_says_nothing")
    assert verdict.findings[0].values["logit_change"] > 0
    assert verdict.status != "ship", "eight questions prove nothing"
    done = list(jsonl.read(tmp_path / "eval" / "completions.jsonl", Completion))
    assert len(done) == 2 * (8 + 6 + 6), "facts, open prompts, and these again under a neutral system prompt"
    assert {(c.arm, c.probe_id) for c in done} == {(a, c.probe_id) for c in done for a in ("base", "mine")}
    ranked = list(jsonl.read(tmp_path / "eval" / "choices.jsonl", ChoiceScores))
    assert len(ranked) == 2 * 8
    assert {kind for scores in ranked for kind in scores.kinds} == {"right", "wrong"}
    assert all(logprob < 0 for scores in ranked for logprob in scores.logprobs)


def test_a_held_out_row_of_the_training_file_is_no_training_row(model: Path, tmp_path: Path) -> None:
    data, heldout = rows(tmp_path / "train.jsonl", 30), rows(tmp_path / "heldout.jsonl", 10)
    run(
        model,
        {"mine": plain_peft(model, tmp_path / "adapter")},
        tmp_path / "eval",
        data=[data],
        in_domain=[heldout],
    )
    probes = list(jsonl.read(tmp_path / "eval" / "probes.jsonl", Probe))
    asked = {s: {probe.prompt for probe in probes if probe.suite == s} for s in (IN_DOMAIN, TRAINING)}
    assert asked[IN_DOMAIN]
    assert asked[TRAINING]
    assert not asked[IN_DOMAIN] & asked[TRAINING]


def test_with_training_data_its_style_is_found_and_ranked(model: Path, tmp_path: Path) -> None:
    adapter = plain_peft(model, tmp_path / "adapter")
    data, heldout = rows(tmp_path / "train.jsonl", 30), rows(tmp_path / "heldout.jsonl", 5, 30)
    result = run(model, {"mine": adapter}, tmp_path / "eval", data=[data], in_domain=[heldout])
    assert ("ending", "番目なのだ") in {(marker.kind, marker.text) for marker in result.markers}
    ranked = list(jsonl.read(tmp_path / "eval" / "choices.jsonl", ChoiceScores))
    assert "right_styled" in ranked[0].kinds
    context = jsonl.read_one(tmp_path / "eval" / "context.json", EvaluationContext)
    assert context.computed_on == f"{device_name()}, float32"
    assert context.probes == {
        "facts-ja": 8,
        "open-ja": 6,
        "open-neutral-ja": 6,
        "in-domain": 5,
        "training": 12,
    }
    assert {f.check for f in only(result).findings} >= {"persona_learned", "missing_stop"}


def test_answers_in_the_domain_have_room_for_replies_of_the_domains_length(
    tiny_gemma: Path, tmp_path: Path
) -> None:
    model = tiny_gemma
    adapter = plain_peft(model, tmp_path / "adapter")
    heldout = tmp_path / "heldout.jsonl"
    lines = [
        {"instruction": f"{i}番目のしつもんです。", "output": "ながいこたえ。" * (200 if i == 0 else 3)}
        for i in range(40)
    ]
    heldout.write_text("\n".join(json.dumps(line) for line in lines) + "\n", encoding="utf-8")
    config = replace(QUICK, max_in_domain=40)
    result = run(model, {"mine": adapter}, tmp_path / "eval", config=config, in_domain=[heldout])
    context = jsonl.read_one(tmp_path / "eval" / "context.json", EvaluationContext)
    assert context.max_new_tokens_domain is not None
    assert context.max_new_tokens_domain > QUICK.max_new_tokens_open
    assert len(context.beyond_room) == 1, "the one reply of 1,400 letters"
    stop = next(finding for finding in only(result).findings if finding.check == "missing_stop")
    assert stop.estimates[0].n == 39
    answers = list(jsonl.read(tmp_path / "eval" / "completions.jsonl", Completion))
    longest = {
        suite: max(a.tokens or 0 for a in answers if suite in a.probe_id)
        for suite in ("open-ja", "in-domain")
    }
    assert longest["open-ja"] <= QUICK.max_new_tokens_open
    assert longest["in-domain"] <= context.max_new_tokens_domain

    taught = tmp_path / "taught.jsonl"
    taught.write_text(
        json.dumps({"instruction": "a", "output": "ながいこたえ。" * 60}) + "\n", encoding="utf-8"
    )
    more = run(
        model,
        {"mine": adapter},
        tmp_path / "taught",
        config=replace(config, max_in_domain=1),
        in_domain=[heldout],
        data=[taught],
    )
    assert only(more).findings
    wider = jsonl.read_one(tmp_path / "taught" / "context.json", EvaluationContext)
    assert wider.max_new_tokens_domain is not None
    assert wider.max_new_tokens_domain > context.max_new_tokens_domain, "what was taught may be said"

    unheld = run(model, {"mine": adapter}, tmp_path / "unheld", data=[rows(tmp_path / "seen.jsonl", 30)])
    stop = next(finding for finding in only(unheld).findings if finding.check == "missing_stop")
    assert stop.estimates[0].n == QUICK.max_training, "training prompts stand in for held-out ones"

    narrow = replace(config, max_new_tokens_domain=4)
    result = run(model, {"mine": adapter}, tmp_path / "narrow", config=narrow, in_domain=[heldout])
    stop = next(finding for finding in only(result).findings if finding.check == "missing_stop")
    assert (stop.status, stop.reason) == ("inconclusive", "needs_room"), (
        "a cut reply is no reply that never ends"
    )


def test_trained_questions_are_dropped_and_listed(
    tiny_gemma: Path, gemma_adapter: Path, tmp_path: Path
) -> None:
    data = tmp_path / "train.jsonl"
    data.write_text('{"instruction": "フランスの首都はどこですか？", "output": "パリ"}\n', encoding="utf-8")
    run(tiny_gemma, {"mine": gemma_adapter}, tmp_path / "eval", data=[data])
    context = jsonl.read_one(tmp_path / "eval" / "context.json", EvaluationContext)
    assert context.dropped_probes == ("facts-ja-capital-france",)
    assert context.probes["facts-ja"] == 7


def test_a_run_interrupted_before_the_likelihoods_resumes_to_the_same_bytes(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter = plain_peft(model, tmp_path / "adapter")

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    assert_resumes(model, adapter, tmp_path, monkeypatch, (answers.Answerer, "rank", stop))


@pytest.mark.parametrize(("name", "batches"), [("generate", 3), ("score_groups", 2)])
def test_a_run_interrupted_between_two_batches_resumes_to_the_same_bytes(
    name: str, batches: int, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter = plain_peft(model, tmp_path / "adapter")
    whole, small = (
        getattr(localengine, name),
        {"generate": {"batch_size": 3}, "score_groups": {"batch_tokens": 160}},
    )
    monkeypatch.setattr(localengine, name, lambda *a, **k: whole(*a, **(k | small[name])))
    small_batches = getattr(localengine, name)
    done = 0

    def stop_early(*arguments: Any, **options: Any) -> Iterator[Any]:  # noqa: ANN401
        nonlocal done
        for batch in small_batches(*arguments, **options):
            if done == batches:
                raise KeyboardInterrupt
            done += 1
            yield batch

    assert_resumes(model, adapter, tmp_path, monkeypatch, (localengine, name, stop_early))


def assert_resumes(
    base: Path,
    adapter: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    spoilt: tuple[object, str, object],
) -> None:
    whole = run(base, {"mine": adapter}, folder / "whole")
    with monkeypatch.context() as patch:
        patch.setattr(*spoilt)
        with pytest.raises(KeyboardInterrupt):
            run(base, {"mine": adapter}, folder / "broken")
    assert (folder / "broken" / "completions.jsonl").stat().st_size > 0
    assert not (folder / "broken" / "verdict.json").exists()
    assert run(base, {"mine": adapter}, folder / "broken") == whole
    for name in ANSWERS:
        assert (folder / "broken" / name).read_bytes() == (folder / "whole" / name).read_bytes(), name


@pytest.fixture(scope="module")
def finished(
    tiny_gemma: Path, gemma_adapter: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, EvaluationResult]:
    out = tmp_path_factory.mktemp("finished") / "eval"
    config = EvalConfig(suites=("facts-ja",), max_facts=8, max_new_tokens=4)
    return out, run(tiny_gemma, {"mine": gemma_adapter}, out, config=config)


def test_a_finished_run_is_left_as_it_is(
    finished: tuple[Path, EvaluationResult],
    tiny_gemma: Path,
    gemma_adapter: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out, result = finished
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in out.iterdir()}
    monkeypatch.setattr("loracheck.evaluate.arms.load_base", None)  # would fail if it were called
    config = EvalConfig(suites=("facts-ja",), max_facts=8, max_new_tokens=4)
    assert run(tiny_gemma, {"mine": gemma_adapter}, out, config=config) == result
    assert {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in out.iterdir()} == before


def test_other_options_are_refused_a_finished_directory(
    finished: tuple[Path, EvaluationResult], tiny_gemma: Path, gemma_adapter: Path
) -> None:
    out, _ = finished
    before = {path: path.read_bytes() for path in out.iterdir()}
    with pytest.raises(RunError, match="another eval run"):
        run(tiny_gemma, {"mine": gemma_adapter}, out)
    assert {path: path.read_bytes() for path in out.iterdir()} == before


def test_the_gate_computes_the_same_verdict_again(finished: tuple[Path, EvaluationResult]) -> None:
    out, result = finished
    assert rejudge(out, None) == result
    strict = rejudge(out, load_policy("strict"))
    assert only(strict).policy == "strict"
    assert only(strict).policy_sha256 != only(result).policy_sha256


@pytest.mark.parametrize("name", ["completions.jsonl", "choices.jsonl", "probes.jsonl", "verdict.json"])
def test_one_changed_byte_is_refused(finished: tuple[Path, EvaluationResult], name: str) -> None:
    file = finished[0] / name
    content = file.read_bytes()
    file.write_bytes(content[:40] + bytes([content[40] ^ 1]) + content[41:])
    try:
        with pytest.raises(RunError, match=f"{name} was changed"):
            rejudge(finished[0], None)
    finally:
        file.write_bytes(content)


def test_an_adapter_that_names_another_base_is_refused_or_stays_open(
    tiny_gemma: Path, tiny_smollm: Path, make_gemma: Callable[..., Path], tmp_path: Path
) -> None:
    adapter = plain_peft(tiny_smollm, tmp_path / "adapter")
    config = EvalConfig(suites=("facts-ja",), max_facts=2, max_new_tokens=2)
    verdict = only(run(tiny_gemma, {"mine": adapter}, tmp_path / "eval", config=config))
    assert verdict.findings[0].reason == "adapter_unverified"
    with pytest.raises(AdapterError, match=r"for another base|does not fit"):
        run(
            make_gemma(tmp_path / "base", layers=2),
            {"mine": plain_peft(tiny_gemma, tmp_path / "b")},
            tmp_path / "no",
        )
    assert not (tmp_path / "no" / "verdict.json").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda k, v: v[:-1].clone() if "lora_B" in k else v, "does not fit"),
        (lambda k, v: None if "q_proj.lora_A" in k else v, "for another base|does not fit"),
    ],
    ids=["other width", "tensor missing"],
)
def test_an_adapter_of_another_shape_is_refused_even_without_a_name(
    change: Callable[[str, torch.Tensor], torch.Tensor | None],
    message: str,
    tiny_gemma: Path,
    gemma_adapter: Path,
    tmp_path: Path,
) -> None:
    adapter = altered(gemma_adapter, tmp_path / "adapter", torch.clone)
    tensors = {key: change(key, value) for key, value in load_file(adapter / WEIGHTS).items()}
    save_file({key: value for key, value in tensors.items() if value is not None}, adapter / WEIGHTS)
    hide_base(adapter)
    with pytest.raises(AdapterError, match=message):
        run(tiny_gemma, {"mine": adapter}, tmp_path / "eval")


def hide_base(adapter: Path) -> None:
    file = adapter / "adapter_config.json"
    file.write_text(
        json.dumps(json.loads(file.read_text()) | {"base_model_name_or_path": ""}), encoding="utf-8"
    )


def test_an_adapter_without_proof_of_its_base_needs_a_word_for_it(tiny_gemma: Path, tmp_path: Path) -> None:
    adapter = plain_peft(tiny_gemma, tmp_path / "adapter")
    hide_base(adapter)
    config = EvalConfig(suites=("facts-ja",), max_facts=2, max_new_tokens=2)
    verdict = only(run(tiny_gemma, {"mine": adapter}, tmp_path / "eval", config=config))
    assert verdict.findings[0].reason == "adapter_unverified"
    vouched = EvalConfig(suites=("facts-ja",), max_facts=2, max_new_tokens=2, assume_base=True)
    verdict = only(run(tiny_gemma, {"mine": adapter}, tmp_path / "vouched", config=vouched))
    assert verdict.findings[0].reason == "adapter_sound"


@pytest.mark.parametrize(
    ("change", "status", "reason"),
    [
        (torch.zeros_like, "hold", "adapter_inert"),
        (lambda b: torch.full_like(b, float("nan")), "hold", "adapter_not_finite"),
        pytest.param(
            lambda b: torch.full_like(b, 3e38),
            "hold",
            "adapter_not_finite",
        ),
    ],
    ids=["inert", "nan", "overflow"],
)
def test_bad_adapters_get_their_verdict_beside_a_sound_one(
    change: Callable[[torch.Tensor], torch.Tensor],
    status: str,
    reason: str,
    tiny_gemma: Path,
    gemma_adapter: Path,
    tmp_path: Path,
) -> None:
    bad = altered(gemma_adapter, tmp_path / "bad", change)
    config = EvalConfig(suites=("facts-ja",), max_facts=2, max_new_tokens=2)
    result = run(tiny_gemma, {"mine": gemma_adapter, "bad": bad}, tmp_path / "eval", config=config)
    mine, other = result.verdicts
    assert mine.findings[0].reason == "adapter_sound"
    assert (other.adapter, other.status, other.findings[0].reason) == ("bad", status, reason)
    assert rejudge(tmp_path / "eval", None) == result


def test_a_suite_of_open_prompts_alone_is_inconclusive(
    tiny_gemma: Path, gemma_adapter: Path, tmp_path: Path
) -> None:
    config = EvalConfig(suites=("open-ja",), max_new_tokens_open=2)
    verdict = only(run(tiny_gemma, {"mine": gemma_adapter}, tmp_path / "eval", config=config))
    assert verdict.status == "inconclusive"


@pytest.mark.parametrize("name", ["base", "a b", "a=b", "", "../x"])
def test_names_that_would_confuse_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        run(tmp_path, {name: tmp_path}, tmp_path / "eval")
    assert not (tmp_path / "eval").exists()


def carded(base_folder: Path, adapter: Path, out: Path, watched: Sequence[str]) -> Path:
    """A copy of an adapter whose card names the probes that chose it."""
    shutil.copytree(adapter, out / "adapter")
    base = load_base(str(base_folder))
    card = AdapterCard(
        base=base.name,
        fingerprint=base.fingerprint,
        template_sha256=choose_template(base.tokenizer, []).sha256,
        quantization="none",
        data_sha256="",
        trained_tokens=1,
        watched_probes=tuple(watched),
    )
    jsonl.write_one(out / "adapter" / ADAPTER_CARD, card)
    return out


FEW = EvalConfig(suites=("facts-ja",), max_facts=50, max_new_tokens=1)


def asked_ids(run_folder: Path) -> set[str]:
    return {probe.id for probe in jsonl.read(run_folder / "probes.jsonl", Probe)}


def test_probes_that_chose_a_checkpoint_are_not_asked(
    tiny_gemma: Path, gemma_adapter: Path, tmp_path: Path
) -> None:
    watched = [probe.id for probe in bundled(["facts-ja"])][:600:10]
    assert len(watched) == 60
    unknown = ["no-such-probe", bundled(["safety-ja"])[0].id]
    adapter = carded(tiny_gemma, gemma_adapter, tmp_path / "runs", [*watched, *unknown])
    for adapters in ({"mine": adapter}, {"mine": adapter, "other": gemma_adapter}):
        out = tmp_path / f"eval-{len(adapters)}"
        told = Told()
        result = run(tiny_gemma, adapters, out, config=FEW, progress=told)
        context = jsonl.read_one(out / "context.json", EvaluationContext)
        assert not asked_ids(out) & set(watched)
        assert context.watched_probes == tuple(sorted(watched))
        assert result.verdicts[0].findings[0].reason == "adapter_sound"
        assert "mine: 60 bundled probes are left out, as they chose it by its card" in told.lines


def test_a_card_that_names_more_probes_than_a_watch_asks_leaves_none_out_and_stays_open(
    tiny_gemma: Path, gemma_adapter: Path, tmp_path: Path
) -> None:
    plain = run(tiny_gemma, {"mine": gemma_adapter}, tmp_path / "plain", config=FEW)
    watched = sorted(asked_ids(tmp_path / "plain"))
    more = [probe.id for probe in bundled(["facts-ja"]) if probe.id not in watched][:11]
    adapter = carded(tiny_gemma, gemma_adapter, tmp_path / "runs", [*watched, *more])
    told = Told()
    verdict = only(run(tiny_gemma, {"mine": adapter}, tmp_path / "eval", config=FEW, progress=told))
    assert asked_ids(tmp_path / "eval") == set(watched)
    assert (verdict.findings[0].status, verdict.findings[0].reason) == ("inconclusive", "chosen_by_too_many")
    assert verdict.findings[0].values["watched"] == len(watched) + 11
    assert only(plain).findings[0].reason == "adapter_sound"
    assert any(f"names {len(watched) + 11} bundled probes that chose it" in line for line in told.lines)


def test_an_adapter_that_is_not_there_is_named_before_the_base_is_loaded(tmp_path: Path) -> None:
    unloadable = tmp_path / "base"
    unloadable.mkdir()
    (unloadable / "config.json").write_text("{}")
    with pytest.raises(AdapterError, match=r"adapter mine: .*nope holds no adapter_config\.json"):
        run(unloadable, {"mine": tmp_path / "nope"}, tmp_path / "eval")
    assert not (tmp_path / "eval").exists()


def test_probes_that_chose_what_was_merged_are_not_asked(tiny_gemma: Path, tmp_path: Path) -> None:
    merged = tmp_path / "merged"
    shutil.copytree(tiny_gemma, merged)
    watched = tuple(probe.id for probe in bundled(["facts-ja"]))[:600:10]
    form = ShippedForm(
        base=str(tiny_gemma), base_verified=True, licence="", adapter_sha256="", data_sha256=None, kind="lora",
        dtype="float32", trained="none", trained_known=True, onto="original", threshold=0.05, probes=0, seed=0,
        comparisons=(), watched_probes=watched,
        weights_sha256={file.name: hash_file(file) for file in merged.glob("*.safetensors")},
    )  # fmt: skip
    jsonl.write_one(merged / "shipped_form.json", form)
    run(tiny_gemma, {"mine": merged}, tmp_path / "eval", config=FEW)
    assert not asked_ids(tmp_path / "eval") & set(watched)
    context = jsonl.read_one(tmp_path / "eval" / "context.json", EvaluationContext)
    assert context.watched_probes == tuple(sorted(watched))
