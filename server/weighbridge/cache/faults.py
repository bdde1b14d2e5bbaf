"""What keeps a database from being used, in words for people. No message of a driver is repeated: it may hold a password."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sqlalchemy.exc import DBAPIError


class Remedy(Enum):
    """What can be done about it."""

    WAIT = auto()
    REBUILD = auto()
    NOTHING = auto()


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a database can't be used. `reason` follows a name and a colon in a sentence."""

    reason: str
    remedy: Remedy


class UnusableError(Exception):
    """A database that no driver complains of, but that can't be used. Its text is the reason."""

    remedy = Remedy.NOTHING


class DeletedError(UnusableError):
    """The database's file is gone."""

    remedy = Remedy.REBUILD

    def __init__(self) -> None:
        super().__init__("it was deleted")


class UntrustedError(UnusableError):
    """Somebody else may have written what the database's file holds."""

    remedy = Remedy.REBUILD


class NewerSchemaError(UnusableError):
    """The tables were written by a newer Weighbridge."""

    def __init__(self, version: int, newest: int) -> None:
        super().__init__(f"it was written by a newer Weighbridge (schema {version}, this one knows {newest})")


# SQLite's primary result codes, of https://www.sqlite.org/rescode.html.
_SQLITE: Final = {
    5: Fault("it is locked by another program", Remedy.WAIT),
    6: Fault("it is locked by another program", Remedy.WAIT),
    8: Fault("it can't be written to", Remedy.WAIT),
    10: Fault("reading or writing it failed", Remedy.WAIT),
    11: Fault("it is damaged", Remedy.REBUILD),
    13: Fault("the disk is full", Remedy.WAIT),
    14: Fault("it can't be opened", Remedy.WAIT),
    26: Fault("it is no database", Remedy.REBUILD),
}


# PostgreSQL's SQLSTATEs, of https://www.postgresql.org/docs/current/errcodes-appendix.html. One that can't be reached gives none.
_POSTGRES: Final[dict[str | None, Fault]] = {
    None: Fault("it can't be reached, or lets nobody in", Remedy.WAIT),
    "25006": Fault("it can only be read now", Remedy.WAIT),
    "3D000": Fault("there is no such database", Remedy.NOTHING),
    "28000": Fault("it does not know this user", Remedy.NOTHING),
    "28P01": Fault("the password is wrong", Remedy.NOTHING),
    "42501": Fault("this user lacks a right there: docs/team-cache.md says what to grant", Remedy.NOTHING),
    "53300": Fault("it has no connection left", Remedy.WAIT),
    "57014": Fault("it takes too long to answer", Remedy.WAIT),
}

_BUSY: Final = (5, 6)


def is_busy(error: "DBAPIError") -> bool:
    """Whether it is SQLite saying that somebody else holds a lock."""
    return _sqlite_code(error) in _BUSY


def fault_of(error: Exception) -> Fault:
    """Say what is behind an error of the database, of its driver, or of the disk."""
    from sqlalchemy.exc import (  # noqa: PLC0415  who opens no database needs none of it
        ArgumentError,
        DBAPIError,
        IntegrityError,
        InterfaceError,
        InternalError,
        NoSuchModuleError,
        OperationalError,
    )

    if isinstance(error, DBAPIError):
        # The other errors are about what was written or asked: that won't be different the next time.
        passing = isinstance(error, OperationalError | InterfaceError | InternalError | IntegrityError)
        fault = _SQLITE.get(_sqlite_code(error)) or _POSTGRES.get(getattr(error.orig, "sqlstate", ""))
        return fault or Fault(
            f"it gave an error ({type(error.orig).__name__})", Remedy.WAIT if passing else Remedy.NOTHING
        )
    if isinstance(error, UnusableError):
        return Fault(str(error), error.remedy)
    if isinstance(error, NoSuchModuleError | ImportError):
        return Fault("its driver is not installed: pip install 'weighbridge[postgres]'", Remedy.NOTHING)
    if isinstance(error, ArgumentError):
        return Fault("it is no URL of a database", Remedy.NOTHING)
    if isinstance(error, OSError):
        return Fault(error.strerror or type(error).__name__, Remedy.WAIT)
    return Fault(f"it can't be used ({type(error).__name__})", Remedy.NOTHING)


def _sqlite_code(error: "DBAPIError") -> int:
    """SQLite's primary result code; 0 if it is another database's error."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else 0
