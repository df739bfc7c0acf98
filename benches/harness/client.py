"""A small client of the API: one kept-alive connection to a server on loopback."""

from __future__ import annotations

import http.client
import json
import time
from typing import Optional

ADMINISTRATOR = "speed@example.org"
PASSWORD = "only for a throw-away server"
# A token lasts 15 minutes.
TOKEN_SECONDS = 10 * 60
# The server closes connections that have been idle for 75 seconds, which is shorter than a row takes to measure.
IDLE_SECONDS = 30


class UnexpectedAnswer(Exception):
    """The server answered with another status than the one that was asked for."""


class Client:
    def __init__(self, port: int):
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._used_at = time.monotonic()
        self._token = ""
        self._token_until = 0.0

    def get(self, path: str) -> bytes:
        return self._request("GET", path, None, {}, 200)

    def get_json(self, path: str) -> dict:
        return json.loads(self.get(path))

    def post(self, path: str, value: dict, *, as_administrator: bool = False, status: int = 201) -> dict:
        return json.loads(self.post_raw(path, value, as_administrator=as_administrator, status=status))

    def post_raw(self, path: str, value: dict, *, as_administrator: bool = False, status: int = 201) -> bytes:
        headers = {"Content-Type": "application/json"}
        if as_administrator:
            headers["Authorization"] = f"Bearer {self.token()}"
        return self._request("POST", path, json.dumps(value).encode(), headers, status)

    def token(self) -> str:
        if time.monotonic() >= self._token_until:
            credentials = {"email": ADMINISTRATOR, "password": PASSWORD}
            self._token = self.post("/v1/auth/login", credentials, status=200)["access_token"]
            self._token_until = time.monotonic() + TOKEN_SECONDS
        return self._token

    def _request(self, method: str, path: str, body: Optional[bytes], headers: dict, status: int) -> bytes:
        if time.monotonic() - self._used_at > IDLE_SECONDS:
            self._connection.close()  # The request opens it again.
        self._connection.request(method, path, body=body, headers=headers)
        response = self._connection.getresponse()
        answer = response.read()
        self._used_at = time.monotonic()
        if response.status != status:
            raise UnexpectedAnswer(f"{method} {path}: {response.status} in place of {status}: {answer[:500]!r}")
        return answer
