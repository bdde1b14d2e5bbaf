"""Text files as they stand: in the editor if they are open there, else on disk, streamed in constant memory."""

import itertools
import os
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from weighbridge import disk
from weighbridge.content import policy
from weighbridge.content.base import NoOverlay, Overlay
from weighbridge.content.decode import decoded
from weighbridge.content.policy import FilePlace
from weighbridge.content.symlinks import links_of
from weighbridge.errors import Code, ReferenceFault
from weighbridge.fuzzy import Slips, form_of, looks_like

#: Bytes read at once.
PIECE = 1 << 17
#: Entries of a folder that are looked at for a similar name.
MOST_ENTRIES = 2000


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that may be read, as it was when it was found: what is read after is the same file, as far as the system tells.

    `version`: of the open document, None if it is read from disk. `stamp`: None if it is open. `size`: bytes.
    `links`: those that lead to it, and where they lead; empty if there are none.
    """

    place: FilePlace
    real: Path
    version: Hashable | None
    stamp: "_FileStamp | None"
    size: int
    links: tuple[Path, ...] = ()


class _FileStamp(NamedTuple):
    """What changes when a file is written to: enough to see that it is written while it is read, and for nothing more.

    Times can be set, and clocks are coarse: that a stamp is the same does not mean that the text is.
    """

    device: int
    inode: int
    size: int
    modified_ns: int
    changed_ns: int


class TextFiles:
    """Finds and reads text files. Holds nothing; any thread may use it."""

    def __init__(self, overlay: Overlay | None = None) -> None:
        self._overlay: Overlay = NoOverlay() if overlay is None else overlay

    def taken(self, path: Path, real: Path) -> bool:
        """Tell whether anything has this name, on disk or in the editor. Says nothing of whether it may be read.

        `real`: the same in its folder's real place, as an open document there is known.
        """
        return os.path.lexists(path) or self._overlay.text_of(real) is not None

    def find(self, place: FilePlace, limit: int, setting: str, *, suggest: bool = True) -> FoundFile:
        """Find a file and check that it may be read.

        `setting`: what to say where `limit`, in bytes, comes from. `suggest`: look for a similar name if it isn't there.

        Raises:
            ReferenceFault: denied, not there, too large, no ordinary file.
        """
        try:
            return self._find(place, limit, setting, suggest=suggest)
        except ReferenceFault as fault:
            fault.links = links_of(place)
            raise

    def _find(self, place: FilePlace, limit: int, setting: str, *, suggest: bool) -> FoundFile:
        real = policy.real_path(place)
        links = () if real == place.path else links_of(place)
        document = self._overlay.text_of(real)
        if document is not None:
            version, pieces = document
            size = sum(len(piece.encode("utf-8", "surrogatepass")) for piece in pieces)
            file = FoundFile(place, real, version, None, size, links)
        else:
            try:
                status = policy.status(place, real)
            except ReferenceFault as fault:
                if suggest and fault.problem.code is Code.NOT_FOUND:
                    raise _not_found(place, real) from fault
                raise
            file = FoundFile(place, real, None, _stamp(status), status.st_size, links)
        if file.size > limit:
            raise ReferenceFault(
                Code.TOO_LARGE, f"{place.name}: {file.size:,} bytes, more than the {limit:,} of {setting}"
            )
        return file

    def chunks(self, file: FoundFile) -> Iterator[str]:
        """Stream the text of a file that was found.

        Raises:
            ReferenceFault: not text, no longer there, or no longer allowed.
            TransientFault: it is not the file that was found any more, or changes while it is read.
        """
        if file.stamp is not None:
            return decoded(self.raw(file), file.place.name)
        document = self._overlay.text_of(file.real)
        if document is None or document[0] != file.version:
            raise policy.changed_fault(file.place)
        return iter(document[1])

    def raw(self, file: FoundFile) -> Iterator[bytes]:
        """Stream the bytes of a file that was found on disk. Raises as `chunks`, but for what is not text."""
        return _bytes_of(file)


def _bytes_of(file: FoundFile) -> Iterator[bytes]:
    with policy.opened(file.place, policy.real_path(file.place)) as (descriptor, status):
        if _stamp(status) != file.stamp:
            raise policy.changed_fault(file.place)
        read = 0
        while True:
            # No more than there is to be, and one byte to see whether there is more.
            amount = min(PIECE, file.size - read + 1)
            piece = os.read(descriptor, amount)
            if not piece:
                break
            read += len(piece)
            # Checked before it is handed on: a file that grows without end must not be followed.
            if read > file.size:
                raise policy.changed_fault(file.place)
            yield piece
            if read == file.size and len(piece) < amount:
                break
        if read != file.size or _stamp(os.fstat(descriptor)) != file.stamp:
            raise policy.changed_fault(file.place)


def _stamp(status: os.stat_result) -> _FileStamp:
    return _FileStamp(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _not_found(place: FilePlace, real: Path) -> ReferenceFault:
    """Say that a file isn't there, and which similar one is."""
    message = f"{place.name}: not found"
    try:
        with disk.opened_folder(real.parent) as (_, status):
            stamp = (status.st_dev, status.st_ino, status.st_mtime_ns)
        meant = _names_in(real.parent, stamp).meant(place.path.name)
    except (OSError, ValueError):
        meant = None
    if meant is None:
        return ReferenceFault(Code.NOT_FOUND, message)
    if looks_like(meant, place.path.name):
        proposal = (
            f"what is there looks the same and is written with other characters (Unicode {form_of(meant)})"
        )
    else:
        folder, slash, _ = place.name.rpartition("/")
        proposal = f"did you mean {folder}{slash}{policy.shown(meant)}?"
    similar = os.fspath(real.parent / meant), message
    return ReferenceFault(Code.NOT_FOUND, f"{message}; {proposal}", similar)


@lru_cache(maxsize=4)
def _names_in(folder: Path, stamp: tuple[int, ...]) -> Slips:  # noqa: ARG001  looked at again when it is another
    """The names of a folder's files: gathered once for all that are missing there."""
    with disk.opened_folder(folder) as (opened, _), os.scandir(opened) as entries:
        return Slips(
            entry.name
            for entry in itertools.islice(entries, MOST_ENTRIES)
            if not entry.is_dir(follow_symlinks=False)
        )
