"""A made-up publication: authors, sections, articles and comment threads, the same at every run and on every machine.

Each item is drawn from a source of its own, named after the item, so that any of them can be made without the others
and in any order.
"""

from __future__ import annotations

import bisect
import dataclasses
import datetime
import functools
import random
from collections import Counter
from collections.abc import Iterator
from typing import Optional

VOCABULARY_SIZE = 4000
FIRST_PUBLICATION = datetime.datetime(2001, 1, 1, 6, tzinfo=datetime.timezone.utc)
# A million articles at this pace end before 2026: dates in the future are refused.
PUBLICATION_PACE = datetime.timedelta(minutes=12)
SECTIONS = 8
TAGS = 20
DEEPEST_COMMENT = 5
REPLIES_IN_100_COMMENTS = 60


@dataclasses.dataclass(frozen=True)
class CorpusSize:
    authors: int
    articles: int
    comments: int
    hot_comments: int

    @property
    def hot_article(self) -> int:
        """The number of the article with the long thread: one that stands on the first page of the list."""
        return max(1, self.articles - 9)


@dataclasses.dataclass(frozen=True)
class Comment:
    """`parent` is the position of the comment that this one answers, in the same thread."""

    name: str
    text: str
    parent: Optional[int]
    depth: int


class Dice:
    """Draws of one named source. Only `random()` is used, as Python keeps no other sequence the same for ever."""

    def __init__(self, *name: object):
        self._source = random.Random(" ".join(map(str, name)))

    def unit(self) -> float:
        return self._source.random()

    def below(self, bound: int) -> int:
        return int(self._source.random() * bound)

    def between(self, least: int, most: int) -> int:
        return least + self.below(most - least + 1)

    def pick(self, choices):
        return choices[self.below(len(choices))]


@functools.lru_cache(maxsize=None)
def vocabulary() -> tuple[list[str], list[float]]:
    """The words, the most frequent first, and their running weights, which fall as in a natural language."""
    dice = Dice("vocabulary")
    words: dict[str, None] = {}
    while len(words) < VOCABULARY_SIZE:
        syllables = (dice.pick("bdfghklmnprstvw") + dice.pick("aeiou") for _ in range(dice.between(1, 4)))
        words["".join(syllables) + dice.pick(["", "", "n", "r", "s", "st"])] = None
    weights, total = [], 0.0
    for rank in range(VOCABULARY_SIZE):
        total += 1 / (rank + 10)
        weights.append(total)
    return list(words), weights


class Writer:
    """Writes prose with the dice of one item."""

    def __init__(self, dice: Dice):
        self._dice = dice
        self._words, self._weights = vocabulary()

    def word(self) -> str:
        return self._words[bisect.bisect_left(self._weights, self._dice.unit() * self._weights[-1])]

    def words(self, count: int) -> str:
        return " ".join(self.word() for _ in range(count))

    def sentence(self, count: int) -> str:
        return self.words(count).capitalize() + "."

    def prose(self, count: int) -> str:
        sentences = []
        while count > 0:
            length = min(count, self._dice.between(6, 18))
            sentences.append(self.sentence(length))
            count -= length
        return " ".join(sentences)

    def markdown(self, count: int) -> str:
        """An article of about `count` words: mostly paragraphs, with some headings, lists and quotations."""
        blocks = []
        while count > 0:
            block, length = self._block(count)
            blocks.append(block)
            count -= length
        return "\n\n".join(blocks)

    def _block(self, left: int) -> tuple[str, int]:
        kind = self._dice.below(10)
        if kind == 0:
            return "## " + self.words(4).capitalize(), 4
        if kind == 1:
            return "\n".join("- " + self.words(6) for _ in range(4)), 24
        if kind == 2:
            return "> " + self.prose(20), 20
        length = min(max(left, 10), self._dice.between(40, 80))
        return f"{self.prose(length - 2)} *{self.word()}* **{self.word()}**", length


def author(number: int) -> dict:
    """Author `number`, counted from 1, as the API takes it."""
    writer = Writer(Dice("author", number))
    return {
        "name": f"{writer.word()} {writer.word()}".title(),
        "slug": author_slug(number),
        "bio_markdown": writer.prose(30),
    }


def author_slug(number: int) -> str:
    return f"author-{number}"


def section(number: int) -> dict:
    """Section `number`, counted from 1, as the API takes it."""
    return {"name": f"Section {number}", "slug": section_slug(number)}


def section_slug(number: int) -> str:
    return f"section-{number}"


def tag(number: int) -> str:
    """The name of tag `number`, counted from 0: words that are neither frequent nor rare."""
    words, _weights = vocabulary()
    return words[200 + 7 * number].capitalize()


def two_tags(dice: Dice) -> list[str]:
    first = dice.below(TAGS)
    second = (first + 1 + dice.below(TAGS - 1)) % TAGS
    return [tag(first), tag(second)]


def article(size: CorpusSize, number: int) -> dict:
    """Article `number`, counted from 1, the oldest first, as the API takes it."""
    dice = Dice("article", number)
    writer = Writer(dice)
    title = writer.words(dice.between(5, 9)).capitalize()
    published_at = FIRST_PUBLICATION + number * PUBLICATION_PACE
    return {
        "title": title,
        "slug": f"{'-'.join(title.lower().split()[:4])}-{number}",
        "excerpt": writer.prose(30),
        "body_markdown": writer.markdown(dice.between(540, 660)),
        "authors": [{"slug": author_slug(1 + dice.below(size.authors))}],
        "section": section_slug(1 + dice.below(SECTIONS)),
        "tags": two_tags(dice),
        "lang": "en",
        "published_at": published_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "status": "published",
    }


def thread_lengths(size: CorpusSize) -> Counter:
    """How many comments each article has, by number: the long thread, and the others spread at random."""
    dice = Dice("thread lengths")
    lengths = Counter({size.hot_article: size.hot_comments})
    for _ in range(size.comments - size.hot_comments):
        number = 1 + dice.below(size.articles)
        lengths[number if number != size.hot_article else 1] += 1
    return lengths


def thread(number: int, length: int) -> Iterator[Comment]:
    """The comments of article `number` in the order in which they arrive; each stands after what it answers."""
    dice = Dice("thread", number)
    writer = Writer(dice)
    depths: list[int] = []
    for _ in range(length):
        parent = parent_in(dice, depths)
        depths.append(1 if parent is None else depths[parent] + 1)
        yield Comment(writer.word().capitalize(), writer.prose(dice.between(15, 55)), parent, depths[-1])


def parent_in(dice: Dice, depths: list[int]) -> Optional[int]:
    if not depths or dice.below(100) >= REPLIES_IN_100_COMMENTS:
        return None
    candidate = dice.below(len(depths))
    return candidate if depths[candidate] < DEEPEST_COMMENT else None
