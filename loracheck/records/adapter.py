"""The records of `inspect` and `merge`: what an adapter is made of, and what shipping it as weights changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from loracheck.records import Estimate, VerdictStatus

Subject = Literal["shape", "folder", "honorific", "artist", "capitals", "fictional"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something to know about an adapter: a stable code, and the sentence for people."""

    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spectrum:
    """Singular values of the change of one module's weight.

    Attributes:
        norm: Frobenius norm.
        leading: The largest singular values, at most eight.
        top_share: Share of the energy (squared singular values) in the largest one.
        effective_rank: exp of the entropy of the singular values as shares (Roy and Vetterli 2007).
        stable_rank: Squared Frobenius norm over the squared largest singular value.
    """

    norm: float
    leading: tuple[float, ...]
    top_share: float
    effective_rank: float
    stable_rank: float


@dataclass(frozen=True, slots=True, kw_only=True)
class IntruderReading:
    """Directions of a changed weight that the base's weight does not have (arXiv 2410.21228).

    Attributes:
        directions: How many of the changed weight's largest left singular vectors were looked at.
        intruders: Those whose cosine to every left singular vector of the base's weight is below the limit,
            by their place from the largest, beginning at 1.
        lowest: The smallest of these best cosines.
        relative_norm: Frobenius norm of the change over that of the base's weight.
    """

    directions: int
    intruders: tuple[int, ...]
    lowest: float
    relative_norm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleAnatomy:
    """One changed module.

    Attributes:
        part: Of an image model: "text encoder", "unet", "transformer"; empty for a language model.
        layer: Number of the layer; None outside the layers.
        shape: Of the changed weight, rows and columns; None where the factors do not tell.
        scale: What the product of the factors is multiplied by; None where no alpha is known.
        spectrum: None where it could not be computed; `note` says why.
        zero: Whether the change is nothing; None for a kind that this is not known of.
    """

    name: str
    type: str
    part: str
    layer: int | None
    shape: tuple[int, int] | None
    rank: int | None
    alpha: float | None
    scale: float | None
    parameters: int
    spectrum: Spectrum | None
    zero: bool | None
    note: str = ""
    intruder: IntruderReading | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleGroup:
    """Modules of one type, layer or part together; means are over those with a spectrum.

    `norm` is that of all changes of the group together, `norm_low` and `norm_high` the span of single modules.
    """

    name: str
    modules: int
    measured: int
    parameters: int
    norm: float | None
    norm_low: float | None
    norm_high: float | None
    mean_top_share: float | None
    mean_effective_rank: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RankUse:
    """A rank and alpha, and how many modules have them."""

    rank: int | None
    alpha: float | None
    scale: float | None
    modules: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IntruderSummary:
    """Intruder directions over the modules that were looked at.

    Attributes:
        limit: Cosine below which a direction is an intruder.
        checked: Modules looked at, of `eligible` ones; fewer are spread evenly over types and layers.
        directions: Singular vectors looked at in all of them.
        found: Intruders among these, in `modules_with` modules.
        skipped: Modules that could not be looked at, by reason.
    """

    base: str
    limit: float
    checked: int
    eligible: int
    directions: int
    found: int
    modules_with: int
    skipped: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingTrace:
    """What the trainer left beside the adapter, as far as it could be read; losses in nats per token.

    Attributes:
        quantization: How the base was held: "none", "nf4", "fp4", "int8", "other"; empty when nothing says so.
        best_checkpoint: Folder of another checkpoint with a lower held-out loss.
        notes: Files that were not read, and why.
    """

    files: tuple[str, ...]
    tool: str = ""
    base: str = ""
    steps: int | None = None
    epochs: float | None = None
    loss_first: float | None = None
    loss_last: float | None = None
    heldout_loss_last: float | None = None
    learning_rate: float | None = None
    data: tuple[str, ...] = ()
    template: str = ""
    quantization: str = ""
    heldout_loss_least: float | None = None
    best_checkpoint: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadsIn:
    """Whether a program takes the adapter as it is, with which options, and why not."""

    program: str
    loads: bool
    options: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TagCount:
    """A caption tag and in how many training images it stood."""

    text: str
    images: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedSubject:
    """A tag or folder that may name somebody, and which rule says so; see train/inspection/names.py."""

    text: str
    images: int | None
    rule: Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageAdapter:
    """What an adapter for an image model says of itself: its maker's words, unverified.

    Attributes:
        facts: Known keys of its metadata, such as ss_base_model_version, with shortened values.
        tags: The most frequent caption tags.
        people: Tags and folders that may name a person.
        fictional: Tags that name a character of a work.
    """

    trainer: str
    facts: dict[str, str]
    parts: tuple[ModuleGroup, ...]
    tags: tuple[TagCount, ...]
    tags_in_all: int
    people: tuple[NamedSubject, ...]
    fictional: tuple[NamedSubject, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterAnatomy:
    """What `inspect` says of an adapter.

    Attributes:
        form: "peft" for a folder with its configuration, "file" for tensors alone, "image" for an adapter of an
            image model.
        kind: In a word: lora, rslora, dora, pissa-converted, loha, lokr, adalora, ...
        base: The base that it names; empty when it names none.
        parameters: Of all its tensors.
        other_tensors: Tensors that are no factor of a change: whole weights, biases, vectors of other kinds.
        inert: Whether it changes nothing; None where that cannot be told without the base.
        image: For an adapter of an image model only.
    """

    path: str
    form: Literal["peft", "file", "image"]
    kind: str
    base: str
    targets: tuple[str, ...]
    ranks: tuple[RankUse, ...]
    tensors: int
    parameters: int
    bytes: int
    sha256: str
    dtypes: dict[str, int]
    inert: bool | None
    zero_tensors: tuple[str, ...]
    nonfinite_tensors: tuple[str, ...]
    other_tensors: tuple[str, ...]
    by_type: tuple[ModuleGroup, ...]
    by_layer: tuple[ModuleGroup, ...]
    modules: tuple[ModuleAnatomy, ...]
    loads: tuple[LoadsIn, ...]
    training: TrainingTrace | None
    intruders: IntruderSummary | None
    image: ImageAdapter | None
    notices: tuple[Notice, ...]
    peft_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormComparison:
    """The form an adapter was trained in against a form that ships, on the same answers.

    Attributes:
        shipped: What was loaded again from disk, such as "merged, bfloat16" or "GGUF q8_0".
        divergence: Mean KL divergence in nats per token, from the trained form to the shipped one; None where it
            was not measured, `reason` says why. Its n is the number of probes.
        same_top: Share of positions at which both have the same most likely token.
        largest: The largest divergence at one position.
        tokens: Positions compared.
        above_threshold: Whether the mean is above the threshold.
    """

    shipped: str
    divergence: Estimate | None
    same_top: Estimate | None
    largest: float | None
    tokens: int
    above_threshold: bool | None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationSeal:
    """The verdict of an eval run on the very adapter that was merged."""

    run_id: str
    adapter: str
    status: VerdictStatus
    policy: str
    policy_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippedForm:
    """shipped_form.json of a merged model: what was merged, and how far it is from what was trained.

    Attributes:
        base_verified: Whether the adapter is proved to belong to the base.
        data_sha256: Of the training data, by the adapter's card; None without one.
        dtype: Of the merged weights.
        trained: How the base was held in training: "none" for its own 16 or 32 bits, "nf4", "fp4", "int8".
        trained_known: Whether that comes from the adapter's card or from an option; assumed otherwise.
        onto: "original" weights of the base, or those of the "trained" form in 16 bits.
        weights_sha256: Of the merged model's files, by name.
        threshold: Mean divergence in nats per token above which a warning is due.
        probes: Questions whose answers were compared.
    """

    base: str
    base_verified: bool
    licence: str
    adapter_sha256: str
    data_sha256: str | None
    kind: str
    dtype: str
    trained: str
    trained_known: bool
    onto: Literal["original", "trained"]
    weights_sha256: dict[str, str]
    threshold: float
    probes: int
    seed: int
    comparisons: tuple[FormComparison, ...]
    evaluation: EvaluationSeal | None = None
    watched_probes: tuple[str, ...] = ()
    """Bundled probes that chose the adapter's checkpoint or strength; an evaluation leaves them out."""
