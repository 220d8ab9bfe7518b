"""What a training will take, from its base's shape and its encoded steps: parameters, memory, tokens, time.

Parameters and sizes are exact: base and adapter are built without memory and counted. Activations are counted by
playing the largest micro-batch through with shapes only (`rehearsal`); time follows from the operations counted
there and this machine's measured rates. No weight is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch

from loracheck.errors import UsageError
from loracheck.models.head import tile_rows
from loracheck.models.load import Base, training_device
from loracheck.models.memory import memory_bytes
from loracheck.records.training import MemoryParts, Plan
from loracheck.templates.chat import EncodedRow
from loracheck.train.batches.order import micro_batches
from loracheck.train.config import TrainConfig
from loracheck.train.usage import resident_bytes

from .adapted import AdapterSize, adapter_size
from .architecture import Architecture, architecture_of
from .machine import Rates, measure_rates
from .rehearsal import Rehearsal, rehearse

AT_IMPORT = resident_bytes()
"""Memory with torch, transformers and peft loaded, and no model yet."""
IMPORTED_LATER = 90_000_000
"""Bytes of what a training's process holds besides: further imports, the rows, what planning leaves in the heap."""
_HEAP_AT_LEAST, _HEAP_FACTOR, _HEAP_RECOMPUTED = 330_000_000, 1.4, 0.7
"""Memory that glibc's heap takes without any activations, for a byte of them, and for a byte which checkpointing does
not keep, but makes and frees again: small objects settle in the holes that freed tensors leave. Fitted to seven runs of
two models on the CPU, which it meets within 10%; GPUs have an allocator without holes."""
_LIKELY = 6
"""One token in so many is likely somewhere in a tile, so that its row of the head is gathered."""
_TOKENIZER_BYTES = 850
"""Of a tokenizer, for one entry of its vocabulary."""
_GUESSED_BYTES = 80
"""Activations of a layer for one token and one hidden unit, where they cannot be counted: 63 to 109 with LoRA."""
_EFFICIENCY = 0.9
"""Share of the measured rates that a run reaches: the rest goes into Python, cold caches and copies inside of torch.
Without it nine runs of two models on the CPU were foreseen from 22% too short to 3% too long."""
_LITTLE = 0.25
_LONG = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A micro-batch: its rows, the tokens of each with padding, and the positions with loss."""

    rows: int
    longest: int
    trained: int

    @property
    def tokens(self) -> int:
        """Return the tokens that pass through the model."""
        return self.rows * self.longest


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """All that a plan of memory follows from, counted once.

    Attributes:
        rehearsal: What the largest part takes; None where the architecture could not be played through.
        recomputed: Bytes that checkpointing does not keep; 0 without it.
    """

    architecture: Architecture
    config: TrainConfig
    size: AdapterSize
    largest: Part
    rehearsal: Rehearsal | None
    recomputed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A run foreseen step by step.

    Attributes:
        steps: The rows of every optimiser step.
        parts: The micro-batches of every step on the first device, which has the longest rows.
        rates: This machine's speed; None leaves the time open.
        processes: Devices that share a step.
    """

    forecast: Forecast
    steps: Sequence[Sequence[EncodedRow]]
    parts: Sequence[Sequence[Part]]
    rates: Rates | None
    max_batch_tokens: int
    processes: int

    def seconds(self, places: Sequence[int] | None = None) -> float | None:
        """Return the seconds of some steps, or of all and of the largest part that is tried before them."""
        if self.rates is None:
            return None
        tried = () if places is not None else (self.forecast.largest,)
        chosen = [self.parts[place] for place in (range(len(self.parts)) if places is None else places)]
        parts = [*tried, *(part for step in chosen for part in step)]
        update = update_seconds(self.forecast.size, self.rates)
        return sum(part_seconds(self.forecast, part, self.rates) for part in parts) + len(chosen) * update

    def plan(self, notes: Sequence[str] = ()) -> Plan:
        """Return the plan of the run."""
        rows = {id(row.ids): row for step in self.steps for row in step}  # a cut row keeps its ids
        lengths = [len(row.ids) for row in rows.values()]
        if max(lengths) > self.max_batch_tokens or max(lengths) > _LONG * sum(lengths) / len(lengths):
            notes = (*notes, "longest_row_dominates")
        return replace(
            describe(self.forecast, notes=notes),
            rows=len(rows),
            steps=len(self.steps),
            epochs=round(sum(len(step) for step in self.steps) / len(rows), 2),
            trained_tokens=sum(row.trained_tokens for step in self.steps for row in step),
            tokens=sum(part.tokens for step in self.parts for part in step) * self.processes,
            longest=max(lengths),
            seconds=self.seconds(),
        )


def plan_encoded(
    base: Base,
    config: TrainConfig,
    steps: Sequence[Sequence[EncodedRow]],
    *,
    max_batch_tokens: int,
    processes: int = 1,
) -> Plan | None:
    """Plan a training whose base is loaded and whose rows are encoded, as `train` does before its first step.

    It takes three to five seconds: one for this machine's rates, the others to play the largest part through.

    Args:
        base: The loaded base; only its configuration is looked at.
        config: Options.
        steps: The rows of every optimiser step, as `training_steps` returns them.
        max_batch_tokens: Tokens at once on a device.
        processes: Devices that share a step.

    Returns:
        The plan; None for a base that cannot be planned.
    """
    try:
        architecture = architecture_of(base.model.config, base.name, base.source)
        return foresee_steps(
            architecture, config, steps, max_batch_tokens=max_batch_tokens, processes=processes
        ).plan()
    except UsageError:
        return None


def foresee_steps(
    architecture: Architecture,
    config: TrainConfig,
    steps: Sequence[Sequence[EncodedRow]],
    *,
    max_batch_tokens: int,
    processes: int = 1,
    measure: bool = True,
) -> Course:
    """Foresee a run from its encoded steps.

    Args:
        architecture: The base's shape, of `read_architecture` or `architecture_of`.
        config: Options.
        steps: The rows of every optimiser step in order, epoch after epoch.
        max_batch_tokens: Tokens at once on a device.
        processes: Devices that share a step.
        measure: Measure this machine's speed for about a second; without it the time stays open.

    Raises:
        UsageError: the target modules reach nothing.
    """
    parts = [list(_parts(step, config, max_batch_tokens, processes)) for step in steps]
    largest = max((part for step in parts for part in step), key=lambda part: (part.tokens, part.rows))
    return Course(
        forecast=foresee_part(architecture, config, largest),
        steps=steps,
        parts=parts,
        rates=measure_rates(
            architecture, config, training_device(), rows=largest.rows, longest=largest.longest
        )
        if measure
        else None,
        max_batch_tokens=max_batch_tokens,
        processes=processes,
    )


def foresee_part(architecture: Architecture, config: TrainConfig, part: Part) -> Forecast:
    """Count the adapter, and play the largest part through.

    Raises:
        UsageError: the target modules reach nothing.
    """
    rehearsal = rehearse_part(architecture, config, part)
    recomputed = 0
    if rehearsal is not None and config.gradient_checkpointing and training_device().type != "cuda":
        whole = rehearse_part(architecture, replace(config, gradient_checkpointing=False), part)
        recomputed = max(0, whole.peak - rehearsal.peak) if whole is not None else 0
    return Forecast(
        architecture=architecture,
        config=config,
        size=adapter_size(architecture, config),
        largest=part,
        rehearsal=rehearsal,
        recomputed=recomputed,
    )


def rehearse_part(
    architecture: Architecture, config: TrainConfig, part: Part, *, layers: int | None = None
) -> Rehearsal | None:
    """Play a micro-batch through, with fewer layers if asked; None for an architecture that does not allow it.

    Raises:
        UsageError: the target modules reach nothing.
    """
    return rehearse(
        architecture,
        config,
        rows=part.rows,
        longest=part.longest,
        trained=part.trained,
        layers=layers,
        device="cuda" if training_device().type == "cuda" else "cpu",
    )


def describe(forecast: Forecast, *, notes: Sequence[str] = ()) -> Plan:
    """Put a forecast without data into words: sizes, memory and advice."""
    architecture, config = forecast.architecture, forecast.config
    memory = memory_parts(forecast)
    return Plan(
        base=architecture.base,
        model_type=architecture.model_type,
        quantization=config.quantization,
        parameters=architecture.parameters,
        quantized_parameters=sum(layer.weights for layer in architecture.quantized(config.quantization)),
        trainable_parameters=forecast.size.parameters,
        adapter_bytes=forecast.size.file_bytes,
        memory=memory,
        rows=None,
        steps=None,
        epochs=None,
        trained_tokens=None,
        tokens=None,
        longest=None,
        seconds=None,
        cost=None,
        probed=False,
        notes=(*notes, *_advice(forecast, memory)),
        reached=forecast.size.reached,
        memory_bytes=memory_bytes(training_device()),
    )


def memory_parts(forecast: Forecast) -> MemoryParts:
    """Return the bytes of every cause at the peak."""
    architecture, config, size = forecast.architecture, forecast.config, forecast.size
    device = training_device()
    on_cpu = device.type != "cuda"
    adapter = size.parameters * size.itemsize
    logits = _logit_bytes(forecast, device)
    rehearsal = forecast.rehearsal
    if rehearsal is None:
        text = architecture.config.get_text_config()
        activations = (
            _GUESSED_BYTES * architecture.hidden * int(text.num_hidden_layers) * forecast.largest.tokens
        )
    else:
        activations = rehearsal.peak if rehearsal.tiled else max(0, rehearsal.peak - logits)
    process = 0
    if on_cpu:
        activations = round(
            _HEAP_AT_LEAST + _HEAP_FACTOR * activations + _HEAP_RECOMPUTED * forecast.recomputed
        )
        process = AT_IMPORT + IMPORTED_LATER + _TOKENIZER_BYTES * architecture.vocabulary
    return MemoryParts(
        weights=architecture.weight_bytes(config.quantization),
        adapter=adapter,
        optimizer=3 * adapter,  # a gradient and AdamW's two moments
        activations=activations,
        logits=logits,
        process=process,
    )


def update_seconds(size: AdapterSize, rates: Rates) -> float:
    """Return the seconds of clipping and AdamW: seven passes over the adapter, and calls for every tensor of it.

    There are some twenty calls; on a GPU one call serves many tensors, and what is done for each costs about three.
    """
    calls = 3 if rates.ahead else 20
    return calls * size.tensors * rates.call + 7 * size.parameters * size.itemsize / rates.moved


def part_seconds(forecast: Forecast, part: Part, rates: Rates) -> float:
    """Return the seconds of one micro-batch, forward and backward."""
    architecture, config, rehearsal = forecast.architecture, forecast.config, forecast.rehearsal
    share = part.tokens / forecast.largest.tokens
    quantized = sum(layer.weights for layer in architecture.quantized(config.quantization))
    passes = 3 if config.gradient_checkpointing else 2
    unpacking = passes * quantized / rates.unpacking if rates.unpacking else 0.0
    head = part.trained * architecture.vocabulary * rates.head
    if rehearsal is None:
        linear = sum(layer.weights for layer in architecture.linears if not layer.head)
        speed = rates.products[str(architecture.dtype).removeprefix("torch.")]
        return (2.0 * passes * linear * part.tokens / speed + head + unpacking) / _EFFICIENCY
    computed = sum(flops / rates.products[kind] for kind, flops in rehearsal.products.items())
    computed += rehearsal.attention / rates.attention + rehearsal.curved / rates.curved
    work = share * (computed + rehearsal.moved / rates.moved) + unpacking + (head if rehearsal.tiled else 0.0)
    calls = rehearsal.operations * rates.call
    return (max(work, calls) if rates.ahead else work + calls) / _EFFICIENCY


def _parts(
    step: Sequence[EncodedRow], config: TrainConfig, max_batch_tokens: int, processes: int
) -> Iterator[Part]:
    """Divide a step as the engine does on the first device, which has the longest rows."""
    mine = sorted(step, key=lambda row: -len(row.ids))[::processes]
    for rows in micro_batches(mine, max_batch_tokens, packing=config.packing):
        lengths = [len(row.ids) for row in rows]
        yield Part(
            rows=1 if config.packing else len(rows),
            longest=sum(lengths) if config.packing else max(lengths),
            trained=sum(row.trained_tokens for row in rows),
        )


def _logit_bytes(forecast: Forecast, device: torch.device) -> int:
    """Return the bytes of logits and what is made of them: a tile of them, or all of the largest part's."""
    architecture, rehearsal = forecast.architecture, forecast.rehearsal
    entry = architecture.dtype.itemsize + 4
    if rehearsal is not None and not rehearsal.tiled:
        return min(rehearsal.peak, forecast.largest.tokens * architecture.vocabulary * (entry + 4))
    softcap = getattr(architecture.config.get_text_config(), "final_logit_softcapping", None)
    likely = architecture.vocabulary // _LIKELY if device.type == "cpu" and entry == 6 else 0
    gathered = likely * (architecture.hidden * 2 + tile_rows(device) * 4)
    return tile_rows(device) * architecture.vocabulary * (entry + (8 if softcap else 0)) + gathered


def _advice(forecast: Forecast, memory: MemoryParts) -> Iterator[str]:
    architecture, quantization = forecast.architecture, forecast.config.quantization
    if quantization != "none":
        saved = architecture.weight_bytes("none") - memory.weights
        if saved < _LITTLE * memory.peak:
            yield "quantization_saves_little"
    room = memory_bytes(training_device())
    if room is not None and memory.peak > room:
        yield "exceeds_memory"
    if forecast.size.outside:
        yield "adapts_outside_language_model"
    if architecture.dtype == torch.float32:
        yield "weights_in_float32" if architecture.stored == torch.float32 else "computes_in_float32"
    if forecast.rehearsal is None:
        yield "activations_guessed"
    elif not forecast.rehearsal.tiled:
        yield "stock_loss"
