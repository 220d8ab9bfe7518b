"""The hub without a network: what is in the cache is taken at once, instead of being asked for five times over."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit
from urllib.request import getproxies

from huggingface_hub import constants

_told_by_user = constants.HF_HUB_OFFLINE


def settle_for_cache() -> str | None:
    """Let the hub's libraries look into their cache alone while the hub's host has no address.

    They do so by themselves where HF_HUB_OFFLINE is set. Behind a proxy it is the proxy that finds the address, so
    nothing is concluded there.

    Returns:
        What is wrong, in words; None where the host has an address or nothing is known.
    """
    if _told_by_user or getproxies():
        return None
    host = urlsplit(constants.ENDPOINT).hostname
    try:
        socket.getaddrinfo(host, 443)
    except OSError:
        constants.HF_HUB_OFFLINE = True
        return f"{host} has no address here"
    constants.HF_HUB_OFFLINE = False
    return None
