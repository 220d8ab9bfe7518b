"""What peft is told of a stranger's adapter: where its file holds tensors, and numbers that were checked.

peft follows adapter_config.json to the letter: it searches the model by the expressions that stand there, and some of
its options change the base's own weights, which no switch undoes. So the configuration is made anew. The names of the
tensors say which modules are changed, and what is neither known to leave the base alone nor off is refused.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, fields
from typing import TYPE_CHECKING, Any

from loracheck.adapters.config import AdapterConfig, number
from loracheck.adapters.factors import tensor_name
from loracheck.errors import AdapterError
from loracheck.terminal import visible

if TYPE_CHECKING:
    from peft import PeftConfig
    from transformers import PreTrainedModel

    from loracheck.models.load import AdapterFile, Base

PEFT_PREFIX = "base_model.model."
_SWITCHES = {
    "LORA": ("use_dora", "use_rslora", "lora_bias", "fan_in_fan_out"),
    "ADALORA": ("fan_in_fan_out",),
    "LOHA": ("use_effective_conv2d",),
    "LOKR": ("use_effective_conv2d", "decompose_both"),
}
"""The kinds that are taken, and what can be switched on in each."""
_READ = frozenset({
    "peft_type", "r", "init_r", "lora_alpha", "alpha", "rank_pattern", "alpha_pattern", "init_lora_weights",
    "bias", "modules_to_save", "trainable_token_indices", "target_parameters", "decompose_factor",
})  # fmt: skip
# Names of modules, which the file says better, and what peft heeds in training alone.
_PASSED_OVER = frozenset({
    "target_modules", "exclude_modules", "layers_to_transform", "layers_pattern", "task_type", "auto_mapping",
    "peft_version", "revision", "base_model_name_or_path", "inference_mode", "lora_dropout", "rank_dropout",
    "module_dropout", "rank_dropout_scale", "init_weights", "loftq_config", "eva_config", "corda_config",
    "lora_ga_config", "target_r", "tinit", "tfinal", "deltaT", "beta1", "beta2", "orth_reg_weight",
    "total_step",
})  # fmt: skip
# Beginnings that peft finds again in the weights of the base, in bounded time.
_FROM_BASE = re.compile(r"pissa(_niter_\d{1,2})?|olora")
_FLOATS = ("F64", "F32", "F16", "BF16")
_LARGEST_PRUNED = 8
"""Times the ranks that AdaLoRA has left: what it may have begun with."""
_SIDES = {
    "lora_A": 1, "lora_embedding_A": 1, "lora_B": 0, "lora_embedding_B": 0,
    "hada_w1_a": 0, "hada_w2_a": 0, "hada_w1_b": 1, "hada_w2_b": 1,
}  # fmt: skip
"""Of each factor, the dimension that is as wide as its module."""
# Where the shape of a factor shows the rank that its module was given.
_SHOWS_RANK = ("lora_A", "lora_embedding_A", "hada_w1_b", "lokr_w1_b", "lokr_w2_b")


def refuse_unsafe(
    name: str, values: Mapping[str, Any], config: AdapterConfig, *, alone: bool = False
) -> None:
    """Refuse by its configuration an adapter that may change the base, or of which peft would make something else.

    Raises:
        AdapterError: it is of another kind, begins in the base's weights, or asks for what is not known here.
    """
    if config.peft_type not in _SWITCHES:
        raise AdapterError(
            f"adapter {name} is {visible(config.peft_type) or 'of no kind that its configuration names'}; LoRA, DoRA, "
            "AdaLoRA, LoHa and LoKr are taken.",
            kind="adapter_unsupported",
            hint="Merge it with peft, and pass the merged model.",
        )
    if config.changes_base and not (alone and _FROM_BASE.fullmatch(config.initial)):
        raise AdapterError(
            f"adapter {name} takes part of the base's weights out when it is loaded ({visible(config.initial)}), so "
            "the base could no longer be asked beside it.",
            kind="adapter_unsupported",
            hint="Save it as a plain LoRA first, with peft's path_initial_model_for_weight_conversion.",
        )
    if wrong := next(_not_followed(values, config), None):
        raise AdapterError(
            f"adapter {name}: adapter_config.json has {visible(wrong)[:100]}, which is damaged or not followed here, "
            "so it would be measured as something else or change the base.",
            kind="adapter_unsupported",
            hint="Train without it, or merge the adapter with peft and pass the merged model.",
        )


def refuse_dtypes(name: str, dtypes: Mapping[str, str]) -> None:
    """Refuse tensors of types that a model cannot compute in.

    Raises:
        AdapterError: one is of 8 bits, whole numbers or the like.
    """
    if odd := next((key for key, dtype in dtypes.items() if dtype not in _FLOATS), None):
        raise AdapterError(
            f"adapter {name}: {visible(odd)[:200]} is of type {dtypes[odd]}, in which nothing can be computed here.",
            kind="adapter_unsupported",
            hint="Save it again in float32, bfloat16 or float16.",
        )


def peft_config(adapter: AdapterFile, base: Base) -> PeftConfig:
    """Make the configuration under which peft loads an adapter that was not refused.

    Raises:
        AdapterError: the tensors contradict the configuration, or are not of the base's widths.
    """
    name, values, config = adapter.name, adapter.values, adapter.config
    if wrong := _of_other_width(adapter.shapes, base.model):
        raise AdapterError(
            f"adapter {name} does not fit {base.name}: {visible(wrong)[:200]} is {list(adapter.shapes[wrong])}",
            kind="other_base",
            hint="Pass the base it was trained on; its name may stand in adapter_config.json.",
        )
    embeddings: Any = base.model.get_input_embeddings()
    ranks = _ranks(adapter.shapes, config)
    if wrong := _contradiction(ranks, adapter, int(embeddings.weight.shape[0])):
        raise AdapterError(
            f"adapter {name} is damaged: by adapter_config.json {visible(wrong)}, by its tensors not.",
            kind="adapter_damaged",
            hint="Download or save it again.",
        )
    kind = config.peft_type
    # What a plain list names and the file lacks shall make no room, and is noticed all the same.
    rank = config.rank if config.parameters else 1
    made: dict[str, Any] = {switch: values.get(switch) is True for switch in _SWITCHES[kind]} | {
        "target_modules": _targets(values, ranks),
        "inference_mode": True,
        "modules_to_save": [entry for entry in config.modules_to_save if entry] or None,
        "alpha" if kind in ("LOHA", "LOKR") else "lora_alpha": config.alpha,
        "alpha_pattern": _pattern(ranks, config.alpha_of, config.alpha),
    }
    if kind == "ADALORA":
        made |= {
            "init_r": config.rank,
            "rank_pattern": values.get("rank_pattern"),
            "tinit": 0,
            "total_step": 1,
        }
    else:
        made |= {"r": rank, "rank_pattern": _pattern(ranks, config.rank_of, rank)}
    if kind == "LOKR":
        made["decompose_factor"] = values.get("decompose_factor", -1)
    if kind == "LORA":
        made |= {
            "init_lora_weights": config.initial if config.changes_base else True,
            "trainable_token_indices": values.get("trainable_token_indices") or None,
            "target_parameters": values.get("target_parameters") or None,
        }
    return _form(kind)(**made)


def _not_followed(values: Mapping[str, Any], config: AdapterConfig) -> Iterator[str]:
    """Name what is ill-typed, or neither read nor passed over nor off."""
    kind = config.peft_type
    known = {field.name: field for field in fields(_form(kind))}
    if config.rank is None:
        yield "no rank"
    if config.alpha is None:
        yield "no alpha"
    yield from config.unread
    for key, value in values.items():
        if key in _SWITCHES[kind]:
            followed = value is None or isinstance(value, bool)
        elif key in _READ:
            followed = key not in _FORMS or _FORMS[key](value)
        else:
            followed = not value or key in _PASSED_OVER or key not in known or value == _default(known[key])
        if not followed:
            yield key


def _form(kind: str) -> type[PeftConfig]:
    from peft import PeftType  # noqa: PLC0415
    from peft.mapping import PEFT_TYPE_TO_CONFIG_MAPPING  # noqa: PLC0415

    return PEFT_TYPE_TO_CONFIG_MAPPING[PeftType(kind)]


def _default(field: Field[Any]) -> Any:  # noqa: ANN401 - of any type
    return field.default if field.default_factory is MISSING else field.default_factory()


def _is_list(value: object, entry: type) -> bool:
    return isinstance(value, list) and all(type(one) is entry for one in value)


def _is_pattern(value: object, fits: Callable[[Any], bool]) -> bool:
    return value is None or (isinstance(value, dict) and all(map(fits, value.values())))


_FORMS: dict[str, Callable[[Any], bool]] = {
    "bias": lambda value: value in (None, "none"),
    "rank_pattern": lambda value: _is_pattern(value, lambda rank: type(rank) is int or _is_list(rank, bool)),
    "alpha_pattern": lambda value: _is_pattern(value, lambda alpha: number(alpha) is not None),
    "init_lora_weights": lambda value: value is None or isinstance(value, (bool, str)),
    "modules_to_save": lambda value: not value or isinstance(value, str) or _is_list(value, str),
    "target_parameters": lambda value: not value or _is_list(value, str),
    "trainable_token_indices": lambda value: (
        not value or _is_list(value, int) or _is_pattern(value, lambda indices: _is_list(indices, int))
    ),
    "decompose_factor": lambda value: type(value) is int,
}
"""How what is read has to look; rank and alpha themselves are held by `AdapterConfig`."""


def _targets(values: Mapping[str, Any], ranks: Mapping[str, int | None]) -> list[str]:
    """Return which modules are changed: plain names as they stand, so that one without tensors is noticed.

    Where the configuration searches by expressions or leaves modules out, the file says which are left.
    """
    named: Any = values.get("target_modules")
    narrowed = any(values.get(key) for key in ("exclude_modules", "layers_to_transform", "layers_pattern"))
    return list(named) if _is_list(named, str) and not narrowed else sorted(ranks)


def _ranks(shapes: Mapping[str, tuple[int, ...]], config: AdapterConfig) -> dict[str, int | None]:
    """Return the modules that have factors in the file, and the rank that these show."""
    found: dict[str, int | None] = {}
    for key, shape in shapes.items():
        if named := tensor_name(key):
            module = named.module.removeprefix(PEFT_PREFIX)
            shown = shape[0] if named.factor in _SHOWS_RANK and shape else None
            found[module] = shown if shown is not None else found.get(module)
    parents = tuple(f".{entry.rpartition('.')[0]}" for entry in config.parameters)
    return {
        module: rank
        for module, rank in found.items()
        if not f".{module.removesuffix('.base_layer')}".endswith(parents or ("\0",))
    }


def _of_other_width(shapes: Mapping[str, tuple[int, ...]], model: PreTrainedModel) -> str:
    """Name a factor whose side towards the module is of no width that the base has there; empty for none.

    peft makes room by the base's widths and looks at the file only then.
    """
    modules = dict(model.named_modules())
    for key, shape in shapes.items():
        named = tensor_name(key)
        if named is None or named.factor not in _SIDES or not shape:
            continue
        module = modules.get(named.module.removeprefix(PEFT_PREFIX).removesuffix(".base_layer"))
        if module is None or shape[min(_SIDES[named.factor], len(shape) - 1)] not in _widths(module):
            return key
    return ""


def _widths(module: Any) -> set[int | None]:  # noqa: ANN401 - of any kind that peft adapts
    widths = {getattr(module, "in_features", None), getattr(module, "out_features", None)}
    return widths | {size for parameter in module.parameters(recurse=False) for size in parameter.shape}


def _contradiction(ranks: Mapping[str, int | None], adapter: AdapterFile, vocabulary: int) -> str:
    """Say in which way a configuration does not speak of these tensors; empty where it does."""
    config = adapter.config
    shown = [rank for rank in ranks.values() if rank is not None]
    if config.peft_type == "ADALORA":
        if (config.rank or 0) * len(shown) > _LARGEST_PRUNED * sum(shown):
            return f"r is {config.rank}"
    elif config.parameters and (config.rank or 0) > max(
        (max(s, default=0) for s in adapter.shapes.values()), default=0
    ):
        return f"r is {config.rank}"
    else:
        for module, rank in ranks.items():
            if rank is not None and config.rank_of(module) != rank:
                return f"the rank of {module[:200]} is {config.rank_of(module)}"
    tokens = adapter.values.get("trainable_token_indices") or []
    for indices in tokens.values() if isinstance(tokens, dict) else [tokens]:
        if wrong := next((index for index in indices if not 0 <= index < vocabulary), None):
            return f"token {wrong} is trained"
    return ""


def _pattern(
    modules: Mapping[str, int | None],
    value_of: Callable[[str], float | None],
    default: float | None,
) -> dict[str, float]:
    """Return what differs by module as peft takes it: an expression of whole names, and nothing of a stranger's."""
    groups: dict[float, list[str]] = defaultdict(list)
    for module in modules:
        value = value_of(module)
        if value is not None and value != default:
            groups[value].append(re.escape(module))
    return {f"^(?:{'|'.join(sorted(names))})": value for value, names in groups.items()}
