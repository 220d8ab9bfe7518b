"""What axolotl, LLaMA-Factory, unsloth, trl and plain peft leave beside an adapter: who trained it, on what, how well.

All of them write transformers' trainer_state.json, in the folder or in its checkpoints, and a README.md whose head
names base and tool. axolotl puts its whole configuration into that card; LLaMA-Factory writes trainer_log.jsonl and
all_results.json, its board also training_args.yaml and llamaboard_config.yaml; unsloth's bases are 4-bit copies whose
names say so. Nothing here is trusted: what is odd is passed over, and named in the notes where it is a whole file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from loracheck.adapters.files import ADAPTER, ADAPTER_CONFIG, Unread
from loracheck.foreign.files import read_json, text_of
from loracheck.foreign.formats import CHECKPOINT, STATE, Curve, is_known, sources
from loracheck.models.basespec import is_there

_COPY = re.compile(r"(?:-unsloth)?-(?:bnb-)?(?:4bit|8bit|awq|gptq|gguf|fp8)$|\.gguf$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignTraining:
    """What is known of a training by another program.

    Attributes:
        files: Where it stands, as seen from the adapter's folder.
        base: The base that they name, as they write it.
        data: Files or names of the training data.
        template: Name of the chat template that was asked for.
        quantization: How the base was held: "none", "nf4", "fp4", "int8", "other"; empty when nothing says so.
        best_checkpoint: Folder of the checkpoint with the least held-out loss, where it is not the adapter itself.
        notes: Files that were not read, and why.
    """

    files: tuple[str, ...] = ()
    tool: str = ""
    base: str = ""
    data: tuple[str, ...] = ()
    template: str = ""
    quantization: str = ""
    steps: int | None = None
    epochs: float | None = None
    learning_rate: float | None = None
    heldout_loss: float | None = None
    curve: Curve = field(default_factory=Curve)
    best_checkpoint: str = ""
    notes: tuple[str, ...] = ()


def read_foreign(folder: Path) -> ForeignTraining:
    """Read what lies in an adapter's folder, in its newest checkpoint, and in the run around a checkpoint.

    What stands nearest to the adapter counts, and of one folder a trainer's own options before a card.
    """
    found = ForeignTraining()
    for place in _places(folder):
        for file, read in sources(place):
            if not file.is_file():
                continue
            try:
                part = read(file, folder)
            except Unread as why:
                found = replace(found, notes=(*found.notes, f"{_shown(file, folder)} was not read: {why}"))
                continue
            fresh = {k: v for k, v in part.items() if is_known(v) and not is_known(getattr(found, k))}
            if fresh:
                found = replace(found, files=(*found.files, _shown(file, folder)), **fresh)
    named = _base_in_config(folder)
    if named and not found.base and found.files:
        found = replace(found, base=named)
    if not found.quantization and is_four_bit_copy(named or found.base):
        found = replace(found, quantization="nf4")
    return replace(found, best_checkpoint=_best_checkpoint(folder, found.curve))


def read_curve(folder: Path) -> Curve:
    """Return the losses alone; empty where there are none that can be read."""
    return read_foreign(folder).curve


def is_four_bit_copy(name: str) -> bool:
    """Tell whether a base's name says that it is held in bitsandbytes' 4 bits."""
    return name.lower().endswith(("-bnb-4bit", "-4bit"))


def original_name(name: str) -> str:
    """Return a base's name without what marks it as a copy: unsloth/Qwen3-8B-unsloth-bnb-4bit is unsloth/Qwen3-8B."""
    shorter = _COPY.sub("", name)
    return shorter if shorter == name else original_name(shorter)


def same_base(named: str, given: str) -> bool | None:
    """Tell by their names alone whether two bases are the same model; None where names do not tell.

    Only names of the hub (OWNER/NAME) tell, whoever made the copy and however it is held.
    """
    if named == given:
        return True
    for name in (named, given):
        if name.count("/") != 1 or name.startswith((".", "/", "~")) or is_there(name):
            return None
    first, second = (_plain(original_name(name).partition("/")[2]) for name in (named, given))
    return first == second


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower().removeprefix("meta-"))


def _places(folder: Path) -> Iterator[Path]:
    yield folder
    yield from _checkpoints(folder)[-1:]
    if folder.name == ADAPTER or folder.name.startswith(CHECKPOINT) or (folder.parent / STATE).is_file():
        yield folder.parent


def _checkpoints(folder: Path) -> list[Path]:
    """Return the checkpoints inside a folder that have a state, the newest last."""
    numbered = [
        (int(step), path)
        for path in folder.glob(f"{CHECKPOINT}*")
        if (step := path.name.removeprefix(CHECKPOINT)).isdecimal() and (path / STATE).is_file()
    ]
    return [path for _, path in sorted(numbered)]


def _base_in_config(folder: Path) -> str:
    """Return the base that adapter_config.json names; what else stands there is read elsewhere."""
    try:
        return text_of(read_json(folder / ADAPTER_CONFIG).get("base_model_name_or_path"))
    except Unread:
        return ""


def _best_checkpoint(folder: Path, curve: Curve) -> str:
    """Return the folder of the checkpoint of least held-out loss, where that is there and not this one."""
    if not curve.by_step:
        return ""
    by_step = dict(curve.by_step)
    step = min(by_step, key=lambda one: (by_step[one], one))
    if curve.kept_at is not None and dict(curve.points)[curve.kept_at] <= by_step[step]:
        return ""
    around = folder.parent if folder.name.startswith(CHECKPOINT) else folder
    best = around / f"{CHECKPOINT}{step}"
    return str(best) if best != folder and (best / ADAPTER_CONFIG).is_file() else ""


def _shown(file: Path, folder: Path) -> str:
    return file.relative_to(folder).as_posix() if file.is_relative_to(folder) else f"../{file.name}"
