"""The command as a program: what it printed is printed when it ends, and its exit code says what became of it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.patience import HANGS_AFTER

from weighbridge.console import print_json


def run(folder: Path, *words: str, stdout: int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    environment = {"XDG_CACHE_HOME": str(folder / "cache"), "PATH": os.environ["PATH"]}
    return subprocess.run(
        [sys.executable, "-m", "weighbridge", *words],
        cwd=folder,
        env=environment,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=HANGS_AFTER,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.prompt.md").write_text("Hello\n", "utf-8")
    return tmp_path


def test_all_is_printed_and_the_code_is_the_commands(folder: Path) -> None:
    done = run(folder, "count", "--format", "json", "a.prompt.md")
    assert (done.returncode, json.loads(done.stdout)["total"], done.stderr) == (0, 2, "")
    done = run(folder, "check", "--budget", "1", "a.prompt.md")
    assert (done.returncode, "200% of the budget of 1" in done.stdout) == (1, True)
    assert run(folder, "count", "none.md").returncode == 2


def test_what_cannot_be_printed_is_told(folder: Path) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        done = run(folder, "count", "--format", "json", "a.prompt.md", stdout=full)
    finally:
        os.close(full)
    assert done.returncode == 3
    assert done.stderr == "weighbridge: standard output can't be written: No space left on device\n"


def test_who_reads_nothing_has_had_enough(folder: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = run(folder, "count", "--format", "json", "a.prompt.md", stdout=writing)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "value",
    [[], {}, {"a": [], "b": {"c": [1, 2.5, None, True]}, "ü": 'ü \u2028 " \\ \n \0'}, {"name": "\udcff"}],
)
def test_json_is_as_python_writes_it(capsys: pytest.CaptureFixture[str], value: object) -> None:
    print_json(value)
    assert capsys.readouterr().out == f"{json.dumps(value, indent=2)}\n"
