"""What counts the tokens of one vocabulary and pattern: tiktoken's core, without what slows it or holds others up.

`tiktoken.Encoding` keeps the vocabulary as a Python dictionary (10 to 20 MB) and gives a list of integers, which is built
while the interpreter's lock is held. Its core gives a buffer as well, whose length says how many tokens there are.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol, SupportsIndex

import tiktoken
from tiktoken._tiktoken import CoreBPE

from weighbridge.tokens import vocabulary
from weighbridge.tokens.cores import Cores

# The core's `encode` looks for special tokens to pass over, and stops at every character if there is none to look for.
# What it looks for is never allowed, and so is ordinary text where it stands. It begins with a character of one byte:
# the core goes on a byte further.
_NEVER_SPECIAL: Final = "<|never|>"
_NONE_ALLOWED: Final[frozenset[str]] = frozenset()

#: Characters that only workers count.
_LONG: Final = 64 * 1024
_BETWEEN_PAUSES: Final = 512
_TOKEN_BYTES: Final = 4


@dataclass(frozen=True, slots=True)
class EncodingDefinition:
    """What tiktoken says of an encoding: its pattern, and the SHA-256 of its vocabulary's file."""

    pattern: str
    sha256: str


class Engine(Protocol):
    """A pattern and a vocabulary, ready to count. Thread-safe."""

    @property
    def version(self) -> str:
        """The package that counts, and its version."""
        ...

    def count(self, text: str) -> int:
        """Tokens of a text without a long run of white space. Lone surrogates count as U+FFFD."""
        ...

    def count_many(self, texts: Sequence[str]) -> list[int]:
        """The count of each text, as `count` gives it."""
        ...

    def count_match(self, text: str) -> int:
        """Tokens of a run of white space that the pattern would match as one, if its text ended there."""
        ...


class TiktokenEngine:
    """tiktoken's core. Making one takes about 0.1 to 0.2 seconds. Counting releases the interpreter's lock."""

    version: Final = f"tiktoken-{tiktoken.__version__}"

    def __init__(self, definition: EncodingDefinition) -> None:
        self._definition = definition
        self._cores = Cores(lambda: self._built(definition.pattern))
        self._whole: CoreBPE | None = None
        self._lock = threading.Lock()

    def count(self, text: str) -> int:
        """Tokens of a text without a long run of white space. Lone surrogates count as U+FFFD."""
        long = len(text) >= _LONG
        return _count(self._cores.for_long(len(text)) if long else self._cores.for_short(), text)

    def count_many(self, texts: Sequence[str]) -> list[int]:
        """The count of each text. tiktoken's own way to take many sets up threads for each call."""
        core = self._cores.for_long(sum(map(len, texts)))
        return [_count(core, text) for text in texts]

    def count_match(self, text: str) -> int:
        """Tokens of a text that the pattern would match as one."""
        with self._lock:
            if self._whole is None:
                self._whole = self._built(r"[\s\S]+")
        return _count(self._whole, text)

    def _built(self, pattern: str) -> CoreBPE:
        ranks = vocabulary.ranks(self._definition.sha256)
        return CoreBPE(_with_pauses(ranks), {_NEVER_SPECIAL: len(ranks) + 1}, pattern)


def repaired(text: str) -> str:
    """The text as tiktoken takes it: surrogates that are a pair as one character, others as U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _count(core: CoreBPE, text: str) -> int:
    try:
        tokens = core.encode_to_tiktoken_buffer(text, _NONE_ALLOWED)
    except UnicodeEncodeError:
        tokens = core.encode_to_tiktoken_buffer(repaired(text), _NONE_ALLOWED)
    return memoryview(tokens).nbytes // _TOKEN_BYTES


class _Pause:
    """A rank that must be asked for its number: a moment at which another thread gets the interpreter's lock."""

    __slots__ = ("_rank",)

    def __init__(self, rank: int) -> None:
        self._rank = rank

    def __index__(self) -> int:
        return self._rank


def _with_pauses(ranks: dict[bytes, int]) -> dict[bytes, SupportsIndex]:
    """The same ranks, but tiktoken, which reads them all in one call, lets other threads in as it reads."""
    paused: dict[bytes, SupportsIndex] = {**ranks}
    paused.update((token, _Pause(ranks[token])) for token in list(ranks)[::_BETWEEN_PAUSES])
    return paused
