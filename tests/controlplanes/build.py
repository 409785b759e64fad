"""
Build the control plane programs once, from Go modules, into a cache outside the checkout.

`python tests/controlplanes/build.py` is all there is to call; it needs Go and nothing but
the standard library, and takes about ten minutes on two cores, or nothing when the
programs are there. Where they go and which ones they are is decided here; who looks for
them is `binaries`.

Laws:
1. The versions are those of `programs/go.mod`, and the Kubernetes one keys the folder.
2. A program is in its place only when it is whole: it is built under another name and
   renamed. A build cut short is never taken for a finished one.
3. One build at a time. The lock is also held by the `go` that was started, so a second
   build waits for the remains of one that was killed.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

MODULE = Path(__file__).parent / "programs"
"""The Go module that pins every version; its go.sum is part of the checkout."""

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_NO_GO = 3


class BuildError(Exception):
    """A program could not be built. The message is one line."""

    exit_code = EXIT_FAILED


class GoMissingError(BuildError):
    """There is no Go on this machine."""

    exit_code = EXIT_NO_GO


@dataclass(frozen=True, slots=True)
class Program:
    """A command to build: the name it gets, and the Go package it is made from."""

    name: str
    package: str


PROGRAMS = (
    Program("etcd", "go.etcd.io/etcd/server/v3"),
    Program("kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver"),
    Program("kube-controller-manager", "k8s.io/kubernetes/cmd/kube-controller-manager"),
)
"""Add a line here and an import in `programs/programs.go`, then run `go mod tidy` there."""


def read_version(module: Path = MODULE) -> str:
    """Return the Kubernetes version that the Go module asks for, without its `v`."""
    found = re.search(r"^\s*k8s\.io/kubernetes v(\S+)$", (module / "go.mod").read_text(), re.M)
    if found is None:
        raise BuildError(f"cannot build: no version of k8s.io/kubernetes in {module / 'go.mod'}")
    return found.group(1)


def locate_cache(environ: Mapping[str, str], *, version: str) -> Path:
    """Return the folder that holds the programs of one version, there or not."""
    home = environ.get("HOME")
    cache = environ.get("XDG_CACHE_HOME") or (Path(home) if home else Path.home()) / ".cache"
    return Path(cache) / "kubefedctl" / "envtest" / version


def list_missing(folder: Path) -> list[Program]:
    """Return the programs that are not in *folder* as executable files."""
    return [program for program in PROGRAMS if not _is_executable(folder / program.name)]


def build_programs(environ: Mapping[str, str]) -> str:
    """
    Build what is missing and return one line that says what was done.

    Raises:
        GoMissingError: There is something to build and no `go` on the PATH.
        BuildError: `go` refused; its own words went to stderr.
    """
    assets = environ.get("KUBEBUILDER_ASSETS")
    if assets and not list_missing(Path(assets)):
        return f"nothing to build: KUBEBUILDER_ASSETS has all programs ({assets})"
    version = read_version()
    folder = locate_cache(environ, version=version)
    if not list_missing(folder):
        return f"nothing to build: Kubernetes {version} is in {folder}"
    go = shutil.which("go", path=environ.get("PATH"))
    if go is None:
        raise GoMissingError(
            "cannot build the control plane programs: no `go` on the PATH"
            " (install Go, or set KUBEBUILDER_ASSETS)"
        )
    folder.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with _hold_lock(folder / ".lock") as lock:
        for program in list_missing(folder):
            print(f"building {program.name} (Kubernetes {version}) ...", flush=True)
            _build_program(program, folder, go=go, environ=environ, lock=lock)
    return f"built Kubernetes {version} in {folder} in {time.monotonic() - started:.0f} s"


def _build_program(
    program: Program, folder: Path, *, go: str, environ: Mapping[str, str], lock: int
) -> None:
    partial = folder / f".{program.name}.partial"
    partial.unlink(missing_ok=True)
    command = [go, "build", "-mod=readonly", "-trimpath", "-ldflags", _make_ldflags(read_version())]
    settings = {"CGO_ENABLED": "0", "GOWORK": "off", "GO111MODULE": "on"}
    ended = subprocess.run(
        [*command, "-o", str(partial), program.package],
        cwd=MODULE,
        env={**environ, **settings},
        pass_fds=[lock],
        check=False,
    )
    if ended.returncode != 0:
        raise BuildError(f"cannot build {program.name}: `go build` ended with {ended.returncode}")
    if not _is_executable(partial):
        raise BuildError(f"cannot build {program.name}: `go build` left no program")
    partial.replace(folder / program.name)


def _make_ldflags(version: str) -> str:
    """
    Return the linker flags that stamp the version.

    NB: without them a server says v0.0.0-master, which clients stumble over.
    """
    major, minor = version.split(".")[:2]
    stamps = {"gitVersion": f"v{version}", "gitMajor": major, "gitMinor": minor}
    package = "k8s.io/component-base/version"
    return " ".join(["-s", "-w", *(f"-X {package}.{key}={value}" for key, value in stamps.items())])


@contextmanager
def _hold_lock(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("waiting for another build to end ...", flush=True)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _is_executable(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def main() -> int:
    """Build what is missing; print one line and return the exit code."""
    try:
        print(build_programs(os.environ))
    except BuildError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except OSError as error:
        print(f"error: cannot build the control plane programs: {error}", file=sys.stderr)
        return EXIT_FAILED
    return EXIT_DONE


if __name__ == "__main__":
    sys.exit(main())
