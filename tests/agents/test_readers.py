"""Which agents read a file by its path, and the dialect that follows."""

from pathlib import Path

import pytest
from tests.agents.recorded import Case, lay

from weighbridge.agents.readers import DIALECTS, TITLES, dialect_for, readers_of
from weighbridge.agents.registry import AGENTS, agent_named


def test_the_names_are_those_of_the_agents() -> None:
    assert dict(TITLES) == {agent.name: agent.title for agent in AGENTS.values()}
    assert [*TITLES] == [*AGENTS]
    assert {name for name in AGENTS if agent_named(name) is not AGENTS[name]} == set()
    assert [agent_named(name) for name in ("cn", "droid", "vibe")] == [
        AGENTS[name] for name in ("continue-cli", "factory-droid", "mistral-vibe")
    ]
    assert agent_named("model") is None
    assert "model" not in AGENTS
    assert set(DIALECTS) == {"markdown", "text", *AGENTS}


@pytest.mark.parametrize(
    ("path", "dialect"),
    [
        ("CLAUDE.md", "claude-code"),
        ("sub/CLAUDE.md", "claude-code"),
        # No agent looks for these names where letter case counts.
        ("prompts/claude.md", "markdown"),
        ("docs/agents.md", "markdown"),
        (".claude/commands/agents.md", "claude-code"),
        (".claude/rules/deep/a.md", "claude-code"),
        (".claude/settings.json", "markdown"),
        ("skills/x/SKILL.md", "claude-code"),
        (".claude/skills/x/SKILL.md", "claude-code"),
        (".agents/skills/x/SKILL.md", "codex"),
        (".gemini/skills/x/SKILL.md", "gemini-cli"),
        (".github/skills/x/SKILL.md", "copilot-cli"),
        (".roo/skills/x/SKILL.md", "text"),
        ("plugins/p/agents/a.md", "claude-code"),
        ("AGENTS.md", "codex"),
        ("AGENTS.override.md", "codex"),
        ("GEMINI.md", "gemini-cli"),
        ("QWEN.md", "qwen-code"),
        (".github/copilot-instructions.md", "copilot-cli"),
        (".github/instructions/a.instructions.md", "copilot-cli"),
        ("a.chatmode.md", "vscode-copilot"),
        (".clinerules", "cline"),
        (".clinerules/a.txt", "cline"),
        (".continue/rules/a.md", "continue-cli"),
        (".goosehints", "goose"),
        # Of agents whose rules are not known here.
        (".cursor/rules/a.mdc", "text"),
        (".cursorrules", "text"),
        # Templates.
        ("greet.prompt", "text"),
        ("greet.j2", "text"),
        ("greet.prompty", "text"),
        ("prompts/a.md", "markdown"),
        ("a.prompt.md", "markdown"),
        ("README.md", "markdown"),
    ],
)
def test_the_dialect_of_a_file(path: str, dialect: str) -> None:
    assert dialect_for(path).name == dialect


@pytest.mark.parametrize(
    ("chosen", "dialect"),
    [
        (("claude-code", "codex"), "claude-code"),
        (("codex", "claude-code"), "codex"),
        (("goose",), "goose"),
        (("aider",), "codex"),
        ((), "codex"),
    ],
)
def test_the_first_of_the_chosen_agents_that_reads_it_counts(chosen: tuple[str, ...], dialect: str) -> None:
    assert dialect_for("AGENTS.md", chosen).name == dialect


def test_prompts_have_no_readers() -> None:
    assert readers_of("prompts/a.md") is None
    assert readers_of(".cursorrules") == ()


FOLDERS = [
    ".claude",
    ".codex",
    ".gemini",
    ".qwen",
    ".opencode",
    ".kilocode",
    ".kilo",
    ".factory",
    ".continue",
]
FOLDERS += [".vibe", ".openhands", ".agents", ".agent", ".github", ".roo", ".cursor", ".kiro"]


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_readers_of_a_skill_are_the_agents_that_list_it(folder: str, tmp_path: Path) -> None:
    path = f"{folder}/skills/mine/SKILL.md"
    files = {path: "---\nname: mine\ndescription: D\n---\nBody\n"}
    data = {"agent": "codex", "case": "readers", "files": files, "git": True, "home": {}, "settings": {}}
    laid = lay(Case(data), tmp_path.resolve())
    listing = {name for name in AGENTS if any(entry.kind == "skill" for entry in laid.load(name).entries)}
    # Mistral Vibe lists them where the user trusts the folder, and nobody did.
    assert set(readers_of(path) or ()) - {"mistral-vibe"} == listing


@pytest.mark.parametrize(
    "name",
    [
        *("CLAUDE.md", "CLAUDE.local.md", "AGENTS.md", "AGENTS.override.md", "GEMINI.md", "QWEN.md"),
        *(".github/copilot-instructions.md", "CRUSH.md", ".goosehints", ".clinerules"),
    ],
)
def test_the_readers_of_a_file_are_the_agents_that_load_it(name: str, tmp_path: Path) -> None:
    loading = set()
    for agent in AGENTS:
        data = {"agent": agent, "case": "readers", "files": {name: "Text\n"}, "git": True, "settings": {}}
        laid = lay(Case(data), (tmp_path / agent).resolve())
        if any(entry.path == laid.folder / name for entry in laid.load(agent).entries):
            loading.add(agent)
    assert set(readers_of(name) or ()) == loading
