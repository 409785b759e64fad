"""
Whether an object in a cluster has become what its specification asks for.

Here: the rules of kstatus, which users of Flux and Helm know: a few for every object, some for
each built-in kind. Not here: how long one waits, and for what.

Laws:
1. A status that was written for an older generation says nothing of this one.
2. What a cluster answers is untrusted: a field of a wrong type counts as absent.

3. `ready` is never said where `current` is not.

Upstream: sigs.k8s.io/cli-utils pkg/kstatus/status/core.go and generic.go @ 5895ad6, same results,
with these differences: a pod that cannot be scheduled is in progress, since room may be made; one
that has failed is Failed; a Job is in progress until it is complete, since whoever waits for one
waits for its end; a partition of 0 is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kubefedctl.core.builtin import BUILT_IN_GROUPS
from kubefedctl.model.objects import (
    generation_of,
    is_deleting,
    kind_of,
    list_at,
    text_at,
    value_at,
)
from kubefedctl.model.progress import Goal, Progress, Readiness
from kubefedctl.model.refs import Object, split_api_version

_CURRENT = Progress(Readiness.CURRENT)
_ASSUMED = Progress(Readiness.CURRENT, is_assumed=True)
_TELLING = ("Ready", "Available", "Established")
"""Conditions that say whether an object of a kind without rules can be used; the first counts."""
_NO_DEADLINE = 2**31 - 1
_CRASHING = "CrashLoopBackOff"


def judge_readiness(obj: Object, *, goal: Goal = Goal.CURRENT) -> Progress:
    """
    Return how far *obj* is.

    Args:
        obj: The object as a cluster has it.
        goal: Whether kstatus' word is enough. `ready` asks for more where a kind has more to say:
            workloads must have been looked at by their controller, load balancers need an address,
            and objects of kinds without rules must say Ready, Available or Established, in this
            order, of this very generation.

    Upstream: for `ready`, k8s.io/kubectl pkg/cmd/wait/condition.go @ v0.33.0 is where conditions of
    older generations do not count, and helm pkg/kube/ready.go @ v3.18.0 where load balancers need
    addresses.

    >>> judge_readiness({"kind": "ConfigMap"}).is_current
    True
    """
    progress = _judge_current(obj)
    if goal is Goal.CURRENT or not progress.is_current:
        return progress
    return _judge_ready(obj)


def _judge_current(obj: Object) -> Progress:
    if is_deleting(obj):
        return Progress(Readiness.TERMINATING, "it is being deleted")
    observed = value_at(obj, "status", "observedGeneration")
    if isinstance(observed, int) and observed != generation_of(obj):
        return _waiting(f"generation {generation_of(obj)} is not observed yet, only {observed}")
    conditions = _conditions(obj)
    if _is(conditions, "Reconciling", "True"):
        return _waiting(_told(conditions["Reconciling"]) or "it is being reconciled")
    if _is(conditions, "Stalled", "True"):
        return _failed(_told(conditions["Stalled"]) or "it is stalled")
    rule = _RULES.get((_group(obj), kind_of(obj)))
    return rule(obj) if rule is not None else _judge_by_condition(conditions)


def _judge_ready(obj: Object) -> Progress:
    """What is to be said of a current object to those who want it ready."""
    kind = (_group(obj), kind_of(obj))
    is_observed = value_at(obj, "status", "observedGeneration") is not None
    if kind in _WORKLOADS:
        wanted = _number(obj, "spec", "replicas", default=1)
        ready = _number(obj, "status", "readyReplicas")
        return _first(
            (not is_observed, "its controller has not looked at it yet"),
            # NB: what is replaced when somebody deletes its pods is current to kstatus
            (kind[1] == "StatefulSet" and ready < wanted, f"{ready} of {wanted} replicas ready"),
        )
    if kind == ("", "Service"):
        is_balanced = text_at(obj, "spec", "type") == "LoadBalancer"
        has_address = bool(list_at(obj, "status", "loadBalancer", "ingress"))
        return _first((is_balanced and not has_address, "its load balancer has no address yet"))
    if kind in _RULES or kind[0] in BUILT_IN_GROUPS:
        return _CURRENT
    return _judge_custom(obj, is_observed=is_observed)


def _judge_custom(obj: Object, *, is_observed: bool) -> Progress:
    conditions = _conditions(obj)
    telling = next((name for name in _TELLING if name in conditions), None)
    if telling is None:
        return _CURRENT if is_observed else _ASSUMED
    condition = conditions[telling]
    seen = condition.get("observedGeneration")
    has_seen = isinstance(seen, int) and not isinstance(seen, bool)
    if has_seen and seen != generation_of(obj):
        return _waiting(f"its condition {telling} is of generation {seen}")
    if text_at(condition, "status") != "True":
        return _waiting(_told(condition) or f"its condition {telling} is not True")
    return _CURRENT if is_observed or has_seen else _ASSUMED


def _judge_by_condition(conditions: Mapping[str, Object]) -> Progress:
    """An object of a kind without rules says so itself, by its condition Ready, or is current."""
    ready = conditions.get("Ready")
    if ready is None or text_at(ready, "status") == "True":
        return _CURRENT
    return _waiting(_told(ready) or "its condition Ready is not True")


def _judge_deployment(obj: Object) -> Progress:
    conditions = _conditions(obj)
    progressing = conditions.get("Progressing", {})
    if text_at(progressing, "reason") == "ProgressDeadlineExceeded":
        return _failed(text_at(progressing, "message") or "its progress deadline is exceeded")
    wanted = _number(obj, "spec", "replicas", default=1)
    here, updated, available, ready = (
        _number(obj, "status", name)
        for name in ("replicas", "updatedReplicas", "availableReplicas", "readyReplicas")
    )
    deadline = _number(obj, "spec", "progressDeadlineSeconds", default=_NO_DEADLINE)
    is_rolled_out = deadline >= _NO_DEADLINE or (
        text_at(progressing, "status") == "True"
        and text_at(progressing, "reason") == "NewReplicaSetAvailable"
    )
    return _first(
        (here < wanted, f"{here} of {wanted} replicas"),
        (updated < wanted, f"{updated} of {wanted} replicas updated"),
        (here > wanted, f"{here - wanted} replicas to be removed"),
        (available < updated, f"{available} of {updated} replicas available"),
        (ready < wanted, f"{ready} of {wanted} replicas ready"),
        (not is_rolled_out, "its new ReplicaSet is not available"),
        (not _is(conditions, "Available", "True"), "it is not available"),
    )


def _judge_replica_set(obj: Object) -> Progress:
    conditions = _conditions(obj)
    wanted = _number(obj, "spec", "replicas", default=1)
    here, labelled, available, ready = (
        _number(obj, "status", name)
        for name in ("replicas", "fullyLabeledReplicas", "availableReplicas", "readyReplicas")
    )
    return _first(
        (
            _is(conditions, "ReplicaFailure", "True"),
            _told(conditions.get("ReplicaFailure", {})) or "its pods cannot be created",
        ),
        (labelled < wanted, f"{labelled} of {wanted} replicas labelled"),
        (available < wanted, f"{available} of {wanted} replicas available"),
        (ready < wanted, f"{ready} of {wanted} replicas ready"),
        (here > wanted, f"{here - wanted} replicas to be removed"),
    )


def _judge_stateful_set(obj: Object) -> Progress:
    if text_at(obj, "spec", "updateStrategy", "type") == "OnDelete":
        return _CURRENT
    wanted = _number(obj, "spec", "replicas", default=1)
    here, ready, updated, current = (
        _number(obj, "status", name)
        for name in ("replicas", "readyReplicas", "updatedReplicas", "currentReplicas")
    )
    standing = _first(
        (here < wanted, f"{here} of {wanted} replicas"),
        (ready < wanted, f"{ready} of {wanted} replicas ready"),
        (here > wanted, f"{here - wanted} replicas to be removed"),
    )
    if not standing.is_current:
        return standing
    partition = value_at(obj, "spec", "updateStrategy", "rollingUpdate", "partition")
    if isinstance(partition, int) and partition > 0:
        due = max(0, wanted - partition)
        return _first((updated < due, f"{updated} of {due} replicas updated"))
    revisions = [text_at(obj, "status", f"{name}Revision") for name in ("current", "update")]
    return _first(
        (current < wanted, f"{current} of {wanted} replicas current"),
        (revisions[0] != revisions[1], f"revision {revisions[1]} is being rolled out"),
    )


def _judge_daemon_set(obj: Object) -> Progress:
    if value_at(obj, "status", "observedGeneration") is None:
        return _waiting("its controller has not looked at it yet")
    wanted, current, updated, available, ready = (
        _number(obj, "status", name)
        for name in (
            "desiredNumberScheduled",
            "currentNumberScheduled",
            "updatedNumberScheduled",
            "numberAvailable",
            "numberReady",
        )
    )
    return _first(
        (current < wanted, f"{current} of {wanted} pods scheduled"),
        (updated < wanted, f"{updated} of {wanted} pods updated"),
        (available < wanted, f"{available} of {wanted} pods available"),
        (ready < wanted, f"{ready} of {wanted} pods ready"),
    )


def _judge_pod(obj: Object) -> Progress:
    conditions = _conditions(obj)
    match text_at(obj, "status", "phase"):
        case "Succeeded":
            return _CURRENT
        case "Failed":
            return _failed(text_at(obj, "status", "message") or "its containers have failed")
        case "Running":
            if _is(conditions, "Ready", "True"):
                return _CURRENT
            crashing = ", ".join(_crashing_containers(obj))
            if crashing:
                return _failed(f"containers crash again and again: {crashing}")
            return _waiting("its containers are not ready")
        case _:
            return _waiting(_told(conditions.get("PodScheduled", {})) or "it is not running")


def _crashing_containers(obj: Object) -> Iterator[str]:
    for field in ("initContainerStatuses", "containerStatuses"):
        for status in list_at(obj, "status", field):
            if text_at(status, "state", "waiting", "reason") == _CRASHING:
                yield text_at(status, "name")


def _judge_job(obj: Object) -> Progress:
    conditions = _conditions(obj)
    if _is(conditions, "Failed", "True"):
        return _failed(_told(conditions["Failed"]) or "it has failed")
    if _is(conditions, "Complete", "True"):
        return _CURRENT
    if _is(conditions, "Suspended", "True"):
        return _CURRENT
    wanted = _number(obj, "spec", "completions", default=_number(obj, "spec", "parallelism"))
    done = _number(obj, "status", "succeeded")
    return _waiting(f"{done} of {max(1, wanted)} pods completed")


def _judge_claim(obj: Object) -> Progress:
    return _first((text_at(obj, "status", "phase") != "Bound", "it is not bound to a volume"))


def _judge_service(obj: Object) -> Progress:
    is_balanced = text_at(obj, "spec", "type") == "LoadBalancer"
    return _first((is_balanced and not text_at(obj, "spec", "clusterIP"), "it has no address yet"))


def _judge_definition(obj: Object) -> Progress:
    conditions = _conditions(obj)
    if _is(conditions, "NamesAccepted", "False"):
        return _failed(_told(conditions["NamesAccepted"]) or "its names are taken")
    established = conditions.get("Established", {})
    if text_at(established, "status") == "True":
        return _CURRENT
    is_refused = text_at(established, "status") == "False"
    if is_refused and text_at(established, "reason") != "Installing":
        return _failed(_told(established) or "it is not established")
    return _waiting("it is not established yet")


def _judge_namespace(obj: Object) -> Progress:
    phase = text_at(obj, "status", "phase")
    return _first((phase not in ("", "Active"), f"its phase is {phase}"))


def _judge_api_service(obj: Object) -> Progress:
    available = _conditions(obj).get("Available", {})
    is_there = text_at(available, "status") == "True"
    return _first((not is_there, _told(available) or "it is not available yet"))


_RULES: Mapping[tuple[str, str], Callable[[Object], Progress]] = {
    ("apps", "Deployment"): _judge_deployment,
    ("apps", "ReplicaSet"): _judge_replica_set,
    ("apps", "StatefulSet"): _judge_stateful_set,
    ("apps", "DaemonSet"): _judge_daemon_set,
    ("", "ReplicationController"): _judge_replica_set,
    ("", "Pod"): _judge_pod,
    ("", "PersistentVolumeClaim"): _judge_claim,
    ("", "Service"): _judge_service,
    ("", "Namespace"): _judge_namespace,
    ("batch", "Job"): _judge_job,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _judge_definition,
    ("apiregistration.k8s.io", "APIService"): _judge_api_service,
}
"""The kinds that have rules of their own, by API group and kind."""

_WORKLOADS = frozenset(
    {
        ("apps", "Deployment"),
        ("apps", "ReplicaSet"),
        ("apps", "StatefulSet"),
        ("apps", "DaemonSet"),
        ("", "ReplicationController"),
    }
)


def _first(*cases: tuple[bool, str]) -> Progress:
    """The first of *cases* that holds is what is waited for."""
    return next((_waiting(message) for holds, message in cases if holds), _CURRENT)


def _waiting(message: str) -> Progress:
    return Progress(Readiness.IN_PROGRESS, message)


def _failed(message: str) -> Progress:
    return Progress(Readiness.FAILED, message)


def _conditions(obj: Object) -> Mapping[str, Object]:
    found = list_at(obj, "status", "conditions")
    return {text_at(each, "type"): each for each in found if isinstance(each, dict)}


def _is(conditions: Mapping[str, Object], kind: str, status: str) -> bool:
    return text_at(conditions.get(kind), "status") == status


def _told(condition: Object) -> str:
    parts = (text_at(condition, "reason"), text_at(condition, "message"))
    return ": ".join(part for part in parts if part)


def _number(obj: Object, *path: str, default: int = 0) -> int:
    found: Any = value_at(obj, *path)
    return found if isinstance(found, int) and not isinstance(found, bool) else default


def _group(obj: Object) -> str:
    return split_api_version(text_at(obj, "apiVersion"))[0]
