"""Answers that some other program gave, read back from a file: plain rows, or OpenAI's batch output.

An answer that is not there is named and never made up: an arm answers everything that it is asked, or nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

import msgspec

from loracheck import jsonl
from loracheck.engines import Ability, Decoding, Generated, Offer, Scored
from loracheck.engines.chatreplies import finish_reason
from loracheck.errors import DataError, UsageError
from loracheck.records import Probe, ScoredText
from loracheck.regularfiles import refuse_irregular
from loracheck.settings.illtyped import misfit_at
from loracheck.terminal import visible

FORMS = (
    '{"id": "facts-ja-capital-france", "text": "パリです。"}',
    '{"custom_id": "facts-ja-capital-france", "response": {"status_code": 200, "body": {"choices": [...]}}}',
)
_LISTED = 20


class _Response(msgspec.Struct):
    status_code: int | None = None
    body: msgspec.Raw = msgspec.Raw(b"null")


class _Row(msgspec.Struct, kw_only=True):
    """An answer: an id and a text, and whatever else a completions.jsonl or a batch output holds."""

    id: str | None = None
    probe_id: str | None = None
    custom_id: str | None = None
    text: str | None = None
    arm: str | None = None
    seed: int = 0
    finish_reason: str | None = None
    tokens: int | None = None
    response: _Response | None = None
    error: Any = None


class _BatchMessage(msgspec.Struct):
    content: str | None = None
    refusal: str | None = None


class _BatchChoice(msgspec.Struct):
    message: _BatchMessage
    finish_reason: str | None = None


class _BatchUsage(msgspec.Struct):
    completion_tokens: int | None = None


class _BatchBody(msgspec.Struct):
    choices: list[_BatchChoice]
    usage: _BatchUsage | None = None


def read_stored(name: str, path: Path) -> dict[str, Generated]:
    """Read the answers of one arm, by probe id.

    Args:
        name: The arm. Of a file that holds several arms, as an eval run's completions.jsonl does, its rows are taken.
        path: The file.

    Raises:
        UsageError: there is no such file, or it holds other arms.
        DataError: a row is broken, torn or answered twice; names the line.
    """
    refuse_irregular(path)
    if not path.is_file():
        raise UsageError(
            f"--completions {name}={path}: there is no such file.",
            kind="no_such_file",
            hint=f"One row an answer: {FORMS[0]}",
        )
    rows = [(number, row) for number, row in _rows(path) if row.seed == 0]
    arms = list(dict.fromkeys(row.arm for _, row in rows if row.arm is not None))
    if len(arms) > 1 and name not in arms:
        shown = ", ".join(visible(arm)[:80] for arm in arms[:_LISTED])
        raise UsageError(
            f"--completions {name}={path}: it holds the answers of {shown}, not of {name}.",
            kind="bad_answers",
            hint="Name the arm as the file does.",
        )
    wanted = name if name in arms else (arms[0] if arms else None)
    found: dict[str, Generated] = {}
    for number, row in rows:
        if row.arm != wanted:
            continue
        key = row.probe_id or row.custom_id or row.id
        if key is None or (row.custom_id is None and row.text is None):
            raise DataError(
                f"{path}, line {number}: an id and a text are wanted.",
                kind="bad_answers",
                hint="One of: " + "  or  ".join(FORMS),
            )
        reply = _reply(row, path, number)
        if reply is None:
            continue  # a request of a batch that failed; its id will be missed
        if key in found:
            raise DataError(
                f"{path}, line {number}: {visible(key)[:80]} is answered twice.", kind="bad_answers"
            )
        found[key] = reply
    return found


def _rows(path: Path) -> Iterator[tuple[int, _Row]]:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                try:
                    yield number, jsonl.decode(line, _Row)
                except msgspec.MsgspecError as error:
                    said = misfit_at(f"{path}, line {number}", error, _Row)
                    raise DataError(
                        said
                        if line.endswith(b"\n")
                        else f"{said} The line has no end, so the file may be cut off.",
                        kind="bad_answers",
                        hint="One of: " + "  or  ".join(FORMS),
                    ) from None


def _reply(row: _Row, path: Path, number: int) -> Generated | None:
    if row.custom_id is None or row.text is not None:
        return Generated(
            text=row.text or "", finish_reason=finish_reason(row.finish_reason), tokens=row.tokens
        )
    if row.response is None or row.response.status_code != 200:
        return None
    try:
        body = jsonl.decode(row.response.body, _BatchBody)
    except msgspec.MsgspecError as error:
        raise DataError(f"{path}, line {number}, field response.body: {error}", kind="bad_answers") from None
    if not body.choices:
        return None
    choice = body.choices[0]
    return Generated(
        text=(choice.message.content or choice.message.refusal or "").strip(),
        finish_reason=finish_reason(choice.finish_reason),
        tokens=body.usage.completion_tokens if body.usage else None,
    )


def refuse_missing(answers: Mapping[str, Mapping[str, Any]], asked: Mapping[str, Sequence[str]]) -> None:
    """Refuse arms that do not answer all that they are asked.

    Args:
        answers: By arm and probe id.
        asked: Ids of the probes, by arm.

    Raises:
        UsageError: names the arms and the probes that miss an answer.
    """
    told = []
    for arm, ids in asked.items():
        if missing := [i for i in ids if i not in answers[arm]]:
            more = f" and {len(missing) - _LISTED:,} more" if len(missing) > _LISTED else ""
            told.append(
                f"{arm} answers {len(ids) - len(missing):,} of {len(ids):,} probes; "
                f"missing: {', '.join(missing[:_LISTED])}{more}"
            )
    if told:
        raise UsageError(
            "stored answers are missing.\n" + "\n".join(told),
            kind="answers_missing",
            hint="Answer these, too: what is left out would count for nobody. No verdict was made.",
        )


class StoredEngine:
    """Answers of several arms, as they were read; it ranks and scores nothing.

    Args:
        answers: By arm and probe id.
    """

    gives: frozenset[Ability] = frozenset({"continues"})

    def __init__(self, answers: Mapping[str, Mapping[str, Generated]]) -> None:
        self.answers = answers

    def complete(
        self, arm: str, probes: Sequence[Probe], decoding: Decoding, done: AbstractSet[int]
    ) -> Iterator[list[tuple[int, Generated]]]:
        """Give what was read; nothing can be drawn again.

        Raises:
            UsageError: a probe has no answer, or another than the one there is was asked for.
        """
        if decoding.seed:
            raise UsageError(
                f"{arm}: stored answers cannot be drawn again.",
                kind="options_conflict",
                hint="Leave out --temperature.",
            )
        refuse_missing(self.answers, {arm: [probe.id for probe in probes]})
        yield [(i, self.answers[arm][p.id]) for i, p in enumerate(probes) if i not in done]

    def rank(
        self, arm: str, offers: Sequence[Offer], done: AbstractSet[int]
    ) -> Iterator[list[tuple[int, tuple[float, ...]]]]:
        """Refuse: a text has no likelihoods."""
        raise NotImplementedError(f"{arm}: stored answers have no likelihoods")

    def score(
        self, arm: str, texts: Sequence[ScoredText], done: AbstractSet[int]
    ) -> Iterator[list[tuple[int, Scored]]]:
        """Refuse: a text has no likelihoods."""
        raise NotImplementedError(f"{arm}: stored answers have no likelihoods")

    def close(self) -> None:
        """Hold nothing."""
