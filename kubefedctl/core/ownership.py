"""
What of an object belongs to the cluster it lives in, and which objects belong to it altogether.

A live Job, PersistentVolumeClaim or Pod names things of its own cluster: a controller uid, a
volume, a node. Another cluster refuses them, or is led astray. Not here: how a federated object is
made (`federating`).

Upstream: KubeFed takes all this over as it is (pkg/kubefedctl/federate/util.go @ v0.10.0).
"""

from __future__ import annotations

import re
from typing import Any

from kubefedctl.model.objects import (
    key_of,
    kind_of,
    labels_of,
    list_at,
    map_at,
    name_of,
    text_at,
    value_at,
)
from kubefedctl.model.refs import Key, Object, split_api_version

_UID_LABELS = frozenset({"controller-uid", "batch.kubernetes.io/controller-uid"})
_JOB_LABELS = _UID_LABELS | {"job-name", "batch.kubernetes.io/job-name"}
_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
_API_SERVICE = Key("default", "kubernetes")
_ROOT_CA = "kube-root-ca.crt"
_TOKEN_TYPE = "kubernetes.io/service-account-token"
_VOLUME_ANNOTATIONS = (
    "pv.kubernetes.io/",
    "volume.kubernetes.io/",
    "volume.beta.kubernetes.io/storage-provisioner",
)


def drop_owned(target: Object) -> Object:
    """
    Return *target* without the fields that its cluster filled in for itself alone.

    Args:
        target: A Job, PersistentVolumeClaim or Pod; others come back as they are. Not changed.

    >>> claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "spec": {"volumeName": "pv"}}
    >>> drop_owned(claim)["spec"]
    {}
    """
    match _group_of(target), kind_of(target):
        case "batch", "Job":
            return _drop_of_job(target)
        case "", "PersistentVolumeClaim":
            return _with_spec(target, _without(target.get("spec"), "volumeName"))
        case "", "Pod":
            return _drop_of_pod(target)
    return target


def is_owned_annotation(target: Object, annotation: str) -> bool:
    """Return whether a cluster wrote *annotation* on a claim, so that losing it is no loss."""
    return kind_of(target) == "PersistentVolumeClaim" and annotation.startswith(_VOLUME_ANNOTATIONS)


def why_never_federated(target: Object) -> str:
    """
    Return why *target* makes no sense in another cluster; empty where it does.

    >>> why_never_federated({"apiVersion": "v1", "kind": "Pod"})
    ''
    """
    match _group_of(target), kind_of(target):
        case "", "Secret" if text_at(target, "type") == _TOKEN_TYPE:
            return "it holds a token of a service account, which is good for one cluster only"
        case "", "ConfigMap" if name_of(target) == _ROOT_CA:
            return "every cluster makes its own"
        case "", "Service" if key_of(target) == _API_SERVICE:
            return "it is the cluster's own API server"
    return ""


def controller_of(target: Object) -> str:
    """Return kind and name of the object that controls *target*, as `Kind/name`; empty for none."""
    for reference in list_at(target, "metadata", "ownerReferences"):
        if value_at(reference, "controller") is True:
            return f"{text_at(reference, 'kind')}/{text_at(reference, 'name')}"
    return ""


def _group_of(obj: Object) -> str:
    return split_api_version(text_at(obj, "apiVersion"))[0]


def _with_spec(target: Object, spec: Any) -> Object:
    return {**target, "spec": spec} if "spec" in target else target


def _without(fields: Any, *names: str) -> Any:
    if not isinstance(fields, dict):
        return fields
    return {name: value for name, value in fields.items() if name not in names}


def _drop_of_job(job: Object) -> Object:
    """A selector on a controller uid was generated, and with it the labels of the pods."""
    if value_at(job, "spec", "manualSelector") is True:
        return job
    if not _UID_LABELS & map_at(job, "spec", "selector", "matchLabels").keys():
        return job
    spec = _without(job["spec"], "selector")
    if isinstance(spec.get("template"), dict):
        spec["template"] = _without_job_labels(spec["template"])
    return {**_without_job_labels(job), "spec": spec}


def _without_job_labels(obj: Object) -> Object:
    if not labels_of(obj):
        return obj
    kept = {name: value for name, value in labels_of(obj).items() if name not in _JOB_LABELS}
    metadata = _without(obj["metadata"], "labels")
    return {**obj, "metadata": {**metadata, "labels": kept} if kept else metadata}


def _drop_of_pod(pod: Object) -> Object:
    spec = _without(pod.get("spec"), "nodeName")
    tokens = _token_volumes(spec)
    if tokens:
        spec = _without_named(spec, "volumes", tokens)
        for part in _CONTAINERS:
            if containers := list_at(spec, part):
                spec[part] = [_without_named(c, "volumeMounts", tokens) for c in containers]
    return _with_spec(pod, spec)


def _token_volumes(spec: Any) -> frozenset[str]:
    """Return the volumes that the API server added, so that the pod can talk to it."""
    account = text_at(spec, "serviceAccountName") or "default"
    legacy = re.compile(rf"{re.escape(account)}-token-[a-z0-9]{{5}}")
    found = set()
    for volume in list_at(spec, "volumes"):
        name = text_at(volume, "name")
        sources = list_at(volume, "projected", "sources")
        if (
            name.startswith("kube-api-access-")
            and any(
                "serviceAccountToken" in source for source in sources if isinstance(source, dict)
            )
        ) or (legacy.fullmatch(name) and text_at(volume, "secret", "secretName") == name):
            found.add(name)
    return frozenset(found)


def _without_named(obj: Any, part: str, names: frozenset[str]) -> Any:
    """Return *obj* whose list *part* lost the items of these names; an empty list goes too."""
    items = list_at(obj, part)
    if not items:
        return obj
    kept = [item for item in items if text_at(item, "name") not in names]
    return {**obj, part: kept} if kept else _without(obj, part)
