"""
Objects as text: YAML documents, JSON, or names.

Laws:
1. What is printed can be given to `kubectl apply -f -`, but for names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from kubefedctl.errors import ManifestError
from kubefedctl.manifests import dump_documents
from kubefedctl.model.events import Output
from kubefedctl.model.objects import kind_of, name_of, text_at
from kubefedctl.model.refs import Object, split_api_version

_INDENT = 4
_STEERING = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Characters that JSON may hold as they are, and that steer terminals or turn lines around."""


def render_objects(objects: Sequence[Object], output: Output) -> str:
    """
    Return *objects* as text that ends with a line break.

    Several objects are several YAML documents, one JSON `List`, or a line for each name.

    Raises:
        ManifestError: An object holds what neither JSON nor YAML can carry.

    Upstream: k8s.io/cli-runtime/pkg/printers v0.31, same indent of JSON and same names.
    """
    if output is Output.YAML:
        return dump_documents([_without_managers(obj) for obj in objects])
    if output is Output.JSON:
        return _dump_json([_without_managers(obj) for obj in objects])
    return "".join(f"{name_in_kubectl(obj)}\n" for obj in objects)


def name_in_kubectl(obj: Object) -> str:
    """
    Return the object as `kubectl -o name` writes it.

    >>> name_in_kubectl({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}})
    'deployment.apps/a'
    """
    group, _ = split_api_version(text_at(obj, "apiVersion"))
    kind = kind_of(obj).lower()
    return f"{kind}.{group}/{name_of(obj)}" if group else f"{kind}/{name_of(obj)}"


def _without_managers(obj: Object) -> Object:
    """As kubectl prints it: who set which field is for nobody to read."""
    metadata = obj.get("metadata")
    if not isinstance(metadata, dict) or "managedFields" not in metadata:
        return obj
    kept = {key: value for key, value in metadata.items() if key != "managedFields"}
    return {**obj, "metadata": kept}


def _dump_json(objects: Sequence[Object]) -> str:
    alone = objects[0] if len(objects) == 1 else None
    return dump_json(
        alone or {"apiVersion": "v1", "items": list(objects), "kind": "List", "metadata": {}}
    )


def dump_json(whole: Object) -> str:
    """
    Return *whole* as indented JSON that ends with a line break.

    Raises:
        ManifestError: It holds what JSON cannot carry.
    """
    try:
        text = json.dumps(
            whole, indent=_INDENT, sort_keys=True, ensure_ascii=False, allow_nan=False
        )
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ManifestError("an object is too deep for JSON or holds broken text") from error
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"
