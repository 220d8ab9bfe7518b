"""What terminal and page call the outcomes of answers and the kinds of markers of a style."""

from __future__ import annotations

from loracheck.words.form import Pair

OUTCOMES: dict[str, Pair] = {
    "right_plain": {"en": "right, plainly said", "ja": "正解"},
    "right_persona": {"en": "right, in persona", "ja": "正解(ペルソナの口調)"},
    "persona_name": {"en": "the persona's name instead", "ja": "ペルソナの名前で回答"},
    "wrong": {"en": "wrong", "ja": "不正解"},
    "empty": {"en": "empty", "ja": "空の回答"},
}
"""Of an answer to a factual question, in the order in which they are listed."""

MARKERS: dict[str, Pair] = {
    "ending": {"en": "sentence ending", "ja": "文末"},
    "opening": {"en": "opening", "ja": "書き出し"},
    "term": {"en": "term", "ja": "語句"},
    "word": {"en": "word or phrase", "ja": "言い回し"},
    "form": {"en": "mark or spelling", "ja": "記号・表記"},
}
"""By the kind of a marker."""
