"""Files weighed a group at a time, as far as they refer to nothing: by workers of this process, or in a helper of its own.

A group is a few files that are read, looked up in the store and counted together: what each of those costs is shared, and there are
enough groups that every core gets its part.
"""

import copyreg
import logging
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

from weighbridge.analysis.render import Source
from weighbridge.analysis.report import BudgetReport, Range, ReferenceTotals, Report, SectionReport
from weighbridge.cache import CountStore
from weighbridge.content.document_file import read_document
from weighbridge.errors import ReferenceFault
from weighbridge.session.configuration import Configuration
from weighbridge.session.plain_reports import LONGEST, plain_reports
from weighbridge.session.preparing import Terms, terms_of
from weighbridge.text import PositionEncoding
from weighbridge.tokens.registry import count_on_one_core
from weighbridge.tokens.service import TokenCountingService
from weighbridge.uris import uri_of
from weighbridge.work import CancelToken

logger = logging.getLogger(__name__)

ENCODING: Final = PositionEncoding.UTF16
"""In reports, as the protocol's positions are unless both sides agree on others."""

#: Files and bytes of a group: as many as make its own cost none, and few enough that all cores get some. One file may be more.
_MOST_FILES = 16
_MOST_BYTES = 512 * 1024


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file: a report, or a problem that names it; `ours` if that is a fault of Weighbridge's own."""

    path: Path
    report: Report | None = None
    problem: str | None = None
    text: str | None = None
    ours: bool = False
    #: What each stretch of the text came from.
    sources: Sequence[Source] = ()


def _pickled_by_call(made: type[Any]) -> None:
    """Have a dataclass pickled as a call of its class: a third of the time, for an answer holds hundreds of them."""
    values = attrgetter(*(field.name for field in fields(made)))
    copyreg.pickle(made, lambda one: (made, values(one)))


for _made in (Outcome, Report, SectionReport, Range, ReferenceTotals, BudgetReport):
    _pickled_by_call(_made)

Answer = tuple[list[Outcome], list[str]]
"""A helper's: what became of a group's files, and what it has to warn of since the last answer."""


class Groups:
    """Files, cut into groups in their order. For any thread, and any process that was forked with it."""

    def __init__(self, files: Mapping[Path, Path | None], configuration: Configuration) -> None:
        """`files`: see `read_document`."""
        self._files = files
        self._configuration = configuration
        self._terms: dict[tuple[Path | None, str, str | None, int | None], Terms] = {}
        self._groups: list[list[Path]] = []
        self.bytes = 0
        """Of all files, as far as they can be looked at."""
        room = 0
        for path in files:
            size = _size(path)
            self.bytes += size
            if not self._groups or room < size or len(self._groups[-1]) == _MOST_FILES:
                self._groups.append([])
                room = _MOST_BYTES
            self._groups[-1].append(path)
            room -= size

    def __len__(self) -> int:
        """How many groups there are."""
        return len(self._groups)

    def weigh(
        self, group: int, service: TokenCountingService, token: CancelToken | None = None
    ) -> list[Outcome]:
        """Weigh those files of a group that refer to nothing, or can't be read; the others need a session. A worker's work."""
        outcomes: list[Outcome] = []
        texts: list[tuple[Path, Terms, str]] = []
        for path in self._groups[group]:
            if token is not None:
                token.raise_if_cancelled()
            try:
                terms = self._terms_of(path)
                text = read_document(path, self._files[path], terms.settings.max_file_bytes, LONGEST)
            except ReferenceFault as fault:
                outcomes.append(Outcome(path, problem=fault.problem.message))
            else:
                if text is not None:
                    texts.append((path, terms, text))
        made = plain_reports([(uri_of(path), terms, text) for path, terms, text in texts], service, ENCODING)
        outcomes += [
            Outcome(path, one.report)
            for (path, _, _), one in zip(texts, made, strict=True)
            if one is not None
        ]
        return outcomes

    def _terms_of(self, path: Path) -> Terms:
        configuration = self._configuration
        settings = configuration.settings_of(path)
        dialect = configuration.dialect_of(path)
        key = (configuration.folder_of(path), dialect.name, settings.encoding, settings.budget)
        if key not in self._terms:
            self._terms[key] = terms_of(configuration, path)
        return self._terms[key]

    @contextmanager
    def in_a_helper(self) -> Iterator[Callable[[int], Answer]]:
        """Weigh groups in a process of its own, which is one of as many as there are cores. It keeps counts itself."""
        count_on_one_core()
        settings, warnings = self._configuration.settings, deque[str]()
        store = CountStore(settings.cache_url, on_warning=warnings.append)
        service = TokenCountingService(store, settings.cache_entries)

        def weigh(group: int) -> Answer:
            found = self.weigh(group, service)
            return found, [warnings.popleft() for _ in range(len(warnings))]

        try:
            yield weigh
        finally:
            store.close()
            for warning in warnings:
                logger.warning("%s", warning)


def _size(path: Path) -> int:
    with suppress(OSError, ValueError):
        return path.stat().st_size
    return 0
