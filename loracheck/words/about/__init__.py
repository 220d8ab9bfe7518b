"""How each check works, in English and Japanese: what `loracheck checks` and docs/checks.md print."""

from __future__ import annotations

from . import adapter, conduct, knowledge, memory, persona, surface
from .form import About

__all__ = ["ABOUT", "About"]

ABOUT: dict[str, About] = (
    adapter.ABOUT | conduct.ABOUT | knowledge.ABOUT | memory.ABOUT | persona.ABOUT | surface.ABOUT
)
"""By check."""
