"""Where in Markdown a block begins for sure, whatever stands above it: told line by line, without a parser.

For speed: with what is above left out, completion in a CLAUDE.md of 1 MB parses for 0.07 seconds, else for 2.7.

What is asked is what begins and ends fences and HTML. Where that may be one thing or another, nothing below is sure.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

#: What begins a fence, in a list's item or not; and HTML that goes on over blank lines.
_FENCE = re.compile(r"((?:(?:[-*+]|\d+[.)])[ \t]+)*)(`{3,}(?=[^`]*$)|~{3,})")
_RAW = re.compile(r"<(script|pre|style|textarea)\b", re.IGNORECASE)


class _UnsureError(Exception):
    """A line may be one thing or another."""


@dataclass(frozen=True, slots=True)
class _Open:
    """What goes on over lines. `until`: what ends it, a line feed for a blank line. `in_item`: of a list; None for perhaps."""

    until: str
    in_item: bool | None = False


def settled(lines: Sequence[str], first: int = 0) -> int:
    """The last line, from `first` on, at which a block begins whatever stands above it; `first` if no other is sure."""
    sure, blank = first, True
    opened: _Open | None = None
    try:
        for number in range(first, len(lines)):
            line = lines[number].rstrip()
            text = line.lstrip()
            if not text:
                blank = True
                opened = None if opened == _Open("\n") else opened
                continue
            indent = len(line) - len(text)
            opened = None if opened is None else _after(opened, text, indent)
            if opened is None:
                if indent == 0 and blank and (text[0].isalnum() or text[0] == "#"):
                    sure = number
                opened = _opened(text, indent)
            elif _ends(opened, text, indent):
                opened = None
            blank = False
    except _UnsureError:
        pass
    return sure


def _after(opened: _Open, text: str, indent: int) -> _Open | None:
    """What is still open at the start of a line. Raises _UnsureError."""
    if opened.until == "\n" and (text.startswith("<!") or _FENCE.match(text) or _RAW.match(text)):
        # In HTML these begin nothing, in a paragraph they do.
        raise _UnsureError
    if indent or opened.in_item is False:
        return opened
    if opened.in_item is None:
        raise _UnsureError
    # No line of the item.
    return None


def _ends(opened: _Open, text: str, indent: int) -> bool:
    """Whether a line ends what is open. Raises _UnsureError."""
    until = opened.until
    if until[0] not in "`~":
        return until in text.lower()
    if not text.startswith(until) or text.strip(until[0]):
        return False
    if opened.in_item is None and indent > 3:
        raise _UnsureError
    return indent < 4 or opened.in_item is True


def _opened(text: str, indent: int) -> _Open | None:
    """What a line begins that goes on. Raises _UnsureError."""
    if indent > 3:
        # Code, or in an item: that ends before a line without blanks at its start.
        return None
    fence = _FENCE.match(text)
    if fence is not None:
        return _Open(fence[2], True if fence[1] else None if indent else False)
    if text[0] != "<":
        return None
    raw = _RAW.match(text)
    if raw is None and not text.startswith("<!--"):
        if text[1:2] in {"!", "?"}:
            raise _UnsureError
        return _Open("\n")
    if indent:
        raise _UnsureError
    end = "-->" if raw is None else f"</{raw[1].lower()}"
    return None if end in text.lower()[2:] else _Open(end)
