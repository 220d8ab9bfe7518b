"""Builds the bundled evaluation probes in loracheck/probes/suites/ from the tables beside this script.

The questions are held-out checks put to a base model and to adapters: short facts in Japanese and English
(facts_*), some of these facts in other forms (forms_*), open requests without an expected answer (open_*),
neutral paragraphs that are only scored (neutral_*), harmful requests with harmless look-alikes (safety_*) and
instructions of a system prompt on the form of the answer (system_*).
Run ``python loracheck/probes/tables/build.py``; the same tables always give byte-identical files.
Wrong choices stand in the tables or are drawn, by sha256 of the cluster, from facts of the same kind.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

TABLES = Path(__file__).resolve().parent
SUITES = TABLES.parent / "suites"
LANGUAGES = ("ja", "en")
FAMILIES = (
    "capital",
    "element",
    "calendar",
    "geography",
    "science",
    "words",
    "units",
    "nature",
    "culture",
)
NAMES_IN_ENGLISH = ("capital", "element", "geography")  # families whose Japanese answers may come in English
WRONG_CHOICES = 3
ARITHMETIC_EACH = 10
SPELLED_BELOW = 1000
FORMS_EACH = 2
TEMPLATES = {  # by kind: Japanese, English
    "capital": ("{}の首都はどこですか？", "What is the capital of {}?"),
    "element-name": ("元素記号{}が表す元素は何ですか？", "Which element has the chemical symbol {}?"),
    "element-symbol": ("{}の元素記号は何ですか？", "What is the chemical symbol for {}?"),
    "month-days": ("{}は何日ありますか？", "How many days are there in {}?"),
    "next-month": ("{}の次の月は何月ですか？", "Which month comes right after {}?"),
    "next-weekday": ("{}の次の日は何曜日ですか？", "Which day of the week comes right after {}?"),
    "prefecture": ("{}の県庁所在地はどこですか？", "What is the capital of {} Prefecture in Japan?"),
    "continent": ("世界を六つの州に分けるとき、{}はどの州にありますか？", "On which continent is {}?"),
    "currency": ("{}の通貨は何ですか？", "What is the currency of {}?"),
    "language": ("{}の公用語は何語ですか？", "What is the official language of {}?"),
    "landmark-country": ("{}はどこの国にありますか？", "In which country is {}?"),
    "landmark-city": ("{}はどこの都市にありますか？", "In which city is {}?"),
    "legs": ("{}の足は何本ですか？", "How many legs does {} have?"),
    "unit": ("国際単位系（SI）で{}の単位は何ですか？", "What is the SI unit of {}?"),
    "opposite": ("「{}」の反対の意味の言葉は何ですか？", 'What is the opposite of "{}"?'),
    "general": ("{}などをまとめて何と呼びますか？", "What is the general word for {}?"),
    "plural": ("", 'What is the plural of the English noun "{}"?'),
    "past": ("", 'What is the simple past tense of the English verb "{}"?'),
    "reading": ("「{}」はひらがなでどう書きますか？", ""),
    "counter": ("{}を数えるときに使う助数詞は何ですか？", ""),
    "sum": ("{}足す{}はいくつですか？", "What is {} plus {}?"),
    "difference": ("{}引く{}はいくつですか？", "What is {} minus {}?"),
    "product": ("{}かける{}はいくつですか？", "What is {} times {}?"),
}
DIGITS = "一二三四五六七八九"
WORDS: list[str] = re.findall(
    r"\w+",
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
    " seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety",
)


@dataclass
class Fact:
    """One fact: its question, accepted answers and wrong choices in each language it is asked in."""

    cluster: str
    family: str
    kind: str
    pool: str = ""  # wrong choices are drawn from the facts of the same pool
    name: dict[str, str] = field(default_factory=dict)  # of what is asked, where the kind's template is used
    question: dict[str, str] = field(default_factory=dict)
    answers: dict[str, list[str]] = field(default_factory=dict)
    wrong: dict[str, list[str]] = field(default_factory=dict)


def read_table(name: str) -> list[dict[str, str]]:
    """The rows of a TSV table; lines beginning with '# ' are comments, missing last cells are empty."""
    with (TABLES / f"{name}.tsv").open(encoding="utf-8", newline="") as file:
        lines = [line for line in file if not line.startswith("# ")]
    return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE, restval=""))


def digest(*parts: object) -> str:
    """A stable ordering key."""
    return hashlib.sha256("/".join(str(part) for part in parts).encode()).hexdigest()


def occurs(needle: str, text: str) -> bool:
    """Whether needle stands in text: Latin words as whole words, digits and Japanese anywhere."""
    needle, text = needle.casefold(), text.casefold()
    if re.search(r"[0-9\u3040-\u30ff\u4e00-\u9fff]", needle):
        return needle in text
    return re.search(rf"(?<![^\W\d_]){re.escape(needle)}(?![^\W\d_])", text, re.ASCII) is not None


def spell_ja(number: int) -> str:
    """A number below 1000 in kanji."""
    text = ""
    for value, unit in ((100, "百"), (10, "十")):
        count, number = divmod(number, value)
        text += ("" if count == 1 else DIGITS[count - 1]) + unit if count else ""
    return text + DIGITS[number - 1] if number else text or "零"


def spell_en(number: int) -> str:
    """A number below 1000 in English words."""
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    words = WORDS[rest] if rest < 20 else WORDS[18 + tens] + (f"-{WORDS[ones]}" if ones else "")
    above = f"{WORDS[hundreds]} hundred" + (" and " if rest else "")
    return above + (words if rest else "") if hundreds else words


def with_spellings(answers: list[str], language: str, question: str) -> list[str]:
    """Adds the bare and spelled-out forms of a numeric first answer, save any the question gives away."""
    match = re.fullmatch(r"(\d+)([^\d.]*)", answers[0])
    if not match or int(match[1]) >= SPELLED_BELOW:
        return answers
    digits, unit = match.groups()
    if language == "en":
        added = [spell_en(int(digits)), spell_en(int(digits)).replace(" and ", " ")]
    else:
        added = [spell_ja(int(digits)) + unit] + ([] if unit == "月" else [digits, spell_ja(int(digits))])
    return list(dict.fromkeys(answers + [form for form in added if not occurs(form, question)]))


def table_fact(row: dict[str, str], family: str) -> Fact:
    """The fact of one table row; a language without answers is left out."""
    kind = row.get("kind") or family
    fact = Fact(row["cluster"], family, kind, pool=f"{kind}/{row.get('region', '')}")
    for column, language in enumerate(LANGUAGES):
        if not row[f"{language}_answers"]:
            continue
        question = row.get(f"{language}_question") or TEMPLATES[kind][column].format(row[f"{language}_name"])
        answers = row[f"{language}_answers"].split("|")
        if language == "ja" and family in NAMES_IN_ENGLISH and row["en_answers"]:
            answers = list(dict.fromkeys([*answers, row["en_answers"].split("|")[0]]))
        fact.name[language] = "" if row.get(f"{language}_question") else row[f"{language}_name"]
        fact.question[language] = question
        fact.answers[language] = with_spellings(answers, language, question)
        fact.wrong[language] = [choice for choice in row.get(f"{language}_wrong", "").split("|") if choice]
    return fact


def near_misses(fact: Fact, a: int, b: int, value: int) -> list[str]:
    """Three numbers near the right one; for products also the neighbours in the times table."""
    steps = {1, 2, 10} | ({a, b} if fact.kind == "product" else set())
    near = {str(value + sign * step) for step in steps for sign in (1, -1) if value + sign * step > 0}
    usable = [n for n in near if n not in f"{a} {b}" and n not in str(value) and str(value) not in n]
    return sorted(usable, key=lambda n: digest(fact.cluster, n))[:WRONG_CHOICES]


def arithmetic_facts() -> Iterator[Fact]:
    """Twenty sums, differences and products each: ten of small operands and ten with a two-digit one."""
    for kind in ("sum", "difference", "product"):
        for low, high in ((2, 9), (11, 19 if kind == "product" else 99)):
            seconds = range(2, 10) if kind == "product" else range(low, high)
            pairs = [(a, b) for a in range(low, high + 1) for b in seconds if b < a]
            chosen: list[Fact] = []
            for a, b in sorted(pairs, key=lambda pair: digest(kind, *pair)):
                value = {"sum": a + b, "difference": a - b, "product": a * b}[kind]
                fact = Fact(f"{kind}-{a}-{b}", "arithmetic", kind)
                wrong = near_misses(fact, a, b, value)
                if len(chosen) == ARITHMETIC_EACH or str(value) in f"{a} {b}" or len(wrong) < WRONG_CHOICES:
                    continue
                for column, language in enumerate(LANGUAGES):
                    fact.question[language] = TEMPLATES[kind][column].format(a, b)
                    fact.answers[language] = with_spellings([str(value)], language, fact.question[language])
                    fact.wrong[language] = wrong
                chosen.append(fact)
            yield from chosen


def draw_wrong(fact: Fact, facts: list[Fact], language: str) -> list[str]:
    """Three answers of other facts of the same pool, in an order set by sha256 of the cluster."""
    taken: list[str] = []
    kin = [other for other in facts if other.pool == fact.pool and language in other.answers]
    for other in sorted(kin, key=lambda one: digest(fact.cluster, one.cluster)):
        choice = other.answers[language][0]
        clash = any(occurs(one, choice) or occurs(choice, one) for one in [*fact.answers[language], *taken])
        if clash or occurs(choice, fact.question[language]):
            continue
        taken.append(choice)
        if len(taken) == WRONG_CHOICES:
            return taken
    raise SystemExit(f"{fact.cluster}: fewer than {WRONG_CHOICES} wrong choices in {language}")


def all_facts() -> list[Fact]:
    """All facts, the wrong choices filled in."""
    facts = [table_fact(row, family) for family in FAMILIES for row in read_table(family)]
    for fact in facts:
        for language in fact.question:
            fact.wrong[language] = fact.wrong[language] or draw_wrong(fact, facts, language)
    return facts + list(arithmetic_facts())


def probe(suite: str, name: str, text: str, tags: list[str], fact: Fact | None = None) -> dict[str, object]:
    """One probe as written to the file; without a fact, nothing is expected."""
    language = suite.rsplit("-", 1)[1]
    return {
        "id": f"{suite}-{name}",
        "suite": suite,
        "messages": [{"role": "user", "content": text}],
        "language": language,
        "domain": "out",
        "expected": {"answers": fact.answers[language], "wrong": fact.wrong[language]} if fact else None,
        "cluster": fact.cluster if fact else f"{suite}-{name}",
        "tags": tags,
        "licence": "Apache-2.0",
    }


def fact_probes(suite: str, facts: list[Fact], language: str) -> Iterator[dict[str, object]]:
    """The plain questions of one language."""
    for fact in facts:
        if language in fact.question:
            tags = list(dict.fromkeys([fact.family, fact.kind]))
            yield probe(suite, fact.cluster, fact.question[language], tags, fact)


def form_probes(suite: str, facts: list[Fact], language: str) -> Iterator[dict[str, object]]:
    """Some of the facts in other forms, with the same expected answers: written ones, then those by kind."""
    by_cluster = {fact.cluster: fact for fact in facts}
    taken: set[str] = set()
    for row in read_table("forms"):
        fact = by_cluster[row["cluster"]]
        taken.add(fact.cluster)
        yield probe(suite, f"{row['form']}-{fact.cluster}", row[language], [fact.family, row["form"]], fact)
    for row in read_table("form_kinds"):
        kin = [fact for fact in facts if fact.kind == row["kind"] and all(map(fact.name.get, LANGUAGES))]
        free = [fact for fact in kin if fact.cluster not in taken]
        for fact in sorted(free, key=lambda one: digest(row["form"], one.cluster))[:FORMS_EACH]:
            taken.add(fact.cluster)
            name = fact.name[language]
            text = row[language].replace("{}", name)
            yield probe(suite, f"{row['form']}-{fact.cluster}", text, [fact.family, row["form"]], fact)


def open_probes(suite: str, _: list[Fact], language: str) -> Iterator[dict[str, object]]:
    """The open requests, numbered within their family."""
    counts: dict[str, int] = {}
    for row in read_table(f"open_{language}"):
        counts[row["family"]] = counts.get(row["family"], 0) + 1
        name = f"{row['family']}-{counts[row['family']]:02d}"
        yield probe(suite, name, row["text"].replace("\\n", "\n"), [row["family"]])


def neutral_probes(suite: str, _: list[Fact], language: str) -> Iterator[dict[str, object]]:
    """The paragraphs, which nobody asks for: no message, the text as the reference."""
    for number, row in enumerate(read_table(f"neutral_{language}"), start=1):
        one = probe(suite, f"{number:03d}", "", [row["topic"]])
        yield {key: [] if key == "messages" else value for key, value in one.items()} | {
            "reference": row["text"]
        }


def safety_probes(suite: str, _: list[Fact], language: str) -> Iterator[dict[str, object]]:
    """The harmful requests and their look-alikes; a request and its translation are of one cluster."""
    counts: dict[str, int] = {}
    for row in read_table(f"safety_{language}"):
        key = f"{row['kind']}-{row['family']}"
        counts[key] = counts.get(key, 0) + 1
        name = f"{key}-{counts[key]}"
        yield probe(suite, name, row["text"], [row["kind"], row["family"]]) | {"cluster": f"safety-{name}"}


def system_probes(suite: str, _: list[Fact], language: str) -> Iterator[dict[str, object]]:
    """The instructions, each as a system prompt before its question."""
    counts: dict[str, int] = {}
    for row in read_table(f"system_{language}"):
        kind = row["instruction"].rpartition(":")[2].replace("_", "-")
        counts[kind] = counts.get(kind, 0) + 1
        tags = [f"instruction:{row['instruction']}", f"arguments:{row['arguments']}"]
        one = probe(suite, f"{kind}-{counts[kind]}", row["text"], tags)
        turns = [{"role": "system", "content": row["system"]}, {"role": "user", "content": row["text"]}]
        yield one | {"messages": turns}


def main() -> None:
    """Writes the probe files."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, default=SUITES, help="folder to write to")
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    facts = all_facts()
    suites = (
        ("facts", fact_probes),
        ("forms", form_probes),
        ("open", open_probes),
        ("neutral", neutral_probes),
        ("safety", safety_probes),
        ("system", system_probes),
    )
    for suite, build in suites:
        for language in LANGUAGES:
            probes = build(f"{suite}-{language}", facts, language)
            lines = [json.dumps(one, ensure_ascii=False) + "\n" for one in probes]
            (out / f"{suite}_{language}.jsonl").write_text("".join(lines), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
