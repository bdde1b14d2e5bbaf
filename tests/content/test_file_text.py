import codecs
import itertools
import re
import tracemalloc
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.content.place import outcome, request, scope, text_of

from weighbridge.content import section
from weighbridge.content.decode import decoded
from weighbridge.content.file import FileHandler
from weighbridge.content.lines import count_lines, lines_of, select_lines
from weighbridge.content.section import Fragments, headings_in, slug_of
from weighbridge.errors import Code, Problem, ReferenceFault
from weighbridge.references.model import Heading, Kind

LETTERS = st.text(alphabet="ab \r\né€😀\u2028\f\x85", max_size=60)


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        (b"", ""),
        (b"plain", "plain"),
        ("né€😀".encode(), "né€😀"),
        (b"a\r\nb\rc\nd", "a\r\nb\rc\nd"),
        (codecs.BOM_UTF8 + b"marked", "marked"),
        (codecs.BOM_UTF8, ""),
        (codecs.BOM_UTF8 + codecs.BOM_UTF8 + b"x", "\ufeffx"),
        (codecs.BOM_UTF16_LE + "né😀\r\n".encode("utf-16-le"), "né😀\r\n"),
        (codecs.BOM_UTF16_BE + "né😀\r\n".encode("utf-16-be"), "né😀\r\n"),
        (b"\xef", Problem(Code.NOT_TEXT, "a.md: not text: no UTF-8 at byte 0")),
        (b"caf\xe9 au lait", Problem(Code.NOT_TEXT, "a.md: not text: no UTF-8 at byte 3")),
        (b"ab\0cd", Problem(Code.NOT_TEXT, "a.md: not text: a NUL at byte 2")),
        ("é\0".encode(), Problem(Code.NOT_TEXT, "a.md: not text: a NUL at byte 2")),
        (codecs.BOM_UTF8 + b"a\0", Problem(Code.NOT_TEXT, "a.md: not text: a NUL at byte 4")),
        (codecs.BOM_UTF16_LE + b"a\0\0\0", Problem(Code.NOT_TEXT, "a.md: not text: a NUL at byte 4")),
        (codecs.BOM_UTF16_LE + b"a\0b", Problem(Code.NOT_TEXT, "a.md: not text: no UTF-16 at byte 4")),
        (
            codecs.BOM_UTF16_LE + b"a\0\x00\xd8b\0",
            Problem(Code.NOT_TEXT, "a.md: not text: no UTF-16 at byte 4"),
        ),
        (codecs.BOM_UTF32_LE + b"a\0\0\0", Problem(Code.NOT_TEXT, "a.md: not text: a NUL at byte 2")),
        (b"\xed\xa0\x80", Problem(Code.NOT_TEXT, "a.md: not text: no UTF-8 at byte 0")),
        (b"a" * 70_000 + b"\xff", Problem(Code.NOT_TEXT, "a.md: not text: no UTF-8 at byte 70,000")),
        (
            b"a" * 65_535 + "é".encode() + b"\0",
            Problem(Code.NOT_TEXT, "a.md: not text: a NUL at byte 65,537"),
        ),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", Problem(Code.NOT_TEXT, "a.md: not text: no UTF-8 at byte 0")),
    ],
)
def test_what_counts_as_text(tmp_path: Path, stored: bytes, expected: str | Problem) -> None:
    (tmp_path / "a.md").write_bytes(stored)
    assert outcome(FileHandler(), request(Kind.FILE, "a.md", scope(tmp_path))) == expected


@settings(max_examples=150)
@given(
    st.one_of(st.binary(max_size=30), LETTERS.map(str.encode)),
    st.sampled_from([b"", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE]),
    st.lists(st.integers(0, 33), max_size=6),
)
def test_decoding_in_pieces_equals_decoding_at_once(body: bytes, mark: bytes, cuts: list[int]) -> None:
    stored = mark + body
    at = [0, *sorted(cut for cut in cuts if cut < len(stored)), len(stored)]
    pieces = [stored[start:end] for start, end in itertools.pairwise(at)]

    def result(source: list[bytes]) -> str | Problem:
        try:
            return "".join(decoded(source, "x"))
        except ReferenceFault as fault:
            return fault.problem

    encoding = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}.get(stored[:2], "utf-8")
    skipped = 3 if stored.startswith(codecs.BOM_UTF8) else 2 if encoding != "utf-8" else 0
    try:
        text = stored[skipped:].decode(encoding)
    except UnicodeDecodeError:
        text = "\0"
    whole = result(pieces)
    if "\0" in text:
        assert isinstance(whole, Problem)
        assert whole == result([stored])
    else:
        assert whole == text


def slow_lines(text: str) -> list[str]:
    return re.findall(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+", text)


@settings(max_examples=200)
@given(st.lists(LETTERS, max_size=6), st.integers(0, 12), st.integers(0, 12))
def test_lines_in_pieces_equal_a_slow_slice(pieces: list[str], first: int, more: int) -> None:
    lines = slow_lines("".join(pieces))
    assert list(lines_of(pieces)) == lines
    assert count_lines(pieces) == len(lines)
    assert "".join(select_lines(pieces, first, first + more)) == "".join(lines[first : first + more])


@settings(max_examples=60)
@given(LETTERS, st.integers(1, 9), st.integers(0, 9))
def test_line_fragments_equal_a_slow_slice(
    tmp_path_factory: pytest.TempPathFactory, text: str, first: int, more: int
) -> None:
    folder = tmp_path_factory.getbasetemp()
    (folder / "property.md").write_bytes(text.encode())
    lines = slow_lines(text)
    last = first + more
    result = outcome(FileHandler(), request(Kind.FILE, "property.md", scope(folder), f"L{first}-L{last}"))
    if last <= len(lines):
        assert result == "".join(lines[first - 1 : last])
    else:
        has = "1 line" if len(lines) == 1 else f"{len(lines)} lines"
        assert result == Problem(Code.NOT_FOUND, f"property.md#L{first}-L{last}: the file has {has}")


def test_a_selection_reads_no_further_than_it_must() -> None:
    def endless() -> Iterator[str]:
        while True:
            yield "line\n"

    assert "".join(select_lines(endless(), 1, 3)) == "line\nline\n"


NOTES = (
    "---\ntitle: x\n---\n"
    "# One\nfirst\n"
    "## Sub part\nsub\n"
    "```\n# Sub part two\n```\n"
    "### Deeper\ndeep\n"
    "## Next: `code` & [link](http://x)!\nnext\n"
    "## Next\nagain\n"
    "## Next\nthird\n"
    "# Zwei Größen\nlast"
)


@pytest.mark.parametrize(
    ("fragment", "first", "end"),
    [
        ("One", 3, 18),
        ("one", 3, 18),
        ("Sub part", 5, 12),
        ("sub-part", 5, 12),
        ("Sub%20part", 5, 12),
        ("Sub  part", 5, 12),
        ("Deeper", 10, 12),
        ("next-code--link", 12, 14),
        ("Next", 14, 16),
        ("next-1", 16, 18),
        ("zwei-größen", 18, 20),
        ("Zwei Größen", 18, 20),
        ("L1", 0, 1),
        ("L4-L5", 3, 5),
        ("L4-5", 3, 5),
        ("L20", 19, 20),
    ],
)
def test_fragments_select_lines(tmp_path: Path, fragment: str, first: int, end: int) -> None:
    (tmp_path / "notes.md").write_text(NOTES)
    content = FileHandler().load(request(Kind.FILE, "notes.md", scope(tmp_path), fragment))
    assert content.lines == (first, end)
    assert text_of(content) == "".join(NOTES.splitlines(keepends=True)[first:end])
    assert content.whole is not None
    assert "".join(content.whole()) == NOTES
    assert content.source == f"notes.md#{fragment}"


HAS = "the file has #One, #Sub part, #Deeper, #Next: `code` & [link](http://x)!, #Next, …"


@pytest.mark.parametrize(
    ("file", "fragment", "message"),
    [
        ("notes.md", "Absent", f"notes.md#Absent: no such heading; {HAS}"),
        ("notes.md", "Sub part two", f"notes.md#Sub part two: no such heading; {HAS}"),
        ("notes.md", "L", f"notes.md#L: no such heading; {HAS}"),
        ("notes.md", "L9999999999", f"notes.md#L9999999999: no such heading; {HAS}"),
        ("notes.md", "L٣", f"notes.md#L٣: no such heading; {HAS}"),
        ("notes.md", "L0", "notes.md#L0: no such range; lines count from L1 up"),
        ("notes.md", "L5-L4", "notes.md#L5-L4: no such range; lines count from L1 up"),
        ("notes.md", "L21", "notes.md#L21: the file has 20 lines"),
        ("notes.md", "L1-L21", "notes.md#L1-L21: the file has 20 lines"),
        ("empty.md", "L1", "empty.md#L1: the file has 0 lines"),
        ("empty.md", "One", "empty.md#One: no such heading; the file has no headings"),
        ("one.py", "L2", "one.py#L2: the file has 1 line"),
        (
            "one.py",
            "One",
            "one.py#One: headings are looked for in Markdown and text only; name lines: #L1-L20",
        ),
    ],
)
def test_fragments_that_select_nothing_say_what_there_is(
    tmp_path: Path, file: str, fragment: str, message: str
) -> None:
    (tmp_path / "notes.md").write_text(NOTES)
    (tmp_path / "empty.md").write_text("")
    (tmp_path / "one.py").write_text("# One\n")
    result = outcome(FileHandler(), request(Kind.FILE, file, scope(tmp_path), fragment))
    assert result == Problem(Code.NOT_FOUND, message)


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Hello, World!", "hello-world"),
        ("What's  new?", "whats--new"),
        ("snake_case and `code`", "snake_case-and-code"),
        ("[A link](http://x) here", "a-link-here"),
        ("Über C++", "über-c"),
    ],
)
def test_slugs_are_githubs(title: str, slug: str) -> None:
    assert slug_of(title) == slug


def test_too_large_says_both_numbers(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"x" * 1001)
    assert outcome(FileHandler(), request(Kind.FILE, "a.md", scope(tmp_path, maxFileBytes=1000))) == Problem(
        Code.TOO_LARGE, "a.md: 1,001 bytes, more than the 1,000 of weighbridge.maxFileBytes"
    )
    assert (
        outcome(FileHandler(), request(Kind.FILE, "a.md", scope(tmp_path, maxFileBytes=1001))) == "x" * 1001
    )


def test_a_sparse_terabyte_is_refused_by_a_look(tmp_path: Path) -> None:
    with (tmp_path / "a.md").open("wb") as file:
        file.truncate(1 << 40)
    assert outcome(FileHandler(), request(Kind.FILE, "a.md", scope(tmp_path))) == Problem(
        Code.TOO_LARGE, "a.md: 1,099,511,627,776 bytes, more than the 10,485,760 of weighbridge.maxFileBytes"
    )


@pytest.mark.parametrize("fragment", [None, "L100000-L400000"])
def test_a_large_file_streams_in_constant_memory(tmp_path: Path, fragment: str | None) -> None:
    size = 10_000_000
    (tmp_path / "large.md").write_bytes(b"nineteen characters\n" * (size // 20))
    content = FileHandler().load(request(Kind.FILE, "large.md", scope(tmp_path), fragment))
    tracemalloc.start()
    try:
        total = sum(map(len, content.chunks()))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert total == (size if fragment is None else 300_001 * 20)
    assert peak < 1_000_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# One\n## Two  words\n", [("One", "one"), ("Two words", "two--words")]),
        ("# Same\n# Same\n# same\n", [("Same", ""), ("", "same-1"), ("same", "same-2")]),
        ("# A b\n# a-b\n", [("A b", ""), ("a-b", "a-b-1")]),
        ("# L10\n", [("", "l10")]),
        ("---\nx: 1\n---\n# One\n```\n# Code\n```\n", [("One", "one")]),
    ],
)
def test_fragments_mean_the_headings_they_are_offered_for(
    tmp_path: Path, text: str, expected: list[tuple[str, str]]
) -> None:
    headings = headings_in(text.splitlines(keepends=True))
    found = Fragments([heading for _, heading in headings]).of_each()
    assert found == expected
    (tmp_path / "a.md").write_text(text)
    handler, where = FileHandler(), scope(tmp_path)
    for (line, _), fragments in zip(headings, found, strict=True):
        for fragment in filter(None, fragments):
            content = handler.load(request(Kind.FILE, "a.md", where, fragment))
            assert content.lines is not None
            assert content.lines[0] == line


def test_headings_are_looked_for_once_for_all_references_to_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = []

    def look(lines: Sequence[str]) -> list[tuple[int, Heading]]:
        looked.append(lines[0])
        return headings_in(lines)

    monkeypatch.setattr(section, "headings_in", look)
    handler, where, file = FileHandler(), scope(tmp_path), tmp_path / "a.md"
    for first in ("once", "anew"):
        file.write_text(f"{first}\n" + "".join(f"# H {number}\n" for number in range(99)))
        for number in range(99):
            for fragment in (f"H {number}", f"h-{number}"):
                content = handler.load(request(Kind.FILE, "a.md", where, fragment))
                assert content.lines == (number + 1, number + 2)
    assert looked == ["once\n", "anew\n"]
