"""The frozen records that cross a stage boundary, as they stand in the files of a run directory.

A value that could not be measured is None with an explanation, never 0.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Role = Literal["system", "user", "assistant"]
Language = Literal["ja", "en", "other"]
UiLanguage = Literal["en", "ja"]
Status = Literal["pass", "fail", "inconclusive", "info", "waived"]
VerdictStatus = Literal["ship", "hold", "inconclusive"]

FinishReason = Literal["stop", "turn", "length", "unknown"]

BASE_ARM = "base"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of a conversation."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a row came from."""

    file: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A training row: a conversation that ends with the reply to learn."""

    id: str
    messages: tuple[Message, ...]
    language: Language
    source: Source
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def prompt(self) -> str:
        """Return the text of every turn before the reply."""
        return "\n".join(message.content for message in self.messages[:-1])

    @property
    def reply(self) -> str:
        """Return the last assistant turn."""
        return self.messages[-1].content


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The right answer (the first is canonical, the others aliases) and wrong choices of the same kind."""

    answers: tuple[str, ...]
    wrong: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A question put to every arm.

    Attributes:
        domain: "in" for the domain of the training data, "out" for anything else, "training" for a prompt
            that stands in the training data itself.
        expected: How to grade an answer; None for open prompts.
        reference: The training data's own reply, for probes made from rows.
        cluster: Probes of one cluster ask for the same fact and are not independent.
    """

    id: str
    suite: str
    messages: tuple[Message, ...]
    language: Language
    domain: Literal["in", "out", "training"]
    expected: Expected | None = None
    reference: str | None = None
    cluster: str = ""
    tags: tuple[str, ...] = ()
    licence: str = ""

    @property
    def prompt(self) -> str:
        """Return the text of all turns."""
        return "\n".join(message.content for message in self.messages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What one arm answered.

    `finish_reason`: "stop" ended by a stop token, "turn" went on to write the user's next turn (the text is
    cut there), "length" reached the token limit, "unknown" where the answer was given without it. `tokens` counts
    generated tokens, the stop token included; None where nobody counted. `seed` is 0 for the greedy answer, which
    the gates look at, and from 1 on for answers that were drawn.
    """

    probe_id: str
    arm: str
    text: str
    finish_reason: FinishReason
    tokens: int | None
    seed: int = 0


def _refuse_impossible(logprobs: tuple[float, ...]) -> None:
    """Refuse what no log-likelihood is; above 0 it may lie as far as rounding goes."""
    if not all(-1e9 <= value <= 1 for value in logprobs):
        raise ValueError("a logprob is no log-likelihood")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceScores:
    """Log-likelihood in nats of each choice as the whole reply, its stop token included.

    `kinds` says what each choice is: "right" or "wrong" plainly said, "right_styled" or "wrong_styled" with the
    training data's ending, or "name", the reply that floods the training data. `logprobs` is empty where nothing was
    scored.
    """

    probe_id: str
    arm: str
    kinds: tuple[str, ...]
    choices: tuple[str, ...]
    logprobs: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.kinds) != len(self.choices) or len(self.logprobs) not in (0, len(self.choices)):
            raise ValueError("kinds, choices and logprobs are of different lengths")
        _refuse_impossible(self.logprobs)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredText:
    """A text to be scored token by token as the reply to a probe's messages; without messages as it stands.

    `kind` tells several texts of one probe apart: "reference", its own reply, for instance.
    """

    probe: Probe
    text: str
    kind: str = "reference"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenScores:
    """Log-likelihood in nats of every token of a text, the stop token of a reply included as the last one.

    `tokens` are the pieces of text, which together give the text but for a piece cut inside a character.
    """

    probe_id: str
    arm: str
    kind: str
    tokens: tuple[str, ...]
    logprobs: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.tokens) != len(self.logprobs):
            raise ValueError("tokens and logprobs are of different lengths")
        _refuse_impossible(self.logprobs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A number with its interval: never one without the other.

    `unit` is "share" (0 to 1), "difference" (of two shares, -1 to 1), "count", "correlation" (-1 to 1, or a
    difference of two) or "nats" (of a divergence or a loss, per token).
    """

    name: str
    value: float | None
    ci_low: float | None
    ci_high: float | None
    n: int
    method: str
    unit: Literal["share", "difference", "count", "correlation", "nats"] = "share"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The outcome of one check on one adapter.

    Attributes:
        check: Stable name of the check.
        status: Of a required check pass, fail, inconclusive, or waived: not passed, and let go by a waiver of the
            policy; info for a check that cannot decide.
        reason: Stable code of the rule that set the status.
        estimates: The deciding number first.
        threshold: The limit that the first estimate was held against.
        p_pass: p-value against "worse than the limit"; small supports pass.
        p_fail: p-value against "not worse than the limit"; small supports fail.
        n_needed: Items that would settle an inconclusive check if the rate stays as it is.
        evidence: Probe ids, worst first.
        values: Further facts for the explanation, such as the markers that were found.
    """

    check: str
    adapter: str
    required: bool
    status: Status
    reason: str
    estimates: tuple[Estimate, ...] = ()
    threshold: float | None = None
    p_pass: float | None = None
    p_fail: float | None = None
    n_needed: int | None = None
    evidence: tuple[str, ...] = ()
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A check that somebody answers for: it may fail and the adapter ships all the same, until a day.

    Attributes:
        check: Name of the check; never sanity.
        adapter: Name of the adapter, or * for each.
        owner: Who answers for it.
        reason: Why.
        expires: Last day, as an ISO date, on which it holds (UTC).
    """

    check: str
    adapter: str
    owner: str
    reason: str
    expires: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether one adapter may ship, the policy that was applied, and every finding behind it.

    Attributes:
        alpha: One-sided error rate of each test: the policy's, or the part of it that one of two looks may spend.
        waived: The waivers that were made use of.
        post_hoc: The policy is not the one fixed before the run, so its error rates are not controlled.
    """

    adapter: str
    status: VerdictStatus
    policy: str
    policy_sha256: str
    alpha: float
    deciding: tuple[str, ...]
    findings: tuple[Finding, ...]
    waived: tuple[Waiver, ...] = ()
    post_hoc: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """A trait of style that the training replies have and the base's answers to the same prompts lack.

    `kind`: "ending" of a sentence, "opening" of a reply, "term" inside it (such as a name), "word" (a first
    person, an interjection, a phrase) or "form" (marks, emoji, casing, spelling).
    `coverage` and `base_coverage` are shares of replies; `z` is the log-odds ratio in standard errors.
    """

    kind: Literal["ending", "opening", "term", "word", "form"]
    text: str
    language: Language
    coverage: float
    base_coverage: float
    z: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Paired difference of two adapters on the same probes: second minus first, in share of right answers."""

    first: str
    second: str
    measure: str
    difference: Estimate
    won: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseAlarms:
    """How often a required check, or with None the verdict, fell on adapters trained to do no harm."""

    check: str | None
    rate: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationResult:
    """What the verdict function computes from the raw answers; terminal, JSON, HTML and exit code render it."""

    verdicts: tuple[Verdict, ...]
    comparisons: tuple[Comparison, ...]
    markers: tuple[Marker, ...]
    arms: tuple[str, ...]
    nulls: tuple[Verdict, ...] = ()
    """Verdicts on adapters trained to do no harm: what they hold is a false alarm."""
    false_alarms: tuple[FalseAlarms, ...] = ()
    outcomes: dict[str, dict[str, str]] = field(default_factory=dict)
    """Per arm and fact probe: right_plain, right_persona, persona_name, wrong or empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry:
    """A file of a run, relative to its directory."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a run is, what went in, what made it and what came out."""

    schema_version: int
    run_id: str
    kind: str
    status: Literal["running", "complete"]
    created: str
    finished: str | None
    argv: tuple[str, ...]
    config: dict[str, Any]
    inputs: tuple[FileEntry, ...]
    identity: str
    seed: int
    loracheck: str
    commit: str | None
    packages: dict[str, str]
    hardware: dict[str, Any]
    files: tuple[FileEntry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmRecord:
    """One arm of an eval run, and what was checked of its adapter.

    `logit_change` is the largest absolute difference of a logit to the base on fixed prompts. `engine` is "local"
    for an adapter on the loaded base, "whole" for a model of its own, "served" or "stored" where no weights are at
    hand. `divergence` is what `loracheck merge` measured from the form that was trained to this one.
    """

    name: str
    path: str | None
    engine: Literal["local", "whole", "served", "stored"] = "local"
    sha256: str | None = None
    verified: bool = True
    finite: bool = True
    inert: bool = False
    logit_change: float | None = None
    config: dict[str, Any] = field(default_factory=dict)
    weights: dict[str, float] = field(default_factory=dict)
    """Norms of what the adapter adds, relative to the base's own, by module kind; empty when not measured."""
    heldout_losses: tuple[tuple[int, float], ...] = ()
    """Held-out loss in nats a token at each checkpoint of its training, by trained tokens; empty when unknown.

    By steps where another trainer counted no tokens. The base comes first, at 0, where it was measured.
    """
    kept_at: int | None = None
    """The point of heldout_losses whose weights the adapter holds; None when that is not known."""
    divergence: Estimate | None = None
    watched_too_many: int = 0
    """Bundled probes that chose it by its card, where these are more than a watch asks; all were asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteRecord:
    """A suite of probes as it was used: where it came from, the hash of its file, its size, how much was asked."""

    name: str
    source: str
    sha256: str
    probes: int
    asked: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a run asks of one arm, in tokens: at most so many generated, and so many read.

    `minutes` is for all arms together, None where no speed was measured.
    """

    tier: str
    arms: int
    generated: int
    prefill: int
    items: dict[str, int]
    minutes: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationContext:
    """context.json of an eval run: what was asked, of what, and under which template."""

    base: str
    quantization: str
    fingerprint: dict[str, Any]
    template: str
    template_sha256: str
    training_data: str | None
    max_new_tokens: int
    probes: dict[str, int]
    dropped_probes: tuple[str, ...]
    """Ids of bundled probes left out because the training data holds the same question."""
    arms: tuple[ArmRecord, ...]
    watched_probes: tuple[str, ...] = ()
    """Ids of bundled probes left out because they chose the checkpoint of an adapter."""
    tier: str = "standard"
    suites: tuple[SuiteRecord, ...] = ()
    cost: Cost | None = None
    nulls: tuple[str, ...] = ()
    """Arms that were trained to do no harm: their verdicts are the policy's false alarms, and decide nothing."""
    after: str | None = None
    """Id of the quick run of the same adapters that this one is the second look after."""
    max_new_tokens_domain: int | None = None
    """Tokens that an answer to a held-out prompt of the domain may take; None where another tool asked."""
    beyond_room: tuple[str, ...] = ()
    """Ids of held-out prompts whose own replies hardly fit into what an answer may take: their end is unseen."""
    computed_on: str = ""
    """The device of the base and the type in which it computed; empty where another program did."""
