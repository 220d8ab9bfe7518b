"""What the verbs print: JSON that says what it is and by which schema it was written, reports and verdicts."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from loracheck import terminal

if TYPE_CHECKING:
    from loracheck.records import EvaluationResult, UiLanguage

SCHEMA_VERSION = 1
"""Of what is printed: counted up when a field is renamed or taken away, not when one is added."""


def print_json(value: Any, *, items: str = "items", form: str = "") -> None:
    """Print records as one indented JSON object; its kind is the verb's name, with the form after it.

    Args:
        value: A record, a mapping, or a list of records.
        items: Name of the list, where it is one.
        form: What else the verb prints than its usual record: "plan" under --dry-run.
    """
    import msgspec

    context = click.get_current_context(silent=True)
    verb = (context.info_name if context else None) or "loracheck"
    content = msgspec.to_builtins(value, str_keys=True, enc_hook=_path)
    if not isinstance(content, dict):
        content = {items: content}
    if "kind" in content:  # an adapter's records say of which kind it is
        content["adapter_kind"] = content.pop("kind")
    named = {"schema_version": SCHEMA_VERSION, "kind": f"{verb} {form}".strip()}
    click.echo(msgspec.json.format(msgspec.json.encode(named | content), indent=2).decode())


def draw_report(run: Path, related: Iterable[Path] = (), language: UiLanguage | None = None) -> Path:
    """Write the report of a run, in the terminal's language where none is given, and return where it lies.

    Args:
        run: The run to show.
        related: What may be shown beside it; folders that are no runs are left out.
        language: The language that the page opens in.
    """
    from loracheck.reports.pipeline import write_report
    from loracheck.runs import is_run

    shown = [path for path in related if is_run(path)]
    return write_report(run, related=shown, language=language or terminal.language())


def print_report(path: Path) -> None:
    """Print where a report lies."""
    click.echo(f"\n{terminal.either('report', 'レポート')}: {path}")


def finish(result: EvaluationResult, *, as_json: bool, report: Path | None, exit_zero: bool) -> NoReturn:
    """Print the verdicts and end with the exit code of the worst, or with 0 under --exit-zero."""
    from loracheck.evaluate.verdict.judge import exit_code
    from loracheck.summary import print_result

    if as_json:
        print_json(result)
    else:
        print_result(result)
        if report:
            print_report(report)
    sys.stdout.flush()
    sys.exit(0 if exit_zero else exit_code(result.verdicts))


def _path(value: Any) -> str:
    if isinstance(value, Path):
        return str(value)
    raise TypeError(type(value).__name__)
