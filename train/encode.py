"""Rows to token ids and labels, and the audit of the loss mask that must pass before training starts."""

from __future__ import annotations

from collections.abc import Sequence

from loracheck.errors import DataError
from loracheck.records import Example
from loracheck.template import IGNORED, ChatTemplate, EncodedRow
from loracheck.training_records import MaskAudit


def encode_rows(template: ChatTemplate, examples: Sequence[Example], max_length: int) -> list[EncodedRow]:
    """Encode every row with loss on its last reply and the stop token."""
    return [template.encode(example.messages, max_length) for example in examples]


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
            hint="Raise --max-length, mend the rows, or pass a sound template with --chat-template.",
        )


def _trained_text(template: ChatTemplate, row: EncodedRow) -> str:
    trained = [label for label in row.labels if label not in (IGNORED, *template.stop_ids)]
    return str(template.tokenizer.decode(trained))


def _has_control_tokens(template: ChatTemplate, example: Example) -> bool:
    return any(template.control_tokens_in(message.content) for message in example.messages)
