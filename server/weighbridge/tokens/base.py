"""The interface of tokenizers."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, Protocol, runtime_checkable

AT_ONCE: Final = 16 * 1024
"""Characters that most tokenizers count between two keystrokes, in one to two milliseconds."""


class Exactness(StrEnum):
    EXACT = "exact"
    RECONSTRUCTION = "reconstruction"
    ESTIMATE = "estimate"


def weakest(*several: Exactness) -> Exactness:
    """The least sure of several: members stand in order."""
    return max(several, key=list(Exactness).index)


class Borders(Protocol):
    """Where counts may be cut: a border never changes the count of either side.

    Every border is known from the two characters around it. A text of n characters has the inner positions 1 to n-1.
    """

    def between(self, before: str, after: str) -> bool:
        """Whether there is always a border between these two characters (each one code point)."""
        ...

    def first(self, text: str, start: int = 0, end: int | None = None) -> int:
        """The first inner border in text[start:end], as an index of `text`; -1 if there is none."""
        ...

    def last(self, text: str, start: int = 0, end: int | None = None) -> int:
        """The last inner border in text[start:end], as an index of `text`; -1 if there is none. Cost: what it skips."""
        ...


class Tokenizer(Protocol):
    """Text to token count. Thread-safe. Never raises on any `str`, lone surrogates and a million blanks included."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str:
        """Part of the cache's key: changes when any count might (engine version, vocabulary's hash)."""
        ...

    @property
    def exactness(self) -> Exactness: ...

    @property
    def borders(self) -> Borders:
        """The tokenizer's proven borders; a tokenizer without any gives `NO_BORDERS`."""
        ...

    def count(self, text: str) -> int:
        """Tokens of `text`, as `len(encode_ordinary(text))` would say."""
        ...


@runtime_checkable
class BatchTokenizer(Protocol):
    """A tokenizer that counts many texts in less time than one by one."""

    def count_many(self, texts: Sequence[str]) -> list[int]:
        """The count of each text, as `count` gives it."""
        ...


@runtime_checkable
class Slow(Protocol):
    """A tokenizer that counts less than others between two keystrokes."""

    @property
    def at_once(self) -> int:
        """Characters of a text that is counted on the loop; a longer one is a worker's."""
        ...


def characters_at_once(tokenizer: Tokenizer) -> int:
    """Characters that a tokenizer counts between two keystrokes."""
    return tokenizer.at_once if isinstance(tokenizer, Slow) else AT_ONCE


def counts_of(texts: Sequence[str], tokenizer: Tokenizer) -> list[int]:
    """Tokens of each text."""
    if isinstance(tokenizer, BatchTokenizer):
        return tokenizer.count_many(texts)
    return [tokenizer.count(text) for text in texts]
