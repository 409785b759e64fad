"""
The configuration that Kubernetes gives to a pod: its API server, CA and a token that rotates.

The official client finds and checks it. Its token is not used: the client hands it to its own
requests alone, without a lock, and cannot read it anew after a 401, which `TokenFile` does.

Upstream: k8s.io/client-go/rest/config.go, InClusterConfig.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kubefedctl.cluster.access import Access, Origin
from kubefedctl.cluster.credentials import TokenFile
from kubefedctl.errors import KubeconfigError
from kubefedctl.model.clusters import Endpoint

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
IN_CLUSTER = "in-cluster"
"""What messages call the cluster that the pod runs in."""


def is_in_cluster(environ: Mapping[str, str], folder: Path = SERVICE_ACCOUNT) -> bool:
    """Return whether this process runs in a pod that may talk to its API server."""
    return bool(
        environ.get("KUBERNETES_SERVICE_HOST")
        and environ.get("KUBERNETES_SERVICE_PORT")
        and (folder / "token").is_file()
    )


def load_in_cluster(environ: Mapping[str, str], folder: Path = SERVICE_ACCOUNT) -> Access:
    """
    Return the access that a pod has by its service account.

    Raises:
        KubeconfigError: The service account's token or `ca.crt` is missing, empty or unreadable.
    """
    from kubernetes.client import Configuration
    from kubernetes.config import ConfigException
    from kubernetes.config.incluster_config import InClusterConfigLoader

    token, ca_file, namespace = (folder / name for name in ("token", "ca.crt", "namespace"))
    configuration = Configuration()
    loader: Any = InClusterConfigLoader
    try:
        loader(str(token), str(ca_file), environ=environ).load_and_set(configuration)
        endpoint = Endpoint(
            server=configuration.host,
            ca_data=ca_file.read_bytes(),
            namespace=namespace.read_text().strip() if namespace.is_file() else "",
        )
    except (ConfigException, OSError, UnicodeError) as error:
        raise KubeconfigError(
            f"in-cluster configuration: cannot use the service account in {folder}: "
            f"{_reason_of(error)}",
            hint="mount the service account's token, or give a kubeconfig",
        ) from error
    return Access(
        name=IN_CLUSTER,
        endpoint=endpoint,
        credentials=TokenFile(token, "in-cluster configuration: token"),
        origin=Origin.IN_CLUSTER,
    )


def _reason_of(error: Exception) -> str:
    if isinstance(error, UnicodeError):
        return "not text"
    words = getattr(error, "strerror", None) or str(error)
    return str(words).rstrip(".").lower()
