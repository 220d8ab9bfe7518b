"""Put probes to a model, arm by arm, by generation and by likelihood, appending answers as they come."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from loracheck import jsonl
from loracheck.choices import Style, choices
from loracheck.generation import generate, pad_token_id
from loracheck.likelihood import score_groups, score_tokens
from loracheck.models import arm
from loracheck.progress import Progress
from loracheck.records import ChoiceScores, Completion, Language, Probe, ScoredText, TokenScores
from loracheck.template import ChatTemplate, EncodedRow

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel


class Answerer:
    """A loaded model, asked under an arm's name; answers that are on disk under that name are not asked again.

    A model with adapters answers as the arm named; a plain one as it stands.
    """

    def __init__(
        self, model: PeftModel | PreTrainedModel, template: ChatTemplate, progress: Progress
    ) -> None:
        self.model = model
        self.template = template
        self.progress = progress

    def complete(
        self, path: Path, arm_name: str, probes: Sequence[Probe], max_new_tokens: int, label: str
    ) -> list[Completion]:
        """Answer probes greedily; returns the completions of these probes, old and new."""
        log = jsonl.Appender(path)
        found = {c.probe_id: c for c in jsonl.read(path, Completion) if c.arm == arm_name}
        done = {place for place, probe in enumerate(probes) if probe.id in found}
        if len(done) < len(probes):
            prompts = [self.template.prompt_ids(probe.messages) for probe in probes]
            with (
                self.progress.track(f"{arm_name}: {label}", len(probes) - len(done)) as advance,
                arm(self.model, arm_name) as model,
            ):
                for batch in generate(
                    model, self.template, prompts, max_new_tokens=max_new_tokens, done=done
                ):
                    fresh = [
                        Completion(
                            probe_id=probes[index].id,
                            arm=arm_name,
                            text=reply.text,
                            finish_reason=reply.finish_reason,
                            tokens=reply.tokens,
                        )
                        for index, reply in batch
                        if index not in done
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
        offered = [choices(probe, found) for probe in graded]
        texts = {probe.id: _texts(options) for probe, options in zip(graded, offered, strict=True)}
        scored = {
            c.probe_id: c
            for c in jsonl.read(path, ChoiceScores)
            if c.arm == arm_name and c.choices == texts.get(c.probe_id)
        }
        done = {place for place, probe in enumerate(graded) if probe.id in scored}
        if len(done) < len(graded):
            groups = [
                [self.template.encode_reply(probe.messages, text) for _, text in options]
                for probe, options in zip(graded, offered, strict=True)
            ]
            with (
                self.progress.track(f"{arm_name}: likelihoods", len(graded) - len(done)) as advance,
                arm(self.model, arm_name) as model,
            ):
                for batch in score_groups(model, groups, pad_id=pad_token_id(self.template), done=done):
                    ranked = [
                        ChoiceScores(
                            probe_id=graded[place].id,
                            arm=arm_name,
                            kinds=tuple(kind for kind, _ in offered[place]),
                            choices=_texts(offered[place]),
                            logprobs=logprobs,
                        )
                        for place, logprobs in batch
                        if place not in done
                    ]
                    log.append(ranked)
                    scored |= {scores.probe_id: scores for scores in ranked}
                    advance(len(ranked))
        return [scored[probe.id] for probe in graded]

    def score(self, path: Path, arm_name: str, texts: Sequence[ScoredText]) -> list[TokenScores]:
        """Score every token of texts, each as the reply to its probe; returns the scores of these, old and new."""
        log = jsonl.Appender(path)
        scored = {(t.probe_id, t.kind): t for t in jsonl.read(path, TokenScores) if t.arm == arm_name}
        done = {place for place, text in enumerate(texts) if (text.probe.id, text.kind) in scored}
        if len(done) < len(texts):
            rows = [self._encoded(text) for text in texts]
            with (
                self.progress.track(f"{arm_name}: texts", len(texts) - len(done)) as advance,
                arm(self.model, arm_name) as model,
            ):
                for batch in score_tokens(model, rows, pad_id=pad_token_id(self.template), done=done):
                    fresh = [
                        TokenScores(
                            probe_id=texts[place].probe.id,
                            arm=arm_name,
                            kind=texts[place].kind,
                            tokens=self.template.pieces(rows[place]),
                            logprobs=logprobs,
                        )
                        for place, logprobs in batch
                        if place not in done
                    ]
                    log.append(fresh)
                    scored |= {(t.probe_id, t.kind): t for t in fresh}
                    advance(len(fresh))
        return [scored[text.probe.id, text.kind] for text in texts]

    def _encoded(self, text: ScoredText) -> EncodedRow:
        if text.probe.messages:
            return self.template.encode_reply(text.probe.messages, text.text)
        return self.template.encode_text(text.text)


def _texts(options: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(text for _, text in options)
