"""The count of a text as a row of the database, and its key: plain values, made by the thousand."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any, Final, NamedTuple, Self

#: The tables' names, and the number of the shape that they have today.
COUNTS_TABLE: Final = "weighbridge_token_counts"
SCHEMA_TABLE: Final = "weighbridge_schema"
SCHEMA: Final = 1
#: How long ago a count's last use was told when it is told again: each time would write what was only to be read.
TOLD_EVERY: Final = timedelta(days=1)
#: Keys that a statement asks for: below the 999 variables that old builds of SQLite allow.
_KEYS_AT_ONCE: Final = 500
#: Bytes of a code point in UTF-8, at most.
_LONGEST_CHARACTER: Final = 4


class CountKey(NamedTuple):
    """Whose count it is: the text by its digest (32 bytes), the tokenizer by its name and version."""

    digest: bytes
    tokenizer: str
    version: str


class Counted(NamedTuple):
    """The count of a text, and enough to make its summary again from the text's two ends.

    `tokens`: of the whole text standing alone. `chars`: code points of it. `head_chars`, `tail_chars`: code points of
    the fragments before its first border and after its last, with their tokens. A text without an inner border is all
    head and has no tail.
    """

    tokens: int
    chars: int
    head_chars: int
    head_tokens: int
    tail_chars: int
    tail_tokens: int

    @classmethod
    def of_row(cls, values: Sequence[Any]) -> Self | None:
        """The count that a database's numbers are; None if they can't be a text's."""
        if not all(type(value) is int for value in values):
            return None
        counted = cls(*values)
        return counted if counted.sound else None

    @property
    def sound(self) -> bool:
        """Whether the numbers can be those of a text. A database may hold anything."""
        if self.tail_chars == 0:
            return self.head_chars == self.chars and self.head_tokens == self.tokens and _fits(*self[:2])
        inner_tokens = self.tokens - self.head_tokens - self.tail_tokens
        inner_chars = self.chars - self.head_chars - self.tail_chars
        return (
            min(self.head_chars, self.tail_chars) > 0
            and _fits(self.head_tokens, self.head_chars)
            and _fits(inner_tokens, inner_chars)
            and _fits(self.tail_tokens, self.tail_chars)
        )


def grouped(keys: Iterable[CountKey]) -> Iterator[tuple[str, str, list[bytes]]]:
    """Keys by their tokenizer and its version, as many at once as a statement takes."""
    groups: dict[tuple[str, str], list[bytes]] = {}
    for key in keys:
        groups.setdefault((key.tokenizer, key.version), []).append(key.digest)
    for (tokenizer, version), digests in groups.items():
        for start in range(0, len(digests), _KEYS_AT_ONCE):
            yield tokenizer, version, digests[start : start + _KEYS_AT_ONCE]


class Given(NamedTuple):
    """Counts that were looked up; `untold`: keys of those whose use was not told for so long that it is to be (`TOLD_EVERY`)."""

    counts: dict[CountKey, Counted]
    untold: list[CountKey]

    def take(self, key: CountKey, numbers: Sequence[Any], *, untold: bool) -> None:
        """Add the count that a row's numbers are. Numbers that can't be a text's are as good as none."""
        counted = Counted.of_row(numbers)
        if counted is not None:
            self.counts[key] = counted
            if untold:
                self.untold.append(key)


def _fits(tokens: int, chars: int) -> bool:
    """Whether a text of so many code points can have so many tokens: none is less than a byte."""
    return 0 <= tokens <= _LONGEST_CHARACTER * chars
