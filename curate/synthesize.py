"""Rows that are made, not collected, as a file to curate together with the data: they pass every step that data passes.

Replay rows are the base's own answers to neutral questions; mixed into the training data they keep it from forgetting.
Exercises, paraphrases and plain facts are written by a generator for the clusters of a curate run that hold few rows,
after "Textbooks Are All You Need" (arXiv 2306.11644). Every row says in its metadata what made it.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Literal

import msgspec

from loracheck import jsonl
from loracheck.cachefolder import cache_folder
from loracheck.contentcache import ContentCache
from loracheck.curated import KEPT, SCORES, SYNTHESIZED
from loracheck.engines.chatreplies import ChatReply
from loracheck.engines.endpoint import BudgetSpent, CallFailed, Endpoint, check_address, in_parallel
from loracheck.errors import EnvironmentFault, UsageError
from loracheck.foreseen import Foreseen
from loracheck.models.generation import generate
from loracheck.models.load import Base, load_base
from loracheck.progress import Progress
from loracheck.records import Example, Message, Source
from loracheck.records.curation import SynthesisSummary
from loracheck.runs import SUMMARY, open_run, read_run
from loracheck.settings import read_yaml
from loracheck.templates.chat import ChatTemplate, choose_template
from loracheck.text import language_of, letters

from .judging.judge import json_object

KINDS = ("exercise", "paraphrase", "fact")
_SAMPLES = 3
_LONGEST_SAMPLE = 1500
_MOST_FAILED = 0.2

Language = Literal["ja", "en"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthesizeConfig:
    """What is made.

    Attributes:
        replay: Replay rows; they need a base.
        exercises: Rows by the generator, a third of each kind; they need a curate run and an endpoint.
        languages: Languages of the replay rows.
        max_new_tokens: Longest reply.
        generator, endpoint, api_key_variable, concurrency, timeout_seconds, retries: Who writes, as for the judge.
        max_requests: Budget of the generator, retries included.
    """

    replay: int = 0
    exercises: int = 0
    languages: tuple[Language, ...] = ("ja", "en")
    max_new_tokens: int = 256
    generator: str | None = None
    endpoint: str | None = None
    api_key_variable: str = "OPENAI_API_KEY"
    concurrency: int = 8
    timeout_seconds: float = 60.0
    retries: int = 4
    max_requests: int | None = None
    seed: int = 0


def synthesize(
    out: Path, base_spec: str | None, run: Path | None, config: SynthesizeConfig, *, progress: Progress
) -> SynthesisSummary:
    """Write a synthesize run: rows.jsonl, to be given to `curate` beside the data.

    Args:
        out: The run directory.
        base_spec: The base that answers the neutral questions.
        run: A finished curate run, whose thin clusters are to be filled.
        config: Options.
        progress: Where to report.

    Raises:
        UsageError: nothing is asked for, what it takes is missing, or the base finishes no reply.
        EnvironmentFault: the base or the server cannot be used.
    """
    _check(base_spec, run, config)
    if run:
        read_run(run, "curate")
    options = {"base": base_spec, **jsonl.to_builtins(config)}
    inputs = [run / KEPT] if run else []
    with open_run(out, "synthesize", config=options, inputs=inputs, seed=config.seed) as opened:
        if opened.complete:
            progress.say_finished(out)
            return jsonl.read_one(out / SUMMARY, SynthesisSummary)
        rows: list[Example] = []
        failed: Counter[str] = Counter()
        if config.replay and base_spec:
            base = load_base(base_spec, announce=progress.say)
            rows += replay(base, choose_template(base.tokenizer, []), config, progress)
            failed["unfinished"] = config.replay - len(rows)
        if config.exercises and run:
            rows += _exercises(run, config, failed, progress)
        rows = _distinct(rows)
        if config.replay and not rows:
            raise UsageError(
                f"{base_spec} finished none of its {config.replay} replies within {config.max_new_tokens} tokens.",
                kind="nothing_passed",
                hint="Give them room with --max-new-tokens, or name another base.",
            )
        jsonl.write(out / SYNTHESIZED, map(_line, rows))
        summary = SynthesisSummary(
            rows=dict(Counter(str(row.metadata["synthetic"]) for row in rows)), failed=dict(+failed)
        )
        jsonl.write_one(out / SUMMARY, summary)
    return summary


def foresee_synthesis(base_spec: str | None, run: Path | None, config: SynthesizeConfig) -> Foreseen:
    """Say what would be asked of whom; no model is loaded and nothing is sent.

    Raises:
        UsageError: as `synthesize`.
    """
    _check(base_spec, run, config)
    steps: list[str] = []
    if config.replay:
        asked = len(_neutral(config))
        steps.append(f"load {base_spec} and let it answer {asked:,} neutral questions")
    if config.exercises and run:
        read_run(run, "curate")
        planned = list(islice(_requests(run, config.seed), config.exercises))
        steps.append(f"ask {config.generator} at {config.endpoint} for {len(planned):,} rows")
    over = config.max_requests is not None and config.exercises > config.max_requests
    return Foreseen(
        steps=tuple(steps),
        numbers={
            "replay_rows_at_most": config.replay,
            "requests": config.exercises,
            "tokens_generated_at_most": config.replay * config.max_new_tokens
            + config.exercises * 2 * config.max_new_tokens,
        },
        notes=(f"the budget is {config.max_requests} requests",) if over else (),
    )


def replay(base: Base, template: ChatTemplate, config: SynthesizeConfig, progress: Progress) -> list[Example]:
    """Return the base's own greedy answers to neutral questions; what it does not finish is left out."""
    questions = _neutral(config)
    prompts = [template.prompt_ids([Message(role="user", content=text)]) for text in questions]
    rows: list[Example] = []
    with progress.track("answering by the base", len(prompts)) as advance:
        for batch in generate(base.model, template, prompts, max_new_tokens=config.max_new_tokens):
            for index, reply in batch:
                if reply.finish_reason != "length" and reply.text:
                    rows.append(_row(questions[index], reply.text, "replay", base.name))
            advance(len(batch))
    return sorted(rows, key=lambda row: questions.index(row.prompt))


def _neutral(config: SynthesizeConfig) -> list[str]:
    found: list[list[str]] = []
    for language in config.languages:
        given = _prompts("neutral")[language]
        asked = [form.format(topic) for form in given["forms"] for topic in given["topics"]]
        random.Random(config.seed).shuffle(asked)
        found.append(asked)
    mixed = [text for texts in zip(*found, strict=False) for text in texts]
    if config.replay > len(mixed):
        raise UsageError(
            f"--replay {config.replay}: there are {len(mixed)} neutral questions.", kind="too_few_rows"
        )
    return mixed[: config.replay]


def _exercises(
    run: Path, config: SynthesizeConfig, failed: Counter[str], progress: Progress
) -> list[Example]:
    """Ask the generator for rows, the thinnest clusters first and round and round."""
    asked = list(islice(_requests(run, config.seed), config.exercises))
    made: dict[int, Example] = {}
    with (
        _ReplyCache() as cache,
        Endpoint(
            config.endpoint or "",
            config.generator or "",
            key_variable=config.api_key_variable,
            timeout_seconds=config.timeout_seconds,
            retries=config.retries,
            max_requests=config.max_requests,
        ) as endpoint,
    ):
        keys = [_key(endpoint, config, request) for request in asked]
        known = cache.get(keys)
        for number, key in enumerate(keys):
            if key in known and (row := _read(known[key], asked[number].kind, config.generator or "")):
                made[number] = row
        left = [(number, request) for number, request in enumerate(asked) if number not in made]
        if config.max_requests is not None and len(left) > config.max_requests:
            raise UsageError(
                f"{len(left)} requests are planned, the budget is {config.max_requests}.", kind="over_budget"
            )
        progress.say(f"generator {config.generator} at {config.endpoint}: {len(left):,} requests")
        with progress.track("generating", len(left)) as advance:
            for number, text in in_parallel(_asking(endpoint, config), left, config.concurrency):
                advance(1)
                row = None if text is None else _read(text, asked[number].kind, config.generator or "")
                if text is None or row is None:
                    failed["error" if text is None else "unparsable"] += 1
                    _stop_if_hopeless(failed, len(asked))
                else:
                    cache.put({keys[number]: text})
                    made[number] = row
    return [made[number] for number in sorted(made)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """What the generator is asked for once."""

    kind: str
    messages: tuple[Message, ...]


def _requests(run: Path, seed: int) -> Iterator[_Request]:
    """Yield requests for the clusters of a run with no more rows than the median one, the thinnest first."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - heavy, and not needed for help

    examples = {example.id: example for example in jsonl.read(run / KEPT, Example)}
    columns = pq.read_table(run / SCORES, columns=["example_id", "cluster"]).to_pydict()
    members: dict[int, list[Example]] = {}
    for name, cluster in zip(columns["example_id"], columns["cluster"], strict=True):
        if name in examples and cluster is not None:
            members.setdefault(cluster, []).append(examples[name])
    if not members:
        raise UsageError(
            f"{run} has no clusters.",
            kind="too_few_rows",
            hint="Curate with --base or with two rows at least.",
        )
    sizes = sorted(map(len, members.values()))
    thin = sorted(
        (len(rows), cluster) for cluster, rows in members.items() if len(rows) <= sizes[len(sizes) // 2]
    )
    draw = random.Random(seed)
    for turn, kind in enumerate(cycle(KINDS)):
        _, cluster = thin[(turn // len(KINDS)) % len(thin)]
        shown = draw.sample(members[cluster], min(_SAMPLES, len(members[cluster])))
        yield _Request(kind=kind, messages=_told(kind, shown, turn))


def _told(kind: str, shown: Sequence[Example], turn: int) -> tuple[Message, ...]:
    told = _prompts("generate")["ja" if shown[0].language == "ja" else "en"]
    rows = [
        [message.content[:_LONGEST_SAMPLE] for message in (row.messages[-2], row.messages[-1])]
        for row in shown
    ]
    mark = f"rows-{hashlib.sha256(jsonl.encode([rows, turn])).hexdigest()[:12]}"
    body = "\n\n".join(f"Q: {question}\nA: {answer}" for question, answer in rows)
    return (
        Message(role="system", content=told["system"].format(mark=mark)),
        Message(role="user", content=f"{told[kind]}\n<{mark}>\n{body}\n</{mark}>"),
    )


class _ReplyCache(ContentCache[str]):
    """What generators wrote, by all that decided it."""

    def __init__(self) -> None:
        super().__init__(cache_folder() / "scores" / "generator.sqlite")

    def pack(self, value: str) -> bytes:
        return value.encode("utf-8", "surrogatepass")

    def unpack(self, body: bytes) -> str | None:
        return body.decode("utf-8", "surrogatepass")


class _Written(msgspec.Struct):
    question: str
    answer: str


_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"question": {"type": "string"}, "answer": {"type": "string"}},
    "required": ["question", "answer"],
    "additionalProperties": False,
}


def _asking(endpoint: Endpoint, config: SynthesizeConfig) -> Callable[[_Request], str | None]:
    def ask(request: _Request) -> str | None:
        try:
            reply: ChatReply = endpoint.complete(
                request.messages, max_tokens=2 * config.max_new_tokens, schema=_SCHEMA
            )
        except (CallFailed, BudgetSpent):
            return None
        return reply.text

    return ask


def _key(endpoint: Endpoint, config: SynthesizeConfig, request: _Request) -> bytes:
    turns = [message.content for message in request.messages]
    return hashlib.sha256(
        jsonl.encode([endpoint.address, endpoint.model, config.max_new_tokens, turns])
    ).digest()


def _read(text: str, kind: str, generator: str) -> Example | None:
    written = json_object(text, _Written)
    if written is None or not (written.question.strip() and written.answer.strip()):
        return None
    return _row(written.question.strip(), written.answer.strip(), kind, generator)


def _stop_if_hopeless(failed: Counter[str], total: int) -> None:
    if failed.total() > max(1.0, _MOST_FAILED * total):
        told = ", ".join(f"{n} {state}" for state, n in failed.items())
        raise EnvironmentFault(
            f"the generator failed too often: {told} of {total} requests.",
            kind="generator_failed",
            hint="Mend it and run the same command again: what was written is kept.",
        )


def _row(question: str, answer: str, kind: str, made_by: str) -> Example:
    return Example(
        id="",
        messages=(Message(role="user", content=question), Message(role="assistant", content=answer)),
        language=language_of(answer),
        source=Source(file="", line=0),
        metadata={"synthetic": kind, "made_by": made_by, "source": f"synthetic/{kind}"},
    )


def _line(row: Example) -> dict[str, Any]:
    """Return a row as it stands in the file: `curate` gives it its id and its place."""
    turns = [{"role": message.role, "content": message.content} for message in row.messages]
    return {"messages": turns, **row.metadata}


def _distinct(rows: Sequence[Example]) -> list[Example]:
    seen: dict[tuple[str, str], Example] = {}
    for row in rows:
        seen.setdefault((letters(row.prompt), letters(row.reply)), row)
    return list(seen.values())


def _check(base_spec: str | None, run: Path | None, config: SynthesizeConfig) -> None:
    if config.replay <= 0 and config.exercises <= 0:
        raise UsageError(
            "nothing is asked for.", kind="nothing_to_do", hint="Say --replay N, or --exercises N with --run."
        )
    if config.replay and not base_spec:
        raise UsageError("--replay needs a base.", kind="option_missing", hint="Name it with --base.")
    if config.exercises and not (run and config.generator and config.endpoint):
        raise UsageError(
            "--exercises needs a curate run and a generator.",
            kind="option_missing",
            hint="Give --run runs/curated --generator MODEL --generator-endpoint URL.",
        )
    if config.endpoint:
        check_address(config.endpoint)


def _prompts(name: str) -> dict[str, Any]:
    text = (files("loracheck.curate") / "prompts" / f"{name}.yaml").read_text(encoding="utf-8")
    return read_yaml(text, name)
