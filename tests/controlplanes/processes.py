"""
Run a server program: start it, await that it is ready, hang it, stop it.

Nothing here knows what the program is; whether it is ready is told by a function.

Laws:
1. A program that dies early is reported as such, at once, with the end of its log.
2. Every wait has a deadline, the stop too: what does not end when asked is killed.
3. No program outlives this process, even when this one is killed (on Linux).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

_LAUNCHER = Path(__file__).with_name("launch.py")
_PAUSE = 0.05
_TAIL_BYTES = 2000

# NB: the kernel kills the child when the *thread* that started it ends. So all are started
# by one thread, which ends with the interpreter.
_starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="starter")


class ProcessError(Exception):
    """A program did not do what was expected; carries the end of its log."""


class EarlyDeathError(ProcessError):
    """The program ended before it was ready."""


class NotReadyError(ProcessError):
    """The program still runs, but was not ready in time."""


class ServerProcess:
    """A program with its log. It can be started again after it was stopped."""

    def __init__(self, command: Sequence[str], *, log: Path) -> None:
        self._command = list(command)
        self._log = log
        self._popen: subprocess.Popen[bytes] | None = None

    @property
    def name(self) -> str:
        """The program's name, for messages."""
        return Path(self._command[0]).name

    @property
    def pid(self) -> int | None:
        """The process id while it runs, hung or not."""
        return self._popen.pid if self._popen and self._popen.poll() is None else None

    def start(self) -> None:
        """Start the program, unless it runs. Its log is appended to."""
        if self.pid is None:
            self._popen = _starter.submit(self._spawn).result()

    def _spawn(self) -> subprocess.Popen[bytes]:
        launcher = [sys.executable, "-I", "-S", str(_LAUNCHER), str(os.getpid())]
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [*launcher, *self._command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the test run, which then stops us
            )

    def await_ready(self, is_ready: Callable[[], bool], *, seconds: float) -> None:
        """
        Return as soon as *is_ready* says so.

        Raises:
            EarlyDeathError: The program ended.
            NotReadyError: The time is over.
        """
        deadline = time.monotonic() + seconds
        while not is_ready():
            if self.pid is None:
                code = self._popen.returncode if self._popen else None
                raise EarlyDeathError(f"{self.name} ended early with {code}:\n{self.read_tail()}")
            if time.monotonic() > deadline:
                raise NotReadyError(
                    f"{self.name} was not ready after {seconds:g} s:\n{self.read_tail()}"
                )
            time.sleep(_PAUSE)

    def hang(self) -> None:
        """Freeze it: connections are accepted by the kernel and never answered."""
        self._signal(signal.SIGSTOP)

    def unhang(self) -> None:
        """Let a frozen program go on."""
        self._signal(signal.SIGCONT)

    def stop(self, *, seconds: float = 10) -> None:
        """Ask it to end; kill it when it has not after *seconds*. Twice does no harm."""
        if self._popen is None:
            return
        self._signal(signal.SIGTERM)
        self._signal(signal.SIGCONT)
        try:
            self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it at once, without asking."""
        if self._popen is not None:
            self._signal(signal.SIGKILL)
            self._popen.wait()

    def read_tail(self) -> str:
        """Return the end of its log."""
        if not self._log.exists():
            return "(no log)"
        return self._log.read_bytes()[-_TAIL_BYTES:].decode(errors="replace").strip() or "(empty)"

    def _signal(self, number: signal.Signals) -> None:
        if self._popen is not None:
            self._popen.send_signal(number)  # checks that it was not reaped
