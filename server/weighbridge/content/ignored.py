"""What git leaves out of a folder: by its ignore files, but never a file that git tracks, nor a context file."""

import os
import re
from collections.abc import Container
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from weighbridge import disk
from weighbridge.config.documents import is_context_file
from weighbridge.content.tracked import Tracked

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

IGNORE_FILE = ".gitignore"
REPOSITORY = ".git"

#: Folders nobody keeps prompts in, whatever the ignore files say.
NEVER = frozenset({REPOSITORY, ".hg", ".svn", "node_modules", "__pycache__", ".venv", "site-packages"})
#: Bytes of an ignore file; a larger one is as good as none.
_MOST_IGNORE_BYTES = 256 * 1024
#: Patterns that are heeded for one path, of all ignore files above it: each is tried on the path, outermost files first.
_MOST_PATTERNS = 2_000
#: Characters of a line in an ignore file.
_MOST_PATTERN = 200
#: What takes time without end to match: three stars in one name, or "any folders" at two places inside a pattern.
ENDLESS = re.compile(r"(?:\*[^*/]+){2}\*|[^/]/\*\*/(?:.*[^/])?/\*\*/")


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """What the ignore files from a root down to a folder leave out. Paths are relative to the root, with `/`.

    `specs` and `tracked`: of each folder on the way that has such, by the path that those in it begin with.
    """

    root: Path
    specs: "tuple[tuple[str, GitIgnoreSpec], ...]" = ()
    tracked: tuple[tuple[str, Tracked], ...] = ()

    @classmethod
    def above(cls, root: Path, folder: Path) -> "IgnoreRules":
        """Read the ignore files from `root` down to `folder`. Blocks: a worker's work."""
        ignored, real = cls(root), disk.followed_or_same(root)
        for level in reversed([folder, *folder.parents]):
            if level.is_relative_to(root):
                git = {REPOSITORY} if os.path.lexists(level / REPOSITORY) else set()
                ignored = ignored.in_folder(level, real / level.relative_to(root), {IGNORE_FILE, *git})
        return ignored

    def in_folder(self, folder: Path, real: Path, names: Container[str]) -> "IgnoreRules":
        """The same, with what a folder that is next on the way says itself. `real`: it, links followed; `names`: what is in it."""
        base = folder.relative_to(self.root).as_posix()
        base = "" if base == "." else f"{base}/"
        specs, tracked = self.specs, self.tracked
        if IGNORE_FILE in names:
            room = _MOST_PATTERNS - sum(len(spec.patterns) for _, spec in specs)
            spec = _spec(real, room)
            specs = specs if spec is None else (*specs, (base, spec))
        if REPOSITORY in names:
            tracked = (*tracked, (base, Tracked(self.root, folder)))
        return (
            self
            if specs is self.specs and tracked is self.tracked
            else IgnoreRules(self.root, specs, tracked)
        )

    def leaves_out(self, path: str, *, is_folder: bool) -> bool:
        """Whether a path is left out: a folder with all in it, but for context files."""
        if path.rpartition("/")[2] in NEVER:
            return True
        return self.ignores(path, is_folder=is_folder) and not self.keeps(path, is_folder=is_folder)

    def ignores(self, path: str, *, is_folder: bool) -> bool:
        """Whether the ignore files leave a path out: the innermost that speaks of it decides."""
        written = f"{path}/" if is_folder else path
        for base, spec in reversed(self.specs):
            if path.startswith(base):
                result = spec.check_file(written[len(base) :])
                if result.include is not None:
                    return bool(result.include)
        return False

    def keeps(self, path: str, *, is_folder: bool) -> bool:
        """Whether what ignore files leave out is found all the same: git tracks it, or it is a context file."""
        if not is_folder and is_context_file(path):
            return True
        for base, tracked in reversed(self.tracked):
            if path.startswith(base):
                inside = path[len(base) :]
                return tracked.any_in(inside) if is_folder else tracked.file(inside)
        return False


def _spec(real: Path, most: int) -> "GitIgnoreSpec | None":
    """The patterns of a folder's own ignore file, `most` at most; None if there is no such file.

    An ignore file that is a link, or is reached by one from the root, is none, as for git: it would lead anywhere.
    """
    try:
        with disk.opened(real / IGNORE_FILE) as (descriptor, status):
            if status.st_size > _MOST_IGNORE_BYTES:
                return None
            return _usable(os.read(descriptor, _MOST_IGNORE_BYTES), most)
    except OSError:
        return None


# Kept: each key typed in a path asks for the same few files' patterns.
@lru_cache(maxsize=16)
def _usable(data: bytes, most: int) -> "GitIgnoreSpec":
    """The first lines, `most` at most, that are patterns and can't take for ever to match; a repository may be hostile."""
    # Where nothing is ignored it need not be loaded.
    from pathspec import GitIgnoreSpec  # noqa: PLC0415

    usable: list[str] = []
    for line in data.decode("utf-8", "replace").splitlines():
        if len(usable) >= most:
            break
        if not line.strip() or line.startswith("#") or len(line) > _MOST_PATTERN or ENDLESS.search(line):
            continue
        try:
            GitIgnoreSpec.from_lines([line])
        except ValueError:
            continue
        usable.append(line)
    return GitIgnoreSpec.from_lines(usable)
