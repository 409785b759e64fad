"""Tests of what would be if: what somebody imagines, and the schedule that comes of it."""

from __future__ import annotations

from typing import Any

import pytest

from kubefedctl.core.foreseeing import (
    WhatIf,
    foresee,
    named_in,
    parse_count,
    parse_counts,
    pick_preference,
)
from kubefedctl.errors import InputError
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.schedules import ClusterPreference, Load, SchedulingPreference

EVEN = SchedulingPreference(
    Key("shop", "web"), "FederatedDeployment", 6, clusters={"*": ClusterPreference(weight=1)}
)
LOADS = {"c1": Load(6), "c2": Load(0, capacity=1)}


@pytest.mark.parametrize(
    ("what_if", "expected"),
    [
        (WhatIf(), {"c1": 6, "c2": 0}),
        (WhatIf(total=8), {"c1": 7, "c2": 1}),
        (WhatIf(down=("c1",)), {"c2": 1}),
        (WhatIf(current={"c1": 2}), {"c1": 5, "c2": 1}),
        (WhatIf(current={"c1": 2}, capacity={"c2": 3}), {"c1": 3, "c2": 3}),
        (WhatIf(clusters=("c2", "c3")), {"c2": 1, "c3": 5}),
        (WhatIf(clusters=()), {}),
    ],
    ids=["nothing", "total", "down", "current", "capacity", "clusters", "none"],
)
def test_foresee_puts_what_is_imagined_over_what_is(
    what_if: WhatIf, expected: dict[str, int]
) -> None:
    """What is not imagined is as it is."""
    found = foresee(EVEN, what_if, clusters=["c1", "c2"], loads=LOADS)
    assert expected == found.plan


@pytest.mark.parametrize(
    ("what_if", "flag"),
    [
        (WhatIf(down=("c9",)), "--down"),
        (WhatIf(current={"c9": 1}), "--current"),
        (WhatIf(capacity={"c9": 1}), "--capacity"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_foresee_of_an_unknown_cluster_is_refused(what_if: WhatIf, flag: str) -> None:
    """A typing error is not taken for a cluster."""
    with pytest.raises(InputError) as caught:
        foresee(EVEN, what_if, clusters=["c1", "c2"], loads={})
    assert f"{flag} names c9, not among the clusters c1, c2" == caught.value.message


def test_named_in_are_all_but_the_star() -> None:
    """They are the clusters of a file that no cluster stands behind."""
    given = {"b": ClusterPreference(), "*": ClusterPreference(), "a": ClusterPreference()}
    assert ("a", "b") == named_in(SchedulingPreference(EVEN.key, "F", 1, clusters=given))
    with pytest.raises(InputError, match="names no cluster"):
        named_in(EVEN)


def rsp(name: str = "web", namespace: str = "", **more: Any) -> Object:
    """Return a preference as a file may hold it."""
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {
        "apiVersion": "scheduling.kubefed.io/v1alpha1",
        "kind": "ReplicaSchedulingPreference",
        "metadata": metadata,
        **more,
    }


OTHER: Object = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web"}}


@pytest.mark.parametrize(
    ("objects", "name", "namespace", "expected"),
    [
        ([OTHER, rsp()], "", "", ("default", "web")),
        ([rsp()], "", "shop", ("shop", "web")),
        ([rsp("web", "shop"), rsp("api", "shop")], "api", "", ("shop", "api")),
        ([rsp("web", "shop"), rsp("web", "test")], "", "test", ("test", "web")),
    ],
    ids=["alone", "namespace-given", "by-name", "by-namespace"],
)
def test_pick_preference_has_a_namespace(
    objects: list[Object], name: str, namespace: str, expected: tuple[str, str]
) -> None:
    """The tie-break needs one, so it is that of the file, of the option, or `default`."""
    metadata = pick_preference(objects, name=name, namespace=namespace)["metadata"]
    assert expected == (metadata["namespace"], metadata["name"])


@pytest.mark.parametrize(
    ("objects", "name", "message"),
    [
        ([OTHER], "", "the file has no ReplicaSchedulingPreference of"),
        ([rsp()], "api", "the file has no ReplicaSchedulingPreference api of"),
        ([rsp(), rsp("api")], "", "the file has 2 ReplicaSchedulingPreference of"),
    ],
    ids=["none", "none-of-the-name", "two"],
)
def test_pick_preference_that_is_not_one_is_refused(
    objects: list[Object], name: str, message: str
) -> None:
    """Neither none nor a choice is guessed."""
    with pytest.raises(InputError, match=message):
        pick_preference(objects, name=name, namespace="")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("c1", "--current c1 is not a whole number"),
        ("c1=x", "--current c1=x is not a whole number"),
        ("c1=-1", "--current c1=-1 is negative: -1"),
        ("=1", "--current =1: a cluster is missing or named twice"),
        ("c1=1,c1=2", "--current c1=1,c1=2: a cluster is missing or named twice"),
    ],
)
def test_parse_counts_of_nonsense_is_refused(text: str, message: str) -> None:
    """The part that is wrong is named."""
    with pytest.raises(InputError) as caught:
        parse_counts(text, "--current")
    assert message == caught.value.message


def test_parse_count_beyond_what_an_api_server_takes_is_refused() -> None:
    """Replicas have 32 bits."""
    with pytest.raises(InputError, match="--total is above 2147483647"):
        parse_count("2147483648", "--total")
