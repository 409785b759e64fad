"""
The kubeconfig of a fleet.

It is written as JSON, which every YAML reader takes, so that this package needs no YAML.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kubefedctl.sandbox.certificates import KeyPair


@dataclass(frozen=True, slots=True)
class Entry:
    """What a kubeconfig says about one cluster; the context has its name."""

    name: str
    url: str
    ca: bytes
    client: KeyPair


def make_kubeconfig(entries: Sequence[Entry]) -> str:
    """Return a kubeconfig with one context each; the first one is current."""
    clusters, users, contexts = [], [], []
    for entry in entries:
        cluster = {"server": entry.url, "certificate-authority-data": _encode(entry.ca)}
        clusters.append({"name": entry.name, "cluster": cluster})
        user = {
            "client-certificate-data": _encode(entry.client.certificate),
            "client-key-data": _encode(entry.client.key),
        }
        users.append({"name": entry.name, "user": user})
        context = {"cluster": entry.name, "user": entry.name}
        contexts.append({"name": entry.name, "context": context})
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "preferences": {},
        "clusters": clusters,
        "users": users,
        "contexts": contexts,
        "current-context": entries[0].name if entries else "",
    }
    return json.dumps(document, indent=2) + "\n"


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    temporary.replace(path)


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()
