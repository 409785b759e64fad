"""
Commands that mend what `check` finds, as a person can paste them into a shell.

Here: how a command is spelled for the host, the members and the options of this run. Not here:
which command mends what (`diagnosing_*`).

Laws:
1. A command means the same clusters as the run that printed it: what was given to it is repeated.
2. Every word is quoted as a POSIX shell wants it.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass

from kubefedctl.core.granting import recorded_context, rejoin_command
from kubefedctl.core.joining import granted_types
from kubefedctl.model.federated import FederatedObject
from kubefedctl.model.objects import DEFAULT_KUBEFED_NAMESPACE
from kubefedctl.model.refs import Key, Object, Resource


@dataclass(frozen=True, slots=True)
class Shell:
    """
    How this run was told of its clusters.

    Args:
        kubeconfig: `--kubeconfig`; empty where it was not given.
        host_context: `--host-cluster-context`; empty where it was not given.
        kubefed_namespace: `--kubefed-namespace`.
    """

    kubeconfig: str = ""
    host_context: str = ""
    kubefed_namespace: str = DEFAULT_KUBEFED_NAMESPACE

    def run(self, *words: str) -> str:
        """
        Return a command of kubefedctl.

        >>> Shell(host_context="my host").run("enable", "widgets")
        "kubefedctl enable widgets --host-cluster-context 'my host'"
        """
        return shlex.join(["kubefedctl", *words, *self._options()])

    def ask_host(self, *words: str) -> str:
        """Return a command of kubectl against the host."""
        return self._kubectl(self.host_context, words)

    def ask_member(self, registered: Object, *words: str) -> str:
        """Return a command of kubectl against a member, by the context it was joined with."""
        return self._kubectl(recorded_context(registered), words)

    def join_again(self, registered: Object, **flags: str) -> str:
        """Return the join that makes account, roles and Secret of a member anew."""
        named = {f"--{name.replace('_', '-')}": value for name, value in flags.items()}
        if granted_types(registered) is not None:
            named.setdefault("--rbac", "types")
        return rejoin_command(registered, {**named, **dict(self._named_options())})

    def edit(self, resource: Resource, key: Key) -> str:
        """Return the command that opens an object of the host in an editor."""
        return self.ask_host("edit", *_address(resource, key))

    def place_everywhere(self, federated: FederatedObject) -> str:
        """Return the command that places an object in every member."""
        body = json.dumps({"spec": {"placement": {"clusterSelector": {}}}}, separators=(",", ":"))
        address = _address(federated.type_config.federated, federated.key)
        return self.ask_host("patch", *address, "--type", "merge", "-p", body)

    def sync(self, federated: FederatedObject) -> str:
        """Return the sync of one federated object."""
        word = f"{federated.type_config.name}/{federated.key.name}"
        where = ("-n", federated.key.namespace) if federated.key.namespace else ()
        return self.run("sync", word, *where)

    def show_finalizers(self, resource: Resource, key: Key, *, member: Object | None = None) -> str:
        """Return the command that shows what holds an object in deletion."""
        words = ("get", *_address(resource, key), "-o", "jsonpath={.metadata.finalizers}")
        return self.ask_host(*words) if member is None else self.ask_member(member, *words)

    def _kubectl(self, context: str, words: tuple[str, ...]) -> str:
        options = ["--kubeconfig", self.kubeconfig] if self.kubeconfig else []
        options += ["--context", context] if context else []
        return shlex.join(["kubectl", *options, *words])

    def _named_options(self) -> list[tuple[str, str]]:
        is_usual = self.kubefed_namespace == DEFAULT_KUBEFED_NAMESPACE
        given = (
            ("--kubeconfig", self.kubeconfig),
            ("--host-cluster-context", self.host_context),
            ("--kubefed-namespace", "" if is_usual else self.kubefed_namespace),
        )
        return [(name, value) for name, value in given if value]

    def _options(self) -> list[str]:
        return [word for pair in self._named_options() for word in pair]


def _address(resource: Resource, key: Key) -> tuple[str, ...]:
    where = ("-n", key.namespace) if resource.namespaced and key.namespace else ()
    return (resource.qualified_name, key.name, *where)
