"""Chat template: messages to text, text to token ids and loss labels; the same for training and evaluation.

The model's own template is used where there is one. For a base model without one loracheck brings a plain
template; its prompt ends in a colon and the space opens the reply, so that the prompt's tokens are always a
prefix of the row's tokens. It travels with the adapter as an ordinary Jinja chat template.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loracheck.adapters.files import Unread, read_text
from loracheck.errors import AdapterError, DataError, UsageError
from loracheck.foreign.files import MAX_TEXT_BYTES, read_json
from loracheck.records import Message
from loracheck.templates.rendering import render

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

IGNORED = -100
"""Label of a position without loss."""

# Japanese labels when the first user turn holds kana (U+3041 to U+30FF), English ones otherwise.
PLAIN_TEMPLATE = """\
{%- set asked = messages | selectattr('role', 'equalto', 'user') | map(attribute='content') | first | default('') -%}
{%- set kana = asked | select('ge', 'ぁ') | select('le', 'ヿ') | list -%}
{%- set user = '質問' if kana else 'Q' -%}
{%- set assistant = '回答' if kana else 'A' -%}
{%- for message in messages -%}
{%- if message.role == 'user' -%}
{{ user }}: {{ message.content }}
{{ '' }}
{%- elif message.role == 'assistant' -%}
{{ assistant }}: {{ message.content }}{{ eos_token }}
{{ '' }}
{%- else -%}
{{ message.content }}
{{ '\\n' }}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ assistant }}:{%- endif -%}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedRow:
    """Token ids of one row and their labels (IGNORED where no loss is taken), both of shape (tokens,)."""

    ids: tuple[int, ...]
    labels: tuple[int, ...]
    prompt_is_prefix: bool
    """False when the prompt's own tokens are not a prefix of the row's: training and use would differ."""
    cut: bool = False
    """True when it was longer than it may be, and lost its beginning."""

    @property
    def trained_tokens(self) -> int:
        """Return the number of positions with loss."""
        return sum(label != IGNORED for label in self.labels)

    def untrained(self) -> EncodedRow:
        """Return the row without any loss."""
        return replace(self, labels=(IGNORED,) * len(self.labels))


class ChatTemplate:
    """Render and tokenise conversations for one tokenizer and one Jinja template.

    Args:
        tokenizer: The base model's tokenizer.
        source: Jinja source; None takes the tokenizer's own template, or the plain one where it has none.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, source: str | None = None) -> None:
        self.tokenizer = tokenizer
        own = tokenizer.chat_template if isinstance(tokenizer.chat_template, str) else None
        self.source: str = source or own or plain_source(tokenizer)
        self.takes_system = self._takes_system()
        self.stop_text = self._stop_text()
        self.turn_openers = tuple(sorted({self._turn_opener(asked) for asked in ("a", "あ")} - {""}))

    @property
    def sha256(self) -> str:
        """Return the hash of the template's source."""
        return hashlib.sha256(self.source.encode()).hexdigest()

    @property
    def stop_ids(self) -> tuple[int, ...]:
        """Return the ids that end a reply: the template's own, and the tokenizer's end of sequence."""
        ids = [*self._ids(self.stop_text)[-1:], self.tokenizer.eos_token_id]
        return tuple(dict.fromkeys(int(i) for i in ids if i is not None))

    def prompt(self, messages: Sequence[Message]) -> str:
        """Render the turns up to the point where the model's reply begins, or goes on where its beginning is given."""
        begun = messages[-1].content if messages[-1].role == "assistant" else None
        if begun is None:
            return self._apply(messages, generation=True)
        return self._apply(messages[:-1], generation=True) + begun

    def prompt_ids(self, messages: Sequence[Message]) -> list[int]:
        """Return the token ids of a rendered prompt, BOS included where the template has it."""
        return self._ids(self.prompt(messages))

    def encode(
        self, messages: Sequence[Message], max_length: int | None = None, *, every_turn: bool = False
    ) -> EncodedRow:
        """Tokenise a conversation with loss on the last reply and its stop token, or on those of every turn.

        A row over max_length loses its beginning, never its last reply or the stop token.

        Raises:
            DataError: the template does not keep the prompt as the beginning of the whole conversation, or does
                not end the replies that are to be learnt.
        """
        whole = self._apply(messages, generation=False)
        turns = [i for i, message in enumerate(messages) if message.role == "assistant"]
        segments: list[tuple[str, bool]] = []
        done = 0
        for turn in turns if every_turn else [len(messages) - 1]:
            prompt = self.prompt(messages[:turn])
            if not whole.startswith(prompt):
                raise DataError(
                    "the chat template changes the prompt once the reply is there, so no loss mask is sound.",
                    kind="unsound_mask",
                    hint="Pass another template with --chat-template.",
                )
            reply = self._reply(whole[len(prompt) :], last=turn == len(messages) - 1)
            segments += [(whole[done : len(prompt)], False), (reply + self.stop_text, True)]
            done = len(prompt) + len(reply) + len(self.stop_text)
        return self._encode_segments(segments, max_length)

    def _reply(self, rest: str, *, last: bool) -> str:
        """Return a reply up to its stop token, from what the template writes after its prompt."""
        if last:
            return rest[: rest.rindex(self.stop_text)] if self.stop_text in rest else rest.rstrip("\n")
        end = rest.find(self.stop_text)
        opened = [place for opener in self.turn_openers if (place := rest.find("\n" + opener)) >= 0]
        if end < 0 or any(place < end for place in opened):
            raise DataError(
                "the chat template does not end earlier replies with a stop token, so they cannot be learnt.",
                kind="unsound_mask",
                hint="Leave out --assistant-only-loss, or pass another template with --chat-template.",
            )
        return rest[:end]

    def encode_reply(self, messages: Sequence[Message], reply: str) -> EncodedRow:
        """Tokenise a reply to a prompt, with loss on the reply and its stop token."""
        return self.encode((*messages, Message(role="assistant", content=reply)))

    def encode_alone(self, reply: str) -> EncodedRow:
        """Tokenise a reply without any prompt (the denominator of IFD, arXiv 2308.12032)."""
        start = self.tokenizer.bos_token if _adds_bos(self.tokenizer) else ""
        return self._encode_segments([(start or self.stop_text, False), (reply + self.stop_text, True)], None)

    def encode_text(self, text: str) -> EncodedRow:
        """Tokenise a text that is no reply, as it stands, with loss on all of it but the first token."""
        start = self.tokenizer.bos_token if _adds_bos(self.tokenizer) else ""
        ids = self._ids(f"{start}{text}")
        return EncodedRow(ids=tuple(ids), labels=(IGNORED, *ids[1:]), prompt_is_prefix=True)

    def pieces(self, row: EncodedRow) -> tuple[str, ...]:
        """Return the text of each token with loss; one that is cut inside a character is an empty string."""
        ids = [label for label in row.labels if label != IGNORED]
        found: list[str] = []
        done = ""
        for end in range(1, len(ids) + 1):
            text = self._text(ids[:end])
            fresh = "" if text.endswith("\ufffd") else text[len(done) :]
            found.append(fresh)
            done = text if fresh else done
        return tuple(found)

    def turn_begins(self, text: str) -> int | None:
        """Return where a reply goes on to write the user's next turn; None where it does not."""
        found = [cut for opener in self.turn_openers if (cut := ("\n" + text).find("\n" + opener)) >= 0]
        return max(0, min(found) - 1) if found else None

    def control_tokens_in(self, text: str) -> list[str]:
        """Return the control tokens that user text would smuggle in as real control ids."""
        return [token for token in self.tokenizer.all_special_tokens if token and token in text]

    def _encode_segments(self, segments: Sequence[tuple[str, bool]], max_length: int | None) -> EncodedRow:
        """Tokenise stretches of text, trained or not, whose tokens should be those of the whole text."""
        text, is_prefix = "", True
        ids: list[int] = []
        labels: list[int] = []
        for part, trained in segments:
            text += part
            joined = self._ids(text)
            keeps = joined[: len(ids)] == ids
            fresh = joined[len(ids) :] if keeps else self._ids(part)
            is_prefix = is_prefix and keeps
            ids += fresh
            labels += fresh if trained else [IGNORED] * len(fresh)
        most = len(ids) if max_length is None else max_length
        is_long = len(ids) > most
        if is_long:
            reply = len(fresh)
            room = most - reply
            cut = len(ids) - reply - room + 1 if room > 1 else len(ids) - reply
            ids, labels = ids[:1] + ids[cut:], labels[:1] + labels[cut:]
        return EncodedRow(ids=tuple(ids), labels=tuple(labels), prompt_is_prefix=is_prefix, cut=is_long)

    def _apply(self, messages: Sequence[Message], *, generation: bool) -> str:
        if not self.takes_system:
            messages = _without_system(messages)
        turns = [{"role": message.role, "content": message.content} for message in messages]
        return self._render(turns, generation=generation)

    def _render(self, turns: list[dict[str, str]], *, generation: bool) -> str:
        """Render as the tokenizer's own `apply_chat_template` does, which would follow a template for ever."""
        given = {"messages": turns, "tools": None, "documents": None, "add_generation_prompt": generation}
        return render(self.source, given | self.tokenizer.special_tokens_map)

    def _ids(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def _text(self, ids: Sequence[int]) -> str:
        decoded: Any = self.tokenizer.decode(list(ids), clean_up_tokenization_spaces=False)
        return str(decoded)

    def _stop_text(self) -> str:
        """Find the token that ends a reply: the first control token the template writes after it."""
        turns = (Message(role="user", content="a"), Message(role="assistant", content="\x01"))
        tail = self._apply(turns, generation=False).rpartition("\x01")[2].strip()
        for special in sorted(self.tokenizer.all_special_tokens, key=len, reverse=True):
            if special and tail.startswith(special):
                return str(special)
        added = sorted(self.tokenizer.get_added_vocab(), key=len, reverse=True)
        return next((str(token) for token in added if tail.startswith(token)), self._eos())

    def _takes_system(self) -> bool:
        """Tell whether the template has a place for a system message; some, as Gemma 2's, refuse one."""
        turns = [{"role": "system", "content": "a"}, {"role": "user", "content": "b"}]
        try:
            self._render(turns, generation=False)
        except DataError:
            return False
        return True

    def _turn_opener(self, asked: str) -> str:
        """Return what the template writes before the user's next turn, for a question in some language."""
        user = Message(role="user", content=asked + "\x00")
        try:
            text = self._apply((user, Message(role="assistant", content="\x01"), user), generation=False)
        except DataError:  # a template for one exchange only has no next turn
            return ""
        between = text.rpartition("\x01")[2].partition(user.content)[0]
        return between.removeprefix(self.stop_text).strip()

    def _eos(self) -> str:
        if self.tokenizer.eos_token is None:
            raise UsageError(
                "the tokenizer has no end-of-sequence token, so no reply could ever end.",
                kind="no_stop_token",
            )
        return str(self.tokenizer.eos_token)


def _without_system(messages: Sequence[Message]) -> Sequence[Message]:
    """Put a system message before the user's first turn, as Gemma 3's template does by itself."""
    if len(messages) < 2 or messages[0].role != "system" or messages[1].role != "user":
        return messages
    first = Message(role="user", content=f"{messages[0].content}\n\n{messages[1].content}")
    return (first, *messages[2:])


def plain_source(tokenizer: PreTrainedTokenizerBase) -> str:
    """Return loracheck's plain template, with BOS in front for tokenizers that put it there themselves."""
    return ("{{- bos_token -}}\n" if _adds_bos(tokenizer) else "") + PLAIN_TEMPLATE


def saved_template(folder: Path) -> str | None:
    """Return the chat template that a trainer saved beside an adapter, if any."""
    file = folder / "chat_template.jinja"
    try:
        if file.is_file():
            return read_text(file, MAX_TEXT_BYTES)
        file = folder / "tokenizer_config.json"
        value = read_json(file).get("chat_template") if file.is_file() else None
    except Unread as why:
        raise AdapterError(f"{file} is not read: {why}.", kind="adapter_damaged") from None
    return value if isinstance(value, str) else None


def check_template_file(path: Path | None) -> None:
    """Refuse a template file that cannot be read before any work is done.

    Raises:
        UsageError: there is no such file, or it is no text.
    """
    if path is not None:
        given_template(path)


def given_template(path: Path) -> str:
    """Return the template that was given in place of every other.

    Raises:
        UsageError: there is no such file, or it is no text.
    """
    if not path.is_file():
        raise UsageError(f"--chat-template {path}: there is no such file.", kind="no_such_file")
    try:
        return read_text(path.resolve(), MAX_TEXT_BYTES)
    except Unread as why:
        raise UsageError(f"--chat-template {path} is not read: {why}.", kind="template_fails") from None


def choose_template(
    tokenizer: PreTrainedTokenizerBase, adapters: Sequence[Path], override: Path | None = None
) -> ChatTemplate:
    """Choose one template for every arm: the override, else what the adapters were trained with.

    Raises:
        AdapterError: two adapters bring different templates, or one cannot be read.
        UsageError: the override cannot be read.
    """
    if override is not None:
        return ChatTemplate(tokenizer, given_template(override))
    saved = {path: source for path in adapters if (source := saved_template(path))}
    if len(set(saved.values())) > 1:
        names = ", ".join(str(path) for path in saved)
        raise AdapterError(
            f"the adapters bring different chat templates: {names}.",
            kind="other_template",
            hint="Evaluate them one by one, or pass one template for all with --chat-template FILE.",
        )
    return ChatTemplate(tokenizer, next(iter(saved.values()), None))


def _adds_bos(tokenizer: PreTrainedTokenizerBase) -> bool:
    return tokenizer.bos_token_id is not None and tokenizer("a")["input_ids"][:1] == [tokenizer.bos_token_id]
