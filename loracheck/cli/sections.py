"""The list of the verbs: by stage, in the order in which one comes to them, a line each."""

from __future__ import annotations

SECTIONS: dict[str, dict[str, str]] = {
    "Curate": {
        "curate": "Select a small, good, diverse subset of instruction data",
        "curate explain": "Say where one row ended, by which rule, and why",
        "curate synthesize": "Make rows: the base's own answers, or exercises",
        "canaries": "Make canary rows to mix into training data",
    },
    "Train": {
        "plan": "Say what a training takes: memory, tokens, time, price",
        "train": "Fine-tune a base on a curate run or on any data file",
        "scale": "Measure an adapter at strengths from 0 to 1",
        "merge": "Merge an adapter into its base; measure what changed",
        "inspect": "Say what an adapter is made of, without loading it",
    },
    "Evaluate": {
        "power": "Say how many probes each limit needs, beforehand",
        "eval": "Ask base and adapters the same questions and judge them",
        "score": "Judge answers that are there already, without a model",
        "gate": "Recompute the verdict; the exit code is the verdict",
        "causes": "Find the training rows behind the failures of a run",
        "compare": "Hold one arm against another over seeds, or two days",
        "probes list": "List the bundled suites, with their sizes and hashes",
        "probes show": "Show some probes of a suite or file",
        "probes check": "Check a file of probes before it is asked",
        "probes make": "Make held-out probes of your own domain",
    },
    "The whole loop": {
        "init": "Write a commented pipeline.yaml and policy.yaml",
        "run": "Curate, train, evaluate and report, as a file says",
        "report": "Write the HTML report of a run, or an index of many",
        "demo": "Run the whole loop on the embedded data and model",
    },
    "Help": {
        "doctor": "Check machine, server, base and adapter; say what mends",
        "selftest": "See whether this installation finds a ruined adapter",
        "validate": "Check the form of data, probes, policies and options",
        "checks": "Say how a check works, and what it does not see",
        "explain": "Say what an error means and how to mend it",
    },
}
"""Heading to verb to what it does, in at most 56 columns: with the longest name a terminal of 80 holds the line."""

LINES: dict[str, str] = {name: line for section in SECTIONS.values() for name, line in section.items()}
