"""What an option of a curation may be, where it is one of a few. The command line reads it, too."""

from __future__ import annotations

from typing import Literal, get_args

PRESETS = ("lima", "textbooks", "minimal")

ExportFormat = Literal["trl", "axolotl", "llamafactory", "parquet", "hf"]
FORMATS: tuple[ExportFormat, ...] = get_args(ExportFormat)
