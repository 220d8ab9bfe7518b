"""The commands `run` and `init`: the whole loop from one file, and the file to begin with."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from loracheck import terminal
from loracheck.cli.options import PATH
from loracheck.cli.output import print_json
from loracheck.errors import UsageError
from loracheck.terminal import either

_QUESTIONS = {
    "base": (
        "Base model (hub id, folder or GGUF file)",
        "ベースモデル(ハブのID、フォルダー、GGUFファイルのいずれか)",
    ),
    "data": (
        "Training data (file, folder or hub id)",
        "学習データ(ファイル、フォルダー、ハブのIDのいずれか)",
    ),
    "intent": (
        "What is the training meant to change? (persona: a way of speaking, domain: knowledge, format: a form, "
        "none: nothing)",
        "学習で何を変えるつもりですか? (persona: 話し方、domain: 知識、format: 応答の形式、"
        "none: 何も変えない)",
    ),
    "scope": (
        "Where is the style of the data wanted? (always: everywhere, in_domain: in its domain alone, never)",
        "学習データの口調を、どこで望みますか? (always: どこでも、in_domain: 領域内だけ、never: 望まない)",
    ),
}
_STATES = {"to do": "これから", "begun": "途中", "finished": "完了"}


@click.command()
@click.argument("pipeline", type=PATH)
@click.option("--dry-run", is_flag=True, help="Print the steps and how far each is; do nothing.")
@click.option("--exit-zero", is_flag=True, help="Exit 0 whatever the verdicts are.")
@click.option("--json", "as_json", is_flag=True, help="Print the verdicts as JSON.")
@click.option("--quiet", is_flag=True, help="No progress.")
def run(pipeline: Path, dry_run: bool, exit_zero: bool, as_json: bool, quiet: bool) -> None:
    """Curate, train on raw and curated data, evaluate and report, as a file says.

    It resumes where it stopped, does again only what changed, and exits with the worst verdict.

    \b
    Examples:
      loracheck init --base google/gemma-3-270m --data train.jsonl
      loracheck run pipeline.yaml
    """
    from loracheck.orchestrate import open_pipeline, run_pipeline, stages

    given = open_pipeline(pipeline)
    if dry_run:
        _print_stages(stages(given), as_json=as_json)
        return
    from loracheck.evaluate.verdict.judge import exit_code
    from loracheck.progress import Progress
    from loracheck.summary import print_result

    result = run_pipeline(given, Progress(quiet=quiet))
    if as_json:
        print_json({"seeds": result.evaluations, "reports": [str(path) for path in result.reports]})
    else:
        for seed, found in result.evaluations.items():
            click.secho(either(f"seed {seed}", f"シード{seed}"), bold=True)
            print_result(found)
        for report in result.reports:
            click.echo(f"{either('report', 'レポート')}: {report}")
    sys.stdout.flush()
    verdicts = [verdict for found in result.evaluations.values() for verdict in found.verdicts]
    sys.exit(0 if exit_zero else exit_code(verdicts))


@click.command()
@click.argument("folder", type=PATH, default=Path())
@click.option("--base", help="Base model: hub id, folder or GGUF file.")
@click.option("--data", multiple=True, help="Training data: files, folders or hub ids.")
@click.option(
    "--intent",
    type=click.Choice(["persona", "domain", "format", "none"]),
    help="What the training is meant to change.  [default: persona]",
)
@click.option(
    "--scope",
    type=click.Choice(["always", "in_domain", "never"]),
    help="Where the style of the data is wanted.  [default: in_domain]",
)
@click.option(
    "--language",
    type=click.Choice(["en", "ja"]),
    help="Of the reports and of the comments in the files.  [default: that of the terminal]",
)
@click.option("--json", "as_json", is_flag=True, help="Print the paths as JSON.")
def init(folder: Path, as_json: bool, language: Any, **given: Any) -> None:
    """Write a commented pipeline.yaml and policy.yaml for your own data into FOLDER.

    On a terminal it asks for what is not given.

    \b
    Examples:
      loracheck init
      loracheck init mine --base google/gemma-3-270m --data train.jsonl --intent persona --scope always
    """
    from loracheck.evaluate.policy import bundled_text
    from loracheck.loading.sources import is_hub_id
    from loracheck.starter import Starter, write_starter

    values = _asked({name: value for name, value in given.items() if value})
    starter = Starter(language=language or terminal.language(), **values)
    pipeline, policy = write_starter(folder, starter, bundled_text("default"))
    if as_json:
        print_json({"pipeline": str(pipeline), "policy": str(policy)})
        return
    for source in values["data"]:
        if not Path(source).exists() and not is_hub_id(source):
            missing = either(
                f"note: there is no {source} here yet.", f"注意: {source}は、ここにはまだありません。"
            )
            click.echo(terminal.visible(missing), err=True)
    click.echo(
        either(
            f"{pipeline} and {policy} are written. Look them over, then: loracheck run {pipeline}",
            f"{pipeline}と{policy}を書きました。内容を確かめてから、次を実行してください: loracheck run {pipeline}",
        )
    )


def _asked(given: dict[str, Any]) -> dict[str, Any]:
    """Ask for what is missing where someone is there to answer; else the two that have no default are required."""
    interactive = sys.stdin.isatty() and sys.stdout.isatty()
    choices = {"intent": ["persona", "domain", "format", "none"], "scope": ["in_domain", "always", "never"]}
    for name in ("base", "data", "intent", "scope"):
        if name in given:
            continue
        if interactive:
            options = choices.get(name)
            answer = click.prompt(
                either(*_QUESTIONS[name]),
                type=click.Choice(options) if options else str,
                default=options[0] if options else None,
                show_choices=False,
            )
            given[name] = (answer,) if name == "data" else answer
        elif name in ("base", "data"):
            raise UsageError(
                f"--{name} is missing.", kind="option_missing", hint="loracheck init --base BASE --data FILE"
            )
    return given


def _print_stages(found: Any, *, as_json: bool) -> None:
    if as_json:
        print_json(found, items="stages", form="plan")
        return
    width = max(len(stage.name) for stage in found)
    for stage in found:
        click.echo(f"{stage.name:<{width}}  {either(stage.state, _STATES[stage.state])}")
