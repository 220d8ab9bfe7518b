"""The records of a train run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskAudit:
    """What the audit of the loss mask found before training, in rows."""

    rows: int
    truncated: int
    prefix_mismatches: int
    untrained_stop: int
    nothing_to_learn: int
    double_bos: int
    control_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingStep:
    """A line of metrics.jsonl: the state after one optimiser step. `loss` is in nats per trained token."""

    step: int
    trained_tokens: int
    loss: float
    learning_rate: float
    gradient_norm: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSummary:
    """summary.json of a train run. Losses are in nats per trained token, memory in bytes."""

    base: str
    quantization: str
    rows: int
    epochs: float
    steps: int
    trained_tokens: int
    trainable_parameters: int
    adapter_bytes: int
    adapter_sha256: str
    loss_first: float | None
    loss_last: float | None
    heldout_rows: int
    heldout_loss_before: float | None
    heldout_loss_after: float | None
    audit: MaskAudit
    seconds: float
    peak_memory_bytes: int | None
