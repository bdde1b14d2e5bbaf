"""Diagnostics that are pulled: of one document, and, where the user wants that, of every prompt of the workspace.

A request for the workspace's is held open until there is something that the client doesn't have: what is found while
prompts are weighed is sent at once if the client takes partial results, and when all are weighed it is answered, the first
one of a client that takes none even if nothing was found. The client then asks again. What is open is among them as it is
in the editor, with its version: clients that ask for it by itself as well keep what is newer.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from lsprotocol import types

from weighbridge.analysis.report import Report
from weighbridge.errors import Code
from weighbridge.lsp.abilities import ClientAbilities
from weighbridge.lsp.backend import Backend
from weighbridge.lsp.features.diagnostics import diagnostics, result_id
from weighbridge.session.document import Document
from weighbridge.uris import path_of, uri_of

#: What the client has of each prompt: the name of its diagnostics.
Had = dict[Path, str]
_Item = types.WorkspaceFullDocumentDiagnosticReport
Items = dict[Path, _Item]
#: Seconds that a check of the whole workspace takes at most; then what is known is the answer.
SECONDS_TO_CHECK = 600.0
#: The diagnostics of a prompt that has none, and their name.
_NOTHING: tuple[list[types.Diagnostic], str] = [], result_id([])


class PulledDiagnostics:
    """Pulled diagnostics of one client. Clients that get them pushed are not told that they may ask."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._abilities = backend.abilities
        self._workspace = backend.workspace
        #: Called with each open document whose diagnostics the client has now, and their name.
        self.on_pulled: Callable[[str, str], None] = lambda uri, name: None
        #: Diagnostics of closed prompts and their names, of those that have any; and the workspace's revision then.
        self._closed_results: dict[Path, tuple[list[types.Diagnostic], str]] = {}
        self._closed_revision = -1
        #: The same of open documents, by URI.
        self._open_results: dict[str, tuple[Report, list[types.Diagnostic], str]] = {}
        #: The user asked for the whole workspace's, whatever the setting says.
        self._check_requested = False

    @property
    def _everywhere(self) -> bool:
        """Whether prompts that nobody opened have diagnostics."""
        return self._check_requested or self._backend.session.configuration.settings.workspace_diagnostics

    async def check(self, _: list[Any]) -> dict[str, int]:
        """`weighbridge.checkWorkspace`: diagnose every prompt of the workspace from now on. Returns how many `documents` there
        are and how many `findings` in them, once all are weighed: as many as lists of problems show, which leave hints out.
        """
        self._check_requested = True
        self._workspace.wake()
        await self._backend.weighed(SECONDS_TO_CHECK)
        self._make()
        opened = self._backend.session.documents.values()
        paths = {document.path for document in opened}
        closed = sum(1 for path in self._workspace.prompts.reports() if path not in paths)
        findings = [
            finding
            for path, (closed_findings, _) in self._closed_results.items()
            if path not in paths
            for finding in closed_findings
        ]
        for document in opened:
            findings += diagnostics(self._backend.session.report(document), 0, ClientAbilities())
        listed = sum(finding.severity is not types.DiagnosticSeverity.Hint for finding in findings)
        return {"documents": len(opened) + closed, "findings": listed}

    async def document(self, params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
        """Diagnostics of one document, as things stand; of one just opened, as they will be."""
        await self._backend.looked_up(params.text_document.uri)
        findings, name = self._of(params.text_document.uri)
        if params.previous_result_id == name:
            return types.RelatedUnchangedDocumentDiagnosticReport(result_id=name)
        return types.RelatedFullDocumentDiagnosticReport(items=findings, result_id=name)

    async def workspace(self, params: types.WorkspaceDiagnosticParams) -> types.WorkspaceDiagnosticReport:
        """Diagnostics of open prompts, or of all, once there are any that the client doesn't have."""
        workspace = self._workspace
        had: Had = {}
        for previous in params.previous_result_ids:
            path = path_of(previous.uri)
            if path is not None:
                had[path] = previous.value
        unsent: Items = {}
        # That there is nothing is an answer, too, to who has none yet and takes no other.
        first = params.partial_result_token is None and not params.previous_result_ids
        if first:
            await asyncio.gather(
                *(self._backend.first_report(document) for document in self._opened().values())
            )
        partials_sent, seen = False, -1
        while True:
            everywhere, opened = self._everywhere, self._opened()
            items: Items = {}
            if everywhere:
                workspace.begin()
                self._make()
                # At first, of what has diagnostics, or had: few of very many.
                paths = {*self._closed_results, *had} if seen < 0 else workspace.prompts.changes(seen).keys()
                items, seen = self._new(paths, had, opened), workspace.prompts.revision
            else:
                seen = -1
            items |= self._new_of_open(had, opened)
            settled = not (everywhere and workspace.busy)
            if settled:
                items |= self._gone(had, opened, everywhere=everywhere)
            if items and params.partial_result_token is not None:
                self._partial(params.partial_result_token, items.values())
                partials_sent = True
            else:
                unsent |= items
            if settled and (
                partials_sent or unsent or (first and self._backend.session.knows_settings(None))
            ):
                return types.WorkspaceDiagnosticReport([*unsent.values()])
            await workspace.changed()

    def _of(self, uri: str) -> tuple[list[types.Diagnostic], str]:
        session = self._backend.session
        findings: list[types.Diagnostic] = []
        if uri not in session.documents:
            # Clients ask once more when they close a document.
            path = path_of(uri)
            prompt = None if path is None or not self._everywhere else self._workspace.prompts.get(path)
            if path is not None and prompt is not None:
                self._make()
                return self._closed_results.get(path, _NOTHING)
        elif (document := self._backend.shown(uri)) is not None:
            report = session.report(document)
            findings = diagnostics(report, document.buffer.line_end(0), self._abilities)
            self.on_pulled(uri, result_id(findings))
        return findings, result_id(findings)

    def _make(self) -> None:
        """Bring the diagnostics of closed prompts up to date."""
        for path, prompt in self._workspace.prompts.changes(self._closed_revision).items():
            all_findings = (
                [] if prompt is None else diagnostics(prompt.report, prompt.first_line_end, self._abilities)
            )
            # What is only faded is of no use where nothing is seen.
            findings = [finding for finding in all_findings if finding.code != Code.REMOVED.value]
            if findings:
                self._closed_results[path] = findings, result_id(findings)
            else:
                self._closed_results.pop(path, None)
        self._closed_revision = self._workspace.prompts.revision

    def _opened(self) -> dict[Path, Document]:
        """The open documents by path: a client may write another URI for the same one."""
        documents = self._backend.session.documents.values()
        return {document.path: document for document in documents if document.path is not None}

    def _new(self, paths: Iterable[Path], had: Had, opened: Mapping[Path, Document]) -> Items:
        """The diagnostics of these prompts that the client doesn't have, as far as they are weighed; `had` is brought up to date."""
        items: Items = {}
        for path in paths:
            if path in opened or self._workspace.prompts.get(path) is None:
                continue
            findings, name = self._closed_results.get(path, _NOTHING)
            if had.get(path) != name and (findings or path in had):
                items[path] = self._item(path, findings, name)
                had[path] = name
        return items

    def _new_of_open(self, had: Had, opened: Mapping[Path, Document]) -> Items:
        """The same of open documents, as far as they are counted."""
        items: Items = {}
        for path, document in opened.items():
            report, cached = self._backend.session.report(document), self._open_results.get(document.uri)
            if not report.ready or self._backend.shown(document.uri) is None:
                continue
            if cached is None or cached[0] is not report:
                findings = diagnostics(report, document.buffer.line_end(0), self._abilities)
                cached = self._open_results[document.uri] = report, findings, result_id(findings)
            _, findings, name = cached
            if had.get(path) != name and (findings or path in had):
                items[path] = _Item(
                    uri=document.uri, items=findings, version=document.version, result_id=name
                )
                had[path] = name
        for uri in [*self._open_results]:
            if uri not in self._backend.session.documents:
                del self._open_results[uri]
        return items

    def _gone(self, had: Had, opened: Mapping[Path, Document], *, everywhere: bool) -> Items:
        """Empty diagnostics for files that the client has some of, though they are no prompts now, or of no interest."""
        gone_paths = [
            path
            for path in had
            if not (everywhere and self._workspace.prompts.get(path) is not None)
            and (path not in opened or self._backend.shown(opened[path].uri) is None)
        ]
        for path in gone_paths:
            del had[path]
        return {path: self._item(path, [], None) for path in gone_paths}

    def _item(self, path: Path, diagnostics: list[types.Diagnostic], name: str | None) -> _Item:
        return _Item(uri=uri_of(path), items=diagnostics, result_id=name)

    def _partial(self, token: types.ProgressToken, items: Iterable[_Item]) -> None:
        result = types.WorkspaceDiagnosticReportPartialResult([*items])
        self._backend.client.notify(types.PROGRESS, types.ProgressParams(token, result))
