"""What other trainers leave beside an adapter: read where it is there, passed over where it is odd.

axolotl, LLaMA-Factory, unsloth, trl and plain peft all write transformers' trainer_state.json and a README.md whose
front matter names the base; LLaMA-Factory adds its options as YAML. training_args.bin is a pickle and never opened.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from loracheck import jsonl
from loracheck.adapter_records import TrainingTrace
from loracheck.errors import DataError
from loracheck.training_records import TrainingSummary

from .tensorfile import MAX_JSON_BYTES, read_json

_STATE = "trainer_state.json"
_OPTIONS = ("axolotl_config.yaml", "axolotl_config.yml", "training_args.yaml", "llamaboard_config.yaml")
_CARD = "README.md"
_FRONT_MATTER = re.compile(r"\A---\r?\n(.*?)\r?\n---\r?$", re.DOTALL | re.MULTILINE)
_MAX_YAML_BYTES = 256 * 2**10
_TOOLS = {
    "axolotl": "axolotl",
    "llama-factory": "LLaMA-Factory",
    "llama_factory": "LLaMA-Factory",
    "llamafactory": "LLaMA-Factory",
    "unsloth": "unsloth",
    "trl": "trl",
}


def read_trace(folder: Path) -> TrainingTrace | None:
    """Read what stands in an adapter's folder, in its newest checkpoint, or in the run around it."""
    around = folder.parent if folder.name == "adapter" or folder.name.startswith("checkpoint-") else None
    places = [folder, *_checkpoints(folder), *([around] if around else [])]
    own = _own_run(folder.parent) if folder.name == "adapter" else None
    trace = own or TrainingTrace(files=())
    for place in places:
        for file, part in _readings(place):
            known = {k: v for k, v in part.items() if v not in (None, "") and getattr(trace, k) in (None, "")}
            if known:
                trace = replace(trace, files=(*trace.files, _shown(file, folder)), **known)
    return trace if trace.files else None


def front_matter(file: Path) -> dict[str, Any]:
    """Return the YAML at the head of a model card; empty where there is none or it is odd."""
    if not file.is_file() or file.stat().st_size > MAX_JSON_BYTES:
        return {}
    found = _FRONT_MATTER.match(file.read_text(encoding="utf-8", errors="replace"))
    return _yaml(found[1]) if found else {}


def _readings(place: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    if (state := place / _STATE).is_file():
        yield state, _state(state)
    for name in _OPTIONS:
        if (options := place / name).is_file() and options.stat().st_size <= _MAX_YAML_BYTES:
            yield options, _options(_yaml(options.read_text(encoding="utf-8", errors="replace")), name)
    if (card := place / _CARD).is_file():
        yield card, _card(front_matter(card))


def _state(file: Path) -> dict[str, Any]:
    values = read_json(file.read_bytes()) if file.stat().st_size <= MAX_JSON_BYTES else None
    if not isinstance(values, dict):
        return {}
    history = values.get("log_history")
    entries = [entry for entry in (history if isinstance(history, list) else []) if isinstance(entry, dict)]
    losses = _numbers(entries, "loss")
    rates = _numbers(entries, "learning_rate")
    heldout = _numbers(entries, "eval_loss")
    steps = values.get("global_step")
    return {
        "steps": steps if isinstance(steps, int) and not isinstance(steps, bool) and steps >= 0 else None,
        "epochs": _number(values.get("epoch")),
        "loss_first": losses[0] if losses else None,
        "loss_last": losses[-1] if losses else None,
        "heldout_loss_last": heldout[-1] if heldout else None,
        "learning_rate": max(rates, default=None),
    }


def _options(values: dict[str, Any], name: str) -> dict[str, Any]:
    """Read options of axolotl (base_model) or LLaMA-Factory (model_name_or_path)."""
    epochs = _number(values.get("num_epochs", values.get("num_train_epochs")))
    return {
        "tool": "axolotl" if name.startswith("axolotl") else "LLaMA-Factory",
        "base": _text(values.get("base_model", values.get("model_name_or_path"))),
        "epochs": epochs,
        "learning_rate": _number(values.get("learning_rate")),
    }


def _card(values: dict[str, Any]) -> dict[str, Any]:
    base = values.get("base_model")
    tags = values.get("tags")
    words = [*(tags if isinstance(tags, list) else []), values.get("library_name")]
    tools = [_TOOLS[word.lower()] for word in words if isinstance(word, str) and word.lower() in _TOOLS]
    return {
        "tool": tools[0] if tools else "",
        "base": _text(base[0] if isinstance(base, list) and base else base),
    }


def _own_run(run: Path) -> TrainingTrace | None:
    """Read the summary of a loracheck train run."""
    try:
        summary = jsonl.read_one(run / "summary.json", TrainingSummary)
    except (OSError, DataError):
        return None
    return TrainingTrace(
        files=("summary.json of the run",),
        tool="loracheck",
        base=summary.base,
        steps=summary.steps,
        epochs=summary.epochs,
        loss_first=summary.loss_first,
        loss_last=summary.loss_last,
        heldout_loss_last=summary.heldout_loss_after,
    )


def _checkpoints(folder: Path) -> list[Path]:
    """Return the newest checkpoint inside a folder, where there is one with a state."""
    numbered = [
        (int(path.name.removeprefix("checkpoint-")), path)
        for path in folder.glob("checkpoint-*")
        if path.name.removeprefix("checkpoint-").isdecimal() and (path / _STATE).is_file()
    ]
    return [max(numbered)[1]] if numbered else []


def _yaml(text: str) -> dict[str, Any]:
    if len(text) > _MAX_YAML_BYTES:
        return {}
    try:
        values = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def _numbers(entries: Iterable[dict[str, Any]], key: str) -> list[float]:
    return [number for entry in entries if (number := _number(entry.get(key))) is not None]


def _number(value: Any) -> float | None:  # noqa: ANN401 - a stranger's file
    if isinstance(value, str):  # YAML reads 2e-4 as text
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def _text(value: Any) -> str:  # noqa: ANN401
    return value[:1000] if isinstance(value, str) else ""


def _shown(file: Path, folder: Path) -> str:
    return file.relative_to(folder).as_posix() if file.is_relative_to(folder) else f"../{file.name}"
