"""
What is wrong with federated objects and their copies, as the plan of a sync shows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kubefedctl.core.diagnosing_types import explain_stuck
from kubefedctl.core.overrides import Overrides, apply_overrides, parse_overrides
from kubefedctl.core.remedies import Shell
from kubefedctl.core.templates import make_draft
from kubefedctl.core.versions import version_key, version_resource
from kubefedctl.errors import InputError, OverrideError
from kubefedctl.model.actions import ObjectPlan
from kubefedctl.model.events import counted
from kubefedctl.model.examinations import Examination, Federated
from kubefedctl.model.federated import FederatedObject
from kubefedctl.model.findings import Finding
from kubefedctl.model.objects import list_at, name_of, text_at, value_at
from kubefedctl.model.refs import Key
from kubefedctl.model.rules import (
    DELETION_STUCK,
    MEMBER_DELETION_STUCK,
    NAMESPACE_EXCLUDES,
    NAMESPACE_MISNAMED,
    NAMESPACE_NOT_FEDERATED,
    NEVER_PLACED,
    ORPHAN,
    OVERRIDE_MISFIT,
    OVERRIDE_UNKNOWN_CLUSTER,
    OVERRIDE_UNUSED,
    PLACEMENT_INVALID,
    PLACEMENT_UNKNOWN_CLUSTER,
    PREFERENCE_IN_DOUBT,
    SELECTOR_MATCHES_NOTHING,
    TEMPLATE_INVALID,
    VERSION_LEFT_BEHIND,
)
from kubefedctl.model.statuses import AggregateReason
from kubefedctl.model.wellknown import NAMESPACES


def diagnose_objects(
    examination: Examination, federated: Federated, shell: Shell
) -> Iterator[Finding]:
    """Yield what is wrong with the objects that were looked at."""
    plan = federated.plan
    for found in plan.objects:
        yield from _diagnose_placement(found, federated, shell)
        yield from _diagnose_content(found, federated, shell)
    yield from _diagnose_namespaces(federated, shell)
    for obj in plan.misnamed:
        text = f"is ignored: it is not named {obj.key.namespace}, as the namespace that it is in"
        resource = obj.type_config.federated
        fix = shell.ask_host(
            "delete", resource.qualified_name, obj.key.name, "-n", obj.key.namespace
        )
        yield Finding(NAMESPACE_MISNAMED, str(obj.subject), text, fix)
    for deletion in plan.deletions:
        yield from _diagnose_deletion(deletion.federated, examination.now, shell)
    for namespace in examination.host.terminating:
        stuck = explain_stuck(namespace, now=examination.now, holder="what is left in it")
        if stuck:
            name = name_of(namespace)
            shown = "jsonpath={.status.conditions[*].message}"
            fix = shell.ask_host("get", "namespace", name, "-o", shown)
            yield Finding(DELETION_STUCK, str(NAMESPACES.subject(Key("", name))), stuck, fix)
    for subject, text in federated.doubts:
        _, *place, name = subject.split("/")
        where = ("-n", *place) if place else ()
        fix = shell.run("schedule", name, *where) if name else shell.ask_host("get", "rsp", "-A")
        yield Finding(PREFERENCE_IN_DOUBT, subject, text, fix)
    yield from _diagnose_members(examination, federated, shell)
    yield from _find_old_versions(federated, shell)


def _diagnose_placement(plan: ObjectPlan, federated: Federated, shell: Shell) -> Iterator[Finding]:
    obj = plan.federated
    subject, edit = str(obj.subject), shell.edit(obj.type_config.federated, obj.key)
    if plan.reason is AggregateReason.COMPUTE_PLACEMENT_FAILED:
        yield Finding(PLACEMENT_INVALID, subject, plan.detail, edit)
        return
    known = federated.registrations
    named = _named_clusters(obj)
    for name in sorted(named - known.keys()):
        text = f"its placement names cluster {name}, which is not joined"
        yield Finding(PLACEMENT_UNKNOWN_CLUSTER, subject, text, shell.run("join", name))
    if plan.reason is not AggregateReason.SUCCESS or plan.placed or plan.excluded or named:
        return
    if not known:
        return
    selector = value_at(obj.placement, "clusterSelector")
    fix = shell.place_everywhere(obj)
    if value_at(obj.placement, "clusters") is None and selector is not None:
        text = f"its clusterSelector matches none of {counted(len(known), 'cluster')}"
        fix = shell.ask_host("get", "kubefedclusters", "-A", "--show-labels")
        yield Finding(SELECTOR_MATCHES_NOTHING, subject, text, fix)
    else:
        yield Finding(NEVER_PLACED, subject, "its placement names no cluster", fix)


def _named_clusters(obj: FederatedObject) -> frozenset[str]:
    found = list_at(obj.placement, "clusters")
    return frozenset(filter(None, (text_at(entry, "name") for entry in found)))


def _diagnose_content(plan: ObjectPlan, federated: Federated, shell: Shell) -> Iterator[Finding]:
    """
    Template and overrides, for every cluster they are for, also one that cannot be asked now.
    """
    obj = plan.federated
    subject, edit = str(obj.subject), shell.edit(obj.type_config.federated, obj.key)
    try:
        draft, _ = make_draft(obj)
    except InputError as error:
        yield Finding(TEMPLATE_INVALID, subject, error.message, edit)
        return
    try:
        overrides = parse_overrides(obj.overrides)
    except OverrideError as error:
        yield Finding(OVERRIDE_MISFIT, subject, error.message, edit)
        return
    for name, operations in sorted(overrides.by_cluster.items()):
        if name in plan.placed:
            try:
                apply_overrides(draft, operations)
            except OverrideError as error:
                where = f"{subject} for cluster {name}"
                yield Finding(OVERRIDE_MISFIT, where, error.message, edit, name)
    yield from _find_idle_overrides(plan, overrides, federated.registrations, shell)


def _find_idle_overrides(
    plan: ObjectPlan, overrides: Overrides, known: Mapping[str, object], shell: Shell
) -> Iterator[Finding]:
    """Overrides for clusters where there is nothing to override."""
    obj = plan.federated
    subject, edit = str(obj.subject), shell.edit(obj.type_config.federated, obj.key)
    for name in sorted(overrides.by_cluster):
        if name not in known:
            text = f"has overrides for cluster {name}, which is not joined"
            yield Finding(OVERRIDE_UNKNOWN_CLUSTER, subject, text, edit)
        elif name not in plan.placed and plan.reason is AggregateReason.SUCCESS:
            text = f"has overrides for cluster {name}, in which it is not placed"
            yield Finding(OVERRIDE_UNUSED, subject, text, edit, name)


def _diagnose_namespaces(federated: Federated, shell: Shell) -> Iterator[Finding]:
    """What is so for all objects of a namespace, once for each namespace."""
    missing: dict[str, int] = {}
    shut_out: dict[str, list[ObjectPlan]] = {}
    for plan in federated.plan.objects:
        namespace = plan.federated.key.namespace
        if plan.reason is AggregateReason.NAMESPACE_NOT_FEDERATED:
            missing[namespace] = missing.get(namespace, 0) + 1
        if plan.excluded:
            shut_out.setdefault(namespace, []).append(plan)
    for namespace, count in sorted(missing.items()):
        text = f"is not federated, and {counted(count, 'federated object')} in it"
        text += " is propagated nowhere" if count == 1 else " are propagated nowhere"
        subject = str(NAMESPACES.subject(Key("", namespace)))
        fix = shell.run("federate", "namespace", namespace)
        yield Finding(NAMESPACE_NOT_FEDERATED, subject, text, fix)
    for namespace, plans in sorted(shut_out.items()):
        clusters = ", ".join(sorted({name for plan in plans for name in plan.excluded}))
        number = "1 object selects" if len(plans) == 1 else f"{len(plans)} objects select"
        text = f"its placement leaves out {clusters}, which {number}"
        key = Key(namespace, namespace)
        parent = federated.desired.namespaces.get(namespace)
        subject = f"FederatedNamespace/{key}" if parent is None else str(parent.subject)
        fix = shell.ask_host("edit", "federatednamespace", namespace, "-n", namespace)
        yield Finding(NAMESPACE_EXCLUDES, subject, text, fix)


def _diagnose_deletion(obj: FederatedObject, now: str, shell: Shell) -> Iterator[Finding]:
    stuck = explain_stuck(obj.source, now=now)
    if stuck:
        yield Finding(DELETION_STUCK, str(obj.subject), stuck, shell.sync(obj))


def _diagnose_members(
    examination: Examination, federated: Federated, shell: Shell
) -> Iterator[Finding]:
    """What members hold that should have gone, or that nobody claims."""
    for action in federated.plan.orphans:
        where = ("-n", action.key.namespace) if action.key.namespace else ()
        fix = shell.run("sync", action.resource.qualified_name, *where, "--cluster", action.cluster)
        text = "has KubeFed's label, and no federated object claims it"
        subject = action.subject.within(action.cluster)
        yield Finding(ORPHAN, subject, text, fix, action.cluster)
    types = {found.name: found.target for found in federated.desired.types}
    for cluster, reading in sorted(federated.observed.items()):
        for name, objects in sorted(reading.objects.items()):
            for key, found in objects.items():
                stuck = explain_stuck(found, now=examination.now)
                if not stuck or name not in types:
                    continue
                member = federated.registrations[cluster].source
                fix = shell.show_finalizers(types[name], key, member=member)
                subject = types[name].subject(key).within(cluster)
                yield Finding(MEMBER_DELETION_STUCK, subject, stuck, fix, cluster)


def _find_old_versions(federated: Federated, shell: Shell) -> Iterator[Finding]:
    """Version objects of federated objects that are gone, where all of a type were read."""
    desired = federated.desired
    if any((desired.narrowing.names, desired.narrowing.requirements, desired.failures)):
        return
    claimed = {
        (version_resource(obj.type_config), version_key(obj))
        for objects in desired.federated.values()
        for obj in objects.values()
    }
    read = {
        found.target.kind.lower() for found in federated.types if found.name in desired.federated
    }
    for resource, objects in sorted(desired.versions.items()):
        for key in sorted(objects):
            kind = key.name.partition("-")[0]
            if (resource, key) in claimed or kind not in read:
                continue
            where = ("-n", key.namespace) if key.namespace else ()
            fix = shell.ask_host("delete", resource.qualified_name, key.name, *where)
            text = "its federated object is gone"
            yield Finding(VERSION_LEFT_BEHIND, str(resource.subject(key)), text, fix)
