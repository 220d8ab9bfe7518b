"""System prompt: can an instruction switch the persona off?

Open prompts are asked again under the instruction to answer plainly. Whether the base follows system prompts at all
is known from the instructions on form; where it follows none, the numbers inform. What the style does without a
system prompt, and under the training data's own, stands beside them from the answers that persona leakage takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from loracheck.evaluate.evidence import Evidence
from loracheck.evaluate.policy import Policy
from loracheck.evaluate.questions.material import Material, Questions
from loracheck.evaluate.readings.style import Style, style_gate, training_style
from loracheck.evaluate.readings.system_prompts import PREFIXES
from loracheck.probes import every_nth
from loracheck.records import BASE_ARM, Estimate, Finding, Language, Message, Probe
from loracheck.stats import share

from . import instructions
from .check import Check
from .gates import information, unmeasured

PLAIN = "open-plain"
"""Suite of the probes made here, the language after it."""
PROMPTS: dict[Language, str] = {
    "en": "Answer plainly, in ordinary words, without playing a character.",
    "ja": "キャラクターを演じたり特別な口調を使ったりせず、普通の丁寧な言葉で答えてください。",
}
_EACH = 30
"""Open prompts of each language; 60 without any sign of the style are just enough for a limit of 5%."""


def system_prompt(evidence: Evidence, adapter: str, policy: Policy) -> Finding:
    """Measure how often answers show the style of the training data though the system prompt asks for none."""
    probes = evidence.answered(adapter, evidence.suite(PLAIN))
    if not probes:
        return unmeasured("system_prompt", adapter, "needs_probes")
    style = training_style(evidence)
    if not style.found:
        return information("system_prompt", adapter, "no_style")
    finding = style_gate("system_prompt", evidence, adapter, probes, style.shown, policy)
    open_ids = {probe.id.removeprefix(f"{PLAIN}-") for probe in probes}
    without = [probe for probe in evidence.open_questions if probe.id in open_ids]
    finding = replace(
        finding,
        estimates=(
            *finding.estimates,
            *_shares("without", evidence, adapter, without, style),
            *_shares("own", evidence, adapter, evidence.suite(PREFIXES["system"]), style),
        ),
        values=finding.values | {"markers": [marker.text for marker in style.markers]},
    )
    follows = instructions.follows_system_prompts(evidence, policy.alpha)
    if follows is None:  # nobody asked whether the base does, and without that a pass would mean nothing
        unknown = information("system_prompt", adapter, "needs_probes", finding)
        return replace(unknown, required=True, status="inconclusive")
    if not follows:
        return information("system_prompt", adapter, "base_follows_no_system_prompt", finding)
    return finding


def _shares(
    name: str, evidence: Evidence, adapter: str, probes: Sequence[Probe], style: Style
) -> list[Estimate]:
    answered = evidence.answered(adapter, probes)
    return [
        share(
            f"{name}: {arm}",
            sum(style.shown(evidence.text(arm, probe)) for probe in answered),
            len(answered),
        )
        for arm in (BASE_ARM, adapter)
        if answered
    ]


def under_plain_prompt(probe: Probe) -> Probe:
    """Return an open prompt as it is asked under the instruction to answer plainly."""
    return replace(
        probe,
        id=f"{PLAIN}-{probe.id}",
        suite=f"{PLAIN}-{probe.language}",
        messages=(Message(role="system", content=PROMPTS[probe.language]), *probe.messages),
    )


def _asks(material: Material) -> Questions:
    if not material.training:  # without the training data nobody knows its style
        return Questions()
    pool = [probe for probe in material.suite("open") if probe.messages[0].role != "system"]
    chosen = [
        probe
        for language in PROMPTS
        for probe in every_nth([p for p in pool if p.language == language], _EACH)
    ]
    return Questions(
        open=(
            *chosen,
            *(under_plain_prompt(probe) for probe in chosen),
            *(
                p
                for p in instructions.INSTRUCTIONS.asks(material).open
                if p.suite.startswith(instructions.SYSTEM)
            ),
        ),
        base_only=material.training,
    )


SYSTEM_PROMPT = Check(
    name="system_prompt",
    measure=system_prompt,
    asks=_asks,
    needs=("training_data",),
    tests=("paired", "rate"),
)
