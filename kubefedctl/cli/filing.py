"""
Files that are written whole or not at all.

Laws:
1. Nobody ever sees half a file, also not who looks while it is written.
2. Nothing is left behind where writing fails.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

_USUAL = 0o666


def write_whole(path: Path, data: bytes, *, mode: int = _USUAL) -> None:
    """
    Put *data* there in one step, in place of what was there.

    Devices and pipes are written to as they are.

    Args:
        path: Where.
        data: What.
        mode: Who may read it; the umask takes of it what it takes of every new file.

    Raises:
        OSError: It cannot be written.
    """
    if is_stream(path):
        with open(path, "ab") as stream:
            stream.write(data)
        return
    with _beside(path, mode) as (descriptor, temporary):
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        os.replace(temporary, path)


def check_writable(path: Path) -> None:
    """
    Do all but write the file.

    Raises:
        OSError: It cannot be written.
    """
    if path.is_dir():
        raise IsADirectoryError(0, "is a directory", str(path))
    if is_stream(path):
        return
    with _beside(path, _USUAL) as (descriptor, _):
        os.close(descriptor)


def is_stream(path: Path) -> bool:
    """Return whether there is something there that is no file, such as a pipe or a device."""
    try:
        return not stat.S_ISREG(path.stat().st_mode) or path.is_relative_to("/dev")
    except OSError:
        return False


@contextlib.contextmanager
def _beside(path: Path, mode: int) -> Iterator[tuple[int, Path]]:
    """Give an open file in the same folder, which is gone afterwards unless it was moved."""
    # NB: collectors of metrics take what ends as their files do, and nothing with a dot in front
    temporary = path.with_name(f".{path.name[:64]}.{secrets.token_hex(8)}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
    descriptor = os.open(temporary, flags, mode)
    try:
        yield descriptor, temporary
    finally:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
