"""
The document in which a plan is written down, and reading it again.

Here: fields, their types, and what is refused. Not here: what is in a plan (`reviewing`), files.

Laws:
1. What is read is untrusted: every field is known and of its type, or the file is refused.
2. A file is carried out by the version that made it alone: another one may plan otherwise.
3. The checksum finds what was cut off or edited by mistake. It keeps nobody from writing a file of
   his own, which can have nothing done that a plain sync would not do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from kubefedctl.core.marking import digest
from kubefedctl.errors import InputError
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.reviews import (
    Deed,
    FederatedMark,
    Identities,
    LeftAlone,
    PlannedAction,
    PlannedObject,
    PlanTerms,
    ReviewedPlan,
    Standing,
)

T = TypeVar("T")
API_VERSION = "kubefedctl.io/v1"
KIND = "SyncPlan"
_HINT = "make it anew with kubefedctl sync --plan-out FILE"


def make_document(plan: ReviewedPlan, *, version: str, changes: list[Object]) -> Object:
    """
    Return the document of *plan*.

    Args:
        plan: The plan, with the options it was made with.
        version: Of this program.
        changes: What the plan changes, as `kubefedctl diff -o json` tells it.
    """
    assert plan.terms is not None
    document: Object = {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "madeBy": version,
        "madeAt": plan.made_at,
        "host": {"name": plan.host_name, "uid": plan.identities.host},
        "members": [
            {"name": name, "uid": uid} for name, uid in sorted(plan.identities.members.items())
        ],
        "options": _make_terms(plan.terms),
        "objects": [_make_object(found) for found in plan.objects],
        "leftAlone": [
            _without_empty({"cluster": one.cluster, "object": one.subject, "cause": one.cause})
            for one in plan.left_alone
        ],
        "changes": changes,
    }
    return {**document, "checksum": digest(document)}


def read_document(document: Any, *, version: str, source: str) -> ReviewedPlan:
    """
    Return the plan that a document holds.

    Args:
        document: What was read, of whatever form.
        version: Of this program.
        source: The file, for messages.

    Raises:
        InputError: It is no plan, or not one that this version made, or was changed since.
    """
    if not isinstance(document, dict) or document.get("kind") != KIND:
        raise InputError(f"{source} is no {KIND}: sync --plan-out has not made it", hint=_HINT)
    made_by = document.get("madeBy")
    if document.get("apiVersion") != API_VERSION or made_by != version:
        raise InputError(
            f"{source} was made by kubefedctl {_show(made_by)} as {KIND} of"
            f" {_show(document.get('apiVersion'))}, and this is {version} with {API_VERSION}",
            hint="plan and carry out with the same version",
        )
    unsealed = {name: value for name, value in document.items() if name != "checksum"}
    if document.get("checksum") != digest(unsealed):
        raise InputError(f"{source} is not as it was made: its checksum is wrong", hint=_HINT)
    return _read_plan(_Fields(unsealed, source))


class _Fields:
    """
    The fields of one map, each of which is to be taken once.

    Args:
        obj: The map.
        place: Where it stands, for messages.
    """

    def __init__(self, obj: Any, place: str) -> None:
        if not isinstance(obj, dict):
            raise InputError(f"{place} is not a map", hint=_HINT)
        self._left = dict(obj)
        self._place = place

    def text(self, name: str, *, usual: str | None = None) -> str:
        return self._take(name, str, usual)

    def flag(self, name: str, *, usual: bool | None = None) -> bool:
        return self._take(name, bool, usual)

    def items(self, name: str, read: Callable[[Any, str], T]) -> tuple[T, ...]:
        found = self._take(name, list, None)
        return tuple(read(one, f"{self._place}: {name}[{at}]") for at, one in enumerate(found))

    def part(self, name: str) -> _Fields:
        return _Fields(self._take(name, dict, None), f"{self._place}: {name}")

    def maybe(self, name: str) -> _Fields | None:
        return self.part(name) if name in self._left else None

    def fail(self, name: str, problem: str) -> InputError:
        return InputError(f"{self._place}: {name} {problem}", hint=_HINT)

    def end(self) -> None:
        """Refuse what nobody asked for."""
        for name in sorted(self._left, key=str):
            raise self.fail(_show(name), "is not known")

    def _take(self, name: str, wanted: type[T], usual: T | None) -> T:
        if name not in self._left and usual is not None:
            return usual
        if name not in self._left:
            raise self.fail(name, "is missing")
        found = self._left.pop(name)
        if type(found) is not wanted:
            raise self.fail(name, f"is not of type {_TYPES[wanted]}")
        return found


_TYPES: Mapping[type, str] = {str: "string", bool: "boolean", list: "array", dict: "object"}


def _read_plan(fields: _Fields) -> ReviewedPlan:
    for name in ("apiVersion", "kind", "madeBy"):
        fields.text(name)
    made_at = fields.text("madeAt")
    host = fields.part("host")
    host_name, host_uid = host.text("name"), host.text("uid")
    host.end()
    members = fields.items("members", _read_member)
    terms = _read_terms(fields.part("options"))
    objects = fields.items("objects", _read_object)
    left_alone = fields.items("leftAlone", _read_left_alone)
    fields.items("changes", _Fields)
    fields.end()
    _refuse_twice(fields, "members", [name for name, _ in members])
    _refuse_twice(fields, "objects", [(o.resource.qualified_name, o.key) for o in objects])
    identities = Identities(host_uid, dict(members))
    return ReviewedPlan(identities, objects, left_alone, host_name, made_at, terms)


def _read_member(value: Any, place: str) -> tuple[str, str]:
    fields = _Fields(value, place)
    found = fields.text("name"), fields.text("uid")
    fields.end()
    return found


def _make_terms(terms: PlanTerms) -> Object:
    return {
        "kubefedNamespace": terms.kubefed_namespace,
        "types": list(terms.words),
        "namespace": terms.namespace,
        "clusters": list(terms.clusters),
        "selector": terms.selector,
        "strategies": list(terms.strategies),
        "recreateImmutable": terms.recreates,
        "deletionScope": terms.deletion_scope,
        "maxDeletes": terms.max_deletes,
        "rsp": terms.rescheduling,
        "shard": terms.shard,
    }


def _read_terms(fields: _Fields) -> PlanTerms:
    terms = PlanTerms(
        kubefed_namespace=fields.text("kubefedNamespace"),
        words=fields.items("types", _read_text),
        namespace=fields.text("namespace"),
        clusters=fields.items("clusters", _read_text),
        selector=fields.text("selector"),
        strategies=fields.items("strategies", _read_text),
        recreates=fields.flag("recreateImmutable"),
        deletion_scope=fields.text("deletionScope"),
        max_deletes=fields.text("maxDeletes"),
        rescheduling=fields.text("rsp"),
        shard=fields.text("shard"),
    )
    fields.end()
    return terms


def _read_text(value: Any, place: str) -> str:
    if not isinstance(value, str):
        raise InputError(f"{place} is not of type string", hint=_HINT)
    return value


def _make_object(planned: PlannedObject) -> Object:
    resource, key = planned.resource, planned.key
    made: Object = {
        "object": str(planned.subject),
        "type": {
            "group": resource.group,
            "version": resource.version,
            "plural": resource.plural,
            "kind": resource.kind,
            "namespaced": resource.namespaced,
        },
        "namespace": key.namespace,
        "name": key.name,
        "actions": [_make_action(found) for found in planned.actions],
    }
    if planned.federated is not None:
        made["federated"] = _make_mark(planned.federated)
    return made


def _read_object(value: Any, place: str) -> PlannedObject:
    fields = _Fields(value, place)
    fields.text("object")
    address = fields.part("type")
    resource = Resource(
        group=address.text("group"),
        version=address.text("version"),
        plural=address.text("plural"),
        kind=address.text("kind"),
        namespaced=address.flag("namespaced"),
    )
    address.end()
    key = Key(fields.text("namespace"), fields.text("name"))
    federated = fields.maybe("federated")
    mark = None if federated is None else _read_mark(federated)
    actions = fields.items("actions", _read_action)
    fields.end()
    _refuse_twice(fields, "actions", [found.cluster for found in actions])
    return PlannedObject(resource, key, mark, actions)


def _make_mark(mark: FederatedMark) -> Object:
    made: Object = {
        "namespace": mark.key.namespace,
        "name": mark.key.name,
        "uid": mark.uid,
        "digest": mark.digest,
    }
    flags = {"deleting": mark.is_deleting, "rescheduled": mark.is_rescheduled}
    return made | {name: True for name, is_set in flags.items() if is_set}


def _read_mark(fields: _Fields) -> FederatedMark:
    mark = FederatedMark(
        key=Key(fields.text("namespace"), fields.text("name")),
        uid=fields.text("uid"),
        digest=fields.text("digest"),
        is_deleting=fields.flag("deleting", usual=False),
        is_rescheduled=fields.flag("rescheduled", usual=False),
    )
    fields.end()
    return mark


def _make_action(action: PlannedAction) -> Object:
    made: Object = {
        "cluster": action.cluster,
        "action": action.deed.value,
        "digest": action.digest,
    }
    if action.observed is not None:
        seen = action.observed
        made["observed"] = {"uid": seen.uid, "resourceVersion": seen.version}
        if seen.digest:
            made["observed"]["digest"] = seen.digest
    return made


def _read_action(value: Any, place: str) -> PlannedAction:
    fields = _Fields(value, place)
    cluster, word, text = fields.text("cluster"), fields.text("action"), fields.text("digest")
    if word not in set(Deed):
        raise fields.fail("action", f"{word!r} is not known")
    seen = fields.maybe("observed")
    standing = None
    if seen is not None:
        standing = Standing(
            seen.text("uid"), seen.text("resourceVersion"), seen.text("digest", usual="")
        )
        seen.end()
    fields.end()
    return PlannedAction(cluster, Deed(word), text, standing)


def _read_left_alone(value: Any, place: str) -> LeftAlone:
    fields = _Fields(value, place)
    found = LeftAlone(
        fields.text("cluster", usual=""), fields.text("object", usual=""), fields.text("cause")
    )
    fields.end()
    return found


def _refuse_twice(fields: _Fields, name: str, keys: list[Any]) -> None:
    if len(set(keys)) != len(keys):
        raise fields.fail(name, "has something twice")


def _without_empty(entry: Object) -> Object:
    return {key: value for key, value in entry.items() if value != ""}


def _show(value: Any) -> str:
    """What somebody wrote, short enough for a message."""
    text = value if isinstance(value, str) else type(value).__name__
    return text[:40] or "(nothing)"
