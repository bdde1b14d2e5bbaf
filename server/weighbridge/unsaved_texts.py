"""Texts that an editor holds and has not saved, as `weighbridge serve --mcp` tells them to `weighbridge mcp`, over a Unix socket.

    asked     {"folder": "/real/path"} and a line feed
    answered  {"texts": {"/real/path/a.md": "its text", …}}, then the connection ends

The sockets, one for each server, are in a folder of the user's cache folder that nobody else may enter. Who is at the other end
must be the same user; what goes over it never leaves the machine. Who asks decides what may be read, as it does of files.
"""

import asyncio
import contextlib
import json
import logging
import os
import secrets
import socket
import stat
import struct
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from platformdirs import user_cache_path

logger = logging.getLogger(__name__)

#: Seconds for a question and its answer, and bytes of both.
_SECONDS: Final = 10.0
_LONGEST_QUESTION: Final = 1 << 16
#: Seconds until it is tried again to accept a connection, where that can't be had.
_PAUSE: Final = 1.0
_MOST_BYTES: Final = 1 << 26
_MODE: Final = 0o700
_CREDENTIALS: Final = struct.Struct("3i")

Texts = Mapping[Path, str]
"""By the files' real paths."""


@dataclass(frozen=True, slots=True)
class Unsaved:
    """What editors hold unsaved; `warnings`: what could not be had."""

    texts: Texts
    warnings: tuple[str, ...] = ()


class Offer:
    """A server's socket, at which unsaved texts can be asked for until it is closed."""

    def __init__(
        self, path: Path, listening: socket.socket, texts_under: Callable[[Path], Awaitable[Texts]]
    ) -> None:
        self._path = path
        self._listening = listening
        self._texts_under = texts_under
        self._answering: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._listen()

    @classmethod
    async def begin(cls, texts_under: Callable[[Path], Awaitable[Texts]]) -> "Offer":
        """Listen. `texts_under`: the unsaved texts of files in a folder.

        Raises:
            OSError: there can be no socket there, or the folder is another user's.
        """
        if not hasattr(asyncio, "start_unix_server"):
            raise OSError("this system has no Unix sockets")
        folder = _folder()
        folder.mkdir(mode=_MODE, parents=True, exist_ok=True)
        if folder.lstat().st_uid == os.geteuid():
            folder.chmod(_MODE)
        if not _is_private(folder):
            raise OSError(f"{folder}: not a folder of this user alone")
        # Short: such a path has a hundred bytes at most.
        path = folder / secrets.token_hex(4)
        listening = socket.socket(socket.AF_UNIX)
        try:
            listening.setblocking(False)
            listening.bind(str(path))
            path.chmod(0o600)
            listening.listen()
        except OSError:
            listening.close()
            raise
        return cls(path, listening, texts_under)

    async def aclose(self) -> None:
        """Listen no more, and leave no question half answered. Whoever doesn't read its answer has some seconds at most."""
        self._loop.remove_reader(self._listening)
        self._listening.close()
        self._path.unlink(missing_ok=True)
        await asyncio.gather(*self._answering, return_exceptions=True)

    def _listen(self) -> None:
        if self._listening.fileno() >= 0:
            self._loop.add_reader(self._listening, self._accept)

    def _accept(self) -> None:
        # asyncio's own server loses a connection that is accepted in the turn in which it is closed.
        try:
            connection, _ = self._listening.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        except OSError:
            # There are no more descriptors, most likely: the loop does not turn for nothing until there are.
            self._loop.remove_reader(self._listening)
            self._loop.call_later(_PAUSE, self._listen)
            return
        connection.setblocking(False)
        task = self._loop.create_task(self._answer(connection))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _answer(self, connection: socket.socket) -> None:
        with connection:
            try:
                async with asyncio.timeout(_SECONDS):
                    if _is_same_user(connection):
                        asked = json.loads(await self._question(connection))
                        texts = await self._texts_under(Path(asked["folder"]))
                        written = await asyncio.to_thread(_written, texts)
                        await self._loop.sock_sendall(connection, written)
            except Exception as error:  # noqa: BLE001  whatever it is, the next one is answered
                # Its type alone: a message may hold what was asked or answered.
                logger.warning("a question for unsaved texts was not answered: %s", type(error).__name__)
                # The loop lets go of a socket one turn after it was waited for in vain.
                await asyncio.sleep(0)

    async def _question(self, connection: socket.socket) -> bytes:
        asked = bytearray()
        while b"\n" not in asked and len(asked) < _LONGEST_QUESTION:
            piece = await self._loop.sock_recv(connection, _LONGEST_QUESTION)
            if not piece:
                break
            asked += piece
        return bytes(asked)


def unsaved_under(folder: Path) -> Unsaved:
    """What the editors of this user hold unsaved of the files in a folder, every link followed. Blocks, some seconds at most.

    Where two hold the same file, the one whose server was started last counts.
    """
    texts: dict[Path, str] = {}
    faults = 0
    for place in _sockets():
        try:
            texts |= _asked(place, folder)
        except FileNotFoundError:
            # It ended just now.
            continue
        except ConnectionRefusedError:
            # It ended without a word. Names are never used again.
            with contextlib.suppress(OSError):
                place.unlink()
        except (OSError, ValueError, RecursionError):
            faults += 1
    if not faults:
        return Unsaved(texts)
    return Unsaved(
        texts, ("an editor's language server gave no answer: what is not saved there is not counted",)
    )


def _folder() -> Path:
    return user_cache_path("weighbridge", appauthor=False) / "live"


def _sockets() -> list[Path]:
    """The sockets of running servers, and of those that ended without a word; those that began last are last."""
    folder = _folder()
    with contextlib.suppress(OSError):
        if hasattr(socket, "AF_UNIX") and _is_private(folder):
            statuses = [(path.lstat(), path) for path in folder.iterdir()]
            dated = [(status.st_mtime_ns, path) for status, path in statuses if stat.S_ISSOCK(status.st_mode)]
            return [path for _, path in sorted(dated)]
    return []


def _is_private(folder: Path) -> bool:
    """Whether a folder is one, no link, that its owner alone may enter, and the owner is this user."""
    status = folder.lstat()
    return (
        stat.S_ISDIR(status.st_mode)
        and status.st_uid == os.geteuid()
        and not status.st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    )


def _is_same_user(connection: Any) -> bool:
    """Whether this user is at the other end, where the system tells; elsewhere the folder's owner is all that is known."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return bool(_CREDENTIALS.unpack(credentials)[1] == os.geteuid())


def _written(texts: Texts) -> bytes:
    return json.dumps({"texts": {str(path): text for path, text in texts.items()}}).encode()


def _asked(place: Path, folder: Path) -> dict[Path, str]:
    """The answer of one server.

    Raises:
        OSError: it can't be reached, is another user's, or takes too long.
        ValueError: what it said is no answer, or ended before its end.
    """
    until = time.monotonic() + _SECONDS
    said = bytearray()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_SECONDS)
        connection.connect(str(place))
        if not _is_same_user(connection):
            raise PermissionError("another user's")
        connection.sendall(json.dumps({"folder": str(folder)}).encode() + b"\n")
        while piece := connection.recv(1 << 20):
            said += piece
            left = until - time.monotonic()
            if left <= 0 or len(said) > _MOST_BYTES:
                raise TimeoutError
            connection.settimeout(left)
    answer = json.loads(said)
    texts = answer.get("texts") if isinstance(answer, dict) else None
    if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
        raise ValueError("no answer")
    return {path: text for name, text in texts.items() if (path := Path(name)).is_relative_to(folder)}
