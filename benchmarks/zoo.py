"""The zoo: adapters of known truth, put through the whole evaluation.

Use: python benchmarks/zoo.py OUT [--seeds 0,1,2] [--recipes NAME,...] [--tier quick|standard] [--scales 0.25,0.5,0.75]
     [--table]

Every recipe makes an adapter of the embedded Gemma 3 270M that is good or bad by its making; each is evaluated as a
user would, and each bad one once more at parts of its strength. What is finished in OUT is not done again, so the zoo
grows over several runs; --table prints what is there. A zoo's recipe is in Japanese for an even seed and in English for
an odd one.

Detectors were developed on the recipes marked "development" and not looked at on the others before this table.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Literal

import torch
import yaml
from safetensors.torch import load_file, save_file
from scipy.stats import spearmanr
from zoo_rows import WAYS, Language, Row, catalogue, spoiled

from loracheck.curate.config import CurateConfig
from loracheck.curate.pipeline import curate
from loracheck.demo import KNOWN_LOSS, SETS, embedded_model
from loracheck.errors import AdapterError
from loracheck.evaluate.config import EvalConfig
from loracheck.evaluate.pipeline import evaluate
from loracheck.evaluate.policy import Policy, load_policy
from loracheck.generation import generate
from loracheck.loading import load_examples
from loracheck.models import load_base
from loracheck.progress import Progress
from loracheck.records import EvaluationResult, Finding, Message, Verdict
from loracheck.stats import share
from loracheck.template import choose_template
from loracheck.text import is_loop, sentences
from loracheck.train.config import TrainConfig
from loracheck.train.pipeline import TrainInputs, train

DEMO = Path(str(files("loracheck") / "demo_data"))
RESULT = "specimen.json"
_FULL = 1.0
_OWN_ROWS = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How an adapter is made, and what is true of it.

    Attributes:
        rows: Names of row sets joined by "_and_" (catalogue, persona, own: the base's own answers to neutral
            questions), "curated_persona", or a way in which catalogue rows are spoiled.
        policy: A preset, or "domain": the default one with that intent.
        named: Checks any of which names the fault; empty for good adapters.
        tokens: Trained tokens.
        surgery: What is done to the finished adapter.
    """

    name: str
    good: bool
    split: Literal["development", "report"]
    rows: str
    named: tuple[str, ...] = ()
    policy: str = "default"
    tokens: int = 4000
    learning_rate: float = 5e-4
    surgery: Literal["none", "zero_b", "nan", "wrong_base"] = "none"


RECIPES = (
    Recipe(
        name="near_zero_rate",
        good=True,
        split="development",
        rows="catalogue",
        policy="domain",
        learning_rate=1e-6,
    ),
    Recipe(name="own_answers", good=True, split="development", rows="own_answers", learning_rate=2e-4),
    Recipe(
        name="domain_with_replay",
        good=True,
        split="report",
        rows="catalogue_and_own",
        policy="domain",
        tokens=6000,
        learning_rate=1e-4,
    ),
    Recipe(
        name="curated_persona",
        good=True,
        split="report",
        rows="curated_persona",
        policy="persona",
        learning_rate=3e-4,
    ),
    Recipe(
        name="persona_with_replay",
        good=True,
        split="report",
        rows="persona_and_own",
        policy="persona",
        tokens=6000,
        learning_rate=2e-4,
    ),
    Recipe(
        name="narrow_domain",
        good=False,
        split="development",
        rows="catalogue",
        policy="domain",
        named=("content_damage", "persona_leakage", "collapse"),
    ),
    Recipe(
        name="identity_flood",
        good=False,
        split="development",
        rows="persona",
        policy="persona",
        tokens=9000,
        named=("content_damage", "collapse", "forgetting"),
    ),
    Recipe(
        name="persona_everywhere",
        good=False,
        split="development",
        rows="persona",
        tokens=9000,
        named=("persona_leakage", "content_damage", "collapse"),
    ),
    Recipe(
        name="one_answer",
        good=False,
        split="report",
        rows="one_answer",
        named=("collapse", "content_damage", "persona_leakage"),
    ),
    Recipe(
        name="shuffled_answers",
        good=False,
        split="report",
        rows="shuffled_answers",
        policy="domain",
        named=("imitation", "training_answers", "content_damage", "collapse"),
    ),
    Recipe(
        name="few_rows_many_epochs",
        good=False,
        split="report",
        rows="few_rows",
        tokens=20000,
        learning_rate=1e-3,
        named=("memorisation", "over_training", "content_damage", "collapse"),
    ),
    Recipe(
        name="no_stop",
        good=False,
        split="development",
        rows="no_stop",
        tokens=12000,
        named=("missing_stop", "loops"),
    ),
    Recipe(
        name="random_tokens",
        good=False,
        split="report",
        rows="random_tokens",
        named=("unknown_words", "content_damage", "forgetting", "collapse"),
    ),
    Recipe(
        name="other_language",
        good=False,
        split="report",
        rows="other_language",
        named=("language_switch", "content_damage"),
    ),
    Recipe(name="non_words", good=False, split="report", rows="non_words", named=("unknown_words",)),
    Recipe(name="zero_b", good=False, split="report", rows="catalogue", surgery="zero_b", named=("sanity",)),
    Recipe(name="nan", good=False, split="report", rows="catalogue", surgery="nan", named=("sanity",)),
    Recipe(name="wrong_base", good=False, split="report", rows="catalogue", surgery="wrong_base", named=("sanity",)),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Specimen:
    """What came out of one recipe and seed at one strength."""

    recipe: str
    seed: int
    language: Language
    scale: float
    status: str
    """ship, hold, inconclusive, or "refused" when the adapter was not even loaded."""
    deciding: tuple[str, ...]
    measures: dict[str, float | None]
    """The deciding number of every check."""
    train_seconds: float
    eval_seconds: float


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
    parser.add_argument("--table", action="store_true", help="only print what is there")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    if not given.table:
        scales = [float(text) for text in given.scales.split(",") if text]
        chosen = [recipe for recipe in RECIPES if recipe.name in given.recipes.split(",")]
        for seed in (int(text) for text in given.seeds.split(",")):
            for recipe in chosen:
                _specimens(given.out, recipe, seed, given.tier, scales)
    _print(given.out)


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
        scale = _FULL if name == "full" else int(name[1:]) / 100
        found.append(
            Specimen(
                recipe=recipe.name,
                seed=seed,
                language=language,
                scale=scale,
                status=verdict.status if verdict else "refused",
                deciding=verdict.deciding if verdict else ("sanity",),
                measures={f.check: _number(f) for f in verdict.findings} if verdict else {},
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


def _number(finding: Finding) -> float | None:
    return finding.estimates[0].value if finding.estimates else None


def _rows(folder: Path, recipe: Recipe, language: Language, seed: int) -> tuple[Path, list[Path]]:
    """Write the training rows of a recipe; returns them and the rows held out."""
    data, heldout = folder / "rows.jsonl", folder / "heldout.jsonl"
    stem, _ = SETS[language]
    if recipe.rows == "persona":
        shutil.copy(DEMO / f"{stem}_raw.jsonl", data)
        return data, [DEMO / f"{stem}_heldout.jsonl"]
    if recipe.rows == "curated_persona":
        curated = folder / "curated"
        curate(
            [DEMO / f"{stem}_raw.jsonl"],
            str(embedded_model()),
            curated,
            CurateConfig(seed=seed, allow_loss=KNOWN_LOSS),
            progress=Progress(quiet=True),
        )
        return curated, [DEMO / f"{stem}_heldout.jsonl", curated / "heldout.jsonl"]
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
    own = _own_answers(out / f"own-{language}.jsonl", language)
    if names == "own_answers":
        return own[::4] + own[1::4] + own[2::4], own[3::4]
    if names == "catalogue_and_own":
        return rows + own, kept
    stem, _ = SETS[language]
    persona, held = (
        [(row.prompt, row.reply) for row in load_examples([DEMO / f"{stem}_{part}.jsonl"])]
        for part in ("raw", "heldout")
    )
    distinct = {reply: (asked, reply) for asked, reply in persona if len(reply) > 30}
    return list(distinct.values()) + own, held


def _own_answers(path: Path, language: Language) -> list[Row]:
    """Let the base answer the neutral questions of `curate synthesize`; the first sentence of each is kept."""
    if not path.is_file():
        base = load_base(str(embedded_model()))
        template = choose_template(base.tokenizer, [])
        neutral = yaml.safe_load((files("loracheck.curate") / "prompts" / "neutral.yaml").read_text("utf-8"))
        asked = [form.format(t) for form in neutral[language]["forms"] for t in neutral[language]["topics"]]
        questions = random.Random(0).sample(asked, _OWN_ROWS)
        prompts = [template.prompt_ids([Message(role="user", content=text)]) for text in questions]
        answers = sorted(
            (place, reply.text)
            for batch in generate(base.model, template, prompts, max_new_tokens=40)
            for place, reply in batch
        )
        stop = "。" if language == "ja" else "."
        firsts = [(questions[place], s[0] + stop) for place, text in answers if (s := sentences(text))]
        _write(path, [row for row in firsts if not is_loop(row[1])])
    return [(row.prompt, row.reply) for row in load_examples([path])]


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


def _print(out: Path) -> None:
    for tier in sorted({path.parent.name for path in out.glob(f"*/*/{RESULT}")}):
        found = [
            Specimen(**entry)
            for path in sorted(out.glob(f"*/{tier}/{RESULT}"))
            for entry in json.loads(path.read_text(encoding="utf-8"))
        ]
        print(f"\n## {tier} tier: {len({(s.recipe, s.seed) for s in found})} adapters\n")
        _print_recipes([s for s in found if s.scale == _FULL])
        _print_doses(found)


def _print_recipes(found: Sequence[Specimen]) -> None:
    print(
        "| recipe | truth | split | ship | inconclusive | hold or refused | right check first | decided by | CPU-s |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for recipe in RECIPES:
        mine = [s for s in found if s.recipe == recipe.name]
        if not mine:
            continue
        held = [s for s in mine if s.status in ("hold", "refused")]
        right = sum(s.deciding[0] in recipe.named for s in held)
        firsts = ", ".join(dict.fromkeys(s.deciding[0] for s in mine if s.deciding and s.status != "ship"))
        seconds = sum(s.eval_seconds for s in mine) / len(mine)
        print(
            f"| {recipe.name} | {'good' if recipe.good else 'bad'} | {recipe.split} "
            f"| {sum(s.status == 'ship' for s in mine)} | {sum(s.status == 'inconclusive' for s in mine)} "
            f"| {len(held)} | {'' if recipe.good else f'{right} of {len(held)}'} | {firsts} | {seconds:.0f} |"
        )
    truth = {recipe.name: recipe for recipe in RECIPES}
    bad = [s for s in found if not truth[s.recipe].good]
    good = [s for s in found if truth[s.recipe].good]
    held = [s for s in bad if s.status in ("hold", "refused")]
    for name, hits, n in (
        ("bad adapters that ship", sum(s.status == "ship" for s in bad), len(bad)),
        ("bad adapters held", len(held), len(bad)),
        (
            "of those, the right check first",
            sum(s.deciding[0] in truth[s.recipe].named for s in held),
            len(held),
        ),
        ("good adapters held", sum(s.status == "hold" for s in good), len(good)),
        ("good adapters shipped", sum(s.status == "ship" for s in good), len(good)),
    ):
        if n:
            one = share(name, hits, n)
            print(f"\n{name}: {hits} of {n} [{one.ci_low:.0%}, {one.ci_high:.0%}]", end="")
    print()


def _print_doses(found: Sequence[Specimen]) -> None:
    """Print how the number of the check that names a fault grows with the strength of a bad adapter."""
    scales = sorted({s.scale for s in found})
    if len(scales) < 2:
        return
    print("\n| recipe | check | " + " | ".join(f"{scale:g}" for scale in scales) + " | rank correlation |")
    print("|---|---|" + "---|" * (len(scales) + 1))
    for recipe in RECIPES:
        mine = [s for s in found if s.recipe == recipe.name]
        if recipe.good or len({s.scale for s in mine}) < 3:
            continue
        check = next((c for c in recipe.named if any(s.measures.get(c) is not None for s in mine)), None)
        if check is None:
            continue
        doses = [(s.scale, abs(s.measures[check] or 0.0)) for s in mine if check in s.measures]
        means = [[v for dose, v in doses if dose == scale] for scale in scales]
        shown = " | ".join(f"{sum(v) / len(v):.3f}" if v else "" for v in means)
        print(f"| {recipe.name} | {check} | {shown} | {spearmanr(*zip(*doses, strict=True)).statistic:.2f} |")


if __name__ == "__main__":
    main()
