"""The checks, in the order in which a report shows them."""

from __future__ import annotations

from . import collapse, content, forgetting, form, leakage, surface
from .check import Check

CHECKS: tuple[Check, ...] = (
    content.CONTENT_DAMAGE,
    forgetting.FORGETTING,
    collapse.COLLAPSE,
    leakage.PERSONA_LEAKAGE,
    leakage.PERSONA_LEARNED,
    form.WANTED_FORM,
    surface.LOOPS,
    surface.MISSING_STOP,
)
