r"""How references are written: each form, where it ends, what it names; and what only looks like one."""

from itertools import product

import pytest

from weighbridge.references.markdown import scan
from weighbridge.references.model import Kind, Reference
from weighbridge.text import split_lines

FILE, API, VARIABLE = Kind.FILE, Kind.API, Kind.VARIABLE

EXPLICIT = {
    "@[file:docs/a.md]": (FILE, "docs/a.md", None, None),
    "@[file:docs/style guide.md]": (FILE, "docs/style guide.md", None, None),
    "@[file: docs/a.md ]": (FILE, "docs/a.md", None, None),
    "@[file:src/a.py#L10-L40]": (FILE, "src/a.py", "L10-L40", None),
    "@[file:notes.md#The heading]": (FILE, "notes.md", "The heading", None),
    "@[file:notes.md # Tone # 2 ]": (FILE, "notes.md", "Tone # 2", None),
    "@[file:notes.md#]": (FILE, "notes.md", None, None),
    r"@[file:a\]b.md]": (FILE, "a]b.md", None, None),
    r"@[file:a\\b.md]": (FILE, r"a\b.md", None, None),
    r"@[file:C:\dir\a.md]": (FILE, r"C:\dir\a.md", None, None),
    "@[file:me@home.md]": (FILE, "me@home.md", None, None),
    "@[file:a`b.md]": (FILE, "a`b.md", None, None),
    "@[file:😀.md]": (FILE, "😀.md", None, None),
    "@[api:issues]": (API, "issues", None, None),
    "@[api: open issues ]": (API, "open issues", None, None),
    "@[api:https://host:8080/a?b=c#d]": (API, "https://host:8080/a?b=c#d", None, None),
    r"@[api:https://host/a\]b]": (API, "https://host/a]b", None, None),
    "@[var:name]": (VARIABLE, "name", None, None),
    "@[var: name ]": (VARIABLE, "name", None, None),
    "@[var:env.HOME]": (VARIABLE, "env.HOME", None, None),
    "@[var:name:default]": (VARIABLE, "name", None, "default"),
    "@[var:name: a: b ]": (VARIABLE, "name", None, " a: b "),
    "@[var:name:]": (VARIABLE, "name", None, ""),
    r"@[var:name:\]]": (VARIABLE, "name", None, "]"),
    "{{name}}": (VARIABLE, "name", None, None),
    "{{ name }}": (VARIABLE, "name", None, None),
    "{{env.HOME}}": (VARIABLE, "env.HOME", None, None),
    "{{größe-2}}": (VARIABLE, "größe-2", None, None),
    "{{name:default}}": (VARIABLE, "name", None, "default"),
    "{{name :a default }}": (VARIABLE, "name", None, "a default "),
    '{{name:say "it\'s"}}': (VARIABLE, "name", None, 'say "it\'s"'),
    "{{name:}}": (VARIABLE, "name", None, ""),
    "{{name:`b`}}": (VARIABLE, "name", None, "`b`"),
}

SHORT = {
    "@docs/style.md": ("docs/style.md", None),
    "@README.md": ("README.md", None),
    "@a/b/c.tar.gz": ("a/b/c.tar.gz", None),
    "@./notes": ("./notes", None),
    "@../up/notes": ("../up/notes", None),
    "@/etc/motd.txt": ("/etc/motd.txt", None),
    "@.github/copilot.md": (".github/copilot.md", None),
    "@doc.mp3": ("doc.mp3", None),
    "@src/a.py#L10-L40": ("src/a.py", "L10-L40"),
    "@notes.md#Some-heading": ("notes.md", "Some-heading"),
    "@文書/説明.md": ("文書/説明.md", None),
}

NONE = (
    *(
        "@someone",
        "@scope/package",
        "@v1.2",
        "@",
        "@@",
        "@/",
        "@./",
        "@../",
        "@a/",
        "@-x.md",
        "@a.md/",
        "@.",
        "@...",
    ),
    *("me@example.com", "a@b.md", "1@b.md", ")@b.md", "]@b.md", "@@b.md/"),
    *('@app.route("/")', "@https://host/a.md", "@a.12", "@a.md2345678901234"),
    *(
        "@[]",
        "@[file]",
        "@[file:]",
        "@[file: ]",
        "@[file:#Heading]",
        "@[api:]",
        "@[var:]",
        "@[var::x]",
        "@[x:y]",
    ),
    *("@[FILE:a.md]", "@ [file:a.md]", "@[file:a.md", "@[file:a.md\\]", "@[file:a.md\n]", "@[file:\n a.md]"),
    *(
        "{{}}",
        "{{ }}",
        "{{1}}",
        "{{a b}}",
        "{{a|b}}",
        "{{#if a}}",
        "{{/if}}",
        "{{a",
        "{{a}",
        "{ {a}}",
        "{{a\n}}",
    ),
    *("{{a:b}", "{{a:b{{", "{% a %}"),
    # Code and templates: JSX, Angular, an object.
    *('{{ width: "100%" }}', "{{ color: 'red' }}", "{{a: b}}", "{{a:\tb}}", "{{a: }}", "{{a:\u3000b}}"),
    *('{{a:"b"}}', "{{a:'b'}}", "{{a:{b}}}", "{{a:{b} c}}", "{{a:b{c}}", "{{a:b}c}}"),
    *(
        r"\@[file:a.md]",
        r"\@a.md",
        r"\{{a}}",
        r"\\\@a.md",
        r"\\\{{a}}",
        r"# \{{a}}",
        r"@\[file:a.md]",
        r"{\{a}}",
    ),
)


def found_in(text: str) -> list[Reference]:
    return [one for line in scan(split_lines(text)) for one in line.references]


@pytest.mark.parametrize("written", EXPLICIT)
def test_explicit(written: str) -> None:
    kind, target, fragment, default = EXPLICIT[written]
    for around in ("%s", "see %s.", "a%sb", "(%s)", "\\\\%s", "# %s", "> - %s", "<b>%s</b>", "<p>\n%s"):
        start = len(around.partition("%s")[0].rpartition("\n")[2])
        reference = Reference(
            kind, target, start, start + len(written), fragment, default, not written.startswith("{")
        )
        assert found_in(around.replace("%s", written)) == [reference], around


BEFORE = (
    "",
    " ",
    "(",
    "[",
    '"',
    "'",
    "“",
    "*",
    "**",
    "_",
    "a\t",
    "- ",
    "> ",
    "，",
    "a\u00a0",
    "ا\u3000",
    "،",
    "\u200f",
)
AFTER = (
    "",
    " x",
    ".",
    ",",
    "...",
    "?!",
    ")",
    "]",
    '"',
    "'",
    "”",
    "*",
    "**",
    "_",
    ": x",
    "; x",
    "。",
    "\n",
    "<",
    *(f"{mark}{after}" for mark in "\u00a0\u3000—–،؛؟।" for after in ("", " x", "x")),
    "\u200f",
)


@pytest.mark.parametrize("written", SHORT)
def test_short(written: str) -> None:
    path, fragment = SHORT[written]
    for before, after in product(BEFORE, AFTER):
        start = len(before)
        expected = [Reference(FILE, path, start, start + len(written), fragment, explicit=False)]
        assert found_in(f"{before}{written}{after}") == expected, (before, after)


#: Printable ASCII behind which a short path may begin; behind the others it is a part of a word, an address or code.
BEFORE_SHORT = "!\"'(*,-:;<=>[_{|~ "


@pytest.mark.parametrize("before", [chr(code) for code in range(0x20, 0x7F)])
def test_what_a_short_path_may_stand_behind(before: str) -> None:
    assert [one.target for one in found_in(f"50{before}@b.md")] == (
        ["b.md"] if before in BEFORE_SHORT else []
    )


@pytest.mark.parametrize("text", NONE)
def test_what_only_looks_like_one(text: str) -> None:
    assert found_in(text) == []


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("@a.md@b.md {{c}}{{d}}@[var:e]@[var:f]", ["a.md", "c", "d", "e", "f"]),
        ("@[file:a@[file:b]", ["b"]),
        ("@[file:a[1].md]", ["a[1"]),
        ("@[file:a<!--b] {{c}} -->", ["a<!--b", "c"]),
        ("@[file:@b.md", ["b.md"]),
        ("@[var: {{a}}", ["a"]),
        ("{{{a}}}", ["a"]),
        ("{{a:{{b}}", ["b"]),
        (r"\\@a.md \\{{b}}", ["b"]),
        (r"\a {{b}}", ["b"]),
        ("[text](@a.md) ![x](@[file:b.md]) <a href='@c.md'>", ["a.md", "b.md", "c.md"]),
        ("[a](@[file:b)c.md] `{{d}}`", ["b)c.md"]),
        (r"[x](\@a.md) <a href='\{{b}}'>", []),
        ("[a]: @a.md '{{b}}'\n[b]: `\n`{{c}}`", ["a.md", "b"]),
    ],
)
def test_the_leftmost_wins(text: str, targets: list[str]) -> None:
    assert [one.target for one in found_in(text)] == targets


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("@[file:%s]", 2000),
        ("@%s.md", 1997),
        ("{{%s}}", 256),
        ("{{a:%s}}", 3000),
    ],
)
def test_there_is_a_longest_reference(text: str, count: int) -> None:
    """The scan of a giant line in part rests on it."""
    assert [len(found_in(text % ("x" * length))) for length in (count, count + 1)] == [1, 0]
