import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weighbridge.content.front_matter import NO_FRONT_MATTER, FrontMatter, read_front_matter
from weighbridge.errors import Code, Problem

MISFIT = "not YAML: a number too long, or a value that does not fit its tag"


def failed(message: str) -> Problem:
    return Problem(Code.SETTINGS, f"front matter: {message}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", NO_FRONT_MATTER),
        ("plain", NO_FRONT_MATTER),
        ("---", NO_FRONT_MATTER),
        ("---\ntitle: x\n", NO_FRONT_MATTER),
        ("---\n---\n", FrontMatter(2)),
        ("---\n \n---\n", FrontMatter(3)),
        ("---\n# A heading between rules\n---\n", NO_FRONT_MATTER),
        ("---\nJust prose.\n---\n", NO_FRONT_MATTER),
        ("---\n- a\n- b\n---\n", NO_FRONT_MATTER),
        ("---\nProse with: a colon: twice\n---\n", NO_FRONT_MATTER),
        ("---\nhttps://example.org: [\n---\n", NO_FRONT_MATTER),
        # What is no YAML is front matter all the same, and no fault.
        ("---\nbroken: [\n---\n", FrontMatter(3)),
        ("---\ndescription: x\nglobs: *.ts\nalwaysApply: false\n---\n", FrontMatter(5)),
        ("---\nglobs: !src/**\n---\n", FrontMatter(3)),
        ("---\n# a rule\n\ndescription: Reviews code: see @team/lint.md\n---\n", FrontMatter(5)),
        ("---\ndescription: x. Examples:\n<example>\nUser: y\n</example>\n---\n", FrontMatter(6)),
        # What is YAML whose values can't be made is one.
        ("---\ntitle: !!int [1]\n---\n", FrontMatter(3, problem=failed(MISFIT))),
        ("---\nvariables: {a: !!bool maybe}\n---\n", FrontMatter(3, problem=failed(MISFIT))),
        (
            "---\n? [1, 2]\n: 3\n---\n",
            FrontMatter(4, problem=failed("line 2: not YAML: found unhashable key")),
        ),
        (" ---\na: b\n---\n", NO_FRONT_MATTER),
        ("\n---\na: b\n---\n", NO_FRONT_MATTER),
        ("----\na: b\n---\n", NO_FRONT_MATTER),
        ("---\ntitle: x\n---\nbody", FrontMatter(3)),
        ("---  \r\ntitle: x\r\n---\t\r\nbody", FrontMatter(3)),
        ("---\rtitle: x\r...\rbody", FrontMatter(3)),
        ("---\ntitle: x\n---", FrontMatter(3)),
        ("---\nvariables:\n---\n", FrontMatter(3)),
        (
            "---\nvariables:\n  a: 1.10\n  b: yes\n  c:\n  d: [x]\n  2: two\n---\n",
            FrontMatter(8, {"a": "1.10", "b": "yes", "d": '["x"]', "2": "two"}),
        ),
        (
            "---\nvariables: [a]\n---\n",
            FrontMatter(3, problem=failed("`variables:` must map names to values")),
        ),
        (
            "---\nvariables:\n  a: [\n---\n",
            FrontMatter(4, problem=failed("line 4: not YAML: did not find expected node content")),
        ),
        ("---\n" + "a: b\n" * 20_000 + "---\n", NO_FRONT_MATTER),
    ],
)
def test_front_matter(text: str, expected: FrontMatter) -> None:
    result = read_front_matter(text.splitlines(keepends=True))
    assert (result.lines, dict(result.variables), result.problem) == (
        expected.lines,
        dict(expected.variables),
        expected.problem,
    )
    assert read_front_matter(text.splitlines()) == result


def test_without_a_fence_only_the_first_line_is_taken() -> None:
    lines = iter(["plain\n", "second\n"])
    assert read_front_matter(lines) == NO_FRONT_MATTER
    assert list(lines) == ["second\n"]


@settings(max_examples=200)
@given(st.text(alphabet="ab:-[]{}&*!|>'\"%@`#, \n\t\x00\x85\ud800", max_size=60))
def test_it_never_raises(text: str) -> None:
    lines = ["---\n", *f"variables:\n{text}\n".splitlines(keepends=True), "---\n"]
    assert read_front_matter(lines).lines in {0, *range(2, len(lines) + 1)}
