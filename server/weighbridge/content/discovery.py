"""Which files of a folder are prompts and context files: by the settings' globs, ignore files honoured.

Context files are found whatever ignore files say, and where they are links: agents load them all the same.
"""

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from weighbridge import disk
from weighbridge.config import matches
from weighbridge.config.documents import is_agents_folder, is_context_file
from weighbridge.config.globs import DEEPEST_PATH
from weighbridge.content.ignored import NEVER, REPOSITORY, IgnoreRules
from weighbridge.content.policy import FilePlace, real_path, roots_stay
from weighbridge.errors import ReferenceFault

#: What an ignored folder holds that is not the workspace's own: another repository or working tree, an environment, a cache.
MARKS_OF_OTHERS = (REPOSITORY, "pyvenv.cfg", "CACHEDIR.TAG")


def find_documents(root: Path, folder: Path, include: Sequence[str]) -> list[Path]:
    """Find the files below `folder` that match `include` (globs relative to `root`), in order of their paths.

    `.gitignore` files from `root` down are heeded, but for context files and what git tracks; folders deeper than any
    project's are left out. A context file that is a link is found under its own name if it leads to a file within the
    root, and so are those in an agent's folder that is one, unless they are found where it leads.
    """
    walk = _Walk(root, include)
    # Roots are followed once for all links.
    with roots_stay():
        paths = list(
            walk.files(folder, disk.followed_or_same(folder), IgnoreRules.above(root, folder.parent))
        )
        linked = list(walk.linked_files(paths))
    return sorted([*paths, *linked], key=lambda path: path.parts) if linked else paths


class _Walk:
    """One look through a root's folders. `include`: of prompts and context files."""

    def __init__(self, root: Path, include: Sequence[str]) -> None:
        self._root = root
        self._include = include
        #: Agents' folders that are links, with where they lead.
        self._links: list[tuple[Path, Path]] = []

    def files(
        self, folder: Path, real: Path, ignored: IgnoreRules, *, left_out: bool = False
    ) -> Iterator[Path]:
        """The files in a folder, however deep.

        `real`: the folder, every link followed. `left_out`: it is ignored; only what is found all the same is looked for.
        """
        try:
            with disk.opened_folder(real) as (opened, _), os.scandir(opened) as listed:
                entries = sorted(listed, key=lambda entry: entry.name)
        except OSError:
            return
        names = {entry.name for entry in entries}
        inside = "" if folder == self._root else f"{folder.relative_to(self._root).as_posix()}/"
        if (
            left_out
            and not names.isdisjoint(MARKS_OF_OTHERS)
            and not ignored.keeps(inside[:-1], is_folder=True)
        ):
            return
        ignored = ignored.in_folder(folder, real, names)
        for entry in entries:
            name = inside + entry.name
            if entry.name in NEVER:
                continue
            if entry.is_dir(follow_symlinks=False):
                if name.count("/") + 1 < DEEPEST_PATH:
                    ignores = left_out or ignored.ignores(name, is_folder=True)
                    yield from self.files(folder / entry.name, real / entry.name, ignored, left_out=ignores)
            elif entry.is_symlink():
                if self._is_linked(folder / entry.name, real, name):
                    yield folder / entry.name
            elif (
                entry.is_file(follow_symlinks=False)
                and matches(name, self._include)
                and (
                    not (left_out or ignored.ignores(name, is_folder=False))
                    or ignored.keeps(name, is_folder=False)
                )
            ):
                yield folder / entry.name

    def linked_files(self, files: Sequence[Path]) -> Iterator[Path]:
        """The context files in agents' folders that are links; each real folder is looked through once, and what was found is left out."""
        real_paths = set(map(disk.followed_or_same, files)) if self._links else set()
        seen: set[Path] = set()
        while self._links:
            link, real = self._links.pop(0)
            if real in seen:
                continue
            seen.add(real)
            for path in self.files(link, real, IgnoreRules(self._root), left_out=True):
                followed = disk.followed_or_same(path)
                if followed not in real_paths:
                    real_paths.add(followed)
                    yield path

    def _is_linked(self, path: Path, real_folder: Path, name: str) -> bool:
        """Whether a link is a context file. An agent's folder is kept for later. `real_folder`: where its folder really is."""
        is_file = is_context_file(name) and matches(name, self._include)
        is_folder = is_agents_folder(name)
        if not is_file and not is_folder:
            return False
        try:
            real = real_path(FilePlace(path, (self._root,), name))
            mode = real.lstat().st_mode
        except (ReferenceFault, OSError):
            return False
        # What a folder leads to that it is in has no end.
        if stat.S_ISDIR(mode) and is_folder and not real_folder.is_relative_to(real):
            self._links.append((path, real))
        return stat.S_ISREG(mode) and is_file
