"""What looks like a reference and is none: noticed with what to write, in any text that is read as one, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighbridge.references.dialect import MARKDOWN
from weighbridge.references.forms import reference_at
from weighbridge.references.index import ScanIndex
from weighbridge.text import LineBuffer, PositionEncoding, Snapshot, split_lines

#: Text, what it spans, what to write, whether that is certain.
TYPOS = [
    ("see @[File:x], ok", "@[File:x]", "@[file:x]", True),
    ("@[ VAR : name:d ]", "@[ VAR : name:d ]", "@[var: name:d ]", True),
    ("@[API:issues]", "@[API:issues]", "@[api:issues]", True),
    ("(@[docs/a.md])", "@[docs/a.md]", "@[file:docs/a.md]", False),
    ("@[../a.prompt.md]", "@[../a.prompt.md]", "@[file:../a.prompt.md]", False),
    ("@[file:x", "@[file:x", "@[file:x]", False),
    ("@[file:docs/a.md, and more", "@[file:docs/a.md,", "@[file:docs/a.md]", False),
    (r"open @C:\Users\me\x.md.", r"@C:\Users\me\x.md", r"@[file:C:\Users\me\x.md]", False),
    ("see @file:docs/a.md, ok", "@file:docs/a.md", "@[file:docs/a.md]", False),
    ("(@File:docs/a.md#Tone.)", "@File:docs/a.md#Tone", "@[file:docs/a.md#Tone]", False),
    ("- item\n  @[File:x]\n", "@[File:x]", "@[file:x]", True),
    ("<a href='@[File:x]'>", "@[File:x]", "@[file:x]", True),
]

QUIET = [
    *(
        "`@[File:x]`",
        "``` \n@[File:x]\n```",
        "    @[File:x]",
        "<!-- @[File:x] -->",
        r"\@[File:x]",
        "a@[File:x]",
    ),
    *("@[file:x]", "@[file:]", "@[File:]", "@[file:a `b` ]", "@[Next.js]", "@[alice](https://x.example)"),
    *(
        "@[a.md](x)",
        "@types/node",
        "pkg@16.0.x",
        "me@corp.example",
        "@alice",
        "@john.doe",
        "@Next.js",
        "@Override",
    ),
    *(
        "@file:JvmName",
        "@param x",
        "@media print",
        '@app.route("/")',
        "@[ ]",
        "@[x]",
        "@[0]",
        r"C:\Users\me\x.md",
    ),
    *(
        "${{ secrets.TOKEN }}",
        "{{#each @root.tools}}",
        "{{@index}}",
        "style={{ color: 'red' }}",
        "@~/.claude/x.md",
    ),
    *("@file:Suppress('a.md')", '@file:a.b("c")', "@files:a.md"),
    *("@$HOME/x.md", "---\na: '@[File:x]'\n---\n@a"),
]


def typos(text: str) -> list[tuple[str, str, bool]]:
    lines = split_lines(text)
    skip = 3 if text.startswith("---\n") else 0
    found = ScanIndex(Snapshot(tuple(lines)), skip).typos()
    return [(lines[line][one.start : one.end], one.written, one.certain) for line, one in found]


@pytest.mark.parametrize(("text", "spanned", "written", "certain"), TYPOS)
def test_a_typo_is_noticed(text: str, spanned: str, written: str, certain: bool) -> None:
    assert typos(text) == [(spanned, written, certain)]
    assert reference_at(written, 0) is not None
    # Who reads texts without scanning them scans this one.
    assert MARKDOWN.text_may_refer(text)


@pytest.mark.parametrize("text", QUIET)
def test_what_is_no_typo_is_left_alone(text: str) -> None:
    assert typos(text) == []


PARTS = [
    "@[File:x]",
    "@[file:x",
    "@[docs/a.md]",
    "@[file:a.md]",
    "@a/b.md",
    "@file:a.md#b",
    "`",
    "<!--",
    "-->",
    "]",
    "\n",
    " ",
    "\\",
    "x" * 700,
]
PARTS += ["{{x}}", "<b ", ">", r"@C:\a\x.md", "@[", "(b)"]


@pytest.mark.parametrize("long", [0, 9_000, 40_000], ids=["short", "kept", "quiet"])
@given(data=st.data())
def test_edits_are_followed(long: int, data: st.DataObject) -> None:
    text = "y " * (long // 2) + "".join(data.draw(st.lists(st.sampled_from(PARTS), max_size=12)))
    buffer = LineBuffer(text, PositionEncoding.UTF32)
    index = ScanIndex(buffer)
    for _ in range(3):
        line = data.draw(st.integers(0, buffer.line_count - 1))
        most = buffer.line_end(line)
        least = max(0, most - 6_000)
        start = data.draw(st.integers(least, most))
        end = data.draw(st.integers(start, min(most, start + 20)))
        edit = buffer.apply((line, start), (line, end), data.draw(st.sampled_from([*PARTS, ""])))
        index.update(edit, buffer)
        fresh = ScanIndex(buffer)
        assert [index.line(at) for at in range(len(index))] == [fresh.line(at) for at in range(len(fresh))]
        assert [*index.typos()] == [*fresh.typos()]
