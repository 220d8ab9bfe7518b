"""Files of probes: the user's own JSONL, JSON or table, or a public set in its own format."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from loracheck import jsonl
from loracheck.errors import DataError, UsageError
from loracheck.loading import jsonrows
from loracheck.probes.public_sets import PublicSet, numbered, recognise
from loracheck.probes.rows import EXAMPLE, FIELDS, Place, is_own, own_probe
from loracheck.records import Expected, Probe, SuiteRecord
from loracheck.regularfiles import refuse_irregular
from loracheck.text import normalise
from loracheck.text.scripts import count_scripts

_MOST_BYTES = 200 << 20
_LISTED = ("answers", "wrong", "choices", "tags")
_DRAWN = 3
_ASKED = re.compile(r"(\w{1,2})(?:と?は|を)(?:何|誰|どこ|いつ|なん)")
_KINDS = re.compile(r"誰|だれ|何という人|どこ|いつ|何年|いくつ|何人|who|where|when|how many", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeFile:
    """A file of probes, read.

    Attributes:
        form: The format it was recognised as.
        drawn: Probes whose wrong choices were drawn from the other answers of the file.
    """

    path: Path
    form: str
    sha256: str
    probes: tuple[Probe, ...]
    drawn: int = 0

    @property
    def suites(self) -> tuple[SuiteRecord, ...]:
        """Return a record of each suite in it."""
        names = list(dict.fromkeys(probe.suite for probe in self.probes))
        return tuple(
            SuiteRecord(
                name=name,
                source=str(self.path),
                sha256=self.sha256,
                probes=sum(probe.suite == name for probe in self.probes),
            )
            for name in names
        )


def read_probe_file(path: Path) -> ProbeFile:
    """Read a file of probes.

    Raises:
        UsageError: there is no such file.
        DataError: the file is empty or of no known format, or a row is wrong; names line and field.
    """
    refuse_irregular(path)
    if not path.is_file():
        raise UsageError(f"--probes {path}: there is no such file.", kind="no_such_file")
    if path.stat().st_size > _MOST_BYTES:
        raise DataError(
            f"{path}: larger than {_MOST_BYTES >> 20} MiB.", kind="too_large", hint="Draw a part of it."
        )
    content = path.read_bytes()
    unit, rows = _rows(path, content)
    if not rows:
        raise DataError(
            f"{path}: no rows.", kind="no_rows", hint=f"One JSON object a line is wanted: {EXAMPLE}"
        )
    form, probes = _converted(path, unit, rows)
    ready, drawn = _with_wrong(path, probes)
    _check_ids(path, ready)
    return ProbeFile(
        path=path,
        form=form.name if form else "probes",
        sha256=hashlib.sha256(content).hexdigest(),
        probes=tuple(probe for _, probe in ready),
        drawn=drawn,
    )


def read_probe_files(paths: Sequence[Path]) -> list[ProbeFile]:
    """Read several files; an id may stand in one of them only.

    Raises:
        LoracheckError: see `read_probe_file`.
    """
    files = [read_probe_file(path) for path in paths]
    seen: dict[str, Path] = {}
    for file in files:
        for probe in file.probes:
            if probe.id in seen:
                raise DataError(
                    f"{file.path}: the id {probe.id} stands in {seen[probe.id]} as well.",
                    kind="id_taken",
                    hint="Rename one of the files, or give the rows ids of their own.",
                )
        seen |= {probe.id: file.path for probe in file.probes}
    return files


def _rows(path: Path, content: bytes) -> tuple[Literal["line", "row"], list[tuple[int, Any]]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{path}, line {line}: not UTF-8.",
            kind="wrong_encoding",
            hint=f"Convert it: iconv -f cp932 -t utf-8 {path} > probes.jsonl",
        ) from None
    first = text.lstrip()[:1]
    if first == "[":
        return "row", list(enumerate(_array(path, text), start=1))
    if first == "{":
        return "line", list(_lines(path, text))
    return "line", list(_table(path, text))


def _array(path: Path, text: str) -> list[Any]:
    try:
        rows = jsonl.parse(text)
    except ValueError as error:
        raise DataError(f"{path}: broken JSON: {error}", kind="broken_json") from None
    return rows if isinstance(rows, list) else [rows]


def _lines(path: Path, text: str) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                yield number, jsonrows.parse(line.encode("utf-8", "surrogatepass"))
            except (ValueError, RecursionError) as error:
                hint = "A results file of lm-evaluation-harness is shown by `loracheck probes show`."
                raise DataError(
                    f"{path}, line {number}: broken JSON: {error}",
                    kind="broken_json",
                    hint=hint if number < 3 else "",
                ) from None


def _table(path: Path, text: str) -> Iterator[tuple[int, Any]]:
    delimiter = "\t" if "\t" in text.split("\n", 1)[0] else ","
    quoting: Literal[0, 3] = csv.QUOTE_NONE if delimiter == "\t" else csv.QUOTE_MINIMAL
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=quoting)
    before, header = 0, None
    try:
        for place, cells in enumerate(reader):
            number, before = before + 1, reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            if place == 0 and _is_requests(path, cells):
                header = ["goal"]
            elif place == 0 and numbered(cells) is None:
                header = [cell.strip() for cell in cells]
                continue
            row = _named(header, cells) if header else numbered(cells)
            if row is None or (header and len(cells) > len(header)):
                wanted = f"{len(header)} cells" if header else "the cells of the lines before"
                raise DataError(
                    f"{path}, line {number}: {wanted} are wanted, not {len(cells)}.", kind="broken_table"
                )
            yield number, row
    except csv.Error as error:
        raise DataError(f"{path}, line {before + 1}: {error}", kind="broken_table") from None


def _is_requests(path: Path, cells: Sequence[str]) -> bool:
    """Tell a bare list of harmful requests, as AdvBench goes round without its header, by its file's name."""
    name = path.name.casefold()
    return len(cells) == 1 and ("advbench" in name or "harmful_behaviors" in name)


def _named(header: Sequence[str], cells: Sequence[str]) -> dict[str, Any]:
    row: dict[str, Any] = dict(zip(header, cells, strict=False))
    if set(header) <= set(FIELDS):
        row = {key: value for key, value in row.items() if value != ""}
        row |= {key: [part.strip() for part in row[key].split("|")] for key in _LISTED if key in row}
    return row


def _converted(
    path: Path, unit: Literal["line", "row"], rows: Sequence[tuple[int, Any]]
) -> tuple[PublicSet | None, list[tuple[Place, Probe]]]:
    places = [(Place(file=str(path), unit=unit, number=number), row) for number, row in rows]
    for place, row in places:
        if not isinstance(row, dict):
            raise place.error(
                f"a row is a JSON object, not {type(row).__name__}.", hint=f"For instance {EXAMPLE}"
            )
    first = places[0][1]
    form = recognise(first)
    if form is None and not is_own(first):
        raise places[0][0].error(
            f"no known format: the fields are {', '.join(map(str, list(first)[:8]))}.",
            hint=f"Your own probes look like {EXAMPLE}; public sets that are read: see docs/probes.md.",
        )
    name = re.sub(r"[^\w-]+", "-", path.name.split(".")[0]).strip("-").replace("_", "-") or "probes"
    made: list[tuple[Place, Probe]] = []
    for place, row in places:
        if form is None:
            made.append((place, own_probe(row, place, name)))
            continue
        missing = sorted(form.keys - row.keys())
        if missing:
            raise place.error(f"{form.name} rows have this field.", missing[0])
        if (probe := form.convert(row, place, name)) is not None:
            made.append((place, probe))
    return form, made


def _with_wrong(path: Path, made: Sequence[tuple[Place, Probe]]) -> tuple[list[tuple[Place, Probe]], int]:
    """Give questions without wrong choices three answers to questions of the same kind in the file."""
    bare = [probe for _, probe in made if probe.expected is not None and not probe.expected.wrong]
    if not bare:
        return list(made), 0
    pool = [(probe, _kind(probe)) for _, probe in made if probe.expected is not None]
    ready = []
    for place, probe in made:
        if probe.expected is not None and not probe.expected.wrong:
            wrong = _drawn(probe, pool)
            if not wrong:
                raise place.error(
                    "there is no wrong choice, and too few other answers in the file to draw one from.",
                    "wrong",
                    'Give some of the same kind: "wrong": ["90 degrees", "80 degrees", "120 degrees"]',
                )
            expected = Expected(answers=probe.expected.answers, wrong=wrong)
            probe = replace(probe, expected=expected, tags=(*probe.tags, "wrong-drawn"))
        ready.append((place, probe))
    return ready, len(bare)


def _drawn(probe: Probe, pool: Sequence[tuple[Probe, tuple[object, ...]]]) -> tuple[str, ...]:
    assert probe.expected is not None
    own = {normalise(text) for text in probe.expected.answers}
    asked = normalise(probe.prompt)
    kind = _kind(probe)

    def far(item: tuple[Probe, tuple[object, ...]]) -> tuple[int, bytes]:
        apart = sum(a != b for a, b in zip(item[1], kind, strict=True))
        return apart, hashlib.sha256(f"{probe.id}\x1f{item[0].id}".encode()).digest()

    taken: dict[str, str] = {}
    for other, _ in sorted(pool, key=far):
        assert other.expected is not None
        text = other.expected.answers[0]
        form = normalise(text)
        if form in asked or any(form in mine or mine in form for mine in (*own, *taken)):
            continue
        taken[form] = text
        if len(taken) == _DRAWN:
            break
    return tuple(taken.values())


def _kind(probe: Probe) -> tuple[object, ...]:
    """Return what makes answers alike: what is asked for, the script of the answer, whether it is long."""
    assert probe.expected is not None
    answer = probe.expected.answers[0]
    asked = _KINDS.findall(probe.prompt)
    kana, han, latin, _ = count_scripts(answer)
    digits = any(character.isdigit() for character in answer)
    noun = _ASKED.search(probe.prompt)
    return (
        asked[-1].casefold() if asked else "",
        noun[1] if noun else "",
        answer[-1] if han and answer[-1] > "\u3400" else "",
        digits,
        max(kana, han, latin) == han,
        len(answer) > 8,
    )


def _check_ids(path: Path, made: Sequence[tuple[Place, Probe]]) -> None:
    seen: dict[str, int] = {}
    for place, probe in made:
        if probe.id in seen:
            raise place.error(f"the id {probe.id} stands in {place.unit} {seen[probe.id]} as well.", "id")
        seen[probe.id] = place.number
