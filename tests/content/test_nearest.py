"""Files whose paths are most like one that isn't there, among few and among very many."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.content.place import scope

from weighbridge.content import nearest
from weighbridge.content.nearest import NearestFiles


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("DOCS/style.MD", ["docs/style.md", "other/style.md"]),
        ("style.md", ["docs/style.md", "other/style.md"]),
        ("docs/stlye.md", ["docs/style.md", "other/style.md"]),
        ("docs/prat-0009.md", ["docs/part-0009.md", "docs/part-0000.md", "docs/part-0001.md"]),
        ("docs/part-0009", ["docs/part-0009.md", "docs/part-0000.md", "docs/part-0001.md"]),
        ("nothing-like-it", []),
        ("sayle.md", ["docs/style.md", "other/style.md"]),
        ("stop.md", []),
        ("docs/stub.md", []),
        ("ignored.md", []),
    ],
)
def test_the_likest_come_first(tmp_path: Path, target: str, expected: list[str]) -> None:
    names = [f"docs/part-{number:04}.md" for number in range(12)]
    for name in (*names, "docs/style.md", "other/style.md", "build/ignored.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / ".gitignore").write_text("build/\n")
    assert NearestFiles().nearest(target, tmp_path, scope(tmp_path), 3) == expected


def test_many_are_looked_through_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[Path] = []
    really = nearest._ranked

    def ranked(wanted: Path, root: Path, names: nearest._FileNames) -> Iterator[tuple[float, str]]:
        looks.append(wanted)
        return really(wanted, root, names)

    monkeypatch.setattr(nearest, "_ranked", ranked)
    for number in range(1_500):
        (tmp_path / f"part-{number:04}.md").touch()
    files = NearestFiles()
    assert files.nearest("prat-0999.md", tmp_path, scope(tmp_path), 1) == ["part-0999.md"]
    assert files.nearest("prat-0999.md", tmp_path, scope(tmp_path), 1) == ["part-0999.md"]
    assert looks == [tmp_path / "prat-0999.md"]
    (tmp_path / "prat-09999.md").touch()
    assert files.nearest("prat-0999.md", tmp_path, scope(tmp_path), 1) == ["prat-09999.md"]


def test_a_document_that_is_nowhere_has_no_neighbours(tmp_path: Path) -> None:
    assert NearestFiles().nearest("a.md", None, scope(tmp_path), 3) == []
