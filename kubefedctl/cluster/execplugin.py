"""
Exec credential plugins: run a command that prints an ExecCredential.

The official client's `ExecProvider` is not used: its `run` is one piece that waits without limit,
shares the terminal, quotes what the plugin prints and shows no `installHint`, and what it returns
is unchecked; a subclass would replace all of it.

Not here: a terminal for the plugin (`interactiveMode: Always` is refused), and
client.authentication.k8s.io/v1alpha1, which Kubernetes 1.24 dropped.

Laws:
1. What a plugin prints is untrusted: it is checked field by field, and its standard output is
   never quoted.

Upstream: k8s.io/client-go/plugin/pkg/client/auth/exec/exec.go.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from kubefedctl.cluster.access import ClientCertificate
from kubefedctl.errors import KubeconfigError
from kubefedctl.model.objects import map_at, text_at, value_at
from kubefedctl.model.refs import Object

API_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
DEFAULT_TIMEOUT = 60.0
_LONGEST_QUOTE = 160


@dataclass(frozen=True, slots=True)
class ExecPlugin:
    """
    An exec plugin of a kubeconfig's user.

    Args:
        where: What messages call it: `user a in /etc/kubeconfig: exec`.
        api_version: The version of ExecCredential to speak.
        command: The program, its path resolved.
        arguments: Its arguments.
        environment: Variables added to ours.
        install_hint: Shown where the program is missing.
        cluster: `spec.cluster` of the question; None where the plugin does not want it.
        timeout: Seconds it may take.
    """

    where: str
    api_version: str
    command: str
    arguments: tuple[str, ...] = field(default=(), repr=False)
    environment: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    install_hint: str = ""
    cluster: Object | None = field(default=None, repr=False)
    timeout: float = DEFAULT_TIMEOUT


@dataclass(frozen=True, slots=True)
class PluginAnswer:
    """What a plugin gave: a token, a client certificate, or both, and until when it is good."""

    token: str = field(default="", repr=False)
    certificate: ClientCertificate | None = None
    expires: datetime | None = None


def run_plugin(plugin: ExecPlugin) -> PluginAnswer:
    """
    Run *plugin* without a terminal and return what it answers.

    Raises:
        KubeconfigError: It is missing, fails, takes too long or answers nonsense.
    """
    try:
        done = subprocess.run(
            [plugin.command, *plugin.arguments],
            env={**os.environ, **dict(plugin.environment), **_question(plugin)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=plugin.timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        # NB: the exception holds what the plugin printed, so it is not chained
        raise KubeconfigError(
            f"{plugin.where}: {plugin.command} did not answer within {plugin.timeout:g} seconds",
            hint="run it by hand: it may wait for a person",
        ) from None
    except (OSError, ValueError) as error:
        reason = str(getattr(error, "strerror", None) or "cannot be run").lower()
        raise KubeconfigError(
            f"{plugin.where}: cannot run {plugin.command}: {reason}",
            hint=_on_one_line(plugin.install_hint)
            or "install it, or correct exec.command in the kubeconfig",
        ) from error
    if done.returncode != 0:
        words = _last_line(done.stderr)
        raise KubeconfigError(
            f"{plugin.where}: {plugin.command} failed with exit code {done.returncode}"
            + (f": {words}" if words else ""),
            hint="run it by hand: a new login may be due",
        )
    return parse_answer(done.stdout, plugin)


def parse_answer(output: bytes, plugin: ExecPlugin) -> PluginAnswer:
    """
    Return what the ExecCredential in *output* says.

    Raises:
        KubeconfigError: It is not an ExecCredential of the version asked for, or lacks both
            token and certificate.
    """
    try:
        answer = json.loads(output)
    except (ValueError, RecursionError):
        raise _nonsense(plugin, "it is not JSON") from None
    if text_at(answer, "kind") != "ExecCredential":
        raise _nonsense(plugin, "its kind is not ExecCredential")
    if text_at(answer, "apiVersion") != plugin.api_version:
        raise _nonsense(plugin, f"its apiVersion is not {plugin.api_version}")
    status = map_at(answer, "status")
    fields = ("token", "clientCertificateData", "clientKeyData", "expirationTimestamp")
    for name in fields:
        if not isinstance(value_at(status, name), str | None):
            raise _nonsense(plugin, f"status.{name} is not text")
    token, certificate, key, expires = (text_at(status, name) for name in fields)
    if bool(certificate) != bool(key):
        raise _nonsense(plugin, "it has only one of clientCertificateData and clientKeyData")
    if not token and not certificate:
        raise _nonsense(plugin, "it has neither a token nor a client certificate")
    return PluginAnswer(
        token=token,
        certificate=ClientCertificate(certificate.encode(), key.encode()) if key else None,
        expires=_parse_time(expires, plugin) if expires else None,
    )


def _question(plugin: ExecPlugin) -> Mapping[str, str]:
    spec: Object = {"interactive": False}
    if plugin.cluster is not None:
        spec["cluster"] = plugin.cluster
    question: dict[str, Any] = {
        "apiVersion": plugin.api_version,
        "kind": "ExecCredential",
        "spec": spec,
    }
    return {"KUBERNETES_EXEC_INFO": json.dumps(question)}


def _parse_time(text: str, plugin: ExecPlugin) -> datetime:
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise _nonsense(plugin, "status.expirationTimestamp is not a time") from None
    return parsed if parsed.tzinfo is not None else parsed.replace(tzinfo=UTC)


def _nonsense(plugin: ExecPlugin, problem: str) -> KubeconfigError:
    return KubeconfigError(
        f"{plugin.where}: the answer of {plugin.command} cannot be used: {problem}",
        hint="run it by hand, or install a version that fits the kubeconfig",
    )


def _last_line(output: bytes) -> str:
    lines = [line for line in output.decode("utf-8", "replace").splitlines() if line.strip()]
    return _on_one_line(lines[-1]) if lines else ""


def _on_one_line(text: str) -> str:
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())[:_LONGEST_QUOTE]
