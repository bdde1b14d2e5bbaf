"""A counting service that remembers where its counts came from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

from weighbridge.cache import Counted, CountKey, CountStore
from weighbridge.tokens.service import Length, TokenCountingService


@dataclass
class Stats:
    """How many texts the store knew, and how many were tokenized, of how many characters."""

    store_hits: int = 0
    tokenized: int = 0
    tokenized_chars: int = 0


class WatchedService(TokenCountingService):
    def __init__(self, store: CountStore | None, entries: int) -> None:
        super().__init__(store, entries)
        self.stats = Stats()
        self._noting = Lock()

    def _make(
        self, lengths: Mapping[CountKey, Length], measure: Callable[[Sequence[CountKey]], list[Counted]]
    ) -> dict[CountKey, Counted]:
        def measured(keys: Sequence[CountKey]) -> list[Counted]:
            counts = measure(keys)
            with self._noting:
                self.stats.tokenized += len(keys)
                self.stats.tokenized_chars += sum(lengths[key].chars for key in keys)
            return counts

        return super()._make(lengths, measured)

    def _stored(self, lengths: Mapping[CountKey, Length]) -> dict[CountKey, Counted]:
        stored = super()._stored(lengths)
        with self._noting:
            self.stats.store_hits += len(stored)
        return stored


def stats_of(service: TokenCountingService) -> Stats:
    """Where a session's counts came from."""
    assert isinstance(service, WatchedService)
    return service.stats
