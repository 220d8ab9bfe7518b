"""What the help shows in sections: the verbs by stage, a line each, and the options of those that have many."""

from __future__ import annotations

import click

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

_RECIPE = {
    "Recipe": ("--preset", "--config"),
    "Adapter": (
        "--quantization",
        "--peft-type",
        "--lora-r",
        "--lora-alpha",
        "--lora-dropout",
        "--target-modules",
        "--use-dora",
        "--use-rslora",
        "--init-lora-weights",
        "--loraplus-lr-ratio",
        "--adapter-dtype",
    ),
    "Steps": (
        "--learning-rate",
        "--lr-scheduler-type",
        "--warmup-ratio",
        "--num-train-epochs",
        "--max-trained-tokens",
        "--train-batch-size",
        "--max-batch-tokens",
        "--max-length",
        "--max-grad-norm",
        "--weight-decay",
        "--gradient-checkpointing",
        "--assistant-only-loss",
        "--packing",
        "--replay-share",
        "--neftune-noise-alpha",
        "--seed",
    ),
    "Readings and watch": (
        "--eval-steps",
        "--early-stopping-patience",
        "--watch",
        "--stop-when-unsafe",
        "--persona-scope",
        "--watch-facts",
        "--watch-margin",
        "--max-name-rate",
        "--max-leakage",
    ),
    "Checkpoints": ("--keep", "--save-steps", "--save-total-limit"),
    "Devices and trackers": ("--fsdp", "--fsdp-config", "--deepspeed", "--report-to"),
}

OPTIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "curate": {
        "Reading": ("--map", "--encoding", "--split", "--bad-rows"),
        "Recipe": ("--preset", "--config"),
        "Filters": ("--language", "--pii", "--test-set", "--max-loss", "--allow-loss"),
        "Duplicates": ("--near-duplicate", "--semantic-quantile"),
        "Scores": ("--base", "--max-ifd", "--embedder"),
        "Judge": (
            "--judge",
            "--judge-endpoint",
            "--judge-rows",
            "--rubric",
            "--min-score",
            "--max-requests",
            "--max-tokens",
        ),
        "Selection": (
            "--select",
            "--target-rows",
            "--target-share",
            "--target-tokens",
            "--heldout-share",
            "--seed",
        ),
        "Rows behind failures": ("--from-eval", "--from-eval-action"),
    },
    "plan": {"What is planned": ("--base", "--heldout", "--replay", "--chat-template"), **_RECIPE},
    "train": {
        "What is trained": ("--base", "--heldout", "--replay", "--chat-template"),
        "Several trainings": ("--sweep", "--seeds"),
        **_RECIPE,
    },
    "eval": {
        "Who is asked": (
            "--base",
            "--adapter",
            "--null",
            "--assume-base",
            "--quantization",
            "--chat-template",
            "--completions",
        ),
        "On a server": ("--endpoint", "--key-variable", "--concurrency", "--tokenizer"),
        "What is asked": (
            "--data",
            "--in-domain",
            "--probes",
            "--suite",
            "--canaries",
            "--tier",
            "--max-facts",
            "--max-forms",
            "--max-open",
            "--max-neutral",
            "--max-in-domain",
            "--max-new-tokens-domain",
            "--temperature",
            "--seeds",
            "--seed",
            "--no-cache",
        ),
        "Verdict": ("--policy", "--after", "--causes", "--exit-zero"),
    },
}
"""Verb to heading to the options below it; what stands in none comes last, under "Options"."""


class Sectioned(click.Command):
    """A command whose many options are shown in sections."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options under their headings."""
        rows = {
            max(option.opts, key=len): row
            for option in self.get_params(ctx)
            if isinstance(option, click.Option) and (row := option.get_help_record(ctx)) is not None
        }
        for heading, flags in OPTIONS[ctx.info_name or ""].items():
            with formatter.section(heading):
                formatter.write_dl([rows.pop(flag) for flag in flags])
        with formatter.section("Options"):
            formatter.write_dl(list(rows.values()))
