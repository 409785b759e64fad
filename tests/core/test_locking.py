"""Tables of the lock's records: read, judged, taken, renewed, given back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kubefedctl.core.configuring import parse_lock_terms
from kubefedctl.core.locking import (
    has_run_out,
    next_record,
    parse_lock_wait,
    read_lock_record,
    released_record,
    with_lock_record,
)
from kubefedctl.errors import ControlPlaneError, InputError
from kubefedctl.model.locks import LEADER_ANNOTATION, LockRecord, LockTerms
from kubefedctl.model.refs import Object
from kubefedctl.model.wellknown import CONFIG_MAPS, ENDPOINTS, LEASES

THEN, NOW = "2026-01-02T03:04:05Z", "2026-01-02T03:05:06Z"
HELD = LockRecord("host_b0b", 15, THEN, NOW, 3)
GO_JSON = (
    '{"holderIdentity":"host_b0b","leaseDurationSeconds":15,"acquireTime":"2026-01-02T03:04:05Z",'
    '"renewTime":"2026-01-02T03:05:06Z","leaderTransitions":3}'
)
SPEC = {
    "holderIdentity": "host_b0b",
    "leaseDurationSeconds": 15,
    "acquireTime": "2026-01-02T03:04:05.000000Z",
    "renewTime": "2026-01-02T03:05:06.000000Z",
    "leaseTransitions": 3,
}


def _config_map(text: Any) -> Object:
    return {"kind": "ConfigMap", "metadata": {"annotations": {LEADER_ANNOTATION: text}}}


@pytest.mark.parametrize(
    ("obj", "expected"),
    [
        pytest.param(None, LockRecord(), id="no-object"),
        pytest.param({"kind": "ConfigMap", "metadata": {}}, LockRecord(), id="no-annotation"),
        pytest.param(_config_map(GO_JSON), HELD, id="record-of-go"),
        pytest.param({"kind": "Lease", "spec": SPEC}, HELD, id="lease"),
        pytest.param({"kind": "Lease"}, LockRecord(), id="lease-without-spec"),
        pytest.param(
            {"kind": "Lease", "spec": {"holderIdentity": None, "leaseTransitions": True}},
            LockRecord(),
            id="lease-of-wrong-types",
        ),
        pytest.param(
            _config_map('{"holderIdentity":"a","leaseDurationSeconds":-1,"renewTime":7}'),
            LockRecord("a"),
            id="impossible-fields",
        ),
        *[
            pytest.param(_config_map(text), LockRecord("(its record cannot be read)"), id=name)
            for name, text in [
                ("no-json", "{"),
                ("no-map", "[]"),
                ("no-text", 7),
                ("too-deep", "[" * 100_000),
            ]
        ],
    ],
)
def test_lock_record_is_read(obj: Object | None, expected: LockRecord) -> None:
    """A record that cannot be read is somebody's."""
    assert expected == read_lock_record(obj)


@pytest.mark.parametrize("resource", [CONFIG_MAPS, ENDPOINTS], ids=["configmap", "endpoints"])
def test_leader_record_is_written_byte_for_byte_as_go_does(resource: Any) -> None:
    """The rest of the object stays."""
    obj = {
        "kind": resource.kind,
        "metadata": {"name": "x", "annotations": {"a": "b", LEADER_ANNOTATION: "old"}},
        "data": {"k": "v"},
    }
    made = with_lock_record(obj, HELD, resource)
    assert {"a": "b", LEADER_ANNOTATION: GO_JSON} == made["metadata"]["annotations"]
    assert ("x", {"k": "v"}) == (made["metadata"]["name"], made["data"])
    assert "old" == obj["metadata"]["annotations"][LEADER_ANNOTATION]  # type: ignore[index]
    assert HELD == read_lock_record(made)


def test_lease_is_written_with_times_as_its_api_wants_them() -> None:
    """Microseconds; fields of others stay."""
    lease = {"kind": "Lease", "metadata": {"name": "x"}, "spec": {"strategy": "Other"}}
    made = with_lock_record(lease, HELD, LEASES)
    assert {"strategy": "Other", **SPEC} == made["spec"]
    assert HELD == read_lock_record(made)


@pytest.mark.parametrize(
    ("seconds", "unchanged_for", "expected"),
    [(15, 14.9, False), (15, 15.0, True), (60, 15.0, False), (0, 9.9, False), (0, 10.0, True)],
)
def test_lock_runs_out_by_its_own_duration(
    seconds: int, unchanged_for: float, expected: bool
) -> None:
    """One that names none has that of the KubeFedConfig."""
    record = LockRecord("a", seconds)
    assert expected == has_run_out(record, unchanged_for=unchanged_for, duration=10.0)


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        pytest.param(None, LockRecord("a", 15, NOW, NOW, 0), id="first"),
        pytest.param(
            LockRecord("a", 9, THEN, THEN, 2), LockRecord("a", 15, THEN, NOW, 2), id="ours"
        ),
        pytest.param(
            LockRecord("b", 9, THEN, THEN, 2), LockRecord("a", 15, NOW, NOW, 3), id="other"
        ),
        pytest.param(
            LockRecord("", 1, THEN, THEN, 2), LockRecord("a", 15, NOW, NOW, 3), id="nobody"
        ),
        pytest.param(
            LockRecord("b", transitions=2**31 - 1),
            LockRecord("a", 15, NOW, NOW, 2**31 - 1),
            id="most-transitions",
        ),
    ],
)
def test_next_record(before: LockRecord | None, expected: LockRecord) -> None:
    """A renewal keeps when it was taken; a new holder counts one more transition."""
    assert expected == next_record(before, "a", now=NOW, seconds=15)


def test_released_record_is_nobodys_for_a_second() -> None:
    """The same that client-go leaves."""
    assert LockRecord("", 1, NOW, NOW, 3) == released_record(HELD, now=NOW)
    written = with_lock_record({}, released_record(HELD, now=NOW), CONFIG_MAPS)
    text = written["metadata"]["annotations"][LEADER_ANNOTATION]
    assert ("", 1) == (json.loads(text)["holderIdentity"], json.loads(text)["leaseDurationSeconds"])


@pytest.mark.parametrize("text", ["", "wait", "wait=", "wait=soon", "wait=-1s", "no", "none=1m"])
def test_lock_option_that_is_none_of_three_is_refused(text: str) -> None:
    """The hint says what can be written."""
    with pytest.raises(InputError) as caught:
        parse_lock_wait(text)
    assert "" != caught.value.hint


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param({}, LockTerms(15, 10, 5, CONFIG_MAPS), id="defaults"),
        pytest.param(
            {
                "leaseDuration": "1m",
                "renewDeadline": "40s",
                "retryPeriod": "10s",
                "resourceLock": "endpoints",
            },
            LockTerms(60, 40, 10, ENDPOINTS),
            id="all-set",
        ),
        pytest.param(
            {"leaseDuration": "3s"}, LockTerms(3, 2, 1, CONFIG_MAPS), id="lease-below-deadline"
        ),
        pytest.param(
            {"retryPeriod": "30s"}, LockTerms(15, 10, 5, CONFIG_MAPS), id="period-above-deadline"
        ),
    ],
)
def test_lock_terms_are_those_of_the_config(given: Object, expected: LockTerms) -> None:
    """Whatever it says, a holder gives up before others may take the lock."""
    assert expected == parse_lock_terms({"spec": {"leaderElect": given}})


@pytest.mark.parametrize(
    "given", [{"leaseDuration": "0s"}, {"retryPeriod": 5}, {"resourceLock": "leases"}], ids=str
)
def test_lock_terms_that_kubefed_refuses_are_refused(given: Object) -> None:
    """The field is named."""
    with pytest.raises(ControlPlaneError, match=rf"spec\.leaderElect\.{next(iter(given))} is"):
        parse_lock_terms({"spec": {"leaderElect": given}})
