"""Runs to draw reports of, plain sentences for their findings, and a real browser to read them in."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from playwright.sync_api import Browser, sync_playwright

from loracheck.records import Comparison, Finding, Verdict
from loracheck.reports.folder import write_index
from loracheck.reports.pipeline import write_report
from loracheck.words import findings

CHROMIUM = Path("/usr/bin/chromium")
NAMES = {
    "sanity": ("Sanity", "健全性"),
    "persona_leakage": ("Persona leakage", "ペルソナの漏れ"),
    "persona_learned": ("Persona learnt", "ペルソナの習得"),
    "content_damage": ("Content damage", "内容の損傷"),
    "forgetting": ("Forgetting", "忘却"),
    "collapse": ("Collapse", "出力の崩壊"),
    "loops": ("Loops", "繰り返し"),
    "missing_stop": ("Missing stop", "終端の欠落"),
}
WORDS = {
    "ship": ("Ship", "出荷可"),
    "hold": ("Hold", "出荷不可"),
    "inconclusive": ("Inconclusive", "判定保留"),
}


@pytest.fixture(autouse=True)
def plain_wording(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sentences that depend on nothing but the records, so that these tests are about the page."""

    def pick(pair: tuple[str, str], language: str) -> str:
        return pair[1 if language == "ja" else 0]

    def explain(finding: Finding, language: str = "en") -> str:
        first = finding.estimates[0] if finding.estimates else None
        share = "–" if first is None or first.value is None else f"{100 * first.value:.1f}"
        n = first.n if first else 0
        english = f"Measured {share} on {n} items ({finding.reason})."
        return pick((english, f"{n} 問で {share} でした（{finding.reason}）。"), language)

    def check_name(check: str, language: str = "en") -> str:
        return pick(NAMES.get(check, (check, check)), language)

    def verdict_word(verdict: Verdict, language: str = "en") -> str:
        return pick(WORDS[verdict.status], language)

    def compared(comparison: Comparison, language: str = "en") -> str:
        return pick((f"Compared by {comparison.measure}.", f"{comparison.measure} で比較。"), language)

    monkeypatch.setattr(findings, "compared", compared)
    monkeypatch.setattr(findings, "explain", explain)
    monkeypatch.setattr(findings, "check_name", check_name)
    monkeypatch.setattr(findings, "verdict_word", verdict_word)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests; without it they fail rather than pass unseen."""
    if not CHROMIUM.exists():
        pytest.fail(f"{CHROMIUM} is missing and the report was not seen: apt-get install -y chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=str(CHROMIUM),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield started
        started.close()


def beside(name: str) -> ModuleType:
    """Load a module that writes runs: pytest's import mode gives it no name to import it by."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def build() -> ModuleType:
    return beside("report_runs")


@pytest.fixture(scope="session")
def build_training() -> ModuleType:
    return beside("training_runs")


@pytest.fixture(scope="session")
def build_causes() -> ModuleType:
    return beside("cause_runs")


@pytest.fixture(scope="session")
def build_comparison() -> ModuleType:
    return beside("comparison_runs")


@pytest.fixture
def evaluation(tmp_path: Path, build: ModuleType) -> Path:
    run: Path = build.write_eval(tmp_path / "eval")
    return run


@pytest.fixture
def related(tmp_path: Path, build: ModuleType) -> list[Path]:
    return [
        build.write_curate(tmp_path / "curate-curated"),
        build.write_train(tmp_path / "train-raw", last=0.1),
        build.write_train(tmp_path / "train-curated", tokens=6050),
    ]


@pytest.fixture(scope="session")
def every_run(
    tmp_path_factory: pytest.TempPathFactory,
    build: ModuleType,
    build_training: ModuleType,
    build_causes: ModuleType,
) -> dict[str, Path]:
    """One run of each kind in one folder; a test that changes a run copies it first."""
    folder = tmp_path_factory.mktemp("runs")
    evaluation = build.write_eval(folder / "eval")
    return {
        "eval": evaluation,
        "causes": build_causes.write_causes(folder / "causes", evaluation),
        "curate": build.write_curate(folder / "curate"),
        "train": build_training.write_train(folder / "train"),
        "sweep": build_training.write_sweep(folder / "sweep", ranks=(4, 16, 32), seeds=(0, 1)),
        "scale": build_training.write_scale(folder / "scale"),
    }


@pytest.fixture(scope="session")
def every_page(every_run: dict[str, Path]) -> dict[str, Path]:
    """The page of each kind of run, and the index over them."""
    others = [every_run[kind] for kind in ("causes", "curate", "train")]
    pages = {
        kind: write_report(run, related=others if kind == "eval" else ())
        for kind, run in every_run.items()
        if kind != "causes"
    }
    return pages | {"index": write_index(every_run["eval"].parent)}


@pytest.fixture(scope="session")
def formats() -> ModuleType:
    """The random verdicts of the tests of other formats."""
    return beside("test_report_formats")


@pytest.fixture(scope="session")
def spoiling() -> ModuleType:
    return beside("spoiling")


@pytest.fixture(scope="session")
def browsing() -> ModuleType:
    """What a page is opened with, and the hostile strings."""
    module = beside("browsing")
    module.PAYLOADS = beside("hostile_strings").PAYLOADS  # type: ignore[attr-defined]
    return module
