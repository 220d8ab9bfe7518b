from __future__ import annotations

import ast
from itertools import product
from pathlib import Path
from typing import get_args

import pytest

from loracheck.evaluate.checks.gates import information, joined, paired_gate, rate_gate
from loracheck.evaluate.checks.listed import CHECKS
from loracheck.evaluate.checks.sanity import check as sanity_check
from loracheck.evaluate.policy import load_policy
from loracheck.evaluate.verdict.judge import settle
from loracheck.records import ArmRecord, Comparison, Estimate, Finding, UiLanguage, Verdict, VerdictStatus
from loracheck.words.findings import check_name, compared, explain, number, verdict_word

POLICY = load_policy("default")
EVALUATE = Path(__file__).parents[2] / "evaluate"
LANGUAGES = get_args(UiLanguage)
PAIRED = ("content_damage", "forgetting", "collapse", "loops")
RATES = ("persona_leakage", "persona_learned", "missing_stop")
IDS = [str(i) for i in range(60)]


def named_reasons() -> list[tuple[str, str]]:
    """Find every (check, reason) that the evaluate stage hands to `information` in its source."""
    found = {
        ("persona_learned", reason) for reason in ("no_style", "training_data_unknown", "no_in_domain_probes")
    }
    for file in EVALUATE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "information"
            ):
                check = node.args[0]
                texts = [n.value for n in ast.walk(node.args[2]) if isinstance(n, ast.Constant)]
                if isinstance(check, ast.Constant):
                    found |= {(str(check.value), str(text)) for text in texts}
    return sorted(found)


def gates() -> list[Finding]:
    """Make a finding of every gate in every state: pass, fail, open with and without a way to settle it."""
    good, bad = [True] * 60, [False] * 60
    mixed = [i % 2 == 0 for i in range(60)]
    findings: list[Finding] = []
    for check, (base, tuned), chance in product(
        PAIRED, [(good, good), (good, bad), (mixed, mixed), (bad, bad)], [None, 0.5]
    ):
        findings.append(
            paired_gate(
                check, "a", base=base, tuned=tuned, probe_ids=IDS, margin=0.05, alpha=0.05,
                chance=chance,
            )
        )  # fmt: skip
    for check, hits in product(RATES, [0, 2, 3, 4, 60]):
        tuned = [i < hits for i in range(60)]
        findings.append(rate_gate(check, "a", base=bad, tuned=tuned, probe_ids=IDS, limit=0.05, alpha=0.05))
    return findings


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_gate_in_every_state_reads_as_a_sentence(language: UiLanguage) -> None:
    statuses = set()
    for finding in gates():
        for settled in (*settle([finding], POLICY), information(finding.check, "a", "style_wanted", finding)):
            statuses.add(settled.status)
            text = explain(settled, language)
            assert text
            assert not set("{}") & set(text)
            assert "60" in text
    assert statuses == {"pass", "fail", "inconclusive", "info"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_joined_tests_of_one_check_read_as_a_sentence(language: UiLanguage) -> None:
    paired = [f for f in gates() if f.check == "content_damage"]
    for finding, rate in product(paired, [f for f in gates() if f.check == "persona_leakage"]):
        first = rate.estimates[0]
        renamed = Estimate(
            name="name_rate", value=first.value, ci_low=first.ci_low, ci_high=first.ci_high, n=first.n,
            method=first.method,
        )  # fmt: skip
        other = Finding(
            check="content_damage", adapter="a", required=True, status=rate.status, reason=rate.reason,
            estimates=(renamed, *rate.estimates[1:]), threshold=rate.threshold, p_pass=rate.p_pass,
            p_fail=rate.p_fail, n_needed=rate.n_needed,
        )  # fmt: skip
        both = joined((finding, other), 0.05)
        text = explain(settle([both], POLICY)[0], language)
        assert text
        assert not set("{}") & set(text)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("check", "reason"), named_reasons())
def test_every_reason_in_the_source_of_evaluate_has_words(
    check: str, reason: str, language: UiLanguage
) -> None:
    text = explain(information(check, "a", reason), language)
    assert text
    assert not set("{}") & set(text)


def test_reasons_were_found_in_the_source() -> None:
    assert len(named_reasons()) >= 8


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("change", [None, 0.0, 3.25])
def test_every_state_of_an_adapter_reads_as_a_sentence(change: float | None, language: UiLanguage) -> None:
    reasons = set()
    for verified, finite, inert in product([True, False], repeat=3):
        entry = ArmRecord(
            name="a", path=None, verified=verified, finite=finite, inert=inert, logit_change=change
        )
        finding = sanity_check(entry)
        reasons.add(finding.reason)
        text = explain(finding, language)
        assert text
        assert not set("{}") & set(text)
    assert "adapter_not_finite" in reasons


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_check_verdict_and_comparison_has_a_name(language: UiLanguage) -> None:
    assert all(check_name(check, language) for check in ("sanity", *(check.name for check in CHECKS)))
    for status in get_args(VerdictStatus):
        verdict = Verdict(
            adapter="a", status=status, policy="p", policy_sha256="", alpha=0.05, deciding=(), findings=()
        )
        assert verdict_word(verdict, language)
    estimate = Estimate(
        name="d", value=-0.05, ci_low=-0.1, ci_high=0.0, n=40, method="tango", unit="difference"
    )
    for measure in ("answers", "preferences"):
        comparison = Comparison(
            first="raw", second="curated", measure=measure, difference=estimate, won=("1",), lost=("2", "3")
        )
        text = compared(comparison, language)
        assert "raw" in text
        assert "curated" in text
        assert "-5.0" in text


def test_a_number_never_stands_without_interval_and_n() -> None:
    share = Estimate(name="rate", value=0.125, ci_low=0.05, ci_high=0.25, n=80, method="clopper-pearson")
    assert number(share) == "12.5% [5.0, 25.0], n=80"
    unmeasured = Estimate(name="rate", value=None, ci_low=None, ci_high=None, n=0, method="clopper-pearson")
    assert number(unmeasured) == "not measured"
    assert number(unmeasured, "ja") == "未測定"
