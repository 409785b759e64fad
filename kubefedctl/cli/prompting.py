"""
Asking a person before something is deleted that does not come back.

Laws:
1. The question goes to stderr, the answer comes from a terminal, and nothing else is a yes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated

import typer

from kubefedctl.errors import RefusedError

Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before anything is deleted.")]


def make_confirm(*, is_agreed: bool) -> Callable[[str], None]:
    """
    Return what operations ask with: it returns on a yes, and raises otherwise.

    Args:
        is_agreed: The answer was given on the command line.
    """

    def confirm(question: str) -> None:
        if is_agreed:
            return
        if sys.stdin is None or not sys.stdin.isatty():
            raise RefusedError(
                f"there is no terminal to ask: {question}", hint="say so beforehand with --yes"
            )
        sys.stderr.write(f"{question} [y/N] ")
        sys.stderr.flush()
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            raise typer.Abort

    return confirm
