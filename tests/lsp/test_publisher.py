"""What a client is told by itself: only what changed, once."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from tests.clock import settle
from tests.session.harness import a_session, open_file, set_layer, typed

from weighbridge.lsp import publisher
from weighbridge.lsp.abilities import ClientAbilities
from weighbridge.lsp.publisher import Publisher
from weighbridge.session.document import Document
from weighbridge.session.session import Session

STATUS = "weighbridge/status"
PUSHED = types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS
HINTS = types.WORKSPACE_INLAY_HINT_REFRESH
LENSES = types.WORKSPACE_CODE_LENS_REFRESH
PULL = types.WORKSPACE_DIAGNOSTIC_REFRESH


@dataclass
class Told:
    """A client that remembers what it was told since it was asked last."""

    told: list[str] = field(default_factory=list)

    def notify(self, method: str, params: Any | None = None) -> None:
        self.told.append(f"{method} {len(params.diagnostics)}" if method == PUSHED and params else method)

    async def ask(self, method: str, params: Any | None = None) -> Any:
        raise AssertionError(method)

    def nudge(self, method: str) -> None:
        self.told.append(method)


@dataclass
class Screen:
    """A session and who shows it."""

    session: Session
    client: Told
    publisher: Publisher

    async def show(self, document: Document) -> list[str]:
        """Show a document when it is counted; returns what the client was told."""
        await self.session.queries.ready(document)
        self.publisher.show([document])
        await settle()
        told, self.client.told = self.client.told, []
        return told


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher, "_AFTER_THE_REST", 0)


@contextmanager
def shown(session: Session, **abilities: bool) -> Iterator[Screen]:
    client = Told()
    yield Screen(session, client, Publisher(client, ClientAbilities(**abilities), lambda: session))
    assert client.told == []


async def test_what_did_not_change_is_not_said_again(tmp_path: Path) -> None:
    (tmp_path / "doc.prompt.md").write_text("word @[file:none.md]\n")
    async with a_session(tmp_path, {"codeLens": True}) as session:
        document = open_file(session, tmp_path / "doc.prompt.md")
        with shown(session, status=True, refresh_hints=True, refresh_lenses=True) as screen:
            assert await screen.show(document) == [STATUS, f"{PUSHED} 1", LENSES, HINTS]
            assert await screen.show(document) == []
            # Other lines, the same numbers.
            typed(session, document, (0, 0), "sword", (0, 4))
            typed(session, document, (0, 0), "word", (0, 5))
            assert [one for one in await screen.show(document) if one != STATUS] == []
            assert await screen.show(document) == []
            typed(session, document, (0, 4), " more")
            assert await screen.show(document) == [STATUS, f"{PUSHED} 1", LENSES, HINTS]
            typed(session, document, (0, 0), "", (0, 30))
            assert await screen.show(document) == [STATUS, f"{PUSHED} 0", LENSES, HINTS]
            screen.publisher.hide(document)
            assert await screen.show(document) == [f"{PUSHED} 0", STATUS, LENSES, HINTS]


async def test_of_no_diagnostics_nobody_is_told_first(tmp_path: Path) -> None:
    (tmp_path / "doc.prompt.md").write_text("word\n")
    async with a_session(tmp_path) as session:
        document = open_file(session, tmp_path / "doc.prompt.md")
        with shown(session) as screen:
            assert await screen.show(document) == []
            screen.publisher.hide(document)
        with shown(session, pull_diagnostics=True, refresh_diagnostics=True) as screen:
            assert await screen.show(document) == []
            typed(session, document, (0, 0), "@[file:none.md] ")
            assert await screen.show(document) == [PULL]
            assert await screen.show(document) == []


async def test_what_is_no_prompt_any_more_is_taken_away(tmp_path: Path) -> None:
    (tmp_path / "doc.prompt.md").write_text("@[file:none.md]\n")
    async with a_session(tmp_path) as session:
        document = open_file(session, tmp_path / "doc.prompt.md")
        with shown(session, refresh_hints=True) as screen:
            assert await screen.show(document) == [f"{PUSHED} 1", HINTS]
            set_layer(session, {"include": []})
            assert await screen.show(document) == [f"{PUSHED} 0", HINTS]
            assert await screen.show(document) == []
