"""Objects of a custom type: pruned, defaulted, validated, listed, with a status of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kubefedctl.cluster.port import PatchType
from kubefedctl.model.refs import Key, Object, Resource
from tests.contract.conftest import TARGETS, opened_target
from tests.contract.targets import Target, establish, make_crd, make_widget

WIDGETS = Resource("example.com", "v1", "widgets", "Widget", True)
W = Key("shop", "w")
PATH = "/apis/example.com/v1/namespaces/shop/widgets"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


@pytest.fixture(scope="module", params=TARGETS)
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Target]:
    """
    A target that serves Widgets, for all cases of this module.

    A real API server takes two seconds to establish a definition.
    """
    with opened_target(request, tmp_path_factory.mktemp("served")) as target:
        target.make_namespace()
        establish(target, make_crd())
        yield target


@pytest.fixture
def widgets(served: Target) -> Target:
    """A target that serves Widgets and has none."""
    assert 200 == served.wire.send("DELETE", PATH).status
    assert [] == served.wire.get(PATH)["items"]
    return served


def test_unknown_fields_are_pruned_and_defaults_filled(widgets: Target) -> None:
    """Pruning follows the schema, except where it preserves unknown fields."""
    body = make_widget(unknown=1, free={"any": {"thing": 1}}, parts=["a"])
    created = widgets.cluster.create(WIDGETS, {**body, "top": 1})
    assert {
        "size": 3,
        "colour": "red",
        "free": {"any": {"thing": 1}},
        "parts": ["a"],
    } == created["spec"]
    assert "top" not in created


@pytest.mark.parametrize(
    ("spec", "cause"),
    [
        (
            {"size": 11},
            ("FieldValueInvalid", "spec.size", "less than or equal to 10"),
        ),
        ({"size": 0}, ("FieldValueInvalid", "spec.size", "greater than or equal to 1")),
        (
            {"size": "x"},
            ("FieldValueTypeInvalid", "spec.size", 'must be of type integer: "string"'),
        ),
        ({"colour": "RED"}, ("FieldValueInvalid", "spec.colour", "should match '^[a-z]+$'")),
        ({"shape": "flat"}, ("FieldValueNotSupported", "spec.shape", '"round", "square"')),
        ({"size": None}, ("FieldValueRequired", "spec.size", "Required value")),
        ({"parts": [1]}, ("FieldValueTypeInvalid", "spec.parts[0]", "must be of type string")),
    ],
    ids=["maximum", "minimum", "type", "pattern", "enum", "required", "items"],
)
def test_invalid_values_are_refused_with_their_cause(
    widgets: Target, spec: Object, cause: tuple[str, str, str]
) -> None:
    """422 names reason, field and what is wrong."""
    answer = widgets.wire.send("POST", PATH, body=make_widget(**spec))
    status = answer.parse()
    assert (422, "Invalid") == (answer.status, status["reason"])
    reason, field, words = cause
    found = status["details"]["causes"][0]
    assert (reason, field) == (found["reason"], found["field"])
    assert words in found["message"]


def test_strict_field_validation_refuses_unknown_fields(widgets: Target) -> None:
    """With fieldValidation=Strict an unknown field is a 400 instead of being pruned."""
    answer = widgets.wire.send("POST", f"{PATH}?fieldValidation=Strict", body=make_widget(nope=1))
    words = (
        'Widget in version "v1" cannot be handled as a Widget: '
        'strict decoding error: unknown field "spec.nope"'
    )
    assert (400, words) == (answer.status, answer.parse()["message"])


def test_generation_counts_what_is_not_metadata(widgets: Target) -> None:
    """Spec changes count; metadata and status changes don't."""
    created = widgets.cluster.create(WIDGETS, make_widget())
    labelled = widgets.cluster.patch(WIDGETS, W, body={"metadata": {"labels": {"a": "b"}}})
    resized = widgets.cluster.patch(WIDGETS, W, body={"spec": {"size": 4}})
    status = {"status": {"phase": "Ready"}}
    reported = widgets.cluster.patch(WIDGETS, W, body=status, subresource="status")
    generations = [obj["metadata"]["generation"] for obj in (created, labelled, resized, reported)]
    assert [1, 1, 2, 2] == generations


def test_empty_patch_keeps_the_version(widgets: Target) -> None:
    """What changes nothing after pruning and defaulting is no write."""
    created = widgets.cluster.create(WIDGETS, make_widget())
    patched = widgets.cluster.patch(WIDGETS, W, body={"spec": {"size": 3, "unknown": 1}})
    assert created == patched


def test_list_has_the_kind_of_the_definition(widgets: Target) -> None:
    """A list of custom resources is of the CRD's list kind."""
    widgets.cluster.create(WIDGETS, make_widget())
    found = widgets.wire.get(PATH)
    assert ("WidgetList", "example.com/v1") == (found["kind"], found["apiVersion"])
    assert [("Widget", "example.com/v1")] == [
        (item["kind"], item["apiVersion"]) for item in found["items"]
    ]


def test_table_has_the_printer_columns(widgets: Target) -> None:
    """A Table has the name and the additional printer columns, with their values."""
    widgets.cluster.create(WIDGETS, make_widget())
    body = {"status": {"phase": "Ready"}}
    widgets.cluster.patch(WIDGETS, W, body=body, subresource="status")
    table = widgets.wire.get(PATH, accept=TABLE)
    columns = [(row["name"], row["type"]) for row in table["columnDefinitions"]]
    expected = [("Name", "string"), ("SIZE", "integer"), ("PHASE", "string"), ("age", "date")]
    assert ("Table", expected) == (table["kind"], columns)
    (row,) = table["rows"]
    assert ["w", 3, "Ready"] == row["cells"][:3]


def test_patch_json_adds_status_on_the_status_subresource(widgets: Target) -> None:
    """`add /status` works where there was no status, and leaves the spec alone."""
    widgets.cluster.create(WIDGETS, make_widget())
    body = [{"op": "add", "path": "/status", "value": {"phase": "Ready"}}]
    key = W
    widgets.cluster.patch(WIDGETS, key, body=body, patch_type=PatchType.JSON, subresource="status")
    assert {"phase": "Ready"} == widgets.cluster.get(WIDGETS, key)["status"]


def test_status_of_a_custom_resource_is_written_apart(widgets: Target) -> None:
    """The same holds for a CRD with the status subresource."""
    created = widgets.cluster.create(WIDGETS, {**make_widget(), "status": {"phase": "x"}})
    assert (None, 1) == (created.get("status"), created["metadata"]["generation"])
    changed = {**created, "spec": {"size": 9}, "status": {"phase": "Ready"}}
    sub = widgets.cluster.update(WIDGETS, changed, subresource="status")
    assert (3, {"phase": "Ready"}, 1) == (
        sub["spec"]["size"],
        sub["status"],
        sub["metadata"]["generation"],
    )
    found = widgets.cluster.get(WIDGETS, Key("shop", "w"), subresource="status")
    assert sub == found
