"""The index after any edits is what a fresh scan finds, and says which lines may hold something else than before."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weighbridge.references import index, inside, leaves, links
from weighbridge.references.forms import LONGEST_REFERENCE
from weighbridge.references.index import Rescan, ScanIndex
from weighbridge.references.markdown import scan
from weighbridge.references.model import ScannedLine
from weighbridge.references.templates import shows_sign, without_defaults
from weighbridge.rope import STANDARD, Line, RopeSizes
from weighbridge.text import Edit, LineBuffer, PositionEncoding

QUIET_PIECES = (
    *(
        "word",
        " ",
        "    ",
        "\t",
        "\n",
        "\n",
        "\n",
        "\n\n",
        "\r",
        "\r\n",
        "> ",
        "- ",
        "1. ",
        "2) ",
        "# ",
        "===\n",
        "---\n",
    ),
    *(
        "~~~\n",
        "[a]: ",
        "[",
        "]",
        "](",
        "(",
        ")",
        "![",
        "/u",
        " 't'",
        '"',
        "\\",
        "@[var:x]",
        "{{y}}",
        "@a/b.md",
        "@[var:",
    ),
    *("{{", "}}", ":", "=", "*"),
    *("{{z:default}}", "{%", "{{#", "{{y|z}}", "|", "%"),
)
PIECES = (
    *QUIET_PIECES,
    *(
        "`",
        "`",
        "``",
        "```\n",
        "<!-- ",
        "-->",
        "<div>\n",
        "</div>\n",
        '<a href="',
        '">',
        "<",
        "<?",
        "?>",
        "<pre>",
        "</pre>",
    ),
    "<!-- weighbridge: a=b -->",
)

Change = tuple[tuple[int, int], tuple[int, int], str]


def texts(pieces: tuple[str, ...], most: int) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(pieces), max_size=most).map("".join)


def changes(pieces: tuple[str, ...], columns: int) -> st.SearchStrategy[list[Change]]:
    start = st.tuples(st.integers(0, 10), st.integers(0, columns))
    size = st.tuples(st.sampled_from((0, 0, 0, 1, 2)), st.integers(-4, 4))
    change = st.tuples(start, size, texts(pieces, 3))
    return st.lists(
        change.map(lambda one: (one[0], (one[0][0] + one[1][0], max(0, one[0][1] + one[1][1])), one[2])),
        max_size=6,
    )


def lines_of(found: ScanIndex) -> list[ScannedLine]:
    return [found.line(number) for number in range(len(found))]


def cuts_of(found: ScanIndex) -> list[int]:
    """Where paragraphs are cut: were it elsewhere, a later edit could show it."""
    return [number for number, line in enumerate(found._parsed_lines) if line.flags & leaves.WINDOW]


def check(found: ScanIndex, buffer: LineBuffer) -> None:
    """All that can be asked, against a fresh scan."""
    fresh = scan(buffer, found.skip)
    assert found.template == any(map(shows_sign, buffer))
    if found.template:
        fresh = [replace(line, references=without_defaults(line.references)) for line in fresh]
    assert lines_of(found) == fresh
    numbered = list(enumerate(fresh))
    assert list(found.references()) == [(number, one) for number, line in numbered for one in line.references]
    assert list(found.headings()) == [(number, line.heading) for number, line in numbered if line.heading]
    assert list(found.directives()) == [
        (number, line.directive) for number, line in numbered if line.directive
    ]
    assert found.refers == any(line.references for line in fresh)
    assert cuts_of(found) == cuts_of(ScanIndex(buffer, found.skip))


def run(text: str, edits: list[Change], skip: int = 0, sizes: RopeSizes = STANDARD) -> None:
    buffer = LineBuffer(text, PositionEncoding.UTF32, sizes)
    found = ScanIndex(buffer, skip)
    check(found, buffer)
    for start, end, new in edits:
        before, was_template = lines_of(found), found.template
        edit = buffer.apply(start, end, new)
        rescan = found.update(edit, buffer)
        check(found, buffer)
        after = lines_of(found)
        assert rescan.start <= edit.start
        assert rescan.old_end >= edit.start + edit.old_lines
        assert rescan.new_end - rescan.old_end == edit.new_lines - edit.old_lines
        if found.template is not was_template:
            continue
        assert before[: rescan.start] == after[: rescan.start]
        assert before[rescan.old_end :] == after[rescan.new_end :]


relaxed = settings(max_examples=300)


@relaxed
@given(text=texts(PIECES, 30), edits=changes(PIECES, 12), skip=st.sampled_from((0, 0, 0, 1, 3)))
def test_any_edits(text: str, edits: list[Change], skip: int) -> None:
    run(text, edits, skip)


@relaxed
@given(text=texts(PIECES, 30), edits=changes(PIECES, 12))
def test_any_edits_in_paragraphs_cut_into_windows(text: str, edits: list[Change]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(leaves, "WINDOW_LEAST", 2)
        patch.setattr(leaves, "WINDOW_MOST", 4)
        patch.setattr(leaves, "WEIGHED", 4)
        run(text, edits)


@relaxed
@given(
    text=texts((*QUIET_PIECES, *QUIET_PIECES, "word\n", "`"), 200),
    edits=changes(QUIET_PIECES, 500),
    sizes=st.sampled_from((STANDARD, RopeSizes(long=20, piece=5, block=3))),
)
def test_any_edits_in_long_lines(text: str, edits: list[Change], sizes: RopeSizes) -> None:
    """Lines that are scanned in part, made short enough to be looked into: nothing here is longer than the bounds say."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(leaves, "LONG_LINE", 20)
        patch.setattr(inside, "LONG_LINE", 20)
        patch.setattr(inside, "LONGEST_REFERENCE", 100)
        patch.setattr(inside, "LABEL_DECIDED", 60)
        patch.setattr(links, "MOST_PENDING", 20)
        run(text, edits, sizes=sizes)


@pytest.mark.parametrize(
    ("text", "change", "rescan"),
    [
        # A key in prose costs its line, in a heading as well; a line put in, its paragraph.
        ("a\nb\nc\n\nd\n", ((1, 1), (1, 1), "x"), Rescan(1, 2, 2)),
        ("# a {{b}}\nc\n", ((0, 3), (0, 3), "x"), Rescan(0, 1, 1)),
        ("a\n\nb\nc\n\nd\n", ((3, 1), (3, 1), "\nx"), Rescan(2, 4, 5)),
        ("a\n\nb\nc\n\nd\n", ((2, 1), (2, 1), "x"), Rescan(2, 3, 3)),
        # A backtick matters to its paragraph, a fence to all below.
        ("a\n\nb\nc\n\nd\n", ((3, 1), (3, 1), "`"), Rescan(2, 4, 4)),
        ("a\n\nb\nc\n\nd\n", ((0, 0), (0, 1), "```"), Rescan(0, 7, 7)),
        # What a bracket in another line makes a destination hides its backticks.
        ("a\nb](` '`')\n`{{c}}`\n", ((0, 1), (0, 1), "["), Rescan(0, 3, 3)),
        # What comes in another line may close a comment, or make a link or tag of what stands around it.
        ("a <!-- {{b}}\nc\n", ((1, 1), (1, 1), " -->"), Rescan(0, 2, 2)),
        ("z [a](\nx y\n'`') `{{c}}`\n", ((1, 1), (1, 3), ""), Rescan(0, 3, 3)),
        ("<a b\nc $\nd='`'> `{{e}}`\n", ((1, 1), (1, 3), ""), Rescan(0, 3, 3)),
        ("a\n  b\n===\nc", ((1, 3), (1, 3), "x"), Rescan(0, 3, 3)),
    ],
)
def test_an_edit_costs_what_it_may_change(
    monkeypatch: pytest.MonkeyPatch, text: str, change: Change, rescan: Rescan
) -> None:
    buffer = LineBuffer(text, PositionEncoding.UTF16)
    found = ScanIndex(buffer)
    # All that was scanned is told.
    monkeypatch.setattr(index, "_alike", lambda _lines, _most: 0)
    assert found.update(buffer.apply(*change), buffer) == rescan
    check(found, buffer)


@pytest.mark.parametrize(
    ("text", "change", "rescan"),
    [
        ("a\n\nb\nc\n\nd\n", ((3, 1), (3, 1), "`"), Rescan(3, 4, 4)),
        ("a\n\nb\nc\n\nd\n", ((3, 1), (3, 1), "\nx"), Rescan(3, 4, 5)),
        ("a\n\nb\nc\n\nd\n", ((0, 0), (0, 1), "```"), Rescan(0, 1, 1)),
        ("a\n{{b}}\nc\n\n# d\ne", ((0, 0), (0, 1), "```"), Rescan(0, 5, 5)),
        ("{{a}} `b\nc\nd\n{{e}} `\nf\n", ((2, 0), (2, 1), "`"), Rescan(2, 4, 4)),
        ("a `b\n{{c}}\nd\ne", ((2, 0), (3, 0), "`"), Rescan(1, 4, 3)),
    ],
)
def test_what_holds_what_it_held_is_not_told_of(text: str, change: Change, rescan: Rescan) -> None:
    buffer = LineBuffer(text, PositionEncoding.UTF16)
    found = ScanIndex(buffer)
    assert found.update(buffer.apply(*change), buffer) == rescan
    check(found, buffer)


class Watched:
    """A document's lines that remembers which were asked for."""

    def __init__(self, buffer: LineBuffer) -> None:
        self.buffer = buffer
        self.asked: set[int] = set()

    def __len__(self) -> int:
        return len(self.buffer)

    def line(self, number: int) -> str:
        self.asked.add(number)
        return self.buffer.line(number)

    def stored_line(self, number: int) -> Line:
        self.asked.add(number)
        return self.buffer.stored_line(number)


PARAGRAPH = "".join(
    f"line {number} of a log, {number * number % 97} items `{number}` long\n" for number in range(20_000)
)


@pytest.mark.parametrize(
    ("change", "most"),
    [
        (((10_000, 5), (10_000, 5), "x"), 1000),
        (((10_000, 5), (10_000, 5), "`"), 1000),
        (((10_000, 0), (10_000, 0), "a new line\n"), 2000),
        (((10_000, 0), (10_001, 0), ""), 2000),
        (((0, 0), (0, 0), "a\n"), 2000),
    ],
)
def test_in_a_huge_paragraph_an_edit_costs_a_window_or_two(change: Change, most: int) -> None:
    buffer = LineBuffer(PARAGRAPH, PositionEncoding.UTF16)
    found = ScanIndex(buffer)
    watched = Watched(buffer)
    found.update(buffer.apply(*change), watched)
    assert len(watched.asked) <= most
    assert lines_of(found) == scan(buffer)


def test_in_a_quiet_paragraph_a_key_costs_its_line() -> None:
    buffer = LineBuffer(PARAGRAPH.replace("`", ""), PositionEncoding.UTF16)
    found = ScanIndex(buffer)
    watched = Watched(buffer)
    found.update(buffer.apply((10_000, 5), (10_000, 6), "x"), watched)
    assert watched.asked == {10_000}


def test_a_key_in_a_giant_line_is_followed() -> None:
    text = "[" + '{"a": "{{b}}", "c": [1, 2]}, ' * 5000 + "]"
    buffer = LineBuffer(text, PositionEncoding.UTF16)
    found = ScanIndex(buffer)
    for start, end, new in (
        ((0, 70_000), (0, 70_000), "{{d}}"),
        ((0, 70_001), (0, 70_003), ""),
        ((0, 90_000), (0, 90_000), "@[file:e.md]"),
        ((0, 5), (0, 5), "]: "),
        ((0, 80_000), (0, 80_000), "`"),
        ((0, 80_000), (0, 80_001), ""),
    ):
        found.update(buffer.apply(start, end, new), buffer)
        assert lines_of(found) == scan(buffer)


def test_what_stands_before_what_is_scanned_anew_counts() -> None:
    buffer = LineBuffer("word " * 1000 + "word@a/b.md" + " word" * 10_000, PositionEncoding.UTF16)
    found = ScanIndex(buffer)
    at = 5004 + 2 * LONGEST_REFERENCE
    found.update(buffer.apply((0, at), (0, at), "{{x}}"), buffer)
    assert [one.target for _, one in found.references()] == ["x"]


def test_a_path_in_a_giant_line_is_found() -> None:
    buffer = LineBuffer("word " * 20_000, PositionEncoding.UTF16)
    found = ScanIndex(buffer)
    found.update(buffer.apply((0, 50_000), (0, 50_000), "@a/b.md "), buffer)
    assert [one.target for _, one in found.references()] == ["a/b.md"]


@pytest.mark.parametrize("backslashes", [40_000, 40_001])
def test_backslashes_escape_each_other_however_many(backslashes: int) -> None:
    buffer = LineBuffer("x" * 10_000 + "\\" * backslashes + "{{a}}", PositionEncoding.UTF16)
    found = ScanIndex(buffer)
    assert found.refers == (backslashes % 2 == 0)
    found.update(buffer.apply((0, 49_989), (0, 49_990), ""), buffer)
    assert found.refers == (backslashes % 2 == 1)


def test_a_window_does_not_begin_with_definitions() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(leaves, "WINDOW_MOST", 1)
        found = scan(["[a]: `{{b}}`\n", "[c]: `{{d}}`\n"])
    assert [[one.target for one in line.references] for line in found] == [["b"], []]


def test_windows_are_in_order() -> None:
    """A reference is never told twice, nor out of order, over the cuts of a huge paragraph."""
    buffer = LineBuffer("{{a}} `\n" * 5000, PositionEncoding.UTF16)
    numbers = [number for number, _ in ScanIndex(buffer).references()]
    assert all(before < after for before, after in pairwise(numbers))


@pytest.mark.parametrize(
    ("edit", "text", "skip", "rescan"),
    [
        # Lines [0, 2) of four are skipped.
        (Edit(0, 1, 1), "x\n{{b}}\n{{c}}\n{{d}}", 2, Rescan(0, 1, 1)),
        (Edit(0, 1, 2), "x\ny\n{{b}}\n{{c}}\n{{d}}", 3, Rescan(0, 1, 2)),
        (Edit(0, 2, 0), "{{c}}\n{{d}}", 0, Rescan(0, 2, 0)),
        (Edit(1, 2, 1), "{{a}}\n{{x}}\n{{d}}", 1, Rescan(1, 3, 2)),
        (Edit(2, 0, 1), "{{a}}\n{{b}}\n{{x}}\n{{c}}\n{{d}}", 2, Rescan(2, 2, 3)),
        (Edit(0, 4, 1), "{{x}}", 0, Rescan(0, 4, 1)),
    ],
)
def test_an_edit_of_what_is_skipped(edit: Edit, text: str, skip: int, rescan: Rescan) -> None:
    found = ScanIndex(LineBuffer("{{a}}\n{{b}}\n{{c}}\n{{d}}", PositionEncoding.UTF16), 2)
    buffer = LineBuffer(text, PositionEncoding.UTF16)
    assert (found.update(edit, buffer), found.skip) == (rescan, skip)
    check(found, buffer)


def test_a_copy_goes_on_by_itself() -> None:
    text = "# One\n\n@[file:a.md]\n\n```\n@[file:b.md]\n```\n<!-- weighbridge: budget=5 -->\n"
    buffer = LineBuffer(text, PositionEncoding.UTF32)
    index = ScanIndex(buffer.snapshot())
    held = [*index.references()], [*index.headings()], [*index.directives()]
    other = index.copy()
    other.update(buffer.apply((2, 0), (2, 12), "```\n"), buffer)
    assert ([*index.references()], [*index.headings()], [*index.directives()]) == held
    assert [*other.references()] == [*ScanIndex(buffer.snapshot()).references()]
