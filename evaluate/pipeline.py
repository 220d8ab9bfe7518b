"""Evaluate adapters against their base: check them, ask all arms the same, judge the raw answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from loracheck import jsonl
from loracheck.answers import Answerer
from loracheck.choices import styles
from loracheck.errors import UsageError
from loracheck.loading import load_examples
from loracheck.models import AdapterFile, Base, attach, load_base, read_adapter, watched_probes
from loracheck.probes import (
    IN_DOMAIN,
    TRAINING,
    bundled,
    every_nth,
    from_rows,
    without_training_questions,
)
from loracheck.progress import Progress
from loracheck.records import BASE_ARM, ArmRecord, EvaluationContext, EvaluationResult, Example, Probe
from loracheck.runs import is_run, open_run, read_run
from loracheck.template import ChatTemplate, check_template_file, choose_template

from . import preflight
from .checks import CHECKS
from .config import EvalConfig
from .evidence import CHOICES, COMPLETIONS, CONTEXT, LIKELIHOODS, PROBES, read_evidence
from .material import Material, Questions, together
from .policy import Policy
from .verdict import judge

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel

VERDICT = "verdict.json"


def evaluate(
    base_spec: str,
    adapters: dict[str, Path],
    out: Path,
    config: EvalConfig,
    policy: Policy,
    *,
    data: Sequence[Path] = (),
    in_domain: Sequence[Path] = (),
    chat_template: Path | None = None,
    progress: Progress,
) -> EvaluationResult:
    """Evaluate adapters and write an eval run.

    Args:
        base_spec: Hugging Face id, model folder or GGUF file.
        adapters: Name to PEFT folder or train run.
        out: The run directory.
        config: What is asked.
        policy: The limits that the verdict is held against.
        data: The training data, if known: curate runs or data files.
        in_domain: Held-out rows of the same domain; of a curate run in data they are taken by themselves.
        chat_template: Jinja file that replaces the template of base and adapters.
        progress: Where to report.

    Raises:
        LoracheckError: bad input, an adapter for another base, no room on the disk.
    """
    _check_names(adapters)
    folders = {name: _adapter_folder(path) for name, path in adapters.items()}
    files = [
        *(_training_file(path) for path in data),
        *in_domain,
        *([chat_template] if chat_template else []),
    ]
    options = {
        "base": base_spec,
        "adapters": {name: str(path) for name, path in adapters.items()},
        "policy": jsonl.to_builtins(policy),
        **asdict(config),
    }
    inputs = [*files, *(file for folder in folders.values() for file in _weights(folder))]
    training = load_examples([_training_file(path) for path in data]) if data else []
    heldout = _heldout_rows(data, in_domain)
    check_template_file(chat_template)
    with open_run(out, "eval", config=options, inputs=inputs, seed=config.seed) as run:
        if run.complete:
            progress.say(f"{out} is finished already; nothing to do.")
            return jsonl.read_one(out / VERDICT, EvaluationResult)

        base = load_base(base_spec, quantization=config.quantization, announce=progress.say)
        template = choose_template(base.tokenizer, list(folders.values()), chat_template)
        files_read = [read_adapter(name, path, base, template.sha256) for name, path in folders.items()]
        model = attach(base, [adapter for adapter in files_read if adapter.finite])
        records = _arm_records(model, template, files_read, config)
        arms = [BASE_ARM, *(entry.name for entry in records if entry.finite)]

        watched = watched_probes(files_read)
        material, left_out = _material(config, watched, training, heldout)
        asked = together(check.asks(material) for check in CHECKS if policy.mode(check.name) != "off")
        jsonl.write(out / PROBES, asked.probes)
        _write_context(out, base, template, config, records, asked.probes, left_out, watched, data)

        answerer = Answerer(model, template, progress)
        answerer.complete(
            out / COMPLETIONS, BASE_ARM, asked.base_only, config.max_new_tokens_open, "training prompts"
        )
        for name in arms:
            answerer.complete(out / COMPLETIONS, name, asked.short, config.max_new_tokens, "short answers")
            answerer.complete(out / COMPLETIONS, name, asked.open, config.max_new_tokens_open, "open prompts")
        found = styles([row.reply for row in training], read_evidence(out).markers)
        for name in arms:
            answerer.rank(out / CHOICES, name, asked.rank, found)
            answerer.score(out / LIKELIHOODS, name, asked.texts)

        _sort_answers(out, asked, arms)
        result = judge(read_evidence(out), policy)
        jsonl.write_one(out / VERDICT, result)
    return result


def _sort_answers(out: Path, asked: Questions, arms: Sequence[str]) -> None:
    """Bring the answers into the order of arms and probes, so that a resumed run writes the same bytes."""
    evidence = read_evidence(out)
    keys = [(name, probe.id) for name in arms for probe in asked.probes]
    jsonl.write(out / COMPLETIONS, (evidence.completions[key] for key in keys if key in evidence.completions))
    jsonl.write(out / CHOICES, (evidence.choices[key] for key in keys if key in evidence.choices))
    texts = [(name, text.probe.id, text.kind) for name in arms for text in asked.texts]
    jsonl.write(out / LIKELIHOODS, (evidence.tokens[key] for key in texts if key in evidence.tokens))


def _check_names(adapters: dict[str, Path]) -> None:
    if not adapters:
        raise UsageError("no adapter to evaluate.", hint="Pass --adapter NAME=PATH, once or more.")
    for name in adapters:
        if name == BASE_ARM or not name.replace("-", "").replace("_", "").isalnum():
            raise UsageError(
                f"--adapter {name}: a name of letters, digits, - and _ is wanted, other than 'base'."
            )


def _adapter_folder(path: Path) -> Path:
    if is_run(path):
        read_run(path, "train")
        return path / "adapter"
    return path


def _weights(folder: Path) -> list[Path]:
    names = ("adapter_config.json", "adapter_model.safetensors")
    return [folder / name for name in names if (folder / name).is_file()]


def _training_file(path: Path) -> Path:
    if is_run(path):
        read_run(path, "curate")
        return path / "kept.jsonl"
    return path


def _heldout_rows(data: Sequence[Path], in_domain: Sequence[Path]) -> list[Example]:
    own = [path / "heldout.jsonl" for path in data if is_run(path)]
    paths = [*(path for path in own if path.stat().st_size), *in_domain]
    return load_examples(paths) if paths else []


def _material(
    config: EvalConfig,
    watched: AbstractSet[str],
    training: Sequence[Example],
    heldout: Sequence[Example],
) -> tuple[Material, list[str]]:
    """Choose what questions can be made of; returns it with the ids of the bundled probes left out.

    Probes that chose a checkpoint are left out, as what chose it would flatter it.
    """
    suites = {suite: [p for p in bundled([suite]) if p.id not in watched] for suite in config.suites}
    thinned = [
        probe
        for suite, probes in suites.items()
        for probe in every_nth(probes, config.max_facts if suite.startswith("facts") else None)
    ]
    asked, left_out = without_training_questions(thinned, training)
    material = Material(
        bundled=tuple(asked),
        in_domain=tuple(from_rows(heldout, IN_DOMAIN, config.max_in_domain, config.seed)),
        training=tuple(from_rows(training, TRAINING, config.max_training, config.seed)),
        training_rows=tuple(training),
        heldout_rows=tuple(heldout),
        seed=config.seed,
    )
    return material, left_out


def _arm_records(
    model: PeftModel | PreTrainedModel,
    template: ChatTemplate,
    adapters: Sequence[AdapterFile],
    config: EvalConfig,
) -> list[ArmRecord]:
    records = [preflight.record(adapter, assume_base=config.assume_base) for adapter in adapters]
    measured = preflight.measure_logit_changes(model, template, [entry for entry in records if entry.finite])
    by_name = {entry.name: entry for entry in measured}
    return [by_name.get(entry.name, entry) for entry in records]


def _write_context(
    out: Path,
    base: Base,
    template: ChatTemplate,
    config: EvalConfig,
    records: Sequence[ArmRecord],
    probes: Sequence[Probe],
    left_out: Sequence[str],
    watched: AbstractSet[str],
    data: Sequence[Path],
) -> None:
    jsonl.write_one(
        out / CONTEXT,
        EvaluationContext(
            base=base.name,
            quantization=base.quantization,
            fingerprint=asdict(base.fingerprint),
            template=template.source,
            template_sha256=template.sha256,
            training_data=", ".join(str(path) for path in data) or None,
            max_new_tokens=config.max_new_tokens,
            probes=dict(Counter(probe.suite for probe in probes)),
            dropped_probes=tuple(left_out),
            watched_probes=tuple(sorted(watched)),
            arms=(ArmRecord(name=BASE_ARM, path=None), *records),
        ),
    )
