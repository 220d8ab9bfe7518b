"""Which bundled probes chose an adapter, and are left out of its evaluation, as what chose it would flatter it.

The adapter's card names them, and nobody else knows. So its word is taken for as many as a watch of training asks: a
card that names more could leave out all that the adapter fails. Then all are asked, and its verdict stays open.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from loracheck.probes import bundled
from loracheck.records import ArmRecord
from loracheck.watch.probes import LANGUAGES, WatchOptions

_DRAWN = WatchOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What the cards of some adapters say.

    Attributes:
        left_out: Ids of the probes that are not asked.
        by: How many of them each adapter names.
        too_many: How many an adapter names that is not believed.
    """

    left_out: frozenset[str] = frozenset()
    by: Mapping[str, int] = field(default_factory=dict)
    too_many: Mapping[str, int] = field(default_factory=dict)

    def record(self, entry: ArmRecord) -> ArmRecord:
        """Add to what is known of an arm that its card names too many."""
        return replace(entry, watched_too_many=self.too_many.get(entry.name, 0))

    def remarks(self) -> Iterator[str]:
        """Say in a sentence for each adapter what is left out on its word."""
        for name, count in self.by.items():
            yield f"{name}: {count} bundled probes are left out, as they chose it by its card"
        for name, count in self.too_many.items():
            yield (
                f"{name}: its card names {count} bundled probes that chose it, more than a watch of training asks; all "
                "are asked, and its verdict stays open"
            )


def chosen(named: Mapping[str, Sequence[str]]) -> Chosen:
    """Decide what is left out, from the probes that each adapter's card names.

    What no watch asks is asked all the same: an id that is not bundled, or of another suite.
    """
    suites = {
        probe.id: probe.suite
        for kind in ("facts", "open")
        for language in LANGUAGES
        for probe in bundled([f"{kind}-{language}"])
    }
    known = {
        name: [probe for probe in dict.fromkeys(probes) if probe in suites] for name, probes in named.items()
    }
    too_many = {name: len(probes) for name, probes in known.items() if _too_many([suites[p] for p in probes])}
    believed = {name: probes for name, probes in known.items() if probes and name not in too_many}
    return Chosen(
        left_out=frozenset(probe for probes in believed.values() for probe in probes),
        by={name: len(probes) for name, probes in believed.items()},
        too_many=too_many,
    )


def _too_many(suites: Sequence[str]) -> bool:
    counts = Counter(suites)
    facts = [count for suite, count in counts.items() if suite.startswith("facts")]
    return max(facts, default=0) > _DRAWN.facts or counts.total() - sum(facts) > _DRAWN.open_prompts
