"""Manifests of several clusters as one text."""

from __future__ import annotations

from kubefedctl.manifests import dump_documents
from kubefedctl.model.events import Output
from kubefedctl.model.renderings import RenderError, Rendering
from kubefedctl.render.objects import dump_json


def render_manifests(rendering: Rendering, output: Output) -> str:
    """
    Return manifests as JSON with the errors in it, or as YAML with a comment before each cluster's.

    Raises:
        ManifestError: An object holds what neither JSON nor YAML can carry.
    """
    if output is Output.JSON:
        return dump_json(
            {
                "clusters": {name: list(found) for name, found in rendering.clusters.items()},
                "errors": [_error_as_object(error) for error in rendering.errors],
            }
        )
    return "".join(
        f"# cluster {_on_one_line(name)}\n{dump_documents(found)}"
        for name, found in rendering.clusters.items()
    )


def _on_one_line(name: str) -> str:
    """*name* as a comment may hold it: a line break in it would begin a document of its own."""
    return name if name.isprintable() else repr(name)


def _error_as_object(error: RenderError) -> dict[str, str]:
    return {
        "object": error.object,
        "cluster": error.cluster,
        "reason": error.reason,
        "message": error.message,
    }
