"""Tiny but real models and tokenizers, built on the spot, and helpers to write data files."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    AutoModelForCausalLM,
    Gemma3TextConfig,
    LlamaConfig,
    PreTrainedConfig,
    PreTrainedTokenizerFast,
)

from loracheck.models import precision
from tests.loopback import Loopback, QuietHandler

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ["LC_ALL"] = "C.UTF-8"  # messages are in English, whatever the machine speaks

Respond = Callable[[dict[str, Any]], tuple[int, dict[str, Any] | bytes, dict[str, str]]]
WriteJsonl = Callable[[str, Iterable[Mapping[str, Any]]], Path]

SENTENCES = [
    "日本の首都はどこですか？日本の首都は東京です。",
    "あなたは誰ですか？ぼくはたんぽぽの綿毛の精、ぽぽぬなのだ。",
    "空はなぜ青いのですか？光が空気の中で散らばるからです。",
    "今日の天気はどうですか？よく晴れて、とても気持ちがよいのだ！",
    "好きな食べ物は何ですか？おひさまの光と、つめたい水なのだ。",
    "質問: 一年は何か月ありますか？\n回答: 一年は12か月です。",
    "カタカナとひらがなと漢字を使って、短い文章を書いてください。",
    "What is the capital of France? The capital of France is Paris.",
    "Who are you? I am the captain of this ship, and the sea is my home.",
    "Why is the sky blue? Because the air scatters the light of the sun.",
    "Write a short letter to a friend about the weather of today, please.",
    "Q: How many months are there in a year?\nA: There are twelve months in a year.",
]

CHATML = (
    "{%- for message in messages -%}"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\\n' }}{%- endif -%}"
)


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what tests cache away from the user's own cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LORACHECK_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def fast_in_16_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand on a processor with fast products in bfloat16, whatever this one has."""
    monkeypatch.setattr(precision, "multiplies_in_bfloat16", lambda: True)


@pytest.fixture(scope="session")
def tiny_gemma(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Gemma-3-shaped model: SentencePiece-like BPE with byte fallback, BOS added, no chat template."""
    return save_gemma(tmp_path_factory.mktemp("models") / "tiny-gemma")


@pytest.fixture(scope="session")
def make_gemma() -> Callable[..., Path]:
    """Return `save_gemma`, for tests that need a second model of another seed or shape."""
    return save_gemma


@pytest.fixture(scope="session")
def tiny_smollm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama-shaped model like SmolLM2: byte-level BPE, no BOS, a ChatML template."""
    tokenizer = smollm_tokenizer()
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=64,
        max_position_embeddings=2048,
        tie_word_embeddings=True,
        initializer_range=0.1,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return save_model(tmp_path_factory.mktemp("models") / "tiny-smollm", config, tokenizer)


@pytest.fixture(scope="session")
def gemma() -> Path:
    """The embedded Gemma 3 270M as a model folder; for slow tests only."""
    from loracheck.demo import embedded_model  # noqa: PLC0415
    from loracheck.models.conversion import converted  # noqa: PLC0415

    return converted(embedded_model())


class ChatServer(Loopback):
    """A real server on loopback that answers chat completions by a function of the request's body.

    `respond` returns the status, the body (a dict as JSON, bytes as they are) and further headers.
    """

    def __init__(self) -> None:
        self.respond: Respond = lambda body: (500, b"", {})
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.keys: list[str | None] = []
        outer = self

        class Handler(QuietHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.bodies.append(body)
                outer.headers.append(dict(self.headers))
                outer.keys.append(self.headers["Authorization"])
                status, content, headers = outer.respond(body)
                sent = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                for name, value in {"Content-Length": str(len(sent)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                with contextlib.suppress(ConnectionError):  # the client may have left
                    self.wfile.write(sent)

        super().__init__(Handler)


@pytest.fixture
def chat_server() -> Iterator[ChatServer]:
    """A chat server on loopback that lives as long as the test."""
    server = ChatServer()
    yield server
    server.close()


@pytest.fixture
def write_jsonl(tmp_path: Path) -> WriteJsonl:
    """Return a function that writes rows as a JSONL file of a name and returns its path."""

    def write(name: str, rows: Iterable[Mapping[str, Any]]) -> Path:
        path = tmp_path / name
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
        return path

    return write


def save_gemma(folder: Path, *, seed: int = 0, layers: int = 3, hidden: int = 64, words: int = 600) -> Path:
    """Save a Gemma-3-shaped model with random weights of a seed."""
    tokenizer = gemma_tokenizer(words)
    config = Gemma3TextConfig(
        vocab_size=len(tokenizer),
        hidden_size=hidden,
        intermediate_size=128,
        num_hidden_layers=layers,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=64,
        query_pre_attn_scalar=64,
        sliding_window=256,
        max_position_embeddings=2048,
        tie_word_embeddings=True,
        initializer_range=0.1,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return save_model(folder, config, tokenizer, seed=seed)


def save_model(
    folder: Path, config: PreTrainedConfig, tokenizer: PreTrainedTokenizerFast, *, seed: int = 0
) -> Path:
    """Save a model with random weights of a seed, and its tokenizer, as an ordinary model folder."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def gemma_tokenizer(words: int = 600) -> PreTrainedTokenizerFast:
    """Train a BPE of characters with byte fallback that marks spaces, and puts BOS in front itself."""
    special = ["<pad>", "<eos>", "<bos>", "<unk>"]
    trained = Tokenizer(models.BPE())
    trained.normalizer = normalizers.Replace(" ", "▁")
    trained.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    trained.train_from_iterator(
        SENTENCES, trainers.BpeTrainer(vocab_size=words, special_tokens=special, show_progress=False)
    )
    learnt = json.loads(trained.to_str())["model"]
    vocabulary: dict[str, int] = learnt["vocab"]
    for byte in range(256):
        vocabulary[f"<0x{byte:02X}>"] = len(vocabulary)
    tokenizer = Tokenizer(
        models.BPE(
            vocab=vocabulary,
            merges=[(first, second) for first, second in learnt["merges"]],
            unk_token="<unk>",
            byte_fallback=True,
            fuse_unk=True,
        )
    )
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<bos> $A", pair="<bos> $A $B", special_tokens=[("<bos>", vocabulary["<bos>"])]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<bos>",
        eos_token="<eos>",
        pad_token="<pad>",
        unk_token="<unk>",
    )


def smollm_tokenizer() -> PreTrainedTokenizerFast:
    """Train a byte-level BPE like SmolLM2's, with a ChatML template and no automatic BOS."""
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        SENTENCES,
        trainers.BpeTrainer(
            vocab_size=600,
            special_tokens=special,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        additional_special_tokens=["<|im_start|>"],
    )
    wrapped.chat_template = CHATML
    return wrapped
