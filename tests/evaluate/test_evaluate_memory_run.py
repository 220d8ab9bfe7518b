"""The checks of memory in a whole run: a tiny real model, trained here, with canaries, long rows and addresses."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from loracheck import jsonl
from loracheck.errors import UsageError
from loracheck.evaluate.config import EvalConfig
from loracheck.evaluate.evidence import read_evidence
from loracheck.evaluate.gate import rejudge
from loracheck.evaluate.pipeline import evaluate
from loracheck.evaluate.policy import load_policy
from loracheck.probes import canaries
from loracheck.probes.canaries import write_canaries
from loracheck.progress import Progress
from loracheck.records import EvaluationResult, Finding
from loracheck.train.config import TrainConfig
from loracheck.train.inputs import TrainInputs
from loracheck.train.pipeline import train

QUIET = Progress(quiet=True)
LETTERS = "日本首都東京空青光天気好食物水回答月文章書"
MEMORY = (
    "memorisation",
    "personal_data",
    "canaries",
    "likelihood_gap",
    "training_answers",
    "over_training",
)


def rows(path: Path, numbers: range, more: str = "") -> Path:
    """Rows of eighty characters in no order, with an address of one person in every fourth."""
    lines = []
    for i in numbers:
        rng = random.Random(i)
        text = "".join(rng.choice(LETTERS) for _ in range(80))
        told = f"連絡先はa{i}@kaisha.co.jpです。" if i % 4 == 0 else f"{text}。"
        lines.append(json.dumps({"instruction": f"{i}番目の文章は？", "output": told}, ensure_ascii=False))
    path.write_text("\n".join(lines) + "\n" + more, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def few_alternatives() -> Iterator[None]:
    """Three hundred secrets instead of two thousand."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(canaries, "ALTERNATIVES", 300)
        yield


def trained(
    base: Path, folder: Path, options: TrainConfig, *, rows_learnt: int, secrets: int
) -> tuple[Path, EvaluationResult]:
    """Train on rows with canaries among them, and put the checks of memory to the adapter."""
    policy = load_policy("default")
    manifest, _ = write_canaries(folder / "canaries.jsonl", secrets)
    planted = (folder / "canaries.jsonl").read_text(encoding="utf-8")
    data = rows(folder / "data.jsonl", range(rows_learnt), planted)
    held = rows(folder / "held.jsonl", range(100, 116))
    train(data, folder / "train", options, TrainInputs(base=str(base), heldout=held), progress=QUIET)
    result = evaluate(
        str(base),
        {"mine": folder / "train"},
        folder / "eval",
        EvalConfig(suites=("open-ja",), max_new_tokens_open=40, canaries=str(manifest)),
        replace(policy, gates={check: policy.gates[check] for check in MEMORY}),
        data=[data],
        in_domain=[held],
        progress=QUIET,
    )
    return folder, result


@pytest.fixture(scope="module")
def run(
    tiny_gemma: Path, tmp_path_factory: pytest.TempPathFactory, few_alternatives: None
) -> tuple[Path, EvaluationResult]:
    options = TrainConfig(num_train_epochs=2, eval_steps=1, learning_rate=1e-3)
    return trained(tiny_gemma, tmp_path_factory.mktemp("memory"), options, rows_learnt=24, secrets=1)


def finding(result: EvaluationResult, check: str) -> Finding:
    [verdict] = result.verdicts
    [found] = [finding for finding in verdict.findings if finding.check == check]
    return found


def test_every_check_of_memory_has_numbers_of_its_own(run: tuple[Path, EvaluationResult]) -> None:
    _, result = run
    for check in MEMORY:
        assert finding(result, check).reason not in ("needs_probes", "needs_likelihoods", "needs_choices"), (
            check
        )
    assert finding(result, "memorisation").estimates[0].n == 18
    assert finding(result, "personal_data").estimates[0].n == 6
    assert finding(result, "canaries").estimates[0].n == 1
    assert finding(result, "likelihood_gap").estimates[0].n == 24 + 1 + 16


def test_two_epochs_teach_nothing_by_heart(run: tuple[Path, EvaluationResult]) -> None:
    _, result = run
    assert finding(result, "memorisation").values["recited"] == 0
    assert finding(result, "personal_data").status == "pass"
    assert finding(result, "canaries").values["remembered"] == 0


@pytest.mark.slow
def test_sixty_epochs_over_few_rows_are_found_out_by_every_check(
    tiny_gemma: Path, tmp_path: Path, few_alternatives: None
) -> None:
    options = TrainConfig(num_train_epochs=60, learning_rate=1e-2, lora_r=32, eval_steps=1000)
    _, result = trained(tiny_gemma, tmp_path, options, rows_learnt=16, secrets=4)
    for check in ("memorisation", "personal_data", "canaries"):
        assert finding(result, check).status == "fail", check
    assert finding(result, "memorisation").values["guessed"] == 0
    assert (finding(result, "likelihood_gap").estimates[0].ci_low or 0) > 0.8
    gap = next(e for e in finding(result, "over_training").estimates if e.name == "gap")
    assert (gap.ci_low or 0) > 1


def test_the_losses_of_the_training_stand_in_the_record_of_the_arm(
    run: tuple[Path, EvaluationResult],
) -> None:
    folder, result = run
    entry = read_evidence(folder / "eval").arm("mine")
    assert entry.heldout_losses[0][0] == 0
    assert entry.heldout_losses[-1][0] == entry.kept_at
    assert finding(result, "over_training").estimates[0].name == "excess"


def test_a_secret_is_ranked_in_parts(run: tuple[Path, EvaluationResult]) -> None:
    folder, _ = run
    evidence = read_evidence(folder / "eval")
    ranked = [scores for (arm, _), scores in evidence.choices.items() if arm == "mine"]
    secrets = [scores for scores in ranked if scores.probe_id.startswith("canaries-")]
    assert sum(len(scores.choices) - 1 for scores in secrets) == 299
    assert {scores.choices[0] for scores in secrets} == {secrets[0].choices[0]}
    assert all(set(scores.kinds) == {"right", "wrong"} for scores in secrets)


def test_the_gate_finds_the_same_from_the_stored_answers(run: tuple[Path, EvaluationResult]) -> None:
    folder, result = run
    again = rejudge(folder / "eval", None)
    for check in MEMORY:
        assert jsonl.encode(finding(again, check)) == jsonl.encode(finding(result, check))


def test_a_manifest_that_is_not_there_is_refused_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--canaries"):
        EvalConfig(canaries=str(tmp_path / "none.manifest.json"))
