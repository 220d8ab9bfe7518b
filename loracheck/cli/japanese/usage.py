"""What is said of a mistake, in Japanese: the sentences of click, and our own messages and hints."""

from __future__ import annotations

from loracheck.cli.japanese.hints import HINTS
from loracheck.cli.japanese.hints_chosen import CHOSEN
from loracheck.cli.japanese.messages import MESSAGES
from loracheck.words.decisions import REASONS
from loracheck.words.sentences import patterns, translated

SENTENCES: dict[str, str] = {
    "No such option {}. {}": "{}というオプションはありません。{}",
    "No such option {}.": "{}というオプションはありません。",
    "No such command {}. {}": "{}というコマンドはありません。{}",
    "No such command {}.": "{}というコマンドはありません。",
    "Did you mean {}?": "{}ではありませんか?",
    "(Did you mean one of: {}?)": "(候補: {})",
    "the same command resumes.": "同じコマンドで再開できます。",
    "Missing command.": "コマンドを指定してください。",
    "Missing argument {}.": "引数{}を指定してください。",
    "Missing argument {}. {}": "引数{}を指定してください。{}",
    "Missing option {}.": "オプション{}を指定してください。",
    "Missing option {}. {}": "オプション{}を指定してください。{}",
    "Choose from:\n\t{}": "次から選んでください:\n\t{}",
    "Invalid value for {}: {}": "{}の値が正しくありません: {}",
    "{} is not one of {}.": "{}は使えません。次から選んでください: {}",
    "{} is not a valid integer.": "{}は整数ではありません。",
    "{} is not a valid float.": "{}は数値ではありません。",
    "{} is not in the range {}.": "{}は範囲{}にありません。",
    "Got unexpected extra argument ({})": "余分な引数があります({})",
    "Got unexpected extra arguments ({})": "余分な引数があります({})",
    "Option {} requires an argument.": "オプション{}には値が必要です。",
    "Option {} does not take a value.": "オプション{}に値は付けられません。",
}
_ALARM = "loss alarm: the rule {{}} ({{}}) removes {{}} of {{}} rows ({{}}) with {} {{}}; the limit is {{}}."
_ALARMS = {
    _ALARM.format(kind): "除外過多の警報: 規則{0}({1})が、"
    + rows
    + "のうち{2}行({4})を除こうとしています。上限は{6}です。"
    for kind, rows in (
        ("language", "言語{5}の{3}行"),
        ("source", "出典{5}の{3}行"),
        ("length", "応答が{5}の{3}行"),
    )
}
_LENGTHS = {
    "under 32": "32文字未満",
    "32 to 127": "32〜127文字",
    "128 to 511": "128〜511文字",
    "512 to 2,047": "512〜2,047文字",
    "2,048 and more": "2,048文字以上",
}
_RULES = {names["en"][0]: names["ja"][0] for names in REASONS.values()}
_PATTERNS = patterns(MESSAGES | SENTENCES | HINTS | CHOSEN | _ALARMS | _LENGTHS | _RULES)


def in_japanese(said: str) -> str:
    """Return a message or a hint in Japanese, click's or our own; one unknown as it is."""
    return translated(said, _PATTERNS)
