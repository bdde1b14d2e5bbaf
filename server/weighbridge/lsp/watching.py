"""Who tells that files change: the client where it can, else a file watcher on the folders that matter."""

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from lsprotocol import types
from watchfiles import awatch

from weighbridge.lsp.abilities import ClientAbilities
from weighbridge.lsp.protocol import RequestError

logger = logging.getLogger(__name__)

#: Seconds in which files that begin to matter are gathered.
_GATHER = 0.1
#: Milliseconds of quiet before changes are told.
_SETTLE = 50


class Client(Protocol):
    """The way to the client."""

    async def ask(self, method: str, params: Any | None = None) -> Any: ...


class Watching:
    """Watches all files that contents depend on, existing or not."""

    def __init__(
        self, client: Client, abilities: ClientAbilities, changed: Callable[[Sequence[Path]], None]
    ) -> None:
        self._client = client
        self._abilities = abilities
        self._changed = changed
        self._task: asyncio.Task[None] | None = None
        self._other = asyncio.Event()

    async def begin(self, folders: Sequence[Path], watched: Callable[[], frozenset[Path]]) -> None:
        """Ask the client to watch its workspace; watch what it doesn't ourselves.

        `watched` says which files matter now.
        """
        client_watches = self._abilities.watch_files and bool(folders) and await self._register()
        self._task = asyncio.get_running_loop().create_task(
            self._watch(tuple(folders), watched, client_watches=client_watches)
        )

    def look(self) -> None:
        """Other files matter than before: look which, soon."""
        self._other.set()

    async def aclose(self) -> None:
        """Watch no longer."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _register(self) -> bool:
        options = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher("**/*")])
        registration = types.Registration(
            "weighbridge-files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options
        )
        try:
            await self._client.ask(types.CLIENT_REGISTER_CAPABILITY, types.RegistrationParams([registration]))
        except RequestError as error:
            logger.warning("the client watches no files: %s", error)
            return False
        return True

    async def _watch(
        self, folders: tuple[Path, ...], watched: Callable[[], frozenset[Path]], *, client_watches: bool
    ) -> None:
        """Watch the folders of the files that matter, not their subfolders, whichever those are at the time."""
        watching: asyncio.Task[None] | None = None
        current: frozenset[Path] = frozenset()
        try:
            while True:
                files = watched()
                wanted = await asyncio.to_thread(_folders_of, files, folders, client_watches=client_watches)
                if wanted != current:
                    if watching is not None:
                        watching.cancel()
                    current = wanted
                    watching = asyncio.get_running_loop().create_task(self._follow(wanted, watched))
                self._other.clear()
                await self._other.wait()
                # Many contents become known together; one look is enough for them.
                await asyncio.sleep(_GATHER)
        finally:
            if watching is not None:
                watching.cancel()

    async def _follow(self, folders: frozenset[Path], watched: Callable[[], frozenset[Path]]) -> None:
        """Tell of changes in these folders, and of those that nobody could see before."""
        if not folders:
            return
        changes = awatch(*folders, recursive=False, step=_SETTLE, watch_filter=None)
        try:
            following = asyncio.ensure_future(anext(changes))
            await asyncio.sleep(0)
            # What matters by now: a file may have been read, and changed, since these folders were chosen; and who watched
            # some of them until now may have seen what there was no time to tell.
            there = {os.fspath(folder) for folder in folders}
            self._changed([file for file in watched() if os.path.dirname(file) in there])  # noqa: PTH120  (quicker)
            while True:
                self._changed([Path(path) for _, path in await following])
                following = asyncio.ensure_future(anext(changes))
        except (OSError, RuntimeError, StopAsyncIteration) as error:
            logger.warning("files are not watched for now: %s", error)
        finally:
            following.cancel()
            with contextlib.suppress(asyncio.CancelledError, StopAsyncIteration, OSError, RuntimeError):
                await following
            await changes.aclose()


def _folders_of(
    files: frozenset[Path], folders: tuple[Path, ...], *, client_watches: bool
) -> frozenset[Path]:
    """The folders to watch ourselves: of the files that matter, and the workspace's own for its settings. Blocks."""
    parents = {file.parent for file in files}
    if client_watches:
        parents = {parent for parent in parents if not any(parent.is_relative_to(one) for one in folders)}
    else:
        parents.update(folders)
    return frozenset(parent for parent in parents if parent.is_dir())
