"""What a hostile repository can't make agents' rules read, and what the user's own files may name."""

import os
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from weighbridge import disk
from weighbridge.agents.model import Start
from weighbridge.agents.registry import AGENTS
from weighbridge.content.agent_files import AgentFiles

SECRET = "SECRET_WORDS"

#: Files of a repository by path, each a way to name `~/.ssh/key`, or what lies beside the repository.
TRICKS: dict[str, dict[str, object]] = {
    "link": {"CLAUDE.md": ("link", "../home/.ssh/key"), "AGENTS.md": ("link", "../home/.ssh/key")},
    "link into the agent's own folder": dict.fromkeys(
        ("CLAUDE.md", "AGENTS.md", "GEMINI.md", "QWEN.md", ".clinerules"),
        ("link", "../home/.claude/credentials.md"),
    ),
    "folder link": {
        ".claude": ("link", "../outside"),
        ".github": ("link", "../outside"),
        ".clinerules": ("link", "../outside"),
    },
    "import": dict.fromkeys(
        ("CLAUDE.md", "AGENTS.md", "GEMINI.md", "QWEN.md", ".goosehints"),
        "@../home/.ssh/key\n@~/.ssh/key\n@{home}/.ssh/key\n@../outside/CLAUDE.md\n{{file:../home/.ssh/key}}\n",
    ),
    "gemini settings": {
        ".gemini/settings.json": '{"context": {"fileName": ["../.ssh/key", "../home/.ssh/key", "../../home/.ssh/key"]}}',
        ".qwen/settings.json": '{"context": {"fileName": ["../.ssh/key", "../home/.ssh/key", "../../home/.ssh/key"]}}',
    },
    "codex settings": {
        ".codex/config.toml": 'project_doc_fallback_filenames = ["../home/.ssh/key", "{home}/.ssh/key"]'
    },
    "opencode settings": {
        "opencode.json": '{"instructions": ["~/.ssh/key", "../home/.ssh/*", "{home}/.ssh/key", "{home}/.ssh/*", "http://127.0.0.1/x"]}',
        "kilo.json": '{"instructions": ["~/.ssh/key", "../home/.ssh/*", "{home}/.ssh/key"]}',
    },
    "aider settings": {".aider.conf.yml": "read: [~/.ssh/key, ../home/.ssh, '{home}/.ssh/key']"},
    "aider environment": {".env": "AIDER_READ=~/.ssh/key"},
    "crush settings": {
        "crush.json": '{"options": {"context_paths": ["~/.ssh/key", "../home/.ssh", "{home}/.ssh/key"]}}'
    },
    "rules": {
        ".claude/rules/a.md": ("link", "../../../home/.ssh/key"),
        ".continue/rules": ("link", "../../home/.ssh"),
    },
    "skills": {".agents/skills/a/SKILL.md": ("link", "../../../../home/.ssh/key")},
    "git file": {".git": "gitdir: {home}/.ssh/.git/worktrees/x\n"},
}


def _lay(files: dict[str, object], folder: Path) -> tuple[Path, Path]:
    home, root = folder / "home", folder / "root"
    for path in (
        home / ".ssh" / "key",
        home / ".claude" / "credentials.md",
        folder / "outside" / "CLAUDE.md",
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"---\nname: {SECRET}\ndescription: {SECRET}\n---\n{SECRET}\n")
    for name in ("copilot-instructions.md", "rules/a.md", "x.md", "settings.json"):
        path = folder / "outside" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{SECRET}\n")
    (root / "sub").mkdir(parents=True)
    for name, value in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(value, tuple):
            path.symlink_to(value[1])
        else:
            path.write_text(str(value).replace("{home}", str(home)))
    if ".git" not in files:
        (root / ".git").mkdir()
    return root, home


@pytest.mark.parametrize("trick", TRICKS)
@pytest.mark.parametrize("agent", AGENTS)
def test_nothing_outside_is_read(agent: str, trick: str, tmp_path: Path) -> None:
    root, home = _lay(TRICKS[trick], tmp_path.resolve())
    for folder in (root, root / "sub"):
        own = tuple(home / name for name in AGENTS[agent].home_folders)
        files = AgentFiles((root,), trusted=own)
        context = AGENTS[agent].load(Start(folder, home), files)
        arrived = "".join(part.text for part in context.parts)
        lost = "".join(entry.lost.text for entry in context.entries if entry.lost is not None)
        assert SECRET not in arrived + lost


@pytest.mark.parametrize("trick", TRICKS)
@pytest.mark.parametrize("agent", AGENTS)
def test_nothing_outside_is_listed(
    agent: str, trick: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, home = _lay(TRICKS[trick], tmp_path.resolve())
    listed: list[Path] = []
    really = disk.opened_folder

    def opened_folder(real: Path) -> AbstractContextManager[tuple[int | Path, os.stat_result]]:
        listed.append(real)
        return really(real)

    monkeypatch.setattr(disk, "opened_folder", opened_folder)
    own = tuple(home / name for name in AGENTS[agent].home_folders)
    AGENTS[agent].load(Start(root, home), AgentFiles((root,), trusted=own))
    private = (home / ".ssh", tmp_path.resolve() / "outside")
    assert [
        path for path in listed if path.is_relative_to(private[0]) or path.is_relative_to(private[1])
    ] == []


@pytest.mark.parametrize("agent", ["opencode", "kilo"])
def test_braces_are_bounded(agent: str, tmp_path: Path) -> None:
    root, home = _lay(
        {f"{agent}.json": f'{{"instructions": ["{"{a,b}" * 60}", "*.md"]}}'}, tmp_path.resolve()
    )
    (root / "last.md").write_text("words\n")
    context = AGENTS[agent].load(Start(root, home), AgentFiles((root,)))
    assert [entry.path.name for entry in context.entries] == ["last.md"]


def test_what_was_not_opened_is_said(tmp_path: Path) -> None:
    root, home = _lay(TRICKS["link"], tmp_path.resolve())
    files = AgentFiles((root,), trusted=(home / ".claude",))
    AGENTS["claude-code"].load(Start(root, home), files)
    assert root / "CLAUDE.md" in files.refused


def test_the_users_own_links_are_followed(tmp_path: Path) -> None:
    root, home = _lay({}, tmp_path.resolve())
    (tmp_path / "dotfiles").mkdir()
    (tmp_path / "dotfiles" / "claude.md").write_text("mine\n")
    (home / ".claude" / "CLAUDE.md").symlink_to(tmp_path / "dotfiles" / "claude.md")
    context = AGENTS["claude-code"].load(Start(root, home), AgentFiles((root,), trusted=(home / ".claude",)))
    assert [entry.text for entry in context.entries] == ["mine"]
