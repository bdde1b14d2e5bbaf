"""Text files as they stand: in the editor if they are open there, else on disk, streamed in constant memory."""

import difflib
import itertools
import os
import time
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from weighbridge import disk
from weighbridge.content import policy
from weighbridge.content.base import NoOverlay, Overlay
from weighbridge.content.decode import decoded
from weighbridge.content.policy import Place
from weighbridge.errors import Code, ReferenceFault

#: Bytes read at once.
PIECE = 1 << 17
#: Whether the system says when a file changed last, which nobody can set; elsewhere it says when the file was made.
CHANGE_TIMES = os.name == "posix"
#: Nanoseconds. What changed so lately may change again and keep its times: the coarsest clocks of file systems tell two
#: seconds apart, those that tell less than a millisecond apart are a system's own, which tick a hundred times a second or more.
FRESH = 3_000_000_000
FRESH_BY_FINE_CLOCK = 100_000_000
_MILLISECOND = 1_000_000
#: Entries of a folder that are looked at for a similar name.
MOST_ENTRIES = 2000
#: Share of two names' stems that must agree for one to be a slip of the other.
LEAST_ALIKE = 0.5


@dataclass(frozen=True, slots=True)
class Found:
    """A file that may be read, as it was when it was found. Equal if nothing changed since, as far as a look tells.

    `version`: of the open document, None if it is read from disk. `stamp`: modification time in nanoseconds, size in
    bytes, inode, device; None if it is open. `limit`: bytes, larger is refused.
    """

    place: Place
    real: Path
    version: Hashable | None
    stamp: tuple[int, int, int, int] | None
    size: int
    limit: int
    #: See Content; None if it is open, or changed so lately that another change may not show.
    fingerprint: bytes | None = field(default=None, compare=False)
    #: What it was made of besides the path.
    numbers: tuple[int, ...] = field(default=(), compare=False)


class TextFiles:
    """Finds and reads text files. Holds nothing; any thread may use it."""

    def __init__(self, overlay: Overlay | None = None, now: Callable[[], int] = time.time_ns) -> None:
        """`now`: the clock, in nanoseconds since 1970."""
        self._overlay: Overlay = NoOverlay() if overlay is None else overlay
        self._now = now

    def taken(self, path: Path, real: Path) -> bool:
        """Tell whether anything has this name, on disk or in the editor. Says nothing of whether it may be read.

        `real`: the same in its folder's real place, as an open document there is known.
        """
        return os.path.lexists(path) or self._overlay.text_of(real) is not None

    def find(self, place: Place, limit: int, setting: str, *, suggest: bool = True) -> Found:
        """Find a file and check that it may be read.

        `setting`: what to say where `limit`, in bytes, comes from. `suggest`: look for a similar name if it isn't there.

        Raises:
            ReferenceFault: denied, not there, too large, no ordinary file.
        """
        real = policy.real_path(place)
        document = self._overlay.text_of(real)
        if document is not None:
            version, pieces = document
            size = sum(len(piece.encode("utf-8", "surrogatepass")) for piece in pieces)
            found = Found(place, real, version, None, size, limit)
        else:
            try:
                status = policy.status(place, real)
            except ReferenceFault as fault:
                if suggest and fault.problem.code is Code.NOT_FOUND:
                    raise ReferenceFault(Code.NOT_FOUND, _not_found(place, real)) from fault
                raise
            numbers = _numbers(status)
            fingerprint = _fingerprint(real, numbers) if self._settled(status) else None
            found = Found(place, real, None, _stamp(status), status.st_size, limit, fingerprint, numbers)
        if found.size > limit:
            raise ReferenceFault(
                Code.TOO_LARGE, f"{place.name}: {found.size:,} bytes, more than the {limit:,} of {setting}"
            )
        return found

    def chunks(self, found: Found) -> Iterator[str]:
        """Stream the text of a file that was found.

        Raises:
            ReferenceFault: not text, no longer there, or no longer allowed.
            TransientFault: it is not the file that was found any more, or changes while it is read.
        """
        if found.stamp is not None:
            return decoded(self.raw(found), found.place.name)
        document = self._overlay.text_of(found.real)
        if document is None or document[0] != found.version:
            raise policy.changed_fault(found.place)
        return iter(document[1])

    def raw(self, found: Found) -> Iterator[bytes]:
        """Stream the bytes of a file that was found on disk. Raises as `chunks`, but for what is not text."""
        return _bytes_of(found)

    def ends(self, found: Found, head: int, tail: int) -> tuple[bytes, bytes]:
        """Read the first and the last bytes of a file that has a fingerprint, so many of each or all there are.

        Raises:
            ReferenceFault: no longer there, or no longer allowed.
            TransientFault: it is not the file that was found any more, or changes while it is read.
        """
        with policy.opened(found.place, found.real) as (descriptor, status):
            _check_fingerprint(found, status)
            first = _read_at(descriptor, 0, min(head, found.size))
            last = _read_at(descriptor, max(0, found.size - tail), min(tail, found.size))
            _check_fingerprint(found, os.fstat(descriptor))
        return first, last

    def _settled(self, status: os.stat_result) -> bool:
        """Whether any change from now on shows in the file's times: none was so lately that they might stay the same."""
        latest = max(status.st_mtime_ns, status.st_ctime_ns)
        return CHANGE_TIMES and latest + fresh_for(status.st_ctime_ns) < self._now()

    def changed(self, found: Found) -> bool:
        """Tell whether finding it again gives something else. Looks, and does not read."""
        try:
            real = policy.real_path(found.place)
            document = self._overlay.text_of(real)
            if document is not None:
                return (real, document[0], None) != (found.real, found.version, found.stamp)
            stamp = _stamp(policy.status(found.place, real))
        except ReferenceFault:
            return True
        return (real, None, stamp) != (found.real, found.version, found.stamp)


def _bytes_of(found: Found) -> Iterator[bytes]:
    with policy.opened(found.place, policy.real_path(found.place)) as (descriptor, status):
        if _stamp(status) != found.stamp:
            raise policy.changed_fault(found.place)
        if found.fingerprint is not None:
            _check_fingerprint(found, status)
        read = 0
        while True:
            # No more than there is to be, and one byte to see whether there is more.
            asked = min(PIECE, found.size - read + 1)
            piece = os.read(descriptor, asked)
            if not piece:
                break
            read += len(piece)
            # Checked before it is handed on: a file that grows without end must not be followed.
            if read > found.size:
                raise policy.changed_fault(found.place)
            yield piece
            if read == found.size and len(piece) < asked:
                break
        after = os.fstat(descriptor)
        if read != found.size or _stamp(after) != found.stamp:
            raise policy.changed_fault(found.place)
        if found.fingerprint is not None:
            _check_fingerprint(found, after)


def _read_at(descriptor: int, offset: int, size: int) -> bytes:
    # Where there is no such call, there are no fingerprints, and nobody comes here: see `CHANGE_TIMES`.
    read = b""
    while len(read) < size and (piece := os.pread(descriptor, size - len(read), offset + len(read))):
        read += piece
    return read


def fresh_for(changed_ns: int) -> int:
    """Nanoseconds from a file's last change, by its own time, until no other change can bear the same time."""
    return FRESH_BY_FINE_CLOCK if changed_ns % _MILLISECOND else FRESH


def _numbers(status: os.stat_result) -> tuple[int, ...]:
    """All that changes when anybody writes to a file. The time of the last change can't be set."""
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_dev


def _fingerprint(real: Path, numbers: tuple[int, ...]) -> bytes:
    """Name a file's place, and that it is as it was."""
    return f"{'/'.join(map(str, numbers))}/".encode() + os.fsencode(real)


def _check_fingerprint(found: Found, status: os.stat_result) -> None:
    if _numbers(status) != found.numbers:
        raise policy.changed_fault(found.place)


def _stamp(status: os.stat_result) -> tuple[int, int, int, int]:
    return status.st_mtime_ns, status.st_size, status.st_ino, status.st_dev


def _not_found(place: Place, real: Path) -> str:
    """Say that a file isn't there, and which similar one is."""
    try:
        with disk.opened_folder(real.parent) as (opened, _), os.scandir(opened) as entries:
            names = {
                entry.name.casefold(): entry.name
                for entry in itertools.islice(entries, MOST_ENTRIES)
                if not entry.is_dir(follow_symlinks=False)
            }
    except (OSError, ValueError):
        names = {}
    wanted = place.path.name.casefold()[:255]
    for name in difflib.get_close_matches(wanted, names, n=3, cutoff=0.7):
        # The same ending alone makes short names no more alike.
        if difflib.SequenceMatcher(None, Path(wanted).stem, Path(name).stem).ratio() < LEAST_ALIKE:
            continue
        folder, slash, _ = place.name.rpartition("/")
        return f"{place.name}: not found; did you mean {folder}{slash}{policy.shown(names[name])}?"
    return f"{place.name}: not found"
