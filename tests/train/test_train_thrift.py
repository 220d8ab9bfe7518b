from __future__ import annotations

import ctypes
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from torch.nn import functional
from transformers.models.gemma3.modeling_gemma3 import Gemma3RMSNorm
from transformers.models.llama.modeling_llama import LlamaRMSNorm

from loracheck.models.likelihood import pad
from loracheck.models.load import Base, load_base
from loracheck.templates.chat import IGNORED, EncodedRow
from loracheck.train.adapters import add_adapter
from loracheck.train.config import TrainConfig
from loracheck.train.fitting.loss import install_loss
from loracheck.train.fitting.thrift import keep_little

ROOT = Path(__file__).parents[2]

ATTENTION = "q_proj,k_proj,v_proj,o_proj"
BASES = ["tiny_gemma", "tiny_smollm"]
Gradients = dict[str, torch.Tensor]


def row(seed: int, prompt: int, reply: int) -> EncodedRow:
    generator = torch.Generator().manual_seed(seed)
    ids = tuple(torch.randint(3, 97, (prompt + reply,), generator=generator).tolist())
    return EncodedRow(ids=ids, labels=(*[IGNORED] * prompt, *ids[prompt:]), prompt_is_prefix=True)


ROWS = [row(1, 5, 17), row(2, 3, 21), row(3, 9, 6)]


def adapted(
    folder: Path, dtype: torch.dtype, config: TrainConfig, held: torch.dtype | None = None
) -> tuple[Base, Any]:
    """An adapted base in a type; held is the type that its weights were rounded to before."""
    base = load_base(str(folder), quantization=config.quantization)
    if config.quantization == "none":
        base.model.to(dtype=held or dtype).to(dtype=dtype)  # type: ignore[call-arg]
    torch.manual_seed(0)
    model = add_adapter(base, config)
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data += 0.05 * torch.randn(parameter.shape).to(parameter.dtype)
    model.train()
    return base, model


def loss_and_gradients(model: torch.nn.Module) -> tuple[float, Gradients]:
    torch.manual_seed(1)
    loss = model(**pad(ROWS, 0)).loss
    loss.backward()
    return float(loss.detach()), {
        name: weight.grad for name, weight in model.named_parameters() if weight.grad is not None
    }


def taken(
    folder: Path, dtype: torch.dtype, config: TrainConfig, *, thrifty: bool, held: torch.dtype | None = None
) -> tuple[float, Gradients]:
    base, model = adapted(folder, dtype, config, held)
    if config.gradient_checkpointing:
        base.model.gradient_checkpointing_enable({"use_reentrant": False})
    if thrifty:
        keep_little(model)
        assert patched(model)
    assert install_loss(base.model, ROWS[0]) == "tiles"
    return loss_and_gradients(model)


def patched(model: torch.nn.Module) -> set[str]:
    return {type(module).__name__ for module in model.modules() if "forward" in vars(module)}


KINDS: list[dict[str, Any]] = [
    {"target_modules": ATTENTION},
    {},
    {"gradient_checkpointing": True},
    {"lora_dropout": 0.1},
    {"use_dora": True},
]


@pytest.mark.parametrize("given", KINDS)
@pytest.mark.parametrize("name", BASES)
def test_in_float32_loss_and_gradients_are_the_same_to_the_last_bit(
    name: str, given: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    folder, config = request.getfixturevalue(name), TrainConfig(lora_r=4, **given)
    plain_loss, plain = taken(folder, torch.float32, config, thrifty=False)
    loss, gradients = taken(folder, torch.float32, config, thrifty=True)
    assert loss == plain_loss
    assert gradients.keys() == plain.keys()
    for place, gradient in gradients.items():
        assert plain[place].any(), place
        assert torch.equal(gradient, plain[place]), place


@pytest.mark.parametrize("given", [*KINDS, {"adapter_dtype": "bfloat16"}])
@pytest.mark.parametrize("name", BASES)
def test_in_16_bits_the_gradients_are_no_further_from_the_exact_ones(
    name: str, given: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    folder, config = request.getfixturevalue(name), TrainConfig(lora_r=4, **given)
    plain_loss, plain = taken(folder, torch.bfloat16, config, thrifty=False)
    loss, gradients = taken(folder, torch.bfloat16, config, thrifty=True)
    exact_loss, exact = taken(folder, torch.float32, config, thrifty=False, held=torch.bfloat16)
    assert abs(loss - exact_loss) < 1.2 * abs(plain_loss - exact_loss) + 1e-4 * exact_loss
    assert apart(gradients, exact) < 1.1 * apart(plain, exact)


@pytest.mark.parametrize("name", BASES)
def test_in_nf4_the_gradients_are_those_of_the_separate_operations_but_for_rounding(
    name: str, request: pytest.FixtureRequest
) -> None:
    folder, config = request.getfixturevalue(name), TrainConfig(lora_r=4, quantization="nf4")
    plain_loss, plain = taken(folder, torch.bfloat16, config, thrifty=False)
    loss, gradients = taken(folder, torch.bfloat16, config, thrifty=True)
    assert loss == pytest.approx(plain_loss, rel=1e-3)
    assert apart(gradients, plain) < 0.03


def apart(found: Gradients, wanted: Gradients) -> float:
    """The length of the difference of two gradients, to that of the wanted one."""
    assert found.keys() == wanted.keys()
    wrong = torch.cat([(found[place] - wanted[place]).double().flatten() for place in wanted])
    return float(wrong.norm() / torch.cat([wanted[place].double().flatten() for place in wanted]).norm())


@pytest.mark.parametrize(("given", "share"), [({"target_modules": ATTENTION}, 0.53), ({}, 0.5)])
@pytest.mark.parametrize("name", BASES)
def test_the_forward_keeps_about_half_of_the_bytes(
    name: str, given: dict[str, Any], share: float, request: pytest.FixtureRequest
) -> None:
    config = TrainConfig(lora_r=4, **given)
    base, model = adapted(request.getfixturevalue(name), torch.bfloat16, config)
    base.model.set_attn_implementation("sdpa")  # its own attention keeps less, whoever trains it
    before = kept_bytes(base, model)
    keep_little(model)
    assert kept_bytes(base, model) < share * before


def kept_bytes(base: Base, model: torch.nn.Module) -> int:
    """Bytes of the storages that a forward saves, weights aside."""
    own = {tensor.untyped_storage().data_ptr() for tensor in [*model.parameters(), *model.buffers()]}
    saved: dict[int, torch.UntypedStorage] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            saved[storage.data_ptr()] = storage
        return tensor

    batch = pad(ROWS, 0)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        base.model.get_decoder()(
            input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], use_cache=False
        )
    return sum(storage.nbytes() for storage in saved.values())


@pytest.mark.parametrize(
    ("given", "untouched"),
    [
        ({}, set()),
        ({"lora_dropout": 0.1}, {"lora_A"}),
        ({"use_dora": True}, {"lora_A"}),
        ({"peft_type": "loha"}, {"lora_A"}),
    ],
)
def test_layers_that_do_more_stay_as_they_are(
    tiny_smollm: Path, given: dict[str, Any], untouched: set[str]
) -> None:
    _, model = adapted(tiny_smollm, torch.bfloat16, TrainConfig(lora_r=4, **given))
    keep_little(model)
    assert patched(model) == {"LlamaMLP", "LlamaRMSNorm"} | ({"Linear"} if not untouched else set())


def test_a_norm_that_is_trained_stays_as_it_is(tiny_smollm: Path) -> None:
    base, model = adapted(tiny_smollm, torch.bfloat16, TrainConfig(lora_r=4, target_modules=ATTENTION))
    norm: Any = base.model.get_decoder().norm
    norm.weight.requires_grad_()
    keep_little(model)
    assert "forward" not in vars(norm)
    assert install_loss(base.model, ROWS[0]) == "tiles"
    _, gradients = loss_and_gradients(model)
    assert any(name.endswith("norm.weight") and gradient.any() for name, gradient in gradients.items())


@pytest.mark.parametrize("alpha", [8, 11])
def test_a_lora_layer_adds_what_peft_adds(alpha: int) -> None:
    held = torch.nn.ModuleDict({"base": torch.nn.Linear(96, 64, bias=False)}).bfloat16()
    config = LoraConfig(r=4, lora_alpha=alpha, target_modules=["base"])
    model = get_peft_model(held, config, autocast_adapter_dtype=True)
    layer: Any = model.get_submodule("base_model.model.base")
    weights = [layer.lora_A["default"].weight, layer.lora_B["default"].weight]
    torch.nn.init.normal_(weights[1])
    inputs = torch.randn(5, 7, 96).bfloat16().requires_grad_()
    outer = torch.randn(5, 7, 64).bfloat16()
    before = layer(inputs)
    wanted = torch.autograd.grad(before, [inputs, *weights], outer)
    keep_little(layer)
    after = layer(inputs)
    assert "LowRank" in type(after.grad_fn).__name__
    assert after.dtype is before.dtype
    assert torch.allclose(after, before, rtol=2**-7, atol=1e-6)
    for found, as_before in zip(torch.autograd.grad(after, [inputs, *weights], outer), wanted, strict=True):
        assert found.dtype is as_before.dtype
        assert float((found - as_before).norm() / as_before.norm()) < 2**-8
    with model.disable_adapter():
        assert torch.equal(layer(inputs), layer.base_layer(inputs))


def by_formula(inputs: torch.Tensor, weight: torch.Tensor, offset: float) -> torch.Tensor:
    """A root mean square norm in the type of its input."""
    inverse = torch.rsqrt(inputs.square().mean(-1, keepdim=True) + 1e-6)
    return inputs * inverse * (weight.to(inputs.dtype) + offset)


@pytest.mark.parametrize(("form", "offset"), [(LlamaRMSNorm, 0.0), (Gemma3RMSNorm, 1.0)])
@pytest.mark.parametrize("size", [1e-4, 1.0, 100.0])
def test_the_slope_of_a_norm_is_that_of_its_formula(form: type, offset: float, size: float) -> None:
    norm = form(96, eps=1e-6).bfloat16().requires_grad_(False)
    norm.weight.copy_(torch.randn(96))
    inputs = (size * torch.randn(4, 7, 96)).bfloat16().requires_grad_()
    outer = torch.randn(4, 7, 96).bfloat16()
    (separate,) = torch.autograd.grad(norm(inputs), inputs, outer)
    before = norm(inputs)
    keep_little(norm)
    found = norm(inputs)
    assert "RootMeanSquare" in type(found.grad_fn).__name__
    assert torch.equal(found, before)
    (slope,) = torch.autograd.grad(found, inputs, outer)
    exact = inputs.detach().double().requires_grad_()
    (wanted,) = torch.autograd.grad(by_formula(exact, norm.weight, offset), exact, outer.double())

    def error(gradient: torch.Tensor) -> float:
        return float((gradient.double() - wanted).norm() / wanted.norm())

    assert error(slope) < 2**-8
    assert error(slope) <= 1.001 * error(separate)


class CentredRMSNorm(LlamaRMSNorm):
    def forward(self, hidden_states: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = super().forward(hidden_states - hidden_states.mean(-1, keepdim=True))
        return out


class DoubledRMSNorm(LlamaRMSNorm):
    def forward(self, hidden_states: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = super().forward(hidden_states) * 2
        return out


class WithoutEpsRMSNorm(LlamaRMSNorm):
    def forward(self, hidden_states: torch.Tensor) -> torch.Tensor:
        inverse = torch.rsqrt(hidden_states.float().square().mean(-1, keepdim=True))
        return self.weight * (hidden_states * inverse).to(hidden_states.dtype)


@pytest.mark.parametrize("form", [CentredRMSNorm, DoubledRMSNorm, WithoutEpsRMSNorm])
def test_a_norm_of_another_form_keeps_its_own_slope(form: type) -> None:
    norm = form(96, eps=1e-2).bfloat16().requires_grad_(False)
    inputs = torch.randn(4, 96).add_(1).bfloat16().requires_grad_()
    outer = torch.randn(4, 96).bfloat16()
    (wanted,) = torch.autograd.grad(norm(inputs), inputs, outer)
    keep_little(norm)
    assert "forward" in vars(norm)
    (found,) = torch.autograd.grad(norm(inputs), inputs, outer)
    assert torch.equal(found, wanted)


class Mlp(torch.nn.Module):
    """A gated MLP as most architectures have it; the others do something else with the same parts."""

    def __init__(self) -> None:
        super().__init__()
        self.gate_proj, self.up_proj = torch.nn.Linear(8, 16), torch.nn.Linear(8, 16)
        self.down_proj = torch.nn.Linear(16, 8)
        self.act_fn: Callable[[torch.Tensor], torch.Tensor] = functional.silu
        self.scale = torch.nn.Parameter(torch.ones(()))

    def forward(self, inputs: torch.Tensor) -> Any:  # noqa: ANN401
        return self.down_proj(self.act_fn(self.gate_proj(inputs)) * self.up_proj(inputs))


class UpIsActivated(Mlp):
    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.down_proj(self.gate_proj(inputs) * self.act_fn(self.up_proj(inputs)))
        return out


class Clamped(Mlp):
    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        gate = self.gate_proj(inputs).clamp(max=7)
        out: torch.Tensor = self.down_proj(self.act_fn(gate) * self.up_proj(inputs))
        return out


class Scaled(Mlp):
    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = super().forward(inputs) * self.scale
        return out


class InFloat32(Mlp):
    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        gate = self.act_fn(self.gate_proj(inputs).float())
        out: torch.Tensor = self.down_proj((gate * self.up_proj(inputs)).to(inputs.dtype))
        return out


class WithMore(Mlp):
    def forward(self, inputs: torch.Tensor) -> tuple[torch.Tensor, None]:
        return super().forward(inputs), None


class TrainedActivation(Mlp):
    def __init__(self) -> None:
        super().__init__()
        self.act_fn = torch.nn.PReLU()


@pytest.mark.parametrize(
    ("form", "usual"),
    [
        (Mlp, True),
        (UpIsActivated, False),
        (Clamped, False),
        (Scaled, False),
        (InFloat32, False),
        (WithMore, False),
        (TrainedActivation, False),
    ],
)
def test_an_mlp_of_another_form_stays_as_it_is(form: type[Mlp], usual: bool) -> None:
    mlp, inputs = form(), torch.randn(2, 8, requires_grad=True)
    before, weights = mlp(inputs), [mlp.gate_proj.weight, inputs]
    before = before[0] if isinstance(before, tuple) else before
    slopes = torch.autograd.grad(before.square().sum(), weights)
    keep_little(mlp)
    assert ("forward" in vars(mlp)) == usual
    after = mlp(inputs)
    after = after[0] if isinstance(after, tuple) else after
    assert torch.equal(after, before)
    for found, wanted in zip(torch.autograd.grad(after.square().sum(), weights), slopes, strict=True):
        assert torch.equal(found, wanted)


def test_a_model_that_keeps_little_answers_the_same(tiny_gemma: Path) -> None:
    _, model = adapted(tiny_gemma, torch.bfloat16, TrainConfig(lora_r=4))
    model.eval()
    ids = pad(ROWS, 0)["input_ids"]
    with torch.no_grad():
        before = model(input_ids=ids).logits
        keep_little(model)
        assert torch.equal(model(input_ids=ids).logits, before)


def mapped_regions() -> int:
    """How many allocations of this process glibc has mapped for themselves."""

    class Info(ctypes.Structure):
        _fields_ = [(name, ctypes.c_size_t) for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd")] + [
            ("more", ctypes.c_size_t * 5)
        ]

    library = ctypes.CDLL(None)
    if not hasattr(library, "mallinfo2"):
        pytest.skip("no glibc of 2.33 or later")
    library.mallinfo2.restype = Info
    return int(library.mallinfo2().hblks)


_LARGE = """
import sys
import torch
from loracheck.train.fitting.heap import return_large_tensors
from tests.train.test_train_thrift import mapped_regions
return_large_tensors(int(sys.argv[1]))
before = mapped_regions()
tensor = torch.empty(24 << 20, dtype=torch.uint8)
outside = mapped_regions() - before
del tensor
print(outside, mapped_regions() - before)
"""


@pytest.mark.parametrize(("large", "found"), [(2 << 20, "1 0"), (32 << 20, "0 0")])
def test_only_large_tensors_lie_outside_of_the_heap(large: int, found: str) -> None:
    mapped_regions()  # skips where it cannot be told
    script = [
        sys.executable,
        "-c",
        _LARGE,
        str(large),
    ]  # of its own: free parts of this heap would be taken first
    done = subprocess.run(script, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == found, done.stderr
