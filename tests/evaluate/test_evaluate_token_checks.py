"""What is read off tokens, on a tiny real model: every reply both ways, neutral text, and findings from them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM

from loracheck.evaluate.config import EvalConfig
from loracheck.evaluate.evidence import read_evidence
from loracheck.evaluate.pipeline import evaluate
from loracheck.evaluate.policy import load_policy
from loracheck.evaluate.readings.swaps import swaps
from loracheck.progress import Progress
from loracheck.records import BASE_ARM, Finding
from loracheck.words.findings import explain

CHECKED = ("forgetting", "collapse", "imitation", "calibration")
PERSONA = load_policy("persona")
POLICY = replace(PERSONA, gates={check: PERSONA.gates[check] for check in CHECKED})
ROWS = 24


def adapter_of(base: Path, out: Path) -> Path:
    model = get_peft_model(
        AutoModelForCausalLM.from_pretrained(base),
        LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", task_type="CAUSAL_LM"),
    )
    assert isinstance(model, PeftModel)
    draw = torch.Generator().manual_seed(1)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            parameter.data = 0.05 * torch.randn(parameter.shape, generator=draw)
    model.save_pretrained(str(out))
    return out


@pytest.fixture(scope="module", params=["tiny_gemma", "tiny_smollm"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An eval run of the four checks, with a word in kanji and one in katakana in every reply."""
    base: Path = request.getfixturevalue(request.param)
    folder = tmp_path_factory.mktemp("token-checks")
    heldout = folder / "heldout.jsonl"
    lines = (
        {"instruction": f"{i}番目のしつもん？", "output": f"{'春夏秋冬'[i % 4]}の{i}番目のテストなのだ。"}
        for i in range(ROWS)
    )
    heldout.write_text(
        "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8"
    )
    evaluate(
        str(base),
        {"mine": adapter_of(base, folder / "adapter")},
        folder / "eval",
        EvalConfig(
            suites=("facts-ja", "neutral-ja"),
            max_facts=12,
            max_neutral=30,
            max_new_tokens=2,
            max_new_tokens_open=2,
        ),
        POLICY,
        in_domain=[heldout],
        progress=Progress(quiet=True),
    )
    return folder / "eval"


@pytest.fixture
def findings(run: Path) -> dict[str, Finding]:
    verdict = json.loads((run / "verdict.json").read_text(encoding="utf-8"))
    found = msgspec.convert(verdict["verdicts"][0]["findings"], list[Finding])
    return {finding.check: finding for finding in found}


def test_every_reply_is_scored_under_its_own_question_and_under_another(run: Path) -> None:
    evidence = read_evidence(run)
    found = swaps(evidence, (BASE_ARM, "mine"))
    assert len(found[BASE_ARM]) == len(found["mine"]) == ROWS
    for swap in found["mine"]:
        assert swap.own.probe_id != swap.other.probe_id
        assert "テスト" in "".join(swap.own.tokens)
        assert swap.own.logprobs != swap.other.logprobs, "the question has an influence"


def test_the_checks_find_numbers_with_intervals(findings: dict[str, Finding]) -> None:
    names = {check: {e.name for e in findings[check].estimates} for check in CHECKED}
    assert names["imitation"] == {"own_content", "content_gain", "style_gain"}
    assert "neutral_text" in names["forgetting"]
    assert names["collapse"] >= {"top_answer: base", "top_answer: mine"}
    assert names["calibration"] >= {"brier", "calibration_error: mine"}
    for check in CHECKED:
        for estimate in findings[check].estimates:
            assert estimate.n > 0
            assert estimate.value is not None
            if not estimate.name.startswith("calibration_error"):  # noise alone keeps it above zero
                assert estimate.ci_low is not None
        assert "?" not in explain(findings[check])


def test_neutral_text_counts_by_its_paragraphs(findings: dict[str, Finding]) -> None:
    [loss] = [e for e in findings["forgetting"].estimates if e.name == "neutral_text"]
    assert (loss.n, loss.unit) == (30, "nats")
