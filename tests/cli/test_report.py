"""`weighbridge report`: one page of what a folder's documents and agents' contexts hold, lose, and how they changed."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from tests.cli.test_diff import git
from tests.page.test_page import Parsed

from weighbridge import cli
from weighbridge.agents.registry import AGENTS
from weighbridge.page import contents
from weighbridge.tokens.registry import tokenizer

count = tokenizer("cl100k_base").count


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a prompt, and a context file that Codex cuts."""
    home, folder = tmp_path / "home", tmp_path / "project"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (home / ".codex").mkdir()
    (home / ".codex" / "AGENTS.md").write_text("mine\n")
    (folder / "prompts").mkdir(parents=True)
    (folder / "style.md").write_text("Short \U0001f600 sentences.\n")
    (folder / "prompts" / "a.prompt.md").write_text("# One \U0001f600\n\n@../style.md and @[file:none.md]\n")
    (folder / "AGENTS.md").write_text("rule\n" * 8_000)
    git(folder, "init", "-q")
    return folder


def reported(folder: Path, *words: str, code: int = 0) -> dict[str, Any]:
    page = folder.parent / "page.html"
    assert cli.main(["report", str(folder), "--html", str(page), *words]) == code
    parsed = Parsed(page.read_text(encoding="utf-8"))
    shown: dict[str, Any] = json.loads(next(text for kind, text in parsed.texts if kind == "script"))
    return shown


def test_documents_with_their_texts_and_where_these_came_from(folder: Path) -> None:
    shown = reported(folder, "--agent", "claude-code")
    by_name = {one["name"]: one for one in shown["documents"]}
    assert by_name.keys() == {"AGENTS.md", "prompts/a.prompt.md"}
    prompt = by_name["prompts/a.prompt.md"]
    text = prompt["resolved"]
    assert text == "# One \U0001f600\n\nShort \U0001f600 sentences.\n and @[file:none.md]\n"
    assert prompt["tokens"] == count(text)
    (source,) = prompt["sources"]
    units = text.encode("utf-16-le")
    assert (
        units[2 * source["start"] : 2 * source["end"]].decode("utf-16-le") == "Short \U0001f600 sentences.\n"
    )
    assert (source["name"], source["depth"], source["tokens"]) == (
        "style.md",
        1,
        count("Short \U0001f600 sentences.\n"),
    )
    assert [(one["line"], one["severity"]) for one in prompt["findings"]] == [(3, "error")]
    assert prompt["references"][0]["uri"] == "style.md"
    assert str(folder.parent) not in json.dumps(shown["documents"])


def test_what_an_agent_loads_and_what_of_it_never_arrives(folder: Path) -> None:
    shown = reported(folder, "--agent", "codex")
    (context,) = shown["contexts"]
    assert context["name"] == "Codex"
    assert [entry["name"] for entry in context["entries"]] == ["~/.codex/AGENTS.md", "AGENTS.md"]
    pieces = [piece for part in context["parts"] for piece in part["pieces"]]
    (cut,) = (piece for piece in pieces if piece["lost"] is not None)
    assert cut["name"] == "AGENTS.md"
    assert cut["text"] + cut["lost"]["text"] == "rule\n" * 8_000
    assert cut["lost"]["tokens"] == context["entries"][1]["lost"] > 0
    o200k = tokenizer("o200k_base").count
    assert context["tokens"] == sum(
        o200k("".join(one["text"] for one in part["pieces"])) for part in context["parts"]
    )


def test_all_agents_that_load_anything(folder: Path) -> None:
    names = {one["name"] for one in reported(folder)["contexts"]}
    assert {"Codex", "Claude Code", "OpenCode"} <= names <= {agent.title for agent in AGENTS.values()}
    assert "Gemini CLI" not in names


def test_what_changed_since_a_revision(folder: Path) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "one")
    (folder / "style.md").write_text("Short \U0001f600 sentences, and good ones.\n")
    changes = reported(folder, "--agent", "codex", "--diff", "HEAD")["changes"]
    assert changes["revision"] == "HEAD"
    (change,) = changes["all"]
    grown = count("Short \U0001f600 sentences, and good ones.\n") - count("Short \U0001f600 sentences.\n")
    assert (change["name"], change["now"] - change["before"]) == ("prompts/a.prompt.md", grown)
    assert change["through"] == {"style.md": grown}


def test_what_changed_for_the_agents_that_are_asked_for(folder: Path) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "one")
    (folder / "AGENTS.md").write_text("rule\n" * 8_100)
    changes = reported(folder, "--agent", "codex", "--diff", "HEAD")["changes"]
    assert [one["name"] for one in changes["all"]] == ["Codex"]
    assert changes["all"][0]["lost"]["now"] > changes["all"][0]["lost"]["before"]


def test_texts_that_would_make_the_page_too_large_are_left_out(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "MOST_TEXT", 200)
    shown = reported(folder, "--agent", "codex")
    assert [part["pieces"] for part in shown["contexts"][0]["parts"]] == [None]
    assert {one["resolved"] for one in shown["documents"]} == {None}
    assert shown["contexts"][0]["tokens"] > 0


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["no-such-folder", "--html", "a.html"], "no-such-folder: no folder there"),
        ([".", "--html", "none/a.html"], "--html none/a.html: can't be written: No such file or directory"),
        ([".", "--html", "a.html", "--agent", "nobody"], "--agent nobody: unknown; there are"),
        ([".", "--html", "a.html", "--diff", "nothing"], "--diff nothing"),
    ],
)
def test_what_can_not_be_done_is_said(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    why: str,
) -> None:
    monkeypatch.chdir(folder)
    with pytest.raises(SystemExit) as left:
        cli.main(["report", *words])
    assert left.value.code == 2
    assert why in capsys.readouterr().err
    assert not os.path.lexists(folder / "a.html")
