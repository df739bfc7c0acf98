"""Runs wrk, the load generator."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

HERE = pathlib.Path(__file__).parent
THREADS = 2
# Longer than any limit of the server, so that a slow answer is measured and not lost.
TIMEOUT = "60s"


@dataclasses.dataclass(frozen=True)
class Run:
    requests: int
    seconds: float
    p50: float
    p99: float
    # How often each thing went wrong.
    errors: dict[str, int]

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


@dataclasses.dataclass(frozen=True)
class Load:
    """What to send: a script beside this file and its arguments."""

    script: str
    arguments: tuple[str, ...]
    connections: int

    def run(self, port: int, seconds: int) -> Run:
        with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
            script.write((HERE / self.script).read_text() + (HERE / "summary.lua").read_text())
            script.flush()
            command = ["wrk", f"--threads={min(THREADS, self.connections)}", f"--connections={self.connections}"]
            command += [f"--duration={seconds}s", f"--timeout={TIMEOUT}", f"--script={script.name}"]
            command += [f"http://127.0.0.1:{port}", "--", *self.arguments]
            finished = subprocess.run(command, capture_output=True, text=True, check=False)
        for line in finished.stdout.splitlines():
            if line.startswith("SUMMARY "):
                return Run(**json.loads(line.removeprefix("SUMMARY ")))
        raise RuntimeError(f"wrk failed: {finished.stdout}{finished.stderr}")


def ensure_installed() -> None:
    if shutil.which("wrk"):
        return
    print("wrk is not here; installing it with apt-get", flush=True)
    as_root = [] if os.geteuid() == 0 else ["sudo", "--non-interactive"]
    subprocess.run([*as_root, "apt-get", "update", "--quiet=2"], check=True)
    subprocess.run([*as_root, "apt-get", "install", "--yes", "--quiet=2", "wrk"], check=True)


def version() -> str:
    # `wrk --version` prints its version, then its usage, and fails.
    output = subprocess.run(["wrk", "--version"], capture_output=True, text=True, check=False).stdout
    return output.splitlines()[0].partition(" [")[0]
