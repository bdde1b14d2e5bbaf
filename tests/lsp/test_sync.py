"""Documents follow what the client sends, in whatever order it comes."""

from pathlib import Path
from typing import Any

import pytest
from lsprotocol import converters, types
from tests.clock import settle
from tests.session.harness import a_session

from weighbridge.lsp import sync
from weighbridge.lsp.sync import TextSync
from weighbridge.session.session import Session

URI = "file:///nowhere/a.md"
converter = converters.get_converter()


def opened(session: Session, *, reorders: bool = False) -> TextSync:
    text_sync = TextSync(session, reorders=reorders)
    text_sync.did_open(
        types.DidOpenTextDocumentParams(types.TextDocumentItem(URI, types.LanguageKind.Markdown, 1, "start"))
    )
    return text_sync


def change(version: int, *changes: dict[str, Any]) -> types.DidChangeTextDocumentParams:
    return converter.structure(
        {"textDocument": {"uri": URI, "version": version}, "contentChanges": list(changes)},
        types.DidChangeTextDocumentParams,
    )


def typed(column: int, text: str) -> dict[str, Any]:
    place = {"line": 0, "character": column}
    return {"range": {"start": place, "end": place}, "text": text}


def text_of(session: Session) -> str:
    return session.documents[URI].buffer.text()


@pytest.mark.parametrize("order", [[2, 3, 4, 5], [3, 4, 2, 5], [5, 4, 3, 2], [2, 5, 3, 4]])
async def test_changes_in_the_wrong_order_end_with_the_right_text(tmp_path: Path, order: list[int]) -> None:
    async with a_session(tmp_path) as session:
        text_sync = opened(session, reorders=True)
        for version in order:
            text_sync.did_change(change(version, typed(version + 3, str(version))))
        assert (text_of(session), session.documents[URI].version) == ("start2345", 5)
        assert text_sync._early == {}


async def test_a_change_that_never_comes_is_not_waited_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync, "_SECONDS_TO_WAIT", 0)
    async with a_session(tmp_path) as session:
        text_sync = opened(session, reorders=True)
        text_sync.did_change(change(3, typed(5, "!")))
        assert text_of(session) == "start"
        await settle()
        assert (text_of(session), session.documents[URI].version) == ("start!", 3)


async def test_other_clients_may_skip_versions(tmp_path: Path) -> None:
    async with a_session(tmp_path) as session:
        opened(session).did_change(change(7, typed(0, "a "), typed(0, "b ")))
        assert (text_of(session), session.documents[URI].version) == ("b a start", 7)


async def test_what_makes_no_sense_is_ignored(tmp_path: Path) -> None:
    async with a_session(tmp_path) as session:
        text_sync = TextSync(session)
        text_sync.did_change(change(2, typed(0, "x")))
        text_sync.did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(URI)))
        assert session.documents == {}
        opened(session)
        text_sync.did_open(
            types.DidOpenTextDocumentParams(
                types.TextDocumentItem(URI, types.LanguageKind.Markdown, 1, "again")
            )
        )
        text_sync.did_change(change(1, {"text": "whole"}))
        assert text_of(session) == "whole"
