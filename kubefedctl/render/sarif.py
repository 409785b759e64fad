"""
What `check` found, as a SARIF log for code scanners.

GitHub shows a result only where it has a place in a file. A finding has none, so its object stands
for one: `cluster/namespace/kind.name`, which is no file of the repository. Results of two runs are
the same one where rule, subject and text are, but for numbers, which grow with time.

Upstream: SARIF 2.1.0, and GitHub's "SARIF support for code scanning".
"""

from __future__ import annotations

import hashlib
import re
from urllib.parse import quote

from kubefedctl import __version__
from kubefedctl.model.findings import Diagnosis, Finding, Rule
from kubefedctl.model.refs import Object
from kubefedctl.model.rules import RULES

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_NUMBER = re.compile(r"\b\d[\d:TZ-]*")
_POSITIONS = {rule.id: number for number, rule in enumerate(RULES)}


def diagnosis_as_sarif(diagnosis: Diagnosis) -> Object:
    """Return a SARIF log with one run: all rules, and a result for each finding."""
    driver = {
        "name": "kubefedctl",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": [_rule_as_object(rule) for rule in RULES],
    }
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "automationDetails": {"id": f"kubefedctl-check/{quote(diagnosis.host, safe='')}/"},
                "columnKind": "unicodeCodePoints",
                "results": [_result(found, diagnosis.host) for found in diagnosis.findings],
            }
        ],
    }


def _rule_as_object(rule: Rule) -> Object:
    text = f"{rule.meaning} {rule.consequence}"
    return {
        "id": rule.id,
        "name": rule.name,
        "shortDescription": {"text": rule.meaning},
        "fullDescription": {"text": text},
        "help": {"text": f"{text} The message of each result has the command that mends it."},
        "defaultConfiguration": {"level": rule.severity.value},
        "properties": {"tags": ["kubefed"]},
    }


def _result(found: Finding, host: str) -> Object:
    fix = f"\nfix: {found.fix}" if found.fix else ""
    name = f"{found.subject} (host {host})" if not found.cluster else found.subject
    text = _NUMBER.sub("0", found.text)
    key = "\n".join((found.rule.id, host, found.cluster, found.subject, text))
    return {
        "ruleId": found.rule.id,
        "ruleIndex": _POSITIONS[found.rule.id],
        "level": found.severity.value,
        "message": {"text": f"{found}{fix}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _place(found, host)},
                    "region": {"startLine": 1},
                },
                "logicalLocations": [{"fullyQualifiedName": name, "kind": "resource"}],
            }
        ],
        "partialFingerprints": {
            "primaryLocationLineHash": hashlib.sha256(key.encode()).hexdigest()[:32]
        },
    }


def _place(found: Finding, host: str) -> str:
    """The subject as a relative path: `host/shop/Deployment.web`, a member's name before it."""
    subject = found.subject.partition(" in cluster ")[0].partition(" for cluster ")[0]
    kind, *rest = subject.split("/" if "/" in subject else " ", 3)
    name = ".".join([kind, *rest[-1:]])
    parts = [found.cluster or host, *rest[:-1], name]
    return "/".join(quote(part, safe="") for part in parts if part)
