"""Watches over HTTP: where they start, what they filter, how they end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kubefedctl.sandbox.clusters import SandboxCluster
from kubefedctl.sandbox.fleet import SandboxFleet
from tests.sandbox.wire import Client, config_map

_PATH = "/api/v1/namespaces/kube-public/configmaps?watch=true&timeoutSeconds=5"


@pytest.fixture
def cluster() -> Iterator[SandboxCluster]:
    """A fresh cluster over HTTP."""
    with SandboxFleet(["one"]) as fleet:
        yield fleet.clusters["one"]


@pytest.fixture
def client(cluster: SandboxCluster) -> Iterator[Client]:
    """Its administrator."""
    client = Client(cluster, token=cluster.token)
    yield client
    client.close()


def test_watch_without_version_starts_with_what_is_there(
    cluster: SandboxCluster, client: Client
) -> None:
    """First come the present objects, then what is written from another thread."""
    with client.watch(_PATH) as events:
        assert next(events)["object"]["metadata"]["name"] == "kube-root-ca.crt"
        cluster.create("configmaps", config_map("new"), namespace="kube-public")
        event = next(events)
        assert (event["type"], event["object"]["metadata"]["name"]) == ("ADDED", "new")


def test_watch_from_version_sends_only_what_came_after(
    cluster: SandboxCluster, client: Client
) -> None:
    """Events between the version and now are not lost, earlier ones not repeated."""
    version = cluster.store.revision
    cluster.create("configmaps", config_map("a"), namespace="kube-public")
    cluster.patch("configmaps", "a", {"data": {"x": "y"}}, namespace="kube-public")
    cluster.delete("configmaps", "a", namespace="kube-public")
    with client.watch(f"{_PATH}&resourceVersion={version}") as events:
        assert ["ADDED", "MODIFIED", "DELETED"] == [next(events)["type"] for _ in range(3)]


def test_watch_with_selector_shows_objects_come_and_go(
    cluster: SandboxCluster, client: Client
) -> None:
    """An object that begins to match is added, one that ceases to is deleted."""
    version = cluster.store.revision
    cluster.create("configmaps", config_map("a"), namespace="kube-public")
    for label in ("on", None):
        patch = {"metadata": {"labels": {"x": label}}}
        cluster.patch("configmaps", "a", patch, namespace="kube-public")
    with client.watch(f"{_PATH}&resourceVersion={version}&labelSelector=x=on") as events:
        assert ["ADDED", "DELETED"] == [next(events)["type"] for _ in range(2)]


def test_watch_from_forgotten_version_is_expired(cluster: SandboxCluster, client: Client) -> None:
    """A version that is compacted away ends in an ERROR event with 410."""
    version = cluster.store.revision
    cluster.create("configmaps", config_map("a"), namespace="kube-public")
    cluster.store.compact()
    with client.watch(f"{_PATH}&resourceVersion={version}") as events:
        event = next(events)
        assert (event["type"], event["object"]["code"]) == ("ERROR", 410)
        assert list(events) == []


def test_watch_ends_after_timeout(client: Client) -> None:
    """timeoutSeconds ends the stream, without an error."""
    path = _PATH.replace("=5", "=1")
    with client.watch(path) as events:
        assert ["ADDED"] == [event["type"] for event in events]


def test_initial_events_end_with_bookmark(client: Client) -> None:
    """sendInitialEvents marks the end of what was there."""
    path = f"{_PATH}&sendInitialEvents=true&allowWatchBookmarks=true"
    with client.watch(f"{path}&resourceVersionMatch=NotOlderThan") as events:
        assert next(events)["type"] == "ADDED"
        annotations = next(events)["object"]["metadata"]["annotations"]
        assert annotations == {"k8s.io/initial-events-end": "true"}
