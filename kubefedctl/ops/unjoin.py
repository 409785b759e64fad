"""
unjoin: take a member cluster out of the federation.

Upstream: pkg/kubefedctl/unjoin.go @ v0.10.0. Unlike there, the member's KubeFed namespace is kept
where it holds anything that join did not make, what is gone already is no error, and what was
propagated can be deleted or unlabelled before (`leaving`).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from kubefedctl.cluster.port import Cluster, Fleet
from kubefedctl.core.concealing import conceal_values
from kubefedctl.core.hostnames import explain_host_name, name_host
from kubefedctl.core.joining import JoinNames, make_join_names, unjoin_targets
from kubefedctl.core.leaving import Fate, question_of
from kubefedctl.errors import ClusterError, InputError, KubefedctlError, UnreachableError
from kubefedctl.model.actions import Action, ActionVerb
from kubefedctl.model.events import Documents, Event, Result, Step, Verdict, Warned
from kubefedctl.model.objects import (
    DEFAULT_KUBEFED_NAMESPACE,
    key_of,
    name_of,
    text_at,
    uid_of,
)
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.wellknown import (
    KUBEFED_CLUSTERS,
    NAMESPACES,
    SECRETS,
)
from kubefedctl.ops.clock import USUAL_PACE, Pace
from kubefedctl.ops.leaving import carry_out, plan_propagated
from kubefedctl.ops.leftovers import find_former_secrets
from kubefedctl.ops.removing import Place, delete_quietly, list_others, read_shown
from kubefedctl.ops.writing import find


@dataclass(frozen=True, slots=True)
class UnjoinOptions:
    """
    What to unjoin.

    Args:
        cluster: The member's name in the federation.
        cluster_context: Its context; empty for one of the cluster's name.
        host_cluster_name: The host's name as it was given to join; empty for its context's name.
        host_cluster_context: The host's context, for names.
        kubefed_namespace: KubeFed's namespace in both clusters.
        force: Clean the host even where the member cannot be cleaned.
        is_dry_run: Tell, delete nothing.
        prints_objects: Yield the objects that would go, or lose the label, before anything else
            is done; in a dry run, instead of telling.
        fate: What becomes of what was propagated to the member.
    """

    cluster: str
    cluster_context: str = ""
    host_cluster_name: str = ""
    host_cluster_context: str = ""
    kubefed_namespace: str = DEFAULT_KUBEFED_NAMESPACE
    force: bool = False
    is_dry_run: bool = False
    fate: Fate = Fate.LEFT
    prints_objects: bool = False


def unjoin(
    fleet: Fleet,
    options: UnjoinOptions,
    *,
    confirm: Callable[[str], None],
    pace: Pace = USUAL_PACE,
) -> Iterator[Event]:
    """
    Yield what happens while a member leaves.

    Args:
        fleet: The host and the member's context.
        options: What to unjoin.
        confirm: Asked before propagated objects are deleted; it raises where the answer is no.
        pace: How long to wait until they are gone.

    Raises:
        PartialFailure: Propagated objects could not be deleted or unlabelled; everything of join's
            stays unless force is given.
        InputError: A name cannot be one, or no cluster of that name is joined and no join left
            anything of it.
        KubeconfigError: The member's context cannot be used, and force is not given.
        ClusterError: A cluster refused a request; the host's entry stays unless force is given.
    """
    names = make_join_names(
        options.cluster,
        host_cluster_name=name_host(
            options.cluster, given=options.host_cluster_name, context=options.host_cluster_context
        ),
        namespace=options.kubefed_namespace,
    )
    yield from _explain(names, options)
    host = fleet.host
    registered = find(host, KUBEFED_CLUSTERS, names.cluster_key)
    leave = _Unjoin(host, names, options, registered, find_former_secrets(host, names, registered))
    if options.prints_objects:
        yield from leave.show(fleet)
        if options.is_dry_run:
            return
    was_there = False
    try:
        member = leave.find_member(fleet)
        gone = yield from leave.end_propagation(member, confirm, pace)
        was_there = yield from leave.clean_member(member, gone=gone)
    except (ClusterError, InputError) as error:
        if not options.force:
            raise
        yield leave.tell_uncleaned(error)
    yield from leave.clean_host(was_there=was_there)


def _explain(names: JoinNames, options: UnjoinOptions) -> Iterator[Event]:
    note = explain_host_name(
        names.host, given=options.host_cluster_name, context=options.host_cluster_context
    )
    if note:
        yield Step(note, level=0)


@dataclass(frozen=True, slots=True)
class _Unjoin:
    """
    One unjoin under way.

    Args:
        host: The host.
        names: The names of the join.
        options: What to unjoin.
        registered: The KubeFedCluster; None where there is none.
        former: The Secrets in the host that joins of the member generated.
    """

    host: Cluster
    names: JoinNames
    options: UnjoinOptions
    registered: Object | None
    former: tuple[Object, ...] = field(repr=False)

    @property
    def in_member(self) -> tuple[Place, ...]:
        """What joins make in the member's namespace or without one, in the order to delete it."""
        return (*unjoin_targets(self.names), (SECRETS, self.names.service_account_key))

    @property
    def in_host(self) -> tuple[Place, ...]:
        """The Secrets that go from the host."""
        named = text_at(self.registered, "spec", "secretRef", "name")
        keys = [Key(self.names.namespace, named)] if named else []
        keys += [key_of(found) for found in self.former if name_of(found) != named]
        return tuple((SECRETS, key) for key in keys)

    def find_member(self, fleet: Fleet) -> Cluster:
        """Return the member."""
        return fleet.context(self.options.cluster_context or self.options.cluster)

    def tell_uncleaned(self, error: KubefedctlError) -> Warned:
        """Say that the member stays as it is."""
        return Warned(f"cluster {self.options.cluster} is not cleaned: {error.message}")

    # --- showing ---------------------------------------------------------------------------------

    def show(self, fleet: Fleet) -> Iterator[Event]:
        """Yield the objects that would go, in their order."""
        found: list[Object] = []
        try:
            found += self._look(self.find_member(fleet))
        except (ClusterError, InputError) as error:
            if not self.options.force:
                raise
            yield self.tell_uncleaned(error)
        found += read_shown(self.host, self.in_host)
        found += [self.registered] if self.registered is not None else []
        if self._lacks_entry(bool(found)):
            raise self._not_joined()
        yield Documents(tuple(map(conceal_values, found)))

    def _look(self, member: Cluster) -> list[Object]:
        actions = self._plan(member, metadata_only=False)
        deleted = {(a.resource, a.key) for a in actions if a.verb is ActionVerb.DELETE}
        space, _ = self._judge_namespace(member, gone=deleted)
        return [
            *(action.observed for action in actions if action.observed is not None),
            *read_shown(member, self.in_member),
            *([space] if space is not None else []),
        ]

    # --- in the member ---------------------------------------------------------------------------

    def _plan(self, member: Cluster, *, metadata_only: bool = True) -> tuple[Action, ...]:
        if self.registered is None or self.options.fate is Fate.LEFT:
            return ()
        return plan_propagated(
            self.host, member, self.names, fate=self.options.fate, metadata_only=metadata_only
        )

    def end_propagation(
        self, member: Cluster, confirm: Callable[[str], None], pace: Pace
    ) -> Generator[Event, None, AbstractSet[Place]]:
        """Delete or unlabel what was propagated; return where objects were deleted."""
        actions = self._plan(member)
        if not actions:
            return frozenset()
        is_host = member.endpoint.server == self.host.endpoint.server
        question = question_of(actions, cluster=member.name, is_host=is_host)
        if question and not self.options.is_dry_run:
            confirm(question)
        force, is_dry_run = self.options.force, self.options.is_dry_run
        return (
            yield from carry_out(actions, member, force=force, is_dry_run=is_dry_run, pace=pace)
        )

    def clean_member(
        self, member: Cluster, *, gone: AbstractSet[Place]
    ) -> Generator[Event, None, bool]:
        """Delete what join made; return whether any of it was there."""
        was_there = False
        for place in self.in_member:
            try:
                was_there |= yield from self._delete(member, place)
            except ClusterError as error:
                if not self.options.force or isinstance(error, UnreachableError):
                    raise
                resource, key = place
                subject = resource.subject(key).within(member.name)
                yield Warned(f"{subject} is left: {error.message}")
        space, reason = self._judge_namespace(member, gone=gone)
        if reason:
            yield Warned(reason)
        if space is not None:
            was_there |= yield from self._delete(member, (NAMESPACES, key_of(space)))
        return was_there

    def _judge_namespace(
        self, member: Cluster, *, gone: AbstractSet[Place]
    ) -> tuple[Object | None, str]:
        """Return the member's KubeFed namespace where it goes, and else why it is kept."""
        key = Key("", self.names.namespace)
        theirs = find(member, NAMESPACES, key)
        ours = find(self.host, NAMESPACES, key)
        if theirs is None or (ours is not None and uid_of(theirs) == uid_of(ours)):
            return None, ""
        others = list_others(member, key.name, ours=frozenset(self.in_member) | gone)
        if not others:
            return theirs, ""
        subject = NAMESPACES.subject(key).within(member.name)
        return None, f"{subject} is kept: it holds {', '.join(others)}"

    # --- in the host -----------------------------------------------------------------------------

    def clean_host(self, *, was_there: bool) -> Iterator[Event]:
        """
        Delete the member's entry and Secrets.

        Args:
            was_there: The member had something that join makes.

        Raises:
            InputError: There was no entry, and nothing of a join that was cut short either; or what
                was propagated was to be dealt with, which without an entry nobody knows.
        """
        for place in self.in_host:
            was_there |= yield from self._delete(self.host, place)
        if self.registered is not None:
            if not self.options.is_dry_run:
                delete_quietly(self.host, KUBEFED_CLUSTERS, self.names.cluster_key)
            yield Result(
                Verdict.DELETED,
                KUBEFED_CLUSTERS.subject(self.names.cluster_key),
                self.host.name,
                is_dry_run=self.options.is_dry_run,
            )
            return
        if self._lacks_entry(was_there):
            raise self._not_joined()
        would = "would be" if self.options.is_dry_run else "is"
        yield Warned(f"{self._not_joined().message}; what a join left of it {would} deleted")

    def _lacks_entry(self, was_there: bool) -> bool:
        """Whether there is no entry and that is an error, whatever else *was_there*."""
        return self.registered is None and not (was_there and self.options.fate is Fate.LEFT)

    def _not_joined(self) -> InputError:
        return InputError(
            f"no cluster {self.options.cluster} is joined to host cluster {self.host.name}",
            hint=f"kubectl get kubefedclusters -n {self.options.kubefed_namespace}",
        )

    def _delete(self, cluster: Cluster, place: Place) -> Generator[Event, None, bool]:
        """Delete an object; return whether it was there."""
        resource, key = place
        subject = resource.subject(key).within(cluster.name)
        if self.options.is_dry_run:
            was_there = find(cluster, resource, key) is not None
            if was_there:
                yield Step(f"would delete {subject}")
            return was_there
        was_there = delete_quietly(cluster, resource, key)
        if was_there:
            yield Step(f"deleted {subject}")
        return was_there
