"""Tests of which clusters files are for, and by which contexts they are reached."""

from __future__ import annotations

from typing import Any

import pytest

from kubefedctl.core.clusterlists import (
    CONTEXT_ANNOTATION,
    NamedCluster,
    check_servers,
    gather_clusters,
    is_cluster_list,
    parse_cluster_list,
)
from kubefedctl.errors import InputError
from kubefedctl.model.clusters import Endpoint
from kubefedctl.model.refs import Object

LISTED = (NamedCluster("eu", "admin@eu", {"region": "eu"}), NamedCluster("us", "us"))


def register(name: str, context: str = "", **labels: Any) -> Object:
    """Return a KubeFedCluster."""
    annotations = {CONTEXT_ANNOTATION: context} if context else {}
    return {"metadata": {"name": name, "annotations": annotations, "labels": labels}}


REGISTERED = (register("eu", "admin@eu", region="eu", zone=7), register("us"))


def contexts(*words: str, listed: Any = (), registered: Any = ()) -> dict[str, str]:
    """Return the context of each cluster; those not looked at in brackets."""
    found = gather_clusters(registered, listed, words)
    return {
        name: cluster.context if name in found.looked_at else f"({cluster.context})"
        for name, cluster in found.clusters.items()
    }


@pytest.mark.parametrize("given", [{"listed": LISTED}, {"registered": REGISTERED}])
def test_clusters_of_the_files_have_names_labels_and_contexts(given: Any) -> None:
    """A list and KubeFedClusters come to the same."""
    assert {"eu": "admin@eu", "us": "us"} == contexts(**given)
    found = gather_clusters(given.get("registered", ()), given.get("listed", ()), ())
    assert {"eu": {"region": "eu"}, "us": {}} == {n: c.labels for n, c in found.clusters.items()}


@pytest.mark.parametrize("given", [{"listed": LISTED}, {"registered": REGISTERED}])
def test_words_choose_among_the_clusters_of_the_files(given: Any) -> None:
    """And may name another context; without one that of the files stays."""
    assert {"eu": "admin@eu", "us": "(us)"} == contexts("eu", **given)
    assert {"eu": "(admin@eu)", "us": "ci"} == contexts("us=ci", **given)


def test_words_are_the_clusters_where_nothing_else_says_so() -> None:
    """Each is its own context unless one is named."""
    assert {"c0": "c0", "eu": "admin@eu=1"} == contexts("eu=admin@eu=1", "c0")


@pytest.mark.parametrize(
    ("words", "given", "message"),
    [
        ((), {}, "there is no KubeFedCluster among the files"),
        (
            ("x",),
            {"listed": LISTED},
            "names x, not among the clusters of the list eu, us",
        ),
        (("x",), {"registered": REGISTERED}, "x, not among the KubeFedClusters eu, us"),
        ((), {"listed": LISTED, "registered": REGISTERED}, "clusters are named twice"),
        (("a=x", "b=x"), {}, "context x is that of two clusters, a and b"),
        (("us=admin@eu",), {"listed": LISTED}, "context admin@eu is that of two clusters"),
        (("=x",), {}, "'=x' names no cluster"),
        (("x=",), {}, "'x=' names no cluster"),
    ],
    ids=[
        "none",
        "unknown",
        "unregistered",
        "twice",
        "one for two",
        "one of the list's",
        "nameless",
        "no context",
    ],
)
def test_clusters_that_contradict_are_refused(
    words: tuple[str, ...], given: Any, message: str
) -> None:
    """Before anything is asked."""
    with pytest.raises(InputError, match=message):
        gather_clusters(given.get("registered", ()), given.get("listed", ()), words)


def test_list_is_read_as_it_is_written() -> None:
    """Context and labels may be left out."""
    entries = [{"name": "eu", "context": "admin@eu", "labels": {"region": "eu"}}, {"name": "us"}]
    assert LISTED == parse_cluster_list([None, {"clusters": entries}], source="f")


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"kind": "KubeFedCluster"}, "f is no list of clusters"),
        ({"clusters": []}, "clusters is not a list"),
        ({"clusters": {"name": "a"}}, "clusters is not a list"),
        ({"clusters": ["a"]}, "cluster 1 has something else"),
        ({"clusters": [{"name": "a", "server": "x"}]}, "cluster 1 has something else"),
        ({"clusters": [{"context": "a"}]}, "cluster 1 has no text as name"),
        ({"clusters": [{"name": "a", "context": 7}]}, "no text as name and context"),
        ({"clusters": [{"name": "a", "labels": {"b": 1}}]}, "labels of a are no map of text"),
        ({"clusters": [{"name": "a"}, {"name": "a"}]}, "names cluster a twice"),
    ],
)
def test_list_that_is_none_is_refused(document: Any, message: str) -> None:
    """With the shape in the hint."""
    with pytest.raises(InputError, match=message) as caught:
        parse_cluster_list([document], source="f")
    assert caught.value.hint


def test_list_is_known_from_objects() -> None:
    """A file of the list's name may hold KubeFedClusters."""
    assert not is_cluster_list([{"clusters": []}, {"clusters": []}])
    assert not is_cluster_list([["clusters"]])
    assert not is_cluster_list([])


@pytest.mark.parametrize(
    ("other", "is_one"),
    [
        (Endpoint("https://x:6443/", user="viewer"), True),
        (Endpoint("https://x:6444"), False),
        (Endpoint("https://x:6443/k8s/clusters/b"), False),
        (Endpoint("https://x:6443", proxy_url="socks5://b"), False),
        (Endpoint("https://x:6443", tls_server_name="b"), False),
    ],
    ids=["another user", "another port", "another path", "another proxy", "another name"],
)
def test_contexts_that_lead_to_one_server_are_refused(other: Endpoint, is_one: bool) -> None:
    """What is placed in one of two such clusters would look as if it had left the other."""
    endpoints = {"a": Endpoint("https://x:6443"), "b": other}
    if not is_one:
        check_servers(endpoints)
        return
    with pytest.raises(InputError, match="contexts of a and b lead to one API server"):
        check_servers(endpoints)
