"""The backend that features answer from: one client's session, workspace, tasks and connection, in one object."""

import asyncio
import contextlib
import os
from dataclasses import dataclass, field

from lsprotocol import types

from weighbridge.analysis.graph import Subject
from weighbridge.analysis.report import Report
from weighbridge.content.nearest import NearestFiles
from weighbridge.errors import ReferenceFault
from weighbridge.lsp.abilities import ClientAbilities
from weighbridge.lsp.client import Client
from weighbridge.lsp.naming import Naming
from weighbridge.lsp.protocol import InvalidParamsError
from weighbridge.session.document import Document
from weighbridge.session.session import Session
from weighbridge.session.waiting import CountingError, DocumentClosedError
from weighbridge.session.workspace import Workspace
from weighbridge.work import TaskManager

#: Seconds that a question about the workspace waits for prompts to be weighed; then what is known is the answer.
SECONDS_FOR_WORKSPACE = 2.0
#: Seconds that a question waits for what the references of its document stand for.
SECONDS_TO_LOOK_UP = 1.0
#: Seconds that they are waited for where all that refers to something must be known before it is changed.
SECONDS_TO_KNOW = 30.0


@dataclass(frozen=True, slots=True)
class Backend:
    """What the features of one client share: its session, its workspace, the tasks, and the way to the client."""

    session: Session
    workspace: Workspace
    tasks: TaskManager
    client: Client
    abilities: ClientAbilities
    capabilities: types.ClientCapabilities
    #: Of the workspace's folders, whether they are prompts or not.
    files: NearestFiles = field(default_factory=NearestFiles)

    def document(self, uri: str) -> Document:
        """The open document of this name.

        Raises:
            InvalidParamsError: there is none.
        """
        document = self.session.documents.get(uri)
        if document is None:
            raise InvalidParamsError(f"{uri}: not an open document")
        return document

    async def looked_up(self, uri: str) -> Document | None:
        """The open document of this name, if there is one, once it is known what its references stand for.

        Clients ask as soon as they have opened it, and no answer can be taken back.
        """
        document = self.session.documents.get(uri)
        if document is not None:
            await self.session.queries.looked_up(document, SECONDS_TO_LOOK_UP)
        return document

    async def counted(self, document: Document, seconds: float | None = None) -> None:
        """Wait until a document is prepared, then so long at most until it is counted: by default as long as a look-up may."""
        most = SECONDS_TO_LOOK_UP if seconds is None else seconds
        await self.session.queries.looked_up(document, 0.0)
        if not self.session.report(document).ready:
            with contextlib.suppress(TimeoutError, CountingError, DocumentClosedError):
                await asyncio.wait_for(self.session.queries.whole_report(document), most)

    async def first_report(self, document: Document) -> Report:
        """The document's report as things stand; of one that was never counted, once it is, if that takes no longer than a look-up.

        Clients ask as soon as they have opened it, and a number that isn't known yet is none.
        """
        report = self.session.report(document)
        if not report.counted:
            await self.counted(document)
            report = self.session.report(document)
        return report

    async def with_models(self, document: Document, report: Report) -> Report:
        """A report with the models that are shown beside the document's own, if they are counted in the time of a look-up."""
        with contextlib.suppress(TimeoutError, ReferenceFault, CountingError, DocumentClosedError):
            return await asyncio.wait_for(
                self.session.queries.with_models(document, report), SECONDS_TO_LOOK_UP
            )
        return report

    def shown(self, uri: str) -> Document | None:
        """The open document of this name, if it shows itself: a prompt or context file, or one with a directive."""
        document = self.session.documents.get(uri)
        return document if document is not None and self.session.shows_itself(document) else None

    async def reports(
        self, seconds: float = SECONDS_FOR_WORKSPACE, about: Subject | None = None
    ) -> list[Report]:
        """The reports of all prompts: open documents as they are in the editor, then others as far as they are weighed.

        `seconds`: how long those that are not weighed yet are waited for. `about`: of the others, only those are wanted
        that have to do with it.
        """
        await self.weighed(seconds)
        documents = [*self.session.documents.values()]
        # By their paths: a client may write another URI for the same one.
        paths = {document.path for document in documents}
        workspace = self.workspace
        reports = workspace.prompts.reports() if about is None else workspace.prompts.reports_about(about)
        closed = sorted((os.fspath(path), report) for path, report in reports.items() if path not in paths)
        return [*map(self.session.report, documents), *(report for _, report in closed)]

    async def weighed(self, seconds: float = SECONDS_FOR_WORKSPACE) -> None:
        """Wait until all prompts are weighed, so long at most."""
        if seconds > SECONDS_FOR_WORKSPACE:
            # Whoever stopped it did not mean this.
            self.workspace.resume()
        settled = asyncio.ensure_future(self.workspace.settled())
        try:
            await asyncio.wait({settled}, timeout=seconds)
        finally:
            settled.cancel()

    def naming(self) -> Naming:
        """How files are named: by the editor, and by where links lead."""
        session = self.session
        folders = session.configuration.linked_folders
        return Naming(session.documents.values(), self.workspace.prompts.links(), folders)
