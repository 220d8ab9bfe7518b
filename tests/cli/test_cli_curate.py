from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from loracheck.cli import cli
from loracheck.curate.choices import PRESETS
from loracheck.errors import LoracheckError

DATA = Path(__file__).parents[2] / "loracheck" / "demo_data"
WriteJsonl = Callable[[str, list[dict[str, Any]]], Path]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


@pytest.fixture
def rows(write_jsonl: WriteJsonl) -> Path:
    nouns = ["鯖", "鯛", "豆", "芋", "栗", "鴨", "茸", "蕪", "葱", "筍", "梅", "桃"]
    return write_jsonl(
        "data.jsonl",
        [
            *(
                {
                    "instruction": f"{n}をおいしく{v}にはどうしますか？",
                    "output": f"まず{n}を水で洗い、{how}ます。",
                }
                for n in nouns
                for v, how in (("煮る", "弱火でことこと煮込み"), ("焼く", "強火でさっと炙り"))
            ),
            {"instruction": "連絡先は？", "output": "hanako@gmail.comに書いてください。"},
            {"instruction": "もう一度", "output": ""},
        ],
    )


def test_curate_writes_a_run_that_explains_every_row(rows: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    done = run("curate", rows, "-o", out, "--quiet", "--max-loss", "1")
    assert done.exit_code == 0, done.output
    assert (out / "report.html").is_file()
    assert not (out / "work").exists()
    gone = run("curate", "explain", "data.jsonl:26", "--run", out)
    assert gone.exit_code == 0
    assert "dropped" in gone.output
    assert "the reply is empty" in gone.output
    assert (
        "応答が空です" in run("curate", "explain", "data.jsonl:26", "--run", out, "--language", "ja").output
    )
    masked = json.loads(run("curate", "explain", f"{rows}:25", "--run", out, "--json").output)
    assert masked["decision"]["values"]["personal_data"] == ["email"]
    assert "gmail" not in json.dumps(masked)
    unknown = run("curate", "explain", "99", "--run", out)
    assert isinstance(unknown.exception, LoracheckError)


def test_exports_are_part_of_the_run(rows: Path, tmp_path: Path) -> None:
    done = run(
        "curate",
        rows,
        "-o",
        tmp_path / "run",
        "--quiet",
        "--max-loss",
        "1",
        "--export",
        "trl",
        "--export",
        "hf",
    )
    assert done.exit_code == 0, done.output
    kept = (tmp_path / "run" / "kept.jsonl").read_text(encoding="utf-8").splitlines()
    exported = (tmp_path / "run" / "exports" / "trl" / "train.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(exported) == len(kept)
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text(encoding="utf-8"))
    assert "exports/hf/README.md" in {file["path"] for file in manifest["files"]}


def test_any_number_of_processes_gives_the_same_bytes(
    rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loracheck.curate.parallel.LEAST_ROWS", 5)
    for workers in (1, 2):
        run("curate", rows, "-o", tmp_path / str(workers), "--workers", workers, "--max-loss", 1, "--quiet")
    names = sorted(path.name for path in (tmp_path / "1").glob("*.jsonl"))
    assert "kept.jsonl" in names
    for name in [*names, "summary.json", "scores.parquet"]:
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes(), name


def test_the_loss_alarm_stops_and_the_same_directory_goes_on_once_it_is_allowed(tmp_path: Path) -> None:
    data, out = DATA / "poponu_raw.jsonl", tmp_path / "run"
    stopped = run("curate", data, "-o", out, "--quiet", "--max-loss", "0.2")
    assert isinstance(stopped.exception, LoracheckError)
    assert "loss alarm" in str(stopped.exception)
    assert not (out / "kept.jsonl").exists()
    assert run("curate", data, "-o", out, "--quiet", "--allow-loss", "identity_flood=0.9").exit_code == 0


def test_a_dry_run_writes_nothing(rows: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    done = run("curate", rows, "--dry-run", "--json", "--quiet")
    assert done.exit_code == 0, done.output
    plan = json.loads(done.output)
    assert plan["rows"] == 26
    assert plan["reasons"]["empty_reply"] == 1
    assert plan["passing"] == 26 - sum(plan["reasons"].values())
    assert sorted(tmp_path.rglob("*")) == before


def test_every_preset_has_its_recipe() -> None:
    recipes = Path(str(files("loracheck.curate"))) / "recipes"
    assert {f"{name}.yaml" for name in PRESETS} == {path.name for path in recipes.glob("*.yaml")}


def test_presets_files_and_flags_lie_over_each_other(rows: Path, tmp_path: Path) -> None:
    config = tmp_path / "curate.yaml"
    config.write_text("select: {target_rows: 4}\nmax_loss: 1\n", encoding="utf-8")
    run("curate", rows, "-o", tmp_path / "a", "--preset", "minimal", "--config", config, "--quiet")
    manifest = json.loads((tmp_path / "a" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["config"]["select"]["method"] == "all"
    config.write_text("preset: minimal\nselect: {target_rows: 4}\nmax_loss: 1\n", encoding="utf-8")
    run("curate", rows, "-o", tmp_path / "named", "--config", config, "--quiet")
    named = json.loads((tmp_path / "named" / "manifest.json").read_text(encoding="utf-8"))
    assert named["config"] == manifest["config"]
    arguments = ("--preset", "minimal", "--config", config, "--select", "random", "--quiet")
    run("curate", rows, "-o", tmp_path / "b", *arguments)
    summary = json.loads((tmp_path / "b" / "summary.json").read_text(encoding="utf-8"))
    assert summary["kept"] == 4
    assert summary["selection"]["method"] == "random"


def test_unreadable_rows_are_quarantined_on_request_and_counted(rows: Path, tmp_path: Path) -> None:
    with rows.open("a", encoding="utf-8") as file:
        file.write("{broken\n")
    assert isinstance(run("curate", rows, "-o", tmp_path / "a", "--quiet").exception, LoracheckError)
    arguments = ("--bad-rows", "quarantine", "--max-loss", 1, "--quiet", "--json")
    summary = json.loads(run("curate", rows, "-o", tmp_path / "b", *arguments).output)
    assert summary["quarantined"] == 1
    assert summary["read"] == 27
    assert summary["read"] == sum(summary[name] for name in ("kept", "heldout", "dropped", "quarantined"))
    told = run("curate", "explain", "data.jsonl:27", "--run", tmp_path / "b")
    assert "broken JSON" in told.output


@pytest.mark.slow
def test_a_run_that_was_killed_at_any_point_goes_on_and_ends_in_the_same_bytes(
    tmp_path: Path, tiny_gemma: Path
) -> None:
    lines = (DATA / "poponu_raw.jsonl").read_text(encoding="utf-8").splitlines()[:150]
    (tmp_path / "data.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    environment = {**os.environ, "LORACHECK_CACHE": str(tmp_path / "cache")}
    options = [
        "--base",
        str(tiny_gemma),
        "--max-loss",
        "1",
        "--target-rows",
        "30",
        "--quiet",
        "--export",
        "parquet",
    ]

    def start(out: Path) -> subprocess.Popen[bytes]:
        command = [
            sys.executable,
            "-m",
            "loracheck",
            "curate",
            str(tmp_path / "data.jsonl"),
            "-o",
            str(out),
        ]
        return subprocess.Popen(
            [*command, *options], env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE
        )

    killed, whole = tmp_path / "killed", tmp_path / "whole"
    watched = [
        killed / "work" / "rows.jsonl",
        tmp_path / "cache" / "scores" / "base.sqlite",
        killed / "kept.jsonl",
    ]
    for file in watched:
        process = start(killed)
        while not file.exists() and process.poll() is None:
            time.sleep(0.005)
        process.kill()
        process.wait()
    for out in (killed, whole):
        done = start(out)
        _, told = done.communicate()
        assert done.returncode == 0, told.decode()
    files = sorted(path.relative_to(whole) for path in whole.rglob("*") if path.is_file())
    assert sorted(path.relative_to(killed) for path in killed.rglob("*") if path.is_file()) == files
    for file in files:
        if file.name not in ("manifest.json", "report.html"):
            assert (killed / file).read_bytes() == (whole / file).read_bytes(), file
