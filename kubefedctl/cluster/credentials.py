"""
Credentials that change while a command runs: token files and exec plugins' answers.

Laws:
1. Nothing here is written anywhere; no message holds a credential.
2. Whoever is asked from several threads reads the file or runs the plugin once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from kubefedctl.cluster.access import ClientCertificate, Credential
from kubefedctl.cluster.execplugin import ExecPlugin, run_plugin
from kubefedctl.errors import KubeconfigError

TOKEN_FILE_LIFETIME = 60.0
"""Seconds after which a token file is read again. Upstream: client-go/transport/token_source.go."""


class TokenFile:
    """
    A bearer token in a file that somebody else keeps fresh.

    Args:
        path: The file.
        where: What messages call its place, such as `user a in /etc/kubeconfig: tokenFile`.
        certificate: A client certificate shown beside the token.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        path: Path,
        where: str,
        *,
        certificate: ClientCertificate | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = path
        self._where = where
        self._certificate = certificate
        self._clock = clock
        self._lock = threading.Lock()
        self._credential: Credential | None = None
        self._read_at = 0.0

    def current(self) -> Credential:
        """Return the file's token, at most a minute old."""
        with self._lock:
            now = self._clock()
            if self._credential is None or now - self._read_at >= TOKEN_FILE_LIFETIME:
                self._credential = Credential(token=self._read(), certificate=self._certificate)
                self._read_at = now
            return self._credential

    def renew(self, rejected: Credential) -> bool:
        """Read the file again; return whether another token is there."""
        with self._lock:
            self._credential = Credential(token=self._read(), certificate=self._certificate)
            self._read_at = self._clock()
            return self._credential != rejected

    def _read(self) -> str:
        try:
            text = self._path.read_text(encoding="utf-8")
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or "not text"
            raise KubeconfigError(
                f"{self._where}: cannot read {self._path}: {str(reason).lower()}",
                hint="check the path and its permissions",
            ) from error
        return check_token(text.strip(), self._where)


class PluginCredentials:
    """
    What an exec plugin answers, kept until it expires or is refused.

    Args:
        plugin: How to run it.
        certificate: The user's own client certificate, where the plugin gives none.
        now: The wall clock, with its time zone.
    """

    def __init__(
        self,
        plugin: ExecPlugin,
        *,
        certificate: ClientCertificate | None = None,
        now: Callable[[], datetime] = lambda: datetime.now().astimezone(),
    ) -> None:
        self._plugin = plugin
        self._certificate = certificate
        self._now = now
        self._lock = threading.Lock()
        self._credential: Credential | None = None
        self._expires: datetime | None = None

    def current(self) -> Credential:
        """Return the latest credential, or ask the plugin once there is none that is valid."""
        with self._lock:
            if self._credential is None or self._is_expired():
                self._ask()
            assert self._credential is not None
            return self._credential

    def renew(self, rejected: Credential) -> bool:
        """Ask the plugin again unless another thread did since; return whether it differs."""
        with self._lock:
            if self._credential is None or self._credential == rejected:
                self._ask()
            return self._credential != rejected

    def _is_expired(self) -> bool:
        return self._expires is not None and self._now() >= self._expires

    def _ask(self) -> None:
        answer = run_plugin(self._plugin)
        self._credential = Credential(
            token=check_token(answer.token, self._plugin.where),
            certificate=answer.certificate or self._certificate,
        )
        self._expires = answer.expires


def check_token(token: str, where: str) -> str:
    """
    Return *token* if it can stand in a header.

    Raises:
        KubeconfigError: It holds spaces, line breaks or other characters that no token has.
    """
    if not all("!" <= character <= "~" for character in token):
        raise KubeconfigError(
            f"{where}: the token holds characters that no token has",
            hint="check for spaces and line breaks",
        )
    return token
