"""
What an operation says while it runs. Operations yield events; renderers listen.

Here: one small frozen class for each kind of thing that can be said, and the words for what became
of an object. Not here: how any of it is printed (`render`).

Laws:
1. An event holds data, never formatted terminal text, and never the value of a Secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from kubefedctl.model.changes import Comparison
from kubefedctl.model.findings import Diagnosis
from kubefedctl.model.progress import Goal, Progress
from kubefedctl.model.refs import Object, Subject
from kubefedctl.model.renderings import Rendering
from kubefedctl.model.reviews import Draft
from kubefedctl.model.schedules import Schedule
from kubefedctl.model.situations import Glance, Situation
from kubefedctl.model.tables import FleetTable


class Output(StrEnum):
    """Forms in which objects are printed."""

    YAML = "yaml"
    JSON = "json"
    NAME = "name"


class Verdict(StrEnum):
    """What became of an object in a cluster."""

    CREATED = "created"
    UPDATED = "updated"
    ADOPTED = "adopted"
    RECREATED = "recreated"
    DELETED = "deleted"
    UNLABELLED = "unlabelled"
    UNCHANGED = "unchanged"
    WAITING = "waiting"
    SKIPPED = "skipped"
    FAILED = "failed"


CHANGES = frozenset(
    {
        Verdict.CREATED,
        Verdict.UPDATED,
        Verdict.ADOPTED,
        Verdict.RECREATED,
        Verdict.DELETED,
        Verdict.UNLABELLED,
    }
)
"""The verdicts that tell of a write."""


@dataclass(frozen=True, slots=True)
class Step:
    """
    A step on the way, for those who asked for more talk.

    Args:
        text: What is being done, in words.
        level: The least `--v` that shows it.
    """

    text: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class Warned:
    """
    Something the user should know though it stops nothing.

    Args:
        text: The sentence.
        is_failure: Whether it is counted among the failures of the run.
    """

    text: str
    is_failure: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """
    What became of one object.

    Args:
        verdict: The word for it.
        subject: The object.
        cluster: The cluster it is in.
        reason: KubeFed's word for why not, such as `ClusterNotReady`; empty when all is well.
        detail: The cause in words, or a remark; empty for none.
        is_dry_run: Nothing was written; this is what would have been.
        level: The least `--v` that shows it; above 0 where one line stands for many.
    """

    verdict: Verdict
    subject: Subject
    cluster: str
    reason: str = ""
    detail: str = ""
    is_dry_run: bool = False
    level: int = 0

    @property
    def cause(self) -> str:
        """
        Why, or a remark: what follows the object in a line.

        >>> Result(Verdict.FAILED, Subject("A", "", "a"), "c", "UpdateFailed", "422").cause
        'UpdateFailed: 422'
        """
        return ": ".join(part for part in (self.reason, self.detail) if part)


@dataclass(frozen=True, slots=True)
class Line:
    """
    A result line of the original tool, kept to the letter because scripts read it.

    Args:
        text: The line.
        is_answer: Whether it is what was asked for, or a warning: told also where only trouble is.
    """

    text: str
    is_answer: bool = False


@dataclass(frozen=True, slots=True)
class Documents:
    """Objects to be printed, in the form that was asked for, instead of being written."""

    objects: tuple[Object, ...]


@dataclass(frozen=True, slots=True)
class ClusterTally:
    """
    What happened in one cluster over a whole run.

    Args:
        cluster: Its name.
        is_ready: Whether it answered its health probe with ok.
        counts: How many objects met each verdict; only verdicts that occurred.
        note: Why it is not ready; empty when it is.
        is_offline: Whether it gave no answer at all.
        wave: The wave that it is in; empty where there are none.
    """

    cluster: str
    is_ready: bool
    counts: dict[Verdict, int]
    note: str = ""
    is_offline: bool = False
    wave: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """
    The end of a sync.

    Args:
        clusters: One tally for each member cluster, sorted by name.
        federated: How many federated objects were looked at.
        is_dry_run: Whether nothing was written.
        in_step: Which objects nothing was to be done about, and in which clusters.
    """

    clusters: tuple[ClusterTally, ...]
    federated: int
    is_dry_run: bool = False
    in_step: Mapping[Subject, tuple[str, ...]] = field(
        default_factory=dict, repr=False, compare=False
    )


@dataclass(frozen=True, slots=True)
class Planned:
    """
    The members are about to be written; a `Result` for each action follows.

    Args:
        actions: How many actions there are for each cluster that has any.
    """

    actions: dict[str, int]


@dataclass(frozen=True, slots=True)
class Waiting:
    """
    Nothing was heard of the members for a while.

    Args:
        seconds: For how long.
        pending: How many actions have no result yet, for each cluster that has any such.
    """

    seconds: int
    pending: dict[str, int]


@dataclass(frozen=True, slots=True)
class WaitBegun:
    """
    Objects in members are waited for from now on; a `Progressed` for each of them follows.

    Args:
        total: How many.
        goal: What they are to become.
        wave: The wave of clusters that they are in; empty where there are no waves.
    """

    total: int
    goal: Goal
    wave: str = ""


@dataclass(frozen=True, slots=True)
class Progressed:
    """
    How far an object is that is waited for, when that has changed.

    Args:
        subject: The object.
        cluster: The member it is in.
        progress: How far it is, and why not further.
    """

    subject: Subject
    cluster: str
    progress: Progress


@dataclass(frozen=True, slots=True)
class WaitGoesOn:
    """Nothing has changed of what is waited for; time passes."""


@dataclass(frozen=True, slots=True)
class WaitEnded:
    """Nothing is waited for any more; a `Result` follows for each object that is not there yet."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """
    How replicas would be spread.

    Args:
        schedule: The answer, with what was asked.
    """

    schedule: Schedule


@dataclass(frozen=True, slots=True)
class Standing:
    """
    How a federation stands.

    Args:
        situation: Clusters, types and objects.
    """

    situation: Situation


@dataclass(frozen=True, slots=True)
class Compared:
    """
    What a sync would change.

    Args:
        comparison: Objects with their fields.
    """

    comparison: Comparison


@dataclass(frozen=True, slots=True)
class Rendered:
    """
    The manifests of each cluster, to be printed.

    Args:
        rendering: Manifests and errors.
    """

    rendering: Rendering


@dataclass(frozen=True, slots=True)
class Tabulated:
    """
    Objects of many clusters, to be shown as their servers show them.

    Args:
        tables: One for each type.
        is_wide: Whether columns that need more room are shown.
        has_namespaces: Whether the objects come from all namespaces.
    """

    tables: tuple[FleetTable, ...]
    is_wide: bool = False
    has_namespaces: bool = False


@dataclass(frozen=True, slots=True)
class Drafted:
    """
    A plan to be written down, so that it can be reviewed and carried out later.

    Args:
        draft: The plan, and what it changes.
    """

    draft: Draft


@dataclass(frozen=True, slots=True)
class Diagnosed:
    """
    What is wrong with a federation.

    Args:
        diagnosis: All findings.
    """

    diagnosis: Diagnosis


Event: TypeAlias = (
    Step
    | Warned
    | Result
    | Line
    | Documents
    | Planned
    | Waiting
    | WaitBegun
    | Progressed
    | WaitGoesOn
    | WaitEnded
    | Summary
    | Forecast
    | Standing
    | Glance
    | Compared
    | Rendered
    | Tabulated
    | Drafted
    | Diagnosed
)


def counted(number: int, noun: str) -> str:
    """
    Return a number with its noun, as sentences need it.

    >>> counted(1, "change"), counted(2, "change")
    ('1 change', '2 changes')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
