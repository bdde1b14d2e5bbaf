"""Imports that bring the text that they name to where they stand: for all agents; and as Gemini CLI and Qwen Code do it."""

import os
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from weighbridge.agents.folders import lies_in
from weighbridge.agents.model import Entry, Files, Ignored, Import, Importance, Imports, Piece, import_of
from weighbridge.agents.passed_over import Tried, passed_over
from weighbridge.agents.text import JS_SPACE, decoded, read_text

#: How deep imports go: the files of so many levels arrive.
MOST_LEVELS = 5
#: Imports that one file's text brings, nested ones with it: a bound against hostile files that import in fans.
MOST_IMPORTS = 10_000

_IMPORT = re.compile(r"@(?:(?<=[ \t\r\n]@)|(?<![\s\S]@))([./A-Za-z][^ \t\r\n]*)")
_URL = re.compile("(?:file|https?)://")
_RUN = re.compile("`+")
#: Bytes of a name, and of a path with all its folders, that Linux takes.
_LONGEST_NAME = 255
_LONGEST_PATH = 4095


def backtick_regions(text: str) -> list[tuple[int, int]]:
    """Code as Gemini CLI sees it: what its expression for code finds, in time linear in the text.

    A run of backticks opens code up to the next that is as long or longer; where there is none, as many of its backticks
    as some later run has; else it is cut in two halves.
    """
    runs = [list(match.span()) for match in _RUN.finditer(text)]
    longest = [0] * (len(runs) + 1)
    for number in range(len(runs) - 1, -1, -1):
        longest[number] = max(longest[number + 1], runs[number][1] - runs[number][0])
    regions: list[tuple[int, int]] = []
    number = 0
    while number < len(runs):
        start, end = runs[number]
        length = end - start
        half = length // 2
        marks = min(length, longest[number + 1])
        if marks > half:
            number += 1
            while runs[number][1] - runs[number][0] < marks:
                number += 1
            closed = runs[number][0] + marks
        elif half:
            closed = start + 2 * half
        else:
            number += 1
            continue
        regions.append((start, closed))
        if closed == runs[number][1]:
            number += 1
        else:
            runs[number][0] = closed
    return regions


def spliced(
    path: Path,
    kind: str,
    text: str,
    replacements: Iterable[tuple[int, int, Sequence[Piece]]],
    importer: Path | None,
    cleaned: Callable[[str], str] = str,
) -> list[Piece]:
    """The pieces of a file's text in which others stand in place of stretches (start, end): what is left of it is one entry."""
    own: list[str] = []
    pieces: list[Piece | str] = []
    at = 0
    for start, end, replacement in replacements:
        own.append(cleaned(text[at:start]))
        pieces += [own[-1], *replacement]
        at = end
    own.append(cleaned(text[at:]))
    pieces.append(own[-1])
    entry = Entry(path, kind, "".join(own), importer)
    return [Piece(piece, entry) if isinstance(piece, str) else piece for piece in pieces]


def imports_in(
    text: str, regions: Callable[[str], Sequence[tuple[int, int]]]
) -> Iterator[tuple[int, int, str]]:
    """Where imports stand in a text: start, end, target. `regions`: the code in a text, where none are."""
    if "@" not in text:
        return
    code = iter(regions(text))
    region = next(code, None)
    for match in _IMPORT.finditer(text):
        at = match.start()
        while region is not None and region[1] <= at:
            region = next(code, None)
        if region is None or at < region[0]:
            yield at, match.end(), match[1]


@dataclass(slots=True)
class Splicer:
    """Replaces the imports of one agent's files.

    `regions`: the code in a text, where nothing is imported. `top_of`: the folder, of that of a file, in which its
    imports must lie. `missing`: what replaces an import that names no file, None where its words stay. `by_letters`:
    whether what lies outside is judged by the path as written.
    """

    files: Files
    regions: Callable[[str], Sequence[tuple[int, int]]]
    top_of: Callable[[Path], Path]
    missing: Callable[[str, Path], str] | None
    by_letters: bool = False
    root_counts: bool = False
    left: int = MOST_IMPORTS
    #: Whether the file whose imports are replaced is the user's own.
    own: bool = False
    #: The imports, nested ones before those that they are nested in.
    replaced: list[Import] = field(default_factory=list)
    #: The files that are looked through for what looks like an import and is none; and what that is.
    inspected_files: Container[Path] = ()
    ignored: list[Ignored] = field(default_factory=list)

    def pieces(self, path: Path, kind: str, text: str) -> list[Piece]:
        """The pieces of a context file whose imports are replaced."""
        top = self.top_of(path.parent)
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
        tried: dict[int, Tried] = {}

        def replacements() -> Iterator[tuple[int, int, list[Piece]]]:
            for start, end, target in imports_in(text, self.regions) if level < MOST_LEVELS else ():
                replacement = self._replacement(target, path, top, above, level)
                if level == 0:
                    tried[start] = self._tried(path, target, top, replacement)
                if replacement is not None:
                    self.replaced.extend(import_of(path, start, end, replacement, nested=level > 0))
                    yield start, end, replacement

        pieces = spliced(path, kind, text, replacements(), importer)
        if level == 0:
            imports = Imports(partial(imports_in, regions=self.regions), from_real=False)
            self._look_over(path, text, top, tried, imports)
        return pieces

    def _replacement(
        self, target: str, path: Path, top: Path, above: frozenset[Path], level: int
    ) -> list[Piece] | None:
        self.left -= 1
        if self.left < 0:
            return None
        place = Path(os.path.normpath(path.parent / target))
        if _URL.match(target) or not self._is_inside(place, top):
            return [Piece(f"<!-- Import failed: {target} - Path traversal attempt -->")]
        if place in above:
            return [Piece(f"<!-- File already processed: {target} -->")]
        fault = self._fault(place, top)
        if fault is not None:
            return [Piece(f"<!-- Import failed: {target} - {fault} -->")]
        text = read_text(self.files, place, own=self.own, keep_mark=True)
        if text is None:
            return None if self.missing is None else [Piece(self.missing(target, place))]
        inner = self._spliced(place, "import", text, top, above | {place}, level + 1, path)
        return [
            Piece(f"<!-- Imported from: {target} -->\n"),
            *inner,
            Piece(f"\n<!-- End of import from: {target} -->"),
        ]

    def _look_over(
        self, path: Path, text: str, top: Path, tried: Mapping[int, Tried], imports: Imports
    ) -> None:
        """Record the places in a context file that look like imports and are none. `tried`: the imports that it has."""
        if self.files.real(path) not in self.inspected_files:
            return

        def overlooked(start: int, name: str) -> tuple[str, Importance]:
            if text[start + 1] == '"':
                return "quotes are not understood", Importance.CERTAIN
            if start and text[start - 1] not in " \t\r\n":
                return "imports stand at a line's start or behind a space", Importance.LIKELY
            return f"no path is seen in {name}: write ./ before it", Importance.LIKELY

        top = self.files.real(top)
        self.ignored += passed_over(path, text, imports, tried, self.files, top, overlooked, self.regions)

    def _tried(self, path: Path, target: str, top: Path, replacement: Sequence[Piece] | None) -> Tried:
        """The outcome of an import in a context file. `replacement`: what stands in its place now."""
        place = Path(os.path.normpath(path.parent / target))
        if any(piece.entry for piece in replacement or ()):
            return Tried(target, "")
        if not self._is_inside(place, top):
            return Tried(target, f"outside the folder that holds the project: {top}")
        # A file that is there was met before, or is one too many.
        missing = f"an error that names {place} arrives in place of these words"
        exists = self.files.is_folder(place) or self.files.size(place) is not None
        return Tried(target, "" if exists else None, missing if replacement is not None else "")

    def _fault(self, place: Path, top: Path) -> str | None:
        """The runtime's error for a path that can't be read, other than that nothing is there; None for no such error."""
        if self.files.is_folder(place):
            return "EISDIR: illegal operation on a directory, read"
        names = [len(os.fsencode(name)) for name in place.parts]
        if max(names) > _LONGEST_NAME or sum(names) + len(names) > _LONGEST_PATH:
            return f"ENAMETOOLONG: name too long, access '{place}'"
        above = (parent for parent in place.parents if lies_in(parent, top))
        if any(self.files.size(parent) is not None for parent in above):
            return f"ENOTDIR: not a directory, access '{place}'"
        return None

    def _is_inside(self, place: Path, top: Path) -> bool:
        if self.by_letters:
            return lies_in(place, top)
        return lies_in(self.files.real(place), self.files.real(top))


def trimmed(pieces: Sequence[Piece]) -> list[Piece]:
    """Pieces without JavaScript's white space at both ends of their text: as many, empty ones among them; none if all is blank."""
    trimmed_pieces = list(pieces)
    for numbers, strip in (
        (range(len(trimmed_pieces)), str.lstrip),
        (reversed(range(len(trimmed_pieces))), str.rstrip),
    ):
        for number in numbers:
            text = strip(trimmed_pieces[number].text, JS_SPACE)
            trimmed_pieces[number] = replace(trimmed_pieces[number], text=text)
            if text:
                break
        else:
            return []
    return trimmed_pieces


def flat(path: Path, text: str, splicer: Splicer, root_name: str, levels: int | None) -> list[Piece]:
    """The pieces of a context file whose imports come behind it, last first, each under its name.

    `levels`: how deep imports are followed, None for as deep as they go. A file that is met again on a shorter way is
    followed again, and comes once.
    """
    files = splicer.files
    top = splicer.top_of(path.parent)
    order: list[tuple[Path, str, str, Path | None]] = []
    levels_of: dict[Path, int] = {}
    waiting: list[tuple[Path, Path | None, int]] = [(path, None, 0)]
    while waiting and len(order) <= MOST_IMPORTS:
        at, importer, level = waiting.pop()
        if at in levels_of and (levels is None or levels_of[at] <= level):
            continue
        whole = text
        if at != path:
            inside = lies_in(at if splicer.by_letters else files.real(at), top)
            data = files.read(at, own=False) if inside else None
            if data is None:
                continue
            whole = decoded(data, keep_mark=True)
        if at not in levels_of:
            order.append((at, root_name if at == path else str(at), whole, importer))
        levels_of[at] = level
        if levels is None or level < levels:
            imports = imports_in(whole, splicer.regions)
            targets = [target for *_, target in imports if not _URL.match(target)]
            waiting += [(Path(os.path.normpath(at.parent / target)), at, level + 1) for target in targets]
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
