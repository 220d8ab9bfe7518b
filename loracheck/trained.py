"""What a train run hands on to the stages after it, beside its summary and its adapter (`adapters.files.ADAPTER`)."""

from __future__ import annotations

METRICS, READINGS = "metrics.jsonl", "readings.jsonl"
OTHERS, CHECKPOINTS, WATCH = "adapters", "checkpoints", "watch"
"""The folders of the adapters kept beside the wanted one, of the checkpoints while it runs, and of the watch."""
