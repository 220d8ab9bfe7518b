from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from loracheck.records.adapter import AdapterAnatomy, ImageAdapter
from loracheck.train.inspection.anatomy import inspect_adapter
from loracheck.train.inspection.kohya import SHOWN_TAGS
from loracheck.train.inspection.names import Tagged, named_subjects, rule_for

UNET = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q"
CONV = "lora_unet_input_blocks_1_0_in_layers_2_conv"
TEXT = "lora_te_text_model_encoder_layers_3_self_attn_q_proj"


def made(*shape: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator)


def lora(
    module: str, out: int = 24, into: int = 16, rank: int = 4, alpha: float = 2.0
) -> dict[str, torch.Tensor]:
    return {
        f"{module}.lora_down.weight": made(rank, into),
        f"{module}.lora_up.weight": made(out, rank, seed=1),
        f"{module}.alpha": torch.tensor(alpha),
    }


def write(
    path: Path,
    tensors: dict[str, torch.Tensor] | None = None,
    more: dict[str, str] | None = None,
    **metadata: Any,  # noqa: ANN401 - any JSON
) -> Path:
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in metadata.items()}
    held = lora(UNET) | lora(TEXT) if tensors is None else tensors
    save_file(held, path, metadata=texts | (more or {}))
    return path


def image(found: AdapterAnatomy) -> ImageAdapter:
    assert found.form == "image"
    assert found.image is not None
    return found.image


def test_a_kohya_lora_is_recognised_and_measured_with_its_own_alpha(tmp_path: Path) -> None:
    file = write(
        tmp_path / "a.safetensors",
        ss_network_module="networks.lora",
        ss_network_dim="4",
        ss_network_alpha="2.0",
        ss_base_model_version="sd_v1",
        ss_sd_model_name="model.safetensors",
        ss_num_train_images="120",
        ss_steps="1000",
        ss_learning_rate="0.0001",
        ss_training_comment="None",
    )
    found = inspect_adapter(file)
    about = image(found)
    assert (found.kind, about.trainer, found.base) == ("lora", "kohya sd-scripts", "sd_v1")
    assert [(part.name, part.modules) for part in about.parts] == [("text encoder", 1), ("unet", 1)]
    assert [(use.rank, use.alpha, use.scale) for use in found.ranks] == [(4, 2.0, 0.5)]
    assert {module.type for module in found.modules} == {"to_q", "q_proj"}
    whole = 0.5 * (made(24, 4, seed=1) @ made(4, 16)).double().numpy()
    values = np.linalg.svd(whole, compute_uv=False)
    for module in found.modules:
        assert module.spectrum is not None
        assert module.spectrum.norm == pytest.approx(np.linalg.norm(whole), rel=1e-5)
        assert module.spectrum.leading == pytest.approx(
            values[: len(module.spectrum.leading)], rel=1e-4, abs=1e-5
        )
    assert found.parameters == 2 * (4 * 16 + 24 * 4)
    assert about.facts["ss_steps"] == "1000"
    assert "ss_training_comment" not in about.facts
    assert [notice.code for notice in found.notices] == ["image_model"]
    assert "eval and merge take adapters of language models only" in found.notices[0].text
    assert not any(entry.loads for entry in found.loads)


def test_convolutions_and_the_kinds_of_lycoris_are_measured(tmp_path: Path) -> None:
    conv = {
        f"{CONV}.lora_down.weight": made(4, 8, 3, 3),
        f"{CONV}.lora_up.weight": made(12, 4, 1, 1, seed=1),
        f"{CONV}.alpha": torch.tensor(4.0),
    }
    loha = {
        f"{UNET}.hada_w1_a": made(24, 3),
        f"{UNET}.hada_w1_b": made(3, 16, seed=1),
        f"{UNET}.hada_w2_a": made(24, 3, seed=2),
        f"{UNET}.hada_w2_b": made(3, 16, seed=3),
        f"{UNET}.alpha": torch.tensor(6.0),
    }
    lokr = {
        f"{UNET}.lokr_w1": made(4, 4),
        f"{UNET}.lokr_w2_a": made(6, 2, seed=1),
        f"{UNET}.lokr_w2_b": made(2, 4, seed=2),
        f"{UNET}.alpha": torch.tensor(2.0),
    }
    both = {
        f"{UNET}.lokr_w1": made(4, 4),
        f"{UNET}.lokr_w2": made(6, 4, seed=1),
        f"{UNET}.alpha": torch.tensor(1e9),
    }
    wholes = {
        "locon": (conv, (made(12, 4, seed=1) @ made(4, 8, 3, 3).flatten(1))),
        "loha": (
            loha,
            2 * (made(24, 3) @ made(3, 16, seed=1)) * (made(24, 3, seed=2) @ made(3, 16, seed=3)),
        ),
        "lokr": (lokr, torch.kron(made(4, 4), made(6, 2, seed=1) @ made(2, 4, seed=2))),
        "lokr whole": (both, torch.kron(made(4, 4), made(6, 4, seed=1))),
    }
    for kind, (tensors, whole) in wholes.items():
        found = inspect_adapter(
            write(tmp_path / f"{kind}.safetensors", tensors, ss_network_module="lycoris.kohya")
        )
        assert found.kind == kind.split()[0]
        assert image(found).trainer == "LyCORIS"
        module = found.modules[0]
        assert module.spectrum is not None
        assert module.shape == tuple(whole.shape)
        assert module.spectrum.norm == pytest.approx(float(whole.norm()), rel=1e-4)
        expected = np.linalg.svd(whole.double().numpy(), compute_uv=False)[:8]
        assert module.spectrum.leading == pytest.approx(
            expected[: len(module.spectrum.leading)], rel=1e-3, abs=1e-4
        )


def test_a_tucker_core_between_the_factors_is_part_of_the_change(tmp_path: Path) -> None:
    down, mid, up = made(4, 8, 1, 1), made(4, 4, 3, 3, seed=2), made(12, 4, 1, 1, seed=1)
    tensors = {
        f"{CONV}.lora_down.weight": down,
        f"{CONV}.lora_mid.weight": mid,
        f"{CONV}.lora_up.weight": up,
        f"{CONV}.alpha": torch.tensor(4.0),
    }
    found = inspect_adapter(write(tmp_path / "a.safetensors", tensors)).modules[0]
    whole = torch.einsum("oi,ijkl,jm->omkl", up.flatten(1), mid, down.flatten(1))
    assert found.spectrum is not None
    assert found.spectrum.norm == pytest.approx(float(whole.norm()), rel=1e-4)


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("lora_te1_text_model_encoder_layers_0_mlp_fc1", "text encoder 1"),
        ("lora_te2_text_model_encoder_layers_0_mlp_fc1", "text encoder 2"),
        ("lora_unet_double_blocks_3_img_attn_qkv", "transformer"),
        ("lora_unet_joint_blocks_0_context_block_attn_qkv", "transformer"),
        ("transformer.single_transformer_blocks.0.attn.to_q", "transformer"),
        ("unet.up_blocks.1.attentions.0.proj_in", "unet"),
        ("text_encoder_2.text_model.encoder.layers.0.self_attn.q_proj", "text encoder 2"),
        ("diffusion_model.blocks.0.cross_attn.k", "transformer"),
        ("lycoris_transformer_blocks_0_attn_to_q", "transformer"),
    ],
)
def test_the_parts_of_an_image_model_are_told_by_the_names(name: str, part: str, tmp_path: Path) -> None:
    suffixes = (
        (".lora_A.weight", ".lora_B.weight") if "." in name else (".lora_down.weight", ".lora_up.weight")
    )
    tensors = {name + suffixes[0]: made(4, 16), name + suffixes[1]: made(24, 4, seed=1)}
    found = inspect_adapter(write(tmp_path / "a.safetensors", tensors))
    assert [entry.name for entry in image(found).parts] == [part]
    assert found.modules[0].scale == 1.0


def test_a_language_model_is_not_taken_for_an_image_model(tmp_path: Path) -> None:
    for name in ("base_model.model.transformer.h.0.attn.c_attn", "model.layers.0.self_attn.q_proj"):
        tensors = {f"{name}.lora_A.weight": made(4, 16), f"{name}.lora_B.weight": made(24, 4)}
        assert inspect_adapter(write(tmp_path / "a.safetensors", tensors)).form == "file"


def test_other_kinds_are_named_and_not_measured(tmp_path: Path) -> None:
    oft = {f"{UNET}.oft_blocks": made(4, 6, 6), f"{UNET}.alpha": torch.tensor(1.0)}
    found = inspect_adapter(write(tmp_path / "a.safetensors", oft, ss_network_module="networks.oft"))
    assert (found.kind, found.modules, found.other_tensors) == ("oft", (), (f"{UNET}.oft_blocks",))
    dora = lora(UNET) | {f"{UNET}.dora_scale": made(24, 1)}
    assert inspect_adapter(write(tmp_path / "b.safetensors", dora)).kind == "dora"


def test_tags_are_counted_over_all_folders_and_the_most_frequent_shown(tmp_path: Path) -> None:
    tags = {"10_a": {f"tag {number}": number for number in range(60)}, "5_b": {"tag 3": 100, " 1girl ": 7}}
    about = image(
        inspect_adapter(
            write(tmp_path / "a.safetensors", ss_tag_frequency=tags, ss_dataset_dirs={"10_a": {}})
        )
    )
    assert (about.tags[0].text, about.tags[0].images) == ("tag 3", 103)
    assert (len(about.tags), about.tags_in_all) == (SHOWN_TAGS, 61)


@pytest.mark.parametrize(
    "value",
    [
        "[" * 300_000,
        '{"a":' * 100_000,
        "not json",
        "[1, 2]",
        '{"10_a": [1, 2], "5_b": {"x": "many", "y": -3, "z": 1e99, "w": true}, "c": null}',
        '{"10_a": {"\\ud800": 3}}',
        "7" * 9_000_000,
    ],
    ids=["deep list", "deep object", "text", "list", "odd counts", "half a surrogate", "9 MB"],
)
def test_json_bombs_and_odd_metadata_do_no_harm(value: str, tmp_path: Path) -> None:
    from loracheck import jsonl  # noqa: PLC0415 - next to its only use

    file = write(tmp_path / "a.safetensors", ss_tag_frequency=value, ss_dataset_dirs=value)
    found = inspect_adapter(file)
    assert image(found).people == ()
    assert all(tag.images in (0, 3) for tag in image(found).tags)
    assert jsonl.encode(found)


def test_long_and_strange_values_are_cut_and_kept_as_they_are_otherwise(tmp_path: Path) -> None:
    file = write(
        tmp_path / "a.safetensors",
        ss_training_comment="x" * 100_000,
        ss_output_name="\x1b[31mred\x07",
        more={"modelspec.title": "made up", "modelspec.thumbnail": "data:" + "y" * 5_000, "unknown": "z"},
    )
    facts = image(inspect_adapter(file)).facts
    assert facts["ss_training_comment"].endswith("(100,000 characters)")
    assert len(facts["ss_training_comment"]) < 400
    assert facts["ss_output_name"] == "\x1b[31mred\x07"
    assert set(facts) == {"ss_training_comment", "ss_output_name", "modelspec.title"}


def test_broken_numbers_are_named(tmp_path: Path) -> None:
    tensors = lora(UNET) | lora(TEXT, alpha=float("nan"))
    tensors[f"{UNET}.lora_up.weight"][0, 0] = float("inf")
    found = inspect_adapter(write(tmp_path / "a.safetensors", tensors))
    assert found.nonfinite_tensors == (f"{UNET}.lora_up.weight",)
    assert {module.note for module in found.modules} == {
        "it holds numbers that are not finite",
        "its alpha is no finite number",
    }
    zero = lora(UNET) | {f"{UNET}.lora_up.weight": torch.zeros(24, 4)}
    assert inspect_adapter(write(tmp_path / "b.safetensors", zero)).inert is True


# --- who may be named; every name here is made up

NAMES = {
    "mirelle_vandort": "shape",
    "Tobin Askerly": "shape",
    "hanaka mizuhara": "shape",
    "édith larivaux": "shape",
    "o'brannon kesky": "shape",
    "jean-luc tavernoy": "shape",
    "anna maria belquist": "shape",
    "a photo of Mirelle Vandort on a beach": "capitals",
    "artist:tobin askerly": "artist",
    "by greta holmqvist": "artist",
    "tobin askerly (artist)": "artist",
    "田中さん": "honorific",
    "みれるちゃん": "honorific",
    "ヴァンドルト様": "honorific",
    "佐藤氏": "honorific",
    "鈴木くん": "honorific",
    "山田花子": "honorific",
    "山田 花子": "honorific",
    "田中・未怜": "honorific",
    "ミレル・ヴァンドルト": "honorific",
    "poponu (mushroom saga)": "fictional",
    "poponu_(kinoko_monogatari)": "fictional",
}
DESCRIPTIONS = """
1girl; 2girls; 1boy; solo; solo focus; long hair; short hair; blonde hair; black hair; blue eyes; red_eyes;
bangs; breasts; looking at viewer; blush; smile; open mouth; closed mouth; simple background;
white background; skirt; multiple girls; thighhighs; dress; twintails; school uniform; serafuku;
pleated skirt; sailor collar; hair ornament; hair ribbon; gloves; long sleeves; short sleeves;
detached sleeves; bare shoulders; collarbone; jewelry; hat; animal ears; cat ears; fox tail; holding;
holding sword; weapon; from side; from above; dutch angle; upper body; full body; cowboy shot; portrait;
close-up; sitting; standing; lying; on back; arms up; hand on hip; outdoors; indoors; sky; day; night;
cloud; tree; cherry blossoms; japanese clothes; kimono; obi; wide sleeves; swimsuit; bikini; mary janes;
wrist cuffs; zettai ryouiki; ahoge; v-neck; monochrome; greyscale; comic; 4koma; chibi; highres; absurdres;
official art; artist name; signature; english text; blue (medium); sketch (medium); ribbon (symbol);
bow (weapon); hair_ornament_(flower); masterpiece; best quality; 8k; depth of field; film grain;
analog style; a photo of a woman in a red dress; a portrait, dramatic lighting; New York; by a window;
style of dress; artist unknown; cat girl; dragon horns; magical girl; virtual youtuber; stuffed bunny;
お母さん; お姉さん; おじいさん; 赤ちゃん; 猫ちゃん; パン屋さん; 看護師さん; 店員さん; 皆さん; 王様; 神様;
お姫様; 水玉模様; 仕様; 彼氏; 摂氏; 制服; 少女; 黒髪; 長い髪; 青い 目; 制服 少女; 学校 制服; 石川県; 清水寺;
上野公園; 中野駅; ショート・ヘア; ブルー・アイ; 女の子; 笑顔; 夕焼け;
""".replace("\n", " ")


@pytest.mark.parametrize(("text", "rule"), NAMES.items())
def test_a_text_of_the_shape_of_a_name_is_found(text: str, rule: str) -> None:
    assert rule_for(text) == rule


@pytest.mark.parametrize("text", [part.strip() for part in DESCRIPTIONS.split(";") if part.strip()])
def test_a_description_is_not_taken_for_a_name(text: str) -> None:
    assert rule_for(text) is None


@pytest.mark.parametrize(
    ("folder", "named"),
    [
        ("10_mirelle vandort woman", True),
        ("20_tobin_askerly", True),
        ("8_山田花子", True),
        ("20_ohwx woman", False),
        ("5_blue dress", False),
        ("3_my style", False),
        ("40_img", False),
        ("1_mirelle", False),
        ("100_sks dog", False),
    ],
)
def test_folders_of_training_images_are_read_without_their_repeats_and_class(
    folder: str, named: bool
) -> None:
    found = named_subjects([Tagged(text=folder, images=12, place="folder")])
    assert bool(found) is named
    if named:
        assert found[0].images == 12


def test_names_are_warned_of_and_characters_of_works_are_kept_apart(tmp_path: Path) -> None:
    file = write(
        tmp_path / "a.safetensors",
        ss_tag_frequency={
            "10_x": {"1girl": 40, "mirelle vandort": 39, "poponu (mushroom saga)": 20, "花子ちゃん": 2}
        },
        ss_dataset_dirs={"10_tobin askerly man": {"n_repeats": 10, "img_count": 44}},
        ss_output_name="mirelle vandort",
        more={"modelspec.author": "Greta Holmqvist"},
    )
    found = inspect_adapter(file)
    about = image(found)
    assert [(one.text, one.images, one.rule) for one in about.people] == [
        ("tobin askerly man", 44, "folder"),
        ("mirelle vandort", 39, "shape"),
        ("花子ちゃん", 2, "honorific"),
    ]
    assert [(one.text, one.rule) for one in about.fictional] == [("poponu (mushroom saga)", "fictional")]
    notice = next(notice for notice in found.notices if notice.code == "may_name_a_person")
    assert "may name a person: tobin askerly man, mirelle vandort" in notice.text


def test_an_adapter_without_names_has_no_warning(tmp_path: Path) -> None:
    tags = {"10_blue dress": {"1girl": 9, "solo": 9, "long hair": 9, "looking at viewer": 7}}
    found = inspect_adapter(write(tmp_path / "a.safetensors", ss_tag_frequency=tags))
    assert [notice.code for notice in found.notices] == ["image_model"]
