"""The files of a workspace: those that match what is typed, and those whose paths are most like one that isn't there."""

import heapq
import itertools
import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cachetools import LRUCache

from weighbridge.content.base import Scope
from weighbridge.content.policy import roots_of
from weighbridge.content.tree import Tree
from weighbridge.fuzzy import Match, folded, match_of_folded

#: How like a name must be to be meant, from 0 to 1.
_LEAST_ALIKE = 0.7
#: Files that are compared in full, of those that look most alike.
_MOST_COMPARED = 200
#: Roots whose files are kept, and answers.
_MOST_ROOTS, _MOST_KEPT = 32, 256

#: How like a path is, negative, and the path.
_Ranked = tuple[float, str]


@dataclass(slots=True)
class _FileNames:
    """The names of files, in lower case; and what was nearest to a path that was asked for."""

    paths: Sequence[str]
    names: Sequence[str]
    stems: Sequence[str]
    rankings: LRUCache[Path, Sequence[_Ranked]] = field(default_factory=lambda: LRUCache(_MOST_KEPT))


class NearestFiles:
    """The files of a workspace's folders that no ignore file leaves out. Kept; any thread may use it."""

    def __init__(self) -> None:
        self._trees: LRUCache[Path, Tree] = LRUCache(_MOST_ROOTS)
        self._names: LRUCache[Path, _FileNames] = LRUCache(_MOST_ROOTS)
        self._lock = threading.Lock()

    def below(self, root: Path) -> Sequence[str]:
        """List a root's files: their paths from it on, with `/`, in order. Blocks: a worker's work."""
        with self._lock:
            tree = self._trees.get(root)
            if tree is None:
                tree = self._trees[root] = Tree(root)
        return tree.files()

    def matching(self, typed: str, base: Path | None, scope: Scope, most: int) -> list[str]:
        """List files outside `base` whose names or paths match what is typed: the closest first, the nearest first among
        those; relative to `base`. Hidden ones are found by a dot that is typed. Blocks.
        """
        if base is None:
            return []
        roots = (root for root in roots_of(scope) if base.is_relative_to(root))
        ranked_paths = {
            ranked
            for root in roots
            for ranked in _matching(typed.casefold(), self.below(root), base.relative_to(root).parts)
        }
        return [path for _, _, path in heapq.nsmallest(most, ranked_paths)]

    def nearest(self, target: str, base: Path | None, scope: Scope, most: int) -> list[str]:
        """List files whose paths are most like one that isn't there, the likest first, relative to `base`. Blocks.

        Another case comes first, then the same name elsewhere, then a name that is nearly the same.
        """
        if base is None:
            return []
        missing = Path(os.path.normpath(base / target))
        ranked: set[_Ranked] = set()
        for root in roots_of(scope):
            if base.is_relative_to(root):
                ranked.update(
                    (rank, Path(os.path.relpath(root / path, base)).as_posix())
                    for rank, path in self._ranked(root, missing)
                )
        return [name for _, name in sorted(ranked)[:most]]

    def _ranked(self, root: Path, missing: Path) -> Sequence[_Ranked]:
        paths = self.below(root)
        with self._lock:
            names = self._names.get(root)
            if names is None or names.paths is not paths:
                looks = [folded(path.rpartition("/")[2]) for path in paths]
                names = self._names[root] = _FileNames(paths, looks, [*map(_stem, looks)])
            ranking = names.rankings.get(missing)
        if ranking is None:
            ranking = sorted(_ranked(missing, root, names))
            with self._lock:
                names.rankings[missing] = ranking
        return ranking


def _matching(typed: str, paths: Sequence[str], base: tuple[str, ...]) -> Iterator[tuple[Match, int, str]]:
    """How paths match what is typed, how many steps away they are, and how they are written from `base`; only those that match and
    are outside it. What a folder's files have in common is found out once: all files of a workspace are looked at.
    """
    above = before = None
    shown, cut, steps = False, 0, 0
    for path in paths:
        folder, _, name = path.rpartition("/")
        if folder != above:
            above, parts = folder, folder.split("/") if folder else []
            common = sum(
                1
                for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(base, parts, strict=False))
            )
            before = "../" * (len(base) - common)
            cut = sum(len(part) + 1 for part in parts[:common])
            steps = len(base) + len(parts) - 2 * common
            shown = steps > 0 and (typed.startswith(".") or not any(part.startswith(".") for part in parts))
        if not shown or (name.startswith(".") and not typed.startswith(".")):
            continue
        match = match_of_folded(typed, name.casefold())
        if match is None:
            match = match_of_folded(typed, path[cut:].casefold())
        if match is not None:
            yield match, steps, f"{before}{path[cut:]}"


def _ranked(missing: Path, root: Path, names: _FileNames) -> Iterator[_Ranked]:
    """The paths that are like the missing one, and how much: up to 2."""
    from rapidfuzz.distance.Indel import normalized_similarity as ratio  # noqa: PLC0415  starting is what users feel
    from rapidfuzz.process import extract  # noqa: PLC0415  as above

    name, written = folded(missing.name), folded(Path(os.path.relpath(missing, root)).as_posix())
    for file_name, path in zip(names.names, names.paths, strict=True):
        if file_name == name:
            yield -1 - ratio(written, folded(path)), path
    matches = extract(
        _stem(name),
        names.stems,
        scorer=ratio,
        processor=None,
        score_cutoff=_LEAST_ALIKE,
        limit=_MOST_COMPARED,
    )
    for _, _, number in matches:
        file_name, path = names.names[number], names.paths[number]
        if file_name != name and file_name.startswith(".") == name.startswith("."):
            yield -ratio(written, folded(path)), path


def _stem(name: str) -> str:
    """A name without its ending: the same one makes names no more alike."""
    return name.rpartition(".")[0] or name
