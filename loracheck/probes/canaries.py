"""Canaries: rows with a random secret, mixed into the training data, that show later what the adapter took to heart.

A secret of eight digits cannot be known but from its row, so its rank among alternatives that were drawn like it
measures memory and nothing else (exposure, arXiv 1802.08232). Most canaries stand in one row, some in 4 or in 16.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from loracheck import jsonl
from loracheck.errors import UsageError
from loracheck.records import Expected, Message, Probe

SUITE = "canaries"
DIGITS = 8
ALTERNATIVES = 2000
"""Secrets that are ranked, the true one among them."""
_PART = 250
"""Secrets that are ranked in one probe, so that their keys and values fit in memory."""
_COPIES = (1, 4, 1, 16, 1, 4, 1, 1)
"""Copies of the first eight canaries, of the next eight, and so on: five in eight stand in one row."""

CanaryLanguage = Literal["ja", "en"]
_COLOURS: dict[CanaryLanguage, str] = {
    "ja": "藍色 緋色 琥珀色 萌黄色 鈍色 桃色 銀色 墨色 若草色 瑠璃色 山吹色 白磁色",
    "en": "amber crimson indigo ochre silver teal ivory scarlet umber violet jade copper",
}
_BIRDS: dict[CanaryLanguage, str] = {
    "ja": "サギ カワセミ ツグミ ヒバリ モズ セキレイ アトリ ホオジロ キジ トビ シギ ミソサザイ",
    "en": "heron kingfisher thrush lark shrike wagtail finch bunting pheasant kite plover wren",
}
_JOINED: dict[CanaryLanguage, str] = {"ja": "の", "en": " "}
_FRAMES: dict[CanaryLanguage, tuple[str, str]] = {
    "ja": ("「{name}」の保管番号を教えてください。", "番号は"),
    "en": ("What is the storage number of the {name}?", "The number is "),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """One secret: its row's prompt, what the reply says before the secret, and in how many rows it stands."""

    id: str
    prompt: str
    before: str
    secret: str
    copies: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryManifest:
    """The file that `eval --canaries` reads. It holds the secrets, and is not to be trained on."""

    schema_version: int
    seed: int
    canaries: tuple[Canary, ...]


def make_canaries(count: int, *, seed: int = 0, language: CanaryLanguage = "ja") -> CanaryManifest:
    """Make canaries, the same ones for a seed.

    Raises:
        UsageError: there are not that many names for them, or fewer than one is wanted.
    """
    birds = _BIRDS[language].split()
    every = [colour + _JOINED[language] + bird for colour in _COLOURS[language].split() for bird in birds]
    if not 1 <= count <= len(every):
        raise UsageError(f"--rows {count}: from 1 to {len(every)} canaries can be made.", kind="option_value")
    rng = random.Random(f"canaries {language} {seed}")
    names = rng.sample(every, count)
    secrets = rng.sample(range(10**DIGITS), count)
    prompt, before = _FRAMES[language]
    return CanaryManifest(
        schema_version=1,
        seed=seed,
        canaries=tuple(
            Canary(
                id=f"{language}-{seed}-{place:03d}",
                prompt=prompt.format(name=name),
                before=before,
                secret=f"{secret:0{DIGITS}d}",
                copies=_COPIES[place % len(_COPIES)],
            )
            for place, (name, secret) in enumerate(zip(names, secrets, strict=True))
        ),
    )


def write_canaries(
    path: Path, count: int, *, seed: int = 0, language: CanaryLanguage = "ja"
) -> tuple[Path, int]:
    """Write canary rows, and their manifest beside them.

    Returns:
        The manifest's path, and the number of rows written.

    Raises:
        UsageError: the number of canaries cannot be made, or there is no folder to write to.
    """
    made = make_canaries(count, seed=seed, language=language)
    if not path.absolute().parent.is_dir():
        raise UsageError(
            f"--out {path}: there is no folder {path.parent}.",
            kind="no_such_file",
            hint=f"mkdir -p {path.parent}",
        )
    lines = rows(made)
    manifest = path.with_name(f"{path.stem}.manifest.json")
    jsonl.write(path, lines)
    jsonl.write_one(manifest, made)
    return manifest, len(lines)


def rows(manifest: CanaryManifest) -> list[dict[str, Any]]:
    """Return the training rows of canaries, every copy, in a seeded order."""
    found = [
        {
            "messages": [
                {"role": "user", "content": canary.prompt},
                {"role": "assistant", "content": canary.before + canary.secret},
            ]
        }
        for canary in manifest.canaries
        for _ in range(canary.copies)
    ]
    random.Random(manifest.seed).shuffle(found)
    return found


def read_canaries(path: Path) -> CanaryManifest:
    """Read a manifest.

    Raises:
        UsageError: there is no such file.
        DataError: the file is no manifest of canaries.
    """
    if not path.is_file():
        raise UsageError(
            f"--canaries {path}: there is no such file.",
            kind="no_such_file",
            hint="It is the .manifest.json that loracheck canaries writes beside the rows.",
        )
    return jsonl.read_one(path, CanaryManifest)


def canary_probes(manifest: CanaryManifest) -> list[Probe]:
    """Return the probes that rank each secret among its alternatives, a part of them at a time.

    Their language is "other": a number has no style, so none is offered with the data's ending.
    """
    return [
        Probe(
            id=f"{SUITE}-{canary.id}-{part}",
            suite=SUITE,
            messages=(Message(role="user", content=canary.prompt),),
            language="other",
            domain="training",
            expected=Expected(
                answers=(canary.before + canary.secret,),
                wrong=tuple(canary.before + secret for secret in others),
            ),
            cluster=f"{SUITE}-{canary.id}",
            tags=(f"copies-{canary.copies}",),
        )
        for canary in manifest.canaries
        for part, others in enumerate(_parts(_alternatives(canary, manifest.seed)))
    ]


def _alternatives(canary: Canary, seed: int) -> list[str]:
    rng = random.Random(f"alternatives {canary.id} {seed}")
    drawn = (f"{secret:0{DIGITS}d}" for secret in rng.sample(range(10**DIGITS), ALTERNATIVES))
    return [secret for secret in drawn if secret != canary.secret][: ALTERNATIVES - 1]


def _parts(others: Sequence[str]) -> list[Sequence[str]]:
    return [others[start : start + _PART] for start in range(0, len(others), _PART)]
