"""The adapters that the tools are asked about, in the forms that the tools take.

Three come from recipes of the zoo. Two more come from `loracheck selftest`, whose English ruined adapter is one that
tools with English questions can be expected to see, whatever the language of the zoo's seed.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from peer_tools import Arm

RECIPES = {"ruined": "identity_flood", "harmless": "own_answers", "in-domain persona": "curated_persona"}
SELFTEST = {"ruined (selftest)": "ruined", "harmless (selftest)": "harmless"}
ARMS = (*RECIPES, *SELFTEST)


def slug(text: str) -> str:
    """Return a name for a folder."""
    return "-".join("".join(c if c.isalnum() else " " for c in text).split())


def arm(out: Path, zoo: Path | None, selftest: Path | None, name: str, seed: int) -> Arm:
    """Return an adapter in the forms that the tools take, made once."""
    folder = out / "arms" / f"{slug(name)}-{'en' if name in SELFTEST else seed}"
    kept = folder / "made.json"
    if not kept.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        if name in SELFTEST:
            run, about = _of_selftest((selftest or out / "selftest").resolve(), SELFTEST[name])
        else:
            run, about = _of_zoo((zoo or out / "zoo").resolve(), RECIPES[name], seed)
        _prepare(folder, out / "base", run / "adapter")
        kept.write_text(json.dumps(about), encoding="utf-8")
    about = json.loads(kept.read_text(encoding="utf-8"))
    return Arm(
        name=name,
        adapter=folder / "adapter",
        base=out / "base",
        merged=folder / "merged",
        data=Path(about["data"]),
        heldout=tuple(Path(path) for path in about["heldout"]),
        policy=about["policy"],
        language=about["language"],
        made=Path(about["made"]),
    )


def _of_zoo(zoo: Path, name: str, seed: int) -> tuple[Path, dict[str, Any]]:
    from zoo import made
    from zoo_recipes import RECIPES as ALL

    recipe = next(recipe for recipe in ALL if recipe.name == name)
    run, data, heldout = made(zoo, recipe, seed)
    return run, {
        "data": str(data),
        "heldout": [str(path) for path in heldout],
        "policy": recipe.policy,
        "language": "ja" if seed % 2 == 0 else "en",
        "made": str(zoo / f"{recipe.name}-{seed}"),
    }


def _of_selftest(folder: Path, name: str) -> tuple[Path, dict[str, Any]]:
    from loracheck.demo.selftest import run_selftest
    from loracheck.progress import Progress

    made = folder / "en"
    if not (made / f"train-{name}" / "adapter" / "adapter_model.safetensors").is_file():
        run_selftest(folder, ("en",), progress=Progress(quiet=True))
    about = {"data": str(made / f"{name}.jsonl"), "heldout": [], "policy": "default", "language": "en"}
    return made / f"train-{name}", about | {"made": str(made)}


def _prepare(folder: Path, base: Path, made: Path) -> None:
    """Copy the adapter and name the shared base in it."""
    from loracheck.demo import embedded_model
    from loracheck.models.conversion import converted

    adapter = folder / "adapter"
    shutil.copytree(made, adapter, dirs_exist_ok=True)
    if not (base / "chat_template.jinja").is_file():
        shutil.copytree(converted(embedded_model()), base, dirs_exist_ok=True)
        shutil.copy(adapter / "chat_template.jinja", base)
    config = adapter / "adapter_config.json"
    settings = json.loads(config.read_text(encoding="utf-8")) | {"base_model_name_or_path": str(base)}
    config.write_text(json.dumps(settings, indent=2), encoding="utf-8")


def merge(arm: Arm) -> None:
    """Write base and adapter as one model folder, once."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    if (arm.merged / "chat_template.jinja").is_file():
        return
    base = AutoModelForCausalLM.from_pretrained(arm.base)
    PeftModel.from_pretrained(base, arm.adapter).merge_and_unload().save_pretrained(arm.merged)
    for part in (*arm.base.glob("tokenizer*"), arm.base / "chat_template.jinja"):
        shutil.copy(part, arm.merged)
