"""What a run asks of each arm, in tokens and minutes: said before anything is asked.

Generated tokens are counted as if every answer reached its limit, which a base that never stops comes near to. The
minutes come from a rate that an earlier run on this machine left in the cache, else from a few probes put to the
engine first.
"""

from __future__ import annotations

import hashlib
import platform
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import torch

from loracheck import jsonl
from loracheck.cachefolder import cache_folder
from loracheck.engines import Decoding, Engine, Offer
from loracheck.engines.local import LocalEngine
from loracheck.evaluate.arms.lineup import Lineup
from loracheck.evaluate.config import EvalConfig
from loracheck.probes.choices import choices
from loracheck.progress import Progress
from loracheck.records import Cost, Message, Probe
from loracheck.templates.chat import ChatTemplate
from loracheck.terminal import either

from .lengths import token_counter
from .material import Questions

_STYLED = 2  # with training data each choice is offered in its style, too
_PROBED = 48  # a batch, as it will be asked
_PROBED_TOKENS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """Tokens a second of one arm."""

    generated: float
    prefill: float


def count(asked: Questions, config: EvalConfig, template: ChatTemplate | None, arms: int) -> Cost:
    """Count what is asked of one arm; the base's answers to training prompts come on top of the base's."""
    length = token_counter(template)
    times = 1 + (config.seeds if config.temperature > 0 else 0)
    long = times * sum(config.tokens_of(probe) for probe in asked.open)
    generated = len(asked.short) * config.max_new_tokens + long
    prompts = sum(length(probe.messages) for probe in (*asked.short, *asked.open))
    offered = sum(_offered(probe, length, styled=bool(asked.base_only)) for probe in asked.rank)
    texts = sum(
        length((*text.probe.messages, Message(role="assistant", content=text.text))) for text in asked.texts
    )
    return Cost(
        tier=config.tier,
        arms=arms,
        generated=generated,
        prefill=prompts + offered + texts,
        items=dict(Counter(probe.suite for probe in asked.probes)),
    )


def minutes(cost: Cost, asked: Questions, config: EvalConfig, speed: Speed) -> float:
    """Return how long all arms take together, the base's training prompts included."""
    extra = len(asked.base_only) * config.max_new_tokens_open
    generated = cost.generated * cost.arms + extra
    return (generated / speed.generated + cost.prefill * cost.arms / speed.prefill) / 60


def foresee(
    asked: Questions,
    config: EvalConfig,
    engine: Engine,
    arms: Sequence[str],
    lineup: Lineup,
    progress: Progress,
    *,
    measure: bool = False,
) -> Cost:
    """Count what a run asks, find out how fast the engine is, and say both.

    Args:
        asked: The questions of the run.
        config: How long answers may be.
        engine: The one that is asked first. Only a model in this process is timed.
        arms: The names it answers under.
        lineup: All arms, and what tells their base from others.
        progress: Where to say it.
        measure: Time the engine even where nobody reads what is said.
    """
    template = template_of(engine)
    cost = count(asked, config, template, len(lineup.arms))
    if template is not None and (measure or not progress.quiet):
        key = "/".join([str(lineup.fingerprint), lineup.quantization, _machine()])
        speed = stored_speed(key)
        if speed is None:
            speed = measure_speed(engine, arms[-1], asked, template)
            if speed is not None:
                store_speed(key, speed)
        if speed is not None:
            cost = replace(cost, minutes=minutes(cost, asked, config, speed))
    for line in in_words(cost).splitlines():
        progress.say(line)
    return cost


def _machine() -> str:
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return f"{platform.node()}, {torch.get_num_threads()} threads"


def measure_speed(engine: Engine, arm: str, asked: Questions, template: ChatTemplate | None) -> Speed | None:
    """Put a few probes to an engine and time it; None where there is nothing to put."""
    probes = asked.short[:_PROBED] or asked.open[:_PROBED]
    if not probes:
        return None
    length = token_counter(template)
    decoding = Decoding(max_new_tokens=_PROBED_TOKENS)
    answering = _seconds(lambda: engine.complete(arm, probes, decoding, frozenset()))
    generated = len(probes) * _PROBED_TOKENS / answering
    graded = [probe for probe in asked.rank if probe.expected is not None][:_PROBED]
    if not graded or "choices" not in engine.gives:
        return Speed(generated=generated, prefill=generated * 10)
    offers = [Offer(probe=probe, replies=tuple(text for _, text in choices(probe, {}))) for probe in graded]
    scoring = _seconds(lambda: engine.rank(arm, offers, frozenset()))
    read = sum(_offered(probe, length, styled=False) for probe in graded)
    return Speed(generated=generated, prefill=read / scoring)


def template_of(engine: Engine) -> ChatTemplate | None:
    """Return the template that a model in this process is asked through."""
    return engine.template if isinstance(engine, LocalEngine) else None


def stored_speed(key: str) -> Speed | None:
    """Return what an earlier run measured under this key, if one did."""
    path = _store(key)
    try:
        return jsonl.decode(path.read_bytes(), Speed)
    except (OSError, msgspec.MsgspecError):
        return None


def store_speed(key: str, speed: Speed) -> None:
    """Keep a speed for later runs; a cache that cannot be written is done without."""
    path = _store(key)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        jsonl.replace(path, jsonl.encode(speed))
    except OSError:
        return


def in_words(cost: Cost) -> str:
    """Say what a run costs, in one sentence or two."""
    suites = ", ".join(f"{name} {number:,}" for name, number in cost.items.items())
    takes = None if cost.minutes is None else _time(cost.minutes)
    return either(
        f"{cost.tier} tier, {cost.arms} arms: at most {cost.generated:,} tokens generated and {cost.prefill:,} read "
        f"by each{f'; about {takes} for all of them' if takes else ''}.\nprobes: {suites or 'none'}",
        f"規模{cost.tier}、比較対象{cost.arms}: それぞれ最大で{cost.generated:,}トークンを生成し、"
        f"{cost.prefill:,}トークンを読み取ります{f'。合わせて約{takes}' if takes else ''}。"
        f"\nプローブ: {suites or 'なし'}",
    )


def _time(value: float) -> str:
    if value < 1:
        seconds = max(1, round(value * 60))
        return either(f"{seconds} s", f"{seconds}秒")
    if value < 120:
        return either(f"{value:.0f} min", f"{value:.0f}分")
    return either(f"{value / 60:.1f} h", f"{value / 60:.1f}時間")


def _store(key: str) -> Path:
    return cache_folder() / "speeds" / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"


def _seconds(work: Callable[[], Iterable[object]]) -> float:
    started = time.perf_counter()
    for _ in work():
        pass
    return max(1e-6, time.perf_counter() - started)


def _offered(probe: Probe, length: Callable[[tuple[Message, ...]], int], *, styled: bool) -> int:
    """Count a question read once and every choice after it, with its stop token."""
    plain = choices(probe, {})
    asked = length(probe.messages)
    replies = sum(
        length((*probe.messages, Message(role="assistant", content=text))) - asked + 1 for _, text in plain
    )
    return asked + max(0, replies) * (_STYLED if styled else 1)
