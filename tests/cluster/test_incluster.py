"""The configuration of a pod: address, CA, token, and what may be wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from kubefedctl.cluster.fleet import LiveFleet
from kubefedctl.cluster.incluster import load_in_cluster
from kubefedctl.errors import KubeconfigError
from tests.cluster.certificates import Authority
from tests.cluster.stub import Reply, serve


def test_pod_uses_its_service_account(tmp_path: Path) -> None:
    """In a pod without kubeconfig, address, CA and token are the pod's."""
    ca = Authority()
    (tmp_path / "token").write_text("t\n")
    (tmp_path / "ca.crt").write_bytes(ca.certificate)
    (tmp_path / "namespace").write_text("shop")
    with serve(lambda _: Reply(), certificate=ca.issue_server("127.0.0.1")) as stub:
        host, port = stub.url.removeprefix("https://").split(":")
        environ = {
            "HOME": str(tmp_path),
            "KUBERNETES_SERVICE_HOST": host,
            "KUBERNETES_SERVICE_PORT": port,
        }
        with LiveFleet(environ=environ, service_account=tmp_path) as fleet:
            fleet.host.read("/")
            names = (fleet.host_context_name, fleet.host.endpoint.namespace)
    assert ("in-cluster", "shop") == names
    assert "Bearer t" == stub.calls[0].headers["authorization"]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("ca.crt", None, "service certification file does not exist"),
        ("ca.crt", "", "cert file exists but empty"),
        ("token", "", "token file exists but empty"),
    ],
    ids=["no-ca", "empty-ca", "empty-token"],
)
def test_pod_with_a_broken_service_account_names_its_folder(
    tmp_path: Path, name: str, content: str | None, reason: str
) -> None:
    """What the official client finds wrong with it is told as one error of ours."""
    for each in ("token", "ca.crt"):
        (tmp_path / each).write_text("t")
    if content is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_text(content)
    environ = {
        "HOME": str(tmp_path),
        "KUBERNETES_SERVICE_HOST": "::1",
        "KUBERNETES_SERVICE_PORT": "1",
    }
    fleet = LiveFleet(environ=environ, service_account=tmp_path)
    with pytest.raises(KubeconfigError, match=rf"service account in {tmp_path}: {reason}"):
        fleet.host  # noqa: B018 - the property raises


def test_pod_reaches_an_address_of_ip_6(tmp_path: Path) -> None:
    """The official client puts the brackets around it."""
    for each in ("token", "ca.crt"):
        (tmp_path / each).write_text("t")
    environ = {"KUBERNETES_SERVICE_HOST": "::1", "KUBERNETES_SERVICE_PORT": "6443"}
    assert "https://[::1]:6443" == load_in_cluster(environ, tmp_path).endpoint.server
