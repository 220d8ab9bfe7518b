"""What went wrong, in Japanese, by the English of the raises: each family of errors has a module of its own."""

from __future__ import annotations

from loracheck.cli.japanese.messages_command import COMMAND
from loracheck.cli.japanese.messages_data import DATA
from loracheck.cli.japanese.messages_inspection import INSPECTION
from loracheck.cli.japanese.messages_models import MODELS
from loracheck.cli.japanese.messages_runs import RUNS
from loracheck.cli.japanese.messages_servers import SERVERS
from loracheck.cli.japanese.messages_system import SYSTEM

OWN: dict[str, str] = INSPECTION | COMMAND | DATA | RUNS | MODELS | SERVERS
"""Whole messages, and what stands behind a place ("file, line 3: ...")."""
MESSAGES: dict[str, str] = OWN | SYSTEM
