"""
Tests of what `check` finds: each rule has a sick federation, made of a healthy one by one change.
"""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest
import typer.main

from kubefedctl.cli.app import app
from kubefedctl.cli.arguments import rewrite_arguments
from kubefedctl.core.credentials import TOKEN_EXPIRES_ANNOTATION
from kubefedctl.core.definitions import make_core_crds
from kubefedctl.core.diagnosing import diagnose
from kubefedctl.core.draining import DRAIN_LABEL
from kubefedctl.core.joining import CLUSTER_CONTEXT_ANNOTATION, GRANTED_TYPES_ANNOTATION
from kubefedctl.core.remedies import Shell
from kubefedctl.model.clusters import Expiry
from kubefedctl.model.examinations import Examination, MemberFacts
from kubefedctl.model.findings import Finding, Rule, Severity
from kubefedctl.model.locks import LockRecord
from kubefedctl.model.outcomes import Probe, ProbeKind
from kubefedctl.model.refs import Key
from kubefedctl.model.rules import RULES
from kubefedctl.model.wellknown import CRDS, PROPAGATED_VERSIONS
from tests.core.federations import (
    TERMINATING,
    federate,
    federated_namespace,
)
from tests.core.makers import CONFIG_MAP, NAMESPACE, make_type_config
from tests.core.sick_federations import (
    CAN_I,
    CASES,
    EDIT,
    HEALTHY,
    KNS,
    NOW,
    SHELL,
    WELL,
    WIDGET,
    YESTERDAY,
    Stage,
    bare,
    in_c1,
    overrides,
    register,
    serve,
    stuck,
    type_config,
    with_c1,
    with_host,
    with_member,
    with_spec,
    without_crd,
)


def findings(sick: Stage | Examination, shell: Shell = SHELL) -> tuple[Finding, ...]:
    """Return what is found."""
    examination = sick.examine() if isinstance(sick, Stage) else sick
    return diagnose(examination, shell).findings


def by_id(rule: Rule) -> str:
    """Name a case by its rule."""
    return rule.id


def test_diagnosis_of_a_healthy_federation_is_empty() -> None:
    """Else every case below would prove nothing."""
    found = diagnose(HEALTHY.examine(), SHELL)
    assert ((), 2, 2) == (found.findings, found.clusters, found.objects)


def test_each_rule_has_a_case_and_a_number_of_its_own() -> None:
    """None is forgotten, and no number is given twice."""
    assert list(CASES) == [rule.id for rule in RULES]
    assert len({rule.name for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=by_id)
def test_rule_finds_its_cause_and_nothing_else_does(rule: Rule) -> None:
    """The one change of the healthy federation is told, by subject, sentence and remedy."""
    sick, subject, text, fix = CASES[rule.id]
    assert [(rule, subject, text, fix)] == [
        (found.rule, found.subject, found.text, found.fix) for found in findings(sick)
    ]


@pytest.mark.parametrize("rule", RULES, ids=by_id)
def test_fix_is_a_command_that_the_command_line_takes(rule: Rule) -> None:
    """Whatever the run was given is in it, quoted."""
    shell = Shell("my config", "my host", "kubefed-x")
    command = typer.main.get_command(app)
    for found in findings(CASES[rule.id][0], shell):
        assert found.fix
        for part in found.fix.split(" && "):
            program, *words = shlex.split(part)
            assert program in ("kubefedctl", "kubectl", "openssl")
            if program == "kubefedctl":
                name, *rest = rewrite_arguments(words)
                command.commands[name].make_context(name, list(rest))  # type: ignore[attr-defined]
                expected = {"my config", "my host", "kubefed-x"}
                assert expected <= set(rest)
            elif program == "kubectl":
                assert ["--kubeconfig", "my config"] == words[:2]


TOMORROW = "2026-01-03T03:04:05Z"
VARIANTS: dict[str, tuple[Stage | Examination, str, str]] = {
    "type-config-unusable": (
        bare(HEALTHY, unusable="FederatedTypeConfig x.y: spec.targetType.kind is missing"),
        "KF102",
        "kubefedctl enable x.y",
    ),
    "host-forbids-reading": (
        bare(HEALTHY, unusable="cannot list kubefedclusters in cluster host: 403"),
        "KF102",
        CAN_I,
    ),
    "wrong-namespace": (
        bare(HEALTHY, unusable="no KubeFedConfig kubefed in namespace x of host cluster y"),
        "KF102",
        "kubefedctl init",
    ),
    "old-definition": (
        with_host(
            crds={
                **(HEALTHY.host.crds or {}),
                "kubefedclusters.core.kubefed.io": {
                    **make_core_crds()[3],
                    "spec": {**make_core_crds()[3]["spec"], "versions": []},
                },
            }
        ),
        "KF103",
        "kubefedctl init",
    ),
    "no-config": (
        replace(HEALTHY, irregular=("no KubeFedConfig in namespace x; defaults are used",)),
        "KF104",
        "kubefedctl init",
    ),
    "controller-manager-leads": (
        with_host(leader=LockRecord("manager-0_uuid", 15, YESTERDAY, "2026-01-02T03:04:01Z")),
        "KF106",
        "kubectl get pods -A -l kubefed-control-plane=controller-manager",
    ),
    "lock-without-a-time": (
        with_host(lease=LockRecord("kubefedctl-sync_a")),
        "KF107",
        f"kubectl delete leases.coordination.k8s.io kubefedctl-sync -n {KNS}",
    ),
    "host-certificate": (
        with_host(expiries=(Expiry("client certificate", YESTERDAY),)),
        "KF301",
        "kubectl config view --minify",
    ),
    "host-discovery": (
        with_host(discovery=replace(HEALTHY.host.discovery, failures=("m/v1: 503",))),
        "KF212",
        "kubectl get apiservices",
    ),
    "host-unread": (with_host(unread=("cannot list crds",)), "KF901", CAN_I),
    "narrow-account": (
        replace(
            with_member(forbidden=("get a",)),
            clusters=(
                replace(
                    register("c1"),
                    source={
                        "metadata": {
                            "name": "c1",
                            "annotations": {
                                GRANTED_TYPES_ANNOTATION: "a",
                                CLUSTER_CONTEXT_ANNOTATION: "other",
                            },
                        },
                    },
                ),
                register("c2"),
            ),
        ),
        "KF209",
        "kubefedctl join c1 --error-on-existing=false --rbac types --cluster-context other",
    ),
    "token-that-a-sync-renews": (
        replace(
            with_member(expiries=(Expiry("token", TOMORROW),)),
            clusters=(
                replace(
                    register("c1"),
                    source={
                        "metadata": {
                            "name": "c1",
                            "annotations": {TOKEN_EXPIRES_ANNOTATION: TOMORROW},
                        },
                    },
                ),
                register("c2"),
            ),
        ),
        "KF302",
        "kubefedctl sync --cluster c1",
    ),
    "type-config-stuck": (
        replace(
            HEALTHY,
            types=(
                *HEALTHY.types,
                type_config(
                    WIDGET,
                    is_propagated=False,
                    source={"metadata": {"name": "widgets.example.com", **TERMINATING}},
                ),
            ),
            facts={name: replace(WELL, discovery=None) for name in ("c1", "c2")},
        ),
        "KF512",
        "kubefedctl sync",
    ),
    "namespace-stuck": (
        with_host(terminating=({"metadata": {"name": "a", **TERMINATING}},)),
        "KF512",
        "kubectl get namespace a -o 'jsonpath={.status.conditions[*].message}'",
    ),
    "registration-stuck": (
        replace(
            HEALTHY,
            clusters=(
                replace(register("c1"), source={"metadata": {"name": "c1", **TERMINATING}}),
                register("c2"),
            ),
        ),
        "KF512",
        "kubefedctl unjoin c1",
    ),
    "no-namespaces-type": (
        replace(
            HEALTHY,
            types=HEALTHY.types[1:],
            objects=(),
            desired={"failures": {"configmaps": "there is no FederatedTypeConfig namespaces"}},
        ),
        "KF403",
        "kubefedctl enable namespaces",
    ),
    "overrides-unreadable": (with_spec(overrides=5), "KF507", EDIT),
    "empty-list-wins-over-selector": (
        with_spec(placement={"clusters": [], "clusterSelector": {}}),
        "KF505",
        "kubectl patch federatedconfigmaps.types.kubefed.io web -n shop --type merge -p"
        """ '{"spec":{"placement":{"clusterSelector":{}}}}'""",
    ),
}


@pytest.mark.parametrize(("sick", "rule", "fix"), VARIANTS.values(), ids=VARIANTS.keys())
def test_rule_has_the_remedy_of_each_cause(sick: Stage | Examination, rule: str, fix: str) -> None:
    """One rule may have several causes."""
    assert [(rule, fix)] == [(found.rule.id, found.fix) for found in findings(sick)]


def test_type_that_a_member_does_not_know_is_brought_by_its_definition() -> None:
    """Federated like anything else, where the host has it."""
    widgets = type_config(WIDGET)
    federated = make_type_config(WIDGET).federated
    host = replace(
        HEALTHY.host,
        discovery=serve(*(row.resource for row in HEALTHY.host.discovery.resources), federated),
        crds={**(HEALTHY.host.crds or {}), WIDGET.qualified_name: {}},
    )
    knows = replace(WELL, discovery=serve(NAMESPACE, CONFIG_MAP, WIDGET))
    stage = replace(HEALTHY, host=host, types=(*HEALTHY.types, widgets), facts={"c2": knows})
    (found,) = findings(stage)
    assert "version v1 is not served; it does not know the type" == found.text
    assert [
        f"kubefedctl enable {CRDS.qualified_name}",
        f"kubefedctl federate {CRDS.qualified_name} widgets.example.com",
        f"kubefedctl sync {CRDS.qualified_name}",
    ] == found.fix.split(" && ")


RECENT = {**TERMINATING, "deletionTimestamp": "2026-01-02T03:00:00Z"}
NEVER: dict[str, Stage] = {
    "recent-deletion-in-host": replace(
        HEALTHY, objects=(federated_namespace(), federate(metadata=RECENT))
    ),
    "namespace-that-has-just-begun-to-end": with_host(
        terminating=({"metadata": {"name": "a", **RECENT}},)
    ),
    "default-type-that-nobody-wants": with_host(crds=without_crd("federatedjobs.types.kubefed.io")),
    "recent-deletion": in_c1(stuck(deletionTimestamp="2026-01-02T03:00:00Z")),
    "deletion-at-no-time": in_c1(stuck(deletionTimestamp="soon")),
    "certificate-for-two-months": with_member(expiries=(Expiry("token", "2026-03-01T00:00:00Z"),)),
    "token-for-eight-days": with_member(expiries=(Expiry("token", "2026-01-10T03:04:06Z"),)),
    "ending-at-no-time": with_member(expiries=(Expiry("token", "never"),)),
    "lock-held-now": with_host(lease=LockRecord("kubefedctl-sync_a", 15, NOW, NOW)),
    "lock-given-back": with_host(lease=LockRecord("", 1, YESTERDAY, YESTERDAY)),
    "leader-lock-of-a-sync": with_host(leader=LockRecord("kubefedctl-sync_a", 15, NOW, NOW)),
    "leader-lock-long-ago": with_host(leader=LockRecord("m", 15, YESTERDAY, YESTERDAY)),
    "both-on-one-machine": replace(
        with_c1(apiEndpoint="https://127.0.0.1:2"),
        host=replace(HEALTHY.host, server="https://localhost:1"),
    ),
    "three-minor-versions": with_member(probe=Probe(ProbeKind.OK, kubernetes_version="v1.30.0")),
    "version-unknown": with_member(probe=Probe(ProbeKind.OK)),
    "definitions-unread": with_host(crds=None),
    "override-that-adds": with_spec(overrides=[overrides("c1", "/data")]),
    "kept-by-a-list": with_spec(placement={"clusters": [{"name": "c1"}], "clusterSelector": {}}),
    "version-object-in-use": replace(
        HEALTHY, desired={"versions": {PROPAGATED_VERSIONS: {Key("shop", "configmap-web"): {}}}}
    ),
    "version-object-of-another-type": replace(
        HEALTHY, desired={"versions": {PROPAGATED_VERSIONS: {Key("shop", "secret-web"): {}}}}
    ),
}


@pytest.mark.parametrize("stage", NEVER.values(), ids=NEVER.keys())
def test_what_is_in_order_is_not_found(stage: Stage) -> None:
    """What comes close to a cause and is none."""
    assert () == findings(stage)


def test_findings_come_worst_first_and_once() -> None:
    """By severity, then rule, cluster and subject."""
    stage = replace(
        with_spec(overrides=[overrides("c1", "/data/a/b"), overrides("c9")]),
        clusters=(register("c1", labels={DRAIN_LABEL: "left"}), register("c2", ready="False")),
        facts={name: MemberFacts(Probe(ProbeKind.UNREACHABLE)) for name in ("c1", "c2")},
    )
    found = findings(stage)
    assert ["KF202", "KF202", "KF507", "KF508", "KF208"] == [one.rule.id for one in found]
    assert [Severity.ERROR] * 3 + [Severity.WARNING, Severity.NOTE] == [
        one.severity for one in found
    ]
    assert ["c1", "c2"] == [one.cluster for one in found[:2]]
    assert f"recorded as not ready since {YESTERDAY}" in found[1].text
