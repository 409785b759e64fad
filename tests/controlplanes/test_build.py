"""What `build.py` promises, with a `go` of our own on the PATH: a shell script."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.controlplanes import build
from tests.controlplanes.build import MODULE, PROGRAMS, build_programs, list_missing, read_version
from tests.controlplanes.waiting import await_true

_SCRIPT = Path(build.__file__)

_GO = """#!/bin/sh
echo "$@" >> "$GO_LOG"
while [ "$1" != -o ]; do shift; done
printf '#!/bin/sh\\n' > "$2"
{act}
chmod +x "$2"
"""


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment with a cache of its own and a `go` that builds shell scripts."""
    write_go(tmp_path, act="")
    return {
        "PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin",
        "HOME": str(tmp_path / "home"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "GO_LOG": str(tmp_path / "go.log"),
    }


def write_go(folder: Path, *, act: str) -> None:
    """Put a `go` into the folder's bin that does *act* in the midst of its writing."""
    new = folder / "bin" / "go.new"
    new.parent.mkdir(exist_ok=True)
    new.write_text(_GO.format(act=act))
    new.chmod(0o755)
    new.rename(folder / "bin" / "go")  # a shell that reads the old one goes on with it


def folder_of(environ: dict[str, str]) -> Path:
    """Return where the programs go."""
    return Path(environ["XDG_CACHE_HOME"]) / "kubefedctl" / "envtest" / read_version()


def start_script(environ: dict[str, str]) -> subprocess.Popen[str]:
    """Start `build.py` as a person does."""
    return subprocess.Popen(
        [sys.executable, str(_SCRIPT)],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_build_empty_cache_gets_every_program(environ: dict[str, str]) -> None:
    """All programs are in the version's folder, and nothing but the lock is beside them."""
    line = build_programs(environ)
    assert line.startswith(f"built Kubernetes {read_version()} in {folder_of(environ)} in ")
    expected = sorted([".lock", *(program.name for program in PROGRAMS)])
    assert expected == sorted(path.name for path in folder_of(environ).iterdir())


def test_build_stamps_the_version(environ: dict[str, str]) -> None:
    """Each program is linked with the version that clients ask for."""
    build_programs(environ)
    calls = Path(environ["GO_LOG"]).read_text().splitlines()
    stamp = f"-X k8s.io/component-base/version.gitVersion=v{read_version()}"
    assert len(PROGRAMS) == len([call for call in calls if stamp in call])


def test_build_full_cache_does_nothing(environ: dict[str, str]) -> None:
    """A second build says in one line that there is nothing to do, and calls no `go`."""
    build_programs(environ)
    Path(environ["GO_LOG"]).unlink()
    expected = f"nothing to build: Kubernetes {read_version()} is in {folder_of(environ)}"
    assert expected == build_programs(environ)
    assert not Path(environ["GO_LOG"]).exists()


def test_build_one_program_missing_builds_only_that(environ: dict[str, str]) -> None:
    """What is there is kept."""
    build_programs(environ)
    Path(environ["GO_LOG"]).unlink()
    (folder_of(environ) / "etcd").unlink()
    build_programs(environ)
    assert len(Path(environ["GO_LOG"]).read_text().splitlines()) == 1


def test_build_assets_complete_does_nothing(environ: dict[str, str], tmp_path: Path) -> None:
    """A KUBEBUILDER_ASSETS with all programs makes a build needless."""
    for program in PROGRAMS:
        path = tmp_path / "assets" / program.name
        path.parent.mkdir(exist_ok=True)
        path.touch(0o755)
    environ["KUBEBUILDER_ASSETS"] = str(tmp_path / "assets")
    assert "KUBEBUILDER_ASSETS has all programs" in build_programs(environ)
    assert not Path(environ["GO_LOG"]).exists()


def test_build_failing_go_leaves_no_program(environ: dict[str, str], tmp_path: Path) -> None:
    """A build that failed half-way is not taken for a finished one, and can be repeated."""
    write_go(tmp_path, act="exit 7")
    with pytest.raises(build.BuildError, match=r"^cannot build etcd: `go build` ended with 7$"):
        build_programs(environ)
    assert list(PROGRAMS) == list_missing(folder_of(environ))
    write_go(tmp_path, act="")
    build_programs(environ)
    assert list_missing(folder_of(environ)) == []


def test_build_killed_half_way_is_awaited_and_repeated(
    environ: dict[str, str], tmp_path: Path
) -> None:
    """The `go` of a killed build still holds the lock; the next build waits for its end."""
    fifo, begun = tmp_path / "fifo", tmp_path / "begun"
    os.mkfifo(fifo)
    write_go(tmp_path, act=f"touch {begun}; read line < {fifo}; exit 1")
    first = start_script(environ)
    await_true(begun.exists)
    first.kill()
    first.wait()
    write_go(tmp_path, act="")
    second = start_script(environ)
    assert second.stdout is not None
    assert second.stdout.readline() == "waiting for another build to end ...\n"
    assert list(PROGRAMS) == list_missing(folder_of(environ))
    fifo.write_text("go on\n")
    first.communicate(timeout=20)
    _, errors = second.communicate(timeout=20)
    assert (second.returncode, errors) == (0, "")
    assert list_missing(folder_of(environ)) == []


def test_build_two_at_once_build_once(environ: dict[str, str], tmp_path: Path) -> None:
    """Two builds side by side call `go` once for each program."""
    write_go(tmp_path, act="sleep 0.1")
    both = [start_script(environ), start_script(environ)]
    for one in both:
        one.communicate(timeout=30)
    assert [one.returncode for one in both] == [0, 0]
    assert len(PROGRAMS) == len(Path(environ["GO_LOG"]).read_text().splitlines())


def test_build_without_go_is_one_line_and_code_3(environ: dict[str, str], tmp_path: Path) -> None:
    """Without Go the script says so, and that KUBEBUILDER_ASSETS would do."""
    environ["PATH"] = str(tmp_path / "nowhere")
    script = start_script(environ)
    expected = (
        "error: cannot build the control plane programs: no `go` on the PATH"
        " (install Go, or set KUBEBUILDER_ASSETS)\n"
    )
    assert ("", expected) == script.communicate(timeout=20)
    assert script.returncode == build.EXIT_NO_GO


def test_build_module_imports_each_program() -> None:
    """The Go file keeps exactly the modules of the programs in go.mod."""
    imports = re.findall(r'_ "(\S+)"', (MODULE / "programs.go").read_text())
    assert sorted(program.package for program in PROGRAMS) == sorted(imports)
    assert (MODULE / "go.sum").is_file()
