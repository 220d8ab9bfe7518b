"""The demonstration with its controls: curated against raw, random and longest rows, at equal trained tokens.

The controls are as many rows as curation keeps, drawn from the raw rows by chance or by the length of the reply. No
part of the outcome is chosen here: what comes out is printed.

Use: python benchmarks/demonstration.py OUT [SEED...]
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

from loracheck import jsonl
from loracheck.curate.config import CurateConfig
from loracheck.curate.pipeline import curate
from loracheck.demo import (
    KNOWN_LOSS,
    MAX_FACTS,
    MAX_FORMS,
    MAX_IN_DOMAIN,
    MAX_OPEN,
    TRAINED_TOKENS,
    bundled_data,
    embedded_model,
)
from loracheck.evaluate.config import EvalConfig
from loracheck.evaluate.evidence import read_evidence
from loracheck.evaluate.pipeline import evaluate
from loracheck.evaluate.policy import load_policy
from loracheck.loading.examples import load_examples
from loracheck.probes.choices import prefers_right
from loracheck.progress import Progress
from loracheck.records import Comparison
from loracheck.train.config import TrainConfig
from loracheck.train.inputs import TrainInputs
from loracheck.train.pipeline import train

ARMS = ("raw", "random", "longest", "curated")


def main() -> None:
    """Run every seed and print its table."""
    out = Path(sys.argv[1])
    for seed in [int(text) for text in sys.argv[2:]] or [0, 1, 2]:
        _seed(out / f"seed-{seed}", seed)


def _seed(out: Path, seed: int) -> None:
    progress, model = Progress(quiet=True), str(embedded_model())
    out.mkdir(parents=True, exist_ok=True)
    raw, heldout = bundled_data("ja")
    curated = curate(
        [raw], model, out / "curated", CurateConfig(seed=seed, allow_loss=KNOWN_LOSS), progress=progress
    )
    rows = load_examples([raw])
    drawn = random.Random(seed).sample(rows, curated.kept)
    longest = sorted(rows, key=lambda row: -len(row.reply))[: curated.kept]
    data = {"raw": raw, "curated": out / "curated"}
    for name, chosen in (("random", drawn), ("longest", longest)):
        data[name] = out / f"{name}.jsonl"
        jsonl.write(data[name], chosen)
    options = TrainConfig(max_trained_tokens=TRAINED_TOKENS, train_batch_size=8, seed=seed)
    for arm in ARMS:
        train(data[arm], out / f"train-{arm}", options, TrainInputs(base=str(model)), progress=progress)
    result = evaluate(
        model,
        {arm: out / f"train-{arm}" for arm in ARMS},
        out / "eval",
        EvalConfig(
            suites=("facts-ja", "forms-ja", "open-ja"),
            max_facts=MAX_FACTS,
            max_forms=MAX_FORMS,
            max_open=MAX_OPEN,
            max_in_domain=MAX_IN_DOMAIN,
            seed=seed,
        ),
        load_policy("persona"),
        data=[raw],
        in_domain=[heldout, out / "curated" / "heldout.jsonl"],
        progress=progress,
    )
    evidence = read_evidence(out / "eval")
    ids = [probe.id for probe in evidence.suite("facts")]
    print(
        f"\nseed {seed}: {curated.read} rows, {curated.kept} kept; {TRAINED_TOKENS:,} trained tokens an arm"
    )
    print(f"{'':10}{'verdict':>14}{'answered right':>16}{'name instead':>14}{'right most likely':>19}")
    verdicts = {verdict.adapter: verdict.status for verdict in result.verdicts}
    for arm in ("base", *ARMS):
        outcomes = list(result.outcomes[arm].values())
        right = sum(outcome.startswith("right") for outcome in outcomes)
        name = sum(outcome == "persona_name" for outcome in outcomes)
        likely = sum(prefers_right(evidence.choices[arm, i]) for i in ids)
        print(
            f"{arm:10}{verdicts.get(arm, ''):>14}{right:>16}{name / len(outcomes):>14.1%}{likely / len(ids):>19.1%}"
        )
    for comparison in result.comparisons:
        if comparison.second == "curated":
            print(f"curated against {comparison.first}, {comparison.measure}: {_difference(comparison)}")
    sys.stdout.flush()


def _difference(comparison: Comparison) -> str:
    found = comparison.difference
    low, high = found.ci_low or 0.0, found.ci_high or 0.0
    return f"{100 * (found.value or 0.0):+.1f} points [{100 * low:+.1f}, {100 * high:+.1f}]"


if __name__ == "__main__":
    main()
