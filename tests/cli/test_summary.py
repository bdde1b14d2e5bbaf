"""The Markdown of a check: as much as a comment holds, whatever there is to say."""

from pathlib import Path

import pytest
from tests.cli.test_diff import check

from weighbridge.changes import Changes
from weighbridge.check import Checked
from weighbridge.gate import Total
from weighbridge.groups import FileOutcome
from weighbridge.growth import Change
from weighbridge.summary import summary
from weighbridge.terminal import Finding

FOLDER = Path("/repo")


def made(outcomes: list[FileOutcome], findings: list[Finding], changes: Changes | None) -> str:
    return summary(
        Checked(outcomes, [], Total(), [], findings, [], over=False, changes=changes),
        ["x = 1: unknown"] * 9,
        FOLDER,
        fails=True,
    )


@pytest.mark.parametrize(
    "name", ['"' * 1_000, "é" * 1_000, "\N{PILE OF POO}" * 1_000, "\n" * 1_000, "\udcff" * 1_000]
)
def test_it_fits_a_comment(name: str) -> None:
    outcomes = [FileOutcome(FOLDER / "a", problem=name)] * 1_000
    findings = [Finding("file:///repo/a.md", 1, "error", code, name) for code in ("budget", "other") * 1_000]
    documents = [
        Change(f"{number}{name}", 1, 2, {f"{part}{name}": 1 for part in range(30)}) for number in range(1_000)
    ]
    contexts = [Change("Codex", 1, 2, {name: 1}, (0, 9), cut={f"{part}{name}": 9 for part in range(1_000)})]
    text = made(outcomes, findings, Changes("main", documents, contexts))
    assert len(text) < 65_000
    assert text.count(" more</p>") >= 4
    assert text.encode("utf-8").decode("utf-8") == text


def test_the_largest_changes_come_first_and_nothing_is_said_of_nothing() -> None:
    documents = [Change("grown.md", 1, 5), Change("new.md", None, 3), Change("gone.md", 90, None)]
    text = made([], [], Changes("main", documents, [Change("Codex", 10, 20)]))
    places = [text.index(name) for name in ("gone.md", "Codex", "grown.md", "new.md")]
    assert places == sorted(places)
    assert [title for title in ("Budgets", "Shared", "arrives", "Findings") if title in text] == []
    assert "<h4>Since" not in made([], [], Changes("main", [], []))


def test_a_file_that_can_t_be_written(tmp_path: Path) -> None:
    (tmp_path / "a.prompt.md").write_text("words")
    done = check(tmp_path, ".", "--summary", "nowhere/summary.md")
    assert (done.returncode, b"--summary nowhere/summary.md: can't be written: " in done.stderr) == (2, True)
