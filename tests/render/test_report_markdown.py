"""Tests of reports as Markdown: read back as GitHub does, harmless, and never too large."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from kubefedctl.model.events import Result, Verdict, Warned
from kubefedctl.render.reports.markdown import MOST_BYTES, code, render_markdown
from tests.render.made_reports import EVIL, compared, hostile, report_of, stopped, usual, vast

READER = MarkdownIt("commonmark", {"html": True}).enable("table")
HARMLESS = {
    *("h2", "h3", "p", "strong", "code", "pre", "details", "summary", "ul", "li"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}


class _Page(HTMLParser):
    """What a browser makes of the report: tags, cells, and text outside of code."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.bare = ""
        self.codes: list[str] = []
        self.cells = 0
        self._depth = 0
        self.feed(READER.render(text))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.cells += tag == "td"
        assert all(name in ("class", "style") for name, _ in attrs), attrs
        if tag == "code":
            self._depth += 1
            self.codes.append("")

    def handle_endtag(self, tag: str) -> None:
        self._depth -= tag == "code"

    def handle_data(self, data: str) -> None:
        if self._depth:
            self.codes[-1] += data
        else:
            self.bare += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


def test_markdown_report_has_all_sections() -> None:
    """In the order in which people want to know."""
    titles = re.findall(r"^#+ (.*)$", render_markdown(usual()), re.MULTILINE)
    sections = [one for one in titles if " in " not in one]
    assert [
        "kubefedctl sync: 6 failures",
        "Failures",
        "Failures that belong to no object",
        "Clusters",
        "Changes",
        "Warnings",
    ] == sections


def test_markdown_report_tells_a_cluster_that_is_not_ready_once() -> None:
    """Its objects are counted."""
    text = render_markdown(usual())
    assert "| 4 objects | `eu-2` | `ClusterNotReady: Timeout: no answer` |" in text


def test_markdown_report_of_hostile_texts_shows_them_in_code_alone() -> None:
    """No markup, no link, no mention, and every row has its cells."""
    page = _Page(render_markdown(hostile()))
    assert HARMLESS >= page.tags
    assert [] == [
        sign for sign in ("octocat", "evil.example", "#1", "::error") if sign in page.bare
    ]
    assert 2 <= sum("@octocat" in found for found in page.codes)
    # NB: the row of the failure, and that of the cluster
    assert 3 + 4 == page.cells


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "a b",
        "a|b",
        "`",
        "``a``",
        "a`b",
        " a",
        "\\",
        "a\\|b\\",
        "<b>",
        "&amp;",
        "*a*",
        "_",
        "é",
    ],
)
def test_code_is_read_back_as_it_was(text: str) -> None:
    """In a cell, where a bar would begin another."""
    page = _Page(f"| a | b |\n|---|---|\n| {code(text)} | x |\n")
    assert [text] == page.codes
    assert 2 == page.cells


def test_code_of_nothing_is_nothing() -> None:
    """Two backticks alone would be shown."""
    assert "" == code("")


def test_markdown_report_without_a_comparison_lists_changes_by_object() -> None:
    """Clusters with the same result share a row."""
    results = [Result(Verdict.CREATED, usual().results[4].subject, f"c{n}") for n in range(12)]
    text = render_markdown(report_of(*results))
    names = ", ".join(f"c{n}" for n in range(8))
    assert f"| created | `Deployment/shop/web` | `{names} and 4 more` |  |" in text


def test_markdown_report_of_what_was_not_done_says_so() -> None:
    """Skipped and waited for, but not in a dry run, where that is no trouble."""
    result = Result(Verdict.WAITING, usual().results[4].subject, "c1", "WaitingForRemoval")
    assert "### Not done" in render_markdown(report_of(result))
    assert "### Not done" not in render_markdown(report_of(result, dry_run="client"))


@pytest.mark.parametrize(
    ("report", "outcome"),
    [
        pytest.param(stopped(), "sync: failed", id="refused"),
        pytest.param(compared(), "diff: 5 changes would be made", id="differs"),
        pytest.param(vast(2, 2), "sync: everything is in step", id="in-step"),
        pytest.param(vast(2, 2, Verdict.CREATED), "sync: 4 changes made", id="changed"),
    ],
)
def test_markdown_report_begins_with_the_outcome(report: object, outcome: str) -> None:
    """It is the first thing that is seen, in a list of many."""
    assert f"## kubefedctl {outcome}\n" in render_markdown(report)  # type: ignore[arg-type]


def test_markdown_report_folds_clusters_that_are_in_step() -> None:
    """As the lines do."""
    assert "\n12 clusters: ready, unchanged 3 each\n" in render_markdown(vast(12, 3))


def test_markdown_report_of_a_vast_fleet_is_cut_and_says_so() -> None:
    """GitHub refuses what is larger as a whole."""
    warnings = [Warned(f"{n} {'w' * 1000}") for n in range(2000)]
    text = render_markdown(report_of(*warnings))
    assert 900_000 < len(text.encode()) < MOST_BYTES
    (left,) = re.findall(r"^(\d+) more lines left out", text, re.MULTILINE)
    assert 2000 == int(left) + text.count("\n- ")


def test_markdown_report_keeps_within_the_room_that_is_left() -> None:
    """Several steps of a job may write to one summary."""
    text = render_markdown(usual(), most=4_700)
    assert len(text.encode()) < 4_700
    assert "left out" in text


def test_evil_text_has_what_every_form_minds() -> None:
    """A test of the tests: nobody weakens it unseen."""
    assert [] == [
        sign for sign in ("<", "&", "]]>", "|", "`", "@", "\n", "\x1b") if sign not in EVIL
    ]
