"""What the counted buffer counts, and what it leaves to workers: a keystroke costs the words around it."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.tokens.documents import CL100K, ListOfLines, Watched, answer_all, split

from weighbridge.references.index import ScanIndex
from weighbridge.rope import Rope
from weighbridge.text import LineBuffer, PositionEncoding
from weighbridge.tokens.borders import NO_BORDERS
from weighbridge.tokens.counted import STANDARD, CountedBuffer, Job
from weighbridge.tokens.registry import tokenizer
from weighbridge.tokens.summary import summarize
from weighbridge.tokens.sums import Sums

PROSE = "The quick brown fox jumps over the lazy dog, again and again.\n"
CODE = "    for name, value in sorted(items):\n"
ASIAN = "天地玄黃，宇宙洪荒。日月盈昃，辰宿列張。\n"


def count(text: str) -> int:
    return tokenizer(CL100K).count(text)


def opened(text: str, watched: Watched) -> tuple[CountedBuffer, ListOfLines]:
    lines = ListOfLines(split(text))
    buffer = CountedBuffer(watched, lines)
    answer_all(buffer)
    return buffer, lines


def type_in(buffer: CountedBuffer, lines: ListOfLines, line: int, text: str) -> None:
    old = lines.lines[line]
    lines.lines[line] = old[: len(old) // 2] + text + old[len(old) // 2 :]
    buffer.splice(line, 1, 1)


def test_opening_counts_nothing() -> None:
    watched = Watched()
    buffer = CountedBuffer(watched, ListOfLines(split(PROSE * 1000)))
    assert (watched.counted, buffer.tokens, buffer.tokens_so_far) == ([], None, 0)
    jobs = buffer.pending()
    assert "".join(job.text for job in jobs) == PROSE * 1000
    assert max(len(job.text) for job in jobs) <= 8 * 1024
    assert buffer.pending() == []
    for job in jobs:
        assert buffer.answer(job, count(job.text))
    assert buffer.tokens == count(PROSE * 1000)


def test_an_empty_document_has_no_tokens() -> None:
    buffer = CountedBuffer(Watched(), ListOfLines([""]))
    assert (buffer.tokens, buffer.pending()) == (0, [])


@pytest.mark.parametrize(
    "sample",
    [PROSE, CODE, ASIAN, PROSE[:-2] * 50 + "\n", "a,b;" * 9000 + "\n"],
    ids=lambda sample: sample[:5],
)
def test_a_keystroke_counts_a_piece(sample: str) -> None:
    watched = Watched()
    buffer, lines = opened(sample * (200_000 // len(sample)), watched)
    line = len(lines) // 2
    type_in(buffer, lines, line, "x")
    type_in(buffer, lines, line, "y")
    watched.counted.clear()
    type_in(buffer, lines, line, "z")
    assert buffer.tokens == count("".join(lines.lines))
    assert len(watched.counted) == 1
    assert len(watched.counted[0]) <= 2 * STANDARD.fine


@pytest.mark.parametrize("records", [4000, 40_000])
@pytest.mark.parametrize("around", [("", ""), ("word\n", "\n\nword"), ("```\n", "\n```\n")])
def test_a_key_in_a_long_line_reads_what_is_around_it(
    monkeypatch: pytest.MonkeyPatch,
    around: tuple[str, str],
    records: int,
) -> None:
    text = '{"id":12,"name":"a b c"},'.join("[" * records)
    buffer = LineBuffer(around[0] + text + around[1], PositionEncoding.UTF16)
    index = ScanIndex(buffer)
    watched = Watched()
    counted = CountedBuffer(watched, buffer)
    answer_all(counted)
    line, read = around[0].count("\n"), 0

    def get(rope: Rope, key: slice) -> str:
        nonlocal read
        part = original(rope, key)
        read += len(part)
        return part

    def press(column: int, removed: int, new: str) -> None:
        edit = buffer.apply((line, column), (line, column + removed), new)
        rescan = index.update(edit, buffer)
        assert (rescan.start, rescan.new_end) == (line, line + 1)
        counted.splice(line, 1, 1, inline=edit.inline)

    original = Rope.__getitem__
    for column in (5000, len(text) // 2, len(text) - 10):
        # The first key makes a coarse piece fine.
        press(column, 0, "x")
        with monkeypatch.context() as patch:
            patch.setattr(Rope, "__getitem__", get)
            patch.setattr(Rope, "__str__", None)
            watched.counted.clear()
            read = 0
            press(column + 1, 0, "y")
            press(column + 1, 1, "")
            assert read <= 50_000
            assert sum(map(len, watched.counted)) <= 1000
    assert counted.tokens == count(buffer.text())


def test_a_long_line_broken_and_joined_reads_what_is_around_the_break() -> None:
    text = '{"id":12,"name":"a b c"},' * 40_000
    buffer = LineBuffer(text, PositionEncoding.UTF16)
    watched = Watched()
    counted = CountedBuffer(watched, buffer)
    answer_all(counted)
    edit = buffer.apply((0, 500_000), (0, 500_000), "\n")
    counted.splice(edit.start, edit.old_lines, edit.new_lines)
    # The first half keeps its counts; the second one is another line's.
    assert sum(map(len, answer_all(counted))) <= 501_000
    assert counted.tokens == count(buffer.text())
    edit = buffer.apply((0, 500_000), (1, 0), "")
    counted.splice(edit.start, edit.old_lines, edit.new_lines)
    assert sum(map(len, answer_all(counted))) <= 501_000
    assert counted.tokens == count(text)


def test_a_new_line_counts_what_is_around_it() -> None:
    watched = Watched()
    buffer, lines = opened(PROSE * 3000, watched)
    type_in(buffer, lines, 1500, "x")
    watched.counted.clear()
    lines.lines[1500:1501] = ["The quick\n", "brown fox.\n"]
    buffer.splice(1500, 1, 2)
    assert sum(map(len, watched.counted)) <= 4 * STANDARD.fine
    assert buffer.tokens == count("".join(lines.lines))


def test_lines_put_in_one_by_one_are_counted_as_they_come() -> None:
    watched = Watched()
    buffer, lines = opened(PROSE * 100, watched)
    for _ in range(1200):
        lines.lines.insert(50, PROSE)
        buffer.splice(50, 0, 1)
    watched.counted.clear()
    assert buffer.tokens == count(PROSE * 1300)
    assert buffer.tokens_between(3, 900) == count(PROSE * 897)
    # What the part cuts off of a piece at either end; nobody touched the one at its start.
    assert sum(map(len, watched.counted)) <= 2 * (STANDARD.coarse + STANDARD.fine)


def test_a_large_paste_is_left_to_workers() -> None:
    watched = Watched()
    buffer, lines = opened(PROSE * 100, watched)
    watched.counted.clear()
    lines.lines[50:50] = [CODE] * 5000
    buffer.splice(50, 0, 5000)
    assert (watched.counted, buffer.tokens) == ([], None)
    answer_all(buffer)
    assert buffer.tokens == count("".join(lines.lines))


def test_a_long_text_without_borders_is_a_job_at_each_edit() -> None:
    watched = Watched()
    buffer, lines = opened("word\n" + "A" * 40_000 + "\nword\n", watched)
    watched.counted.clear()
    type_in(buffer, lines, 1, "b")
    assert (max(map(len, watched.counted), default=0) < 100, buffer.tokens) == (True, None)
    obsolete = buffer.pending()
    type_in(buffer, lines, 1, "c")
    assert [buffer.answer(job, 1) for job in obsolete] == [False]
    assert [set(text) for text in answer_all(buffer)] == [{"A", "b", "c"}]
    assert buffer.tokens == count("".join(lines.lines))


@pytest.mark.parametrize("line", [0, 2])
def test_a_key_beside_a_long_text_without_borders_does_not_count_it(line: int) -> None:
    watched = Watched()
    buffer, lines = opened("word " * 300 + "\n" + "A" * 40_000 + "\n" + "word " * 300, watched)
    type_in(buffer, lines, line, "x")
    assert buffer.tokens == count("".join(lines.lines))
    assert max(map(len, watched.counted)) <= 2 * STANDARD.fine


@dataclass
class SlowTokenizer(Watched):
    """A tokenizer that counts little between two keystrokes."""

    at_once: int = 100


def test_a_slow_tokenizer_says_what_is_counted_at_once() -> None:
    watched = SlowTokenizer()
    buffer, lines = opened("word " * 15 + "\n" + "A" * 600 + "\n" + PROSE * 3, watched)
    watched.counted.clear()
    type_in(buffer, lines, 0, "x")
    assert buffer.tokens == count("".join(lines.lines))
    type_in(buffer, lines, 1, "x")
    assert buffer.tokens is None
    assert max(map(len, watched.counted)) <= watched.at_once


def test_an_unknown_answer_changes_nothing() -> None:
    buffer, _ = opened(PROSE, Watched())
    assert not buffer.answer(Job(99, "x"), 7)
    assert buffer.tokens == count(PROSE)


def test_without_borders_the_document_is_one_job() -> None:
    watched = Watched(NO_BORDERS)
    buffer, lines = opened(PROSE * 1000, watched)
    type_in(buffer, lines, 500, "x")
    assert (watched.counted, buffer.tokens) == ([], None)
    assert answer_all(buffer) == ["".join(lines.lines)]
    assert buffer.tokens == count("".join(lines.lines))


def test_a_long_part_of_a_text_without_borders_is_asked_of_a_worker_and_remembered() -> None:
    buffer, _ = opened(PROSE * 1000, Watched(NO_BORDERS))
    assert buffer.tokens_between(100, 900) is None
    assert answer_all(buffer) == [PROSE * 800]
    assert buffer.tokens_between(100, 900) == count(PROSE * 800)
    assert buffer.pending() == []


def test_a_resolved_reference_is_counted_at_its_ends_only() -> None:
    watched = Watched()
    buffer, lines = opened(PROSE * 100 + "See @docs/a.md here.\n" + PROSE * 100, watched)
    content = summarize(CODE * 4000, watched)
    watched.counted.clear()
    buffer.set_parts({100: ("See ", content, " here.\n")})
    assert buffer.tokens == count(PROSE * 100 + "See " + CODE * 4000 + " here.\n" + PROSE * 100)
    assert sum(map(len, watched.counted)) < 12_000
    buffer.set_parts({100: None})
    assert buffer.tokens == count("".join(lines.lines))


def test_references_that_stand_together_are_counted_once_and_not_for_each() -> None:
    watched = Watched()
    buffer, _ = opened("See @docs/a.md here.\n" * 1000, watched)
    answer_all(buffer)
    content = summarize(CODE * 4000, watched)
    watched.counted.clear()
    buffer.set_parts(dict.fromkeys(range(0, 1000, 2), ("See ", content, " here.\n")))
    text = ("See " + CODE * 4000 + " here.\n" + "See @docs/a.md here.\n") * 500
    assert buffer.tokens == 500 * count(text[: len(text) // 500])
    # Each line by itself, three texts for two: one by one they are four.
    assert len(watched.counted) < 1_600


@given(
    st.lists(st.integers(0, 9), max_size=200),
    st.lists(st.tuples(st.integers(0, 199), st.integers(0, 5)), max_size=5),
)
def test_sums_and_finds(values: list[int], changes: list[tuple[int, int]]) -> None:
    sums = Sums(values)
    for index, delta in changes:
        if index < len(values):
            sums.add(index, delta)
            values[index] += delta
    prefixes = [sum(values[:stop]) for stop in range(len(values) + 1)]
    assert [sums.sum(stop) for stop in range(len(values) + 1)] == prefixes
    for position in range(prefixes[-1] + 2):
        fit = max(stop for stop, prefix in enumerate(prefixes) if prefix <= position)
        assert sums.find(position) == (fit, position - prefixes[fit])
