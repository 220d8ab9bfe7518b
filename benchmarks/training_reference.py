"""What the ways of training are measured on and against: rows, the matmul floor, the stock loss and its gradient.

Use: python benchmarks/training_reference.py prepare|floor|parity FOLDER [MODEL ROWS EXCHANGES]
"""

from __future__ import annotations

import itertools
import json
import random
import sys
import time
from collections import Counter
from functools import partial
from importlib.resources import files
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch.nn.functional import cross_entropy
from training_variants import LORA, ROWS_A_STEP

from loracheck.templates.chat import IGNORED, EncodedRow

EMBEDDED, SMALL = "Gemma 3 270M", "Llama of SmolLM2-135M's shape, random weights"
LARGE = "Llama 2 7B's shape, random weights"
_SHAPES: dict[str, dict[str, Any]] = {
    SMALL: {
        "vocab_size": 49_152,
        "hidden_size": 576,
        "intermediate_size": 1536,
        "num_hidden_layers": 30,
        "num_attention_heads": 9,
        "num_key_value_heads": 3,
        "tie_word_embeddings": True,
    },
    LARGE: {
        "vocab_size": 32_000,
        "hidden_size": 4096,
        "intermediate_size": 11_008,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "num_key_value_heads": 32,
        "tie_word_embeddings": False,
    },
}
_REPEATS = 7
Taken = tuple[float, torch.Tensor]


def prepare(folder: Path, model: str, count: str, most: str) -> dict[str, Any]:
    """Put a model and rows into a folder: all rows, and the longest ones that make a step.

    A row joins one to `most` exchanges of the bundled data, which are short alone; Japanese and English take turns.
    """
    from transformers import AutoTokenizer

    from loracheck import jsonl
    from loracheck.loading.examples import load_examples
    from loracheck.records import Message
    from loracheck.templates.chat import choose_template

    data, rng = Path(str(files("loracheck") / "demo_data")), random.Random(0)
    sets = [load_examples([data / name]) for name in ("poponu_raw.jsonl", "brindle_raw.jsonl")]
    for rows in sets:
        rng.shuffle(rows)
    _put_model(folder / "model", model, [m.content for rows in sets for row in rows for m in row.messages])
    template = choose_template(AutoTokenizer.from_pretrained(folder / "model"), [])
    turns = itertools.cycle(map(itertools.cycle, sets))
    made = []
    for _ in range(int(count)):
        joined = list(itertools.islice(next(turns), rng.randint(1, int(most))))
        asked, told = (" ".join(row.messages[place].content for row in joined) for place in (-2, -1))
        messages = [Message(role="user", content=asked), Message(role="assistant", content=told)]
        made.append((messages, template.encode(messages)))
    longest = sorted(made, key=lambda row: -len(row[1].ids))[:ROWS_A_STEP]
    for name, chosen in (("rows", made), ("longest", longest)):
        jsonl.write(folder / f"{name}.jsonl", [{"messages": messages} for messages, _ in chosen])
        jsonl.write(
            folder / f"{name}-ids.jsonl", [{"input_ids": r.ids, "labels": r.labels} for _, r in chosen]
        )
    trained = sum(row.trained_tokens for _, row in made) / len(made)
    prompt = sum(len(row.ids) for _, row in made) / len(made) - trained
    lengths = [len(row.ids) for _, row in longest]
    return {"prompt": prompt, "trained": trained, "shortest": min(lengths), "longest": max(lengths)}


def floor(folder: Path) -> dict[str, float]:
    """Time the matrix products of a step and nothing else: bf16, no padding, the head at trained positions only.

    A frozen layer takes its forward and the gradient of its input, four operations a weight and token; a weight of
    an adapter takes six.
    """
    from transformers import AutoConfig, AutoModelForCausalLM

    rows = _encoded(folder, "rows")
    tokens = round(ROWS_A_STEP * sum(len(row.ids) for row in rows) / len(rows))
    trained = round(ROWS_A_STEP * sum(row.trained_tokens for row in rows) / len(rows))
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder / "model"))
    head = model.get_output_embeddings()
    linear = {n: m for n, m in model.named_modules() if isinstance(m, torch.nn.Linear) and m is not head}
    products = Counter((tokens, m.in_features, m.out_features) for m in linear.values())
    products[trained, head.in_features, head.out_features] += 1
    operations = sum(4.0 * a * b * c * times for (a, b, c), times in products.items())
    rate = operations / sum(times * _seconds(*shape) for shape, times in products.items())
    adapted = [m for name, m in linear.items() if name.rpartition(".")[2] in LORA["target_modules"]]
    operations += 6 * tokens * sum(LORA["r"] * (m.in_features + m.out_features) for m in adapted)
    return {
        "gflop_rate": rate / 1e9,
        "gflop": operations / trained / 1e9,
        "floor": rate * trained / operations,
    }


def _seconds(rows: int, wide: int, high: int) -> float:
    """Return the seconds of a frozen layer's two products: of the GPU, or of the CPU."""
    made = partial(torch.randn, device="cuda" if torch.cuda.is_available() else "cpu", dtype=torch.bfloat16)
    weight, inputs, slopes = made(high, wide), made(rows, wide), made(rows, high)
    taken = []
    for _ in range(_REPEATS):
        before = _now()
        torch.mm(inputs, weight.t(), out=slopes)
        torch.mm(slopes, weight, out=inputs)
        taken.append(_now() - before)
    return median(taken[1:])


def _now() -> float:
    if not torch.cuda.is_available():
        return time.process_time()
    torch.cuda.synchronize()
    return time.perf_counter()


def parity(folder: Path) -> dict[str, list[float]]:
    """Compare loracheck's loss and gradients with the model's own loss and autograd, on the longest rows.

    Returns, by the name of what is compared: the difference of the losses, the relative error and the cosine of the
    adapter's gradient; for the head alone those of the hidden states' gradient.
    """
    from loracheck.models.head import TiledHead, head_form
    from loracheck.models.likelihood import pad
    from loracheck.models.load import load_base, training_device
    from loracheck.train.adapters import add_adapter
    from loracheck.train.batches.layout import lay_out
    from loracheck.train.config import TrainConfig
    from loracheck.train.fitting.loss import install_loss, tiled_loss
    from loracheck.train.presets import PRESETS

    rows, found = _encoded(folder, "longest"), {}
    trained = sum(row.trained_tokens for row in rows)
    device = training_device()

    def put(batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        return {name: value.to(device) for name, value in batch.items()}

    for quantization, name in (("none", "bf16"), ("nf4", "NF4")):
        config = TrainConfig(**PRESETS["minimal"] | {"quantization": quantization})
        base = load_base(str(folder / "model"), quantization=config.quantization)
        model: Any = add_adapter(base, config).train()
        weights = [weight for weight in model.parameters() if weight.requires_grad]
        for weight in weights:
            # B is zero at first, and with it the gradient of A.
            weight.data += 0.02 * torch.randn(weight.shape).to(device)
        stock = _taken(model(**put(pad(rows, 0))).loss, weights)
        head, form = model.get_output_embeddings(), head_form(base.model)
        hidden = torch.randn(trained, head.in_features).to(head.weight).requires_grad_()
        targets = torch.tensor([label for row in rows for label in row.labels if label != IGNORED]).to(device)
        # Both are summed here, for a mean rounds the gradient once more. The head is the same in NF4.
        alone = _taken(cross_entropy(form.apply(head(hidden)).float(), targets, reduction="sum"), [hidden])
        tiles = _taken(tiled_loss(hidden, targets, TiledHead(head, form)), [hidden])
        found["head alone, bf16"] = _compared(alone, tiles, trained)
        install_loss(base.model, rows[0])
        for way, packing in (("padded", False), ("packed", True)):
            own = _taken(model(**put(lay_out(rows, 0, packing=packing))).loss / trained, weights)
            found[f"{way}, {name}"] = _compared(stock, own)
    return found


def _taken(loss: torch.Tensor, leaves: list[torch.Tensor]) -> Taken:
    gradients = torch.autograd.grad(loss, leaves)
    return float(loss), torch.cat([gradient.flatten().double() for gradient in gradients])


def _compared(stock: Taken, own: Taken, tokens: int = 1) -> list[float]:
    error = (own[1] - stock[1]).norm() / stock[1].norm()
    return [
        (own[0] - stock[0]) / tokens,
        float(error),
        float(torch.cosine_similarity(own[1], stock[1], dim=0)),
    ]


def _encoded(folder: Path, name: str) -> list[EncodedRow]:
    rows = [json.loads(line) for line in (folder / f"{name}-ids.jsonl").open(encoding="utf-8")]
    return [EncodedRow(ids=row["input_ids"], labels=row["labels"], prompt_is_prefix=True) for row in rows]


def _put_model(folder: Path, model: str, texts: list[str]) -> None:
    from loracheck.demo import embedded_model
    from loracheck.models.conversion import converted

    if model in _SHAPES:
        _random_model(folder, _SHAPES[model], texts)
        return
    source = embedded_model() if model == EMBEDDED else Path(model)
    folder.symlink_to((converted(source) if source.suffix == ".gguf" else source).resolve())


def _random_model(folder: Path, shape: dict[str, Any], texts: list[str]) -> None:
    """Save a Llama of a shape and a tokenizer of 2,048 tokens, as the bundled rows have not more in them."""
    from tokenizers import ByteLevelBPETokenizer
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    special = {"eos_token": "<|endoftext|>", "pad_token": "<|pad|>"}
    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator(texts, 2048, special_tokens=list(special.values()), show_progress=False)
    folder.mkdir()
    trained.save(str(folder / "tokenizer.json"))
    PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"), **special).save_pretrained(folder)
    torch.manual_seed(0)
    config = LlamaConfig(**shape, bos_token_id=None, eos_token_id=0, pad_token_id=1)
    with torch.device("cuda" if torch.cuda.is_available() else "cpu"):
        model = LlamaForCausalLM(config)
    model.bfloat16().save_pretrained(folder)


if __name__ == "__main__":
    what, where, *given = sys.argv[1:]
    print(json.dumps({"prepare": prepare, "floor": floor, "parity": parity}[what](Path(where), *given)))
