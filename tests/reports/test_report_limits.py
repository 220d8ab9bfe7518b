"""What the verdict does not rest on, and where everything came from: each part is told, and told of the right thing."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from loracheck import jsonl
from loracheck.records import (
    Completion,
    Estimate,
    EvaluationContext,
    EvaluationResult,
    Finding,
    Manifest,
    SuiteRecord,
    Waiver,
)
from loracheck.reports.evaluation import limits
from loracheck.reports.pipeline import write_report


def view(run: Path, **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    manifest = jsonl.read_one(run / "manifest.json", Manifest)
    context = jsonl.read_one(run / "context.json", EvaluationContext)
    result = jsonl.read_one(run / "verdict.json", EvaluationResult)
    return limits.view(
        run,
        replace(manifest, config=manifest.config | changes.pop("config", {})),
        replace(context, **changes.pop("context", {})),
        replace(result, **changes),
    )


def unanswered(reason: str, adapter: str, check: str = "safety") -> Finding:
    return Finding(check=check, adapter=adapter, required=False, status="info", reason=reason)


def test_a_check_that_gave_no_number_is_listed_once_for_all_adapters_and_apart_where_they_differ(
    evaluation: Path,
) -> None:
    result = jsonl.read_one(evaluation / "verdict.json", EvaluationResult)
    verdicts = tuple(
        replace(
            one,
            findings=(
                *one.findings,
                unanswered("needs_probes", one.adapter),
                unanswered(f"only_{one.adapter}", one.adapter, "robustness"),
            ),
        )
        for one in result.verdicts
    )
    listed = [
        (line["name"].en, line["sentence"].en.split("(")[1][:-2], line["adapters"])
        for line in view(evaluation, verdicts=verdicts)["unmeasured"]
    ]
    assert ("safety", "needs_probes", "") in listed
    assert ("robustness", "only_raw", "raw") in listed and ("robustness", "only_curated", "curated") in listed
    assert ("Missing stop", "missing_stop_info", "") in listed
    assert not any(name == "Loops" for name, _, _ in listed)


def test_what_was_measured_and_not_decided_and_what_only_informs_are_told_apart(evaluation: Path) -> None:
    found = view(evaluation)
    assert [(line["name"].en, line["adapters"]) for line in found["undecided"]] == [("Forgetting", "curated")]
    assert found["informs"] == []


def test_checks_that_the_policy_switched_off_are_named(evaluation: Path) -> None:
    gates = {"loops": {"mode": "required"}, "wanted_form": {"mode": "off"}, "no_such_check": {"mode": "off"}}
    found = view(evaluation, config={"policy": {"gates": gates}})
    assert [name.en for name in found["off"]] == ["wanted_form"]
    assert view(evaluation, config={"policy": "persona"})["off"] == []


def test_answers_that_are_missing_empty_or_cut_are_counted_by_arm(evaluation: Path) -> None:
    completions = list(jsonl.read(evaluation / "completions.jsonl", Completion))
    spoilt = [
        replace(one, text="  ") if one.arm == "raw" and one.probe_id.startswith("facts-ja-0") else one
        for one in completions
        if not (one.arm == "curated" and one.probe_id.startswith("facts-en"))
    ]
    jsonl.write(evaluation / "completions.jsonl", spoilt)
    rows = [[cell.en for cell in row] for row in view(evaluation)["answers"].rows]
    assert rows == [
        ["base", "10", "0", "0", "0"],
        ["raw", "10", "0", "1", "2"],
        ["curated", "7", "3", "0", "0"],
    ]


def test_the_least_distance_that_n_tells_follows_from_the_interval(evaluation: Path) -> None:
    result = jsonl.read_one(evaluation / "verdict.json", EvaluationResult)
    wide, narrow = (
        Estimate(name="rate", value=0.5, ci_low=0.5 - w, ci_high=0.5 + w, n=n, method="m")
        for w, n in ((0.098, 100), (0.0098, 10_000))
    )
    verdict = replace(
        result.verdicts[0],
        findings=tuple(
            Finding(
                check=check, adapter="raw", required=required, status="fail", reason="r", estimates=(one,),
                threshold=0.05,
            )
            for check, one, required in (("loops", wide, True), ("sanity", narrow, True), ("safety", wide, False))
        ),
    )  # fmt: skip
    table = view(evaluation, verdicts=(verdict,))["power"]
    # 0.05 is the standard error of 50% on 100 items; 1.645 and 0.842 are the quantiles of 95% and 80%.
    assert [(row[0].en, row[1].en, row[4].en) for row in table.rows] == [
        ("Loops", "100", "12.4 points"),
        ("Sanity", "10,000", "1.2 points"),
    ]
    assert view(evaluation, verdicts=())["power"] is None


def test_waivers_left_out_probes_and_thinned_suites_are_told(evaluation: Path) -> None:
    result = jsonl.read_one(evaluation / "verdict.json", EvaluationResult)
    waiver = Waiver(check="loops", adapter="*", owner="kei", reason="lists", expires="2027-03-31")
    suite = SuiteRecord(name="facts-ja", source="bundled", sha256="ab" * 32, probes=400, asked=100)
    found = view(
        evaluation,
        verdicts=tuple(replace(one, waived=(waiver,)) for one in result.verdicts),
        context={
            "suites": (suite,),
            "watched_probes": tuple(f"w{i}" for i in range(300)),
            "training_data": None,
        },
    )
    assert [(one["adapter"], one["sentence"].en) for one in found["waivers"]] == [
        ("curated", "kei answers for it until 2027-03-31: lists"),
        ("raw", "kei answers for it until 2027-03-31: lists"),
    ]
    said = [line.en for line in found["general"]]
    for part in (
        "Of suite facts-ja 100 of 400 probes were asked.",
        "Bundled probes left out because they chose an adapter's checkpoint: 300.",
        "Bundled probes left out because the training data holds the same question: 1.",
        "Answers are cut at 64 new tokens; what a longer reply would have said was not seen.",
    ):
        assert part in said
    assert any("The training data was not given" in line for line in said)
    assert any("raw: nothing binds it to this base" in line for line in said)
    assert (len(found["left_out"]), found["left_out_more"]) == (limits.IDS_SHOWN, "101")


@pytest.mark.parametrize("language", ["en", "ja"])
def test_provenance_names_every_hash_the_engine_the_versions_and_the_command(
    tmp_path: Path,
    build: ModuleType,
    language: Any,  # noqa: ANN401
) -> None:
    run = build.write_eval(tmp_path / "eval")
    context = jsonl.read_one(run / "context.json", EvaluationContext)
    manifest = jsonl.read_one(run / "manifest.json", Manifest)
    suite = SuiteRecord(name="facts-ja", source="bundled", sha256="5e" * 32, probes=400, asked=100)
    jsonl.write_one(run / "context.json", replace(context, suites=(suite,), after="first-look"))
    jsonl.write_one(
        run / "manifest.json",
        replace(
            manifest,
            argv=("loracheck", "eval", "--base", "a b"),
            files=tuple(file for file in manifest.files if file.path != "context.json"),
        ),
    )
    page = write_report(run, language=language).read_text(encoding="utf-8")
    section = re.sub(r"<[^>]+>", " ", page.split("id=provenance ")[1].split("</section>")[0])
    for part in (
        "loracheck eval --base 'a b'",
        "google/gemma-3-270m",
        build.SHA,
        "bundled:plain",
        "facts-ja · bundled · 100/400 · sha256 " + "5e" * 32,
        "engine local" if language == "en" else "エンジン local",
        "persona",
        "runs/curate-raw/kept.jsonl",
        "first-look",
        "standard",
        manifest.loracheck,
        *(f"{name} {version}" for name, version in manifest.packages.items()),
        *(f"{file.path} · sha256 {file.sha256}" for file in manifest.files if file.path != "context.json"),
    ):
        assert part in section, part
