"""
What must be quick is quick: help, version, usage errors and completion load no HTTP client.

Measured by what is imported, not by the clock: each case is one fresh interpreter that runs the
command line and then tells which of the heavy libraries are loaded.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.completions import commands

HEAVY = ("kubernetes", "aiohttp", "urllib3")
_PROGRAM = """
import sys
from kubefedctl.cli.app import main
code = main(sys.argv[1:])
heavy = [name for name in {heavy!r} if name in sys.modules]
print("code", int(code), "heavy", heavy, file=sys.stderr)
"""
ANSWERS = {
    "no arguments": (0, []),
    "help": (0, ["--help"]),
    "short help": (0, ["-h"]),
    "version command": (0, ["version"]),
    "version option": (0, ["--version"]),
    **{f"help of {name}": (0, [*name.split(), "--help"]) for name, _ in commands()},
    "version as JSON": (0, ["version", "-o", "json"]),
    "group without its command": (0, ["orphaning-deletion"]),
    "unknown command": (2, ["jion"]),
    "unknown option": (2, ["sync", "--frobnicate"]),
    "missing argument": (2, ["join"]),
    "wrong value": (2, ["init", "--scope", "Galaxy"]),
    "federate without a name": (2, ["federate", "deployment"]),
    "enable without a type": (2, ["enable"]),
    "disable without the flag that another needs": (2, ["disable", "cm", "--cascade"]),
}


def _run(
    arguments: list[str], environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _PROGRAM.format(heavy=HEAVY), *arguments],
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(("code", "arguments"), ANSWERS.values(), ids=ANSWERS)
def test_answer_without_clusters_loads_no_http_client(code: int, arguments: list[str]) -> None:
    """Whoever asks for help, or types wrongly, does not wait for libraries."""
    ran = _run(arguments)
    assert f"code {code} heavy []" == ran.stderr.splitlines()[-1]


def test_completion_loads_no_http_client() -> None:
    """Tab answers at once; a completion ends the process, so the interpreter lists its imports."""
    environment = {
        **os.environ,
        "_KUBEFEDCTL_COMPLETE": "complete_bash",
        "COMP_WORDS": "kubefedctl sync --",
        "COMP_CWORD": "2",
    }
    ran = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "kubefedctl"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    imported = {line.rpartition("|")[2].strip() for line in ran.stderr.splitlines()}
    assert "--host-cluster-context" in ran.stdout.split()
    assert "kubefedctl.cli.app" in imported
    assert set() == imported & set(HEAVY)
