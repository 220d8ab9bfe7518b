"""Waivers: shown in the verdict, refused by name when they are past their day or lack a part, never for soundness."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from loracheck import jsonl
from loracheck.errors import UsageError
from loracheck.evaluate.gate import rejudge
from loracheck.evaluate.policy import Pinned, Policy, load_policy
from loracheck.evaluate.score import score
from loracheck.evaluate.verdict.judge import exit_code, judge
from loracheck.evaluate.verdict.waivers import refuse_expired
from loracheck.progress import Progress
from loracheck.records import Verdict, Waiver
from loracheck.summary import print_result
from loracheck.words.findings import remarks, verdict_word
from tests.evaluate.evidence_records import GOOD, PERSONA, Arm, build, every, finding, verdict_of, write_run

LOOPING = replace(GOOD, facts=every(5, "loop", "persona"))
TOMORROW = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
WAIVER = Waiver(check="loops", adapter="mine", owner="kei", reason="a list of steps", expires=TOMORROW)


def waived(arm: Arm, **changes: str) -> Verdict:
    waiver = replace(WAIVER, **changes)
    return verdict_of(arm, replace(PERSONA, waivers=(waiver,)))


def test_a_waived_failing_check_ships_and_the_verdict_names_who_answers_for_it() -> None:
    assert verdict_of(LOOPING).status == "hold"
    verdict = waived(LOOPING)
    assert (verdict.status, exit_code([verdict]), verdict_word(verdict)) == ("ship", 0, "SHIP WITH WAIVER")
    assert verdict_word(verdict, "ja") == "免除付き出荷可"
    assert finding(verdict, "loops").status == "waived"
    assert verdict.deciding == ("loops",)
    [said] = remarks(verdict)
    assert all(part in said for part in ("Loops", "kei", "a list of steps", TOMORROW))


def test_the_terminal_shows_the_waiver(capsys: pytest.CaptureFixture[str]) -> None:
    policy = replace(PERSONA, waivers=(WAIVER,))
    print_result(judge(build({"mine": LOOPING}), policy))
    said = capsys.readouterr().out
    assert (
        f"mine: SHIP WITH WAIVER  (policy {policy.title}, every required check but for loops passes)" in said
    )
    assert "kei answers for it" in said


def test_a_waiver_for_each_adapter_covers_all_and_one_for_another_covers_none() -> None:
    assert waived(LOOPING, adapter="*").status == "ship"
    other = waived(LOOPING, adapter="other")
    assert (other.status, other.waived) == ("hold", ())


def test_a_waiver_covers_its_check_alone_and_shows_only_where_it_was_needed() -> None:
    assert waived(replace(LOOPING, ends=every(3, "length", "stop"))).deciding == ("missing_stop",)
    good = waived(GOOD)
    assert (good.status, good.waived, verdict_word(good)) == ("ship", (), "SHIP")


def test_a_check_that_stays_open_may_be_waived_as_one_that_fails() -> None:
    few = verdict_of(GOOD, replace(PERSONA, waivers=(replace(WAIVER, check="missing_stop"),)), in_domain=0)
    assert finding(few, "missing_stop").status == "waived"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"check": "sanity"}, "never waived"),
        ({"check": "lops"}, "no such check"),
        ({"owner": " "}, "owner is empty"),
        ({"reason": ""}, "reason is empty"),
        ({"expires": "soon"}, "expires is a day"),
        ({"expires": "2027-02-30"}, "expires is a day"),
    ],
)
def test_a_malformed_waiver_is_refused_by_name(changes: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        replace(PERSONA, waivers=(replace(WAIVER, **changes),))
    assert "waiver 1" in str(caught.value)


def test_a_waiver_holds_on_its_last_day_and_is_refused_by_name_on_the_next() -> None:
    waiver = replace(WAIVER, expires="2027-01-31")
    refuse_expired("mine", [waiver], date(2027, 1, 31))
    with pytest.raises(UsageError, match="waiver of loops for mine, owned by kei, expired on 2027-01-31"):
        refuse_expired("mine", [waiver], date(2027, 2, 1))


def written(folder: Path, waivers: str) -> str:
    path = folder / "mine.yaml"
    path.write_text(f"waivers:\n{waivers}", encoding="utf-8")
    return str(path)


def test_a_policy_file_gives_waivers_with_days_as_yaml_reads_them(tmp_path: Path) -> None:
    text = f"  - {{check: loops, adapter: '*', owner: kei, reason: lists, expires: {TOMORROW}}}\n"
    [waiver] = load_policy(written(tmp_path, text)).waivers
    assert waiver == Waiver(check="loops", adapter="*", owner="kei", reason="lists", expires=TOMORROW)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "  - {check: loops, adapter: a, owner: kei, reason: lists, expires: 2020-01-01}\n",
            "expired on 2020-01-01",
        ),
        ("  - {check: loops, adapter: a, owner: kei, expires: 2099-01-01}\n", "waiver 1 lacks reason"),
        ("  - {check: loops, adaptor: a}\n", "Did you mean adapter?"),
        ("  loops: yes\n", "waivers is a list"),
    ],
)
def test_a_policy_file_with_a_bad_waiver_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_policy(written(tmp_path, text))
    assert message in str(caught.value)


def eval_run(path: Path, policy: Policy) -> Path:
    return write_run(path, build({"mine": LOOPING}), policy)


def test_the_gate_refuses_a_run_whose_waiver_has_expired_since(tmp_path: Path) -> None:
    valid = eval_run(tmp_path / "valid", replace(PERSONA, waivers=(WAIVER,)))
    assert rejudge(valid, None).verdicts[0].status == "ship"
    expired = replace(PERSONA, waivers=(replace(WAIVER, expires="2020-01-01"),))
    with pytest.raises(UsageError, match="expired on 2020-01-01"):
        rejudge(eval_run(tmp_path / "expired", expired), None)
    with pytest.raises(UsageError, match="expired on 2020-01-01"):
        score(tmp_path / "expired", {}, tmp_path / "again", None, progress=Progress(quiet=True))
    assert not (tmp_path / "again").exists()


def test_answers_scored_again_take_no_policy_of_another_base(tmp_path: Path) -> None:
    run = eval_run(tmp_path / "run", replace(PERSONA, waivers=(WAIVER,)))
    pinned = replace(PERSONA, waivers=(WAIVER,), pinned=Pinned(base="0a1b2c3d"))
    with pytest.raises(UsageError, match="pinned to something else than this run"):
        rejudge(run, pinned)
    with pytest.raises(UsageError, match="pinned to something else than this run"):
        score(run, {}, tmp_path / "again", pinned, progress=Progress(quiet=True))
    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize(
    ("changes", "post_hoc"),
    [({}, False), ({"waivers": (WAIVER,)}, False), ({"name": "other"}, False), ({"alpha": 0.04}, True)],
)
def test_limits_changed_after_the_run_mark_the_verdict_as_post_hoc(
    tmp_path: Path, changes: dict[str, Any], post_hoc: bool
) -> None:
    run = eval_run(tmp_path / "run", PERSONA)
    verdict = rejudge(run, replace(PERSONA, **changes)).verdicts[0]
    assert verdict.post_hoc is post_hoc
    assert any("Post hoc" in said for said in remarks(verdict)) is post_hoc
    assert b'"post_hoc":true' in jsonl.encode(verdict) or not post_hoc
