"""Likelihoods that were measured before, by content, so that only rows that are new cost a forward pass."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from loracheck.cachefolder import cache_folder
from loracheck.contentcache import ContentCache
from loracheck.templates.chat import ChatTemplate

if TYPE_CHECKING:
    from loracheck.models.fingerprint import Fingerprint
    from loracheck.models.load import Base

_HEAD = struct.Struct("<dI")  # log-likelihood in nats, number of tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Log-likelihood of a text in nats, its number of tokens, and its embedding as float16 bytes, or none."""

    logprob: float
    tokens: int
    embedding: bytes = b""

    @property
    def loss(self) -> float:
        """Return the loss in nats per token."""
        return -self.logprob / self.tokens


def what_scores(base: Base, template: ChatTemplate) -> tuple[str | Fingerprint, str, str, str]:
    """Return all but the row that decides a score by a base: its content, how it is held, the template."""
    from loracheck.models.fingerprint import content_sha256  # noqa: PLC0415 - heavy

    content = content_sha256(base.source) or base.fingerprint
    return content, base.quantization, str(base.model.dtype), template.sha256


class ScoreCache(ContentCache[Measured]):
    """Measurements by key, for every base and run; `folder` is loracheck's cache unless told."""

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__((folder or cache_folder() / "scores") / "base.sqlite")

    def pack(self, value: Measured) -> bytes:
        """Return a measurement as bytes."""
        return _HEAD.pack(value.logprob, value.tokens) + value.embedding

    def unpack(self, body: bytes) -> Measured | None:
        """Return the measurement of some bytes; None when they are too short."""
        if len(body) < _HEAD.size:
            return None
        logprob, tokens = _HEAD.unpack_from(body)
        return Measured(logprob=logprob, tokens=tokens, embedding=body[_HEAD.size :])
