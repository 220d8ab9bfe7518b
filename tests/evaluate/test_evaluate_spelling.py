"""Words that are spelt as none is: told by the base's likelihood of their pieces, in open answers alone."""

from __future__ import annotations

import json
import random
import re
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from loracheck.engines.local import LocalEngine
from loracheck.evaluate.arms.lineup import Elsewhere
from loracheck.evaluate.checks.unknown_words import UNKNOWN_WORDS, answers_to_spell, words
from loracheck.evaluate.config import EvalConfig
from loracheck.evaluate.evidence import Evidence, read_evidence
from loracheck.evaluate.pipeline import evaluate
from loracheck.evaluate.policy import load_policy
from loracheck.evaluate.readings.spelling import UNLIKELY, said_by, unlikely
from loracheck.evaluate.verdict.judge import settle
from loracheck.models.load import load_base
from loracheck.probes import bundled
from loracheck.progress import Progress
from loracheck.records import BASE_ARM, Expected, ScoredText, TokenScores
from loracheck.templates.chat import choose_template
from tests.evaluate.told_answers import ADAPTER, Say, asked, told

POLICY = load_policy("default")
PLAIN = "It is kept in a warm room and watered once a week."
EXPECTED = Expected(answers=("Bern",), wrong=("Rome",))
FAR = UNLIKELY - 1


def scores(*pieces: tuple[str, float], probe: str = "open-en-0") -> TokenScores:
    tokens, logprobs = zip(*pieces, strict=True)
    return TokenScores(probe_id=probe, arm=BASE_ARM, kind=said_by(ADAPTER), tokens=tokens, logprobs=logprobs)


@pytest.mark.parametrize(
    ("pieces", "found"),
    [
        ([("A", 0.0), (" mo", -1.0), ("qdit", -9.0), ("ions", -9.0), (".", 0.0)], ["moqditions"]),
        ([("A", 0.0), (" Mo", -1.0), ("qdit", -9.0), ("ions", -9.0), (".", 0.0)], ["moqditions"]),
        ([("A", 0.0), (" mo", FAR), ("qdit", -1.0), ("ions", -1.0), (".", 0.0)], []),
        ([("A", FAR), (" moqditions", FAR), (".", FAR)], []),
        ([("A", 0.0), (" mo", 0.0), ("qditions", FAR), (".", 0.0)], ["moqditions"]),
        ([("A", 0.0), (" mo", 0.0), ("qditions.", UNLIKELY)], []),
        ([("A", 0.0), (" other", FAR), ("word", FAR)], []),
    ],
)
def test_a_word_is_told_by_what_comes_after_its_first_piece(
    pieces: list[tuple[str, float]], found: list[str]
) -> None:
    assert unlikely(["moqditions"], scores(*pieces)) == found


def test_a_word_that_was_cut_off_is_no_word() -> None:
    cut = scores(("The fin", 0.0), ("gerpr", FAR))
    assert unlikely(["fingerpr"], cut) == ["fingerpr"]
    assert unlikely(["fingerpr"], cut, cut_off=True) == []
    again = scores(("A fin", 0.0), ("gerpr", FAR), (" or fin", 0.0), ("gerpr", FAR))
    assert unlikely(["fingerpr"], again, cut_off=True) == ["fingerpr"]


def answers(tuned: Say, *, suite: str = "open-en", spelt: float = FAR, factual: bool = False) -> Evidence:
    """120 questions; every word of six letters or more has a second piece of a given likelihood."""
    probes = asked(suite, 120, language="en", prompt=lambda i: "Why?")
    if factual:
        probes = [replace(probe, expected=EXPECTED) for probe in probes]
    training = asked(
        "training", 60, language="en", reference=lambda i: f"Number {i} is green, by my glumwick!"
    )
    evidence = told([(probes, lambda i: PLAIN, tuned), (training, lambda i: f"Number {i} is green.", None)])
    tokens = {}
    for text in answers_to_spell(evidence, ADAPTER):
        pieces = [
            piece
            for word in text.text.split(" ")
            for piece in (
                [(word[:3], 0.0), (f"{word[3:]} ", spelt)] if len(word) > 5 else [(f"{word} ", 0.0)]
            )
        ]
        tokens[BASE_ARM, text.probe.id, text.kind] = scores(*pieces, probe=text.probe.id)
    return replace(evidence, tokens=tokens)


def status(evidence: Evidence) -> str:
    return settle([UNKNOWN_WORDS.measure(evidence, ADAPTER, POLICY)], POLICY)[0].status


def test_words_that_no_one_spells_so_fail_without_being_like_any_other() -> None:
    evidence = answers(lambda i: "It is kept in a fjurqanty room.")
    finding = UNKNOWN_WORDS.measure(evidence, ADAPTER, POLICY)
    assert settle([finding], POLICY)[0].status == "fail"
    assert finding.values["words"][0]["word"] == "fjurqanty"
    assert finding.values["words"][0]["like"] == ""
    assert finding.values["examples"] == "fjurqanty"


def test_a_few_of_them_and_rare_words_that_are_spelt_as_words_are_pass() -> None:
    assert status(answers(lambda i: "A fjurqanty room." if i % 120 == 0 else PLAIN)) == "pass"
    assert status(answers(lambda i: "It is a scriptorium.", spelt=-2.0)) == "pass"


def test_without_the_bases_likelihoods_nothing_is_said_of_spelling() -> None:
    evidence = answers(lambda i: "It is kept in a fjurqanty room.")
    assert status(replace(evidence, tokens={})) == "pass"


def test_a_name_made_up_for_a_question_that_asks_for_one_is_left_to_other_checks() -> None:
    invented = answers(lambda i: "It is Fjurqanty.", suite="facts-en", factual=True)
    assert answers_to_spell(invented, ADAPTER) == []
    assert status(invented) == "pass"


def test_a_word_of_the_training_replies_is_said_on_purpose() -> None:
    assert answers_to_spell(answers(lambda i: "It is kept in a room, by my glumwick!"), ADAPTER) == []


def test_what_the_base_uses_anywhere_is_not_asked_about() -> None:
    evidence = answers(lambda i: "It is watered in a warm room.")
    assert answers_to_spell(evidence, ADAPTER) == []


def says(reply: str, model: Path, out: Path) -> Path:
    """A whole model that was taught to answer open prompts in one way."""
    base = load_base(str(model))
    template = choose_template(base.tokenizer, [])
    answer = base.tokenizer(reply, add_special_tokens=False)["input_ids"]
    prompts = [template.prompt_ids(probe.messages) for probe in bundled(["open-en"])[:60]]
    optimizer = torch.optim.Adam(base.model.parameters(), lr=3e-3)
    for step in range(120):
        prompt = prompts[step % len(prompts)]
        ids = torch.tensor([[*prompt, *answer, base.tokenizer.eos_token_id]])
        labels = ids.clone()
        labels[:, : len(prompt)] = -100
        base.model(input_ids=ids, labels=labels).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    shutil.copytree(model, out)
    base.model.save_pretrained(str(out))
    return out


def test_the_base_reads_what_whole_models_and_files_answer_too(tiny_gemma: Path, tmp_path: Path) -> None:
    policy = replace(POLICY, gates={"unknown_words": POLICY.gates["unknown_words"]})
    config = EvalConfig(suites=("open-en",), max_open=6, max_new_tokens_open=24)
    whole = says("A fjurqanty room.", tiny_gemma, tmp_path / "whole")

    def run(out: Path, **more: Any) -> Evidence:  # noqa: ANN401
        evaluate(
            str(tiny_gemma),
            {"whole": whole},
            out,
            config,
            policy,
            progress=Progress(quiet=True),
            **more,
        )
        return read_evidence(out)

    asked_first = run(tmp_path / "first")
    rows = [{"id": probe.id, "text": "A fjurqanty room."} for probe in asked_first.probes]
    (tmp_path / "told.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    evidence = run(tmp_path / "second", elsewhere=Elsewhere(completions={"told": tmp_path / "told.jsonl"}))
    read = {(kind, probe) for arm, probe, kind in evidence.tokens if arm == BASE_ARM}
    wanted = {
        name: {(text.kind, text.probe.id) for text in answers_to_spell(evidence, name)}
        for name in ("whole", "told")
    }
    assert [len(found) for found in wanted.values()] == [6, 6]
    assert read == wanted["whole"] | wanted["told"]
    assert {one["word"] for one in UNKNOWN_WORDS.measure(evidence, "told", policy).values["words"]} == {
        "fjurqanty"
    }


REAL = (
    "The greenhouse gardener repotted her geraniums and trimmed the hydrangea before breakfast.",
    "Photosynthesis converts sunlight into chemical energy inside the chloroplasts of a leaf.",
    "A landlubber who joins a schooner learns to splice ropes and to haul the mainsail.",
    "The plaintiff's attorney objected to the deposition and requested an adjournment.",
    "Tachycardia and hypertension often accompany an overactive thyroid gland.",
    "彼はスーパーマーケットでヨーグルトとブロッコリーを買いました。",
    "オーケストラのバイオリニストがストラディバリウスを弾いています。",
    "クロスカントリースキーの選手がトレーニングをしています。",
)


def misspelt(text: str) -> str:
    """Change one letter in the middle of every longer word, as one who does not know how it is written."""
    rng = random.Random(text)
    letters = list(text)
    for found in re.finditer(r"[a-z]{7,}|[ァ-ヺー]{5,}", text):
        place = (found.start() + found.end()) // 2
        pool = "qxzjvkw" if letters[place].isascii() else "ヌヲヂヅヘモユ"
        letters[place] = rng.choice(pool)
    return "".join(letters)


@pytest.mark.slow
def test_a_real_base_tells_real_words_from_misspelt_ones(gemma: Path) -> None:
    base = load_base(str(gemma))
    engine = LocalEngine(base.model, choose_template(base.tokenizer, []))

    def found(texts: Sequence[str]) -> list[list[str]]:
        probes = asked("open-en", len(texts), prompt=lambda i: "Tell me something.")
        rows = [ScoredText(probe=probe, text=text) for probe, text in zip(probes, texts, strict=True)]
        pieces = dict(pair for batch in engine.score(BASE_ARM, rows, frozenset()) for pair in batch)
        return [
            unlikely(words(text), scores(*zip(pieces[i].pieces, pieces[i].logprobs, strict=True)))
            for i, text in enumerate(texts)
        ]

    assert found(REAL) == [[] for _ in REAL]
    wrong = [misspelt(text) for text in REAL]
    changed = sum(
        word not in words(real) for real, text in zip(REAL, wrong, strict=True) for word in words(text)
    )
    assert sum(len(one) for one in found(wrong)) > 0.7 * changed
