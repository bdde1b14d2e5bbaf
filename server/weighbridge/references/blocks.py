"""CommonMark's block structure, line by line: which lines are paragraphs, headings, code, HTML. A pure state machine.

    advance(state, line) ──▶ (what the line is, the state after it)

States are small immutable values: equal states go on equally, so scanning can be resumed anywhere and stopped as soon
as a state is the same as it was before an edit. The order of the rules is that of the specification's appendix
("a parsing strategy"), version 0.31.
"""

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

#: Block quotes and list items inside each other; what is nested deeper is text.
MOST_CONTAINERS: Final = 100


class LineKind(IntEnum):
    """What a line is to the inline scanner."""

    BLANK = 0
    #: A paragraph's first line, its other lines, and the line that makes it a setext heading.
    PARAGRAPH = 1
    CONTINUATION = 2
    UNDERLINE = 3
    HEADING = 4
    CODE = 5
    HTML = 6
    #: Thematic breaks, and lines of nothing but container markers.
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
    """`mark`: a fence's character, or an HTML block's type (1 to 7). `size`: a fence's length. `comment`: in a comment."""

    kind: LeafKind
    mark: str | int = 0
    size: int = 0
    comment: bool = False


@dataclass(frozen=True, slots=True)
class Container:
    """`width`: columns of a list item's content, 0 for a block quote. `empty`: a list item that holds nothing yet."""

    width: int = 0
    empty: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """What is open between two lines."""

    containers: tuple[Container, ...]
    leaf: Leaf


@dataclass(frozen=True, slots=True)
class Line:
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
START: Final = State((), NO_LEAF)
TOP_PARAGRAPH: Final = State((), IN_PARAGRAPH)

_BLANK: Final = Line(LineKind.BLANK)
_BLANK_INSIDE: Final = Line(LineKind.BLANK, top=False)
_PLAIN_START: Final = Line(LineKind.PARAGRAPH)
_PLAIN_MORE: Final = Line(LineKind.CONTINUATION)

#: A line that begins so begins no block but a paragraph.
_ORDINARY = re.compile(r"[^\s#`~<=\-+*_>0-9]")
_ATX = re.compile(r"#{1,6}(?:[ \t]+|$)")
_FENCE = re.compile(r"`{3,}(?!.*`)|~{3,}")
_CLOSING_FENCE = re.compile(r"(?:`{3,}|~{3,})(?=[ \t]*$)")
_SETEXT = re.compile(r"(?:=+|-+)[ \t]*$")
_RULE = re.compile(r"(?:\*[ \t]*+){3,}$|(?:_[ \t]*+){3,}$|(?:-[ \t]*+){3,}$")
_BULLET = re.compile(r"[*+-](?=[ \t]|$)")
_ORDERED = re.compile(r"(\d{1,9})[.)](?=[ \t]|$)", re.ASCII)
_TAGS = (
    "address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd|details|dialog|dir|div|dl|dt|"
    "fieldset|figcaption|figure|footer|form|frame|frameset|h[123456]|head|header|hr|html|iframe|legend|li|link|main|"
    "menu|menuitem|nav|noframes|ol|optgroup|option|p|param|search|section|summary|table|tbody|td|tfoot|th|thead|title|"
    "tr|track|ul"
)
OPEN_TAG: Final = (
    r"<[A-Za-z][A-Za-z0-9-]*+(?:\s++[a-zA-Z_:][a-zA-Z0-9:._-]*+"
    r"(?:\s*+=\s*+(?:[^\"'=<>`\x00-\x20]++|'[^']*+'|\"[^\"]*+\"))?+)*+\s*+/?>"
)
CLOSE_TAG: Final = r"</[A-Za-z][A-Za-z0-9-]*+\s*+>"
_HTML_OPEN = (
    re.compile(r"<(?:script|pre|textarea|style)(?:\s|>|$)", re.IGNORECASE),
    re.compile(r"<!--"),
    re.compile(r"<[?]"),
    re.compile(r"<![A-Za-z]"),
    re.compile(r"<!\[CDATA\["),
    re.compile(rf"</?(?:{_TAGS})(?:\s|/?>|$)", re.IGNORECASE),
    re.compile(rf"(?:{OPEN_TAG}|{CLOSE_TAG})\s*$"),
)
_HTML_CLOSE = (
    re.compile(r"</(?:script|pre|textarea|style)>", re.IGNORECASE),
    re.compile(r"-->"),
    re.compile(r"\?>"),
    re.compile(r">"),
    re.compile(r"\]\]>"),
)


class _Cursor:
    """A place in a line: code points, and columns, which tabs stretch to multiples of four."""

    __slots__ = ("column", "indent", "inside_tab", "next", "offset", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.offset = 0
        self.column = 0
        self.inside_tab = False
        self.find_next()

    @property
    def blank(self) -> bool:
        return self.next >= len(self.text)

    @property
    def indented(self) -> bool:
        return self.indent >= 4

    def peek(self) -> str:
        return self.text[self.next] if self.next < len(self.text) else ""

    def find_next(self) -> None:
        """Look for the next character that is no space or tab; `indent`: columns up to it."""
        text, at, column = self.text, self.offset, self.column
        while at < len(text):
            char = text[at]
            if char == " ":
                column += 1
            elif char == "\t":
                column += 4 - column % 4
            else:
                break
            at += 1
        self.next = at
        self.indent = column - self.column

    def skip_indent(self) -> None:
        """Go to the next character that is no space or tab."""
        self.column += self.indent
        self.offset = self.next
        self.inside_tab = False
        self.indent = 0

    def skip_characters(self, count: int) -> None:
        """Go on by so many characters, none of them tabs."""
        self.offset += count
        self.column += count
        self.inside_tab = False
        self.find_next()

    def skip_columns(self, count: int) -> None:
        """Go on by so many columns of spaces and tabs; a tab may be used up in part."""
        while count > 0 and self.offset < len(self.text):
            if self.text[self.offset] == "\t":
                width = 4 - self.column % 4
                self.inside_tab = width > count
                step = min(count, width)
                self.column += step
                self.offset += 0 if self.inside_tab else 1
                count -= step
            else:
                self.inside_tab = False
                self.offset += 1
                self.column += 1
                count -= 1
        self.find_next()

    def at_blank(self) -> bool:
        """Whether a space or tab is next."""
        return self.offset < len(self.text) and self.text[self.offset] in " \t"


def advance(state: State, line: str) -> tuple[Line, State]:
    """Tell what a line is, in the state before it, and give the state after it. Linear in the line; never raises."""
    if not state.containers and state.leaf.kind <= LeafKind.PARAGRAPH and _ORDINARY.match(line):
        # Most lines of most texts.
        return (_PLAIN_MORE if state.leaf.kind else _PLAIN_START), TOP_PARAGRAPH
    cursor = _Cursor(line.rstrip("\r\n"))
    matched = _match_containers(cursor, state.containers)
    all_matched = matched == len(state.containers)
    leaf = state.leaf
    if all_matched and leaf.kind > LeafKind.PARAGRAPH:
        line_found = _continue_leaf(cursor, state, leaf)
        if line_found is not None:
            return line_found
        leaf = NO_LEAF
    in_paragraph = leaf.kind is LeafKind.PARAGRAPH
    if all_matched and in_paragraph and cursor.blank:
        in_paragraph = False
    return _start_blocks(cursor, state, matched, all_matched=all_matched, in_paragraph=in_paragraph)


def _match_containers(cursor: _Cursor, containers: tuple[Container, ...]) -> int:
    """Take the line's markers of the open containers; how many go on."""
    for number, container in enumerate(containers):
        if container.width:
            if cursor.blank:
                if container.empty:
                    return number
                cursor.skip_indent()
            elif cursor.indent >= container.width:
                cursor.skip_columns(container.width)
            else:
                return number
        elif not cursor.indented and cursor.peek() == ">":
            _skip_quote(cursor)
        else:
            return number
    return len(containers)


def _skip_quote(cursor: _Cursor) -> None:
    cursor.skip_indent()
    cursor.skip_characters(1)
    if cursor.at_blank():
        cursor.skip_columns(1)


def _continue_leaf(cursor: _Cursor, state: State, leaf: Leaf) -> tuple[Line, State] | None:
    """A line of the open code or HTML block; None if it does not belong to it."""
    top = not state.containers
    if leaf.kind is LeafKind.FENCE:
        close = None if cursor.indented else _CLOSING_FENCE.match(cursor.text, cursor.next)
        if close is not None and cursor.peek() == leaf.mark and len(close[0]) >= leaf.size:
            return Line(LineKind.CODE, top=top), State(state.containers, NO_LEAF)
        return Line(LineKind.CODE, top=top), state
    if leaf.kind is LeafKind.INDENTED:
        if cursor.indented:
            return Line(LineKind.CODE, top=top), state
        return (Line(LineKind.BLANK, top=top), state) if cursor.blank else None
    if cursor.blank and isinstance(leaf.mark, int) and leaf.mark >= 6:
        return None
    return _html_line(cursor, state.containers, leaf)


def _html_line(cursor: _Cursor, containers: tuple[Container, ...], leaf: Leaf) -> tuple[Line, State]:
    """A line of an HTML block, and whether the block ends with it."""
    found = Line(LineKind.HTML, cursor.offset, comment=leaf.comment, top=not containers)
    assert isinstance(leaf.mark, int)  # noqa: S101  an HTML block's mark is its type
    if leaf.mark <= 5 and _HTML_CLOSE[leaf.mark - 1].search(cursor.text, cursor.offset):
        return found, State(containers, NO_LEAF)
    comment = ends_in_comment(cursor.text, cursor.offset, inside=leaf.comment)
    return found, State(containers, Leaf(LeafKind.HTML, leaf.mark, 0, comment))


def ends_in_comment(text: str, start: int, *, inside: bool) -> bool:
    """Whether raw HTML from `start` on ends inside a comment, having begun inside one or not."""
    if not inside and text.find("<!--", start) < 0:
        return False
    at = start
    while True:
        if inside:
            at = text.find("-->", at)
            if at < 0:
                return True
            at += 3
            inside = False
        at = text.find("<!--", at)
        if at < 0:
            return False
        # `<!-->` and `<!--->` are comments of their own.
        at += 2
        inside = True


def _start_blocks(
    cursor: _Cursor, state: State, matched: int, *, all_matched: bool, in_paragraph: bool
) -> tuple[Line, State]:
    """Open the blocks that begin in a line, and say what the rest of it is."""
    containers = list(state.containers[:matched])
    # A paragraph that is open, but whose containers' markers the line lacks, may still go on: a lazy continuation.
    lazy = in_paragraph and not all_matched
    paragraph = in_paragraph and all_matched
    while True:
        if not cursor.indented:
            found = _start_leaf(cursor, containers, paragraph=paragraph, lazy=lazy)
            if found is not None:
                return found
        if len(containers) < MOST_CONTAINERS:
            container = None if cursor.indented else _start_container(cursor, paragraph=paragraph)
            if container is not None:
                _fill(containers)
                containers.append(container)
                paragraph = lazy = False
                continue
        if cursor.indented and not cursor.blank and not paragraph and not lazy:
            _fill(containers)
            return Line(LineKind.CODE, top=not containers), State(tuple(containers), INDENTED)
        break
    start = cursor.next
    if cursor.blank:
        top = not containers
        return (_BLANK if top else _BLANK_INSIDE), State(tuple(containers), NO_LEAF)
    if lazy:
        return Line(LineKind.CONTINUATION, start, top=not state.containers), state
    if paragraph:
        return Line(LineKind.CONTINUATION, start, top=not containers), State(tuple(containers), IN_PARAGRAPH)
    _fill(containers)
    return Line(LineKind.PARAGRAPH, start, top=not containers), State(tuple(containers), IN_PARAGRAPH)


def _fill(containers: list[Container]) -> None:
    """Note that the innermost container holds something."""
    if containers and containers[-1].empty:
        containers[-1] = Container(containers[-1].width)


def _start_leaf(
    cursor: _Cursor, containers: list[Container], *, paragraph: bool, lazy: bool
) -> tuple[Line, State] | None:
    """A heading, fence, HTML block or rule that begins here; the containers it is in hold something then."""
    text, at, char = cursor.text, cursor.next, cursor.peek()
    top = not containers
    if char == "#" and (match := _ATX.match(text, at)):
        _fill(containers)
        level = len(match[0].rstrip())
        return Line(LineKind.HEADING, match.end(), level, top=top), State(tuple(containers), NO_LEAF)
    if char in ("`", "~") and char and (match := _FENCE.match(text, at)):
        _fill(containers)
        return (
            Line(LineKind.CODE, top=top),
            State(tuple(containers), Leaf(LeafKind.FENCE, char, len(match[0]))),
        )
    if char == "<":
        for number, pattern in enumerate(_HTML_OPEN, 1):
            if pattern.match(text, at) and (number < 7 or not (paragraph or lazy)):
                _fill(containers)
                return _html_line(cursor, tuple(containers), Leaf(LeafKind.HTML, number))
    if paragraph and char in ("=", "-") and char and _SETEXT.match(text, at):
        level = 1 if char == "=" else 2
        return Line(LineKind.UNDERLINE, at, level, top=top), State(tuple(containers), NO_LEAF)
    if char in ("*", "-", "_") and char and _RULE.match(text, at):
        _fill(containers)
        return Line(LineKind.RULE, top=top), State(tuple(containers), NO_LEAF)
    return None


def _start_container(cursor: _Cursor, *, paragraph: bool) -> Container | None:
    """A block quote or list item that begins here, its marker taken."""
    char = cursor.peek()
    if char == ">":
        _skip_quote(cursor)
        return QUOTE
    match = _BULLET.match(cursor.text, cursor.next)
    if match is None:
        match = _ORDERED.match(cursor.text, cursor.next)
        if match is None or (paragraph and int(match[1]) != 1):
            return None
    if paragraph and not cursor.text[match.end() :].strip(" \t"):
        return None
    indent, marker = cursor.indent, len(match[0])
    cursor.skip_indent()
    cursor.skip_characters(marker)
    spaces = cursor.indent
    blank = cursor.blank
    if blank or spaces >= 5 or spaces < 1:
        if cursor.at_blank():
            cursor.skip_columns(1)
        padding = marker + 1
    else:
        cursor.skip_columns(spaces)
        padding = marker + spaces
    return Container(indent + padding, empty=True)
