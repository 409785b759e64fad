"""
The forms of a report beside the lines: for CI systems, for people, for programs.

Here: the table of kinds. Each form is a module of its own, made from one `Report`.

Laws:
1. Everything in a report is text of others: each form escapes it by its own rules.
2. A form has its bounds, and says what it left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kubefedctl.model.events import Output
from kubefedctl.model.reports import Report, ReportKind
from kubefedctl.render.objects import render_objects
from kubefedctl.render.report import report_as_object
from kubefedctl.render.reports.annotations import render_annotations
from kubefedctl.render.reports.junit import render_junit
from kubefedctl.render.reports.markdown import render_markdown
from kubefedctl.render.reports.metrics import render_metrics
from kubefedctl.render.reports.quality import render_quality
from kubefedctl.render.reports.webpage import render_page


def render_json(report: Report) -> str:
    """Return the report as `-o json` prints it."""
    return render_objects([report_as_object(report)], Output.JSON)


FORMS: Mapping[ReportKind, Callable[[Report], str]] = {
    ReportKind.JUNIT: render_junit,
    ReportKind.MARKDOWN: render_markdown,
    ReportKind.HTML: render_page,
    ReportKind.GITHUB: render_annotations,
    ReportKind.GITLAB: render_quality,
    ReportKind.OPENMETRICS: render_metrics,
    ReportKind.JSON: render_json,
}
"""How each kind of report is made."""
