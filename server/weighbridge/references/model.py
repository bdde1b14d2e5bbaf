"""References, headings and directives as a scanner finds them: plain values, relative to their line."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    FILE = "file"
    API = "api"
    VARIABLE = "variable"


@dataclass(frozen=True, slots=True)
class Reference:
    """A place in a line that stands for other content.

    `start` and `end` are columns in code points within the line, end exclusive. A reference never spans lines.
    `target` is what it names, unescaped, without fragment or default: a path, an API's name or URL, or a variable's
    name (`env.NAME` for the environment). `fragment` is what follows `#` of a file target (`L10-L40`, `Heading`).
    `explicit` is false for the short forms (`@docs/a.md`, `{{name}}`).
    """

    kind: Kind
    target: str
    start: int
    end: int
    fragment: str | None = None
    default: str | None = None
    explicit: bool = True


@dataclass(frozen=True, slots=True)
class Typo:
    """A place in a line that looks like a reference and is none. `written`: how the reference is written that is meant.

    `certain`: whether nothing else can be meant; if not, the file it would name tells.
    """

    start: int
    end: int
    written: str
    certain: bool


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading that starts at this line: ATX or setext, `level` 1 to 6, `title` as typed, without markers."""

    level: int
    title: str


@dataclass(frozen=True, slots=True)
class Directive:
    """`<!-- weighbridge: budget=800 model=gpt-5 -->`: settings of this document, as (name, value) pairs as typed.

    `start`, `end`: code points within the line, of the comment.
    """

    settings: tuple[tuple[str, str], ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ScannedLine:
    """What a scanner found in one line. Most lines are `PLAIN`, one shared value."""

    references: tuple[Reference, ...] = ()
    heading: Heading | None = None
    directive: Directive | None = None
    typos: tuple[Typo, ...] = ()

    @property
    def places(self) -> tuple[Reference | Typo, ...]:
        """References and typos, in order."""
        if not self.typos:
            return self.references
        return tuple(sorted((*self.references, *self.typos), key=lambda place: place.start))


PLAIN = ScannedLine()
