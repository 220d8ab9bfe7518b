"""Everything that is asked of one row by itself: the filters, personal data, the questions of the evaluation."""

from __future__ import annotations

from dataclasses import dataclass, field

from loracheck.curate.config import CurateConfig
from loracheck.curate.fields import fields_of
from loracheck.records import Example

from .decontaminate import Contaminated, Contamination
from .pii import personal_data, personal_metadata
from .rules import Found, Profile, first_reason


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCheck:
    """What one row showed: the first rule it breaks, what it shares with a test, kinds of personal data.

    `personal` stands in its messages, `beside` in its metadata.
    """

    found: Found | None = None
    contaminated: Contaminated | None = None
    personal: dict[str, int] = field(default_factory=dict)
    beside: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checker:
    """Check a row; picklable, so that several processes can."""

    profile: Profile
    contamination: Contamination | None
    config: CurateConfig

    def __call__(self, example: Example) -> RowCheck:
        """Return what the row shows; a row that breaks a rule is not looked at further."""
        found = first_reason(example, self.profile, self.config.filters)
        if found:
            return RowCheck(found=found)
        contaminated = self.contamination.find(fields_of(example)) if self.contamination else None
        if contaminated:
            return RowCheck(contaminated=contaminated)
        filters = self.config.filters
        return RowCheck(personal=personal_data(example, filters), beside=personal_metadata(example, filters))
