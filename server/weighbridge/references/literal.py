"""An edit in a long line in which nothing is looked for: its start tells whether all stays as it is.

Such is a line of more than `LONGEST_LINE` characters, and a line between fences.
"""

from typing import Final

from weighbridge.references.blocks import LeafKind, LineKind, advance
from weighbridge.references.leaves import LONGEST_LINE, ParsedLine
from weighbridge.references.links import LABEL_DECIDED, MOST_PENDING
from weighbridge.rope import Line
from weighbridge.text import Inline

_IN_PARAGRAPH: Final = (LineKind.PARAGRAPH, LineKind.CONTINUATION)
#: Where a line's own text begins so, its end may make it a rule, an underline, a fence, or HTML.
_WHOLE: Final = "-=*_`<"
#: Characters of its own text that tell what a line is, where it doesn't begin so; no definition is so long.
_HEAD: Final = max(2 * LABEL_DECIDED, MOST_PENDING) + 1
#: What a line that ends a fence is made of.
_FENCE_MARKS: Final = " \t`~"


def stays_data(old: ParsedLine, below: ParsedLine | None, inline: Inline, text: Line) -> bool:
    """Whether a long line that was edited, and is `text` now, is data as it was before; False if its start can't tell.

    `below`: the next line, if there is one.
    """
    before = len(text) - inline.inserted + inline.removed
    longest = len(text) > LONGEST_LINE
    if longest is not (before > LONGEST_LINE):
        return False
    if longest and inline.column >= LONGEST_LINE:
        # No more of it was looked at, nor is.
        return True
    if old.before.leaf.kind is LeafKind.FENCE and not old.before.containers:
        goes_on = below is None or below.before == old.before
        return goes_on and text[:_HEAD].strip(_FENCE_MARKS) != ""
    start = old.info.start
    if not longest or old.info.kind not in _IN_PARAGRAPH or text[start : start + 1] in _WHOLE:
        return False
    if inline.column >= start + _HEAD:
        return True
    info, state = advance(old.before, text[: start + _HEAD])
    return info == old.info and (below is None or state == below.before)
