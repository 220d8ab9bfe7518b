"""The stages as functions, under the names of the command line: `from loracheck.api import curate, train, evaluate`.

Each takes the options of its command as a config and writes the same run directory; `loracheck.load` opens one.
"""

from __future__ import annotations

from loracheck.curate.config import CurateConfig
from loracheck.curate.pipeline import curate
from loracheck.evaluate.config import EvalConfig
from loracheck.evaluate.gate import rejudge as gate
from loracheck.evaluate.pipeline import evaluate
from loracheck.evaluate.policy import Policy, load_policy
from loracheck.loaded import load
from loracheck.progress import Progress
from loracheck.reports.pipeline import write_report as report
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
