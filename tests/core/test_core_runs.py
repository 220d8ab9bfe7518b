from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from loracheck import jsonl, runs
from loracheck.errors import DataError, EnvironmentFault, RunError
from loracheck.records import FileEntry, Manifest


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def make_run(path: Path, *, seed: int = 0, kind: str = "curate") -> Manifest:
    with runs.open_run(path, kind, config={"seed": seed}, seed=seed) as run:
        (path / "kept.jsonl").write_text('{"text": "なのだ"}\n', encoding="utf-8")
    return run.manifest


@pytest.mark.parametrize("stored", ["a\0b", "x" * 5000, "loop/a"])
def test_a_stored_path_that_leads_nowhere_is_left_as_it_stands(
    stored: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert runs.located(stored).name == Path(stored).name


def dead_pid() -> int:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def lock_of(path: Path, *, pid: int, host: str | None = None) -> None:
    path.mkdir(exist_ok=True)
    owner = {"pid": pid, "host": host or socket.gethostname(), "started": "2026-01-01T00:00:00"}
    (path / ".lock").write_text(json.dumps(owner), encoding="utf-8")


def test_a_finished_run_lists_every_file_with_size_and_hash(tmp_path: Path) -> None:
    path = tmp_path / "run"
    make_run(path)
    manifest = runs.read_run(path, "curate")
    assert manifest.status == "complete"
    assert manifest.finished is not None
    assert [(entry.path, entry.bytes) for entry in manifest.files] == [("kept.jsonl", 22)]
    assert manifest.files[0].sha256 == runs.hash_file(path / "kept.jsonl")
    assert not (path / ".lock").exists()


def test_the_same_command_on_a_finished_run_does_nothing(tmp_path: Path) -> None:
    path = tmp_path / "run"
    make_run(path)
    before = snapshot(path)
    with runs.open_run(path, "curate", config={"seed": 0}) as run:
        assert run.complete
    assert snapshot(path) == before


def test_an_interrupted_run_is_resumed_by_the_same_command(tmp_path: Path) -> None:
    path = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt), runs.open_run(path, "train", config={}) as run:
        first = run.manifest.run_id
        (path / "half.jsonl").write_text("{}\n", encoding="utf-8")
        raise KeyboardInterrupt
    assert not (path / ".lock").exists()
    with pytest.raises(RunError, match="not finished"):
        runs.read_run(path)
    with runs.open_run(path, "train", config={}) as run:
        assert not run.complete
        assert run.manifest.run_id == first
        assert (path / "half.jsonl").is_file()
    assert runs.read_run(path).status == "complete"


@pytest.mark.parametrize(
    ("kind", "seed", "words"), [("curate", 1, "another curate run"), ("train", 0, "a curate run")]
)
def test_a_directory_of_another_run_is_refused_and_nothing_changes(
    tmp_path: Path, kind: str, seed: int, words: str
) -> None:
    path = tmp_path / "run"
    make_run(path)
    before = snapshot(path)
    with (
        pytest.raises(RunError, match=words),
        runs.open_run(path, kind, config={"seed": seed}, seed=seed),
    ):
        pytest.fail("it was opened")
    assert snapshot(path) == before


def test_changed_inputs_make_another_run(tmp_path: Path) -> None:
    data = tmp_path / "data.jsonl"
    data.write_text("1\n", encoding="utf-8")
    with runs.open_run(tmp_path / "run", "curate", config={}, inputs=[data]):
        pass
    data.write_text("2\n", encoding="utf-8")
    with (
        pytest.raises(RunError, match="other inputs"),
        runs.open_run(tmp_path / "run", "curate", config={}, inputs=[data]),
    ):
        pytest.fail("it was opened")


def test_a_directory_with_other_files_is_refused_and_nothing_changes(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("precious", encoding="utf-8")
    before = snapshot(tmp_path)
    with pytest.raises(RunError, match="holds no run"), runs.open_run(tmp_path, "curate", config={}):
        pytest.fail("it was opened")
    assert snapshot(tmp_path) == before


def test_a_file_in_the_place_of_the_directory_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run"
    path.write_text("text", encoding="utf-8")
    with pytest.raises(RunError, match="is a file"), runs.open_run(path, "curate", config={}):
        pytest.fail("it was opened")
    assert path.read_text(encoding="utf-8") == "text"


@pytest.mark.parametrize("planted", ["completions.jsonl", "checkpoints", "adapter/adapter_config.json"])
def test_a_run_that_holds_a_link_is_not_resumed_and_nothing_is_written_through_it(
    planted: str, tmp_path: Path
) -> None:
    path, elsewhere = tmp_path / "run", tmp_path / "elsewhere"
    with pytest.raises(KeyboardInterrupt), runs.open_run(path, "curate", config={}):
        raise KeyboardInterrupt
    (path / planted).parent.mkdir(exist_ok=True)
    (path / planted).symlink_to(elsewhere)
    with pytest.raises(RunError, match="is a link") as caught, runs.open_run(path, "curate", config={}):
        jsonl.Appender(path / planted).append(["overwritten"])
    assert str(path / planted) in caught.value.message
    assert not elsewhere.exists()


def test_a_second_writer_is_locked_out_while_the_first_lives(tmp_path: Path) -> None:
    path = tmp_path / "run"
    with runs.open_run(path, "curate", config={}):
        with (
            pytest.raises(RunError, match=f"process {os.getpid()}"),
            runs.open_run(path, "curate", config={}),
        ):
            pytest.fail("it was opened twice")
        assert (path / ".lock").is_file()
    assert runs.read_run(path).status == "complete"


def test_the_lock_of_a_dead_process_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "run"
    lock_of(path, pid=dead_pid())
    with runs.open_run(path, "curate", config={}):
        pass
    assert runs.read_run(path).status == "complete"


def test_the_lock_of_another_machine_is_respected(tmp_path: Path) -> None:
    path = tmp_path / "run"
    lock_of(path, pid=dead_pid(), host="elsewhere")
    with pytest.raises(RunError, match="elsewhere"), runs.open_run(path, "curate", config={}):
        pytest.fail("it was opened")
    assert (path / ".lock").is_file()


def test_an_empty_lock_is_refused_with_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "run"
    path.mkdir()
    (path / ".lock").touch()
    with pytest.raises(RunError, match=r"remove .*\.lock"), runs.open_run(path, "curate", config={}):
        pytest.fail("it was opened")


def test_one_flipped_byte_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "run"
    make_run(path)
    content = bytearray((path / "kept.jsonl").read_bytes())
    content[12] ^= 1
    (path / "kept.jsonl").write_bytes(content)
    with pytest.raises(RunError, match=r"kept\.jsonl was changed"):
        runs.read_run(path)
    with (
        pytest.raises(RunError, match=r"kept\.jsonl was changed"),
        runs.open_run(path, "curate", config={"seed": 0}),
    ):
        pytest.fail("a changed run counts as finished")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "run"
    make_run(path)
    (path / "kept.jsonl").unlink()
    with pytest.raises(RunError, match=r"kept\.jsonl is missing"):
        runs.read_run(path)


def test_a_run_of_another_kind_or_schema_or_none_at_all_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run"
    make_run(path)
    with pytest.raises(RunError, match="holds a curate run"):
        runs.read_run(path, "train")
    with pytest.raises(RunError, match="not a run directory"):
        runs.read_run(tmp_path)
    manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
    jsonl.write_one(path / "manifest.json", manifest | {"schema_version": 99})
    with pytest.raises(RunError, match="schema 99"):
        runs.read_run(path)


def test_an_unfinished_run_is_refused_with_the_command_that_resumes_it(tmp_path: Path) -> None:
    path = tmp_path / "run"
    with pytest.raises(ZeroDivisionError), runs.open_run(path, "train", config={}):
        raise ZeroDivisionError
    with pytest.raises(RunError, match=r"Run it again: it resumes, .* loracheck"):
        runs.read_run(path)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip(f"mount is not permitted here: {done.stderr.decode().strip()}")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_is_an_environment_fault_and_leaves_no_half_file(small_disk: Path) -> None:
    path = small_disk / "run"
    with pytest.raises(EnvironmentFault) as caught, runs.open_run(path, "curate", config={}):
        jsonl.write(path / "kept.jsonl", ({"text": "なのだ" * 100} for _ in range(200)))
    assert caught.value.exit_code == 4
    assert "No space left" in str(caught.value)
    assert [entry.name for entry in path.iterdir()] == ["manifest.json"]
    assert jsonl.read_one(path / "manifest.json", Manifest).status == "running"


def test_no_space_while_writing_is_an_environment_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run"

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with (
        pytest.raises(EnvironmentFault, match="No space left") as caught,
        runs.open_run(path, "curate", config={}),
    ):
        monkeypatch.setattr("os.fsync", full)
        jsonl.write(path / "kept.jsonl", [{"a": 1}])
    assert caught.value.exit_code == 4
    assert [entry.name for entry in path.iterdir()] == ["manifest.json"]


def test_input_entries_cover_every_file_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.txt").write_text("x", encoding="utf-8")
    (tmp_path / "b.txt").write_text("bb", encoding="utf-8")
    entries = runs.input_entries([tmp_path / "a", tmp_path / "b.txt"])
    assert [(Path(entry.path).name, entry.bytes) for entry in entries] == [("x.txt", 1), ("b.txt", 2)]


@pytest.mark.parametrize(
    ("error", "extra", "kept"),
    [
        (DataError("bad", kind="bad_row"), "work/rows.jsonl", False),
        (DataError("bad", kind="bad_row"), "completions.jsonl", True),
        (DataError("alarm", kind="loss_alarm"), "work/rows.jsonl", True),
        (RunError("in use", kind="run_in_use"), "work/rows.jsonl", True),
        (EnvironmentFault("full", kind="cannot_write"), "work/rows.jsonl", True),
        (EnvironmentFault("no base", kind="model_unloadable"), "", False),
    ],
)
def test_a_run_that_its_input_ended_is_taken_back_unless_it_has_results(
    error: Exception, extra: str, kept: bool, tmp_path: Path
) -> None:
    out = tmp_path / "run"

    def attempt() -> None:
        with runs.open_run(out, "curate", config={}):
            if extra:
                (out / extra).parent.mkdir(exist_ok=True)
                (out / extra).write_text("x", encoding="utf-8")
            raise error

    with pytest.raises(type(error)):
        attempt()
    assert out.is_dir() is kept


def test_the_folder_itself_stays_where_it_was_there_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def attempt() -> None:
        with runs.open_run(Path(), "curate", config={}):
            raise DataError("bad", kind="bad_row")

    with pytest.raises(DataError):
        attempt()
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_was_begun_before_is_never_taken_back(tmp_path: Path) -> None:
    out = tmp_path / "run"

    def attempt(error: BaseException) -> None:
        with runs.open_run(out, "curate", config={}):
            raise error

    with pytest.raises(KeyboardInterrupt):
        attempt(KeyboardInterrupt())
    with pytest.raises(DataError):
        attempt(DataError("bad", kind="bad_row"))
    assert runs.is_run(out)


def forged(path: Path, **given: object) -> None:
    """Write other values into a manifest, with the identity that they would have had."""
    manifest = json.loads((path / runs.MANIFEST).read_text(encoding="utf-8")) | given
    inputs = [FileEntry(**entry) for entry in manifest["inputs"]]
    manifest["identity"] = runs.identity(manifest["kind"], manifest["config"], inputs)
    (path / runs.MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")


@pytest.mark.parametrize(
    "run_id", ["", ".hidden", "../up", "a/b", "a' OR '1'='1", "a\n::error::x", "x" * 200]
)
def test_an_id_that_no_run_gets_is_refused(run_id: str, tmp_path: Path) -> None:
    make_run(tmp_path / "run")
    forged(tmp_path / "run", run_id=run_id)
    with pytest.raises(RunError, match="was changed after the run began"):
        runs.read_run(tmp_path / "run")


def test_settings_that_are_not_those_of_the_identity_are_refused(tmp_path: Path) -> None:
    make_run(tmp_path / "run")
    file = tmp_path / "run" / runs.MANIFEST
    file.write_text(file.read_text(encoding="utf-8").replace('"seed": 0', '"seed": 1', 1), encoding="utf-8")
    with pytest.raises(RunError, match="was changed after the run began"):
        runs.read_run(tmp_path / "run")


@pytest.mark.parametrize("name", ["../secret", "{}/secret", "link", "deep/link/secret"])
def test_a_file_outside_of_the_run_is_not_read(name: str, tmp_path: Path) -> None:
    path = tmp_path / "run"
    make_run(path)
    secret = tmp_path / "secret"
    secret.write_text("x", encoding="utf-8")
    (path / "deep").mkdir()
    if name == "link":
        (path / "link").symlink_to(secret)
    elif "link" in name:
        (path / "deep" / "link").symlink_to(tmp_path)
    entry = {"path": name.format(tmp_path), "bytes": 1, "sha256": runs.hash_file(secret)}
    forged(path, files=[entry])
    with pytest.raises(RunError, match="leads out of the run's folder"):
        runs.read_run(path)
    if "link" in name:
        forged(path, files=[])
        with pytest.raises(RunError, match="leads out of the run's folder"):
            runs.read_run(path)


def test_a_run_in_a_linked_folder_is_read(tmp_path: Path) -> None:
    make_run(tmp_path / "run")
    (tmp_path / "link").symlink_to(tmp_path / "run")
    assert runs.read_run(tmp_path / "link").kind == "curate"


def test_a_run_that_failed_says_so_and_proposes_no_strangers_command(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), runs.open_run(tmp_path / "run", "curate", config={}):
        raise KeyboardInterrupt
    forged(tmp_path / "run", argv=["rm", "-rf", "~; x"])
    with pytest.raises(RunError, match="ended with an error, was interrupted or is still going on") as caught:
        runs.read_run(tmp_path / "run")
    assert caught.value.hint.endswith("loracheck -rf '~; x'")
