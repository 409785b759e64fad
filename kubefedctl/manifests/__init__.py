"""
YAML and JSON text to objects and back, read and written as Kubernetes' own tools do.

Here: the only package that knows YAML. A manifest is read as sigs.k8s.io/yaml (kubectl, the Go
kubefedctl) reads it, which is neither YAML 1.2 nor what PyYAML does by itself: `y` and `on` are
true, `0o12` is ten, `08` is eight, `1:20` and dates are text, keys become strings (`words`).

Not here: JSON output for people and scripts, which is rendering.
"""

from kubefedctl.manifests.reading import load_documents, load_objects
from kubefedctl.manifests.successors import read_as_successors
from kubefedctl.manifests.words import resolve_plain
from kubefedctl.manifests.writing import dump_documents

__all__ = [
    "dump_documents",
    "load_documents",
    "load_objects",
    "read_as_successors",
    "resolve_plain",
]
