"""The progress of weighing the workspace, with a button that stops it."""

import asyncio
import logging

from lsprotocol import types

from weighbridge.lsp.backend import Backend
from weighbridge.lsp.protocol import RequestError

logger = logging.getLogger(__name__)

#: Seconds of work before its progress is shown: longer than a blink.
_SHOW_AFTER = 0.5
#: Seconds between two reports of progress.
_REPORT_EVERY = 0.25
_TITLE = "Weighbridge: weighing the workspace"


class WeighingProgress:
    """Progress that is shown while prompts that are not open are weighed, to clients that show progress."""

    def __init__(self, backend: Backend) -> None:
        self._client = backend.client
        self._workspace = backend.workspace
        self._progress = backend.abilities.progress
        self._shown: asyncio.Task[None] | None = None
        self._number = 0
        self._token = ""
        self._workspace.on_changed = self._changed

    @property
    def shown(self) -> bool:
        """Whether progress is shown, or is about to be."""
        return self._shown is not None

    def cancel(self, params: types.WorkDoneProgressCancelParams) -> None:
        """`window/workDoneProgress/cancel`: nothing more is weighed until something changes, or a refresh is asked for."""
        if params.token == self._token and self.shown:
            logger.info("weighing the workspace was cancelled")
            self._workspace.halt()

    def close(self) -> None:
        """Show nothing more."""
        self._progress = False
        if self._shown is not None:
            self._shown.cancel()

    def _changed(self) -> None:
        if self._progress and self._workspace.busy and self._shown is None:
            self._shown = asyncio.get_running_loop().create_task(self._show())

    async def _show(self) -> None:
        try:
            if not await self._settles(_SHOW_AFTER):
                await self._report()
        except RequestError as error:  # a client that refuses progress goes without
            logger.info("no progress shown: %s", error)
        finally:
            self._shown, self._token = None, ""

    async def _report(self) -> None:
        self._number += 1
        token = f"{_TITLE} ({self._number})" if self._number > 1 else _TITLE
        await self._client.ask(
            types.WINDOW_WORK_DONE_PROGRESS_CREATE, types.WorkDoneProgressCreateParams(token)
        )
        self._token = token
        self._value(types.WorkDoneProgressBegin(title=_TITLE, cancellable=True, percentage=0))
        try:
            while True:
                done, total = self._workspace.progress
                percentage = 100 * done // max(1, total)
                message = f"{done:,} of {total:,} prompts"
                self._value(
                    types.WorkDoneProgressReport(message=message, percentage=percentage, cancellable=True)
                )
                if await self._settles(_REPORT_EVERY):
                    break
        finally:
            self._value(
                types.WorkDoneProgressEnd(message=f"{len(self._workspace.prompts.reports()):,} weighed")
            )

    async def _settles(self, seconds: float) -> bool:
        """Whether all is weighed within that time."""
        settled = asyncio.ensure_future(self._workspace.settled())
        try:
            await asyncio.wait({settled}, timeout=seconds)
            return settled.done()
        finally:
            settled.cancel()

    def _value(self, value: object) -> None:
        self._client.notify(types.PROGRESS, types.ProgressParams(self._token, value))
