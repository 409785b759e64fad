"""Kubeconfig files: which are read, how they merge, and one clear error for each broken one."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from kubefedctl.cluster.access import ClientCertificate, Credential, Impersonation
from kubefedctl.cluster.contexts import resolve_context
from kubefedctl.cluster.credentials import PluginCredentials, TokenFile
from kubefedctl.cluster.kubeconfig import Kubeconfig, load_kubeconfig, parse_kubeconfig
from kubefedctl.errors import KubeconfigError
from kubefedctl.manifests import dump_documents
from kubefedctl.model.clusters import Endpoint

HERE = Path("/k/config")
SECRET = "hunter2"


def write(path: Path, content: Any) -> Path:
    """Write *content* as YAML to *path*."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else dump_documents([content]))
    return path


def make_config(
    name: str = "a",
    *,
    current: str = "",
    cluster: dict[str, Any] | None = None,
    user: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return a kubeconfig whose context, cluster and user all have one name."""
    server = {"server": f"https://{name}:6443"}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": current,
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "clusters": [{"name": name, "cluster": {**server, **(cluster or {})}}],
        "users": [{"name": name, "user": user or {}}],
    }


def parse(content: Any) -> Kubeconfig:
    """Return *content* parsed as if it stood in HERE."""
    return parse_kubeconfig(dump_documents([content]), path=HERE)


def load(*paths: Path) -> Kubeconfig:
    """Return the kubeconfig of a `$KUBECONFIG` that lists *paths*."""
    return load_kubeconfig("", environ={"KUBECONFIG": ":".join(map(str, paths))})


def test_first_file_wins_for_entries_and_current_context(tmp_path: Path) -> None:
    """An entry comes whole from the first file that has it; so does the current context."""
    first = write(tmp_path / "1", make_config("a", cluster={"server": "https://first"}))
    second = write(
        tmp_path / "2",
        make_config("a", current="a", cluster={"server": "https://x", "proxy-url": "http://p"}),
    )
    third = write(tmp_path / "3", make_config("b", current="b"))
    config = load(first, tmp_path / "missing", second, third)
    access = resolve_context(config, "")
    assert ("a", "https://first", "") == (
        access.name,
        access.endpoint.server,
        access.endpoint.proxy_url,
    )
    assert ["a", "b"] == sorted(config.contexts)


def test_explicit_file_is_read_alone(tmp_path: Path) -> None:
    """--kubeconfig wins over $KUBECONFIG."""
    alone = write(tmp_path / "1", make_config("a"))
    listed = write(tmp_path / "2", make_config("b"))
    config = load_kubeconfig(str(alone), environ={"KUBECONFIG": str(listed)})
    assert ["a"] == sorted(config.contexts)


def test_explicit_file_that_is_missing_fails_by_name(tmp_path: Path) -> None:
    """The message names the file that was asked for."""
    with pytest.raises(KubeconfigError, match=r"kubeconfig .*/nothing does not exist"):
        load_kubeconfig(str(tmp_path / "nothing"), environ={})


def test_home_is_read_where_nothing_is_given(tmp_path: Path) -> None:
    """Without flag and variable it is ~/.kube/config."""
    write(tmp_path / ".kube" / "config", make_config("a", current="a"))
    assert "a" == load_kubeconfig("", environ={"HOME": str(tmp_path)}).current_context


def test_missing_files_of_the_list_make_an_empty_configuration(tmp_path: Path) -> None:
    """Missing files are skipped, but named later."""
    config = load(tmp_path / "x", tmp_path / "y")
    assert (True, f"{tmp_path}/x, {tmp_path}/y") == (config.is_empty, config.place)


def test_relative_paths_start_at_their_file(tmp_path: Path) -> None:
    """Certificate files belong to the kubeconfig that names them, not to the first one."""
    cluster, user = (
        {"certificate-authority": "pki/ca.crt"},
        {
            "client-certificate": "pki/user.crt",
            "client-key": "pki/user.key",
            "tokenFile": "token",
        },
    )
    first = write(tmp_path / "one" / "config", make_config("b"))
    second = write(tmp_path / "two" / "config", make_config("a", cluster=cluster, user=user))
    for name in ("pki/ca.crt", "pki/user.crt", "pki/user.key", "token"):
        write(tmp_path / "two" / name, name)
    access = resolve_context(load(first, second), "a")
    assert b"pki/ca.crt" == access.endpoint.ca_data
    certificate = ClientCertificate(b"pki/user.crt", b"pki/user.key")
    assert Credential("token", certificate=certificate) == access.credentials.current()


def test_endpoint_holds_what_join_records() -> None:
    """Server, CA, TLS settings, proxy, namespace and user are kept as spelled."""
    cluster = {
        "certificate-authority-data": base64.b64encode(b"CA").decode(),
        "insecure-skip-tls-verify": True,
        "proxy-url": "http://proxy:1",
        "tls-server-name": "inner",
        "disable-compression": True,
    }
    content = make_config("a", cluster=cluster)
    content["contexts"][0]["context"]["namespace"] = "shop"
    access = resolve_context(parse(content), "a")
    assert Endpoint("https://a:6443", b"CA", True, "http://proxy:1", "inner", "shop", "a") == (
        access.endpoint
    )
    assert not access.asks_compression


def test_data_wins_over_files() -> None:
    """Where both stand there, the file is not even read."""
    data = base64.b64encode(b"CA").decode()
    cluster = {"certificate-authority": "missing", "certificate-authority-data": data}
    access = resolve_context(parse(make_config("a", cluster=cluster)), "a")
    assert b"CA" == access.endpoint.ca_data


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ({}, Credential()),
        ({"token": "t"}, Credential("t")),
        ({"username": "u", "password": "p"}, Credential("", "u", "p")),
        (
            {"token": "t", "exec": {"apiVersion": "x", "command": "y"}},
            Credential("t"),
        ),
        (
            {
                "client-certificate-data": base64.b64encode(b"C").decode(),
                "client-key-data": base64.b64encode(b"K").decode(),
            },
            Credential(certificate=ClientCertificate(b"C", b"K")),
        ),
    ],
    ids=["none", "token", "password", "token-over-exec", "certificate"],
)
def test_credentials_of_a_user(user: dict[str, Any], expected: Credential) -> None:
    """Each kind of credential is understood."""
    access = resolve_context(parse(make_config("a", user=user)), "a")
    assert expected == access.credentials.current()


def test_context_without_user_is_anonymous() -> None:
    """A context may leave its user out."""
    content = make_config("a")
    del content["contexts"][0]["context"]["user"]
    assert Credential() == resolve_context(parse(content), "a").credentials.current()


def test_token_file_wins_over_token() -> None:
    """As in client-go, the file is the newer one."""
    user = {"token": "old", "tokenFile": "token"}
    credentials = resolve_context(parse(make_config("a", user=user)), "a").credentials
    assert isinstance(credentials, TokenFile)


def test_exec_plugin_is_not_run_before_it_is_needed() -> None:
    """Reading a context runs nothing."""
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "command": "./no/such/plugin"}
    access = resolve_context(parse(make_config("a", user={"exec": plugin})), "a")
    assert isinstance(access.credentials, PluginCredentials)
    with pytest.raises(KubeconfigError, match="cannot run /k/no/such/plugin: no such file"):
        access.credentials.current()


def test_impersonation_is_read() -> None:
    """as, as-uid, as-groups and as-user-extra."""
    user = {"as": "u", "as-uid": "7", "as-groups": ["g", "h"], "as-user-extra": {"k": ["v", "w"]}}
    access = resolve_context(parse(make_config("a", user=user)), "a")
    expected = Impersonation("u", "7", ("g", "h"), (("k", "v"), ("k", "w")))
    assert expected == access.impersonation


BROKEN: dict[str, tuple[Any, str]] = {
    "not-yaml": ("a: [", "/k/config"),
    "list": ([1], "/k/config is not a kubeconfig"),
    "other-kind": ({"kind": "Secret"}, "/k/config is not a kubeconfig"),
    "current-number": ({"current-context": 1}, "/k/config: current-context is not text"),
    "clusters-map": ({"clusters": {}}, "/k/config: clusters is not a list"),
    "no-name": ({"users": [{"user": {}}]}, r"/k/config: users\[0\].name is not text"),
    "row-text": ({"users": ["x"]}, r"/k/config: users\[0\].name is not text"),
    "user-text": ({"users": [{"name": "a", "user": SECRET}]}, "user a in /k/config: user is not"),
    "twice": ({"users": [{"name": "a"}, {"name": "a"}]}, "/k/config: users names a twice"),
}


@pytest.mark.parametrize(("content", "message"), BROKEN.values(), ids=BROKEN.keys())
def test_broken_file_names_file_and_field(content: Any, message: str) -> None:
    """Each broken file gives one error that says where, and quotes no value."""
    text = content if isinstance(content, str) else dump_documents([content])
    with pytest.raises(KubeconfigError, match=message) as caught:
        parse_kubeconfig(text, path=HERE)
    assert SECRET not in caught.value.message + caught.value.hint


UNUSABLE: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "no-server": ({"server": ""}, {}, "cluster a in /k/config: server is missing"),
    "server-number": ({"server": 1}, {}, "cluster a in /k/config: server is not text"),
    "insecure-text": (
        {"insecure-skip-tls-verify": "yes"},
        {},
        "cluster a in /k/config: insecure-skip-tls-verify is not true or false",
    ),
    "ca-data": (
        {"certificate-authority-data": SECRET + "!"},
        {},
        "cluster a in /k/config: certificate-authority-data is not base64",
    ),
    "ca-file": (
        {"certificate-authority": "gone"},
        {},
        "cluster a in /k/config: certificate-authority: cannot read /k/gone: no such file",
    ),
    "key-data": (
        {},
        {"client-certificate-data": "QQ==", "client-key-data": SECRET + "!"},
        "user a in /k/config: client-key-data is not base64",
    ),
    "no-key": (
        {},
        {"client-certificate-data": "QQ=="},
        "user a in /k/config: it has client-certificate but no client-key",
    ),
    "token-number": ({}, {"token": 1}, "user a in /k/config: token is not text"),
    "token-lines": ({}, {"token": f"{SECRET}\nx"}, "token: the token holds characters"),
    "token-and-user": ({}, {"token": SECRET, "username": "u"}, "it has a token and a username"),
    "provider": ({}, {"auth-provider": {"name": "gcp"}}, "auth-provider: gcp is not supported"),
    "provider-text": ({}, {"auth-provider": SECRET}, "auth-provider is not a map"),
    "groups-alone": ({}, {"as-groups": ["g"]}, "user a in /k/config: as is missing"),
    "groups-text": ({}, {"as": "u", "as-groups": "g"}, "as-groups is not a list"),
    "groups-number": ({}, {"as": "u", "as-groups": [1]}, "as-groups is not a list of text"),
    "extra-text": ({}, {"as": "u", "as-user-extra": {"k": "v"}}, "as-user-extra.k is not a list"),
    "exec-text": ({}, {"exec": SECRET}, "user a in /k/config: exec is not a map"),
    "exec-version": (
        {},
        {"exec": {"apiVersion": "client.authentication.k8s.io/v1alpha1"}},
        "exec.apiVersion is not one of",
    ),
}
V1 = {"apiVersion": "client.authentication.k8s.io/v1"}
UNUSABLE |= {
    "exec-command": ({}, {"exec": V1}, "user a in /k/config: exec.command is missing"),
    "exec-always": (
        {},
        {"exec": {**V1, "command": "x", "interactiveMode": "Always"}},
        "exec.interactiveMode is Always",
    ),
    "exec-args": (
        {},
        {"exec": {**V1, "command": "x", "args": [1]}},
        "exec.args is not a list of text",
    ),
    "exec-env": (
        {},
        {"exec": {**V1, "command": "x", "env": [{"name": "A", "value": 1}]}},
        r"exec.env\[0\] has no text",
    ),
}


@pytest.mark.parametrize(("cluster", "user", "message"), UNUSABLE.values(), ids=UNUSABLE.keys())
def test_unusable_entry_names_file_entry_and_field(
    cluster: dict[str, Any], user: dict[str, Any], message: str
) -> None:
    """Each unusable field gives one error that names it, and never its value."""
    config = parse(make_config("a", cluster=cluster, user=user))
    with pytest.raises(KubeconfigError, match=message) as caught:
        resolve_context(config, "a")
    assert SECRET not in caught.value.message + caught.value.hint


@pytest.mark.parametrize(
    ("change", "wanted", "message", "hint"),
    [
        ({}, "b", "context b does not exist in /k/config", "contexts there: a"),
        ({}, "", "no current context is set in /k/config", "contexts there: a"),
        (
            {"current-context": "b"},
            "",
            "current context b does not exist in /k/config",
            "contexts there: a",
        ),
        (
            {"clusters": []},
            "a",
            "context a in /k/config: cluster: cluster a does not exist",
            "add the cluster, or use another context",
        ),
        (
            {"users": []},
            "a",
            "context a in /k/config: user: user a does not exist",
            "add the user, or use another context",
        ),
        (
            {"contexts": [{"name": "a", "context": {}}]},
            "a",
            "context a in /k/config names no cluster",
            "",
        ),
    ],
    ids=["unknown", "no-current", "unknown-current", "no-cluster", "no-user", "empty"],
)
def test_missing_entry_is_named(
    change: dict[str, Any], wanted: str, message: str, hint: str
) -> None:
    """The hint lists the contexts that are there."""
    config = parse({**make_config("a"), **change})
    with pytest.raises(KubeconfigError) as caught:
        resolve_context(config, wanted)
    assert (message, hint) == (caught.value.message, caught.value.hint)


def test_empty_file_is_an_empty_kubeconfig() -> None:
    """kubectl writes such files."""
    assert parse_kubeconfig("", path=HERE).is_empty


def test_merger_of_the_official_client_breaks_our_laws(tmp_path: Path) -> None:
    """Why it is not used: the last current context wins, and a message shows a whole entry."""
    from kubernetes.config import ConfigException
    from kubernetes.config.kube_config import KubeConfigMerger

    user = {"password": SECRET}
    first = write(tmp_path / "1", make_config("a", current="a", user=user))
    second = write(tmp_path / "2", make_config("b", current="b"))
    merged = KubeConfigMerger(f"{first}:{second}").config
    assert ("b", "a") == (merged["current-context"], load(first, second).current_context)
    with pytest.raises(ConfigException, match=SECRET):
        merged["users"].get_with_name("a")["user"]["token"]


def test_merger_of_the_official_client_refuses_an_empty_file(tmp_path: Path) -> None:
    """Why it is not used: kubectl and we read such a file as a kubeconfig without entries."""
    from kubernetes.config import ConfigException
    from kubernetes.config.kube_config import KubeConfigMerger

    empty = write(tmp_path / "1", "")
    assert load(empty).is_empty
    with pytest.raises(ConfigException, match="is empty"):
        KubeConfigMerger(str(empty))
