"""Wanted change told from unwanted: intents, the trained field, languages, the wanted form, forbidden strings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest

from loracheck.errors import UsageError
from loracheck.evaluate.checks.forbidden import holds
from loracheck.evaluate.checks.form import has_form, wanted_form
from loracheck.evaluate.evidence import Evidence
from loracheck.evaluate.policy import Domain, Form, Format, Pinned, Policy, load_policy
from loracheck.evaluate.verdict.judge import judge
from loracheck.evaluate.verdict.scope import refuse_unfit
from loracheck.records import BASE_ARM, SuiteRecord, Verdict
from loracheck.words.findings import explain
from tests.evaluate.evidence_records import (
    BASE,
    DEFAULT,
    GOOD,
    PERSONA,
    always,
    build,
    finding,
    verdict_of,
)


def loaded(folder: Path, text: str) -> Policy:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return load_policy(str(path))


def test_an_intent_fills_in_gates_and_the_files_own_lines_overrule_it(tmp_path: Path) -> None:
    default = load_policy("default")
    assert (default.intent, default.mode("persona_learned")) == ("persona", "required")
    domain = loaded(tmp_path, "intent: domain")
    assert (domain.mode("persona_learned"), domain.mode("persona_leakage")) == ("info", "required")
    kept = loaded(tmp_path, "intent: domain\ngates: {persona_learned: {mode: required}}")
    assert kept.mode("persona_learned") == "required"
    everywhere = loaded(tmp_path, "intent: format\nformat: {form: json, scope: always}")
    assert everywhere.persona.scope == "always", "the form's own keys look like a style"
    nowhere = loaded(tmp_path, "intent: format\nformat: {form: json, scope: always}\npersona: {scope: never}")
    assert nowhere.persona.scope == "never"
    shaped = loaded(tmp_path, "intent: format\nformat: {form: json}")
    assert (shaped.mode("wanted_form"), default.mode("wanted_form")) == ("required", "off")
    assert len({policy.sha256 for policy in (default, domain, kept, shaped)}) == 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("intent: style", "intent is one of persona, domain, format, none"),
        ("intent: [a]", "intent is one of"),
        ("domain: {tags: [capital]}", "needs intent: domain"),
        ("intent: format", "format.form"),
        ("format: {form: json}", "intent: format and format.form"),
        ("intent: format\nformat: {form: yaml}", "yaml"),
        ("intent: format\nformat: {shape: json}", "unknown key 'shape'"),
        ("intent: none\npersona: {scope: always}", "wants no style"),
        ("forbidden_strings: ['']", "empty one"),
        ("forbidden_strings: [' ！']", "mine"),
        ("pinned: {base: xyz}", "pinned.base is 8 to 64 hexadecimal digits"),
        ("pinned: {probes: {facts-ja: 12}}", "pinned.probes"),
        ("languages: [fr]", "fr"),
        ("gates: {forgetting: {min_headroom: 2}}", "gates.forgetting.min_headroom lies between 0 and 1"),
    ],
)
def test_a_contradiction_is_refused_with_the_reason(tmp_path: Path, text: str, message: str) -> None:
    if message == "mine":
        assert loaded(tmp_path, text).forbidden_strings == (" ！",)
        return
    with pytest.raises(UsageError) as caught:
        loaded(tmp_path, text)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"intent": "none"},
        {"languages": ("ja",)},
        {"forbidden_strings": ("x",)},
        {"pinned": Pinned(base="0123456789")},
        {"format": Format(min_in_domain=0.5)},
    ],
)
def test_the_hash_changes_with_all_that_says_what_is_wanted(changes: dict[str, Any]) -> None:
    assert replace(DEFAULT, **changes).sha256 != DEFAULT.sha256


def tagged(tag: str) -> Evidence:
    """An adapter that lost every third fact, all of them tagged."""

    def worse(i: int) -> str:
        return "wrong" if i % 3 == 0 else BASE.likeliest(i)

    arm = replace(GOOD, likeliest=worse, likeliest_plain=worse)
    evidence = build({"mine": arm}, facts=600)
    probes = tuple(
        replace(p, tags=(tag,)) if p.suite == "facts-ja" and int(p.id.rpartition("-")[2]) % 3 == 0 else p
        for p in evidence.probes
    )
    return replace(evidence, probes=probes)


def test_knowledge_of_the_trained_field_may_change_and_any_other_may_not() -> None:
    evidence = tagged("menu")
    assert finding(judge(evidence, PERSONA).verdicts[0], "forgetting").status == "fail"
    wanted = replace(PERSONA, intent="domain", domain=Domain(tags=("menu",)))
    found = finding(judge(evidence, wanted).verdicts[0], "forgetting")
    assert (found.status, found.estimates[0].n) == ("pass", 400)
    suite = replace(PERSONA, intent="domain", domain=Domain(suites=("facts-ja",)))
    assert finding(judge(evidence, suite).verdicts[0], "forgetting").status == "inconclusive"


def test_a_gate_counts_only_the_suites_of_the_policys_languages() -> None:
    evidence = tagged("any")
    probes = tuple(replace(p, language="en") if p.tags else p for p in evidence.probes)
    evidence = replace(evidence, probes=probes)
    assert finding(judge(evidence, PERSONA).verdicts[0], "forgetting").status == "fail"
    found = finding(judge(evidence, replace(PERSONA, languages=("ja",))).verdicts[0], "forgetting")
    assert (found.status, found.estimates[0].n) == ("pass", 400)


def test_rows_of_the_domain_count_whatever_their_language() -> None:
    evidence = build({"mine": GOOD})
    probes = tuple(replace(p, language="en") if p.domain == "in" else p for p in evidence.probes)
    verdict = judge(replace(evidence, probes=probes), replace(PERSONA, languages=("ja",))).verdicts[0]
    assert finding(verdict, "persona_learned").estimates[0].n == 60


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"languages": ("en",)}, "no probe of this run has 'en'"),
        ({"intent": "domain", "domain": Domain(tags=("meno",))}, "Did you mean menu?"),
        ({"intent": "domain", "domain": Domain(suites=("fakts",))}, "no probe of this run has 'fakts'"),
        ({"pinned": Pinned(base="deadbeef00")}, "base: pinned deadbeef00, here abc"),
        ({"pinned": Pinned(template="deadbeef00")}, "template: pinned deadbeef00, here none"),
        (
            {"pinned": Pinned(probes={"facts-ja": "deadbeef00"})},
            "suite facts-ja: pinned deadbeef00, here 0123",
        ),
        ({"pinned": Pinned(probes={"open-ja": "deadbeef00"})}, "suite open-ja: pinned deadbeef00, here none"),
    ],
)
def test_a_policy_for_something_else_than_the_run_is_refused(changes: dict[str, Any], message: str) -> None:
    evidence = tagged("menu")
    record = SuiteRecord(name="facts-ja", source="bundled", sha256="0123456789abcdef", probes=1)
    context = replace(evidence.context, fingerprint={"shell": "abcdef0123"}, suites=(record,))
    fit = Pinned(base="abcdef0123", probes={"facts-ja": "0123456789"})
    refuse_unfit(
        replace(PERSONA, pinned=fit, languages=("ja",), intent="domain", domain=Domain(tags=("menu",))),
        context,
        evidence.probes,
    )
    with pytest.raises(UsageError) as caught:
        refuse_unfit(replace(PERSONA, **changes), context, evidence.probes)
    assert message in f"{caught.value}"


def with_text(evidence: Evidence, probe: str, text: str, *, base: str | None = None) -> Evidence:
    said = dict(evidence.completions)
    for arm, value in (("mine", text), (BASE_ARM, base)):
        if value is not None:
            said[arm, probe] = replace(said[arm, probe], text=value)
    return replace(evidence, completions=said)


def held_by(evidence: Evidence) -> Verdict:
    return judge(evidence, replace(PERSONA, forbidden_strings=("秘密Corp", "XYZ"))).verdicts[0]


def test_one_answer_with_a_forbidden_string_holds_and_says_where() -> None:
    verdict = held_by(with_text(build({"mine": GOOD}), "open-ja-3", "それは秘密ｃｏｒｐの話です。"))
    assert (verdict.status, verdict.deciding[0]) == ("hold", "forbidden_strings")
    found = finding(verdict, "forbidden_strings")
    assert (found.evidence, found.values["hits"], found.estimates[0].n) == (("open-ja-3",), 1, 360)
    assert "秘密Corp" in explain(found)
    assert held_by(build({"mine": GOOD})).status == "ship"


def test_a_forbidden_string_of_the_prompt_or_of_the_base_is_no_fault() -> None:
    evidence = build({"mine": GOOD})
    assert held_by(with_text(evidence, "open-ja-3", "XYZ", base="XYZも")).status == "ship"
    asks = tuple(
        replace(p, messages=(replace(p.messages[0], content="XYZとは？"),)) if p.id == "open-ja-3" else p
        for p in evidence.probes
    )
    assert held_by(with_text(replace(evidence, probes=asks), "open-ja-3", "XYZです。")).status == "ship"


def test_a_forbidden_string_inside_the_domain_is_the_teams_own_business() -> None:
    assert held_by(with_text(build({"mine": GOOD}), "in-domain-3", "XYZなのだ。")).status == "ship"


def test_a_base_with_less_headroom_than_the_policy_wants_passes_nothing() -> None:
    gates = PERSONA.gates | {"forgetting": replace(PERSONA.gates["forgetting"], min_headroom=0.6)}
    found = finding(verdict_of(GOOD, replace(PERSONA, gates=gates)), "forgetting")
    assert (found.status, found.reason) == ("inconclusive", "no_headroom")
    gates["forgetting"] = replace(gates["forgetting"], min_headroom=0.15)
    assert finding(verdict_of(GOOD, replace(PERSONA, gates=gates)), "forgetting").status == "pass"


@pytest.mark.parametrize(
    ("text", "form", "has"),
    [
        ('{"a": 1}', "json", True),
        ("```json\n[1, 2]\n```", "json", True),
        ('Here: {"a": 1}', "json", False),
        ("12", "json", False),
        ("", "json", False),
        ("- 一つ\n- 二つ\nおわり", "list", True),
        ("・一つ", "list", False),
        ("1. one\n2. two", "list", True),
        ("一つ\n二つ", "list", False),
        ("一行だけ\n", "line", True),
        ("一行\n二行", "line", False),
    ],
)
def test_the_form_of_a_reply_is_told(text: str, form: Form, has: bool) -> None:
    assert has_form(text, form) is has


@pytest.mark.parametrize(
    ("inside", "outside", "scope", "status"),
    [
        (1, 0, "in_domain", "ship"),
        (1, 3, "in_domain", "hold"),
        (1, 3, "always", "ship"),
        (2, 0, "in_domain", "inconclusive"),
    ],
)
def test_the_wanted_form_is_required_where_it_is_wanted_and_unwanted_elsewhere(
    inside: int, outside: int, scope: Literal["always", "in_domain"], status: str
) -> None:
    evidence = build({"mine": replace(GOOD, facts=BASE.facts, opens=always("right"))}, training=0)
    for i in range(60):
        text = '{"reply": 1}' if i % inside == 0 else "ことば"
        evidence = with_text(evidence, f"in-domain-{i}", text)
        if outside and i % outside == 0:
            evidence = with_text(evidence, f"open-ja-{i}", '{"reply": 1}')
    gates = {"wanted_form": load_policy("default").gates["wanted_form"]}
    policy = replace(
        DEFAULT,
        intent="format",
        format=Format(form="json", scope=scope),
        gates={"wanted_form": replace(gates["wanted_form"], mode="required")},
    )
    if outside:  # a third of the open answers alone; the many facts would thin them out
        evidence = replace(evidence, probes=tuple(p for p in evidence.probes if p.suite != "facts-ja"))
    assert judge(evidence, policy).verdicts[0].status == status


def test_without_rows_of_the_domain_the_wanted_form_stays_open() -> None:
    evidence = build({"mine": GOOD}, in_domain=0)
    policy = replace(DEFAULT, intent="format", format=Format(form="list"))
    assert wanted_form(evidence, "mine", policy).reason == "no_in_domain_probes"


@pytest.mark.parametrize(
    ("text", "forbidden", "held"),
    [
        ("It is a special social event.", "CIA", False),
        ("The CIA said so.", "CIA", True),
        ("Project  Blue-Bird!", "project blue-bird", True),
        ("これは内部 限定です", "内部限定", True),
        ("秘密Corpの話", "秘密corp", True),
        ("ACMEの製品", "ACME", True),
    ],
)
def test_a_forbidden_string_is_a_word_and_no_part_of_one(text: str, forbidden: str, held: bool) -> None:
    assert holds(text, forbidden) is held
