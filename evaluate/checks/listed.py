"""The checks, in the order in which a report shows them."""

from __future__ import annotations

from . import (
    calibration,
    canary_exposure,
    collapse,
    content,
    forgetting,
    form,
    imitation,
    instructions,
    language,
    leakage,
    likelihood_gap,
    memorisation,
    over_training,
    personal_data,
    robustness,
    safety,
    surface,
    system_prompt,
    training_answers,
    unknown_words,
)
from .check import Check

CHECKS: tuple[Check, ...] = (
    content.CONTENT_DAMAGE,
    forgetting.FORGETTING,
    collapse.COLLAPSE,
    imitation.IMITATION,
    calibration.CALIBRATION,
    leakage.PERSONA_LEAKAGE,
    leakage.PERSONA_LEARNED,
    form.WANTED_FORM,
    surface.LOOPS,
    surface.MISSING_STOP,
    surface.EMPTY_ANSWERS,
    language.LANGUAGE_SWITCH,
    unknown_words.UNKNOWN_WORDS,
    memorisation.MEMORISATION,
    personal_data.PERSONAL_DATA,
    canary_exposure.CANARIES,
    likelihood_gap.LIKELIHOOD_GAP,
    training_answers.TRAINING_ANSWERS,
    over_training.OVER_TRAINING,
    safety.SAFETY,
    system_prompt.SYSTEM_PROMPT,
    instructions.INSTRUCTIONS,
    robustness.ROBUSTNESS,
)
