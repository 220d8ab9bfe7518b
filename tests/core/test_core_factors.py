from __future__ import annotations

import pytest

from loracheck.adapters.factors import changing_modules, tensor_name

Q = "base_model.model.model.layers.0.self_attn.q_proj"


@pytest.mark.parametrize(
    ("key", "module", "factor"),
    [
        (f"{Q}.lora_A.weight", Q, "lora_A"),
        (f"{Q}.lora_B.default.weight", Q, "lora_B"),
        (f"{Q}.lora_B.bias", Q, "lora_bias"),
        (f"{Q}.lora_A", Q, "lora_A"),
        (f"{Q}.lora_E", Q, "lora_E"),
        (f"{Q}.lora_magnitude_vector", Q, "lora_magnitude_vector"),
        (f"{Q}.hada_w1_a", Q, "hada_w1_a"),
        (f"{Q}.lokr_w2", Q, "lokr_w2"),
        (f"{Q}.lokr_w2_b", Q, "lokr_w2_b"),
        ("model.embed_tokens.lora_embedding_A", "model.embed_tokens", "lora_embedding_A"),
        ("lora_unet_mid.lora_down.weight", "lora_unet_mid", "lora_A"),
        ("lora_unet_mid.lora_up.weight", "lora_unet_mid", "lora_B"),
        ("lora_unet_mid.lora_mid.weight", "lora_unet_mid", "lora_mid"),
        ("lora_unet_mid.dora_scale", "lora_unet_mid", "lora_magnitude_vector"),
        ("unet.mid.to_q.lora.down.weight", "unet.mid.to_q", "lora_A"),
        ("lora_A.weight", "", "lora_A"),
    ],
)  # fmt: skip
def test_the_names_of_all_trainers_are_taken_apart(key: str, module: str, factor: str) -> None:
    found = tensor_name(key)
    assert found is not None
    assert (found.module, found.factor) == (module, factor)


@pytest.mark.parametrize(
    "key",
    [
        "model.norm.weight",
        f"{Q}.lora_A.weight.more",
        f"{Q}.lora_C.weight",
        "lora_unet_mid.alpha",
        "lora_A_x",
        "",
    ],
)
def test_other_names_are_no_factors(key: str) -> None:
    assert tensor_name(key) is None


def test_one_zero_factor_makes_a_module_change_nothing() -> None:
    a, b = f"{Q}.lora_A.weight", f"{Q}.lora_B.weight"
    assert changing_modules({a: False, b: True}) == ([], [])
    assert changing_modules({a: True, b: False}) == ([], [])
    assert changing_modules({a: False, b: False}) == ([Q], [])


def test_what_stands_beside_the_product_is_told_apart() -> None:
    zero = {
        f"{Q}.lora_A.weight": False,
        f"{Q}.lora_B.weight": True,
        f"{Q}.lora_B.bias": False,
        f"{Q}.lora_magnitude_vector": False,
        "base_model.model.model.norm.weight": False,
        "base_model.model.model.bias": True,
    }
    outside = [f"{Q}.lora_B.bias", f"{Q}.lora_magnitude_vector", "base_model.model.model.norm.weight"]
    assert changing_modules(zero) == ([], outside)
