"""Train in children that kill themselves, as by kill -9, at a chosen touch of the disk; print the adapters' hashes.

Usage: killed_runs.py BASE DATA HELDOUT FOLDER OPTIONS INSTANTS, the last two as JSON. Imports are paid for once:
every run is a fork of this process, which itself does no arithmetic.
"""

from __future__ import annotations

import io
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import safetensors.torch
import torch

from loracheck.progress import Progress
from loracheck.train.config import TrainConfig
from loracheck.train.inputs import TrainInputs
from loracheck.train.pipeline import train


def count_touches(kill_at: int | None) -> Callable[[], int]:
    """Count renames, syncs, appends and saves from now on; die at the given one."""
    touches = 0

    def counted(original: Any, *, halfway: bool = False) -> Any:  # noqa: ANN401
        def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            nonlocal touches
            touches += 1
            if touches == kill_at:
                if halfway:  # leave a torn file behind
                    buffer = io.BytesIO()
                    original(args[0], buffer, **kwargs)
                    Path(args[1]).write_bytes(buffer.getvalue()[: len(buffer.getvalue()) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            return original(*args, **kwargs)

        return call

    for owner, name in ((os, "fsync"), (Path, "replace"), (os, "open"), (safetensors.torch, "save_file")):
        setattr(owner, name, counted(getattr(owner, name)))
    torch.save = counted(torch.save, halfway=True)
    return lambda: touches


def run(arguments: dict[str, Any], out: Path, kill_at: int | None) -> tuple[bool, int]:
    """Run one training in a child; returns whether it ended by itself, and its touches of the disk."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        touches = count_touches(kill_at)
        inputs = TrainInputs(base=arguments["base"], heldout=Path(arguments["heldout"]))
        config = TrainConfig(**arguments["options"])
        train(Path(arguments["data"]), out, config, inputs, progress=Progress(quiet=True))
        os.write(writer, str(touches()).encode())
        os._exit(0)
    os.close(writer)
    _, status = os.waitpid(child, 0)
    told = os.read(reader, 100).decode()
    os.close(reader)
    return os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0, int(told or 0)


def main() -> None:
    """Train once unbroken, then once for each pair of instants, killed at both of them."""
    torch.set_num_threads(1)
    base, data, heldout, folder, options, instants = sys.argv[1:]
    arguments = {"base": base, "data": data, "heldout": heldout, "options": json.loads(options)}
    whole = Path(folder) / "whole"
    ended, touches = run(arguments, whole, None)
    found: dict[str, Any] = {"touches": touches, "ended": ended, "whole": hashes(whole), "broken": []}
    for number, (first, second) in enumerate(json.loads(instants)):
        out = Path(folder) / f"broken-{number}"
        killed = [not run(arguments, out, max(1, round(share * touches)))[0] for share in (first, second)]
        ended, _ = run(arguments, out, None)
        found["broken"].append({"killed": killed, "ended": ended, "hashes": hashes(out)})
    print(json.dumps(found))  # noqa: T201 - this is what the test reads


def hashes(out: Path) -> dict[str, Any]:
    """Return what must not depend on kills: the adapter, the readings, the steps and what was kept."""
    if not (out / "summary.json").is_file():
        return {}
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    readings = [
        json.loads(line) for line in (out / "readings.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    return {
        **{name: summary[name] for name in ("adapter_sha256", "kept", "kept_step", "stopped", "best_step")},
        "readings": [[reading["step"], reading["heldout_loss"]] for reading in readings],
        "metrics": (out / "metrics.jsonl").read_text(encoding="utf-8"),
    }


if __name__ == "__main__":
    main()
