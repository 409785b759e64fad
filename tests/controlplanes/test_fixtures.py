"""What pytest says where the programs are missing, and how the marks are set."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.controlplanes.fixtures import is_ci, make_environment

_ROOT = Path(__file__).parents[2]
_TESTS = """
def test_real(real_clusters):
    pass

def test_plain():
    pass
"""


def run_pytest(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run two tests, one of them on real clusters, on a machine without the programs."""
    (folder / "test_it.py").write_text(_TESTS)
    command = [sys.executable, "-m", "pytest", "-p", "tests.controlplanes.fixtures"]
    return subprocess.run(
        [*command, "--strict-markers", "-p", "no:cacheprovider", "-rs", *arguments],
        cwd=folder,
        env={
            "PATH": os.defpath,
            "HOME": str(folder),
            "PYTHONPATH": str(_ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            **environ,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_missing_programs_skip_with_one_line(tmp_path: Path) -> None:
    """The real test is skipped and says why; the other one runs."""
    ended = run_pytest(tmp_path)
    assert "1 passed, 1 skipped" in ended.stdout
    reasons = [line for line in ended.stdout.splitlines() if line.startswith("SKIPPED")]
    assert len(reasons) == 1
    assert "no control plane programs" in reasons[0]
    assert "run `make envtest`" in reasons[0]
    assert ended.returncode == 0


def test_missing_programs_in_ci_fail(tmp_path: Path) -> None:
    """With CI=true nothing is skipped."""
    ended = run_pytest(tmp_path, CI="true")
    assert "no control plane programs" in ended.stdout
    assert "skipped" not in ended.stdout
    assert ended.returncode == 1


@pytest.mark.parametrize("mark", ["real", "xdist_group"])
def test_marks_are_set_by_the_fixture(tmp_path: Path, mark: str) -> None:
    """What uses the clusters can be selected, and is a group for xdist, marked by hand or not."""
    ended = run_pytest(tmp_path, "-m", mark, "--collect-only", "-q")
    assert "test_it.py::test_real\n" in ended.stdout
    assert "test_plain" not in ended.stdout


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        pytest.param({}, False, id="unset"),
        pytest.param({"CI": ""}, False, id="empty"),
        pytest.param({"CI": "false"}, False, id="false"),
        pytest.param({"CI": "true"}, True, id="true"),
        pytest.param({"CI": "True"}, True, id="capital"),
        pytest.param({"CI": "1"}, True, id="one"),
    ],
)
def test_is_ci_follows_the_variable(environ: dict[str, str], expected: bool) -> None:
    """CI is what CI systems set it to."""
    assert expected == is_ci(environ)


def test_environment_leads_nowhere_else(tmp_path: Path) -> None:
    """Proxies, the caller's kubeconfig and the pod's own cluster are left out."""
    given = {
        "PATH": "/bin",
        "HOME": "/home/me",
        "KUBECONFIG": "/home/me/.kube/config",
        "KUBERNETES_SERVICE_HOST": "10.0.0.1",
        "https_proxy": "http://proxy",
        "HTTPS_PROXY": "http://proxy",
    }
    kubeconfig = tmp_path / "kubeconfig"
    expected = {"PATH": "/bin", "HOME": str(tmp_path), "KUBECONFIG": str(kubeconfig)}
    assert expected == make_environment(given, kubeconfig=kubeconfig, home=tmp_path)
