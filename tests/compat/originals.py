"""
The original programs, kubefedctl and controller-manager of KubeFed 0.10, run beside ours.

They are no package of a registry: `KUBEFED_ASSETS` names the folder that has them. Both run on the
real control planes of the test, on loopback alone.
"""

from __future__ import annotations

import copy
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.clusters import KNS, Api, Clusters, Ran

PROGRAMS = ("kubefedctl", "controller-manager")
_SERVERS_OWN = (
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "generation",
    "managedFields",
    "selfLink",
)
_TOKEN_NOTES = ("kubernetes.io/service-account.uid", "kubernetes.io/legacy-token-last-used")


def find_originals(environ: Mapping[str, str]) -> Path | None:
    """
    Return the folder with both programs; None where `KUBEFED_ASSETS` is not set.

    Raises:
        FileNotFoundError: The folder that it names lacks one of them.
    """
    folder = environ.get("KUBEFED_ASSETS", "")
    if not folder:
        return None
    for name in PROGRAMS:
        if not os.access(Path(folder) / name, os.X_OK):
            raise FileNotFoundError(f"KUBEFED_ASSETS={folder} has no program {name}")
    return Path(folder).absolute()


class Original:
    """The original kubefedctl, on a fleet whose host is cluster1."""

    def __init__(self, folder: Path, fleet: Clusters) -> None:
        self._folder = folder
        self._fleet = fleet

    def run(self, *arguments: str, code: int | None = 0) -> Ran:
        """Run a command; the host is cluster1 unless *arguments* say otherwise."""
        given = list(arguments)
        if "--host-cluster-context" not in given:
            given += ["--host-cluster-context", "cluster1"]
        done = subprocess.run(
            [str(self._folder / "kubefedctl"), *given],
            env=dict(self._fleet.env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert code is None or done.returncode == code, f"{done.returncode}\n{done.stderr}"
        return Ran(done.returncode, done.stdout, done.stderr)

    @contextmanager
    def controllers(self) -> Iterator[None]:
        """Let the controller-manager work; it is stopped at the end."""
        config = yaml.safe_load(self._fleet.kubeconfig.read_text())
        config["current-context"] = "cluster1"
        kubeconfig = self._fleet.folder / "controllers.kubeconfig"
        kubeconfig.touch(mode=0o600)
        kubeconfig.write_text(yaml.safe_dump(config))
        command = [
            str(self._folder / "controller-manager"),
            f"--kubeconfig={kubeconfig}",
            f"--kubefed-namespace={KNS}",
            "--healthz-addr=127.0.0.1:0",
            "--metrics-addr=127.0.0.1:0",
        ]
        log = self._fleet.folder / "controllers.log"
        with log.open("w") as written:
            running = subprocess.Popen(
                command, env=dict(self._fleet.env), stdout=written, stderr=written
            )
            try:
                yield
                assert running.poll() is None, log.read_text()[-2000:]
            finally:
                running.terminate()
                try:
                    running.wait(timeout=10)
                except subprocess.TimeoutExpired:
                    running.kill()
                    running.wait()


def eventually(look: Callable[[], Any], *, seconds: float = 60.0) -> Any:
    """Return the first true answer of *look*; fail when the time is over."""
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end, f"not within {seconds:.0f} s"
        time.sleep(0.2)
    return found


def strip(obj: Any) -> Any:
    """
    Return an object as another run would leave it.

    Ids, times, and what servers and token controllers write are taken out; generated names and
    the contents of Secrets become placeholders.
    """
    if obj is None:
        return None
    found = copy.deepcopy(obj)
    metadata = found["metadata"]
    for field in _SERVERS_OWN:
        metadata.pop(field, None)
    for part in ("labels", "annotations"):
        for note in _TOKEN_NOTES:
            metadata.get(part, {}).pop(note, None)
        if not metadata.get(part, True):
            del metadata[part]
    if metadata.get("generateName"):
        metadata["name"] = "GENERATED"
    if found.get("kind") == "Secret":
        found["data"] = dict.fromkeys(found.get("data", {}), "DATA")
    found.pop("status", None)
    return found


def listable(api: Api) -> list[str]:
    """Return every type that the cluster can list, in its preferred version, as `plural.group`."""
    versions = {"": "/api/v1"}
    for group in api.get("/apis")["groups"]:
        versions[group["name"]] = f"/apis/{group['preferredVersion']['groupVersion']}"
    return sorted(
        f"{found['name']}.{group}".rstrip(".")
        for group, path in versions.items()
        for found in api.get(path)["resources"]
        if "/" not in found["name"] and "list" in found["verbs"]
    )
