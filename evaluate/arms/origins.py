"""What an adapter's own files say of its training, and where that differs from how it is asked here.

Nothing is decided by it: the files are another program's, and names prove nothing. But an adapter that was trained on
a 4-bit base and is asked on the 16-bit one is another model, and a training whose data is not known hides half of what
can be looked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from loracheck.adapters.card import read_card
from loracheck.foreign import original_name, read_foreign, same_base
from loracheck.models.basespec import is_there
from loracheck.records import ArmRecord
from loracheck.terminal import visible

_UNKNOWN = ("", "other", "unknown")
_LONGEST = 200


def origin(folder: Path) -> dict[str, Any]:
    """Return what is known of a training, for the record of its arm; empty where nothing is."""
    if card := read_card(folder):
        return {"trained_with": "loracheck", "trained_quantization": card.quantization}
    found = read_foreign(folder)
    known = {
        "trained_with": found.tool,
        "trained_base": found.base,
        "trained_quantization": found.quantization,
        "trained_template": found.template,
        "trained_data": list(found.data),
        "best_checkpoint": found.best_checkpoint,
        "not_read": list(found.notes),
    }
    return {name: value for name, value in known.items() if value}


def remarks(
    arms: Mapping[str, ArmRecord], base: str, quantization: str, *, data_known: bool
) -> Iterator[str]:
    """Say in a sentence each what the files of the adapters say otherwise than the run is set up.

    Args:
        arms: The arms of the run but the base.
        base: The base as it was given.
        quantization: How it is held here.
        data_known: Whether the run was given training data.
    """
    for name, arm in arms.items():
        if arm.engine == "local":
            for remark in _of_arm(arm, base, quantization, data_known=data_known):
                yield f"{name}: {visible(remark)[:_LONGEST]}"


def _of_arm(arm: ArmRecord, base: str, quantization: str, *, data_known: bool) -> Iterator[str]:
    known = arm.config
    held = str(known.get("trained_quantization", ""))
    if held not in _UNKNOWN and held != quantization:
        if held == "none":
            yield f"was trained on the base as it is, and is asked on it in {quantization}"
        else:
            yield f"was trained on the base in {held}: --quantization {held} asks that form, this run the one merged"
    for named in dict.fromkeys((known.get("base_model_name_or_path"), known.get("trained_base"))):
        if isinstance(named, str) and named and same_base(named, base) is False:
            yield f"names {original_name(named)} as its base, which is not what {base} is called"
    data = [str(entry) for entry in known.get("trained_data", ())]
    if data and not data_known:
        there = [entry for entry in data if is_there(entry)]
        told = " ".join(f"--data {entry}" for entry in there) or f"--data, which was {', '.join(data)}"
        yield f"add {told}: without it recitation, leakage and style cannot be measured"
    if best := known.get("best_checkpoint"):
        yield f"{best} has a lower held-out loss than these weights"
    yield from (str(note) for note in known.get("not_read", ()))
