from __future__ import annotations

import operator
import os
from pathlib import Path

import pytest

from loracheck.curate.parallel import map_rows
from loracheck.curate.store import RowStore
from loracheck.errors import EnvironmentFault
from loracheck.records import Example, Message, Source


def row(number: int, reply: str = "はい、\nそうです。") -> Example:
    return Example(
        id=str(number),
        messages=(Message(role="user", content=f"質問{number}"), Message(role="assistant", content=reply)),
        language="ja",
        source=Source(file="a.jsonl", line=number),
    )


class EndsItsProcess:
    """Work that ends the worker process as soon as it arrives there, as the kernel does when memory is short."""

    def __reduce__(self) -> tuple[object, ...]:
        return os._exit, (9,)

    def __call__(self, example: Example) -> None:
        raise NotImplementedError


def test_rows_come_back_by_place_as_they_were(tmp_path: Path) -> None:
    with RowStore(tmp_path / "rows.jsonl") as store:
        store.extend(row(n) for n in range(5))
        assert len(store) == 5
        assert store[3] == row(3)
        store.extend([row(5, "後から")])
        assert [r.id for r in store.rows([5, 0])] == ["5", "0"]
        assert [[place for place, _ in batch] for batch in store.batches([0, 2, 4], 2)] == [[0, 2], [4]]


def test_a_changed_row_keeps_its_place(tmp_path: Path) -> None:
    with RowStore(tmp_path / "rows.jsonl") as store:
        store.extend(row(n) for n in range(3))
        assert store[1].reply != "伏せ字"
        store.replace(1, row(1, "伏せ字"))
        assert store[1].reply == "伏せ字"
        assert store[2] == row(2)
        assert len(store) == 3


def test_another_reader_opens_the_same_rows_by_their_spans(tmp_path: Path) -> None:
    with RowStore(tmp_path / "rows.jsonl") as store:
        store.extend(row(n) for n in range(3))
        store.replace(0, row(0, "新しい"))
        with RowStore(store.path, store.spans()) as other:
            assert [r.reply for r in other.rows()] == [r.reply for r in store.rows()]


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_any_number_of_processes_gives_the_results_of_one_in_their_order(
    workers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loracheck.curate.parallel.LEAST_ROWS", 10)
    monkeypatch.setattr("loracheck.curate.parallel.BATCH_ROWS", 7)
    with RowStore(tmp_path / "rows.jsonl") as store:
        store.extend(row(n, "あ" * (n % 13 + 1)) for n in range(50))
        places = [n for n in range(50) if n % 3]
        found = list(map_rows(operator.attrgetter("id", "reply"), store, places, workers))
    assert found == [(n, (str(n), "あ" * (n % 13 + 1))) for n in places]


def test_a_worker_that_is_killed_ends_in_a_message_and_not_in_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loracheck.curate.parallel.LEAST_ROWS", 1)
    with RowStore(tmp_path / "rows.jsonl") as store:
        store.extend(row(n) for n in range(5))
        with pytest.raises(EnvironmentFault, match="ended before it was done"):
            list(map_rows(EndsItsProcess(), store, range(5), 2))
