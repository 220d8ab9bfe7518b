"""The command line: one module a family of verbs; nothing heavy is imported before a verb runs."""

from __future__ import annotations

from loracheck.cli.app import cli, main

__all__ = ["cli", "main"]
