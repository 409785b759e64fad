"""
Regenerate the table of protobuf messages from Kubernetes' own generated.proto files.

Usage::

    python tests/sandbox/regenerate_messages.py API_MODULE APIMACHINERY_MODULE

The folders are those of the Go modules `k8s.io/api` and `k8s.io/apimachinery` at the version
wanted (`go mod download -json k8s.io/api@v0.34.4` prints where one lies). Written is
`kubefedctl/sandbox/data/messages.json`: message -> field number -> [name, type, mode, trait].
Modes are "repeated" and "map"; traits come from the Go structs beside: "inline" for what JSON has
not as a field of its own, "keep" where a zero means zero (a pointer, or no omitempty).
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

OUTPUT = Path(__file__).parents[2] / "kubefedctl" / "sandbox" / "data" / "messages.json"
GROUPS = (
    "core/v1", "apps/v1", "batch/v1", "rbac/v1", "networking/v1", "coordination/v1",
    "autoscaling/v1", "autoscaling/v2", "policy/v1", "discovery/v1", "storage/v1",
    "authorization/v1", "authentication/v1", "scheduling/v1",
)  # fmt: skip
SCALARS = frozenset({"string", "bool", "bytes", "double", "int32", "int64"})
_MESSAGE = re.compile(r"^message (\w+) \{(.*?)^\}", re.DOTALL | re.MULTILINE)
_FIELD = re.compile(
    r"^\s*(optional|repeated|map<string, ?(?P<value>[.\w]+)>)\s*(?P<type>[.\w]+)?\s+(?P<name>\w+)"
    r"\s*=\s*(?P<number>\d+);",
    re.MULTILINE,
)
_STRUCT = re.compile(r"^type (\w+) struct \{(.*?)^\}", re.DOTALL | re.MULTILINE)
_MEMBER = re.compile(
    r"^\s+(?:\w+\s+)?(?P<pointer>\*?)[\w.\[\]*]+\s+`json:\"(?P<json>\w*)(?P<options>[^\"]*)\""
    r" protobuf:\"\w+,(?P<number>\d+),",
    re.MULTILINE,
)
Fields = dict[str, list[str]]


def read_traits(path: Path) -> dict[tuple[str, str], str]:
    """Return what the Go structs of one file say about fields, by struct and number."""
    found = {}
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    for struct in _STRUCT.finditer(text):
        for member in _MEMBER.finditer(struct[2]):
            if "inline" in member["options"] or not member["json"]:
                found[struct[1], member["number"]] = "inline"
            elif member["pointer"] or "omitempty" not in member["options"]:
                found[struct[1], member["number"]] = "keep"
    return found


def read(path: Path) -> dict[str, Fields]:
    """Return the messages of one file by their full names."""
    text = path.read_text(encoding="utf-8")
    package = re.search(r"^package ([\w.]+);", text, re.MULTILINE)
    assert package is not None
    found: dict[str, Fields] = {}
    names = {match[1] for match in _MESSAGE.finditer(text)}
    traits = read_traits(path.with_name("types.go"))
    for match in _MESSAGE.finditer(text):
        fields: Fields = {}
        for field in _FIELD.finditer(match[2]):
            kind = field["value"] or field["type"]
            if kind in names:
                kind = f"{package[1]}.{kind}"
            mode = "map" if field["value"] else "repeated" if field[1] == "repeated" else ""
            trait = traits.get((match[1], field["number"]), "")
            fields[field["number"]] = [field["name"], kind.lstrip("."), mode, trait]
        found[f"{package[1]}.{match[1]}"] = fields
    return found


def main() -> None:
    """Write the table."""
    api, machinery = map(Path, sys.argv[1:3])
    paths = [api / group / "generated.proto" for group in GROUPS]
    parts = ("api/resource", "apis/meta/v1", "runtime", "util/intstr")
    paths += [machinery / "pkg" / part / "generated.proto" for part in parts]
    messages: dict[str, Fields] = {}
    for path in paths:
        messages |= read(path)
    for fields in messages.values():
        for name, kind, *_ in fields.values():
            assert kind in SCALARS or kind in messages, (name, kind)
    lines = [f"{json.dumps(name)}: {json.dumps(messages[name])}" for name in sorted(messages)]
    OUTPUT.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
