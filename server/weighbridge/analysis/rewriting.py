"""Whether a text, written differently, still stands for the same: a reference replaced by its content, or the other way."""

from weighbridge.content.front_matter import read_front_matter
from weighbridge.references.index import ScanIndex
from weighbridge.references.model import Kind, Reference
from weighbridge.text import LineBuffer, Snapshot, split_lines

#: What a reference names, wherever it stands.
Named = tuple[Kind, str, str | None, str | None]

#: Two positions, each a line and a character in the client's units.
Positions = tuple[tuple[int, int], tuple[int, int]]


def named(text: str, *, included: bool = False) -> list[Named]:
    """What the references of a document's text name, in order. `included`: it is a file's that is included."""
    lines = tuple(split_lines(text))
    skip = 0 if included else read_front_matter(lines).lines
    return [_named(reference) for _, reference in ScanIndex(Snapshot(lines), skip).references()]


def inlined(index: ScanIndex, lines: LineBuffer, place: Positions, content: str) -> bool:
    """Whether a document stands for the same when a reference in it is replaced by what it stands for.

    What is put there is read as what is around it: another reference in it, or a fence that it opens, would change that.
    `place`: where the reference stands, in the client's units. `index`, `lines`: copies; they are as they would be, then.
    """
    start, end = place
    (column, line) = lines.clamp(*start)[1], start[0]
    expected = [
        _named(reference)
        for number, reference in index.references()
        if (number, reference.start) != (line, column)
    ]
    index.update(lines.apply(start, end, content), lines)
    skip = read_front_matter(lines.snapshot().lines).lines
    if skip != index.skip:
        index = ScanIndex(lines.snapshot(), skip)
    return [_named(reference) for _, reference in index.references()] == expected


def extracted(text: str, start: int, end: int, written: str) -> str | None:
    """The text with [start, end) replaced by a reference to a file that holds it; None if it stood for something else then.

    `written`: that reference.
    """
    inside = text[start:end]
    new = text[:start] + written + text[end:]
    old, now, block = named(text), named(new), named(inside, included=True)
    position = _position(new, start)
    if position is None or position >= len(now) or now[position][0] is not Kind.FILE:
        return None
    expected = [*old[:position], now[position], *old[position + len(block) :]]
    return new if now == expected and old[position : position + len(block)] == block else None


def _position(text: str, start: int) -> int | None:
    """How many references stand before the one that begins at an offset; None if none begins there."""
    lines = tuple(split_lines(text))
    skip = read_front_matter(lines).lines
    offsets = [0]
    for text_line in lines:
        offsets.append(offsets[-1] + len(text_line))
    for number, (line, reference) in enumerate(ScanIndex(Snapshot(lines), skip).references()):
        if offsets[line] + reference.start == start:
            return number
    return None


def _named(reference: Reference) -> Named:
    return reference.kind, reference.target, reference.fragment, reference.default
