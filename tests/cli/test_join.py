"""Tests of the command `join`."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
import yaml

from tests.cli.runs import HOST, KNS, MEMBER, CommandLine, Sandbox

CREATED = f"created KubeFedCluster/{KNS}/cluster0 in cluster {HOST}"
STEPS = f"""\
checking host cluster cluster1
checking cluster cluster0
created Namespace/{KNS} in cluster cluster0
created ServiceAccount/{KNS}/cluster0-cluster1 in cluster cluster0
created Secret/{KNS}/cluster0-cluster1 in cluster cluster0
created ClusterRole/kubefed-controller-manager:cluster0-cluster1 in cluster cluster0
created ClusterRoleBinding/kubefed-controller-manager:cluster0-cluster1 in cluster cluster0
waiting for the token of ServiceAccount/{KNS}/cluster0-cluster1 in cluster cluster0
wrote Secret/{KNS}/s0 in cluster cluster1
probing cluster cluster0 as the host will
"""


def test_join_prints_its_result_alone(ready: Sandbox, cli: CommandLine) -> None:
    """One line, and the cluster is ready at once."""
    ran = cli("join", MEMBER)
    assert (f"{CREATED}\n", "") == (ran.out, ran.err)
    found = ready.host.get("kubefedclusters", MEMBER, namespace=KNS)
    assert found is not None
    assert ["Ready", "True"] == [
        found["status"]["conditions"][0][field] for field in ("type", "status")
    ]


def test_join_with_steps_tells_each_of_them(ready: Sandbox, cli: CommandLine) -> None:
    """With --v=2 the whole way is told on stderr, to the letter."""
    ran = cli("join", MEMBER, "--secret-name", "s0", "--v=2")
    assert (f"{CREATED}\n", STEPS) == (ran.out, ran.err)


def test_join_dry_run_writes_nothing(ready: Sandbox, cli: CommandLine) -> None:
    """What would be made is told."""
    ready.forget_requests()
    ran = cli("join", MEMBER, "--dry-run")
    assert (f"{CREATED} (dry run)\n", "") == (ran.out, ran.err)
    assert [] == ready.writes


def test_join_again_is_refused(joined: Sandbox, cli: CommandLine) -> None:
    """Nothing is overwritten unasked."""
    joined.forget_requests()
    error, hint = cli.fails("join", MEMBER, code=6)
    assert f"KubeFedCluster/{KNS}/cluster0 in cluster {HOST} exists already" == error
    assert f"run: kubefedctl join {MEMBER} --error-on-existing=false" in hint
    assert [] == joined.writes


@pytest.mark.parametrize("flag", ["--error-on-existing=false", "--no-error-on-existing"])
def test_join_again_on_request_updates(joined: Sandbox, cli: CommandLine, flag: str) -> None:
    """The same cluster is registered under a new Secret, and the old one is gone."""
    before = [s["metadata"]["name"] for s in joined.host.list("secrets", namespace=KNS)]
    ran = cli("join", MEMBER, flag)
    assert [CREATED.replace("created", "updated")] == ran.lines
    after = [s["metadata"]["name"] for s in joined.host.list("secrets", namespace=KNS)]
    assert len(before) == len(after)
    assert before != after


def test_join_context_and_host_name_make_the_names(ready: Sandbox, cli: CommandLine) -> None:
    """The member's objects are named after both clusters."""
    cli("join", "eu", "--cluster-context", MEMBER, "--host-cluster-name", "hub")
    names = [a["metadata"]["name"] for a in ready.member.list("serviceaccounts", namespace=KNS)]
    assert "eu-hub" in names


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["--host-cluster-name", "a/b"], "'a/b' cannot be part", id="slash"),
        pytest.param(["--host-cluster-name", "a:b"], "'a:b' cannot be part", id="colon"),
        pytest.param(["--api-endpoint", "c0:6443"], "--api-endpoint cannot be used", id="url"),
        pytest.param(["--labels", "region"], "'region' is no label", id="label"),
        pytest.param(["--cluster-context", "nope"], "context nope does not exist", id="context"),
        pytest.param(["--host-cluster-context", "nope"], "context nope does not", id="host"),
        pytest.param(["--host-cluster-name", "Up"], "Up", id="upper-case"),
        pytest.param(
            ["--kubefed-namespace", "none"], "no KubeFedConfig kubefed in", id="namespace"
        ),
    ],
)
def test_join_wrong_names_are_input_errors(
    ready: Sandbox, cli: CommandLine, arguments: list[str], words: str
) -> None:
    """They are refused before anything is written."""
    ready.forget_requests()
    error, hint = cli.fails("join", MEMBER, *arguments, code=3)
    assert words in error
    assert "" != hint
    assert [] == ready.writes


def test_join_of_a_cluster_that_is_down_names_it(ready: Sandbox, cli: CommandLine) -> None:
    """Nothing is written to the host."""
    ready.fleet.refuse(MEMBER)
    ready.forget_requests()
    error, _ = cli.fails("join", MEMBER, code=4)
    assert f"in cluster {MEMBER}" in error
    assert "connection refused" in error
    assert [] == ready.writes


def test_join_without_a_name_is_a_usage_error(cli: CommandLine) -> None:
    """The parser says what is missing."""
    assert "CLUSTER_NAME" in cli("join", code=2).err


ODD = "kubernetes-admin@kubernetes"
DERIVED = "kubernetes-admin-kubernetes-564fc13e"


def test_join_and_unjoin_under_an_odd_context_agree_on_a_name(
    ready: Sandbox, cli: CommandLine, tmp_path: Path
) -> None:
    """It is told on stderr, and unjoin leaves nothing of it behind."""
    config = yaml.safe_load(Path(ready.fleet.kubeconfig).read_text())
    for entry in config["contexts"]:
        entry["name"] = ODD if entry["name"] == HOST else entry["name"]
    config["current-context"] = ODD
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(config))
    note = (
        f"host cluster name {DERIVED} is made from context {ODD}, which cannot be part of an"
        " object's name; --host-cluster-name gives another"
    )
    ran = cli("join", MEMBER, "--kubeconfig", str(path))
    assert [note] == ran.talk
    names = [a["metadata"]["name"] for a in ready.member.list("serviceaccounts", namespace=KNS)]
    assert f"{MEMBER}-{DERIVED}" in names
    assert note in cli("unjoin", MEMBER, "--kubeconfig", str(path)).talk
    roles = [found["metadata"]["name"] for found in ready.member.list("clusterroles")]
    assert not [name for name in roles if DERIVED in name]


def test_join_records_labels_and_endpoint(ready: Sandbox, cli: CommandLine) -> None:
    """Placement selectors match the labels; the host uses the endpoint."""
    server = ready.member.url.replace("127.0.0.1", "localhost")
    cli("join", MEMBER, "--labels", "region=eu,tier=gold", "--api-endpoint", server, "--wait")
    found = ready.host.get("kubefedclusters", MEMBER, namespace=KNS)
    assert found is not None
    assert {"region": "eu", "tier": "gold"} == found["metadata"]["labels"]
    assert server == found["spec"]["apiEndpoint"]


@pytest.mark.parametrize(("form", "read"), [("yaml", yaml.safe_load_all), ("json", json.loads)])
def test_join_prints_its_objects_and_writes_nothing(
    ready: Sandbox, cli: CommandLine, form: str, read: object
) -> None:
    """All but the host's Secret, which would hold a token."""
    ready.forget_requests()
    ran = cli("join", MEMBER, "-o", form)
    found = read(ran.out)  # type: ignore[operator]
    items = found["items"] if form == "json" else list(found)
    assert [
        "Namespace",
        "ServiceAccount",
        "Secret",
        "ClusterRole",
        "ClusterRoleBinding",
        "KubeFedCluster",
    ] == [item["kind"] for item in items]
    assert not [item for item in items if "data" in item]
    assert [] == ready.writes


def test_join_rbac_types_is_enough_for_a_sync(ready: Sandbox, cli: CommandLine) -> None:
    """The account may do what propagation needs, and nothing else."""
    ready.put("configmaps", "ConfigMap", "conf", data={"a": "b"})
    cli("join", MEMBER, "--rbac", "types")
    cli("federate", "namespaces", "shop", "-n", "shop", "--contents")
    cli("sync")
    assert None is not ready.member.get("configmaps", "conf", namespace="shop")
    role = ready.member.get("clusterroles", f"kubefed-controller-manager:{MEMBER}-{HOST}")
    assert role is not None
    assert "*" not in json.dumps(role["rules"])


def test_join_enable_widens_the_roles_of_types(ready: Sandbox, cli: CommandLine) -> None:
    """What is enabled later is granted where the member's context is at hand."""
    cli("join", MEMBER, "--rbac", "types")
    cli("enable", "statefulsets.apps")
    role = ready.member.get("clusterroles", f"kubefed-controller-manager:{MEMBER}-{HOST}")
    assert role is not None
    assert "statefulsets" in json.dumps(role["rules"])
    assert "may not touch" not in cli("sync").err


@pytest.mark.parametrize("rbac", ["full", "types"])
def test_join_with_a_token_that_ends_is_renewed_by_sync(
    ready: Sandbox, cli: CommandLine, rbac: str
) -> None:
    """The member's own account asks for the next token; no token that stays is made."""
    cli("join", MEMBER, "--credential", "tokenrequest", "--rbac", rbac)
    account = f"{MEMBER}-{HOST}"
    assert None is ready.member.get("secrets", account, namespace=KNS)
    cli("sync")

    def stored() -> tuple[str, str]:
        cluster = ready.host.get("kubefedclusters", MEMBER, namespace=KNS)
        assert cluster is not None
        name = cluster["spec"]["secretRef"]["name"]
        secret = ready.host.get("secrets", name, namespace=KNS)
        assert secret is not None
        noted = cluster["metadata"]["annotations"]
        return secret["data"]["token"], noted["kubefed.io/token-expires"]

    token, expires = stored()
    cli("sync")
    assert (token, expires) == stored()
    noted = {"kubefed.io/token-issued": "2020-01-01T00:00:00Z"}
    long_ago = {**noted, "kubefed.io/token-expires": "2020-01-31T00:00:00Z"}
    patch = {"metadata": {"annotations": long_ago}}
    ready.host.patch("kubefedclusters", MEMBER, patch, namespace=KNS)
    ran = cli("sync", "--v=8")
    assert f"renewed the token of cluster {MEMBER}" in ran.talk
    assert token != stored()[0]
    assert stored()[1] > "2026"
    for secret in (stored()[0], base64.b64decode(stored()[0]).decode()):
        assert secret not in ran.out + ran.err
    cli("sync")
    ran = cli("join", MEMBER, "--no-error-on-existing")
    assert None is ready.member.get("secrets", account, namespace=KNS)


def test_join_server_dry_run_asks_for_no_token(ready: Sandbox, cli: CommandLine) -> None:
    """A server would make one."""
    ran = cli("join", MEMBER, "--credential", "tokenrequest", "--dry-run=server", "-o", "yaml")
    assert "TokenRequest" not in ran.out
    assert None is ready.member.get("serviceaccounts", f"{MEMBER}-{HOST}", namespace=KNS)


def test_join_reads_the_certificate_authority_of_a_file(
    ready: Sandbox, cli: CommandLine, tmp_path: Path
) -> None:
    """A relative path starts at the folder of the kubeconfig."""
    config = yaml.safe_load(Path(ready.fleet.kubeconfig).read_text())
    wanted = {}
    for entry in config["clusters"]:
        data = wanted[entry["name"]] = entry["cluster"].pop("certificate-authority-data")
        (tmp_path / f"{entry['name']}.crt").write_bytes(base64.b64decode(data))
        entry["cluster"]["certificate-authority"] = f"{entry['name']}.crt"
    (tmp_path / "config").write_text(yaml.safe_dump(config))
    cli("join", MEMBER, "--kubeconfig", str(tmp_path / "config"), "--wait")
    found = ready.host.get("kubefedclusters", MEMBER, namespace=KNS)
    assert found is not None
    assert wanted[MEMBER] == found["spec"]["caBundle"]
