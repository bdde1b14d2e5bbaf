"""Wherever a number of tokens is shown, one that is not the model's own says so."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from tests.editors.editor import editor
from tests.editors.recording import VSCODE

#: A number of tokens in words or in a hover's table, with what stands before it; limits and frames are no counts.
_COUNTED = re.compile(
    r"(?P<about>≈?)(?<![\d,.$])(?<!/ )\b\d[\d,]*(?= tokens?\b(?! around)| / [\d,]+ tokens)|^\|? *(?P<row>≈?)\d[\d,]* *\| ",
    re.MULTILINE,
)

TEXT = """# First

Some words, @[file:b.md] and {{name}}.

## Second

@[file:b.md] with more words than the others.
"""


def texts(value: Any) -> Iterator[str]:
    """All texts in an answer."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)


@pytest.mark.parametrize(
    ("settings", "mark"),
    [
        ({"model": "gpt-5"}, ""),
        ({"model": "opus"}, "≈"),
        ({"model": "gemini-2.5-pro"}, "≈"),
        ({"model": "grok-4"}, "≈"),
        # Its own tokenizer, says nobody who knows.
        ({"model": "gpt-6-sol"}, "≈"),
    ],
    ids=["exact", "reconstruction", "another reconstruction", "estimate", "assumed"],
)
async def test_every_number_has_its_label(folder: Path, settings: dict[str, Any], mark: str) -> None:
    values = {"variables": {"name": "a name"}, "budget": 10, "inlayHints": {"variablesFrom": 0}}
    async with editor(VSCODE, folder, settings={**values, **settings}) as session:
        session.write("b.md", "The included words, {{name}}\n")
        uri = await session.open("a.prompt.md", TEXT)
        named = {"textDocument": {"uri": uri}}
        whole = {**named, "range": {"start": {"line": 0, "character": 0}, "end": {"line": 7, "character": 0}}}
        count = await session.ask("weighbridge/count", named)
        assert (count["exactness"] == "exact") is (mark == "")
        words = {**named, "text": ["some words", "more"]}
        for one in (count, await session.ask("weighbridge/count", words)):
            assert one["text"] == f"{mark}{one['tokens']} tokens"
        hints = await session.ask(types.TEXT_DOCUMENT_INLAY_HINT, whole)
        labels = ["".join(texts(hint["label"])) for hint in hints]
        assert len(labels) == 5
        assert [text.strip(" ()").startswith("≈") for text in labels] == [mark == "≈"] * len(labels), labels
        found = [await session.ask(types.INLAY_HINT_RESOLVE, hint) for hint in hints]
        for line, character in ((0, 0), (0, 3), (2, 15), (2, 30), (4, 3)):
            found.append(
                await session.ask(
                    types.TEXT_DOCUMENT_HOVER, session.at(uri, {"line": line, "character": character})
                )
            )
        found.append(await session.ask(types.TEXT_DOCUMENT_CODE_LENS, named))
        found.append(await session.ask(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, named))
        found.append(await session.ask(types.WORKSPACE_SYMBOL, {"query": "First"}))
        found.append(await session.ask(types.TEXT_DOCUMENT_DIAGNOSTIC, named))
        items = await session.ask(
            types.TEXT_DOCUMENT_PREPARE_CALL_HIERARCHY, session.at(uri, {"line": 2, "character": 15})
        )
        found += items
        found.append(await session.ask(types.CALL_HIERARCHY_INCOMING_CALLS, {"item": items[0]}))
        own = await session.ask(
            types.TEXT_DOCUMENT_PREPARE_CALL_HIERARCHY, session.at(uri, {"line": 0, "character": 0})
        )
        found += own
        found.append(await session.ask(types.CALL_HIERARCHY_OUTGOING_CALLS, {"item": own[0]}))
        session.edit(uri, 2, "@[file:")
        offered = await session.ask(
            types.TEXT_DOCUMENT_COMPLETION, session.at(uri, {"line": 0, "character": 7})
        )
        found += [await session.ask(types.COMPLETION_ITEM_RESOLVE, item) for item in offered["items"]]
        said = [text.replace("\\\\", "") for text in texts(found)]
        numbers = [
            (one["about"] or one["row"] or "", text) for text in said for one in _COUNTED.finditer(text)
        ]
        assert len(numbers) > 10
        assert any(one["row"] is not None for text in said for one in _COUNTED.finditer(text))
        assert [text for about, text in numbers if about != mark] == []
        report = await session.ask("weighbridge/report", named)
        assert (report["exactness"] == "exact") is (mark == "")
        assert report["text"].startswith(mark)
