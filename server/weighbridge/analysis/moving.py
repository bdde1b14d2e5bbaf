"""Files that are moved, and the references that must follow: in what refers to them, and in what is moved itself."""

import os
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from weighbridge.agents.model import Imports
from weighbridge.references.model import Kind, Reference
from weighbridge.references.rewriting import with_target


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A reference at [start, end) of a line, in code points, and what it becomes."""

    line: int
    start: int
    end: int
    text: str


def moved(path: Path, moves: Mapping[Path, Path]) -> Path:
    """Where a file is after some files and folders were moved: with the innermost of them that it is in."""
    for above in (path, *path.parents):
        if above in moves:
            return moves[above] / path.relative_to(above)
    return path


def follow_moves(
    source: Path,
    lines: Sequence[str],
    references: Iterable[tuple[int, Reference]],
    moves: Mapping[Path, Path],
    exists: Callable[[Path], bool],
) -> list[Rewritten]:
    """The references of a file that must be written anew, so that they stand for the same files after the moves.

    `exists`: whether there is a file, before the moves; what isn't there is nobody's to follow.
    """
    places = (
        (line, reference.start, reference.end, reference.target)
        for line, reference in references
        if reference.kind is Kind.FILE
    )
    return [*_followed(places, source, lines, moves, exists, _resolved, _with_target)]


def follow_imports(
    source: Path,
    lines: Sequence[str],
    imports: Imports,
    moves: Mapping[Path, Path],
    exists: Callable[[Path], bool],
    home: Path,
) -> list[Rewritten]:
    """The same of an agent's imports. `source`: with its links followed where its paths start from there."""

    def resolved(folder: Path, target: str) -> Path:
        return imports.place(target, folder, home)

    def written(literal: str, target: str, to: Path, folder: Path) -> str | None:
        old_form = next((form for form in imports.forms(target) if literal.startswith(form)), None)
        if old_form is None:
            return None
        in_home = imports.home and target.startswith("~/") and to.is_relative_to(home)
        text = imports.written(
            f"~/{to.relative_to(home).as_posix()}" if in_home else _written(target, to, folder)
        )
        # What is behind the path names a part of the file, which can't stand behind every form.
        whole = None if text is None else text + literal.removeprefix(old_form)
        stands = whole is not None and [import_[:2] for import_ in imports.find(whole)] == [(0, len(whole))]
        return whole if stands else None

    starts = [0, *accumulate(map(len, lines))]
    places: list[tuple[int, int, int, str]] = []
    for start, end, target in imports.find("".join(lines)):
        line = bisect_right(starts, start) - 1
        places.append((line, start - starts[line], end - starts[line], target))
    return [*_followed(places, source, lines, moves, exists, resolved, written)]


def _followed(
    places: Iterable[tuple[int, int, int, str]],
    source: Path,
    lines: Sequence[str],
    moves: Mapping[Path, Path],
    exists: Callable[[Path], bool],
    resolved: Callable[[Path, str], Path],
    written: Callable[[str, str, Path, Path], str | None],
) -> Iterator[Rewritten]:
    """What stands at places (line, start, end, target) and must be written anew."""
    new_folder = moved(source, moves).parent
    for line, start, end, target in places:
        old_target = resolved(source.parent, target)
        to = moved(old_target, moves)
        if (to == old_target and new_folder == source.parent) or resolved(new_folder, target) == to:
            continue
        if not exists(old_target):
            continue
        literal = lines[line][start:end]
        text = written(literal, target, to, new_folder)
        if text is not None and text != literal:
            yield Rewritten(line, start, end, text)


def _resolved(base: Path, target: str) -> Path:
    return Path(os.path.normpath(os.path.join(base, target)))  # noqa: PTH118  an absolute target stays one


def _with_target(literal: str, old_target: str, to: Path, base: Path) -> str | None:
    return with_target(literal, _written(old_target, to, base))


def _written(old_target: str, to: Path, base: Path) -> str:
    """A path as it was written before: absolute, or relative with or without `./`."""
    if Path(old_target).is_absolute():
        return to.as_posix()
    relative = Path(os.path.relpath(to, base)).as_posix()
    return f"./{relative}" if old_target.startswith("./") and not relative.startswith("../") else relative
