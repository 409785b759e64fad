"""
How a member cluster's object departs from the template: `spec.overrides`.

Here: reading and checking the list of overrides, and applying one cluster's operations to an
object. Not here: what an object consists of before and after (`templates`).

The operations look like JSON Patch (RFC 6902), but KubeFed's library is more lenient, and
federated objects in use depend on that: `replace` creates a missing key, negative indices count
from the end, and a value of null or no value at all sets null. What is the same is held against
the `jsonpatch` library by a test.

Laws:
1. All or nothing: an operation that fails discards those before it.
2. The object that is overridden is never changed in place.
3. An object keeps its `kind`: no path that passes the checks leads there.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kubefedctl.errors import OverrideError
from kubefedctl.model.refs import Object

_REFUSED_PATHS = frozenset(
    {"/metadata/namespace", "/metadata/name", "/metadata/generateName", "/kind"}
)
_INDEX = re.compile(r"[+-]?[0-9]+")


@dataclass(frozen=True, slots=True)
class Operation:
    """
    One change of an object.

    Args:
        op: `add`, `remove` or `replace`.
        path: JSON pointer to what changes.
        value: The new value; None where there is none.
    """

    op: str
    path: str
    value: Any = None


@dataclass(frozen=True, slots=True)
class Overrides:
    """
    The overrides of one federated object.

    Args:
        by_cluster: Operations in their order, by cluster; also of clusters that are not selected
            or not registered, where they have no effect.
    """

    by_cluster: Mapping[str, tuple[Operation, ...]]

    def of(self, cluster: str) -> tuple[Operation, ...]:
        """Return the operations for *cluster*; none for one that is not mentioned."""
        return self.by_cluster.get(cluster, ())


def parse_overrides(raw: Any) -> Overrides:
    """
    Return the overrides of a federated object, checked.

    Args:
        raw: `spec.overrides` as it stands; None where absent.

    Raises:
        OverrideError: A wrong type, a cluster or path given twice, a path that must not change, or
            one without a leading slash. One bad entry fails all clusters, as in KubeFed.

    Upstream: pkg/controller/util/overrides.go, GetOverrides @ v0.10.0. Paths without a leading
    slash are refused here; KubeFed drops their first segment and changes something else.
    """
    by_cluster: dict[str, tuple[Operation, ...]] = {}
    for entry in _listed(raw, where="spec.overrides"):
        if not isinstance(entry, Mapping):
            raise OverrideError("an entry of spec.overrides is not a map")
        cluster = _text(entry, "clusterName", where="an entry of spec.overrides")
        if cluster in by_cluster:
            raise OverrideError(
                f"cluster {cluster} appears more than once in spec.overrides",
                hint="put all overrides of a cluster into one entry",
            )
        by_cluster[cluster] = tuple(_parse_operations(entry, cluster))
    return Overrides(by_cluster)


def apply_overrides(obj: Object, operations: Sequence[Operation]) -> Object:
    """
    Return *obj* with *operations* applied in order; each sees what those before it did.

    Args:
        obj: The object before; not changed.
        operations: One cluster's overrides.

    Raises:
        OverrideError: An operation does not fit; it is named by its position, op and path.

    Upstream: evanphx/json-patch v4.12.0 as KubeFed v0.10.0 uses it. Unlike there, values keep
    integers beyond 2^53, and the operation `test`, which no CRD of KubeFed admits, is refused.

    >>> apply_overrides({"spec": {}}, [Operation("replace", "/spec/replicas", 5)])
    {'spec': {'replicas': 5}}
    """
    if not operations:
        return obj
    changed = copy.deepcopy(obj)
    for position, operation in enumerate(operations):
        try:
            _apply(changed, operation)
        except _Misfit as misfit:
            raise OverrideError(
                f"override {position} ({operation.op} {operation.path}): {misfit}",
            ) from misfit
    return changed


class _Misfit(Exception):
    """Why an operation does not fit the object."""


def _parse_operations(entry: Mapping[str, Any], cluster: str) -> Iterator[Operation]:
    seen: set[str] = set()
    where = f"clusterOverrides of cluster {cluster}"
    for position, raw in enumerate(_listed(entry.get("clusterOverrides"), where=where)):
        here = f"override {position} of cluster {cluster}"
        if not isinstance(raw, Mapping):
            raise OverrideError(f"{here} is not a map")
        path = _checked_path(_text(raw, "path", where=here), where=here)
        if path in seen:
            raise OverrideError(f"path {path} appears more than once for cluster {cluster}")
        seen.add(path)
        yield Operation(_text(raw, "op", where=here) or "replace", path, raw.get("value"))


def _checked_path(path: str, *, where: str) -> str:
    if not path.startswith("/"):
        raise OverrideError(
            f"{where} has the path {path!r}, which does not begin with a slash",
            hint="write paths as JSON pointers, such as /spec/replicas",
        )
    if path in _REFUSED_PATHS:
        raise OverrideError(f"{where} has the path {path}, which must not be overridden")
    return path


def _listed(raw: Any, *, where: str) -> list[Any]:
    if raw is None:
        return []
    if not isinstance(raw, list):
        raise OverrideError(f"{where} is not a list")
    return raw


def _text(entry: Mapping[str, Any], field: str, *, where: str) -> str:
    value = entry.get(field)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise OverrideError(f"{field} of {where} is not text")
    return value


def _apply(obj: Object, operation: Operation) -> None:
    container, key = _find_container(obj, operation.path)
    # NB: the value is copied, or a later operation would reach into the overrides themselves.
    value = copy.deepcopy(operation.value)
    match operation.op:
        case "add":
            _add(container, key, value)
        case "replace":
            _replace(container, key, value)
        case "remove":
            _remove(container, key)
        case _:
            raise _Misfit("the operation is not one of add, remove, replace")


def _find_container(obj: Object, path: str) -> tuple[Any, str]:
    """Return the map or list that holds what *path* leads to, and the last step to it."""
    *steps, key = (step.replace("~1", "/").replace("~0", "~") for step in path.split("/")[1:])
    container: Any = obj
    for depth, step in enumerate(steps, start=2):
        if isinstance(container, list):
            container = container[_index(step, size=len(container))]
        else:
            container = container.get(step)
        if not isinstance(container, (dict, list)):
            parent = "/".join(path.split("/")[:depth])
            raise _Misfit(f"there is no map or list at {parent}")
    return container, key


def _add(container: Any, key: str, value: Any) -> None:
    if isinstance(container, dict):
        container[key] = value
    elif key == "-":
        container.append(value)
    else:
        # NB: one more than there are items, so that -1 appends as KubeFed's library does.
        container.insert(_index(key, size=len(container) + 1), value)


def _replace(container: Any, key: str, value: Any) -> None:
    container[key if isinstance(container, dict) else _index(key, size=len(container))] = value


def _remove(container: Any, key: str) -> None:
    if isinstance(container, list):
        del container[_index(key, size=len(container))]
    elif key in container:
        del container[key]
    else:
        raise _Misfit("there is nothing to remove")


def _index(key: str, *, size: int) -> int:
    """Return the place that *key* means among *size* places; negative ones count from the end."""
    if not _INDEX.fullmatch(key):
        raise _Misfit(f"{key!r} is not a list index")
    index = int(key)
    if not -size <= index < size:
        raise _Misfit(f"index {index} is outside the list")
    return index % size if index < 0 else index
