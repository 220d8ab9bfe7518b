"""Put the questions of a run to its arms, engine by engine, and bring what they answer into one order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from loracheck import jsonl
from loracheck.engines import Engine
from loracheck.engines.answers import Answerer
from loracheck.evaluate.checks.check import Check, no_texts
from loracheck.evaluate.config import EvalConfig
from loracheck.evaluate.evidence import read_evidence, write_answers
from loracheck.evaluated import CHOICES, COMPLETIONS, LIKELIHOODS
from loracheck.probes.choices import styles
from loracheck.progress import Progress
from loracheck.records import BASE_ARM, Probe, ScoredText

from .material import Questions


def ask(
    out: Path,
    engine: Engine,
    arms: Sequence[str],
    asked: Questions,
    replies: Sequence[str],
    checks: Sequence[Check],
    config: EvalConfig,
    progress: Progress,
) -> None:
    """Put every question to the arms of one engine; what it cannot give is left unmeasured, and said.

    Args:
        out: The run directory. The base's answers lie there before those of any other engine's arms, as the style
            in which choices are offered is found by them.
        engine: Who answers.
        arms: The names it answers under.
        asked: The questions.
        replies: Of the training data.
        checks: Those of the run; some have the base score what the others answered.
        config: How long answers may be, and how often they are drawn.
        progress: Where to report.
    """
    answerer = Answerer(engine, progress)
    short, long = config.max_new_tokens, config.max_new_tokens_open
    draws = config.temperature > 0 and "draws" in engine.gives
    if "continues" not in engine.gives:
        asked = _without_begun(asked, arms, progress)
    if BASE_ARM in arms:
        answerer.complete(out / COMPLETIONS, BASE_ARM, asked.base_only, long, "training prompts")
    for name in arms:
        answerer.complete(out / COMPLETIONS, name, asked.short, short, "short answers")
        _at_length(answerer, out / COMPLETIONS, name, asked.open, config, seeds=config.seeds if draws else 0)
    if "choices" in engine.gives and asked.rank:
        found = styles(replies, read_evidence(out).markers)
        for name in arms:
            answerer.rank(out / CHOICES, name, asked.rank, found)
    if "likelihoods" in engine.gives:
        for name in arms:
            answerer.score(out / LIKELIHOODS, name, asked.texts)
        if BASE_ARM in arms:
            answerer.score(out / LIKELIHOODS, BASE_ARM, _unscored(out, checks))
    missing = [ability for ability in ("choices", "likelihoods") if ability not in engine.gives]
    if missing and (asked.rank or asked.texts):
        progress.say(
            f"{', '.join(arms)}: no {' and no '.join(missing)} to be had; checks that need them stay open"
        )


def _at_length(
    answerer: Answerer, path: Path, name: str, probes: Sequence[Probe], config: EvalConfig, *, seeds: int
) -> None:
    """Have open prompts answered, greedily and then drawn under seeds, each within the tokens it may take."""
    groups: dict[int, list[Probe]] = {}
    for probe in probes:
        groups.setdefault(config.tokens_of(probe), []).append(probe)
    for tokens, group in groups.items():
        answerer.complete(path, name, group, tokens, "open prompts")
        for seed in range(1, seeds + 1):
            label = f"open prompts, seed {seed}"
            answerer.complete(path, name, group, tokens, label, temperature=config.temperature, seed=seed)


def have_base_read(
    out: Path, checks: Sequence[Check], open_base: Callable[[], Engine] | None, progress: Progress
) -> None:
    """Have the base score what arms of other engines answered, where a check wants that and nobody did yet.

    Args:
        out: The run directory, with the answers of all arms.
        checks: Those of the run.
        open_base: Opens the base once more, as it was closed for other models; None where it cannot be.
        progress: Where to report.
    """
    if open_base is None or not (texts := _unscored(out, checks)):
        return
    progress.say(f"the base reads {len(texts)} answers of arms that were asked without it")
    engine = open_base()
    if "likelihoods" in engine.gives:
        Answerer(engine, progress).score(out / LIKELIHOODS, BASE_ARM, texts)
    engine.close()


def _unscored(out: Path, checks: Sequence[Check]) -> list[ScoredText]:
    """Return what the base is to score of the others' answers and has not."""
    asking = [check for check in checks if check.asks_base is not no_texts]
    if not asking:
        return []
    evidence = read_evidence(out)
    return [
        text
        for entry in evidence.context.arms
        if entry.name != BASE_ARM
        for check in asking
        for text in check.asks_base(evidence, entry.name)
        if (BASE_ARM, text.probe.id, text.kind) not in evidence.tokens
    ]


def _without_begun(asked: Questions, arms: Sequence[str], progress: Progress) -> Questions:
    """Leave out the prompts whose reply is begun, where it would be begun anew."""

    def whole(probes: Sequence[Probe]) -> tuple[Probe, ...]:
        return tuple(
            probe for probe in probes if probe.messages[-1:] and probe.messages[-1].role != "assistant"
        )

    kept = replace(asked, short=whole(asked.short), open=whole(asked.open), base_only=whole(asked.base_only))
    left = sum(
        len(getattr(asked, part)) - len(getattr(kept, part)) for part in ("short", "open", "base_only")
    )
    if left:
        progress.say(
            f"{', '.join(arms)}: {left} replies that are begun cannot be gone on with and are not asked"
        )
    return kept


def sort_answers(out: Path, asked: Questions, arms: Sequence[str]) -> None:
    """Bring the answers into the order of arms and probes, so that a resumed run writes the same bytes."""
    evidence = read_evidence(out)
    write_answers(out, evidence, arms, asked.probes)
    texts = [(name, text.probe.id, text.kind) for name in arms for text in asked.texts]
    texts += sorted(evidence.tokens.keys() - set(texts))  # what the base scored of others' answers
    jsonl.write(out / LIKELIHOODS, (evidence.tokens[key] for key in texts if key in evidence.tokens))
