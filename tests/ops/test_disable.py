"""Tests of `disable`: the original's lines in its order, and what it needs no controller for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from kubefedctl.core.structures import make_crd
from kubefedctl.errors import (
    ConflictError,
    ControlPlaneError,
    InputError,
    RefusedError,
    ServerError,
    WaitTimeout,
)
from kubefedctl.model.events import Documents, Event, Line
from kubefedctl.model.objects import SYNC_FINALIZER, TYPE_CONFIG_FINALIZER
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.wellknown import CRDS, TYPE_CONFIGS
from kubefedctl.ops.disable import DisableOptions, disable
from tests.core.makers import CONFIG_MAP, DEPLOYMENT, NAMESPACE
from tests.fakes import MemoryCluster
from tests.ops.stage import (
    AT_ONCE,
    FEDERATED_CONFIG_MAPS,
    KNS,
    WEB,
    error,
    federate,
    make_fleet,
    make_host,
    served,
    told,
    words,
)

PACE = replace(AT_ONCE, controller=0.0, removal=0.0)
CONFIG = Key(KNS, "configmaps")
CRD = Key("", "federatedconfigmaps.types.kubefed.io")
PLAIN = DisableOptions()
WITH_CRD = DisableOptions(deletes_crd=True)
CASCADE = DisableOptions(deletes_crd=True, cascades=True)
STOPPED = [
    'Disabled propagation for FederatedTypeConfig "kube-federation-system/configmaps"',
    "Verifying propagation controller is stopped for FederatedTypeConfig"
    ' "kube-federation-system/configmaps"',
    'Propagation controller for FederatedTypeConfig "kube-federation-system/configmaps" is stopped',
]
DELETED = ['federatedtypeconfig "kube-federation-system/configmaps" deleted']
CRD_DELETED = ['customresourcedefinition "federatedconfigmaps.types.kubefed.io" deleted']


class Answers:
    """Who is asked before federated objects are deleted."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.questions: list[str] = []
        self._refuses = refuses

    def __call__(self, question: str) -> None:
        self.questions.append(question)
        if self._refuses:
            raise RefusedError("no")


@pytest.fixture
def host() -> MemoryCluster:
    """A host with ConfigMaps enabled, held by KubeFed's finalizer, and the CRD."""
    host = make_host(members=())
    found = host.find(TYPE_CONFIGS, CONFIG)
    assert found is not None
    metadata = {**found["metadata"], "finalizers": [TYPE_CONFIG_FINALIZER]}
    host.alter(TYPE_CONFIGS, CONFIG, metadata=metadata)
    host.add(CRDS, make_crd(FEDERATED_CONFIG_MAPS, schema={}))
    host.discovery = served(CONFIG_MAP, DEPLOYMENT, NAMESPACE)  # type: ignore[attr-defined]
    return host


def run(
    host: MemoryCluster,
    *names: str,
    options: DisableOptions = PLAIN,
    answers: Answers | None = None,
) -> Iterator[Event]:
    return disable(
        make_fleet(host), names or ("cm",), options, confirm=answers or Answers(), pace=PACE
    )


def lines(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, Line)]


def set_status(host: MemoryCluster, word: str) -> None:
    host.alter(TYPE_CONFIGS, CONFIG, status={"propagationController": word})


@pytest.mark.parametrize("name", ["cm", "ConfigMap", "configmaps"])
def test_disable_names_a_type_in_any_way(host: MemoryCluster, name: str) -> None:
    """A name without a dot is looked up; the lines are the original's, to the letter."""
    events, failure = told(run(host, name))
    assert None is failure
    assert [*STOPPED, *DELETED] == lines(events)


def test_disable_without_controller_says_itself_that_it_is_stopped(host: MemoryCluster) -> None:
    """Propagation off, then the status of that generation, then the type config goes."""
    _, failure = told(run(host))
    assert None is failure
    subject = f"FederatedTypeConfig/{KNS}/configmaps"
    assert [(act, subject) for act in ("update", "patch", "delete", "update")] == host.writes()
    assert None is host.find(TYPE_CONFIGS, CONFIG)
    assert host.find(CRDS, CRD) is not None


def test_disable_writes_the_status_of_the_disabled_generation(host: MemoryCluster) -> None:
    """What is seen between the status and the deletion is a type that no controller propagates."""
    seen: list[Object | None] = []
    host.before_next("delete", lambda cluster: seen.append(cluster.find(TYPE_CONFIGS, CONFIG)))
    told(run(host))
    assert seen[0] is not None
    assert "Disabled" == seen[0]["spec"]["propagation"]
    status = {"observedGeneration": 2, "propagationController": "NotRunning"}
    assert status == seen[0]["status"]


def test_disable_of_what_was_stopped_writes_no_status(host: MemoryCluster) -> None:
    """A type that a controller has stopped before is not written to again."""
    found = host.find(TYPE_CONFIGS, CONFIG)
    assert found is not None
    host.alter(TYPE_CONFIGS, CONFIG, spec={**found["spec"], "propagation": "Disabled"})
    set_status(host, "NotRunning")
    events, _ = told(run(host))
    assert [*STOPPED[1:], *DELETED] == lines(events)
    assert [] == [act for act, _ in host.writes() if act == "patch"]


def test_disable_waits_for_a_controller_that_runs(host: MemoryCluster) -> None:
    """Its answer is waited for, and is enough."""
    set_status(host, "Running")
    host.before_next("update", lambda cluster: set_status(cluster, "NotRunning"))
    events, failure = told(run(host))
    assert None is failure
    assert [*STOPPED, *DELETED] == lines(events)
    assert [] == [act for act, _ in host.writes() if act == "patch"]


def test_disable_with_a_controller_that_does_not_stop_says_how_to_go_on(
    host: MemoryCluster,
) -> None:
    """Propagation stays off, the type config stays, and the hint tells of both ways."""
    set_status(host, "Running")
    events, failure = told(run(host))
    assert isinstance(failure, WaitTimeout)
    assert STOPPED[:2] == lines(events)
    assert "its propagation is Disabled now" in failure.message
    assert "--subresource=status" in failure.hint
    found = host.find(TYPE_CONFIGS, CONFIG)
    assert found is not None
    assert "Disabled" == found["spec"]["propagation"]
    assert "Running" == found["status"]["propagationController"]


def test_disable_of_a_vanished_type_config_goes_on(host: MemoryCluster) -> None:
    """Somebody else deleted it while its controller was waited for."""
    set_status(host, "Running")

    def vanish(cluster: MemoryCluster) -> None:
        cluster.before_next("get", lambda later: later.remove(TYPE_CONFIGS, CONFIG))

    host.before_next("update", vanish)
    events, failure = told(run(host))
    assert None is failure
    assert DELETED[0] == lines(events)[-1]


def test_disable_survives_a_conflict(host: MemoryCluster) -> None:
    """A type config that changed in between is read again."""
    host.fail_next("update", error(ConflictError, 409), times=2)
    _, failure = told(run(host))
    assert None is failure
    assert None is host.find(TYPE_CONFIGS, CONFIG)


def test_disable_with_a_foreign_finalizer_warns(host: MemoryCluster) -> None:
    """A finalizer that is not KubeFed's is left alone and named."""
    found = host.find(TYPE_CONFIGS, CONFIG)
    assert found is not None
    held = {**found["metadata"], "finalizers": [TYPE_CONFIG_FINALIZER, "example.com/hold"]}
    host.alter(TYPE_CONFIGS, CONFIG, metadata=held)
    events, failure = told(run(host))
    assert None is failure
    subject = f"FederatedTypeConfig/{KNS}/configmaps in cluster host"
    assert [f"warning: {subject} is held by the finalizers example.com/hold"] == words(events)


def test_disable_of_a_missing_type_config_is_a_note(host: MemoryCluster) -> None:
    """The original ends with 0; a name with a dot is not looked up."""
    events, failure = told(run(host, "widgets.example.com"))
    assert None is failure
    assert ['FederatedTypeConfig "kube-federation-system/widgets.example.com" does not exist'] == (
        lines(events)
    )
    assert [] == host.writes()


def test_disable_of_an_unknown_type_is_an_input_error(host: MemoryCluster) -> None:
    """No type, no write, also for the names before it."""
    _, failure = told(run(host, "cm", "nonsense"))
    assert isinstance(failure, InputError)
    assert [] == host.writes()


def test_disable_of_several_types_in_one_call(host: MemoryCluster) -> None:
    """One after the other; one named twice counts once."""
    events, _ = told(run(host, "cm", "namespaces", "configmaps"))
    assert [] == host.objects(TYPE_CONFIGS)
    assert 7 == len(lines(events)) - 1
    warning = "warning: without the type config namespaces no namespaced type is propagated"
    assert [warning] == words(events)


def test_disable_dry_run_writes_nothing_and_tells(host: MemoryCluster) -> None:
    """What would be deleted, in order."""
    events, _ = told(run(host, options=replace(WITH_CRD, is_dry_run=True)))
    assert [
        f"deleted CustomResourceDefinition/{CRD} in host (dry run)",
        f"deleted FederatedTypeConfig/{KNS}/configmaps in host (dry run)",
    ] == words(events)
    assert [] == host.writes()


def test_disable_dry_run_of_a_missing_type_config_asks_no_more(host: MemoryCluster) -> None:
    """As in the original, only the note."""
    options = replace(WITH_CRD, is_dry_run=True)
    events, failure = told(run(host, "widgets.example.com", options=options))
    assert None is failure
    assert 1 == len(events)


# --- the CRD -------------------------------------------------------------------------------------


def test_disable_with_crd_deletes_it_before_the_type_config(host: MemoryCluster) -> None:
    """The original's order."""
    events, failure = told(run(host, options=WITH_CRD))
    assert None is failure
    assert [*STOPPED, *CRD_DELETED, *DELETED] == lines(events)
    assert None is host.find(CRDS, CRD)


def test_disable_with_crd_that_is_gone_says_so(host: MemoryCluster) -> None:
    """A second run after a crash."""
    host.remove(CRDS, CRD)
    events, _ = told(run(host, options=WITH_CRD))
    missing = 'customresourcedefinition "federatedconfigmaps.types.kubefed.io" does not exist'
    assert [*STOPPED, missing, *DELETED] == lines(events)


def test_disable_with_crd_without_type_config_takes_it_from_the_target(
    host: MemoryCluster,
) -> None:
    """Group and version of the flags count."""
    host.remove(TYPE_CONFIGS, CONFIG)
    options = replace(WITH_CRD, federated_group="fed.example.com", target_version="v1")
    events, failure = told(run(host, options=options))
    assert None is failure
    assert (
        'customresourcedefinition "federatedconfigmaps.fed.example.com" does not exist'
        == (lines(events)[-1])
    )


def test_disable_with_crd_refuses_while_federated_objects_exist(host: MemoryCluster) -> None:
    """Nothing has been changed by then."""
    federate(host)
    _, failure = told(run(host, options=WITH_CRD))
    assert isinstance(failure, RefusedError)
    assert (
        f"cannot delete CustomResourceDefinition/{CRD} in cluster host: 1 object of it there"
        == failure.message
    )
    assert [] == host.writes()


def test_disable_with_crd_looks_again_before_it_deletes(host: MemoryCluster) -> None:
    """An object that was made meanwhile keeps its CRD."""
    host.before_next("update", lambda cluster: federate(cluster))
    _, failure = told(run(host, options=WITH_CRD))
    assert isinstance(failure, RefusedError)
    assert host.find(CRDS, CRD) is not None


def test_disable_with_crd_in_another_version_still_finds_its_objects(host: MemoryCluster) -> None:
    """The type config's version is not what is asked for, but the CRD's."""
    found = host.find(TYPE_CONFIGS, CONFIG)
    assert found is not None
    federated = {**found["spec"]["federatedType"], "version": "v9"}
    host.alter(TYPE_CONFIGS, CONFIG, spec={**found["spec"], "federatedType": federated})
    federate(host)
    _, failure = told(run(host, options=WITH_CRD))
    assert isinstance(failure, RefusedError)


def test_disable_with_crd_of_a_broken_type_config_names_the_field(host: MemoryCluster) -> None:
    """Which CRD it is cannot be known."""
    host.alter(TYPE_CONFIGS, CONFIG, spec={"propagation": "Enabled"})
    _, failure = told(run(host, options=WITH_CRD))
    assert isinstance(failure, ControlPlaneError)
    assert [] == host.writes()


def test_disable_that_cannot_list_federated_objects_changes_nothing(host: MemoryCluster) -> None:
    """A failed list is no empty one."""
    host.fail_next("list", error(ServerError, 500))
    _, failure = told(run(host, options=WITH_CRD))
    assert isinstance(failure, ServerError)
    assert [] == host.writes()


# --- cascade -------------------------------------------------------------------------------------


def test_cascade_deletes_what_no_sync_holds_and_goes_on(host: MemoryCluster) -> None:
    """Objects that were never synced go at once, and then their type."""
    federate(host, finalizers=[])
    answers = Answers()
    events, failure = told(run(host, options=CASCADE, answers=answers))
    assert None is failure
    assert [
        "delete 1 federated object of configmaps in cluster host, and with a sync their objects in"
        " every member?"
    ] == answers.questions
    assert ["deleted FederatedConfigMap/shop/web in host"] == words(events)
    assert [*STOPPED, *CRD_DELETED, *DELETED] == lines(events)


def test_cascade_leaves_what_a_sync_must_finish_and_the_type_enabled(host: MemoryCluster) -> None:
    """The finalizer stays, and so does the type, or no sync would look at it."""
    federate(host)
    events, failure = told(run(host, options=CASCADE))
    assert isinstance(failure, WaitTimeout)
    assert "kubefedctl sync, then run the command again" == failure.hint
    assert [
        "waiting FederatedConfigMap/shop/web in host: a sync takes it out of the members"
    ] == words(events)
    left = host.find(FEDERATED_CONFIG_MAPS, WEB)
    assert left is not None
    assert [SYNC_FINALIZER] == left["metadata"]["finalizers"]
    config = host.find(TYPE_CONFIGS, CONFIG)
    assert config is not None
    assert "Enabled" == config["spec"]["propagation"]


def test_cascade_again_asks_no_more_and_goes_on_after_the_sync(host: MemoryCluster) -> None:
    """What is on its way is not deleted twice; when it is gone the type goes."""
    federate(host)
    told(run(host, options=CASCADE))
    answers = Answers()
    _, failure = told(run(host, options=CASCADE, answers=answers))
    assert isinstance(failure, WaitTimeout)
    host.remove(FEDERATED_CONFIG_MAPS, WEB)
    _, failure = told(run(host, options=CASCADE, answers=answers))
    assert None is failure
    assert [] == answers.questions
    assert None is host.find(CRDS, CRD)


def test_cascade_waits_for_a_controller_that_finishes_them(host: MemoryCluster) -> None:
    """Where one runs, it is given time."""
    set_status(host, "Running")
    federate(host)

    def finish(cluster: MemoryCluster) -> None:
        cluster.before_next("list", lambda later: later.remove(FEDERATED_CONFIG_MAPS, WEB), name="")
        cluster.before_next("update", lambda later: set_status(later, "NotRunning"))

    host.before_next("delete", finish)
    events, failure = told(run(host, options=CASCADE))
    assert None is failure
    assert ["deleted FederatedConfigMap/shop/web in host"] == words(events)


@pytest.mark.parametrize("state", ["is disabled", "has no type config"])
def test_cascade_refuses_where_no_sync_would_finish_it(host: MemoryCluster, state: str) -> None:
    """Refused before anything is deleted, with how to go on."""
    federate(host)
    if state == "is disabled":
        found = host.find(TYPE_CONFIGS, CONFIG)
        assert found is not None
        host.alter(TYPE_CONFIGS, CONFIG, spec={**found["spec"], "propagation": "Disabled"})
    else:
        host.remove(TYPE_CONFIGS, CONFIG)
    _, failure = told(run(host, options=CASCADE))
    assert isinstance(failure, RefusedError)
    assert f"configmaps {state}, so no sync would take 1 object of it" in failure.message
    assert "kubefedctl enable configmaps, then run the command again" == failure.hint
    assert [] == host.writes()


def test_cascade_of_what_is_gone_meanwhile_goes_on(host: MemoryCluster) -> None:
    """Somebody else deleted it after it was seen."""
    federate(host, finalizers=[])
    host.before_next("delete", lambda cluster: cluster.remove(FEDERATED_CONFIG_MAPS, WEB))
    events, failure = told(run(host, options=CASCADE))
    assert None is failure
    assert ["deleted FederatedConfigMap/shop/web in host"] == words(events)


def test_cascade_does_not_delete_what_was_made_since(host: MemoryCluster) -> None:
    """An object of the same name is another one: the deletion names the uid that was seen."""
    federate(host, finalizers=[])

    def replace_it(cluster: MemoryCluster) -> None:
        cluster.remove(FEDERATED_CONFIG_MAPS, WEB)
        federate(cluster, finalizers=[])

    host.before_next("delete", replace_it)
    _, failure = told(run(host, options=CASCADE))
    assert isinstance(failure, ConflictError)
    assert host.find(FEDERATED_CONFIG_MAPS, WEB) is not None


def test_cascade_declined_deletes_nothing(host: MemoryCluster) -> None:
    """The answer no ends the command."""
    federate(host)
    _, failure = told(run(host, options=CASCADE, answers=Answers(refuses=True)))
    assert isinstance(failure, RefusedError)
    assert [] == host.writes()


def test_cascade_dry_run_asks_nobody(host: MemoryCluster) -> None:
    """It tells of the objects, too."""
    federate(host)
    answers = Answers(refuses=True)
    events, failure = told(run(host, options=replace(CASCADE, is_dry_run=True), answers=answers))
    assert None is failure
    assert "deleted FederatedConfigMap/shop/web in host (dry run)" == words(events)[0]
    assert ([], []) == (answers.questions, host.writes())


# --- showing -------------------------------------------------------------------------------------


def test_cascade_shows_what_goes_in_its_order_and_deletes_nothing(host: MemoryCluster) -> None:
    """Federated objects, CRD, type config, as they stand; nobody is asked."""
    made = federate(host, spec={"template": {"data": {"k": "v"}}})
    answers = Answers(refuses=True)
    options = replace(CASCADE, is_dry_run=True, prints_objects=True)
    events, failure = told(run(host, options=options, answers=answers))
    assert (None, [], []) == (failure, host.writes(), answers.questions)
    (documents,) = [event for event in events if isinstance(event, Documents)]
    first, crd, config = documents.objects
    assert (made["spec"], CRD.name) == (first["spec"], crd["metadata"]["name"])
    assert host.find(TYPE_CONFIGS, CONFIG) == config


def test_disable_shows_a_crd_without_a_type_config(host: MemoryCluster) -> None:
    """It would go all the same."""
    host.remove(TYPE_CONFIGS, CONFIG)
    options = replace(WITH_CRD, is_dry_run=True, prints_objects=True)
    events, _ = told(run(host, options=options))
    (documents,) = [event for event in events if isinstance(event, Documents)]
    assert [CRD.name] == [found["metadata"]["name"] for found in documents.objects]


def test_disable_shows_and_goes_on_where_it_is_no_dry_run(host: MemoryCluster) -> None:
    """A server dry run goes through every write."""
    events, failure = told(run(host, options=replace(PLAIN, prints_objects=True)))
    assert isinstance(events[0], Documents)
    assert (None, [*STOPPED, *DELETED]) == (failure, lines(events))
