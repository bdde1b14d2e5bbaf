"""Imports that are replaced in place by the text that they name, as Gemini CLI and Qwen Code do it."""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from weighbridge.agents.folders import git_root, lies_in
from weighbridge.agents.model import Entry, Files, Import, Piece
from weighbridge.agents.text import JS_SPACE, decoded

#: How deep imports go: the files of so many levels arrive.
MOST_LEVELS = 5
#: Imports that one file's text brings, nested ones with it: a bound against hostile files that import in fans.
MOST_IMPORTS = 10_000

_IMPORT = re.compile(r"(?:(?<=[ \t\r\n])|(?<![\s\S]))@([./A-Za-z][^ \t\r\n]*)")
#: What Gemini CLI takes for code: a run of backticks up to the next of the same length, whatever lies between.
_BACKTICKS = re.compile(r"(?<!`)(`+)(?!`)[\s\S]*?(?<!`)\1(?!`)")


def backtick_regions(text: str) -> list[tuple[int, int]]:
    """Code as Gemini CLI sees it: from a run of backticks to the next of the same length."""
    return [found.span() for found in _BACKTICKS.finditer(text)]


@dataclass(slots=True)
class Splicer:
    """Replaces the imports of one agent's files.

    `regions`: the code in a text, where nothing is imported. `missing`: what replaces an import that names no file,
    None where its words stay. `by_letters`: whether what lies outside is judged by the path as written.
    """

    files: Files
    regions: Callable[[str], Sequence[tuple[int, int]]]
    missing: Callable[[str, Path], str] | None
    by_letters: bool = False
    root_counts: bool = False
    left: int = MOST_IMPORTS
    #: Whether the file whose imports are replaced is the user's own.
    own: bool = False
    #: The imports of the context files themselves.
    replaced: list[Import] = field(default_factory=list)

    def pieces(self, path: Path, kind: str, text: str) -> list[Piece]:
        """The pieces of a context file whose imports are replaced."""
        top = git_root(path.parent, self.files, folder_only=True) or path.parent
        self.left = MOST_IMPORTS
        above = frozenset((path,) if self.root_counts else ())
        self.own = kind != "project"
        return self._spliced(path, kind, text, top, above, 0, None)

    def _spliced(
        self,
        path: Path,
        kind: str,
        text: str,
        top: Path,
        above: frozenset[Path],
        level: int,
        importer: Path | None,
    ) -> list[Piece]:
        own: list[str] = []
        pieces: list[Piece | str] = []
        at = 0
        for start, end, target in self.imports(text) if level < MOST_LEVELS else ():
            made = self._replacement(target, path, top, above, level)
            if made is None:
                continue
            if level == 0 and any(piece.entry is not None for piece in made):
                self.replaced.append(Import(path, start, end, "".join(piece.text for piece in made)))
            own.append(text[at:start])
            pieces += [text[at:start], *made]
            at = end
        own.append(text[at:])
        pieces.append(text[at:])
        entry = Entry(path, kind, "".join(own), importer)
        return [Piece(one, entry) if isinstance(one, str) else one for one in pieces]

    def imports(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Where imports stand in a text: start, end, target."""
        if "@" not in text:
            return
        regions = iter(self.regions(text))
        region = next(regions, None)
        for found in _IMPORT.finditer(text):
            at = found.start()
            while region is not None and region[1] <= at:
                region = next(regions, None)
            if region is None or at < region[0]:
                yield at, found.end(), found[1]

    def _replacement(
        self, target: str, path: Path, top: Path, above: frozenset[Path], level: int
    ) -> list[Piece] | None:
        self.left -= 1
        if self.left < 0:
            return None
        place = Path(os.path.normpath(path.parent / target))
        if "://" in target or not self._is_inside(place, top):
            return [Piece(f"<!-- Import failed: {target} - Path traversal attempt -->")]
        if place in above:
            return [Piece(f"<!-- File already processed: {target} -->")]
        if self.files.is_folder(place):
            return [
                Piece(f"<!-- Import failed: {target} - EISDIR: illegal operation on a directory, read -->")
            ]
        data = self.files.read(place, own=self.own)
        if data is None:
            return None if self.missing is None else [Piece(self.missing(target, place))]
        inner = self._spliced(
            place, "import", decoded(data, keep_mark=True), top, above | {place}, level + 1, path
        )
        return [
            Piece(f"<!-- Imported from: {target} -->\n"),
            *inner,
            Piece(f"\n<!-- End of import from: {target} -->"),
        ]

    def _is_inside(self, place: Path, top: Path) -> bool:
        if self.by_letters:
            return lies_in(place, top)
        return lies_in(self.files.real(place), self.files.real(top))


def trimmed(pieces: Sequence[Piece]) -> list[Piece]:
    """Pieces without JavaScript's white space at both ends of their text: as many, empty ones among them; none if all is blank."""
    kept = list(pieces)
    for numbers, strip in ((range(len(kept)), str.lstrip), (reversed(range(len(kept))), str.rstrip)):
        for number in numbers:
            text = strip(kept[number].text, JS_SPACE)
            kept[number] = replace(kept[number], text=text)
            if text:
                break
        else:
            return []
    return kept


def flat(
    path: Path, text: str, files: Files, regions: Callable[[str], Sequence[tuple[int, int]]], root_name: str
) -> list[Piece]:
    """The pieces of a context file whose imports come behind it, last first, each under its name."""
    splicer = Splicer(files, regions, None)
    top = git_root(path.parent, files, folder_only=True) or path.parent
    order: list[tuple[Path, str, str, Path | None]] = []
    seen = {path}

    def add(at: Path, name: str, whole: str, importer: Path | None, level: int) -> None:
        order.append((at, name, whole, importer))
        if level >= MOST_LEVELS or len(order) > MOST_IMPORTS:
            return
        targets = [Path(os.path.normpath(at.parent / target)) for *_, target in splicer.imports(whole)]
        for place in reversed(targets):
            data = files.read(place, own=False) if lies_in(files.real(place), files.real(top)) else None
            if data is not None and place not in seen:
                seen.add(place)
                add(place, str(place), decoded(data, keep_mark=True), at, level + 1)

    add(path, root_name, text, None, 0)
    pieces: list[Piece] = []
    for at, name, whole, importer in order:
        body = whole.strip(JS_SPACE)
        entry = Entry(at, "import" if importer else "project", body, importer)
        pieces += [
            Piece(f"{chr(10) * 2 if pieces else ''}--- File: {name} ---\n"),
            Piece(body, entry),
            Piece(f"\n--- End of File: {name} ---"),
        ]
    return pieces
