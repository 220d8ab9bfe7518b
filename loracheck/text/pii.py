"""Personal data in Japanese and English text: found with its place and kind, and masked on request.

Matched on an NFKC view whose offsets lead back to the text, without word boundaries, since kana touches ASCII in
Japanese. Numbers count only with their check digit or in their written form; documentation addresses never do.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from loracheck.text import language_of

_NO_DIGIT = r"(?<![\d.])"
_END = r"(?![\d]|[.-]\d)"
_EMAIL = re.compile(
    r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,24}(?![A-Za-z0-9])"
)
_FICTIONAL_HOST = re.compile(
    r"@(?:[\w.-]+\.)?(?:example\.\w+|example|test|invalid|localhost)$", re.IGNORECASE
)
_PHONE_JA = re.compile(
    _NO_DIGIT + r"(?:\+81[- ]?|0)(?:[1-9]0[- ]?\d{4}[- ]?\d{4}"
    r"|\d{1,4}(?:-\d{1,4}-|\(\d{1,4}\)|[ ]\d{2,4}[ ])\d{4})"
    r"|\(0\d{1,4}\) ?\d{1,4}-\d{4}" + _END
)
_PHONE_EN = re.compile(
    _NO_DIGIT + r"(?:\+?1[-. ])?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[-. ])[2-9]\d{2}[-. ]\d{4}" + _END
)
_PHONE_WORLD = re.compile(_NO_DIGIT + r"\+[2-9]\d{1,2}(?:[- ]\d{2,5}){2,4}" + _END)
_MAY_HOLD = re.compile(r"[\d@＠]|-----|sk-|xox|AKIA")
_CARD = re.compile(_NO_DIGIT + r"[3-6]\d{3}(?:[ -]?\d{4}){2}[ -]?\d{3,4}" + _END)
_MY_NUMBER = re.compile(_NO_DIGIT + r"\d{4}[ -]?\d{4}[ -]?\d{4}" + _END)
_POSTAL = re.compile(r"(?:〒|郵便番号[はが:：]?)\s?\d{3}-?\d{4}" + _END)
_PREFECTURES = (
    "北海道|青森県|岩手県|宮城県|秋田県|山形県|福島県|茨城県|栃木県|群馬県|埼玉県|千葉県|東京都|神奈川県|新潟県|富山県|"
    "石川県|福井県|山梨県|長野県|岐阜県|静岡県|愛知県|三重県|滋賀県|京都府|大阪府|兵庫県|奈良県|和歌山県|鳥取県|島根県|"
    "岡山県|広島県|山口県|徳島県|香川県|愛媛県|高知県|福岡県|佐賀県|長崎県|熊本県|大分県|宮崎県|鹿児島県|沖縄県"
)
_ADDRESS_JA = re.compile(
    rf"(?:{_PREFECTURES})[^\s、。,.\d]{{1,20}}[市区町村郡][^\s、。,.\d]{{0,20}}\d{{1,4}}(?:丁目\d{{1,3}}(?:番地?)?(?:\d{{1,3}}号?)?|-\d{{1,4}}(?:-\d{{1,4}})?|番地)"
)
_ADDRESS_EN = re.compile(
    r"(?<!\d)\d{1,5} (?:[A-Z][a-z]+ ){1,3}(?:Street|St\.|Avenue|Ave\.|Road|Rd\.|Boulevard|Blvd\.|Drive|Lane), "
    r"[A-Z][A-Za-z ]{1,30}, [A-Z]{2} \d{5}"
)
_BIRTH = re.compile(
    r"(?:生年月日|誕生日)[はが:： ]{0,3}(?:(?:昭和|平成|令和|大正)?\d{1,4}年\d{1,2}月\d{1,2}日"
    r"|\d{4}[/-]\d{1,2}[/-]\d{1,2})"
    r"|(?:date of birth|DOB)[: ]{1,3}(?:\d{1,4}[/-]\d{1,2}[/-]\d{1,4}|[A-Z][a-z]+ \d{1,2}, \d{4})",
    re.IGNORECASE,
)
_SECRET = re.compile(
    r"AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|sk-(?:proj-|ant-)?[A-Za-z0-9_-]{32,}|xox[bp]-[0-9A-Za-z-]{20,}"
    r"|hf_[A-Za-z0-9]{34}|-----BEGIN (?:RSA |EC |OPENSSH )?PRIVATE KEY-----"
)
_PLACEHOLDERS = {
    "email": ("[EMAIL]", "[メールアドレス]"),
    "phone": ("[PHONE]", "[電話番号]"),
    "card": ("[CARD NUMBER]", "[カード番号]"),
    "my_number": ("[ID NUMBER]", "[個人番号]"),
    "postal_code": ("[POSTAL CODE]", "[郵便番号]"),
    "address": ("[ADDRESS]", "[住所]"),
    "birth_date": ("[DATE OF BIRTH]", "[生年月日]"),
    "secret": ("[SECRET]", "[秘密情報]"),
}
KINDS = tuple(_PLACEHOLDERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A piece of personal data: text[start:end] and its kind, one of KINDS."""

    start: int
    end: int
    kind: str


def find_personal(text: str) -> list[Span]:
    """Return the personal data of a text, in order and without overlap."""
    if not _MAY_HOLD.search(text):
        return []
    view, places = _view(text)
    found = sorted(
        (match.start(), -match.end(), kind)
        for kind, pattern, valid in _RULES
        for match in pattern.finditer(view)
        if valid(match[0])
    )
    spans: list[Span] = []
    end = 0
    for start, negative_end, kind in found:
        if start >= end:
            end = -negative_end
            spans.append(Span(start=places[start], end=places[end], kind=kind))
    return spans


def mask(text: str, spans: Sequence[Span]) -> str:
    """Put the name of its kind in the place of each piece of personal data, in the language of the text."""
    index = 1 if language_of(text) == "ja" else 0
    for span in sorted(spans, key=lambda span: -span.start):
        text = text[: span.start] + _PLACEHOLDERS[span.kind][index] + text[span.end :]
    return text


def _view(text: str) -> tuple[str, list[int]]:
    """Return the NFKC form of each character, dashes as hyphens, and where in the text each of them came from."""
    pieces, places = [], []
    for place, character in enumerate(text):
        piece = "-" if character in "‐‑‒–—−－ー" and _beside_digit(text, place) else character
        if not character.isascii() and piece == character:
            piece = unicodedata.normalize("NFKC", character)
        pieces.append(piece)
        places += [place] * len(piece)
    return "".join(pieces), [*places, len(text)]


def _beside_digit(text: str, place: int) -> bool:
    return place > 0 and text[place - 1].isdigit()


def _any(text: str) -> bool:
    return True


def _real_email(text: str) -> bool:
    return not _FICTIONAL_HOST.search(text)


def _real_phone(text: str) -> bool:
    """Tell whether a number is one that its country gives out, by the tables of the phonenumbers package."""
    import phonenumbers  # noqa: PLC0415 - only rows with such digits need its tables

    digits = _digits(text)
    if "55501" in digits[3:8] or len(set(digits[-8:])) <= 2:
        return False
    region = None if text.startswith("+") else "JP" if digits.startswith("0") else "US"
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(text, region))
    except phonenumbers.NumberParseException:
        return False


def _luhn(text: str) -> bool:
    """Check a card number by its Luhn sum."""
    digits = [int(digit) for digit in _digits(text)]
    doubled = [
        d if place % 2 else (2 * d if d < 5 else 2 * d - 9) for place, d in enumerate(reversed(digits), 1)
    ]
    return len(digits) in (15, 16) and len(set(digits)) > 2 and sum(doubled) % 10 == 0


def _my_number(text: str) -> bool:
    """Check the twelfth digit of a Japanese individual number (Cabinet order of 2014, ministerial rule 85)."""
    digits = [int(digit) for digit in _digits(text)]
    total = sum(d * (n + 1 if n <= 6 else n - 5) for n, d in enumerate(reversed(digits[:11]), start=1))
    rest = total % 11
    return len(set(digits)) > 2 and digits[11] == (0 if rest <= 1 else 11 - rest)


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())


def _rules() -> Iterator[tuple[str, re.Pattern[str], Callable[[str], bool]]]:
    yield "email", _EMAIL, _real_email
    yield "card", _CARD, _luhn
    yield "my_number", _MY_NUMBER, _my_number
    for pattern in (_PHONE_JA, _PHONE_EN, _PHONE_WORLD):
        yield "phone", pattern, _real_phone
    yield "postal_code", _POSTAL, _any
    yield "address", _ADDRESS_JA, _any
    yield "address", _ADDRESS_EN, _any
    yield "birth_date", _BIRTH, _any
    yield "secret", _SECRET, _any


_RULES = tuple(_rules())
