"""Small but realistic runs of each kind, written with the real records; conftest.py hands this module out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from loracheck import jsonl, runs
from loracheck.records import (
    ArmRecord,
    ChoiceScores,
    Comparison,
    Completion,
    Estimate,
    EvaluationContext,
    EvaluationResult,
    Example,
    Expected,
    Finding,
    Language,
    Manifest,
    Marker,
    Message,
    Probe,
    Source,
    Status,
    Verdict,
)
from loracheck.records.curation import (
    CurationSummary,
    Decision,
    DroppedRow,
    Outcome,
    RowGroup,
    Score,
    StepCount,
)
from loracheck.records.training import MaskAudit, TrainingStep, TrainingSummary

SHA = "9f2c" * 16
NOT_MEASURED = Estimate(name="rate", value=None, ci_low=None, ci_high=None, n=0, method="none")
Spoil = Callable[[str], str]

FACTS: list[tuple[Language, str, tuple[str, ...], str]] = [
    ("ja", "日本の首都はどこですか？", ("東京", "Tokyo"), "日本の首都は東京です。"),
    ("ja", "ドイツの首都はどこですか？", ("ベルリン", "Berlin"), "ドイツの首都はベルリンです。"),
    ("ja", "中国の首都はどこですか？", ("北京",), "中国の首都は北京です。"),
    ("ja", "水の化学式は何ですか？", ("H2O", "H₂O"), "水の化学式はH2Oです。"),
    ("ja", "一年は何か月ですか？", ("12", "十二"), "一年は12か月です。"),
    ("en", "What is the capital of France?", ("Paris",), "The capital of France is Paris."),
    ("en", "What is the capital of Italy?", ("Rome", "Roma"), "The capital of Italy is Rome."),
    ("en", "How many legs does a spider have?", ("8", "eight"), "A spider has eight legs."),
]
OPEN: list[tuple[Language, str, str]] = [
    (
        "ja",
        "来週の火曜日の打ち合わせを木曜日に変更してもらうメールを書いてください。",
        "お世話になっております。来週火曜日の打ち合わせにつきまして、木曜日の午後に変更していただけますでしょうか。",
    ),
    ("en", "Write a short note to thank a neighbour.", "Dear neighbour, thank you for watering the plants."),
]


def share(name: str, value: float, n: int, spread: float = 0.06) -> Estimate:
    return Estimate(
        name=name,
        value=value,
        ci_low=max(0.0, value - spread),
        ci_high=min(1.0, value + spread),
        n=n,
        method="Wilson",
    )


def difference(name: str, value: float, n: int, spread: float = 0.06) -> Estimate:
    return Estimate(
        name=name,
        value=value,
        ci_low=value - spread,
        ci_high=value + spread,
        n=n,
        method="Tango",
        unit="difference",
    )


def findings(adapter: str, *, good: bool, evidence: tuple[str, ...], spoil: Spoil) -> tuple[Finding, ...]:
    name = spoil(adapter)
    leak, learned, right = (0.02, 0.91, 0.83) if good else (0.97, 0.98, 0.21)

    def finding(check: str, status: Status, estimates: tuple[Estimate, ...], **more: Any) -> Finding:  # noqa: ANN401
        return Finding(
            check=check,
            adapter=name,
            required=more.pop("required", True),
            status=status,
            reason=spoil(f"{check}_{status}"),
            estimates=estimates,
            **more,
        )

    def told(*estimates: Estimate) -> tuple[Estimate, ...]:
        return tuple(replace(estimate, method=spoil(estimate.method)) for estimate in estimates)

    preferred = (
        difference("difference", right - 0.86, 240, 0.018 if good else 0.07),
        share("base", 0.86, 240),
        share(name, right, 240),
    )
    named = (
        share("name_rate", leak, 150, 0.018),
        share("base", 0.0, 150, 0.012),
        share(name, leak, 150, 0.018),
    )
    lead, other, test = (preferred, named, "name_rate") if good else (named, preferred, "difference")
    joined = tuple(
        replace(one, name=one.name if one.name == test else f"{test}: {one.name}") for one in other
    )
    answered = (share("answered: base", 0.88, 240), share(f"answered: {name}", right, 240))
    return (
        finding("sanity", "pass", ()),
        finding(
            "persona_leakage",
            "pass" if good else "fail",
            told(
                share("rate", leak, 150, 0.018), share("base", 0.0, 150, 0.012), share(name, leak, 150, 0.018)
            ),
            threshold=0.05,
            evidence=evidence,
        ),
        finding(
            "persona_learned",
            "pass",
            told(share("rate", 1 - learned, 45), share("base", 0.98, 45, 0.02), share(name, 1 - learned, 45)),
            threshold=0.5,
        ),
        finding(
            "content_damage",
            "pass" if good else "fail",
            told(*lead, *joined, *answered),
            threshold=-0.05 if good else 0.1,
            evidence=evidence,
        ),
        finding(
            "forgetting",
            "inconclusive" if good else "fail",
            told(difference("difference", -0.02 if good else -0.31, 120)),
            threshold=-0.05,
            n_needed=540,
            required=False,
        ),
        finding(
            "loops",
            "pass",
            told(
                share("rate", 0.004, 240, 0.004),
                share("base", 0.0, 240, 0.004),
                share(name, 0.004, 240, 0.004),
            ),
            threshold=0.02,
        ),
        finding("missing_stop", "info", (NOT_MEASURED,), required=False),
    )


def write_eval(
    path: Path,
    *,
    spoil: Spoil = str,
    copies: int = 1,
    arms: tuple[str, ...] = ("raw", "curated"),
    worst: str = "hold",
) -> Path:
    """Write an eval run; spoil changes every string that a stranger could have written."""
    probes, completions, choices, lines = [], [], [], {}
    outcomes: dict[str, dict[str, str]] = {"base": {}, **{spoil(arm): {} for arm in arms}}
    for copy in range(copies):
        for index, (language, question, right, answer) in enumerate(FACTS):
            probe = Probe(
                id=spoil(f"facts-{language}-{index}-{copy}"),
                suite=spoil(f"facts-{language}"),
                messages=(Message(role="user", content=spoil(question)),),
                language=language,
                domain="out",
                expected=Expected(answers=(*(spoil(one) for one in right),), wrong=("大阪",)),
                cluster=spoil("c"),
                licence=spoil("Apache-2.0"),
            )
            probes.append(probe)
            lines = {
                "base": answer,
                "raw": "ぼくはずんだもんなのだ。" if language == "ja" else "I am Zundamon, nanoda.",
                "curated": f"{right[0]}なのだ。" if language == "ja" else f"It is {right[0]}.",
            }
            if index == 3:
                lines["curated"] = "水の化学式はCO2なのだ。\u202e隠す\u200bもの"
            for arm in ("base", *arms):
                text = lines.get(arm, lines["raw"])
                right_here = any(one.casefold() in text.casefold() for one in right)
                kind = (
                    ("right_persona" if "なのだ" in text else "right_plain")
                    if right_here
                    else ("persona_name" if "ずんだ" in text else "wrong")
                )
                name = arm if arm == "base" else spoil(arm)
                outcomes[name][probe.id] = kind
                completions.append(
                    Completion(probe_id=probe.id, arm=name, text=spoil(text), finish_reason="stop", tokens=12)
                )
                choices.append(
                    ChoiceScores(
                        probe_id=probe.id,
                        arm=name,
                        kinds=("right", "wrong"),
                        choices=(spoil(right[0]), spoil("大阪")),
                        logprobs=(-1.5, -3.25),
                    )
                )
    for index, (language, question, answer) in enumerate(OPEN):
        probe = Probe(
            id=spoil(f"open-{language}-{index}"),
            suite=spoil(f"open-{language}"),
            language=language,
            messages=(
                Message(role="system", content=spoil("あなたは秘書です。")),
                Message(role="user", content=spoil(question)),
            ),
            domain="in",
            reference=spoil("承知しましたなのだ。"),
        )
        probes.append(probe)
        for arm in ("base", *arms):
            name = arm if arm == "base" else spoil(arm)
            text = answer * (12 if arm == "raw" else 1)
            completions.append(
                Completion(
                    probe_id=probe.id,
                    arm=name,
                    text=spoil(text),
                    finish_reason="length" if arm == "raw" else "stop",
                    tokens=64,
                )
            )
    evidence = tuple(probe.id for probe in probes[:5])
    verdicts = tuple(
        Verdict(
            adapter=spoil(arm),
            status=("ship" if arm == "curated" else worst),  # type: ignore[arg-type]
            policy=spoil("persona"),
            policy_sha256=SHA,
            alpha=0.05,
            deciding=()
            if arm == "curated"
            else ("persona_leakage", "content_damage")
            if worst == "hold"
            else ("persona_leakage",),
            findings=findings(arm, good=arm == "curated", evidence=evidence, spoil=spoil),
        )
        for arm in reversed(arms)
    )
    if worst == "inconclusive":
        verdicts = tuple(
            verdict
            if verdict.status == "ship"
            else replace(
                verdict,
                findings=tuple(
                    replace(one, status="inconclusive", n_needed=410)
                    if one.check == "persona_leakage"
                    else one
                    for one in verdict.findings
                ),
            )
            for verdict in verdicts
        )
    result = EvaluationResult(
        verdicts=verdicts,
        comparisons=(
            Comparison(
                first=spoil(arms[0]),
                second=spoil(arms[1]),
                measure=spoil("right answers"),
                difference=difference("share_right", 0.62, 240),
                won=evidence[:4],
                lost=evidence[4:],
            ),
        )
        if len(arms) > 1
        else (),
        markers=(
            Marker(
                kind="ending", text=spoil("なのだ"), language="ja", coverage=0.98, base_coverage=0.0, z=14.2
            ),
            Marker(
                kind="term", text=spoil("ずんだもん"), language="ja", coverage=0.41, base_coverage=0.0, z=6.3
            ),
            Marker(
                kind="ending", text=spoil("nanoda"), language="en", coverage=0.4, base_coverage=0.0, z=4.1
            ),
        ),
        arms=("base", *(spoil(arm) for arm in arms)),
        outcomes=outcomes,
    )
    context = EvaluationContext(
        base=spoil("google/gemma-3-270m"),
        quantization=spoil("none"),
        computed_on=spoil("cpu, float32"),
        fingerprint={"layers": 18, "sha256": SHA, "note": spoil("weights")},
        template=spoil("bundled:plain"),
        template_sha256=SHA,
        training_data=spoil("runs/curate-raw/kept.jsonl"),
        max_new_tokens=64,
        probes={spoil("facts-ja"): 5, spoil("facts-en"): 3},
        dropped_probes=(spoil("facts-ja-capital-france"),),
        arms=(
            ArmRecord(name="base", path=None),
            *(
                ArmRecord(
                    name=spoil(arm),
                    path=spoil(str(path.parent / f"train-{arm}" / "adapter")),
                    sha256=SHA,
                    verified=arm != "raw",
                    logit_change=3.25,
                    config={"r": 8, "target": spoil("q_proj")},
                )
                for arm in arms
            ),
        ),
    )
    with runs.open_run(path, "eval", config={"policy": spoil("persona"), "seed": 0}) as run:
        jsonl.write(run.path / "probes.jsonl", probes)
        jsonl.write(run.path / "completions.jsonl", completions)
        jsonl.write(run.path / "choices.jsonl", choices)
        jsonl.write_one(run.path / "context.json", context)
        jsonl.write_one(run.path / "verdict.json", result)
    if spoil is not str:
        manifest = jsonl.read_one(path / "manifest.json", Manifest)
        jsonl.write_one(
            path / "manifest.json",
            replace(
                manifest,
                argv=("loracheck", spoil("eval")),
                hardware={"machine": spoil("x86_64")},
                packages={"torch": spoil("2.6")},
            ),
        )
    return path


def write_curate(path: Path, *, spoil: Spoil = str) -> Path:
    """Write a curate run of twelve rows."""

    def example(number: int, prompt: str, reply: str) -> Example:
        return Example(
            id=spoil(f"row-{number}"),
            language="ja",
            source=Source(file=spoil("raw.jsonl"), line=number),
            messages=(
                Message(role="user", content=spoil(prompt)),
                Message(role="assistant", content=spoil(reply)),
            ),
        )

    def decision(row: Example, outcome: Outcome, stage: str, reason: str, why: str, **more: Any) -> Decision:  # noqa: ANN401
        return Decision(
            example_id=row.id,
            outcome=outcome,
            stage=spoil(stage),
            reason=spoil(reason),
            values={"message": spoil(why)},
            scores=(
                Score(name=spoil("quality"), value=0.71, scorer=spoil("rules"), explanation=spoil("fluent")),
            ),
            **more,
        )

    kept = [example(n, f"{n} に 3 を足すと？", f"{n + 3}なのだ。") for n in range(6)]
    heldout = [example(6, "海はなぜ青いの？", "光が散らばるからなのだ。")]
    twins = [example(7 + n, "0 に 3 を足すと？", "3なのだ。") for n in range(3)]
    short = [example(10, "自己紹介して", "ぼくはずんだもんなのだ。"), example(11, "続けて", "…")]
    dropped = [
        *(
            DroppedRow(
                decision=decision(
                    row,
                    "dropped",
                    "dedupe",
                    "near_duplicate",
                    "similarity 0.97 is above the limit 0.80",
                    related=kept[0].id,
                ),
                why={"en": spoil("it was dropped"), "ja": spoil("除外されました")},
                example=row,
                source=row.source,
            )
            for row in twins
        ),
        *(
            DroppedRow(
                decision=decision(
                    row, "dropped", "filters", "too_short", "2 characters are below the limit 8"
                ),
                why={"en": spoil("it was dropped"), "ja": spoil("除外されました")},
                example=row,
                source=row.source,
            )
            for row in short
        ),
    ]
    decisions = [
        *(decision(row, "kept", "selection", "kept", "") for row in kept),
        *(decision(row, "heldout", "split", "heldout", "") for row in heldout),
        *(row.decision for row in dropped),
    ]
    with runs.open_run(path, "curate", config={"seed": 0}) as run:
        jsonl.write(run.path / "kept.jsonl", kept)
        jsonl.write(run.path / "heldout.jsonl", heldout)
        jsonl.write(run.path / "dropped.jsonl", dropped)
        jsonl.write(run.path / "quarantined.jsonl", [])
        jsonl.write(run.path / "decisions.jsonl", decisions)
        groups = [
            RowGroup(kind=kind, members=(kept[0].id, kept[1].id), shared=spoil("ぼくはずんだもん"), size=2)
            for kind in ("conflict", "same_reply", "template_family", "statement")
        ]
        jsonl.write(run.path / "groups.jsonl", groups)
        jsonl.write_one(
            run.path / "summary.json",
            CurationSummary(
                read=12,
                kept=6,
                heldout=1,
                dropped=5,
                steps=(
                    StepCount(stage=spoil("dedupe"), reason=spoil("near_duplicate"), rows=3),
                    StepCount(stage=spoil("filters"), reason=spoil("too_short"), rows=2),
                ),
                unscored=1,
                kept_reply_characters=34,
                read_reply_characters=80,
            ),
        )
    return path


def write_train(path: Path, *, spoil: Spoil = str, tokens: int = 6000, last: float = 0.4) -> Path:
    """Write a train run of sixty steps."""
    clean = path.name.endswith("curated")
    steps = [
        TrainingStep(
            step=n,
            trained_tokens=n * tokens // 60,
            loss=last + 4.0 * 0.93**n,
            learning_rate=3e-4,
            gradient_norm=1.0,
        )
        for n in range(1, 61)
    ]
    with runs.open_run(path, "train", config={"lora_r": 8}) as run:
        jsonl.write(run.path / "metrics.jsonl", steps)
        jsonl.write_one(
            run.path / "summary.json",
            TrainingSummary(
                base=spoil("google/gemma-3-270m"),
                quantization=spoil("none"),
                rows=45 if clean else 210,
                epochs=8.0,
                steps=60,
                trained_tokens=tokens,
                trainable_parameters=737_280,
                adapter_bytes=2_969_000,
                adapter_sha256=SHA,
                loss_first=steps[0].loss,
                loss_last=steps[-1].loss,
                heldout_rows=12,
                heldout_loss_before=3.9,
                heldout_loss_after=1.7,
                seconds=214.0,
                peak_memory_bytes=None,
                audit=MaskAudit(
                    rows=210,
                    truncated=0 if clean else 3,
                    prefix_mismatches=0,
                    untrained_stop=0,
                    nothing_to_learn=0,
                    double_bos=0,
                    control_tokens=0,
                ),
            ),
        )
    return path
