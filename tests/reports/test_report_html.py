"""The page as a file: its policy, its escaping, its languages, and the runs it is refused for."""

from __future__ import annotations

import json
import re
import string
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path
from types import ModuleType
from typing import get_args, get_type_hints

import pytest

from loracheck import jsonl
from loracheck.errors import RunError
from loracheck.records import Marker, Status, UiLanguage
from loracheck.records.comparison import Part
from loracheck.records.curation import Outcome as RowOutcome
from loracheck.records.curation import RowGroup, ScoreState
from loracheck.records.training import MemoryParts
from loracheck.reports.figures import amount, distance
from loracheck.reports.html import inert_json, shown
from loracheck.reports.pipeline import write_report
from loracheck.reports.strings import frame as strings
from loracheck.reports.strings.causes import CAUSES
from loracheck.reports.strings.comparison import COMPARISON, TRACES
from loracheck.reports.strings.curation import CURATION
from loracheck.reports.strings.evidence import EVIDENCE
from loracheck.reports.strings.frame import STRINGS
from loracheck.reports.strings.training import TRAINING
from loracheck.runs import identity, read_manifest


def test_an_evaluation_is_one_file_that_names_no_other(evaluation: Path, related: list[Path]) -> None:
    page = write_report(evaluation, related=related).read_text(encoding="utf-8")
    assert not re.search(r'(?:src|href|action)="(?!#)', page)
    assert not re.search(r"\sstyle=|\son[a-z]+=", page.split("<style>")[0] + page.split("</style>")[1])
    assert "unsafe" not in page.split("<style>")[0]
    assert "@import" not in page and "url(" not in page.split("</style>")[0]


def test_the_report_verb_loads_no_model_library(build_comparison: ModuleType, tmp_path: Path) -> None:
    evaluation = build_comparison.write_eval(tmp_path / "eval", {"mine": build_comparison.GOOD})
    script = (
        "import sys\nfrom loracheck.cli import cli\n"
        f"cli.main(['report', {str(evaluation)!r}], standalone_mode=False)\n"
        "heavy = {'torch', 'transformers', 'peft', 'bitsandbytes', 'datasets', 'pandas', 'sklearn'}\n"
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (evaluation / "report.html").is_file()


def test_rendering_again_changes_no_byte_and_leaves_the_run_whole(evaluation: Path) -> None:
    first = write_report(evaluation).read_bytes()
    assert write_report(evaluation).read_bytes() == first
    assert b'<html lang="ja">' in write_report(evaluation, language="ja").read_bytes()


@pytest.mark.parametrize("kind", ["causes", "<script>"])
def test_an_unknown_kind_of_run_is_refused(evaluation: Path, kind: str) -> None:
    manifest = read_manifest(evaluation)
    own = identity(kind, manifest.config, manifest.inputs)
    jsonl.write_one(evaluation / "manifest.json", replace(manifest, kind=kind, identity=own))
    with pytest.raises(RunError, match="a report can be drawn of an eval"):
        write_report(evaluation)


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="not a run directory"):
        write_report(tmp_path)


def test_a_changed_file_is_named_and_refused(evaluation: Path) -> None:
    file = evaluation / "verdict.json"
    file.write_bytes(file.read_bytes().replace(b"hold", b"ship"))
    with pytest.raises(RunError, match=r"verdict\.json was changed"):
        write_report(evaluation)
    assert not (evaluation / "report.html").exists()


def test_data_cannot_close_its_script_element() -> None:
    encoded = str(inert_json({"</script>": ["<!--<script>", "\u2028\u2029", "a\u202eb"]}))
    assert not set(encoded) & set("<>&\u2028\u2029\u202e")
    assert json.loads(encoded) == {"</script>": ["<!--<script>", "⟨U+2028⟩⟨U+2029⟩", "a⟨U+202E⟩b"]}


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ("a\u200bb", "a⟨U+200B⟩b"),
        ("\x1b[31m\x00", "⟨U+001B⟩[31m⟨U+0000⟩"),
        ("行\r\nと\tタブ", "行\nと\tタブ"),
        ("👩\u200d👩", "👩\u200d👩"),
        ("葛\U000e0100城", "葛\U000e0100城"),
        ("ﾃｽﾄ\ufeff\u2066", "ﾃｽﾄ⟨U+FEFF⟩⟨U+2066⟩"),
    ],
)
def test_hidden_characters_are_shown_and_ordinary_ones_left_alone(given: str, seen: str) -> None:
    assert shown(given) == seen


def test_every_sentence_stands_in_both_languages_with_the_same_places() -> None:
    for key, (en, ja) in STRINGS.items():
        assert en and ja, key
        places = [{name for _, name, _, _ in string.Formatter().parse(one) if name} for one in (en, ja)]
        assert places[0] == places[1], key


def test_no_sentence_is_hidden_by_another_table() -> None:
    assert not CURATION.keys() & TRAINING.keys()
    for table in (CURATION, TRAINING):
        assert all(STRINGS[key] == pair for key, pair in table.items())
        assert not table.keys() & strings._FRAME.keys()
    own = (strings._FRAME, CAUSES, COMPARISON, CURATION, EVIDENCE, TRACES, TRAINING)
    assert not any(table.keys() & strings._WORDS.keys() for table in own)


def test_every_state_that_a_record_may_have_has_a_word() -> None:
    states: dict[str, object] = {
        "status": Status,
        "kind": get_type_hints(Marker)["kind"],
        "row": RowOutcome,
        "judge": ScoreState,
        "group": get_type_hints(RowGroup)["kind"],
        "part": Part,
    }
    for kind, codes in states.items():
        assert {f"{kind}_{code}" for code in get_args(codes)} <= strings._WORDS.keys()
    assert {f"memory_{one.name}" for one in fields(MemoryParts)} <= strings._WORDS.keys()


@pytest.mark.parametrize(
    ("value", "unit", "seen"),
    [
        (0.97, "share", "97.0%"),
        (0.004, "share", "0.4%"),
        (1.0, "share", "100.0%"),
        (-0.03, "difference", "−3.0 points"),
        (0.0, "difference", "0.0 points"),
        (0.125, "difference", "+12.5 points"),
        (1234.0, "count", "1,234"),
        (None, "share", "–"),
    ],
)
def test_numbers_read_as_a_person_writes_them(value: float | None, unit: str, seen: str) -> None:
    assert amount(value, unit).en == seen


def test_shares_lie_points_apart() -> None:
    assert distance(-0.92, "share") == ("92.0 points", "92.0ポイント")


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_number_of_a_check_is_named_in_words(evaluation: Path, language: UiLanguage) -> None:
    page = write_report(evaluation, language=language).read_text(encoding="utf-8")
    said = re.sub(r"<(script|style|template)\b.*?</\1>", "", page, flags=re.DOTALL)
    assert "name_rate" in (evaluation / "verdict.json").read_text(encoding="utf-8")
    assert not re.search(r">[^<]*\b(name_rate|difference: )", said)
    wanted = "persona's name as the answer" if language == "en" else "ペルソナの名前で回答"
    assert re.search(rf">[^<]+: {wanted}", said)
