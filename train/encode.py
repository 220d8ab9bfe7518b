"""Rows to token ids and labels, and the audit of the loss mask that must pass before training starts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import click

from loracheck.errors import DataError
from loracheck.records import Example
from loracheck.records.training import MaskAudit, ShownRow, Span
from loracheck.template import IGNORED, ChatTemplate, EncodedRow
from loracheck.text import visible

SHOWN_ROWS = 3


def encode_rows(
    template: ChatTemplate, examples: Sequence[Example], max_length: int, *, every_turn: bool = False
) -> list[EncodedRow]:
    """Encode every row with loss on its last reply, or on every assistant turn, stop tokens included."""
    return [template.encode(example.messages, max_length, every_turn=every_turn) for example in examples]


def audit_mask(
    template: ChatTemplate, examples: Sequence[Example], rows: Sequence[EncodedRow], max_length: int
) -> MaskAudit:
    """Count the known ways in which a loss mask goes wrong without any error.

    A stop token that is never trained gives a model that never stops (pad set to eos, truncation of the end);
    a prompt whose tokens are no prefix of the row's is trained on other tokens than it is asked with; control
    tokens inside user text become real control ids.
    """
    bos = template.tokenizer.bos_token_id
    return MaskAudit(
        rows=len(rows),
        truncated=sum(len(template.encode(e.messages).ids) > max_length for e in examples),
        prefix_mismatches=sum(not row.prompt_is_prefix for row in rows),
        untrained_stop=sum(
            row.labels[-1] not in template.stop_ids or len(row.ids) > max_length for row in rows
        ),
        nothing_to_learn=sum(not _trained_text(template, row).strip() for row in rows),
        double_bos=sum(bos is not None and list(row.ids[:2]) == [bos, bos] for row in rows),
        control_tokens=sum(_has_control_tokens(template, example) for example in examples),
    )


def refuse_unsound(audit: MaskAudit, template: ChatTemplate, examples: Sequence[Example]) -> None:
    """Refuse to train when the mask would teach the wrong thing.

    Raises:
        DataError: naming the fault, how many rows have it and, where a row is at fault, the first of them.
    """
    faults = {
        "untrained_stop": "the stop token would not be trained, so the model would not learn to end its reply",
        "nothing_to_learn": "the reply is empty, so there is nothing to learn",
        "double_bos": "the row begins with two BOS tokens",
        "control_tokens": "the text holds control tokens of the tokenizer, which would become real ones",
        "prefix_mismatches": "the prompt's tokens are no prefix of the row's, so training and use would differ",
    }
    for field, what in faults.items():
        count = getattr(audit, field)
        if not count:
            continue
        where = ""
        if field == "control_tokens":
            first = next(e for e in examples if _has_control_tokens(template, e))
            where = f" (first: {first.source.file}, line {first.source.line})"
        raise DataError(
            f"refusing to train: in {count} of {audit.rows} rows {what}{where}.",
            kind="unsound_mask",
            hint="Raise --max-length, mend the rows, or pass a sound template with --chat-template.",
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
    """Return a row for the terminal, its trained spans in green and between brackets."""
    text = "".join(
        click.style(f"⟦{visible(span.text)}⟧", fg="green") if span.trained else visible(span.text)
        for span in row.spans
    )
    return f"{row.example_id}: {row.trained_tokens} of {row.tokens} tokens are trained\n  {text}"


def _spans(template: ChatTemplate, row: EncodedRow) -> tuple[Span, ...]:
    pairs = groupby(zip(row.ids, row.labels, strict=True), key=lambda pair: pair[1] != IGNORED)
    return tuple(
        Span(text=str(template.tokenizer.decode([token for token, _ in part])), trained=trained)
        for trained, part in pairs
    )


def _trained_text(template: ChatTemplate, row: EncodedRow) -> str:
    trained = [label for label in row.labels if label not in (IGNORED, *template.stop_ids)]
    return str(template.tokenizer.decode(trained))


def _has_control_tokens(template: ChatTemplate, example: Example) -> bool:
    return any(template.control_tokens_in(message.content) for message in example.messages)
