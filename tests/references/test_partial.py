"""References that are being written: which part the cursor is in, and what takes its place."""

import pytest

from weighbridge.references.forms import reference_at
from weighbridge.references.partial import can_be_written, escaped, partial_at


def seen(text: str) -> tuple[str, str, str, str, str, bool] | None:
    """What is written at the `^` of a text: part, form, what is replaced, typed, above, closed."""
    column = text.index("^")
    line = text.replace("^", "", 1)
    found = partial_at(line, column)
    if found is None:
        return None
    assert line[found.start : found.cursor] == found.typed
    replaced = line[found.start : found.end]
    return found.part.value, found.form.value, replaced, found.typed, found.above, found.closed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see @[^", ("kind", "explicit", "", "", "", False)),
        ("see @[fi^", ("kind", "explicit", "fi", "fi", "", False)),
        ("see @[fi^le:a]", ("kind", "explicit", "file:", "fi", "", False)),
        ("@[file:^", ("path", "explicit", "", "", "", False)),
        ("@[file:^]", ("path", "explicit", "", "", "", True)),
        ("@[file:docs/st^yle.md#Tone] x", ("path", "explicit", "style.md", "st", "docs/", True)),
        ("@[file:do^cs/style.md]", ("path", "explicit", "docs", "do", "", True)),
        ("@[file:a b^", ("path", "explicit", "a b", "a b", "", False)),
        ("@[file:a^ and @[file:b]", ("path", "explicit", "a", "a", "", False)),
        ("@[file:a.md#To^ne]", ("fragment", "explicit", "Tone", "To", "a.md", True)),
        ("@[api:is^sues]", ("api", "explicit", "issues", "is", "", True)),
        ("@[var:na^", ("variable", "explicit", "na", "na", "", False)),
        ("@[var:na^me:default]", ("variable", "explicit", "name", "na", "", True)),
        ("@[var:name:de^fault]", None),
        ("@[other:x^]", None),
        ("{{^", ("variable", "braces", "", "", "", False)),
        ("{{ na^me }}", ("variable", "braces", "name", "na", "", True)),
        ("{{na^me:x}}", ("variable", "braces", "name", "na", "", True)),
        ("{{name:x^}}", None),
        ("@^", ("path", "short", "", "", "", True)),
        ("see @docs/st^yle.md.", ("path", "short", "style.md", "st", "docs/", True)),
        ("(@docs/st^yle.md), so", ("path", "short", "style.md", "st", "docs/", True)),
        ("@docs/st^.", ("path", "short", "st", "st", "docs/", True)),
        ("(@docs/a.md#to^", ("fragment", "short", "to", "to", "docs/a.md", True)),
        ("me@exam^ple.com", None),
        ("@[file:docs/sty^le guide.md#Tone] x", ("path", "explicit", "style guide.md", "sty", "docs/", True)),
        ("@[file:a.md#To^ne of voice] x", ("fragment", "explicit", "Tone of voice", "To", "a.md", True)),
        (r"@[file:a.md#^Why [so\]] x", ("fragment", "explicit", r"Why [so\]", "", "a.md", True)),
        ("@[file:docs/^ see [x](y)", ("path", "explicit", "", "", "docs/", False)),
        ("@[file:a and @[file:b/^c", ("path", "explicit", "c", "", "b/", False)),
        (r"@[file:a\]b/c^", ("path", "explicit", "c", "c", r"a\]b/", False)),
        ("@[file:a\\^", ("path", "explicit", "a\\", "a\\", "", False)),
        ("@[file: do^cs]", ("path", "explicit", "docs", "do", "", True)),
        ("@[var: na^]", ("variable", "explicit", "na", "na", "", True)),
        ("“@do^cs", ("path", "short", "docs", "do", "", True)),
        ("plain te^xt", None),
        ("@[file:a] th^en", None),
        ("{{a}} th^en", None),
        ("^", None),
    ],
)
def test_what_is_being_written(text: str, expected: tuple[str, str, str, str, str, bool] | None) -> None:
    assert seen(text) == expected


@pytest.mark.parametrize(
    ("line", "text", "possible"),
    [
        ("@[file:", "a b.md", True),
        ("@[file:docs/", "[x].md", True),
        ("@[file:", "a#b.md", False),
        ("@[file:", " a.md", False),
        ("@[file:", "a\nb.md", False),
        ("@docs/", "a.md", True),
        ("@docs/", "a b.md", False),
        ("@docs/", "Makefile", False),
        ("@./", "Makefile", True),
        ("@docs/a.md#", "some-words", True),
        ("@[file:a.md#", "Some words", True),
        ("@[file:a.md#", "Issue #5]", True),
        ("{{", "name", True),
        ("{{", "two words", False),
        ("@[var:", "a:b", False),
    ],
)
def test_what_can_be_written(line: str, text: str, possible: bool) -> None:
    partial = partial_at(line, len(line))
    assert partial is not None
    assert can_be_written(partial, text) is possible
    if possible:
        whole = partial.written(escaped(text) if line.startswith("@[") else text)
        found = reference_at(whole, 0)
        assert found is not None
        assert found.end == len(whole)


def test_a_path_with_brackets_means_another_than_it_is_written() -> None:
    line = r"@[file:a\]b/c\\d"
    partial = partial_at(line, len(line))
    assert partial is not None
    assert (partial.meant_above, partial.meant) == ("a]b/", r"c\d")
    assert can_be_written(partial, "x].md")
    found = reference_at(partial.written(escaped("x].md")), 0)
    assert found is not None
    assert found.target == "a]b/x].md"
