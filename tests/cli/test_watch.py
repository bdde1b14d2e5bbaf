"""`--watch`: what is said again whenever files change, until it is interrupted."""

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.cli.test_commands import PACKAGE, run

from weighbridge import cli
from weighbridge.console import EXIT_INTERRUPTED
from weighbridge.content import watched
from weighbridge.errors import UnwatchableError

SETTINGS = 'budget = 1000\nagents = ["codex"]\n[budgets]\n"context:codex" = 1000\n'
FEWER = SETTINGS.replace("1000", "5", 1)
BROKEN = f"qqqqq = 1\n{SETTINGS}"
AGAIN = "since the last look:"
#: Edits, one after the other: a file, its text; and what is said of that.
EDITS: list[tuple[str, str | None, list[str]]] = [
    ("style.md", "some words\n", []),
    (
        "style.md",
        "some words and more\n",
        [AGAIN, "        +2  a.prompt.md: 4 to 6; by style.md +2", "2 documents, N tokens, 0 findings, 0 errors"],
    ),
    ("notes.txt", "no document\n", []),
    (
        "new/b.prompt.md",
        "a\n@[file:gone.md]\nb\n",
        [
            AGAIN,
            "       +10  new/b.prompt.md: new, 10",
            "new/b.prompt.md:2: error: new/gone.md: not found [reference.not-found]",
            "3 documents, N tokens, 1 finding, 1 error",
        ],
    ),
    # It moves to another line: nothing new.
    ("new/b.prompt.md", "@[file:gone.md]\na\nb\n", []),
    (
        "new/gone.md",
        "x y z\n",
        [AGAIN, "        -2  new/b.prompt.md: 10 to 8; by new/gone.md +4", "3 documents, N tokens, 0 findings, 0 errors"],
    ),
    (
        "AGENTS.md",
        "for agents and for more\n",
        [
            AGAIN,
            "        +3  Codex: N to N; by AGENTS.md +3",
            "        +3  AGENTS.md: N to N",
            "3 documents, N tokens, 0 findings, 0 errors",
        ],
    ),
    (
        "weighbridge.toml",
        FEWER,
        [
            "AGENTS.md:1: error: N tokens, N% of the budget of 5 [budget]",
            "a.prompt.md:1: error: 6 tokens, 120% of the budget of 5 [budget]",
            "new/b.prompt.md:1: error: 8 tokens, 160% of the budget of 5 [budget]",
            "3 documents, N tokens, 3 findings, 3 errors",
        ],
    ),
    (
        "weighbridge.toml",
        BROKEN,
        ["weighbridge: weighbridge.qqqqq: unknown setting; ignored in weighbridge.toml", "3 documents, N tokens, 0 findings, 0 errors"],
    ),
    ("a.prompt.md", None, [AGAIN, "        -6  a.prompt.md: gone, was 6", "2 documents, N tokens, 0 findings, 0 errors"]),
]  # fmt: skip


def _without_label(line: str) -> str:
    """A line without numbers in which AGENTS.md's label is counted: it has the folder's name."""
    if "AGENTS.md" in line:
        return re.sub(r"(?<!\+)\b\d[\d,]*( to|;|$|%| tokens)", r"N\1", line)
    return re.sub(r"(documents), \d+ tokens, ", r"\1, N tokens, ", line)


class Driven:
    """Stands in for the watcher: makes a step, says that something changed, and makes the next one once that was looked at."""

    def __init__(self, steps: Iterator[Callable[[], set[tuple[int, str]]]]) -> None:
        self.places: list[set[Path]] = []
        self.polled: list[bool | None] = []
        self._steps = steps

    def __call__(self, *places: Path, **how: Any) -> Iterator[set[tuple[int, str]]]:
        self.places.append(set(places))
        self.polled.append(how["force_polling"])
        for step in self._steps:
            yield step()
        raise KeyboardInterrupt


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "repository"
    (folder / ".git").mkdir(parents=True)
    (folder / "sub").mkdir()
    (folder / "weighbridge.toml").write_text(SETTINGS)
    (folder / "a.prompt.md").write_text("Mind @[file:style.md]")
    (folder / "style.md").write_text("some words\n")
    (folder / "AGENTS.md").write_text("for agents\n")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


def test_what_is_new_is_said_and_nothing_else(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said: list[list[str]] = []

    def hear() -> None:
        heard = capsys.readouterr()
        said.append(list(map(_without_label, [*heard.err.splitlines(), *heard.out.splitlines()])))

    def edit(name: str, text: str | None) -> set[tuple[int, str]]:
        hear()
        path = repository / name
        if text is None:
            path.unlink()
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        return {(1, name)}

    driven = Driven(partial(edit, name, text) for name, text, _ in EDITS)
    monkeypatch.setattr(watched, "watch", driven)
    assert cli.main(["check", ".", "--watch"]) == EXIT_INTERRUPTED
    hear()
    first, *others = said
    assert first == ["2 documents, N tokens, 0 findings, 0 errors"]
    assert others == [expected for _, _, expected in EDITS]
    # Whatever may become a document lies in a folder that is watched.
    assert driven.places[0] >= {repository, repository / "sub"}
    assert driven.places[-1] >= {repository / "new"}


def test_a_count_is_told_again_for_a_file(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def edit() -> set[tuple[int, str]]:
        capsys.readouterr()
        (repository / "style.md").write_text("some words and more\n")
        return {(1, "style.md")}

    driven = Driven(iter([edit]))
    monkeypatch.setattr(watched, "watch", driven)
    assert cli.main(["count", "a.prompt.md", "--watch"]) == EXIT_INTERRUPTED
    assert capsys.readouterr().out == f"{AGAIN}\n        +2  a.prompt.md: 4 to 6; by style.md +2\n"
    # Nobody named the folder: nothing that appears in others would be counted.
    assert driven.places == [{repository}]


def test_a_baseline_that_can_no_longer_be_read_is_said_and_watching_goes_on(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.main(["check", ".", "--baseline", "base.json", "--update-baseline"])
    texts = iter([(repository / "base.json").read_text(), "", ""])

    def edit() -> set[tuple[int, str]]:
        (repository / "base.json").write_text(next(texts))
        return {(1, "base.json")}

    monkeypatch.setattr(watched, "watch", Driven(iter([edit] * 3)))
    assert cli.main(["check", ".", "--baseline", "base.json", "--watch"]) == EXIT_INTERRUPTED
    assert capsys.readouterr().err.count("base.json: no baseline (JSONDecodeError)") == 1


@pytest.mark.parametrize(
    "others",
    [["--diff", "HEAD"], ["--format", "json"], ["--summary", "x"], ["--baseline", "x", "--update-baseline"]],
)
def test_what_is_made_once_is_not_watched(tmp_path: Path, others: list[str]) -> None:
    done = run(tmp_path, "check", ".", "--watch", *others)
    assert (done.returncode, f"--watch: not together with {others[-2 if len(others) == 2 else -1]}") == (
        2,
        done.stderr.decode().strip().removeprefix("weighbridge: "),
    )


#: What the watcher does, one after the other, and how often is looked: an empty set is a second of quiet.
QUIET, CHANGED = set[tuple[int, str]](), {(1, "a.md")}


@pytest.mark.parametrize(
    ("steps", "looks", "polled"),
    [
        ([], 0, [None]),
        # What changed before the watcher began, nobody told.
        ([QUIET], 1, [None]),
        ([QUIET, QUIET, QUIET], 1, [None]),
        ([CHANGED], 1, [None]),
        # And what changes while it tells of others it may lose.
        ([CHANGED, QUIET, QUIET, CHANGED, CHANGED, QUIET], 5, [None]),
        ([FileNotFoundError(), QUIET], 2, [None, None]),
        ([RuntimeError("no more watches"), QUIET], 1, [None, True]),
        ([OSError("limit"), RuntimeError("not even so")], 0, [None, True]),
    ],
)
def test_when_is_looked(
    monkeypatch: pytest.MonkeyPatch, steps: list[Any], looks: int, polled: list[bool | None]
) -> None:
    def step(what: Any) -> set[tuple[int, str]]:
        if isinstance(what, Exception):
            raise what
        found: set[tuple[int, str]] = what
        return found

    driven = Driven(partial(step, what) for what in steps)
    monkeypatch.setattr(watched, "watch", driven)
    looked: list[None] = []
    unwatchable = steps[-1:] and isinstance(steps[-1], Exception)
    with pytest.raises(UnwatchableError if unwatchable else KeyboardInterrupt):
        looked.extend(watched.changes(lambda: {Path("/folder"): 1}))
    assert (len(looked), driven.polled) == (looks, polled)


#: Whoever runs the tests in the background ignores interrupts, and children inherit that.
PROGRAM = """
import signal, sys
from weighbridge import cli
from weighbridge.console import EXIT_INTERRUPTED
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.exit(cli.main(sys.argv[1:]))
"""


def test_an_interrupt_ends_it(repository: Path, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "check", ".", "--watch"],
        cwd=repository,
        env={"XDG_CACHE_HOME": str(tmp_path), "HOME": str(tmp_path), "PYTHONPATH": str(PACKAGE.parent)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as watching:
        assert watching.stdout is not None
        first = watching.stdout.readline()
        # It is told, whenever the watcher began.
        (tmp_path / "style.md").write_text("some words and more\n")
        (tmp_path / "style.md").replace(repository / "style.md")
        again = [watching.stdout.readline() for _ in range(3)]
        watching.send_signal(signal.SIGINT)
        rest, errors = watching.communicate()
    assert (first[:13], again[:2]) == (
        "2 documents, ",
        [f"{AGAIN}\n", "        +2  a.prompt.md: 4 to 6; by style.md +2\n"],
    )
    assert (watching.returncode, rest, errors) == (130, "", "")
