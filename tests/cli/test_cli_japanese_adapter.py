"""What `inspect` and `merge` print, in Japanese: every sentence, aligned; documents for programs stay English."""

from __future__ import annotations

import ast
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import load_file, save_file

from loracheck.adapters.files import ADAPTER_CONFIG, ADAPTER_WEIGHTS
from loracheck.cli import cli
from loracheck.cli.japanese.usage import in_japanese
from loracheck.errors import EnvironmentFault
from loracheck.models.load import load_base
from loracheck.records.adapter import ModuleGroup, Subject
from loracheck.summary.adapter import print_anatomy, print_merge
from loracheck.terminal import columns
from loracheck.train.inspection import anatomy
from loracheck.train.merging import merge as merging
from loracheck.words.anatomy import KINDS, PARTS, RULES, kind_name, part_name
from tests.cli.test_cli_adapter import far_form, save_lora
from tests.cli.test_cli_japanese_messages import (
    JAPANESE,
    ROOT,
    Filling,
    assigned,
    fields_lost,
    left_in_english,
    named,
    said_by,
)

ENGLISH = re.compile(r"[A-Za-z]{2,} [a-z]{2,}|^ *[a-z]+: ")
LABEL = 21
"""Columns before what a line says."""
ANSWERING = {
    "train/inspection/loads.py": ("programs", "_peft_refuses", "_vllm_refuses"),
    "train/inspection/intruders.py": ("_why_not",),
    "train/inspection/kohya.py": ("_trainer",),
    "train/merging/merge.py": ("_ask_trained_form",),
}
"""Functions that return a reason or set it."""


def printed(*arguments: object, language: str = "ja") -> str:
    done = CliRunner().invoke(cli, ["--lang", language, *map(str, arguments)])
    assert done.exit_code == 0, done.output
    return done.stdout


def english_in(output: str, *given: object) -> list[str]:
    """Return the lines with two English words in a row, but for what was given by the test itself."""
    for own in given:
        output = output.replace(str(own), "")
    return [line for line in output.splitlines() if ENGLISH.search(line)]


def labels(output: str) -> set[str]:
    """Return what the lines begin with: the label, or the heading of a table."""
    return set(re.findall(r"^  (\S+(?: \S+)*)", output, re.MULTILINE))


@pytest.fixture(scope="module")
def adapter(tiny_gemma: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_lora(tiny_gemma, tmp_path_factory.mktemp("japanese") / "lora", std=0.5)


@pytest.fixture
def noticed(adapter: Path, tmp_path: Path) -> Path:
    """An adapter with a trainer's traces, of which much is to be said."""
    folder = Path(shutil.copytree(adapter, tmp_path / "noticed"))
    config = json.loads((folder / ADAPTER_CONFIG).read_text(encoding="utf-8"))
    more = {
        "r": 8,
        "base_model_name_or_path": "unsloth/x-bnb-4bit",
        "alpha_pattern": {"(a+)+$": 4, "q_proj": 8},
    }
    (folder / ADAPTER_CONFIG).write_text(json.dumps(config | more), encoding="utf-8")
    weights = load_file(folder / ADAPTER_WEIGHTS)
    first, second, *_ = (name for name in weights if "lora_B" in name)
    weights[first][:] = 0.0
    weights[second][0, 0] = float("nan")
    weights["base_model.model.model.norm.weight"] = torch.ones(4)
    save_file(weights, folder / ADAPTER_WEIGHTS)
    history = [
        {"loss": 3.0, "learning_rate": 1e-4, "step": 1},
        {"eval_loss": 1.5, "step": 1},
        {"loss": 2.0, "learning_rate": 2e-4, "step": 2},
        {"eval_loss": 1.8, "step": 2},
    ]
    state = {"global_step": 2, "epoch": 1.5, "log_history": history}
    (folder / "trainer_state.json").write_text(json.dumps(state), encoding="utf-8")
    (folder / "checkpoint-1").mkdir()
    (folder / "checkpoint-1" / ADAPTER_CONFIG).write_text("{}", encoding="utf-8")
    (folder / "README.md").write_text("---\ntags:\n- axolotl\nbase_model: unsloth/x-bnb-4bit\n---\n", "utf-8")
    (folder / "training_args.yaml").write_text("!!python/object/apply:os.system ['true']", encoding="utf-8")
    return folder


def test_inspect_speaks_japanese_of_an_adapter_with_notices(noticed: Path) -> None:
    english, japanese = (printed("inspect", noticed, language=name) for name in ("en", "ja"))
    assert english_in(japanese) == []
    assert labels(english) & labels(japanese) == {"sha256", "gate_proj", "q_proj", "0", "1", "2"}
    for line in (
        "ランク、alpha      4、8、倍率2(6モジュール)\n",
        "変更対象           6モジュール: gate_proj, q_proj",
        "ツールはaxolotl、ベースはunsloth/x-bnb-4bit(nf4で保持)、2ステップ(1.5エポック)、損失3.000 -> 2.000、"
        "取り置き行の損失1.800(最小は1.500)、学習率は最大0.0002 (",
        "checkpoint-1のほうが、取り置き行の損失が小さくなっています。こちらも評価してください",
        "注意: training_args.yamlは読み込んでいません: YAMLが壊れているか、Pythonのオブジェクトを指しています",
        "注意: 6個のモジュールのうち1個は、何も変えません。最初は",
        "注意: ランクまたはalphaのパターンが複雑すぎるため、適用していません: (a+)+$",
        "注意: ベースは4ビット版です。マージ先には、元の16ビット版を指定してください。",
    ):
        assert line in japanese
    assert json.loads(printed("inspect", noticed, "--json")) == json.loads(
        printed("inspect", noticed, "--json", language="en")
    )
    assert not JAPANESE.search(printed("inspect", noticed, "--json"))


def test_the_japanese_stands_in_columns(noticed: Path) -> None:
    lines = printed("inspect", noticed).splitlines()
    for label in ("記載のベース", "ランク、alpha", "変更対象", "内容", "sha256", "学習", "対応プログラム"):
        line = next(line for line in lines if line.startswith(f"  {label} "))
        start = re.match(r"  \S+ +", line)
        assert start is not None
        assert columns(start[0]) == LABEL
    for title in ("種類別の変化", "層別の変化"):
        place = next(place for place, line in enumerate(lines) if line.startswith(f"  {title} "))
        rows = [line for line in lines[place + 1 : place + 3] if "計算していません" not in line]
        assert {columns(re.sub(r"  \(測定は.*", "", row)) for row in rows} == {columns(lines[place])}


def test_full_width_names_stand_in_columns_too(
    adapter: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")
    found = anatomy.inspect_adapter(adapter)
    wide: ModuleGroup = replace(found.by_type[0], name="とても長い全角のモジュール名")
    print_anatomy(replace(found, by_type=(*found.by_type, wide), by_layer=()))
    lines = capsys.readouterr().out.splitlines()
    place = next(place for place, line in enumerate(lines) if line.startswith("  種類別の変化 "))
    assert len({columns(line) for line in lines[place : place + 4]}) == 1


def test_inspect_speaks_japanese_of_an_image_adapter(tmp_path: Path) -> None:
    tensors = {
        "lora_unet_down_attn1_to_q.lora_down.weight": torch.ones(2, 8),
        "lora_unet_down_attn1_to_q.lora_up.weight": torch.ones(8, 2),
        "lora_unet_down_attn1_to_q.alpha": torch.tensor(1.0),
        "lora_te1_text_model_encoder_layers_0_q_proj.lora_down.weight": torch.ones(2, 8),
        "lora_te1_text_model_encoder_layers_0_q_proj.lora_up.weight": torch.ones(8, 2),
        "lora_unet_\x1b[2J_to_k.lora_down.weight": torch.ones(2, 8),
    }
    tags = {"mirelle vandort": 9, "hinata (bamboo)": 8, "1girl": 9}
    metadata = {"ss_network_module": "networks.lora", "ss_tag_frequency": json.dumps({"10_x": tags})}
    save_file(tensors, tmp_path / "a.safetensors", metadata=metadata)
    english, japanese = (
        printed("inspect", tmp_path / "a.safetensors", language=name) for name in ("en", "ja")
    )
    assert english_in(japanese, *tags, "kohya sd-scripts") == []
    assert labels(english) & labels(japanese) == {"sha256", "to_k", "to_q", "q_proj"}
    for line in (
        "テキストエンコーダー1 1モジュール、パラメーター32個; UNet 2モジュール、パラメーター48個",
        "mirelle vandort (9) [氏名の形]",
        "hinata (bamboo) (8) [作品名付き] (タグの形から、作品の登場人物と推定)",
        "vLLM: 非対応。画像モデルのアダプターです。evalとmergeが扱うのは、言語モデルのアダプターだけです\n",
        "注意: 画像モデルのアダプターです。evalとmergeが扱うのは、言語モデルのアダプターだけです。\n",
        "人名が含まれている可能性があります: mirelle vandort\n",
    ):
        assert line in japanese


def test_inspect_speaks_japanese_of_intruders(adapter: Path, tiny_gemma: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(adapter, tmp_path / "lora"))
    weights = load_file(folder / ADAPTER_WEIGHTS)
    for name in [name for name in weights if "layers.0" in name and "q_proj.lora_B" in name]:
        weights[name][:] = 0.0
    save_file(weights, folder / ADAPTER_WEIGHTS)
    japanese = printed("inspect", folder, "--base", tiny_gemma, "--max-modules", 4, "--quiet")
    assert english_in(japanese, tiny_gemma, folder) == []
    assert re.search(
        r"\n  \S+に対する侵入方向: \d+方向中[1-9]\d*方向\(コサイン0\.5未満\)、\d+モジュール。"
        r"調べたのは5モジュール中4モジュール\(種類と層から均等に選択\)\n"
        r"    \S+: 特異ベクトル\d[\d, ]*、最小のコサイン0\.\d\d、変化は重みの[\d.]+%\n",
        japanese,
    )
    assert "    1モジュールは調査対象外: 変化がゼロです\n" in japanese
    assert "注意: 侵入方向は忘却と関連します(arXiv 2410.21228)。" in japanese


def test_merge_speaks_japanese(
    adapter: Path, tiny_gemma: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = ("--base", tiny_gemma, "--probes", 2, "--max-new-tokens", 4, "--quiet", "--dtype", "bfloat16")
    japanese = printed("merge", adapter, "-o", tmp_path / "out", *few)
    assert english_in(japanese) == []
    for line in (
        f"out: {tiny_gemma}にloraをマージしたモデル、bfloat16\n",
        "  ライセンス         不明です。ベースのライセンスを確かめてください\n",
        "  学習時のベース     元のまま(アダプターに記載がないための仮定)。"
        "比較に使ったのは、学習した形によるプローブ4件への回答\n",
        "  マージ後、bfloat16 KL情報量は1トークンあたり0.0",
        "。プローブ4件、",
    ):
        assert line in japanese
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert not JAPANESE.search(card)

    def without_bitsandbytes(spec: str, **options: Any) -> Any:  # noqa: ANN401 - load_base's own
        if options.get("quantization", "none") != "none":
            raise EnvironmentFault("cannot load the base b: it is torn", kind="model_unloadable")
        return load_base(spec, **options)

    monkeypatch.setattr(merging, "load_base", without_bitsandbytes)
    nf4 = printed("merge", adapter, "-o", tmp_path / "nf4", *few, "--quantization", "nf4")
    assert "学習時のベース     nf4で保持。" in nf4
    assert (
        "マージ後、bfloat16 比較していません: 学習した形を、このマシンでは読み込めません: "
        "ベースbを読み込めません: it is torn\n"
    ) in nf4
    document = printed("merge", adapter, "-o", tmp_path / "json", *few, "--json")
    assert not JAPANESE.search(document)


def test_a_warning_and_a_verdict_are_japanese(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")
    print_merge("out", form := far_form())
    said = capsys.readouterr().out
    assert "  警告: このベースで学習されたアダプターである証拠がありません\n" in said
    assert "出荷可(ポリシーdefault、r)" in said
    assert (
        "警告: 0.05ナットを超えており、学習したものとは別のモデルです。"
        "この形そのものを評価するか、--onto trainedを付けてマージしてください\n"
    ) in said
    print_merge("out", replace(form, onto="trained"))
    assert "。この形そのものを評価してください\n" in capsys.readouterr().out


def test_every_notice_and_every_reason_has_its_japanese_with_all_it_names() -> None:
    said = (said_by(sentence_of) | set(reasons())) - {"kohya sd-scripts"}
    japanese = {sentence: in_japanese(sentence) for sentence in said}
    assert len(said) > 50
    assert left_in_english(said, japanese) == []
    assert [sentence for sentence in said if not JAPANESE.search(japanese[sentence])] == []
    assert fields_lost(said, japanese) == []


def sentence_of(call: ast.Call) -> ast.expr | None:
    """Return what a call says of an adapter."""
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if named(call) == "Notice":
        return given["text"]
    if named(call) == "ScaleRule":
        return given.get("note")
    if named(call) in ("NotComputed", "Unread"):
        return call.args[0]
    return call.args[1] if named(call) == "not_compared" else None


def reasons() -> Iterator[str]:
    """Yield what functions return or set as a reason; names of methods, options and programs are none."""
    filling = Filling()
    for file, functions in ANSWERING.items():
        for node in ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name in functions:
                for inner in ast.walk(node):
                    if isinstance(inner, ast.Return | ast.Assign) and inner.value is not None:
                        texts = filling.texts(inner.value, assigned(node))
                        yield from (text for text in texts if len(re.findall("[a-z]{2,}", text)) > 2)


@pytest.mark.parametrize(
    ("english", "japanese"),
    [
        ("GGUF q8_0, dequantised to bfloat16", "GGUF q8_0、bfloat16に逆量子化"),
        ("transformers cannot read it: torn", "transformersで読み込めません: torn"),
        ("peft knows no kind 'without a name'", "アダプターの種類が記載されていません"),
        ("peft knows no kind 'NEW'", "peftは種類'NEW'に対応していません"),
        ("summary.json of the run", "実行結果のsummary.json"),
    ],
)
def test_a_sentence_is_not_taken_for_a_more_general_one(english: str, japanese: str) -> None:
    assert in_japanese(english) == japanese


def test_kinds_parts_and_rules_have_japanese_names() -> None:
    assert set(RULES) == set(get_args(Subject))
    assert kind_name("pissa, not converted", "ja") == "pissa(未変換)"
    assert [kind_name(kind, "ja") for kind in ("dora", *KINDS)] == ["dora", *KINDS.values()]
    assert [part_name(part, "ja") for part in PARTS] == list(PARTS.values())
    assert part_name("text encoder 2", "ja") == "テキストエンコーダー2"
    assert [part_name("text encoder 2", "en"), kind_name("unknown", "en")] == ["text encoder 2", "unknown"]
