"""The option of a sync that is done in several parts by as many processes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Annotated

import typer

from kubefedctl.model.shards import Shard

ShardOption = Annotated[
    str,
    typer.Option(
        "--shard",
        metavar="I/N|auto[/N]",
        help="Sync one of N parts of the federation, beside others that sync the rest. auto: which"
        " one says GitLab's CI_NODE_INDEX or a Kubernetes Indexed Job.",
        show_default=False,
    ),
]


@dataclass(frozen=True, slots=True)
class Sharding:
    """
    Which part of a federation is synced.

    Args:
        shard: As it was given; empty for all of it.
    """

    shard: ShardOption = ""

    @property
    def part(self) -> Shard | None:
        """
        The part; None for all of it.

        Raises:
            InputError: It cannot be read, or the environment does not say it.
        """
        from kubefedctl.core.sharding import parse_shard

        return parse_shard(self.shard, os.environ)
