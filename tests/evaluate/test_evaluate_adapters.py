"""What the evaluate stage takes for an adapter: of another base, bad, unproved, and what its card says chose it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from loracheck import jsonl
from loracheck.adapters.card import ADAPTER_CARD, AdapterCard
from loracheck.errors import AdapterError, UsageError
from loracheck.evaluate.config import EvalConfig
from loracheck.evaluate.gate import rejudge
from loracheck.models.load import load_base
from loracheck.probes import bundled
from loracheck.progress import Progress
from loracheck.records import EvaluationContext, Probe
from loracheck.records.adapter import ShippedForm
from loracheck.runs import hash_file
from loracheck.templates.chat import choose_template
from tests.evaluate.quick_evals import only, plain_peft, run

pytestmark = pytest.mark.usefixtures("few_open_prompts")
WEIGHTS = "adapter_model.safetensors"


def altered(adapter: Path, out: Path, change: Callable[[torch.Tensor], torch.Tensor]) -> Path:
    """A copy of an adapter whose every lora_B is changed."""
    out.mkdir()
    (out / "adapter_config.json").write_bytes((adapter / "adapter_config.json").read_bytes())
    tensors = load_file(adapter / WEIGHTS)
    save_file({k: change(v) if "lora_B" in k else v for k, v in tensors.items()}, out / WEIGHTS)
    return out


@pytest.fixture(scope="module")
def gemma_adapter(tiny_gemma: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return plain_peft(tiny_gemma, tmp_path_factory.mktemp("adapter") / "mine")


class Told(Progress):
    """Remembers what is said."""

    def __init__(self) -> None:
        super().__init__(quiet=True)
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)


def test_an_adapter_that_names_another_base_is_refused_or_stays_open(
    tiny_gemma: Path, tiny_smollm: Path, make_gemma: Callable[..., Path], tmp_path: Path
) -> None:
    adapter = plain_peft(tiny_smollm, tmp_path / "adapter")
    config = EvalConfig(suites=("facts-ja",), max_facts=2, max_new_tokens=2)
    verdict = only(run(tiny_gemma, {"mine": adapter}, tmp_path / "eval", config=config))
    assert verdict.findings[0].reason == "adapter_unverified"
    with pytest.raises(AdapterError, match=r"for another base|does not fit"):
        run(
            make_gemma(tmp_path / "base", layers=2),
            {"mine": plain_peft(tiny_gemma, tmp_path / "b")},
            tmp_path / "no",
        )
    assert not (tmp_path / "no" / "verdict.json").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda k, v: v[:-1].clone() if "lora_B" in k else v, "does not fit"),
        (lambda k, v: None if "q_proj.lora_A" in k else v, "for another base|does not fit"),
    ],
    ids=["other width", "tensor missing"],
)
def test_an_adapter_of_another_shape_is_refused_even_without_a_name(
    change: Callable[[str, torch.Tensor], torch.Tensor | None],
    message: str,
    tiny_gemma: Path,
    gemma_adapter: Path,
    tmp_path: Path,
) -> None:
    adapter = altered(gemma_adapter, tmp_path / "adapter", torch.clone)
    tensors = {key: change(key, value) for key, value in load_file(adapter / WEIGHTS).items()}
    save_file({key: value for key, value in tensors.items() if value is not None}, adapter / WEIGHTS)
    hide_base(adapter)
    with pytest.raises(AdapterError, match=message):
        run(tiny_gemma, {"mine": adapter}, tmp_path / "eval")


def hide_base(adapter: Path) -> None:
    file = adapter / "adapter_config.json"
    file.write_text(
        json.dumps(json.loads(file.read_text()) | {"base_model_name_or_path": ""}), encoding="utf-8"
    )


def test_an_adapter_without_proof_of_its_base_needs_a_word_for_it(tiny_gemma: Path, tmp_path: Path) -> None:
    adapter = plain_peft(tiny_gemma, tmp_path / "adapter")
    hide_base(adapter)
    config = EvalConfig(suites=("facts-ja",), max_facts=2, max_new_tokens=2)
    verdict = only(run(tiny_gemma, {"mine": adapter}, tmp_path / "eval", config=config))
    assert verdict.findings[0].reason == "adapter_unverified"
    vouched = EvalConfig(suites=("facts-ja",), max_facts=2, max_new_tokens=2, assume_base=True)
    verdict = only(run(tiny_gemma, {"mine": adapter}, tmp_path / "vouched", config=vouched))
    assert verdict.findings[0].reason == "adapter_sound"


@pytest.mark.parametrize(
    ("change", "status", "reason"),
    [
        (torch.zeros_like, "hold", "adapter_inert"),
        (lambda b: torch.full_like(b, float("nan")), "hold", "adapter_not_finite"),
        pytest.param(
            lambda b: torch.full_like(b, 3e38),
            "hold",
            "adapter_not_finite",
        ),
    ],
    ids=["inert", "nan", "overflow"],
)
def test_bad_adapters_get_their_verdict_beside_a_sound_one(
    change: Callable[[torch.Tensor], torch.Tensor],
    status: str,
    reason: str,
    tiny_gemma: Path,
    gemma_adapter: Path,
    tmp_path: Path,
) -> None:
    bad = altered(gemma_adapter, tmp_path / "bad", change)
    config = EvalConfig(suites=("facts-ja",), max_facts=2, max_new_tokens=2)
    result = run(tiny_gemma, {"mine": gemma_adapter, "bad": bad}, tmp_path / "eval", config=config)
    mine, other = result.verdicts
    assert mine.findings[0].reason == "adapter_sound"
    assert (other.adapter, other.status, other.findings[0].reason) == ("bad", status, reason)
    assert rejudge(tmp_path / "eval", None) == result


@pytest.mark.parametrize("name", ["base", "a b", "a=b", "", "../x"])
def test_names_that_would_confuse_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        run(tmp_path, {name: tmp_path}, tmp_path / "eval")
    assert not (tmp_path / "eval").exists()


def carded(base_folder: Path, adapter: Path, out: Path, watched: Sequence[str]) -> Path:
    """A copy of an adapter whose card names the probes that chose it."""
    shutil.copytree(adapter, out / "adapter")
    base = load_base(str(base_folder))
    card = AdapterCard(
        base=base.name,
        fingerprint=base.fingerprint,
        template_sha256=choose_template(base.tokenizer, []).sha256,
        quantization="none",
        data_sha256="",
        trained_tokens=1,
        watched_probes=tuple(watched),
    )
    jsonl.write_one(out / "adapter" / ADAPTER_CARD, card)
    return out


FEW = EvalConfig(suites=("facts-ja",), max_facts=50, max_new_tokens=1)


def asked_ids(run_folder: Path) -> set[str]:
    return {probe.id for probe in jsonl.read(run_folder / "probes.jsonl", Probe)}


def test_probes_that_chose_a_checkpoint_are_not_asked(
    tiny_gemma: Path, gemma_adapter: Path, tmp_path: Path
) -> None:
    watched = [probe.id for probe in bundled(["facts-ja"])][:600:10]
    assert len(watched) == 60
    unknown = ["no-such-probe", bundled(["safety-ja"])[0].id]
    adapter = carded(tiny_gemma, gemma_adapter, tmp_path / "runs", [*watched, *unknown])
    for adapters in ({"mine": adapter}, {"mine": adapter, "other": gemma_adapter}):
        out = tmp_path / f"eval-{len(adapters)}"
        told = Told()
        result = run(tiny_gemma, adapters, out, config=FEW, progress=told)
        context = jsonl.read_one(out / "context.json", EvaluationContext)
        assert not asked_ids(out) & set(watched)
        assert context.watched_probes == tuple(sorted(watched))
        assert result.verdicts[0].findings[0].reason == "adapter_sound"
        assert "mine: 60 bundled probes are left out, as they chose it by its card" in told.lines


def test_a_card_that_names_more_probes_than_a_watch_asks_leaves_none_out_and_stays_open(
    tiny_gemma: Path, gemma_adapter: Path, tmp_path: Path
) -> None:
    plain = run(tiny_gemma, {"mine": gemma_adapter}, tmp_path / "plain", config=FEW)
    watched = sorted(asked_ids(tmp_path / "plain"))
    more = [probe.id for probe in bundled(["facts-ja"]) if probe.id not in watched][:11]
    adapter = carded(tiny_gemma, gemma_adapter, tmp_path / "runs", [*watched, *more])
    told = Told()
    verdict = only(run(tiny_gemma, {"mine": adapter}, tmp_path / "eval", config=FEW, progress=told))
    assert asked_ids(tmp_path / "eval") == set(watched)
    assert (verdict.findings[0].status, verdict.findings[0].reason) == ("inconclusive", "chosen_by_too_many")
    assert verdict.findings[0].values["watched"] == len(watched) + 11
    assert only(plain).findings[0].reason == "adapter_sound"
    assert any(f"names {len(watched) + 11} bundled probes that chose it" in line for line in told.lines)


def test_an_adapter_that_is_not_there_is_named_before_the_base_is_loaded(tmp_path: Path) -> None:
    unloadable = tmp_path / "base"
    unloadable.mkdir()
    (unloadable / "config.json").write_text("{}")
    with pytest.raises(AdapterError, match=r"adapter mine: .*nope holds no adapter_config\.json"):
        run(unloadable, {"mine": tmp_path / "nope"}, tmp_path / "eval")
    assert not (tmp_path / "eval").exists()


def test_probes_that_chose_what_was_merged_are_not_asked(tiny_gemma: Path, tmp_path: Path) -> None:
    merged = tmp_path / "merged"
    shutil.copytree(tiny_gemma, merged)
    watched = tuple(probe.id for probe in bundled(["facts-ja"]))[:600:10]
    form = ShippedForm(
        base=str(tiny_gemma), base_verified=True, licence="", adapter_sha256="", data_sha256=None, kind="lora",
        dtype="float32", trained="none", trained_known=True, onto="original", threshold=0.05, probes=0, seed=0,
        comparisons=(), watched_probes=watched,
        weights_sha256={file.name: hash_file(file) for file in merged.glob("*.safetensors")},
    )  # fmt: skip
    jsonl.write_one(merged / "shipped_form.json", form)
    run(tiny_gemma, {"mine": merged}, tmp_path / "eval", config=FEW)
    assert not asked_ids(tmp_path / "eval") & set(watched)
    context = jsonl.read_one(tmp_path / "eval" / "context.json", EvaluationContext)
    assert context.watched_probes == tuple(sorted(watched))
