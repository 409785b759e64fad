"""Tests of templates: from a federated object to what a member is sent."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from kubefedctl.core.overrides import Operation
from kubefedctl.core.retention import retain_fields
from kubefedctl.core.templates import (
    ANNOTATIONS_NOT_SUPPORTED,
    FINALIZERS_NOT_SUPPORTED,
    TemplateWarning,
    finish_draft,
    make_draft,
)
from kubefedctl.errors import InputError, OverrideError
from kubefedctl.model.refs import Key, Object, Resource
from tests.core.makers import (
    CLUSTER_ROLE,
    CONFIG_MAP,
    DEPLOYMENT,
    IN_NAMESPACE,
    NAMESPACE,
    make_federated,
)


def _draft(template: Any, *, target: Resource = CONFIG_MAP, key: Key = IN_NAMESPACE) -> Object:
    return make_draft(make_federated({"template": template}, target=target, key=key))[0]


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        pytest.param(
            _draft(
                {
                    "kind": "Secret",
                    "metadata": {"name": "a", "namespace": "b", "labels": {"l": "1"}},
                    "data": {"k": "v"},
                }
            ),
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": "x", "namespace": "n", "labels": {"l": "1"}},
                "data": {"k": "v"},
            },
            id="S25-identity-is-forced",
        ),
        pytest.param(
            _draft({}, target=DEPLOYMENT),
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": "x", "namespace": "n"},
            },
            id="S26-api-version-defaults",
        ),
        pytest.param(
            _draft({"apiVersion": "apps/v1beta2"}, target=DEPLOYMENT),
            {
                "apiVersion": "apps/v1beta2",
                "kind": "Deployment",
                "metadata": {"name": "x", "namespace": "n"},
            },
            id="S26-api-version-of-template",
        ),
        pytest.param(
            _draft(None, target=NAMESPACE, key=Key("n", "n")),
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}},
            id="S42-no-template",
        ),
        pytest.param(
            _draft(
                {"metadata": {"namespace": "b"}, "rules": []}, target=CLUSTER_ROLE, key=Key("", "x")
            ),
            {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "ClusterRole",
                "metadata": {"name": "x"},
                "rules": [],
            },
            id="cluster-scoped-has-no-namespace",
        ),
        pytest.param(
            _draft({"metadata": None}),
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": "x", "namespace": "n"},
            },
            id="null-metadata",
        ),
    ],
)
def test_make_draft_forces_identity_upon_the_template(actual: Object, expected: Object) -> None:
    """Name, namespace and kind are the federated object's; the rest is the template's."""
    assert expected == actual


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        pytest.param({}, (), id="neither"),
        pytest.param({"annotations": {}, "finalizers": []}, (), id="empty"),
        pytest.param({"annotations": {"a": "b"}}, (ANNOTATIONS_NOT_SUPPORTED,), id="annotations"),
        pytest.param({"finalizers": ["a/b"]}, (FINALIZERS_NOT_SUPPORTED,), id="finalizers"),
    ],
)
def test_make_draft_drops_what_members_own_with_a_warning(
    metadata: Object, expected: tuple[TemplateWarning, ...]
) -> None:
    """S27: annotations and finalizers of a template do not reach members, and that is told."""
    draft, warnings = make_draft(make_federated({"template": {"metadata": metadata}}))
    assert ({"name": "x", "namespace": "n"}, expected) == (draft["metadata"], warnings)


def test_template_warning_says_what_to_do_instead() -> None:
    """S27: the warning has the reason of KubeFed's event and advises an override."""
    assert ANNOTATIONS_NOT_SUPPORTED.reason == "AnnotationsNotSupported"
    assert "metadata.annotations" in str(ANNOTATIONS_NOT_SUPPORTED)
    assert str(ANNOTATIONS_NOT_SUPPORTED).endswith("use an override to set it")


@pytest.mark.parametrize(
    ("template", "cause"),
    [
        pytest.param([], "spec.template is not a map", id="template-list"),
        pytest.param({"metadata": "x"}, "spec.template.metadata is not a map", id="metadata-text"),
    ],
)
def test_make_draft_of_impossible_template_raises(template: Any, cause: str) -> None:
    """What KubeFed calls ComputeResourceFailed is an input error."""
    with pytest.raises(InputError, match=cause):
        _draft(template)


def test_make_draft_leaves_the_federated_object_alone() -> None:
    """The draft shares nothing with the template."""
    federated = make_federated({"template": {"metadata": {"annotations": {"a": "b"}}, "data": {}}})
    before = copy.deepcopy(federated.source)
    draft, _ = make_draft(federated)
    draft["data"]["k"] = "v"
    assert before == federated.source


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        pytest.param([], {"kubefed.io/managed": "true"}, id="no-overrides"),
        pytest.param(
            [Operation("replace", "/metadata/labels", {"a": "b"})],
            {"a": "b", "kubefed.io/managed": "true"},
            id="S28-labels-replaced",
        ),
        pytest.param(
            [Operation("replace", "/metadata/labels", {"kubefed.io/managed": "false"})],
            {"kubefed.io/managed": "true"},
            id="S50-label-overridden",
        ),
        pytest.param(
            [Operation("replace", "/metadata/labels", None)],
            {"kubefed.io/managed": "true"},
            id="labels-null",
        ),
    ],
)
def test_finish_draft_forces_the_managed_label(
    operations: list[Operation], expected: Object
) -> None:
    """No override can remove the label by which KubeFed knows its own."""
    assert expected == finish_draft(_draft({}), operations)["metadata"]["labels"]


def test_finish_draft_overrides_the_api_version() -> None:
    """S26: the API version may differ from cluster to cluster."""
    expected = "apps/v1beta1"
    operation = Operation("replace", "/apiVersion", expected)
    assert expected == finish_draft(_draft({}, target=DEPLOYMENT), [operation])["apiVersion"]


def test_finish_draft_without_metadata_left_raises() -> None:
    """An override that takes away the metadata is refused before the member sees it."""
    with pytest.raises(OverrideError, match="whose metadata is not a map"):
        finish_draft(_draft({}), [Operation("remove", "/metadata")])


def test_finish_draft_leaves_the_draft_alone() -> None:
    """One draft serves every cluster, so finishing it changes nothing in it."""
    draft = _draft({"metadata": {"labels": {"a": "b"}}})
    before = copy.deepcopy(draft)
    finish_draft(draft, [Operation("add", "/metadata/labels/c", "d")])
    assert before == draft


@pytest.mark.parametrize(
    ("retain_replicas", "operations", "expected"),
    [
        pytest.param(False, [], 1, id="S52-template"),
        pytest.param(True, [], 2, id="S53-member"),
        pytest.param(True, [Operation("replace", "/spec/replicas", 5)], 5, id="S54-override"),
    ],
)
def test_replicas_override_beats_retention_beats_template(
    retain_replicas: bool, operations: list[Operation], expected: int
) -> None:
    """Overrides are applied after retention, so they win over it."""
    draft = _draft({"spec": {"replicas": 1}}, target=DEPLOYMENT)
    observed = {"metadata": {"resourceVersion": "7"}, "spec": {"replicas": 2}}
    retained = retain_fields(draft, observed, retain_replicas=retain_replicas)
    assert expected == finish_draft(retained, operations)["spec"]["replicas"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/metadata/annotations", {"deployment.kubernetes.io/revision": "3", "mine": "1"}),
        ("/metadata/annotations/mine", {"deployment.kubernetes.io/revision": "3", "theirs": "2"}),
    ],
    ids=["all", "one"],
)
def test_finish_draft_override_of_annotations_spares_what_controllers_write(
    path: str, expected: Object
) -> None:
    """They would be written again, and each sync would find a difference."""
    annotations = {"deployment.kubernetes.io/revision": "3", "theirs": "2"}
    obj = {"kind": "Deployment", "metadata": {"name": "x", "annotations": annotations}}
    value: Any = "1" if path.endswith("mine") else {"mine": "1"}
    finished = finish_draft(obj, [Operation("replace", path, value)])
    wanted = {**expected, "mine": "1"}
    assert wanted == finished["metadata"]["annotations"]
    assert {"deployment.kubernetes.io/revision": "3", "theirs": "2"} == annotations
