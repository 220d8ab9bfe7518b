"""Put every probe to every arm, by generation and by likelihood, appending answers as they come."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from loracheck import jsonl
from loracheck.choices import Style, choices
from loracheck.generation import generate, pad_token_id
from loracheck.likelihood import score_rows
from loracheck.models import arm
from loracheck.progress import Progress
from loracheck.records import ChoiceScores, Completion, Language, Probe
from loracheck.template import ChatTemplate

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel


class Answerer:
    """The loaded model with its adapters, asked arm by arm; answers already on disk are not asked again."""

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

    def rank(self, path: Path, arm_name: str, probes: Sequence[Probe], found: dict[Language, Style]) -> None:
        """Score the choices of every graded probe."""
        log = jsonl.Appender(path)
        scored = {c.probe_id for c in jsonl.read(path, ChoiceScores) if c.arm == arm_name}
        graded = [probe for probe in probes if probe.expected is not None]
        offered = [choices(probe, found) for probe in graded]
        owners = [place for place, options in enumerate(offered) for _ in options]
        done = {index for index, owner in enumerate(owners) if graded[owner].id in scored}
        if len(done) == len(owners):
            return
        rows = [
            self.template.encode_reply(probe.messages, text)
            for probe, options in zip(graded, offered, strict=True)
            for _, text in options
        ]
        waiting: dict[int, dict[int, float]] = {}
        with (
            self.progress.track(f"{arm_name}: likelihoods", len(rows) - len(done)) as advance,
            arm(self.model, arm_name) as model,
        ):
            for batch in score_rows(model, rows, pad_id=pad_token_id(self.template), done=done):
                fresh = [(index, row) for index, row in batch if index not in done]
                for index, row in fresh:
                    waiting.setdefault(owners[index], {})[index] = row.logprob
                whole = [owner for owner, scores in waiting.items() if len(scores) == len(offered[owner])]
                log.append(
                    self._scored(arm_name, graded[owner], offered[owner], waiting.pop(owner))
                    for owner in whole
                )
                advance(len(fresh))

    @staticmethod
    def _scored(
        arm_name: str, probe: Probe, options: Sequence[tuple[str, str]], scores: dict[int, float]
    ) -> ChoiceScores:
        return ChoiceScores(
            probe_id=probe.id,
            arm=arm_name,
            kinds=tuple(kind for kind, _ in options),
            choices=tuple(text for _, text in options),
            logprobs=tuple(scores[index] for index in sorted(scores)),
        )
