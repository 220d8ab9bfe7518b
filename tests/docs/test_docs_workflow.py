"""The files that users copy: every step of the workflow is run by bash on a real eval run, the hooks by pre-commit."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from loracheck import jsonl
from loracheck.evaluate.score import score
from loracheck.progress import Progress
from loracheck.reports.pipeline import write_report
from tests.docs.fenced import ROOT, blocks

WORKFLOW = ROOT / "docs" / "github-workflow.yml"
HOOKS = ROOT / ".pre-commit-hooks.yaml"
BIN = Path(sys.executable).parent
ROW = '{"instruction": "空は？", "output": "青いのだ。"}\n'


def workflow() -> dict[str, Any]:
    given: dict[str, Any] = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    return given


def steps() -> dict[str, dict[str, Any]]:
    [job] = workflow()["jobs"].values()
    return {step["name"]: step for step in job["steps"] if "name" in step}


def program(folder: Path, name: str, body: str) -> None:
    """Put a program in front of the PATH that stands for one that is not here."""
    path = folder / name
    path.write_text(f"#!/bin/bash\n{body}\n", encoding="utf-8")
    path.chmod(0o755)


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An eval run of stored answers, with its report: one adapter is held, the other stays open."""
    folder = tmp_path_factory.mktemp("scored")
    facts = [
        {
            "prompt": f"What is number {n}?",
            "answers": [f"word{n}"],
            "wrong": ["a", "b", "c"],
            "id": f"facts-{n}",
        }
        for n in range(40)
    ]
    said = {
        name: {fact["id"]: f"It is word{n}." for n, fact in enumerate(facts)} for name in ("base", "other")
    }
    said["mine"] = {str(fact["id"]): "Ahoy!" for fact in facts}
    jsonl.write(folder / "probes.jsonl", facts)
    files = {name: folder / f"{name}.jsonl" for name in said}
    for name, answers in said.items():
        rows = [{"id": i, "text": text, "finish_reason": "stop"} for i, text in answers.items()]
        jsonl.write(files[name], rows)
    score(folder / "probes.jsonl", files, folder / "run", None, progress=Progress(quiet=True))
    write_report(folder / "run")
    return folder / "run"


@pytest.fixture
def runner(tmp_path: Path, scored: Path) -> Path:
    """A working directory with a finished eval run that holds one adapter, and stand-ins for pip and gh."""
    shutil.copytree(scored, tmp_path / "runs" / "eval")
    stand_ins = tmp_path / "bin"
    stand_ins.mkdir()
    for name in ("pip", "gh"):
        program(stand_ins, name, f'printf "%s\\n" "$@" > {name}.txt')
    return tmp_path


def bash(folder: Path, step: Mapping[str, Any], **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a step as GitHub does: bash -e on a file, with the variables of the workflow and of the step."""
    script = folder / "step.sh"
    script.write_text(step["run"], encoding="utf-8")
    own = {name: str(value) for name, value in (workflow()["env"] | step.get("env", {})).items()}
    given = {"PATH": f"{folder / 'bin'}:{BIN}:{os.environ['PATH']}", "OMP_NUM_THREADS": "1"}
    environment = {
        **os.environ,
        **own,
        **given,
        "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
        **variables,
    }
    return subprocess.run(
        ["bash", "-e", str(script)], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_the_workflow_is_one_that_github_would_take() -> None:
    given: dict[Any, Any] = workflow()
    assert set(given) >= {"name", "permissions", "env", "jobs"}
    assert {"pull_request", "workflow_dispatch"} <= set(given[True])  # "on" is true in YAML 1.1
    assert "pull_request_target" not in given[True]
    [job] = given["jobs"].values()
    for step in job["steps"]:
        assert ("run" in step) != ("uses" in step), step
        assert "${{" not in step.get("run", ""), "what others write must not become part of a script"
    assert all("@" in step["uses"] for step in job["steps"] if "uses" in step)
    names = list(steps())
    assert names.index("Install") < names.index("Gate") < names.index("Upload the report")
    assert all("cancelled" in steps()[name]["if"] for name in names[names.index("Gate") + 1 :])


def test_the_workflow_installs_the_package_of_this_project(runner: Path) -> None:
    done = bash(runner, steps()["Install"])
    assert done.returncode == 0, done.stderr
    assert (runner / "pip.txt").read_text().split()[-1] == "loracheck"


def test_the_gate_of_the_workflow_fails_the_job_and_writes_its_summary(runner: Path) -> None:
    done = bash(runner, steps()["Gate"])
    assert done.returncode == 1, done.stderr
    assert "::error title=loracheck" in done.stdout
    summary = (runner / "summary.md").read_text(encoding="utf-8")
    assert "mine" in summary
    assert "hold" in summary.casefold()


def test_another_policy_reaches_the_gate_of_the_workflow(runner: Path) -> None:
    (runner / "my policy.yaml").write_text("gates: {loops: {margn: 1}}\n", encoding="utf-8")
    done = bash(runner, steps()["Gate"], POLICY="my policy.yaml")
    assert done.returncode == 2
    assert "margn" in done.stderr


def test_report_sarif_and_comment_are_written_where_the_next_steps_look_for_them(runner: Path) -> None:
    (runner / "runs" / "eval" / "report.html").unlink()
    for name in ("Report", "Write SARIF and comment", "Comment"):
        done = bash(runner, steps()[name], PULL_REQUEST="7")
        assert done.returncode == 0, (name, done.stderr)
    uploaded = steps()["Upload the report"]["with"]["path"].replace(
        "${{ env.RUN }}", workflow()["env"]["RUN"]
    )
    assert (runner / uploaded).read_text(encoding="utf-8").startswith("<!")
    sarif = json.loads((runner / steps()["Upload SARIF"]["with"]["sarif_file"]).read_text(encoding="utf-8"))
    assert sarif["version"] == "2.1.0"
    said = (runner / "gh.txt").read_text().split("\n")
    assert said[:3] == ["pr", "comment", "7"]
    assert "mine" in (runner / said[said.index("--body-file") + 1]).read_text(encoding="utf-8")


def test_a_run_that_was_changed_fails_the_step_that_only_tells_about_it(runner: Path) -> None:
    with (runner / "runs" / "eval" / "completions.jsonl").open("a", encoding="utf-8") as file:
        file.write("\n")
    assert bash(runner, steps()["Write SARIF and comment"]).returncode == 2
    assert bash(runner, steps()["Gate"]).returncode == 2


def hooks() -> dict[str, dict[str, Any]]:
    return {hook["id"]: hook for hook in yaml.safe_load(HOOKS.read_text(encoding="utf-8"))}


def test_the_hooks_in_the_recipe_are_those_of_the_repository() -> None:
    [example] = [
        yaml.safe_load(block.text)
        for block in blocks(ROOT / "docs" / "recipes.md")
        if block.language == "yaml" and "repos:" in block.text
    ]
    [repository] = example["repos"]
    assert {hook["id"] for hook in repository["hooks"]} == set(hooks())


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_the_hooks_pass_good_files_and_stop_a_commit_of_bad_ones(tmp_path: Path) -> None:
    """Both are run by pre-commit itself, which clones a repository that holds the hooks as this one does."""
    pytest.importorskip("pre_commit", reason="pre-commit is not installed")
    source, project = tmp_path / "source", tmp_path / "project"
    for folder in (source, project):
        folder.mkdir()
        git(folder, "init", "-q")
    (source / HOOKS.name).write_text(HOOKS.read_text(encoding="utf-8"), encoding="utf-8")
    git(source, "add", ".")
    git(source, "commit", "-q", "-m", "Hooks")
    config = {"repos": [{"repo": str(source), "rev": git(source, "rev-parse", "HEAD")}]}
    config["repos"][0]["hooks"] = [{"id": name} for name in hooks()]  # type: ignore[assignment]
    (project / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    (project / "rows.jsonl").write_text(ROW, encoding="utf-8")
    (project / "policy.yaml").write_text("gates: {loops: {margin: 0.03}}\n", encoding="utf-8")
    (project / "other.yaml").write_text("on: push\n", encoding="utf-8")  # not for these hooks

    good = hook_run(project)
    assert good.returncode == 0, good.stdout + good.stderr
    assert good.stdout.count("Passed") == 2
    (project / "rows.jsonl").write_text(ROW + '{"instruction": "空は？", "output": 3}\n', encoding="utf-8")
    (project / "policy.yaml").write_text("gates: {loops: {margn: 0.03}}\n", encoding="utf-8")
    bad = hook_run(project)
    assert bad.returncode == 1
    assert "rows.jsonl, line 2, field output" in bad.stdout
    assert "margn" in bad.stdout


def hook_run(project: Path) -> subprocess.CompletedProcess[str]:
    git(project, "add", ".")
    return subprocess.run(
        [sys.executable, "-m", "pre_commit", "run", "--all-files", "--color", "never"],
        cwd=project,
        env=os.environ
        | {"PATH": f"{BIN}:{os.environ['PATH']}", "PRE_COMMIT_HOME": str(project.parent / "home")},
        capture_output=True,
        text=True,
        check=False,
    )
