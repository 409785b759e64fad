"""
The control planes for real: they do what the tests rely on, and come back to pristine.

Skipped where the programs are missing.
"""

from __future__ import annotations

import base64
import shutil
import stat
import subprocess
from typing import Any

import pytest
import yaml

from tests.controlplanes.fixtures import RealClusters
from tests.controlplanes.plane import SYSTEM_NAMESPACES, ControlPlane
from tests.controlplanes.waiting import await_true
from tests.controlplanes.wire import Endpoint, WireError

_SHOP = "/api/v1/namespaces/shop"
_DEFAULT = "/api/v1/namespaces/default"
_CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_TOYS = "/apis/example.io/v1/namespaces/shop/toys"
_MERGE = "application/merge-patch+json"

_CRD: dict[str, Any] = {
    "metadata": {"name": "toys.example.io"},
    "spec": {
        "group": "example.io",
        "scope": "Namespaced",
        "names": {"kind": "Toy", "plural": "toys"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object"}},
            }
        ],
    },
}


def create(plane: ControlPlane, path: str, name: str, **fields: Any) -> dict[str, Any]:
    """Create an object of that name; *fields* go beside its metadata, or into it."""
    extra = fields.pop("metadata", {})
    answer: dict[str, Any] = plane.api.ask(
        "POST", path, body={"metadata": {"name": name, **extra}, **fields}
    )
    return answer


def is_gone(plane: ControlPlane, path: str) -> bool:
    """Tell whether there is nothing at *path*."""
    return plane.api.send("GET", path).status == 404


def list_names(plane: ControlPlane, path: str) -> list[str]:
    """Return the names of the objects at *path*."""
    return sorted(item["metadata"]["name"] for item in plane.api.ask("GET", path)["items"])


def make_mess(plane: ControlPlane) -> None:
    """Leave behind what a test can leave behind, and what is hard to get rid of."""
    create(plane, "/api/v1/namespaces", "shop")
    create(plane, _CRDS, "toys.example.io", spec=_CRD["spec"])
    toy = {
        "apiVersion": "example.io/v1",
        "kind": "Toy",
        "metadata": {"name": "ball", "finalizers": ["example.io/never"]},
    }
    await_true(lambda: plane.api.send("POST", _TOYS, body=toy).status == 201)
    plane.api.ask("DELETE", f"{_TOYS}/ball")
    plane.api.ask("DELETE", _SHOP)
    create(plane, "/apis/rbac.authorization.k8s.io/v1/clusterroles", "clerk")
    create(plane, f"{_DEFAULT}/configmaps", "prices")
    create(plane, f"{_DEFAULT}/services", "web", spec={"type": "NodePort", "ports": [{"port": 80}]})
    create(plane, "/api/v1/nodes", "node-1")
    plane.api.ask("PATCH", _DEFAULT, body={"metadata": {"labels": {"a": "b"}}}, content_type=_MERGE)
    plane.api.ask("DELETE", "/apis/rbac.authorization.k8s.io/v1/clusterroles/edit")


def describe(plane: ControlPlane) -> dict[str, Any]:
    """Return what can be seen of a cluster that must be the same after a reset."""
    rbac = "/apis/rbac.authorization.k8s.io/v1"
    return {
        "namespaces": list_names(plane, "/api/v1/namespaces"),
        "definitions": list_names(plane, _CRDS),
        "cluster roles": list_names(plane, f"{rbac}/clusterroles"),
        "config maps": list_names(plane, "/api/v1/configmaps"),
        "services": list_names(plane, "/api/v1/services"),
        "nodes": list_names(plane, "/api/v1/nodes"),
        "service accounts": list_names(plane, "/api/v1/serviceaccounts"),
        "labels": plane.api.ask("GET", _DEFAULT)["metadata"]["labels"],
        "groups": sorted(group["name"] for group in plane.api.ask("GET", "/apis")["groups"]),
    }


def test_kubeconfig_has_the_contexts_and_is_private(real_clusters: RealClusters) -> None:
    """One file, mode 0600, three contexts as named; the first is current."""
    document = yaml.safe_load(real_clusters.kubeconfig.read_text())
    expected = ["cluster0", "cluster1", "cluster2"]
    assert expected == [context["name"] for context in document["contexts"]]
    assert document["current-context"] == expected[0]
    mode = stat.S_IMODE(real_clusters.kubeconfig.stat().st_mode)
    assert oct(mode) == "0o600"


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
@pytest.mark.parametrize("name", ["cluster0", "cluster1", "cluster2"])
def test_kubectl_reaches_each_cluster(real_clusters: RealClusters, name: str) -> None:
    """`kubectl get nodes` works in every context, and sees that cluster's own."""
    create(real_clusters.plane(name), "/api/v1/nodes", f"node-of-{name}")
    ended = subprocess.run(
        ["kubectl", "--context", name, "get", "nodes", "-o", "name"],
        env=dict(real_clusters.env),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ended.stdout == f"node/node-of-{name}\n"


@pytest.mark.real(clusters=1)
def test_marker_clusters_gives_as_many(real_clusters: RealClusters) -> None:
    """The marker says how many clusters a test gets."""
    assert real_clusters.names == ("cluster0",)
    assert len(yaml.safe_load(real_clusters.kubeconfig.read_text())["contexts"]) == 1


@pytest.mark.real(clusters=1)
def test_server_tells_its_version(real_clusters: RealClusters) -> None:
    """The version was stamped into the program: without, it says v0.0.0-master."""
    version = real_clusters.plane("cluster0").api.ask("GET", "/version")
    assert version["gitVersion"].startswith("v1.")


@pytest.mark.real(clusters=1)
def test_token_secret_is_filled_and_accepted(real_clusters: RealClusters) -> None:
    """A Secret made for a ServiceAccount gets a token by which the API server knows it."""
    plane = real_clusters.plane("cluster0")
    create(plane, f"{_DEFAULT}/serviceaccounts", "joiner")
    note = {"annotations": {"kubernetes.io/service-account.name": "joiner"}}
    kind = "kubernetes.io/service-account-token"
    create(plane, f"{_DEFAULT}/secrets", "joiner-token", metadata=note, type=kind)

    def read() -> dict[str, str]:
        data: dict[str, str] = plane.api.ask("GET", f"{_DEFAULT}/secrets/joiner-token").get("data")
        return data or {}

    await_true(lambda: {"token", "ca.crt", "namespace"} <= read().keys())
    assert base64.b64decode(read()["ca.crt"]) == plane.credentials.authority
    review = plane.api.ask(
        "POST",
        "/apis/authentication.k8s.io/v1/tokenreviews",
        body={"spec": {"token": base64.b64decode(read()["token"]).decode()}},
    )
    assert review["status"]["user"]["username"] == "system:serviceaccount:default:joiner"


@pytest.mark.real(clusters=1)
def test_namespace_empties_itself_and_goes(real_clusters: RealClusters) -> None:
    """A deleted namespace takes its objects with it."""
    plane = real_clusters.plane("cluster0")
    create(plane, "/api/v1/namespaces", "shop")
    create(plane, f"{_SHOP}/configmaps", "prices")
    plane.api.ask("DELETE", _SHOP)
    await_true(lambda: is_gone(plane, _SHOP), seconds=60)
    assert "prices" not in list_names(plane, "/api/v1/configmaps")


@pytest.mark.real(clusters=1)
def test_owned_object_goes_with_its_owner(real_clusters: RealClusters) -> None:
    """The garbage collector follows owner references."""
    plane = real_clusters.plane("cluster0")
    owner = create(plane, f"{_DEFAULT}/configmaps", "owner")["metadata"]
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["uid"]}
    create(plane, f"{_DEFAULT}/configmaps", "owned", metadata={"ownerReferences": [reference]})
    plane.api.ask("DELETE", f"{_DEFAULT}/configmaps/owner")
    await_true(lambda: is_gone(plane, f"{_DEFAULT}/configmaps/owned"), seconds=60)


@pytest.mark.real(clusters=1)
def test_reset_after_a_mess_leaves_the_cluster_pristine(real_clusters: RealClusters) -> None:
    """What was added, changed or deleted is undone, stuck finalizers or not, every time."""
    plane = real_clusters.plane("cluster0")
    before = describe(plane)
    assert before["namespaces"] == sorted(SYSTEM_NAMESPACES)
    for _ in range(3):
        make_mess(plane)
        assert before != describe(plane)
        plane.reset()
        assert before == describe(plane)


@pytest.mark.real(clusters=1)
def test_reset_leaves_a_cluster_that_works(real_clusters: RealClusters) -> None:
    """A namespace of a name used before gets its ServiceAccount, and takes objects."""
    plane = real_clusters.plane("cluster0")
    for _ in range(3):
        create(plane, "/api/v1/namespaces", "shop")
        create(plane, f"{_SHOP}/configmaps", "prices")
        await_true(lambda: not is_gone(plane, f"{_SHOP}/serviceaccounts/default"))
        plane.reset()


@pytest.mark.real(clusters=1)
def test_reset_amid_the_controllers_work_leaves_nothing(real_clusters: RealClusters) -> None:
    """What the controllers write late, for namespaces that are gone, does not stay."""
    plane = real_clusters.plane("cluster0")
    for _ in range(5):
        for index in range(10):
            create(plane, "/api/v1/namespaces", f"shop-{index}")
        plane.reset()
    assert list_names(plane, "/api/v1/namespaces") == sorted(SYSTEM_NAMESPACES)
    assert list_names(plane, "/api/v1/serviceaccounts") == ["default"] * len(SYSTEM_NAMESPACES)


@pytest.mark.real(clusters=2)
def test_hung_api_server_gives_no_answer_until_it_goes_on(real_clusters: RealClusters) -> None:
    """A frozen cluster lets clients wait; the others don't notice."""
    plane, other = (real_clusters.plane(name) for name in real_clusters.names)
    impatient = Endpoint(plane.api.port, tls=plane.api.tls, timeout=0.3)
    plane.hang_api_server()
    try:
        with pytest.raises(WireError, match="timed out"):
            impatient.send("GET", "/readyz")
        assert other.api.is_healthy("/readyz")
    finally:
        plane.unhang_api_server()
    assert plane.api.is_healthy("/readyz")


@pytest.mark.real(clusters=1)
def test_stopped_api_server_refuses_until_reset(real_clusters: RealClusters) -> None:
    """A dead cluster refuses connections, and comes back on the same port."""
    plane = real_clusters.plane("cluster0")
    plane.stop_api_server()
    with pytest.raises(WireError, match="ConnectionRefused"):
        plane.api.send("GET", "/readyz")
    plane.reset()
    assert plane.api.is_healthy("/readyz")


@pytest.mark.real(clusters=1)
def test_reset_of_a_hung_cluster_lets_it_go_on(real_clusters: RealClusters) -> None:
    """A test that forgot to let a cluster go on does no harm to the next."""
    plane = real_clusters.plane("cluster0")
    plane.hang_api_server()
    plane.reset()
    assert plane.api.is_healthy("/readyz")


def test_pool_keeps_its_planes(real_clusters: RealClusters) -> None:
    """A plane that was started once is handed out again."""
    pool = real_clusters.pool
    assert pool.plane("cluster0") is real_clusters.plane("cluster0")
