"""
Runs what README and tutorial show, and compares or rewrites the output they show.

A document has commands in blocks fenced with `sh`, each run in one bash session, and what such a
block prints, both streams together, in a block fenced with `text` right after it. A block without
one after it is run and must succeed; what it prints is nobody's business.

`python -m tests.transcripts` rewrites the shown output from a real run; `test_docs` compares it.
Both look at `normalise`, which takes out only what cannot be the same twice.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.completions import KUBEFEDCTL, ROOT, replace_block
from tests.controlplanes.fixtures import make_environment

README = ROOT / "README.md"
TUTORIAL = ROOT / "docs" / "tutorial.md"
_SECONDS = 240
_END = "=== end of block"
_FENCED = re.compile(r"^```(\w*)\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
_RESULT = re.compile(r"^(created|updated|adopted|deleted|unlabelled|waiting|failed) \w+/")
_VARYING = (
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "<time>"),
    (re.compile(r"\b127\.0\.0\.1:\d+"), "127.0.0.1:<port>"),
    (re.compile(r"\b(cluster\d-)[bcdfghjklmnpqrstvwxz2456789]{5}\b"), r"\1<random>"),
    (re.compile(r"(?<= )(\d+[smh]){1,2}(?= |$)", re.MULTILINE), "<age>"),
    (re.compile(r'("\S+" deleted) from \S+ namespace$', re.MULTILINE), r"\1"),
    (re.compile(r" {2,}"), "  "),
)
_UNWANTED = ("KUBECONFIG", "XDG_STATE_HOME")


@dataclass(frozen=True, slots=True)
class Block:
    """
    Commands of a document, and the output that it shows for them.

    Args:
        commands: The text of the `sh` block.
        shown: The text of the `text` block after it; None where there is none.
    """

    commands: str
    shown: str | None


@dataclass(frozen=True, slots=True)
class Ran:
    """What a block printed when it was run, and the exit code of its last command."""

    block: Block
    output: str
    code: int


def normalise(text: str) -> str:
    """
    Return *text* without what differs from run to run.

    Ages, times, ports, generated suffixes and the width of columns go. Results of one sync that
    follow each other are sorted: clusters work side by side.

    >>> normalise("updated B/x in cluster b\\nupdated A/x in cluster a\\nweb   1/1   12s\\n")
    'updated A/x in cluster a\\nupdated B/x in cluster b\\nweb  1/1  <age>\\n'
    """
    for pattern, replacement in _VARYING:
        text = pattern.sub(replacement, text)
    lines: list[str] = []
    results: list[str] = []
    for line in [*text.splitlines(), None]:
        if line is not None and _RESULT.match(line):
            results.append(line)
            continue
        lines += sorted(results)
        results = []
        if line is not None:
            lines.append(line.rstrip())
    return "".join(f"{line}\n" for line in lines)


def read_blocks(text: str) -> Iterator[Block]:
    """Yield the commands of a document with the output it shows for them."""
    found = list(_FENCED.finditer(text))
    for position, match in enumerate(found):
        if match[1] != "sh":
            continue
        after = found[position + 1] if position + 1 < len(found) else None
        has_output = after is not None and after[1] == "text"
        yield Block(match[2], after[2] if after is not None and has_output else None)


def run_blocks(blocks: Sequence[Block], *, folder: Path) -> list[Ran]:
    """
    Run *blocks* one after the other in one bash session, up to the first that fails.

    Args:
        blocks: The blocks.
        folder: Where the session starts; also its home.
    """
    after = f'code=$?; echo "{_END} $code"; [ $code = 0 ] || exit $code\n'
    path = folder / "session.sh"
    path.write_text("".join(f"{block.commands}{after}" for block in blocks))
    output = _run(["bash", str(path)], folder=folder)
    parts = re.split(rf"^{_END} (\d+)\n", output, flags=re.MULTILINE)
    return [
        Ran(block, text, int(code))
        for block, text, code in zip(blocks, parts[0::2], parts[1::2], strict=False)
    ]


def run_demo(folder: Path) -> str:
    """Return what `kubefedctl demo` prints, both streams as they come."""
    return _run([str(KUBEFEDCTL), "demo"], folder=folder)


def read_demo_block(text: str) -> str:
    """Return the transcript of the demo that a document shows."""
    block = text.partition("<!-- begin demo -->\n")[2].partition("<!-- end demo -->\n")[0]
    found = _FENCED.search(block)
    return found[2] if found else ""


def _run(command: Sequence[str], *, folder: Path) -> str:
    inherited = make_environment(os.environ, kubeconfig=folder / "config", home=folder)
    environment = {name: value for name, value in inherited.items() if name not in _UNWANTED}
    environment |= {
        "NO_COLOR": "1",
        "PYTHONUNBUFFERED": "1",  # NB: else the two streams arrive out of order
        "PATH": f"{KUBEFEDCTL.parent}{os.pathsep}{environment.get('PATH', os.defpath)}",
    }
    ran = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    return ran.stdout


def stop_sandbox(folder: Path) -> None:
    """Stop the sandbox that a session cut short may have left."""
    _run([str(KUBEFEDCTL), "sandbox", "down"], folder=folder)


def rewrite(text: str, ran: Sequence[Ran]) -> str:
    """Return a document with the output of its blocks replaced by what they printed."""
    answers = iter(ran)
    pending: list[str] = []

    def replace(match: re.Match[str]) -> str:
        if match[1] == "sh":
            pending[:] = [next(answers).output]
        elif match[1] == "text" and pending:
            return f"```text\n{pending.pop()}```\n"
        else:
            pending.clear()
        return match[0]

    return _FENCED.sub(replace, text)


def main() -> int:
    """Rewrite the transcripts of README and tutorial; return 1 where a command failed."""
    with tempfile.TemporaryDirectory() as folder:
        output = run_demo(Path(folder))
        README.write_text(
            replace_block(README.read_text(), "demo", f"```text\n{output.lstrip()}```")
        )
    text = TUTORIAL.read_text()
    blocks = list(read_blocks(text))
    with tempfile.TemporaryDirectory() as folder:
        try:
            ran = run_blocks(blocks, folder=Path(folder))
        finally:
            stop_sandbox(Path(folder))
    failed = [found for found in ran if found.code]
    for found in failed:
        print(f"exit code {found.code} of\n{found.block.commands}{found.output}", file=sys.stderr)
    if not failed and len(ran) == len(blocks):
        TUTORIAL.write_text(rewrite(text, ran))
    return int(bool(failed) or len(ran) != len(blocks))


if __name__ == "__main__":
    raise SystemExit(main())
