"""
ApplySets: how each member remembers which of its objects came from one set of files.

A parent object names the types and namespaces that the members of the set are in, and each member
object carries the parent's id as a label. That is all there is: no host, no local state.

Here: ids, labels, annotations, and what a parent says. Not here: reading and writing parents
(`ops.applysets`), what leaves a set (`pruning`).

Laws:
1. A parent that another tool looks after, or that is no parent, is never written.
2. A parent never says less than there is: it grows before objects are written, and shrinks only
   after everything in it was read and what left was deleted.

Upstream: KEP-3659, ApplySet specification, and k8s.io/kubectl pkg/cmd/apply/applyset.go @ v1.32.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from kubefedctl.errors import InputError, RefusedError
from kubefedctl.model.objects import PART_OF_LABEL, annotations_of, labels_of, map_at, text_at
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.wellknown import CONFIG_MAPS

PARENT = CONFIG_MAPS
"""
The type of parents. Of the two that kubectl makes itself, the one without secrets: a pipeline needs
no right to read Secrets only to know what it applied.
"""
ID_LABEL = "applyset.kubernetes.io/id"
TOOLING = "applyset.kubernetes.io/tooling"
GROUP_KINDS = "applyset.kubernetes.io/contains-group-kinds"
NAMESPACES = "applyset.kubernetes.io/additional-namespaces"
TOOL = "kubefedctl"
DEFAULT_PLACE = Key("default", "kubefedctl")
"""Where the parent is unless somebody says otherwise: a namespace that every cluster has."""
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_KIND = re.compile(r"[A-Za-z][A-Za-z0-9]*(\.[a-z0-9]([-a-z0-9.]*[a-z0-9])?)?")


@dataclass(frozen=True, slots=True, order=True)
class GroupKind:
    """
    A type of objects, whatever its version.

    Args:
        group: API group; empty for the core group.
        kind: Kind of its objects.
    """

    group: str
    kind: str

    def __str__(self) -> str:
        return f"{self.kind}.{self.group}" if self.group else self.kind


@dataclass(frozen=True, slots=True)
class Contents:
    """
    What a parent says of its set.

    Args:
        kinds: The types that members of the set are of.
        namespaces: The namespaces that they are in.
    """

    kinds: frozenset[GroupKind] = frozenset()
    namespaces: frozenset[str] = frozenset()

    def __or__(self, other: Contents) -> Contents:
        return Contents(self.kinds | other.kinds, self.namespaces | other.namespaces)

    def with_object(self, resource: Resource, key: Key) -> Contents:
        """Return the contents with one more object."""
        return self | Contents(
            frozenset({kind_of_resource(resource)}),
            frozenset({key.namespace}) if resource.namespaced else frozenset(),
        )


def kind_of_resource(resource: Resource) -> GroupKind:
    """Return the group and kind of *resource*."""
    return GroupKind(resource.group, resource.kind)


def contents_of(objects: Iterable[tuple[Resource, Key]]) -> Contents:
    """
    Return what a parent must say for these objects to be found.

    >>> sorted(map(str, contents_of([(CONFIG_MAPS, Key("shop", "a"))]).kinds))
    ['ConfigMap']
    """
    contents = Contents()
    for resource, key in objects:
        contents = contents.with_object(resource, key)
    return contents


def parse_place(text: str) -> Key:
    """
    Return namespace and name of the parent that *text* names: `NAME` or `NAMESPACE/NAME`.

    Raises:
        InputError: It is neither.

    >>> parse_place("web"), parse_place("ops/web")
    (Key(namespace='default', name='web'), Key(namespace='ops', name='web'))
    """
    namespace, slash, name = text.rpartition("/")
    place = Key(namespace if slash else DEFAULT_PLACE.namespace, name)
    if not (_NAME.fullmatch(place.name) and _NAME.fullmatch(place.namespace)):
        raise InputError(
            f"{text!r} names no ApplySet", hint="write it like web, or like my-namespace/web"
        )
    return place


def make_id(place: Key) -> str:
    """
    Return the id of the set whose parent is at *place*; the same in every cluster.

    >>> make_id(Key("default", "kubefedctl"))
    'applyset-ov9BVsehjqXh6d6rw1kg3f27KKN7HQbPE7uU3UQ-UC4-v1'
    """
    parts = (place.name, place.namespace, PARENT.kind, PARENT.group)
    digest = hashlib.sha256(".".join(parts).encode()).digest()
    return f"applyset-{base64.urlsafe_b64encode(digest).decode().rstrip('=')}-v1"


def is_member(obj: Object, set_id: str) -> bool:
    """Return whether *obj* is a member of the set."""
    return labels_of(obj).get(PART_OF_LABEL) == set_id


def read_parent(parent: Object, place: Key, *, cluster: str) -> Contents:
    """
    Return what *parent* says of its set.

    Args:
        parent: The object at *place*.
        place: Namespace and name.
        cluster: The cluster that it is in, for messages.

    Raises:
        RefusedError: It is no ApplySet, or another tool's.
        InputError: It says something that cannot be read.

    Upstream: fetchParent, which refuses the same.
    """
    subject = PARENT.subject(place).within(cluster)
    if labels_of(parent).get(ID_LABEL) != make_id(place):
        raise RefusedError(
            f"{subject} is no ApplySet, or a copy of another one: its label {ID_LABEL} is not"
            f" {make_id(place)}",
            hint="choose another name with --applyset",
        )
    tool = text_at(parent, "metadata", "annotations", TOOLING)
    if tool.rpartition("/")[0] != TOOL:
        raise RefusedError(
            f"{subject} is looked after by {tool or 'nobody that is named'}, not by {TOOL}",
            hint="choose another name with --applyset, or hand it over: kubectl annotate"
            f" {PARENT.plural} {place.name} -n {place.namespace} --overwrite {TOOLING}={TOOL}/v1",
        )
    said = annotations_of(parent).get(GROUP_KINDS)
    kinds = [text.strip() for text in said.split(",")] if isinstance(said, str) and said else []
    strange = [text for text in kinds if not _KIND.fullmatch(text)]
    if strange or said is None:
        raise InputError(
            f"{subject}: annotation {GROUP_KINDS} "
            + (f"names {strange[0]!r}, which is no kind" if strange else "is missing"),
            hint="write it like ConfigMap,Deployment.apps; an empty one is that of an empty set",
        )
    namespaces = text_at(parent, "metadata", "annotations", NAMESPACES).split(",")
    return Contents(
        frozenset(_parse_kind(text) for text in kinds),
        frozenset(name for text in namespaces if (name := text.strip())) | {place.namespace},
    )


def make_parent(place: Key, contents: Contents, *, version: str) -> Object:
    """
    Return the parent of a set, as it is created.

    Args:
        place: Namespace and name.
        contents: What is in the set.
        version: Version of this program.
    """
    return {
        "apiVersion": PARENT.api_version,
        "kind": PARENT.kind,
        "metadata": {
            "namespace": place.namespace,
            "name": place.name,
            "labels": {ID_LABEL: make_id(place)},
            "annotations": {TOOLING: f"{TOOL}/v{version}", **_describe(place, contents)},
        },
    }


def revise_parent(parent: Object, place: Key, contents: Contents, *, version: str) -> Object | None:
    """
    Return the merge patch that makes *parent* say *contents*; None where it says so already.

    The patch names the resourceVersion, so that what somebody else added meanwhile is not lost.
    """
    wanted = _describe(place, contents)
    if wanted.items() <= annotations_of(parent).items():
        return None
    return {
        "metadata": {
            "resourceVersion": map_at(parent, "metadata").get("resourceVersion"),
            "annotations": {TOOLING: f"{TOOL}/v{version}", **wanted},
        }
    }


def _describe(place: Key, contents: Contents) -> dict[str, str]:
    return {
        GROUP_KINDS: ",".join(sorted(map(str, contents.kinds))),
        NAMESPACES: ",".join(sorted(contents.namespaces - {place.namespace})),
    }


def _parse_kind(text: str) -> GroupKind:
    kind, _, group = text.partition(".")
    return GroupKind(group, kind)
