"""What is said of an adapter's make: its kind, the parts of an image model, and why a tag may name somebody."""

from __future__ import annotations

from loracheck.records import UiLanguage
from loracheck.words.form import Pair

KINDS: dict[str, str] = {
    "unknown": "種類不明",
    "full difference": "重み全体の差分",
    "prompt tuning": "プロンプトチューニング",
    "pissa-converted": "pissa(変換済み)",
}
"""Kinds that are no name of a method, in Japanese."""
_NOT_CONVERTED = ", not converted"
PARTS: dict[str, str] = {
    "text encoder": "テキストエンコーダー",
    "unet": "UNet",
    "transformer": "トランスフォーマー",
    "other": "その他",
}
"""Parts of an image model in Japanese; a number may follow."""
RULES: dict[str, Pair] = {
    "shape": {"en": "shape", "ja": "氏名の形"},
    "folder": {"en": "folder", "ja": "フォルダー名か題名"},
    "honorific": {"en": "honorific", "ja": "日本語の氏名か敬称"},
    "artist": {"en": "artist", "ja": "作者名"},
    "capitals": {"en": "capitals", "ja": "大文字で始まる2語"},
    "fictional": {"en": "fictional", "ja": "作品名付き"},
}
"""By the rule that says whom a text may name."""


def kind_name(kind: str, language: UiLanguage) -> str:
    """Return the kind of an adapter; a method's own name stays."""
    if language == "en":
        return kind
    if kind.endswith(_NOT_CONVERTED):
        return f"{kind.removesuffix(_NOT_CONVERTED)}(未変換)"
    return KINDS.get(kind, kind)


def part_name(part: str, language: UiLanguage) -> str:
    """Return a part of an image model, with its number."""
    name, _, number = part.rpartition(" ")
    if not number.isdecimal():
        name, number = part, ""
    return part if language == "en" else PARTS.get(name, name) + number
