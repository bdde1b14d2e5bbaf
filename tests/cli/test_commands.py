"""The command line, run as people run it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.chains import chain
from tests.cli import command
from tests.patience import HANGS_AFTER

import weighbridge
from weighbridge.tokens.registry import tokenizer

PACKAGE = Path(weighbridge.__file__).parent


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return command.run(*arguments, cwd=folder, env={"XDG_CACHE_HOME": str(folder / "cache"), "PATH": ""})


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
    assert (set(found), found["total"]) == ({"documents", "total", "exactness"}, sum(counts))
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
    rule, local, agents, claude = (
        workspace / name for name in (".claude/rules/a.md", "CLAUDE.local.md", "AGENTS.md", "CLAUDE.md")
    )
    shared = " (project instructions, checked into the codebase):\n\n"
    head = f"# AGENTS.md instructions for {workspace}\n\n<INSTRUCTIONS>\n"
    # Each by the tokenizer of whom it is written for.
    expected = {
        claude: ("claude-4.8", f"Contents of {claude}{shared}for agents"),
        rule: ("claude-4.8", f"\n\nContents of {rule}{shared}a rule"),
        local: (
            "claude-4.8",
            f"\n\nContents of {local} (user's private project instructions, not checked in):\n\nmine",
        ),
        agents: ("o200k_base", f"{head}for agents\n</INSTRUCTIONS>"),
    }
    assert found == {
        path.as_uri(): tokenizer(encoding).count(text) for path, (encoding, text) in expected.items()
    }


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["check", "prompts"], 0, b""),
        (["check", "--budget", "6", "prompts"], 1, b"[budget]"),
        (["check", "--budget", "100", "--strict", "prompts"], 0, b""),
        (["check", "nowhere.md"], 2, b"nowhere.md: not found"),
        (["check", "empty"], 2, b"no prompts"),
        (["count", "--encoding", "nope", "prompts"], 2, b"cl100k_base"),
        (["count", "--model", "nope", "prompts"], 2, b"unknown model 'nope'"),
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


def test_a_settings_file_that_leads_nowhere_is_said(workspace: Path) -> None:
    chain(workspace / "prompts" / "weighbridge.toml", workspace / ".gitignore", 1_200)
    assert b"weighbridge.toml: can't be read" in run(workspace, "count", "prompts").stderr


@pytest.mark.parametrize(
    ("text", "said", "codes"),
    [
        ("@[file:gone.md]", "error: prompts/gone.md: not found", (1, 1)),
        ("@[var:gone]", "warning: gone: not set", (0, 1)),
        ("<!-- weighbridge: budget=few -->", "warning: weighbridge directive: budget", (0, 1)),
        ("---\nvariables: !!int [1]\n---\n", "warning: front matter: not YAML", (0, 1)),
        ("@[File:x]", "information: this is no reference; if it is meant as one, write @[file:x]", (0, 0)),
        ("fine", "0 findings, 0 errors", (0, 0)),
    ],
)
def test_a_check_fails_where_it_says_error(
    workspace: Path, text: str, said: str, codes: tuple[int, int]
) -> None:
    (workspace / "prompts" / "c.md").write_text(text)
    checks = [run(workspace, "check", *strict, "prompts") for strict in ([], ["--strict"])]
    assert tuple(done.returncode for done in checks) == codes
    for done in checks:
        assert said in done.stdout.decode()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('budget = "1"', "budget: expected a whole number"),
        ("budgte = 1", "budgte: unknown"),
        ('apiAllow = ["a.example"]', "apiAllow: never taken from a repository"),
        ("budget = ", "not TOML"),
    ],
)
def test_a_check_under_settings_that_cannot_be_used_is_none(
    workspace: Path, settings: str, said: str
) -> None:
    (workspace / "weighbridge.toml").write_text(settings)
    done = run(workspace, "check", "prompts")
    assert (done.returncode, said in done.stderr.decode()) == (2, True)
    assert run(workspace, "count", "prompts").returncode == 0


def test_a_flag_that_can_not_be_used_is_said(workspace: Path) -> None:
    done = run(workspace, "check", "--allow", "https://host/x", "prompts")
    assert (done.returncode, "apiAllow.0: expected host or host:port" in done.stderr.decode()) == (2, True)


@pytest.mark.parametrize("directive", ["", "<!-- weighbridge: budget=1300 encoding=r50k_base -->\n"])
def test_a_flag_beats_directive_and_files(workspace: Path, directive: str) -> None:
    (workspace / "weighbridge.toml").write_text('budget = 5000\nmodel = "gpt-4o"\n')
    text = directive + "größer " * 20
    (workspace / "prompts" / "c.md").write_text(text)

    def counted(*flags: str) -> tuple[str, str | None, int, int]:
        document = json.loads(run(workspace, "count", "--format", "json", *flags, "prompts/c.md").stdout)
        (found,) = document["documents"]
        return found["encoding"], found["model"], found["tokens"], found["budget"]["limit"]

    count = tokenizer("p50k_base").count(text)
    assert counted("--encoding", "p50k_base", "--budget", "7") == ("p50k_base", None, count, 7)
    assert counted("--model", "gpt-4")[:2] == ("cl100k_base", "gpt-4")
    if directive:
        assert counted("--budget", "7")[::3] == ("r50k_base", 7)
    assert run(workspace, "check", "--budget", "7", "prompts/c.md").returncode == 1


@pytest.mark.parametrize("marked", [[], ["weighbridge.toml"], [".git"], ["weighbridge.toml", ".git"]])
def test_a_file_has_the_same_settings_however_it_is_named(workspace: Path, marked: list[str]) -> None:
    (workspace / "weighbridge.toml").unlink()
    for marker in marked:
        (workspace / marker).mkdir() if marker == ".git" else (workspace / marker).write_text("budget = 100")
    (workspace / "prompts" / "sub").mkdir()
    (workspace / "prompts" / "weighbridge.toml").write_text("budget = 200")
    (workspace / "prompts" / "sub" / "b.md").write_text("@[file:../../outer.txt]")
    (workspace / "outer.txt").write_text("some more words")

    def counted(folder: Path, *paths: str) -> Any:
        found = json.loads(run(folder, "count", "--format", "json", *paths).stdout)["documents"]
        (one,) = (document for document in found if document["uri"].endswith("/b.md"))
        return one["budget"]["limit"], one["tokens"]

    named = [
        counted(workspace, "."),
        counted(workspace, "prompts"),
        counted(workspace, "prompts/sub/b.md"),
        counted(workspace, "prompts/sub/b.md", "prompts/a.md"),
    ]
    if marked:
        named += [counted(workspace / "prompts", "."), counted(workspace / "prompts" / "sub", "b.md")]
    assert set(named) == {(200, 3)}


def test_a_document_may_be_no_larger_than_a_reference(workspace: Path) -> None:
    (workspace / "weighbridge.toml").write_text("maxFileBytes = 100\n")
    (workspace / "prompts" / "large.md").write_text("x" * 101)
    (workspace / "prompts" / "refers.md").write_text("@[file:large.md]")
    done = run(workspace, "count", "--format", "json", "prompts")
    found = {one["uri"].rpartition("/")[2]: one for one in json.loads(done.stdout)["documents"]}
    assert (done.returncode, sorted(found)) == (2, ["a.md", "b.txt", "refers.md"])
    said = "large.md: 101 bytes, more than the 100 of weighbridge.maxFileBytes"
    assert said in done.stderr.decode()
    assert found["refers.md"]["references"][0]["reason"] == f"prompts/{said}"
    assert said in run(workspace, "render", "prompts/large.md").stderr.decode()


#: A fault of ours in the place named, for one file.
FAULTY = """
import sys
from weighbridge import cli
from {module} import {name} as inner
import {module} as module

def faulty(*arguments):
    if "FAULT" in "".join(map(str, arguments)):
        raise {error}
    return inner(*arguments)

for user in {users}:
    __import__(user, fromlist=["x"]).{name} = faulty
sys.exit(cli.main(["check", "prompts"]))
"""


@pytest.mark.parametrize("error", ["TypeError('hm')", "RecursionError", "SystemExit(0)"])
@pytest.mark.parametrize(
    ("module", "name", "users"),
    [
        ("weighbridge.content.front_matter", "read_yaml", ["weighbridge.content.front_matter"]),
        ("weighbridge.content.decode", "plain_text", ["weighbridge.content.document_file"]),
    ],
)
def test_a_fault_of_ours_is_one_files(
    workspace: Path, module: str, name: str, users: list[str], error: str
) -> None:
    (workspace / "prompts" / "fault.md").write_text("---\ntitle: FAULT\n---\nwords")
    script = FAULTY.format(module=module, name=name, users=users, error=error)
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=workspace,
        env={"XDG_CACHE_HOME": str(workspace / "cache"), "PATH": "", "PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True,
        timeout=HANGS_AFTER,
        check=False,
        text=True,
    )
    assert done.returncode == 3
    assert "fault.md: could not be read: a fault of Weighbridge's own (" in done.stderr
    assert "2 documents, " in done.stdout


def test_a_fault_of_ours_outside_all_files_says_so(workspace: Path) -> None:
    script = (
        "import sys\nfrom weighbridge import batch, cli\n"
        "batch.find_documents = lambda *_: 1 / 0\nsys.exit(cli.main(['count', '.']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=workspace,
        env={"XDG_CACHE_HOME": str(workspace / "cache"), "PATH": "", "PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True,
        timeout=HANGS_AFTER,
        check=False,
        text=True,
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert "weighbridge: a fault of its own, ZeroDivisionError" in done.stderr


@pytest.mark.parametrize(
    ("flags", "directive", "file", "expected"),
    [
        ([], "", "", ("claude-4.8", None)),
        ([], "", 'encoding = "p50k_base"', ("p50k_base", None)),
        ([], "", 'model = "mine"\nmodels.mine = "gemini-2.5-pro"', ("gemma4", "mine")),
        ([], "encoding=p50k_base", 'model = "gpt-5"', ("p50k_base", None)),
        ([], "model=opus", 'encoding = "cl100k_base"', ("claude-4.8", "opus")),
        ([], "model=nope", "", ("claude-4.8", None)),
        (["--encoding", "cl100k_base"], "model=opus", 'model = "gpt-5"', ("cl100k_base", None)),
        (["--model", "mine"], "encoding=p50k_base", 'models.mine = "gpt-5"', ("o200k_base", "mine")),
    ],
)
def test_the_nearest_says_what_counts(
    workspace: Path, flags: list[str], directive: str, file: str, expected: tuple[str, str | None]
) -> None:
    (workspace / "weighbridge.toml").write_text(file)
    (workspace / "CLAUDE.md").write_text(f"<!-- weighbridge: {directive} -->\ntext" if directive else "text")
    (found,) = json.loads(run(workspace, "count", "--format", "json", *flags, "CLAUDE.md").stdout)[
        "documents"
    ]
    assert (found["encoding"], found["model"]) == expected


def test_a_context_is_counted_by_what_is_nearest(workspace: Path) -> None:
    def counted(*flags: str) -> tuple[str, str | None]:
        done = run(
            workspace, "context", ".", "--agent", "claude-code", "--home", "home", "--format", "json", *flags
        )
        (found,) = json.loads(done.stdout)["contexts"]
        return found["encoding"], found["model"]

    (workspace / "CLAUDE.md").write_text("text")
    assert counted() == ("claude-4.8", None)
    (workspace / "weighbridge.toml").write_text('model = "gpt-5"')
    assert counted() == ("o200k_base", "gpt-5")
    assert counted("--encoding", "p50k_base") == ("p50k_base", None)


def test_models_are_listed_by_a_query(workspace: Path) -> None:
    found = json.loads(run(workspace, "models", "opus", "--format", "json").stdout)["models"]
    assert found[0]["encoding"] == "claude-4.8"
    assert b"near it are" in run(workspace, "models", "gpt5.").stderr


def test_several_models_are_shown_together(workspace: Path) -> None:
    done = run(
        workspace, "count", "prompts", "--model", "gpt-4o", "--model", "claude-opus-4-8", "--format", "json"
    )
    referring, plain = json.loads(done.stdout)["documents"]
    for document, text in ((referring, RENDERED), (plain, "über N")):
        rows = [(row["model"], row["tokens"]) for row in document["models"]]
        counts = [tokenizer(name).count(text) for name in ("o200k_base", "claude-4.8")]
        assert rows == [*zip(["gpt-4o", "claude-opus-4-8"], counts, strict=True)]
        assert (document["model"], document["tokens"]) == rows[0]
    (workspace / "weighbridge.toml").write_text('models = ["gpt-5", "opus"]\n')
    shown = run(workspace, "count", "prompts/b.txt").stdout.decode().split("\n")
    assert shown[1].split()[-4:] == ["400,000;", "gpt-5,", "o200k_base,", "<$0.0001"]
    assert shown[2].split()[:3] == ["opus", f"≈{tokenizer('claude-4.8').count('über {{name}}')}", "<0.1%"]
    # A flag says which, whatever files say.
    assert b"opus" not in run(workspace, "count", "prompts/b.txt", "--model", "gpt-5").stdout
    assert run(workspace, "count", "prompts", "--model", "gpt-5", "--model", "nobody-knows").returncode == 2
