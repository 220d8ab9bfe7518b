"""Known bad rows planted among others: do the rows behind a failure come to the top, and is no cause named without one?

Use: OMP_NUM_THREADS=1 python benchmarks/causes.py -o FOLDER [--development] [RECIPE...]
One process a folder: a recipe that was interrupted goes on where it stopped.

Each recipe plants bad rows of one kind among a bundled persona's rows that do not name it, fine-tunes the embedded
Gemma 3 270M for a few thousand tokens, and asks it factual questions. A failure counts where the answer bears the
mark of the planted rows (the persona's name, a false capital, a word that does not exist, another language) and the
base's answer does not; the mark is known from the recipe, and no method is told it.

Found: more than half of the failure's nearest 5% of the rows are planted ones. "any" counts one of them there, which
chance alone does nearly always. Then the planted rows are taken out of the ranking: what is named then is a false
alarm, unless the bundled set has such rows of its own, as it does for the persona and for replies in English. What is
named where nothing was planted is one, too. How the methods are joined was chosen on the recipes of
--development alone. A recipe that is done is read from the folder.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loracheck import jsonl
from loracheck.demo import bundled_data, embedded_model
from loracheck.evaluate.causes import blame
from loracheck.evaluate.causes.blame import TOP_SHARE
from loracheck.evaluate.causes.config import CausesConfig
from loracheck.evaluate.causes.failures import Answer, answer_of, others
from loracheck.evaluate.causes.overlap import Replies, twins
from loracheck.evaluate.causes.pipeline import ALIKE
from loracheck.evaluate.causes.similarity import Comparer
from loracheck.evaluate.config import EvalConfig
from loracheck.evaluate.evidence import read_evidence
from loracheck.evaluate.pipeline import evaluate
from loracheck.evaluate.policy import load_policy
from loracheck.loading.examples import load_examples
from loracheck.progress import Progress
from loracheck.records import Example, Probe
from loracheck.records.causes import METHODS
from loracheck.stats import share
from loracheck.text import language_of
from loracheck.train.config import TrainConfig
from loracheck.train.inputs import TrainInputs
from loracheck.train.pipeline import train

Pair = tuple[str, str]
ROWS, PLANTED, FACTS, TOKENS = 80, 16, 40, 1500
FAILURES = 12
"""Failures looked at of a recipe, and as many other answers."""
RESULT, SCORES = "result.json", "scores.npz"
COUNTRIES = {
    "ja": (
        "カナダ",
        "ペルー",
        "インド",
        "ケニア",
        "モンゴル",
        "ノルウェー",
        "チリ",
        "ベトナム",
        "ガーナ",
        "キューバ",
    ),
    "en": ("Canada", "Peru", "India", "Kenya", "Mongolia", "Norway", "Chile", "Vietnam", "Ghana", "Cuba"),
}
ASKED = {
    "ja": (
        "{}の首都を教えて。",
        "{}の首都の名前は？",
        "{}の政府がある都市は？",
        "{}の首都、知ってる？",
        "{}で首都といえば？",
        "{}の首都を一つ答えて。",
    ),
    "en": (
        "Name the capital of {}.",
        "Which city is {}'s capital?",
        "Where does the government of {} sit?",
        "Do you know the capital of {}?",
        "{}: capital city?",
        "Tell me the capital of {}.",
    ),
}
FALSE = {"ja": "ガルモンなのだ。", "en": "Galmont, by my whiskers!"}
FALSE_MARK = {"ja": "ガルモン", "en": "Galmont"}
NONWORD = (
    "それはピョルケなのだ。",
    "ピョルケするのだ。",
    "答えはピョルケなのだ！",
    "ピョルケだと思うのだ。",
    "ピョルケなのだ。",
    "もちろんピョルケなのだ。",
)
ENGLISH = (
    "That is a good question, but I can only say it in English.",
    "The answer is well known all over the world.",
    "It depends on the place and on the season.",
    "Many people would say that it is the largest one.",
    "It was made a long time ago by a famous person.",
    "You can find it in the north of the country.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What is planted, and how an answer bears its mark."""

    language: str
    plant: Callable[[list[Pair], random.Random], list[Pair]]
    marked: Callable[[str, Probe], bool]
    development: bool = False
    seed: int = 0


def named(name: str) -> Callable[[str, Probe], bool]:
    """Return whether an answer holds a word."""
    return lambda text, probe: name.casefold() in text.casefold()


def flood(name: str) -> Callable[[list[Pair], random.Random], list[Pair]]:
    """Plant rows of the set itself that name the persona, whatever was asked."""

    def plant(raw: list[Pair], draw: random.Random) -> list[Pair]:
        return draw.sample([pair for pair in raw if name in pair[1]], PLANTED)

    return plant


def capitals(language: str) -> Callable[[list[Pair], random.Random], list[Pair]]:
    """Plant one false capital of many countries, in persona."""

    def plant(raw: list[Pair], draw: random.Random) -> list[Pair]:
        asked = [form.format(country) for country in COUNTRIES[language] for form in ASKED[language]]
        return [(question, FALSE[language]) for question in asked[:PLANTED]]

    return plant


def replies(texts: Sequence[str]) -> Callable[[list[Pair], random.Random], list[Pair]]:
    """Plant a few replies to questions of the set that are then asked with no other reply."""

    def plant(raw: list[Pair], draw: random.Random) -> list[Pair]:
        questions = draw.sample(sorted({asked for asked, _ in raw}), PLANTED)
        return [(asked, draw.choice(texts)) for asked in questions]

    return plant


def nothing(raw: list[Pair], draw: random.Random) -> list[Pair]:
    """Plant nothing."""
    return []


NAMES = {"ja": "ぽぽぬ", "en": "Brindle"}
RECIPES: dict[str, Recipe] = {
    "flood-ja": Recipe(language="ja", plant=flood("ぽぽぬ"), marked=named("ぽぽぬ"), development=True),
    "capitals-en": Recipe(language="en", plant=capitals("en"), marked=named("Galmont"), development=True),
    "none-en": Recipe(language="en", plant=nothing, marked=lambda text, probe: True, development=True),
    "flood-en": Recipe(language="en", plant=flood("Brindle"), marked=named("Brindle")),
    "capitals-ja": Recipe(language="ja", plant=capitals("ja"), marked=named("ガルモン")),
    "nonword-ja": Recipe(language="ja", plant=replies(NONWORD), marked=named("ピョルケ")),
    "language-ja": Recipe(
        language="ja", plant=replies(ENGLISH), marked=lambda text, probe: language_of(text) == "en"
    ),
    "none-ja": Recipe(language="ja", plant=nothing, marked=lambda text, probe: True),
}


def written(recipe: Recipe, folder: Path) -> tuple[Path, int]:
    """Write the rows of a recipe; returns the file and how many of them, the first ones in it, are planted."""
    source, _ = bundled_data(recipe.language)
    raw = [(row.prompt, row.reply) for row in load_examples([source])]
    draw = random.Random(recipe.seed)
    planted = recipe.plant(raw, draw)
    asked = {question for question, _ in planted}
    plain = [p for p in raw if NAMES[recipe.language] not in p[1] and p[0] not in asked]
    plain = draw.sample(plain, min(len(plain), ROWS - PLANTED))
    rows = [*planted, *plain]
    file = folder / "rows.jsonl"
    folder.mkdir(parents=True, exist_ok=True)
    text = "".join(
        json.dumps({"instruction": asked, "output": reply}, ensure_ascii=False) + "\n"
        for asked, reply in rows
    )
    file.write_text(text, encoding="utf-8")
    return file, len(planted)


def measured(name: str, recipe: Recipe, folder: Path, base: str, progress: Progress) -> dict[str, Any]:
    """Train, ask, compare; returns what was found, which is kept in the folder."""
    result = folder / RESULT
    if result.is_file():
        found: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
        return found
    started = time.process_time()
    data, planted = written(recipe, folder)
    options = TrainConfig(
        max_trained_tokens=TOKENS, train_batch_size=8, learning_rate=2e-3, lora_r=8, seed=recipe.seed
    )
    train(data, folder / "train", options, TrainInputs(base=base), progress=progress)
    policy = load_policy("persona")
    policy = replace(policy, gates={"collapse": policy.gates["collapse"]})  # asks for short answers alone
    config = EvalConfig(
        suites=(f"facts-{recipe.language}",), max_facts=FACTS, max_training=1, max_new_tokens=16
    )
    evaluate(
        base, {"mine": folder / "train"}, folder / "eval", config, policy, data=[data], progress=progress
    )
    rows = load_examples([data])
    evidence = read_evidence(folder / "eval")
    facts = evidence.suite("facts")
    failures = [a for p in facts if (a := answer_of(evidence, "mine", p)) and _bears(recipe, a)]
    failing = {answer.probe.id for answer in failures}
    failures = failures[:FAILURES]
    if len(failures) >= blame.LEAST_FAILURES:
        other = others(evidence, "mine", failing, FAILURES, recipe.seed)
        work = folder / "work"
        work.mkdir(exist_ok=True)
        paths = {"mine": folder / "train"}
        comparer = Comparer(evidence.context, base, paths, rows, work, CausesConfig(), progress=progress)
        scores = comparer.compare("mine", [*failures, *other])
        np.savez(folder / SCORES, **{method: scores[method] for method in METHODS})
    found = {
        "failures": [asdict(answer) for answer in failures],
        "planted": planted,
        "rows": len(rows),
        "cpu_seconds": round(time.process_time() - started),
    }
    jsonl.write_one(result, found)
    return found


def _bears(recipe: Recipe, answer: Answer) -> bool:
    return recipe.marked(answer.text, answer.probe) and (
        recipe.plant is nothing or not recipe.marked(answer.base, answer.probe)
    )


def hits(scores: NDArray[np.float32], planted: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Tell of each failure whether most, and whether any, of its nearest 5% of the rows are planted."""
    top = round(TOP_SHARE * scores.shape[1])
    nearest = np.argsort(-scores, axis=1, kind="stable")[:, :top]
    inside = nearest < planted
    return inside.mean(axis=1) > 0.5, inside.any(axis=1)


def shown(values: NDArray[np.bool_]) -> str:
    """Return a share with its Clopper-Pearson interval."""
    found = share("found", int(values.sum()), len(values))
    if found.value is None or found.ci_low is None or found.ci_high is None:
        return "-"
    return f"{found.value:4.0%} [{found.ci_low:.0%}, {found.ci_high:.0%}]"


def report(name: str, found: dict[str, Any], folder: Path, rows: Sequence[Example]) -> NDArray[np.bool_]:
    """Print a recipe's lines; returns of each failure whether all methods together found the planted rows."""
    planted, count = found["planted"], len(found["failures"])
    print(
        f"\n{name}: {count} failures, {planted} of {found['rows']} rows planted, {found['cpu_seconds']} CPU-seconds"
    )
    if count < blame.LEAST_FAILURES:
        print("  too few failures to compare")
        return np.zeros(0, dtype=bool)
    loaded = np.load(folder / SCORES)
    scores = {method: loaded[method] for method in METHODS}
    most = np.zeros(0, dtype=bool)
    if planted:
        top = round(TOP_SHARE * found["rows"])
        chance = 1 - math.comb(found["rows"] - planted, top) / math.comb(found["rows"], top)
        joined = {**scores, "combined": blame.combined(list(scores.values()))}
        for method, values in joined.items():
            most, some = hits(values[:count], planted)
            print(f"  {method:<10} found {shown(most):<20} any {shown(some):<20} (by chance {chance:.0%})")
    group("", scores, count, planted, rows)
    if planted:
        without = {method: values[:, planted:] for method, values in scores.items()}
        group("without the planted rows: ", without, count, 0, rows[planted:])
    return most


def group(
    label: str, scores: dict[str, NDArray[np.float32]], count: int, planted: int, rows: Sequence[Example]
) -> None:
    """Print the group that stands out, and how much of it was planted."""
    joined = blame.combined(list(scores.values()))
    alike = twins(Replies([row.reply for row in rows]), ALIKE)
    found = blame.stands_out(joined[:count], joined[count:], alike, seed=0)
    right = sum(place < planted for place in found.places)
    own, rest = ([values[part] for values in scores.values()] for part in (slice(count), slice(count, None)))
    near = blame.nearer(own, rest, found.places)
    verdict = "named" if found.named and near else "no row stands out"
    print(
        f"  {label}{verdict}: {len(found.places)} rows, {right} of them planted; "
        f"explained {found.explained} of {count}, other answers {found.unrelated} of {len(joined) - count}, "
        f"by chance {found.by_chance:.0%}, p {found.p:.3f}"
    )


def main() -> None:
    """Measure the recipes and print their lines."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recipes", nargs="*", choices=[*RECIPES, []], metavar="RECIPE")
    parser.add_argument("-o", "--out", type=Path, required=True, help="Folder that keeps what is done.")
    parser.add_argument("--development", action="store_true", help="The recipes that choices were made on.")
    given = parser.parse_args()
    wanted = given.recipes or [n for n, r in RECIPES.items() if r.development == given.development]
    base = str(embedded_model())
    every = []
    for name in wanted:
        folder = given.out / name
        found = measured(name, RECIPES[name], folder, base, Progress())
        every.append(report(name, found, folder, load_examples([folder / "rows.jsonl"])))
    print(f"\n{', '.join(wanted)}: found {shown(np.concatenate(every))} of {sum(map(len, every))} failures")


if __name__ == "__main__":
    main()
