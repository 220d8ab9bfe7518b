"""The files of other trainers, each read into the parts of a `ForeignTraining` that it knows; see `foreign`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from loracheck.adapters.files import Unread
from loracheck.foreign.files import (
    number,
    parse_yaml,
    read_card,
    read_json,
    read_lines,
    read_yaml,
    text_of,
    texts_of,
    whole,
)
from loracheck.models.quantization import Quantization

STATE = "trainer_state.json"
CHECKPOINT = "checkpoint-"
_TOOLS = {
    "axolotl": "axolotl",
    "llama-factory": "LLaMA-Factory",
    "llama_factory": "LLaMA-Factory",
    "llamafactory": "LLaMA-Factory",
    "unsloth": "unsloth",
    "trl": "trl",
}
_ADAPTER_OF = "base_model:adapter:"
_AXOLOTL = re.compile(r"axolotl version: `[^`]{0,80}`\s*```ya?ml\n(.*?)^```", re.DOTALL | re.MULTILINE)
_OLD_PEFT = re.compile(r"^- (load_in_8bit|load_in_4bit|bnb_4bit_quant_type): (\w+)\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Losses in nats a token, by steps, or by tokens where the trainer counted them.

    Attributes:
        points: Held-out loss at each evaluation.
        kept_at: The point whose weights the adapter holds; None when that is not known.
        first, last: Training loss.
        by_step: Held-out loss at each evaluation, by steps.
    """

    points: tuple[tuple[int, float], ...] = ()
    kept_at: int | None = None
    first: float | None = None
    last: float | None = None
    by_step: tuple[tuple[int, float], ...] = ()


Reader = Callable[[Path, Path], dict[str, Any]]


def sources(place: Path) -> Iterator[tuple[Path, Reader]]:
    """Yield the files that may lie in a folder, each with what reads it, the most telling first."""
    yield place / STATE, _state
    for name in ("axolotl_config.yaml", "axolotl_config.yml"):
        yield place / name, lambda file, _: _axolotl(read_yaml(file))
    yield place / "training_args.yaml", lambda file, _: _llama_factory(read_yaml(file))
    yield place / "llamaboard_config.yaml", lambda file, _: _llama_board(read_yaml(file))
    yield place / "README.md", lambda file, _: _card(file)
    yield place / "trainer_log.jsonl", lambda file, _: _log(read_lines(file))
    yield place / "all_results.json", lambda file, _: _results(read_json(file))


def _state(file: Path, folder: Path) -> dict[str, Any]:
    values = read_json(file)
    history = values.get("log_history")
    entries = [entry for entry in (history if isinstance(history, list) else ()) if isinstance(entry, dict)]
    rates = [rate for entry in entries if (rate := number(entry.get("learning_rate"))) is not None]
    return {
        "steps": whole(values.get("global_step")),
        "epochs": number(values.get("epoch")),
        "learning_rate": max(rates, default=None),
        "curve": _curve(entries, "step", _kept_step(values, folder)),
    }


def _curve(entries: list[dict[str, Any]], step_key: str, kept_step: int | None) -> Curve:
    losses = [loss for entry in entries if (loss := number(entry.get("loss"))) is not None]
    read = [
        (step, loss, whole(entry.get("num_input_tokens_seen")))
        for entry in entries
        if (loss := number(entry.get("eval_loss"))) is not None
        and loss >= 0
        and (step := whole(entry.get(step_key))) is not None
    ]
    counted = bool(read) and all(tokens for _, _, tokens in read)
    points = {(tokens if counted and tokens else step): loss for step, loss, tokens in read}
    kept = next((tokens if counted else step for step, _, tokens in read if step == kept_step), None)
    return Curve(
        points=tuple(sorted(points.items())),
        kept_at=kept,
        first=losses[0] if losses else None,
        last=losses[-1] if losses else None,
        by_step=tuple(sorted({step: loss for step, loss, _ in read}.items())),
    )


def _kept_step(state: Mapping[str, Any], folder: Path) -> int | None:
    """Return the step of the weights: a checkpoint's own, the best where the trainer went back to it, else the last."""
    if folder.name.startswith(CHECKPOINT):
        return whole(folder.name.removeprefix(CHECKPOINT))
    best = text_of(state.get("best_model_checkpoint")).rpartition("-")[2]
    return int(best) if best.isdecimal() else whole(state.get("global_step"))


def _log(entries: list[dict[str, Any]]) -> dict[str, Any]:
    """Read LLaMA-Factory's trainer_log.jsonl; the weights are those of its last step."""
    steps = [step for entry in entries if (step := whole(entry.get("current_steps"))) is not None]
    if not steps:
        raise Unread("no steps in it")
    rates = [rate for entry in entries if (rate := number(entry.get("lr"))) is not None]
    epochs = [epoch for entry in entries if (epoch := number(entry.get("epoch"))) is not None]
    return {
        "tool": "LLaMA-Factory",
        "steps": max(steps),
        "epochs": max(epochs, default=None),
        "learning_rate": max(rates, default=None),
        "curve": _curve(entries, "current_steps", max(steps)),
    }


def _results(values: dict[str, Any]) -> dict[str, Any]:
    loss = number(values.get("eval_loss"))
    return {"epochs": number(values.get("epoch")), "heldout_loss": loss}


def _axolotl(values: dict[str, Any]) -> dict[str, Any]:
    datasets = values.get("datasets")
    listed = [entry.get("path") for entry in _list(datasets) if isinstance(entry, dict)]
    if values.get("gptq") is True:
        held = "other"
    elif values.get("load_in_4bit") is True or values.get("adapter") == "qlora":
        kind = values.get("bnb_config_kwargs")
        held = text_of(kind.get("bnb_4bit_quant_type") if isinstance(kind, dict) else None) or "nf4"
    else:
        held = "int8" if values.get("load_in_8bit") is True else "none"
    return {
        "tool": "axolotl",
        "base": text_of(values.get("base_model")),
        "data": texts_of(listed),
        "template": text_of(values.get("chat_template")),
        "quantization": held if held in get_args(Quantization) else "other",
        "epochs": number(values.get("num_epochs")),
        "learning_rate": number(values.get("learning_rate")),
    }


def _llama_factory(values: dict[str, Any]) -> dict[str, Any]:
    """Read training_args.yaml, the options as the command line takes them."""
    names = text_of(values.get("dataset")).split(",")
    return {
        "tool": "LLaMA-Factory",
        "base": text_of(values.get("model_name_or_path")),
        "data": texts_of(names),
        "template": text_of(values.get("template")),
        "quantization": _bits(
            values.get("quantization_bit"), values.get("quantization_method"), values.get("quantization_type")
        ),
        "epochs": number(values.get("num_train_epochs")),
        "learning_rate": number(values.get("learning_rate")),
    }


def _llama_board(values: dict[str, Any]) -> dict[str, Any]:
    """Read llamaboard_config.yaml: the fields of the board, by their places on it."""
    return {
        "tool": "LLaMA-Factory",
        "base": text_of(values.get("top.model_path")),
        "data": texts_of(_list(values.get("train.dataset"))),
        "template": text_of(values.get("top.template")),
        "quantization": _bits(
            values.get("top.quantization_bit"), values.get("top.quantization_method"), None
        ),
        "epochs": number(values.get("train.num_train_epochs")),
        "learning_rate": number(values.get("train.learning_rate")),
    }


def _bits(bits: object, method: object, kind: object) -> str:
    if bits is None or bits == "none":
        return "none"
    if method not in (None, "bnb", "bitsandbytes"):
        return "other"
    if whole(bits) == 4:
        return "fp4" if kind == "fp4" else "nf4"
    return "int8" if whole(bits) == 8 else "other"


def _card(file: Path) -> dict[str, Any]:
    head, text = read_card(file)
    words = [*_list(head.get("tags")), head.get("library_name")]
    tools = [_TOOLS[word.lower()] for word in words if isinstance(word, str) and word.lower() in _TOOLS]
    base = head.get("base_model") or next(
        (
            word.removeprefix(_ADAPTER_OF)
            for word in words
            if isinstance(word, str) and word.startswith(_ADAPTER_OF)
        ),
        None,
    )
    found: dict[str, Any] = {
        "tool": "unsloth" if "unsloth" in tools else next(iter(tools), ""),
        "base": text_of(base[0] if isinstance(base, list) and base else base),
        "data": texts_of(_list(head.get("datasets"))),
        "quantization": _old_peft(text),
    }
    if config := _AXOLOTL.search(text):
        own = _axolotl(parse_yaml(config[1]))
        return found | {key: value for key, value in own.items() if is_known(value)}
    return found


def _old_peft(text: str) -> str:
    """Read how peft up to 0.6 told in the card how the base was held."""
    told = dict(_OLD_PEFT.findall(text))
    if told.get("load_in_4bit") == "True":
        return "fp4" if told.get("bnb_4bit_quant_type") == "fp4" else "nf4"
    return "int8" if told.get("load_in_8bit") == "True" else ""


def is_known(value: object) -> bool:
    """Tell whether a part says anything."""
    return value is not None and value not in ("", (), Curve())


def _list(value: object) -> list[Any]:
    return value[:50] if isinstance(value, list) else [] if value is None else [value]
