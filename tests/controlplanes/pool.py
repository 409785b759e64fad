"""
Control planes kept for a whole test run, and one kubeconfig for as many as a test wants.

Planes are started when they are first asked for, side by side, and kept until `stop`.
Nothing here knows pytest.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml

from tests.controlplanes.binaries import Binaries
from tests.controlplanes.plane import ControlPlane, Credentials


class Pool:
    """Control planes by name; their files are in *folder*."""

    def __init__(self, folder: Path, *, binaries: Binaries) -> None:
        self._folder = folder
        self._binaries = binaries
        self._planes: dict[str, ControlPlane] = {}
        self.resets = 0
        """How often planes were reset: what was made on them before the last time is gone."""

    def plane(self, name: str) -> ControlPlane:
        """Return the plane of that name, started if need be."""
        return self.planes([name])[0]

    def planes(self, names: Sequence[str]) -> list[ControlPlane]:
        """
        Return the planes of these names; the new ones are started side by side.

        Raises:
            ProcessError: One did not come up. None of the new ones is left running then.
        """
        fresh = [
            ControlPlane(name, folder=self._folder / name, binaries=self._binaries)
            for name in dict.fromkeys(names)
            if name not in self._planes
        ]
        try:
            _run_side_by_side(fresh, ControlPlane.start)
        except BaseException:
            _run_side_by_side(fresh, ControlPlane.stop)
            raise
        self._planes.update((plane.name, plane) for plane in fresh)
        return [self._planes[name] for name in names]

    def reset(self, names: Sequence[str]) -> None:
        """Bring these planes back to what they were after their start, side by side."""
        self.resets += 1
        _run_side_by_side(self.planes(names), ControlPlane.reset)

    def kubeconfig(self, names: Sequence[str]) -> Path:
        """
        Return a kubeconfig with a context for each name; the first one is current.

        Certificates are inside, so the file can be copied anywhere. Its mode is 0600.
        """
        planes = self.planes(names)
        path = self._folder / f"{'-'.join(names)}.kubeconfig"
        path.touch(mode=0o600)
        document = _make_kubeconfig([(plane.name, plane.credentials) for plane in planes])
        path.write_text(yaml.safe_dump(document, sort_keys=False))
        return path

    def stop(self) -> None:
        """Stop all planes. Twice does no harm."""
        _run_side_by_side(list(self._planes.values()), ControlPlane.stop)
        self._planes.clear()


def _run_side_by_side(planes: Sequence[ControlPlane], act: Callable[[ControlPlane], None]) -> None:
    """Run *act* on every plane; raise the first failure when all have ended."""
    if planes:
        with ThreadPoolExecutor(max_workers=len(planes)) as executor:
            ended = [executor.submit(act, plane) for plane in planes]
        for one in ended:
            one.result()


def _make_kubeconfig(members: Sequence[tuple[str, Credentials]]) -> dict[str, Any]:
    clusters, users, contexts = [], [], []
    for name, credentials in members:
        user = f"{name}-admin"
        cluster = {
            "server": credentials.server,
            "certificate-authority-data": _encode(credentials.authority),
        }
        certificate = {
            "client-certificate-data": _encode(credentials.client.public),
            "client-key-data": _encode(credentials.client.key),
        }
        clusters.append({"name": name, "cluster": cluster})
        users.append({"name": user, "user": certificate})
        contexts.append({"name": name, "context": {"cluster": name, "user": user}})
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": members[0][0],
        "clusters": clusters,
        "contexts": contexts,
        "users": users,
    }


def _encode(pem: bytes) -> str:
    return base64.b64encode(pem).decode()
