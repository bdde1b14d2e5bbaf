"""Names from strangers at a terminal, and in a build's log: they move no cursor and begin no line."""

import os
from pathlib import Path

import pytest
from tests.cli.test_commands import run

ESCAPE = "\x1b]0;title\x07\x1b[31m"
COMMAND = "\n::error file=x::forged\r"
NAMES = (f"{ESCAPE}red.prompt.md", f"a{COMMAND}.prompt.md", "b\u202egnp.prompt.md", "c[bold].prompt.md")


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    (folder / "weighbridge.toml").write_text('[variables]\nname = "N"\n')
    text = f"# T{ESCAPE}\n\n@[file:docs/{ESCAPE}.md] @[file:{ESCAPE}-self.md] {{{{un{ESCAPE}known}}}}\n"
    for name in NAMES:
        (folder / name).write_text(text, encoding="utf-8")
    (folder / f"{ESCAPE}-self.md").write_text(f"@[file:{ESCAPE}-self.md]\n")
    (folder / "CLAUDE.md").write_text(f"@docs/{ESCAPE}.md\n")
    for name in (f"{ESCAPE}a.md", f"b{COMMAND}.md"):
        (folder / ".claude" / "rules").mkdir(parents=True, exist_ok=True)
        (folder / ".claude" / "rules" / name).write_text("words\n")
        (folder / ".claude" / "rules" / f"p{name}").write_text(f'---\npaths: "{COMMAND!r}/**"\n---\nwords\n')
    # One that is no text, one whose name is none.
    (folder / f"binary{COMMAND}.prompt.md").write_bytes(bytes(range(256)))
    Path(os.fsdecode(bytes(folder) + b"/d\xff.prompt.md")).write_text("words")
    return folder


@pytest.mark.parametrize(
    "arguments",
    [
        ("count", "."),
        ("count", "--budget", "2", *NAMES),
        ("check", "--budget", "2", "--strict", "."),
        ("context", ".", "--agent", "claude-code"),
        ("context", ".", "--agent", "claude-code", "--agent", "codex"),
        ("count", "--format", "json", "."),
        ("check", "--budget", "2", "--format", "json", "."),
        ("check", f"nowhere{COMMAND}{ESCAPE}.md"),
        ("render", f"nowhere{COMMAND}{ESCAPE}.md"),
        ("render", f"binary{COMMAND}.prompt.md"),
    ],
)
def test_no_name_reaches_the_terminal_as_it_is(workspace: Path, arguments: tuple[str, ...]) -> None:
    done = run(workspace, *arguments)
    said = (done.stdout + done.stderr).decode("utf-8")
    assert said != ""
    assert [char for char in set(said) - {"\n"} if not char.isprintable()] == []
    assert [line for line in said.splitlines() if line.startswith("::")] == []
    assert "Traceback" not in said
