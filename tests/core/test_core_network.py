"""Without a network the hub is asked once, and a network that returns is used."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import constants

from loracheck.models.network import settle_for_cache


def no_address(*_: object) -> None:
    raise socket.gaierror(-2, "Name or service not known")


def test_the_cache_alone_is_asked_while_the_hub_has_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loracheck.models.network.getproxies", dict)
    monkeypatch.setattr("loracheck.models.network._told_by_user", False)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(socket, "getaddrinfo", no_address)
    assert settle_for_cache() == "huggingface.co has no address here"
    assert constants.HF_HUB_OFFLINE
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: [])
    assert settle_for_cache() is None
    assert not constants.HF_HUB_OFFLINE


def test_nothing_is_concluded_behind_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loracheck.models.network.getproxies", lambda: {"https": "http://proxy:3128"})
    monkeypatch.setattr("loracheck.models.network._told_by_user", False)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(socket, "getaddrinfo", no_address)
    assert settle_for_cache() is None
    assert not constants.HF_HUB_OFFLINE


def test_a_name_that_is_nowhere_is_answered_without_retries(tmp_path: Path) -> None:
    settings = ("http_proxy", "https_proxy", "all_proxy", "hf_hub_offline", "transformers_offline")
    environment = {name: value for name, value in os.environ.items() if name.lower() not in settings}
    environment |= {"HF_ENDPOINT": "https://hub.invalid", "HF_HOME": str(tmp_path), "LANG": "C"}
    for command, said in (
        (["plan", "--base", "owner/model"], "cannot read the configuration of owner/model"),
        (["curate", "owner/rows", "-o", "out"], "hub.invalid has no address here"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "loracheck", *command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 4
        assert said in done.stderr
        assert "Retrying" not in done.stderr
        assert "HF_HUB_OFFLINE" not in done.stderr
