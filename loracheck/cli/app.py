"""The group of all verbs, its `report` and `demo`, and `main`, which tells every error."""

from __future__ import annotations

import logging
import os
import sys
import traceback
import warnings
from collections.abc import Sequence
from copy import copy
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn

import click

import loracheck
from loracheck import terminal
from loracheck.cli.adapter import inspect_, merge
from loracheck.cli.canaries import canaries
from loracheck.cli.causes import causes
from loracheck.cli.checks import checks
from loracheck.cli.compare import compare
from loracheck.cli.curate import curate, explain, synthesize
from loracheck.cli.doctor import doctor
from loracheck.cli.evaluate import evaluate, gate
from loracheck.cli.explain import explain_error
from loracheck.cli.failure import asks_for_json, failure_of, tell
from loracheck.cli.options import PATH, dry_run_option, only_given
from loracheck.cli.output import draw_report, print_json
from loracheck.cli.plan import plan
from loracheck.cli.power import power
from loracheck.cli.probes import check, list_, make, show
from loracheck.cli.run import init, run
from loracheck.cli.scale import scale
from loracheck.cli.score import score
from loracheck.cli.selftest import selftest
from loracheck.cli.train import train
from loracheck.cli.validate import validate

EXIT_HELP = (
    "Exit codes: 0 ship or done, 1 hold, 2 input error, 3 inconclusive, 4 environment, 70 internal error."
)
_ANYWHERE = ("lang", "quiet", "debug")


def _in_language(context: click.Context, _: click.Parameter, given: Any) -> None:
    if given:
        terminal.set_language(context, given)


class _Context(click.Context):
    """A context whose help is in the language of the terminal."""

    def make_formatter(self) -> click.HelpFormatter:
        """Return the formatter that also looks the Japanese up, where Japanese is spoken."""
        if terminal.language_of_context(self) != "ja":
            return super().make_formatter()
        from loracheck.cli.japanese.formatter import JapaneseFormatter

        return JapaneseFormatter(width=self.terminal_width, max_width=self.max_content_width)


class Verbs(click.Group):
    """A group whose commands may have a name of two words, such as "curate explain"."""

    context_class = _Context

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        """Let the options of the group stand after the command's name, too, without a line in its help."""
        taken = {flag for parameter in cmd.params for flag in parameter.opts}
        for option in self.params:
            if isinstance(option, click.Option) and option.name in _ANYWHERE and not taken & set(option.opts):
                twin = copy(option)
                twin.hidden, twin.expose_value = True, False
                cmd.params.append(twin)
        cmd.context_class = _Context
        super().add_command(cmd, name)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Know the language first: --help and mistakes are told before --lang has its turn."""
        for word, following in pairwise([*args, ""]):
            for given in ("en", "ja"):
                if (word, following) == ("--lang", given) or word == f"--lang={given}":
                    terminal.set_language(ctx, given)
        return super().parse_args(ctx, args)

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Print without colours where NO_COLOR is set (no-color.org)."""
        if os.environ.get("NO_COLOR"):
            extra.setdefault("color", False)
        return super().make_context(info_name, args, parent, **extra)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List every command with its whole first sentence; click would cut it to the rest of the line."""
        self._write_commands(formatter, self.list_commands(ctx))

    def _write_commands(self, formatter: click.HelpFormatter, names: Sequence[str]) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.commands[name].get_short_help_str(limit=200)) for name in names])

    def _list(self, ctx: click.Context, names: Sequence[str]) -> NoReturn:
        """Print the commands of two words that begin alike, and end."""
        formatter = ctx.make_formatter()
        self._write_commands(formatter, names)
        click.echo(formatter.getvalue(), nl=False)
        ctx.exit()

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Take the longer name first, and propose the longer names for one of two words."""
        if (name := " ".join(args[:2])) in self.commands and len(args) > 1:
            return name, self.commands[name], args[2:]
        longer = [known for known in self.commands if known.startswith(f"{args[0]} ")]
        if longer and args[0] not in self.commands:
            if len(args) == 1 or args[1] in ctx.help_option_names:
                self._list(ctx, longer)
            raise click.exceptions.NoSuchCommand(name, possibilities=longer, ctx=ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=Verbs,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=EXIT_HELP,
)
@click.version_option(loracheck.__version__, prog_name="loracheck")
@click.option(
    "--lang",
    type=click.Choice(["en", "ja"]),
    expose_value=False,
    callback=_in_language,
    help="Language of what is printed.  [default: as LC_ALL, LC_MESSAGES or LANG says]",
)
@click.option("--quiet", is_flag=True, help="No progress.")
@click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of every error.")
@click.pass_context
def cli(context: click.Context, quiet: bool) -> None:
    """Decide whether a LoRA fine-tune may go to production.

    \b
    curate DATA       select a small, good subset and say why each row was dropped
    train DATA        fine-tune a base on the raw or on the curated data
    eval              ask base and adapters the same held-out questions
    gate RUN          the verdict, as exit code
    """
    if quiet:
        context.default_map = {name: {"quiet": True} for name in cli.commands}


cli.add_command(curate)
cli.add_command(explain, "curate explain")
cli.add_command(synthesize, "curate synthesize")
cli.add_command(init)
cli.add_command(run)
cli.add_command(plan)
cli.add_command(train)
cli.add_command(scale)
cli.add_command(evaluate)
cli.add_command(gate)
cli.add_command(score)
cli.add_command(causes)
cli.add_command(checks)
cli.add_command(explain_error)
cli.add_command(power)
cli.add_command(list_, "probes list")
cli.add_command(show, "probes show")
cli.add_command(check, "probes check")
cli.add_command(make, "probes make")
cli.add_command(compare)
cli.add_command(selftest)
cli.add_command(inspect_)
cli.add_command(merge)
cli.add_command(canaries)
cli.add_command(doctor)
cli.add_command(validate)


@cli.command()
@click.argument("run", type=PATH)
@click.option(
    "--related",
    "--with",
    "related",
    multiple=True,
    type=PATH,
    help="Curate, train, causes, scale and sweep runs to show beside an eval run; strengths and sweeps are drawn on "
    "its picture of facts kept against persona learnt.",
)
@click.option(
    "--language",
    type=click.Choice(["en", "ja"]),
    help="Language the page opens in.  [default: that of the terminal]",
)
@click.option("--json", "as_json", is_flag=True, help="Print the path as JSON.")
def report(run: Path, related: tuple[Path, ...], language: Any, as_json: bool) -> None:
    """Write the HTML report of a finished run again, or an index page over a folder of runs.

    The verdicts of eval runs are computed again first: one that the answers do not give is refused.

    \b
    Examples:
      loracheck report runs/eval --related runs/curated --language ja
      loracheck report runs/eval --with runs/strengths --with runs/sweep
      loracheck report runs
    """
    from loracheck.evaluate.asked import confirm_evaluations, confirmed
    from loracheck.reports.folder import write_index
    from loracheck.runs import is_run

    language = language or terminal.language()
    if run.is_dir() and not is_run(run):
        path = write_index(run, language=language, confirm=confirmed)
        print_json({"report": str(path)}) if as_json else click.echo(str(path))
        return
    confirm_evaluations((run, *related))
    path = draw_report(run, related, language)
    print_json({"report": str(path)}) if as_json else click.echo(str(path))


@cli.command()
@click.option(
    "-o", "--out", type=PATH, default=Path("demo-run"), show_default=True, help="Folder for the runs."
)
@click.option(
    "--language",
    type=click.Choice(["ja", "en"]),
    default="ja",
    show_default=True,
    help="Which of the two bundled personas.",
)
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Seed of the split and of both trainings."
)
@click.option("--trained-tokens", type=int, help="Tokens with loss in each training.  [default: 9000]")
@click.option("--max-facts", type=int, help="Factual questions asked of every arm.  [default: 400]")
@click.option("--base", help="Another base than the embedded Gemma 3 270M.")
@click.option("--unpack", type=PATH, help="Only write model and data into this folder, to try commands on.")
@dry_run_option
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.option("--quiet", is_flag=True, help="No progress.")
def demo(out: Path, unpack: Path | None, dry_run: bool, as_json: bool, quiet: bool, **given: Any) -> None:
    """Run the whole loop on the embedded persona data and model.

    Exits 0 when it is through, whatever the verdicts are.

    \b
    Examples:
      loracheck demo
      loracheck demo --unpack tutorial
    """
    from loracheck.demo import TERMS, run_demo
    from loracheck.demo import unpack as write_files
    from loracheck.demo.dryrun import foresee_demo
    from loracheck.demo.summary import print_demo
    from loracheck.foreseen import print_foreseen
    from loracheck.progress import Progress
    from loracheck.terminal import either
    from loracheck.words.progress import in_japanese

    if unpack is not None:
        written = write_files(unpack, given["language"])
        if as_json:
            print_json([str(path) for path in written], items="files")
        else:
            click.echo("\n".join([either(TERMS, in_japanese(TERMS)), *(str(path) for path in written)]))
        return
    if dry_run:
        plan = foresee_demo(out, **only_given(given))
        print_json(plan, form="plan") if as_json else print_foreseen(plan)
        return
    result = run_demo(out, progress=Progress(quiet=quiet), **only_given(given))
    print_json(result) if as_json else print_demo(result)


def main() -> NoReturn:
    """Run the command line; a user's mistake ends in one message, without a traceback."""
    _quieten_libraries()
    if os.environ.get("_LORACHECK_COMPLETE"):
        cli.main()
    context = None
    try:
        context = cli.make_context("loracheck", sys.argv[1:])
        with context:
            cli.invoke(context)
        sys.stdout.flush()
        sys.exit(0)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except (Exception, KeyboardInterrupt) as error:
        if "--debug" in sys.argv:
            traceback.print_exc()
        failure = failure_of(error)
        language = terminal.language_of_context(context or getattr(error, "ctx", None))
        tell(failure, as_json=asks_for_json(sys.argv[1:]), language=language)
        sys.exit(failure.exit_code)


def _quieten_libraries() -> None:
    """Keep the libraries' own progress bars and advice to developers out of the user's terminal."""
    settings = {
        "TRANSFORMERS_VERBOSITY": "error",
        "TOKENIZERS_PARALLELISM": "false",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "TQDM_DISABLE": "1",
    }
    for name, value in settings.items():
        os.environ.setdefault(name, value)
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers|peft")


if __name__ == "__main__":
    main()
