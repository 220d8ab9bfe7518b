from __future__ import annotations

import pytest

from loracheck.curate.config import CurateConfig
from loracheck.curate.ledger import Ledger, length_bin
from loracheck.errors import DataError


def ledger(languages: list[str], config: CurateConfig | None = None) -> Ledger:
    return Ledger({"language": languages, "source": ["a.jsonl"] * len(languages)}, config or CurateConfig())


def test_a_row_ends_once_and_every_row_ends() -> None:
    book = ledger(["ja", "ja"])
    book.decide(0, "kept", "selection", "passed")
    assert book.left.tolist() == [1]
    with pytest.raises(ValueError, match="two ends"):
        book.decide(0, "dropped", "filters", "echo")
    with pytest.raises(ValueError, match="1 rows have no end"):
        book.close()
    book.decide(1, "dropped", "filters", "echo", {"similarity": 1.0}, related=0)
    assert [entry.outcome for entry in book.close()] == ["kept", "dropped"]


def test_one_rule_that_takes_a_language_away_stops_the_run() -> None:
    book = ledger(["en"] * 60 + ["ja"] * 40)
    for place in range(60, 73):
        book.decide(place, "dropped", "dedupe", "near_duplicate")
    with pytest.raises(
        DataError, match=r"near_duplicate .* 13 of 40 rows \(32%\) with language ja"
    ) as caught:
        book.check_losses()
    assert "--allow-loss near_duplicate=0.38" in str(caught.value)
    assert "Rows that it removes:\n  row 60\n  row 64\n  row 68\n  row 72\n" in str(caught.value)


@pytest.mark.parametrize(
    ("reason", "config", "rows"),
    [
        ("near_duplicate", CurateConfig(), 12),
        ("near_duplicate", CurateConfig(allow_loss={"near_duplicate": 0.5}), 20),
        ("near_duplicate", CurateConfig(max_loss=1.0), 40),
        ("exact_duplicate", CurateConfig(), 39),
    ],
)
def test_the_alarm_is_silent_below_the_limit_and_where_it_was_allowed(
    reason: str, config: CurateConfig, rows: int
) -> None:
    book = ledger(["en"] * 60 + ["ja"] * 40, config)
    for place in range(60, 60 + rows):
        book.decide(place, "dropped", "dedupe", reason)
    book.check_losses()


def test_a_handful_of_rows_is_no_stratum() -> None:
    book = ledger(["en"] * 60 + ["ja"] * 10)
    for place in range(60, 70):
        book.decide(place, "dropped", "filters", "wrong_language")
    book.check_losses()


def test_rows_that_were_kept_or_held_out_are_no_loss() -> None:
    book = ledger(["ja"] * 40)
    for place in range(40):
        book.decide(place, "heldout" if place % 2 else "kept", "split", "held_out")
    book.check_losses()


@pytest.mark.parametrize(
    ("characters", "name"), [(0, "under 32"), (31, "under 32"), (32, "32 to 127"), (5000, "2,048 and more")]
)
def test_lengths_fall_into_bins(characters: int, name: str) -> None:
    assert length_bin(characters) == name
