"""Multiple-choice tasks of lm-evaluation-harness as suites of probes, when that package is installed.

A task is a YAML file that may name Python functions and data to download: it is a program. Tasks of the package are
as safe as the package; a file of someone else's is run only if you would run their scripts.
"""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from loracheck import jsonl
from loracheck.errors import DataError, EnvironmentFault, UsageError, first_line
from loracheck.probes.public_sets import multiple_choice
from loracheck.records import Probe, SuiteRecord

_PACKAGE = "lm_eval"


def task_suite(spec: str) -> tuple[SuiteRecord, list[Probe]]:
    """Turn the documents of a task into probes.

    Args:
        spec: Name of a task of the package, or a YAML file of a task.

    Raises:
        EnvironmentFault: the package is not installed, or the task's data cannot be had.
        UsageError: there is no such task, or it is not of multiple choice.
    """
    if importlib.util.find_spec(_PACKAGE) is None:
        raise EnvironmentFault(
            f"--suite lm-eval:{spec}: lm-evaluation-harness is not installed.",
            kind="package_missing",
            hint="pip install lm-eval",
        )
    task = _loaded(spec)
    name = str(task.config.task)
    if task.OUTPUT_TYPE != "multiple_choice":
        raise UsageError(
            f"--suite lm-eval:{spec}: a task of {task.OUTPUT_TYPE}, which is graded by lm-evaluation-harness alone.",
            kind="lm_eval_task",
            hint="Tasks of multiple_choice become probes; for others, run lm_eval and show its results with "
            "`loracheck probes show results.json`.",
        )
    suite = f"facts-{re.sub(r'[^a-zA-Z0-9]+', '-', name)}"
    probes = [_probe(task, document, place, suite, spec) for place, document in enumerate(_documents(task))]
    if not probes:
        raise DataError(f"--suite lm-eval:{spec}: the task has no documents.", kind="no_rows")
    content = b"".join(jsonl.encode(probe) for probe in probes)
    record = SuiteRecord(
        name=suite,
        source=f"lm-eval task {name}",
        sha256=hashlib.sha256(content).hexdigest(),
        probes=len(probes),
    )
    return record, probes


def _loaded(spec: str) -> Any:  # noqa: ANN401 - a class of the package
    from lm_eval.tasks import TaskManager  # noqa: PLC0415 - an optional package

    logging.getLogger(_PACKAGE).setLevel(logging.ERROR)
    is_file = spec.endswith((".yaml", ".yml"))
    if is_file and not Path(spec).is_file():
        raise UsageError(f"--suite lm-eval:{spec}: there is no such file.", kind="no_such_file")
    manager = TaskManager(include_defaults=not is_file)
    if not is_file and spec not in manager.all_tasks:
        raise UsageError(
            f"--suite lm-eval:{spec}: lm-evaluation-harness knows no such task.",
            kind="unknown_name",
            hint="`lm_eval ls tasks` lists them; a file of a task is named by its path, ending in .yaml.",
        )
    try:
        found = _leaves(manager.load([spec])["tasks"])
    except Exception as error:
        raise EnvironmentFault(
            f"--suite lm-eval:{spec}: the task cannot be loaded: {first_line(error)[:300]}",
            kind="hub_unreachable",
            hint="Its data come from the Hugging Face hub, or from a file that the task names.",
        ) from error
    if len(found) != 1:
        names = ", ".join(str(task.config.task) for task in found[:8])
        raise UsageError(
            f"--suite lm-eval:{spec}: a group of tasks.",
            kind="lm_eval_task",
            hint=f"Name one of them: {names}",
        )
    return found[0]


def _leaves(tasks: Any) -> list[Any]:  # noqa: ANN401
    values: Iterable[Any] = tasks.values() if isinstance(tasks, dict) else [tasks]
    return [leaf for value in values for leaf in (_leaves(value) if isinstance(value, dict) else [value])]


def _documents(task: Any) -> Sequence[Any]:  # noqa: ANN401
    documents: Sequence[Any] = task.test_docs() if task.has_test_docs() else task.validation_docs()
    return documents


def _probe(task: Any, document: Any, place: int, suite: str, spec: str) -> Probe:  # noqa: ANN401
    question, options = task.doc_to_text(document), task.doc_to_choice(document)
    target = task.doc_to_target(document)
    if not isinstance(question, str) or not question.strip():
        raise DataError(
            f"--suite lm-eval:{spec}, document {place}: the choices have contexts of their own, which probes cannot.",
            kind="lm_eval_task",
        )
    if isinstance(target, list):
        target = target[0]
    right = target if isinstance(target, int) else list(options).index(target)
    return multiple_choice(
        suite, f"{suite}-{place}", question, options, right, shown=False, tags=("lm-eval",)
    )
