"""Evaluate adapters against their base: check them, ask all arms the same, judge the raw answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from loracheck import jsonl
from loracheck.curated import given_rows
from loracheck.errors import UsageError
from loracheck.evaluated import CONTEXT, PROBES, VERDICT
from loracheck.loading.examples import load_examples, without_held_out
from loracheck.probes import (
    BUNDLED,
    IN_DOMAIN,
    OF_DOMAIN,
    TRAINING,
    bundled,
    every_nth,
    from_rows,
    without_training_questions,
)
from loracheck.probes.canaries import canary_probes, read_canaries
from loracheck.progress import Progress
from loracheck.records import (
    BASE_ARM,
    ArmRecord,
    Cost,
    EvaluationContext,
    EvaluationResult,
    Example,
    Probe,
)
from loracheck.runs import open_run
from loracheck.templates.chat import check_template_file

from .arms.lineup import Elsewhere, Lineup, arm_files, arm_folder, open_lineup
from .arms.names import check_names
from .arms.origins import remarks
from .asked import Asked, confirm, confirmed, read_asked
from .checks.check import Check
from .checks.listed import CHECKS
from .config import EvalConfig
from .evidence import read_evidence
from .policy import Policy
from .questions.asking import ask, have_base_read, sort_answers
from .questions.cost import foresee, template_of
from .questions.gathering import further_suites, suite_records
from .questions.lengths import beyond_room, reply_lengths, reply_room
from .questions.material import Material, Questions, together
from .verdict.judge import judge
from .verdict.looks import refuse_first_look, refuse_other_subject
from .verdict.scope import refuse_unfit

_HERE = Elsewhere()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """What was trained on, what was held out of it, and the files of both."""

    training: Sequence[Example]
    heldout: Sequence[Example]
    files: Sequence[Path]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Course:
    """How the arms were asked: tokens of a reply of the domain, those of its references by probe, and the cost."""

    room: int | None
    lengths: Mapping[str, int]
    cost: Cost | None


def evaluate(
    base_spec: str,
    adapters: dict[str, Path],
    out: Path,
    config: EvalConfig,
    policy: Policy,
    *,
    data: Sequence[Path] = (),
    in_domain: Sequence[Path] = (),
    chat_template: Path | None = None,
    cached: bool = True,
    elsewhere: Elsewhere = _HERE,
    nulls: dict[str, Path] | None = None,
    after: Path | None = None,
    before_asking: Callable[[Cost], None] | None = None,
    progress: Progress,
) -> EvaluationResult:
    """Evaluate adapters and write an eval run.

    Args:
        base_spec: Hugging Face id, model folder or GGUF file.
        adapters: Name to PEFT folder, train run, or a whole model: a folder or a GGUF file.
        out: The run directory.
        config: What is asked.
        policy: The limits that the verdict is held against.
        data: The training data, if known: curate runs or data files.
        in_domain: Held-out rows of the same domain; of a curate run in data they are taken by themselves.
        chat_template: Jinja file that replaces the template of base and adapters.
        cached: Whether the base's answers are kept and taken from earlier runs.
        elsewhere: Arms whose weights are not loaded here: models of a server, files of answers.
        nulls: Adapters trained to do no harm, by name: what the policy holds of them are its false alarms.
        after: A quick run of the same adapters that this one is the second look after.
        before_asking: Is told what the run will cost before anything is asked.
        progress: Where to report.

    Raises:
        LoracheckError: bad input, an adapter for another base, no room on the disk.
    """
    nulls = nulls or {}
    _refuse_names(adapters, nulls, elsewhere)
    folders = {name: arm_folder(path) for name, path in (adapters | nulls).items()}
    first_look = _first_look(after, policy) if after else None
    rows = _read_rows(data, in_domain)
    options = {
        "base": base_spec,
        "adapters": {name: str(path) for name, path in adapters.items()},
        "policy": jsonl.to_builtins(policy),
        "nulls": {name: str(path) for name, path in nulls.items()},
        "after": first_look.manifest.run_id if first_look else None,
        **elsewhere.options(),
        **asdict(config),
    }
    inputs = [
        *rows.files,
        *([chat_template] if chat_template else []),
        *([Path(config.canaries)] if config.canaries else []),
        *(Path(name) for name in config.probes),
        *elsewhere.completions.values(),
        *(file for folder in folders.values() for file in arm_files(folder)),
    ]
    check_template_file(chat_template)
    with open_run(out, "eval", config=options, inputs=inputs, seed=config.seed) as run:
        if run.complete:
            progress.say_finished(out)
            return confirmed(out)

        lineup = open_lineup(
            base_spec,
            folders,
            config,
            elsewhere,
            chat_template=chat_template,
            cached=cached,
            progress=progress,
        )
        for remark in remarks(lineup.records, base_spec, config.quantization, data_known=bool(data)):
            progress.say(remark)
        material, left_out = _material(config, lineup.watched, rows)
        checks = [check for check in CHECKS if policy.mode(check.name) != "off"]
        asked = together(check.asks(material) for check in checks)
        jsonl.write(out / PROBES, asked.probes)
        context = _context(lineup, config, asked.probes, left_out, data, nulls, first_look)
        jsonl.write_one(out / CONTEXT, context)
        refuse_unfit(policy, context, asked.probes)
        lineup.refuse_missing(asked)
        if first_look:
            refuse_other_subject(first_look.path, first_look.evidence.context, context)
        course = _ask_all(out, lineup, asked, material, checks, config, before_asking, progress)
        have_base_read(out, checks, lineup.open_base, progress)

        context = replace(
            context,
            max_new_tokens_domain=course.room,
            beyond_room=beyond_room(course.lengths, course.room),
            cost=course.cost,
            arms=_arms(lineup),
        )
        jsonl.write_one(out / CONTEXT, context)
        sort_answers(out, asked, lineup.arms)
        result = judge(read_evidence(out), policy)
        jsonl.write_one(out / VERDICT, result)
    return result


def _first_look(run: Path, policy: Policy) -> Asked:
    """Read the quick run that a second look comes after, and see that it can."""
    first = read_asked(run)
    confirm(first)
    refuse_first_look(run, first.evidence.context, first.policy, policy)
    return first


def _refuse_names(adapters: Mapping[str, Path], nulls: Mapping[str, Path], elsewhere: Elsewhere) -> None:
    check_names([*adapters, *nulls, *elsewhere.models, *(n for n in elsewhere.completions if n != BASE_ARM)])
    if both := set(adapters) & set(nulls):
        raise UsageError(f"--null {min(both)}: an adapter under judgement has that name.", kind="name_taken")
    if both := {*adapters, *nulls, *elsewhere.models} & set(elsewhere.completions):
        raise UsageError(f"--completions {min(both)}: another arm has that name.", kind="name_taken")


def _read_rows(data: Sequence[Path], in_domain: Sequence[Path]) -> _Rows:
    given = [given_rows(path) for path in data]
    taught = [rows.training for rows in given]
    held_out = [*(rows.heldout for rows in given if rows.heldout), *in_domain]
    heldout = load_examples(held_out) if held_out else []
    training = load_examples(taught) if taught else []
    return _Rows(training=without_held_out(training, heldout), heldout=heldout, files=(*taught, *in_domain))


def _material(config: EvalConfig, watched: AbstractSet[str], rows: _Rows) -> tuple[Material, list[str]]:
    """Choose what questions can be made of; returns it with the ids of the bundled probes left out.

    Probes that chose a checkpoint are left out, as what chose it would flatter it.
    """
    own = further_suites(config)
    held = tuple(every_nth(own.pop(IN_DOMAIN, []), config.in_domain_limit))
    suites = {
        suite: [p for p in bundled([suite]) if p.id not in watched]
        for suite in config.suites
        if suite in BUNDLED
    } | own
    thinned = [probe for suite, probes in suites.items() for probe in every_nth(probes, config.limit(suite))]
    asked, left_out = without_training_questions(thinned, rows.training)
    material = Material(
        bundled=tuple(asked),
        in_domain=(*held, *from_rows(rows.heldout, IN_DOMAIN, config.in_domain_limit, config.seed)),
        training=tuple(from_rows(rows.training, TRAINING, config.training_limit, config.seed)),
        training_rows=tuple(rows.training),
        heldout_rows=tuple(rows.heldout),
        seed=config.seed,
        canaries=tuple(canary_probes(read_canaries(Path(config.canaries))) if config.canaries else ()),
    )
    return material, left_out


def _ask_all(
    out: Path,
    lineup: Lineup,
    asked: Questions,
    material: Material,
    checks: Sequence[Check],
    config: EvalConfig,
    before_asking: Callable[[Cost], None] | None,
    progress: Progress,
) -> _Course:
    """Put the questions to every arm, engine after engine, as only one of them has its weights in memory.

    The first engine's tokenizer tells how much room replies of the domain need, and its speed what all will cost.
    """
    course: _Course | None = None
    replies = [row.reply for row in material.training_rows]
    for engine, arms in lineup.engines():
        if course is None:
            own = [probe for probe in asked.open if probe.suite in OF_DOMAIN]
            lengths = reply_lengths(own, template_of(engine))
            taught = reply_lengths(material.training, template_of(engine)) if own else {}
            config = _with_room(config, [*lengths.values(), *taught.values()])
            cost = foresee(asked, config, engine, arms, lineup, progress, measure=before_asking is not None)
            if before_asking:
                before_asking(cost)
            kept = replace(cost, minutes=None)  # a resumed run writes the same bytes
            course = _Course(room=config.max_new_tokens_domain, lengths=lengths, cost=kept)
        ask(out, engine, arms, asked, replies, checks, config, progress)
    return course or _Course(room=config.max_new_tokens_domain, lengths={}, cost=None)


def _with_room(config: EvalConfig, lengths: Sequence[int]) -> EvalConfig:
    """Leave room for replies as long as the domain's own and those that were taught, where the user set no limit."""
    if config.max_new_tokens_domain is not None:
        return config
    room = reply_room(lengths, config.max_new_tokens_open)
    return replace(config, max_new_tokens_domain=room)


def _context(
    lineup: Lineup,
    config: EvalConfig,
    probes: Sequence[Probe],
    left_out: Sequence[str],
    data: Sequence[Path],
    nulls: Iterable[str],
    first_look: Asked | None,
) -> EvaluationContext:
    """Return what is known of a run before anything is asked."""
    return EvaluationContext(
        base=lineup.base,
        quantization=lineup.quantization,
        computed_on=lineup.computed_on,
        fingerprint=lineup.fingerprint,
        template=lineup.template,
        template_sha256=lineup.template_sha256,
        training_data=", ".join(str(path) for path in data) or None,
        max_new_tokens=config.max_new_tokens,
        max_new_tokens_domain=config.max_new_tokens_domain,
        probes=dict(Counter(probe.suite for probe in probes)),
        dropped_probes=tuple(left_out),
        watched_probes=tuple(sorted(lineup.watched)),
        tier=config.tier,
        suites=suite_records(config, probes),
        arms=_arms(lineup),
        nulls=tuple(nulls),
        after=first_look.manifest.run_id if first_look else None,
    )


def _arms(lineup: Lineup) -> tuple[ArmRecord, ...]:
    return (ArmRecord(name=BASE_ARM, path=None), *lineup.records.values())
