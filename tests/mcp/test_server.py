"""The tools as an agent's program meets them."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.mcp.calls import answer, in_memory, over_pipes, said

from weighbridge.cli import main
from weighbridge.tokens.registry import tokenizer
from weighbridge.tools import ToolWorkspace

PROMPT = "# A\n\n@[file:b.md] and {{name}}\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    found = tmp_path / "home"
    found.mkdir()
    monkeypatch.setenv("HOME", str(found))
    monkeypatch.setenv("XDG_CACHE_HOME", str(found / "cache"))
    return found


@pytest.fixture
def folder(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a prompt, and with context files of which one is too long and one imports."""
    found = tmp_path / "workspace"
    (found / ".git").mkdir(parents=True)
    (found / "docs").mkdir()
    (found / "weighbridge.toml").write_text('[variables]\nname = "N"\n')
    (found / "a.prompt.md").write_text(PROMPT)
    (found / "b.md").write_text("bee\n")
    (found / "CLAUDE.md").write_text("Read @docs/style.md\n")
    (found / "docs" / "style.md").write_text("Short words.\n")
    (found / "AGENTS.md").write_text("Rules for all.\n" * 3000)
    monkeypatch.chdir(found)
    return found


async def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """The JSON that the command line prints."""
    assert await asyncio.to_thread(main, [*arguments, "--format", "json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


async def test_both_tools_cost_less_than_400_tokens(folder: Path) -> None:
    async with in_memory(folder) as client:
        listed = await client.list_tools()
    assert [tool.name for tool in listed.tools] == ["context", "count"]
    text = json.dumps([tool.model_dump(by_alias=True, exclude_none=True) for tool in listed.tools])
    assert tokenizer("o200k_base").count(text) < 400


async def test_numbers_are_the_command_lines(
    folder: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    contexts = (await printed(capsys, "context"))["contexts"]
    (document,) = (await printed(capsys, "count", "a.prompt.md", "--model", "gpt-5"))["documents"]
    (context_file,) = (await printed(capsys, "count", "CLAUDE.md"))["documents"]
    async with over_pipes(folder, home) as client:
        found = (await answer(client, "context"))["contexts"]
        counted = await answer(client, "count", path="a.prompt.md", model="gpt-5")
        resolved = await answer(client, "count", path="CLAUDE.md")
    names = ("agent", "tokens", "exactness", "encoding")
    assert [[one[name] for name in names] for one in found] == [
        [one[name] for name in names] for one in contexts
    ]
    for one, other in zip(found, contexts, strict=True):
        entries = {folder / entry["path"]: entry for entry in one["entries"]}
        for entry in other["entries"]:
            same = entries[Path(entry["path"])]
            assert same["tokens"] == entry["tokens"]
            assert ("lost" in same) == (entry["lost"] is not None)
            if entry["lost"] is not None:
                lost = same["lost"]["tokens"], same["lost"]["from_line"]
                assert lost == (entry["lost"]["tokens"], entry["lost"]["line"] + 1)
        assert len(one.get("not_loaded", [])) == len(other["not_loaded"])
    assert any("lost" in entry for one in found for entry in one["entries"])
    assert any(one.get("not_loaded") for one in found)
    for one, other in ((counted, document), (resolved, context_file)):
        assert (one["tokens"], one["exactness"]) == (other["tokens"], other["exactness"])
    assert counted["cost"]["input_usd"] == document["cost"]["input_usd"]
    assert counted["used"] == document["budget"]["used"]
    assert counted["references"] == [
        {"target": one["target"], "tokens": one["tokens"]} for one in document["references"]
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Hello @[file:b.md]",
        "---\na: b\n---\n<!-- weighbridge: model=opus -->",
        "a\0b \N{WAVING HAND SIGN}",
    ],
    ids=["nothing", "a reference", "front matter and a directive", "NUL"],
)
async def test_a_text_counts_as_it_is(folder: Path, text: str) -> None:
    async with in_memory(folder) as client:
        found = await answer(client, "count", text=text, model="gpt-5")
    tokens = tokenizer("o200k_base").count(text)
    assert (found["tokens"], found["exactness"], found["context_window"]) == (tokens, "exact", 400_000)
    assert found["used"] == tokens / 400_000


def _tricks(outside: Path, folder: Path) -> list[tuple[str, dict[str, Any], str]]:
    """Calls that can't be answered, and what is said of each."""
    (outside / "secrets").mkdir(parents=True)
    (outside / "secrets" / "CLAUDE.md").write_text("secret")
    (folder / "link").symlink_to(outside / "secrets")
    (folder / "loop").symlink_to(folder / "loop")
    os.mkfifo(folder / "pipe")
    (folder / "binary").write_bytes(b"\0\1\2" * 99)
    elsewhere = "the only folder that is read here"
    return [
        ("context", {"folder": str(outside)}, elsewhere),
        ("context", {"folder": ".."}, elsewhere),
        ("context", {"folder": "docs/../../outside"}, elsewhere),
        ("context", {"folder": "link"}, elsewhere),
        ("context", {"folder": "~"}, elsewhere),
        ("context", {"folder": "nowhere"}, "nowhere: no folder there"),
        ("context", {"folder": "b.md"}, "b.md: no folder there"),
        ("context", {"folder": "do\0cs"}, "not a path"),
        ("context", {"folder": "a/" * 5000}, "longer than a path can be"),
        ("context", {"folder": 7}, "folder: expected a text, got int"),
        ("context", {"agent": "hal"}, "agent: hal: unknown; there are claude-code"),
        ("context", {"agent": "h\nal" * 999}, "unknown; there are claude-code"),
        ("context", {"model": "zzz"}, "model: unknown model 'zzz'"),
        ("context", {"rabbit": "x"}, "rabbit: unknown argument; there are folder, agent, model"),
        ("count", {"path": "../outside/secrets/CLAUDE.md"}, elsewhere),
        ("count", {"path": str(outside / "secrets" / "CLAUDE.md")}, elsewhere),
        ("count", {"path": "link/CLAUDE.md"}, elsewhere),
        ("count", {"path": "//server/share"}, elsewhere),
        ("count", {"path": "/proc/self/environ"}, elsewhere),
        ("count", {"path": "loop"}, "loop"),
        ("count", {"path": "pipe"}, "not an ordinary file"),
        ("count", {"path": "binary"}, "binary"),
        ("count", {"path": "docs"}, "path: docs: a folder"),
        ("count", {"path": "no.md"}, "no.md: not found"),
        ("count", {"path": "a\0.md"}, "not a path"),
        ("count", {"path": "a.prompt.md", "model": "zzz"}, "model: unknown model 'zzz'"),
        ("count", {"text": "a" * 10_485_761}, "text: 10,485,761 bytes, more than the 10,485,760"),
        ("count", {"text": ["a"]}, "text: expected a text, got list"),
        ("count", {"text": "a", "path": "b.md"}, "give either path or text"),
        ("count", {}, "give either path or text"),
        ("delete", {}, "delete: unknown tool; there are context, count"),
    ]


async def test_what_cannot_be_answered_is_named_and_ends_nothing(
    tmp_path: Path, folder: Path, home: Path
) -> None:
    async with over_pipes(folder, home) as client:
        for tool, arguments, expected in _tricks(tmp_path / "outside", folder):
            failed, text = await said(client, tool, arguments)
            assert (failed, expected in text, text.isprintable()) == (True, True, True), (arguments, text)
            assert len(text) < 1_000
        assert (await answer(client, "count", text="still here"))["tokens"] == 2


async def test_a_repository_gives_away_nothing_and_fetches_nothing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "hunter2 " * 50)
    (tmp_path / "secret.md").write_text("classified " * 50)
    (folder / "leads-out.md").symlink_to(tmp_path / "secret.md")
    (folder / "weighbridge.toml").write_text('env = ["TOKEN"]\napiAllow = ["127.0.0.1"]\nfileRoots = ["/"]\n')
    (folder / "CLAUDE.md").write_text("@../secret.md @leads-out.md\n")
    references = "@[var:env.TOKEN] @[file:../secret.md] @[file:leads-out.md] @[api:http://127.0.0.1:9/x]"
    (folder / "a.prompt.md").write_text(references)
    async with in_memory(folder) as client:
        counted = await answer(client, "count", path="a.prompt.md")
        found = await answer(client, "context", agent="claude-code")
    assert counted["tokens"] < 50
    assert not any("tokens" in one for one in counted["references"])
    assert len(counted["findings"]) == 4
    assert any("apiAllow" in one for one in counted["warnings"])
    (context,) = found["contexts"]
    assert [entry["path"] for entry in context["entries"]] == ["CLAUDE.md"]
    for said_of in (counted, found):
        assert "hunter2" not in json.dumps(said_of)


async def test_the_workspace_is_the_folder_that_it_was_started_in(folder: Path) -> None:
    (folder / "docs" / "a.prompt.md").write_text("@[file:../b.md]")
    async with in_memory(folder / "docs") as client:
        found = await answer(client, "count", path="a.prompt.md")
    assert found["references"] == [{"target": "../b.md"}]
    assert "outside the workspace" in found["findings"][0]["message"]


async def test_what_is_left_out_of_an_answer_is_said(folder: Path) -> None:
    lines = [f"@[file:{'x' * 200}{number}.md]\n" for number in range(1000)]
    (folder / "many.md").write_text("".join(["@[file:b.md]\n", *lines]))
    async with in_memory(folder) as client:
        failed, text = await said(client, "count", {"path": "many.md"})
    found = json.loads(text)
    assert not failed
    assert len(text) <= 40_000
    assert found["references"][0] == {"target": "b.md", "tokens": 2}
    assert len(found["references"]) + found["references_left_out"] == 1001
    assert len(found["findings"]) + found["findings_left_out"] >= 1000


async def test_calls_at_the_same_time_answer_as_one_by_one(folder: Path) -> None:
    async with in_memory(folder) as client:
        one = await answer(client, "count", path="a.prompt.md")
        context = await answer(client, "context")
        calls = [answer(client, "count", path="a.prompt.md") for _ in range(8)]
        *counted, found = await asyncio.gather(*calls, answer(client, "context"))
    assert counted == [one] * 8
    assert found == context


def test_lines_that_are_no_messages_end_nothing(folder: Path, home: Path) -> None:
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "a", "version": "1"}}
    call = {"name": "count", "arguments": {"text": "still here"}}
    lines = [
        json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}).encode(),
        b'{"jsonrpc": "2.0", "method": "notifications/initialized"}',
        b"\xff\xfe\0 nonsense",
        b"[" * 100_000,
        b'{"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "count", "arguments": {"text": "\\ud800"}}}',
        b'{"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": 7}',
        json.dumps({"jsonrpc": "2.0", "id": 4, "method": "tools/call", "params": call}).encode(),
    ]
    server = subprocess.Popen(
        [sys.executable, "-m", "weighbridge", "mcp"],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with server:
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(b"".join(line + b"\n" for line in lines))
        server.stdin.flush()
        (answered,) = next(
            message["result"]["content"]
            for message in map(json.loads, server.stdout)
            if message.get("id") == 4
        )
        server.stdin.close()
    assert json.loads(answered["text"])["tokens"] == 2
    assert server.returncode == 0


async def test_a_fault_of_ours_is_told_and_the_next_call_answered(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> str:
        raise RuntimeError("hunter2")

    with monkeypatch.context() as patch:
        patch.setattr(ToolWorkspace, "context", fail)
        async with in_memory(folder) as client:
            assert await said(client, "context", {}) == (
                True,
                "a fault of Weighbridge's own (RuntimeError), see its log",
            )
            assert (await answer(client, "count", text="a"))["tokens"] == 1


def test_without_the_extra_one_line_says_how_to_install_it(folder: Path) -> None:
    program = "import sys; sys.modules['mcp'] = None; from weighbridge.cli import main; main(['mcp'])"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (2, "")
    (line,) = ran.stderr.splitlines()
    assert line.endswith("pip install 'weighbridge[mcp]'")
