"""Random edits of context files with random imports: the count is that of what is rendered, which is what the agent gets."""

import asyncio
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.session.harness import a_session, open_file, typed
from tests.session.test_arriving import home, known, lay

from weighbridge.agents.registry import AGENTS
from weighbridge.analysis.contexts import load

__all__ = ["home"]

#: The agent whose numbers a file shows, and what may be read of it in a folder of its own.
READERS = {
    "CLAUDE.md": "claude-code",
    "AGENTS.md": "codex",
    "GEMINI.md": "gemini-cli",
    "QWEN.md": "qwen-code",
}

pieces = st.sampled_from(
    (
        *(
            "@a.md",
            "@b.md",
            "@d/c.md",
            "@none.md",
            "@../x.md",
            "@a.md.",
            "@b\\ c.md",
            "@CLAUDE.md",
            "@GEMINI.md",
        ),
        *(
            "word",
            " ",
            "\n",
            "\n\n",
            "\r\n",
            "`",
            "```\n",
            "<!-- ",
            " -->",
            "---\n",
            "- ",
            "> ",
            "    ",
            "<div>\n",
        ),
        *("é", "日本", "😀", "\u200b", "\ufeff", "{{x:y}}", "@[file:a.md]", "\u2028", "\t"),
    )
)
texts = st.lists(pieces, max_size=12).map("".join)
spots = st.integers(0, 60)


@pytest.mark.parametrize("name", READERS)
@settings(
    max_examples=12,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    others=st.fixed_dictionaries(dict.fromkeys(("a.md", "b.md", "d/c.md"), texts)),
    text=texts,
    edits=st.lists(st.tuples(spots, spots, texts), min_size=1, max_size=4),
)
def test_edits(
    name: str, others: dict[str, str], text: str, edits: list[tuple[int, int, str]], home: Path
) -> None:
    async def run(folder: Path) -> None:
        lay(folder, {**others, "b c.md": "B", name: text})
        async with a_session(folder) as session:
            document = open_file(session, folder / name)
            await known(session, document)
            for at, length, new in edits:
                whole = document.buffer.text()
                start = min(at, len(whole))
                end = min(start + length, len(whole))
                typed(session, document, place_of(whole, start), new, place_of(whole, end))
                _, rendered = await known(session, document)
                unsaved = document.buffer.text()
                (loaded,) = load(
                    [AGENTS[READERS[name]]],
                    folder,
                    home,
                    open_text=lambda path: unsaved if path == folder / name else None,  # noqa: B023  (used at once)
                )
                sent = [part.text for part in loaded.context.parts]
                if any(entry.path == folder / name for entry in loaded.context.entries):
                    assert rendered in sent
                else:
                    assert rendered == unsaved

    with tempfile.TemporaryDirectory() as made:
        asyncio.run(run(Path(made).resolve()))


def place_of(text: str, offset: int) -> tuple[int, int]:
    """Line, and column in UTF-16 units, of a place; behind a carriage return's line feed for one between the two."""
    lines = (text[:offset] + "x").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return len(lines) - 1, len(lines[-1][:-1].encode("utf-16-le")) // 2
