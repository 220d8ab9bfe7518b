"""The bundled presets of the curate stage."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from loracheck.settings import read_yaml


def preset_values(name: str) -> dict[str, Any]:
    """Return the keys that a preset sets."""
    text = (files("loracheck.curate") / "recipes" / f"{name}.yaml").read_text(encoding="utf-8")
    return read_yaml(text, f"preset {name}")
