"""An edit inside a long line that matters to no other line: what the line holds now, found near the edit.

Where it begins like no other block than a paragraph, and is its whole window, that is for its inline content to say.
"""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

from weighbridge.references.blocks import LineKind, advance
from weighbridge.references.forms import LONGEST_REFERENCE
from weighbridge.references.inlines import moved, scan_plain
from weighbridge.references.leaves import (
    CROSSING,
    KEPT_LINE,
    LONG_LINE,
    LONG_LOOK,
    LONGEST_LINE,
    QUIET,
    ParsedKeptLine,
    ParsedLine,
    begins_definition,
    look_of,
    scanned_line,
)
from weighbridge.references.links import LABEL_DECIDED
from weighbridge.references.literal import stays_data
from weighbridge.references.model import Reference, Typo
from weighbridge.references.stretches import StretchChange
from weighbridge.rope import Line
from weighbridge.text import Inline

_IN_PARAGRAPH: Final = (LineKind.PARAGRAPH, LineKind.CONTINUATION)
#: What of a line decides what block it is, where it begins none of `_WHOLE`.
_HEAD: Final = 2 * LABEL_DECIDED
#: Where a line begins so, its end may make it a rule, an underline, a fence, or HTML.
_WHOLE: Final = "-=*_`<"


def follow_inside(old: ParsedLine, below: ParsedLine | None, inline: Inline, text: Line) -> ParsedLine | None:
    """The scan of a line that was edited and is `text` now; None if looking near the edit can't tell.

    `below`: the next line, if there is one.
    """
    start = old.info.start
    if len(text) > LONG_LINE and stays_data(old, below, inline, text):
        return old
    if (
        len(text) > LONGEST_LINE
        or inline.column < start
        or start >= len(text)
        or text[start : start + 1] in _WHOLE
    ):
        return None
    if isinstance(old, ParsedKeptLine):
        return _follow_kept(old, below, inline, str(text))
    if old.flags & QUIET and len(text) > LONG_LINE:
        return _follow_quiet(old, inline, text)
    return None


def _follow_kept(
    old: ParsedKeptLine, below: ParsedLine | None, inline: Inline, text: str
) -> ParsedLine | None:
    """The scan after an edit of a line that is kept in stretches."""
    look = look_of(text)
    if len(text) <= KEPT_LINE or (look != old.look and not _stands_alone(old, below)):
        return None
    if inline.column < old.info.start + LABEL_DECIDED and not _begins_alike(old, below, text):
        return None
    kept_line, changes = old.kept_line.follow(text, inline)
    references = _changed(old.scanned.places, changes, inline)
    return ParsedKeptLine(
        old.info, old.before, old.flags, look, scanned_line(references, kept_line.directives, None), kept_line
    )


def _stands_alone(old: ParsedLine, below: ParsedLine | None) -> bool:
    """Whether a line is its whole paragraph: then that is cut nowhere, whatever the line looks like."""
    return old.info.kind is LineKind.PARAGRAPH and (
        below is None or below.info.kind not in (LineKind.CONTINUATION, LineKind.UNDERLINE)
    )


def _begins_alike(old: ParsedLine, below: ParsedLine | None, text: str) -> bool:
    """Whether a line that is edited near its start begins the block that it began, and no definition."""
    start = old.info.start
    info, state = advance(old.before, text[: start + _HEAD])
    return (
        info == old.info and (below is None or below.before == state) and not begins_definition(text, start)
    )


def _changed(
    old: tuple[Reference | Typo, ...], changes: Sequence[StretchChange], inline: Inline
) -> tuple[Reference | Typo, ...]:
    """A line's references with what changed; those behind the edit moved."""
    if not old and not any(change.references for change in changes):
        return ()
    shift = inline.inserted - inline.removed
    references: list[Reference | Typo] = []
    position = 0
    for change in changes:
        behind = bisect_left(old, change.start, position, key=_start)
        references += _moved(old[position:behind], inline.column, shift)
        references += change.references
        position = bisect_left(old, change.end, behind, key=_start)
    references += _moved(old[position:], inline.column, shift)
    return tuple(references)


def _start(reference: Reference | Typo) -> int:
    return reference.start


def _moved(references: Sequence[Reference | Typo], column: int, shift: int) -> list[Reference | Typo]:
    """References with those behind a column so many columns further on."""
    place = bisect_left(references, column, key=_start)
    return [*references[:place], *(moved(reference, shift) for reference in references[place:])]


def _follow_quiet(old: ParsedLine, inline: Inline, text: Line) -> ParsedLine | None:
    """The scan after an edit of a line without backticks and `<`.

    Without them, which references there are depends on no more than `LONGEST_REFERENCE` characters before, and from any
    place on that is in no reference, before as after the edit, they are the same.
    """
    start = old.info.start
    if (
        old.info.kind not in _IN_PARAGRAPH
        or old.flags & CROSSING
        or old.look != LONG_LOOK
        or inline.column < start + LABEL_DECIDED
    ):
        return None
    end = inline.column + inline.inserted
    changed = text[inline.column : end]
    if "`" in changed or "<" in changed:
        return None
    before, after = _split(old.scanned.places, inline.column - 2 * LONGEST_REFERENCE)
    begin = max(start, inline.column - 2 * LONGEST_REFERENCE, before[-1].end if before else 0)
    begin -= _escapes_before(text, start, begin)
    shift = inline.inserted - inline.removed
    near_references = _references_near(text, begin, end)
    joint = _joint(near_references, after, end, shift, text)
    if joint < 0:
        return None
    references = (
        *before,
        *(reference for reference in near_references if reference.start < joint),
        *(moved(reference, shift) for reference in after if reference.start + shift >= joint),
    )
    # It has no directive, which is a comment.
    return ParsedLine(old.info, old.before, old.flags, old.look, scanned_line(references, (), None))


def _escapes_before(text: Line, start: int, end: int) -> int:
    """How many backslashes stand right before `end`, looking no further than `start`."""
    size = 16
    while True:
        near = text[max(start, end - size) : end]
        count = len(near) - len(near.rstrip("\\"))
        if count < size:
            return count
        size *= 2


def _references_near(text: Line, start: int, end: int) -> tuple[Reference | Typo, ...]:
    """The references that begin from `start` up to a reference's length behind `end`, no backtick or `<` in the text.

    Joins no more of a line in pieces than may be looked at.
    """
    low = max(0, start - 1)
    near = text[low : end + 3 * LONGEST_REFERENCE]
    start, stop = start - low, min(len(near), end + LONGEST_REFERENCE - low)
    return tuple(moved(reference, low) for reference in scan_plain(near, start, stop, whole=False).references)


def _split(
    references: tuple[Reference | Typo, ...], column: int
) -> tuple[tuple[Reference | Typo, ...], tuple[Reference | Typo, ...]]:
    """Cut references in those that begin before a column, and the rest."""
    place = bisect_left(references, column, key=_start)
    return references[:place], references[place:]


def _joint(
    new: tuple[Reference | Typo, ...], old: tuple[Reference | Typo, ...], end: int, shift: int, text: Line
) -> int:
    """The first place behind `end` that is in no reference, new or old, nor escaped; -1 if there is none near."""
    place = end + 1
    while place < min(len(text), end + LONGEST_REFERENCE // 2):
        inside = [reference.end for reference in new if reference.start < place < reference.end]
        inside += [
            reference.end + shift
            for reference in old
            if reference.start + shift < place < reference.end + shift
        ]
        if inside:
            place = max(inside)
        elif text[place - 1 : place] == "\\":
            place += 1
        else:
            return place
    return -1
