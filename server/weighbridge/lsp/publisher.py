"""What the client is told by itself: diagnostics, hints to ask for again, statuses. Only what changed, once.

shown documents ──▶ report ──▶ status · diagnostics (push) ──▶ one refresh for all (pull, hints)
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Protocol

from lsprotocol import types

from weighbridge.analysis.report import Report
from weighbridge.lsp.features.diagnostics import diagnostics, result_id
from weighbridge.lsp.features.inlay_hints import hints
from weighbridge.lsp.turns import note
from weighbridge.session.document import Document
from weighbridge.session.session import Session


@dataclass(frozen=True, slots=True)
class ClientAbilities:
    """What the client can be sent: from its capabilities and initialization options."""

    pull_diagnostics: bool = False
    refresh_diagnostics: bool = False
    related_information: bool = False
    versions: bool = False
    refresh_hints: bool = False
    status: bool = False
    server_status: bool = False
    progress: bool = False
    configuration: bool = False
    watch_files: bool = False
    watch_configuration: bool = False

    @classmethod
    def of(cls, capabilities: types.ClientCapabilities, options: Any) -> "ClientAbilities":
        """Read them; a client that says nothing gets nothing but push diagnostics."""
        document, workspace, window = capabilities.text_document, capabilities.workspace, capabilities.window
        publish = document.publish_diagnostics if document else None
        pull = document.diagnostic if document else None
        experimental = capabilities.experimental if isinstance(capabilities.experimental, dict) else {}
        own = experimental.get("weighbridge")
        wants_status = isinstance(own, dict) and own.get("status") is True
        asks_status = isinstance(options, dict) and options.get("status") is True
        watched = workspace.did_change_watched_files if workspace else None
        settings = workspace.did_change_configuration if workspace else None
        refresh_diagnostics = bool(
            workspace and workspace.diagnostics and workspace.diagnostics.refresh_support
        )
        return cls(
            # Without refresh nothing would ever tell such a client that a referenced file changed: push instead.
            pull_diagnostics=pull is not None and refresh_diagnostics,
            refresh_diagnostics=refresh_diagnostics,
            related_information=bool(
                (pull and getattr(pull, "related_information", None))
                or (publish and publish.related_information)
            ),
            versions=bool(publish and publish.version_support),
            refresh_hints=bool(workspace and workspace.inlay_hint and workspace.inlay_hint.refresh_support),
            status=wants_status or asks_status,
            server_status=experimental.get("serverStatusNotification") is True,
            progress=bool(window and window.work_done_progress),
            configuration=bool(workspace and workspace.configuration),
            watch_files=bool(watched and watched.dynamic_registration),
            watch_configuration=bool(settings and settings.dynamic_registration),
        )


class Client(Protocol):
    """The way to the client."""

    def notify(self, method: str, params: Any | None = None) -> None: ...

    def send_request(self, method: str, params: Any | None = None) -> Any: ...


@dataclass(slots=True)
class _Shown:
    """What the client has of a document."""

    status: dict[str, Any] | None = None
    pushed: str | None = None
    pullable: str | None = None
    hints: Hashable = None


class Publisher:
    """Sends what changed; asked by the display when it is time."""

    def __init__(
        self, client: Client, abilities: ClientAbilities, session: Callable[[], Session | None]
    ) -> None:
        self._client = client
        self._abilities = abilities
        self._session = session
        self._shown: dict[str, _Shown] = {}

    def show(self, documents: list[Document]) -> None:
        """Bring the client up to date on these documents."""
        note("publish")
        session = self._session()
        if session is None:
            return
        hints_changed = diagnostics_changed = False
        for document in documents:
            if session.documents.get(document.uri) is not document or not session.shows_itself(document):
                continue
            report = session.report(document)
            shown = self._shown.setdefault(document.uri, _Shown())
            self._status(report, shown)
            found = document_diagnostics(session, document, related=self._abilities.related_information)
            name = result_id(found)
            if self._abilities.pull_diagnostics:
                diagnostics_changed |= shown.pullable not in {None, name} or (
                    shown.pullable is None and bool(found)
                )
                shown.pullable = name
            elif shown.pushed != name and (found or shown.pushed is not None):
                shown.pushed = name
                self._push(document, found)
            hinted = _hinted(session, document)
            hints_changed |= hinted != shown.hints
            shown.hints = hinted
        if hints_changed and self._abilities.refresh_hints:
            self._client.send_request(types.WORKSPACE_INLAY_HINT_REFRESH)
        if diagnostics_changed and self._abilities.refresh_diagnostics:
            self._client.send_request(types.WORKSPACE_DIAGNOSTIC_REFRESH)

    def hide(self, document: Document) -> None:
        """Take away what was pushed of a closed document."""
        shown = self._shown.pop(document.uri, None)
        if shown is not None and shown.pushed is not None:
            self._client.notify(
                types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS, types.PublishDiagnosticsParams(document.uri, [])
            )

    def _status(self, report: Report, shown: _Shown) -> None:
        if not self._abilities.status:
            return
        status = report.status_json()
        if status != shown.status:
            self._client.notify("weighbridge/status", status)
        shown.status = status

    def _push(self, document: Document, found: list[types.Diagnostic]) -> None:
        version = document.version if self._abilities.versions else None
        self._client.notify(
            types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS,
            types.PublishDiagnosticsParams(document.uri, found, version),
        )


def document_diagnostics(session: Session, document: Document, *, related: bool) -> list[types.Diagnostic]:
    """The document's diagnostics as things stand."""
    return diagnostics(session.report(document), document.buffer.line_end(0), related=related)


def document_hints(
    session: Session, document: Document, start_line: int, end_line: int
) -> list[types.InlayHint]:
    """The document's hints of some lines as things stand; both lines included."""
    report = session.report(document)
    settings = session.settings_of(document).inlay_hints
    return hints(report, settings, document.buffer.line_end, start_line, end_line)


def _hinted(session: Session, document: Document) -> Hashable:
    """What the hints of a document are made of: another value, other hints.

    Where lines end is not in it: that moves under the user's own keys, and the client asks again by itself.
    """
    report, settings = session.report(document), session.settings_of(document).inlay_hints
    if not (settings.references or settings.sections or settings.total):
        return None
    references = [(one.range, one.state, one.tokens) for one in report.references]
    return (
        (settings.references, settings.sections, settings.total, report.ready),
        (report.tokens, report.budget.limit) if settings.total else None,
        report.sections if settings.sections else None,
        tuple(references) if settings.references else None,
    )
