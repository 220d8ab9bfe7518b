"""Take secrets out of what is handed to others: by value, by their form, and whose home folder it is."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASS|CREDENTIAL|AUTH", re.IGNORECASE)
_SHORTEST = 8
"""A shorter value would take out words that only look like it."""
_HIDDEN = "***"
_FORMS = (
    # The user and the password of an address, then what stands in its query.
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^\s/@\"']+@", re.IGNORECASE), rf"\1{_HIDDEN}@"),
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s?\"']*\?)[^\s\"']+", re.IGNORECASE), rf"\1{_HIDDEN}"),
    (re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]{8,}", re.IGNORECASE), rf"\1 {_HIDDEN}"),
    (
        re.compile(r"\b(?:sk|pk|rk|hf|ghp|gho|ghs|github_pat|glpat|xox[abp]|AKIA|AIza)[-_]?[\w-]{12,}"),
        _HIDDEN,
    ),
    (
        re.compile(r"\b([\w-]*(?:key|token|secret|password)[\w-]*\s*[=:]\s*)[\w.+/=~-]{6,}", re.IGNORECASE),
        rf"\1{_HIDDEN}",
    ),
    (re.compile(r"(/home/|/Users/|\\Users\\)[^/\\\s\"':]+"), rf"\1{_HIDDEN}"),
)


def redacted(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return plain JSON without secrets; keys of objects are kept as they are."""
    return _redacted(value, _known())


def _redacted(value: Any, known: Mapping[str, str]) -> Any:  # noqa: ANN401
    if isinstance(value, str):
        for secret, shown in known.items():
            value = value.replace(secret, shown)
        for form, shown in _FORMS:
            value = form.sub(shown, value)
        return value
    if isinstance(value, dict):
        return {key: _redacted(entry, known) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(entry, known) for entry in value]
    return value


def _known() -> dict[str, str]:
    """Return what is hidden by its value, the longest first: secrets in the environment, and the home folder."""
    found = {
        value: _HIDDEN
        for name, value in os.environ.items()
        if _SECRET_NAME.search(name) and len(value) >= _SHORTEST and not Path(value).is_absolute()
    }
    for home in {os.environ.get("HOME", ""), os.environ.get("USERPROFILE", "")}:
        if len(home) > 3 and home != "/root":
            found |= {home: "~", os.path.realpath(home): "~"}
    found |= {"/root": "~"} if os.environ.get("HOME") == "/root" else {}
    return dict(sorted(found.items(), key=lambda item: -len(item[0])))
