"""
What a join writes, object by object, and what an unjoin takes away.

Here: the names, and each object as KubeFed 0.10 makes it, with the `Resource` to write it to. Not
here: in which cluster and in which order a write happens after which read; that is the operation's.

Laws:
1. A name that an API server would refuse is refused here, before anything is written anywhere.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kubefedctl.core.rescheduling import has_replicas
from kubefedctl.errors import InputError
from kubefedctl.model.clusters import Endpoint
from kubefedctl.model.objects import DEFAULT_KUBEFED_NAMESPACE, annotations_of, labels_of
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.statuses import Scope
from kubefedctl.model.wellknown import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    KUBEFED_CLUSTERS,
    NAMESPACES,
    RBAC_GROUP,
    ROLE_BINDINGS,
    ROLES,
    SECRETS,
    SERVICE_ACCOUNTS,
)

SERVICE_ACCOUNT_TOKEN = "kubernetes.io/service-account-token"
SERVICE_ACCOUNT_NAME_ANNOTATION = "kubernetes.io/service-account.name"
_ROLE_PREFIX = "kubefed-controller-manager:"
LONGEST_NAME = 253
"""How many characters the name of an object may have."""

GRANTED_TYPES_ANNOTATION = "kubefed.io/granted-types"
"""On a KubeFedCluster joined with `--rbac types`: the types that its account may change."""

CLUSTER_CONTEXT_ANNOTATION = "kubefed.io/cluster-context"
"""Beside it: the context with which the member was joined."""

HOST_CLUSTER_NAME_ANNOTATION = "kubefed.io/host-cluster-name"
"""Beside it: the host's name in the names of the member's objects."""

_GRANT_ANNOTATIONS = (
    GRANTED_TYPES_ANNOTATION,
    CLUSTER_CONTEXT_ANNOTATION,
    HOST_CLUSTER_NAME_ANNOTATION,
    "kubefed.io/token-expires",
    "kubefed.io/token-issued",
)
_TYPE_VERBS = ("get", "list", "watch", "create", "update", "patch", "delete")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


@dataclass(frozen=True, slots=True)
class JoinNames:
    """
    The names under which one member cluster is joined to one host.

    Args:
        cluster: The member's name in the federation.
        host: The host's name, part of what is made in the member.
        namespace: The KubeFed namespace, the same in both.
    """

    cluster: str
    host: str
    namespace: str = DEFAULT_KUBEFED_NAMESPACE

    @property
    def service_account(self) -> str:
        """Name of the service account in the member, and of its token Secret."""
        return f"{self.cluster}-{self.host}"

    @property
    def role(self) -> str:
        """Name of the (cluster) role and its binding."""
        return _ROLE_PREFIX + self.service_account

    @property
    def health_check(self) -> str:
        """Name of the cluster role for health checks, and its binding, in scope Namespaced."""
        return f"{_ROLE_PREFIX}{self.namespace}:healthcheck-{self.service_account}"

    @property
    def cluster_key(self) -> Key:
        """Where the KubeFedCluster is in the host."""
        return Key(self.namespace, self.cluster)

    @property
    def service_account_key(self) -> Key:
        """Where the service account, and its token Secret, are in the member."""
        return Key(self.namespace, self.service_account)


def make_join_names(
    cluster: str, *, host_cluster_name: str, namespace: str = DEFAULT_KUBEFED_NAMESPACE
) -> JoinNames:
    """
    Return the names for joining *cluster*, checked.

    Raises:
        InputError: The cluster's or the host's name cannot be part of an object's name.
    """
    check_cluster_name(cluster)
    check_host_cluster_name(host_cluster_name, cluster=cluster)
    return JoinNames(cluster, host_cluster_name, namespace)


def check_cluster_name(cluster: str) -> None:
    """Return when a KubeFedCluster can have this name, or raise InputError."""
    if not is_subdomain(cluster):
        raise InputError(
            f"{cluster!r} cannot be the name of a member cluster: {_explain(cluster)}",
            hint="join it under another name and give its context with --cluster-context",
        )


def check_host_cluster_name(host_cluster_name: str, *, cluster: str) -> None:
    """
    Return when the service account `cluster-host_cluster_name` can exist, or raise InputError.

    The host's name is by default its context's, and contexts are often called what no object can
    be called: `admin@kubernetes`, an ARN, `Prod_EU`.

    Upstream: pkg/kubefedctl/options/options.go @ v0.10.0, which only looks for `:` and `/` in
    flags; a join with other impossible names failed there after its first writes.
    """
    service_account = f"{cluster}-{host_cluster_name}"
    if not host_cluster_name or not is_subdomain(service_account):
        raise InputError(
            f"{host_cluster_name!r} cannot be part of the service account's name"
            f" {service_account!r}: {_explain(service_account if host_cluster_name else '')}",
            hint="give the host cluster a name with --host-cluster-name",
        )


def is_subdomain(name: str) -> bool:
    """Return whether *name* is a DNS-1123 subdomain, as most objects' names must be."""
    return len(name) <= LONGEST_NAME and _SUBDOMAIN.fullmatch(name) is not None


def _explain(name: str) -> str:
    if not name:
        return "it is empty"
    if len(name) > LONGEST_NAME:
        return f"it is longer than {LONGEST_NAME} characters"
    return "only lower-case letters, digits, '-' and '.' may be in it, and not '-' or '.' at an end"


# --- in the member -------------------------------------------------------------------------------


def make_namespace(name: str) -> tuple[Resource, Object]:
    """Return the KubeFed namespace as join makes it in a member that lacks it."""
    return NAMESPACES, _make(NAMESPACES, name)


def make_service_account(names: JoinNames) -> tuple[Resource, Object]:
    """
    Return the service account as which the control plane acts in the member.

    Upstream: pkg/kubefedctl/join.go, createServiceAccount @ v0.10.0.
    """
    body = _make(SERVICE_ACCOUNTS, names.service_account, namespace=names.namespace)
    body["metadata"]["annotations"] = {"kubernetes.io/enforce-mountable-secrets": "true"}
    body["automountServiceAccountToken"] = False
    return SERVICE_ACCOUNTS, body


def make_token_secret(names: JoinNames) -> tuple[Resource, Object]:
    """
    Return the Secret that the member's token controller fills with a token and the CA.

    Upstream: pkg/kubefedctl/join.go, createServiceAccountTokenSecret @ v0.10.0.
    """
    body = _make(SECRETS, names.service_account, namespace=names.namespace)
    body["metadata"]["annotations"] = {SERVICE_ACCOUNT_NAME_ANNOTATION: names.service_account}
    body["type"] = SERVICE_ACCOUNT_TOKEN
    return SECRETS, body


def make_roles(
    names: JoinNames,
    *,
    scope: str,
    types: Sequence[Resource] | None = None,
    renews_token: bool = False,
) -> tuple[tuple[Resource, Object], ...]:
    """
    Return the roles and bindings of the service account, in the order to write them.

    Args:
        names: The names of this join.
        scope: `spec.scope` of the KubeFedConfig; all but `Namespaced` means the whole cluster.
        types: The target types that the account may change; None for everything there is.
        renews_token: The account asks for its own tokens, which needs a rule where *types* is
            given.

    Upstream: pkg/kubefedctl/join.go, createRBACSecret @ v0.10.0, same rules.
    NB: verbs are case-sensitive, so `Get` on /healthz allows nothing; every authenticated user may
    read it anyway, by the cluster role system:public-info-viewer.
    """
    everything: Object = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
    if scope != Scope.NAMESPACED:
        any_url: Object = {"nonResourceURLs": ["*"], "verbs": ["get"]}
        rules = [everything, any_url] if types is None else [*_type_rules(types), *_PROBE_RULES]
        wide = _make_role_pair(CLUSTER_ROLES, names, name=names.role, rules=rules)
        if types is None or not renews_token:
            return wide
        return (*wide, *_make_role_pair(ROLES, names, name=names.role, rules=[_own_token(names)]))
    rules = [everything]
    if types is not None:
        rules = _type_rules([found for found in types if found.namespaced])
        rules += [_own_token(names)] if renews_token else []
    health_rules: list[Object] = [
        {"verbs": ["Get"], "nonResourceURLs": ["/healthz"]},
        {"verbs": ["list"], "apiGroups": [""], "resources": ["nodes"]},
    ]
    if types is not None:
        health_rules = list(_PROBE_RULES)
    return (
        *_make_role_pair(ROLES, names, name=names.role, rules=rules),
        *_make_role_pair(CLUSTER_ROLES, names, name=names.health_check, rules=health_rules),
    )


_PROBE_RULES: tuple[Object, ...] = (
    {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["namespaces"]},
    {"verbs": ["list"], "apiGroups": [""], "resources": ["nodes"]},
    {"verbs": ["get"], "nonResourceURLs": ["/healthz", "/version"]},
)
"""What a probe needs, and the namespaces, which sync reads before it writes into one."""


def _own_token(names: JoinNames) -> Object:
    return {
        "verbs": ["create"],
        "apiGroups": [""],
        "resources": ["serviceaccounts/token"],
        "resourceNames": [names.service_account],
    }


def _type_rules(types: Sequence[Resource]) -> list[Object]:
    """One rule for each API group, sorted, and one to see the Pods of what has replicas."""
    groups = sorted({found.group for found in types})
    pods: Object = {"verbs": ["list"], "apiGroups": [""], "resources": ["pods"]}
    return [
        *(
            {
                "verbs": list(_TYPE_VERBS),
                "apiGroups": [group],
                "resources": sorted({found.plural for found in types if found.group == group}),
            }
            for group in groups
        ),
        *([pods] if any(has_replicas(found) for found in types) else ()),
    ]


def grant_annotations(
    names: JoinNames, types: Sequence[Resource] | None, *, context: str
) -> dict[str, str]:
    """Return what a KubeFedCluster records of `--rbac types`; nothing for `--rbac full`."""
    if types is None:
        return {}
    return {
        GRANTED_TYPES_ANNOTATION: ",".join(sorted({found.qualified_name for found in types})),
        CLUSTER_CONTEXT_ANNOTATION: context,
        HOST_CLUSTER_NAME_ANNOTATION: names.host,
    }


def granted_types(registered: Object | None) -> frozenset[str] | None:
    """Return the types that a member was joined for, as `plural.group`; None for all."""
    recorded = annotations_of(registered or {}).get(GRANTED_TYPES_ANNOTATION)
    if not isinstance(recorded, str):
        return None
    return frozenset(part for part in recorded.split(",") if part)


def _make_role_pair(
    role: Resource, names: JoinNames, *, name: str, rules: list[Object]
) -> tuple[tuple[Resource, Object], ...]:
    binding = ROLE_BINDINGS if role.namespaced else CLUSTER_ROLE_BINDINGS
    namespace = names.namespace if role.namespaced else ""
    subject = {
        "kind": SERVICE_ACCOUNTS.kind,
        "name": names.service_account,
        "namespace": names.namespace,
    }
    return (
        (role, {**_make(role, name, namespace=namespace), "rules": rules}),
        (
            binding,
            {
                **_make(binding, name, namespace=namespace),
                "roleRef": {"apiGroup": RBAC_GROUP, "kind": role.kind, "name": name},
                "subjects": [subject],
            },
        ),
    )


def unjoin_targets(names: JoinNames) -> tuple[tuple[Resource, Key], ...]:
    """
    Return what unjoin deletes in the member, in order, for both scopes; any of it may be missing.

    The token Secret goes with its service account: the member's token controller removes it.

    Upstream: pkg/kubefedctl/unjoin.go, deleteRBACResources @ v0.10.0.
    """
    wide = [
        (resource, Key("", name))
        for name in (names.role, names.health_check)
        for resource in (CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES)
    ]
    role_key = Key(names.namespace, names.role)
    narrow = [(ROLE_BINDINGS, role_key), (ROLES, role_key)]
    return (*wide, *narrow, (SERVICE_ACCOUNTS, names.service_account_key))


# --- in the host ---------------------------------------------------------------------------------


def make_host_secret(
    names: JoinNames, token: bytes, *, secret_name: str = ""
) -> tuple[Resource, Object]:
    """
    Return the Secret that keeps the member's token in the host.

    Args:
        names: The names of this join.
        token: The service account's token, decoded.
        secret_name: Its name; empty lets the API server make one from the cluster's name.

    Upstream: pkg/kubefedctl/join.go, populateSecretInHostCluster @ v0.10.0.
    """
    body = _make(SECRETS, secret_name, namespace=names.namespace)
    if not secret_name:
        body["metadata"] = {"generateName": f"{names.cluster}-", "namespace": names.namespace}
    return SECRETS, {**body, "type": "Opaque", "data": {"token": _encode(token)}}


def make_kubefed_cluster(
    names: JoinNames,
    endpoint: Endpoint,
    *,
    secret_name: str,
    member_ca: bytes = b"",
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
) -> tuple[Resource, Object]:
    """
    Return the KubeFedCluster that registers the member in the host.

    Args:
        names: The names of this join.
        endpoint: How the member's context reaches it; recorded as it stands.
        secret_name: The host's Secret with the token; empty in a dry run.
        member_ca: `ca.crt` of the member's token Secret, for contexts that carry no CA.
        labels: What cluster selectors are to match.
        annotations: What else is to be recorded.

    Upstream: pkg/kubefedctl/join.go, createKubeFedCluster @ v0.10.0.
    """
    ca_bundle = endpoint.ca_data or member_ca
    spec: Object = {"apiEndpoint": endpoint.server, "secretRef": {"name": secret_name}}
    if ca_bundle:
        spec["caBundle"] = _encode(ca_bundle)
    if endpoint.insecure:
        spec["disabledTLSValidations"] = ["*"]
    spec["proxyURL"] = endpoint.proxy_url
    body = _make(KUBEFED_CLUSTERS, names.cluster, namespace=names.namespace)
    for field, given in (("labels", labels), ("annotations", annotations)):
        if given:
            body["metadata"][field] = dict(given)
    return KUBEFED_CLUSTERS, {**body, "spec": spec}


def renew_kubefed_cluster(existing: Object, wanted: Object) -> Object | None:
    """
    Return *existing* as a further join leaves it, or None where nothing differs.

    Its spec is the wanted one. Labels and annotations of others stay; those that record what the
    account may change go where the wanted ones have none.
    """
    metadata = dict(existing["metadata"])
    labels = {**labels_of(existing), **labels_of(wanted)}
    others = {k: v for k, v in annotations_of(existing).items() if k not in _GRANT_ANNOTATIONS}
    annotations = {**others, **annotations_of(wanted)}
    for field, found in (("labels", labels), ("annotations", annotations)):
        metadata.pop(field, None)
        if found:
            metadata[field] = found
    renewed = {**existing, "metadata": metadata, "spec": wanted["spec"]}
    return None if renewed == existing else renewed


def _make(resource: Resource, name: str, *, namespace: str = "") -> Object:
    metadata = {"name": name, "namespace": namespace} if namespace else {"name": name}
    return {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata}


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
