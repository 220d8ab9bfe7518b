"""The policy: what is required, by what margin, at which error rate; fixed before the run and hashed.

alpha is one-sided and holds twice: a truly bad adapter passes, and a truly good one fails, with at most that
probability.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Sequence
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
class Gate:
    """The limits of one check.

    Attributes:
        mode: "required" decides, "info" is measured and decides nothing, "off" is not measured.
        margin: How much worse than the base is still accepted, in share of items: 0.05 allows 5 points.
        max_rate: Largest accepted share of something bad.
        min_items: Least number of items on which the check may pass.
    """

    mode: Mode = "required"
    margin: float | None = None
    max_rate: float | None = None
    min_items: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What decides. Presets and files give only what differs from the default policy."""

    name: str
    alpha: float = 0.05
    persona: Persona = field(default_factory=Persona)
    gates: dict[str, Gate] = field(default_factory=dict)
    """By check; a check without a gate is off."""

    def __post_init__(self) -> None:
        limits: dict[str, float | None] = {"alpha": self.alpha}
        limits |= {
            f"persona.{f.name}": getattr(self.persona, f.name) for f in fields(Persona) if f.type == "float"
        }
        for check, gate in self.gates.items():
            limits |= {f"gates.{check}.margin": gate.margin, f"gates.{check}.max_rate": gate.max_rate}
        for name, value in limits.items():
            if value is not None and not 0 < value < 1:
                raise UsageError(f"policy {self.name}: {name} lies between 0 and 1, not {value}.")
        if self.alpha > 0.2:
            raise UsageError(
                f"policy {self.name}: alpha {self.alpha} is no error control; it is at most 0.2."
            )

    @property
    def sha256(self) -> str:
        """Return the hash of every limit in the policy."""
        return hashlib.sha256(jsonl.encode(self)).hexdigest()

    def mode(self, check: str) -> Mode:
        """Return whether a check decides, informs or is left out."""
        return self.gates[check].mode if check in self.gates else "off"

    def required(self, check: str) -> bool:
        """Tell whether a check decides."""
        return self.mode(check) == "required"

    def margin(self, check: str) -> float:
        """Return how much worse than the base is still accepted.

        Raises:
            UsageError: the policy sets none.
        """
        return self._limit(check, "margin")

    def max_rate(self, check: str) -> float:
        """Return the largest accepted share.

        Raises:
            UsageError: the policy sets none.
        """
        return self._limit(check, "max_rate")

    def _limit(self, check: str, name: Literal["margin", "max_rate"]) -> float:
        value: float | None = getattr(self.gates[check], name)
        if value is None:
            raise UsageError(f"policy {self.name}: gates.{check}.{name} is missing.")
        return value


def load_policy(spec: str) -> Policy:
    """Read a policy: the name of a preset, or a YAML file. What it does not name is as in the default policy.

    Raises:
        UsageError: no such preset or file, no YAML, or an unknown or ill-typed key.
    """
    default = _read("default")
    given = default if spec == "default" else _read(spec)
    gates = {
        name: {**gate, **_section(given, "gates").get(name, {})} for name, gate in default["gates"].items()
    }
    merged = {
        **default,
        "name": Path(spec).stem,
        **given,
        "persona": {**default["persona"], **_section(given, "persona")},
        "gates": gates,
    }
    try:
        return msgspec.convert(merged, Policy)
    except msgspec.ValidationError as error:
        raise UsageError(f"policy {spec}: {error}") from None


def _read(spec: str) -> dict[str, Any]:
    """Read one policy file as it stands, its keys checked."""
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
    _check_keys(value, [f.name for f in fields(Policy)], spec)
    _check_keys(_section(value, "persona"), [f.name for f in fields(Persona)], f"{spec}, persona")
    known = list(value["gates"]) if spec == "default" else list(_read("default")["gates"])
    gates = _section(value, "gates")
    _check_keys(gates, known, f"{spec}, gates")
    for check in gates:
        _check_keys(_section(gates, check), [f.name for f in fields(Gate)], f"{spec}, gates, {check}")
    return value


def _section(value: dict[str, Any], key: str) -> dict[str, Any]:
    section = value.get(key) or {}
    if not isinstance(section, dict):
        raise UsageError(f"policy: {key} holds keys and values, not {section!r}.")
    return section


def _check_keys(value: dict[str, Any], known: Sequence[str], where: str) -> None:
    for key in value:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1)
            raise UsageError(
                f"policy {where}: unknown key {key!r}.",
                hint=f"Did you mean {near[0]}?" if near else f"Known: {', '.join(known)}.",
            )
