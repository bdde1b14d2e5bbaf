"""Which files are found: ignore files are heeded, and neither they nor the folders can be made to hurt."""

import os
from pathlib import Path

import pytest
from tests.content.test_tracked import entry, index

from weighbridge.config import DEFAULT_INCLUDE
from weighbridge.content import ignored as ignoring
from weighbridge.content.discovery import find_documents
from weighbridge.content.ignored import IgnoreRules
from weighbridge.content.tree import Tree

INCLUDE = ("**/*.md",)


def found(root: Path, folder: Path | None = None) -> list[str]:
    paths = find_documents(root, folder or root, INCLUDE)
    return [path.relative_to(root).as_posix() for path in paths]


def fill(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.mark.parametrize(
    ("ignores", "expected"),
    [
        ({}, ["a.md", "b/a.md", "b/c/a.md", "b/c/d.md"]),
        ({".gitignore": "# a.md\n\na.md\n"}, ["b/c/d.md"]),
        ({".gitignore": "/a.md\n"}, ["b/a.md", "b/c/a.md", "b/c/d.md"]),
        ({".gitignore": "b/*/a.md\n"}, ["a.md", "b/a.md", "b/c/d.md"]),
        ({".gitignore": "c/\n"}, ["a.md", "b/a.md"]),
        ({".gitignore": "**/c/**\n"}, ["a.md", "b/a.md"]),
        ({".gitignore": "b/**/d.md\n"}, ["a.md", "b/a.md", "b/c/a.md"]),
        ({".gitignore": "*.m*\n!d.md\n"}, ["b/c/d.md"]),
        # The innermost that speaks of a file decides.
        ({".gitignore": "a.md\n", "b/.gitignore": "!a.md\nd.md\n"}, ["b/a.md", "b/c/a.md"]),
        # Lines that are no patterns say nothing, and neither do those that could take for ever.
        ({".gitignore": "!\n///\na.md\n"}, ["b/c/d.md"]),
        ({".gitignore": "*a*.*md\nb/**/c/**/d.md\n" + "a.md" + " " * 300}, ["a.md", "b/a.md", "b/c/a.md", "b/c/d.md"]),
    ],
)  # fmt: skip
def test_ignore_files(tmp_path: Path, ignores: dict[str, str], expected: list[str]) -> None:
    fill(tmp_path, {"a.md": "", "b/a.md": "", "b/c/a.md": "", "b/c/d.md": "", ".git/a.md": "", "a.txt": ""})
    fill(tmp_path, ignores)
    assert found(tmp_path) == expected
    # From a folder down, the ignore files above it count as well.
    assert found(tmp_path, tmp_path / "b") == [name for name in expected if name.startswith("b/")]
    ignored = IgnoreRules.above(tmp_path, tmp_path / "b")
    inside = [name for name in ("b/a.md",) if not ignored.leaves_out(name, is_folder=False)]
    assert inside == [name for name in expected if name == "b/a.md"]


def test_links_of_no_context_files_are_not_followed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    fill(tmp_path, {"outside/a.md": "", "root/b.md": ""})
    (root / "folder").symlink_to(tmp_path / "outside")
    (root / "a.md").symlink_to(tmp_path / "outside" / "a.md")
    assert found(root) == ["b.md"]


@pytest.mark.parametrize("kind", ["link out", "link within", "pipe", "folder", "large"])
def test_what_is_no_ordinary_ignore_file_is_none(tmp_path: Path, kind: str) -> None:
    root = tmp_path / "root"
    fill(tmp_path, {"outside/rules": "a.md\n", "root/a.md": "", "root/rules": "a.md\n"})
    file = root / ".gitignore"
    match kind:
        case "link out":
            file.symlink_to(tmp_path / "outside" / "rules")
        case "link within":
            file.symlink_to("rules")
        case "pipe":
            os.mkfifo(file)
        case "folder":
            file.mkdir()
        case _:
            file.write_text("a.md\n" + "#" * 256 * 1024)
    assert found(root) == ["a.md"]
    assert not IgnoreRules.above(root, root).leaves_out("a.md", is_folder=False)


def test_of_very_many_patterns_the_first_count_those_of_outer_folders_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ignoring, "_MOST_PATTERNS", 3)
    fill(tmp_path, {"a.md": "", "b/a.md": "", "b/c.md": "", "b/d.md": "", "b/c/e.md": "", "b/c/f.md": ""})
    fill(
        tmp_path,
        {
            ".gitignore": "# no pattern\n/a.md\n\n",
            "b/.gitignore": "a.md\nc.md\nd.md\n",
            "b/c/.gitignore": "e.md\n",
        },
    )
    assert found(tmp_path) == ["b/c/e.md", "b/c/f.md", "b/d.md"]


def test_folders_in_folders_without_end_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.md").touch()
    (tmp_path / "z.md").touch()
    monkeypatch.chdir(tmp_path)
    for depth in range(1, 1_201):
        Path("d").mkdir()
        os.chdir("d")
        if depth in {255, 256}:
            Path("a.md").touch()
    assert found(tmp_path) == ["a.md", f"{'d/' * 255}a.md", "z.md"]
    # Taken away from inside: what clears temporary folders goes no deeper than Python's stack.
    for _ in range(1_200):
        Path("a.md").unlink(missing_ok=True)
        os.chdir("..")
        Path("d").rmdir()


#: An index of git's that tracks these, whatever ignores them.
TRACKED = ("build/kept.prompt.md", "kept.prompt.md", "deep/build/x/kept.prompt.md")


@pytest.mark.parametrize(
    ("ignores", "files", "expected"),
    [
        ("CLAUDE.local.md\n.claude/\n", ["CLAUDE.local.md", ".claude/rules/a.md", ".claude/x.txt"], [0, 1]),
        ("*.md\n", ["AGENTS.md", "a.prompt.md", "docs/GEMINI.md"], [0, 2]),
        ("build/\n", ["build/CLAUDE.md", "build/a.prompt.md", "build/deep/.cursorrules"], [0, 2]),
        # Inside of what is ignored nothing else is found again, as for git.
        ("build/\n!build/a.prompt.md\n", ["build/a.prompt.md"], []),
        ("*\n", ["kept.prompt.md", "build/kept.prompt.md", "build/b.prompt.md", "deep/build/x/kept.prompt.md"], [0, 1, 3]),
        # What is another's: a dependency, an environment, a cache, another working tree.
        ("*\n", ["node_modules/x/CLAUDE.md", "env/pyvenv.cfg", "env/CLAUDE.md", "target/CACHEDIR.TAG", "target/AGENTS.md"], []),
        ("*\n", ["lib/site-packages/x/AGENTS.md", ".claude/worktrees/x/.git", ".claude/worktrees/x/CLAUDE.md"], []),
        ("", ["env/pyvenv.cfg", "env/CLAUDE.md"], [1]),
        ("build/\n", ["build/CACHEDIR.TAG", "build/kept.prompt.md"], [1]),
    ],
)  # fmt: skip
def test_context_files_and_what_git_tracks_are_found_though_they_are_ignored(
    tmp_path: Path, ignores: str, files: list[str], expected: list[int]
) -> None:
    fill(tmp_path, dict.fromkeys([*files, ".gitignore"], ignores))
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "index").write_bytes(index(*(entry(os.fsencode(name)) for name in TRACKED)))
    paths = find_documents(tmp_path, tmp_path, DEFAULT_INCLUDE)
    assert paths == sorted(tmp_path / files[number] for number in expected)
    # Whoever lists a folder sees the same.
    for name in files:
        ignored = IgnoreRules.above(tmp_path, (tmp_path / name).parent)
        assert ignored.leaves_out(name, is_folder=False) <= (tmp_path / name not in paths)


def test_what_git_tracks_is_found_among_all_files(tmp_path: Path) -> None:
    fill(tmp_path, dict.fromkeys([*TRACKED, "build/other", "deep/build/y/other", "dist/CLAUDE.md"], ""))
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "index").write_bytes(index(*(entry(os.fsencode(name)) for name in TRACKED)))
    (tmp_path / ".gitignore").write_text("build/\n/.gitignore\ndist/\n")
    assert Tree(tmp_path).files() == sorted(TRACKED)


def test_a_repository_in_a_repository_tracks_its_own(tmp_path: Path) -> None:
    fill(tmp_path, {".gitignore": "*.prompt.md\n", "sub/.gitignore": "*.md\n"})
    fill(tmp_path, dict.fromkeys(["kept.prompt.md", "sub/kept.prompt.md", "sub/other.prompt.md"], ""))
    (tmp_path / "sub" / ".git").mkdir()
    (tmp_path / "sub" / ".git" / "index").write_bytes(index(entry(b"kept.prompt.md")))
    assert find_documents(tmp_path, tmp_path, DEFAULT_INCLUDE) == [tmp_path / "sub" / "kept.prompt.md"]


@pytest.mark.parametrize(
    ("files", "links", "expected"),
    [
        (["AGENTS.md"], {"CLAUDE.md": "AGENTS.md"}, ["AGENTS.md", "CLAUDE.md"]),
        (["docs/any.txt"], {"sub/CLAUDE.md": "../docs/any.txt"}, ["sub/CLAUDE.md"]),
        # One after another; round; out; to nothing; to a folder; a prompt that is no context file.
        (["AGENTS.md"], {"CLAUDE.md": "GEMINI.md", "GEMINI.md": "AGENTS.md"}, ["AGENTS.md", "CLAUDE.md", "GEMINI.md"]),
        ([], {"CLAUDE.md": "AGENTS.md", "AGENTS.md": "CLAUDE.md"}, []),
        (["../outside/a.md"], {"CLAUDE.md": "../outside/a.md", ".claude": "../outside"}, []),
        (["../outside/a.md", "b/CLAUDE.md"], {"out": "../outside", "AGENTS.md": "out/a.md"}, ["b/CLAUDE.md"]),
        (["docs/a.md"], {"CLAUDE.md": "docs", "AGENTS.md": "gone"}, []),
        (["a.txt"], {"a.prompt.md": "a.txt"}, []),
        # Folders: an agent's are looked through, no other, none twice, and none without end.
        (["docs/CLAUDE.md", "docs/a.md"], {"other": "docs", "round": "."}, ["docs/CLAUDE.md"]),
        (["cmd/a.md", "cmd/b/c.md"], {".claude/commands": "../cmd"}, [".claude/commands/a.md", ".claude/commands/b/c.md"]),
        (["mine/rules/a.md", "mine/x.txt"], {".claude": "mine"}, [".claude/rules/a.md"]),
        (["cmd/a.md"], {".claude/one": "../cmd", ".claude/two": "../cmd"}, [".claude/one/a.md"]),
        (["skills/x/SKILL.md"], {".claude/skills": "../skills"}, ["skills/x/SKILL.md"]),
        (["docs/a.md", ".claude/b.md"], {".claude/all": "..", ".claude/round": "."}, [".claude/b.md"]),
        (["cmd/a.md"], {".claude/commands": "../cmd", "cmd/more": "../.claude"}, [".claude/commands/a.md"]),
    ],
)  # fmt: skip
def test_context_files_that_are_links(
    tmp_path: Path, files: list[str], links: dict[str, str], expected: list[str]
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    fill(root, dict.fromkeys(files, ""))
    for name, to in links.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).symlink_to(to)
    # The same where the root is a link itself.
    (tmp_path / "linked").symlink_to("root")
    for one in (root, tmp_path / "linked"):
        found = find_documents(one, one, DEFAULT_INCLUDE)
        assert [path.relative_to(one).as_posix() for path in found] == expected
    assert all(not (root / path).is_symlink() for path in Tree(root).files())
