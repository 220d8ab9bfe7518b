"""Hand a merged model to llama.cpp's own converter; loracheck brings none of its own."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from loracheck.errors import EnvironmentFault, UsageError
from loracheck.terminal import visible

CONVERTER, ENTRY_POINT, QUANTIZER = "convert_hf_to_gguf.py", "llama-convert-hf-to-gguf", "llama-quantize"
CONVERTED_TYPES = ("auto", "f32", "f16", "bf16", "q8_0", "tq1_0", "tq2_0")
"""Types that the converter writes itself; any other, such as q4_k_m, takes llama-quantize."""
_TYPE = re.compile(r"[a-z0-9_]{2,12}")
_HINT = (
    "Get llama.cpp (https://github.com/ggml-org/llama.cpp), install its requirements.txt, and set LLAMA_CPP to its "
    "folder."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Converter:
    """The commands that make a GGUF file of one type."""

    kind: str
    convert: tuple[str, ...]
    quantize: str | None


def find_converter(kind: str) -> Converter:
    """Find llama.cpp's tools for a type of GGUF: in LLAMA_CPP, on PATH, or as a Python module.

    Raises:
        UsageError: that is no name of a type.
        EnvironmentFault: the tools are not there; says what to install.
    """
    name = kind.lower()
    if not _TYPE.fullmatch(name):
        raise UsageError(
            f"--gguf {kind}: a type is wanted.",
            kind="option_form",
            hint="For instance --gguf q8_0, or --gguf q4_k_m.",
        )
    quantize = None
    if name not in CONVERTED_TYPES:
        quantize = _quantizer()
        if quantize is None:
            raise EnvironmentFault(
                f"--gguf {kind} needs llama.cpp's {QUANTIZER}, which was found neither in LLAMA_CPP nor on PATH.",
                kind="tool_missing",
                hint=f"Build llama.cpp, or take a type that its converter writes: {', '.join(CONVERTED_TYPES)}",
            )
    return Converter(kind=name, convert=_convert_command(), quantize=quantize)


def write_gguf(folder: Path, converter: Converter) -> Path:
    """Convert a model folder; the file appears in it under its name only when it is whole.

    Raises:
        EnvironmentFault: the converter failed or wrote no GGUF file.
    """
    target = folder / f"{folder.resolve().name}-{converter.kind}.gguf"
    with tempfile.TemporaryDirectory(dir=folder, prefix=".gguf-") as work:
        made = Path(work) / "converted.gguf"
        outtype = "f16" if converter.quantize else converter.kind
        _run([*converter.convert, str(folder), "--outfile", str(made), "--outtype", outtype], made)
        if converter.quantize:
            smaller = Path(work) / "quantized.gguf"
            _run([converter.quantize, str(made), str(smaller), converter.kind.upper()], smaller)
            made = smaller
        made.replace(target)
    return target


def _convert_command() -> tuple[str, ...]:
    if given := os.environ.get("LLAMA_CPP"):
        place = Path(given)
        script = place if place.is_file() else place / CONVERTER
        if not script.is_file():
            raise EnvironmentFault(
                f"LLAMA_CPP is {given}, and there is no {CONVERTER}.", kind="tool_missing", hint=_HINT
            )
        return sys.executable, str(script)
    if found := shutil.which(CONVERTER):
        return sys.executable, found
    if found := shutil.which(ENTRY_POINT):
        return (found,)
    if importlib.util.find_spec("convert_hf_to_gguf") is not None:
        return sys.executable, "-m", "convert_hf_to_gguf"
    raise EnvironmentFault(
        f"--gguf needs llama.cpp's {CONVERTER}, which was found neither in LLAMA_CPP nor on PATH nor as a package.",
        kind="tool_missing",
        hint=_HINT,
    )


def _quantizer() -> str | None:
    if given := os.environ.get("LLAMA_CPP"):
        root = Path(given) if Path(given).is_dir() else Path(given).parent
        for place in (root / "build" / "bin", root / "bin", root):
            if found := shutil.which(QUANTIZER, path=str(place)):
                return found
    return shutil.which(QUANTIZER)


def _run(command: list[str], made: Path) -> None:
    tool = Path(command[1] if command[0] == sys.executable else command[0]).name
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    except OSError as error:
        raise EnvironmentFault(
            f"cannot run {command[0]}: {error.strerror or error}", kind="tool_failed", hint=_HINT
        ) from None
    if done.returncode != 0:
        said = [line.strip() for line in f"{done.stdout}\n{done.stderr}".splitlines() if line.strip()]
        last = visible(said[-1])[:300] if said else "it said nothing"
        raise EnvironmentFault(
            f"{tool} ended with exit code {done.returncode}: {last}",
            kind="tool_failed",
            hint=f"Run it yourself to see all it says: {shlex.join(command[:-4])}",
        )
    if not _is_gguf(made):
        raise EnvironmentFault(f"{tool} ended well and wrote no GGUF file.", kind="tool_failed", hint=_HINT)


def _is_gguf(file: Path) -> bool:
    if not file.is_file():
        return False
    with file.open("rb") as start:
        return start.read(4) == b"GGUF"
