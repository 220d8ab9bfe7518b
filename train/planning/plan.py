"""`loracheck plan`: what a training will take, from a base's name, options and data files, before anything is loaded.

Nothing is written and no weight is read. Of a base on the hub the configuration alone is fetched, so its rows are
counted in tokens where the tokenizer is already here, and guessed from characters otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from transformers import AutoTokenizer, PreTrainedTokenizerBase

from loracheck.models.fingerprint import file_at_hand
from loracheck.models.load import training_device
from loracheck.progress import Progress
from loracheck.records import Example
from loracheck.records.training import Plan, PlanOption
from loracheck.templates.chat import IGNORED, EncodedRow, check_template_file, choose_template
from loracheck.text.tokens import guessed_tokens
from loracheck.train.batches.encode import encode_soundly
from loracheck.train.batches.order import Step, training_steps
from loracheck.train.config import TrainConfig
from loracheck.train.inputs import TrainInputs, default_batch_tokens, load_rows

from .adapted import adapter_size
from .architecture import Architecture, read_architecture
from .forecast import Forecast, describe, foresee_steps, memory_parts, rehearse_part
from .probe import probed

RANKS = (4, 8, 16, 32, 64, 128)
TARGETS = ("q_proj", "q_proj,v_proj", "q_proj,k_proj,v_proj,o_proj", "all-linear")
"""The sets that the LoRA paper compares (arXiv 2106.09685, table 5), and QLoRA's."""
_TEMPLATE = 8
"""Tokens that a chat template adds to a prompt."""
_TOKENIZER_FILES = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "tekken.json")
_FEW, _MORE = 2, 4
"""Layers that a line of the table is reckoned from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """What is wanted of a plan besides the figures of the run itself."""

    price_per_hour: float | None = None
    table: bool = False
    probe: bool = False


def plan(
    data: Path | None, config: TrainConfig, inputs: TrainInputs, options: PlanOptions, *, progress: Progress
) -> Plan:
    """Plan a training.

    Args:
        data: A curate run or a file; None plans for one full micro-batch, and leaves tokens and time open.
        config: Options of the training.
        inputs: The base, and further files, as `train` takes them.
        options: Price, table, probe.
        progress: Where to report.

    Raises:
        LoracheckError: bad data, a base that cannot be planned, target modules that reach nothing; with a probe
            also a base that cannot be loaded, and too little memory.
    """
    check_template_file(inputs.chat_template)
    architecture = read_architecture(inputs.base, progress.say)
    limit = config.max_batch_tokens or default_batch_tokens(training_device())
    notes: tuple[str, ...] = ()
    if data is None:
        step = _full_step(config, limit)
        course = foresee_steps(architecture, config, [step], max_batch_tokens=limit, measure=False)
        found = describe(course.forecast)
    else:
        steps, notes = _steps(data, architecture, config, inputs)
        course = foresee_steps(architecture, config, steps, max_batch_tokens=limit)
        found = course.plan(notes)
    if options.probe:
        found = probed(found, course, progress.say)
    if options.price_per_hour is not None and found.seconds is not None:
        found = replace(found, cost=found.seconds / 3600 * options.price_per_hour)
    return replace(found, table=tuple(_table(course.forecast))) if options.table else found


def _steps(
    data: Path, architecture: Architecture, config: TrainConfig, inputs: TrainInputs
) -> tuple[list[Step], tuple[str, ...]]:
    """Return the steps of the run, and a note where their lengths are guesses."""
    found = load_rows(data, inputs.heldout, inputs.replay)
    examples, replay = found.examples, found.replay
    tokenizer = _tokenizer_at_hand(architecture.source)
    everything = [*examples, *replay]
    if tokenizer is None:
        rows = [_guessed(example, config.max_length) for example in everything]
    else:
        template = choose_template(tokenizer, [], inputs.chat_template)
        rows, _ = encode_soundly(template, everything, config)
    steps = training_steps(
        rows[: len(examples)],
        rows[len(examples) :],
        replay_share=config.replay_share,
        batch_size=config.train_batch_size,
        epochs=config.num_train_epochs,
        max_trained_tokens=config.max_trained_tokens,
        seed=config.seed,
    )
    return steps, ("tokens_guessed",) if tokenizer is None else ()


def _tokenizer_at_hand(source: str) -> PreTrainedTokenizerBase | None:
    """Return the tokenizer where its files lie in the folder or in the hub's cache; nothing is fetched."""
    if not any(file_at_hand(source, name) for name in _TOKENIZER_FILES):
        return None  # transformers would make an empty one of the configuration
    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
            source, local_files_only=True, trust_remote_code=False
        )
    except (OSError, ValueError, KeyError, ImportError):
        return None
    return tokenizer


def _guessed(example: Example, max_length: int) -> EncodedRow:
    """Return a row of about the right length, of no particular tokens."""
    *prompt, reply = (
        guessed_tokens(len(message.content), example.language) + 1 for message in example.messages
    )
    asked = max(1, min(sum(prompt) + _TEMPLATE, max_length - reply - 1))
    labels = (IGNORED,) * asked + (0,) * (reply + 1)
    return EncodedRow(ids=(0,) * len(labels), labels=labels, prompt_is_prefix=True)


def _full_step(config: TrainConfig, limit: int) -> Step:
    """Return the step of a run of which no rows are known: rows of the greatest length, as many as fit at once."""
    longest = min(config.max_length, limit)
    row = EncodedRow(ids=(0,) * longest, labels=(0,) * longest, prompt_is_prefix=True)
    return [row] * max(1, min(config.train_batch_size, limit // longest))


def _table(forecast: Forecast) -> Iterator[PlanOption]:
    """Yield other ranks with the same targets, then other targets with the same rank."""
    kinds = set(forecast.architecture.layer_kinds())
    ranks = [replace(forecast.config, lora_r=rank) for rank in RANKS]
    targets = [
        replace(forecast.config, target_modules=names)
        for names in TARGETS
        if names == "all-linear" or set(names.split(",")) <= kinds
    ]
    own = _reckoned(forecast, forecast.config)
    for config in (*ranks, *targets):
        size = adapter_size(forecast.architecture, config)
        yield PlanOption(
            lora_r=config.lora_r,
            target_modules=config.target_modules,
            trainable_parameters=size.parameters,
            adapter_bytes=size.file_bytes,
            peak=_peak(replace(forecast, config=config, size=size), own),
        )


def _peak(option: Forecast, own: int | None) -> int | None:
    """Return the peak of another option: the run's own, and the difference that a few layers show."""
    other = _reckoned(option, option.config)
    if option.rehearsal is None or own is None or other is None:
        return None
    rehearsal = replace(option.rehearsal, peak=max(0, option.rehearsal.peak + other - own))
    return memory_parts(replace(option, rehearsal=rehearsal)).peak


def _reckoned(forecast: Forecast, config: TrainConfig) -> int | None:
    """Return the bytes of the largest part, reckoned from a few layers; None where that is not possible."""
    layers = int(forecast.architecture.config.get_text_config().num_hidden_layers)
    few, more = min(_FEW, layers), min(_MORE, layers)
    peaks = []
    for count in dict.fromkeys((few, more)):
        found = rehearse_part(forecast.architecture, config, forecast.largest, layers=count)
        if found is None:
            return None
        peaks.append(found.peak)
    return round(peaks[-1] + (peaks[-1] - peaks[0]) / max(1, more - few) * (layers - more))
