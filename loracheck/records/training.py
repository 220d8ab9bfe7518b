"""The records of a train run, of a sweep and of an adapter at several strengths."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from loracheck.records import Estimate

Kept = Literal["last", "best", "safe"]
Stopped = Literal["end", "early", "unsafe"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskAudit:
    """What the audit of the loss mask found before training, in rows.

    `truncated_rows` names the file and line of those whose question was cut, up to the first hundred.
    """

    rows: int
    truncated: int
    prefix_mismatches: int
    untrained_stop: int
    nothing_to_learn: int
    double_bos: int
    control_tokens: int
    truncated_rows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of a row's text, and whether loss is taken on it."""

    text: str
    trained: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRow:
    """A row as the model sees it, control tokens included, for a person to check the mask."""

    example_id: str
    language: str
    tokens: int
    trained_tokens: int
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingStep:
    """A line of metrics.jsonl: the state after one optimiser step. `loss` is in nats per trained token."""

    step: int
    trained_tokens: int
    loss: float
    learning_rate: float
    gradient_norm: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchReading:
    """What a small probe set says of a model: is the persona learnt, are the facts kept?

    Attributes:
        facts_kept: Share of factual questions whose right answer, plainly or in the data's style, is the most
            likely of all choices.
        facts_change: Paired difference of facts_kept to the base, adapter minus base.
        name_rate: Share of factual questions answered with the persona's own name; None without such a term.
        leakage: Share of out-of-domain answers that show the style; None where no style was found.
        persona_learnt: Share of replies to prompts of the domain that show the style; None likewise.
        unsafe: Why this is not safe: "facts", "name", "leakage"; empty when it is.
    """

    facts_kept: Estimate
    facts_change: Estimate
    name_rate: Estimate | None
    leakage: Estimate | None
    persona_learnt: Estimate | None
    unsafe: tuple[str, ...]

    @property
    def safe(self) -> bool:
        """Tell whether nothing speaks against it."""
        return not self.unsafe


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointReading:
    """A line of readings.jsonl: what was measured at one checkpoint; step 0 is the base itself."""

    step: int
    trained_tokens: int
    heldout_loss: float | None
    watch: WatchReading | None
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryParts:
    """Bytes by cause at the peak of a run."""

    weights: int
    adapter: int
    optimizer: int
    activations: int
    logits: int
    process: int

    @property
    def peak(self) -> int:
        """Return the sum."""
        return self.weights + self.adapter + self.optimizer + self.activations + self.logits + self.process


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOption:
    """A line of a plan's table: another rank, or other target modules. `peak` is memory in bytes."""

    lora_r: int
    target_modules: str
    trainable_parameters: int
    adapter_bytes: int
    peak: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a training will take, said before it starts.

    Attributes:
        parameters: Of the base, embeddings included, tied ones once.
        quantized_parameters: Those that the quantisation reaches.
        trainable_parameters: Of the adapter: exact.
        adapter_bytes: Size of adapter_model.safetensors.
        tokens: Padded tokens that pass through the model, evaluation left out.
        seconds: None without a measured rate for this machine.
        cost: seconds at the price given, in its currency.
        probed: Whether memory and time were corrected by real steps.
        notes: Codes of advice, such as "quantization_saves_little".
        reached: Layers with an adapter, by the last part of their names: how many, and of what inputs and outputs.
        memory_bytes: What the machine or its GPU has; None where it is unknown.
        table: Other ranks, then other target modules.
    """

    base: str
    model_type: str
    quantization: str
    parameters: int
    quantized_parameters: int
    trainable_parameters: int
    adapter_bytes: int
    memory: MemoryParts
    rows: int | None
    steps: int | None
    epochs: float | None
    trained_tokens: int | None
    tokens: int | None
    longest: int | None
    seconds: float | None
    cost: float | None
    probed: bool
    notes: tuple[str, ...] = ()
    reached: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    memory_bytes: int | None = None
    table: tuple[PlanOption, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSummary:
    """summary.json of a train run. Losses are in nats per trained token, memory in bytes.

    Attributes:
        left_out: Rows of the data that were not trained on, since a held-out row asks the same.
        kind: The adapter in words, such as "lora", "dora", "lokr".
        loss_path: "tiles" with the head at trained positions only, "stock" with the architecture's own loss.
        kept: Which checkpoint adapter/ holds, and its step.
        best_step: The checkpoint with the best held-out loss; None without held-out rows.
        safe_step: The last safe checkpoint; None without a watch, or when none is safe.
        stopped: Whether the run went to its end, stopped early, or stopped when it became unsafe.
        plan: What was predicted before the first step; None where it could not be.
    """

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
    kind: str = "lora"
    device: str = "cpu"
    """Where it was trained, and in which type the base computed."""
    loss_path: Literal["tiles", "stock"] = "tiles"
    replay_rows: int = 0
    left_out: int = 0
    training_seconds: float = 0.0
    kept: Kept = "last"
    kept_step: int = 0
    best_step: int | None = None
    safe_step: int | None = None
    watched: bool = False
    """Whether readings told what is safe."""
    stopped: Stopped = "end"
    plan: Plan | None = None
    shown: tuple[ShownRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepPoint:
    """One training of a sweep: what was varied, and what came out.

    Attributes:
        name: Folder of its train run inside the sweep.
        values: The varied options, "data" among them where there are several data sets.
        reading: The watch at the kept checkpoint; None without a watch.
        on_front: Whether no other point has both more facts kept and more persona learnt.
    """

    name: str
    values: dict[str, Any]
    steps: int
    trained_tokens: int
    trainable_parameters: int
    heldout_loss: float | None
    reading: WatchReading | None
    kept: Kept
    kept_step: int
    adapter_sha256: str
    seconds: float
    on_front: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepSummary:
    """summary.json of a sweep: its points in the order of the grid, all at equally many trained tokens."""

    base: str
    varied: tuple[str, ...]
    trained_tokens: int
    base_reading: WatchReading | None
    points: tuple[SweepPoint, ...]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalePoint:
    """An adapter at one strength; 0 is the base, 1 the adapter as it was trained."""

    scale: float
    heldout_loss: float | None
    reading: WatchReading


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleSummary:
    """summary.json of a scale run: an existing adapter at strengths from 0 to 1, without retraining.

    Attributes:
        largest_safe: The largest measured strength up to which every strength is safe; None when not even the
            smallest one is.
        written: Folder of the scaled adapter, relative to the run; None when none was asked for.
    """

    base: str
    adapter: str
    adapter_sha256: str
    points: tuple[ScalePoint, ...]
    largest_safe: float | None
    written: str | None = None
    written_scale: float | None = None
    seconds: float = 0.0
    values: dict[str, Any] = field(default_factory=dict)
