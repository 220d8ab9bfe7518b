"""Compare answers with every training row by each method; one base and one adapter at a time are loaded for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast, get_args

import numpy as np
from numpy.typing import NDArray

from loracheck.errors import RunError, UsageError
from loracheck.models.generation import pad_token_id
from loracheck.models.load import arm, attach, load_base, read_adapter
from loracheck.models.quantization import Quantization
from loracheck.progress import Progress
from loracheck.records import BASE_ARM, EvaluationContext, Example
from loracheck.records.causes import Method
from loracheck.templates.chat import ChatTemplate

from .config import CausesConfig
from .failures import Answer
from .gradients import Gradients, trainable
from .neighbours import Embedder
from .overlap import Replies
from .vectors import contrast, measured, stored

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel

Floats = NDArray[np.float32]
T = TypeVar("T")


class Comparer:
    """Compares answers with rows; the model is loaded once, and only where a method needs it.

    Args:
        context: Of the eval run, whose base, template and adapters are taken.
        base_spec: Where the base lies; None compares without a model.
        paths: Where each adapter lies that has weights to take gradients of.
        rows: The training rows.
        work: Folder for the vectors on their way.
    """

    def __init__(
        self,
        context: EvaluationContext,
        base_spec: str | None,
        paths: Mapping[str, Path],
        rows: Sequence[Example],
        work: Path,
        options: CausesConfig,
        *,
        progress: Progress,
    ) -> None:
        self._context = context
        self._spec = base_spec
        self._paths = paths
        self._rows = rows
        self._work = work
        self._options = options
        self._progress = progress
        self._replies = Replies([row.reply for row in rows])
        self._loaded: tuple[PeftModel | PreTrainedModel, ChatTemplate] | None = None

    def left_out(self, adapter: str) -> dict[Method, str]:
        """Return which of the methods wanted cannot be taken for an adapter, and why."""
        reasons: dict[Method, str] = {}
        if self._spec is None:
            reasons |= dict.fromkeys(("embedding", "gradient"), "no base is named; name it by --base")
        elif adapter not in self._paths:
            reasons["gradient"] = "the arm is no adapter on the base, so it has no weights of its own"
        return {method: reasons[method] for method in self._options.methods if method in reasons}

    def compare(self, adapter: str, answers: Sequence[Answer]) -> dict[Method, Floats]:
        """Return the scores of an adapter's answers, (answers, rows), by every method that can be taken.

        Raises:
            UsageError: none can.
        """
        reasons = self.left_out(adapter)
        methods = [method for method in self._options.methods if method not in reasons]
        if not methods:
            why = "; ".join(f"{method}: {reason}" for method, reason in reasons.items())
            raise UsageError(
                f"--method: none can be taken for {adapter} ({why}).",
                kind="option_value",
                hint="Add overlap.",
            )
        texts = [(answer.text, answer.base, answer.probe.prompt) for answer in answers]
        by: dict[Method, Callable[[], Floats]] = {
            "overlap": lambda: self._replies.cosines(texts),
            "embedding": lambda: self._embedding(adapter, answers),
            "gradient": lambda: self._gradient(adapter, answers),
        }
        return {method: by[method]() for method in methods}

    def _embedding(self, adapter: str, answers: Sequence[Answer]) -> Floats:
        model, template = self._model()
        with arm(model, BASE_ARM) as plain:
            embed = Embedder(plain, template)
            texts = {
                "embedding-rows": [row.reply for row in self._rows],
                f"embedding-{adapter}-said": [answer.text for answer in answers],
                f"embedding-{adapter}-base": [answer.base for answer in answers],
            }
            rows, said, base = self._measured("embedding", texts, embed, embed.width)
        return contrast(said, base, rows)

    def _gradient(self, adapter: str, answers: Sequence[Answer]) -> Floats:
        loaded, template = self._model()
        model = cast("PeftModel", loaded)
        with trainable(model, adapter):
            gradient = Gradients(
                model,
                template,
                pad_token_id(template),
                dimensions=self._options.dimensions,
                seed=self._options.seed,
            )
            texts = {
                f"gradient-{adapter}-rows": [(row.messages[:-1], row.reply) for row in self._rows],
                f"gradient-{adapter}-said": [(answer.probe.messages, answer.text) for answer in answers],
                f"gradient-{adapter}-base": [(answer.probe.messages, answer.base) for answer in answers],
            }
            rows, said, base = self._measured("gradient", texts, gradient, gradient.width)
        return contrast(said, base, rows)

    def _measured(
        self, method: str, texts: dict[str, list[T]], measure: Callable[[T], Floats], width: int
    ) -> list[Floats]:
        """Measure several lists of texts, each to a file of its own; the cost is said before."""
        left = {name: len(items) - stored(self._work / f"{name}.f32", width) for name, items in texts.items()}
        if count := sum(left.values()):
            started = time.process_time()
            measure(next(iter(texts.values()))[0])
            each = time.process_time() - started
            self._progress.say(
                f"{method}: {count:,} texts at about {each:.2f} CPU-seconds, {count * each:,.0f} in all"
            )
        return [
            measured(
                self._work / f"{name}.f32", items, measure, width=width, label=name, progress=self._progress
            )
            for name, items in texts.items()
        ]

    def _model(self) -> tuple[PeftModel | PreTrainedModel, ChatTemplate]:
        """Load the base with every adapter on it, each the one that was evaluated."""
        if self._loaded is None:
            held = self._context.quantization
            base = load_base(
                str(self._spec),
                quantization=cast(Quantization, held) if held in get_args(Quantization) else "none",
                announce=self._progress.say,
            )
            template = ChatTemplate(base.tokenizer, self._context.template or None)
            files = [read_adapter(name, path, base, template.sha256) for name, path in self._paths.items()]
            evaluated = {arm.name: arm.sha256 for arm in self._context.arms}
            for file in files:
                if file.sha256 != evaluated[file.name]:
                    raise RunError(
                        f"adapter {file.name}: {file.path} is not the one that was evaluated.",
                        kind="another_adapter",
                        hint="Restore it, or evaluate the new one.",
                    )
            self._loaded = attach(base, files), template
        return self._loaded
