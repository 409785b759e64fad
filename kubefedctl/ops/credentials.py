"""
Asking a member for a token that ends, and renewing it before it does.

Laws:
1. A token goes from the member into the host's Secret and nowhere else.
2. A renewal that fails leaves the old token in place.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping

from kubefedctl.cluster.port import Cluster
from kubefedctl.core.credentials import (
    credential_annotations,
    has_ending_token,
    make_token_request,
    needs_renewal,
    read_token,
)
from kubefedctl.core.granting import recorded_names, rejoin_command
from kubefedctl.core.joining import JoinNames
from kubefedctl.errors import ClusterError, InputError
from kubefedctl.model.clusters import Registration
from kubefedctl.model.events import Event, Step, Warned
from kubefedctl.model.objects import key_of, map_at, name_of
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.wellknown import CONFIG_MAPS, KUBEFED_CLUSTERS, SECRETS
from kubefedctl.ops.clock import now_text
from kubefedctl.ops.writing import find

_ROOT_CA = "kube-root-ca.crt"


def request_token(member: Cluster, names: JoinNames) -> tuple[bytes, dict[str, str]]:
    """
    Return a new token of the service account, and the annotations that record its end.

    Raises:
        InputError: The member answered without a token.
        ClusterError: The member refused.
    """
    issued = now_text()
    token, expires = read_token(member.create(*make_token_request(names)))
    if not token or not expires:
        raise InputError(f"cluster {member.name} answered a TokenRequest without a token")
    return token.encode(), credential_annotations(names, issued=issued, expires=expires)


def read_root_ca(member: Cluster, namespace: str) -> bytes:
    """Return the member's CA as it publishes it in every namespace; nothing where it does not."""
    try:
        found = find(member, CONFIG_MAPS, Key(namespace, _ROOT_CA))
    except ClusterError:
        return b""
    text = map_at(found, "data").get("ca.crt")
    return text.encode() if isinstance(text, str) else b""


def renew_tokens(
    host: Cluster, registrations: Mapping[str, Registration], members: Mapping[str, Cluster]
) -> Iterator[Event]:
    """Renew the tokens that end soon, of the *members* that can be reached."""
    now = now_text()
    for name, registration in sorted(registrations.items()):
        if not has_ending_token(registration.source):
            continue
        if not needs_renewal(registration.source, now=now):
            continue
        yield _renew(host, registration, members.get(name))


def _renew(host: Cluster, registration: Registration, member: Cluster | None) -> Event:
    registered = registration.source
    name = name_of(registered)
    names = recorded_names(registered)
    cause = "the cluster is not ready"
    try:
        if member is not None and names is not None:
            token, annotations = request_token(member, names)
            _replace_token(host, Key(names.namespace, registration.secret_name), token)
            body: Object = {"metadata": {"annotations": annotations}}
            host.patch(KUBEFED_CLUSTERS, key_of(registered), body=body)
            return Step(f"renewed the token of cluster {name}")
    except (ClusterError, InputError) as error:
        cause = error.message
    return Warned(
        f"the token of cluster {name} ends soon or has ended, and is not renewed: {cause}; run"
        f" `{rejoin_command(registered, {'--credential': 'tokenrequest'})}`"
    )


def _replace_token(host: Cluster, key: Key, token: bytes) -> None:
    existing = host.get(SECRETS, key)
    data = {**map_at(existing, "data"), "token": base64.b64encode(token).decode("ascii")}
    host.update(SECRETS, {**existing, "data": data})
