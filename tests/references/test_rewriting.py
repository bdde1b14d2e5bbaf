"""References written anew: the same form, another target."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighbridge.references.forms import reference_at
from weighbridge.references.rewriting import with_fragment, with_target


@pytest.mark.parametrize(
    ("literal", "target", "expected"),
    [
        ("@[file:a.md]", "b c.md", "@[file:b c.md]"),
        ("@[file:a.md#L1-L2]", "b].md", "@[file:b\\].md#L1-L2]"),
        ("@[file: a.md # Some heading ]", "b.md", "@[file:b.md# Some heading ]"),
        ("@[file:a.md]", "b#c.md", None),
        ("@docs/a.md", "other/b.md", "@other/b.md"),
        ("@docs/a.md#part", "b.md", "@b.md#part"),
        ("@docs/a.md", "two words.md", "@[file:two words.md]"),
        ("@docs/a.md#part", "two words.md", "@[file:two words.md#part]"),
        ("@docs/a.md", "Makefile", "@./Makefile"),
        ("@./a.md", "../b.md", "@../b.md"),
        ("{{name}}", "other", "{{other}}"),
        ("{{ name :a default }}", "other", "{{ other :a default }}"),
        ("{{name}}", "two words", None),
        ("@[var:name:default:x]", "other", "@[var:other:default:x]"),
        ("@[var:name]", "a:b", None),
        ("@[api:issues]", "tickets", "@[api:tickets]"),
        ("plain", "x", None),
    ],
)
def test_another_target(literal: str, target: str, expected: str | None) -> None:
    assert with_target(literal, target) == expected


@pytest.mark.parametrize(
    ("literal", "fragment", "expected"),
    [
        ("@[file:a.md#One]", "Two words", "@[file:a.md#Two words]"),
        ("@[file:a.md#One]", "Two]", "@[file:a.md#Two\\]]"),
        ("@a.md#one", "two", "@a.md#two"),
        ("@a.md#one", "Two words", "@[file:a.md#Two words]"),
        ("{{a}}", "x", None),
    ],
)
def test_another_fragment(literal: str, fragment: str, expected: str | None) -> None:
    assert with_fragment(literal, fragment) == expected


@given(
    literal=st.sampled_from(
        ["@[file:a.md]", "@[file:a.md#x y]", "@a.md", "@a/b.md#x", "@[file:a\\]b.md#L1]"]
    ),
    target=st.text(st.sampled_from("ab ./\\]#@[{}`é😀-_"), min_size=1, max_size=8),
)
def test_what_is_written_names_what_was_asked(literal: str, target: str) -> None:
    before, written = reference_at(literal, 0), with_target(literal, target)
    if written is not None:
        after = reference_at(written, 0)
        assert before is not None
        assert after is not None
        assert after.end == len(written)
        assert after.target in {target, f"./{target}"}
        assert (after.kind, after.fragment) == (before.kind, before.fragment)
