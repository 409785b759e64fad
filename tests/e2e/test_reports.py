"""
Reports of the installed program on real control planes: what a sync says that it changed is what
`diff` said that it would, and what API servers answer fits each form.
"""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema

from tests.cli.test_reporting import SCHEMA
from tests.e2e.clusters import Clusters
from tests.e2e.test_main_job import FEDERATED_DEPLOYMENT, federate_shop
from tests.render.test_report_junit import SCHEMA as JUNIT


def _changes_in(page: Path) -> str:
    """Return the section of a Markdown report that tells of changes."""
    return (
        page.read_text().partition("### Changes\n")[2].partition("\n### ")[0].rpartition("\n`")[0]
    )


def test_real_reports_tell_what_was_changed(real_fleet: Clusters, tmp_path: Path) -> None:
    """A pipeline without a terminal: each report is there, and all of them agree."""
    fleet = real_fleet
    fleet.set_up("cluster0", "cluster2")
    federate_shop(fleet)
    fleet.host.merge(FEDERATED_DEPLOYMENT, {"spec": {"template": {"spec": {"replicas": 7}}}})
    kinds = ("junit", "markdown", "html", "gitlab", "openmetrics", "json")
    before, after = tmp_path / "before", tmp_path / "after"
    for folder in (before, after):
        folder.mkdir()
    fleet.run("diff", *(f"--report={kind}={before / kind}" for kind in kinds), code=1)
    fleet.run("sync", *(f"--report={kind}={after / kind}" for kind in kinds), "--report=github")
    report = json.loads((after / "json").read_text())
    jsonschema.validate(report, SCHEMA)
    assert (2, 0) == (report["changes"], report["exitCode"])
    assert "! spec.replicas: 3 -> 7" in _changes_in(after / "markdown").splitlines()
    assert _changes_in(before / "markdown") == _changes_in(after / "markdown")
    for folder in (before, after):
        JUNIT.validate((folder / "junit").read_text())
    assert 2 == (before / "junit").read_text().count('type="Differs"')
    assert "~ spec.replicas: 3 -&gt; 7" in (after / "html").read_text()
    assert 'verdict="updated"} 1' in (after / "openmetrics").read_text()
    assert [] == json.loads((after / "gitlab").read_text())
    fleet.run("sync", f"--report=markdown={after / 'markdown'}")
    assert "sync: everything is in step" in (after / "markdown").read_text()
