"""How a base is held. In a module of its own, since the command line reads it and help must be quick."""

from __future__ import annotations

from typing import Literal

Quantization = Literal["none", "nf4", "fp4", "int8"]
