"""What `inspect` and `merge` print: a stranger's names and metadata are made visible, never sent as they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

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
from loracheck.terminal import visible

_WIDTH = 18
_SHOWN_GROUPS = 24
_WIDEST = 300


def print_anatomy(found: AdapterAnatomy) -> None:
    """Print what an adapter is made of."""
    click.secho(f"{_text(found.path)}: {_text(found.kind)}", bold=True)
    _line("base named", _text(found.base) or "none")
    _line("rank, alpha", "; ".join(_rank(use) for use in found.ranks[:6]) or "none")
    _line("changes", f"{len(found.modules)} modules: {_text(', '.join(found.targets[:20]))}")
    dtypes = ", ".join(_text(name) for name in found.dtypes)
    _line(
        "holds", f"{found.tensors:,} tensors, {found.parameters:,} parameters, {_size(found.bytes)}, {dtypes}"
    )
    _line("sha256", found.sha256)
    if found.other_tensors:
        _line("other tensors", f"{len(found.other_tensors)}: {_text(', '.join(found.other_tensors[:3]))}")
    if found.training:
        _print_training(found.training)
    if found.image:
        _print_image(found.image)
    for loads in found.loads:
        _line("loads in" if loads is found.loads[0] else "", _loads(loads))
    _print_groups("change by type", found.by_type)
    _print_groups("change by layer", found.by_layer)
    if found.intruders:
        _print_intruders(found, found.intruders)
    _print_flawed("all zero", found.zero_tensors)
    _print_flawed("not finite", found.nonfinite_tensors)
    for notice in found.notices:
        click.secho(f"  note: {_text(notice.text)}", fg="yellow")


def print_merge(out: str, form: ShippedForm) -> None:
    """Print what was merged, and how far each shipped form is from the trained one."""
    click.secho(f"{_text(out)}: {_text(form.kind)} merged into {_text(form.base)}, {form.dtype}", bold=True)
    if not form.base_verified:
        click.secho("  warning: nothing proves that the adapter was trained on this base", fg="yellow")
    _line("licence", _text(form.licence))
    if form.evaluation:
        seal = form.evaluation
        _line("verdict", f"{seal.status} (policy {_text(seal.policy)}, {_text(seal.run_id)})")
    known = "" if form.trained_known else " (assumed: the adapter does not say)"
    held = "the base as it is" if form.trained == "none" else f"the base in {form.trained}"
    _line("trained on", f"{held}{known}; {form.probes} probes, answers of the trained form")
    for comparison in form.comparisons:
        _print_comparison(comparison, form)


def _print_comparison(comparison: FormComparison, form: ShippedForm) -> None:
    divergence, same = comparison.divergence, comparison.same_top
    if divergence is None or same is None:
        _line(comparison.shipped, f"not compared: {_text(comparison.reason)}")
        return
    _line(
        comparison.shipped,
        f"KL {divergence.value:.4f} nats per token [{divergence.ci_low:.4f}, {divergence.ci_high:.4f}], at most "
        f"{comparison.largest:.2f}; same top token {same.value:.1%} [{same.ci_low:.1%}, {same.ci_high:.1%}]; "
        f"n={divergence.n} probes, {comparison.tokens:,} tokens",
    )
    if comparison.above_threshold:
        advice = "evaluate this form itself"
        if form.trained != "none" and form.onto == "original":
            advice += ", or merge with --onto trained"
        click.secho(
            f"  warning: that is above {form.threshold:g} nats: another model than the one that was trained; {advice}",
            fg="yellow",
        )


def _print_image(image: ImageAdapter) -> None:
    _line("written by", _text(image.trainer))
    parts = (
        f"{_text(part.name)} {part.modules} modules, {part.parameters:,} parameters" for part in image.parts
    )
    _line("parts", "; ".join(parts))
    for key, value in image.facts.items():
        click.echo(f"    {_text(key):<32} {_text(value)}")
    if image.tags:
        tags = ", ".join(f"{_text(tag.text)} ({tag.images:,})" for tag in image.tags)
        _line("tags", f"the first of {image.tags_in_all:,}: {tags}")
    if image.people:
        _line("may name a person", _subjects(image.people))
    if image.fictional:
        _line("characters", f"{_subjects(image.fictional)} (of a work, by the form of the tag)")


def _print_groups(title: str, groups: Sequence[ModuleGroup]) -> None:
    if not any(group.measured for group in groups):
        return
    widest = max(len(title), *(len(_text(group.name)) for group in groups))
    head = f"  {title:<{widest}}  modules     norm  of one module    top direction  effective rank"
    click.echo(f"\n{head}")
    for group in groups[:_SHOWN_GROUPS]:
        click.echo(f"  {_text(group.name):<{widest}}  {group.modules:7,}  {_measures(group)}")
    if len(groups) > _SHOWN_GROUPS:
        click.echo(f"  and {len(groups) - _SHOWN_GROUPS} more; --json has them all")


def _measures(group: ModuleGroup) -> str:
    if group.norm is None or group.mean_top_share is None or group.mean_effective_rank is None:
        return "not computed"
    span = f"{group.norm_low:.3g} to {group.norm_high:.3g}"
    unmeasured = f"  ({group.measured} measured)" if group.measured < group.modules else ""
    return f"{group.norm:7.3g}  {span:<16} {group.mean_top_share:13.0%}  {group.mean_effective_rank:14.1f}{unmeasured}"


def _print_intruders(found: AdapterAnatomy, summary: IntruderSummary) -> None:
    sample = "" if summary.checked == summary.eligible else ", spread evenly over types and layers"
    click.echo(
        f"\n  intruder directions against {_text(summary.base)}: {summary.found} of {summary.directions} "
        f"(cosine below {summary.limit:g}), in {summary.modules_with} modules; looked at {summary.checked} of "
        f"{summary.eligible} modules{sample}"
    )
    worst = sorted(
        (module for module in found.modules if module.intruder and module.intruder.intruders),
        key=lambda module: module.intruder.lowest if module.intruder else 1.0,
    )
    for module in worst[:5]:
        if reading := module.intruder:
            places = ", ".join(str(place) for place in reading.intruders)
            click.echo(
                f"    {_text(module.name)}: singular vectors {places}; lowest cosine {reading.lowest:.2f}, "
                f"change {reading.relative_norm:.1%} of the weight"
            )
    for reason, count in summary.skipped.items():
        click.echo(f"    {count} modules not looked at: {_text(reason)}")


def _print_flawed(what: str, names: Sequence[str]) -> None:
    if names:
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        _line(what, f"{', '.join(_text(name) for name in names[:5])}{more}")


def _rank(use: RankUse) -> str:
    rank = "unknown" if use.rank is None else str(use.rank)
    alpha = "unknown" if use.alpha is None else f"{use.alpha:g}"
    scale = "" if use.scale is None else f", scale {use.scale:.4g}"
    return f"{rank}, {alpha}{scale} ({use.modules} modules)"


def _print_training(trace: TrainingTrace) -> None:
    if trace.files:
        files = ", ".join(_text(file) for file in trace.files)
        _line("trained", f"{'; '.join(_trace_parts(trace)) or 'by a program that is not named'} ({files})")
    if trace.data:
        template = f", template {_text(trace.template)}" if trace.template else ""
        _line("training data", f"{_text(', '.join(trace.data[:5]))}{template}")
    if trace.best_checkpoint:
        click.secho(
            f"  note: {_text(trace.best_checkpoint)} has a lower held-out loss: evaluate it, too", fg="yellow"
        )
    for note in trace.notes:
        click.secho(f"  note: {_text(note)}", fg="yellow")


def _trace_parts(trace: TrainingTrace) -> Iterator[str]:
    if trace.tool:
        yield f"with {_text(trace.tool)}"
    if trace.base:
        held = {"": "", "none": ", held as it is", "other": ", quantised"}
        yield f"on {_text(trace.base)}{held.get(trace.quantization, f', held in {trace.quantization}')}"
    if trace.steps is not None:
        yield f"{trace.steps:,} steps" + ("" if trace.epochs is None else f", {trace.epochs:.2g} epochs")
    if trace.loss_first is not None and trace.loss_last is not None:
        yield f"loss {trace.loss_first:.3f} -> {trace.loss_last:.3f}"
    if trace.heldout_loss_last is not None:
        least = trace.heldout_loss_least
        lower = least is not None and least < trace.heldout_loss_last
        yield f"held-out {trace.heldout_loss_last:.3f}" + (f", {least:.3f} at its least" if lower else "")
    if trace.learning_rate is not None:
        yield f"learning rate up to {trace.learning_rate:g}"


def _loads(loads: LoadsIn) -> str:
    if loads.loads:
        how = f" ({_text(loads.options)})" if loads.options else ""
        return f"{loads.program}{how}" + (f"; {_text(loads.reason)}" if loads.reason else "")
    return f"not {loads.program}: {_text(loads.reason)}"


def _subjects(subjects: Sequence[NamedSubject]) -> str:
    shown = [
        f"{_text(one.text)}" + ("" if one.images is None else f" ({one.images:,})") + f" [{one.rule}]"
        for one in subjects[:10]
    ]
    return ", ".join(shown) + (f" and {len(subjects) - 10} more" if len(subjects) > 10 else "")


def _size(count: int) -> str:
    for unit, scale in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= scale:
            return f"{count / scale:.1f} {unit}"
    return f"{count} bytes"


def _line(label: str, text: str) -> None:
    click.echo(f"  {label:<{_WIDTH}} {text}")


def _text(text: str) -> str:
    shown = visible(text[:_WIDEST])
    return shown + ("…" if len(text) > _WIDEST else "")
