"""`weighbridge/render` with sources: which stretch of the resolved text came from where."""

import itertools
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.editors.editor import editor
from tests.editors.recording import Recording

from weighbridge.analysis.expand import PENDING, Expansion, State
from weighbridge.analysis.render import Source, sources_json
from weighbridge.text import LineBuffer, PositionEncoding


async def rendered(session: Any, uri: str, **more: Any) -> Any:
    return await session.ask("weighbridge/render", {"textDocument": {"uri": uri}, **more})


async def test_each_stretch_names_its_source(folder: Path, recording: Recording, encoding: str) -> None:
    (folder / "inner.md").write_text("😀\ninner")
    (folder / "outer.md").write_text("é {{name}} @[file:inner.md]\r\nend")
    text = "---\nvariables: {name: Ann}\n---\n@[file:outer.md]|@[file:none.md]"
    width = {"utf-8": 2, "utf-16": 1, "utf-32": 1}[encoding]
    async with editor(recording, folder, encodings=[encoding]) as session:
        uri = await session.open("a.prompt.md", text)
        found = await rendered(session, uri, sources=True)
        assert await rendered(session, uri) == {"text": found["text"]}
    assert found["text"].endswith("---\né Ann 😀\ninner\r\nend|@[file:none.md]")
    outer, name, inner = found["sources"]

    def at(line: int, character: int) -> dict[str, int]:
        return {"line": line, "character": character}

    assert outer["range"] == {"start": at(3, 0), "end": at(5, 3)}
    assert name["range"] == {"start": at(3, width + 1), "end": at(3, width + 4)}
    assert inner["range"] == {"start": at(3, width + 5), "end": at(4, 5)}
    assert [one["depth"] for one in found["sources"]] == [1, 2, 2]
    assert [one["uri"] for one in (outer, inner)] == [
        (folder / "outer.md").as_uri(),
        (folder / "inner.md").as_uri(),
    ]
    assert (inner["name"], inner["tokens"], inner["text"]) == ("inner.md", 4, "4 tokens")


@given(
    st.text(st.sampled_from("ab\r\n é😀"), max_size=30),
    st.lists(st.integers(0, 30), max_size=6),
    st.sampled_from(list(PositionEncoding)),
)
def test_ranges_are_the_line_buffers(text: str, cuts: list[int], encoding: PositionEncoding) -> None:
    expansion = Expansion(None, State.RESOLVED, None, 1, None, PENDING)
    cuts = sorted(min(one, len(text)) for one in cuts)
    # Between the two characters of a line end there is no position.
    cuts = [one for one in cuts if text[one - 1 : one + 1] != "\r\n" or one == 0]
    sources = [Source(start, end, 1, expansion) for start, end in itertools.pairwise(cuts)]
    buffer = LineBuffer(text, encoding)

    def offset(place: dict[str, int]) -> int:
        line, column = buffer.clamp(place["line"], place["character"])
        return len(buffer.slice(0, line)) + column

    told = [one["range"] for one in sources_json(text, sources, encoding, exact=True)]
    assert [(offset(one["start"]), offset(one["end"])) for one in told] == [
        (one.start, one.end) for one in sources
    ]


async def test_what_is_not_exact_is_written_so(folder: Path, recording: Recording) -> None:
    (folder / "b.md").write_text("some words")
    async with editor(recording, folder, settings={"model": "opus"}) as session:
        uri = await session.open("a.prompt.md", "@[file:b.md]")
        (source,) = (await rendered(session, uri, sources=True))["sources"]
        assert source["text"] == f"≈{source['tokens']} tokens"


async def test_the_models_are_told(folder: Path, recording: Recording) -> None:
    async with editor(recording, folder) as session:
        found = await session.ask("workspace/executeCommand", {"command": "weighbridge.models"})
    told = {model["name"]: model for model in found["models"]}
    wanted = {"encoding": "cl100k_base", "context_window": 8192, "input_usd_per_million": 30.0}
    assert {name: told["gpt-4"][name] for name in wanted} == wanted
