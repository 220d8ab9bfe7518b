"""What an evaluation run hands on to the stages after it: its probes, what every arm answered, and the verdict."""

from __future__ import annotations

PROBES, COMPLETIONS, CHOICES = "probes.jsonl", "completions.jsonl", "choices.jsonl"
LIKELIHOODS, CONTEXT, VERDICT = "likelihoods.jsonl", "context.json", "verdict.json"
