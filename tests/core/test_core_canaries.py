"""Canaries: rows with a secret, their manifest, the probes made of it, and the command that writes them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from loracheck import jsonl
from loracheck.cli import cli
from loracheck.errors import DataError, UsageError
from loracheck.loading.examples import load_examples
from loracheck.probes import canaries
from loracheck.probes.canaries import (
    ALTERNATIVES,
    CanaryManifest,
    canary_probes,
    make_canaries,
    read_canaries,
    rows,
    write_canaries,
)
from loracheck.probes.choices import Style, choices


def test_a_secret_has_eight_digits_of_its_own_and_stands_in_as_many_rows_as_said() -> None:
    made = make_canaries(16, language="en")
    assert Counter(canary.copies for canary in made.canaries) == {1: 10, 4: 4, 16: 2}
    assert len({canary.secret for canary in made.canaries}) == 16
    assert len({canary.prompt for canary in made.canaries}) == 16
    replies = Counter(row["messages"][-1]["content"] for row in rows(made))
    for canary in made.canaries:
        assert len(canary.secret) == 8
        assert canary.secret.isdecimal()
        assert replies[canary.before + canary.secret] == canary.copies


def test_a_seed_makes_the_same_canaries_and_another_seed_others() -> None:
    assert make_canaries(8, seed=3) == make_canaries(8, seed=3)
    secrets = [{c.secret for c in make_canaries(8, seed=seed).canaries} for seed in (3, 4)]
    assert not secrets[0] & secrets[1]


def test_each_secret_is_ranked_once_among_two_thousand() -> None:
    made = make_canaries(8)
    probes = canary_probes(made)
    for canary in made.canaries:
        mine = [probe for probe in probes if probe.cluster == f"canaries-{canary.id}"]
        others = [text for probe in mine if probe.expected for text in probe.expected.wrong]
        assert len(others) == len(set(others)) == ALTERNATIVES - 1
        assert canary.before + canary.secret not in others
        assert {probe.expected.answers for probe in mine if probe.expected} == {
            (canary.before + canary.secret,)
        }
    assert len({probe.id for probe in probes}) == len(probes)


def test_a_secret_that_is_drawn_again_is_no_alternative_to_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canaries, "DIGITS", 4)  # of ten thousand secrets one in five is drawn again
    for probe in canary_probes(make_canaries(16)):
        assert probe.expected is not None
        assert probe.expected.answers[0] not in probe.expected.wrong


def test_a_secret_is_not_offered_in_the_style_of_the_data() -> None:
    [probe, *_] = canary_probes(make_canaries(1))
    style = Style(suffix="なのだ。", name_reply="ぼくはぽぽぬなのだ。")
    assert {kind for kind, _ in choices(probe, {"ja": style, "en": style})} == {"right", "wrong"}


@pytest.mark.parametrize("count", [0, -1, 145])
def test_as_many_canaries_as_there_are_names_can_be_made(count: int) -> None:
    with pytest.raises(UsageError, match="--rows"):
        make_canaries(count)
    assert len(make_canaries(144).canaries) == 144


def test_what_is_written_can_be_trained_on_and_read_again(tmp_path: Path) -> None:
    manifest, written = write_canaries(tmp_path / "canaries.jsonl", 8, seed=1)
    assert manifest == tmp_path / "canaries.manifest.json"
    assert len(load_examples([tmp_path / "canaries.jsonl"])) == written == 29
    assert read_canaries(manifest) == make_canaries(8, seed=1)
    assert jsonl.read_one(manifest, CanaryManifest).schema_version == 1


def test_a_missing_or_foreign_manifest_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no such file"):
        read_canaries(tmp_path / "canaries.manifest.json")
    foreign = tmp_path / "foreign.json"
    foreign.write_text('{"canaries": 3}', encoding="utf-8")
    with pytest.raises(DataError, match=r"foreign\.json"):
        read_canaries(foreign)
    with pytest.raises(UsageError, match="there is no folder"):
        write_canaries(tmp_path / "missing" / "canaries.jsonl", 8)


def test_the_command_writes_rows_and_manifest_and_says_where(tmp_path: Path) -> None:
    out = tmp_path / "c.jsonl"
    done = CliRunner().invoke(cli, ["canaries", "-o", str(out), "--rows", "4", "--language", "en", "--json"])
    assert done.exit_code == 0, done.output
    said = json.loads(done.output)
    assert (said.pop("schema_version"), said.pop("kind")) == (1, "canaries")
    assert said == {"rows": str(out), "lines": 1 + 4 + 1 + 16, "manifest": str(tmp_path / "c.manifest.json")}
    shown = CliRunner().invoke(cli, ["canaries", "-o", str(out), "--rows", "4"])
    assert f"{said['manifest']}: for eval --canaries" in shown.output
