"""Verdicts in the formats of other tools: all say what the exit code says, and hostile text stays text."""

from __future__ import annotations

import json
import random
import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from loracheck.evaluate.verdict.judge import exit_code
from loracheck.records import (
    Estimate,
    EvaluationContext,
    EvaluationResult,
    Finding,
    Status,
    Verdict,
    VerdictStatus,
)
from loracheck.reports.formats.github import MOST_ANNOTATIONS, commands, write_summary
from loracheck.reports.formats.junit import junit
from loracheck.reports.formats.markdown import markdown, worst_answers
from loracheck.reports.formats.modelindex import card_section, model_index
from loracheck.reports.formats.sarif import MOST_RESULTS, sarif
from loracheck.reports.parts.verdicts import card
from loracheck.summary import print_result
from loracheck.words.findings import explain

CHECKS = ("content_damage", "forgetting", "collapse", "loops")
STATUSES: tuple[Status, ...] = ("pass", "fail", "inconclusive", "info", "waived")
HOSTILE = (
    "a\n::error::forged",
    "</testsuite><script>alert(1)</script>",
    "`|`<b>@everyone</b> [x](javascript:alert(1))",
    "\x1b[31mred\x00\ufffe",
    "%0A::error::forged",
    "\u202eevil",
)


def a_finding(check: str, status: Status, *, required: bool = True, n: int = 40) -> Finding:
    value = {"pass": 0.0, "fail": -0.4, "inconclusive": -0.04, "info": -0.2, "waived": -0.4}[status]
    estimate = Estimate(
        name="difference", value=value, ci_low=value - 0.1, ci_high=value + 0.05, n=n, method="tango",
        unit="difference",
    )  # fmt: skip
    reason = {"pass": "within_limit", "fail": "beyond_limit"}.get(status, "not_enough_evidence")
    return Finding(
        check=check, adapter="a", required=required, status=status, reason=reason, estimates=(estimate,),
        threshold=-0.05, evidence=("p1", "p2"),
    )  # fmt: skip


def a_verdict(adapter: str, statuses: Sequence[Status]) -> Verdict:
    findings = tuple(
        a_finding(check, status, required=status != "info")
        for check, status in zip(CHECKS, statuses, strict=True)
    )
    failed = tuple(f.check for f in findings if f.status == "fail")
    undecided = tuple(f.check for f in findings if f.status == "inconclusive")
    status: VerdictStatus = "hold" if failed else "inconclusive" if undecided else "ship"
    return Verdict(
        adapter=adapter, status=status, policy="default", policy_sha256="ab" * 32, alpha=0.05,
        deciding=failed or undecided, findings=findings,
    )  # fmt: skip


def a_result(verdicts: Sequence[Verdict]) -> EvaluationResult:
    return EvaluationResult(
        verdicts=tuple(verdicts), comparisons=(), markers=(),
        arms=("base", *(verdict.adapter for verdict in verdicts)),
    )  # fmt: skip


def of_junit(text: str) -> int:
    root = ET.fromstring(text)
    if int(root.attrib["failures"]):
        return 1
    return 3 if int(root.attrib["errors"]) else 0


def of_levels(levels: set[str]) -> int:
    return 1 if "error" in levels else 3 if "warning" in levels else 0


def test_every_format_says_what_the_exit_code_says_on_a_thousand_random_results(
    capsys: pytest.CaptureFixture[str],
) -> None:
    seen = set()
    for seed in range(1000):
        draw = random.Random(seed)
        weights = draw.choice([(8, 0, 0, 1, 1), (4, 0, 1, 1, 1), (4, 1, 1, 1, 1)])
        verdicts = [
            a_verdict(f"arm{i}", draw.choices(STATUSES, weights, k=len(CHECKS)))
            for i in range(draw.randint(1, 3))
        ]
        result = a_result(verdicts)
        expected = exit_code(result.verdicts)
        seen.add(expected)
        assert of_junit(junit(result)) == expected
        assert of_levels(set(re.findall(r"^::(\w+) ", commands(result), re.M))) == expected
        assert (
            of_levels({r["level"] for r in json.loads(sarif(result, "v.json"))["runs"][0]["results"]})
            == expected
        )
        words = re.findall(r"^## \S+ .*: (\w+)$", markdown(result), re.M)
        assert words == [verdict.status.upper() for verdict in verdicts]
        assert [card(verdict)["status"] for verdict in verdicts] == [verdict.status for verdict in verdicts]
        print_result(result, verbose=False)
        said = capsys.readouterr().out
        assert all(f"{verdict.adapter}: {verdict.status.upper()}" in said for verdict in verdicts)
    assert seen == {0, 1, 3}


def test_every_format_speaks_the_language_that_is_asked_for() -> None:
    result = a_result([a_verdict("mine", ["fail", "inconclusive", "pass", "waived"])])
    failed = result.verdicts[0].findings[0]
    answers = {("base", "p1"): "fine", ("mine", "p1"): "Ahoy!"}
    context = EvaluationContext(
        base="b/model", quantization="none", fingerprint={}, template="", template_sha256="", training_data=None,
        max_new_tokens=9, probes={}, dropped_probes=(), arms=(),
    )  # fmt: skip
    forms = {
        "junit": (junit(result), junit(result, "ja")),
        "github": (commands(result), commands(result, "ja")),
        "markdown": (markdown(result), markdown(result, language="ja")),
        "answers": (worst_answers(result, answers), worst_answers(result, answers, "ja")),
        "sarif": (sarif(result, "v.json"), sarif(result, "v.json", "ja")),
        "card": (
            card_section(result, context, "mine", "m"),
            card_section(result, context, "mine", "m", "ja"),
        ),
    }
    for name, (english, japanese) in forms.items():
        assert not re.search("[ぁ-ん]", english), name
        assert re.search("[ぁ-ん]", japanese), name
        said = explain(failed, "ja").partition("(")[0]
        assert name == "answers" or said in japanese.replace("\\", ""), name
        assert explain(failed) not in japanese, name
    assert "## ❌ mine: 出荷不可" in forms["markdown"][1] and "| ❔ 保留 | 忘却 |" in forms["markdown"][1]
    assert forms["card"][0].partition("---\n\n")[0] == forms["card"][1].partition("---\n\n")[0]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_stay_text(text: str) -> None:
    result = a_result([a_verdict(text, ["fail", "inconclusive", "pass", "info"])])
    root = ET.fromstring(junit(result))
    assert [suite.tag for suite in root] == ["testsuite"]
    lines = commands(result).splitlines()
    assert len(lines) == 2
    assert all(re.fullmatch(r"::(error|warning) title=[^:,]*::.*", line) for line in lines)
    assert json.loads(sarif(result, "v.json"))["runs"][0]["results"][0]["level"] == "error"
    shown = markdown(result)
    assert "<script" not in shown
    assert not re.search(r"<b", shown)
    assert "@everyone" not in shown
    assert not re.search(r"[\x00-\x08\x1b\u202e]", shown)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_answers_stay_in_code(text: str) -> None:
    result = a_result([a_verdict("mine", ["fail", "pass", "pass", "pass"])])
    shown = worst_answers(result, {("base", "p1"): "fine", ("mine", "p1"): text})
    [line] = [line for line in shown.splitlines() if line.startswith("- ")]
    fence = re.search(r"mine (`+)", line)
    assert fence is not None
    assert line.endswith(fence.group(1))
    inside = line[fence.end() : -len(fence.group(1))]
    assert fence.group(1) not in inside


def test_a_comment_over_the_limit_is_cut_at_a_line_and_says_so() -> None:
    result = a_result([a_verdict(f"arm{i}", ["fail"] * 4) for i in range(400)])
    shown = markdown(result)
    assert len(shown.encode()) <= 65_536
    assert "Cut at 65,536 characters" in shown


def test_annotations_beyond_what_github_shows_are_counted_in_the_last_one() -> None:
    lines = commands(a_result([a_verdict(f"arm{i}", ["fail"] * 4) for i in range(10)])).splitlines()
    assert len(lines) == MOST_ANNOTATIONS
    assert "31 more checks" in lines[-1]


def test_the_summary_of_a_step_is_appended_to_the_file_github_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    assert write_summary("nothing") is None
    file = tmp_path / "summary.md"
    file.write_text("before\n", encoding="utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(file))
    write_summary("after\n")
    assert file.read_text(encoding="utf-8") == "before\nafter\n"


def test_sarif_points_at_the_verdict_and_counts_those_left_out() -> None:
    held = a_verdict("mine", ["fail", "pass", "pass", "pass"])
    log = json.loads(sarif(a_result([held] * (MOST_RESULTS + 2)), "runs\\mine\\verdict.json"))
    [run] = log["runs"]
    assert (len(run["results"]), run["properties"]["results"]) == (MOST_RESULTS, MOST_RESULTS + 2)
    place = run["results"][4]["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("runs/mine/verdict.json", 1)


def test_a_model_card_holds_every_number_with_its_interval() -> None:
    context = EvaluationContext(
        base="b", quantization="none", fingerprint={}, template="", template_sha256="", training_data=None,
        max_new_tokens=24, probes={"facts-ja": 40}, dropped_probes=(), arms=(),
    )  # fmt: skip
    result = a_result([a_verdict("mine", ["fail", "pass", "pass", "info"])])
    text = card_section(result, context, "mine", "my-model")
    front = yaml.safe_load(text.split("---")[1])
    assert front == model_index(result, context, "mine", "my-model")
    metrics = front["model-index"][0]["results"][0]["metrics"]
    assert [metric["type"] for metric in metrics] == [f"loracheck_{check}" for check in CHECKS]
    assert (metrics[0]["value"], metrics[0]["n"]) == (-0.4, 40)
    assert "mine: HOLD" in text


def test_the_card_counts_what_failed_and_what_is_open_and_calls_nothing_waived_open() -> None:
    mixed = card(a_verdict("mine", ["fail", "inconclusive", "pass", "waived"]))
    assert str(mixed["passed"].en) == "1 of 4 required checks passed, 1 failed, 1 open"
    assert (
        str(card(a_verdict("mine", ["pass", "waived"] * 2))["passed"].en) == "2 of 4 required checks passed"
    )
