"""`loracheck selftest`: exit 0 only if every expectation is met; the whole of it on real models."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from loracheck import cli
from loracheck.demo import selftest
from loracheck.demo.selftest import Expectation, expectations, run_selftest
from loracheck.evaluate.evidence import read_evidence
from loracheck.evaluate.verdict.judge import judge
from loracheck.progress import Progress


def expectation(met: bool) -> Expectation:
    return Expectation(
        language="ja", adapter="ruined", expected="is held", found="hold" if met else "ship", met=met
    )


@pytest.mark.parametrize(
    ("met", "code", "said"),
    [
        ([True, True], 0, "all 2 expectations were met"),
        ([True, False], 1, "1 of 2 expectations were not met"),
        ([], 1, ""),
    ],
)
def test_the_exit_code_is_zero_only_if_all_is_as_expected(
    met: list[bool],
    code: int,
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    found = tuple(expectation(one) for one in met)
    monkeypatch.setattr("loracheck.demo.selftest.run_selftest", lambda *_, **__: found)
    for options in ([], ["--json"]):
        monkeypatch.setattr(sys, "argv", ["loracheck", "selftest", "-o", str(tmp_path), *options])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out = capsys.readouterr().out
        assert ended.value.code == code
        if options:
            assert [one["met"] for one in json.loads(out)["expectations"]] == met
        else:
            assert said in out
            assert out.count("NOT MET") == met.count(False)


def test_a_base_that_knows_nothing_does_not_pass_through_the_real_pipeline(
    tiny_gemma: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selftest, "ROWS", 8)
    monkeypatch.setattr(selftest, "EPOCHS", 1)
    monkeypatch.setattr(selftest, "MAX_FACTS", 8)
    found = run_selftest(tmp_path / "out", ("en",), base=str(tiny_gemma), progress=Progress(quiet=True))
    by_name = {(one.adapter, one.expected): one for one in found}
    assert len(found) == 5
    assert not by_name["harmless", "is sound"].met, "it answers everything with one loop"
    assert not by_name["ruined", "fails content_damage"].met
    evidence = read_evidence(tmp_path / "out" / "en" / "eval")
    assert evidence.context.nulls == ("harmless",)
    own = (tmp_path / "out" / "en" / "harmless.jsonl").read_text(encoding="utf-8").splitlines()
    taught = {json.loads(line)["instruction"] for line in own}
    assert len(taught) == 8
    asked = {probe.prompt for probe in evidence.probes if probe.domain == "out"}
    assert asked
    assert not taught & asked, "what taught the harmless one is not asked"


@pytest.mark.slow
@pytest.mark.parametrize("language", ["ja", "en"])
def test_on_the_embedded_model_the_ruined_is_held_and_the_harmless_is_not(
    language: selftest.SelftestLanguage,
    gemma: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = run_selftest(tmp_path / "out", (language,), base=str(gemma), progress=Progress(quiet=True))
    assert [one for one in found if not one.met] == []
    monkeypatch.setattr("loracheck.evaluate.readings.style.Style.shown", lambda *_: False)
    evidence = read_evidence(tmp_path / "out" / language / "eval")
    blind = expectations(language, judge(evidence, selftest.selftest_policy()))
    assert any(not one.met for one in blind), "a detector that sees nothing must not pass"
