"""Progress on a terminal and in a pipe."""

from __future__ import annotations

import io
import os
import pty
import sys
from collections.abc import Callable

import pytest

from loracheck.progress import Progress


def on_terminal(monkeypatch: pytest.MonkeyPatch, work: Callable[[Progress], None]) -> str:
    """Work while standard error is a terminal; returns what that shows."""
    reader, writer = pty.openpty()
    monkeypatch.setenv("TERM", "xterm")
    with os.fdopen(writer, "w") as file, monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", file)
        work(Progress())
        file.flush()
        text = os.read(reader, 1 << 16).decode()
    os.close(reader)
    return text


def test_tracked_work_inside_tracked_work_has_one_display_and_what_is_said_stands_above(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def work(told: Progress) -> None:
        with told.track("training [red] tokens", 10) as advance:
            with told.track("watch, facts", 3) as inner:
                inner(3)
            told.say("a line that is said [bold]")
            advance(10, "loss [1.2]")
        with told.track("afterwards", 1) as advance:
            advance(1)

    text = on_terminal(monkeypatch, work)
    for words in (
        "training [red] tokens: loss [1.2]",
        "watch, facts",
        "a line that is said [bold]",
        "afterwards",
    ):
        assert words in text


def test_a_pipe_gets_a_line_every_ten_seconds_and_one_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    said = io.StringIO()
    monkeypatch.setattr(sys, "stderr", said)
    told = Progress()
    with told.track("answers", 100) as advance:
        for _ in range(100):
            now[0] += 0.25
            advance(1)
    assert said.getvalue().splitlines() == [
        "  answers: 40 of 100, about 15 s left",
        "  answers: 80 of 100, about 5 s left",
        "  answers: 100 of 100, 25 s",
    ]


def test_quiet_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    said = io.StringIO()
    monkeypatch.setattr(sys, "stderr", said)
    told = Progress(quiet=True)
    told.say("words")
    with told.track("answers", 1) as advance:
        advance(1)
    assert said.getvalue() == ""


def test_what_is_said_is_one_line_and_no_command(capsys: pytest.CaptureFixture[str]) -> None:
    Progress().say("::error::x\n::error::y\x1b[2J")
    said = capsys.readouterr().err
    assert said == "\\u003a:error::x\\u000a::error::y\\u001b[2J\n"
