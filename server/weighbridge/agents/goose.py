"""goose: hint files from the git root down, imports replaced in place. Read in its source, not recorded.

Rules and derived cases: `tests/agents/wire/goose.jsonl`.
"""

import json
import os
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path, PurePosixPath
from unicodedata import combining, normalize

from weighbridge.agents.folders import downwards, git_root, lies_in
from weighbridge.agents.model import (
    Agent,
    Context,
    Files,
    Ignored,
    Import,
    Importance,
    Imports,
    NotLoaded,
    Part,
    Piece,
    Start,
    import_of,
)
from weighbridge.agents.passed_over import Tried, passed_over
from weighbridge.agents.splicing import spliced
from weighbridge.agents.text import read_text
from weighbridge.agents.yaml_values import yaml_mapping

_NAMES = (".goosehints", "AGENTS.md")
#: Files below one another, references of one hint file, bytes of its text with all imports, bytes of a text that is scanned.
MOST_LEVELS = 3
MOST_REFERENCES = 64
MOST_BYTES = 1_048_576
MOST_SCANNED = 131_072

#: Marks behind one letter up to which a text is composed: what they are put in order with takes the square of their number.
_MOST_MARKS = 1_000

# What Rust takes for white space is less than what Python does.
_REFERENCE = re.compile(
    r"(?:^|(?<=[^\S\x1c-\x1f]))@([a-zA-Z0-9_\-./]+(?:\.[a-zA-Z0-9]+)+|[A-Z][a-zA-Z0-9_\-]*|[a-zA-Z0-9_\-./]*[./][a-zA-Z0-9_\-./]*)"
)
_TAGS = re.compile("[\U000e0000-\U000e007f]")


def load(start: Start, files: Files) -> Context:
    """What goose puts into its first request."""
    folder = files.real(start.folder)
    base = start.environment.get("XDG_CONFIG_HOME") or start.home / ".config"
    path_root = Path(start.environment.get("GOOSE_PATH_ROOT", ""))
    config = path_root / "config" if path_root.is_absolute() else Path(base) / "goose"
    names = _names(start, files, config)
    loader = _Loader(files, start.inspected_files)
    top = git_root(folder, files) or folder
    own = loader.texts([config / name for name in names], None)
    project = loader.texts([place / name for place in downwards(top, folder) for name in names], top)
    pieces: list[Piece] = []
    if own:
        pieces += own
        if project:
            title = "### Project Hints\nThese are hints for working on the project in this directory.\n"
            pieces.append(Piece(f"\n\n{title}"))
    pieces += project
    part = Part("system, under `# Additional Instructions:`", tuple(map(_sanitized, pieces)))
    parts = (part,) if part.text else ()
    return Context(parts, tuple(loader.not_loaded), tuple(loader.ignored), tuple(loader.imports))


def _names(start: Start, files: Files, config: Path) -> Sequence[str]:
    """Names of hint files: the environment's, as a list in JSON, else the configuration's, else the agent's own."""
    written = start.environment.get("CONTEXT_FILE_NAMES")
    names: object = None
    if written is None:
        text = read_text(files, config / "config.yaml")
        names = None if text is None else (yaml_mapping(text) or {}).get("CONTEXT_FILE_NAMES")
    else:
        with suppress(ValueError, RecursionError):
            names = json.loads(written)
    strings = isinstance(names, list) and all(isinstance(name, str) for name in names)
    return names if isinstance(names, list) and strings else _NAMES


def _sanitized(piece: Piece) -> Piece:
    """A piece with composed letters, and without Unicode's tag characters."""
    text = piece.text
    if text.isascii():
        return piece
    runs = groupby(text, lambda character: combining(character) > 0)
    if all(not marks or sum(1 for _ in run) <= _MOST_MARKS for marks, run in runs):
        text = normalize("NFC", text)
    return replace(piece, text=_TAGS.sub("", text))


@dataclass(slots=True)
class _Loader:
    """One start: the room that one hint file's references have."""

    files: Files
    inspected_files: Container[Path]
    references: int = 0
    left: int = 0
    #: Whether the hint file is the user's own.
    own: bool = False
    not_loaded: list[NotLoaded] = field(default_factory=list)
    imports: list[Import] = field(default_factory=list)
    ignored: list[Ignored] = field(default_factory=list)

    def texts(self, paths: Sequence[Path], top: Path | None) -> list[Piece]:
        """The texts of hint files, imports replaced. `top`: the folder in which all must lie; None for the user's: their own."""
        pieces: list[Piece] = []
        self.own = top is None
        for path in paths:
            text = self._text(path)
            if text is None:
                continue
            boundary = self.files.real(top or path.parent)
            if not lies_in(self.files.real(path), boundary) or self._is_git(self.files.real(path), boundary):
                self.not_loaded.append(NotLoaded(path, "a link leads outside, or into .git: goose drops it"))
                continue
            self.references, self.left = MOST_REFERENCES, MOST_BYTES
            kind = "user" if self.own else "project"
            expansion = self._expanded(path, text, kind, boundary, (), 1, None)
            if any(piece.text for piece in expansion):
                pieces += [*([Piece("\n")] if pieces else []), *expansion]
        return pieces

    def _is_git(self, path: Path, top: Path) -> bool:
        """Whether a path within a folder is git's own."""
        if any(part.lower() == ".git" for part in path.relative_to(top).parts):
            return True
        chain = [path, *path.parents]
        return any(map(self._holds_repository, chain[: chain.index(top) + 1]))

    def _holds_repository(self, folder: Path) -> bool:
        is_folder = self.files.is_folder
        return self.files.size(folder / "HEAD") is not None and (
            (is_folder(folder / "objects") and is_folder(folder / "refs"))
            or self.files.size(folder / "commondir") is not None
        )

    def _text(self, path: Path, *, hint: bool = True) -> str | None:
        """A file's text; None where there is none, or it is no UTF-8."""
        data = self.files.read(path, own=hint or self.own)
        if data is None:
            return None
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            if hint:
                self.not_loaded.append(NotLoaded(path, "not UTF-8: goose drops the whole file"))
            return None

    def _expanded(
        self,
        path: Path,
        text: str,
        kind: str,
        top: Path,
        above: tuple[str, ...],
        level: int,
        importer: Path | None,
    ) -> list[Piece]:
        scanned = level <= MOST_LEVELS and len(text.encode()) <= MOST_SCANNED

        tried: dict[int, Tried] = {}

        def replacements() -> Iterator[tuple[int, int, list[Piece]]]:
            for start, end, target in _references(text) if scanned else ():
                replacement, why = self._imported(target, path, top, above, level)
                tried[start] = Tried(target, why)
                if replacement:
                    self.imports.extend(import_of(path, start, end, replacement, nested=importer is not None))
                    yield start, end, replacement

        pieces = spliced(path, kind, text, replacements(), importer)
        if importer is None and self.files.real(path) in self.inspected_files:
            self._look_over(path, text, top, tried, scanned=scanned)
        return pieces

    def _look_over(
        self, path: Path, text: str, top: Path, tried: Mapping[int, Tried], *, scanned: bool
    ) -> None:
        """Record the places in a hint file that look like imports and are none. `tried`: the imports that it has."""

        def overlooked(start: int, name: str) -> tuple[str, Importance]:
            if not scanned:
                return f"nothing is imported by a file over {MOST_SCANNED:,} bytes", Importance.CERTAIN
            if text[start - 1 : start] == "`":
                return "a backtick stands before it", Importance.HINT
            if text[start + 1] == '"':
                return "quotes are not understood", Importance.CERTAIN
            if start and not text[start - 1].isspace():
                return "imports stand at a line's start or behind a space", Importance.LIKELY
            return f"no path is seen in {name}: write ./ before it", Importance.LIKELY

        self.ignored += passed_over(path, text, Imports(_references), tried, self.files, top, overlooked)

    def _imported(
        self, target: str, path: Path, top: Path, above: tuple[str, ...], level: int
    ) -> tuple[list[Piece], str | None]:
        """The pieces that a reference brings, and the reason where a file that is there brings none."""
        self.references -= 1
        written = str(PurePosixPath(target)) if not target.startswith("./") else f"./{PurePosixPath(target)}"
        if written in above:
            return [], ""
        place = self.files.real(path).parent / target
        real = self.files.real(place)
        why, text = None, None
        frame = f"--- Content from {target} ---\n", f"\n--- End of {target} ---"
        if self.references < 0:
            why = (
                f"no more than {MOST_REFERENCES} references of one file are followed, "
                f"up to the first beyond {MOST_BYTES:,} bytes"
            )
        elif target.startswith("/"):
            why = "absolute paths are not imported"
        elif not (lies_in(self.files.real(place.parent), top) and lies_in(real, top)):
            why = f"outside the folder that holds the project: {top}"
        elif ".git" in target.lower().split("/") or self._is_git(real, top):
            why = "nothing in .git is imported"
        # A folder that is not there is none to go up from.
        elif self.files.is_folder(place.parent) and not target.endswith(("/", "/.")):
            size = self.files.size(place)
            cost = (size or 0) + sum(map(len, frame))
            if size is not None and cost > self.left:
                self.references = 0
                why = f"what one file imports comes to {MOST_BYTES:,} bytes at most"
            elif (text := self._text(place, hint=False)) is None:
                why = "it is not UTF-8"
            else:
                self.left -= cost
                self.references = self.references if self.left else 0
        if text is None:
            return [], why
        named = Path(os.path.normpath(place))
        named = named if self.files.real(named) == real else real
        inner = self._expanded(named, text, "import", top, (*above, written), level + 1, path)
        return [Piece(frame[0]), *inner, Piece(frame[1])], ""


def _references(text: str) -> Iterator[tuple[int, int, str]]:
    """Where references stand in a text, and what they name."""
    return ((*match.span(), match[1]) for match in _REFERENCE.finditer(text))


GOOSE = Agent(
    "goose",
    "goose",
    "source of 2026",
    load,
    (".config/goose",),
    recorded=False,
    imports=Imports(_references),
)
