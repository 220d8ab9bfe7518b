"""Language: is an answer in the language of its question?"""

from __future__ import annotations

import re
import unicodedata

from loracheck.evaluate.evidence import Evidence
from loracheck.evaluate.policy import Policy
from loracheck.evaluate.questions.material import Material, Questions
from loracheck.records import Finding, Language, Probe
from loracheck.text.prose import foreign_share
from loracheck.text.scripts import count_scripts

from .check import Check
from .gates import unmeasured
from .open_gate import open_gate

NAME = "language_switch"
NOT_PROSE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|https?://\S+|(?<!\S)\S+@\S+", re.DOTALL)
"""Code, links and addresses."""
_PART = re.compile(r"[^、，,・：:/;；。.!?！？\n]+")
_SIMPLIFIED = re.compile(
    r"[们这说吗你她样还过对给让吧啊么为从时请谢钱买卖头鸟树运坚烧应该动开关习语读边远进认识觉乐欢爱见"
    r"观车马鱼长东门问间电话网页发]"
)
"""Characters of Chinese prose that Japanese does not write."""
_ENDED = re.compile(r"(?:[a-z]{3}[.!?]|[^\x00-\x7f]{8}[。!?])(?:\s|$)")
_NUMBERED = re.compile(r"^[^\S\n]*\d+[.)．）].*$", re.MULTILINE)
_LONG_HAN, _LONG_WORDS = 6, 3
_LEAST_LETTERS = 30
_LEAST_KANA = 0.05
_LEAST_LATIN = 0.5
_MOST_FOREIGN = 1 / 3


def switches(answer: str, language: Language) -> bool:
    """Tell whether an answer leaves the language of its question, by its sentences or by the script of its letters.

    More than a third of it stands in sentences that are prose of another language; or a Japanese question gets less
    than 5% kana, an English one less than half Latin letters. Code and addresses are left aside. By script alone lists
    of names are in no language, and with 30 letters or fewer a name may be the whole answer.
    """
    text = unicodedata.normalize("NFKC", NOT_PROSE.sub(" ", answer))
    if language in ("ja", "en") and foreign_share(text, language) > _MOST_FOREIGN:
        return True
    counts = count_scripts(text)
    if counts.letters <= _LEAST_LETTERS or _is_list(text, han=counts.han > counts.latin):
        return False
    if language == "ja":
        return counts.kana < _LEAST_KANA * counts.letters
    return language == "en" and counts.latin < _LEAST_LATIN * counts.letters


def _is_list(text: str, *, han: bool) -> bool:
    """Tell whether a text is a list of names: parts of six Han characters or three words on average, or fewer.

    What holds several sentences or is written in Chinese is none, however many commas it has; numbered items are no
    sentences.
    """
    if _SIMPLIFIED.search(text) or len(_ENDED.findall(_NUMBERED.sub(" ", text))) > 1:
        return False
    parts = [part for part in _PART.findall(text) if part.strip()]
    sizes = [len("".join(part.split())) if han else len(part.split()) for part in parts]
    return sum(sizes) <= (_LONG_HAN if han else _LONG_WORDS) * len(parts)


def language_switch(evidence: Evidence, adapter: str, policy: Policy) -> Finding:
    """Check that answers leave the language of their question no more often than the base's."""
    probes = evidence.answered(adapter, evidence.out_of_domain)
    if not probes:
        return unmeasured(NAME, adapter, "needs_probes")

    def keeps(arm: str, probe: Probe) -> bool:
        return not switches(evidence.text(arm, probe), probe.language)

    return open_gate(NAME, adapter, probes, keeps, policy)


def _asks(material: Material) -> Questions:
    return Questions(short=(*material.suite("facts"), *material.suite("forms")), open=material.suite("open"))


LANGUAGE_SWITCH = Check(
    name=NAME,
    measure=language_switch,
    asks=_asks,
    tests=("paired",),
    faults=True,
)
