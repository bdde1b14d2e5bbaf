"""The files that a glob of OpenCode's and Kilo's `instructions` matches."""

import fnmatch
import os
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from weighbridge.agents.braces import alternatives
from weighbridge.agents.model import Files

_GLOB = re.compile(r"[*?\[{]|@\(")
#: Characters of a pattern, and what its braces stand for at most: each pair of them doubles it.
_LONGEST_PATTERN = 1_000
_MOST_ALTERNATIVES = 1_000


def is_glob(pattern: str) -> bool:
    """Whether a pattern stands for other names than its own."""
    return _GLOB.search(pattern) is not None


def glob(place: Path, pattern: str, files: Files, *, own: bool) -> Iterator[Path]:
    """The files below a folder that a pattern matches, in each folder's own order. `own`: whether the user wrote the pattern."""
    if pattern.endswith("/") or len(pattern) > _LONGEST_PATTERN:
        # Folders, which are no instructions; or what nobody writes.
        return
    if not is_glob(pattern):
        path = Path(os.path.normpath(place / pattern))
        if files.size(path) is not None:
            yield path
        return
    for alternative in islice(alternatives(pattern), _MOST_ALTERNATIVES):
        fixed: list[str] = []
        parts = [part for part in alternative.split("/") if part not in {"", "."}]
        parts = [part for at, part in enumerate(parts) if parts[at - 1 : at] != ["**"] or part != "**"]
        while parts and not is_glob(parts[0]):
            fixed.append(parts.pop(0))
        if parts:
            start = Path(os.path.normpath(place.joinpath(*fixed)))
            yield from _walked(start, tuple(parts), files, set(), own=own, first=not fixed)
        elif files.size(path := Path(os.path.normpath(place.joinpath(*fixed)))) is not None:
            yield path


def _walked(
    place: Path,
    parts: tuple[str, ...],
    files: Files,
    seen: set[tuple[Path, tuple[str, ...]]],
    *,
    own: bool,
    first: bool,
) -> Iterator[Path]:
    """The files that the parts of a pattern match from a folder on. `seen`: where the same was looked for already.

    `first`: whether these are all its parts: else a link to a folder may stand for `**`.
    """
    if (place, parts) in seen:
        return
    seen.add((place, parts))
    part, rest = parts[0], parts[1:]
    if part == "**" and rest:
        yield from _walked(place, rest, files, seen, own=own, first=False)
    for name in files.names(place, own=own):
        path = place / name
        matches = part == "**" or fnmatch.fnmatchcase(name, part.replace("[^", "[!"))
        if not files.is_folder(path):
            if matches and not rest:
                yield path
        elif part == "**" and not files.is_link(path):
            yield from _walked(path, parts, files, seen, own=own, first=first)
        elif matches and rest and not (part == "**" and first):
            yield from _walked(path, rest, files, seen, own=own, first=False)
