"""Tests of events as text: every line to the letter, colour only where it is wanted."""

from __future__ import annotations

import io
from typing import Any

import pytest

from kubefedctl.model.events import (
    ClusterTally,
    Documents,
    Event,
    Line,
    Planned,
    Result,
    Step,
    Summary,
    Verdict,
    Waiting,
    Warned,
)
from kubefedctl.model.refs import Subject
from kubefedctl.render.tables import format_table
from kubefedctl.render.text import (
    Telling,
    TextRenderer,
    escape_controls,
    summary_lines,
)

WEB = Subject("Deployment", "shop", "web")
_ESCAPE = "\x1b["


class _Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no setting of the caller decide on colour."""
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLORTERM", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def _show(*events: Event, verbosity: int = 0) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    renderer = TextRenderer(verbosity=verbosity, stdout=out, stderr=err)
    for event in events:
        renderer.show(event)
    return out.getvalue(), err.getvalue()


def _show_on_terminal(event: Event) -> str:
    out = _Terminal()
    TextRenderer(stdout=out, stderr=out).show(event)
    return out.getvalue()


@pytest.mark.parametrize("verdict", list(Verdict))
def test_result_line_names_verdict_subject_and_cluster(verdict: Verdict) -> None:
    """One result is one line, with the same form for every verdict."""
    expected = f"{verdict.value} Deployment/shop/web in cluster eu-1\n"
    assert (expected, "") == _show(Result(verdict, WEB, "eu-1"), verbosity=2)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        pytest.param(
            Result(Verdict.FAILED, WEB, "eu-1", "UpdateFailed", "422 Invalid: no"),
            "failed Deployment/shop/web in cluster eu-1: UpdateFailed: 422 Invalid: no\n",
            id="reason-and-detail",
        ),
        pytest.param(
            Result(Verdict.FAILED, WEB, "eu-1", detail="gone"),
            "failed Deployment/shop/web in cluster eu-1: gone\n",
            id="detail",
        ),
        pytest.param(
            Result(Verdict.CREATED, Subject("Namespace", "", "shop"), "eu-1", is_dry_run=True),
            "created Namespace/shop in cluster eu-1 (dry run)\n",
            id="dry-run",
        ),
        pytest.param(
            Result(Verdict.FAILED, WEB, "eu-1", "AlreadyExists", is_dry_run=True),
            "failed Deployment/shop/web in cluster eu-1: AlreadyExists (dry run)\n",
            id="reason-and-dry-run",
        ),
        pytest.param(Line("[bold]it[/bold] :smile:"), "[bold]it[/bold] :smile:\n", id="line"),
        pytest.param(Line(""), "\n", id="empty-line"),
        pytest.param(Line("x" * 500), "x" * 500 + "\n", id="long-line"),
        pytest.param(
            Result(Verdict.FAILED, WEB, "eu-1", detail="a\x1b[31m\r\nb\x07\u202e"),
            "failed Deployment/shop/web in cluster eu-1: a\\x1b[31m\\r\\nb\\x07\\u202e\n",
            id="control-characters",
        ),
        pytest.param(Line("a\tb\x00\x9b\udc80"), "a\\tb\\x00\\x9b\\udc80\n", id="in-a-line"),
        pytest.param(
            Documents(({"kind": "B", "a": 1}, {"kind": "C"})),
            "---\na: 1\nkind: B\n---\nkind: C\n",
            id="documents",
        ),
    ],
)
def test_results_go_to_stdout(event: Event, expected: str) -> None:
    """What scripts read stands on stdout alone, to the letter."""
    assert (expected, "") == _show(event)


@pytest.mark.parametrize(
    ("event", "verbosity", "expected"),
    [
        pytest.param(Step("reading"), 0, "", id="step-quiet"),
        pytest.param(Step("reading"), 1, "", id="step-level-1"),
        pytest.param(Step("reading"), 2, "reading\n", id="step-level-2"),
        pytest.param(Step("reading", 0), 0, "reading\n", id="step-for-all"),
        pytest.param(Warned("[red]slow\x1b"), 0, "warning: [red]slow\\x1b\n", id="warned"),
    ],
)
def test_talk_goes_to_stderr(event: Event, verbosity: int, expected: str) -> None:
    """Steps and warnings never get into a pipe."""
    assert ("", expected) == _show(event, verbosity=verbosity)


@pytest.mark.parametrize(("verbosity", "lines"), [(0, 0), (1, 0), (2, 1), (6, 1)])
def test_unchanged_objects_are_told_to_those_who_ask(verbosity: int, lines: int) -> None:
    """A no-op run is quiet."""
    out, _ = _show(Result(Verdict.UNCHANGED, WEB, "eu-1"), verbosity=verbosity)
    assert lines == out.count("\n")


def test_colour_on_a_terminal_is_on_the_verdict_alone() -> None:
    """The verdict is coloured, and without the colour it is the same line."""
    shown = _show_on_terminal(Result(Verdict.CREATED, WEB, "eu-1"))
    assert "\x1b[32mcreated\x1b[0m Deployment/shop/web in cluster eu-1\n" == shown


def test_colour_no_color_wins_over_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """With NO_COLOR there is no escape at all, not even for bold."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    shown = _show_on_terminal(Result(Verdict.FAILED, WEB, "eu-1"))
    assert "failed Deployment/shop/web in cluster eu-1\n" == shown


def test_colour_empty_no_color_means_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty NO_COLOR is as good as none."""
    monkeypatch.setenv("NO_COLOR", "")
    assert _ESCAPE in _show_on_terminal(Result(Verdict.FAILED, WEB, "eu-1"))


def test_colour_dumb_terminal_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal that knows no colours is sent none."""
    monkeypatch.setenv("TERM", "dumb")
    assert _ESCAPE not in _show_on_terminal(Warned("slow"))


def test_colour_is_judged_for_each_stream_by_itself() -> None:
    """Results in a pipe are plain while warnings on the terminal are not."""
    out, err = io.StringIO(), _Terminal()
    renderer = TextRenderer(stdout=out, stderr=err)
    renderer.show(Result(Verdict.CREATED, WEB, "eu-1"))
    renderer.show(Warned("slow"))
    assert _ESCAPE not in out.getvalue()
    assert "\x1b[33mwarning: \x1b[0mslow\n" == err.getvalue()


def test_stream_that_lacks_a_character_gets_it_written_out() -> None:
    """An ASCII terminal is no reason to fail."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", newline="\n")
    TextRenderer(stdout=stream, stderr=stream).show(Line("caf\u00e9 \u2026"))
    assert b"caf\\xe9 \\u2026\n" == raw.getvalue()


def test_default_streams_are_those_of_the_process(capsys: pytest.CaptureFixture[str]) -> None:
    """Without streams, results go to stdout and talk to stderr."""
    renderer = TextRenderer()
    renderer.show(Line("a"))
    renderer.show(Warned("b"))
    assert ("a\n", "warning: b\n") == tuple(capsys.readouterr())


def _summary(*, is_dry_run: bool = False) -> Summary:
    tallies = (
        ClusterTally("cluster0", True, {Verdict.CREATED: 2, Verdict.UNCHANGED: 10}),
        ClusterTally("eu", False, {Verdict.FAILED: 1}, "refused"),
    )
    return Summary(tallies, 1, is_dry_run)


def test_summary_is_a_table_and_a_sentence() -> None:
    """Verdicts that occurred have a column; unchanged and failed always have one."""
    expected = (
        "CLUSTER    READY   CREATED   UNCHANGED   FAILED\n"
        "cluster0   True    2         10          0\n"
        "eu         False   0         0           1\n"
        "1 federated object over 2 clusters, 2 changes made\n"
    )
    assert (expected, "") == _show(_summary())


@pytest.mark.parametrize(
    ("summary", "expected"),
    [
        pytest.param(
            _summary(is_dry_run=True),
            "1 federated object over 2 clusters, 2 changes would be made",
            id="dry-run",
        ),
        pytest.param(
            Summary((), 0), "0 federated objects over 0 clusters, 0 changes made", id="none"
        ),
        pytest.param(
            Summary((ClusterTally("a", True, {Verdict.DELETED: 1, Verdict.WAITING: 3}),), 2),
            "2 federated objects over 1 cluster, 1 change made",
            id="waiting-is-no-change",
        ),
    ],
)
def test_summary_sentence_counts_changes(summary: Summary, expected: str) -> None:
    """Only writes are changes."""
    assert expected == summary_lines(summary)[-1]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([["A"]], ["A"], id="one"),
        pytest.param([["A", "B"], ["long", ""]], ["A      B", "long"], id="no-trailing-space"),
        pytest.param(
            [["\u6771\u4eac", "1"], ["abc", "2"]], ["\u6771\u4eac   1", "abc    2"], id="wide"
        ),
    ],
)
def test_format_table_aligns_columns(rows: list[list[str]], expected: list[str]) -> None:
    """Columns are three spaces apart, also where characters are two columns wide."""
    assert expected == format_table(rows)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("plain \u00e9", "plain \u00e9"), ("a\nb", "a\\nb"), ("\x7f", "\\x7f"), ("it's", "it's")],
)
def test_escape_controls_writes_out_what_does_not_print(text: str, expected: str) -> None:
    """Printable text stays as it is."""
    assert expected == escape_controls(text)


@pytest.mark.parametrize(("verbosity", "lines"), [(0, 0), (1, 1), (2, 1)])
def test_result_of_a_level_is_told_to_those_who_ask(verbosity: int, lines: int) -> None:
    """Where one line stands for many, the many are shown on request."""
    result = Result(Verdict.FAILED, WEB, "eu-1", "ClusterNotReady", level=1)
    assert lines == _show(result, verbosity=verbosity)[0].count("\n")


def test_yaml_is_utf8_whatever_the_stream_is() -> None:
    """A document with its letters written out would be another document."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", newline="\n")
    renderer = TextRenderer(stdout=stream, stderr=stream)
    renderer.show(Line("before"))
    renderer.show(Documents(({"a": "caf\u00e9"},)))
    renderer.show(Line("after"))
    assert "before\n---\na: caf\u00e9\nafter\n" == raw.getvalue().decode()


def test_event_of_no_known_kind_is_a_bug() -> None:
    """A new event must not vanish silently."""
    alien: Any = 5
    with pytest.raises(AssertionError):
        _show(alien)


# --- waiting, quiet, many clusters ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        pytest.param(0, "", id="at-once"),
        pytest.param(29, "", id="short"),
        pytest.param(
            30, "nothing new for 30s, still waiting for c1 (2 changes to go)\n", id="long"
        ),
        pytest.param(31, "", id="told"),
        pytest.param(
            60, "nothing new for 60s, still waiting for c1 (2 changes to go)\n", id="again"
        ),
    ],
)
def test_long_waits_are_told_in_logs(seconds: int, expected: str) -> None:
    """Every half minute, on stderr: CI jobs without news look dead."""
    assert ("", expected) == _show(Planned({"c1": 2}), Waiting(seconds, {"c1": 2}))


def test_long_waits_for_many_name_the_slowest() -> None:
    """A line stays a line."""
    _, talk = _show(Waiting(30, {f"c{n:03}": n for n in range(1, 201)}))
    assert talk.endswith("c197 (197 changes to go), c196 (196 changes to go), 195 more\n")


def test_quiet_tells_trouble_and_the_last_sentence() -> None:
    """What went well is nobody's concern; warnings still are."""
    out, err = io.StringIO(), io.StringIO()
    renderer = TextRenderer(telling=Telling.QUIET, stdout=out, stderr=err)
    tally = ClusterTally("eu-1", True, {Verdict.CREATED: 1})
    for event in (
        Result(Verdict.CREATED, WEB, "eu-1"),
        Result(Verdict.FAILED, WEB, "eu-2"),
        Result(Verdict.WAITING, WEB, "eu-3"),
        Warned("slow"),
        Waiting(30, {"eu-3": 1}),
        Summary((tally,), 1),
    ):
        renderer.show(event)
    assert [
        "failed Deployment/shop/web in cluster eu-2",
        "waiting Deployment/shop/web in cluster eu-3",
        "1 federated object over 1 cluster, 1 change made",
    ] == out.getvalue().splitlines()
    assert "warning: slow\n" == err.getvalue()


def _many(number: int, *others: ClusterTally, unchanged: int = 12) -> Summary:
    tallies = [
        ClusterTally(f"c{n:03}", True, {Verdict.UNCHANGED: unchanged}) for n in range(number)
    ]
    return Summary((*tallies, *others), 12)


CHANGED = ClusterTally("eu-1", True, {Verdict.UPDATED: 1, Verdict.UNCHANGED: 11})
DEAD = ClusterTally("eu-2", False, {Verdict.FAILED: 12}, "Timeout")


def test_summary_of_many_clusters_in_step_is_short() -> None:
    """What happened stands out; the rest is one line."""
    assert [
        "CLUSTER   READY   UPDATED   UNCHANGED   FAILED",
        "eu-1      True    1         11          0",
        "eu-2      False   0         0           12",
        "198 more clusters: ready, unchanged 12 each (--v=1 lists them)",
        "12 federated objects over 200 clusters, 1 change made",
    ] == summary_lines(_many(198, CHANGED, DEAD))


def test_summary_of_nothing_but_clusters_in_step_has_no_table() -> None:
    """There is no row to show."""
    assert [
        "200 clusters: ready, unchanged 12 each (--v=1 lists them)",
        "12 federated objects over 200 clusters, 0 changes made",
    ] == summary_lines(_many(200))


def test_summary_of_clusters_with_different_counts_says_from_which_to_which() -> None:
    """Not every object is in every cluster."""
    idle = ClusterTally("idle", True, {})
    assert (
        "11 clusters: ready, unchanged 0 to 12 each (--v=1 lists them)"
        == (summary_lines(_many(10, idle))[0])
    )


@pytest.mark.parametrize(
    ("number", "verbosity", "rows"),
    [
        pytest.param(9, 0, 9, id="few"),
        pytest.param(10, 0, 0, id="many"),
        pytest.param(10, 1, 10, id="many-listed"),
    ],
)
def test_summary_of_few_clusters_lists_each(number: int, verbosity: int, rows: int) -> None:
    """A table of a screen is read as it is, and --v=1 lists every cluster."""
    out, _ = _show(_many(number), verbosity=verbosity)
    assert rows == len([line for line in out.splitlines() if line.startswith("c0")])
