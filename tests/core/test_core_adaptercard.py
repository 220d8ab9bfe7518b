"""The card beside an adapter is read where it is a file of the adapter's own folder, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from loracheck import jsonl
from loracheck.adapters.card import ADAPTER_CARD, AdapterCard, read_card
from loracheck.doctor.model import _adapter
from loracheck.errors import AdapterError, DataError
from loracheck.evaluate.arms.origins import origin
from loracheck.models.fingerprint import Fingerprint
from loracheck.train.inspection.baseweights import BaseWeights, refuse_foreign
from loracheck.train.trials.scale import ScaleConfig, quantization_of

CARD = AdapterCard(
    base="B",
    fingerprint=Fingerprint(shape="s", tokenizer="t", shell="e", body="b"),
    template_sha256="t",
    quantization="nf4",
    data_sha256="d",
    trained_tokens=1,
)


@pytest.fixture
def linked(tmp_path: Path) -> Path:
    """Return an adapter's folder whose card is a link to a file elsewhere."""
    jsonl.write_one(tmp_path / "elsewhere.json", CARD)
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text("{}", encoding="utf-8")
    (adapter / ADAPTER_CARD).symlink_to(tmp_path / "elsewhere.json")
    return adapter


def test_a_card_of_the_folder_or_of_the_hubs_cache_is_read(tmp_path: Path) -> None:
    assert read_card(tmp_path) is None
    jsonl.write_one(tmp_path / ADAPTER_CARD, CARD)
    assert read_card(tmp_path) == CARD
    snapshot = tmp_path / "models--a--b" / "snapshots" / "0123"
    snapshot.mkdir(parents=True)
    (tmp_path / "models--a--b" / "blobs").mkdir()
    jsonl.write_one(tmp_path / "models--a--b" / "blobs" / "ef", CARD)
    (snapshot / ADAPTER_CARD).symlink_to("../../blobs/ef")
    assert read_card(snapshot) == CARD


def test_no_link_leads_to_a_card_elsewhere_whoever_asks_for_it(linked: Path) -> None:
    said = f"{ADAPTER_CARD} is not read: a link out of its folder"
    with pytest.raises(AdapterError, match=said):
        read_card(linked)
    with pytest.raises(AdapterError, match=said):
        origin(linked)
    with pytest.raises(AdapterError, match=said):
        quantization_of(linked, ScaleConfig())
    with pytest.raises(AdapterError, match=said):
        refuse_foreign(linked, BaseWeights(name="B", source=linked, files={}, endings={}))
    checks = {check.name: check for check in _adapter(linked, None, None, None)}
    assert said in checks["fingerprint match"].detail


def test_what_is_no_card_is_told_with_its_place(tmp_path: Path) -> None:
    (tmp_path / ADAPTER_CARD).write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match=ADAPTER_CARD):
        read_card(tmp_path)
    (tmp_path / ADAPTER_CARD).write_bytes(b" " * (1 << 20) + b"{}")
    with pytest.raises(AdapterError, match="larger than 1,024 kB"):
        read_card(tmp_path)
