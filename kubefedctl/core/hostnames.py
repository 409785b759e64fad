"""
The name under which a host is known in its members, where its context's name cannot be one.

Here: one pure rule, which join, unjoin and everything that makes these names again must share.

Laws:
1. A name that KubeFed's own kubefedctl would have used is used unchanged.
2. The same context always gives the same name; two contexts never give the same derived one.
"""

from __future__ import annotations

import hashlib
import re

from kubefedctl.core.joining import LONGEST_NAME, is_subdomain

_LONGEST_HOST_NAME = 63
_MARK = 8
_UNFIT = re.compile(r"[^a-z0-9]+")


def name_host(cluster: str, *, given: str, context: str) -> str:
    """
    Return the host's name in the names of the member's objects.

    Contexts are often called what no object can be called: `kubernetes-admin@kubernetes`, an ARN.
    Of those a DNS-1123 label is made: what is not a letter or digit becomes `-`, and the start of
    the context's SHA-256 keeps apart what looks the same then.

    Args:
        cluster: The member's name, which shares the names' length with the host's.
        given: `--host-cluster-name`; it is never changed.
        context: The host's context.

    Upstream: pkg/kubefedctl/join.go @ v0.10.0 takes the context as it is, and fails halfway.

    >>> name_host("c1", given="", context="cluster1")
    'cluster1'
    >>> name_host("c1", given="", context="admin@kubernetes")
    'admin-kubernetes-f6a8538b'
    """
    if given or not context or is_subdomain(f"{cluster}-{context}"):
        return given or context
    mark = hashlib.sha256(context.encode("utf-8", "surrogateescape")).hexdigest()[:_MARK]
    room = min(_LONGEST_HOST_NAME, LONGEST_NAME - len(cluster) - 1) - _MARK
    if room < 0:
        return context  # NB: no name fits beside such a cluster's; the check of names says so
    readable = _UNFIT.sub("-", context.lower()).strip("-")[: max(0, room - 1)].strip("-")
    return f"{readable}-{mark}" if readable else mark


def explain_host_name(host: str, *, given: str, context: str) -> str:
    """Return the sentence that tells of a derived name; empty where the context's name is used."""
    if given or host == context:
        return ""
    return (
        f"host cluster name {host} is made from context {context}, which cannot be part of an"
        " object's name; --host-cluster-name gives another"
    )
