from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file, save_file

import loracheck.curate.scoring.score as scoring
from loracheck.curate.config import ScoreConfig
from loracheck.curate.scoring.score import (
    RowScore,
    embeddings,
    ignores_question,
    mismatch_curves,
    score_examples,
    why_unscored,
)
from loracheck.curate.scoring.scorecache import Measured, ScoreCache
from loracheck.errors import EnvironmentFault
from loracheck.loading.examples import load_examples
from loracheck.models.load import Base, load_base
from loracheck.progress import Progress
from loracheck.records import Example, Message
from loracheck.templates.chat import ChatTemplate

DATA = Path(__file__).parents[2] / "loracheck" / "demo_data"
QUIET = Progress(quiet=True)
CONFIG = ScoreConfig()


class Counted:
    """A base that counts the texts it reads."""

    def __init__(self, base: Base) -> None:
        self.base = base
        self.template = ChatTemplate(base.tokenizer)
        self.texts = 0
        base.model.get_decoder().register_forward_pre_hook(self._count, with_kwargs=True)

    def _count(self, module: object, args: object, kwargs: dict[str, Sequence[object]]) -> None:
        self.texts += len(kwargs["input_ids"])

    def score(
        self, examples: Sequence[Example], cache: ScoreCache, *, other_question: bool = True
    ) -> tuple[dict[str, RowScore], int]:
        before = self.texts
        scores = score_examples(
            self.base, self.template, examples, cache, QUIET, other_question=other_question
        )
        return scores, self.texts - before


@pytest.fixture(scope="module")
def tiny(tiny_gemma: Path) -> Counted:
    return Counted(load_base(str(tiny_gemma)))


@pytest.fixture(scope="module")
def examples() -> list[Example]:
    return [
        *load_examples([DATA / "poponu_heldout.jsonl"])[:10],
        *load_examples([DATA / "brindle_heldout.jsonl"])[:6],
    ]


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[ScoreCache]:
    with ScoreCache(tmp_path / "scores") as cache:
        yield cache


def asked_anew(example: Example, question: str) -> Example:
    return replace(example, messages=(Message(role="user", content=question), example.messages[-1]))


def shuffled(examples: Sequence[Example]) -> list[Example]:
    following = [*examples[1:], examples[0]]
    return [asked_anew(one, other.prompt) for one, other in zip(examples, following, strict=True)]


def test_a_second_scoring_reads_no_text_at_all(
    tiny: Counted, examples: list[Example], cache: ScoreCache
) -> None:
    first, texts = tiny.score(examples, cache)
    assert texts == 3 * len(examples)
    assert list(first) == [example.id for example in examples]
    assert tiny.score(examples, cache) == (first, 0)


def test_a_row_is_known_by_what_it_says_and_not_by_its_name_file_or_place(
    tiny: Counted, examples: list[Example], cache: ScoreCache
) -> None:
    first, _ = tiny.score(examples, cache)
    renamed = [replace(example, id=f"new-{example.id}", metadata={"n": 1}) for example in examples[::-1]]
    again, texts = tiny.score(renamed, cache)
    assert texts == 0
    for example in examples:
        assert replace(again[f"new-{example.id}"], example_id=example.id) == first[example.id]


def test_only_a_changed_row_and_the_row_before_it_in_the_ring_of_questions_are_read(
    tiny: Counted, examples: list[Example], cache: ScoreCache
) -> None:
    first, _ = tiny.score(examples, cache)
    changed = [asked_anew(examples[0], "今日の天気はどうですか？"), *examples[1:]]
    second, texts = tiny.score(changed, cache)
    # Given its new question, and under another one; and the rows whose other question was, or now is, this row's.
    assert 2 <= texts <= 4
    assert {
        i for i in first if replace(first[i], loss_other=None) != replace(second[i], loss_other=None)
    } == {examples[0].id}
    longer = [*changed, asked_anew(examples[1], "空はなぜ青いのですか？")]
    longer[-1] = replace(longer[-1], id="new")
    third, texts = tiny.score(longer, cache, other_question=False)
    assert texts == 1  # its reply alone was read for row 1
    assert {i: replace(second[i], loss_other=None) for i in second} == {i: third[i] for i in second}


def test_without_the_other_question_a_row_costs_one_pass_less(
    tiny: Counted, examples: list[Example], cache: ScoreCache
) -> None:
    plain, texts = tiny.score(examples, cache, other_question=False)
    assert texts == 2 * len(examples)
    assert all(score.fit is None for score in plain.values())
    whole, texts = tiny.score(examples, cache)
    assert texts == len(examples)
    assert all(score.fit is not None for score in whole.values())


def test_another_base_template_or_precision_is_not_served_from_the_cache(
    tiny: Counted, examples: list[Example], cache: ScoreCache, tmp_path: Path, make_gemma: type
) -> None:
    first, texts = tiny.score(examples, cache)
    other_base = Counted(load_base(str(make_gemma(tmp_path / "other", seed=1))))
    assert other_base.score(examples, cache)[1] == texts
    template = ChatTemplate(tiny.base.tokenizer, tiny.template.source.replace("回答", "答え"))
    plain = {i: score.loss for i, score in first.items()}
    scores = score_examples(tiny.base, template, examples, cache, QUIET)
    assert {i: score.loss for i, score in scores.items()} != plain
    halved = Counted(replace(tiny.base, quantization="nf4"))  # the weights are not touched, the record is
    assert halved.score(examples, cache)[1] == texts


def test_a_copy_made_to_look_like_a_base_is_not_served_from_its_cache(
    tiny: Counted, examples: list[Example], cache: ScoreCache, tmp_path: Path
) -> None:
    _, texts = tiny.score(examples, cache)
    copy = Path(shutil.copytree(tiny.base.source, tmp_path / "copy"))
    tensors = load_file(copy / "model.safetensors")
    name = next(n for n in tensors if n.endswith("q_proj.weight"))
    tensors[name][16:] *= 2
    save_file(tensors, copy / "model.safetensors", metadata={"format": "pt"})
    other = Counted(load_base(str(copy)))
    assert other.base.fingerprint == tiny.base.fingerprint
    assert other.score(examples, cache)[1] == texts


KILLED = """
import os, signal, sys
from pathlib import Path
import loracheck.curate.scoring.score as scoring
from loracheck.curate.scoring.scorecache import ScoreCache
from loracheck.loading.examples import load_examples
from loracheck.models.load import load_base
from loracheck.progress import Progress
from loracheck.templates.chat import ChatTemplate

base_folder, cache_folder, *data = sys.argv[1:]
scoring.ROWS_A_STEP = 3
insert, calls = ScoreCache._insert, []

def dying(cache, rows):
    calls.append(1)
    if len(calls) == 3:  # the transaction is open and the process dies in it
        cache._database.execute("BEGIN IMMEDIATE")
        cache._database.executemany("INSERT OR REPLACE INTO entries VALUES (?, ?)", rows)
        os.kill(os.getpid(), signal.SIGKILL)
    insert(cache, rows)

ScoreCache._insert = dying
examples = [e for file, n in zip(data[::2], data[1::2]) for e in load_examples([Path(file)])[:int(n)]]
base = load_base(base_folder)
scoring.score_examples(base, ChatTemplate(base.tokenizer), examples, ScoreCache(Path(cache_folder)),
                       Progress(quiet=True))
"""


def test_a_killed_scoring_goes_on_where_it_was_and_ends_in_the_same_numbers(
    tiny: Counted,
    tiny_gemma: Path,
    examples: list[Example],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scoring, "ROWS_A_STEP", 3)
    with ScoreCache(tmp_path / "whole") as cache:
        whole, needed = tiny.score(examples, cache)
    files = [str(DATA / "poponu_heldout.jsonl"), "10", str(DATA / "brindle_heldout.jsonl"), "6"]
    command = [sys.executable, "-c", KILLED, str(tiny_gemma), str(tmp_path / "killed"), *files]
    root = Path(__file__).parents[2]
    ended = subprocess.run(
        command, check=False, capture_output=True, env=os.environ | {"PYTHONPATH": str(root)}
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    with ScoreCache(tmp_path / "killed") as cache:
        resumed, texts = tiny.score(examples, cache)
    assert texts == needed - 3 * 3 * 2  # two steps of three rows, three passes each, were stored
    assert resumed == whole


def test_long_rows_are_stored_a_few_at_a_time(
    tiny: Counted, examples: list[Example], cache: ScoreCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    lengths = sorted((sum(len(turn.content) for turn in row.messages) for row in examples), reverse=True)
    monkeypatch.setattr(scoring, "CHARACTERS_A_STEP", lengths[0] + lengths[1])
    put, stored = cache.put, list[int]()

    def count(found: Mapping[bytes, Measured]) -> None:
        stored.append(len(found))
        put(found)

    monkeypatch.setattr(cache, "put", count)
    tiny.score(examples, cache)
    assert stored[0] == 2 * 3  # the two longest rows, three passes each
    assert len(stored) > 2
    assert sum(stored) == 3 * len(examples)


def test_entries_that_were_damaged_are_measured_again(
    tiny: Counted, examples: list[Example], cache: ScoreCache
) -> None:
    first, texts = tiny.score(examples, cache)
    with sqlite3.connect(cache.path) as database:
        keys = [key for (key,) in database.execute("SELECT key FROM entries ORDER BY key LIMIT 3")]
        database.execute("UPDATE entries SET value = substr(value, 1, 9) || x'01' WHERE key = ?", [keys[0]])
        database.execute("UPDATE entries SET value = 'text' WHERE key = ?", [keys[1]])
        other = "(SELECT value FROM entries ORDER BY key DESC LIMIT 1)"
        database.execute(f"UPDATE entries SET value = {other} WHERE key = ?", [keys[2]])
    again, read = tiny.score(examples, cache)
    assert read == 3 < texts
    for name, score in first.items():
        assert again[name].loss == pytest.approx(score.loss, abs=1e-5)
    assert tiny.score(examples, cache) == (again, 0)


@pytest.mark.parametrize("damage", ["nonsense", "cut off", "page lost"])
def test_a_file_that_is_no_database_is_set_aside(
    damage: str, tiny: Counted, examples: list[Example], tmp_path: Path
) -> None:
    with ScoreCache(tmp_path) as cache:
        first, texts = tiny.score(examples, cache)
        path = cache.path
    content = path.read_bytes()
    if damage == "nonsense":
        path.write_bytes("これはデータベースではない".encode() * 200)
    elif damage == "cut off":
        path.write_bytes(content[: len(content) // 2 + 11])
    else:
        path.write_bytes(content[:4096] + b"\xff" * 4096 + content[8192:])
    with ScoreCache(tmp_path) as cache:
        again, read = tiny.score(examples, cache)
        assert cache.damaged is not None
        assert cache.damaged.is_file()
    assert read == texts
    assert again == first


def test_a_cache_that_cannot_be_written_says_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(EnvironmentFault, match="cannot use the cache") as caught:
        ScoreCache(tmp_path / "file")
    assert "LORACHECK_CACHE" in caught.value.hint


def test_two_writers_share_one_cache(tmp_path: Path) -> None:
    with ScoreCache(tmp_path) as one, ScoreCache(tmp_path) as two:
        one.put({b"a": Measured(logprob=-1.5, tokens=2)})
        two.put({b"b": Measured(logprob=-2.5, tokens=3, embedding=b"\x00\x3c")})
        assert one.get([b"a", b"b", b"c"]) == two.get([b"b", b"a"])
        assert one.get([b"b"])[b"b"].loss == pytest.approx(2.5 / 3)


def test_the_score_depends_on_the_question_that_stands_before_the_reply(
    tiny: Counted, examples: list[Example], cache: ScoreCache
) -> None:
    right, _ = tiny.score(examples[:6], cache)
    wrong, _ = tiny.score(shuffled(examples[:6]), cache)
    for example in examples[:6]:
        assert right[example.id].loss_alone == wrong[example.id].loss_alone
        assert abs(right[example.id].ifd - wrong[example.id].ifd) > 1e-5
        assert abs(right[example.id].gain - wrong[example.id].gain) > 1e-5


def test_the_other_question_is_of_the_same_language_and_really_another() -> None:
    prompts = [b"b", b"a", b"b", b"c", b"x", b"y", b"z"]
    languages = ["ja", "ja", "ja", "ja", "en", "en", "other"]
    others = scoring._other_questions(prompts, languages)
    assert [prompts[i] if i is not None else None for i in others] == [
        b"c",
        b"b",
        b"c",
        b"a",
        b"y",
        b"x",
        None,
    ]


def test_a_row_that_the_template_refuses_is_left_out_and_the_others_are_scored(
    tiny: Counted, examples: list[Example], cache: ScoreCache
) -> None:
    source = "{%- if 'secret' in messages[0].content -%}{{ raise_exception('no secrets') }}{%- endif -%}"
    template = ChatTemplate(tiny.base.tokenizer, source + tiny.template.source)
    rows = [asked_anew(examples[0], "secret"), *examples[1:4]]
    before = tiny.texts
    scores = score_examples(tiny.base, template, rows, cache, QUIET)
    assert list(scores) == [example.id for example in rows[1:]]
    assert "no secrets" in why_unscored(template, rows[0])
    needed = tiny.texts - before
    assert score_examples(tiny.base, template, rows, cache, QUIET) == scores
    assert tiny.texts - before == needed


def test_a_reply_longer_than_what_is_scored_is_left_out_and_a_long_question_is_cut(
    tiny: Counted, examples: list[Example], cache: ScoreCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring, "LONGEST_TOKENS", 60)
    long_reply = replace(
        examples[0],
        id="reply",
        messages=(examples[0].messages[0], Message(role="assistant", content="なのだ。" * 80)),
    )
    long_question = replace(asked_anew(examples[1], "どうですか？" * 80), id="question")
    short = asked_anew(long_question, "元気？")
    rows = [
        long_reply,
        replace(short, messages=(*long_question.messages[:-1], Message(role="assistant", content="はい。"))),
    ]
    scores, _ = tiny.score(rows, cache)
    assert list(scores) == ["question"]
    assert "tokens" in why_unscored(tiny.template, long_reply)


def test_a_reply_ignores_its_question_when_none_or_another_would_do_as_well() -> None:
    fitting = RowScore(example_id="a", loss=2.0, loss_alone=3.0, loss_other=2.5, tokens=64, embedding=b"")
    assert fitting.gain == pytest.approx(1.0)
    assert fitting.fit == pytest.approx(0.5 * 8)
    assert [score.name for score in fitting.as_scores()] == ["ifd", "perplexity", "gain", "fit"]
    assert ignores_question(fitting, CONFIG) is None
    alone = replace(fitting, loss_alone=1.9)
    assert "IFD 1.05" in (ignores_question(alone, CONFIG) or {})["what"]
    either = replace(fitting, loss_other=2.05)
    assert "fit 0.40" in (ignores_question(either, CONFIG) or {})["what"]
    assert (
        ignores_question(replace(either, tokens=400), CONFIG) is None
    )  # the same difference, far above noise
    assert ignores_question(replace(either, loss_other=None), CONFIG) is None
    assert ignores_question(replace(either, tokens=47), CONFIG) is None  # too short to tell
    curves = mismatch_curves([fitting, alone, either], CONFIG)
    chosen = {curve.option: curve.dropped[curve.thresholds.index(curve.chosen)] for curve in curves}
    assert chosen == {"score.max_ifd": 1, "score.min_fit": 1}


def test_embeddings_are_held_in_half_precision_and_given_as_unit_vectors(
    tiny: Counted, examples: list[Example], cache: ScoreCache
) -> None:
    scores, _ = tiny.score(examples, cache)
    width = tiny.base.model.config.get_text_config().hidden_size
    assert all(len(score.embedding) == 2 * width for score in scores.values())
    points = embeddings(list(scores.values()))
    assert points.shape == (len(examples), width)
    assert np.allclose(np.linalg.norm(points, axis=1), 1.0, atol=1e-5)


@pytest.mark.slow
def test_the_embedded_model_tells_shuffled_pairs_from_right_ones(gemma: Path, cache: ScoreCache) -> None:
    base = load_base(str(gemma))
    template = ChatTemplate(base.tokenizer)
    pairs: list[tuple[RowScore, RowScore]] = []
    for name in ("brindle", "poponu"):
        rows = load_examples([DATA / f"{name}_heldout.jsonl"])[:32]
        right = score_examples(base, template, rows, cache, QUIET)
        wrong = score_examples(base, template, shuffled(rows), cache, QUIET)
        pairs += [(right[row.id], wrong[row.id]) for row in rows]
    # All of these replies are short, so a pair in ten is told wrongly; chance would tell 32 of 64 rightly.
    assert sum(a.ifd < b.ifd for a, b in pairs) >= 48
    assert sum((a.fit or 0.0) > (b.fit or 0.0) for a, b in pairs) >= 48
