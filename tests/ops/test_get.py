"""Tests of `get`: whom it asks for what, and what it makes of clusters that do not answer."""

from __future__ import annotations

import pytest

from kubefedctl.core.gathering import parse_wanted
from kubefedctl.core.narrowing import parse_request
from kubefedctl.errors import (
    ControlPlaneError,
    ForbiddenError,
    InputError,
    KubefedctlError,
    NotFoundError,
    PartialFailure,
    UnreachableError,
)
from kubefedctl.model.events import Event, Line, Rendered, Step, Tabulated, Warned
from kubefedctl.model.refs import Key, Resource
from kubefedctl.model.renderings import RenderError, Rendering
from kubefedctl.model.tables import Column
from kubefedctl.model.wellknown import KUBEFED_CLUSTERS
from kubefedctl.ops.gathering import View
from kubefedctl.ops.get import GetOptions, get
from tests.core.makers import CONFIG_MAP, DEPLOYMENT, NAMESPACE
from tests.fakes import MemoryCluster, MemoryFleet
from tests.ops.stage import (
    KNS,
    WEB,
    error,
    make_fleet,
    make_host,
    managed,
    not_found,
    register,
    served,
    told,
    words,
)

WIDGET = Resource("example.com", "v1", "widgets", "Widget", True)
OLD_WIDGET = Resource("example.com", "v1beta1", "widgets", "Widget", True)


@pytest.fixture
def fleet() -> MemoryFleet:
    """Two members that both have ConfigMap shop/web, and the second shop/alone, unmanaged."""
    made = make_fleet(make_host())
    made.host.discovery = served(CONFIG_MAP, DEPLOYMENT, NAMESPACE)  # type: ignore[attr-defined]
    for name in ("c1", "c2"):
        made.context(name).add(CONFIG_MAP, managed())
    made.context("c2").add(CONFIG_MAP, {"metadata": {"namespace": "shop", "name": "alone"}})
    return made


def look(
    fleet: MemoryFleet, *wanted: str, clusters: str = "", selector: str = "", **options: object
) -> tuple[list[Event], KubefedctlError | None]:
    """Ask for objects in namespace `shop`."""
    request = parse_request((), clusters=[clusters] if clusters else (), selector=selector)
    given = {"namespace": "shop", "request": request, **options}
    return told(get(fleet, GetOptions(parse_wanted(wanted), **given)))  # type: ignore[arg-type]


def found(events: list[Event]) -> list[str]:
    """Return each row as `namespace/name in cluster`."""
    (tabulated,) = [event for event in events if isinstance(event, Tabulated)]
    return [f"{row.key} in {c}" for table in tabulated.tables for c, row in table.rows]


def test_get_shows_the_objects_of_all_members(fleet: MemoryFleet) -> None:
    """By a short name, of a type that need not be federated; nothing is written."""
    events, failure = look(fleet, "cm")
    assert failure is None
    assert ["shop/alone in c2", "shop/web in c1", "shop/web in c2"] == found(events)
    clusters = [fleet.host, fleet.context("c1"), fleet.context("c2")]
    assert [[], [], []] == [cluster.writes() for cluster in clusters]
    assert [("read", "/healthz"), ("list", "configmaps")] == fleet.context("c1").requests


@pytest.mark.parametrize(
    ("wanted", "options", "expected"),
    [
        (["cm", "web"], {}, ["shop/web in c1", "shop/web in c2"]),
        (["cm/alone"], {}, ["shop/alone in c2"]),
        (["cm"], {"clusters": "c1"}, ["shop/web in c1"]),
        (["cm"], {"is_managed": True}, ["shop/web in c1", "shop/web in c2"]),
        (["cm"], {"selector": "kubefed.io/managed=true"}, ["shop/web in c1", "shop/web in c2"]),
        (["cm", "web"], {"namespace": "", "is_everywhere": True}, ["shop/web in c1"]),
        (["cm", "web", "alone"], {"clusters": "c2"}, ["shop/alone in c2", "shop/web in c2"]),
    ],
    ids=["name", "slash", "cluster", "managed", "labels", "everywhere", "names"],
)
def test_get_narrowed_shows_that_alone(
    fleet: MemoryFleet, wanted: list[str], options: dict[str, object], expected: list[str]
) -> None:
    """Names, clusters and labels."""
    events, failure = look(fleet, *wanted, **options)  # type: ignore[arg-type]
    assert failure is None
    assert expected == found(events)[: len(expected)]
    assert options.get("is_everywhere") or len(expected) == len(found(events))


def test_get_without_a_namespace_looks_into_the_default_one(fleet: MemoryFleet) -> None:
    """As kubectl does, and says where there was nothing."""
    fleet.context("c1").add(CONFIG_MAP, managed(Key("default", "d")))
    assert ["default/d in c1"] == found(look(fleet, "cm", namespace="")[0])
    events, failure = look(fleet, "cm", namespace="empty")
    assert failure is None
    assert Step("No resources found in empty namespace.", level=0) in events


def test_get_tells_members_that_do_not_answer_and_shows_the_others(fleet: MemoryFleet) -> None:
    """With the cause of each, and ends as a partial failure."""
    register(fleet.host, "c3", token=None)
    dead = error(UnreachableError, 0, "ConnectionRefused")
    fleet.context("c2").fail_next("read", dead)
    events, failure = look(fleet, "cm")
    assert ["shop/web in c1"] == found(events)
    assert [
        "warning: cluster c2: ConnectionRefused",
        f"warning: cluster c3: Secret {KNS}/c3-token has no usable token",
    ] == words(events)
    assert isinstance(failure, PartialFailure)
    assert "2 of 3 clusters could not be asked for everything" == failure.message


def test_get_that_a_member_forbids_is_told(fleet: MemoryFleet) -> None:
    """In the words of that cluster."""
    forbidden = error(ForbiddenError, 403)
    fleet.context("c1").fail_next("list", forbidden)
    events, failure = look(fleet, "cm")
    assert [f"warning: {forbidden.message}"] == words(events)
    assert isinstance(failure, PartialFailure)
    assert Warned(forbidden.message, is_failure=True) in events


def test_get_of_nothing_while_a_member_is_silent_does_not_say_there_is_nothing(
    fleet: MemoryFleet,
) -> None:
    """What was not read says nothing."""
    fleet.context("c1").fail_next("list", error(ForbiddenError, 403))
    events, _ = look(fleet, "cm", namespace="empty")
    assert [] == [e for e in events if isinstance(e, Step) and e.level == 0]


def test_get_of_a_type_in_another_version_asks_the_member_what_it_serves(
    fleet: MemoryFleet,
) -> None:
    """The host's version is tried first, and one discovery is saved in each cluster."""
    fleet.host.discovery = served(WIDGET)  # type: ignore[attr-defined]
    for name in ("c1", "c2"):
        fleet.context(name).add(WIDGET, {"metadata": {"namespace": "shop", "name": "w"}})
    fleet.context("c2").fail_next("list", not_found())
    fleet.context("c2").discovery = served(OLD_WIDGET)  # type: ignore[attr-defined]
    events, failure = look(fleet, "widgets")
    assert failure is None
    assert ["shop/w in c1", "shop/w in c2"] == found(events)


def test_get_of_a_type_that_one_member_lacks_is_told(fleet: MemoryFleet) -> None:
    """The host need not know it either."""
    fleet.context("c1").discovery = served(WIDGET)  # type: ignore[attr-defined]
    fleet.context("c1").add(WIDGET, {"metadata": {"namespace": "shop", "name": "w"}})
    events, failure = look(fleet, "widgets")
    assert ["shop/w in c1"] == found(events)
    assert ["warning: cluster c2 serves no type named 'widgets'"] == words(events)
    assert isinstance(failure, PartialFailure)


def test_get_of_a_type_that_nobody_serves_is_an_error(fleet: MemoryFleet) -> None:
    """It is mostly a typing error."""
    failure = look(fleet, "nopes")[1]
    assert isinstance(failure, InputError)
    assert "no member cluster serves a type named 'nopes'" == failure.message


def test_get_of_a_name_that_is_nowhere_is_not_found(fleet: MemoryFleet) -> None:
    """Where all clusters answered; what is there is shown all the same."""
    events, failure = look(fleet, "cm", "web", "nope")
    assert ["shop/web in c1", "shop/web in c2"] == found(events)
    assert isinstance(failure, NotFoundError)
    assert "cannot get ConfigMap/shop/nope in cluster c1, c2: 404 NotFound" == failure.message
    fleet.context("c1").fail_next("list", error(ForbiddenError, 403))
    assert isinstance(look(fleet, "cm", "nope")[1], PartialFailure)


def test_get_with_columns_that_differ_merges_them(fleet: MemoryFleet) -> None:
    """Each server has its own."""
    fleet.context("c2").columns = (Column("Name"), Column("Generation"))  # type: ignore[attr-defined]
    (tabulated,) = [e for e in look(fleet, "cm")[0] if isinstance(e, Tabulated)]
    columns = [column.name for column in tabulated.tables[0].columns]
    assert ["Name", "Generation", "Uid"] == columns


def test_get_objects_are_by_cluster_with_what_failed(fleet: MemoryFleet) -> None:
    """In the form of rendered manifests."""
    forbidden = error(ForbiddenError, 403)
    fleet.context("c2").fail_next("list", forbidden)
    events, _ = look(fleet, "cm", view=View.OBJECTS)
    (rendering,) = [event.rendering for event in events if isinstance(event, Rendered)]
    assert isinstance(rendering, Rendering)
    (obj,) = rendering.clusters["c1"]
    assert ("ConfigMap", WEB) == (obj["kind"], Key("shop", obj["metadata"]["name"]))
    assert {"c1"} == set(rendering.clusters)
    assert (RenderError("cm", "Forbidden", forbidden.message, "c2"),) == rendering.errors


def test_get_names_are_lines_sorted_by_object(fleet: MemoryFleet) -> None:
    """In the one format of subjects."""
    events, _ = look(fleet, "cm", view=View.NAMES)
    assert [
        "ConfigMap/shop/alone in cluster c2",
        "ConfigMap/shop/web in cluster c1",
        "ConfigMap/shop/web in cluster c2",
    ] == [event.text for event in events if isinstance(event, Line)]


def test_get_without_members_says_so() -> None:
    """With what joins one; also where the host has nothing of KubeFed."""
    failure = look(make_fleet(make_host(members=())), "cm")[1]
    assert isinstance(failure, InputError)
    assert "no cluster is joined to host cluster host" == failure.message
    bare = MemoryCluster("host")
    bare.fail_next("list", not_found(), name=KUBEFED_CLUSTERS.plural)
    failure = look(MemoryFleet(bare, {}), "cm")[1]
    assert isinstance(failure, ControlPlaneError)
    assert "kubefedctl init" in failure.hint


def test_get_from_a_cluster_that_is_not_joined_is_refused(fleet: MemoryFleet) -> None:
    """The hint lists what there is."""
    failure = look(fleet, "cm", clusters="c9")[1]
    assert isinstance(failure, InputError)
    assert "joined: c1, c2" == failure.hint
