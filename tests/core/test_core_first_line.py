"""What other libraries raise is told in one line, also where they raise without a word."""

from __future__ import annotations

import pytest

from loracheck.errors import first_line


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (NotImplementedError(), "NotImplementedError"),
        (ValueError("\n  \n"), "ValueError"),
        (ValueError("\n  size mismatch\nin layer 3"), "size mismatch"),
        (KeyError("q_proj"), "'q_proj'"),
    ],
)
def test_an_error_is_told_by_its_first_line_or_by_its_type(error: Exception, told: str) -> None:
    assert first_line(error) == told
