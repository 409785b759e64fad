"""Reading what the members have, once it is known which of them answer."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from kubefedctl.model.readings import ClusterReading, Desired
from kubefedctl.ops.fanout import run_side_by_side
from kubefedctl.ops.probing import Probed
from kubefedctl.ops.reading import read_member


def read_members(desired: Desired, probed: Mapping[str, Probed]) -> dict[str, ClusterReading]:
    """Read every ready member side by side; the others get a reading that says why not."""
    readings = run_side_by_side(
        {
            name: partial(read_member, found.cluster, desired)
            for name, found in probed.items()
            if found.is_ready and found.cluster is not None
        }
    )
    for name, found in probed.items():
        if name not in readings:
            readings[name] = ClusterReading(name, False, note=found.probe.message)
    return readings
