"""The last good response of every API, in memory and in the user's cache folder.

One file a response, whole, named by a digest, so that no URL can be read off; neither headers nor what is private come
here. Written aside and moved into place, readable by the user alone. A file that can't be understood is set aside, not read again;
where others own the folder or may write to it, nothing is read or written.
"""

import contextlib
import errno
import json
import logging
import os
import stat
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from cachetools import LRUCache

from weighbridge import disk

logger = logging.getLogger(__name__)

#: Of the files' form; another is as good as no file.
FORM = 1
#: Bytes of all files together; characters held in memory.
LARGEST_FOLDER = 64_000_000
LARGEST_MEMORY = 16_000_000
#: Seconds that a response is kept after it was fetched: a week.
LONGEST_KEPT = 7 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class LastGood:
    """A response.

    `fetched_at`: seconds since 1970, when it was last known to be today's. `url_digest`: of where it came from, after
    redirects. `private`: fetched with headers, or not to be stored: it leaves nothing on disk, nor a digest of it.
    """

    text: str
    fetched_at: float
    url_digest: str
    etag: str | None = None
    last_modified: str | None = None
    private: bool = False


class ResponseStore:
    """Keeps last good responses by key (a digest in hexadecimal).

    Any thread may use it. The disk's faults are logged, and otherwise without effect.
    """

    def __init__(self, folder: Path | None, now: Callable[[], float] = time.time) -> None:
        """`folder`: the user's, made if needed; None: memory only. `now`: seconds since 1970."""
        self._folder = folder
        self._now = now
        self._memory: LRUCache[str, LastGood] = LRUCache(
            LARGEST_MEMORY, getsizeof=lambda response: len(response.text) + 256
        )
        self._lock = threading.Lock()

    def get(self, key: str) -> LastGood | None:
        """Find the last good response, if there is one that is not too old. Reads a file at most once."""
        response = self._get(key)
        return None if response is None or self._now() - response.fetched_at > LONGEST_KEPT else response

    def _get(self, key: str) -> LastGood | None:
        with self._lock:
            cached = self._memory.get(key)
        if cached is not None or self._folder is None:
            return cached
        path = self._path(self._folder, key)
        try:
            response = _read(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            logger.warning("a cached response can't be read: %s", error.strerror)
            return None
        except (ValueError, TypeError, RecursionError):
            logger.warning("a cached response is damaged; it was set aside as %s.bad", path.name)
            with contextlib.suppress(OSError):
                path.replace(path.with_suffix(".bad"))
            return None
        self._remember(key, response)
        return response

    def put(self, key: str, response: LastGood) -> None:
        """Hold a response, on disk too unless it is private."""
        self._remember(key, response)
        if self._folder is None:
            return
        path = self._path(self._folder, key)
        try:
            if response.private:
                path.unlink(missing_ok=True)
                return
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _check_ours(self._folder.stat())
            descriptor, temporary = tempfile.mkstemp(
                dir=self._folder, suffix=".new"
            )  # readable by its owner alone
            try:
                with os.fdopen(descriptor, "w", encoding="ascii") as file:
                    json.dump({"form": FORM, **asdict(response)}, file)
                Path(temporary).replace(path)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise
            self._prune(self._folder)
        except OSError as error:
            logger.warning("a response can't be cached on disk: %s", error.strerror)

    def clear(self) -> None:
        """Forget everything, on disk too."""
        with self._lock:
            self._memory.clear()
        if self._folder is None:
            return
        for _, _, path in self._files(self._folder):
            with contextlib.suppress(OSError):
                path.unlink()

    def expire(self) -> None:
        """Remove files that nobody wrote for as long as a response is kept."""
        if self._folder is None:
            return
        for written, _, path in self._files(self._folder):
            if self._now() - written > LONGEST_KEPT:
                with contextlib.suppress(OSError):
                    path.unlink()

    def _remember(self, key: str, response: LastGood) -> None:
        # More than fits is not an error: it then lives on disk only.
        with self._lock, contextlib.suppress(ValueError):
            self._memory[key] = response

    def _prune(self, folder: Path) -> None:
        """Remove the oldest files until the folder is small enough."""
        files = sorted(self._files(folder), reverse=True)
        total = 0
        for _, size, path in files:
            total += size
            if total > LARGEST_FOLDER:
                path.unlink(missing_ok=True)

    @staticmethod
    def _files(folder: Path) -> list[tuple[float, int, Path]]:
        """Own files: (modification time, bytes, path)."""
        files = []
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.endswith((".json", ".bad", ".new")):
                    with contextlib.suppress(OSError):
                        status = entry.stat(follow_symlinks=False)
                        files.append((status.st_mtime, status.st_size, Path(entry.path)))
        return files

    @staticmethod
    def _path(folder: Path, key: str) -> Path:
        return folder / f"{key}.json"


def _read(path: Path) -> LastGood:
    """Read a file. Raises ValueError or TypeError for what was not written here, PermissionError if others may have written it."""
    _check_ours(path.parent.stat())
    with disk.opened(disk.followed(path)) as (descriptor, status):
        _check_ours(status)
        with open(descriptor, encoding="ascii", closefd=False) as file:
            data = json.load(file)
    if not isinstance(data, dict) or data.pop("form", None) != FORM:
        raise ValueError("another form")
    response = LastGood(**data)
    texts = (response.text, response.url_digest)
    if not all(isinstance(text, str) for text in texts) or not isinstance(response.fetched_at, int | float):
        raise TypeError("another form")
    for validator in (response.etag, response.last_modified):
        if not isinstance(validator, str | None):
            raise TypeError("another form")
    return response


def _check_ours(status: os.stat_result) -> None:
    """Raise PermissionError if anybody else may have written a file, or put one into a folder."""
    if os.name == "posix" and (
        status.st_uid != os.geteuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    ):
        raise PermissionError(errno.EPERM, "others own it or its folder, or may write to it")
