"""The other tools that judge a fine-tune, each as its README has it called, and how its own words are found again.

Nothing is scored here: a reader takes the verdict word, the score and the complaints out of what a tool printed or
wrote. Where a tool needs more than a base and an adapter, that is given to it (a merged copy, a suite file) or it is
left to say that it cannot go on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One adapter that every tool is asked about.

    Attributes:
        name: What it is by its making.
        adapter: Its folder, whose configuration names the base below.
        base: The base as a model folder, with the chat template of the training.
        merged: Base and adapter as one model folder, for tools that take no adapter.
        data: Its training rows.
        heldout: Rows of the same kind that were not trained on.
        policy: The policy for loracheck.
        language: Of its training rows.
        made: The folder in which it was made, with loracheck's evaluations of it where zoo.py made it.
    """

    name: str
    adapter: Path
    base: Path
    merged: Path
    data: Path
    heldout: tuple[Path, ...]
    policy: str
    language: str
    made: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a command left behind: exit code, both outputs, and the folder it ran in."""

    exit: int | None
    out: str
    err: str
    folder: Path

    @property
    def text(self) -> str:
        """Return both outputs without the frames and runs of spaces of a terminal."""
        return " ".join(re.sub(r"[─-╿▀-▟│]", " ", f"{self.out}\n{self.err}").split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One command of one tool.

    Attributes:
        tool: Name of the tool and of its environment; "" runs in this one.
        install: What pip is asked for.
        name: What is asked, for the table.
        command: The command line; its first word is a program of the tool's environment.
        files: Written into the working folder before, by name.
        read: What the tool said, in its own words.
        merged: It takes no adapter and needs the merged copy.
    """

    tool: str
    install: str
    name: str
    command: Callable[[Arm], list[str]]
    read: Callable[[Said], str]
    files: Callable[[Arm], dict[str, str]] = lambda _: {}
    merged: bool = False


def _found(pattern: str, text: str, none: str = "") -> str:
    match = re.search(pattern, text)
    return match.group(1).strip() if match else none


def _last_line(said: Said) -> str:
    lines = [line for line in f"{said.out}\n{said.err}".splitlines() if line.strip()]
    return lines[-1].strip() if lines else "nothing"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "nothing"


def sway_check(said: Said) -> str:
    """Return the banner, the overall score with its band, and how the two probes went."""
    banner = _found(r"(\S+ adapter (?:is|scored) [^\n]+)", said.out)
    if not banner:
        return _last_line(said)
    overall = _found(r"overall: ([0-9.]+)", said.text)
    band = _found(r"overall: [0-9.]+ \[ (.+?) \]", said.text)
    facts = _found(r"(\d+/\d+) items? regressed", said.text, none="no number of")
    return f"{banner}; overall {overall} **{band}**; {facts} facts regressed"


def sway_gate(said: Said) -> str:
    """Return the last word of the gate, the score and what failed or was left out."""
    report = said.folder / "sway.xml"
    if not report.is_file():
        return _last_line(said)
    suite = ElementTree.fromstring(report.read_text(encoding="utf-8"))
    given = {entry.get("name"): entry.get("value") for entry in suite.iter("property")}
    by = {
        kind: [str(case.get("classname")) for case in suite.iter("testcase") if case.find(kind) is not None]
        for kind in ("failure", "error", "skipped")
    }
    word = "passed" if "gate passed" in said.text else "FAILED"
    parts = [f"gate {word}, overall {float(given['overall'] or 0):.2f} **{given['band']}**"]
    parts += [
        f"{label}: {_listed(by[kind])}"
        for kind, label in (("failure", "fails"), ("error", "errors"), ("skipped", "skipped"))
        if by[kind]
    ]
    return "; ".join(parts)


def sway_suite(arm: Arm) -> dict[str, str]:
    """Return the suite of sway's README, and its two probes of facts and of prose, which the README does not have."""
    models = {
        "base": {"kind": "hf", "base": str(arm.base)},
        "ft": {"kind": "hf", "base": str(arm.base), "adapter": str(arm.adapter)},
    }
    suite = [
        {"name": "null_baseline", "kind": "null_adapter", "runs": 3},
        {
            "name": "doc_divergence",
            "kind": "delta_kl",
            "prompts": ["The key insight is", "An important rule"],
        },
        {"name": "section_attribution", "kind": "section_internalization"},
        {"name": "no_leakage", "kind": "leakage"},
        {"name": "ablation_shape", "kind": "adapter_ablation", "prompts": ["Tell me more about"]},
        {"name": "facts", "kind": "calibration_drift"},
        {"name": "prose", "kind": "external_perplexity"},
    ]
    return {"sway.yaml": json.dumps({"version": 1, "models": models, "suite": suite})}  # JSON is YAML, too


def finetunecheck(said: Said) -> str:
    """Return the verdict, the composite score, and base and adapter by category."""
    line = next((line for line in said.out.splitlines() if line.startswith("RESULT ")), "")
    if not line:
        return _last_line(said)
    found = json.loads(line.removeprefix("RESULT "))
    base, tuned = found["base_scores"], found["ft_scores"]
    scores = _listed(f"{name} {_score(base[name])} to {_score(tuned.get(name, {}))}" for name in base)
    roi = found.get("roi_score")
    return f"**{found['verdict']}**, ROI {'unavailable' if roi is None else f'{roi:.1f}'}; {scores}"


def _score(category: dict[str, Any]) -> str:
    value = category.get("mean_score")
    return "unmeasured" if value is None else f"{value:.2f}"


# `ftcheck quick` has no option for the length of an answer; this is the README's Python call, printed as JSON.
FINETUNECHECK = """\
import sys
from finetunecheck.config import QuickConfig
from finetunecheck.eval.runner import EvalRunner

base, adapter, tokens = sys.argv[1:]
results = EvalRunner(QuickConfig(base_model=base, finetuned_model=adapter, max_tokens=int(tokens))).run()
print("RESULT " + results.model_dump_json())
"""


def modeldiffr(said: Said) -> str:
    """Return what changed by its own test, and the capability that did not."""
    report = said.folder / "modeldiffr_report" / "report.json"
    if not report.is_file():
        return _last_line(said)
    told = []
    for metric in json.loads(report.read_text(encoding="utf-8"))["metrics"]:
        word = "within noise"
        if metric["significant"]:
            word = "changed, negligible" if metric.get("negligible") else "**CHANGED**"
        told.append(f"{metric['name']} {metric['base_mean']:.3f} to {metric['derivative_mean']:.3f} {word}")
    return "; ".join(told)


def loracheck(said: Said) -> str:
    """Return the verdict and the checks that decided it."""
    try:
        verdict = json.loads(said.out)["verdicts"][0]
    except (ValueError, LookupError):
        return _last_line(said)
    return f"**{verdict['status']}** by {_listed(name.replace('_', ' ') for name in verdict['deciding'][:4])}"


def _loracheck_command(arm: Arm, tier: str) -> list[str]:
    suites = ("facts", "forms", "open", "neutral", "safety", "system")
    return [
        "loracheck", "eval", "--base", str(arm.base), "--adapter", f"mine={arm.adapter}",
        "--data", str(arm.data), *(part for rows in arm.heldout for part in ("--in-domain", str(rows))),
        "--policy", arm.policy, "--tier", tier,
        *(part for suite in suites for part in ("--suite", f"{suite}-{arm.language}")),
        "--quiet", "--json", "-o", "eval",
    ]  # fmt: skip


def _memaudit_command(arm: Arm) -> list[str]:
    manifest = arm.adapter / "memaudit-manifest.json"  # what inject() writes before a training
    return [
        "memaudit", "audit", "--model", str(arm.adapter), "--canary-set", str(manifest),
        "--dataset", str(arm.data), "--ref", "auto",
    ]  # fmt: skip


def questions(tokens: int, items: int) -> tuple[Question, ...]:
    """Return every question, cheap ones first.

    Args:
        tokens: Where FineTuneCheck's answers are cut.
        items: How many of each of its tasks modeldiffr asks at most; 0 for all.
    """
    sway, check, diff = "dlm-sway[hf]==0.1.0", "finetunecheck[inference]==2.0.2", "modeldiffr[hf]==0.9.3"
    return (
        Question(
            tool="memaudit",
            install="memaudit[peft]==0.2.0",
            name="audit",
            command=_memaudit_command,
            read=_last_line,
        ),
        Question(
            tool="dlm-sway",
            install=sway,
            name="check",
            command=lambda arm: ["sway", "check", str(arm.adapter), "--base", str(arm.base)],
            read=sway_check,
        ),
        *(
            Question(
                tool="",
                install="",
                name=f"{tier} tier",
                command=lambda arm, tier=tier: _loracheck_command(arm, tier),
                read=loracheck,
            )
            for tier in ("quick", "standard")
        ),
        Question(
            tool="finetunecheck",
            install=check,
            name=f"quick, answers of {tokens} tokens",
            command=lambda arm: ["python", "quick.py", str(arm.base), str(arm.adapter), str(tokens)],
            files=lambda _: {"quick.py": FINETUNECHECK},
            read=finetunecheck,
        ),
        Question(
            tool="modeldiffr",
            install=diff,
            name=f"audit, merged copies, {items or 'all'} items a task",
            command=lambda arm: [
                "modeldiffr",
                "audit",
                str(arm.base),
                str(arm.merged),
                "--fail-on-change",
                *(["--limit", str(items)] if items else []),
            ],
            read=modeldiffr,
            merged=True,
        ),
        Question(
            tool="dlm-sway",
            install=sway,
            name="gate, its README's suite with facts and prose",
            command=lambda _: ["sway", "gate", "sway.yaml", "--junit", "sway.xml"],
            files=sway_suite,
            read=sway_gate,
        ),
    )
