"""
join: register a member cluster with the host.

Upstream: pkg/kubefedctl/join.go @ v0.10.0, same objects under the same names. Unlike there, what
can be checked is checked before the first write, the KubeFedCluster's existence included.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NoReturn

from kubefedctl.cluster.port import Cluster, Fleet
from kubefedctl.core.installing import needs_replacing
from kubefedctl.core.joining import (
    JoinNames,
    make_host_secret,
    make_join_names,
    make_kubefed_cluster,
    make_namespace,
    make_roles,
    make_service_account,
    make_token_secret,
)
from kubefedctl.errors import ClusterError, RefusedError, WaitTimeout
from kubefedctl.model.clusters import MemberAccess, parse_registration
from kubefedctl.model.events import Event, Result, Step, Verdict, Warned
from kubefedctl.model.objects import DEFAULT_KUBEFED_NAMESPACE, key_of, map_at, name_of, text_at
from kubefedctl.model.readings import FederationConfig
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.wellknown import KUBEFED_CLUSTERS, NAMESPACES, SECRETS
from kubefedctl.ops.clock import USUAL_PACE, Pace, now_text
from kubefedctl.ops.probing import probe_member, write_cluster_status
from kubefedctl.ops.reading import read_config
from kubefedctl.ops.writing import find, put, wait_until


@dataclass(frozen=True, slots=True)
class JoinOptions:
    """
    What to join.

    Args:
        cluster: The member's name in the federation.
        cluster_context: Its context; empty for one of the cluster's name.
        host_cluster_name: The host's name in the member's objects; empty for its context's name.
        host_cluster_context: The host's context, for names.
        kubefed_namespace: KubeFed's namespace in both clusters.
        secret_name: Name of the Secret in the host; empty lets the API server make one.
        error_on_existing: Refuse where something of this name is there, instead of updating it.
        is_dry_run: Check and tell, write nothing.
    """

    cluster: str
    cluster_context: str = ""
    host_cluster_name: str = ""
    host_cluster_context: str = ""
    kubefed_namespace: str = DEFAULT_KUBEFED_NAMESPACE
    secret_name: str = ""
    error_on_existing: bool = True
    is_dry_run: bool = False


def join(fleet: Fleet, options: JoinOptions, *, pace: Pace = USUAL_PACE) -> Iterator[Event]:
    """
    Yield what happens while a member is joined.

    Raises:
        InputError: A name cannot be one.
        ControlPlaneError: The host has no KubeFedConfig.
        RefusedError: Something of these names is there already.
        WaitTimeout: The member's token controller made no token in time.
        ClusterError: A cluster refused a request; run join again with --error-on-existing=false.
    """
    names = make_join_names(
        options.cluster,
        host_cluster_name=options.host_cluster_name or options.host_cluster_context,
        namespace=options.kubefed_namespace,
    )
    host = fleet.host
    member = fleet.context(options.cluster_context or options.cluster)
    yield Step(f"checking host cluster {host.name}")
    config = read_config(host, kubefed_namespace=options.kubefed_namespace)
    registered = find(host, KUBEFED_CLUSTERS, names.cluster_key)
    yield Step(f"checking cluster {options.cluster}")
    _check_first(host, member, names, options, registered, scope=config.scope.value)
    run = _Join(host, member, names, options, pace)
    if options.is_dry_run:
        yield run.registered(Verdict.UPDATED if registered else Verdict.CREATED)
        return
    yield from run.prepare_member(config.scope.value)
    yield Step(f"waiting for the token of ServiceAccount {names.service_account_key}")
    token, member_ca = run.await_token()
    secret_name = run.write_host_secret(token)
    yield Step(f"wrote Secret {names.namespace}/{secret_name} in host cluster {host.name}")
    verdict, recorded = run.register(secret_name, member_ca)
    yield run.registered(verdict)
    yield from run.drop_former_secret(registered, secret_name)
    yield from _record_health(fleet, config, recorded, token, pace)


@dataclass(frozen=True, slots=True)
class _Join:
    """One join under way."""

    host: Cluster
    member: Cluster
    names: JoinNames
    options: JoinOptions
    pace: Pace

    def prepare_member(self, scope: str) -> Iterator[Event]:
        """Make namespace, service account, token Secret and roles in the member."""
        namespace, body = make_namespace(self.names.namespace)
        yield self._made(namespace, body, lambda _: None)
        for resource, body in (
            make_service_account(self.names),
            make_token_secret(self.names),
        ):
            yield self._made(resource, body, self._keep(resource, body))
        for resource, body in make_roles(self.names, scope=scope):
            self._drop_other_role_ref(resource, body)
            yield self._made(resource, body, self._replace_rules(resource, body))

    def await_token(self) -> tuple[bytes, bytes]:
        """Return token and CA of the member's token Secret, once its controller has filled it."""
        key = self.names.service_account_key

        def ask() -> Object | None:
            found = find(self.member, SECRETS, key)
            return found if map_at(found, "data").get("token") else None

        found = wait_until(ask, seconds=self.pace.token)
        if found is None:
            raise WaitTimeout(
                f"Secret {key} in cluster {self.member.name} has no token after"
                f" {self.pace.token:g}s",
                hint="does kube-controller-manager run there? then join again with"
                " --error-on-existing=false",
            )
        return _decode(found, "token"), _decode(found, "ca.crt")

    def write_host_secret(self, token: bytes) -> str:
        """Keep the token in the host and return the Secret's name."""
        resource, body = make_host_secret(self.names, token, secret_name=self.options.secret_name)
        if not self.options.secret_name:
            return name_of(self.host.create(resource, body))

        def change(existing: Object) -> Object | None:
            if self.options.error_on_existing:
                _refuse_existing(resource, body, self.host)
            same = map_at(existing, "data").get("token") == body["data"]["token"]
            return None if same else {**existing, "data": body["data"]}

        _, stored = put(self.host, resource, body, change=change)
        return name_of(stored)

    def register(self, secret_name: str, member_ca: bytes) -> tuple[Verdict, Object]:
        """Write the KubeFedCluster."""
        resource, body = make_kubefed_cluster(
            self.names, self.member.endpoint, secret_name=secret_name, member_ca=member_ca
        )

        def change(existing: Object) -> Object | None:
            if self.options.error_on_existing:
                _refuse_existing(resource, body, self.host)
            if existing.get("spec") == body["spec"]:
                return None
            return {**existing, "spec": body["spec"]}

        return put(self.host, resource, body, change=change)

    def registered(self, verdict: Verdict) -> Result:
        """Return the result line of the whole command."""
        return Result(
            verdict,
            KUBEFED_CLUSTERS.subject(self.names.cluster_key),
            self.host.name,
            is_dry_run=self.options.is_dry_run,
        )

    def drop_former_secret(self, registered: Object | None, secret_name: str) -> Iterator[Event]:
        """Delete the generated Secret of an earlier join, which nothing refers to any more."""
        former = text_at(registered, "spec", "secretRef", "name")
        is_generated = former.startswith(f"{self.names.cluster}-") and not self.options.secret_name
        if not is_generated or former == secret_name:
            return
        key = Key(self.names.namespace, former)
        try:
            found = find(self.host, SECRETS, key)
            if text_at(found, "metadata", "generateName") == f"{self.names.cluster}-":
                self.host.delete(SECRETS, key)
        except ClusterError as error:
            yield Warned(f"nothing needs Secret {key} any more, but it is left: {error.message}")

    def _made(
        self, resource: Resource, body: Object, change: Callable[[Object], Object | None]
    ) -> Step:
        verdict, stored = put(self.member, resource, body, change=change)
        subject = resource.subject(Key(self.names.namespace, name_of(stored)))
        return Step(f"{verdict} {subject.within(self.member.name)}")

    def _keep(self, resource: Resource, body: Object) -> Callable[[Object], Object | None]:
        def change(existing: Object) -> Object | None:
            del existing
            if self.options.error_on_existing:
                _refuse_existing(resource, body, self.member)
            return None

        return change

    def _replace_rules(self, resource: Resource, body: Object) -> Callable[[Object], Object | None]:
        field = "rules" if "rules" in body else "subjects"

        def change(existing: Object) -> Object | None:
            if self.options.error_on_existing:
                _refuse_existing(resource, body, self.member)
            same = existing.get(field) == body[field]
            return None if same else {**existing, field: body[field]}

        return change

    def _drop_other_role_ref(self, resource: Resource, body: Object) -> None:
        """Delete a binding to another role: a roleRef cannot be changed."""
        if self.options.error_on_existing:
            return
        existing = find(self.member, resource, key_of(body))
        if existing is not None and needs_replacing(existing, body):
            self.member.delete(resource, key_of(body))


def _record_health(
    fleet: Fleet, config: FederationConfig, recorded: Object, token: bytes, pace: Pace
) -> Iterator[Event]:
    """Ask the member for its health as a sync would, so that its READY is known at once."""
    name = name_of(recorded)
    access = MemberAccess(parse_registration(recorded), token.decode("ascii", "replace"))
    yield Step(f"probing cluster {name} as the host will")
    probed = probe_member(fleet, access, config, pace=pace)
    if not probed.is_ready:
        yield Warned(f"cluster {name} is joined, but not ready: {probed.probe.message}")
    problem = write_cluster_status(fleet.host, recorded, probed.probe, now_text())
    if problem:
        yield Warned(f"the status of KubeFedCluster {name} was not written: {problem}")


def _check_first(
    host: Cluster,
    member: Cluster,
    names: JoinNames,
    options: JoinOptions,
    registered: Object | None,
    *,
    scope: str,
) -> None:
    """Refuse before the first write what would be refused after some of them."""
    namespace = find(member, NAMESPACES, Key("", names.namespace))
    if text_at(namespace, "metadata", "deletionTimestamp"):
        raise RefusedError(
            f"Namespace/{names.namespace} in cluster {member.name} is being deleted",
            hint="wait until it is gone, then join again",
        )
    if not options.error_on_existing:
        return
    if registered is not None:
        _refuse_existing(*make_kubefed_cluster(names, member.endpoint, secret_name=""), host)
    roles = make_roles(names, scope=scope)
    for resource, body in (make_service_account(names), make_token_secret(names), *roles):
        if find(member, resource, key_of(body)) is not None:
            _refuse_existing(resource, body, member)
    if options.secret_name and find(host, SECRETS, Key(names.namespace, options.secret_name)):
        _refuse_existing(*make_host_secret(names, b"", secret_name=options.secret_name), host)


def _refuse_existing(resource: Resource, body: Object, cluster: Cluster) -> NoReturn:
    raise RefusedError(
        f"{resource.subject(key_of(body)).within(cluster.name)} exists already",
        hint="to update what an earlier join left, join with --error-on-existing=false; to start"
        " anew, unjoin first",
    )


def _decode(secret: Object, field: str) -> bytes:
    text = map_at(secret, "data").get(field)
    try:
        return base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except (binascii.Error, ValueError):
        return b""
