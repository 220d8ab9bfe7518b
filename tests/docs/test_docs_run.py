"""Commands and examples of the documentation, run: the cheap ones always, all of them at reduced size when slow."""

from __future__ import annotations

import re
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import pytest
from click.testing import CliRunner

from loracheck.cli import cli
from loracheck.errors import LoracheckError
from tests.docs.fenced import ROOT, RUN_PAGES, Block, Command, blocks, commands

ALL = {str(command): command for page in RUN_PAGES for command in commands(page) if not command.elided}
IN_ENGLISH = [page for page in RUN_PAGES if not page.name.endswith(".ja.md")]
"""The Japanese pages hold the same commands in the same order: tests/docs/test_docs_japanese.py."""
CHEAP = ("validate", "gate", "report", "init", "checks", "canaries", "power", "probes", "compare", "score")
CHEAP_CALLS = [call for call in ALL if call.split()[1] in CHEAP or "curate explain" in call]
BASES = {"google/gemma-3-270m", "Qwen/Qwen3-8B", "B", "base.gguf"}
# What a command needs that no test machine has, and the tests that run the verb itself.
NOT_RUN = {
    "--judge": "a model that judges well: tests/cli/test_cli_curate_judge.py",
    "--generator": "a model that writes rows: tests/curate/test_curate_synthesize.py",
    "--replay 200": "a base that ends its replies: tests/curate/test_curate_synthesize.py",
    "lm-eval:": "a package and data of others: tests/core/test_core_probe_formats.py",
    "loracheck demo": "the embedded model: tests/cli/test_demo_end_to_end.py",
    "loracheck selftest": "the embedded model: tests/cli/test_cli_selftest.py",
}
SMALLER = {
    "train": "--max-trained-tokens 60 --train-batch-size 4 --lora-r 2 --quiet",
    "eval": "--suite facts-ja --max-facts 4 --max-open 2 --max-in-domain 2 --max-neutral 2 --exit-zero --quiet",
    "score": "--exit-zero --quiet",
    "curate": "--max-loss 1.0 --quiet",
    "causes": "--max-failures 2 --dimensions 32 --quiet",
    "scale": "--watch-facts 2 --strengths 0,1 --quiet",
    "merge": "--quiet",
}
VERDICTS = ("eval", "gate", "score", "run")


class Server(Protocol):
    """What the fixture chat_server hands out."""

    address: str
    respond: Any


@pytest.fixture
def here(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the world as working directory."""
    return moved(world, tmp_path, monkeypatch)


@pytest.fixture
def deep(deep_world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the world with trained adapters as working directory."""
    return moved(deep_world, tmp_path, monkeypatch)


def moved(world: Path, to: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(world, to / "here")
    monkeypatch.chdir(to / "here")
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    return to / "here"


def run(command: Command, model: Path, address: str) -> None:
    """Run a call as it stands, on a tiny model and with less to do; a traceback or a wrong exit code fails."""
    arguments = reduced(command, model, address)
    done = CliRunner().invoke(cli, arguments)
    if isinstance(done.exception, LoracheckError):
        raise AssertionError(f"{command}: {done.exception}")
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    allowed = (0, 1, 3) if verb(command) in VERDICTS else (0,)
    assert done.exit_code in allowed, f"{command}\n{arguments}\n{done.output}"


def verb(command: Command) -> str:
    two = " ".join(command.arguments[:2])
    return two if two in cli.commands else command.arguments[0]


def reduced(command: Command, model: Path, address: str) -> list[str]:
    """Put the tiny model and the server on loopback in their place, clear the output, and add SMALLER."""
    given = [str(model) if word in BASES else word for word in command.arguments]
    given = ["8" if word == "100" else word for word in given]  # the data has few rows
    given = [re.sub(r"http://localhost:\d+/v1", address, word) for word in given]
    for option, value in pairwise(given):
        if option in ("-o", "--out") and Path(value).exists():
            shutil.rmtree(value) if Path(value).is_dir() else Path(value).unlink()
    if "probes make" in str(command):
        Path("domain.rest.jsonl").unlink(missing_ok=True)
    if verb(command) == "init":
        shutil.rmtree(given[1], ignore_errors=True)
    smaller = SMALLER.get(verb(command), "").split()
    if verb(command) == "train" and "--watch" in given:
        smaller += ["--watch-facts", "2"]
    if verb(command) == "causes" and "--adapter" not in given:
        smaller += ["--adapter", "raw"]  # a tiny model knows nothing that it could lose, so none is held
    return given + smaller


def test_nothing_is_left_out_but_for_a_reason_that_holds() -> None:
    for mark, reason in NOT_RUN.items():
        assert any(mark in call for call in ALL), mark
        assert (ROOT / reason.rpartition(" ")[2]).is_file()
    assert len(CHEAP_CALLS) > 15


@pytest.fixture(scope="module")
def prepared(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One copy of the world for the cheap commands."""
    folder = tmp_path_factory.mktemp("cheap") / "here"
    shutil.copytree(world, folder)
    return folder


@pytest.mark.parametrize("call", CHEAP_CALLS)
def test_a_cheap_command_does_what_it_says(
    call: str, prepared: Path, tiny_gemma: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(prepared)
    if "mine/policy.yaml" in call:
        run(
            Command(page="", line=0, arguments=("init", "mine", "--base", "b", "--data", "d")), tiny_gemma, ""
        )
    run(ALL[call], tiny_gemma, "")


def test_a_command_that_fails_is_noticed(here: Path, tiny_gemma: Path) -> None:
    (here / "train.jsonl").write_text('{"instruction": 3}\n', encoding="utf-8")
    with pytest.raises(AssertionError, match="validate"):
        run(ALL["loracheck validate train.jsonl"], tiny_gemma, "")


@pytest.mark.slow
@pytest.mark.parametrize("page", IN_ENGLISH, ids=lambda page: page.name)
def test_the_commands_of_a_page_run_one_after_the_other(
    page: Path, deep: Path, tiny_gemma: Path, chat_server: Server
) -> None:
    chat_server.respond = chat
    for command in commands(page):
        if not command.elided and not any(mark in str(command) for mark in NOT_RUN):
            run(command, tiny_gemma, chat_server.address)


def chat(_: dict[str, Any]) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Answer everything alike, as a server without log-probabilities."""
    message = {"role": "assistant", "content": "東京です。"}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    usage = {"prompt_tokens": 9, "completion_tokens": 4}
    return 200, {"id": "a", "model": "my-lora", "choices": [choice], "usage": usage}, {}


EXAMPLES = [block for page in RUN_PAGES for block in blocks(page) if block.language == "python"]
SHORTER = {
    "google/gemma-3-270m": "{model}",
    "max_trained_tokens=9000": "max_trained_tokens=60, lora_r=2",
    'allow_loss={"identity_flood": 0.8}': "max_loss=1.0",
    'tier="quick"': "max_facts=4, max_open=2, max_new_tokens=2, max_new_tokens_open=2, max_training=4",
}


def of_models(block: Block) -> bool:
    return "train" in block.text


quick = pytest.mark.parametrize(
    "block", [b for b in EXAMPLES if not of_models(b)], ids=lambda b: f"{b.page}:{b.line}"
)
slow = pytest.mark.parametrize(
    "block", [b for b in EXAMPLES if of_models(b)], ids=lambda b: f"{b.page}:{b.line}"
)


@quick
def test_an_example_in_python_runs(block: Block, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    execute(block, here)
    assert capsys.readouterr().out.strip()


@pytest.mark.slow
@slow
def test_an_example_in_python_that_trains_runs(
    block: Block, deep: Path, tiny_gemma: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    execute(block, tiny_gemma)
    assert capsys.readouterr().out.strip()


def execute(block: Block, model: Path) -> None:
    code = block.text
    for text, shorter in SHORTER.items():
        code = code.replace(text, shorter.format(model=model) if "{" in shorter else shorter)
    exec(compile(code, f"{block.page}:{block.line}", "exec"), {"__name__": "example"})


def test_there_are_examples_of_every_stage() -> None:
    text = "\n".join(block.text for block in EXAMPLES)
    for name in ("loracheck.load(", "curate(", "train(", "evaluate(", "gate(", "report(", "findings_frame()"):
        assert name in text


@pytest.mark.parametrize(
    "block",
    [b for page in RUN_PAGES for b in blocks(page) if b.language == "yaml" and "repos:" not in b.text],
    ids=lambda block: f"{block.page}:{block.line}",
)
def test_a_yaml_file_that_is_shown_is_valid(block: Block, tmp_path: Path) -> None:
    path = tmp_path / "shown.yaml"
    path.write_text(block.text, encoding="utf-8")
    done = CliRunner().invoke(cli, ["validate", str(path)])
    assert done.exit_code == 0, done.output
