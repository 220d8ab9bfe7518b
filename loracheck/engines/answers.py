"""Put probes to an engine, arm by arm, by generation and by likelihood, appending answers as they come."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from loracheck import jsonl
from loracheck.engines import Decoding, Engine, Offer
from loracheck.probes.choices import Style, choices
from loracheck.progress import Progress
from loracheck.records import ChoiceScores, Completion, Language, Probe, ScoredText, TokenScores

_NO_NUMBER = -1e4
"""Nats; no text that a sound model was ever asked for is as unlikely."""


class Answerer:
    """An engine, asked under an arm's name; answers that are on disk under that name are not asked again."""

    def __init__(self, engine: Engine, progress: Progress) -> None:
        self.engine = engine
        self.progress = progress

    def complete(
        self,
        path: Path,
        arm_name: str,
        probes: Sequence[Probe],
        max_new_tokens: int,
        label: str,
        *,
        temperature: float = 0.0,
        seed: int = 0,
    ) -> list[Completion]:
        """Answer probes, greedily unless a temperature is given; returns these completions, old and new."""
        log = jsonl.Appender(path)
        found = {c.probe_id: c for c in jsonl.read(path, Completion) if (c.arm, c.seed) == (arm_name, seed)}
        done = {place for place, probe in enumerate(probes) if probe.id in found}
        if len(done) < len(probes):
            decoding = Decoding(max_new_tokens=max_new_tokens, temperature=temperature, seed=seed)
            with self.progress.track(f"{arm_name}: {label}", len(probes) - len(done)) as advance:
                for batch in self.engine.complete(arm_name, probes, decoding, done):
                    fresh = [
                        Completion(
                            probe_id=probes[place].id,
                            arm=arm_name,
                            text=reply.text,
                            finish_reason=reply.finish_reason,
                            tokens=reply.tokens,
                            seed=seed,
                        )
                        for place, reply in batch
                        if place not in done
                    ]
                    log.append(fresh)
                    found |= {completion.probe_id: completion for completion in fresh}
                    advance(len(fresh))
        return [found[probe.id] for probe in probes]

    def rank(
        self, path: Path, arm_name: str, probes: Sequence[Probe], found: dict[Language, Style]
    ) -> list[ChoiceScores]:
        """Score the choices of every graded probe; returns the scores of these probes, old and new."""
        log = jsonl.Appender(path)
        graded = [probe for probe in probes if probe.expected is not None]
        wanted = [_unscored(probe, arm_name, found) for probe in graded]
        choices_of = {scores.probe_id: scores.choices for scores in wanted}
        scored = {
            c.probe_id: c
            for c in jsonl.read(path, ChoiceScores)
            if c.arm == arm_name and c.choices == choices_of.get(c.probe_id)
        }
        done = {place for place, scores in enumerate(wanted) if scores.probe_id in scored}
        if len(done) < len(wanted):
            offers = [
                Offer(probe=probe, replies=scores.choices)
                for probe, scores in zip(graded, wanted, strict=True)
            ]
            with self.progress.track(f"{arm_name}: likelihoods", len(wanted) - len(done)) as advance:
                for batch in self.engine.rank(arm_name, offers, done):
                    ranked = [
                        replace(wanted[place], logprobs=_numbers(logprobs))
                        for place, logprobs in batch
                        if place not in done
                    ]
                    log.append(ranked)
                    scored |= {scores.probe_id: scores for scores in ranked}
                    advance(len(ranked))
        return [scored[scores.probe_id] for scores in wanted]

    def score(self, path: Path, arm_name: str, texts: Sequence[ScoredText]) -> list[TokenScores]:
        """Score every token of texts, each as the reply to its probe; returns the scores of these, old and new."""
        log = jsonl.Appender(path)
        scored = {(t.probe_id, t.kind): t for t in jsonl.read(path, TokenScores) if t.arm == arm_name}
        done = {place for place, text in enumerate(texts) if (text.probe.id, text.kind) in scored}
        if len(done) < len(texts):
            with self.progress.track(f"{arm_name}: texts", len(texts) - len(done)) as advance:
                for batch in self.engine.score(arm_name, texts, done):
                    fresh = [
                        TokenScores(
                            probe_id=texts[place].probe.id,
                            arm=arm_name,
                            kind=texts[place].kind,
                            tokens=tokens.pieces,
                            logprobs=_numbers(tokens.logprobs),
                        )
                        for place, tokens in batch
                        if place not in done
                    ]
                    log.append(fresh)
                    scored |= {(t.probe_id, t.kind): t for t in fresh}
                    advance(len(fresh))
        return [scored[text.probe.id, text.kind] for text in texts]


def _numbers(logprobs: Sequence[float]) -> tuple[float, ...]:
    """Put next to nothing where a model gave no number: JSON has none for it, and it is no better than that."""
    return tuple(value if math.isfinite(value) else _NO_NUMBER for value in logprobs)


def _unscored(probe: Probe, arm_name: str, found: dict[Language, Style]) -> ChoiceScores:
    offered = choices(probe, found)
    return ChoiceScores(
        probe_id=probe.id,
        arm=arm_name,
        kinds=tuple(kind for kind, _ in offered),
        choices=tuple(text for _, text in offered),
        logprobs=(),
    )
