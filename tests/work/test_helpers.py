"""Helpers answer every question once, whatever becomes of them, and are never left behind."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.patience import HANGS_AFTER

ROOT = Path(__file__).parents[2]


def run(scenario: str) -> subprocess.CompletedProcess[str]:
    """Runs until nobody holds its output open any more: itself and all its helpers."""
    return subprocess.run(
        [sys.executable, "-m", "tests.work.forking", scenario],
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'server'}", "PATH": ""},
        capture_output=True,
        text=True,
        timeout=HANGS_AFTER,
        check=False,
    )


def told(scenario: str) -> dict[str, Any]:
    done = run(scenario)
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def answered(numbers: list[int], **more: object) -> dict[str, object]:
    return {
        "numbers": numbers,
        "right": True,
        "processes": 2,
        "unanswered": [],
        "helpers": 2,
    } | more


def test_every_question_is_answered_once_and_all_take_part() -> None:
    assert told("shared") == answered(list(range(50)))


def test_more_questions_than_a_pipe_holds() -> None:
    assert told("many") == answered(list(range(100_000)))


def test_answers_larger_than_a_pipe_holds() -> None:
    assert told("sizes") == {"answers": [True] * 20}


def test_no_question_is_no_wait() -> None:
    assert told("no questions") == answered([], processes=0)


def test_what_a_killed_helper_was_at_is_known_and_the_others_go_on() -> None:
    assert told("killed") == answered([n for n in range(50) if n != 3], unanswered=[3])


def test_when_all_are_killed_nobody_waits() -> None:
    found = told("all killed")
    assert (found["numbers"], len(found["unanswered"])) == ([], 100_000)


def test_a_fault_ends_its_helper_alone_and_is_told() -> None:
    done = run("faulty")
    assert json.loads(done.stdout) == answered([n for n in range(50) if n != 3], unanswered=[3])
    assert (done.returncode, done.stderr.count("ValueError: three")) == (0, 1)


def test_what_helpers_entered_is_left_in_each() -> None:
    assert told("left") == {"said": "left left "}


def test_without_any_to_be_had_all_is_unanswered() -> None:
    assert told("none to be had") == answered([], processes=0, helpers=0, unanswered=list(range(5)))


def test_a_process_with_threads_has_none() -> None:
    assert told("threaded") == {
        "can_fork": False,
        "said": "a process with several threads can't be forked",
    }


def test_helpers_leave_when_their_process_is_killed() -> None:
    # That this returns says that nobody holds the output open any more.
    assert run("abandoned").returncode == -signal.SIGKILL


def test_helpers_are_ended_when_whoever_asked_has_enough() -> None:
    assert told("left early") == {"helpers": 2, "alive": []}
