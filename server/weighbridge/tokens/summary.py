"""Counts that join: the count of a text, from its pieces' counts, without the text.

A summary keeps the two ends of a piece that its neighbours may still change, and the number of tokens of all between.
`join(summarize(a), summarize(b)) == summarize(a + b)`, for all texts: joining is associative, `EMPTY` its neutral
element, and the total equals the tokenizer run on the whole.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from weighbridge.errors import BorderlessError
from weighbridge.tokens.base import Borders, Tokenizer

FRAGMENT_LIMIT: Final = 8 * 1024 * 1024
"""Characters. A longer stretch without a border is no text anybody sends to a model."""

BLOCK: Final = 128 * 1024
"""Characters counted at a time when a text arrives in chunks."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What joins: the fragment before the first safe border, the tokens between, the fragment after the last.

    A text without an inner border is one fragment: `head` holds all of it, `inner` is None, `tail` is empty.
    The text begins with `head` and ends with `tail`; their lengths (characters) and `inner` (tokens) are enough to make the summary
    again from the text. `private`: some of the text is a secret, of which no digest may be kept; what it is joined to is private too.
    """

    head: str
    inner: int | None
    tail: str
    private: bool = False


EMPTY: Final = Summary("", None, "")


def summarize(text: str, tokenizer: Tokenizer) -> Summary:
    """The summary of a text. Raises BorderlessError if an end has no border for `FRAGMENT_LIMIT` characters."""
    head, inner, tail = cut(text, tokenizer.borders)
    return _checked(head, None if inner is None else tokenizer.count(inner), tail)


def cut(text: str, borders: Borders) -> tuple[str, str | None, str]:
    """A text in three: up to its first border, from there to its last one, the rest. Without any it is all first."""
    first = borders.first(text)
    if first < 0:
        return text, None, ""
    last = borders.last(text, first - 1)
    return text[:first], text[first:last], text[last:]


def join(a: Summary, b: Summary, tokenizer: Tokenizer) -> Summary:
    """The summary of the text of `a` followed by that of `b`. Raises BorderlessError as `summarize` does."""
    private = a.private or b.private
    if not a.head or not b.head:
        summary = a if a.head else b
        return summary if summary.private == private else replace(summary, private=private)
    count = tokenizer.count
    left = a.head if a.inner is None else a.tail
    if not tokenizer.borders.between(left[-1], b.head[0]):
        if a.inner is None:
            return _checked(left + b.head, b.inner, b.tail, private=private)
        if b.inner is None:
            return _checked(a.head, a.inner, left + b.head, private=private)
        return Summary(a.head, a.inner + count(left + b.head) + b.inner, b.tail, private)
    before = 0 if a.inner is None else a.inner + count(left)
    after = 0 if b.inner is None else count(b.head) + b.inner
    return Summary(a.head, before + after, b.head if b.inner is None else b.tail, private)


def join_all(summaries: Iterable[Summary], tokenizer: Tokenizer) -> Summary:
    """The summary of the texts of all, in their order. Neighbours are joined first, so that no fragment is copied often."""
    level = list(summaries)
    while len(level) > 1:
        odd = level[-1:] if len(level) % 2 else []
        level = [join(a, b, tokenizer) for a, b in zip(level[::2], level[1::2], strict=False)] + odd
    return level[0] if level else EMPTY


def total(summary: Summary, tokenizer: Tokenizer) -> int:
    """Tokens of the whole text."""
    if summary.inner is None:
        return tokenizer.count(summary.head)
    return tokenizer.count(summary.head) + summary.inner + tokenizer.count(summary.tail)


class Summarizer:
    """A summary made as a text arrives, in constant memory.

    Chunks may end anywhere, within a word too. `feed` raises BorderlessError as `summarize` does.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._summary = EMPTY
        self._chunks: list[str] = []
        self._waiting = 0

    def feed(self, chunk: str) -> None:
        self._chunks.append(chunk)
        self._waiting += len(chunk)
        if self._waiting >= BLOCK:
            self._take()

    def finish(self) -> Summary:
        """The summary of all that was fed. More may follow."""
        self._take()
        return self._summary

    def _take(self) -> None:
        text = "".join(self._chunks)
        self._chunks.clear()
        self._waiting = 0
        for start in range(0, len(text), BLOCK):
            block = summarize(text[start : start + BLOCK], self._tokenizer)
            self._summary = join(self._summary, block, self._tokenizer)


def _checked(head: str, inner: int | None, tail: str, *, private: bool = False) -> Summary:
    if max(len(head), len(tail)) > FRAGMENT_LIMIT:
        raise BorderlessError(
            f"no place to cut the text for {max(len(head), len(tail)):,} characters (at most {FRAGMENT_LIMIT:,}): "
            "it looks like data, not text, and can't be counted"
        )
    return Summary(head, inner, tail, private)
