"""What every editor's tests share. They run by `make editors`, or by naming their folder; plain pytest leaves them out."""

import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.real.example import Example
from tests.real.page import CHECKOUT
from tests.real.screen import Screen

#: Runs a command in the Debian 13 tree.
TREE = (CHECKOUT / "scripts" / "debian13.sh").as_posix()


@pytest.fixture
def example(tmp_path: Path) -> Example:
    """The example workspace, for this test alone."""
    return Example.at(tmp_path / "workspace")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty home folder."""
    found = tmp_path / "home"
    found.mkdir()
    return found


@pytest.fixture
def environment(home: Path) -> dict[str, str]:
    """What a person's shell has: a home, this checkout's server on the path, and nothing of who runs the tests."""
    server = Path(sys.executable).parent
    return {
        "HOME": str(home),
        "PATH": os.pathsep.join((str(server), "/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin")),
        "LC_ALL": "C.UTF-8",
        "TERM": "screen-256color",
        "SHELL": "/bin/bash",
    }


@pytest.fixture
def artefacts(request: pytest.FixtureRequest) -> Path:
    """Where this test's captures go, by its editor and its own name."""
    name = re.sub(r"\W+", "-", request.node.name.removeprefix("test_").replace("_", "-")).strip("-")
    return CHECKOUT / "artefacts" / "editors" / request.path.parent.name / name


Start = Callable[..., Screen]


@pytest.fixture
def start(environment: dict[str, str], example: Example) -> Iterator[Start]:
    """Start a program on a screen of its own, in the workspace; it ends with the test.

    `tree`: in the Debian 13 tree, with the server on that one's Python. `leave`: keys that end it.
    """
    with ExitStack() as stack:

        def started(*command: str, tree: bool = False, leave: Sequence[str] = ()) -> Screen:
            scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="weighbridge-screen-"))
            if tree:
                # `run` keeps the folder's name but not the folder.
                path = "/opt/weighbridge/bin:/usr/local/bin:/usr/bin:/bin"
                command = (
                    *(TREE, "run", "env", f"--chdir={example.folder}", f"PATH={path}"),
                    *command,
                )
            screen = Screen(
                command, cwd=example.folder, environment=environment, scratch=Path(scratch), leave=leave
            )
            return stack.enter_context(screen)

        yield started
