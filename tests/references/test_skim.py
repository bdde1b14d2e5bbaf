"""What is skimmed is what a scan finds."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weighbridge.references.dialect import MARKDOWN
from weighbridge.references.index import ScanIndex
from weighbridge.references.leaves import LONGEST_LINE
from weighbridge.references.model import Heading
from weighbridge.references.skim import may_refer_or_direct, skim
from weighbridge.text import Snapshot, split_lines

LINES = (
    *("# h", "## x ##", " # i", "  # j", "   # k", "    # l", "\t# m", "#nope", "# ", "#", "##", "\\# e", "\f# f", "####### seven"),
    *("- item", "* it", "+", "1. one", "12) two", "2. x", "- # in", "  - deep", "    - deeper", "     # five", "* ", "-", "1."),
    *("> q", "> # qh", ">", ">> # d", "> - # e", "> ```", "- ```", "- <div>", "- > ~~~"),
    *("```", "````", "~~~", "  ```", "```py", "``` x`y", "~~~ a`b", "    code", "    ```", "```` "),
    *("<div>", "</div>", "<!-- c", "-->", "<script>", "</script>", "<b>x</b>", "  <div>", "<?php", "?>", "   <pre>", "</pre>", "<!X"),
    *("===", "---", "--- ", "- - -", "***", "_", "* * *", "=", "-x", "=y", "[a]: b", "[a]", "[a]: <b", "[a]:\n'x"),
    *("text", "more text", "", "", "", "  ", "\t", "\v", "\x85x", "é", "漢字 # no", "\u2028# x", "`a`", "lazy\\"),
)  # fmt: skip


def texts() -> st.SearchStrategy[str]:
    lines = st.lists(st.sampled_from(LINES) | st.text("# `~<>-=*1.\tx\n", max_size=6), max_size=16)
    return st.builds(
        lambda parts, end, last: end.join(parts) + (end if last else ""),
        lines,
        st.sampled_from(("\n", "\n", "\r\n", "\n\n")),
        st.booleans(),
    )


def scanned(text: str, skip: int) -> list[tuple[int, int, Heading]]:
    lines = split_lines(text)
    offsets = [sum(map(len, lines[:number])) for number in range(len(lines))]
    index = ScanIndex(Snapshot(tuple(lines)), skip)
    return [(line, offsets[line], heading) for line, heading in index.headings()]


@settings(max_examples=1500)
@given(text=texts(), skip=st.integers(0, 3))
def test_headings_are_those_of_a_scan(text: str, skip: int) -> None:
    lines = split_lines(text)
    skip = min(skip, len(lines))
    found = skim(text, sum(map(len, lines[:skip])), skip)
    assert found is None or found == scanned(text, skip)


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("", []),
        ("# a", ["a"]),
        ("text\n# a\n\n## b\n", ["a", "b"]),
        ("- item\n  # inside\n# a\n", ["a"]),
        ("```\n# no\n```\n# a\n", ["a"]),
        ("```\n# no\n``` x`y\n# no\n", []),
        ("<div>\n# no\n\n# a", ["a"]),
        ("> ```\n# a\n", ["a"]),
        ("- ```\n\ntext\n# a\n", ["a"]),
        ("word\r\n# a\r\n", ["a"]),
    ],
)
def test_what_is_a_heading(text: str, titles: list[str]) -> None:
    found = skim(text)
    assert found is not None
    assert [heading.title for _, _, heading in found] == titles


@pytest.mark.parametrize(
    "text",
    ["title\n===\n", "title\n---", "a\rb", "a\r\n# b\r", "# a" + "a" * LONGEST_LINE],
    ids=["underlined", "underlined at the end", "carriage return", "carriage return at the end", "long"],
)
def test_what_only_a_scan_can_tell(text: str) -> None:
    assert skim(text) is None


@pytest.mark.parametrize(
    "text",
    ["@a.md", "a @[var:b]", "{{x}}", "{{{x}}}", "<!-- weighbridge: budget=1 -->", "<!--\tweighbridge:-->"],
)
def test_what_may_refer_or_direct(text: str) -> None:
    assert may_refer_or_direct(text, MARKDOWN)


def test_a_long_text_of_lists_and_html_takes_no_longer_for_each_line() -> None:
    """A look back for each line that tells must not go through all lines before it."""
    text = ("- a\n  # b\n" * 20_000) + "# c\n"
    found = skim(text)
    assert found is not None
    assert [heading.title for _, _, heading in found] == ["c"]
