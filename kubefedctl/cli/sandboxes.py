"""
What can go wrong with a sandbox, in the program's own words.

The sandbox shares no code with the rest and knows nothing of our errors; this is where they meet.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from kubefedctl.errors import InputError, RefusedError


@contextmanager
def sandbox_errors(*, keeper: str = "kubefedctl sandbox down") -> Iterator[None]:
    """
    Turn the sandbox's exceptions, and those of the folder that it keeps its state in, into ours.

    Args:
        keeper: The command that stops what is up already, for a hint.
    """
    from kubefedctl.sandbox import daemon
    from kubefedctl.sandbox.fleet import SandboxError

    try:
        yield
    except daemon.AlreadyUpError as error:
        raise RefusedError(str(error), hint=f"use it, or stop it with `{keeper}`") from error
    except daemon.NotUpError as error:
        raise InputError(str(error), hint="kubefedctl sandbox list") from error
    except daemon.CommandError as error:
        raise InputError(str(error), hint="give a command that is on PATH after --") from error
    except (daemon.DaemonError, SandboxError) as error:
        raise InputError(str(error)) from error
    except OSError as error:
        cause = (error.strerror or type(error).__name__).lower()
        place = f" {error.filename}" if error.filename else ""
        raise InputError(
            f"the sandbox cannot use{place or ' its folder'}: {cause}",
            hint="point XDG_STATE_HOME and TMPDIR to folders that can be written",
        ) from error
