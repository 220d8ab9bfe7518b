"""Merge an adapter into its base: an ordinary model folder, whole or not at all, that says how it was made.

The trained form (the base as it was held in training, with the adapter on it) is then compared with the folder loaded
again from disk, because what was trained and evaluated is not always what ships.
"""

from __future__ import annotations

import gc
import glob
import hashlib
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Literal

import torch
from safetensors import SafetensorError

from loracheck import jsonl
from loracheck.adapters.card import AdapterCard, read_card
from loracheck.adapters.files import SHIPPED_FORM
from loracheck.cachefolder import cache_folder
from loracheck.errors import AdapterError, EnvironmentFault, LoracheckError, UsageError
from loracheck.loading.examples import load_examples
from loracheck.models.load import AdapterFile, arm, attach, load_base, load_config, read_adapter
from loracheck.models.quantization import Quantization
from loracheck.progress import Progress
from loracheck.records import Message
from loracheck.records.adapter import AdapterAnatomy, EvaluationSeal, FormComparison, ShippedForm
from loracheck.runs import hash_file, is_alive
from loracheck.templates.chat import ChatTemplate, check_template_file, choose_template
from loracheck.terminal import visible
from loracheck.train.inspection.anatomy import inspect_adapter
from loracheck.train.inspection.notices import NOT_A_LANGUAGE_MODEL

from .ggufexport import Converter, find_converter, write_gguf
from .mergedmodel import load_mergeable, merged_model, save_model
from .modelcard import licence_of, read_seal, write_card
from .shipped import THRESHOLD, Answers, choose_prompts, compare_form, not_compared, record_answers

_ADAPTER = "merged"
_MERGEABLE = ("LORA", "LOHA", "LOKR")


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeConfig:
    """How to merge.

    Attributes:
        dtype: Of the merged weights; None keeps the base's.
        onto: Merge into the "original" weights, or into those of the "trained" form: the values that a 4-bit or
            8-bit base had in training, held in 16 bits.
        quantization: How the base was held in training; None takes it from the adapter's card.
        gguf: Type of a GGUF file to write besides.
        probes: Questions compared per language, and drawn from the user's own rows.
        max_new_tokens: Longest compared answer.
    """

    dtype: Literal["bfloat16", "float16", "float32"] | None = None
    onto: Literal["original", "trained"] = "original"
    quantization: Quantization | None = None
    gguf: str | None = None
    probes: int = 16
    max_new_tokens: int = 48
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("probes", "max_new_tokens"):
            if getattr(self, name) < 1:
                raise UsageError(
                    f"--{name.replace('_', '-')} must be at least 1, not {getattr(self, name)}.",
                    kind="option_value",
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeInputs:
    """What a merge reads besides adapter and base.

    Attributes:
        data: Files of rows whose prompts are compared as well.
        evaluation: An eval run that judged this adapter.
        chat_template: Jinja file that replaces the adapter's template.
    """

    data: Sequence[Path] = ()
    evaluation: Path | None = None
    chat_template: Path | None = None


NOTHING_MORE = MergeInputs()


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is merged, and the form it was trained in."""

    base: str
    anatomy: AdapterAnatomy
    card: AdapterCard | None
    trained: Quantization
    trained_known: bool
    prompts: list[tuple[Message, ...]]
    chat_template: Path | None
    config: MergeConfig
    progress: Progress

    @property
    def folder(self) -> Path:
        """Return the folder of the adapter itself."""
        return Path(self.anatomy.path).parent


def merge(
    adapter: Path,
    base: str,
    out: Path,
    config: MergeConfig,
    inputs: MergeInputs = NOTHING_MORE,
    *,
    progress: Progress,
) -> ShippedForm:
    """Merge an adapter and compare what was trained with what ships.

    Args:
        adapter: A PEFT folder or a loracheck train run.
        base: Hub id, model folder or GGUF file; of 16 or 32 bits.
        out: The folder to write; it must be new or empty.
        config: Options.
        inputs: What it reads besides.
        progress: Where to report.

    Raises:
        LoracheckError: no such adapter or base, one for another base, a base that cannot be merged into, an occupied
            folder, a missing or failing converter.
    """
    job, converter, seal = prepare(adapter, base, out, config, inputs, progress=progress)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=out.parent) as store:
        with _appearing(out) as folder:
            form, file, template = _merge_into(folder, job)
            answers = _ask_trained_form(job, file, template, store)
            merged = _compared(str(folder), f"merged, {form.dtype}", job, template, answers)
            form = replace(form, comparisons=(merged,), evaluation=seal)
            _describe(folder, form, out, config)
        if converter is not None:
            progress.say(f"writing a GGUF file of type {converter.kind}")
            try:
                gguf = write_gguf(out, converter)
            except EnvironmentFault as fault:
                raise EnvironmentFault(
                    f"{fault.message}\nThe merged model in {out} is whole.", kind=fault.kind, hint=fault.hint
                ) from None
            shipped = f"GGUF {converter.kind}, dequantised to bfloat16"
            form = replace(
                form,
                comparisons=(*form.comparisons, _compared(str(gguf), shipped, job, template, answers)),
                weights_sha256=form.weights_sha256 | {gguf.name: hash_file(gguf)},
            )
            _describe(out, form, out, config)
    return form


def prepare(
    adapter: Path,
    base: str,
    out: Path,
    config: MergeConfig,
    inputs: MergeInputs = NOTHING_MORE,
    *,
    progress: Progress,
) -> tuple[Job, Converter | None, EvaluationSeal | None]:
    """Look at everything that can be refused before a model is loaded, as `merge` does first."""
    _refuse_occupied(out)
    check_template_file(inputs.chat_template)
    converter = find_converter(config.gguf) if config.gguf else None
    job = _job(adapter, base, config, inputs, progress)
    seal = read_seal(inputs.evaluation, job.anatomy.sha256) if inputs.evaluation else None
    return job, converter, seal


def _job(adapter: Path, base: str, config: MergeConfig, inputs: MergeInputs, progress: Progress) -> Job:
    """Look at adapter, base and rows."""
    anatomy = inspect_adapter(adapter)
    _refuse_unmergeable(anatomy)
    _refuse_quantized(base)
    own = [row.messages[:-1] for row in load_examples(list(inputs.data))] if inputs.data else []
    card = read_card(Path(anatomy.path).parent)
    four_bits: Quantization = (
        "nf4" if any(note.code == "four_bit_base" for note in anatomy.notices) else "none"
    )
    return Job(
        base=base,
        anatomy=anatomy,
        card=card,
        trained=config.quantization or (card.quantization if card else four_bits),
        trained_known=config.quantization is not None or card is not None,
        prompts=choose_prompts(config.probes, config.seed, own),
        chat_template=inputs.chat_template,
        config=config,
        progress=progress,
    )


def _merge_into(folder: Path, job: Job) -> tuple[ShippedForm, AdapterFile, ChatTemplate]:
    """Write the merged model into a folder, and say what it is."""
    base = load_mergeable(job.base, job.trained, job.config.onto, job.progress)
    template = choose_template(base.tokenizer, [job.folder], job.chat_template)
    file = read_adapter(_ADAPTER, job.folder, base, template.sha256, alone=True)
    model = merged_model(base, file, job.config.dtype)
    dtype = str(model.dtype).removeprefix("torch.")
    save_model(model, base, template, folder)
    form = ShippedForm(
        base=job.base,
        base_verified=file.verified,
        licence=licence_of(base.source),
        adapter_sha256=file.sha256,
        data_sha256=job.card.data_sha256 if job.card else None,
        kind=job.anatomy.kind,
        dtype=dtype,
        trained=job.trained,
        trained_known=job.trained_known,
        onto=job.config.onto,
        weights_sha256={weights.name: hash_file(weights) for weights in sorted(folder.glob("*.safetensors"))},
        threshold=THRESHOLD,
        probes=len(job.prompts),
        seed=job.config.seed,
        comparisons=(),
        watched_probes=job.card.watched_probes if job.card else (),
    )
    return form, file, template


def _ask_trained_form(job: Job, file: AdapterFile, template: ChatTemplate, store: IO[bytes]) -> Answers | str:
    """Let the trained form answer; where it cannot be loaded here, say why."""
    _free_memory()
    job.progress.say(
        f"asking the trained form ({_held(job.trained)} with the adapter) {len(job.prompts)} probes"
    )
    try:
        base = load_base(job.base, quantization=job.trained, announce=job.progress.say)
    except EnvironmentFault as fault:
        return f"the trained form cannot be loaded here: {fault.message}"
    with arm(attach(base, [file], alone=True), _ADAPTER) as model:
        return record_answers(
            model,
            template,
            job.prompts,
            max_new_tokens=job.config.max_new_tokens,
            store=store,
            progress=job.progress,
        )


def _compared(
    spec: str, shipped: str, job: Job, template: ChatTemplate, answers: Answers | str
) -> FormComparison:
    """Load a shipped form from disk and compare it."""
    if isinstance(answers, str):
        return not_compared(shipped, answers)
    _free_memory()
    try:
        base = load_base(spec)
    except EnvironmentFault as fault:
        return not_compared(shipped, fault.message)
    except Exception as error:
        if not spec.endswith(".gguf"):
            raise
        # transformers reads no file of llama.cpp's with certainty, and fails on them in many ways.
        words = str(error).strip().splitlines() or [type(error).__name__]
        return not_compared(shipped, f"transformers cannot read it: {words[0]}")
    found = compare_form(
        base.model, template, answers, shipped=shipped, seed=job.config.seed, progress=job.progress
    )
    if spec.endswith(".gguf") and Path(base.source).is_relative_to(cache_folder()):
        shutil.rmtree(base.source, ignore_errors=True)  # as large as the model, and of no further use
    return found


def _describe(folder: Path, form: ShippedForm, out: Path, config: MergeConfig) -> None:
    jsonl.write_one(folder / SHIPPED_FORM, form)
    options = {"dtype": form.dtype, "onto": config.onto, "gguf": config.gguf, "seed": config.seed}
    write_card(folder, form, out.resolve().name, options)


def _refuse_unmergeable(anatomy: AdapterAnatomy) -> None:
    if anatomy.form == "image":
        raise AdapterError(
            f"{anatomy.path} cannot be merged: {NOT_A_LANGUAGE_MODEL}.", kind="adapter_unsupported"
        )
    if anatomy.form == "file":
        raise AdapterError(
            f"{anatomy.path} has no adapter_config.json beside it, so its alpha is not known.",
            kind="adapter_incomplete",
            hint="Pass the whole folder that peft saved.",
        )
    if anatomy.nonfinite_tensors:
        raise AdapterError(
            f"{anatomy.path} holds NaN or infinity, first in {visible(anatomy.nonfinite_tensors[0])}.",
            kind="adapter_not_finite",
            hint="Take an earlier checkpoint.",
        )
    if anatomy.peft_type not in _MERGEABLE:
        raise AdapterError(
            f"{anatomy.path} is {visible(anatomy.peft_type) or 'of no known kind'}; merge takes LoRA, DoRA, rsLoRA, "
            "LoHa and LoKr.",
            kind="adapter_unsupported",
        )


def _refuse_quantized(base: str) -> None:
    """Refuse a base whose own checkpoint is quantised: a change added to 4-bit values would be rounded away."""
    if base.endswith(".gguf"):
        return
    try:
        config = load_config(base)
    except LoracheckError:
        return  # load_base says what is wrong with it
    found = getattr(config, "quantization_config", None)
    if found:
        method = found.get("quant_method") if isinstance(found, dict) else getattr(found, "quant_method", "")
        raise UsageError(
            f"--base {base}: its checkpoint is quantised ({visible(str(method))}), and nothing can be merged into it "
            "exactly.",
            kind="base_quantised",
            hint="Pass the 16-bit original; to ship the values of the 4-bit training, add --onto trained.",
        )


def _refuse_occupied(out: Path) -> None:
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise UsageError(
            f"{out} is not empty; nothing was changed.",
            kind="output_exists",
            hint="Choose an empty or a new folder with -o.",
        )


@contextmanager
def _appearing(out: Path) -> Iterator[Path]:
    """Yield a folder beside `out` that takes its name once everything in it is written.

    One that a killed merge left there goes first: it is as large as the model.
    """
    mark = f".{out.resolve().name}.merging-{hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]}-"
    for left in out.parent.glob(f"{glob.escape(mark)}*"):
        process = left.name.removeprefix(mark).partition("-")[0]
        if process.isdecimal() and not is_alive(int(process)):
            shutil.rmtree(left, ignore_errors=True)
    temporary = Path(tempfile.mkdtemp(dir=out.parent, prefix=f"{mark}{os.getpid()}-"))
    try:
        yield temporary
        for file in temporary.iterdir():
            with file.open("rb") as written:
                os.fsync(written.fileno())
        jsonl.sync_folder(temporary)
        temporary.chmod(0o755)
        if out.is_dir():
            out.rmdir()
        temporary.replace(out)
        jsonl.sync_folder(out.parent)
    except (OSError, SafetensorError) as error:
        raise EnvironmentFault(
            f"cannot write {out}: {error}",
            kind="cannot_write",
            hint="Free disk space, or choose another folder with -o.",
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _held(quantization: str) -> str:
    return "its base" if quantization == "none" else f"the base in {quantization}"


def _free_memory() -> None:
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
