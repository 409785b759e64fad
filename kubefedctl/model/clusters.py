"""
What is known of a cluster: how to reach it, and how the host records it as a KubeFedCluster.

Laws:
1. A token never appears in a repr.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field

from kubefedctl.errors import InputError
from kubefedctl.model.objects import labels_of, list_at, map_at, name_of, text_at, uid_of
from kubefedctl.model.refs import Object
from kubefedctl.model.statuses import ClusterCondition


@dataclass(frozen=True, slots=True)
class Endpoint:
    """
    How a kubeconfig context reaches its API server, as `join` records it.

    Args:
        server: URL of the API server, as the kubeconfig spells it.
        ca_data: PEM certificates of the CA; empty where the system's are used.
        insecure: `insecure-skip-tls-verify`.
        proxy_url: `proxy-url`; empty for none.
        tls_server_name: `tls-server-name`; empty for the server's host.
        namespace: The context's default namespace; empty where it names none.
        user: The kubeconfig's name for the user of the context, for messages.
    """

    server: str
    ca_data: bytes = b""
    insecure: bool = False
    proxy_url: str = ""
    tls_server_name: str = ""
    namespace: str = ""
    user: str = ""


@dataclass(frozen=True, slots=True)
class Expiry:
    """
    When something that a cluster is reached with ends.

    Args:
        what: Such as `token`, `client certificate`, `CA certificate`, `server certificate`.
        ends: RFC 3339, UTC, whole seconds.
    """

    what: str
    ends: str


@dataclass(frozen=True, slots=True)
class Registration:
    """
    A KubeFedCluster: a member cluster as the host knows it.

    Args:
        name: Its name in the federation.
        labels: What cluster selectors match; only strings.
        api_endpoint: URL of the API server.
        secret_name: Secret in the KubeFed namespace that holds the token.
        ca_bundle: PEM certificates of the CA, decoded.
        proxy_url: Proxy to use; empty for none.
        disabled_tls_validations: Of `*`, `SubjectName`, `ValidityPeriod`.
        uid: The object's uid.
        source: The object as read.
    """

    name: str
    labels: Mapping[str, str]
    api_endpoint: str
    secret_name: str
    ca_bundle: bytes = b""
    proxy_url: str = ""
    disabled_tls_validations: tuple[str, ...] = ()
    uid: str = ""
    source: Object = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class MemberAccess:
    """
    A registration together with the token of its Secret: enough to connect.

    Args:
        registration: The KubeFedCluster.
        token: Bearer token of the service account that `join` made.
    """

    registration: Registration
    token: str = field(repr=False)


def parse_registration(obj: Object) -> Registration:
    """
    Return the view of a KubeFedCluster.

    Raises:
        InputError: `caBundle` is not base64, or a field has an impossible type.

    Upstream: pkg/apis/core/v1beta1/kubefedcluster_types.go @ v0.10.0.
    """
    spec = map_at(obj, "spec")
    return Registration(
        name=name_of(obj),
        labels={key: value for key, value in labels_of(obj).items() if isinstance(value, str)},
        api_endpoint=text_at(spec, "apiEndpoint"),
        secret_name=text_at(spec, "secretRef", "name"),
        ca_bundle=_decode_ca_bundle(obj),
        proxy_url=text_at(spec, "proxyURL"),
        disabled_tls_validations=tuple(
            item for item in list_at(spec, "disabledTLSValidations") if isinstance(item, str)
        ),
        uid=uid_of(obj),
        source=obj,
    )


def is_ready(obj: Object) -> bool:
    """Return whether a KubeFedCluster object has the condition Ready with status True."""
    return any(
        text_at(condition, "type") == ClusterCondition.READY
        and text_at(condition, "status") == "True"
        for condition in list_at(obj, "status", "conditions")
    )


def _decode_ca_bundle(obj: Object) -> bytes:
    try:
        return base64.b64decode(text_at(obj, "spec", "caBundle"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError(
            f"KubeFedCluster {name_of(obj)}: spec.caBundle is not base64",
            hint="set it to the base64 form of the cluster's CA in PEM",
        ) from error
