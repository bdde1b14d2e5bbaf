"""Long lines in which nothing is looked for: an edit in one is told by its start, and what it is is what a scan says."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.references.test_index import PIECES, Change, changes, lines_of, run, texts

from weighbridge.references import index, inside, leaves, links, literal
from weighbridge.references.blocks import BlockLine, BlockState
from weighbridge.references.index import Rescan, ScanIndex
from weighbridge.references.markdown import scan
from weighbridge.rope import RopeSizes
from weighbridge.text import LineBuffer, PositionEncoding

#: What makes lines long, without making them anything else; and what their ends may make of them.
LONG_PIECES = (
    *("word " * 12, '{"a":1},' * 6, " " * 24, "-" * 24, "= " * 12, "`" * 24, "~" * 24, "* " * 12),
    *("```", "~~~", "```\n", "\n```\n", "- ", "> ", "x", "x", "\n"),
)
#: Where a line stands: in fences, in containers, behind a paragraph.
BEFORE = ("", "```\n", "~~~~\n", "- ```\n  ", "> ~~~\n> ", "word\n", "- word\n  ", "[a]: /u\n", "[a]: ")


def shorten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines that are long after a few words. The bounds hold to each other as the true ones do."""
    for module in (leaves, inside):
        monkeypatch.setattr(module, "LONG_LINE", 40)
    for module in (leaves, index, inside, literal):
        monkeypatch.setattr(module, "LONGEST_LINE", 90)
    monkeypatch.setattr(inside, "LABEL_DECIDED", 25)
    monkeypatch.setattr(links, "MOST_PENDING", 20)
    monkeypatch.setattr(literal, "_HEAD", 21)


@settings(max_examples=400)
@given(data=st.data())
def test_any_edits(data: st.DataObject) -> None:
    with pytest.MonkeyPatch.context() as patch:
        shorten(patch)
        before = data.draw(st.sampled_from(BEFORE))
        text = before + data.draw(texts((*LONG_PIECES, *LONG_PIECES, *PIECES), 12))
        edits: list[Change] = data.draw(changes((*LONG_PIECES, "y", "y", "y"), 250))
        sizes = data.draw(st.sampled_from((RopeSizes(), RopeSizes(long=30, piece=8, block=2))))
        run(text, edits, sizes=sizes)


@pytest.mark.parametrize(
    ("text", "change"),
    [
        # A rule, an underline, a fence that is none only because of one character far behind its start.
        ("-" * 50 + "x" + "-" * 60, ((0, 50), (0, 51), "")),
        ("-" * 70 + "x" + "-" * 60, ((0, 70), (0, 71), "")),
        ("word\n" + "=" * 50 + "x" + "=" * 60, ((1, 50), (1, 51), "")),
        ("```" + "a" * 30 + "`" + "b" * 80 + "\nword", ((0, 33), (0, 34), "")),
        # A line between fences that becomes their end, and the other way round.
        ("```\n``x" + "`" * 60 + "\nword", ((1, 2), (1, 3), "")),
        ("```\n" + "`" * 60 + "\n# word", ((1, 30), (1, 30), "x")),
        ("```\n" + "`" * 60 + "\n# word", ((1, 10), (1, 10), "x")),
        # A fence that begins where another one's item ends.
        ("- ```\n- ```" + "a" * 60 + "\n  word", ((1, 40), (1, 40), "`")),
        # A heading; another container, in which other lines go on.
        (" word" * 30, ((0, 1), (0, 1), "# ")),
        (" - word" + " word" * 30 + "\n   - word\n\n   word", ((0, 1), (0, 2), ">")),
    ],
)
def test_what_the_end_of_a_long_line_decides(
    monkeypatch: pytest.MonkeyPatch, text: str, change: Change
) -> None:
    shorten(monkeypatch)
    buffer = LineBuffer(text, PositionEncoding.UTF32)
    found = ScanIndex(buffer)
    was = kinds_of(found)
    found.update(buffer.apply(*change), buffer)
    assert kinds_of(found) == kinds_of(ScanIndex(buffer)) != was


def kinds_of(found: ScanIndex) -> list[tuple[BlockLine, BlockState]]:
    """What each line is, and what is open before it."""
    return [(parsed_line.info, parsed_line.before) for parsed_line in found._parsed_lines]


JSON = '{"id":1,"name":"a b"},' * 60_000


@pytest.mark.parametrize("before", ["", "[", "a paragraph\n", "- ", "```json\n", "```json\n["])
@pytest.mark.parametrize("column", [3000, 500_000, 1_200_000])
@pytest.mark.parametrize("new", ["x", "", "@[file:a.md]", "`<!--"])
def test_a_key_in_data_scans_nothing(
    monkeypatch: pytest.MonkeyPatch, before: str, column: int, new: str
) -> None:
    buffer = LineBuffer(f"{before}{JSON}\n```\nthe end", PositionEncoding.UTF16)
    found = ScanIndex(buffer)
    line = before.count("\n")
    edit = buffer.apply((line, column), (line, column + 1), new)
    with monkeypatch.context() as patch:
        patch.setattr(index, "Leaves", None)
        assert found.update(edit, buffer) == Rescan(line, line + 1, line + 1)
    assert lines_of(found) == scan(buffer)


def test_what_is_no_longer_data_is_looked_into() -> None:
    text = "word {{a}} " * 95_326
    assert len(text) > leaves.LONGEST_LINE
    buffer = LineBuffer(text, PositionEncoding.UTF16)
    found = ScanIndex(buffer)
    assert not found.refers
    found.update(buffer.apply((0, 0), (0, 11), ""), buffer)
    assert found.refers
    found.update(buffer.apply((0, 40_000), (0, 40_000), "word {{a}} "), buffer)
    assert not found.refers
