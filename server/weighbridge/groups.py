"""Files weighed a group at a time, as far as they wait for no API: by workers of this process, or in a helper of its own.

A group is a few files that are read, looked up in the store and counted together: what each of those costs is shared, and there are
enough groups that every core gets its part.
"""

import logging
import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial, reduce
from operator import or_
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from weighbridge.analysis.loads import Loads
from weighbridge.analysis.render import Source
from weighbridge.analysis.report import Report
from weighbridge.analysis.scans import Scans
from weighbridge.cache import Counted, CountKey, CountStore
from weighbridge.content.depends import NOTHING, Depends
from weighbridge.content.document_file import DocumentFiles
from weighbridge.content.factory import HandlerFactory
from weighbridge.content.policy import shown
from weighbridge.errors import ReferenceFault, fault_of_ours
from weighbridge.session.arriving import setting_of
from weighbridge.session.closed import ClosedText, Weighed, weigh, weigh_with_apis
from weighbridge.session.configuration import Configuration
from weighbridge.session.contents import Contents
from weighbridge.session.overlay import OpenTexts
from weighbridge.session.plain_reports import LONGEST
from weighbridge.session.preparing import terms_of
from weighbridge.text import PositionEncoding
from weighbridge.tokens.registry import count_on_one_core
from weighbridge.tokens.service import TokenCountingService
from weighbridge.uris import uri_of
from weighbridge.work import CancelToken

if TYPE_CHECKING:
    from weighbridge.content.revision import Revision
    from weighbridge.session.services import Services

logger = logging.getLogger(__name__)

ENCODING: Final = PositionEncoding.UTF16
"""In reports, as the protocol's positions are unless both sides agree on others."""

#: Files and bytes of a group: as many as make its own cost none, and few enough that all cores get some. One file may be more.
_MOST_FILES = 64
_MOST_BYTES = 512 * 1024


class FileOutcome(msgspec.Struct, frozen=True):
    """What became of one file: a report, or a problem that names it; `ours` if that is a fault of Weighbridge's own."""

    path: Path
    report: Report | None = None
    problem: str | None = None
    text: str | None = None
    ours: bool = False
    #: What each stretch of the text came from.
    sources: Sequence[Source] = ()
    #: Whether the file's own text is that of the revision that is compared with, and the files and folders that its report
    #: depends on besides.
    same: bool = False
    depends: Depends = NOTHING


def failed_outcome(path: Path, error: Exception) -> FileOutcome:
    """What became of a file that can't be weighed."""
    if isinstance(error, ReferenceFault):
        return FileOutcome(path, problem=error.problem.message)
    logger.error("a file could not be weighed", exc_info=error)
    return FileOutcome(path, problem=f"{shown(str(path))}: {fault_of_ours(error).message}", ours=True)


class GroupOutcomes(NamedTuple):
    """A helper's: what became of a group's files, by their places in it; new counts that are to be kept, and what to warn of."""

    outcomes: Sequence[tuple[int, FileOutcome]]
    counts: Mapping[CountKey, Counted]
    warnings: Sequence[str]


class _HelpersStore(CountStore):
    """A store whose new counts are kept by whoever the helper answers. One process writes: SQLAlchemy is loaded once, which
    takes 0.12 seconds, and nobody waits for the file.
    """

    def __init__(self, cache_url: str | None, on_warning: Callable[[str], object]) -> None:
        super().__init__(cache_url, on_warning=on_warning)
        self._new: dict[CountKey, Counted] = {}

    def put_many(self, rows: Mapping[CountKey, Counted]) -> None:
        self._new.update(rows)

    def take_new(self) -> Mapping[CountKey, Counted]:
        """The counts that came since this was last asked."""
        new, self._new = self._new, {}
        return new


#: In an answer's outcomes: twenty thousand paths take 0.07 seconds to be made of what comes through a pipe.
_LEFT_OUT: Final = Path()


class Groups:
    """Files, cut into groups in their order, but for long ones: all texts of a group are held at once.

    For any thread, and any process that was forked with it.
    """

    def __init__(
        self,
        files: Mapping[Path, Path | None],
        configuration: Configuration,
        *,
        sections: bool = True,
        depends: bool = False,
        revision: "Revision | None" = None,
        open_texts: OpenTexts | None = None,
        arrivals: bool = True,
    ) -> None:
        """`files`: see `DocumentFiles.read`. `sections`, `depends`, `revision`, `open_texts`, `arrivals`: see `weigh`."""
        self._files = files
        self._configuration = configuration
        self._sections = sections
        self._depends = depends or revision is not None
        self._revision = revision
        self._arrivals = arrivals
        self.open_texts = open_texts
        self._handlers = HandlerFactory(self.open_texts)
        self._scans = Scans()
        self._groups: list[list[Path]] = []
        self.bytes = 0
        """Of all files, as far as they can be looked at."""
        room = 0
        for path in files:
            size = _size(path)
            self.bytes += size
            if size > LONGEST:
                continue
            if not self._groups or room < size or len(self._groups[-1]) == _MOST_FILES:
                self._groups.append([])
                room = _MOST_BYTES
            self._groups[-1].append(path)
            room -= size

    def __len__(self) -> int:
        """How many groups there are."""
        return len(self._groups)

    def contents(self, service: TokenCountingService, handlers: HandlerFactory | None = None) -> Contents:
        """What the files refer to, for one thread. `handlers`: that may ask APIs; None: none do."""
        loads = None if self.open_texts is None else Loads(self.open_texts.whole_text_of)
        return Contents(handlers or self._handlers, service, self._scans, loads, arrivals=self._arrivals)

    def weigh(self, group: int, contents: Contents, token: CancelToken) -> list[FileOutcome]:
        """Weigh the files of a group, but for those that wait for an API. A worker's work."""
        outcomes: list[FileOutcome] = []
        texts: dict[Path, ClosedText] = {}
        same: set[Path] = set()
        with DocumentFiles(self.open_texts) as documents:
            for path in self._groups[group]:
                token.raise_if_cancelled()
                try:
                    text, real = self._read(path, documents)
                except ReferenceFault as fault:
                    outcomes.append(failed_outcome(path, fault))
                    continue
                texts[path] = text
                if self._revision is not None and real == path and self._revision.holds(path, text.text):
                    same.add(path)
        weighed_texts = weigh([*texts.values()], contents, ENCODING, token, sections=self._sections)
        for path, weighed in zip(texts, weighed_texts, strict=True):
            if weighed.error is not None:
                outcomes.append(failed_outcome(path, weighed.error))
            elif weighed.value is not None and not weighed.value.unanswered:
                outcomes.append(self._outcome(path, weighed.value, same=path in same))
        return outcomes

    def _outcome(self, path: Path, weighed: Weighed, *, same: bool = False) -> FileOutcome:
        report, depends = weighed.report, NOTHING
        if self._depends:
            of_agent = () if report.arrived is None else report.arrived.depends
            depends = reduce(or_, of_agent, Depends(weighed.depends.union(*weighed.shared)))
        if report.arrived is not None:
            # Nobody watches here, and they are hundreds.
            arrived = replace(report.arrived, watched=(), depends=())
            report = msgspec.structs.replace(report, arrived=arrived)
        return FileOutcome(
            path,
            report,
            text=weighed.rendered,
            sources=weighed.sources,
            same=same,
            depends=depends,
        )

    async def weigh_alone(self, path: Path, services: "Services", *, rendering: bool = False) -> FileOutcome:
        """Weigh a file by itself, whatever it waits for; `rendering`: with its resolved text."""
        contents = self.contents(services.service, services.handlers)
        try:
            text = await services.tasks.submit(
                ("text", path), lambda _: self._read_alone(path), title=str(path)
            )
            weighed = await weigh_with_apis(
                services.tasks, path, text, contents, ENCODING, rendering=rendering
            )
        except Exception as error:  # noqa: BLE001  whatever it is, the others are weighed
            return failed_outcome(path, error)
        return self._outcome(path, weighed)

    def _read_alone(self, path: Path) -> ClosedText:
        with DocumentFiles(self.open_texts) as documents:
            return self._read(path, documents)[0]

    def _read(self, path: Path, documents: DocumentFiles) -> tuple[ClosedText, Path]:
        """Read a file: its text, and where it really is. Raises as `DocumentFiles.read` does."""
        terms = terms_of(self._configuration, path)
        of_an_agent = bool(self._configuration.readers_of(path))
        most = terms.settings.max_file_bytes
        text, real = documents.read(path, self._files[path], most, lenient=of_an_agent)
        setting = partial(setting_of, self._configuration, path, hints=False)
        return ClosedText(uri_of(path), path, terms, setting, text), real

    def answered(self, group: int, answer: GroupOutcomes) -> list[FileOutcome]:
        """What became of the files of a group, as a helper answered."""
        paths = self._groups[group]
        return [msgspec.structs.replace(outcome, path=paths[place]) for place, outcome in answer.outcomes]

    @contextmanager
    def in_a_helper(self) -> Iterator[Callable[[int], GroupOutcomes]]:
        """Weigh groups in a process of its own, which is one of as many as there are cores."""
        count_on_one_core()
        settings, warnings = self._configuration.settings, deque[str]()
        store = _HelpersStore(settings.cache_url, warnings.append)
        contents = self.contents(TokenCountingService(store, settings.cache_entries))

        def weigh(group: int) -> GroupOutcomes:
            places = {path: place for place, path in enumerate(self._groups[group])}
            outcomes = [
                (places[outcome.path], msgspec.structs.replace(outcome, path=_LEFT_OUT))
                for outcome in self.weigh(group, contents, CancelToken())
            ]
            said = [warnings.popleft() for _ in range(len(warnings))]
            return GroupOutcomes(outcomes, store.take_new(), said)

        try:
            yield weigh
        finally:
            store.close()
            for warning in warnings:
                logger.warning("%s", warning)


def _size(path: Path) -> int:
    with suppress(OSError, ValueError):
        return os.stat(path).st_size  # noqa: PTH116  (quicker: twenty thousand are asked for)
    return 0
