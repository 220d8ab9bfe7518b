"""What `inspect` and `merge` print: a stranger's names and metadata are made visible, never sent as they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from loracheck.records import UiLanguage
from loracheck.records.adapter import (
    AdapterAnatomy,
    FormComparison,
    ImageAdapter,
    IntruderSummary,
    LoadsIn,
    ModuleGroup,
    NamedSubject,
    RankUse,
    ShippedForm,
    TrainingTrace,
)
from loracheck.terminal import columns, either, language, padded, visible
from loracheck.words.anatomy import RULES, kind_name, part_name
from loracheck.words.verdict import VERDICTS

_WIDTH = 18
_MODULES: dict[UiLanguage, int] = {"en": 7, "ja": 10}
"""Columns of the number of modules, by the language of its heading."""
_SHOWN_GROUPS = 24
_WIDEST = 300


def print_anatomy(found: AdapterAnatomy) -> None:
    """Print what an adapter is made of."""
    click.secho(f"{_text(found.path)}: {_text(kind_name(found.kind, language()))}", bold=True)
    _line(either("base named", "記載のベース"), _text(found.base) or either("none", "なし"))
    ranks = "; ".join(_rank(use) for use in found.ranks[:6])
    _line(either("rank, alpha", "ランク、alpha"), ranks or either("none", "なし"))
    changed, targets = len(found.modules), _text(", ".join(found.targets[:20]))
    _line(
        either("changes", "変更対象"),
        either(f"{changed} modules: {targets}", f"{changed}モジュール: {targets}"),
    )
    held = f"{_size(found.bytes)}, {', '.join(_text(name) for name in found.dtypes)}"
    _line(
        either("holds", "内容"),
        either(
            f"{found.tensors:,} tensors, {found.parameters:,} parameters, {held}",
            f"テンソル{found.tensors:,}個、パラメーター{found.parameters:,}個、{held.replace(', ', '、')}",
        ),
    )
    _line("sha256", found.sha256)
    if others := len(found.other_tensors):
        first = _text(", ".join(found.other_tensors[:3]))
        _line(
            either("other tensors", "ほかのテンソル"),
            either(f"{others}: {first}", f"{others}個: {first}"),
        )
    if found.training:
        _print_training(found.training)
    if found.image:
        _print_image(found.image)
    for loads in found.loads:
        label = either("loads in", "対応プログラム") if loads is found.loads[0] else ""
        _line(label, _loads(loads))
    _print_groups(either("change by type", "種類別の変化"), found.by_type)
    _print_groups(either("change by layer", "層別の変化"), found.by_layer)
    if found.intruders:
        _print_intruders(found, found.intruders)
    _print_flawed(either("all zero", "すべてゼロ"), found.zero_tensors)
    _print_flawed(either("not finite", "有限でない値"), found.nonfinite_tensors)
    for notice in found.notices:
        _note(_text(notice.text))


def print_merge(out: str, form: ShippedForm) -> None:
    """Print what was merged, and how far each shipped form is from the trained one."""
    kind, base = _text(kind_name(form.kind, language())), _text(form.base)
    merged = either(
        f"{kind} merged into {base}, {form.dtype}", f"{base}に{kind}をマージしたモデル、{form.dtype}"
    )
    click.secho(f"{_text(out)}: {merged}", bold=True)
    if not form.base_verified:
        _warn(
            either(
                "nothing proves that the adapter was trained on this base",
                "このベースで学習されたアダプターである証拠がありません",
            )
        )
    _line(either("licence", "ライセンス"), _text(form.licence))
    if form.evaluation:
        seal = form.evaluation
        status = either(seal.status, VERDICTS[seal.status]["ja"])
        policy, run = _text(seal.policy), _text(seal.run_id)
        _line(
            either("verdict", "判定"),
            either(f"{status} (policy {policy}, {run})", f"{status}(ポリシー{policy}、{run})"),
        )
    _line(either("trained on", "学習時のベース"), _trained_form(form))
    for comparison in form.comparisons:
        _print_comparison(comparison, form)


def _trained_form(form: ShippedForm) -> str:
    if form.trained == "none":
        held = either("the base as it is", "元のまま")
    else:
        held = either(f"the base in {form.trained}", f"{form.trained}で保持")
    known = either(" (assumed: the adapter does not say)", "(アダプターに記載がないための仮定)")
    return (
        held
        + ("" if form.trained_known else known)
        + either(
            f"; {form.probes} probes, answers of the trained form",
            f"。比較に使ったのは、学習した形によるプローブ{form.probes}件への回答",
        )
    )


def _print_comparison(comparison: FormComparison, form: ShippedForm) -> None:
    divergence, same = comparison.divergence, comparison.same_top
    if divergence is None or same is None:
        _line(comparison.shipped, f"{either('not compared', '比較していません')}: {_text(comparison.reason)}")
        return
    mean = f"{divergence.value:.4f}"
    span = f"[{divergence.ci_low:.4f}, {divergence.ci_high:.4f}]"
    shares = f"{same.value:.1%} [{same.ci_low:.1%}, {same.ci_high:.1%}]"
    _line(
        comparison.shipped,
        either(
            f"KL {mean} nats per token {span}, at most {comparison.largest:.2f}; same top token {shares}; "
            f"n={divergence.n} probes, {comparison.tokens:,} tokens",
            f"KL情報量は1トークンあたり{mean}ナット {span}、最大{comparison.largest:.2f}。"
            f"最上位トークンの一致率は{shares}。プローブ{divergence.n}件、{comparison.tokens:,}トークン",
        ),
    )
    if comparison.above_threshold:
        advice = either("evaluate this form itself", "この形そのものを評価")
        if form.trained != "none" and form.onto == "original":
            advice += either(", or merge with --onto trained", "するか、--onto trainedを付けてマージ")
        _warn(
            either(
                f"that is above {form.threshold:g} nats: another model than the one that was trained; {advice}",
                f"{form.threshold:g}ナットを超えており、学習したものとは別のモデルです。{advice}してください",
            )
        )


def _print_image(image: ImageAdapter) -> None:
    _line(either("written by", "作成ツール"), _text(image.trainer))
    parts = []
    for part in image.parts:
        name = _text(part_name(part.name, language()))
        parts.append(
            either(
                f"{name} {part.modules} modules, {part.parameters:,} parameters",
                f"{name} {part.modules}モジュール、パラメーター{part.parameters:,}個",
            )
        )
    _line(either("parts", "構成部分"), "; ".join(parts))
    for key, value in image.facts.items():
        click.echo(f"    {_text(key):<32} {_text(value)}")
    if image.tags:
        tags = ", ".join(f"{_text(tag.text)} ({tag.images:,})" for tag in image.tags)
        _line(
            either("tags", "タグ"),
            either(f"the first of {image.tags_in_all:,}: {tags}", f"全{image.tags_in_all:,}個の上位: {tags}"),
        )
    if image.people:
        _line(either("may name a person", "人名の可能性"), _subjects(image.people))
    if image.fictional:
        shown = _subjects(image.fictional)
        _line(
            either("characters", "登場人物"),
            either(
                f"{shown} (of a work, by the form of the tag)",
                f"{shown} (タグの形から、作品の登場人物と推定)",
            ),
        )


def _print_groups(title: str, groups: Sequence[ModuleGroup]) -> None:
    if not any(group.measured for group in groups):
        return
    wide = columns if language() == "ja" else len
    widest = max(map(wide, (title, *(_text(group.name) for group in groups))))
    modules = padded(either("modules", "モジュール"), _MODULES[language()], right=True)
    norm = padded(either("norm", "ノルム"), 7, right=True)
    span = padded(either("of one module", "モジュール単位"), 16)
    top = padded(either("top direction", "最大の方向"), 13, right=True)
    rank = padded(either("effective rank", "実効ランク"), 14, right=True)
    click.echo(f"\n  {padded(title, widest)}  {modules}  {norm}  {span} {top}  {rank}")
    for group in groups[:_SHOWN_GROUPS]:
        name, count = _text(group.name), f"{group.modules:{_MODULES[language()]},}"
        click.echo(f"  {name}{' ' * (widest - wide(name))}  {count}  {_measures(group)}")
    if (more := len(groups) - _SHOWN_GROUPS) > 0:
        click.echo(either(f"  and {more} more; --json has them all", f"  ほか{more}件。--jsonですべて表示"))


def _measures(group: ModuleGroup) -> str:
    if group.norm is None or group.mean_top_share is None or group.mean_effective_rank is None:
        return either("not computed", "計算していません")
    low, high = f"{group.norm_low:.3g}", f"{group.norm_high:.3g}"
    span = padded(either(f"{low} to {high}", f"{low}〜{high}"), 16)
    unmeasured = ""
    if group.measured < group.modules:
        unmeasured = either(f"  ({group.measured} measured)", f"  (測定は{group.measured}個)")
    return f"{group.norm:7.3g}  {span} {group.mean_top_share:13.0%}  {group.mean_effective_rank:14.1f}{unmeasured}"


def _print_intruders(found: AdapterAnatomy, summary: IntruderSummary) -> None:
    base, whole = _text(summary.base), summary.checked == summary.eligible
    click.echo(
        either(
            f"\n  intruder directions against {base}: {summary.found} of {summary.directions} "
            f"(cosine below {summary.limit:g}), in {summary.modules_with} modules; looked at {summary.checked} of "
            f"{summary.eligible} modules{'' if whole else ', spread evenly over types and layers'}",
            f"\n  {base}に対する侵入方向: {summary.directions}方向中{summary.found}方向"
            f"(コサイン{summary.limit:g}未満)、{summary.modules_with}モジュール。"
            f"調べたのは{summary.eligible}モジュール中{summary.checked}モジュール"
            f"{'' if whole else '(種類と層から均等に選択)'}",
        )
    )
    worst = sorted(
        (module for module in found.modules if module.intruder and module.intruder.intruders),
        key=lambda module: module.intruder.lowest if module.intruder else 1.0,
    )
    for module in worst[:5]:
        if reading := module.intruder:
            places = ", ".join(str(place) for place in reading.intruders)
            lowest, change = f"{reading.lowest:.2f}", f"{reading.relative_norm:.1%}"
            told = either(
                f"singular vectors {places}; lowest cosine {lowest}, change {change} of the weight",
                f"特異ベクトル{places}、最小のコサイン{lowest}、変化は重みの{change}",
            )
            click.echo(f"    {_text(module.name)}: {told}")
    for reason, count in summary.skipped.items():
        skipped = either(f"{count} modules not looked at", f"{count}モジュールは調査対象外")
        click.echo(f"    {skipped}: {_text(reason)}")


def _print_flawed(what: str, names: Sequence[str]) -> None:
    if names:
        _line(what, ", ".join(_text(name) for name in names[:5]) + _more(len(names) - 5))


def _rank(use: RankUse) -> str:
    unknown = either("unknown", "不明")
    rank = unknown if use.rank is None else str(use.rank)
    alpha = unknown if use.alpha is None else f"{use.alpha:g}"
    scale = "" if use.scale is None else either(f", scale {use.scale:.4g}", f"、倍率{use.scale:.4g}")
    return either(
        f"{rank}, {alpha}{scale} ({use.modules} modules)",
        f"{rank}、{alpha}{scale}({use.modules}モジュール)",
    )


def _print_training(trace: TrainingTrace) -> None:
    if trace.files:
        files = ", ".join(_text(file) for file in trace.files)
        parts = either("; ", "、").join(_trace_parts(trace))
        parts = parts or either("by a program that is not named", "学習ツールの記載なし")
        _line(either("trained", "学習"), f"{parts} ({files})")
    if trace.data:
        template = ""
        if trace.template:
            template = either(", template ", "、テンプレート") + _text(trace.template)
        _line(either("training data", "学習データ"), f"{_text(', '.join(trace.data[:5]))}{template}")
    if trace.best_checkpoint:
        best = _text(trace.best_checkpoint)
        _note(
            either(
                f"{best} has a lower held-out loss: evaluate it, too",
                f"{best}のほうが、取り置き行の損失が小さくなっています。こちらも評価してください",
            )
        )
    for note in trace.notes:
        _note(_text(note))


def _trace_parts(trace: TrainingTrace) -> Iterator[str]:
    if trace.tool:
        tool = _text(trace.tool)
        yield either(f"with {tool}", f"ツールは{tool}")
    if trace.base:
        base, kind = _text(trace.base), trace.quantization
        held = {
            "": "",
            "none": either(", held as it is", "(元のまま)"),
            "other": either(", quantised", "(量子化)"),
        }
        how = held.get(kind, either(f", held in {kind}", f"({kind}で保持)"))
        yield either(f"on {base}{how}", f"ベースは{base}{how}")
    if trace.steps is not None:
        epochs = ""
        if trace.epochs is not None:
            epochs = either(f", {trace.epochs:.2g} epochs", f"({trace.epochs:.2g}エポック)")
        yield either(f"{trace.steps:,} steps", f"{trace.steps:,}ステップ") + epochs
    if trace.loss_first is not None and trace.loss_last is not None:
        yield f"{either('loss ', '損失')}{trace.loss_first:.3f} -> {trace.loss_last:.3f}"
    if trace.heldout_loss_last is not None:
        least = trace.heldout_loss_least
        lower = ""
        if least is not None and least < trace.heldout_loss_last:
            lower = either(f", {least:.3f} at its least", f"(最小は{least:.3f})")
        yield f"{either('held-out ', '取り置き行の損失')}{trace.heldout_loss_last:.3f}{lower}"
    if trace.learning_rate is not None:
        yield f"{either('learning rate up to ', '学習率は最大')}{trace.learning_rate:g}"


def _loads(loads: LoadsIn) -> str:
    reason = _text(loads.reason)
    if not loads.loads:
        return either(f"not {loads.program}: {reason}", f"{loads.program}: 非対応。{reason}")
    how = f" ({_text(loads.options)})" if loads.options else ""
    return either(
        f"{loads.program}{how}" + (f"; {reason}" if reason else ""),
        f"{loads.program}: 対応{how}" + (f"。{reason}" if reason else ""),
    )


def _subjects(subjects: Sequence[NamedSubject]) -> str:
    shown = [
        f"{_text(one.text)}"
        + ("" if one.images is None else f" ({one.images:,})")
        + f" [{RULES[one.rule][language()]}]"
        for one in subjects[:10]
    ]
    return ", ".join(shown) + _more(len(subjects) - 10)


def _more(count: int) -> str:
    return either(f" and {count} more", f"、ほか{count}件") if count > 0 else ""


def _size(count: int) -> str:
    for unit, scale in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= scale:
            return f"{count / scale:.1f} {unit}"
    return either(f"{count} bytes", f"{count}バイト")


def _line(label: str, text: str) -> None:
    click.echo(f"  {padded(label, _WIDTH)} {text}")


def _note(text: str) -> None:
    click.secho(f"  {either('note', '注意')}: {text}", fg="yellow")


def _warn(text: str) -> None:
    click.secho(f"  {either('warning', '警告')}: {text}", fg="yellow")


def _text(text: str) -> str:
    shown = visible(text[:_WIDEST])
    return shown + ("…" if len(text) > _WIDEST else "")
