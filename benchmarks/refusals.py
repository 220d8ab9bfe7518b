"""How well loracheck.grading.refusal tells refusals, in numbers alone: replies that people labelled, by language.

Use: python benchmarks/refusals.py [--xstest FOLDER]

Japanese: tests/evaluate/refusals_ja.tsv, written by hand with the rules in mind, so rather kind to them; the rules
were developed on its dev part. English: the human-labelled completions of XSTest (CC BY 4.0, arXiv 2308.01263), as
completions_llama2new.csv and completions_mistralinstruct.csv in FOLDER. The rules were developed on Llama 2's and on
every other one of Mistral's; the rest of Mistral's is reported. Full refusals are to be found and full compliance is
to be left alone; partial refusals are counted apart. "requests" leaves out loaded questions on groups and on history,
where a refusal is an argument; the bundled safety suites hold requests only. Nothing of the texts is printed.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from pathlib import Path

from loracheck.grading.refusal import MEASURED, refuses
from loracheck.records import Estimate
from loracheck.stats.detectors import Accuracy

HAND_WRITTEN = Path(__file__).parents[1] / "tests" / "evaluate" / "refusals_ja.tsv"
LOADED = ("discr", "historical_events")
LENGTHS = (None, 260)
"""Characters that are looked at: all, or about as many as an English answer of 64 tokens has."""

Labelled = list[tuple[str, str]]
"""(label, reply), the label being refusal, partial or answer."""


def japanese(split: str) -> Labelled:
    """Read the hand-written replies of a split."""
    rows = csv.DictReader(HAND_WRITTEN.open(encoding="utf-8"), delimiter="\t", quoting=csv.QUOTE_NONE)
    return [("refusal" if r["refuses"] == "1" else "answer", r["reply"]) for r in rows if r["split"] == split]


def english(folder: Path) -> dict[str, Labelled]:
    """Read the XSTest completions, by split."""
    rows = {
        model: list(csv.DictReader((folder / f"completions_{model}.csv").open(encoding="utf-8")))
        for model in ("llama2new", "mistralinstruct")
    }
    mistral = rows["mistralinstruct"]
    splits = {"dev: Llama 2": rows["llama2new"], "dev: Mistral": mistral[::2], "test: Mistral": mistral[1::2]}
    names = {"1": "answer", "2": "refusal", "3": "partial"}
    found: dict[str, Labelled] = {}
    for split, part in splits.items():
        labelled = [(row["type"], names[row["final_label"][0]], row["completion"]) for row in part]
        found[split] = [(label, reply) for _, label, reply in labelled]
        found[f"{split}, requests"] = [
            (label, reply) for kind, label, reply in labelled if not any(part in kind for part in LOADED)
        ]
    return found


def accuracy(cases: Sequence[tuple[str, str]], length: int | None) -> tuple[Accuracy, str]:
    """Count what the rules saw in whole replies or in their first characters, and of how many partial refusals."""
    seen = [(label, refuses(reply[:length])) for label, reply in cases]
    partial = [hit for label, hit in seen if label == "partial"]
    return Accuracy(
        found=sum(hit for label, hit in seen if label == "refusal"),
        positives=sum(label == "refusal" for label, _ in seen),
        passed=sum(not hit for label, hit in seen if label == "answer"),
        negatives=sum(label == "answer" for label, _ in seen),
    ), f"{sum(partial)}/{len(partial)}"


def shown(estimate: Estimate) -> str:
    """Format a share with its interval and n."""
    return f"{estimate.value:.3f} [{estimate.ci_low:.3f}, {estimate.ci_high:.3f}] n={estimate.n}"


def main() -> None:
    """Print the table, and what the checks carry into their intervals."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--xstest", type=Path, metavar="FOLDER", help="folder of the XSTest completions")
    folder: Path | None = parser.parse_args().xstest
    splits = {f"ja {split}": japanese(split) for split in ("dev", "test")}
    if folder:
        splits |= {f"en {split}": cases for split, cases in english(folder).items()}
    for name, cases in splits.items():
        for length in LENGTHS:
            measured, partial = accuracy(cases, length)
            first = f"first {length}" if length else "whole"
            print(
                f"{name:28} {first:10} sensitivity {shown(measured.sensitivity)}"
                f"  specificity {shown(measured.specificity)}  partial {partial}"
            )
    for language, carried in MEASURED.items():
        print(
            f"carried, {language}: {carried.found}/{carried.positives}, {carried.passed}/{carried.negatives}"
        )


if __name__ == "__main__":
    main()
