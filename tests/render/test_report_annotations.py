"""Tests of reports as annotations of GitHub: ten of each severity, and no command within a text."""

from __future__ import annotations

import re

from kubefedctl.model.events import ClusterTally, Result, Summary, Verdict, Warned
from kubefedctl.model.reports import Report
from kubefedctl.render.reports.annotations import render_annotations
from tests.render.made_reports import (
    EVIL,
    WEB,
    compared,
    ending,
    hostile,
    report_of,
    stopped,
    usual,
    vast,
)

_COMMAND = re.compile(r"::(error|warning|notice) title=([^:,]*)::(.*)")


def read(report: Report) -> list[tuple[str, str, str]]:
    """Return severity, title and text of each annotation, as a runner of GitHub reads them."""
    found = []
    for line in render_annotations(report).splitlines():
        match = _COMMAND.fullmatch(line)
        assert match is not None, line
        severity, title, text = match.groups()
        for sign, escape in (
            ("\r", "%0D"),
            ("\n", "%0A"),
            (":", "%3A"),
            (",", "%2C"),
            ("%", "%25"),
        ):
            title = title.replace(escape, sign)
            text = text if sign in ":," else text.replace(escape, sign)
        found.append((severity, title, text))
    return found


def test_annotations_tell_failures_in_the_order_of_what_they_concern() -> None:
    """Clusters before objects, and a cluster's warning is not told twice."""
    assert [
        "cluster eu-2 is not ready: Timeout: no answer in 5s (4 failed objects)",
        "the status of KubeFedCluster eu-2 was not written: 409 Conflict",
        "failed Secret/shop/keys in cluster eu-1: UpdateFailed: 422 Invalid: data.token",
    ] == [text for _, _, text in read(usual())]
    assert {("error", "kubefedctl sync: 6 failures")} == {one[:2] for one in read(usual())}


def test_annotations_of_differences_are_notices_with_their_fields() -> None:
    """Each object is one, on several lines."""
    notices = [text for severity, _, text in read(compared()) if severity == "notice"]
    assert 4 == len(notices)
    assert "a sync would change ConfigMap/shop/old\ndelete in ap-1" == notices[1]
    assert "    ~ spec.replicas: 2 -> 5" in notices[2].splitlines()


def test_annotation_of_a_run_that_was_stopped_has_error_and_hint() -> None:
    """There is nothing else to tell."""
    assert [
        ("error", "kubefedctl sync: failed", "the lock is held by another sync\nwait for it")
    ] == read(stopped())


def test_annotations_of_many_failures_end_with_their_number() -> None:
    """GitHub drops what is too much without a word."""
    texts = [text for _, _, text in read(vast(3, 40, Verdict.FAILED))]
    assert 10 == len(texts)
    assert "and 31 more errors: see the log" == texts[-1]
    assert "in clusters cluster-0000, cluster-0001, cluster-0002" in texts[0]


def test_annotations_of_hostile_texts_are_one_command_each() -> None:
    """Each is read back whole, and begins a line of its own."""
    found = read(hostile())
    assert {"error", "warning"} == {severity for severity, _, _ in found}
    assert any("@octocat" in text and "::error::%0A" in text for _, _, text in found)
    assert EVIL.count("\n") == 1


def test_annotation_of_what_is_waited_for_is_an_error_in_a_real_run_alone() -> None:
    """A dry run only foresees it."""
    tally = ClusterTally("c", True, {Verdict.WAITING: 1})
    events = (Result(Verdict.WAITING, WEB, "c", "WaitingForRemoval"), Summary((tally,), 1))
    assert ["waiting Deployment/shop/web in cluster c: WaitingForRemoval"] == [
        text for _, _, text in read(report_of(*events))
    ]
    assert [] == read(report_of(*events, dry_run="server"))


def test_annotation_of_an_error_without_failures_is_told() -> None:
    """Such as the deletion budget, found out at the end."""
    report = report_of(Summary((), 0), Warned("w"), end=ending(6, "too many deletions"))
    assert ["too many deletions", "w"] == [text for _, _, text in read(report)]


def test_annotation_of_a_long_text_is_cut() -> None:
    """GitHub cuts it in the middle of an escape otherwise."""
    (found,) = read(report_of(Warned("%" * 5000), Summary((), 0)))
    assert "%" * 2000 + "..." == found[2]
