"""GGUF file to an ordinary model folder in the user's cache, once per file.

Training straight from GGUF would keep a quantiser attached and read 262k vocabulary strings on every load;
`GgufConfig(dequantize=True)` gives a plain model that saves and loads like any other.
"""

from __future__ import annotations

import functools
import itertools
import logging
import re
import shutil
import struct
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loracheck import jsonl
from loracheck.cachefolder import cache_folder
from loracheck.errors import EnvironmentFault
from loracheck.runs import hash_file

if TYPE_CHECKING:
    import gguf
    from transformers import PreTrainedTokenizerBase

_log = logging.getLogger(__name__)
_DONE = "loracheck_converted.json"
_SAMPLED = 500
"""Words of a vocabulary that are looked up; fewer than a tenth of them would say nothing."""
_WHOLE = 0.9
"""Part of them that a right tokenizer gives back as one token; with no merges it is hardly any."""


def converted(gguf_file: Path, announce: Callable[[str], None] = _log.info) -> Path:
    """Return the model folder for a GGUF file, converting it on first use.

    The folder is keyed by the file's hash and appears under its name only when it is whole.

    Raises:
        EnvironmentFault: the `gguf` package is missing, the file or its tokenizer cannot be read rightly, or the disk
            is full.
    """
    digest = hash_file(gguf_file)
    folder = cache_folder() / "gguf" / digest[:32]
    if (folder / _DONE).is_file():
        return folder
    announce(f"converting {gguf_file.name} into a model folder, once (about 20 CPU-seconds)")
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".converting-"))
    try:
        _convert(gguf_file, temporary)
        jsonl.write_one(temporary / _DONE, {"source": gguf_file.name, "sha256": digest})
        jsonl.sync_folder(temporary)
        if folder.exists():  # another process was faster, or an older attempt was cut off
            shutil.rmtree(folder)
        temporary.replace(folder)
    except OSError as error:
        raise EnvironmentFault(
            f"cannot convert {gguf_file} into {folder.parent}: {error.strerror or error}",
            kind="cannot_write",
            hint="Free about 0.6 GB there, or point LORACHECK_CACHE at another disk.",
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    announce(f"the model folder is {folder}")
    return folder


def _convert(gguf_file: Path, target: Path) -> None:
    try:
        import gguf  # noqa: PLC0415 - transformers needs it, and reports its absence less clearly
    except ImportError:
        raise EnvironmentFault(
            f"reading {gguf_file.name} needs the package gguf.",
            kind="package_missing",
            hint="pip install 'loracheck[demo]'",
        ) from None
    import torch  # noqa: PLC0415
    import transformers  # noqa: PLC0415
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig  # noqa: PLC0415

    place: dict[str, Any] = {
        "pretrained_model_name_or_path": str(gguf_file.parent),
        "gguf_file": gguf_file.name,
        "trust_remote_code": False,
    }
    with _read_once():
        try:
            tokenizer = AutoTokenizer.from_pretrained(**place)
            if misread(tokenizer, gguf.GGUFReader(str(gguf_file))):
                raise EnvironmentFault(
                    f"transformers {transformers.__version__} reads the tokenizer of {gguf_file} wrongly.",
                    kind="gguf_unreadable",
                    hint="Update it (pip install 'transformers>=5.23'), or pass the model's original safetensors "
                    "folder with --base.",
                )
            model = AutoModelForCausalLM.from_pretrained(
                **place, quantization_config=GgufConfig(dequantize=True), dtype=torch.bfloat16
            )
        except (
            ArithmeticError,
            AttributeError,
            LookupError,
            RuntimeError,
            TypeError,
            ValueError,
            struct.error,
        ) as error:
            raise EnvironmentFault(
                f"transformers cannot read {gguf_file}: {error}",
                kind="gguf_unreadable",
                hint="Download the model's original safetensors folder and pass that with --base.",
            ) from error
    model.save_pretrained(target)
    tokenizer.save_pretrained(target)


def misread(tokenizer: PreTrainedTokenizerBase, reader: gguf.GGUFReader) -> bool:
    """Tell whether a tokenizer does otherwise than its file says: a base asked so answers nothing sensible.

    transformers up to 5.17 loses the merges of some files, and up to 5.22 the token that begins a text.
    """
    begins = reader.get_field("tokenizer.ggml.add_bos_token")
    if begins is not None and begins.contents() and tokenizer("a").input_ids[0] != tokenizer.bos_token_id:
        return True
    words = ((id_, tokenizer.decode([id_])) for id_ in range(len(tokenizer)))
    spaced = ((id_, word) for id_, word in words if re.fullmatch(r" ?[A-Za-z]{3,}", str(word)))
    known = list(itertools.islice(spaced, _SAMPLED))
    whole = sum(tokenizer(word, add_special_tokens=False).input_ids == [id_] for id_, word in known)
    return len(known) >= _SAMPLED / 10 and whole < _WHOLE * len(known)


@contextmanager
def _read_once() -> Iterator[None]:
    """Let transformers' three passes over the file share one reader, over memory instead of a memory map.

    gguf-py slices a memory map once per vocabulary string, which costs 13 CPU-seconds a pass.
    """
    import gguf  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    reader, memmap = gguf.GGUFReader, np.memmap

    @functools.lru_cache(maxsize=1)
    def once(path: str, mode: str = "r") -> gguf.GGUFReader:
        np.memmap = lambda name, mode="r": np.fromfile(name, dtype=np.uint8)  # type: ignore[assignment,misc]
        try:
            return reader(path, mode)  # type: ignore[arg-type]
        finally:
            np.memmap = memmap  # type: ignore[misc]

    gguf.GGUFReader = once  # type: ignore[assignment,misc]
    try:
        yield
    finally:
        gguf.GGUFReader = reader  # type: ignore[misc]
