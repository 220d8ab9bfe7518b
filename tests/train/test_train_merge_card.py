"""The card of a merged model: the verdict on its adapter, the licence, and strangers' words."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from loracheck import jsonl
from loracheck.adapters.files import ADAPTER_WEIGHTS
from loracheck.errors import UsageError
from loracheck.records import ArmRecord, EvaluationContext, EvaluationResult, Finding, Verdict
from loracheck.runs import hash_file, open_run
from loracheck.train.merging.merge import MergeInputs, merge
from loracheck.train.merging.modelcard import UNKNOWN_LICENCE, licence_of
from tests.train.merged_adapters import QUICK, QUIET


def write_evaluation(run: Path, sha256: str) -> Path:
    """Write a finished eval run that judged one adapter."""
    finding = Finding(check="sanity", adapter="mine", required=True, status="pass", reason="adapter_sound")
    verdict = Verdict(
        adapter="mine",
        status="hold",
        policy="persona",
        policy_sha256="e" * 64,
        alpha=0.05,
        deciding=(),
        findings=(finding,),
    )
    context = EvaluationContext(
        base="b",
        quantization="none",
        fingerprint={},
        template="",
        template_sha256="t",
        training_data=None,
        max_new_tokens=8,
        probes={},
        dropped_probes=(),
        arms=(ArmRecord(name="base", path=None), ArmRecord(name="mine", path="p", sha256=sha256)),
    )
    with open_run(run, "eval", config={}):
        jsonl.write_one(run / "context.json", context)
        result = EvaluationResult(verdicts=(verdict,), comparisons=(), markers=(), arms=("base", "mine"))
        jsonl.write_one(run / "verdict.json", result)
    return run


def test_the_verdict_on_this_very_adapter_goes_into_the_card(
    tiny_gemma: Path, mergeable: Path, tmp_path: Path
) -> None:
    own = write_evaluation(tmp_path / "eval", hash_file(mergeable / ADAPTER_WEIGHTS))
    form = merge(
        mergeable, str(tiny_gemma), tmp_path / "out", QUICK, MergeInputs(evaluation=own), progress=QUIET
    )
    assert form.evaluation is not None
    assert (form.evaluation.status, form.evaluation.policy, form.evaluation.adapter) == (
        "hold",
        "persona",
        "mine",
    )
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "Verdict on the adapter: **hold** (it may not ship), policy `persona`" in card
    foreign = write_evaluation(tmp_path / "foreign", "f" * 64)
    with pytest.raises(UsageError, match="it judged mine, none of which has the weights"):
        merge(
            mergeable,
            str(tiny_gemma),
            tmp_path / "other",
            QUICK,
            MergeInputs(evaluation=foreign),
            progress=QUIET,
        )


def test_the_licence_is_that_of_the_base_or_unknown(tmp_path: Path) -> None:
    assert licence_of(str(tmp_path)) == UNKNOWN_LICENCE
    (tmp_path / "LICENSE").write_text("\n\n  Gemma Terms of Use\n\nmore", encoding="utf-8")
    assert licence_of(str(tmp_path)) == "Gemma Terms of Use"
    (tmp_path / "README.md").write_text("---\nlicense: apache-2.0\n---\n", encoding="utf-8")
    assert licence_of(str(tmp_path)) == "apache-2.0"
    (tmp_path / "README.md").write_text("---\nlicense: other\nlicense_name: gemma\n---\n", encoding="utf-8")
    assert licence_of(str(tmp_path)) == "gemma"
    (tmp_path / "README.md").write_text("---\nlicense: [1, {}]\n---\n", encoding="utf-8")
    assert licence_of(str(tmp_path)) == "Gemma Terms of Use"


def test_no_link_leads_to_a_licence_outside_of_the_base(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hunter2", encoding="utf-8")
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "LICENSE").symlink_to(tmp_path / "secret")
    assert licence_of(str(tmp_path / "base")) == UNKNOWN_LICENCE


def test_a_strangers_words_are_no_markup_in_the_card(
    tiny_gemma: Path, mergeable: Path, tmp_path: Path
) -> None:
    base = tmp_path / "ba|se`<img src=x>"
    shutil.copytree(tiny_gemma, base)
    (base / "LICENSE").write_text(
        "\x1b[31m[click](javascript:x) | <script>alert(1)</script>\n", encoding="utf-8"
    )
    merge(mergeable, str(base), tmp_path / "out", QUICK, progress=QUIET)
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "\x1b" not in card
    assert "<script>" not in card.replace("\\<", "")
    assert "[click]" not in card.split("---", 2)[2].replace("\\[", "")
    rows = [line for line in card.splitlines() if line.startswith("| ")]
    assert all(row.replace("\\|", "").count("|") == 3 for row in rows)
