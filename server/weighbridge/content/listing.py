"""What a folder holds that a reference may name: for completion, and for the nearest to a name that isn't there."""

import itertools
import os
from dataclasses import dataclass
from pathlib import Path

from weighbridge.content.base import Scope
from weighbridge.content.discovery import Ignored
from weighbridge.content.policy import Place, place_of, real_path, roots_of
from weighbridge.errors import ReferenceFault

#: Entries of one folder that are looked at: a hostile one has a million.
MOST_ENTRIES = 20_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder by its name."""

    name: str
    is_folder: bool


def list_folder(target: str, base: Path | None, scope: Scope, *, hidden: bool = False) -> list[Entry]:
    """List a folder as references name it, folders first, then by name. Blocks: a worker's work.

    `target`: relative to `base`, empty for that itself. `hidden`: names that begin with a dot as well. What ignore files
    leave out, and links that lead out of the workspace, are left out. A folder that may not be read is empty.
    """
    try:
        place = place_of(target or ".", base, scope)
        folder = real_path(place)
        with os.scandir(folder) as found:
            entries = list(itertools.islice(found, MOST_ENTRIES))
    except (ReferenceFault, OSError):
        return []
    root = next((one for one in roots_of(scope) if place.path.is_relative_to(one)), None)
    ignored = None if root is None else Ignored.above(root, place.path)
    listed = []
    for entry in entries:
        if entry.name.startswith(".") and not hidden:
            continue
        try:
            is_folder = entry.is_dir()
            if entry.is_symlink():
                real_path(_inside(place, entry.name, scope))
            elif not is_folder and not entry.is_file():
                continue
        except (ReferenceFault, OSError):
            continue
        if ignored is None or not ignored.leaves_out(place.path / entry.name, is_folder=is_folder):
            listed.append(Entry(entry.name, is_folder))
    return sorted(listed, key=lambda one: (not one.is_folder, one.name.casefold(), one.name))


def _inside(place: Place, name: str, scope: Scope) -> Place:
    return place_of(os.fspath(place.path / name), place.path, scope)
