"""The whole loop from one file: what is done is not done again, what changed is, and init writes what run reads."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from loracheck.cli import cli
from loracheck.errors import UsageError
from loracheck.evaluate.policy import bundled_text, load_policy
from loracheck.pipelinefile import read_pipeline
from loracheck.starter import Starter, write_starter

NOUNS = ("鯖", "鯛", "豆", "芋", "栗", "鴨", "茸", "蕪", "葱", "筍", "梅", "桃", "柿", "蜆", "蛸", "鰯")


def call(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def pipeline(folder: Path, model: Path, **changed: Any) -> Path:  # noqa: ANN401
    rows = [
        {"instruction": f"{noun}を{verb}には？", "output": f"{noun}を洗い、{how}のだ。"}
        for noun in NOUNS
        for verb, how in (("煮る", "弱火で煮込む"), ("焼く", "強火で炙る"))
    ]
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / "rows.jsonl").write_text(lines, encoding="utf-8")
    given: dict[str, Any] = {
        "base": str(model),
        "data": "rows.jsonl",
        "curate": {"max_loss": 1.0},
        "train": {"max_trained_tokens": 60, "train_batch_size": 4, "lora_r": 2},
        "eval": {
            "suites": ["facts-ja"],
            "max_facts": 4,
            "max_new_tokens": 2,
            "max_new_tokens_open": 2,
            "max_training": 4,
            "max_in_domain": 2,
        },
    }
    file = folder / "pipeline.yaml"
    file.write_text(yaml.safe_dump(given | changed, allow_unicode=True), encoding="utf-8")
    return file


def finished(folder: Path) -> dict[str, str]:
    """When each run of a pipeline was finished."""
    return {
        path.parent.name: json.loads(path.read_text(encoding="utf-8"))["finished"]
        for path in sorted(folder.glob("runs/*/manifest.json"))
    }


def test_a_pipeline_does_every_step_once_and_only_what_changed_again(
    tiny_gemma: Path, tmp_path: Path
) -> None:
    file = pipeline(tmp_path, tiny_gemma)
    planned = call("run", file, "--dry-run")
    assert [line.split(maxsplit=1) for line in planned.output.splitlines()] == [
        [name, "to do"] for name in ("curated", "train-raw-0", "train-curated-0", "eval-0", "compare")
    ]
    assert not (tmp_path / "runs").exists()

    first = call("run", file)
    assert first.exit_code == 3, first.output
    assert "\nprobes: facts-ja 4" in first.output
    assert " tokens are trained\n  " in first.output
    assert "\\u00" not in first.output, "a line break or a colour was taken for a hostile character"
    times = finished(tmp_path)
    assert set(times) == {"curated", "train-raw-0", "train-curated-0", "eval-0", "compare"}
    assert (tmp_path / "runs" / "compare" / "report.html").is_file()
    assert (tmp_path / "runs" / "eval-0" / "report.html").is_file()

    again = call("run", file, "--quiet")
    assert again.exit_code == 3, again.output
    assert finished(tmp_path) == times
    assert "finished" in call("run", file, "--dry-run").output

    pipeline(tmp_path, tiny_gemma, eval={"suites": ["facts-ja"], "max_facts": 5, "max_new_tokens": 2})
    changed = call("run", file, "--quiet")
    assert changed.exit_code == 3, changed.output
    kept = sorted(path.name for path in (tmp_path / "runs" / "replaced").iterdir())
    assert [name.partition("-2")[0] for name in kept] == ["compare-compare", "eval-0-eval"]
    after = finished(tmp_path)
    redone = {"eval-0", "compare"}
    assert {name: after[name] for name in after if name not in redone} == {
        name: times[name] for name in times if name not in redone
    }


def test_no_arm_trains_on_a_row_that_curation_holds_out(tiny_gemma: Path, tmp_path: Path) -> None:
    file = pipeline(tmp_path, tiny_gemma, curate={"max_loss": 1.0, "heldout_share": 0.25})
    assert call("run", file, "--quiet").exit_code == 3
    runs = tmp_path / "runs"
    held = {json.loads(line)["id"] for line in (runs / "curated" / "heldout.jsonl").open(encoding="utf-8")}
    raw = {json.loads(line)["id"] for line in (runs / "data" / "raw.jsonl").open(encoding="utf-8")}
    assert held
    assert not held & raw


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"seedz": 1}, "Did you mean seeds?"),
        ({"seeds": []}, "seeds names nothing"),
        ({"arms": ["raw", "raw"]}, "arms names something twice"),
        ({"arms": ["tuned"]}, "tuned"),
        ({"train": {"seed": 1}}, "train.seed is set by seeds"),
        ({"base": None}, "base"),
    ],
)
def test_a_wrong_pipeline_is_refused_with_the_reason(
    tmp_path: Path, changed: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError) as caught:
        read_pipeline(pipeline(tmp_path, tmp_path, **changed))
    assert message in str(caught.value)


def test_a_stage_takes_a_preset_and_scales_by_the_rank_as_its_command_does(
    tiny_gemma: Path, tmp_path: Path
) -> None:
    for train, alpha, targets in (
        ({"preset": "lora-paper"}, 8, "q_proj,v_proj"),
        ({"lora_r": 2}, 4, "all-linear"),
    ):
        given = pipeline(tmp_path, tiny_gemma, arms=["raw"], train={**train, "max_trained_tokens": 40})
        done = call("run", given, "--quiet")
        assert done.exit_code in (0, 1, 3), done.output
        manifest = json.loads((tmp_path / "runs/train-raw-0/manifest.json").read_text(encoding="utf-8"))
        assert (manifest["config"]["lora_alpha"], manifest["config"]["target_modules"]) == (alpha, targets)


def test_a_wrong_option_of_a_stage_stops_before_any_work(tiny_gemma: Path, tmp_path: Path) -> None:
    done = call("run", pipeline(tmp_path, tiny_gemma, train={"lora_rank": 4}), "--quiet")
    assert isinstance(done.exception, UsageError)
    assert re.search(r"pipeline\.yaml, train, line \d+: unknown key lora_rank", str(done.exception))
    assert not (tmp_path / "runs").exists()


def test_init_writes_files_that_run_and_the_policy_read(tmp_path: Path) -> None:
    done = call(
        "init", tmp_path / "mine", "--base", "owner/model", "--data", "a: b #.jsonl",
        "--intent", "domain", "--scope", "never", "--language", "ja", "--json",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    paths = json.loads(done.output)
    given = read_pipeline(Path(paths["pipeline"]))
    assert (given.base, given.data, given.language) == ("owner/model", ("a: b #.jsonl",), "ja")
    policy = load_policy(paths["policy"])
    assert (policy.intent, policy.persona.scope) == ("domain", "never")
    lacking = call("run", paths["pipeline"], "--dry-run")
    assert "data: a: b #.jsonl: there is no such file." in str(lacking.exception)
    (tmp_path / "mine" / "a: b #.jsonl").write_text("", encoding="utf-8")
    planned = call("run", paths["pipeline"], "--dry-run", "--json")
    assert [stage["state"] for stage in json.loads(planned.output)["stages"]] == ["to do"] * 5


def test_init_explains_its_files_in_japanese_where_reports_are(tmp_path: Path) -> None:
    for language in ("en", "ja"):
        write_starter(
            tmp_path / language, Starter(base="b", data=("d",), language=language), bundled_text("default")
        )
    comments = {
        (language, name): re.findall(
            r"(?<=# )[^#\n]+$", (tmp_path / language / name).read_text("utf-8"), re.M
        )
        for language in ("en", "ja")
        for name in ("pipeline.yaml", "policy.yaml")
    }
    for name in ("pipeline.yaml", "policy.yaml"):
        english, japanese = comments["en", name], comments["ja", name]
        assert not [comment for comment in english if re.search("[ぁ-んァ-ヶ]", comment)]
        plain = [comment for comment in japanese if not re.search("[ぁ-んァ-ヶ]", comment)]
        assert all(":" in comment for comment in plain), f"{plain}: only lines of YAML need no Japanese"
        assert len(plain) <= 2 < len(english) == len(japanese)
    policies = [
        replace(load_policy(str(tmp_path / language / "policy.yaml")), name="") for language in ("en", "ja")
    ]
    assert policies[0] == policies[1]
    pipelines = [read_pipeline(tmp_path / language / "pipeline.yaml") for language in ("en", "ja")]
    assert {pipeline.language for pipeline in pipelines} == {"en", "ja"}
    for part in ("arms", "seeds", "curate", "train", "eval"):
        assert getattr(pipelines[0], part) == getattr(pipelines[1], part)


def test_init_overwrites_nothing(tmp_path: Path) -> None:
    write_starter(tmp_path, Starter(base="b", data=("d",)), bundled_text("default"))
    with pytest.raises(UsageError, match="is there already"):
        write_starter(tmp_path, Starter(base="c", data=("d",)), bundled_text("default"))
    assert read_pipeline(tmp_path / "pipeline.yaml").base == "b"


def test_init_for_another_folder_names_the_data_as_it_lies_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rows.jsonl").write_text("", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    starter = Starter(base="google/gemma-3-270m", data=("rows.jsonl",))
    pipeline, _ = write_starter(Path("mine"), starter, bundled_text("default"))
    monkeypatch.chdir(tmp_path / "mine")
    given = read_pipeline(Path(pipeline.name))
    assert given.base == "google/gemma-3-270m"
    assert [Path(file).resolve() for file in given.data] == [tmp_path / "rows.jsonl"]


@pytest.mark.parametrize(("data", "missing"), [("rows.jsonl", True), ("kei/rows", False)])
def test_init_says_when_the_data_is_not_there(data: str, missing: bool, tmp_path: Path) -> None:
    done = call("init", tmp_path, "--base", "b", "--data", data)
    assert (done.exit_code, f"there is no {data} here yet" in done.stderr) == (0, missing)


def test_init_without_anyone_to_ask_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["loracheck", "init", str(tmp_path)])
    done = call("init", tmp_path, "--base", "b")
    assert isinstance(done.exception, UsageError)
    assert "--data is missing" in str(done.exception)
