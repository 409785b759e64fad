"""
Which Secrets earlier joins of a member left in the host.

Each join that is given no `--secret-name` lets the API server name a new Secret. One that is cut
short before its KubeFedCluster is written, or that is followed by another, leaves a valid token
that nobody uses. So does one with a token that stays, once the member is joined with one that ends.
"""

from __future__ import annotations

from collections.abc import Iterable

from kubefedctl.core.joining import (
    SERVICE_ACCOUNT_NAME_ANNOTATION,
    SERVICE_ACCOUNT_TOKEN,
    JoinNames,
)
from kubefedctl.model.objects import annotations_of, map_at, name_of, text_at
from kubefedctl.model.refs import Object


def former_secrets(
    secrets: Iterable[Object], registrations: Iterable[Object], *, cluster: str
) -> tuple[Object, ...]:
    """
    Return those *secrets* that joins of *cluster* generated, and that no other cluster uses.

    Args:
        secrets: Secrets of KubeFed's namespace.
        registrations: The KubeFedClusters there.
        cluster: The member's name.
    """
    used = {
        text_at(found, "spec", "secretRef", "name")
        for found in registrations
        if name_of(found) != cluster
    }
    return tuple(
        found
        for found in secrets
        if text_at(found, "metadata", "generateName") == f"{cluster}-"
        and text_at(found, "type") in ("", "Opaque")
        and set(map_at(found, "data")) == {"token"}
        and name_of(found) not in used
    )


def is_token_secret(found: Object, names: JoinNames) -> bool:
    """Return whether a Secret of the member is the one that join makes for its account's token."""
    account = annotations_of(found).get(SERVICE_ACCOUNT_NAME_ANNOTATION)
    return text_at(found, "type") == SERVICE_ACCOUNT_TOKEN and account == names.service_account
