"""How each check works, in English and Japanese: what `loracheck checks` and docs/checks.md print."""

from __future__ import annotations

from loracheck.words.about import adapter, conduct, knowledge, memory, persona, surface
from loracheck.words.about.form import About

__all__ = ["ABOUT", "About"]

ABOUT: dict[str, About] = (
    adapter.ABOUT | conduct.ABOUT | knowledge.ABOUT | memory.ABOUT | persona.ABOUT | surface.ABOUT
)
"""By check."""
