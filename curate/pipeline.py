"""Curate instruction data: read, check, deduplicate, score, hold out, select; every row gets a reason."""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from loracheck import jsonl
from loracheck.curated import HELDOUT, KEPT
from loracheck.errors import DataError
from loracheck.loading.examples import load_examples, read_examples
from loracheck.loading.sources import resolve_source
from loracheck.probes import BUNDLED, bundled
from loracheck.progress import Progress
from loracheck.records.curation import CurationSummary, SelectionSummary
from loracheck.runs import SUMMARY, WORK, open_run
from loracheck.templates.chat import ChatTemplate, choose_template
from loracheck.text.tokens import guessed_tokens

from .config import CurateConfig
from .duplicates.dedupe import Group, find_duplicates
from .duplicates.flood import find_flood, statements
from .duplicates.semantic import find_semantic
from .filters.check import Checker
from .filters.decontaminate import Contamination, Reference, references_of_examples, references_of_probes
from .filters.pii import masked
from .filters.rules import Profile, ProfileCounter
from .findings import Embedded, Findings
from .judging.classifier import distil, droppable
from .judging.step import check_judge, judge_curves, judge_rows, low_score, rubric_files, values_of
from .output.export import check_formats, export
from .output.writing import write_run
from .parallel import map_rows
from .rows import Rows
from .scoring import embedding
from .scoring.clusters import cluster, project
from .scoring.score import embeddings, ignores_question, mismatch_curves, score_examples, why_unscored
from .scoring.scorecache import ScoreCache
from .selection.from_eval import drop_blamed, find_blamed, from_eval_files
from .selection.split import hold_out
from .selection.subset import Pool, loss_outliers, select

if TYPE_CHECKING:
    from loracheck.models.load import Base


def curate(
    data: Sequence[str | Path],
    base_spec: str | None,
    out: Path,
    config: CurateConfig,
    *,
    progress: Progress,
) -> CurationSummary:
    """Curate data and write a curate run.

    Args:
        data: Files, folders or hub ids of datasets, in any of the known shapes.
        base_spec: The base that scores the rows and embeds them; None leaves rows unscored.
        out: The run directory.
        config: Options.
        progress: Where to report.

    Raises:
        LoracheckError: bad data, a base that cannot be loaded, no row left, or the loss alarm.
    """
    files = [file for source in data for file in resolve_source(source, config.read.split).files]
    check_formats(config.export)
    check_judge(config.judge)
    embedding.check_embedder(config.score.embedder)
    tests = [Path(name) for name in config.decontaminate.test_sets]
    inputs = [*files, *tests, *rubric_files(config.judge), *from_eval_files(config.from_eval)]
    options = {"base": base_spec, **_deciding(config)}
    with open_run(out, "curate", config=options, inputs=inputs, seed=config.seed) as run:
        if run.complete:
            progress.say_finished(out)
            return jsonl.read_one(out / SUMMARY, CurationSummary)
        work = out / WORK
        work.mkdir(exist_ok=True)
        rows, findings = Rows(work / "rows.jsonl", config), Findings()
        with rows.store:
            profile = read_rows(rows, findings, data, config, progress)
            blamed = find_blamed(rows, config.from_eval, progress)
            base, template = _load(base_spec, progress)
            check_rows(rows, findings, profile, config, progress)
            deduplicate_rows(rows, findings, config, progress)
            drop_blamed(rows, blamed, config.from_eval)
            if base and template:
                _score(rows, findings, base, template, config, progress)
            _drop_flood(rows, findings, config)
            _drop_mismatched(rows, findings, config)
            _judge(rows, findings, config, progress)
            _embed(rows, findings, config, progress)
            _drop_judged_low(rows, findings, config)
            _drop_predicted_low(rows, findings, config)
            _drop_semantic(rows, findings, config)
            if not len(rows.left):
                raise DataError(
                    f"no row of {len(rows)} passed.",
                    kind="nothing_passed",
                    hint=f"Most were dropped for: {_common_reasons(rows)}. Loosen the first of these rules in a "
                    "--config, or bring other rows.",
                )
            _hold_out(rows, findings, config)
            _select(rows, findings, config)
            summary = write_run(out, rows, findings)
            export(out / KEPT, config.export, out, summary, heldout=out / HELDOUT)
        shutil.rmtree(work)
        return summary


def read_rows(
    rows: Rows, findings: Findings, data: Sequence[str | Path], config: CurateConfig, progress: Progress
) -> Profile:
    """Read every row, and learn how the whole set is written."""
    counter = ProfileCounter()
    on_bad = findings.bad.add if config.read.bad_rows == "quarantine" else None
    for number, source in enumerate(data, start=1):
        before = len(rows)
        read = config.read
        for example in read_examples(
            source,
            number,
            columns=read.columns or None,
            encoding=read.encoding,
            split=read.split,
            announce=progress.say,
            on_bad=on_bad,
        ):
            counter.add(example)
            rows.add([example])
        if len(rows) == before and not findings.bad.count:
            raise DataError(
                f"{source}: no rows.", kind="no_rows", hint="Each line should be one JSON object."
            )
    if findings.bad.more:
        progress.say(
            f"{findings.bad.count:,} rows cannot be read; the first {len(findings.bad.kept):,} are listed, "
            f"the other {findings.bad.more:,} counted."
        )
    return counter.profile(config.filters)


def check_rows(
    rows: Rows, findings: Findings, profile: Profile, config: CurateConfig, progress: Progress
) -> None:
    """Apply everything that is asked of one row by itself."""
    checker = Checker(profile=profile, contamination=contamination(config), config=config)
    left = rows.left
    with progress.track("checking rows", len(left)) as advance:
        for place, check in map_rows(checker, rows.store, left.tolist(), config.workers):
            advance(1)
            if check.found:
                rows.ledger.decide(place, "dropped", "filters", check.found.code, check.found.values)
            elif check.contaminated:
                hit = check.contaminated
                values = {"source": hit.source, "probe": hit.id, "how": hit.how, "overlap": hit.overlap}
                rows.ledger.decide(place, "dropped", "decontaminate", "contaminated", values)
            elif check.personal or check.beside:
                kinds = tuple(sorted({*check.personal, *check.beside}))
                if config.filters.pii == "drop" and check.personal:
                    values = {"kinds": ", ".join(sorted(check.personal))}
                    rows.ledger.decide(place, "dropped", "filters", "personal_data", values)
                    continue
                findings.masked[place] = kinds
                if config.filters.pii != "report":
                    rows.store.replace(place, masked(rows.store[place], kinds))
    rows.ledger.check_losses()


def contamination(config: CurateConfig) -> Contamination | None:
    """Return the index of what must stay unseen; None when nothing is to be looked for."""
    settings = config.decontaminate
    references: list[Reference] = []
    if settings.probes:
        for suite in BUNDLED:
            references += references_of_probes(bundled([suite]), suite)
    for name in settings.test_sets:
        references += references_of_examples(load_examples([Path(name)]), name)
    return Contamination(references, settings) if references else None


def deduplicate_rows(rows: Rows, findings: Findings, config: CurateConfig, progress: Progress) -> None:
    """Drop what is said twice, and note what shares a prompt, a reply, a passage or a template."""
    left = rows.left
    quality = [float(rows.reply_characters[place]) for place in left]
    progress.say(f"comparing {len(left):,} rows with each other")
    found = find_duplicates(rows.fields(left), quality, config.dedupe)
    for index, match in found.duplicates.items():
        context, question, reply = match.similarities
        rows.ledger.decide(
            int(left[index]),
            "dropped",
            "dedupe",
            "exact_duplicate" if match.kind == "exact" else "near_duplicate",
            {"context": context, "question": question, "reply": reply},
            int(left[match.of]),
        )
    for index, of in found.over_family_cap.items():
        values = {"limit": config.dedupe.family_share}
        rows.ledger.decide(int(left[index]), "dropped", "dedupe", "family_cap", values, int(left[of]))
    findings.groups += [_placed(group, left) for group in found.groups]
    findings.curves.append(found.curve)
    rows.ledger.check_losses()


def _load(base_spec: str | None, progress: Progress) -> tuple[Base | None, ChatTemplate | None]:
    if base_spec is None:
        progress.say("no --base: rows get no score by likelihood.")
        return None, None
    from loracheck.models.load import load_base  # noqa: PLC0415 - heavy

    base = load_base(base_spec, announce=progress.say)
    return base, choose_template(base.tokenizer, [])


def _score(
    rows: Rows,
    findings: Findings,
    base: Base,
    template: ChatTemplate,
    config: CurateConfig,
    progress: Progress,
) -> None:
    left = rows.left
    with ScoreCache() as cache:
        if cache.damaged:
            progress.say(f"the cache of scores was damaged; it is set aside as {cache.damaged}")
        scores = score_examples(
            base,
            template,
            rows.examples(left),
            cache,
            progress,
            other_question=config.score.other_question,
        )
    for place in left.tolist():
        if rows.ids[place] in scores:
            findings.base_scores[place] = scores[rows.ids[place]]
        else:
            findings.unscored[place] = why_unscored(template, rows.store[place])


def _drop_flood(rows: Rows, findings: Findings, config: CurateConfig) -> None:
    """Keep a few rows of the flood, those whose reply best fits its question, and drop the others."""
    left = rows.left
    flood = find_flood(rows.fields(left), config.select)
    findings.groups += [_placed(group, left) for group in statements(flood)]
    scores = findings.base_scores
    best = sorted(flood, key=lambda i: scores[int(left[i])].ifd if int(left[i]) in scores else 0.0)
    for index in best[round(config.select.flood_keep * len(left)) :]:
        found = flood[index]
        values = {
            "phrase": found.phrase,
            "replies": found.replies,
            "rows": len(left),
            "cover": found.cover,
        }
        rows.ledger.decide(int(left[index]), "dropped", "flood", "identity_flood", values)
    rows.ledger.check_losses()


def _drop_mismatched(rows: Rows, findings: Findings, config: CurateConfig) -> None:
    scored = [int(place) for place in rows.left if int(place) in findings.base_scores]
    outliers = loss_outliers([findings.base_scores[p].loss for p in scored], config.score.max_deviations)
    for index, place in enumerate(scored):
        score = findings.base_scores[place]
        if (values := ignores_question(score, config.score)) is not None:
            rows.ledger.decide(place, "dropped", "score", "ignores_question", values)
        elif index in outliers:
            values = {"deviations": outliers[index], "limit": config.score.max_deviations}
            rows.ledger.decide(place, "dropped", "score", "garbled", values)
    findings.curves += mismatch_curves([findings.base_scores[place] for place in scored], config.score)
    rows.ledger.check_losses()


def _judge(rows: Rows, findings: Findings, config: CurateConfig, progress: Progress) -> None:
    """Have the judge score rows, and set aside those that speak to it."""
    left = rows.left.tolist()
    if config.judge.model is None or not left:
        return
    strata = [(rows.languages[place], rows.sources[place], rows.bins[place]) for place in left]
    judged = judge_rows(rows.examples(left), strata, config.judge, seed=config.seed, progress=progress)
    findings.judge = judged.summary
    findings.judge_scores = {left[index]: scores for index, scores in judged.scores.items()}
    for index, (rubric, before, after) in judged.injected.items():
        values = {"rubric": rubric, "before": before, "after": after}
        rows.ledger.decide(left[index], "quarantined", "judge", "judge_injection", values)
    findings.curves += judge_curves(judged.scores, config.judge)
    rows.ledger.check_losses()


def _embed(rows: Rows, findings: Findings, config: CurateConfig, progress: Progress) -> None:
    """Give every row still in a vector, a cluster and a point on the map."""
    left = rows.left
    if len(left) < 2:
        return
    name, points = _points(rows, findings, left, config)
    labels = cluster(points, [rows.languages[place] for place in left], config.seed)
    findings.embedded = Embedded(
        embedder=name, places=left, points=points, clusters=labels, spots=project(points, config.seed)
    )
    progress.say(f"{len(np.unique(labels)):,} clusters of {len(left):,} rows ({name})")


def _points(
    rows: Rows, findings: Findings, left: NDArray[np.int64], config: CurateConfig
) -> tuple[str, NDArray[np.float32]]:
    """Return the embedder and the unit vectors of some rows; a row that it cannot embed has zeros."""
    name, scores = config.score.embedder, findings.base_scores
    if scores and name in ("auto", "base"):
        scored = [index for index, place in enumerate(left.tolist()) if place in scores]
        found = embeddings([scores[int(left[index])] for index in scored])
        points = np.zeros((len(left), found.shape[1]), dtype=np.float32)
        points[scored] = found
        return "base", points
    texts = ("\n".join(fields) for fields in rows.fields(left))
    if name in embedding.OWN:
        return "surface", embedding.surface(texts, seed=config.seed)
    return name, embedding.sentence_transformer(name, texts)


def _drop_judged_low(rows: Rows, findings: Findings, config: CurateConfig) -> None:
    """Let the judge veto the bottom; it does not crown the top."""
    for place in rows.left.tolist():
        low = low_score(findings.judge_scores.get(place, ()), config.judge.min_score)
        if low:
            values = {
                "rubric": low.name,
                "score": low.value,
                "limit": config.judge.min_score,
                "why": low.explanation,
            }
            rows.ledger.decide(place, "dropped", "judge", "low_judge_score", values)
    rows.ledger.check_losses()


def _drop_predicted_low(rows: Rows, findings: Findings, config: CurateConfig) -> None:
    """Let the classifier that learnt the judge's scores veto the bottom, if it beats length alone."""
    embedded = findings.embedded
    if embedded is None or not config.classifier.enabled or not findings.judge_scores:
        return
    places = embedded.places.tolist()
    judged = {
        index: float(np.mean(given))
        for index, place in enumerate(places)
        if (scores := findings.judge_scores.get(place))
        and len(given := values_of(scores)) == len(scores)  # means over other rubrics do not compare
    }
    if len(judged) == len(places):
        return
    characters = [rows.reply_characters[place] for place in places]
    languages = [rows.languages[place] for place in places]
    distilled = distil(embedded.points, characters, languages, judged, config.classifier, config.seed)
    findings.classifier = distilled.summary
    if distilled.predicted is not None:
        findings.predicted = {
            place: float(value)
            for place, value in zip(places, distilled.predicted, strict=True)
            if np.isfinite(value)
        }
    for index, values in droppable(distilled, config.classifier).items():
        rows.ledger.decide(places[index], "dropped", "classifier", "low_predicted_score", values)
    rows.ledger.check_losses()


def _drop_semantic(rows: Rows, findings: Findings, config: CurateConfig) -> None:
    """Of rows that mean the same, keep the one with the longest reply."""
    embedded, quantile = findings.embedded, config.dedupe.semantic_quantile
    if embedded is None or quantile is None:
        return
    left = rows.left
    found = find_semantic(
        embedded.points[embedded.index(left)],
        [float(rows.reply_characters[place]) for place in left],
        [rows.languages[place] for place in left],
        quantile,
        config.seed,
    )
    for index, (of, cosine) in found.duplicates.items():
        place, related = int(left[index]), int(left[of])
        values = {"cosine": cosine, "limit": found.thresholds[rows.languages[place]]}
        rows.ledger.decide(place, "dropped", "dedupe", "semantic_duplicate", values, related)
    rows.ledger.check_losses()


def _hold_out(rows: Rows, findings: Findings, config: CurateConfig) -> None:
    """Hold out whole units, so that no held-out row has a twin among the kept ones."""
    left = rows.left
    inside = set(left.tolist())
    tied = [
        np.searchsorted(left, [place for place in group.members if place in inside]).tolist()
        for group in findings.groups
        if group.kind != "statement"
    ]
    labels = _clusters(findings, left)
    for index in sorted(hold_out(labels, tied, config.heldout_share, config.seed)):
        rows.ledger.decide(int(left[index]), "heldout", "split", "held_out")


def _select(rows: Rows, findings: Findings, config: CurateConfig) -> None:
    left, embedded = rows.left, findings.embedded
    scores = findings.base_scores
    tokens = [
        scores[p].tokens
        if p in scores
        else max(1, guessed_tokens(rows.reply_characters[p], rows.languages[p]))
        for p in left.tolist()
    ]
    unknown = -math.inf if scores else 0.0
    pool = Pool(
        points=embedded.points[embedded.index(left)] if embedded and config.select.method != "all" else None,
        quality=np.asarray([-scores[p].ifd if p in scores else unknown for p in left.tolist()]),
        languages=_codes([rows.languages[place] for place in left]),
        sources=_codes([rows.sources[place] for place in left]),
        reply_characters=np.asarray([rows.reply_characters[place] for place in left]),
        reply_tokens=np.asarray(tokens),
        clusters=_clusters(findings, left),
    )
    choice = select(pool, config.select, config.seed)
    for index, place in enumerate(left.tolist()):
        if len(choice.rank) == len(left):
            rows.ledger.decide(place, "kept", "selection", "passed")
        elif index in choice.rank:
            values = {"rank": choice.rank[index], "of": len(choice.rank), "method": choice.method}
            rows.ledger.decide(place, "kept", "selection", "selected", values)
        else:
            nearest, cosine = choice.nearest.get(index, (None, None))
            values = {"of": len(choice.rank), "cosine": cosine, "method": choice.method}
            related = None if nearest is None else int(left[nearest])
            rows.ledger.decide(place, "dropped", "selection", "over_budget", values, related)
    findings.selection = SelectionSummary(
        method=choice.method,
        embedder=embedded.embedder if embedded else "",
        pool=len(left),
        clusters=len(set(pool.clusters.tolist())),
        clusters_covered=len({int(pool.clusters[index]) for index in choice.rank}),
        budget=_budget(config),
    )
    if embedded:
        embedded.points = embedded.points[:0]


def _clusters(findings: Findings, left: NDArray[np.int64]) -> NDArray[np.int64]:
    embedded = findings.embedded
    return embedded.clusters[embedded.index(left)] if embedded else np.zeros(len(left), dtype=np.int64)


def _placed(group: Group, left: NDArray[np.int64]) -> Group:
    """Return a group of indices into left as a group of places."""
    members = tuple(int(left[index]) for index in group.members)
    return Group(kind=group.kind, members=members, shared=group.shared)


def _codes(names: Sequence[str]) -> NDArray[np.int64]:
    return np.asarray(np.unique(np.asarray(names, dtype=str), return_inverse=True)[1], dtype=np.int64)


def _budget(config: CurateConfig) -> str:
    chosen = config.select
    if chosen.target_rows is not None:
        return f"{chosen.target_rows} rows"
    if chosen.target_share is not None:
        return f"{chosen.target_share:.0%} of the rows"
    return f"{chosen.target_tokens} tokens" if chosen.target_tokens is not None else ""


def _deciding(config: CurateConfig) -> dict[str, Any]:
    """Return the options that decide what comes out; the others may change between two tries of a run."""
    return {k: v for k, v in asdict(config).items() if k not in ("workers", "max_loss", "allow_loss")}


def _common_reasons(rows: Rows) -> str:
    counts = rows.ledger.reasons().most_common(3)
    return ", ".join(f"{reason} ({n})" for (_, reason, _), n in counts)
