"""
Objects with fields that no update can change: when they are deleted and made anew.

KubeFed never does; such an object says UpdateFailed until its template is as it was. Here it may be
asked for, for a whole run or by an annotation on one federated object.

Laws:
1. Nothing that takes others with it (a Namespace, a CRD) or that holds data (a volume, a claim) is
   recreated because of a flag that was meant for all.
2. Namespaces and CRDs are never recreated.
"""

from __future__ import annotations

from kubefedctl.model.federated import FederatedObject
from kubefedctl.model.objects import RECREATE_ANNOTATION, annotations_of, uid_of
from kubefedctl.model.refs import Object

_NEVER = frozenset({"Namespace", "CustomResourceDefinition"})
_ONLY_BY_NAME = frozenset({"PersistentVolume", "PersistentVolumeClaim"})
_WORDS = (
    "field is immutable",
    "is immutable after creation",
    "may not change once set",
    "cannot change roleRef",
    "updates to statefulset spec for fields other than",
    "updates to parameters are forbidden",
    "pod updates may not change fields other than",
    "provisioner is forbidden",
)


def may_recreate(federated: FederatedObject, *, is_wanted: bool) -> bool:
    """
    Return whether the member objects of *federated* may be deleted and made anew.

    Args:
        federated: The object; its annotation `kubefedctl.io/recreate-immutable` says `true` where
            it alone may be, and `false` where it may not whatever the run says.
        is_wanted: Whether the whole run is to do so.
    """
    kind = federated.type_config.target.kind
    own = annotations_of(federated.source).get(RECREATE_ANNOTATION)
    if kind in _NEVER or own == "false":
        return False
    return own == "true" or (is_wanted and kind not in _ONLY_BY_NAME)


def is_immutable(message: str) -> bool:
    """
    Return whether an API server refuses an update because a field cannot be changed.

    Upstream: apimachinery pkg/api/validation/objectmeta.go, FieldImmutableErrorMsg, and the
    messages of k8s.io/kubernetes pkg/apis/*/validation @ v1.34, which have no reason word of their
    own.

    >>> is_immutable('spec.selector: Invalid value: {"a":"b"}: field is immutable')
    True
    """
    return any(words in message for words in _WORDS)


def make_recreation(observed: Object) -> Object:
    """Return the DeleteOptions with which an object goes that is made anew: with its dependents."""
    uid = uid_of(observed)
    body: Object = {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "propagationPolicy": "Background",
    }
    return {**body, "preconditions": {"uid": uid}} if uid else body
