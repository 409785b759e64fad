"""
Where `enable` and `federate` give something else than KubeFed 0.10, kind by kind.

Every entry points to a sentence of docs/compatibility.md; a test holds that it is there. Whatever
is not listed here must come out as from the original.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

ENABLE_REFUSED = {
    "customresourcedefinitions.apiextensions.k8s.io": "enable refuses CustomResourceDefinition",
}
"""Types that cannot be enabled, with the words of the documentation."""


@dataclass(frozen=True, slots=True)
class Departure:
    """
    How a template differs from the original's.

    Args:
        told: Words that docs/compatibility.md uses for it.
        left_out: Paths below `spec.template` that the original has and ours has not.
        kept: What ours has and the original has not, merged into `spec.template`.
        shortened: Lists below `spec.template`, and how many of their first items ours has.
    """

    told: str
    left_out: tuple[tuple[str, ...], ...] = ()
    kept: dict[str, Any] = field(default_factory=dict)
    shortened: tuple[tuple[tuple[str | int, ...], int], ...] = ()


_JOB_LABELS = (
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-name",
    "controller-uid",
    "job-name",
)

FEDERATE_DEPARTURES: dict[str, Departure] = {
    "Job": Departure(
        "Job",
        left_out=(
            ("spec", "selector"),
            *(("spec", "template", "metadata", "labels", label) for label in _JOB_LABELS),
        ),
    ),
    "PersistentVolumeClaim-bound": Departure("volumeName", left_out=(("spec", "volumeName"),)),
    "Pod": Departure("nodeName", left_out=(("spec", "nodeName"),)),
    "Pod-token": Departure(
        "token volumes",
        shortened=(
            (("spec", "volumes"), 1),
            (("spec", "containers", 0, "volumeMounts"), 1),
        ),
    ),
    "Service-headless": Departure(
        "stays headless", kept={"spec": {"clusterIP": "None", "clusterIPs": ["None"]}}
    ),
}
"""Kinds of `tests.compat.samples` whose template is another one than the original's."""


def apply_departure(kind: str, theirs: Any) -> Any:
    """Return the federated object that the original made, as ours makes it."""
    found = copy.deepcopy(theirs)
    departure = FEDERATE_DEPARTURES.get(kind, Departure(""))
    template = found["spec"]["template"]
    for *steps, last in departure.left_out:
        parts = [template]
        for step in steps:
            parts.append(parts[-1].get(step, {}))
        parts[-1].pop(last, None)
        for parent, step in zip(reversed(parts[:-1]), reversed(steps), strict=True):
            if parent.get(step) == {} and step in ("labels", "metadata"):
                del parent[step]
    for path, length in departure.shortened:
        found_list: Any = template
        for key in path:
            found_list = found_list[key]
        del found_list[length:]
    _merge(template, departure.kept)
    return found


def _merge(old: dict[str, Any], new: dict[str, Any]) -> None:
    for name, value in new.items():
        if isinstance(value, dict) and isinstance(old.get(name), dict):
            _merge(old[name], value)
        else:
            old[name] = copy.deepcopy(value)
