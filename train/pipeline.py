"""Fine-tune a base on a curated run or on any data file: encode, audit, plan, fit, read, keep, save."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from loracheck import jsonl
from loracheck.errors import UsageError
from loracheck.models.generation import pad_token_id
from loracheck.models.load import Base, device_name, load_base, training_device
from loracheck.progress import Progress
from loracheck.records.training import TrainingSummary
from loracheck.runs import SUMMARY, open_run
from loracheck.templates.chat import ChatTemplate, check_template_file, choose_template
from loracheck.trained import CHECKPOINTS, METRICS, WATCH
from loracheck.watch.answers import borrow_base_answers
from loracheck.watch.probes import WatchOptions
from loracheck.watch.watcher import Watch

from .adapters import add_adapter, begin
from .batches.encode import in_colour
from .batches.layout import packs_cleanly
from .config import TrainConfig
from .fitting import checkpoints as stored
from .fitting.heap import return_large_tensors
from .fitting.loss import install_loss
from .fitting.processes import Processes, refuse_sharding_on_cpu, start_processes
from .fitting.reader import Reader
from .fitting.repeat import repeatable
from .fitting.steplog import StepLog
from .fitting.thrift import keep_little
from .fitting.trackers import check_trackers, tracked
from .fitting.trainer import Loop, fit
from .inputs import EncodedData, RunData, TrainInputs, default_batch_tokens, encode_data, load_data
from .planning.forecast import plan_encoded
from .results import Fitted, only_to_complete, write_results

READINGS_A_RUN = 10


def train(
    data: Path, out: Path, config: TrainConfig, inputs: TrainInputs, *, progress: Progress
) -> TrainingSummary | None:
    """Fine-tune and write a train run.

    Args:
        data: A curate run, whose kept rows are trained and whose held-out rows measure the loss; or a file.
        out: The run directory.
        config: Options.
        inputs: The base, and further files.
        progress: Where to report.

    Returns:
        The summary; None in all but the main process of a run on several devices.

    Raises:
        LoracheckError: bad data, an unsound loss mask, a base that cannot be loaded, no room on the disk.
    """
    processes = start_processes()
    progress = progress if processes.main else Progress(quiet=True)
    check_template_file(inputs.chat_template)
    check_trackers(config.report_to)
    refuse_sharding_on_cpu(config)
    rows = load_data(data, config, inputs)
    with repeatable(), _run_directory(processes, out, rows, inputs, config) as finished:
        if finished:
            progress.say_finished(out)
        if finished or only_to_complete(out):
            return jsonl.read_one(out / SUMMARY, TrainingSummary) if processes.main else None
        started = time.monotonic()
        return_large_tensors()
        progress.say(f"training on {device_name()}")
        base = load_base(inputs.base, quantization=config.quantization, announce=progress.say)
        template = choose_template(base.tokenizer, [], inputs.chat_template)

        encoded = encode_data(template, rows, config)
        for row in encoded.shown:
            progress.say(f"{row.example_id}: {row.trained_tokens} of {row.tokens} tokens are trained")
            progress.show(in_colour(row))
        if cut := encoded.audit.truncated:
            progress.say(
                f"{cut} of {encoded.audit.rows} rows are longer than {config.max_length} tokens (--max-length): "
                f"the beginning of what they ask is cut off, first in {encoded.audit.truncated_rows[0]}"
            )
        _refuse_mixed_rows(base, encoded, config)
        plan = plan_encoded(
            base,
            config,
            encoded.steps,
            max_batch_tokens=config.max_batch_tokens or default_batch_tokens(training_device()),
            processes=processes.count,
        )
        if inputs.base_answers is not None and not (out / WATCH).exists():
            borrow_base_answers(inputs.base_answers, out / WATCH)
        watch = _watch(base, template, rows, config, out, processes, progress)
        reader = Reader(
            base=base,
            template=template,
            heldout=encoded.heldout_rows,
            watch=watch,
            config=config,
            out=out,
            readings=[],
        )
        fitted = _fit(base, template, encoded, config, reader, out, processes, progress)
        if not processes.main:
            return None
        return write_results(
            fitted,
            encoded,
            reader,
            config,
            plan,
            out,
            train_file=rows.train_file,
            seconds=time.monotonic() - started,
        )


def _refuse_mixed_rows(base: Base, data: EncodedData, config: TrainConfig) -> None:
    if config.packing and len(data.rows) > 1 and not packs_cleanly(base.model, data.rows):
        raise UsageError(
            f"--packing: {base.model.config.model_type} lets packed rows see one another.",
            kind="training_refused",
            hint="Leave out --packing.",
        )


def _watch(
    base: Base,
    template: ChatTemplate,
    rows: RunData,
    config: TrainConfig,
    out: Path,
    processes: Processes,
    progress: Progress,
) -> Watch | None:
    """Let the base answer the watch's questions, before any adapter is on it."""
    if not config.watch or not processes.main:
        return None
    options = WatchOptions(
        persona_scope=config.persona_scope,
        facts=config.watch_facts,
        margin=config.watch_margin,
        max_name_rate=config.max_name_rate,
        max_leakage=config.max_leakage,
        seed=config.seed,
    )
    return Watch.prepare(out / WATCH, base.model, template, rows.examples, rows.heldout, options, progress)


def _fit(
    base: Base,
    template: ChatTemplate,
    data: EncodedData,
    config: TrainConfig,
    reader: Reader,
    out: Path,
    processes: Processes,
    progress: Progress,
) -> Fitted:
    """Put an adapter on the base and train it, from the newest whole checkpoint on if there is one."""
    resume = processes.share(stored.newest_whole(out / CHECKPOINTS, progress.say) if processes.main else None)
    if processes.main:
        reader.resume(stored.step_of(resume) if resume else -1)
        reader.read(0, 0)
    model = add_adapter(base, config)
    initial = begin(model, out / CHECKPOINTS / "initial") if processes.main else None
    if not config.sharded:
        keep_little(model)
    loss_path = install_loss(base.model, data.rows[0], tiled=not config.sharded)
    if loss_path == "stock":
        progress.say("this architecture's own loss is used: slower, with logits at every position")

    reads = processes.share(reader.active) and not config.sharded
    at = stored.step_of(resume) if resume else 0
    log = StepLog(data.tokens_after, out / METRICS, at, speaks=processes.main)

    def read(step: int) -> bool:
        if processes.main:
            reader.read(step, data.tokens_after[step - 1])
        return processes.share(reader.stopped() is not None)

    with (
        progress.track("training tokens", data.tokens_after[-1] - log.done) as advance,
        tracked(config.report_to, out),
    ):
        if not processes.share(reader.stopped() is not None):
            fit(
                model,
                data.steps,
                config,
                Loop(
                    record=lambda step: log.record(step, advance),
                    read=read,
                    reading_steps=_reading_steps(len(data.steps), config, active=reads),
                    protected=reader.protected,
                    announce=progress.say,
                ),
                checkpoints=out / CHECKPOINTS,
                resume=resume,
                pad_id=pad_token_id(template),
                max_batch_tokens=config.max_batch_tokens or default_batch_tokens(training_device()),
            )
    return Fitted(
        model=model,
        initial=initial,
        loss_path=loss_path,
        steps=log.finish(),
        seconds=time.monotonic() - log.started,
    )


def _reading_steps(steps: int, config: TrainConfig, *, active: bool) -> frozenset[int]:
    if not active:
        return frozenset()
    every = config.eval_steps or max(1, -(-steps // READINGS_A_RUN))
    return frozenset({*range(every, steps, every), steps})


@contextmanager
def _run_directory(
    processes: Processes, out: Path, data: RunData, inputs: TrainInputs, config: TrainConfig
) -> Iterator[bool]:
    """Open the run in the main process, and tell every process whether it is finished already."""
    if not processes.main:
        yield processes.share(False)
        processes.wait()
        return
    options = {"base": inputs.base, **asdict(config)}
    with open_run(out, "train", config=options, inputs=data.files, seed=config.seed) as run:
        yield processes.share(run.complete)
        processes.wait()
