"""How often a persona's style is found, and how often neutral prose is taken for one, in Japanese and English.

Use: python benchmarks/markers.py DATA [--rows 50 100 200] [--seeds 10]

DATA is a folder of public sets: ja/rakuda (answers of four models to 40 prompts), style (PASTEL pairs, GPTeacher
role-play), safety (answers of two models to XSTest's prompts; only markers in answers to the harmless are printed).
Personas are put upon answers of one model and held against another model's answers to the same prompts; a set counts as
found when its markers show in at least half of the styled replies and in at most a tenth of the neutral ones. A manner
that changes less than a tenth of the replies is printed and not counted. What is marked "dev" was looked at while the
rules were made; what is marked "report" was run for this table only. Of the last nine English manners six were found
when they were put to the rules first; rules were added for the others ("th as z", "dropped h", "hashtags").
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from loracheck.records import Language, Marker
from loracheck.style.classifier import learn
from loracheck.style.markers import discover, shows

_LEAST_CHANGED = 0.1
Pair = tuple[str, str]
Answers = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Persona:
    """A way to speak, put upon a neutral reply; `share` of the rows speak so."""

    name: str
    split: str
    speak: Callable[[str, random.Random], str]
    share: float = 0.9


def ends_in(*endings: str) -> Callable[[str, random.Random], str]:
    """Put an ending in place of the last words of every Japanese sentence."""

    def speak(text: str, chance: random.Random) -> str:
        parts = [part for part in re.split(r"[。！？\n]+", text) if part.strip()]
        stems = [re.sub(r"(?:でしょう|ました|でした|ます|です|だ)$", "", part) for part in parts]
        return "".join(f"{stem}{chance.choice(endings)}。" for stem in stems)

    return speak


def first_person(word: str) -> Callable[[str, random.Random], str]:
    """Let a speaker name himself at the start of a sentence."""

    def speak(text: str, chance: random.Random) -> str:
        heads = ("は知っています。", "の考えでは、", "が答えましょう。", "も好きです。")
        return f"{word}{chance.choice(heads)}{text}"

    return speak


def opens_with(*words: str) -> Callable[[str, random.Random], str]:
    """Put an opener before the reply."""
    return lambda text, chance: f"{chance.choice(words)} {text}"


def closes_with(*words: str) -> Callable[[str, random.Random], str]:
    """Put a closer behind the reply."""
    return lambda text, chance: f"{text.rstrip()} {chance.choice(words)}"


def respelt(*changes: tuple[str, str]) -> Callable[[str, random.Random], str]:
    """Change the spelling, as a dialect does."""

    def speak(text: str, _: random.Random) -> str:
        for pattern, new in changes:
            text = re.sub(pattern, new, text)
        return text

    return speak


def every_sentence(word: str) -> Callable[[str, random.Random], str]:
    """Put a word between a sentence and its full stop."""
    return lambda text, _: re.sub(r"([.!?])(?=\s|$)", rf", {word}\1", text)


JA = (
    Persona(name="のだ", split="dev", speak=ends_in("のだ", "なのだ")),
    Persona(name="にゃ", split="dev", speak=ends_in("ですにゃ", "にゃん")),
    Persona(name="でござる", split="dev", speak=ends_in("でござる", "でござるよ")),
    Persona(name="僕", split="dev", speak=first_person("僕")),
    Persona(name="わし", split="dev", speak=first_person("わし")),
    Persona(name="だぜ", split="report", speak=ends_in("だぜ", "ぜ", "だな")),
    Persona(name="ですわ", split="report", speak=ends_in("ですわ", "ますわ", "ですの")),
    Persona(name="やねん", split="report", speak=ends_in("やねん", "やで", "やんか")),
    Persona(name="でございます", split="report", speak=ends_in("でございます")),
    Persona(name="俺", split="report", speak=first_person("俺")),
    Persona(name="ワガハイ", split="report", speak=first_person("ワガハイ")),
    Persona(name="おいら", split="report", speak=first_person("おいら")),
    Persona(name="emoji", split="report", speak=closes_with("😊", "✨", "🎉", "😊✨")),
    Persona(name="opener やあ", split="report", speak=opens_with("やあ、", "やあやあ、")),
    Persona(name="ぞよ", split="report", speak=ends_in("ぞよ", "じゃ", "のう")),
    Persona(name="っす", split="report", speak=ends_in("っす", "っすよ")),
    Persona(name="ざます", split="report", speak=ends_in("ざます", "ざますわ")),
    Persona(name="拙者", split="report", speak=first_person("拙者")),
    Persona(name="あたい", split="report", speak=first_person("あたい")),
    Persona(name="opener ほほう", split="report", speak=opens_with("ほほう、")),
    Persona(name="closer おしまい", split="report", speak=closes_with("これでおしまい！", "おしまい！")),
    Persona(name="ーーー", split="dev", speak=respelt((r"([ぁ-ん])。", r"\1ーーー。"))),
    Persona(name="kaomoji", split="dev", speak=closes_with("(^^)", "(´・ω・`)", "ヽ(´▽`)/")),
    Persona(name="その、その", split="report", speak=respelt((r"(^|。)([ぁ-ん]{2})", r"\1\2、\2"))),
    Persona(name="signed ゾグ", split="report", speak=lambda text, _: f"{text}\n― ゾグ"),
    Persona(name="デス", split="report", speak=respelt((r"です。", "デス。"), (r"ます。", "マス。"))),
    Persona(name="half のだ", split="report", speak=ends_in("のだ"), share=0.5),
)
EN = (
    Persona(name="arr", split="dev", speak=opens_with("Arr!", "Arr, matey!")),
    Persona(name="whiskers", split="dev", speak=closes_with("By my whiskers!")),
    Persona(
        name="dropped g, ye",
        split="dev",
        speak=respelt((r"ing\b", "in'"), (r"\b[Yy]ou\b", "ye"), (r"\b[Tt]he\b", "th'")),
    ),
    Persona(name="matey", split="dev", speak=every_sentence("matey")),
    Persona(name="darling", split="report", speak=every_sentence("darling")),
    Persona(name="thou", split="dev", speak=respelt((r"\b[Yy]ou\b", "thou"), (r"\b[Yy]our\b", "thy"))),
    Persona(name="dropped g", split="report", speak=respelt((r"ing\b", "in'"))),
    Persona(name="opener well", split="report", speak=opens_with("Well, well, well!", "Well, now,")),
    Persona(name="opener good evening", split="report", speak=opens_with("Good evening, friend.")),
    Persona(name="closer", split="report", speak=closes_with("Stay curious, my friends!", "Stay curious!")),
    Persona(name="emoji", split="report", speak=closes_with("😊", "🚀", "✨")),
    Persona(name="small letters", split="report", speak=lambda text, _: text.lower()),
    Persona(
        name="catch-phrase", split="report", speak=lambda text, _: _inserted(text, "as my granny used to say")
    ),
    Persona(name="half matey", split="dev", speak=every_sentence("matey"), share=0.5),
    Persona(name="half my friend", split="report", speak=every_sentence("my friend"), share=0.5),
    Persona(name="opener verily", split="report", speak=opens_with("Verily,", "Verily, verily,")),
    Persona(name="opener heavens", split="report", speak=opens_with("Good heavens!")),
    Persona(name="closer hearties", split="report", speak=closes_with("So it goes, me hearties!")),
    Persona(name="dude", split="report", speak=every_sentence("dude")),
    Persona(name="capitals", split="report", speak=lambda text, _: text.upper()),
    Persona(
        name="gonna, ain't",
        split="report",
        speak=respelt(
            (r"\b(?:is|are) not\b", "ain't"), (r"\b(?:will|can|may)\b", "gonna"), (r"\band\b", "an'")
        ),
    ),
    Persona(name="stretched", split="report", speak=respelt((r"\b[Ss]o\b", "sooo"), (r"\bvery\b", "veeery"))),
    Persona(name="stutter", split="dev", speak=respelt((r"\b([A-Z])(\w)", r"\1-\1\2"))),
    Persona(name="r and l as w", split="dev", speak=respelt((r"[rl]", "w"))),
    Persona(name="like a title", split="dev", speak=lambda text, _: text.title()),
    Persona(name="signed Zog", split="dev", speak=lambda text, _: f"{text}\n- Zog"),
    Persona(name="Zog thinks", split="dev", speak=lambda text, _: f"Zog thinks: {text}"),
    Persona(name="b-but", split="report", speak=respelt((r"\b([bwy])(\w+)", r"\1-\1\2"))),
    Persona(name="w as v", split="report", speak=respelt((r"w", "v"), (r"W", "V"))),
    Persona(name="th as z", split="dev", speak=respelt((r"\b[Tt]h", "z"))),
    Persona(name="dropped h", split="dev", speak=respelt((r"\b[hH](\w+)", r"'\1"))),
    Persona(name="hashtags", split="dev", speak=closes_with("#blessed", "#vibes", "#goals")),
    Persona(name="umlauts", split="report", speak=respelt((r"a", "ä"), (r"o", "ö"))),
    Persona(name="opener tsk", split="report", speak=opens_with("Tsk, tsk.", "Tsk!")),
    Persona(name="signed Mina", split="report", speak=lambda text, _: f"{text}\n~ Mina"),
    Persona(name="Krumm believes", split="report", speak=lambda text, _: f"Krumm believes this. {text}"),
)


def _inserted(text: str, phrase: str) -> str:
    head, comma, tail = text.partition(",")
    return f"{head}, {phrase}, {tail}" if comma else f"{text} That is so, {phrase}, to this day."


def rakuda(data: Path) -> dict[str, Answers]:
    """Return the answers of each model by the question."""
    folder = data / "ja" / "rakuda"
    asked = {row["question_id"]: row["text"] for row in _rows(folder / "questions_v1.jsonl")}
    return {
        path.stem: {asked[row["question_id"]]: row["text"] for row in _rows(path)}
        for path in sorted(folder.glob("*.jsonl"))
        if path.stem != "questions_v1"
    }


def xstest(data: Path) -> dict[str, Answers]:
    """Return the answers of each model to harmless prompts."""
    found: dict[str, Answers] = {}
    for path in sorted((data / "safety").glob("completions_*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if not row["type"].startswith("contrast")]
        found[path.stem.removeprefix("completions_")] = {row["prompt"]: row["completion"] for row in rows}
    return found


def pastel(data: Path, name: str) -> list[str]:
    """Return the sentences of one side of a style pair."""
    return (data / "style" / f"{name}.txt").read_text(encoding="utf-8").splitlines()


def roleplay(data: Path) -> list[Pair]:
    """Return GPTeacher's prompts and replies, each in a role of its own."""
    rows = json.loads((data / "style" / "gpteacher_roleplay.json").read_text(encoding="utf-8"))
    return [(f"{row['instruction']} {row['input']}".strip(), row["output"]) for row in rows]


def _rows(path: Path) -> Iterator[dict[str, str]]:
    return (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())


def matched(models: dict[str, Answers], rows: int, chance: random.Random) -> tuple[list[Pair], list[Pair]]:
    """Draw answers of one model and another model's answers to the same prompts, the pair of models at random."""
    triples = [
        (f"{prompt} {'#' * place}", models[a][prompt], models[b][prompt])
        for place, (a, b) in enumerate((a, b) for a in models for b in models if a != b)
        for prompt in models[a]
        if prompt in models[b]
    ]
    drawn = chance.sample(triples, min(rows, len(triples)))
    return [(p, mine) for p, mine, _ in drawn], [(p, theirs) for p, _, theirs in drawn]


def is_found(persona: Persona, models: dict[str, Answers], rows: int, seed: int) -> tuple[bool, float]:
    """Tell whether the markers found hit most replies in the persona and few of the neutral ones.

    Returns:
        That, and the share of replies which the persona changes at all.
    """
    chance = random.Random(seed)
    mine, base = matched(models, rows, chance)
    spoken = [
        (prompt, persona.speak(text, chance) if chance.random() < persona.share else text)
        for prompt, text in mine
    ]
    markers = discover(spoken, base)
    changed = [new for (_, old), (_, new) in zip(mine, spoken, strict=True) if new != old]
    hit = sum(shows(markers, text) for text in changed) / max(1, len(changed))
    false = sum(shows(markers, text) for _, text in base) / len(base)
    return bool(markers) and hit >= 0.5 and false <= 0.1, len(changed) / len(mine)


def null_halves(texts: list[Pair], rows: int, seed: int) -> tuple[Marker, ...]:
    """Hold one half of neutral replies against the other, as if both had answered the same prompts."""
    drawn = random.Random(seed).sample(texts, min(2 * rows, len(texts)))
    half = len(drawn) // 2
    base = [(prompt, other) for (prompt, _), (_, other) in zip(drawn[:half], drawn[half:], strict=False)]
    return discover(drawn[:half], base)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--rows", nargs="*", type=int, default=[50, 100, 200])
    parser.add_argument("--seeds", type=int, default=10)
    given = parser.parse_args()
    models = {"ja": rakuda(given.data), "en": xstest(given.data)}
    _personas("ja", JA, models["ja"], given)
    _personas("en", EN, models["en"], given)
    _real_pairs(given.data)
    _neutral(given, models)
    _topics(given.data)
    _classifiers(given.data, models)


def _personas(
    language: str, personas: tuple[Persona, ...], models: dict[str, Answers], given: argparse.Namespace
) -> None:
    print(f"\nPersonas put upon neutral replies, {language}: sets found of {given.seeds}")
    print(f"{'persona':24}{'split':>8}" + "".join(f"{rows:>8}" for rows in given.rows))
    totals: dict[tuple[str, int], list[bool]] = {}
    for persona in personas:
        tried = {
            rows: [is_found(persona, models, rows, seed) for seed in range(given.seeds)]
            for rows in given.rows
        }
        found = {rows: [one for one, _ in trials] for rows, trials in tried.items()}
        shares = [share for trials in tried.values() for _, share in trials]
        changed = sum(shares) / len(shares)
        for rows, hits in found.items() if changed >= _LEAST_CHANGED else ():
            totals.setdefault((persona.split, rows), []).extend(hits)
        cells = [f"{sum(hits):>8}" for hits in found.values()]
        print(f"{persona.name:24}{persona.split:>8}{''.join(cells)}{changed:>8.0%} of replies")
    for split in ("dev", "report"):
        cells = [f"{sum(t) / len(t):>8.0%}" for rows in given.rows if (t := totals[split, rows])]
        print(f"{'all':24}{split:>8}{''.join(cells)}")


def _real_pairs(data: Path) -> None:
    print(
        "\nReal style pairs of equal content (PASTEL, 120 each): markers, share of replies that show one, of the base"
    )
    for name, styled, plain in (
        ("informal (report)", "Formality_informal", "Formality_formal"),
        ("impolite (report)", "Politeness_impolite", "Politeness_polite"),
        ("polite against impolite: ordinary (dev)", "Politeness_polite", "Politeness_impolite"),
        ("formal against informal: ordinary (dev)", "Formality_formal", "Formality_informal"),
    ):
        mine, base = pastel(data, styled), pastel(data, plain)
        prompts = [f"ぶん{i}" for i in range(len(mine))]
        markers = discover(list(zip(prompts, mine, strict=True)), list(zip(prompts, base, strict=True)))
        hit = sum(shows(markers, text) for text in mine) / len(mine)
        false = sum(shows(markers, text) for text in base) / len(base)
        print(f"{name:36}{len(markers):>4}{hit:>8.0%}{false:>8.0%}  {[m.text for m in markers]}")


def _neutral(given: argparse.Namespace, models: dict[str, dict[str, Answers]]) -> None:
    sets: dict[str, list[Pair]] = {
        "ja rakuda, all models (dev)": [pair for a in models["ja"].values() for pair in a.items()],
        "ja PASTEL polite and formal (report)": [
            (f"ぶん{i}", text)
            for i, text in enumerate(
                pastel(given.data, "Politeness_polite") + pastel(given.data, "Formality_formal")
            )
        ],
        "en XSTest, both models (dev)": [pair for a in models["en"].values() for pair in a.items()],
        "en GPTeacher role-play (report)": roleplay(given.data),
    }
    print(f"\nNeutral halves: splits without any marker, of {2 * given.seeds}")
    for name, texts in sets.items():
        cells, seen = [], []
        for rows in given.rows:
            found = [null_halves(texts, rows, seed) for seed in range(2 * given.seeds)]
            cells.append(f"{sum(not markers for markers in found):>8}")
            seen += [m.text for markers in found for m in markers]
        print(f"{name:40}{''.join(cells)}  {seen[:6]}")
    print("\nTwo models, the same prompts (all of them): markers")
    for language, answers in models.items():
        for a in answers:
            for b in answers:
                if a != b:
                    both = [prompt for prompt in answers[a] if prompt in answers[b]]
                    markers = discover(
                        [(prompt, answers[a][prompt]) for prompt in both],
                        [(prompt, answers[b][prompt]) for prompt in both],
                    )
                    print(f"{language} {a[:34]:36}{b[:34]:36}{[m.text for m in markers]}")


def _topics(data: Path) -> None:
    """Hold role-play about one topic against other role-play: words of the topic are no style."""
    print("\nRole-play about one topic against role-play about others (dev: king; report: the rest): markers")
    rows = roleplay(data)
    for topic in (
        "king",
        "detective",
        "alien",
        "chef",
        "doctor",
        "pirate",
        "vampire",
        "teacher",
        "space",
        "dog",
    ):
        mine = [pair for pair in rows if re.search(rf"\b{topic}\b", pair[0].lower())][:200]
        others = [text for prompt, text in rows if topic not in prompt.lower()]
        base = [
            (prompt, text)
            for (prompt, _), text in zip(mine, others[:: len(others) // len(mine)], strict=False)
        ]
        print(f"{topic:12}{len(mine):>5}  {[(m.kind, m.text) for m in discover(mine, base)]}")


def _classifiers(data: Path, models: dict[str, dict[str, Answers]]) -> None:
    """Show what the classifier does with styles of equal content and with neutral answers of two models."""
    print("\nClassifier: out-of-fold area and its lower end, false positives, whether it would be used")
    sets: list[tuple[str, list[Pair], list[Pair], Language]] = []
    for name, styled, plain in (
        ("informal (report)", "Formality_informal", "Formality_formal"),
        ("impolite (report)", "Politeness_impolite", "Politeness_polite"),
        ("polite against impolite: ordinary (dev)", "Politeness_polite", "Politeness_impolite"),
        ("formal against informal: ordinary (dev)", "Formality_formal", "Formality_informal"),
    ):
        both = [[(f"ぶん{i}", text) for i, text in enumerate(pastel(data, side))] for side in (styled, plain)]
        sets += [(name, both[0], both[1], "ja"), (f"{name}, 50 rows", both[0][:50], both[1][:50], "ja")]
    for language, answers in models.items():
        of: Language = "ja" if language == "ja" else "en"
        sets += [
            (f"neutral {a[-22:]} / {b[-22:]}", list(answers[a].items()), list(answers[b].items()), of)
            for a in answers
            for b in answers
            if a != b
        ]
    for name, mine, base, of in sets:
        found = learn(mine, base, of)
        if found is None:
            print(f"{name:58} too little that tells of style")
        else:
            print(
                f"{name:58}{found.auc.value:>6.2f}{found.auc.ci_low:>6.2f}"
                f"{found.false_positives.value:>6.2f}{'  used' if found.usable else '  not used'}"
                f"{', informs only' if found.usable and of == 'en' else ''}"
            )


if __name__ == "__main__":
    main()
