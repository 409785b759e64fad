"""
Taking away the Secrets that earlier joins of a member left in the host or in the member.

Laws:
1. They are looked for before the first write, so that a Secret that is made since is not hit.
2. A read that is refused deletes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kubefedctl.cluster.port import Cluster
from kubefedctl.core.joining import JoinNames
from kubefedctl.core.leftovers import former_secrets, is_token_secret
from kubefedctl.errors import ClusterError, ForbiddenError, NotFoundError
from kubefedctl.model.events import Event, Step, Warned
from kubefedctl.model.objects import key_of, name_of, text_at
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.wellknown import KUBEFED_CLUSTERS, SECRETS
from kubefedctl.ops.removing import delete_seen
from kubefedctl.ops.writing import find


def find_former_secrets(
    host: Cluster, names: JoinNames, registered: Object | None
) -> tuple[Object, ...]:
    """
    Return the Secrets that earlier joins generated.

    A caller who may not list is told of the one alone that the registration names. Where the host
    serves no KubeFedClusters, nothing tells whose the Secrets are, and none is returned.

    Raises:
        ClusterError: The host did not answer.
    """
    try:
        secrets = host.list(SECRETS, namespace=names.namespace).items
        registrations = host.list(KUBEFED_CLUSTERS, namespace=names.namespace).items
    except ForbiddenError:
        secrets, registrations = _find_named(host, names, registered), ()
    except NotFoundError:
        return ()
    return former_secrets(secrets, registrations, cluster=names.cluster)


def drop_former_secrets(
    host: Cluster, former: Iterable[Object], secret_name: str
) -> Iterator[Event]:
    """Delete the *former* Secrets, which nothing refers to any more; keep that of *secret_name*."""
    for found in former:
        if name_of(found) != secret_name:
            yield from _drop(host, found)


def drop_token_secret(member: Cluster, names: JoinNames) -> Iterator[Event]:
    """
    Delete the Secret with the token that stays, when the host has one that ends.

    A Secret of its name that join did not make stays.
    """
    subject = SECRETS.subject(names.service_account_key).within(member.name)
    try:
        found = find(member, SECRETS, names.service_account_key)
    except ClusterError as error:
        yield Warned(f"nothing needs {subject} any more, but it may be left: {error.message}")
        return
    if found is not None and is_token_secret(found, names):
        yield from _drop(member, found)


def _drop(cluster: Cluster, found: Object) -> Iterator[Event]:
    subject = SECRETS.subject(key_of(found)).within(cluster.name)
    try:
        if delete_seen(cluster, SECRETS, found):
            yield Step(f"deleted {subject}")
    except ClusterError as error:
        yield Warned(f"nothing needs {subject} any more, but it is left: {error.message}")


def _find_named(host: Cluster, names: JoinNames, registered: Object | None) -> tuple[Object, ...]:
    name = text_at(registered, "spec", "secretRef", "name")
    try:
        found = find(host, SECRETS, Key(names.namespace, name)) if name else None
    except ForbiddenError:
        return ()
    return () if found is None else (found,)
