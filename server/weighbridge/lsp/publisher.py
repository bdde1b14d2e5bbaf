"""The publisher of what the client did not ask for: diagnostics, refreshes of hints, statuses. It sends only what changed.

shown documents ──▶ report ──▶ status · diagnostics (push) ──▶ one refresh for all (pull, hints)
"""

import asyncio
import logging
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from lsprotocol import types

from weighbridge.analysis.report import Report
from weighbridge.errors import FATAL
from weighbridge.lsp.abilities import ClientAbilities
from weighbridge.lsp.client import Client
from weighbridge.lsp.features.diagnostics import diagnostics, result_id
from weighbridge.lsp.watchdog import note
from weighbridge.session.document import Document
from weighbridge.session.session import Session
from weighbridge.tokens.families import is_missing
from weighbridge.tokens.families import note as about

logger = logging.getLogger(__name__)

#: Seconds after which hints are to be asked for again. Neovim draws what statuses and diagnostics changed at once; if that
#: falls between its asking for hints and the answer, it shows the old ones from then on.
_AFTER_THE_REST = 0.06


#: The name of no diagnostics at all.
_NOTHING = result_id([])


@dataclass(slots=True)
class _Shown:
    """What the client has of a document."""

    status: dict[str, Any] | None = None
    pushed: str | None = None
    pulled: str = _NOTHING
    hints: Hashable = None
    lenses: Hashable = None


@dataclass(slots=True)
class _Changed:
    """What clients are to ask for again."""

    hints: bool = False
    lenses: bool = False
    diagnostics: bool = False


class Publisher:
    """Sends what changed; asked by the display when it is time."""

    def __init__(
        self, client: Client, abilities: ClientAbilities, session: Callable[[], Session | None]
    ) -> None:
        self._client = client
        self._abilities = abilities
        self._session = session
        self._shown: dict[str, _Shown] = {}
        self._refreshing: asyncio.TimerHandle | None = None
        #: Told when an open document has other diagnostics than before.
        self.on_diagnostics: Callable[[], None] = lambda: None
        #: Told of each document that is to be shown as it is now, whether or not it shows anything by itself.
        self.on_due: Callable[[Document], None] = lambda document: None
        #: Told of a vocabulary that a shown document lacks, each time it is shown.
        self.on_lacking: Callable[[str], None] = lambda text: None

    def show(self, documents: list[Document]) -> None:
        """Bring the client up to date on these documents."""
        note("publish")
        session = self._session()
        if session is None:
            return
        changed = _Changed()
        for document in documents:
            if session.documents.get(document.uri) is document:
                try:
                    self._show(session, document, changed)
                except FATAL:
                    raise
                except BaseException:  # the others are shown
                    logger.exception("a document could not be shown")
        if changed.hints and self._abilities.refresh_hints:
            self._refresh_hints_soon()
        if changed.lenses and self._abilities.refresh_lenses:
            self._client.nudge(types.WORKSPACE_CODE_LENS_REFRESH)
        if changed.diagnostics:
            self._refresh_diagnostics()

    def _show(self, session: Session, document: Document, changed: _Changed) -> None:
        unprepared = document.prepared is None and document.fault is None
        if not session.knows_settings(document.path) or (unprepared and document.uri not in self._shown):
            # Whatever was said of it would be false.
            return
        self.on_due(document)
        if not session.shows_itself(document):
            had = self._take_away(document)
            changed.hints |= had.hints is not None
            changed.lenses |= had.lenses is not None
            changed.diagnostics |= had.pulled != _NOTHING
            return
        report = session.report(document)
        if is_missing(report.encoding):
            self.on_lacking(f"{report.encoding}: {about(report.encoding)}")
        shown = self._shown.setdefault(document.uri, _Shown())
        self._status(report, shown)
        if unprepared:
            # The rest is as it was until it is known to be otherwise.
            return
        findings = document_diagnostics(session, document, self._abilities)
        name = result_id(findings)
        if self._abilities.pull_diagnostics:
            changed.diagnostics |= shown.pulled != name
            # It is told to ask again, and will have these.
            shown.pulled = name
        elif shown.pushed != name and (findings or shown.pushed is not None):
            shown.pushed = name
            self._push(document, findings)
        hinted = _hinted(session, document)
        changed.hints |= hinted != shown.hints
        shown.hints = hinted
        lensed = _lensed(session, document)
        changed.lenses |= lensed != shown.lenses
        shown.lenses = lensed

    def _refresh_diagnostics(self) -> None:
        self.on_diagnostics()
        if self._abilities.refresh_diagnostics:
            self._client.nudge(types.WORKSPACE_DIAGNOSTIC_REFRESH)

    def _refresh_hints_soon(self) -> None:
        if self._refreshing is None:
            loop = asyncio.get_running_loop()
            self._refreshing = loop.call_later(_AFTER_THE_REST, self._refresh_hints)

    def _refresh_hints(self) -> None:
        self._refreshing = None
        self._client.nudge(types.WORKSPACE_INLAY_HINT_REFRESH)

    def pulled(self, uri: str, name: str) -> None:
        """The client asked for an open document's diagnostics, and has them now: `name` is their result id."""
        self._shown.setdefault(uri, _Shown()).pulled = name

    def hide(self, document: Document) -> None:
        """Take away what was pushed of a closed document."""
        self._take_away(document)

    def _take_away(self, document: Document) -> _Shown:
        """Take away what was pushed; returns what the client had."""
        shown = self._shown.pop(document.uri, _Shown())
        if shown.pushed is not None:
            self._client.notify(
                types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS, types.PublishDiagnosticsParams(document.uri, [])
            )
        return shown

    def _status(self, report: Report, shown: _Shown) -> None:
        if not self._abilities.status:
            return
        status = report.status_json()
        if status != shown.status:
            self._client.notify("weighbridge/status", status)
        shown.status = status

    def _push(self, document: Document, diagnostics: list[types.Diagnostic]) -> None:
        version = document.version if self._abilities.versions else None
        self._client.notify(
            types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS,
            types.PublishDiagnosticsParams(document.uri, diagnostics, version),
        )


def document_diagnostics(
    session: Session, document: Document, abilities: ClientAbilities
) -> list[types.Diagnostic]:
    """The document's diagnostics as things stand."""
    return diagnostics(session.report(document), document.buffer.line_end(0), abilities)


def _hinted(session: Session, document: Document) -> Hashable:
    """What the hints of a document are made of: another value, other hints.

    Where lines end is not in it: that moves under the user's own keys, and the client asks again by itself.
    """
    report, settings = session.report(document), session.settings_of(document).inlay_hints
    if not (settings.references or settings.sections or settings.total):
        return None
    return (
        (settings, report.ready, report.exactness),
        (report.tokens, report.budget.limit) if settings.total else None,
        report.sections if settings.sections else None,
        # Those that did not change are the same objects: comparing them costs next to nothing.
        report.references if settings.references else None,
    )


def _lensed(session: Session, document: Document) -> Hashable:
    """What the lenses of a document are made of; None if it has none."""
    if not session.settings_of(document).code_lens:
        return None
    report = session.report(document)
    return report.ready, report.tokens, report.budget.limit, report.sections, report.imports
