"""Sections under edits: what an outline keeps is what a new one would find, and it looks at no more than it must."""

import math

from hypothesis import example, given, settings
from hypothesis import strategies as st

from weighbridge.analysis.report import Range, SectionReport
from weighbridge.budget.sections import sections
from weighbridge.references.index import ScanIndex
from weighbridge.session.outline import Filled, Outline
from weighbridge.steps import finish
from weighbridge.text import LineBuffer, PositionEncoding

TEXTS = st.lists(
    st.sampled_from(
        ("# a\n", "## b\n", "### 𝄞c\n", "text\n", "\n", "```\n", "<!--\n", "-->\n", "title\n===\n", "x", "𝄞")
    ),
    max_size=12,
).map("".join)


class Followed:
    """A buffer, its index and its outline; a section's tokens are its characters."""

    def __init__(self, text: str) -> None:
        self.buffer = LineBuffer(text, PositionEncoding.UTF16)
        self.index = ScanIndex(self.buffer)
        self.outline = Outline()
        self.asked: list[tuple[int, int]] = []

    def tokens(self, start: int, stop: int) -> int:
        self.asked.append((start, stop))
        return len(self.buffer.slice(start, stop))

    def edit(self, start: tuple[int, int], end: tuple[int, int], text: str) -> None:
        edit = self.buffer.apply(start, end, text)
        self.index.update(edit, self.buffer)
        self.outline.edited(edit)

    def found(self) -> tuple[SectionReport, ...]:
        self.asked.clear()
        finish(self.outline.follow(self.index, self.buffer.line_count))
        assert self.outline.fill(self.tokens, math.inf) is Filled.ALL
        return finish(self.outline.reports(self.buffer))

    def expected(self) -> tuple[SectionReport, ...]:
        count, last = self.buffer.line_count, self.buffer.line_count - 1
        end = self.buffer.to_units(last, len(self.buffer.line(last)))
        return tuple(
            SectionReport(
                one.title,
                one.level,
                Range(one.start_line, 0, *((one.end_line, 0) if one.end_line < count else (last, end))),
                len(self.buffer.slice(one.start_line, one.end_line)),
            )
            for one in sections(list(self.index.headings()), count)
        )


@given(
    text=TEXTS,
    edits=st.lists(
        st.tuples(
            st.tuples(st.integers(0, 12), st.integers(0, 6)),
            st.tuples(st.integers(0, 12), st.integers(0, 6)),
            TEXTS,
            st.booleans(),
        ),
        max_size=6,
    ),
)
@example(
    text="# a\n## b\n```\n```\n# a\n",
    edits=[((1, 1), (5, 0), "## b\nxxx# a\n", True)],
).via("the same lines and tokens, but at the document's end")
@settings(max_examples=400)
def test_it_is_what_a_new_one_would_be(
    text: str, edits: list[tuple[tuple[int, int], tuple[int, int], str, bool]]
) -> None:
    followed = Followed(text)
    assert followed.found() == followed.expected()
    for start, end, inserted, looked_at in edits:
        followed.edit(start, end, inserted)
        if looked_at:
            assert followed.found() == followed.expected()
    assert followed.found() == followed.expected()
    assert finish(followed.outline.reports(followed.buffer)) is finish(
        followed.outline.reports(followed.buffer)
    )


LONG = "# one\n\na\n\n## two\n\nb\n\n# three\n\nc\n\n## four\n\nd\n"


def test_a_key_costs_the_sections_it_stands_in() -> None:
    followed = Followed(LONG)
    first = followed.found()
    assert len(followed.asked) == 4
    followed.edit((6, 0), (6, 0), "x")
    second = followed.found()
    assert sorted(followed.asked) == [(0, 8), (4, 8)]
    assert [new is old for new, old in zip(second, first, strict=True)] == [False, False, True, True]


def test_a_new_line_moves_the_sections_below_and_sums_up_those_around_it() -> None:
    followed = Followed(LONG)
    followed.found()
    followed.edit((6, 1), (6, 1), "\n")
    assert followed.found() == followed.expected()
    assert sorted(followed.asked) == [(0, 9), (4, 9)]


def test_a_resolved_reference_costs_the_sections_it_stands_in() -> None:
    followed = Followed(LONG)
    followed.found()
    followed.outline.resolved([10])
    followed.found()
    assert followed.asked == [(8, 15 + 1)]


def test_many_sections_are_summed_up_in_steps() -> None:
    followed = Followed("# a\n" * 100)
    finish(followed.outline.follow(followed.index, followed.buffer.line_count))
    steps = 1
    while followed.outline.fill(followed.tokens, -math.inf) is Filled.MORE:
        steps += 1
        assert len(finish(followed.outline.reports(followed.buffer))) == 100
    assert (steps, len(followed.asked)) == (7, 100)
    assert finish(followed.outline.reports(followed.buffer)) == followed.expected()


def test_what_a_worker_counts_is_waited_for() -> None:
    followed = Followed("# a\n\n# b\n")
    outline = followed.outline
    finish(outline.follow(followed.index, followed.buffer.line_count))
    assert outline.fill(lambda start, stop: None if start else 5, math.inf) is Filled.WAITS
    assert [one.tokens for one in finish(outline.reports(followed.buffer))] == [5, 0]
    assert outline.fill(lambda start, stop: 6, math.inf) is Filled.ALL
    assert [one.tokens for one in finish(outline.reports(followed.buffer))] == [5, 6]
