"""The policy: what is required, by what margin, at which error rate; fixed before the run and hashed.

alpha is one-sided and holds twice: a truly bad adapter passes, and a truly good one fails, with at most that
probability.
"""

from __future__ import annotations

import difflib
import hashlib
from dataclasses import dataclass, field, fields
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml

from loracheck import jsonl
from loracheck.errors import UsageError

Mode = Literal["required", "info", "off"]
PRESETS = ("default", "persona", "strict")


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """Where the style of the training data is wanted.

    Attributes:
        scope: "always" wants it everywhere, "in_domain" only for prompts like the training data's, "never"
            nowhere. Wanted style is not leakage.
        min_in_domain: Least share of in-domain replies that show it, where it is wanted.
        max_out_of_domain: Most, as a share, of out-of-domain replies that may show it, where it is not wanted.
    """

    scope: Literal["always", "in_domain", "never"] = "in_domain"
    min_in_domain: float = 0.5
    max_out_of_domain: float = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Limits of the gates. Margins are in share of items: 0.05 allows to be worse by 5 points."""

    name: str
    alpha: float = 0.05
    persona: Persona = field(default_factory=Persona)
    content_damage: Mode = "required"
    forgetting: Mode = "required"
    collapse: Mode = "required"
    loops: Mode = "required"
    missing_stop: Mode = "required"
    content_margin: float = 0.05
    forgetting_margin: float = 0.05
    collapse_margin: float = 0.05
    loop_margin: float = 0.05
    max_name_rate: float = 0.05
    max_missing_stop: float = 0.1

    def __post_init__(self) -> None:
        limits = {f.name: getattr(self, f.name) for f in fields(self) if f.type == "float"}
        limits |= {
            f"persona.{f.name}": getattr(self.persona, f.name) for f in fields(Persona) if f.type == "float"
        }
        for name, value in limits.items():
            if not 0 < value < 1:
                raise UsageError(f"policy {self.name}: {name} lies between 0 and 1, not {value}.")
        if self.alpha > 0.2:
            raise UsageError(
                f"policy {self.name}: alpha {self.alpha} is no error control; it is at most 0.2."
            )

    @property
    def sha256(self) -> str:
        """Return the hash of every limit in the policy."""
        return hashlib.sha256(jsonl.encode(self)).hexdigest()


def load_policy(spec: str) -> Policy:
    """Read a policy: the name of a preset, or a YAML file.

    Raises:
        UsageError: no such preset or file, no YAML, or an unknown or ill-typed key.
    """
    if spec in PRESETS:
        text = (files("loracheck.evaluate") / "policies" / f"{spec}.yaml").read_text(encoding="utf-8")
    elif Path(spec).is_file():
        text = Path(spec).read_text(encoding="utf-8")
    else:
        raise UsageError(f"--policy {spec}: no such file; the presets are {', '.join(PRESETS)}.")
    try:
        value: Any = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UsageError(f"policy {spec}: no YAML: {error}") from None
    if not isinstance(value, dict):
        raise UsageError(f"policy {spec}: keys and values are wanted.")
    _check_keys(value, Policy, spec)
    _check_keys(value.get("persona") or {}, Persona, f"{spec}, persona")
    try:
        return msgspec.convert({"name": Path(spec).stem, **value}, Policy)
    except msgspec.ValidationError as error:
        raise UsageError(f"policy {spec}: {error}") from None


def _check_keys(value: dict[str, Any], record: type, where: str) -> None:
    known = [f.name for f in fields(record)]
    for key in value:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1)
            raise UsageError(
                f"policy {where}: unknown key {key!r}.",
                hint=f"Did you mean {near[0]}?" if near else f"Known: {', '.join(known)}.",
            )
