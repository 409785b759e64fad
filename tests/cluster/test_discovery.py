"""Discovery: both forms parsed to the same rows, broken parts as sentences."""

from __future__ import annotations

from typing import Any

import pytest

from kubefedctl.cluster.access import Access
from kubefedctl.cluster.discovery import (
    GroupVersion,
    assemble,
    parse_aggregated,
    parse_groups,
    parse_resource_list,
)
from kubefedctl.cluster.live import LiveCluster
from kubefedctl.cluster.retrying import RetryPolicy
from kubefedctl.errors import NotFoundError
from kubefedctl.model.clusters import Endpoint
from kubefedctl.model.refs import Resource
from kubefedctl.model.typeconfigs import ApiResource
from tests.cluster.stub import Call, Reply, make_status, serve

PODS = Resource("", "v1", "pods", "Pod", True)
NAMESPACES = Resource("", "v1", "namespaces", "Namespace", False)
DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment", True)
OLD_DEPLOYMENTS = Resource("apps", "v1beta1", "deployments", "Deployment", True)
OLD_SCALES = Resource("apps", "v1beta1", "scales", "Scale", True)


def aggregated_row(resource: Resource) -> dict[str, Any]:
    """Return *resource* as the aggregated form has it."""
    return {
        "resource": resource.plural,
        "responseKind": {"group": "", "version": "", "kind": resource.kind},
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.kind.lower(),
        "verbs": ["list"],
        "shortNames": ["x"],
        "subresources": [{"subresource": "status"}],
    }


def row(resource: Resource) -> dict[str, Any]:
    """Return *resource* as the old form has it."""
    return {
        "name": resource.plural,
        "kind": resource.kind,
        "namespaced": resource.namespaced,
        "singularName": resource.kind.lower(),
        "verbs": ["list"],
        "shortNames": ["x"],
    }


def aggregated(*groups: tuple[str, list[tuple[str, list[Resource]]]]) -> dict[str, Any]:
    """Return an APIGroupDiscoveryList."""
    items = [
        {
            "metadata": {"name": name},
            "versions": [
                {"version": version, "resources": [aggregated_row(item) for item in resources]}
                for version, resources in versions
            ],
        }
        for name, versions in groups
    ]
    return {"kind": "APIGroupDiscoveryList", "items": items}


def expected_row(resource: Resource, preferred: bool = True) -> ApiResource:
    """Return the row that both forms should give."""
    return ApiResource(resource, resource.kind.lower(), ("x",), frozenset({"list"}), preferred)


EXPECTED = (
    expected_row(NAMESPACES),
    expected_row(PODS),
    expected_row(DEPLOYMENTS),
    expected_row(OLD_DEPLOYMENTS, False),
    expected_row(OLD_SCALES),
)
CORE = aggregated(("", [("v1", [PODS, NAMESPACES])]))
GROUPS = aggregated(("apps", [("v1", [DEPLOYMENTS]), ("v1beta1", [OLD_DEPLOYMENTS, OLD_SCALES])]))


def answer_aggregated(call: Call) -> Reply:
    """Answer as a server since 1.26 does."""
    assert "as=APIGroupDiscoveryList" in call.headers["accept"]
    return Reply(body={"/api": CORE, "/apis": GROUPS}[call.path])


def answer_old(call: Call) -> Reply:
    """Answer as an older server does, the preferred version named apart from the order."""
    bodies: dict[str, Any] = {
        "/api": {"kind": "APIVersions", "versions": ["v1"]},
        "/apis": {
            "kind": "APIGroupList",
            "groups": [
                {
                    "name": "apps",
                    "versions": [{"groupVersion": "apps/v1beta1"}, {"groupVersion": "apps/v1"}],
                    "preferredVersion": {"groupVersion": "apps/v1"},
                },
                {"name": "metrics", "versions": [{"groupVersion": "metrics/v1"}]},
            ],
        },
        "/api/v1": {"resources": [row(PODS), row(NAMESPACES), {**row(PODS), "name": "pods/log"}]},
        "/apis/apps/v1": {"resources": [row(DEPLOYMENTS)]},
        "/apis/apps/v1beta1": {"resources": [row(OLD_DEPLOYMENTS), row(OLD_SCALES)]},
    }
    if call.path not in bodies:
        return make_status(503, "ServiceUnavailable", "no endpoints")
    return Reply(body=bodies[call.path])


def cluster_at(url: str) -> LiveCluster:
    """Return a cluster that tries once."""
    return LiveCluster(Access("c", Endpoint(url)), policy=RetryPolicy(tries=1))


def test_aggregated_discovery_takes_two_requests() -> None:
    """The aggregated form is read from /api and /apis alone, and kept."""
    with serve(answer_aggregated) as stub:
        cluster = cluster_at(stub.url)
        found = cluster.discover()
        assert found is cluster.discover()
        cluster.close()
    assert (EXPECTED, ()) == (found.resources, found.failures)
    assert ["/api", "/apis"] == [call.path for call in stub.calls]


def test_old_discovery_gives_the_same_rows_and_names_what_is_broken() -> None:
    """A broken API service is a sentence beside the rows of all others."""
    with serve(answer_old) as stub:
        cluster = cluster_at(stub.url)
        found = cluster.discover()
        cluster.close()
    assert EXPECTED == found.resources
    assert ("metrics/v1: 503 ServiceUnavailable",) == found.failures


def test_discovery_fresh_asks_anew() -> None:
    """What is kept is dropped where a fresh answer is wanted."""
    with serve(answer_aggregated) as stub:
        cluster = cluster_at(stub.url)
        cluster.discover()
        cluster.discover(fresh=True)
        cluster.close()
    assert 4 == len(stub.calls)


def test_discovery_where_nothing_is_served_fails() -> None:
    """A server that knows neither /api nor /apis is not an API server."""
    with serve(lambda call: Reply(404, b"404 page not found")) as stub:
        cluster = cluster_at(stub.url)
        with pytest.raises(NotFoundError, match="cannot discover /api in cluster c: 404"):
            cluster.discover()
        cluster.close()


def test_stale_group_version_is_a_failure() -> None:
    """The aggregator marks what it could not refresh."""
    stale = {"version": "v1", "freshness": "Stale"}
    document = {"items": [{"metadata": {"name": "metrics"}, "versions": [stale]}]}
    found = assemble(parse_aggregated(document))
    assert ("metrics/v1: its API server does not answer",) == found.failures


@pytest.mark.parametrize(
    "document",
    [{}, {"items": None}, {"items": [1]}, {"items": [{"versions": [{"resources": [None, {}]}]}]}],
    ids=["empty", "null", "number", "rows"],
)
def test_nonsense_gives_no_rows(document: dict[str, Any]) -> None:
    """Wrong types in an answer are skipped."""
    assert () == assemble(parse_aggregated(document)).resources
    assert [] == parse_groups(document)
    assert GroupVersion("a", "v1", ()) == parse_resource_list(document, "a", "v1")
