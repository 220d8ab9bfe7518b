"""The reference in docs/api.md says what the docstrings say."""

from __future__ import annotations

import importlib.util
from types import ModuleType

from loracheck import api
from tests.docs.fenced import ROOT

SCRIPT = ROOT / "docs" / "build_api.py"


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_api", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_the_script_writes() -> None:
    assert (ROOT / "docs" / "api.md").read_text(encoding="utf-8") == script().page(), (
        "run python docs/build_api.py"
    )


def test_the_reference_names_everything_that_the_api_offers() -> None:
    reference = script().reference()
    for name in api.__all__:
        assert f"### {name}\n" in reference, name
    assert "- `progress`: Where to report." in reference
