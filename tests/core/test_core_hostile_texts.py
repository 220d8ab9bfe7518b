"""Long texts written to take for ever are read in a time that grows with their length."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from loracheck.text import sentences

ROOT = Path(__file__).parents[2]
SCRIPT = """
from loracheck.curate.config import FilterConfig
from loracheck.curate.filters.rules import RULES, Profile
from loracheck.curate.judging.injection import words_to_grader
from loracheck.curate.judging.judge import json_object
from loracheck.evaluate.checks.form import has_form
from loracheck.evaluate.checks.language import switches
from loracheck.grading import gives_number, is_right
from loracheck.loading.hub import _configs
from loracheck.grading.instructions import grade
from loracheck.text.pii import find_personal
from loracheck.records import Example, Expected, Message
from loracheck.redaction import redacted
from loracheck.grading.refusal import refuses
from loracheck.style.features import features, names_in
from loracheck.text import is_loop, sentences
from loracheck.train.inspection.names import Tagged, named_subjects
import pathlib, sys

SIZE = 100_000
EXPECTED = Expected(answers=("東京", "Tokyo"), wrong=("大阪", "Osaka"))
CARD = pathlib.Path(sys.argv[1])
LIMITS = FilterConfig(max_reply_characters=10**9)

def rule(name):
    profile = Profile(languages=frozenset({"ja", "en"}), endings=frozenset({"です"}))
    def apply(text):
        turns = (Message(role="user", content="？"), Message(role="assistant", content=text))
        RULES[name](Example(id="a", messages=turns, language="ja", source="a"), profile, LIMITS)
    return apply

def instruction(name, **arguments):
    return lambda text: grade(name, arguments, text)

def card(text):
    CARD.write_text(text, encoding="utf-8")
    _configs(CARD)

CASES = (
    (is_loop, ("\\n", " ", "\\n1. ")),
    (sentences, ("(笑)", "(笑", "ー", ". ")),
    (lambda text: switches(text, "ja"), (".", "a", "\\n", "`", "@")),
    (lambda text: has_form("```json" + text + "x", "json"), (" ", "\\n")),
    (lambda text: json_object("```json" + text, dict), ("\\n", " ", "\\n```")),
    (lambda text: card("---" + text), ("\\n", "\\n---")),
    (rule("cut_off"), ("Aaa. aa. ", "\\n- ", " ")),
    (lambda text: rule("cut_off")("猫が魚を好きなわけを話すのだ" + text + "ね"), ("\\n", " ")),
    (rule("markdown_debris"), ("[", "![", "[](", "[a](  ")),
    (rule("template_remnant"), ("{{ ", "[your", "< ")),
    (lambda text: features(text, "en"), ("\\n", " ", ". ", ", ", "Ab, ")),
    (lambda text: features(text, "ja"), ("ｗ", "wｗ", "(", "~ ")),
    (names_in, ("\\n", ".  ", "Ab is. ", "\\n- ")),
    (refuses, ("「", "“", "犯罪", "I can't ")),
    (instruction("detectable_format:title"), ("<<", "<<a", "<< ")),
    (instruction("ja:detectable_format:title"), ("『", "『a")),
    (instruction("detectable_content:number_placeholders", num_placeholders=1), ("[", "[a")),
    (instruction("ja:letters:furigana"), ("漢",)),
    (instruction("ja:detectable_format:number_bullet_lists", num_bullets=1), ("\\n", " ")),
    (instruction("detectable_format:json_format"), (" ", "[", "\\n")),
    (lambda text: is_right("東京" + text, EXPECTED), ("\\n* ", " *", "」", "東京ではない", "not Tokyo ", ". ")),
    (lambda text: is_right(text, EXPECTED), ("Tokyo is wrong. ", "The answer is ", "答えは", "Osaka ", "\\u200b")),
    (lambda text: gives_number(text, Expected(answers=("18",))), ("1", "1,", "answer ", "$ ")),
    (redacted, ("key", "key-", "a-", "a://", "a://?", "://a@", "Bearer ", "token ")),
    (lambda text: named_subjects([Tagged(text=text, images=None, place="folder")]), ("1",)),
    (find_personal, ("0-", "a@", "a.", "1")),
)
for place, (read, units) in enumerate(CASES):
    for unit in units:
        print("case", place, repr(unit[:12]), flush=True)
        for end in ("", "z!\\0"):
            read(unit * (SIZE // len(unit)) + end)
print("read")
"""


def test_no_text_takes_a_time_that_grows_with_its_square(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "card.md")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            said, _ = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            said, _ = process.communicate()
    assert said.splitlines()[-1] == "read", "it was still reading, or failed at, the last case"


def test_asides_at_the_end_of_a_sentence_go_however_many_they_are() -> None:
    assert sentences("そうだね" + "(笑)" * 5000 + "ーー！(泣") == ["そうだね"]
    assert sentences("(笑)(笑)") == []
    assert sentences("(笑)です(汗)、") == ["(笑)です"]
