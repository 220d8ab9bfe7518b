"""Two looks on one error rate, and adapters trained to do no harm as the measure of false alarms."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM

from loracheck import jsonl
from loracheck.errors import RunError, UsageError
from loracheck.evaluate.config import EvalConfig
from loracheck.evaluate.evidence import Evidence
from loracheck.evaluate.pipeline import evaluate
from loracheck.evaluate.policy import Pinned, Policy
from loracheck.evaluate.verdict.judge import exit_code, judge
from loracheck.evaluate.verdict.looks import refuse_first_look, refuse_other_subject, share_of_alpha
from loracheck.progress import Progress
from loracheck.records import EvaluationContext, EvaluationResult, Manifest
from loracheck.summary import print_result
from loracheck.words.findings import false_alarms
from tests.evaluate.evidence_records import DEFAULT, GOOD, PERSONA, Arm, always, build, every, verdict_of


def in_tier(evidence: Evidence, tier: str, after: str | None = None) -> Evidence:
    return replace(evidence, context=replace(evidence.context, tier=tier, after=after))


def test_the_two_looks_together_spend_alpha_and_one_alone_all_of_it() -> None:
    evidence = build({"mine": GOOD}, facts=60)
    quick, second, only = (
        judge(in_tier(evidence, tier, after), PERSONA).verdicts[0].alpha
        for tier, after in (("quick", None), ("standard", "eval-1"), ("standard", None))
    )
    assert [quick, second, only] == pytest.approx([0.01, 0.04, 0.05])
    assert quick + second == pytest.approx(only)


def test_a_second_look_asks_for_more_than_the_only_one() -> None:
    # 52 items are what 5 points ask at alpha .05 without a discordant pair; at .04 they are 59.
    evidence = build({"mine": GOOD}, facts=55)
    status = {
        after: next(
            f.status
            for f in judge(in_tier(evidence, "standard", after), PERSONA).verdicts[0].findings
            if f.check == "forgetting"
        )
        for after in (None, "eval-1")
    }
    assert status == {None: "pass", "eval-1": "inconclusive"}


def test_the_hash_of_the_policy_is_that_of_the_policy_whatever_is_spent() -> None:
    verdict = judge(in_tier(build({"mine": GOOD}, facts=60), "quick"), PERSONA).verdicts[0]
    assert verdict.policy_sha256 == PERSONA.sha256


def test_a_first_look_is_a_quick_run_under_the_same_limits() -> None:
    evidence = build({"mine": GOOD}, facts=5)
    quick = in_tier(evidence, "quick").context
    refuse_first_look(Path("q"), quick, PERSONA, PERSONA)
    assert share_of_alpha(quick) == 0.2
    with pytest.raises(RunError, match="only a quick one kept error rate"):
        refuse_first_look(Path("q"), evidence.context, PERSONA, PERSONA)
    with pytest.raises(RunError, match="whose limits differ"):
        refuse_first_look(Path("q"), quick, PERSONA, replace(PERSONA, alpha=0.04))


def of(context: EvaluationContext, weights: str) -> EvaluationContext:
    base, *arms = context.arms
    return replace(context, arms=(base, *(replace(arm, sha256=weights) for arm in arms)))


def test_a_second_look_at_something_else_is_refused_by_what_differs() -> None:
    first = of(in_tier(build({"mine": GOOD}, facts=5), "quick").context, "w1")
    second = replace(first, tier="standard")
    refuse_other_subject(Path("q"), first, second)
    with pytest.raises(RunError, match="adapter mine"):
        refuse_other_subject(Path("q"), first, of(second, "w2"))
    with pytest.raises(RunError, match="template_sha256"):
        refuse_other_subject(Path("q"), first, replace(second, template_sha256="x"))
    with pytest.raises(RunError, match="quick as well"):
        refuse_other_subject(Path("q"), first, first)


def with_nulls(arms: dict[str, Arm], nulls: tuple[str, ...], policy: Policy = DEFAULT) -> EvaluationResult:
    evidence = build(arms)
    return judge(replace(evidence, context=replace(evidence.context, nulls=nulls)), policy)


PLAIN = replace(GOOD, facts=every(5, "wrong", "right"), opens=always("right"), domain=always("right"))


def test_a_harmless_adapter_that_learnt_no_persona_is_no_false_alarm() -> None:
    result = with_nulls({"mine": replace(PLAIN, domain=always("persona")), "null": PLAIN}, ("null",))
    assert [verdict.adapter for verdict in result.verdicts] == ["mine"]
    [null] = result.nulls
    assert (null.status, "persona_learned" in {f.check for f in null.findings}) == ("ship", False)
    assert verdict_of(PLAIN, DEFAULT).deciding == ("persona_learned",), "judged, it would be held for that"
    assert {alarms.rate.value for alarms in result.false_alarms} == {0.0}


def test_what_the_limits_hold_of_harmless_adapters_is_counted_by_check_and_decides_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    looping = replace(PLAIN, facts=every(5, "loop", "right"))
    arms = {"mine": replace(PLAIN, domain=always("persona")), "a": PLAIN, "b": looping, "c": PLAIN}
    result = with_nulls(arms, ("a", "b", "c"))
    counted = {alarms.check: alarms.rate.value for alarms in result.false_alarms}
    assert {alarms.rate.n for alarms in result.false_alarms} == {3}
    assert counted[None] == pytest.approx(1 / 3)
    assert counted["loops"] == pytest.approx(1 / 3)
    assert counted["forgetting"] == 0.0
    assert exit_code(result.verdicts) == 0
    assert all(c.first == c.second == "mine" for c in result.comparisons), "nulls are compared with nobody"
    print_result(result)
    said = capsys.readouterr().out
    assert "Of 3 adapters trained to do no harm, these limits held 1 (33.3% [" in said
    assert "  Loops: 1 of 3\n" in said
    assert false_alarms(result.false_alarms, "ja")[0].startswith("害のない学習をさせたアダプター3件")


def test_without_harmless_adapters_nothing_is_said_of_false_alarms(
    capsys: pytest.CaptureFixture[str],
) -> None:
    result = judge(build({"mine": PLAIN}), DEFAULT)
    assert result.false_alarms == ()
    print_result(result)
    assert "no harm" not in capsys.readouterr().out


def adapter(base: Path, out: Path) -> Path:
    model = get_peft_model(
        AutoModelForCausalLM.from_pretrained(base),
        LoraConfig(r=2, target_modules="all-linear", task_type="CAUSAL_LM"),
    )
    assert isinstance(model, PeftModel)
    generator = torch.Generator().manual_seed(1)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            parameter.data = 0.05 * torch.randn(parameter.shape, generator=generator)
    model.save_pretrained(str(out))
    return out


def test_a_second_look_and_pins_go_through_the_real_pipeline(tiny_gemma: Path, tmp_path: Path) -> None:
    mine = {"mine": adapter(tiny_gemma, tmp_path / "adapter")}
    policy = replace(DEFAULT, gates={"collapse": DEFAULT.gates["collapse"]})
    small = EvalConfig(suites=("facts-en",), max_facts=4, max_new_tokens=2, max_new_tokens_open=2)
    quick, quiet = replace(small, tier="quick"), Progress(quiet=True)
    base, folder = str(tiny_gemma), tmp_path / "quick"
    first = evaluate(base, mine, folder, quick, policy, progress=quiet)
    second = evaluate(base, mine, tmp_path / "second", small, policy, after=folder, progress=quiet)
    assert [result.verdicts[0].alpha for result in (first, second)] == pytest.approx([0.01, 0.04])
    context = jsonl.read_one(tmp_path / "second" / "context.json", EvaluationContext)
    assert context.after == jsonl.read_one(folder / "manifest.json", Manifest).run_id
    [suite] = context.suites
    pins = Pinned(base=context.fingerprint["shell"][:12], probes={"facts-en": suite.sha256[:12]})
    kept = evaluate(base, mine, tmp_path / "kept", small, replace(policy, pinned=pins), progress=quiet)
    assert not kept.verdicts[0].post_hoc
    moved = replace(policy, pinned=replace(pins, base="0123456789ab"))
    with pytest.raises(UsageError, match="base: pinned 0123456789ab"):
        evaluate(base, mine, tmp_path / "moved", small, moved, progress=quiet)
    assert not (tmp_path / "moved" / "completions.jsonl").exists(), "nothing was asked"
