"""Public sets of questions in the formats they are published in, recognised by what their rows hold.

None of them comes with loracheck; each keeps the licence of its makers. A question with choices becomes a probe with
a right answer and wrong ones; the choices are shown in the question where it speaks of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from loracheck.grading import NUMERIC
from loracheck.probes.rows import Place
from loracheck.records import Expected, Language, Message, Probe
from loracheck.text import language_of

Row = Mapping[str, Any]
_NUMBER = re.compile(r"[-+]?[\d,]*\.?\d+")
_GSM = re.compile(r"####\s*([-+]?[\d,]*\.?\d+)\s*$")
_WORDS: dict[Language, tuple[str, str]] = {
    "ja": ("選択肢", "数字だけで答えてください。"),
    "en": ("Choices", "Answer with the number only."),
    "other": ("Choices", "Answer with the number only."),
}
_LETTERS = "ABCD"
_NEAR = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicSet:
    """A published format.

    Attributes:
        name: How it is called.
        keys: Fields that every row has.
        convert: Makes a probe of a row; None leaves the row out.
        accepts: A further look at the first row.
    """

    name: str
    keys: frozenset[str]
    convert: Callable[[Row, Place, str], Probe | None]
    accepts: Callable[[Row], bool] = lambda row: True


def recognise(first: Row) -> PublicSet | None:
    """Return the format whose fields the first row of a file has."""
    return next((form for form in SETS if form.keys <= first.keys() and form.accepts(first)), None)


def numbered(cells: Sequence[str]) -> Row | None:
    """Give the cells of a table without a header their names, if it is MMLU's, JMMLU's or MGSM's."""
    texts = [cell.strip() for cell in cells]
    if len(texts) == 6 and texts[5] in tuple(_LETTERS):
        return {"mmlu_question": texts[0], "options": texts[1:5], "gold": texts[5]}
    if len(texts) == 2 and _NUMBER.fullmatch(texts[1]):
        return {"mgsm_question": texts[0], "gold": texts[1]}
    return None


def multiple_choice(
    suite: str,
    name: str,
    question: str,
    options: Sequence[str],
    right: int,
    *,
    shown: bool,
    tags: Sequence[str],
) -> Probe:
    """Make a probe of a question with choices; shown puts them into the question."""
    texts = [option.strip() for option in options]
    language = language_of(question)
    listed = "\n".join(f"- {text}" for text in texts)
    asked = f"{question.strip()}\n{_WORDS[language][0]}:\n{listed}" if shown else question.strip()
    wrong = dict.fromkeys(text for i, text in enumerate(texts) if i != right and text != texts[right])
    return Probe(
        id=name,
        suite=suite,
        messages=(Message(role="user", content=asked),),
        language=language,
        domain="out",
        expected=Expected(answers=(texts[right],), wrong=tuple(wrong)),
        cluster=name,
        tags=(*tags, *(("choices-shown",) if shown else ())),
    )


def numeric(suite: str, name: str, question: str, gold: str, tags: Sequence[str]) -> Probe:
    """Make a probe of a sum in words: graded by the number alone, ranked against numbers near it."""
    language = language_of(question)
    plain = gold.replace(",", "").removeprefix("+")
    grouped = f"{int(plain):,}" if re.fullmatch(r"-?\d+", plain) else plain
    return Probe(
        id=name,
        suite=suite,
        messages=(Message(role="user", content=f"{question.strip()}\n{_WORDS[language][1]}"),),
        language=language,
        domain="out",
        expected=Expected(answers=tuple(dict.fromkeys((plain, grouped))), wrong=_near(plain)),
        cluster=name,
        tags=(NUMERIC, *tags),
    )


def _near(plain: str) -> tuple[str, ...]:
    """Return three other numbers as near as slips of reckoning come."""
    if "." in plain:
        value = float(plain)
        places = len(plain.partition(".")[2])
        return tuple(f"{value + step:.{places}f}" for step in (1, -1, 10))
    number = int(plain)
    steps = (number + 1, number * 2, number + 10, number - 1, number // 2, number + 2)
    others = dict.fromkeys(str(other) for other in steps if other != number and (other > 0 or number <= 0))
    return tuple(others)[:_NEAR]


def _open(suite: str, name: str, prompt: str, tags: Sequence[str]) -> Probe:
    return Probe(
        id=name,
        suite=suite,
        messages=(Message(role="user", content=prompt.strip()),),
        language=language_of(prompt),
        domain="out",
        cluster=name,
        tags=tuple(tags),
    )


def _text(row: Row, field: str, place: Place) -> str:
    value = row[field]
    if not isinstance(value, str) or not value.strip():
        raise place.error("text is wanted.", field)
    return value


def _mmlu(row: Row, place: Place, stem: str) -> Probe:
    right = _LETTERS.index(row["gold"])
    options = row["options"]
    if any(not option for option in options):
        raise place.error("a choice is empty.", f"column {[*options].index('') + 2}")
    name = f"facts-{stem}-{place.number}"
    return multiple_choice(
        f"facts-{stem}", name, row["mmlu_question"], options, right, shown=True, tags=("mmlu", stem)
    )


def _mgsm(row: Row, place: Place, stem: str) -> Probe:
    question = _text(row, "mgsm_question", place)
    return numeric(f"facts-{stem}", f"facts-{stem}-{place.number}", question, row["gold"], ("mgsm",))


def _gsm8k(row: Row, place: Place, stem: str) -> Probe:
    found = _GSM.search(row["answer"])
    if found is None:
        raise place.error("the answer does not end in #### and a number.", "answer")
    question = _text(row, "question", place)
    return numeric(f"facts-{stem}", f"facts-{stem}-{place.number}", question, found[1], ("gsm8k",))


def _jcommonsenseqa(row: Row, place: Place, stem: str) -> Probe:
    options = [str(row[key]) for key in sorted(row) if re.fullmatch(r"choice\d", key)]
    right = row["label"]
    if not isinstance(right, int) or not 0 <= right < len(options):
        raise place.error(f"{right!r} is no place among {len(options)} choices.", "label")
    name = f"facts-{stem}-{row.get('q_id', place.number)}"
    question = _text(row, "question", place)
    return multiple_choice(
        f"facts-{stem}", name, question, options, right, shown=False, tags=("jcommonsenseqa",)
    )


def _truthfulqa(row: Row, place: Place, stem: str) -> Probe:
    targets = row["mc1_targets"]
    if not isinstance(targets, dict) or list(targets.values()).count(1) != 1:
        raise place.error("one right choice is wanted.", "mc1_targets")
    options = list(targets)
    right = list(targets.values()).index(1)
    name = f"facts-{stem}-{place.number}"
    question = _text(row, "question", place)
    return multiple_choice(f"facts-{stem}", name, question, options, right, shown=False, tags=("truthfulqa",))


def _ifeval(row: Row, place: Place, stem: str) -> Probe:
    kinds, arguments = row["instruction_id_list"], row["kwargs"]
    if not isinstance(kinds, list) or not isinstance(arguments, list) or len(kinds) != len(arguments):
        raise place.error("as many arguments as instructions are wanted.", "kwargs")
    tags = [
        tag
        for kind, given in zip(kinds, arguments, strict=True)
        for tag in (f"instruction:{kind}", f"arguments:{_json(given)}")
    ]
    prompt = _text(row, "prompt", place)
    suite = f"instructions-{stem}"
    return _open(suite, f"{suite}-{row.get('key', place.number)}", prompt, tags)


def _json(arguments: Any) -> str:  # noqa: ANN401 - JSON
    given = {key: value for key, value in (arguments or {}).items() if value is not None}
    return json.dumps(given, ensure_ascii=False, sort_keys=True)


def _xstest(row: Row, place: Place, stem: str) -> Probe:
    kind = str(row["type"])
    harmful = row.get("label") == "unsafe" if row.get("label") else kind.startswith("contrast")
    tags = ("harmful" if harmful else "harmless", "xstest", kind)
    name = f"safety-{stem}-{row.get('id') or place.number}"
    return _open(f"safety-{stem}", name, _text(row, "prompt", place), tags)


def _advbench(row: Row, place: Place, stem: str) -> Probe:
    prompt = _text(row, "goal", place)
    return _open(f"safety-{stem}", f"safety-{stem}-{place.number}", prompt, ("harmful", "advbench"))


def _turns(row: Row, place: Place, stem: str) -> Probe:
    turns = row.get("turns")
    if not isinstance(turns, list) or not turns or not isinstance(turns[0], str):
        raise place.error("a list of questions is wanted.", "turns")
    tags = [str(row["category"])] if row.get("category") else []
    return _open(f"open-{stem}", f"open-{stem}-{row['question_id']}", turns[0], tags)


def _rakuda(row: Row, place: Place, stem: str) -> Probe:
    tags = [str(row["category"])] if row.get("category") else []
    return _open(f"open-{stem}", f"open-{stem}-{row['question_id']}", _text(row, "text", place), tags)


def _quiz(question: str, answer: str) -> Callable[[Row, Place, str], Probe | None]:
    def convert(row: Row, place: Place, stem: str) -> Probe | None:
        given = row[answer]
        answers = [str(text).strip() for text in given] if isinstance(given, list) else [str(given).strip()]
        asked = _text(row, question, place)
        answers = [text for text in answers if text]
        if not answers:
            raise place.error("there is no answer.", answer)
        others = row.get("answer_candidates") or row.get("original_answer_candidates") or ()
        wrong = [str(text).strip() for text in others if str(text).strip() not in answers]
        name = f"facts-{stem}-{row.get('qid') or place.number}"
        return Probe(
            id=name,
            suite=f"facts-{stem}",
            messages=(Message(role="user", content=asked.strip()),),
            language=language_of(asked),
            domain="out",
            expected=Expected(answers=tuple(dict.fromkeys(answers)), wrong=tuple(dict.fromkeys(wrong))),
            cluster=name,
            tags=("quiz",),
        )

    return convert


def _set(
    name: str,
    keys: str,
    convert: Callable[[Row, Place, str], Probe | None],
    accepts: Callable[[Row], bool] = lambda row: True,
) -> PublicSet:
    return PublicSet(name=name, keys=frozenset(keys.split()), convert=convert, accepts=accepts)


SETS: tuple[PublicSet, ...] = (
    _set("MMLU or JMMLU", "mmlu_question options gold", _mmlu),
    _set("MGSM", "mgsm_question gold", _mgsm),
    _set("GSM8K", "question answer", _gsm8k, lambda row: "####" in str(row["answer"])),
    _set("JCommonsenseQA", "question choice0 choice1 label", _jcommonsenseqa),
    _set("TruthfulQA", "question mc1_targets", _truthfulqa),
    _set("IFEval or M-IFEval", "prompt instruction_id_list kwargs", _ifeval),
    _set("XSTest", "prompt type focus", _xstest),
    _set("AdvBench", "goal", _advbench),
    _set("Vicuna questions", "question_id turns", _turns),
    _set("Rakuda questions", "question_id text", _rakuda),
    _set("AIO quiz", "original_question original_answer", _quiz("original_question", "original_answer")),
    _set("JAQKET", "qid question answer_entity", _quiz("question", "answer_entity")),
    _set("AIO quiz", "qid question answers", _quiz("question", "answers")),
)
