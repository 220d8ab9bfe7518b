"""A GGUF file whose tokenizer transformers reads wrongly is refused, and not asked as a base that knows nothing."""

from __future__ import annotations

import json
from pathlib import Path

import gguf
import pytest
from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from loracheck.models.conversion import misread
from tests.conftest import gemma_tokenizer


@pytest.fixture
def reader(tmp_path: Path) -> gguf.GGUFReader:
    """A file that says that texts begin with a token."""
    writer = gguf.GGUFWriter(tmp_path / "small.gguf", "llama")
    writer.add_add_bos_token(True)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return gguf.GGUFReader(tmp_path / "small.gguf")


def _changed(tokenizer: PreTrainedTokenizerFast, **fields: object) -> PreTrainedTokenizerBase:
    state = json.loads(tokenizer.backend_tokenizer.to_str())
    state["model"] |= fields.pop("model", {})
    made = Tokenizer.from_str(json.dumps(state | fields))
    return PreTrainedTokenizerFast(
        tokenizer_object=made, bos_token="<bos>", eos_token="<eos>", unk_token="<unk>"
    )


def test_a_right_tokenizer_is_taken(reader: gguf.GGUFReader) -> None:
    assert not misread(gemma_tokenizer(), reader)


def test_a_lost_first_token_is_noticed(reader: gguf.GGUFReader) -> None:
    assert misread(_changed(gemma_tokenizer(), post_processor=None), reader)


def test_lost_merges_are_noticed(reader: gguf.GGUFReader) -> None:
    assert misread(_changed(gemma_tokenizer(), model={"merges": []}), reader)
