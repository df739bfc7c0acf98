"""Starts and stops the servers: Galley and the bare one."""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
import subprocess
from collections.abc import Iterator, Mapping

import client

STOP_SECONDS = 60


class Server:
    """A server that has bound its port on loopback."""

    def __init__(self, process: subprocess.Popen, port: int):
        self._process = process
        self.pid = process.pid
        self.port = port


@contextlib.contextmanager
def running(command: list[str], environment: Mapping[str, str], log: pathlib.Path) -> Iterator[Server]:
    with (
        open(log, "ab") as log_file,
        subprocess.Popen(
            command,
            # Not the project's folder: a .env there would be read.
            cwd="/",
            env={"PATH": os.defpath, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log_file,
            text=True,
        ) as process,
    ):
        try:
            yield Server(process, announced_port(process, log))
        finally:
            stop(process)


def announced_port(process: subprocess.Popen, log: pathlib.Path) -> int:
    for line in process.stdout:
        if found := re.search(r" listens on http://127\.0\.0\.1:(\d+)$", line.rstrip()):
            return int(found[1])
    raise RuntimeError(f"the server ended with {process.wait()}; its log says: {log.read_text()[-2000:]}")


def stop(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()


def galley(
    program: pathlib.Path, database_url: str, data: pathlib.Path, extra: Mapping[str, str], log: pathlib.Path
) -> contextlib.AbstractContextManager[Server]:
    environment = {
        "GALLEY_RATE_LIMITS": "off",
        **extra,
        "DATABASE_URL": database_url,
        "GALLEY_BIND": "127.0.0.1:0",
        "GALLEY_DATA_DIR": str(data),
        "GALLEY_ADMIN_EMAIL": client.ADMINISTRATOR,
        "GALLEY_ADMIN_PASSWORD": client.PASSWORD,
    }
    return running([str(program)], environment, log)


def bare(program: pathlib.Path, size: int, log: pathlib.Path) -> contextlib.AbstractContextManager[Server]:
    workers = len(os.sched_getaffinity(0))
    return running([str(program), f"--bytes={size}", f"--workers={workers}"], {}, log)
