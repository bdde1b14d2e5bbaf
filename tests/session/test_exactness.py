"""The count equals the tokenizer run on the rendered text: of any document, after any edit, in every encoding.

Files change meanwhile, on disk and in the editor, and both engines count. OpenAI's encodings are held against tiktoken itself.
"""

import asyncio
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.clock import settle as turn
from tests.session.harness import a_session, open_file
from tests.tokens.reference import NAMES
from tests.tokens.reference import tokens as tiktoken_tokens

from weighbridge.analysis.expand import State
from weighbridge.session.document import Document
from weighbridge.session.session import Session
from weighbridge.text import PositionEncoding
from weighbridge.tokens import fast, registry
from weighbridge.tokens.fast import SplintrEngine
from weighbridge.tokens.registry import encodings, tokenizer

#: Pieces that make borders, references and Markdown collide.
PIECES = (
    *("word", " two words", "\n", "\n\n", "\r\n", "\r", "  ", "\t", "x" * 40, "/", "// ", "'s", "’", "1234"),
    *("é", "e\u0301", "漢字", "😀", "👩‍👩‍👧", "\u200b", "\u2028", "\f", "\u00a0", "İ", "ß", "\ufeff"),
    *(
        "@[file:a.md]",
        "@[file:b.md]",
        "@b.md",
        "@[file:c.txt]",
        "@[file:code.py]",
        "@[file:no.md]",
        "@[file:empty.md]",
    ),
    *(
        "@[file:a.md#L1-L2]",
        "@[file:b.md#Part]",
        "{{name}}",
        "{{other:default}}",
        "@[var:none]",
        "\\@[file:a.md]",
        "@[api:sampled]",
        "@[api:https://api.example/]",
    ),
    *("`", "```\n", "    ", "# Part\n", "<!-- ", " -->", "- ", "> ", "<|endoftext|>", "{", "}", '"key": '),
    # More than is counted while it is typed.
    *("plain words " * 300, "x" * 5_000, "a line\n" * 400),
)
FILES = ("a.md", "b.md", "c.txt", "code.py", "doc.prompt.md.vars.yaml")

texts = st.lists(st.sampled_from(PIECES), max_size=14).map("".join) | st.text(max_size=30)
#: What a file can hold: no lone surrogates.
file_texts = texts.map(lambda text: text.encode("utf-8", "replace").decode("utf-8"))
edits = st.tuples(st.integers(0, 8), st.integers(0, 30), st.integers(0, 8), st.integers(0, 30), texts)
#: A file's other text, and whether it is on disk or in the editor.
writes = st.tuples(st.sampled_from(FILES), file_texts, st.booleans())

Edit = tuple[int, int, int, int, str]
Write = tuple[str, str, bool]

relaxed = settings(max_examples=40, suppress_health_check=[HealthCheck.data_too_large])


async def check(session: Session, document: Document) -> str:
    """Hold the document's counts against the tokenizer run on what it renders to."""
    tokens = await session.queries.count(document)
    rendered = await session.queries.render(document)
    assert document.prepared is not None
    count = document.prepared.tokenizer.count
    assert tokens == count(rendered)
    if document.prepared.tokenizer.name in NAMES:
        whole = rendered.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        assert tokens == len(tiktoken_tokens(document.prepared.tokenizer.name, whole))
    while not (report := session.report(document)).ready:
        # Sections are summed up in short steps where there are thousands.
        await turn()
    assert (report.ready, report.tokens, report.own_tokens) == (True, tokens, count(document.buffer.text()))
    assert document.exactness is report.exactness
    for reference in report.references:
        assert (reference.tokens is None) == (reference.state is State.FAILED)
    return rendered


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).write_bytes(text.encode("utf-8"))
    (folder / "empty.md").write_bytes(b"")


@pytest.fixture(params=["tiktoken", "splintr"])
def _engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine of the encodings that more than one may count in."""
    if request.param == "splintr":
        kept = {name: one for name, one in registry._tokenizers.items() if name not in NAMES}
        monkeypatch.setattr(registry, "_tokenizers", kept)
        monkeypatch.setattr(registry, "_engines", {})
        monkeypatch.setattr(fast, "engine", SplintrEngine.of)


@pytest.mark.usefixtures("_engine")
@relaxed
@given(
    files=st.fixed_dictionaries(dict.fromkeys(FILES, file_texts)),
    text=texts,
    changes=st.lists(edits | writes, max_size=5),
    name=st.sampled_from(encodings()),
    encoding=st.sampled_from(PositionEncoding),
)
@example(
    files=dict.fromkeys(FILES, ""),
    text="@[api:sampled]",
    changes=[(0, 0, 0, 1, "")],
    name="cl100k_base",
    encoding=PositionEncoding.UTF8,
)
def test_any_document_after_any_change(
    files: dict[str, str],
    text: str,
    changes: list[Edit | Write],
    name: str,
    encoding: PositionEncoding,
) -> None:
    async def run(folder: Path) -> None:
        write(folder, files)
        values = {
            "encoding": name,
            "variables": {"name": "value \u00e9 {{other}}"},
            "apis": {"sampled": {"url": "https://api.example/", "sample": " a sample’s @[file:a.md]\n"}},
        }
        async with a_session(folder, values, encoding=encoding) as session:
            document = session.open((folder / "doc.prompt.md").as_uri(), 1, text)
            await check(session, document)
            for number, change in enumerate(changes):
                match change:
                    case start, column, end, end_column, new:
                        document.apply(document.buffer.apply((start, column), (end, end_column), new))
                        session.edited(document, number + 2)
                    case file, new, True:
                        (folder / file).write_bytes(new.encode("utf-8"))
                        session.files_changed([folder / file])
                    case file, new, False:
                        session.open((folder / file).as_uri(), number, new)
                await check(session, document)
            rendered = await check(session, document)
            session.close(document.uri)
            fresh = session.open(document.uri, 1, document.buffer.text())
            assert await check(session, fresh) == rendered

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder).resolve()))


@pytest.mark.parametrize("name", encodings())
async def test_nested_references_in_every_encoding(tmp_path: Path, name: str) -> None:
    write(
        tmp_path,
        {"a.md": "Start @b.md end\n", "b.md": "in {{name}} @[file:c.txt]", "c.txt": " last", "code.py": ""},
    )
    (tmp_path / "doc.md").write_text("# T\n\n@a.md@a.md @[file:b.md]/\n")
    async with a_session(tmp_path, {"encoding": name, "variables": {"name": "N"}}) as session:
        document = open_file(session, tmp_path / "doc.md")
        assert await check(session, document) == "# T\n\nStart in N  last end\n@a.md in N  last/\n"
        assert document.tokens == tokenizer(name).count("# T\n\nStart in N  last end\n@a.md in N  last/\n")
