"""Which files are found: ignore files are heeded, and neither they nor the folders can be made to hurt."""

import os
from pathlib import Path

import pytest

from weighbridge.content import discovery
from weighbridge.content.discovery import Ignored, find_documents

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
    ignored = Ignored.above(tmp_path, tmp_path / "b")
    inside = [name for name in ("b/a.md",) if not ignored.leaves_out(tmp_path / name, is_folder=False)]
    assert inside == [name for name in expected if name == "b/a.md"]


def test_links_are_not_followed(tmp_path: Path) -> None:
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
    assert not Ignored.above(root, root).leaves_out(root / "a.md", is_folder=False)


def test_of_very_many_patterns_the_first_count_those_of_outer_folders_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discovery, "_MOST_PATTERNS", 3)
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
