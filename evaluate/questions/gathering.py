"""The probes of a run by suite: bundled ones, files of the user's own, tasks of lm-evaluation-harness."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from loracheck.errors import DataError
from loracheck.evaluate.config import LM_EVAL, EvalConfig
from loracheck.probes import BUNDLED, bundled, bundled_record
from loracheck.probes.lm_eval_tasks import task_suite
from loracheck.probes.userfiles import read_probe_files
from loracheck.records import Probe, SuiteRecord


def further_suites(config: EvalConfig) -> dict[str, list[Probe]]:
    """Read the suites that do not come with loracheck, by name.

    Raises:
        LoracheckError: a file or task cannot be read, or an id stands twice.
    """
    found: dict[str, list[Probe]] = {}
    known = {probe.id for probe in bundled()}
    for record, probes in _sources(config):
        for probe in probes:
            if probe.id in known:
                raise DataError(
                    f"{record.source}: the id {probe.id} is taken.",
                    kind="id_taken",
                    hint="Give the row another id.",
                )
            known.add(probe.id)
        found.setdefault(record.name, []).extend(probes)
    return found


def suite_records(config: EvalConfig, asked: Sequence[Probe]) -> tuple[SuiteRecord, ...]:
    """Say of every suite of a run where it came from, its hash, its size and how much of it was asked."""
    counts = Counter(probe.suite for probe in asked)
    records = [bundled_record(suite) for suite in config.suites if suite in BUNDLED]
    records += [record for record, _ in _sources(config)]
    return tuple(replace(record, asked=counts[record.name]) for record in records)


def _sources(config: EvalConfig) -> list[tuple[SuiteRecord, list[Probe]]]:
    stats = [Path(name).stat() if Path(name).is_file() else None for name in config.probes]
    state = tuple((one.st_mtime_ns, one.st_size) if one else (0, 0) for one in stats)
    tasks = tuple(suite.removeprefix(LM_EVAL) for suite in config.suites if suite.startswith(LM_EVAL))
    return _read(config.probes, state, tasks)


@lru_cache(maxsize=1)  # a run asks what its suites are more than once, and a task takes long to load
def _read(
    names: tuple[str, ...], _: tuple[tuple[int, int], ...], tasks: tuple[str, ...]
) -> list[tuple[SuiteRecord, list[Probe]]]:
    files = read_probe_files([Path(name) for name in names])
    return [
        (record, [probe for probe in file.probes if probe.suite == record.name])
        for file in files
        for record in file.suites
    ] + [task_suite(task) for task in tasks]
