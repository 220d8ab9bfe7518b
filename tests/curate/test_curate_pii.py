from __future__ import annotations

import pytest

from loracheck.curate.config import FilterConfig
from loracheck.curate.filters.pii import masked, personal_data
from loracheck.records import Example, Message, Source
from loracheck.text.pii import find_personal, mask


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("連絡先はtaro.yamada@gmail.comです", "email"),
        ("連絡先はｔａｒｏ＠ｇｍａｉｌ．ｃｏｍです", "email"),
        ("Write to anna.smith+news@mail.company.co.uk today", "email"),
        ("電話は０９０－１２３４－５６７８まで", "phone"),
        ("電話は080-9876-5432です", "phone"),
        ("本社は03-3456-7891、", "phone"),
        ("大阪(06)6345-1278へ", "phone"),
        ("携帯は060-1234-5678", "phone"),
        ("Call (415) 732-9981 now", "phone"),
        ("Call 415-732-9981.", "phone"),
        ("+44 20 7946 1958", "phone"),
        ("+81 90-1234-5678", "phone"),
        ("カードは4539 1488 0343 6467です", "card"),
        ("Card 4539-1488-0343-6467", "card"),
        ("マイナンバーは123456789018です", "my_number"),
        ("個人番号 1234 5678 9018", "my_number"),
        ("〒150-0041 渋谷", "postal_code"),
        ("東京都渋谷区神南1丁目19番地11号に住む", "address"),
        ("大阪府大阪市北区梅田3-1-3", "address"),
        ("He lives at 742 Evergreen Street, Springfield, OR 97477.", "address"),
        ("生年月日は昭和63年5月6日です", "birth_date"),
        ("date of birth: 1988-05-06", "birth_date"),
        ("key AKIAABCDEFGHIJKLMNOP", "secret"),
        ("token ghp_abcdefghijklmnopqrstuvwxyz0123456789", "secret"),
        ("-----BEGIN RSA PRIVATE KEY-----", "secret"),
    ],
)
def test_personal_data_is_found_beside_kana_and_in_full_width(text: str, kind: str) -> None:
    assert kind in [span.kind for span in find_personal(text)]


@pytest.mark.parametrize(
    "text",
    [
        "a@example.com に送る", "user@mail.example.org", "価格は1,234-5678円ではない", "v1.2.3-4567",
        "2024-05-06 10:20", "2024年5月6日", "10.0.0.1", "192.168.100.200", "123456789012", "555-0123",
        "1234567890123456", "π=3.14159265358979", "東京都は大きい", "京都府の北部", "ISBN 978-4-06-519981-0",
        "100-200-300", "1990-2000年", "3-4人", "@taro さん", "スコアは12-3", "生年月日を教えて", "my date of birth",
        "sk-learn を使う", "4111 1111 1111 1112", "電話番号は何桁ですか", "1+1=2", "1-800 年", "0.03-3.4567",
        "0000-1111-2222", "0001234567", "注文番号0363456789", "099-123", "211-999-0000",
        "No. 42 Street", "2023/12/31", "9999999999999999",
    ],
)  # fmt: skip
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    assert find_personal(text) == []


def test_masking_takes_the_span_alone_and_names_its_kind_in_the_language_of_the_text() -> None:
    ja = "ご連絡は（ｔａｒｏ＠ｇｍａｉｌ．ｃｏｍ）か090-1234-5678までお願いします。"
    assert mask(ja, find_personal(ja)) == "ご連絡は（[メールアドレス]）か[電話番号]までお願いします。"
    en = "Write to taro@gmail.com, please."
    assert mask(en, find_personal(en)) == "Write to [EMAIL], please."


def test_every_turn_of_a_row_is_searched_and_masked_by_kind() -> None:
    row = Example(
        id="1",
        messages=(
            Message(role="user", content="私はtaro@gmail.comです"),
            Message(role="assistant", content="090-1234-5678ですね"),
        ),
        language="ja",
        source=Source(file="a", line=1),
    )
    assert personal_data(row, FilterConfig()) == {"email": 1, "phone": 1}
    assert personal_data(row, FilterConfig(pii_kinds=("phone",))) == {"phone": 1}
    assert personal_data(row, FilterConfig(pii="off")) == {}
    assert [m.content for m in masked(row, ["phone"]).messages] == [
        "私はtaro@gmail.comです",
        "[電話番号]ですね",
    ]
