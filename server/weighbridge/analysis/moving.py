"""Files that are moved, and the references that must follow: in what refers to them, and in what is moved itself."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

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
    after = moved(source, moves).parent
    found: list[Rewritten] = []
    for line, reference in references:
        if reference.kind is not Kind.FILE:
            continue
        target = _resolved(source.parent, reference.target)
        to = moved(target, moves)
        if (to == target and after == source.parent) or _resolved(after, reference.target) == to:
            continue
        if not exists(target):
            continue
        literal = lines[line][reference.start : reference.end]
        text = with_target(literal, _written(reference.target, to, after))
        if text is not None and text != literal:
            found.append(Rewritten(line, reference.start, reference.end, text))
    return found


def _resolved(base: Path, target: str) -> Path:
    return Path(os.path.normpath(os.path.join(base, target)))  # noqa: PTH118  an absolute target stays one


def _written(before: str, to: Path, base: Path) -> str:
    """A path as it was written before: absolute, or relative with or without `./`."""
    if Path(before).is_absolute():
        return to.as_posix()
    relative = Path(os.path.relpath(to, base)).as_posix()
    return f"./{relative}" if before.startswith("./") and not relative.startswith("../") else relative
