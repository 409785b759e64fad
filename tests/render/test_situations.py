"""Tests of showing how a federation stands: tables that fit, causes once, and documents."""

from __future__ import annotations

from kubefedctl.model.refs import Subject
from kubefedctl.model.situations import (
    Cell,
    ClusterSituation,
    ObjectSituation,
    Situation,
    TypeSituation,
)
from kubefedctl.render.situations import situation_as_object, situation_lines

WEB = Subject("Deployment", "shop", "web")
CONF = Subject("ConfigMap", "shop", "conf")
PROBED = "2026-01-02T03:04:05Z"


def _clusters(count: int) -> tuple[ClusterSituation, ...]:
    return tuple(
        ClusterSituation(f"c{n}", True, version="v1.34.4", probed=PROBED, managed=2)
        for n in range(1, count + 1)
    )


def _situation(*objects: ObjectSituation, clusters: int = 2, **more: object) -> Situation:
    types = (TypeSituation("configmaps", True, 1), TypeSituation("jobs.batch", False))
    given = {"clusters": _clusters(clusters), "types": types, "objects": objects, **more}
    return Situation(**given)  # type: ignore[arg-type]


def test_situation_lines_are_three_tables_and_a_sentence() -> None:
    """Clusters, types, objects in clusters."""
    web = ObjectSituation(WEB, {"c1": Cell("ok", "", 3, 3), "c2": Cell("update", "", 1, 2)})
    conf = ObjectSituation(CONF, {"c1": Cell("ok")})
    assert [
        "CLUSTER   READY   VERSION   LAST PROBE             MANAGED",
        "c1        True    v1.34.4   2026-01-02T03:04:05Z   2",
        "c2        True    v1.34.4   2026-01-02T03:04:05Z   2",
        "",
        "TYPE         PROPAGATION   OBJECTS",
        "configmaps   Enabled       1",
        "jobs.batch   Disabled      -",
        "",
        "OBJECT                c1    c2",
        "ConfigMap/shop/conf   ok    -",
        "Deployment/shop/web   3/3   update 1/2",
        "",
        "2 federated objects over 2 clusters: 1 not as the host says",
    ] == situation_lines(_situation(conf, web))


def test_situation_lines_tell_each_cause_once() -> None:
    """With all clusters that it holds for."""
    cells = {name: Cell("ApplyOverridesFailed", "no such path") for name in ("c1", "c2")}
    lines = situation_lines(_situation(ObjectSituation(WEB, cells, "CheckClusters", "why")))
    assert [
        "Deployment/shop/web: CheckClusters: why",
        "Deployment/shop/web in clusters c1, c2: ApplyOverridesFailed: no such path",
    ] == lines[-3:-1]


def test_situation_lines_of_many_clusters_count_them() -> None:
    """A table that nobody could read becomes a line for each object."""
    cells = {f"c{n}": Cell("ok") for n in range(1, 10)} | {"c9": Cell("ClusterNotReady", "dead")}
    lines = situation_lines(_situation(ObjectSituation(CONF, cells), clusters=9))
    assert "ConfigMap/shop/conf   ok 8, ClusterNotReady 1 (c9)" in lines


def test_situation_lines_narrower_than_the_terminal_count_clusters() -> None:
    """Also two clusters where the terminal is too narrow for them."""
    web = ObjectSituation(WEB, {"c1": Cell("ok"), "c2": Cell("ok")})
    assert "Deployment/shop/web   ok 2" in situation_lines(_situation(web), width=20)
    assert "Deployment/shop/web   ok   ok" in situation_lines(_situation(web), width=80)


def test_situation_lines_of_nothing_are_a_sentence() -> None:
    """A host without anything."""
    assert ["0 federated objects over 0 clusters: all as the host says"] == situation_lines(
        Situation((), (), ())
    )


def test_situation_lines_show_tokens_and_draining_where_there_are_any() -> None:
    """Columns that say nothing are left out."""
    cluster = ClusterSituation("c1", False, note="dead", token_ends=PROBED, draining="left")
    lines = situation_lines(Situation((cluster,), (), (), orphans=("ConfigMap/a/b in cluster c1",)))
    assert [
        "CLUSTER   READY   VERSION   LAST PROBE   MANAGED   TOKEN ENDS             DRAIN",
        f"c1        False   -         -            -         {PROBED}   left",
        "",
        "orphan: ConfigMap/a/b in cluster c1, whose federated object is gone",
        "0 federated objects over 1 cluster: 0 not as the host says, 1 cluster not ready",
    ] == lines


def test_situation_as_object_has_what_the_tables_have() -> None:
    """For scripts, with the causes."""
    cells = {"c1": Cell("ok", "", 3, 3), "c2": Cell("ClusterNotReady", "dead")}
    found = situation_as_object(_situation(ObjectSituation(WEB, cells, "CheckClusters", "why")))
    assert [
        {
            "object": "Deployment/shop/web",
            "settled": False,
            "clusters": {
                "c1": {"state": "ok", "ready": 3, "replicas": 3},
                "c2": {"state": "ClusterNotReady", "detail": "dead"},
            },
            "reason": "CheckClusters",
            "detail": "why",
        }
    ] == found["objects"]
    assert {"name": "jobs.batch", "propagation": "Disabled"} == found["types"][1]
    assert ("FederationStatus", False) == (found["kind"], found["settled"])
