"""Agents' real programs, from npm, in a home of their own and without a network: `make agents`."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from tests.patience import HANGS_AFTER


@pytest.fixture
def home() -> Iterator[Path]:
    """An empty home folder. A socket's path has a hundred bytes at most, and a test's own folder may have as many."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as made:
        yield Path(made)


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    """What a person's shell has, with Node; whatever is not on this machine is asked of a closed port."""
    node = shutil.which("node")
    assert node, "Node is not installed"
    closed = "http://127.0.0.1:9"
    return {
        **environment,
        "PATH": os.pathsep.join((environment["PATH"], str(Path(node).parent))),
        **dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), closed),
        **dict.fromkeys(("no_proxy", "NO_PROXY"), "127.0.0.1"),
    }


@dataclass(frozen=True)
class Workspace:
    """A repository in `folder` that an agent is started in."""

    folder: Path
    environment: Mapping[str, str]

    def write(self, name: str, text: str) -> None:
        """Change a file."""
        (self.folder / name).write_text(text, encoding="utf-8")

    def run(self, *command: str | Path, **more: str) -> str:
        """What a program says that ends well. `more`: of its environment."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**self.environment, **more},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=HANGS_AFTER,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def context(self, agent: str) -> dict[str, Any]:
        """What `weighbridge context` says of an agent, as the tool says it: no text is lost, and none repeated."""
        (found,) = json.loads(self.run("weighbridge", "context", "--agent", agent, "--format", "json"))[
            "contexts"
        ]

        def name(path: str) -> str:
            return str(Path(path).relative_to(self.folder))

        entries = [
            {
                "path": name(entry["path"]),
                "tokens": entry["tokens"],
                **({"imported_by": name(entry["imported_by"])} if entry["imported_by"] else {}),
            }
            for entry in sorted(found["entries"], key=lambda entry: -int(entry["tokens"]))
        ]
        assert len(entries) > 1
        told = {key: found[key] for key in ("agent", "tokens", "exactness", "encoding")}
        passed_over = [{**one, "path": name(one["path"])} for one in found["not_loaded"]]
        return {
            "contexts": [{**told, "entries": entries, **({"not_loaded": passed_over} if passed_over else {})}]
        }

    def count(self, path: str) -> dict[str, Any]:
        """What `weighbridge count` says of a file's numbers."""
        (found,) = json.loads(self.run("weighbridge", "count", path, "--format", "json"))["documents"]
        return {key: found[key] for key in ("tokens", "own_tokens", "exactness", "encoding")}


@pytest.fixture
def workspace(tmp_path: Path, environment: dict[str, str]) -> Workspace:
    """A repository with a prompt, and the same rules for each agent, with what they import where they do."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    subprocess.run(["git", "init", "--quiet", folder], check=True)
    made = Workspace(folder, environment)
    made.write("style.md", "Short words, and no jargon.\n")
    made.write("review.prompt.md", "Review the change.\n\n@[file:style.md]\n")
    for name in ("CLAUDE.md", "GEMINI.md"):
        made.write(name, "# Rules\n\nTest first, then write.\n\n@./style.md\n")
    return made


def same_count(told: str, counted: Mapping[str, Any]) -> None:
    """Hold what the tool `count` told equal to what the command line counted."""
    found = json.loads(told)
    assert {name: found[name] for name in counted} == counted
