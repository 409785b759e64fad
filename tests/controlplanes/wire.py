"""
Requests to a loopback server, on the standard library alone.

One connection a request, but for lists of many: the few that are sent here are not worth a pool,
and a server that was restarted in between leaves no stale connection behind.
"""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


class WireError(Exception):
    """No answer, or one that was not asked for."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said."""

    status: int
    body: bytes

    def parse(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server on 127.0.0.1. Without *tls* it is spoken to in plain HTTP."""

    port: int
    tls: ssl.SSLContext | None = None
    timeout: float = 10.0

    def send(
        self, method: str, path: str, *, body: Any = None, content_type: str = "application/json"
    ) -> Answer:
        """
        Return the answer, whatever its status.

        Raises:
            WireError: There was none.
        """
        data = None if body is None else json.dumps(body).encode()
        connection = self._connect()
        try:
            connection.request(method, path, body=data, headers={"Content-Type": content_type})
            answer = connection.getresponse()
            return Answer(answer.status, answer.read())
        except (OSError, http.client.HTTPException) as error:
            raise WireError(f"{method} {path} on port {self.port}: {error!r}") from error
        finally:
            connection.close()

    def ask(
        self, method: str, path: str, *, body: Any = None, content_type: str = "application/json"
    ) -> Any:
        """
        Return the JSON of an answer that must be a success.

        Raises:
            WireError: There was no answer, or its status is not 2xx.
        """
        answer = self.send(method, path, body=body, content_type=content_type)
        if not 200 <= answer.status < 300:
            words = answer.body.decode(errors="replace")[:500]
            raise WireError(f"{method} {path} on port {self.port}: {answer.status}: {words}")
        return answer.parse()

    def get_all(self, paths: Sequence[str]) -> list[Answer]:
        """
        Return the answers of many GETs over one connection, in their order.

        Raises:
            WireError: One had no answer.
        """
        connection = self._connect()
        answers = []
        try:
            for path in paths:
                connection.request("GET", path)
                answer = connection.getresponse()
                answers.append(Answer(answer.status, answer.read()))
        except (OSError, http.client.HTTPException) as error:
            raise WireError(f"GET {path} on port {self.port}: {error!r}") from error
        finally:
            connection.close()
        return answers

    def is_healthy(self, path: str) -> bool:
        """Tell whether *path* is answered with 200."""
        try:
            return self.send("GET", path).status == 200
        except WireError:
            return False

    def _connect(self) -> http.client.HTTPConnection:
        if self.tls is None:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)
        return http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=self.timeout, context=self.tls
        )
