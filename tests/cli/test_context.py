"""What agents load, for people: one agent's files, or several agents side by side, in the columns of a screen."""

import json
from pathlib import Path

import pytest

from weighbridge.cli import main
from weighbridge.columns import width_of

BESIDE = """\
file              claude-code       codex  gemini-cli   goose*
AGENTS.md            not read  cut 14,044              ≈18,000
CLAUDE.md                  ≈8
docs/style.md              ≈6                       5
GEMINI.md                                           2
"""
NOTES = """\
codex: AGENTS.md cut at line 4682: 3,956 tokens never arrive
claude-code: .claude/rules/api.md: loads when a file is read that matches src/**
claude-code: AGENTS.md: a CLAUDE.md with text is loaded: AGENTS.md is not read

* as read in its source or documentation, not recorded
"""
#: What a terminal makes of a style's marks.
RED, YELLOW, OFF = "\x1b[31m", "\x1b[33m", "\x1b[0m"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    place = tmp_path / "place"
    for name, text in {
        "CLAUDE.md": "see @docs/style.md\n",
        "docs/style.md": "four spaces, always\n",
        ".claude/rules/api.md": "---\npaths: src/**\n---\nAPI\n",
        "AGENTS.md": "a word\n" * 6_000,
        "GEMINI.md": "@docs/style.md please\n",
    }.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text)
    (place / ".git").mkdir()
    monkeypatch.chdir(place)
    return tmp_path


def shown(folder: Path, capsys: pytest.CaptureFixture[str], *agents: str) -> str:
    chosen = [word for agent in agents for word in ("--agent", agent)]
    assert main(["context", "--home", str(folder / "home"), *chosen]) == 0
    return capsys.readouterr().out


def test_agents_stand_side_by_side(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table, notes = shown(folder, capsys, "claude-code", "codex", "gemini-cli", "goose").split("\n\n", 1)
    *rows, total = table.splitlines(keepends=True)
    assert "".join(rows) == BESIDE
    # The labels have this machine's paths in them.
    assert total.startswith("all, with labels ")
    assert notes == NOTES


def test_what_does_not_fit_beside_comes_below(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = shown(folder, capsys)
    assert said.count("\nfile ") >= 1
    assert [line for line in said.splitlines() if width_of(line) > 80] == []


def test_one_agent_has_its_files_as_they_arrive(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    head, *rows = shown(folder, capsys, "claude-code").splitlines()
    assert head.startswith("Claude Code (")
    assert rows == [
        "≈8  CLAUDE.md",
        "≈6  docs/style.md  (imported by CLAUDE.md)",
        " -  .claude/rules/api.md: loads when a file is read that matches src/**",
        " -  AGENTS.md: a CLAUDE.md with text is loaded: AGENTS.md is not read",
    ]


def test_imports_that_bring_nothing_are_told_with_their_lines(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "place" / "CLAUDE.md").write_text("# A\n\nsee @docs/style.md, `@docs/style.md`, @someone\n")
    told = "CLAUDE.md line 3: @docs/style.md, is not imported: the comma belongs to the path here"
    alone = shown(folder, capsys, "claude-code")
    assert alone.count("is not imported") == 1
    assert f" -  {told}: put a space before it\n" in alone
    beside = " ".join(shown(folder, capsys, "claude-code", "codex").split())
    assert f"claude-code: {told}" in beside
    assert main(["context", "--home", str(folder), "--agent", "claude-code", "--format", "json"]) == 0
    (context,) = json.loads(capsys.readouterr().out)["contexts"]
    (ignored,) = context["ignored"]
    assert (ignored["path"], ignored["line"], ignored["character"], ignored["text"]) == (
        str(folder / "place" / "CLAUDE.md"),
        2,
        4,
        "@docs/style.md,",
    )


@pytest.mark.parametrize(
    ("agents", "lost"),
    [
        (("codex",), f"{RED}AGENTS.md  cut at line 4682: 3,956 tokens never arrive{OFF}"),
        (("codex", "claude-code"), f"{RED}cut 14,044{OFF}"),
        (("codex", "claude-code"), f"{YELLOW}not read{OFF}"),
    ],
)
def test_what_is_lost_has_a_colour_where_a_terminal_has_any(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    agents: tuple[str, ...],
    lost: str,
) -> None:
    assert "\x1b" not in shown(folder, capsys, *agents)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert lost in shown(folder, capsys, *agents)
    monkeypatch.setenv("NO_COLOR", "1")
    plain = shown(folder, capsys, *agents)
    assert RED not in plain
    assert YELLOW not in plain


def test_many_files_stay_one_screen(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(50):
        (folder / "place" / ".claude" / "rules" / f"{number}.md").write_text(f"word {number}\n")
        (folder / "place" / ".claude" / "rules" / f"w{number}.md").write_text(
            f"---\npaths: {number}/**\n---\nword\n"
        )
    lines = shown(folder, capsys, "claude-code", "codex").splitlines()
    assert len(lines) < 50
    assert "and 33 more files" in lines
    assert "and 33 more: name one agent with --agent to see all of its own" in lines


def test_nothing_to_load_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["context", str(tmp_path), "--home", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "no agent loads any file there\n"


def test_bytes_that_are_no_text_count_as_agents_read_them(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Codex counts the bytes themselves: 32,768 of them, which are three times as many once they are U+FFFD."""
    place = folder / "place"
    (place / "AGENTS.md").write_bytes(b"\xe9" * 32_769)
    (place / "CLAUDE.md").write_bytes(b"caf\xe9 and \0\n")
    (place / "GEMINI.md").write_text("a literal \ufffd\n")
    assert main(["render", str(place / "AGENTS.md")]) == 0
    assert capsys.readouterr().out.count("\ufffd") == 32_768
    assert main(["check", str(place)]) == 0
    said = capsys.readouterr().out.splitlines()
    odd = [line for line in said if "[reference.not-text]" in line]
    assert [line.split(": ", 2)[2] for line in odd] == [
        "bytes that are no UTF-8 become U+FFFD: Codex reads it so [reference.not-text]",
        "bytes that are no UTF-8 become U+FFFD: Claude Code reads it so [reference.not-text]",
        "a NUL stands here: Claude Code reads it so [reference.not-text]",
    ]
    assert any("1 token never arrive" in line and line.startswith("AGENTS.md") for line in said)
