from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoTokenizer, BloomConfig, BloomForCausalLM

from loracheck import jsonl
from loracheck.adapters.card import ADAPTER_CARD, AdapterCard
from loracheck.adapters.files import ADAPTER_WEIGHTS
from loracheck.curate.config import CurateConfig, DedupeConfig, SelectConfig
from loracheck.curate.pipeline import curate
from loracheck.errors import DataError, UsageError
from loracheck.models.head import TiledHead
from loracheck.models.likelihood import pad, token_nll
from loracheck.models.load import Base, attach, load_base, read_adapter
from loracheck.progress import Progress
from loracheck.records import Message
from loracheck.records.training import TrainingStep, TrainingSummary
from loracheck.runs import hash_file, read_run
from loracheck.templates.chat import ChatTemplate, choose_template
from loracheck.train import pipeline
from loracheck.train.adapters import add_adapter
from loracheck.train.config import TrainConfig
from loracheck.train.fitting import processes, trainer
from loracheck.train.fitting.trainer import Loop
from loracheck.train.inputs import TrainInputs
from loracheck.train.pipeline import train as run_train
from loracheck.trained import WATCH

QUIET = Progress(quiet=True)
CONFIG = TrainConfig(
    lora_r=4,
    lora_alpha=8,
    learning_rate=5e-3,
    train_batch_size=4,
    num_train_epochs=3,
    save_steps=2,
)
THINGS = "空花星海月風雨虹雪森山川鳥猫犬魚"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rows = [{"instruction": f"{thing}は好き？", "output": f"{thing}は大好きなのだ。"} for thing in THINGS]
    path = tmp_path / "data.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def train(
    data: Path, out: Path, config: TrainConfig, inputs: TrainInputs, *, progress: Progress
) -> TrainingSummary:
    summary = run_train(data, out, config, inputs, progress=progress)
    assert summary is not None
    return summary


def interrupt(monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    """Make the next training end as by Ctrl-C after a number of steps."""

    def fit(model: Any, steps: Any, config: Any, loop: Loop, **options: Any) -> None:  # noqa: ANN401 - passed on
        def stopping(step: TrainingStep) -> None:
            loop.record(step)
            if step.step == at:
                raise KeyboardInterrupt

        trainer.fit(model, steps, config, replace(loop, record=stopping), **options)

    monkeypatch.setattr(pipeline, "fit", fit)


def test_training_lowers_the_loss_and_writes_what_the_adapter_needs(
    data: Path, tiny_gemma: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    summary = train(data, out, CONFIG, TrainInputs(base=str(tiny_gemma)), progress=QUIET)
    read_run(out, "train")
    assert summary.loss_first is not None
    assert summary.loss_last is not None
    assert summary.loss_last < summary.loss_first
    assert (summary.steps, summary.rows, summary.epochs) == (12, 16, 3.0)
    assert summary.adapter_sha256 == hash_file(out / "adapter" / ADAPTER_WEIGHTS)
    base = load_base(str(tiny_gemma))
    template = choose_template(base.tokenizer, [out / "adapter"])
    card = jsonl.read_one(out / "adapter" / ADAPTER_CARD, AdapterCard)
    assert card.fingerprint == base.fingerprint
    assert card.template_sha256 == template.sha256
    assert card.data_sha256 == hash_file(data)
    steps = list(jsonl.read(out / "metrics.jsonl", TrainingStep))
    assert [step.step for step in steps] == list(range(1, 13))
    assert steps[-1].trained_tokens == summary.trained_tokens == card.trained_tokens
    found = read_adapter("mine", out, base, template.sha256)
    assert (found.verified, found.inert, found.finite) == (True, False, True)
    attach(base, [found])


def test_the_recorded_loss_is_the_mean_over_the_trained_tokens_of_the_step(
    data: Path, tiny_gemma: Path, tmp_path: Path
) -> None:
    one_step = TrainConfig(lora_r=4, num_train_epochs=1, train_batch_size=16)
    summary = train(data, tmp_path / "run", one_step, TrainInputs(base=str(tiny_gemma)), progress=QUIET)
    base = load_base(str(tiny_gemma))
    template = ChatTemplate(base.tokenizer)
    rows = [
        template.encode_reply((Message(role="user", content=f"{t}は好き？"),), f"{t}は大好きなのだ。")
        for t in THINGS
    ]
    with torch.inference_mode():
        nll, _, _ = token_nll(base.model, pad(rows, 0))
    assert summary.loss_first == pytest.approx(float(nll.mean()), abs=1e-3)


def test_the_same_seed_gives_the_same_adapter_and_another_one_another(
    data: Path, tiny_gemma: Path, tmp_path: Path
) -> None:
    hashes = [
        train(
            data,
            tmp_path / name,
            TrainConfig(lora_r=4, num_train_epochs=1, lora_dropout=0.1, seed=seed),
            TrainInputs(base=str(tiny_gemma)),
            progress=QUIET,
        ).adapter_sha256
        for name, seed in (("one", 0), ("two", 0), ("three", 1))
    ]
    assert hashes[0] == hashes[1] != hashes[2]


@pytest.mark.parametrize("dropout", [0.0, 0.1])
def test_an_interrupted_run_resumes_to_the_very_same_adapter(
    dropout: float, data: Path, tiny_gemma: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = TrainConfig(lora_r=4, lora_dropout=dropout, train_batch_size=4, num_train_epochs=2, save_steps=2)
    unbroken = train(data, tmp_path / "unbroken", config, TrainInputs(base=str(tiny_gemma)), progress=QUIET)
    out = tmp_path / "broken"
    with monkeypatch.context() as patched:
        interrupt(patched, 5)
        with pytest.raises(KeyboardInterrupt):
            train(data, out, config, TrainInputs(base=str(tiny_gemma)), progress=QUIET)
    assert (out / "checkpoints" / "checkpoint-4").is_dir()
    resumed = train(data, out, config, TrainInputs(base=str(tiny_gemma)), progress=QUIET)
    assert resumed.adapter_sha256 == unbroken.adapter_sha256
    losses = [
        [step.loss for step in jsonl.read(path / "metrics.jsonl", TrainingStep)]
        for path in (tmp_path / "unbroken", out)
    ]
    assert losses[0] == losses[1]
    assert len(losses[0]) == 8


class Listening(Progress):
    """Keeps what a run says."""

    def __init__(self) -> None:
        super().__init__(quiet=True)
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)


@pytest.mark.parametrize(
    ("file", "damage"),
    [
        (ADAPTER_WEIGHTS, "cut"),
        ("optimizer.pt", "missing"),
        ("optimizer.pt", "flipped"),
        ("trainer_state.json", "cut"),
        ("manifest.json", "missing"),
        ("manifest.json", "cut"),
    ],
)
def test_a_damaged_newest_checkpoint_is_named_and_the_one_before_it_used(
    file: str, damage: str, data: Path, tiny_gemma: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = TrainInputs(base=str(tiny_gemma))
    unbroken = train(data, tmp_path / "unbroken", CONFIG, inputs, progress=QUIET)
    out = tmp_path / "broken"
    with monkeypatch.context() as patched:
        interrupt(patched, 7)
        with pytest.raises(KeyboardInterrupt):
            train(data, out, CONFIG, inputs, progress=QUIET)
    torn = out / "checkpoints" / "checkpoint-6" / file
    content = bytearray(torn.read_bytes())
    if damage == "missing":
        torn.unlink()
    else:
        content[50] ^= 255
        torn.write_bytes(content if damage == "flipped" else content[:100])
    listening = Listening()
    resumed = train(data, out, CONFIG, inputs, progress=listening)
    assert resumed.adapter_sha256 == unbroken.adapter_sha256
    said = "\n".join(listening.said)
    assert "checkpoint-6: " in said
    assert f"{file} is " in said
    assert "resuming after step 4 of 12" in said


def test_a_loss_that_is_no_number_ends_the_run_with_a_way_out(
    data: Path, tiny_gemma: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = TiledHead.loss_and_gradient
    calls = 0

    def spoilt(
        head: TiledHead, hidden: torch.Tensor, targets: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        nonlocal calls
        calls += 1
        loss, gradient = honest(head, hidden, targets)
        return (loss * float("nan") if calls == 7 else loss), gradient

    monkeypatch.setattr(TiledHead, "loss_and_gradient", spoilt)
    with pytest.raises(DataError, match="the loss became nan at step 5") as caught:
        train(data, tmp_path / "run", CONFIG, TrainInputs(base=str(tiny_gemma)), progress=QUIET)
    assert "--learning-rate" in caught.value.hint
    newest = tmp_path / "run" / "checkpoints" / "checkpoint-4"
    assert caught.value.hint.endswith(f"The last checkpoint before is {newest}.")
    assert (newest / ADAPTER_WEIGHTS).is_file()
    calls = 0
    rare = replace(CONFIG, save_steps=100)
    with pytest.raises(DataError, match="the loss became nan") as caught:
        train(data, tmp_path / "rare", rare, TrainInputs(base=str(tiny_gemma)), progress=QUIET)
    assert caught.value.hint.endswith("No checkpoint had been written (--save-steps).")


def test_a_curated_run_is_trained_on_its_kept_rows_and_measured_on_the_held_out(
    data: Path, tiny_smollm: Path, tmp_path: Path
) -> None:
    options = CurateConfig(
        heldout_share=0.2, dedupe=DedupeConfig(near_duplicate=1.0), select=SelectConfig(flood_share=1.0)
    )
    curated = curate([data], None, tmp_path / "curated", options, progress=QUIET)
    config = TrainConfig(lora_r=4, max_trained_tokens=200, train_batch_size=4, learning_rate=5e-3)
    summary = train(
        tmp_path / "curated", tmp_path / "run", config, TrainInputs(base=str(tiny_smollm)), progress=QUIET
    )
    assert summary.trained_tokens == 200
    assert (summary.rows, summary.heldout_rows) == (curated.kept, curated.heldout)
    assert summary.heldout_loss_before is not None
    assert summary.heldout_loss_after is not None
    assert summary.heldout_loss_after < summary.heldout_loss_before


def test_what_a_held_out_row_asks_is_not_trained_on(data: Path, tiny_gemma: Path, tmp_path: Path) -> None:
    lines = data.read_text(encoding="utf-8").splitlines()
    held = tmp_path / "held.jsonl"
    held.write_text("\n".join([*lines[3:5], lines[7].replace("のだ", "です")]) + "\n", encoding="utf-8")
    inputs = TrainInputs(base=str(tiny_gemma), heldout=held)
    summary = train(data, tmp_path / "run", CONFIG, inputs, progress=QUIET)
    assert (summary.rows, summary.left_out, summary.heldout_rows) == (13, 3, 3)
    rest = tmp_path / "rest.jsonl"
    rest.write_text("\n".join([*lines[:3], *lines[5:7], *lines[8:]]) + "\n", encoding="utf-8")
    alone = train(rest, tmp_path / "alone", CONFIG, TrainInputs(base=str(tiny_gemma)), progress=QUIET)
    assert (alone.left_out, alone.adapter_sha256) == (0, summary.adapter_sha256)


def test_rows_that_are_all_held_out_are_no_data(data: Path, tiny_gemma: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="every row asks what a row of") as caught:
        train(data, tmp_path / "run", CONFIG, TrainInputs(base=str(tiny_gemma), heldout=data), progress=QUIET)
    assert caught.value.hint.startswith("Hold out a part")


def test_a_finished_run_is_not_trained_again(
    data: Path, tiny_gemma: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = TrainConfig(lora_r=4, num_train_epochs=1)
    first = train(data, tmp_path / "run", config, TrainInputs(base=str(tiny_gemma)), progress=QUIET)
    monkeypatch.setattr(pipeline, "load_base", None)
    assert train(data, tmp_path / "run", config, TrainInputs(base=str(tiny_gemma)), progress=QUIET) == first
    assert jsonl.read_one(tmp_path / "run" / "summary.json", TrainingSummary) == first


def test_training_on_a_four_bit_base_lowers_the_held_out_loss(
    data: Path, tiny_gemma: Path, tmp_path: Path
) -> None:
    options = CurateConfig(
        heldout_share=0.2, dedupe=DedupeConfig(near_duplicate=1.0), select=SelectConfig(flood_share=1.0)
    )
    curate([data], None, tmp_path / "curated", options, progress=QUIET)
    config = TrainConfig(
        lora_r=4, quantization="nf4", learning_rate=5e-3, train_batch_size=4, num_train_epochs=3
    )
    summary = train(
        tmp_path / "curated", tmp_path / "run", config, TrainInputs(base=str(tiny_gemma)), progress=QUIET
    )
    assert summary.heldout_loss_before is not None
    assert summary.heldout_loss_after is not None
    assert summary.heldout_loss_after < summary.heldout_loss_before
    base = load_base(str(tiny_gemma), quantization="nf4")
    assert read_adapter("mine", tmp_path / "run", base).verified
    assert read_adapter("mine", tmp_path / "run", load_base(str(tiny_gemma))).verified


def gradient(base: Base, model: torch.nn.Module, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    model.train()
    model.zero_grad()
    nll, _, _ = token_nll(base.model, batch)
    torch.autograd.backward(nll.mean())
    found = [p.grad.flatten() for p in model.parameters() if p.requires_grad and p.grad is not None]
    return torch.cat(found).double()


def gradients_around_an_evaluation(base: Base) -> tuple[torch.Tensor, torch.Tensor]:
    model = add_adapter(base, TrainConfig(lora_r=4))
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.05)
    template = ChatTemplate(base.tokenizer)
    row = template.encode_reply((Message(role="user", content="空は好き？"),), "空は大好きなのだ。")
    batch = pad([row] * 2, 0)
    before = gradient(base, model, batch)
    model.eval()
    with torch.inference_mode():
        token_nll(base.model, batch)
    return before, gradient(base, model, batch)


def cosine(one: torch.Tensor, other: torch.Tensor) -> float:
    return float(torch.nn.functional.cosine_similarity(one, other, dim=0))


def test_an_evaluation_leaves_the_gradient_of_a_four_bit_base_as_it_was(tiny_gemma: Path) -> None:
    base = load_base(str(tiny_gemma), quantization="nf4")
    flags = [
        m.support_avx512bf16_for_cpu for m in base.model.modules() if hasattr(m, "support_avx512bf16_for_cpu")
    ]
    assert flags
    assert not any(flags)
    before, after = gradients_around_an_evaluation(base)
    assert float(before.norm()) > 0
    assert cosine(before, after) > 0.9999


def test_without_the_guard_the_gradient_is_wrong_where_the_processor_repacks(
    tiny_gemma: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loracheck.models.load.keep_training_correct", lambda model: None)
    base = load_base(str(tiny_gemma), quantization="nf4")
    layers = [m for m in base.model.modules() if hasattr(m, "support_avx512bf16_for_cpu")]
    if torch.cuda.is_available() or not all(layer.support_avx512bf16_for_cpu for layer in layers):
        pytest.skip("this processor does not repack four-bit weights")
    before, after = gradients_around_an_evaluation(base)
    assert cosine(before, after) < 0.9


def test_the_peak_memory_of_a_process_is_its_own_and_not_its_parents() -> None:
    script = "from loracheck.train.usage import peak_memory; print(peak_memory())"
    alone = int(subprocess.check_output([sys.executable, "-c", script], text=True))
    fat = bytearray(3 * alone)  # touched, so that this process holds it while it starts the next
    for place in range(0, len(fat), 4096):
        fat[place] = 1
    started = int(subprocess.check_output([sys.executable, "-c", script], text=True))
    assert len(fat) > 2 * started


def test_dividing_a_model_is_refused_where_there_is_no_gpu(
    tiny_gemma: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "training_device", lambda: torch.device("cpu"))
    config = replace(CONFIG, fsdp="full_shard")
    with pytest.raises(UsageError, match="there is none here: every process would hold all of it"):
        train(data, tmp_path / "run", config, TrainInputs(base=str(tiny_gemma)), progress=QUIET)
    assert not (tmp_path / "run").exists()


def test_a_base_whose_packed_rows_see_one_another_is_refused_before_it_answers_anything(
    data: Path, tiny_smollm: Path, tmp_path: Path
) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_smollm)
    shape = BloomConfig(vocab_size=len(tokenizer), hidden_size=32, n_layer=2, n_head=2, initializer_range=0.2)
    base = tmp_path / "bloom"
    BloomForCausalLM(shape).save_pretrained(base)
    tokenizer.save_pretrained(base)
    config = TrainConfig(lora_r=4, target_modules="query_key_value", packing=True, num_train_epochs=1)
    with pytest.raises(UsageError, match="--packing: bloom lets packed rows see one another"):
        run_train(data, tmp_path / "run", config, TrainInputs(base=str(base)), progress=QUIET)
    assert not (tmp_path / "run" / WATCH).exists()
    run_train(
        data, tmp_path / "padded", replace(config, packing=False), TrainInputs(base=str(base)), progress=QUIET
    )
