"""
Reports of runs that never were, for tests of the forms.

`python -m tests.render.made_reports` writes the golden files anew; look at what changes in them.
"""

from __future__ import annotations

import re
from pathlib import Path

from kubefedctl.model.changes import Comparison, FieldChange, ObjectChanges, SharedChange
from kubefedctl.model.events import (
    ClusterTally,
    Compared,
    Event,
    Result,
    Summary,
    Verdict,
    Warned,
)
from kubefedctl.model.refs import Subject
from kubefedctl.model.reports import Ending, Report, ReportKind
from kubefedctl.render.report import Reporter
from kubefedctl.render.reports import FORMS

GOLDEN = Path(__file__).parent / "golden"
SUFFIXES = {
    ReportKind.JUNIT: "xml",
    ReportKind.MARKDOWN: "md",
    ReportKind.HTML: "html",
    ReportKind.GITHUB: "annotations.txt",
    ReportKind.GITLAB: "quality.json",
    ReportKind.OPENMETRICS: "prom",
    ReportKind.JSON: "json",
}
WEB = Subject("Deployment", "shop", "web", "apps")
CONF = Subject("ConfigMap", "shop", "conf")
KEYS = Subject("Secret", "shop", "keys")
SHOP = Subject("Namespace", "", "shop")
OLD = Subject("ConfigMap", "shop", "old")
EVIL = (
    "<b>&amp; ]]> \"'`${x}` ``` | \\| \\ @octocat #1 [a](http://evil.example) ::error::%0A ##[x]"
    "\n\r\t\x1b[31m\x00\ud800\u202e\ufffe -->\u2028</script></details>"
)
"""A text that means something in every form."""

FIELDS = (
    FieldChange("metadata.labels.tier", None, "web"),
    FieldChange('spec.template.spec.containers[name="web"].image', "web:1", "web:2"),
    FieldChange("spec.paused", True, None),
)
HIDDEN = FieldChange(
    "data.token",
    "(hidden, fingerprint 5a54bf09)",
    "(hidden, fingerprint 11aa22bb)",
    is_hidden=True,
)
COMPARISON = Comparison(
    (
        ObjectChanges(
            CONF,
            ("ap-1", "eu-1", "eu-2"),
            (
                SharedChange(
                    "update",
                    ("eu-1",),
                    (FieldChange("data.conf", "a\nb\nc\nd\n", "a\nb\nx\nd\n"),),
                ),
            ),
        ),
        ObjectChanges(OLD, ("ap-1",), (SharedChange("delete", ("ap-1",)),)),
        ObjectChanges(
            WEB,
            ("ap-1", "eu-1", "eu-2"),
            (
                SharedChange("update", ("ap-1", "eu-1"), FIELDS),
                SharedChange("update", ("eu-1",), (FieldChange("spec.replicas", 2, 5),)),
            ),
        ),
        ObjectChanges(
            KEYS, ("ap-1", "eu-1", "eu-2"), (SharedChange("update", ("ap-1",), (HIDDEN,)),)
        ),
    ),
    looked_at=5,
)


def ending(code: int = 0, message: str = "", hint: str = "") -> Ending:
    """Return the end of a run of four seconds."""
    return Ending("2026-01-02T03:04:05Z", "2026-01-02T03:04:09Z", 4.2, code, message, hint)


def report_of(
    *events: Event, command: str = "sync", dry_run: str = "none", end: Ending | None = None
) -> Report:
    """Return the report of a run that said *events*."""
    reporter = Reporter(command, dry_run, "admin")
    for event in events:
        reporter.hear(event)
    return reporter.end(end or ending())


def usual(*more: Event) -> Report:
    """Return a run that changed some, failed some, and met a cluster that is not ready."""
    tallies = (
        ClusterTally("ap-1", True, {Verdict.UPDATED: 2, Verdict.DELETED: 1, Verdict.UNCHANGED: 2}),
        ClusterTally("eu-1", True, {Verdict.UPDATED: 2, Verdict.FAILED: 1, Verdict.UNCHANGED: 1}),
        ClusterTally("eu-2", False, {Verdict.FAILED: 4}, "Timeout: no answer in 5s", True),
    )
    not_ready = [
        Result(Verdict.FAILED, subject, "eu-2", "ClusterNotReady", "Timeout: no answer", level=1)
        for subject in (SHOP, WEB, CONF, KEYS)
    ]
    return report_of(
        Warned("cluster eu-2 is not ready: Timeout: no answer in 5s"),
        *not_ready,
        Result(Verdict.UPDATED, WEB, "ap-1"),
        Result(Verdict.UPDATED, WEB, "eu-1", detail="took over .spec.replicas from kubectl"),
        Result(Verdict.UPDATED, CONF, "eu-1"),
        Result(Verdict.UPDATED, KEYS, "ap-1"),
        Result(Verdict.FAILED, KEYS, "eu-1", "UpdateFailed", "422 Invalid: data.token"),
        Result(Verdict.DELETED, OLD, "ap-1"),
        Warned("the status of KubeFedCluster eu-2 was not written: 409 Conflict", is_failure=True),
        *more,
        Compared(COMPARISON),
        Summary(tallies, 5, in_step={SHOP: ("ap-1", "eu-1"), CONF: ("ap-1",)}),
        end=ending(5, "6 failures; everything else is as the host says", "sync again"),
    )


def compared() -> Report:
    """Return what `diff` says of the same federation."""
    return report_of(
        Warned("cluster eu-2 is not ready: Timeout: no answer in 5s"),
        Compared(COMPARISON),
        command="diff",
        end=ending(1),
    )


def small() -> Report:
    """Return a run that is short enough for a page of documentation."""
    tallies = (
        ClusterTally("eu-1", True, {Verdict.UPDATED: 1, Verdict.UNCHANGED: 1}),
        ClusterTally("eu-2", True, {Verdict.FAILED: 1, Verdict.UNCHANGED: 1}),
    )
    fields = (FIELDS[1], FieldChange("spec.replicas", 2, 5))
    changes = (SharedChange("update", ("eu-1",), fields),)
    return report_of(
        Result(Verdict.UPDATED, WEB, "eu-1"),
        Result(Verdict.FAILED, WEB, "eu-2", "UpdateFailed", "403 Forbidden: exceeded quota: cpu"),
        Compared(Comparison((ObjectChanges(WEB, ("eu-1", "eu-2"), changes),), 2)),
        Summary(tallies, 2, in_step={SHOP: ("eu-1", "eu-2")}),
        end=ending(5, "1 failure; everything else is as the host says", "sync again"),
    )


def hostile() -> Report:
    """Return a run in which every text is one that means something in some form."""
    subject = Subject(EVIL, EVIL, EVIL, EVIL)
    change = SharedChange("update", (EVIL,), (FieldChange(EVIL, EVIL, EVIL),), EVIL)
    return report_of(
        Warned(EVIL),
        Warned(EVIL, is_failure=True),
        Result(Verdict.FAILED, subject, EVIL, EVIL, EVIL),
        Result(Verdict.UPDATED, subject, EVIL, EVIL, EVIL),
        Compared(Comparison((ObjectChanges(subject, (EVIL,), (change,)),), 1)),
        Summary((ClusterTally(EVIL, False, {Verdict.FAILED: 1}, EVIL),), 1),
        end=ending(5, EVIL, EVIL),
    )


def stopped() -> Report:
    """Return a run that ended before it had read anything."""
    return report_of(end=ending(6, "the lock is held by another sync", "wait for it"))


def vast(clusters: int, objects: int, verdict: Verdict | None = None) -> Report:
    """Return a run over many clusters and objects, in which all is in step, or met *verdict*."""
    names = tuple(f"cluster-{at:04}" for at in range(clusters))
    subjects = [Subject("ConfigMap", f"ns-{at % 50}", f"conf-{at}") for at in range(objects)]
    met = verdict or Verdict.UNCHANGED
    tallies = tuple(ClusterTally(name, True, {met: objects}) for name in names)
    results = [
        Result(verdict, subject, name, "UpdateFailed", "422 Invalid: data: Forbidden")
        for subject in subjects
        for name in names
        if verdict is not None
    ]
    in_step = {} if verdict is not None else dict.fromkeys(subjects, names)
    return report_of(*results, Summary(tallies, objects, in_step=in_step))


GOLDENS = {"usual": usual, "compared": compared, "stopped": stopped}


LANGUAGES = {
    ReportKind.JUNIT: "xml",
    ReportKind.MARKDOWN: "markdown",
    ReportKind.GITHUB: "",
    ReportKind.GITLAB: "json",
    ReportKind.OPENMETRICS: "",
}


def report_examples() -> dict[ReportKind, tuple[str, str]]:
    """Return what docs/reports.md shows of each form, with the language it is in."""
    return {kind: (word, FORMS[kind](small())) for kind, word in LANGUAGES.items()}


def golden_files() -> dict[Path, str]:
    """Return every golden file with what belongs into it now."""
    return {
        GOLDEN / f"{name}.{SUFFIXES[kind]}": _without_assets(FORMS[kind](make()))
        for name, make in GOLDENS.items()
        for kind in FORMS
    }


def _without_assets(text: str) -> str:
    """NB: style and script of the page are files of their own, and golden ones of nothing."""
    bare = re.sub(r"<(style|script)>.*?</\1>", r"<\1></\1>", text, flags=re.DOTALL)
    return re.sub(r"sha256-[\w+/]+=", "sha256-...", bare)


if __name__ == "__main__":
    for path, text in golden_files().items():
        path.write_text(text)
