"""Markdown as agents that parse it see it: the text in which imports count, and block comments.

Claude Code and Qwen Code use a parser whose block structure is CommonMark's; where that parser differs (list items are
scanned raw first, entities stay), this follows the recordings.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from weighbridge.agents.remembering import remembered
from weighbridge.agents.settled import sections
from weighbridge.agents.text import js_trim, unix_lines
from weighbridge.text import split_lines

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.token import Token

_RAW_END = re.compile(r"[ \t]*</(?:script|pre|style|textarea)\b", re.IGNORECASE)
_DECLARATION = re.compile(r" {0,3}<(?:\?|!(?!--))")
_CODE_INDENT = 4
_ONE_TAG = re.compile(r" {0,3}<[^\n>]+>\n")
_IN_HEADING = "in_heading"
#: Block quotes within one another that are looked into: a bound against hostile texts.
_MOST_QUOTES = 20
_QUOTE_MARK = re.compile(r"^ {0,3}>[ \t]?", re.MULTILINE)
_COMMENT = re.compile(r"<!--[\s\S]*?-->")


@cache
def _parser() -> "MarkdownIt":
    # Most texts need none, and it takes long to load.
    from markdown_it import MarkdownIt  # noqa: PLC0415

    # What stands in lines is parsed where somebody looks at it.
    parser = MarkdownIt("commonmark").disable(["inline", "entity", "text_join"])
    parser.block.ruler.at("html_block", _html_block, {"alt": ["paragraph", "reference", "blockquote"]})
    parser.block.ruler.at("lheading", _setext_heading)
    parser.block.ruler.at("fence", _fence, {"alt": ["paragraph", "reference", "blockquote", "list"]})
    return parser


def _setext_heading(state: "StateBlock", start: int, end: int, silent: bool) -> bool:
    """Headings with a line below as in CommonMark, but that an indented line ends them, and of HTML only a line which is one tag
    or comment.
    """
    from markdown_it.rules_block import lheading  # noqa: PLC0415  as above

    known = len(state.tokens)
    state.env[_IN_HEADING] = True
    try:
        if not lheading(state, start, end, silent):
            return False
    finally:
        del state.env[_IN_HEADING]
    if all(state.sCount[line] - state.blkIndent < _CODE_INDENT for line in range(start + 1, state.line - 1)):
        return True
    del state.tokens[known:]
    state.line = start
    return False


def _fence(state: "StateBlock", start: int, end: int, silent: bool) -> bool:
    """Fences as in CommonMark, but that a text's last line ends no paragraph if no line feed ends it."""
    from markdown_it.rules_block import fence  # noqa: PLC0415  as above

    return not (silent and state.eMarks[start] == len(state.src)) and fence(state, start, end, silent)


def _html_block(state: "StateBlock", start: int, end: int, silent: bool) -> bool:
    """HTML blocks as in CommonMark, but that indented ones, declarations and instructions end no paragraph, and end tags of raw
    text begin none.
    """
    from markdown_it.rules_block import html_block  # noqa: PLC0415  as above

    if (silent and state.sCount[start] > state.blkIndent) or _RAW_END.match(state.src, state.bMarks[start]):
        return False
    if silent and _DECLARATION.match(state.src, state.bMarks[start]):
        return False
    if _IN_HEADING in state.env and not _ONE_TAG.match(state.src, state.bMarks[start]):
        return False
    return html_block(state, start, end, silent)


def stretches(text: str) -> Iterator[str]:
    """The stretches of a text in which an import may stand, in order: outside code, of link texts, behind comments."""
    if "@" not in text:
        return
    extracts = [
        _importing(section.text)
        for section in sections(unix_lines(text))
        if "@" in section.text or "]:" in section.text
    ]
    links: dict[str, Any] = {"references": {name: to for extract in extracts for name, to in extract.links}}
    parser = _parser()
    for content, where in (pair for extract in extracts for pair in extract.contents):
        if where is not _Where.TEXT:
            yield content
        if where is not _Where.HTML:
            children: list[Token] = []
            # A byte order mark is white space to JavaScript, of any other kind to the parser.
            parser.inline.parse(content.replace("\ufeff", "\u00a0"), parser, links, children)
            yield from _inline(children)


class _Where(Enum):
    """The surroundings of a text with an `@` in it."""

    TEXT = auto()
    ITEM = auto()
    HTML = auto()


@dataclass(frozen=True, slots=True)
class _Importing:
    """The contents of a section that may hold imports, and the links that it defines by their names."""

    contents: tuple[tuple[str, _Where], ...]
    links: tuple[tuple[str, Any], ...]


@remembered
def _importing(section: str) -> _Importing:
    contents: list[tuple[str, _Where]] = []
    links = dict[str, Any]()
    items = 0
    for token in _parser().parse(section, links):
        if token.type == "list_item_open":
            items += 1
        elif token.type == "list_item_close":
            items -= 1
        elif token.type == "html_block":
            contents += [(text, _Where.HTML) for text in _behind_comments(token.content)]
        elif token.type == "inline" and "@" in token.content:
            contents.append((token.content, _Where.ITEM if items else _Where.TEXT))
    return _Importing(tuple(contents), tuple(links.get("references", {}).items()))


def without_comments(text: str) -> str:
    """The text without HTML comments. Behind the last end of one none is looked for, which takes time linear in the text."""
    end = text.rfind("-->") + 3
    return text if end < 3 else _COMMENT.sub("", text[:end]) + text[end:]


def comments(text: str, start: int, end: int | None = None) -> Iterator[tuple[int, int]]:
    """Where the HTML comments stand in a stretch of a text, in time linear in it."""
    last = text.rfind("-->", start, end) + 3
    return (match.span() for match in _COMMENT.finditer(text, start, max(start, last)))


def _behind_comments(block: str) -> Iterator[str]:
    """The text of an HTML block that begins with a comment, without its comments."""
    if block.lstrip().startswith("<!--") and "-->" in block:
        yield without_comments(block)


def _inline(tokens: "list[Token]") -> Iterator[str]:
    """The runs of plain text, line breaks in them kept."""
    run: list[str] = []
    for token in tokens:
        if token.type == "text":
            run.append(token.content)
        elif token.type == "softbreak":
            run.append("\n")
        elif token.type == "text_special" and token.content == token.markup:
            run.append(token.content)
        elif run:
            yield "".join(run)
            run.clear()
    if run:
        yield "".join(run)


def without_block_comments(text: str) -> str:
    """The text without HTML comments that are blocks of their own at its top level.

    Where one was removed every line end becomes a line feed, and the empty lines behind the comment go with it.
    """
    if "<!--" not in text:
        return text
    lines = split_lines(unix_lines(text))
    parts: list[str] = []
    at = 0
    removed = False
    for start, last in _comment_blocks("".join(lines)):
        block, end = "".join(lines[start:last]), last
        while end < len(lines) and lines[end] == "\n":
            block += lines[end]
            end += 1
        rest = without_comments(block)
        parts.extend(lines[at:start])
        if js_trim(rest):
            parts.append(rest)
        at = end
        removed = True
    return "".join([*parts, *lines[at:]]) if removed else text


def block_comments(text: str) -> Iterator[tuple[int, int]]:
    """Where the comments stand in a text that go with its block comments."""
    if "<!--" not in text:
        return
    lines = split_lines(text)
    offsets = [0, *accumulate(map(len, lines))]
    for start, end in _comment_blocks(unix_lines(text)):
        yield from comments(text, offsets[start], offsets[min(end, len(lines))])


def _comment_blocks(text: str) -> Iterator[tuple[int, int]]:
    """The lines, from and to, of the blocks at a text's top level that begin with a comment and lose one."""
    for section in sections(text):
        if "<!--" in section.text:
            yield from (
                (section.line + start, section.line + end) for start, end in _comments_in(section.text)
            )


@remembered
def _comments_in(section: str) -> tuple[tuple[int, int], ...]:
    lines = split_lines(section)
    spans = [
        token.map for token in _parser().parse(section) if token.type == "html_block" and not token.level
    ]
    return tuple((start, end) for start, end in filter(None, spans) if _loses_one("".join(lines[start:end])))


def _loses_one(block: str) -> bool:
    return block.lstrip(" ").startswith("<!--") and without_comments(block) != block


def code_regions(text: str) -> list[tuple[int, int]]:
    """Where Qwen Code sees code in a text: fences, indented code and spans, but none in lists and tables.

    Its parser reads the text with line feeds only, and its places are taken for places in the text as it is.
    """
    source = unix_lines(text)
    return [
        (section.start + start, section.start + end)
        for section in sections(source)
        for start, end in _regions_in(section.text)
    ]


@remembered
def _regions_in(section: str) -> tuple[tuple[int, int], ...]:
    return tuple(_regions(section, 0))


def _regions(source: str, base: int, quotes: int = 0) -> Iterator[tuple[int, int]]:
    """The code in a text that stands at `base`, within so many block quotes."""
    if not any(mark in source for mark in ("`", "~~~", "    ", "\t")):
        return
    starts = [0, *(match.end() for match in re.finditer("\n", source)), len(source)]
    for token, children in _blocks(source):
        assert token.map is not None  # noqa: S101  a block has its lines
        start, end = starts[token.map[0]], starts[min(token.map[1], len(starts) - 1)]
        raw = source[start:end]
        if token.type in {"fence", "code_block"}:
            yield base + start, base + end
        elif token.type == "blockquote_open" and quotes < _MOST_QUOTES:
            yield from _quoted_regions(raw, base + start, quotes + 1)
        elif children:
            yield from ((base + start + a, base + start + b) for a, b in _spans(raw, children))


def _blocks(source: str) -> "Iterator[tuple[Token, list[Token]]]":
    """The blocks of a text that are in no other, each with what is in its line."""
    parser, links = _tables(), dict[str, Any]()
    tokens = parser.parse(source, links)
    for at, token in enumerate(tokens):
        if token.level == 0 and token.map is not None:
            inline = tokens[at + 1] if at + 1 < len(tokens) else token
            children: list[Token] = []
            if inline.type == "inline" and "`" in inline.content:
                parser.inline.parse(inline.content, parser, links, children)
            yield token, children


def _quoted_regions(raw: str, base: int, quotes: int) -> Iterator[tuple[int, int]]:
    """The code in a block quote: Qwen Code looks for each block of the quote in the quote's text, marks and all.

    It goes no further where it does not find one, as with all blocks of several lines.
    """
    inner = _QUOTE_MARK.sub("", raw)
    lines = inner.splitlines(keepends=True)
    at = 0
    for token, _ in _blocks(inner):
        assert token.map is not None  # noqa: S101  as above
        first, last = token.map
        block = "".join(lines[first:last]).rstrip("\n")
        blank = last < len(lines) and not lines[last].strip()
        offset = -1 if blank and token.type == "heading_open" else raw.find(block, at)
        if offset < 0:
            return
        yield from _regions(block, base + offset, quotes)
        if blank:
            return
        at = offset + len(block)


def _spans(source: str, tokens: "list[Token]") -> Iterator[tuple[int, int]]:
    """Where the code spans among tokens stand in their source."""
    at = 0
    for token in tokens:
        if token.type != "code_inline":
            continue
        mark = re.escape(token.markup)
        spans = re.compile(rf"(?:(?<!`)|(?<=\\`)){mark}(?!`)([\s\S]*?)(?<!`){mark}(?!`)")
        match = spans.search(source, at)
        while match is not None and not _is_span(match[1], token.content):
            match = spans.search(source, match.start() + 1)
        if match is None:
            return
        yield match.span()
        at = match.end()


def _is_span(written: str, content: str) -> bool:
    return "".join(written.split()) == "".join(content.split())


@cache
def _tables() -> "MarkdownIt":
    from markdown_it import MarkdownIt  # noqa: PLC0415  as above

    return MarkdownIt("commonmark").enable("table").disable("inline")
