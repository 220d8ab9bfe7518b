"""How each check works and what a policy makes of it: for `loracheck checks` and docs/checks.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from loracheck.evaluate.policy import Gate, Policy
from loracheck.records import UiLanguage
from loracheck.words import Pair
from loracheck.words.about import ABOUT
from loracheck.words.findings import check_name

from .listed import CHECKS

_RULED_BY_NO_LIMIT = ("sanity", "forbidden_strings")
_ELSEWHERE = {
    "persona_leakage": (("persona", "max_out_of_domain"),),
    "persona_learned": (("persona", "min_in_domain"),),
    "system_prompt": (("persona", "max_out_of_domain"),),
    "wanted_form": (("format", "min_in_domain"), ("format", "max_out_of_domain")),
}
"""Limits that stand in another part of a policy than the gates."""
MODES: dict[str, Pair] = {
    "required": {"en": "required", "ja": "必須"},
    "info": {"en": "informs", "ja": "参考"},
    "off": {"en": "off", "ja": "無効"},
}
LABELS: dict[str, Pair] = {
    "mode": {"en": "Mode", "ja": "扱い"},
    "interval": {"en": "Decided by", "ja": "判定"},
    "cost": {"en": "Costs", "ja": "計算コスト"},
    "needs": {"en": "Needs", "ja": "必要なもの"},
    "false_alarms": {"en": "May be set off by", "ja": "誤報の原因"},
    "blind": {"en": "Does not see", "ja": "検出できないもの"},
}
"""In the order in which they are told."""
_HEAD: Pair = {
    "en": """\
# The checks

Written by `loracheck checks --format markdown`; the limits are those of the {policy} policy
([how to change them](policy.md)), and costs are per arm at the standard tier. Every number is held against its limit by
a one-sided test at `alpha`; the intervals shown have 95%. Of several checks that fail, the one that explains the others
is named first ([what the verdict means](verdict.md)).

A required check that lacks what it needs leaves the verdict open. One that has nothing to look at informs, and the
adapter may ship without it: no style in the data, no long rows, no personal data, no canaries.
""",
    "ja": """\
# 検査

`loracheck --lang ja checks --format markdown` が書いたページです。
限度は{policy}ポリシーのもの（[変え方](policy.ja.md)）、計算コストは標準の規模（standard）で比較対象一つあたりです。
数値はどれも有意水準 `alpha` の片側検定で限度と比べます。表示する区間は95%です。
複数が不合格なら、ほかを説明できるものを最初に挙げます（[判定の意味](verdict.ja.md)）。
取り置き行（ホールドアウト）とは、学習に使わず評価のために残した行のことです。

必須の検査に必要なものが欠ければ、判定は保留になります。データに口調、長い行、個人情報、カナリアがないなど、
調べる対象がそもそもなければ参考にとどまり、その検査なしで出荷可になりえます。
""",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckEntry:
    """One check as a user meets it, in one language."""

    name: str
    title: str
    mode: str
    limits: dict[str, float]
    question: str
    method: str
    interval: str
    cost: str
    needs: str
    false_alarms: str
    blind: str


def catalogue(policy: Policy, language: UiLanguage = "en") -> tuple[CheckEntry, ...]:
    """Return every check with the limits of a policy, in the order in which a report shows them."""
    mode = {check.name: policy.mode(check.name) for check in CHECKS}
    mode |= {"sanity": "required", "forbidden_strings": "required" if policy.forbidden_strings else "off"}
    entries = []
    for name in (*_RULED_BY_NO_LIMIT, *(check.name for check in CHECKS)):
        about = ABOUT[name]
        entries.append(
            CheckEntry(
                name=name,
                title=check_name(name, language),
                mode=mode[name],
                limits=_limits(policy, name),
                question=about.question[language],
                method=about.method[language],
                interval=about.interval[language],
                cost=about.cost[language],
                needs=about.needs[language],
                false_alarms=about.false_alarms[language],
                blind=about.blind[language],
            )
        )
    return tuple(entries)


def facts(entry: CheckEntry, language: UiLanguage) -> list[tuple[str, str]]:
    """Return what is told of a check beside its question and its method: (label, text)."""
    told = {
        "mode": mode_and_limits(entry, language),
        "interval": entry.interval,
        "cost": entry.cost,
        "needs": entry.needs,
        "false_alarms": entry.false_alarms,
        "blind": entry.blind,
    }
    return [(label[language], told[key]) for key, label in LABELS.items()]


def mode_and_limits(entry: CheckEntry, language: UiLanguage) -> str:
    """Return what a policy makes of a check, by the names that the policy's file has for the limits."""
    limits = ", ".join(f"{name} {value:g}" for name, value in entry.limits.items())
    return MODES[entry.mode][language] + (f" ({limits})" if limits else "")


def as_markdown(entries: Sequence[CheckEntry], policy: str, language: UiLanguage) -> str:
    """Return the catalogue as a page."""
    return _HEAD[language].format(policy=policy) + "".join(_section(entry, language) for entry in entries)


def _section(entry: CheckEntry, language: UiLanguage) -> str:
    colon = ": " if language == "en" else "："
    listed = "\n".join(f"- {label}{colon}{value}" for label, value in facts(entry, language))
    return f"\n## {entry.title} (`{entry.name}`)\n\n**{entry.question}** {entry.method}\n\n{listed}\n"


def _limits(policy: Policy, check: str) -> dict[str, float]:
    """Return the limits of a check by the names that they have in a policy's file."""
    gate, elsewhere = policy.gates.get(check, Gate(mode="off")), _ELSEWHERE.get(check, ())
    values = {
        "margin": gate.margin,
        "margin_nats": gate.margin_nats,
        "min_ratio": gate.min_ratio,
        "max_rate": gate.max_rate,
        "min_items": gate.min_items or None,
    } | {f"{part}.{name}": getattr(getattr(policy, part), name) for part, name in elsewhere}
    return {name: value for name, value in values.items() if value is not None}
