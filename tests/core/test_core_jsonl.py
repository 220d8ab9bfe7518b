from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from loracheck import jsonl
from loracheck.errors import DataError
from loracheck.records import ChoiceScores, Source, TokenScores


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    text: str
    n: int


def test_records_come_back_as_written_and_japanese_stays_readable(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    pairs = [Pair(text="東京なのだ。", n=1), Pair(text="A \u2028 line", n=2)]
    jsonl.write(path, pairs)
    assert list(jsonl.read(path, Pair)) == pairs
    assert "東京なのだ。" in path.read_text(encoding="utf-8")


def test_a_wrong_field_is_named_with_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "a", "n": 1}\n\n{"text": "b", "n": "two"}\n', encoding="utf-8")
    with pytest.raises(DataError, match=r"rows\.jsonl, line 3, field n: a whole number is wanted, not text"):
        list(jsonl.read(path, Pair))


def test_a_line_that_is_no_json_is_named(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "a", "n": 1}\n{"text": \n', encoding="utf-8")
    with pytest.raises(DataError, match=r"rows\.jsonl, line 2"):
        list(jsonl.read(path, Pair))


HARMFUL = {
    "no UTF-8": b'{"text": "\xff\xfe", "n": 1}',
    "nested without end": b'{"text": ' + b"[" * 100_000,
    "nested in what nobody asked for": b'{"text": "a", "n": 1, "more": '
    + b"[" * 100_000
    + b"]" * 100_000
    + b"}",
    "a large number": b'{"text": "a", "n": ' + b"9" * 5000 + b"}",
    "half a pair": b'{"text": "\\ud800", "n": 1}',
    "a null byte": b'{"text": "a\0", "n": 1}',
    "another type": b"[]",
    "cut off": b'{"text": "a", "n"',
}


@pytest.mark.parametrize("content", HARMFUL.values(), ids=HARMFUL)
def test_what_is_no_record_is_named_whatever_is_wrong_with_it(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"rows\.jsonl, line 1"):
        list(jsonl.read(path, Pair))
    with pytest.raises(DataError, match=r"rows\.jsonl"):
        jsonl.read_one(path, Pair)


def test_a_missing_field_of_a_single_record_is_named(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    path.write_text('{"file": "a"}', encoding="utf-8")
    with pytest.raises(DataError, match=r"one\.json: .*line"):
        jsonl.read_one(path, Source)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'{"text": "\xff", "n": 1}', "not UTF-8"),
        (b'{"more": ' + b"[" * 100_000, "nested too deeply"),
        (b'{"text": "a", "n": ' + b"9" * 5000 + b"}", "Integer value out of range"),
        (b'{"text": "a", "n": NaN}', "JSON is malformed"),
    ],
)
def test_what_no_record_can_be_is_told_with_its_place(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(content + b"\n")
    with pytest.raises(DataError, match=rf"rows\.jsonl, line 1: .*{told}"):
        list(jsonl.read(path, Pair))
    with pytest.raises(DataError, match=told):
        jsonl.read_one(path, Pair)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"kinds": ["right"]}, "kinds, choices and logprobs are of different lengths"),
        ({"logprobs": [-1.0]}, "kinds, choices and logprobs are of different lengths"),
        ({"logprobs": [-1.0, 1e308]}, "a logprob is no log-likelihood"),
        ({"logprobs": [-1.0, -1e308]}, "a logprob is no log-likelihood"),
    ],
)
def test_scores_that_no_model_gives_are_refused(tmp_path: Path, given: dict[str, object], told: str) -> None:
    path = tmp_path / "choices.jsonl"
    one = {
        "probe_id": "p",
        "arm": "base",
        "kinds": ["right", "wrong"],
        "choices": ["a", "b"],
        "logprobs": [-1.0, -2.0],
    }
    jsonl.write(path, [one, one | {"logprobs": []}])
    assert len(list(jsonl.read(path, ChoiceScores))) == 2
    jsonl.write(path, [one | given])
    with pytest.raises(DataError, match=f"line 1: {told}"):
        list(jsonl.read(path, ChoiceScores))
    tokens = {"probe_id": "p", "arm": "base", "kind": "reference", "tokens": ["a", "b"], "logprobs": [-1.0]}
    jsonl.write(path, [tokens])
    with pytest.raises(DataError, match="tokens and logprobs are of different lengths"):
        list(jsonl.read(path, TokenScores))


def test_a_file_that_is_gone_or_none_is_an_error_of_the_input(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(DataError, match="cannot be read"):
            jsonl.read_one(path, Source)
        with pytest.raises(DataError, match="cannot be read"):
            list(jsonl.read(path, Source))


def test_nothing_is_written_through_a_link_that_lies_in_the_way(tmp_path: Path) -> None:
    own = tmp_path / "own.txt"
    own.write_text("mine", encoding="utf-8")
    (tmp_path / ".page.html.tmp").symlink_to(own)
    jsonl.replace(tmp_path / "page.html", b"page")
    assert (own.read_text(encoding="utf-8"), (tmp_path / "page.html").read_bytes()) == ("mine", b"page")


def test_a_failed_write_leaves_the_old_file_and_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "kept.jsonl"
    jsonl.write(path, [Pair(text="old", n=1)])

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        jsonl.write(path, [Pair(text="new", n=2)])
    assert list(jsonl.read(path, Pair)) == [Pair(text="old", n=1)]
    assert [entry.name for entry in tmp_path.iterdir()] == ["kept.jsonl"]


@pytest.mark.parametrize("planted", [".kept.jsonl.tmp", "kept.jsonl"])
def test_a_link_that_stands_in_the_way_is_replaced_and_not_followed(planted: str, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.txt"
    foreign.write_text("mine", encoding="utf-8")
    path = tmp_path / "run" / "kept.jsonl"
    path.parent.mkdir()
    (path.parent / planted).symlink_to(foreign)
    jsonl.write(path, [Pair(text="new", n=1)])
    assert foreign.read_text(encoding="utf-8") == "mine"
    assert not path.is_symlink()
    assert list(jsonl.read(path, Pair)) == [Pair(text="new", n=1)]
    assert [entry.name for entry in path.parent.iterdir()] == ["kept.jsonl"]


def test_what_a_killed_process_left_is_replaced(tmp_path: Path) -> None:
    (tmp_path / ".kept.jsonl.tmp").write_bytes(b"half of a li")
    jsonl.write(tmp_path / "kept.jsonl", [Pair(text="new", n=1)])
    assert [entry.name for entry in tmp_path.iterdir()] == ["kept.jsonl"]


def test_an_unencodable_record_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "kept.jsonl"
    jsonl.write(path, [Pair(text="old", n=1)])
    with pytest.raises(TypeError):
        jsonl.write(path, [Pair(text="new", n=2), object()])
    assert list(jsonl.read(path, Pair)) == [Pair(text="old", n=1)]


def test_a_torn_last_line_is_dropped_before_appending(tmp_path: Path) -> None:
    path = tmp_path / "scores.jsonl"
    whole = jsonl.encode(Pair(text="whole", n=1)) + b"\n"
    path.write_bytes(whole + b'{"text": "to')
    log = jsonl.Appender(path)
    assert path.read_bytes() == whole
    log.append([Pair(text="next", n=2)])
    assert [pair.text for pair in jsonl.read(path, Pair)] == ["whole", "next"]


def test_a_file_of_one_torn_line_becomes_empty(tmp_path: Path) -> None:
    path = tmp_path / "scores.jsonl"
    path.write_bytes(b'{"text": "to')
    jsonl.Appender(path)
    assert path.read_bytes() == b""


def test_an_appender_starts_a_file_that_is_not_there(tmp_path: Path) -> None:
    log = jsonl.Appender(tmp_path / "new.jsonl")
    log.append([Pair(text="a", n=1)])
    log.append([Pair(text="b", n=2)])
    assert [pair.n for pair in jsonl.read(tmp_path / "new.jsonl", Pair)] == [1, 2]


def test_a_number_of_numpys_is_a_number() -> None:
    assert (
        jsonl.encode({"a": np.float64(0.5), "b": np.int64(3), "c": np.bool_(True)})
        == b'{"a":0.5,"b":3,"c":true}'
    )
    with pytest.raises(TypeError, match="ndarray has no JSON"):
        jsonl.encode({"a": np.ones(2)})
