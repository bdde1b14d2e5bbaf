"""Watchers of files: one of our own on the folders that matter, and the client's where it has one.

A client that says it watches may still miss most: Helix tells of what it saves itself, and of nothing else.
"""

import asyncio
import contextlib
import importlib
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from lsprotocol import types
from watchfiles import awatch

from weighbridge.content.watched import SETTLE, places_of
from weighbridge.lsp.abilities import ClientAbilities
from weighbridge.lsp.client import Client
from weighbridge.lsp.protocol import RequestError

logger = logging.getLogger(__name__)

#: Seconds in which files that begin to matter are gathered.
_GATHER = 0.25
#: Seconds of quiet after which all is looked at once more: watchers may lose what changes while they hand out what did before.
_LOOK_AGAIN = 1.0
#: Seconds until files are watched again that could not be.
_TRY_AGAIN = 5.0
#: What `awatch` imports when it is first used: on the loop's thread, for 40 ms, unless it is there by then.
_IMPORTED_LATE = ("anyio._backends._asyncio", "anyio.to_thread")


class Watching:
    """Watches all files that contents depend on, existing or not."""

    def __init__(
        self,
        client: Client,
        abilities: ClientAbilities,
        changed: Callable[[Sequence[Path]], None],
        look_again: Callable[[Sequence[Path]], None],
    ) -> None:
        """`changed`: called with files that changed. `look_again`: called with all that matter, when some may have changed unseen."""
        self._client = client
        self._abilities = abilities
        self._changed = changed
        self._look_again = look_again
        self._task: asyncio.Task[None] | None = None
        self._look_due = asyncio.Event()
        self._polls = False
        #: Why files could not be watched, as it was logged last.
        self._last_error = ""

    async def begin(self, folders: Sequence[Path], watched: Callable[[], frozenset[Path]]) -> None:
        """Ask the client to watch its workspace, and watch ourselves.

        `watched` says which files matter now.
        """
        if self._abilities.watch_files and folders:
            await self._register()
        self._task = asyncio.get_running_loop().create_task(self._watch(tuple(folders), watched))

    def look(self) -> None:
        """Other files matter than before: look which, soon."""
        self._look_due.set()

    async def aclose(self) -> None:
        """Watch no longer."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _register(self) -> None:
        options = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher("**/*")])
        registration = types.Registration(
            "weighbridge-files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options
        )
        try:
            await self._client.ask(types.CLIENT_REGISTER_CAPABILITY, types.RegistrationParams([registration]))
        except RequestError as error:
            logger.warning("the client watches no files: %s", error)

    async def _watch(self, folders: tuple[Path, ...], watched: Callable[[], frozenset[Path]]) -> None:
        """Watch the folders of the files that matter, not their subfolders, whichever those are at the time; see `places_of`."""
        watching: asyncio.Task[None] | None = None
        current: Mapping[Path, int] = {}
        await asyncio.to_thread(_import_early)
        try:
            while True:
                self._look_due.clear()
                places = await asyncio.to_thread(places_of, watched(), folders)
                if places != current or (watching is not None and watching.done()):
                    if watching is not None:
                        watching.cancel()
                    current = places
                    watching = asyncio.get_running_loop().create_task(
                        self._follow(frozenset(places), watched)
                    )
                await self._look_due.wait()
                # Many contents become known together; one look is enough for them.
                await asyncio.sleep(_GATHER)
        finally:
            if watching is not None:
                watching.cancel()

    async def _follow(self, places: frozenset[Path], watched: Callable[[], frozenset[Path]]) -> None:
        """Tell of changes in these places, and of those that nobody could see before. Ends when they can't be watched."""
        if not places:
            return
        folders = {os.fspath(place) for place in places}

        def all_changed() -> None:
            self._look_again([file for file in watched() if os.path.dirname(file) in folders])  # noqa: PTH120  (quicker)

        changes = awatch(
            *places, recursive=False, step=SETTLE, watch_filter=None, force_polling=self._polls or None
        )
        try:
            following = asyncio.ensure_future(anext(changes))
            while True:
                # A file may have been read, and changed, since these places were chosen; and who watched some of them until now
                # may have seen what there was no time to tell. To look is to read, and other work comes first.
                if not (await asyncio.wait({following}, timeout=_LOOK_AGAIN))[0]:
                    all_changed()
                changed = [Path(path) for _, path in await following]
                following = asyncio.ensure_future(anext(changes))
                self._changed(changed)
                if not watched().issuperset(changed) or not places.isdisjoint(changed):
                    # Folders, perhaps, or files that are watched themselves: others may be there now, or the same ones anew.
                    self.look()
        except (OSError, RuntimeError, StopAsyncIteration) as error:
            if str(error) != self._last_error:
                self._last_error = str(error)
                logger.warning("files can't be watched for now: %s", error)
            # A folder that is gone is looked for again; where a system gives no more watches, files are looked at.
            self._polls = self._polls or not isinstance(error, FileNotFoundError)
            asyncio.get_running_loop().call_later(_TRY_AGAIN, self.look)
        finally:
            following.cancel()
            with contextlib.suppress(asyncio.CancelledError, StopAsyncIteration, OSError, RuntimeError):
                await following
            await changes.aclose()


def _import_early() -> None:
    for name in _IMPORTED_LATE:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
