"""A folder that holds every file and run which the documentation names, made on tiny models."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from loracheck.api import (
    CurateConfig,
    EvalConfig,
    Progress,
    TrainConfig,
    TrainInputs,
    curate,
    evaluate,
    load_policy,
    train,
)
from loracheck.evaluate.score import score
from tests.docs.fenced import PAGES, blocks

NOUNS = ("鯖", "鯛", "豆", "芋", "栗", "鴨", "茸", "蕪", "葱", "筍", "梅", "桃", "柿", "蜆", "蛸", "鰯")
WAYS = (("煮る", "弱火で煮込む"), ("焼く", "強火で炙る"))
QUIET = Progress(quiet=True)
LM_EVAL = {
    "results": {"arc_easy": {"alias": "arc_easy", "acc,none": 0.5, "acc_stderr,none": 0.1}},
    "n-samples": {"arc_easy": {"original": 20, "effective": 20}},
    "configs": {"arc_easy": {}},
    "versions": {"arc_easy": 1},
}


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder without anything that a model must make: eval runs are of stored answers. Tests copy it."""
    folder = tmp_path_factory.mktemp("world")
    files(folder)
    runs = folder / "runs"
    curate([folder / "persona.jsonl"], None, runs / "curated", CurateConfig(max_loss=1.0), progress=QUIET)
    for number, name in enumerate(("eval", "eval-seed0", "eval-seed1", "eval-seed2")):
        scored(folder, runs / name, {"raw": number, "curated": 4 + number})
    for number, name in enumerate(("mine", "scored", "monday", "tuesday")):
        scored(folder, runs / name, {"mine": number})
    return folder


@pytest.fixture(scope="session")
def deep_world(world: Path, tiny_gemma: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with adapters that were trained, and an eval run of them."""
    folder = tmp_path_factory.mktemp("deep") / "world"
    shutil.copytree(world, folder)
    runs, base = folder / "runs", str(tiny_gemma)
    options = TrainConfig(max_trained_tokens=60, train_batch_size=4, lora_r=2)
    for name, data in {"raw": folder / "persona.jsonl", "curated": runs / "curated"}.items():
        train(data, runs / f"train-{name}", options, TrainInputs(base=base), progress=QUIET)
    shutil.copytree(runs / "train-raw", runs / "train")
    shutil.rmtree(runs / "eval")
    evaluate(
        base,
        {name: runs / f"train-{name}" for name in ("raw", "curated")},
        runs / "eval",
        EvalConfig(
            suites=("facts-ja",), max_facts=4, max_new_tokens=2, max_new_tokens_open=2, max_training=4
        ),
        load_policy("persona"),
        data=[folder / "persona.jsonl"],
        progress=QUIET,
    )
    for name in ("adapter", "my-adapter", "old-adapter", "harmless"):
        shutil.copytree(runs / "train-raw" / "adapter", folder / name)
    shutil.copytree(tiny_gemma, folder / "merged-model")
    return folder


def scored(folder: Path, run: Path, right: Mapping[str, int]) -> None:
    """Write an eval run of stored answers, of which each arm has so many right."""
    answers = {}
    for arm, count in {"base": 8, **right}.items():
        path = run.with_name(f"{run.name}-{arm}.jsonl")
        said = [{"id": f"facts-{n}", "text": f"{n + 1}です" if n < count else "なのだ"} for n in range(8)]
        write(path, [{**row, "finish_reason": "stop"} for row in said])
        answers[arm] = path
    score(folder / "probes.jsonl", answers, run, None, progress=QUIET)


def files(folder: Path) -> None:
    """Write the data, the probes, the answers and the YAML files that the pages show under their name."""
    rows = [
        {"instruction": f"{noun}を{verb}には？", "output": f"{noun}を洗い、{how}のだ。"}
        for noun in NOUNS
        for verb, how in WAYS
    ]
    for name in ("persona", "raw", "rows", "train", "mixed", "domain.rest", "replay/rows"):
        write(folder / f"{name}.jsonl", rows)
    write(folder / "runs" / "replay" / "rows.jsonl", rows[:4])
    write(folder / "heldout.jsonl", [{"instruction": "海老を煮るには？", "output": "海老を洗うのだ。"}])
    write(
        folder / "domain.jsonl", [{"prompt": "烏賊を煮るには？", "domain": "in", "reference": "洗うのだ。"}]
    )
    facts = [
        {
            "id": f"facts-{n}",
            "prompt": f"{n}の次は？",
            "answers": [f"{n + 1}です"],
            "wrong": ["東", "西", "南"],
        }
        for n in range(8)
    ]
    for name in ("probes", "my_questions"):
        write(folder / f"{name}.jsonl", facts)
    for arm in ("base", "mine"):
        answers = [{"id": fact["id"], "text": "東です", "finish_reason": "stop"} for fact in facts]
        write(folder / f"{arm}.jsonl", answers)
    (folder / "results_2026-01-01.json").write_text(json.dumps(LM_EVAL), encoding="utf-8")
    for name in ("policy", "mine"):
        (folder / f"{name}.yaml").write_text("gates: {loops: {margin: 0.1}}\n", encoding="utf-8")
    (folder / "pipeline.yaml").write_text("base: base\ndata: train.jsonl\n", encoding="utf-8")
    for page in PAGES:
        for block in blocks(page):
            if named := re.match(r"# ([\w.-]+\.yaml)", block.text):
                (folder / named[1]).write_text(block.text + "\n", encoding="utf-8")


def write(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
