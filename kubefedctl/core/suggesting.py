"""
Commands as hints name them: what a person can paste into a shell.

Not here: when one is due, and the words around it.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from kubefedctl.model.joins import JoinOptions
from kubefedctl.model.objects import DEFAULT_KUBEFED_NAMESPACE
from kubefedctl.model.refs import Resource

_AGAIN = "run the command again"
_UPDATING = "--error-on-existing=false"


def suggest_join(cluster: str, flags: Mapping[str, str]) -> str:
    """
    Return the join of *cluster* that completes or updates what an earlier join left.

    Args:
        cluster: The member's name.
        flags: Its other flags in order; those without a value are left out.

    >>> suggest_join("c1", {"--host-cluster-name": "my host", "--rbac": ""})
    "kubefedctl join c1 --error-on-existing=false --host-cluster-name 'my host'"
    """
    given = [word for flag, value in flags.items() if value for word in (flag, value)]
    return shlex.join(["kubefedctl", "join", cluster, _UPDATING, *given])


def complete_join(options: JoinOptions) -> str:
    """Return the command that completes the join that *options* asked for."""
    is_usual = options.kubefed_namespace == DEFAULT_KUBEFED_NAMESPACE
    flags = {
        "--cluster-context": options.cluster_context,
        "--host-cluster-context": options.host_cluster_context,
        "--host-cluster-name": options.host_cluster_name,
        "--kubefed-namespace": "" if is_usual else options.kubefed_namespace,
        "--secret-name": options.secret_name,
        "--api-endpoint": options.api_endpoint,
        "--labels": ",".join(f"{key}={value}" for key, value in options.labels.items()),
        "--rbac": options.rbac or "",
        "--credential": options.credential or "",
        "--kubeconfig": options.kubeconfig,
    }
    return suggest_join(options.cluster, flags)


def add_command(hint: str, command: str) -> str:
    """
    Return *hint* with the command to run after it; one that says to run "the command" names it.

    >>> add_command("have it granted", "kubefedctl sync"), add_command("", "kubefedctl sync")
    ('have it granted; then run: kubefedctl sync', 'run: kubefedctl sync')
    >>> add_command("mend it, then run the command again later", "kubefedctl sync")
    'mend it, then run: kubefedctl sync'
    """
    lead, again, _ = hint.partition(_AGAIN)
    if again or not hint:
        return f"{lead}run: {command}"
    return f"{hint}; then run: {command}"


def explain_where(resource: Resource) -> str:
    """
    Return how to find an object of a type that is not where it was looked for.

    >>> explain_where(Resource("apps", "v1", "deployments", "Deployment", True))
    'kubectl get deployments.apps --all-namespaces; -n gives the namespace'
    """
    if not resource.namespaced:
        return f"kubectl get {resource.qualified_name}"
    return f"kubectl get {resource.qualified_name} --all-namespaces; -n gives the namespace"
