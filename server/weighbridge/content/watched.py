"""Files that are watched: in which places, and when some of them may have changed."""

import contextlib
import stat
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from watchfiles import watch

from weighbridge.errors import UnwatchableError

SETTLE: Final = 50
"""Milliseconds of quiet before changes are told."""
#: Milliseconds of quiet after which all is looked at once more: watchers may lose what changes while they begin, or hand out
#: what did before.
_LOOK_AGAIN = 1_000


def changes(places: Callable[[], Mapping[Path, int]]) -> Iterator[None]:
    """Yield whenever files in some places may have changed. Blocks until then.

    `places`: as `places_of` gives them, asked for after each change. Raises UnwatchableError.
    """
    polls: bool | None = None
    while True:
        current = places()
        settled = False
        watching = watch(
            *current,
            recursive=False,
            step=SETTLE,
            watch_filter=None,
            force_polling=polls,
            rust_timeout=_LOOK_AGAIN,
            yield_on_timeout=True,
        )
        try:
            for changed in watching:
                if changed or not settled:
                    yield
                    settled = not changed
                    if places() != current:
                        break
        except FileNotFoundError:
            # A place that is gone since: what is above it is watched.
            yield
        except (OSError, RuntimeError) as error:
            # Where a system gives no more watches, files are looked at.
            if polls:
                raise UnwatchableError(f"files can't be watched: {error}") from None
            polls = True
        finally:
            watching.close()


def places_of(
    files: Collection[Path], folders: Collection[Path], besides: Iterable[Path] = ()
) -> dict[Path, int]:
    """The places to watch, each with its number on its disk: made anew, it is another. Blocks.

    They are the folders of the files that matter, and the workspace's own for its settings; and those above them, as far as
    the workspace goes: whoever moves one away changes nothing in it. Of those that are not there, what is above is watched. A
    file that has several names is watched itself: who writes it by another name changes nothing in its folder. `besides`:
    other folders to watch.
    """
    needed_folders = {*folders, *besides}
    for parent in {file.parent for file in files}:
        within = [folder for folder in folders if parent.is_relative_to(folder)]
        needed_folders.add(parent)
        if within:
            top = min(within, key=lambda folder: len(folder.parts))
            needed_folders.update(above for above in parent.parents if above.is_relative_to(top))
    places: dict[Path, int] = {}
    for place in (*needed_folders, *files):
        with contextlib.suppress(OSError):
            status = place.lstat() if place in files else place.stat()
            if stat.S_ISDIR(status.st_mode) or (stat.S_ISREG(status.st_mode) and status.st_nlink > 1):
                places[place] = status.st_ino
    return places
