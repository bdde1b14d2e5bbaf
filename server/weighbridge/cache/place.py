"""Where a store's database is, and what is done to its file."""

import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from platformdirs import user_cache_path

from weighbridge.cache.faults import UntrustedError, UnusableError

if TYPE_CHECKING:
    from sqlalchemy import URL

FILE_NAME: Final = "counts.sqlite3"

# SQLite's companions of a file. They go first when it is set aside: a new database must never meet an old log.
_COMPANIONS: Final = ("-wal", "-shm", "-journal")


@dataclass(frozen=True, slots=True)
class DatabasePlace:
    """A database's URL, and its file if it is SQLite in one. `ours`: in the user's cache folder, not somewhere they named."""

    url: "URL"
    path: Path | None
    ours: bool

    @property
    def label(self) -> str:
        """What it is called in messages. Of a URL only the kind of database: every other part of it may be secret."""
        return (
            str(self.path)
            if self.path is not None
            else f"the {self.url.get_backend_name()} database of cacheUrl"
        )


def own_path() -> Path:
    """The file in the user's cache folder."""
    return user_cache_path("weighbridge", appauthor=False) / FILE_NAME


def place_of(cache_url: str | None) -> DatabasePlace:
    """Say where counts are kept: what `cacheUrl` says, or the user's cache folder.

    Raises ArgumentError, SQLAlchemy's, if that is no URL; UnusableError if it is one of another kind of database.
    """
    from sqlalchemy import URL, make_url  # noqa: PLC0415  the file alone can be asked for without

    if cache_url is None:
        path = own_path()
        return DatabasePlace(URL.create("sqlite", database=str(path)), path, ours=True)
    url = make_url(cache_url)
    if url.drivername == "postgresql":
        # SQLAlchemy would take the driver's older generation.
        url = url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() not in {"sqlite", "postgresql"}:
        raise UnusableError("it names neither SQLite nor PostgreSQL")
    name = url.database
    in_file = (
        url.get_backend_name() == "sqlite" and name and name != ":memory:" and not name.startswith("file:")
    )
    return DatabasePlace(url, Path(name) if in_file and name else None, ours=False)


def prepare(path: Path | None, *, ours: bool) -> None:
    """Make the file's folder and the file, for its owner's eyes alone. One that was there keeps its permissions unless it is ours.

    In the user's cache folder, what others own or may write to is not believed: a planted count would be shown as exact.

    Raises UnusableError if what is there is no file, UntrustedError if it may be others', OSError if it can't be made.
    """
    if path is None:
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if ours and os.name == "posix":
        if path.parent.stat().st_uid != os.geteuid():
            raise UnusableError("its folder belongs to another user")
        # From here on nobody else can put anything into it.
        path.parent.chmod(0o700)
    try:
        # Opening a pipe would wait for its other end, so what is there is looked at first.
        status = path.stat()
    except FileNotFoundError:
        # SQLite gives its companion files the permissions of the database.
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise UnusableError("it is a folder" if stat.S_ISDIR(status.st_mode) else "it is no regular file")
    if ours and os.name == "posix":
        # SQLite would put a planted log into the database.
        for file in (path, *(path.with_name(path.name + companion) for companion in _COMPANIONS)):
            _check_trusted(file)
        path.chmod(0o600)


def _check_trusted(path: Path) -> None:
    """Raise UntrustedError if anybody else may have written a file, or led here by a link."""
    for look in (path.lstat, path.stat):
        try:
            status = look()
        except FileNotFoundError:
            return
        if status.st_uid != os.geteuid():
            raise UntrustedError("it belongs to another user")
        if not stat.S_ISLNK(status.st_mode) and status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise UntrustedError("others may have written to it")


def identity(path: Path) -> tuple[int, int] | None:
    """Give what tells a file from another that took its name; None if there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def set_aside(path: Path) -> Path:
    """Rename a damaged database with its companions. Nothing is deleted. Give its new path.

    Raises OSError if it can't be renamed.
    """
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    aside = path.with_name(f"{path.name}.corrupt-{stamp}")
    for companion in _COMPANIONS:
        with suppress(FileNotFoundError):
            path.with_name(path.name + companion).rename(aside.with_name(aside.name + companion))
    path.rename(aside)
    return aside
