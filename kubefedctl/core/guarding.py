"""
How much a run may take away: `--max-deletes`.

Deleted and unlabelled objects count alike: an object without the label is looked after by nobody,
and a federated type whose objects vanished by mistake would leave thousands of them. What was
deleted by an earlier run and is not gone yet does not count again, nor does what is deleted to be
made anew (`--recreate-immutable`), which an API server's answer alone tells.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from kubefedctl.errors import InputError, RefusedError
from kubefedctl.model.actions import ActionVerb, Plan
from kubefedctl.model.events import counted
from kubefedctl.model.readings import Observed

_LIMIT = re.compile(r"([0-9]{1,9})(%?)")
_NAMED = 5
_TAKING_AWAY = frozenset({ActionVerb.DELETE, ActionVerb.UNLABEL})


@dataclass(frozen=True, slots=True)
class DeletionLimit:
    """
    How many objects may be taken away.

    Args:
        number: Objects, or per cent of the managed objects that were read from the members.
        is_share: Whether it is per cent.
    """

    number: int
    is_share: bool = False

    def __str__(self) -> str:
        return f"{self.number}%" if self.is_share else str(self.number)


def parse_limit(text: str) -> DeletionLimit:
    """
    Return the limit that *text* means: a number of objects, or a share of them.

    Raises:
        InputError: It is neither.

    >>> parse_limit("10"), parse_limit("5%")
    (DeletionLimit(number=10, is_share=False), DeletionLimit(number=5, is_share=True))
    """
    found = _LIMIT.fullmatch(text.strip())
    if found is None or (found[2] and int(found[1]) > 100):
        raise InputError(
            f"{text!r} is not a number of deletions", hint="write it like 10, or like 5%"
        )
    return DeletionLimit(int(found[1]), bool(found[2]))


def check_deletions(plan: Plan, observed: Observed, limit: DeletionLimit | None) -> None:
    """
    Hold that *plan* takes no more away than *limit* allows.

    Args:
        plan: What is to be done.
        observed: What was read from the members; a share is one of all managed objects in it.
        limit: The limit; None for none.

    Raises:
        RefusedError: It takes away more. Counts of each cluster and the first objects are named.
    """
    if limit is None:
        return
    going = [action for action in plan.actions if action.verb in _TAKING_AWAY]
    managed = sum(len(found) for read in observed.values() for found in read.objects.values())
    allowed = limit.number * managed // 100 if limit.is_share else limit.number
    if len(going) <= allowed:
        return
    clusters = sorted(Counter(action.cluster for action in going).items())
    counts = ", ".join(f"{count} in cluster {name}" for name, count in clusters)
    named = ", ".join(str(action.subject.within(action.cluster)) for action in going[:_NAMED])
    more = f" and {len(going) - _NAMED} more" if len(going) > _NAMED else ""
    of_managed = f" of {managed}" if limit.is_share else ""
    raise RefusedError(
        f"{counted(len(going), 'object')}{of_managed} would be deleted or unlabelled, and"
        f" --max-deletes {limit} allows {allowed}: {counts}; {named}{more}",
        hint="look at the plan with --dry-run, then raise --max-deletes or leave it out",
    )
