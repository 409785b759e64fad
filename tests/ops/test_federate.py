"""Tests of making federated objects from what stands in the host, or in a file."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from kubefedctl.errors import (
    ControlPlaneError,
    ForbiddenError,
    InputError,
    KubefedctlError,
    NotFoundError,
    PartialFailure,
    RefusedError,
    ServerError,
    UnauthorizedError,
)
from kubefedctl.model.events import Documents, Event, Line
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.typeconfigs import ApiResource, Discovery
from kubefedctl.model.wellknown import (
    EVENTS,
    PROPAGATED_VERSIONS,
    SECRETS,
    TYPE_CONFIGS,
)
from kubefedctl.ops.federate import FederateOptions, federate, federate_documents
from tests.core.makers import CLUSTER_ROLE, CONFIG_MAP, DEPLOYMENT, NAMESPACE
from tests.fakes import MemoryCluster, MemoryFleet
from tests.ops.stage import (
    AT_ONCE,
    FEDERATED_CONFIG_MAPS,
    FEDERATED_NAMESPACES,
    KNS,
    WEB,
    add_type_config,
    error,
    make_host,
    not_found,
    place,
    serve_crds,
    served,
    steps,
    told,
    words,
)

WIDGET = Resource("example.com", "v1", "widgets", "Widget", True)
EVERYWHERE: Object = {"clusterSelector": {"matchLabels": {}}}
OPTIONS = FederateOptions("configmaps", "web", "shop")
CONTENTS = FederateOptions("namespaces", "shop", contents=True)
LINE = "created FederatedConfigMap/shop/web in host"
UNCHANGED = "unchanged FederatedConfigMap/shop/web in cluster host"
READ_ONLY = Resource("metrics.k8s.io", "v1beta1", "pods", "PodMetrics", True)


def _served(*more: Resource, failures: tuple[str, ...] = ()) -> Discovery:
    found = served(CLUSTER_ROLE, CONFIG_MAP, DEPLOYMENT, NAMESPACE, *more, failures=failures)
    metrics = ApiResource(READ_ONLY, verbs=frozenset({"get", "list"}))
    return replace(found, resources=(*found.resources, metrics))


def _host(*types: Resource) -> MemoryCluster:
    host = serve_crds(make_host(members=(), types=types or (NAMESPACE, CONFIG_MAP)))
    _serve(host, _served())
    host.add(NAMESPACE, {"metadata": {"name": "shop"}})
    host.add(CONFIG_MAP, {"metadata": place(WEB), "data": {"a": "1"}})
    return host


def _serve(host: MemoryCluster, discovery: Discovery) -> None:
    host.discovery = discovery  # type: ignore[attr-defined]


def _federate(
    host: MemoryCluster, options: FederateOptions = OPTIONS
) -> tuple[list[Event], KubefedctlError | None]:
    return told(federate(MemoryFleet(host, {}), options, pace=AT_ONCE))


def test_federate_makes_the_federated_object_beside_the_target() -> None:
    """The template is the target, placed in every cluster."""
    host = _host()
    events, failure = _federate(host)
    assert (None, [LINE]) == (failure, words(events))
    assert ["federating FederatedConfigMap/shop/web"] == steps(events)
    made = host.find(FEDERATED_CONFIG_MAPS, WEB) or {}
    assert {"template": {"data": {"a": "1"}}, "placement": EVERYWHERE} == made["spec"]
    assert [("create", "FederatedConfigMap/shop/web")] == host.writes()


def test_federate_cluster_scoped_object_has_no_namespace() -> None:
    """A namespace that was given is not for it."""
    host = _host(CLUSTER_ROLE)
    host.add(CLUSTER_ROLE, {"metadata": {"name": "admin"}, "rules": []})
    events, failure = _federate(host, FederateOptions("clusterroles", "admin", "shop"))
    assert (None, ["created FederatedClusterRole/admin in host"]) == (failure, words(events))


def test_federate_namespace_lives_in_itself() -> None:
    """The FederatedNamespace is named like the namespace it is in."""
    host = _host()
    assert None is _federate(host, FederateOptions("ns", "shop"))[1]
    assert None is not host.find(FEDERATED_NAMESPACES, Key("shop", "shop"))


def test_federate_without_namespace_uses_the_context_s_or_default() -> None:
    """As kubectl does."""
    host = _host()
    host.add(CONFIG_MAP, {"metadata": place(Key("default", "web"))})
    events, _ = _federate(host, replace(OPTIONS, namespace=""))
    assert ["created FederatedConfigMap/default/web in host"] == words(events)


def test_federate_honours_the_type_config() -> None:
    """A federated type of another group is the one that is made."""
    host = _host(NAMESPACE)
    federated = {"group": "fed.example.com", "kind": "FederatedConfigMap", "version": "v1"}
    spec = {**federated, "pluralName": "federatedconfigmaps", "scope": "Namespaced"}
    add_type_config(host, CONFIG_MAP, federatedType=spec)
    assert None is _federate(host)[1]
    resource = replace(FEDERATED_CONFIG_MAPS, group="fed.example.com", version="v1")
    assert "fed.example.com/v1" == (host.find(resource, WEB) or {})["apiVersion"]


def test_federate_annotations_are_dropped_with_a_warning() -> None:
    """Labels are kept, annotations need overrides."""
    host = _host()
    metadata = {**place(WEB), "labels": {"app": "web"}, "annotations": {"mine": "1"}}
    host.alter(CONFIG_MAP, WEB, metadata=metadata)
    events, _ = _federate(host)
    assert "warning: annotations of ConfigMap/shop/web are not federated" in words(events)[0]
    template = (host.find(FEDERATED_CONFIG_MAPS, WEB) or {})["spec"]["template"]
    assert {"labels": {"app": "web"}} == template["metadata"]


def test_federate_dry_run_tells_the_same_and_writes_nothing() -> None:
    """The host is read all the same."""
    host = _host()
    events, failure = _federate(host, replace(OPTIONS, is_dry_run=True))
    assert (None, [f"{LINE} (dry run)"], []) == (failure, words(events), host.writes())


# --- refusals ------------------------------------------------------------------------------------


def test_federate_object_missing_is_the_host_s_error() -> None:
    """There is nothing to make a template of."""
    _, failure = _federate(_host(), replace(OPTIONS, name="none"))
    assert isinstance(failure, NotFoundError)


def test_federate_object_of_another_version_is_read_there() -> None:
    """The type config says which version is propagated."""
    host = _host(NAMESPACE)
    target = {"version": "v2", "kind": "ConfigMap", "pluralName": "configmaps"}
    add_type_config(host, CONFIG_MAP, targetType={**target, "scope": "Namespaced"})
    assert None is _federate(host)[1]


def test_federate_again_from_another_template_is_refused() -> None:
    """Nothing is overwritten without --update; what differs is told."""
    host = _host()
    _federate(host)
    host.alter(CONFIG_MAP, WEB, data={"a": "2"})
    before = host.writes()
    events, failure = _federate(host)
    assert isinstance(failure, RefusedError)
    expected = "FederatedConfigMap/shop/web in cluster host exists already; it was not changed"
    assert expected == failure.message
    assert "--update" in failure.hint
    assert '  data.a: "1" -> "2"' in steps(events)
    assert before == host.writes()


def test_federate_again_is_unchanged() -> None:
    """Placement and overrides that somebody wrote are no difference."""
    host = _host()
    _federate(host)
    _alter_spec(host, placement={"clusters": []}, overrides=[])
    before = host.writes()
    events, failure = _federate(host)
    assert (None, [], [UNCHANGED]) == (failure, words(events), _lines(events))
    assert before == host.writes()


def _lines(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, Line)]


def _alter_spec(host: MemoryCluster, **fields: object) -> None:
    spec = (host.find(FEDERATED_CONFIG_MAPS, WEB) or {})["spec"]
    host.alter(FEDERATED_CONFIG_MAPS, WEB, spec={**spec, **fields})


@pytest.mark.parametrize("is_dry_run", [False, True], ids=["write", "dry-run"])
def test_federate_update_renews_the_template_alone(is_dry_run: bool) -> None:
    """Placement and overrides stay; a dry run tells the same."""
    host = _host()
    _federate(host)
    kept = {"placement": {"clusters": []}, "overrides": []}
    _alter_spec(host, **kept)
    host.alter(CONFIG_MAP, WEB, data={"a": "2"})
    placement = {"clusters": [{"name": "c1"}]}
    options = replace(OPTIONS, updates=True, is_dry_run=is_dry_run, placement=placement)
    events, failure = _federate(host, options)
    assert None is failure
    assert [
        "warning: FederatedConfigMap/shop/web exists already; its placement is kept",
        "updated FederatedConfigMap/shop/web in host" + " (dry run)" * is_dry_run,
    ] == words(events)
    assert '  data.a: "1" -> "2"' in steps(events)
    expected = {**kept, "template": {"data": {"a": "1" if is_dry_run else "2"}}}
    assert expected == (host.find(FEDERATED_CONFIG_MAPS, WEB) or {})["spec"]


def test_federate_what_is_being_deleted_is_refused() -> None:
    """It would be gone soon."""
    host = _host()
    _federate(host)
    metadata = {**place(WEB), "deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["x"]}
    host.alter(FEDERATED_CONFIG_MAPS, WEB, metadata=metadata)
    _, failure = _federate(host, replace(OPTIONS, updates=True))
    assert isinstance(failure, RefusedError)
    assert failure.message.endswith("is being deleted")


def test_federate_placement_is_the_one_asked_for() -> None:
    """Instead of every cluster."""
    host = _host()
    placement = {"clusters": [{"name": "c1"}]}
    assert None is _federate(host, replace(OPTIONS, placement=placement))[1]
    assert placement == (host.find(FEDERATED_CONFIG_MAPS, WEB) or {})["spec"]["placement"]


ROOT_CA = Key("shop", "kube-root-ca.crt")
OWNER: Object = {"kind": "Gizmo", "name": "g", "controller": True}


def test_federate_what_every_cluster_makes_is_refused() -> None:
    """Named alone, with the reason."""
    host = _host()
    host.add(CONFIG_MAP, {"metadata": place(ROOT_CA)})
    _, failure = _federate(host, replace(OPTIONS, name=ROOT_CA.name))
    assert isinstance(failure, InputError)
    assert "cannot be federated: every cluster makes its own" in failure.message
    assert [] == host.writes()


def test_federate_controlled_object_by_name_is_warned_of() -> None:
    """Whoever names it gets it."""
    host = _host()
    host.alter(CONFIG_MAP, WEB, metadata={**place(WEB), "ownerReferences": [OWNER]})
    events, failure = _federate(host)
    warning = "warning: ConfigMap/shop/web is controlled by Gizmo/g; federate that instead"
    assert (None, [warning, LINE]) == (failure, words(events))


def test_federate_type_not_enabled_is_refused_with_the_way_out() -> None:
    """Both ways of enabling it are named."""
    host = _host(NAMESPACE)
    _, failure = _federate(host)
    assert isinstance(failure, ControlPlaneError)
    assert "type configmaps is not enabled for federation in host cluster host" == failure.message
    assert "--enable-type" in failure.hint
    assert [] == host.writes()


@pytest.mark.parametrize("type_key", ["gizmos", ""], ids=["unknown", "empty"])
def test_federate_type_unknown_is_wrong_input(type_key: str) -> None:
    """A type that is not served cannot be federated."""
    assert isinstance(_federate(_host(), replace(OPTIONS, type_key=type_key))[1], InputError)


def test_federate_contents_of_something_else_than_a_namespace_is_refused() -> None:
    """Only namespaces have contents."""
    _, failure = _federate(_host(), replace(OPTIONS, contents=True))
    assert isinstance(failure, InputError)
    assert "--contents goes with a namespace, not with a ConfigMap" == failure.message


def test_federate_host_refuses_the_type_config_is_its_error() -> None:
    """Whether a type is enabled must be known."""
    host = _host()
    host.fail_next("get", error(ForbiddenError, 403))
    assert isinstance(_federate(host)[1], ForbiddenError)


def test_federate_name_that_is_no_dns_name_is_refused() -> None:
    """No federated object can be called so, and a command that did nothing must not end well."""
    host = _host(CLUSTER_ROLE)
    host.add(CLUSTER_ROLE, {"metadata": {"name": "system:node"}})
    _, failure = _federate(host, FederateOptions("clusterroles", "system:node"))
    assert isinstance(failure, InputError)
    assert "ClusterRole/system:node cannot be federated: its name is no DNS" in failure.message
    assert [] == host.writes()


# --- enabling on the way -------------------------------------------------------------------------


def _host_with_widgets() -> MemoryCluster:
    gvk = {"group": "example.com", "version": "v1", "kind": "Widget"}
    document = {"components": {"schemas": {"W": {"x-kubernetes-group-version-kind": [gvk]}}}}
    host = _host()
    reads = host._reads
    reads["/openapi/v3/apis/example.com/v1"] = json.dumps(document).encode()
    _serve(host, _served(WIDGET))
    for name in ("w1", "w2"):
        host.add(WIDGET, {"metadata": place(Key("shop", name))})
    return host


WIDGETS = FederateOptions("widgets", "w1", "shop", enables_type=True)


def test_federate_enables_the_type_first() -> None:
    """The lines of enable come before the result."""
    host = _host_with_widgets()
    events, failure = _federate(host, WIDGETS)
    assert None is failure
    lines = [event.text for event in events if isinstance(event, Line)]
    assert [True, True] == [" created" in line for line in lines]
    assert ["created FederatedWidget/shop/w1 in host"] == words(events)
    assert None is not host.find(TYPE_CONFIGS, Key(KNS, "widgets.example.com"))


def test_federate_type_enabled_just_now_may_be_served_late() -> None:
    """The API server says 404 to the first objects of a new CRD."""
    host = _host_with_widgets()
    host.fail_next("create", not_found(), name="w1")
    patient = replace(AT_ONCE, patience=30.0)
    _, failure = told(federate(MemoryFleet(host, {}), WIDGETS, pace=patient))
    assert None is failure
    assert 2 == host.writes().count(("create", "FederatedWidget/shop/w1"))


def test_federate_type_enabled_just_now_is_never_served() -> None:
    """Out of patience, the host's answer is the error."""
    host = _host_with_widgets()
    host.fail_next("create", not_found(), name="w1")
    assert isinstance(_federate(host, WIDGETS)[1], NotFoundError)


def test_federate_dry_run_with_an_unknown_type_writes_nothing() -> None:
    """It tells what would be enabled, and what would be made."""
    host = _host_with_widgets()
    events, failure = _federate(host, replace(WIDGETS, is_dry_run=True))
    assert (None, []) == (failure, host.writes())
    assert ["created FederatedWidget/shop/w1 in host (dry run)"] == words(events)


def test_federate_contents_enables_each_type_once() -> None:
    """Two objects of one type need one type config."""
    host = _host_with_widgets()
    events, failure = _federate(host, replace(CONTENTS, enables_type=True))
    assert None is failure
    assert 2 == len([event for event in events if isinstance(event, Line)])
    assert {
        "created FederatedNamespace/shop/shop in host",
        LINE,
        "created FederatedWidget/shop/w1 in host",
        "created FederatedWidget/shop/w2 in host",
    } == set(words(events))


# --- output --------------------------------------------------------------------------------------


def test_federate_output_yaml_needs_no_kubefed() -> None:
    """Types that are not enabled, or cannot be asked for, have KubeFed's default group."""
    host = _host(NAMESPACE)
    options = replace(OPTIONS, prints_yaml=True)
    for failing in (False, True):
        if failing:
            host.fail_next("get", error(ServerError, 500))
        events, failure = _federate(host, options)
        assert (None, []) == (failure, host.writes())
        (documents,) = events
        assert isinstance(documents, Documents)
        assert ["types.kubefed.io/v1beta1"] == [o["apiVersion"] for o in documents.objects]


def test_federate_documents_asks_nobody() -> None:
    """Every object of a file becomes one federated object, in its order."""
    objects: list[Object] = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": place(WEB), "data": {}},
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web", "annotations": {"mine": "1"}},
        },
    ]
    warning, documents = federate_documents(objects)
    assert ["warning: annotations of Deployment/web are not federated"] == [
        line.partition(" (")[0] for line in words([warning])
    ]
    assert isinstance(documents, Documents)
    kinds = [(found["kind"], found["metadata"]) for found in documents.objects]
    assert [("FederatedConfigMap", place(WEB)), ("FederatedDeployment", {"name": "web"})] == kinds


# --- contents ------------------------------------------------------------------------------------


def test_federate_contents_namespace_comes_first() -> None:
    """Everything in the namespace that can be made elsewhere is federated with it."""
    host = _host(NAMESPACE, CONFIG_MAP, DEPLOYMENT)
    host.add(DEPLOYMENT, {"metadata": place(WEB)})
    host.add(CONFIG_MAP, {"metadata": place(Key("other", "x"))})
    host.add(READ_ONLY, {"metadata": place(Key("shop", "metrics"))})
    events, failure = _federate(host, CONTENTS)
    assert None is failure
    assert [
        "created FederatedNamespace/shop/shop in host",
        LINE,
        "created FederatedDeployment/shop/web in host",
    ] == words(events)


def test_federate_contents_leaves_out_what_is_nobody_s_template() -> None:
    """Events, KubeFed's own types and federated ones stay where they are."""
    host = _host()
    own = (EVENTS, PROPAGATED_VERSIONS, FEDERATED_CONFIG_MAPS)
    for resource in own:
        host.add(resource, {"metadata": place(Key("shop", "x"))})
    _serve(host, _served(*own))
    events, failure = _federate(host, CONTENTS)
    assert (None, ["created FederatedNamespace/shop/shop in host", LINE]) == (
        failure,
        words(events),
    )


@pytest.mark.parametrize("skipped", ["cm", "ConfigMap", "configmaps"])
def test_federate_contents_skips_types_by_any_name(skipped: str) -> None:
    """As the types are called elsewhere."""
    host = _host(NAMESPACE)
    events, failure = _federate(host, replace(CONTENTS, skipped_types=(skipped,)))
    assert (None, ["created FederatedNamespace/shop/shop in host"]) == (failure, words(events))


def test_federate_contents_skips_whole_groups() -> None:
    """A group is named in full."""
    host = _host()
    host.add(DEPLOYMENT, {"metadata": place(WEB)})
    events, failure = _federate(host, replace(CONTENTS, skipped_types=("apps",)))
    assert (None, ["created FederatedNamespace/shop/shop in host", LINE]) == (
        failure,
        words(events),
    )


def test_federate_contents_type_without_objects_need_not_be_enabled() -> None:
    """Only what is there counts; a list that says 404 is an empty one."""
    host = _host()
    _serve(host, _served(SECRETS))
    host.add(SECRETS, {"metadata": place(WEB)})
    host.fail_next("list", not_found(), name="secrets")
    events, failure = _federate(host, CONTENTS)
    assert (None, ["created FederatedNamespace/shop/shop in host", LINE]) == (
        failure,
        words(events),
    )


def test_federate_contents_type_not_enabled_makes_nothing() -> None:
    """The whole command is refused before the first write."""
    host = _host()
    host.add(DEPLOYMENT, {"metadata": place(WEB)})
    _, failure = _federate(host, CONTENTS)
    assert isinstance(failure, ControlPlaneError)
    assert "deployments.apps" in failure.message
    assert [] == host.writes()


def test_federate_contents_that_cannot_be_listed_is_the_host_s_error() -> None:
    """Contents that are not known are not left out in silence."""
    host = _host()
    host.fail_next("list", error(ForbiddenError, 403), name="configmaps")
    assert isinstance(_federate(host, CONTENTS)[1], ForbiddenError)
    assert [] == host.writes()


def test_federate_contents_with_gaps_in_discovery_is_refused() -> None:
    """What is not known to be served would be left out."""
    host = _host()
    _serve(host, _served(failures=("metrics.k8s.io/v1beta1 does not answer",)))
    _, failure = _federate(host, CONTENTS)
    assert isinstance(failure, InputError)
    assert "metrics.k8s.io/v1beta1 does not answer" in failure.message


def test_federate_contents_names_that_are_no_dns_names_are_skipped() -> None:
    """They are told, and the others are federated."""
    host = _host()
    host.add(CONFIG_MAP, {"metadata": place(Key("shop", "A:b"))})
    events, failure = _federate(host, CONTENTS)
    assert None is failure
    assert "warning: ConfigMap/shop/A:b is skipped: its name is no DNS name" in words(events)
    assert LINE in words(events)


@pytest.mark.parametrize("is_changed", [False, True], ids=["same", "changed"])
def test_federate_contents_goes_through_all(is_changed: bool) -> None:
    """What is federated already stops nothing; what differs is told at the end."""
    host = _host()
    _federate(host)
    host.add(CONFIG_MAP, {"metadata": place(Key("shop", "z"))})
    if is_changed:
        host.alter(CONFIG_MAP, WEB, data={"a": "2"})
    events, failure = _federate(host, CONTENTS)
    subject = "FederatedConfigMap/shop/web in host"
    detail = "FederatedConfigMap/shop/web in cluster host exists already; it was not changed"
    assert [
        "created FederatedNamespace/shop/shop in host",
        *([f"skipped {subject}: {detail}"] if is_changed else []),
        "created FederatedConfigMap/shop/z in host",
    ] == words(events)
    assert is_changed is isinstance(failure, RefusedError)
    assert ([] if is_changed else [UNCHANGED]) == _lines(events)


def test_federate_contents_one_that_the_host_refuses_is_partial() -> None:
    """The others are made."""
    host = _host()
    host.fail_next("create", error(ForbiddenError, 403), name="shop")
    events, failure = _federate(host, CONTENTS)
    assert isinstance(failure, PartialFailure)
    assert words(events)[0].startswith("failed FederatedNamespace/shop/shop in host: ")
    assert LINE == words(events)[1]


def test_federate_contents_host_out_of_reach_ends_it() -> None:
    """The next object would meet the same."""
    host = _host()
    host.fail_next("create", error(UnauthorizedError, 401), name="shop")
    events, failure = _federate(host, CONTENTS)
    assert isinstance(failure, UnauthorizedError)
    assert [] == words(events)


def test_federate_contents_leaves_out_what_is_owned() -> None:
    """It is told for those who ask; a type of which nothing is left need not be enabled."""
    host = _host()
    host.add(CONFIG_MAP, {"metadata": place(ROOT_CA)})
    host.add(DEPLOYMENT, {"metadata": {**place(WEB), "ownerReferences": [OWNER]}})
    events, failure = _federate(host, CONTENTS)
    assert None is failure
    assert ["created FederatedNamespace/shop/shop in host", LINE] == words(events)
    assert [
        "leaving out ConfigMap/shop/kube-root-ca.crt: every cluster makes its own",
        "leaving out Deployment/shop/web: it is controlled by Gizmo/g",
    ] == [step for step in steps(events) if step.startswith("leaving")]


def test_federate_update_of_a_secret_shows_no_value() -> None:
    """A fingerprint stands for it."""
    host = _host(SECRETS)
    _serve(host, _served(SECRETS))
    host.add(SECRETS, {"metadata": place(WEB), "data": {"p": "aHVudGVy"}})
    options = FederateOptions("secrets", "web", "shop", updates=True)
    _federate(host, options)
    host.alter(SECRETS, WEB, data={"p": "czNjcmV0"})
    events, failure = _federate(host, options)
    assert (None, ["updated FederatedSecret/shop/web in host"]) == (failure, words(events))
    assert "data.p: (hidden, fingerprint" in steps(events)[-1]
    assert "aHVudGVy" not in repr(events)
    assert "czNjcmV0" not in repr(events)


def test_federate_documents_leaves_out_what_is_of_no_use_elsewhere() -> None:
    """With a warning."""
    obj: Object = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": place(ROOT_CA)}
    events = list(federate_documents([obj]))
    assert [
        "warning: ConfigMap/kube-root-ca.crt is left out: every cluster makes its own"
    ] == words(events)
    assert Documents(()) == events[-1]
