"""Evidence of answers told word for word, for tests of what stands in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from loracheck.evaluate.evidence import Evidence
from loracheck.records import (
    BASE_ARM,
    ArmRecord,
    Completion,
    Language,
    Message,
    Probe,
)
from tests.evaluate.evidence_records import bare_context

Say = Callable[[int], str]
ADAPTER = "mine"


def asked(
    suite: str,
    count: int,
    *,
    language: Language = "ja",
    prompt: Say = lambda i: f"しつもん{i}？",
    reference: Say | None = None,
    system: str | None = None,
) -> list[Probe]:
    """Probes of one suite, numbered."""
    said = [Message(role="system", content=system)] if system else []
    return [
        Probe(
            id=f"{suite}-{i}",
            suite=suite,
            messages=(*said, Message(role="user", content=prompt(i))),
            language=language,
            domain={"in-domain": "in", "training": "training"}.get(suite, "out"),  # type: ignore[arg-type]
            reference=reference(i) if reference else None,
        )
        for i in range(count)
    ]


def told(groups: Sequence[tuple[list[Probe], Say, Say | None]]) -> Evidence:
    """Put groups of probes with what base and adapter say to them into records; None was not asked."""
    probes = [probe for group, _, _ in groups for probe in group]
    completions = {
        (arm, probe.id): Completion(probe_id=probe.id, arm=arm, text=say(i), finish_reason="stop", tokens=9)
        for group, base, tuned in groups
        for arm, say in ((BASE_ARM, base), (ADAPTER, tuned))
        if say is not None
        for i, probe in enumerate(group)
    }
    return Evidence(
        context=bare_context((ArmRecord(name=BASE_ARM, path=None), ArmRecord(name=ADAPTER, path="mine"))),
        probes=tuple(probes),
        completions=completions,
        choices={},
    )
