"""
Where manifests are kept: one file for each object, in a folder for each cluster.

Here: `CLUSTER/NAMESPACE/KIND.NAME.yaml` as text, and whether a text can be such a place. Not here:
writing files.

Laws:
1. A place is below the folder that it is joined to, whatever names the files had.
2. No two objects have one place, also where letters' case does not count.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from kubefedctl.errors import InputError
from kubefedctl.model.objects import MANAGED_LABEL, kind_of, labels_of, name_of, namespace_of
from kubefedctl.model.refs import Object, Subject
from kubefedctl.model.renderings import Rendering

OF_CLUSTER = "_cluster"
"""The folder of objects that are in no namespace; no namespace can have that name."""

SUFFIX = ".yaml"
_LONGEST_FILE_NAME = 240
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_SUBDOMAIN = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
)
_KIND = re.compile(r"[A-Za-z][A-Za-z0-9]{0,62}")
_NAME = re.compile(r"[^/\\%\x00-\x1f\x7f]+")


def lay_out(rendering: Rendering) -> dict[str, Object]:
    """
    Return every object by its place, a path with `/` below the folder.

    Raises:
        InputError: A name cannot be part of a path, or two objects would be one file.
    """
    placed: dict[str, Object] = {}
    seen: dict[str, str] = {}
    for cluster, objects in rendering.clusters.items():
        check_cluster_name(cluster)
        for obj in objects:
            place = f"{cluster}/{_place_in_cluster(obj)}"
            subject = f"{Subject(kind_of(obj), namespace_of(obj), name_of(obj))}"
            before = seen.setdefault(place.casefold(), subject)
            if place in placed or before != subject:
                raise InputError(
                    f"{before} and {subject} in cluster {cluster} would be one file, {place}",
                    hint="take -o json, which has both",
                )
            placed[place] = obj
    return placed


def check_cluster_name(name: str) -> None:
    """
    Check that a cluster's name can be a folder's.

    Raises:
        InputError: It cannot.
    """
    if not _SUBDOMAIN.fullmatch(name):
        raise InputError(
            f"the cluster name {name!r} cannot be a folder",
            hint="name clusters in lower-case letters, digits, - and .",
        )


def looks_rendered(place: str, obj: Object) -> bool:
    """
    Return whether a file below a cluster's folder is one that an earlier rendering wrote.

    Args:
        place: Its path below the cluster's folder.
        obj: The one object in it.
    """
    try:
        is_at_home = _place_in_cluster(obj) == place
    except InputError:
        return False
    return is_at_home and labels_of(obj).get(MANAGED_LABEL) == "true"


def _place_in_cluster(obj: Mapping[str, object]) -> str:
    found = dict(obj)
    kind, namespace, name = kind_of(found), namespace_of(found), name_of(found)
    file_name = f"{kind.lower()}.{name}{SUFFIX}"
    # NB: names of RBAC objects may be any text that is no path; the others are checked by servers
    is_safe = (
        _KIND.fullmatch(kind)
        and _NAME.fullmatch(name)
        and (not namespace or _LABEL.fullmatch(namespace))
        and len(file_name.encode("utf-8", "surrogatepass")) <= _LONGEST_FILE_NAME
    )
    if not is_safe or name in (".", ".."):
        raise InputError(
            f"{kind!r} {name!r} in namespace {namespace!r} cannot be a file",
            hint="mend kind, name or namespace, or take -o json",
        )
    return f"{namespace or OF_CLUSTER}/{file_name}"
