"""Take secrets out of what is handed to others: by value, by their form, and whose home folder it is."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from typing import Any

_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASS|CREDENTIAL|AUTH", re.IGNORECASE)
_SHORTEST = 8
"""A shorter value would take out words that only look like it."""
_HIDDEN = "***"


def _without_login(address: re.Match[str]) -> str:
    """Hide the user and the password of an address, and what stands in its query."""
    scheme, rest = address.groups()
    _, login, place = rest.rpartition("@")
    place, query, asked = place.partition("?")
    return f"{scheme}{_HIDDEN if login else ''}{login}{place}{query}{_HIDDEN if asked else ''}"


_FLAGS = re.ASCII | re.IGNORECASE
"""In ASCII, as Japanese stands around a secret without any space."""
_FORMS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"(?<![a-z\d+.-])([\d+.-]*+[a-z][a-z\d+.-]*+://)([^\s\"']+)", _FLAGS), _without_login),
    (re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]{8,}", _FLAGS), rf"\1 {_HIDDEN}"),
    (
        re.compile(
            r"(?<![A-Za-z\d])(?:sk|pk|rk|hf|ghp|gho|ghs|github_pat|glpat|xox[abp]|AKIA|AIza)[-_]?[\w-]{12,}",
            re.ASCII,
        ),
        _HIDDEN,
    ),
    (
        re.compile(
            r"((?<![\w-])(?=[\w-]*?(?:key|token|secret|password))[\w-]++[\"']?\s*+[=:：＝]\s*+[\"']?)"
            r"[^\s\"'<>,;、。，；「」]{6,}",
            _FLAGS,
        ),
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
        for form, hidden in _FORMS:
            value = form.sub(hidden, value)
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
        if _SECRET_NAME.search(name) and len(value) >= _SHORTEST and not _is_file(value)
    }
    for home in {os.environ.get("HOME", ""), os.environ.get("USERPROFILE", "")}:
        if len(home) > 3 and home != "/root":
            found |= {home: "~", os.path.realpath(home): "~"}
    found |= {"/root": "~"} if os.environ.get("HOME") == "/root" else {}
    return dict(sorted(found.items(), key=lambda item: -len(item[0])))


def _is_file(value: str) -> bool:
    """Tell whether a value is where a secret lies; one that only begins as a path does is a secret itself."""
    return os.path.isabs(value) and os.path.exists(value)  # noqa: PTH110, PTH117 - long values are no error to it
