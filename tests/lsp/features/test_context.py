"""What agents receive, in an editor: the request, the hint of line 1, the hover, what never arrives."""

import json
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from tests.editors.editor import Editor, editor
from tests.editors.recording import EGLOT, VSCODE
from tests.patience import HANGS_AFTER
from tests.session.test_arriving import home

from weighbridge.cli import main
from weighbridge.lsp.features import hover
from weighbridge.tokens.registry import tokenizer

__all__ = ["home"]


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Contexts are waited for, however slow the machine is."""
    monkeypatch.setattr(hover, "_SECONDS_FOR_CONTEXTS", HANGS_AFTER)


async def asked(session: Editor, method: str, uri: str, **more: Any) -> Any:
    return await session.ask(method, {"textDocument": {"uri": uri}, **more})


async def test_the_request_answers_as_the_command(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "CLAUDE.md").write_text("see @a.md\n")
    (folder / "a.md").write_text("A\n")
    (folder / ".git").mkdir()
    main(["context", str(folder), "--format", "json"])
    expected = json.loads(capsys.readouterr().out)
    async with editor(VSCODE, folder) as session:
        uri = session.uri("CLAUDE.md")
        assert await asked(session, "weighbridge/context", uri) == expected
        assert await session.ask("weighbridge/context", {"folder": folder.as_uri()}) == expected
        claude = [one for one in expected["contexts"] if one["agent"] == "claude-code"]
        found = await asked(session, "weighbridge/context", uri, agents=["claude-code"])
        assert found == {"contexts": claude}
        # What is open counts as it is in the editor.
        await session.open("CLAUDE.md", "more words, see @a.md\n")
        session.edit(uri, 2, "even more words, see @a.md\n")
        (context,) = (await asked(session, "weighbridge/context", uri, agents=["claude-code"]))["contexts"]
        count = tokenizer(context["encoding"]).count
        assert context["entries"][0]["tokens"] == count("even more words, see @a.md")


async def test_the_folder_that_agents_are_started_in_can_be_chosen(folder: Path) -> None:
    below = folder / "sub" / "deep"
    below.mkdir(parents=True)
    (folder / ".git").mkdir()
    for place, text in ((folder, "root"), (folder / "sub", "below")):
        (place / "AGENTS.md").write_text(text)
    (folder / "sub" / "CLAUDE.md").write_text("claude, below")
    expected = {
        folder: {"codex": ["AGENTS.md"], "claude-code": ["AGENTS.md"]},
        folder / "sub": {"codex": ["AGENTS.md", "sub/AGENTS.md"], "claude-code": ["sub/CLAUDE.md"]},
        below: {"codex": ["AGENTS.md", "sub/AGENTS.md"], "claude-code": ["sub/CLAUDE.md"]},
    }
    async with editor(VSCODE, folder) as session:
        for place, loads in expected.items():
            asked_for = {"folder": place.as_uri(), "agents": [*loads]}
            contexts = (await session.ask("weighbridge/context", asked_for))["contexts"]
            assert {one["folder"] for one in contexts} == {str(place)}
            found = {
                one["agent"]: [Path(entry["path"]).relative_to(folder).as_posix() for entry in one["entries"]]
                for one in contexts
            }
            assert found == loads


@pytest.mark.parametrize(
    "params",
    [{}, {"folder": 1}, {"folder": "untitled:x"}, {"folder": "file:///", "agents": ["nobody"]}, None],
)
async def test_what_can_not_be_answered_is_said(folder: Path, params: Any) -> None:
    async with editor(VSCODE, folder) as session:
        _, answer = session.begin("weighbridge/context", params)
        assert (await answer)["error"]["code"] == -32602


async def test_hint_hover_and_what_is_cut(folder: Path) -> None:
    text = "# Rules\n" + "word " * 8_000
    (folder / "AGENTS.md").write_text(text)
    (folder / ".git").mkdir()
    async with editor(VSCODE, folder) as session:
        uri = await session.open("AGENTS.md", text)
        report = await session.report(uri)
        rendered = (await asked(session, "weighbridge/render", uri))["text"]
        count = tokenizer("o200k_base").count
        assert report["tokens"] == count(rendered)
        place = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 9}}
        (hint,) = await asked(session, types.TEXT_DOCUMENT_INLAY_HINT, uri, range=place)
        assert hint["label"] == f"{report['tokens']:,} tokens in Codex, cut"
        shown = await asked(session, types.TEXT_DOCUMENT_HOVER, uri, position=place["start"])
        said = shown["contents"]["value"]
        assert "AGENTS.md (" in said
        assert "the same file in OpenCode ≈" in said
        (found,) = (await asked(session, types.TEXT_DOCUMENT_DIAGNOSTIC, uri))["items"]
        lost = text.encode()[32_768:].decode()
        start, end = {"line": 1, "character": 32_768 - 8}, {"line": 1, "character": 40_000}
        assert (found["code"], found["severity"], found["tags"]) == ("context.truncated", 2, [1])
        assert found["range"] == {"start": start, "end": end}
        assert found["message"].startswith(f"{count(lost):,} tokens never arrive: ")


async def first_hover(session: Editor, uri: str) -> str:
    await session.report(uri)
    shown = await asked(session, types.TEXT_DOCUMENT_HOVER, uri, position={"line": 0, "character": 0})
    return str(shown["contents"]["value"])


async def test_the_same_file_in_other_chosen_agents(folder: Path) -> None:
    text = "# Rules\n" + "word " * 8_000
    (folder / "AGENTS.md").write_text(text)
    (folder / ".git").mkdir()
    settings = {"agents": ["opencode", "codex", "gemini-cli", "copilot-cli"]}
    async with editor(EGLOT, folder, settings=settings) as session:
        uri = await session.open("AGENTS.md", text)
        (codex,) = (await asked(session, "weighbridge/context", uri, agents=["codex"]))["contexts"]
        (entry,) = codex["entries"]
        (copilot,) = (await asked(session, "weighbridge/context", uri, agents=["copilot-cli"]))["contexts"]
        whole = f"GitHub Copilot CLI ≈{copilot['entries'][0]['tokens']:,}"
        cut = f"Codex {entry['tokens']:,}, cut at line 2"
        assert f"the same file in {cut} · Gemini CLI not read · {whole}" in await first_hover(session, uri)


async def test_an_agent_whose_rules_were_only_read_says_so(folder: Path) -> None:
    (folder / "AGENTS.md").write_text("words\n")
    async with editor(EGLOT, folder, settings={"agents": ["goose", "crush"]}) as session:
        said = await first_hover(session, await session.open("AGENTS.md"))
        assert "goose: as read, not recorded" in said
        assert "the same file in Crush (as read, not recorded) ≈" in said


async def test_a_file_that_a_link_leads_to_is_the_same(folder: Path) -> None:
    (folder / "AGENTS.md").write_text("words\n")
    (folder / "CLAUDE.md").symlink_to("AGENTS.md")
    async with editor(EGLOT, folder, settings={"agents": ["claude-code", "codex"]}) as session:
        said = await first_hover(session, await session.open("CLAUDE.md"))
        assert "the same file in Codex 2" in said


async def test_what_arrives_twice_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "many" + " words" * 50
    (folder / "AGENTS.md").write_text(text)
    (folder / "CLAUDE.md").write_text("@AGENTS.md\n")
    (folder / ".git").mkdir()
    once = tokenizer("o200k_base").count(text)
    expected = (
        f"the same text twice: AGENTS.md, AGENTS.md (imported by CLAUDE.md): once would save ≈{once} tokens"
    )
    main(["context", str(folder), "--agent", "copilot-cli"])
    assert expected in capsys.readouterr().out
    main(["context", str(folder), "--agent", "claude-code"])
    assert "the same text" not in capsys.readouterr().out
    async with editor(EGLOT, folder, settings={"agents": ["copilot-cli"]}) as session:
        assert expected in await first_hover(session, await session.open("AGENTS.md"))
