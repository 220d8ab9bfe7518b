"""What replies say whatever is asked, as a help desk does: a greeting before the answer, an offer of help after it.

Two answers in the same frame are not alike for that, and no flood. Where rows are compared the frame is left aside.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from loracheck.curate.fields import Fields, folded
from loracheck.text import normalise, sentences

_LEARNT_ROWS = 8_000
_LEAST_ROWS = 5


@dataclass(frozen=True, slots=True)
class Frame:
    """The sentences of the frame, normalised."""

    sentences: frozenset[str] = frozenset()

    def folded(self, fields: Fields) -> Fields:
        """Return fields in their form for comparison, without the frame."""
        return self.off(fields, folded(fields))

    def off(self, fields: Fields, plain: Fields) -> Fields:
        """Take the frame off the form for comparison of some fields."""
        if not self.sentences:
            return plain
        said = [normalise(sentence) for sentence in sentences(fields.reply)]
        own = self.without(said)
        return plain if own is said else plain._replace(reply="".join(own))

    def without(self, said: list[str]) -> list[str]:
        """Return the normalised sentences of a reply that are its own; all of them where it is nothing but frame."""
        own = [sentence for sentence in said if sentence not in self.sentences]
        return own if own and len(own) < len(said) else said


def learnt_replies(rows: Sequence[Fields]) -> list[str]:
    """Return the replies that traits of a set are learnt from: at most 8,000, spread over it."""
    step = max(1, -(-len(rows) // _LEARNT_ROWS))
    return [rows[place].reply for place in range(0, len(rows), step)]


def learn_frame(replies: Sequence[str], share: float) -> Frame:
    """Find the sentences that a share of the replies has."""
    counts = Counter(one for reply in replies for one in {normalise(said) for said in sentences(reply)})
    least = max(_LEAST_ROWS, share * len(replies))
    return Frame(frozenset(sentence for sentence, count in counts.items() if count >= least))
