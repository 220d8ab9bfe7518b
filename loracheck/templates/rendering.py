"""Render chat templates in a process beside this one, which is ended where a template would not end by itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from loracheck.errors import DataError, EnvironmentFault, UsageError

SECONDS = 10
_HINT = "Pass another template with --chat-template."
_one_at_a_time = threading.Lock()


def render(source: str, variables: Mapping[str, Any]) -> str:
    """Return what a template writes.

    Raises:
        DataError: it refuses what it is given, or fails at it.
        UsageError: it does not end, or fills the memory.
        EnvironmentFault: no process could be started.
    """
    with _one_at_a_time:
        answer = _exchange(json.dumps([source, variables]).encode() + b"\n")
    if not answer.endswith(b"\n"):
        raise UsageError(
            f"the chat template does not end within {SECONDS} seconds, or fills the memory.",
            kind="template_fails",
            hint=_HINT,
        )
    told: dict[str, str] = json.loads(answer)
    if "error" in told:
        raise DataError(
            f"the chat template does not take these messages: {told['error']}",
            kind="template_fails",
            hint=_HINT,
        )
    return told["text"]


def _exchange(request: bytes) -> bytes:
    """Hand a request over, and return the answer: empty or cut where the process was ended."""
    process = _process()
    answer = b""
    try:
        assert process.stdin and process.stdout
        process.stdin.write(request)
        process.stdin.flush()
        answer = process.stdout.readline()
    except OSError:  # it has just been ended
        pass
    finally:
        if not answer.endswith(b"\n"):  # interrupted, as well: what it would answer still is another's
            _process.cache_clear()
            process.kill()
            process.communicate()
    return answer


@cache
def _process() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-P", str(Path(__file__).with_name("renderer.py")), str(SECONDS)]
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)
        started = process.stdout is not None and process.stdout.readline()
    except OSError:
        started = False
    if not started:
        raise EnvironmentFault(
            "the process that renders chat templates does not start.",
            kind="tool_failed",
            hint=f"Run it yourself to see all it says: {' '.join(command)}",
        )
    return process


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_process.cache_clear)
