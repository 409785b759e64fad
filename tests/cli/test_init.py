"""Tests of the command `init`."""

from __future__ import annotations

import pytest

from kubefedctl.core.installing import make_control_plane
from kubefedctl.manifests import load_objects
from tests.cli.runs import HOST, KNS, CommandLine, Sandbox

UP_TO_DATE = f"the KubeFed API of host cluster {HOST} is up to date\n"


def test_init_tells_each_object_in_the_order_it_was_written(
    bare: Sandbox, cli: CommandLine
) -> None:
    """Namespace first, type configs last; nothing is said but the results."""
    ran = cli("init")
    assert f"created Namespace/{KNS} in cluster {HOST}" == ran.lines[0]
    assert f"created FederatedTypeConfig/{KNS}/services in cluster {HOST}" == ran.lines[-1]
    assert len(make_control_plane(namespace=KNS, scope="Cluster")) == len(ran.lines)
    assert "" == ran.err


def test_init_with_steps_tells_what_it_waits_for(bare: Sandbox, cli: CommandLine) -> None:
    """Steps are talk."""
    assert ["waiting for the API server to serve the CRDs"] == cli("init", "--v=2").talk


def test_init_again_writes_nothing_and_says_so(ready: Sandbox, cli: CommandLine) -> None:
    """A second run brings up to date; here there is nothing to do."""
    ready.forget_requests()
    ran = cli("init")
    assert ("", UP_TO_DATE) == (ran.out, ran.err)
    assert [] == ready.writes


def test_init_again_with_steps_names_what_is_unchanged(ready: Sandbox, cli: CommandLine) -> None:
    """Who asks for more sees each object."""
    ran = cli("init", "--v=2")
    assert f"unchanged Namespace/{KNS} in cluster {HOST}" == ran.lines[0]


def test_init_dry_run_tells_all_and_writes_nothing(bare: Sandbox, cli: CommandLine) -> None:
    """Every line is marked."""
    bare.forget_requests()
    dry = cli("init", "--dry-run")
    assert [] == bare.writes
    told = [line.removesuffix(" (dry run)") for line in dry.lines]
    assert cli("init").lines == told


def test_init_into_another_namespace(bare: Sandbox, cli: CommandLine) -> None:
    """The control plane's own objects go where --kubefed-namespace says."""
    ran = cli("init", "--kubefed-namespace", "fed")
    assert "created KubeFedConfig/fed/kubefed in cluster cluster1" in ran.lines
    assert KNS not in ran.out


def test_init_with_another_scope_is_refused(ready: Sandbox, cli: CommandLine) -> None:
    """A scope cannot be changed; the hint says what can be done."""
    error, hint = cli.fails("init", "--scope", "Namespaced", code=6)
    assert (
        f"KubeFedConfig/{KNS}/kubefed in cluster {HOST} has scope Cluster, and a scope cannot be"
        " changed to Namespaced"
    ) == error
    assert "run init with --scope Cluster, or use another --kubefed-namespace" == hint


@pytest.mark.parametrize("scope", ["Cluster", "Namespaced"])
def test_init_output_yaml_is_what_it_installs(cli: CommandLine, scope: str) -> None:
    """No cluster is asked, and the text says what the objects are, to the last field."""
    ran = cli("init", "-o", "yaml", "--scope", scope)
    bodies = [step.body for step in make_control_plane(namespace=KNS, scope=scope)]
    assert bodies == load_objects(ran.out, source="stdout")
    assert "" == ran.err


def test_init_output_yaml_applied_leaves_init_nothing_to_do(
    bare: Sandbox, cli: CommandLine
) -> None:
    """What is printed can be applied by another tool, object by object in its order."""
    table = {found.kind: found.plural for found in bare.host.registry.table}
    for obj in load_objects(cli("init", "-o", "yaml").out, source="stdout"):
        table |= {found.kind: found.plural for found in bare.host.registry.table}
        namespace = obj["metadata"].get("namespace", "")
        bare.host.create(table[obj["kind"]], obj, namespace=namespace)
    bare.forget_requests()
    assert UP_TO_DATE == cli("init").err
    assert [] == bare.writes


def test_init_of_a_forbidding_host_names_the_request(bare: Sandbox, cli: CommandLine) -> None:
    """What was refused, where, and how to check it."""
    bare.host.faults.fail(403, matching=lambda info: info.verb == "create")
    error, hint = cli.fails("init", code=4)
    assert error.startswith(f"cannot create Namespace/{KNS} in cluster {HOST}: 403 Forbidden")
    assert hint.endswith("kubectl auth can-i create namespaces --context cluster1")


def test_init_type_installs_the_named_types_only(bare: Sandbox, cli: CommandLine) -> None:
    """One of the ten by its short name, and one that the host is asked for."""
    cli("init", "--type", "cm", "--type=statefulsets.apps")
    found = bare.host.list("federatedtypeconfigs", namespace=KNS)
    assert ["configmaps", "statefulsets.apps"] == sorted(f["metadata"]["name"] for f in found)
    bare.forget_requests()
    assert UP_TO_DATE == cli("--type", "cm", "init", "--type=sts").err
    assert [] == bare.writes


def test_init_type_none_installs_no_type(bare: Sandbox, cli: CommandLine) -> None:
    """A host on which types are enabled one by one."""
    cli("init", "--type", "none")
    assert [] == bare.host.list("federatedtypeconfigs", namespace=KNS)


def test_init_type_none_beside_others_is_refused(bare: Sandbox, cli: CommandLine) -> None:
    """It cannot be meant."""
    error, hint = cli.fails("init", "--type", "none,cm", code=3)
    assert ("--type none does not go with other types", "give either none, or the types") == (
        error,
        hint,
    )


def test_init_type_that_is_none_writes_nothing(bare: Sandbox, cli: CommandLine) -> None:
    """A name is looked up before the first write."""
    bare.forget_requests()
    cli.fails("init", "--type", "nonsense", code=3)
    assert [] == bare.writes


def test_init_type_output_of_the_ten_asks_no_cluster(cli: CommandLine) -> None:
    """So it can be made where there is no host yet."""
    names = cli("init", "--type", "deploy", "-o", "name").lines
    assert "federatedtypeconfig.core.kubefed.io/deployments.apps" in names
    assert [] == [name for name in names if "configmaps" in name]


def test_init_type_output_of_others_is_what_it_installs(bare: Sandbox, cli: CommandLine) -> None:
    """The host is asked for the schema, and nothing is written."""
    bare.forget_requests()
    printed = load_objects(cli("init", "--type", "sts", "-o", "yaml").out, source="stdout")
    assert [] == bare.writes
    assert "statefulsets.apps" == printed[-1]["metadata"]["name"]
