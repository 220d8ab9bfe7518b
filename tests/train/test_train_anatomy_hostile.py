"""Hostile adapter files: weights, pickles, configurations and patterns end in one clear message."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loracheck.adapters.files import ADAPTER_WEIGHTS
from loracheck.errors import AdapterError
from loracheck.train.inspection.anatomy import inspect_adapter
from tests.train.inspected_adapters import change_config, codes, loads, spectra


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no whole safetensors file"),
        (b"\x10\x00", "no whole safetensors file"),
        ((2**63).to_bytes(8, "little") + b"{}", "its header would be 9,223,372,036,854,775,808 bytes"),
        ((40 * 2**20).to_bytes(8, "little") + b" " * (40 * 2**20), "are read at most"),
        ((4).to_bytes(8, "little") + b"nope", "is damaged"),
        ((8).to_bytes(8, "little") + b'{"a":[1]}', "is damaged"),
        (b"PK\x03\x04" + b"\0" * 100, "is a pickle"),
        (b"\x80\x04\x95" + b"\0" * 100, "is a pickle"),
    ],
    ids=["empty", "short", "header of 9 EB", "header of 40 MiB", "no JSON", "odd JSON", "zip", "pickle"],
)
def test_hostile_weights_end_in_one_clear_message(content: bytes, message: str, broken: Path) -> None:
    (broken / ADAPTER_WEIGHTS).write_bytes(content)
    with pytest.raises(AdapterError, match=message):
        inspect_adapter(broken)


def test_a_file_that_was_cut_off_anywhere_is_refused(broken: Path) -> None:
    whole = (broken / ADAPTER_WEIGHTS).read_bytes()
    for length in range(0, len(whole), len(whole) // 23):
        (broken / ADAPTER_WEIGHTS).write_bytes(whole[:length])
        with pytest.raises(AdapterError):
            inspect_adapter(broken)


def test_a_header_whose_offsets_lie_is_refused_and_its_names_are_made_visible(broken: Path) -> None:
    header = json.dumps({"a\x1b[2J": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}}).encode()
    (broken / ADAPTER_WEIGHTS).write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(AdapterError, match="is damaged") as caught:
        inspect_adapter(broken)
    assert "\x1b" not in str(caught.value)
    header = json.dumps({"a\x1b[2J": {"dtype": "F32", "shape": [1], "data_offsets": [8, 4]}}).encode()
    (broken / ADAPTER_WEIGHTS).write_bytes(len(header).to_bytes(8, "little") + header + b"12345678")
    with pytest.raises(AdapterError, match="is damaged") as caught:
        inspect_adapter(broken)
    assert "\x1b" not in str(caught.value)


def test_a_pickle_is_refused_and_never_opened(broken: Path, tmp_path: Path) -> None:
    (broken / ADAPTER_WEIGHTS).rename(broken / "adapter_model.bin")
    with pytest.raises(AdapterError, match=r"only adapter_model\.bin: a pickle, which can run code"):
        inspect_adapter(broken)
    with pytest.raises(AdapterError, match="is a pickle, which can run code"):
        inspect_adapter(broken / "adapter_model.bin")
    for odd in (tmp_path / "nothing", tmp_path):
        with pytest.raises(AdapterError, match="is no adapter"):
            inspect_adapter(odd)


@pytest.mark.parametrize(
    "content", [b"[1, 2]", b"{", b"\xff\xfe", b"[" * 200_000, b"7" * 10_000, b'{"r": ' + b"[" * 90_000]
)
def test_a_configuration_that_is_no_object_is_refused(content: bytes, broken: Path) -> None:
    (broken / "adapter_config.json").write_bytes(content)
    with pytest.raises(AdapterError, match="no JSON object"):
        inspect_adapter(broken)


def test_values_of_wrong_types_in_the_configuration_are_passed_over(broken: Path) -> None:
    change_config(
        broken,
        r="four",
        lora_alpha=[1],
        rank_pattern=["x"],
        alpha_pattern={"q_proj": "much", "o_proj": 10**400},
        target_modules={"a": 1},
        base_model_name_or_path=7,
        modules_to_save=3,
        init_lora_weights={"pissa": 1},
    )
    found = inspect_adapter(broken)
    assert found.base == ""
    assert {module.scale for module in found.modules} == {None}
    assert not loads(found, "vLLM").loads


def test_a_pattern_that_would_never_end_is_not_followed(broken: Path) -> None:
    change_config(broken, alpha_pattern={"(.*)*(.*)*(.*)*x": 1, r"(?:a+)+$": 2, "((": 3, "o_proj": 40})
    found = inspect_adapter(broken)  # which ends
    assert "pattern_not_followed" in codes(found)
    assert spectra(found)["model.layers.0.self_attn.o_proj"].alpha == 40.0
    assert spectra(found)["model.layers.0.self_attn.q_proj"].alpha == 12.0
