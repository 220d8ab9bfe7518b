"""Curate instruction data: filter, deduplicate, score by the base, hold out, select; every row gets a reason."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from loracheck import jsonl
from loracheck.errors import DataError
from loracheck.loading import load_examples
from loracheck.models import load_base
from loracheck.progress import Progress
from loracheck.records import CurationSummary, Decision, DroppedRow, Example, Outcome, StepCount
from loracheck.runs import open_run
from loracheck.template import choose_template

from .config import CurateConfig
from .dedupe import find_duplicates
from .filters import first_reason, profile_of
from .flood import find_flood
from .score import RowScore, embeddings, score_examples
from .selection import hold_out, k_center, loss_outliers


def curate(
    data: Sequence[Path], base_spec: str | None, out: Path, config: CurateConfig, *, progress: Progress
) -> CurationSummary:
    """Curate data files and write a curate run.

    Args:
        data: Data files in any of the known shapes.
        base_spec: The base that scores the rows and embeds them; None leaves rows unscored, and then selects
            no subset.
        out: The run directory.
        config: Options.
        progress: Where to report.

    Raises:
        LoracheckError: bad data, a base that cannot be loaded, no row left.
    """
    options = {"base": base_spec, **asdict(config)}
    examples = load_examples(data)
    with open_run(out, "curate", config=options, inputs=data, seed=config.seed) as run:
        if run.complete:
            progress.say(f"{out} is finished already; nothing to do.")
            return jsonl.read_one(out / "summary.json", CurationSummary)
        started = time.monotonic()
        rows = _Rows(examples)
        _filter(rows, config)
        _deduplicate(rows, config)
        scores = _score(rows, base_spec, out, progress)
        _drop_flood(rows, scores, config)
        if scores:
            _drop_mismatched(rows, scores, config)
        if not rows.left:
            raise DataError(f"no row of {len(examples)} passed the filters.", hint=_common_reasons(rows))
        _hold_out(rows, config)
        _select(rows, scores, config)
        return _write(out, rows, scores, time.monotonic() - started)


class _Rows:
    """The rows on their way: those still in, and the decision of every other."""

    def __init__(self, examples: Sequence[Example]) -> None:
        self.examples = examples
        self.left = list(examples)
        self.decisions: dict[str, Decision] = {}

    def decide(
        self,
        example: Example,
        outcome: Outcome,
        stage: str,
        reason: str,
        explanation: str,
        related: str | None = None,
    ) -> None:
        """Record where a row ends up."""
        self.decisions[example.id] = Decision(
            example_id=example.id,
            outcome=outcome,
            stage=stage,
            reason=reason,
            explanation=explanation,
            related=related,
        )

    def close(self) -> None:
        """Take the rows decided since out of those still in."""
        self.left = [example for example in self.left if example.id not in self.decisions]


def _filter(rows: _Rows, config: CurateConfig) -> None:
    profile = profile_of(rows.examples, config)
    for example in rows.left:
        if reason := first_reason(example, profile, config):
            rows.decide(example, "dropped", "filters", reason.code, reason.explanation)
    rows.close()


def _deduplicate(rows: _Rows, config: CurateConfig) -> None:
    for place, match in find_duplicates(rows.left, config).items():
        original = rows.left[match.of]
        how = (
            "exactly"
            if match.exact
            else (f"nearly (question {match.prompt_similarity:.2f}, reply {match.reply_similarity:.2f})")
        )
        rows.decide(
            rows.left[place],
            "dropped",
            "dedupe",
            "exact_duplicate" if match.exact else "near_duplicate",
            f"it repeats line {original.source.line} {how}",
            original.id,
        )
    rows.close()


def _score(rows: _Rows, base_spec: str | None, out: Path, progress: Progress) -> dict[str, RowScore]:
    if base_spec is None:
        progress.say("no --base: rows stay unscored, and every row that passes is kept.")
        return {}
    base = load_base(base_spec, announce=progress.say)
    template = choose_template(base.tokenizer, [])
    return score_examples(base, template, rows.left, out / "scores.jsonl", progress)


def _drop_flood(rows: _Rows, scores: dict[str, RowScore], config: CurateConfig) -> None:
    """Keep a few rows of the flood, those whose reply best fits its question, and drop the others."""
    flood = find_flood(rows.left, config)
    best = sorted(flood, key=lambda place: _ifd(scores, rows.left[place]))
    for place in best[round(config.flood_keep * len(rows.left)) :]:
        found = flood[place]
        rows.decide(
            rows.left[place],
            "dropped",
            "flood",
            "identity_flood",
            f"phrases such as 「{found.phrase}」 stand in {found.replies} of {len(rows.left)} replies; "
            f"they make up {found.cover:.0%} of this one",
        )
    rows.close()


def _drop_mismatched(rows: _Rows, scores: dict[str, RowScore], config: CurateConfig) -> None:
    outliers = loss_outliers([scores[example.id].loss for example in rows.left])
    for place, example in enumerate(rows.left):
        ifd = scores[example.id].ifd
        if ifd >= config.max_ifd:
            rows.decide(
                example,
                "dropped",
                "score",
                "ignores_question",
                f"its question does not help to predict the reply: IFD {ifd:.2f}, the limit is "
                f"{config.max_ifd:.2f}",
            )
        elif place in outliers:
            rows.decide(
                example,
                "dropped",
                "score",
                "garbled",
                f"the base makes no sense of the reply: {outliers[place]:.1f} deviations above the median "
                "loss",
            )
    rows.close()


def _hold_out(rows: _Rows, config: CurateConfig) -> None:
    held = hold_out(len(rows.left), config.heldout_share, config.seed)
    for place in sorted(held):
        rows.decide(
            rows.left[place], "heldout", "split", "held_out", "drawn at random from the rows that passed"
        )
    rows.close()


def _select(rows: _Rows, scores: dict[str, RowScore], config: CurateConfig) -> None:
    target = config.target_rows
    if target is None or target >= len(rows.left) or not scores:
        for example in rows.left:
            rows.decide(example, "kept", "selection", "passed", "it passed every step")
        rows.close()
        return
    found = [scores[example.id] for example in rows.left]
    choice = k_center(embeddings(found), [-score.ifd for score in found], target)
    for place, example in enumerate(rows.left):
        if place in choice.rank:
            rows.decide(
                example,
                "kept",
                "selection",
                "selected",
                f"taken as number {choice.rank[place]} of {target} for diversity",
            )
        else:
            nearest, cosine = choice.nearest[place]
            rows.decide(
                example,
                "dropped",
                "selection",
                "over_budget",
                f"over the {target} rows asked for; the nearest kept row is alike by cosine {cosine:.2f}",
                rows.left[nearest].id,
            )
    rows.close()


def _write(out: Path, rows: _Rows, scores: dict[str, RowScore], seconds: float) -> CurationSummary:
    decisions = [_with_scores(rows.decisions[example.id], scores) for example in rows.examples]
    by_outcome: dict[Outcome, list[Example]] = {"kept": [], "heldout": [], "dropped": []}
    for example, decision in zip(rows.examples, decisions, strict=True):
        by_outcome[decision.outcome].append(example)
    jsonl.write(out / "kept.jsonl", by_outcome["kept"])
    jsonl.write(out / "heldout.jsonl", by_outcome["heldout"])
    jsonl.write(out / "decisions.jsonl", decisions)
    jsonl.write(
        out / "dropped.jsonl",
        (
            DroppedRow(decision=d, example=e)
            for e, d in zip(rows.examples, decisions, strict=True)
            if d.outcome == "dropped"
        ),
    )
    counts = Counter((d.stage, d.reason) for d in decisions if d.outcome == "dropped")
    summary = CurationSummary(
        read=len(rows.examples),
        kept=len(by_outcome["kept"]),
        heldout=len(by_outcome["heldout"]),
        dropped=len(by_outcome["dropped"]),
        steps=tuple(StepCount(stage=s, reason=r, rows=n) for (s, r), n in counts.most_common()),
        unscored=sum(example.id not in scores for example in rows.examples),
        kept_reply_characters=sum(len(example.reply) for example in by_outcome["kept"]),
        read_reply_characters=sum(len(example.reply) for example in rows.examples),
        seconds=round(seconds, 1),
    )
    jsonl.write_one(out / "summary.json", summary)
    return summary


def _with_scores(decision: Decision, scores: dict[str, RowScore]) -> Decision:
    found = scores.get(decision.example_id)
    return replace(decision, scores=found.as_scores()) if found else decision


def _ifd(scores: dict[str, RowScore], example: Example) -> float:
    return scores[example.id].ifd if example.id in scores else 0.0


def _common_reasons(rows: _Rows) -> str:
    counts = Counter(decision.reason for decision in rows.decisions.values())
    return "Most were dropped for: " + ", ".join(f"{reason} ({n})" for reason, n in counts.most_common(3))
