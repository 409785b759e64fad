"""
Finding the API type that a person means by `deploy`, `Deployment` or `deployments.apps`.

Not here: reading discovery, and whether a found type is federated.
"""

from __future__ import annotations

from collections.abc import Iterable

from kubefedctl.errors import InputError
from kubefedctl.model.typeconfigs import ApiResource, Discovery


def find_type(discovery: Discovery, key: str, *, version: str = "") -> ApiResource:
    """
    Return the one type that *key* names, in its preferred version.

    A key is a plural, a singular, a kind, a short name, or `plural.group`, in any case. Where
    several types match and one is in the core group, that one is meant.

    Args:
        discovery: What the cluster serves.
        key: What the person typed.
        version: Only types whose preferred version is this one; empty for any.

    Raises:
        InputError: The key is empty, names no type, or names several.

    Upstream: pkg/kubefedctl/enable/util.go, LookupAPIResource @ v0.10.0. An empty key, which there
    means the first core type without a singular name, is refused.
    """
    wanted = key.strip().lower()
    if not wanted:
        raise InputError("the name of a type is empty", hint="name a type, such as deployments")
    matches = [
        item
        for item in sorted(discovery.resources)
        if item.preferred
        and (not version or item.resource.version == version)
        and wanted in names_of(item)
    ]
    core = [item for item in matches if not item.resource.group]
    if core:
        return core[0]
    if len(matches) == 1:
        return matches[0]
    raise _ambiguous(key, matches) if matches else _missing(discovery, key, version=version)


def names_of(item: ApiResource) -> frozenset[str]:
    """
    Return all names by which a type can be called, in lower case.

    NB: `deployment.apps` is none of them, `pods.` with its empty group is.
    """
    resource = item.resource
    names = {resource.plural, item.singular, resource.kind, *item.short_names}
    names.add(f"{resource.plural}.{resource.group}")
    return frozenset(name.lower() for name in names if name)


def _ambiguous(key: str, matches: Iterable[ApiResource]) -> InputError:
    candidates = sorted({item.resource.qualified_name for item in matches})
    return InputError(
        f"{key!r} names several types: {', '.join(candidates)}",
        hint=f"name one with its group, such as {candidates[0]}",
    )


def _missing(discovery: Discovery, key: str, *, version: str) -> InputError:
    in_version = f" in version {version}" if version else ""
    message = f"the cluster serves no type named {key!r}{in_version}"
    if discovery.failures:
        return InputError(
            f"{message}, and could not tell of all it serves: {'; '.join(discovery.failures)}",
            hint="repair the API services that do not answer, or give the type's full name",
        )
    return InputError(message, hint=_suggest(discovery, key, version=version))


def _suggest(discovery: Discovery, key: str, *, version: str) -> str:
    wanted = key.strip().lower()
    if version and any(wanted in names_of(item) for item in discovery.resources):
        return "leave out --version, or give the version that the group prefers"
    name, _, group = wanted.partition(".")
    for item in sorted(discovery.resources):
        if item.resource.group == group and name in names_of(item):
            return f"did you mean {item.resource.qualified_name}"
    for item in sorted(discovery.resources):
        if wanted.removeprefix("federated") in names_of(item):
            return f"name the type to be federated: {item.resource.qualified_name}"
    return "kubectl api-resources lists the types that the cluster serves"
