"""What follows from writes: versions, owners, namespaces, allocation, immutability, defaults."""

from __future__ import annotations

import copy
from itertools import pairwise
from typing import Any

import pytest

from kubefedctl.errors import ForbiddenError, NotFoundError
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.wellknown import CONFIG_MAPS, NAMESPACES, SECRETS, SERVICES
from tests.compat.golden_files import read_commands
from tests.contract.bodies import JOB, SERVICE
from tests.contract.targets import (
    APPLY,
    Target,
    make_config_map,
    make_deployment,
    make_object,
)
from tests.controlplanes.waiting import await_true

DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment", True)
MAPS = "/api/v1/namespaces/shop/configmaps"
A = Key("shop", "a")
WEB = Key("shop", "web")


def in_shop(body: Object) -> Object:
    """Return *body* in the namespace `shop`."""
    return {**body, "metadata": {**body["metadata"], "namespace": "shop"}}


# --- versions and generations --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("resource", "body"),
    [(CONFIG_MAPS, make_config_map("a")), (SERVICES, in_shop(SERVICE))],
    ids=["ConfigMap", "Service"],
)
def test_kinds_without_generation_have_none(shop: Target, resource: Resource, body: Object) -> None:
    """ConfigMaps and Services change without a generation; versions must do for them."""
    created = shop.cluster.create(resource, body)
    key = Key("shop", body["metadata"]["name"])
    labels = {"metadata": {"labels": {"a": "b"}}}
    changed = shop.cluster.patch(resource, key, body=labels)
    versions = {obj["metadata"]["resourceVersion"] for obj in (created, changed)}
    assert 2 == len(versions)
    assert not [obj for obj in (created, changed) if "generation" in obj["metadata"]]


def test_generation_of_a_deployment_counts_its_spec(shop: Target) -> None:
    """Metadata and status leave the generation; a no-op leaves everything."""
    steps = [shop.cluster.create(DEPLOYMENTS, make_deployment())]
    for body, subresource in (
        ({"metadata": {"labels": {"a": "b"}}}, ""),
        ({"spec": {"replicas": 3}}, ""),
        ({"spec": {"replicas": 4}}, ""),
        ({"status": {"observedGeneration": 2}}, "status"),
    ):
        steps.append(shop.cluster.patch(DEPLOYMENTS, WEB, body=body, subresource=subresource))
    assert [1, 1, 1, 2, 2] == [step["metadata"]["generation"] for step in steps]
    versions = [step["metadata"]["resourceVersion"] for step in steps]
    assert [True, False, True, True] == [before != after for before, after in pairwise(versions)]


def test_versions_grow_across_kinds(shop: Target) -> None:
    """A list's version is not older than its newest object's."""
    created = shop.cluster.create(CONFIG_MAPS, make_config_map("a"))
    listing = shop.cluster.list(SECRETS)
    assert int(listing.resource_version) >= int(created["metadata"]["resourceVersion"])


def test_generate_name_makes_names_of_their_own(shop: Target) -> None:
    """Two objects of one generateName get different suffixes of five characters."""
    body: Object = {"metadata": {"generateName": "map-"}}
    names = [shop.wire.post(MAPS, body)["metadata"]["name"] for _ in range(2)]
    assert 2 == len(set(names))
    assert [9, 9] == [len(name) for name in names]
    assert all(name.startswith("map-") for name in names)


# --- namespaces and owners -----------------------------------------------------------------------


def test_deleted_namespace_empties_itself(shop: Target) -> None:
    """Contents go, held ones hold it; meanwhile nothing new comes in; then it is gone."""
    shop.cluster.create(CONFIG_MAPS, make_config_map("plain"))
    shop.cluster.create(CONFIG_MAPS, make_config_map("held", finalizers=["example.com/hold"]))
    answer = shop.cluster.delete(NAMESPACES, Key("", "shop"))
    assert ("Namespace", "Terminating", ["kubernetes"]) == (
        answer["kind"],
        answer["status"]["phase"],
        answer["spec"]["finalizers"],
    )
    with pytest.raises(ForbiddenError) as caught:
        shop.cluster.create(CONFIG_MAPS, make_config_map("late"))
    words = (
        'configmaps "late" is forbidden: unable to create new content in namespace shop because '
        "it is being terminated"
    )
    assert (403, words) == (caught.value.status, caught.value.cause)
    await_true(lambda: shop.wire.send("GET", f"{MAPS}/plain").status == 404)
    held = Key("shop", "held")
    await_true(lambda: "deletionTimestamp" in shop.cluster.get(CONFIG_MAPS, held)["metadata"])
    assert "Terminating" == shop.cluster.get(NAMESPACES, Key("", "shop"))["status"]["phase"]
    shop.cluster.patch(CONFIG_MAPS, held, body={"metadata": {"finalizers": None}})
    await_true(lambda: shop.wire.send("GET", "/api/v1/namespaces/shop").status == 404)
    with pytest.raises(NotFoundError):
        shop.cluster.create(CONFIG_MAPS, make_config_map("late"))


def test_owned_object_goes_with_its_owner(shop: Target) -> None:
    """The garbage collector deletes what has lost its last owner, and nothing else."""
    owners = [shop.cluster.create(CONFIG_MAPS, make_config_map(name)) for name in ("one", "two")]
    references = [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "name": owner["metadata"]["name"],
            "uid": owner["metadata"]["uid"],
        }
        for owner in owners
    ]
    for name, owned_by in (("a", references[:1]), ("both", references)):
        shop.cluster.create(CONFIG_MAPS, make_config_map(name, ownerReferences=owned_by))
    shop.cluster.delete(CONFIG_MAPS, Key("shop", "one"))
    await_true(lambda: shop.wire.send("GET", f"{MAPS}/a").status == 404)
    assert 200 == shop.wire.send("GET", f"{MAPS}/both").status


def test_orphaned_object_stays_without_its_owner(shop: Target) -> None:
    """With propagationPolicy Orphan the owned object stays and forgets its owner."""
    owner = shop.cluster.create(CONFIG_MAPS, make_config_map("one"))
    reference = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": "one",
        "uid": owner["metadata"]["uid"],
    }
    shop.cluster.create(CONFIG_MAPS, make_config_map("a", ownerReferences=[reference]))
    # a real garbage collector must have seen the owned object before it can orphan it
    shop.cluster.create(
        CONFIG_MAPS,
        make_config_map(
            "probe",
            ownerReferences=[
                {**reference, "name": "gone", "uid": "00000000-0000-0000-0000-000000000000"}
            ],
        ),
    )
    await_true(lambda: shop.wire.send("GET", f"{MAPS}/probe").status == 404)
    shop.cluster.delete(CONFIG_MAPS, Key("shop", "one"), options={"propagationPolicy": "Orphan"})
    await_true(lambda: shop.wire.send("GET", f"{MAPS}/one").status == 404)
    assert "ownerReferences" not in shop.cluster.get(CONFIG_MAPS, A)["metadata"]


# --- allocation and immutability -----------------------------------------------------------------


def test_service_gets_a_cluster_ip_and_keeps_it(shop: Target) -> None:
    """An address is allocated once; a replacement without it keeps it, another is refused."""
    created = shop.cluster.create(SERVICES, in_shop(SERVICE))
    address = created["spec"]["clusterIP"]
    assert [address] == created["spec"]["clusterIPs"]
    replaced = shop.cluster.update(SERVICES, in_shop(SERVICE))
    assert address == replaced["spec"]["clusterIP"]
    path = "/api/v1/namespaces/shop/services/web"
    other = copy.deepcopy(created)
    other["spec"] |= {"clusterIP": "10.0.0.250", "clusterIPs": ["10.0.0.250"]}
    answer = shop.wire.send("PUT", path, body=other)
    fields = [cause["field"] for cause in answer.parse()["details"]["causes"]]
    assert (422, ["spec.clusterIPs[0]"]) == (answer.status, fields)


def test_node_port_is_allocated_and_kept(shop: Target) -> None:
    """A Service of type NodePort gets a port and keeps it over a replacement."""
    body = in_shop({**SERVICE, "spec": {**SERVICE["spec"], "type": "NodePort"}})
    created = shop.cluster.create(SERVICES, body)
    port = created["spec"]["ports"][0]["nodePort"]
    assert 30000 <= port < 32768
    replaced = shop.cluster.update(SERVICES, body)
    assert port == replaced["spec"]["ports"][0]["nodePort"]


def test_job_template_is_immutable(shop: Target) -> None:
    """A Job's template can't be changed; its parallelism can."""
    path = "/apis/batch/v1/namespaces/shop/jobs"
    job = shop.wire.post(path, JOB)
    job["spec"]["template"]["spec"]["containers"][0]["image"] = "busybox:2"
    answer = shop.wire.send("PUT", f"{path}/once", body=job)
    status = answer.parse()
    (cause,) = status["details"]["causes"]
    assert (422, "Invalid", "spec.template") == (answer.status, status["reason"], cause["field"])
    assert "field is immutable" in cause["message"]


def test_immutable_config_map_can_only_be_deleted(shop: Target) -> None:
    """`immutable: true` refuses changes of the data and of itself."""
    shop.cluster.create(CONFIG_MAPS, {**make_config_map("a", {"x": "1"}), "immutable": True})
    for body in ({"data": {"x": "2"}}, {"immutable": False}):
        answer = shop.wire.send(
            "PATCH", f"{MAPS}/a", body=body, content_type="application/merge-patch+json"
        )
        assert 422 == answer.status
    labelled = shop.cluster.patch(CONFIG_MAPS, A, body={"metadata": {"labels": {"a": "b"}}})
    assert {"a": "b"} == labelled["metadata"]["labels"]
    shop.cluster.delete(CONFIG_MAPS, A)


def test_string_data_of_a_secret_becomes_data(shop: Target) -> None:
    """`stringData` is written over `data` in base64, and never stored itself."""
    body = make_object(
        "v1", "Secret", "a", stringData={"x": "new"}, data={"x": "b2xk", "y": "b2xk"}
    )
    created = shop.cluster.create(SECRETS, in_shop(body))
    assert ({"x": "bmV3", "y": "b2xk"}, "Opaque") == (created["data"], created["type"])
    assert "stringData" not in created


# --- what federate relies on ---------------------------------------------------------------------


def golden_templates() -> dict[str, Any]:
    """Return the templates of the Go kubefedctl's federated objects by their kind."""
    documents = [obj for found in read_commands("federate.yaml").values() for obj in found]
    return {obj["kind"]: obj["spec"]["template"] for obj in documents}


def test_deployment_is_defaulted_as_in_the_golden_template(shop: Target) -> None:
    """The spec that federate reads is the one of the Go kubefedctl's template."""
    template = golden_templates()["FederatedDeployment"]
    bare = make_object(
        "apps/v1",
        "Deployment",
        "web",
        spec={
            "replicas": 3,
            "selector": template["spec"]["selector"],
            "template": {
                "metadata": {"labels": {"app": "nginx"}, "name": "nginx"},
                "spec": {"containers": [{"name": "nginx", "image": "nginx"}]},
            },
        },
    )
    created = shop.cluster.create(DEPLOYMENTS, in_shop(bare))
    assert template["spec"] == without_nulls(created["spec"])


def test_service_is_defaulted_as_in_the_golden_template(shop: Target) -> None:
    """The Service's spec is the golden one and the addresses that federate takes out."""
    template = golden_templates()["FederatedService"]
    spec = {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": "http"}]}
    created = shop.cluster.create(SERVICES, in_shop({**SERVICE, "spec": spec}))
    kept = {k: v for k, v in created["spec"].items() if k not in ("clusterIP", "clusterIPs")}
    assert template["spec"] == kept


def test_namespace_gets_its_name_as_label_and_a_finalizer(target: Target) -> None:
    """The label and the spec are those of the golden template before federate cleans them."""
    target.make_namespace()
    found = target.cluster.get(NAMESPACES, Key("", "shop"))
    assert {"kubernetes.io/metadata.name": "shop"} == found["metadata"]["labels"]
    assert ({"finalizers": ["kubernetes"]}, {"phase": "Active"}) == (
        found["spec"],
        found["status"],
    )


def without_nulls(value: Any) -> Any:
    """Return *value* without fields that are null."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def test_apply_over_an_updated_object_keeps_both_managers(shop: Target) -> None:
    """managedFields has one entry for each manager and operation."""
    shop.cluster.create(CONFIG_MAPS, make_config_map("a", {"x": "1"}))
    applied = make_config_map("a", {"y": "1"})
    answer = shop.wire.send(
        "PATCH", f"{MAPS}/a?fieldManager=gitops", body=applied, content_type=APPLY
    )
    entries = [
        (entry["manager"], entry["operation"], entry["fieldsV1"])
        for entry in answer.parse()["metadata"]["managedFields"]
    ]
    assert [
        ("gitops", "Apply", {"f:data": {"f:y": {}}}),
        ("kubefedctl", "Update", {"f:data": {".": {}, "f:x": {}}}),
    ] == entries
