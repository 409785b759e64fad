"""Tests of what belongs to the cluster that an object lives in."""

from __future__ import annotations

import copy

import pytest

from kubefedctl.core.ownership import (
    controller_of,
    drop_owned,
    is_owned_annotation,
    why_never_federated,
)
from kubefedctl.model.refs import Object

UID = "batch.kubernetes.io/controller-uid"
TOKEN = "kube-api-access-x1y2z"
LEGACY = "default-token-x1y2z"


def _job(selector: Object, labels: Object, **spec: object) -> Object:
    pods = {"metadata": {"labels": labels}, "spec": {}}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "j", "labels": labels},
        "spec": {"selector": {"matchLabels": selector}, "template": pods, **spec},
    }


def _pod(volumes: list[Object], mounts: list[str], **spec: object) -> Object:
    container = {"name": "c", "volumeMounts": [{"name": name} for name in mounts]}
    parts = {"volumes": volumes, "containers": [container], "initContainers": [container]}
    return {"apiVersion": "v1", "kind": "Pod", "spec": {**parts, **spec}}


PROJECTED: Object = {"name": TOKEN, "projected": {"sources": [{"serviceAccountToken": {}}]}}
SECRET: Object = {"name": LEGACY, "secret": {"secretName": LEGACY}}
OWN: Object = {"name": "kube-api-access-mine", "emptyDir": {}}
GENERATED = {UID: "u", "controller-uid": "u", "job-name": "j", "batch.kubernetes.io/job-name": "j"}
BARE = {"name": "c"}


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        pytest.param(
            _job({UID: "u"}, {**GENERATED, "app": "a"}),
            {
                "apiVersion": "batch/v1",
                "kind": "Job",
                "metadata": {"name": "j", "labels": {"app": "a"}},
                "spec": {"template": {"metadata": {"labels": {"app": "a"}}, "spec": {}}},
            },
            id="job",
        ),
        pytest.param(
            _job({"controller-uid": "u"}, GENERATED),
            {
                "apiVersion": "batch/v1",
                "kind": "Job",
                "metadata": {"name": "j"},
                "spec": {"template": {"metadata": {}, "spec": {}}},
            },
            id="job-without-other-labels",
        ),
        pytest.param(
            {"apiVersion": "v1", "kind": "Pod", "spec": {"nodeName": "n", "hostname": "h"}},
            {"apiVersion": "v1", "kind": "Pod", "spec": {"hostname": "h"}},
            id="pod-node",
        ),
        pytest.param(
            _pod([PROJECTED, OWN], [TOKEN, OWN["name"]]),
            _pod([OWN], [OWN["name"]]),
            id="pod-token",
        ),
        pytest.param(
            _pod([SECRET], [LEGACY]),
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "spec": {"containers": [BARE], "initContainers": [BARE]},
            },
            id="pod-legacy-token",
        ),
        pytest.param(
            {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "spec": {"volumeName": "pv", "storageClassName": "s"},
            },
            {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "spec": {"storageClassName": "s"},
            },
            id="claim",
        ),
    ],
)
def test_drop_owned_takes_out_what_the_cluster_filled_in(target: Object, expected: Object) -> None:
    """Another cluster gets what a person wrote, and the argument stays as it was."""
    before = copy.deepcopy(target)
    assert (expected, before) == (drop_owned(target), target)


@pytest.mark.parametrize(
    "target",
    [
        pytest.param(_job({UID: "u"}, GENERATED, manualSelector=True), id="manual-selector"),
        pytest.param(_job({"app": "a"}, {"app": "a", "job-name": "mine"}), id="own-selector"),
        pytest.param({**_job({UID: "u"}, GENERATED), "apiVersion": "x.io/v1"}, id="other-group"),
        pytest.param(_pod([OWN], [OWN["name"]]), id="own-volume"),
        pytest.param(_pod([SECRET], [LEGACY], serviceAccountName="bot"), id="own-secret"),
        pytest.param({"apiVersion": "v1", "kind": "Pod", "spec": ["odd"]}, id="odd-spec"),
        pytest.param({"apiVersion": "v1", "kind": "PersistentVolumeClaim"}, id="no-spec"),
        pytest.param(
            {
                "apiVersion": "batch/v1",
                "kind": "Job",
                "spec": {"selector": {"matchLabels": {"app": "a"}}, "template": "odd"},
            },
            id="odd-job",
        ),
    ],
)
def test_drop_owned_keeps_what_a_person_wrote(target: Object) -> None:
    """Only what was surely generated is taken out."""
    assert copy.deepcopy(target) == drop_owned(target)


def test_drop_owned_job_with_an_odd_template_keeps_it() -> None:
    """A template of the wrong type is for the API server to refuse."""
    job = _job({UID: "u"}, {})
    job["spec"]["template"] = "odd"
    assert {"template": "odd"} == drop_owned(job)["spec"]


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (
            {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token"},
            "it holds a token",
        ),
        (
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kube-root-ca.crt"}},
            "every cluster makes its own",
        ),
        (
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {"name": "kubernetes", "namespace": "default"},
            },
            "it is the cluster's own",
        ),
    ],
    ids=["token", "root-ca", "api-server"],
)
def test_why_never_federated_tells_the_reason(target: Object, words: str) -> None:
    """These are of use in one cluster only."""
    assert why_never_federated(target).startswith(words)
    assert "" == why_never_federated({**target, "type": "Opaque", "metadata": {"name": "x"}})


@pytest.mark.parametrize(
    ("references", "expected"),
    [
        ([{"kind": "ReplicaSet", "name": "r", "controller": True}], "ReplicaSet/r"),
        ([{"kind": "ReplicaSet", "name": "r"}], ""),
        (["odd"], ""),
    ],
    ids=["controller", "owner-only", "odd"],
)
def test_controller_of_is_the_owner_that_controls(references: list[object], expected: str) -> None:
    """Other owners only say when an object is to be deleted."""
    assert expected == controller_of({"metadata": {"ownerReferences": references}})


def test_is_owned_annotation_is_of_claims_only() -> None:
    """A volume's annotation elsewhere was written by a person."""
    name = "pv.kubernetes.io/bind-completed"
    assert is_owned_annotation({"kind": "PersistentVolumeClaim"}, name)
    assert not is_owned_annotation({"kind": "PersistentVolumeClaim"}, "team")
    assert not is_owned_annotation({"kind": "ConfigMap"}, name)
