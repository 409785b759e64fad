"""
A report as a page for people: one file that opens without a network and stays readable for years.

Laws:
1. It loads nothing and sends nothing: the policy in its head forbids both, and every script but its
   own.
2. Without scripts everything can be read; a script only filters and unfolds.
3. It opens in a browser however large the fleet is: equal neighbours are one cell, and there are
   bounds for cells and changes.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from importlib import resources
from itertools import chain

from kubefedctl.model.changes import ObjectChanges
from kubefedctl.model.events import CHANGES, ClusterTally, Verdict, counted
from kubefedctl.model.refs import Subject
from kubefedctl.model.reports import Report
from kubefedctl.render.comparisons import describe_clusters, field_lines, sign_of
from kubefedctl.render.escaping import escape_controls
from kubefedctl.render.reports.grid import UNREACHED, Grid, Row, Tone, make_grid, tone_of
from kubefedctl.render.reports.wording import (
    FILES,
    describe_outcome,
    describe_time,
    make_advice,
    make_sentence,
    make_title,
    name_some,
    other_remarks,
    say_verdict,
    share,
)
from kubefedctl.render.summaries import fold_in_step, occurring, split_in_step

MOST_CELLS = 250_000
MOST_CHANGES = 6_000_000
_MOST_WIDE = 12
_LEAST_RUN = 4
_LONGEST_HEAD = 24
_MOST_AT_ONCE = 20
_ROWS_OF_A_PART = 60
_MARKS: dict[str, tuple[str, str]] = {
    Verdict.FAILED.value: ("f", "!"),
    UNREACHED: ("x", "\u00d7"),
    Verdict.WAITING.value: ("w", "\u2026"),
    Verdict.SKIPPED.value: ("w", "\u2026"),
    Verdict.CREATED.value: ("c", "+"),
    Verdict.ADOPTED.value: ("c", "+"),
    Verdict.UPDATED.value: ("u", "~"),
    Verdict.RECREATED.value: ("u", "~"),
    Verdict.DELETED.value: ("d", "\u2212"),
    Verdict.UNLABELLED.value: ("d", "\u2212"),
    Verdict.UNCHANGED.value: ("n", "\u00b7"),
}
_FORESEEN = {
    Verdict.CREATED.value: "create",
    Verdict.ADOPTED.value: "adopt",
    Verdict.UPDATED.value: "update",
    Verdict.RECREATED.value: "recreate",
    Verdict.DELETED.value: "delete",
    Verdict.UNLABELLED.value: "unlabel",
}
_LEGEND = (
    ("f", "!", "failed"),
    ("x", "\u00d7", "cluster not ready"),
    ("w", "\u2026", "not done"),
    ("c", "+", "created or adopted"),
    ("u", "~", "updated or made anew"),
    ("d", "\u2212", "deleted or unlabelled"),
    ("n", "\u00b7", "in step"),
)
_BUTTONS = (("", "All"), ("f", "Failed"), ("w", "Not done"), ("c", "Changed"), ("n", "In step"))
_SIGNS = {"+": "plus", "-": "minus", "~": "other"}


def render_page(
    report: Report, *, most_cells: int = MOST_CELLS, most_changes: int = MOST_CHANGES
) -> str:
    """
    Return *report* as a page.

    Args:
        report: The run.
        most_cells: How many cells its matrix may have.
        most_changes: How many bytes its changes may have.
    """
    style, script = _load("page.css"), _load("page.js")
    changes, left = _changes(report, most=most_changes)
    anchors = {about.subject: number for number, about, _ in changes}
    body = chain(
        _header(report),
        _tools(),
        _failures(report),
        _matrix(make_grid(report), report, anchors=anchors, most=most_cells),
        _clusters(report.tallies),
        _change_section(report, [text for _, _, text in changes], left=left),
        _items("Warnings", map(_code, other_remarks(report))),
    )
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}';"
        " base-uri 'none'; form-action 'none'"
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{escape(make_title(report))}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        f"{''.join(body)}"
        f"<footer>{escape(describe_time(report))}, exit code {report.ending.exit_code}</footer>\n"
        f"<script>{script}</script>\n</body>\n</html>\n"
    )


def _header(report: Report) -> Iterator[str]:
    ending = report.ending
    mode = f" --dry-run={report.dry_run}" if report.dry_run != "none" else ""
    host = f" · host {report.host}" if report.host else ""
    over = f"kubefedctl {report.command}{mode}{host} · {ending.started_at}"
    yield f'<header class="is-{_state(report)}">\n<p class="over">{escape(over)}</p>\n'
    yield f"<h1>{escape(describe_outcome(report).capitalize())}</h1>\n"
    yield f"<p>{escape(make_sentence(report))}.</p>\n</header>\n"
    if ending.message:
        advice = make_advice(report)
        hint = f'<p class="soft">{escape(advice)}</p>' if advice else ""
        yield f'<div class="card trouble"><p>{_code(ending.message)}</p>{hint}</div>\n'
    yield '<ul class="tiles">\n'
    for number, word in _figures(report):
        yield f"<li><b>{escape(number)}</b><span>{escape(word)}</span></li>\n"
    yield "</ul>\n"


def _figures(report: Report) -> Iterator[tuple[str, str]]:
    tallies = report.tallies
    if tallies:
        ready = sum(tally.is_ready for tally in tallies)
        yield (f"{ready} of {len(tallies)}", "clusters ready")
    yield (str(report.federated), "federated objects")
    yield (str(len(report.changes)), "would change" if report.is_dry else "changed")
    yield (str(len(report.failures) + len(report.other_failures)), "failed")
    if tallies:
        in_step = sum(tally.counts.get(Verdict.UNCHANGED, 0) for tally in tallies)
        yield (str(in_step), "in step")
    yield (f"{report.ending.seconds:.1f} s", "duration")


def _state(report: Report) -> str:
    if not report.is_complete or report.failures or report.other_failures:
        return "f"
    if report.ending.exit_code:
        return "w"
    return "u" if report.changes else "c"


def _tools() -> Iterator[str]:
    yield (
        '<div class="tools" id="tools" hidden>\n<input type="search" id="filter"'
        ' placeholder="Filter by kind, namespace or name ( / )" aria-label="Filter">\n'
    )
    for state, word in _BUTTONS:
        pressed = "false" if state else "true"
        yield f'<button type="button" data-s="{state}" aria-pressed="{pressed}">{word}</button>\n'
    yield '<output id="told"></output>\n</div>\n'


def _failures(report: Report) -> Iterator[str]:
    wanted = {Verdict.FAILED} if report.is_dry else {Verdict.FAILED, Verdict.WAITING}
    found = [r for r in report.results if r.verdict in wanted and not r.level]
    items = [
        f"<b>{escape(str(one.subject))}</b> {_chip(one.verdict, dry=report.is_dry)}"
        f' <span class="soft">in {escape(name_some(one.clusters))}</span><br>{_code(one.cause)}'
        for one in share(found)
    ]
    for tally in report.tallies:
        if not tally.is_ready:
            failed = counted(tally.counts.get(Verdict.FAILED, 0), "object")
            items.append(
                f"<b>{escape(tally.cluster)}</b> {_chip(Verdict.FAILED)}"
                f' <span class="soft">cluster is not ready: {failed}</span><br>{_code(tally.note)}'
            )
    items += map(_code, report.other_failures)
    return _items("Failures", items)


def _items(title: str, items: Iterable[str]) -> Iterator[str]:
    """A card with a list, if there are items."""
    found = list(items)
    if not found:
        return
    long = " long" * (len(found) > _MOST_AT_ONCE)
    yield f'<section>\n<h2>{title} <small>{len(found)}</small></h2>\n<ul class="list card{long}">\n'
    yield from (f'<li class="it">{item}</li>\n' for item in found)
    yield "</ul>\n</section>\n"


def _matrix(grid: Grid, report: Report, *, anchors: dict[Subject, int], most: int) -> Iterator[str]:
    if not grid.rows:
        return
    is_narrow = len(grid.clusters) > _MOST_WIDE
    unready = {tally.cluster for tally in report.tallies if not tally.is_ready}
    yield f"<section>\n<h2>Objects <small>{len(grid.rows)}</small></h2>\n"
    if is_narrow:
        yield from _legend()
    yield f'<div class="card matrix{" narrow" * is_narrow}" id="matrix" tabindex="0">\n'
    columns = (
        f'<colgroup><col class="key"><col span="{len(grid.clusters)}" class="value"></colgroup>'
    )
    yield f'<div class="heads"><table>{columns}<thead><tr><th class="corner" scope="col"></th>'
    for cluster in grid.clusters:
        name = cluster or FILES
        mark = ' class="no"' if name in unready else ""
        # NB: the name stands upright where columns are narrow, and makes all heads as high
        shown = (
            name if len(name) <= _LONGEST_HEAD or not is_narrow else f"{name[:_LONGEST_HEAD]}\u2026"
        )
        yield f'<th scope="col"{mark} title="{escape(name)}">{escape(shown)}</th>'
    yield "</tr></thead></table></div>\n"
    lines, left = _bounded_rows(grid, report, anchors=anchors, most=most)
    for at in range(0, len(lines), _ROWS_OF_A_PART):
        rows = "".join(lines[at : at + _ROWS_OF_A_PART])
        yield f'<div class="part"><table>{columns}<tbody>\n{rows}</tbody></table></div>\n'
    yield "</div>\n"
    if left:
        yield f'<p class="soft">{counted(left, "more object")} left out, those in step first.</p>\n'
    yield "</section>\n"


def _bounded_rows(
    grid: Grid, report: Report, *, anchors: dict[Subject, int], most: int
) -> tuple[list[str], int]:
    """The rows of the matrix as far as its cells go, and how many are left out."""
    lines: list[str] = []
    cells = 0
    for row in grid.rows:
        text, number = _row(row, grid.clusters, report, number=anchors.get(row.subject))
        cells += number
        if cells > most:
            break
        lines.append(text)
    return lines, len(grid.rows) - len(lines)


def _row(
    row: Row, clusters: Sequence[str], report: Report, *, number: int | None
) -> tuple[str, int]:
    """One object, and how many cells that took."""
    is_narrow = len(clusters) > _MOST_WIDE
    name = escape(str(row.subject))
    broken = name.replace("/", "/<wbr>")
    shown = f'<a href="#c{number}">{broken}</a>' if number is not None else broken
    cells = [
        _cell(word, length, is_narrow=is_narrow, is_dry=report.is_dry)
        for word, length in row.runs(clusters, least=_LEAST_RUN if is_narrow else 10**9)
    ]
    head = f'<tr data-s="{row.tone}"><th scope="row" title="{name}">{shown}</th>'
    return f"{head}{''.join(cells)}</tr>\n", len(cells)


def _cell(word: str, length: int, *, is_narrow: bool, is_dry: bool) -> str:
    """NB: a quarter of a million of these may be written, so not a letter too much."""
    span = f" colspan={length}" if length > 1 else ""
    if not word:
        return f"<td{span}></td>"
    mark, sign = _MARKS[word]
    is_in_step = word == Verdict.UNCHANGED
    if not is_narrow:
        said = "in step" if is_in_step else _FORESEEN.get(word, word) if is_dry else word
        return f"<td class={mark}>{said}</td>"
    number = f" {length}" if length > 1 and not is_in_step else ""
    return f"<td class={mark}{span}>{sign}{number}</td>"


def _legend() -> Iterator[str]:
    yield '<ul class="legend">\n'
    for mark, sign, word in _LEGEND:
        yield f'<li><i class="{mark}">{sign}</i> {word}</li>\n'
    yield "</ul>\n"


def _changes(report: Report, *, most: int) -> tuple[list[tuple[int, ObjectChanges, str]], int]:
    """The changes as far as there is room, numbered, and how many objects are left out."""
    objects = report.comparison.objects if report.comparison is not None else ()
    made: list[tuple[int, ObjectChanges, str]] = []
    size = 0
    for number, about in enumerate(objects):
        text = _change(number, about)
        size += len(text)
        if size > most:
            break
        made.append((number, about, text))
    return made, len(objects) - len(made)


def _change_section(report: Report, texts: Sequence[str], *, left: int) -> Iterator[str]:
    if report.comparison is None or not report.comparison.objects:
        return
    total = len(texts) + left
    yield f'<section id="changes">\n<h2>Changes <small>{counted(total, "object")}</small></h2>\n'
    yield '<button type="button" class="all" id="all" hidden>Unfold all</button>\n'
    yield '<div class="card">\n'
    yield from texts
    yield "</div>\n"
    if left:
        yield f'<p class="soft">{counted(left, "more object")} left out.</p>\n'
    yield "</section>\n"


def _change(number: int, about: ObjectChanges) -> str:
    names = {name for change in about.changes for name in change.clusters}
    where = _plain(describe_clusters(tuple(sorted(names)), about.clusters))
    deeds = "".join(f" {_deed(word)}" for word in dict.fromkeys(c.deed for c in about.changes))
    parts = [
        f'<details class="it" id="c{number}"><summary><b>{_plain(str(about.subject))}</b>{deeds}'
        f' <span class="soft">in {where}</span></summary>\n'
    ]
    for change in about.changes:
        within = _plain(describe_clusters(change.clusters, about.clusters))
        detail = f": {_plain(change.detail)}" if change.detail else ""
        parts.append(f"<h3>{_plain(change.deed)} in {within}{detail}</h3>\n")
        lines = [line for field in change.fields for line in field_lines(field)]
        if lines:
            parts.append(f"<pre>{''.join(map(_line, lines))}</pre>\n")
    return "".join([*parts, "</details>\n"])


def _line(line: str) -> str:
    sign = sign_of(line).strip()
    mark = f' class="{_SIGNS[sign]}"' if sign else ""
    # NB: the break is for who copies it, or reads it without the style
    return f"<span{mark}>{_plain(line.removeprefix('    '))}\n</span>"


def _deed(word: str) -> str:
    marks = {"create": "c", "adopt": "c", "update": "u", "recreate": "u", "await removal": "w"}
    return f'<span class="chip {marks.get(word, "d")}">{_plain(word)}</span>'


def _clusters(tallies: Sequence[ClusterTally]) -> Iterator[str]:
    if not tallies:
        return
    yield f"<section>\n<h2>Clusters <small>{len(tallies)}</small></h2>\n"
    shown, in_step = split_in_step(tallies)
    verdicts = occurring(tallies)
    if shown:
        yield from _counts(shown, verdicts)
    if in_step:
        fold = fold_in_step(in_step, has_table=bool(shown))
        yield f'<div class="card"><details><summary>{escape(fold)}</summary>\n'
        yield from _counts(in_step, verdicts)
        yield "</details></div>\n"
    yield "</section>\n"


def _counts(tallies: Sequence[ClusterTally], verdicts: Sequence[Verdict]) -> Iterator[str]:
    heads = "".join(f'<th scope="col" class="number">{verdict}</th>' for verdict in verdicts)
    yield '<div class="card wide"><table class="counts">\n'
    yield f'<thead><tr><th scope="col">cluster</th><th scope="col">ready</th>{heads}</tr></thead>\n'
    for tally in tallies:
        ready = "yes" if tally.is_ready else f'<span class="chip f">no</span> {_code(tally.note)}'
        cells = "".join(_count(tally.counts.get(verdict, 0), verdict) for verdict in verdicts)
        yield f'<tr class="it"><td class="mono">{escape(tally.cluster)}</td>'
        yield f"<td>{ready}</td>{cells}</tr>\n"
    yield "</table></div>\n"


def _count(count: int, verdict: Verdict) -> str:
    if not count:
        return '<td class="number zero">0</td>'
    mark = _MARKS[verdict][0] if tone_of(verdict) is not Tone.IN_STEP else ""
    return f'<td class="number"><span class="chip {mark}">{count}</span></td>'


def _chip(verdict: Verdict, *, dry: bool = False) -> str:
    word = say_verdict(verdict, is_dry=dry) if verdict in CHANGES else verdict.value
    return f'<span class="chip {_MARKS[verdict][0]}">{word}</span>'


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>" if text else ""


def _plain(text: str) -> str:
    """A text of a comparison, which may hold anything."""
    return escape(escape_controls(text))


def _load(name: str) -> str:
    return resources.files("kubefedctl.render.reports").joinpath(name).read_text("utf-8")


def _digest(text: str) -> str:
    return f"sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
