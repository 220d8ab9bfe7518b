"""A micro-batch played through with shapes only: what it holds in memory, what it computes, what it moves.

The model with its adapter is run forward and backward on fake tensors, which have a shape, a type and a life time,
and no memory. So the bytes that autograd keeps are counted for the very operations that a training runs, for every
architecture and kind of adapter, instead of being guessed from a formula of one architecture.
"""

from __future__ import annotations

import logging
import math
import weakref
from collections import defaultdict
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from transformers import PreTrainedModel

from loracheck.models.head import head_form
from loracheck.models.load import packed_dtype
from loracheck.train.config import TrainConfig
from loracheck.train.fitting.thrift import keep_little

from .adapted import adapted
from .architecture import Architecture

_log = logging.getLogger(__name__)
THIN = 256
"""Below this a side of a matrix product makes it slow for its size, as an adapter's rank does."""
_CURVED = frozenset({"gelu", "silu", "sigmoid", "tanh", "exp", "softplus", "relu", "leaky_relu", "_softmax"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What one micro-batch takes, head left out where it is applied by tiles.

    Attributes:
        peak: Bytes alive at the worst moment besides weights and adapter: activations, gradients, copies.
        kept: Bytes that the forward leaves for the backward.
        products: Floating-point operations of the matrix products, by type; "thin" ones are low-rank.
        attention: Those of attention, forward and backward.
        curved: Bytes read and written by the activation function and its like, which compute for each of them.
        moved: Bytes read and written by everything else.
        operations: Calls of torch, each of which has a price of its own.
        tiled: Whether the head could be left out.
    """

    peak: int
    kept: int
    products: dict[str, float]
    attention: float
    curved: float
    moved: float
    operations: int
    tiled: bool


def rehearse(
    architecture: Architecture,
    config: TrainConfig,
    *,
    rows: int,
    longest: int,
    trained: int,
    layers: int | None = None,
    device: str = "cpu",
) -> Rehearsal | None:
    """Play a micro-batch of so many rows of so many tokens through the model with its adapter.

    Args:
        architecture: The base.
        config: Kind, rank and targets of the adapter, quantisation, checkpointing.
        rows: Rows of the micro-batch; 1 for packed ones.
        longest: Tokens of each, padding included.
        trained: Positions with loss.
        layers: Fewer layers than the model has, for an estimate in less time.
        device: Where the training would run; decides on the kind of attention.

    Returns:
        The figures; None for an architecture that does something which depends on values.

    Raises:
        UsageError: the target modules reach nothing.
    """
    model = adapted(architecture, config, layers)
    base = cast(PreTrainedModel, model.get_base_model())
    if not config.sharded:
        keep_little(model)
    counter = _Counter()
    try:
        with FakeTensorMode(allow_non_fake_inputs=True), torch.random.fork_rng(devices=[]):
            _give_fake_weights(model, counter, device)
            model.train()
            if config.gradient_checkpointing:
                _checkpoint(base)
            ids = torch.zeros((rows, longest), dtype=torch.long, device=device)
            mask = torch.ones((rows, longest), dtype=torch.long, device=device)
            tiled = head_form(base) is not None
            with counter:
                kept = _run(base, ids, mask, trained, tiled, counter)
    except (RuntimeError, NotImplementedError, TypeError, ValueError, AttributeError, KeyError) as error:
        _log.info("%s cannot be played through: %s", architecture.model_type, error)
        return None
    return Rehearsal(
        peak=counter.peak,
        kept=kept,
        products=dict(counter.products),
        attention=counter.attention,
        curved=counter.curved,
        moved=counter.moved,
        operations=counter.operations,
        tiled=tiled,
    )


def _run(
    base: PreTrainedModel,
    ids: torch.Tensor,
    mask: torch.Tensor,
    trained: int,
    tiled: bool,
    counter: _Counter,
) -> int:
    """Run forward and backward as the loss of training does; returns the bytes kept in between."""
    if tiled:
        hidden = base.get_decoder()(input_ids=ids, attention_mask=mask, use_cache=False).last_hidden_state
        places = torch.zeros(trained, dtype=torch.long, device=ids.device)
        picked = hidden[places % hidden.shape[0], places]
        kept = counter.live
        del hidden
        torch.autograd.backward(picked, torch.empty_like(picked))
        return kept
    logits = base(input_ids=ids, attention_mask=mask, use_cache=False).logits[:, :-1]
    loss = functional.cross_entropy(logits.flatten(0, 1).float(), ids[:, 1:].flatten(), reduction="sum")
    del logits
    kept = counter.live
    torch.autograd.backward(loss)
    return kept


def _give_fake_weights(model: torch.nn.Module, counter: _Counter, device: str) -> None:
    """Replace meta weights by fake ones, one for one, and quantised layers by what they compute."""
    made: dict[int, torch.Tensor] = {}

    def fake(tensor: torch.Tensor) -> torch.Tensor:
        if id(tensor) not in made:
            made[id(tensor)] = torch.empty(tensor.shape, dtype=tensor.dtype, device=device)
            counter.know(made[id(tensor)])
        return made[id(tensor)]

    for module in model.modules():
        quantized = type(module).__module__.startswith("bitsandbytes")
        for name, parameter in list(module._parameters.items()):
            if parameter is None:
                continue
            if quantized and name == "weight":
                module._parameters[name] = None
                eight = "8bit" in type(module).__name__
                module.forward = _Packed(
                    shape=tuple(parameter.shape),
                    dtype=None if eight else packed_dtype(),
                    device=device,
                ).forward
                continue
            module._parameters[name] = torch.nn.Parameter(
                fake(parameter), requires_grad=parameter.requires_grad
            )
        for name, buffer in list(module._buffers.items()):
            if buffer is not None:
                module._buffers[name] = fake(buffer)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Packed:
    """The weight of a quantised layer, which is unpacked for every product."""

    shape: tuple[int, ...]
    dtype: torch.dtype | None
    device: str

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Take the memory and time of the layer's own forward."""
        result = _PackedProduct.apply(inputs.to(self.dtype or inputs.dtype), self)  # type: ignore[no-untyped-call]
        return cast(torch.Tensor, result).to(inputs.dtype)

    def unpack(self, like: torch.Tensor) -> torch.Tensor:
        """Return the weight in the type of what it is multiplied with."""
        return torch.empty(self.shape, dtype=like.dtype, device=self.device)


class _PackedProduct(torch.autograd.Function):
    """A product with a packed weight: bitsandbytes' 8 bits keep the inputs for the backward, 4 bits nothing."""

    @staticmethod
    def forward(ctx: Any, inputs: torch.Tensor, packed: _Packed) -> torch.Tensor:  # noqa: ANN401
        ctx.packed = packed
        if packed.dtype is None:
            ctx.save_for_backward(inputs)
            inputs.to(torch.float16).to(torch.int8)
        return inputs @ packed.unpack(inputs).t()

    @staticmethod
    def backward(ctx: Any, *outer: torch.Tensor) -> tuple[torch.Tensor, None]:  # noqa: ANN401
        return outer[0] @ ctx.packed.unpack(outer[0]), None


def _checkpoint(base: PreTrainedModel) -> None:
    base.gradient_checkpointing_enable({"use_reentrant": False})


class _Counter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Count the bytes alive, the products, the bytes moved and the calls of everything that runs under it."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.live = self.peak = self.operations = 0
        self.attention = self.curved = self.moved = 0.0
        self.products: dict[str, float] = defaultdict(float)
        self._sizes: dict[int, int] = {}

    def know(self, tensor: torch.Tensor) -> None:
        """Take a weight for given: neither it nor a view of it counts."""
        self._sizes[tensor.untyped_storage()._cdata] = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # noqa: ANN401
        if func is torch.ops.aten._local_scalar_dense.default and isinstance(args[0], FakeTensor):
            return 1.0 if args[0].dtype.is_floating_point else 1  # a fake tensor has no value: take it for 1
        if func is torch.ops.aten._grouped_mm.default:  # its fake kernel takes bfloat16 only
            experts = args[2].shape[:1] if args[0].dim() == args[1].dim() == 2 else ()
            out = args[0].new_empty((*experts, args[0].shape[0], args[1].shape[-1]))
        else:
            out = func(*args, **(kwargs or {}))
        made = [leaf for leaf in tree_leaves(out) if isinstance(leaf, torch.Tensor)]
        fresh = sum(self._meet(tensor) for tensor in made)
        if fresh or func._schema.is_mutable:
            self.operations += 1
            given = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
            self._charge(func._schema.name.partition("::")[2], given, made)
        self.peak = max(self.peak, self.live)
        return out

    def _charge(self, name: str, given: list[torch.Tensor], made: list[torch.Tensor]) -> None:
        moved = sum(_bytes(tensor) for tensor in (*given, *made))
        if "scaled_dot_product" in name:
            self.attention += _attention(name, given)
        elif size := _product(name, given, made):
            thin = " thin" if min(size) < THIN else ""
            self.products[str(given[-1].dtype).removeprefix("torch.") + thin] += 2.0 * math.prod(size)
        elif name.partition("_backward")[0] in _CURVED:
            self.curved += moved
        else:
            self.moved += moved

    def _meet(self, tensor: torch.Tensor) -> int:
        storage = tensor.untyped_storage()
        key = storage._cdata
        if key in self._sizes:
            return 0
        size = int(storage.nbytes())
        self._sizes[key] = size
        self.live += size
        weakref.finalize(storage, self._leave, key)
        return size

    def _leave(self, key: int) -> None:
        self.live -= self._sizes.pop(key)


def _bytes(tensor: torch.Tensor) -> int:
    return tensor.numel() * tensor.element_size()


def _product(name: str, given: list[torch.Tensor], made: list[torch.Tensor]) -> tuple[int, ...]:
    """Return the three sizes of a matrix product, batches included; nothing for anything else."""
    if name in ("addmm", "addmm_", "baddbmm"):
        given = given[1:]
    elif name not in ("mm", "bmm", "_grouped_mm"):
        return ()
    inner = given[0].shape[-1]
    *batch, rows, columns = made[0].shape
    return (math.prod(batch) * rows, inner, columns)


def _attention(name: str, given: list[torch.Tensor]) -> float:
    """Return the operations of fused attention: two products forward, five backward."""
    backward = "backward" in name
    query, key = given[1:3] if backward else given[:2]
    return 2.0 * math.prod(query.shape) * key.shape[-2] * (5 if backward else 2)
