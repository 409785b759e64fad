"""
Everything kubefedctl can fail with, and the exit code of each.

```
KubefedctlError                     abstract; exit_code, hint
├─ InputError                 3     what you gave me
│  ├─ ManifestError                 not YAML, not an object, wrong kind
│  ├─ KubeconfigError               no file, no such context, unusable credentials
│  ├─ OverrideError                 an override that does not fit the template
│  └─ ControlPlaneError             KubeFed CRDs, KubeFedConfig or type config missing
├─ ClusterError               4     what a cluster said: act, subject, cluster, status, reason
│  ├─ UnreachableError              no answer: refused, timed out, TLS, name resolution
│  ├─ UnauthorizedError             401
│  ├─ ForbiddenError                403
│  ├─ NotFoundError                 404, 410 on an object
│  ├─ ConflictError                 409
│  │  └─ AlreadyExistsError         409 with reason AlreadyExists
│  ├─ ExpiredError                  410 on a list or watch: start again
│  ├─ InvalidError                  400, 405, 406, 413, 415, 422: the request itself is refused
│  ├─ ThrottledError                429
│  └─ ServerError                   5xx and answers that are not the API's
├─ PartialFailure             5     some clusters or objects failed; every outcome was reported
├─ RefusedError               6     could, but will not without a flag
├─ WaitTimeout                7     asked to wait; not there yet
└─ Interruption             130     stopped by Ctrl-C in the middle of its work
   └─ Termination           143     stopped by SIGTERM
```

Laws:
1. This module imports nothing of ours.
2. A message is lower case, names the act, the object, the cluster and the cause, and has no full
   stop. The hint names one thing the reader can do now, or is empty.
"""

from __future__ import annotations

from enum import IntEnum, unique

_LONGEST_MESSAGE = 256
_LONGEST_END = 96


@unique
class ExitCode(IntEnum):
    """Exit codes of the command line. 0 is yes, 1 is "no" as an answer, 2 and more is trouble."""

    OK = 0
    NO = 1
    USAGE = 2
    INPUT = 3
    CLUSTER = 4
    PARTIAL = 5
    REFUSED = 6
    TIMEOUT = 7
    BUG = 70
    INTERRUPTED = 130
    TERMINATED = 143


EXIT_CODE_MEANINGS: dict[ExitCode, str] = {
    ExitCode.OK: "done, or in sync",
    ExitCode.NO: "the answer is no: differences, findings, a declined prompt; also a broken pipe",
    ExitCode.USAGE: "usage: an unknown flag or command, a missing argument",
    ExitCode.INPUT: "input: a manifest, a kubeconfig, an override, or a host without KubeFed's API",
    ExitCode.CLUSTER: "a cluster said no: unreachable, 401, 403, 404, 409, 422, 5xx",
    ExitCode.PARTIAL: "partial failure: some clusters or objects failed, the others are done",
    ExitCode.REFUSED: "refused: it could be done, but not without a flag",
    ExitCode.TIMEOUT: "waited, and it was not there in time",
    ExitCode.BUG: "a bug in kubefedctl; run again with --debug and report it",
    ExitCode.INTERRUPTED: "interrupted (Ctrl-C)",
    ExitCode.TERMINATED: "terminated (SIGTERM)",
}
"""The table of exit codes as users read it; README and docs/reference/exit-codes.md show it."""


class KubefedctlError(Exception):
    """What every error of ours is; raise one of its subclasses, never this."""

    exit_code: ExitCode = ExitCode.BUG

    def __init__(self, message: str, *, hint: str = "") -> None:
        if type(self) is KubefedctlError:
            raise TypeError("KubefedctlError is abstract: raise a subclass")
        super().__init__(message)
        self.message = message
        self.hint = hint


class InputError(KubefedctlError):
    """What the user gave cannot be used."""

    exit_code = ExitCode.INPUT


class ManifestError(InputError):
    """A manifest is not YAML, not an object, or of the wrong kind."""


class KubeconfigError(InputError):
    """No kubeconfig, no such context, or credentials that cannot be used."""


class OverrideError(InputError):
    """An override that is malformed or does not fit the template."""


class ControlPlaneError(InputError):
    """The host lacks KubeFed's CRDs, its KubeFedConfig or a type config, or they are unusable."""


class ClusterError(KubefedctlError):
    """
    What a cluster answered, or that it did not.

    Args:
        act: The verb of the request as a person would say it: `list`, `create`, `update`.
        subject: `Kind/namespace/name`, `Kind/name`, or a plural when many were asked for.
        cluster: The cluster's name: a KubeFedCluster, or a kubeconfig context.
        status: The HTTP status; 0 when there was no answer.
        reason: The API's reason word (`Forbidden`), or one of ours for network failures.
        message: The API's own message, or the network failure in words; cut at 256 characters.
    """

    exit_code = ExitCode.CLUSTER

    def __init__(
        self,
        *,
        act: str,
        subject: str,
        cluster: str,
        status: int = 0,
        reason: str = "",
        message: str = "",
        hint: str = "",
    ) -> None:
        self.act = act
        self.subject = subject
        self.cluster = cluster
        self.status = status
        self.reason = reason
        self.cause = _shorten(message)
        super().__init__(self._sentence(), hint=hint)

    @property
    def answer(self) -> str:
        """What the cluster said, without the question: `409 Conflict: object was modified`."""
        word = " ".join(part for part in (str(self.status or ""), self.reason) if part)
        return ": ".join(part for part in (word, self.cause) if part)

    def _sentence(self) -> str:
        what = f"cannot {self.act} {self.subject} in cluster {self.cluster}"
        return f"{what}: {self.answer}" if self.answer else what


class UnreachableError(ClusterError):
    """No answer from the API server: refused, timed out, TLS or name resolution failed."""


class UnauthorizedError(ClusterError):
    """401: the credentials are not accepted."""


class ForbiddenError(ClusterError):
    """403: the credentials are known but not allowed to do this."""


class NotFoundError(ClusterError):
    """404: no such object, or the API is not served."""


class ConflictError(ClusterError):
    """409: the object changed since it was read, or another manager owns a field."""


class AlreadyExistsError(ConflictError):
    """409 with reason AlreadyExists: an object of this name is there."""


class ExpiredError(ClusterError):
    """410: a continue token or a resource version is too old; the list must start again."""


class InvalidError(ClusterError):
    """400, 405, 406, 413, 415 or 422: the API refuses the request as it stands."""


class ThrottledError(ClusterError):
    """429: the API server asks to come back later, and did so until the retries ran out."""


class ServerError(ClusterError):
    """5xx, or an answer that does not come from a Kubernetes API."""


class PartialFailure(KubefedctlError):
    """Some clusters or objects failed; each was reported when it happened."""

    exit_code = ExitCode.PARTIAL


class RefusedError(KubefedctlError):
    """It could be done, but is not done without a flag that says so."""

    exit_code = ExitCode.REFUSED


class WaitTimeout(KubefedctlError):
    """The time to wait ran out before the clusters were there."""

    exit_code = ExitCode.TIMEOUT


class Interruption(KubefedctlError):
    """Ctrl-C stopped it in the middle of its work; what was done by then is recorded."""

    exit_code = ExitCode.INTERRUPTED


class Termination(Interruption):
    """The same by SIGTERM."""

    exit_code = ExitCode.TERMINATED


def _shorten(text: str) -> str:
    """
    *text* on one line of at most 256 characters, cut in its middle.

    An API server says first which field it is about, then the whole value, and last what is wrong.
    """
    line = " ".join(text.split())
    if len(line) <= _LONGEST_MESSAGE:
        return line
    return f"{line[: _LONGEST_MESSAGE - _LONGEST_END - 1]}…{line[-_LONGEST_END:]}"
