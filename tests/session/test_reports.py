"""Reports and counts of parts of a document: exact, made once for each change, never of what is half counted."""

import tempfile
from asyncio import run as run_loop
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.session.harness import a_session, open_file, typed
from tests.session.test_exactness import PIECES, check

from weighbridge.session.document import Document
from weighbridge.session.selection import Selection
from weighbridge.session.session import Session
from weighbridge.tokens.registry import tokenizer

count = tokenizer("cl100k_base").count


async def test_a_report_of_an_unchanged_document_is_a_lookup(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("alpha")
    async with a_session(tmp_path) as session:
        document = session.open((tmp_path / "doc.md").as_uri(), 1, "# T\n\n@[file:a.md]\n")
        before = session.report(document)
        assert (before.state, before.tokens) == ("counting", 0)
        await session.queries.ready(document)
        report = session.report(document)
        assert (report.state, session.report(document) is report) == ("ready", True)
        session.quiet(document)
        session.files_changed([tmp_path / "other.md"])
        await session.queries.ready(document)
        assert session.report(document) is report
        typed(session, document, (2, 0), "x")
        await session.queries.ready(document)
        after = session.report(document)
        assert (after.version, after.tokens) == (2, count("# T\n\nxalpha\n"))
        # A new version of the same text is another report.
        session.edited(document, 3)
        assert session.report(document).version == 3


async def test_the_last_true_total_stays_until_there_is_another(tmp_path: Path) -> None:
    async with a_session(tmp_path) as session:
        document = session.open((tmp_path / "doc.md").as_uri(), 1, "words " * 100)
        await check(session, document)
        typed(session, document, (0, 0), "---\nvariables: {}\n---\n")
        report = session.report(document)
        assert (report.state, report.tokens > 100) == ("counting", True)
        await check(session, document)


def resolved(text: str, selection: Selection) -> str:
    """The selected text, with references in it that lie in it whole resolved; slowly."""
    lines = text.splitlines(keepends=True)
    picked = []
    for number, line in enumerate(lines):
        start = selection.start_column if number == selection.start_line else 0
        end = selection.end_column if number == selection.end_line else len(line)
        if selection.start_line <= number <= selection.end_line:
            picked.append(line[start:end].replace("@[file:a.md]", "alpha beta"))
    return "".join(picked)


@pytest.mark.parametrize(
    "selection",
    [
        Selection(0, 0, 0, 3),
        Selection(0, 2, 1, 0),
        Selection(0, 0, 2, 12),
        Selection(2, 0, 2, 12),
        Selection(2, 0, 2, 11),
        Selection(2, 3, 2, 12),
        Selection(1, 0, 4, 5),
        Selection(4, 2, 4, 2),
        Selection(4, 2, 2, 0),
        Selection(0, 0, 4, 99),
    ],
)
async def test_a_selection_counts_as_a_text_of_its_own(tmp_path: Path, selection: Selection) -> None:
    (tmp_path / "a.md").write_text("alpha beta")
    text = "# Title\n\n@[file:a.md] and more\n\nlast line"
    async with a_session(tmp_path) as session:
        document = session.open((tmp_path / "doc.md").as_uri(), 1, text)
        expected = count(resolved(text, selection)) if selection.start_line <= selection.end_line else 0
        assert await session.queries.count(document, [selection]) == expected
        assert await session.queries.count(document, [selection, selection]) == 2 * expected


async def test_a_selection_of_lines_that_are_gone_by_now(tmp_path: Path) -> None:
    async with a_session(tmp_path) as session:
        document = session.open((tmp_path / "doc.md").as_uri(), 1, "one\ntwo\nthree\n")
        await session.queries.ready(document)
        typed(session, document, (1, 0), "", (3, 0))
        assert await session.queries.count(document, [Selection(0, 0, 3, 5)]) == count("one\n")
        assert await session.queries.count(document, [Selection(2, 0, 3, 5)]) == 0


LONG = "word and another, " * 4_000
BORDERLESS = "x" * 40_000


@pytest.mark.parametrize(
    ("text", "selection", "selected"),
    [
        (LONG, Selection(0, 7, 0, 70_000), LONG[7:70_000]),
        (f"a\n{LONG}\nb\n", Selection(0, 0, 2, 1), f"a\n{LONG}\nb"),
        # Without a border for long, the ends have to be counted apart.
        (f"a\n{BORDERLESS}\n/{BORDERLESS}\n/b\n", Selection(0, 1, 2, 1), f"\n{BORDERLESS}\n/"),
        (f"a\n{BORDERLESS}\n/{BORDERLESS}\n/b\n", Selection(1, 0, 3, 0), f"{BORDERLESS}\n/{BORDERLESS}\n"),
        (f"{BORDERLESS}\n/\n/\n{BORDERLESS}", Selection(0, 0, 3, 0), f"{BORDERLESS}\n/\n/\n"),
    ],
)
async def test_long_selections_are_exact(
    tmp_path: Path, text: str, selection: Selection, selected: str
) -> None:
    async with a_session(tmp_path) as session:
        document = session.open((tmp_path / "doc.md").as_uri(), 1, text)
        assert await session.queries.count(document, [selection]) == count(selected)


async def test_sections_without_borders_are_not_told_before_they_are_known(tmp_path: Path) -> None:
    text = f"# One\n{BORDERLESS}\n# Two\n{BORDERLESS}\n/\n"
    async with a_session(tmp_path) as session:
        document = session.open((tmp_path / "doc.md").as_uri(), 1, text)
        await session.queries.ready(document)
        while not (report := session.report(document)).ready:
            await session.waiting.change(document.uri)
        assert [section.tokens for section in report.sections] == [
            count(f"# One\n{BORDERLESS}\n"),
            count(f"# Two\n{BORDERLESS}\n/\n"),
        ]


@settings(max_examples=30)
@given(
    text=st.lists(st.sampled_from(PIECES), max_size=20).map("".join),
    start=st.tuples(st.integers(0, 8), st.integers(0, 12)),
    end=st.tuples(st.integers(0, 8), st.integers(0, 12)),
)
def test_any_selection_of_whole_references(text: str, start: tuple[int, int], end: tuple[int, int]) -> None:
    async def weigh(session: Session, document: Document) -> None:
        first, last = document.buffer.clamp(*min(start, end)), document.buffer.clamp(*max(start, end))
        tokens = await session.queries.count(document, [Selection(*first, *last)])
        # What is selected, as a document of its own: all it holds is literal there.
        lines = [document.buffer.line(line) for line in range(document.buffer.line_count)]
        if first[0] == last[0]:
            selected = lines[first[0]][first[1] : last[1]]
        else:
            selected = "".join(
                [lines[first[0]][first[1] :], *lines[first[0] + 1 : last[0]], lines[last[0]][: last[1]]]
            )
        assert tokens == count(selected)

    async def run(folder: Path) -> None:
        async with a_session(folder) as session:
            # Nothing it refers to is there.
            plain = text.replace("{{other:default}}", "{{other}}")
            await weigh(session, session.open((folder / "doc.md").as_uri(), 1, plain))

    with tempfile.TemporaryDirectory() as folder:
        run_loop(run(Path(folder).resolve()))


async def test_a_broken_front_matter_says_so(tmp_path: Path) -> None:
    text = "---\nvariables: [\n---\n<!-- weighbridge: budget=x -->\n"
    (tmp_path / "doc.md").write_text(text)
    async with a_session(tmp_path) as session:
        document = open_file(session, tmp_path / "doc.md")
        await session.queries.ready(document)
        problems = session.report(document).problems
        assert [(place.start_line, place.end_line) for place, _ in problems] == [(3, 3), (0, 0)]
        assert ["budget" in problems[0][1].message, "front matter" in problems[1][1].message] == [True, True]


async def test_a_directives_fault_stands_at_the_directive(tmp_path: Path) -> None:
    text = "# T\n\n<!-- weighbridge: budget=9 -->\n\n<!-- weighbridge: budget=x -->\n\nß <!-- weighbridge: model=nobodys -->\n"
    async with a_session(tmp_path) as session:
        document = session.open((tmp_path / "doc.md").as_uri(), 1, text)
        problems = (await session.queries.whole_report(document)).problems
        assert [
            (
                place.start_line,
                place.start_character,
                text.split("\n")[place.start_line][place.start_character :],
            )
            for place, _ in problems
        ] == [
            (4, 0, "<!-- weighbridge: budget=x -->"),
            (6, 2, "<!-- weighbridge: model=nobodys -->"),
        ]
        assert ["budget" in problems[0][1].message, "nobodys" in problems[1][1].message] == [True, True]


async def test_a_whole_report_waits_for_thousands_of_sections(tmp_path: Path) -> None:
    text = "".join(f"# Title {number}\n\nwords\n\n" for number in range(3000))
    async with a_session(tmp_path) as session:
        document = session.open((tmp_path / "doc.md").as_uri(), 1, text)
        report = await session.queries.whole_report(document)
        assert (report.ready, len(report.sections)) == (True, 3000)
        assert report.sections[0].tokens == count("# Title 0\n\nwords\n\n")
        assert sum(section.tokens for section in report.sections) == report.tokens == count(text)
