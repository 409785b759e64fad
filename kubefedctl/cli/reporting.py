"""The report of a command, which is printed however the command ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kubefedctl.cli.options import Output, Shared
from kubefedctl.errors import KubefedctlError

if TYPE_CHECKING:
    from kubefedctl.render.report import Reporter

_INTERRUPTED = 130


@contextmanager
def open_report(output: Output | None, shared: Shared) -> Iterator[Reporter | None]:
    """
    Give somebody who hears the run and prints its report at the end; None where none is wanted.

    Whatever ends the run goes on to `cli.app`, with the report printed.
    """
    if output is None:
        yield None
        return
    from kubefedctl.ops.clock import Stopwatch, now_text
    from kubefedctl.render.report import Ending, Reporter

    watch = Stopwatch()
    reporter = Reporter(output, shared.dry_run.value)

    def finish(code: int = 0, message: str = "", hint: str = "") -> None:
        ending = Ending(watch.started_at, now_text(), watch.seconds, code, message, hint)
        reporter.finish(ending)

    try:
        yield reporter
    except KubefedctlError as error:
        finish(error.exit_code, error.message, error.hint)
        raise
    except KeyboardInterrupt:
        finish(_INTERRUPTED, "interrupted")
        raise
    finish()
