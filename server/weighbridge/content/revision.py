"""The files of another revision, laid out in a folder of their own as far as they are asked for: by git, when the user names it.

The repository may be hostile, and git does what its settings say: so git is only asked for names and for what is in
files, never to check anything out (no filter, hook or monitor runs), and it may not fetch what is missing. Names that lead
out of the folder are left out, and links that others lie behind: nothing is written through one.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import IO, NamedTuple, TypeVar

from weighbridge import disk
from weighbridge.content.depends import Depends
from weighbridge.errors import WeighbridgeError

#: Bytes: larger files are laid out empty, and say so by their size nowhere: no prompt is that long.
MOST_BYTES = 64 * 1024 * 1024
_FILE, _PROGRAM, _LINK = "100644", "100755", "120000"
_SAFE = (
    *("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "protocol.allow=never"),
    *("-c", "core.sshCommand=false", "-c", "core.attributesFile=/dev/null"),
)
_PIECE = 1 << 16
_GIT = ".git"
_NO_NAMES = frozenset({"", ".", "..", _GIT})
_SHA1_DIGITS = 40
_MOST_LINKS = 40


T = TypeVar("T")


class UnknownRevisionError(WeighbridgeError):
    """A revision that can't be looked at; the message names it and says why."""


class TreeEntry(NamedTuple):
    """A file or link of a revision. `digest`: as git names what is in it."""

    mode: str
    digest: str


class Revision:
    """A revision of the repository at `top`. `tree`: the folder in which what is asked for is laid out."""

    def __init__(self, revision: str, top: Path, tree: Path, entries: Mapping[str, TreeEntry]) -> None:
        """`revision`: as the user names it. `entries`: by their paths from the top, with `/`."""
        self.revision = revision
        self.top = top
        self.tree = tree
        self.entries = entries
        self._laid_out: set[str] = set()
        self._names: dict[Path, str | None] = {}
        self._same: dict[tuple[Path, bool], bool] = {}

    def holds(self, path: Path, text: str) -> bool:
        """Whether the file at a path, every link followed, had this very text then."""
        entry = self.entries.get(self.name(path) or "")
        if entry is None or entry.mode == _LINK:
            return False
        data = text.encode()
        return len(data) <= MOST_BYTES and entry.digest == _digest(data, entry)

    def same(self, depends: Depends, *, beyond: bool = False) -> bool:
        """Whether all that something depends on is in the repository what it was. `beyond`: what lies outside doesn't matter."""
        return all(
            self.same_at(path, listed=listed) or (beyond and self.name(path) is None)
            for paths, listed in ((depends.paths, False), (depends.listed, True))
            for path in paths
        )

    def same_at(self, path: Path, *, listed: bool = False) -> bool:
        """Whether at a path there is today what there was: a file, a folder, with the same names if they are `listed`, or nothing.

        Of a link, and of what lies behind one, that is not known.
        """
        same = self._same.get((path, listed))
        if same is None:
            same = self._same[path, listed] = self._is_same(path, listed=listed)
        return same

    def _is_same(self, path: Path, *, listed: bool) -> bool:
        name = self.name(path)
        if name is None or name == _GIT:
            # The repository's own is on either side.
            return name == _GIT
        entry, names = self.entries.get(name), self._folders.get(name)
        try:
            if disk.followed(path) != path:
                return False
            if entry is not None:
                return entry.mode != _LINK and _read(path, entry) == entry.digest
            if names is None:
                return not os.path.lexists(path)
            today = dict(_listed(path)) if listed or not path.is_dir() else names
        except (OSError, ValueError):
            return False
        return names == {key: kind for key, kind in today.items() if name or key != _GIT}

    def lay_out(self, depends: Depends) -> None:
        """Lay out files and folders, with what is directly in them if it is listed, wherever links lead.

        They are in the repository or in the tree; what was not there, and what is elsewhere, is passed over.
        """
        self._write(self.links)
        self._write(self._lacking(depends))

    def _lacking(self, depends: Depends) -> list[str]:
        """The names of what something depends on and is not laid out, though it was there."""
        needed_names = [self._followed(path) for path in depends.paths]
        for folder in map(self._followed, depends.listed):
            names = () if folder is None else self._folders.get(folder, ())
            needed_names += [f"{folder}/{name}".lstrip("/") for name in names]
        return [
            name
            for name in needed_names
            if name is not None
            and name not in self._laid_out
            and (name in self.entries or name in self._folders)
        ]

    def _followed(self, path: Path) -> str | None:
        """Where a path leads in the revision, from the top on; all links are laid out by now."""
        if path not in self._names:
            self._names[path] = self._led_to(path)
        return self._names[path]

    def _led_to(self, path: Path) -> str | None:
        name = self.name(path)
        # As many links as systems follow.
        for _ in range(_MOST_LINKS):
            if name is None or not self._has_link(name):
                break
            name = self.name(disk.followed_or_same(self.tree / name))
        return name

    def lay_out_below(self, path: Path) -> None:
        """Lay out all that lies in a folder, however deep."""
        name = self.name(path)
        if name is not None:
            self._write(
                [entry_name for entry_name in self.entries if not name or entry_name.startswith(f"{name}/")]
            )

    def _has_link(self, name: str) -> bool:
        """Whether there is a link on the way to a name."""
        if not self.links:
            return False
        ends = [at for at, character in enumerate(name) if character == "/"]
        return any(name[:at] in self.links for at in (*ends, len(name)))

    def name(self, path: Path) -> str | None:
        """A path from the top on, with `/`; None if it lies neither there nor in the tree."""
        path_text = os.fspath(path)
        for base in map(os.fspath, (self.top, self.tree)):
            if path_text == base:
                return ""
            if path_text.startswith(inside := os.path.join(base, "")):  # noqa: PTH118  (a string is wanted)
                return path_text[len(inside) :].replace(os.sep, "/")
        return None

    def settled(
        self, look: Callable[[Sequence[T]], Sequence[T]], depends_of: Callable[[T], Depends]
    ) -> Sequence[T]:
        """The results of looks at the tree: it is looked again until all is laid out that a result depends on.

        `look`: gives all results; those that are known by then, which it is given, need not be looked for again.
        """
        known: list[T] = []
        self._write(self.links)
        while True:
            results = look(known)
            lacking = [self._lacking(depends_of(result)) for result in results]
            if not any(lacking):
                return results
            known = [result for result, names in zip(results, lacking, strict=True) if not names]
            self._write(chain.from_iterable(lacking))

    @cached_property
    def links(self) -> Collection[str]:
        """The names of all links, in order."""
        return dict.fromkeys(name for name, entry in self.entries.items() if entry.mode == _LINK)

    @cached_property
    def _folders(self) -> Mapping[str, Mapping[str, str]]:
        """What is directly in each folder, by name: links, files and folders."""
        folders: dict[str, dict[str, str]] = {"": {}}
        for path, entry in self.entries.items():
            kind = "link" if entry.mode == _LINK else "file"
            above, _, name = path.rpartition("/")
            while name not in folders.setdefault(above, {}):
                folders[above][name] = kind
                kind = "folder"
                above, _, name = above.rpartition("/")
                if not name:
                    break
        return folders

    def _write(self, names: Iterable[str]) -> None:
        """Write files and links, and make folders, that are not there yet."""
        entries: list[tuple[str, TreeEntry]] = []
        for name in names:
            if name in self._laid_out:
                continue
            entry = self.entries.get(name)
            if entry is not None:
                entries.append((name, entry))
            elif name in self._folders:
                with suppress(OSError, ValueError):  # as in `_write`
                    self.tree.joinpath(name).mkdir(parents=True, exist_ok=True)
            else:
                continue
            self._laid_out.add(name)
        if entries:
            self._write_all(entries)

    def _write_all(self, entries: Sequence[tuple[str, TreeEntry]]) -> None:
        with tempfile.TemporaryFile() as digests:
            digests.write("".join(f"{entry.digest}\n" for _, entry in entries).encode("ascii"))
            digests.seek(0)
            with subprocess.Popen(  # noqa: S603  no shell, and nothing of the repository's is run
                _command("cat-file", "--batch"),
                cwd=self.top,
                env=_environment(),
                stdin=digests,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            ) as git:
                assert git.stdout is not None  # noqa: S101  it is piped
                for name, entry in entries:
                    _write(git.stdout, self.tree / name, is_link=entry.mode == _LINK)


@contextmanager
def revision(folder: Path, name: str) -> Iterator[Revision]:
    """A revision of the repository that holds a folder; what was laid out of it is gone afterwards.

    Raises UnknownRevisionError.
    """
    top = Path(os.fsdecode(_git_output(folder, name, "rev-parse", "--show-toplevel")).rstrip("\n"))
    commit = _git_output(
        folder, name, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"
    )
    listed = _git_output(top, name, "ls-tree", "-r", "-z", "--full-tree", commit.decode("ascii").strip())
    with tempfile.TemporaryDirectory(prefix="weighbridge-") as temporary_folder:
        # As links are followed: files are named by where they really are.
        tree = Path(temporary_folder).resolve()
        # What marks a repository's top, for whoever asks where the workspace begins.
        (tree / _GIT).mkdir()
        yield Revision(name, top, tree, _entries(listed))


def _command(*arguments: str) -> list[str]:
    git = shutil.which("git")
    if git is None:
        raise UnknownRevisionError("git is not installed: another revision can't be looked at")
    return [git, *_SAFE, *arguments]


def _environment() -> dict[str, str]:
    return {**os.environ, "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}


def _git_output(folder: Path, name: str, *arguments: str) -> bytes:
    done = subprocess.run(  # noqa: S603  no shell, and nothing of the repository's is run
        _command(*arguments),
        cwd=folder,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        why = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise UnknownRevisionError(f"{name}: {why[0] if why else 'no such revision'}")
    return done.stdout


def _entries(listed: bytes) -> dict[str, TreeEntry]:
    """The files and links that `git ls-tree` lists; of a forged tree's no one that others lie behind."""
    entries: dict[str, TreeEntry] = {}
    folders: set[str] = set()
    for row in os.fsdecode(listed).split("\0")[:-1]:
        about, _, name = row.partition("\t")
        mode, _, digest = about.split(" ")
        if mode not in {_FILE, _PROGRAM, _LINK} or not _is_inside(name):
            continue
        entries.setdefault(name, TreeEntry(mode, digest))
        above = name.rpartition("/")[0]
        while above and above not in folders:
            folders.add(above)
            above = above.rpartition("/")[0]
    for name in folders & entries.keys():
        del entries[name]
    return entries


def _is_inside(name: str) -> bool:
    return _NO_NAMES.isdisjoint(name.lower().split("/"))


def _read(path: Path, entry: TreeEntry) -> str | None:
    """The digest that git names a file of today by; None if it is too long."""
    with disk.opened(path) as (descriptor, status), open(descriptor, "rb", closefd=False) as file:
        return None if status.st_size > MOST_BYTES else _digest(file.read(), entry)


def _listed(folder: Path) -> Iterator[tuple[str, str]]:
    """What is directly in a folder of today: links, files and folders by name."""
    with disk.opened_folder(folder) as (opened, _), os.scandir(opened) as listed:
        for entry in listed:
            if entry.is_symlink():
                yield entry.name, "link"
            elif entry.is_dir(follow_symlinks=False):
                yield entry.name, "folder"
            else:
                yield entry.name, "file" if entry.is_file(follow_symlinks=False) else "other"


def _digest(data: bytes, entry: TreeEntry) -> str:
    """The digest that git names these bytes by, in the repository of an entry."""
    algorithm = hashlib.sha1 if len(entry.digest) == _SHA1_DIGITS else hashlib.sha256
    return algorithm(b"blob %d\0%b" % (len(data), data), usedforsecurity=False).hexdigest()


def _write(content: IO[bytes], place: Path, *, is_link: bool) -> None:
    """Write the next object that `git cat-file --batch` gives; nothing where it has none."""
    header = content.readline().split(b" ")
    if len(header) != 3:  # missing: it was never fetched
        return
    left = size = int(header[2])
    pieces: list[bytes] = []
    while left and (piece := content.read(min(_PIECE, left))):
        left -= len(piece)
        if size <= MOST_BYTES:
            pieces.append(piece)
    content.read(1)
    data = b"".join(pieces)
    # A name may be one that this system can't have, or be a file's and a folder's at once in a forged tree.
    with suppress(OSError, ValueError):
        place.parent.mkdir(parents=True, exist_ok=True)
        if is_link:
            place.symlink_to(os.fsdecode(data))
        else:
            with place.open("xb") as file:
                file.write(data)
