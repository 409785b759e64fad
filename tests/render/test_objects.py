"""Tests of objects as text: YAML, JSON, names."""

from __future__ import annotations

import json
import math

import pytest

from kubefedctl.errors import ManifestError
from kubefedctl.manifests import load_objects
from kubefedctl.model.events import Output
from kubefedctl.model.refs import Object
from kubefedctl.render.objects import render_objects

CM: Object = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "a"},
    "data": {"k": "n"},
}
WEB: Object = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}}


@pytest.mark.parametrize("objects", [[CM], [CM, WEB]])
@pytest.mark.parametrize("output", [Output.YAML, Output.JSON])
def test_render_objects_is_read_back_as_the_same(objects: list[Object], output: Output) -> None:
    """YAML as documents; JSON, of which several objects are one List."""
    read = load_objects(render_objects(objects, output), source="text")
    if output is Output.JSON and len(objects) > 1:
        assert "List" == json.loads(render_objects(objects, output))["kind"]
        read = read[0]["items"] if read[0]["kind"] == "List" else read
    assert objects == read


def test_render_objects_names_are_kubectls() -> None:
    """The kind in small letters, with its group where it has one."""
    assert "configmap/a\ndeployment.apps/web\n" == render_objects([CM, WEB], Output.NAME)


def test_render_objects_json_is_indented_as_kubectls() -> None:
    """Four columns, keys sorted."""
    assert '{\n    "apiVersion": "v1",\n    "data": {' in render_objects([CM], Output.JSON)


@pytest.mark.parametrize("value", [math.nan, "\ud800", {1, 2}])
def test_render_objects_json_refuses_what_it_cannot_carry(value: object) -> None:
    """Half a character or NaN is an error of ours, not a traceback."""
    with pytest.raises(ManifestError):
        render_objects([{**CM, "data": {"k": value}}], Output.JSON)


@pytest.mark.parametrize("output", [Output.YAML, Output.JSON])
def test_render_objects_leaves_managed_fields_out(output: Output) -> None:
    """As kubectl does; the object itself is not changed."""
    given = {**CM, "metadata": {"name": "a", "managedFields": [{"manager": "m"}]}}
    assert [CM] == load_objects(render_objects([given], output), source="text")
    assert "managedFields" in given["metadata"]
