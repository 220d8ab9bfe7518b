"""A base and an adapter before any run: template, stop and pad tokens, hashes, and whether the two belong together.

The base's weights are not loaded; samples of them are read for the fingerprint where its files are at hand.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError, safe_open
from transformers import GenerationConfig

from loracheck.adapters.card import AdapterCard, read_card
from loracheck.adapters.files import ADAPTER_CONFIG, ADAPTER_WEIGHTS, Unread, adapter_folder
from loracheck.doctor import Check
from loracheck.errors import LoracheckError, first_line
from loracheck.foreign import is_four_bit_copy, original_name, read_foreign, same_base
from loracheck.foreign.files import read_json, text_of
from loracheck.models.basespec import is_folder
from loracheck.models.fingerprint import Fingerprint, fingerprint
from loracheck.models.load import base_source, load_config, load_tokenizer
from loracheck.records import Message
from loracheck.templates.chat import ChatTemplate, check_template_file, given_template, saved_template

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedTokenizerBase

_TALK = (
    Message(role="user", content="日本の首都はどこですか？"),
    Message(role="assistant", content="東京です。"),
)
_SHORT = 12
_TEMPLATE_HINT = "pass another template with --chat-template FILE"


def examine_model(base: str | None, adapter: Path | None, chat_template: Path | None) -> list[Check]:
    """Look at a base, an adapter, or both.

    Args:
        base: Hub id, folder or GGUF file.
        adapter: A PEFT folder or a train run.
        chat_template: Jinja file that replaces the base's template.
    """
    found: list[Check] = []
    print_of: Fingerprint | None = None
    template: ChatTemplate | None = None
    if base is not None:
        try:
            check_template_file(chat_template)
            source = base_source(base)
            tokenizer = load_tokenizer(source)
            config = load_config(source)
        except (LoracheckError, OSError, ValueError) as error:
            return [_fault("base", error)]
        found.append(Check(name="base", status="ok", detail=f"{base} ({config.model_type})"))
        override = given_template(chat_template) if chat_template else None
        template, checks = _template(tokenizer, override)
        found += [*checks, *_tokens(source, tokenizer, config, template)]
        print_of = fingerprint(source, config, tokenizer)
        found += _hashes(print_of, template)
    if adapter is not None:
        found += _adapter(adapter_folder(adapter), base, print_of, template)
    return found


def _fault(name: str, error: Exception) -> Check:
    if isinstance(error, LoracheckError):
        return Check(name=name, status="missing", detail=error.message, mend=error.hint)
    return Check(name=name, status="missing", detail=first_line(error))


def _template(
    tokenizer: PreTrainedTokenizerBase, override: str | None
) -> tuple[ChatTemplate | None, list[Check]]:
    """Render a short exchange, and see whether a reply can be learnt under the template."""
    own = isinstance(tokenizer.chat_template, str)
    which = "of --chat-template" if override else "the model's own" if own else "loracheck's plain one"
    try:
        template = ChatTemplate(tokenizer, override)
        row = template.encode(_TALK)
    except LoracheckError as error:
        detail = f"{which} cannot be used: {error.message}"
        return None, [Check(name="chat template", status="missing", detail=detail, mend=_TEMPLATE_HINT)]
    system = (
        "" if template.takes_system else "; it takes no system message, which goes into the user's first turn"
    )
    checks = []
    if override or own:
        checks.append(Check(name="chat template", status="ok", detail=f"{which}{system}"))
    else:
        checks.append(
            Check(
                name="chat template",
                status="note",
                detail="the model has none: loracheck's plain one is used, and travels with what is trained",
                mend="for a model that was tuned to chat, pass its template with --chat-template FILE",
            )
        )
    if not row.prompt_is_prefix:
        checks.append(
            Check(
                name="loss mask",
                status="note",
                detail="a prompt's tokens are not the beginning of the row's: training and use differ at the seam",
                mend=_TEMPLATE_HINT,
            )
        )
    return template, checks


def _tokens(
    source: str,
    tokenizer: PreTrainedTokenizerBase,
    config: PreTrainedConfig,
    template: ChatTemplate | None,
) -> Iterator[Check]:
    size, rows = len(tokenizer), config.get_text_config().vocab_size
    if size > rows:
        yield Check(
            name="vocabulary",
            status="missing",
            detail=f"the tokenizer has {size:,} tokens, the model {rows:,}: the last ones crash it or mean another",
            mend="take the tokenizer that belongs to this model",
        )
    if tokenizer.eos_token_id is None:
        yield Check(
            name="stop token",
            status="missing",
            detail="the tokenizer has no end-of-sequence token, so no reply could ever end",
            mend="set eos_token in tokenizer_config.json",
        )
        return
    if template is not None:
        yield _stop(source, tokenizer, template)
    yield _pad(tokenizer, template)


def _stop(source: str, tokenizer: PreTrainedTokenizerBase, template: ChatTemplate) -> Check:
    text = template.stop_text
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    if len(ids) != 1 or ids[0] == tokenizer.unk_token_id:
        return Check(
            name="stop token",
            status="missing",
            detail=f"{text!r}, which ends a reply in the template, is no token of its own ({len(ids)} pieces)",
            mend="take the tokenizer that belongs to the template, or " + _TEMPLATE_HINT,
        )
    known = _generation_stops(source)
    if known is not None and ids[0] not in known:
        return Check(
            name="stop token",
            status="note",
            detail=f"{text!r} ({ids[0]}) ends a reply in the template, but generation_config.json stops at "
            f"{', '.join(map(str, sorted(known)))} only: other programs go on to the user's next turn",
            mend=f"add {ids[0]} to eos_token_id in generation_config.json (loracheck merge writes it)",
        )
    return Check(name="stop token", status="ok", detail=f"{text!r} ({ids[0]})")


def _generation_stops(source: str) -> set[int] | None:
    try:
        found: Any = GenerationConfig.from_pretrained(source).eos_token_id
    except (OSError, ValueError):
        return None
    return None if found is None else {found} if isinstance(found, int) else set(found)


def _pad(tokenizer: PreTrainedTokenizerBase, template: ChatTemplate | None) -> Check:
    pad = tokenizer.pad_token_id
    if pad is None:
        return Check(
            name="pad token",
            status="note",
            detail="none: loracheck pads by position; other trainers take the stop token, and then teach no end",
            mend="set pad_token to a token that is never written, as <pad> or <|finetune_right_pad_id|>",
        )
    stops = template.stop_ids if template else (tokenizer.eos_token_id,)
    shown = f"{tokenizer.pad_token!r} ({pad})"
    if pad in stops:
        return Check(
            name="pad token",
            status="note",
            detail=f"{shown} is also a stop token: trainers that leave padding out of the loss by its id never "
            "teach the model to stop (loracheck goes by position)",
            mend="set pad_token to a token that is never written, as <pad> or <|finetune_right_pad_id|>",
        )
    return Check(name="pad token", status="ok", detail=shown)


def _hashes(found: Fingerprint, template: ChatTemplate | None) -> Iterator[Check]:
    yield Check(name="tokenizer hash", status="ok", detail=found.tokenizer[:_SHORT])
    if template is not None:
        yield Check(name="template hash", status="ok", detail=template.sha256[:_SHORT])
    body = found.body[:_SHORT] if found.body else "unknown: no 16-bit or 32-bit weights are at hand"
    yield Check(
        name="fingerprint",
        status="ok" if found.body else "note",
        detail=f"shape {found.shape[:_SHORT]}, embeddings {found.shell[:_SHORT]}, layers {body}",
    )


def _adapter(
    folder: Path, base: str | None, print_of: Fingerprint | None, template: ChatTemplate | None
) -> Iterator[Check]:
    try:
        config = read_json(folder / ADAPTER_CONFIG)
    except Unread as why:
        yield Check(
            name="adapter",
            status="missing",
            detail=f"{folder}/adapter_config.json: {why}",
            mend="pass the folder that peft saved, or a loracheck train run",
        )
        return
    yield _weights(folder, text_of(config.get("peft_type")))
    named = text_of(config.get("base_model_name_or_path"))
    try:
        card = read_card(folder)
    except LoracheckError as error:
        yield _fault("fingerprint match", error)
    else:
        if card:
            yield from _by_card(card, print_of, template)
        elif base is not None:
            yield _by_name(named, base)
    yield from _saved_template(folder, template)
    yield from _trained(folder)


def _weights(folder: Path, kind: str) -> Check:
    weights = folder / ADAPTER_WEIGHTS
    if not weights.is_file():
        pickled = (folder / "adapter_model.bin").is_file()
        return Check(
            name="adapter",
            status="missing",
            detail=f"{folder} holds no {ADAPTER_WEIGHTS}"
            + (", only a pickle, which can run code and is never opened" if pickled else ""),
            mend="save it again with model.save_pretrained(path, safe_serialization=True)",
        )
    try:
        with safe_open(str(weights), framework="pt") as tensors:
            count = len(list(tensors.keys()))
    except (SafetensorError, OSError) as error:
        return Check(
            name="adapter", status="missing", detail=f"{weights} is damaged: {error}", mend="copy it again"
        )
    return Check(
        name="adapter", status="ok", detail=f"{folder}: {kind or 'of no named kind'}, {count:,} tensors"
    )


def _by_card(
    card: AdapterCard, print_of: Fingerprint | None, template: ChatTemplate | None
) -> Iterator[Check]:
    if print_of is None:
        yield Check(
            name="trained on", status="ok", detail=f"{card.base}; pass --base to compare fingerprints"
        )
        return
    if different := card.fingerprint.differences(print_of):
        yield Check(
            name="fingerprint match",
            status="missing",
            detail=f"it was trained on {card.base}, another base: they differ in {', '.join(different)}",
            mend=f"--base {card.base}",
        )
    else:
        yield Check(name="fingerprint match", status="ok", detail="it was trained on this very base")
    if template is not None and card.template_sha256 != template.sha256:
        yield Check(
            name="template match",
            status="note",
            detail=f"it was trained with another template ({card.template_sha256[:_SHORT]}), which eval uses",
        )


def _by_name(named: str, base: str) -> Check:
    """Hold the name that a foreign adapter gives its base against the one that was given: names prove nothing."""
    name = "base match"
    if not named:
        return Check(name=name, status="note", detail="the adapter names no base", mend="eval --assume-base")
    if is_folder(named, base):
        return Check(name=name, status="ok", detail=f"the adapter names {named}, which is this base")
    same = same_base(named, base)
    if same is False:
        return Check(
            name=name,
            status="missing",
            detail=f"the adapter names {named}, not {base}",
            mend=f"--base {original_name(named)}",
        )
    copy = ", a 4-bit copy" if is_four_bit_copy(named) else ""
    if named == base:
        return Check(name=name, status="ok", detail=f"the adapter names {named}")
    told = "a copy of the same name" if same else "which cannot be compared with a folder by name"
    return Check(
        name=name,
        status="note",
        detail=f"the adapter names {named}{copy}, {told}",
        mend="if it is this base, say so: eval --assume-base",
    )


def _saved_template(folder: Path, template: ChatTemplate | None) -> Iterator[Check]:
    try:
        saved = saved_template(folder)
    except LoracheckError as error:
        yield _fault("saved template", error)
        return
    if saved is None:
        yield Check(
            name="saved template", status="note", detail="none beside the adapter: the base's is used"
        )
    elif template is not None and saved != template.source:
        digest = hashlib.sha256(saved.encode()).hexdigest()[:_SHORT]
        yield Check(
            name="saved template",
            status="note",
            detail=f"the adapter brings another one than the base's ({digest}); eval uses the adapter's",
        )
    else:
        yield Check(name="saved template", status="ok", detail="the adapter brings it")


def _trained(folder: Path) -> Iterator[Check]:
    found = read_foreign(folder)
    if found.tool or found.quantization:
        held = f", on a base in {found.quantization}" if found.quantization not in ("", "none") else ""
        yield Check(name="trained with", status="ok", detail=f"{found.tool or 'an unnamed program'}{held}")
    for note in found.notes:
        yield Check(name="traces", status="note", detail=note)
