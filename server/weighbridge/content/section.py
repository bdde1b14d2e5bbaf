"""Which lines of a file a fragment selects: `L10`, `L10-L40`, or the section under a heading."""

import re
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import unquote

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


def fragments_of(headings: Sequence[Heading]) -> list[tuple[str, str]]:
    """For each heading the fragments that mean it: its words, and its anchor; empty where they mean another, or lines."""
    by_words: dict[str, int] = {}
    by_anchor: dict[str, int] = {}
    anchors: list[str] = []
    seen: dict[str, int] = {}
    for at, heading in enumerate(headings):
        by_words.setdefault(" ".join(heading.title.split()), at)
        slug = slug_of(heading.title)
        repeated = seen.get(slug, 0)
        seen[slug] = repeated + 1
        anchors.append(f"{slug}-{repeated}" if repeated else slug)
        by_anchor.setdefault(anchors[-1], at)
    found = []
    for at, heading in enumerate(headings):
        words, anchor = " ".join(heading.title.split()), anchors[at]
        mine = by_words[words] == at and not _LINES.fullmatch(words)
        # A title that reads as another's anchor is what that fragment means.
        meant = by_words.get(anchor, by_anchor[anchor])
        found.append((words if mine else "", anchor if meant == at else ""))
    return found


def heading_meant(fragment: str, headings: Sequence[Heading]) -> int | None:
    """Find the heading that a fragment means: by its words first, then by its anchor, repeated ones numbered."""
    for wanted in dict.fromkeys((fragment, unquote(fragment))):
        words = " ".join(wanted.split())
        for at, heading in enumerate(headings):
            if " ".join(heading.title.split()) == words:
                return at
        seen: dict[str, int] = {}
        for at, heading in enumerate(headings):
            slug = slug_of(heading.title)
            repeated = seen.get(slug, 0)
            seen[slug] = repeated + 1
            if words.lower() == (f"{slug}-{repeated}" if repeated else slug):
                return at
    return None


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
    lines = list(lines_of(chunks()))
    headings = headings_in(lines)
    at = heading_meant(fragment, [heading for _, heading in headings])
    if at is None:
        titles = ", ".join(f"#{shown(heading.title, 40)}" for _, heading in headings[:MOST_NAMED])
        more = ", …" if len(headings) > MOST_NAMED else ""
        has = f"the file has {titles}{more}" if headings else "the file has no headings"
        raise ReferenceFault(Code.NOT_FOUND, f"{label}: no such heading; {has}")
    first, chosen = headings[at]
    end = next(
        (number for number, heading in headings[at + 1 :] if heading.level <= chosen.level), len(lines)
    )
    return first, end
