"""Tests of the document of a plan: what is written is read again, and nothing else is."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubefedctl.core.marking import digest
from kubefedctl.core.planfiles import make_document, read_document
from kubefedctl.errors import InputError
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.reviews import (
    Deed,
    FederatedMark,
    Identities,
    LeftAlone,
    PlannedAction,
    PlannedObject,
    PlanTerms,
    ReviewedPlan,
    Standing,
)
from tests.completions import ROOT
from tests.core.makers import CONFIG_MAP, NAMESPACE

SCHEMA = json.loads((ROOT / "docs/reference/sync-plan.schema.json").read_text())
PLAN = ReviewedPlan(
    identities=Identities("uid-host", {"c1": "uid-1", "c2": ""}),
    objects=(
        PlannedObject(
            CONFIG_MAP,
            Key("shop", "web"),
            FederatedMark(Key("shop", "web"), "u", digest(1), is_rescheduled=True),
            (
                PlannedAction("c1", Deed.UPDATE, digest(2), Standing("u1", "5", digest(3))),
                PlannedAction("c2", Deed.CREATE, digest(2)),
            ),
        ),
        PlannedObject(
            CONFIG_MAP,
            Key("shop", "lost"),
            None,
            (PlannedAction("c1", Deed.UNLABEL, digest(4), Standing("u2", "6")),),
        ),
        PlannedObject(
            NAMESPACE,
            Key("", "old"),
            FederatedMark(Key("old", "old"), "v", digest(5), is_deleting=True),
        ),
    ),
    left_alone=(LeftAlone("c2", "", "timeout"), LeftAlone("", "jobs.batch", "403")),
    host_name="admin",
    made_at="2026-01-02T03:04:05Z",
    terms=PlanTerms(
        "kfs",
        ("deploy/web",),
        "shop",
        ("c1",),
        "a=b",
        ("replace",),
        True,
        "all",
        "5%",
        "hold",
        "2/3",
    ),
)
CHANGES: list[Object] = [{"object": "ConfigMap/shop/web", "clusters": ["c1", "c2"], "changes": []}]


def _document() -> Object:
    made = make_document(PLAN, version="1", changes=CHANGES)
    return copy.deepcopy(made)


def _read(document: Any) -> ReviewedPlan:
    return read_document(document, version="1", source="plan.json")


def _seal(document: Object) -> Object:
    bare = {name: value for name, value in document.items() if name != "checksum"}
    return {**bare, "checksum": digest(bare)}


def test_document_is_read_as_it_was_written() -> None:
    """Through JSON, and as the schema says."""
    document = json.loads(json.dumps(_document()))
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(document, SCHEMA)
    assert PLAN == _read(document)
    assert (3, 3) == (PLAN.size, len(_read(document).objects))


def _set(*path: Any, value: Any) -> Callable[[Object], None]:
    def change(document: Any) -> None:
        for step in path[:-1]:
            document = document[step]
        document[path[-1]] = value

    return change


def _drop(*path: Any) -> Callable[[Object], None]:
    def change(document: Any) -> None:
        for step in path[:-1]:
            document = document[step]
        del document[path[-1]]

    return change


ACTION = ("objects", 0, "actions", 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_set("extra", value=1), "plan.json: extra is not known"),
        (_drop("objects"), "plan.json: objects is missing"),
        (_set("objects", value={}), "plan.json: objects is not of type array"),
        (_set("objects", 0, value=[]), "plan.json: objects[0] is not a map"),
        (_set("host", "uid", value=None), "plan.json: host: uid is not of type string"),
        (_set("host", "port", value=1), "plan.json: host: port is not known"),
        (_set("members", 0, "name", value=1), "members[0]: name is not of type string"),
        (_set("members", 0, "name", value="c2"), "members has something twice"),
        (_set("options", "types", value=[1]), "options: types[0] is not of type string"),
        (_set("options", "recreateImmutable", value=1), "is not of type boolean"),
        (_set(*ACTION, "action", value="destroy"), "actions[0]: action 'destroy' is not known"),
        (_set(*ACTION, "cluster", value="c2"), "objects[0]: actions has something twice"),
        (_drop(*ACTION, "digest"), "actions[0]: digest is missing"),
        (_set(*ACTION, "body", value={}), "actions[0]: body is not known"),
        (_set(*ACTION, "observed", value=None), "observed is not of type object"),
        (_set(*ACTION, "observed", "x", value=1), "observed: x is not known"),
        (_set("objects", 0, "type", "namespaced", value="yes"), "is not of type boolean"),
        (_set("objects", 0, "federated", "deleting", value="no"), "is not of type boolean"),
        (_set("objects", 1, "name", value="web"), "objects has something twice"),
        (_set("leftAlone", 0, "cause", value=[]), "cause is not of type string"),
        (_set("changes", 0, value="all"), "changes[0] is not a map"),
    ],
)
def test_file_that_was_written_by_hand_is_refused_by_field(
    change: Callable[[Object], None], message: str
) -> None:
    """Also where the checksum is right; the message names the place."""
    document = _document()
    change(document)
    with pytest.raises(InputError) as failure:
        _read(_seal(document))
    assert message in failure.value.message
    assert "--plan-out" in failure.value.hint
    with pytest.raises(jsonschema.ValidationError if "twice" not in message else AssertionError):
        jsonschema.validate(document, SCHEMA)
        raise AssertionError


@pytest.mark.parametrize(
    ("document", "message"),
    [
        pytest.param([], "plan.json is no SyncPlan", id="a list"),
        pytest.param({}, "plan.json is no SyncPlan", id="an empty map"),
        pytest.param({"kind": "SyncReport"}, "plan.json is no SyncPlan", id="a report"),
        pytest.param(
            {**_document(), "apiVersion": "kubefedctl.io/v2"},
            "plan.json was made by kubefedctl 1 as SyncPlan of kubefedctl.io/v2, and this is 1",
            id="a newer form",
        ),
        pytest.param(
            {**_document(), "madeBy": "9"}, "was made by kubefedctl 9", id="another version"
        ),
        pytest.param({**_document(), "madeBy": 9}, "was made by kubefedctl int", id="no version"),
        pytest.param({**_document(), "madeAt": "1"}, "its checksum is wrong", id="edited"),
        pytest.param({**_document(), "checksum": None}, "its checksum is wrong", id="no checksum"),
    ],
)
def test_file_that_is_not_ours_is_refused(document: Any, message: str) -> None:
    """Before any field of it is looked at."""
    with pytest.raises(InputError) as failure:
        _read(document)
    assert message in failure.value.message


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=40)
@given(st.data())
def test_whatever_stands_in_a_file_is_a_plan_or_an_input_error(data: st.DataObject) -> None:
    """No other exception escapes, wherever the nonsense is."""
    document = _document()
    place: Any = document
    for _ in range(data.draw(st.integers(0, 4))):
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        step = data.draw(st.sampled_from(keys)) if keys else None
        if step is None or not isinstance(place[step], dict | list):
            break
        place = place[step]
    keys = list(place) if isinstance(place, dict) else list(range(len(place)))
    if keys:
        place[data.draw(st.sampled_from(keys))] = data.draw(_JSON)
    try:
        _read(_seal(document))
    except InputError as failure:
        assert failure.message
