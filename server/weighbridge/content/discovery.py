"""Which files of a folder are prompts and context files: by the settings' globs, ignore files honoured."""

import os
import re
import stat
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from pathspec import GitIgnoreSpec

from weighbridge.config import matches
from weighbridge.config.globs import DEEPEST_PATH

#: Folders nobody keeps prompts in, whatever the ignore files say.
_NEVER = frozenset({".git", ".hg", ".svn", "node_modules", "__pycache__", ".venv"})
#: Bytes of an ignore file; a larger one is as good as none.
_MOST_IGNORE_BYTES = 256 * 1024
#: Patterns that are heeded for one path, of all ignore files above it: each is tried on the path, outermost files first.
_MOST_PATTERNS = 2_000
#: Characters of a line in an ignore file.
_MOST_PATTERN = 200
#: What takes time without end to match: three stars in one name, or "any folders" at two places inside a pattern.
_ENDLESS = re.compile(r"(?:\*[^*/]+){2}\*|[^/]/\*\*/(?:.*[^/])?/\*\*/")

# An ignore file that is a link is none, as for git: it would lead anywhere. Not every system has every flag.
_OPEN_FLAGS = os.O_RDONLY
for _flag in ("O_NONBLOCK", "O_NOFOLLOW", "O_CLOEXEC", "O_NOCTTY", "O_BINARY"):
    _OPEN_FLAGS |= getattr(os, _flag, 0)

_Specs = list[tuple[str, GitIgnoreSpec]]


class Ignored:
    """What a folder's ignore files, and those above it up to a root, leave out."""

    def __init__(self, root: Path, specs: _Specs) -> None:
        self._root = root
        self._specs = specs

    @classmethod
    def above(cls, root: Path, folder: Path) -> "Ignored":
        """Read the ignore files from `root` down to `folder`. Blocks: a worker's work."""
        specs: _Specs = []
        for one in reversed([folder, *folder.parents]):
            if one.is_relative_to(root):
                specs += _spec(root, one, specs)
        return cls(root, specs)

    def leaves_out(self, path: Path, *, is_folder: bool) -> bool:
        """Whether a path below the root is ignored, or in a folder nobody keeps prompts in."""
        return self.leaves_out_relative(path.relative_to(self._root).as_posix(), is_folder=is_folder)

    def leaves_out_relative(self, relative: str, *, is_folder: bool) -> bool:
        """The same of a path relative to the root, with `/`."""
        name = relative.rpartition("/")[2]
        return name in _NEVER or _ignored(relative + ("/" if is_folder else ""), self._specs)


def find_documents(root: Path, folder: Path, include: Sequence[str]) -> Iterator[Path]:
    """The files below `folder` that match `include` (globs relative to `root`), in order of their paths.

    Links are not followed, `.gitignore` files from `root` down are heeded; folders deeper than any project's are left out.
    """
    specs: _Specs = []
    for above in reversed(
        [one for one in (folder, *folder.parents) if one != folder and one.is_relative_to(root)]
    ):
        specs += _spec(root, above, specs)
    yield from _walk(root, folder, include, specs)


def find_files(root: Path) -> Iterator[Path]:
    """All files below a root that no ignore file leaves out, in order of their paths. Links are not followed."""
    yield from _walk(root, root, None, [])


def _walk(root: Path, folder: Path, include: Sequence[str] | None, specs: _Specs) -> Iterator[Path]:
    specs = [*specs, *_spec(root, folder, specs)]
    inside = "" if folder == root else f"{folder.relative_to(root).as_posix()}/"
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        name = inside + entry.name
        if entry.is_dir(follow_symlinks=False):
            if (
                entry.name not in _NEVER
                and name.count("/") + 1 < DEEPEST_PATH
                and not _ignored(f"{name}/", specs)
            ):
                yield from _walk(root, Path(entry.path), include, specs)
        elif (
            entry.is_file(follow_symlinks=False)
            and entry.name not in _NEVER
            and (include is None or matches(name, include))
            and not _ignored(name, specs)
        ):
            yield Path(entry.path)


def _spec(root: Path, folder: Path, above: _Specs) -> _Specs:
    """The folder's own ignore file, with the folder it is relative to. `above`: those of the folders that it lies in."""
    try:
        descriptor = os.open(folder / ".gitignore", _OPEN_FLAGS)
    except OSError:
        return []
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_size > _MOST_IGNORE_BYTES:
            return []
        data = os.read(descriptor, _MOST_IGNORE_BYTES)
    except OSError:
        return []
    finally:
        os.close(descriptor)
    base = folder.relative_to(root).as_posix()
    room = _MOST_PATTERNS - sum(len(spec.patterns) for _, spec in above)
    return [("" if base == "." else base + "/", _usable(data, room))]


# Kept: each key typed in a path asks for the same few files' patterns.
@lru_cache(maxsize=16)
def _usable(data: bytes, most: int) -> GitIgnoreSpec:
    """The first lines, `most` at most, that are patterns and can't take for ever to match; a repository may be hostile."""
    usable: list[str] = []
    for line in data.decode("utf-8", "replace").splitlines():
        if len(usable) >= most:
            break
        if not line.strip() or line.startswith("#") or len(line) > _MOST_PATTERN or _ENDLESS.search(line):
            continue
        try:
            GitIgnoreSpec.from_lines([line])
        except ValueError:
            continue
        usable.append(line)
    return GitIgnoreSpec.from_lines(usable)


def _ignored(relative: str, specs: _Specs) -> bool:
    """Whether a path is ignored: the innermost ignore file that speaks of it decides."""
    for base, spec in reversed(specs):
        if relative.startswith(base):
            result = spec.check_file(relative[len(base) :])
            if result.include is not None:
                return bool(result.include)
    return False
