"""Which files references are looked for in, and which lines may hold one."""

from pathlib import PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.references.test_commonmark import PIECES

from weighbridge.agents.readers import DIALECTS
from weighbridge.references.dialect import MARKDOWN, is_scannable
from weighbridge.references.markdown import scan
from weighbridge.text import split_lines


@pytest.mark.parametrize(
    ("path", "scannable"),
    [
        *(
            (path, True)
            for path in (
                "a.md",
                "a.MD",
                "a/b.markdown",
                "rule.mdc",
                "a.mdx",
                "a.txt",
                "x.prompt",
                "x.prompty",
            )
        ),
        *(
            (path, True)
            for path in ("README", "CLAUDE", "a/AGENTS", "a/.cursorrules", "prompt", ".goosehints")
        ),
        *(
            (path, False)
            for path in (
                "a.py",
                "a.md.py",
                "a.json",
                "a.yaml",
                "a.csv",
                "a.html",
                "Makefile",
                "LICENSE",
                "md",
                ".md",
            )
        ),
    ],
)
def test_markdown_text_and_prompts_are_scanned(path: str, scannable: bool) -> None:
    assert is_scannable(PurePosixPath(path)) == scannable


def test_markdown_is_a_dialect() -> None:
    assert DIALECTS["markdown"] is MARKDOWN


@settings(max_examples=200)
@given(text=st.lists(st.sampled_from((*PIECES, "{{a}}", "@a.md", "@[var:b]")), max_size=30).map("".join))
def test_a_line_without_a_mark_holds_no_reference(text: str) -> None:
    lines = split_lines(text)
    held = [line for line, found in zip(lines, scan(lines), strict=True) if found.references]
    assert all(MARKDOWN.may_hold_reference(line) for line in held)
    assert MARKDOWN.text_may_refer(text) or not held


@pytest.mark.parametrize(
    ("text", "may"),
    [
        ("", False),
        ("me@example.com", False),
        ("@someone, @scope/package", False),
        ("{{ }} {{1}} {{", False),
        ("{{{a}}}", True),
        ("`@[file:a]`", True),
        ("see @a.md", True),
        ("@[api:x]", True),
    ],
)
def test_a_text_that_may_refer(text: str, *, may: bool) -> None:
    assert MARKDOWN.text_may_refer(text) is may
