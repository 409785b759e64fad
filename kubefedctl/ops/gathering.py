"""
Asking every member for its objects of some types, for `get`.

Here: connecting, finding the type in each cluster, asking. Not here: what is made of the answers
(`get`, `core.gathering`).

Laws:
1. Nothing is written.
2. A member that cannot be asked, or not for one type, is a failure among the answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import partial

from kubefedctl.cluster.port import Cluster, Fleet
from kubefedctl.core.gathering import Wanted
from kubefedctl.core.lookup import find_type
from kubefedctl.errors import ClusterError, InputError, KubefedctlError, NotFoundError
from kubefedctl.model.refs import Object, Resource
from kubefedctl.model.tables import Table
from kubefedctl.ops.fanout import run_side_by_side
from kubefedctl.ops.registrations import Registered

_PATIENCE = 5.0


class View(Enum):
    """What is wanted of the objects."""

    TABLE = "table"
    OBJECTS = "objects"
    NAMES = "names"


@dataclass(frozen=True, slots=True)
class Asking:
    """
    What every member is asked.

    Args:
        wanted: Types, each with the names of objects or all of it.
        view: What is wanted of the objects.
        namespace: Where; empty for all namespaces.
        label_selector: Which; empty for all.
        known: The type that the host knows by each word, or why it knows none.
    """

    wanted: tuple[Wanted, ...]
    view: View
    namespace: str
    label_selector: str
    known: Mapping[str, Resource | InputError]


@dataclass(frozen=True, slots=True)
class Failure:
    """
    Why one member did not answer.

    Args:
        cluster: The member.
        word: The type that it did not answer for; empty for all of them.
        reason: A word for it.
        message: A sentence.
        is_unserved: It answers, and serves no such type.
    """

    cluster: str
    word: str
    reason: str
    message: str
    is_unserved: bool = False


@dataclass(slots=True)
class Answer:
    """
    What one member said.

    Args:
        tables: For each request what was wanted, the type as the member serves it, and the table.
        objects: Likewise, where objects or names were wanted.
        failures: What it did not answer.
    """

    tables: list[tuple[Wanted, Resource, Table]] = field(default_factory=list)
    objects: list[tuple[Wanted, Resource, tuple[Object, ...]]] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)


def ask_members(fleet: Fleet, members: Registered, asking: Asking) -> dict[str, Answer]:
    """Ask all *members* side by side and return what each said, sorted by name."""
    return run_side_by_side(
        {
            name: partial(_ask_member, fleet, members, name, asking)
            for name in sorted(members.registrations)
        }
    )


def find_in_host(host: Cluster, word: str) -> Resource | InputError:
    """Return the type that the host knows by *word*, or why it knows none."""
    try:
        return find_type(host.discover(), word).resource
    except InputError as error:
        return error


def _ask_member(fleet: Fleet, members: Registered, name: str, asking: Asking) -> Answer:
    answer = Answer()
    try:
        cluster = _open_member(fleet, members, name)
    except KubefedctlError as error:
        answer.failures.append(_explain_silence(name, error))
        return answer
    for wanted in asking.wanted:
        try:
            _ask_type(cluster, wanted, asking, answer)
        except ClusterError as error:
            answer.failures.append(Failure(name, wanted.word, error.reason, error.message))
        except InputError as error:
            text = f"cluster {name} serves no type named {wanted.word!r}"
            if "names several" in error.message:
                text = f"cluster {name}: {error.message}"
            answer.failures.append(Failure(name, wanted.word, "NotServed", text, is_unserved=True))
    return answer


def _explain_silence(name: str, error: KubefedctlError) -> Failure:
    if isinstance(error, ClusterError):
        return Failure(name, "", error.reason, f"cluster {name}: {error.answer}")
    return Failure(name, "", "Malformed", f"cluster {name}: {error.message}")


def _open_member(fleet: Fleet, members: Registered, name: str) -> Cluster:
    """The member *name*, which answers; one that does not is found out soon."""
    if name in members.malformed:
        raise InputError(members.malformed[name])
    cluster = fleet.connect(members.accesses[name])
    cluster.read("/healthz", timeout=_PATIENCE)
    return cluster


def _ask_type(cluster: Cluster, wanted: Wanted, asking: Asking, answer: Answer) -> None:
    """Ask for the type as the host serves it; where that is not there, as the member does."""
    known = asking.known[wanted.word]
    if isinstance(known, InputError):
        resource = find_type(cluster.discover(), wanted.word).resource
        return _ask(cluster, resource, wanted, asking, answer)
    try:
        return _ask(cluster, known, wanted, asking, answer)
    except NotFoundError:
        # NB: a list of nothing is empty; only a type that is not served is not found
        own = find_type(cluster.discover(), f"{known.plural}.{known.group}").resource
        return _ask(cluster, own, wanted, asking, answer)


def _ask(
    cluster: Cluster, resource: Resource, wanted: Wanted, asking: Asking, answer: Answer
) -> None:
    for name in wanted.names or ("",):
        field_selector = f"metadata.name={name}" if name else ""
        if asking.view is View.TABLE:
            table = cluster.tabulate(
                resource,
                namespace=asking.namespace,
                label_selector=asking.label_selector,
                field_selector=field_selector,
            )
            answer.tables.append((wanted, resource, table))
            continue
        items = cluster.list(
            resource,
            namespace=asking.namespace,
            label_selector=asking.label_selector,
            field_selector=field_selector,
            metadata_only=asking.view is View.NAMES,
        ).items
        answer.objects.append((wanted, resource, items))
