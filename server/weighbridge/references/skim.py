"""The headings of a text without references, found without scanning every line: the same ones, many times quicker.

Only few lines can be a heading outside of all containers, or begin something outside of them that keeps a line from
being one: code between fences, HTML. Those are found by one search. What all others are matters only where it decides
what such a line is; then the lines before it are gone through from the last place on at which nothing is open.
"""

import re
from typing import Final

from weighbridge.references.blocks import START, TOP_PARAGRAPH, BlockState, LeafKind, LineKind, advance
from weighbridge.references.dialect import Dialect
from weighbridge.references.leaves import LONGEST_LINE, atx_title
from weighbridge.references.model import Heading

#: Lines that may be headings or begin code or HTML outside of all containers; and a line that may be one, behind another's end.
_TELLING: Final = re.compile(r" {0,3}(?:#{1,6}(?:[ \t\r\n]|\Z)|`{3}|~{3}|<|(?:=+|-+)[ \t]*(?:\r?\n|\Z))")
_MAY_TELL: Final = re.compile(r"\n {0,3}[#`~<=\-]")
#: Those of them that close every container there may be, and go on no paragraph.
_APART: Final = re.compile(r" ?(?:#{1,6}(?:[ \t\r\n]|\Z)|`{3,}+(?![^`\r\n]*`)|~{3})")
#: What may stand in a line before the fence that ends code.
_INDENTS: Final = ("", " ", "  ", "   ")
#: A line that `blocks` does not take for an ordinary one or an empty one; and an ordinary one's first character.
_SPECIAL: Final = re.compile(r"\n(?!\r?\n)(?=[\s\[#`~<=\-+*_>0-9])")
_ORDINARY: Final = re.compile(r"[^\s\[#`~<=\-+*_>0-9]")
#: What every directive holds. A single character is looked for many times faster than several.
_MARKUP: Final = "<"
_COMMENT: Final = "<!--"
_DIRECTIVE: Final = "weighbridge:"


def may_refer_or_direct(text: str, dialect: Dialect) -> bool:
    """Whether a text may hold a reference or a directive: quick, and never wrongly no."""
    return dialect.text_may_refer(text) or (_MARKUP in text and _COMMENT in text and _DIRECTIVE in text)


def skim(text: str, start: int = 0, line: int = 0) -> list[tuple[int, int, Heading]] | None:
    r"""The headings of a text in which there are no references and directives: line, offset of the line, heading.

    From the line on that begins at `start` and is number `line`. None: only a scan can tell, for there is an underlined
    heading, a line that ends with `\r` alone, or a heading of more than `LONGEST_LINE` characters.
    """
    if "\r" in text and text.count("\r") != text.count("\r\n"):
        return None
    headings: list[tuple[int, int, Heading]] = []
    # Where the state is known, and the line that is looked at.
    origin, state = start, START
    at = counted = start
    while at < len(text):
        # Between fences nothing but the fence that was looked for changes anything.
        if origin < at and not _fenced(state):
            state = START if _APART.match(text, at) else _state_at(text, origin, state, at)
        end = _end(text, at)
        info, state = advance(state, text[at : min(end, at + LONGEST_LINE)])
        if info.kind is LineKind.UNDERLINE:
            return None
        if info.kind is LineKind.HEADING and info.top:
            if end - at > LONGEST_LINE:
                return None
            line += text.count("\n", counted, at)
            counted = at
            headings.append((line, at, Heading(info.level, atx_title(text[at + info.start : end]))))
        origin = end
        match = _next(text, state, end)
        if match is None:
            break
        at = match
    return headings


def _next(text: str, state: BlockState, at: int) -> int | None:
    """Where the next line begins that tells, from the one at `at` on; None if there is none."""
    if at >= len(text):
        return None
    if not state.containers and state.leaf.kind is LeafKind.HTML:
        return at
    if _fenced(state):
        return _fence(text, state.leaf.fence, at)
    match = _MAY_TELL.search(text, at - 1)
    while match is not None:
        start = match.start() + 1
        if _TELLING.match(text, start):
            return start
        match = _MAY_TELL.search(text, start)
    return None


def _fence(text: str, fence: str, at: int) -> int | None:
    """Where the next line begins that may end code which began with a fence, from the one at `at` on."""
    mark = text.find(fence, at)
    while mark >= 0:
        start = text.rfind("\n", at - 1, mark) + 1
        if text[start:mark] in _INDENTS:
            return start
        # No other fence in that line ends anything, however many there are.
        end = text.find("\n", mark)
        mark = -1 if end < 0 else text.find(fence, end)
    return None


def _fenced(state: BlockState) -> bool:
    return not state.containers and state.leaf.kind is LeafKind.FENCE


def _state_at(text: str, origin: int, state: BlockState, at: int) -> BlockState:
    """The state before the line at `at`, from that before the line at `origin`."""
    origin, state = _apart(text, origin, state, at)
    while origin < at:
        simple = not state.containers and state.leaf.kind <= LeafKind.PARAGRAPH and not state.leaf.pending
        if simple:
            match = _SPECIAL.search(text, origin - 1, at + 1)
            special = at if match is None else match.end()
            if special > origin:
                # The line before it is an ordinary one, or empty.
                origin = special
                state = START if text.endswith(("\n\n", "\n\r\n"), 0, special) else TOP_PARAGRAPH
                continue
        end = _end(text, origin)
        _, state = advance(state, text[origin : min(end, origin + LONGEST_LINE)])
        origin = end
    return state


def _apart(text: str, origin: int, state: BlockState, at: int) -> tuple[int, BlockState]:
    """The last place before `at` where the state is known: behind an empty line an ordinary one closes all containers."""
    empty = text.rfind("\n\n", origin, at)
    while empty > origin:
        if _ORDINARY.match(text, empty + 2):
            return empty + 2, START
        empty = text.rfind("\n\n", origin, empty + 1)
    return origin, state


def _end(text: str, at: int) -> int:
    """Where the next line begins."""
    return text.find("\n", at) + 1 or len(text)
