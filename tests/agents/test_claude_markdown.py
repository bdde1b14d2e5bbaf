"""Markdown as Claude Code's parser sees it: which imports count, and which comments go. Compared once with that parser."""

import pytest

from weighbridge.agents.claude_text import imports
from weighbridge.agents.markdown import without_block_comments


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
