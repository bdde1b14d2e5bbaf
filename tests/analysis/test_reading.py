"""Reading contents: nothing is lost or moved, wherever chunks are cut; references where they stand and only there."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.tokens.watched import Stats, WatchedService

from weighbridge.analysis.expand import MOST_REFERENCES, Nested, Reading, State
from weighbridge.analysis.reading import read
from weighbridge.analysis.scans import Scans
from weighbridge.cache import digest
from weighbridge.content.base import Content
from weighbridge.content.lines import lines_of, select_lines
from weighbridge.errors import Code, Problem, TransientFault
from weighbridge.references.dialect import MARKDOWN
from weighbridge.references.index import StreamScanner
from weighbridge.references.markdown import scan
from weighbridge.references.model import ScannedLine
from weighbridge.references.templates import shows_sign, without_defaults
from weighbridge.text import PositionEncoding, units
from weighbridge.tokens.registry import tokenizer
from weighbridge.tokens.summary import EMPTY, Summary, join, summarize
from weighbridge.work import CancelToken, TaskCancelledError

TOKENIZER = tokenizer("cl100k_base")
PIECES = (
    *("word", " two words", "\n", "\r\n", "\r", "  ", "é", "漢", "😀", "e\u0301", "\u2028", "'s", "/"),
    *(
        "@[file:a.md]",
        "@b.md",
        "{{name}}",
        "{{n:漢}}",
        "@[var:x:é]",
        "\\@[file:a.md]",
        "@",
        "{",
        "{{",
        "@[file:",
    ),
    *("`", "```\n", "    ", "# T\n", "<!-- ", " -->"),
)
texts = st.lists(st.sampled_from(PIECES), max_size=16).map("".join)
relaxed = settings(max_examples=150)


def cut(text: str, at: list[int]) -> list[str]:
    places = sorted({0, *(place % (len(text) + 1) for place in at), len(text)})
    return [text[start:end] for start, end in itertools.pairwise(places)] if text else []


def content_of(
    chunks: Callable[[], Iterator[str]],
    *,
    whole: Callable[[], Iterator[str]] | None = None,
    lines: tuple[int, int] | None = None,
    scannable: bool = True,
) -> Content:
    path = Path("/w/docs/x.md")
    return Content("x", "docs/x.md", chunks, path, scannable=scannable, whole=whole, lines=lines)


def read_content(content: Content, token: CancelToken | None = None) -> Reading:
    service = WatchedService(None, 100)
    return read(content, MARKDOWN, service, TOKENIZER, Scans(), token or CancelToken())


def nested_of(text: str, first: int, end: int) -> list[Nested]:
    """The references of lines [first, end), looked for in the whole text; slowly."""
    lines = list(lines_of([text]))
    found = []
    offset = 0
    for number, (line, scanned) in enumerate(zip(lines, scan(lines), strict=True)):
        if not first <= number < end:
            continue
        is_template = any(map(shows_sign, lines))
        for reference in without_defaults(scanned.references) if is_template else scanned.references:
            before = line[: reference.start]
            more = tuple(
                units(before, one) - len(before) for one in (PositionEncoding.UTF8, PositionEncoding.UTF16)
            )
            literal = line[reference.start : reference.end]
            found.append(Nested(offset + reference.start, number, reference, literal, (more[0], more[1])))
        offset += len(line)
    return found


def check(reading: Reading, text: str, nested: list[Nested]) -> None:
    """Hold a reading against the text that was read."""
    assert [one for one in reading.segments if isinstance(one, Nested)] == nested
    joined, expected = EMPTY, EMPTY
    end = 0
    for one in nested:
        expected = join(expected, summarize(text[end : one.offset], TOKENIZER), TOKENIZER)
        assert text[one.offset : one.offset + len(one.literal)] == one.literal
        end = one.offset + len(one.literal)
    for segment in reading.segments:
        if isinstance(segment, Summary):
            joined = join(joined, segment, TOKENIZER)
    assert joined == join(expected, summarize(text[end:], TOKENIZER), TOKENIZER)
    in_order = EMPTY
    for segment in reading.segments:
        piece = segment if isinstance(segment, Summary) else summarize(segment.literal, TOKENIZER)
        in_order = join(in_order, piece, TOKENIZER)
    assert in_order == summarize(text, TOKENIZER)
    assert reading.digest == digest(text)


@relaxed
@given(text=texts, cuts=st.lists(st.integers(0, 200), max_size=8))
def test_any_text_in_any_chunks(text: str, cuts: list[int]) -> None:
    reading = read_content(content_of(lambda: iter(cut(text, cuts))))
    check(reading, text, nested_of(text, 0, len(text) + 1))
    assert reading.base == Path("/w/docs")
    assert (reading.state, reading.problem) == (State.RESOLVED, None)


@relaxed
@given(text=texts, cuts=st.lists(st.integers(0, 200), max_size=8), data=st.data())
def test_a_selection_holds_its_own_references_only(text: str, cuts: list[int], data: st.DataObject) -> None:
    count = len(list(lines_of([text])))
    first = data.draw(st.integers(0, count))
    end = data.draw(st.integers(first, count))
    chunks = cut(text, cuts)
    content = content_of(
        lambda: select_lines(iter(chunks), first, end), whole=lambda: iter(chunks), lines=(first, end)
    )
    check(read_content(content), "".join(select_lines([text], first, end)), nested_of(text, first, end))


@pytest.mark.parametrize(
    ("encoding", "columns"),
    [
        (PositionEncoding.UTF8, [(10, 18), (23, 35)]),
        (PositionEncoding.UTF16, [(5, 13), (16, 24)]),
        (PositionEncoding.UTF32, [(4, 12), (14, 22)]),
    ],
)
def test_columns_in_the_clients_units(encoding: PositionEncoding, columns: list[tuple[int, int]]) -> None:
    text = "first {{a}}\r\n😀é漢 {{name}}😀 {{n:漢漢}}\n"
    nested = [
        one for one in read_content(content_of(lambda: iter([text]))).segments if isinstance(one, Nested)
    ]
    assert [one.columns(encoding) for one in nested if one.line == 1] == columns


def test_what_is_not_scanned_holds_nothing() -> None:
    text = "see @[file:a.md] and {{name}}"
    check(read_content(content_of(lambda: iter([text]), scannable=False)), text, [])


def test_what_a_content_is_becomes_what_its_reading_is() -> None:
    problem = Problem(Code.FAILED, "gone: HTTP 503")
    content = Content(
        "id", "api", lambda: iter(["old answer"]), stale=True, size=10, secret=True, problem=problem
    )
    assert read_content(content) == Reading(
        State.STALE,
        "id",
        "api",
        (replace(summarize("old answer", TOKENIZER), private=True),),
        digest("old answer"),
        size=10,
        secret=True,
        problem=problem,
        tokens=2,
    )


@pytest.mark.parametrize("secret", [True, False])
def test_a_secret_is_counted_past_the_cache(*, secret: bool) -> None:
    service = WatchedService(None, 10)
    content = Content("id", "environment", lambda: iter(["s3cret ", "value"]), secret=secret)
    reading = read(content, MARKDOWN, service, TOKENIZER, Scans(), CancelToken())
    assert reading == Reading(
        State.RESOLVED,
        "id",
        "environment",
        (replace(summarize("s3cret value", TOKENIZER), private=secret),),
        digest("s3cret value"),
        secret=secret,
        tokens=TOKENIZER.count("s3cret value"),
    )
    assert service.stats == (Stats() if secret else Stats(tokenized=1, tokenized_chars=12))


@pytest.mark.parametrize("held", [1, 8, 64])
def test_long_stretches_are_streamed_to_the_same_end(monkeypatch: pytest.MonkeyPatch, held: int) -> None:
    for module in ("whole_text", "reading"):
        monkeypatch.setattr(f"weighbridge.analysis.{module}.LONGEST_WHOLE", held)
    text = "many words before. " * 20 + "{{name}}" + " and after, too." * 20 + "@[file:a.md]\n"
    check(
        read_content(content_of(lambda: iter(cut(text, list(range(0, 900, 7)))))), text, nested_of(text, 0, 2)
    )


def test_a_short_content_is_read_once() -> None:
    readings = iter(["one {{a}} two"])
    reading = read_content(content_of(lambda: iter([next(readings)])))
    assert [type(segment) for segment in reading.segments] == [Summary, Nested, Summary]


def test_a_long_content_that_is_shorter_at_another_reading_is_no_reading(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("weighbridge.analysis.whole_text.LONGEST_WHOLE", 4)
    readings = iter(["one {{a}} two {{b}}"] * 4 + ["one {{a}}"])
    with pytest.raises(TransientFault, match=r"docs/x\.md: changed while it was read"):
        read_content(content_of(lambda: iter([next(readings)])))


def test_a_text_is_scanned_once_whatever_leads_to_it() -> None:
    scanned = []

    def scanner() -> StreamScanner:
        scanned.append(1)
        return StreamScanner()

    dialect = replace(MARKDOWN, stream_scanner=scanner)
    text, scans, service = (
        "one {{a}}\n`@[file:b.md]`\nx {{c}} @d.md\n",
        Scans(),
        WatchedService(None, 100),
    )
    for lines in (None, (0, 1), (1, 3), None):

        def chosen(lines: tuple[int, int] | None = lines) -> Iterator[str]:
            return iter([text]) if lines is None else select_lines([text], *lines)

        content = content_of(chosen, whole=None if lines is None else lambda: iter([text]), lines=lines)
        reading = read(content, dialect, service, TOKENIZER, scans, CancelToken())
        first, end = lines or (0, 3)
        check(reading, "".join(chosen()), nested_of(text, first, end))
    assert len(scanned) == 1


def test_what_nobody_wants_is_not_read_to_its_end() -> None:
    token = CancelToken()
    read_so_far = []

    def endless() -> Iterator[str]:
        for number in itertools.count():
            read_so_far.append(number)
            if number == 3:
                token.cancel()
            yield "word "

    with pytest.raises(TaskCancelledError):
        read_content(content_of(endless), token)
    assert read_so_far == [0, 1, 2, 3]


MANY = "{{a}} {{b}}\n" * (2 * MOST_REFERENCES)
WHOLE = (0, 2 * MOST_REFERENCES)


@pytest.mark.parametrize(
    ("part", "nested"),
    [(None, MOST_REFERENCES + 1), (WHOLE, MOST_REFERENCES + 1), ((6000, 6003), 6), ((12_000, 12_002), 4)],
)
def test_more_references_than_an_expansion_may_hold_are_looked_for_once_whatever_the_file_is_called(
    part: tuple[int, int] | None, nested: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    fed: list[str] = []
    inner = StreamScanner.feed

    def feed(scanner: StreamScanner, line: str) -> Iterator[tuple[int, ScannedLine]]:
        fed.append(line)
        return inner(scanner, line)

    monkeypatch.setattr(StreamScanner, "feed", feed)
    scans, service = Scans(), WatchedService(None, 100)
    for name in ("a", "b"):
        fed.clear()
        content = content_of(
            lambda: select_lines([MANY], *part or WHOLE),
            whole=(lambda: iter((MANY,))) if part else None,
            lines=part,
        )
        found = read(replace(content, source=name), MARKDOWN, service, TOKENIZER, scans, CancelToken())
        places = [one for one in found.segments if isinstance(one, Nested)]
        assert len(places) == nested
        assert {one.reference.target for one in places} == {"a", "b"}
        text = "".join(select_lines([MANY], *part or WHOLE))
        assert all(text.startswith(one.literal, one.offset) for one in places)
        # Of the whole file no further than it matters; of a part, not behind it; of the same text under another name, never.
        assert (len(fed) > 0) == (name == "a")
        assert len(fed) < 2 * MOST_REFERENCES
