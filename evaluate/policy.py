"""The policy: what is wanted, what is required, by what margin, at which error rate; fixed before the run and hashed.

`intent` says what the training is meant to change, so that wanted change is told from unwanted; it fills in
defaults of the gates (policies/intents.yaml).

alpha is one-sided and holds twice: a truly bad adapter passes, and a truly good one fails, with at most that
probability.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, get_args

import msgspec

from loracheck import jsonl
from loracheck.errors import RunError, UsageError
from loracheck.evaluated import VERDICT
from loracheck.records import EvaluationResult, Language, Manifest, Waiver
from loracheck.regularfiles import refuse_irregular
from loracheck.runs import MANIFEST
from loracheck.settings import merged, read_yaml
from loracheck.settings.illtyped import misfit_in
from loracheck.settings.yamllines import naming_lines
from loracheck.text import normalise

from .verdict.waivers import refuse_expired, refuse_malformed

Intent = Literal["persona", "domain", "format", "none"]
Form = Literal["json", "list", "line"]
Mode = Literal["required", "info", "off"]
PRESETS = ("default", "persona", "strict")
_INTENTS = "intents"


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
        margin_nats: How much worse than the base is still accepted, in nats of the measure's own unit: a byte of
            neutral text, a token of a reply.
        min_ratio: Least accepted part of what the base has, where the check measures a ratio.
        max_rate: Largest accepted share of something bad.
        min_items: Least number of items on which the check may pass.
        min_headroom: Least distance of the base's lower bound from chance on which the check may pass, in share
            of items; twice the margin is asked for in any case.
    """

    mode: Mode = "required"
    margin: float | None = None
    margin_nats: float | None = None
    min_ratio: float | None = None
    max_rate: float | None = None
    min_items: int = 0
    min_headroom: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """Which bundled probes belong to the field that is trained: they count in no gate for what lies outside it.

    Attributes:
        tags: Tags of probes, such as "capital".
        suites: Suites by the beginning of their name: "facts-ja", or "facts" for both languages.
    """

    tags: tuple[str, ...] = ()
    suites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """Which form of reply is wanted, and where.

    Attributes:
        form: "json" (the whole reply is a JSON object or list), "list" (most lines are points of a list), "line"
            (the reply is one line).
        scope: "always", or only for prompts of the domain; the form elsewhere is then unwanted.
        min_in_domain: Least share of in-domain replies that have it.
        max_out_of_domain: Most, as a share, of out-of-domain replies that took it on.
    """

    form: Form | None = None
    scope: Literal["always", "in_domain"] = "in_domain"
    min_in_domain: float = 0.8
    max_out_of_domain: float = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """Beginnings of the SHA-256 of what the limits were set for; another one is refused. None pins nothing.

    Attributes:
        probes: By suite, `sha256` in `suites` of a run's context.json.
        base: `fingerprint.shell` there.
        template: `template_sha256` there.
    """

    probes: dict[str, str] = field(default_factory=dict)
    base: str | None = None
    template: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What decides. Presets and files give only what differs from the default policy.

    Attributes:
        intent: What the training is meant to change.
        languages: Bundled suites of these languages count; empty: all.
        forbidden_strings: An answer out of the domain that holds one, where neither the prompt nor the base's
            answer does, holds the adapter.
        waivers: Checks that may fail until a day, each with who answers for it.
    """

    name: str
    alpha: float = 0.05
    persona: Persona = field(default_factory=Persona)
    gates: dict[str, Gate] = field(default_factory=dict)
    """By check; a check without a gate is off."""
    intent: Intent = "persona"
    domain: Domain = field(default_factory=Domain)
    format: Format = field(default_factory=Format)
    languages: tuple[Language, ...] = ()
    forbidden_strings: tuple[str, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    pinned: Pinned = field(default_factory=Pinned)

    def __post_init__(self) -> None:
        limits: dict[str, float | None] = {"alpha": self.alpha}
        for name in ("persona", "format"):
            part = getattr(self, name)
            limits |= {f"{name}.{f.name}": getattr(part, f.name) for f in fields(part) if f.type == "float"}
        for check, gate in self.gates.items():
            limits |= {
                f"gates.{check}.{name}": getattr(gate, name)
                for name in ("margin", "margin_nats", "min_ratio", "max_rate", "min_headroom")
            }
        for name, value in limits.items():
            if value is not None and not 0 < value < 1:
                raise UsageError(
                    f"policy {self.name}: {name} lies between 0 and 1, not {value}.", kind="policy_value"
                )
        if self.alpha > 0.2:
            raise UsageError(
                f"policy {self.name}: alpha {self.alpha} is no error control; it is at most 0.2.",
                kind="policy_value",
            )
        self._refuse_contradictions()
        refuse_malformed(self.name, self.waivers, self.gates)

    def _refuse_contradictions(self) -> None:
        where = f"policy {self.name}"
        if self.intent != "domain" and (self.domain.tags or self.domain.suites):
            raise UsageError(
                f"{where}: domain says what knowledge may change; that needs intent: domain.",
                kind="policy_value",
            )
        if (self.intent == "format") != (self.format.form is not None):
            raise UsageError(
                f"{where}: intent: format and format.form (json, list or line) go together.",
                kind="policy_value",
            )
        if self.intent == "none" and self.persona.scope == "always":
            raise UsageError(
                f"{where}: intent: none wants no style, persona.scope: always wants it everywhere.",
                kind="policy_value",
            )
        if any(not normalise(text) for text in self.forbidden_strings):
            raise UsageError(
                f"{where}: forbidden_strings holds an empty one; every answer would hold it.",
                kind="policy_value",
            )
        pins = {"base": self.pinned.base, "template": self.pinned.template}
        for name, value in (pins | {f"probes.{k}": v for k, v in self.pinned.probes.items()}).items():
            if value is not None and not re.fullmatch(r"[0-9a-f]{8,64}", value):
                raise UsageError(
                    f"{where}: pinned.{name} is 8 to 64 hexadecimal digits, not {value!r}.",
                    kind="policy_value",
                )

    @property
    def sha256(self) -> str:
        """Return the hash of every limit in the policy."""
        return hashlib.sha256(jsonl.encode(self)).hexdigest()

    @property
    def title(self) -> str:
        """Return its name; one that goes by a preset's name with other limits is told from it by its hash."""
        if self.name in PRESETS and not self.same_limits(_preset(self.name)):
            return f"{self.name}@{self.sha256[:8]}"
        return self.name

    def same_limits(self, other: Policy) -> bool:
        """Tell whether another policy decides alike but for its name, pins and waivers, which show by themselves."""
        return replace(self, name=other.name, waivers=other.waivers, pinned=other.pinned) == other

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

    def margin_nats(self, check: str) -> float:
        """Return how many nats worse than the base are still accepted.

        Raises:
            UsageError: the policy sets none.
        """
        return self._limit(check, "margin_nats")

    def min_ratio(self, check: str) -> float:
        """Return the least accepted part of what the base has.

        Raises:
            UsageError: the policy sets none.
        """
        return self._limit(check, "min_ratio")

    def max_rate(self, check: str) -> float:
        """Return the largest accepted share.

        Raises:
            UsageError: the policy sets none.
        """
        return self._limit(check, "max_rate")

    def _limit(self, check: str, name: Literal["margin", "margin_nats", "min_ratio", "max_rate"]) -> float:
        value: float | None = getattr(self.gates[check], name)
        if value is None:
            raise UsageError(f"policy {self.name}: gates.{check}.{name} is missing.", kind="policy_value")
        return value


@cache
def _preset(name: str) -> Policy:
    return load_policy(name)


_PARTS = {"persona": Persona, "domain": Domain, "format": Format, "pinned": Pinned}


def load_policy(spec: str) -> Policy:
    """Read a policy: the name of a preset, or a YAML file. What it does not name is as in the default policy.

    Raises:
        UsageError: no such preset or file, no YAML, or an unknown or ill-typed key.
    """
    with naming_lines(Path(spec)):
        return _load(spec)


def bundled_text(name: str) -> str:
    """Return the file of a preset as it stands, with its comments."""
    return (files("loracheck.evaluate") / "policies" / f"{name}.yaml").read_text(encoding="utf-8")


def refuse_empty(policy: Policy) -> None:
    """Refuse a policy under which every adapter would ship.

    Raises:
        UsageError: no gate is required, as in the policies that runs of older versions hold.
    """
    if not any(gate.mode == "required" for gate in policy.gates.values()):
        raise UsageError(
            f"policy {policy.name} requires no check, so every adapter would ship.",
            kind="policy_value",
            hint="Set a gate to mode: required; for a run of an older version name a policy with --policy.",
        )


def _load(spec: str) -> Policy:
    default = _read("default")
    given = default if spec == "default" else _read(spec)
    intents = _yaml(_INTENTS)
    intent = given.get("intent", "persona")
    if not isinstance(intent, str) or intent not in intents:
        raise UsageError(
            f"policy {spec}: intent is one of {', '.join(intents)}, not {intent!r}.", kind="policy_value"
        )
    follows = merged(default, intents[intent])
    if _section(given, "format").get("scope") == "always":  # its keys and layout pass for a style
        follows = merged(follows, {"persona": {"scope": "always"}})
    filled: dict[str, Any] = merged(follows, {"name": Path(spec).stem, **given})
    try:
        policy = msgspec.convert(filled, Policy)
    except msgspec.ValidationError as error:
        raise UsageError(misfit_in(f"policy {spec}", error, Policy), kind="policy_value") from None
    refuse_expired(policy.name, policy.waivers)
    return policy


def _check_gate(gate: dict[str, Any], spec: str, check: str) -> None:
    """Refuse values of a gate by their name; YAML reads a bare off as false, and that is what it means here."""
    if gate.get("mode") is False:
        gate["mode"] = "off"
    for name, value in gate.items():
        if name == "mode":
            if value not in get_args(Mode):
                raise UsageError(
                    f"policy {spec}: gates.{check}.mode is required, info or off, not {value!r}.",
                    kind="policy_value",
                )
        elif isinstance(value, bool) or not isinstance(value, int | float | None):
            raise UsageError(
                f"policy {spec}: gates.{check}.{name} is a number, not {value!r}.", kind="policy_value"
            )


def _read(spec: str) -> dict[str, Any]:
    """Read one policy file as it stands, its keys checked; empty sections go, days become text."""
    value = _yaml(spec)
    _check_keys(value, [f.name for f in fields(Policy)], spec)
    for name, part in _PARTS.items():
        _check_keys(_section(value, name), [f.name for f in fields(part)], f"{spec}, {name}")
    known = list(value["gates"]) if spec == "default" else list(_read("default")["gates"])
    gates = _section(value, "gates")
    _check_keys(gates, known, f"{spec}, gates")
    for check in gates:
        gate = _section(gates, check)
        _check_keys(gate, [f.name for f in fields(Gate)], f"{spec}, gates, {check}")
        _check_gate(gate, spec, check)
    waivers = value.get("waivers") or []
    if not isinstance(waivers, list) or any(not isinstance(waiver, dict) for waiver in waivers):
        raise UsageError(f"policy {spec}: waivers is a list of keys and values.", kind="waiver_invalid")
    for number, waiver in enumerate(waivers, start=1):
        parts = [f.name for f in fields(Waiver)]
        _check_keys(waiver, parts, f"{spec}, waiver {number}")
        if lacking := [part for part in parts if waiver.get(part) is None]:
            raise UsageError(
                f"policy {spec}: waiver {number} lacks {', '.join(lacking)}.", kind="waiver_invalid"
            )
    days = [waiver | {"expires": str(waiver["expires"])} for waiver in waivers]  # YAML reads a day as a date
    return {key: entry for key, entry in value.items() if entry is not None} | (
        {"waivers": days} if days else {}
    )


def _yaml(spec: str) -> dict[str, Any]:
    if spec in (*PRESETS, _INTENTS):
        text = bundled_text(spec)
    elif Path(spec).is_file():
        text = Path(spec).read_text(encoding="utf-8")
    else:
        refuse_irregular(Path(spec))
        raise UsageError(
            f"--policy {spec}: no such file; the presets are {', '.join(PRESETS)}.", kind="no_such_file"
        )
    if not (value := read_yaml(text, f"policy {spec}")):
        raise UsageError(f"policy {spec}: keys and values are wanted.", kind="config_unreadable")
    return value


def _section(value: dict[str, Any], key: str) -> dict[str, Any]:
    section = value.get(key) or {}
    if not isinstance(section, dict):
        raise UsageError(f"policy: {key} holds keys and values, not {section!r}.", kind="policy_value")
    return section


def _check_keys(value: dict[str, Any], known: Sequence[str], where: str) -> None:
    for key in value:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1)
            raise UsageError(
                f"policy {where}: unknown key {key!r}.",
                kind="config_key",
                hint=f"Did you mean {near[0]}?" if near else f"Known: {', '.join(known)}.",
            )


def own_policy(path: Path, manifest: Manifest) -> Policy:
    """Return the policy that an eval run was made with.

    Raises:
        RunError: its verdict was made under another one.
    """
    given = manifest.config.get("policy")
    policy = jsonl.convert(given, Policy, f"{path / MANIFEST}, config.policy")
    sha256 = hashlib.sha256(jsonl.encode(given)).hexdigest()
    stored = jsonl.read_one(path / VERDICT, EvaluationResult)
    if any(verdict.policy_sha256 != sha256 for verdict in (*stored.verdicts, *stored.nulls)):
        raise RunError(
            f"{path}: its verdict was made under another policy than its manifest holds; the run cannot be trusted.",
            kind="run_altered",
            hint="Make the run again.",
        )
    return policy
