"""Rows to token ids and labels, and the audit of the loss mask that must pass before training starts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

import click

from loracheck.errors import DataError
from loracheck.records import Example
from loracheck.records.training import MaskAudit, ShownRow, Span
from loracheck.templates.chat import IGNORED, ChatTemplate, EncodedRow
from loracheck.terminal import visible
from loracheck.train.config import TrainConfig

SHOWN_ROWS = 3
_LISTED = 100


def encode_rows(
    template: ChatTemplate, examples: Sequence[Example], max_length: int, *, every_turn: bool = False
) -> list[EncodedRow]:
    """Encode every row with loss on its last reply, or on every assistant turn, stop tokens included."""
    return [template.encode(example.messages, max_length, every_turn=every_turn) for example in examples]


def encode_soundly(
    template: ChatTemplate, examples: Sequence[Example], config: TrainConfig
) -> tuple[list[EncodedRow], MaskAudit]:
    """Encode what is trained on, and audit its loss mask.

    Raises:
        DataError: the mask would teach the wrong thing.
    """
    rows = encode_rows(template, examples, config.max_length, every_turn=config.assistant_only_loss)
    audit = audit_mask(template, examples, rows, config.max_length)
    refuse_unsound(audit, template, examples, rows, config.max_length)
    return rows, audit


def audit_mask(
    template: ChatTemplate, examples: Sequence[Example], rows: Sequence[EncodedRow], max_length: int
) -> MaskAudit:
    """Count the known ways in which a loss mask goes wrong without any error.

    A stop token that is never trained gives a model that never stops (pad set to eos, truncation of the end);
    a prompt whose tokens are no prefix of the row's is trained on other tokens than it is asked with; control
    tokens inside user text become real control ids.
    """
    counts = dict.fromkeys(_FAULTS, 0)
    for example, row in zip(examples, rows, strict=True):
        for name, fault in _FAULTS.items():
            counts[name] += fault.found(template, example, row, max_length)
    cut = [example.source for example, row in zip(examples, rows, strict=True) if row.cut]
    return MaskAudit(
        rows=len(rows),
        truncated=len(cut),
        truncated_rows=tuple(f"{source.file}, line {source.line}" for source in cut[:_LISTED]),
        **counts,
    )


def refuse_unsound(
    audit: MaskAudit,
    template: ChatTemplate,
    examples: Sequence[Example],
    rows: Sequence[EncodedRow],
    max_length: int,
) -> None:
    """Refuse to train when the mask would teach the wrong thing.

    Raises:
        DataError: naming the fault, how many rows have it, the first of them, and what mends it.
    """
    for name, fault in _FAULTS.items():
        if count := getattr(audit, name):
            first = next(
                example
                for example, row in zip(examples, rows, strict=True)
                if fault.found(template, example, row, max_length)
            ).source
            what = f"{fault.what} (first: {first.file}, line {first.line})"
            raise DataError(
                f"refusing to train: in {count} of {audit.rows} rows {what}.",
                kind="unsound_mask",
                hint=fault.hint,
            )


def shown_rows(
    template: ChatTemplate, examples: Sequence[Example], rows: Sequence[EncodedRow]
) -> tuple[ShownRow, ...]:
    """Return the shortest, the median and the longest row as the model sees them, with their trained spans."""
    by_length = sorted(range(len(rows)), key=lambda i: (len(rows[i].ids), i))
    places = {round(i * (len(rows) - 1) / (SHOWN_ROWS - 1)) for i in range(SHOWN_ROWS)}
    return tuple(
        ShownRow(
            example_id=examples[i].id,
            language=examples[i].language,
            tokens=len(rows[i].ids),
            trained_tokens=rows[i].trained_tokens,
            spans=_spans(template, rows[i]),
        )
        for i in (by_length[place] for place in sorted(places))
    )


def in_colour(row: ShownRow) -> str:
    """Return a row for the terminal, indented, its trained spans in green and between brackets."""
    return "  " + "".join(
        click.style(f"⟦{_lines(span.text)}⟧", fg="green") if span.trained else _lines(span.text)
        for span in row.spans
    )


def _lines(text: str) -> str:
    """Keep the line breaks of a text, and nothing else that a terminal would act on."""
    return "\n  ".join(visible(line) for line in text.split("\n"))


def _spans(template: ChatTemplate, row: EncodedRow) -> tuple[Span, ...]:
    pairs = groupby(zip(row.ids, row.labels, strict=True), key=lambda pair: pair[1] != IGNORED)
    return tuple(
        Span(text=str(template.tokenizer.decode([token for token, _ in part])), trained=trained)
        for trained, part in pairs
    )


def _trained_text(template: ChatTemplate, row: EncodedRow) -> str:
    trained = [label for label in row.labels if label not in (IGNORED, *template.stop_ids)]
    return str(template.tokenizer.decode(trained))


@dataclass(frozen=True, slots=True)
class _Fault:
    """A way in which the loss mask of a row goes wrong: what it is, what mends it, and how it is told."""

    what: str
    hint: str
    found: Callable[[ChatTemplate, Example, EncodedRow, int], bool]


_FAULTS = {
    "untrained_stop": _Fault(
        "the stop token would not be trained, so the model would not learn to end its reply",
        "Raise --max-length if the row is longer; else pass a template that ends replies with --chat-template.",
        lambda template, _, row, most: row.labels[-1] not in template.stop_ids or len(row.ids) > most,
    ),
    "nothing_to_learn": _Fault(
        "the reply is empty, so there is nothing to learn",
        "Fill in or take out the rows; loracheck curate drops them.",
        lambda template, _, row, __: not _trained_text(template, row).strip(),
    ),
    "double_bos": _Fault(
        "the row begins with two BOS tokens",
        "Take the BOS token out of the template, and pass it with --chat-template.",
        lambda template, _, row, __: (
            template.tokenizer.bos_token_id is not None
            and list(row.ids[:2]) == [template.tokenizer.bos_token_id] * 2
        ),
    ),
    "control_tokens": _Fault(
        "the text holds control tokens of the tokenizer, which would become real ones",
        "Take them out of the rows; loracheck curate drops such rows.",
        lambda template, example, _, __: any(
            template.control_tokens_in(message.content) for message in example.messages
        ),
    ),
    "prefix_mismatches": _Fault(
        "the prompt's tokens are no prefix of the row's, so training and use would differ",
        "Pass a template that ends prompts with a line break with --chat-template.",
        lambda _, __, row, ___: not row.prompt_is_prefix,
    ),
}
