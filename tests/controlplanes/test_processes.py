"""Starting, awaiting and ending a program, with tiny shell scripts for servers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.controlplanes.processes import EarlyDeathError, NotReadyError, ServerProcess
from tests.controlplanes.waiting import await_true


def make_server(folder: Path, *, script: str) -> ServerProcess:
    """Return a server that runs *script*."""
    path = folder / "server"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return ServerProcess([str(path)], log=folder / "server.log")


def is_alive(pid: int) -> bool:
    """Tell whether a process is there and no zombie."""
    status = Path(f"/proc/{pid}/stat")
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_await_ready_returns_when_the_probe_says_so(tmp_path: Path) -> None:
    """The wait ends with the sign of the program; the program runs on."""
    sign = tmp_path / "sign"
    server = make_server(tmp_path, script=f"touch {sign}; exec sleep 60")
    server.start()
    server.await_ready(sign.exists, seconds=20)
    assert server.pid is not None
    server.stop()
    assert server.pid is None


def test_await_ready_early_death_shows_the_end_of_the_log(tmp_path: Path) -> None:
    """A program that dies is reported at once, with its code and last words."""
    server = make_server(tmp_path, script="echo 'no such flag' >&2; exit 3")
    server.start()
    with pytest.raises(EarlyDeathError, match=r"^server ended early with 3:\nno such flag$"):
        server.await_ready(lambda: False, seconds=60)


def test_await_ready_program_not_there_is_an_early_death(tmp_path: Path) -> None:
    """A program that can't be started is told from a slow one."""
    server = ServerProcess([str(tmp_path / "nothing")], log=tmp_path / "log")
    server.start()
    with pytest.raises(EarlyDeathError, match="No such file or directory"):
        server.await_ready(lambda: False, seconds=60)


def test_await_ready_slow_program_ends_with_the_deadline(tmp_path: Path) -> None:
    """A program that runs but is never ready is a matter of time, and still runs."""
    server = make_server(tmp_path, script="echo starting; exec sleep 60")
    server.start()
    await_true(lambda: "starting" in server.read_tail())
    with pytest.raises(NotReadyError, match=r"^server was not ready after 0.1 s:\nstarting$"):
        server.await_ready(lambda: False, seconds=0.1)
    server.kill()


def test_stop_deaf_program_is_killed(tmp_path: Path) -> None:
    """A program that ignores the request to end is killed when its time is over."""
    sign = tmp_path / "sign"
    server = make_server(
        tmp_path, script=f"trap '' TERM; touch {sign}; while :; do sleep 0.1; done"
    )
    server.start()
    server.await_ready(sign.exists, seconds=20)
    server.stop(seconds=0.2)
    assert server.pid is None


def test_stop_hung_program_ends(tmp_path: Path) -> None:
    """A frozen program is woken up to hear the request to end."""
    server = make_server(tmp_path, script="exec sleep 60")
    server.start()
    server.hang()
    server.stop()
    assert server.pid is None


def test_start_again_runs_and_appends_to_the_log(tmp_path: Path) -> None:
    """A stopped program can be started again."""
    server = make_server(tmp_path, script="echo up; exec sleep 60")
    server.start()
    await_true(lambda: server.read_tail() == "up")
    server.stop()
    server.start()
    await_true(lambda: server.read_tail() == "up\nup")
    server.stop()


def test_stop_never_started_does_nothing(tmp_path: Path) -> None:
    """Stopping what never ran is no error."""
    server = make_server(tmp_path, script="exit 0")
    server.stop()
    server.kill()
    assert server.pid is None


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel call is Linux's")
def test_program_dies_with_a_killed_parent(tmp_path: Path) -> None:
    """No program is left when the test run is killed without a chance to clean up."""
    code = (
        "import sys, time; from pathlib import Path\n"
        "from tests.controlplanes.processes import ServerProcess\n"
        "server = ServerProcess(['/bin/sleep', '60'], log=Path(sys.argv[1]))\n"
        "server.start(); print(server.pid, flush=True); time.sleep(60)\n"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "log")],
        cwd=root,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert is_alive(pid)
        os.kill(parent.pid, signal.SIGKILL)
    await_true(lambda: not is_alive(pid))
