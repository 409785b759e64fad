"""Tests of the live line: where there is one, what it says, and how other lines pass it."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import pytest

from kubefedctl.model.events import (
    Event,
    Output,
    Planned,
    Result,
    Step,
    Verdict,
    WaitBegun,
    WaitEnded,
    WaitGoesOn,
    Waiting,
    Warned,
)
from kubefedctl.model.progress import Goal
from kubefedctl.model.refs import Subject
from kubefedctl.render import live
from kubefedctl.render.live import (
    ERASE,
    ERASE_ABOVE,
    LiveLine,
    are_same_terminal,
    describe_progress,
    fit,
    is_out_of_sight,
    may_live,
)
from kubefedctl.render.text import Telling, TextRenderer, escape_controls
from tests.render.test_waits import progressed

TERMINAL = {"TERM": "xterm-256color"}
READING = Step("reading")


class _Terminal(io.StringIO):
    """A stream that says it is a terminal, of unknown width."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        """Say so."""
        return True


class _Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def _see(written: str) -> list[str]:
    """Return the lines that a terminal shows after *written*."""
    rows = [""]
    for part in re.split(f"(\n|{re.escape(ERASE_ABOVE)}|{re.escape(ERASE)})", written):
        match part:
            case "\n":
                rows.append("")
            case live.ERASE:
                rows[-1] = ""
            case live.ERASE_ABOVE:
                assert "" == rows.pop()
                rows[-1] = ""
            case _:
                rows[-1] += part
    return rows


def _created(cluster: str = "c1") -> Result:
    return Result(Verdict.CREATED, Subject("ConfigMap", "shop", "web"), cluster)


@contextmanager
def _pseudo_terminal() -> Iterator[tuple[TextIO, TextIO, TextIO]]:
    """Give stdout and stderr of one terminal, and what is seen there."""
    leader, follower = os.openpty()
    out = open(follower, "w", encoding="utf-8")  # noqa: SIM115 - closed below
    err = open(os.dup(follower), "w", encoding="utf-8")  # noqa: SIM115 - closed below
    seen = open(leader, encoding="utf-8", newline="")  # noqa: SIM115 - closed below
    try:
        yield out, err, seen
    finally:
        for stream in (out, err, seen):
            stream.close()


def _read_all(err: TextIO, seen: TextIO) -> str:
    """Return all that was written to the terminal of *err* so far."""
    err.write("END\n")
    err.flush()
    written = b""
    while not written.endswith(b"END\r\n"):
        written += os.read(seen.fileno(), 4096)
    return written.decode().replace("\r\n", "\n").removesuffix("END\n")


@pytest.fixture(autouse=True)
def _on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no setting of the caller decide."""
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", "1")


# --- where there is one --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        pytest.param(TERMINAL, True, id="terminal"),
        pytest.param({**TERMINAL, "CI": "true"}, False, id="ci"),
        pytest.param({**TERMINAL, "CI": "1"}, False, id="ci-1"),
        pytest.param({**TERMINAL, "CI": "false"}, True, id="ci-false"),
        pytest.param({**TERMINAL, "CI": ""}, True, id="ci-empty"),
        pytest.param({"TERM": "dumb"}, False, id="dumb"),
        pytest.param({}, False, id="no-term"),
    ],
)
def test_live_line_only_where_a_person_looks(environment: dict[str, str], expected: bool) -> None:
    """A log would keep every state of it, and a dumb terminal cannot erase."""
    assert expected == may_live(_Terminal(), environment)


def test_live_line_never_in_a_pipe() -> None:
    """Stderr must be a terminal."""
    assert not may_live(io.StringIO(), TERMINAL)


def test_streams_of_one_terminal_are_known(tmp_path: Path) -> None:
    """So are files, which nobody sees, and pipes, of which nobody knows."""
    with _pseudo_terminal() as (out, err, _), (tmp_path / "log").open("w") as log:
        assert are_same_terminal(out, err)
        assert not are_same_terminal(log, err)
        assert [True, False, False] == [is_out_of_sight(s) for s in (log, out, io.StringIO())]
        with open(os.devnull, "w") as nowhere:
            assert is_out_of_sight(nowhere)


def test_streams_of_two_terminals_are_told_apart() -> None:
    """A line in one is no concern of the other."""
    with _pseudo_terminal() as (out, _, _), _pseudo_terminal() as (_, err, _):
        assert not are_same_terminal(out, err)


# --- what it says --------------------------------------------------------------------------------


def _say(*events: Event, seconds: float = 0.0) -> str:
    """What the line is after *events*, each a second after the one before."""
    stream, clock = _Terminal(), _Clock()
    line = LiveLine(stream, escape=escape_controls, clock=clock)
    for event in events:
        line.hear(event)
        line.refresh()
        clock.now += seconds
    return _see(stream.getvalue())[-1]


def test_live_line_says_the_step() -> None:
    """Before the members are written, what is being done."""
    assert "reading" == _say(READING)


def test_live_line_counts_what_is_done() -> None:
    """And names who has most to do once others are done."""
    planned = Planned({"c1": 1, "c2": 2, "c3": 1})
    said = _say(READING, planned, _created("c1"), _created("c2"), Waiting(1, {}), seconds=1.0)
    expected = "50% 2/4 changes, 1/3 clusters done; c2 has 1 to go, c3 has 1 to go (4s)"
    assert sorted(expected) == sorted(said)


def test_live_line_has_a_bar_where_there_is_room() -> None:
    """Words matter more: the bar is left out before one of them is cut."""
    half = (Planned({"c": 2}), _created("c"), Waiting(1, {}))
    assert _say(*half, seconds=1.0).startswith("[=====-----] 50% 1/2 changes")
    names = {f"a-cluster-with-a-name-{n}": n for n in range(3)}
    assert _say(Planned(names), Waiting(1, {})).startswith("0% 0/3 changes, ")


def test_live_line_goes_on_to_the_next_step() -> None:
    """When the members are written there is more to do."""
    assert "recording" == _say(READING, Planned({"c1": 1}), _created(), Step("recording"))


def test_live_line_of_nothing_to_do_keeps_the_step() -> None:
    """There is no percentage of nothing."""
    assert "reading" == _say(READING, Planned({}), Waiting(1, {}))


def test_live_line_counts_no_results_of_others() -> None:
    """What is told of the host is no action."""
    assert "[----------] 0% 0/1 change, 0/1 cluster done" == _say(
        Planned({"c1": 1}), _created("host")
    )


def test_live_line_steers_no_terminal() -> None:
    """Names come from clusters."""
    assert "a\\x1b[2Jb" == _say(Step("a\x1b[2Jb"))


def test_live_line_is_shorter_than_the_terminal_is_wide() -> None:
    """One erasure must take all of it."""
    assert 79 >= len(_say(Step("x" * 200)))


def test_progress_of_one_is_spelled_as_one() -> None:
    """Also of one cluster."""
    assert "100% 1/1 change, 1/1 cluster done" == describe_progress({"c": 1}, {"c": 0})


def test_progress_names_the_three_slowest() -> None:
    """Of two hundred, those with most to do."""
    planned = {f"c{n}": 9 for n in range(6)}
    text = describe_progress(planned, {f"c{n}": n for n in range(6)})
    assert text.endswith("; c5 has 5 to go, c4 has 4 to go, c3 has 3 to go")


@pytest.mark.parametrize(
    ("width", "expected"),
    [(0, ""), (2, ".."), (3, "..."), (8, "東京..."), (11, "東京都庁..."), (12, "東京都庁です")],
)
def test_fit_measures_columns(width: int, expected: str) -> None:
    """Some characters are two columns wide."""
    assert expected == fit("東京都庁です", width)


# --- what is waited for --------------------------------------------------------------------------

BEGUN = WaitBegun(30, Goal.READY)
WAITS = [progressed(f"w{number:02}", "c1") for number in range(30)]


def test_live_table_stands_below_the_live_line() -> None:
    """Who is waited for and why, a few rows, drawn in the same place again and again."""
    stream, clock = _Terminal(), _Clock()
    line = LiveLine(stream, escape=escape_controls, clock=clock)
    for event in (READING, BEGUN, *WAITS, WaitGoesOn()):
        clock.now += 0.11
        line.hear(event)
        line.refresh()
    shown = _see(stream.getvalue())
    assert ("waiting until 30 of 30 objects are ready (3s)", 11) == (shown[0], len(shown))
    assert "22 more: 22 in c1" == shown[-1]


def test_lines_stand_above_the_live_table() -> None:
    """A failure that is told meanwhile is a line like any other, and the table goes in the end."""
    stream, clock = _Terminal(), _Clock()
    line = LiveLine(stream, escape=escape_controls, clock=clock)
    for event in (BEGUN, *WAITS[:2], WaitGoesOn()):
        line.hear(event)
    clock.now += 1.0
    stream.write(line.pass_line("failed it\n"))
    stream.write(line.pass_line("failed another\n"))
    assert ["failed it", "failed another"] == _see(stream.getvalue())[:2]
    line.hear(WaitEnded())
    assert 3 == len(_see(stream.getvalue()))
    line.close()
    assert ["failed it", "failed another", ""] == _see(stream.getvalue())


def test_live_table_is_lower_than_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has scrolled out of sight could not be erased."""
    monkeypatch.setattr(os, "get_terminal_size", lambda *_: os.terminal_size((40, 6)))
    with _pseudo_terminal() as (_, err, seen):
        line = LiveLine(err, escape=escape_controls)
        for event in (BEGUN, *WAITS, WaitGoesOn()):
            line.hear(event)
        rows = _see(_read_all(err, seen))[:-1]
    assert 3 == len(rows)
    assert 39 >= max(map(len, rows))


# --- other lines ---------------------------------------------------------------------------------


def test_lines_stand_above_the_live_line() -> None:
    """Each line is whole, and the live line is below all of them."""
    clock = _Clock()
    line = LiveLine(stream := _Terminal(), escape=escape_controls, clock=clock)
    line.hear(READING)
    for text in ("one\n", "two\n"):
        clock.now += 0.01
        stream.write(line.pass_line(text))
    assert ["one", "two", "reading"] == _see(stream.getvalue())


def test_lines_that_come_too_fast_to_see_go_without_the_live_line() -> None:
    """The terminal takes each once; the live line is back when there is time."""
    clock = _Clock()
    line = LiveLine(stream := _Terminal(), escape=escape_controls, clock=clock)
    line.hear(READING)
    for _ in range(100):
        stream.write(line.pass_line("line\n"))
    assert ["line"] * 100 + [""] == _see(stream.getvalue())
    assert 2 * len(ERASE) + len("line\n") * 100 + len("reading") >= len(stream.getvalue())
    clock.now += 0.01
    stream.write(line.pass_line("last\n"))
    assert ["line", "last", "reading"] == _see(stream.getvalue())[-3:]


def test_live_line_is_not_drawn_too_often() -> None:
    """A hundred results in no time draw it once."""
    stream, clock = _Terminal(), _Clock()
    line = LiveLine(stream, escape=escape_controls, clock=clock)
    line.hear(Planned({"c1": 100}))
    for _ in range(100):
        line.hear(_created())
        line.refresh()
    assert 1 == stream.getvalue().count(ERASE)


def test_live_line_leaves_nothing() -> None:
    """However often it is closed."""
    line = LiveLine(stream := _Terminal(), escape=escape_controls)
    line.close()
    line.hear(READING)
    line.close()
    line.close()
    assert ([""], 2) == (_see(stream.getvalue()), stream.getvalue().count(ERASE))


def _render(out: TextIO, err: TextIO, *, verbosity: int = 0, output: Output | None = None) -> None:
    renderer = TextRenderer(
        verbosity=verbosity, output=output, telling=Telling.LIVE, stdout=out, stderr=err
    )
    for event in (READING, Planned({"c1": 2}), _created(), Warned("slow"), _created()):
        renderer.show(event)
    renderer.close()
    renderer.close()


CREATED = "created ConfigMap/shop/web in cluster c1"
LINES = [CREATED, "warning: slow", CREATED, ""]


def test_renderer_on_one_terminal_mixes_nothing() -> None:
    """Results of stdout and warnings of stderr stand there as whole lines, and nothing else."""
    with _pseudo_terminal() as (out, err, seen):
        _render(out, err)
        written = _read_all(err, seen)
    assert ERASE + "reading" in written
    assert LINES == _see(written)


def test_renderer_with_results_in_a_file_draws_on_stderr_alone(tmp_path: Path) -> None:
    """The file has lines, no more."""
    with _pseudo_terminal() as (_, err, seen), (tmp_path / "log").open("w+") as log:
        _render(log, err)
        log.seek(0)
        assert f"{CREATED}\n{CREATED}\n" == log.read()
        written = _read_all(err, seen)
    assert ["warning: slow", ""] == _see(written)
    assert ERASE in written


def test_renderer_with_results_in_a_pipe_draws_nothing() -> None:
    """The pipe may be a `tee` that writes to the same terminal."""
    reading, writing = os.pipe()
    with (
        _pseudo_terminal() as (_, err, seen),
        open(writing, "w") as pipe,
        open(reading) as end,
    ):
        _render(pipe, err)
        assert "warning: slow\n" == _read_all(err, seen)
        assert f"{CREATED}\n{CREATED}\n" == os.read(end.fileno(), 4096).decode()


def test_renderer_with_a_report_to_come_draws_beside_a_pipe() -> None:
    """Stdout is silent until the line is gone."""
    reading, writing = os.pipe()
    with _pseudo_terminal() as (_, err, seen), open(writing, "w") as pipe, open(reading):
        _render(pipe, err, output=Output.JSON)
        written = _read_all(err, seen)
    assert ERASE in written
    assert LINES == _see(written)


def test_renderer_that_tells_steps_draws_nothing() -> None:
    """Each step is a line of its own already."""
    with _pseudo_terminal() as (out, err, seen):
        _render(out, err, verbosity=2)
        written = _read_all(err, seen)
    assert ["reading", *LINES] == written.split("\n")
