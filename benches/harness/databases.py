"""The two databases: making an empty one, keeping a loaded one, and bringing it back as it was for each measurement."""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from typing import ClassVar, Protocol

ROOT = pathlib.Path(__file__).resolve().parents[2]
CLUSTER_HELPER = ROOT / ".ci" / "postgres"


@dataclasses.dataclass(frozen=True)
class Place:
    """A database that is there, with the data folder that belongs to it."""

    url: str
    data: pathlib.Path
    # Where the database itself writes, and its processes beside Galley's.
    files: pathlib.Path
    processes: list[int]
    description: str


class Database(Protocol):
    name: ClassVar[str]
    # Settings for loading only: what is loaded can be loaded again, so nothing need wait for the disk.
    loading_settings: ClassVar[Mapping[str, str]]

    def empty(self, scratch: pathlib.Path) -> contextlib.AbstractContextManager[Place]:
        """A database with nothing in it."""

    def keep(self, place: Place, kept: pathlib.Path) -> None:
        """Writes the database, which nobody uses, into a folder."""

    def restored(self, kept: pathlib.Path, scratch: pathlib.Path) -> contextlib.AbstractContextManager[Place]:
        """A copy of a kept database, with the settings to measure with."""


class Sqlite:
    name = "sqlite"
    loading_settings = {"GALLEY_SQLITE_SYNCHRONOUS": "normal"}

    @contextlib.contextmanager
    def empty(self, scratch: pathlib.Path) -> Iterator[Place]:
        yield self._place(scratch / "empty")

    def keep(self, place: Place, kept: pathlib.Path) -> None:
        shutil.copytree(place.data, kept / "data")

    @contextlib.contextmanager
    def restored(self, kept: pathlib.Path, scratch: pathlib.Path) -> Iterator[Place]:
        shutil.copytree(kept / "data", scratch / "restored")
        yield self._place(scratch / "restored")

    @staticmethod
    def _place(data: pathlib.Path) -> Place:
        return Place(
            url=f"sqlite://{data / 'galley.db'}",
            data=data,
            files=data,
            processes=[],
            description="SQLite, Galley's default settings",
        )


class Postgres:
    name = "postgres"
    loading_settings: Mapping[str, str] = {}

    @contextlib.contextmanager
    def empty(self, scratch: pathlib.Path) -> Iterator[Place]:
        with self._cluster(scratch / "empty", "fsync=off", "full_page_writes=off") as place:
            yield place

    def keep(self, place: Place, kept: pathlib.Path) -> None:
        shutil.copytree(place.data, kept / "data")
        self._run("pg_dump", "--format=custom", f"--file={kept / 'database.dump'}", place.url)

    @contextlib.contextmanager
    def restored(self, kept: pathlib.Path, scratch: pathlib.Path) -> Iterator[Place]:
        shutil.copytree(kept / "data", scratch / "restored")
        with self._cluster(scratch / "restored", "shared_buffers=256MB") as place:
            self._run(
                "pg_restore", "--exit-on-error", "--no-owner", f"--dbname={place.url}", str(kept / "database.dump")
            )
            # Autovacuum and the checkpointer would do this within minutes, in the middle of the measurement.
            self._run("psql", "--quiet", "--no-psqlrc", place.url, "--command=VACUUM ANALYZE", "--command=CHECKPOINT")
            yield place

    @contextlib.contextmanager
    def _cluster(self, data: pathlib.Path, *settings: str) -> Iterator[Place]:
        # Not below the scratch folder, which the account that PostgreSQL runs as may not enter.
        folder = pathlib.Path(tempfile.mkdtemp(prefix="galley-postgres."))
        try:
            subprocess.run([CLUSTER_HELPER, "install"], check=True)
            started = subprocess.run(
                [CLUSTER_HELPER, "start", folder, *settings], check=True, stdout=subprocess.PIPE, text=True
            )
            postmaster = int((folder / "data" / "postmaster.pid").read_text().splitlines()[0])
            yield Place(
                url=started.stdout.strip(),
                data=data,
                files=folder,
                processes=[postmaster],
                description=f"{self._version()}, {', '.join(settings)}, otherwise its default settings",
            )
        finally:
            subprocess.run([CLUSTER_HELPER, "stop", folder], check=True)

    def _version(self) -> str:
        return self._run("postgres", "--version")

    @staticmethod
    def _run(program: str, *arguments: str) -> str:
        folder = subprocess.run([CLUSTER_HELPER, "bin"], check=True, capture_output=True, text=True).stdout.strip()
        command = [f"{folder}/{program}", *arguments]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


BY_NAME: dict[str, Database] = {database.name: database for database in (Sqlite(), Postgres())}
