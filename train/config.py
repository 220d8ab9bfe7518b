"""Options of the train stage, under the libraries' own names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

from loracheck.errors import UsageError
from loracheck.models.quantization import Quantization
from loracheck.settings import build, over_preset, read_yaml_file
from loracheck.settings.yamllines import naming_lines

from .choices import CHOICES
from .presets import PRESETS


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainConfig:
    """How to fine-tune.

    Attributes:
        peft_type: "lora", or the LyCORIS kinds "loha" and "lokr" (arXiv 2309.14859), in 16 bits only.
        lora_r, lora_alpha, lora_dropout: Rank, scale and dropout, of all kinds.
        target_modules: "all-linear", or names separated by commas.
        use_dora: Weight-decomposed LoRA (arXiv 2402.09353).
        use_rslora: Scale by alpha / sqrt(rank) (arXiv 2312.03732).
        init_lora_weights: "default" (B is zero), "gaussian", "pissa" (arXiv 2404.02948) or "loftq"
            (arXiv 2310.08659, for a 4-bit base).
        loraplus_lr_ratio: Learning rate of B over that of A (LoRA+, arXiv 2402.12354).
        adapter_dtype: float32 resumes exactly; bfloat16 is about 15% faster with many targets. Where the base
            computes in float32 the adapter does, too.
        assistant_only_loss: Loss on every assistant turn, not on the last reply only.
        packing: Lay rows end to end without padding; rows do not see one another.
        replay_share: Share of the rows of an epoch that comes from the replay data.
        neftune_noise_alpha: Noise on the embeddings (arXiv 2310.05914).
        max_trained_tokens: Tokens with loss over the whole run; overrides num_train_epochs, so that two data
            sets can be trained on exactly as much.
        train_batch_size: Rows of an optimiser step, over all devices.
        max_batch_tokens: Tokens, padding included, that pass through the model at once on one device; a step of
            more is taken in parts. None: 1,024 on the CPU, 8,192 elsewhere.
        eval_steps: Steps between readings of the held-out loss and the watch; None: a tenth of the run.
        early_stopping_patience: Readings without a better held-out loss before the run stops; None never stops.
        watch: Ask a small out-of-domain probe set at every reading.
        stop_when_unsafe: End the run at the first unsafe reading.
        persona_scope: Where the style is wanted, as in a policy; outside it counts as leakage.
        watch_facts: Factual questions of the watch, per language of the data.
        watch_margin: Share of factual questions that may be lost before a checkpoint is unsafe.
        max_name_rate, max_leakage: Largest safe shares.
        keep: Checkpoint that becomes the adapter; "auto" is "safe" with a watch, "best" with early stopping,
            "last" otherwise.
        save_total_limit: Checkpoints to resume from; the best and the safe one are kept besides.
        report_to: Trackers, as transformers names them: tensorboard, mlflow, wandb, ...
        fsdp, fsdp_config, deepspeed: Handed to transformers as they are.
    """

    quantization: Quantization = "none"
    peft_type: Literal["lora", "loha", "lokr"] = "lora"
    lora_r: int = 16
    lora_alpha: int = 32
    lora_dropout: float = 0.0
    target_modules: str = "all-linear"
    use_dora: bool = False
    use_rslora: bool = False
    init_lora_weights: Literal["default", "gaussian", "pissa", "loftq"] = "default"
    loraplus_lr_ratio: float | None = None
    adapter_dtype: Literal["float32", "bfloat16"] = "float32"
    learning_rate: float = 2e-4
    lr_scheduler_type: str = "cosine"
    warmup_ratio: float = 0.03
    num_train_epochs: int = 3
    max_trained_tokens: int | None = None
    train_batch_size: int = 16
    max_batch_tokens: int | None = None
    max_length: int = 1024
    max_grad_norm: float = 1.0
    weight_decay: float = 0.0
    gradient_checkpointing: bool = False
    assistant_only_loss: bool = False
    packing: bool = False
    replay_share: float = 0.0
    neftune_noise_alpha: float | None = None
    eval_steps: int | None = None
    early_stopping_patience: int | None = None
    watch: bool = False
    stop_when_unsafe: bool = False
    persona_scope: Literal["always", "in_domain", "never"] = "in_domain"
    watch_facts: int = 60
    watch_margin: float = 0.05
    max_name_rate: float = 0.05
    max_leakage: float = 0.05
    keep: Literal["auto", "last", "best", "safe"] = "auto"
    save_steps: int = 200
    save_total_limit: int = 2
    report_to: tuple[str, ...] = ()
    fsdp: str | None = None
    fsdp_config: str | None = None
    deepspeed: str | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for name in _POSITIVE:
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise UsageError(f"{flag(name)} must be above 0, not {value}.", kind="option_value")
        for name in _SHARES:
            if not 0 <= getattr(self, name) < 1:
                raise UsageError(
                    f"{flag(name)} is a share from 0 to below 1, not {getattr(self, name)}.",
                    kind="option_value",
                )
        if self.max_length < 16:
            raise UsageError(
                f"--max-length must be at least 16 tokens, not {self.max_length}.", kind="option_value"
            )
        for name, values in CHOICES.items():
            if getattr(self, name) not in values:
                raise UsageError(
                    f"{flag(name)} is one of {', '.join(values)}, not {getattr(self, name)}.",
                    kind="option_value",
                )
        self._refuse_what_peft_cannot_do()
        self._refuse_what_cannot_be_read()

    def _refuse_what_cannot_be_read(self) -> None:
        if self.stop_when_unsafe and not self.watch:
            raise UsageError(
                "--stop-when-unsafe needs readings of what is safe.",
                kind="option_missing",
                hint="Add --watch.",
            )
        if self.keep == "safe" and not self.watch:
            raise UsageError(
                "--keep safe needs readings of what is safe.", kind="option_missing", hint="Add --watch."
            )

        if self.sharded:
            for wanted, option in (
                (self.watch, "--watch"),
                (self.early_stopping_patience, "--early-stopping-patience"),
                (self.keep == "best", "--keep best"),
            ):
                if wanted:
                    raise UsageError(
                        f"{option} cannot be had with --fsdp or --deepspeed: the model is in parts.",
                        kind="options_conflict",
                        hint="Leave it out; measure the adapter with loracheck eval.",
                    )

    def _refuse_what_peft_cannot_do(self) -> None:
        if self.peft_type != "lora":
            if self.quantization != "none":
                raise UsageError(
                    f"--peft-type {self.peft_type} cannot be trained on a quantised base: peft has no "
                    f"{self.quantization} layer for it.",
                    kind="options_conflict",
                    hint="Take --quantization none, or --peft-type lora.",
                )
            for name in ("use_dora", "use_rslora", "loraplus_lr_ratio"):
                if getattr(self, name):
                    raise UsageError(
                        f"{flag(name)} is for --peft-type lora, not for {self.peft_type}.",
                        kind="options_conflict",
                        hint="Leave one of the two out.",
                    )
            if self.init_lora_weights != "default":
                raise UsageError(
                    f"--init-lora-weights is for --peft-type lora, not for {self.peft_type}.",
                    kind="options_conflict",
                    hint="Leave one of the two out.",
                )
        if self.init_lora_weights == "loftq" and self.quantization not in ("nf4", "fp4"):
            raise UsageError(
                "--init-lora-weights loftq makes up for the error of a 4-bit base.",
                kind="options_conflict",
                hint="Add --quantization nf4, or take --init-lora-weights pissa on a 16-bit base.",
            )
        if self.init_lora_weights == "pissa" and self.quantization != "none":
            raise UsageError(
                "--init-lora-weights pissa takes the base's largest singular directions out of its weights, "
                f"which {self.quantization} does not allow.",
                kind="options_conflict",
                hint="Take --quantization none, or --init-lora-weights loftq.",
            )
        if self.use_dora and self.quantization == "int8":
            raise UsageError(
                "--use-dora cannot be trained on an int8 base: peft cannot read the lengths of its weights.",
                kind="options_conflict",
                hint="Take --quantization nf4.",
            )
        if self.use_dora and self.init_lora_weights in ("pissa", "loftq"):
            raise UsageError(
                f"--use-dora and --init-lora-weights {self.init_lora_weights} exclude one another.",
                kind="options_conflict",
                hint="Leave one of the two out.",
            )

    @property
    def kind(self) -> str:
        """Return the adapter's kind in a word."""
        if self.peft_type != "lora":
            return self.peft_type
        name = "rs" * self.use_rslora + ("dora" if self.use_dora else "lora")
        initial = f"{self.init_lora_weights}-" if self.init_lora_weights in ("pissa", "loftq") else ""
        return initial + name + "+" * bool(self.loraplus_lr_ratio)

    @property
    def sharded(self) -> bool:
        """Tell whether FSDP or DeepSpeed may keep parts of the weights elsewhere."""
        return bool(self.fsdp or self.deepspeed)

    @property
    def kept(self) -> Literal["last", "best", "safe"]:
        """Return which checkpoint becomes the adapter."""
        if self.keep != "auto":
            return self.keep
        return "safe" if self.watch else "best" if self.early_stopping_patience else "last"


_POSITIVE = (
    "lora_r",
    "lora_alpha",
    "loraplus_lr_ratio",
    "learning_rate",
    "num_train_epochs",
    "max_trained_tokens",
    "train_batch_size",
    "max_batch_tokens",
    "max_grad_norm",
    "neftune_noise_alpha",
    "eval_steps",
    "early_stopping_patience",
    "watch_facts",
    "save_steps",
    "save_total_limit",
)
_SHARES = (
    "lora_dropout",
    "warmup_ratio",
    "replay_share",
    "watch_margin",
    "max_name_rate",
    "max_leakage",
)


def flag(name: str) -> str:
    """Return an option's name on the command line."""
    return "--" + name.replace("_", "-")


def configure(preset: str | None = None, config_file: Path | None = None, **given: object) -> TrainConfig:
    """Lay a preset, a YAML file and the options that were given (None means not given) over one another.

    Raises:
        UsageError: no such preset or file, an unknown key, or an impossible value; names the option.
    """
    values = dict(read_yaml_file(config_file)) if config_file is not None else {}
    told = {name: value for name, value in given.items() if value not in (None, ())}
    values |= told
    if preset is not None:
        values["preset"] = preset
    with naming_lines(config_file, besides=told):
        config = config_from(values, str(config_file or "options"))
    for name in ("fsdp_config", "deepspeed"):
        path = getattr(config, name)
        if path and not Path(path).is_file():
            raise UsageError(f"{flag(name)} {path}: there is no such file.", kind="no_such_file")
    return config


def with_replay(config: TrainConfig) -> TrainConfig:
    """Return options that mix replay rows in: at their own share, or at a tenth where they name none."""
    return config if config.replay_share else replace(config, replay_share=0.1)


def config_from(values: Mapping[str, Any], where: str) -> TrainConfig:
    """Return options from values, over the preset that they may name; without lora_alpha it is twice the rank.

    Raises:
        UsageError: no such preset, an unknown key, or an impossible value; names the key.
    """
    laid = over_preset(values, PRESETS, PRESETS.__getitem__, where)
    if isinstance(laid.get("lora_r"), int):
        laid.setdefault("lora_alpha", 2 * laid["lora_r"])
    return build(TrainConfig, laid, where)


def option_names() -> tuple[str, ...]:
    """Return the names of all options."""
    return tuple(item.name for item in fields(TrainConfig))
