"""A verdict in the format of another tool."""

from __future__ import annotations

from pathlib import Path

from loracheck import jsonl
from loracheck.evaluated import COMPLETIONS, CONTEXT, VERDICT
from loracheck.records import BASE_ARM, Completion, EvaluationContext, EvaluationResult, UiLanguage

from .github import SUMMARY_LIMIT, commands, write_summary
from .junit import junit
from .markdown import COMMENT_LIMIT, markdown, worst_answers
from .modelindex import card_section
from .sarif import sarif


def formatted(form: str, result: EvaluationResult, run: Path, language: UiLanguage = "en") -> str:
    """Return the verdicts of an eval run as "junit", "github", "markdown", "sarif" or "model-card".

    Under GitHub Actions "github" appends the Markdown to the summary of the step as well.
    """
    if form == "junit":
        return junit(result, language)
    if form == "sarif":
        return sarif(result, (run / VERDICT).as_posix(), language)
    if form == "model-card":
        context = jsonl.read_one(run / CONTEXT, EvaluationContext)
        return "\n".join(
            card_section(result, context, verdict.adapter, verdict.adapter, language)
            for verdict in result.verdicts
        )
    answers = _answers(result, run)
    if form == "github":
        write_summary(_with_answers(result, answers, SUMMARY_LIMIT, language))
        return commands(result, language)
    return _with_answers(result, answers, COMMENT_LIMIT, language)


def _with_answers(
    result: EvaluationResult, answers: dict[tuple[str, str], str], limit: int, language: UiLanguage
) -> str:
    """Return the Markdown with the worst answers below it where there is room for them."""
    text, below = markdown(result, limit, language), worst_answers(result, answers, language)
    whole = f"{text}\n{below}\n" if below else text
    return whole if len(whole.encode()) <= limit else text


def _answers(result: EvaluationResult, run: Path) -> dict[tuple[str, str], str]:
    """Read the answers that the deciding checks name."""
    wanted = {
        probe for verdict in result.verdicts for finding in verdict.findings for probe in finding.evidence
    }
    arms = {BASE_ARM, *(verdict.adapter for verdict in result.verdicts)}
    return {
        (answer.arm, answer.probe_id): answer.text
        for answer in jsonl.read(run / COMPLETIONS, Completion)
        if answer.probe_id in wanted and answer.arm in arms
    }
