"""The command `render`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from kubefedctl.cli.options import Output, Shared, with_shared
from kubefedctl.cli.wiring import show_all
from kubefedctl.errors import InputError
from kubefedctl.model.events import Event, Line, Rendered, Step, Warned, counted
from kubefedctl.model.renderings import Rendering


class ManifestForm(StrEnum):
    """Forms in which manifests are printed."""

    YAML = "yaml"
    JSON = "json"


Filename = Annotated[
    str,
    typer.Option(
        "--filename",
        "-f",
        metavar="FILE",
        help="A file, a folder with all below it, or - for standard input.",
        show_default=False,
    ),
]
OutputDir = Annotated[
    str,
    typer.Option(
        "--output-dir",
        metavar="FOLDER",
        help="Write a file for each object into a folder for each cluster.",
        show_default=False,
    ),
]
OutputForm = Annotated[
    ManifestForm | None,
    typer.Option(
        "--output",
        "-o",
        metavar="yaml|json",
        help="The form in which manifests are printed. Default: yaml; nothing with --output-dir.",
        show_default=False,
    ),
]
Clusters = Annotated[
    str,
    typer.Option(
        "--clusters",
        metavar="NAMES",
        help="The clusters, separated by commas. Default: the KubeFedClusters in the files.",
        show_default=False,
    ),
]
Prune = Annotated[
    bool,
    typer.Option(
        "--prune", help="With --output-dir: remove files of earlier renderings that are left over."
    ),
]


@with_shared
def render(
    *,
    filename: Filename = "",
    output_dir: OutputDir = "",
    form: OutputForm = None,
    clusters: Clusters = "",
    prune: Prune = False,
    shared: Shared,
) -> None:
    """
    Write the manifests of each cluster from files; no cluster is asked.

    They are what the first sync of these files creates in empty members. KubeFedClusters among the
    files give names and labels of the clusters; FederatedTypeConfigs, FederatedNamespaces,
    preferences and the scope of a KubeFedConfig count, too.

    Example: kubefedctl render -f fleet/ --output-dir rendered/

    Example: kubefedctl render -f web.yaml --clusters eu-1,eu-2 -o json
    """
    if not filename:
        raise typer.BadParameter("give a file or folder with -f")
    if prune and not output_dir:
        raise typer.BadParameter("--prune needs --output-dir")
    if output_dir and Path(output_dir).resolve() == Path(filename).resolve():
        raise typer.BadParameter("--output-dir cannot be the folder that is read")
    output = Output(form.value) if form is not None else None
    if not output and not output_dir:
        output = Output.YAML
    names = [name for part in clusters.split(",") if (name := part.strip())]
    folder = Path(output_dir) if output_dir else None
    job = _Job(filename, folder, names, prune, output, shared)
    show_all(job.run(), shared, output=output)


@dataclass(frozen=True, slots=True)
class _Job:
    """One rendering: read, rendered, kept, told."""

    filename: str
    folder: Path | None
    clusters: list[str]
    prunes: bool
    output: Output | None
    shared: Shared

    @property
    def _only_tells(self) -> bool:
        """Whether nothing is written; there is no server to check anything in either dry run."""
        return self.shared.is_dry_run or self.shared.is_rehearsal

    def run(self) -> Iterator[Event]:
        """
        Yield what is to be told.

        Raises:
            InputError: Something could not be read, rendered or written.
        """
        from kubefedctl.cli.files import renew
        from kubefedctl.cli.sources import read_fleet
        from kubefedctl.core.assembling import assemble
        from kubefedctl.core.rendering import render

        yield Step(f"reading {self.filename}")
        read, listed = read_fleet(self.filename, besides=self.folder)
        objects, warnings = renew(read, self.filename)
        yield from warnings
        yield Step(f"rendering {counted(len(objects), 'object')}")
        namespace = self.shared.kubefed_namespace
        assembled = assemble(
            objects, clusters=self.clusters, listed=listed, kubefed_namespace=namespace
        )
        rendering = render(assembled)
        yield from map(Step, rendering.steps)
        yield from map(Warned, rendering.warnings)
        if self.output is not None:
            yield Rendered(rendering)
        if self.folder is not None:
            yield from self._keep(rendering, self.folder)
        for error in rendering.errors:
            yield Warned(str(error), is_failure=True)
        if rendering.errors:
            raise InputError(
                f"{counted(len(rendering.errors), 'error')}; the objects concerned are left out of"
                " every cluster",
                hint="the warnings name objects and causes; mend these and render again",
            )

    def _keep(self, rendering: Rendering, folder: Path) -> Iterator[Event]:
        """Write the files and tell how that went."""
        from kubefedctl.cli.keeping import find_other_clusters, find_stale, keep_files
        from kubefedctl.core.layout import lay_out
        from kubefedctl.manifests import dump_documents

        placed = lay_out(rendering)
        private = frozenset(place for place, obj in placed.items() if obj["kind"] == "Secret")
        if private:
            yield Warned(
                f"{counted(len(private), 'Secret')} rendered as they stand in the files, readable"
                " for you alone: keep them out of repositories"
            )
        texts = {place: dump_documents([obj]) for place, obj in placed.items()}
        would = " (dry run)" * self._only_tells
        if not would:
            yield Step(f"writing {counted(len(texts), 'file')}")
            kept = keep_files(folder, texts, private=private)
            yield Step(f"{counted(len(kept.unchanged), 'file')} as they were", level=1)
            yield from (Step(f"wrote {folder / place}", level=1) for place in kept.written)
        yield Line(
            f"rendered {counted(len(placed), 'object')} for"
            f" {counted(len(rendering.clusters), 'cluster')} into {folder}{would}"
        )
        stale = find_stale(folder, rendering.clusters, known=placed)
        yield from self._tell_stale(stale, folder, is_whole=not rendering.errors)
        if not self.clusters:
            yield from (
                Warned(f"{folder / name} is of a cluster that is not among the files; it is kept")
                for name in find_other_clusters(folder, rendering.clusters)
            )

    def _tell_stale(self, stale: list[str], folder: Path, *, is_whole: bool) -> Iterator[Event]:
        """Remove what is left over where that is asked for, else tell of it."""
        from kubefedctl.cli.keeping import remove_files

        if not stale:
            return
        if self.prunes and is_whole:
            if not self._only_tells:
                remove_files(folder, stale)
            would = " (dry run)" * self._only_tells
            yield from (Line(f"removed {folder / place}{would}") for place in stale)
            return
        why = "" if is_whole else "; nothing is removed while there are errors"
        advice = why or "; --prune removes it"
        yield from (
            Warned(f"{folder / place} is left from an earlier rendering{advice}") for place in stale
        )
