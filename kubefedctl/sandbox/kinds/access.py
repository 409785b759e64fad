"""
Roles and bindings: defaults, immutable roleRef, and the rule that nobody grants what they lack.

Upstream: pkg/apis/rbac/v1/defaults.go, pkg/apis/rbac/validation, pkg/registry/rbac/*/policybased.
"""

from __future__ import annotations

from kubefedctl.sandbox.kinds.context import Context
from kubefedctl.sandbox.objects import Object, name_of, namespace_of
from kubefedctl.sandbox.resources import Resource
from kubefedctl.sandbox.statuses import forbidden, invalid_value, not_found, required, unsupported

GROUP = "rbac.authorization.k8s.io"


def default_role(obj: Object) -> None:
    """Write an absent list of rules as null, as Go does."""
    obj.setdefault("rules", None)


def validate_role(obj: Object, old: Object | None) -> list[Object]:
    """Return the causes against the rules of a role."""
    causes = []
    for index, rule in enumerate(obj.get("rules") or ()):
        field = f"rules[{index}]"
        if not rule.get("verbs"):
            text = "verbs must contain at least one value"
            causes.append(required(f"{field}.verbs", text))
        if rule.get("nonResourceURLs"):
            causes += _check_urls(obj, rule, field)
            continue
        if not rule.get("apiGroups"):
            text = "resource rules must supply at least one api group"
            causes.append(required(f"{field}.apiGroups", text))
        if not rule.get("resources"):
            text = "resource rules must supply at least one resource"
            causes.append(required(f"{field}.resources", text))
    return causes


def _check_urls(obj: Object, rule: Object, field: str) -> list[Object]:
    where, urls = f"{field}.nonResourceURLs", rule["nonResourceURLs"]
    if obj.get("kind") == "Role":
        text = "namespaced rules cannot apply to non-resource URLs"
        return [invalid_value(where, urls, message=text)]
    if rule.get("apiGroups") or rule.get("resources") or rule.get("resourceNames"):
        text = "rules cannot apply to both regular resources and non-resource URLs"
        return [invalid_value(where, urls, message=text)]
    return []


def default_binding(obj: Object) -> None:
    """Give the API groups of roleRef and subjects."""
    reference = obj.setdefault("roleRef", {})
    if not reference.get("apiGroup"):
        reference["apiGroup"] = GROUP
    for subject in obj.get("subjects") or ():
        if subject.get("kind") in ("User", "Group") and not subject.get("apiGroup"):
            subject["apiGroup"] = GROUP


def validate_binding(obj: Object, old: Object | None) -> list[Object]:
    """Return the causes against a binding."""
    reference = obj["roleRef"]
    cluster_wide = obj.get("kind") == "ClusterRoleBinding"
    kinds = ("ClusterRole",) if cluster_wide else ("Role", "ClusterRole")
    causes = []
    if reference.get("kind") not in kinds:
        causes.append(unsupported("roleRef.kind", reference.get("kind", ""), allowed=kinds))
    if not reference.get("name"):
        causes.append(required("roleRef.name"))
    for index, subject in enumerate(obj.get("subjects") or ()):
        field = f"subjects[{index}]"
        if not subject.get("name"):
            causes.append(required(f"{field}.name"))
        kind = subject.get("kind")
        if kind not in ("ServiceAccount", "User", "Group"):
            allowed = ("ServiceAccount", "User", "Group")
            causes.append(unsupported(f"{field}.kind", kind or "", allowed=allowed))
        elif kind == "ServiceAccount" and cluster_wide and not subject.get("namespace"):
            causes.append(required(f"{field}.namespace"))
    if old is not None and old.get("roleRef") != reference:
        shown = {
            "APIGroup": reference.get("apiGroup"),
            "Kind": reference.get("kind"),
            "Name": reference.get("name"),
        }
        causes.append(invalid_value("roleRef", shown, message="cannot change roleRef"))
    return causes


def admit_role(obj: Object, old: Object | None, context: Context) -> None:
    """Refuse rules that the caller does not hold and may not escalate to."""
    rules = list(obj.get("rules") or ())
    if old is not None and old.get("rules") == obj.get("rules"):
        return
    place, name = namespace_of(obj), name_of(obj)
    if context.judge.may(
        context.caller, "escalate", resource=context.resource, namespace=place, name=name
    ):
        return
    if obj.get("aggregationRule"):
        everything = [
            {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
            {"nonResourceURLs": ["*"], "verbs": ["*"]},
        ]
        if context.judge.missing_rules(context.caller, everything, namespace=place):
            text = "must have cluster-admin privileges to use the aggregationRule"
            raise forbidden(context.resource, name, message=text)
    _refuse_missing(context, rules, namespace=place, name=name)


def admit_binding(obj: Object, old: Object | None, context: Context) -> None:
    """Refuse to bind a role whose rules the caller does not hold, unless they may `bind` it."""
    if old is not None and (old.get("subjects"), old.get("roleRef")) == (
        obj.get("subjects"),
        obj.get("roleRef"),
    ):
        return
    reference, place = obj["roleRef"], namespace_of(obj)
    cluster_wide = reference["kind"] == "ClusterRole"
    plural = "clusterroles" if cluster_wide else "roles"
    holder = Resource(GROUP, "v1", plural, reference["kind"], namespaced=not cluster_wide)
    if context.judge.may(
        context.caller, "bind", resource=holder, namespace=place, name=reference["name"]
    ):
        return
    role = context.store.get((GROUP, plural), "" if cluster_wide else place, reference["name"])
    if role is None:
        raise not_found(holder, reference["name"])
    rules = list(role.get("rules") or ())
    _refuse_missing(context, rules, namespace=place, name=name_of(obj))


def _refuse_missing(context: Context, rules: list[Object], *, namespace: str, name: str) -> None:
    missing = context.judge.missing_rules(context.caller, rules, namespace=namespace)
    if not missing:
        return
    groups = " ".join(f'"{group}"' for group in context.caller.groups)
    lines = "\n".join(_show_rule(rule) for rule in missing)
    text = (
        f'user "{context.caller.name}" (groups=[{groups}]) is attempting to grant RBAC '
        f"permissions not currently held:\n{lines}"
    )
    raise forbidden(context.resource, name, message=text)


def _show_rule(rule: Object) -> str:
    """Upstream: pkg/apis/rbac/v1/helpers.go (CompactString)."""
    names = (
        ("APIGroups", "apiGroups"),
        ("Resources", "resources"),
        ("NonResourceURLs", "nonResourceURLs"),
        ("ResourceNames", "resourceNames"),
        ("Verbs", "verbs"),
    )
    parts = [
        f"{shown}:[{', '.join(chr(34) + item + chr(34) for item in rule[key])}]"
        for shown, key in names
        if rule.get(key)
    ]
    return "{" + ", ".join(parts) + "}"
