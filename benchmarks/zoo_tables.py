"""The zoo's record and its tables: sensitivity, specificity, the check that was named first, dose curves, cost.

The record (zoo.jsonl beside this file) holds a line for each specimen that was ever evaluated, as it was last judged,
so that the zoo grows over many machines. The raw answers stay where they were made.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from scipy.stats import spearmanr
from zoo_recipes import RECIPES
from zoo_rows import Language

from loracheck.evaluate.gate import rejudge
from loracheck.records import Finding
from loracheck.stats import share

RESULT = "specimen.json"
RECORD = Path(__file__).with_name("zoo.jsonl")
_WITHOUT_ROOM = ("no_headroom", "base_does_not_end")
FULL = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Specimen:
    """What came out of one recipe and seed at one strength."""

    recipe: str
    seed: int
    language: Language
    scale: float
    status: str
    """ship, hold, inconclusive, or "refused" when the adapter was not even loaded."""
    deciding: tuple[str, ...]
    measures: dict[str, float | None]
    """The deciding number of every check."""
    train_seconds: float
    eval_seconds: float
    room: bool = True
    """False where the base itself fails a required check, so that no adapter that leaves it as it is can ship."""
    tier: str = ""
    judged_by: str = ""
    """The commit whose rules judged it last."""

    @property
    def key(self) -> tuple[str, str, int, float]:
        """Return what tells it from every other specimen."""
        return self.tier, self.recipe, self.seed, self.scale


def number(finding: Finding) -> float | None:
    """Return the deciding number of a check."""
    return finding.estimates[0].value if finding.estimates else None


def remember(out: Path) -> None:
    """Write into the record what is finished in a folder, judged anew from the raw answers."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=RECORD.parent,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    found = {specimen.key: specimen for specimen in recorded()}
    for path in out.glob(f"*/*/{RESULT}"):
        for specimen in _judged(path):
            known = replace(specimen, tier=path.parent.name, judged_by=commit)
            found[known.key] = known
    lines = (json.dumps(asdict(found[key]), ensure_ascii=False) for key in sorted(found))
    RECORD.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def recorded() -> list[Specimen]:
    """Return every specimen of the record."""
    if not RECORD.is_file():
        return []
    return [Specimen(**json.loads(line)) for line in RECORD.read_text(encoding="utf-8").splitlines()]


def print_tables() -> None:
    """Print what is in the record, tier by tier."""
    everything = recorded()
    for tier in sorted({specimen.tier for specimen in everything}):
        found = [specimen for specimen in everything if specimen.tier == tier]
        print(f"\n## {tier} tier: {len({(s.recipe, s.seed) for s in found})} adapters\n")
        _print_recipes([s for s in found if s.scale == FULL])
        _print_doses(found)


def _judged(path: Path) -> list[Specimen]:
    """Read the specimens of one evaluation, with the verdicts of today's rules; a refusal stays one."""
    found = [Specimen(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]
    if any(specimen.status == "refused" for specimen in found):
        return found
    verdicts = {verdict.adapter: verdict for verdict in rejudge(path.parent / "eval", None).verdicts}
    judged = []
    for specimen in found:
        verdict = verdicts["full" if specimen.scale == FULL else f"s{round(100 * specimen.scale)}"]
        measures = {finding.check: number(finding) for finding in verdict.findings}
        room = not any(f.required and f.reason in _WITHOUT_ROOM for f in verdict.findings)
        judged.append(
            replace(specimen, status=verdict.status, deciding=verdict.deciding, measures=measures, room=room)
        )
    return judged


def _print_recipes(found: Sequence[Specimen]) -> None:
    print(
        "| recipe | truth | split | ship | inconclusive | hold or refused | right check first | decided by | CPU-s |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for recipe in RECIPES:
        mine = [s for s in found if s.recipe == recipe.name]
        if not mine:
            continue
        held = [s for s in mine if s.status in ("hold", "refused")]
        right = sum(s.deciding[0] in recipe.named for s in held)
        firsts = ", ".join(dict.fromkeys(s.deciding[0] for s in mine if s.deciding and s.status != "ship"))
        seconds = sum(s.eval_seconds for s in mine) / len(mine)
        print(
            f"| {recipe.name} | {'good' if recipe.good else 'bad'} | {recipe.split} "
            f"| {sum(s.status == 'ship' for s in mine)} | {sum(s.status == 'inconclusive' for s in mine)} "
            f"| {len(held)} | {'' if recipe.good else f'{right} of {len(held)}'} | {firsts} | {seconds:.0f} |"
        )
    truth = {recipe.name: recipe for recipe in RECIPES}
    bad = [s for s in found if not truth[s.recipe].good]
    good = [s for s in found if truth[s.recipe].good]
    held = [s for s in bad if s.status in ("hold", "refused")]
    for name, hits, n in (
        ("bad adapters that ship", sum(s.status == "ship" for s in bad), len(bad)),
        ("bad adapters held", len(held), len(bad)),
        (
            "of those, the right check first",
            sum(s.deciding[0] in truth[s.recipe].named for s in held),
            len(held),
        ),
        ("good adapters held", sum(s.status == "hold" for s in good), len(good)),
        ("good adapters shipped", sum(s.status == "ship" for s in good), len(good)),
        (
            "of those whose base passes, shipped",
            sum(s.status == "ship" for s in good if s.room),
            sum(s.room for s in good),
        ),
    ):
        if n:
            one = share(name, hits, n)
            print(f"\n{name}: {hits} of {n} [{one.ci_low:.0%}, {one.ci_high:.0%}]", end="")
    print()


def _print_doses(found: Sequence[Specimen]) -> None:
    """Print how the number of the check that names a fault grows with the strength of a bad adapter."""
    scales = sorted({s.scale for s in found})
    if len(scales) < 2:
        return
    print("\n| recipe | check | " + " | ".join(f"{scale:g}" for scale in scales) + " | rank correlation |")
    print("|---|---|" + "---|" * (len(scales) + 1))
    for recipe in RECIPES:
        mine = [s for s in found if s.recipe == recipe.name]
        if recipe.good or len({s.scale for s in mine}) < 3:
            continue
        check = next((c for c in recipe.named if any(s.measures.get(c) is not None for s in mine)), None)
        if check is None:
            continue
        doses = [(s.scale, abs(s.measures[check] or 0.0)) for s in mine if check in s.measures]
        means = [[v for dose, v in doses if dose == scale] for scale in scales]
        shown = " | ".join(f"{sum(v) / len(v):.3f}" if v else "" for v in means)
        print(f"| {recipe.name} | {check} | {shown} | {spearmanr(*zip(*doses, strict=True)).statistic:.2f} |")
