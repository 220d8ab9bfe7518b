"""What is said of a mistake, in Japanese: the sentences of click, and our own messages and hints."""

from __future__ import annotations

from loracheck.cli.japanese.hints import HINTS
from loracheck.cli.japanese.hints_chosen import CHOSEN
from loracheck.cli.japanese.messages import MESSAGES
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
_PATTERNS = patterns(MESSAGES | SENTENCES | HINTS | CHOSEN)


def in_japanese(said: str) -> str:
    """Return a message or a hint in Japanese, click's or our own; one unknown as it is."""
    return translated(said, _PATTERNS)
