"""Texts that are cut where blocks begin for sure: what is found in their sections is what the whole holds."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from hypothesis import example, given, settings
from hypothesis import strategies as st

from weighbridge.agents import claude_ignored, claude_text, markdown, settled
from weighbridge.agents.settled import BlockSection, sections

_LINES = st.sampled_from(
    [
        "", "", "", " ", "\xa0", "\t", "text", "# Title", "1. one", "2. two", "- item", "  more", "   deep", "    code `x`",
        "\tcode", "> quote", "```", "````", "~~~", "```sh", "  ```", "   ```", "    ```", "- ```", "1. ~~~", "> ```", "`` `x` ``",
        "- - ```", "-\t```", "-     ```", "2. ```", "      ```", "\t```", "<!--", "-->", "<!-- c -->", "  <!--", "x <!-- c -->", "<div>", "</div>", "<context>", "<pre>", "</pre>",
        "<script>x</script>", "<?x", "<!X", "<a> text", "<https://x>", "---", "***", "===", "| a | `b` |", "|---|---|", "[a]: b",
        "[@b.md]: c", "`code", "it`s", "@a.md", "x @b.md y", "[@a.md][a]", "x [@b.md] @c.md", "- [@a.md][a]", "@d.md\\",
    ]
)  # fmt: skip


def _found(text: str) -> list[Any]:
    blocks = claude_ignored.Blocks(text, 0)
    return [
        list(claude_text._imports(text)),
        list(claude_text.find(text)),
        list(markdown.block_comments(text)),
        markdown.without_block_comments(text),
        markdown.code_regions(text),
        [blocks.at(at) for at, mark in enumerate(text) if mark == "@"],
    ]


def _whole(text: str) -> tuple[BlockSection, ...]:
    return (BlockSection(0, 0, text),)


def _texts() -> st.SearchStrategy[str]:
    """Texts of few different lines, so that they meet in many ways."""
    some = st.lists(_LINES, min_size=1, max_size=5)
    lines = some.flatmap(
        lambda lines: st.lists(st.sampled_from([*lines, "", "text", "# Title"]), max_size=16)
    )
    return st.builds(
        lambda lines, end: "".join(f"{line}{end}" for line in lines),
        lines,
        st.sampled_from(["\n", "\r\n", "\r"]),
    )


@settings(max_examples=400)
@given(_texts())
@example("<a> text\n<?x\n\ntext\n```\n@a.md\n")
@example("1. ~~~\n  ```\n\ntext\n\n@a.md\n")
@example("text\n2. ```\n   ```\n\ntext\n\n@a.md\n")
@example("-\t```\n\ntext\n@a.md\n")
@example("   ```\n    ```\n\ntext\n\n@a.md\n")
@example("- a\n\n   ```\n    ```\n\n   <!-- c\n\ntext\n\n@a.md\n")
@example("text\n\n[a]: b\n\ntext [@a.md][a]\n\n[a]: <@c.md>\n\n[@b.md]: c\n\nx [@b.md] @c.md\n")
@example("<div>\n\xa0\ntext\n```\n@a.md\n")
@example(
    "text\n\n# Title\n\n<!-- c -->\n\ntext\n\n```\n@a.md\n```\n\ntext @b.md\n\n<context>\n@c.md\n</context>\n"
)
def test_sections_hold_what_the_whole_holds(text: str) -> None:
    with _cut_by(sections.__wrapped__):
        cut = _found(text)
    with _cut_by(lambda text: (BlockSection(0, 0, text),)):
        assert cut == _found(text)


@contextmanager
def _cut_by(cut: Callable[[str], tuple[BlockSection, ...]]) -> Iterator[None]:
    """Texts are cut in this way, in sections of a line or more."""
    with (
        patch.object(markdown, "sections", cut),
        patch.object(claude_ignored, "sections", cut),
        patch.object(settled, "_SECTION_LINES", 1),
    ):
        yield


@given(st.lists(_LINES, max_size=16))
def test_sections_are_the_text(lines: list[str]) -> None:
    text = "\n".join(lines)
    with patch.object(settled, "_SECTION_LINES", 1):
        cut = sections.__wrapped__(text)
    assert "".join(one.text for one in cut) == text
    for one in cut:
        assert text.startswith(one.text, one.start)
        assert text.count("\n", 0, one.start) == one.line


def test_a_long_text_is_cut_where_it_can_be() -> None:
    text = "# A\n\ntext\n\n```sh\n# no\n\nx\n```\n\nmore\n\n" * 100
    cut = sections(text)
    assert len(cut) > 20
    assert {one.text.split("\n")[0] for one in cut} <= {"# A", "text", "more"}
