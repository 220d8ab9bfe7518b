"""The catalogue of errors as a whole: looked up by id or name, as a record, as text and as Markdown."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any, get_args

from loracheck.faults import IDS, Kind, command, data, machine, models, runs, servers
from loracheck.faults.form import Fault, Says

_ALL = command.FAULTS | data.FAULTS | runs.FAULTS | models.FAULTS | machine.FAULTS | servers.FAULTS

if TYPE_CHECKING:
    from loracheck.records import UiLanguage
CATALOGUE: dict[Kind, Fault] = {kind: _ALL[kind] for kind in sorted(get_args(Kind), key=IDS.__getitem__)}
"""Every kind of error, in the order of the ids."""

GROUPS: dict[str, dict[UiLanguage, str]] = {
    "1": {"en": "Command and configuration", "ja": "コマンドと設定"},
    "2": {"en": "Data, probes and answers", "ja": "データ、プローブ、回答"},
    "3": {"en": "Run directories", "ja": "実行結果のフォルダー"},
    "4": {"en": "Bases, adapters and training", "ja": "ベース、アダプター、学習"},
    "5": {"en": "The machine", "ja": "実行環境"},
    "6": {"en": "Endpoints, judges and generators", "ja": "エンドポイント、審査、生成"},
    "9": {"en": "loracheck itself", "ja": "loracheck自身"},
}
"""By the first digit of an id."""

HEADINGS: dict[str, dict[UiLanguage, str]] = {
    "causes": {"en": "Usual causes", "ja": "よくある原因"},
    "mending": {"en": "What to do", "ja": "対処"},
}


def find(text: str) -> Kind | None:
    """Return the kind of an id or name, however it is written: LC-202, lc202, 202, broken_json."""
    digits = _digits(text)
    for kind, identifier in IDS.items():
        if identifier == f"LC-{digits}" or kind == text.strip().lower().replace("-", "_"):
            return kind
    return None


def nearest(text: str) -> Kind:
    """Return the kind whose id or name is nearest to one that is not there."""
    if digits := _digits(text):
        return min(IDS, key=lambda kind: _distance(IDS[kind].removeprefix("LC-"), digits))
    names: dict[str, Kind] = {
        **{identifier.lower(): kind for kind, identifier in IDS.items()},
        **{kind: kind for kind in IDS},
    }
    near = difflib.get_close_matches(text.strip().lower().replace("-", "_"), list(names), n=1, cutoff=0.0)
    return names[near[0]]


def _distance(first: str, second: str) -> tuple[bool, int]:
    """Order by the group, then by the number."""
    return first[0] != second[0], abs(int(first) - int(second))


def _digits(text: str) -> str:
    found = re.fullmatch(r"(?:lc)?[-_ ]?(\d[\do]{0,8})", text.strip().lower())
    return found[1].replace("o", "0") if found else ""  # the letter is often typed for the digit


def said(kind: Kind, language: UiLanguage) -> Says:
    """Return what the catalogue says of a kind in a language."""
    fault = CATALOGUE[kind]
    return fault.ja if language == "ja" else fault.en


def as_record(kind: Kind, language: UiLanguage) -> dict[str, Any]:
    """Return an entry as JSON holds it."""
    says = said(kind, language)
    return {
        "id": IDS[kind],
        "name": kind,
        "title": says.title,
        "meaning": says.meaning,
        "causes": says.causes,
        "mending": says.mending,
        "commands": CATALOGUE[kind].command.split("\n") if CATALOGUE[kind].command else [],
        "exit_code": CATALOGUE[kind].exit_code,
        "language": language,
    }


def as_markdown(language: UiLanguage) -> str:
    """Return the whole catalogue as a page."""
    head = {
        "en": "# Errors\n\nWritten by `loracheck explain --format markdown`. Every error that is printed carries one "
        "of these ids, on the terminal\nand under `--json`; an id never changes its meaning.\n",
        "ja": "# エラー\n\n`loracheck --lang ja explain --format markdown`が書いたページです。"
        "表示されるエラーには、端末でも`--json`でも、このIDが付きます。IDの意味は変わりません。\n",
    }
    exits = {"en": "Exit code", "ja": "終了コード"}
    parts = [head[language]]
    group = ""
    for kind, fault in CATALOGUE.items():
        identifier = IDS[kind]
        if identifier[3] != group:
            group = identifier[3]
            parts.append(f"## {GROUPS[group][language]}\n")
        says = said(kind, language)
        causes = "\n".join(f"- {cause}" for cause in says.causes)
        shell = f"\n```sh\n{fault.command}\n```\n" if fault.command else ""
        parts.append(
            f"### {identifier}: {says.title}\n\n{says.meaning} {exits[language]}: {fault.exit_code} (`{kind}`)\n\n"
            f"{HEADINGS['causes'][language]}:\n\n{causes}\n\n{says.mending}\n{shell}"
        )
    return "\n".join(parts)
