"""Tests of what is applied: the wish, and nothing that belongs to the member."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubefedctl.core.applying import is_refusal_of_apply, make_applied
from kubefedctl.core.members import make_updated
from kubefedctl.core.overrides import Operation
from kubefedctl.model.actions import MemberIntent, Strategy
from kubefedctl.model.objects import MANAGED_LABEL
from kubefedctl.model.refs import Object
from kubefedctl.model.statuses import PropagationStatus

MANAGED: Object = {MANAGED_LABEL: "true"}


def _draft(kind: str, spec: Object | None = None, api: str = "v1", **more: Any) -> Object:
    made: Object = {
        "apiVersion": api,
        "kind": kind,
        "metadata": {"name": "web", "namespace": "shop"},
        **more,
    }
    return made if spec is None else {**made, "spec": spec}


def _standing(kind: str, spec: Object | None = None, **more: Any) -> Object:
    made = _draft(kind, spec, **more)
    metadata = {
        **made["metadata"],
        "uid": "u-1",
        "resourceVersion": "7",
        "labels": {**MANAGED, "theirs": "1"},
        "annotations": {"theirs": "1"},
        "finalizers": ["theirs/held"],
    }
    return {**made, "metadata": metadata}


def _apply(draft: Object, observed: Object, *operations: Operation, retain: Any = None) -> Object:
    intent = MemberIntent(draft, operations, retain_replicas=retain, strategy=Strategy.APPLY)
    body = make_applied(intent, observed).body
    assert body is not None
    return body


def test_applied_names_the_object_it_was_made_from_and_no_metadata_of_others() -> None:
    """Annotations, finalizers and labels of others are not sent back, so they keep their owners."""
    draft = _draft("ConfigMap", data={"a": "1"})
    expected = {
        **draft,
        "metadata": {**draft["metadata"], "uid": "u-1", "labels": MANAGED},
    }
    assert expected == _apply(draft, _standing("ConfigMap", data={"a": "2", "b": "1"}))


def test_applied_leaves_out_what_only_the_server_writes() -> None:
    """A template that was copied from a cluster carries fields that an apply must not have."""
    draft = _draft("ConfigMap")
    noise = {"managedFields": [], "creationTimestamp": None, "generation": 3, "selfLink": "/x"}
    draft["metadata"].update(noise)
    body = _apply(draft, _standing("ConfigMap"))
    assert {"name", "namespace", "uid", "labels"} == set(body["metadata"])


@pytest.mark.parametrize(
    ("draft", "live", "expected"),
    [
        pytest.param(
            {"ports": [{"port": 80}]},
            {
                "clusterIP": "10.0.0.1",
                "clusterIPs": ["10.0.0.1"],
                "ports": [{"port": 80, "protocol": "TCP", "nodePort": 30080}],
            },
            {"ports": [{"port": 80}]},
            id="allocated-is-not-sent",
        ),
        pytest.param(
            {"clusterIP": "10.0.0.9", "ports": [{"port": 80, "nodePort": 30001}]},
            {"clusterIP": "10.0.0.1", "ports": [{"port": 80, "nodePort": 30080}]},
            {"clusterIP": "10.0.0.1", "ports": [{"port": 80, "nodePort": 30080}]},
            id="asked-for-and-allocated-is-sent-as-it-is",
        ),
        pytest.param(
            {"clusterIP": "None"},
            {"clusterIP": "None", "clusterIPs": ["None"], "ports": []},
            {"clusterIP": "None", "ports": []},
            id="headless-without-ports",
        ),
        pytest.param(
            {"healthCheckNodePort": 1},
            {"healthCheckNodePort": 2},
            {"healthCheckNodePort": 2},
            id="health-check-port",
        ),
    ],
)
def test_applied_service_sends_no_allocation_of_its_own_accord(
    draft: Object, live: Object, expected: Object
) -> None:
    """S56, S57: what the API server allocated is sent only where the template names the field."""
    body = _apply(_draft("Service", draft), _standing("Service", live))
    assert expected == body["spec"]


@pytest.mark.parametrize(
    ("draft", "expected"),
    [
        pytest.param({}, {}, id="kept-by-the-member"),
        pytest.param(
            {"secrets": [{"name": "a"}]}, {"secrets": [{"name": "a"}]}, id="template-wins"
        ),
    ],
)
def test_applied_service_account_leaves_token_secrets_alone(
    draft: Object, expected: Object
) -> None:
    """S58: generated token Secrets stay the member's."""
    observed = _standing("ServiceAccount", secrets=[{"name": "generated"}])
    body = _apply(_draft("ServiceAccount", **draft), observed)
    found = {k: v for k, v in body.items() if k not in ("apiVersion", "kind", "metadata")}
    assert expected == found


@pytest.mark.parametrize(
    ("retain", "live", "operations", "expected"),
    [
        pytest.param(None, {"replicas": 2}, (), (1, None), id="template"),
        pytest.param(True, {"replicas": 2}, (), (2, "7"), id="retained-for-this-version"),
        pytest.param(True, {}, (), (1, None), id="nothing-to-retain"),
        pytest.param(
            True,
            {"replicas": 2},
            (Operation("replace", "/spec/replicas", 5),),
            (5, "7"),
            id="override-wins",
        ),
    ],
)
def test_applied_replicas(
    retain: bool | None, live: Object, operations: tuple[Operation, ...], expected: Any
) -> None:
    """S52-S54: retained replicas are sent as they are, for the version they were read at."""
    draft = _draft("Deployment", {"replicas": 1}, api="apps/v1")
    body = _apply(draft, _standing("Deployment", live), *operations, retain=retain)
    assert expected == (body["spec"]["replicas"], body["metadata"].get("resourceVersion"))


@pytest.mark.parametrize(
    ("operations", "annotations", "finalizers"),
    [
        pytest.param(
            (Operation("add", "/metadata/annotations/ours", "2"),),
            {"ours": "2"},
            None,
            id="one-added",
        ),
        pytest.param(
            (Operation("replace", "/metadata/annotations", {"ours": "2"}),),
            {"ours": "2"},
            None,
            id="all-set",
        ),
        pytest.param(
            (Operation("replace", "/metadata/annotations/theirs", "2"),),
            {"theirs": "2"},
            None,
            id="theirs-set",
        ),
        pytest.param(
            (Operation("remove", "/metadata/annotations/theirs"),), None, None, id="removed"
        ),
        pytest.param(
            (Operation("add", "/metadata/finalizers/-", "ours/held"),),
            None,
            ["ours/held"],
            id="held",
        ),
    ],
)
def test_applied_overrides_of_metadata_send_what_they_set(
    operations: tuple[Operation, ...], annotations: Object | None, finalizers: list[str] | None
) -> None:
    """S48: an override reaches into what the member has, and only what it sets is ours."""
    body = _apply(_draft("ConfigMap"), _standing("ConfigMap"), *operations)
    found = body["metadata"]
    assert (annotations, finalizers) == (found.get("annotations"), found.get("finalizers"))


def test_applied_label_cannot_be_overridden_away() -> None:
    """S50: the managed label is forced after all overrides."""
    operation = Operation("replace", "/metadata/labels", {MANAGED_LABEL: "false", "a": "1"})
    body = _apply(_draft("ConfigMap"), _standing("ConfigMap"), operation)
    assert {**MANAGED, "a": "1"} == body["metadata"]["labels"]


@pytest.mark.parametrize(
    ("api", "expected"),
    [
        pytest.param("apps/v1", {"a": [{"b": 1}]}, id="built-in"),
        pytest.param("policy.k8s.io/v1", {"a": [{"b": 1}]}, id="built-in-with-dots"),
        pytest.param("example.com/v1", {"a": [{"b": 1, "c": None}], "d": None}, id="custom"),
    ],
)
def test_applied_nulls_are_absent_but_in_custom_resources(api: str, expected: Object) -> None:
    """A null of a built-in type means absent, and an apply would own the field."""
    spec = {"a": [{"b": 1, "c": None}], "d": None}
    assert expected == _apply(_draft("Thing", spec, api=api), _standing("Thing"))["spec"]


@pytest.mark.parametrize(
    ("observed", "operations", "expected"),
    [
        pytest.param(
            {"metadata": {"labels": {MANAGED_LABEL: "false"}}},
            (),
            PropagationStatus.MANAGED_LABEL_FALSE,
            id="left-alone",
        ),
        pytest.param(
            {"metadata": {}, "spec": {"clusterIP": 1}},
            (),
            PropagationStatus.FIELD_RETENTION_FAILED,
            id="retention",
        ),
        pytest.param(
            {"metadata": {}},
            (Operation("remove", "/absent"),),
            PropagationStatus.APPLY_OVERRIDES_FAILED,
            id="override",
        ),
    ],
)
def test_applied_fails_as_a_full_update_does(
    observed: Object, operations: tuple[Operation, ...], expected: PropagationStatus
) -> None:
    """The words for what cannot be made are the same under both strategies."""
    intent = MemberIntent(_draft("Service", {}), operations, strategy=Strategy.APPLY)
    made = make_applied(intent, observed)
    assert (None, expected) == (made.body, made.failure)
    assert make_updated(intent, observed) == made


_VALUES = st.recursive(
    st.one_of(st.integers(0, 3), st.sampled_from(["", "x"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2), st.dictionaries(st.sampled_from("abc"), inner, max_size=2)
    ),
    max_leaves=6,
)
_MAPS = st.dictionaries(st.sampled_from("abc"), _VALUES, max_size=3)
_TEXTS = st.dictionaries(st.sampled_from("abc"), st.sampled_from("xy"), max_size=2)
_OPERATIONS = st.lists(
    st.builds(
        Operation,
        st.sampled_from(["add", "replace", "remove"]),
        st.sampled_from(
            [
                "/spec/a",
                "/spec/a/0",
                "/spec/b/c",
                "/metadata/annotations",
                "/metadata/annotations/a",
                "/metadata/annotations/a/b",
                "/metadata/finalizers/-",
                "/metadata/finalizers/0",
                "/metadata/labels",
            ]
        ),
        st.sampled_from([{}, {"a": "x"}, "x", ["x"]]),
    ),
    max_size=3,
)


@given(spec=_MAPS, live=_MAPS, annotations=_TEXTS)
def test_applied_is_the_full_update_less_what_it_retains(
    spec: Object, live: Object, annotations: Object
) -> None:
    """Whatever the template, a full update is the apply and the member's metadata."""
    draft, observed = _draft("Thing", spec, api="example.com/v1"), _standing("Thing", live)
    observed["metadata"]["annotations"] = annotations
    intent = MemberIntent(draft, (), strategy=Strategy.APPLY)
    before = copy.deepcopy((draft, observed))
    applied, updated = make_applied(intent, observed).body, make_updated(intent, observed).body
    assert before == (draft, observed)
    assert applied is not None and updated is not None
    for field in ("resourceVersion", "finalizers", "annotations"):
        updated["metadata"].pop(field, None)
    assert "u-1" == applied["metadata"].pop("uid")
    assert updated == applied


@given(spec=_MAPS, operations=_OPERATIONS, annotations=_TEXTS)
def test_applied_overrides_fit_where_they_fit_a_full_update(
    spec: Object, operations: list[Operation], annotations: Object
) -> None:
    """An override that goes into what the member has is no surprise, and sends nothing of it."""
    observed = _standing("Thing", {})
    observed["metadata"]["annotations"] = annotations
    draft = _draft("Thing", spec, api="example.com/v1")
    intent = MemberIntent(draft, tuple(operations), strategy=Strategy.APPLY)
    applied, updated = make_applied(intent, observed), make_updated(intent, observed)
    assert (updated.failure, updated.detail) == (applied.failure, applied.detail)
    if applied.body is not None and updated.body is not None:
        assert updated.body.get("spec") == applied.body.get("spec")
        sent, whole = (
            made["metadata"].get("annotations") or {} for made in (applied.body, updated.body)
        )
        if isinstance(sent, dict) and isinstance(whole, dict):
            assert sent.items() <= whole.items()


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            "failed to create typed patch object (shop/web; apps/v1, Kind=Deployment): .spec.ports:"
            ' duplicate entries for key [containerPort=80,protocol="TCP"]',
            True,
        ),
        ("Apply failed with 1 conflict", False),
        ("", False),
    ],
)
def test_is_refusal_of_apply(message: str, expected: bool) -> None:
    """Only what a full update does not mind makes one of an apply."""
    assert expected is is_refusal_of_apply(message)
