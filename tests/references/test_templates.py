"""Texts in which braces are another language's: what they are known by, also while they are typed."""

from pathlib import PurePath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from weighbridge.references.leaves import LONGEST_LINE
from weighbridge.references.templates import is_template, shows_sign, still_shows_sign
from weighbridge.text import Inline

SIGNS = (
    *(
        "{% if a %}",
        "{%- endif -%}",
        "{{#each b}}",
        "{{/if}}",
        "{{^a}}",
        "{{~a}}",
        "{{> part}}",
        "{{! note }}",
    ),
    *("{{&a}}", "{{ a | upper }}", "{{a|b}}", "{{ a.b | date: '%Y' }}", "{{ 'x' | t }}", "{{ a[0] | join }}"),
)
NONE = (
    *(
        "",
        "{",
        "{{",
        "{{a}}",
        "{{ a }}",
        "{{a:b}}",
        "{{a:b|c}}",
        "{{ a :b | c}}",
        "{ % a }",
        "{#id}",
        "a | b",
    ),
    *("{{a}} | {{b}}", "{{a|", "|{{a}}|{{b}}|", "{{|}}", "${{ a }}", "{{a" + " " * 300 + "|b}}"),
)


@pytest.mark.parametrize("sign", SIGNS)
def test_signs(sign: str) -> None:
    assert shows_sign(sign)
    assert shows_sign(f"a {sign} b\n")
    assert not shows_sign(sign + " " * LONGEST_LINE), "a line that is data is nobody's template"


@pytest.mark.parametrize("text", NONE)
def test_no_signs(text: str) -> None:
    assert not shows_sign(text)


@pytest.mark.parametrize(
    ("path", "expected"),
    [("a.mdx", True), ("A.MDX", True), ("a.prompty", True), ("a.mdc", True), ("a.md", False), ("a.prompt", False)],
)  # fmt: skip
def test_templates_by_name(path: str, *, expected: bool) -> None:
    assert is_template(PurePath(path)) is expected
    assert not is_template(None)


PIECES = st.sampled_from(("{", "{{", "}}", "%", "#", "|", ":", "a", " ", "a" * 150, "word " * 130, *SIGNS))
TEXTS = st.lists(PIECES, max_size=12).map("".join)


@example("a" * 2000 + "{% b", 2000, 1, "")
@example("{%" + "a" * 2000, 1500, 0, "{%")
@example("{{a" + " " * 2000, 4, 0, "|b}}")
@given(TEXTS, st.integers(0, 3000), st.integers(0, 600), TEXTS)
def test_an_edit_is_followed(text: str, column: int, removed: int, new: str) -> None:
    column = min(column, len(text))
    removed = min(removed, len(text) - column)
    after = text[:column] + new + text[column + removed :]
    inline = Inline(column, removed, len(new))
    assert still_shows_sign(after, inline, before=shows_sign(text)) is shows_sign(after)


@pytest.mark.parametrize("length", [LONGEST_LINE - 2, LONGEST_LINE, LONGEST_LINE + 1])
def test_a_line_becomes_data_and_text_again(length: int) -> None:
    line = "{% a %}" + " " * (length - 7)
    for removed, new in ((0, "xyz"), (3, "")):
        after = line[:9] + new + line[9 + removed :]
        inline = Inline(9, removed, len(new))
        assert still_shows_sign(after, inline, before=shows_sign(line)) is shows_sign(after)
        line = after
