"""
The reports of a command: where they go, and that they are written however it ends.

Here: reading `--report`, the files, what is told where one cannot be written. Not here: what a
report says (`render.report`, `render.reports`).

Laws:
1. Before a run begins it is known that its reports can be written.
2. A report that is lost changes no exit code but 0.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kubefedctl.cli.filing import check_writable, write_whole
from kubefedctl.cli.options import Output, Shared
from kubefedctl.errors import ExitCode, InputError, KubefedctlError
from kubefedctl.model.events import Event
from kubefedctl.model.reports import Ending, Report, ReportKind

if TYPE_CHECKING:
    from kubefedctl.render.report import Reporter

STDOUT = "-"
_STDERR = "/dev/stderr"
_SUMMARY_VARIABLE = "GITHUB_STEP_SUMMARY"
_FLAG = "--report"
_SHOWING_CHANGES = frozenset({ReportKind.MARKDOWN, ReportKind.HTML})

ReportOption = Annotated[
    list[str] | None,
    typer.Option(
        _FLAG,
        metavar="KIND[=FILE]",
        help=f"Also write a report, of kind {', '.join(ReportKind)}; any number of times. FILE is"
        " - for standard output.",
        show_default=False,
    ),
]


@dataclass(frozen=True, slots=True)
class Target:
    """
    One report that is to be written.

    Args:
        kind: Its form.
        path: Where; `-` for stdout.
        is_shared: Whether it is put behind what others wrote there.
    """

    kind: ReportKind
    path: str
    is_shared: bool = False


@dataclass(frozen=True, slots=True)
class Reports:
    """
    The reports that are wanted.

    Args:
        report: Kinds and files, as they were given.
    """

    report: ReportOption = None

    def targets(self, *, output: Output | None) -> tuple[Target, ...]:
        """
        Return what the options ask for.

        Args:
            output: The form of what else goes to stdout; None where only lines would.

        Raises:
            BadParameter: There is no such kind, a file is missing, or two reports have one.
        """
        found = [target for text in self.report or () for target in _parse(text)]
        found = list(dict.fromkeys(found))
        places = [target.path for target in found if not target.is_shared]
        real = [place if place == STDOUT else os.path.realpath(place) for place in places]
        for place, one in zip(places, real, strict=True):
            if real.count(one) > 1:
                raise typer.BadParameter(f"two reports would go to {place}", param_hint=_FLAG)
        if output is not None and STDOUT in places:
            raise typer.BadParameter("with -o, standard output is taken", param_hint=_FLAG)
        return tuple(found)


@contextmanager
def open_report(
    command: str,
    shared: Shared,
    *,
    output: Output | None = None,
    targets: Sequence[Target] = (),
) -> Iterator[Reporter | None]:
    """
    Give somebody who hears the run and writes its reports at the end; None where none is wanted.

    Whatever ends the run goes on to `cli.app`, with the reports written.

    Args:
        command: What runs.
        shared: The shared options.
        output: The form of the report on stdout.
        targets: The other reports.

    Raises:
        InputError: A report cannot be written; of a run that went well.
    """
    if output is None and not targets:
        yield None
        return
    _check(targets)
    from kubefedctl.ops.clock import Stopwatch, now_text
    from kubefedctl.render.report import Reporter

    watch = Stopwatch()
    reporter = Reporter(command, shared.dry_run.value)

    def finish(code: int, message: str = "", hint: str = "") -> list[InputError]:
        ending = Ending(watch.started_at, now_text(), watch.seconds, code, message, hint)
        return _write_all(reporter.end(ending), output, targets)

    try:
        yield reporter
    except BaseException as error:
        for unwritten in finish(*_describe(error)):
            _tell(unwritten)
        raise
    if lost := finish(ExitCode.OK):
        for unwritten in lost[1:]:
            _tell(unwritten)
        raise lost[0]


def let_hear(report: Reporter | None, events: Iterable[Event], *, host: str) -> Iterable[Event]:
    """Return *events*, of which *report* hears each before it is seen."""
    if report is None:
        return events
    report.host = host
    return report.listen(events)


def shows_changes(targets: Sequence[Target]) -> bool:
    """Return whether a report is among *targets* that shows what changes field by field."""
    return any(target.kind in _SHOWING_CHANGES for target in targets)


def takes_stdout(targets: Sequence[Target]) -> bool:
    """Return whether a report goes where results would."""
    return any(target.path == STDOUT for target in targets)


def _parse(text: str) -> Iterator[Target]:
    word, equals, path = text.partition("=")
    try:
        kind = ReportKind(word)
    except ValueError:
        known = ", ".join(ReportKind)
        raise typer.BadParameter(
            f"there is no kind {word!r}; there are {known}", param_hint=_FLAG
        ) from None
    summary = os.environ.get(_SUMMARY_VARIABLE, "") if kind is ReportKind.MARKDOWN else ""
    if kind is ReportKind.GITHUB:
        if equals:
            raise typer.BadParameter("github goes to standard error, no file", param_hint=_FLAG)
        yield Target(kind, _STDERR)
        return
    if not path and (equals or not summary):
        raise typer.BadParameter(f"where to: {word}=FILE", param_hint=_FLAG)
    if path:
        yield Target(kind, path)
    if summary:
        yield Target(kind, summary, is_shared=True)


def _check(targets: Sequence[Target]) -> None:
    for target in targets:
        if target.path not in (STDOUT, _STDERR):
            with _telling(target):
                check_writable(Path(target.path))


def _write_all(
    report: Report, output: Output | None, targets: Sequence[Target]
) -> list[InputError]:
    """Write every report, and return why some could not be written."""
    lost = []
    for target in targets:
        try:
            with _telling(target):
                _write(report, target)
        except InputError as error:
            lost.append(error)
        except Exception as error:  # NB: a bug in one form hides neither the run nor the others
            text = f"the {target.kind} report cannot be made: {type(error).__name__}"
            lost.append(InputError(text, hint="report it: this is a bug in kubefedctl"))
    if output is not None:
        _print(report, output)
    return lost


def _print(report: Report, output: Output) -> None:
    from kubefedctl.render.objects import render_objects
    from kubefedctl.render.report import changed_names, report_as_object
    from kubefedctl.render.text import Stream

    names = output is Output.NAME
    text = changed_names(report) if names else render_objects([report_as_object(report)], output)
    Stream(sys.stdout).write_objects(text)


def _write(report: Report, target: Target) -> None:
    from kubefedctl.render.reports import FORMS
    from kubefedctl.render.reports.markdown import LEAST_BYTES, MOST_BYTES, render_markdown
    from kubefedctl.render.text import Stream

    if target.path in (STDOUT, _STDERR):
        stream = sys.stdout if target.path == STDOUT else sys.stderr
        Stream(stream).write_objects(FORMS[target.kind](report))
    elif target.is_shared:
        with open(target.path, "ab") as file:
            room = MOST_BYTES - file.tell()
            if room < LEAST_BYTES:
                sys.stderr.write(f"warning: {target.path} is full, so this run is not in it\n")
            else:
                file.write(render_markdown(report, most=room).encode())
    else:
        write_whole(Path(target.path), FORMS[target.kind](report).encode())


@contextmanager
def _telling(target: Target) -> Iterator[None]:
    """Turn what the operating system refuses into an error of ours."""
    try:
        yield
    except OSError as error:
        cause = (error.strerror or type(error).__name__).lower()
        raise InputError(
            f"cannot write the {target.kind} report to {target.path}: {cause}",
            hint="name a file in a folder that is there and may be written",
        ) from error


def _describe(error: BaseException) -> tuple[int, str, str]:
    """Return exit code, message and hint for what ends a run."""
    match error:
        case KubefedctlError():
            return error.exit_code, error.message, error.hint
        case typer.Exit():
            return error.exit_code, "", ""
        case typer.BadParameter():
            return error.exit_code, error.format_message(), ""
        case KeyboardInterrupt():
            return ExitCode.INTERRUPTED, "interrupted", ""
        case _:
            return ExitCode.BUG, f"kubefedctl failed unexpectedly: {type(error).__name__}", ""


def _tell(error: InputError) -> None:
    from kubefedctl.render.escaping import escape_controls

    sys.stderr.write(f"error: {escape_controls(error.message)}\n")
