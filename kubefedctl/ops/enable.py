"""
enable: make an API type one that can be federated.

Upstream: pkg/kubefedctl/enable/enable.go @ v0.10.0, same objects and same result lines.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kubefedctl.cluster.port import Cluster, Fleet
from kubefedctl.core.enabling import (
    Directive,
    SchemaFacts,
    check_can_enable,
    make_federated_crd,
    make_type_config,
    schema_facts_from_crd,
    schema_facts_from_openapi,
)
from kubefedctl.core.installing import update_object
from kubefedctl.core.lookup import find_type
from kubefedctl.errors import ControlPlaneError, InputError, NotFoundError, RefusedError
from kubefedctl.model.events import Documents, Event, Line, Step, Verdict, Warned
from kubefedctl.model.objects import DEFAULT_KUBEFED_NAMESPACE, map_at, name_of
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.typeconfigs import ApiResource
from kubefedctl.model.wellknown import CRDS, NAMESPACES, TYPE_CONFIGS
from kubefedctl.ops.clock import USUAL_PACE, Pace
from kubefedctl.ops.granting import widen_roles
from kubefedctl.ops.init import wait_for_crds
from kubefedctl.ops.writing import find, put


@dataclass(frozen=True, slots=True)
class EnableOptions:
    """
    How to enable types.

    Args:
        kubefed_namespace: Where the host keeps type configs.
        is_dry_run: Check and tell, write nothing.
        prints_yaml: Yield the objects instead of writing them.
    """

    kubefed_namespace: str = DEFAULT_KUBEFED_NAMESPACE
    is_dry_run: bool = False
    prints_yaml: bool = False


@dataclass(frozen=True, slots=True)
class EnabledType:
    """
    What enabling a type writes.

    Args:
        type_config: The FederatedTypeConfig, without a namespace.
        crd: The CRD of the federated type.
    """

    type_config: Object
    crd: Object


def enable(
    fleet: Fleet,
    directives: Sequence[Directive],
    options: EnableOptions,
    *,
    pace: Pace = USUAL_PACE,
) -> Iterator[Event]:
    """
    Yield what happens while types are enabled.

    Raises:
        InputError: No such type, or several.
        RefusedError: The type cannot be enabled beside what the host has.
        ControlPlaneError: The host has no KubeFed namespace.
        ClusterError: The host refused a request.
    """
    host = fleet.host
    if gaps := host.discover().failures:
        yield Warned(f"host cluster {host.name} could not tell of all it serves: {'; '.join(gaps)}")
    for directive in directives:
        made = make_enabled_type(host, directive)
        if options.prints_yaml:
            yield Documents((made.type_config, made.crd))
        else:
            yield from write_enabled_type(host, made, options, pace=pace)
    if not (options.prints_yaml or options.is_dry_run):
        yield from widen_roles(fleet, kubefed_namespace=options.kubefed_namespace)


def make_enabled_type(host: Cluster, directive: Directive) -> EnabledType:
    """Return what enabling the type of *directive* writes; the host is asked for its schema."""
    found = find_type(host.discover(), directive.type_key, version=directive.target_version)
    if (found.resource.group, found.resource.plural) == (CRDS.group, CRDS.plural):
        raise RefusedError(
            "CustomResourceDefinitions cannot be federated: their schema holds itself",
            hint="apply the CRD to every member, then enable the types that it defines",
        )
    type_config = make_type_config(
        found,
        federated_group=directive.federated_group,
        federated_version=directive.federated_version,
    )
    facts = _read_facts(host, found)
    return EnabledType(
        type_config, make_federated_crd(type_config, facts, short_names=found.short_names)
    )


def write_enabled_type(
    host: Cluster, made: EnabledType, options: EnableOptions, *, pace: Pace = USUAL_PACE
) -> Iterator[Event]:
    """Write CRD and type config, in this order, and yield the result lines of the original."""
    namespace = options.kubefed_namespace
    if find(host, NAMESPACES, Key("", namespace)) is None:
        raise ControlPlaneError(
            f"host cluster {host.name} has no namespace {namespace}",
            hint="run `kubefedctl init` against the host, or check --kubefed-namespace",
        )
    crd_name = name_of(made.crd)
    existing = find(host, CRDS, Key("", crd_name))
    try:
        configs = host.list(TYPE_CONFIGS, namespace=namespace).items
    except NotFoundError as error:
        raise ControlPlaneError(
            f"host cluster {host.name} does not serve FederatedTypeConfigs",
            hint="run `kubefedctl init` against the host",
        ) from error
    check_can_enable(configs, existing, made.type_config)
    verdict, _ = put(
        host,
        CRDS,
        made.crd,
        change=lambda found: update_object(found, made.crd),
        dry_run=options.is_dry_run,
    )
    yield Line(f"customresourcedefinition.{CRDS.group}/{crd_name} {_past(verdict)}")
    if not options.is_dry_run:
        yield Step(f"waiting for {crd_name} to be served")
        wait_for_crds(host, [crd_name], pace=pace)
    config = _placed(made.type_config, namespace)
    verdict, _ = put(
        host,
        TYPE_CONFIGS,
        config,
        change=lambda found: _renewed(found, config),
        dry_run=options.is_dry_run,
    )
    yield Line(
        f"federatedtypeconfig.{TYPE_CONFIGS.group}/{name_of(config)} {_past(verdict)}"
        f" in namespace {namespace}"
    )


def _read_facts(host: Cluster, found: ApiResource) -> SchemaFacts:
    """What the target's schema says: from its CRD, else from the API server's OpenAPI."""
    resource = found.resource
    if resource.group:
        crd = find(host, CRDS, Key("", resource.qualified_name))
        if crd is not None:
            return schema_facts_from_crd(crd, version=resource.version)
    path = f"apis/{resource.api_version}" if resource.group else f"api/{resource.version}"
    try:
        document = _read_json(host, f"/openapi/v3/{path}")
    except NotFoundError:
        document = _read_json(host, "/openapi/v2")
    return schema_facts_from_openapi(document, resource)


def _read_json(host: Cluster, path: str) -> Object:
    try:
        document = json.loads(host.read(path))
    except (ValueError, RecursionError) as error:
        raise InputError(f"cluster {host.name} answers {path} with something else than JSON") from (
            error
        )
    return document if isinstance(document, dict) else {}


def _renewed(existing: Object, wanted: Object) -> Object | None:
    """The type config with its types as wanted and propagation on; statusCollection stays."""
    spec = {**map_at(existing, "spec"), **map_at(wanted, "spec")}
    return None if spec == existing.get("spec") else {**existing, "spec": spec}


def _placed(obj: Object, namespace: str) -> Object:
    return {**obj, "metadata": {**obj["metadata"], "namespace": namespace}}


def _past(verdict: Verdict) -> str:
    return "created" if verdict is Verdict.CREATED else "updated"
