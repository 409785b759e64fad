"""Exec plugins: what they are asked, what they may answer, and how they fail."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kubefedctl.cluster.access import ClientCertificate, Credential
from kubefedctl.cluster.credentials import PluginCredentials, TokenFile
from kubefedctl.cluster.execplugin import (
    API_VERSIONS,
    ExecPlugin,
    PluginAnswer,
    parse_answer,
    run_plugin,
)
from kubefedctl.errors import KubeconfigError

V1 = API_VERSIONS[0]
SECRET = "hunter2"


def write_plugin(path: Path, script: str) -> ExecPlugin:
    """Write *script* as a shell program and return a plugin that runs it."""
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return ExecPlugin("user a: exec", V1, str(path), environment=(("EXTRA", "x y"),))


def answer(api_version: str = V1, kind: str = "ExecCredential", **status: Any) -> str:
    """Return an ExecCredential as JSON."""
    return json.dumps({"apiVersion": api_version, "kind": kind, "status": status})


def test_plugin_gets_arguments_environment_and_question(tmp_path: Path) -> None:
    """The question names the version and the cluster, and there is no terminal."""
    plugin = write_plugin(
        tmp_path / "plugin",
        f'echo "$1|$EXTRA|$KUBERNETES_EXEC_INFO|$(cat)" > {tmp_path}/seen\n'
        f"echo '{answer(token='t')}'",
    )
    asked = ExecPlugin(
        plugin.where, V1, plugin.command, ("one",), plugin.environment, cluster={"server": "s"}
    )
    assert PluginAnswer("t") == run_plugin(asked)
    first, extra, question, standard_input = (tmp_path / "seen").read_text().split("|")
    assert ("one", "x y", "\n") == (first, extra, standard_input)
    assert {
        "apiVersion": V1,
        "kind": "ExecCredential",
        "spec": {"interactive": False, "cluster": {"server": "s"}},
    } == json.loads(question)


@pytest.mark.parametrize("version", API_VERSIONS)
def test_answer_may_hold_a_certificate_and_a_time(version: str) -> None:
    """Both versions can give a certificate with its key."""
    plugin = ExecPlugin("user a: exec", version, "x")
    output = answer(
        version,
        clientCertificateData="C",
        clientKeyData="K",
        expirationTimestamp="2030-01-02T03:04:05Z",
    )
    expected = PluginAnswer(
        "", ClientCertificate(b"C", b"K"), datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    )
    assert expected == parse_answer(output.encode(), plugin)


@pytest.mark.parametrize(
    ("output", "problem"),
    [
        (SECRET, "it is not JSON"),
        ("[" * 100000, "it is not JSON"),
        ("[]", "its kind is not ExecCredential"),
        (answer(kind=SECRET), "its kind is not ExecCredential"),
        (answer(API_VERSIONS[1], token=SECRET), f"its apiVersion is not {V1}"),
        (answer(), "it has neither a token nor a client certificate"),
        (answer(token=7), "status.token is not text"),
        (answer(clientKeyData=SECRET), "it has only one of clientCertificateData and"),
        (answer(token=SECRET, expirationTimestamp="soon"), "expirationTimestamp is not a time"),
    ],
    ids=["text", "deep", "list", "kind", "version", "empty", "number", "key", "time"],
)
def test_answer_that_is_nonsense_is_refused_unquoted(output: str, problem: str) -> None:
    """What the plugin printed is never quoted."""
    with pytest.raises(KubeconfigError, match=problem) as caught:
        parse_answer(output.encode(), ExecPlugin("user a: exec", V1, "x"))
    assert SECRET not in caught.value.message


def test_plugin_that_fails_has_its_last_words_quoted(tmp_path: Path) -> None:
    """Standard error is for people; standard output is not quoted."""
    script = f"echo {SECRET}; echo first >&2; printf 'log in\\033[31m again\\n' >&2; exit 3"
    plugin = write_plugin(tmp_path / "plugin", script)
    with pytest.raises(KubeconfigError) as caught:
        run_plugin(plugin)
    expected = f"user a: exec: {plugin.command} failed with exit code 3: log in [31m again"
    assert expected == caught.value.message


def test_plugin_that_hangs_is_stopped(tmp_path: Path) -> None:
    """It gets its time and no more, even where a child of it holds the pipe."""
    command = write_plugin(tmp_path / "plugin", "sleep 5").command
    with pytest.raises(KubeconfigError, match=r"did not answer within 0.2 seconds"):
        run_plugin(ExecPlugin("user a: exec", V1, command, timeout=0.2))


def test_plugin_that_is_missing_shows_its_install_hint(tmp_path: Path) -> None:
    """The kubeconfig's own hint is the best one."""
    plugin = ExecPlugin(
        "user a: exec", V1, str(tmp_path / "gone"), install_hint="get it\nfrom the shop"
    )
    with pytest.raises(KubeconfigError, match=r"cannot run .*gone: no such file") as caught:
        run_plugin(plugin)
    assert "get it from the shop" == caught.value.hint


def test_answer_is_kept_until_it_expires(tmp_path: Path) -> None:
    """The plugin runs again only after the time it gave."""
    output = answer(token="t", expirationTimestamp="2030-01-01T00:00:00Z")
    plugin = write_plugin(tmp_path / "plugin", f"echo x >> {tmp_path}/runs; echo '{output}'")
    now = [datetime(2029, 12, 31, tzinfo=UTC)]
    credentials = PluginCredentials(plugin, now=lambda: now[0])
    assert [Credential("t")] * 2 == [credentials.current(), credentials.current()]
    assert "x\n" == (tmp_path / "runs").read_text()
    now[0] = datetime(2030, 1, 1, tzinfo=UTC)
    credentials.current()
    assert "x\nx\n" == (tmp_path / "runs").read_text()


def test_renewal_by_a_second_thread_does_not_run_the_plugin_again(tmp_path: Path) -> None:
    """Whoever comes with an older rejected credential gets the one that is there."""
    output = answer(token="t$(cat)").replace("$(cat)", "'$(wc -l < " + str(tmp_path) + "/runs)'")
    plugin = write_plugin(tmp_path / "plugin", f"echo x >> {tmp_path}/runs; echo '{output}'")
    credentials = PluginCredentials(plugin)
    first = credentials.current()
    assert [True, True] == [credentials.renew(first), credentials.renew(first)]
    assert (Credential("t1"), Credential("t2")) == (first, credentials.current())


def test_token_file_is_read_again_after_a_minute(tmp_path: Path) -> None:
    """Service account tokens rotate while a command runs."""
    path, now = tmp_path / "token", [0.0]
    path.write_text("one\n")
    credentials = TokenFile(path, "user a: tokenFile", clock=lambda: now[0])
    assert Credential("one") == credentials.current()
    path.write_text("two\n")
    now[0] = 59.0
    assert Credential("one") == credentials.current()
    now[0] = 60.0
    assert Credential("two") == credentials.current()
    assert not credentials.renew(Credential("two"))
    path.write_text("three\n")
    assert credentials.renew(Credential("two"))


def test_token_file_that_is_gone_is_named(tmp_path: Path) -> None:
    """The message says which file and why."""
    credentials = TokenFile(tmp_path / "token", "user a: tokenFile")
    with pytest.raises(KubeconfigError, match=r"user a: tokenFile: cannot read .*no such file"):
        credentials.current()
