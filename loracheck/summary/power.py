"""What `power` prints: a line for each limit, and the chance that a good adapter ships."""

from __future__ import annotations

import click

from loracheck.records import UiLanguage
from loracheck.records.power import OUTLOOKS, POWERS, LimitPower, Part, PowerForecast
from loracheck.terminal import either, language, padded
from loracheck.words.findings import check_name

QUICK = "quick"
_ENOUGH = 0.8
_SHOWN: dict[UiLanguage, dict[str, str]] = {
    "en": {"margin": "margin {:.1%}", "nats": "margin {:g} nats", "rate": "at most {:.1%}"},
    "ja": {"margin": "許容幅 {:.1%}", "nats": "許容幅 {:g}ナット", "rate": "最大 {:.1%}"},
}
_NAME_COLUMNS = 50
_PARTS: dict[Part, tuple[str, str]] = {
    "open": (", open prompts", "、自由回答"),
    "harmful": (", harmful requests", "、有害な依頼"),
    "harmless": (", harmless requests", "、無害な依頼"),
    "wordings": (", other wordings", "、言い換え"),
    "frame": (", plain frame", "、枠だけの問い"),
}


def print_forecast(found: PowerForecast) -> None:
    """Print the forecast as a table, and what would help the limit that is least likely to pass."""
    assumed = found.assumptions
    click.echo(
        either(
            f"policy {found.policy}, {found.tier}, one-sided alpha {found.alpha:g}\n"
            f"assumed of a good adapter: the base right {assumed.base_rate:.0%}, {assumed.discordant:.0%} of items "
            f"differ, by {100 * assumed.difference:+.1f} points on balance,\n{assumed.bad_rate:.1%} with a fault, "
            f"a correlation of {assumed.family_correlation:g} within families, "
            f"a spread of {assumed.nats_spread:g} nats over texts",
            f"ポリシー{found.policy}、{found.tier}、片側の有意水準{found.alpha:g}\n"
            f"良いアダプターの仮定: ベースの正答率{assumed.base_rate:.0%}、"
            f"ベースと結果が違う問題{assumed.discordant:.0%}"
            f"(差し引き{100 * assumed.difference:+.1f}ポイント)、\n不良のある回答{assumed.bad_rate:.1%}、"
            f"同じ事実の問題どうしの相関{assumed.family_correlation:g}、文章ごとのばらつき{assumed.nats_spread:g}ナット",
        )
    )
    heads = "".join(f"{f'{power:.0%}':>9}" for power in POWERS)
    head = padded(either("items needed for a power of", "検出力ごとの必要件数"), _NAME_COLUMNS)
    here, power = (
        padded(word, 9, right=True) for word in (either("here", "今回"), either("power", "検出力"))
    )
    click.echo(f"\n{head}{heads}{here}{power}")
    for limit in found.limits:
        click.echo(_line(limit))
    if found.joint_least is not None and found.joint_most is not None and found.joint_independent is not None:
        click.echo(
            either(
                f"\nall required checks pass together for such an adapter: {found.joint_independent:.1%} "
                f"if they were independent, at least {found.joint_least:.1%}, at most {found.joint_most:.1%}",
                f"\nそのようなアダプターが必須の検査すべてに合格する確率: 互いに独立なら{found.joint_independent:.1%}、"
                f"最小{found.joint_least:.1%}、最大{found.joint_most:.1%}",
            )
        )
    _print_advice(found)
    if found.untold:
        names = ", ".join(check_name(check, language()).lower() for check in found.untold)
        click.echo(either(f"not counted in that: {names}", f"この確率に含まないもの: {names}"))
    if found.partly:
        names = ", ".join(check_name(check, language()).lower() for check in found.partly)
        click.echo(either(f"counted in part: {names}", f"一部だけを含むもの: {names}"))
    if found.tier == QUICK:
        click.echo(
            either(
                "A quick run holds an adapter or leaves it open; it ships none.",
                "quickは出荷不可か判定保留しか出しません。出荷可にはなりません。",
            )
        )


def _print_advice(found: PowerForecast) -> None:
    """Name the limit that is least likely to pass, and what makes it likelier."""
    weak = [x for x in found.limits if x.required and x.items and x.power is not None and x.power < _ENOUGH]
    if not weak:
        return
    least = min(weak, key=lambda limit: limit.power or 0.0)
    wanted = least.needed[0] if least.needed else None
    if wanted is None:
        help_en, help_ja = "no number of items would do", "件数を増やしても合格しません"
    else:
        tier = "" if found.tier == "full" else either("--tier full, or ", "--tier full、または")
        help_en = (
            f"{wanted - least.items:,} items more would make it {_ENOUGH:.0%}: {tier}your own with --probes"
        )
        help_ja = f"あと{wanted - least.items:,}件で{_ENOUGH:.0%}になります: {tier}--probesで自分のプローブ"
    click.echo(
        either(
            f"the least likely to pass: {_name(least)}, {least.power:.1%}; {help_en}",
            f"最も合格しにくいのは{_name(least)}({least.power:.1%})です。{help_ja}",
        )
    )


def _name(limit: LimitPower) -> str:
    en, ja = _PARTS.get(limit.part, ("", ""))
    return f"{check_name(limit.check, language())}{either(en, ja)}"


def _line(limit: LimitPower) -> str:
    known = limit.kind is not None and limit.limit is not None
    shown = f" {_SHOWN[language()][limit.kind or ''].format(limit.limit)}" if known else ""
    info = "" if limit.required else either(" (info)", "(参考)")
    needed = "".join(f"{'-' if n is None else f'{n:,}':>9}" for n in limit.needed) or " " * 9 * len(POWERS)
    power = f"{limit.power:.1%}" if limit.power is not None else "?"
    name = padded(f"  {_name(limit)}{shown}{info}", _NAME_COLUMNS)
    return f"{name}{needed}{limit.items:>9,}{power:>9}  {OUTLOOKS[limit.outlook][language()]}"
