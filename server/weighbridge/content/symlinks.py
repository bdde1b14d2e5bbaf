"""The symbolic links that a path leads through: which of them are a part of what a file is."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Final

from weighbridge.content.policy import FilePlace, may_watch

#: Links that are followed; systems follow no more.
MOST_LINKS: Final = 40


def links_of(place: FilePlace) -> tuple[Path, ...]:
    """What to watch besides a place itself, as far as it may be looked at; see `links_on`. Blocks."""
    if not may_watch(place):
        return ()
    return tuple(path for path in links_on(place.path) if may_watch(replace(place, path=path)))


def links_on(path: Path) -> tuple[Path, ...]:
    """The links on the way of an absolute path, each where it really lies, and the path that they lead to at last.

    Any of them need not be there. Empty if there are no links on the way. Blocks: it looks at every folder on the way.
    """
    links: dict[Path, None] = {}
    real = Path(path.anchor)
    left = list(reversed(path.parts[1:]))
    while left:
        name = left.pop()
        if name == os.pardir:
            real = real.parent
            continue
        location = real / name
        try:
            target = os.readlink(location)  # noqa: PTH115  (quicker)
        except (OSError, ValueError):
            real = location  # no link, or nothing at all
            continue
        if location in links or len(links) == MOST_LINKS:
            return tuple(links)
        links[location] = None
        to = Path(target)
        if to.is_absolute():
            real = Path(to.anchor)
        left += reversed(to.parts[1:] if to.is_absolute() else to.parts)
    return (*links, real) if links else ()
