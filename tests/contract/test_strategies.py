"""
Bringing objects up to date by apply and by replace, asked of both API servers.

What a fake could lie about: who owns which field, what an apply takes away, what it refuses.
"""

from __future__ import annotations

from typing import Any

import pytest

from kubefedctl.cluster.dryrun import DryRunCluster
from kubefedctl.cluster.port import Cluster
from kubefedctl.core.members import make_created
from kubefedctl.errors import InvalidError
from kubefedctl.model.actions import Action, ActionVerb, MemberIntent, Strategy, Wave
from kubefedctl.model.events import Verdict
from kubefedctl.model.objects import MANAGED_LABEL, uid_of
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.statuses import PropagationStatus
from kubefedctl.model.wellknown import CONFIG_MAPS, SECRETS
from kubefedctl.ops.propagating import Executed, create, update
from tests.contract.targets import MERGE, STRATEGIC, Target, make_config_map, make_deployment

A = Key("shop", "a")
WEB = Key("shop", "web")
DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment", True)
SERVICES = Resource("", "v1", "services", "Service", True)
CONFIG_MAP_PATH = "/api/v1/namespaces/shop/configmaps"
DEPLOYMENT_PATH = "/apis/apps/v1/namespaces/shop/deployments"
BOTH = pytest.mark.parametrize("strategy", Strategy, ids=str)


def _write(
    shop: Target,
    draft: Object,
    resource: Resource = CONFIG_MAPS,
    *,
    strategy: Strategy = Strategy.APPLY,
    retain_replicas: Any = None,
    recreates: bool = False,
    observed: Object | None = None,
    cluster: Cluster | None = None,
) -> Executed:
    """Create the object, or bring what stands there up to date."""
    key = Key("shop", draft["metadata"]["name"])
    intent = MemberIntent(
        draft, (), retain_replicas=retain_replicas, strategy=strategy, recreates=recreates
    )
    body = make_created(intent).body
    wave = Wave.NAMESPACED
    action = Action(ActionVerb.CREATE, wave, "c1", resource, key, body, intent, observed)
    if observed is None:
        return create(cluster or shop.cluster, action, host_uids=frozenset())
    return update(cluster or shop.cluster, action, patience=10)


def _again(shop: Target, draft: Object, resource: Resource = CONFIG_MAPS, **more: Any) -> Executed:
    """Bring the object that stands there now up to date."""
    found = shop.cluster.get(resource, Key("shop", draft["metadata"]["name"]))
    return _write(shop, draft, resource, observed=found, **more)


def _edit(shop: Target, path: str, body: Any, *, manager: str, content_type: str = MERGE) -> Any:
    """Let somebody else change an object."""
    answer = shop.wire.send(
        "PATCH", f"{path}?fieldManager={manager}", body=body, content_type=content_type
    )
    assert answer.status == 200, answer.body
    return answer.parse()


# --- fields come and go --------------------------------------------------------------------------


@BOTH
def test_field_out_of_the_template_leaves_what_we_created(shop: Target, strategy: Strategy) -> None:
    """The first change after our own create takes away what is no longer asked for, and so on."""
    _write(shop, make_config_map("a", {"x": "1", "y": "1", "z": "1"}))
    done = _again(shop, make_config_map("a", {"x": "2", "y": "1"}), strategy=strategy)
    assert (Verdict.UPDATED, "") == (done.verdict, done.detail)
    assert {"x": "2", "y": "1"} == shop.cluster.get(CONFIG_MAPS, A)["data"]
    _again(shop, make_config_map("a", {"x": "2"}), strategy=strategy)
    assert {"x": "2"} == shop.cluster.get(CONFIG_MAPS, A)["data"]


@BOTH
def test_field_out_of_the_template_leaves_what_kubefed_wrote(
    shop: Target, strategy: Strategy
) -> None:
    """An object that KubeFed's controllers updated belongs to us from now on."""
    first = make_config_map("a", {"x": "1", "y": "1"})
    first["metadata"]["labels"] = {MANAGED_LABEL: "true"}
    shop.wire.post(f"{CONFIG_MAP_PATH}?fieldManager=controller-manager", first)
    _again(shop, make_config_map("a", {"x": "1"}), strategy=strategy)
    assert {"x": "1"} == shop.cluster.get(CONFIG_MAPS, A)["data"]


@BOTH
def test_field_out_of_the_template_leaves_what_was_adopted(
    shop: Target, strategy: Strategy
) -> None:
    """S34: what stood there before is replaced once; its maker keeps its annotations alone."""
    theirs = make_config_map("a", {"x": "1", "y": "1", "old": "1"})
    theirs["metadata"]["annotations"] = {"theirs": "1"}
    shop.wire.post(f"{CONFIG_MAP_PATH}?fieldManager=kubectl-create", theirs)
    adopted = _write(shop, make_config_map("a", {"x": "1", "y": "1"}), strategy=strategy)
    assert Verdict.ADOPTED == adopted.verdict
    assert {"x": "1", "y": "1"} == shop.cluster.get(CONFIG_MAPS, A)["data"]
    _again(shop, make_config_map("a", {"x": "1"}), strategy=strategy)
    found = shop.cluster.get(CONFIG_MAPS, A)
    assert ({"x": "1"}, {"theirs": "1"}) == (found["data"], found["metadata"]["annotations"])


@pytest.mark.parametrize(
    ("strategy", "kept"), [(Strategy.APPLY, True), (Strategy.REPLACE, False)], ids=str
)
def test_fields_of_others_stay_under_apply_alone(
    shop: Target, strategy: Strategy, kept: bool
) -> None:
    """S31: a label, an injected container and scaled replicas are left to those who set them."""
    draft = make_deployment()
    draft["spec"].pop("replicas", None)
    _write(shop, draft, DEPLOYMENTS)
    _edit(shop, f"{DEPLOYMENT_PATH}/web", {"metadata": {"labels": {"theirs": "1"}}}, manager="x")
    sidecar = {"spec": {"template": {"spec": {"containers": [{"name": "s", "image": "s:1"}]}}}}
    _edit(shop, f"{DEPLOYMENT_PATH}/web", sidecar, manager="injector", content_type=STRATEGIC)
    _edit(shop, f"{DEPLOYMENT_PATH}/web", {"spec": {"replicas": 4}}, manager="autoscaler")
    draft["spec"]["minReadySeconds"] = 7
    done = _again(shop, draft, DEPLOYMENTS, strategy=strategy)
    assert (Verdict.UPDATED, "") == (done.verdict, done.detail)
    found = shop.cluster.get(DEPLOYMENTS, WEB)
    names = {container["name"] for container in found["spec"]["template"]["spec"]["containers"]}
    assert (kept, kept, 4 if kept else 1, 7) == (
        "theirs" in found["metadata"].get("labels", {}),
        "s" in names,
        found["spec"]["replicas"],
        found["spec"]["minReadySeconds"],
    )


def test_nothing_to_change_is_unchanged(shop: Target) -> None:
    """An apply that changes nothing leaves the resourceVersion as it is."""
    draft = make_config_map("a", {"x": "1"})
    _write(shop, draft)
    _again(shop, make_config_map("a", {"x": "2"}))
    before = shop.cluster.get(CONFIG_MAPS, A)
    done = _again(shop, make_config_map("a", {"x": "2"}))
    assert (Verdict.UNCHANGED, before) == (done.verdict, shop.cluster.get(CONFIG_MAPS, A))


@BOTH
def test_change_in_a_dry_run_is_no_unchanged(shop: Target, strategy: Strategy) -> None:
    """S99: a dry run leaves the resourceVersion as it is, and yet says that it would update."""
    _write(shop, make_config_map("a", {"x": "1"}))
    before = shop.cluster.get(CONFIG_MAPS, A)
    rehearsed = DryRunCluster(shop.cluster, record=lambda _: None, tell=lambda _: None)
    done = _again(shop, make_config_map("a", {"x": "2"}), strategy=strategy, cluster=rehearsed)
    assert (Verdict.UPDATED, before) == (done.verdict, shop.cluster.get(CONFIG_MAPS, A))


def _without(draft: Object, field: str) -> Object:
    return {**draft, "spec": {name: v for name, v in draft["spec"].items() if name != field}}


def _with_two_ports() -> Object:
    draft = make_deployment()
    template = draft["spec"]["template"]
    (container,) = template["spec"]["containers"]
    ports = [{"containerPort": 80}, {"containerPort": 81}]
    containers = [{**container, "ports": ports}, {**container, "name": "other"}]
    template = {**template, "spec": {**template["spec"], "containers": containers}}
    return {**draft, "spec": {**draft["spec"], "paused": True, "template": template}}


@pytest.mark.parametrize("is_applied", [False, True], ids=["created", "applied"])
@pytest.mark.parametrize(
    "make",
    [
        pytest.param(_with_two_ports, id="nothing"),
        pytest.param(lambda: _without(_with_two_ports(), "paused"), id="field-less"),
        pytest.param(make_deployment, id="container-less"),
    ],
)
def test_dry_run_of_an_apply_says_what_the_real_one_does(
    shop: Target, is_applied: bool, make: Any
) -> None:
    """S99: also where ownership is handed over first, which a dry run does not keep."""
    draft = _with_two_ports()
    _write(shop, draft, DEPLOYMENTS)
    if is_applied:
        _again(shop, draft, DEPLOYMENTS)
    rehearsed = DryRunCluster(shop.cluster, record=lambda _: None, tell=lambda _: None)
    dry = _again(shop, make(), DEPLOYMENTS, cluster=rehearsed)
    real = _again(shop, make(), DEPLOYMENTS)
    assert (real.verdict, real.detail) == (dry.verdict, dry.detail)
    assert dry.object is not None and real.object is not None
    assert real.object["spec"] == dry.object["spec"]


def test_takeover_is_told(shop: Target) -> None:
    """S32: whoever edited a propagated field is named, and so is the field."""
    draft = make_config_map("a", {"x": "1"})
    _write(shop, draft)
    _edit(shop, f"{CONFIG_MAP_PATH}/a", {"data": {"x": "9", "theirs": "1"}}, manager="kubectl-edit")
    done = _again(shop, draft)
    assert (Verdict.UPDATED, "took over .data.x from kubectl-edit") == (done.verdict, done.detail)
    assert {"x": "1", "theirs": "1"} == shop.cluster.get(CONFIG_MAPS, A)["data"]


def test_takeover_from_an_autoscaler_is_told(shop: Target) -> None:
    """Replicas that the template names are set again, and whose they were is said."""
    _write(shop, make_deployment(), DEPLOYMENTS)
    _edit(shop, f"{DEPLOYMENT_PATH}/web/scale", {"spec": {"replicas": 6}}, manager="autoscaler")
    done = _again(shop, make_deployment(), DEPLOYMENTS)
    assert "took over .spec.replicas from autoscaler" == done.detail
    assert 3 == shop.cluster.get(DEPLOYMENTS, WEB)["spec"]["replicas"]


# --- races ---------------------------------------------------------------------------------------


@BOTH
def test_object_that_vanished_is_created_anew(shop: Target, strategy: Strategy) -> None:
    """Between the list and the write it may go; an apply must not make half of it."""
    draft = make_config_map("a", {"x": "1"})
    observed = _write(shop, draft).object
    shop.cluster.delete(CONFIG_MAPS, A)
    done = _write(shop, make_config_map("a", {"x": "2"}), observed=observed, strategy=strategy)
    assert Verdict.CREATED == done.verdict
    assert uid_of(observed or {}) != uid_of(shop.cluster.get(CONFIG_MAPS, A))


@BOTH
def test_object_that_was_made_anew_is_looked_at_again(shop: Target, strategy: Strategy) -> None:
    """S37: another object under the same name may say that it is to be left alone."""
    observed = _write(shop, make_config_map("a", {"x": "1"})).object
    shop.cluster.delete(CONFIG_MAPS, A)
    theirs = make_config_map("a", {"theirs": "1"})
    theirs["metadata"]["labels"] = {MANAGED_LABEL: "false"}
    shop.cluster.create(CONFIG_MAPS, theirs)
    done = _write(shop, make_config_map("a", {"x": "2"}), observed=observed, strategy=strategy)
    assert PropagationStatus.MANAGED_LABEL_FALSE == done.status
    assert {"theirs": "1"} == shop.cluster.get(CONFIG_MAPS, A)["data"]


@BOTH
def test_retained_replicas_are_those_of_the_moment(shop: Target, strategy: Strategy) -> None:
    """S53, S41: replicas that changed since they were read are read again, not set back."""
    draft = make_deployment()
    observed = _write(shop, draft, DEPLOYMENTS).object
    _edit(shop, f"{DEPLOYMENT_PATH}/web", {"spec": {"replicas": 6}}, manager="autoscaler")
    draft["spec"]["minReadySeconds"] = 7
    more = {"strategy": strategy, "retain_replicas": True, "observed": observed}
    done = _write(shop, draft, DEPLOYMENTS, **more)
    assert (Verdict.UPDATED, "") == (done.verdict, done.detail)
    spec = shop.cluster.get(DEPLOYMENTS, WEB)["spec"]
    assert (6, 7) == (spec["replicas"], spec["minReadySeconds"])


# --- what an apply is refused --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        pytest.param(
            {"ports": [{"containerPort": 80}, {"containerPort": 80, "name": "again"}]},
            "duplicate entries for key",
            id="duplicate-keys",
        ),
        pytest.param({"colour": "red"}, "field not declared in schema", id="unknown-field"),
    ],
)
def test_object_that_cannot_be_applied_is_replaced_and_that_is_told(
    shop: Target, container: Object, expected: str
) -> None:
    """What KubeFed can propagate, an apply may refuse: then the object is replaced, as there."""
    draft = make_deployment()
    _write(shop, draft, DEPLOYMENTS)
    draft["spec"]["template"]["spec"]["containers"][0].update(container)
    draft["spec"]["minReadySeconds"] = 7
    done = _again(shop, draft, DEPLOYMENTS)
    assert Verdict.UPDATED == done.verdict
    assert "replaced, as apply is refused: " in done.detail and expected in done.detail
    assert 7 == shop.cluster.get(DEPLOYMENTS, WEB)["spec"]["minReadySeconds"]


# --- fields that cannot be changed ---------------------------------------------------------------


@BOTH
def test_immutable_field_is_refused_unless_recreation_is_asked_for(
    shop: Target, strategy: Strategy
) -> None:
    """S40: the object is deleted and made anew only where that is asked for."""
    first = {**make_config_map("a", {"x": "1"}), "immutable": True}
    _write(shop, first)
    before = shop.cluster.get(CONFIG_MAPS, A)
    changed = {**make_config_map("a", {"x": "2"}), "immutable": True}
    with pytest.raises(Exception, match="immutable"):
        _again(shop, changed, strategy=strategy)
    done = _again(shop, changed, strategy=strategy, recreates=True)
    found = shop.cluster.get(CONFIG_MAPS, A)
    assert (Verdict.RECREATED, {"x": "2"}) == (done.verdict, found["data"])
    assert uid_of(before) != uid_of(found)


@BOTH
def test_immutable_secret_is_made_anew_and_never_quoted(shop: Target, strategy: Strategy) -> None:
    """What the API server says of a Secret is not told, and yet known."""
    draft = {**make_config_map("a", {"x": "b25l"}), "kind": "Secret", "immutable": True}
    _write(shop, draft, SECRETS)
    changed = {**draft, "data": {"x": "dHdv"}}
    with pytest.raises(InvalidError) as refused:
        _again(shop, changed, SECRETS, strategy=strategy)
    assert "dHdv" not in str(refused.value)
    done = _again(shop, changed, SECRETS, strategy=strategy, recreates=True)
    assert Verdict.RECREATED == done.verdict
    assert {"x": "dHdv"} == shop.cluster.get(SECRETS, A)["data"]


def test_secret_that_cannot_be_applied_is_replaced_and_never_quoted(shop: Target) -> None:
    """A field that Secrets do not have is dropped, as KubeFed's update drops it."""
    draft = {**make_config_map("a", {"x": "b25l"}), "kind": "Secret"}
    _write(shop, draft, SECRETS)
    done = _again(shop, {**draft, "data": {"x": "dHdv"}, "odd": {"x": "dHdv"}}, SECRETS)
    assert Verdict.UPDATED == done.verdict
    assert "dHdv" not in done.detail
    assert {"x": "dHdv"} == shop.cluster.get(SECRETS, A)["data"]


@BOTH
def test_immutable_field_is_known_at_the_end_of_a_long_message(
    shop: Target, strategy: Strategy
) -> None:
    """The words stand behind the whole value, which may be large."""
    labels = {f"label-{number}": "x" * 40 for number in range(12)}
    draft = make_deployment()
    _write(shop, draft, DEPLOYMENTS)
    draft["spec"]["selector"] = {"matchLabels": labels}
    draft["spec"]["template"]["metadata"] = {"labels": labels}
    done = _again(shop, draft, DEPLOYMENTS, strategy=strategy, recreates=True)
    assert Verdict.RECREATED == done.verdict


def test_recreation_that_a_finalizer_holds_waits(shop: Target) -> None:
    """The object is on its way out; a later sync creates it."""
    held = {**make_config_map("a", {"x": "1"}), "immutable": True}
    _write(shop, held)
    _edit(
        shop, f"{CONFIG_MAP_PATH}/a", {"metadata": {"finalizers": ["example.com/x"]}}, manager="x"
    )
    observed = shop.cluster.get(CONFIG_MAPS, A)
    changed = {**make_config_map("a", {"x": "2"}), "immutable": True}
    intent = MemberIntent(changed, (), strategy=Strategy.APPLY, recreates=True)
    wave = Wave.NAMESPACED
    action = Action(ActionVerb.UPDATE, wave, "c1", CONFIG_MAPS, A, changed, intent, observed)
    done = update(shop.cluster, action)
    assert (Verdict.WAITING, PropagationStatus.WAITING_FOR_REMOVAL) == (done.verdict, done.status)
    _edit(shop, f"{CONFIG_MAP_PATH}/a", {"metadata": {"finalizers": None}}, manager="x")


def test_service_keeps_what_was_allocated_to_it(shop: Target) -> None:
    """S57: a Service that an apply updates keeps its address and ports."""
    draft: Object = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"type": "NodePort", "selector": {"app": "web"}, "ports": [{"port": 80}]},
    }
    first = _write(shop, draft, SERVICES).object
    draft["spec"]["selector"] = {"app": "other"}
    done = _again(shop, draft, SERVICES)
    assert (Verdict.UPDATED, "") == (done.verdict, done.detail)
    assert first is not None and done.object is not None
    for field in ("clusterIP", "clusterIPs", "ports"):
        assert first["spec"][field] == done.object["spec"][field]
