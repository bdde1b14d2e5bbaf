"""Which lines of a file a fragment selects: `L10`, `L10-L40`, or the section under a heading."""

import hashlib
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final
from urllib.parse import unquote

from cachetools import LRUCache, cached

from weighbridge.content.front_matter import read_front_matter
from weighbridge.content.lines import count_lines, lines_of
from weighbridge.content.policy import shown
from weighbridge.errors import Code, ReferenceFault
from weighbridge.references.markdown import scan
from weighbridge.references.model import Heading

_LINES = re.compile(r"L([0-9]{1,9})(?:-L?([0-9]{1,9}))?", re.ASCII)
_LINK = re.compile(r"!?\[([^\[\]]*)\](?:\([^()]*\)|\[[^\[\]]*\])")
_NOT_IN_SLUG = re.compile(r"[^\w\- ]")
#: Headings named in a message.
MOST_NAMED = 5
#: Headings that are remembered, of all texts together; a text counts as one more.
_MOST_HEADINGS: Final = 50_000


def lines_selected(
    fragment: str, chunks: Callable[[], Iterator[str]], name: str, *, scannable: bool
) -> tuple[int, int]:
    """Find the lines a fragment selects, from 0, the end excluded. Reads the text once.

    Raises:
        ReferenceFault: NOT_FOUND, saying what the file has; and whatever reading raises.
    """
    lines = _LINES.fullmatch(fragment)
    if lines is None:
        return _section(fragment, chunks, name, scannable=scannable)
    first = int(lines[1])
    last = first if lines[2] is None else int(lines[2])
    if not 1 <= first <= last:
        raise ReferenceFault(Code.NOT_FOUND, f"{name}#{fragment}: no such range; lines count from L1 up")
    count = count_lines(chunks())
    if last > count:
        has = "1 line" if count == 1 else f"{count:,} lines"
        raise ReferenceFault(Code.NOT_FOUND, f"{name}#{fragment}: the file has {has}")
    return first - 1, last


def is_lines(fragment: str) -> bool:
    """Whether a fragment selects lines by their numbers, and not a heading."""
    return _LINES.fullmatch(fragment) is not None


def slug_of(title: str) -> str:
    """Make the anchor that GitHub gives a heading, before it numbers repeated ones."""
    text = _LINK.sub(r"\1", title).strip().lower()
    return _NOT_IN_SLUG.sub("", text).replace(" ", "-")


class Fragments:
    """What fragments mean among a text's headings: their words first, then their anchors, repeated ones numbered."""

    def __init__(self, headings: Sequence[Heading]) -> None:
        self._words = [" ".join(heading.title.split()) for heading in headings]
        self._anchors: list[str] = []
        seen: dict[str, int] = {}
        for heading in headings:
            slug = slug_of(heading.title)
            repeated = seen.get(slug, 0)
            seen[slug] = repeated + 1
            self._anchors.append(f"{slug}-{repeated}" if repeated else slug)
        self._by_words = _first_places(self._words)
        self._by_anchor = _first_places(self._anchors)

    def meant(self, fragment: str) -> int | None:
        """The heading that a fragment means, by its number; None if there is none."""
        for spelling in dict.fromkeys((fragment, unquote(fragment))):
            words = " ".join(spelling.split())
            at = self._by_words.get(words, self._by_anchor.get(words.lower()))
            if at is not None:
                return at
        return None

    def of_each(self) -> list[tuple[str, str]]:
        """For each heading the fragments that mean it: its words, and its anchor; empty where they mean another, or lines."""
        fragments = []
        for at, (words, anchor) in enumerate(zip(self._words, self._anchors, strict=True)):
            mine = self._by_words[words] == at and not is_lines(words)
            # A title that reads as another's anchor is what that fragment means.
            meant = self._by_words.get(anchor, self._by_anchor[anchor])
            fragments.append((words if mine else "", anchor if meant == at else ""))
        return fragments


def _first_places(names: Sequence[str]) -> dict[str, int]:
    return {name: at for at, name in reversed(list(enumerate(names)))}


def headings_in(lines: Sequence[str]) -> list[tuple[int, Heading]]:
    """The headings of a text with their lines, from 0; front matter holds none."""
    skipped = read_front_matter(lines).lines
    return [
        (number, scanned.heading)
        for number, scanned in enumerate(scan(lines[skipped:]), skipped)
        if scanned.heading is not None
    ]


def _section(
    fragment: str, chunks: Callable[[], Iterator[str]], name: str, *, scannable: bool
) -> tuple[int, int]:
    label = f"{name}#{shown(fragment)}"
    if not scannable:
        raise ReferenceFault(
            Code.NOT_FOUND,
            f"{label}: headings are looked for in Markdown and text only; name lines: #L1-L20",
        )
    sections = _sections_of("".join(chunks()))
    headings = sections.headings
    at = sections.fragments.meant(fragment)
    if at is None:
        titles = ", ".join(f"#{shown(heading.title, 40)}" for _, heading in headings[:MOST_NAMED])
        more = ", …" if len(headings) > MOST_NAMED else ""
        has = f"the file has {titles}{more}" if headings else "the file has no headings"
        raise ReferenceFault(Code.NOT_FOUND, f"{label}: no such heading; {has}")
    first, chosen = headings[at]
    following = islice(headings, at + 1, None)
    end = next((number for number, heading in following if heading.level <= chosen.level), sections.lines)
    return first, end


@dataclass(frozen=True, slots=True)
class _Sections:
    """The headings of a text with their lines, from 0, and how many lines there are."""

    headings: Sequence[tuple[int, Heading]]
    fragments: Fragments
    lines: int


@cached(
    LRUCache[bytes, _Sections](_MOST_HEADINGS, lambda sections: 1 + len(sections.headings)),
    key=lambda text: hashlib.blake2b(text.encode("utf-8", "surrogatepass")).digest(),
    lock=threading.Lock(),
)
def _sections_of(text: str) -> _Sections:
    """Look for the headings of a text: once, however many references name one."""
    lines = list(lines_of((text,)))
    headings = headings_in(lines)
    return _Sections(headings, Fragments([heading for _, heading in headings]), len(lines))
