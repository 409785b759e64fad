"""Tests of the report of `sync`: it comes however the run ends, and is as its schema says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from kubefedctl.model.events import Verdict
from tests.cli.runs import HOST, MEMBER, CommandLine, Sandbox
from tests.completions import ROOT

SCHEMA = json.loads((ROOT / "docs/reference/sync-report.schema.json").read_text())


def _report(cli: CommandLine, *arguments: str, code: int = 0) -> dict[str, Any]:
    """Run `sync -o json`; the report must be valid and the only thing on stdout."""
    report = json.loads(cli("sync", "-o", "json", *arguments, code=code).out)
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    jsonschema.validate(report, SCHEMA, format_checker=checker)
    assert code == report["exitCode"]
    return dict(report)


def _federate(sandbox: Sandbox, cli: CommandLine) -> None:
    sandbox.put("configmaps", "ConfigMap", "cm", data={"k": "v"})
    cli("federate", "namespace", "shop")
    cli("federate", "configmap", "cm", "-n", "shop")


def test_schema_is_one() -> None:
    """The schema itself is valid, and knows every verdict."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert [verdict.value for verdict in Verdict] == SCHEMA["$defs"]["verdict"]["enum"]


def test_report_in_the_docs_is_valid() -> None:
    """The example is one that could have been printed."""
    text = (ROOT / "docs/reference/output.md").read_text()
    blocks = [part for part in text.split("```") if part.lstrip().startswith("{")]
    (block,) = [part for part in blocks if '"kind": "SyncReport"' in part]
    jsonschema.validate(json.loads(block), SCHEMA)


def test_report_of_a_run_without_trouble(joined: Sandbox, cli: CommandLine) -> None:
    """Changes are listed, what is in step is counted, and the run is carried out."""
    _federate(joined, cli)
    first = _report(cli)
    assert (HOST, "none", True, 2, 2) == (
        first["host"],
        first["dryRun"],
        first["isComplete"],
        first["federatedObjects"],
        first["changes"],
    )
    created = {"verdict": "created", "cluster": MEMBER}
    assert [
        {**created, "kind": "Namespace", "name": "shop"},
        {**created, "kind": "ConfigMap", "namespace": "shop", "name": "cm"},
    ] == first["results"]
    assert "error" not in first
    again = _report(cli)
    assert ([], 0) == (again["results"], again["changes"])
    assert [{"name": MEMBER, "ready": True, "counts": {"unchanged": 2}}] == again["clusters"]


def test_report_leaves_the_lines_to_stderr(joined: Sandbox, cli: CommandLine) -> None:
    """What people read is still there, apart from the document."""
    _federate(joined, cli)
    ran = cli("sync", "-o", "yaml")
    assert "SyncReport" == yaml.safe_load(ran.out)["kind"]
    assert "created ConfigMap/shop/cm in cluster cluster0" in ran.talk


def test_report_names_the_group_of_a_type(joined: Sandbox, cli: CommandLine) -> None:
    """Programs tell types of the same kind apart."""
    spec = {
        "selector": {"matchLabels": {"a": "b"}},
        "template": {
            "metadata": {"labels": {"a": "b"}},
            "spec": {"containers": [{"name": "a", "image": "a"}]},
        },
    }
    joined.put("deployments", "Deployment", "web", apiVersion="apps/v1", spec=spec)
    cli("federate", "namespace", "shop")
    cli("federate", "deployment", "web", "-n", "shop")
    groups = {found["kind"]: found.get("group") for found in _report(cli)["results"]}
    assert {"Namespace": None, "Deployment": "apps"} == groups


@pytest.mark.parametrize("dry_run", ["client", "server"])
def test_report_of_a_dry_run_says_so(joined: Sandbox, cli: CommandLine, dry_run: str) -> None:
    """It tells what would be changed."""
    _federate(joined, cli)
    report = _report(cli, f"--dry-run={dry_run}")
    assert (dry_run, 2) == (report["dryRun"], report["changes"])


def test_report_of_a_partial_failure(joined: Sandbox, cli: CommandLine) -> None:
    """Failed objects are results, also those that no line tells of, and the error is there."""
    _federate(joined, cli)
    joined.fleet.refuse(MEMBER)
    report = _report(cli, code=5)
    assert "2 failures; everything else is as the host says" == report["error"]["message"]
    assert {("failed", "ClusterNotReady")} == {
        (found["verdict"], found["reason"]) for found in report["results"]
    }
    (cluster,) = report["clusters"]
    assert (False, {"failed": 2}) == (cluster["ready"], cluster["counts"])
    assert "" != cluster["note"]


def test_report_of_an_unreachable_host(joined: Sandbox, cli: CommandLine) -> None:
    """The report comes with the error in it, and the exit code is the same."""
    joined.fleet.refuse(HOST)
    report = _report(cli, code=4)
    assert (False, [], HOST) == (report["isComplete"], report["clusters"], report["host"])
    assert report["error"]["message"].startswith("cannot ")


def test_report_without_a_kubeconfig(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nothing at all could be read."""
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    report = _report(cli, code=3)
    assert ("", []) == (report["host"], report["results"])


def test_report_of_an_impossible_option(cli: CommandLine) -> None:
    """An input error has a report; the parser's own errors have none."""
    assert (
        "'soon' is not a duration" in _report(cli, "--timeout", "soon", code=3)["error"]["message"]
    )
    assert "" == cli("sync", "-o", "json", "--no-such-option", code=2).out


def test_names_are_those_of_changed_objects(joined: Sandbox, cli: CommandLine) -> None:
    """One line each, in the one subject format; a second run has none."""
    _federate(joined, cli)
    assert [f"Namespace/shop in cluster {MEMBER}", f"ConfigMap/shop/cm in cluster {MEMBER}"] == cli(
        "sync", "-o", "name"
    ).lines
    assert "" == cli("sync", "-o", "name").out


def test_quiet_leaves_the_last_sentence(joined: Sandbox, cli: CommandLine) -> None:
    """What went well is not told."""
    _federate(joined, cli)
    ran = cli("sync", "--quiet")
    assert ("2 federated objects over 1 cluster, 2 changes made\n", "") == (ran.out, ran.err)


def test_quiet_leaves_failures(joined: Sandbox, cli: CommandLine) -> None:
    """What went wrong is told as ever."""
    _federate(joined, cli)
    joined.fleet.refuse(MEMBER)
    ran = cli("-q", "sync", "--v=1", code=5)
    assert ["failed", "failed", "2"] == [line.split()[0] for line in ran.lines]
    assert ["warning: ", "error: 2 ", "hint: the"] == [line[:9] for line in ran.talk]


def test_quiet_leaves_what_was_asked_for(joined: Sandbox, cli: CommandLine) -> None:
    """Of every command: what was done is left out, an answer is not."""
    joined.put("configmaps", "ConfigMap", "cm", data={"k": "v"})
    for words in (("namespace", "shop"), ("configmap", "cm", "-n", "shop")):
        ran = cli("federate", *words, "-q")
        assert ("", "") == (ran.out, ran.err)
    assert ("", "") == (cli("--quiet", "enable", "jobs").out, "")
    asked = ("orphaning-deletion", "status", "federatedconfigmap", "cm", "-n", "shop")
    assert "Disabled\n" == cli(*asked, "--quiet").out
    assert cli("diff", code=1).out == cli("diff", "-q", code=1).out


@pytest.mark.parametrize("place", ["before", "behind"])
def test_color_is_as_asked_also_of_errors(cli: CommandLine, place: str) -> None:
    """The option may stand before the command's name, as every other."""
    command, color = ["sync", "--timeout", "soon"], ["--color", "always"]
    words = [*color, *command] if place == "before" else [*command, *color]
    lines = cli(*words, code=3).talk
    assert lines[0].startswith("\x1b[1;31merror:\x1b[0m ")
    assert cli(*command, "--color=never", code=3).err.startswith("error: ")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        pytest.param([], ["CreateInCluster"], id="auto"),
        pytest.param(["--events", "warnings"], [], id="warnings"),
        pytest.param(["--events=none"], [], id="none"),
        pytest.param(["--dry-run=server"], [], id="rehearsal"),
    ],
)
def test_events_are_left_as_asked(
    joined: Sandbox, cli: CommandLine, arguments: list[str], reason: list[str]
) -> None:
    """The option may stand before the command's name, as every other."""
    _federate(joined, cli)
    cli(*arguments, "sync")
    found = joined.host.list("events", namespace="shop")
    about = [one for one in found if one["involvedObject"]["kind"] == "FederatedConfigMap"]
    assert reason == [one["reason"] for one in about]
