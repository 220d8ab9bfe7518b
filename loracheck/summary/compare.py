"""What `compare` prints: which arm to prefer, differences beside their seed noise, or what flipped between two days."""

from __future__ import annotations

import click

from loracheck.records.comparison import (
    ArmMean,
    Repetition,
    RunComparison,
    SeededDifference,
    SettingChange,
    Side,
)
from loracheck.terminal import either, language, padded, visible
from loracheck.words.comparison import (
    SETTING_PARTS,
    conclusion,
    label_text,
    measure_name,
    method_name,
    remarks,
    standing_word,
)
from loracheck.words.findings import check_name, number, status_word

SHOWN = 5
SETTINGS_SHOWN = 12


def print_comparison(found: RunComparison) -> None:
    """Print everything that was compared."""
    click.secho(visible(conclusion(found, language())), bold=True)
    for remark in remarks(found, language()):
        click.echo(visible(remark))
    if found.repetition:
        _print_repetition(found.repetition)
        _print_settings(found.settings)
        return
    for side in found.sides:
        _print_side(side)
    first, second = len(found.first), len(found.second)
    click.echo(
        either(
            f"\nsecond arm minus first, {first} and {second} trainings, on the same items; more is better in every "
            "line",
            f"\n2番目から1番目を引いた差(学習{first}回と{second}回、同じ問題)。どの行も大きいほど良い値です",
        )
    )
    for difference in found.differences:
        _print_difference(difference)
    _print_settings(found.settings)


def _print_side(side: Side) -> None:
    words = [standing_word(verdict.status, language()) for verdict in side.verdicts]
    counts = ", ".join(
        either(f"{words.count(word)} {word}", f"{word}{words.count(word)}件") for word in dict.fromkeys(words)
    )
    shown = counts if len(words) > 1 else words[0]
    checks = sorted(
        {check for verdict in side.verdicts if verdict.status != "ship" for check in verdict.deciding}
    )
    named = (either(check_name(check).lower(), check_name(check, "ja")) for check in checks)
    why = f"  ({', '.join(named)})" if checks else ""
    click.echo(f"  {visible(side.label)}: {shown}{why}")


def _print_settings(settings: tuple[SettingChange, ...]) -> None:
    if not settings:
        return
    click.echo(either("\nsettings that differ between the runs:", "\n実行の間で異なる設定:"))
    for one in settings[:SETTINGS_SHOWN]:
        before, after = (visible(value or "-")[:60] for value in (one.before, one.after))
        part = padded(SETTING_PARTS[one.part][language()], 15)
        click.echo(f"  {part} {visible(one.name)}: {before} -> {after}")
    if len(settings) > SETTINGS_SHOWN:
        more = len(settings) - SETTINGS_SHOWN
        click.echo(either(f"  and {more} more", f"  ほか{more}件"))


def _print_difference(one: SeededDifference) -> None:
    shown = language()
    click.echo(f"\n{measure_name(one.check, one.measure, shown)}: {label_text(one.label, shown)}")
    click.echo(f"  {_mean(one.first)}; {_mean(one.second)}{_limit(one)}")
    p = "" if one.p is None else either(f", p {one.p:.3f} before Holm", f"、Holm補正前のp {one.p:.3f}")
    method = method_name(one.estimate.method, shown)
    click.echo(f"  {either('difference', '差')} {number(one.estimate, shown)} ({method}{p})")
    won, lost = len(one.won), len(one.lost)
    click.echo(
        either(
            f"  won {won}, lost {lost}, unchanged {one.unchanged}",
            f"  増{won}、減{lost}、変化なし{one.unchanged}",
        )
    )
    for what, ids in ((either("won", "増"), one.won), (either("lost", "減"), one.lost)):
        if ids:
            click.echo(
                f"  {what}: {', '.join(visible(i) for i in ids[:SHOWN])}{', ...' if len(ids) > SHOWN else ''}"
            )


def _mean(arm: ArmMean) -> str:
    name, spread = f"{visible(arm.name)} {arm.share:.1%}", f"{100 * (arm.seed_sd or 0):.1f}"
    known = arm.seed_sd is not None
    noise = f"seed SD {spread} points" if known else "seed SD unknown"
    japanese = f"シード間の標準偏差{spread}ポイント" if known else "シード間の標準偏差は不明"
    return either(
        f"{name} over {arm.seeds} seed{'s' if arm.seeds > 1 else ''} ({noise})",
        f"{name}(シード{arm.seeds}個、{japanese})",
    )


def _limit(one: SeededDifference) -> str:
    base = "" if one.base is None else f"; {either('base', 'ベース')} {one.base:.1%}"
    return base if one.limit is None else f"{base}, {either('limit', '限度')} {one.limit:.1%}"


def _print_repetition(found: Repetition) -> None:
    shown = language()
    changed, every = f"{found.answers_changed:,}", f"{found.answers:,}"
    of_base, base = f"{found.base_answers_changed:,}", f"{found.base_answers:,}"
    click.echo(
        either(
            f"the same adapters in both runs: {changed} of {every} answers differ in their text"
            + (f", of the base {of_base} of {base}" if found.base_answers else ""),
            f"両方の実行に同じアダプター: 回答{every}件中{changed}件の文章が異なります"
            + (f"(ベースは{base}件中{of_base}件)" if found.base_answers else ""),
        )
    )
    for pair in found.verdicts:
        before, after = standing_word(pair.before, shown), standing_word(pair.after, shown)
        same = pair.before == pair.after
        change = either("as before", "変化なし") if same else either(f"was {before}", f"以前は{before}")
        click.echo(f"\n{visible(pair.adapter)}: {after}, {change}")
        for rule in (flip for flip in found.rules if flip.adapter == pair.adapter):
            name = padded(check_name(rule.check, shown), 25)
            then, now = _status(rule.before), _status(rule.after)
            click.echo(f"  {name} {then} ({rule.reason_before or '-'}) -> {now} ({rule.reason_after or '-'})")
        flips = [flip for flip in found.examples if flip.adapter == pair.adapter]
        for check, measure in dict.fromkeys((flip.check, flip.measure) for flip in flips):
            alike = [flip for flip in flips if (flip.check, flip.measure) == (check, measure)]
            ids = ", ".join(f"{visible(f.probe_id)} {'+' if f.after else '-'}" for f in alike[:SHOWN])
            more = ", ..." if len(alike) > SHOWN else ""
            flipped = either(f"{len(alike)} flipped", f"{len(alike)}件が反転")
            click.echo(f"  {measure_name(check, measure, shown)}: {flipped}: {ids}{more}")


def _status(status: str | None) -> str:
    return status_word(status, language()) if status else either("not measured", "測定なし")
