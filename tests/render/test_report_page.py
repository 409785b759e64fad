"""Tests of reports as a page: what is in it, that nothing in it acts, and a real browser's word."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from kubefedctl.model.events import ClusterTally, Result, Summary, Verdict
from kubefedctl.model.reports import Report
from kubefedctl.render.escaping import escape_controls
from kubefedctl.render.reports.grid import UNREACHED, Tone, make_grid
from kubefedctl.render.reports.webpage import render_page
from tests.render.browser import CHROMIUM, Page, browse
from tests.render.made_reports import (
    CONF,
    EVIL,
    KEYS,
    OLD,
    SHOP,
    WEB,
    compared,
    ending,
    hostile,
    report_of,
    stopped,
    usual,
    vast,
)

_VOID = {"meta", "input", "br", "col", "wbr"}


class _Reader(HTMLParser):
    """Reads a page strictly: what is opened is closed, and no tag or attribute is a stranger."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert [] == self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert tag == self._open.pop()

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of all tags of a name."""
        return [attributes for name, attributes in self.tags if name == tag]


PAGES = [usual, compared, hostile, stopped, lambda: vast(30, 5)]


@pytest.mark.parametrize("make", PAGES, ids=lambda f: f.__name__)
def test_page_is_whole_and_acts_by_nothing_but_its_own_script(make: Callable[[], Report]) -> None:
    """No handler, no address outside, no form; whatever clusters say."""
    found = _Reader(render_page(make()))
    attributes = {name for _, given in found.tags for name in given}
    assert [] == [name for name in attributes if name.startswith("on") or name == "style"]
    assert {"src", "srcset", "action", "data", "formaction"}.isdisjoint(attributes)
    assert {"a", "b", "script", "style"}.issuperset(
        {tag for tag, _ in found.tags} & {"a", "b", "script", "style", "img", "link", "iframe"}
    )
    assert [] == [
        a["href"] for a in found.named("a") if not re.fullmatch(r"#c\d+", a["href"] or "")
    ]
    assert (1, 1) == (len(found.named("script")), len(found.named("style")))


def test_page_forbids_the_network_and_foreign_scripts() -> None:
    """The policy names the very style and script that are in it."""
    metas = _Reader(render_page(usual())).named("meta")
    (policy,) = [m["content"] for m in metas if m.get("http-equiv") == "Content-Security-Policy"]
    rule = (
        r"default-src 'none'; style-src 'sha256-[\w+/]{43}='; script-src 'sha256-[\w+/]{43}=';"
        r" base-uri 'none'; form-action 'none'"
    )
    assert re.fullmatch(rule, policy or "")


def test_page_of_hostile_texts_shows_them() -> None:
    """As text, each where it belongs."""
    texts = "".join(_Reader(render_page(hostile())).texts)
    assert 8 <= texts.count(escape_controls(EVIL))


def test_grid_has_the_worst_first_and_blames_clusters_for_their_own() -> None:
    """A cluster that is not ready would make every row a failure."""
    grid = make_grid(usual())
    assert ("ap-1", "eu-1", "eu-2") == grid.clusters
    assert [KEYS, CONF, OLD, WEB, SHOP] == [row.subject for row in grid.rows]
    assert [Tone.FAILED, *[Tone.CHANGED] * 3, Tone.IN_STEP] == [row.tone for row in grid.rows]
    assert {"ap-1": "unchanged", "eu-1": "unchanged", "eu-2": UNREACHED} == grid.rows[-1].cells


def test_grid_row_that_was_reached_nowhere_is_not_in_step() -> None:
    """Nobody knows how it stands."""
    report = report_of(Result(Verdict.FAILED, WEB, "c", "ClusterNotReady", level=1))
    assert Tone.UNDONE is make_grid(report).rows[0].tone


def test_grid_shows_the_worse_of_two_results() -> None:
    """Such as an object that was written, and then waited for in vain."""
    one, other = Result(Verdict.UPDATED, WEB, "c"), Result(Verdict.WAITING, WEB, "c")
    for results in ((one, other), (other, one)):
        assert {"c": "waiting"} == make_grid(report_of(*results)).rows[0].cells


def test_grid_has_the_host_before_the_members() -> None:
    """Where a federated object itself failed."""
    result = Result(Verdict.FAILED, WEB, "admin", "NamespaceNotFederated")
    summary = Summary((ClusterTally("a", True, {}),), 1)
    assert ("admin", "a") == make_grid(report_of(result, summary)).clusters


def test_page_of_diff_says_what_would_be_done() -> None:
    """Nothing was."""
    cells = re.findall(r"<td class=\w>([^<]+)</td>", render_page(compared()))
    assert {"in step", "update", "delete"} == set(cells)


def test_page_of_a_vast_fleet_tells_equal_neighbours_as_one() -> None:
    """Two hundred clusters and a thousand objects are a page of two hundred kilobytes."""
    text = render_page(vast(200, 1000))
    assert len(text) < 300_000
    assert 1000 == text.count("<td class=n colspan=200>")


def test_page_says_what_it_leaves_out() -> None:
    """Beyond its bounds."""
    assert "4 more objects left out, those in step first." in render_page(
        vast(3, 9, Verdict.CREATED), most_cells=15
    )
    assert "2 more objects left out." in render_page(compared(), most_changes=700)


@pytest.mark.parametrize(
    ("report", "edge"),
    [
        pytest.param(usual(), "f", id="failed"),
        pytest.param(compared(), "w", id="differs"),
        pytest.param(vast(1, 1), "c", id="in-step"),
        pytest.param(vast(1, 1, Verdict.CREATED), "u", id="changed"),
        pytest.param(report_of(Summary((), 0), end=ending(6, "m", "h")), "w", id="refused"),
    ],
)
def test_page_has_the_colour_of_its_outcome(report: Report, edge: str) -> None:
    """Which is seen before anything is read."""
    assert f'<header class="is-{edge}">' in render_page(report)


# --- in a browser --------------------------------------------------------------------------------


def _visit(visit: Callable[[Page], Awaitable[None]], tmp_path: Path) -> None:
    if not CHROMIUM:
        pytest.skip("the page is looked at in chromium, which is not on PATH")
    browse(visit, profile=tmp_path / "profile")


def test_page_in_a_browser_fits_filters_and_asks_nobody(tmp_path: Path) -> None:
    """On a desk and a phone, by day and by night; the script finds what is looked for."""
    path = tmp_path / "report.html"
    vast_path = tmp_path / "vast.html"
    path.write_text(render_page(usual()))
    vast_path.write_text(render_page(vast(40, 50, Verdict.FAILED)))

    async def type_in(page: Page, text: str) -> str:
        box = "document.getElementById('filter')"
        await page.evaluate(f"{box}.value = '{text}'; {box}.dispatchEvent(new Event('input'))")
        frame = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        await page.send("Runtime.evaluate", expression=frame, awaitPromise=True)
        return str(await page.evaluate("document.getElementById('told').textContent"))

    async def look(page: Page) -> None:
        for width, scheme in ((1280, "light"), (390, "dark")):
            await page.size(width, 900)
            await page.prefer(scheme)
            for found in (path, vast_path):
                await page.open(found)
                assert width >= await page.evaluate("document.documentElement.scrollWidth")
                ground = await page.evaluate("getComputedStyle(document.body).backgroundColor")
                assert (scheme == "dark") is (sum(map(int, re.findall(r"\d+", ground))) < 300)
                asked = [e for e in page.events if e["method"] == "Network.requestWillBeSent"]
                assert [found.as_uri()] == [e["params"]["request"]["url"] for e in asked]
                assert [] == [e for e in page.events if e["method"] == "Log.entryAdded"]
        await page.open(path)
        assert "5 of 5 objects" == await type_in(page, "")
        assert "2 of 5 objects" == await type_in(page, "configmap SHOP")
        await page.evaluate("document.querySelector('[data-s=n]').click()")
        assert "1 of 5 objects" == await type_in(page, "")
        await page.evaluate("document.querySelector('#matrix a').click()")
        await type_in(page, "")
        assert 1 == await page.evaluate("document.querySelectorAll('details[open]').length")
        hover = "new MouseEvent('mouseover', {bubbles: true})"
        await page.evaluate(f"document.querySelectorAll('#matrix td')[1].dispatchEvent({hover})")
        title = await page.evaluate("document.querySelectorAll('#matrix td')[1].title")
        assert "Secret/shop/keys in eu-1: failed" == title

    _visit(look, tmp_path)


def test_page_in_a_browser_can_be_read_without_scripts(tmp_path: Path) -> None:
    """Some artifact stores show pages without any."""
    path = tmp_path / "report.html"
    path.write_text(render_page(usual()))

    async def look(page: Page) -> None:
        await page.send("Emulation.setScriptExecutionDisabled", value=True)
        await page.open(path)
        document = (await page.send("DOM.getDocument", depth=0))["root"]["nodeId"]
        for selector, is_seen in (("#matrix td", True), ("details", True), ("#tools", False)):
            node = await page.send("DOM.querySelector", nodeId=document, selector=selector)
            try:
                await page.send("DOM.getBoxModel", nodeId=node["nodeId"])
            except AssertionError:
                assert not is_seen, selector
            else:
                assert is_seen, selector

    _visit(look, tmp_path)
