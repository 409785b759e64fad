"""
Objects without what must stay secret, for printing what a command takes away.

Laws:
1. Of anything that is a Secret, or whose kind has the word in it, name, labels and type alone are
   shown: a federated Secret has the values in template and overrides, and annotations repeat what
   was applied.
"""

from __future__ import annotations

from kubefedctl.model.objects import kind_of, map_at
from kubefedctl.model.refs import Object

_SHOWN = ("apiVersion", "kind", "type")
_CONCEALED = frozenset({"annotations", "managedFields"})


def conceal_values(obj: Object) -> Object:
    """
    Return *obj* as it stands, or what may be shown of one that holds secrets.

    >>> conceal_values({"kind": "Secret", "metadata": {"name": "a"}, "data": {"token": "eA=="}})
    {'kind': 'Secret', 'metadata': {'name': 'a'}}
    """
    if not holds_secrets(kind_of(obj)):
        return obj
    metadata = {k: v for k, v in map_at(obj, "metadata").items() if k not in _CONCEALED}
    return {**{key: obj[key] for key in _SHOWN if key in obj}, "metadata": metadata}


def holds_secrets(kind: str) -> bool:
    """
    Return whether objects of a *kind* hold what must stay secret: it has the word in it.

    >>> holds_secrets("FederatedSecret"), holds_secrets("ConfigMap")
    (True, False)
    """
    return "secret" in kind.lower()
