"""Counts of texts, each made once: from memory, from the store, at last from the tokenizer. Called from workers.

A text is known by its digest. Identical texts that several workers ask for at once are tokenized by one of them.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Final, NamedTuple, Self

from cachetools import LRUCache

from weighbridge.cache import Counted, CountKey, CountStore, Digester, digest
from weighbridge.errors import Code, TransientFault
from weighbridge.tokens.base import Tokenizer, counts_of
from weighbridge.tokens.summary import FRAGMENT_LIMIT, Summarizer, Summary, cut, summarize

__all__ = ["Counted", "Digested", "Summarized", "TokenCountingService"]

IN_MEMORY: Final = 4 * 1024 * 1024
"""Characters. A content up to this length is read once and held; a longer one is read twice, unless it is known."""

END: Final = 64 * 1024
"""Characters kept of either end of a content that isn't held."""

TRIES: Final = 3
"""How often a content that changes while it is read is read again from its start."""


class Length(NamedTuple):
    """How long a text is: code points, and bytes in UTF-8."""

    chars: int
    size: int

    @classmethod
    def of(cls, text: str) -> Self:
        size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
        return cls(len(text), size)

    def fits(self, counted: Counted) -> bool:
        """Whether it can be the count of such a text: no token is less than a byte."""
        return counted.chars == self.chars and counted.tokens <= self.size


class Digested(NamedTuple):
    """A text with its digest. `size`: bytes in UTF-8. `rules`: those by which it refers to nothing, if its count is known under
    them alone.
    """

    text: str
    digest: bytes
    size: int
    rules: str = ""

    @classmethod
    def of(cls, text: str) -> Self:
        return cls(text, digest(text), Length.of(text).size)

    @property
    def length(self) -> Length:
        return Length(len(self.text), self.size)


@dataclass(frozen=True, slots=True)
class Summarized:
    """A text's summary, its tokens standing alone, and its digest (32 bytes)."""

    summary: Summary
    tokens: int
    digest: bytes


class TokenCountingService:
    """Counts and summaries of texts. Thread-safe.

    `store`: what survives restarts; None for memory alone. `entries`: counts held in memory, those used last (1 or more).
    """

    def __init__(self, store: CountStore | None, entries: int) -> None:
        self._store = store
        # Guards all below.
        self._lock = Lock()
        self._memory: LRUCache[CountKey, Counted] = LRUCache(max(1, entries))
        self._under_way: dict[CountKey, UnderWay] = {}

    def use(self, store: CountStore | None) -> CountStore | None:
        """Keep counts in another store from here on; returns the one before, which is the caller's to close."""
        with self._lock:
            before, self._store = self._store, store
        return before

    def resize(self, entries: int) -> None:
        """Hold another number of counts in memory (1 or more); the least recently used go first."""
        with self._lock:
            resized: LRUCache[CountKey, Counted] = LRUCache(max(1, entries))
            while self._memory:
                key, counted = self._memory.popitem()
                resized[key] = counted
            self._memory = resized

    def clear(self) -> None:
        """Forget all counts, in the store too. Waits for the disk: call on a worker."""
        with self._lock:
            self._memory.clear()
        if self._store is not None:
            self._store.clear()

    def count(self, text: str, tokenizer: Tokenizer) -> int:
        """Count the tokens of a text."""
        return self.count_many((text,), tokenizer)[0]

    def count_many(self, texts: Sequence[str], tokenizer: Tokenizer, *, private: bool = False) -> list[int]:
        """Count the tokens of each text. The store is asked once for all of them.

        `private`: they may hold a secret's text. They are counted each time: a digest of a short secret can be guessed.
        """
        if private:
            return [counted.tokens for counted in _measured(texts, tokenizer)]
        keys = [_key(digest(text), tokenizer) for text in texts]
        text_of = dict(zip(keys, texts, strict=True))
        counts = self._obtain(
            {key: Length.of(text) for key, text in text_of.items()},
            lambda keys: _measured([text_of[key] for key in keys], tokenizer),
        )
        return [counts[key].tokens for key in keys]

    def summarize(self, text: str, tokenizer: Tokenizer) -> Summary:
        """Summarize a text: equal to `summarize` of `tokens.summary`, and raises BorderlessError as it does."""
        return self._summarize(Digested.of(text), tokenizer).summary

    def summarize_text(self, text: Digested, tokenizer: Tokenizer) -> Summarized:
        """As `summarize`, with the text's tokens and digest."""
        return self._summarize(text, tokenizer)

    def note(self, summarized: Summarized, tokenizer: Tokenizer, rules: str) -> None:
        """Have the count of a text known under the rules by which it refers to nothing."""
        with self._lock:
            counted = self._memory.get(_key(summarized.digest, tokenizer))
        if counted is not None and self._store is not None:
            self._store.put_many({_key(summarized.digest, tokenizer, rules): counted})

    @property
    def remembers(self) -> bool:
        """Whether there is a store, that other processes may have kept counts in."""
        return self._store is not None

    def counted_before(self, texts: Sequence[Digested], tokenizer: Tokenizer) -> list[Summarized | None]:
        """The summaries of texts that were counted before, None of others; the store is asked once for all.

        Those with `rules` are looked up under these.
        """
        lengths = {_key(text.digest, tokenizer, text.rules): text.length for text in texts}
        with self._lock:
            counts = {key: self._memory[key] for key in lengths if key in self._memory}
        counts |= self._stored({key: length for key, length in lengths.items() if key not in counts})
        return [
            _summarized_again(text, counts.get(_key(text.digest, tokenizer, text.rules))) for text in texts
        ]

    def summarize_stream(self, chunks: Callable[[], Iterator[str]], tokenizer: Tokenizer) -> Summarized:
        """Summarize a text that arrives in chunks, in constant memory.

        `chunks` begins at the text's start at each call: one call, or a second one for a long text that isn't known. Its
        errors are passed on. Raises BorderlessError as `summarize` does, and TransientFault if the text is another at
        each reading.
        """
        for _ in range(TRIES):
            read = _ReadText.of(chunks())
            if read.text is not None:
                return self._summarize(Digested(read.text, read.digest, read.length.size), tokenizer)
            summarized = self._summarize_long(read, chunks, tokenizer)
            if summarized is not None:
                return summarized
        raise TransientFault(Code.FAILED, "the content changes while it is read")

    def _summarize(self, digested: Digested, tokenizer: Tokenizer) -> Summarized:
        text = digested.text
        key = _key(digested.digest, tokenizer)
        counted = self._obtain(
            {key: digested.length}, lambda _: [_counted(summarize(text, tokenizer), len(text), tokenizer)]
        )[key]
        if max(counted.head_chars, counted.tail_chars) > FRAGMENT_LIMIT:
            # It was counted, which is always possible; it has no summary, and this raises.
            summarize(text, tokenizer)
        return Summarized(_summary(counted, text, text), counted.tokens, digested.digest)

    def _summarize_long(
        self, read: "_ReadText", chunks: Callable[[], Iterator[str]], tokenizer: Tokenizer
    ) -> Summarized | None:
        """Summarize a text of which only the ends are held. None if it is another by now."""
        summaries: list[Summary] = []

        def stream(_: Sequence[CountKey]) -> list[Counted]:
            summarizer, digester = Summarizer(tokenizer), Digester()
            for chunk in chunks():
                digester.update(chunk)
                summarizer.feed(chunk)
            if digester.digest() != read.digest:
                raise _ChangedError
            summaries.append(summarizer.finish())
            return [_counted(summaries[0], read.length.chars, tokenizer)]

        key = _key(read.digest, tokenizer)
        try:
            counted = self._obtain({key: read.length}, stream)[key]
            if not summaries and max(counted.head_chars, counted.tail_chars) > END:
                stream((key,))
        except _ChangedError:
            return None
        summary = summaries[0] if summaries else _summary(counted, read.head, read.tail)
        return Summarized(summary, counted.tokens, read.digest)

    def _obtain(
        self,
        lengths: Mapping[CountKey, Length],
        measure: Callable[[Sequence[CountKey]], list[Counted]],
    ) -> dict[CountKey, Counted]:
        """Get counts from wherever they are; `measure` makes what is nowhere, and its errors are passed on.

        `lengths`: each text's. All are kept in the store, the shortest too: what was counted once is never
        tokenized again.
        """
        counts: dict[CountKey, Counted] = {}
        while len(counts) < len(lengths):
            own: dict[CountKey, UnderWay] = {}
            under_way: dict[CountKey, UnderWay] = {}
            with self._lock:
                for key in lengths:
                    if key in counts:
                        continue
                    counted = self._memory.get(key)
                    if counted is not None:
                        counts[key] = counted
                    elif key in self._under_way:
                        under_way[key] = self._under_way[key]
                    else:
                        own[key] = self._under_way[key] = UnderWay()
            # First what others may wait for, then what others are at: so nobody waits in a circle.
            counts |= self._make({key: lengths[key] for key in own}, measure)
            for key, future in under_way.items():
                result = future.result()
                # None: whoever was at it failed. The next round makes it here, or fails here.
                if result is not None:
                    counts[key] = result
        return counts

    def _make(
        self, lengths: Mapping[CountKey, Length], measure: Callable[[Sequence[CountKey]], list[Counted]]
    ) -> dict[CountKey, Counted]:
        """Get counts that this thread has announced: from the store, else by measuring."""
        counts: dict[CountKey, Counted] = {}
        try:
            stored = self._stored(lengths)
            missing = [key for key in lengths if key not in stored]
            new_counts = dict(zip(missing, measure(missing), strict=True)) if missing else {}
            # Before anybody is told: from here on it is found, however small the memory.
            if self._store is not None and new_counts:
                self._store.put_many(new_counts)
            for key, counted in (*stored.items(), *new_counts.items()):
                counts[key] = counted
                self._finish(key, counted)
        finally:
            for key in lengths.keys() - counts.keys():
                self._finish(key, None)
        return counts

    def _stored(self, lengths: Mapping[CountKey, Length]) -> dict[CountKey, Counted]:
        """Look up what the store has. What can't be a count of a text of that length is none: anybody may write there."""
        if self._store is None or not lengths:
            return {}
        counts = self._store.get_many(lengths)
        return {key: counted for key, counted in counts.items() if lengths[key].fits(counted)}

    def _finish(self, key: CountKey, counted: Counted | None) -> None:
        """Let those who wait have a count, or know that there is none."""
        with self._lock:
            if counted is not None:
                self._memory[key] = counted
            future = self._under_way.pop(key)
        future.finish(counted)


class UnderWay:
    """A count that some thread is making. As a `Future` of which nothing else is wanted, and ten times as cheap to make."""

    __slots__ = ("_counted", "_gate")

    def __init__(self) -> None:
        self._counted: Counted | None = None
        self._gate = Lock()
        self._gate.acquire()

    def finish(self, counted: Counted | None) -> None:
        """Give the count to those who wait; None: there is none. Once."""
        self._counted = counted
        self._gate.release()

    def result(self) -> Counted | None:
        """Wait for the count."""
        with self._gate:
            return self._counted


class _ChangedError(Exception):
    """A text is another than at its first reading; never leaves this module."""


@dataclass(frozen=True, slots=True)
class _ReadText:
    """A text read once: all of it if it is short, else its two ends."""

    digest: bytes
    length: Length
    head: str
    tail: str
    text: str | None

    @classmethod
    def of(cls, chunks: Iterable[str]) -> Self:
        digester = Digester()
        last_chunks: deque[str] = deque()
        head = ""
        chars = last_chars = 0
        for chunk in chunks:
            digester.update(chunk)
            last_chunks.append(chunk)
            chars += len(chunk)
            last_chars += len(chunk)
            if chars <= IN_MEMORY:
                continue
            if not head:
                head = "".join(last_chunks)[:END]
            while last_chars - len(last_chunks[0]) >= END:
                last_chars -= len(last_chunks.popleft())
        rest = "".join(last_chunks)
        if chars <= IN_MEMORY:
            return cls(digester.digest(), Length(chars, digester.size), rest[:END], rest[-END:], rest)
        return cls(digester.digest(), Length(chars, digester.size), head, rest[-END:], None)


def _key(text_digest: bytes, tokenizer: Tokenizer, rules: str = "") -> CountKey:
    version = f"{tokenizer.version} {rules}" if rules else tokenizer.version
    return CountKey(text_digest, tokenizer.name, version)


def _summarized_again(text: Digested, counted: Counted | None) -> Summarized | None:
    # What has no summary is for who says so.
    if counted is None or max(counted.head_chars, counted.tail_chars) > FRAGMENT_LIMIT:
        return None
    return Summarized(_summary(counted, text.text, text.text), counted.tokens, text.digest)


def _measured(texts: Sequence[str], tokenizer: Tokenizer) -> list[Counted]:
    """Count any texts, those without a border too."""
    pieces: list[str] = []
    cuts = [cut(text, tokenizer.borders) for text in texts]
    for head, inner, tail in cuts:
        pieces += [piece for piece in (head, inner, tail) if piece]
    counts = iter(counts_of(pieces, tokenizer))
    counted: list[Counted] = []
    for text, (head, inner, tail) in zip(texts, cuts, strict=True):
        head_tokens, inner_tokens, tail_tokens = (
            next(counts) if piece else 0 for piece in (head, inner, tail)
        )
        tokens = head_tokens + inner_tokens + tail_tokens
        counted.append(Counted(tokens, len(text), len(head), head_tokens, len(tail), tail_tokens))
    return counted


def _counted(summary: Summary, chars: int, tokenizer: Tokenizer) -> Counted:
    head_tokens = tokenizer.count(summary.head)
    tail_tokens = tokenizer.count(summary.tail) if summary.tail else 0
    return Counted(
        tokens=head_tokens + (summary.inner or 0) + tail_tokens,
        chars=chars,
        head_chars=len(summary.head),
        head_tokens=head_tokens,
        tail_chars=len(summary.tail),
        tail_tokens=tail_tokens,
    )


def _summary(counted: Counted, beginning: str, end: str) -> Summary:
    """Make a summary again from a text's two ends, of which enough is there."""
    if not counted.tail_chars:
        return Summary(beginning, None, "")
    return Summary(
        head=beginning[: counted.head_chars],
        inner=counted.tokens - counted.head_tokens - counted.tail_tokens,
        tail=end[-counted.tail_chars :],
    )
