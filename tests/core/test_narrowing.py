"""Tests of what a sync is asked to look at: words, and what a narrowing says of objects."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kubefedctl.core.narrowing import (
    Request,
    find_by_discovery,
    find_missing,
    find_type_config,
    make_narrowing,
    parse_request,
)
from kubefedctl.errors import InputError
from kubefedctl.model.narrowing import Narrowing, Requirement
from kubefedctl.model.refs import Key, Resource
from kubefedctl.model.typeconfigs import ApiResource, Discovery, TypeConfig
from tests.core.federations import desire, federate, federated_namespace
from tests.core.makers import CLUSTER_ROLE, CONFIG_MAP, DEPLOYMENT, NAMESPACE, make_type_config

SERVICE = Resource("", "v1", "services", "Service", True)
OTHER_SERVICE = Resource("serving.knative.dev", "v1", "services", "Service", True)
WIDGET_A = Resource("a.example.com", "v1", "widgets", "Widget", True)
WIDGET_B = Resource("b.example.com", "v1", "widgets", "Widget", True)
TYPES = [
    make_type_config(target)
    for target in (
        NAMESPACE,
        CONFIG_MAP,
        DEPLOYMENT,
        CLUSTER_ROLE,
        SERVICE,
        OTHER_SERVICE,
        WIDGET_A,
        WIDGET_B,
    )
]


def _type(target: Resource) -> TypeConfig:
    return make_type_config(target)


# --- words ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param(["deploy"], (("deploy", ""),), id="type"),
        pytest.param(["deploy/web"], (("deploy", "web"),), id="object"),
        pytest.param([" cm/a ", "cm/b"], (("cm", "a"), ("cm", "b")), id="several"),
        pytest.param([], (), id="none"),
    ],
)
def test_parse_request_splits_words(words: list[str], expected: Any) -> None:
    """A word is a type, or a type and a name."""
    assert expected == parse_request(words).types


@pytest.mark.parametrize("word", ["", "/", "/web", "deploy/", "deploy/shop/web"])
def test_parse_request_word_that_is_none_is_refused(word: str) -> None:
    """The hint shows how it is written."""
    with pytest.raises(InputError, match="neither a type nor TYPE/NAME") as caught:
        parse_request([word])
    assert "deployments/web" in caught.value.hint


@pytest.mark.parametrize(
    ("clusters", "expected"),
    [
        pytest.param(["c1"], ("c1",), id="one"),
        pytest.param(["c1,c2", " c3 "], ("c1", "c2", "c3"), id="lists"),
    ],
)
def test_parse_request_clusters_come_in_lists_or_one_by_one(
    clusters: list[str], expected: Any
) -> None:
    """Both ways mean the same."""
    assert expected == parse_request([], clusters=clusters).clusters


@pytest.mark.parametrize("name", ["", "c1,", ",", " "])
def test_parse_request_empty_cluster_is_refused(name: str) -> None:
    """An empty variable of a script must not mean every cluster."""
    with pytest.raises(InputError, match="the name of a cluster is empty"):
        parse_request([], clusters=[name])


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        pytest.param("app=web", "app=web", id="equal"),
        pytest.param("app==web,tier!=db", "app=web,tier!=db", id="both"),
        pytest.param("tier in (b, a)", "tier in (a,b)", id="in"),
        pytest.param("tier notin (b,a)", "tier notin (a,b)", id="notin"),
        pytest.param("app", "app", id="exists"),
        pytest.param("!app", "!app", id="absent"),
        pytest.param("app=", "app=", id="empty-value"),
        pytest.param("  ", "", id="none"),
    ],
)
def test_parse_request_selector_is_kubectl_s(text: str, sent: str) -> None:
    """It is read here and sent to the host in the same language."""
    requirements = parse_request([], selector=text).requirements
    assert sent == Narrowing(requirements=requirements).label_selector


@pytest.mark.parametrize("text", ["=web", "a b", ",", "app=we b", "app=a,app=b"])
def test_parse_request_selector_that_is_none_is_refused(text: str) -> None:
    """Before any cluster is asked."""
    with pytest.raises(InputError, match="label"):
        parse_request([], selector=text)


# --- types ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("deployments", DEPLOYMENT),
        ("Deployment", DEPLOYMENT),
        ("deployments.apps", DEPLOYMENT),
        ("FederatedDeployment", DEPLOYMENT),
        ("federateddeployments", DEPLOYMENT),
        ("federateddeployments.types.kubefed.io", DEPLOYMENT),
        ("ConfigMaps", CONFIG_MAP),
        ("configmaps.", CONFIG_MAP),
        ("namespace", NAMESPACE),
        ("services", SERVICE),
        ("services.serving.knative.dev", OTHER_SERVICE),
        ("widgets.b.example.com", WIDGET_B),
    ],
)
def test_find_type_config_takes_names_of_both_types(word: str, expected: Resource) -> None:
    """Plural, kind and full name, of the target or the federated type, in any case."""
    assert _type(expected) == find_type_config(word, TYPES)


def test_find_type_config_of_several_types_names_them() -> None:
    """None of them is in the core group, so none is meant more than the other."""
    with pytest.raises(InputError, match=r"widgets\.a\.example\.com, widgets\.b") as caught:
        find_type_config("widget", TYPES)
    assert "widgets.a.example.com" in caught.value.hint


@pytest.mark.parametrize("word", ["deploy", "fdeploy"])
def test_find_by_discovery_takes_short_names_of_both_types(word: str) -> None:
    """Short names are known to the API server alone."""
    federated = _type(DEPLOYMENT).federated
    rows = (ApiResource(DEPLOYMENT, "deployment", ("deploy",)), ApiResource(federated, "", ("f",)))
    rows = (rows[0], replace(rows[1], short_names=("fdeploy",)))
    assert find_type_config(word, TYPES) is None
    assert _type(DEPLOYMENT) == find_by_discovery(word, TYPES, Discovery(rows))


def test_find_by_discovery_type_without_type_config_is_none() -> None:
    """What the host serves is not what it federates."""
    rows = (ApiResource(Resource("", "v1", "pods", "Pod", True), "pod", ("po",)),)
    assert find_by_discovery("po", TYPES, Discovery(rows)) is None


# --- narrowing -----------------------------------------------------------------------------------


def _narrow(request: Request, *targets: Resource, scope: str = "") -> Narrowing:
    chosen = [_type(target) for target in targets]
    return make_narrowing(request, chosen, clusters=("c1", "c2"), target_namespace=scope)


def test_make_narrowing_of_nothing_is_everything() -> None:
    """A run without arguments looks at the whole fleet."""
    assert Narrowing() == _narrow(Request())


def test_make_narrowing_collects_names_by_type() -> None:
    """Several objects of one type are looked at together."""
    request = parse_request(["cm/a", "deploy/web", "cm/b"], namespace="shop", clusters=["c2"])
    expected = Narrowing(
        {"configmaps": frozenset({"a", "b"}), "deployments.apps": frozenset({"web"})},
        "shop",
        frozenset({"c2"}),
    )
    assert expected == _narrow(request, CONFIG_MAP, DEPLOYMENT, CONFIG_MAP)


@pytest.mark.parametrize("words", [["cm/a", "cm"], ["cm", "cm/a"]], ids=["after", "before"])
def test_make_narrowing_type_and_one_of_its_objects_is_the_type(words: list[str]) -> None:
    """The wider word wins, whichever stands first."""
    narrowing = _narrow(parse_request(words), CONFIG_MAP, CONFIG_MAP)
    assert {"configmaps": frozenset()} == narrowing.names
    assert narrowing.lists_all_of(_type(CONFIG_MAP))


@pytest.mark.parametrize(
    ("request_", "targets", "scope", "message", "hint"),
    [
        pytest.param(
            Request(clusters=("c9",)), (), "", "no cluster c9 is joined", "joined: c1, c2", id="c9"
        ),
        pytest.param(
            Request((("x", ""),), "shop"),
            (CLUSTER_ROLE,),
            "",
            "type clusterroles.rbac.authorization.k8s.io is cluster-scoped, so its objects are in"
            " no namespace",
            "leave out -n shop, or name a namespaced type",
            id="cluster-scoped-type-in-a-namespace",
        ),
        pytest.param(
            Request((("x", ""),)),
            (NAMESPACE,),
            "kns",
            "type namespaces is cluster-scoped, and this control plane federates namespace kns"
            " alone",
            "name a namespaced type",
            id="cluster-scoped-type-in-namespaced-scope",
        ),
        pytest.param(
            Request(namespace="shop"),
            (),
            "kns",
            "this control plane federates namespace kns alone, not shop",
            "give -n kns, or leave it out",
            id="other-namespace-in-namespaced-scope",
        ),
    ],
)
def test_make_narrowing_that_cannot_be_meant_is_refused(
    request_: Request, targets: Any, scope: str, message: str, hint: str
) -> None:
    """The hint lists what there is."""
    with pytest.raises(InputError) as caught:
        _narrow(request_, *targets, scope=scope)
    assert (message, hint) == (caught.value.message, caught.value.hint)


def test_make_narrowing_to_a_disabled_type_is_refused() -> None:
    """Otherwise the run would do nothing and look well."""
    disabled = replace(_type(CONFIG_MAP), is_propagated=False)
    with pytest.raises(InputError, match="says Disabled") as caught:
        make_narrowing(Request((("cm", ""),)), [disabled], clusters=(), target_namespace="")
    assert "kubefedctl enable configmaps" == caught.value.hint


def test_make_narrowing_to_the_one_namespace_of_its_scope_is_allowed() -> None:
    """In namespaced scope -n says what is so anyway."""
    assert "kns" == _narrow(Request(namespace="kns"), scope="kns").namespace


# --- what it says of objects ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("narrowing", "expected"),
    [
        pytest.param(Narrowing(), True, id="everything"),
        pytest.param(Narrowing({"configmaps": frozenset()}), True, id="its-type"),
        pytest.param(Narrowing({"configmaps": frozenset({"web"})}), True, id="its-name"),
        pytest.param(Narrowing({"configmaps": frozenset({"api"})}), False, id="another-name"),
        pytest.param(Narrowing({"secrets": frozenset()}), False, id="another-type"),
        pytest.param(Narrowing(namespace="shop"), True, id="its-namespace"),
        pytest.param(Narrowing(namespace="other"), False, id="another-namespace"),
        pytest.param(Narrowing(clusters=frozenset({"c1"})), True, id="a-cluster"),
        pytest.param(
            Narrowing(requirements=(Requirement("app", "In", frozenset({"web"})),)),
            True,
            id="label",
        ),
        pytest.param(Narrowing(requirements=(Requirement("n", "Exists"),)), False, id="not-text"),
        pytest.param(
            Narrowing(requirements=(Requirement("x", "Exists"),)), False, id="another-label"
        ),
    ],
)
def test_narrowing_includes_what_meets_all_of_it(narrowing: Narrowing, expected: bool) -> None:
    """Type, name, namespace and labels must all agree; a label that is no text is none."""
    found = federate(metadata={"labels": {"app": "web", "n": 7}})
    assert expected is narrowing.includes(found)


@pytest.mark.parametrize(
    ("narrowing", "expected"),
    [
        pytest.param(Narrowing(), True, id="everything"),
        pytest.param(Narrowing({"configmaps": frozenset()}, "shop"), True, id="type-in-namespace"),
        pytest.param(Narrowing(clusters=frozenset({"c1"})), True, id="clusters"),
        pytest.param(Narrowing({"configmaps": frozenset({"web"})}), False, id="names"),
        pytest.param(Narrowing(requirements=(Requirement("a", "Exists"),)), False, id="labels"),
        pytest.param(Narrowing({"secrets": frozenset()}), False, id="another-type"),
    ],
)
def test_narrowing_lists_all_of_a_type_only_without_names_and_labels(
    narrowing: Narrowing, expected: bool
) -> None:
    """Otherwise an object without a federated one says nothing."""
    assert expected is narrowing.lists_all_of(_type(CONFIG_MAP))


def test_narrowing_to_a_namespace_leaves_out_types_without_namespaces() -> None:
    """FederatedNamespaces are in the namespace that they federate."""
    narrowing = Narrowing(namespace="shop")
    included = [narrowing.includes_type(_type(t)) for t in (NAMESPACE, CONFIG_MAP, CLUSTER_ROLE)]
    assert [True, True, False] == included


@pytest.mark.parametrize(
    ("target", "key", "expected"),
    [
        pytest.param(CONFIG_MAP, Key("shop", "web"), True, id="in-it"),
        pytest.param(CONFIG_MAP, Key("other", "shop"), False, id="elsewhere"),
        pytest.param(NAMESPACE, Key("", "shop"), True, id="itself"),
        pytest.param(NAMESPACE, Key("", "other"), False, id="another-namespace"),
    ],
)
def test_narrowing_to_a_namespace_includes_its_member_objects(
    target: Resource, key: Key, expected: bool
) -> None:
    """A member's namespace belongs to the FederatedNamespace in the namespace of that name."""
    assert expected is Narrowing(namespace="shop").includes_target(_type(target), key)


@pytest.mark.parametrize(
    ("narrowing", "target", "expected"),
    [
        pytest.param(Narrowing(), CONFIG_MAP, "", id="everything"),
        pytest.param(Narrowing({"configmaps": frozenset({"a"})}), CONFIG_MAP, "a", id="one"),
        pytest.param(Narrowing({"configmaps": frozenset({"a", "b"})}), CONFIG_MAP, "", id="two"),
        pytest.param(Narrowing(namespace="shop"), NAMESPACE, "shop", id="namespace"),
        pytest.param(Narrowing(namespace="shop"), CONFIG_MAP, "", id="in-a-namespace"),
    ],
)
def test_narrowing_knows_the_one_name(
    narrowing: Narrowing, target: Resource, expected: str
) -> None:
    """A list of one name is asked for by that name."""
    assert expected == narrowing.only_name(_type(target))


def test_find_missing_names_what_was_asked_for_and_is_not_there() -> None:
    """Names of types that could not be read say nothing."""
    names = {"configmaps": frozenset({"web", "gone"}), "namespaces": frozenset({"x"})}
    desired = desire([federate(), federated_namespace("shop")], narrowing=Narrowing(names))
    assert ["FederatedConfigMap gone", "FederatedNamespace x"] == find_missing(desired)
    unread = replace(desired, federated={})
    assert [] == find_missing(unread)
