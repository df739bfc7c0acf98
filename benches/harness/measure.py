"""What is measured, and the measuring."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import statistics
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import corpus
import process
import servers
from client import Client
from corpus import CorpusSize
from servers import Server
from wrk import Load, Run

WRITE_CONNECTIONS = 4
# What write.lua puts another text in place of, each time.
UNIQUE = "@UNIQUE@"
# So many answers tell the size of a random one.
SAMPLED_PATHS = 200
# How far down the deep list begins, of 10 articles.
DEEP_TENTHS = 9
STARTS = 5


@dataclasses.dataclass(frozen=True)
class Plan:
    """How long and with how many connections."""

    connections: int
    warm_up: int
    seconds: int
    runs: int


@dataclasses.dataclass(frozen=True)
class Read:
    row: str
    title: str
    # Each request takes one of these at random.
    paths: list[str]


@dataclasses.dataclass(frozen=True)
class Write:
    row: str
    title: str
    path: str
    # The body, with UNIQUE where it must differ from all others.
    body: dict
    connections: int
    as_administrator: bool


def reads(loaded: dict, size: CorpusSize, client: Client) -> list[Read]:
    slugs = loaded["slugs"]
    by_slug = [f"/v1/articles/by-slug/{slug}" for slug in slugs]
    hot_thread = f"/v1/articles/{loaded['hot_id']}/comments?limit=100"
    return [
        Read("R1", "20 newest articles", ["/v1/articles?limit=20"]),
        Read("R2", "one article by slug, a random one each time", by_slug),
        Read("R2 fixed", "one article by slug, always the same", by_slug[len(slugs) // 2 :][:1]),
        Read("R3", f"first 100 of {size.hot_comments:,} comments", [hot_thread]),
        Read("R4", f"20 articles, {deep_start(size):,} deep, by cursor", [deep_list(client, size)]),
        Read("R5", "20 newest by one author", [f"/v1/articles?limit=20&author={corpus.author_slug(1)}"]),
    ]


def deep_start(size: CorpusSize) -> int:
    """A whole number of pages of 100."""
    return max(100, size.articles * DEEP_TENTHS // 10 // 100 * 100)


def deep_list(client: Client, size: CorpusSize) -> str:
    path = "/v1/articles?limit=100"
    for _ in range(deep_start(size) // 100):
        path = f"/v1/articles?limit=100&cursor={client.get_json(path)['page']['next']}"
    return path.replace("limit=100", "limit=20")


def writes(loaded: dict, size: CorpusSize, plan: Plan) -> list[Write]:
    article = {**corpus.article(size, 1), "title": f"Written at speed {UNIQUE}", "slug": f"written-at-speed-{UNIQUE}"}
    # Published now, and so at the head of every list.
    del article["published_at"]
    comment = {"author_name": "Grace", "body_markdown": f"{next(corpus.thread(1, 1)).text} {UNIQUE}"}
    comments = f"/v1/articles/{loaded['quiet_id']}/comments"
    few, many = WRITE_CONNECTIONS, plan.connections
    return [
        Write("W1", f"create and publish an article, {few} connections", "/v1/editorial/articles", article, few, True),
        Write("W2", f"post a comment, {few} connections, one thread", comments, comment, few, False),
        Write("W2 more", f"post a comment, {many} connections, one thread", comments, comment, many, False),
    ]


@dataclasses.dataclass
class Series:
    """The runs of one load against one server."""

    runs: list[Run] = dataclasses.field(default_factory=list)
    cpu_seconds: float = 0.0
    # Cores that neither the server nor wrk used, in the worst run.
    cores_of_others: float = 0.0

    @property
    def median(self) -> Run:
        return sorted(self.runs, key=lambda run: run.rate)[len(self.runs) // 2]

    @property
    def slowest(self) -> float:
        return min(run.rate for run in self.runs)

    @property
    def fastest(self) -> float:
        return max(run.rate for run in self.runs)

    @property
    def cpu_per_thousand(self) -> float:
        return 1000 * self.cpu_seconds / max(1, sum(run.requests for run in self.runs))

    @property
    def errors(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        for run in self.runs:
            for kind, count in run.errors.items():
                counts[kind] = counts.get(kind, 0) + count
        return {kind: count for kind, count in counts.items() if count}


@dataclasses.dataclass(frozen=True)
class Result:
    row: str
    title: str
    size: int
    galley: Series
    bare: Series


@dataclasses.dataclass(frozen=True)
class Target:
    """A server under load, with every process whose time counts."""

    server: Server
    processes: list[int]


@dataclasses.dataclass(frozen=True)
class Clocks:
    """Seconds on the wall, and of the cores' work for the server and for everybody but server and wrk."""

    wall: float
    server: float
    others: float

    @classmethod
    def read(cls, target: Target) -> Clocks:
        server = process.cpu_seconds(target.processes)
        others = process.machine_busy_seconds() - server - process.ended_children_seconds()
        return cls(wall=time.monotonic(), server=server, others=others)


def run_once(series: Series, load: Load, target: Target, seconds: int) -> None:
    before = Clocks.read(target)
    series.runs.append(load.run(target.server.port, seconds))
    after = Clocks.read(target)
    series.cpu_seconds += after.server - before.server
    series.cores_of_others = max(series.cores_of_others, (after.others - before.others) / (after.wall - before.wall))


class Measurement:
    def __init__(self, plan: Plan, target: Target, bare_program: pathlib.Path, scratch: pathlib.Path):
        self._plan = plan
        self._target = target
        self._bare_program = bare_program
        self._scratch = scratch
        self._client = Client(target.server.port)

    def read(self, read: Read) -> Result:
        paths = self._scratch / "paths"
        paths.write_text("".join(f"{path}\n" for path in read.paths))
        load = Load("read.lua", (str(paths),), self._plan.connections)
        return self._in_turns(read.row, read.title, self._answer_size(read.paths), lambda _run: load)

    def write(self, write: Write) -> Result:
        body = self._scratch / "body.json"
        body.write_text(json.dumps(write.body))
        sample = json.loads(body.read_text().replace(UNIQUE, "sample-" + write.row.lower().replace(" ", "-")))
        size = len(self._client.post_raw(write.path, sample, as_administrator=write.as_administrator))
        return self._in_turns(write.row, write.title, size, lambda run: self._writing_load(write, body, run))

    def _in_turns(self, row: str, title: str, size: int, load: Callable[[str], Load]) -> Result:
        """Galley and the bare server in turns, so that whatever changes on the machine meets both."""
        galley, bare = Series(), Series()
        with servers.bare(self._bare_program, size, self._scratch / "bare.log") as bare_server:
            bare_target = Target(bare_server, [bare_server.pid])
            for target in (self._target, bare_target):
                load("warm-up").run(target.server.port, self._plan.warm_up)
            for number in range(self._plan.runs):
                run = f"run-{number}"
                run_once(galley, load(run), self._target, self._plan.seconds)
                run_once(bare, load(run), bare_target, self._plan.seconds)
        return Result(row, title, size, galley, bare)

    def _writing_load(self, write: Write, body: pathlib.Path, run: str) -> Load:
        prefix = f"{write.row.lower().replace(' ', '-')}-{run}"
        token = (self._client.token(),) if write.as_administrator else ()
        return Load("write.lua", (write.path, str(body), prefix, *token), write.connections)

    def _answer_size(self, paths: list[str]) -> int:
        sample = paths[:: max(1, len(paths) // SAMPLED_PATHS)]
        return round(statistics.mean(len(self._client.get(path)) for path in sample))


def start_seconds(start: Callable[[], AbstractContextManager[Server]]) -> float:
    """From the start of the process to the first answer from the database; the median of several."""
    taken = []
    for _ in range(STARTS):
        began = time.monotonic()
        with start() as server:
            Client(server.port).get("/v1/articles?limit=20")
            taken.append(time.monotonic() - began)
    return statistics.median(taken)
