"""What merge refuses, and that a merge which ends early leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import pytest
import torch
from peft import IA3Config
from safetensors.torch import load_file, save_file

from loracheck.adapters.files import ADAPTER_WEIGHTS, SHIPPED_FORM
from loracheck.errors import AdapterError, EnvironmentFault, UsageError
from loracheck.models.load import load_base
from loracheck.train.merging import merge as merging
from loracheck.train.merging.merge import MergeConfig, merge
from tests.train.merged_adapters import QUICK, QUIET, MakeGemma, left_behind, save_adapter


def test_an_occupied_folder_is_left_alone_and_an_empty_one_is_taken(
    tiny_gemma: Path, mergeable: Path, tmp_path: Path
) -> None:
    occupied = tmp_path / "occupied"
    occupied.mkdir()
    (occupied / "mine.txt").write_text("mine", encoding="utf-8")
    file = tmp_path / "file"
    file.write_text("mine", encoding="utf-8")
    for out in (occupied, file):
        with pytest.raises(UsageError, match="is not empty; nothing was changed"):
            merge(mergeable, str(tiny_gemma), out, QUICK, progress=QUIET)
    assert (occupied / "mine.txt").read_text(encoding="utf-8") == "mine"
    (tmp_path / "empty").mkdir()
    merge(mergeable, str(tiny_gemma), tmp_path / "empty", QUICK, progress=QUIET)
    assert (tmp_path / "empty" / "config.json").is_file()


def test_another_base_is_refused(
    tiny_gemma: Path, mergeable: Path, make_gemma: MakeGemma, tmp_path: Path
) -> None:
    other = make_gemma(tmp_path / "other", seed=1)
    with pytest.raises(AdapterError, match="another base"):
        merge(mergeable, str(other), tmp_path / "out", QUICK, progress=QUIET)
    with pytest.raises(UsageError, match="no model folder"):
        merge(mergeable, str(tmp_path / "nothing"), tmp_path / "out", QUICK, progress=QUIET)
    assert not (tmp_path / "out").exists()
    assert left_behind(tmp_path / "out") == []


def test_a_checkpoint_that_is_quantised_itself_is_no_base_to_merge_into(
    tiny_gemma: Path, mergeable: Path, tmp_path: Path
) -> None:
    quantised = load_base(str(tiny_gemma), quantization="nf4")
    quantised.model.save_pretrained(tmp_path / "nf4")
    quantised.tokenizer.save_pretrained(tmp_path / "nf4")
    with pytest.raises(UsageError, match=r"is quantised \(.*bitsandbytes.*\)") as caught:
        merge(mergeable, str(tmp_path / "nf4"), tmp_path / "out", QUICK, progress=QUIET)
    assert "16-bit original" in caught.value.hint


def test_adapters_that_cannot_be_merged_are_refused(tiny_gemma: Path, copied: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    save_adapter(tiny_gemma, tmp_path / "ia3", IA3Config(target_modules=["q_proj"], feedforward_modules=[]))
    with pytest.raises(AdapterError, match="is IA3; merge takes LoRA"):
        merge(tmp_path / "ia3", str(tiny_gemma), out, QUICK, progress=QUIET)
    image = tmp_path / "image.safetensors"
    save_file(
        {"lora_unet_a.lora_down.weight": torch.ones(2, 4), "lora_unet_a.lora_up.weight": torch.ones(4, 2)},
        image,
    )
    with pytest.raises(AdapterError, match="adapter of an image model"):
        merge(image, str(tiny_gemma), out, QUICK, progress=QUIET)
    shutil.copy(copied / ADAPTER_WEIGHTS, tmp_path / "alone.safetensors")
    with pytest.raises(AdapterError, match=r"no adapter_config\.json beside it"):
        merge(tmp_path / "alone.safetensors", str(tiny_gemma), out, QUICK, progress=QUIET)
    weights = load_file(copied / ADAPTER_WEIGHTS)
    save_file({name: tensor * float("inf") for name, tensor in weights.items()}, copied / ADAPTER_WEIGHTS)
    with pytest.raises(AdapterError, match="holds NaN or infinity"):
        merge(copied, str(tiny_gemma), out, QUICK, progress=QUIET)
    with pytest.raises(UsageError, match="--probes must be at least 1"):
        MergeConfig(probes=0)
    with pytest.raises(UsageError, match="--max-new-tokens must be at least 1"):
        MergeConfig(max_new_tokens=0)
    assert not out.exists()


@pytest.mark.parametrize("where", ["save_model", "_describe"])
def test_a_full_disk_leaves_nothing_behind(
    where: str, tiny_gemma: Path, mergeable: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(merging, where, full)
    with pytest.raises(EnvironmentFault, match="No space left"):
        merge(mergeable, str(tiny_gemma), tmp_path / "out", QUICK, progress=QUIET)
    assert not (tmp_path / "out").exists()
    assert left_behind(tmp_path / "out") == []


def test_what_a_killed_merge_left_goes_at_the_next_start_and_a_living_one_keeps_its_own(
    tiny_gemma: Path, tmp_path: Path
) -> None:
    save_adapter(tiny_gemma, tmp_path / "adapter")
    out = tmp_path / "merged"

    def left() -> list[Path]:
        return sorted(tmp_path.glob(".merged.merging-*"))

    child = os.fork()
    if child == 0:
        with merging._appearing(out) as folder:
            (folder / "model.safetensors").write_bytes(b"half a model")
            os.kill(os.getpid(), signal.SIGKILL)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    [orphan] = left()
    living = orphan.with_name(orphan.name.replace(f"-{child}-", f"-{os.getppid()}-"))
    living.mkdir()
    merge(tmp_path / "adapter", str(tiny_gemma), out, QUICK, progress=QUIET)
    assert (out / SHIPPED_FORM).is_file()
    assert left() == [living]
