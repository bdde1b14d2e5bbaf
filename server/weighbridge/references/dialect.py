"""Dialects: how one kind of document writes references. A dialect is data; the session asks it, and knows no names."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Protocol

from weighbridge.references.forms import holds_reference
from weighbridge.references.index import StreamScanner
from weighbridge.references.model import ScannedLine

#: Files that references are looked for in: Markdown, text and prompts. All else is literal.
SCANNABLE_SUFFIXES = frozenset(
    (
        *(".md", ".markdown", ".mdown", ".mkd", ".mkdn", ".mdx", ".mdc"),
        *(".txt", ".text", ".prompt", ".prompty"),
    )
)
#: Names without such a suffix that are Markdown or text all the same.
SCANNABLE_NAMES = frozenset(
    (
        *("readme", "claude", "agents", "agent", "gemini", "skill", "prompt"),
        *(".cursorrules", ".windsurfrules", ".clinerules", ".goosehints", ".rules"),
    )
)


class Scanner(Protocol):
    """Finds what stands in the lines of a stream; see StreamScanner."""

    def feed(self, line: str) -> Iterator[tuple[int, ScannedLine]]: ...

    def close(self) -> Iterator[tuple[int, ScannedLine]]: ...


@dataclass(frozen=True, slots=True)
class Dialect:
    """How references are written. `marks`: a line without any of these holds none. `holds`: whether a whole text may hold
    any, to be asked where there are marks.
    """

    name: str
    stream_scanner: Callable[[], Scanner]
    marks: tuple[str, ...]
    holds: Callable[[str], bool]
    #: Names how references are found: what was found by other rules is to be found anew.
    rules: str = ""
    #: The agent whose rules say what arrives of a document; None: references are replaced by what they stand for.
    agent: str | None = None

    @property
    def refers(self) -> bool:
        """Whether a document can hold references of ours at all."""
        return bool(self.marks)

    def text_may_refer(self, text: str) -> bool:
        """Whether a whole text may hold a reference: never wrongly no, and many times quicker than to scan it."""
        return self.may_hold_reference(text) and self.holds(text)

    def may_hold_reference(self, line: str) -> bool:
        """Whether a line may hold a reference: quick, and never wrongly no."""
        # A single character is looked for many times faster than two.
        return any(mark[0] in line and mark in line for mark in self.marks)

    def bytes_may_hold_reference(self, utf8: bytes) -> bool:
        """The same of a text in UTF-8, and quicker."""
        return any(mark[:1] in utf8 and mark in utf8 for mark in map(str.encode, self.marks))


#: Raised by one with every change of what the scanner finds in any text: what is remembered of texts was found by it.
RULES = 4

MARKDOWN = Dialect("markdown", StreamScanner, ("@", "{{"), holds_reference, rules=f"markdown {RULES}")


def without_references(name: str, agent: str | None = None) -> Dialect:
    """A dialect in which nothing refers to anything by our rules: headings and directives are all that is found."""
    return Dialect(name, StreamScanner, (), lambda _: False, rules=f"text {RULES}", agent=agent)


def is_scannable(path: PurePath) -> bool:
    """Whether references are looked for in a file, by its name."""
    return path.suffix.lower() in SCANNABLE_SUFFIXES or path.name.lower() in SCANNABLE_NAMES
