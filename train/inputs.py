"""What a run reads: its data as examples, encoded and audited, and the order of its steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from loracheck.curated import given_rows
from loracheck.errors import DataError, UsageError
from loracheck.loading.examples import load_examples, without_held_out
from loracheck.records import Example
from loracheck.records.training import MaskAudit, ShownRow
from loracheck.runs import is_run
from loracheck.templates.chat import ChatTemplate, EncodedRow

from .batches.encode import encode_rows, encode_soundly, shown_rows
from .batches.order import Step, training_steps
from .config import TrainConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainInputs:
    """What a run reads besides its data.

    Attributes:
        base: Hugging Face id, model folder or GGUF file.
        heldout: Rows that measure the loss; None takes those of a curate run. Rows that ask their questions are not
            trained on.
        replay: Rows to mix in against forgetting.
        chat_template: Jinja file that replaces the base's own template.
        base_answers: A watch's folder of another run on the same base and data, whose answers by the base serve
            this run, too.
    """

    base: str
    heldout: Path | None = None
    replay: Path | None = None
    chat_template: Path | None = None
    base_answers: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows to train on, those mixed in, and those held out.

    `left_out` counts the rows to train on that are not, as they ask what a held-out one asks.
    """

    examples: Sequence[Example]
    replay: Sequence[Example]
    heldout: Sequence[Example]
    left_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunData(Rows):
    """The examples of a run, and the files they and the template come from."""

    train_file: Path
    files: tuple[Path, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedData:
    """The data of a run as token ids, audited, in the order of its steps.

    `tokens_after` counts the trained tokens of the run up to the end of each step.
    """

    rows: Sequence[EncodedRow]
    heldout_rows: Sequence[EncodedRow]
    replay_rows: int
    left_out: int
    audit: MaskAudit
    shown: tuple[ShownRow, ...]
    steps: Sequence[Step]
    tokens_after: Sequence[int]


def data_files(data: Path, heldout: Path | None) -> tuple[Path, Path | None]:
    """Return the files of the rows to train on and of those held out, if any."""
    rows = given_rows(data)
    return rows.training, heldout or rows.heldout


def shared_heldout(data: Sequence[Path], heldout: Path | None) -> Path | None:
    """Return the held-out rows that several data sets share: those given, or those of the only curate run.

    Raw and curated rows that are compared must be ignorant of the same rows.
    """
    runs = [path for path in data if is_run(path)]
    if heldout is not None or len(runs) != 1 or len(data) == 1:
        return heldout
    return data_files(runs[0], None)[1]


def load_rows(data: Path, heldout: Path | None, replay: Path | None = None) -> Rows:
    """Load the held-out rows, and those to train on and to mix in without any that asks what a held-out one asks.

    Raises:
        DataError: a file cannot be read, or every row is held out.
    """
    train_file, heldout_file = data_files(data, heldout)
    none = heldout_file is None or (heldout_file.is_file() and not heldout_file.stat().st_size)
    held = load_examples([heldout_file]) if heldout_file and not none else []
    given = load_examples([train_file])
    rows = without_held_out(given, held)
    if not rows:
        raise DataError(
            f"{train_file}: every row asks what a row of {heldout_file} asks, so nothing is left to train on.",
            kind="too_few_rows",
            hint="Hold out a part of the rows, as loracheck curate does.",
        )
    mixed_in = without_held_out(load_examples([replay]), held) if replay else []
    return Rows(examples=rows, replay=mixed_in, heldout=held, left_out=len(given) - len(rows))


def load_data(data: Path, config: TrainConfig, inputs: TrainInputs) -> RunData:
    """Load everything that is trained or measured on, and refuse options that want rows which are not there.

    Raises:
        UsageError: early stopping or the best checkpoint without held-out rows, a replay share without rows.
        DataError: a file cannot be read.
    """
    train_file, heldout_file = data_files(data, inputs.heldout)
    files = (train_file, heldout_file, inputs.replay, inputs.chat_template)
    rows = load_rows(data, inputs.heldout, inputs.replay)
    found = RunData(
        train_file=train_file,
        files=tuple(file for file in files if file is not None),
        examples=rows.examples,
        replay=rows.replay,
        heldout=rows.heldout,
        left_out=rows.left_out,
    )
    if config.replay_share and not found.replay:
        raise UsageError(
            "--replay-share needs replay rows.", kind="option_missing", hint="Name them with --replay FILE."
        )
    for wanted, option in (
        (config.early_stopping_patience, "--early-stopping-patience"),
        (config.keep == "best", "--keep best"),
    ):
        if wanted and not found.heldout:
            raise UsageError(
                f"{option} needs held-out rows.",
                kind="option_missing",
                hint="Train on a curate run, which holds some out, or name them with --heldout FILE.",
            )
    return found


def encode_data(template: ChatTemplate, data: RunData, config: TrainConfig) -> EncodedData:
    """Encode and audit everything that is trained on, and fix the order of the steps.

    Raises:
        DataError: the loss mask would teach the wrong thing.
    """
    trained = [*data.examples, *data.replay]
    rows, audit = encode_soundly(template, trained, config)
    own, replay = rows[: len(data.examples)], rows[len(data.examples) :]
    steps = training_steps(
        own,
        replay,
        replay_share=config.replay_share,
        batch_size=config.train_batch_size,
        epochs=config.num_train_epochs,
        max_trained_tokens=config.max_trained_tokens,
        seed=config.seed,
    )
    tokens_after, total = [], 0
    for step in steps:
        total += sum(row.trained_tokens for row in step)
        tokens_after.append(total)
    return EncodedData(
        rows=own,
        heldout_rows=encode_rows(
            template, data.heldout, config.max_length, every_turn=config.assistant_only_loss
        ),
        replay_rows=len(replay),
        left_out=data.left_out,
        audit=audit,
        shown=shown_rows(template, trained, rows),
        steps=steps,
        tokens_after=tokens_after,
    )


def default_batch_tokens(device: torch.device) -> int:
    """Return how many tokens pass through the model at once where the user does not say."""
    return 1024 if device.type == "cpu" else 8192
