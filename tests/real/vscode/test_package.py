"""The package for this platform: what is in it, and that its server needs nothing of the machine it runs on."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.real.vscode.codeserver import ROOT
from tests.real.vscode.samples import NOTE, PROMPT, PROMPT_FILE, count, resolve, write_workspace


class Server:
    """A language client of a few lines, of a server with an empty environment."""

    def __init__(self, program: Path, home: Path) -> None:
        # No PATH, so no Python; no home but this one, so no cache of anybody's.
        self.process = subprocess.Popen(
            [program, "serve"],
            env={"PATH": "", "HOME": os.fspath(home)},
            cwd=home,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def tell(self, method: str, params: Any) -> None:
        self._write({"method": method, "params": params})

    def ask(self, method: str, params: Any) -> Any:
        self._write({"id": method, "method": method, "params": params})
        while (said := self._read()).get("id") != method:
            if "id" in said:
                # It asks as well, and is told nothing.
                self._write({"id": said["id"], "result": None})
        assert "error" not in said, said
        return said["result"]

    def _write(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def _read(self) -> Any:
        assert self.process.stdout is not None
        length = 0
        while line := self.process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        assert length > 0, "the server left"
        return json.loads(self.process.stdout.read(length))


@pytest.fixture
def server(unpacked: Path, tmp_path: Path) -> Iterator[Server]:
    started = Server(unpacked / "server" / "weighbridge", tmp_path)
    yield started
    started.process.kill()
    started.process.communicate()


@pytest.mark.parametrize("encoding", ["cl100k_base", "o200k_base", "o200k_harmony", "p50k_base", "r50k_base"])
def test_the_server_counts_with_nothing_around_it(server: Server, tmp_path: Path, encoding: str) -> None:
    folder = write_workspace(tmp_path / "workspace")
    uri = (folder / PROMPT_FILE).as_uri()
    options = {"model": None, "encoding": encoding}
    server.ask(
        "initialize",
        {
            "processId": None,
            "rootUri": folder.as_uri(),
            "capabilities": {},
            "initializationOptions": options,
            "workspaceFolders": [{"uri": folder.as_uri(), "name": "workspace"}],
        },
    )
    server.tell("initialized", {})
    text = f"<!-- weighbridge: encoding={encoding} -->\n{PROMPT}"
    document = {"uri": uri, "languageId": "markdown", "version": 1, "text": text}
    server.tell("textDocument/didOpen", {"textDocument": document})
    found = server.ask("weighbridge/count", {"textDocument": {"uri": uri}})
    tokens = count(resolve(text), encoding)
    assert found == {"tokens": tokens, "exactness": "exact", "text": f"{tokens:,} tokens"}
    rendered = server.ask("weighbridge/render", {"textDocument": {"uri": uri}})
    assert rendered["text"] == resolve(text, note=NOTE)
    assert server.ask("shutdown", None) is None
    server.tell("exit", None)
    assert server.process.wait(30) == 0


def test_it_says_its_version_with_no_python_at_all(unpacked: Path) -> None:
    said = subprocess.run(
        [unpacked / "server" / "weighbridge", "--version"], env={"PATH": ""}, capture_output=True, check=True
    )
    version = json.loads((unpacked / "package.json").read_text("utf-8"))["version"]
    assert said.stdout.decode().split() == ["weighbridge", version]


def test_nothing_but_what_is_needed_is_in_it(unpacked: Path) -> None:
    found = {path.relative_to(unpacked).parts[0] for path in unpacked.rglob("*") if path.is_file()}
    assert found == {
        "LICENSE.txt",
        "changelog.md",
        "dist",
        "l10n",
        "media",
        "package.json",
        "package.nls.json",
        "readme.md",
        "server",
    }
    assert {path.name for path in (unpacked / "dist").iterdir()} == {"extension.js", "tokenMap.js"}


def test_it_is_as_large_as_its_page_says(vsix: Path) -> None:
    page = (Path(__file__).parents[3] / "clients" / "vscode" / "README.md").read_text("utf-8")
    megabytes = round(vsix.stat().st_size / 1e6)
    stated = int(page.partition(" MB to download")[0].rpartition(" ")[2])
    assert abs(megabytes - stated) <= 0.15 * stated


def test_the_reports_page_is_made_of_these_sources() -> None:
    """Building the extension writes it, too: what is in the repository is what came of that."""
    git = shutil.which("git")
    assert git is not None
    changed = subprocess.run(
        [git, "status", "--porcelain", "--", "server/weighbridge/page"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert changed.stdout == ""
