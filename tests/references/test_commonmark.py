"""Code, comments and headings are where CommonMark says they are: its specification's examples, and texts made of them.

No difference from both of two other parsers is accepted, but for those in the two tables at the end: where the
specification is newer than they are, and where a scanner that goes line by line in bounded time can't follow it.
"""

import json
import re
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.references.oracle import is_as_commonmark_says, seen_by_commonmark, seen_by_markdown_it, seen_by_us

EXAMPLES: list[str] = json.loads(
    Path(__file__).with_name("commonmark_examples.json").read_text(encoding="utf-8")
)
#: Since version 0.31 a comment ends at the first `-->`, whatever stands before it.
_NEWER_COMMENT = re.compile("--->|----")

MARKERS = ("{{m%d}}", "@[var:m%d]")

#: What Markdown is made of. `M` becomes a marker; the letter before it keeps a backslash from escaping it.
PIECES = (
    *("M", "M", "M", "M", "word", " ", "  ", "   ", "    ", "\t", "\n", "\n", "\n\n", "foo\n", "\\", "&lt;"),
    *("`", "``", "```", "```\n", "~~~", "~~~\n", "> ", ">", "- ", "* ", "+ ", "1. ", "2) ", "-", "*", "+"),
    *(
        "# ",
        "===\n",
        "=\n",
        "---\n",
        "--\n",
        "***\n",
        "[a]: ",
        "[a]: /u\n",
        "[b]",
        "[",
        "]",
        "](",
        "![",
        "(",
        ")",
    ),
    *(
        "/url",
        " 't'",
        '"',
        "'",
        "<!-- ",
        " -->",
        "-->",
        "<!-->",
        "<div>\n",
        "</div>\n",
        '<a href="',
        '">',
        "<",
    ),
    *(
        "<?",
        "?>",
        "<pre>",
        "</pre>",
        "<script>",
        "<b c>",
        "<!X",
        "<![CDATA[",
        "]]>",
        "<http://x",
        "<x>\n",
        ">",
    ),
)


def planted_at(text: str, marker: str, every: int, first: int) -> str:
    """The text with markers in the place of words: of each `every`th, from the `first` on."""
    count = -1

    def replaced(match: re.Match[str]) -> str:
        nonlocal count
        count += 1
        return match[0] if count % every != first else match[0][0] + marker % count

    return re.sub(r"[A-Za-z]+", replaced, text)


def made_of(pieces: list[str], marker: str) -> str:
    return "".join("z" + marker % number if one == "M" else one for number, one in enumerate(pieces))


def test_there_are_all_examples() -> None:
    assert len(EXAMPLES) == 652


@pytest.mark.parametrize("marker", MARKERS)
@pytest.mark.parametrize(("every", "first"), [(1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (3, 2)])
def test_the_specification_s_examples(marker: str, every: int, first: int) -> None:
    texts = [planted_at(text, marker, every, first) for text in EXAMPLES]
    assert [text for text in texts if seen_by_us(text) != seen_by_markdown_it(text)] == []


@pytest.mark.parametrize("around", ["- %s", "> - %s", "-\t%s"])
def test_the_specification_s_examples_in_containers(around: str) -> None:
    """Each line behind a marker, and each first line behind one with the rest indented."""
    first, rest = around % "", " " * len((around % "").expandtabs(4))
    for text in EXAMPLES:
        planted = planted_at(text, "{{m%d}}", 1, 0)
        lines = planted.splitlines(keepends=True)
        behind = "".join(
            (rest if number and line.strip() else "" if number else first) + line
            for number, line in enumerate(lines)
        )
        for made in (behind, "".join(first + line for line in lines)):
            assert is_as_commonmark_says(made), made


# The same texts each time: where the other two are at odds with the specification, a build is not the place to find out.
@settings(max_examples=1000, derandomize=True)
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=16), marker=st.sampled_from(MARKERS))
def test_any_markdown(pieces: list[str], marker: str) -> None:
    text = made_of(pieces, marker)
    assume(not _NEWER_COMMENT.search(text))
    assert is_as_commonmark_says(text)


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        # Comments end at the first `-->`, and `<!-->` is one.
        ("a <!-- {{m1}}---> {{m2}}", {1}),
        ("a <!-- -- {{m1}} --> {{m2}}", {1}),
        ("a <!--> {{m1}} -->", set()),
        ("a <!---> {{m1}} -->", set()),
        ("a <!-----> {{m1}} -->", set()),
        # Behind a definition nothing begins that could not begin in a paragraph.
        ("[a]: /u\n    {{m1}}", set()),
        ("[a]: /u\n2) ```\n{{m1}}\n```\n", set()),
        # A line of nothing but definitions can't be made a heading, so the paragraph goes on.
        ("[a]: /u\n===\n    {{m1}}", set()),
        # A tag that could not begin a block in a paragraph can't in a lazy continuation of one either.
        ("> [a]: /u\n<x>\n```\n{{m1}}", {1}),
    ],
)
def test_where_others_are_older(text: str, hidden: set[int]) -> None:
    assert seen_by_us(text).hidden == hidden


LINK = "[a [b](/c) d](`{{m1}}`)"


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        # A link holds no link, an image may; a closing bracket belongs to the last open one, be it of no use.
        (LINK, {1}),
        ("!" + LINK, set()),
        ("\\!" + LINK, {1}),
        ("![ [ [x](/y) ] ](`{{m1}}`)", set()),
        # What can't interrupt a paragraph: a number other than 1.
        ("a\n14. b\n\n    {{m1}}", {1}),
        ("a\n1.  b\n\n    {{m1}}", set()),
        ("a\n<search>\n`{{m1}}`", set()),
        ("a\n<searchy>\n`{{m1}}`", {1}),
        ("[ ]: `{{m1}}`", {1}),
        ("[a]: `{{m1}}`", set()),
    ],
)
def test_rules_that_few_texts_meet(text: str, hidden: set[int]) -> None:
    assert seen_by_us(text).hidden == hidden


def test_an_empty_item_does_not_interrupt_a_paragraph() -> None:
    assert [seen_by_us(text).headings for text in ("a\n*\n  # b", "a\n\n*\n  # b")] == [(1,), ()]


@pytest.mark.parametrize(
    ("text", "hidden", "by_commonmark"),
    [
        # What a link's label hides depends on definitions anywhere in the document.
        ("[x][`]{{m1}}`\n\n[`]: /u", {1}, set()),
        # A code span, comment or tag may not go over a cut in a paragraph of more than 300 lines.
        ("`\n" + "a\n" * 1000 + "{{m1}}`", set(), {1}),
        # A reference hides what is in it; a code span or comment that begins in it does not begin.
        ("@[file:a`b] {{m1}}`", set(), {1}),
        # Blocks are looked for in up to 100 quotes and lists.
        ("> " * 101 + "    {{m1}}", set(), {1}),
    ],
)
def test_accepted_differences(text: str, hidden: set[int], by_commonmark: set[int]) -> None:
    assert seen_by_us(text).hidden == hidden
    assert seen_by_commonmark(text).hidden == by_commonmark
