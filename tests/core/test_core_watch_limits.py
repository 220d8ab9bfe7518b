"""What a reading counts and calls unsafe, from answers that stand in the watch's folder word by word."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from loracheck import jsonl
from loracheck.models.load import Base, load_base
from loracheck.probes import IN_DOMAIN
from loracheck.probes.choices import choices, styles
from loracheck.progress import Progress
from loracheck.records import ChoiceScores, Completion, Example, Marker, Message, Probe, Source
from loracheck.records.training import WatchReading
from loracheck.templates.chat import ChatTemplate
from loracheck.watch.answers import ANSWERS, CHOICES
from loracheck.watch.probes import WatchOptions, choose
from loracheck.watch.watcher import Watch

OPTIONS = WatchOptions(facts=20, open_prompts=20, training_prompts=10, in_domain=20)
NAME = Marker(kind="term", text="ぽぽぬ", language="ja", coverage=0.9, base_coverage=0, z=9)
ENDING = Marker(kind="ending", text="のだ", language="ja", coverage=0.9, base_coverage=0, z=9)
PLAIN, STYLED, NAMED = "わかりません。", "わからないのだ。", "ぽぽぬです。"
Scope = Literal["always", "in_domain", "never"]


def row(number: int, folder: str) -> Example:
    return Example(
        id=f"{folder}-{number}",
        messages=(
            Message(role="user", content=f"{folder}の{number}番は？"),
            Message(role="assistant", content="ぽぽぬなのだ。"),
        ),
        language="ja",
        source=Source(file="rows.jsonl", line=number),
    )


TRAINING = [row(number, "訓練") for number in range(30)]
HELDOUT = [row(number, "別") for number in range(30)]


@pytest.fixture(scope="module")
def base(tiny_gemma: Path) -> Base:
    return load_base(str(tiny_gemma))


class Said:
    """A watch over a folder, and what is written into it as the answers of a model."""

    def __init__(self, folder: Path, base: Base, options: WatchOptions = OPTIONS) -> None:
        self.base = base
        self.folder = folder
        probes = tuple(choose(TRAINING, HELDOUT, options))
        self.facts = [probe for probe in probes if probe.expected is not None]
        self.open = [probe for probe in probes if probe.suite.startswith("open")]
        self.domain = [probe for probe in probes if probe.suite == IN_DOMAIN]
        self.replies = tuple(example.reply for example in TRAINING)
        self.watch = Watch(
            folder=folder,
            template=ChatTemplate(base.tokenizer),
            options=options,
            probes=probes,
            replies=self.replies,
            markers=(NAME, ENDING),
            base_answers={},
            base_choices={scores.probe_id: scores for scores in self.ranked("base", wrong=0)},
            progress=Progress(quiet=True),
        )

    def ranked(self, label: str, *, wrong: int) -> list[ChoiceScores]:
        found = []
        for place, probe in enumerate(self.facts):
            offered = choices(probe, styles(self.replies, (NAME, ENDING)))
            kinds = tuple(kind for kind, _ in offered)
            best = "wrong" if place < wrong else "right_styled"
            found.append(
                ChoiceScores(
                    probe_id=probe.id,
                    arm=label,
                    kinds=kinds,
                    choices=tuple(text for _, text in offered),
                    logprobs=tuple(-1.0 if kind == best else -9.0 for kind in kinds),
                )
            )
        return found

    def read(
        self, *, wrong: int = 0, named: int = 0, facts: int = 0, opened: int = 0, domain: int = 0
    ) -> WatchReading:
        """Read a model that got `wrong` facts wrong and showed its name or style in so many answers."""
        answers = {probe.id: PLAIN for probe in (*self.facts, *self.open, *self.domain)}
        styled = [*self.facts[:facts], *self.open[:opened], *self.domain[:domain]]
        answers |= {probe.id: STYLED for probe in styled}
        answers |= {probe.id: NAMED for probe in self.facts[:named]}
        jsonl.write(
            self.folder / ANSWERS,
            [
                Completion(probe_id=probe_id, arm="x", text=text, finish_reason="stop", tokens=3)
                for probe_id, text in answers.items()
            ],
        )
        jsonl.write(self.folder / CHOICES, self.ranked("x", wrong=wrong))
        return self.watch.read(self.base.model, "x")


def share_of(reading: WatchReading, name: str) -> tuple[float | None, int]:
    estimate = getattr(reading, name)
    return estimate.value, estimate.n


def test_every_answer_is_counted_where_it_belongs(tmp_path: Path, base: Base) -> None:
    said = Said(tmp_path, base)
    assert (len(said.facts), len(said.open), len(said.domain)) == (20, 20, 20)
    reading = said.read(wrong=3, named=2, opened=1, domain=15)
    assert share_of(reading, "facts_kept") == (17 / 20, 20)
    assert share_of(reading, "facts_change") == (-3 / 20, 20)
    assert share_of(reading, "name_rate") == (2 / 20, 20)
    assert share_of(reading, "persona_learnt") == (15 / 20, 20)
    # Two names and an ending among forty answers outside the domain; among the twenty open ones it is less.
    assert share_of(reading, "leakage") == (3 / 40, 40)
    assert reading.unsafe == ("facts", "name", "leakage")


def test_leakage_in_open_answers_is_not_thinned_by_short_ones(tmp_path: Path, base: Base) -> None:
    reading = Said(tmp_path, base).read(opened=4)
    assert share_of(reading, "leakage") == (4 / 20, 20)
    assert reading.leakage is not None
    assert reading.leakage.method.endswith("open prompts")


@pytest.mark.parametrize(
    ("at_limit", "beyond", "reason"),
    [
        ({"wrong": 1}, {"wrong": 2}, "facts"),
        ({"named": 1}, {"named": 2}, "name"),
        ({"opened": 1}, {"opened": 2}, "leakage"),
    ],
)
def test_a_limit_itself_is_safe_and_one_answer_more_is_not(
    at_limit: dict[str, int], beyond: dict[str, int], reason: str, tmp_path: Path, base: Base
) -> None:
    scope: Scope = "always" if reason == "name" else "in_domain"
    said = Said(tmp_path, base, replace(OPTIONS, persona_scope=scope))
    assert said.read(**at_limit).unsafe == ()
    assert said.read(**beyond).unsafe == (reason,)


@pytest.mark.parametrize(
    ("scope", "outside", "inside"),
    [("always", (), ()), ("in_domain", ("leakage",), ()), ("never", ("leakage",), ("leakage",))],
)
def test_the_scope_says_where_the_style_is_leakage(
    scope: Scope, outside: tuple[str, ...], inside: tuple[str, ...], tmp_path: Path, base: Base
) -> None:
    said = Said(tmp_path, base, replace(OPTIONS, persona_scope=scope))
    assert said.read(opened=20).unsafe == outside
    assert said.read(domain=20).unsafe == inside
    assert said.read().unsafe == ()


def test_a_right_answer_in_the_datas_style_is_a_fact_kept(tmp_path: Path, base: Base) -> None:
    said = Said(tmp_path, base)
    assert "right_styled" in said.ranked("x", wrong=0)[0].kinds
    assert share_of(said.read(), "facts_kept") == (1.0, 20)


def test_held_out_rows_are_the_domain_where_there_are_enough(tmp_path: Path, base: Base) -> None:
    def asked(count: int) -> list[Probe]:
        return [p for p in choose(TRAINING, HELDOUT[:count], WatchOptions()) if p.suite == IN_DOMAIN]

    assert {probe.domain for probe in asked(20)} == {"in"}
    assert len(asked(20)) == 20
    assert [probe.domain for probe in asked(19)].count("training") == 5
    learnt = Said(tmp_path, base).read(domain=20).persona_learnt
    assert learnt is not None
    assert "training prompts" not in learnt.method
