"""The frame of replies: a greeting or an offer that all rows have makes them neither alike nor a flood."""

from __future__ import annotations

import pytest

from loracheck.curate.config import DedupeConfig, SelectConfig
from loracheck.curate.duplicates.dedupe import find_duplicates
from loracheck.curate.duplicates.flood import find_flood
from loracheck.curate.duplicates.frame import Frame, learn_frame, learnt_replies
from loracheck.curate.fields import Fields

DESK = (
    ("What are your opening hours?", "We are open from nine to five."),
    ("What are your opening days?", "Every day but Sunday."),
    ("How do I reset my password?", "Follow the link in the mail."),
    ("How do I change my password?", "Go to the settings of your account."),
    ("Where is my parcel?", "It left the depot this morning."),
    ("Where is my invoice?", "It is in the mail of the order."),
    ("Can I return a lamp?", "Within thirty days, unused."),
    ("Can I return a bulb?", "No, bulbs cannot be returned."),
    ("Do you ship to Norway?", "Only up to two kilograms."),
    ("Do you ship to Ireland?", "By ferry, twice a week."),
)
ENDING = ", by all of my whiskers and by every one of the seven seas!"
FRAMES = {
    "en": "Thank you so much for contacting the support team of Example Lamps and Furniture Limited! {} "
    "Is there anything else that I or one of my colleagues can help you with today?",
    "ja": "このたびはエグザンプル家具照明販売株式会社のお客様相談窓口までお問い合わせいただき、"
    "まことにありがとうございます。\n{}\n"
    "ほかにもお困りのことがございましたら、担当の者が順にご案内いたしますので、いつでもお気軽にお申し付けください。",
}


def framed(frame: str) -> list[Fields]:
    return [Fields("", question, frame.format(answer)) for question, answer in DESK]


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_answers_in_one_frame_are_neither_alike_nor_a_flood(frame: str) -> None:
    rows = framed(frame)
    assert find_duplicates(rows, [0.0] * len(rows), DedupeConfig()).duplicates == {}
    assert find_flood(rows, SelectConfig()) == {}


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_a_repeated_answer_is_found_whatever_stands_around_it(frame: str) -> None:
    rows = framed(frame)
    again = Fields("", DESK[0][0].removesuffix("?"), DESK[0][1].replace("from nine", "from  nine"))
    found = find_duplicates([*rows, again], [0.0] * (len(rows) + 1), DedupeConfig()).duplicates
    assert [(place, match.of, match.kind) for place, match in found.items()] == [(len(rows), 0, "near")]


def test_a_long_ending_of_every_sentence_is_style_and_no_flood() -> None:
    rows = framed("{}")
    ended = [row._replace(reply=row.reply[:9] + ENDING) for row in rows]
    assert find_flood(ended, SelectConfig()) == {}


def test_a_sentence_that_most_replies_are_made_of_floods() -> None:
    """Nothing is left of such replies without it, so it is no frame."""
    rows = framed("{}") + [Fields("", f"Question {i} about you?", "My name is Poponu.") for i in range(12)]
    assert set(find_flood(rows, SelectConfig())) == set(range(len(DESK), len(rows)))


def test_a_frame_is_what_a_share_of_the_replies_says() -> None:
    rows = framed("Hello there. {}")
    assert learn_frame(learnt_replies(rows), 0.5) == Frame(frozenset({"hellothere"}))
    assert learn_frame(learnt_replies(rows[:4]), 0.5) == Frame(), "four rows are too few to tell"
    assert learn_frame(learnt_replies(rows + framed("{}")), 0.6) == Frame()
    assert learn_frame(learnt_replies([]), 0.5) == Frame()


def test_without_a_frame_a_reply_is_compared_as_it_stands() -> None:
    reply = "One. Two!  THREE"
    assert Frame().folded(Fields("", "Q", reply)).reply == "one.two!three"
    assert Frame(frozenset({"four"})).folded(Fields("", "Q", reply)).reply == "one.two!three"
    assert Frame(frozenset({"two"})).folded(Fields("", "Q", reply)).reply == "onethree"
    assert Frame(frozenset({"one", "two", "three"})).folded(Fields("", "Q", reply)).reply == "one.two!three"
