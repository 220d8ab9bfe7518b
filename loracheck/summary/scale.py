"""What `scale` prints when it is through: a line for every strength, and the largest safe one."""

from __future__ import annotations

import click

from loracheck.records.training import ScalePoint, ScaleSummary
from loracheck.summary.train import in_percent, unsafe_words
from loracheck.terminal import either, language, padded, visible
from loracheck.words import Pair

_HEAD: tuple[Pair, ...] = (
    {"en": "persona learnt", "ja": "ペルソナの習得"},
    {"en": "facts kept", "ja": "事実の保持"},
    {"en": "change of facts", "ja": "事実の増減"},
    {"en": "leakage", "ja": "口調の漏れ"},
    {"en": "name", "ja": "名前での回答"},
)


def print_scale(name: str, summary: ScaleSummary) -> None:
    """Print a table over the strengths, what is safe, and what was written."""
    adapter, base, count = visible(summary.adapter), visible(summary.base), len(summary.points)
    click.echo(
        either(
            f"{adapter} on {base} at {count} strengths, {summary.seconds:.0f} s",
            f"{base}上の{adapter}、強さ{count}通り、{summary.seconds:.0f}秒",
        )
    )
    heads = "".join(padded(head[language()], 23, right=True) for head in _HEAD)
    loss = padded(either("held-out loss", "取り置き損失"), 15, right=True)
    click.echo(f"  {padded(either('strength', '強さ'), 8)}{heads}{loss}")
    for point in summary.points:
        click.echo(_line(point))
    questions = summary.points[0].reading.facts_kept.n
    click.echo(
        either(
            f"  shares with 95% intervals; {questions} factual questions",
            f"  割合と95%区間。事実を問う質問{questions}件",
        )
    )
    click.echo(f"\n{_verdict(summary)}")
    if summary.written and summary.written_scale is not None:
        scale = f"{summary.written_scale:g}"
        label = either(f"adapter at strength {scale}", f"強さ{scale}のアダプター")
        click.echo(f"{label}: {visible(name)}/{summary.written}")


def _line(point: ScalePoint) -> str:
    reading = point.reading
    shown = (
        reading.persona_learnt,
        reading.facts_kept,
        reading.facts_change,
        reading.leakage,
        reading.name_rate,
    )
    loss = "-" if point.heldout_loss is None else f"{point.heldout_loss:.3f}"
    line = f"  {point.scale:<8g}" + "".join(f"{in_percent(value):>23}" for value in shown) + f"{loss:>15}"
    return line + ("" if reading.safe else f"  {unsafe_words(reading)}")


def _verdict(summary: ScaleSummary) -> str:
    safe = summary.largest_safe
    if safe is None:
        least = f"{summary.points[0].scale:g}"
        return either(f"not even strength {least} is safe", f"強さ{least}でも安全ではありません")
    if safe == 0:
        return either(
            "no strength above 0, which is the base, is safe",
            "0(ベースそのもの)を超える強さは、どれも安全ではありません",
        )
    if all(point.reading.safe for point in summary.points):
        return either(
            f"every measured strength up to {safe:g} is safe", f"測定した強さは{safe:g}まですべて安全です"
        )
    return either(f"largest safe strength: {safe:g}", f"安全な最大の強さ: {safe:g}")
