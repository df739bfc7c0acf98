"""Fills a server with the corpus, through the API as any client would."""

from __future__ import annotations

import collections
import concurrent.futures
import time
from collections.abc import Callable, Iterable
from typing import Optional

import corpus
from client import Client
from corpus import CorpusSize

# More do not load faster: the client is one Python process.
CONNECTIONS = 4

Task = Callable[[Client, int], object]


class Loader:
    """Does tasks over a few connections at a time."""

    def __init__(self, port: int):
        self._clients = [Client(port) for _ in range(CONNECTIONS)]

    def for_each(self, task: Task, numbers: Iterable[int], what: str) -> None:
        began, pending = time.monotonic(), collections.deque(numbers)
        count = len(pending)

        def next_number() -> Optional[int]:
            try:
                return pending.popleft()
            except IndexError:
                return None

        def work(client: Client) -> None:
            try:
                for number in iter(next_number, None):
                    task(client, number)
            finally:
                # The end of one is the end of all: either nothing is left, or it failed.
                pending.clear()

        with concurrent.futures.ThreadPoolExecutor(CONNECTIONS) as threads:
            for outcome in [threads.submit(work, client) for client in self._clients]:
                outcome.result()
        print(f"  {what}: {count} in {time.monotonic() - began:.0f} s", flush=True)


def load(port: int, size: CorpusSize) -> dict:
    """Loads everything and tells what the measurements need to know of it."""
    loader = Loader(port)
    ids: dict[int, str] = {}
    slugs: dict[int, str] = {}
    lengths = corpus.thread_lengths(size)

    def load_author(client: Client, number: int) -> None:
        client.post("/v1/editorial/authors", corpus.author(number), as_administrator=True)

    def load_section(client: Client, number: int) -> None:
        client.post("/v1/editorial/sections", corpus.section(number), as_administrator=True)

    def load_article(client: Client, number: int) -> None:
        stored = client.post("/v1/editorial/articles", corpus.article(size, number), as_administrator=True)
        ids[number], slugs[number] = stored["id"], stored["slug"]

    def load_thread(client: Client, number: int) -> None:
        path = f"/v1/articles/{ids[number]}/comments"
        comment_ids: list[str] = []
        for comment in corpus.thread(number, lengths[number]):
            comment_ids.append(client.post(path, comment_in(comment, comment_ids))["id"])

    loader.for_each(load_author, range(1, size.authors + 1), "authors")
    loader.for_each(load_section, range(1, corpus.SECTIONS + 1), "sections")
    # The tags are made by the first articles that have them.
    loader.for_each(load_article, range(1, size.articles + 1), "articles")
    # The longest first: its comments go one after the other, and nobody should wait for it at the end.
    by_length = [number for number, _length in lengths.most_common()]
    loader.for_each(load_thread, by_length, f"threads with {lengths.total()} comments")
    return {
        "hot_id": ids[size.hot_article],
        "quiet_id": ids[1 + size.articles // 2],
        "slugs": [slugs[number] for number in sorted(slugs)],
    }


def comment_in(comment: corpus.Comment, ids: list[str]) -> dict:
    value = {"author_name": comment.name, "body_markdown": comment.text}
    if comment.parent is not None:
        value["parent_id"] = ids[comment.parent]
    return value
