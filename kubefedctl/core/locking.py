"""
The lock of a sync: who may take it, and what is written into it.

Two objects in the host's KubeFed namespace make the lock. KubeFed's own leader record keeps syncs
and a controller-manager apart, a Lease keeps syncs apart from each other.

Here: records to and from objects, and the rules of the game. Not here: clocks and requests
(`ops.locking`).

Laws:
1. Times in a record are written for people. Whether it has run out is judged by how long it stood
   unchanged before the eyes of the one who wants it, on that one's own clock.

Upstream: tools/leaderelection of client-go @ v0.22.2, which KubeFed 0.10 is built with: the same
record, byte for byte, and the same rules, but for one. There, how long a record counts is the
waiting side's own configuration; here it is what the record says, as in client-go since 0.31.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from kubefedctl.core.configuring import parse_duration
from kubefedctl.errors import InputError
from kubefedctl.model.locks import HOLDER_PREFIX, LEADER_ANNOTATION, LEASE_NAME, LockRecord
from kubefedctl.model.objects import annotations_of, map_at
from kubefedctl.model.refs import Object, Resource
from kubefedctl.model.shards import Shard
from kubefedctl.model.wellknown import LEASES

_UNREADABLE = "(its record cannot be read)"
_LONGEST = 2**31 - 1
_GROUP = f"{HOLDER_PREFIX}shards-of-"


def parse_lock_wait(text: str) -> float | None:
    """
    Return for how many seconds to wait for the lock; None where none is to be taken.

    Raises:
        InputError: It is neither `none`, `fail` nor `wait=DURATION`.

    >>> parse_lock_wait("none"), parse_lock_wait("fail"), parse_lock_wait("wait=1m")
    (None, 0.0, 60.0)
    """
    if text == "none":
        return None
    if text == "fail":
        return 0.0
    word, equals, duration = text.partition("=")
    if word == "wait" and equals:
        return parse_duration(duration)
    raise InputError(f"--lock {text!r} is not known", hint="write wait=DURATION, fail or none")


def name_group(total: int) -> str:
    """Return the identity under which the shards of one sync hold what they share."""
    return f"{_GROUP}{total}"


def count_group(holder: str) -> int | None:
    """
    Return how many shards hold something together under an identity; None for another one.

    >>> count_group(name_group(3)), count_group("kubefedctl-sync_ci-1_5f0e")
    (3, None)
    """
    total = holder.removeprefix(_GROUP)
    return int(total) if total != holder and total.isdecimal() and total.isascii() else None


def name_shard_lease(shard: Shard) -> str:
    """Return the name of the Lease that only one run of a shard holds."""
    return f"{LEASE_NAME}-{shard.number}-of-{shard.total}"


def read_lock_record(obj: Object | None) -> LockRecord:
    """
    Return what stands in a Lease, or in the annotation of a ConfigMap or Endpoints.

    An object without a record is nobody's. A record that cannot be read is somebody's until it has
    stood long enough: its writer may be at work.
    """
    if obj is None:
        return LockRecord()
    if obj.get("kind") == LEASES.kind:
        return _read_lease(map_at(obj, "spec"))
    text = annotations_of(obj).get(LEADER_ANNOTATION)
    if text is None:
        return LockRecord()
    try:
        found = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        return LockRecord(_UNREADABLE)
    return LockRecord(
        holder=_text(found, "holderIdentity"),
        seconds=_count(found, "leaseDurationSeconds"),
        acquired=_text(found, "acquireTime"),
        renewed=_text(found, "renewTime"),
        transitions=_count(found, "leaderTransitions"),
    )


def has_run_out(record: LockRecord, *, unchanged_for: float, duration: float) -> bool:
    """
    Return whether a held *record* may be taken from its holder.

    Args:
        record: What stands there.
        unchanged_for: For how many seconds it was seen unchanged.
        duration: How long a record counts that does not say it.
    """
    return unchanged_for >= (record.seconds or duration)


def next_record(before: LockRecord | None, holder: str, *, now: str, seconds: int) -> LockRecord:
    """
    Return the record with which *holder* takes or renews a lock.

    Args:
        before: What stands there; None where there is no object yet.
        holder: Its identity.
        now: The time, RFC 3339.
        seconds: For how long it counts.

    >>> old = LockRecord("b", 15, "10:00", "10:05", transitions=3)
    >>> next_record(old, "a", now="11:00", seconds=15)
    LockRecord(holder='a', seconds=15, acquired='11:00', renewed='11:00', transitions=4)
    """
    if before is None:
        return LockRecord(holder, seconds, now, now, 0)
    if before.holder == holder:
        return LockRecord(holder, seconds, before.acquired, now, before.transitions)
    return LockRecord(holder, seconds, now, now, min(before.transitions + 1, _LONGEST))


def released_record(before: LockRecord, *, now: str) -> LockRecord:
    """Return the record of a lock that its holder gives back: the next one may take it at once."""
    return LockRecord("", 1, now, now, before.transitions)


def with_lock_record(obj: Object, record: LockRecord, resource: Resource) -> Object:
    """Return *obj* with *record* in it, where one of *resource* has it; the rest is as it was."""
    if resource == LEASES:
        return {**obj, "spec": {**map_at(obj, "spec"), **_make_lease(record)}}
    metadata = map_at(obj, "metadata")
    annotations = {**map_at(metadata, "annotations"), LEADER_ANNOTATION: _write_json(record)}
    return {**obj, "metadata": {**metadata, "annotations": annotations}}


def _write_json(record: LockRecord) -> str:
    """Return the record in the order of fields and without the spaces that Go writes."""
    fields = {
        "holderIdentity": record.holder,
        "leaseDurationSeconds": record.seconds,
        "acquireTime": record.acquired,
        "renewTime": record.renewed,
        "leaderTransitions": record.transitions,
    }
    return json.dumps(fields, separators=(",", ":"))


def _make_lease(record: LockRecord) -> Object:
    return {
        "holderIdentity": record.holder,
        "leaseDurationSeconds": record.seconds,
        "acquireTime": _with_micros(record.acquired),
        "renewTime": _with_micros(record.renewed),
        "leaseTransitions": record.transitions,
    }


def _read_lease(spec: Mapping[str, Any]) -> LockRecord:
    return LockRecord(
        holder=_text(spec, "holderIdentity"),
        seconds=_count(spec, "leaseDurationSeconds"),
        acquired=_without_micros(_text(spec, "acquireTime")),
        renewed=_without_micros(_text(spec, "renewTime")),
        transitions=_count(spec, "leaseTransitions"),
    )


def _with_micros(time: str) -> str:
    """Return a time as the API of Leases wants it."""
    return time.removesuffix("Z") + ".000000Z"


def _without_micros(time: str) -> str:
    whole, dot, _ = time.partition(".")
    return f"{whole}Z" if dot else time


def _text(obj: Mapping[str, Any], field: str) -> str:
    found: Any = obj.get(field)
    return found if isinstance(found, str) else ""


def _count(obj: Mapping[str, Any], field: str) -> int:
    found: Any = obj.get(field)
    return found if isinstance(found, int) and not isinstance(found, bool) and found > 0 else 0
