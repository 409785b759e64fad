"""
The live fleet: the host cluster, contexts of the kubeconfig, and members by their registration.

Laws:
1. Each cluster is connected once and its pool is shared; `close` closes them all.
2. Nothing is read before the first cluster is asked for.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from types import TracebackType

from kubefedctl.cluster.access import Access, Timeouts
from kubefedctl.cluster.contexts import find_context, resolve_context
from kubefedctl.cluster.incluster import (
    IN_CLUSTER,
    SERVICE_ACCOUNT,
    is_in_cluster,
    load_in_cluster,
)
from kubefedctl.cluster.kubeconfig import Kubeconfig, load_kubeconfig
from kubefedctl.cluster.live import LiveCluster
from kubefedctl.cluster.registrations import resolve_registration
from kubefedctl.cluster.retrying import RetryPolicy
from kubefedctl.cluster.transport import Trace
from kubefedctl.errors import KubeconfigError
from kubefedctl.model.clusters import MemberAccess


class LiveFleet:
    """
    The `Fleet` over the network; a context manager that closes its clusters.

    Args:
        kubeconfig: Value of `--kubeconfig`; empty for `$KUBECONFIG`, `~/.kube/config`, or the
            configuration of the pod it runs in.
        host_context: Context of the host cluster; empty for the current one.
        timeouts: Limits of a request.
        policy: Bounds of trying again.
        trace: Told of each try of a request: cluster, method, path, status, milliseconds.
        environ: Environment variables.
        service_account: Where a pod finds its service account.
    """

    def __init__(
        self,
        kubeconfig: str = "",
        host_context: str = "",
        *,
        timeouts: Timeouts = Timeouts(),  # noqa: B008 - frozen
        policy: RetryPolicy = RetryPolicy(),  # noqa: B008 - frozen
        trace: Trace | None = None,
        environ: Mapping[str, str] = os.environ,
        service_account: Path = SERVICE_ACCOUNT,
    ) -> None:
        self._kubeconfig_path = kubeconfig
        self._host_context = host_context
        self._timeouts = timeouts
        self._policy = policy
        self._trace = trace
        self._environ = environ
        self._service_account = service_account
        self._lock = threading.RLock()
        self._contexts: dict[str, LiveCluster] = {}
        self._members: dict[str, tuple[MemberAccess, LiveCluster]] = {}
        self._replaced: list[LiveCluster] = []

    def __enter__(self) -> LiveFleet:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def host(self) -> LiveCluster:
        """The host cluster."""
        return self.context(self._host_context)

    @property
    def host_context_name(self) -> str:
        """The context of the host cluster by its name, also where the current one is meant."""
        return self._name_of(self._host_context)

    @cached_property
    def kubeconfig(self) -> Kubeconfig:
        """The merged kubeconfig; empty in a pod without one."""
        return load_kubeconfig(self._kubeconfig_path, environ=self._environ)

    def open_host_apart(self) -> LiveCluster:
        """Return the host over connections of its own, for what must not wait behind other work."""
        cluster = self._open(self._resolve(self._host_context))
        with self._lock:
            self._replaced.append(cluster)
        return cluster

    def context(self, name: str) -> LiveCluster:
        """Return the cluster of a kubeconfig context (empty: the current one)."""
        with self._lock:
            known = self._name_of(name)
            if known not in self._contexts:
                self._contexts[known] = self._open(self._resolve(name))
            return self._contexts[known]

    def connect(self, access: MemberAccess) -> LiveCluster:
        """
        Return a member by its registration and token.

        A member whose registration or token changed since is connected anew.

        Raises:
            InputError: The registration or the token cannot be used.
        """
        name = access.registration.name
        with self._lock:
            known = self._members.get(name)
            if known is not None:
                if known[0] == access:
                    return known[1]
                self._replaced.append(known[1])
            cluster = self._open(resolve_registration(access))
            self._members[name] = (access, cluster)
            return cluster

    def close(self) -> None:
        """Give back the connections of all clusters."""
        with self._lock:
            members = [cluster for _, cluster in self._members.values()]
            clusters = [*self._contexts.values(), *members, *self._replaced]
            self._contexts.clear()
            self._members.clear()
            self._replaced.clear()
        for cluster in clusters:
            cluster.close()

    def _uses_pod(self, name: str) -> bool:
        if name not in ("", IN_CLUSTER) or self._kubeconfig_path:
            return False
        if not self.kubeconfig.is_empty:
            return False
        return is_in_cluster(self._environ, self._service_account)

    def _name_of(self, name: str) -> str:
        return IN_CLUSTER if self._uses_pod(name) else self._find(name)

    def _find(self, name: str) -> str:
        if self.kubeconfig.is_empty:
            raise KubeconfigError(
                f"no kubeconfig: {self.kubeconfig.place} does not exist or is empty",
                hint="give one with --kubeconfig or $KUBECONFIG",
            )
        return find_context(self.kubeconfig, name).name

    def _resolve(self, name: str) -> Access:
        if self._uses_pod(name):
            return load_in_cluster(self._environ, self._service_account)
        return resolve_context(self.kubeconfig, name)

    def _open(self, access: Access) -> LiveCluster:
        return LiveCluster(access, timeouts=self._timeouts, policy=self._policy, trace=self._trace)
