"""CustomResourceDefinitions: established, served, pruned, defaulted, validated, deleted."""

from __future__ import annotations

import pytest

from kubefedctl.errors import InvalidError, NotFoundError
from kubefedctl.model.objects import list_at
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.wellknown import CRDS
from tests.contract.targets import Target, establish, make_crd, make_widget
from tests.controlplanes.waiting import await_true

WIDGETS = Resource("example.com", "v1", "widgets", "Widget", True)
W = Key("shop", "w")
CRD = Key("", "widgets.example.com")
PATH = "/apis/example.com/v1/namespaces/shop/widgets"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


@pytest.fixture
def shop(target: Target) -> Target:
    """A target with the namespace `shop` that serves Widgets."""
    target.make_namespace()
    establish(target, make_crd())
    return target


def test_definition_gets_defaults_and_conditions(shop: Target) -> None:
    """An established CRD has accepted names, stored versions and two conditions."""
    crd = shop.cluster.get(CRDS, CRD)
    conditions = {
        (row["type"], row["status"], row["reason"]) for row in list_at(crd, "status", "conditions")
    }
    assert {
        ("NamesAccepted", "True", "NoConflicts"),
        ("Established", "True", "InitialNamesAccepted"),
    } == conditions
    names = {
        "plural": "widgets",
        "singular": "widget",
        "shortNames": ["wd"],
        "kind": "Widget",
        "listKind": "WidgetList",
    }
    assert (names, names) == (crd["spec"]["names"], crd["status"]["acceptedNames"])
    assert (["v1"], {"strategy": "None"}) == (
        crd["status"]["storedVersions"],
        crd["spec"]["conversion"],
    )


def test_deleted_definition_takes_its_instances_along(shop: Target) -> None:
    """Instances go first, finalizers in order; then the type is no longer served."""
    shop.cluster.create(WIDGETS, make_widget())
    shop.cluster.delete(CRDS, CRD)
    await_true(lambda: shop.wire.send("GET", PATH).status == 404)
    path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{CRD.name}"
    await_true(lambda: shop.wire.send("GET", path).status == 404)
    with pytest.raises(NotFoundError):
        shop.cluster.list(WIDGETS)


def test_instance_with_finalizer_holds_its_definition(shop: Target) -> None:
    """A CRD terminates for as long as one of its objects is held."""
    held = make_widget()
    held["metadata"]["finalizers"] = ["example.com/hold"]
    shop.cluster.create(WIDGETS, held)
    shop.cluster.delete(CRDS, CRD)
    await_true(lambda: "deletionTimestamp" in shop.cluster.get(WIDGETS, W)["metadata"])
    assert "deletionTimestamp" in shop.cluster.get(CRDS, CRD)["metadata"]
    shop.cluster.patch(WIDGETS, W, body={"metadata": {"finalizers": None}})
    path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{CRD.name}"
    await_true(lambda: shop.wire.send("GET", path).status == 404)


@pytest.mark.parametrize(
    ("name", "version", "field"),
    [
        ("wrong.example.com", {}, "metadata.name"),
        ("widgets.example.com", {"schema": None}, "spec.versions[0].schema.openAPIV3Schema"),
        ("widgets.example.com", {"storage": False}, "spec.versions"),
        (
            "widgets.example.com",
            {"schema": {"openAPIV3Schema": {"type": "object", "properties": {"x": {}}}}},
            "spec.validation.openAPIV3Schema.properties[x].type",
        ),
    ],
    ids=["name", "no schema", "no storage", "not structural"],
)
def test_bad_definition_is_refused(target: Target, name: str, version: Object, field: str) -> None:
    """A CRD that can't be served is a 422 that names the field."""
    crd = {**make_crd(**version), "metadata": {"name": name}}
    with pytest.raises(InvalidError) as caught:
        target.cluster.create(CRDS, crd)
    assert (422, "Invalid") == (caught.value.status, caught.value.reason)
    assert field in caught.value.cause


def test_definition_of_a_protected_group_needs_approval(target: Target) -> None:
    """Groups under k8s.io are not free for all."""
    crd = make_crd()
    crd["spec"]["group"] = "example.k8s.io"
    crd["metadata"]["name"] = "widgets.example.k8s.io"
    with pytest.raises(InvalidError) as caught:
        target.cluster.create(CRDS, crd)
    assert "api-approved.kubernetes.io" in caught.value.cause


def test_changed_definition_is_served_as_changed(shop: Target) -> None:
    """A field that the schema got later is kept from then on."""
    crd = shop.cluster.get(CRDS, CRD)
    version = crd["spec"]["versions"][0]
    fields = version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    fields["later"] = {"type": "string"}
    updated = shop.cluster.update(CRDS, crd)
    assert 2 == updated["metadata"]["generation"]

    def is_kept() -> bool:
        answer = shop.cluster.create(WIDGETS, make_widget(later="x"), dry_run=True)
        return "later" in answer["spec"]

    await_true(is_kept)
