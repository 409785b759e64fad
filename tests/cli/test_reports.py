"""Tests of `--report`: which files there are after a run, and what becomes of a lost one."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer

from kubefedctl.cli.options import DryRun, Shared
from kubefedctl.cli.reporting import Target, open_report
from kubefedctl.errors import InputError, Interruption
from kubefedctl.model.changes import Comparison
from kubefedctl.model.events import Compared
from kubefedctl.model.reports import ReportKind
from tests.cli.runs import HOST, MEMBER, CommandLine, Sandbox
from tests.completions import ROOT

FILES = [kind for kind in ReportKind if kind is not ReportKind.GITHUB]
CANARY = "Y2FuYXJ5LW9mLWEtc2VjcmV0"
SCHEMA = json.loads((ROOT / "docs/reference/sync-report.schema.json").read_text())


@pytest.fixture(autouse=True)
def _outside_of_github(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)


@pytest.fixture
def federated(joined: Sandbox, cli: CommandLine) -> Sandbox:
    """A namespace with a ConfigMap and a Secret, not yet propagated."""
    joined.put("configmaps", "ConfigMap", "cm", data={"k": "v"})
    joined.put("secrets", "Secret", "keys", data={"k": CANARY})
    cli("federate", "namespace", "shop")
    cli("federate", "configmap", "cm", "-n", "shop")
    cli("federate", "secret", "keys", "-n", "shop")
    joined.forget_requests()
    return joined


def every(folder: Path) -> list[str]:
    """Return arguments that ask for every kind."""
    return ["--report=github", *(f"--report={kind}={folder / kind}" for kind in FILES)]


def test_reports_are_written_beside_the_lines(
    federated: Sandbox, cli: CommandLine, tmp_path: Path
) -> None:
    """Any number in one run; a real sync shows what it changed and still ends with 0."""
    ran = cli("sync", *every(tmp_path))
    assert f"created ConfigMap/shop/cm in cluster {MEMBER}" in ran.lines
    assert "" == ran.err
    assert set(FILES) == {found.name for found in tmp_path.iterdir()}
    jsonschema.validate(json.loads((tmp_path / "json").read_text()), SCHEMA)
    assert '+ data.k: "v"' in (tmp_path / "markdown").read_text().splitlines()
    assert [] == [line for line in ran.lines if "data.k" in line]


def test_reports_have_no_value_of_a_secret(
    federated: Sandbox, cli: CommandLine, tmp_path: Path
) -> None:
    """Neither when it comes nor when it becomes another."""
    cli("sync", *every(tmp_path))
    texts = [found.read_text() for found in tmp_path.iterdir()]
    spec = {"spec": {"template": {"data": {"k": "b3RoZXI="}}}}
    federated.host.patch("federatedsecrets", "keys", spec, namespace="shop")
    ran = cli("diff", *every(tmp_path), code=1)
    texts += [ran.out, ran.err, cli("sync", *every(tmp_path)).err]
    texts += [found.read_text() for found in tmp_path.iterdir()]
    assert [] == [text for text in texts if CANARY in text or "b3RoZXI=" in text]
    assert "hidden, fingerprint" in (tmp_path / "markdown").read_text()


def test_reports_of_diff_tell_of_what_differs(
    federated: Sandbox, cli: CommandLine, tmp_path: Path
) -> None:
    """Nothing is written to any cluster, and the code is that of the answer."""
    ran = cli("diff", *every(tmp_path), code=1)
    assert [] == federated.writes
    assert 3 == sum(line.startswith("::notice title=kubefedctl diff%3A 3") for line in ran.talk)
    found = json.loads((tmp_path / "json").read_text())
    assert ("FederationDiff", 1, True) == (found["kind"], found["exitCode"], found["differs"])
    assert 'type="Differs"' in (tmp_path / "junit").read_text()


def test_report_goes_to_stdout_alone(federated: Sandbox, cli: CommandLine) -> None:
    """Lines give way to it."""
    ran = cli("sync", "--report", "json=-", "--dry-run=client", "--diff", code=1)
    assert ("SyncReport", 1) == tuple(json.loads(ran.out)[key] for key in ("kind", "exitCode"))
    assert '    + data.k: "v"' in ran.talk


@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        pytest.param(["--report=x=a"], "there is no kind 'x'", id="unknown"),
        pytest.param(["--report=junit"], "where to: junit=FILE", id="nowhere"),
        pytest.param(["--report=markdown"], "where to: markdown=FILE", id="no-summary"),
        pytest.param(["--report=json="], "where to: json=FILE", id="empty"),
        pytest.param(
            ["--report=json=a", "--report=junit=./a"], "two reports would go to a", id="one-file"
        ),
        pytest.param(["--report=github=a"], "github goes to standard error", id="annotations"),
        pytest.param(["--report=json=-", "-o", "json"], "standard output is taken", id="stdout"),
    ],
)
def test_reports_that_make_no_sense_are_usage_errors(
    cli: CommandLine, arguments: list[str], cause: str
) -> None:
    """Before anything is asked of any cluster."""
    assert cause in " ".join(cli("sync", *arguments, code=2).err.replace("│", " ").split())


@pytest.mark.parametrize("place", ["none/r", ".", "file/r"])
def test_report_that_cannot_be_written_ends_the_command_at_its_start(
    federated: Sandbox,
    cli: CommandLine,
    place: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A long sync that ends without its report would be run again."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    message, hint = cli.fails("sync", f"--report=junit={place}", code=3)
    assert message.startswith(f"cannot write the junit report to {place}: ")
    assert "" != hint
    assert [] == federated.writes


def test_report_that_is_lost_at_the_end_changes_success_alone(
    federated: Sandbox, cli: CommandLine, tmp_path: Path
) -> None:
    """The other reports are written."""
    lost = ["--report=junit=/dev/full", f"--report=json={tmp_path / 'json'}"]
    message, _ = cli.fails("sync", *lost, code=3)
    cause = "no space left on device"
    assert f"cannot write the junit report to /dev/full: {cause}" == message
    federated.fleet.refuse(HOST)
    ran = cli("sync", *lost, code=4)
    assert 2 == sum(line.startswith("error: ") for line in ran.talk)
    assert 4 == json.loads((tmp_path / "json").read_text())["exitCode"]


def test_report_is_also_put_behind_the_summary_of_the_job(
    federated: Sandbox, cli: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GitHub shows what all steps wrote there; with a file of its own there are both."""
    summary = tmp_path / "summary"
    summary.write_text("# before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    cli("sync", "--dry-run", "--report=markdown", f"--report=markdown={tmp_path / 'own'}")
    written = summary.read_text()
    assert written.startswith("# before\n## kubefedctl sync --dry-run=client: 3 changes")
    assert 1 == written.count("## kubefedctl")
    assert (tmp_path / "own").read_text() == written.removeprefix("# before\n")


def test_report_of_a_job_whose_summary_is_full_is_left_out(
    cli: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GitHub shows nothing at all of a summary that is too large."""
    summary = tmp_path / "summary"
    summary.write_bytes(b"x" * 999_000)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    ran = cli("sync", "--timeout=soon", "--report=markdown", code=3)
    assert f"warning: {summary} is full, so this run is not in it" == ran.talk[0]
    assert 999_000 == summary.stat().st_size


# --- however a run ends --------------------------------------------------------------------------


SHARED = Shared("", "", "", DryRun.NONE, 0, False)


@pytest.mark.parametrize(
    ("end", "code", "message"),
    [
        pytest.param(typer.Exit(1), 1, None, id="no"),
        pytest.param(typer.BadParameter("odd"), 2, "odd", id="usage"),
        pytest.param(InputError("wrong"), 3, "wrong", id="error"),
        pytest.param(ValueError("secret"), 70, "failed unexpectedly: ValueError", id="bug"),
        pytest.param(KeyboardInterrupt(), 130, "interrupted", id="ctrl-c"),
        pytest.param(Interruption("stopped"), 130, "stopped", id="halted"),
    ],
)
def test_report_is_written_however_the_run_ends(
    end: BaseException, code: int, message: str | None, tmp_path: Path
) -> None:
    """With the exit code and the error in it."""
    path = tmp_path / "report.json"
    targets = [Target(ReportKind.JSON, str(path))]
    with suppress(type(end)), open_report("sync", SHARED, targets=targets):
        raise end
    found = json.loads(path.read_text())
    assert code == found["exitCode"]
    assert (message or "") in found.get("error", {"message": ""})["message"]
    assert "secret" not in path.read_text()


def test_reports_that_are_lost_are_all_told(capsys: pytest.CaptureFixture[str]) -> None:
    """One is the error of the run that went well."""
    targets = [Target(kind, "/dev/full") for kind in (ReportKind.JSON, ReportKind.JUNIT)]
    with (
        pytest.raises(InputError, match="the json report to /dev/full"),
        open_report("sync", SHARED, targets=targets),
    ):
        pass
    assert capsys.readouterr().err.startswith("error: cannot write the junit report to /dev/full")


def test_report_with_a_bug_hides_neither_the_run_nor_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is odd here is odd on purpose: a comparison of nothing that has changes."""
    paths = {kind: tmp_path / kind for kind in (ReportKind.MARKDOWN, ReportKind.JSON)}
    targets = [Target(kind, str(path)) for kind, path in paths.items()]
    odd: Any = Comparison((object(),), 1)  # type: ignore[arg-type]
    with (
        pytest.raises(InputError, match="wrong"),
        open_report("sync", SHARED, targets=targets) as report,
    ):
        assert report is not None
        report.hear(Compared(odd))
        raise InputError("wrong")
    told = capsys.readouterr().err
    assert "error: the markdown report cannot be made: AttributeError\n" == told
    assert "wrong" == json.loads(paths[ReportKind.JSON].read_text())["error"]["message"]


def test_report_has_the_mode_of_new_files(tmp_path: Path) -> None:
    """Collectors of metrics run as another user, who must be able to read it."""
    path = tmp_path / "report.json"
    path.write_text("old")
    path.chmod(0o600)
    before = os.umask(0o027)
    try:
        with open_report("sync", SHARED, targets=[Target(ReportKind.JSON, str(path))]):
            pass
    finally:
        os.umask(before)
    assert 0o640 == path.stat().st_mode & 0o777
    assert ["report.json"] == os.listdir(tmp_path)


def test_report_is_whole_or_not_there(tmp_path: Path) -> None:
    """What stood there before is seen until the end."""
    path = tmp_path / "report.json"
    path.write_text("old")
    with open_report("sync", SHARED, targets=[Target(ReportKind.JSON, str(path))]):
        assert "old" == path.read_text()
        assert ["report.json"] == os.listdir(tmp_path)
    assert "SyncReport" in path.read_text()


def test_report_may_be_a_pipe(tmp_path: Path) -> None:
    """As a shell gives one: `--report=json=>(jq .)`."""
    reading, writing = os.pipe()
    with open(reading, encoding="utf-8") as pipe:
        with open_report("sync", SHARED, targets=[Target(ReportKind.JSON, f"/dev/fd/{writing}")]):
            pass
        os.close(writing)
        assert "SyncReport" == json.load(pipe)["kind"]
