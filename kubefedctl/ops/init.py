"""
init: put the KubeFed API on a host cluster, or bring an older one up to date.

It takes the place of KubeFed's Helm chart: namespace, CRDs, roles, KubeFedConfig, type configs. No
webhook and no Deployment: nothing is left running.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from kubefedctl.cluster.port import Cluster, Fleet
from kubefedctl.core.installing import (
    USUAL_TYPES,
    ChosenTypes,
    InstallStep,
    make_control_plane,
    needs_replacing,
    skip_taken_types,
    update_object,
)
from kubefedctl.errors import NotFoundError, RefusedError, WaitTimeout
from kubefedctl.model.events import Documents, Event, Result, Step, Verdict
from kubefedctl.model.objects import (
    DEFAULT_KUBEFED_NAMESPACE,
    key_of,
    list_at,
    name_of,
    text_at,
)
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.wellknown import CRDS, KUBEFED_CONFIGS, TYPE_CONFIGS
from kubefedctl.ops.clock import USUAL_PACE, Pace
from kubefedctl.ops.fanout import run_all
from kubefedctl.ops.writing import find, put, wait_until


@dataclass(frozen=True, slots=True)
class InitOptions:
    """
    What to install.

    Args:
        kubefed_namespace: Namespace of the control plane.
        scope: `Cluster` or `Namespaced`.
        is_dry_run: Tell what would be written, write nothing.
        prints_yaml: Yield the objects instead of writing them; no cluster is asked.
        types: The types to enable.
    """

    kubefed_namespace: str = DEFAULT_KUBEFED_NAMESPACE
    scope: str = "Cluster"
    is_dry_run: bool = False
    prints_yaml: bool = False
    types: ChosenTypes = USUAL_TYPES


def show_control_plane(options: InitOptions) -> Iterator[Event]:
    """Yield the objects that `init` would write to an empty host; no cluster is asked."""
    steps = _control_plane(options)
    yield Documents(tuple(step.body for step in steps))


def init(fleet: Fleet, options: InitOptions, *, pace: Pace = USUAL_PACE) -> Iterator[Event]:
    """
    Yield what became of each object of the control plane.

    Raises:
        RefusedError: The host has a KubeFedConfig of another scope, which cannot be changed.
        WaitTimeout: The API server does not serve the CRDs in time.
        ClusterError: The host refused a request.
    """
    host = fleet.host
    _refuse_other_scope(host, options)
    steps = _control_plane(options)
    definitions = [step for step in steps if step.resource == CRDS]
    before = steps[: steps.index(definitions[0])]
    after = skip_taken_types(
        steps[steps.index(definitions[-1]) + 1 :], _existing_type_configs(host, options)
    )
    results: list[Result] = []
    for step in before:
        results.append(_install(host, options, step, pace))
        yield results[-1]
    defined = run_all([partial(_install, host, options, step, pace) for step in definitions])
    results += defined
    yield from defined
    if not options.is_dry_run:
        yield Step("waiting for the API server to serve the CRDs")
        wait_for_crds(host, [name_of(step.body) for step in definitions], pace=pace)
    for step in after:
        results.append(_install(host, options, step, pace))
        yield results[-1]
    if all(found.verdict is Verdict.UNCHANGED for found in results):
        yield Step(f"the KubeFed API of host cluster {host.name} is up to date", level=0)


def _control_plane(options: InitOptions) -> tuple[InstallStep, ...]:
    return make_control_plane(
        namespace=options.kubefed_namespace, scope=options.scope, types=options.types
    )


def wait_for_crds(host: Cluster, names: Sequence[str], *, pace: Pace = USUAL_PACE) -> None:
    """
    Return when every CRD of *names* is Established.

    Raises:
        WaitTimeout: One of them is not there in time; it is named.
    """
    wait_until(lambda: not _unserved(host, names) or None, seconds=pace.definitions)
    missing = _unserved(host, names)
    if missing:
        raise WaitTimeout(
            f"cluster {host.name} does not serve {', '.join(missing)}"
            f" {pace.definitions:g}s after it was written",
            hint=f"kubectl describe crd {missing[0]}",
        )


def _unserved(host: Cluster, names: Sequence[str]) -> list[str]:
    found = {name_of(crd): crd for crd in host.list(CRDS).items}
    return [name for name in names if name not in found or not _is_established(found[name])]


def _is_established(crd: Object) -> bool:
    return any(
        text_at(condition, "type") == "Established" and text_at(condition, "status") == "True"
        for condition in list_at(crd, "status", "conditions")
    )


def _install(host: Cluster, options: InitOptions, step: InstallStep, pace: Pace) -> Result:
    resource, body = step.resource, step.body
    existing = find(host, resource, key_of(body))
    is_replaced = existing is not None and needs_replacing(existing, body)
    if is_replaced and options.is_dry_run:
        verdict = Verdict.CREATED
    else:
        if is_replaced:
            host.delete(resource, key_of(body))
        verdict, _ = _put(host, options, step, pace)
    return Result(
        verdict,
        resource.subject(key_of(body)),
        host.name,
        is_dry_run=options.is_dry_run,
    )


def _put(
    host: Cluster, options: InitOptions, step: InstallStep, pace: Pace
) -> tuple[Verdict, Object]:
    def change(existing: Object) -> Object | None:
        return update_object(existing, step.body)

    return put(
        host,
        step.resource,
        step.body,
        change=change,
        dry_run=options.is_dry_run,
        patience=pace.patience,
    )


def _existing_type_configs(host: Cluster, options: InitOptions) -> tuple[Object, ...]:
    try:
        return host.list(TYPE_CONFIGS, namespace=options.kubefed_namespace).items
    except NotFoundError:
        return ()


def _refuse_other_scope(host: Cluster, options: InitOptions) -> None:
    resource: Resource = KUBEFED_CONFIGS
    existing = find(host, resource, Key(options.kubefed_namespace, "kubefed"))
    scope = text_at(existing, "spec", "scope")
    if existing is not None and scope and scope != options.scope:
        raise RefusedError(
            f"KubeFedConfig/{options.kubefed_namespace}/kubefed in cluster {host.name} has scope"
            f" {scope}, and a scope cannot be changed to {options.scope}",
            hint=f"run init with --scope {scope}, or use another --kubefed-namespace",
        )
