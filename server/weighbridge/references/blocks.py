"""CommonMark's block structure, line by line: which lines are paragraphs, headings, code, HTML. A pure state machine.

    advance(state, line) ──▶ (what the line is, the state after it)

States are small immutable values: equal states go on equally, so scanning can be resumed anywhere and stopped as soon
as a state is the same as it was before an edit. The order of the rules is that of the specification's appendix
("a parsing strategy"), version 0.31.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from weighbridge.references.cursor import Cursor
from weighbridge.references.links import pending_after, skip_definitions
from weighbridge.references.tags import ANY_TAG, ENDS_AT_BLANK, block_begun, block_ends, ends_in_comment

_LINE_ENDS = ("", "\r", "\n")

#: Block quotes and list items inside each other; what is nested deeper is text.
MOST_CONTAINERS: Final = 100


class LineKind(IntEnum):
    """What a line is to the inline scanner."""

    #: Also a line of nothing but container markers.
    BLANK = 0
    #: A paragraph's first line, its other lines, and the line that makes it a setext heading.
    PARAGRAPH = 1
    CONTINUATION = 2
    UNDERLINE = 3
    HEADING = 4
    CODE = 5
    HTML = 6
    #: A thematic break.
    RULE = 7


class LeafKind(IntEnum):
    """The leaf block that is open after a line."""

    NONE = 0
    PARAGRAPH = 1
    FENCE = 2
    INDENTED = 3
    HTML = 4


@dataclass(frozen=True, slots=True)
class Leaf:
    """`fence`: a fence's backticks or tildes. `html`: an HTML block's type, 1 to 7. `comment`: in an HTML comment.

    `pending`: a paragraph's text that may yet turn out to be link reference definitions only; see `links`.
    """

    kind: LeafKind
    fence: str = ""
    html: int = 0
    comment: bool = False
    pending: str = ""


@dataclass(frozen=True, slots=True)
class Container:
    """`width`: columns of a list item's content, 0 for a block quote. `empty`: a list item that holds nothing yet."""

    width: int = 0
    empty: bool = False


@dataclass(frozen=True, slots=True)
class BlockState:
    """What is open between two lines."""

    containers: tuple[Container, ...]
    leaf: Leaf


@dataclass(frozen=True, slots=True)
class BlockLine:
    """`start`: where the line's own text begins, in code points. `level`: of a heading or underline.

    `comment`: an HTML line that begins inside a comment. `top`: not inside any container.
    """

    kind: LineKind
    start: int = 0
    level: int = 0
    comment: bool = False
    top: bool = True


NO_LEAF: Final = Leaf(LeafKind.NONE)
IN_PARAGRAPH: Final = Leaf(LeafKind.PARAGRAPH)
INDENTED: Final = Leaf(LeafKind.INDENTED)
QUOTE: Final = Container()
START: Final = BlockState((), NO_LEAF)
TOP_PARAGRAPH: Final = BlockState((), IN_PARAGRAPH)

_BLANK: Final = BlockLine(LineKind.BLANK)
_BLANK_INSIDE: Final = BlockLine(LineKind.BLANK, top=False)
_PLAIN_START: Final = BlockLine(LineKind.PARAGRAPH)
_PLAIN_MORE: Final = BlockLine(LineKind.CONTINUATION)
_CODE: Final = BlockLine(LineKind.CODE)
_CODE_INSIDE: Final = BlockLine(LineKind.CODE, top=False)
_RULE: Final = BlockLine(LineKind.RULE)
_RULE_INSIDE: Final = BlockLine(LineKind.RULE, top=False)

#: A line that begins so begins no block but a paragraph, and ends no code.
_ORDINARY = re.compile(r"[^\s\[#`~<=\-+*_>0-9]")
_ATX = re.compile(r"#{1,6}(?=[ \t]|$)")
_FENCE = re.compile(r"`{3,}+(?![^`]*`)|~{3,}+")
_CLOSING_FENCE = re.compile(r"(?:`{3,}+|~{3,}+)(?=[ \t]*$)")
_SETEXT = re.compile(r"(?:=++|-++)[ \t]*$")
_THEMATIC = re.compile(r"(?:\*[ \t]*+){3,}+$|(?:_[ \t]*+){3,}+$|(?:-[ \t]*+){3,}+$")
_BULLET = re.compile(r"[*+-](?=[ \t]|$)")
_ORDERED = re.compile(r"(\d{1,9})[.)](?=[ \t]|$)", re.ASCII)
_TEXT = re.compile(r"[^ \t]")
#: What a block other than a paragraph may begin with.
_BLOCK_MARKS = frozenset("#`~<=-+*_>0123456789")


def advance(state: BlockState, line: str) -> tuple[BlockLine, BlockState]:
    """Tell what a line is, in the state before it, and give the state after it. Linear in the line; never raises."""
    leaf = state.leaf
    shortcut = None if state.containers else _simple(state, line)
    if shortcut is not None:
        return shortcut
    cursor = Cursor(line.rstrip("\r\n"))
    matched = _match_containers(cursor, state.containers)
    all_matched = matched == len(state.containers)
    if all_matched and leaf.kind > LeafKind.PARAGRAPH:
        shortcut = _continue_leaf(cursor, state)
        if shortcut is not None:
            return shortcut
        leaf = NO_LEAF
    if cursor.blank:
        return _blank(state, leaf, matched)
    return _Opening(cursor, state, leaf, matched).run()


def _simple(state: BlockState, line: str) -> tuple[BlockLine, BlockState] | None:
    """What most lines of most texts are, outside of containers."""
    leaf = state.leaf
    if _ORDINARY.match(line):
        if leaf.kind is LeafKind.NONE:
            return _PLAIN_START, TOP_PARAGRAPH
        if leaf.kind is LeafKind.PARAGRAPH and not leaf.pending:
            return _PLAIN_MORE, TOP_PARAGRAPH
        if leaf.kind is LeafKind.FENCE:
            return _CODE, state
    elif line[:1] in _LINE_ENDS and leaf.kind <= LeafKind.PARAGRAPH:
        return _BLANK, START
    return None


def _match_containers(cursor: Cursor, containers: tuple[Container, ...]) -> int:
    """Take the line's markers of the open containers; how many go on."""
    if cursor.blank:
        # Only list items that hold something go on at a line of nothing at all.
        return next(
            (n for n, container in enumerate(containers) if not container.width or container.empty),
            len(containers),
        )
    for number, container in enumerate(containers):
        if container.width:
            if cursor.blank:
                if container.empty:
                    return number
            elif cursor.indent >= container.width:
                cursor.skip_columns(container.width)
            else:
                return number
        elif cursor.indent < 4 and cursor.peek() == ">":
            _take_quote(cursor)
        else:
            return number
    return len(containers)


def _take_quote(cursor: Cursor) -> None:
    cursor.take(1)
    if cursor.indent:
        cursor.skip_columns(1)


def _continue_leaf(cursor: Cursor, state: BlockState) -> tuple[BlockLine, BlockState] | None:
    """A line of the open code or HTML block; None if it does not belong to it."""
    leaf, containers = state.leaf, state.containers
    if leaf.kind is LeafKind.FENCE:
        close = None if cursor.indented else _CLOSING_FENCE.match(cursor.text, cursor.next)
        ends = close is not None and close[0].startswith(leaf.fence)
        return _code(containers), BlockState(containers, NO_LEAF) if ends else state
    if leaf.kind is LeafKind.INDENTED:
        if cursor.blank:
            return _BLANK_INSIDE if containers else _BLANK, state
        return (_code(containers), state) if cursor.indented else None
    if cursor.blank and leaf.html >= ENDS_AT_BLANK:
        return None
    return _html_line(cursor, containers, leaf)


def _code(containers: Sequence[Container]) -> BlockLine:
    return _CODE_INSIDE if containers else _CODE


def _html_line(cursor: Cursor, containers: tuple[Container, ...], leaf: Leaf) -> tuple[BlockLine, BlockState]:
    """A line of an HTML block, and whether the block ends with it."""
    html = BlockLine(LineKind.HTML, cursor.next, comment=leaf.comment, top=not containers)
    if block_ends(leaf.html, cursor.text, cursor.next):
        return html, BlockState(containers, NO_LEAF)
    comment = ends_in_comment(cursor.text, cursor.next, inside=leaf.comment)
    return html, BlockState(containers, Leaf(LeafKind.HTML, html=leaf.html, comment=comment))


def _blank(state: BlockState, leaf: Leaf, matched: int) -> tuple[BlockLine, BlockState]:
    """A blank line, which ends all but code and the containers that go on."""
    containers = state.containers
    if matched < len(containers):
        containers = containers[:matched]
    elif leaf is state.leaf and leaf.kind is LeafKind.NONE:
        return (_BLANK_INSIDE if containers else _BLANK), state
    return (_BLANK_INSIDE if containers else _BLANK), BlockState(containers, NO_LEAF)


class _Opening:
    """A line that is not blank, behind the markers of the containers it goes on: what begins in it."""

    def __init__(self, cursor: Cursor, state: BlockState, leaf: Leaf, matched: int) -> None:
        self.cursor = cursor
        self.state = state
        self.containers = list(state.containers[:matched])
        in_paragraph = leaf.kind is LeafKind.PARAGRAPH
        all_matched = matched == len(state.containers)
        #: A paragraph that the line may go on, and one whose containers' markers it lacks: a lazy continuation.
        self.paragraph = in_paragraph and all_matched
        self.lazy = in_paragraph and not all_matched

    def run(self) -> tuple[BlockLine, BlockState]:
        cursor = self.cursor
        while not cursor.blank and not cursor.indented and cursor.peek() in _BLOCK_MARKS:
            leaf = self._leaf()
            if leaf is not None:
                return leaf
            container = self._container() if len(self.containers) < MOST_CONTAINERS else None
            if container is None:
                break
            self._fill()
            self.containers.append(container)
            self.paragraph = self.lazy = False
        return self._text()

    def _text(self) -> tuple[BlockLine, BlockState]:
        """What is left when no block begins: code that is indented, a paragraph, or nothing behind a marker."""
        cursor, state = self.cursor, self.state
        if cursor.blank:
            return _BLANK_INSIDE, BlockState(tuple(self.containers), NO_LEAF)
        text = cursor.text
        if self.paragraph or self.lazy:
            continuation = BlockLine(LineKind.CONTINUATION, cursor.next, top=not state.containers)
            pending = state.leaf.pending
            if not pending:
                return continuation, state
            return continuation, BlockState(state.containers, _paragraph(pending, text[cursor.next :]))
        if cursor.indented:
            return _code(self.containers), self._after(INDENTED)
        leaf = _paragraph("", text[cursor.next :]) if text[cursor.next] == "[" else IN_PARAGRAPH
        return BlockLine(LineKind.PARAGRAPH, cursor.next, top=not self.containers), self._after(leaf)

    def _after(self, leaf: Leaf) -> BlockState:
        """The state after a leaf begins in the innermost container."""
        self._fill()
        return BlockState(tuple(self.containers), leaf)

    def _fill(self) -> None:
        """Note that the innermost container holds something."""
        containers = self.containers
        if containers and containers[-1].empty:
            containers[-1] = Container(containers[-1].width)

    def _leaf(self) -> tuple[BlockLine, BlockState] | None:
        """A heading, fence, HTML block or rule that begins here."""
        cursor = self.cursor
        text, at, char = cursor.text, cursor.next, cursor.peek()
        top = not self.containers
        if char == "#" and (match := _ATX.match(text, at)):
            return BlockLine(LineKind.HEADING, match.end(), len(match[0]), top=top), self._after(NO_LEAF)
        if char in "`~" and (match := _FENCE.match(text, at)):
            return _code(self.containers), self._after(Leaf(LeafKind.FENCE, match[0]))
        if char == "<" and (html := block_begun(text, at)):
            if html == ANY_TAG and (self.paragraph or self.lazy):
                return None
            self._fill()
            return _html_line(cursor, tuple(self.containers), Leaf(LeafKind.HTML, html=html))
        return self._rule(char)

    def _rule(self, char: str) -> tuple[BlockLine, BlockState] | None:
        """A line that makes the paragraph a heading, or a thematic break."""
        text, at, top = self.cursor.text, self.cursor.next, not self.containers
        if self.paragraph and char in "=-" and _SETEXT.match(text, at):
            pending = self.state.leaf.pending
            # Definitions leave no text behind that could be a heading's.
            if not pending or skip_definitions(pending) < len(pending):
                return BlockLine(LineKind.UNDERLINE, at, 1 if char == "=" else 2, top=top), self._after(
                    NO_LEAF
                )
        if char in "*-_" and _THEMATIC.match(text, at):
            return (_RULE if top else _RULE_INSIDE), self._after(NO_LEAF)
        return None

    def _container(self) -> Container | None:
        """A block quote or list item that begins here, its marker taken."""
        cursor = self.cursor
        char = cursor.peek()
        if char == ">":
            _take_quote(cursor)
            return QUOTE
        match = _BULLET.match(cursor.text, cursor.next)
        if match is None:
            match = _ORDERED.match(cursor.text, cursor.next)
            if match is None or (self.paragraph and int(match[1]) != 1):
                return None
        if self.paragraph and not _TEXT.search(cursor.text, match.end()):
            return None
        width = cursor.indent + len(match[0])
        cursor.take(len(match[0]))
        spaces = cursor.indent
        if cursor.blank or not 1 <= spaces <= 4:
            spaces = 1
            if cursor.indent:
                cursor.skip_columns(1)
        else:
            cursor.skip_columns(spaces)
        return Container(width + spaces, empty=True)


def _paragraph(pending: str, line: str) -> Leaf:
    """An open paragraph that may yet turn out to be definitions only, or can't."""
    pending = pending_after(pending, line)
    return Leaf(LeafKind.PARAGRAPH, pending=pending) if pending else IN_PARAGRAPH
