"""What was found, as records: the rows nearest to each failure, and the group behind each finding, if any."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from loracheck.records import Example
from loracheck.records.causes import BlamedRow, FailureCauses, FindingCause, Twins
from loracheck.stats import share

from . import blame
from .config import CausesConfig
from .looked import Looked
from .overlap import held_share, longest_run


def explained_findings(
    looked: Looked, rows: Sequence[Example], alike: Sequence[Sequence[int]], config: CausesConfig
) -> Iterator[FindingCause]:
    """Yield what stands behind each finding of an adapter.

    Args:
        looked: The adapter's answers and their scores.
        rows: The training rows.
        alike: Places of the rows, near-identical ones together.
        config: Options.
    """
    place = {answer.probe.id: index for index, answer in enumerate(looked.answers[: looked.failures])}
    joined = blame.combined(list(looked.scores.values()))
    other = joined[looked.failures :]
    for one in looked.findings:
        own = [place[answer.probe.id] for answer in one.answers]
        unknown = FindingCause(
            adapter=looked.adapter,
            check=one.finding.check,
            status="too_few",
            failures=len(own),
            of=len(one.finding.evidence),
            silent=one.silent,
        )
        if len(own) < blame.LEAST_FAILURES or len(rows) < blame.LEAST_ROWS:
            yield unknown
            continue
        group = blame.stands_out(joined[own], other, alike, seed=config.seed)
        scores = list(looked.scores.values())
        near = blame.nearer([s[own] for s in scores], [s[looked.failures :] for s in scores], group.places)
        yield replace(
            unknown,
            status="named" if group.named and near else "none",
            twins=tuple(_twins(group.places, rows, alike)),
            explained=share("explained", group.explained, len(own)),
            unrelated=share("unrelated", group.unrelated, len(other)),
            by_chance=round(group.by_chance, 4),
            p=round(group.p, 4),
        )


def _twins(places: Sequence[int], rows: Sequence[Example], alike: Sequence[Sequence[int]]) -> Iterator[Twins]:
    inside = set(places)
    first = {place: order for order, place in enumerate(places)}
    for group in sorted((g for g in alike if g[0] in inside), key=lambda g: first[g[0]]):
        yield Twins(rows=tuple(rows[place].id for place in group))


def explained_failures(
    looked: Looked, rows: Sequence[Example], config: CausesConfig
) -> Iterator[FailureCauses]:
    """Yield the rows nearest to each failure of an adapter."""
    joined = blame.combined(list(looked.scores.values()))[: looked.failures]
    ranks = blame.ranks(joined)
    by_method = {method: blame.ranks(score[: looked.failures]) for method, score in looked.scores.items()}
    checks: dict[str, list[str]] = {}
    for one in looked.findings:
        for answer in one.answers:
            checks.setdefault(answer.probe.id, []).append(one.finding.check)
    for index, answer in enumerate(looked.answers[: looked.failures]):
        nearest = ranks[index].argsort(kind="stable")[: config.shown_rows].tolist()
        yield FailureCauses(
            adapter=looked.adapter,
            probe_id=answer.probe.id,
            checks=tuple(checks[answer.probe.id]),
            answer=answer.text,
            base_answer=answer.base,
            origin=answer.origin,
            rows=tuple(
                BlamedRow(
                    example_id=rows[place].id,
                    rank=int(ranks[index, place]),
                    ranks={method: int(found[index, place]) for method, found in by_method.items()},
                    scores={
                        method: round(float(score[index, place]), 4)
                        for method, score in looked.scores.items()
                    },
                    share=_rounded(
                        held_share(answer.text, answer.base, answer.probe.prompt, rows[place].reply)
                    ),
                    run=longest_run(answer.text, answer.base, rows[place].reply),
                )
                for place in nearest
            ),
        )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
