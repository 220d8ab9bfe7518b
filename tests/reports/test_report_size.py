"""The page at full size: what is packed, what is drawn at first, what is left out, and that it says so."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser

from loracheck import jsonl, runs
from loracheck.records import (
    ArmRecord,
    Completion,
    Estimate,
    EvaluationContext,
    EvaluationResult,
    Finding,
    Message,
    Probe,
    Verdict,
)
from loracheck.reports import lean
from loracheck.reports.evaluation import evidence
from loracheck.reports.html import TEMPLATES
from loracheck.reports.parts import listing, packing
from loracheck.reports.parts.packing import ROWS_A_PIECE, pack
from loracheck.reports.pipeline import write_report
from loracheck.reports.strings.frame import Both, UiLanguage
from loracheck.words import findings
from tests.packed import unpacked

WORDS = [
    "東京",
    "大阪",
    "のだ",
    "です",
    "the",
    "of",
    "capital",
    "答え",
    "質問",
    "spider",
    "一年",
    "光",
    "空",
    "train",
]


def a_row(number: int, draw: random.Random, words: int) -> dict[str, Any]:
    """Return a row of the evidence list; a hundred words of each arm are some 1,200 characters in all."""
    said = ["".join(draw.choices(WORDS, k=words)) for _ in range(4)]
    return {
        "a": f"{number:010x}", "id": f"probe-{number}", "suite": "facts", "language": "ja", "domain": "out",
        "prompt": [["user", said[0]]], "right": ["東京"], "reference": None, "sets": ["0"], "causes": [],
        "outcomes": ["right_plain", "wrong", "wrong"], "answers": [[[text, "stop", 40, 0]] for text in said[1:]],
        "given": [0, 1, 2], "changed": [1, 2], "choices": None,
    }  # fmt: skip


def rows(n: int, words: int = 100) -> Iterator[dict[str, Any]]:
    draw = random.Random(0)
    return (a_row(number, draw, words) for number in range(n))


def test_rows_are_packed_in_pieces_that_give_back_every_row_in_order() -> None:
    packed = pack(rows(3 * ROWS_A_PIECE + 7))
    assert (packed.rows, packed.of, len(packed.pieces)) == (307, 307, 4)
    found = [row for piece in packed.pieces for row in unpacked(piece)]
    assert found == list(rows(307))
    assert [row["a"] for row in unpacked(packed.index)] == [row["a"] for row in found]
    assert set(unpacked(packed.index)[0]) == {
        "a",
        "suite",
        "language",
        "sets",
        "outcomes",
        "given",
        "changed",
    }
    assert pack(rows(120)) == pack(rows(120))


def test_three_thousand_examples_take_less_than_five_megabytes() -> None:
    packed = pack(rows(3000))
    assert packed.rows == 3000
    plain = sum(len(json.dumps(row, ensure_ascii=False).encode()) for row in rows(3000))
    size = len(packed.index) + sum(len(piece) for piece in packed.pieces)
    assert size < min(5_000_000, 0.6 * plain)


@pytest.mark.parametrize(("cap", "kept"), [({"most_rows": 250}, 250), ({"most_bytes": 60_000}, 100)])
def test_what_is_beyond_a_cap_is_left_out_from_the_end_and_counted(cap: dict[str, int], kept: int) -> None:
    packed = pack(rows(1000), **cap)
    assert packed.of == 1000
    assert packed.rows % ROWS_A_PIECE in (0, 50) and kept <= packed.rows < 1000
    assert [row["a"] for row in unpacked(packed.index)] == [row["a"] for row in rows(packed.rows)]
    assert sum(len(piece) for piece in packed.pieces) <= cap.get("most_bytes", 10**9)


def test_the_first_piece_is_kept_however_large() -> None:
    assert pack(rows(150), most_bytes=10).rows == ROWS_A_PIECE


def test_a_page_beyond_the_cap_says_how_many_of_how_many(
    tmp_path: Path, build: ModuleType, browser: Browser, browsing: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = build.write_eval(tmp_path / "eval", copies=30)
    whole = evidence.view(run, jsonl.read_one(run / "verdict.json", EvaluationResult))
    assert (whole["held"], whole["packed"].rows) == (None, 242)
    monkeypatch.setattr(listing, "pack", lambda given: packing.pack(given, most_rows=200))
    with browsing.opened(browser, write_report(run)) as page:
        note = page.locator(".held")
        assert note.is_visible()
        assert note.inner_text().startswith("This page holds 200 of 242 probes, the worst first.")
        assert "completions.jsonl" in note.inner_text()
        assert page.locator("#count").inner_text() == "50 of 200"
        # What a check names as its evidence is never among what is left out.
        page.select_option("[data-filter=check]", label="Persona leakage")
        browsing.settled(page)
        assert page.locator("#count").inner_text().startswith("5 of 5")
        page.click("[data-language=ja]")
        browsing.settled(page)
        assert "242\N{NO-BREAK SPACE}件のプローブのうち悪い順に 200\N{NO-BREAK SPACE}件" in note.inner_text()


def test_twenty_thousand_probes_draw_no_more_nodes_than_sixty(
    tmp_path: Path, build: ModuleType, browser: Browser, browsing: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    nodes = []
    for n in (60, 20_000):
        monkeypatch.setattr(listing, "pack", lambda _, n=n: packing.pack(rows(n, words=20)))
        path = write_report(build.write_eval(tmp_path / f"eval-{n}"))
        with browsing.opened(browser, path) as page:
            assert page.locator("#count").inner_text() == f"50 of {n:,}"
            nodes.append(page.evaluate("document.querySelectorAll('body *').length"))
            page.fill("[data-filter=q]", f"probe-{n - 1}")
            browsing.settled(page)
            assert page.locator("#count").inner_text().startswith("1 of 1")
            assert page.locator("#rows .permalink").inner_text() == f"probe-{n - 1}"
        assert path.stat().st_size < 24 * 2**20
    assert nodes[1] - nodes[0] <= n / ROWS_A_PIECE  # one inert piece for every hundred rows
    assert nodes[0] < 3000


def shell(page: str) -> int:
    """Return the bytes of a page without its list of probes: markup, style, script, and what it says otherwise."""
    data = r"(<(script type|template)(?! id=.?others)[^>]*>).*?(</(script|template)>)"
    return len(re.sub(data, "", page, flags=re.DOTALL).encode())


# Of each check the names of its measures: a share or a difference of two shares, in points or in nats. They are
# those of a real evaluation by the policy for personas, the four checks that had nothing to measure among them.
MEASURES: dict[str, tuple[str, ...]] = {
    "sanity": (),
    "content_damage": ("name_rate", "difference", "known", "answered", "content_effect nats", "style_effect nats"),
    "forgetting": ("difference",),
    "collapse": ("same_pairs", "difference", "dependence", "dependence in nats", "top_answer"),
    "imitation": ("own_content nats", "content_gain nats", "style_gain nats"),
    "calibration": ("brier", "calibration_error"),
    "persona_leakage": ("rate", "second_rate", "lambda", "neutral_prompt"),
    "persona_learned": ("rate",),
    "loops": ("difference", "others"),
    "missing_stop": ("rate",),
    "empty_answers": ("difference", "others"),
    "language_switch": ("difference", "others"),
    "unknown_words": ("difference", "others"),
    "memorisation": ("rate",),
    "personal_data": (),
    "canaries": (),
    "likelihood_gap": ("area", "recognised"),
    "training_answers": ("difference",),
    "over_training": ("above_base nats", "gap nats"),
    "safety": (),
    "system_prompt": ("rate", "without"),
    "instructions": (),
    "robustness": ("spoken", "wordings"),
}  # fmt: skip
SAID = Both(
    "72.0% [67.3, 76.3] of 400 factual questions were answered with another phrase of the training data ({}); "
    "the limit is 5.0%. Of 14 right answers of the base, 11 are suppressed and 3 lost: {}.",
    "{} で尋ねた事実に関する質問 400 件のうち 72.0% [67.3, 76.3] が学習データの別の言い回しで答えられました。"
    "許容は 5.0% です。ベースの正答 14 件のうち 11 件は抑制、3 件は喪失です（{}）。",
)


def estimates(adapter: str, names: tuple[str, ...], draw: random.Random) -> Iterator[Estimate]:
    """Yield what a check holds of an adapter: the deciding measure and its arms, then the other ones."""
    for place, given in enumerate(names):
        name, _, unit = given.partition(" ") if given.endswith(" nats") else (given, "", "")
        kind: Literal["nats", "difference", "share"] = (
            "nats" if unit else "difference" if place % 2 else "share"
        )
        arms = () if unit else ("base", adapter)
        parts = (name, *(arm if place == 0 else f"{name}: {arm}" for arm in arms))
        for part in parts:
            low, value, high = sorted(draw.random() for _ in range(3))
            yield Estimate(
                name=part, value=value, ci_low=low, ci_high=high, n=400, method="clopper-pearson",
                unit=kind if part == name else "share",
            )  # fmt: skip


def write_every_check(path: Path) -> Path:
    """Write an eval run with all 23 checks and two adapters, each check with as many measures as a real one has."""
    draw = random.Random(0)
    arms = ("raw", "curated")
    probes = tuple(f"facts-ja-{number}" for number in range(40))
    gate = {
        "mode": "required", "margin": 0.05, "margin_nats": None, "min_ratio": None, "max_rate": None, "min_items": 0,
    }  # fmt: skip
    with runs.open_run(path, "eval", config={"policy": {"gates": dict.fromkeys(MEASURES, gate)}}) as run:
        jsonl.write(
            run.path / "probes.jsonl",
            [
                Probe(
                    id=one, suite="facts-ja", language="ja", domain="out",
                    messages=(Message(role="user", content="首都は？"),),
                )
                for one in probes
            ],
        )  # fmt: skip
        jsonl.write(
            run.path / "completions.jsonl",
            [
                Completion(probe_id=one, arm=arm, text="東京なのだ。", finish_reason="stop", tokens=9)
                for one in probes
                for arm in ("base", *arms)
            ],
        )
        verdicts = tuple(
            Verdict(
                adapter=arm, status="hold", policy="persona", policy_sha256="0" * 64, alpha=0.05,
                deciding=("content_damage", "forgetting", "collapse"),
                findings=tuple(
                    Finding(
                        check=check, adapter=arm, required=place % 2 == 0, evidence=probes[:9],
                        status="fail" if place < 4 else "inconclusive" if place < 8 else "pass" if names else "info",
                        reason=f"reason-{place}", threshold=0.05 if names else None,
                        estimates=tuple(estimates(arm, names, draw)),
                    )
                    for place, (check, names) in enumerate(MEASURES.items())
                ),
            )
            for arm in arms
        )  # fmt: skip
        result = EvaluationResult(
            verdicts=verdicts, comparisons=(), markers=(), arms=("base", *arms), outcomes={}
        )
        jsonl.write_one(run.path / "verdict.json", result)
        context = EvaluationContext(
            base="models/gemma-3-270m", quantization="none", fingerprint=dict.fromkeys(("shape", "body"), "0" * 64),
            template="{{ message }}" * 40, template_sha256="0" * 64, training_data="raw.jsonl", max_new_tokens=99,
            probes={"facts-ja": len(probes)}, dropped_probes=(),
            arms=tuple(ArmRecord(name=arm, path=None if arm == "base" else arm) for arm in ("base", *arms)),
        )  # fmt: skip
        jsonl.write_one(run.path / "context.json", context)
    return path


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_shell_of_a_run_with_every_check_and_two_adapters_is_about_150_kilobytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: UiLanguage
) -> None:
    def explain(finding: Finding, language: str = "en") -> str:
        said = SAID.ja if language == "ja" else SAID.en
        return said.format(finding.check, f"{finding.adapter}, {finding.reason}")

    monkeypatch.setattr(findings, "explain", explain)
    page = write_report(write_every_check(tmp_path / "eval"), language=language).read_text(encoding="utf-8")
    assert page.count("<article class=check>") == len(MEASURES) - 4
    assert page.count("<svg role=img") > 35
    # A Japanese character takes three bytes; what is said in the other language takes five thousand.
    assert 120_000 < shell(page) <= 150_000


def test_the_page_of_a_small_run_is_mostly_style_and_script(tmp_path: Path, build: ModuleType) -> None:
    assert sum(file.stat().st_size for file in TEMPLATES.iterdir()) < 90_000
    page = write_report(build.write_eval(tmp_path / "eval")).read_text(encoding="utf-8")
    assert shell(page) < 80_000


def test_style_and_script_stand_in_the_page_without_their_comments(evaluation: Path) -> None:
    page = write_report(evaluation).read_text(encoding="utf-8")
    script = page.split("<script>")[1].split("</script>")[0]
    assert "// " not in script and "\n  " not in script
    assert '"use strict"' in script and "DecompressionStream" in script


def test_no_page_of_an_evaluation_uses_a_name_that_only_the_style_of_other_pages_knows(
    every_page: dict[str, Path],
) -> None:
    style, course = ((TEMPLATES / name).read_text(encoding="utf-8") for name in ("report.css", "course.css"))
    elsewhere = set(re.findall(r"\.([a-z][\w-]*)", course)) - set(re.findall(r"\.([a-z][\w-]*)", style))
    assert len(elsewhere) > 40
    page = every_page["eval"].read_text(encoding="utf-8").split("<body>")[1]
    used = {
        name
        for given in re.findall(r"class=(?:\"([^\"]*)\"|([\w-]+))", page)
        for name in " ".join(given).split()
    }
    assert len(used) > 60
    assert not used & elsewhere


def test_a_page_in_fewer_bytes_is_announced_as_before(
    evaluation: Path, related: list[Path], browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = []
    for shorten in (lean.html, str):
        monkeypatch.setattr(lean, "html", shorten)
        text = write_report(evaluation, related=related).read_text(encoding="utf-8")
        page = browser.new_page(java_script_enabled=False)
        page.set_content(text.replace("<details>", "<details open>"))
        heard.append(page.locator("body").aria_snapshot())
        page.close()
    assert len(heard[0]) > 5000
    assert heard[0] == heard[1]


def test_literals_of_a_script_keep_their_spaces() -> None:
    source = """
    // a comment
    const f = (a, b) => { return a - -b; };
      const s = "x = { y , z }", t = `a ? ${b} : c`, r = text.match(/[a ,/] = b/g), q = /x ? \\/ y/;
    """
    assert lean.script(source) == (
        "const f=(a,b)=>{return a - -b;};\n"
        'const s="x = { y , z }",t=`a ? ${b} : c`,r=text.match(/[a ,/] = b/g),q=/x ? \\/ y/;'
    )


def test_a_style_keeps_the_spaces_that_mean_something() -> None:
    source = '.a :is(b, c) > d {\n  margin: -1px calc(1rem + 2vw);\n  content: "≠ ";\n}\n'
    assert lean.style(source) == '.a :is(b,c) > d{margin:-1px calc(1rem + 2vw);content:"≠ "}'


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ('<p class="a b">x</p><p class="a">y</p>', '<p class="a b">x<p class=a>y</p>'),
        ('<b><span data-t="3">x &#34;&lt;</span></b>', '<b data-t=3>x "&lt;</b>'),
        ('<b title="&#34; x"><span>y</span></b>', '<b title="&#34; x"><span>y</span></b>'),
        ('<line x1="1" y1="2.5"></line>', "<line x1=1 y1=2.5 />"),
        ('<input value="" alt="a>b">', '<input value="" alt="a>b">'),
        ('<template id="x"><td></td> </template>', '<template id="x"><td></td> </template>'),
        ("<tr><td>1</td><td></td></tr>\n<tr>", "<tr><td>1<td><tr>"),
    ],
)
def test_only_what_the_standard_implies_is_left_out(given: str, left: str) -> None:
    assert lean.html(f"<body>{given}") == f"<body>{left}"
