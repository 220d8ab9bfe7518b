"""Served models as arms, against a real HTTP server on loopback that serves a tiny real model as vLLM does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM

from loracheck import cli, jsonl
from loracheck.engines import Decoding, Engine, Generated, Offer, Scored
from loracheck.engines.answers import Answerer
from loracheck.engines.local import LocalEngine
from loracheck.engines.served import ServedEngine, ServerOptions
from loracheck.errors import EnvironmentFault, UsageError
from loracheck.evaluate.arms.lineup import Elsewhere
from loracheck.evaluate.config import EvalConfig
from loracheck.evaluate.pipeline import evaluate
from loracheck.evaluate.policy import load_policy
from loracheck.evaluate.questions.asking import ask
from loracheck.evaluate.questions.material import Questions
from loracheck.models.load import attach, load_base, read_adapter
from loracheck.probes import bundled
from loracheck.probes.choices import prefers_right
from loracheck.progress import Progress
from loracheck.records import (
    ChoiceScores,
    Completion,
    EvaluationContext,
    EvaluationResult,
    Expected,
    Finding,
    Message,
    Probe,
    ScoredText,
)
from loracheck.templates.chat import ChatTemplate, choose_template
from loracheck.words.findings import explain
from tests.evaluate.served_models import RESET, ServedModel

ASKED = (
    Probe(
        id="facts-ja-capital",
        suite="facts-ja",
        messages=(Message(role="user", content="日本の首都はどこですか？"),),
        language="ja",
        domain="out",
        expected=Expected(answers=("東京",), wrong=("大阪", "京都")),
        cluster="capital",
    ),
    Probe(
        id="facts-en-months",
        suite="facts-en",
        messages=(Message(role="user", content="How many months are there in a year?"),),
        language="en",
        domain="out",
        expected=Expected(answers=("twelve",), wrong=("ten", "seven")),
        cluster="months",
    ),
    Probe(
        id="open-en-letter",
        suite="open-en",
        messages=(Message(role="user", content="Write a short letter to a friend."),),
        language="en",
        domain="out",
    ),
)
BEGUN = replace(
    ASKED[2], id="begun", messages=(*ASKED[2].messages, Message(role="assistant", content="The weather"))
)
TEXTS = (
    ScoredText(probe=ASKED[1], text="There are twelve months in a year."),
    ScoredText(probe=replace(ASKED[0], id="neutral-1", messages=()), text="空はなぜ青いのですか？"),
)
GREEDY = Decoding(max_new_tokens=8)
QUIET = Progress(quiet=True)
CORE = ("content_damage", "forgetting", "collapse", "loops", "missing_stop")
PERSONA = load_policy("persona")
POLICY = replace(PERSONA, gates={name: PERSONA.gates[name] for name in CORE})
CONFIG = EvalConfig(suites=("facts-ja",), max_facts=3, max_new_tokens=6)


@pytest.fixture(scope="module")
def adapter(tiny_gemma: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("adapters") / "mine"
    model = get_peft_model(
        AutoModelForCausalLM.from_pretrained(tiny_gemma),
        LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", task_type="CAUSAL_LM"),
    )
    assert isinstance(model, PeftModel)
    generator = torch.Generator().manual_seed(1)
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            parameter.data = 0.2 * torch.randn(parameter.shape, generator=generator)
    model.save_pretrained(str(out))
    return out


Serve = Callable[..., ServedModel]


@pytest.fixture(scope="module")
def running(tiny_gemma: Path, adapter: Path) -> Iterator[ServedModel]:
    server = ServedModel(tiny_gemma, {"tiny-lora": adapter})
    yield server
    server.close()


@pytest.fixture
def server(running: ServedModel) -> ServedModel:
    """The running server as it was at first."""
    running.likelihoods, running.continues, running.lists_models = "chat", True, True
    running.most_at_once = 0
    for kept in (running.faults, running.requests, running.replies):
        kept.clear()
    return running


@pytest.fixture(scope="module")
def local(tiny_gemma: Path, adapter: Path) -> LocalEngine:
    base = load_base(str(tiny_gemma))
    template = choose_template(base.tokenizer, [])
    return LocalEngine(attach(base, [read_adapter("mine", adapter, base)]), template)


def options(server: ServedModel, **more: Any) -> ServerOptions:  # noqa: ANN401
    return ServerOptions(address=server.address, first_wait_seconds=0.001, **more)


def engine(server: ServedModel, template: ChatTemplate | None = None, **more: Any) -> ServedEngine:  # noqa: ANN401
    models = {"base": "tiny-base", "mine": "tiny-lora"}
    return ServedEngine(options(server, **more), models, template, QUIET)


def answers(
    engine: Engine, arm: str, probes: Sequence[Probe] = ASKED, how: Decoding = GREEDY
) -> list[Generated]:
    found = dict(pair for batch in engine.complete(arm, probes, how, set()) for pair in batch)
    return [found[place] for place in range(len(probes))]


def ranked(engine: Engine, arm: str) -> list[tuple[float, ...]]:
    offers = [
        Offer(probe=probe, replies=(*probe.expected.answers, *probe.expected.wrong))
        for probe in ASKED
        if probe.expected
    ]
    found = dict(pair for batch in engine.rank(arm, offers, set()) for pair in batch)
    return [found[place] for place in range(len(offers))]


def scored(engine: Engine, arm: str) -> list[Scored]:
    found = dict(pair for batch in engine.score(arm, TEXTS, set()) for pair in batch)
    return [found[place] for place in range(len(TEXTS))]


@pytest.mark.parametrize("arm_name", ["base", "mine"])
def test_a_served_model_answers_as_the_same_model_here(
    arm_name: str, server: ServedModel, local: LocalEngine
) -> None:
    one = engine(server)
    assert [reply.text for reply in answers(one, arm_name)] == [r.text for r in answers(local, arm_name)]
    sent = [body for route, body, _ in server.requests if "chat" in route][-len(ASKED) :]
    assert {body["model"] for body in sent} == {{"base": "tiny-base", "mine": "tiny-lora"}[arm_name]}
    assert {(body["temperature"], body["seed"], body["max_tokens"]) for body in sent} == {(0, 0, 8)}


def test_two_served_models_answer_differently(server: ServedModel) -> None:
    assert answers(engine(server), "base") != answers(engine(server), "mine")


def test_likelihoods_of_a_server_that_gives_them_are_those_of_the_model_here(
    server: ServedModel, local: LocalEngine
) -> None:
    one = engine(server)
    assert one.gives == {"choices", "likelihoods", "draws", "continues"}
    for arm_name in ("base", "mine"):
        for mine, theirs in zip(ranked(local, arm_name), ranked(one, arm_name), strict=True):
            assert mine == pytest.approx(theirs, abs=1e-3)
        for here, there in zip(scored(local, arm_name), scored(one, arm_name), strict=True):
            assert here.logprobs == pytest.approx(there.logprobs, abs=1e-3)
            assert len(there.pieces) == len(there.logprobs)


def test_likelihoods_by_echo_alone_need_the_tokenizer(server: ServedModel, local: LocalEngine) -> None:
    server.likelihoods = "echo"
    assert engine(server).gives == {"draws", "continues"}
    one = engine(server, local.template)
    assert {"choices", "likelihoods"} <= one.gives
    for mine, theirs in zip(ranked(local, "mine"), ranked(one, "mine"), strict=True):
        assert mine == pytest.approx(theirs, abs=1e-3)
    for here, there in zip(scored(local, "mine"), scored(one, "mine"), strict=True):
        assert here.pieces == there.pieces
        assert here.logprobs == pytest.approx(there.logprobs, abs=1e-3)


@pytest.mark.parametrize("kind", ["none", "invented"])
def test_a_server_without_true_likelihoods_gives_none(kind: str, server: ServedModel) -> None:
    server.likelihoods = kind
    assert engine(server).gives == {"draws", "continues"}


def test_a_begun_reply_is_gone_on_with_where_the_server_can(server: ServedModel, local: LocalEngine) -> None:
    one = engine(server)
    assert answers(one, "mine", [BEGUN])[0].text == answers(local, "mine", [BEGUN])[0].text
    server.continues = False
    assert "continues" not in engine(server).gives


def test_begun_replies_are_not_put_to_a_server_that_would_begin_anew(
    server: ServedModel, tmp_path: Path
) -> None:
    server.continues = False
    asked = Questions(open=(ASKED[2], BEGUN))
    for name in ("probes.jsonl", "completions.jsonl"):
        (tmp_path / name).touch()
    ask(tmp_path, engine(server), ["base"], asked, [], [], CONFIG, QUIET)
    assert [c.probe_id for c in jsonl.read(tmp_path / "completions.jsonl", Completion)] == [ASKED[2].id]


def test_drawn_answers_differ_by_seed_and_come_again(server: ServedModel, local: LocalEngine) -> None:
    for one in (engine(server), local):
        first, second, again = (
            answers(one, "mine", ASKED, Decoding(max_new_tokens=8, temperature=1.0, seed=seed))
            for seed in (1, 2, 1)
        )
        assert first == again
        assert first != second


def test_what_may_pass_is_tried_again_and_nothing_is_lost(server: ServedModel) -> None:
    one = engine(server)
    wanted = answers(one, "base")
    server.faults = [429, 500, RESET]
    assert answers(one, "base") == wanted
    assert not server.faults


def test_requests_go_out_side_by_side(server: ServedModel) -> None:
    many = [replace(ASKED[2], id=f"open-{i}") for i in range(12)]
    answers(engine(server, concurrency=1), "base", many)
    assert server.most_at_once <= 2  # one may come while the one before is being closed
    answers(engine(server, concurrency=6), "base", many)
    assert server.most_at_once > 2


def test_a_wrong_name_is_refused_before_anything_is_asked(server: ServedModel) -> None:
    with pytest.raises(UsageError, match="has no model 'tiny-lara'; it has tiny-base, tiny-lora") as caught:
        ServedEngine(options(server), {"base": "tiny-base", "mine": "tiny-lara"}, None, QUIET)
    assert caught.value.hint == "Did you mean tiny-lora?"
    assert not server.requests


def test_a_server_without_a_list_is_told_of_a_wrong_name_by_its_answer(server: ServedModel) -> None:
    server.lists_models = False
    one = ServedEngine(options(server), {"base": "tiny-base", "mine": "tiny-lara"}, None, QUIET)
    assert answers(one, "base")
    with pytest.raises(UsageError, match="knows no model 'tiny-lara'"):
        answers(one, "mine")


def test_a_server_that_takes_no_seed_is_asked_without_and_said_to(server: ServedModel) -> None:
    real = server.respond

    def refuse(route: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        return (400, {"error": "unknown field seed"}) if "seed" in body else real(route, body)

    server.respond = refuse  # type: ignore[method-assign]
    try:
        one = engine(server)
        assert len(answers(one, "base")) == len(ASKED)
        assert one.left_out == ("seed",)
    finally:
        server.respond = real  # type: ignore[method-assign]


def test_an_empty_reply_is_an_answer(server: ServedModel) -> None:
    server.replies = {ASKED[0].prompt: "", ASKED[1].prompt: None}
    texts = [reply.text for reply in answers(engine(server), "base")]
    assert texts[:2] == ["", ""]
    assert texts[2]


def test_probes_without_an_answer_are_named_and_the_others_kept(server: ServedModel, tmp_path: Path) -> None:
    one = engine(server, concurrency=1, retries=0)
    server.faults = [500]
    path = tmp_path / "completions.jsonl"
    with pytest.raises(EnvironmentFault, match="base: no answer to facts-ja-capital: HTTP 500"):
        Answerer(one, QUIET).complete(path, "base", ASKED, 8, "answers")
    kept = [completion.probe_id for completion in jsonl.read(path, Completion)]
    assert sorted(kept) == ["facts-en-months", "open-en-letter"]
    server.requests.clear()
    whole = Answerer(one, QUIET).complete(path, "base", ASKED, 8, "answers")
    assert [completion.probe_id for completion in whole] == [probe.id for probe in ASKED]
    assert len(server.requests) == 1


def test_a_server_that_answers_nothing_is_left_after_some_failures(server: ServedModel) -> None:
    many = [replace(ASKED[2], id=f"open-{i}") for i in range(200)]
    one = engine(server, concurrency=1, retries=0)
    server.faults = [500] * 200
    with pytest.raises(EnvironmentFault, match=r"no answer to open-0, open-1, .* and 1\d more"):
        answers(one, "base", many)
    assert len(server.requests) < 60


def served_run(server: ServedModel, out: Path, models: dict[str, str], **more: Any) -> EvaluationResult:  # noqa: ANN401
    config = more.pop("config", CONFIG)
    elsewhere = Elsewhere(server=options(server), models=models, **more)
    return evaluate("tiny-base", {}, out, config, POLICY, elsewhere=elsewhere, progress=QUIET)


def only(result: EvaluationResult) -> dict[str, Finding]:
    [verdict] = result.verdicts
    return {finding.check: finding for finding in verdict.findings}


def test_a_run_against_a_server_finds_what_a_run_here_finds(
    server: ServedModel, tiny_gemma: Path, adapter: Path, tmp_path: Path
) -> None:
    here = only(
        evaluate(str(tiny_gemma), {"mine": adapter}, tmp_path / "here", CONFIG, POLICY, progress=QUIET)
    )
    there = only(served_run(server, tmp_path / "there", {"mine": "tiny-lora"}))
    for check in ("content_damage", "forgetting", "collapse", "loops"):
        assert [e.n for e in there[check].estimates] == [e.n for e in here[check].estimates], check
        for theirs, ours in zip(there[check].estimates, here[check].estimates, strict=True):
            assert theirs.value == pytest.approx(ours.value, abs=1e-3), (check, ours.name)
    assert here["sanity"].reason == "adapter_sound"
    assert there["sanity"].reason == "base_not_provable"
    assert there["sanity"].status == "inconclusive"
    assert "vouch for it with --assume-base" in explain(there["sanity"])
    assert 0 < there["sanity"].values["changed"] <= there["sanity"].values["asked"]


def test_a_served_arm_that_answers_as_the_base_is_inert(server: ServedModel, tmp_path: Path) -> None:
    config = replace(CONFIG, assume_base=True)
    found = only(served_run(server, tmp_path / "run", {"same": "tiny-base"}, config=config))
    assert (found["sanity"].status, found["sanity"].reason) == ("inconclusive", "answers_are_the_bases")


def test_without_likelihoods_the_checks_that_need_them_stay_open(server: ServedModel, tmp_path: Path) -> None:
    server.likelihoods = "none"
    found = only(served_run(server, tmp_path / "run", {"mine": "tiny-lora"}))
    assert found["forgetting"].reason == "needs_choices"
    assert found["forgetting"].status == "inconclusive"
    assert found["collapse"].estimates
    assert not list(jsonl.read(tmp_path / "run" / "choices.jsonl", ChoiceScores))


def test_who_vouches_for_the_base_gets_a_sound_adapter_and_the_key_is_written_nowhere(
    server: ServedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789abcdef")
    config = replace(CONFIG, assume_base=True)
    found = only(served_run(server, tmp_path / "run", {"mine": "tiny-lora"}, config=config))
    assert (found["sanity"].status, found["sanity"].reason) == ("pass", "answers_differ")
    assert {key for _, _, key in server.requests} == {"Bearer sk-0123456789abcdef"}
    for file in (tmp_path / "run").iterdir():
        assert b"sk-0123456789abcdef" not in file.read_bytes(), file


def test_an_interrupted_run_asks_only_what_is_left(server: ServedModel, tmp_path: Path) -> None:
    whole = served_run(server, tmp_path / "whole", {"mine": "tiny-lora"})
    in_all = len(server.requests)
    real, seen = server.respond, 0

    def stop(route: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        nonlocal seen
        seen += 1
        return (401, {}) if seen > in_all // 2 else real(route, body)

    server.respond = stop  # type: ignore[method-assign]
    with pytest.raises(UsageError, match="refuses the key"):
        served_run(server, tmp_path / "broken", {"mine": "tiny-lora"})
    server.respond = real  # type: ignore[method-assign]
    server.requests.clear()
    assert served_run(server, tmp_path / "broken", {"mine": "tiny-lora"}) == whole
    assert len(server.requests) < in_all
    for name in ("completions.jsonl", "choices.jsonl"):
        assert (tmp_path / "broken" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_the_command_line_takes_adapters_as_models_of_the_endpoint(
    server: ServedModel, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = (
        f"--base tiny-base --adapter mine=tiny-lora --endpoint {server.address} --concurrency 2 --assume-base"
    )
    asked = f"--suite facts-ja --max-facts 2 -o {tmp_path / 'run'} --quiet"
    monkeypatch.setattr("sys.argv", ["loracheck", "eval", *given.split(), *asked.split()])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code in (1, 3)
    assert "Its weights are not at hand" in " ".join(capsys.readouterr().out.split())
    assert (tmp_path / "run" / "report.html").is_file()
    context = jsonl.read_one(tmp_path / "run" / "context.json", EvaluationContext)
    assert [entry.path for entry in context.arms] == [None, f"tiny-lora at {server.address}"]


class Overflowing:
    """An engine whose model overflows on longer texts, as an adapter can whose weights are finite."""

    def rank(self, arm_name: str, offers: Sequence[Offer], done: AbstractSet[int]) -> Iterator[Any]:
        yield [(place, (float("nan"),) * len(offer.replies)) for place, offer in enumerate(offers)]

    def score(self, arm_name: str, texts: Sequence[ScoredText], done: AbstractSet[int]) -> Iterator[Any]:
        yield [(place, Scored(pieces=("a",), logprobs=(float("-inf"),))) for place, _ in enumerate(texts)]


def test_likelihoods_that_are_no_numbers_are_kept_as_next_to_nothing(tmp_path: Path) -> None:
    probes = bundled(["facts-en"])[:4]
    answerer = Answerer(cast("Any", Overflowing()), QUIET)
    ranked = answerer.rank(tmp_path / "choices.jsonl", "mine", probes, {})
    assert list(jsonl.read(tmp_path / "choices.jsonl", ChoiceScores)) == ranked
    assert not any(prefers_right(scores) for scores in ranked), "a tie of nothings prefers nothing"
    text = ScoredText(probe=probes[0], kind="text", text="a")
    [scored] = answerer.score(tmp_path / "likelihoods.jsonl", "mine", [text])
    assert scored.logprobs == (-1e4,)
