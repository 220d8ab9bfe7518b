"""What a curation would do, before anything is written or paid for."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from loracheck.progress import Progress
from loracheck.records.curation import CurationPlan, JudgePlan
from loracheck.text.tokens import guessed_tokens

from .config import CurateConfig
from .findings import Findings
from .judging.injection import words_to_grader
from .judging.rubric import load_rubric
from .judging.step import plan_judging, plan_line
from .pipeline import check_rows, deduplicate_rows, read_rows
from .rows import Rows
from .selection.from_eval import drop_blamed, find_blamed, from_eval_files

_SAMPLE = 500


def plan(
    data: Sequence[str | Path], base_spec: str | None, config: CurateConfig, *, progress: Progress
) -> CurationPlan:
    """Read, check and compare the rows in a temporary folder, and estimate what the rest would cost.

    The loss alarm stays silent here: what it would say is in the reasons.

    Raises:
        LoracheckError: data that cannot be read.
    """
    started = time.monotonic()
    config = replace(config, max_loss=1.0)
    from_eval_files(config.from_eval)
    with tempfile.TemporaryDirectory(prefix="loracheck-") as folder:
        rows, findings = Rows(Path(folder) / "rows.jsonl", config), Findings()
        with rows.store:
            profile = read_rows(rows, findings, data, config, progress)
            blamed = find_blamed(rows, config.from_eval, progress)
            check_rows(rows, findings, profile, config, progress)
            deduplicate_rows(rows, findings, config, progress)
            drop_blamed(rows, blamed, config.from_eval)
            left = rows.left.tolist()
            tokens, how = _tokens(rows, base_spec)
            judge = _judge(rows, left, config, progress)
    reasons = {reason: n for (_, reason, _), n in rows.ledger.reasons().most_common()}
    return CurationPlan(
        rows=len(rows) + findings.bad.count,
        tokens=tokens,
        tokens_from=how,
        passing=len(left),
        reasons=reasons,
        seconds=round(time.monotonic() - started, 1),
        time_note=_time_note(base_spec, len(left)),
        judge=judge,
    )


def _tokens(rows: Rows, base_spec: str | None) -> tuple[int, str]:
    """Return the tokens of all rows: by the base's tokenizer on a sample, or by characters."""
    characters = [p + r for p, r in zip(rows.prompt_characters, rows.reply_characters, strict=True)]
    if base_spec is None or not Path(base_spec).is_dir():
        return sum(map(guessed_tokens, characters, rows.languages)), "guessed from characters"
    from loracheck.models.load import load_tokenizer  # noqa: PLC0415 - heavy

    tokenizer = load_tokenizer(base_spec)
    texts = [f"{row.prompt}\n{row.reply}" for row in islice(rows.store.rows(), _SAMPLE)]
    counted = sum(len(tokenizer(text)["input_ids"]) for text in texts)
    return round(
        counted * sum(characters) / max(1, sum(map(len, texts)))
    ), f"by the base's tokenizer on {len(texts)} rows"


def _judge(rows: Rows, left: Sequence[int], config: CurateConfig, progress: Progress) -> JudgePlan | None:
    if config.judge.model is None:
        return None
    lengths = [rows.prompt_characters[place] + rows.reply_characters[place] for place in left]
    rubrics = [load_rubric(name) for name in config.judge.rubrics]
    japanese = sum(rows.languages[place] == "ja" for place in left) / max(1, len(left))
    share = min(1.0, (config.judge.rows or len(left)) / max(1, len(left)))
    speaking = sum(len(words_to_grader(rows.store[place])) for place in left)
    tries = math.ceil(share * speaking) * len(rubrics)
    plan = plan_judging(lengths, rubrics, config.judge, japanese=japanese, tries=tries)
    progress.say(plan_line(plan, config.judge))
    return plan


def _time_note(base_spec: str | None, rows: int) -> str:
    if base_spec is None:
        return "without a base the rest takes about as long again"
    return (
        f"the base then reads {rows:,} rows up to three times; its speed shows in the first lines of progress"
    )
