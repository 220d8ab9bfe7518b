from __future__ import annotations

import pickle
import unicodedata

import pytest

from loracheck.curate.config import DecontaminateConfig
from loracheck.curate.fields import Fields
from loracheck.curate.filters.decontaminate import Contamination, Reference, references_of_probes
from loracheck.probes import bundled

JA = "江戸時代に参勤交代の制度を定めた将軍は誰ですか。"
LONG = "次の文章を読んで、主人公が故郷を離れる決心をした理由を四十字以内で説明しなさい。ただし母の言葉に触れること。"
EN = "Which river flows through the capital city of Hungary and into the Black Sea?"
INDEX = Contamination(
    [Reference(text=text, source="test", id=str(n)) for n, text in enumerate((JA, LONG, EN))],
    DecontaminateConfig(),
)


@pytest.mark.parametrize(
    ("fields", "how"),
    [
        (Fields("", JA, "家光です。"), "equal"),
        (Fields("", unicodedata.normalize("NFD", JA).replace("。", "？"), "家光です。"), "equal"),
        (Fields("", f"歴史の問題です。{JA}教えてください。", "家光です。"), "contains"),
        (Fields("", "例題を作って", f"問: {JA}"), "contains"),
        (Fields(EN.upper(), "Answer it.", "The Danube."), "contains"),
        (Fields("", LONG[:38] + "書いてください。", "はい。"), "run"),
    ],
)
def test_a_question_of_a_test_is_found_wherever_it_stands(fields: Fields, how: str) -> None:
    found = INDEX.find(fields)
    assert found is not None
    assert found.how == how


@pytest.mark.parametrize(
    "fields",
    [
        Fields("", "江戸時代の文化について教えてください。", "元禄文化が知られます。"),
        Fields("", "参勤交代とは何ですか。", "大名が江戸に通う制度です。"),
        Fields("", "Which river flows through Vienna?", "The Danube."),
        Fields("", "はい", "いいえ"),
        Fields("", "", ""),
    ],
)
def test_the_same_topic_is_no_contamination(fields: Fields) -> None:
    assert INDEX.find(fields) is None


def test_text_that_many_references_share_proves_nothing() -> None:
    opening = "次の選択肢から正しいものを一つ選び、記号で答えてください。"
    index = Contamination(
        [
            Reference(text=f"{opening}{topic}はどれですか。", source="t", id=topic)
            for topic in ("首都", "元素", "作家", "山脈")
        ],
        DecontaminateConfig(),
    )
    assert index.find(Fields("", f"{opening}母音はどれですか。", "ア")) is None
    assert index.find(Fields("", f"{opening}首都はどれですか。", "ア")) is not None


def test_the_bundled_probes_are_known_and_the_index_travels_to_other_processes() -> None:
    probes = bundled(["facts-ja", "facts-en"])
    index = Contamination(list(references_of_probes(probes, "facts")), DecontaminateConfig())
    index = pickle.loads(pickle.dumps(index))
    for probe in probes[::50]:
        found = index.find(Fields("", probe.messages[-1].content, "?"))
        assert found is not None
        assert found.source == "facts"
