"""Markdown as Claude Code's parser sees it: which imports count, and which comments go. Compared once with that parser."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighbridge.agents.claude_text import find, imports, settled_lines
from weighbridge.agents.markdown import stretches, without_block_comments


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("x\n\n<!-- c -->\n\n\ny\n", "x\n\ny\n"),
        ("<!-- c -->\n  \ny\n", "  \ny\n"),
        ("<!-- c --> tail\n\ny\n", " tail\n\ny\n"),
        ("<!-- a --><!-- b -->\ny\n", "y\n"),
        ("para\n<!-- c -->\nmore\n", "para\nmore\n"),
        ("para\n  <!-- c -->\n\nmore\n", "para\n  <!-- c -->\n\nmore\n"),
        ("para\n\n  <!-- c -->\nmore\n", "para\n\nmore\n"),
        ("    <!-- code -->\n", "    <!-- code -->\n"),
        ("<!-->\ny\n", "<!-->\ny\n"),
        ("<!--->\ny\n", "<!--->\ny\n"),
        ("<!---->\ny\n", "y\n"),
        ("<!-- open\ny\n", "<!-- open\ny\n"),
        ("- a\n  <!-- c -->\n", "- a\n  <!-- c -->\n"),
        ("> <!-- c -->\n", "> <!-- c -->\n"),
        ("<div>\n<!-- c -->\n</div>\n", "<div>\n<!-- c -->\n</div>\n"),
    ],
)
def test_comments(text: str, wanted: str) -> None:
    assert without_block_comments(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("<!-- open @a.md\n@b.md\n", []),
        ("<!-- c --> @a.md\n", ["a.md"]),
        ("</script>\n@a.md\n", ["a.md"]),
        ("<script>\n@a.md\n</script>\n", []),
        ("text\n<context>\n@a.md\n</context>\n", ["a.md"]),
        ("<context>\n@a.md\n</context>\n", []),
        ("<context>\n\n@a.md\n\n</context>\n", ["a.md"]),
        ("![x @a.md](y)\n", []),
        ("- a `x @a.md y`\n", ["a.md"]),
        ("a `x @a.md y`\n", []),
        ("- ```\n  @a.md\n  ```\n", []),
        ("\\@a.md and @b.md\n", ["b.md"]),
        ("a\\\n@b.md\n", ["b.md"]),
        ("[x]: @a.md\n", []),
        ("Title @a.md\n===\n", ["a.md"]),
        ("> - @a.md\n>   `x @b.md`\n", ["a.md", "b.md`"]),
        ("@a&b.md\n", ["a&b.md"]),
        ("@a.md\r\n@b.md\r@c.md", ["a.md", "b.md", "c.md"]),
        ("\ufeff@a.md", ["a.md"]),
        ("@", []),
        ("", []),
    ],
)
def test_imports(text: str, wanted: list[str]) -> None:
    assert list(dict.fromkeys(imports(text))) == wanted


_LINES = st.sampled_from(
    [
        "", "", "", "text", "# Title", "1. one", "2. two", "- item", "  more", "   deep", "    code", "\tcode", "> quote",
        "```", "````", "~~~", "```sh", "  ```", "   ```", "    ```", "- ```", "1. ~~~", "> ```", "```x```", "- - ```",
        "<!--", "-->", "<!-- c -->", "  <!--", "<div>", "</div>", "<context>", "<pre>", "</pre>", "<script>x</script>", "<?x", "<!X",
        "<a> text", "<https://x>", "---", "***", "===", "| a |", "[a]: b", "`code", "it`s", "@a.md", "x @b.md y",
    ]
)  # fmt: skip


@given(
    st.lists(_LINES, max_size=14),
    st.sampled_from(["@c.md", "x @c.md", "  @c.md", "`@c.md", "- @c.md", "    @c.md"]),
)
def test_lines_that_may_be_left_out_say_nothing_of_an_import_below_them(lines: list[str], last: str) -> None:
    above = [f"{line}\n" for line in lines]

    def stands(lines: list[str]) -> bool:
        begin = len("".join(lines)) + last.index("@")
        return any(start == begin for start, *_ in find("".join((*lines, last))))

    assert stands(above[settled_lines(above) :]) is stands(above)


@pytest.mark.parametrize(
    ("above", "left_out"),
    [
        ("a\n\nb\n\nc\n", 4),
        ("# A\n```sh\nx\n\ny\n```\n\ntext\n", 7),
        ("1. a\n   ```\n   x\n   ```\n\n2. b\n", 5),
        ("a\n\n```\nb\n\nc\n", 0),
        ("a\n\n  ```\nb\n\nc\n", 0),
        ("- ```\n\nc\n", 2),
        ("<!-- x\n\nb\n\n-->\n\nc\n", 6),
        ("<div>\n```\n\nc\n", 0),
        ("---\nx: y\n---\na\n\nb\n", 5),
        ("---\nx: y\n\nz: y\n", 0),
    ],
)
def test_as_many_lines_are_left_out_as_can_be(above: str, left_out: int) -> None:
    assert settled_lines(above.splitlines(keepends=True)) == left_out


def test_what_is_no_heading_is_read_once() -> None:
    """An indented line ends a heading before the line below it; what was read of it till then is none."""
    assert [*stretches("a @x.md\n    b\n===\n")] == ["a @x.md\nb\n==="]
