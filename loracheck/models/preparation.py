"""What is done to a base as soon as it is loaded, so that training on it is right and answering fast."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel


def let_go_of_file(model: torch.nn.Module) -> None:
    """Copy the weights that were not quantised out of the checkpoint's memory-mapped file.

    As long as one of them lies in it, the pages that the others were quantised from count as memory in use.
    """
    for parameter in model.parameters():
        if not hasattr(parameter, "quant_state") and not hasattr(parameter, "SCB"):
            parameter.data = parameter.data.clone()


def keep_training_correct(model: torch.nn.Module) -> None:
    """Keep NF4 weights as they are after an evaluation forward on CPUs with AVX512-BF16.

    There bitsandbytes repacks a Linear4bit for an inference kernel without autograd, in place; training after
    an evaluation then gets wrong gradients without any error (measured: cosine 0.05 to the true gradient).
    """
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            setattr(module, "support_avx512bf16_for_cpu", False)  # noqa: B010 - a plain attribute of Linear4bit


def keep_head_fast(model: PreTrainedModel) -> None:
    """Hand the vocabulary head contiguous hidden states.

    generate() passes a strided slice; with a frozen head, as peft leaves it, torch then copies the whole head
    once per row of the batch (measured: 40 of 41 seconds of a generation with a 262k vocabulary).
    """
    head = model.get_output_embeddings()
    if head is not None:
        head.register_forward_pre_hook(lambda _, inputs: (inputs[0].contiguous(), *inputs[1:]))
