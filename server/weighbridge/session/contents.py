"""The contents that closed texts refer to: files and variables are read by the worker that needs them, APIs asked on the loop."""

import itertools
import time
from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from weighbridge.analysis.expand import Expander, Reading
from weighbridge.analysis.loads import Loads
from weighbridge.analysis.reading import failed_reading, read
from weighbridge.analysis.render import Source, pieces_of, render_marked
from weighbridge.analysis.scans import Scans
from weighbridge.content.base import Content, ContentRequest, retry_policy
from weighbridge.content.factory import HandlerFactory
from weighbridge.errors import ReferenceFault, TransientFault
from weighbridge.references.model import Kind
from weighbridge.session.document import Document
from weighbridge.session.prepared import Prepared
from weighbridge.session.preparing import Terms, expander_of
from weighbridge.tokens.service import TokenCountingService
from weighbridge.work import CancelToken, Outcome, Priority, Task, TaskCancelledError, TaskManager

#: Contents that are remembered for the texts that are weighed after those that referred to them.
_MOST_CONTENTS: Final = 2000


class Contents:
    """What some texts refer to: each content is read once. For one thread at a time."""

    def __init__(
        self,
        handlers: HandlerFactory,
        service: TokenCountingService,
        scans: Scans,
        loads: Loads | None = None,
        *,
        arrivals: bool = True,
    ) -> None:
        """`loads`: what agents load, with what is open in the editor; of nothing open by default. `arrivals`: whether it is asked
        what arrives at them because of a context file.
        """
        self.service = service
        self.arrivals = arrivals
        self.loads = loads or Loads(lambda path: None)
        self._handlers = handlers
        self._scans = scans
        self._readings: dict[Hashable, Reading] = {}
        self._contents: dict[Hashable, Content] = {}
        self._depends: dict[Hashable, frozenset[Path]] = {}
        self._answers: dict[Hashable, Outcome[Content]] = {}

    def bound(self) -> None:
        """Forget what was read if it is much."""
        if len(self._readings) > _MOST_CONTENTS:
            self.forget()

    def forget(self) -> None:
        """Read all contents anew, but for what APIs answered."""
        self.loads = Loads(self.loads.open_text)
        self._readings.clear()
        self._contents.clear()
        self._depends.clear()

    async def ask(
        self, tasks: TaskManager, requests: Mapping[Hashable, ContentRequest], priority: Priority
    ) -> None:
        """Ask APIs what texts wait for. On the loop."""

        async def load(request: ContentRequest, _: CancelToken) -> Content:
            return await self._handlers.api.load(request)

        loading: list[Task[Content]] = tasks.submit_batch(
            ((("ask", key), partial(load, request)) for key, request in requests.items()),
            priority=priority,
            title="api",
        )
        for key, outcome in zip(requests, await tasks.await_batch(loading), strict=True):
            if outcome.cancelled:
                outcome.unwrap()
            self._answers[key] = outcome

    def expander_of(
        self, document: Document, prepared: Prepared, terms: Terms, token: CancelToken
    ) -> Expander:
        """An expander that has each content read when it asks for it."""
        requests: dict[Hashable, ContentRequest] = {}

        def lookup(key: Hashable) -> Reading | None:
            return self._reading(key, requests[key], prepared, token)

        expander = expander_of(document.path, prepared, terms, self._handlers, lookup)
        # Not the expander itself, which holds `lookup`: nothing here is left to Python's collector.
        expander.requests = requests
        return expander

    def _reading(
        self, key: Hashable, request: ContentRequest, prepared: Prepared, token: CancelToken
    ) -> Reading | None:
        """Read a content, unless that is done; None for an API that was not asked yet."""
        if request.kind is Kind.API and key not in self._answers:
            return None
        if key not in self._readings:
            try:
                reading, content = self._read_patiently(key, request, prepared, token)
            except (TaskCancelledError, KeyboardInterrupt):
                raise
            except BaseException as error:  # noqa: BLE001  shown at the reference
                reading = failed_reading(request, error)
                links = error.links if isinstance(error, ReferenceFault) else ()
            else:
                self._contents[key] = content
                links = (*content.links, *(() if content.path is None else (content.path,)))
            self._readings[key] = reading
            self._depends[key] = frozenset((*self._handlers.of(request.kind).paths(request), *links))
        return self._readings[key]

    def _read_patiently(
        self, key: Hashable, request: ContentRequest, prepared: Prepared, token: CancelToken
    ) -> tuple[Reading, Content]:
        """Read a content, again if it changes meanwhile, as for an open document."""
        for attempt in itertools.count(1):
            token.raise_if_cancelled()
            try:
                return self._read(key, request, prepared, token)
            except TransientFault as fault:
                seconds = retry_policy(request.scope.settings).delay_after(attempt, fault)
                if seconds is None or request.kind is Kind.API:
                    raise
                time.sleep(seconds)
        raise AssertionError("there is always another attempt")

    def _read(
        self, key: Hashable, request: ContentRequest, prepared: Prepared, token: CancelToken
    ) -> tuple[Reading, Content]:
        if request.kind is Kind.API:
            content = self._answers[key].unwrap()
        else:
            content = self._handlers.blocking(request.kind).load(request)
        tokenizer, dialect = prepared.tokenizer, prepared.dialect
        return read(content, dialect, self.service, tokenizer, self._scans, token), content

    def answered(self, key: Hashable) -> bool:
        """Whether an API was asked."""
        return key in self._answers

    def depends(self, keys: Iterable[Hashable]) -> frozenset[Path]:
        """The files that these contents depend on, existing or not."""
        return frozenset().union(*(self._depends.get(key, ()) for key in keys))

    def rendered(self, document: Document, token: CancelToken) -> tuple[str, Sequence[Source]]:
        """The resolved text of a document, and what each stretch of it came from. Raises as `render_marked` does."""
        if document.arrived is not None:
            return document.arrived.text, ()
        pieces = pieces_of(document.buffer.snapshot(), document.places())
        return render_marked(pieces, self._contents, token)
