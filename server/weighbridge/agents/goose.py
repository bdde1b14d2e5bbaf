"""goose: hint files from the git root down, imports replaced in place. Read in its source, not recorded.

Rules and derived cases: `tests/agents/wire/goose.jsonl`.
"""

import os
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

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
from weighbridge.agents.text import json_object

_NAMES = (".goosehints", "AGENTS.md")
#: Files below one another, references of one hint file, bytes of its text with all imports, bytes of a text that is scanned.
MOST_LEVELS = 3
MOST_REFERENCES = 64
MOST_BYTES = 1_048_576
MOST_SCANNED = 131_072

_REFERENCE = re.compile(
    r"(?:^|(?<=\s))@([a-zA-Z0-9_\-./]+(?:\.[a-zA-Z0-9]+)+|[A-Z][a-zA-Z0-9_\-]*|[a-zA-Z0-9_\-./]*[./][a-zA-Z0-9_\-./]*)"
)
_TAGS = re.compile("[\U000e0000-\U000e007f]")


def load(start: Start, files: Files) -> Context:
    """What goose puts into its first request."""
    folder = files.real(start.folder)
    config = Path(start.environment.get("XDG_CONFIG_HOME") or start.home / ".config") / "goose"
    names = _names(start)
    loader = _Loader(files, start.inspected_files)
    top = git_root(folder, files) or folder
    own = loader.texts([config / name for name in names], config, "user")
    chain = downwards(top, folder)
    project = loader.texts([place / name for place in chain for name in names], top, "project")
    pieces: list[Piece] = []
    if own:
        pieces += own
        if project:
            title = "### Project Hints\nThese are hints for working on the project in this directory.\n"
            pieces.append(Piece(f"\n\n{title}"))
    pieces += project
    part = Part("system, under `# Additional Instructions:`", tuple(_without_tags(pieces)))
    parts = (part,) if part.text else ()
    return Context(parts, tuple(loader.not_loaded), tuple(loader.ignored), tuple(loader.imports))


def _names(start: Start) -> Sequence[str]:
    """Names of hint files: the environment's, as a list in JSON, else the agent's own."""
    names = json_object(f'{{"names": {start.environment.get("CONTEXT_FILE_NAMES", "null")}}}'.encode()).get(
        "names"
    )
    return [str(name) for name in names] if isinstance(names, list) else _NAMES


def _without_tags(pieces: Sequence[Piece]) -> list[Piece]:
    """Pieces without Unicode's tag characters."""
    return [replace(piece, text=_TAGS.sub("", piece.text)) for piece in pieces]


@dataclass(slots=True)
class _Loader:
    """One start: the room that one hint file's references have."""

    files: Files
    inspected_files: Container[Path]
    references: int = 0
    left: int = 0
    not_loaded: list[NotLoaded] = field(default_factory=list)
    imports: list[Import] = field(default_factory=list)
    ignored: list[Ignored] = field(default_factory=list)

    def texts(self, paths: Sequence[Path], top: Path, kind: str) -> list[Piece]:
        pieces: list[Piece] = []
        first = True
        for path in paths:
            text = self._text(path)
            if text is None:
                continue
            if not lies_in(self.files.real(path), self.files.real(top)):
                self.not_loaded.append(NotLoaded(path, "a link leads outside: goose drops it"))
                continue
            self.references, self.left = MOST_REFERENCES, MOST_BYTES
            expansion = self._expanded(path, text, kind, self.files.real(top), (), 1, None)
            pieces += [*([] if first else [Piece("\n")]), *expansion]
            first = first and not "".join(piece.text for piece in expansion)
        return pieces

    def _text(self, path: Path, *, own: bool = True) -> str | None:
        """A file's text; None where there is none, or it is no UTF-8."""
        data = self.files.read(path, own=own)
        if data is None:
            return None
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            if own:
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
        written = str(path.parent / target)
        place = Path(os.path.normpath(self.files.real(path).parent / target))
        if written in above:
            return [], ""
        why, text, cost = None, None, 0
        frame = f"--- Content from {target} ---\n", f"\n--- End of {target} ---"
        if self.references < 0:
            why = f"no more than {MOST_REFERENCES} references of one file are followed"
        elif target.startswith("/"):
            why = "absolute paths are not imported"
        elif ".git" in Path(target).parts:
            why = "nothing in .git is imported"
        elif not lies_in(self.files.real(place), top):
            why = f"outside the folder that holds the project: {top}"
        elif (text := self._text(place, own=False)) is None:
            why = "it is not UTF-8"
        else:
            cost = len(text.encode()) + sum(map(len, frame))
            if cost > self.left:
                why = f"what one file imports comes to {MOST_BYTES:,} bytes at most"
        if text is None or why is not None:
            return [], why
        self.left -= cost
        inner = self._expanded(place, text, "import", top, (*above, written), level + 1, path)
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
