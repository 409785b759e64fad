"""Options that say which part of a federation a command looks at."""

from __future__ import annotations

from typing import Annotated

import typer

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
StrategyOption = Annotated[
    list[str] | None,
    typer.Option(
        "--strategy",
        metavar="[TYPE=]<apply|replace>",
        help="How objects in members are updated, all or those of a type. apply (the default)"
        " leaves fields alone that others own, replace writes whole objects, as KubeFed does.",
        show_default=False,
    ),
]
