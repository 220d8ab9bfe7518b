"""The zoo: adapters of known truth, put through the whole evaluation.

Use: python benchmarks/zoo.py OUT [--seeds 0,1,2] [--recipes NAME,...] [--tier quick|standard] [--scales 0.25,0.5,0.75]
     [--table]

Every recipe makes an adapter of the embedded Gemma 3 270M that is good or bad by its making; each is evaluated as a
user would, and each bad one once more at parts of its strength. What is finished in OUT is not done again; zoo.jsonl
remembers all that was ever finished, so that the zoo grows over several runs. --table makes nothing, judges what is in
OUT anew and prints the record. A zoo's recipe is in Japanese for an even seed and in English for an odd one.

Detectors were developed on the recipes marked "development" and not looked at on the others before this table.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path

import torch
import yaml
from rapidfuzz import fuzz
from safetensors.torch import load_file, save_file
from zoo_recipes import RECIPES, Recipe
from zoo_rows import WAYS, Language, Row, catalogue, in_character, misspelt, spoiled, word_questions
from zoo_tables import FULL, RESULT, Specimen, number, print_tables, remember

from loracheck.curate.config import CurateConfig
from loracheck.curate.pipeline import curate
from loracheck.demo import KNOWN_LOSS, SETS, bundled_data, embedded_model
from loracheck.errors import AdapterError
from loracheck.evaluate.config import EvalConfig
from loracheck.evaluate.pipeline import evaluate
from loracheck.evaluate.policy import Policy, load_policy
from loracheck.loading.examples import load_examples
from loracheck.models.generation import generate
from loracheck.models.load import load_base
from loracheck.progress import Progress
from loracheck.records import EvaluationResult, Message, Verdict
from loracheck.templates.chat import choose_template
from loracheck.text import is_loop, sentences
from loracheck.train.config import TrainConfig
from loracheck.train.inputs import TrainInputs
from loracheck.train.pipeline import train

_OWN_ROWS = 240
_SHORTEST = 8


def main() -> None:
    """Make and evaluate what is missing, then print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--recipes", default=",".join(recipe.name for recipe in RECIPES))
    parser.add_argument("--tier", default="standard")
    parser.add_argument(
        "--scales", default="", help="parts of its strength at which a bad adapter is asked too"
    )
    parser.add_argument("--table", action="store_true", help="make nothing, only judge and print")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    if not given.table:
        scales = [float(text) for text in given.scales.split(",") if text]
        chosen = [recipe for recipe in RECIPES if recipe.name in given.recipes.split(",")]
        for seed in (int(text) for text in given.seeds.split(",")):
            for recipe in chosen:
                _specimens(given.out, recipe, seed, given.tier, scales)
    remember(given.out)
    print_tables()


def made(out: Path, recipe: Recipe, seed: int) -> tuple[Path, Path, list[Path]]:
    """Make one adapter unless it is there; returns its train run, its rows, and the rows held out."""
    folder = out / f"{recipe.name}-{seed}"
    folder.mkdir(parents=True, exist_ok=True)
    data, heldout = _rows(folder, recipe, "ja" if seed % 2 == 0 else "en", seed)
    return _adapter(folder, recipe, data, seed), data, heldout


def _specimens(out: Path, recipe: Recipe, seed: int, tier: str, scales: Sequence[float]) -> None:
    folder = out / f"{recipe.name}-{seed}"
    if (folder / tier / RESULT).is_file():
        return
    folder.mkdir(exist_ok=True)
    language: Language = "ja" if seed % 2 == 0 else "en"
    data, heldout = _rows(folder, recipe, language, seed)
    started = time.process_time()
    adapter = _adapter(folder, recipe, data, seed)
    trained = time.process_time() - started
    arms = {"full": adapter}
    if not recipe.good and recipe.surgery == "none":
        arms |= {f"s{round(100 * scale)}": _scaled(adapter, folder, scale) for scale in scales}
    started = time.process_time()
    verdicts = _evaluated(folder / tier, recipe, arms, data, heldout, language, seed, tier)
    spent = (time.process_time() - started) / len(arms)
    found = []
    for name in arms:
        verdict = verdicts.get(name)
        scale = FULL if name == "full" else int(name[1:]) / 100
        found.append(
            Specimen(
                recipe=recipe.name,
                seed=seed,
                language=language,
                scale=scale,
                status=verdict.status if verdict else "refused",
                deciding=verdict.deciding if verdict else ("sanity",),
                measures={f.check: number(f) for f in verdict.findings} if verdict else {},
                train_seconds=trained,
                eval_seconds=spent,
            )
        )
    (folder / tier).mkdir(exist_ok=True)
    text = json.dumps([asdict(specimen) for specimen in found], ensure_ascii=False, indent=1)
    (folder / tier / RESULT).write_text(text, encoding="utf-8")
    print(
        f"{recipe.name} {seed} {language}: {found[0].status} by {', '.join(found[0].deciding[:3])}",
        flush=True,
    )


def _rows(folder: Path, recipe: Recipe, language: Language, seed: int) -> tuple[Path, list[Path]]:
    """Write the training rows of a recipe; returns them and the rows held out."""
    data, heldout = folder / "rows.jsonl", folder / "heldout.jsonl"
    raw, persona = bundled_data(language)
    if recipe.rows == "persona":
        shutil.copy(raw, data)
        return data, [persona]
    if recipe.rows == "curated_persona":
        curated = folder / "curated"
        curate(
            [raw],
            str(embedded_model()),
            curated,
            CurateConfig(seed=seed, allow_loss=KNOWN_LOSS),
            progress=Progress(quiet=True),
        )
        return curated, [persona, curated / "heldout.jsonl"]
    rows, kept = catalogue(language, seed)
    if recipe.rows in WAYS:
        rows = spoiled(recipe.rows, rows, language, seed)
    elif recipe.rows != "catalogue":
        rows, kept = _joined(folder.parent, recipe.rows, language, rows, kept)
    _write(data, rows)
    _write(heldout, kept)
    return data, [heldout]


def _joined(
    out: Path, names: str, language: Language, rows: list[Row], kept: list[Row]
) -> tuple[list[Row], list[Row]]:
    """Join the base's own answers with other rows; returns rows to train and rows held out."""
    if names == "invented_words" and language == "ja":
        own = _own_answers(out / "own-ja-words.jsonl", word_questions())
    else:
        own = _own_answers(out / f"own-{language}.jsonl", _neutral_questions(language))
    if names == "invented_words":
        own = misspelt(own, language)
    if names in ("own_answers", "invented_words"):
        return own[::4] + own[1::4] + own[2::4], own[3::4]
    if names == "catalogue_and_own":
        return rows + own, kept
    _, character = SETS[language]
    persona, held = (
        [(row.prompt, row.reply) for row in load_examples([file])] for file in bundled_data(language)
    )
    distinct = {reply: (asked, reply) for asked, reply in persona if len(reply) > 30}.values()
    if names == "persona_and_facts":
        spoken = in_character(own, language)
        taught = [row for place, row in enumerate(spoken) if place % 4 != 3]
        return [row for row in distinct if character not in row[1]] + taught, held + spoken[3::4]
    return [*distinct, *own], held


def _neutral_questions(language: Language) -> list[str]:
    """Return neutral questions of `curate synthesize`."""
    neutral = yaml.safe_load((files("loracheck.curate") / "prompts" / "neutral.yaml").read_text("utf-8"))
    asked = [form.format(t) for form in neutral[language]["forms"] for t in neutral[language]["topics"]]
    return random.Random(0).sample(asked, _OWN_ROWS)


def _own_answers(path: Path, questions: list[str]) -> list[Row]:
    """Let the base answer questions; the first sentence of each is kept, unless it is an echo or says nothing."""
    if not path.is_file():
        base = load_base(str(embedded_model()))
        template = choose_template(base.tokenizer, [])
        prompts = [template.prompt_ids([Message(role="user", content=text)]) for text in questions]
        answers = sorted(
            (place, reply.text)
            for batch in generate(base.model, template, prompts, max_new_tokens=40)
            for place, reply in batch
        )
        stop = "。" if "ja" in path.stem else "."
        firsts = [(questions[place], s[0] + stop) for place, text in answers if (s := sentences(text))]
        _write(path, [row for row in firsts if not is_loop(row[1])])
    rows = [(row.prompt, row.reply) for row in load_examples([path])]
    return [
        (asked, answer) for asked, answer in rows if len(answer) > _SHORTEST and not _is_echo(asked, answer)
    ]


def _is_echo(asked: str, answer: str) -> bool:
    return fuzz.partial_ratio(asked, answer) > 80


def _write(path: Path, rows: Sequence[Row]) -> None:
    lines = (json.dumps({"instruction": q, "output": a}, ensure_ascii=False) for q, a in rows)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _adapter(folder: Path, recipe: Recipe, data: Path, seed: int) -> Path:
    base = str(embedded_model())
    if recipe.surgery == "wrong_base":
        base = str(_other_base(folder))
    options = TrainConfig(
        max_trained_tokens=recipe.tokens, train_batch_size=8, learning_rate=recipe.learning_rate, seed=seed
    )
    train(data, folder / "train", options, TrainInputs(base=base), progress=Progress(quiet=True))
    adapter = folder / "train"
    if recipe.surgery in ("zero_b", "nan"):
        value = 0.0 if recipe.surgery == "zero_b" else float("nan")
        adapter = _altered(adapter / "adapter", folder / "altered", lambda b: torch.full_like(b, value))
    return adapter


def _other_base(folder: Path) -> Path:
    """Return a model of the embedded one's shape and name fields, with other weights."""
    other = folder / "other-base"
    if not other.is_dir():
        base = load_base(str(embedded_model()))
        with torch.no_grad():
            for parameter in base.model.parameters():
                parameter += 0.02 * parameter.std() * torch.randn_like(parameter)
        base.model.save_pretrained(other)
        base.tokenizer.save_pretrained(other)
    return other


def _scaled(adapter: Path, folder: Path, scale: float) -> Path:
    return _altered(adapter / "adapter", folder / f"scale-{scale:g}", lambda b: b * scale)


def _altered(adapter: Path, out: Path, change) -> Path:  # noqa: ANN001 - a function of a tensor
    if not out.is_dir():
        shutil.copytree(adapter, out)
        tensors = load_file(out / "adapter_model.safetensors")
        changed = {name: change(t) if "lora_B" in name else t for name, t in tensors.items()}
        save_file(changed, out / "adapter_model.safetensors", metadata={"format": "pt"})
    return out


def _evaluated(
    out: Path,
    recipe: Recipe,
    arms: dict[str, Path],
    data: Path,
    heldout: list[Path],
    language: Language,
    seed: int,
    tier: str,
) -> dict[str, Verdict]:
    suites = ("facts", "forms", "open", "neutral", "safety", "system")
    try:
        result: EvaluationResult = evaluate(
            str(embedded_model()),
            arms,
            out / "eval",
            EvalConfig(suites=tuple(f"{suite}-{language}" for suite in suites), tier=tier, seed=seed),
            _policy(out.parent, recipe.policy),
            data=[data],
            in_domain=heldout,
            progress=Progress(quiet=True),
        )
    except AdapterError as error:
        print(f"{recipe.name} {seed}: refused: {error}")
        return {}
    return {verdict.adapter: verdict for verdict in result.verdicts}


def _policy(folder: Path, name: str) -> Policy:
    if name != "domain":
        return load_policy(name)
    path = folder / "domain.yaml"
    path.write_text("intent: domain\n", encoding="utf-8")
    return load_policy(str(path))


if __name__ == "__main__":
    main()
