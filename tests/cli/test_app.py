"""Tests of the program as a whole: exit codes, error lines, streams, and what it never shows."""

from __future__ import annotations

import errno
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kubefedctl import __version__
from kubefedctl.cli.app import main
from tests.cli.runs import HOST, CommandLine, Sandbox, write_kubeconfig
from tests.completions import KUBEFEDCTL, commands

UNEXPECTED = """\
error: kubefedctl failed unexpectedly: ZeroDivisionError
hint: run it again with --debug and report what it prints
"""
FEDERATE = ["federate", "-f", "-"]


class _Raising(io.RawIOBase):
    """A stream that raises when it is read or written."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    @property
    def buffer(self) -> io.RawIOBase:
        """Itself, as a text stream has its bytes."""
        return self

    def read(self, size: int = -1) -> Any:
        """Raise."""
        raise self._error

    def write(self, data: Any) -> int:
        """Raise."""
        raise self._error


def _run(
    *arguments: str, shell: str = "", env: dict[str, str] | None = None, **streams: Any
) -> subprocess.CompletedProcess[str]:
    """Run the console script, with *shell* behind its arguments."""
    command = f'"$0" "$@" {shell}'
    return subprocess.run(
        ["bash", "-c", command, str(KUBEFEDCTL), *arguments],
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **streams,
    )


# --- answers without clusters --------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [["version"], ["--version"], ["--version", "sync"]])
def test_version_is_one_line(cli: CommandLine, arguments: list[str]) -> None:
    """The command and the option say the same."""
    assert f"kubefedctl version: {__version__}\n" == cli(*arguments).out


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]], ids=["none", "long", "short"])
def test_help_lists_every_command(cli: CommandLine, arguments: list[str]) -> None:
    """Without arguments it is help, and no failure."""
    out = cli(*arguments).out
    assert [] == [name for name, _ in commands() if f"  {name.split()[0]} " not in out]


@pytest.mark.parametrize(
    "name", [name for name, found in commands() if not getattr(found, "commands", {})]
)
def test_help_of_a_command_shows_an_example(cli: CommandLine, name: str) -> None:
    """On stdout, whether it is asked for behind or before the command."""
    ran = cli(*name.split(), "--help")
    assert f"kubefedctl {name}" in ran.out.partition("Example: ")[2]
    assert "" == ran.err
    if " " not in name:
        assert ran == cli("--help", name)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["jion"], id="command"),
        pytest.param(["sync", "--frobnicate"], id="option"),
        pytest.param(["deinit", "extra"], id="argument"),
        pytest.param(["sync", "--v", "much"], id="level"),
        pytest.param(["sync", "--dry-run=maybe"], id="dry-run"),
        pytest.param(["init", "--scope", "Galaxy"], id="scope"),
        pytest.param(["init", "--kubeconfig"], id="value-missing"),
        pytest.param(["sandbox", "upp"], id="sandbox"),
        pytest.param(["-n", "shop"], id="option-alone"),
        pytest.param(["deinit", "-n", "shop"], id="option-of-another-command"),
    ],
)
def test_usage_error_is_code_two_on_stderr(cli: CommandLine, arguments: list[str]) -> None:
    """The parser's words; nothing on stdout, no cluster asked."""
    ran = cli(*arguments, code=2)
    assert "" == ran.out
    assert "Error: " in ran.err


def test_sandbox_without_a_command_is_help_and_a_usage_error(cli: CommandLine) -> None:
    """It tells what there is."""
    ran = cli("sandbox", code=2)
    assert "up" in ran.out + ran.err


def test_main_takes_the_arguments_of_the_process(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The console script calls it without any."""
    monkeypatch.setattr(sys, "argv", ["kubefedctl", "version"])
    assert 0 == main()
    assert f"kubefedctl version: {__version__}\n" == capsys.readouterr().out


def test_module_runs_as_the_console_script() -> None:
    """`python -m kubefedctl` is the same program."""
    ran = subprocess.run(
        [sys.executable, "-m", "kubefedctl", "sync", "--timeout", "soon"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (3, "") == (ran.returncode, ran.stdout)
    assert ran.stderr.startswith("error: 'soon' is not a duration")


# --- how it ends ---------------------------------------------------------------------------------


def test_expected_error_shows_its_traceback_only_on_request(cli: CommandLine) -> None:
    """With --debug, before or behind the command, the traceback comes before the same lines."""
    plain = cli("sync", "--timeout", "soon", code=3)
    assert plain.talk[0].startswith("error: ")
    for arguments in (["--debug", "sync"], ["sync", "--debug"]):
        debug = cli(*arguments, "--timeout", "soon", code=3)
        assert "Traceback (most recent call last):" == debug.talk[0]
        assert debug.err.endswith(plain.err)


def test_unexpected_exception_is_code_seventy(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line without details, which may be secret, and what to do about it."""
    monkeypatch.setattr("sys.stdin", _Raising(ZeroDivisionError("canary")))
    ran = cli(*FEDERATE, code=70)
    assert ("", UNEXPECTED) == (ran.out, ran.err)
    debug = cli("--debug", *FEDERATE, code=70)
    assert "Traceback (most recent call last):" == debug.talk[0]
    assert "ZeroDivisionError: canary" in debug.talk
    assert debug.err.endswith(UNEXPECTED)


def test_debug_behind_two_dashes_belongs_to_another_program(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its switches are not ours."""
    error, _ = cli.fails("sandbox", "run", "--", "/does/not/exist", "--debug", code=3)
    assert "cannot run /does/not/exist: no such file or directory" == error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        pytest.param(KeyboardInterrupt(), 130, id="ctrl-c"),
        pytest.param(BrokenPipeError(errno.EPIPE, "Broken pipe"), 3, id="pipe-of-stdin"),
        pytest.param(EOFError(), 1, id="end-of-input"),
        pytest.param(SystemExit("words"), 1, id="exit-with-words"),
        pytest.param(SystemExit(), 0, id="exit-without-a-code"),
        pytest.param(OSError(errno.ENOSPC, "No space left on device"), 3, id="disk-full"),
    ],
)
def test_other_ends_have_their_codes(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int
) -> None:
    """None of them shows a traceback."""
    monkeypatch.setattr("sys.stdin", _Raising(error))
    assert "" == cli(*FEDERATE, code=code).out


def test_output_that_nobody_takes_ends_with_one(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A closed pipe is no error to be told of."""
    monkeypatch.setattr("sys.stdout", _Raising(BrokenPipeError(errno.EPIPE, "Broken pipe")))
    assert "" == cli("init", "-o", "yaml", code=1).err


def test_output_to_a_full_disk_is_told(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half an output with code 0 would be worse than none."""
    full = OSError(errno.ENOSPC, "No space left on device")
    monkeypatch.setattr("sys.stdout", _Raising(full))
    error, hint = cli.fails("init", "-o", "yaml", code=3)
    assert "the output cannot be written: no space left on device" == error
    assert "" != hint


def test_errors_that_nobody_takes_keep_their_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """A closed stderr changes nothing about how a command ends."""
    monkeypatch.setattr("sys.stderr", _Raising(BrokenPipeError(errno.EPIPE, "Broken pipe")))
    assert 3 == main(["sync", "--timeout", "soon"])


def test_streams_that_were_closed_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python has None in their place; results and talk go nowhere, the code is the same."""
    monkeypatch.setattr("sys.stdout", None)
    monkeypatch.setattr("sys.stderr", None)
    codes = [main(["init", "-o", "yaml"]), main(["sync", "--timeout", "soon"])]
    replaced = [sys.stdout, sys.stderr]
    for stream in replaced:
        stream.close()
    assert [0, 3] == codes


# --- the process itself --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "shell", "expected"),
    [
        pytest.param(
            ["federate", "-f", "-"], "| true; echo ${PIPESTATUS[0]}", ("1\n", ""), id="pipe"
        ),
        pytest.param(["init", "-o", "yaml"], ">&-; echo $?", ("0\n", ""), id="stdout-closed"),
        pytest.param(["federate", "-f", "-"], "<&-; echo $?", ("0\n", ""), id="stdin-closed"),
        pytest.param(["sync", "--timeout", "x"], "2>&-; echo $?", ("3\n", ""), id="stderr-closed"),
        pytest.param(["version"], "2>&- >&- <&-; echo $?", ("0\n", ""), id="all-closed"),
    ],
)
def test_process_with_closed_streams_says_nothing_foreign(
    tmp_path: Path, arguments: list[str], shell: str, expected: tuple[str, str]
) -> None:
    """No traceback, and no complaint of the interpreter when it ends."""
    document = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: '%s'}\n---\n"
    manifest = tmp_path / "many.yaml"
    manifest.write_text(document % ("x" * 100_000) * 5)
    with manifest.open() as stdin:
        ran = _run(*arguments, shell=shell, stdin=stdin)
    assert expected == (ran.stdout, ran.stderr)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_process_with_a_full_disk_tells_it_once() -> None:
    """The interpreter does not try to write again."""
    ran = _run("version", shell=">/dev/full")
    assert 3 == ran.returncode
    assert ran.stderr.startswith("error: the output cannot be written: no space left on device\n")
    assert 2 == len(ran.stderr.splitlines())


def test_process_interrupted_ends_with_130(bare: Sandbox, tmp_path: Path) -> None:
    """Ctrl-C while a cluster does not answer; nothing is printed, and the report is there."""
    asked = _Event()
    bare.host.faults.hang(asked.note)
    report = tmp_path / "report.json"
    child = subprocess.Popen(
        [str(KUBEFEDCTL), "sync", f"--report=json={report}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    asked.wait()
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=30)
    assert (130, "", "") == (child.returncode, out, err)
    written = json.loads(report.read_text())
    assert (130, "interrupted") == (written["exitCode"], written["error"]["message"])
    assert ["report.json"] == os.listdir(tmp_path)


class _Event:
    """Told of each request that hangs."""

    def __init__(self) -> None:
        from threading import Event

        self._event = Event()

    def note(self, info: object) -> bool:
        """Let it hang."""
        del info
        self._event.set()
        return True

    def wait(self) -> None:
        """Wait for the first."""
        assert self._event.wait(30)


@pytest.mark.parametrize(
    "env",
    [
        pytest.param({"HOME": "/dev/null"}, id="home-is-no-folder"),
        pytest.param({"HOME": "/proc"}, id="home-is-read-only"),
        pytest.param({"HOME": ""}, id="home-is-empty"),
        pytest.param({"LC_ALL": "C", "PYTHONIOENCODING": "ascii"}, id="ascii"),
        pytest.param({"NO_COLOR": "1", "FORCE_COLOR": "1"}, id="no-color"),
        pytest.param({"TERM": "xterm-256color", "COLUMNS": "20"}, id="narrow"),
        pytest.param({"TMPDIR": "/does/not/exist"}, id="no-temporary-folder"),
    ],
)
def test_process_in_any_environment_prints_the_same(ready: Sandbox, env: dict[str, str]) -> None:
    """Whatever home, encoding, terminal and folders there are, a sync is a sync."""
    ran = _run("sync", env=env)
    expected = "0 federated objects over 0 clusters, 0 changes made\n"
    assert (0, expected, "") == (ran.returncode, ran.stdout, ran.stderr)


def test_process_without_a_home_reads_the_kubeconfig(ready: Sandbox) -> None:
    """HOME may not be set at all."""
    child = subprocess.run(
        ["env", "-u", "HOME", str(KUBEFEDCTL), "sync"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (0, "") == (child.returncode, child.stderr)


# --- what clusters say ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "400 BadRequest"),
        (401, "401 Unauthorized"),
        (403, "403 Forbidden"),
        (404, "404 NotFound"),
        (409, "409 Conflict"),
        (410, "410 Expired"),
        (422, "422 Invalid"),
        (500, "500 InternalError"),
    ],
)
def test_refusal_of_the_host_is_code_four(
    ready: Sandbox, cli: CommandLine, status: int, words: str
) -> None:
    """Act, subject, cluster, status and the API's words, in one line; escapes are written out."""

    def is_list(info: Any) -> bool:
        return bool(info.verb == "list" and info.plural == "kubefedclusters")

    ready.host.faults.fail(status, matching=is_list, message="\x1b[31m no\r\nhint: forged é")
    error, _ = cli.fails("sync", code=4)
    assert error.startswith("cannot list kubefedclusters.core.kubefed.io in namespace ")
    assert f" in cluster {HOST}: {words}: " in error
    assert error.isprintable()
    assert "\\x1b[31m no hint: forged é" in error


@pytest.mark.parametrize(
    ("server", "words"),
    [
        pytest.param("https://127.0.0.1:1", "connection refused", id="refused"),
        pytest.param("https://no.such.host.invalid", "the host name is unknown", id="name"),
        pytest.param("ftp://127.0.0.1", "neither an http nor an https URL", id="scheme"),
        pytest.param("https://", "names no host", id="no-host"),
        pytest.param("https://127.0.0.1:port", "", id="port"),
        pytest.param("https://[::1", "", id="bracket"),
        pytest.param("", "", id="empty"),
        pytest.param("https://\x1b[2J/", "", id="escape"),
    ],
)
def test_server_that_cannot_be_reached_is_one_line(
    cli: CommandLine, tmp_path: Path, server: str, words: str
) -> None:
    """Input or cluster error, never a bug."""
    file = write_kubeconfig(tmp_path / "config", server)
    ran = cli("init", "--kubeconfig", str(file), code=None)
    assert ran.code in (3, 4), ran.err
    assert words in ran.err
    assert ran.talk[0].isprintable()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(["sync"], 0, id="0"),
        pytest.param(["sync", "--frobnicate"], 2, id="2"),
        pytest.param(["enable", "nonsense"], 3, id="3"),
        pytest.param(["federate", "cm", "none", "-n", "shop"], 4, id="4"),
        pytest.param(["init", "--scope", "Namespaced"], 6, id="6"),
    ],
)
def test_exit_code_is_that_of_the_table(
    ready: Sandbox, cli: CommandLine, arguments: list[str], code: int
) -> None:
    """One command for each code; 5 and 7 are provoked in `test_sync`, the others above."""
    cli(*arguments, code=code)
