"""goose: hint files from the git root down, imports replaced in place. Read in its source, not recorded.

Rules and derived cases: `tests/agents/wire/goose.jsonl`.
"""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from weighbridge.agents.folders import downwards, git_root, lies_in
from weighbridge.agents.model import (
    Agent,
    Context,
    Files,
    Import,
    Imports,
    NotLoaded,
    Part,
    Piece,
    Start,
    import_of,
)
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
    loader = _Loader(files)
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
    return Context((part,) if part.text else (), tuple(loader.not_loaded), imports=tuple(loader.imports))


def _names(start: Start) -> Sequence[str]:
    """Names of hint files: the environment's, as a list in JSON, else the agent's own."""
    told = json_object(f'{{"names": {start.environment.get("CONTEXT_FILE_NAMES", "null")}}}'.encode()).get(
        "names"
    )
    return [str(name) for name in told] if isinstance(told, list) else _NAMES


def _without_tags(pieces: Sequence[Piece]) -> list[Piece]:
    """Pieces without Unicode's tag characters."""
    return [replace(piece, text=_TAGS.sub("", piece.text)) for piece in pieces]


@dataclass(slots=True)
class _Loader:
    """One start: the room that one hint file's references have."""

    files: Files
    references: int = 0
    left: int = 0
    not_loaded: list[NotLoaded] = field(default_factory=list)
    imports: list[Import] = field(default_factory=list)

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
            made = self._expanded(path, text, kind, self.files.real(top), (), 1, None)
            pieces += [*([] if first else [Piece("\n")]), *made]
            first = first and not "".join(piece.text for piece in made)
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

        def replacements() -> Iterator[tuple[int, int, list[Piece]]]:
            for start, end, target in _references(text) if scanned else ():
                made = self._imported(target, path, top, above, level)
                if made is not None:
                    self.imports.extend(import_of(path, start, end, made, nested=importer is not None))
                    yield start, end, made

        return spliced(path, kind, text, replacements(), importer)

    def _imported(
        self, target: str, path: Path, top: Path, above: tuple[str, ...], level: int
    ) -> list[Piece] | None:
        self.references -= 1
        written = str(path.parent / target)
        if self.references < 0 or target.startswith("/") or written in above or ".git" in Path(target).parts:
            return None
        place = Path(os.path.normpath(self.files.real(path).parent / target))
        if not lies_in(self.files.real(place), top):
            return None
        text = self._text(place, own=False)
        frame = f"--- Content from {target} ---\n", f"\n--- End of {target} ---"
        cost = 0 if text is None else len(text.encode()) + sum(map(len, frame))
        if text is None or level > MOST_LEVELS or cost > self.left:
            return None
        self.left -= cost
        inner = self._expanded(place, text, "import", top, (*above, written), level + 1, path)
        return [Piece(frame[0]), *inner, Piece(frame[1])]


def _references(text: str) -> Iterator[tuple[int, int, str]]:
    """Where references stand in a text, and what they name."""
    return ((*found.span(), found[1]) for found in _REFERENCE.finditer(text))


GOOSE = Agent(
    "goose",
    "goose",
    "source of 2026",
    load,
    (".config/goose",),
    recorded=False,
    imports=Imports(_references),
)
