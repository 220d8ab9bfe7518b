"""What the scores of a curation look like: histograms, the map of clusters, what the judge did."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loracheck.curated import SCORES
from loracheck.records import Estimate
from loracheck.records.curation import CurationSummary
from loracheck.reports import figures
from loracheck.reports.charts.distributions import KINDS, ClusterLine, HistogramChart, MapChart, Spot
from loracheck.reports.charts.intervals import Table
from loracheck.reports.strings.frame import STRINGS, Both, same, text

BINS = 24
MOST_SPOTS = 1500
MOST_CLUSTERS = 20
_COLUMNS = ("example_id", "outcome", "reason", "language", "source", "cluster", "x", "y")
_LOGARITHMIC = ("perplexity",)
_LIMITS = {"ifd": "score.max_ifd", "fit": "score.min_fit"}
_COUNTS = ("prompt_characters", "reply_characters", "reply_tokens")


def score_name(name: str) -> Both:
    """Return the display name of a score; a rubric of the user's own keeps its name."""
    return text(f"score_{name}") if f"score_{name}" in STRINGS else same(name.replace("_", " "))


def histograms(run: Path, counts: CurationSummary) -> list[HistogramChart]:
    """Return a histogram of every score that varies, with the limit that was held against it."""
    columns = _read(run)
    if columns is None:
        return []
    kept = np.isin(np.asarray(columns["outcome"]), ("kept", "heldout"))
    options = dict(_LIMITS) | dict.fromkeys(counts.judge.rubrics if counts.judge else (), "judge.min_score")
    chosen = {curve.option: curve.chosen for curve in counts.curves}
    charts: list[HistogramChart] = []
    for name in [name for name in columns if name not in (*_COLUMNS, *_COUNTS)]:
        values = np.asarray([np.nan if v is None else v for v in columns[name]], dtype=np.float64)
        scored = np.isfinite(values)
        if len(set(values[scored].tolist())) < 2:
            continue
        low, high = (float(end) for end in np.quantile(values[scored], [0.005, 0.995]))
        if low == high:
            low, high = float(values[scored].min()), float(values[scored].max())
        spaced = np.geomspace if name in _LOGARITHMIC else np.linspace
        edges = spaced(low, high, BINS + 1)
        charts.append(
            HistogramChart(
                id=f"score-{len(charts)}",
                title=score_name(name),
                description=text("histogram_desc"),
                edges=tuple(edges.tolist()),
                kept=_counted(values[scored & kept], edges),
                dropped=_counted(values[scored & ~kept], edges),
                limit=chosen.get(options.get(name, "")),
            )
        )
    return charts


def cluster_map(run: Path, texts: dict[str, str]) -> MapChart | None:
    """Return the map of clusters, drawn from a sample of the rows where they are many.

    Args:
        run: The run.
        texts: Prompts by row id, for the names of clusters; a cluster of others is named by its number.
    """
    columns = _read(run)
    if columns is None:
        return None
    placed = [row for row, x in enumerate(columns["x"]) if x is not None]
    if len(placed) < 2:
        return None
    kinds = [_kind(outcome) for outcome in columns["outcome"]]
    step = max(1, -(-len(placed) // MOST_SPOTS))
    members: dict[int, list[int]] = {}
    for row in placed:
        members.setdefault(columns["cluster"][row], []).append(row)
    lines = []
    for number, inside in sorted(members.items(), key=lambda item: (-len(item[1]), item[0]))[:MOST_CLUSTERS]:
        found = Counter(kinds[row] for row in inside)
        rows = (found["kept"], found["heldout"], found["dropped"])
        lines.append(ClusterLine(rows=rows, example=_middle(columns, inside, texts) or f"#{number}"))
    return MapChart(
        id="cluster-map",
        title=text("map_title"),
        description=text("map_desc", n=figures.whole(len(members))),
        spots=[Spot(x=columns["x"][row], y=columns["y"][row], kind=kinds[row]) for row in placed[::step]],
        clusters=tuple(lines),
    )


def judge_table(counts: CurationSummary) -> Table | None:
    """Return what the judge and the classifier did, a fact a line."""
    judge = counts.judge
    if judge is None:
        return None
    states = {state: n for state, n in judge.states.items() if n}
    rows: list[tuple[Both, ...]] = [
        (text("judge_model"), same(judge.model)),
        (text("judge_rubrics"), same(", ".join(judge.rubrics))),
        (text("judge_rows"), same(figures.whole(judge.rows))),
        *((text(f"judge_{state}"), same(figures.whole(n))) for state, n in states.items()),
        (text("judge_canaries"), same(f"{judge.canaries_right} / {judge.canaries}")),
        (text("judge_injected"), same(f"{judge.injected} / {judge.flagged}")),
        *([(text("judge_untested"), same(figures.whole(judge.untested)))] if judge.untested else []),
        (text("judge_requests"), same(figures.whole(judge.requests))),
        (text("judge_cached"), same(figures.whole(judge.cached))),
        (text("judge_tokens"), same(figures.whole(judge.prompt_tokens + judge.completion_tokens))),
    ]
    if judge.length_correlation is not None:
        rows.append((text("judge_length"), same(f"{judge.length_correlation:+.2f}")))
    found = counts.classifier
    if found and found.agreement and found.length_agreement and found.gain:
        rows += [
            (text("classifier_agreement"), same(_interval(found.agreement))),
            (text("classifier_length"), same(_interval(found.length_agreement))),
            (text("classifier_gain"), same(_interval(found.gain))),
            (
                text("classifier_may_drop"),
                text("classifier_beats" if found.may_drop else "classifier_does_not_beat"),
            ),
        ]
    elif found:
        rows.append((text("classifier_may_drop"), text("classifier_learnt_nothing")))
    return Table(head=(text("col_fact"), text("col_value")), rows=tuple(rows))


def _read(run: Path) -> dict[str, list[Any]] | None:
    import pyarrow.parquet as pq  # noqa: PLC0415 - heavy, and not needed for help

    path = run / SCORES
    if not path.is_file():
        return None
    columns: dict[str, list[Any]] = pq.read_table(path).to_pydict()
    return columns


def _counted(values: NDArray[np.float64], edges: NDArray[np.float64]) -> tuple[int, ...]:
    counted, _ = np.histogram(np.clip(values, edges[0], edges[-1]), edges)
    return tuple(counted.tolist())


def _kind(outcome: str) -> str:
    return outcome if outcome in KINDS else "dropped"


def _middle(columns: dict[str, list[Any]], inside: list[int], texts: dict[str, str]) -> str:
    """Return the prompt of the row nearest to the middle of a cluster, of those whose text is at hand."""
    known = [row for row in inside if columns["example_id"][row] in texts]
    if not known:
        return ""
    x, y = (float(np.mean([columns[axis][row] for row in inside])) for axis in ("x", "y"))
    nearest = min(known, key=lambda row: ((columns["x"][row] - x) ** 2 + (columns["y"][row] - y) ** 2, row))
    return " ".join(texts[columns["example_id"][nearest]].split())[:60]


def _interval(estimate: Estimate) -> str:
    return f"{estimate.value:+.2f} [{estimate.ci_low:+.2f}, {estimate.ci_high:+.2f}]"
