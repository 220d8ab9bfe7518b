"""The card beside an adapter that loracheck trained; whoever hands an adapter on may have written it anew."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from loracheck import jsonl
from loracheck.adapters.files import Unread, read_bytes
from loracheck.errors import AdapterError
from loracheck.models.fingerprint import Fingerprint
from loracheck.models.quantization import Quantization

ADAPTER_CARD = "loracheck.json"
_MAX_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterCard:
    """What loracheck writes beside an adapter it trained, to bind it to base, template and data."""

    base: str
    fingerprint: Fingerprint
    template_sha256: str
    quantization: Quantization
    data_sha256: str
    trained_tokens: int | None
    watched_probes: tuple[str, ...] = ()
    """Bundled probes that chose the checkpoint or the strength; an evaluation leaves them out."""


def read_card(folder: Path) -> AdapterCard | None:
    """Read the card in an adapter's folder; None where there is none.

    Raises:
        AdapterError: it lies elsewhere, behind a link, or is too large.
        DataError: it is no such card.
    """
    file = folder / ADAPTER_CARD
    if not file.is_file():
        return None
    try:
        content = read_bytes(file, _MAX_BYTES)
    except Unread as why:
        raise AdapterError(f"{file} is not read: {why}.", kind="adapter_damaged") from None
    return jsonl.decode_named(content, AdapterCard, str(file))
