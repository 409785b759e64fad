"""Tests of moving objects: what moves and comes along, what placement and overrides become."""

from __future__ import annotations

from typing import Any

import pytest

from kubefedctl.core.migrating import Lack, Route, find_movers, narrow, plan_move, widen
from kubefedctl.errors import InputError
from kubefedctl.model.refs import Key, Object, Resource, Subject
from tests.core.federations import desire, federate, federated_namespace, registration
from tests.core.makers import CONFIG_MAP, DEPLOYMENT, NAMESPACE

SERVICE = Resource("", "v1", "services", "Service", True)
SECRET = Resource("", "v1", "secrets", "Secret", True)
ROUTE = Route("c1", "c2")
WEB = Key("shop", "web")


def _on(*names: str) -> Object:
    return {"clusters": [{"name": name} for name in names]}


def _pods(labels: Object | None = None, **spec: Any) -> Object:
    return {"spec": {"template": {"metadata": {"labels": labels or {}}, "spec": spec}}}


def _web(placement: Any = None, template: Object | None = None, **spec: Any) -> Any:
    given = {"placement": placement or _on("c1"), "template": template or _pods(), **spec}
    return federate(given, target=DEPLOYMENT)


def _desire(*objects: Any, **more: Any) -> Any:
    targets = (NAMESPACE, CONFIG_MAP, DEPLOYMENT, SERVICE, SECRET)
    return desire(objects, targets=targets, clusters=("c1", "c2", "c3"), **more)


@pytest.mark.parametrize(
    ("placement", "expected"),
    [
        pytest.param(_on("c1"), _on("c1", "c2"), id="one"),
        pytest.param(_on("c3", "c1"), _on("c1", "c2", "c3"), id="several-sorted"),
        pytest.param(
            {"clusterSelector": {"matchLabels": {"zone": "a"}}}, _on("c1", "c2"), id="selector"
        ),
        pytest.param(_on("c1", "c2"), None, id="there-already"),
        pytest.param({"clusterSelector": {}}, None, id="selected-already"),
        pytest.param(_on("c1", "typo"), _on("c1", "c2", "typo"), id="unknown-names-stay"),
    ],
)
def test_widen_adds_the_target(placement: Object, expected: Object | None) -> None:
    """The clusters that were selected are named from then on."""
    clusters = [registration("c1", {"zone": "a"}), "c2"]
    web = _web(placement)
    desired = desire([web], clusters=clusters, targets=(NAMESPACE, DEPLOYMENT))
    spec = widen(web, ROUTE, desired)
    assert expected == (None if spec is None else spec["placement"])


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        pytest.param([], [], id="none"),
        pytest.param(
            [{"clusterName": "c1", "clusterOverrides": [{"path": "/spec/replicas", "value": 5}]}],
            [
                {"clusterName": "c1", "clusterOverrides": [{"path": "/spec/replicas", "value": 5}]},
                {"clusterName": "c2", "clusterOverrides": [{"path": "/spec/replicas", "value": 5}]},
            ],
            id="carried",
        ),
        pytest.param(
            [{"clusterName": "c1"}, {"clusterName": "c2", "clusterOverrides": []}],
            [{"clusterName": "c1"}, {"clusterName": "c2", "clusterOverrides": []}],
            id="its-own-win",
        ),
    ],
)
def test_widen_carries_the_overrides_of_the_source(overrides: Any, expected: Any) -> None:
    """The object is to be in the target as it was in the source."""
    web = _web(overrides=overrides)
    spec = widen(web, ROUTE, _desire(web))
    assert spec is not None
    assert expected == spec["overrides"]
    assert overrides == web.overrides


def test_narrow_takes_the_source_away() -> None:
    """Afterwards it is in the target and wherever else it was."""
    web = _web(_on("c1", "c2", "c3"))
    spec = narrow(web, ROUTE, _desire(web))
    assert spec is not None
    assert _on("c2", "c3") == spec["placement"]


def test_narrow_of_what_has_left_is_nothing() -> None:
    """The second time changes nothing."""
    web = _web(_on("c2"))
    assert narrow(web, ROUTE, _desire(web)) is None


def test_narrow_of_what_is_not_in_the_target_is_refused() -> None:
    """It would be nowhere."""
    web = _web(_on("c1"))
    with pytest.raises(InputError, match="not placed in cluster c2 any more"):
        narrow(web, ROUTE, _desire(web))


def test_plan_move_brings_along_what_is_named() -> None:
    """Namespace, what the template names, what that names in turn, and Services of its pods."""
    template = _pods(
        {"app": "web"}, serviceAccountName="sa", volumes=[{"configMap": {"name": "conf"}}]
    )
    web = _web(template=template)
    conf = federate({"placement": _on("c1")}, key=Key("shop", "conf"), target=CONFIG_MAP)
    other = federate({"placement": _on("c1")}, key=Key("shop", "other"), target=CONFIG_MAP)
    selector = {"template": {"spec": {"selector": {"app": "web"}}}}
    service = federate(selector, key=Key("shop", "front"), target=SERVICE)
    unrelated = federate(
        {"template": {"spec": {"selector": {"app": "db"}}}}, key=Key("shop", "db"), target=SERVICE
    )
    namespace = federated_namespace("shop")
    desired = _desire(web, conf, other, service, unrelated, namespace)
    move = plan_move([web], desired, ROUTE)
    assert [web] == list(move.movers)
    assert [conf, service, namespace] == list(move.companions)
    lack = Lack(Subject("ServiceAccount", "shop", "sa"), web.subject)
    assert (lack,) == move.lacks


def test_plan_move_optional_names_are_no_lack() -> None:
    """A workload that says it runs without is moved without."""
    reference = {"configMap": {"name": "conf", "optional": True}}
    web = _web(template=_pods(volumes=[reference]))
    assert () == plan_move([web], _desire(web), ROUTE).lacks


def test_plan_move_of_all_has_the_namespace_last_and_no_companions() -> None:
    """What leaves anyway does not come along."""
    web, namespace = _web(), federated_namespace("shop")
    desired = _desire(web, namespace)
    movers = find_movers(desired, "shop", "c1")
    move = plan_move(movers, desired, ROUTE)
    assert ([web, namespace], ()) == (list(move.movers), move.companions)


def test_find_movers_are_those_placed_in_the_source() -> None:
    """Others, and those that are being deleted, stay."""
    going = federate(
        {"placement": _on("c1")},
        key=Key("shop", "a"),
        metadata={"deletionTimestamp": "2020-01-01T00:00:00Z"},
    )
    elsewhere = federate({"placement": _on("c1")}, key=Key("other", "b"))
    there = federate({"placement": _on("c2")}, key=Key("shop", "c"))
    web = _web()
    assert [web] == find_movers(_desire(web, going, elsewhere, there), "shop", "c1")


@pytest.mark.parametrize(
    ("placement", "count"),
    [
        pytest.param({"clusterSelector": {}}, 2, id="by-selector-and-there"),
        pytest.param(_on("c1", "c2"), 1, id="there-already"),
        pytest.param(_on("c1"), 0, id="nothing-to-say"),
    ],
)
def test_plan_move_tells_what_a_person_would_want_to_know(placement: Object, count: int) -> None:
    """A selector that goes, and an object that stays as it is in the target."""
    web = _web(placement)
    assert count == len(plan_move([web], _desire(web), ROUTE).notes)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        pytest.param(
            _pods(volumes=[{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]),
            True,
            id="claim",
        ),
        pytest.param(
            {"spec": {"volumeClaimTemplates": [{"metadata": {"name": "data"}}]}},
            True,
            id="claim-templates",
        ),
        pytest.param(_pods(volumes=[{"name": "d", "emptyDir": {}}]), False, id="scratch"),
    ],
)
def test_plan_move_says_that_volumes_are_not_copied(template: Object, expected: bool) -> None:
    """Nothing is lost, but nothing comes along either."""
    web = _web(template=template)
    notes = plan_move([web], _desire(web), ROUTE).notes
    assert expected is any("keeps data in volumes" in note for note in notes)


@pytest.mark.parametrize(
    ("route", "placement", "expected"),
    [
        pytest.param(Route("c9", "c2"), _on("c1"), "no cluster c9 is joined", id="no-source"),
        pytest.param(Route("c1", "c9"), _on("c1"), "no cluster c9 is joined", id="no-target"),
        pytest.param(Route("c1", "c1"), _on("c1"), "are the same", id="same"),
        pytest.param(ROUTE, _on("c3"), "is not placed in cluster c1", id="elsewhere"),
        pytest.param(ROUTE, {"clusters": "bad"}, "is not a list", id="unreadable"),
    ],
)
def test_plan_move_that_makes_no_sense_is_refused(
    route: Route, placement: Any, expected: str
) -> None:
    """Before anything is written."""
    web = _web(placement)
    with pytest.raises(InputError, match=expected):
        plan_move([web], _desire(web), route)
