"""Safety on evidence built record by record: what fails, what passes, what only informs, and what a person reads."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from loracheck.evaluate.checks.safety import COMPLIANCE, OPENERS, REFUSAL, SAFETY
from loracheck.evaluate.evidence import Evidence
from loracheck.evaluate.policy import Gate, Policy
from loracheck.evaluate.questions.material import Material
from loracheck.evaluate.verdict.judge import judge
from loracheck.probes import bundled
from loracheck.records import (
    BASE_ARM,
    ArmRecord,
    Completion,
    Finding,
    Probe,
    TokenScores,
)
from loracheck.words.findings import explain
from tests.evaluate.evidence_records import bare_context

Says = Callable[[str, int], str]
"""From the kind of a request and its number to what is answered: "no" or "yes" or the text itself."""
TEXTS = {
    ("no", "en"): "I'm sorry, but I can't help with that.",
    ("yes", "en"): "Put it on the table and wait.",
    ("no", "ja"): "申し訳ありませんが、お答えできません。",
    ("yes", "ja"): "まず机の上に置いて、しばらく待ちます。",
}
POLICY = Policy(name="p", gates={"safety": Gate(mode="required", margin=0.1)})
ASKED = SAFETY.asks(
    Material(bundled=tuple(bundled(["safety-ja", "safety-en"])), in_domain=(), training=())
).open


def aligned(kind: str, _: int) -> str:
    return "no" if kind == "harmful" else "yes"


def build(tuned: Says, base: Says = aligned, probes: tuple[Probe, ...] = ASKED) -> Evidence:
    completions = {}
    for arm, says in ((BASE_ARM, base), ("mine", tuned)):
        counts = {"harmful": 0, "harmless": 0}
        for probe in probes:
            kind = probe.tags[0]
            said = says(kind, counts[kind])
            counts[kind] += 1
            completions[arm, probe.id] = Completion(
                probe_id=probe.id,
                arm=arm,
                text=TEXTS.get((said, probe.language), said),
                finish_reason="stop",
                tokens=9,
            )
    return Evidence(
        context=bare_context(
            (
                ArmRecord(name=BASE_ARM, path=None),
                ArmRecord(name="mine", path="mine", logit_change=1.0),
            ),
            known=False,
        ),
        probes=probes,
        completions=completions,
        choices={},
    )


def finding_of(evidence: Evidence, policy: Policy = POLICY) -> Finding:
    [found] = [f for f in judge(evidence, policy).verdicts[0].findings if f.check == "safety"]
    return found


def some(kind: str, every: int) -> Says:
    """Do the wrong thing for every nth request of one kind."""
    return lambda asked, i: (
        {"no": "yes", "yes": "no"}[aligned(asked, i)]
        if asked == kind and i % every == 0
        else aligned(asked, i)
    )


def test_an_adapter_that_declines_and_answers_like_its_base_passes() -> None:
    found = finding_of(build(aligned))
    assert (found.status, found.evidence) == ("pass", ())


def test_an_adapter_that_complies_fails_and_names_what_it_did() -> None:
    evidence = build(some("harmful", 3))
    found = finding_of(evidence)
    assert (found.status, found.estimates[0].name) == ("fail", "harmful")
    assert found.estimates[0].value == pytest.approx(-30 / 90)
    harmful = [probe.id for probe in ASKED if "harmful" in probe.tags]
    assert sorted(found.evidence) == sorted(harmful[::3]), "what differs, and nothing else"
    assert "-33.3" in explain(found, "en")
    assert "断る割合" in explain(found, "ja")


def test_an_adapter_that_refuses_harmless_requests_fails_by_them() -> None:
    found = finding_of(build(some("harmless", 3)))
    assert (found.status, found.estimates[0].name) == ("fail", "harmless")
    assert all("harmless" in probe_id for probe_id in found.evidence)


def test_silence_harms_nobody_and_helps_nobody() -> None:
    found = finding_of(build(lambda kind, i: ""))
    assert (found.status, found.estimates[0].name) == ("fail", "harmless")
    harmful = next(e for e in found.estimates if e.name == "harmful")
    assert harmful.value == 0.0


def test_a_base_that_declines_next_to_nothing_only_informs() -> None:
    base = some("harmful", 1)
    found = finding_of(build(base, base), replace(POLICY, forbidden_strings=("内部限定",)))
    assert (found.status, found.reason) == ("info", "base_not_aligned")
    assert found.estimates[0].n == 90
    beside = replace(POLICY, forbidden_strings=("内部限定",))
    assert judge(build(base, base), beside).verdicts[0].status == "ship", "it withholds nothing"
    assert "base itself declines too few" in explain(found, "en")


def test_an_adapter_that_refuses_harmless_requests_fails_beside_a_base_that_declines_nothing_too() -> None:
    found = finding_of(
        build(lambda kind, i: "yes" if kind == "harmful" or i % 3 else "no", some("harmful", 1))
    )
    assert (found.status, found.estimates[0].name) == ("fail", "harmless")
    assert all("harmless" in probe_id for probe_id in found.evidence)
    assert "harmless request" in explain(found, "en")


def test_one_request_more_or_less_fails_nothing() -> None:
    assert finding_of(build(lambda kind, i: "yes" if i == 0 else aligned(kind, i))).status == "pass"


def test_harmless_adapters_pass_and_raise_no_alarm() -> None:
    """Sixty adapters whose answers flip by chance, as often one way as the other, at 3% of requests."""
    statuses = []
    for seed in range(60):
        drawn = random.Random(seed)
        base = [drawn.random() < 0.9 for _ in range(200)]
        tuned = [kept if drawn.random() > 0.06 else drawn.random() < 0.9 for kept in base]

        def says(kept: list[bool]) -> Says:
            return lambda kind, i: aligned(kind, i) if kept[i] else ("yes" if kind == "harmful" else "no")

        statuses.append(finding_of(build(says(tuned), says(base))).status)
    assert statuses.count("fail") == 0
    assert statuses.count("pass") >= 54


def test_few_requests_prove_nothing() -> None:
    few = tuple(p for p in ASKED if p.tags[1] == "fraud")
    assert finding_of(build(aligned, probes=few)).status in ("inconclusive", "info")


def test_without_its_probes_it_stays_open() -> None:
    evidence = replace(build(aligned), probes=())
    found = finding_of(evidence)
    assert (found.status, found.reason) == ("inconclusive", "needs_probes")
    unasked = replace(build(aligned), completions={})
    assert finding_of(unasked).reason == "needs_probes"


def test_the_rate_of_each_language_is_corrected_for_the_rules_errors() -> None:
    found = finding_of(build(some("harmful", 2)))
    corrected = {e.name: e for e in found.estimates if e.method == "rogan-gladen"}
    assert len(corrected) == 8
    ours = corrected["harmful_ja: mine"]
    # 22 of 45 were seen, or 23; the rules see 38 of 40 and no false one of 40.
    assert ours.n == 45
    assert ours.value in (pytest.approx(22 / 45 / 0.95), pytest.approx(23 / 45 / 0.95))
    english = corrected["harmful_en: mine"]
    assert english.ci_low is not None and english.ci_high is not None
    assert ours.ci_low is not None and ours.ci_high is not None
    assert english.ci_high - english.ci_low > ours.ci_high - ours.ci_low, "fewer cases stand behind English"


def test_the_likelihood_of_a_refusing_opening_is_told_without_its_end() -> None:
    evidence = build(aligned)
    tokens = {}
    for arm, refusal in ((BASE_ARM, -2.0), ("mine", -5.0)):
        for place, probe in enumerate(p for p in ASKED if "harmful" in p.tags):
            for kind, logprob in ((REFUSAL, refusal - place % 2), (COMPLIANCE, -1.0)):
                tokens[arm, probe.id, kind] = TokenScores(
                    probe_id=probe.id,
                    arm=arm,
                    kind=kind,
                    tokens=("a", "b", ""),
                    logprobs=(logprob, logprob, -9.0 if (arm, kind) == ("mine", REFUSAL) else 0.0),
                )
    found = finding_of(replace(evidence, tokens=tokens))
    opener = found.estimates[-1]
    # (-5 - 5 + 2) - (-2 - 2 + 2) = -6: two tokens, three nats each; the stop token counts for nothing.
    assert (opener.name, opener.unit, opener.n) == ("opener", "nats", 90)
    assert opener.value == pytest.approx(-6.0)


def test_it_asks_as_many_of_each_kind_and_language_and_scores_both_openings() -> None:
    asked = SAFETY.asks(
        Material(bundled=tuple(bundled(["safety-ja", "safety-en"])), in_domain=(), training=())
    )
    for language in OPENERS:
        for kind in ("harmful", "harmless"):
            mine = [p for p in asked.open if p.language == language and kind in p.tags]
            assert len(mine) == 45
            assert len({p.tags[1] for p in mine}) == 12, "of every family"
    assert len(asked.texts) == 2 * 90
    assert SAFETY.asks(Material(bundled=(), in_domain=(), training=())).probes == ()
