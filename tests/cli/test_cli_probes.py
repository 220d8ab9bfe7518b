"""The verbs on probes, and the options of eval that choose them."""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from loracheck import jsonl
from loracheck.cli import cli
from loracheck.errors import LoracheckError
from loracheck.probes import BUNDLED, bundled_record
from loracheck.records import EvaluationContext, Probe

OWN = {"prompt": "水は何度で沸騰しますか？", "answers": ["100度"], "wrong": ["90度", "80度", "120度"]}


def call(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def parsed(*arguments: object) -> Any:  # noqa: ANN401 - JSON
    done = call(*arguments)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def written(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def test_list_gives_every_suite_its_hash_and_what_each_tier_asks() -> None:
    found = parsed("probes", "list", "--json")
    assert [entry["suite"]["name"] for entry in found["suites"]] == list(BUNDLED)
    for entry in found["suites"]:
        record = bundled_record(entry["suite"]["name"])
        assert (entry["suite"]["sha256"], entry["suite"]["probes"]) == (record.sha256, record.probes)
        assert 0 <= entry["tiers"]["quick"] <= entry["tiers"]["standard"] <= entry["tiers"]["full"]
        assert entry["tiers"]["full"] == record.probes
    text = call("probes", "list").output
    assert bundled_record("facts-ja").sha256[:16] in text


def test_show_prints_bundled_probes_and_files(tmp_path: Path) -> None:
    text = call("probes", "show", "facts-ja", "--number", "1").output
    assert "フランスの首都はどこですか？" in text
    assert "right: パリ | Paris" in text
    file = written(tmp_path / "mine.jsonl", OWN)
    [probe] = parsed("probes", "show", file, "--json")["probes"]
    assert probe["suite"] == "facts-mine"
    with pytest.raises(LoracheckError, match="neither a bundled suite nor a file"):
        CliRunner().invoke(cli, ["probes", "show", "facts-xx"], catch_exceptions=False)


def test_show_keeps_harmful_requests_back_until_they_are_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "h.csv"
    file.write_text("goal,target\nHIDDEN REQUEST,Sure\n", encoding="utf-8")
    assert "HIDDEN REQUEST" not in call("probes", "show", file).output
    assert "HIDDEN REQUEST" in call("probes", "show", file, "--harmful").output


def test_show_reads_the_scores_of_lm_eval(tmp_path: Path) -> None:
    scores = {"results": {"arc_ja": {"acc,none": 0.5, "acc_stderr,none": 0.1}}, "n-samples": {}}
    file = tmp_path / "results_x.json"
    file.write_text(json.dumps(scores), encoding="utf-8")
    text = call("probes", "show", file).output
    assert "no verdict rests on these" in text
    assert "0.500 [0.304, 0.696], n unknown" in text


def test_what_would_drive_a_terminal_is_made_visible(tmp_path: Path) -> None:
    file = written(tmp_path / "m.jsonl", {**OWN, "id": "\x1b[31mred", "answers": ["\x1b]0;t\x07"]})
    assert "\x1b" not in call("probes", "show", file).output
    assert "\x1b" not in call("probes", "check", file).output


def test_check_exits_2_where_something_spoils_the_measurement(tmp_path: Path) -> None:
    good = written(tmp_path / "good.jsonl", OWN)
    assert call("probes", "check", good).exit_code == 0
    twice = written(tmp_path / "twice.jsonl", OWN, OWN)
    done = call("probes", "check", twice)
    assert (done.exit_code, "asks what facts-twice-1 asks" in done.output) == (2, True)
    data = written(tmp_path / "train.jsonl", {"instruction": OWN["prompt"], "output": "100度です。"})
    done = call("probes", "check", good, "--data", data, "--json")
    assert done.exit_code == 2
    assert [problem["kind"] for problem in json.loads(done.stdout)["problems"]] == ["overlap"]


def test_made_probes_pass_their_own_check_against_the_rest(tmp_path: Path) -> None:
    subjects = "山川海空森町雨雪風月星花鳥魚犬猫馬牛米茶"
    data = written(
        tmp_path / "t.jsonl",
        *({"instruction": f"{a}と{b}のちがいは何ですか？", "output": f"{a}は{b}ではない。"}
          for a in subjects for b in subjects if a < b),
    )  # fmt: skip
    out = tmp_path / "domain.jsonl"
    counts = parsed("probes", "make", data, "-o", out, "--count", 20, "--json")
    rest = tmp_path / "domain.rest.jsonl"
    assert counts["probes"] == 20 == len(list(jsonl.read(out, Probe)))
    assert counts["probes"] + counts["rest"] + counts["set_aside"] == 190
    assert len(rest.read_text(encoding="utf-8").splitlines()) == counts["rest"]
    assert call("probes", "check", out, "--data", rest).exit_code == 0
    assert call("probes", "check", out, "--data", data).exit_code == 2
    with pytest.raises(LoracheckError, match="there is a file already"):
        CliRunner().invoke(cli, ["probes", "make", str(data), "-o", str(out)], catch_exceptions=False)


@pytest.fixture
def adapter(tiny_gemma: Path, tmp_path: Path) -> Path:
    import torch  # noqa: PLC0415
    from peft import LoraConfig, PeftModel, get_peft_model  # noqa: PLC0415
    from transformers import AutoModelForCausalLM  # noqa: PLC0415

    model = get_peft_model(
        AutoModelForCausalLM.from_pretrained(tiny_gemma),
        LoraConfig(r=2, target_modules=["q_proj"], task_type="CAUSAL_LM"),
    )
    assert isinstance(model, PeftModel)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            parameter.data = 0.05 * torch.ones_like(parameter)
    model.save_pretrained(str(tmp_path / "adapter"))
    return tmp_path / "adapter"


def evaluated(tiny_gemma: Path, adapter: Path, *more: object) -> Result:
    arguments = ["eval", "--base", tiny_gemma, "--adapter", f"mine={adapter}", "--quiet", "--exit-zero"]
    return call(*arguments, "--suite", "facts-ja", "--max-facts", 3, *more)


def test_a_dry_run_says_the_cost_and_leaves_nothing_behind(
    tiny_gemma: Path, adapter: Path, tmp_path: Path
) -> None:
    before = sorted(tmp_path.rglob("*"))
    file = written(tmp_path.parent / f"{tmp_path.name}.jsonl", OWN)
    done = evaluated(tiny_gemma, adapter, "--probes", file, "--dry-run", "--json")
    assert done.exit_code == 0, done.output
    cost = json.loads(done.stdout)
    assert (cost["tier"], cost["arms"]) == ("standard", 2)
    assert cost["items"]["facts-ja"] == 3
    assert cost["generated"] >= 4 * 24
    assert cost["prefill"] > 4 * 10
    assert cost["minutes"] > 0
    assert sorted(tmp_path.rglob("*")) == before
    again = evaluated(tiny_gemma, adapter, "--max-facts", 6, "--dry-run", "--json")
    assert json.loads(again.stdout)["items"]["facts-ja"] == 6
    assert list(Path(os.environ["LORACHECK_CACHE"]).glob("speeds/*.json")), "the speed is kept for next time"


def test_own_probes_are_asked_and_the_run_says_what_they_were(
    tiny_gemma: Path, adapter: Path, tmp_path: Path
) -> None:
    held = {"prompt": "誰ですか？", "domain": "in", "reference": "ぽぽぬなのだ。"}
    file = written(tmp_path / "mine.jsonl", OWN, held)
    done = evaluated(
        tiny_gemma, adapter, "--probes", file, "--tier", "quick", "-o", tmp_path / "run", "--json"
    )
    assert done.exit_code == 0, done.output
    context = jsonl.read_one(tmp_path / "run" / "context.json", EvaluationContext)
    suites = {suite.name: suite for suite in context.suites}
    assert suites["facts-ja"].sha256 == bundled_record("facts-ja").sha256
    assert (suites["facts-ja"].probes, suites["facts-ja"].asked) == (bundled_record("facts-ja").probes, 3)
    assert (suites["facts-mine"].source, suites["facts-mine"].asked) == (str(file), 1)
    assert context.probes["in-domain"] == 1
    assert context.tier == "quick"
    assert context.cost is not None
    assert context.cost.minutes is None, "a resumed run writes the same bytes"
    [verdict] = json.loads(done.stdout)["verdicts"]
    assert verdict["status"] != "ship"
    assert {"check": "tier", "reason": "quick_tier"}.items() <= verdict["findings"][1].items()


def test_an_id_that_a_bundled_probe_has_is_refused(tiny_gemma: Path, adapter: Path, tmp_path: Path) -> None:
    file = written(tmp_path / "mine.jsonl", {**OWN, "id": "facts-ja-capital-france"})
    done = evaluated(tiny_gemma, adapter, "--probes", file, "--dry-run")
    assert isinstance(done.exception, LoracheckError)
    assert "the id facts-ja-capital-france is taken" in str(done.exception)


def test_a_task_of_lm_eval_without_the_package_says_how_to_get_it(
    tiny_gemma: Path, adapter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "lm_eval" else known(name, *rest)
    )
    done = evaluated(tiny_gemma, adapter, "--suite", "lm-eval:arc_easy", "--dry-run")
    assert isinstance(done.exception, LoracheckError)
    assert "pip install lm-eval" in str(done.exception)
