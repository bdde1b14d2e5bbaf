"""A document's sections: each heading with all that stands under it."""

from collections.abc import Sequence
from dataclasses import dataclass

from weighbridge.references.model import Heading


@dataclass(frozen=True, slots=True)
class Section:
    """Lines [start_line, end_line), from 0: from its heading to the next one of the same or a higher rank."""

    title: str
    level: int
    start_line: int
    end_line: int


def sections(headings: Sequence[tuple[int, Heading]], line_count: int) -> tuple[Section, ...]:
    """The sections of headings given with their lines, in order. Linear."""
    ends = [line_count] * len(headings)
    open_: list[int] = []
    for number, (line, heading) in enumerate(headings):
        while open_ and headings[open_[-1]][1].level >= heading.level:
            ends[open_.pop()] = line
        open_.append(number)
    return tuple(
        Section(heading.title, heading.level, line, end)
        for (line, heading), end in zip(headings, ends, strict=True)
    )
