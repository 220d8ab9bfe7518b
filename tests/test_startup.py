"""Help costs next to nothing, and every command has it, with an example."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest

from loracheck.cli import cli

ROOT = Path(__file__).parents[1]
HEAVY = ("torch", "transformers", "peft", "bitsandbytes", "datasets", "pandas", "sklearn")
SCRIPT = """
import sys
from loracheck.cli import cli
heavy = set({heavy!r})
for arguments in {calls!r}:
    try:
        cli.main(arguments, standalone_mode=True)
    except SystemExit as end:
        assert end.code in (0, None), (arguments, end.code)
    found = sorted(heavy & set(sys.modules))
    assert not found, f"{{arguments}} loads {{found}}"
"""


def loads(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )


def test_help_of_every_command_loads_nothing_heavy() -> None:
    calls = [["--help"], ["--version"], *([*name.split(), "--help"] for name in cli.commands)]
    done = loads(SCRIPT.format(heavy=HEAVY, calls=calls))
    assert done.returncode == 0, done.stderr


def test_the_test_above_would_notice_a_heavy_import() -> None:
    done = loads("import sklearn\n" + SCRIPT.format(heavy=HEAVY, calls=[["--help"]]))
    assert done.returncode != 0
    assert "['--help'] loads" in done.stderr
    assert "'sklearn'" in done.stderr


def test_a_curation_without_a_base_loads_no_model_library(tmp_path: Path) -> None:
    rows = ROOT / "loracheck" / "demo_data" / "poponu_heldout.jsonl"
    done = loads(
        "import sys\nfrom loracheck.cli import main\n"
        f"sys.argv = ['loracheck', 'curate', {str(rows)!r}, '-o', {str(tmp_path / 'run')!r}]\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert end.code == 0, end.code\n"
        "found = {'torch', 'transformers', 'peft'} & set(sys.modules)\nassert not found, found\n"
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_every_command_has_help_and_an_example_of_itself(name: str) -> None:
    command = cli.commands[name]
    assert command.help
    assert "Example" in command.help
    assert f"loracheck {name}" in command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{name} {parameter.opts[0]}"
