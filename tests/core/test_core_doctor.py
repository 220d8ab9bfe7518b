"""The doctor: what it says of a machine, a server, a base and an adapter, and that it gives no secret away."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
import torch
from click.testing import CliRunner
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

from loracheck import doctor, jsonl
from loracheck.adapters.card import ADAPTER_CARD, AdapterCard
from loracheck.cli import cli
from loracheck.doctor import Check, Gpu
from loracheck.doctor.endpoint import examine_endpoint
from loracheck.doctor.model import examine_model
from loracheck.models import memory
from loracheck.models.load import load_base
from loracheck.models.precision import multiplies_in_bfloat16
from loracheck.redaction import redacted
from loracheck.templates.chat import ChatTemplate

ROOT = Path(__file__).parents[2]
Server = Any  # the fixture chat_server


def by_name(checks: list[Check]) -> dict[str, Check]:
    return {check.name: check for check in checks}


# --- the machine


def test_without_flags_nothing_heavy_is_imported_and_none_of_what_it_looks_for_is_needed() -> None:
    script = (
        "import sys\n"
        "sys.modules.update(dict.fromkeys(('msgspec', 'numpy', 'pandas', 'httpx2', 'yaml')))\n"
        "from loracheck.cli import cli\n"
        "try:\n"
        "    cli.main(['doctor'], standalone_mode=True)\n"
        "finally:\n"
        "    heavy = {'torch', 'transformers', 'peft', 'bitsandbytes', 'datasets', 'sklearn'} & set(sys.modules)\n"
        "    assert not heavy, heavy\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert "ok      torch " in done.stdout


@pytest.mark.parametrize(
    ("version", "status", "words"),
    [
        ("2.1.0", "missing", "2.1.0, but >=2.6 is needed"),
        (None, "missing", "not installed"),
        ("2.6", "ok", "2.6"),
    ],
)
def test_versions_are_held_against_the_declared_ranges(version: str | None, status: str, words: str) -> None:
    check = doctor._package("torch", ">=2.6", version)
    assert (check.status, check.detail) == (status, words)
    assert ("'torch>=2.6'" in check.mend) == (status == "missing")


def test_every_declared_package_is_looked_at() -> None:
    names = {check.name for check in doctor.examine()}
    declared = {name for name, _, _ in doctor._requirements()}
    assert {"torch", "peft", "transformers", "bitsandbytes", "msgspec"} <= declared <= names


def torch_for(folder: Path, cuda: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "version.py").write_text(
        f"from typing import Optional\n__version__ = '2.9'\ncuda: Optional[str] = {cuda}\n", encoding="utf-8"
    )
    return folder


@pytest.mark.parametrize(
    ("cuda", "gpu", "libraries", "expected"),
    [
        ("None", None, ["cpu"], [("ok", "there is no GPU")]),
        ("None", (12, 4), ["cpu"], [("note", "without CUDA, so H100 stays idle")]),
        ("'12.6'", (12, 8), ["cuda124", "cuda126"], [("ok", "CUDA 12.6"), ("ok", "library for CUDA 12.6")]),
        ("'12.6'", (12, 8), ["cuda124"], [("ok", "CUDA 12.6"), ("note", "(only 124)")]),
        ("'13.0'", (12, 4), ["cuda130"], [("note", "the driver runs up to 12.4"), ("ok", "CUDA 13.0")]),
    ],
)
def test_torch_driver_and_bitsandbytes_are_held_against_each_other(
    cuda: str,
    gpu: tuple[int, int] | None,
    libraries: list[str],
    expected: list[tuple[str, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folders = {"torch": torch_for(tmp_path / "torch", cuda), "bitsandbytes": tmp_path / "bnb"}
    folders["bitsandbytes"].mkdir()
    for library in libraries:
        (tmp_path / "bnb" / f"libbitsandbytes_{library}.so").touch()
    monkeypatch.setattr(doctor, "package_folder", folders.get)
    card = Gpu(name="H100", memory_mb=81_559, driver="570.1", cuda=gpu) if gpu else None
    found = doctor._pairing(card)
    assert [check.status for check in found] == [status for status, _ in expected]
    for check, (status, words) in zip(found, expected, strict=True):
        assert words in check.detail
        assert bool(check.mend) == (status == "note")


def test_the_driver_is_read_from_what_nvidia_smi_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text(
        "#!/bin/sh\n"
        'case "$1" in --query*) echo "NVIDIA H100 80GB HBM3, 81559, 570.133.20";;\n'
        '*) echo "| NVIDIA-SMI 570.133.20   Driver Version: 570.133.20   CUDA Version: 12.8     |";; esac\n',
        encoding="utf-8",
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert doctor.find_gpu() == Gpu(
        name="NVIDIA H100 80GB HBM3", memory_mb=81_559, driver="570.133.20", cuda=(12, 8)
    )
    program.write_text("#!/bin/sh\nexit 9\n", encoding="utf-8")
    assert doctor.find_gpu() is None


def test_a_full_disk_is_missing_a_small_memory_and_a_font_only_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "_NEEDED_DISK_GB", 1e9)
    assert doctor._disk(tmp_path / "not" / "there").status == "missing"
    limit = tmp_path / "memory.max"
    limit.write_text("2000000000\n", encoding="utf-8")
    monkeypatch.setattr(memory, "_CGROUP_LIMIT", limit)
    assert doctor._memory().status == "note"
    assert "this container may use 2.0 GB" in doctor._memory().detail
    assert memory.memory_bytes(torch.device("cpu")) == 2_000_000_000
    monkeypatch.setattr(doctor, "_said", lambda *_: "")
    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/fc-list")
    font = doctor._fonts()
    assert (font.status, "fonts-noto-cjk" in font.mend) == ("note", True)


@pytest.mark.parametrize(("status", "code"), [("ok", 0), ("note", 0), ("missing", 4)])
def test_only_what_is_missing_ends_in_4(
    status: Literal["ok", "note", "missing"], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "examine", lambda: [Check(name="a", status=status, detail="b")])
    assert CliRunner().invoke(cli, ["doctor"]).exit_code == code


# --- secrets


PLANTED = {
    "OPENAI_API_KEY": "planted-value-of-the-key-1",
    "MY_PASSWORD": "planted-value-of-the-key-2",
    "HOME": "/srv/people/planted-person",
}


def test_no_planted_secret_is_in_what_a_bug_report_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in PLANTED.items():
        monkeypatch.setenv(name, value)
    hostile = " ".join(
        [
            *PLANTED.values(),
            "https://planted-user:planted-pass@host/v1?key=planted-query#x",
            "Authorization: Bearer planted-bearer-abcdef",
            "sk-planted0123456789abcdef hf_planted0123456789abcdef ghp_planted0123456789abcd",
            "api_key=planted-in-a-query",
            "/home/planted-login/models /Users/planted-login/models",
        ]
    )
    monkeypatch.setattr(
        doctor, "examine", lambda: [Check(name="a", status="ok", detail=hostile, mend=hostile)]
    )
    done = CliRunner().invoke(cli, ["doctor", "--json"])
    assert done.exit_code == 0, done.output
    assert "planted" not in done.output
    found = json.loads(done.output)
    assert (found["kind"], found["schema_version"]) == ("doctor", 1)
    assert "OPENAI_API_KEY" in found["environment"]
    assert "https://***@host/v1" in found["checks"][0]["detail"]


def test_a_secret_that_begins_as_a_path_does_is_hidden_and_a_path_to_one_is_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "/planted+base64/bytes==")
    monkeypatch.setenv("APP_CREDENTIALS", str(tmp_path))
    assert redacted(f"「/planted+base64/bytes==」と{tmp_path}") == f"「***」と{tmp_path}"


@pytest.mark.parametrize(
    "text",
    [
        "鍵はsk-planted0123456789abcdefです",
        "(AIzaplanted0123456789abcdef)",
        '{"api_key": "planted@ss!word"}',
        "password='planted/+==x'",
        "api_key：planted123、以上",
        "接続先はpostgres://user:planted/pass@ord@host/dbです",
        "--url=-https://user:planted@host",
        "ヘッダーはBearer planted.abc~def+/=です",
    ],
)
def test_a_secret_is_hidden_whatever_stands_around_it(text: str) -> None:
    hidden = redacted(text)
    assert "planted" not in hidden
    assert "***" in hidden


def test_plain_words_and_paths_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHORT_TOKEN", "abc")
    plain = {
        "a": [
            "torch 2.9 at /opt/env/bin/python",
            "abc",
            3,
            None,
            "https://host:8000/v1",
            "the pad token: <pad>",
        ]
    }
    assert redacted(plain) == plain


# --- a server


def chat(text: str, logprobs: bool = False) -> dict[str, Any]:
    choice: dict[str, Any] = {"message": {"content": text}, "finish_reason": "stop"}
    if logprobs:
        top = [{"token": "1", "logprob": -0.1}, {"token": "2", "logprob": -2.0}]
        choice["logprobs"] = {"content": [{"token": "1", "logprob": -0.1, "top_logprobs": top}]}
    return {"choices": [choice], "usage": {"prompt_tokens": 5, "completion_tokens": 5}}


COUNT = "1, 2, 3, 4, 5, 6, 7, 8"


def able(body: dict[str, Any]) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Answer as a server that heeds seeds and stop strings, and gives log-probabilities."""
    if body.get("temperature"):
        return 200, chat(f"drawn with {body.get('seed')}"), {}
    text = COUNT
    for stop in body.get("stop", ()):
        text = text.partition(stop)[0]
    return 200, chat(text, bool(body.get("logprobs"))), {}


def poor(body: dict[str, Any]) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Answer as a server that knows none of it."""
    for name in ("logprobs", "seed"):
        if name in body:
            return 400, {"error": f"unknown field {name}"}, {}
    return 200, chat(COUNT), {}


@pytest.mark.parametrize(
    ("respond", "expected"),
    [
        (able, {"chat": "ok", "logprobs": "ok", "seeds": "ok", "stop": "ok", "likelihoods": "note"}),
        (poor, {"chat": "ok", "logprobs": "note", "seeds": "note", "stop": "note", "likelihoods": "note"}),
    ],
)
def test_what_a_server_lacks_is_a_note_and_what_it_can_is_found_out(
    respond: Callable[..., Any], expected: dict[str, str], chat_server: Server
) -> None:
    chat_server.respond = respond
    found = by_name(examine_endpoint(chat_server.address, "m", ""))
    assert found["endpoint"].status == "ok"
    assert {name: found[name].status for name in expected} == expected


def test_a_server_without_models_or_answers_is_missing(chat_server: Server) -> None:
    found = by_name(examine_endpoint(chat_server.address, None, ""))
    assert (found["models"].status, found["models"].mend) == ("missing", "name one with --model NAME")
    chat_server.respond = lambda body: (400, {"error": "no template"}, {})
    found = by_name(examine_endpoint(chat_server.address, "m", ""))
    assert found["chat"].status == "missing"
    assert "no template" in found["chat"].detail


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9/v1", "http://planted:secret@127.0.0.1/v1", "localhost"]
)
def test_an_address_at_which_nothing_answers_is_missing_and_gives_no_password_away(address: str) -> None:
    [check] = examine_endpoint(address, None, "")
    assert check.status == "missing"
    assert check.mend
    assert "secret" not in check.detail + check.mend


# --- a base and an adapter


@pytest.fixture(scope="module")
def adapter(tiny_smollm: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("doctor") / "adapter"
    model = get_peft_model(
        AutoModelForCausalLM.from_pretrained(tiny_smollm),
        LoraConfig(r=2, target_modules=["q_proj"], task_type="CAUSAL_LM"),
    )
    model.save_pretrained(str(out))
    return out


def test_a_sound_base_and_an_adapter_of_it_pass(tiny_smollm: Path, adapter: Path) -> None:
    found = by_name(examine_model(str(tiny_smollm), adapter, None))
    for name in ("base", "chat template", "stop token", "fingerprint", "adapter", "base match"):
        assert found[name].status == "ok", found[name]
    assert "<|im_end|>" in found["stop token"].detail


def test_the_trap_of_a_pad_token_that_stops_and_stops_that_others_do_not_know_are_told(
    tiny_smollm: Path, tmp_path: Path
) -> None:
    base = tmp_path / "base"
    base.mkdir()
    for file in tiny_smollm.iterdir():
        (base / file.name).write_bytes(file.read_bytes())
    tokenizer = AutoTokenizer.from_pretrained(base)
    tokenizer.pad_token = "<|im_end|>"
    tokenizer.save_pretrained(base)
    (base / "generation_config.json").write_text('{"eos_token_id": 0}', encoding="utf-8")
    found = by_name(examine_model(str(base), None, None))
    assert found["pad token"].status == "note"
    assert "never teach the model to stop" in found["pad token"].detail
    assert found["stop token"].status == "note"
    assert "generation_config.json stops at 0 only" in found["stop token"].detail


@pytest.mark.parametrize(
    "source", ["{{ messages[0].content.nothing() }}", "{% if %}", "{{ messages | length }}"]
)
def test_a_template_that_cannot_be_used_is_missing(source: str, tiny_smollm: Path, tmp_path: Path) -> None:
    (tmp_path / "t.jinja").write_text(source, encoding="utf-8")
    found = by_name(examine_model(str(tiny_smollm), None, tmp_path / "t.jinja"))
    assert found["chat template"].status == "missing", found["chat template"]
    assert "--chat-template" in found["chat template"].mend


def test_a_base_that_is_not_there_ends_in_one_check() -> None:
    [check] = examine_model("./nothing", None, None)
    assert (check.name, check.status) == ("base", "missing")


def test_an_adapter_of_another_base_is_told_by_fingerprint_and_by_name(
    tiny_smollm: Path, tiny_gemma: Path, adapter: Path, tmp_path: Path
) -> None:
    other = by_name(examine_model(str(tiny_gemma), adapter, None))
    assert other["base match"].status == "note"
    assert "cannot be compared with a folder" in other["base match"].detail

    foreign = tmp_path / "foreign"
    foreign.mkdir()
    for file in adapter.iterdir():
        (foreign / file.name).write_bytes(file.read_bytes())
    config = json.loads((foreign / "adapter_config.json").read_text(encoding="utf-8"))
    config["base_model_name_or_path"] = "unsloth/Qwen3-8B-unsloth-bnb-4bit"
    (foreign / "adapter_config.json").write_text(json.dumps(config), encoding="utf-8")
    by_path = by_name(examine_model(str(tiny_smollm), foreign, None))
    assert by_path["base match"].status == "note"
    assert "a 4-bit copy" in by_path["base match"].detail

    base = load_base(str(tiny_smollm))
    card = AdapterCard(
        base="b",
        fingerprint=base.fingerprint,
        template_sha256=ChatTemplate(base.tokenizer).sha256,
        quantization="nf4",
        data_sha256="d",
        trained_tokens=1,
    )
    jsonl.write_one(foreign / ADAPTER_CARD, card)
    assert by_name(examine_model(str(tiny_smollm), foreign, None))["fingerprint match"].status == "ok"
    assert by_name(examine_model(str(tiny_gemma), foreign, None))["fingerprint match"].status == "missing"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("adapter_config.json", b"[1]", "no JSON object"),
        ("adapter_model.safetensors", b"PK", "is damaged"),
        ("adapter_model.safetensors", None, "holds no adapter_model.safetensors"),
    ],
)
def test_a_broken_adapter_is_missing_with_what_mends_it(
    name: str, content: bytes | None, words: str, adapter: Path, tmp_path: Path
) -> None:
    for file in adapter.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / name).unlink() if content is None else (tmp_path / name).write_bytes(content)
    check = by_name(examine_model(None, tmp_path, None))["adapter"]
    assert check.status == "missing"
    assert words in check.detail
    assert check.mend


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("processor\t: 0\nflags\t\t: fpu avx avx2 fma\n", "note"),
        ("processor\t: 0\nflags\t\t: fpu avx2 avx512f avx512dq avx512bw avx512vl\n", "ok"),
        ("processor\t: 0\nFeatures\t: fp asimd\n", "note"),
        ("processor\t: 0\nFeatures\t: fp asimd bf16\n", "ok"),
        ("nothing known", "note"),
    ],
)
def test_a_processor_that_is_slow_in_16_bits_is_a_note(
    said: str, status: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cpuinfo").write_text(said, encoding="utf-8")
    monkeypatch.setattr(doctor, "_PROCESSOR", tmp_path / "cpuinfo")
    (found,) = doctor._processor(None)
    assert found.status == status
    assert doctor._processor(Gpu(name="H100", memory_mb=None, driver="1", cuda=None)) == []
    monkeypatch.setattr(doctor, "_PROCESSOR", tmp_path / "missing")
    assert doctor._processor(None) == []


@pytest.mark.skipif(not Path("/proc/cpuinfo").is_file(), reason="this system does not tell")
def test_the_doctor_and_torch_agree_on_this_processor() -> None:
    (found,) = doctor._processor(None)
    assert (found.status == "ok") is multiplies_in_bfloat16()
