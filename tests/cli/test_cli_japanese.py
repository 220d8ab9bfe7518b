"""The help and the mistakes of usage in Japanese: all of it, nothing left over, and within the width."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import chain

import click
import pytest
from click.testing import CliRunner

from loracheck import cli
from loracheck.cli.japanese import catalogue, frame
from loracheck.cli.japanese.formatter import JapaneseFormatter
from loracheck.cli.japanese.usage import SENTENCES, in_japanese
from loracheck.cli.sections import LINES, OPTIONS, SECTIONS
from loracheck.terminal import columns, wrapped

VERBS = sorted(cli.cli.commands)
COMMANDS = {"loracheck": cli.cli, **cli.cli.commands}
TYPED = re.compile(r"\s+(loracheck|torchrun|cat|-)")
VALUE = re.compile(r"[\w.-]+|educational-value, helpfulness")
"""A default that stands as it is typed."""


def shown(*arguments: str, width: int = 80) -> str:
    """Return a help on a terminal of so many columns; click leaves two of them free."""
    result = CliRunner().invoke(cli.cli, ["--lang", "ja", *arguments, "--help"], terminal_width=width - 2)
    assert result.exit_code == 0, result.output
    return result.output


def told(name: str) -> Iterator[str]:
    """Yield each paragraph of a command, and each line of those that keep their lines but for commands."""
    command = COMMANDS[name]
    for text in filter(None, (command.help, command.epilog)):
        for paragraph in inspect.cleandoc(text).split("\n\n"):
            whole = paragraph.strip("\b\n ")
            lines = [line.strip() for line in whole.splitlines()]
            if not paragraph.startswith("\b") or catalogue.paragraph(whole):
                yield " ".join(lines)
            else:
                yield from (line for line in lines if not TYPED.match(f" {line}"))


def options(name: str) -> list[click.Option]:
    found = COMMANDS[name].get_params(click.Context(COMMANDS[name]))
    return [one for one in found if isinstance(one, click.Option) and not one.hidden]


def plain(command: str) -> str:
    """Return a text without commands, options and what stands between quotes."""
    return re.sub(r"\[[^\]]*\]|--[a-z-]+", " ", command)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_paragraph_of_a_command_has_its_japanese(name: str) -> None:
    missing = [text for text in told(name) if text not in catalogue.HELP and text not in frame.EXAMPLES]
    assert not missing


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_and_its_default_has_its_japanese(name: str) -> None:
    for one in options(name):
        assert one.help
        japanese = catalogue.option(one.help)
        assert re.search("[ぁ-んァ-ヶ一-龠]", japanese.partition("  [")[0]), f"{one.opts[0]}: {one.help}"
        if found := re.search(r"  \[(.*)\]$", japanese):
            assert found[1].startswith(frame.DEFAULT)
            value = found[1].removeprefix(frame.DEFAULT)
            assert VALUE.fullmatch(value) or re.search("[ぁ-んァ-ヶ一-龠]", value), f"{one.opts[0]}: {value}"


def test_every_command_of_the_list_has_one_line() -> None:
    assert list(frame.COMMANDS) == VERBS == sorted(LINES)
    assert sum(map(len, SECTIONS.values())) == len(LINES)
    assert max(map(columns, [*frame.COMMANDS.values(), *LINES.values()])) <= 56
    assert frame.HEADINGS.keys() == {"Options", "Commands", *SECTIONS, *chain.from_iterable(OPTIONS.values())}


@pytest.mark.parametrize("name", OPTIONS)
def test_sections_hold_every_option_once(name: str) -> None:
    listed = CliRunner().invoke(cli.cli, [name, "--help"]).output.partition("Examples:")[2]
    found = re.findall(r"^  (?:-\w, )?(--[\w-]+)", listed, re.MULTILINE)
    assert sorted(found) == sorted({*found}) == sorted(max(one.opts, key=len) for one in options(name))


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_list_of_the_commands_fits_a_terminal_of_80_columns(language: str) -> None:
    listed = CliRunner().invoke(cli.cli, ["--lang", language, "--help"], terminal_width=80).output
    for name in VERBS:
        line = LINES[name] if language == "en" else frame.COMMANDS[name]
        assert re.search(rf"^  {name} +{re.escape(line)}$", listed, re.MULTILINE)


def test_nothing_of_the_catalogue_is_left_over() -> None:
    helps = [one.help or "" for name in COMMANDS for one in options(name)]
    used = {text for name in COMMANDS for text in told(name)}
    used |= set(helps) | {text.partition("  [")[0] for text in helps}
    assert not set(catalogue.HELP) - used
    defaults = {found[1] for text in helps if (found := re.search(r"  \[default: (.*)\]$", text))}
    assert not set(frame.DEFAULTS) - defaults


@pytest.mark.parametrize("name", COMMANDS)
def test_the_japanese_keeps_options_and_names_of_the_english(name: str) -> None:
    """Whoever types what the help names must find it: each option, file and place holder stands in both."""
    for english in [*told(name), *(one.help or "" for one in options(name))]:
        japanese = catalogue.HELP.get(english) or catalogue.option(english)
        for word in re.findall(
            r"--[a-z][a-z-]*|[\w*]+\.(?:json|jsonl|html|yaml|md)\b|\b[A-Z]{4,}\b", english
        ):
            assert word in japanese, english


@pytest.mark.parametrize("width", [80, 60])
@pytest.mark.parametrize("name", ["", *VERBS])
def test_no_line_is_wider_than_the_terminal_or_english(name: str, width: int) -> None:
    for line in shown(*name.split(), width=width).splitlines():
        assert columns(line) <= width or re.fullmatch(r"  --[\w-]+ \[\S+\]", line), line  # choices stay whole
        if not TYPED.match(line):
            assert not re.search(r"(\b[A-Za-z]+ ){3}[A-Za-z]+", plain(line)), line
            assert not re.search(r"\b(Usage|Options|Commands|default|required|Show)\b[: ]", plain(line)), line


@pytest.mark.parametrize("name", VERBS)
def test_the_examples_can_be_typed_as_they_are_broken(name: str) -> None:
    def commands(text: str) -> list[str]:
        joined = re.sub(r"\s*\\\n\s*", " ", text)
        return [line.strip() for line in joined.splitlines() if TYPED.match(f" {line.strip()}")]

    english = commands(inspect.cleandoc(COMMANDS[name].help or "").partition("Example")[2])
    options_begin = rf"^(?:{'|'.join(frame.HEADINGS.values())}):"
    text = shown(*name.split(), width=60).partition("例:")[2]
    japanese = commands(re.split(options_begin, text, flags=re.MULTILINE)[0])
    assert english
    assert japanese == english


def test_a_command_that_is_broken_goes_on_below_its_beginning() -> None:
    lines = shown("eval", width=60).splitlines()
    place = lines.index("    loracheck eval --base B --adapter raw=runs/train-raw \\")
    assert lines[place + 1 : place + 4] == [
        "        --adapter curated=runs/train-curated \\",
        "        --data runs/curated --policy persona \\",
        "        -o runs/eval",
    ]


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        (["--lang", "ja", "gate", "--help"], {}),
        (["gate", "--help", "--lang", "ja"], {}),
        (["gate", "--lang=ja", "-h"], {}),
        (["gate", "--help"], {"LC_ALL": "ja_JP.UTF-8"}),
        (["--help", "--lang", "ja"], {}),
        ([], {"LC_ALL": "ja_JP.UTF-8"}),
    ],
)
def test_help_is_japanese_wherever_the_language_is_named(
    arguments: list[str], environment: dict[str, str]
) -> None:
    assert CliRunner().invoke(cli.cli, arguments, env=environment).output.startswith("使い方: ")


@pytest.mark.parametrize("arguments", [["gate", "--help"], ["--language", "ja", "gate", "--help"]])
def test_help_is_english_where_nothing_names_japanese(arguments: list[str]) -> None:
    assert CliRunner().invoke(cli.cli, arguments).output.startswith("Usage: ")


def test_lang_en_goes_before_a_japanese_terminal() -> None:
    found = CliRunner().invoke(cli.cli, ["gate", "--help", "--lang", "en"], env={"LC_ALL": "ja_JP.UTF-8"})
    assert found.output.startswith("Usage: ")


def test_the_japanese_is_read_only_where_it_is_spoken_and_loads_nothing_heavy() -> None:
    script = """
import sys
from loracheck.cli import cli
try:
    cli.main(sys.argv[1:])
except SystemExit:
    pass
loaded = [name for name in sys.modules if name.startswith("loracheck.cli.japanese")]
print(len(loaded), sorted({"torch", "transformers", "numpy", "msgspec"} & set(sys.modules)))
"""
    for language, expected in (("en", "0 []"), ("ja", "8 []")):
        done = subprocess.run(
            [sys.executable, "-c", script, "--lang", language, "train", "--help"],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        assert done.stdout.splitlines()[-1] == expected


def mistake(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str
) -> tuple[str, str]:
    monkeypatch.setattr(sys, "argv", ["loracheck", *arguments])
    with pytest.raises(SystemExit):
        cli.main()
    printed = capsys.readouterr()
    return printed.out, printed.err


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--nope"], "'--nope'というオプションはありません。"),
        (["curat"], "'curat'というコマンドはありません。'curate'ではありませんか?"),
        (["train", "x", "--bas", "y"], "'--bas'というオプションはありません。'--base'ではありませんか?"),
        (["eval", "--bas", "y"], "'--bas'というオプションはありません。(候補: '--base', "),
        (["train", "x"], "オプション'--base'を指定してください。"),
        (["gate"], "引数'RUN'を指定してください。"),
        (["gate", "a", "b"], "余分な引数があります(b)"),
        (["gate", "a", "--format", "x"], "'--format'の値が正しくありません: 'x'は使えません。"),
        (["train", "x", "--base", "b", "--seed", "z"], "'--seed'の値が正しくありません: 'z'は整数ではありません。"),
        (["power", "--bad-rate", "z"], "'--bad-rate'の値が正しくありません: 'z'は数値ではありません。"),
        (["inspect", "a", "--max-modules", "0"], "0は範囲x>=1にありません。"),
        (["init", "--scope"], "オプション'--scope'には値が必要です。"),
        (["gate", "a", "--json=1"], "オプション'--json'に値は付けられません。"),
    ],
)  # fmt: skip
def test_a_mistake_of_usage_is_told_in_japanese(
    arguments: list[str],
    expected: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, err = mistake(capsys, monkeypatch, "--lang", "ja", *arguments)
    assert expected in err
    assert "Usage" not in err


def test_a_program_reads_the_mistake_in_english(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out, _ = mistake(capsys, monkeypatch, "--lang", "ja", "train", "--nope", "--json")
    assert json.loads(out)["message"] == "No such option '--nope'."


def test_what_nobody_knows_stays_as_it_is_behind_its_place() -> None:
    assert in_japanese("data.jsonl, line 3: no reply") == "data.jsonl、3行目: no reply"
    assert in_japanese("no reply of {any} kind") == "no reply of {any} kind"
    assert all(text.count("{}") == SENTENCES[text].count("{}") for text in SENTENCES)


def test_few_characters_are_not_left_for_the_last_line() -> None:
    formatter = JapaneseFormatter(width=78)
    formatter.write_dl([("--dry-run", "Say what would be done and what it takes; write nothing.")], 30)
    formatter.write_dl([("-" * 30, "Say what would be done and what it takes; write nothing.")], 30)
    last = formatter.getvalue().splitlines()[-1]
    assert columns(last.strip()) >= 12


@pytest.mark.parametrize("width", range(20, 60))
def test_a_broken_text_stays_within_its_width_and_begins_no_line_with_a_closing_sign(width: int) -> None:
    text = (
        "ハブのID(例: google/gemma-3-270m)、フォルダー、GGUFファイルのいずれかを「--base」で、2回目からも、"
        "指定してください。  [既定値: すべて。最も悪いものに従う] さらに、ちょっとした注意があります。"
    )
    lines = wrapped(text, width)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    for line in lines:
        assert columns(line) <= width
        assert line[0] not in "、。」)]%ょっ"
        assert line[-1] not in "「(["
        assert not line.endswith("既定値:")


def test_a_word_wider_than_the_line_is_broken() -> None:
    assert wrapped("前OWNER/NAME後", 6) == ["前", "OWNER/", "NAME後"]
