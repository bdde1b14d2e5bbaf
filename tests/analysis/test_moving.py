"""Files that are moved: whatever is moved where, references stand for the same files as before, and no other text changes."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighbridge.agents.model import Imports
from weighbridge.agents.registry import AGENTS
from weighbridge.analysis.moving import follow_imports, follow_moves, moved
from weighbridge.references.index import ScanIndex
from weighbridge.references.model import Kind
from weighbridge.text import Snapshot, split_lines

ROOT = Path("/w")
FILES = [ROOT / name for name in ("a.md", "b c.md", "docs/d.md", "docs/deep/e.md", "other/f.md")]


def rewritten(source: Path, text: str, moves: Mapping[Path, Path], files: list[Path]) -> str:
    lines = split_lines(text)
    index = ScanIndex(Snapshot(tuple(lines)))
    for change in reversed(
        follow_moves(source, lines, index.references(), moves, lambda path: path in files)
    ):
        line = lines[change.line]
        lines[change.line] = line[: change.start] + change.text + line[change.end :]
    return "".join(lines)


def targets(source: Path, text: str) -> list[Path]:
    found = ScanIndex(Snapshot(tuple(split_lines(text)))).references()
    return [Path(os.path.normpath(source.parent / one.target)) for _, one in found if one.kind is Kind.FILE]


@pytest.mark.parametrize(
    ("source", "text", "moves", "expected"),
    [
        ("a.md", "@docs/d.md", {"docs/d.md": "docs/x.md"}, "@docs/x.md"),
        ("a.md", "@[file:docs/d.md#Part] x", {"docs": "more/docs"}, "@[file:more/docs/d.md#Part] x"),
        ("a.md", "@./docs/d.md", {"docs/d.md": "d.md"}, "@./d.md"),
        ("a.md", "@docs/d.md", {"docs/d.md": "two words.md"}, "@[file:two words.md]"),
        ("docs/d.md", "@../a.md @deep/e.md", {"docs/d.md": "d.md"}, "@a.md @docs/deep/e.md"),
        ("docs/d.md", "@deep/e.md @../a.md", {"docs": "papers"}, "@deep/e.md @../a.md"),
        ("a.md", "@absent.md", {"absent.md": "x.md"}, "@absent.md"),
        ("a.md", "@other/f.md", {"docs": "x"}, "@other/f.md"),
        ("a.md", "@[file:/w/docs/d.md]", {"docs/d.md": "x.md"}, "@[file:/w/x.md]"),
        ("a.md", "`@docs/d.md` \\@docs/d.md", {"docs/d.md": "x.md"}, "`@docs/d.md` \\@docs/d.md"),
    ],
)
def test_what_follows(source: str, text: str, moves: dict[str, str], expected: str) -> None:
    given_moves = {ROOT / old: ROOT / new for old, new in moves.items()}
    assert rewritten(ROOT / source, text, given_moves, FILES) == expected


@given(
    source=st.sampled_from(FILES),
    written=st.lists(st.tuples(st.sampled_from(FILES), st.booleans()), max_size=4),
    old=st.sampled_from([*FILES, ROOT / "docs", ROOT / "docs/deep"]),
    new=st.sampled_from([ROOT / name for name in ("z.md", "n/z.md", "docs/z z.md", "other/deep/z.md")]),
)
def test_references_stand_for_the_same(
    source: Path, written: list[tuple[Path, bool]], old: Path, new: Path
) -> None:
    moves = {old: new}
    parts = []
    for target, short in written:
        relative = Path(os.path.relpath(target, source.parent)).as_posix()
        parts.append(f"@{relative}" if short and " " not in relative else f"@[file:{relative}#x]")
    text = "before " + " and ".join(parts) + " after\n"
    after = rewritten(source, text, moves, FILES)
    assert targets(moved(source, moves), after) == [moved(path, moves) for path in targets(source, text)]
    assert after.startswith("before ")
    assert after.endswith(" after\n")
    assert rewritten(moved(source, moves), after, {}, FILES) == after


HOME = Path("/home/u")


def imported(source: Path, text: str, imports: Imports) -> list[Path]:
    return [imports.place(target, source.parent, HOME) for *_, target in imports.find(text)]


@given(
    agent=st.sampled_from(["claude-code", "gemini-cli", "qwen-code", "copilot-cli", "goose"]),
    source=st.sampled_from(FILES),
    named=st.lists(st.sampled_from([*FILES, ROOT / "Makefile"]), max_size=4),
    old=st.sampled_from([*FILES, ROOT / "docs", ROOT / "docs/deep"]),
    new=st.sampled_from([ROOT / name for name in ("z.md", "n/1.md", "docs/z z.md", "日本/z.md")]),
)
def test_imports_stand_for_the_same_as_far_as_they_can_be_written(
    agent: str, source: Path, named: list[Path], old: Path, new: Path
) -> None:
    imports, moves = AGENTS[agent].imports, {old: new}
    assert imports is not None
    written = [imports.written(os.path.relpath(path, source.parent)) for path in named]
    text = "before " + " and ".join(filter(None, written)) + " after\n"
    lines, after = [text], text
    found = follow_imports(source, lines, imports, moves, FILES.__contains__, HOME)
    for change in reversed(found):
        after = after[: change.start] + change.text + after[change.end :]
    before, folder = imported(source, text, imports), moved(source, moves).parent
    for was, now in zip(before, imported(moved(source, moves), after, imports), strict=True):
        to = moved(was, moves) if was in FILES else was
        can_be = imports.written(os.path.relpath(to, folder)) is not None
        assert now == to or was not in FILES or not can_be
