"""
The semantics of the API without HTTP: the registry with all rules and controllers of a cluster.

Left out on purpose: patches and field ownership (they have modules of their own), HTTP.
"""

from __future__ import annotations

import pytest

from kubefedctl.sandbox.clusters import SandboxCluster
from kubefedctl.sandbox.options import DeleteOptions, ListOptions, WriteOptions
from kubefedctl.sandbox.statuses import ApiError
from tests.sandbox.wire import Object, config_map, definition, deployment, widget


@pytest.fixture(scope="module")
def shared() -> SandboxCluster:
    """A cluster for tests that use names of their own."""
    return SandboxCluster("shared")


@pytest.fixture
def cluster() -> SandboxCluster:
    """A cluster for one test."""
    return SandboxCluster("one")


def refused(
    cluster: SandboxCluster, plural: str, obj: Object, namespace: str = "default"
) -> Object:
    """Return the Status that creating an object is refused with."""
    with pytest.raises(ApiError) as caught:
        cluster.create(plural, obj, namespace=namespace)
    return caught.value.status


def test_create_gives_system_fields(shared: SandboxCluster) -> None:
    """A new object gets uid, version and time; a kind without a spec has no generation."""
    metadata = shared.create("configmaps", config_map("fields"), namespace="default")["metadata"]
    assert {"uid", "resourceVersion", "creationTimestamp"} <= set(metadata)
    assert "generation" not in metadata


def test_create_existing_name_is_409(shared: SandboxCluster) -> None:
    """A name that is taken is AlreadyExists, in the real server's words."""
    shared.create("configmaps", config_map("twice"), namespace="default")
    status = refused(shared, "configmaps", config_map("twice"))
    assert (status["code"], status["reason"]) == (409, "AlreadyExists")
    assert status["message"] == 'configmaps "twice" already exists'


def test_create_in_missing_namespace_is_404(shared: SandboxCluster) -> None:
    """The namespace must exist."""
    status = refused(shared, "configmaps", config_map("a"), namespace="nowhere")
    assert status["message"] == 'namespaces "nowhere" not found'


@pytest.mark.parametrize(
    ("plural", "obj", "field"),
    [
        ("configmaps", config_map("Upper"), "metadata.name"),
        ("configmaps", {"metadata": {}}, "metadata.name"),
        ("configmaps", {"metadata": {"name": "x", "labels": {"a b": "c"}}}, "metadata.labels"),
        ("services", {"metadata": {"name": "x"}, "spec": {}}, "spec.ports"),
        ("roles", {"metadata": {"name": "x"}, "rules": [{"resources": ["a"]}]}, "rules[0].verbs"),
        ("deployments", {"metadata": {"name": "x"}, "spec": {}}, "spec.selector"),
    ],
    ids=["upper-case", "no-name", "bad-label", "no-ports", "no-verbs", "no-selector"],
)
def test_create_invalid_object_is_422(
    shared: SandboxCluster, plural: str, obj: Object, field: str
) -> None:
    """What breaks a rule is refused with a cause that names the field."""
    status = refused(shared, plural, obj)
    assert status["code"] == 422
    assert status["details"]["causes"][0]["field"] == field


def test_update_from_stale_version_is_409(shared: SandboxCluster) -> None:
    """An update that names an older resourceVersion is a conflict."""
    old = shared.create("configmaps", config_map("stale"), namespace="default")
    shared.patch("configmaps", "stale", {"data": {"a": "b"}}, namespace="default")
    resource = shared.registry.resource("", "v1", "configmaps")
    with pytest.raises(ApiError) as caught:
        shared.registry.update(resource, "stale", old, namespace="default")
    assert caught.value.status["message"].startswith(
        'Operation cannot be fulfilled on configmaps "stale": the object has been modified'
    )


def test_update_without_change_keeps_resource_version(shared: SandboxCluster) -> None:
    """A write that changes nothing writes nothing."""
    before = shared.create("configmaps", config_map("same", a="b"), namespace="default")
    after = shared.patch("configmaps", "same", {"data": {"a": "b"}}, namespace="default")
    assert before["metadata"]["resourceVersion"] == after["metadata"]["resourceVersion"]


def test_dry_run_writes_nothing(shared: SandboxCluster) -> None:
    """dryRun=All answers as if, and leaves everything as it was."""
    resource, before = shared.registry.resource("", "v1", "configmaps"), shared.store.revision
    shared.registry.create(
        resource, config_map("dry"), namespace="default", options=WriteOptions(dry_run=True)
    )
    assert before == shared.store.revision
    assert shared.get("configmaps", "dry", namespace="default") is None


def test_generation_follows_spec_only(cluster: SandboxCluster) -> None:
    """Labels leave the generation alone, a change of the spec raises it."""
    cluster.workloads.enabled = False
    cluster.create("deployments", deployment("web"), namespace="default")
    labelled = {"metadata": {"labels": {"a": "b"}}}
    first = cluster.patch("deployments", "web", labelled, namespace="default")
    second = cluster.patch("deployments", "web", {"spec": {"replicas": 1}}, namespace="default")
    assert [1, 2] == [item["metadata"]["generation"] for item in (first, second)]


def test_deployment_gets_defaults_of_the_real_server(shared: SandboxCluster) -> None:
    """The defaults are those that KubeFed's federate shows."""
    spec = shared.create("deployments", deployment("defaults"), namespace="default")["spec"]
    assert (spec["progressDeadlineSeconds"], spec["revisionHistoryLimit"]) == (600, 10)
    rolling = {"maxUnavailable": "25%", "maxSurge": "25%"}
    assert spec["strategy"] == {"type": "RollingUpdate", "rollingUpdate": rolling}
    pod = spec["template"]["spec"]
    assert {key: pod[key] for key in pod if key != "containers"} == {
        "restartPolicy": "Always",
        "dnsPolicy": "ClusterFirst",
        "schedulerName": "default-scheduler",
        "terminationGracePeriodSeconds": 30,
        "securityContext": {},
    }


@pytest.mark.parametrize(
    ("image", "policy"),
    [("nginx", "Always"), ("nginx:latest", "Always"), ("nginx:1.25", "IfNotPresent"),
     ("r:5000/nginx", "Always"), ("nginx@sha256:0", "IfNotPresent")],
    ids=["no-tag", "latest", "tag", "port-no-tag", "digest"],
)  # fmt: skip
def test_pull_policy_follows_tag(shared: SandboxCluster, image: str, policy: str) -> None:
    """imagePullPolicy is Always for no tag and latest."""
    obj = deployment("pull", image=image)
    obj["metadata"] = {"generateName": "pull-"}
    spec = shared.create("deployments", obj, namespace="default")["spec"]["template"]["spec"]
    assert policy == spec["containers"][0]["imagePullPolicy"]


def test_service_gets_address_and_keeps_it(shared: SandboxCluster) -> None:
    """A Service gets a cluster IP, which can't be changed; a headless one stays so."""
    ports = [{"port": 80}]
    made = shared.create(
        "services", {"metadata": {"name": "plain"}, "spec": {"ports": ports}}, namespace="default"
    )
    assert made["spec"]["clusterIPs"] == [made["spec"]["clusterIP"]]
    with pytest.raises(ApiError) as caught:
        shared.patch("services", "plain", {"spec": {"clusterIP": "10.96.9.9"}}, namespace="default")
    assert caught.value.code == 422
    spec = {"clusterIP": "None", "ports": ports}
    headless = shared.create(
        "services", {"metadata": {"name": "bare"}, "spec": spec}, namespace="default"
    )
    assert headless["spec"]["clusterIP"] == "None"


def test_secret_string_data_becomes_data(shared: SandboxCluster) -> None:
    """stringData is written into data and never shown."""
    secret = {"metadata": {"name": "text"}, "stringData": {"a": "b"}}
    made = shared.create("secrets", secret, namespace="default")
    assert (made["data"], made["type"]) == ({"a": "Yg=="}, "Opaque")
    assert "stringData" not in made


def test_finalizer_keeps_object_until_removed(cluster: SandboxCluster) -> None:
    """A deleted object with a finalizer waits for its removal."""
    obj = {"metadata": {"name": "held", "finalizers": ["a.b/c"]}}
    cluster.create("configmaps", obj, namespace="default")
    cluster.delete("configmaps", "held", namespace="default")
    held = cluster.get("configmaps", "held", namespace="default")
    assert held is not None
    assert held["metadata"]["deletionTimestamp"]
    cluster.patch("configmaps", "held", {"metadata": {"finalizers": None}}, namespace="default")
    assert cluster.get("configmaps", "held", namespace="default") is None


def test_delete_with_other_uid_is_409(shared: SandboxCluster) -> None:
    """A precondition that does not hold is a conflict."""
    shared.create("configmaps", config_map("uid"), namespace="default")
    resource = shared.registry.resource("", "v1", "configmaps")
    with pytest.raises(ApiError) as caught:
        shared.registry.delete(
            resource, "uid", namespace="default", options=DeleteOptions(uid="other")
        )
    assert caught.value.code == 409


def test_list_pages_show_one_moment(cluster: SandboxCluster) -> None:
    """Later pages of a list don't see what was written after the first."""
    for name in "abc":
        cluster.create("configmaps", config_map(name), namespace="kube-public")
    resource = cluster.registry.resource("", "v1", "configmaps")
    page = cluster.registry.list(resource, "kube-public", ListOptions(limit=2))
    cluster.create("configmaps", config_map("b2"), namespace="kube-public")
    cluster.delete("configmaps", "c", namespace="kube-public")
    rest = cluster.registry.list(resource, "kube-public", ListOptions(token=page.token))
    names = [item["metadata"]["name"] for item in (*page.items, *rest.items)]
    assert ["a", "b", "c", "kube-root-ca.crt"] == names
    assert page.remaining == 2


def test_list_with_forgotten_token_is_410(cluster: SandboxCluster) -> None:
    """A token of a moment that is compacted away is Expired."""
    for name in "abc":
        cluster.create("configmaps", config_map(name), namespace="default")
    resource = cluster.registry.resource("", "v1", "configmaps")
    page = cluster.registry.list(resource, None, ListOptions(limit=1))
    cluster.create("configmaps", config_map("d"), namespace="default")
    cluster.store.compact()
    with pytest.raises(ApiError) as caught:
        cluster.registry.list(resource, None, ListOptions(token=page.token))
    assert (410, "Expired") == (caught.value.code, caught.value.reason)


@pytest.mark.parametrize(
    ("selector", "names"),
    [("a=1", ["x"]), ("a!=1", ["y", "z"]), ("a in (1,2)", ["x", "y"]), ("a notin (1)", ["y", "z"]),
     ("a", ["x", "y"]), ("!a", ["z"]), ("a,a!=1", ["y"])],
    ids=["equal", "unequal", "in", "notin", "exists", "absent", "two"],
)  # fmt: skip
def test_label_selector_selects(selector: str, names: list[str]) -> None:
    """All forms of label selectors select as the real server does."""
    cluster = SandboxCluster("labels")
    for name, labels in (("x", {"a": "1"}), ("y", {"a": "2"}), ("z", {})):
        obj = {"metadata": {"name": name, "labels": labels}}
        cluster.create("secrets", obj, namespace="default")
    resource = cluster.registry.resource("", "v1", "secrets")
    page = cluster.registry.list(resource, None, ListOptions(labels=selector))
    assert names == [item["metadata"]["name"] for item in page.items]


def test_status_and_rest_are_written_apart(cluster: SandboxCluster) -> None:
    """The main address ignores status; /status ignores the spec."""
    cluster.create("customresourcedefinitions", definition())
    obj = {**widget("w", size=1), "status": {"x": 1}}
    made = cluster.create("widgets", obj, namespace="default")
    assert "status" not in made
    assert made["spec"] == {"size": 1, "replicas": 2}
    resource = cluster.registry.resource("example.com", "v1", "widgets")
    changed, _ = cluster.registry.update(
        resource, "w", {**made, "spec": {"size": 9}, "status": {"x": 2}}, namespace="default",
        subresource="status",
    )  # fmt: skip
    assert (changed["spec"]["size"], changed["status"]) == (1, {"x": 2})
    assert changed["metadata"]["generation"] == 1


def test_custom_resource_is_pruned_and_validated(cluster: SandboxCluster) -> None:
    """Unknown fields go, values that the schema forbids are refused."""
    cluster.create("customresourcedefinitions", definition())
    made = cluster.create("widgets", widget("w", size=1, extra=2), namespace="default")
    assert "extra" not in made["spec"]
    assert refused(cluster, "widgets", widget("v", size=0))["code"] == 422


def test_role_ref_is_immutable(shared: SandboxCluster) -> None:
    """A binding can't be pointed at another role."""
    reference = {"kind": "ClusterRole", "name": "view"}
    shared.create(
        "rolebindings", {"metadata": {"name": "r"}, "roleRef": reference}, namespace="default"
    )
    with pytest.raises(ApiError) as caught:
        shared.patch("rolebindings", "r", {"roleRef": {"name": "edit"}}, namespace="default")
    assert "cannot change roleRef" in caught.value.status["message"]
