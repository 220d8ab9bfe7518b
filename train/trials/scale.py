"""Measure an existing adapter at several strengths, without retraining: how weak must it be to be safe?

One base is loaded; every strength is set on it in turn, asked the same small probe set, and held against the base.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from loracheck import jsonl
from loracheck.adapters.card import ADAPTER_CARD, AdapterCard, read_card
from loracheck.adapters.files import ADAPTER, ADAPTER_CONFIG, ADAPTER_WEIGHTS
from loracheck.errors import UsageError
from loracheck.models.generation import pad_token_id
from loracheck.models.likelihood import score_rows
from loracheck.models.load import AdapterFile, Base, adapter_files, arm, attach, load_base, read_adapter
from loracheck.models.quantization import Quantization
from loracheck.progress import Progress
from loracheck.records import BASE_ARM
from loracheck.records.training import ScalePoint, ScaleSummary
from loracheck.runs import SUMMARY, hash_file, is_run, open_run, read_run
from loracheck.templates.chat import ChatTemplate, EncodedRow, check_template_file, choose_template
from loracheck.train.batches.encode import encode_rows
from loracheck.train.inputs import Rows, data_files, load_rows
from loracheck.trained import WATCH
from loracheck.watch.probes import WatchOptions
from loracheck.watch.watcher import Watch

from .strength import Strength, refuse_unscalable

POINTS = "points.jsonl"
DEFAULT_STRENGTHS = tuple(eighths / 8 for eighths in range(9))
MAX_LENGTH = 1024
_NAME = "scaled"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleConfig:
    """What is measured, and from where on it is unsafe.

    Attributes:
        strengths: From 0, the base, to 1, the adapter as it was trained.
        quantization: How the base is held; None holds it as in training where loracheck trained the adapter, else as it
            is stored.
        write: Strength of an adapter to save, "safe" for the largest safe one; None saves none.
        persona_scope: Where the style of the data is wanted.
        watch_facts: Factual questions per language.
        watch_margin: Share of facts that may be lost.
        max_name_rate, max_leakage: Largest safe shares.
    """

    strengths: tuple[float, ...] = DEFAULT_STRENGTHS
    quantization: Quantization | None = None
    write: float | Literal["safe"] | None = None
    persona_scope: Literal["always", "in_domain", "never"] = "in_domain"
    watch_facts: int = 60
    watch_margin: float = 0.05
    max_name_rate: float = 0.05
    max_leakage: float = 0.05
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.strengths or not all(0 <= strength <= 1 for strength in self.strengths):
            raise UsageError(
                f"--strengths: numbers from 0 to 1 are wanted, not {_list(self.strengths) or 'none'}.",
                kind="option_value",
                hint="0 is the base and 1 the adapter as it was trained, as in --strengths 0,0.25,0.5,0.75,1",
            )
        if isinstance(self.write, float) and not 0 < self.write <= 1:
            raise UsageError(
                f"--write {self.write:g}: a number above 0 and up to 1, or safe, is wanted.",
                kind="option_value",
            )
        if self.watch_facts < 1:
            raise UsageError(
                f"--watch-facts must be at least 1, not {self.watch_facts}.", kind="option_value"
            )
        for name in ("watch_margin", "max_name_rate", "max_leakage"):
            if not 0 <= getattr(self, name) <= 1:
                flag = name.replace("_", "-")
                raise UsageError(
                    f"--{flag} must lie between 0 and 1, not {getattr(self, name)}.", kind="option_value"
                )

    @property
    def measured(self) -> tuple[float, ...]:
        """Return the strengths in order; one that is to be written is measured, too."""
        written = {self.write} if isinstance(self.write, float) else set()
        return tuple(sorted({*self.strengths, *written}))

    @property
    def watch(self) -> WatchOptions:
        """Return the options of the watch."""
        return WatchOptions(
            persona_scope=self.persona_scope,
            facts=self.watch_facts,
            margin=self.watch_margin,
            max_name_rate=self.max_name_rate,
            max_leakage=self.max_leakage,
            seed=self.seed,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleInputs:
    """What a run reads.

    Attributes:
        base: Hugging Face id, model folder or GGUF file.
        data: A curate run, or a file of training rows: the style is found by them.
        in_domain: Held-out rows of the domain; None takes those of a curate run.
        chat_template: Jinja file that replaces the adapter's template.
    """

    base: str
    data: Path
    in_domain: Path | None = None
    chat_template: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Loaded:
    """Base and adapter, and what both are measured by."""

    base: Base
    template: ChatTemplate
    strength: Strength
    watch: Watch
    heldout: Sequence[EncodedRow]


def scale(
    adapter: Path, out: Path, config: ScaleConfig, inputs: ScaleInputs, *, progress: Progress
) -> ScaleSummary:
    """Measure an adapter at several strengths and write a scale run.

    Args:
        adapter: A PEFT folder or a train run.
        out: The run directory.
        config: Options.
        inputs: The base, and the rows that it is measured by.
        progress: Where to report.

    Raises:
        LoracheckError: bad input, an adapter for another base or without a strength, no room on the disk.
    """
    folder = checked_folder(adapter)
    config = replace(config, quantization=quantization_of(folder, config))
    data, heldout_file = data_files(inputs.data, inputs.in_domain)
    check_template_file(inputs.chat_template)
    files = [folder / ADAPTER_WEIGHTS, folder / ADAPTER_CONFIG, data, heldout_file, inputs.chat_template]
    rows = load_rows(inputs.data, inputs.in_domain)
    options = {"base": inputs.base, "adapter": str(adapter), **asdict(config)}
    present = [file for file in files if file is not None and file.is_file()]
    with open_run(out, "scale", config=options, inputs=present, seed=config.seed) as run:
        if run.complete:
            progress.say_finished(out)
        if (out / SUMMARY).is_file():  # of a finished run, or of one that was killed at its very end
            return jsonl.read_one(out / SUMMARY, ScaleSummary)
        started = time.monotonic()
        loaded = _load(folder, out, config, inputs, rows, progress)
        points = _measure(loaded, config, out, progress)
        safe = largest_safe(points)
        written = _write(loaded, config, out / ADAPTER, safe, data, progress)
        summary = ScaleSummary(
            base=inputs.base,
            adapter=str(adapter),
            adapter_sha256=hash_file(folder / ADAPTER_WEIGHTS),
            points=tuple(points),
            largest_safe=safe,
            written=ADAPTER if written else None,
            written_scale=written,
            seconds=round(time.monotonic() - started, 1),
            values=_values(loaded, config),
        )
        jsonl.write_one(out / SUMMARY, summary)
        return summary


def quantization_of(folder: Path, config: ScaleConfig) -> Quantization:
    """Return how the base is held: as wanted, else as in training where the adapter's card tells."""
    if config.quantization is not None:
        return config.quantization
    card = read_card(folder)
    return card.quantization if card else "none"


def largest_safe(points: Sequence[ScalePoint]) -> float | None:
    """Return the largest measured strength up to which every strength is safe; None when the smallest is not."""
    found = None
    for point in sorted(points, key=lambda point: point.scale):
        if not point.reading.safe:
            break
        found = point.scale
    return found


def parse_strengths(text: str) -> tuple[float, ...]:
    """Read strengths as they are typed: 0,0.25,0.5.

    Raises:
        UsageError: one of them is no number.
    """
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise UsageError(
            f"--strengths {text}: numbers with commas are wanted.",
            kind="option_form",
            hint="For instance --strengths 0,0.5,1",
        ) from None


def parse_write(text: str) -> float | Literal["safe"]:
    """Read which strength is to be saved: a number or safe.

    Raises:
        UsageError: it is neither.
    """
    if text == "safe":
        return "safe"
    try:
        return float(text)
    except ValueError:
        raise UsageError(
            f"--write {text}: a number above 0 and up to 1, or safe, is wanted.", kind="option_value"
        ) from None


def _load(
    folder: Path,
    out: Path,
    config: ScaleConfig,
    inputs: ScaleInputs,
    rows: Rows,
    progress: Progress,
) -> _Loaded:
    """Load base and adapter, refuse what has no strength, and let the base answer the watch's questions."""
    base = load_base(inputs.base, quantization=config.quantization or "none", announce=progress.say)
    template = choose_template(base.tokenizer, [folder], inputs.chat_template)
    file = read_adapter(_NAME, folder, base, template.sha256)
    refuse_unscalable(file)
    model: Any = attach(base, [file])
    strength = Strength.of(model, file)
    with arm(model, BASE_ARM) as plain:
        watch = Watch.prepare(
            out / WATCH, plain, template, rows.examples, rows.heldout, config.watch, progress
        )
    if not watch.markers:
        progress.say("no style was found in the data: persona learnt, leakage and names cannot be measured")
    return _Loaded(
        base=base,
        template=template,
        strength=strength,
        watch=watch,
        heldout=encode_rows(template, rows.heldout, MAX_LENGTH),
    )


def _measure(loaded: _Loaded, config: ScaleConfig, out: Path, progress: Progress) -> list[ScalePoint]:
    """Take a point at every strength; one that points.jsonl holds is not taken again."""
    log = jsonl.Appender(out / POINTS)
    known = {point.scale: point for point in jsonl.read(out / POINTS, ScalePoint)}
    model: Any = loaded.strength.model
    for place, strength in enumerate(config.measured, start=1):
        if strength in known:
            continue
        progress.say(f"strength {strength:g} ({place} of {len(config.measured)})")
        if strength:
            loaded.strength.set(strength)
        with arm(model, _NAME if strength else BASE_ARM) as plain:
            known[strength] = ScalePoint(
                scale=strength,
                heldout_loss=_heldout_loss(plain, loaded, progress),
                reading=loaded.watch.read(plain, f"strength-{strength!r}")
                if strength
                else loaded.watch.base_reading,
            )
        log.append([known[strength]])
    return [known[strength] for strength in config.measured]


def _heldout_loss(model: Any, loaded: _Loaded, progress: Progress) -> float | None:  # noqa: ANN401 - a PreTrainedModel
    """Return the mean loss in nats per trained token of the held-out rows; None without rows."""
    if not loaded.heldout:
        return None
    pad_id = pad_token_id(loaded.template)
    scored = []
    with progress.track("held-out rows", len(loaded.heldout)) as advance:
        for batch in score_rows(model, loaded.heldout, pad_id=pad_id):
            scored += [score for _, score in batch]
            advance(len(batch))
    return -sum(s.logprob for s in scored) / sum(s.tokens for s in scored)


def _write(
    loaded: _Loaded, config: ScaleConfig, folder: Path, safe: float | None, data: Path, progress: Progress
) -> float | None:
    """Save the adapter at the wanted strength, bound to its base; return the strength, None for none."""
    strength = safe if config.write == "safe" else config.write
    if not strength:
        if config.write == "safe":
            progress.say("no strength above 0 is safe: no adapter was written")
        return None
    loaded.strength.save(strength, folder)
    jsonl.replace(folder / "chat_template.jinja", loaded.template.source.encode())
    jsonl.write_one(folder / ADAPTER_CARD, _card(loaded, data))
    return strength


def _card(loaded: _Loaded, data: Path) -> AdapterCard:
    """Return the card of the scaled adapter: that of the original, or one that binds it as far as is known."""
    file: AdapterFile = loaded.strength.adapter
    asked = loaded.watch.probe_ids
    card = read_card(file.path)
    return AdapterCard(
        base=card.base if card else loaded.base.name,
        fingerprint=card.fingerprint if card else loaded.base.fingerprint,
        template_sha256=loaded.template.sha256,
        quantization=card.quantization if card else loaded.base.quantization,
        data_sha256=card.data_sha256 if card else hash_file(data),
        trained_tokens=card.trained_tokens if card else None,
        watched_probes=tuple(sorted({*asked, *(card.watched_probes if card else ())})),
    )


def _values(loaded: _Loaded, config: ScaleConfig) -> dict[str, Any]:
    limits = ("persona_scope", "watch_margin", "max_name_rate", "max_leakage")
    return {
        **{name: getattr(config, name) for name in limits},
        "quantization": config.quantization,
        "verified": loaded.strength.adapter.verified,
        "heldout_rows": len(loaded.heldout),
        "markers": [marker.text for marker in loaded.watch.markers],
    }


def checked_folder(adapter: Path) -> Path:
    """Return the adapter's folder inside a train or scale run, or the folder itself.

    Raises:
        AdapterError: there is no adapter.
    """
    if is_run(adapter):
        read_run(adapter)
    return adapter_files(adapter.name, adapter)[0].parent


def _list(strengths: Sequence[float]) -> str:
    return ",".join(f"{strength:g}" for strength in strengths)
