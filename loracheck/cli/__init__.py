"""The command line: one module a family of verbs.

The body of a verb builds a configuration, calls a stage, prints, and sets the exit code. It imports what it calls
inside itself: help must cost next to nothing, so at module level nothing heavy is imported.
"""

from __future__ import annotations

from loracheck.cli.app import cli, main

__all__ = ["cli", "main"]
