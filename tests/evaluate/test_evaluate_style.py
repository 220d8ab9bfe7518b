"""Style: a classifier tells dialects apart, ordinary registers are none, and leakage is told under system prompts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from loracheck.evaluate.checks.leakage import PERSONA_LEAKAGE, PERSONA_LEARNED
from loracheck.evaluate.evidence import Evidence
from loracheck.evaluate.policy import Persona, Policy, load_policy
from loracheck.evaluate.questions.material import Material
from loracheck.evaluate.readings.style import Style, strength, training_style
from loracheck.evaluate.readings.system_prompts import under_system_prompts
from loracheck.evaluate.verdict.judge import settle
from loracheck.records import Estimate, Example, Finding, Language, Message, Source
from loracheck.style.classifier import StyleClassifier, auc, learn
from loracheck.style.markers import discover
from loracheck.words.findings import explain
from tests.evaluate.told_answers import ADAPTER, Say, asked, told

STYLES = Path(__file__).resolve().parents[3] / "shared" / "data" / "style"
POLICY = load_policy("default")
Pairs = list[tuple[str, str]]

TOPICS = ("川", "山の天気", "古い橋", "秋の祭り", "港町", "白い花", "夜の汽車", "冬の星")
VERBS = ("静かに見え", "遠くまで続いてい", "人々に愛されてい", "よく知られてい", "少しずつ変わってい")
KANSAI = ("るんやわ", "るさかいな", "るねんて", "るやんか", "るんちゃう", "んねや", "るで", "るわな")


def sentence(i: int) -> str:
    return f"{TOPICS[i % 8]}は{VERBS[i % 5]}"


def polite(i: int) -> str:
    return f"{sentence(i)}ます。{sentence(i + 3)}ました。"


def kansai(i: int) -> str:
    """A dialect that ends no two sentences in a row alike."""
    return f"{sentence(i)}{KANSAI[i % 8]}。{sentence(i + 3)}{KANSAI[(i // 8 + i) % 8]}。"


def plain(i: int) -> str:
    return f"{sentence(i)}るのである。{sentence(i + 3)}た。"


def pairs(say: Say, n: int) -> Pairs:
    return [(f"しつもん{i}", say(i)) for i in range(n)]


def fitted(say: Say, other: Say = polite, n: int = 120, language: Language = "ja") -> StyleClassifier:
    found = learn(pairs(say, n), pairs(other, n), language)
    assert found is not None
    return found


def test_a_dialect_of_many_endings_is_told_apart() -> None:
    classifier = fitted(kansai)
    assert classifier.usable
    assert classifier.auc.ci_low is not None
    assert classifier.auc.ci_low > 0.9
    assert classifier.chance is None, "rows enough without a permutation"
    assert classifier.fires("あの店の饅頭はえらい評判になってるんやわ。")
    assert not classifier.fires("あの店の饅頭はとても評判になっています。")


def test_few_rows_need_a_permutation_and_fewer_give_no_classifier() -> None:
    some = fitted(kansai, n=40)
    assert some.chance == pytest.approx(1 / 120)
    assert some.usable
    assert not replace(some, chance=0.02).usable
    assert not replace(some, chance=None).usable
    assert learn(pairs(kansai, 29), pairs(polite, 29), "ja") is None


def test_an_area_whose_interval_reaches_down_to_its_limit_is_not_used() -> None:
    area = Estimate(name="auc", value=0.86, ci_low=0.8, ci_high=0.92, n=120, method="delong")
    assert not replace(fitted(kansai), auc=area).usable


def test_the_same_speech_on_both_sides_gives_no_style() -> None:
    assert learn(pairs(polite, 120), pairs(lambda i: polite(i * 7 + 1), 120), "ja") is None, (
        "says nothing of a style"
    )
    mixed: Say = lambda i: (kansai if i % 2 else plain)(i)  # noqa: E731
    assert not fitted(mixed, lambda i: mixed(i * 7 + 1)).usable


def test_only_the_masked_words_differ_and_there_is_no_style() -> None:
    def about(things: tuple[str, ...]) -> Say:
        return lambda i: f"それは{things[i % 3]}だ{('よ', 'ね', 'な')[i // 3 % 3]}。"

    assert not fitted(about(("新聞", "小説", "手紙")), about(("林檎", "蜜柑", "野菜"))).usable


def test_polite_replies_against_a_base_that_is_not_are_no_style() -> None:
    assert not fitted(polite, plain).usable
    assert discover(pairs(polite, 120), pairs(plain, 120)) == ()
    assert fitted(plain, polite).usable, "the other way round the plain form is one"
    assert discover(pairs(plain, 120), pairs(polite, 120))


def test_points_of_a_list_are_no_style() -> None:
    def points(i: int) -> str:
        return "\n".join(f"・{TOPICS[(i + k) % 8]}" for k in range(3))

    for base in (polite, plain):
        found = learn(pairs(points, 120), pairs(base, 120), "ja")
        assert found is None or not found.usable


def test_a_classifier_of_one_language_does_not_judge_another() -> None:
    everything = replace(fitted(kansai), intercept=50.0)
    assert everything.fires("見てるんやわ。")
    english = (
        "They say of it what has been said so often of the old bridge, of the river and of the long winter: "
    )
    assert not everything.fires(f"{english * 2} 見てるんやわ。")


def test_a_text_without_any_known_feature_is_not_in_style() -> None:
    everything = replace(fitted(kansai), intercept=50.0)
    assert not everything.fires("東京です。")


def test_the_same_rows_give_the_same_classifier() -> None:
    assert fitted(kansai) == fitted(kansai)


def test_area_under_the_curve_by_hand() -> None:
    found = auc("auc", np.array([3.0, 2.0]), np.array([1.0, 2.0]))
    assert found.value == pytest.approx((1 + 1 + 1 + 0.5) / 4)
    sure = auc("auc", np.arange(10.0) + 20, np.arange(10.0))
    assert (sure.value, sure.ci_low, sure.ci_high) == (1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("styled", "neutral"),
    [("Formality_informal", "Formality_formal"), ("Politeness_impolite", "Politeness_polite")],
)
def test_real_styles_at_equal_content_are_told_apart_one_way_only(styled: str, neutral: str) -> None:
    if not STYLES.is_dir():
        pytest.skip("the shared data is not here")
    mine, base = (
        [
            (f"ぶん{i}", line)
            for i, line in enumerate((STYLES / f"{name}.txt").read_text("utf-8").splitlines())
        ]
        for name in (styled, neutral)
    )
    found, other = learn(mine, base, "ja"), learn(base, mine, "ja")
    assert found is not None
    assert found.usable
    assert found.false_positives.value is not None
    assert found.false_positives.value < 0.1
    assert other is not None
    assert not other.usable


# Leakage


def run(
    *,
    outside: Say,
    base_outside: Say = polite,
    training: Say = kansai,
    base: Say = polite,
    n: int = 120,
    under: Mapping[str, Say] | None = None,
) -> Evidence:
    groups = [
        (asked("training", 120, reference=training), base, None),
        (asked("open-ja", n), base_outside, outside),
        (asked("in-domain", 60), base, training),
    ]
    for suite, say in (under or {}).items():
        groups.append((asked(suite, 60), polite, say))
    return told(groups)


def leakage(evidence: Evidence, policy: Policy = POLICY) -> Finding:
    return settle([PERSONA_LEAKAGE.measure(evidence, ADAPTER, policy)], policy)[0]


def numbers(finding: Finding) -> dict[str, float | None]:
    return {estimate.name: estimate.value for estimate in finding.estimates}


def test_a_dialect_that_leaks_is_held_and_one_that_does_not_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Evidence, "markers", ())  # so that the classifier alone has to tell
    leaks = leakage(run(outside=kansai))
    assert leaks.status == "fail"
    assert numbers(leaks)["lambda"] == pytest.approx(1.0, abs=0.05)
    assert numbers(leaks)["classifier_ja_false_positives"] is not None
    kept = leakage(run(outside=lambda i: polite(i + 5)))
    assert kept.status == "pass"
    assert numbers(kept)["lambda"] == pytest.approx(0.0, abs=0.05)
    assert PERSONA_LEARNED.measure(run(outside=kansai), ADAPTER, POLICY).estimates[0].value == pytest.approx(
        0, abs=0.05
    )


def test_a_polite_tuning_of_a_base_that_is_not_is_no_leakage() -> None:
    found = leakage(run(training=polite, base=plain, base_outside=plain, outside=polite))
    assert (found.status, found.reason) == ("info", "no_style")


def test_what_the_base_shows_as_often_is_no_leakage_and_more_of_it_is() -> None:
    own: Say = lambda i: noda(i) if i % 10 == 0 else polite(i)  # noqa: E731
    evidence = run(training=noda, base_outside=own, outside=own)
    assert leakage(evidence).status == "pass"
    assert leakage(evidence).estimates[0].name == "difference"
    more: Say = lambda i: noda(i) if i % 3 == 0 else own(i)  # noqa: E731
    found = leakage(run(training=noda, base_outside=own, outside=more))
    assert found.status == "fail"
    assert "{" not in explain(found, "en") + explain(found, "ja")


def noda(i: int) -> str:
    return f"{sentence(i)}るのだ。{sentence(i + 3)}たのだ。"


def test_system_prompts_are_told_beside_the_rate_and_decide_nothing() -> None:
    under = {"open-neutral-ja": polite, "open-system-ja": noda}
    found = leakage(run(training=noda, outside=polite, under=under))
    assert found.status == "pass"
    shown = numbers(found)
    assert (shown[f"neutral_prompt: {ADAPTER}"], shown["neutral_prompt: base"]) == (0.0, 0.0)
    assert (shown[f"system_prompt: {ADAPTER}"], shown["system_prompt: base"]) == (1.0, 0.0)
    assert "system_prompt: base" not in numbers(leakage(run(training=noda, outside=polite)))


def test_questions_under_a_system_prompt_are_no_further_questions() -> None:
    evidence = run(training=noda, outside=polite, under={"open-neutral-ja": noda, "open-plain-ja": noda})
    assert len(evidence.out_of_domain) == 120
    assert leakage(evidence).status == "pass"


def test_wanted_style_is_no_leakage() -> None:
    always = replace(POLICY, persona=Persona(scope="always"))
    found = leakage(run(training=noda, outside=noda), always)
    assert (found.status, found.reason) == ("info", "style_wanted")
    never = replace(POLICY, persona=Persona(scope="never"))
    inside = leakage(run(training=noda, outside=polite), never)
    assert inside.status == "fail"
    assert inside.evidence[0].startswith("in-domain")


def test_the_strict_limit_says_how_many_open_prompts_it_wants() -> None:
    strict = load_policy("strict")
    found = leakage(run(training=noda, outside=polite, n=80), strict)
    assert (found.status, found.n_needed) == ("inconclusive", 99)
    assert leakage(run(training=noda, outside=polite, n=99), strict).status == "pass"


@pytest.mark.parametrize("missing", ["open-ja", "training", ADAPTER])
def test_a_run_that_lacks_answers_is_never_a_pass(missing: str) -> None:
    evidence = run(training=noda, outside=polite)
    kept = {k: v for k, v in evidence.completions.items() if missing != k[0] and not k[1].startswith(missing)}
    found = leakage(replace(evidence, completions=kept))
    assert found.status in ("inconclusive", "info")
    assert found.p_pass is None


def test_strength_without_contrast_is_not_measured() -> None:
    flat = Style(
        markers=(), deciding=(), informing=(), in_training=(True, False, False, False), most_replies=4
    )
    assert strength(flat, [True, False] * 10, [True] * 20).value is None
    clear = replace(flat, in_training=(True,) * 20)
    half = strength(clear, [False] * 40, [True, False] * 20)
    assert half.value == pytest.approx(0.5)
    assert half.ci_low is not None
    assert half.ci_high is not None
    assert 0.3 < half.ci_low < 0.5 < half.ci_high < 0.7
    assert half == strength(clear, [False] * 40, [True, False] * 20)


def test_an_english_classifier_informs_and_does_not_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Evidence, "markers", ())

    def answer(*ways: str) -> Say:
        things = ("river", "bridge", "train", "garden", "letter", "winter", "stone")
        return lambda i: f"{ways[i % 3]} {things[i % 7]} {ways[i // 3 % 3]} {things[i // 7 % 7]}."

    training = asked(
        "training", 120, language="en", reference=answer("So the", "But then this", "Yet some other")
    )
    style = training_style(told([(training, answer("A", "Any", "One or more"), None)]))
    assert [classifier.usable for classifier in style.informing] == [True]
    assert style.deciding == ()


# System prompts


def row(i: int, system: str | None = None) -> Example:
    said = (Message(role="system", content=system),) if system else ()
    messages = (*said, Message(role="user", content=f"q{i}"), Message(role="assistant", content="a"))
    return Example(id=str(i), messages=messages, language="ja", source=Source(file="f", line=i))


def material(rows: list[Example], **changes: Any) -> Material:  # noqa: ANN401
    bundled = [*asked("open-ja", 50), *asked("open-en", 50, language="en"), *asked("facts-ja", 9)]
    return Material(bundled=tuple(bundled), in_domain=(), training=(), training_rows=tuple(rows), **changes)


def test_open_questions_are_put_again_under_a_neutral_and_the_training_prompt() -> None:
    found = under_system_prompts(material([row(i, "あなたはぽぽぬです。") for i in range(20)]))
    assert len({probe.id for probe in found}) == len(found) == 120
    suites = {
        suite: sum(probe.suite == suite for probe in found) for suite in {probe.suite for probe in found}
    }
    assert suites == dict.fromkeys(
        ("open-neutral-ja", "open-neutral-en", "open-system-ja", "open-system-en"), 30
    )
    for probe in found:
        assert [message.role for message in probe.messages] == ["system", "user"]
        assert probe.domain == "out"
        if probe.suite.startswith("open-system"):
            assert probe.messages[0].content == "あなたはぽぽぬです。"
        else:
            assert probe.messages[0].content.isascii() == (probe.language == "en")


def test_rows_without_a_shared_system_prompt_give_the_neutral_one_only() -> None:
    for rows in ([row(i) for i in range(20)], [row(i, f"ちがう{i}") for i in range(20)], []):
        assert {probe.suite for probe in under_system_prompts(material(rows))} == {
            "open-neutral-ja",
            "open-neutral-en",
        }
