"""What a finished stage prints on the terminal: short tables, with untrusted text made visible."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

import click

from loracheck.records import (
    BASE_ARM,
    Completion,
    Estimate,
    EvaluationResult,
    Finding,
    Probe,
    UiLanguage,
    Verdict,
)
from loracheck.records.curation import (
    ClassifierSummary,
    CurationPlan,
    CurationSummary,
    Explained,
    JudgeSummary,
)
from loracheck.terminal import columns, either, language, padded, visible, wrapped
from loracheck.words import answers, rows
from loracheck.words.decisions import explain as explain_decision
from loracheck.words.decisions import reason_name, unsaid
from loracheck.words.findings import (
    check_name,
    compared,
    explain,
    false_alarms,
    remarks,
    status_word,
    verdict_word,
)
from loracheck.words.plans import in_japanese

_COLOURS = {"ship": "green", "hold": "red", "inconclusive": "yellow"}
_MARKS = {"fail": "FAIL", "inconclusive": "open"}
"""Where a list in English marks a status by another word."""
_UNTAUGHT: dict[str, str] = {
    "too_few_rows": "行の不足",
    "constant_scores": "点数がすべて同じ",
    "missing_language": "審査した行の足りない言語がある",
}


def print_curation(summary: CurationSummary) -> None:
    """Print how many rows ended where, the reasons, and what was found on the way."""
    more = summary.quarantined
    click.echo(
        either(
            f"{summary.read:,} rows read: {summary.kept:,} kept, {summary.heldout:,} held out, "
            f"{summary.dropped:,} dropped" + (f", {more:,} quarantined" if more else ""),
            f"{summary.read:,}行を読み込み、{summary.kept:,}行を採用、{summary.heldout:,}行を評価用に取り置き、"
            f"{summary.dropped:,}行を除外" + (f"、{more:,}行を隔離" if more else ""),
        )
    )
    for step in summary.steps:
        name = reason_name(step.reason, language())
        click.echo(f"  {step.rows:8,}  {step.reason}  ({step.stage}: {name})")
    if summary.masked:
        told = either("rows with personal data, not dropped for it", "個人情報のある行(除外ではありません)")
        click.echo(f"  {summary.masked:8,}  {told}")
    if summary.judge:
        print_judge(summary.judge)
    if summary.classifier:
        print_classifier(summary.classifier)
    if summary.groups:
        found = ", ".join(f"{n:,} {kind.replace('_', ' ')}" for kind, n in summary.groups.items())
        japanese = "、".join(f"{_group(kind)}{n:,}件" for kind, n in summary.groups.items())
        click.echo(either(f"groups to look at: {found}", f"確認したいまとまり: {japanese}"))


def _group(kind: str) -> str:
    """Return the Japanese name of a kind of groups, or its code where a newer writer knows more."""
    return rows.GROUPS[kind]["ja"] if kind in rows.GROUPS else kind


def _marker(kind: str) -> str:
    return answers.MARKERS[kind]["ja"] if kind in answers.MARKERS else kind


def print_judge(judge: JudgeSummary) -> None:
    """Print what the judge answered and what it took."""
    shown = language()
    states = ", ".join(
        f"{rows.JUDGE_STATES[state][shown]} {count:,}" if shown == "ja" else f"{count:,} {state}"
        for state, count in judge.states.items()
        if count
    )
    tokens = judge.prompt_tokens + judge.completion_tokens
    click.echo(
        either(
            f"judge {visible(judge.model)}: {judge.rows:,} rows, answers: {states}; {judge.requests:,} requests, "
            f"{judge.cached:,} from the cache, {tokens:,} tokens; "
            f"{judge.canaries_right} of {judge.canaries} rows of known score taken rightly",
            f"審査モデル {visible(judge.model)}: {judge.rows:,}行、回答: {states}。要求{judge.requests:,}件、"
            f"キャッシュ{judge.cached:,}件、{tokens:,}トークン。"
            f"点数の分かっている{judge.canaries}行中{judge.canaries_right}行を正しく採点",
        )
    )
    if judge.length_correlation is not None:
        said = either(
            "rank correlation of its scores with the length of the reply", "点数と応答の長さの順位相関"
        )
        click.echo(f"  {said}: {judge.length_correlation:+.2f}")


def print_classifier(found: ClassifierSummary) -> None:
    """Print whether the judge's scores could be carried over to the other rows."""
    if found.agreement is None or found.gain is None:
        click.echo(
            either(
                f"classifier: learnt nothing from {found.labels:,} judged rows ({found.reason})",
                f"分類器: 審査済みの{found.labels:,}行からは学べませんでした"
                f"({_UNTAUGHT.get(found.reason, found.reason)})",
            )
        )
        return
    agreement, gain = _interval(found.agreement), _interval(found.gain)
    click.echo(
        either(
            f"classifier on {found.labels:,} judged rows: rank correlation {agreement} out of fold, "
            f"lead over length alone {gain}: "
            + ("it may drop rows" if found.may_drop else "no better than length, so it drops nothing"),
            f"審査済み{found.labels:,}行による分類器: 順位相関{agreement}(交差検証)、長さだけに対する上積み{gain}。"
            + ("行の除外に使えます" if found.may_drop else "長さと変わらないため、除外には使いません"),
        )
    )


def _interval(estimate: Estimate) -> str:
    return f"{estimate.value:+.2f} [{estimate.ci_low:+.2f}, {estimate.ci_high:+.2f}]"


def print_explanation(found: Explained, shown: UiLanguage) -> None:
    """Print everything a run says about one row."""
    decision = found.decision
    outcome = rows.OUTCOMES[decision.outcome][shown]
    click.secho(f"{visible(decision.example_id)}: {outcome}", bold=True, nl=False)
    click.echo(f"  ({decision.stage}: {reason_name(decision.reason, shown)})")
    click.echo(f"  {visible(explain_decision(decision, shown))}")
    for name, value in unsaid(decision).items():
        shown_value = f"{value:.3g}" if isinstance(value, float) else str(value)
        click.echo(f"  {name:<20} {visible(shown_value)}")
    for score in decision.scores:
        value = score.state if score.value is None else f"{score.value:g}"
        click.echo(f"  {score.name:<20} {value}  {visible(score.explanation)}")
    if found.example:
        source = found.example.source
        line = f"{source.line}行目" if shown == "ja" else f"line {source.line}"
        click.echo(f"  {visible(source.file)}, {line}")
        for message in found.example.messages:
            click.echo(f"    {message.role}: {visible(message.content)}")
    elif found.raw:
        click.echo(f"    {visible(found.raw)}")
    japanese = shown == "ja"
    if found.related:
        other, reply = visible(found.related.id), visible(found.related.reply)[:200]
        click.echo(f"  {other}を残しました: {reply}" if japanese else f"  it gave way to {other}: {reply}")
    for decided in found.stands_for:
        other, why = visible(decided.example_id), reason_name(decided.reason, shown)
        click.echo(
            f"  {other}の代わりに残りました({why})" if japanese else f"  {other} gave way to it ({why})"
        )
    for group in found.groups:
        text = visible(group.shared)[:120]
        kind = _group(group.kind) if japanese else group.kind.replace("_", " ")
        click.echo(
            f"  {kind}({group.size:,}行): {text}" if japanese else f"  {kind} of {group.size:,} rows: {text}"
        )


def print_plan(plan: CurationPlan) -> None:
    """Print what a curation would read, ask and cost."""
    click.echo(
        either(
            f"{plan.rows:,} rows read, about {plan.tokens:,} tokens ({plan.tokens_from})",
            f"{plan.rows:,}行を読み込み、約{plan.tokens:,}トークン({in_japanese(plan.tokens_from)})",
        )
    )
    click.echo(
        either(
            f"{plan.passing:,} would pass the checks on single rows and the removal of duplicates",
            f"{plan.passing:,}行が、行ごとのフィルターと重複の除去を通過する見込み",
        )
    )
    for name, count in plan.reasons.items():
        click.echo(f"  {count:8,}  {name}  ({reason_name(name, language())})")
    click.echo(
        either(
            "not foreseen: flood, scores, selection and the loss alarm, which see the rows together",
            "見積もりに含まないもの: 同じ内容の過多、採点、選択、除外過多の警報(全行をまとめて見るため)",
        )
    )
    if plan.judge:
        judge = plan.judge
        cost = "" if judge.cost is None else f"{judge.cost:,.2f}"
        click.echo(
            either(
                f"the judge would see {judge.rows:,} rows in {judge.requests:,} requests: about "
                f"{judge.prompt_tokens:,} tokens in and {judge.completion_tokens:,} out"
                + (f", about {cost} at the prices given" if cost else ""),
                f"審査モデルは{judge.rows:,}行を{judge.requests:,}件の要求で審査: "
                f"入力約{judge.prompt_tokens:,}、出力約{judge.completion_tokens:,}トークン"
                + (f"、指定の単価で約{cost}" if cost else ""),
            )
        )
    click.echo(
        either(
            f"time so far {plan.seconds:.1f} s; {plan.time_note}",
            f"ここまで{plan.seconds:.1f}秒。{in_japanese(plan.time_note)}",
        )
    )


def print_result(result: EvaluationResult, *, verbose: bool = True) -> None:
    """Print every verdict with its findings, and the comparisons of adapters."""
    if result.markers:
        found = ", ".join(
            f"{visible(marker.text)} ({either(marker.kind, _marker(marker.kind))}, {marker.coverage:.0%})"
            for marker in result.markers
        )
        click.echo(f"{either('style of the training data', '学習データの口調')}: {found}")
    if result.outcomes.get(BASE_ARM):
        _print_outcomes(result)
    for verdict in result.verdicts:
        _print_verdict(verdict, verbose=verbose)
    for comparison in result.comparisons:
        click.echo(visible(compared(comparison, language())))
    if result.false_alarms:
        overall, *checks = false_alarms(result.false_alarms, language())
        click.echo(f"\n{overall}")
        for said in checks:
            click.echo(f"  {said}")


def print_answers(
    probes: Sequence[Probe], completions: dict[tuple[str, str], Completion], arms: Sequence[str]
) -> None:
    """Print what every arm answered to some probes."""
    width = max(columns(visible(arm)) for arm in arms)
    for probe in probes:
        click.echo(f"\n{visible(probe.prompt)}")
        for arm in arms:
            text = completions[arm, probe.id].text.replace("\n", " / ")
            click.echo(f"  {padded(visible(arm), width)}  {visible(text)[:100]}")


def _print_outcomes(result: EvaluationResult) -> None:
    shown = language()
    head = either("answers to factual questions", "事実を問う質問への回答")
    width = max(columns(text) for text in (head, *(label[shown] for label in answers.OUTCOMES.values())))
    arms = "".join(padded(visible(arm), 12, right=True) for arm in result.arms)
    click.echo(f"\n{padded(head, width + 2)}{arms}")
    for outcome, label in answers.OUTCOMES.items():
        counts = [sum(value == outcome for value in result.outcomes[arm].values()) for arm in result.arms]
        if any(counts):
            click.echo(f"  {padded(label[shown], width)}" + "".join(f"{count:>12}" for count in counts))


def _print_verdict(verdict: Verdict, *, verbose: bool) -> None:
    colour = _COLOURS[verdict.status]
    click.echo()
    word = verdict_word(verdict, language())
    click.secho(f"{visible(verdict.adapter)}: {word}", fg=colour, bold=True, nl=False)
    policy = visible(verdict.policy)
    click.echo(f"  ({either(f'policy {policy}, ', f'ポリシー{policy}、')}{_deciding(verdict)})")
    for remark in remarks(verdict, language()):
        click.echo(f"  {visible(remark)}")
    for finding in verdict.findings:
        if verbose or finding.check in verdict.deciding:
            _print_finding(finding)


def _print_finding(finding: Finding) -> None:
    shown = language()
    word = status_word(finding.status, shown)
    head = f"  {padded(_MARKS.get(word, word), 6)} {padded(check_name(finding.check, shown), 25)} "
    width = max(80, shutil.get_terminal_size((120, 24)).columns)
    text = wrapped(visible(explain(finding, shown)), width - columns(head))
    click.echo(head + f"\n{'':<{columns(head)}}".join(text))


def _deciding(verdict: Verdict) -> str:
    if language() == "ja":
        names = "、".join(check_name(check, "ja") for check in verdict.deciding)
        every = f"{names}を除く必須の検査がすべて合格" if verdict.waived else "必須の検査がすべて合格"
        return {"ship": every, "hold": f"不合格: {names}"}.get(verdict.status, f"保留: {names}")
    names = ", ".join(check_name(check).lower() for check in verdict.deciding)
    every = (
        f"every required check but for {names} passes" if verdict.waived else "every required check passes"
    )
    return {"ship": every, "hold": f"failed: {names}"}.get(verdict.status, f"open: {names}")
