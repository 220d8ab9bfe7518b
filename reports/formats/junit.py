"""Verdicts as JUnit XML: a suite for each adapter, a case for each check.

A check that failed is a failure. A required check that is open is an error, as a test server counts what was skipped
among what is well. A check that only informs, or was waived by the policy, is skipped.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence

from loracheck.records import EvaluationResult, Finding, UiLanguage, Verdict
from loracheck.terminal import visible
from loracheck.words import Pair
from loracheck.words.findings import check_name, explain

_MORE: Pair = {"en": "... and {} more probes", "ja": "... ほかに{}件のプローブ"}


def junit(result: EvaluationResult, language: UiLanguage = "en") -> str:
    """Return the XML of all verdicts."""
    suites = [_suite(verdict, language) for verdict in result.verdicts]
    root = ET.Element("testsuites", {"name": "loracheck"} | _totals(suites))
    root.extend(suites)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(verdict: Verdict, language: UiLanguage) -> ET.Element:
    cases = [_case(verdict.adapter, finding, language) for finding in verdict.findings]
    counts = {
        "tests": len(cases),
        "failures": sum(case.find("failure") is not None for case in cases),
        "errors": sum(case.find("error") is not None for case in cases),
        "skipped": sum(case.find("skipped") is not None for case in cases),
    }
    numbers = {key: str(value) for key, value in counts.items()}
    suite = ET.Element("testsuite", {"name": visible(verdict.adapter)} | numbers)
    properties = ET.SubElement(suite, "properties")
    for name, value in (
        ("verdict", verdict.status),
        ("policy", verdict.policy),
        ("policy_sha256", verdict.policy_sha256),
    ):
        ET.SubElement(properties, "property", name=name, value=visible(value))
    suite.extend(cases)
    return suite


def _case(adapter: str, finding: Finding, language: UiLanguage) -> ET.Element:
    name = check_name(finding.check, language)
    case = ET.Element("testcase", classname=f"loracheck.{visible(adapter)}", name=name)
    text = visible(explain(finding, language))
    if finding.status == "fail":
        ET.SubElement(case, "failure", type=finding.reason, message=text).text = _evidence(finding, language)
    elif finding.status == "inconclusive" and finding.required:
        ET.SubElement(case, "error", type=finding.reason, message=text).text = _evidence(finding, language)
    elif finding.status != "pass":
        ET.SubElement(case, "skipped", message=text)
    return case


def _evidence(finding: Finding, language: UiLanguage) -> str:
    shown = "\n".join(visible(probe) for probe in finding.evidence[:20])
    left = len(finding.evidence) - 20
    return f"{shown}\n{_MORE[language].format(left)}" if left > 0 else shown


def _totals(suites: Sequence[ET.Element]) -> dict[str, str]:
    names = ("tests", "failures", "errors", "skipped")
    return {name: str(sum(int(suite.get(name, "0")) for suite in suites)) for name in names}
