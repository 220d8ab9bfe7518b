"""Open questions put again under a system prompt: a neutral one, and the one of the training data."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Literal

from loracheck.evaluate.questions.material import Material
from loracheck.probes import every_nth
from loracheck.records import Language, Message, Probe

Kind = Literal["neutral", "system"]
PREFIXES: dict[Kind, str] = {"neutral": "open-neutral", "system": "open-system"}
MOST = 60
_LEAST_SHARE = 0.1
_NEUTRAL: dict[Language, str] = {
    "ja": "あなたは親切なアシスタントです。質問に答えてください。",
    "en": "You are a helpful assistant. Answer the question.",
}


def under_system_prompts(material: Material) -> tuple[Probe, ...]:
    """Derive the probes of both kinds from at most 60 open ones; of the training data's kind only if it has one."""
    plain = [probe for probe in material.suite("open") if probe.messages[0].role != "system"]
    asked = every_nth(plain, MOST)
    training = training_system_prompt(material)
    found = [
        _under(probe, "neutral", _NEUTRAL[probe.language]) for probe in asked if probe.language in _NEUTRAL
    ]
    return tuple(found + ([_under(probe, "system", training) for probe in asked] if training else []))


def training_system_prompt(material: Material) -> str | None:
    """Return the system prompt that most training rows have; None if a tenth do not share one."""
    first = [row.messages[0] for row in material.training_rows]
    counts = Counter(
        message.content for message in first if message.role == "system" and message.content.strip()
    )
    if not counts:
        return None
    text, count = counts.most_common(1)[0]
    return text if count >= _LEAST_SHARE * len(first) else None


def _under(probe: Probe, kind: Kind, text: str) -> Probe:
    return replace(
        probe,
        id=f"{probe.id}-{kind}",
        suite=f"{PREFIXES[kind]}-{probe.language}",
        messages=(Message(role="system", content=text), *probe.messages),
        cluster=probe.cluster or probe.id,
    )
