"""What a folder holds that a reference may name: for completion, and for the nearest to a name that isn't there."""

import difflib
import itertools
import os
from dataclasses import dataclass
from pathlib import Path

from weighbridge.content.base import Scope
from weighbridge.content.discovery import Ignored, find_files
from weighbridge.content.policy import Place, place_of, real_path, roots_of
from weighbridge.errors import ReferenceFault

#: Entries of one folder that are looked at: a hostile one has a million.
MOST_ENTRIES = 20_000
#: How like a name must be to be meant, from 0 to 1.
_LEAST_ALIKE = 0.7


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


def nearest(target: str, base: Path | None, scope: Scope, most: int) -> list[str]:
    """Files whose paths are most like one that isn't there, the likest first, relative to `base`. Blocks: a worker's work.

    Another case comes first, then the same name elsewhere, then a name that is nearly the same.
    """
    if base is None:
        return []
    wanted = Path(os.path.normpath(base / target))
    ranked: list[tuple[float, str]] = []
    for root in roots_of(scope):
        if not base.is_relative_to(root):
            continue
        for path in itertools.islice(find_files(root), MOST_ENTRIES):
            likeness = _likeness(wanted, path, root)
            if likeness is not None:
                ranked.append((-likeness, Path(os.path.relpath(path, base)).as_posix()))
    return [name for _, name in sorted(set(ranked))[:most]]


def _likeness(wanted: Path, path: Path, root: Path) -> float | None:
    """How like a path is, up to 3; None if it isn't."""
    if str(path).casefold() == str(wanted).casefold():
        return 3.0
    same_name = path.name.casefold() == wanted.name.casefold()
    matcher = difflib.SequenceMatcher(None, wanted.name.casefold(), path.name.casefold())
    if not same_name and (matcher.real_quick_ratio() < _LEAST_ALIKE or matcher.ratio() < _LEAST_ALIKE):
        return None
    written = os.path.relpath(wanted, root).casefold()
    whole = difflib.SequenceMatcher(None, written, path.relative_to(root).as_posix().casefold()).ratio()
    return (1.0 if same_name else 0.0) + whole


def _inside(place: Place, name: str, scope: Scope) -> Place:
    return place_of(os.fspath(place.path / name), place.path, scope)
