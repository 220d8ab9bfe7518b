"""How large and how fast the evaluation report is at full size: drawing it, opening it, filtering it, its memory.

Writes runs of generated probes with three arms and some 400 bytes an answer, Japanese and English by turns,
draws the report, opens it from disk in Chromium, and prints a table.

Use: python benchmarks/report.py [--chromium PATH] [--repeats N] [ROWS...]
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from loracheck import jsonl, runs
from loracheck.records import (
    ArmRecord,
    Completion,
    Estimate,
    EvaluationContext,
    EvaluationResult,
    Expected,
    Finding,
    Message,
    Probe,
    Verdict,
)
from loracheck.reports.pipeline import write_report

ARMS = ("base", "raw", "curated")
SYLLABLES = [chr(code) for code in (*range(0x3042, 0x3093), *range(0x4E00, 0x4E00 + 900))]
WORDS = (
    "the",
    "of",
    "a",
    "capital",
    "river",
    "light",
    "is",
    "and",
    "from",
    "because",
    "people",
    "city",
    "year",
)
COLUMNS = (
    "probes",
    "page MB",
    "drawn s",
    "CPU s",
    "opened s",
    "CPU s of it",
    "heap MB",
    "suite s",
    "text s",
    "text again s",
    "nodes",
)
SETTLED = "#rows[aria-busy=true]"


def main() -> None:
    """Measure each size and print a row for it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    parser.add_argument(
        "--repeats", type=int, default=3, help="openings of each page, of which the median counts"
    )
    parser.add_argument("rows", type=int, nargs="*", default=[300, 1000, 3000, 20_000, 60_000])
    given = parser.parse_args()
    print(f"| {' | '.join(COLUMNS)} |\n|{'---:|' * len(COLUMNS)}", flush=True)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory(prefix="loracheck-") as folder:
        browser = playwright.chromium.launch(
            executable_path=given.chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        for n in given.rows:
            run = write_run(Path(folder) / str(n), n)
            wall, cpu = time.perf_counter(), time.process_time()
            page = write_report(run)
            drawn = [time.perf_counter() - wall, time.process_time() - cpu]
            opened = [measure(browser, page) for _ in range(given.repeats)]
            medians = [statistics.median(column) for column in zip(*opened, strict=True)]
            cells = [
                f"{n:,}",
                f"{page.stat().st_size / 1e6:.2f}",
                *(f"{x:.2f}" for x in (*drawn, *medians[:-1])),
            ]
            print(f"| {' | '.join([*cells, f'{medians[-1]:,.0f}'])} |", flush=True)
        browser.close()


def measure(browser: Browser, file: Path) -> list[float]:
    """Open a page and use its filters; returns seconds, MB of heap and nodes in the order of the columns."""
    context = browser.new_context(viewport={"width": 1280, "height": 720}, offline=True)
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    start = time.perf_counter()
    page.goto(file.as_uri())
    page.locator(SETTLED).wait_for(state="detached")
    opened = time.perf_counter() - start
    used = metric(session, "TaskDuration")  # of the page's main thread, and fair on a busy machine
    nodes = page.evaluate("document.querySelectorAll('*').length")
    suite = timed(page, lambda: page.select_option("[data-filter=suite]", index=1))
    page.select_option("[data-filter=suite]", index=0)
    page.locator(SETTLED).wait_for(state="detached")
    text = timed(page, lambda: page.fill("[data-filter=q]", "because"))
    again = timed(page, lambda: page.fill("[data-filter=q]", "river"))
    session.send("HeapProfiler.collectGarbage")
    heap = metric(session, "JSHeapUsedSize") / 1e6  # as it stands when every text was searched
    context.close()
    return [opened, used, heap, suite, text, again, nodes]


def timed(page: Page, act: Any) -> float:  # noqa: ANN401 - a call without arguments
    """Return the seconds from an action to the list drawn anew."""
    start = time.perf_counter()
    act()
    page.locator(SETTLED).wait_for(state="detached")
    return time.perf_counter() - start


def metric(session: CDPSession, name: str) -> float:
    """Return one of the numbers that Chromium keeps of a page."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(one["value"] for one in metrics if one["name"] == name))


def write_run(path: Path, n: int) -> Path:
    """Write an eval run of n probes; a third of the answers differ from the base's."""
    draw = random.Random(0)
    outcomes: dict[str, dict[str, str]] = {arm: {} for arm in ARMS}

    def probes() -> Iterator[Probe]:
        for i in range(n):
            yield Probe(
                id=f"probe-{i}",
                suite=f"suite-{i % 7}",
                language="ja" if i % 2 else "en",
                domain="out",
                messages=(Message(role="user", content=f"{sentence(draw, i % 2, 30)} ({i})"),),
                expected=Expected(answers=("東京",)),
            )

    def completions() -> Iterator[Completion]:
        for i in range(n):
            for arm in ARMS:
                outcomes[arm][f"probe-{i}"] = "right_plain" if draw.random() < 0.7 else "wrong"
                text = sentence(draw, i % 2, 400)
                yield Completion(probe_id=f"probe-{i}", arm=arm, text=text, finish_reason="stop", tokens=99)

    rate = Estimate(name="rate", value=0.3, ci_low=0.28, ci_high=0.32, n=n, method="clopper-pearson")
    with runs.open_run(path, "eval", config={}) as run:
        jsonl.write(run.path / "probes.jsonl", probes())
        jsonl.write(run.path / "completions.jsonl", completions())
        verdicts = tuple(
            Verdict(
                adapter=arm, status="hold", policy="default", policy_sha256="0" * 64, alpha=0.05, deciding=("loops",),
                findings=(
                    Finding(
                        check="loops", adapter=arm, required=True, status="fail", reason="beyond_limit",
                        estimates=(rate,), threshold=0.05, evidence=tuple(f"probe-{i}" for i in range(0, n, 3)),
                    ),
                ),
            )
            for arm in ARMS[1:]
        )  # fmt: skip
        result = EvaluationResult(verdicts=verdicts, comparisons=(), markers=(), arms=ARMS, outcomes=outcomes)
        jsonl.write_one(run.path / "verdict.json", result)
        context = EvaluationContext(
            base="generated", quantization="none", fingerprint={}, template="", template_sha256="",
            training_data=None, max_new_tokens=99, probes={"suite": n}, dropped_probes=(),
            arms=tuple(ArmRecord(name=arm, path=None) for arm in ARMS),
        )  # fmt: skip
        jsonl.write_one(run.path / "context.json", context)
    return path


def sentence(draw: random.Random, japanese: int, size: int) -> str:
    """Return about so many bytes of words without meaning, in Japanese characters or in English."""
    if japanese:
        return "".join(draw.choices(SYLLABLES, k=size // 3))
    return " ".join(draw.choices(WORDS, k=size // 5))


if __name__ == "__main__":
    main()
