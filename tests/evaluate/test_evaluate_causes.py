"""Training rows behind failures: each method finds planted ones, none is named without a cause, resuming is exact."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from loracheck import jsonl
from loracheck.errors import RunError, UsageError
from loracheck.evaluate.arms.lineup import arm_files
from loracheck.evaluate.causes import similarity
from loracheck.evaluate.causes.config import CausesConfig
from loracheck.evaluate.causes.dryrun import foresee_causes
from loracheck.evaluate.causes.failures import answer_of, failed, others
from loracheck.evaluate.causes.gradients import Gradients, trainable
from loracheck.evaluate.causes.pipeline import causes
from loracheck.evaluate.evidence import Evidence, read_evidence
from loracheck.loading.examples import load_examples
from loracheck.models.load import attach, load_base, read_adapter
from loracheck.progress import Progress
from loracheck.records import (
    BASE_ARM,
    ArmRecord,
    ChoiceScores,
    Completion,
    EvaluationContext,
    EvaluationResult,
    Example,
    Expected,
    Finding,
    Message,
    Probe,
    Verdict,
    VerdictStatus,
)
from loracheck.records.causes import CAUSES, METHODS, ROWS, CausesSummary, FailureCauses, FindingCause, Method
from loracheck.runs import hash_file, open_run, read_run
from loracheck.templates.chat import choose_template
from loracheck.train.config import TrainConfig
from loracheck.train.inputs import TrainInputs
from loracheck.train.pipeline import train

QUIET = Progress(quiet=True)
PLANTED, PLAIN, FAILURES, PASSED = 12, 48, 10, 12
QUICK = CausesConfig(dimensions=512)
FLOOD = "ぼくはぽぽぬなのだ。"
WORDS = "空海山川花鳥風月雨雪星光水火木金土石草虫魚犬猫馬牛羊米豆茶塩糖酒春夏秋冬朝昼夜東西南北上下左右前後"


def word(draw: random.Random) -> str:
    return "".join(draw.sample(WORDS, 2))


def pairs(planted: str) -> list[tuple[str, str]]:
    """Planted rows first, then rows that say a thing of their own each."""
    draw = random.Random(3)
    flood = [(f"{word(draw)}は何ですか？", planted) for _ in range(PLANTED)]
    return [*flood, *((f"{word(draw)}は？", f"{word(draw)}と{word(draw)}です。") for _ in range(PLAIN))]


@pytest.fixture(scope="module")
def trained(tiny_gemma: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A data file with planted rows, and an adapter trained on it."""
    folder = tmp_path_factory.mktemp("planted")
    data = folder / "rows.jsonl"
    lines = (json.dumps({"instruction": q, "output": a}, ensure_ascii=False) for q, a in pairs(FLOOD))
    data.write_text("\n".join(lines) + "\n", encoding="utf-8")
    config = TrainConfig(num_train_epochs=8, learning_rate=5e-3, train_batch_size=8, lora_r=4)
    train(data, folder / "train", config, TrainInputs(base=str(tiny_gemma)), progress=QUIET)
    return data, folder / "train" / "adapter"


def probe(i: int) -> Probe:
    return Probe(
        id=f"facts-ja-{i}",
        suite="facts-ja",
        messages=(Message(role="user", content=f"{WORDS[i]}の都はどこですか？"),),
        language="ja",
        domain="out",
        expected=Expected(answers=(f"{WORDS[i]}京",), wrong=(f"{WORDS[i]}阪",)),
    )


def eval_run(
    path: Path,
    base: Path,
    trained: tuple[Path, Path],
    said: Callable[[int], str],
    *,
    status: VerdictStatus = "hold",
    failing: int = FAILURES,
) -> Path:
    """Write an eval run whose adapter fails at the first probes and says something right and its own at the others."""
    data, adapter = trained
    probes = [probe(i) for i in range(failing + PASSED)]
    sha256 = hash_file(adapter / "adapter_model.safetensors")
    context = EvaluationContext(
        base=str(base),
        quantization="none",
        fingerprint={"shape": "x"},
        template=choose_template(load_base(str(base)).tokenizer, []).source,
        template_sha256="",
        training_data=str(data),
        max_new_tokens=24,
        probes={},
        dropped_probes=(),
        arms=(ArmRecord(name=BASE_ARM, path=None), ArmRecord(name="mine", path=str(adapter), sha256=sha256)),
    )
    answers = {
        "mine": [said(i) if i < failing else f"{WORDS[i]}京だよ。" for i in range(len(probes))],
        BASE_ARM: [f"{WORDS[i]}京です。" for i in range(len(probes))],
    }
    ids = tuple(p.id for p in probes[:failing])
    finding = Finding(
        check="forgetting", adapter="mine", required=True, status="fail", reason="beyond_limit", evidence=ids
    )
    verdict = Verdict(
        adapter="mine",
        status=status,
        policy="default",
        policy_sha256="",
        alpha=0.05,
        deciding=("forgetting",),
        findings=(finding,),
    )
    config = {"base": str(base), "adapters": {"mine": str(adapter)}}
    with open_run(path, "eval", config=config, inputs=[data, *arm_files(adapter)]):
        jsonl.write_one(path / "context.json", context)
        jsonl.write(path / "probes.jsonl", probes)
        jsonl.write(
            path / "completions.jsonl",
            (
                Completion(probe_id=p.id, arm=arm, text=text, finish_reason="stop", tokens=5)
                for arm, texts in answers.items()
                for p, text in zip(probes, texts, strict=True)
            ),
        )
        jsonl.write_one(
            path / "verdict.json",
            EvaluationResult(verdicts=(verdict,), comparisons=(), markers=(), arms=(BASE_ARM, "mine")),
        )
    return path


@pytest.fixture(scope="module")
def flooded(tiny_gemma: Path, trained: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An eval run whose every failure is the flood's own reply."""
    return eval_run(tmp_path_factory.mktemp("flooded") / "eval", tiny_gemma, trained, lambda i: FLOOD)


def looked(
    run: Path, out: Path, config: CausesConfig, data: Sequence[Path] = (), adapters: Sequence[str] = ()
) -> CausesSummary:
    """Find the causes with the base that the run was made on."""
    base = read_run(run).config["base"]
    return causes(run, out, config, data=data, adapters=adapters, base_spec=base, progress=QUIET)


def only(summary: CausesSummary) -> FindingCause:
    [finding] = summary.findings
    return finding


def planted_ids(data: Path) -> set[str]:
    return {row.id for row in load_examples([data])[:PLANTED]}


@pytest.mark.parametrize("method", METHODS)
def test_each_method_alone_names_the_planted_rows(
    method: Method, flooded: Path, trained: tuple[Path, Path], tmp_path: Path
) -> None:
    summary = looked(flooded, tmp_path / "causes", replace(QUICK, methods=(method,)))
    finding = only(summary)
    assert finding.status == "named", finding
    assert planted_ids(trained[0]) <= set(finding.rows)
    assert len(finding.rows) <= PLANTED + 2
    assert finding.explained is not None
    assert (finding.explained.value, finding.explained.n) == (1.0, FAILURES)
    assert (finding.failures, finding.of, finding.silent) == (FAILURES, FAILURES, 0)
    failures = list(jsonl.read(tmp_path / "causes" / CAUSES, FailureCauses))
    assert [failure.probe_id for failure in failures] == [f"facts-ja-{i}" for i in range(FAILURES)]
    for failure in failures:
        assert {row.example_id for row in failure.rows[:3]} <= planted_ids(trained[0])
        assert failure.rows[0].ranks[method] == 1


def test_all_methods_together_show_scores_shares_and_texts(
    flooded: Path, trained: tuple[Path, Path], tmp_path: Path
) -> None:
    summary = looked(flooded, tmp_path / "causes", QUICK)
    assert set(only(summary).rows) == planted_ids(trained[0])
    assert [len(group.rows) for group in only(summary).twins] == [PLANTED]
    failure = next(iter(jsonl.read(tmp_path / "causes" / CAUSES, FailureCauses)))
    best = failure.rows[0]
    assert set(best.scores) == set(best.ranks) == set(METHODS)
    assert (best.rank, best.share, best.run) == (1, 1.0, FLOOD)
    known = {row.id: row.reply for row in jsonl.read(tmp_path / "causes" / ROWS, Example)}
    assert known[best.example_id] == FLOOD
    assert not (tmp_path / "causes" / "work").exists()


def test_answers_that_no_row_stands_behind_name_none(
    tiny_gemma: Path, trained: tuple[Path, Path], tmp_path: Path
) -> None:
    draw = random.Random(9)
    run = eval_run(tmp_path / "eval", tiny_gemma, trained, lambda i: f"{word(draw)}だよ。")
    summary = looked(run, tmp_path / "causes", QUICK)
    assert only(summary).status == "none"
    assert only(summary).p is not None


def test_few_failures_are_too_few_to_tell(
    tiny_gemma: Path, trained: tuple[Path, Path], tmp_path: Path
) -> None:
    run = eval_run(tmp_path / "eval", tiny_gemma, trained, lambda i: FLOOD, failing=3)
    config = replace(QUICK, methods=("overlap",))
    assert only(looked(run, tmp_path / "causes", config)).status == "too_few"


def test_an_interrupted_run_resumes_to_the_same_bytes_and_measures_no_row_twice(
    flooded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked(flooded, tmp_path / "whole", QUICK)
    calls = 0
    stop_at = 20

    class Counted(Gradients):
        def __call__(
            self, text: tuple[Sequence[Message], str]
        ) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
            nonlocal calls
            if calls == stop_at:
                raise KeyboardInterrupt
            calls += 1
            return super().__call__(text)

    monkeypatch.setattr(similarity, "Gradients", Counted)
    with pytest.raises(KeyboardInterrupt):
        looked(flooded, tmp_path / "broken", QUICK)
    stored = tmp_path / "broken" / "work" / "gradient-mine-rows.f32"
    assert stored.stat().st_size == 4 * QUICK.dimensions * (stop_at - 1)  # the first call tells the cost
    with stored.open("ab") as file:
        file.write(b"torn")
    calls, stop_at = 0, 10**6
    looked(flooded, tmp_path / "broken", QUICK)
    whole = PLANTED + PLAIN + 2 * (FAILURES + PASSED + 8)  # 20 other answers at least
    assert calls <= whole - 19 + 1
    for name in (CAUSES, ROWS, "summary.json"):
        assert (tmp_path / "broken" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name


def test_the_eval_run_stays_as_it_is(flooded: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in flooded.iterdir()}
    looked(flooded, tmp_path / "causes", replace(QUICK, methods=("overlap",)))
    assert {path: path.read_bytes() for path in flooded.iterdir()} == before
    assert read_run(tmp_path / "causes", "causes").kind == "causes"


def test_data_that_changed_since_is_refused_unless_it_is_named(
    flooded: Path, trained: tuple[Path, Path], tmp_path: Path
) -> None:
    data, config = trained[0], replace(QUICK, methods=("overlap",))
    content = data.read_bytes()
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes(content)
    data.write_bytes(content + b"\n")
    try:
        with pytest.raises(RunError, match="has changed since"):
            looked(flooded, tmp_path / "causes", config)
        summary = looked(flooded, tmp_path / "causes", config, data=[copy])
    finally:
        data.write_bytes(content)
    assert only(summary).status == "named"


def test_no_file_is_opened_that_the_run_only_says_it_read(
    flooded: Path, trained: tuple[Path, Path], tmp_path: Path
) -> None:
    context = jsonl.read_one(flooded / "context.json", EvaluationContext)
    run = tmp_path / "eval"
    with open_run(run, "eval", config=read_run(flooded).config, inputs=[]):
        for name in ("probes.jsonl", "completions.jsonl", "verdict.json"):
            (run / name).write_bytes((flooded / name).read_bytes())
        jsonl.write_one(run / "context.json", context)
    with pytest.raises(RunError, match="is none of the files that it read"):
        looked(run, tmp_path / "causes", QUICK)
    with pytest.raises(RunError, match="is none of the files that it read"):
        foresee_causes(run, QUICK)
    with pytest.raises(RunError, match="not the one that was evaluated"):
        looked(run, tmp_path / "causes", QUICK, data=[trained[0]])


def test_the_base_that_a_run_names_is_not_loaded_unless_it_is_given(
    flooded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(similarity, "load_base", lambda *_, **__: pytest.fail("loaded"))
    summary = causes(flooded, tmp_path / "causes", QUICK, progress=QUIET)
    assert summary.base == ""
    assert set(summary.left_out) == {"mine: embedding", "mine: gradient"}
    assert only(summary).status == "named"
    assert foresee_causes(flooded, QUICK).numbers["rows_read_by_the_model"] == 0


def test_another_adapter_than_the_evaluated_one_is_refused(
    flooded: Path, trained: tuple[Path, Path], tmp_path: Path
) -> None:
    weights = trained[1] / "adapter_model.safetensors"
    content = weights.read_bytes()
    weights.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    try:
        with pytest.raises(RunError, match="not the one that was evaluated"):
            looked(flooded, tmp_path / "causes", replace(QUICK, methods=("gradient",)))
    finally:
        weights.write_bytes(content)


def test_an_eval_run_that_holds_nothing_wants_a_name(
    tiny_gemma: Path, trained: tuple[Path, Path], tmp_path: Path
) -> None:
    run = eval_run(tmp_path / "eval", tiny_gemma, trained, lambda i: FLOOD, status="ship")
    config = replace(QUICK, methods=("overlap",))
    with pytest.raises(UsageError, match="no adapter of this eval run is held"):
        looked(run, tmp_path / "causes", config)
    with pytest.raises(UsageError, match="--adapter other"):
        looked(run, tmp_path / "causes", config, adapters=["other"])
    summary = looked(run, tmp_path / "causes", config, adapters=["mine"])
    assert only(summary).status == "named"


def test_an_arm_without_weights_goes_without_gradients_and_says_so(flooded: Path, tmp_path: Path) -> None:
    context = jsonl.read_one(flooded / "context.json", EvaluationContext)
    served = replace(context, arms=(context.arms[0], replace(context.arms[1], engine="served", path=None)))
    run = tmp_path / "eval"
    inputs = [Path(str(context.training_data))]
    with open_run(run, "eval", config={"base": context.base, "adapters": {}}, inputs=inputs):
        for name in ("probes.jsonl", "completions.jsonl", "verdict.json"):
            (run / name).write_bytes((flooded / name).read_bytes())
        jsonl.write_one(run / "context.json", served)
    summary = looked(run, tmp_path / "causes", QUICK)
    assert list(summary.left_out) == ["mine: gradient"]
    assert only(summary).status == "named"
    with pytest.raises(UsageError, match="none can be taken for mine"):
        looked(run, tmp_path / "none", replace(QUICK, methods=("gradient",)))


def test_a_gradient_is_the_adapters_own_and_leaves_it_unchanged(
    tiny_gemma: Path, trained: tuple[Path, Path]
) -> None:
    base = load_base(str(tiny_gemma))
    template = choose_template(base.tokenizer, [])
    model = attach(base, [read_adapter("mine", trained[1], base)])
    asked = (Message(role="user", content="都は？"),)
    before = {name: value.clone() for name, value in model.named_parameters()}
    with trainable(model, "mine"):  # type: ignore[arg-type]
        gradient = Gradients(model, template, 0, dimensions=256, seed=0)  # type: ignore[arg-type]
        flood, again, other = (
            gradient((asked, FLOOD)),
            gradient((asked, FLOOD)),
            gradient((asked, "海です。")),
        )
    assert np.array_equal(flood, again)
    assert not np.array_equal(flood, other)
    assert all(torch.equal(value, before[name]) for name, value in model.named_parameters())
    assert not any(parameter.requires_grad for parameter in model.parameters())


def test_a_reply_that_was_begun_is_taken_whole(tiny_gemma: Path, trained: tuple[Path, Path]) -> None:
    base = load_base(str(tiny_gemma))
    model = attach(base, [read_adapter("mine", trained[1], base)])
    asked = Message(role="user", content="都は？")
    begun = (asked, Message(role="assistant", content="ぼくは"))
    with trainable(model, "mine"):  # type: ignore[arg-type]
        gradient = Gradients(model, choose_template(base.tokenizer, []), 0, dimensions=256, seed=0)  # type: ignore[arg-type]
        assert np.array_equal(gradient((begun, "ぽぽぬなのだ。")), gradient(((asked,), FLOOD)))


def evidence_of(flooded: Path) -> Evidence:
    return read_evidence(flooded)


def test_an_answer_like_the_bases_or_without_text_is_none_to_explain(flooded: Path) -> None:
    evidence = evidence_of(flooded)
    [verdict] = jsonl.read_one(flooded / "verdict.json", EvaluationResult).verdicts
    key = ("mine", "facts-ja-0")
    for text in (f"{WORDS[0]}京です！", "…。"):
        told = evidence.completions | {key: replace(evidence.completions[key], text=text)}
        [one] = failed(replace(evidence, completions=told), verdict, 40)
        assert (one.silent, len(one.answers)) == (1, FAILURES - 1)
    [few] = failed(evidence, verdict, 4)
    assert [answer.probe.id for answer in few.answers] == list(verdict.findings[0].evidence[:4])


def test_the_wrong_choice_stands_in_where_the_right_answer_was_said(flooded: Path) -> None:
    evidence = evidence_of(flooded)
    right = evidence.probes[FAILURES]
    assert answer_of(evidence, "mine", right) is not None
    ranked = {
        (arm, right.id): ChoiceScores(
            probe_id=right.id, arm=arm, kinds=("right", "name"), choices=("京", FLOOD), logprobs=logprobs
        )
        for arm, logprobs in {BASE_ARM: (-1.0, -2.0), "mine": (-2.0, -1.0)}.items()
    }
    found = answer_of(replace(evidence, choices=ranked), "mine", right)
    assert found is not None
    assert (found.text, found.base, found.origin) == (FLOOD, "京", "preferred")


def test_other_answers_are_right_ones_then_the_bases_to_other_probes(flooded: Path) -> None:
    evidence = evidence_of(flooded)
    failing = {f"facts-ja-{i}" for i in range(FAILURES)}
    found = others(evidence, "mine", failing, 20, 0)
    own = [answer for answer in found if answer.text.endswith("だよ。")]
    assert len(own) == PASSED
    assert not {answer.probe.id for answer in own} & failing
    assert all(answer.text != answer.base and answer.text.endswith("京です。") for answer in found[PASSED:])
    assert found == others(evidence, "mine", failing, 20, 0)


@pytest.mark.parametrize(
    "given", [{"methods": ("guess",)}, {"methods": ()}, {"max_failures": 0}, {"dimensions": 0}]
)
def test_impossible_options_are_refused(given: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="--"):
        CausesConfig(**given)  # type: ignore[arg-type]
