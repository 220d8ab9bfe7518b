"""What a page holds packed, as its script unpacks it."""

from __future__ import annotations

import base64
import gzip
import json
import re
from typing import Any


def unpacked(text: str) -> Any:  # noqa: ANN401 - JSON values have no narrower type
    """Return the data of one packed piece."""
    return json.loads(gzip.decompress(base64.b64decode(text)))


def said_otherwise(page: str) -> list[str]:
    """Return what a page can say in its other language."""
    found = re.search(r"<template id=\"?others\"?>([^<]*)</template>", page)
    assert found is not None
    texts: list[str] = unpacked(found[1])
    return texts
