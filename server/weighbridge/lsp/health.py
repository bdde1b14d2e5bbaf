"""The server's health, as clients see it: `experimental/serverStatus`, `$/progress`, and warnings that are shown once."""

import asyncio
import logging
from collections.abc import Callable, Container
from typing import Any

from lsprotocol import types

from weighbridge.lsp.abilities import ClientAbilities
from weighbridge.lsp.client import Client
from weighbridge.lsp.protocol import RequestError
from weighbridge.work import TaskManager, TaskState, TaskStatus

logger = logging.getLogger(__name__)

#: Seconds of work before its progress is shown: longer than a blink.
_SHOW_AFTER = 0.5
#: Seconds between two reports of progress.
_REPORT_EVERY = 0.25
#: What some clients show while it runs (Helix prints the token itself).
_TITLE = "Weighbridge: counting"


class Health:
    """Tells the client how busy and how well the server is."""

    def __init__(
        self,
        client: Client,
        abilities: ClientAbilities,
        tasks: TaskManager,
        shown_elsewhere: Callable[[], bool] = lambda: False,
    ) -> None:
        """`shown_elsewhere`: whether the tasks' progress is another's to show now."""
        self._shown_elsewhere = shown_elsewhere
        self._client = client
        self._abilities = abilities
        self._tasks = tasks
        #: What is to be known now; and all that was said in the log, where each is said once.
        self._warnings: list[str] = []
        self._said: set[str] = set()
        self._settings_warnings: tuple[str, ...] = ()
        self._last: dict[str, Any] | None = None
        self._number = 0
        self._finished = 0
        self._timer: asyncio.TimerHandle | None = None
        self._progress: asyncio.Task[None] | None = None
        self._forget = tasks.on_change(self._task_changed)

    def warn(self, text: str) -> None:
        """Warn that something works less well than it should: once in the log, and in the server's status until it is over."""
        if text not in self._warnings:
            self._warnings.append(text)
            self._send()
        if text not in self._said:
            self._said.add(text)
            logger.warning("%s", text)
            self._client.notify(
                types.WINDOW_LOG_MESSAGE, types.LogMessageParams(types.MessageType.Warning, text)
            )

    def over(self, text: str) -> None:
        """What was warned of does not hold any more."""
        if text in self._warnings:
            self._warnings.remove(text)
            self._send()

    def settings_warnings(self, warnings: tuple[str, ...], in_files: Container[str] = ()) -> None:
        """The settings' faults: each is shown when it is new, unless it is told `in_files`."""
        shown = {_anyhow(text) for text in self._settings_warnings}
        for text in warnings:
            if _anyhow(text) not in shown:
                shown.add(_anyhow(text))
                # The user sees what is wrong; the log has no values.
                logger.warning("a setting can't be used as it is: %s", text.partition(":")[0])
                if text not in in_files:
                    self._client.notify(
                        types.WINDOW_SHOW_MESSAGE, types.ShowMessageParams(types.MessageType.Warning, text)
                    )
        self._settings_warnings = warnings
        self._send()

    def close(self) -> None:
        """Say nothing more."""
        self._warnings.clear()
        self._forget()
        if self._timer is not None:
            self._timer.cancel()
        if self._progress is not None:
            self._progress.cancel()

    def _task_changed(self, status: TaskStatus) -> None:
        if status.state in {TaskState.DONE, TaskState.FAILED, TaskState.CANCELLED}:
            self._finished += 1
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_SHOW_AFTER, self._look)

    def _look(self) -> None:
        """Work began a while ago: show it if it still goes on."""
        self._timer = None
        self._send()
        if self._tasks.idle:
            self._finished = 0
        elif self._abilities.progress and self._progress is None and not self._shown_elsewhere():
            self._progress = asyncio.get_running_loop().create_task(self._show_progress())
        elif self._progress is None:
            self._timer = asyncio.get_running_loop().call_later(_SHOW_AFTER, self._look)

    async def _show_progress(self) -> None:
        self._number += 1
        token = _TITLE if self._number == 1 else f"{_TITLE} ({self._number})"
        try:
            await self._client.ask(
                types.WINDOW_WORK_DONE_PROGRESS_CREATE, types.WorkDoneProgressCreateParams(token)
            )
            self._value(token, types.WorkDoneProgressBegin(title=_TITLE, cancellable=False, percentage=0))
            percentage = 0
            while not self._tasks.idle:
                done, left = self._finished, self._unfinished()
                # It never steps back, whatever is found to be done: so the protocol wants it.
                percentage = max(percentage, 100 * done // max(1, done + left))
                self._value(
                    token,
                    types.WorkDoneProgressReport(
                        message=f"{done:,} of {done + left:,}", percentage=percentage
                    ),
                )
                idle = asyncio.ensure_future(self._tasks.wait_idle())
                await asyncio.wait({idle}, timeout=_REPORT_EVERY)
                idle.cancel()
            self._value(token, types.WorkDoneProgressEnd(message=f"{self._finished:,} counted"))
        except RequestError as error:  # a client that refuses progress goes without
            logger.info("no progress shown: %s", error)
        finally:
            self._finished = 0
            self._progress = None
            self._send()

    def _unfinished(self) -> int:
        counts = self._tasks.counts()
        return sum(
            counts.get(state, 0) for state in (TaskState.QUEUED, TaskState.RUNNING, TaskState.RETRYING)
        )

    def _value(self, token: str, value: Any) -> None:
        self._client.notify(types.PROGRESS, types.ProgressParams(token, value))

    def _send(self) -> None:
        if not self._abilities.server_status:
            return
        texts = [*self._warnings, *self._settings_warnings]
        status: dict[str, Any] = {"health": "warning" if texts else "ok", "quiescent": self._tasks.idle}
        if texts:
            status["message"] = "\n".join(texts)
        if status != self._last:
            self._last = status
            self._client.notify("experimental/serverStatus", status)


def _anyhow(warning: str) -> str:
    """A settings warning, the same in whichever of its ways the editor sent the setting: many send it in both."""
    return warning.replace("; ignored in initializationOptions", "; ignored in editor")
