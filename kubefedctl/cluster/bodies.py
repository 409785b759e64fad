"""Objects as the bodies of requests and answers."""

from __future__ import annotations

import json

from kubefedctl.cluster.faults import About, fault_of_answer
from kubefedctl.cluster.port import PatchBody
from kubefedctl.cluster.transport import Answer
from kubefedctl.errors import InputError
from kubefedctl.model.objects import value_at
from kubefedctl.model.refs import Object, Resource


def encode_body(body: PatchBody, about: About) -> bytes:
    """Return *body* as JSON; raises InputError for a value that JSON does not know."""
    try:
        return json.dumps(body, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(
            f"cannot {about.act} {about.subject} in cluster {about.cluster}: "
            "the object holds a value that JSON does not know",
            hint="look for .nan, .inf and half characters in it",
        ) from error


def decode_answer(answer: Answer, about: About) -> Object:
    """Return the object that an answer holds; raises ServerError where it holds none."""
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise fault_of_answer(
            "the answer is not JSON", status=answer.status, about=about
        ) from error
    if not isinstance(found, dict):
        raise fault_of_answer("the answer is not an object", status=answer.status, about=about)
    return found


def with_type(item: Object, resource: Resource) -> Object:
    """Return *item* with apiVersion and kind, which lists leave out and metadata lists replace."""
    if item.get("kind") == resource.kind and value_at(item, "apiVersion"):
        return item
    return {**item, "apiVersion": resource.api_version, "kind": resource.kind}
