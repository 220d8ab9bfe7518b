"""The same training gives the same adapter on a GPU, or says that it cannot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from loracheck.models.quantization import Quantization
from loracheck.progress import Progress
from loracheck.train.config import TrainConfig
from loracheck.train.fitting import repeat
from loracheck.train.inputs import TrainInputs
from loracheck.train.pipeline import train
from tests.conftest import WriteJsonl

ROWS = [{"instruction": f"How many months are {n}?", "output": f"There are {n} months."} for n in range(24)]


@pytest.fixture
def as_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the guard believe in a GPU; PyTorch's switch works without one."""
    monkeypatch.setattr(repeat, "training_device", lambda: torch.device("cuda"))


@pytest.mark.usefixtures("as_on_a_gpu")
def test_fixed_order_is_asked_for_and_what_stood_before_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    memory: Any = torch.utils.deterministic
    with repeat.repeatable():
        assert torch.are_deterministic_algorithms_enabled()
        assert not memory.fill_uninitialized_memory
        repeat.repeat_roughly()
        assert not torch.are_deterministic_algorithms_enabled()
    assert not torch.are_deterministic_algorithms_enabled()
    assert memory.fill_uninitialized_memory


@pytest.mark.usefixtures("as_on_a_gpu")
def test_a_training_goes_on_where_an_operation_has_no_fixed_order(
    tiny_smollm: Path, write_jsonl: WriteJsonl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = torch.nn.functional.silu

    def refused(*given: Any, **named: Any) -> torch.Tensor:  # noqa: ANN401
        if torch.are_deterministic_algorithms_enabled() and torch.is_grad_enabled():
            raise RuntimeError(
                "silu_cuda does not have a deterministic implementation, but you set "
                "'torch.use_deterministic_algorithms(True)'."
            )
        return plain(*given, **named)

    monkeypatch.setattr(torch.nn.functional, "silu", refused)
    said: list[str] = []
    monkeypatch.setattr(Progress, "say", lambda _, text: said.append(text))
    inputs = TrainInputs(base=str(tiny_smollm))
    config = TrainConfig(num_train_epochs=1, train_batch_size=8)
    summary = train(
        write_jsonl("rows.jsonl", ROWS), tmp_path / "run", config, inputs, progress=Progress(quiet=True)
    )
    assert summary is not None
    assert summary.steps == 3
    assert any("does not repeat bit by bit" in text for text in said)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("quantization", ["none", "nf4"])
def test_a_gpu_gives_the_same_adapter_again(
    tiny_smollm: Path, write_jsonl: WriteJsonl, tmp_path: Path, quantization: Quantization
) -> None:
    rows = write_jsonl("rows.jsonl", ROWS)
    config = TrainConfig(num_train_epochs=3, train_batch_size=8, quantization=quantization)
    found = [
        train(
            rows, tmp_path / name, config, TrainInputs(base=str(tiny_smollm)), progress=Progress(quiet=True)
        )
        for name in ("once", "again")
    ]
    assert found[0] is not None
    assert found[1] is not None
    assert found[0].adapter_sha256 == found[1].adapter_sha256
