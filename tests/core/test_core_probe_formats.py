"""Files of probes: the user's own rows, and public sets in the formats they are published in."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from loracheck import jsonl
from loracheck.errors import DataError, UsageError
from loracheck.grading import gives_number, outcome
from loracheck.probes import bundled
from loracheck.probes.check import check_probes
from loracheck.probes.choices import guessing
from loracheck.probes.lm_eval_files import is_results, read_results
from loracheck.probes.lm_eval_tasks import task_suite
from loracheck.probes.making import make_probes
from loracheck.probes.userfiles import read_probe_file, read_probe_files
from loracheck.records import Example, Expected, Message, Probe, Source

PUBLIC = Path(__file__).parents[3] / "shared" / "data"
real = pytest.mark.skipif(not PUBLIC.is_dir(), reason="the public sets are not on this machine")
OWN: dict[str, Any] = {
    "prompt": "水は何度で沸騰しますか？",
    "answers": ["100度", "100℃"],
    "wrong": ["90度", "80度", "120度"],
}


def written(path: Path, *rows: dict[str, Any] | str) -> Path:
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def table(path: Path, rows: list[list[str]], delimiter: str = ",") -> Path:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8")
    return path


def one(path: Path, *rows: dict[str, Any] | str) -> Probe:
    [probe] = read_probe_file(written(path, *rows)).probes
    return probe


def right(probe: Probe) -> str:
    assert probe.expected is not None
    return probe.expected.answers[0]


def wrong(probe: Probe) -> tuple[str, ...]:
    assert probe.expected is not None
    return probe.expected.wrong


def test_an_own_row_becomes_a_probe_with_all_that_was_left_out(tmp_path: Path) -> None:
    probe = one(tmp_path / "boiling_points.jsonl", OWN)
    assert (probe.id, probe.suite) == ("facts-boiling-points-1", "facts-boiling-points")
    assert (probe.language, probe.domain, probe.cluster) == ("ja", "out", probe.id)
    assert probe.messages == (Message(role="user", content=OWN["prompt"]),)
    assert probe.expected == Expected(answers=("100度", "100℃"), wrong=("90度", "80度", "120度"))


def test_a_row_without_an_answer_is_open_and_one_without_a_question_only_scored(tmp_path: Path) -> None:
    file = written(tmp_path / "mine.jsonl", {"prompt": "Write a poem."}, {"reference": "A plain paragraph."})
    first, second = read_probe_file(file).probes
    assert (first.suite, first.expected) == ("open-mine", None)
    assert (second.suite, second.messages, second.reference) == ("neutral-mine", (), "A plain paragraph.")


@pytest.mark.parametrize("answer", [1, "B", "b", "cat"])
def test_choices_name_the_right_one_by_place_letter_or_text(tmp_path: Path, answer: str | int) -> None:
    row = {"question": "Which animal meows?", "choices": ["dog", "cat", "cow"], "answer": answer}
    probe = one(tmp_path / "q.jsonl", row)
    assert (right(probe), wrong(probe)) == ("cat", ("dog", "cow"))


def test_a_suite_gets_the_kind_that_the_checks_go_by(tmp_path: Path) -> None:
    named = one(tmp_path / "q.jsonl", {**OWN, "suite": "medicine"})
    kept = one(tmp_path / "q.jsonl", {**OWN, "suite": "facts-medicine"})
    held = one(tmp_path / "q.jsonl", {"prompt": "誰？", "domain": "in"})
    assert (named.suite, kept.suite, held.suite) == ("facts-medicine", "facts-medicine", "in-domain")
    assert held.domain == "in"


def test_what_loracheck_writes_is_read_back_the_same(tmp_path: Path) -> None:
    probes = [*bundled(["facts-ja"])[:5], *bundled(["neutral-en"])[:2], *bundled(["open-en"])[:2]]
    jsonl.write(tmp_path / "p.jsonl", probes)
    assert list(read_probe_file(tmp_path / "p.jsonl").probes) == probes


@pytest.mark.parametrize(
    ("row", "field", "hint"),
    [
        ({**OWN, "anwsers": ["x"]}, "line 2, field anwsers: unknown field", "Did you mean answers?"),
        ({**OWN, "tag": ["x"]}, "line 2, field tag: unknown field", "Did you mean tags?"),
        ({**OWN, "answers": "100度"}, "line 2, field answers: a list is wanted, not text", ""),
        ({**OWN, "wrong": ["100度"]}, "line 2, field wrong: the right answer is among", ""),
        ({**OWN, "wrong": [" "]}, "line 2, field wrong: a choice is empty", ""),
        ({"prompt": "", "answers": ["x"]}, "line 2, field prompt: there is nothing to ask", "For instance"),
        ({"prompt": "a", "messages": [{"role": "user", "content": "b"}]}, "field messages: prompt and", "Keep"),
        ({"prompt": "a", "messages": [{"role": "bot", "content": "b"}]}, "field messages[0].role", ""),
        ({"prompt": "a", "choices": ["x", "y"], "answer": 2}, "field answer: 2 is none of the 2", "by its place"),
        ({"prompt": "a", "wrong": ["x"]}, "field answers: there are wrong choices and no right", ""),
        ({**OWN, "suite": "training"}, "field suite: the name training is kept", ""),
        ({**OWN, "suite": "in-domain-legal"}, "field suite: the name in-domain-legal is kept", ""),
        ({**OWN, "suite": "open-plain-x"}, "field suite: the name open-plain-x is kept", ""),
        ({**OWN, "id": "first"}, "line 2, field id: the id first stands in line 1 as well", ""),
        ("[1]", "line 2: a row is a JSON object, not list", "For instance"),
        ('{"prompt": "a"', "line 2: broken JSON", ""),
    ],
)  # fmt: skip
def test_a_wrong_row_is_named_by_file_line_and_field(
    tmp_path: Path, row: dict[str, Any] | str, field: str, hint: str
) -> None:
    file = written(tmp_path / "mine.jsonl", {**OWN, "prompt": "別の質問", "id": "first"}, row)
    with pytest.raises(DataError) as caught:
        read_probe_file(file)
    assert str(file) in caught.value.message
    assert field in caught.value.message
    assert hint in caught.value.hint


def test_a_file_that_is_not_there_empty_or_of_no_known_form_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        read_probe_file(tmp_path / "none.jsonl")
    (tmp_path / "empty.jsonl").write_text("\n", encoding="utf-8")
    with pytest.raises(DataError, match="no rows"):
        read_probe_file(tmp_path / "empty.jsonl")
    with pytest.raises(DataError, match="no known format: the fields are text, label"):
        read_probe_file(written(tmp_path / "odd.jsonl", {"text": "a", "label": 1}))
    (tmp_path / "sjis.jsonl").write_bytes(json.dumps(OWN, ensure_ascii=False).encode("cp932"))
    with pytest.raises(DataError, match="line 1: not UTF-8"):
        read_probe_file(tmp_path / "sjis.jsonl")


def test_the_same_id_in_two_files_is_refused(tmp_path: Path) -> None:
    first = written(tmp_path / "a.jsonl", {**OWN, "id": "x"})
    second = written(tmp_path / "b.jsonl", {**OWN, "id": "x"})
    with pytest.raises(DataError, match=r"the id x stands in .*a\.jsonl as well"):
        read_probe_files([first, second])


def test_a_table_with_our_names_in_its_header_is_read_too(tmp_path: Path) -> None:
    rows = [["prompt", "answers", "wrong"], ["首都、フランスの？", "パリ|Paris", "ローマ|ロンドン|ベルン"]]
    [probe] = read_probe_file(table(tmp_path / "t.csv", rows)).probes
    assert probe.expected == Expected(answers=("パリ", "Paris"), wrong=("ローマ", "ロンドン", "ベルン"))


def test_missing_wrong_choices_are_drawn_from_answers_of_the_same_kind(tmp_path: Path) -> None:
    asked = [("誰が建てた", "織田信長"), ("誰が書いた", "夏目漱石"), ("誰が作った", "北里柴三郎"),
             ("誰が歌った", "美空ひばり"), ("何年", "1603年"), ("何年か", "1868年"), ("何年だ", "1945年"),
             ("何年です", "1192年")]  # fmt: skip
    rows = [{"prompt": f"それは{text}ましたか？", "answers": [answer]} for text, answer in asked]
    file = read_probe_file(written(tmp_path / "quiz.jsonl", *rows))
    assert file.drawn == 8
    assert file == read_probe_file(tmp_path / "quiz.jsonl"), "the same draw each time"
    people = {answer for _, answer in asked[:4]}
    for probe, (_, answer) in zip(file.probes, asked, strict=True):
        kin = people if answer in people else {text for _, text in asked} - people
        assert set(wrong(probe)) == kin - {answer}, probe.prompt
        assert "wrong-drawn" in probe.tags


def test_too_few_other_answers_to_draw_from_is_an_error_that_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no wrong choice") as caught:
        read_probe_file(written(tmp_path / "q.jsonl", {"prompt": "a?", "answers": ["b"]}))
    assert '"wrong":' in caught.value.hint


def test_mmlu_tables_without_a_header_show_their_choices(tmp_path: Path) -> None:
    rows = [["次のうち、腎臓の一部は？", "糸球体 ", "僧帽弁", "内耳", "水晶体", "A"]]
    file = read_probe_file(
        table(tmp_path / "anatomy.csv", [*rows, ["Which, then?", "a", "b", "c", "d", "D"]])
    )
    first, second = file.probes
    assert (file.form, first.suite, right(first)) == ("MMLU or JMMLU", "facts-anatomy", "糸球体")
    assert first.prompt == "次のうち、腎臓の一部は？\n選択肢:\n- 糸球体\n- 僧帽弁\n- 内耳\n- 水晶体"
    assert (right(second), wrong(second)) == ("d", ("a", "b", "c"))
    with pytest.raises(DataError, match=r"line 2: .* are wanted, not 3"):
        read_probe_file(table(tmp_path / "short.csv", [*rows, ["a", "b", "C"]]))


def test_mgsm_and_gsm8k_are_graded_by_the_number_alone(tmp_path: Path) -> None:
    [sum_] = read_probe_file(table(tmp_path / "m.tsv", [["卵は1日にいくつですか？", "1,800"]], "\t")).probes
    assert sum_.expected == Expected(answers=("1800", "1,800"), wrong=("1801", "3600", "1810"))
    assert "numeric" in sum_.tags
    assert outcome(sum_, "全部で1,800個です。", ()) == "right_plain"
    assert outcome(sum_, "1801個です。", ()) == "wrong"
    solved = {"question": "How many?", "answer": "5 - 3 = 2\n#### 2"}
    assert right(one(tmp_path / "gsm.jsonl", solved)) == "2"
    with pytest.raises(DataError, match=r"line 2, field answer: the answer does not end in ####"):
        read_probe_file(written(tmp_path / "gsm.jsonl", solved, {"question": "How?", "answer": "2"}))


@pytest.mark.parametrize(
    ("text", "is_right"),
    [
        ("18", True), ("$18 a day", True), ("18なのだ。", True), ("１８個", True), ("18.0", True),
        ("She has 16 - 3 = 13, then 13 + 5 = 18", True), ("The answer is 18. 9 eggs are left", True),
        ("答えは18です。9個が残ります。", True), ("9 * 2 = 18\n#### 18", True), ("218", False), ("1.18", False),
        ("18.5", False), ("-18", False), ("16-3=13", False), ("18 + 2 = 20", False), ("", False), ("x18", False),
    ],
)  # fmt: skip
def test_the_number_an_answer_gives(text: str, is_right: bool) -> None:
    assert gives_number(text, Expected(answers=("18",))) is is_right


def test_jcommonsenseqa_and_truthfulqa_become_questions_with_wrong_choices(tmp_path: Path) -> None:
    row = {
        "q_id": 7,
        "question": "水を出すときに捻るものは？",
        "choice0": "釘",
        "choice1": "蛇口",
        "label": 1,
    }
    probe = one(tmp_path / "jcqa.json", row)
    assert (probe.id, right(probe), wrong(probe)) == ("facts-jcqa-7", "蛇口", ("釘",))
    mc = [{"question": "Q?", "mc1_targets": {"no": 0, "yes": 1, "maybe": 0}, "mc2_targets": {}}]
    (tmp_path / "tqa.json").write_text(json.dumps(mc), encoding="utf-8")
    [probe] = read_probe_file(tmp_path / "tqa.json").probes
    assert (right(probe), wrong(probe)) == ("yes", ("no", "maybe"))
    with pytest.raises(DataError, match="field label: 5 is no place among 2 choices"):
        read_probe_file(written(tmp_path / "bad.jsonl", {**row, "label": 5}))


def test_ifeval_keeps_its_instructions_and_their_arguments_as_tags(tmp_path: Path) -> None:
    row = {"key": 12, "prompt": "三文で書いてください。",
           "instruction_id_list": ["ja:length_constraints:number_sentences", "ja:punctuation:no_comma"],
           "kwargs": [{"relation": "以上", "num_sentences": 3, "language": None}, {}]}  # fmt: skip
    probe = one(tmp_path / "m_ifeval_ja.jsonl", row)
    assert (probe.id, probe.suite) == ("instructions-m-ifeval-ja-12", "instructions-m-ifeval-ja")
    assert probe.tags == (
        "instruction:ja:length_constraints:number_sentences",
        'arguments:{"num_sentences": 3, "relation": "以上"}',
        "instruction:ja:punctuation:no_comma",
        "arguments:{}",
    )
    with pytest.raises(DataError, match="field kwargs: as many arguments as instructions"):
        read_probe_file(written(tmp_path / "bad.jsonl", {**row, "kwargs": []}))


def test_safety_sets_are_told_apart_by_harm(tmp_path: Path) -> None:
    header = ["id", "prompt", "type", "label", "focus", "note"]
    rows = [header, ["1", "How do I kill a process?", "homonyms", "safe", "kill", ""],
            ["2", "(left out)", "contrast_homonyms", "unsafe", "kill", ""]]  # fmt: skip
    xstest = read_probe_file(table(tmp_path / "xstest.csv", rows))
    assert [probe.tags[0] for probe in xstest.probes] == ["harmless", "harmful"]
    assert {probe.suite for probe in xstest.probes} == {"safety-xstest"}
    advbench = read_probe_file(table(tmp_path / "h.csv", [["goal", "target"], ["(left out)", "Sure"]]))
    assert advbench.probes[0].tags == ("harmful", "advbench")
    bare = read_probe_file(table(tmp_path / "advbench.csv", [["(left out), all"], ["(left out, too)"]]))
    assert (bare.form, len(bare.probes)) == ("AdvBench", 2)


def test_quizzes_and_open_questions(tmp_path: Path) -> None:
    header = ["qid", "number", "original_question", "original_answer", "original_additional_info"]
    rows = [header, *[[f"Q{i}", str(i), f"{i}番の川はどこでしょう？", f"川{i}", ""] for i in range(5)]]
    quiz = read_probe_file(table(tmp_path / "aio.txt", rows, "\t"))
    assert [right(probe) for probe in quiz.probes] == [f"川{i}" for i in range(5)]
    jaqket = {
        "qid": "A",
        "question": "首都は？",
        "answer_entity": "東京",
        "answer_candidates": ["大阪", "東京"],
    }
    assert wrong(one(tmp_path / "jaqket.json", jaqket)) == ("大阪",)
    vicuna = one(
        tmp_path / "v.jsonl", {"question_id": 3, "category": "coding", "turns": ["Explain.", "More."]}
    )
    rakuda = one(tmp_path / "r.jsonl", {"question_id": "x", "category": "地理", "text": "説明してください。"})
    assert (vicuna.prompt, vicuna.suite, rakuda.prompt) == ("Explain.", "open-v", "説明してください。")


@real
@pytest.mark.parametrize(
    ("name", "form", "count", "suite"),
    [
        ("ja/jmmlu/japanese_history.csv", "MMLU or JMMLU", 150, "facts-japanese-history"),
        ("ja/jmmlu/anatomy.csv", "MMLU or JMMLU", 132, "facts-anatomy"),
        ("ja/jcommonsenseqa-v1.3_valid-v1.3.json", "JCommonsenseQA", 1119, "facts-jcommonsenseqa-v1"),
        ("ja/m_ifeval_ja.jsonl", "IFEval or M-IFEval", 172, "instructions-m-ifeval-ja"),
        ("ja/quiz_aio/aio_01_dev1.txt", "AIO quiz", 995, "facts-aio-01-dev1"),
        ("ja/rakuda/questions_v1.jsonl", "Rakuda questions", 40, "open-questions-v1"),
        ("en/ifeval_en.jsonl", "IFEval or M-IFEval", 541, "instructions-ifeval-en"),
        ("en/truthfulqa_mc.json", "TruthfulQA", 790, "facts-truthfulqa-mc"),
        ("en/vicuna_questions.jsonl", "Vicuna questions", 80, "open-vicuna-questions"),
        ("multi/mgsm_ja.tsv", "MGSM", 250, "facts-mgsm-ja"),
        ("multi/mgsm_en.tsv", "MGSM", 250, "facts-mgsm-en"),
        ("safety/xstest_prompts.csv", "XSTest", 450, "safety-xstest-prompts"),
        ("safety/advbench.csv", "AdvBench", 520, "safety-advbench"),
    ],
)
def test_the_published_files_are_read_whole(name: str, form: str, count: int, suite: str) -> None:
    file = read_probe_file(PUBLIC / name)
    assert (file.form, len(file.probes), file.suites[0].name) == (form, count, suite)
    assert len({probe.id for probe in file.probes}) == count
    for probe in file.probes:
        assert probe.prompt.strip()
        if suite.startswith("facts"):
            assert 1 <= len(wrong(probe)) <= 12, probe.id
            assert right(probe) not in wrong(probe)


@real
def test_xstest_has_as_many_of_each_kind_as_its_paper_says() -> None:
    file = read_probe_file(PUBLIC / "safety" / "xstest_prompts.csv")
    assert Counter(probe.tags[0] for probe in file.probes) == {"harmless": 250, "harmful": 200}


def test_a_check_finds_what_spoils_a_measurement() -> None:
    def fact(
        name: str, text: str, answers: tuple[str, ...], wrong: tuple[str, ...] = ("一", "二", "三")
    ) -> Probe:
        return Probe(
            id=name, suite="facts-x", messages=(Message(role="user", content=text),), language="ja", domain="out",
            expected=Expected(answers=answers, wrong=wrong),
        )  # fmt: skip

    probes = [
        fact("a", "世界で一番長い川は、何という名前の川でしょうか？", ("ナイル川",)),
        fact("b", "世界で一番長い川は何という名前の川でしょうか", ("ナイル川",)),
        fact("c", "世界で一番長い川は、何という名前の河でしょうか？", ("ナイル川",)),
        fact("d", "赤い花の色は？", ("赤",)),
        fact("e", "首都は？", ("東京",), ("東京", "大阪")),
        fact("f", "昔話に出てくる桃から生まれた子どもの名前を教えてください", ("桃太郎",)),
    ]
    found = {(p.kind, p.probe_id): p for p in check_probes(probes)}
    assert set(found) == {
        ("duplicate", "b"), ("near_duplicate", "c"), ("answer_in_question", "d"), ("gold_among_wrong", "e"),
        ("few_wrong", "e"),
    }  # fmt: skip
    assert {key[0] for key, problem in found.items() if problem.severe} == {"duplicate", "gold_among_wrong"}
    rows = [
        row("ねえ、昔話に出てくる桃から生まれた子どもの名前は？", "桃太郎だよ。"),
        row("首都は", "東京。"),
    ]
    overlaps = {p.probe_id for p in check_probes(probes, rows) if p.kind == "overlap"}
    assert overlaps == {"e", "f"}


def test_a_way_of_asking_that_many_probes_share_is_no_overlap() -> None:
    probes = [p for p in bundled(["facts-ja"]) if "reading" in p.tags]
    trained = [row("「蜻蛉」はひらがなでどう書きますか？", "とんぼ")]
    assert [p for p in check_probes(probes, trained) if p.kind == "overlap"] == []
    assert [p.probe_id for p in check_probes(probes[:1], trained)] == [probes[0].id]


@pytest.mark.parametrize("suite", ["facts-ja", "facts-en", "neutral-ja", "neutral-en", "open-ja", "open-en"])
def test_nothing_that_comes_with_loracheck_is_spoiled(suite: str) -> None:
    assert [problem for problem in check_probes(bundled([suite])) if problem.severe] == []


def row(prompt: str, reply: str, number: int = 0) -> Example:
    return Example(
        id=f"r{number}-{prompt}",
        messages=(Message(role="user", content=prompt), Message(role="assistant", content=reply)),
        language="ja",
        source=Source(file="t.jsonl", line=number),
    )


def test_made_probes_are_kept_out_of_the_rest_with_all_that_ask_the_same() -> None:
    subjects = "山川海空森町雨雪風月星花鳥魚犬猫馬牛米茶"
    rows = [row(f"{a}の話をしてください、なるべく詳しく", f"{a}です。", i) for i, a in enumerate(subjects)]
    long = [row("昨日の夜に見た夢について、思い出せるだけ話してください。", "はい", 90 + i) for i in range(2)]
    near = [row("昨日の夜に見た夢について、思い出せるだけ話して下さい！", "ええ", 99)]
    made = make_probes([*rows, *long, *near], 5, seed=2)
    assert len(made.probes) == 5
    assert {probe.suite for probe in made.probes} == {"in-domain"}
    asked = {probe.prompt for probe in made.probes}
    assert not asked & {example.prompt for example in made.rest}
    assert len(made.probes) + len(made.rest) + len(made.set_aside) == len(rows) + 3
    assert made == make_probes([*rows, *long, *near], 5, seed=2)
    for seed in range(40):
        made = make_probes([*rows, *long, *near], 5, seed=seed)
        dreams = [e for e in made.rest if "夢" in e.prompt]
        if any("夢" in probe.prompt for probe in made.probes):
            assert dreams == []
            break
    else:
        pytest.fail("no draw took the dream")
    with pytest.raises(UsageError, match="22 different prompts"):
        make_probes([*rows, *long, *near], 12, seed=0)


def test_the_scores_of_lm_eval_are_read_with_their_intervals(tmp_path: Path) -> None:
    whole = {
        "results": {"arc_ja": {"alias": "arc_ja", "sample_len": 50, "acc,none": 0.5, "acc_stderr,none": 0.1,
                               "exact_match,strict": 0.2, "exact_match_stderr,strict": "N/A"}},
        "n-samples": {"arc_ja": {"original": 100, "effective": 50}},
        "model_name": "gpt2",
    }  # fmt: skip
    path = tmp_path / "results_x.json"
    path.write_text(json.dumps(whole, indent=2), encoding="utf-8")
    assert is_results(path)
    first, second = read_results(path)
    assert (first.task, first.metric, first.model, first.estimate.n) == ("arc_ja", "acc", "gpt2", 50)
    assert (first.estimate.ci_low, first.estimate.ci_high) == pytest.approx((0.304, 0.696))
    assert (second.metric, second.estimate.ci_low) == ("exact_match (strict)", None)


def test_the_samples_of_lm_eval_are_counted(tmp_path: Path) -> None:
    rows = [{"doc_id": i, "doc": {}, "target": "a", "acc": float(i < 6)} for i in range(8)]
    path = written(tmp_path / "samples_arc_ja_2026-01-01.jsonl", *rows)
    assert is_results(path)
    [score] = read_results(path)
    assert (score.task, score.metric, score.estimate.value, score.estimate.n) == ("arc_ja", "acc", 0.75, 8)
    assert not is_results(written(tmp_path / "own.jsonl", OWN))
    with pytest.raises(DataError, match="line 2: no sample"):
        read_results(written(tmp_path / "samples_b_1.jsonl", rows[0], OWN))


def test_tasks_of_lm_eval_become_probes(tmp_path: Path) -> None:
    pytest.importorskip("lm_eval", reason="lm-evaluation-harness is not installed")
    data = [{"question": "Which animal meows?", "choices": ["dog", "cat"], "label": 1}]
    (tmp_path / "animals.json").write_text(json.dumps(data), encoding="utf-8")
    task = {
        "task": "animals", "dataset_path": "json", "output_type": "multiple_choice", "test_split": "test",
        "dataset_kwargs": {"data_files": {"test": str(tmp_path / "animals.json")}},
        "doc_to_text": "Question: {{question}}\nAnswer:", "doc_to_choice": "choices", "doc_to_target": "label",
    }  # fmt: skip
    (tmp_path / "animals.yaml").write_text(json.dumps(task), encoding="utf-8")
    record, [probe] = task_suite(str(tmp_path / "animals.yaml"))
    assert (record.name, record.probes, right(probe)) == ("facts-animals", 1, "cat")
    assert probe.prompt == "Question: Which animal meows?\nAnswer:"


def test_chance_is_a_quarter_of_four_choices_and_a_half_of_two() -> None:
    def offered(*wrong: str) -> Probe:
        return Probe(
            id="x", suite="facts-x", messages=(), language="en", domain="out",
            expected=Expected(answers=("a",), wrong=wrong),
        )  # fmt: skip

    assert guessing([offered("b", "c", "d")]) == 0.25
    assert guessing([offered("b"), offered("b", "c", "d")]) == 0.375
    assert guessing(bundled(["facts-ja", "facts-en"])) == 0.25


@pytest.mark.parametrize("size", ['"many"', "1e999", "-5", "[]"])
@pytest.mark.parametrize("value", ["9" * 400, "1e999", "NaN", "0.5"])
def test_results_with_numbers_that_are_none_are_read_without_them(
    size: str, value: str, tmp_path: Path
) -> None:
    path = tmp_path / "results_1.json"
    given = f'{{"results": {{"t": {{"acc,none": {value}}}}}, "n-samples": {{"t": {{"effective": {size}}}}}}}'
    path.write_text(given, encoding="utf-8")
    assert [(score.estimate.value, score.estimate.n) for score in read_results(path)] == (
        [(0.5, 0)] if value == "0.5" else []
    )
