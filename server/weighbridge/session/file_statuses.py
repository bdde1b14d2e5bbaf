"""What the system says of files, to see that some changed though nobody told."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path

from weighbridge.content.tree import SETTLED

#: What tells that a file changed, and when it did last.
Status = tuple[tuple[int, ...], int]
#: Of a file that was never looked at.
_NEVER: Status = (), 0


class FileStatuses:
    """What the system said of files when they were looked at last."""

    def __init__(self) -> None:
        self._statuses: dict[Path, Status | None] = {}
        #: From when on files are looked at, in nanoseconds.
        self._since = 0

    def begin(self) -> None:
        """Files are read from now on."""
        self._since = time.time_ns() - SETTLED

    def differing(
        self, statuses: dict[Path, Status | None], is_needed: Callable[[Path], object]
    ) -> list[Path]:
        """The files that may not be what they were when they were read. Keeps `statuses`, and of others what is needed."""
        old_statuses = {path: status for path, status in self._statuses.items() if is_needed(path)}
        self._statuses = old_statuses | statuses
        return [
            path
            for path, status in statuses.items()
            if self._may_differ(status, old_statuses.get(path, _NEVER))
        ]

    def _may_differ(self, status: Status | None, old_status: Status | None) -> bool:
        """Whether a file may not be what it was when it was read: before it was looked at first, but after all this began."""
        if old_status is not _NEVER:
            return status != old_status
        return status is None or status[1] >= self._since


def statuses_of(paths: Iterable[Path]) -> dict[Path, Status | None]:
    """What the system says of files. Blocks: a worker's work."""
    return {path: _status(path) for path in paths}


def _status(path: Path) -> Status | None:
    """What tells that a file changed, and when it did last; None if it isn't there."""
    try:
        status = path.stat()
    except OSError:
        return None
    times = (status.st_mtime_ns, status.st_ctime_ns)
    return (status.st_dev, status.st_ino, status.st_size, *times), max(times)
