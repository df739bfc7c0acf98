"""Makes up threads of any length and writes them into a database as Galley would have, past the API: posting 100,000
comments takes minutes, and their order of arrival is all that matters here. Counters, scores and last activities are
those that Galley keeps; a reading that depended on them would show if they were not."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import datetime
import pathlib
import random
import sqlite3
import subprocess
import tempfile
import uuid
from typing import Optional

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
LEVELS = 32
BEGIN = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
WORDS = "the harbour was quiet when boats came in and nobody on quay knew who had sent them there".split()


@dataclasses.dataclass
class Comment:
    id: uuid.UUID
    parent: Optional[Comment]
    path: str
    depth: int
    state: str
    written: datetime.datetime
    active: datetime.datetime
    score: int
    text: str
    replies: int = 0
    descendants: int = 0


def thread(length: int) -> list[Comment]:
    """A made-up thread, the same every time: three of ten comments answer the article, most others what was said lately,
    some one of the first, which everybody sees; one of forty is spam, and the newest of a busy time share their moment."""
    chance = random.Random(length)
    comments: list[Comment] = []
    for ordinal in range(1, length + 1):
        parent = None
        if ordinal > 10 and chance.random() < 0.7:
            newest = len(comments) - 1
            index = newest - int(chance.expovariate(0.01)) if chance.random() < 0.8 else chance.randrange(50)
            candidate = comments[min(max(index, 0), newest)]
            if candidate.state == "approved" and candidate.depth < LEVELS:
                parent = candidate
        written = BEGIN + datetime.timedelta(seconds=20 * (ordinal // 3))
        comment = Comment(
            id=uuid_at(written, chance),
            parent=parent,
            path=(parent.path if parent else "") + segment(ordinal),
            depth=(parent.depth if parent else 0) + 1,
            state="spam" if chance.random() < 1 / 40 else "approved",
            written=written,
            active=written,
            score=int(chance.expovariate(0.4)) - 1,
            text=" ".join(chance.choices(WORDS, k=chance.randint(5, 60))),
        )
        comments.append(comment)
        if comment.state == "approved" and parent:
            parent.replies += 1
            above = parent
            while above:
                above.descendants += 1
                above.active = max(above.active, written)
                above = above.parent
    return comments


def segment(ordinal: int) -> str:
    digits = ""
    for _ in range(6):
        ordinal, digit = divmod(ordinal, 36)
        digits = DIGITS[digit] + digits
    return digits


def uuid_at(time: datetime.datetime, chance: random.Random) -> uuid.UUID:
    """A UUIDv7 (RFC 9562) of this time."""
    millis = int(time.timestamp() * 1000)
    return uuid.UUID(int=millis << 80 | 7 << 76 | chance.getrandbits(12) << 64 | 2 << 62 | chance.getrandbits(62))


COLUMNS = (
    "id, article_id, parent_id, path, depth, state, author_name, reply_count, descendant_count, revision, "
    "created_at, updated_at, body_markdown, body_html, body_text, score, last_activity_at"
)


def write(url: str, bin_folder: str, article: str, comments: list[Comment]) -> None:
    """Writes a thread under an article that has none yet. Nobody else may use the database."""
    if url.startswith("sqlite://"):
        write_sqlite(pathlib.Path(url.removeprefix("sqlite://")), uuid.UUID(article), comments)
    else:
        write_postgres(url, bin_folder, uuid.UUID(article), comments)


def counts(comments: list[Comment]) -> tuple[int, int, int]:
    states = [comment.state for comment in comments]
    return len(comments), states.count("approved"), states.count("spam")


def write_sqlite(path: pathlib.Path, article: uuid.UUID, comments: list[Comment]) -> None:
    def row(comment: Comment) -> tuple:
        parent = comment.parent.id.bytes if comment.parent else None
        return values(comment, comment.id.bytes, article.bytes, parent, micros)

    with contextlib.closing(sqlite3.connect(path)) as database, database:
        marks = ", ".join("?" * len(COLUMNS.split(", ")))
        database.executemany(f"INSERT INTO comments ({COLUMNS}) VALUES ({marks})", map(row, comments))
        database.execute(
            "UPDATE threads SET last_ordinal = ?, approved_count = ?, spam_count = ? WHERE article_id = ?",
            (*counts(comments), article.bytes),
        )


def write_postgres(url: str, bin_folder: str, article: uuid.UUID, comments: list[Comment]) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".sql", encoding="utf-8") as script:
        script.write(f"COPY comments ({COLUMNS}) FROM STDIN (FORMAT csv);\n")
        lines = csv.writer(script, lineterminator="\n")
        for comment in comments:
            parent = comment.parent.id if comment.parent else None
            lines.writerow(values(comment, comment.id, article, parent, lambda time: time.isoformat()))
        last, approved, spam = counts(comments)
        script.write(
            f"\\.\nUPDATE threads SET last_ordinal = {last}, approved_count = {approved}, spam_count = {spam} "
            f"WHERE article_id = '{article}';\nVACUUM ANALYZE comments;\n"
        )
        script.flush()
        command = [f"{bin_folder}/psql", "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", url, f"--file={script.name}"]
        subprocess.run(command, check=True)


def values(comment: Comment, own_id, article_id, parent_id, time_of) -> tuple:
    return (
        own_id,
        article_id,
        parent_id,
        comment.path,
        comment.depth,
        comment.state,
        "Grace",
        comment.replies,
        comment.descendants,
        1,
        time_of(comment.written),
        time_of(comment.written),
        comment.text,
        f"<p>{comment.text}</p>",
        comment.text,
        comment.score,
        time_of(comment.active),
    )


def micros(time: datetime.datetime) -> int:
    return (time - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) // datetime.timedelta(microseconds=1)
