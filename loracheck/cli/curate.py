"""`curate`, `curate explain` and `curate synthesize`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from loracheck import terminal
from loracheck.cli.options import PATH, dry_run_option, named_values, needed_out, only_given, report_to_option
from loracheck.cli.output import draw_report, print_json, print_report
from loracheck.cli.sections import Sectioned
from loracheck.curate.choices import FORMATS, PRESETS
from loracheck.errors import UsageError

C = TypeVar("C", bound=Callable[..., Any])

# Options that set a key of the configuration; two underscores stand for the dot.
_KEYS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    (
        "--language",
        "filters__languages",
        {
            "multiple": True,
            "type": click.Choice(["ja", "en", "other"]),
            "help": "Language a reply may have.  [default: as asked]",
        },
    ),
    ("--encoding", "read__encoding", {"help": "Encoding of text files, as cp932.  [default: found out]"}),
    ("--split", "read__split", {"help": "Split of a dataset.  [default: all]"}),
    (
        "--bad-rows",
        "read__bad_rows",
        {"type": click.Choice(["stop", "quarantine"]), "help": "A row that cannot be read.  [default: stop]"},
    ),
    (
        "--pii",
        "filters__pii",
        {"type": click.Choice(["report", "mask", "drop", "off"]), "help": "Personal data.  [default: mask]"},
    ),
    (
        "--near-duplicate",
        "dedupe__near_duplicate",
        {"type": float, "help": "Similarity of duplicates.  [default: 0.8]"},
    ),
    (
        "--test-set",
        "decontaminate__test_sets",
        {"multiple": True, "help": "File of questions that must stay unseen."},
    ),
    (
        "--from-eval",
        "from_eval__run",
        {"help": "Causes run whose blamed rows are taken out, of loracheck causes."},
    ),
    (
        "--from-eval-action",
        "from_eval__action",
        {
            "type": click.Choice(["rebalance", "drop"]),
            "help": "Keep their share of them, or none.  [default: rebalance]",
        },
    ),
    (
        "--max-ifd",
        "score__max_ifd",
        {"type": float, "help": "IFD from which a reply ignores its question.  [default: 1.0]"},
    ),
    (
        "--embedder",
        "score__embedder",
        {"help": "base, surface, or a sentence-transformers model.  [default: auto]"},
    ),
    (
        "--semantic-quantile",
        "dedupe__semantic_quantile",
        {
            "type": float,
            "help": "Drop rows closer than this quantile of random pairs, as 0.999999.  [default: off]",
        },
    ),
    ("--judge", "judge__model", {"help": "Judge: a model at --judge-endpoint, or one to load here."}),
    (
        "--judge-endpoint",
        "judge__endpoint",
        {"help": "OpenAI-compatible address, as http://localhost:8000/v1."},
    ),
    ("--judge-rows", "judge__rows", {"type": int, "help": "Rows the judge scores.  [default: all]"}),
    (
        "--rubric",
        "judge__rubrics",
        {"multiple": True, "help": "Bundled rubric or YAML file.  [default: educational-value, helpfulness]"},
    ),
    (
        "--min-score",
        "judge__min_score",
        {"type": float, "help": "Score by the judge below which a row goes.  [default: 2]"},
    ),
    ("--max-requests", "judge__max_requests", {"type": int, "help": "Budget of the judge in requests."}),
    ("--max-tokens", "judge__max_tokens", {"type": int, "help": "Budget of the judge in tokens."}),
    (
        "--select",
        "select__method",
        {
            "type": click.Choice(["diverse", "facility", "random", "longest", "all"]),
            "help": "How the subset is chosen.  [default: diverse]",
        },
    ),
    (
        "--target-rows",
        "select__target_rows",
        {"type": int, "help": "Rows to select.  [default: all that pass]"},
    ),
    ("--target-share", "select__target_share", {"type": float, "help": "Share of the rows to select."}),
    ("--target-tokens", "select__target_tokens", {"type": int, "help": "Reply tokens to select."}),
    (
        "--heldout-share",
        "heldout_share",
        {"type": float, "help": "Share of the passing rows to hold out.  [default: 0.1]"},
    ),
    (
        "--max-loss",
        "max_loss",
        {"type": float, "help": "Share of a stratum one rule may remove.  [default: 0.3]"},
    ),
    (
        "--export",
        "export",
        {
            "multiple": True,
            "type": click.Choice(FORMATS),
            "help": "Write the kept rows for another tool, too.",
        },
    ),
    ("--workers", "workers", {"type": int, "help": "Processes.  [default: one per core]"}),
    ("--seed", "seed", {"type": int, "help": "Seed of every draw.  [default: 0]"}),
)


def _keys(command: C) -> C:
    for flag, name, settings in reversed(_KEYS):
        command = click.option(flag, name, **settings)(command)
    return command


@click.command(cls=Sectioned)
@click.argument("data", nargs=-1, required=True)
@click.option("-o", "--out", type=PATH, help="Run directory to write.")
@click.option("--base", help="Base that scores the rows: hub id, folder or GGUF file.")
@click.option("--preset", type=click.Choice(PRESETS), help="A known recipe to begin with.")
@click.option("--config", "config_file", type=PATH, help="YAML file of options, laid over the preset.")
@click.option(
    "--map", "columns", multiple=True, metavar="FIELD=COLUMN", help="Your column for a field: output=回答."
)
@click.option(
    "--allow-loss", multiple=True, metavar="RULE=SHARE", help="Let a rule remove more than --max-loss."
)
@dry_run_option
@report_to_option
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@click.option("--quiet", is_flag=True, help="No progress.")
@_keys
def curate(
    data: tuple[str, ...],
    out: Path | None,
    base: str | None,
    dry_run: bool,
    trackers: tuple[str, ...],
    as_json: bool,
    quiet: bool,
    **given: Any,
) -> None:
    """Select a small, good, diverse subset of instruction data, and say why each row was kept or dropped.

    Reads JSONL, JSON, CSV, TSV, Parquet, Arrow, folders of them and Hugging Face datasets (a saved folder, or
    OWNER/NAME[@REVISION][:CONFIG] of the hub) of Alpaca, ShareGPT, OpenAI messages, dolly, question/answer or
    prompt/completion rows, compressed or not, in UTF-8, UTF-16, cp932 or EUC-JP.

    \b
    Examples:
      loracheck curate persona.jsonl --base google/gemma-3-270m -o runs/curated
      loracheck curate alpaca.json dolly.csv --preset lima -o runs/lima
      loracheck curate faq.csv --map instruction=質問 --map output=回答 -o runs/faq
      loracheck curate persona.jsonl --from-eval runs/causes -o runs/mended
      loracheck curate explain 17 --run runs/curated
    """
    from loracheck.curate.dryrun import plan
    from loracheck.curate.pipeline import curate as run_curate
    from loracheck.progress import Progress
    from loracheck.summary import print_curation, print_plan
    from loracheck.tracking import check_packages

    check_packages(trackers)
    config = _config(**given)
    progress = Progress(quiet=quiet)
    if dry_run:
        estimate = plan(data, base, config, progress=progress)
        print_json(estimate, form="plan") if as_json else print_plan(estimate)
        return
    out = needed_out(out, "runs/curated")
    summary = run_curate(data, base, out, config, progress=progress)
    report = draw_report(out)
    _log(trackers, out, summary, report, progress)
    if as_json:
        print_json(summary)
    else:
        print_curation(summary)
        print_report(report)


@click.command()
@click.argument("row")
@click.option("--run", "run", type=PATH, required=True, help="A curate run.")
@click.option(
    "--language",
    type=click.Choice(["ja", "en"]),
    help="Of the reasons.  [default: that of the terminal]",
)
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def explain(row: str, run: Path, language: Any, as_json: bool) -> None:
    """Say everything about one row: where it ended, why, its scores, the rows that are like it.

    ROW is an id ("17", "2.17") or a place in a file ("data.jsonl:17").

    \b
    Example:
      loracheck curate faq.csv --map instruction=質問 --map output=回答 -o runs/faq
      loracheck curate explain 17 --run runs/curated
    """
    from loracheck.curate.explain import explain_row
    from loracheck.summary import print_explanation

    found = explain_row(run, row)
    print_json(found) if as_json else print_explanation(found, language or terminal.language())


@click.command()
@click.option("-o", "--out", type=PATH, help="Run directory to write.")
@click.option("--base", help="Base that answers neutral questions: hub id, folder or GGUF file.")
@click.option("--replay", type=int, default=0, help="Answers of the base to neutral questions.")
@click.option("--run", "run", type=PATH, help="A curate run whose thin clusters are to be filled.")
@click.option("--exercises", type=int, default=0, help="Rows to ask of the generator.")
@click.option("--generator", help="Model that writes rows.")
@click.option("--generator-endpoint", "endpoint", help="OpenAI-compatible address.")
@click.option("--max-requests", type=int, help="Budget of the generator in requests.")
@click.option(
    "--language", "languages", multiple=True, type=click.Choice(["ja", "en"]), help="Of replay rows."
)
@click.option("--max-new-tokens", type=int, default=256, show_default=True, help="Longest reply.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of every draw.")
@dry_run_option
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
@click.option("--quiet", is_flag=True, help="No progress.")
def synthesize(
    out: Path | None,
    base: str | None,
    run: Path | None,
    dry_run: bool,
    as_json: bool,
    quiet: bool,
    **given: Any,
) -> None:
    """Make rows: the base's own answers, or exercises by a generator, as a file to curate with the data.

    \b
    Examples:
      loracheck curate synthesize --base google/gemma-3-270m --replay 200 -o runs/replay
      loracheck curate synthesize --run runs/curated --exercises 300 --generator qwen3:8b \\
                                  --generator-endpoint http://localhost:11434/v1 -o runs/exercises
      loracheck curate persona.jsonl runs/replay/rows.jsonl --base google/gemma-3-270m -o runs/mixed
    """
    from loracheck.curate.synthesize import SynthesizeConfig, foresee_synthesis
    from loracheck.curate.synthesize import synthesize as make
    from loracheck.curated import SYNTHESIZED
    from loracheck.foreseen import print_foreseen
    from loracheck.progress import Progress

    if not given["languages"]:
        del given["languages"]
    config = SynthesizeConfig(**given)
    if dry_run:
        found = foresee_synthesis(base, run, config)
        print_json(found, form="plan") if as_json else print_foreseen(found)
        return
    out = needed_out(out, "runs/replay")
    summary = make(out, base, run, config, progress=Progress(quiet=quiet))
    if as_json:
        print_json({"rows": summary.rows, "failed": summary.failed, "file": str(out / SYNTHESIZED)})
        return
    for kind, rows in summary.rows.items():
        click.echo(f"  {rows:8,}  {kind}")
    for state, requests in summary.failed.items():
        click.echo(
            terminal.either(f"  {requests:8,}  brought no row: {state}", f"  {requests:8,}  行なし: {state}")
        )
    rows_file = out / SYNTHESIZED
    click.echo(
        terminal.either(
            f"curate them together with your data: {rows_file}",
            f"データと一緒に精選してください: {rows_file}",
        )
    )


def _config(
    preset: str | None,
    config_file: Path | None,
    columns: tuple[str, ...],
    allow_loss: tuple[str, ...],
    **given: Any,
) -> Any:
    from loracheck.curate.presets import config_from
    from loracheck.settings import merged, read_yaml_file
    from loracheck.settings.yamllines import naming_lines

    values = read_yaml_file(config_file) if config_file else {}
    if preset:
        values["preset"] = preset
    given = only_given(given)
    for name, value in given.items():
        *groups, key = name.split("__")
        values = merged(values, {groups[0]: {key: value}} if groups else {key: value})
    if columns:
        values = merged(values, {"read": {"columns": named_values("--map", columns)}})
    if allow_loss:
        values = merged(
            values,
            {"allow_loss": {k: _share(k, v) for k, v in named_values("--allow-loss", allow_loss).items()}},
        )
    told = [name.replace("__", ".") for name in given]
    with naming_lines(config_file, besides=told):
        return config_from(values, str(config_file or "options"))


def _log(trackers: tuple[str, ...], out: Path, summary: Any, report: Path, progress: Any) -> None:
    if not trackers:
        return
    from loracheck.runs import SUMMARY, read_manifest
    from loracheck.tracking import log_run, of_curation

    manifest = read_manifest(out)
    log_run(trackers, of_curation(summary, manifest, [report, out / SUMMARY]), out, progress)


def _share(rule: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(
            f"--allow-loss {rule}={text}: a share from 0 to 1 is wanted.", kind="option_form"
        ) from None
