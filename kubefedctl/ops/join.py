"""
join: register a member cluster with the host.

Upstream: pkg/kubefedctl/join.go @ v0.10.0, same objects under the same names. Unlike there, what
can be checked is checked before the first write, the KubeFedCluster's existence included.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

from kubefedctl.cluster.port import Cluster, Fleet
from kubefedctl.core.credentials import has_ending_token
from kubefedctl.core.endpoints import check_api_endpoint, explain_loopback
from kubefedctl.core.hostnames import explain_host_name, name_host
from kubefedctl.core.installing import needs_replacing
from kubefedctl.core.joining import (
    JoinNames,
    grant_annotations,
    granted_types,
    make_host_secret,
    make_join_names,
    make_kubefed_cluster,
    make_namespace,
    make_roles,
    make_service_account,
    make_token_secret,
    renew_kubefed_cluster,
)
from kubefedctl.core.preflight import host_permissions, token_permission
from kubefedctl.core.suggesting import add_command, complete_join
from kubefedctl.errors import ForbiddenError, InputError, KubefedctlError, RefusedError, WaitTimeout
from kubefedctl.model.clusters import Endpoint
from kubefedctl.model.events import Documents, Event, Result, Step, Verdict, Warned
from kubefedctl.model.joins import Credential as Credential
from kubefedctl.model.joins import JoinOptions as JoinOptions
from kubefedctl.model.joins import Rbac as Rbac
from kubefedctl.model.objects import key_of, map_at, name_of, text_at
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.typeconfigs import parse_type_config
from kubefedctl.model.wellknown import (
    KUBEFED_CLUSTERS,
    NAMESPACES,
    SECRETS,
    SERVICE_ACCOUNTS,
    TYPE_CONFIGS,
)
from kubefedctl.ops.clock import USUAL_PACE, Pace
from kubefedctl.ops.configuring import read_config
from kubefedctl.ops.credentials import read_root_ca, request_token
from kubefedctl.ops.leftovers import drop_former_secrets, drop_token_secret, find_former_secrets
from kubefedctl.ops.preflight import check_permissions
from kubefedctl.ops.readiness import record_health
from kubefedctl.ops.writing import find, put, wait_until


def join(fleet: Fleet, options: JoinOptions, *, pace: Pace = USUAL_PACE) -> Iterator[Event]:
    """
    Yield what happens while a member is joined.

    Raises:
        InputError: A name or the API endpoint cannot be one.
        ControlPlaneError: The host has no KubeFedConfig.
        RefusedError: Something of these names is there already.
        ForbiddenError: The caller may not do what a join does; all that is missing is named.
        WaitTimeout: The member's token controller made no token in time, or with `wait` the
            member is not ready in time.
        ClusterError: A cluster refused a request. The hint of whatever ends a join after its first
            write has the command that completes it.
    """
    names = _name(options)
    if options.api_endpoint:
        check_api_endpoint(options.api_endpoint)
    host = fleet.host
    member = fleet.context(options.cluster_context or options.cluster)
    note = explain_host_name(
        names.host, given=options.host_cluster_name, context=options.host_cluster_context
    )
    if note:
        yield Step(note, level=0)
    yield Step(f"checking host cluster {host.name}")
    config = read_config(host, kubefed_namespace=options.kubefed_namespace)
    registered = find(host, KUBEFED_CLUSTERS, names.cluster_key)
    types = _read_types(host, options, registered)
    yield Step(f"checking cluster {options.cluster}")
    was = Credential.TOKENREQUEST if has_ending_token(registered) else Credential.TOKEN
    credential = options.credential or was
    run = _Join(host, member, names, options, pace, config.scope.value, types, credential)
    yield from run.check_first(registered)
    if options.prints_objects:
        yield Documents(run.documents())
        return
    if options.is_dry_run:
        yield run.registered(Verdict.UPDATED if registered else Verdict.CREATED)
        return
    former = run.former_secrets(registered)
    try:
        yield from run.prepare_member()
        account = SERVICE_ACCOUNTS.subject(names.service_account_key)
        yield Step(f"waiting for the token of {account.within(member.name)}")
        token, member_ca, noted = run.obtain_token()
        secret_name = run.write_host_secret(token)
        secret = SECRETS.subject(Key(names.namespace, secret_name))
        yield Step(f"wrote {secret.within(host.name)}")
        verdict, recorded = run.register(secret_name, member_ca, noted)
    except KubefedctlError as error:
        error.hint = _with_completion(error.hint, options)
        raise
    yield run.registered(verdict)
    yield from run.drop_needless(former, secret_name)
    yield from record_health(fleet, config, recorded, token=token, wait=options.wait, pace=pace)


def _name(options: JoinOptions) -> JoinNames:
    host = name_host(
        options.cluster, given=options.host_cluster_name, context=options.host_cluster_context
    )
    return make_join_names(
        options.cluster, host_cluster_name=host, namespace=options.kubefed_namespace
    )


def _read_types(
    host: Cluster, options: JoinOptions, registered: Object | None
) -> tuple[Resource, ...] | None:
    """Return the enabled target types where the account is to have these alone, else None."""
    recorded = Rbac.FULL if granted_types(registered) is None else Rbac.TYPES
    if (options.rbac or recorded) is Rbac.FULL:
        return None
    listed = host.list(TYPE_CONFIGS, namespace=options.kubefed_namespace).items
    found = [parse_type_config(obj) for obj in listed]
    return tuple(sorted(config.target for config in found if config.is_propagated))


@dataclass(frozen=True, slots=True)
class _Join:
    """One join under way."""

    host: Cluster
    member: Cluster
    names: JoinNames
    options: JoinOptions
    pace: Pace
    scope: str
    types: Sequence[Resource] | None
    credential: Credential

    @property
    def endpoint(self) -> Endpoint:
        """How the host is to reach the member."""
        endpoint = self.member.endpoint
        given = self.options.api_endpoint
        return replace(endpoint, server=given) if given else endpoint

    def in_member(self) -> tuple[tuple[Resource, Object], ...]:
        """Return what is made in the member, in order."""
        renews = self.credential is Credential.TOKENREQUEST
        return (
            make_namespace(self.names.namespace),
            make_service_account(self.names),
            *(() if renews else (make_token_secret(self.names),)),
            *make_roles(self.names, scope=self.scope, types=self.types, renews_token=renews),
        )

    def in_host(
        self, secret_name: str, member_ca: bytes = b"", noted: Mapping[str, str] | None = None
    ) -> tuple[Resource, Object]:
        """Return the KubeFedCluster; *noted* is what it records of its token."""
        context = self.options.cluster_context or self.options.cluster
        return make_kubefed_cluster(
            self.names,
            self.endpoint,
            secret_name=secret_name,
            member_ca=member_ca,
            labels=self.options.labels,
            annotations={
                **grant_annotations(self.names, self.types, context=context),
                **(noted or {}),
            },
        )

    def documents(self) -> tuple[Object, ...]:
        """Return what would be made, the member's objects first; never a token."""
        _, registration = self.in_host(self.options.secret_name)
        return (*(body for _, body in self.in_member()), registration)

    def check_first(self, registered: Object | None) -> Iterator[Event]:
        """Refuse before the first write what would be refused after some of them."""
        key = Key("", self.names.namespace)
        try:
            namespace = find(self.member, NAMESPACES, key)
        except ForbiddenError:
            namespace = None  # NB: it is named below, together with all else that is missing
        if text_at(namespace, "metadata", "deletionTimestamp"):
            raise RefusedError(
                f"Namespace/{key.name} in cluster {self.member.name} is being deleted",
                hint="wait until it is gone, then join again",
            )
        again = not self.options.error_on_existing
        if registered is not None and not again:
            self._refuse_existing(*self.in_host(""), self.host)
        in_host = host_permissions(
            self.names.namespace,
            secret_name=self.options.secret_name,
            is_registered=registered is not None,
        )
        renews = self.credential is Credential.TOKENREQUEST
        in_member = (token_permission(self.names.namespace),) if renews else ()
        yield from check_permissions(
            self.host,
            self.member,
            in_host=in_host,
            in_member=in_member,
            bodies=self.in_member(),
        )
        if not again:
            self._refuse_remains()
        warning = explain_loopback(
            self.endpoint.server, self.host.endpoint.server, cluster=self.names.cluster
        )
        if warning:
            yield Warned(warning)

    def _refuse_remains(self) -> None:
        for resource, body in self.in_member():
            if resource != NAMESPACES and find(self.member, resource, key_of(body)) is not None:
                self._refuse_existing(resource, body, self.member)
        name = self.options.secret_name
        if name and find(self.host, SECRETS, Key(self.names.namespace, name)):
            self._refuse_existing(*make_host_secret(self.names, b"", secret_name=name), self.host)

    def _refuse_existing(self, resource: Resource, body: Object, cluster: Cluster) -> NoReturn:
        raise RefusedError(
            f"{resource.subject(key_of(body)).within(cluster.name)} exists already",
            hint="to complete or update what an earlier join left, run:"
            f" {complete_join(self.options)}; to start anew, unjoin first",
        )

    def prepare_member(self) -> Iterator[Event]:
        """Make namespace, service account, token Secret and roles in the member."""
        (namespace, body), *others = self.in_member()
        yield self._made(namespace, body, lambda _: None)
        for resource, body in others:
            if resource in (SERVICE_ACCOUNTS, SECRETS):
                yield self._made(resource, body, self._keep(resource, body))
                continue
            self._drop_other_role_ref(resource, body)
            yield self._made(resource, body, self._replace_rules(resource, body))

    def obtain_token(self) -> tuple[bytes, bytes, dict[str, str]]:
        """Return token and CA of the member, and what the KubeFedCluster records of the token."""
        if self.credential is Credential.TOKEN:
            return (*self.await_token(), {})
        try:
            token, noted = request_token(self.member, self.names)
        except InputError as error:
            usual = complete_join(replace(self.options, credential=Credential.TOKEN))
            raise InputError(
                error.message,
                hint=f"join with a token that stays: {usual}; to try again:"
                f" {complete_join(self.options)}",
            ) from error
        return token, read_root_ca(self.member, self.names.namespace), noted

    def await_token(self) -> tuple[bytes, bytes]:
        """Return token and CA of the member's token Secret, once its controller has filled it."""
        key = self.names.service_account_key

        def ask() -> Object | None:
            found = find(self.member, SECRETS, key)
            return found if map_at(found, "data").get("token") else None

        found = wait_until(ask, seconds=self.pace.token)
        if found is None:
            raise WaitTimeout(
                f"{SECRETS.subject(key).within(self.member.name)} has no token after"
                f" {self.pace.token:g}s",
                hint="check that kube-controller-manager runs there",
            )
        return _decode(found, "token"), _decode(found, "ca.crt")

    def write_host_secret(self, token: bytes) -> str:
        """Keep the token in the host and return the Secret's name."""
        resource, body = make_host_secret(self.names, token, secret_name=self.options.secret_name)
        if not self.options.secret_name:
            return name_of(self.host.create(resource, body))

        def change(existing: Object) -> Object | None:
            if self.options.error_on_existing:
                self._refuse_existing(resource, body, self.host)
            same = map_at(existing, "data").get("token") == body["data"]["token"]
            return None if same else {**existing, "data": body["data"]}

        _, stored = put(self.host, resource, body, change=change)
        return name_of(stored)

    def register(
        self, secret_name: str, member_ca: bytes, noted: Mapping[str, str]
    ) -> tuple[Verdict, Object]:
        """Write the KubeFedCluster."""
        resource, body = self.in_host(secret_name, member_ca, noted)

        def change(existing: Object) -> Object | None:
            if self.options.error_on_existing:
                self._refuse_existing(resource, body, self.host)
            return renew_kubefed_cluster(existing, body)

        return put(self.host, resource, body, change=change)

    def registered(self, verdict: Verdict) -> Result:
        """Return the result line of the whole command."""
        return Result(
            verdict,
            KUBEFED_CLUSTERS.subject(self.names.cluster_key),
            self.host.name,
            is_dry_run=self.options.is_dry_run,
        )

    def former_secrets(self, registered: Object | None) -> tuple[Object, ...]:
        """Return the generated Secrets of earlier joins that this one makes needless."""
        if self.options.error_on_existing or self.options.secret_name:
            return ()
        return find_former_secrets(self.host, self.names, registered)

    def drop_needless(self, former: Sequence[Object], secret_name: str) -> Iterator[Event]:
        """Delete the Secrets of earlier joins that nothing refers to any more."""
        yield from drop_former_secrets(self.host, former, secret_name)
        if self.credential is Credential.TOKENREQUEST and not self.options.error_on_existing:
            yield from drop_token_secret(self.member, self.names)

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
                self._refuse_existing(resource, body, self.member)
            return None

        return change

    def _replace_rules(self, resource: Resource, body: Object) -> Callable[[Object], Object | None]:
        field = "rules" if "rules" in body else "subjects"

        def change(existing: Object) -> Object | None:
            if self.options.error_on_existing:
                self._refuse_existing(resource, body, self.member)
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


def _with_completion(hint: str, options: JoinOptions) -> str:
    command = complete_join(options)
    return hint if command in hint else add_command(hint, command)


def _decode(secret: Object, field: str) -> bytes:
    text = map_at(secret, "data").get(field)
    try:
        return base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except (binascii.Error, ValueError):
        return b""
