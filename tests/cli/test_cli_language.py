"""What a Japanese user reads is Japanese: by --lang or by the environment, at the end of a verb and in an error."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from loracheck import cli, jsonl, summary
from loracheck.records.causes import ROWS, CausesSummary, FindingCause, Twins
from loracheck.records.comparison import (
    ArmMean,
    Conclusion,
    ExampleFlip,
    Repetition,
    RuleFlip,
    RunComparison,
    SeededDifference,
    SettingChange,
    Side,
    VerdictPair,
)
from loracheck.records.curation import ClassifierSummary
from loracheck.records.training import (
    ScalePoint,
    ScaleSummary,
    SweepPoint,
    SweepSummary,
)
from loracheck.stats import paired_difference, paired_table, share
from loracheck.summary import causes as summary_causes
from loracheck.summary import compare as summary_compare
from loracheck.summary import plan as summary_plan
from loracheck.summary import scale as summary_scale
from loracheck.summary import train as summary_train
from loracheck.terminal import columns, either, language, language_of_environment, padded, wrapped
from loracheck.words.training_plan import NOTES
from tests.cli.told_records import EXAMPLE, PLAN, TRAINED, curated, judged, reading, verdict

NAMES = {"mine", "base", "default", "loops", "gemma", "MB", "GB", "eval", "curate", "runs", "raw", "jsonl"}
"""Words that a text of any language may hold here: names, units and what is typed."""


@pytest.fixture
def japanese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")


def english_words(text: str, *allowed: str) -> set[str]:
    """Return the English words of a text but for names, options, codes and commands."""
    text = re.sub(r"loracheck [a-z].*|--[a-z-]+|[\w./-]*/[\w./-]*|[a-z]+_[a-z_]+", " ", text)
    return set(re.findall(r"[A-Za-z]{2,}", text)) - NAMES - set(allowed)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "en"),
        ({"LANG": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "ja"}, "ja"),
        ({"LC_MESSAGES": "ja_JP.eucJP", "LANG": "en_US.UTF-8"}, "ja"),
        ({"LC_ALL": "C.UTF-8", "LC_MESSAGES": "ja_JP.UTF-8", "LANG": "ja_JP.UTF-8"}, "en"),
        ({"LC_ALL": "", "LC_MESSAGES": "", "LANG": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "jam_JM.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
    ],
)
def test_the_first_variable_that_is_set_names_the_language(
    environment: dict[str, str], expected: str
) -> None:
    assert language_of_environment(environment) == expected


def test_lang_goes_before_the_environment_and_ends_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    @cli.cli.command("which")
    def which() -> None:
        click.echo(language())

    try:
        run = CliRunner().invoke
        assert run(cli.cli, ["which"]).output == "en\n"
        assert run(cli.cli, ["--lang", "ja", "which"]).output == "ja\n"
        assert run(cli.cli, ["which", "--lang", "ja"]).output == "ja\n"
        monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")
        assert run(cli.cli, ["which"]).output == "ja\n"
        assert run(cli.cli, ["which", "--lang", "en"]).output == "en\n"
        assert language() == "ja"
    finally:
        del cli.cli.commands["which"]


def test_an_error_has_its_heading_in_japanese(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for arguments in (["--lang", "ja", "gate", "nowhere"], ["gate", "nowhere", "--lang=ja"]):
        monkeypatch.setattr(sys, "argv", ["loracheck", *arguments])
        with pytest.raises(SystemExit):
            cli.main()
        first, *_, last = capsys.readouterr().err.splitlines()
        assert first == "loracheck: 実行結果のフォルダーではありません (LC-301)"
        assert last == "詳しくは: loracheck explain LC-301"


@pytest.mark.parametrize(
    ("options", "expected"), [([], "ja"), (["--lang", "en"], "en"), (["--language", "en"], "en")]
)
def test_a_report_opens_in_the_language_of_the_terminal_unless_another_is_named(
    options: list[str], expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def write_index(folder: Path, *, language: str, **_: object) -> Path:
        asked.append(language)
        return folder / "index.html"

    monkeypatch.setattr("loracheck.reports.folder.write_index", write_index)
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")
    assert CliRunner().invoke(cli.cli, ["report", str(tmp_path), *options]).exit_code == 0
    assert asked == [expected]


def test_explain_speaks_japanese() -> None:
    printed = CliRunner().invoke(cli.cli, ["--lang", "ja", "explain", "LC-202"]).output
    assert "よくある原因" in printed
    assert "対処" in printed
    listed = CliRunner().invoke(cli.cli, ["--lang", "ja", "explain"]).output
    assert not english_words(
        listed, "JSON", "ID", "lm", "evaluation", "harness", "safetensors", "pickle", "NaN", "llama", "cpp",
        "GGUF", "LC", "loracheck"
    )  # fmt: skip


def test_a_curation_ends_in_japanese(japanese: None, capsys: pytest.CaptureFixture[str]) -> None:
    agreed = replace(share("agreement", 5, 10), unit="correlation")
    for labels in (
        ClassifierSummary(labels=9, predicted=0, agreement=None, length_agreement=None, gain=None, languages=(),
                          may_drop=False, reason="too_few_rows"),
        ClassifierSummary(labels=99, predicted=9, agreement=agreed, length_agreement=agreed, gain=agreed,
                          languages=(), may_drop=True, reason="beats_length"),
    ):  # fmt: skip
        summary.print_curation(curated(labels))
    printed = capsys.readouterr().out
    assert "212行を読み込み、80行を採用、20行を評価用に取り置き、112行を除外、1行を隔離" in printed
    assert "完全重複" in printed
    assert "同じ質問・異なる応答3件" in printed
    assert not english_words(printed, "dedupe", "filters")


def test_a_verdict_is_in_japanese(japanese: None, capsys: pytest.CaptureFixture[str]) -> None:
    summary.print_result(judged())
    printed = capsys.readouterr().out
    assert "mine: 出荷不可  (ポリシーdefault、不合格: " in printed
    assert "mine: 出荷可  (ポリシーdefault、必須の検査がすべて合格)" in printed
    assert "mine: 判定保留  (ポリシーdefault、保留: " in printed
    assert "ペルソナの名前で回答" in printed
    assert not english_words(printed)


def test_the_columns_of_a_japanese_table_stand_below_one_another(
    japanese: None, capsys: pytest.CaptureFixture[str]
) -> None:
    summary.print_result(judged())
    table = [line for line in capsys.readouterr().out.splitlines() if line.endswith(("mine", "  1", "  0"))]
    assert len(table) == 5
    assert len({columns(line) for line in table}) == 1


def test_a_training_a_sweep_and_a_scale_run_end_in_japanese(
    japanese: None, capsys: pytest.CaptureFixture[str]
) -> None:
    summary_train.print_training("runs/raw", TRAINED)
    summary_train.print_training("runs/raw", replace(TRAINED, stopped="early", kept="last", plan=None))
    summary_train.print_training(
        "runs/raw", replace(TRAINED, watched=True, safe_step=None, kept="last", plan=None)
    )
    point = SweepPoint(
        name="mine", values={}, steps=1, trained_tokens=1, trainable_parameters=1, heldout_loss=None,
        reading=reading("facts", "name", "leakage"), kept="last", kept_step=1, adapter_sha256="", seconds=1.0,
        on_front=True,
    )  # fmt: skip
    summary_train.print_sweep(
        SweepSummary(
            base="gemma", varied=(), trained_tokens=1, base_reading=reading(), points=(point,), seconds=1.0
        )
    )
    for safe, points in ((None, 2), (0.0, 2), (0.5, 2), (0.5, 1)):
        shown = (ScalePoint(scale=0.5, heldout_loss=1.0, reading=reading()),
                 ScalePoint(scale=1, heldout_loss=None, reading=reading("facts")))[:points]  # fmt: skip
        summary_scale.print_scale(
            "runs/scale",
            ScaleSummary(base="gemma", adapter="mine", adapter_sha256="", points=shown, largest_safe=safe,
                         written="adapter", written_scale=0.5, seconds=1.0),
        )  # fmt: skip
    printed = capsys.readouterr().out
    assert "終了: 安全でなくなりました" in printed
    assert "安全でない: 事実の喪失, 質問にペルソナの名前で回答, 領域外での口調の漏れ" in printed
    assert "安全な最大の強さ: 0.5" in printed
    assert not english_words(printed, "adapter")


def test_a_training_without_heldout_rows_says_nothing_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    without = replace(TRAINED, heldout_loss_before=None, heldout_loss_after=None, plan=None)
    summary_train.print_training("runs/raw", without)
    said = capsys.readouterr().out.splitlines()[0]
    assert "held-out" not in said
    assert "- -> -" not in said


def test_a_plan_is_in_japanese(japanese: None, capsys: pytest.CaptureFixture[str]) -> None:
    summary_plan.print_plan(PLAN)
    summary_plan.print_plan(replace(PLAN, rows=None, notes=()))
    printed = capsys.readouterr().out
    assert printed.count("注意: ") == len(NOTES)
    assert "7分、予測、指定の単価で1.50" in printed
    assert not english_words(printed, "nf", "linear", "all", "text", "AVX", "CPU", "GPU")


def test_causes_are_told_in_japanese(
    japanese: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    jsonl.write(tmp_path / ROWS, [EXAMPLE])
    named = FindingCause(
        adapter="mine",
        check="loops",
        status="named",
        failures=40,
        of=50,
        silent=2,
        twins=(Twins(rows=("7",)), Twins(rows=("7", "7"))),
        explained=share("explained", 30, 40),
        unrelated=share("unrelated", 1, 40),
        by_chance=0.1,
        p=0.01,
    )
    findings = (named, replace(named, status="none"), replace(named, status="too_few", p=None))
    found = CausesSummary(evaluation="runs/eval", evaluation_id="x", base="gemma", data=("raw.jsonl",), rows=210,
                          methods=("overlap",), combined="", findings=findings)  # fmt: skip
    summary_causes.print_causes(tmp_path, found)
    summary_causes.print_causes(tmp_path, replace(found, findings=()))
    printed = capsys.readouterr().out
    for words in (
        "を説明します",
        "目立つ行はありません",
        "失敗が少なく",
        "次の手順",
        "説明することはありません",
    ):
        assert words in printed
    assert not english_words(printed, "overlap")


def test_a_comparison_is_told_in_japanese(japanese: None, capsys: pytest.CaptureFixture[str]) -> None:
    means = (
        ArmMean(name="raw", share=0.5, seeds=1, seed_sd=None),
        ArmMean(name="mine", share=0.7, seeds=3, seed_sd=0.01),
    )
    difference = SeededDifference(
        check="loops",
        measure="no_loop",
        first=means[0],
        second=means[1],
        estimate=replace(
            paired_difference("d", paired_table([True] * 9 + [False], [True] * 10)),
            method="items alone; seed noise unknown",
        ),
        item_se=None,
        seed_se=None,
        freedom=1,
        p=0.01,
        label="better",
        won=("a/1",),
        lost=(),
        unchanged=9,
        base=0.6,
        limit=0.5,
    )
    sides = (
        Side(label="raw", seeds=(), verdicts=(verdict("inconclusive"),)),
        Side(label="mine", seeds=(), verdicts=(verdict("hold"), verdict("ship"))),
    )
    setting = SettingChange(part="adapter", name="base", before=None, after="gemma")
    found = RunComparison(
        runs=("a", "b"),
        first=(),
        second=(),
        alpha=0.05,
        differences=(difference,),
        sides=sides,
        conclusion=Conclusion(preferred=None, ground="no_difference"),
        settings=(setting,) * 20,
    )
    summary_compare.print_comparison(found)
    repeated = Repetition(
        verdicts=(VerdictPair(adapter="mine", before="ship", after="hold"),),
        rules=(
            RuleFlip(
                adapter="mine",
                check="loops",
                before="pass",
                after=None,
                reason_before=None,
                reason_after=None,
            ),
        ),
        examples=(ExampleFlip(adapter="mine", check="loops", measure="no_loop", probe_id="a/1", after=True),),
        answers=10,
        answers_changed=2,
        base_answers=10,
    )
    summary_compare.print_comparison(replace(found, repetition=repeated))
    printed = capsys.readouterr().out
    for words in ("出荷不可1件, 出荷可1件", "実行の間で異なる設定", "シード間の標準偏差は不明", "1件が反転"):
        assert words in printed
    assert "繰り返し" in printed
    assert not english_words(printed, "Holm")


def test_the_test_of_words_would_notice_english() -> None:
    assert english_words("報告: 12 rows kept (no_rows) --lang base") == {"rows", "kept"}


def test_either_follows_the_language(monkeypatch: pytest.MonkeyPatch) -> None:
    assert either("yes", "はい") == "yes"
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")
    assert either("yes", "はい") == "はい"


def test_full_width_text_is_padded_and_broken_by_columns() -> None:
    assert (columns("日本語ab"), columns("e\u0301"), columns("ﾊﾝｶｸ")) == (8, 1, 4)
    assert padded("判定", 8) == "判定    "
    assert padded("判定", 8, right=True) == "    判定"
    text = "証拠が足りません。領域内の取り置きプロンプト(--in-domain)が指定されていないため、判定できません。"
    lines = wrapped(text, 24)
    assert "".join(lines) == text
    assert all(columns(line) <= 26 for line in lines)
    assert any("--in-domain" in line for line in lines)
    assert not any(line[0] in "、。)" for line in lines)
    assert wrapped("one two – three", 8) == ["one two", "– three"]
