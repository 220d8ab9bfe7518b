"""The bundled probe files: rebuilt byte for byte from their tables, with sound questions and choices."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from loracheck.grading.instructions import grade

PROBES = Path(__file__).resolve().parents[2] / "loracheck" / "probes"
FACTS = ("facts_ja", "facts_en")
FORMS = ("forms_ja", "forms_en")
OPEN = ("open_ja", "open_en")
NEUTRAL = ("neutral_ja", "neutral_en")
SAFETY = ("safety_ja", "safety_en")
SYSTEM = ("system_ja", "system_en")
EVERY = FACTS + FORMS + OPEN + NEUTRAL + SAFETY + SYSTEM
KEYS = ["id", "suite", "messages", "language", "domain", "expected", "cluster", "tags", "licence"]
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
KANA = re.compile(r"[\u3040-\u30ff]")


def load(name: str) -> list[dict[str, Any]]:
    """The probes of one file."""
    return [
        json.loads(line)
        for line in (PROBES / "suites" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    ]


def question(probe: dict[str, Any]) -> str:
    """The one user message of a probe, which in the system suites a system message comes before."""
    *system, message = probe["messages"]
    assert [one["role"] for one in system] == ["system"] * probe["suite"].startswith("system")
    assert message["role"] == "user"
    text: str = message["content"]
    return text


def occurs(needle: str, text: str) -> bool:
    """Latin words count as whole words; digits and Japanese count anywhere."""
    needle, text = (
        unicodedata.normalize("NFKC", needle).casefold(),
        unicodedata.normalize("NFKC", text).casefold(),
    )
    if JAPANESE.search(needle) or re.search(r"[0-9]", needle):
        return needle in text
    return re.search(rf"(?<![a-z]){re.escape(needle)}(?![a-z])", text) is not None


def test_rebuilding_gives_the_same_bytes(tmp_path: Path) -> None:
    script = PROBES / "tables" / "build.py"
    subprocess.run([sys.executable, str(script), "--out", str(tmp_path)], check=True)
    built = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert sorted(built) == sorted(f"{name}.jsonl" for name in EVERY)
    for name, content in built.items():
        assert content == (PROBES / "suites" / name).read_bytes(), f"{name} differs: run {script}"


def test_ids_are_unique_over_all_files() -> None:
    ids = [probe["id"] for name in EVERY for probe in load(name)]
    assert [one for one, count in Counter(ids).items() if count > 1] == []


@pytest.mark.parametrize("name", FACTS + FORMS + OPEN + SAFETY + SYSTEM)
def test_every_probe_has_the_agreed_shape(name: str) -> None:
    suite = name.replace("_", "-")
    for probe in load(name):
        assert list(probe) == KEYS
        assert probe["suite"] == suite
        assert probe["id"].startswith(f"{suite}-")
        assert probe["language"] == suite[-2:]
        assert (probe["domain"], probe["licence"]) == ("out", "Apache-2.0")
        assert probe["tags"] and all(probe["tags"])
        assert question(probe).strip() == question(probe) != ""


@pytest.mark.parametrize("name", FACTS)
def test_facts_are_enough_and_of_every_family(name: str) -> None:
    probes = load(name)
    assert 600 <= len(probes) <= 1000
    families = Counter(probe["tags"][0] for probe in probes)
    least = {"capital": 110, "element": 60, "calendar": 40, "arithmetic": 60, "geography": 140, "science": 60}
    least |= {"words": 120, "units": 45, "nature": 30, "culture": 50}
    assert families.keys() == least.keys()
    assert all(families[family] >= count for family, count in least.items()), families
    assert len({probe["cluster"] for probe in probes}) == len(probes), "one wording a fact"
    assert len({question(probe) for probe in probes}) == len(probes)


@pytest.mark.parametrize("name", FORMS)
def test_forms_come_from_the_facts(name: str) -> None:
    facts = {probe["cluster"]: probe for probe in load(name.replace("forms", "facts"))}
    probes = load(name)
    forms = Counter(probe["tags"][1] for probe in probes)
    assert forms == dict.fromkeys(("imperative", "cloze", "context", "casual", "keyword"), 30)
    for probe in probes:
        fact = facts[probe["cluster"]]
        assert probe["expected"] == fact["expected"]
        assert probe["tags"][0] == fact["tags"][0]
        assert question(probe) != question(fact)


@pytest.mark.parametrize("name", OPEN)
def test_open_requests_expect_nothing(name: str) -> None:
    probes = load(name)
    assert len(probes) == 160
    assert len({question(probe) for probe in probes}) == 160
    families = Counter(probe["tags"][0] for probe in probes)
    assert len(families) >= 18
    assert max(families.values()) <= 12, families
    for probe in probes:
        assert probe["expected"] is None
        assert probe["cluster"] == probe["id"]


@pytest.mark.parametrize("name", SAFETY)
def test_every_harmful_request_has_a_harmless_look_alike(name: str) -> None:
    probes = load(name)
    assert Counter(probe["tags"][0] for probe in probes) == {"harmful": 60, "harmless": 60}
    assert set(Counter(probe["tags"][1] for probe in probes).values()) == {10}
    assert len({question(probe) for probe in probes}) == 120
    assert max(len(question(probe)) for probe in probes) < 90, "general terms are short"
    assert len({probe["cluster"] for name in SAFETY for probe in load(name)}) == 120, (
        "translations go together"
    )


@pytest.mark.parametrize("name", SYSTEM)
def test_every_instruction_of_a_system_prompt_can_be_graded(name: str) -> None:
    probes = load(name)
    assert (
        len({question(probe) for probe in probes}) == len({p["messages"][0]["content"] for p in probes}) == 60
    )
    kinds = Counter(probe["tags"][0] for probe in probes)
    assert set(kinds.values()) == {5}
    for probe in probes:
        instruction, arguments = probe["tags"]
        named = instruction.removeprefix("instruction:")
        assert named.startswith(f"{probe['language']}:")
        assert grade(named, json.loads(arguments.removeprefix("arguments:")), "ことば") is not None, probe[
            "id"
        ]


@pytest.mark.parametrize("name", FACTS + FORMS)
def test_questions_give_nothing_away(name: str) -> None:
    for probe in load(name):
        choices = probe["expected"]["answers"] + probe["expected"]["wrong"]
        assert [choice for choice in choices if occurs(choice, question(probe))] == [], probe["id"]


@pytest.mark.parametrize("name", FACTS + FORMS)
def test_wrong_choices_are_three_and_really_other(name: str) -> None:
    for probe in load(name):
        answers, wrong = probe["expected"]["answers"], probe["expected"]["wrong"]
        assert len(set(answers)) == len(answers) >= 1, probe["id"]
        assert len({choice.casefold() for choice in wrong}) == 3 == len(wrong), probe["id"]
        assert all(text == text.strip() != "" for text in answers + wrong), probe["id"]
        clashes = [(a, w) for a in answers for w in wrong if occurs(a, w) or occurs(w, a)]
        assert clashes == [], probe["id"]


@pytest.mark.parametrize("name", FACTS + FORMS + OPEN + SAFETY + SYSTEM)
def test_questions_are_in_the_named_language(name: str) -> None:
    for probe in load(name):
        text = question(probe)
        if probe["language"] == "en":
            assert JAPANESE.search(text) is None, probe["id"]
            assert re.search(r"[A-Za-z]{2}", text), probe["id"]
        else:
            pattern = JAPANESE if probe["tags"][-1] == "keyword" else KANA
            assert pattern.search(text), probe["id"]


def test_arithmetic_is_right() -> None:
    signs = {"sum": 1, "difference": -1}
    for probe in (probe for name in FACTS for probe in load(name) if probe["tags"][0] == "arithmetic"):
        a, b = map(int, re.findall(r"\d+", question(probe)))
        kind = probe["tags"][1]
        value = a * b if kind == "product" else a + signs[kind] * b
        assert probe["expected"]["answers"][0] == str(value), probe["id"]


@pytest.mark.parametrize("name", FACTS)
def test_month_lengths_and_successions_agree_with_the_calendar(name: str) -> None:
    facts = {probe["cluster"]: probe["expected"]["answers"][0] for probe in load(name)}
    months = re.findall(
        r"\w+", "january february march april may june july august september october november december"
    )
    days = re.findall(r"\w+", "monday tuesday wednesday thursday friday saturday sunday")
    kanji = "月火水木金土日"
    for index, month in enumerate(months):
        length = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[index]
        following = (index + 1) % 12
        assert facts[f"days-{month}"] == (f"{length}日" if name.endswith("ja") else str(length))
        after = f"{following + 1}月" if name.endswith("ja") else months[following].capitalize()
        assert facts[f"month-after-{month}"] == after
    for index, day in enumerate(days):
        following = (index + 1) % 7
        after = f"{kanji[following]}曜日" if name.endswith("ja") else days[following].capitalize()
        assert facts[f"weekday-after-{day}"] == after


@pytest.mark.parametrize(("name", "least", "most"), [("neutral_ja", 120, 300), ("neutral_en", 40, 90)])
def test_neutral_paragraphs_are_asked_by_nobody_and_long_enough(name: str, least: int, most: int) -> None:
    probes = load(name)
    assert len(probes) == 100
    assert len({probe["reference"] for probe in probes}) == 100
    for probe in probes:
        assert (probe["messages"], probe["expected"], probe["language"]) == ([], None, name[-2:])
        text = probe["reference"]
        size = len(text) if name.endswith("ja") else len(text.split())
        assert least <= size <= most, probe["id"]
        assert text == text.strip()
        assert "\n" not in text
        assert bool(KANA.search(text)) == name.endswith("ja"), probe["id"]


@pytest.mark.parametrize("name", ["neutral_ja", "open_ja"])
def test_no_prose_of_ours_speaks_as_a_persona(name: str) -> None:
    texts = [probe.get("reference") or question(probe) for probe in load(name)]
    ended = re.compile(r"(なのだ|のだ|ですわ|じゃ|にゃん?|ござる|だっちゃ|なのです)[。！]")
    assert [text for text in texts if ended.search(text)] == []
