"""Eval runs that asked the same; others are refused by name of what differs."""

from __future__ import annotations

from collections.abc import Sequence

from loracheck import jsonl
from loracheck.errors import RunError
from loracheck.evaluate.asked import Asked

SHOWN = 5


def refuse_mismatch(runs: Sequence[Asked]) -> None:
    """Refuse runs that did not ask the same probes of the same base under the same template.

    Raises:
        RunError: names the runs and everything that differs.
    """
    first = runs[0]
    for other in runs[1:]:
        a, b = first.evidence.context, other.evidence.context
        differ = []
        parts = [p for p in a.fingerprint if _differs(a.fingerprint.get(p), b.fingerprint.get(p))]
        if parts or (not a.fingerprint and a.base != b.base):
            differ.append(f"the base ({', '.join(parts) or 'name'})")
        if a.template_sha256 != b.template_sha256:
            differ.append("the chat template")
        if a.quantization != b.quantization:
            differ.append(f"how the base is held ({a.quantization}, {b.quantization})")
        if a.max_new_tokens != b.max_new_tokens:
            differ.append(f"the limit of tokens ({a.max_new_tokens}, {b.max_new_tokens})")
        if _differs(a.max_new_tokens_domain, b.max_new_tokens_domain):
            differ.append(
                f"the limit of tokens in the domain ({a.max_new_tokens_domain}, {b.max_new_tokens_domain})"
            )
        differ += _other_probes(first, other)
        if differ:
            raise RunError(
                f"{other.path} did not ask what {first.path} did; what differs: {'; '.join(differ)}.",
                kind="runs_differ",
                hint="Evaluate every adapter with the same --base, suites, --data and --in-domain.",
            )


def _differs(one: object, other: object) -> bool:
    return one is not None and other is not None and one != other  # a part that is not known does not count


def _other_probes(first: Asked, other: Asked) -> list[str]:
    a, b = (
        {p.id: jsonl.encode(p) for p in run.evidence.probes if p.domain != "training"}
        for run in (first, other)
    )
    found = {
        "only in the first": [probe for probe in a if probe not in b],
        "only in the second": [probe for probe in b if probe not in a],
        "with other content": [probe for probe in a if probe in b and a[probe] != b[probe]],
    }
    return [
        f"{len(ids)} probes {what} ({', '.join(ids[:SHOWN])}{', ...' if len(ids) > SHOWN else ''})"
        for what, ids in found.items()
        if ids
    ]
