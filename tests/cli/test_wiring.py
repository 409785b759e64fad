"""Tests of the shared options: where they may stand, and what they do, for every command."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.runs import HOST, KNS, MEMBER, CommandLine, Sandbox, write_kubeconfig

COMMANDS: dict[str, list[str]] = {
    "init": ["init"],
    "join": ["join", "other", "--cluster-context", MEMBER],
    "unjoin": ["unjoin", MEMBER],
    "enable": ["enable", "statefulsets.apps"],
    "federate": ["federate", "configmap", "cm"],
    "sync": ["sync"],
}
KLOG = [
    "--logtostderr",
    "--alsologtostderr=false",
    "--log_dir",
    "/none",
    "--log-file=x",
    "--stderrthreshold",
    "2",
    "--skip_headers",
    "--vmodule=a=1",
    "--log-file-max-size",
    "1",
    "--add-dir-header",
    "--one-output",
    "--skip-log-headers",
    "--log-backtrace-at",
    ":0",
]
_TIMES = re.compile(r" in \d+ ms")


@pytest.fixture
def shop(joined: Sandbox) -> Sandbox:
    """A joined cluster and something to federate."""
    joined.put("configmaps", "ConfigMap", "cm", data={"k": "v"})
    return joined


def _options(command: str, sandbox: Sandbox) -> list[str]:
    kubeconfig = str(sandbox.fleet.kubeconfig)
    shared = ["--kubeconfig", kubeconfig, "--host-cluster-context", HOST, "--v", "2", "--dry-run"]
    shared += ["--kubefed-namespace", KNS]
    return [*shared, "-n", "shop"] if command == "federate" else shared


@pytest.mark.parametrize("command", COMMANDS)
def test_shared_options_before_and_behind_the_command_are_the_same(
    shop: Sandbox, cli: CommandLine, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """Scripts of KubeFed's users have them in both places, and klog's flags among them."""
    monkeypatch.setenv("KUBECONFIG", "/none")
    options = _options(command, shop)
    shop.forget_requests()
    behind = cli(*COMMANDS[command], *options)
    assert "" != behind.out + behind.err
    assert behind == cli(*options, *COMMANDS[command])
    assert behind == cli(*options[:4], *COMMANDS[command], *options[4:])
    assert behind == cli(*KLOG, *COMMANDS[command], *options, *KLOG)
    assert [] == shop.writes


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("option", "words"),
    [
        pytest.param("--kubeconfig=/does/not/exist", "/does/not/exist does not exist", id="file"),
        pytest.param("--host-cluster-context=nope", "context nope does not exist", id="context"),
    ],
)
def test_shared_option_before_the_command_takes_effect(
    bare: Sandbox, cli: CommandLine, command: str, option: str, words: str
) -> None:
    """It is not only accepted: a wrong value is found, the same in both places."""
    error, hint = cli.fails(option, *COMMANDS[command], code=3)
    assert words in error
    assert "" != hint
    assert (error, hint) == cli.fails(*COMMANDS[command], option, code=3)


@pytest.mark.parametrize("command", ["join", "enable", "federate", "sync"])
def test_kubefed_namespace_takes_effect(ready: Sandbox, cli: CommandLine, command: str) -> None:
    """A namespace without a control plane is one error."""
    ready.put("configmaps", "ConfigMap", "cm")
    extra = ["-n", "shop"] if command == "federate" else []
    given = ["--kubefed-namespace", "elsewhere", *extra, *COMMANDS[command]]
    error, _ = cli.fails(*given, code=3)
    assert "elsewhere" in error or "not enabled" in error


@pytest.mark.parametrize("command", COMMANDS)
def test_dry_run_writes_nothing_and_tells(shop: Sandbox, cli: CommandLine, command: str) -> None:
    """For every command, and for every spelling of the switch."""
    extra = ["-n", "shop"] if command == "federate" else []
    shop.forget_requests()
    told = cli(*COMMANDS[command], *extra, "--dry-run")
    assert told == cli("--dry_run=true", *COMMANDS[command], *extra)
    assert told == cli(*COMMANDS[command], *extra, "--dry-run=client")
    assert [] == shop.writes


@pytest.mark.parametrize("spelling", [["-v", "6"], ["-v=6"], ["-v6"], ["--v=6"], ["--v", "9"]])
def test_verbosity_shows_each_request(
    joined: Sandbox, cli: CommandLine, spelling: list[str]
) -> None:
    """From level 6 on each request is a line with its cluster, on stderr."""
    ran = cli("sync", *spelling)
    traced = [_TIMES.sub("", line) for line in ran.talk if _TIMES.search(line)]
    prefix = f"/apis/core.kubefed.io/v1beta1/namespaces/{KNS}"
    assert f"cluster1: GET {prefix}/kubefedconfigs/kubefed 200" in traced
    assert "cluster0: GET /healthz 200" in traced
    assert not _TIMES.search(ran.out)


def test_verbosity_below_six_shows_no_request(joined: Sandbox, cli: CommandLine) -> None:
    """Steps are enough for most."""
    assert not _TIMES.search(cli("sync", "--v=5").err)


def test_trace_of_a_request_steers_no_terminal(ready: Sandbox, cli: CommandLine) -> None:
    """The path is quoted, whatever the name is."""
    ran = cli("federate", "cm", "a\x1b[2J\nb", "-v6", code=4)
    assert "\x1b" not in ran.err
    assert "configmaps/a%1B%5B2J%0Ab 404" in ran.err


def test_host_is_the_current_context_where_none_is_named(bare: Sandbox, cli: CommandLine) -> None:
    """The first of the sandbox."""
    assert f"in cluster {HOST}" in cli("init", "--dry-run").out


def test_kubeconfig_option_wins_over_the_environment(
    bare: Sandbox, cli: CommandLine, tmp_path: Path
) -> None:
    """The file alone counts; its server answers nothing."""
    file = write_kubeconfig(tmp_path / "config", "https://127.0.0.1:1")
    error, hint = cli.fails("init", "--kubeconfig", str(file), code=4)
    assert "connection refused" in error
    assert "`server` of this cluster in the kubeconfig" in hint


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("", "no kubeconfig: ", id="empty"),
        pytest.param("kind: Pod", "not a kubeconfig", id="another-kind"),
        pytest.param("a: [b", "not YAML", id="not-yaml"),
        pytest.param("contexts: 5", "contexts is not a list", id="contexts"),
        pytest.param("current-context: gone", "gone", id="current-context"),
        pytest.param("current-context: 5", "current-context is not text", id="number"),
    ],
)
def test_kubeconfig_that_cannot_be_used_is_one_line(
    cli: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, words: str
) -> None:
    """The file is named."""
    file = tmp_path / "config"
    file.write_text(text)
    monkeypatch.setenv("KUBECONFIG", str(file))
    error, _ = cli.fails("sync", code=3)
    assert words in error


@pytest.mark.parametrize(
    "value", ["x" * 5000, "/dev/null/config", "."], ids=["long", "null", "dir"]
)
def test_kubeconfig_path_that_cannot_be_read_is_one_line(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    """Whether it comes from the option or the environment."""
    error, _ = cli.fails("sync", "--kubeconfig", value, code=3)
    assert "kubeconfig" in error
    monkeypatch.setenv("KUBECONFIG", value)
    error, _ = cli.fails("sync", code=3)
    assert "kubeconfig" in error


def test_no_kubeconfig_at_all_says_where_it_was_looked_for(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a home that holds nothing."""
    monkeypatch.setenv("HOME", "/dev/null")
    error, hint = cli.fails("sync", code=3)
    assert "no kubeconfig: /dev/null/.kube/config does not exist or is empty" == error
    assert "give one with --kubeconfig or $KUBECONFIG" == hint
