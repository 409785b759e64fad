"""
Tokens that end: asking for one, what is recorded of it, and when a new one is due.

Here: pure decisions about `join --credential tokenrequest`. The token itself is only ever in the
host's Secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from kubefedctl.core.joining import HOST_CLUSTER_NAME_ANNOTATION, JoinNames
from kubefedctl.model.objects import annotations_of, text_at
from kubefedctl.model.refs import Object, Resource
from kubefedctl.model.wellknown import SERVICE_ACCOUNTS

TOKEN_EXPIRES_ANNOTATION = "kubefed.io/token-expires"
"""On a KubeFedCluster joined with `--credential tokenrequest`: when its token ends."""

TOKEN_ISSUED_ANNOTATION = "kubefed.io/token-issued"
"""Beside it: when the token was asked for."""

CREDENTIAL_ANNOTATIONS = (TOKEN_EXPIRES_ANNOTATION, TOKEN_ISSUED_ANNOTATION)
_LIFE = 30 * 24 * 3600
_SHARE_LEFT = 3


def make_token_request(names: JoinNames) -> tuple[Resource, Object]:
    """
    Return the request for a token of the service account, for 30 days.

    An API server may grant less. Nothing is stored by it.
    """
    resource = Resource(
        "",
        "v1",
        f"{SERVICE_ACCOUNTS.plural}/{names.service_account}/token",
        "TokenRequest",
        namespaced=True,
    )
    return resource, {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "metadata": {"namespace": names.namespace},
        "spec": {"audiences": [], "expirationSeconds": _LIFE},
    }


def read_token(answer: Object) -> tuple[str, str]:
    """Return the token and when it ends; empty where the answer has none."""
    return text_at(answer, "status", "token"), text_at(answer, "status", "expirationTimestamp")


def credential_annotations(names: JoinNames, *, issued: str, expires: str) -> dict[str, str]:
    """Return what a KubeFedCluster records of a token that ends; nothing for one that does not."""
    if not expires:
        return {}
    return {
        TOKEN_EXPIRES_ANNOTATION: expires,
        TOKEN_ISSUED_ANNOTATION: issued,
        HOST_CLUSTER_NAME_ANNOTATION: names.host,
    }


def has_ending_token(registered: Object | None) -> bool:
    """Return whether a KubeFedCluster records that its token ends."""
    return TOKEN_EXPIRES_ANNOTATION in annotations_of(registered or {})


def needs_renewal(registered: Object, *, now: str) -> bool:
    """
    Return whether less than a third of the token's life is left; so too where that is unreadable.

    >>> noted = {"kubefed.io/token-issued": "2026-01-01T00:00:00Z",
    ...          "kubefed.io/token-expires": "2026-01-31T00:00:00Z"}
    >>> cluster = {"metadata": {"annotations": noted}}
    >>> [needs_renewal(cluster, now=f"2026-01-{day}T00:00:01Z") for day in (20, 21)]
    [False, True]
    """
    noted = annotations_of(registered)
    if TOKEN_EXPIRES_ANNOTATION not in noted:
        return False
    issued, expires = _time(noted, TOKEN_ISSUED_ANNOTATION), _time(noted, TOKEN_EXPIRES_ANNOTATION)
    present = datetime.fromisoformat(now)
    if issued is None or expires is None:
        return True
    return expires - present < (expires - issued) / _SHARE_LEFT


def _time(noted: Mapping[str, object], name: str) -> datetime | None:
    text = noted.get(name)
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None
