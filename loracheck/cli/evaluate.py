"""`eval` and `gate`: ask, judge, and judge again."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, get_args

import click

from loracheck import terminal
from loracheck.cli.options import PATH, dry_run_option, named_paths, needed_out, only_given, report_to_option
from loracheck.cli.output import draw_report, finish, print_json
from loracheck.cli.sections import Sectioned
from loracheck.errors import UsageError
from loracheck.models.quantization import Quantization


@click.command("eval", cls=Sectioned)
@click.option(
    "--base", required=True, help="Base model: hub id, folder or GGUF file; with --endpoint its name there."
)
@click.option(
    "--adapter",
    "adapters",
    multiple=True,
    metavar="NAME=PATH",
    help="A PEFT adapter, a train run, a merged model's folder or a GGUF file; with --endpoint a model's name "
    "there. Give it once per adapter.",
)
@click.option(
    "--endpoint", metavar="URL", help="OpenAI-compatible server: base and adapters are models there."
)
@click.option(
    "--key-variable",
    help="Environment variable that holds the server's key.  [default: OPENAI_API_KEY]",
)
@click.option("--concurrency", type=int, help="Requests to the server at once.  [default: 8]")
@click.option(
    "--tokenizer", help="The base's, for servers that give likelihoods by echo alone: folder or hub id."
)
@click.option(
    "--completions",
    multiple=True,
    metavar="NAME=FILE",
    help="An arm whose answers stand in a file: rows of id and text, or a batch output; base is a name, too.",
)
@click.option("-o", "--out", type=PATH, help="Run directory to write.")
@click.option(
    "--data", multiple=True, type=PATH, help="The training data, if known: curate runs or data files."
)
@click.option("--in-domain", multiple=True, type=PATH, help="Held-out rows of the same domain.")
@click.option(
    "--policy", default="default", show_default=True, help="default, persona, strict, or a YAML file."
)
@click.option(
    "--suite",
    "suites",
    multiple=True,
    help="Bundled suite, such as facts-ja, or lm-eval:TASK of lm-evaluation-harness.  [default: all bundled]",
)
@click.option(
    "--probes",
    "probes",
    multiple=True,
    metavar="FILE",
    help="Your own probes, or a public set in its own format.",
)
@click.option(
    "--tier",
    type=click.Choice(["quick", "standard", "full"]),
    help="How much is asked; a quick look can hold but never ship.  [default: standard]",
)
@click.option("--max-facts", type=int, help="Questions asked of each suite of facts.  [default: the tier's]")
@click.option("--max-forms", type=int, help="Facts in other words, of each suite.  [default: the tier's]")
@click.option("--max-open", type=int, help="Open prompts, of each suite.  [default: the tier's]")
@click.option("--max-neutral", type=int, help="Paragraphs scored, of each suite.  [default: the tier's]")
@click.option("--max-in-domain", type=int, help="Held-out prompts of the domain.  [default: the tier's]")
@click.option(
    "--max-new-tokens-domain",
    type=int,
    help="Tokens of an answer to a held-out prompt of the domain.  [default: room for replies of their length]",
)
@dry_run_option
@click.option(
    "--quantization",
    type=click.Choice(get_args(Quantization)),
    help="How the base is held.  [default: none]",
)
@click.option("--chat-template", type=PATH, help="Jinja file that replaces every template.")
@click.option("--assume-base", is_flag=True, help="Vouch that the adapters were trained on this base.")
@click.option("--canaries", help="Manifest of the canaries in the training data; see loracheck canaries.")
@click.option(
    "--null",
    "nulls",
    multiple=True,
    metavar="NAME=PATH",
    help="An adapter trained to do no harm: shows how many false alarms the limits give.",
)
@click.option(
    "--after", type=PATH, help="A quick run of the same adapters; this is the second look after it."
)
@click.option(
    "--temperature",
    type=float,
    help="Answer open prompts again at this temperature.  [default: greedy alone]",
)
@click.option("--seeds", type=int, help="How many such answers to each.  [default: 1]")
@click.option(
    "--causes",
    type=PATH,
    metavar="RUN",
    help="Where an adapter is held, find the training rows behind its failures, and write them here.",
)
@click.option("--no-cache", is_flag=True, help="Ask the base anew; keep no answers for other runs.")
@click.option("--seed", type=int, help="Seed of the draw of rows.  [default: 0]")
@click.option("--exit-zero", is_flag=True, help="Exit 0 whatever the verdict is.")
@report_to_option
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.option("--quiet", is_flag=True, help="No progress.")
def evaluate(
    base: str,
    adapters: tuple[str, ...],
    endpoint: str | None,
    key_variable: str | None,
    concurrency: int | None,
    tokenizer: str | None,
    completions: tuple[str, ...],
    no_cache: bool,
    dry_run: bool,
    out: Path | None,
    data: tuple[Path, ...],
    in_domain: tuple[Path, ...],
    policy: str,
    chat_template: Path | None,
    nulls: tuple[str, ...],
    after: Path | None,
    causes: Path | None,
    exit_zero: bool,
    trackers: tuple[str, ...],
    as_json: bool,
    quiet: bool,
    **given: Any,
) -> None:
    """Ask base and adapters the same questions and judge the answers.

    The exit code is that of the worst adapter's verdict. Adapters given with --null decide nothing: they tell how
    many false alarms the policy's limits give. A quick run spends a fifth of the error rate, so that a second
    look with --after may spend the rest; without --after a run spends it all, and nothing can tell that it is a
    second look. Before anything is asked, the run says how many tokens and minutes it takes; --dry-run ends there.

    \b
    Examples:
      loracheck eval --base google/gemma-3-270m --adapter mine=./adapter --data train.jsonl -o runs/eval
      loracheck eval --base B --adapter raw=runs/train-raw --adapter curated=runs/train-curated \\
          --data runs/curated --policy persona -o runs/eval
      loracheck eval --base B --adapter mine=./adapter --data train.jsonl --causes runs/causes -o runs/eval
      loracheck eval --base B --adapter mine=./adapter --probes my_questions.jsonl --tier quick --dry-run
      loracheck eval --endpoint http://localhost:8000/v1 --base Qwen/Qwen3-8B --adapter mine=my-lora -o runs/eval
    """
    from loracheck.evaluate.config import EvalConfig
    from loracheck.evaluate.dryrun import plan
    from loracheck.evaluate.pipeline import evaluate as run_evaluate
    from loracheck.evaluate.policy import load_policy
    from loracheck.progress import Progress
    from loracheck.tracking import check_packages

    check_packages(trackers)
    named, idle = named_paths("--adapter", adapters), named_paths("--null", nulls)
    elsewhere = _elsewhere(
        {**named, **idle},
        endpoint,
        {"key_variable": key_variable, "concurrency": concurrency},
        tokenizer,
        named_paths("--completions", completions),
    )
    adapters_here, config, limits = (
        {} if endpoint else named,
        EvalConfig(**only_given(given)),
        load_policy(policy),
    )
    inputs = {
        "data": data,
        "in_domain": in_domain,
        "chat_template": chat_template,
        "cached": not no_cache,
        "elsewhere": elsewhere,
        "nulls": idle,
        "after": after,
        "progress": Progress(quiet=quiet or dry_run),
    }
    if causes is not None and not data:
        raise UsageError(
            "--causes looks for training rows, and none are given.",
            kind="option_missing",
            hint="Name them with --data.",
        )
    if dry_run:
        _print_cost(plan(base, adapters_here, config, limits, **inputs), as_json=as_json)
        return
    out = needed_out(out, "runs/eval")
    result = run_evaluate(base, adapters_here, out, config, limits, **inputs)
    if causes is not None:
        _find_causes(out, causes, result, base, inputs["progress"])
    report = draw_report(out, (*data, *named.values(), *([causes] if causes else [])))
    _log(trackers, out, result, Progress(quiet=quiet))
    finish(result, as_json=as_json, report=report, exit_zero=exit_zero)


@click.command()
@click.argument("run", type=PATH)
@click.option("--policy", help="Another policy than the run's own: default, persona, strict, or a YAML file.")
@click.option(
    "--adapter", "names", multiple=True, help="Adapter to judge.  [default: all; the worst one counts]"
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "junit", "github", "markdown", "sarif", "model-card"]),
    default="text",
    show_default=True,
    help="What to print.",
)
@report_to_option
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
def gate(
    run: Path,
    policy: str | None,
    names: tuple[str, ...],
    form: str,
    trackers: tuple[str, ...],
    as_json: bool,
) -> None:
    """Recompute the verdict from the raw answers; the exit code is the verdict.

    \b
    github prints annotations and appends Markdown to the summary of the step; junit is for test servers,
    markdown for a comment (cut at what GitHub takes), sarif for code scanning, model-card for a README.md.

    \b
    Examples:
      loracheck gate runs/eval --adapter curated
      loracheck gate runs/eval --format junit > loracheck.xml
    """
    from dataclasses import replace

    from loracheck.evaluate.gate import rejudge
    from loracheck.evaluate.policy import load_policy
    from loracheck.evaluate.verdict.judge import exit_code
    from loracheck.progress import Progress
    from loracheck.reports.formats.render import formatted
    from loracheck.tracking import check_packages

    check_packages(trackers)
    result = rejudge(run, load_policy(policy) if policy else None)
    known = [verdict.adapter for verdict in result.verdicts]
    for name in names:
        if name not in known:
            raise UsageError(f"--adapter {name}: {run} has {', '.join(known)}.", kind="unknown_arm")
    chosen = tuple(verdict for verdict in result.verdicts if not names or verdict.adapter in names)
    result = replace(result, verdicts=chosen)
    _log(trackers, run, result, Progress(quiet=True), kind="gate")
    if as_json or form in ("text", "json"):
        finish(result, as_json=as_json or form == "json", report=None, exit_zero=False)
    click.echo(formatted(form, result, run, terminal.language()), nl=False)
    sys.stdout.flush()
    sys.exit(exit_code(result.verdicts))


def _find_causes(evaluation: Path, out: Path, result: Any, base: str, progress: Any) -> None:
    """Find the rows behind the failures of an adapter that is held; else say that there is nothing to find."""
    from loracheck.evaluate.causes.config import CausesConfig
    from loracheck.evaluate.causes.pipeline import causes
    from loracheck.evaluate.evidence import read_evidence

    if all(verdict.status != "hold" for verdict in result.verdicts):
        progress.say("no adapter is held, so there are no causes to look for")
        return
    here = base if read_evidence(evaluation).context.fingerprint else None  # else another program holds it
    causes(evaluation, out, CausesConfig(), base_spec=here, progress=progress)


def _print_cost(cost: Any, *, as_json: bool) -> None:
    from loracheck.evaluate.questions.cost import in_words

    if as_json:
        print_json(cost, form="plan")
    else:
        click.echo(in_words(cost))


def _elsewhere(
    arms: dict[str, Path],
    endpoint: str | None,
    server: dict[str, Any],
    tokenizer: str | None,
    completions: dict[str, Path],
) -> Any:
    from loracheck.engines.served import ServerOptions
    from loracheck.evaluate.arms.lineup import Elsewhere

    if endpoint is None:
        for name, value in {**server, "tokenizer": tokenizer}.items():
            if value is not None:
                raise UsageError(
                    f"--{name.replace('_', '-')} says how a server is asked, and none is given.",
                    kind="option_missing",
                    hint="Add --endpoint http://localhost:8000/v1",
                )
        return Elsewhere(completions=completions)
    return Elsewhere(
        server=ServerOptions(address=endpoint, **only_given(server)),
        models={name: str(model) for name, model in arms.items()},
        tokenizer=tokenizer,
        completions=completions,
    )


def _log(trackers: tuple[str, ...], run: Path, result: Any, progress: Any, *, kind: str = "eval") -> None:
    """Hand an eval run to trackers, under the verdict that was just computed."""
    if not trackers:
        return
    from loracheck import jsonl
    from loracheck.evaluated import CONTEXT, VERDICT
    from loracheck.records import EvaluationContext
    from loracheck.runs import REPORT, read_manifest
    from loracheck.tracking import log_run, of_evaluation

    context = jsonl.read_one(run / CONTEXT, EvaluationContext)
    manifest = read_manifest(run)
    files = [run / REPORT, *([run / VERDICT] if kind == "eval" else [])]  # a gate's may be another
    log_run(trackers, of_evaluation(result, context, manifest, files, kind=kind), run, progress)
