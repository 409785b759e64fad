"""
One cluster's control plane: etcd, kube-apiserver and kube-controller-manager.

Here belongs how the three are configured and put together, and what "pristine" means.
How many there are, and the kubeconfig of them all, is `pool`'s affair.

Laws:
1. `reset` works on the keys in etcd, not through the API: finalizers, webhooks, broken
   conversions and stuck namespaces can't hold it up. The API server and the controllers
   see ordinary deletions. (Measured on two cores: 0.1 to 0.2 s after 200 objects; the
   deletion of one namespace through the API 5.2 s, a restart of the three 4.4 s.)
2. A plane that was hung or stopped keeps its port, so that its kubeconfig stays right.

Left out: kubelets, scheduler and all controllers but those of service accounts, their
tokens, namespaces and garbage collection. The garbage collector looks for new types
every 30 seconds only.
"""

from __future__ import annotations

import contextlib
import shutil
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.controlplanes.binaries import Binaries
from tests.controlplanes.certs import Authority, KeyPair, make_signing_pair
from tests.controlplanes.keyspace import OPERATIONS_LIMIT, Keyspace
from tests.controlplanes.ports import Port, reserve_port
from tests.controlplanes.processes import ServerProcess
from tests.controlplanes.wire import Endpoint, WireError

SYSTEM_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")

_START_SECONDS = 120.0
_RESET_SECONDS = 30.0
_PAUSE = 0.05

_IGNORED_KEYS = ("leases/kube-system/", "masterleases/")
"""Heartbeats of the API server."""

_FICKLE_KEYS = ("flowschemas/", "prioritylevelconfigurations/", "apiregistration.k8s.io/")
"""Their status is written by the API server when it likes."""


class ControlPlaneError(Exception):
    """A control plane did not become what it should be."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client needs: the API server's address and authority, and who it is itself."""

    server: str
    authority: bytes
    client: KeyPair


class ControlPlane:
    """
    A control plane in *folder*. It is started by `start` and must be stopped by `stop`.

    `api` sends requests as a member of system:masters, for what a test prepares and checks.
    """

    def __init__(self, name: str, *, folder: Path, binaries: Binaries) -> None:
        self.name = name
        self._folder = folder
        self._binaries = binaries
        self._ports: dict[str, Port] = {}

    def start(self) -> None:
        """
        Start the three and return when the cluster is usable and remembered as pristine.

        Raises:
            ProcessError: One of them died or was not ready in time.
        """
        self._folder.mkdir(parents=True)
        for use in ("etcd", "peers", "api", "controllers"):
            self._ports[use] = reserve_port()
        self.credentials = self._write_files()
        self.api = Endpoint(self._number("api"), tls=self._make_tls())
        etcd = Endpoint(self._number("etcd"))
        self._etcd = self._prepare(self._etcd_command())
        self._api_server = self._prepare(self._api_server_command())
        self._controllers = self._prepare(self._controllers_command())
        self._keyspace = Keyspace(
            etcd, prefix="/registry/", ignored=_IGNORED_KEYS, fickle=_FICKLE_KEYS
        )
        self._etcd.start()
        self._etcd.await_ready(lambda: etcd.is_healthy("/health"), seconds=_START_SECONDS)
        self.start_api_server()
        self._start_controllers()
        self._controllers.await_ready(self._has_defaults, seconds=_START_SECONDS)
        self._keyspace.remember()

    def stop(self) -> None:
        """Stop the three and remove their data; the logs stay. Twice does no harm."""
        for process in self._started():
            process.kill()  # nothing of it is needed any more
        shutil.rmtree(self._folder / "etcd", ignore_errors=True)
        for port in self._ports.values():
            port.release()

    def hang_api_server(self) -> None:
        """Freeze the API server: clients connect and get no answer."""
        self._api_server.hang()

    def unhang_api_server(self) -> None:
        """Let a frozen API server go on."""
        self._api_server.unhang()

    def stop_api_server(self) -> None:
        """End the API server: clients are refused."""
        self._api_server.kill()

    def start_api_server(self) -> None:
        """Start the API server, unless it runs, and return when it is ready."""
        self._api_server.start()
        self._api_server.await_ready(lambda: self.api.is_healthy("/readyz"), seconds=_START_SECONDS)

    def reset(self) -> None:
        """
        Bring the cluster back to what it was after its start.

        A hung or stopped API server runs again afterwards.

        Raises:
            ControlPlaneError: Something kept changing the cluster.
        """
        self._api_server.unhang()
        self.start_api_server()
        self._start_controllers()
        deadline = time.monotonic() + _RESET_SECONDS
        while (difference := self._keyspace.compare()) or not self._is_noticed():
            if time.monotonic() > deadline:
                raise ControlPlaneError(f"{self.name} is not pristine: {difference}")
            self._keyspace.put_back(difference)
            time.sleep(_PAUSE)

    def _is_noticed(self) -> bool:
        """
        Tell whether the API server serves what etcd holds.

        It learns of the end of custom resources by watching their definitions.
        """
        groups = {group["name"] for group in self.api.ask("GET", "/apis")["groups"]}
        return groups == self._groups and self._list_namespaces() == sorted(SYSTEM_NAMESPACES)

    def _has_defaults(self) -> bool:
        """Tell whether the cluster has all that it makes by itself."""
        with contextlib.suppress(WireError):
            accounts = self.api.ask("GET", "/api/v1/serviceaccounts")["items"]
            owned = [account["metadata"]["namespace"] for account in accounts]
            service = self.api.send("GET", "/api/v1/namespaces/default/services/kubernetes")
            answer = self.api.ask("GET", "/apis")
            self._groups = {group["name"] for group in answer["groups"]}
            return (
                sorted(owned) == self._list_namespaces() == sorted(SYSTEM_NAMESPACES)
                and service.status == 200
            )
        return False

    def _list_namespaces(self) -> list[str]:
        namespaces = self.api.ask("GET", "/api/v1/namespaces")["items"]
        return sorted(namespace["metadata"]["name"] for namespace in namespaces)

    def _start_controllers(self) -> None:
        """Start the controllers, unless they run: they give up on a hung API server."""
        health = Endpoint(self._number("controllers"), tls=self.api.tls)
        self._controllers.start()
        self._controllers.await_ready(lambda: health.is_healthy("/healthz"), seconds=_START_SECONDS)

    def _started(self) -> Iterator[ServerProcess]:
        for attribute in ("_controllers", "_api_server", "_etcd"):
            process: ServerProcess | None = getattr(self, attribute, None)
            if process is not None:
                yield process

    def _number(self, use: str) -> int:
        return self._ports[use].number

    def _file(self, name: str) -> str:
        return str(self._folder / name)

    def _prepare(self, command: list[str]) -> ServerProcess:
        return ServerProcess(command, log=self._folder / f"{Path(command[0]).name}.log")

    def _make_tls(self) -> ssl.SSLContext:
        tls = ssl.create_default_context(cafile=self._file("ca.crt"))
        tls.load_cert_chain(self._file("admin.crt"), self._file("admin.key"))
        return tls

    def _write_files(self) -> Credentials:
        authority = Authority(f"{self.name} for tests only")
        server = authority.issue_server()
        admin = authority.issue_client("kubernetes-admin", groups=("system:masters",))
        signing = make_signing_pair()
        credentials = Credentials(
            f"https://127.0.0.1:{self._number('api')}", authority.certificate, admin
        )
        files = {
            "ca.crt": authority.certificate,
            "server.crt": server.public,
            "server.key": server.key,
            "admin.crt": admin.public,
            "admin.key": admin.key,
            "sa.pub": signing.public,
            "sa.key": signing.key,
            "kubeconfig": self._make_controllers_kubeconfig(credentials.server),
        }
        for name, content in files.items():
            path = self._folder / name
            path.touch(mode=0o600)
            path.write_bytes(content)
        return credentials

    def _make_controllers_kubeconfig(self, server: str) -> bytes:
        name = self.name
        user = {
            "client-certificate": self._file("admin.crt"),
            "client-key": self._file("admin.key"),
        }
        cluster = {"server": server, "certificate-authority": self._file("ca.crt")}
        document: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": cluster}],
            "users": [{"name": name, "user": user}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "current-context": name,
        }
        return yaml.safe_dump(document).encode()

    def _etcd_command(self) -> list[str]:
        client = f"http://127.0.0.1:{self._number('etcd')}"
        peers = f"http://127.0.0.1:{self._number('peers')}"
        return [
            str(self._binaries.etcd),
            f"--name={self.name}",
            f"--data-dir={self._file('etcd')}",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peers}",
            f"--initial-advertise-peer-urls={peers}",
            f"--initial-cluster={self.name}={peers}",
            f"--max-txn-ops={OPERATIONS_LIMIT}",
            "--unsafe-no-fsync",
            "--log-level=warn",
        ]

    def _api_server_command(self) -> list[str]:
        return [
            str(self._binaries.kube_apiserver),
            f"--etcd-servers=http://127.0.0.1:{self._number('etcd')}",
            f"--secure-port={self._number('api')}",
            "--bind-address=127.0.0.1",
            f"--cert-dir={self._file('api-server')}",
            f"--tls-cert-file={self._file('server.crt')}",
            f"--tls-private-key-file={self._file('server.key')}",
            f"--client-ca-file={self._file('ca.crt')}",
            f"--service-account-key-file={self._file('sa.pub')}",
            f"--service-account-signing-key-file={self._file('sa.key')}",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--authorization-mode=RBAC",
            "--service-cluster-ip-range=10.0.0.0/24",
            "--disable-admission-plugins=ServiceAccount",
        ]

    def _controllers_command(self) -> list[str]:
        return [
            str(self._binaries.kube_controller_manager),
            f"--kubeconfig={self._file('kubeconfig')}",
            f"--service-account-private-key-file={self._file('sa.key')}",
            f"--root-ca-file={self._file('ca.crt')}",
            "--controllers=serviceaccount,serviceaccount-token,namespace,garbagecollector",
            "--leader-elect=false",
            "--bind-address=127.0.0.1",
            f"--secure-port={self._number('controllers')}",
            f"--cert-dir={self._file('controllers')}",
            f"--tls-cert-file={self._file('server.crt')}",
            f"--tls-private-key-file={self._file('server.key')}",
            "--kube-api-qps=1000",
            "--kube-api-burst=1000",
        ]
