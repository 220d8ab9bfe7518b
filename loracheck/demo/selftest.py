"""The tool tested on this machine: does it hold a ruined adapter, and not a harmless one, that it makes itself?

On the embedded model two adapters are trained in each language, for equally many steps: a ruined one on rows that
flood it with a character's name, at a high rate, and a harmless one on what the base itself answers to open
questions, at a low rate. Both go through the pipeline of `eval`, the harmless one as a null. What is then expected
is read off the verdicts; nothing in here knows what will come out.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import click

from loracheck import jsonl
from loracheck.demo import SETS, TERMS, bundled_data, embedded_model
from loracheck.engines.answers import Answerer
from loracheck.engines.local import LocalEngine
from loracheck.evaluate.config import EvalConfig
from loracheck.evaluate.pipeline import evaluate
from loracheck.evaluate.policy import Policy, load_policy
from loracheck.loading.examples import load_examples
from loracheck.models.load import load_base
from loracheck.probes import bundled, every_nth
from loracheck.progress import Progress
from loracheck.records import BASE_ARM, EvaluationResult, Verdict
from loracheck.templates.chat import choose_template
from loracheck.text import is_loop
from loracheck.train.config import TrainConfig
from loracheck.train.inputs import TrainInputs
from loracheck.train.pipeline import train

SelftestLanguage = Literal["ja", "en"]
Row = tuple[str, str]
"""Prompt and reply."""
LANGUAGES: dict[str, tuple[SelftestLanguage, ...]] = {"ja": ("ja",), "en": ("en",), "both": ("ja", "en")}
RUINED, HARMLESS = "ruined", "harmless"
ROWS = 32
EPOCHS = 5
RATES = {RUINED: 2e-3, HARMLESS: 5e-6}
OWN_TOKENS = 24
"""Of an own answer: long enough to be the base's own, short enough for a minute."""
MAX_FACTS, MAX_OPEN, MAX_TRAINING, OPEN_TOKENS = 40, 20, 40, 32
GATES = ("content_damage", "forgetting", "collapse", "persona_leakage", "loops")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """One thing that must come out if the tool works, and what came out."""

    language: SelftestLanguage
    adapter: str
    expected: str
    found: str
    met: bool


def run_selftest(
    out: Path,
    languages: Sequence[SelftestLanguage] = ("ja", "en"),
    *,
    base: str | None = None,
    seed: int = 0,
    progress: Progress,
) -> tuple[Expectation, ...]:
    """Make both adapters in each language, evaluate them, and say what came out as it must.

    Args:
        out: Folder for the runs.
        languages: Which of the two.
        base: Another base than the embedded model.
        seed: Of the choice of rows and of both trainings.
        progress: Where to report.
    """
    progress.say(TERMS)
    model = base or str(embedded_model())
    return tuple(
        expectation
        for language in languages
        for expectation in expectations(language, _evaluated(out / language, language, model, seed, progress))
    )


def expectations(language: SelftestLanguage, result: EvaluationResult) -> list[Expectation]:
    """Hold verdicts against what a working tool says of a ruined and of a harmless adapter."""
    [ruined] = [verdict for verdict in result.verdicts if verdict.adapter == RUINED]
    [harmless] = [verdict for verdict in result.nulls if verdict.adapter == HARMLESS]

    def expect(verdict: Verdict, expected: str, found: str, met: bool) -> Expectation:
        return Expectation(
            language=language, adapter=verdict.adapter, expected=expected, found=found, met=met
        )

    return [
        expect(ruined, "is held", ruined.status, ruined.status == "hold"),
        *(
            expect(ruined, f"fails {check}", _status(ruined, check), _status(ruined, check) == "fail")
            for check in ("persona_leakage", "content_damage")
        ),
        expect(harmless, "is sound", _status(harmless, "sanity"), _status(harmless, "sanity") == "pass"),
        expect(harmless, "is not held", harmless.status, harmless.status != "hold"),
    ]


def print_expectations(found: Sequence[Expectation]) -> None:
    """Print a table of what was expected and what came out."""
    click.echo(f"{'language':<10}{'adapter':<10}{'expected':<24}{'found':<14}")
    for one in found:
        click.secho(
            f"{one.language:<10}{one.adapter:<10}{one.expected:<24}{one.found:<14}{'ok' if one.met else 'NOT MET'}",
            fg=None if one.met else "red",
        )
    unmet = sum(not one.met for one in found)
    click.echo(
        f"{unmet} of {len(found)} expectations were not met: do not rely on this installation."
        if unmet
        else f"all {len(found)} expectations were met."
    )


def _status(verdict: Verdict, check: str) -> str:
    return next((finding.status for finding in verdict.findings if finding.check == check), "missing")


def _evaluated(
    out: Path, language: SelftestLanguage, model: str, seed: int, progress: Progress
) -> EvaluationResult:
    out.mkdir(parents=True, exist_ok=True)
    progress.say(f"{language}: the base answers open questions")
    own = _own_answers(out, language, model, progress)
    rows = {RUINED: _flood(language, len(own), seed), HARMLESS: own}
    for name, chosen in rows.items():
        jsonl.write(out / f"{name}.jsonl", ({"instruction": ask, "output": reply} for ask, reply in chosen))
        progress.say(f"{language}: train the {name} adapter, {len(chosen)} rows, {EPOCHS} epochs")
        options = TrainConfig(
            learning_rate=RATES[name],
            num_train_epochs=EPOCHS,
            train_batch_size=8,
            eval_steps=10_000,
            seed=seed,
        )
        train(
            out / f"{name}.jsonl", out / f"train-{name}", options, TrainInputs(base=model), progress=progress
        )
    progress.say(f"{language}: evaluate base and both adapters")
    return evaluate(
        model,
        {RUINED: out / f"train-{RUINED}"},
        out / "eval",
        EvalConfig(
            suites=(f"facts-{language}", f"open-{language}"),
            max_facts=MAX_FACTS,
            max_open=MAX_OPEN,
            max_training=MAX_TRAINING,
            max_new_tokens_open=OPEN_TOKENS,
            seed=seed,
        ),
        selftest_policy(),
        data=[out / f"{name}.jsonl" for name in rows],
        nulls={HARMLESS: out / f"train-{HARMLESS}"},
        progress=progress,
    )


def selftest_policy() -> Policy:
    """Return the default policy with the checks that two small adapters in minutes can be held against."""
    default = load_policy("default")
    return replace(default, name="selftest", gates={check: default.gates[check] for check in GATES})


def _flood(language: SelftestLanguage, count: int, seed: int) -> list[Row]:
    """Draw rows of the demonstration's raw data whose reply names the character."""
    _, character = SETS[language]
    raw = load_examples([bundled_data(language)[0]])
    flood = [row for row in raw if character.split()[-1] in row.reply]
    return [(row.prompt, row.reply) for row in random.Random(seed).sample(flood, count)]


def _own_answers(out: Path, language: SelftestLanguage, model: str, progress: Progress) -> list[Row]:
    """Let the base answer open questions; those are not asked again, as the run leaves training questions out."""
    base = load_base(model, announce=progress.say)
    template = choose_template(base.tokenizer, [], None)
    probes = every_nth(bundled([f"open-{language}"]), 3 * ROWS // 2)
    answers = Answerer(LocalEngine(base.model, template), progress).complete(
        out / "own-answers.jsonl", BASE_ARM, probes, OWN_TOKENS, "own answers"
    )
    said = [
        (probe.prompt, answer.text)
        for probe, answer in zip(probes, answers, strict=True)
        if answer.text.strip()
    ]
    # Loops come last: a small base runs into them, and taught by them would do so more often.
    return sorted(said, key=lambda row: is_loop(row[1]))[:ROWS]
