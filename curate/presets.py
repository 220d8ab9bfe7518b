"""The bundled presets of the curate stage, and options laid over them."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from loracheck.settings import build, over_preset, read_yaml

from .choices import PRESETS
from .config import CurateConfig


def preset_values(name: str) -> dict[str, Any]:
    """Return the keys that a preset sets."""
    text = (files("loracheck.curate") / "recipes" / f"{name}.yaml").read_text(encoding="utf-8")
    return read_yaml(text, f"preset {name}")


def config_from(values: Mapping[str, Any], where: str) -> CurateConfig:
    """Return options from nested values, over the preset that they may name.

    Raises:
        UsageError: no such preset, an unknown key, or an impossible value; names the key.
    """
    return build(CurateConfig, over_preset(values, PRESETS, preset_values, where), where)
