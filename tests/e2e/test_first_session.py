"""A session as an editor has it, over the real server's standard streams."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_lsp
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities
from tests.patience import HANGS_AFTER

from weighbridge.tokens.registry import tokenizer

COMMAND = [sys.executable, "-m", "weighbridge.cli", "serve"]
PROMPT = "# Ünïcode 😀 {{name}} @[file:docs/a.md]\n\ntext\n\n## Part\n\n@[file:docs/missing.md]\n"


class Watcher:
    """Statuses and refreshes as they come."""

    def __init__(self, client: LanguageClient) -> None:
        self.statuses: list[Any] = []
        self.changed = asyncio.Event()

        @client.feature("weighbridge/status")
        def status(params: Any) -> None:
            self.statuses.append(params)
            self.changed.set()

        @client.feature(types.WORKSPACE_INLAY_HINT_REFRESH)
        def hint_refresh(params: Any) -> None:
            return None

        @client.feature(types.CLIENT_REGISTER_CAPABILITY)
        def register(params: Any) -> None:
            return None

    async def ready(self, version: int, tokens: int) -> Any:
        async with asyncio.timeout(HANGS_AFTER):
            while True:
                for status in self.statuses:
                    if (status.state, status.version, status.tokens) == ("ready", version, tokens):
                        return status
                self.changed.clear()
                await self.changed.wait()


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "workspace"
    (folder / "docs").mkdir(parents=True)
    (folder / "docs" / "a.md").write_text("the text of a, {{name}}", encoding="utf-8")
    (folder / "a.prompt.md").write_text(PROMPT, encoding="utf-8")
    return folder


@pytest_lsp.fixture(
    config=ClientServerConfig(server_command=COMMAND),
    params=["neovim@v0.11.0", "visual-studio-code", "emacs"],
)
async def client(
    request: pytest.FixtureRequest, lsp_client: LanguageClient, workspace: Path
) -> AsyncIterator[None]:
    lsp_client.set_configuration({"weighbridge": {"variables": {"name": "N"}}})
    await lsp_client.initialize_session(
        types.InitializeParams(
            capabilities=client_capabilities(request.param),
            workspace_folders=[types.WorkspaceFolder(workspace.as_uri(), "workspace")],
            initialization_options={"status": True, "variables": {"name": "N"}},
        )
    )
    yield
    await lsp_client.shutdown_session()


def count(text: str) -> int:
    return tokenizer("cl100k_base").count(text)


async def test_open_type_and_change(client: LanguageClient, workspace: Path) -> None:
    watcher = Watcher(client)
    uri = (workspace / "a.prompt.md").as_uri()
    client.text_document_did_open(
        types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, types.LanguageKind.Markdown, 1, PROMPT))
    )
    included = "the text of a, N"
    resolved = PROMPT.replace("{{name}}", "N").replace("@[file:docs/a.md]", included)
    status = await watcher.ready(1, count(resolved))
    assert (status.references.total, status.references.resolved, status.references.failed) == (3, 2, 1)

    document = types.TextDocumentIdentifier(uri)
    hints = await client.text_document_inlay_hint_async(
        types.InlayHintParams(document, types.Range(types.Position(0, 0), types.Position(9, 0)))
    )
    assert hints is not None
    part = "## Part\n\n@[file:docs/missing.md]\n"
    assert [(hint.position.line, hint.label) for hint in hints] == [
        (0, f"{count(included)}"),
        (0, f"{count(resolved)} / 128,000 tokens"),
        (4, f"{count(part)}"),
    ]

    end = types.Position(7, 0)
    client.text_document_did_change(
        types.DidChangeTextDocumentParams(
            types.VersionedTextDocumentIdentifier(2, uri),
            [types.TextDocumentContentChangePartial(types.Range(end, end), "more 😀 words")],
        )
    )
    await watcher.ready(2, count(resolved + "more 😀 words"))

    (workspace / "docs" / "a.md").write_text("another text", encoding="utf-8")
    client.workspace_did_change_watched_files(
        types.DidChangeWatchedFilesParams(
            [types.FileEvent((workspace / "docs" / "a.md").as_uri(), types.FileChangeType.Changed)]
        )
    )
    resolved = resolved.replace(included, "another text") + "more 😀 words"
    await watcher.ready(2, count(resolved))
    rendered = await client.workspace_execute_command_async(
        types.ExecuteCommandParams("weighbridge.render", [uri])
    )
    assert rendered == {"text": resolved}
    hover = await client.text_document_hover_async(types.HoverParams(document, types.Position(0, 0)))
    assert hover is not None
