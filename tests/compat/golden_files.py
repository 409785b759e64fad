"""Reader of the recorded outputs of the Go kubefedctl."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from kubefedctl.manifests import load_documents
from kubefedctl.model.refs import Object

_FOLDER = Path(__file__).parent / "golden"


def read_commands(name: str) -> dict[str, list[Object]]:
    """Return the documents that each command of the golden file *name* printed."""
    text = (_FOLDER / name).read_text(encoding="utf-8")
    parts = re.split(r"^# (kubefedctl .*)$", text, flags=re.MULTILINE)
    return {
        command: [document for document in load_documents(output, source=name) if document]
        for command, output in zip(parts[1::2], parts[2::2], strict=True)
    }


def read_whole(name: str) -> Any:
    """Return the one document of the golden file *name*."""
    text = (_FOLDER / name).read_text(encoding="utf-8")
    return load_documents(text, source=name)[0]
