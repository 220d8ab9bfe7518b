"""The stages as functions, under the names of the command line: `from loracheck.api import curate, train, evaluate`.

Each takes the options of its command as a config and writes the same run directory; `loracheck.load` opens one.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from loracheck.curate.config import CurateConfig
from loracheck.curate.pipeline import curate
from loracheck.evaluate.asked import confirm_evaluations
from loracheck.evaluate.config import EvalConfig
from loracheck.evaluate.gate import rejudge as gate
from loracheck.evaluate.pipeline import evaluate
from loracheck.evaluate.policy import Policy, load_policy
from loracheck.loaded import load
from loracheck.progress import Progress
from loracheck.reports.pipeline import write_report
from loracheck.train.config import TrainConfig
from loracheck.train.inputs import TrainInputs
from loracheck.train.pipeline import train

__all__ = [
    "CurateConfig",
    "EvalConfig",
    "Policy",
    "Progress",
    "TrainConfig",
    "TrainInputs",
    "curate",
    "evaluate",
    "gate",
    "load",
    "load_policy",
    "report",
    "train",
]


def report(run: Path, *, related: Sequence[Path] = (), language: Literal["ja", "en"] = "en") -> Path:
    """Write report.html into a finished run and return its path; verdicts are computed again first.

    Args:
        run: The run to show.
        related: Curate and train runs whose summaries an eval report shows.
        language: The language that the page opens in; a reader can switch.

    Raises:
        RunError: there is no finished run of a known kind, a file was changed, or the answers give another verdict.
    """
    confirm_evaluations((run, *related))
    return write_report(run, related=related, language=language)
