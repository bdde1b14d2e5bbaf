"""Files that include each other in every way, against a slow model that writes the texts out."""

import asyncio
import re
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.session.harness import a_session, open_file

from weighbridge.analysis import expand
from weighbridge.analysis.report import ReferenceReport
from weighbridge.errors import Code
from weighbridge.tokens.registry import tokenizer

NAMES = ("a.md", "b.md", "c.md", "d.md")
LINK = re.compile(r"@\[file:([^\]]+)\]")

words = st.sampled_from(("one ", "two\n", "x", " 'tis", "//", "漢"))
links = st.sampled_from((*NAMES, "missing.md", "doc.md")).map(lambda name: f"@[file:{name}]")
texts = st.lists(words | links, max_size=5).map("".join)
graphs = st.fixed_dictionaries({**dict.fromkeys(NAMES, texts), "doc.md": texts})


def written_out(
    files: dict[str, str], name: str, above: tuple[str, ...], most: int
) -> tuple[str, list[Code]]:
    """The resolved text of a file, and the faults met, in order."""
    faults: list[Code] = []

    def replace(match: re.Match[str]) -> str:
        target = match[1]
        if len(above) > most:
            faults.append(Code.DEPTH)
        elif target not in files:
            faults.append(Code.NOT_FOUND)
        elif target in above:
            faults.append(Code.CYCLE)
        else:
            text, more = written_out(files, target, (*above, target), most)
            faults.extend(more)
            return text
        return match[0]

    return LINK.sub(replace, files[name]), faults


def faults_of(references: tuple[ReferenceReport, ...]) -> list[Code]:
    found: list[Code] = []
    for reference in references:
        if reference.problem is not None:
            found.append(reference.problem.code)
        found.extend(faults_of(reference.references))
    return found


@settings(max_examples=60)
@given(files=graphs, most=st.integers(0, 5))
def test_any_graph_of_includes(files: dict[str, str], most: int) -> None:
    async def run(folder: Path) -> None:
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
        async with a_session(folder, {"maxDepth": most}) as session:
            document = open_file(session, folder / "doc.md")
            tokens = await session.queries.count(document)
            text, faults = written_out(files, "doc.md", ("doc.md",), most)
            assert await session.queries.render(document) == text
            assert tokens == tokenizer("cl100k_base").count(text)
            assert faults_of(session.report(document).references) == faults

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder).resolve()))


async def test_a_fan_of_includes_fails_as_a_whole_and_hangs_nothing(tmp_path: Path) -> None:
    for level in range(9):
        (tmp_path / f"f{level}.md").write_text(f"@[file:f{level + 1}.md] " * 10)
    (tmp_path / "f9.md").write_text("leaf")
    (tmp_path / "doc.md").write_text("@[file:f6.md] @[file:f0.md]")
    async with a_session(tmp_path, {"maxDepth": 50}) as session:
        document = open_file(session, tmp_path / "doc.md")
        await session.queries.ready(document)
        report = session.report(document)
        assert [reference.problem and reference.problem.code for reference in report.references] == [
            None,
            Code.DEPTH,
        ]
        assert report.totals.failed == 1
    assert expand.MOST_REFERENCES == 10_000


async def test_a_section_may_include_another_section_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# One\n\n@[file:a.md#Two]\n\n# Two\n\ntwo @[file:a.md#Two]\n")
    (tmp_path / "doc.md").write_text("@[file:a.md#One]")
    async with a_session(tmp_path) as session:
        document = open_file(session, tmp_path / "doc.md")
        assert await session.queries.render(document) == "# One\n\n# Two\n\ntwo @[file:a.md#Two]\n\n\n"
        assert faults_of(session.report(document).references) == [Code.CYCLE]
