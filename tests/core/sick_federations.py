"""
A federation that is well, and for each rule of `check` one that is sick by a single change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kubefedctl.core.definitions import make_core_crds
from kubefedctl.core.draining import DRAIN_LABEL
from kubefedctl.core.installing import make_default_crds
from kubefedctl.core.planning import plan_sync
from kubefedctl.core.remedies import Shell
from kubefedctl.model.clusters import Expiry, Registration, parse_registration
from kubefedctl.model.examinations import Examination, Federated, HostFacts, MemberFacts
from kubefedctl.model.federated import FederatedObject
from kubefedctl.model.locks import LockRecord
from kubefedctl.model.outcomes import Probe, ProbeKind
from kubefedctl.model.readings import ClusterReading
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.typeconfigs import ApiResource, Discovery, TypeConfig
from kubefedctl.model.wellknown import PROPAGATED_VERSIONS, VALIDATING_WEBHOOKS
from tests.core.federations import (
    EVERYWHERE,
    TERMINATING,
    desire,
    federate,
    federated_namespace,
    member_object,
    reading,
)
from tests.core.makers import CONFIG_MAP, NAMESPACE, make_type_config

KNS = "kube-federation-system"
NOW = "2026-01-02T03:04:05Z"
YESTERDAY = "2026-01-01T03:04:05Z"
SHELL = Shell()
WIDGET = Resource("example.com", "v1", "widgets", "Widget", True)


def type_config(target: Resource, **fields: Any) -> TypeConfig:
    """Return a type config as it is read."""
    made = make_type_config(target)
    source = {"metadata": {"namespace": KNS, "name": made.name}}
    return replace(made, **{"source": source, **fields})


def serve(*resources: Resource, failures: Sequence[str] = ()) -> Discovery:
    """Return the discovery of a cluster."""
    return Discovery(tuple(ApiResource(found) for found in resources), tuple(failures))


def register(
    name: str, *, labels: Mapping[str, str] | None = None, ready: str = "True", **spec: Any
) -> Registration:
    """Return a registration as it is read."""
    condition = {"type": "Ready", "status": ready, "lastTransitionTime": YESTERDAY}
    metadata: Object = {"name": name, "namespace": KNS, "labels": dict(labels or {})}
    given = {"apiEndpoint": f"https://{name}.example", "secretRef": {"name": "s"}, **spec}
    status = {"conditions": [condition]}
    return parse_registration({"metadata": metadata, "spec": given, "status": status})


WELL = MemberFacts(Probe(ProbeKind.OK, kubernetes_version="v1.33.0"), serve(NAMESPACE, CONFIG_MAP))


UNKNOWN = replace(WELL, probe=Probe(ProbeKind.OK))
WELL_HOST = HostFacts(
    "host",
    "https://host.example",
    serve(*(make_type_config(found).federated for found in (NAMESPACE, CONFIG_MAP))),
    version="v1.33.0",
    crds={crd["metadata"]["name"]: crd for crd in (*make_core_crds(), *make_default_crds())},
)


@dataclass(frozen=True, slots=True)
class Stage:
    """A federation of two members with a namespace and a ConfigMap, all well, until changed."""

    host: HostFacts = WELL_HOST
    clusters: tuple[Registration, ...] = (register("c1"), register("c2"))
    facts: Mapping[str, MemberFacts] = field(default_factory=dict)
    types: tuple[TypeConfig, ...] = (type_config(NAMESPACE), type_config(CONFIG_MAP))
    objects: tuple[FederatedObject, ...] = (federated_namespace(), federate())
    readings: Mapping[str, ClusterReading] = field(default_factory=dict)
    irregular: tuple[str, ...] = ()
    doubts: tuple[tuple[str, str], ...] = ()
    desired: Mapping[str, Any] = field(default_factory=dict)

    def examine(self) -> Examination:
        """Return what would be looked at."""
        targets = [found.target for found in self.types]
        wanted = desire(self.objects, clusters=self.clusters, targets=targets, **self.desired)
        observed = {found.name: reading(found.name) for found in self.clusters} | self.readings
        federated = Federated(
            registrations=wanted.registrations,
            types=self.types,
            irregular=self.irregular,
            desired=wanted,
            observed=observed,
            plan=plan_sync(wanted, observed),
            doubts=self.doubts,
        )
        members = {found.name: WELL for found in self.clusters} | dict(self.facts)
        return Examination(NOW, KNS, self.host, members, federated)


HEALTHY = Stage()


def with_host(**fields: Any) -> Stage:
    """Change what is known of the host."""
    return replace(HEALTHY, host=replace(HEALTHY.host, **fields))


def with_member(**fields: Any) -> Stage:
    """Change what is known of c1."""
    return replace(HEALTHY, facts={"c1": replace(WELL, **fields)})


def with_c1(name: str = "c1", **given: Any) -> Stage:
    """Register c1 otherwise."""
    return replace(HEALTHY, clusters=(register(name, **given), register("c2")))


def with_spec(**spec: Any) -> Stage:
    """Federate the ConfigMap otherwise; everywhere unless the spec says where."""
    web = federate({"placement": EVERYWHERE, **spec})
    return replace(HEALTHY, objects=(federated_namespace(), web))


def in_c1(*objects: Object, **more: Any) -> Stage:
    """Let c1 hold objects."""
    return replace(HEALTHY, readings={"c1": reading("c1", *objects, **more)})


def probe(kind: ProbeKind, message: str = "") -> Stage:
    """Let c1 answer its probe otherwise."""
    return replace(HEALTHY, facts={"c1": MemberFacts(Probe(kind, message))})


def overrides(cluster: str, path: str = "/data/a", op: str = "replace") -> Object:
    """Return overrides for one cluster."""
    return {"clusterName": cluster, "clusterOverrides": [{"path": path, "op": op, "value": "x"}]}


def without_crd(name: str) -> dict[str, Object]:
    """Return the host's CRDs but for one."""
    assert HEALTHY.host.crds is not None
    return {found: crd for found, crd in HEALTHY.host.crds.items() if found != name}


def bare(stage: Stage, *, unusable: str = "") -> Examination:
    """Return what is looked at where the host has no federation that can be read."""
    return Examination(NOW, KNS, stage.host, unusable=unusable)


def stuck(**metadata: Any) -> Object:
    """Return a propagated ConfigMap that is in deletion for years."""
    return member_object(metadata={**TERMINATING, "finalizers": ["a/b"], **metadata})


VERSIONS = {"versions": {PROPAGATED_VERSIONS: {Key("shop", "configmap-gone"): {}}}}
TWINS = (register("c1"), register("c2", apiEndpoint="https://c1.example/"))
DELETED = federate(key=Key("shop", "web"), metadata=TERMINATING)
EDIT = "kubectl edit federatedconfigmaps.types.kubefed.io web -n shop"
CAN_I = f"kubectl auth can-i --list -n {KNS}"
WEB = "FederatedConfigMap/shop/web"
REJOIN_C1 = "kubefedctl join c1 --error-on-existing=false --api-endpoint https://c1.example"

Case = tuple[Stage | Examination, str, str, str]
CASES: dict[str, Case] = {
    "KF101": (
        bare(HEALTHY),
        "cluster host",
        "does not serve KubeFed's API core.kubefed.io/v1beta1",
        "kubefedctl init",
    ),
    "KF102": (
        bare(HEALTHY, unusable="KubeFedConfig kubefed: spec.scope must be one of A, B"),
        "cluster host",
        "KubeFedConfig kubefed: spec.scope must be one of A, B",
        f"kubectl edit kubefedconfigs.core.kubefed.io kubefed -n {KNS}",
    ),
    "KF103": (
        with_host(crds=without_crd("kubefedclusters.core.kubefed.io")),
        "CustomResourceDefinition/kubefedclusters.core.kubefed.io",
        "is missing",
        "kubefedctl init",
    ),
    "KF104": (
        replace(HEALTHY, irregular=("KubeFedCluster/k/c1: spec.x must be y",)),
        "KubeFedCluster/k/c1",
        "spec.x must be y",
        f"kubectl edit kubefedcluster c1 -n {KNS}",
    ),
    "KF105": (
        with_host(forbidden=("list, update widgets",)),
        "cluster host",
        "you may not list, update widgets",
        CAN_I,
    ),
    "KF106": (
        with_host(manager=2),
        f"Deployment/{KNS}/kubefed-controller-manager",
        "2 replicas of KubeFed's controller-manager are asked for",
        f"kubectl scale deployment kubefed-controller-manager -n {KNS} --replicas 0",
    ),
    "KF107": (
        with_host(lease=LockRecord("kubefedctl-sync_a", 15, YESTERDAY, YESTERDAY)),
        f"Lease/{KNS}/kubefedctl-sync",
        "kubefedctl-sync_a holds the lock and has renewed it 1 day ago",
        f"kubectl delete leases.coordination.k8s.io kubefedctl-sync -n {KNS}",
    ),
    "KF108": (
        replace(with_host(version="v1.24.1"), facts={"c1": UNKNOWN, "c2": UNKNOWN}),
        "cluster host",
        "its version is v1.24.1",
        "kubectl version",
    ),
    "KF109": (
        replace(HEALTHY, clusters=()),
        "cluster host",
        "no member cluster is joined",
        "kubefedctl join CLUSTER_NAME",
    ),
    "KF110": (
        with_host(webhooks=((VALIDATING_WEBHOOKS, "validations.core.kubefed.io"),)),
        "ValidatingWebhookConfiguration/validations.core.kubefed.io",
        "is registered, and no Pod of KubeFed's admission webhook is ready",
        "kubectl delete validatingwebhookconfigurations.admissionregistration.k8s.io"
        " validations.core.kubefed.io",
    ),
    "KF201": (
        probe(ProbeKind.MALFORMED, "no usable token"),
        "cluster c1",
        "cannot be used: no usable token",
        REJOIN_C1,
    ),
    "KF202": (
        probe(ProbeKind.UNREACHABLE, "ConnectionRefused"),
        "cluster c1",
        "does not answer at https://c1.example: ConnectionRefused",
        "kubectl --context c1 get --raw /healthz",
    ),
    "KF203": (
        probe(ProbeKind.NOT_OK),
        "cluster c1",
        "is not healthy",
        "kubectl --context c1 get --raw /healthz",
    ),
    "KF204": (
        with_c1(ready="False"),
        "cluster c1",
        f"answers well; recorded as not ready since {YESTERDAY}",
        "kubefedctl sync --cluster c1",
    ),
    "KF205": (
        with_c1(apiEndpoint="https://127.0.0.1:6443"),
        "cluster c1",
        "its API endpoint https://127.0.0.1:6443 is a loopback address",
        "kubefedctl join c1 --error-on-existing=false --api-endpoint https://HOST:6443",
    ),
    "KF206": (
        with_c1(disabledTLSValidations=["*"]),
        "cluster c1",
        "spec.disabledTLSValidations is *",
        f"kubectl edit kubefedcluster c1 -n {KNS}",
    ),
    "KF207": (
        replace(HEALTHY, clusters=TWINS),
        "cluster c2",
        "has the API endpoint of cluster c1, https://c1.example",
        "kubefedctl unjoin c2",
    ),
    "KF208": (
        with_c1(labels={DRAIN_LABEL: "left"}),
        "cluster c1",
        "is being drained (left)",
        "kubefedctl undrain c1",
    ),
    "KF209": (
        with_member(forbidden=("create configmaps", "get secrets")),
        "cluster c1",
        "its account may not create configmaps; get secrets",
        REJOIN_C1,
    ),
    "KF210": (
        replace(
            with_member(probe=Probe(ProbeKind.OK, kubernetes_version="v1.21.0")),
            host=replace(HEALTHY.host, version=""),
        ),
        "cluster c1",
        "its version is v1.21.0",
        "kubefedctl sync --cluster c1 --strategy replace",
    ),
    "KF211": (
        with_member(probe=Probe(ProbeKind.OK, kubernetes_version="v1.29.9")),
        "cluster c1",
        "its version is v1.29.9, the host's v1.33.0",
        "kubectl --context c1 version",
    ),
    "KF212": (
        with_member(discovery=replace(WELL.discovery, failures=("m/v1: 503",))),
        "cluster c1",
        "does not serve m/v1: 503",
        "kubectl --context c1 get apiservices",
    ),
    "KF301": (
        with_member(expiries=(Expiry("token", YESTERDAY),)),
        "cluster c1",
        f"the token has ended 1 day ago, at {YESTERDAY}",
        REJOIN_C1,
    ),
    "KF302": (
        with_member(expiries=(Expiry("server certificate", "2026-01-30T03:04:05Z"),)),
        "cluster c1",
        "the server certificate ends in 28 days, at 2026-01-30T03:04:05Z",
        "openssl s_client -connect c1.example:443 </dev/null | openssl x509 -noout -subject -dates",
    ),
    "KF401": (
        with_host(discovery=serve(make_type_config(NAMESPACE).federated)),
        f"FederatedTypeConfig/{KNS}/configmaps",
        "the host does not serve federatedconfigmaps.types.kubefed.io in version v1beta1",
        "kubefedctl enable configmaps",
    ),
    "KF402": (
        replace(
            HEALTHY,
            types=(
                *HEALTHY.types,
                replace(
                    type_config(CONFIG_MAP),
                    name="maps",
                    is_propagated=False,
                    source={"metadata": {"namespace": KNS, "name": "maps"}},
                ),
            ),
        ),
        f"FederatedTypeConfig/{KNS}/maps",
        "is about configmaps, as the FederatedTypeConfig configmaps is",
        "kubefedctl disable maps",
    ),
    "KF403": (
        replace(HEALTHY, desired={"failures": {"configmaps": "403 Forbidden"}}),
        f"FederatedTypeConfig/{KNS}/configmaps",
        "is not synced: 403 Forbidden",
        "kubectl get federatedconfigmaps.types.kubefed.io -A",
    ),
    "KF404": (
        with_member(discovery=serve(NAMESPACE, replace(CONFIG_MAP, version="v2"))),
        "configmaps in cluster c1",
        "version v1 is not served; it serves v2 alone",
        "kubefedctl disable configmaps",
    ),
    "KF405": (
        in_c1(failures={"configmaps": "cannot list configmaps in cluster c1: 403"}),
        "configmaps in cluster c1",
        "cannot list configmaps in cluster c1: 403",
        "kubectl --context c1 get configmaps -A",
    ),
    "KF501": (
        replace(HEALTHY, objects=(federate(), federate(key=Key("shop", "b")))),
        "Namespace/shop",
        "is not federated, and 2 federated objects in it are propagated nowhere",
        "kubefedctl federate namespace shop",
    ),
    "KF502": (
        replace(
            HEALTHY,
            objects=(
                federated_namespace(spec={"placement": {"clusters": [{"name": "c1"}]}}),
                federate(),
            ),
        ),
        "FederatedNamespace/shop/shop",
        "its placement leaves out c2, which 1 object selects",
        "kubectl edit federatednamespace shop -n shop",
    ),
    "KF503": (
        with_spec(placement=5),
        WEB,
        "spec.placement is not a map",
        EDIT,
    ),
    "KF504": (
        with_spec(placement={"clusterSelector": {"matchLabels": {"zone": "eu"}}}),
        WEB,
        "its clusterSelector matches none of 2 clusters",
        "kubectl get kubefedclusters -A --show-labels",
    ),
    "KF505": (
        with_spec(placement={}),
        WEB,
        "its placement names no cluster",
        "kubectl patch federatedconfigmaps.types.kubefed.io web -n shop --type merge -p"
        """ '{"spec":{"placement":{"clusterSelector":{}}}}'""",
    ),
    "KF506": (
        with_spec(placement={"clusters": [{"name": "c1"}, {"name": "c9"}]}),
        WEB,
        "its placement names cluster c9, which is not joined",
        "kubefedctl join c9",
    ),
    "KF507": (
        with_spec(overrides=[overrides("c1", "/data/a/b", "remove")]),
        f"{WEB} for cluster c1",
        "override 0 (remove /data/a/b): there is no map or list at /data",
        EDIT,
    ),
    "KF508": (
        with_spec(overrides=[overrides("c9")]),
        WEB,
        "has overrides for cluster c9, which is not joined",
        EDIT,
    ),
    "KF509": (
        with_spec(overrides=[overrides("c2")], placement={"clusters": [{"name": "c1"}]}),
        WEB,
        "has overrides for cluster c2, in which it is not placed",
        EDIT,
    ),
    "KF510": (
        with_spec(template=5),
        WEB,
        "spec.template is not a map",
        EDIT,
    ),
    "KF511": (
        replace(
            HEALTHY,
            objects=(*HEALTHY.objects, federate(key=Key("shop", "x"), target=NAMESPACE)),
        ),
        "FederatedNamespace/shop/x",
        "is ignored: it is not named shop, as the namespace that it is in",
        "kubectl delete federatednamespaces.types.kubefed.io x -n shop",
    ),
    "KF512": (
        replace(HEALTHY, objects=(federated_namespace(), DELETED)),
        WEB,
        "is in deletion for 2193 days, held by kubefed.io/sync-controller",
        "kubefedctl sync configmaps/web -n shop",
    ),
    "KF513": (
        in_c1(stuck()),
        "ConfigMap/shop/web in cluster c1",
        "is in deletion for 2193 days, held by a/b",
        "kubectl --context c1 get configmaps web -n shop -o 'jsonpath={.metadata.finalizers}'",
    ),
    "KF514": (
        in_c1(member_object(Key("shop", "old"))),
        "ConfigMap/shop/old in cluster c1",
        "has KubeFed's label, and no federated object claims it",
        "kubefedctl sync configmaps -n shop --cluster c1",
    ),
    "KF515": (
        replace(HEALTHY, desired=VERSIONS),
        "PropagatedVersion/shop/configmap-gone",
        "its federated object is gone",
        "kubectl delete propagatedversions.core.kubefed.io configmap-gone -n shop",
    ),
    "KF516": (
        replace(HEALTHY, doubts=(("ReplicaSchedulingPreference/shop/web", "there is no b"),)),
        "ReplicaSchedulingPreference/shop/web",
        "there is no b",
        "kubefedctl schedule web -n shop",
    ),
    "KF901": (
        with_member(unread=("permissions: 500",)),
        "cluster c1",
        "permissions: 500",
        "kubectl --context c1 auth can-i --list",
    ),
}
