"""How many tokens a text takes, guessed from its characters where no tokenizer is at hand."""

from __future__ import annotations

CHARACTERS_A_TOKEN = {"ja": 1.5, "en": 4.0, "other": 2.0}
"""By language."""


def guessed_tokens(characters: int, language: str) -> int:
    """Return about how many tokens so many characters of a language are."""
    return round(characters / CHARACTERS_A_TOKEN[language])
