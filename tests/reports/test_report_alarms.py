"""The page says which waivers a verdict rests on, that limits came late, and how many false alarms they gave."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from loracheck import jsonl
from loracheck.records import EvaluationResult, FalseAlarms, Manifest, Waiver
from loracheck.reports.formats.markdown import markdown
from loracheck.reports.pipeline import write_report
from loracheck.runs import MANIFEST, file_entry
from loracheck.stats import share
from tests.packed import said_otherwise

WAIVER = Waiver(check="loops", adapter="*", owner="<b>kei</b>", reason="lists", expires="2099-01-31")


def rewritten(run: Path, result: EvaluationResult) -> str:
    """Put another result into a finished run, as if it had been made so, and return its page."""
    jsonl.write_one(run / "verdict.json", result)
    manifest = jsonl.read_one(run / MANIFEST, Manifest)
    entries = tuple(file_entry(run / e.path, run) if e.path == "verdict.json" else e for e in manifest.files)
    jsonl.write_one(run / MANIFEST, replace(manifest, files=entries))
    return write_report(run).read_text(encoding="utf-8")


def test_waivers_and_late_limits_stand_on_the_card_with_their_text_made_harmless(evaluation: Path) -> None:
    result = jsonl.read_one(evaluation / "verdict.json", EvaluationResult)
    verdicts = tuple(replace(verdict, waived=(WAIVER,), post_hoc=True) for verdict in result.verdicts)
    page = rewritten(evaluation, replace(result, verdicts=verdicts))
    assert "&lt;b&gt;kei&lt;/b&gt; answers for it: lists" in page
    assert "<b>kei</b>" not in page
    assert "Post hoc: these limits are not the ones fixed before the run" in page
    assert any("事後判定" in text for text in said_otherwise(page))


def test_false_alarms_have_a_section_of_their_own_and_none_without_harmless_adapters(
    evaluation: Path,
) -> None:
    assert "False alarms on adapters" not in write_report(evaluation).read_text(encoding="utf-8")
    result = jsonl.read_one(evaluation / "verdict.json", EvaluationResult)
    alarms = (
        FalseAlarms(check=None, rate=share("false_alarms", 1, 4)),
        FalseAlarms(check="loops", rate=share("false_alarms", 1, 4)),
    )
    page = rewritten(evaluation, replace(result, false_alarms=alarms))
    assert "False alarms on adapters trained to do no harm" in page
    assert "Of 4 adapters trained to do no harm, these limits held 1" in page
    assert any("害のない学習での誤報" in text for text in said_otherwise(page))
    assert "25.0%" in page


def test_a_comment_says_the_same(evaluation: Path) -> None:
    result = jsonl.read_one(evaluation / "verdict.json", EvaluationResult)
    verdicts = tuple(
        replace(verdict, findings=(), waived=(WAIVER,), post_hoc=True) for verdict in result.verdicts
    )
    alarms = (FalseAlarms(check=None, rate=share("false_alarms", 1, 4)),)
    said = markdown(replace(result, verdicts=verdicts, false_alarms=alarms))
    assert "Post hoc: these limits" in said
    assert "answers for it: lists" in said
    assert "these limits held 1" in said
    assert "<b>kei" not in said
