"""Speed, memory and correctness of fine-tuning on the CPU or a GPU, beside trl and the plain transformers loss.

Use: python benchmarks/train.py [--gpu] [--trl-python PYTHON] [--rounds N] [--rows N] [--threads N] [MODEL...]

A MODEL is a model folder or a GGUF file; without one, the embedded Gemma 3 270M (262k vocabulary) and a Llama of
SmolLM2-135M's shape (49k) with random weights, on which neither speed nor memory depend; with --gpu a Llama of the
shape of Llama 2 7B, in NF4. PYTHON is an interpreter that
has trl (python -m venv trl && trl/bin/pip install 'trl==1.16.*' peft); without it the rows of trl are left out.

All train the same rows, eight a step: LoRA of rank 8 on q, k, v, o, AdamW, clipping at 1, bf16 weights if not said
otherwise. Every measurement is a process of its own, and the variants take turns, so that a drift of the machine hits
all alike. Speed is trained tokens a CPU-second, without loading and the first step. Memory is the highest resident set
of a process that takes one step on the longest eight rows. Threads that wait for one another burn CPU time where
others use the machine: take one thread there. With --gpu seconds are the clock's, and memory is the most that PyTorch
allocates on the GPU.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).parent
MODELS = ("Gemma 3 270M", "Llama of SmolLM2-135M's shape, random weights")
TRL, STOCK, OWN, OWN_NF4 = "trl defaults", "transformers stock loss", "loracheck", "loracheck, NF4"
VARIANTS = (TRL, "trl best options", STOCK, OWN, "loracheck, packing", f"{STOCK}, NF4", OWN_NF4)
GPU_MODELS = ("Llama 2 7B's shape, random weights",)
GPU_VARIANTS = (
    f"{TRL}, NF4",
    "trl best options, NF4",
    f"{STOCK}, NF4",
    OWN_NF4,
    f"{OWN_NF4}, packing",
    f"{OWN_NF4}, checkpointing",
)
_JOINED, _GPU_JOINED = 4, 16
"""Most exchanges that a row joins; a GPU needs more than four to have anything to do."""
_AT_ONCE = 3
_PACKAGES = ("loracheck", "torch", "transformers", "peft", "bitsandbytes", "accelerate")
_SECTION = """
### {model}

{rows} rows of {prompt:.1f} prompt and {trained:.1f} trained tokens, {rounds} rounds: the median (lowest to highest).
Memory and loss are of eight rows of {shortest} to {longest} tokens. The matmul floor: {gflop_rate:.0f} GFLOP a
{second}, {gflop:.2f} GFLOP a trained token, so {floor:.0f} trained tokens a {second}.

| variant | trained tokens per {second} | to trl defaults | to stock loss | of the matmul floor \
| peak memory (before the step), GB | to stock loss | loss at step 1 |
|---|---|---|---|---|---|---|---|"""
_NF4 = "\nloracheck in NF4 is {:.2f} times as fast as in bf16."
_PARITY = """
| against the stock loss | difference of the loss | relative error of the gradient | cosine |
|---|---|---|---|"""


def main() -> None:
    """Print what was measured on, and two tables a model."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--gpu", action="store_true", help="measure on the GPU")
    parser.add_argument("--trl-python", help="an interpreter that has trl")
    parser.add_argument("--rounds", type=int, default=3, help="passes over all variants")
    parser.add_argument("--rows", type=int, default=64, help="rows of a pass")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of every process")
    parser.add_argument("models", nargs="*", metavar="MODEL")
    given = parser.parse_args()
    os.environ |= {"OMP_NUM_THREADS": str(given.threads), "TOKENIZERS_PARALLELISM": "false"}
    os.environ |= {"HF_HUB_OFFLINE": "1"} | ({} if given.gpu else {"CUDA_VISIBLE_DEVICES": ""})
    print(_machine(given), flush=True)
    for model in given.models or (GPU_MODELS if given.gpu else MODELS):
        with tempfile.TemporaryDirectory(prefix="loracheck-") as folder:
            _measure(folder, model, given)


def _measure(folder: str, model: str, given: argparse.Namespace) -> None:
    joined = _GPU_JOINED if given.gpu else _JOINED
    facts = _json("training_reference.py", "prepare", folder, model, str(given.rows), str(joined))
    variants = GPU_VARIANTS if given.gpu else VARIANTS
    names = [name for name in variants if given.trl_python or not name.startswith("trl")]
    slowest, plain = (f"{TRL}, NF4", f"{STOCK}, NF4") if given.gpu else (TRL, STOCK)

    def variant(name: str, rows: str) -> dict[str, float]:
        python = given.trl_python if name.startswith("trl") else sys.executable
        found = _json("training_variants.py", name, folder, rows, python=python)
        print(f"{name}, {rows}: {json.dumps(found)}", file=sys.stderr, flush=True)
        return found

    with ThreadPoolExecutor(_AT_ONCE if given.gpu else 1) as pool:  # each counts its own memory, and no time
        first = dict(zip(names, pool.map(lambda name: variant(name, "longest"), names), strict=True))
    speeds: dict[str, list[float]] = {name: [] for name in names}
    floors = []
    for _ in range(given.rounds):
        floors.append(_json("training_reference.py", "floor", folder))
        for name in names:
            speeds[name].append(variant(name, "rows")["speed"])
    floor = {name: median(f[name] for f in floors) for name in floors[0]}
    second = "second" if given.gpu else "CPU-second"
    print(_SECTION.format(model=model, rows=given.rows, rounds=given.rounds, second=second, **facts | floor))
    for name, found in first.items():
        own = median(speeds[name])
        to_trl = f"{own / median(speeds[slowest]):.2f}" if slowest in speeds else "-"
        print(
            f"| {name} | {own:.1f} ({min(speeds[name]):.1f} to {max(speeds[name]):.1f}) | {to_trl} "
            f"| {own / median(speeds[plain]):.2f} | {own / floor['floor']:.2f} | {found['peak']:.2f} "
            f"({found['before']:.2f}) | {found['peak'] / first[plain]['peak']:.2f} | {found['loss']:.5f} |"
        )
    if OWN in speeds:
        print(_NF4.format(median(speeds[OWN_NF4]) / median(speeds[OWN])))
    print(_PARITY)
    for name, (loss, error, cosine) in _json("training_reference.py", "parity", folder).items():
        print(f"| {name} | {loss:+.1e} | {error:.1e} | {cosine:.6f} |", flush=True)


def _machine(given: argparse.Namespace) -> str:
    """Name versions, cores, the GPU that is measured, and what the processor can do with bf16."""
    names = [f"{name} {version(name)}" for name in _PACKAGES]
    if given.trl_python:
        ask = "from importlib.metadata import version; print('trl', version('trl'))"
        names.append(subprocess.check_output([given.trl_python, "-c", ask], text=True).strip())
    else:
        names.append("without trl, whose interpreter --trl-python would name")
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    facts = {key.strip(): value.strip() for key, _, value in (row.partition(":") for row in info)}
    has = [name for name in ("avx512f", "avx512_bf16", "amx_bf16") if name in facts.get("flags", "").split()]
    processor = f"{facts.get('model name', platform.machine())}, {os.cpu_count()} cores"
    if given.gpu:
        ask = "import torch; print(torch.cuda.get_device_name())"
        processor = f"{subprocess.check_output([sys.executable, '-c', ask], text=True).strip()}, {processor}"
    return f"{', '.join(names)}\n\n{processor}, OMP_NUM_THREADS={given.threads}, {', '.join(has)}"


def _json(script: str, *given: str, python: str = sys.executable) -> dict[str, Any]:
    done = subprocess.run([python, str(HERE / script), *given], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{script} {' '.join(given)} failed:\n{done.stderr[-2000:]}")
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


if __name__ == "__main__":
    main()
