"""Texts of clusters, made harmless where they are shown."""

from __future__ import annotations

import re

_OLD_COMMAND = re.compile(r"(?<=#)#(?=\w*\[)")


def escape_controls(text: str) -> str:
    """
    Return *text* with control characters written out: what a cluster says must not steer terminals.

    >>> escape_controls("a" + chr(27) + "[31m")
    'a\\\\x1b[31m'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def escape_commands(line: str) -> str:
    """
    Return *line* without anything that a CI system takes for a command of its own.

    Upstream: actions/runner, src/Runner.Common/ActionCommand.cs: `::` first in a line, behind
    spaces, and `##[` anywhere in it; Azure Pipelines and TeamCity take `##vso[` and `##teamcity[`.

    >>> print(escape_commands("::add-mask::a"), escape_commands("a ##vso[x] c::d"))
    \\x3a:add-mask::a a #\\x23vso[x] c::d
    """
    bare = line.lstrip()
    if bare.startswith("::"):
        line = f"{line[: len(line) - len(bare)]}\\x3a{bare[1:]}"
    return _OLD_COMMAND.sub(r"\\x23", line) if "##" in line else line
