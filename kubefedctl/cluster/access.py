"""
All that is needed to reach one API server, as data, and where credentials come from.

Here: the frozen description that `kubeconfig`, `incluster` and `registrations` produce and
`transport` consumes. Not here: reading files, running plugins, sockets.

Laws:
1. A secret never appears in a repr.
2. A `CredentialSource` may be asked from several threads at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from kubefedctl.model.clusters import Endpoint


class Origin(StrEnum):
    """Where the description of a cluster was read; hints name the place to correct."""

    KUBECONFIG = "kubeconfig"
    REGISTRATION = "KubeFedCluster"
    IN_CLUSTER = "in-cluster configuration"


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """A client certificate with its chain, and its key, both PEM."""

    certificate: bytes = field(repr=False)
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Credential:
    """What a request shows of the caller: a bearer token, a password or a certificate."""

    token: str = field(default="", repr=False)
    username: str = ""
    password: str = field(default="", repr=False)
    certificate: ClientCertificate | None = None


class CredentialSource(Protocol):
    """Gives the credential of the moment; it may change while a command runs."""

    def current(self) -> Credential:
        """Return the credential to use now; raises KubeconfigError where there is none."""

    def renew(self, rejected: Credential) -> bool:
        """Look for a newer credential than *rejected*; return whether there is one."""


@dataclass(frozen=True, slots=True)
class StaticCredentials:
    """A credential that never changes."""

    credential: Credential = Credential()

    def current(self) -> Credential:
        """Return the one credential."""
        return self.credential

    def renew(self, rejected: Credential) -> bool:
        """Return False: there is no other."""
        del rejected
        return False


@dataclass(frozen=True, slots=True)
class Impersonation:
    """Whom to act as; all empty for nobody else."""

    user: str = ""
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Access:
    """
    One API server and how to present oneself there.

    Args:
        name: What messages call the cluster.
        endpoint: Where it is and whom to trust.
        credentials: Where the credential comes from.
        origin: Where all this was read.
        impersonation: Whom to act as.
        checks_name: Whether the certificate must hold the server's name.
        checks_validity_period: Whether the certificate must be valid now.
        asks_compression: Whether answers may come compressed.
    """

    name: str
    endpoint: Endpoint
    credentials: CredentialSource = field(default_factory=StaticCredentials)
    origin: Origin = Origin.KUBECONFIG
    impersonation: Impersonation = Impersonation()
    checks_name: bool = True
    checks_validity_period: bool = True
    asks_compression: bool = True


@dataclass(frozen=True, slots=True)
class Timeouts:
    """
    Limits of one request, in seconds.

    Args:
        connect: Until the connection stands, TLS included.
        read: Between two pieces of an answer.
        answer: Until the answer is complete; it bounds a peer that trickles.
    """

    connect: float = 5.0
    read: float = 30.0
    answer: float = 300.0
