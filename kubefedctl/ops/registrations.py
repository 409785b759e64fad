"""
Members as the host records them: KubeFedClusters, each with the token of its Secret.

Not here: whether a member answers (`probing`).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from kubefedctl.cluster.port import Cluster
from kubefedctl.errors import ForbiddenError, InputError, NotFoundError
from kubefedctl.model.clusters import MemberAccess, Registration, parse_registration
from kubefedctl.model.objects import map_at, name_of
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.wellknown import SECRETS
from kubefedctl.ops.fanout import run_all


@dataclass(frozen=True, slots=True)
class Registered:
    """
    The members of a federation.

    Args:
        registrations: Every KubeFedCluster, by name.
        malformed: Those that cannot be used, with the cause in words, by name.
        accesses: Registrations with their tokens, where the Secret has one.
    """

    registrations: Mapping[str, Registration]
    malformed: Mapping[str, str]
    accesses: Mapping[str, MemberAccess]


def read_registrations(host: Cluster, listed: Iterable[Object], *, namespace: str) -> Registered:
    """
    Return what the KubeFedClusters that were *listed* say, with the tokens of their Secrets.

    Raises:
        ClusterError: The host did not answer.
    """
    registrations: dict[str, Registration] = {}
    malformed: dict[str, str] = {}
    for found in listed:
        try:
            registrations[name_of(found)] = parse_registration(found)
        except InputError as error:
            registrations[name_of(found)] = parse_registration(_without_ca_bundle(found))
            malformed[name_of(found)] = error.message
    accesses = _read_accesses(host, registrations, malformed, namespace=namespace)
    return Registered(registrations, malformed, accesses)


def _without_ca_bundle(obj: Object) -> Object:
    return {**obj, "spec": {k: v for k, v in map_at(obj, "spec").items() if k != "caBundle"}}


def _read_accesses(
    host: Cluster,
    registrations: Mapping[str, Registration],
    malformed: dict[str, str],
    *,
    namespace: str,
) -> dict[str, MemberAccess]:
    """Join each registration with the token of its Secret; what is wrong goes into *malformed*."""
    secrets = _read_secrets(host, registrations, namespace=namespace)
    accesses: dict[str, MemberAccess] = {}
    for name, registration in registrations.items():
        if name in malformed:
            continue
        token = _token_of(secrets.get(registration.secret_name))
        if token is None:
            malformed[name] = (
                f"Secret {namespace}/{registration.secret_name} has no usable token"
                if registration.secret_name
                else "spec.secretRef.name is missing"
            )
        else:
            accesses[name] = MemberAccess(registration, token)
    return accesses


def _read_secrets(
    host: Cluster, registrations: Mapping[str, Registration], *, namespace: str
) -> dict[str, Object]:
    """The Secrets of *registrations* by name; one by one only where listing is forbidden."""
    names = sorted({found.secret_name for found in registrations.values()} - {""})
    if not names:
        return {}
    try:
        listed = host.list(SECRETS, namespace=namespace, field_selector="type=Opaque").items
    except ForbiddenError:
        listed = ()
    secrets = {name_of(found): found for found in listed}
    missing = [name for name in names if name not in secrets]
    found = run_all([partial(_try_get_secret, host, Key(namespace, name)) for name in missing])
    return secrets | {name_of(secret): secret for secret in found if secret is not None}


def _try_get_secret(host: Cluster, key: Key) -> Object | None:
    try:
        return host.get(SECRETS, key)
    except NotFoundError:
        return None


def _token_of(secret: Object | None) -> str | None:
    text = map_at(secret, "data").get("token") if secret is not None else None
    if not isinstance(text, str):
        return None
    try:
        return base64.b64decode(text, validate=True).decode("ascii") or None
    except (binascii.Error, ValueError):
        return None
