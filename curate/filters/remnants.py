"""What collectors leave in the text: template marks, unfilled places, markdown debris, refusals of another model."""

from __future__ import annotations

import re

_MARKS = re.compile(
    r"<\|(?:im_start|im_end|endoftext|assistant|user|system|eot_id|start_header_id|end_header_id)\|>"
    r"|<(?:start|end)_of_turn>|</?s>|\[/?INST\]|<</?SYS>>|<unk>|<pad>"
    r"|^### ?(?:Instruction|Response|Input|指示|応答|入力):|^Human: ",
    re.MULTILINE | re.IGNORECASE,
)
_UNFILLED = re.compile(
    r"\{\{\s*[\w.]+\s*\}\}|<\s*no ?(?:in|out)put\s*>|\[(?:your|insert|recipient|company|sender)[^\]\n]{0,40}\]"
    r"|\[(?:氏名|会社名|名前|日付|住所)\]",
    re.IGNORECASE,
)
_NOTHING = frozenset(
    (
        "n/a",
        "nan",
        "none",
        "null",
        "nooutput",
        "nooutput.",
        "noinput",
        "<nooutput>",
        "<noinput>",
        "undefined",
        "todo",
        "tbd",
        "[link]",
    )
)
_EMPTY_LINK = re.compile(r"!?\[[^\[\]\n]*\]\(\s*\)|\[(?:link|image|画像|リンク)\]", re.IGNORECASE)
_CITATION = re.compile(r"\[(?:\d{1,3}|citation needed|要出典)\]")
_ONLY_URL = re.compile(r"\s*https?://\S+\s*")
_ASKS_FOR_TEMPLATE = re.compile(
    r"template|letter|e-?mail|form|placeholder|テンプレ|ひな形|雛形|メール|手紙|文面|書式|html|jinja|token|turn|prompt|format",
    re.IGNORECASE,
)
_AS_AI = re.compile(
    r"\bas an? (?:ai|artificial intelligence|large language model|language model|virtual assistant)\b"
    r"|\bi(?:'m| am) (?:just |only )?an? (?:ai|language model|large language model)\b"
    r"|(?:AI|人工知能|言語モデル|AIアシスタント|AI言語モデル)(?:として|である私|ですので|なので)",
    re.IGNORECASE,
)
_CANNOT = re.compile(
    r"^(?:i'?m |i am )?(?:very |so )?(?:sorry|afraid)[^.\n]{0,40}"
    r"\b(?:cannot|can't|can not|unable|don't have|do not have|not able)\b"
    r"|^i (?:cannot|can't|am unable to|am not able to|don't have (?:access|the ability)) "
    r"|^(?:unfortunately|sorry), (?:i|we) (?:cannot|can't|do not|don't)"
    r"|^please provide (?:me with )?(?:the|a|more|an|your) "
    r"(?:text|article|passage|image|information|input|sentence|context|details)"
    r"|^(?:大変)?(?:申し訳(?:ありません|ございません)|すみません|恐れ入ります)[^。\n]{0,60}"
    r"(?:できません|できかねます|わかりかねます|お答えできない|持っていません)",
    re.IGNORECASE,
)
_ABOUT_AI = re.compile(
    r"\bAI\b|artificial|language model|chatbot|人工知能|言語モデル|ＡＩ|roleplay|role-play|あなたは",
    re.IGNORECASE,
)
_UNSAFE = re.compile(
    r"\b(?:bomb|explosive|kill|murder|suicide|weapon|hack|malware|steal|poison|cocaine|launder|counterfeit)\w*"
    r"|爆弾|殺|自殺|武器|ハッキング|マルウェア|盗|毒|麻薬|覚醒剤|偽造|詐欺",
    re.IGNORECASE,
)


def remnant(prompt: str, reply: str) -> str | None:
    """Return a template mark, or a place that nobody filled; one that the prompt asks for is none."""
    if reply.strip().casefold() in _NOTHING:
        return reply.strip()
    if "<" in reply or "[" in reply or "{" in reply or ":" in reply:
        if _ASKS_FOR_TEMPLATE.search(prompt):
            return None
        if found := (_MARKS.search(reply) or _UNFILLED.search(reply)):
            return found[0]
    return None


def debris(reply: str) -> str | None:
    """Return a piece of markdown that points nowhere, or an open code fence."""
    if reply.count("```") % 2:
        return "```"
    if "[" in reply:
        if found := _EMPTY_LINK.search(reply):
            return found[0]
        if len(found_all := _CITATION.findall(reply)) >= 2 and "```" not in reply and "= [" not in reply:
            return str(found_all[0])
    return reply.strip() if _ONLY_URL.fullmatch(reply) else None


def refusal(prompt: str, reply: str) -> str | None:
    """Return the words of a refusal, unless the prompt asks for harm or is about AI itself."""
    head = reply[:400]
    found = _CANNOT.search(head.strip()) or (None if _ABOUT_AI.search(prompt) else _AS_AI.search(head))
    return None if found is None or _UNSAFE.search(prompt) else found[0]
