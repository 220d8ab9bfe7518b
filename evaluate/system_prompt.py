"""System prompt: can an instruction switch the persona off?

The open prompts are asked again under the instruction to answer plainly, and some of them under the system prompt
that the training data uses most, if its rows have one. Whether the base follows system prompts at all is known from
the instructions on form; where it follows none, the numbers inform.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from loracheck.markers import shows
from loracheck.probes import every_nth
from loracheck.records import BASE_ARM, Estimate, Example, Finding, Language, Message, Probe
from loracheck.stats import share

from . import instructions
from .check import Check
from .evidence import Evidence
from .gates import information, rate_gate, unmeasured
from .material import Material, Questions
from .policy import Policy

PLAIN, OWN = "plain", "own-prompt"
"""Suites of the probes made here, the language after them."""
PROMPTS: dict[Language, str] = {
    "en": "Answer plainly, in ordinary words, without playing a character.",
    "ja": "キャラクターを演じたり特別な口調を使ったりせず、普通の丁寧な言葉で答えてください。",
}
_PLAIN_EACH, _OWN_EACH = 30, 10
"""Open prompts of each language; 60 without any sign of the style are just enough for a limit of 5%."""


def system_prompt(evidence: Evidence, adapter: str, policy: Policy) -> Finding:
    """Measure how often answers show the style of the training data though the system prompt asks for none."""
    probes = evidence.answered(adapter, evidence.suite(PLAIN))
    if not probes:
        return unmeasured("system_prompt", adapter, "needs_probes")
    if not evidence.markers:
        return information("system_prompt", adapter, "no_style")
    finding = rate_gate(
        "system_prompt",
        adapter,
        base=[shows(evidence.markers, evidence.text(BASE_ARM, probe)) for probe in probes],
        tuned=[shows(evidence.markers, evidence.text(adapter, probe)) for probe in probes],
        probe_ids=[probe.id for probe in probes],
        limit=policy.persona.max_out_of_domain,
        alpha=policy.alpha,
    )
    open_ids = {probe.id.removeprefix(f"{PLAIN}-") for probe in probes}
    without = [probe for probe in evidence.suite("open") if probe.id in open_ids]
    finding = replace(
        finding,
        estimates=(
            *finding.estimates,
            *_shares("without", evidence, adapter, without),
            *_shares("own", evidence, adapter, evidence.suite(OWN)),
        ),
        values=finding.values | {"markers": [marker.text for marker in evidence.markers]},
    )
    follows = instructions.follows_system_prompts(evidence, policy.alpha)
    if not follows:
        reason = "needs_probes" if follows is None else "base_follows_no_system_prompt"
        return information("system_prompt", adapter, reason, finding)
    return finding


def _shares(name: str, evidence: Evidence, adapter: str, probes: Sequence[Probe]) -> list[Estimate]:
    answered = evidence.answered(adapter, probes)
    return [
        share(
            f"{name}: {arm}",
            sum(shows(evidence.markers, evidence.text(arm, probe)) for probe in answered),
            len(answered),
        )
        for arm in (BASE_ARM, adapter)
        if answered
    ]


def own_prompt(rows: Sequence[Example]) -> str:
    """Return the system prompt that most training rows have; empty where none has one."""
    found = Counter(row.messages[0].content for row in rows if row.messages[0].role == "system")
    return max(found, key=lambda prompt: (found[prompt], prompt), default="")


def under(suite: str, system: str, probe: Probe) -> Probe:
    """Return an open prompt as it is asked under a system prompt."""
    return replace(
        probe,
        id=f"{suite}-{probe.id}",
        suite=f"{suite}-{probe.language}",
        messages=(Message(role="system", content=system), *probe.messages),
    )


def _asks(material: Material) -> Questions:
    if not material.training:  # without the training data nobody knows its style
        return Questions()
    pool = material.suite("open")
    by_language = {language: [p for p in pool if p.language == language] for language in PROMPTS}
    own = own_prompt(material.training_rows)
    return Questions(
        open=(
            *pool,
            *(
                under(PLAIN, PROMPTS[language], probe)
                for language, mine in by_language.items()
                for probe in every_nth(mine, _PLAIN_EACH)
            ),
            *(
                under(OWN, own, probe)
                for mine in by_language.values()
                for probe in every_nth(mine, _OWN_EACH)
                if own
            ),
            *instructions.INSTRUCTIONS.asks(material).open,
        ),
        base_only=material.training,
    )


SYSTEM_PROMPT = Check(
    name="system_prompt",
    measure=system_prompt,
    asks=_asks,
    needs=("training_data",),
    interval="exact binomial test of the rate; Clopper-Pearson interval",
    cost="60 answers of 64 tokens (3.8k), 20 more under the training data's own system prompt; open answers and "
    "instructions that other checks take as well",
    false_alarms="a base that speaks like the training data already",
)
