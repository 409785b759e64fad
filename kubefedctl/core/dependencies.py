"""
What a workload names in its own namespace, and cannot run without.

Here: reading the names out of pod specs. Not here: whether such an object exists.

Laws:
1. Nothing is found twice; one mention that is not optional makes a dependency needed.
2. What every cluster makes for itself is no dependency: the service account `default`, the root CA
   and a pod's token volume. Nor is a claim that a StatefulSet or a volume makes from a template.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kubefedctl.core.ownership import drop_owned
from kubefedctl.model.objects import kind_of, list_at, name_of, text_at, value_at
from kubefedctl.model.refs import Object, split_api_version

_IN_TEMPLATE = ("spec", "template", "spec")
_POD_SPECS = {
    ("", "Pod"): ("spec",),
    ("", "ReplicationController"): _IN_TEMPLATE,
    ("apps", "DaemonSet"): _IN_TEMPLATE,
    ("apps", "Deployment"): _IN_TEMPLATE,
    ("apps", "ReplicaSet"): _IN_TEMPLATE,
    ("apps", "StatefulSet"): _IN_TEMPLATE,
    ("batch", "CronJob"): ("spec", "jobTemplate", "spec", "template", "spec"),
    ("batch", "Job"): _IN_TEMPLATE,
}
_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
_MADE_EVERYWHERE = frozenset({("ServiceAccount", "default"), ("ConfigMap", "kube-root-ca.crt")})
_CONFIG_MAP, _SECRET = "ConfigMap", "Secret"
_VOLUMES_WITH_SECRET = ("cephfs", "flexVolume", "iscsi", "rbd", "scaleIO", "storageos")


@dataclass(frozen=True, slots=True, order=True)
class Dependency:
    """
    An object that a workload names.

    Args:
        kind: ConfigMap, PersistentVolumeClaim, Secret or ServiceAccount.
        name: Its name; its namespace is the workload's.
        is_optional: The workload says that it runs without, wherever it names it.
    """

    kind: str
    name: str
    is_optional: bool = False


def is_workload(kind: str, *, group: str) -> bool:
    """
    Return whether objects of this kind run pods, and so may have dependencies.

    >>> is_workload("Deployment", group="apps"), is_workload("ConfigMap", group="")
    (True, False)
    """
    return (group, kind) in _POD_SPECS


def find_dependencies(obj: Object) -> tuple[Dependency, ...]:
    """
    Return what *obj* names in its namespace, by kind and name.

    Args:
        obj: A workload, or a ServiceAccount, which names image pull secrets; others name nothing.

    >>> find_dependencies({"apiVersion": "v1", "kind": "Pod", "spec": {"serviceAccountName": "a"}})
    (Dependency(kind='ServiceAccount', name='a', is_optional=False),)
    """
    optional: dict[tuple[str, str], bool] = {}
    for found in _mentions_of(obj):
        known = (found.kind, found.name)
        if found.name and known not in _MADE_EVERYWHERE:
            optional[known] = found.is_optional and optional.get(known, True)
    return tuple(sorted(Dependency(*known, is_optional=it) for known, it in optional.items()))


def _mentions_of(obj: Object) -> Iterator[Dependency]:
    group, kind = split_api_version(text_at(obj, "apiVersion"))[0], kind_of(obj)
    if (group, kind) == ("", "ServiceAccount"):
        yield from _pull_secrets(obj)
    elif (group, kind) in _POD_SPECS:
        spec = value_at(drop_owned(obj), *_POD_SPECS[group, kind])
        made = {name_of(claim) for claim in list_at(obj, "spec", "volumeClaimTemplates")}
        yield from _mentions_of_spec(spec, frozenset(made))


def _mentions_of_spec(spec: Any, made_volumes: frozenset[str]) -> Iterator[Dependency]:
    account = text_at(spec, "serviceAccountName") or text_at(spec, "serviceAccount")
    yield Dependency("ServiceAccount", account)
    yield from _pull_secrets(spec)
    for part in _CONTAINERS:
        for container in list_at(spec, part):
            yield from _mentions_of_container(container)
    for volume in list_at(spec, "volumes"):
        if text_at(volume, "name") not in made_volumes:
            yield from _mentions_of_volume(volume)


def _pull_secrets(holder: Any) -> Iterator[Dependency]:
    for reference in list_at(holder, "imagePullSecrets"):
        yield Dependency(_SECRET, text_at(reference, "name"))


def _mentions_of_container(container: Any) -> Iterator[Dependency]:
    for source in list_at(container, "envFrom"):
        yield _reference(_CONFIG_MAP, value_at(source, "configMapRef"))
        yield _reference(_SECRET, value_at(source, "secretRef"))
    for variable in list_at(container, "env"):
        yield _reference(_CONFIG_MAP, value_at(variable, "valueFrom", "configMapKeyRef"))
        yield _reference(_SECRET, value_at(variable, "valueFrom", "secretKeyRef"))


def _mentions_of_volume(volume: Any) -> Iterator[Dependency]:
    yield _reference(_CONFIG_MAP, value_at(volume, "configMap"))
    yield _reference(_SECRET, value_at(volume, "secret"), field="secretName")
    yield _reference(_SECRET, value_at(volume, "azureFile"), field="secretName")
    yield _reference(_SECRET, value_at(volume, "csi", "nodePublishSecretRef"))
    for source in _VOLUMES_WITH_SECRET:
        yield _reference(_SECRET, value_at(volume, source, "secretRef"))
    claim = value_at(volume, "persistentVolumeClaim")
    yield _reference("PersistentVolumeClaim", claim, field="claimName")
    for source in list_at(volume, "projected", "sources"):
        yield _reference(_CONFIG_MAP, value_at(source, "configMap"))
        yield _reference(_SECRET, value_at(source, "secret"))


def _reference(kind: str, reference: Any, *, field: str = "name") -> Dependency:
    """Return what a part of a pod spec names; without a name where it names nothing."""
    is_optional = value_at(reference, "optional") is True
    return Dependency(kind, text_at(reference, field), is_optional)
