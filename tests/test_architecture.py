"""The rules that keep the stages apart and the wheel whole."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
STAGES = ("curate", "train", "evaluate", "reports")
PAGES = ("comparison", "curation", "evaluation", "training")
FOLDERS = ("loracheck", *STAGES)
MODULES = sorted(
    file
    for folder in FOLDERS
    for file in (ROOT / folder).rglob("*.py")
    if (file.parent / "__init__.py").is_file() and not set(file.relative_to(ROOT).parts[1:-1]) & set(STAGES)
)
# Tables that are read by the tools which write the probes; no part of the package.
TOOL_FOLDERS = {Path("loracheck/probes/tables")}


def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def imported(module: ast.Module) -> list[str]:
    names = [alias.name for n in ast.walk(module) if isinstance(n, ast.Import) for alias in n.names]
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return names


@pytest.mark.parametrize("stage", STAGES)
def test_no_stage_imports_another(stage: str) -> None:
    others = [other for other in STAGES if other != stage]
    for file in (ROOT / stage).rglob("*.py"):
        for name in imported(tree(file)):
            parts = name.split(".")
            assert parts[0] not in STAGES, (
                f"{file} imports {name}; a stage is imported as loracheck.{parts[0]}"
            )
            assert parts[:1] != ["loracheck"] or parts[1:2] not in [[o] for o in others], f"{file}: {name}"


@pytest.mark.parametrize("page", PAGES)
def test_no_page_of_a_report_borrows_from_another(page: str) -> None:
    others = {f"loracheck.reports.{other}" for other in PAGES if other != page}
    for file in (ROOT / "reports" / page).glob("*.py"):
        borrowed = {".".join(name.split(".")[:3]) for name in imported(tree(file))} & others
        assert not borrowed, f"{file} imports {borrowed}; what pages share stands in reports/parts"


@pytest.mark.parametrize("name", ["demo", "cli", "doctor", "orchestrate.py", "api.py"])
def test_the_files_that_may_join_stages_exist(name: str) -> None:
    assert (ROOT / "loracheck" / name).exists()


def test_the_core_imports_no_stage_but_where_stages_are_joined() -> None:
    joins = {"cli", "demo", "doctor", "loaded", "orchestrate.py", "api.py", "validation.py"}
    core = ROOT / "loracheck"
    for file in core.rglob("*.py"):
        top = file.relative_to(core).parts[0]
        if top not in joins and top not in STAGES:
            for name in imported(tree(file)):
                assert name.split(".")[:2] not in [["loracheck", stage] for stage in STAGES], (
                    f"{file}: {name}"
                )


@pytest.mark.parametrize("file", MODULES, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_module_has_a_docstring_is_short_and_imports_relatively_by_one_dot(file: Path) -> None:
    module = tree(file)
    assert ast.get_docstring(module), f"{file} does not say what it is for"
    assert len(file.read_text(encoding="utf-8").splitlines()) <= 500
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom):
            assert node.level <= 1, f"{file}, line {node.lineno}"
            assert node.level == 0 or file.parent.name != "loracheck", f"{file}, line {node.lineno}"


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_opens_with_nothing_but_a_docstring(stage: str) -> None:
    body = tree(ROOT / stage / "__init__.py").body
    assert len(body) == 1
    assert isinstance(body[0], ast.Expr)


def test_every_folder_of_modules_is_packaged() -> None:
    settings = pyproject()["tool"]["setuptools"]
    packaged = set(settings["package-dir"].values())
    assert set(settings["package-dir"]) == set(settings["packages"])
    for folder in FOLDERS:
        for file in (ROOT / folder).rglob("*.py"):
            place = file.parent.relative_to(ROOT)
            if place in TOOL_FOLDERS:
                assert not (file.parent / "__init__.py").exists()
            elif not set(place.parts[1:]) & set(STAGES):  # the links inside loracheck
                assert place.as_posix() in packaged, f"{file} would be missing from the wheel"


def test_every_data_file_is_packaged() -> None:
    settings = pyproject()["tool"]["setuptools"]
    folders = {package: ROOT / place for package, place in settings["package-dir"].items()}
    covered = {
        file
        for package, patterns in settings["package-data"].items()
        for pattern in patterns
        for file in folders[package].glob(pattern)
    }
    for folder in FOLDERS:
        for file in (ROOT / folder).rglob("*"):
            place = file.relative_to(ROOT)
            skipped = "__pycache__" in place.parts or place.parent in TOOL_FOLDERS or file.suffix == ".py"
            if file.is_file() and not skipped and not (set(place.parts[1:-1]) & set(STAGES)):
                assert file in covered, f"{place} would be missing from the wheel"


@pytest.mark.parametrize("stage", STAGES)
def test_the_link_to_a_stage_points_at_it(stage: str) -> None:
    assert (ROOT / "loracheck" / stage).resolve() == ROOT / stage


def test_test_files_have_names_of_their_own() -> None:
    names = [file.name for file in (ROOT / "tests").rglob("test_*.py")]
    assert len(names) == len(set(names))
