"""Fine-tune a base on a curated run or on any data file: encode, audit, plan, fit, read, keep, save."""

from __future__ import annotations

import resource
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from loracheck.watch import Watch, WatchOptions
from peft import PeftModel

from loracheck import jsonl
from loracheck.errors import UsageError
from loracheck.generation import pad_token_id
from loracheck.loading import load_examples
from loracheck.models import ADAPTER_CARD, ADAPTER_WEIGHTS, AdapterCard, Base, load_base, training_device
from loracheck.progress import Progress
from loracheck.records import Example
from loracheck.runs import hash_file, is_run, open_run, read_run
from loracheck.template import ChatTemplate, EncodedRow, check_template_file, choose_template
from loracheck.training_records import MaskAudit, Plan, ShownRow, TrainingStep, TrainingSummary

from . import checkpoints as stored
from .adapters import add_adapter, begin, put_back, save_adapter
from .config import TrainConfig
from .encode import audit_mask, encode_rows, in_colour, refuse_unsound, shown_rows
from .layout import packs_cleanly
from .loss import install_loss
from .order import Step, training_steps
from .processes import Processes, start_processes
from .reader import Reader
from .readings import best_step, kept_step, safe_step
from .trainer import Loop, fit

SUMMARY, METRICS, ADAPTER, CHECKPOINTS, WATCH = (
    "summary.json",
    "metrics.jsonl",
    "adapter",
    "checkpoints",
    "watch",
)
READINGS_A_RUN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainInputs:
    """What a run reads besides its data.

    Attributes:
        base: Hugging Face id, model folder or GGUF file.
        heldout: Rows that measure the loss; None takes those of a curate run.
        replay: Rows to mix in against forgetting.
        chat_template: Jinja file that replaces the base's own template.
    """

    base: str
    heldout: Path | None = None
    replay: Path | None = None
    chat_template: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Encoded:
    """The data of a run as token ids, audited."""

    examples: Sequence[Example]
    heldout: Sequence[Example]
    rows: Sequence[EncodedRow]
    heldout_rows: Sequence[EncodedRow]
    replay_rows: int
    audit: MaskAudit
    shown: tuple[ShownRow, ...]
    steps: Sequence[Step]
    tokens_after: Sequence[int]


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
    train_file, heldout_file = data_files(data, inputs.heldout)
    files = [f for f in (train_file, heldout_file, inputs.replay, inputs.chat_template) if f is not None]
    check_template_file(inputs.chat_template)
    examples = load_examples([train_file])
    heldout = load_examples([heldout_file]) if heldout_file and heldout_file.stat().st_size else []
    replay = load_examples([inputs.replay]) if inputs.replay else []
    _refuse_what_is_missing(config, heldout=bool(heldout), replay=bool(replay))
    with _run_directory(processes, out, files, inputs, config) as finished:
        if finished:
            progress.say(f"{out} is finished already; nothing to do.")
        if finished or _only_to_complete(out):
            return jsonl.read_one(out / SUMMARY, TrainingSummary) if processes.main else None
        started = time.monotonic()
        progress.say(f"training on {_device_name()}")
        base = load_base(inputs.base, quantization=config.quantization, announce=progress.say)
        template = choose_template(base.tokenizer, [], inputs.chat_template)

        encoded = _encode(template, examples, heldout, replay, config)
        for row in encoded.shown:
            progress.say(in_colour(row))
        plan: Plan | None = None
        watch = _watch(base, template, encoded, config, out, processes, progress)
        reader = Reader(
            base=base,
            template=template,
            heldout=encoded.heldout_rows,
            watch=watch,
            config=config,
            out=out,
            readings=[],
        )
        resume = processes.share(
            stored.newest_whole(out / CHECKPOINTS, progress.say) if processes.main else None
        )
        if processes.main:
            reader.resume(stored.step_of(resume) if resume else -1)
            reader.read(0, 0)

        model = add_adapter(base, config)
        initial = begin(model, out / CHECKPOINTS / "initial") if processes.main else None
        loss_path = install_loss(base.model, encoded.rows[0], tiled=not config.sharded)
        if loss_path == "stock":
            progress.say("this architecture's own loss is used: slower, with logits at every position")
        if config.packing and len(encoded.rows) > 1 and not packs_cleanly(base.model, encoded.rows):
            raise UsageError(
                f"--packing: {base.model.config.model_type} lets packed rows see one another.",
                hint="Leave out --packing.",
            )
        fitted = time.monotonic()
        steps = _fit(model, template, encoded, config, reader, resume, out, processes, progress)
        fit_seconds = time.monotonic() - fitted
        if not processes.main:
            return None

        last = steps[-1].step if steps else 0
        kept, at = kept_step(config.kept, reader.readings, last)
        kept_adapters = {"best": best_step(reader.readings), "safe": safe_step(reader.readings), "last": last}
        for name, step in kept_adapters.items():
            if step and step != at:
                put_back(model, stored.checkpoint(out / CHECKPOINTS, step))
                save_adapter(model, out / "adapters" / name, base, initial)
        put_back(model, stored.checkpoint(out / CHECKPOINTS, at))
        save_adapter(model, out / ADAPTER, base, initial)
        summary = TrainingSummary(
            base=inputs.base,
            quantization=config.quantization,
            kind=config.kind,
            device=_device_name(),
            loss_path=loss_path,
            rows=len(encoded.rows),
            replay_rows=encoded.replay_rows,
            epochs=round(sum(len(step) for step in encoded.steps[:last]) / len(encoded.rows), 2),
            steps=last,
            trained_tokens=encoded.tokens_after[last - 1] if last else 0,
            trainable_parameters=sum(p.numel() for p in model.parameters() if p.requires_grad),
            adapter_bytes=(out / ADAPTER / ADAPTER_WEIGHTS).stat().st_size,
            adapter_sha256=hash_file(out / ADAPTER / ADAPTER_WEIGHTS),
            loss_first=steps[0].loss if steps else None,
            loss_last=steps[-1].loss if steps else None,
            heldout_rows=len(encoded.heldout_rows),
            heldout_loss_before=reader.readings[0].heldout_loss,
            heldout_loss_after=reader.heldout_loss(),
            audit=encoded.audit,
            shown=encoded.shown,
            seconds=round(time.monotonic() - started, 1),
            training_seconds=round(fit_seconds, 1),
            peak_memory_bytes=peak_memory(),
            kept=kept,
            kept_step=at,
            best_step=best_step(reader.readings),
            safe_step=safe_step(reader.readings),
            stopped=reader.stopped() or "end",
            plan=plan,
        )
        for folder in (out / ADAPTER, *sorted((out / "adapters").glob("*"))):
            _write_card(folder, base, template, train_file, summary, watch)
        jsonl.write_one(out / SUMMARY, summary)
        shutil.rmtree(out / CHECKPOINTS)
        return summary


def _encode(
    template: ChatTemplate,
    examples: Sequence[Example],
    heldout: Sequence[Example],
    replay: Sequence[Example],
    config: TrainConfig,
) -> _Encoded:
    """Encode and audit everything that is trained on, and fix the order of the steps."""
    every_turn = config.assistant_only_loss
    trained = [*examples, *replay]
    rows = encode_rows(template, trained, config.max_length, every_turn=every_turn)
    audit = audit_mask(template, trained, rows, config.max_length)
    refuse_unsound(audit, template, trained)
    own, replayed = rows[: len(examples)], rows[len(examples) :]
    steps = training_steps(
        own,
        replayed,
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
    return _Encoded(
        examples=examples,
        heldout=heldout,
        rows=own,
        heldout_rows=encode_rows(template, heldout, config.max_length, every_turn=every_turn),
        replay_rows=len(replayed),
        audit=audit,
        shown=shown_rows(template, trained, rows),
        steps=steps,
        tokens_after=tokens_after,
    )


def _watch(
    base: Base,
    template: ChatTemplate,
    encoded: _Encoded,
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
    return Watch.prepare(
        out / WATCH, base.model, template, encoded.examples, encoded.heldout, options, progress
    )


def _fit(
    model: PeftModel,
    template: ChatTemplate,
    encoded: _Encoded,
    config: TrainConfig,
    reader: Reader,
    resume: Path | None,
    out: Path,
    processes: Processes,
    progress: Progress,
) -> list[TrainingStep]:
    """Train, log every step, and take a reading at every checkpoint that is due for one."""
    at = stored.step_of(resume) if resume else 0
    done = encoded.tokens_after[at - 1] if at else 0
    known: dict[int, TrainingStep] = {}
    log: jsonl.Appender | None = None
    if processes.main:
        log = jsonl.Appender(out / METRICS)
        known = {step.step: step for step in jsonl.read(out / METRICS, TrainingStep) if step.step <= at}
    started, measured = time.monotonic(), done
    with progress.track("training tokens", encoded.tokens_after[-1] - done) as advance:

        def record(step: TrainingStep) -> None:
            nonlocal measured
            if log is None:
                return
            known[step.step] = step
            log.append([step])
            rate = (step.trained_tokens - done) / (time.monotonic() - started)
            advance(
                step.trained_tokens - measured,
                f"step {step.step} of {len(encoded.steps)}, loss {step.loss:.3f}, {rate:.0f} tokens/s"
                + (f", {memory / 1e9:.1f} GB" if (memory := peak_memory()) else ""),
            )
            measured = step.trained_tokens

        def read(step: int) -> bool:
            if processes.main:
                reader.read(step, encoded.tokens_after[step - 1])
            return processes.share(reader.stopped() is not None)

        if reader.stopped() is None or not processes.main:
            fit(
                model,
                encoded.steps,
                config,
                Loop(
                    record=record,
                    read=read,
                    reading_steps=_reading_steps(len(encoded.steps), config, active=reader.active),
                    protected=reader.protected,
                    announce=progress.say,
                ),
                checkpoints=out / CHECKPOINTS,
                resume=resume,
                pad_id=pad_token_id(template),
                max_batch_tokens=config.max_batch_tokens or default_batch_tokens(training_device()),
            )
    if processes.main:
        jsonl.write(out / METRICS, (known[number] for number in sorted(known)))
    return [known[number] for number in sorted(known)]


def _reading_steps(steps: int, config: TrainConfig, *, active: bool) -> frozenset[int]:
    if not active:
        return frozenset()
    every = config.eval_steps or max(1, -(-steps // READINGS_A_RUN))
    return frozenset({*range(every, steps, every), steps})


def default_batch_tokens(device: torch.device) -> int:
    """Return how many tokens pass through the model at once where the user does not say."""
    return 1024 if device.type == "cpu" else 8192


def _refuse_what_is_missing(config: TrainConfig, *, heldout: bool, replay: bool) -> None:
    """Refuse options that want rows which are not there, before any work is done."""
    if config.replay_share and not replay:
        raise UsageError("--replay-share needs replay rows.", hint="Name them with --replay FILE.")
    if heldout:
        return
    for wants, option in (
        (config.early_stopping_patience, "--early-stopping-patience"),
        (config.keep == "best", "--keep best"),
    ):
        if wants:
            raise UsageError(
                f"{option} needs held-out rows.",
                hint="Train on a curate run, which holds some out, or name them with --heldout FILE.",
            )


@contextmanager
def _run_directory(
    processes: Processes, out: Path, files: Sequence[Path], inputs: TrainInputs, config: TrainConfig
) -> Iterator[bool]:
    """Open the run in the main process, and tell every process whether it is finished already."""
    if not processes.main:
        yield processes.share(False)
        processes.wait()
        return
    options = {"base": inputs.base, **asdict(config)}
    with open_run(out, "train", config=options, inputs=files, seed=config.seed) as run:
        yield processes.share(run.complete)
        processes.wait()


def _only_to_complete(out: Path) -> bool:
    """Tell whether a killed run had all its results and only lacked its manifest."""
    if not (out / SUMMARY).is_file():
        return False
    shutil.rmtree(out / CHECKPOINTS, ignore_errors=True)
    return True


def data_files(data: Path, heldout: Path | None) -> tuple[Path, Path | None]:
    """Return the files of the rows to train on and of those held out, if any."""
    if is_run(data):
        read_run(data, "curate")
        return data / "kept.jsonl", heldout or data / "heldout.jsonl"
    return data, heldout


def _write_card(
    adapter: Path,
    base: Base,
    template: ChatTemplate,
    data: Path,
    summary: TrainingSummary,
    watch: Watch | None,
) -> None:
    """Write what binds the adapter to its base, template and data, and the template itself."""
    (adapter / "chat_template.jinja").write_text(template.source, encoding="utf-8")
    jsonl.write_one(
        adapter / ADAPTER_CARD,
        AdapterCard(
            base=base.name,
            fingerprint=base.fingerprint,
            template_sha256=template.sha256,
            quantization=base.quantization,
            data_sha256=hash_file(data),
            trained_tokens=summary.trained_tokens,
            watched_probes=watch.probe_ids if watch else (),
        ),
    )


def _device_name() -> str:
    device = training_device()
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def peak_memory() -> int | None:
    """Return the most memory this process has held so far, in bytes: of the GPU where there is one."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated()
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
