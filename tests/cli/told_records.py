"""Records of a curation, trainings and verdicts, for the tests of what the terminal says of them."""

from __future__ import annotations

from loracheck.records import (
    EvaluationResult,
    Example,
    FalseAlarms,
    Finding,
    Marker,
    Message,
    Source,
    Verdict,
    VerdictStatus,
)
from loracheck.records.curation import ClassifierSummary, CurationSummary, JudgeSummary, StepCount
from loracheck.records.training import (
    MaskAudit,
    MemoryParts,
    Plan,
    PlanOption,
    TrainingSummary,
    WatchReading,
)
from loracheck.stats import paired_difference, paired_table, share
from loracheck.words import WORDS
from loracheck.words.training_plan import NOTES

EXAMPLE = Example(
    id="7",
    messages=(Message(role="user", content="空は？"), Message(role="assistant", content="青なのだ。")),
    language="ja",
    source=Source(file="raw.jsonl", line=7),
)
PLAN = Plan(
    base="gemma",
    model_type="gemma3_text",
    quantization="nf4",
    parameters=270_000_000,
    quantized_parameters=100_000_000,
    trainable_parameters=1_000_000,
    adapter_bytes=4_000_000,
    memory=MemoryParts(weights=1, adapter=2, optimizer=3, activations=4, logits=5, process=6),
    rows=210,
    steps=40,
    epochs=3.0,
    trained_tokens=9000,
    tokens=20_000,
    longest=100,
    seconds=400.0,
    cost=1.5,
    probed=False,
    notes=tuple(NOTES),
    reached={"q_proj": (3, 64, 128)},
    memory_bytes=8_000_000_000,
    table=(PlanOption(lora_r=4, target_modules="all-linear", trainable_parameters=10, adapter_bytes=5, peak=None),),
)  # fmt: skip
AUDIT = MaskAudit(
    rows=210,
    truncated=0,
    prefix_mismatches=0,
    untrained_stop=0,
    nothing_to_learn=0,
    double_bos=0,
    control_tokens=0,
)
TRAINED = TrainingSummary(
    base="gemma",
    quantization="none",
    rows=210,
    epochs=3.0,
    steps=40,
    trained_tokens=9000,
    trainable_parameters=1_000_000,
    adapter_bytes=4_000_000,
    adapter_sha256="0" * 64,
    loss_first=3.0,
    loss_last=1.0,
    heldout_rows=20,
    heldout_loss_before=3.1,
    heldout_loss_after=1.2,
    audit=AUDIT,
    seconds=100.0,
    peak_memory_bytes=2_000_000_000,
    training_seconds=90.0,
    kept="safe",
    kept_step=20,
    best_step=30,
    safe_step=20,
    stopped="unsafe",
    plan=PLAN,
)


def reading(*unsafe: str) -> WatchReading:
    return WatchReading(
        facts_kept=share("facts_kept", 50, 60),
        facts_change=paired_difference("facts_change", paired_table([True] * 60, [True] * 50 + [False] * 10)),
        name_rate=None,
        leakage=share("leakage", 0, 72),
        persona_learnt=share("persona_learnt", 3, 24),
        unsafe=unsafe,
    )


def curated(labels: ClassifierSummary | None = None) -> CurationSummary:
    judge = JudgeSummary(
        model="gemma",
        rubrics=("helpfulness",),
        rows=60,
        states={"scored": 50, "refused": 10, "error": 0, "unparsable": 0, "unscored": 0},
        requests=70,
        cached=3,
        prompt_tokens=1000,
        completion_tokens=100,
        canaries=4,
        canaries_right=4,
        flagged=0,
        injected=0,
        length_correlation=0.4,
    )
    return CurationSummary(
        read=212,
        kept=80,
        heldout=20,
        dropped=112,
        steps=(StepCount(stage="dedupe", reason="exact_duplicate", rows=100),),
        unscored=0,
        kept_reply_characters=1,
        read_reply_characters=2,
        quarantined=1,
        masked=2,
        groups={"conflict": 3, "template_family": 1},
        judge=judge,
        classifier=labels,
    )


def verdict(status: VerdictStatus) -> Verdict:
    finding = Finding(
        check="loops",
        adapter="mine",
        required=True,
        status="fail" if status == "hold" else "pass",
        reason="worse_than_limit",
        estimates=(share(next(iter(WORDS["loops"].sentences)), 20, 60),),
        threshold=0.05,
    )
    return Verdict(
        adapter="mine",
        status=status,
        policy="default",
        policy_sha256="0" * 64,
        alpha=0.05,
        deciding=("loops",) if status != "ship" else (),
        findings=(finding,),
    )


def judged() -> EvaluationResult:
    return EvaluationResult(
        verdicts=(verdict("hold"), verdict("ship"), verdict("inconclusive")),
        comparisons=(),
        markers=(
            Marker(kind="ending", text="なのだ", language="ja", coverage=0.9, base_coverage=0.0, z=9.0),
        ),
        arms=("base", "mine"),
        false_alarms=(FalseAlarms(check=None, rate=share("held", 1, 20)),),
        outcomes={
            "base": {"a": "right_plain", "b": "wrong"},
            "mine": {"a": "persona_name", "b": "empty"},
        },
    )
