"""Options of the curate stage."""

from __future__ import annotations

from dataclasses import dataclass

from loracheck.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class CurateConfig:
    """What may stay. Lengths are in characters, shares from 0 to 1.

    Attributes:
        languages: Languages a reply may have; empty takes the language of most prompts.
        near_duplicate: Similarity (normalised edit similarity) from which two rows with alike questions and
            alike replies count as one.
        flood_share: Share of the rows in which a phrase must stand to count as a phrase that floods the set.
        flood_cover: Mean share of such replies that common phrases must cover for the phrase to be a flood.
        flood_keep: Share of the rows that may belong to the flood.
        max_ifd: Instruction-following difficulty (arXiv 2308.12032) from which the reply ignores its question.
        target_rows: Rows to select; None keeps every row that passed.
        heldout_share: Share of the passing rows that is held out.
    """

    languages: tuple[str, ...] = ()
    min_reply_characters: int = 2
    max_reply_characters: int = 8000
    echo_similarity: float = 0.9
    near_duplicate: float = 0.8
    flood_share: float = 0.04
    flood_cover: float = 0.5
    flood_keep: float = 0.02
    max_ifd: float = 1.0
    target_rows: int | None = None
    heldout_share: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        for name in (
            "echo_similarity",
            "near_duplicate",
            "flood_share",
            "flood_cover",
            "flood_keep",
            "heldout_share",
        ):
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(
                    f"--{name.replace('_', '-')} is a share from 0 to 1, not {getattr(self, name)}."
                )
        if self.target_rows is not None and self.target_rows < 1:
            raise UsageError(f"--target-rows must be at least 1, not {self.target_rows}.")
        if self.max_ifd <= 0:
            raise UsageError(f"--max-ifd must be above 0, not {self.max_ifd}.")
