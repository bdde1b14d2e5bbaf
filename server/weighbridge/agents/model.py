"""What an agent loads: a context of parts, made of labels and of entries, each entry one file's text as it arrives.

An agent's rules are a function of how it was started (`Start`) and of a view of the disk (`Files`). Nothing here knows
tokens, editors or the real disk.
"""

import os
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from weighbridge.agents.encodings import OPENAI_ENCODING
from weighbridge.errors import Code


class Files(Protocol):
    """A view of the disk that opens only what it is allowed to; what it refused is in `refused`.

    `own`: whether the agent's own rules name a path (a file of the chain, of the user's folders), or the user does, by
    words or in files of the user's own; not where a repository's texts or settings do.
    """

    def read(self, path: Path, *, own: bool = True) -> bytes | None:
        """A regular file's bytes, links followed; None where there is none, or it may not be opened."""

    def size(self, path: Path) -> int | None:
        """A regular file's bytes by their number; None where there is none."""

    def is_folder(self, path: Path) -> bool:
        """Whether a folder is there, links followed."""

    def is_link(self, path: Path) -> bool:
        """Whether the path's last part is a link."""

    def exists(self, path: Path) -> bool:
        """Whether anything is there, links followed."""

    def names(self, folder: Path, *, own: bool = True) -> list[str]:
        """The names in a folder, in its own order; none where it is no folder. `own`: as `read` has it."""

    def real(self, path: Path) -> Path:
        """The path with all links followed, as far as it exists."""

    def identity(self, path: Path) -> object:
        """A value that is equal for two paths to one file (device and inode); the path itself where nothing is there."""


@dataclass(frozen=True, slots=True)
class Start:
    """How an agent is started: in `folder` (absolute), by a user whose home is `home`, with its own arguments.

    `environment` holds variables by name. `prompt` is what the user types first, empty for nothing that matters;
    `prompt_only`: whether nothing is wanted but what that brings.
    `inspected_files`: the files, by their real paths, that are looked through for what looks like an import and is none.
    """

    folder: Path
    home: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    prompt: str = ""
    prompt_only: bool = False
    inspected_files: Container[Path] = ()

    def option(self, name: str) -> str | None:
        """The value of the option's last use, as `--name value` or `--name=value`; None where it is not used."""
        values = self.options(name)
        return values[-1] if values else None

    def options(self, name: str) -> tuple[str, ...]:
        """The values of an option that may be used several times, in order."""
        values: list[str] = []
        for at, argument in enumerate(self.arguments):
            if argument == name and at + 1 < len(self.arguments):
                values.append(self.arguments[at + 1])
            elif argument.startswith(f"{name}="):
                values.append(argument.removeprefix(f"{name}="))
        return tuple(values)

    def flag(self, name: str) -> bool:
        """Whether a flag of this name is among the arguments."""
        return name in self.arguments


@dataclass(frozen=True, slots=True)
class Lost:
    """A file's text that does not arrive from a place on: `line` from 0, `character` in code points, the text itself."""

    code: Code
    line: int
    character: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One file's text in a context, as it arrives. `kind`: what the file is to the agent (`project`, `user`, `rule`, …)."""

    path: Path
    kind: str
    text: str
    imported_by: Path | None = None
    lost: Lost | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a part: a label's words, or the text that an entry's file stands for (`entry`)."""

    text: str
    entry: Entry | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """What arrives in one place of the request. `where`: that place, in the recordings' words."""

    where: str
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)


class Importance(StrEnum):
    """How sure it is that a notice tells of something lost that the writer meant."""

    CERTAIN = "certain"
    LIKELY = "likely"
    HINT = "hint"


@dataclass(frozen=True, slots=True)
class Ignored:
    """Something in a file that looks like an import and is none: `start`, `end` are code points of the file's text.

    `instead`: what to write there for an import, None where that is not known. `code`: of what looks like something else.
    """

    path: Path
    start: int
    end: int
    reason: str
    importance: Importance
    instead: str | None = None
    code: Code = Code.IGNORED


@dataclass(frozen=True, slots=True)
class Import:
    """A place in a file's text that brings other files: `start`, `end` are code points, `text` is what arrives by it.

    `target`: the file that it names. Labels are part of the text, and so is what that file imports itself. `nested`: it
    stands in a file that is imported itself.
    """

    path: Path
    start: int
    end: int
    target: Path
    text: str
    nested: bool = False


def import_of(path: Path, start: int, end: int, pieces: Sequence[Piece], *, nested: bool) -> Iterator[Import]:
    """The import at a place that pieces are put in for; none where no file is among them."""
    entry = next((piece.entry for piece in pieces if piece.entry is not None), None)
    if entry is not None:
        yield Import(path, start, end, entry.path, "".join(piece.text for piece in pieces), nested)


@dataclass(frozen=True, slots=True)
class Imports:
    """How an agent's files name others that come with them. `find`: where in a text, in code points, and the path that each names.

    `from_real`: whether paths start from the folder that a file really lies in, links followed; `from_session`: from the
    session folder instead, as in commands. `home`: whether `~/` is the user's home. `marks`: what stands around a path.
    `framed`: a text with what it needs around it to be such a file. `settled`: how many lines at the start of some may be left
    out when it is found out whether an import stands behind them.
    """

    find: Callable[[str], Iterable[tuple[int, int, str]]]
    from_real: bool = True
    home: bool = False
    from_session: bool = False
    marks: tuple[tuple[str, str], ...] = (("@", ""),)
    framed: Callable[[str], str] = str
    settled: Callable[[Sequence[str]], int] = lambda lines: 0

    def written(self, path: str) -> str | None:
        """An import of a path, as it is written; None where this agent has no way to write it."""
        return next(self.forms(path), None)

    def forms(self, path: str) -> Iterator[str]:
        """The ways to write an import of a path."""
        for before, behind in self.marks:
            for named in (path, f"./{path}"):
                # Who does not know this escape has no way to write a space.
                for text in dict.fromkeys((named, named.replace(" ", "\\ "))):
                    whole = f"{before}{text}{behind}"
                    if [*self.find(whole)] == [(0, len(whole), named)]:
                        yield whole

    def place(self, target: str, folder: Path, home: Path) -> Path:
        """The file that an import's target names. `folder`: that its file's imports start from."""
        inside = self.home and target.startswith("~/")
        return Path(os.path.normpath(home / target[2:] if inside else folder / target))

    def beside(self, path: Path) -> Path:
        """A file in the folder that a file's imports start from, its links aside: itself, where that is its own."""
        if not self.from_session:
            return path
        # As the agent is started for a command to be there: in the folder that holds the agent's own.
        own = next((above for above in path.parents if above.name.startswith(".")), path)
        return own.parent / path.name

    def folder_of(self, path: Path, files: Files) -> Path:
        """The folder that a file's imports start from."""
        beside = self.beside(path)
        return files.real(beside).parent if self.from_real and beside == path else beside.parent


@dataclass(frozen=True, slots=True)
class NotLoaded:
    """A file that one might expect to arrive and that does not, with the reason in words.

    `instead`: the file that arrives in its place. `patterns`: of the files below `folder` for which it waits, as git's ignore
    files write them. `dropped`: whether it would arrive if there were room for it.
    """

    path: Path
    reason: str
    instead: Path | None = None
    patterns: tuple[str, ...] = ()
    folder: Path | None = None
    dropped: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """All that an agent puts into its first request from files. Parts without text are left out."""

    parts: tuple[Part, ...] = ()
    not_loaded: tuple[NotLoaded, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    imports: tuple[Import, ...] = ()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The entries in the order in which they arrive, each once."""
        seen: dict[int, Entry] = {}
        for part in self.parts:
            for piece in part.pieces:
                if piece.entry is not None:
                    seen.setdefault(id(piece.entry), piece.entry)
        return tuple(seen.values())


@dataclass(frozen=True, slots=True)
class Agent:
    """A program that loads context files by itself. `as_of`: the version whose rules these are.

    `recorded`: whether they were seen on the wire, or only read in sources and documentation. `home_folders`: the folders
    below the user's home that are the agent's own.
    """

    name: str
    title: str
    as_of: str
    load: Callable[[Start, Files], Context]
    home_folders: tuple[str, ...]
    recorded: bool = True
    #: The tokenizer of the models that the agent is mostly used with, and whether its counts are theirs.
    encoding: str = OPENAI_ENCODING
    exact: bool = False
    #: Other names that people write.
    aliases: tuple[str, ...] = ()
    #: The stretches of a file's text that it removes, in code points, by what the file is to it.
    removed: Callable[[str, str], Iterable[tuple[int, int]]] = lambda text, kind: ()
    #: How its context files import others; None where they can't. And how other files do, by where they lie: its commands.
    imports: Imports | None = None
    imports_at: Callable[[Path], Imports | None] = lambda path: None
    #: What such a file brings when the user runs it in a session folder.
    brought_when_run: Callable[[Path, Path, Files], Iterable[Import]] = lambda path, folder, files: ()

    def folders_in(self, home: Path) -> tuple[Path, ...]:
        """The agent's own folders in a user's home."""
        return tuple(home / name for name in self.home_folders)

    def imports_of(self, path: Path) -> Imports | None:
        """How a file of this agent's names others that come with it; None where it can't."""
        return self.imports_at(path) or self.imports
