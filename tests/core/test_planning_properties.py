"""What holds for every federation: a plan that was carried out leaves nothing to plan."""

from __future__ import annotations

import copy
import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kubefedctl.core.planning import plan_sync
from kubefedctl.core.versions import (
    make_version_object,
    merge_versions,
    object_version,
    version_key,
    version_resource,
)
from kubefedctl.model.actions import (
    Action,
    ActionVerb,
    Plan,
    Strategies,
    Strategy,
    WritePolicy,
)
from kubefedctl.model.objects import (
    DELETE_OPTION_ANNOTATION,
    MANAGED_LABEL,
    ORPHAN_ANNOTATION,
    annotations_of,
    is_managed,
)
from kubefedctl.model.readings import ClusterReading, Desired
from kubefedctl.model.refs import Key, Object, Resource
from tests.core.federations import desire, federate, registration
from tests.core.makers import CLUSTER_ROLE, CONFIG_MAP, DEPLOYMENT, NAMESPACE

_CLUSTERS = ("c1", "c2", "c3")
_TARGETS = (NAMESPACE, CONFIG_MAP, DEPLOYMENT, CLUSTER_ROLE)
_NAMES = st.sampled_from(["a", "b", "default"])
_State = dict[str, dict[str, dict[Key, Object]]]


class Members:
    """A pure model of member clusters: what an API server makes of the actions of a plan."""

    def __init__(self, state: _State) -> None:
        self.state = state
        self._version = 100

    def apply(self, action: Action) -> Object | None:
        """Carry out *action* and return what is stored."""
        objects = self.state[action.cluster].setdefault(action.resource.qualified_name, {})
        if action.verb in (ActionVerb.DELETE, ActionVerb.AWAIT_REMOVAL):
            del objects[action.key]
            return None
        assert action.body is not None
        if action.verb is ActionVerb.UNLABEL:
            del objects[action.key]  # NB: without the label it is in no list of managed objects
            return None
        old = objects.get(action.key)
        assert (old is None) is (action.verb is ActionVerb.CREATE)
        self._version += 1
        new = copy.deepcopy(action.body)
        if old is not None and action.intent and action.intent.strategy is Strategy.APPLY:
            new = _applied(old, new)
        new["metadata"]["uid"] = old["metadata"]["uid"] if old else f"uid-{self._version}"
        new["metadata"]["resourceVersion"] = str(self._version)
        if old is not None and "deletionTimestamp" in old["metadata"]:
            new["metadata"]["deletionTimestamp"] = old["metadata"]["deletionTimestamp"]
        if action.resource.kind == "Deployment":
            same = old is not None and old.get("spec") == new.get("spec")
            before = old["metadata"]["generation"] if old else 0
            new["metadata"]["generation"] = before if same else before + 1
        objects[action.key] = new
        return new

    def readings(self, failures: dict[str, dict[str, str]], lost: set[str]) -> Any:
        """Return what a sync would read of them."""
        return {
            name: ClusterReading(
                name,
                name not in lost,
                objects={t: dict(found) for t, found in types.items()},
                failures=failures.get(name, {}),
            )
            for name, types in self.state.items()
        }


def _applied(old: Any, body: Any) -> Any:
    """What an API server makes of an apply by the only owner there is; nothing is taken away."""
    if not (isinstance(old, dict) and isinstance(body, dict)):
        return body
    return {**old, **{name: _applied(old.get(name), value) for name, value in body.items()}}


def _record(plan: Plan, stored: dict[tuple[Any, ...], Object], desired: Desired) -> Desired:
    """Return *desired* with the version objects that a sync writes after its actions."""
    versions: dict[Resource, dict[Key, Object]] = {r: dict(v) for r, v in desired.versions.items()}
    for found in plan.objects:
        if not (found.template_hash or found.overrides_hash):
            continue
        updates = {
            action.cluster: object_version(stored[_place(action)])
            for action in found.actions
            if _place(action) in stored
        }
        status = merge_versions(
            found.version_object,
            template_hash=found.template_hash,
            overrides_hash=found.overrides_hash,
            updates=updates,
            keep=found.placed,
        )
        if status is not None:
            kept = versions.setdefault(version_resource(found.federated.type_config), {})
            kept[version_key(found.federated)] = make_version_object(found.federated, status)
    return type(desired)(
        desired.config,
        desired.registrations,
        desired.types,
        desired.federated,
        desired.namespaces,
        versions,
        desired.host_namespace_uids,
        desired.failures,
    )


def _place(action: Action) -> tuple[str, str, Key]:
    return action.cluster, action.resource.qualified_name, action.key


_PLACEMENTS = st.one_of(
    st.fixed_dictionaries(
        {"clusters": st.lists(st.sampled_from([*_CLUSTERS, "x"]).map(lambda n: {"name": n}))}
    ),
    st.sampled_from(
        [{}, {"clusterSelector": {}}, {"clusterSelector": {"matchLabels": {"zone": "c2"}}}, "bad"]
    ),
)
_OVERRIDES = st.lists(
    st.fixed_dictionaries(
        {
            "clusterName": st.sampled_from([*_CLUSTERS, "x"]),
            "clusterOverrides": st.sampled_from(
                [
                    [],
                    [{"path": "/spec", "value": {"replicas": 7}}],
                    [{"path": "/metadata/labels", "value": {MANAGED_LABEL: "false", "l": "1"}}],
                    [{"path": "/metadata/annotations", "value": {"a": "b"}}],
                    [{"op": "remove", "path": "/absent"}],
                    [{"path": "/metadata/finalizers", "value": ["x/y"]}],
                ]
            ),
        }
    ),
    max_size=2,
)
_SPECS = st.fixed_dictionaries(
    {"placement": _PLACEMENTS},
    optional={
        "template": st.sampled_from(
            [{}, {"spec": {"replicas": 2}}, {"metadata": {"annotations": {"x": "y"}}}, "bad"]
        ),
        "overrides": _OVERRIDES,
        "retainReplicas": st.sampled_from([True, False, "bad"]),
    },
)


_DELETING: Object = {"deletionTimestamp": "2020-01-01T00:00:00Z"}
_WISHES = st.sampled_from(
    [
        {},
        {ORPHAN_ANNOTATION: "true"},
        {ORPHAN_ANNOTATION: "yes"},
        {DELETE_OPTION_ANNOTATION: '{"propagationPolicy":"Orphan"}'},
        {DELETE_OPTION_ANNOTATION: "{"},
    ]
)


@st.composite
def _federations(draw: Any) -> tuple[Desired, _State, dict[str, dict[str, str]], set[str]]:
    objects = []
    for target in draw(st.lists(st.sampled_from(_TARGETS), max_size=5)):
        name, namespace = draw(_NAMES), draw(_NAMES)
        key = Key(namespace if target.namespaced or target is NAMESPACE else "", name)
        metadata: Object = dict(_DELETING) if draw(st.booleans()) else {}
        annotations = draw(_WISHES)
        if annotations:
            metadata["annotations"] = annotations
        held = draw(st.booleans())
        objects.append(federate(draw(_SPECS), key=key, target=target, metadata=metadata, held=held))
    state: _State = {name: {t.qualified_name: {} for t in _TARGETS} for name in _CLUSTERS}
    count = draw(st.integers(0, 6))
    for number in range(count):
        target = draw(st.sampled_from(_TARGETS))
        key = Key(draw(_NAMES) if target.namespaced else "", draw(_NAMES))
        state[draw(st.sampled_from(_CLUSTERS))][target.qualified_name][key] = _found(
            target, key, number, draw
        )
    uids = {"a": f"u-{draw(st.integers(0, 6))}"}
    failing = draw(st.sets(st.tuples(st.sampled_from(_CLUSTERS), st.sampled_from(_TARGETS))))
    failures: dict[str, dict[str, str]] = {}
    for cluster, target in failing if draw(st.booleans()) else ():
        failures.setdefault(cluster, {})[target.qualified_name] = "404"
    lost = draw(st.sets(st.sampled_from(_CLUSTERS), max_size=1))
    registered = [registration(name, {"zone": name}) for name in _CLUSTERS]
    unread = draw(st.sets(st.sampled_from(_TARGETS).map(lambda t: t.qualified_name), max_size=1))
    desired = desire(
        objects,
        clusters=registered,
        targets=_TARGETS,
        host_namespace_uids=uids,
        failures=dict.fromkeys(unread, "403"),
    )
    return desired, state, failures, lost


def _found(target: Resource, key: Key, number: int, draw: Any) -> Object:
    metadata: Object = {
        "name": key.name,
        "uid": f"u-{number}",
        "resourceVersion": str(number),
        "labels": {MANAGED_LABEL: "true"},
    }
    if key.namespace:
        metadata["namespace"] = key.namespace
    if target is DEPLOYMENT:
        metadata["generation"] = 1
    if draw(st.booleans()):
        metadata["annotations"] = {"theirs": "1"}
    if draw(st.integers(0, 4)) == 0:
        metadata |= _DELETING
    made: Object = {"apiVersion": target.api_version, "kind": target.kind, "metadata": metadata}
    return {**made, "spec": {"replicas": 4}} if target is DEPLOYMENT else made


@settings(max_examples=60, deadline=None)
@given(_federations(), st.sampled_from(Strategy))
def test_plan_of_a_federation_that_was_just_synced_has_no_actions(
    given_federation: tuple[Desired, _State, dict[str, dict[str, str]], set[str]],
    strategy: Strategy,
) -> None:
    """Placement stays within the registered clusters, deletions hit labelled objects alone."""
    desired, state, failures, lost = given_federation
    members = Members(copy.deepcopy(state))
    observed = members.readings(failures, lost)
    before = copy.deepcopy((desired, observed))
    writing = WritePolicy(strategies=Strategies(strategy))
    plan = plan_sync(desired, observed, writing=writing)
    assert before == (desired, observed)
    assert all(found.placed <= desired.registrations.keys() for found in plan.objects)
    stored = {}
    for action in plan.actions:
        assert action.cluster not in lost
        assert action.resource.qualified_name not in failures.get(action.cluster, {})
        assert action.resource.qualified_name not in desired.failures
        if action.verb in (ActionVerb.DELETE, ActionVerb.UNLABEL):
            assert action.observed is not None and is_managed(action.observed)
        result = members.apply(action)
        if result is not None:
            stored[_place(action)] = result
    again = plan_sync(
        _record(plan, stored, desired), members.readings(failures, lost), writing=writing
    )
    assert () == again.actions


@settings(max_examples=60, deadline=None)
@given(_federations(), st.sampled_from(Strategy), st.randoms(use_true_random=False))
def test_plan_depends_on_no_order(
    given_federation: tuple[Desired, _State, dict[str, dict[str, str]], set[str]],
    strategy: Strategy,
    chance: random.Random,
) -> None:
    """Lists and maps that come in another order give the same plan, in the same order."""
    desired, state, failures, lost = given_federation
    observed = Members(state).readings(failures, lost)
    writing = WritePolicy(strategies=Strategies(strategy))
    other = replace(
        desired,
        registrations=_shuffled(desired.registrations, chance),
        types=tuple(chance.sample(desired.types, len(desired.types))),
        federated={
            n: _shuffled(f, chance) for n, f in _shuffled(desired.federated, chance).items()
        },
        namespaces=_shuffled(desired.namespaces, chance),
    )
    readings = {
        name: replace(
            found,
            objects={t: _shuffled(o, chance) for t, o in _shuffled(found.objects, chance).items()},
        )
        for name, found in _shuffled(observed, chance).items()
    }
    expected = plan_sync(desired, observed, writing=writing)
    assert expected == plan_sync(other, readings, writing=writing)


def _shuffled(found: Mapping[Any, Any], chance: random.Random) -> dict[Any, Any]:
    return dict(chance.sample(list(found.items()), len(found)))


@settings(max_examples=60, deadline=None)
@given(_federations())
def test_plan_leaves_what_is_orphaned_or_nobodys_undeleted(
    given_federation: tuple[Desired, _State, dict[str, dict[str, str]], set[str]],
) -> None:
    """Each DELETE follows from a federated object that was read and does not ask for orphans."""
    desired, state, failures, lost = given_federation
    plan = plan_sync(desired, Members(state).readings(failures, lost))
    for action in plan.actions:
        if action.verb is not ActionVerb.DELETE:
            continue
        owners = [
            found
            for found in desired.federated[action.resource.qualified_name].values()
            if found.target_key == action.key
        ]
        assert owners
        assert any(
            not found.is_deleting or annotations_of(found.source).get(ORPHAN_ANNOTATION) != "true"
            for found in owners
        )
