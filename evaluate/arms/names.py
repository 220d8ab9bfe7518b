"""What arms may be called, and what is known of one whose answers stand in a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from loracheck.errors import UsageError
from loracheck.records import BASE_ARM, ArmRecord
from loracheck.runs import hash_file


def check_names(names: Sequence[str], *, option: str = "--adapter") -> None:
    """Refuse a run without an arm beside the base, and names that no file or table can carry."""
    if not names:
        raise UsageError(
            "no adapter to evaluate.", kind="nothing_to_do", hint=f"Pass {option} NAME=PATH, once or more."
        )
    for name in names:
        if name == BASE_ARM or not is_name(name):
            raise UsageError(
                f"{option} {name}: a name of letters, digits, - and _ is wanted, other than 'base'.",
                kind="option_form",
            )


def is_name(name: str) -> bool:
    """Tell whether files and tables can carry the name of an arm."""
    return name.replace("-", "").replace("_", "").isalnum()


def stored_record(name: str, file: Path, *, verified: bool) -> ArmRecord:
    """Describe an arm whose answers were read from a file."""
    return ArmRecord(name=name, path=str(file), engine="stored", sha256=hash_file(file), verified=verified)
