"""What CommonMark says is code or a comment, asked of two complete parsers that know nothing of each other or of ours.

Texts have markers planted in them, which are references; a marker that stands in code or in a comment is hidden.
markdown-it-py follows version 0.31 but for what comes right behind a link reference definition, which it takes for the
start of a new block; commonmark is the reference implementation's port, of version 0.29. Where they agree, they are right.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import commonmark
from markdown_it import MarkdownIt
from markdown_it.token import Token

from weighbridge.references.markdown import scan
from weighbridge.text import split_lines

_MARKER = re.compile(r"\{\{m(\d+)\}\}|@\[var:m(\d+)\]")
_COMMENT = re.compile(r"<!--(?:>|->|.*?(?:-->|\Z))", re.DOTALL)
_PARSER = MarkdownIt("commonmark", {"maxNesting": 100})


@dataclass(frozen=True)
class Seen:
    """`hidden`: numbers of markers in code or comments. `headings`: levels of those outside of quotes and lists."""

    hidden: frozenset[int]
    headings: tuple[int, ...]


def planted(text: str) -> frozenset[int]:
    """The numbers of all markers in a text."""
    return frozenset(int(match[1] or match[2]) for match in _MARKER.finditer(text))


def seen_by_us(text: str) -> Seen:
    scanned = scan(split_lines(text))
    targets = {one.target for line in scanned for one in line.references}
    headings = [line.heading.level for line in scanned if line.heading is not None]
    hidden = frozenset(number for number in planted(text) if f"m{number}" not in targets)
    return Seen(hidden, tuple(headings))


def seen_by_markdown_it(text: str) -> Seen | None:
    """None: it can't say. Some HTML at the end of a list is beyond it."""
    try:
        tokens = _PARSER.parse(text)
    except IndexError:
        return None
    headings = [int(token.tag[1]) for token in tokens if token.type == "heading_open" and token.level == 0]
    return Seen(_planted_in(stretch for token in tokens for stretch in _hiding(token)), tuple(headings))


def _hiding(token: Token) -> Iterator[str]:
    """The stretches of text in a token that hold no references."""
    if token.type in ("code_block", "fence", "code_inline"):
        yield token.content
        yield token.info
    elif token.type == "html_block":
        yield from _COMMENT.findall(token.content)
    elif token.type == "html_inline" and token.content.startswith("<!--"):
        yield token.content
    for child in token.children or ():
        yield from _hiding(child)


def seen_by_commonmark(text: str) -> Seen:
    stretches: list[str] = []
    headings: list[int] = []
    for node, entering in commonmark.Parser().parse(text).walker():
        if not entering:
            continue
        literal = node.literal or ""
        if node.t in ("code", "code_block"):
            stretches += [literal, node.info or ""]
        elif node.t == "html_block":
            stretches += _COMMENT.findall(literal)
        elif node.t == "html_inline" and literal.startswith("<!--"):
            stretches.append(literal)
        elif node.t == "heading" and node.parent.t == "document":
            headings.append(node.level)
    return Seen(_planted_in(stretches), tuple(headings))


def _planted_in(stretches: Iterable[str]) -> frozenset[int]:
    return frozenset(number for stretch in stretches for number in planted(stretch))


def is_as_commonmark_says(text: str) -> bool:
    """Whether we see what the others see; where they see different things, what one of them sees."""
    ours = seen_by_us(text)
    others = [one for one in (seen_by_markdown_it(text), seen_by_commonmark(text)) if one is not None]
    return ours.hidden in [one.hidden for one in others] and ours.headings in [one.headings for one in others]
