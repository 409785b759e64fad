"""
The tables of the tests of KubeFed's admission webhook, for functions and for API servers.

A case is a good object with one change. Which change KubeFed's webhook refuses stands in the
tables of its own tests; cases that those leave open are named so.

Upstream: pkg/apis/core/v1beta1/validation/validation_test.go, test/common/validation.go @ v0.10.0.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

from kubefedctl.core.enabling import make_type_config
from kubefedctl.core.installing import make_kubefed_config
from kubefedctl.model.refs import Object, Resource

NAMESPACE = "ns"
LEFT_OUT: Any = object()
"""The value of a field that is taken away."""


@dataclass(frozen=True, slots=True)
class Case:
    """
    One change to a good object.

    Args:
        path: The field that is changed; steps are divided by dots, list items by their index.
        value: What it becomes.
        field: The field that a refusal names; empty where the object stays good.
        needs_cel: Whether only a CEL rule can refuse it.
    """

    path: str
    value: Any
    field: str = ""
    needs_cel: bool = False

    @property
    def label(self) -> str:
        """What the test is called."""
        value = "left-out" if self.value is LEFT_OUT else repr(self.value)
        return f"{self.path}={value}"[:80].replace("[", "(").replace("]", ")")

    def change(self, good: Object) -> Object:
        """Return *good*, which is the caller's own, with the change."""
        *steps, last = self.path.split(".")
        found: Any = good
        for step in steps:
            found = found[int(step)] if isinstance(found, list) else found[step]
        if self.value is LEFT_OUT:
            del found[last]
        elif isinstance(found, list):
            found[int(last) :] = [self.value]
        else:
            found[last] = self.value
        return good


# --- FederatedTypeConfig -------------------------------------------------------------------------

DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment", True)
WIDE_SERVICES = Resource("", "v1", "services", "Service", True)


def make_good_type_config(target: Resource = DEPLOYMENTS) -> Object:
    """Return a FederatedTypeConfig with a status type and a status, as the webhook's tests do."""
    config = make_type_config(target)
    config["metadata"]["namespace"] = NAMESPACE
    config["spec"]["statusCollection"] = "Enabled"
    config["spec"]["statusType"] = {
        "group": "types.kubefed.io",
        "version": "v1beta1",
        "kind": f"Federated{target.kind}Status",
        "pluralName": f"federated{target.plural}status",
        "scope": "Namespaced",
    }
    config["status"] = {
        "observedGeneration": 1,
        "propagationController": "Running",
        "statusController": "NotRunning",
    }
    return config


def _api_resource_cases(field: str) -> list[Case]:
    path = f"spec.{field}"
    values = [
        ("version", ""),
        ("version", "Alpha"),
        ("version", LEFT_OUT),
        ("version", "v" * 64),
        ("kind", ""),
        ("kind", "Invalid.Kind"),
        ("kind", "2Kind"),
        ("kind", "Kind-"),
        ("scope", ""),
        ("scope", "NeitherClusterOrNamespaceScoped"),
        ("scope", LEFT_OUT),
        ("group", "invalid#group"),
        ("group", "Upper.example.com"),
        ("group", "a..b"),
    ]
    return [Case(f"{path}.{name}", value, f"{path}.{name}") for name, value in values]


TYPE_CONFIG_CASES = [
    *_api_resource_cases("targetType"),
    *_api_resource_cases("federatedType"),
    *_api_resource_cases("statusType"),
    *(
        Case(f"spec.{kind}.{name}", value, f"spec.{kind}.{name}")
        for kind in ("federatedType", "statusType")
        for name, value in [
            ("group", ""),
            ("group", LEFT_OUT),
            ("group", "nodomain"),
            ("pluralName", ""),
            ("pluralName", "2InvalidKind"),
        ]
    ),
    Case("spec.targetType.pluralName", "2InvalidKind", "spec.targetType.pluralName"),
    Case("spec.propagation", "", "spec.propagation"),
    Case("spec.propagation", LEFT_OUT, "spec.propagation"),
    Case("spec.propagation", "InvalidPropagationMode", "spec.propagation"),
    Case("spec.statusCollection", "InvalidStatusCollectionMode", "spec.statusCollection"),
    Case("metadata.name", "deployments", "metadata.name", needs_cel=True),
    Case("metadata.name", "deployments.extensions", "metadata.name", needs_cel=True),
    Case("spec.targetType.group", LEFT_OUT, "metadata.name", needs_cel=True),
    Case("spec.targetType.group", "", "metadata.name", needs_cel=True),
    Case("spec.statusType", LEFT_OUT),
    Case("spec.statusCollection", LEFT_OUT),
    Case("spec.propagation", "Disabled"),
    Case("spec.targetType.scope", "Cluster"),
    Case("spec.federatedType.kind", "Federated-Thing9"),
]
TYPE_CONFIG_STATUS_CASES = [
    Case("status.observedGeneration", -1, "status.observedGeneration"),
    Case("status.observedGeneration", 0),
    *(
        Case(f"status.{name}", value, f"status.{name}")
        for name in ("propagationController", "statusController")
        for value in ("", "InvalidControllerStatus")
    ),
    Case("status.propagationController", LEFT_OUT, "status.propagationController"),
    Case("status.statusController", LEFT_OUT),
    Case("status.propagationController", "NotRunning"),
]


# --- KubeFedCluster ------------------------------------------------------------------------------


def make_good_cluster(name: str = "eu-1") -> Object:
    """Return a KubeFedCluster with three conditions."""
    conditions = [
        {
            "type": kind,
            "status": status,
            "lastProbeTime": "2026-01-02T03:04:05Z",
            "lastTransitionTime": "2026-01-02T03:04:05Z",
            "reason": "ClusterReady",
            "message": "/healthz responded with ok",
        }
        for kind, status in [("Ready", "True"), ("Offline", "False"), ("ConfigMalformed", "False")]
    ]
    return {
        "apiVersion": "core.kubefed.io/v1beta1",
        "kind": "KubeFedCluster",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            "apiEndpoint": "https://example.com:6443",
            "caBundle": "UEVN",
            "disabledTLSValidations": ["SubjectName"],
            "proxyURL": "",
            "secretRef": {"name": "eu-1-x7k2p"},
        },
        "status": {"conditions": conditions, "kubernetesVersion": "v1.34.4"},
    }


GOOD_ENDPOINTS = [
    "".join(parts)
    for parts in itertools.product(
        ("", "http://", "https://"),
        ("example.com", "my.example.com", "192.0.2.219", "[2001:db8:25a4:8d2::1]"),
        ("", ":1", ":80", ":8080", ":65535"),
        ("", "/", "/path/to/endpoint"),
    )
    if parts[0] or parts[3] != "/path/to/endpoint"
]
BAD_ENDPOINTS = [
    "",
    "https://",
    "https:///path",
    "example.com/path/to/somewhere",
    "192.0.2.35/path/to/somewhere",
    "tcp://example.com",
    "ftp://127.0.0.1",
    "://example.com",
    "example.com:port80",
    "example.com:-80",
    "example.com:0",
    "example.com:65536",
    "example.com:99999",
    "https://example.com:0",
    "https://example.com:65536",
    "https://example.com:port80/path",
    "https://2001:db8:25a4:8d2::1",
    "2001:db8:25a4:8d2::1",
    "https://[2001:db8:25a4:8d2::1",
    "https://exa mple.com",
    "https://example.com/a b",
    "https://example.com\n",
    "https://" + "a" * 2048,
]
CLUSTER_CASES = [
    *(Case("spec.apiEndpoint", text) for text in GOOD_ENDPOINTS),
    Case("spec.apiEndpoint", "HTTPS://Example.COM:6443"),
    Case("spec.apiEndpoint", "https://user:word@example.com:6443/k8s/clusters/c-1"),
    Case("spec.apiEndpoint", "https://127.0.0.1:1"),
    Case("spec.apiEndpoint", "https://[fe80::1%25eth0]:6443"),
    *(Case("spec.apiEndpoint", text, "spec.apiEndpoint") for text in BAD_ENDPOINTS),
    Case("spec.apiEndpoint", LEFT_OUT, "spec.apiEndpoint"),
    *(
        Case("spec.proxyURL", text)
        for text in (
            "",
            "socks5://example.com",
            "https://example.com",
            "http://example.com",
            "http://user:word@example.com:3128",
            LEFT_OUT,
        )
    ),
    *(
        Case("spec.proxyURL", text, "spec.proxyURL")
        for text in ("socks6://example.com", "example.com", "chewbacca@example.com", "gopher://x")
    ),
    Case("spec.secretRef.name", "validation-test-cluster1"),
    Case("spec.secretRef.name", "a.b-c.d"),
    Case("spec.secretRef.name", "", "spec.secretRef.name"),
    Case("spec.secretRef.name", "invalid_secretname", "spec.secretRef.name"),
    Case("spec.secretRef.name", "a" * 254, "spec.secretRef.name"),
    Case("spec.secretRef.name", LEFT_OUT, "spec.secretRef.name"),
    Case("spec.secretRef", LEFT_OUT, "spec.secretRef"),
    *(
        Case("spec.disabledTLSValidations", names)
        for names in (
            [],
            ["*"],
            ["SubjectName"],
            ["ValidityPeriod"],
            ["SubjectName", "ValidityPeriod"],
        )
    ),
    Case("spec.disabledTLSValidations", LEFT_OUT),
    *(
        Case("spec.disabledTLSValidations", names, "spec.disabledTLSValidations")
        for names in (
            ["SubjectName", "*"],
            ["*", "ValidityPeriod"],
            ["*", "*"],
            ["*"] * 17,
        )
    ),
    Case("spec.disabledTLSValidations.0", "Everything", "spec.disabledTLSValidations[0]"),
    Case("spec.caBundle", LEFT_OUT),
]
CLUSTER_STATUS_CASES = [
    *(
        Case(f"status.conditions.1.{name}", value, f"status.conditions[1].{name}")
        for name in ("type", "status")
        for value in ("", "Invalid", LEFT_OUT)
    ),
    Case(
        "status.conditions.1.lastProbeTime",
        LEFT_OUT,
        "status.conditions[1].lastProbeTime",
    ),
    Case("status.conditions.1.status", "Unknown"),
    Case("status.conditions.1.reason", LEFT_OUT),
    Case("status.conditions", []),
]


# --- KubeFedConfig -------------------------------------------------------------------------------

_DURATIONS = (
    "controllerDuration.availableDelay",
    "controllerDuration.unavailableDelay",
    "controllerDuration.cacheSyncTimeout",
    "leaderElect.leaseDuration",
    "leaderElect.renewDeadline",
    "leaderElect.retryPeriod",
    "clusterHealthCheck.period",
    "clusterHealthCheck.timeout",
)
_COUNTS = (
    "clusterHealthCheck.failureThreshold",
    "clusterHealthCheck.successThreshold",
    "syncController.maxConcurrentReconciles",
    "statusController.maxConcurrentReconciles",
)
_SECTIONS = (
    "controllerDuration",
    "leaderElect",
    "featureGates",
    "clusterHealthCheck",
    "syncController",
    "statusController",
)


def make_good_config(name: str = "kubefed") -> Object:
    """Return the KubeFedConfig that `init` writes."""
    config = make_kubefed_config(namespace=NAMESPACE, scope="Cluster")
    config["metadata"]["name"] = name
    return config


def _gate(name: str, configuration: str = "Enabled") -> Object:
    return {"name": name, "configuration": configuration}


GAP_PATHS = [
    *(f"spec.{section}" for section in _SECTIONS),
    *(f"spec.{field}" for field in (*_DURATIONS, *_COUNTS)),
    "spec.leaderElect.resourceLock",
    "spec.syncController.adoptResources",
]
"""What the webhook demands and fills in when it is left out."""

CONFIG_CASES = [
    *(Case(path, LEFT_OUT) for path in GAP_PATHS),
    *(
        Case(f"spec.{field}", value, f"spec.{field}")
        for field in _DURATIONS
        for value in ("0s", "-1s", "soon")
    ),
    *(
        Case("spec.clusterHealthCheck.period", text, "spec.clusterHealthCheck.period")
        for text in ("", "0", "10", "0h0m0.0s", "1d", " 1s", "1s\n", "1" * 62 + "ns1")
    ),
    *(
        Case("spec.clusterHealthCheck.period", text)
        for text in ("1.5h", ".5s", "1.s", "0h0m1s", "1h0m0s", "+3s", "3us", "3\u00b5s", "3\u03bcs")
    ),
    Case(
        "spec.clusterHealthCheck.period", "0.1ns", "spec.clusterHealthCheck.period", needs_cel=True
    ),
    Case(
        "spec.clusterHealthCheck.period",
        "9999999999h",
        "spec.clusterHealthCheck.period",
        needs_cel=True,
    ),
    *(
        Case(f"spec.{field}", value, f"spec.{field}")
        for field in _COUNTS
        for value in (0, -1, "many")
    ),
    *(Case(f"spec.{field}", 7) for field in _COUNTS),
    Case("spec.scope", "", "spec.scope"),
    Case("spec.scope", LEFT_OUT, "spec.scope"),
    Case("spec.scope", "NeitherClusterOrNamespaceScoped", "spec.scope"),
    Case("spec.scope", "Namespaced"),
    Case("spec.leaderElect.resourceLock", "endpoints"),
    Case("spec.leaderElect.resourceLock", "Neither", "spec.leaderElect.resourceLock"),
    Case("spec.syncController.adoptResources", "Disabled"),
    Case("spec.syncController.adoptResources", "Neither", "spec.syncController.adoptResources"),
    Case("spec.leaderElect.leaseDuration", "10s", "spec.leaderElect", needs_cel=True),
    Case("spec.leaderElect.leaseDuration", "10001ms"),
    Case("spec.leaderElect.renewDeadline", "6s", "spec.leaderElect", needs_cel=True),
    Case("spec.leaderElect.renewDeadline", "6001ms"),
    Case("spec.leaderElect.retryPeriod", "9s", "spec.leaderElect", needs_cel=True),
    Case(
        "spec.leaderElect",
        {"leaseDuration": "1h", "renewDeadline": "12ns", "retryPeriod": "10ns"},
        "spec.leaderElect",
        needs_cel=True,
    ),
    Case("spec.leaderElect", {"retryPeriod": "20s"}, "spec.leaderElect", needs_cel=True),
    Case("spec.featureGates", []),
    Case("spec.featureGates", [_gate("PushReconciler", "Disabled")]),
    Case(
        "spec.featureGates",
        [_gate("PushReconciler"), _gate("PushReconciler", "Disabled")],
        "spec.featureGates[1]",
    ),
    Case("spec.featureGates", [_gate("BadFeatureName")], "spec.featureGates[0].name"),
    Case(
        "spec.featureGates",
        [_gate("PushReconciler", "Neither")],
        "spec.featureGates[0].configuration",
    ),
    Case("spec.featureGates", [{"name": "PushReconciler"}], "spec.featureGates[0].configuration"),
]
