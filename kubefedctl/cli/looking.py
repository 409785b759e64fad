"""Options that say which part of a federation a command looks at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from kubefedctl.core.narrowing import Request

Words = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="TYPE[/NAME]",
        help="Look at these federated types or objects alone. Default: all of them.",
        show_default=False,
    ),
]
Namespace = Annotated[
    str,
    typer.Option(
        "--namespace",
        "-n",
        metavar="NAMESPACE",
        help="Look at federated objects in this namespace alone. Default: in all of them.",
        show_default=False,
    ),
]
Cluster = Annotated[
    list[str] | None,
    typer.Option(
        "--cluster",
        metavar="NAMES",
        help="Look at these member clusters alone, separated by commas or given several times.",
        show_default=False,
    ),
]
Selector = Annotated[
    str,
    typer.Option(
        "--selector",
        "-l",
        metavar="SELECTOR",
        help="Look at federated objects with these labels alone, such as 'app=web,tier in (a,b)'.",
        show_default=False,
    ),
]


@dataclass(frozen=True, slots=True)
class Looking:
    """
    What of a federation a command looks at.

    Args:
        words: Types and objects.
        namespace: The one namespace; empty for all.
        cluster: Names of members; none for all.
        selector: Labels of federated objects.
    """

    words: Words = None
    namespace: Namespace = ""
    cluster: Cluster = None
    selector: Selector = ""

    @property
    def request(self) -> Request:
        """
        What the options ask for.

        Raises:
            InputError: They cannot be read.
        """
        from kubefedctl.core.narrowing import parse_request

        return parse_request(
            self.words or (),
            namespace=self.namespace,
            clusters=self.cluster or (),
            selector=self.selector,
        )
