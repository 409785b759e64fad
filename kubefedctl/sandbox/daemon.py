"""
Sandboxes that outlive the command that started them, and those that last as long as a command.

What belongs here: the child process, its state folder, and running a command beside a fleet.
What does not: parsing arguments and printing (the command line does both).

Laws:
1. Whoever holds the lock in the state folder is the sandbox. The lock is inherited by the child
   and goes with it, so that neither a crash nor a reused pid can be taken for a running one.
2. The folder is 0700 and the kubeconfig 0600; no key lies anywhere else.
3. `up` returns when the clusters answer, `down` when the process is gone.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from kubefedctl.sandbox.kubeconfigs import write_private

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_LOCK, _META, _LOG, _KUBECONFIG = "lock", "sandbox.json", "log", "kubeconfig"
_START_SECONDS = 30.0
_STOP_SECONDS = 15.0
_POLL_SECONDS = 0.02
_FORWARDED = (signal.SIGTERM, signal.SIGHUP)

# Children of this very process; kept so that `down` can collect their exit status.
_CHILDREN: dict[int, subprocess.Popen[bytes]] = {}


class DaemonError(Exception):
    """A long-running sandbox could not be started, found or stopped."""


class AlreadyUpError(DaemonError):
    """A sandbox of that name is running."""


class NotUpError(DaemonError):
    """No sandbox of that name is running."""


class StartError(DaemonError):
    """The process of a sandbox did not come up."""


class CommandError(DaemonError):
    """The command to run beside a sandbox can't be started."""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A long-running sandbox: `clusters` maps names to addresses, `pid` is None when it died."""

    name: str
    directory: Path
    kubeconfig: Path
    clusters: dict[str, str]
    pid: int | None
    started: str = ""

    @property
    def is_running(self) -> bool:
        """Whether its process is alive."""
        return self.pid is not None


def state_root() -> Path:
    """Return the folder that holds a folder for each sandbox."""
    base = os.environ.get("XDG_STATE_HOME") or ""
    root = Path(base) if base.startswith("/") else Path.home() / ".local" / "state"
    return root / "kubefedctl" / "sandbox"


def up(name: str, clusters: Sequence[str], *, seconds: float = _START_SECONDS) -> Sandbox:
    """
    Start a sandbox in a process of its own and return it when its clusters answer.

    Args:
        name: Of the sandbox; a DNS label.
        clusters: Names of its clusters; the first is the current context.
        seconds: How long to wait for it.

    Raises:
        DaemonError: The name can't be one, no clusters are given, or one is given twice.
        AlreadyUpError: One of that name runs.
        StartError: It did not come up; what it said is in the message.
    """
    directory = _directory(name)
    if not clusters or len(set(clusters)) != len(clusters) or not all(clusters):
        raise DaemonError("a sandbox needs names of clusters, each once")
    directory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = _claim(name, directory)
    try:
        child = _spawn(directory, clusters, lock=lock, seconds=seconds)
    except BaseException:
        os.close(lock)
        shutil.rmtree(directory, ignore_errors=True)
        raise
    os.close(lock)
    _CHILDREN[child.pid] = child
    return find(name)


def down(name: str, *, seconds: float = _STOP_SECONDS) -> None:
    """
    Stop a sandbox, wait until its process is gone, and remove its folder.

    What a crash has left behind is removed too.

    Raises:
        NotUpError: There is none of that name.
        DaemonError: It can't be stopped.
    """
    sandbox = find(name)
    if sandbox.pid is not None:
        _stop(sandbox, sandbox.pid, seconds)
    shutil.rmtree(sandbox.directory, ignore_errors=True)


def find(name: str) -> Sandbox:
    """
    Return a sandbox, running or left behind by a crash.

    Raises:
        NotUpError: There is none of that name.
    """
    directory = _directory(name)
    if not directory.is_dir():
        raise NotUpError(f"no sandbox named {name} is up")
    return _read(directory)


def list_sandboxes() -> tuple[Sandbox, ...]:
    """Return all sandboxes by name, those left behind by a crash included."""
    root = state_root()
    if not root.is_dir():
        return ()
    found = (item for item in root.iterdir() if item.is_dir() and _NAME.fullmatch(item.name))
    return tuple(_read(item) for item in sorted(found))


def run(command: Sequence[str], clusters: Sequence[str]) -> int:
    """
    Run a command beside clusters that last as long as it does, and return its exit code.

    The command finds the clusters by KUBECONFIG. Signals are passed on; a command that dies of
    one counts as 128 and the signal's number, as in a shell.

    Raises:
        CommandError: There is no such command, or it can't be executed.
        SandboxError: The clusters can't be started.
    """
    from kubefedctl.sandbox.fleet import SandboxFleet

    if not command:
        raise CommandError("a command to run is needed")
    with SandboxFleet(clusters) as fleet:
        environment = {**os.environ, "KUBECONFIG": str(fleet.kubeconfig)}
        try:
            child = subprocess.Popen(list(command), env=environment)
        except OSError as error:
            raise CommandError(
                f"cannot run {command[0]}: {(error.strerror or '').lower()}"
            ) from error
        with _passing_signals(child):
            code = child.wait()
    return code if code >= 0 else 128 - code


def _directory(name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise DaemonError(f"{name!r} is no name for a sandbox: lower case letters, digits and -")
    return state_root() / name


def _claim(name: str, directory: Path) -> int:
    """Make the state folder and return the descriptor of its lock, held."""
    while True:
        try:
            directory.mkdir(mode=0o700)
            break
        except FileExistsError:
            if _read(directory).is_running or not _is_stale(directory):
                raise AlreadyUpError(f"a sandbox named {name} is up already") from None
            shutil.rmtree(directory, ignore_errors=True)
    lock = os.open(directory / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def _is_locked(directory: Path) -> bool:
    try:
        lock = os.open(directory / _LOCK, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(lock)
    return False


def _is_stale(directory: Path) -> bool:
    """Return whether nobody holds the folder, nor is about to (it was made long enough ago)."""
    if _is_locked(directory):
        return False
    try:
        return (directory / _LOCK).exists() or time.time() - directory.stat().st_mtime > 5
    except OSError:
        return True


def _read(directory: Path) -> Sandbox:
    try:
        content = json.loads((directory / _META).read_text(encoding="utf-8"))
        clusters, pid = dict(content["clusters"]), int(content["pid"])
        started = str(content["started"])
    except (OSError, ValueError, KeyError, TypeError):
        clusters, pid, started = {}, 0, ""
    alive = pid > 0 and _is_locked(directory)
    kubeconfig = directory / _KUBECONFIG
    return Sandbox(directory.name, directory, kubeconfig, clusters, pid if alive else None, started)


def _spawn(
    directory: Path, clusters: Sequence[str], *, lock: int, seconds: float
) -> subprocess.Popen[bytes]:
    """Start the process and wait until it says that it is ready."""
    reader, writer = os.pipe()
    log = os.open(directory / _LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    command = [
        sys.executable, "-P", "-m", "kubefedctl.sandbox", "--directory", str(directory),
        "--ready", str(writer), "--lock", str(lock), *clusters,
    ]  # fmt: skip
    try:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=_environment(),
            cwd="/",
            pass_fds=(writer, lock),
            start_new_session=True,
        )
    finally:
        os.close(writer)
        os.close(log)
    try:
        _await_ready(child, reader, directory, seconds)
    finally:
        os.close(reader)
    return child


def _environment() -> dict[str, str]:
    """Return an environment in which the child finds this package, also in a bare checkout."""
    environment = dict(os.environ)
    root = Path(__file__).resolve().parents[2]
    if root.name not in ("site-packages", "dist-packages"):
        paths = [str(root), environment.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    return environment


def _await_ready(
    child: subprocess.Popen[bytes], reader: int, directory: Path, seconds: float
) -> None:
    ready, _, _ = select.select([reader], [], [], seconds)
    if ready and os.read(reader, 16) == b"ready\n":
        return
    child.kill()
    child.wait()
    said = (directory / _LOG).read_text(encoding="utf-8", errors="replace").strip()
    last = said.splitlines()[-1] if said else "it said nothing"
    how = "stopped at once" if ready else f"was not ready after {seconds:g} s"
    raise StartError(f"the sandbox {how}: {last}")


def _stop(sandbox: Sandbox, pid: int, seconds: float) -> None:
    for number, limit in ((signal.SIGTERM, seconds), (signal.SIGKILL, 5.0)):
        try:
            os.kill(pid, number)
        except OSError as error:
            if error.errno != errno.ESRCH:
                raise DaemonError(f"cannot stop sandbox {sandbox.name}: {error}") from error
        end = time.monotonic() + limit
        while time.monotonic() < end:
            if not _is_locked(sandbox.directory):
                child = _CHILDREN.pop(pid, None)
                if child is not None:
                    child.wait()
                return
            time.sleep(_POLL_SECONDS)
    raise DaemonError(f"sandbox {sandbox.name} (process {pid}) does not stop")


@contextmanager
def _passing_signals(child: subprocess.Popen[bytes]) -> Iterator[None]:
    """
    Pass signals on to a child while it runs.

    A terminal sends Ctrl-C to the child itself; without one it has to be passed on too.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def forward(number: int, frame: FrameType | None) -> None:
        with suppress(ProcessLookupError):
            child.send_signal(number)

    def leave(number: int, frame: FrameType | None) -> None:
        """Leave a Ctrl-C to the child, and wait for what it makes of it."""

    interrupt = leave if sys.stdin is not None and sys.stdin.isatty() else forward
    before = {number: signal.signal(number, forward) for number in _FORWARDED}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def serve(directory: Path, clusters: Sequence[str], *, ready: int, lock: int) -> None:
    """
    Be the process of a sandbox: serve until SIGTERM.

    Args:
        directory: The state folder.
        clusters: Names of the clusters.
        ready: A descriptor to say on that the clusters answer; -1 for none.
        lock: The descriptor of the lock; only held.
    """
    from kubefedctl.sandbox.fleet import SandboxFleet
    from kubefedctl.sandbox.objects import make_timestamp

    os.umask(0o077)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    if lock >= 0:
        os.set_inheritable(lock, False)
    with SandboxFleet(clusters, directory=directory) as fleet:
        urls = {name: cluster.url for name, cluster in fleet.clusters.items()}
        content = {"pid": os.getpid(), "clusters": urls, "started": make_timestamp()}
        write_private(directory / _META, json.dumps(content) + "\n")
        if ready >= 0:
            os.write(ready, b"ready\n")
            os.close(ready)
        ended.wait()
