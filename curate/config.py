"""Options of the curate stage, by step. Lengths are in characters, shares from 0 to 1."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import Literal

from loracheck.errors import UsageError
from loracheck.words.decisions import REASONS


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadConfig:
    """How data files are read.

    Attributes:
        columns: The data's column by loracheck's name: {"instruction": "質問", "output": "回答"}.
        encoding: Encoding of text files, as "cp932"; None finds out and says so.
        split: Split of a dataset; None reads all of them.
        bad_rows: "stop" ends at the first row that cannot be read; "quarantine" sets it aside and goes on.
    """

    columns: dict[str, str] = field(default_factory=dict)
    encoding: str | None = None
    split: str | None = None
    bad_rows: Literal["stop", "quarantine"] = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterConfig:
    """Rules on a single row.

    Attributes:
        languages: Languages a reply may have; empty takes the languages that many prompts have.
        off: Names of rules that are switched off.
        echo_similarity: Similarity of reply and question from which the reply is an echo.
        licences: Licences a row may carry; empty allows all. A row without a licence passes.
        blocked_sources: Values of a row's "source" that are not allowed.
        pii: What is done with a row that holds personal data.
        pii_kinds: Kinds of personal data that are looked for; empty means all.
    """

    languages: tuple[str, ...] = ()
    off: tuple[str, ...] = ()
    min_reply_characters: int = 2
    max_reply_characters: int = 8000
    max_prompt_characters: int = 16000
    echo_similarity: float = 0.9
    licences: tuple[str, ...] = ()
    blocked_sources: tuple[str, ...] = ()
    pii: Literal["report", "mask", "drop", "off"] = "mask"
    pii_kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DedupeConfig:
    """Duplicates, field by field.

    Attributes:
        near_duplicate: Edit similarity from which two fields are alike; rows whose fields are all alike are one.
        family_share: Share of the rows that one template family may make up; the rest of it is dropped.
        family_rows: Members from which rows that differ in aligned slots only are a family.
        semantic_quantile: Quantile of the cosine of random pairs of rows from which two rows say the same, as
            0.999999; encoders differ too much for a cosine. None leaves the step out. Needs embeddings.
    """

    near_duplicate: float = 0.8
    family_share: float = 0.05
    family_rows: int = 3
    semantic_quantile: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecontaminateConfig:
    """Rows that hold a question which the fine-tune will be asked.

    Attributes:
        probes: Check against the probes that come with loracheck.
        test_sets: Files of further test sets, in any shape that is read.
        run_characters: A run of this many equal characters (of text without spaces) is contamination.
        run_words: A run of this many equal words (of text with spaces) is contamination.
    """

    probes: bool = True
    test_sets: tuple[str, ...] = ()
    run_characters: int = 30
    run_words: int = 13


@dataclass(frozen=True, slots=True, kw_only=True)
class FromEvalConfig:
    """Rows that stand behind the failures of an evaluation.

    Attributes:
        run: A causes run; None leaves the step out.
        action: "rebalance" keeps of each group of near-identical rows as many as other replies have on average;
            "drop" keeps none.
    """

    run: str | None = None
    action: Literal["rebalance", "drop"] = "rebalance"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreConfig:
    """Scores by the base model, and the rows they veto.

    Attributes:
        max_ifd: Instruction-following difficulty (arXiv 2308.12032) from which the reply ignores its question.
        min_fit: A reply whose fit to its question is no more than this ignores it; the fit is how much likelier the
            question makes it than another row's question does, in nats per token times the root of its tokens.
        fit_tokens: Tokens of a reply from which its fit counts; a shorter one says too little.
        other_question: Put another row's question before each reply as well, which the fit needs. Costs one more
            forward pass a row, about 40% more time.
        max_deviations: Robust deviations above the median loss from which a reply is garbled.
        embedder: "base" for the base's hidden states, "surface" for character n-grams, or the name of a
            sentence-transformers model. "auto" takes the base where there is one, else the surface.
    """

    max_ifd: float = 1.0
    min_fit: float = 0.5
    fit_tokens: int = 48
    other_question: bool = True
    max_deviations: float = 6.0
    embedder: str = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeConfig:
    """Scores by a judge, which veto the bottom and do not crown the top.

    Attributes:
        model: Name of the model at the endpoint, or without an endpoint a hub id or folder; None leaves it out.
        endpoint: Base address of an OpenAI-compatible server ("http://localhost:8000/v1"); None loads the model
            here.
        api_key_variable: Environment variable that holds the key.
        rubrics: Names of bundled rubrics, or YAML files. Each costs one request a row.
        min_score: Score on the rubric's scale below which a row is dropped; None drops nothing.
        rows: Rows to score, drawn over languages, sources and lengths; None scores all.
        max_requests, max_tokens: Budget. A plan that is over it stops before the first request.
        concurrency: Requests under way at once.
        timeout_seconds: How long one request may take.
        reply_tokens: Longest answer of the judge; one that thinks aloud first needs thousands.
        retries: Further tries of a request that failed in a way that may pass.
        max_unscored: Share of rows asked for that may end without a score; above it the step fails.
        min_canaries: Share of the rows of known score that the judge must take rightly before it sees the data.
        prompt_price, completion_price: Price of a million tokens in any currency, for the estimate.
    """

    model: str | None = None
    endpoint: str | None = None
    api_key_variable: str = "OPENAI_API_KEY"
    rubrics: tuple[str, ...] = ("educational-value", "helpfulness")
    min_score: float | None = 2.0
    rows: int | None = None
    max_requests: int | None = None
    max_tokens: int | None = None
    concurrency: int = 8
    timeout_seconds: float = 60.0
    reply_tokens: int = 200
    retries: int = 4
    max_unscored: float = 0.05
    min_canaries: float = 0.75
    prompt_price: float | None = None
    completion_price: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifierConfig:
    """The judge's scores of a sample, carried over to all rows by a classifier (arXiv 2306.11644).

    Attributes:
        enabled: Whether it is trained, when the judge scored some rows and not others.
        folds: Parts of the judged rows; each is predicted by what was learnt on the others.
        min_rows: Judged rows from which anything is learnt at all.
        drop_share: Share of the rows without a judge's score that may be dropped, the lowest predicted first.
        resamples: Bootstrap resamples behind the intervals.
    """

    enabled: bool = True
    folds: int = 5
    min_rows: int = 100
    drop_share: float = 0.1
    resamples: int = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectConfig:
    """The subset.

    Attributes:
        method: "diverse" (stratified k-center), "facility" (stratified facility location), "random", "longest" or
            "all".
        target_rows, target_share, target_tokens: The budget, at most one of them; None keeps all that pass.
            Tokens are those of the replies.
        flood_share: Share of the rows in which a phrase must stand to count as a phrase that floods the set.
        flood_cover: Mean share of such replies that common phrases must cover for the phrase to be a flood.
        flood_keep: Share of the rows that may belong to the flood.
        strata: What the budget is shared out over.
    """

    method: Literal["diverse", "facility", "random", "longest", "all"] = "diverse"
    target_rows: int | None = None
    target_share: float | None = None
    target_tokens: int | None = None
    flood_share: float = 0.04
    flood_cover: float = 0.5
    flood_keep: float = 0.02
    strata: tuple[Literal["language", "source", "length", "cluster"], ...] = ("language", "source", "length")


@dataclass(frozen=True, slots=True, kw_only=True)
class CurateConfig:
    """What may stay.

    Attributes:
        heldout_share: Share of the passing rows that is held out, in whole clusters.
        max_loss: Share of a language, source or length bin that one rule may remove; above it the run stops.
        allow_loss: Rules that may remove more, with their own limit: {"identity_flood": 0.6}.
        export: Formats to write the kept rows in besides: "trl", "axolotl", "llamafactory", "parquet", "hf".
        workers: Processes for the steps on single rows; 0 takes one per core. The result is the same.
    """

    read: ReadConfig = field(default_factory=ReadConfig)
    filters: FilterConfig = FilterConfig()
    dedupe: DedupeConfig = DedupeConfig()
    decontaminate: DecontaminateConfig = DecontaminateConfig()
    from_eval: FromEvalConfig = FromEvalConfig()
    score: ScoreConfig = ScoreConfig()
    judge: JudgeConfig = JudgeConfig()
    classifier: ClassifierConfig = ClassifierConfig()
    select: SelectConfig = SelectConfig()
    heldout_share: float = 0.1
    max_loss: float = 0.3
    allow_loss: dict[str, float] = field(default_factory=dict)
    export: tuple[str, ...] = ()
    workers: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse values outside their range, naming the key."""
        shares = {
            "heldout_share": self.heldout_share,
            "max_loss": self.max_loss,
            "filters.echo_similarity": self.filters.echo_similarity,
            "dedupe.near_duplicate": self.dedupe.near_duplicate,
            "dedupe.family_share": self.dedupe.family_share,
            "dedupe.semantic_quantile": self.dedupe.semantic_quantile,
            "judge.max_unscored": self.judge.max_unscored,
            "judge.min_canaries": self.judge.min_canaries,
            "classifier.drop_share": self.classifier.drop_share,
            "select.target_share": self.select.target_share,
            "select.flood_share": self.select.flood_share,
            "select.flood_cover": self.select.flood_cover,
            "select.flood_keep": self.select.flood_keep,
            **{f"allow_loss.{rule}": share for rule, share in self.allow_loss.items()},
        }
        for name, share in shares.items():
            if share is not None and not 0 <= share <= 1:
                raise UsageError(f"{name} is a share from 0 to 1, not {share}.", kind="config_value")
        if unknown := sorted(set(self.allow_loss) - REASONS.keys()):
            near = difflib.get_close_matches(unknown[0], REASONS, n=1)
            raise UsageError(
                f"allow_loss names no rule {unknown[0]!r}.",
                kind="config_value",
                hint=f"Did you mean {near[0]}?" if near else "A loss alarm names the rule.",
            )
        above_zero = {
            "select.target_rows": self.select.target_rows,
            "select.target_tokens": self.select.target_tokens,
            "score.max_ifd": self.score.max_ifd,
            "judge.rows": self.judge.rows,
            "judge.concurrency": self.judge.concurrency,
            "judge.reply_tokens": self.judge.reply_tokens,
            "judge.timeout_seconds": self.judge.timeout_seconds,
        }
        for name, value in above_zero.items():
            if value is not None and value <= 0:
                raise UsageError(f"{name} must be above 0, not {value}.", kind="config_value")
        if self.judge.model is None and self.judge != JudgeConfig():
            raise UsageError(
                "judge options are given, but no judge.",
                kind="option_missing",
                hint="Name one with --judge, or judge.model in the file.",
            )
        if self.from_eval.run is None and self.from_eval != FromEvalConfig():
            raise UsageError(
                "--from-eval-action is given, but no causes run.",
                kind="option_missing",
                hint="Name one with --from-eval RUN.",
            )
        budget = ("target_rows", "target_share", "target_tokens")
        given = [name for name in budget if getattr(self.select, name) is not None]
        if len(given) > 1:
            raise UsageError(
                f"select: give one of {', '.join(budget)}, not {' and '.join(given)}.",
                kind="options_conflict",
            )
