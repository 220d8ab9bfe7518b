"""Verdicts as SARIF 2.1.0: a rule for each check, a result for each check that failed or is open.

Every result lies in the run's verdict. GitHub shows 5,000 results of an upload.
"""

from __future__ import annotations

import json
from typing import Any

import loracheck
from loracheck.records import EvaluationResult, Finding, UiLanguage
from loracheck.terminal import visible
from loracheck.words.findings import check_name, explain

MOST_RESULTS = 5_000


def sarif(result: EvaluationResult, where: str, language: UiLanguage = "en") -> str:
    """Return the SARIF log.

    Args:
        result: The verdicts.
        where: Path of the run's verdict, relative to the repository.
        language: Of the messages; ids are the same in all.
    """
    found = [
        (verdict.adapter, finding)
        for verdict in result.verdicts
        for finding in verdict.findings
        if finding.status == "fail" or (finding.status == "inconclusive" and finding.required)
    ]
    results = [_result(adapter, finding, where, language) for adapter, finding in found]
    checks = list(dict.fromkeys(finding.check for _, finding in found))
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "loracheck",
                        "version": loracheck.__version__,
                        "rules": [
                            {
                                "id": check,
                                "name": check,
                                "shortDescription": {"text": check_name(check, language)},
                            }
                            for check in checks
                        ],
                    }
                },
                "results": results[:MOST_RESULTS],
                "properties": {"results": len(results), "shown": min(len(results), MOST_RESULTS)},
            }
        ],
    }
    return json.dumps(log, ensure_ascii=False, indent=2) + "\n"


def _result(adapter: str, finding: Finding, where: str, language: UiLanguage) -> dict[str, Any]:
    place = {
        "artifactLocation": {"uri": where.replace("\\", "/")},
        "region": {"startLine": 1},
    }
    return {
        "ruleId": finding.check,
        "level": "error" if finding.status == "fail" else "warning",
        "message": {"text": f"{visible(adapter)}: {visible(explain(finding, language))}"},
        "locations": [{"physicalLocation": place}],
    }
