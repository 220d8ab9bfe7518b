"""What terminal and page call the ends of a row in a curation, the states of a judge's answers and groups of rows."""

from __future__ import annotations

from loracheck.words.form import Pair

OUTCOMES: dict[str, Pair] = {
    "kept": {"en": "kept", "ja": "採用"},
    "heldout": {"en": "held out", "ja": "取り置き"},
    "dropped": {"en": "dropped", "ja": "除外"},
    "quarantined": {"en": "quarantined", "ja": "隔離"},
}
"""Of a row."""

JUDGE_STATES: dict[str, Pair] = {
    "scored": {"en": "Answers with a score", "ja": "採点済み"},
    "unparsable": {"en": "Answers that could not be read", "ja": "読み取れない回答"},
    "refused": {"en": "Refusals", "ja": "拒否"},
    "error": {"en": "Failed calls", "ja": "失敗した呼び出し"},
    "unscored": {"en": "Left unscored", "ja": "未採点"},
}
"""Of what the judge was asked."""

GROUPS: dict[str, Pair] = {
    "conflict": {"en": "same prompt, other replies", "ja": "同じ質問・異なる応答"},
    "same_reply": {"en": "same reply, other prompts", "ja": "異なる質問・同じ応答"},
    "paraphrase": {"en": "paraphrases", "ja": "言い換え"},
    "same_passage": {"en": "same passage, other questions", "ja": "同じ文章・異なる質問"},
    "template_family": {"en": "template family", "ja": "同じひな形の行"},
    "statement": {"en": "one statement in many wordings", "ja": "同じ内容の繰り返し"},
}
"""By the kind of a group: what its rows share."""
