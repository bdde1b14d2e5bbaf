"""Globs over paths relative to a folder, as in ignore files: `*`, `**`, `?`, `[…]`; a pattern with `!` takes away.

Patterns come from repositories and paths too, so matching takes time in proportion to both, whatever they hold: a part
of a path is matched by a regular expression that never goes back over what it has passed, and the parts by following
all possible places at once.
"""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from weighbridge.name_patterns import class_end, part_pattern

#: Characters of one glob.
LONGEST_GLOB = 500
#: Parts between its slashes.
MOST_PARTS = 32
#: Parts of a path; no project has deeper folders, and patterns speak of none that are.
DEEPEST_PATH = 256

_ANY_FOLDERS = "**"


def matches(path: str, patterns: Sequence[str]) -> bool:
    """Whether a relative path of a file matches: the last pattern that speaks of it decides.

    A pattern that names a folder speaks of all in it, so `!old/` takes away whatever patterns before it say (in an
    ignore file it would not). Patterns that can't be read speak of nothing. Never raises.
    """
    return _compiled(tuple(patterns)).match(path)


def glob_fault(pattern: str) -> str | None:
    """What is wrong with a pattern, for people; None if it can be used."""
    if len(pattern) > LONGEST_GLOB:
        return f"a glob has at most {LONGEST_GLOB} characters"
    if "\\" in pattern:
        return "a glob separates folders with / on every system, and writes a literal * as [*]"
    if not pattern.removeprefix("!").strip("/ "):
        return "an empty glob matches nothing"
    if pattern.strip("/").count("/") >= MOST_PARTS:
        return f"a glob has at most {MOST_PARTS} parts between slashes"
    return None


def has_open_class(pattern: str) -> bool:
    """Whether a `[` is never closed: it stands for itself then, which nobody means who writes settings."""
    for part in pattern.split("/"):
        at = part.find("[")
        while at >= 0:
            end = class_end(part, at + 1)
            if end is None:
                return True
            at = part.find("[", end)
    return False


@dataclass(frozen=True, slots=True)
class _Glob:
    """`parts`: of folders and file; a text stands for itself, None for any number of folders."""

    parts: tuple[str | re.Pattern[str] | None, ...]
    literals: frozenset[str]
    takes_away: bool
    folders_only: bool

    def match(self, names: Sequence[str]) -> bool:
        """Whether it matches the path itself, or a folder that it lies in."""
        if len(self.parts) == 2 and self.parts[0] is None:
            return self._matches_any(names, self.parts[1])
        end = len(self.parts)
        places = self._reached({0})
        for number, name in enumerate(names, 1):
            next_places = set()
            for place in places:
                part = self.parts[place] if place < end else ""
                if part is None:
                    next_places.add(place)
                elif part == name or (isinstance(part, re.Pattern) and part.fullmatch(name)):
                    next_places.add(place + 1)
            places = self._reached(next_places)
            if end in places and (number < len(names) or not self.folders_only):
                return True
        return False

    def _matches_any(self, names: Sequence[str], part: str | re.Pattern[str] | None) -> bool:
        """Whether a glob for a name in any folder, as most are, matches a path with these names."""
        candidates = names[:-1] if self.folders_only else names
        if isinstance(part, re.Pattern):
            return any(part.fullmatch(name) for name in candidates)
        return part in candidates

    def _reached(self, places: set[int]) -> set[int]:
        """The places, with those behind "any number of folders", which may be none. The last part is never that."""
        behind = {place + 1 for place in places if place < len(self.parts) and self.parts[place] is None}
        return places | behind


class _Globs:
    """Patterns, compiled."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._last_first = [glob for pattern in reversed(patterns) if (glob := _glob(pattern)) is not None]

    def match(self, path: str) -> bool:
        names = (path.replace("\\", "/") if os.name == "nt" else path).split("/")
        if len(names) > DEEPEST_PATH:
            return False
        name_set = frozenset(names)
        for glob in self._last_first:
            # Most globs hold a name that most paths don't.
            if glob.literals <= name_set and glob.match(names):
                return not glob.takes_away
        return False


@lru_cache(maxsize=64)
def _compiled(patterns: tuple[str, ...]) -> _Globs:
    return _Globs(patterns)


def _glob(pattern: str) -> _Glob | None:
    if glob_fault(pattern) is not None:
        return None
    takes_away = pattern.startswith("!")
    text = pattern[takes_away:].rstrip(" ")
    names = text.strip("/").split("/")
    anchored = text.startswith("/") or len(names) > 1
    if not anchored:
        names.insert(0, _ANY_FOLDERS)
    parts = [
        None if name == _ANY_FOLDERS else part_pattern(name)
        for name, before in zip(names, ["", *names], strict=False)
        # One after another stands for what one does.
        if name != before or name != _ANY_FOLDERS
    ]
    if parts[-1] is None:
        # Everything in the folders before, but not they themselves.
        parts.append(part_pattern("*"))
    literals = frozenset(part for part in parts if isinstance(part, str))
    return _Glob(tuple(parts), literals, takes_away, text.endswith("/"))
