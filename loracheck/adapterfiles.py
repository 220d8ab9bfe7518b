"""The files of an adapter as peft saves it and of a merged model, and where they lie in a run."""

from __future__ import annotations

from pathlib import Path

ADAPTER_CONFIG = "adapter_config.json"
ADAPTER_WEIGHTS = "adapter_model.safetensors"
ADAPTER = "adapter"
"""The folder of a train or scale run that holds its adapter."""
SHIPPED_FORM = "shipped_form.json"
"""What a merge says of the model beside it."""


def adapter_folder(path: Path) -> Path:
    """Return where the files of an adapter lie: of a train or scale run inside it, else in the folder itself."""
    inside = path / ADAPTER
    return inside if (inside / ADAPTER_CONFIG).is_file() else path
