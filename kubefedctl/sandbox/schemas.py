"""
The structural schemas a sandbox cluster serves: built-in kinds and CRDs.

Belongs here: reading the packaged definitions, adding and removing those of CRDs,
following references, and the `Schema` view that validation, patching and field
ownership walk along. Not here: what is done with a schema (`structural`,
`strategic`, `fields`) and how it is published (`openapi`).

Laws:

1. A `Schema` never changes; a `SchemaSet` changes only by `add` and `remove`.
2. The packaged definitions are read once a process and shared by all sets.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import resources
from typing import Any

Object = dict[str, Any]

OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
_GROUP_VERSION_KIND = "x-kubernetes-group-version-kind"
_FREE_FORM = frozenset({"io.k8s.apimachinery.pkg.runtime.RawExtension"})


@dataclass(frozen=True, eq=False)
class Schema:
    """
    One node of a structural schema, with references followed on demand.

    Attributes:
        node: The node as in the document; a reference is already replaced by what
            it names, overlaid with the keywords beside it.
        definitions: What references point into.
        custom: Whether the node comes from a CRD, where undeclared fields are
            pruned unless the schema keeps them.
        name: The definition's name if the node is (a reference to) one.
        preserved: Whether an ancestor keeps unknown fields; field ownership then
            deduces undeclared fields further down too.
    """

    node: Object
    definitions: Mapping[str, Object]
    custom: bool = False
    name: str = ""
    preserved: bool = False

    @cached_property
    def type(self) -> str:
        """The JSON type, "" for any, or "int-or-string"."""
        if self.node.get("x-kubernetes-int-or-string") or self.format == "int-or-string":
            return "int-or-string"
        return str(self.node.get("type", ""))

    @cached_property
    def format(self) -> str:
        """The format keyword, "" if there is none."""
        return str(self.node.get("format", ""))

    @cached_property
    def properties(self) -> dict[str, Schema]:
        """The declared fields."""
        return {
            name: self._child(child) for name, child in (self.node.get("properties") or {}).items()
        }

    @cached_property
    def values(self) -> Schema | None:
        """The schema of undeclared fields, if `additionalProperties` gives one."""
        child = self.node.get("additionalProperties")
        return self._child(child) if isinstance(child, dict) else None

    @cached_property
    def items(self) -> Schema | None:
        """The schema of an array's items."""
        child = self.node.get("items")
        return self._child(child) if isinstance(child, dict) else None

    @cached_property
    def preserves_unknown(self) -> bool:
        """Whether undeclared fields are kept here."""
        if self.node.get("x-kubernetes-preserve-unknown-fields"):
            return True
        if self.node.get("additionalProperties") is True:
            return True
        declared = "properties" in self.node or "additionalProperties" in self.node
        return not declared and not self.custom

    @cached_property
    def keeping_unknown(self) -> Schema:
        """The same node, keeping undeclared fields whatever it says of them."""
        node = {**self.node, "x-kubernetes-preserve-unknown-fields": True}
        return Schema(node, self.definitions, self.custom, self.name, self.preserved)

    @cached_property
    def is_nullable(self) -> bool:
        """Whether null is a value here."""
        return bool(self.node.get("nullable")) or not self.type

    @cached_property
    def expected_type(self) -> str:
        """The type as messages about a wrong one name it."""
        return "integer,string" if self.type == "int-or-string" else self.type

    @cached_property
    def defaulted(self) -> dict[str, Schema]:
        """The declared fields that have a default worth filling in."""
        zeros = () if self.custom else ("", 0, False)
        return {
            name: child
            for name, child in self.properties.items()
            if child.node.get("default") is not None and child.node["default"] not in zeros
        }

    @cached_property
    def embedded(self) -> bool:
        """Whether a whole object, with its own metadata, lies here."""
        return bool(self.node.get("x-kubernetes-embedded-resource"))

    @cached_property
    def list_type(self) -> str:
        """`atomic`, `set` or `map`, derived from the patch strategy where undeclared."""
        declared = self.node.get("x-kubernetes-list-type")
        if declared is not None:
            return str(declared)
        if "merge" in self.patch_strategies:
            return "map" if self.merge_key else "set"
        return "atomic"

    @cached_property
    def list_map_keys(self) -> tuple[str, ...]:
        """The fields that tell the items of a `map` list apart."""
        if "x-kubernetes-list-type" in self.node:
            return tuple(self.node.get("x-kubernetes-list-map-keys", ()))
        return (self.merge_key,) if self.merge_key and self.list_type == "map" else ()

    @cached_property
    def is_atomic_map(self) -> bool:
        """Whether an object is owned and replaced as a whole."""
        return self.node.get("x-kubernetes-map-type") == "atomic"

    @cached_property
    def is_free_form(self) -> bool:
        """Whether anything may lie here and is owned as a whole."""
        return self.name in _FREE_FORM

    @cached_property
    def merge_key(self) -> str:
        """The key of a strategic merge of this list, "" if there is none."""
        return str(self.node.get("x-kubernetes-patch-merge-key", ""))

    @cached_property
    def patch_strategies(self) -> frozenset[str]:
        """The strategies of a strategic merge patch here."""
        return frozenset(str(self.node.get("x-kubernetes-patch-strategy", "")).split(",")) - {""}

    def child(self, name: str) -> Schema | None:
        """Return the schema of the field *name*, declared or not, or None if it is unknown."""
        return self.properties.get(name) or self.values

    def _child(self, node: Object) -> Schema:
        preserved = self.preserved or bool(self.node.get("x-kubernetes-preserve-unknown-fields"))
        return make_schema(node, self.definitions, custom=self.custom, preserved=preserved)


def make_schema(
    node: Object,
    definitions: Mapping[str, Object],
    *,
    custom: bool = False,
    preserved: bool = False,
) -> Schema:
    """Return the view of *node*; a reference leads into *definitions*."""
    reference = node.get("$ref")
    if reference is None:
        return Schema(_with_embedded_fields(node), definitions, custom, "", preserved)
    siblings = {key: value for key, value in node.items() if key != "$ref"}
    merged = {**definitions.get(reference, {}), **siblings}
    return Schema(merged, definitions, False, reference, False)


def _with_embedded_fields(node: Object) -> Object:
    if not node.get("x-kubernetes-embedded-resource"):
        return node
    properties = {**(node.get("properties") or {}), **_type_and_metadata()}
    required = list(dict.fromkeys([*(node.get("required") or ()), "apiVersion", "kind"]))
    return {**node, "properties": properties, "required": required}


def _type_and_metadata() -> Object:
    return {
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        "metadata": {"$ref": OBJECT_META},
    }


@cache
def _packaged_definitions() -> Mapping[str, Object]:
    data = resources.files("kubefedctl.sandbox").joinpath("data/schemas.json")
    definitions: dict[str, Object] = json.loads(data.read_text(encoding="utf-8"))
    return definitions


@cache
def _packaged_kinds() -> Mapping[tuple[str, str, str], Schema]:
    definitions = _packaged_definitions()
    kinds = {}
    for name, node in definitions.items():
        for kind in node.get(_GROUP_VERSION_KIND, ()):
            key = (kind["group"], kind["version"], kind["kind"])
            kinds[key] = make_schema({"$ref": name}, definitions)
    return kinds


@dataclass(slots=True)
class SchemaSet:
    """The schemas of one cluster: the packaged ones and those its CRDs add."""

    _custom: dict[tuple[str, str, str], Schema] = field(default_factory=dict)

    @classmethod
    def load(cls) -> SchemaSet:
        """Return a set of the built-in kinds alone; the packaged data is read once a process."""
        _packaged_kinds()
        return cls()

    def lookup(self, group: str, version: str, kind: str) -> Schema | None:
        """Return the schema of a kind, None if it is unknown ("" is the core group)."""
        key = (group, version, kind)
        return self._custom.get(key) or _packaged_kinds().get(key)

    def add(self, group: str, version: str, kind: str, structural_schema: Object) -> None:
        """
        Add or replace the kind of a CRD.

        Metadata and the type fields get the schema every object has, whatever the CRD
        says of them; its own restrictions on `metadata` are not enforced.

        Upstream: apiextensions-apiserver pkg/controller/openapi/builder/builder.go.
        """
        properties = {**(structural_schema.get("properties") or {}), **_type_and_metadata()}
        node = {"type": "object", **structural_schema, "properties": properties}
        self._custom[group, version, kind] = make_schema(node, _packaged_definitions(), custom=True)

    def remove(self, group: str, version: str, kind: str) -> None:
        """Forget the kind of a CRD; unknown kinds are no error."""
        self._custom.pop((group, version, kind), None)

    @property
    def definitions(self) -> Mapping[str, Object]:
        """The packaged definitions by name, references between them in the bare form."""
        return _packaged_definitions()

    @property
    def custom_kinds(self) -> Mapping[tuple[str, str, str], Schema]:
        """The kinds CRDs added, by group, version and kind."""
        return self._custom
