"""Whether a text, written differently, still stands for the same: a reference replaced by its content, or the other way."""

from weighbridge.content.front_matter import read_front_matter
from weighbridge.references.index import ScanIndex
from weighbridge.references.model import Kind, Reference
from weighbridge.text import Snapshot, split_lines

#: What a reference names, wherever it stands.
Named = tuple[Kind, str, str | None, str | None]


def named(text: str, *, included: bool = False) -> list[Named]:
    """What the references of a document's text name, in order. `included`: it is a file's that is included."""
    lines = tuple(split_lines(text))
    skip = 0 if included else read_front_matter(lines).lines
    return [_named(reference) for _, reference in ScanIndex(Snapshot(lines), skip).references()]


def inlined(text: str, start: int, end: int, content: str) -> str | None:
    """The text with [start, end), a reference, replaced by what it stands for; None if it stood for something else then.

    What is put there is read as what is around it: another reference in it, or a fence that it opens, would change that.
    """
    new = text[:start] + content + text[end:]
    old = named(text)
    position = _position(text, start)
    if position is None or position >= len(old):
        return None
    expected = old[:position] + old[position + 1 :]
    return new if named(new) == expected else None


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
