"""
Which part of a federation a process is to sync: `--shard`.

Laws:
1. What the environment says counts only where `auto` asks for it. A job that is one of several for
   another reason would leave work undone otherwise, and nobody would notice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from kubefedctl.errors import InputError
from kubefedctl.model.shards import Shard

MOST_SHARDS = 1000
_SHARD = re.compile(r"(auto|[0-9]{1,6})(?:/([0-9]{1,6}))?")
_NUMBER = re.compile(r"[0-9]{1,6}")
_GITLAB = ("CI_NODE_INDEX", "CI_NODE_TOTAL")
_KUBERNETES = ("JOB_COMPLETION_INDEX", "KUBEFEDCTL_SHARDS")


def parse_shard(text: str, environ: Mapping[str, str]) -> Shard | None:
    """
    Return the part that *text* means; None where there is only one.

    Args:
        text: `2/3`, `auto`, `auto/3`, or nothing.
        environ: Environment variables: GitLab's `CI_NODE_INDEX` (from 1) of `CI_NODE_TOTAL`, or
            `JOB_COMPLETION_INDEX` (from 0) of a Kubernetes Indexed Job, which does not know of how
            many: that is `KUBEFEDCTL_SHARDS`, or stands behind `auto/`.

    Raises:
        InputError: It is none of these, or the environment does not say it.

    >>> parse_shard("2/3", {}), parse_shard("auto/3", {"JOB_COMPLETION_INDEX": "0"})
    (Shard(number=2, total=3), Shard(number=1, total=3))
    """
    if not text.strip():
        return None
    found = _SHARD.fullmatch(text.strip())
    if found is None or (found[1] != "auto" and found[2] is None):
        raise InputError(
            f"--shard {text!r} is not known", hint="write it like 1/3, auto, or auto/3"
        )
    total = None if found[2] is None else int(found[2])
    if found[1] == "auto":
        number, total = _read_environment(environ, total)
    else:
        number = int(found[1])
    if total is None or not 1 <= number <= total <= MOST_SHARDS:
        raise InputError(
            f"--shard {text}: there is no shard {number} of {total}",
            hint=f"shards are counted from 1, up to {MOST_SHARDS} of them",
        )
    return None if total == 1 else Shard(number, total)


def _read_environment(environ: Mapping[str, str], total: int | None) -> tuple[int, int | None]:
    """The number and the total that the environment says; *total* is what was given."""
    if "JOB_COMPLETION_INDEX" in environ and "CI_NODE_INDEX" in environ:
        raise InputError(
            "--shard auto: both JOB_COMPLETION_INDEX and CI_NODE_INDEX are set",
            hint="write the shard like 1/3",
        )
    is_job = "JOB_COMPLETION_INDEX" in environ
    index, of = _KUBERNETES if is_job else _GITLAB
    said = _read_number(environ, of)
    if total is not None and said is not None and total != said:
        raise InputError(
            f"--shard auto/{total}: {of} says {said}", hint="have both say the same, or leave one"
        )
    total = said if total is None else total
    number = _read_number(environ, index)
    if number is None and total == 1:
        return 1, total  # NB: GitLab says of how many alone where a job is not parallel
    if number is None or total is None:
        missing = index if number is None else of
        others = " or ".join(_GITLAB[:1] + _KUBERNETES[:1]) if number is None else missing
        raise InputError(
            f"--shard auto: {others} is not set",
            hint=f"set {of}, or write auto/3" if number is not None else "write it like 1/3",
        )
    return number + is_job, total


def _read_number(environ: Mapping[str, str], name: str) -> int | None:
    text = environ.get(name, "").strip()
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise InputError(f"--shard auto: {name} is no number: {text[:20]!r}")
    return int(text)
