"""The command line, run as people run it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.chains import chain

import weighbridge
from weighbridge.tokens.registry import tokenizer

PACKAGE = Path(weighbridge.__file__).parent


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "weighbridge.cli", *arguments],
        cwd=folder,
        # The package that is tested, wherever another is installed.
        env={"XDG_CACHE_HOME": str(folder / "cache"), "PATH": "", "PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "weighbridge.toml").write_text('[variables]\nname = "N"\n')
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "a.md").write_bytes(b"# A\r\n\r\n{{name}} @b.txt\r\n")
    (tmp_path / "prompts" / "b.txt").write_bytes("\ufeffüber {{name}}".encode())
    (tmp_path / "prompts" / "notes.py").write_text("no prompt")
    (tmp_path / ".gitignore").write_text("ignored/\n")
    (tmp_path / "ignored").mkdir()
    (tmp_path / "ignored" / "a.prompt.md").write_text("ignored")
    return tmp_path


RENDERED = "# A\r\n\r\nN über N\r\n"


def test_render_writes_the_resolved_text_byte_for_byte(workspace: Path) -> None:
    done = run(workspace, "render", "prompts/a.md")
    assert (done.returncode, done.stdout, done.stderr) == (0, RENDERED.encode(), b"")


def test_count_of_a_folder_as_json(workspace: Path) -> None:
    done = run(workspace, "count", "--format", "json", ".")
    found: dict[str, Any] = json.loads(done.stdout)
    names = [document["uri"].rpartition("/")[2] for document in found["documents"]]
    counts = [document["tokens"] for document in found["documents"]]
    assert (done.returncode, names) == (0, ["a.md", "b.txt"])
    count = tokenizer("cl100k_base").count
    assert counts == [count(RENDERED), count("über N")]
    assert (set(found), found["total"]) == ({"documents", "total"}, sum(counts))
    assert found["documents"][0]["references"][1]["references"][0]["target"] == "name"


TABLE = """\
document               tokens  budget
prompts/a.md                7     70%  of 10; cl100k_base
  own text                  4
  ├─ variable:name          1
  └─ b.txt                  2
     └─ variable:name       1
prompts/b.txt               2     20%  of 10; cl100k_base
  own text                  1
  └─ variable:name          1
prompts/文.md               1     10%  of 10; cl100k_base
total                      10
"""


def test_count_as_a_table(workspace: Path) -> None:
    (workspace / "prompts" / "文.md").write_text("x")
    done = run(workspace, "count", "--budget", "10", ".")
    assert done.stdout.decode() == TABLE


def test_context_files_are_counted_though_they_are_ignored_or_links(workspace: Path) -> None:
    (workspace / ".gitignore").write_text("*.local.md\n.claude/\nprompts/\nignored/\n")
    (workspace / "CLAUDE.local.md").write_text("mine")
    (workspace / ".claude" / "rules").mkdir(parents=True)
    (workspace / ".claude" / "rules" / "a.md").write_text("a rule")
    (workspace / "AGENTS.md").write_text("for agents")
    (workspace / "CLAUDE.md").symlink_to("AGENTS.md")
    done = run(workspace, "count", "--format", "json", ".")
    found = {one["uri"]: one["tokens"] for one in json.loads(done.stdout)["documents"]}
    count = tokenizer("cl100k_base").count
    texts = {".claude/rules/a.md": "a rule", "AGENTS.md": "for agents", "CLAUDE.local.md": "mine"}
    expected = {**texts, "CLAUDE.md": "for agents"}
    assert found == {(workspace / name).as_uri(): count(text) for name, text in expected.items()}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["check", "prompts"], 0, b""),
        (["check", "--budget", "6", "prompts"], 1, b"[budget]"),
        (["check", "--budget", "100", "--strict", "prompts"], 0, b""),
        (["check", "nowhere.md"], 2, b"nowhere.md: not found"),
        (["check", "empty"], 2, b"no prompts"),
        (["count", "--encoding", "nope", "prompts"], 2, b"cl100k_base"),
        (["count", "--model", "nope", "prompts"], 2, b"no encoding is known"),
        (["render", "nowhere.md"], 2, b"nowhere.md: not found"),
        (["render", "."], 2, b"not an ordinary file"),
        (["models"], 0, b"gpt-4o"),
        (["--version"], 0, b"weighbridge "),
    ],
)
def test_exit_codes(workspace: Path, arguments: list[str], code: int, said: bytes) -> None:
    (workspace / "empty").mkdir()
    done = run(workspace, *arguments)
    assert done.returncode == code
    assert said in done.stdout + done.stderr


def test_broken_references_fail_a_strict_check(workspace: Path) -> None:
    (workspace / "prompts" / "c.md").write_text("@[file:gone.md]")
    assert (
        run(workspace, "check", "prompts").returncode,
        run(workspace, "check", "--strict", "prompts").returncode,
    ) == (0, 1)


@pytest.mark.parametrize(
    "name", ["weighbridge.toml", "prompts/a.md.vars.json", "prompts/c.md", "prompts/b.txt"]
)
def test_links_without_end_are_the_fault_of_one_file(workspace: Path, name: str) -> None:
    (workspace / name).unlink(missing_ok=True)
    chain(workspace / name, workspace / ".gitignore", 1_200)
    done = run(workspace, "count", "--format", "json", "prompts/a.md", "prompts/notes.py", name)
    found = json.loads(done.stdout)
    assert "too many links" in done.stdout.decode() + done.stderr.decode()
    assert b"Traceback" not in done.stderr
    assert [one["tokens"] for one in found["documents"] if one["uri"].endswith("notes.py")] == [2]
