"""
Rules for names and other metadata that are the same for many kinds.

Upstream: apimachinery/pkg/util/validation/validation.go, apimachinery/pkg/api/validation.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from kubefedctl.sandbox.objects import Object, meta
from kubefedctl.sandbox.resources import Resource
from kubefedctl.sandbox.statuses import cause, invalid_value

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_LETTER_LABEL = r"[a-z]([-a-z0-9]*[a-z0-9])?"
_QUALIFIED = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE = r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?"
_ANNOTATIONS_LIMIT = 256 * 1024

Check = Callable[[str], list[str]]


def _too_long(limit: int) -> str:
    return f"must be no more than {limit} characters"


def check_subdomain(value: str) -> list[str]:
    """Return what is wrong with a DNS subdomain (RFC 1123)."""
    problems = [_too_long(253)] if len(value) > 253 else []
    if not re.fullmatch(_SUBDOMAIN, value):
        problems.append(
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, "
            "'-' or '.', and must start and end with an alphanumeric character (e.g. "
            f"'example.com', regex used for validation is '{_SUBDOMAIN}')"
        )
    return problems


def check_label(value: str) -> list[str]:
    """Return what is wrong with a DNS label (RFC 1123)."""
    problems = [_too_long(63)] if len(value) > 63 else []
    if not re.fullmatch(_LABEL, value):
        problems.append(
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or "
            "'-', and must start and end with an alphanumeric character (e.g. 'my-name',  or "
            f"'123-abc', regex used for validation is '{_LABEL}')"
        )
    return problems


def check_letter_label(value: str) -> list[str]:
    """Return what is wrong with a DNS label that starts with a letter (RFC 1035)."""
    problems = [_too_long(63)] if len(value) > 63 else []
    if not re.fullmatch(_LETTER_LABEL, value):
        problems.append(
            "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start "
            "with an alphabetic character, and end with an alphanumeric character (e.g. "
            f"'my-name',  or 'abc-123', regex used for validation is '{_LETTER_LABEL}')"
        )
    return problems


def check_path_segment(value: str) -> list[str]:
    """Return what is wrong with a name that only has to fit in a URL."""
    if value in (".", ".."):
        return [f"may not be '{value}'"]
    return [f"may not contain '{char}'" for char in "/%" if char in value]


_CHECKS: dict[tuple[str, str], Check] = {
    ("", "namespaces"): check_label,
    ("", "services"): check_letter_label,
    ("rbac.authorization.k8s.io", "roles"): check_path_segment,
    ("rbac.authorization.k8s.io", "rolebindings"): check_path_segment,
    ("rbac.authorization.k8s.io", "clusterroles"): check_path_segment,
    ("rbac.authorization.k8s.io", "clusterrolebindings"): check_path_segment,
}


def check_name(resource: Resource, name: str) -> list[Object]:
    """Return the causes against a name of that resource."""
    check = _CHECKS.get(resource.key, check_subdomain)
    return [invalid_value("metadata.name", name, message=problem) for problem in check(name)]


def _check_key(field: str, key: str) -> list[Object]:
    if key.count("/") > 1:
        text = (
            "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must "
            "start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or "
            f"'123-abc', regex used for validation is '{_QUALIFIED}') with an optional DNS "
            "subdomain prefix and '/' (e.g. 'example.com/MyName')"
        )
        return [invalid_value(field, key, message=text)]
    prefix, slash, name = key.rpartition("/")
    problems = []
    if slash and (not prefix or check_subdomain(prefix)):
        detail = check_subdomain(prefix)[0] if prefix else "must be non-empty"
        problems.append(f"prefix part {detail}")
    if not name:
        problems.append("name part must be non-empty")
    elif len(name) > 63:
        problems.append(f"name part {_too_long(63)}")
    elif not re.fullmatch(_QUALIFIED, name):
        problems.append(
            "name part must consist of alphanumeric characters, '-', '_' or '.', and must start "
            "and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or "
            f"'123-abc', regex used for validation is '{_QUALIFIED}')"
        )
    return [invalid_value(field, key, message=problem) for problem in problems]


def check_labels(labels: Object, field: str) -> list[Object]:
    """Return the causes against a map of labels."""
    causes = []
    for key, value in labels.items():
        causes += _check_key(field, key)
        if len(value) > 63:
            causes.append(invalid_value(field, value, message=_too_long(63)))
        elif not re.fullmatch(_VALUE, value):
            text = (
                "a valid label must be an empty string or consist of alphanumeric characters, "
                "'-', '_' or '.', and must start and end with an alphanumeric character (e.g. "
                f"'MyValue',  or 'my_value',  or '12345', regex used for validation is '{_VALUE}')"
            )
            causes.append(invalid_value(field, value, message=text))
    return causes


def check_metadata(resource: Resource, obj: Object) -> list[Object]:
    """Return the causes against the metadata of an object."""
    metadata = meta(obj)
    causes = check_name(resource, str(metadata.get("name") or ""))
    causes += check_labels(metadata.get("labels") or {}, "metadata.labels")
    annotations = metadata.get("annotations") or {}
    for key in annotations:
        causes += _check_key("metadata.annotations", key.lower())
    if sum(len(key) + len(str(value)) for key, value in annotations.items()) > _ANNOTATIONS_LIMIT:
        text = f"Too long: may not be more than {_ANNOTATIONS_LIMIT} bytes"
        causes.append(cause("FieldValueTooLong", "metadata.annotations", message=text))
    for finalizer in metadata.get("finalizers") or ():
        causes += _check_key("metadata.finalizers", finalizer)
        if "/" not in finalizer and finalizer not in ("orphan", "foregroundDeletion"):
            text = "name is neither a standard finalizer name nor is it fully qualified"
            causes.append(invalid_value("metadata.finalizers[0]", finalizer, message=text))
    return causes + _check_owners(metadata.get("ownerReferences") or [])


def _check_owners(owners: list[Object]) -> list[Object]:
    causes = []
    for index, owner in enumerate(owners):
        field = f"metadata.ownerReferences[{index}]" if len(owners) > 1 else (
            "metadata.ownerReferences"
        )  # fmt: skip
        for key in ("apiVersion", "kind", "name", "uid"):
            if not owner.get(key):
                text = "must not be empty" if key != "apiVersion" else "version must not be empty"
                causes.append(invalid_value(f"{field}.{key}", owner.get(key, ""), message=text))
    if sum(1 for owner in owners if owner.get("controller")) > 1:
        text = "Only one reference can have Controller set to true"
        causes.append(invalid_value("metadata.ownerReferences", None, message=text))
    return causes
