"""How near `loracheck plan` comes: six trainings in processes of their own, foreseen, probed and run.

The embedded Gemma 3 270M and a Llama of random weights in the shape of SmolLM2-135M, on the bundled rows. Memory is
the peak of the training's process; time is that of its steps. On a machine that does other things as well, --cpu
counts the processor's seconds instead of the clock's, with one thread.

Use: python benchmarks/plan.py [--cpu] [NUMBER...]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROWS = Path(__file__).parents[1] / "loracheck" / "demo_data" / "brindle_raw.jsonl"
ATTENTION = "q_proj,k_proj,v_proj,o_proj"
RUNS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "attention r8, batch 8",
        "gemma",
        ("--target-modules", ATTENTION, "--lora-r", "8", "--train-batch-size", "8"),
    ),
    ("all-linear r16 nf4, batch 16", "gemma", ("--quantization", "nf4")),
    (
        "q,v r4, batch 32, 2,048 tokens at once",
        "gemma",
        ("--preset", "lora-paper", "--train-batch-size", "32", "--max-batch-tokens", "2048"),
    ),
    ("all-linear r16, checkpointing", "gemma", ("--gradient-checkpointing",)),
    ("all-linear r16, batch 16", "smol", ()),
    ("dora q,v r8, packed, batch 8", "smol", ("--use-dora", "--packing", "--preset", "lora-paper")),
)


def smol(folder: Path) -> Path:
    """Save a Llama of random weights in the shape of SmolLM2-135M, and a tokenizer learnt from the rows."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import AutoModelForCausalLM, LlamaConfig, PreTrainedTokenizerFast

    words = Tokenizer(models.BPE())
    words.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    words.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=4000,
        special_tokens=["<eos>", "<pad>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    words.train([str(ROWS)], trainer)
    PreTrainedTokenizerFast(tokenizer_object=words, eos_token="<eos>", pad_token="<pad>").save_pretrained(
        folder
    )
    config = LlamaConfig(
        vocab_size=49152,
        hidden_size=576,
        intermediate_size=1536,
        num_hidden_layers=30,
        num_attention_heads=9,
        num_key_value_heads=3,
        tie_word_embeddings=True,
        eos_token_id=0,
        pad_token_id=1,
    )
    AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16).save_pretrained(folder)
    return folder


def gemma() -> Path:
    """Return the embedded model as a folder."""
    from loracheck.demo import embedded_model
    from loracheck.models.conversion import converted

    return converted(embedded_model())


def count_processor_seconds(folder: Path) -> None:
    """Let every Python process that is started from now on take its processor time for the time of day."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(
        "import time\ntime.monotonic = time.perf_counter = time.process_time\n", encoding="utf-8"
    )
    os.environ |= {"PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1"}


def loracheck(*arguments: object) -> dict[str, Any]:
    """Run a command in a process of its own and return what it prints as JSON."""
    command = [sys.executable, "-m", "loracheck", *map(str, arguments), "--json", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}\n{done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def off(foreseen: float, found: float) -> str:
    """Return a prediction with its error."""
    return f"{foreseen:8.2f} {100 * (foreseen - found) / found:+5.0f}%"


def main(numbers: list[int], *, cpu: bool) -> None:
    """Print a line a run: peak memory in GB and seconds, foreseen, after a probe, and found."""
    with tempfile.TemporaryDirectory() as folder:
        if cpu:
            count_processor_seconds(Path(folder) / "clock")
        bases = {"gemma": gemma(), "smol": smol(Path(folder) / "smol")}
        print(f"{os.cpu_count()} cores, {os.environ.get('OMP_NUM_THREADS', 'all')} threads")
        print(f"{'':<50}{'memory GB':^42}{'seconds':^42}")
        columns = ("foreseen", "probed", "found")
        print(f"{'':<50}" + "".join(f"{name:>15}" for name in columns) * 2 + "  load")
        for number in numbers:
            label, base, options = RUNS[number]
            arguments = [ROWS, "--base", bases[base], *options, "--max-trained-tokens", 2500]
            plans = [loracheck("plan", *arguments), loracheck("plan", *arguments, "--probe")]
            run = loracheck("train", *arguments, "-o", Path(folder) / f"run{number}")
            memory, seconds = run["peak_memory_bytes"] / 1e9, run["training_seconds"]
            peaks = [
                sum(value for name, value in plan["memory"].items() if name != "peak") / 1e9 for plan in plans
            ]
            print(
                f"{number} {base + ', ' + label:<48}"
                + "".join(off(peak, memory) for peak in peaks)
                + f"{memory:15.2f}"
                + "".join(off(plan["seconds"], seconds) for plan in plans)
                + f"{seconds:15.1f}{os.getloadavg()[0]:6.1f}",
                flush=True,
            )


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:] if text != "--cpu"]
    main(given or list(range(len(RUNS))), cpu="--cpu" in sys.argv)
