"""`check --diff`: what changed since a revision, in prompts and in what agents load; and git that is asked, never obeyed."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.cli import command

from weighbridge.content.agent_files import AgentFiles
from weighbridge.content.depends import Depends
from weighbridge.content.revision import UnknownRevisionError, revision

GIT = shutil.which("git") or "git"


def git(folder: Path, *arguments: str, text: bytes = b"") -> str:
    done = subprocess.run(
        [GIT, "-c", "user.name=a", "-c", "user.email=a@b", *arguments],
        cwd=folder,
        input=text,
        capture_output=True,
        check=True,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
    )
    return done.stdout.decode().strip()


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    home = folder.parent
    environment = {
        "XDG_CACHE_HOME": str(home / "cache"),
        "HOME": str(home / "home"),
        "PATH": os.environ["PATH"],
    }
    return command.run(*arguments, cwd=folder, env=environment)


def check(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return run(folder, "check", *arguments)


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    write(
        folder,
        {
            "docs/style.md": "Style: be nice.\n",
            "prompts/a.md": "See @../docs/style.md now\n",
            "prompts/b.md": "And @../docs/style.md too\n",
            "prompts/gone.md": "one two three\n",
            "prompts/same.md": "as it was\n",
            "CLAUDE.md": "Rules @docs/style.md\n",
            "AGENTS.md": "a line of rules\n" * 1_500,
            ".gitignore": "kept.prompt.md\n",
            "kept.prompt.md": "ignored and tracked\n",
        },
    )
    git(folder, "add", "-A")
    git(folder, "add", "-f", "kept.prompt.md")
    git(folder, "commit", "-qm", "one")
    return folder


def diff(folder: Path, *arguments: str) -> dict[str, Any]:
    done = check(folder, ".", "--format", "json", "--diff", "HEAD", *arguments)
    found: dict[str, Any] = json.loads(done.stdout)["diff"]
    return found


def test_nothing_changed(repository: Path) -> None:
    assert diff(repository) == {"revision": "HEAD", "documents": [], "contexts": []}
    first = check(repository, ".", "--diff", "HEAD").stdout.decode().splitlines()[0]
    assert first == "no prompt and no agent's context changed its tokens since HEAD"


def test_what_an_edit_costs_and_whom(repository: Path) -> None:
    write(
        repository,
        {"docs/style.md": "Style: be nice. Be nicer still, and nicer.\n", "prompts/new.md": "new\n"},
    )
    (repository / "prompts" / "gone.md").unlink()
    found = diff(repository)
    rows = {row["name"]: row for row in found["documents"]}
    assert set(rows) == {"CLAUDE.md", "prompts/a.md", "prompts/b.md", "prompts/gone.md", "prompts/new.md"}
    grown = rows["prompts/a.md"]["now"] - rows["prompts/a.md"]["before"]
    assert rows["prompts/a.md"]["through"] == rows["prompts/b.md"]["through"] == {"docs/style.md": grown}
    assert (rows["prompts/new.md"]["before"], rows["prompts/gone.md"]["now"]) == (None, None)
    contexts = {row["name"]: row for row in found["contexts"]}
    claude = contexts["Claude Code"]
    assert set(claude["through"]) == {"docs/style.md"}
    assert claude["now"] - claude["before"] == rows["CLAUDE.md"]["now"] - rows["CLAUDE.md"]["before"]
    assert "Codex" not in contexts
    shown = check(repository, ".", "--diff", "HEAD").stdout.decode().splitlines()
    row = rows["prompts/a.md"]
    line = f"prompts/a.md: {row['before']} to {row['now']}; by docs/style.md +{grown}"
    assert f"{f'+{grown}':>10}  {line}" in shown
    assert any(
        line.startswith(f"docs/style.md +{grown} in 2 prompts and in what Claude Code ") for line in shown
    )


def test_text_that_no_longer_arrives(repository: Path) -> None:
    write(repository, {"AGENTS.md": "a line of rules\n" * 3_000})
    codex = next(row for row in diff(repository)["contexts"] if row["name"] == "Codex")
    assert (codex["lost"]["before"], codex["lost"]["now"] > 1_000) == (0, True)
    shown = check(repository, ".", "--diff", "HEAD").stdout.decode()
    assert f"{codex['lost']['now']:,} tokens no longer arrive" in shown
    assert check(repository, ".", "--diff", "HEAD").returncode == 0
    assert check(repository, ".", "--diff", "HEAD", "--strict").returncode == 1


def test_it_is_said_what_is_over_its_budget_since(repository: Path) -> None:
    longer = {"docs/style.md": "Style: be nice. Be nicer still, and nicer.\n"}
    write(repository, longer)
    before = {row["name"]: row["before"] for row in diff(repository)["documents"]}["prompts/a.md"]
    git(repository, "checkout", "-q", "docs/style.md")
    write(repository, {"weighbridge.toml": f"[budgets]\n'prompts/a.md' = {before}\n'prompts/b.md' = 1\n"})
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "two")
    write(repository, longer)
    over = {row["name"]: row["over"] for row in diff(repository)["documents"]}
    assert (over["prompts/a.md"], over["prompts/b.md"]) == (True, False)


@pytest.mark.parametrize(
    ("limit", "error_at", "over"),
    [
        (300, "100%", True),
        (20, "100%", False),
        (9_000, "100%", False),
        (9_000, "300", True),
        (9_000, "20", False),
    ],
    ids=["now", "then too", "never", "early now", "early then too"],
)
def test_a_context_file_was_over_its_budget_with_what_arrived_because_of_it(
    repository: Path, limit: int, error_at: str, over: bool
) -> None:
    threshold = error_at if error_at.isdigit() else f'"{error_at}"'
    settings = (
        f"thresholds = [{{ at = {threshold}, severity = 'error' }}]\n[budgets]\n'CLAUDE.md' = {limit}\n"
    )
    write(repository, {"weighbridge.toml": settings})
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "two")
    write(repository, {"docs/style.md": "Style: be very nice.\n" * 60})
    (row,) = [row for row in diff(repository)["documents"] if row["name"] == "CLAUDE.md"]
    assert (40 < row["before"] < 250, 300 < row["now"] < 900, row["over"]) == (True, True, over)


def test_a_path_is_compared_alone(repository: Path) -> None:
    write(repository, {"docs/style.md": "Style.\n", "prompts/same.md": "other than it was\n"})
    done = check(repository, "prompts/same.md", "--format", "json", "--diff", "HEAD")
    assert [row["name"] for row in json.loads(done.stdout)["diff"]["documents"]] == ["prompts/same.md"]


@pytest.mark.parametrize("name", ["nope", "--output=x", "HEAD:prompts", "", "-h"])
def test_a_revision_that_is_none(repository: Path, name: str) -> None:
    before = sorted(path.name for path in repository.iterdir())
    done = check(repository, ".", f"--diff={name}")
    assert (done.returncode, f"weighbridge: --diff {name}: ".encode() in done.stderr) == (2, True)
    assert sorted(path.name for path in repository.iterdir()) == before


def test_no_repository(tmp_path: Path) -> None:
    (tmp_path / "a.prompt.md").write_text("a")
    done = check(tmp_path, ".", "--diff", "HEAD")
    assert (done.returncode, b"not a git repository" in done.stderr) == (2, True)


def test_a_hostile_repository_runs_nothing(repository: Path, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\ntouch {mark}\ncat\n")
    script.chmod(0o755)
    for name in (
        "core.fsmonitor",
        "core.sshCommand",
        "filter.x.smudge",
        "filter.x.clean",
        "core.pager",
        "diff.x.textconv",
    ):
        git(repository, "config", name, str(script))
    git(repository, "config", "core.hooksPath", str(tmp_path))
    write(repository, {".gitattributes": "* filter=x diff=x\n"})
    for hook in ("post-checkout", "post-index-change", "pre-auto-gc"):
        shutil.copy(script, tmp_path / hook)
    check(repository, ".", "--diff", "HEAD")
    assert not mark.exists()


def test_a_forged_tree_writes_nothing_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outer, scratch = tmp_path / "outer", tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    folder = outer / "repository"
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    blob = git(folder, "hash-object", "-w", "--stdin", text=b"planted")
    link = git(folder, "hash-object", "-w", "--stdin", text=str(outer).encode())

    def tree(*rows: tuple[str, str, bytes]) -> str:
        data = b"".join(
            mode.encode() + b" " + name + b"\0" + bytes.fromhex(digest) for mode, digest, name in rows
        )
        return git(folder, "hash-object", "-w", "-t", "tree", "--literally", "--stdin", text=data)

    inner = tree(("100644", blob, b"planted.md"))
    top = tree(
        ("120000", link, b"a"),
        ("40000", inner, b"a"),
        ("120000", link, b"b"),
        ("40000", tree(("120000", link, b"planted.md")), b"b"),
        ("40000", inner, b".."),
        ("40000", inner, b".git"),
        ("100644", blob, b"../planted.md"),
        ("100644", blob, b"ok.md"),
    )
    commit = git(folder, "commit-tree", top, "-m", "forged")
    with revision(folder, commit) as then:
        then.lay_out_below(then.top)
        laid_out = then.tree
        assert (laid_out / "ok.md").read_text() == "planted"
        assert not list((laid_out / ".git").iterdir())
        assert [*scratch.iterdir()] == [laid_out]
    assert not list(outer.glob("*.md"))
    assert not laid_out.exists()


def test_without_git(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UnknownRevisionError, match="git is not installed"), revision(repository, "HEAD"):
        pass


def test_what_a_deleted_file_brought_where_the_user_trusts_the_repository(repository: Path) -> None:
    """Only the repository itself is trusted, not the folder that another revision is laid out in: the agent's settings count there."""
    config = repository.parent / "home" / ".codex" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(f'[projects."{repository}"]\ntrust_level = "trusted"\n')
    write(repository, {".codex/config.toml": "project_doc_max_bytes = 400\n"})
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "less is read")
    documents = json.loads(check(repository, "AGENTS.md", "--format", "json").stdout)["documents"]
    (repository / "AGENTS.md").unlink()
    (row,) = diff(repository)["documents"]
    assert (row["name"], row["before"]) == ("AGENTS.md", documents[0]["tokens"])


def test_what_lies_behind_a_link_was_loaded_then_too(repository: Path) -> None:
    write(repository, {"CLAUDE.md": "Rules @docs/linked.md\n", "shared/rules.md": "be brief\n"})
    (repository / "docs" / "linked.md").symlink_to("../shared/rules.md")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "rules")

    def tokens() -> int:
        found = run(repository, "context", ".", "--agent", "claude-code", "--format", "json")
        return int(json.loads(found.stdout)["contexts"][0]["tokens"])

    before = tokens()
    write(repository, {"shared/rules.md": "be brief, and say what you mean\n"})
    claude = next(row for row in diff(repository)["contexts"] if row["name"] == "Claude Code")
    assert (claude["before"], claude["now"]) == (before, tokens())


def test_only_what_was_not_settled_is_looked_at_again(repository: Path) -> None:
    """`a.md` says what it needs when it is there; `same.md` needs nothing more."""
    names = ("prompts/a.md", "prompts/same.md")
    looks: list[list[str]] = []
    with revision(repository, "HEAD") as then:
        style = then.tree / "docs" / "style.md"

        def look(known: Sequence[tuple[str, bool, Depends]]) -> list[tuple[str, bool, Depends]]:
            done = {name: (name, there, depends) for name, there, depends in known}
            looks.append([name for name in names if name not in done])
            for name in looks[-1]:
                place = then.tree / name
                needs = [place, style] if name == "prompts/a.md" and place.exists() else [place]
                done[name] = name, style.exists(), Depends(frozenset(needs))
            return [done[name] for name in names]

        then.lay_out(Depends(frozenset((then.top / "prompts/same.md",))))
        settled = then.settled(look, lambda result: result[2])
    assert [(name, there) for name, there, _ in settled] == [
        ("prompts/a.md", True),
        ("prompts/same.md", False),
    ]
    assert looks == [[*names], ["prompts/a.md"], ["prompts/a.md"]]


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/a/b", "/tree"),
        ("/a/b/c.md", "/tree/c.md"),
        ("/a/bc/d.md", "/a/bc/d.md"),
        ("/a", "/a"),
    ],
)
def test_another_revisions_files_have_the_paths_of_todays(path: str, place: str) -> None:
    files = AgentFiles((), moved=(Path("/a/b"), Path("/tree")))
    assert files._place(Path(path)) == Path(place)
    assert files._named(Path(place)) == Path(path)
