"""Sections, against a model that looks for each one's end anew."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weighbridge.budget.sections import Section, sections
from weighbridge.references.model import Heading

Headings = list[tuple[int, Heading]]


def slow_sections(headings: Headings, line_count: int) -> tuple[Section, ...]:
    return tuple(
        Section(
            heading.title,
            heading.level,
            line,
            next(
                (later for later, other in headings[number + 1 :] if other.level <= heading.level), line_count
            ),
        )
        for number, (line, heading) in enumerate(headings)
    )


@st.composite
def documents(draw: st.DrawFn) -> tuple[Headings, int]:
    lines = sorted(draw(st.sets(st.integers(0, 60), max_size=25)))
    levels = draw(st.lists(st.integers(1, 6), min_size=len(lines), max_size=len(lines)))
    headings = [(line, Heading(level, f"at {line}")) for line, level in zip(lines, levels, strict=True)]
    return headings, draw(st.integers(max(lines, default=0) + 1, 70))


@settings(max_examples=200)
@given(documents())
def test_sections_end_where_the_slow_model_says(document: tuple[Headings, int]) -> None:
    headings, line_count = document
    assert sections(headings, line_count) == slow_sections(headings, line_count)


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ([], []),
        ([1], [(0, 9)]),
        ([1, 2, 2, 1], [(0, 6), (2, 4), (4, 6), (6, 9)]),
        # A level that is left out, and one that comes before its elders.
        ([3, 1, 6, 2], [(0, 2), (2, 9), (4, 6), (6, 9)]),
    ],
)
def test_examples(levels: list[int], expected: list[tuple[int, int]]) -> None:
    headings = [(2 * number, Heading(level, "t")) for number, level in enumerate(levels)]
    found = sections(headings, 9)
    assert [(section.start_line, section.end_line) for section in found] == expected
