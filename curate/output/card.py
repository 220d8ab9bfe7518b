"""The data card of an exported dataset: what is in it, under which licences, and how it was curated."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from loracheck.records import Example
from loracheck.records.curation import CurationSummary
from loracheck.terminal import visible
from loracheck.words.decisions import REASONS

_SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
    (100_000_000, "10M<n<100M"),
)
# Identifiers that the hub knows, of licences that data carries.
_LICENCES = re.compile(
    r"apache-2\.0|mit|cc0-1\.0|cc-by-[234]\.0|cc-by-(?:sa|nc|nd|nc-sa|nc-nd)-[34]\.0|odc-by|odbl|pddl"
    r"|bsd-3-clause|gpl-3\.0|cdla-(?:sharing-1\.0|permissive-[12]\.0)|openrail"
)
# "org/dataset", "synthetic/fact" and web addresses are none.
_PATH = re.compile(
    r"(?:file:)?[\\/~.]|[A-Za-z]:[\\/]"
    r"|(?!https?://)(?=.*[\\/]).*\.(?:jsonl?|csv|tsv|txt|parquet|arrow|gz|bz2|xz|zst)\Z",
    re.IGNORECASE | re.DOTALL,
)
_SHOWN = 20
_CELL_CHARACTERS = 80


@dataclass(slots=True)
class CardCounter:
    """Counts of the rows that pass by, of all splits."""

    rows: int = 0
    turns: int = 0
    reply_characters: int = 0
    languages: Counter[str] = field(default_factory=Counter)
    licences: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)

    def counted(self, examples: Iterable[Example]) -> Iterator[Example]:
        """Yield the examples, and count each."""
        for example in examples:
            self.rows += 1
            self.turns += sum(message.role == "assistant" for message in example.messages)
            self.reply_characters += len(example.reply)
            self.languages[example.language] += 1
            licence = example.metadata.get("licence", example.metadata.get("license"))
            self.licences[str(licence) if licence else ""] += 1
            self.sources[source_name(example)] += 1
            yield example


def source_name(example: Example) -> str:
    """Return where a row came from without the folders of whoever curated it."""
    return _last(str(example.metadata.get("source") or example.source.file))


def published(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return metadata for whoever it may be given to: a file's path as its source loses its folders."""
    source = metadata.get("source")
    return {**metadata, "source": _last(source)} if isinstance(source, str) else dict(metadata)


def _last(source: str) -> str:
    return re.split(r"[\\/]", source.rstrip("\\/"))[-1] if _PATH.match(source) else source


def card(title: str, counter: CardCounter, splits: Mapping[str, int], summary: CurationSummary) -> str:
    """Return the card as Markdown with its YAML head."""
    facts = yaml.safe_dump(_facts(title, counter, splits), sort_keys=False, allow_unicode=True)
    licences = Counter[str]()
    for name, count in counter.licences.items():
        licences[name or "not stated"] += count
    parts = [
        f"---\n{facts}---\n",
        f"# {_cell(title)}\n",
        f"{counter.rows:,} rows of instruction data with {counter.turns:,} replies, curated with loracheck. "
        "Each row holds `messages`, the `language` of its reply, the `source` file and line it was read from, and "
        "`metadata` as JSON.\n",
        _table("Splits", ("Split", "Rows"), splits),
        _table("Languages of the replies", ("Language", "Rows"), counter.languages),
        _table("Licences as the rows state them", ("Licence", "Rows"), licences),
        _table("Sources", ("Source", "Rows"), counter.sources),
        _curation(summary),
        _table("Rows taken out", ("Reason", "Rows"), _reasons(summary)),
    ]
    return "\n".join(parts)


def _facts(title: str, counter: CardCounter, splits: Mapping[str, int]) -> dict[str, Any]:
    facts: dict[str, Any] = {"pretty_name": title}
    if languages := sorted(name for name in counter.languages if name in ("ja", "en")):
        facts["language"] = languages
    facts["license"] = _licence(counter.licences)
    facts["task_categories"] = ["text-generation"]
    facts["size_categories"] = [_size(sum(splits.values()))]
    files = [{"split": name, "path": f"data/{name}-*"} for name in splits]
    facts["configs"] = [{"config_name": "default", "data_files": files}]
    return facts


def _licence(found: Mapping[str, int]) -> str | list[str]:
    """Return the licences by the hub's identifiers: "other" for one it does not know, "unknown" for none stated."""
    stated = {"unknown" if not name else _identifier(name) for name in found} or {"unknown"}
    return next(iter(stated)) if len(stated) == 1 else sorted(stated)


def _identifier(name: str) -> str:
    identifier = "-".join(name.casefold().split())
    return identifier if _LICENCES.fullmatch(identifier) else "other"


def _size(rows: int) -> str:
    return next((name for limit, name in _SIZES if rows < limit), "100M<n<1B")


def _curation(summary: CurationSummary) -> str:
    states = {
        "kept": summary.kept,
        "held out": summary.heldout,
        "dropped": summary.dropped,
        "quarantined": summary.quarantined,
    }
    ended = ", ".join(f"{count:,} {name}" for name, count in states.items())
    text = f"## How it was curated\n\nOf {summary.read:,} rows read: {ended}."
    if summary.masked:
        text += f" Personal data was found in {summary.masked:,} rows."
    if summary.selection:
        chosen = summary.selection
        text += f" The subset was selected by the method {chosen.method!r} from {chosen.pool:,} rows."
    return text + "\n"


def _reasons(summary: CurationSummary) -> dict[str, int]:
    found: Counter[str] = Counter()
    for step in summary.steps:
        name = REASONS[step.reason]["en"][0] if step.reason in REASONS else step.reason
        found[name] += step.rows
    return dict(found)


def _table(heading: str, head: tuple[str, str], counts: Mapping[str, int]) -> str:
    """Return the most frequent entries as a table; nothing when there is none."""
    if not counts:
        return ""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    lines = [f"| {_cell(name)} | {count:,} |" for name, count in ordered[:_SHOWN]]
    if len(ordered) > _SHOWN:
        rest = sum(count for _, count in ordered[_SHOWN:])
        lines.append(f"| {len(ordered) - _SHOWN:,} others | {rest:,} |")
    return "\n".join([f"## {heading}", "", f"| {head[0]} | {head[1]} |", "| --- | ---: |", *lines, ""])


def _cell(text: str) -> str:
    """Return a text from the data so that it can neither break the table nor become markup."""
    short = text if len(text) <= _CELL_CHARACTERS else f"{text[: _CELL_CHARACTERS - 1]}…"
    return re.sub(r"([\\`*_\[\]<>|#!])", r"\\\1", visible(short))
