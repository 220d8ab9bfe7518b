"""What `train` prints when it is through: one run, or the table of a sweep."""

from __future__ import annotations

import click

from loracheck.records import Estimate
from loracheck.records.training import Plan, SweepSummary, TrainingSummary, WatchReading
from loracheck.terminal import columns, either, language, padded, visible
from loracheck.words import Pair
from loracheck.words.findings import interval

UNSAFE: dict[str, Pair] = {
    "facts": {"en": "facts were lost", "ja": "事実の喪失"},
    "name": {"en": "questions were answered with the persona's name", "ja": "質問にペルソナの名前で回答"},
    "leakage": {"en": "the style showed outside its domain", "ja": "領域外での口調の漏れ"},
}
_KEPT: dict[str, Pair] = {
    "last": {"en": "last", "ja": "最後"},
    "best": {"en": "best", "ja": "取り置き行の損失が最良"},
    "safe": {"en": "safe", "ja": "安全"},
}
_STOPPED: dict[str, Pair] = {
    "early": {
        "en": "stopped early: the held-out loss got no better",
        "ja": "早期終了: 取り置き行の損失が下がらなくなりました",
    },
    "unsafe": {"en": "stopped: it became unsafe", "ja": "終了: 安全でなくなりました"},
}


def print_training(name: str, summary: TrainingSummary, *, outcome: bool = True) -> None:
    """Print what was trained on, what the loss did, which checkpoint the adapter is, and plan beside outcome."""
    loss = f"{_loss(summary.loss_first)} -> {_loss(summary.loss_last)}"
    heldout = ""
    if summary.heldout_loss_before is not None or summary.heldout_loss_after is not None:
        change = f"{_loss(summary.heldout_loss_before)} -> {_loss(summary.heldout_loss_after)}"
        heldout = either(f", held-out {change}", f"、取り置き行の損失 {change}")
    if summary.left_out:
        rows = either(
            f"{summary.rows} rows ({summary.left_out} more are held out)",
            f"{summary.rows}行(ほかの{summary.left_out}行は取り置き)",
        )
    else:
        rows = either(f"{summary.rows} rows", f"{summary.rows}行")
    click.echo(
        either(
            f"{name}: {rows}, {summary.trained_tokens:,} trained tokens in {summary.steps} steps "
            f"({summary.epochs:.1f} epochs), loss {loss}{heldout}, {summary.seconds:.0f} s",
            f"{name}: {rows}、{summary.steps}ステップで学習トークン{summary.trained_tokens:,}"
            f"({summary.epochs:.1f}エポック)、損失 {loss}{heldout}、{summary.seconds:.0f}秒",
        )
    )
    if summary.stopped != "end":
        click.echo(f"  {_STOPPED[summary.stopped][language()]}")
    if summary.watched and not summary.safe_step:
        click.echo(
            either(
                "  no checkpoint was safe: adapter/ holds one that is not. Train on fewer tokens or at a lower rate, "
                "mix in --replay rows, or look for a safe strength with loracheck scale.",
                "  安全なチェックポイントがなく、adapter/は安全ではありません。学習トークンか学習率を減らす、"
                "--replayの行を混ぜる、loracheck scaleで安全な強さを探す、のいずれかを試してください。",
            )
        )
    if summary.kept != "last" or summary.best_step or summary.safe_step:
        best, safe = summary.best_step, summary.safe_step
        kept = _KEPT[summary.kept][language()]
        marks = [either(f"last {summary.steps}", f"最後は{summary.steps}")]
        marks += [either(f"best held-out loss {best}", f"取り置き行の損失が最良なのは{best}")] if best else []
        marks += [either(f"last safe {safe}", f"最後に安全だったのは{safe}")] if safe else []
        click.echo(
            either(
                f"  adapter/ holds step {summary.kept_step} ({kept}); {', '.join(marks)}",
                f"  adapter/はステップ{summary.kept_step}({kept})。{'、'.join(marks)}",
            )
        )
    if summary.plan and outcome:
        print_outcome(summary.plan, summary)


def print_outcome(plan: Plan, summary: TrainingSummary) -> None:
    """Print prediction and outcome side by side."""
    lines: list[tuple[str, float | None, float | None, float, str]] = [
        (
            either("trainable parameters", "学習パラメーター数"),
            plan.trainable_parameters,
            summary.trainable_parameters,
            1,
            "",
        ),
        (either("adapter", "アダプター"), plan.adapter_bytes, summary.adapter_bytes, 1e6, " MB"),
        (either("peak memory", "最大メモリー"), plan.memory.peak, summary.peak_memory_bytes, 1e9, " GB"),
        (
            either("training time", "学習時間"),
            plan.seconds,
            summary.training_seconds,
            1,
            either(" s", "秒"),
        ),
    ]
    head = padded(either("plan and outcome", "計画と結果"), 22)
    planned_head, found_head = (
        padded(word, 14, right=True) for word in (either("plan", "計画"), either("outcome", "結果"))
    )
    click.echo(f"  {head}{planned_head}{found_head}")
    for label, planned, found, unit, name in lines:
        if planned is None or found is None:
            continue
        off = f"{100 * (planned - found) / found:+.0f}%" if found else ""
        digits = 0 if unit == 1 else 2
        cells = (f"{value / unit:,.{digits}f}{name}" for value in (planned, found))
        click.echo(f"  {padded(label, 22)}{''.join(padded(cell, 14, right=True) for cell in cells)}  {off}")


def print_sweep(summary: SweepSummary) -> None:
    """Print a line for every point of a sweep, those on the front marked."""
    count, base = len(summary.points), visible(summary.base)
    click.echo(
        either(
            f"{count} trainings of {base}, {summary.seconds:.0f} s",
            f"{base}の学習{count}回、{summary.seconds:.0f}秒",
        )
    )
    width = max(columns(visible(point.name)) for point in summary.points)
    head = (
        either("facts kept", "事実の保持"),
        either("persona learnt", "ペルソナの習得"),
        either("held-out loss", "取り置き損失"),
        either("parameters", "パラメーター"),
        either("tokens", "トークン"),
        either("kept step", "採用ステップ"),
    )
    wide = "".join(padded(name, 22, right=True) for name in head[:2])
    click.echo(f"  {'':<{width}}{wide}" + "".join(padded(name, 15, right=True) for name in head[2:]))
    if summary.base_reading:
        click.echo(f"  {padded(either('base', 'ベース'), width)}" + _measured(summary.base_reading))
    for point in summary.points:
        line = f"  {padded(visible(point.name), width)}" + _measured(point.reading)
        line += f"{_loss(point.heldout_loss):>15}{point.trainable_parameters:>15,}{point.trained_tokens:>15,}"
        line += f"{point.kept_step:>15}"
        unsafe = unsafe_words(point.reading) if point.reading else ""
        front = either("  front", "  最良の組") if point.on_front else ""
        click.echo(line + front + (f"  {unsafe}" if unsafe else ""))


def unsafe_words(reading: WatchReading) -> str:
    """Say why a reading is not safe, if it is not."""
    if not reading.unsafe:
        return ""
    reasons = ", ".join(UNSAFE[reason][language()] for reason in reading.unsafe)
    return f"{either('unsafe', '安全でない')}: {reasons}"


def _measured(reading: WatchReading | None) -> str:
    kept, learnt = (reading.facts_kept, reading.persona_learnt) if reading else (None, None)
    return f"{in_percent(kept):>22}{in_percent(learnt):>22}"


def in_percent(estimate: Estimate | None) -> str:
    """Return a share, or a difference with its sign, in percent with its interval; a dash where there is none."""
    found = interval(estimate) if estimate else None
    if estimate is None or estimate.value is None or found is None:
        return "-"
    sign = "+" if estimate.unit == "difference" else ""
    return f"{100 * estimate.value:{sign}.1f}% {found}"


def _loss(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
