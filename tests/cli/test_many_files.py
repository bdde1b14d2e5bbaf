"""Many files are counted by several processes, as one would count them, whatever becomes of the others."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.patience import HANGS_AFTER

import weighbridge
from weighbridge.batch import weigh
from weighbridge.content.agent_files import AgentFiles

PACKAGE = Path(weighbridge.__file__).parent

#: Two cores, whatever this machine has; tells on its last line of errors how many helpers there were.
COUNT = """
import os, sys
from weighbridge import cli
from weighbridge.work.helpers import Helpers

forked = []
fork = Helpers.fork
Helpers.fork = lambda self, count, answering: (forked.append(count), fork(self, count, answering))[1]
os.sched_getaffinity = lambda pid: {0, 1}
code = cli.main(["count", "--format", "json", "prompts"])
sys.stderr.write(f"helpers: {sum(forked)}\\n")
sys.exit(code)
"""
#: The same, a document a line.
STREAMED = COUNT.replace('"json"', '"jsonl"')
#: The same, where whoever weighs the third group is killed.
KILLED = f"""
import os, signal
from weighbridge.groups import Groups

own, weigh = os.getpid(), Groups.weigh
def killed(self, group, *rest):
    if group == 2 and os.getpid() != own:
        os.kill(os.getpid(), signal.SIGKILL)
    return weigh(self, group, *rest)
Groups.weigh = killed
{COUNT}
"""
#: The same, where nothing needs to be counted or written any more.
KNOWN = f"""
from weighbridge.cache.connector import Connector
from weighbridge.tokens import service

def refused(*_):
    raise AssertionError("it is known")
service._measured = Connector.open = refused
{COUNT}
"""
#: The same, where only whoever asked may write.
WRITTEN_BY_ONE = f"""
import os
from weighbridge.cache.connector import Connector

own, opened = os.getpid(), Connector.open
def by_one(self):
    assert os.getpid() == own
    return opened(self)
Connector.open = by_one
{COUNT}
"""
#: The same, interrupted at the terminal while the third group is weighed, which takes for ever. Whoever runs the tests
#: in the background ignores interrupts, and children inherit that.
INTERRUPTED = f"""
import os, signal, threading
from weighbridge.groups import Groups

signal.signal(signal.SIGINT, signal.default_int_handler)
own, weigh = os.getpid(), Groups.weigh
def waiting(self, group, *rest):
    if group == 2:
        os.killpg(0, signal.SIGINT)
        threading.Event().wait()
    return weigh(self, group, *rest)
Groups.weigh = waiting
{COUNT}
"""


def run(folder: Path, script: str, cache: str = "cache") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        env={"XDG_CACHE_HOME": str(folder / cache), "PATH": "", "PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True,
        text=True,
        timeout=HANGS_AFTER,
        check=False,
        start_new_session=True,
    )


def counted(done: subprocess.CompletedProcess[str]) -> list[Any]:
    documents: list[Any] = json.loads(done.stdout)["documents"]
    return documents


def said(done: subprocess.CompletedProcess[str]) -> list[str]:
    """What it said, but that its database opens slowly: a busy machine's business."""
    return [line for line in done.stderr.splitlines() if "takes longer than" not in line]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """3 MB of prompts: most refer to nothing, some to another, some can't be read; sections, one that is over and over."""
    folder = tmp_path_factory.mktemp("many")
    prompts = folder / "prompts"
    prompts.mkdir()
    for number in range(200):
        body = "".join(f"Line {n} of prompt {number}: größer als {n * number}.\n" for n in range(350))
        (prompts / f"{number:03}.md").write_text(f"# One {number}\n{body}\n# The same\n\nagain and again\n")
    (prompts / "017.md").write_bytes(b"\xff\x00 no text")
    (prompts / "018.md").write_text("# Refers\n\n@[file:019.md]\n")
    (prompts / "150.md").write_text("---\nmodel: [\n---\ntext\n")
    (folder / "weighbridge.toml").write_text("workers = 1\n")
    return folder


def set_workers(folder: Path, workers: int) -> None:
    (folder / "weighbridge.toml").write_text(f"workers = {workers}\n")


@pytest.fixture(scope="module")
def expected(workspace: Path) -> list[Any]:
    set_workers(workspace, 1)
    done = run(workspace, COUNT, "cache-of-one")
    assert done.stderr.splitlines()[-1] == "helpers: 0"
    set_workers(workspace, 2)
    return counted(done)


def test_several_processes_count_as_one_does(workspace: Path, expected: list[Any]) -> None:
    done = run(workspace, COUNT)
    *told, helpers = said(done)
    assert (helpers, len(told), "017.md" in told[0]) == ("helpers: 2", 1, True)
    assert (done.returncode, len(expected), counted(done)) == (2, 199, expected)


@pytest.mark.parametrize("workers", [1, 2])
def test_each_document_is_a_line_as_soon_as_it_is_known(
    workspace: Path, expected: list[Any], workers: int
) -> None:
    set_workers(workspace, workers)
    done = run(workspace, STREAMED)
    set_workers(workspace, 2)
    found = sorted((json.loads(line) for line in done.stdout.splitlines()), key=lambda one: str(one["uri"]))
    assert (done.returncode, found) == (2, expected)
    *told, helpers = said(done)
    assert (helpers, len(told), "017.md" in told[0]) == (f"helpers: {workers if workers > 1 else 0}", 1, True)


def test_what_was_told_is_not_kept(workspace: Path, expected: list[Any]) -> None:
    told: list[str] = []
    paths = [workspace / "prompts" / f"{number:03}.md" for number in range(17, 22)]
    outcomes = weigh(
        paths,
        {"cacheUrl": f"sqlite:///{workspace}/told.sqlite3"},
        on_outcome=lambda one: told.append(one.path.name),
    )
    assert sorted(told) == [path.name for path in paths]
    assert [(outcome.path, outcome.report) for outcome in outcomes] == [(path, None) for path in paths]
    assert [outcome.path.name for outcome in outcomes if outcome.problem is not None] == ["017.md"]


@pytest.mark.parametrize("workers", [1, 2])
def test_who_reads_one_line_has_had_enough(workspace: Path, expected: list[Any], workers: int) -> None:
    set_workers(workspace, workers)
    with subprocess.Popen(
        [sys.executable, "-c", STREAMED],
        cwd=workspace,
        env={"XDG_CACHE_HOME": str(workspace / "cache"), "PATH": "", "PYTHONPATH": str(PACKAGE.parent)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as count:
        assert count.stdout is not None
        assert count.stderr is not None
        assert json.loads(count.stdout.readline())["tokens"] > 0
        count.stdout.close()
        errors = count.stderr.read().decode()
    set_workers(workspace, 2)
    assert (count.returncode, [line for line in errors.splitlines() if "takes longer than" not in line]) == (
        0,
        [],
    )


def test_what_they_counted_is_kept(workspace: Path, expected: list[Any]) -> None:
    run(workspace, COUNT, "cache-of-two")
    first, second = (rows(workspace / cache) for cache in ("cache-of-one", "cache-of-two"))
    assert len(first) > 200
    assert second == first


def test_one_process_writes_and_what_is_known_needs_none(workspace: Path, expected: list[Any]) -> None:
    for script in (WRITTEN_BY_ONE, KNOWN, KNOWN):
        done = run(workspace, script, "cache-of-known")
        *told, helpers = said(done)
        assert (helpers, len(told), counted(done)) == ("helpers: 2", 1, expected)


def rows(cache: Path) -> list[tuple[Any, ...]]:
    with sqlite3.connect(cache / "weighbridge" / "counts.sqlite3") as database:
        return database.execute(
            "select hex(digest), tokens, chars from weighbridge_token_counts order by 1"
        ).fetchall()


def test_what_a_killed_one_was_at_is_counted_again(workspace: Path, expected: list[Any]) -> None:
    done = run(workspace, KILLED)
    assert "counted again" in done.stderr
    assert (done.returncode, counted(done)) == (2, expected)


def test_an_interrupt_ends_all_of_them(workspace: Path, expected: list[Any]) -> None:
    # It returns once nobody holds its output open any more.
    done = run(workspace, INTERRUPTED)
    assert (done.returncode, done.stdout, said(done)) == (130, "", ["helpers: 2"])


def test_a_cache_that_cannot_be_used_is_told_of_once(workspace: Path, expected: list[Any]) -> None:
    (workspace / "no-folder").write_text("")
    done = run(workspace, COUNT, "no-folder")
    told = [line for line in done.stderr.splitlines() if "Counts are not kept" in line]
    assert (len(told), done.stderr.splitlines()[-1], counted(done)) == (1, "helpers: 2", expected)


def test_a_small_folder_needs_no_help(tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    for number in range(40):
        (tmp_path / "prompts" / f"{number}.md").write_text("short")
    set_workers(tmp_path, 2)
    assert said(run(tmp_path, COUNT)) == ["helpers: 0"]


def test_what_is_only_a_hint_is_not_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def looked(*_: object) -> bool:
        raise AssertionError("nobody asked for hints")

    monkeypatch.setattr(AgentFiles, "holds_match", looked)
    rule = tmp_path / ".claude" / "rules" / "a.md"
    rule.parent.mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    rule.write_text("---\npaths: ['src/**']\n---\nrules\n")
    (outcome,) = weigh([rule], {"cacheUrl": f"sqlite:///{tmp_path}/counts.sqlite3"})
    assert (outcome.problem, outcome.report is not None) == (None, True)
