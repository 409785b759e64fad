"""Tests of the options that commands share."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from kubefedctl.cli.options import DryRun, Namespace, Shared, with_shared
from kubefedctl.render.coloring import ColorWish

_NAMES = [
    "kubeconfig",
    "host_cluster_context",
    "kubefed_namespace",
    "dry_run",
    "verbosity",
    "debug",
    "quiet",
    "color",
]


@with_shared
def _show(*, name: str, namespace: Namespace = "", shared: Shared) -> tuple[str, str, Shared]:
    """Show what was given."""
    typer.echo(f"{name} {namespace} {shared.dry_run.value} {shared.verbosity}")
    return name, namespace, shared


def _run(*arguments: str) -> tuple[int, str]:
    app = typer.Typer()
    app.command()(_show)
    done = CliRunner().invoke(app, list(arguments))
    return done.exit_code, done.output


def test_with_shared_signature_has_own_parameters_then_the_shared_ones() -> None:
    """The parser sees the command's options and the shared ones, and no `shared`."""
    parameters = inspect.signature(_show).parameters
    assert ["name", "namespace", *_NAMES] == list(parameters)
    assert {inspect.Parameter.KEYWORD_ONLY} == {found.kind for found in parameters.values()}
    assert list(parameters) == list(_show.__annotations__)


@dataclass(frozen=True, slots=True)
class _Group:
    """A group of a command's own."""

    first: Annotated[str, typer.Option("--first")]
    second: Annotated[int, typer.Option("--second")] = 2


@with_shared
def _show_grouped(*, name: str, group: _Group, shared: Shared) -> tuple[str, _Group, Shared]:
    """Show what was given."""
    return name, group, shared


def test_with_shared_group_of_a_command_becomes_its_options() -> None:
    """A group stands where its parameter stood, with the defaults of its fields."""
    parameters = inspect.signature(_show_grouped).parameters
    assert ["name", "first", "second", *_NAMES] == list(parameters)
    assert (inspect.Parameter.empty, 2) == tuple(
        parameters[name].default for name in ("first", "second")
    )
    assert _Group("a") == _show_grouped(name="web", first="a")[1]


def test_with_shared_keeps_name_and_docstring() -> None:
    """Help is made of the command's own words."""
    assert ("_show", "Show what was given.") == (_show.__name__, _show.__doc__)


def test_with_shared_values_are_packed() -> None:
    """The command gets one object with every shared option in its place."""
    values = ("k", "host", "ns", DryRun.CLIENT, 2, True, True, ColorWish.NEVER)
    given = dict(zip(_NAMES, values, strict=True))
    assert ("web", "shop", Shared(*values)) == _show(name="web", namespace="shop", **given)


def test_with_shared_values_left_out_have_their_defaults() -> None:
    """Called from Python, a command needs no shared option."""
    expected = Shared("", "", "kube-federation-system", DryRun.NONE, 0, False)
    assert ("web", "", expected) == _show(name="web")


@pytest.mark.parametrize(
    ("dry_run", "expected"),
    [pytest.param(DryRun.NONE, False, id="none"), pytest.param(DryRun.CLIENT, True, id="client")],
)
def test_shared_is_dry_run_for_anything_but_none(dry_run: DryRun, expected: bool) -> None:
    """Only `none` writes."""
    assert expected is Shared("", "", "", dry_run, 0, False).is_dry_run


def test_with_shared_command_line_reaches_the_command() -> None:
    """Own and shared options stand in any order on one command line."""
    given = ("--v", "3", "web", "--dry-run=client", "-n", "shop")
    assert (0, "web shop client 3\n") == _run(*given)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param("--dry-run=maybe", id="unknown-dry-run"),
        pytest.param("--v=much", id="level-not-a-number"),
        pytest.param("--shared=x", id="no-option-of-that-name"),
    ],
)
def test_with_shared_wrong_values_are_usage_errors(wrong: str) -> None:
    """The parser refuses what fits no shared option."""
    code, _ = _run("web", wrong)
    assert 2 == code
