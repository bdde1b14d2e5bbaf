"""A document's sections: each heading with all that stands under it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from weighbridge.references.model import Heading
from weighbridge.steps import ITEMS, Steps, finish


@dataclass(frozen=True, slots=True)
class Section:
    """Lines [start_line, end_line), from 0: from its heading to the next one of the same or a higher rank."""

    title: str
    level: int
    start_line: int
    end_line: int


def sections(headings: Iterable[tuple[int, Heading]], line_count: int) -> tuple[Section, ...]:
    """The sections of headings given with their lines, in order. Linear."""
    return finish(section_steps(headings, line_count))


def section_steps(headings: Iterable[tuple[int, Heading]], line_count: int) -> Steps[tuple[Section, ...]]:
    """The same, some headings at a time."""
    sections: list[Section] = []
    open_: list[int] = []
    for number, (line, heading) in enumerate(headings):
        while open_ and sections[open_[-1]].level >= heading.level:
            ended = open_.pop()
            sections[ended] = replace(sections[ended], end_line=line)
        open_.append(number)
        sections.append(Section(heading.title, heading.level, line, line_count))
        if number % ITEMS == ITEMS - 1:
            yield
    return tuple(sections)
