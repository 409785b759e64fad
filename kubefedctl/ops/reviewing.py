"""
Plans that are written down, reviewed, and carried out later: `sync --plan-out` and `sync --plan`.

Here: which API servers are meant, the order of comparing and holding back, and what is told. Not
here: any rule of it (`core.reviewing`, `core.restricting`).

Laws:
1. Nothing is written before the comparison has passed, but the members' health.
2. Without `is_partial`, one thing that moved keeps everything from being written.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from kubefedctl.cluster.port import Cluster
from kubefedctl.core.restricting import restrict_plan
from kubefedctl.core.reviewing import ObjectId, Situation, compare_plans, id_of, write_down
from kubefedctl.errors import (
    ClusterError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    RefusedError,
)
from kubefedctl.model.actions import ObjectPlan, Plan
from kubefedctl.model.events import Drafted, Event, Result, Step, Verdict, counted
from kubefedctl.model.federated import parse_federated
from kubefedctl.model.objects import map_at, resource_version_of, uid_of
from kubefedctl.model.readings import Desired, Observed
from kubefedctl.model.reviews import (
    Draft,
    Identities,
    Prospect,
    Review,
    ReviewedPlan,
)
from kubefedctl.model.wellknown import NAMESPACES
from kubefedctl.ops.clock import now_text
from kubefedctl.ops.fanout import run_all, run_side_by_side
from kubefedctl.ops.foreseeing import foresee
from kubefedctl.ops.propagating import MOVED, Executed
from kubefedctl.ops.totals import Totals

_LASTING = "kube-system"
_SPREAD = ("placement", "overrides")
_HINT = "make a new plan with kubefedctl sync --plan-out FILE and have it reviewed"


@dataclass(frozen=True, slots=True)
class Reviewing:
    """
    What a run has to do with plans that are written down.

    Args:
        drafts: Whether one is to be made.
        plan: One that is to be carried out; None for whatever there is to do.
        is_partial: Whether it is carried out though some of it has moved.
    """

    drafts: bool = False
    plan: ReviewedPlan | None = None
    is_partial: bool = False


NO_REVIEW = Reviewing()
"""A run that plans and carries out."""


def check_host(host: Cluster, reviewed: ReviewedPlan | None) -> None:
    """
    Hold that *host* is the one that a plan was made for.

    Raises:
        RefusedError: It is another one, or cannot be told to be the same.
    """
    if reviewed is None:
        return
    seen, found = reviewed.identities.host, identify_cluster(host)
    if seen == found:
        return
    if not (seen and found):
        raise RefusedError(
            f"it cannot be told whether {host.name} is the host that the plan was made for: one of"
            " the two accounts may not list the namespace kube-system",
            hint="allow both to list namespaces",
        )
    raise RefusedError(
        f"the plan was made for another host: {reviewed.host_name or 'one without a name'}, whose"
        f" kube-system has not the uid that it has in {host.name}",
        hint="name the right one with --host-cluster-context",
    )


def check_propagation(options: Reviewing) -> None:
    """
    Hold that no plan is asked for of a federation that propagates nothing.

    Raises:
        RefusedError: One is.
    """
    if options.drafts or options.plan is not None:
        raise RefusedError(
            "there is nothing to plan: the feature gate PushReconciler is Disabled in the"
            " KubeFedConfig",
            hint="enable the gate, or leave out --plan and --plan-out",
        )


def identify_cluster(cluster: Cluster) -> str:
    """
    Return what tells an API server from every other one; empty where it may not be read.

    Raises:
        ClusterError: It does not answer.
    """
    only = f"metadata.name={_LASTING}"
    try:
        # NB: a list, which a sync may make anyway
        found = cluster.list(NAMESPACES, field_selector=only, metadata_only=True).items
    except ForbiddenError:
        return ""
    return uid_of(found[0]) if found else ""


def _try_identify(cluster: Cluster) -> str:
    try:
        return identify_cluster(cluster)
    except ClusterError:
        return ""


@dataclass(slots=True)
class Reviewer:
    """
    Keeps one run to what was reviewed, or writes down what it would do.

    Args:
        host: The host cluster.
        options: What to do.
        clusters: The ready members, by name.
        before: What the host asks for, before preferences are followed.
        moved: How many reviewed actions have moved.
    """

    host: Cluster
    options: Reviewing
    clusters: Mapping[str, Cluster]
    before: Desired
    moved: int = 0

    def draft(
        self, plan: Plan, desired: Desired, observed: Observed, *, totals: Totals
    ) -> Iterator[Event]:
        """Yield the plan to be written down, where one is wanted."""
        if self.options.drafts:
            now = self._stand(plan, totals.executed, desired, observed)
            written = write_down(now, made_at=now_text())
            yield Drafted(Draft(written, totals.contrast.end(plan)))

    def hold(
        self, plan: Plan, desired: Desired, observed: Observed
    ) -> Generator[Event, None, Plan]:
        """
        Return what of *plan* was reviewed and has not moved; all of it where nothing was reviewed.

        Raises:
            RefusedError: Something has moved, and a part is not wanted.
        """
        reviewed = self.options.plan
        if reviewed is None:
            return plan
        yield Step(f"comparing with the plan of {reviewed.made_at}")
        uids = frozenset(desired.host_namespace_uids.values())
        done = foresee(plan, self.clusters, host_namespace_uids=uids)
        now = self._stand(plan, done, desired, observed)
        review = compare_plans(reviewed, now)
        yield from self._tell(review)
        self.moved = len(review.moved)
        if review.moved and not self.options.is_partial:
            raise RefusedError(
                f"{self._count_moved()} since the plan was made at {reviewed.made_at}, and nothing"
                " was written",
                hint=f"{_HINT}; --partial carries out the rest of this one",
            )
        return restrict_plan(reviewed, review, now)

    def store_schedules(self, plan: Plan, desired: Desired) -> tuple[Plan, list[Event]]:
        """
        Write what preferences come to into their federated objects.

        Returns:
            *plan* as it is then, without objects that cannot be written or have changed, and what
            is to be told.
        """
        rescheduled = self._find_rescheduled(desired)
        wanted = [found for found in plan.objects if id_of(found.federated) in rescheduled]
        answers = run_all([partial(self._store, found) for found in wanted])
        stored = {id_of(found.federated): a for found, a in zip(wanted, answers, strict=True)}
        kept: list[ObjectPlan] = []
        events: list[Event] = []
        for found in plan.objects:
            answer = stored.get(id_of(found.federated), found)
            if isinstance(answer, ObjectPlan):
                kept.append(answer)
            subject, cluster = found.federated.subject, self.host.name
            if isinstance(answer, str):
                events.append(Result(Verdict.FAILED, subject, cluster, detail=answer))
            elif answer is not found:
                told = Result(Verdict.UPDATED, subject, cluster, detail="replicas, as planned")
                events.append(told)
        return replace(plan, objects=tuple(kept)), events

    def judge(self) -> None:
        """
        End a run that left out what has moved.

        Raises:
            RefusedError: Something has moved.
        """
        if self.moved:
            raise RefusedError(
                f"{self._count_moved()} since the plan was made; the rest of it is done", hint=_HINT
            )

    def _count_moved(self) -> str:
        return f"{counted(self.moved, 'planned change')} moved"

    def _stand(
        self, plan: Plan, done: Iterable[Executed], desired: Desired, observed: Observed
    ) -> Situation:
        names = {name: partial(_try_identify, found) for name, found in self.clusters.items()}
        return Situation(
            plan=plan,
            desired=desired,
            observed=observed,
            prospects=tuple(map(_expect, done)),
            identities=Identities(identify_cluster(self.host), run_side_by_side(names)),
            rescheduled=self._find_rescheduled(desired),
            host_name=self.host.name,
        )

    def _find_rescheduled(self, desired: Desired) -> frozenset[ObjectId]:
        """Federated objects that ask for something else since preferences were followed."""
        return frozenset(
            id_of(found)
            for name, objects in desired.federated.items()
            for key, found in objects.items()
            if found.source.get("spec") != self.before.federated[name][key].source.get("spec")
        )

    def _tell(self, review: Review) -> Iterator[Event]:
        for told in review.settled:
            yield Step(f"{told.subject.within(told.cluster)}: {told.text}", level=0)
        for told in review.moved:
            detail = f"moved since the plan was made: {told.text}"
            yield Result(Verdict.SKIPPED, told.subject, told.cluster, detail=detail)
        for told in review.unplanned:
            yield Result(Verdict.SKIPPED, told.subject, told.cluster, detail=told.text)

    def _store(self, plan: ObjectPlan) -> ObjectPlan | str:
        """Write one federated object as it was compared; return why that cannot be."""
        federated = plan.federated
        resource = federated.type_config.federated
        spec = map_at(federated.source, "spec")
        version = {"resourceVersion": resource_version_of(federated.source)}
        changes = {name: spec[name] for name in _SPREAD if name in spec}
        try:
            stored = self.host.patch(
                resource, federated.key, body={"metadata": version, "spec": changes}
            )
        except (ConflictError, NotFoundError):
            return MOVED
        except ClusterError as error:
            return error.answer
        return replace(plan, federated=parse_federated(stored, federated.type_config))


def _expect(done: Executed) -> Prospect:
    """What an action came to, or would."""
    if done.verdict is Verdict.FAILED:
        return Prospect(done.action, failure=done.detail or done.status.value)
    return Prospect(done.action, done.before if done.verdict is Verdict.ADOPTED else None)
