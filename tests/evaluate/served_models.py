"""A tiny real model behind a real HTTP server on loopback, which answers as vLLM does."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from loracheck.models.generation import generate
from loracheck.models.load import arm, attach, load_base, read_adapter
from loracheck.records import BASE_ARM, Message
from loracheck.templates.chat import ChatTemplate, choose_template
from tests.loopback import Loopback, QuietHandler

RESET = -1


class ServedModel(Loopback):
    """Base and adapters under the names of models.

    Args:
        base: Folder of the base, served as "tiny-base".
        adapters: Folder of each further model, by its name there.
        likelihoods: "chat" gives prompt_logprobs as vLLM does, "echo" gives those of plain completions alone,
            "none" ignores whatever asks for them, "invented" sends numbers that cannot be log-probabilities.
        continues: Whether a reply that is begun can be gone on with.
    """

    def __init__(
        self, base: Path, adapters: dict[str, Path], *, likelihoods: str = "chat", continues: bool = True
    ) -> None:
        loaded = load_base(str(base))
        self.template: ChatTemplate = choose_template(loaded.tokenizer, [])
        self.arms = {"tiny-base": BASE_ARM, **{name: f"arm{i}" for i, name in enumerate(adapters)}}
        files = [read_adapter(f"arm{i}", path, loaded) for i, path in enumerate(adapters.values())]
        self.model = attach(loaded, files)
        self.likelihoods = likelihoods
        self.continues = continues
        self.faults: list[int] = []
        """Status of the next answers to chat completions; RESET cuts the connection."""
        self.replies: dict[str, str | None] = {}
        """Replies given instead of the model's own, by what is asked last."""
        self.requests: list[tuple[str, dict[str, Any], str | None]] = []
        self.lists_models = True
        self.most_at_once = self._under_way = 0
        self._lock = threading.Lock()
        outer = self

        class Handler(QuietHandler):
            def do_GET(self) -> None:
                if self.path == "/v1/models" and outer.lists_models:
                    self.answer(200, {"object": "list", "data": [{"id": name} for name in outer.arms]})
                else:
                    self.answer(404, {"error": "not found"})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.requests.append((self.path, body, self.headers["Authorization"]))
                with outer._lock:
                    outer._under_way += 1
                    outer.most_at_once = max(outer.most_at_once, outer._under_way)
                    fault = outer.faults.pop(0) if outer.faults and "chat" in self.path else 0
                try:
                    if fault == RESET:
                        linger = struct.pack("ii", 1, 0)
                        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                        self.connection.close()
                        self.close_connection = True
                    elif fault:
                        self.answer(fault, {"error": {"message": "not now"}})
                    else:
                        self.answer(*outer.respond(self.path.removeprefix("/v1/"), body))
                finally:
                    with outer._lock:
                        outer._under_way -= 1

            def answer(self, status: int, content: dict[str, Any]) -> None:
                sent = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(sent)))
                if status in (429, 503):
                    self.send_header("Retry-After", "0")
                self.end_headers()
                with contextlib.suppress(ConnectionError):
                    self.wfile.write(sent)

        super().__init__(Handler)

    def respond(self, route: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Answer one request."""
        if body["model"] not in self.arms:
            return 404, {"error": {"message": f"The model `{body['model']}` does not exist."}}
        if route == "completions":
            return self._completion(body)
        messages = [Message(**turn) for turn in body["messages"]]
        begins, goes_on = body.get("add_generation_prompt", True), body.get("continue_final_message", False)
        if self.continues and begins and goes_on:
            told = "Cannot set both `continue_final_message` and `add_generation_prompt` to True."
            return 400, {"error": {"message": told}}
        if goes_on and self.continues:
            ids = self.template.prompt_ids(messages)
        elif (
            messages[-1].role == "assistant"
        ):  # the whole conversation, then a turn of its own unless told not to
            ids = self.template._ids(self.template._apply(messages, generation=begins))
        else:
            ids = self.template.prompt_ids(messages)
        given: dict[str, Any] = {}
        if "prompt_logprobs" in body and self.likelihoods in ("chat", "invented"):
            given["prompt_logprobs"] = self._prompt_logprobs(body["model"], ids)
        text, reason, tokens = self._generate(body, ids)
        asked = messages[-1].content
        reply: str | None = self.replies.get(asked, text) if asked in self.replies else text
        message = {"role": "assistant", "content": reply}
        usage = {"prompt_tokens": len(ids), "completion_tokens": tokens}
        choice = {"index": 0, "message": message, "finish_reason": reason}
        return 200, {"choices": [choice], "usage": usage, **given}

    def _completion(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        prompt: str | list[int] = body["prompt"]
        ids = prompt if isinstance(prompt, list) else list(self.template.encode_text(prompt).ids)
        choice: dict[str, Any] = {"index": 0, "text": "", "finish_reason": "length"}
        if "prompt_logprobs" in body and self.likelihoods in ("chat", "invented"):
            choice["prompt_logprobs"] = self._prompt_logprobs(body["model"], ids)
        if body.get("echo") and self.likelihoods == "echo":
            logprobs = self._logprobs(body["model"], ids)
            tokens = [self.template._text([i]) for i in ids]
            choice["logprobs"] = {"tokens": tokens, "token_logprobs": [None, *logprobs]}
        return 200, {"choices": [choice]}

    def _generate(self, body: dict[str, Any], ids: list[int]) -> tuple[str, str, int]:
        with self._lock, arm(self.model, self.arms[body["model"]]) as model:
            [[(_, reply)]] = generate(
                model,
                self.template,
                [ids],
                max_new_tokens=body["max_tokens"],
                temperature=body.get("temperature", 1.0),
                seed=body.get("seed", 0),
            )
        return reply.text, "length" if reply.finish_reason == "length" else "stop", reply.tokens or 0

    def _logprobs(self, name: str, ids: Sequence[int]) -> list[float]:
        with self._lock, arm(self.model, self.arms[name]) as model, torch.inference_mode():
            found = torch.log_softmax(model(torch.tensor([list(ids)])).logits[0].float(), dim=-1)
        return [float(found[place, token]) for place, token in enumerate(ids[1:])]

    def _prompt_logprobs(self, name: str, ids: list[int]) -> list[dict[str, Any] | None]:
        logprobs = [1.0] * (len(ids) - 1) if self.likelihoods == "invented" else self._logprobs(name, ids)
        return [
            None,
            *(
                {str(token): {"logprob": p, "rank": 1, "decoded_token": self.template._text([token])}}
                for token, p in zip(ids[1:], logprobs, strict=True)
            ),
        ]
