"""A long line that is edited holds what a fresh scan finds in it, and an edit costs what is near it."""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weighbridge.references import (
    brackets,
    closers,
    inlines,
    inside,
    leaves,
    links,
    stretch_scanner,
    stretches,
)
from weighbridge.references.brackets import DEAD, IMAGE, LINK, UNTOUCHED, Ask, Brackets, open_behind, together
from weighbridge.references.closers import CLOSING, Closers
from weighbridge.references.index import ScanIndex
from weighbridge.references.markdown import scan
from weighbridge.references.templates import shows_sign, without_defaults
from weighbridge.rope import STANDARD, RopeSizes
from weighbridge.text import Inline, LineBuffer, PositionEncoding

PIECES = (
    *("word", " ", "a", "é", ":", "-", "!", "\\", "\\", "`", "`", "``", "```", "` `` ", "'", '"', "(", ")"),
    *("<!-- ", "-->", "<!-- weighbridge: a=b -->", "<?", "?>", "<![CDATA[", "]]>", "<!X", "<", ">"),
    *("<a b='", '<a b="', "'>", '">', "<b>", "</b>", "<a x='y\"", "<http://x", "<x@y.z>"),
    *("[", "[", "]", "](", "](", "![", " 't'", "[x](y)", "[x](`y)", "](<", "x>) ", "(["),
    *(
        "@",
        "@[var:x]",
        "@[file:a`b]",
        "{{y}}",
        "@a/b.md",
        "@[var:",
        "@[File:x]",
        "@[a.md]",
        "{{",
        "{",
        "}}",
        "}",
        "#h",
    ),
)

#: Of a line: from where on (of all in thousandths), how many characters become which text.
Key = tuple[int, int, str]


@st.composite
def lines(draw: st.DrawFn) -> tuple[str, list[Key]]:
    """A line of some of the pieces, not all, so that what opens is closed in some; and edits of it."""
    some = st.sampled_from(draw(st.lists(st.sampled_from(PIECES), min_size=3, unique=True)))
    head = draw(st.sampled_from(("", "x", "[{", "> ", "- ", "[a]: ", "y\n")))
    text = head + "".join(draw(st.lists(some, min_size=20, max_size=100)))
    tail = draw(st.sampled_from(("", "", "", "\n", "\nz", "\n\nz`", "\n===\n", "\nz`\nz\nz`\nz\n`")))
    new = st.one_of(st.just(""), st.sampled_from("ab`<>[]()\\'\"- !{}@"), some)
    key = st.tuples(st.integers(0, 1000), st.sampled_from((0, 0, 0, 1, 1, 2, 5, 30)), new)
    return text + tail, draw(st.lists(key, min_size=1, max_size=10))


def short_bounds(patch: pytest.MonkeyPatch) -> None:
    """Make lines of some dozens of characters long."""
    for module in (leaves, inside):
        patch.setattr(module, "KEPT_LINE", 10)
        patch.setattr(module, "LONG_LINE", 20)
        patch.setattr(module, "LABEL_DECIDED", 60)
    patch.setattr(inside, "_HEAD", 120)
    patch.setattr(links, "MOST_PENDING", 20)


def type_in(found: ScanIndex, buffer: LineBuffer, number: int, column: int, removed: int, new: str) -> None:
    found.update(buffer.apply((number, column), (number, column + removed), new), buffer)


def check(found: ScanIndex, buffer: LineBuffer) -> None:
    fresh = scan(buffer)
    if any(map(shows_sign, buffer)):
        fresh = [replace(line, references=without_defaults(line.references)) for line in fresh]
    assert [found.line(number) for number in range(len(found))] == fresh
    assert [one for _, one in found.references()] == [one for line in fresh for one in line.references]


@settings(max_examples=800)
@given(
    case=lines(),
    stretch=st.sampled_from((1, 3, 8, 20, 50)),
    block=st.sampled_from((1, 2, 5, 20)),
    asked=st.sampled_from((1, 2, 64)),
    long=st.sampled_from((20, 20, 60, 1000)),
    sizes=st.sampled_from((STANDARD, RopeSizes(long=20, piece=5, block=3))),
)
def test_any_edits(
    case: tuple[str, list[Key]], stretch: int, block: int, asked: int, long: int, sizes: RopeSizes
) -> None:
    text, keys = case
    with pytest.MonkeyPatch.context() as patch:
        short_bounds(patch)
        patch.setattr(leaves, "LONG_LINE", long)
        patch.setattr(inside, "LONG_LINE", long)
        patch.setattr(leaves, "WINDOW_LEAST", 2)
        patch.setattr(leaves, "WINDOW_MOST", 4)
        patch.setattr(leaves, "WEIGHED", 20)
        patch.setattr(stretch_scanner, "STRETCH", stretch)
        patch.setattr(closers, "BLOCK", block)
        patch.setattr(stretches, "_MOST_ASKED", asked)
        buffer = LineBuffer(text, PositionEncoding.UTF32, sizes)
        found = ScanIndex(buffer)
        check(found, buffer)
        number = min(1, len(buffer) - 1) if text.startswith("y\n") else 0
        for place, removed, new in keys:
            column = len(buffer.line(number)) * place // 1000
            type_in(found, buffer, number, column, removed, new)
            check(found, buffer)


@pytest.mark.parametrize(
    ("text", "removed", "new"),
    [
        # A reference that ends behind the tag it is in is none, and hides the next; nothing else reads so far.
        ("x <?@[var:x @a/b.md ?>0123456789 0123456789 |0123456789 <b>]", 0, "@["),
        # What closes what was opened far before: a run, a comment, a quote.
        ("x ``a {{b}} `c` 0123456789 |0123456789 {{d}}", 0, "``"),
        ("x <!-- {{b}} `c` 0123456789 0123456789 --|", 0, ">"),
        ("x <b c='` {{e}} ` 0123456789 0123456789|", 0, "'>"),
        # A run grows, shrinks, parts, or is escaped at its edge.
        ("x `a {{b}} 0123456789`| {{c}} ``", 0, "`"),
        ("x ``a {{b}} 0123456789`|` {{c}} `", 1, ""),
        ("x ``a {{b}} 0123456789`|` {{c}} `", 0, "x"),
        ("x |`a {{b}} 0123456789` {{c}} `", 0, "\\"),
        ("x |\\`a {{b}} 0123456789` {{c}} `", 1, ""),
        # A bracket makes a link of what stands far behind it, or keeps it from being one.
        ("x 012|3456789 0123456789 b](`) {{c}} `", 0, "["),
        ("x [0123456789 [a]|(b) 0123456789](`) {{c}} `", 1, ""),
        ("x |[0123456789 0123456789](`) {{c}} `", 1, ""),
        ("x !|[0123456789 [d](e) 0123456789](`) {{c}} `", 0, "\\"),
    ],
)
def test_what_is_far_away_is_followed(
    text: str, removed: int, new: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By stretches of a few characters; `|` is where the edit is."""
    short_bounds(monkeypatch)
    monkeypatch.setattr(stretch_scanner, "STRETCH", 3)
    monkeypatch.setattr(closers, "BLOCK", 3)
    monkeypatch.setattr(inside, "LABEL_DECIDED", 0)
    monkeypatch.setattr(ScanIndex, "_rescan", None)
    buffer = LineBuffer(text.replace("|", ""), PositionEncoding.UTF32)
    found = ScanIndex(buffer)
    before = [one.target for _, one in found.references()]
    type_in(found, buffer, 0, text.index("|"), removed, new)
    assert [one.target for _, one in found.references()] != before
    check(found, buffer)


@pytest.mark.parametrize("stretch", range(1, 9))
def test_an_escaped_mark_makes_no_image_of_a_link(stretch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the line is cut: a link in a link's text keeps that from being one, an image does not."""
    short_bounds(monkeypatch)
    monkeypatch.setattr(stretch_scanner, "STRETCH", stretch)
    monkeypatch.setattr(inside, "LABEL_DECIDED", 0)
    text = "x [0123456789 \\![a](b) 0123456789 0123456789](`) {{c}} `"
    buffer = LineBuffer(text, PositionEncoding.UTF32)
    found = ScanIndex(buffer)
    type_in(found, buffer, 0, text.index("a"), 0, "a")
    check(found, buffer)


def markup(size: int) -> str:
    """Minified JSON, with HTML and Markdown in its strings."""
    record = (
        r'{"id":%d,"text":"<p class=\"a\">Use <code>x<y</code> or `z`: <a href=\"https://b.c/?d=1\">it</a>.</p>",'
        r'"note":"**see** [the docs](https://e.f/g_h)\n\n- `i` and ``j` k``","tags":["l","m <3"]}'
    )
    return "[" + ",".join(record % number for number in range(size // len(record) + 1)) + "]"


def put(text: str, *more: tuple[int, str]) -> str:
    for column, new in more:
        text = text[:column] + new + text[column:]
    return text


SIZE = 200_000
JSON = markup(SIZE)
BARE = re.sub("[`<>]", "", JSON)

LINES = {
    "markup": JSON,
    "an open comment at its start": put(JSON, (3000, "<!-- ")),
    "open runs at its start": put(JSON, (3000, "``` ````` ")),
    "an open quote at its start": put(JSON.replace("'", ""), (3000, "<a b='")),
    "two backticks": put(BARE, (3000, "`"), (150_000, "`")),
    "one comment": put(BARE, (3000, "<!-- "), (150_000, "-->")),
    "one link's bracket": put(JSON, (3000, "["), (150_000, "](b)")),
    "code spans": "x" + "`a` " * (SIZE // 4),
    "runs": "x" + "`a``b```c " * (SIZE // 10),
    "open brackets": "x`y`" + "[" * SIZE,
    "angles": "x" + "<" * SIZE,
    "comments": "x" + "<!-- a --> " * (SIZE // 11),
    "open comments": "x" + "<!-- " * (SIZE // 5),
    "references": JSON.replace('"l"', '"@[file:l.md] {{m}}"'),
}


class Looking:
    """A pattern that counts the characters it is searched in."""

    def __init__(self) -> None:
        self.characters = 0

    def search(self, text: str, start: int, end: int) -> re.Match[str] | None:
        match = inlines.SPECIAL.search(text, start, end)
        self.characters += (end if match is None else match.end()) - start
        return match


@pytest.fixture
def looking(monkeypatch: pytest.MonkeyPatch) -> Looking:
    """Counts the characters that are looked at, for their meaning and for what they close."""
    counted = Looking()
    hold = closers._hold

    def holding(text: str, starts: Sequence[int]) -> list[frozenset[closers.Closer]]:
        counted.characters += starts[-1] - starts[0]
        return hold(text, starts)

    monkeypatch.setattr(stretch_scanner, "SPECIAL", counted)
    monkeypatch.setattr(closers, "_hold", holding)
    return counted


@pytest.mark.parametrize("name", LINES)
def test_a_key_costs_what_is_near_it(name: str, looking: Looking, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever it is typed, where it makes or parts no run of backticks."""
    buffer = LineBuffer(LINES[name], PositionEncoding.UTF32)
    found = ScanIndex(buffer)
    assert looking.characters >= len(LINES[name])
    monkeypatch.setattr(ScanIndex, "_rescan", None)
    chance = random.Random(name)
    for place in (10, 2000, 2500, 4000, *(chance.randrange(5000, SIZE - 5000) for _ in range(20))):
        for removed, new in ((0, "a"), (0, "1"), (0, '"'), (0, " "), (3, ""), (0, ","), (1, "{")):
            if "`" in buffer.line(0)[place - 1 : place + removed + 1]:
                continue
            looking.characters = 0
            type_in(found, buffer, 0, place, removed, new)
            assert looking.characters <= 20_000
    check(found, buffer)


@pytest.mark.parametrize("key", ["<", ">", "[", "]", "'", "\\", "``````", "(", "!", "-"])
def test_a_key_that_might_change_what_is_far_away_but_does_not_is_cheap(
    key: str, looking: Looking, monkeypatch: pytest.MonkeyPatch
) -> None:
    buffer = LineBuffer(JSON, PositionEncoding.UTF32)
    found = ScanIndex(buffer)
    with monkeypatch.context() as patch:
        patch.setattr(ScanIndex, "_rescan", None)
        for place in (3000, 100_000, 190_000):
            at = buffer.line(0).index("tags", place) + 2
            for removed, new in ((0, key), (len(key), "")):
                looking.characters = 0
                type_in(found, buffer, 0, at, removed, new)
                assert looking.characters <= 20_000
                check(found, buffer)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        # It pairs with the next, and so do all behind it.
        (JSON, "`"),
        (JSON, "<!-- "),
        # Each of them looks for its end as far as there is no space.
        ("x`y`" + "[](" * (SIZE // 3), "a"),
        ("x`y`" + "[](" * (SIZE // 3), " "),
        ("x" + "`" * SIZE, "a"),
        ("x" + "`` ` " * (SIZE // 5), "`"),
    ],
)
def test_no_key_costs_more_than_the_line(text: str, key: str, looking: Looking) -> None:
    buffer = LineBuffer(text, PositionEncoding.UTF32)
    found = ScanIndex(buffer)
    for place in (10, 3000, len(text) // 2):
        looking.characters = 0
        type_in(found, buffer, 0, place, 0, key)
        assert looking.characters <= 3 * len(text)
    check(found, buffer)


@pytest.mark.parametrize("unit", ["<!-- ", "<?", "<![CDATA[", "<!X", "\\`` "])
def test_what_is_not_there_is_looked_for_once(unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By however many it is missed."""
    asked: list[closers.Closer] = []

    class Counting(Closers):
        def run(self, size: int, start: int) -> int:
            asked.append(size)
            return super().run(size, start)

        def closing(self, what: str, start: int) -> int:
            asked.append(what)
            return super().closing(what, start)

    monkeypatch.setattr(stretches, "Closers", Counting)
    ScanIndex(LineBuffer("x" + unit * 6000, PositionEncoding.UTF32))
    assert len(asked) == 1


def test_links_that_ask_for_brackets_are_not_asked_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of very many `](` makes a link or doesn't by brackets that are far away."""
    text = "x`y`" + "[" * 20_000 + "a](b) `c` " * 20_000
    buffer = LineBuffer(text, PositionEncoding.UTF32)
    found = ScanIndex(buffer)
    asked: list[int] = []

    def answered(asks: Sequence[Ask], opened: Iterator[str]) -> bool:
        asked.append(len(asks))
        return brackets.answered(asks, opened)

    monkeypatch.setattr(stretches, "answered", answered)
    for removed, new in ((0, "["), (1, ""), (0, "!["), (2, "")):
        asked.clear()
        type_in(found, buffer, 0, 15_000, removed, new)
        assert len(asked) <= 64
        check(found, buffer)


@given(st.data())
def test_closers_are_those_in_the_text(data: st.DataObject) -> None:
    pieces = st.sampled_from(("`", "``", "a", "-", "-->", "?", ">", "]", "]]>", "-" * 5, "`" * 7))
    some = st.lists(pieces, max_size=20).map("".join)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(closers, "BLOCK", data.draw(st.sampled_from((1, 2, 4, 9))))
        text = data.draw(some)
        known = Closers.of(text)
        for _ in range(data.draw(st.integers(0, 5))):
            column = data.draw(st.integers(0, len(text)))
            removed = data.draw(st.integers(0, min(6, len(text) - column)))
            new = data.draw(some)
            before = text
            text = text[:column] + new + text[column + removed :]
            known, created = known.follow(text, Inline(column, removed, len(new)))
            behind = [closing for closing in CLOSING if closing in text and closing not in before]
            sizes = {len(run) for run in re.findall("`+", text)} - {
                len(run) for run in re.findall("`+", before)
            }
            assert created >= sizes.union(behind)
        for start in range(len(text) + 1):
            for closing in CLOSING:
                assert known.closing(closing, start) == text.find(closing, start)
            if text[start - 1 : start + 1] == "``":
                continue
            for size in range(1, 10):
                runs = [m.start() for m in re.finditer("`+", text) if m.end() - m.start() == size]
                assert known.run(size, start) == next((run for run in runs if run >= start), -1)


brackets_of_a_text = st.builds(
    Brackets, st.integers(0, 4), st.text(st.sampled_from((LINK, IMAGE, DEAD)), max_size=4), st.booleans()
)


@given(st.lists(st.one_of(st.just(UNTOUCHED), brackets_of_a_text), max_size=8))
def test_brackets_of_texts_one_after_the_other(texts: list[Brackets]) -> None:
    """As a stack has them: closed from its end, opened at its end, killed by a link behind them."""
    stack: list[str] = []
    for text in texts:
        del stack[max(0, len(stack) - text.closed) :]
        if text.links:
            stack = [DEAD if letter == LINK else letter for letter in stack]
        stack += text.opened
    assert list(open_behind(reversed(texts))) == stack[::-1]
    assert together(texts).opened == "".join(stack)
