"""
Options that several commands share, each defined once.

Laws:
1. A flag is spelled as kubefedctl spelled it, else as kubectl does; never a second way.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import StrEnum
from typing import Annotated, Any, TypeVar, get_type_hints

import typer

from kubefedctl.model.events import Output as Output
from kubefedctl.model.objects import DEFAULT_KUBEFED_NAMESPACE
from kubefedctl.render.coloring import ColorWish

R = TypeVar("R")


class DryRun(StrEnum):
    """How far a command goes."""

    NONE = "none"
    CLIENT = "client"
    SERVER = "server"


class Form(StrEnum):
    """Forms in which an answer is printed."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"

    @property
    def output(self) -> Output | None:
        """The form of documents; None where people read it."""
        return None if self is Form.TABLE else Output(self.value)


Kubeconfig = Annotated[
    str,
    typer.Option(
        "--kubeconfig",
        metavar="FILE",
        help="Kubeconfig for host and members, instead of $KUBECONFIG and ~/.kube/config.",
        show_default=False,
    ),
]
HostClusterContext = Annotated[
    str,
    typer.Option(
        "--host-cluster-context",
        metavar="CONTEXT",
        help="Context of the host cluster. Default: the current context.",
        show_default=False,
    ),
]
KubefedNamespace = Annotated[
    str,
    typer.Option(
        "--kubefed-namespace",
        metavar="NAMESPACE",
        help="Namespace of the KubeFed control plane in the host, and of its account in members.",
    ),
]
DryRunOption = Annotated[
    DryRun,
    typer.Option(
        "--dry-run",
        help="Write nothing. client (also --dry-run alone): tell. server: have the API servers"
        " check each write.",
    ),
]
Verbosity = Annotated[
    int,
    typer.Option(
        "--v",
        "-v",
        metavar="LEVEL",
        help="How much to tell: 0 results, 1 each object, 2 steps, 6 requests, 8 bodies.",
    ),
]
Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet", "-q", help="Tell warnings, failures, what was asked for and the last sentence."
    ),
]
Color = Annotated[
    ColorWish,
    typer.Option(
        "--color",
        help="Colour: auto is on terminals, as NO_COLOR, FORCE_COLOR and TERM have it.",
    ),
]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
ClusterName = Annotated[
    str,
    typer.Argument(
        metavar="CLUSTER_NAME",
        help="The name of the member in the federation.",
        show_default=False,
    ),
]
Namespace = Annotated[
    str,
    typer.Option(
        "--namespace",
        "-n",
        metavar="NAMESPACE",
        help="Namespace of the object. Default: the context's, else default.",
        show_default=False,
    ),
]
OutputOption = Annotated[
    Output | None,
    typer.Option(
        "--output",
        "-o",
        metavar="<yaml|json|name>",
        help="Print the objects in this form instead of writing them.",
        show_default=False,
    ),
]
GoingOption = Annotated[
    Output | None,
    typer.Option(
        "--output",
        "-o",
        metavar="<yaml|json|name>",
        help="Print the objects that would be deleted in this form instead of deleting them.",
        show_default=False,
    ),
]


@dataclass(frozen=True, slots=True)
class Shared:
    """
    The options that every command which talks to clusters takes.

    Args:
        kubeconfig: A kubeconfig file that alone counts; empty for the usual search.
        host_cluster_context: Context of the host cluster; empty for the current context.
        kubefed_namespace: Where the host keeps KubeFed's own objects.
        dry_run: Whether anything is written.
        verbosity: 0 result lines, 2 each step, 6 requests, 8 bodies without secrets.
        debug: Whether an error shows its traceback.
        quiet: Whether results that are well are left out.
        color: When there is colour.
    """

    kubeconfig: Kubeconfig = ""
    host_cluster_context: HostClusterContext = ""
    kubefed_namespace: KubefedNamespace = DEFAULT_KUBEFED_NAMESPACE
    dry_run: DryRunOption = DryRun.NONE
    verbosity: Verbosity = 0
    debug: Debug = False
    quiet: Quiet = False
    color: Color = ColorWish.AUTO

    @property
    def is_dry_run(self) -> bool:
        """
        Whether an operation is to write nothing.

        False in a server dry run, where it writes as usual: the clusters that `open_fleet` gives
        it make of each write a request with `dryRun=All`.
        """
        return self.dry_run is DryRun.CLIENT

    @property
    def is_rehearsal(self) -> bool:
        """Whether the API servers are to check each write and keep none."""
        return self.dry_run is DryRun.SERVER

    def prints_only(self, output: Output | None) -> bool:
        """
        Return whether an operation is to yield its objects as `Documents` and write nothing.

        That is what `-o` means, but for a server dry run, which goes through all writes: there
        `show_all` prints what the API servers answered.
        """
        return output is not None and not self.is_rehearsal

    def only_tells(self, output: Output | None) -> bool:
        """
        Return whether an operation that takes away is to end before its first write.

        It yields its objects as `Documents` where *output* is given, also in a server dry run,
        which then goes on.
        """
        return self.is_dry_run or self.prints_only(output)


def with_shared(command: Callable[..., R]) -> Callable[..., R]:
    """
    Give *command* the options of its groups, and hand each group over in one piece.

    A group is a frozen dataclass with `Annotated` fields, `Shared` foremost: a parameter of that
    type becomes the options that its fields are, in the place where it stands.
    """
    own = inspect.signature(command, eval_str=True)
    groups = {name: p.annotation for name, p in own.parameters.items() if _is_group(p.annotation)}
    options = {name: _options_of(group) for name, group in groups.items()}

    @functools.wraps(command)
    def wrapper(**given: Any) -> R:
        packed = {}
        for name, group in groups.items():
            mine = [found.name for found in options[name] if found.name in given]
            packed[name] = group(**{field: given.pop(field) for field in mine})
        return command(**given, **packed)

    parameters = [
        option.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for name, parameter in own.parameters.items()
        for option in options.get(name, (parameter,))
    ]
    wrapper.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
    wrapper.__annotations__ = {p.name: p.annotation for p in parameters}
    return wrapper


def _is_group(annotation: Any) -> bool:
    return isinstance(annotation, type) and is_dataclass(annotation)


def _options_of(group: type[Any]) -> tuple[inspect.Parameter, ...]:
    """The fields of a group as parameters, with their defaults."""
    hints = get_type_hints(group, include_extras=True)
    kind = inspect.Parameter.KEYWORD_ONLY
    return tuple(
        inspect.Parameter(
            found.name,
            kind,
            default=inspect.Parameter.empty if found.default is MISSING else found.default,
            annotation=hints[found.name],
        )
        for found in fields(group)
    )
