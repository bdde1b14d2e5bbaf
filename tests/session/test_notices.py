"""What is told of rules that never load or always do, of files that another shadows, of descriptions that are cut."""

from pathlib import Path
from typing import Any

import pytest
from tests.session.harness import a_session, open_file
from tests.session.test_arriving import home, known, lay

from weighbridge.content.agent_files import AgentFiles, braces_expanded
from weighbridge.errors import Code

__all__ = ["home"]

Told = list[tuple[str, str, str, str]]


async def told(
    folder: Path, name: str, files: dict[str, str], settings: dict[str, Any] | None = None
) -> Told:
    """What is told of a file: its code, how severely, where, the message."""
    lay(folder, files)
    lines = files[name].split("\n")
    async with a_session(folder, settings) as session:
        report, _ = await known(session, open_file(session, folder / name))
        return [
            (
                notice.code.value,
                notice.severity,
                lines[place.start_line][place.start_character : place.end_character],
                notice.message,
            )
            for place, notice in report.notices
            if notice.code is not Code.REMOVED
        ]


RULE = ".claude/rules/r.md"
#: The front matter of a rule, and what is told: nothing, that it never loads, or that it always does.
RULES: list[tuple[str, str | None, str]] = [
    ("paths: src/**", None, ""),
    ("paths: SRC/A.TS", None, ""),
    ("paths: '**/*.{ts,tsx}'", None, ""),
    ("paths: 'nothing/**, lib/*.{js,ts}'", None, ""),
    ("paths: src/", None, ""),
    ("paths: deep/**", None, ""),
    ("paths: nothing/**", "never", ""),
    ("paths: './src/**'", "never", ""),
    ("paths: 'src/** lib/**'", "never", ""),
    ("paths: '/home/u/src/**'", "never", ""),
    ("paths: '**'", "loads", ""),
    ("globs: '**/*.ts'", "always", "globs"),
    ("globs: ['src/**']", "always", "globs"),
    ("applyTo: src/**", "always", "applyTo"),
    ("Paths: src/**", "always", "Paths"),
    ("paths:\n  - **/*.ts", "always", "paths"),
    # These say themselves that it always loads.
    ("globs: '**'", "loads", ""),
    ("globs:", "loads", ""),
    ("globs: '*.ts'\nalwaysApply: true", "loads", ""),
    ("description: for globs", "loads", ""),
    ("paths: src/**\nglobs: src/**", None, ""),
]


@pytest.mark.parametrize(("front", "what", "stretch"), RULES)
async def test_rules(tmp_path: Path, front: str, what: str | None, stretch: str) -> None:
    text = f"---\n{front}\n---\nrule\n"
    files = {
        RULE: text,
        "src/a.ts": "",
        "other/deep/a.ts": "",
        "lib/b.js": "",
        ".git/nothing/x": "",
        "node_modules/m.js": "",
    }
    found = await told(tmp_path, RULE, files)
    if what == "loads":
        assert found == []
    elif what == "always":
        ((code, severity, where, message),) = found
        assert (code, severity, where) == ("context.loads-always", "information", stretch)
        assert message.startswith("loads always: ")
    else:
        ((code, severity, _, message),) = found
        assert (code, severity) == ("context.not-loaded", "information")
        assert (", and there is none" in message) is (what == "never")


INSTRUCTIONS, QWEN = ".github/instructions/r.instructions.md", ".qwen/rules/r.md"
#: Rules of other agents: the agent, its file, its front matter, and whether a file is there that it waits for.
WAITING = [
    ("copilot-cli", INSTRUCTIONS, "applyTo: src/**", True),
    ("copilot-cli", INSTRUCTIONS, "applyTo: '*.ts'", True),
    ("copilot-cli", INSTRUCTIONS, "applyTo: 'nothing/**, **/*.{js,TS}'", True),
    ("copilot-cli", INSTRUCTIONS, "applyTo: './src/*.ts'", True),
    ("copilot-cli", INSTRUCTIONS, "applyTo: nothing/**", False),
    ("copilot-cli", INSTRUCTIONS, "applyTo: ['**/*.py', 'lib/**']", False),
    ("copilot-cli", RULE, "paths: '**/*.ts'", True),
    ("copilot-cli", RULE, "paths: '**/*.py'", False),
    ("vscode-copilot", INSTRUCTIONS, "applyTo: deep/*.ts", True),
    ("vscode-copilot", INSTRUCTIONS, "applyTo: '**/*.py,nothing/**'", False),
    ("qwen-code", QWEN, "paths: ['./src/**']", True),
    ("qwen-code", QWEN, "paths: ['src/**']", True),
    ("qwen-code", QWEN, "paths: ['nothing/**']", False),
    ("qwen-code", QWEN, "paths: ['*.ts']", False),
    ("qwen-code", QWEN, "paths: ['/src/**']", False),
]


@pytest.mark.parametrize(("agent", "name", "front", "there"), WAITING)
async def test_rules_wait_for_files_that_are_there(
    tmp_path: Path, agent: str, name: str, front: str, there: bool
) -> None:
    files = {name: f"---\n{front}\n---\nrule\n", "src/a.ts": "", "src/deep/b.ts": "", ".git/x.py": ""}
    ((code, severity, _, message),) = await told(tmp_path, name, files, {"agents": [agent]})
    assert (code, severity) == ("context.not-loaded", "information")
    assert (", and there is none" not in message) is there


@pytest.mark.parametrize(
    ("agent", "name", "front"),
    [
        ("claude-code", RULE, "paths: src/**/*.ts"),
        ("copilot-cli", INSTRUCTIONS, "applyTo: '**/*.ts'"),
        ("vscode-copilot", INSTRUCTIONS, "applyTo: '**/*.ts'"),
        ("qwen-code", QWEN, "paths: ['src/**']"),
    ],
)
@pytest.mark.parametrize("told_of", ["src/a.ts", "src"])
async def test_files_that_come_and_go_are_followed(
    tmp_path: Path, agent: str, name: str, front: str, told_of: str
) -> None:
    lay(tmp_path, {name: f"---\n{front}\n---\nrule\n", "a.md": ""})
    async with a_session(tmp_path, {"agents": [agent]}) as session:
        document = open_file(session, tmp_path / name)

        async def in_vain() -> bool:
            report, _ = await known(session, document)
            return any(", and there is none" in notice.message for _, notice in report.notices)

        assert await in_vain()
        lay(tmp_path, {"src/a.ts": ""})
        session.files_changed([tmp_path / told_of])
        assert not await in_vain()
        (tmp_path / "src" / "a.ts").unlink()
        session.files_changed([tmp_path / told_of])
        assert await in_vain()
        # What it does not wait for costs nothing.
        session.files_changed([tmp_path / "a.md"])
        assert not document.arrival_due


async def test_what_holds_too_much_is_not_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay(tmp_path, {f"{number}.md": "" for number in range(5)})
    files = AgentFiles((tmp_path,))
    assert files.holds_match(tmp_path, ["none/**"]) is False
    assert files.holds_match(tmp_path.parent, ["none/**"]) is None
    assert files.holds_match(tmp_path, ["a/**/b/**/c"]) is None
    monkeypatch.setattr("weighbridge.content.agent_files._MOST_MATCHED", 4)
    assert files.holds_match(tmp_path, ["none/**"]) is None
    # What a pattern points at is found all the same.
    lay(tmp_path, {f"{name}/x.md": "" for name in ("a", "b", "z/deep")})
    assert files.holds_match(tmp_path, ["z/deep/*.md"]) is True
    assert files.holds_match(tmp_path, ["../outside/*.md"]) is None


async def test_links_are_not_followed_to_what_matches(tmp_path: Path) -> None:
    lay(tmp_path, {"work/a.md": "", "outside/deep/x.ts": ""})
    (tmp_path / "work" / "out").symlink_to(tmp_path / "outside")
    files = AgentFiles((tmp_path / "work",))
    assert files.holds_match(tmp_path / "work", ["out/deep/*.ts", "**/*.ts"]) is False


def test_braces() -> None:
    assert sorted(braces_expanded("{a,b}/{c,{d,e}}")) == ["a/c", "a/d", "a/e", "b/c", "b/d", "b/e"]
    assert len(braces_expanded("{a,b}" * 50)) <= 400
    assert braces_expanded("a{b") == ["a{b"]


SHADOWED = "Claude Code does not load this file: a CLAUDE.md with text is loaded: AGENTS.md is not read"
#: The workspace's files, the agents that are chosen, and what is told of AGENTS.md.
SHADOWS: list[tuple[dict[str, str], list[str] | None, Told]] = [
    ({"CLAUDE.md": "text"}, None, [("context.not-loaded", "hint", "agents", SHADOWED)]),
    ({"CLAUDE.md": "see @AGENTS.md"}, None, []),
    ({"CLAUDE.md": "<!-- nothing -->"}, None, []),
    ({"GEMINI.md": "text"}, None, []),
    ({"CLAUDE.md": "text"}, ["codex", "opencode"], []),
    ({"CLAUDE.md": "text"}, ["codex", "claude-code"], [("context.not-loaded", "hint", "agents", SHADOWED)]),
]


@pytest.mark.parametrize(("files", "agents", "expected"), SHADOWS)
async def test_a_file_that_another_shadows(
    tmp_path: Path, files: dict[str, str], agents: list[str] | None, expected: Told
) -> None:
    settings = None if agents is None else {"agents": agents}
    assert await told(tmp_path, "AGENTS.md", {"AGENTS.md": "agents", **files}, settings) == expected


async def test_who_is_not_chosen_shadows_nothing(tmp_path: Path) -> None:
    files = {"AGENTS.md": "agents", "CLAUDE.md": "text"}
    # OpenCode reads AGENTS.md in its place: nobody said that it is used.
    assert await told(tmp_path, "CLAUDE.md", files) == []
    ((code, severity, _, message),) = await told(
        tmp_path, "CLAUDE.md", files, {"agents": ["claude-code", "opencode"]}
    )
    assert (code, severity) == ("context.not-loaded", "hint")
    assert message.startswith("OpenCode does not load this file: ")


SKILL = ".claude/skills/s/SKILL.md"
LONG = "word " * 400


async def test_a_description_that_is_cut(tmp_path: Path) -> None:
    text = f"---\nname: s\ndescription: {LONG.strip()}\n---\nbody\n"
    ((code, severity, where, message),) = await told(tmp_path, SKILL, {SKILL: text})
    assert (code, severity) == ("context.truncated", "warning")
    assert where == LONG.strip()[1535:]
    assert message.endswith("never arrive: Claude Code lists 1,536 characters of a description")


async def test_a_description_in_several_lines_that_is_cut(tmp_path: Path) -> None:
    folded = LONG.strip().replace("word word", "word\n  word")
    text = f"---\nname: s\ndescription: >\n  {folded}\n---\nbody\n"
    ((code, _, where, _),) = await told(tmp_path, SKILL, {SKILL: text})
    assert (code, where) == ("context.truncated", "description: >")


async def test_a_description_that_is_dropped(tmp_path: Path) -> None:
    skills = {
        f".claude/skills/{number:02}/SKILL.md": f"---\nname: n\ndescription: {number} {'x' * 990}\n---\n"
        for number in range(30)
    }
    name = ".claude/skills/29/SKILL.md"
    ((code, _, where, message),) = await told(tmp_path, name, skills)
    assert (code, where) == ("context.truncated", f"29 {'x' * 990}")
    assert message.endswith("never arrive: the list of all skills has 24,000 characters, and is full")
    assert await told(tmp_path, ".claude/skills/00/SKILL.md", skills) == []
