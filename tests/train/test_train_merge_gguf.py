"""GGUF files of a merged model, made by llama.cpp's own programs or stand-ins for them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from loracheck import jsonl
from loracheck.adapters.files import SHIPPED_FORM
from loracheck.errors import EnvironmentFault, UsageError
from loracheck.records.adapter import ShippedForm
from loracheck.runs import hash_file
from loracheck.train.merging import merge as merging
from loracheck.train.merging.merge import MergeConfig, merge
from tests.train.merged_adapters import QUIET, divergence, save_adapter


def executable(path: Path, body: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!{sys.executable}\n{body}", encoding="utf-8")
    path.chmod(0o755)
    return path


def real_converter(folder: Path) -> Path:
    script = Path(__file__).with_name("llama_gguf.py").read_text(encoding="utf-8")
    return executable(folder / "convert_hf_to_gguf.py", script)


@pytest.fixture
def no_converter(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A PATH on which nothing of llama.cpp lies; returns the folder on it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("LLAMA_CPP", raising=False)
    return folder


def gguf_config(kind: str) -> MergeConfig:
    return MergeConfig(gguf=kind, probes=3, max_new_tokens=8)


def test_a_gguf_file_is_written_by_the_converter_on_path_and_compared(
    no_converter: Path, tiny_smollm: Path, tmp_path: Path
) -> None:
    real_converter(no_converter)
    save_adapter(tiny_smollm, tmp_path / "adapter", std=0.05)
    form = merge(tmp_path / "adapter", str(tiny_smollm), tmp_path / "out", gguf_config("f16"), progress=QUIET)
    file = tmp_path / "out" / "out-f16.gguf"
    assert file.read_bytes()[:4] == b"GGUF"
    assert form.weights_sha256[file.name] == hash_file(file)
    assert [comparison.shipped for comparison in form.comparisons] == [
        "merged, float32",
        "GGUF f16, dequantised to bfloat16",
    ]
    assert divergence(form, 0) < 1e-5 < divergence(form, 1) < 0.01
    assert jsonl.read_one(tmp_path / "out" / SHIPPED_FORM, ShippedForm) == form
    assert "GGUF f16" in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    cache = Path(os.environ["LORACHECK_CACHE"]) / "gguf"
    assert list(cache.glob("*")) == []


def test_a_missing_converter_is_said_before_any_work(
    no_converter: Path, tiny_gemma: Path, mergeable: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merging, "load_base", None)
    with pytest.raises(EnvironmentFault, match=r"needs llama\.cpp's convert_hf_to_gguf\.py") as caught:
        merge(mergeable, str(tiny_gemma), tmp_path / "out", gguf_config("q8_0"), progress=QUIET)
    assert "github.com/ggml-org/llama.cpp" in caught.value.hint
    assert not (tmp_path / "out").exists()
    monkeypatch.setenv("LLAMA_CPP", str(tmp_path))
    with pytest.raises(EnvironmentFault, match=r"LLAMA_CPP is .*, and there is no convert_hf_to_gguf\.py"):
        merge(mergeable, str(tiny_gemma), tmp_path / "out", gguf_config("q8_0"), progress=QUIET)
    real_converter(no_converter)
    monkeypatch.delenv("LLAMA_CPP")
    with pytest.raises(EnvironmentFault, match=r"needs llama\.cpp's llama-quantize") as caught:
        merge(mergeable, str(tiny_gemma), tmp_path / "out", gguf_config("q4_k_m"), progress=QUIET)
    assert "q8_0" in caught.value.hint
    with pytest.raises(UsageError, match="a type is wanted"):
        merge(mergeable, str(tiny_gemma), tmp_path / "out", gguf_config("../../x"), progress=QUIET)


def test_a_converter_that_fails_is_quoted_and_the_merged_model_stays(
    no_converter: Path, tiny_gemma: Path, mergeable: Path, tmp_path: Path
) -> None:
    body = "import sys\nprint('Model Gemma3 \\x1b[31mis not supported', file=sys.stderr)\nsys.exit(3)\n"
    executable(no_converter / "convert_hf_to_gguf.py", body)
    out = tmp_path / "out"
    with pytest.raises(EnvironmentFault, match="ended with exit code 3: Model Gemma3") as caught:
        merge(mergeable, str(tiny_gemma), out, gguf_config("f16"), progress=QUIET)
    assert "\x1b" not in str(caught.value)
    assert f"The merged model in {out} is whole." in caught.value.message
    assert "convert_hf_to_gguf.py" in caught.value.hint
    assert jsonl.read_one(out / SHIPPED_FORM, ShippedForm).comparisons[0].divergence is not None
    assert list(out.glob("*gguf*")) == list(out.glob(".gguf*")) == []


def test_a_converter_that_writes_something_else_or_what_nobody_can_read_is_noticed(
    no_converter: Path, tiny_gemma: Path, mergeable: Path, tmp_path: Path
) -> None:
    write = "import sys\nopen(sys.argv[sys.argv.index('--outfile') + 1], 'wb').write({!r})\n"
    executable(no_converter / "convert_hf_to_gguf.py", write.format(b"nothing"))
    with pytest.raises(EnvironmentFault, match="wrote no GGUF file"):
        merge(mergeable, str(tiny_gemma), tmp_path / "one", gguf_config("f16"), progress=QUIET)
    executable(no_converter / "convert_hf_to_gguf.py", write.format(b"GGUF but no more"))
    form = merge(mergeable, str(tiny_gemma), tmp_path / "two", gguf_config("f16"), progress=QUIET)
    assert form.comparisons[1].divergence is None
    assert form.comparisons[1].reason
    assert (tmp_path / "two" / "two-f16.gguf").is_file()


def test_smaller_types_are_made_by_llama_quantize_from_the_folder_of_llama_cpp(
    no_converter: Path, tiny_smollm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    llama = tmp_path / "llama.cpp"
    real_converter(llama)
    copy = "import shutil, sys\nassert sys.argv[3] == 'Q4_K_M'\nshutil.copy(sys.argv[1], sys.argv[2])\n"
    executable(llama / "build" / "bin" / "llama-quantize", copy)
    monkeypatch.setenv("LLAMA_CPP", str(llama))
    save_adapter(tiny_smollm, tmp_path / "adapter", std=0.05)
    form = merge(
        tmp_path / "adapter", str(tiny_smollm), tmp_path / "out", gguf_config("Q4_K_M"), progress=QUIET
    )
    assert (tmp_path / "out" / "out-q4_k_m.gguf").is_file()
    assert form.comparisons[1].shipped.startswith("GGUF q4_k_m")
