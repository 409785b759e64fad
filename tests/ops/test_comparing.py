"""Tests of collecting what actions change: what is the same is kept once."""

from __future__ import annotations

from kubefedctl.model.actions import Action, ActionVerb, Plan, Wave
from kubefedctl.model.changes import FieldChange
from kubefedctl.model.events import Verdict
from kubefedctl.model.refs import Object
from kubefedctl.ops.comparing import Contrast
from kubefedctl.ops.propagating import Executed
from tests.core.makers import CONFIG_MAP
from tests.ops.stage import WEB


def made(cluster: str, **content: object) -> Executed:
    """Return what became of a create in *cluster*."""
    action = Action(ActionVerb.CREATE, Wave.NAMESPACED, cluster, CONFIG_MAP, WEB, body={})
    body: Object = {"metadata": {"name": "web"}, **content}
    return Executed(action, Verdict.CREATED, object=body)


def fields_of(contrast: Contrast) -> list[tuple[str, FieldChange]]:
    """Return each field as it was collected, with its cluster."""
    return [(found.cluster, one) for found in contrast._changes for one in found.fields]


def test_contrast_keeps_equal_fields_of_many_clusters_once() -> None:
    """A first sync of a large fleet would take a gigabyte for them."""
    contrast = Contrast()
    for cluster in ("c1", "c2"):
        contrast.add(made(cluster, data={"a": "1"}, finalizers=["x"]))
    (_, first), _, (_, second), _ = fields_of(contrast)
    assert first is second
    (about,) = contrast.end(Plan()).objects
    assert [("c1", "c2")] == [change.clusters for change in about.changes]


def test_contrast_tells_true_from_one() -> None:
    """To Python they are equal; to an API server they are not."""
    contrast = Contrast()
    contrast.add(made("c1", value=True))
    contrast.add(made("c2", value=1))
    assert [True, 1] == [one.new for _, one in fields_of(contrast)]
    assert [bool, int] == [type(one.new) for _, one in fields_of(contrast)]
