"""The disk as agents' rules see it: what lies in allowed folders, and the files that the rules themselves name above.

An agent walks up to the file system's root; a repository must not make us follow it anywhere. So a file is opened where
it lies in an allowed folder, all links followed, or where the agent's own rules or the user's own files name it (`own`):
then if no link is on its path, or its path begins with a folder of the user's own. What a repository's texts and settings
name is never `own`. Only ordinary files are opened. What was refused is in `refused`.
"""

import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from weighbridge import disk
from weighbridge.content.depends import Depends
from weighbridge.content.ignored import ENDLESS

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

#: Bytes of one file that are read at most: agents skip or cut far below this.
MOST_BYTES = 32 * 1024 * 1024
#: Files in which one is looked for that matches patterns, and as many patterns.
_MOST_MATCHED, _MOST_LIKELY = 20_000, 1_000
_MOST_PATTERNS = 200
#: Changed paths that are held against patterns.
_MOST_CHANGED = 20
#: Folders that a pattern begins with, none of which is above.
_PLAIN_FOLDERS = re.compile(r"(?:(?!\.\./)[\w.@ -]+/)+")
_BRACES = re.compile(r"\{([^{}]*)\}")
#: Names in one folder that are looked at.
MOST_NAMES = 20_000


@dataclass(frozen=True, slots=True)
class Awaited:
    """Files that something waits for: those below a folder that match lines of git's ignore files, in small letters."""

    folder: Path
    lines: tuple[str, ...]

    def concerns(self, path: Path) -> bool:
        """Whether there may be others of these files since this path changed: it is one, or may be a folder."""
        if not path.is_relative_to(self.folder):
            return False
        name = path.relative_to(self.folder).as_posix()
        return not path.suffix or _spec_of(self.lines).match_file(name.lower())

    def watched(self) -> Iterator[Path]:
        """Names that are no file's, in the folders where such files may appear, as far as the lines tell these."""
        for line in ("", *self.lines):
            match = _PLAIN_FOLDERS.match(line)
            yield self.folder / (match[0] if match is not None else "") / "*"


def any_concerned(awaited: Iterable[Awaited], paths: Sequence[Path]) -> bool:
    """Whether there may be others of some awaited files since paths changed. Of many paths none is looked at: there may be."""
    return any(
        len(paths) > _MOST_CHANGED or any(patterns.concerns(path) for path in paths) for patterns in awaited
    )


@lru_cache(256)
def _spec_of(lines: tuple[str, ...]) -> "GitIgnoreSpec":
    from pathspec import GitIgnoreSpec  # noqa: PLC0415  few need it, and it takes long to load

    # What a folder's pattern ends with says nothing more to agents: a folder stands for all in it.
    return GitIgnoreSpec.from_lines([*lines, *(line.removesuffix("/**") for line in lines)])


@dataclass(slots=True)
class AgentFiles:
    """Reads for agents' rules. `roots`: folders whose files may be opened, their links followed within these folders.

    `trusted`: folders of the user's own (the agents' folders in the home), whose links may lead anywhere. `open_text`: the
    unsaved text of an open document by its real path, None where it is not open. `looked`: what the answers depend on,
    files and folders, existing or not; `awaited`: and any file that these match; `queried`: of what only the kind was asked for;
    `listed`: folders whose names were. `moved`: a folder, and where what is in it is looked up instead: another revision of
    it, which then has the paths that agents put into labels.
    """

    roots: tuple[Path, ...]
    trusted: tuple[Path, ...] = ()
    open_text: Callable[[Path], str | None] = lambda _: None
    moved: tuple[Path, Path] | None = None
    refused: list[Path] = field(default_factory=list)
    looked: set[Path] = field(default_factory=set)
    awaited: list[Awaited] = field(default_factory=list)
    queried: set[Path] = field(default_factory=set)
    listed: set[Path] = field(default_factory=set)
    #: Paths with all links followed, as far as they were looked up; and the hashes of files' bytes, None of those not there.
    links: dict[Path, Path] = field(default_factory=dict)
    hashes: dict[Path, int | None] = field(default_factory=dict)
    #: The open document's text that was last asked for, and its bytes.
    _encoded: tuple[str, bytes] = ("", b"")

    @property
    def depends(self) -> Depends:
        """All that the answers depend on."""
        return Depends(frozenset(self.looked | self.queried), frozenset(self.listed))

    def read(self, path: Path, *, own: bool = True) -> bytes | None:
        """A regular file's bytes, at most `MOST_BYTES`; None where there is none, or it may not be opened."""
        self.looked.add(path)
        real = self.real(path)
        if not self._allowed(path, real, own=own):
            return None
        data = self._data(real)
        self.hashes[real] = None if data is None else hash(data)
        return data

    def _data(self, real: Path) -> bytes | None:
        typed = self._open_bytes(real)
        if typed is not None:
            return typed
        try:
            with (
                disk.opened(self._place(real)) as (descriptor, _),
                open(descriptor, "rb", closefd=False) as opened,
            ):
                return opened.read(MOST_BYTES + 1)
        except (OSError, ValueError):
            return None

    def _open_bytes(self, real: Path) -> bytes | None:
        """The bytes that an open document's text stands for. Rules ask for the same one several times."""
        text = self.open_text(real)
        if text is None:
            return None
        if text is not self._encoded[0]:
            self._encoded = text, text.encode("utf-8", "surrogatepass")
        return self._encoded[1]

    def size(self, path: Path) -> int | None:
        """A regular file's bytes by their number; None where there is none."""
        self.looked.add(path)
        real = self.real(path)
        typed = self._open_bytes(real)
        if typed is not None:
            return len(typed)
        try:
            status = self._place(path).stat()
        except (OSError, ValueError):
            status = None
        if status is not None and stat.S_ISREG(status.st_mode):
            return status.st_size
        self.hashes.setdefault(real, None)
        return None

    def is_folder(self, path: Path) -> bool:
        """Whether a folder is there, links followed."""
        self.queried.add(path)
        return os.path.isdir(self._place(path))  # noqa: PTH112  (raises nothing)

    def is_link(self, path: Path) -> bool:
        """Whether the path's last part is a link."""
        self.queried.add(path)
        return os.path.islink(self._place(path))  # noqa: PTH114

    def exists(self, path: Path) -> bool:
        """Whether anything is there, links followed."""
        self.queried.add(path)
        return os.path.exists(self._place(path))  # noqa: PTH110

    def names(self, folder: Path, *, own: bool = True) -> list[str]:
        """The names in a folder, in its own order; none where it is no folder or may not be listed."""
        self.looked.add(folder)
        self.listed.add(folder)
        real = self.real(folder)
        if not self._allowed(folder, real, own=own):
            return []
        names: list[str] = []
        try:
            with disk.opened_folder(self._place(real)) as (opened, _), os.scandir(opened) as listed:
                for entry in listed:
                    names.append(entry.name)
                    if len(names) >= MOST_NAMES:
                        break
        except (OSError, ValueError):
            return []
        return names

    def real(self, path: Path) -> Path:
        """The path with all links followed, as far as it exists. Looked up once: who reads asks for it many times."""
        # Others may have looked it up.
        self.queried.add(path)
        real = self.links.get(path)
        if real is None:
            real = self.links[path] = self._named(disk.followed_or_same(self._place(path)))
        return real

    def identity(self, path: Path) -> object:
        """A value that is equal for two paths to one file; the path itself where nothing is there."""
        self.queried.add(path)
        try:
            status = self._place(path).stat()
        except (OSError, ValueError):
            return path
        return status.st_dev, status.st_ino

    def holds_match(self, folder: Path, patterns: Iterable[str]) -> bool | None:
        """Whether any file below a folder matches patterns of git's ignore files, whatever the case.

        None where that is not known: the folder may not be listed, holds too much, or the patterns can't be read.
        """
        real = self.real(folder)
        if not self._allowed(folder, real, own=False):
            return None
        expanded = [alternative for pattern in patterns for alternative in braces_expanded(pattern)]
        lines = tuple(alternative.lower() for alternative in expanded)
        if any(ENDLESS.search(line) for line in lines):
            return None
        try:
            spec = _spec_of(lines)
        except ValueError:
            return None
        self.awaited.append(Awaited(real, lines))
        # Where the patterns point, then everywhere.
        likely = [
            prefix[0] for alternative in expanded if (prefix := _PLAIN_FOLDERS.match(alternative)) is not None
        ]
        for below, most in (*((below, _MOST_LIKELY) for below in dict.fromkeys(likely)), ("", _MOST_MATCHED)):
            match = _match(self._place(real), below, spec, most)
            if match:
                self.looked.add(real / match)
                return True
        return None if match is None else False

    def watched(self) -> frozenset[Path]:
        """Of what was looked at, what lies in folders that may be read."""
        folders = self.roots + self.trusted
        return frozenset(path for path in self.looked if _lies_in_any(path, folders))

    def _place(self, path: Path) -> Path:
        """Where a path is looked up."""
        return path if self.moved is None else _moved(path, *self.moved)

    def _named(self, place: Path) -> Path:
        """The path of what is looked up at a place."""
        return place if self.moved is None else _moved(place, *reversed(self.moved))

    def _allowed(self, path: Path, real: Path, *, own: bool) -> bool:
        written = Path(os.path.normpath(path))
        allowed = _lies_in_any(real, map(self.real, self.roots)) or (
            own and (real == written or _lies_in_any(written, self.trusted))
        )
        if not allowed:
            self.refused.append(path)
        return allowed


def _match(top: Path, below: str, spec: "GitIgnoreSpec", most: int) -> str | None:
    """A match in a folder below a real one, no link followed; empty for none, None if it holds more than that, and none in it."""
    todo = [below]
    while todo:
        above = todo.pop()
        try:
            with disk.opened_folder(top / above) as (opened, _), os.scandir(opened) as listed:
                for entry in listed:
                    most -= 1
                    if most < 0:
                        return None
                    if entry.is_dir(follow_symlinks=False):
                        if entry.name != ".git":
                            todo.append(f"{above}{entry.name}/")
                    elif spec.match_file(f"{above}{entry.name}".lower()):
                        return f"{above}{entry.name}"
        except (OSError, ValueError):
            continue
    return ""


def braces_expanded(pattern: str) -> list[str]:
    """A pattern with its innermost braces written out: `a.{ts,js}` is `a.ts` and `a.js`; no more than some."""
    done: list[str] = []
    todo = [pattern]
    while todo and len(done) + len(todo) <= _MOST_PATTERNS:
        alternative = todo.pop()
        braces = _BRACES.search(alternative)
        if braces is None:
            done.append(alternative)
        else:
            todo += [
                alternative[: braces.start()] + part + alternative[braces.end() :]
                for part in braces[1].split(",")
            ]
    return [*dict.fromkeys(done + todo)]


def _moved(path: Path, source: Path, target: Path) -> Path:
    """The path in `target` of what lies in `source`; what lies elsewhere stays."""
    if not _lies_in_any(path, (source,)):
        return path
    return target / os.fspath(path)[len(os.fspath(source)) :].lstrip(os.sep)


def _lies_in_any(path: Path, folders: Iterable[Path]) -> bool:
    # As strings: every file that an agent looks for is asked about.
    path_text = os.fspath(path)
    return any(
        path_text == folder or path_text.startswith(os.path.join(folder, ""))  # noqa: PTH118
        for folder in map(os.fspath, folders)
    )
