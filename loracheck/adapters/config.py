"""Read adapter_config.json of a stranger: sizes and types checked, patterns matched without running away."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from loracheck.adapters.files import ADAPTER_CONFIG, MAX_JSON_BYTES, Unread, parse_json, read_bytes
from loracheck.errors import AdapterError

_MAX_TARGETS = 200
_MAX_PATTERNS = 4096
_LONGEST = 300
_WORD = re.compile(r"[\w.]+")
# peft matches these keys as regular expressions; a stranger's may not repeat often enough to take for ever.
_UNSAFE = re.compile(r"(?:[*+?}].*){3}|\)[*+?{]")
# Of the ways in which factors can begin, those by name that leave the base's weights alone.
_KEEPS_BASE = ("", "eva", "orthogonal")


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterConfig:
    """What adapter_config.json says, as far as it was well formed.

    Attributes:
        initial: How the factors began: "pissa_niter_16", "olora", ...; empty for zeros or chance.
        unread: Patterns of rank or alpha that were not followed.
    """

    peft_type: str
    base: str
    rank: int | None = None
    alpha: float | None = None
    rank_pattern: dict[str, float] = field(default_factory=dict)
    alpha_pattern: dict[str, float] = field(default_factory=dict)
    targets: tuple[str, ...] = ()
    initial: str = ""
    use_dora: bool = False
    use_rslora: bool = False
    bias: str = "none"
    lora_bias: bool = False
    fan_in_fan_out: bool = False
    modules_to_save: tuple[str, ...] = ()
    trainable_tokens: bool = False
    parameters: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def changes_base(self) -> bool:
        """Tell whether loading it takes something out of the base's weights first, as far as is known."""
        return self.initial.lower() not in _KEEPS_BASE

    def rank_of(self, module: str) -> int | None:
        """Return the rank a module should have."""
        value = _matching(self.rank_pattern, module, self.rank)
        return None if value is None else int(value)

    def alpha_of(self, module: str) -> float | None:
        """Return a module's alpha."""
        return _matching(self.alpha_pattern, module, self.alpha)

    def scale_of(self, module: str, rank: int) -> float | None:
        """Return what the product of a module's factors is multiplied by."""
        alpha = self.alpha_of(module)
        if alpha is None or rank < 1:
            return None
        return alpha / (math.sqrt(rank) if self.use_rslora else rank)


def read_config(folder: Path) -> AdapterConfig | None:
    """Read the configuration in a folder; None where there is none.

    Raises:
        AdapterError: it is no JSON object of a sensible size.
    """
    return config_of(read_values(folder)) if (folder / ADAPTER_CONFIG).is_file() else None


def read_values(folder: Path) -> dict[str, Any]:
    """Read the configuration in a folder as it stands there.

    Raises:
        AdapterError: it is no JSON object of a sensible size and depth.
    """
    file = folder / ADAPTER_CONFIG
    values = None
    with suppress(Unread):
        values = parse_json(read_bytes(file, MAX_JSON_BYTES))
    if not isinstance(values, dict):
        raise AdapterError(
            f"{file} is damaged: it is no JSON object of at most {MAX_JSON_BYTES:,} bytes.",
            kind="adapter_damaged",
        )
    return values


def config_of(values: Mapping[str, Any]) -> AdapterConfig:
    """Take what is well formed out of a configuration."""
    patterns = {name: _pattern(values.get(name)) for name in ("rank_pattern", "alpha_pattern")}
    initial = values.get("init_lora_weights")
    kind = _text(values.get("peft_type")).upper()
    return AdapterConfig(
        peft_type=kind,
        base=_text(values.get("base_model_name_or_path")),
        rank=_whole(values.get("init_r" if kind == "ADALORA" else "r")),
        alpha=number(values.get("alpha" if kind in ("LOHA", "LOKR") else "lora_alpha")),
        rank_pattern=patterns["rank_pattern"][0],
        alpha_pattern=patterns["alpha_pattern"][0],
        targets=_texts(values.get("target_modules")),
        initial=initial if isinstance(initial, str) and initial.lower() != "gaussian" else "",
        use_dora=values.get("use_dora") is True,
        use_rslora=values.get("use_rslora") is True,
        bias=_text(values.get("bias")) or "none",
        lora_bias=values.get("lora_bias") is True,
        fan_in_fan_out=values.get("fan_in_fan_out") is True,
        modules_to_save=_texts(values.get("modules_to_save")),
        trainable_tokens=bool(values.get("trainable_token_indices")),
        parameters=_texts(values.get("target_parameters")),
        unread=tuple(key for _, unread in patterns.values() for key in unread),
    )


def _matching(pattern: Mapping[str, float], module: str, default: float | None) -> float | None:
    return next((value for key, value in pattern.items() if _compiled(key).match(module[:_LONGEST])), default)


@lru_cache(maxsize=2 * _MAX_PATTERNS)
def _compiled(key: str) -> re.Pattern[str]:
    return re.compile(rf"(.*\.)?({key})$")  # as peft has it, to which a dot, too, is any character


def _pattern(value: Any) -> tuple[dict[str, float], list[str]]:  # noqa: ANN401 - a stranger's JSON
    read: dict[str, float] = {}
    unread: list[str] = []
    for key, entry in value.items() if isinstance(value, dict) else ():
        found = number(entry)
        if found is None:
            continue  # AdaLoRA keeps masks here
        safe = _WORD.fullmatch(key) or not _UNSAFE.search(key)
        if not safe or len(key) > _LONGEST or len(read) == _MAX_PATTERNS or not _compiles(key):
            unread.append(key)
        else:
            read[key] = found
    return read, unread


def _compiles(key: str) -> bool:
    try:
        _compiled(key)
    except (re.error, RecursionError, OverflowError):
        return False
    return True


def number(value: Any) -> float | None:  # noqa: ANN401
    """Return a number as JSON may hold it; None for anything else, and for what is not finite."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def _whole(value: Any) -> int | None:  # noqa: ANN401
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**31 else None


def _text(value: Any) -> str:  # noqa: ANN401
    return value[:1000] if isinstance(value, str) else ""


def _texts(value: Any) -> tuple[str, ...]:  # noqa: ANN401
    entries = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return tuple(sorted({_text(entry) for entry in entries if isinstance(entry, str)}))[:_MAX_TARGETS]
