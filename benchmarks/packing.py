"""How exact packing is: gradients of one batch, padded and packed, held against those in float32.

Use: python benchmarks/packing.py [--layers 4,32] [--hidden 128]

A Llama with random weights reads eight rows of random tokens; the gradient is that of a fresh LoRA of rank 8 on all
attention layers, on the CPU. In bf16 padded and packed rows go through other attention kernels, which round
otherwise; the last column says how far that moves them from one another, the two before it how far bf16 moves each
from float32.
"""

from __future__ import annotations

import argparse
import copy

import torch
from peft import LoraConfig, get_peft_model
from rich.console import Console
from rich.table import Table
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedModel

from loracheck.templates.chat import EncodedRow
from loracheck.train.batches.layout import lay_out

_VOCABULARY = 1000


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--layers", default="4,32")
    parser.add_argument("--hidden", type=int, default=128)
    given = parser.parse_args()
    table = Table(
        "layers", "padded, float32 to bf16", "packed, float32 to bf16", "padded to packed, bf16", "in float32"
    )
    for layers in (int(text) for text in given.layers.split(",")):
        model, rows = _model(layers, given.hidden), _rows()
        exact = _gradient(model, rows, torch.float32, packing=False)
        padded = _gradient(model, rows, torch.bfloat16, packing=False)
        packed = _gradient(model, rows, torch.bfloat16, packing=True)
        packed_exactly = _gradient(model, rows, torch.float32, packing=True)
        table.add_row(
            str(layers),
            *(
                f"{_apart(one, other):.1e}"
                for one, other in (
                    (padded, exact),
                    (packed, exact),
                    (packed, padded),
                    (packed_exactly, exact),
                )
            ),
        )
    Console().print(table)


def _model(layers: int, hidden: int) -> PreTrainedModel:
    torch.manual_seed(0)
    return LlamaForCausalLM(
        LlamaConfig(
            hidden_size=hidden,
            intermediate_size=hidden * 8 // 3 // 8 * 8,
            num_hidden_layers=layers,
            num_attention_heads=4,
            num_key_value_heads=4,
            vocab_size=_VOCABULARY,
            max_position_embeddings=512,
        )
    )


def _rows() -> list[EncodedRow]:
    chance = torch.Generator().manual_seed(0)
    lengths = torch.randint(20, 64, (8,), generator=chance).tolist()
    rows = [tuple(torch.randint(_VOCABULARY, (length,), generator=chance).tolist()) for length in lengths]
    return [EncodedRow(ids=ids, labels=ids, prompt_is_prefix=True) for ids in rows]


def _gradient(
    model: PreTrainedModel, rows: list[EncodedRow], dtype: torch.dtype, *, packing: bool
) -> torch.Tensor:
    torch.manual_seed(1)  # the same adapter each time
    adapted = get_peft_model(
        copy.deepcopy(model).to(dtype),
        LoraConfig(r=8, target_modules=["q_proj", "k_proj", "v_proj", "o_proj"]),
    ).train()
    adapted(**lay_out(rows, 0, packing=packing), use_cache=False).loss.backward()
    return torch.cat([p.grad.flatten().float() for p in adapted.parameters() if p.grad is not None])


def _apart(one: torch.Tensor, other: torch.Tensor) -> float:
    return float((one - other).norm() / other.norm())


if __name__ == "__main__":
    main()
