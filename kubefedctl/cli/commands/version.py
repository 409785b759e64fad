"""The command `version`."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated

import typer

from kubefedctl import __version__


class VersionOutput(StrEnum):
    """Forms in which the version is shown to programs."""

    JSON = "json"
    YAML = "yaml"


OutputOption = Annotated[
    VersionOutput | None,
    typer.Option(
        "--output",
        "-o",
        metavar="<json|yaml>",
        help="Show all that is known of this program in this form.",
        show_default=False,
    ),
]


def version(*, output: OutputOption = None) -> None:
    """
    Show the version; no cluster is asked.

    Example: kubefedctl version -o json
    """
    if output is None:
        print_version()
    elif output is VersionOutput.JSON:
        typer.echo(json.dumps(describe_version(), indent=2))
    else:
        from kubefedctl.manifests import dump_documents

        typer.echo(dump_documents([describe_version()]).removeprefix("---\n"), nl=False)


def print_version() -> None:
    """Print the one line that KubeFed's own kubefedctl begins its version with."""
    typer.echo(f"kubefedctl version: {__version__}")


def describe_version() -> dict[str, dict[str, str]]:
    """
    Return what is known of this program, in the fields of `kubectl version -o json`.

    `gitCommit` is there where the program was installed from a Git repository: pip records it.
    """
    import platform

    major, minor = __version__.split(".")[:2]
    commit = _git_commit()
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return {
        "clientVersion": {
            "major": major,
            "minor": minor,
            "gitVersion": f"v{__version__}",
            **({"gitCommit": commit} if commit else {}),
            "pythonVersion": platform.python_version(),
            "platform": f"{platform.system().lower()}/{machine.lower()}",
        }
    }


def _git_commit() -> str:
    """Return the commit that pip installed from; empty where it did not install from Git."""
    from importlib import metadata

    try:
        text = metadata.distribution("kubefedctl").read_text("direct_url.json")
        origin = json.loads(text or "{}")
    except (metadata.PackageNotFoundError, ValueError):
        return ""
    source = origin.get("vcs_info") if isinstance(origin, dict) else None
    commit = source.get("commit_id") if isinstance(source, dict) else None
    return commit if isinstance(commit, str) else ""
