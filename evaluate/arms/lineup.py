"""Who answers in a run: base and adapters loaded once, whole models after them one by one, a server, files.

The arms of a run may come from different engines. They are opened one after the other, the base's first, so that
at most one model lies in memory.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import transformers

from loracheck.adapters.files import ADAPTER, ADAPTER_CONFIG, ADAPTER_WEIGHTS
from loracheck.engines import Engine, Generated
from loracheck.engines.answer_cache import AnswerCache
from loracheck.engines.local import LocalEngine
from loracheck.engines.served import ServedEngine, ServerOptions
from loracheck.engines.stored import StoredEngine, read_stored, refuse_missing
from loracheck.evaluate.config import EvalConfig
from loracheck.evaluate.questions.material import Questions
from loracheck.models.basespec import refuse_missing_base
from loracheck.models.fingerprint import content_sha256
from loracheck.models.load import (
    AdapterFile,
    Base,
    adapter_files,
    attach,
    load_base,
    load_tokenizer,
    read_adapter,
    watched_probes,
)
from loracheck.progress import Progress
from loracheck.records import BASE_ARM, ArmRecord
from loracheck.runs import is_run, read_run
from loracheck.templates.chat import ChatTemplate, choose_template

from . import preflight
from .names import stored_record
from .watched import chosen
from .wholemodels import is_whole_model, load_whole_model, model_files, read_whole_model

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel


@dataclass(slots=True, kw_only=True)
class Lineup:
    """The arms of a run and what is known of them.

    Attributes:
        base: The base's name as it was given.
        quantization: How it is held; "unknown" where another program holds it.
        computed_on: Where it computes, and in which type; empty where another program does.
        fingerprint: Of its content; empty where it is not at hand.
        template: Source of the chat template; empty where another program applies its own.
        template_sha256: Of the template.
        records: By name of each arm but the base, in the order given; what opening an engine tells is put in.
        watched: Bundled probes that chose a checkpoint.
        stored: Answers read from files, by arm and probe id.
        open_base: Opens the base once more, to read what arms of other engines answered; None where it answers from
            a file.
    """

    base: str
    quantization: str = "unknown"
    computed_on: str = ""
    fingerprint: dict[str, Any] = field(default_factory=dict)
    template: str = ""
    template_sha256: str = ""
    records: dict[str, ArmRecord] = field(default_factory=dict)
    watched: frozenset[str] = frozenset()
    stored: dict[str, dict[str, Generated]] = field(default_factory=dict)
    open_base: Callable[[], Engine] | None = None
    _opened: list[Iterator[tuple[Engine, list[str]]]] = field(default_factory=list)

    @property
    def arms(self) -> list[str]:
        """Return the arms that answer, the base first."""
        return [BASE_ARM, *(name for name, entry in self.records.items() if entry.finite)]

    def engines(self) -> Iterator[tuple[Engine, list[str]]]:
        """Yield every engine with the arms that it answers as; each is closed before the next one is opened."""
        if BASE_ARM in self.stored:
            yield StoredEngine(self.stored), [BASE_ARM]
        for group in self._opened:
            for engine, names in group:
                yield engine, [name for name in names if name in self.arms and name not in self.stored]
                engine.close()
        if rest := [name for name in self.arms if name in self.stored and name != BASE_ARM]:
            yield StoredEngine(self.stored), rest

    def add(self, engines: Iterator[tuple[Engine, list[str]]]) -> None:
        """Add engines that are opened as they are asked for."""
        self._opened.append(engines)

    def add_stored(self, files: Mapping[str, Path], *, assume_base: bool) -> None:
        """Add arms that answer from files."""
        for name, path in files.items():
            self.stored[name] = read_stored(name, path)
            if name == BASE_ARM:
                self.open_base = None
            else:
                self.records[name] = stored_record(name, path, verified=assume_base)

    def refuse_missing(self, asked: Questions) -> None:
        """Refuse files that do not answer all that is asked; see `loracheck.engines.stored`."""
        everyone = [probe.id for probe in (*asked.short, *asked.open)]
        base = [*everyone, *(probe.id for probe in asked.base_only)]
        refuse_missing(self.stored, {name: base if name == BASE_ARM else everyone for name in self.stored})


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """Arms whose weights are not loaded here.

    Attributes:
        server: Where models are served; the base, too, is then a model there.
        models: The model's name on the server, by arm.
        tokenizer: Folder or hub id of the base's tokenizer, for servers that give likelihoods by `echo` alone.
        completions: Files of answers, by arm; "base" may be among them.
    """

    server: ServerOptions | None = None
    models: Mapping[str, str] = field(default_factory=dict)
    tokenizer: str | None = None
    completions: Mapping[str, Path] = field(default_factory=dict)

    def options(self) -> dict[str, Any]:
        """Return what tells one run from another; the key is no part of it."""
        return {
            "endpoint": self.server.address if self.server else None,
            "models": dict(self.models),
            "tokenizer": self.tokenizer,
            "completions": {name: str(path) for name, path in self.completions.items()},
        }


def open_lineup(
    base_spec: str,
    adapters: Mapping[str, Path],
    config: EvalConfig,
    elsewhere: Elsewhere,
    *,
    chat_template: Path | None,
    cached: bool,
    progress: Progress,
) -> Lineup:
    """Find out who answers as each arm, and load what is loaded first; see `local_lineup` and `served_lineup`."""
    if elsewhere.server is not None:
        lineup = served_lineup(
            base_spec,
            elsewhere.models,
            elsewhere.server,
            tokenizer=elsewhere.tokenizer,
            chat_template=chat_template,
            assume_base=config.assume_base,
            progress=progress,
        )
    elif adapters or BASE_ARM not in elsewhere.completions:
        lineup = local_lineup(
            base_spec, adapters, config, chat_template=chat_template, cached=cached, progress=progress
        )
    else:
        lineup = Lineup(base=base_spec)
    lineup.add_stored(elsewhere.completions, assume_base=config.assume_base)
    return lineup


def arm_folder(path: Path) -> Path:
    """Return where the files of an adapter or a whole model lie; of a train run, inside it."""
    if is_run(path):
        read_run(path, "train")
        return path / ADAPTER
    return path


def arm_files(path: Path) -> list[Path]:
    """Return the files whose content makes an arm what it is."""
    if is_whole_model(path):
        return model_files(path)
    return [path / name for name in (ADAPTER_CONFIG, ADAPTER_WEIGHTS) if (path / name).is_file()]


def served_lineup(
    base: str,
    models: Mapping[str, str],
    options: ServerOptions,
    *,
    tokenizer: str | None,
    chat_template: Path | None,
    assume_base: bool,
    progress: Progress,
) -> Lineup:
    """Line up the models of a server, the base's among them.

    Args:
        base: The base's name there.
        models: Name there of each other arm.
        options: Where the server is.
        tokenizer: Folder or hub id of the base's tokenizer; None leaves the template to the server.
        chat_template: Jinja file that replaces the tokenizer's own template.
        assume_base: Take it on the user's word that the models were made of the base.
        progress: Where to report.
    """
    template = choose_template(load_tokenizer(tokenizer), [], chat_template) if tokenizer else None
    engine = ServedEngine(options, {BASE_ARM: base, **models}, template, progress)
    lineup = Lineup(
        base=f"{base} at {options.address}",
        template=template.source if template else "",
        template_sha256=template.sha256 if template else "",
        records={
            name: ArmRecord(
                name=name, path=f"{model} at {options.address}", engine="served", verified=assume_base
            )
            for name, model in models.items()
        },
        open_base=lambda: ServedEngine(options, {BASE_ARM: base}, template, progress),
    )
    lineup.add(_server(engine, [BASE_ARM, *models], progress))
    return lineup


def _server(engine: ServedEngine, names: list[str], progress: Progress) -> Iterator[tuple[Engine, list[str]]]:
    yield engine, names
    if engine.left_out:
        progress.say(
            f"the server takes no {' and no '.join(engine.left_out)}; the same question may be answered otherwise"
        )


def local_lineup(
    base_spec: str,
    adapters: Mapping[str, Path],
    config: EvalConfig,
    *,
    chat_template: Path | None,
    cached: bool,
    progress: Progress,
) -> Lineup:
    """Load the base with every adapter, and line up the whole models behind it.

    Args:
        base_spec: Hugging Face id, model folder or GGUF file.
        adapters: Name to adapter folder, model folder or GGUF file.
        config: How the base is held, and what is vouched for.
        chat_template: Jinja file that replaces every template.
        cached: Whether the base's answers are kept and taken from earlier runs.
        progress: Where to report.
    """
    refuse_missing_base(base_spec)
    for name, path in adapters.items():  # what is not there is named before a base is fetched and loaded
        if not is_whole_model(path):
            adapter_files(name, path)
    base = load_base(base_spec, quantization=config.quantization, announce=progress.say)
    template = choose_template(base.tokenizer, [p for p in adapters.values() if p.is_dir()], chat_template)
    described = {
        name: read_whole_model(name, path, base.tokenizer, assume_base=config.assume_base, progress=progress)
        for name, path in adapters.items()
        if is_whole_model(path)
    }
    whole = {name: entry for name, (entry, _) in described.items()}
    files = [
        read_adapter(name, path, base, template.sha256)
        for name, path in adapters.items()
        if name not in whole
    ]
    model = attach(base, [adapter for adapter in files if adapter.finite])
    picked = chosen(
        {file.name: watched_probes(file) for file in files}
        | {name: probes for name, (_, probes) in described.items()}
    )
    for remark in picked.remarks():
        progress.say(remark)
    records = whole | {entry.name: entry for entry in _records(model, template, files, config)}
    lineup = Lineup(
        base=base.name,
        quantization=base.quantization,
        computed_on=base.computed_on,
        fingerprint=asdict(base.fingerprint),
        template=template.source,
        template_sha256=template.sha256,
        records={name: picked.record(records[name]) for name in adapters},
        watched=picked.left_out,
        open_base=lambda: LocalEngine(
            load_base(base_spec, quantization=config.quantization, announce=progress.say).model, template
        ),
    )
    cache = _cache(base, template, progress) if cached else None
    held = [model]
    del model
    lineup.add(_one_by_one(lineup, base, held, template, cache, whole, progress))
    return lineup


def _one_by_one(
    lineup: Lineup,
    base: Base,
    held: list[PeftModel | PreTrainedModel],
    template: ChatTemplate,
    cache: AnswerCache | None,
    whole: dict[str, ArmRecord],
    progress: Progress,
) -> Iterator[tuple[Engine, list[str]]]:
    prompts = preflight.prompt_ids(template)
    plain = preflight.logits(held[0], BASE_ARM, prompts) if whole else []
    first = LocalEngine(held.pop(), template, cache)
    yield first, [BASE_ARM, *(name for name in lineup.records if name not in whole)]
    if cache is not None:
        if cache.hits:
            progress.say(f"{cache.hits:,} of the base's answers were known from earlier runs")
        cache.close()
    if whole:
        base.model = None  # type: ignore[assignment]  # nothing asks it from here on
        gc.collect()
    for name in whole:
        model, lineup.records[name] = load_whole_model(lineup.records[name], base, plain, prompts, progress)
        engine = LocalEngine(model, template)
        del model
        yield engine, [name]


def _records(
    model: PeftModel | PreTrainedModel,
    template: ChatTemplate,
    adapters: Sequence[AdapterFile],
    config: EvalConfig,
) -> list[ArmRecord]:
    records = [preflight.record(adapter, assume_base=config.assume_base) for adapter in adapters]
    measured = preflight.measure_logit_changes(model, template, [entry for entry in records if entry.finite])
    by_name = {entry.name: entry for entry in measured}
    return [by_name.get(entry.name, entry) for entry in records]


def _cache(base: Base, template: ChatTemplate, progress: Progress) -> AnswerCache | None:
    content = content_sha256(base.source)
    if content is None:
        progress.say("the base's own weights are not at hand to tell it by, so its answers are not cached")
        return None
    return AnswerCache(
        {
            "content": content,
            "quantization": base.quantization,
            "dtype": str(base.model.dtype),
            "device": base.model.device.type,
            "threads": torch.get_num_threads() if base.model.device.type == "cpu" else 0,
            "template": template.sha256,
            "versions": [str(torch.__version__), transformers.__version__],
        },
        progress.say,
    )
