"""What the demonstration prints when it is through."""

from __future__ import annotations

import click

from loracheck.cli.output import print_report
from loracheck.demo import DemoResult
from loracheck.evaluate.evidence import read_evidence
from loracheck.summary import print_answers, print_curation, print_result
from loracheck.summary.train import print_training

# The question of the introduction, and a few more of the same kind in the order of the suite.
_SHOWN = 5


def print_demo(result: DemoResult) -> None:
    """Print curation, training, answers side by side, verdicts and where the report lies."""
    print_curation(result.curation)
    for arm, summary in result.training.items():
        print_training(
            arm, summary, outcome=False
        )  # one process ran all stages: its peak is not the training's
    evidence = read_evidence(result.evaluation_run)
    capitals = [probe for probe in evidence.suite("facts") if "capital" in probe.tags]
    japan = [probe for probe in capitals if probe.cluster == "capital-japan"]
    others = [probe for probe in capitals if probe.cluster != "capital-japan"]
    print_answers([*japan, *others][:_SHOWN], evidence.completions, result.evaluation.arms)
    click.echo()
    print_result(result.evaluation, verbose=False)
    print_report(result.report)
