"""Tests of `deinit`: all that init makes goes, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kubefedctl.core.dismantling import pick_definitions, resource_of_definition
from kubefedctl.core.installing import make_control_plane
from kubefedctl.core.structures import make_crd
from kubefedctl.errors import InputError, KubefedctlError, RefusedError, ServerError
from kubefedctl.model.events import Documents, Event
from kubefedctl.model.objects import SYNC_FINALIZER, TYPE_CONFIG_FINALIZER
from kubefedctl.model.refs import Key, Resource
from kubefedctl.model.wellknown import (
    CLUSTER_ROLES,
    CONFIG_MAPS,
    CRDS,
    ENDPOINTS,
    KUBEFED_CLUSTERS,
    KUBEFED_CONFIGS,
    LEASES,
    NAMESPACES,
    SECRETS,
    SERVICE_ACCOUNTS,
    TYPE_CONFIGS,
)
from kubefedctl.ops.deinit import DeinitOptions, deinit
from tests.core.makers import DEPLOYMENT, make_type_config
from tests.fakes import MemoryCluster
from tests.ops.stage import (
    AT_ONCE,
    FEDERATED_CONFIG_MAPS,
    KNS,
    WEB,
    error,
    federate,
    make_fleet,
    place,
    register,
    served,
    steps,
    told,
    words,
)

PACE = replace(AT_ONCE, removal=0.0)
PLAIN = DeinitOptions()
FORCE = DeinitOptions(force=True)
NS = Key("", KNS)
KEPT = f"Namespace/{KNS} in cluster host is kept: it holds"


class Answers:
    """Who is asked before the first deletion."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.questions: list[str] = []
        self._refuses = refuses

    def __call__(self, question: str) -> None:
        self.questions.append(question)
        if self._refuses:
            raise RefusedError("no")


def install(host: MemoryCluster, *, namespace: str = KNS, scope: str = "Cluster") -> None:
    """Add what init writes."""
    for step in make_control_plane(namespace=namespace, scope=scope):
        metadata = step.body["metadata"]
        key = Key(metadata.get("namespace", ""), metadata["name"])
        if host.find(step.resource, key) is None:
            host.add(step.resource, step.body)


@pytest.fixture
def host() -> MemoryCluster:
    """A host as init leaves it, with KubeFed's finalizer on a type config."""
    host = MemoryCluster("host")
    install(host)
    host.add(SERVICE_ACCOUNTS, {"metadata": {"namespace": KNS, "name": "default"}})
    host.add(CONFIG_MAPS, {"metadata": {"namespace": KNS, "name": "kube-root-ca.crt"}})
    key = Key(KNS, "configmaps")
    found = host.find(TYPE_CONFIGS, key)
    assert found is not None
    metadata = {**found["metadata"], "finalizers": [TYPE_CONFIG_FINALIZER]}
    host.alter(TYPE_CONFIGS, key, metadata=metadata)
    kubefeds = (TYPE_CONFIGS, KUBEFED_CLUSTERS, KUBEFED_CONFIGS, FEDERATED_CONFIG_MAPS)
    host.discovery = served(  # type: ignore[attr-defined]
        CONFIG_MAPS, SERVICE_ACCOUNTS, SECRETS, DEPLOYMENT, *kubefeds
    )
    return host


def run(
    host: MemoryCluster, options: DeinitOptions = PLAIN, answers: Answers | None = None
) -> tuple[list[Event], KubefedctlError | None]:
    fleet = make_fleet(host)
    ended = told(deinit(fleet, options, confirm=answers or Answers(), pace=PACE))
    _collect_garbage(host)
    return ended


def _collect_garbage(host: MemoryCluster) -> None:
    """Be the controller that empties namespaces which are gone."""
    present = {found["metadata"]["name"] for found in host.objects(NAMESPACES)}
    for found in host.objects(SERVICE_ACCOUNTS):
        key = Key(found["metadata"]["namespace"], found["metadata"]["name"])
        if key.namespace not in present:
            host.remove(SERVICE_ACCOUNTS, key)


def everything(host: MemoryCluster) -> list[str]:
    """Return what is left in the host but what Kubernetes puts into a namespace."""
    made = ("default", "kube-root-ca.crt")
    return sorted(str(key) for _, _, key in host._objects if key.name not in made)


def test_deinit_removes_all_that_init_made(host: MemoryCluster) -> None:
    """In an order that a run cut short can be completed in, and told object by object."""
    expected = len(everything(host))
    events, failure = run(host)
    assert None is failure
    assert [] == everything(host)
    told_of = words(events)
    assert expected - 1 == len(told_of)  # the service account goes with its namespace
    assert {"deleted"} == {line.split()[0] for line in told_of}
    kinds = list(dict.fromkeys(line.split()[1].split("/")[0] for line in told_of))
    assert [
        "FederatedTypeConfig",
        "KubeFedConfig",
        "ClusterRoleBinding",
        "RoleBinding",
        "ClusterRole",
        "Role",
        "CustomResourceDefinition",
        "Namespace",
    ] == kinds


def test_deinit_of_scope_namespaced_removes_all_as_well() -> None:
    """Its roles are others."""
    host = MemoryCluster("host")
    install(host, scope="Namespaced")
    _, failure = run(host)
    assert None is failure
    assert [] == everything(host)


def test_deinit_asks_once_and_says_what_goes(host: MemoryCluster) -> None:
    """The question has the numbers."""
    answers = Answers()
    run(host, answers=answers)
    assert [
        f"delete 10 type configs, 17 CRDs, 7 roles and bindings, namespace {KNS} in host cluster"
        " host?"
    ] == answers.questions


def test_deinit_declined_deletes_nothing(host: MemoryCluster) -> None:
    """The answer no ends the command."""
    _, failure = run(host, answers=Answers(refuses=True))
    assert isinstance(failure, RefusedError)
    assert [] == host.writes()


def test_deinit_twice_finds_nothing_and_asks_nobody(host: MemoryCluster) -> None:
    """The second run says so."""
    run(host)
    answers = Answers(refuses=True)
    events, failure = run(host, answers=answers)
    assert None is failure
    assert ["nothing of KubeFed's is left in host cluster host"] == steps(events)
    assert [] == answers.questions


def test_deinit_dry_run_tells_all_and_deletes_nothing(host: MemoryCluster) -> None:
    """The lines are those of the run."""
    answers = Answers(refuses=True)
    dry, failure = run(host, replace(PLAIN, is_dry_run=True), answers)
    assert None is failure
    assert ([], []) == (host.writes(), answers.questions)
    real, _ = run(host)
    assert words(real) == [line.removesuffix(" (dry run)") for line in words(dry)]


def test_deinit_shows_what_goes_in_its_order_and_deletes_nothing(host: MemoryCluster) -> None:
    """The objects as they stand; of Secrets and federated Secrets no value."""
    register(host, "c1", token="t0ken")
    federated = make_type_config(SECRETS).federated
    host.add(CRDS, make_crd(federated, schema={}))
    spec = {"template": {"data": {"k": "dmFsdWU="}}, "placement": {}}
    annotations = {"kubectl.kubernetes.io/last-applied-configuration": "dmFsdWU="}
    host.add(federated, {"metadata": {**place(WEB), "annotations": annotations}, "spec": spec})
    answers = Answers(refuses=True)
    options = replace(FORCE, is_dry_run=True, prints_objects=True)
    events, failure = run(host, options, answers)
    assert (None, [], []) == (failure, host.writes(), answers.questions)
    (documents,) = [event for event in events if isinstance(event, Documents)]
    shown = [f"{found['kind']} {found['metadata']['name']}" for found in documents.objects]
    assert {"Secret c1-token", "FederatedSecret web", "KubeFedCluster c1"} < set(shown)
    assert ["ServiceAccount kubefed-controller", f"Namespace {KNS}"] == shown[-2:]
    assert [] == [word for word in ("dDBrZW4=", "dmFsdWU=") if word in str(documents)]
    run(host, FORCE)
    deleted = [subject for verb, subject in host.writes() if verb == "delete"]
    assert sorted(shown[:-2]) == sorted(_kind_and_name(found) for found in deleted[:-1])


def _kind_and_name(subject: str) -> str:
    kind, *_, name = subject.split("/")
    return f"{kind} {name}"


def test_deinit_shows_and_goes_on_where_it_is_no_dry_run(host: MemoryCluster) -> None:
    """A server dry run goes through every deletion."""
    events, failure = run(host, replace(PLAIN, prints_objects=True))
    assert isinstance(events[0], Documents)
    assert (None, []) == (failure, everything(host))


def test_deinit_cut_short_anywhere_is_completed_by_the_next(host: MemoryCluster) -> None:
    """Each deletion made to fail once: the run after it leaves nothing."""
    options = DeinitOptions("fed")
    run(host)
    for _, subject in [found for found in host.writes() if found[0] == "delete"]:
        name = subject.rpartition("/")[2].replace(KNS, "fed")
        broken = MemoryCluster("host")
        install(broken, namespace="fed")
        broken.fail_next("delete", error(ServerError, 500), name=name)
        _, failure = run(broken, options)
        assert isinstance(failure, ServerError), subject
        _, failure = run(broken, options)
        assert None is failure
        assert [] == everything(broken), subject


# --- refusing ------------------------------------------------------------------------------------


def test_deinit_refuses_while_clusters_are_joined(host: MemoryCluster) -> None:
    """They are named, and the hint is what to do."""
    register(host, "c1")
    register(host, "c2")
    _, failure = run(host)
    assert isinstance(failure, RefusedError)
    assert (
        "cannot remove KubeFed from host cluster host: 2 joined clusters: c1, c2" == failure.message
    )
    assert "kubefedctl unjoin c1, or use --force" == failure.hint
    assert [] == host.writes()


def test_deinit_refuses_while_federated_objects_exist(host: MemoryCluster) -> None:
    """One of each is named, up to five."""
    for number in range(7):
        federate(host, Key("shop", f"web{number}"))
    _, failure = run(host)
    assert isinstance(failure, RefusedError)
    assert failure.message.startswith(
        "cannot remove KubeFed from host cluster host: 7 federated objects:"
        " FederatedConfigMap/shop/web0, "
    )
    assert failure.message.endswith(" and 2 more")
    assert [] == host.writes()


def test_deinit_refuses_beside_kubefeds_own_controller(host: MemoryCluster) -> None:
    """Its Helm release must go first."""
    name = "kubefed-controller-manager"
    host.add(DEPLOYMENT, {"metadata": {"namespace": KNS, "name": name}})
    _, failure = run(host)
    assert isinstance(failure, RefusedError)
    assert [] == host.writes()


def test_deinit_with_force_takes_clusters_and_federated_objects_along(
    host: MemoryCluster,
) -> None:
    """What stays in members is said; the finalizers come off, or the CRDs would never go."""
    register(host, "c1")
    federate(host)
    answers = Answers()
    events, failure = run(host, FORCE, answers)
    assert None is failure
    assert [] == everything(host)
    told_of = words(events)
    assert [
        "warning: cluster c1 keeps the service account and roles that join made there",
        "warning: what 1 federated object brought into members stays there, labelled"
        " kubefed.io/managed",
    ] == told_of[:2]
    assert f"deleted Secret/{KNS}/c1-token in host" in told_of
    assert f"deleted KubeFedCluster/{KNS}/c1 in host" in told_of
    assert "deleted FederatedConfigMap/shop/web in host" in told_of
    assert "1 joined cluster, 1 federated object," in answers.questions[0]


# --- what is not KubeFed's -----------------------------------------------------------------------


def test_deinit_keeps_a_namespace_with_other_contents(host: MemoryCluster) -> None:
    """They are named; all else goes."""
    host.add(CONFIG_MAPS, {"metadata": {"namespace": KNS, "name": "mine"}})
    events, failure = run(host)
    assert None is failure
    assert f"warning: {KEPT} ConfigMap/{KNS}/mine" == words(events)[-1]
    assert [KNS, f"{KNS}/mine"] == everything(host)
    again, _ = run(host)
    assert f"warning: {KEPT} ConfigMap/{KNS}/mine" == words(again)[-1]


def test_deinit_takes_the_locks_of_syncs_along(host: MemoryCluster) -> None:
    """They are KubeFed's, and hold no namespace up; where it stays they go all the same."""
    lock = Key(KNS, "kubefed-controller-manager")
    places = ((CONFIG_MAPS, lock), (ENDPOINTS, lock), (LEASES, Key(KNS, "kubefedctl-sync")))
    for resource, key in places:
        host.add(resource, {"metadata": place(key)})
    host.add(CONFIG_MAPS, {"metadata": place(Key(KNS, "mine"))})
    run(host)
    assert [] == [key for resource, key in places if host.find(resource, key)]
    host.remove(CONFIG_MAPS, Key(KNS, "mine"))
    install(host)
    host.add(CONFIG_MAPS, {"metadata": place(lock)})
    run(host)
    assert [] == everything(host)


def test_deinit_looks_at_the_namespace_again_before_it_goes(host: MemoryCluster) -> None:
    """What came while the rest was deleted is kept."""

    def come(cluster: MemoryCluster) -> None:
        cluster.add(CONFIG_MAPS, {"metadata": {"namespace": KNS, "name": "late"}})

    host.before_next("delete", come)
    events, _ = run(host)
    assert f"warning: {KEPT} ConfigMap/{KNS}/late" == words(events)[-1]


@pytest.mark.parametrize("namespace", ["shop", "default"])
def test_deinit_never_deletes_a_namespace_without_a_control_plane(
    host: MemoryCluster, namespace: str
) -> None:
    """A wrong --kubefed-namespace costs nothing, and the right one is named."""
    host.add(NAMESPACES, {"metadata": {"name": namespace}})
    before = everything(host)
    events, failure = run(host, DeinitOptions(namespace))
    assert None is failure
    assert [
        "warning: CRDs and cluster roles are kept: there is a KubeFed control plane in namespace"
        f" {KNS}, too"
    ] == words(events)
    assert before == everything(host)


def test_deinit_in_namespace_default_keeps_that() -> None:
    """A control plane may live there; the namespace is Kubernetes'."""
    host = MemoryCluster("host")
    install(host, namespace="default")
    host.add(NAMESPACES, {"metadata": {"name": "elsewhere"}})
    run(host, DeinitOptions("default"))
    names = [found["metadata"]["name"] for found in host.objects(NAMESPACES)]
    assert ["default", "elsewhere"] == names


def test_deinit_beside_another_control_plane_keeps_what_is_shared(host: MemoryCluster) -> None:
    """CRDs, cluster roles and the neighbour's objects stay."""
    install(host, namespace="other", scope="Namespaced")
    federate(host, Key("other", "web"))
    crds = len(host.objects(CRDS))
    events, failure = run(host, DeinitOptions(KNS))
    assert None is failure
    assert words(events)[0].startswith("warning: CRDs and cluster roles are kept")
    assert crds == len(host.objects(CRDS))
    assert () == host.list(TYPE_CONFIGS, namespace=KNS).items
    assert None is host.find(NAMESPACES, NS)
    assert host.find(KUBEFED_CONFIGS, Key("other", "kubefed")) is not None
    assert host.find(FEDERATED_CONFIG_MAPS, Key("other", "web")) is not None


def test_deinit_keeps_a_role_that_only_has_the_name(host: MemoryCluster) -> None:
    """Without KubeFed's labels it is somebody's."""
    key = Key("", "kubefed-admin")
    host.alter(CLUSTER_ROLES, key, metadata={"name": key.name})
    events, _ = run(host)
    assert (
        "warning: ClusterRole/kubefed-admin in cluster host is kept: it has not KubeFed's"
        in (words(events)[0])
    )
    assert host.find(CLUSTER_ROLES, key) is not None


def _crd(group: str, kind: str, *, plural: str = "") -> dict[str, object]:
    resource = Resource(group, "v1", plural or f"{kind.lower()}s", kind, True)
    return make_crd(resource, schema={})


def test_definitions_are_kubefeds_by_name_group_or_type_config() -> None:
    """A FederatedThing of another group counts only where a type config names it."""
    crds = [
        _crd("types.kubefed.io", "FederatedThing"),
        _crd("types.kubefed.io", "Stray"),
        _crd("fed.example.com", "FederatedWidget"),
        _crd("fed.example.com", "FederatedOther"),
        _crd("example.com", "Widget"),
        _crd("core.kubefed.io", "KubeFedCluster"),
        _crd("core.kubefed.io", "Unknown"),
    ]
    named = {"group": "fed.example.com", "kind": "FederatedWidget"}
    foreign = {"group": "example.com", "kind": "Widget"}
    configs = [{"spec": {"federatedType": named}}, {"spec": {"federatedType": foreign}}, {}]
    found = pick_definitions(crds, configs)
    assert ["federatedthings.types.kubefed.io", "federatedwidgets.fed.example.com"] == [
        crd["metadata"]["name"] for crd in found.federated
    ]
    assert ["kubefedclusters.core.kubefed.io"] == [crd["metadata"]["name"] for crd in found.core]


def test_resource_of_a_definition_is_in_a_version_that_it_serves() -> None:
    """Stored and served first, then served, then any."""
    crd = _crd("types.kubefed.io", "FederatedThing")
    spec = crd["spec"]
    assert isinstance(spec, dict)
    for versions, expected in (
        ([("v1", True, False), ("v2", True, True)], "v2"),
        ([("v1", True, False), ("v2", False, True)], "v1"),
        ([("v1", False, True)], "v1"),
        ([], ""),
    ):
        spec["versions"] = [{"name": n, "served": s, "storage": t} for n, s, t in versions]
        assert expected == resource_of_definition(crd).version


# --- trouble -------------------------------------------------------------------------------------


def test_deinit_of_a_host_that_cannot_tell_of_all_needs_force(host: MemoryCluster) -> None:
    """Whether the namespace is empty cannot be known; with force it is kept."""
    host.discovery = served(CONFIG_MAPS, failures=["metrics: 503"])  # type: ignore[attr-defined]
    _, failure = run(host)
    assert isinstance(failure, InputError)
    assert [] == host.writes()
    events, failure = run(host, FORCE)
    assert None is failure
    assert "could not tell of all it serves: metrics: 503" in words(events)[-1]
    assert [KNS] == everything(host)


def test_deinit_that_cannot_list_federated_objects_deletes_nothing(host: MemoryCluster) -> None:
    """A failed list is no empty one."""
    host.fail_next("list", error(ServerError, 500), name=FEDERATED_CONFIG_MAPS.plural)
    _, failure = run(host)
    assert isinstance(failure, ServerError)
    assert [] == host.writes()


def test_deinit_tells_of_a_type_config_that_is_held(host: MemoryCluster) -> None:
    """A finalizer that is not KubeFed's stays."""
    key = Key(KNS, "configmaps")
    found = host.find(TYPE_CONFIGS, key)
    assert found is not None
    held = {**found["metadata"], "finalizers": ["example.com/hold", TYPE_CONFIG_FINALIZER]}
    host.alter(TYPE_CONFIGS, key, metadata=held)
    events, _ = run(host)
    assert (
        f"waiting FederatedTypeConfig/{KNS}/configmaps in host: the finalizers example.com/hold"
        " hold it"
    ) in words(events)


def test_deinit_tells_of_a_namespace_and_crds_that_stay_longer(host: MemoryCluster) -> None:
    """The command ends; what is still going is named."""
    for resource, key in ((NAMESPACES, NS), (CRDS, Key("", "kubefedconfigs.core.kubefed.io"))):
        found = host.find(resource, key)
        assert found is not None
        held = {**found["metadata"], "finalizers": ["example.com/hold"]}
        host.alter(resource, key, metadata=held)
    events, failure = run(host)
    assert None is failure
    warnings = [line for line in words(events) if line.startswith("warning: ")]
    assert warnings[0].startswith(
        "warning: kubefedconfigs.core.kubefed.io in cluster host: deleted, but not gone after 0s"
    )
    assert f"warning: Namespace/{KNS} in cluster host is not gone after 0s" == warnings[1]


def test_forced_deinit_takes_the_finalizer_off_after_the_deletion(host: MemoryCluster) -> None:
    """Somebody else's finalizer stays, so the object does."""
    federate(host, finalizers=[SYNC_FINALIZER, "example.com/hold"])
    run(host, FORCE)
    left = host.find(FEDERATED_CONFIG_MAPS, WEB)
    assert left is not None
    assert ["example.com/hold"] == left["metadata"]["finalizers"]
