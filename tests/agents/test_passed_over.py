"""What looks like an import and is none: the reason in words, for each agent that imports, and what to write instead."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from weighbridge.agents.model import Ignored, Start
from weighbridge.agents.registry import AGENTS
from weighbridge.content.agent_files import AgentFiles

FILES: Mapping[str, str | bytes] = {
    "docs/a.md": "A",
    "b c.md": "B",
    "docs/日本.md": "J",
    "日本.md": "J",
    "Makefile": "all:",
    "binary.md": b"\xff",
    "latin.md": b"\xe9",
    "large.md": "x" * 1_100_000,
    "../outside.md": "O",
    ".git/a.md": "G",
}

#: A file's text, and by agent what is said of the first place in it; None for nothing.
#: For Claude Code: `tests/session/test_ignored_imports.py` has more.
REASONS: dict[str, dict[str, tuple[str, str, str | None] | None]] = {
    "see @docs/a.md.": {
        "claude-code": ("warning", "the full stop belongs to the path", "@docs/a.md ."),
        "gemini-cli": ("warning", "the full stop belongs to the path", "@docs/a.md ."),
        "qwen-code": ("warning", "the full stop belongs to the path", "@docs/a.md ."),
        "copilot-cli": None,
        "goose": None,
    },
    "**@docs/a.md**": {
        "claude-code": None,
        "copilot-cli": ("warning", "the * belongs to the path", "@docs/a.md **"),
        "goose": ("information", "imports stand at a line's start", " @docs/a.md "),
    },
    "@docs/a.md|": {"copilot-cli": ("warning", "the | belongs to the path", "@docs/a.md |"), "goose": None},
    "@docs/a.md#part": {"copilot-cli": ("warning", "the # belongs to the path", "@docs/a.md #part"), "goose": None},
    "[see @docs/a.md](x)": {"copilot-cli": ("warning", "the ] belongs to the path", "@docs/a.md ](x)"), "goose": None},
    "(@docs/a.md)": {
        "claude-code": ("information", "imports stand at", " @docs/a.md "),
        "gemini-cli": ("information", "imports stand at", " @docs/a.md "),
        "qwen-code": ("information", "imports stand at", " @docs/a.md "),
        "copilot-cli": None,
        "goose": ("information", "imports stand at a line's start", " @docs/a.md "),
    },
    '@"docs/a.md"': {
        "claude-code": ("warning", "quotes are not understood", "@docs/a.md"),
        "gemini-cli": ("warning", "quotes are not understood", "@docs/a.md"),
        "qwen-code": ("warning", "quotes are not understood", "@docs/a.md"),
        "copilot-cli": ("warning", "quotes are not understood", "@docs/a.md"),
        "goose": ("warning", "quotes are not understood", "@docs/a.md"),
    },
    "@b\\ c.md": {
        "claude-code": None,
        "copilot-cli": ("warning", "a space ends the path here", None),
        "goose": ("warning", "a space ends the path here", None),
    },
    "@日本.md": {
        "gemini-cli": ("information", "no path is seen in 日本.md: write ./ before it", "@./日本.md"),
        "qwen-code": ("information", "no path is seen in 日本.md: write ./ before it", "@./日本.md"),
    },
    "@docs/日本.md": {"copilot-cli": None, "goose": ("warning", "the path ends before 日 here", None)},
    "@Makefile": {
        "copilot-cli": ("information", "a path needs a dot or a slash", "@./Makefile"),
        "goose": None,
    },
    "`@docs/a.md`": {
        "claude-code": ("hint", "it stands in a code span", None),
        "gemini-cli": ("hint", "it stands in code", None),
        "qwen-code": ("hint", "it stands in code", None),
        "copilot-cli": ("hint", "it stands in code", None),
        "goose": ("hint", "a backtick stands before it", None),
    },
    "```\n@docs/a.md\n```": {"copilot-cli": ("hint", "it stands in code", None), "goose": None},
    "@{root}/docs/a.md": {
        "copilot-cli": ("warning", "absolute paths are not imported", None),
        "goose": ("warning", "absolute paths are not imported", None),
    },
    "@../outside.md": {
        "claude-code": ("warning", "outside the folder", None),
        "gemini-cli": ("warning", "outside the folder", None),
        "qwen-code": ("warning", "outside the folder", None),
        "copilot-cli": ("warning", "outside the folder", None),
        "goose": ("warning", "outside the folder", None),
    },
    "@../nowhere": {"copilot-cli": None, "goose": None},
    "@.git/a.md": {"copilot-cli": None, "goose": ("warning", "nothing in .git is imported", None)},
    "@binary.md": {"copilot-cli": ("warning", "it is no UTF-8", None), "goose": ("warning", "it is not UTF-8", None)},
    "@latin.md": {"copilot-cli": ("warning", "it is no UTF-8", None), "goose": ("warning", "it is not UTF-8", None)},
    "@large.md": {
        "copilot-cli": ("warning", "the imports of one file come to 524,288 bytes", None),
        "goose": ("warning", "what one file imports comes to 1,048,576 bytes", None),
    },
    "read @~/notes.md, please": {
        "gemini-cli": ("hint", "~ is not taken for your home folder", None),
        "qwen-code": ("hint", "~ is not taken for your home folder", None),
        "copilot-cli": ("hint", "~ is not taken for your home folder", None),
        "goose": ("hint", "~ is not taken for your home folder", None),
    },
    "`@~/notes.md`": {
        "gemini-cli": ("hint", "it stands in code", None),
        "copilot-cli": ("hint", "it stands in code", None),
    },
    "@~/components": {"gemini-cli": None, "qwen-code": None, "copilot-cli": None, "goose": None},
    "@none.md": {
        "claude-code": ("hint", "no such file: none.md", None),
        "copilot-cli": ("hint", "no such file: none.md", None),
        "goose": ("hint", "no such file: none.md", None),
    },
    "@docs/none.ts ask @someone": {"copilot-cli": None, "goose": None},
}  # fmt: skip

NAMES = {"claude-code": "CLAUDE.md", "gemini-cli": "GEMINI.md", "qwen-code": "QWEN.md", "copilot-cli": "AGENTS.md", "goose": "AGENTS.md"}  # fmt: skip
SEVERITIES = {"certain": "warning", "likely": "information", "hint": "hint"}


def lay(tmp_path: Path, files: Mapping[str, str | bytes]) -> Path:
    root = tmp_path / "root"
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    (root / ".git").mkdir(exist_ok=True)
    return root


def ignored(agent: str, root: Path, name: str) -> tuple[Ignored, ...]:
    files = AgentFiles((root,))
    return (
        AGENTS[agent].load(Start(root, root.parent / "home", inspected_files=(root / name,)), files).ignored
    )


@pytest.mark.parametrize(
    ("agent", "text"), [(agent, text) for text, agents in REASONS.items() for agent in agents]
)
def test_the_reason_in_words(tmp_path: Path, agent: str, text: str) -> None:
    expected, name = REASONS[text][agent], NAMES[agent]
    root = lay(tmp_path, FILES)
    written = text.replace("{root}", str(root))
    lay(tmp_path, {name: written})
    found = ignored(agent, root, name)
    if expected is None:
        assert found == ()
        return
    severity, begins, instead = expected
    (one,) = found
    assert SEVERITIES[one.importance] == severity
    assert one.reason.startswith(begins)
    assert one.instead == instead
    if instead is not None:
        lay(tmp_path, {name: f"{written[: one.start]}{instead}{written[one.end :]}"})
        assert ignored(agent, root, name) == ()


def test_every_agent_that_imports_has_reasons() -> None:
    having = {agent for agents in REASONS.values() for agent, reason in agents.items() if reason is not None}
    assert having == {name for name, agent in AGENTS.items() if agent.imports is not None}


@pytest.mark.parametrize(
    ("agent", "most", "reason"),
    [("copilot-cli", 64, "no more than 64 imports"), ("goose", 64, "no more than 64 references")],
)
def test_imports_beyond_the_most_are_told(tmp_path: Path, agent: str, most: int, reason: str) -> None:
    names = [f"{number}.md" for number in range(most + 2)]
    text = "\n".join(f"@./{name}" for name in names)
    root = lay(tmp_path, {**dict.fromkeys(names, "words"), "AGENTS.md": text})
    found = ignored(agent, root, "AGENTS.md")
    assert [text[one.start : one.end] for one in found] == [f"@./{name}" for name in names[most:]]
    assert all(one.reason.startswith(reason) for one in found)


def test_goose_imports_nothing_by_a_large_file(tmp_path: Path) -> None:
    root = lay(tmp_path, {"a.md": "A", "AGENTS.md": "@a.md\n" + "words\n" * 30_000})
    (one,) = ignored("goose", root, "AGENTS.md")
    assert one.reason == "nothing is imported by a file over 131,072 bytes"


@pytest.mark.parametrize(
    "name", ["GEMINI.md", ".github/instructions/x.instructions.md", ".claude/rules/x.md"]
)
def test_copilot_follows_imports_in_some_files_only(tmp_path: Path, name: str) -> None:
    root = lay(tmp_path, {"a.md": "A", name: "@../../a.md\n\n@a.md"})
    (one,) = ignored("copilot-cli", root, name)
    assert one.reason.startswith(
        "imports are followed in AGENTS.md, CLAUDE.md and copilot-instructions.md only"
    )
    assert (one.importance, one.instead) == ("likely", None)
