"""The probes of a watch: a few bundled ones in the languages of the data, and prompts of its domain."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from loracheck.probes import IN_DOMAIN, TRAINING, bundled, from_rows, without_training_questions
from loracheck.records import Example, Probe

LANGUAGES = ("ja", "en")
"""Those that come with probes."""
_FEW_HELDOUT = 20
_LEAST_LANGUAGE_SHARE = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchOptions:
    """What is asked, and from where on it is unsafe.

    Attributes:
        persona_scope: Where the style is wanted, as in a policy; elsewhere it is leakage.
        facts: Factual questions per language of the data.
        open_prompts: Open out-of-domain prompts, over all languages of the data.
        training_prompts: Prompts of training rows, by which the data's style is found; as many as `eval` asks.
        in_domain: Prompts of the domain, of held-out rows first.
        margin: Share of the factual questions that may be lost.
        max_name_rate, max_leakage: Largest safe shares.
    """

    persona_scope: Literal["always", "in_domain", "never"] = "in_domain"
    facts: int = 60
    open_prompts: int = 24
    training_prompts: int = 120
    in_domain: int = 24
    margin: float = 0.05
    max_name_rate: float = 0.05
    max_leakage: float = 0.05
    seed: int = 0


def choose(training: Sequence[Example], heldout: Sequence[Example], options: WatchOptions) -> list[Probe]:
    """Choose the probes for some data: always the same ones for the same data, options and seed."""
    rng = random.Random(options.seed)
    languages = _languages(training)
    chosen: list[Probe] = []
    for language in languages:
        taken = {probe.cluster for probe in chosen}  # the same fact in two languages counts once
        asked, _ = without_training_questions(bundled([f"facts-{language}"]), training)
        chosen += _stratified([p for p in asked if p.cluster not in taken], options.facts, rng)
        asked, _ = without_training_questions(bundled([f"open-{language}"]), training)
        chosen += _stratified(asked, -(-options.open_prompts // len(languages)), rng)
    domain = from_rows(heldout, IN_DOMAIN, options.in_domain, options.seed)
    if len(domain) < min(_FEW_HELDOUT, options.in_domain):
        more = from_rows(training, TRAINING, options.in_domain - len(domain), options.seed + 1)
        domain += [replace(probe, suite=IN_DOMAIN, id=f"seen-{probe.id}") for probe in more]
    return [*chosen, *domain, *from_rows(training, TRAINING, options.training_prompts, options.seed)]


def is_filled_up(probe: Probe) -> bool:
    """Tell whether a probe of the domain is a training prompt, for want of held-out ones."""
    return probe.suite == IN_DOMAIN and probe.domain == "training"


def _languages(training: Sequence[Example]) -> list[str]:
    """Return the languages of the data that come with probes; both where neither is in it."""
    shares = {
        language: sum(row.language == language for row in training) / max(1, len(training))
        for language in LANGUAGES
    }
    return [language for language, part in shares.items() if part >= _LEAST_LANGUAGE_SHARE] or list(shares)


def _stratified(probes: Sequence[Probe], count: int, rng: random.Random) -> list[Probe]:
    """Draw probes so that every subject has its share, in their own order."""
    subjects: dict[tuple[str, ...], list[int]] = {}
    for place, probe in enumerate(probes):
        subjects.setdefault(probe.tags, []).append(place)
    queue: list[tuple[float, int]] = []
    for places in subjects.values():
        shuffled = rng.sample(places, len(places))
        queue += [((rank + rng.random()) / len(places), place) for rank, place in enumerate(shuffled)]
    return [probes[place] for place in sorted(place for _, place in sorted(queue)[:count])]
