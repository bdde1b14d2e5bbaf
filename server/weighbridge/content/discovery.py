"""Which files of a folder are prompts and context files: by the settings' globs, ignore files honoured."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from pathspec import GitIgnoreSpec

from weighbridge.config import matches

#: Folders nobody keeps prompts in, whatever the ignore files say.
_NEVER = frozenset({".git", ".hg", ".svn", "node_modules", "__pycache__", ".venv"})
#: Bytes of an ignore file that are read.
_MOST_IGNORE_BYTES = 1024 * 1024
#: Characters and stars of a line in an ignore file: of more stars, matching takes time without end.
_MOST_PATTERN = 200
_MOST_STARS = 5


class Ignored:
    """What a folder's ignore files, and those above it up to a root, leave out."""

    def __init__(self, root: Path, specs: list[tuple[str, GitIgnoreSpec]]) -> None:
        self._root = root
        self._specs = specs

    @classmethod
    def above(cls, root: Path, folder: Path) -> "Ignored":
        """Read the ignore files from `root` down to `folder`. Blocks: a worker's work."""
        specs: list[tuple[str, GitIgnoreSpec]] = []
        for one in reversed([folder, *folder.parents]):
            if one.is_relative_to(root):
                specs.extend(_spec(root, one))
        return cls(root, specs)

    def leaves_out(self, path: Path, *, is_folder: bool) -> bool:
        """Whether a path below the root is ignored, or in a folder nobody keeps prompts in."""
        relative = path.relative_to(self._root).as_posix()
        return path.name in _NEVER or _ignored(relative + ("/" if is_folder else ""), self._specs)


def find_documents(root: Path, folder: Path, include: Sequence[str]) -> Iterator[Path]:
    """The files below `folder` that match `include` (globs relative to `root`), in order of their paths.

    Links are not followed, `.gitignore` files from `root` down are.
    """
    specs: list[tuple[str, GitIgnoreSpec]] = []
    for above in reversed(
        [one for one in (folder, *folder.parents) if one != folder and one.is_relative_to(root)]
    ):
        specs.extend(_spec(root, above))
    yield from _walk(root, folder, include, specs)


def find_files(root: Path) -> Iterator[Path]:
    """All files below a root that no ignore file leaves out, in order of their paths. Links are not followed."""
    yield from _walk(root, root, None, [])


def _walk(
    root: Path, folder: Path, include: Sequence[str] | None, specs: list[tuple[str, GitIgnoreSpec]]
) -> Iterator[Path]:
    specs = [*specs, *_spec(root, folder)]
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        path = Path(entry.path)
        relative = path.relative_to(root).as_posix()
        is_folder = entry.is_dir(follow_symlinks=False)
        if entry.name in _NEVER or _ignored(relative + ("/" if is_folder else ""), specs):
            continue
        if is_folder:
            yield from _walk(root, path, include, specs)
        elif entry.is_file(follow_symlinks=False) and (include is None or matches(relative, include)):
            yield path


def _spec(root: Path, folder: Path) -> list[tuple[str, GitIgnoreSpec]]:
    """The folder's own ignore file, with the folder it is relative to."""
    file = folder / ".gitignore"
    try:
        if not file.is_file() or file.stat().st_size > _MOST_IGNORE_BYTES:
            return []
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    base = folder.relative_to(root).as_posix()
    return [("" if base == "." else base + "/", _usable(lines))]


def _usable(lines: Sequence[str]) -> GitIgnoreSpec:
    """The lines that are patterns and can't take for ever to match; a repository's ignore file may be hostile."""
    usable = []
    for line in lines:
        if len(line) > _MOST_PATTERN or line.count("*") > _MOST_STARS:
            continue
        try:
            GitIgnoreSpec.from_lines([line])
        except ValueError:
            continue
        usable.append(line)
    return GitIgnoreSpec.from_lines(usable)


def _ignored(relative: str, specs: list[tuple[str, GitIgnoreSpec]]) -> bool:
    """Whether a path is ignored: the innermost ignore file that speaks of it decides."""
    for base, spec in reversed(specs):
        if relative.startswith(base):
            result = spec.check_file(relative[len(base) :])
            if result.include is not None:
                return bool(result.include)
    return False
