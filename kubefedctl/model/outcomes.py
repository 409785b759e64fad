"""
What came of looking at a cluster: of one object in it, or of its health.

Here: the results that `ops` gathers and that `core.reporting` and `core.health` turn into statuses.
Not here: the words of those statuses (`statuses`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kubefedctl.model.refs import Object
from kubefedctl.model.statuses import PropagationStatus


@dataclass(frozen=True, slots=True)
class ClusterOutcome:
    """
    What one run did with one federated object in one member cluster.

    Args:
        status: How the object stands there now.
        remote_status: `status` of the member object; None unless statuses are collected and it
            has one.
        was_updated: Whether an existing object was changed; creating one does not count.
    """

    status: PropagationStatus = PropagationStatus.OK
    remote_status: Object | None = None
    was_updated: bool = False


class ProbeKind(StrEnum):
    """How a cluster answered the question for its health."""

    OK = "ok"
    NOT_OK = "not ok"
    UNREACHABLE = "unreachable"
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class Probe:
    """
    The answer of a cluster to `/healthz`, and what else was learnt on the way.

    Args:
        kind: How it answered; MALFORMED where its registration does not suffice to ask.
        message: Why it could not be reached or asked; empty otherwise.
        kubernetes_version: `gitVersion` of its API server; empty where unknown.
        zones: Zones of its nodes, sorted; None where its nodes were not looked at.
        region: Region of its nodes; empty where they name none or were not looked at.
    """

    kind: ProbeKind
    message: str = ""
    kubernetes_version: str = ""
    zones: tuple[str, ...] | None = None
    region: str = ""
