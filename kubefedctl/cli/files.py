"""Reading the files that a person names on the command line."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from kubefedctl.errors import InputError, ManifestError
from kubefedctl.manifests import load_documents, load_objects, read_as_successors
from kubefedctl.model.events import Event, Warned
from kubefedctl.model.refs import Object

STANDARD_INPUT = "-"


def read_objects(filename: str) -> list[Object]:
    """
    Return the objects in a file of YAML or JSON; `-` is standard input.

    Raises:
        InputError: The file cannot be read.
        ManifestError: It does not hold objects.
    """
    text, source = _read_text(filename)
    return load_objects(text, source=source)


def read_documents(filename: str) -> list[Object]:
    """
    Return the maps in a file of YAML or JSON, whether or not they are objects.

    Raises:
        InputError: The file cannot be read.
        ManifestError: It is not YAML, or holds something else than maps.
    """
    text, source = _read_text(filename)
    found = [document for document in load_documents(text, source=source) if document is not None]
    if not all(isinstance(document, dict) for document in found):
        raise ManifestError(
            f"{source}: a document is no map", hint="give fields with values, such as metadata:"
        )
    return found


def renew(documents: Sequence[Object], filename: str) -> tuple[list[Object], tuple[Event, ...]]:
    """Return *documents* of any release as today's, with one warning where names were replaced."""
    renewed, replaced = read_as_successors(documents)
    if not replaced:
        return renewed, ()
    source = "standard input" if filename == STANDARD_INPUT else filename
    text = f"{source}: names of KubeFed's first releases, read as their successors: "
    return renewed, (Warned(text + ", ".join(replaced)),)


def _read_text(filename: str) -> tuple[str, str]:
    if filename == STANDARD_INPUT:
        source = "standard input"
        return _decode(read_standard_input(), source), source
    try:
        with open(filename, "rb") as file:
            data = file.read()
    except OSError as error:
        raise InputError(
            f"cannot read {filename}: {(error.strerror or type(error).__name__).lower()}",
            hint="check the path that was given with -f",
        ) from error
    return _decode(data, filename), filename


def read_standard_input() -> bytes:
    """
    Return all of standard input.

    Raises:
        InputError: It cannot be read.
    """
    try:
        # NB: where standard input was closed at the start of the process, it is None
        return b"" if sys.stdin is None else sys.stdin.buffer.read()
    except OSError as error:
        raise InputError(
            f"cannot read standard input: {(error.strerror or type(error).__name__).lower()}",
            hint="give a file with -f",
        ) from error


def _decode(data: bytes, source: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ManifestError(
            f"{source}: not YAML: byte {error.start} is not UTF-8",
            hint="save it as text in UTF-8",
        ) from error
