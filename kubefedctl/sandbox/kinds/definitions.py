"""
CustomResourceDefinitions: defaults, rules, and the resources they stand for.

Upstream: apiextensions-apiserver/pkg/apis/apiextensions/{v1/defaults.go,validation},
apiextensions-apiserver/pkg/controller/status/naming_controller.go.
"""

from __future__ import annotations

from kubefedctl.sandbox.kinds.context import Context
from kubefedctl.sandbox.names import check_label, check_letter_label, check_subdomain
from kubefedctl.sandbox.objects import Object, name_of, spec_of
from kubefedctl.sandbox.resources import SCALE, Resource, Subresource, status
from kubefedctl.sandbox.statuses import cause, invalid_value, required, unsupported

_UNTYPED = ("x-kubernetes-int-or-string", "x-kubernetes-preserve-unknown-fields")


def default_definition(obj: Object) -> None:
    """Give names and conversion."""
    spec = obj.setdefault("spec", {})
    names = spec.setdefault("names", {})
    if not names.get("singular"):
        names["singular"] = str(names.get("kind") or "").lower()
    if not names.get("listKind") and names.get("kind"):
        names["listKind"] = f"{names['kind']}List"
    spec.setdefault("conversion", {"strategy": "None"})


def prepare_definition(obj: Object, old: Object | None, context: Context) -> None:
    """Give a new definition the status it has before any controller saw it."""
    if old is None:
        stored = [item["name"] for item in _versions(obj) if item.get("storage")]
        empty = {"plural": "", "kind": ""}
        obj["status"] = {"conditions": None, "acceptedNames": empty, "storedVersions": stored}
    else:
        known = list((obj.get("status") or {}).get("storedVersions") or ())
        for version in _versions(obj):
            if version.get("storage") and version["name"] not in known:
                known.append(version["name"])
                obj["status"] = {**(obj.get("status") or {}), "storedVersions": known}


def _versions(obj: Object) -> list[Object]:
    return [item for item in spec_of(obj).get("versions") or () if isinstance(item, dict)]


def validate_definition(obj: Object, old: Object | None) -> list[Object]:
    """Return the causes against a definition."""
    spec = spec_of(obj)
    names, group = spec["names"], str(spec.get("group") or "")
    causes = _check_group(obj, group, str(names.get("plural") or ""))
    if spec.get("scope") not in ("Cluster", "Namespaced"):
        allowed = ("Cluster", "Namespaced")
        causes.append(unsupported("spec.scope", spec.get("scope") or "", allowed=allowed))
    for key in ("plural", "singular"):
        value = str(names.get(key) or "")
        field = f"spec.names.{key}"
        if not value:
            causes.append(required(field))
        else:
            causes += [
                invalid_value(field, value, message=text) for text in check_letter_label(value)
            ]
    if not names.get("kind"):
        causes.append(required("spec.names.kind"))
    for index, short in enumerate(names.get("shortNames") or ()):
        field = f"spec.names.shortNames[{index}]"
        causes += [invalid_value(field, short, message=text) for text in check_letter_label(short)]
    causes += _check_versions(_versions(obj))
    if old is not None:
        for path in (("group",), ("scope",), ("names", "plural"), ("names", "kind")):
            causes += _check_frozen(obj, old, path)
    return causes


def _check_group(obj: Object, group: str, plural: str) -> list[Object]:
    if not group:
        return [required("spec.group")]
    if problems := check_subdomain(group):
        return [invalid_value("spec.group", group, message=text) for text in problems]
    if "." not in group:
        text = "should be a domain with at least one dot"
        return [invalid_value("spec.group", group, message=text)]
    expected = f"{plural}.{group}"
    if name_of(obj) != expected:
        text = 'must be spec.names.plural+"."+spec.group'
        return [invalid_value("metadata.name", name_of(obj), message=text)]
    if group.endswith((".k8s.io", ".kubernetes.io")) and "api-approved.kubernetes.io" not in (
        obj["metadata"].get("annotations") or {}
    ):
        field = "metadata.annotations[api-approved.kubernetes.io]"
        text = (
            "protected groups must have approval annotation "
            '"api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111'
        )
        return [required(field, text)]
    return []


def _check_versions(versions: list[Object]) -> list[Object]:
    if not versions:
        text = "must have exactly one version marked as storage version"
        return [invalid_value("spec.versions", [], message=text)]
    causes = []
    for index, version in enumerate(versions):
        name, field = str(version.get("name") or ""), f"spec.versions[{index}]"
        problems = check_label(name)
        causes += [invalid_value(f"{field}.name", name, message=text) for text in problems]
        schema = (version.get("schema") or {}).get("openAPIV3Schema")
        if schema is None:
            causes.append(required(f"{field}.schema.openAPIV3Schema"))
    causes += _check_structural(versions)
    if sum(1 for version in versions if version.get("storage")) != 1:
        names = [version.get("name") for version in versions]
        text = "must have exactly one version marked as storage version"
        causes.append(invalid_value("spec.versions", names, message=text))
    if not any(version.get("storage") for version in versions):
        text = "must have at least one stored version"
        causes.append(invalid_value("status.storedVersions", None, message=text))
    return causes


def _check_structural(versions: list[Object]) -> list[Object]:
    """
    Return the causes against schemas in which a type is missing.

    A schema that all versions share is reported once, at the place where it was before v1.

    Upstream: apiextensions-apiserver/pkg/apiserver/schema/validation.go.
    """
    schemas = [(item.get("schema") or {}).get("openAPIV3Schema") for item in versions]
    if all(schema == schemas[0] for schema in schemas):
        places = [("spec.validation.openAPIV3Schema", schemas[0])]
    else:
        places = [
            (f"spec.versions[{index}].schema.openAPIV3Schema", schema)
            for index, schema in enumerate(schemas)
        ]
    causes: list[Object] = []
    for field, schema in places:
        if schema is not None:
            causes += _check_root(schema, field)
            causes += _check_parts(schema, field)
    return causes


def _check_parts(schema: Object, field: str) -> list[Object]:
    parts = [
        (f"{field}.properties[{name}]", part, "object fields")
        for name, part in sorted((schema.get("properties") or {}).items())
    ]
    parts.append((f"{field}.items", schema.get("items"), "array items"))
    values = schema.get("additionalProperties")
    parts.append((f"{field}.additionalProperties", values, "object fields"))
    causes = []
    for place, part, owner in parts:
        if not isinstance(part, dict):
            continue
        if not part.get("type") and not any(part.get(key) for key in _UNTYPED):
            causes.append(required(f"{place}.type", f"must not be empty for specified {owner}"))
        causes += _check_parts(part, place)
    return causes


def _check_root(schema: Object, field: str) -> list[Object]:
    kind = schema.get("type")
    if kind == "object":
        return []
    if not kind:
        return [required(f"{field}.type", "must not be empty at the root")]
    return [invalid_value(f"{field}.type", kind, message="must be object at the root")]


def _check_frozen(obj: Object, old: Object, path: tuple[str, ...]) -> list[Object]:
    before, after = spec_of(old), spec_of(obj)
    for key in path:
        before, after = before.get(key), after.get(key)  # type: ignore[assignment]
    if before == after:
        return []
    text = f'Invalid value: "{after}": field is immutable'
    return [cause("FieldValueInvalid", ".".join(("spec", *path)), message=text)]


def make_resources(definition: Object) -> list[Resource]:
    """Return the resources that a definition stands for, one for each served version."""
    spec = spec_of(definition)
    names = spec["names"]
    return [
        Resource(
            group=spec["group"],
            version=version["name"],
            plural=names["plural"],
            kind=names["kind"],
            singular=names.get("singular") or names["kind"].lower(),
            list_kind=names.get("listKind") or f"{names['kind']}List",
            namespaced=spec["scope"] == "Namespaced",
            short_names=tuple(names.get("shortNames") or ()),
            categories=tuple(names.get("categories") or ()),
            subresources=_subresources(version, names["kind"]),
            generation=True,
            unconditional_update=False,
            custom=True,
        )
        for version in _versions(definition)
        if version.get("served")
    ]


def _subresources(version: Object, kind: str) -> tuple[Subresource, ...]:
    declared = version.get("subresources") or {}
    parts: list[Subresource] = []
    if declared.get("status") is not None:
        parts.append(status(kind))
    if declared.get("scale") is not None:
        parts.append(SCALE)
    return tuple(parts)


def schemas_of(definition: Object) -> list[tuple[str, Object]]:
    """Return version and schema of every version of a definition."""
    return [
        (version["name"], (version.get("schema") or {}).get("openAPIV3Schema") or {})
        for version in _versions(definition)
    ]
