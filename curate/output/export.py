"""The kept rows in the formats that trainers and hubs read; every file is the same bytes each time.

TRL: huggingface.co/docs/trl/sft_trainer, conversational prompt-completion, whose loss is on the completion alone.
Axolotl: its docs/dataset-formats/conversation.qmd, type chat_template. LLaMA-Factory: its data/README.md, OpenAI
messages as a case of sharegpt.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import yaml

from loracheck import jsonl
from loracheck.curate.choices import FORMATS
from loracheck.errors import UsageError
from loracheck.records import Example
from loracheck.records.curation import CurationSummary

from .card import CardCounter, card, published

EXPORTS = "exports"
_GROUP_ROWS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """What is exported, and what is said of it."""

    kept: Path
    heldout: Path | None
    title: str
    summary: CurationSummary

    def examples(self) -> Iterator[Example]:
        return jsonl.read(self.kept, Example)


def check_formats(formats: Sequence[str]) -> None:
    """Refuse a format that does not exist, before any work is done.

    Raises:
        UsageError: names it, and the nearest one.
    """
    for name in formats:
        if name not in FORMATS:
            near = difflib.get_close_matches(name, FORMATS, n=1)
            meant = f"Did you mean {near[0]!r}? " if near else ""
            raise UsageError(
                f"there is no export format {name!r}.",
                kind="unknown_name",
                hint=f"{meant}Formats: {', '.join(FORMATS)}.",
            )


def export(
    kept: Path,
    formats: Sequence[str],
    out: Path,
    summary: CurationSummary,
    *,
    heldout: Path | None = None,
    title: str = "Curated instruction data",
) -> list[Path]:
    """Write the kept rows in other formats, each in a folder of its name below out/exports.

    Args:
        kept: JSONL of examples.
        formats: "trl", "axolotl", "llamafactory", "parquet", "hf".
        out: The run directory.
        summary: What the curation did, for the data card.
        heldout: JSONL of the held-out rows, the split "validation" of the Hugging Face folder; None or an empty
            file leaves it out.
        title: Heading of the data card.

    Returns:
        The files written.

    Raises:
        UsageError: there is no such format.
    """
    check_formats(formats)
    rows = _Rows(kept=kept, heldout=heldout, title=title, summary=summary)
    files: list[Path] = []
    for name in dict.fromkeys(formats):
        folder = out / EXPORTS / name
        folder.mkdir(parents=True, exist_ok=True)
        files += _WRITERS[name](rows, folder)
    return files


def _trl(rows: _Rows, folder: Path) -> list[Path]:
    path = folder / "train.jsonl"
    turns = (_turns(example) for example in rows.examples())
    jsonl.write(path, ({"prompt": row[:-1], "completion": row[-1:]} for row in turns))
    return [path]


def _axolotl(rows: _Rows, folder: Path) -> list[Path]:
    data, config = folder / "train.jsonl", folder / "datasets.yaml"
    jsonl.write(data, ({"messages": _turns(example)} for example in rows.examples()))
    entry = {
        "path": data.name,
        "ds_type": "json",
        "type": "chat_template",
        "field_messages": "messages",
        "message_property_mappings": {"role": "role", "content": "content"},
        "roles_to_train": ["assistant"],
        "train_on_eos": "turn",
    }
    text = "# Copy into the axolotl config; the path is relative to where axolotl is started.\n"
    text += yaml.safe_dump({"chat_template": "tokenizer_default", "datasets": [entry]}, sort_keys=False)
    jsonl.replace(config, text.encode())
    return [data, config]


def _llamafactory(rows: _Rows, folder: Path) -> list[Path]:
    data, info = folder / "train.json", folder / "dataset_info.json"
    _write_array(data, ({"messages": _turns(example)} for example in rows.examples()))
    tags = {
        "role_tag": "role",
        "content_tag": "content",
        "user_tag": "user",
        "assistant_tag": "assistant",
        "system_tag": "system",
    }
    entry = {
        "file_name": data.name,
        "formatting": "sharegpt",
        "columns": {"messages": "messages"},
        "tags": tags,
    }
    jsonl.replace(info, (json.dumps({"loracheck": entry}, indent=2) + "\n").encode())
    return [data, info]


def _parquet(rows: _Rows, folder: Path) -> list[Path]:
    path = folder / "train.parquet"
    _write_parquet(path, rows.examples(), full_paths=True)
    return [path]


def _hf(rows: _Rows, folder: Path) -> list[Path]:
    """Write a folder that `datasets.load_dataset` and the hub read; sources lose their folders, as it may be public."""
    (folder / "data").mkdir(exist_ok=True)
    train = folder / "data" / "train-00000-of-00001.parquet"
    held = folder / "data" / "validation-00000-of-00001.parquet"
    counter = CardCounter()
    _write_parquet(train, counter.counted(rows.examples()), full_paths=False)
    files, splits = [train], {"train": counter.rows}
    if rows.heldout and rows.heldout.stat().st_size:
        _write_parquet(held, counter.counted(jsonl.read(rows.heldout, Example)), full_paths=False)
        files.append(held)
        splits["validation"] = counter.rows - splits["train"]
    else:
        held.unlink(missing_ok=True)
    readme = folder / "README.md"
    jsonl.replace(readme, card(rows.title, counter, splits, rows.summary).encode())
    return [*files, readme]


_WRITERS: dict[str, Callable[[_Rows, Path], list[Path]]] = {
    "trl": _trl,
    "axolotl": _axolotl,
    "llamafactory": _llamafactory,
    "parquet": _parquet,
    "hf": _hf,
}


def _turns(example: Example) -> list[dict[str, str]]:
    return [{"role": message.role, "content": message.content} for message in example.messages]


def _write_array(path: Path, items: Iterable[Any]) -> None:
    """Write a JSON array, an item a line."""
    with jsonl.replacing(path) as file:
        file.write(b"[")
        for number, item in enumerate(items):
            file.write((b",\n" if number else b"\n") + jsonl.encode(item))
        file.write(b"\n]\n")


def _write_parquet(path: Path, examples: Iterable[Example], *, full_paths: bool) -> None:
    """Write examples as a table that `read_examples` reads back; metadata is a column of JSON, as its keys vary."""
    import pyarrow as pa  # noqa: PLC0415 - heavy
    import pyarrow.parquet as pq  # noqa: PLC0415

    turn = pa.struct([("role", pa.string()), ("content", pa.string())])
    schema = pa.schema(
        [
            ("id", pa.string()),
            ("messages", pa.list_(turn)),
            ("language", pa.string()),
            ("source", pa.struct([("file", pa.string()), ("line", pa.int64())])),
            ("metadata", pa.string()),
        ]
    )
    left = iter(examples)
    with jsonl.replacing(path) as file, pq.ParquetWriter(file, schema, compression="zstd") as writer:
        while group := [_record(example, full_paths=full_paths) for example in islice(left, _GROUP_ROWS)]:
            writer.write_table(pa.Table.from_pylist(group, schema=schema))


def _record(example: Example, *, full_paths: bool) -> dict[str, Any]:
    file = example.source.file
    return {
        "id": example.id,
        "messages": _turns(example),
        "language": example.language,
        "source": {"file": file if full_paths else Path(file).name, "line": example.source.line},
        "metadata": json.dumps(
            example.metadata if full_paths else published(example.metadata),
            ensure_ascii=False,
            sort_keys=True,
        ),
    }
