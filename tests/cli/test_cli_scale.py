from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from loracheck.cli import cli
from loracheck.errors import AdapterError, UsageError
from loracheck.records.training import ScalePoint, ScaleSummary, WatchReading
from loracheck.stats import paired_difference, paired_table, share
from loracheck.summary.scale import print_scale

QUICK = ("--strengths", "0,1", "--watch-facts", "4", "--quiet")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def adapter(tiny_gemma: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("cli-scale") / "adapter"
    model = get_peft_model(
        AutoModelForCausalLM.from_pretrained(tiny_gemma),
        LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj"], task_type="CAUSAL_LM"),
    )
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.constant_(weight, 0.05)
    model.save_pretrained(str(out))
    return out


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cli-scale-data") / "rows.jsonl"
    rows = [
        {"instruction": f"{thing}は好き？", "output": f"{thing}は好きなのだ。"}
        for thing in "空花星海月風雨虹雪森山川鳥猫犬魚"
    ]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def reading(kept: int, learnt: int, *unsafe: str) -> WatchReading:
    before = [True] * 60
    after = [True] * kept + [False] * (60 - kept)
    return WatchReading(
        facts_kept=share("facts_kept", kept, 60),
        facts_change=paired_difference("facts_change", paired_table(before, after)),
        name_rate=None,
        leakage=share("leakage", 0, 72),
        persona_learnt=share("persona_learnt", learnt, 24),
        unsafe=unsafe,
    )


def summary(*points: ScalePoint, safe: float | None, written: float | None = None) -> ScaleSummary:
    return ScaleSummary(
        base="B",
        adapter="evil\x1b[2J",
        adapter_sha256="0" * 64,
        points=points,
        largest_safe=safe,
        written="adapter" if written else None,
        written_scale=written,
        seconds=12.3,
    )


def test_scale_measures_writes_and_reports(
    adapter: Path, data: Path, tiny_gemma: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    done = run("scale", adapter, "--base", tiny_gemma, "--data", data, "-o", out, "--write", "0.5", *QUICK)
    assert done.exit_code == 0, done.output
    for words in ("at 3 strengths", "persona learnt", "facts kept", "leakage", "held-out loss"):
        assert words in done.output
    assert f"adapter at strength 0.5: {out}/adapter" in done.output
    assert f"report: {out / 'report.html'}" in done.output
    assert (out / "report.html").is_file()
    again = run(
        "scale", adapter, "--base", tiny_gemma, "--data", data, "-o", out, "--write", "0.5", *QUICK, "--json"
    )
    found = json.loads(again.output)
    assert [point["scale"] for point in found["points"]] == [0, 0.5, 1]
    assert (found["written"], found["written_scale"]) == ("adapter", 0.5)


def test_the_table_shows_each_strength_its_intervals_and_what_is_unsafe(
    capsys: pytest.CaptureFixture[str],
) -> None:
    points = (
        ScalePoint(scale=0, heldout_loss=3.21, reading=reading(60, 0)),
        ScalePoint(scale=0.5, heldout_loss=None, reading=reading(59, 12)),
        ScalePoint(scale=1, heldout_loss=1.5, reading=reading(50, 24, "facts", "leakage")),
    )
    print_scale("runs/scale", summary(*points, safe=0.5, written=0.5))
    printed = capsys.readouterr().out
    assert "evil\\u001b[2J on B at 3 strengths, 12 s" in printed
    base, half, whole = printed.splitlines()[2:5]
    assert "100.0% [94.0, 100.0]" in base
    assert "3.210" in base
    assert "50.0% [29.1, 70.9]" in half
    assert half.rstrip().endswith("-")
    assert "-16.7% [-28.0, -9.3]" in whole
    assert whole.endswith("unsafe: facts were lost, the style showed outside its domain")
    assert "largest safe strength: 0.5" in printed
    assert "adapter at strength 0.5: runs/scale/adapter" in printed


@pytest.mark.parametrize(
    ("safe", "unsafe", "words"),
    [
        (None, ("name",), "not even strength 0.5 is safe"),
        (0.5, (), "every measured strength up to 0.5 is safe"),
    ],
)
def test_the_verdict_is_said_in_words(
    safe: float | None, unsafe: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    point = ScalePoint(scale=0.5, heldout_loss=None, reading=reading(60, 0, *unsafe))
    print_scale("runs/scale", summary(point, safe=safe))
    assert words in capsys.readouterr().out


def test_that_only_the_base_is_safe_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    points = (
        ScalePoint(scale=0, heldout_loss=None, reading=reading(60, 0)),
        ScalePoint(scale=1, heldout_loss=None, reading=reading(50, 0, "facts")),
    )
    print_scale("runs/scale", summary(*points, safe=0))
    assert "no strength above 0, which is the base, is safe" in capsys.readouterr().out


def test_mistakes_are_errors_of_the_user(adapter: Path, data: Path, tiny_gemma: Path, tmp_path: Path) -> None:
    common = ("--base", tiny_gemma, "-o", tmp_path / "run", "--quiet")
    done = run("scale", adapter, "--data", data, "--strengths", "0,2", *common)
    assert isinstance(done.exception, UsageError)
    assert "--strengths" in str(done.exception)
    done = run("scale", adapter, "--data", data, "--write", "half", *common)
    assert isinstance(done.exception, UsageError)
    done = run("scale", tmp_path / "nothing", "--data", data, *common)
    assert isinstance(done.exception, AdapterError)
    assert run("scale", adapter, *common).exit_code == 2
